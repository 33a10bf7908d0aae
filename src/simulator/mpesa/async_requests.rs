//! Reversal and transaction status: acknowledged at once, answered later at the `ResultURL`.
//! The acknowledgement says nothing of the outcome; wrong credentials show in the result alone.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{
    LOWER, Mode, Mpesa, NAME, caller, checks, invalid, new_receipt, new_request_id, parse, tell,
};
use crate::simulator::clock::nairobi;
use crate::simulator::faults::About;
use crate::simulator::ledger::{Change, Payment, Refund, Task};
use crate::simulator::{Reply, Sim, random_text, text_of};

/// How long the result takes.
const RESULT: i64 = 2_000;
/// How many wrong credentials lock the operator.
const LOCKED_AFTER: i64 = 3;

pub async fn reversal(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    take(sim, mode, headers, body, "reversal").await
}

pub async fn status(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    take(sim, mode, headers, body, "status").await
}

async fn take(
    sim: Sim,
    mode: Mode,
    headers: HeaderMap,
    body: Bytes,
    kind: &'static str,
) -> Response {
    let wanted = parse(&headers, &body);
    let receipt = wanted
        .as_ref()
        .ok()
        .and_then(|w| text_of(w, "TransactionID"));
    let known = match &receipt {
        Some(receipt) => by_receipt(&sim, receipt, mode.0).await.ok().flatten(),
        None => None,
    };
    let about = About {
        reference: known.as_ref().map(|p| p.reference.clone()).or(receipt),
        phone: known.as_ref().and_then(|p| p.phone.clone()),
    };
    let task = sim.clone();
    sim.answer(&Mpesa, kind, about, async move {
        if let Err(refused) = caller(&task, mode, &headers).await? {
            return Ok(refused);
        }
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(refused) => return Ok(refused),
        };
        if let Err(refused) = checked(&wanted, mode, kind) {
            return Ok(refused);
        }
        accept(&task, mode, kind, &wanted).await
    })
    .await
}

fn checked(wanted: &Value, mode: Mode, kind: &str) -> Result<(), Reply> {
    let text = |name: &str| text_of(wanted, name).unwrap_or_default();
    for needed in ["Initiator", "SecurityCredential"] {
        if text(needed).is_empty() {
            return Err(invalid(needed));
        }
    }
    for address in ["ResultURL", "QueueTimeOutURL"] {
        if !checks::is_callback(&text(address), mode) {
            return Err(invalid(address));
        }
    }
    let remarks = text("Remarks").chars().count();
    if kind == "reversal" {
        if text("CommandID") != "TransactionReversal" {
            return Err(invalid("CommandID"));
        }
        if text("TransactionID").is_empty() {
            return Err(invalid("TransactionID"));
        }
        if whole(&wanted["Amount"]).is_none() {
            return Err(invalid("Amount"));
        }
        if !checks::is_shortcode(&text("ReceiverParty")) {
            return Err(invalid("ReceiverParty"));
        }
        if text("RecieverIdentifierType") != "11" {
            return Err(invalid("RecieverIdentifierType"));
        }
        if !(2..=100).contains(&remarks) {
            return Err(invalid("Remarks"));
        }
        return Ok(());
    }
    if text("CommandID") != "TransactionStatusQuery" {
        return Err(invalid("CommandID"));
    }
    if [text("TransactionID"), original(wanted)]
        .iter()
        .all(String::is_empty)
    {
        return Err(invalid("TransactionID"));
    }
    if !["1", "2", "4"].contains(&text("IdentifierType").as_str()) {
        return Err(invalid("IdentifierType"));
    }
    if remarks > 100 {
        return Err(invalid("Remarks"));
    }
    Ok(())
}

/// Shillings, also written with empty cents.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => {
            let digits = text.strip_suffix(".00").unwrap_or(text);
            checks::shillings(&json!(digits))
        }
        other => checks::shillings(other),
    }
}

fn original(wanted: &Value) -> String {
    text_of(wanted, "OriginalConversationID")
        .or_else(|| text_of(wanted, "OriginatorConversationID"))
        .unwrap_or_default()
}

async fn by_receipt(sim: &Sim, receipt: &str, mode: &str) -> anyhow::Result<Option<Payment>> {
    let named = sim.ledger.payments_named(NAME, receipt).await?;
    Ok(named
        .into_iter()
        .find(|p| p.receipt.as_deref() == Some(receipt) && p.mode == mode))
}

async fn accept(sim: &Sim, mode: Mode, kind: &str, wanted: &Value) -> anyhow::Result<Reply> {
    let now = sim.clock.now();
    let text = |name: &str| text_of(wanted, name).unwrap_or_default();
    let conversation = format!("AG_{}_{}", nairobi(now, "%Y%m%d"), random_text(LOWER, 20));
    let originator = new_request_id();
    let receipt = text("TransactionID");
    let payment = by_receipt(sim, &receipt, mode.0).await?;
    let party = if kind == "reversal" {
        text("ReceiverParty")
    } else {
        text("PartyA")
    };
    let request = json!({
        "mode": mode.0,
        "originator": originator,
        "receipt": receipt,
        "original": original(wanted),
        "amount": whole(&wanted["Amount"]),
        "party": party,
        // Both are only looked at for the word that makes them wrong, and never kept.
        "wrong_credential": text("Initiator").contains("invalid")
            || text("SecurityCredential").contains("invalid"),
        "result_url": text("ResultURL"),
        "queue_timeout_url": text("QueueTimeOutURL"),
    });
    let object = |kind: &str, id: &str, data: Value| Change::Object {
        provider: NAME.into(),
        kind: kind.into(),
        id: id.into(),
        data,
    };
    let mut changes = vec![
        object("request", &conversation, request),
        object("originator", &originator, json!(conversation)),
        Change::Task(Task {
            id: 0,
            provider: NAME.into(),
            kind: kind.into(),
            subject: conversation.clone(),
            due_at: now + RESULT,
        }),
    ];
    if let Some(payment) = payment.filter(|_| kind == "reversal") {
        changes.push(Change::Refund(Refund {
            provider: NAME.into(),
            id: conversation.clone(),
            payment_id: payment.id,
            account: payment.account,
            mode: payment.mode,
            amount: whole(&wanted["Amount"]).unwrap_or_default(),
            currency: payment.currency,
            status: "processing".into(),
            data: json!({"originator": originator, "remarks": text("Remarks")}),
            created_at: now,
            updated_at: now,
        }));
    }
    sim.commit(changes).await?;
    Ok(Reply::ok(json!({
        "OriginatorConversationID": originator,
        "ConversationID": conversation,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    })))
}

/// A payment that stands for a receipt nobody knows, so that its result can be told.
fn nobody(request: &Value) -> Payment {
    Payment {
        provider: NAME.into(),
        id: String::new(),
        account: request["party"].as_str().unwrap_or_default().into(),
        mode: request["mode"].as_str().unwrap_or_default().into(),
        reference: request["receipt"].as_str().unwrap_or_default().into(),
        amount: 0,
        currency: "KES".into(),
        status: String::new(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: None,
        data: json!({}),
        created_at: 0,
        updated_at: 0,
    }
}

fn result(
    request: &Value,
    conversation: &str,
    code: &Value,
    text: &str,
    transaction: &str,
    parameters: Option<Value>,
) -> Value {
    let mut told = json!({
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": text,
        "OriginatorConversationID": request["originator"],
        "ConversationID": conversation,
        "TransactionID": transaction,
        "ReferenceData": {"ReferenceItem": {
            "Key": "QueueTimeoutURL", "Value": request["queue_timeout_url"],
        }},
    });
    if let Some(parameters) = parameters {
        told["ResultParameters"] = json!({ "ResultParameter": parameters });
    }
    json!({ "Result": told })
}

fn public_name(payment: &Payment) -> String {
    let name = payment.data["first_name"]
        .as_str()
        .filter(|n| !n.is_empty())
        .unwrap_or("CUSTOMER");
    format!(
        "{} - {name}",
        payment.phone.as_deref().unwrap_or("254700000000")
    )
}

/// A reversal's turn: the money goes back, or the result says why not.
pub async fn reverse(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let Some(request) = sim.ledger.object(NAME, "request", &task.subject).await? else {
        return Ok(Vec::new());
    };
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let found = by_receipt(sim, text("receipt"), text("mode")).await?;
    let mut payment = found.filter(|p| p.account == text("party") || party_b(p) == text("party"));
    let account = sim.ledger.account(NAME, text("party")).await?;
    let planned = account.and_then(|a| a.data["reversals"].as_str().map(str::to_owned));
    let mut changes = Vec::new();
    let locked = locked_out(sim, &request, &mut changes).await?;
    if planned.as_deref() == Some("timeout") {
        let subject = payment.unwrap_or_else(|| nobody(&request));
        let url = text("queue_timeout_url").to_owned();
        let body = json!({"requestId": request["originator"], "message": "Queue timed out"});
        changes.extend(tell(sim, &subject, url, "queueTimeout", body).await?);
        return Ok(changes);
    }
    let refusal = match &payment {
        _ if locked.is_some() => locked,
        _ if planned.is_some() => planned.as_deref().map(planned_refusal),
        None => Some((json!("R000002"), "The OriginalTransactionID is invalid.")),
        Some(p) if p.refunded > 0 => Some((
            json!("R000001"),
            "The transaction has already been reversed.",
        )),
        // Only the transacted amount is documented.
        Some(p) if request["amount"].as_i64() != Some(p.amount) => Some((
            json!(2028),
            "The request is not permitted according to product assignment.",
        )),
        Some(_) => None,
    };
    let now = sim.clock.now();
    if let Some(mut refund) = sim.ledger.refund(NAME, &task.subject).await? {
        refund.status = if refusal.is_none() {
            "processed"
        } else {
            "failed"
        }
        .into();
        refund.updated_at = now;
        changes.push(Change::Refund(refund));
    }
    let receipt = new_receipt();
    let body = if let Some((code, why)) = &refusal {
        result(&request, &task.subject, code, why, text("receipt"), None)
    } else {
        let mut parameters = json!([]);
        if let Some(p) = payment.as_mut() {
            p.refunded = p.amount;
            p.status = "reversed".into();
            p.updated_at = now;
            changes.push(Change::Payment(p.clone()));
            let at = nairobi(now, "%Y%m%d%H%M%S")
                .parse::<i64>()
                .unwrap_or_default();
            parameters = json!([
                {"Key": "DebitAccountBalance", "Value": "Utility Account|KES|100000.00|100000.00|0.00|0.00"},
                {"Key": "Amount", "Value": p.amount},
                {"Key": "TransCompletedTime", "Value": at},
                {"Key": "OriginalTransactionID", "Value": p.receipt},
                {"Key": "Charge", "Value": 0},
                {"Key": "CreditPartyPublicName", "Value": public_name(p)},
                {"Key": "DebitPartyPublicName", "Value": format!("{} - MERCHANT", p.account)},
            ]);
        }
        let done = checks::result_text("0");
        result(
            &request,
            &task.subject,
            &json!(0),
            done,
            &receipt,
            Some(parameters),
        )
    };
    let subject = payment.unwrap_or_else(|| nobody(&request));
    let url = text("result_url").to_owned();
    changes.extend(tell(sim, &subject, url, "reversalResult", body).await?);
    Ok(changes)
}

/// An account's own plan for its reversals: a result code, as a number where it is one.
fn planned_refusal(code: &str) -> (Value, &'static str) {
    let told = code
        .parse::<i64>()
        .map_or_else(|_| json!(code), |number| json!(number));
    (told, checks::result_text(code))
}

/// Wrong credentials are refused, and the third time in a row they lock the operator for good.
async fn locked_out(
    sim: &Sim,
    request: &Value,
    changes: &mut Vec<Change>,
) -> anyhow::Result<Option<(Value, &'static str)>> {
    let id = format!(
        "{}:{}",
        request["mode"].as_str().unwrap_or_default(),
        request["party"].as_str().unwrap_or_default()
    );
    let known = sim.ledger.object(NAME, "operator", &id).await?;
    let before = known.as_ref().and_then(Value::as_i64).unwrap_or(0);
    if before >= LOCKED_AFTER {
        return Ok(Some((json!(8006), checks::result_text("8006"))));
    }
    let wrong = request["wrong_credential"] == json!(true);
    let tries = if wrong { before + 1 } else { 0 };
    if tries != before {
        changes.push(Change::Object {
            provider: NAME.into(),
            kind: "operator".into(),
            id,
            data: json!(tries),
        });
    }
    Ok(wrong.then(|| (json!(2001), checks::result_text("2001"))))
}

fn party_b(payment: &Payment) -> &str {
    payment.data["party_b"].as_str().unwrap_or_default()
}

/// A status question's turn.
pub async fn report(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let Some(request) = sim.ledger.object(NAME, "request", &task.subject).await? else {
        return Ok(Vec::new());
    };
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let found = match text("receipt") {
        "" => by_conversation(sim, text("original"), text("mode")).await?,
        receipt => by_receipt(sim, receipt, text("mode")).await?,
    };
    let payment = found.filter(|p| p.account == text("party") || party_b(p) == text("party"));
    let mut changes = Vec::new();
    let locked = locked_out(sim, &request, &mut changes).await?;
    let body = match &payment {
        _ if locked.is_some() => {
            let (code, why) = locked.unwrap_or_default();
            result(&request, &task.subject, &code, why, text("receipt"), None)
        }
        None => {
            let why = "The transaction does not exist.";
            result(
                &request,
                &task.subject,
                &json!(2032),
                why,
                text("receipt"),
                None,
            )
        }
        Some(p) => {
            let receipt = p.receipt.clone().unwrap_or_default();
            let at = nairobi(p.updated_at, "%Y%m%d%H%M%S")
                .parse::<i64>()
                .unwrap_or_default();
            let state = match p.status.as_str() {
                "paid" => "Completed",
                "reversed" => "Reversed",
                _ => "Failed",
            };
            let parameters = json!([
                {"Key": "DebitPartyName", "Value": public_name(p)},
                {"Key": "CreditPartyName", "Value": format!("{} - MERCHANT", p.account)},
                {"Key": "OriginatorConversationID", "Value": p.data["merchant_request_id"]},
                {"Key": "InitiatedTime", "Value": at},
                {"Key": "DebitAccountType", "Value": "MMF Account For Customer"},
                {"Key": "DebitPartyCharges", "Value": ""},
                {"Key": "TransactionReason"},
                {"Key": "ReasonType", "Value": "Pay Bill Online"},
                {"Key": "TransactionStatus", "Value": state},
                {"Key": "FinalisedTime", "Value": at},
                {"Key": "Amount", "Value": p.amount.to_string()},
                {"Key": "ConversationID", "Value": p.id},
                {"Key": "ReceiptNo", "Value": receipt},
            ]);
            let done = checks::result_text("0");
            let own = new_receipt();
            result(
                &request,
                &task.subject,
                &json!(0),
                done,
                &own,
                Some(parameters),
            )
        }
    };
    let subject = payment.unwrap_or_else(|| nobody(&request));
    let url = text("result_url").to_owned();
    changes.extend(tell(sim, &subject, url, "transactionStatusResult", body).await?);
    Ok(changes)
}

/// The payment that an earlier request of ours was about.
async fn by_conversation(sim: &Sim, id: &str, mode: &str) -> anyhow::Result<Option<Payment>> {
    let conversation = sim.ledger.object(NAME, "originator", id).await?;
    let conversation = conversation.as_ref().and_then(Value::as_str).unwrap_or(id);
    let Some(request) = sim.ledger.object(NAME, "request", conversation).await? else {
        return Ok(None);
    };
    by_receipt(sim, request["receipt"].as_str().unwrap_or_default(), mode).await
}
