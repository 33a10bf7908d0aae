//! Refunds: taken at once, processing after a second, at their end after two.
//! A card decides whether that end is `processed`, `failed` or `needs-attention`.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::transactions::{Page, owned};
use super::{
    NAME, Paystack, Sale, about, changed, fail, hook_url, merchant, parse, subunits, wire,
};
use crate::simulator::faults::About;
use crate::simulator::hooks::{self, NewHook};
use crate::simulator::ledger::{Change, Payment, Refund, Task};
use crate::simulator::{Reply, Sim, text_of};

const STEP: i64 = 1_000;

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted = parse(&headers, &body);
    let name = wanted.as_ref().and_then(|w| text_of(w, "transaction"));
    let task = sim.clone();
    sim.answer(&Paystack, "refund", about(name.clone()), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let (Some(wanted), Some(name)) = (wanted, name) else {
            return Ok(fail(400, "Transaction is required", Some("missing_params")));
        };
        let Some(payment) = owned(&task, &merchant.key, &name).await? else {
            return Ok(fail(
                404,
                "Transaction not found",
                Some("transaction_not_found"),
            ));
        };
        accept(&task, payment, &wanted).await
    })
    .await
}

/// What no refund has taken yet; failed refunds give theirs back.
async fn left(sim: &Sim, payment: &Payment) -> anyhow::Result<i64> {
    let refunds = sim.ledger.refunds_of(NAME, &payment.id).await?;
    let taken: i64 = refunds
        .iter()
        .filter(|r| r.status != "failed")
        .map(|r| r.amount)
        .sum();
    Ok(payment.amount - taken)
}

async fn accept(sim: &Sim, payment: Payment, wanted: &Value) -> anyhow::Result<Reply> {
    if Sale::of(&payment).paid_at.is_none() {
        return Ok(fail(
            400,
            "Transaction has not been completed",
            Some("invalid_params"),
        ));
    }
    let left = left(sim, &payment).await?;
    if left == 0 {
        return Ok(fail(400, "Transaction has been fully reversed", None));
    }
    let amount = match &wanted["amount"] {
        Value::Null => left,
        given => match subunits(given) {
            Some(amount) => amount,
            None => return Ok(fail(400, "Invalid Amount Sent", Some("invalid_params"))),
        },
    };
    if amount > left {
        let message = "Refund amount cannot be more than the amount left on the transaction";
        return Ok(fail(400, message, None));
    }
    if wanted["currency"]
        .as_str()
        .is_some_and(|c| c != payment.currency)
    {
        return Ok(fail(
            400,
            "Currency does not match the transaction",
            Some("invalid_params"),
        ));
    }
    let now = sim.clock.now();
    let number = sim.ledger.next_number("paystack_refund", 3_018_284).await?;
    let refund = Refund {
        provider: NAME.into(),
        id: number.to_string(),
        payment_id: payment.id.clone(),
        account: payment.account.clone(),
        mode: payment.mode.clone(),
        amount,
        currency: payment.currency.clone(),
        status: "pending".into(),
        data: json!({
            "customer_note": wanted["customer_note"],
            "merchant_note": wanted["merchant_note"],
        }),
        created_at: now,
        updated_at: now,
    };
    let sale = Sale::of(&payment);
    let mut changes = vec![
        Change::Refund(refund.clone()),
        changed(sim, payment.clone(), "reversal pending", sale.clone()),
        later(&refund, now),
    ];
    changes.extend(told(sim, &refund, &payment, &sale).await?);
    sim.commit(changes).await?;
    Ok(Reply::ok(json!({
        "status": true,
        "message": "Refund has been queued for processing",
        "data": wire::refund(&refund, Some(&payment)),
    })))
}

fn later(refund: &Refund, now: i64) -> Change {
    Change::Task(Task {
        id: 0,
        provider: NAME.into(),
        kind: "refund".into(),
        subject: refund.id.clone(),
        due_at: now + STEP,
    })
}

async fn told(
    sim: &Sim,
    refund: &Refund,
    payment: &Payment,
    sale: &Sale,
) -> anyhow::Result<Vec<Change>> {
    let Some(url) = hook_url(sim, &payment.account).await? else {
        return Ok(Vec::new());
    };
    let new = NewHook {
        payment,
        url,
        event: format!("refund.{}", refund.status),
        body: wire::refund_event(refund, payment, sale),
        headers: Vec::new(),
    };
    hooks::plan(sim, &Paystack, new).await
}

/// One step of a refund on its way.
pub async fn step(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let Some(mut refund) = sim.ledger.refund(NAME, &task.subject).await? else {
        return Ok(Vec::new());
    };
    let Some(mut payment) = sim.ledger.payment(NAME, &refund.payment_id).await? else {
        return Ok(Vec::new());
    };
    let sale = Sale::of(&payment);
    let now = sim.clock.now();
    let mut changes = Vec::new();
    match refund.status.as_str() {
        "pending" => {
            refund.status = "processing".into();
            changes.push(later(&refund, now));
        }
        "processing" => {
            // Details of another bank account, given later, make any refund possible.
            let troubled = sale
                .refund_ends
                .clone()
                .filter(|_| refund.data["details"].is_null());
            refund.status = troubled.unwrap_or_else(|| "processed".into());
            let status = match refund.status.as_str() {
                "processed" => {
                    payment.refunded += refund.amount;
                    "reversed"
                }
                "failed" if payment.refunded == 0 => "success",
                "failed" => "reversed",
                _ => "reversal pending",
            };
            changes.push(changed(sim, payment.clone(), status, sale.clone()));
        }
        _ => return Ok(changes),
    }
    refund.updated_at = now;
    changes.extend(told(sim, &refund, &payment, &sale).await?);
    changes.push(Change::Refund(refund));
    Ok(changes)
}

pub async fn fetch(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let task = sim.clone();
    sim.answer(
        &Paystack,
        "refund_fetch",
        about(Some(id.clone())),
        async move {
            let merchant = match merchant(&headers) {
                Ok(merchant) => merchant,
                Err(refused) => return Ok(refused),
            };
            let found = task.ledger.refund(NAME, &id).await?;
            Ok(match found.filter(|r| r.account == merchant.key) {
                Some(refund) => Reply::ok(json!({
                    "status": true, "message": "Refund retrieved",
                    "data": wire::refund(&refund, None),
                })),
                None => fail(404, "Refund not found", None),
            })
        },
    )
    .await
}

pub async fn list(
    State(sim): State<Sim>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let about = About {
        reference: page.transaction.clone(),
        phone: None,
    };
    sim.answer(&Paystack, "refund_list", about, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let mut all = match &page.transaction {
            Some(transaction) => task.ledger.refunds_of(NAME, transaction).await?,
            None => task.ledger.refunds().await?,
        };
        all.retain(|r| r.provider == NAME && r.account == merchant.key);
        all.reverse();
        let (rows, meta) = page.cut(all);
        let data: Vec<Value> = rows.iter().map(|r| wire::refund(r, None)).collect();
        let message = "Refunds retrieved";
        Ok(Reply::ok(
            json!({"status": true, "message": message, "data": data, "meta": meta}),
        ))
    })
    .await
}

/// The payer's bank details for a refund that needs attention.
pub async fn retry(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let task = sim.clone();
    sim.answer(
        &Paystack,
        "refund_retry",
        about(Some(id.clone())),
        async move {
            let merchant = match merchant(&headers) {
                Ok(merchant) => merchant,
                Err(refused) => return Ok(refused),
            };
            let found = task.ledger.refund(NAME, &id).await?;
            let Some(mut refund) = found.filter(|r| r.account == merchant.key) else {
                return Ok(fail(404, "Refund not found", None));
            };
            if refund.status != "needs-attention" {
                return Ok(fail(
                    422,
                    "Refund cannot be retried in its current state",
                    None,
                ));
            }
            let wanted = parse(&headers, &body).unwrap_or_default();
            let details = &wanted["refund_account_details"];
            let complete = ["currency", "account_number", "bank_id"]
                .iter()
                .all(|f| text_of(details, f).is_some());
            if !complete {
                return Ok(fail(
                    400,
                    "refund_account_details is required",
                    Some("missing_params"),
                ));
            }
            let now = task.clock.now();
            refund.status = "processing".into();
            refund.updated_at = now;
            refund.data["details"] = json!(true);
            let changes = vec![Change::Refund(refund.clone()), later(&refund, now)];
            task.commit(changes).await?;
            Ok(Reply::ok(json!({
                "status": true,
                "message": "Refund retried and has been queued for processing",
                "data": wire::refund(&refund, None),
            })))
        },
    )
    .await
}
