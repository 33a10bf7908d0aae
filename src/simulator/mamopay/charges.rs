//! Charges and their refunds: a refund is taken on at once and ends after two seconds.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{
    MamoPay, Merchant, Mode, NAME, Paging, Sale, Try, about, changed, fail, invalid, merchant,
    new_id, no_record, tell, unauthorized, wire,
};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Change, Payment, Refund, Task};
use crate::simulator::{Reply, Sim};

const REFUND_TAKES: i64 = 2_000;
/// One unit of the currency.
const LEAST: i64 = 100;

/// The link of a charge, whoever owns it.
async fn link_of(sim: &Sim, charge: &str) -> anyhow::Result<Option<Payment>> {
    let Some(link) = sim.ledger.object(NAME, "charge", charge).await? else {
        return Ok(None);
    };
    sim.ledger
        .payment(NAME, link.as_str().unwrap_or_default())
        .await
}

async fn owned(
    sim: &Sim,
    merchant: &Merchant,
    charge: &str,
) -> anyhow::Result<Option<(Payment, Sale, Try)>> {
    let link = link_of(sim, charge).await?;
    let Some(payment) = link.filter(|p| p.account == merchant.key && p.mode == merchant.mode)
    else {
        return Ok(None);
    };
    let sale = Sale::of(&payment);
    let of = sale.tries.iter().find(|t| t.id == charge).cloned();
    Ok(of.map(|of| (payment, sale, of)))
}

/// The reference of a charge's link, and whether it has refunds.
async fn named(sim: &Sim, charge: &str) -> (About, bool) {
    let Some(payment) = link_of(sim, charge).await.ok().flatten() else {
        return (about(Some(charge.to_owned())), false);
    };
    let refunds = sim.ledger.refunds_of(NAME, &payment.id).await;
    (
        about(Some(payment.reference)),
        refunds.is_ok_and(|r| !r.is_empty()),
    )
}

/// One call tells of a charge and of its refunds: it is `fetch_refund` once there is a refund.
pub async fn fetch(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let (about, refunded) = named(&sim, &id).await;
    let operation = if refunded { "fetch_refund" } else { "fetch" };
    sim.answer(&MamoPay, operation, about, async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let Some((payment, sale, of)) = owned(&task, &merchant, &id).await? else {
            return Ok(no_record("Charge"));
        };
        let refunds = task.ledger.refunds_of(NAME, &payment.id).await?;
        let told = wire::charge(&task.url, &payment, &sale, &of, &refunds);
        Ok(Reply::ok(told))
    })
    .await
}

pub async fn list(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&MamoPay, "charges", About::default(), async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let refunds = task.ledger.refunds().await?;
        let mut rows = Vec::new();
        for payment in task.ledger.payments().await? {
            let ours = payment.provider == NAME
                && payment.account == merchant.key
                && payment.mode == merchant.mode;
            if !ours {
                continue;
            }
            let sale = Sale::of(&payment);
            let its: Vec<Refund> = refunds
                .iter()
                .filter(|r| r.provider == NAME && r.payment_id == payment.id)
                .cloned()
                .collect();
            for of in &sale.tries {
                let mut row = wire::charge(&task.url, &payment, &sale, of, &its);
                // A text in lists alone.
                row["refund_amount"] = json!(row["refund_amount"].to_string());
                rows.push(row);
            }
        }
        rows.reverse();
        let (data, meta) = paging.cut(rows);
        Ok(Reply::ok(json!({"data": data, "pagination_meta": meta})))
    })
    .await
}

pub async fn refund(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let task = sim.clone();
    let (about, _) = named(&sim, &id).await;
    sim.answer(&MamoPay, "refund", about, async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let Some((payment, sale, of)) = owned(&task, &merchant, &id).await? else {
            return Ok(no_record("Charge"));
        };
        let wanted = serde_json::from_slice::<Value>(&body).unwrap_or_default();
        take_on(&task, payment, sale, of, &wanted).await
    })
    .await
}

async fn take_on(
    sim: &Sim,
    mut payment: Payment,
    mut sale: Sale,
    of: Try,
    wanted: &Value,
) -> anyhow::Result<Reply> {
    let cannot = || fail(422, "UNPROCESSABLE ENTITY", "Can not refund this payment");
    let amount = match &wanted["amount"] {
        Value::Null => return Ok(invalid("Amount is missing")),
        given => wire::fils(given),
    };
    let Some(amount) = amount.filter(|a| *a >= LEAST) else {
        return Ok(invalid("Amount must be greater than or equal to 1"));
    };
    let mut refunds = sim.ledger.refunds_of(NAME, &payment.id).await?;
    let back = wire::given_back(&refunds);
    let paid = payment.receipt.as_deref() == Some(of.id.as_str());
    if !paid || payment.currency != "AED" || back + amount > payment.amount {
        return Ok(cannot());
    }
    let now = sim.clock.now();
    let ends = sale.refund_ends.take();
    let refund = Refund {
        provider: NAME.into(),
        id: new_id("REFUND"),
        payment_id: payment.id.clone(),
        account: payment.account.clone(),
        mode: payment.mode.clone(),
        amount,
        currency: payment.currency.clone(),
        status: "initiated".into(),
        data: json!({ "ends": ends }),
        created_at: now,
        updated_at: now,
    };
    refunds.push(refund.clone());
    let of = stand(&mut sale, &of, "refund_initiated");
    payment.data = sale.clone().into_value();
    let mut changes = vec![
        Change::Refund(refund.clone()),
        Change::Task(Task {
            id: 0,
            provider: NAME.into(),
            kind: "refund".into(),
            subject: refund.id,
            due_at: now + REFUND_TAKES,
        }),
    ];
    changes.extend(tell(sim, &payment, &of, &refunds, "refund_initiated").await?);
    changes.push(changed(sim, payment, "refund_initiated", sale));
    sim.commit(changes).await?;
    Ok(Reply::ok(json!({
        "refund_amount": wire::major(back + amount), "refund_status": "success",
    })))
}

/// Sets a charge's status and gives back the charge as it stands then.
fn stand(sale: &mut Sale, of: &Try, status: &str) -> Try {
    let mut stands = of.clone();
    status.clone_into(&mut stands.status);
    for known in &mut sale.tries {
        if known.id == stands.id {
            *known = stands.clone();
        }
    }
    stands
}

/// The end of a refund: it went back, or it failed.
pub async fn refund_ends(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let Some(mut refund) = sim.ledger.refund(NAME, &task.subject).await? else {
        return Ok(Vec::new());
    };
    let Some(mut payment) = sim.ledger.payment(NAME, &refund.payment_id).await? else {
        return Ok(Vec::new());
    };
    let mut sale = Sale::of(&payment);
    let charge = payment.receipt.clone().unwrap_or_default();
    let of = sale.tries.iter().find(|t| t.id == charge).cloned();
    let Some(of) = of.filter(|_| refund.status == "initiated") else {
        return Ok(Vec::new());
    };
    let kind = match refund.data["ends"].as_str() {
        Some("initiated") => return Ok(Vec::new()),
        Some("failed") => {
            refund.status = "failed".into();
            "refund_failed"
        }
        _ => {
            refund.status = "success".into();
            payment.refunded += refund.amount;
            "refunded"
        }
    };
    refund.updated_at = sim.clock.now();
    let mut refunds = sim.ledger.refunds_of(NAME, &payment.id).await?;
    for known in &mut refunds {
        if known.id == refund.id {
            *known = refund.clone();
        }
    }
    let status = if refunds.iter().any(|r| r.status == "initiated") {
        "refund_initiated"
    } else if payment.refunded > 0 {
        "refunded"
    } else {
        "captured"
    };
    let of = stand(&mut sale, &of, status);
    payment.data = sale.clone().into_value();
    let mut changes = vec![Change::Refund(refund)];
    changes.extend(tell(sim, &payment, &of, &refunds, kind).await?);
    changes.push(changed(sim, payment, status, sale));
    Ok(changes)
}
