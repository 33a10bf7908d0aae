//! Refunds: taken on at once with a plain `completed`, which is not the end; paid out, failed or
//! still waiting after two seconds. There is no idempotency: a second call refunds again.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::payments::{between, cut};
use super::tries::changed;
use super::{
    Flutterwave, NAME, Sale, Try, about, by_number, fail, merchant, minor_of, no_transaction,
    parse, reference_of, settings, success, wire,
};
use crate::simulator::hooks::{self, NewHook};
use crate::simulator::ledger::{Change, Payment, Refund, Task};
use crate::simulator::{Reply, Sim};

const PAID_OUT: i64 = 2_000;

pub async fn create(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let task = sim.clone();
    let about = about(reference_of(&sim, &id).await);
    sim.answer(&Flutterwave, "refund", about, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let found = by_number(&task, &id).await?;
        let Some((payment, attempt)) = found.filter(|(p, _)| p.account == merchant.key) else {
            return Ok(no_transaction(404));
        };
        // Without a body the whole amount goes back.
        let wanted = if body.is_empty() {
            Some(json!({}))
        } else {
            parse(&body)
        };
        let Some(wanted) = wanted else {
            return Ok(fail(400, "The request body is not valid JSON"));
        };
        accept(&task, &payment, &attempt, &wanted).await
    })
    .await
}

/// What no refund of the transaction has taken yet; failed ones give theirs back.
async fn left(sim: &Sim, payment: &Payment, attempt: &Try) -> anyhow::Result<i64> {
    let refunds = sim.ledger.refunds_of(NAME, &payment.id).await?;
    let taken: i64 = refunds
        .iter()
        .filter(|r| r.status != "failed" && r.data["tx_id"] == attempt.id)
        .map(|r| r.amount)
        .sum();
    Ok(payment.amount - taken)
}

async fn accept(
    sim: &Sim,
    payment: &Payment,
    attempt: &Try,
    wanted: &Value,
) -> anyhow::Result<Reply> {
    if attempt.status != "successful" {
        return Ok(fail(400, "Only successful transactions can be refunded"));
    }
    let left = left(sim, payment, attempt).await?;
    if left <= 0 {
        return Ok(fail(400, "Transaction has already been fully refunded"));
    }
    let amount = match &wanted["amount"] {
        Value::Null => left,
        given => match minor_of(given, &payment.currency) {
            Some(amount) => amount,
            None => return Ok(fail(400, "amount must be a positive number")),
        },
    };
    if amount > left {
        let message = "Refund amount is greater than the amount left on the transaction";
        return Ok(fail(400, message));
    }
    let now = sim.clock.now();
    let number = sim.ledger.next_number("flutterwave_refund", 75_923).await?;
    let refund = Refund {
        provider: NAME.into(),
        id: number.to_string(),
        payment_id: payment.id.clone(),
        account: payment.account.clone(),
        mode: payment.mode.clone(),
        amount,
        currency: payment.currency.clone(),
        status: "completed".into(),
        data: json!({
            "tx_id": attempt.id, "flw_ref": attempt.flw_ref, "comments": wanted["comments"],
        }),
        created_at: now,
        updated_at: now,
    };
    let mut changes = vec![
        Change::Refund(refund.clone()),
        Change::Task(Task {
            id: 0,
            provider: NAME.into(),
            kind: "refund".into(),
            subject: refund.id.clone(),
            due_at: now + PAID_OUT,
        }),
    ];
    changes.extend(told(sim, &refund, payment).await?);
    sim.commit(changes).await?;
    Ok(success(
        "Transaction refund initiated",
        wire::refund(&refund),
    ))
}

/// The hook about a refund: off unless Flutterwave has switched it on for the account.
async fn told(sim: &Sim, refund: &Refund, payment: &Payment) -> anyhow::Result<Vec<Change>> {
    let (Some(url), data) = settings(sim, &payment.account).await? else {
        return Ok(Vec::new());
    };
    if data["refund_hooks"] != true {
        return Ok(Vec::new());
    }
    let new = NewHook {
        payment,
        url,
        event: format!("refund {}", refund.status),
        body: wire::refund_row(refund),
        headers: Vec::new(),
    };
    hooks::plan(sim, &Flutterwave, new).await
}

/// The end of a refund, as its transaction's kind and the customer's choice have it.
pub async fn step(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let Some(mut refund) = sim.ledger.refund(NAME, &task.subject).await? else {
        return Ok(Vec::new());
    };
    let Some(mut payment) = sim.ledger.payment(NAME, &refund.payment_id).await? else {
        return Ok(Vec::new());
    };
    let sale = Sale::of(&payment);
    let kind = sale
        .tries
        .iter()
        .find(|t| refund.data["tx_id"] == t.id)
        .map_or("card", |t| t.kind.as_str());
    let paid_out = match kind {
        "card" => "completed-mpgs",
        "bank_transfer" | "account" => "completed-bank-transfer",
        _ => "completed-momo",
    };
    let status = match sale.refund_ends.as_deref() {
        Some("failed") => "failed",
        Some("pending") => "pending-momo",
        _ => paid_out,
    };
    refund.status = status.into();
    refund.updated_at = sim.clock.now();
    let mut changes = told(sim, &refund, &payment).await?;
    if status == paid_out {
        payment.refunded += refund.amount;
        let status = payment.status.clone();
        changes.push(changed(sim, payment, &status, sale));
    }
    changes.push(Change::Refund(refund));
    Ok(changes)
}

/// The reference of the payment that a refund belongs to.
async fn refund_reference(sim: &Sim, id: &str) -> Option<String> {
    let refund = sim.ledger.refund(NAME, id).await.ok()??;
    let payment = sim.ledger.payment(NAME, &refund.payment_id).await.ok()??;
    Some(payment.reference)
}

pub async fn fetch(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let task = sim.clone();
    let about = about(refund_reference(&sim, &id).await);
    sim.answer(&Flutterwave, "fetch_refund", about, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let found = task.ledger.refund(NAME, &id).await?;
        Ok(match found.filter(|r| r.account == merchant.key) {
            Some(refund) => success("Refund fetched successfully", wire::refund(&refund)),
            None => fail(404, "No refund was found for this id"),
        })
    })
    .await
}

#[derive(Deserialize)]
pub struct Asked {
    /// The transaction's number.
    id: Option<String>,
    currency: Option<String>,
    from: Option<String>,
    to: Option<String>,
    page: Option<usize>,
}

pub async fn list(
    State(sim): State<Sim>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let reference = match &asked.id {
        Some(id) => reference_of(&sim, id).await,
        None => None,
    };
    sim.answer(&Flutterwave, "fetch_refund", about(reference), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let mut all = task.ledger.refunds().await?;
        all.reverse();
        let (from, to) = (asked.from.as_deref(), asked.to.as_deref());
        let rows = all
            .iter()
            .filter(|r| r.provider == NAME && r.account == merchant.key)
            .filter(|r| asked.currency.as_deref().is_none_or(|c| c == r.currency))
            .filter(|r| between(r.created_at, from, to))
            .map(wire::refund_row)
            .filter(|row| {
                let transaction = row["TransactionId"].to_string();
                asked.id.as_deref().is_none_or(|id| id == transaction)
            })
            .collect();
        Ok(cut(rows, asked.page, "Transaction refunds fetched"))
    })
    .await
}
