//! Refunds: pending at once, at their end two seconds later.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::payments::{Page, found, whole};
use super::{
    Deal, NAME, Paymongo, about, about_id, amount, attributes, changed, common, fail, invalid,
    merchant, new_id, not_found, required, webhooks, wire, wrong_state,
};
use crate::simulator::ledger::{Change, Payment, Refund, Task};
use crate::simulator::{Reply, Sim};

const TAKES: i64 = 2_000;
const REASONS: [&str; 4] = ["duplicate", "fraudulent", "requested_by_customer", "others"];
/// A word in the notes that makes a refund fail in the end: only here, nothing at PayMongo does it.
const FAILS: &str = "refund-fails";

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted = attributes(&body).unwrap_or_default();
    let named = wanted["payment_id"].as_str().unwrap_or_default().to_owned();
    let subject = about_id(&sim, &named).await;
    let task = sim.clone();
    sim.answer(&Paymongo, "refund", subject, async move {
        let checked = merchant(&headers).and_then(|m| Ok((m, checked(&wanted)?)));
        let (merchant, amount) = match checked {
            Ok(checked) => checked,
            Err(refused) => return Ok(refused),
        };
        // An intent, a session or a source is no payment.
        let Some((row, made)) = found(&task, &merchant, &named).await? else {
            return Ok(not_found(&named));
        };
        if !made.paid {
            return Ok(wrong_state("The payment is not paid."));
        }
        accept(&task, row, &named, amount, &wanted).await
    })
    .await
}

fn checked(wanted: &Value) -> Result<i64, Reply> {
    let amount = amount(wanted, 100)?;
    common(wanted)?;
    if !wanted["payment_id"].is_string() {
        return Err(required("payment_id"));
    }
    match wanted["reason"].as_str() {
        None => return Err(required("reason")),
        Some(reason) if REASONS.contains(&reason) => {}
        Some(_) => return Err(invalid("reason", "The reason is not one of the four.")),
    }
    match &wanted["notes"] {
        Value::Null => {}
        Value::String(notes) if notes.chars().count() <= 255 => {}
        _ => return Err(invalid("notes", "notes should be at most 255 characters.")),
    }
    Ok(amount)
}

/// What no refund has taken yet; failed refunds give theirs back.
async fn left(sim: &Sim, row: &Payment) -> anyhow::Result<i64> {
    let refunds = sim.ledger.refunds_of(NAME, &row.id).await?;
    let taken: i64 = refunds
        .iter()
        .filter(|r| r.status != "failed")
        .map(|r| r.amount)
        .sum();
    Ok(row.amount - taken)
}

async fn accept(
    sim: &Sim,
    row: Payment,
    payment: &str,
    amount: i64,
    wanted: &Value,
) -> anyhow::Result<Reply> {
    let left = left(sim, &row).await?;
    if amount > left {
        let detail = format!("The value for amount cannot be more than {left}.");
        return Ok(fail(
            400,
            "parameter_above_maximum",
            &detail,
            Some("amount"),
        ));
    }
    let now = sim.clock.now();
    let refund = Refund {
        provider: NAME.into(),
        id: new_id("ref"),
        payment_id: row.id.clone(),
        account: row.account.clone(),
        mode: row.mode.clone(),
        amount,
        currency: row.currency.clone(),
        status: "pending".into(),
        data: json!({
            "payment": payment, "reason": wanted["reason"], "notes": wanted["notes"],
            "metadata": wanted["metadata"],
        }),
        created_at: now,
        updated_at: now,
    };
    let later = Change::Task(Task {
        id: 0,
        provider: NAME.into(),
        kind: "refund".into(),
        subject: refund.id.clone(),
        due_at: now + TAKES,
    });
    let shown = wire::refund(&refund);
    let mut changes = vec![Change::Refund(refund), later];
    let event = "payment.refund.updated";
    changes.extend(webhooks::tell(sim, &row, event, shown.clone()).await?);
    sim.commit(changes).await?;
    Ok(Reply::ok(json!({ "data": shown })))
}

/// A refund comes to its end. The payment stays `paid`.
pub async fn step(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let Some(mut refund) = sim.ledger.refund(NAME, &task.subject).await? else {
        return Ok(Vec::new());
    };
    let Some(mut row) = sim.ledger.payment(NAME, &refund.payment_id).await? else {
        return Ok(Vec::new());
    };
    if refund.status != "pending" {
        return Ok(Vec::new());
    }
    let notes = refund.data["notes"].as_str().unwrap_or_default();
    let fails = notes.split_whitespace().any(|word| word == FAILS);
    refund.status = if fails { "failed" } else { "succeeded" }.into();
    refund.updated_at = sim.clock.now();
    let mut changes = vec![Change::Refund(refund.clone())];
    let event = "payment.refund.updated";
    changes.extend(webhooks::tell(sim, &row, event, wire::refund(&refund)).await?);
    if !fails {
        row.refunded += refund.amount;
        let (status, deal) = (row.status.clone(), Deal::of(&row));
        changes.push(changed(sim, &mut row, &status, &deal));
        if let Some(paid) = deal.paid() {
            let mut subject = whole(sim, &row, paid).await?;
            // The books do not have this step yet.
            if let Some(rows) = subject["attributes"]["refunds"].as_array_mut() {
                let same = rows.iter_mut().filter(|r| r["id"] == refund.id.as_str());
                same.for_each(|r| *r = wire::refund(&refund));
            }
            changes.extend(webhooks::tell(sim, &row, "payment.refunded", subject).await?);
        }
    }
    Ok(changes)
}

pub async fn fetch(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let known = sim.ledger.refund(NAME, &id).await.ok().flatten();
    let subject = match &known {
        Some(refund) => about_id(&sim, &refund.payment_id).await,
        None => about(Some(id.clone())),
    };
    let task = sim.clone();
    sim.answer(&Paymongo, "fetch_refund", subject, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let found = task.ledger.refund(NAME, &id).await?;
        Ok(match found.filter(|r| r.account == merchant.key) {
            Some(refund) => Reply::ok(json!({"data": wire::refund(&refund)})),
            None => not_found(&id),
        })
    })
    .await
}

pub async fn list(
    State(sim): State<Sim>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Response {
    let subject = match &page.payment_id {
        Some(id) => about_id(&sim, id).await,
        None => about(None),
    };
    let task = sim.clone();
    sim.answer(&Paymongo, "fetch_refund", subject, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let mut all = task.ledger.refunds().await?;
        all.retain(|r| r.provider == NAME && r.account == merchant.key);
        if let Some(payment) = &page.payment_id {
            all.retain(|r| r.data["payment"] == payment.as_str());
        }
        all.sort_by_key(|r| std::cmp::Reverse(r.created_at));
        Ok(page.cut(all.iter().map(wire::refund).collect()))
    })
    .await
}
