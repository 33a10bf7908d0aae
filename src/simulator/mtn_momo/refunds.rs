//! Refunds: taken on at once, done two seconds later. MTN documents no check of what is left of
//! the payment; here more than that is refused.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::collections::{amount, texts};
use super::{Caller, MtnMomo, NAME, bare, callback_url, caller, checks, fail, head, parse, tell};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Change, Payment, Refund, Task};
use crate::simulator::{Reply, Sim, text_of};

const STEP: i64 = 2_000;

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted = parse(&headers, &body);
    let named = wanted
        .as_ref()
        .and_then(|w| text_of(w, "referenceIdToRefund"));
    let about = about(&sim, named.as_deref()).await;
    let task = sim.clone();
    sim.answer(&MtnMomo, "refund", about, async move {
        let caller = match caller(&task, "disbursement", &headers).await? {
            Ok(caller) => caller,
            Err(refused) => return Ok(refused),
        };
        let id = head(&headers, "x-reference-id").and_then(checks::reference_id);
        let (Some(id), Some(wanted), Some(named)) = (id, wanted, named) else {
            return Ok(bare(400));
        };
        if task.ledger.refund(NAME, &id).await?.is_some() {
            let message = "Duplicated reference id. Creation of resource failed.";
            return Ok(fail(409, "RESOURCE_ALREADY_EXIST", message));
        }
        let url = match callback_url(&headers, &caller) {
            Ok(url) => url,
            Err(refused) => return Ok(refused),
        };
        accept(&task, &caller, &wanted, &named, id, url).await
    })
    .await
}

/// The payment that a call is about, for faults and the ledger.
async fn about(sim: &Sim, payment: Option<&str>) -> About {
    let found = match payment {
        Some(id) => sim.ledger.payment(NAME, id).await.ok().flatten(),
        None => None,
    };
    About {
        reference: found
            .as_ref()
            .map(|p| p.reference.clone())
            .or_else(|| payment.map(str::to_owned)),
        phone: found.and_then(|p| p.phone),
    }
}

/// What no refund has taken yet; failed ones give theirs back.
async fn left(sim: &Sim, payment: &Payment) -> anyhow::Result<i64> {
    let refunds = sim.ledger.refunds_of(NAME, &payment.id).await?;
    let taken = refunds.iter().filter(|r| r.status != "failed");
    Ok(payment.amount - taken.map(|r| r.amount).sum::<i64>())
}

/// Whether the merchant may give this payment back: his own, where he is registered.
fn is_his(payment: &Payment, caller: &Caller, known: bool) -> bool {
    let same = payment.account == caller.id || !(known || caller.registered);
    same && payment.receipt.is_some() && payment.mode == caller.mode()
}

async fn accept(
    sim: &Sim,
    caller: &Caller,
    wanted: &Value,
    named: &str,
    id: String,
    url: Value,
) -> anyhow::Result<Reply> {
    let texts = match texts(wanted) {
        Ok(texts) => texts,
        Err(refused) => return Ok(refused),
    };
    let (amount, currency) = match amount(wanted, caller) {
        Ok(both) => both,
        Err(refused) => return Ok(refused),
    };
    let documented = checks::planned_refund(named).filter(|_| caller.sandbox());
    let (planned, payee) = match documented {
        Some(Err(code)) => {
            return Ok(fail(404, code, "Requested resource was not found."));
        }
        Some(Ok(reason)) => {
            let payee = json!({"partyIdType": "PARTY_CODE", "partyId": id});
            (if reason.is_empty() { "PENDING" } else { reason }, payee)
        }
        None => {
            let Some(payment) = sim.ledger.payment(NAME, &named.to_lowercase()).await? else {
                return Ok(bare(400));
            };
            let known = super::merchant(sim, &payment.account).await?.is_some();
            let fits = is_his(&payment, caller, known) && payment.currency == currency;
            if !fits || amount > left(sim, &payment).await? {
                return Ok(bare(400));
            }
            let phone = payment.phone.unwrap_or_default();
            let planned = match phone.as_str() {
                p if p.ends_with("0007") => "NOT_ENOUGH_FUNDS",
                p if p.ends_with("0008") => "PENDING",
                _ => "SUCCESSFUL",
            };
            (planned, json!({"partyIdType": "MSISDN", "partyId": phone}))
        }
    };
    let now = sim.clock.now();
    let [external_id, payer_message, payee_note] = texts;
    let refund = Refund {
        provider: NAME.into(),
        id,
        payment_id: named.to_lowercase(),
        account: caller.id.clone(),
        mode: caller.mode().into(),
        amount,
        currency,
        status: "pending".into(),
        data: json!({
            "external_id": external_id, "payer_message": payer_message, "payee_note": payee_note,
            "payee": payee, "callback_url": url, "planned": planned, "reason": null,
        }),
        created_at: now,
        updated_at: now,
    };
    let task = Task {
        id: 0,
        provider: NAME.into(),
        kind: "refund".into(),
        subject: refund.id.clone(),
        due_at: now + STEP,
    };
    let mut changes = vec![Change::Refund(refund)];
    if planned != "PENDING" {
        changes.push(Change::Task(task));
    }
    sim.commit(changes).await?;
    Ok(bare(202))
}

/// A refund's time has come.
pub async fn settle(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let found = sim.ledger.refund(NAME, &task.subject).await?;
    let Some(mut refund) = found.filter(|r| r.status == "pending") else {
        return Ok(Vec::new());
    };
    let planned = refund.data["planned"].clone();
    let done = planned == "SUCCESSFUL";
    refund.status = if done { "succeeded" } else { "failed" }.into();
    refund.updated_at = sim.clock.now();
    if done {
        let number = sim
            .ledger
            .next_number("mtn_momo_receipt", 1_195_582_132)
            .await?;
        refund.data["receipt"] = json!(number.to_string());
    } else {
        refund.data["reason"] = planned;
    }
    let mut changes = vec![Change::Refund(refund.clone())];
    if let Some(mut payment) = sim.ledger.payment(NAME, &refund.payment_id).await? {
        if done {
            payment.refunded += refund.amount;
            payment.updated_at = refund.updated_at;
            changes.push(Change::Payment(payment.clone()));
        }
        let url = &refund.data["callback_url"];
        changes.extend(tell(sim, &payment, url, "refund", told(&refund)).await?);
    }
    Ok(changes)
}

fn told(refund: &Refund) -> Value {
    let mut body = json!({
        "externalId": refund.data["external_id"],
        "amount": checks::written(refund.amount, &refund.currency),
        "currency": refund.currency,
        "payee": refund.data["payee"],
        "payerMessage": refund.data["payer_message"],
        "payeeNote": refund.data["payee_note"],
        "status": match refund.status.as_str() {
            "pending" => "PENDING",
            "succeeded" => "SUCCESSFUL",
            _ => "FAILED",
        },
    });
    for (field, kept) in [("financialTransactionId", "receipt"), ("reason", "reason")] {
        if let Some(value) = refund.data.get(kept).filter(|v| !v.is_null()) {
            body[field] = value.clone();
        }
    }
    body
}

pub async fn status(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let known = sim.ledger.refund(NAME, &id).await.ok().flatten();
    let payment = known.map_or(id.clone(), |r| r.payment_id);
    let about = about(&sim, Some(&payment)).await;
    let task = sim.clone();
    sim.answer(&MtnMomo, "fetch_refund", about, async move {
        let caller = match caller(&task, "disbursement", &headers).await? {
            Ok(caller) => caller,
            Err(refused) => return Ok(refused),
        };
        let Some(id) = checks::reference_id(&id) else {
            return Ok(bare(400));
        };
        let found = task.ledger.refund(NAME, &id).await?;
        let his = found.filter(|r| r.account == caller.id && r.mode == caller.mode());
        Ok(match his {
            Some(refund) => Reply::ok(told(&refund)),
            None => fail(
                404,
                "RESOURCE_NOT_FOUND",
                "Requested resource was not found.",
            ),
        })
    })
    .await
}
