//! Paystack's API: initialize, verify, refunds and the hooks about them.
//! Amounts are subunits (×100 of every currency). The customer's page is in `paystack/page.rs`.

mod cards;
mod page;
mod refunds;
mod transactions;
mod wire;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha512;

use super::faults::{About, FaultKind};
use super::ledger::{Account, Change, Hook, Payment, Task};
use super::{Provider, Reply, Sim, hooks};

const NAME: &str = "paystack";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// Currency and smallest amount in subunits.
const CURRENCIES: [(&str, i64); 6] = [
    ("NGN", 5_000),
    ("GHS", 10),
    ("ZAR", 100),
    ("KES", 300),
    ("USD", 200),
    ("XOF", 100),
];
const CHANNELS: [&str; 10] = [
    "card",
    "bank",
    "apple_pay",
    "ussd",
    "qr",
    "mobile_money",
    "bank_transfer",
    "eft",
    "capitec_pay",
    "payattitude",
];

/// The provider.
pub struct Paystack;

/// What a transaction knows beside its amount.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Sale {
    email: String,
    customer: i64,
    access_code: String,
    callback_url: Option<String>,
    metadata: Value,
    channels: Vec<String>,
    channel: Option<String>,
    gateway_response: Option<String>,
    authorization: Value,
    paid_at: Option<i64>,
    step: Option<Step>,
    /// How a refund of it ends: `failed`, `needs-attention`, or by itself.
    refund_ends: Option<String>,
}

/// What the page asks for next; cards are known by their place in the table alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Pin(usize),
    Phone(usize),
    Otp(usize),
    Bank(usize),
    MobileOtp,
}

impl Sale {
    fn of(payment: &Payment) -> Self {
        serde_json::from_value(payment.data.clone()).unwrap_or_default()
    }

    fn into_value(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// The account behind a request: the secret key is its id.
struct Merchant {
    key: String,
    mode: &'static str,
}

fn fail(status: u16, message: &str, code: Option<&str>) -> Reply {
    let mut body = json!({"status": false, "message": message});
    if let Some(code) = code {
        body["meta"] = json!({"nextStep": "See the API reference for what this call accepts"});
        body["type"] = json!("validation_error");
        body["code"] = json!(code);
    }
    Reply::new(status, body)
}

fn merchant(headers: &HeaderMap) -> Result<Merchant, Reply> {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "))
        .map(str::trim)
        .unwrap_or_default();
    let mode = if key.starts_with("sk_test_") {
        "test"
    } else if key.starts_with("sk_live_") {
        "live"
    } else if key.is_empty() {
        return Err(fail(401, "No Authorization Header was found", None));
    } else {
        return Err(fail(401, "Invalid key", None));
    };
    if key.len() < 12 || key.contains("invalid") {
        return Err(fail(401, "Invalid key", None));
    }
    Ok(Merchant {
        key: key.to_owned(),
        mode,
    })
}

/// JSON or a form, as the API takes both.
fn parse(headers: &HeaderMap, body: &Bytes) -> Option<Value> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())));
        return Some(Value::Object(pairs.collect()));
    }
    serde_json::from_slice::<Value>(body)
        .ok()
        .filter(Value::is_object)
}

fn about(reference: Option<String>) -> About {
    About {
        reference,
        phone: None,
    }
}

/// Subunits from a whole number or a text of digits.
fn subunits(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
    .filter(|amount| *amount > 0)
}

fn looks_like_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    !name.is_empty()
        && !text.contains(char::is_whitespace)
        && domain.contains('.')
        && domain
            .split('.')
            .all(|part| !part.is_empty() && !part.contains('@'))
}

#[async_trait]
impl Provider for Paystack {
    fn name(&self) -> &'static str {
        NAME
    }

    fn operation<'a>(&self, name: &'a str) -> &'a str {
        match name {
            "start" => "initialize",
            "fetch" => "verify",
            "fetch_refund" => "refund_fetch",
            own => own,
        }
    }

    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)> {
        let routes = Router::new()
            .route("/transaction/initialize", post(transactions::initialize))
            .route("/transaction/verify/{reference}", get(transactions::verify))
            .route("/transaction/{id}", get(transactions::fetch))
            .route("/transaction", get(transactions::list))
            .route("/balance", get(transactions::balance))
            .route(
                "/integration/payment_session_timeout",
                get(transactions::session_timeout),
            )
            .route("/refund", post(refunds::create).get(refunds::list))
            .route("/refund/{id}", get(refunds::fetch))
            .route(
                "/refund/retry_with_customer_details/{id}",
                post(refunds::retry),
            )
            .merge(page::routes());
        vec![(NAME, routes)]
    }

    fn account(&self, wanted: &Value) -> Result<Account, String> {
        let key = wanted["secret_key"].as_str().unwrap_or_default();
        if !(key.starts_with("sk_test_") || key.starts_with("sk_live_")) {
            return Err("\"secret_key\" must start with sk_test_ or sk_live_".into());
        }
        let hook_url = wanted["hook_url"].as_str().map(str::to_owned);
        if hook_url
            .as_deref()
            .is_some_and(|u| super::pages::web_address(u).is_none())
        {
            return Err("\"hook_url\" must be an http(s) address".into());
        }
        let data = json!({"name": wanted["name"], "currencies": wanted["currencies"]});
        Ok(Account {
            provider: NAME.into(),
            id: key.into(),
            hook_url,
            data,
        })
    }

    fn minor(&self, currency: &str, amount: i64) -> i64 {
        if currency == "XOF" {
            amount / 100
        } else {
            amount
        }
    }

    fn distort(&self, wrong: FaultKind, body: &mut Value) {
        let Some(data) = body.get_mut("data").filter(|d| d.is_object()) else {
            return;
        };
        match wrong {
            FaultKind::WrongAmount => {
                let less = |v: &Value| v.as_i64().map(|n| (n - 100).max(1));
                if let Some(amount) = less(&data["amount"]) {
                    data["amount"] = json!(amount);
                }
                if let Some(amount) = less(&data["requested_amount"]) {
                    data["requested_amount"] = json!(amount);
                }
            }
            FaultKind::WrongCurrency => {
                let other = if data["currency"] == "USD" {
                    "NGN"
                } else {
                    "USD"
                };
                data["currency"] = json!(other);
            }
            FaultKind::WrongReference => data["reference"] = json!("somebody-elses"),
            FaultKind::WrongMode => {
                let other = if data["domain"] == "test" {
                    "live"
                } else {
                    "test"
                };
                data["domain"] = json!(other);
            }
            _ => {}
        }
    }

    fn sign(&self, account: &Account, body: &str, _: i64) -> Vec<(String, String)> {
        vec![("x-paystack-signature".into(), signature(&account.id, body))]
    }

    /// Only 200 counts.
    fn delivered(&self, status: u16) -> bool {
        status == 200
    }

    /// Live: every 3 minutes for the first 4 tries, then hourly for 72 h. Test: hourly for 10 h.
    fn redeliver_after(&self, mode: &str, attempts: i64) -> Option<i64> {
        const MINUTE: i64 = 60_000;
        match (mode, attempts) {
            ("live", ..4) => Some(3 * MINUTE),
            ("live", 4..76) | ("test", ..11) => Some(60 * MINUTE),
            _ => None,
        }
    }

    async fn run(&self, sim: &Sim, task: &Task, _: Value) -> anyhow::Result<Vec<Change>> {
        refunds::step(sim, task).await
    }

    async fn decide(
        &self,
        sim: &Sim,
        payment: Payment,
        outcome: &str,
    ) -> anyhow::Result<Result<Vec<Change>, String>> {
        if Sale::of(&payment).paid_at.is_some() {
            return Ok(Err("the payment is already paid".into()));
        }
        let changes = match outcome {
            "paid" | "success" => succeed(sim, payment, "card", cards::authorization(0)).await?,
            "declined" | "failed" => attempt_failed(sim, payment, "card", "Declined"),
            "insufficient_funds" => attempt_failed(sim, payment, "card", "Insufficient Funds"),
            "cancelled" | "abandoned" => {
                let mut sale = Sale::of(&payment);
                sale.step = None;
                vec![changed(sim, payment, "abandoned", sale)]
            }
            "ongoing" => {
                let sale = Sale::of(&payment);
                vec![changed(sim, payment, "ongoing", sale)]
            }
            _ => {
                return Ok(Err(
                    "outcomes: paid, declined, insufficient_funds, cancelled, \
                               ongoing"
                        .into(),
                ));
            }
        };
        Ok(Ok(changes))
    }

    /// A `charge.success` for a payment in any state, signed with the wrong key.
    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
        let Some(url) = hook_url(sim, &payment.account).await? else {
            return Ok(None);
        };
        let mut sale = Sale::of(payment);
        sale.paid_at = Some(sim.clock.now());
        sale.gateway_response = Some("Approved".into());
        let mut paid = payment.clone();
        paid.status = "success".into();
        let body = wire::success_event(&paid, &sale);
        let event = "charge.success".to_owned();
        let mut hook = hooks::unsigned(sim, &Paystack, payment, url, event, &body);
        let signed = signature("sk_test_not_the_merchants_key", &hook.body);
        hook.headers = vec![("x-paystack-signature".into(), signed)];
        Ok(Some(hook))
    }
}

/// Lowercase hex of HMAC-SHA512 over the raw body, keyed with the secret key's text.
fn signature(secret_key: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(secret_key.as_bytes()) else {
        return String::new();
    };
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

async fn hook_url(sim: &Sim, key: &str) -> anyhow::Result<Option<String>> {
    Ok(sim
        .ledger
        .account(NAME, key)
        .await?
        .and_then(|a| a.hook_url))
}

fn changed(sim: &Sim, mut payment: Payment, status: &str, sale: Sale) -> Change {
    payment.status = status.into();
    payment.updated_at = sim.clock.now();
    payment.data = sale.into_value();
    Change::Payment(payment)
}

/// The customer's money came: the transaction and its hook, committed together by the caller.
async fn succeed(
    sim: &Sim,
    mut payment: Payment,
    channel: &str,
    authorization: Value,
) -> anyhow::Result<Vec<Change>> {
    let mut sale = Sale::of(&payment);
    sale.step = None;
    sale.channel = Some(channel.into());
    sale.gateway_response = Some(
        if payment.mode == "test" {
            "Successful"
        } else {
            "Approved"
        }
        .into(),
    );
    sale.authorization = authorization;
    sale.paid_at = Some(sim.clock.now());
    payment.attempts += 1;
    payment.receipt = Some(format!("R{}", payment.id));
    payment.status = "success".into();
    payment.updated_at = sim.clock.now();
    payment.data = sale.clone().into_value();
    let mut changes = vec![Change::Payment(payment.clone())];
    if let Some(url) = hook_url(sim, &payment.account).await? {
        let new = hooks::NewHook {
            payment: &payment,
            url,
            event: "charge.success".into(),
            body: wire::success_event(&payment, &sale),
            headers: Vec::new(),
        };
        changes.extend(hooks::plan(sim, &Paystack, new).await?);
    }
    Ok(changes)
}

/// One try failed; the page stays open for another.
fn attempt_failed(sim: &Sim, mut payment: Payment, channel: &str, why: &str) -> Vec<Change> {
    let mut sale = Sale::of(&payment);
    sale.step = None;
    sale.channel = Some(channel.into());
    sale.gateway_response = Some(why.into());
    payment.attempts += 1;
    vec![changed(sim, payment, "failed", sale)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_signed_with_the_secret_key_over_the_raw_body() {
        // Computed with `openssl dgst -sha512 -hmac sk_test_example`.
        let body = r#"{"event":"charge.success"}"#;
        let made = signature("sk_test_example", body);
        assert_eq!(made, SIGNED);
    }

    const SIGNED: &str = "08aac33baf91ad9c33613233318de75af5352dba46b4cf2d3137875e96b7a70d\
        ad9539a579463bc29b772c9c5d5e04f797da0b90c40212f6e29e609c3c501200";

    #[test]
    fn amounts_are_whole_subunits() {
        assert_eq!(subunits(&json!(25_000)), Some(25_000));
        assert_eq!(subunits(&json!("25000")), Some(25_000));
        for bad in [
            json!(250.5),
            json!("250.50"),
            json!(0),
            json!(-1),
            json!(null),
            json!(""),
        ] {
            assert_eq!(subunits(&bad), None, "{bad}");
        }
    }

    #[test]
    fn redelivery_follows_the_documented_schedule() {
        let total = |mode: &str| {
            (1..)
                .map_while(|n| Paystack.redeliver_after(mode, n))
                .sum::<i64>()
                / 60_000
        };
        assert_eq!(total("test"), 10 * 60);
        assert_eq!(total("live"), 3 * 3 + 72 * 60);
    }

    #[test]
    fn keys_show_their_mode() {
        let with = |key: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", format!("Bearer {key}").parse().unwrap());
            merchant(&headers)
                .map(|m| m.mode)
                .map_err(|r| r.status.as_u16())
        };
        assert_eq!(with("sk_test_0123456789"), Ok("test"));
        assert_eq!(with("sk_live_0123456789"), Ok("live"));
        assert_eq!(with("pk_test_0123456789"), Err(401));
        assert_eq!(with("sk_test_invalid_key"), Err(401));
    }
}
