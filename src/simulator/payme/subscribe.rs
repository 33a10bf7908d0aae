//! The Subscribe API: one address, JSON-RPC, `X-Auth`. Errors come with HTTP 200. The codes beyond
//! the general ones are those of public code.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{
    NAME, Payme, Sale, Step, UZS, account_id, accounts_of, hook_url, merchant, merchant_of,
    mode_of, new_id, saved, task,
};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Account, Change, Payment, Refund};
use crate::simulator::{Reply, Sim};

/// How long a paid receipt waits in the queue of cancellations.
const QUEUE_MS: i64 = 2_000;

type Told = Result<Value, (i64, &'static str)>;

fn operation(method: &str) -> &'static str {
    match method {
        "receipts.create" => "start",
        "receipts.get" => "fetch",
        "receipts.cancel" => "refund",
        "receipts.check" => "fetch_refund",
        "receipts.get_all" => "list",
        "receipts.send" => "send",
        _ => "other",
    }
}

pub async fn call(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted: Option<Value> = serde_json::from_slice(&body).ok();
    let asked = wanted.clone().unwrap_or_default();
    let params = &asked["params"];
    let account = params["account"].as_object();
    let reference = account
        .and_then(|a| a.values().next())
        .or_else(|| params.get("id"))
        .and_then(Value::as_str)
        .map(str::to_owned);
    let about = About {
        reference,
        phone: params["phone"].as_str().map(str::to_owned),
    };
    let operation = operation(asked["method"].as_str().unwrap_or_default());
    let task = sim.clone();
    sim.answer(&Payme, operation, about, async move {
        let id = asked["id"].clone();
        let told = if wanted.is_none() {
            Err((-32_700, "Parse error"))
        } else {
            answer(&task, &headers, &asked).await?
        };
        Ok(Reply::ok(match told {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err((code, message)) => json!({
                "jsonrpc": "2.0", "id": id,
                "error": {"code": code, "message": message, "data": null},
            }),
        }))
    })
    .await
}

/// The account behind `X-Auth: id:key`. A registered merchant's key must be its own.
async fn account(sim: &Sim, headers: &HeaderMap) -> anyhow::Result<Option<Account>> {
    let given = headers.get("x-auth").and_then(|v| v.to_str().ok());
    let Some((merchant, key)) = given.and_then(|v| v.split_once(':')) else {
        return Ok(None);
    };
    if merchant.is_empty() || key.is_empty() || given.is_some_and(|v| v.contains("invalid")) {
        return Ok(None);
    }
    let id = account_id(merchant, key);
    let known = accounts_of(sim, merchant).await?;
    if let Some(account) = known.iter().find(|a| a.id == id) {
        return Ok(Some(account.clone()));
    }
    if known.iter().any(|a| a.data["registered"] == true) {
        return Ok(None);
    }
    let fresh = Account {
        provider: NAME.into(),
        id,
        hook_url: None,
        data: json!({}),
    };
    sim.ledger
        .commit(vec![Change::Account(fresh.clone())])
        .await?;
    Ok(Some(fresh))
}

async fn answer(sim: &Sim, headers: &HeaderMap, asked: &Value) -> anyhow::Result<Told> {
    let Some(account) = account(sim, headers).await? else {
        return Ok(Err((-32_504, "Insufficient privileges")));
    };
    let Some(method) = asked["method"].as_str() else {
        return Ok(Err((-32_600, "Invalid request")));
    };
    let params = &asked["params"];
    match method {
        "receipts.create" => create(sim, &account, params).await,
        "receipts.get_all" => list(sim, &account, params).await,
        "receipts.get" | "receipts.check" | "receipts.send" | "receipts.cancel" => {
            let Some(id) = params["id"].as_str() else {
                return Ok(Err((-32_600, "The id is missing")));
            };
            let found = sim.ledger.payment(NAME, id).await?;
            let found = found.filter(|p| p.account == account.id && Sale::of(p).is_receipt);
            let Some(payment) = found else {
                return Ok(Err((-31_401, "The receipt was not found")));
            };
            one(sim, payment, method, params).await
        }
        _ => Ok(Err((-32_601, "Method not found"))),
    }
}

async fn create(sim: &Sim, account: &Account, params: &Value) -> anyhow::Result<Told> {
    let amount = params["amount"].as_i64().filter(|a| *a > 0);
    let Some(amount) = amount else {
        return Ok(Err((-31_611, "The amount is wrong")));
    };
    let fields = params["account"].as_object().cloned().unwrap_or_default();
    let text = |v: &Value| match v {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let values: Option<std::collections::BTreeMap<_, _>> = fields
        .iter()
        .map(|(name, value)| Some((name.clone(), text(value)?)))
        .collect();
    let wanted = account.data["account_field"].as_str();
    let fits = |v: &std::collections::BTreeMap<String, String>| {
        !v.is_empty() && wanted.is_none_or(|field| v.contains_key(field))
    };
    let Some(values) = values.filter(fits) else {
        return Ok(Err((-31_610, "A field of the account is missing or wrong")));
    };
    let reference = wanted
        .and_then(|field| values.get(field))
        .or_else(|| values.values().next());
    let now = sim.clock.now();
    let sale = Sale {
        is_receipt: true,
        fields: values.clone(),
        description: params["description"].as_str().unwrap_or_default().into(),
        ..Sale::default()
    };
    let payment = Payment {
        provider: NAME.into(),
        id: new_id(),
        account: account.id.clone(),
        mode: mode_of(account).into(),
        reference: reference.cloned().unwrap_or_default(),
        amount,
        currency: UZS.into(),
        status: "created".into(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: None,
        data: sale.into_value(),
        created_at: now,
        updated_at: now,
    };
    let told = json!({"receipt": receipt(&payment)});
    sim.commit(vec![Change::Payment(payment)]).await?;
    Ok(Ok(told))
}

fn receipt(payment: &Payment) -> Value {
    let sale = Sale::of(payment);
    let account: Vec<Value> = sale
        .fields
        .iter()
        .enumerate()
        .map(|(at, (name, value))| {
            json!({"name": name, "title": name, "value": value, "main": at == 0})
        })
        .collect();
    let card = (sale.pay_time > 0).then(|| json!({"number": "860049******6478", "expire": "9903"}));
    json!({
        "_id": payment.id,
        "create_time": payment.created_at,
        "pay_time": sale.pay_time,
        "cancel_time": sale.cancel_time,
        "state": sale.state,
        "type": 2,
        "external": false,
        "operation": -1,
        "category": null,
        "error": sale.error,
        "description": sale.description,
        "detail": null,
        "amount": payment.amount,
        "currency": 860,
        "commission": 0,
        "account": account,
        "card": card,
        "merchant": {"_id": merchant_of(&payment.account).0, "name": "Simulator"},
        "meta": {"source": "subscribe", "owner": merchant_of(&payment.account).0},
        "processing_id": null,
    })
}

async fn list(sim: &Sim, account: &Account, params: &Value) -> anyhow::Result<Told> {
    let number = |field: &str| params[field].as_i64();
    let (Some(count), Some(from), Some(to)) = (number("count"), number("from"), number("to"))
    else {
        return Ok(Err((-32_600, "count, from and to are needed")));
    };
    if !(1..=50).contains(&count) {
        return Ok(Err((-32_600, "count is 50 at most")));
    }
    let skipped = usize::try_from(number("offset").unwrap_or(0)).unwrap_or(0);
    let mut all = sim.ledger.payments().await?;
    all.retain(|p| {
        p.provider == NAME
            && p.account == account.id
            && (from..=to).contains(&p.created_at)
            && Sale::of(p).is_receipt
    });
    all.reverse();
    let count = usize::try_from(count).unwrap_or(0);
    let rows: Vec<Value> = all.iter().skip(skipped).take(count).map(receipt).collect();
    Ok(Ok(json!(rows)))
}

async fn one(sim: &Sim, payment: Payment, method: &str, params: &Value) -> anyhow::Result<Told> {
    let sale = Sale::of(&payment);
    match method {
        "receipts.check" => Ok(Ok(json!({"state": sale.state}))),
        "receipts.send" => {
            let phone = params["phone"].as_str().unwrap_or_default();
            let fits = phone.len() == 12
                && phone.starts_with("998")
                && phone.bytes().all(|b| b.is_ascii_digit());
            if !fits {
                return Ok(Err((-32_602, "The phone number is wrong")));
            }
            let mut sent = payment;
            sent.phone = Some(phone.to_owned());
            sim.commit(vec![Change::Payment(sent)]).await?;
            Ok(Ok(json!({"success": true})))
        }
        "receipts.cancel" => {
            let id = payment.id.clone();
            let changes = match sale.state {
                0 if !sale.is_busy() && !sale.is_held() => cancelled(sim, payment, sale),
                4 if !sale.is_busy() => begin_cancel(sim, payment, sale, QUEUE_MS),
                21 | 50 => Vec::new(),
                _ => return Ok(Err((-31_008, "The state does not allow it"))),
            };
            sim.commit(changes).await?;
            let after = sim.ledger.payment(NAME, &id).await?;
            Ok(Ok(json!({"receipt": after.as_ref().map(receipt)})))
        }
        _ => Ok(Ok(json!({"receipt": receipt(&payment)}))),
    }
}

/// An unpaid receipt ends.
pub fn cancelled(sim: &Sim, payment: Payment, mut sale: Sale) -> Vec<Change> {
    sale.state = 50;
    sale.cancel_time = sim.clock.now();
    sale.card = None;
    vec![saved(sim, payment, "cancelled", sale)]
}

fn refund(sim: &Sim, payment: &Payment, status: &str) -> Change {
    let now = sim.clock.now();
    Change::Refund(Refund {
        provider: NAME.into(),
        id: format!("{}-cancel", payment.id),
        payment_id: payment.id.clone(),
        account: payment.account.clone(),
        mode: payment.mode.clone(),
        amount: payment.amount,
        currency: payment.currency.clone(),
        status: status.into(),
        data: json!({}),
        created_at: now,
        updated_at: now,
    })
}

/// A paid payment waits to be cancelled; by a receipt's call, or by a person in the cabinet.
pub fn begin_cancel(sim: &Sim, payment: Payment, mut sale: Sale, after_ms: i64) -> Vec<Change> {
    sale.state = 21;
    let mut changes = vec![
        refund(sim, &payment, "waiting"),
        task(sim, "cancel", &payment.id, after_ms),
    ];
    changes.push(saved(sim, payment, "refund_pending", sale));
    changes
}

/// Its turn in the queue: a merchant with an endpoint is told first, and may refuse.
pub async fn cancel_due(sim: &Sim, payment: Payment) -> anyhow::Result<Vec<Change>> {
    let mut sale = Sale::of(&payment);
    if sale.state != 21 {
        return Ok(Vec::new());
    }
    let told = sale.transaction.as_ref().is_some_and(|t| t.state == 2);
    if told && hook_url(sim, &payment).await?.is_some() {
        sale.next = Some(Step::Cancel(5));
        return merchant::begin(sim, payment, sale, 0).await;
    }
    Ok(given_back(sim, payment, sale))
}

/// The money went back.
pub fn given_back(sim: &Sim, mut payment: Payment, mut sale: Sale) -> Vec<Change> {
    sale.state = 50;
    sale.cancel_time = sim.clock.now();
    payment.refunded = payment.amount;
    let done = refund(sim, &payment, "done");
    vec![saved(sim, payment, "refunded", sale), done]
}

/// The merchant refused to have it cancelled.
pub fn kept(sim: &Sim, payment: Payment, mut sale: Sale, error: Value) -> Vec<Change> {
    sale.state = 4;
    sale.error = error;
    let refused = refund(sim, &payment, "refused");
    vec![saved(sim, payment, "paid", sale), refused]
}
