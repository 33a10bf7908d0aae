//! Flutterwave's API, version 3: payments by a hosted link, verify, refunds and the hooks about
//! them. A link takes any number of tries, each a transaction with its own number under the same
//! `tx_ref`. Amounts are kept in minor units here and are major units on the wire.

mod instruments;
mod page;
mod payments;
mod refunds;
mod tries;
mod wire;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::{About, FaultKind};
use super::ledger::{Account, Change, Hook, Payment, Task};
use super::{Provider, Reply, Sim, hooks};
use crate::domain::{Currency, Money};
use tries::{begin, changed, close, end, wait};

const NAME: &str = "flutterwave";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MINUTE: i64 = 60_000;
/// How long a bank transfer that is on its way takes.
const TRANSFER: i64 = 60_000;
/// The currencies of the docs and of published plugins, as far as they are in use.
const CURRENCIES: [&str; 18] = [
    "NGN", "USD", "EUR", "GBP", "GHS", "KES", "UGX", "RWF", "TZS", "ZMW", "MWK", "XAF", "XOF",
    "ZAR", "EGP", "CAD", "GNF", "MAD",
];

/// The provider.
pub struct Flutterwave;

/// What a link knows beside its amount.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Sale {
    email: String,
    name: String,
    phone: Option<String>,
    customer: i64,
    redirect_url: Option<String>,
    /// What the page may offer; empty for all.
    options: Vec<String>,
    meta: Value,
    title: Option<String>,
    max_retries: usize,
    payer_bears_fee: bool,
    tries: Vec<Try>,
    /// Why the link takes no more tries: `disabled`, `expired`, `retries`.
    closed: Option<String>,
    /// How a refund of it ends: `failed`, `pending`, or by itself.
    refund_ends: Option<String>,
}

/// One attempt to pay: a transaction.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Try {
    id: i64,
    /// `pending`, `successful` or `failed`.
    status: String,
    response: Option<String>,
    /// `payment_type`.
    kind: String,
    auth_model: String,
    flw_ref: String,
    created_at: i64,
    /// The card's place in the table.
    card: Option<usize>,
    step: Option<Step>,
}

/// What the page asks for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Pin,
    Otp,
    Bank,
    Address,
    /// A code that must be this one.
    Code(u32),
}

impl Try {
    fn narration(&self) -> String {
        match self.card {
            Some(_) => "CARD Transaction ".to_owned(),
            None => format!("{} Transaction", self.kind),
        }
    }

    fn event_type(&self) -> String {
        format!("{}_TRANSACTION", self.kind.to_uppercase())
    }
}

impl Sale {
    fn of(payment: &Payment) -> Self {
        serde_json::from_value(payment.data.clone()).unwrap_or_default()
    }

    fn into_value(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn paid(&self) -> Option<&Try> {
        self.tries.iter().find(|t| t.status == "successful")
    }

    /// The try whose questions are not answered yet.
    fn pending(&self) -> Option<&Try> {
        self.tries.last().filter(|t| t.status == "pending")
    }
}

/// The account behind a request: the secret key is its id.
struct Merchant {
    key: String,
    mode: &'static str,
}

fn fail(status: u16, message: &str) -> Reply {
    Reply::new(
        status,
        json!({"status": "error", "message": message, "data": null}),
    )
}

fn success(message: &str, data: Value) -> Reply {
    Reply::ok(json!({"status": "success", "message": message, "data": data}))
}

fn no_transaction(status: u16) -> Reply {
    fail(status, "No transaction was found for this id")
}

fn mode_of(key: &str) -> Option<&'static str> {
    if key.starts_with("FLWSECK_TEST-") {
        Some("test")
    } else if key.starts_with("FLWSECK-") {
        Some("live")
    } else {
        None
    }
}

fn merchant(headers: &HeaderMap) -> Result<Merchant, Reply> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let Some(key) = given.strip_prefix("Bearer ").map(str::trim) else {
        return Err(fail(401, "Authorization required"));
    };
    match mode_of(key) {
        Some(mode) if !key.contains("invalid") => Ok(Merchant {
            key: key.to_owned(),
            mode,
        }),
        _ => Err(fail(401, "Invalid authorization key")),
    }
}

fn parse(body: &Bytes) -> Option<Value> {
    serde_json::from_slice::<Value>(body)
        .ok()
        .filter(Value::is_object)
}

/// Minor units of a number or numeric text in major units; `None` for what the currency lacks.
fn minor_of(value: &Value, currency: &str) -> Option<i64> {
    let written = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let plain = |b: u8| b.is_ascii_digit() || b == b'.';
    let currency = Currency::parse(currency)?;
    let money = written
        .bytes()
        .all(plain)
        .then(|| Money::parse_major(&written, currency).ok())
        .flatten()?;
    (money.minor > 0).then_some(money.minor)
}

fn about(reference: Option<String>) -> About {
    About {
        reference,
        phone: None,
    }
}

/// The link that a transaction's number belongs to, with the try.
async fn by_number(sim: &Sim, number: &str) -> anyhow::Result<Option<(Payment, Try)>> {
    let Some(link) = sim.ledger.object(NAME, "transaction", number).await? else {
        return Ok(None);
    };
    let link = link.as_str().unwrap_or_default();
    let Some(payment) = sim.ledger.payment(NAME, link).await? else {
        return Ok(None);
    };
    let found = Sale::of(&payment)
        .tries
        .into_iter()
        .find(|t| t.id.to_string() == number);
    Ok(found.map(|found| (payment, found)))
}

/// The reference that a transaction's number stands for, for the ledger and for faults.
async fn reference_of(sim: &Sim, number: &str) -> Option<String> {
    let found = by_number(sim, number).await.ok()?;
    Some(found.map_or_else(|| number.to_owned(), |(payment, _)| payment.reference))
}

/// What a merchant's account says beside its key.
async fn settings(sim: &Sim, key: &str) -> anyhow::Result<(Option<String>, Value)> {
    Ok(match sim.ledger.account(NAME, key).await? {
        Some(account) => (account.hook_url, account.data),
        None => (None, Value::Null),
    })
}

fn hash_header(data: &Value) -> Vec<(String, String)> {
    let hash = data["secret_hash"].as_str().filter(|h| !h.is_empty());
    hash.map(|h| ("verif-hash".to_owned(), h.to_owned()))
        .into_iter()
        .collect()
}

/// Changes the numbers under these names to one unit less, at least nothing.
fn lessen(data: &mut Value, names: &[&str]) {
    for name in names {
        let whole = data[*name]
            .as_number()
            .and_then(|n| n.to_string().split('.').next()?.parse::<i64>().ok());
        if let Some(whole) = whole {
            data[*name] = json!((whole - 1).max(0));
        }
    }
}

fn distort_one(wrong: FaultKind, data: &mut Value) {
    if !data.is_object() {
        return;
    }
    let replace = |data: &mut Value, name: &str, value: &str| {
        if data[name].is_string() {
            data[name] = json!(value);
        }
    };
    match wrong {
        FaultKind::WrongAmount => lessen(
            data,
            &[
                "amount",
                "charged_amount",
                "amount_refunded",
                "AmountRefunded",
            ],
        ),
        FaultKind::WrongCurrency => {
            let other = if data["currency"] == "USD" {
                "NGN"
            } else {
                "USD"
            };
            replace(data, "currency", other);
        }
        FaultKind::WrongReference => {
            replace(data, "tx_ref", "somebody-elses");
            replace(data, "txRef", "somebody-elses");
        }
        // Nothing of v3 tells the mode.
        _ => {}
    }
}

#[async_trait]
impl Provider for Flutterwave {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)> {
        let routes = Router::new()
            .route("/v3/payments", post(payments::create))
            .route("/v3/payments/link/disable", post(payments::disable))
            .route(
                "/v3/transactions/verify_by_reference",
                get(payments::verify_by_reference),
            )
            .route("/v3/transactions", get(payments::list))
            .route("/v3/transactions/{id}/verify", get(payments::verify))
            .route(
                "/v3/transactions/{id}/resend-hook",
                post(payments::resend_hook),
            )
            .route("/v3/transactions/{id}/refund", post(refunds::create))
            .route("/v3/refunds", get(refunds::list))
            .route("/v3/refunds/{id}", get(refunds::fetch))
            .merge(page::routes());
        vec![(NAME, routes)]
    }

    fn account(&self, wanted: &Value) -> Result<Account, String> {
        let key = wanted["secret_key"].as_str().unwrap_or_default();
        if mode_of(key).is_none() {
            return Err("\"secret_key\" must start with FLWSECK_TEST- or FLWSECK-".into());
        }
        let hook_url = wanted["hook_url"].as_str().map(str::to_owned);
        let bad = |u: &str| super::pages::web_address(u).is_none();
        if hook_url.as_deref().is_some_and(bad) {
            return Err("\"hook_url\" must be an http(s) address".into());
        }
        let shape = &wanted["hook_shape"];
        if !shape.is_null() && shape != "v3" && shape != "v2" {
            return Err("\"hook_shape\" is v3 or v2".into());
        }
        Ok(Account {
            provider: NAME.into(),
            id: key.into(),
            hook_url,
            data: json!({
                "name": wanted["name"], "currencies": wanted["currencies"],
                "secret_hash": wanted["secret_hash"], "hook_shape": shape,
                "refund_hooks": wanted["refund_hooks"],
                "payer_bears_fee": wanted["payer_bears_fee"],
            }),
        })
    }

    /// The ledger holds minor units.
    fn minor(&self, _: &str, amount: i64) -> i64 {
        amount
    }

    /// In `data` (one object or rows) of answers and v3 hooks, and in flat hooks.
    fn distort(&self, wrong: FaultKind, body: &mut Value) {
        match body.get_mut("data") {
            Some(Value::Array(rows)) => rows.iter_mut().for_each(|row| distort_one(wrong, row)),
            Some(data) => distort_one(wrong, data),
            None => distort_one(wrong, body),
        }
    }

    /// The merchant's secret hash as it is, whatever the body; no header where none is set.
    fn sign(&self, account: &Account, _: &str, _: i64) -> Vec<(String, String)> {
        hash_header(&account.data)
    }

    /// Only 200 counts.
    fn delivered(&self, status: u16) -> bool {
        status == 200
    }

    /// Three more tries, half an hour apart.
    fn redeliver_after(&self, _: &str, attempts: i64) -> Option<i64> {
        (attempts < 4).then_some(30 * MINUTE)
    }

    async fn run(&self, sim: &Sim, task: &Task, _: Value) -> anyhow::Result<Vec<Change>> {
        if task.kind == "refund" {
            return refunds::step(sim, task).await;
        }
        let Some(payment) = sim.ledger.payment(NAME, &task.subject).await? else {
            return Ok(Vec::new());
        };
        let sale = Sale::of(&payment);
        match task.kind.as_str() {
            // Nothing that waits for the customer's answer: a transfer.
            "transfer" if sale.pending().is_some_and(|t| t.step.is_none()) => {
                end(sim, payment, sale, Ok("Transaction completed")).await
            }
            "session" if sale.paid().is_none() && sale.closed.is_none() => {
                close(sim, payment, sale, "expired").await
            }
            _ => Ok(Vec::new()),
        }
    }

    async fn decide(
        &self,
        sim: &Sim,
        payment: Payment,
        outcome: &str,
    ) -> anyhow::Result<Result<Vec<Change>, String>> {
        let mut sale = Sale::of(&payment);
        if sale.paid().is_some() {
            return Ok(Err("the payment is already paid".into()));
        }
        let mut changes = Vec::new();
        let mut payment = payment;
        let starts = matches!(
            outcome,
            "paid"
                | "paid_refund_fails"
                | "paid_refund_pending"
                | "declined"
                | "insufficient_funds"
                | "pending"
        );
        if starts && sale.pending().is_none() {
            changes.push(begin(sim, &mut payment, &mut sale, "card", Some(0)).await?);
        }
        match outcome {
            "paid_refund_fails" => sale.refund_ends = Some("failed".into()),
            "paid_refund_pending" => sale.refund_ends = Some("pending".into()),
            _ => {}
        }
        changes.extend(match outcome {
            "paid" | "paid_refund_fails" | "paid_refund_pending" => {
                end(sim, payment, sale, Ok("Approved")).await?
            }
            "declined" => end(sim, payment, sale, Err("Declined")).await?,
            "insufficient_funds" => end(sim, payment, sale, Err("Insufficient Funds")).await?,
            "pending" => wait(sim, payment, sale).await?,
            "cancelled" => vec![changed(sim, payment, "cancelled", sale)],
            "expired" => close(sim, payment, sale, "expired").await?,
            _ => {
                return Ok(Err("outcomes: paid, paid_refund_fails, \
                               paid_refund_pending, declined, insufficient_funds, pending, \
                               cancelled, expired"
                    .into()));
            }
        });
        Ok(Ok(changes))
    }

    /// A success that nobody gave, under the true secret hash: whoever saw one hook can write it.
    /// It names the transaction of another paid payment of the merchant, where there is one.
    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
        let (Some(url), data) = settings(sim, &payment.account).await? else {
            return Ok(None);
        };
        let sale = Sale::of(payment);
        let paid = sim.ledger.payments_with_status(NAME, "successful").await?;
        let other = paid
            .iter()
            .find(|p| p.account == payment.account && p.id != payment.id)
            .and_then(|p| p.receipt.as_deref()?.parse().ok());
        let invented = Try {
            id: other.unwrap_or(1_234_567),
            status: "successful".into(),
            response: Some("Approved".into()),
            kind: "card".into(),
            auth_model: "PIN".into(),
            flw_ref: "FLW-MOCK-forged".into(),
            created_at: sim.clock.now(),
            ..Try::default()
        };
        let body = wire::completed(payment, &sale, &invented);
        let event = "charge.completed".to_owned();
        let mut hook = hooks::unsigned(sim, &Flutterwave, payment, url, event, &body);
        hook.headers = hash_header(&data);
        Ok(Some(hook))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_major_units_that_the_currency_has() {
        for (value, currency, want) in [
            (json!(2_500), "NGN", Some(250_000)),
            (json!("7500"), "NGN", Some(750_000)),
            (json!(19.99), "USD", Some(1_999)),
            (json!(500), "XOF", Some(500)),
            (json!(500.5), "XOF", None),
            (json!(1.001), "USD", None),
            (json!(0), "NGN", None),
            (json!(-1), "NGN", None),
            (json!(""), "NGN", None),
            (json!(null), "NGN", None),
        ] {
            assert_eq!(minor_of(&value, currency), want, "{value} {currency}");
        }
    }

    #[test]
    fn keys_show_their_mode() {
        let with = |given: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", given.parse().unwrap());
            merchant(&headers)
                .map(|m| m.mode)
                .map_err(|r| r.status.as_u16())
        };
        assert_eq!(with("Bearer FLWSECK_TEST-1-X"), Ok("test"));
        assert_eq!(with("Bearer FLWSECK-1-X"), Ok("live"));
        for bad in ["Bearer FLWPUBK_TEST-1-X", "Bearer FLWSECK-invalid-X", "x"] {
            assert_eq!(with(bad), Err(401), "{bad}");
        }
    }

    #[test]
    fn a_hook_is_tried_four_times_in_an_hour_and_a_half() {
        let pauses = (1..).map_while(|n| Flutterwave.redeliver_after("test", n));
        assert_eq!(pauses.sum::<i64>(), 90 * MINUTE);
    }

    #[test]
    fn each_lie_changes_its_own_fields() {
        let lie = |wrong, mut body: Value| {
            Flutterwave.distort(wrong, &mut body);
            body
        };
        let told = json!({"data": {"amount": 2_500.5, "currency": "NGN", "tx_ref": "p-1"}});
        let amount = lie(FaultKind::WrongAmount, told.clone());
        assert_eq!(amount["data"]["amount"], 2_499);
        assert!(
            amount["data"]
                .get("charged_amount")
                .is_none_or(Value::is_null)
        );
        let currency = lie(FaultKind::WrongCurrency, told.clone());
        assert_eq!(currency["data"]["currency"], "USD");
        let reference = lie(FaultKind::WrongReference, told.clone());
        assert_eq!(reference["data"]["tx_ref"], "somebody-elses");
        assert_eq!(lie(FaultKind::WrongMode, told.clone()), told);
        let flat = lie(FaultKind::WrongAmount, json!({"AmountRefunded": 50}));
        assert_eq!(flat["AmountRefunded"], 49);
    }
}
