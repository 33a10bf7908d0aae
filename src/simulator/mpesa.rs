//! Safaricom's M-Pesa API (Daraja): tokens and STK push; reversal, status and C2B stand beside.
//! Amounts are whole shillings. `/mpesa` is the sandbox host, `/mpesa-live` the production host.

mod async_requests;
mod c2b;
mod checks;
mod phone;
mod stk;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::{About, FaultKind};
use super::hooks::NewHook;
use super::ledger::{Account, Change, Hook, Payment, Task};
use super::{Provider, Reply, Sim, hooks, random_text, text_of};

const NAME: &str = "mpesa";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER: &[u8] = b"abcdef0123456789";
const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const TOKEN_LIFE: i64 = 3_599_000;

/// The provider.
pub struct Mpesa;

/// Which host a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mode(&'static str);

/// What a payment knows beside its amount; `account` is the shortcode.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Prompt {
    /// `stk` or `c2b`.
    kind: String,
    merchant_request_id: String,
    transaction_type: String,
    party_b: String,
    callback_url: String,
    description: String,
    result_code: Option<String>,
    result_desc: Option<String>,
    finished_at: Option<i64>,
    /// What the number decides by itself.
    planned: String,
    first_name: String,
    /// Whether C2B validation was passed.
    validated: bool,
    /// The merchant's own id from the validation.
    third_party: String,
}

impl Prompt {
    fn of(payment: &Payment) -> Self {
        serde_json::from_value(payment.data.clone()).unwrap_or_default()
    }

    fn into_value(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn fail(status: u16, code: &str, message: &str) -> Reply {
    let request = format!(
        "{}-{}-{}-{}",
        random_text(LOWER, 4),
        random_text(LOWER, 4),
        random_text(LOWER, 4),
        random_text(LOWER, 17)
    );
    let body = json!({"requestId": request, "errorCode": code, "errorMessage": message});
    Reply::new(status, body)
}

fn invalid(field: &str) -> Reply {
    fail(400, "400.002.02", &format!("Bad Request - Invalid {field}"))
}

#[async_trait]
impl Provider for Mpesa {
    fn name(&self) -> &'static str {
        NAME
    }

    fn operation<'a>(&self, name: &'a str) -> &'a str {
        match name {
            "start" => "push",
            "fetch" => "query",
            "refund" => "reversal",
            "fetch_refund" => "status",
            own => own,
        }
    }

    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)> {
        let routes = || {
            Router::new()
                .route("/oauth/v1/generate", get(token))
                .route("/mpesa/stkpush/v1/processrequest", post(stk::push))
                .route("/mpesa/stkpushquery/v1/query", post(stk::query))
                .route("/mpesa/reversal/v1/request", post(async_requests::reversal))
                .route(
                    "/mpesa/transactionstatus/v1/query",
                    post(async_requests::status),
                )
                .route("/mpesa/c2b/v1/registerurl", post(c2b::register_v1))
                .route("/mpesa/c2b/v2/registerurl", post(c2b::register_v2))
                .route("/mpesa/c2b/v1/simulate", post(c2b::simulate))
                .route("/mpesa/c2b/v2/simulate", post(c2b::simulate))
                .route("/phone", get(phone::show).post(phone::act))
                .route("/phone/pay", get(phone::form))
        };
        vec![
            (NAME, routes().layer(Extension(Mode("test")))),
            ("mpesa-live", routes().layer(Extension(Mode("live")))),
        ]
    }

    fn account(&self, wanted: &Value) -> Result<Account, String> {
        let shortcode = text_of(wanted, "shortcode").unwrap_or_default();
        if !checks::is_shortcode(&shortcode) {
            return Err("\"shortcode\" must have 5 to 7 digits".into());
        }
        let data = json!({
            "passkey": wanted["passkey"],
            "consumer_key": wanted["consumer_key"],
            "consumer_secret": wanted["consumer_secret"],
            "name": wanted["name"],
            "till_number": text_of(wanted, "till_number"),
            // As at Safaricom, the question is asked only once the merchant wanted it.
            "validation": wanted["validation"],
            "c2b_echo": wanted["c2b_echo"],
            "reversals": text_of(wanted, "reversals"),
        });
        Ok(Account {
            provider: NAME.into(),
            id: shortcode,
            hook_url: None,
            data,
        })
    }

    fn minor(&self, _currency: &str, amount: i64) -> i64 {
        amount * 100
    }

    fn distort(&self, wrong: FaultKind, body: &mut Value) {
        match wrong {
            FaultKind::WrongAmount => checks::distort_amount(body),
            FaultKind::WrongReference => {
                let other = "ws_CO_00000000000000000000000000";
                if let Some(told) = body.pointer_mut("/Body/stkCallback/CheckoutRequestID") {
                    *told = json!(other);
                } else if body.get("BillRefNumber").is_some() {
                    body["BillRefNumber"] = json!("SOMEBODYELSE");
                } else if body.get("CheckoutRequestID").is_some() {
                    body["CheckoutRequestID"] = json!(other);
                } else if let Some(result) = body.get_mut("Result") {
                    result["ConversationID"] = json!("AG_00000000_00000000000000000000");
                    result["OriginatorConversationID"] = json!("0000-0000-0000-00000000000000000");
                }
            }
            // There is neither a currency nor a mode in any of these bodies.
            _ => {}
        }
    }

    /// M-Pesa signs nothing.
    fn sign(&self, _: &Account, _: &str, _: i64) -> Vec<(String, String)> {
        Vec::new()
    }

    fn delivered(&self, status: u16) -> bool {
        (200..300).contains(&status)
    }

    /// Once, whatever the answer.
    fn redeliver_after(&self, _mode: &str, _attempts: i64) -> Option<i64> {
        None
    }

    async fn prepare(&self, sim: &Sim, task: &Task) -> anyhow::Result<Value> {
        if task.kind == "c2b" {
            c2b::validate(sim, task).await
        } else {
            Ok(Value::Null)
        }
    }

    async fn run(&self, sim: &Sim, task: &Task, prepared: Value) -> anyhow::Result<Vec<Change>> {
        match task.kind.as_str() {
            "prompt" => stk::answer(sim, task).await,
            "c2b" => c2b::settle(sim, task, &prepared).await,
            "reversal" => async_requests::reverse(sim, task).await,
            "status" => async_requests::report(sim, task).await,
            _ => Ok(Vec::new()),
        }
    }

    async fn decide(
        &self,
        sim: &Sim,
        payment: Payment,
        outcome: &str,
    ) -> anyhow::Result<Result<Vec<Change>, String>> {
        if payment.receipt.is_some() {
            return Ok(Err("the payment is already paid".into()));
        }
        stk::decide(sim, payment, outcome).await
    }

    /// A success callback with an invented receipt, whatever the truth is.
    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
        let mut lie = payment.clone();
        let mut prompt = Prompt::of(payment);
        if prompt.callback_url.is_empty() {
            return Ok(None);
        }
        lie.receipt = Some(new_receipt());
        prompt.result_code = Some("0".into());
        prompt.result_desc = Some(checks::result_text("0").into());
        prompt.finished_at = Some(sim.clock.now());
        let body = stk::callback(&lie, &prompt);
        let url = prompt.callback_url;
        Ok(Some(hooks::unsigned(
            sim,
            &Mpesa,
            payment,
            url,
            "stkCallback".into(),
            &body,
        )))
    }

    async fn pay(&self, sim: &Sim, wanted: &Value) -> anyhow::Result<Result<Value, String>> {
        c2b::pay(sim, wanted).await
    }
}

fn new_receipt() -> String {
    format!("{}{}", random_text(&UPPER[..26], 3), random_text(UPPER, 7))
}

/// Four groups as in the documented samples; the last one is long.
fn new_request_id() -> String {
    let part = || random_text(LOWER, 4);
    format!(
        "{}-{}-{}-{}",
        part(),
        part(),
        part(),
        random_text(LOWER, 17)
    )
}

/// Queues a call to a merchant's address.
async fn tell(
    sim: &Sim,
    payment: &Payment,
    url: String,
    event: &str,
    body: Value,
) -> anyhow::Result<Vec<Change>> {
    let headers = vec![("Businessshortcode".to_owned(), payment.account.clone())];
    let new = NewHook {
        payment,
        url,
        event: event.into(),
        body,
        headers,
    };
    hooks::plan(sim, &Mpesa, new).await
}

async fn token(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Query(query): Query<std::collections::HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&Mpesa, "token", About::default(), async move {
        if query.get("grant_type").map(String::as_str) != Some("client_credentials") {
            return Ok(fail(400, "400.008.02", "Invalid grant type passed"));
        }
        let Some((key, secret)) = basic(&headers) else {
            return Ok(fail(400, "400.008.01", "Invalid Authentication passed"));
        };
        let known = task.ledger.accounts(NAME).await?;
        let registered = known.iter().find(|a| a.data["consumer_key"] == json!(key));
        let wrong = registered.is_some_and(|a| a.data["consumer_secret"] != json!(secret));
        if wrong || key.is_empty() || secret.is_empty() || key.contains("invalid") {
            return Ok(fail(400, "400.008.01", "Invalid Authentication passed"));
        }
        let token = random_text(MIXED, 28);
        let ends = task.clock.now() + TOKEN_LIFE;
        let object = |kind: &str, id: String, data: Value| Change::Object {
            provider: NAME.into(),
            kind: kind.into(),
            id,
            data,
        };
        let holder = format!("{}:{key}", mode.0);
        task.commit(vec![
            object(
                "token",
                token.clone(),
                json!({"holder": holder, "key": key, "ends": ends}),
            ),
            // The newest token of a consumer key is the only one that is valid.
            object("holder", holder, json!(token)),
        ])
        .await?;
        Ok(Reply::ok(
            json!({"access_token": token, "expires_in": "3599"}),
        ))
    })
    .await
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}

/// The consumer key behind a bearer token that is still the newest and not too old.
async fn caller(
    sim: &Sim,
    mode: Mode,
    headers: &HeaderMap,
) -> anyhow::Result<Result<String, Reply>> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "))
        .unwrap_or_default();
    if token.is_empty() {
        return Ok(Err(fail(
            401,
            "401.002.01",
            "Error Occurred - Invalid Access Token",
        )));
    }
    let refused = || fail(404, "404.001.03", "Invalid Access Token");
    let Some(known) = sim.ledger.object(NAME, "token", token).await? else {
        return Ok(Err(refused()));
    };
    let holder = known["holder"].as_str().unwrap_or_default();
    let newest = sim.ledger.object(NAME, "holder", holder).await?;
    let fresh = known["ends"]
        .as_i64()
        .is_some_and(|ends| ends > sim.clock.now());
    let right_host = holder.split(':').next() == Some(mode.0);
    if newest != Some(json!(token)) || !fresh || !right_host {
        return Ok(Err(refused()));
    }
    Ok(Ok(known["key"].as_str().unwrap_or_default().to_owned()))
}

/// The body, which must be JSON by its type and by its text.
fn parse(headers: &HeaderMap, body: &Bytes) -> Result<Value, Reply> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    if !kind.contains("json") {
        return Err(invalid("BusinessShortCode"));
    }
    serde_json::from_slice::<Value>(body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| fail(400, "400.002.05", "Invalid Request Payload"))
}
