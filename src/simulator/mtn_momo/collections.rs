//! Requests to pay: the prompt, its answer, the callback and the status.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::checks::{self, Plan};
use super::phone::BY_PERSON;
use super::{
    Caller, MtnMomo, NAME, bare, callback_url, caller, fail, head, parse, swallowed, tell,
};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Change, Payment, Task};
use crate::simulator::{Reply, Sim, text_of};

/// How long the payer has for the PIN.
const WINDOW: i64 = 300_000;
/// How long the number that pays late lets everybody wait. MTN does not say.
const DELAY: i64 = 600_000;

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted = parse(&headers, &body);
    let about = About {
        reference: wanted.as_ref().and_then(|w| text_of(w, "externalId")),
        phone: wanted
            .as_ref()
            .and_then(|w| text_of(&w["payer"], "partyId")),
    };
    let task = sim.clone();
    sim.answer(&MtnMomo, "start", about, async move {
        let caller = match caller(&task, "collection", &headers).await? {
            Ok(caller) => caller,
            Err(refused) => return Ok(refused),
        };
        let id = head(&headers, "x-reference-id").and_then(checks::reference_id);
        let (Some(id), Some(wanted)) = (id, wanted) else {
            return Ok(bare(400));
        };
        if task.ledger.payment(NAME, &id).await?.is_some() {
            let message = "Duplicated reference id. Creation of resource failed.";
            return Ok(fail(409, "RESOURCE_ALREADY_EXIST", message));
        }
        let checked =
            callback_url(&headers, &caller).and_then(|url| checked(&wanted, &caller, id, url));
        match checked {
            Ok((payment, plan)) => open(&task, payment, plan).await,
            Err(refused) => Ok(refused),
        }
    })
    .await
}

/// The texts of an order: at most 160 characters, and nothing that the firewall swallows.
pub fn texts(wanted: &Value) -> Result<[String; 3], Reply> {
    let texts = ["externalId", "payerMessage", "payeeNote"]
        .map(|field| text_of(wanted, field).unwrap_or_default());
    if texts.iter().any(|t| checks::is_swallowed(t)) {
        return Err(swallowed());
    }
    if texts[0].is_empty() || texts.iter().any(|t| t.chars().count() > 160) {
        return Err(bare(400));
    }
    Ok(texts)
}

/// The amount and currency of an order.
pub fn amount(wanted: &Value, caller: &Caller) -> Result<(i64, String), Reply> {
    let currency = wanted["currency"].as_str().unwrap_or_default().to_owned();
    if currency.is_empty() {
        return Err(bare(400));
    }
    if !caller.environment.1.contains(&currency.as_str()) {
        return Err(fail(500, "INVALID_CURRENCY", "Currency not supported."));
    }
    let amount = checks::amount(&wanted["amount"], &currency).ok_or_else(|| bare(400))?;
    Ok((amount, currency))
}

fn checked(
    wanted: &Value,
    caller: &Caller,
    id: String,
    url: Value,
) -> Result<(Payment, Plan), Reply> {
    let [reference, payer_message, payee_note] = texts(wanted)?;
    let payer = &wanted["payer"];
    let party = payer["partyId"].as_str().unwrap_or_default();
    let kind = payer["partyIdType"].as_str().unwrap_or_default();
    if kind != "MSISDN" || !checks::is_msisdn(party) {
        return Err(bare(400));
    }
    let (amount, currency) = amount(wanted, caller)?;
    let plan = if caller.sandbox() {
        checks::planned(party)
    } else if party.starts_with(caller.environment.2) {
        Plan::Paid
    } else {
        Plan::Refused("PAYER_NOT_FOUND")
    };
    let payment = Payment {
        provider: NAME.into(),
        id,
        account: caller.id.clone(),
        mode: caller.mode().into(),
        reference,
        amount,
        currency,
        status: "open".into(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: Some(party.into()),
        data: json!({
            "callback_url": url,
            "environment": caller.environment.0,
            "payer_message": payer_message,
            "payee_note": payee_note,
            "wire_status": if plan == Plan::Delayed { "CREATED" } else { "PENDING" },
            "planned": "SUCCESSFUL",
            "reason": null,
        }),
        created_at: 0,
        updated_at: 0,
    };
    Ok((payment, plan))
}

async fn open(sim: &Sim, mut payment: Payment, plan: Plan) -> anyhow::Result<Reply> {
    let now = sim.clock.now();
    let by_person = sim.ledger.setting(BY_PERSON).await? == Some(1);
    let (planned, wait) = match plan {
        Plan::Refused(code) => return Ok(fail(500, code, "The request was refused.")),
        _ if by_person => ("EXPIRED", WINDOW),
        Plan::Paid => ("SUCCESSFUL", sim.prompt_delay),
        Plan::Failed(reason) => (reason, sim.prompt_delay),
        Plan::Ongoing => ("EXPIRED", WINDOW),
        Plan::Delayed => ("SUCCESSFUL", DELAY),
    };
    payment.created_at = now;
    payment.updated_at = now;
    payment.data["planned"] = json!(planned);
    let task = later(&payment, now + wait);
    sim.commit(vec![Change::Payment(payment), task]).await?;
    Ok(bare(202))
}

fn later(payment: &Payment, due_at: i64) -> Change {
    Change::Task(Task {
        id: 0,
        provider: NAME.into(),
        kind: "prompt".into(),
        subject: payment.id.clone(),
        due_at,
    })
}

fn forget(payment: &Payment) -> Change {
    Change::Forget {
        provider: NAME.into(),
        subject: payment.id.clone(),
    }
}

/// The prompt's time has come.
pub async fn answer(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let found = sim.ledger.payment(NAME, &task.subject).await?;
    let Some(payment) = found.filter(|p| p.status == "open") else {
        return Ok(Vec::new());
    };
    let planned = payment.data["planned"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    finish(sim, payment, &planned).await
}

/// What a person or a test decides. At MTN a failure is final; here money may come after one, so
/// that late money can be seen.
pub async fn decide(
    sim: &Sim,
    payment: Payment,
    outcome: &str,
) -> anyhow::Result<Result<Vec<Change>, String>> {
    let end = match outcome {
        "paid" | "success" => "SUCCESSFUL",
        "cancelled" => "APPROVAL_REJECTED",
        "declined" => "PAYMENT_NOT_APPROVED",
        "expired" | "unreachable" => "EXPIRED",
        "insufficient_funds" => "NOT_ENOUGH_FUNDS",
        "limit" => "PAYER_LIMIT_REACHED",
        "ignored" => "",
        _ => {
            return Ok(Err("outcomes: paid, declined, cancelled, expired, \
                           insufficient_funds, limit, ignored"
                .into()));
        }
    };
    if end != "SUCCESSFUL" && payment.status != "open" {
        return Ok(Err("the prompt is already answered".into()));
    }
    if end.is_empty() {
        return Ok(Ok(ignore(sim, payment)));
    }
    let mut changes = vec![forget(&payment)];
    changes.extend(finish(sim, payment, end).await?);
    Ok(Ok(changes))
}

/// The payer looks away: the prompt runs out five minutes after it was sent.
fn ignore(sim: &Sim, mut payment: Payment) -> Vec<Change> {
    payment.data["planned"] = json!("EXPIRED");
    let due_at = (payment.created_at + WINDOW).max(sim.clock.now());
    vec![
        forget(&payment),
        later(&payment, due_at),
        Change::Payment(payment),
    ]
}

/// Ends a request, with success or with a reason, and queues its callback.
async fn finish(sim: &Sim, mut payment: Payment, end: &str) -> anyhow::Result<Vec<Change>> {
    let now = sim.clock.now();
    let paid = end == "SUCCESSFUL";
    payment.status = match end {
        "SUCCESSFUL" => "paid",
        "APPROVAL_REJECTED" => "cancelled",
        "EXPIRED" | "COULD_NOT_PERFORM_TRANSACTION" => "expired",
        _ => "failed",
    }
    .into();
    if paid {
        let number = sim
            .ledger
            .next_number("mtn_momo_receipt", 1_195_582_132)
            .await?;
        payment.receipt = Some(number.to_string());
    }
    payment.data["reason"] = if paid { Value::Null } else { json!(end) };
    payment.attempts += 1;
    payment.updated_at = now;
    let body = callback(&payment);
    let url = payment.data["callback_url"].clone();
    let mut changes = vec![Change::Payment(payment.clone())];
    changes.extend(tell(sim, &payment, &url, "requesttopay", body).await?);
    Ok(changes)
}

/// What the status tells.
fn told(payment: &Payment) -> Value {
    let status = match payment.status.as_str() {
        "open" => payment.data["wire_status"].clone(),
        "paid" => json!("SUCCESSFUL"),
        _ => json!("FAILED"),
    };
    let mut body = json!({
        "externalId": payment.reference,
        "amount": checks::written(payment.amount, &payment.currency),
        "currency": payment.currency,
        "payer": {"partyIdType": "MSISDN", "partyId": payment.phone},
        "payerMessage": payment.data["payer_message"],
        "payeeNote": payment.data["payee_note"],
        "status": status,
    });
    if let Some(receipt) = &payment.receipt {
        body["financialTransactionId"] = json!(receipt);
    }
    if !payment.data["reason"].is_null() {
        body["reason"] = payment.data["reason"].clone();
    }
    body
}

/// The callback says the same, but for the payer's message.
pub fn callback(payment: &Payment) -> Value {
    let mut body = told(payment);
    if let Some(fields) = body.as_object_mut() {
        fields.remove("payerMessage");
    }
    body
}

pub async fn status(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let known = sim.ledger.payment(NAME, &id).await.ok().flatten();
    let about = About {
        reference: Some(known.as_ref().map_or(id.clone(), |p| p.reference.clone())),
        phone: known.and_then(|p| p.phone),
    };
    let task = sim.clone();
    sim.answer(&MtnMomo, "fetch", about, async move {
        let caller = match caller(&task, "collection", &headers).await? {
            Ok(caller) => caller,
            Err(refused) => return Ok(refused),
        };
        let Some(id) = checks::reference_id(&id) else {
            return Ok(bare(400));
        };
        let found = task.ledger.payment(NAME, &id).await?;
        let his = found.filter(|p| p.account == caller.id && p.mode == caller.mode());
        Ok(match his {
            Some(payment) => Reply::ok(told(&payment)),
            None => fail(
                404,
                "RESOURCE_NOT_FOUND",
                "Requested resource was not found.",
            ),
        })
    })
    .await
}
