//! MTN's MoMo Open API: tokens and who calls. Payments, refunds, the sandbox's provisioning API and
//! the payer's phone stand beside. Amounts are kept in minor units; the wire has them in major
//! units as text. One base serves both modes: `X-Target-Environment` says which.

mod checks;
mod collections;
mod phone;
mod provisioning;
mod refunds;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::faults::{About, FaultKind};
use super::hooks::NewHook;
use super::ledger::{Account, Change, Hook, Payment, Task};
use super::{Provider, Reply, Sim, hooks, random_text, text_of};
use checks::Environment;

const NAME: &str = "mtn_momo";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: &[u8] = b"0123456789abcdef";
const TOKEN_LIFE: i64 = 3_600_000;

/// The provider.
pub struct MtnMomo;

fn fail(status: u16, code: &str, message: &str) -> Reply {
    Reply::new(status, json!({"message": message, "code": code}))
}

/// An answer with no body at all.
fn bare(status: u16) -> Reply {
    Reply::new(status, Value::Null)
}

/// An error of the gateway before the API.
fn gateway(message: &str) -> Reply {
    Reply::new(401, json!({"statusCode": 401, "message": message}))
}

fn wrong_environment() -> Reply {
    let message = "Access to target environment is forbidden.";
    fail(500, "NOT_ALLOWED_TARGET_ENVIRONMENT", message)
}

/// What the firewall answers in place of the API: a page, with status 200.
fn swallowed() -> Reply {
    let page = "<html><head><title>Request Rejected</title></head><body>The requested URL was \
                rejected. Please consult with your administrator.</body></html>";
    Reply::ok(json!(page))
}

#[async_trait]
impl Provider for MtnMomo {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)> {
        let routes = Router::new()
            .route("/v1_0/apiuser", post(provisioning::create))
            .route("/v1_0/apiuser/{user}", get(provisioning::show))
            .route("/v1_0/apiuser/{user}/apikey", post(provisioning::key))
            .route("/{product}/token/", post(token))
            .route("/{product}/v1_0/account/balance", get(balance))
            .route("/collection/v1_0/requesttopay", post(collections::create))
            .route(
                "/collection/v1_0/requesttopay/{id}",
                get(collections::status),
            )
            .route("/disbursement/v1_0/refund", post(refunds::create))
            .route("/disbursement/v2_0/refund", post(refunds::create))
            .route("/disbursement/v1_0/refund/{id}", get(refunds::status))
            .route("/phone", get(phone::show).post(phone::act));
        vec![(NAME, routes)]
    }

    fn account(&self, wanted: &Value) -> Result<Account, String> {
        let user = text_of(wanted, "api_user").filter(|u| !u.is_empty());
        let user = user.ok_or("\"api_user\" is missing")?;
        let environment = wanted["target_environment"].as_str();
        if environment.is_some_and(|name| checks::environment(name).is_none()) {
            return Err("\"target_environment\" is none of MTN's".into());
        }
        let kept = [
            "api_key",
            "subscription_key",
            "target_environment",
            "disbursement_api_user",
            "disbursement_api_key",
            "disbursement_subscription_key",
            "callback_host",
            "name",
        ];
        let data: serde_json::Map<String, Value> = kept
            .iter()
            .map(|field| ((*field).to_owned(), wanted[*field].clone()))
            .collect();
        Ok(Account {
            provider: NAME.into(),
            id: user,
            hook_url: None,
            data: data.into(),
        })
    }

    /// The books are in minor units already.
    fn minor(&self, _currency: &str, amount: i64) -> i64 {
        amount
    }

    fn distort(&self, wrong: FaultKind, body: &mut Value) {
        if body.get("status").is_none() {
            return;
        }
        match wrong {
            FaultKind::WrongAmount => {
                let text = body["amount"].as_str().unwrap_or_default();
                let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
                let more = whole.parse::<i64>().unwrap_or_default() + 1;
                body["amount"] = json!(match rest {
                    "0" => more.to_string(),
                    rest => format!("{more}.{rest}"),
                });
            }
            FaultKind::WrongCurrency => {
                let other = if body["currency"] == "EUR" {
                    "GHS"
                } else {
                    "EUR"
                };
                body["currency"] = json!(other);
            }
            FaultKind::WrongReference => body["externalId"] = json!("somebody-else"),
            // No body says which mode it is.
            _ => {}
        }
    }

    /// MTN signs nothing.
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

    async fn run(&self, sim: &Sim, task: &Task, _: Value) -> anyhow::Result<Vec<Change>> {
        match task.kind.as_str() {
            "prompt" => collections::answer(sim, task).await,
            "refund" => refunds::settle(sim, task).await,
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
        collections::decide(sim, payment, outcome).await
    }

    /// A success callback with an invented receipt, whatever the truth is.
    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
        let Some(url) = payment.data["callback_url"].as_str() else {
            return Ok(None);
        };
        let mut lie = payment.clone();
        lie.status = "paid".into();
        lie.receipt = Some(random_text(&HEX[..10], 10));
        lie.data["reason"] = Value::Null;
        let body = collections::callback(&lie);
        let event = "requesttopay.SUCCESSFUL".to_owned();
        Ok(Some(hooks::unsigned(
            sim,
            &MtnMomo,
            payment,
            url.to_owned(),
            event,
            &body,
        )))
    }
}

/// Queues a callback, where the call asked for one.
async fn tell(
    sim: &Sim,
    payment: &Payment,
    url: &Value,
    kind: &str,
    body: Value,
) -> anyhow::Result<Vec<Change>> {
    let Some(url) = url.as_str() else {
        return Ok(Vec::new());
    };
    let status = body["status"].as_str().unwrap_or_default();
    let new = NewHook {
        payment,
        url: url.to_owned(),
        event: format!("{kind}.{status}"),
        body,
        headers: vec![("user-agent".to_owned(), "LWAC Http Client 1.0".to_owned())],
    };
    hooks::plan(sim, &MtnMomo, new).await
}

fn head<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The merchant behind an API user, as he was registered.
async fn merchant(sim: &Sim, user: &str) -> anyhow::Result<Option<Account>> {
    let accounts = sim.ledger.accounts(NAME).await?;
    let his = |a: &Account| a.id == user || a.data["disbursement_api_user"] == json!(user);
    Ok(accounts.into_iter().find(his))
}

/// The field of a product's own credential, or the shared one where it has none.
fn credential<'a>(account: &'a Account, product: &str, field: &str) -> Option<&'a str> {
    let own = match (product, field) {
        ("disbursement", "api_user") if account.data["disbursement_api_user"].is_null() => {
            return Some(&account.id);
        }
        ("disbursement", field) => &account.data[format!("disbursement_{field}")],
        (_, "api_user") => return Some(&account.id),
        (_, field) => &account.data[field],
    };
    match own.as_str() {
        None if field == "api_key" => account.data["api_key"].as_str(),
        own => own,
    }
}

/// What the gateway says of the subscription key, if it lets nobody through.
fn subscription(headers: &HeaderMap, product: &str, of: Option<&Account>) -> Option<Reply> {
    let given = head(headers, "ocp-apim-subscription-key").unwrap_or_default();
    if given.is_empty() {
        let message = "Access denied due to missing subscription key. Make sure to include \
                       subscription key when making requests to an API.";
        return Some(gateway(message));
    }
    let right = of.is_none_or(|account| {
        let own = credential(account, product, "subscription_key");
        let shared = account.data["subscription_key"].as_str();
        own == Some(given) || (own.is_none() && shared != Some(given))
    });
    (!right || given.contains("invalid")).then(|| {
        gateway(
            "Access denied due to invalid subscription key. Make sure to provide a valid key \
             for an active subscription.",
        )
    })
}

async fn token(
    State(sim): State<Sim>,
    Path(product): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let task = sim.clone();
    sim.answer(&MtnMomo, "token", About::default(), async move {
        if !["collection", "disbursement"].contains(&product.as_str()) {
            return Ok(fail(404, "RESOURCE_NOT_FOUND", "Resource not found."));
        }
        if head(&headers, "content-length").is_none() {
            return Ok(Reply::new(
                411,
                json!("<html><body><h2>Length Required</h2></body></html>"),
            ));
        }
        if !body.is_empty() {
            return Ok(bare(400));
        }
        let login_failed = || Reply::new(401, json!({"error": "login_failed"}));
        let Some((user, key)) = basic(&headers) else {
            return Ok(login_failed());
        };
        let known = merchant(&task, &user).await?;
        if let Some(refused) = subscription(&headers, &product, known.as_ref()) {
            return Ok(refused);
        }
        let made = task.ledger.object(NAME, "apiuser", &user).await?;
        let right = match (&known, &made) {
            (Some(account), _) => {
                credential(account, &product, "api_user") == Some(user.as_str())
                    && credential(account, &product, "api_key").is_none_or(|k| k == key)
            }
            (None, Some(made)) => made["key"] == json!(key),
            (None, None) => true,
        };
        let both = format!("{user}{key}");
        if !right || user.is_empty() || key.is_empty() || both.contains("invalid") {
            return Ok(login_failed());
        }
        let token = format!("eyJ0eXAiOiJKV1QifQ.{}", random_text(LETTERS, 120));
        let holder = known.map_or(user, |account| account.id);
        let ends = task.clock.now() + TOKEN_LIFE;
        let data = json!({"holder": holder, "product": product, "ends": ends});
        task.commit(vec![Change::Object {
            provider: NAME.into(),
            kind: "token".into(),
            id: token.clone(),
            data,
        }])
        .await?;
        Ok(Reply::ok(json!({
            "access_token": token, "token_type": "access_token", "expires_in": 3600,
        })))
    })
    .await
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = head(headers, header::AUTHORIZATION.as_str())?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (user, key) = text.split_once(':')?;
    Some((user.to_owned(), key.to_owned()))
}

/// Who calls, and for which environment.
struct Caller {
    /// The API user that the merchant is known by.
    id: String,
    registered: bool,
    environment: Environment,
    /// The callback host that MTN knows.
    host: Option<String>,
}

impl Caller {
    fn sandbox(&self) -> bool {
        self.environment.0 == "sandbox"
    }

    fn mode(&self) -> &'static str {
        if self.sandbox() { "test" } else { "live" }
    }
}

/// Checks the three layers: subscription key, token of this product, target environment.
async fn caller(
    sim: &Sim,
    product: &str,
    headers: &HeaderMap,
) -> anyhow::Result<Result<Caller, Reply>> {
    let bearer = head(headers, header::AUTHORIZATION.as_str());
    let token = bearer.and_then(|v| v.strip_prefix("Bearer "));
    let known = match token {
        Some(token) => sim.ledger.object(NAME, "token", token).await?,
        None => None,
    };
    let known = known.filter(|t| {
        let fresh = t["ends"]
            .as_i64()
            .is_some_and(|ends| ends > sim.clock.now());
        fresh && t["product"] == json!(product)
    });
    let id = known.and_then(|t| t["holder"].as_str().map(str::to_owned));
    let account = match &id {
        Some(id) => merchant(sim, id).await?,
        None => None,
    };
    if let Some(refused) = subscription(headers, product, account.as_ref()) {
        return Ok(Err(refused));
    }
    let Some(id) = id else {
        return Ok(Err(bare(401)));
    };
    let Some(name) = head(headers, "x-target-environment").filter(|n| !n.is_empty()) else {
        return Ok(Err(bare(400)));
    };
    let his = account
        .as_ref()
        .and_then(|a| a.data["target_environment"].as_str());
    let Some(environment) = checks::environment(name).filter(|_| his.is_none_or(|h| h == name))
    else {
        return Ok(Err(wrong_environment()));
    };
    let made = sim.ledger.object(NAME, "apiuser", &id).await?;
    let host = match (&account, &made) {
        (Some(account), _) => account.data["callback_host"].as_str(),
        (None, Some(made)) => made["host"].as_str(),
        (None, None) => None,
    };
    Ok(Ok(Caller {
        host: host.map(str::to_owned),
        registered: account.is_some(),
        id,
        environment,
    }))
}

/// The callback address of a call, which must not be empty where it is there.
fn callback_url(headers: &HeaderMap, caller: &Caller) -> Result<Value, Reply> {
    let Some(url) = headers.get("x-callback-url") else {
        return Ok(Value::Null);
    };
    let url = url.to_str().unwrap_or_default();
    if url.is_empty() {
        return Err(bare(400));
    }
    if !checks::is_callback(url, caller.sandbox(), caller.host.as_deref()) {
        let message = "Callback URL with different host name than configured for API User.";
        return Err(fail(500, "INVALID_CALLBACK_URL_HOST", message));
    }
    Ok(json!(url))
}

/// The body, which must be a JSON object by its type and by its text.
fn parse(headers: &HeaderMap, body: &Bytes) -> Option<Value> {
    let kind = head(headers, header::CONTENT_TYPE.as_str())?;
    let json = kind.contains("json");
    let body: Value = serde_json::from_slice(body).ok()?;
    (json && body.is_object()).then_some(body)
}

async fn balance(
    State(sim): State<Sim>,
    Path(product): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&MtnMomo, "balance", About::default(), async move {
        Ok(match caller(&task, &product, &headers).await? {
            Ok(caller) => Reply::ok(json!({
                "availableBalance": "1000", "currency": caller.environment.1[0],
            })),
            Err(refused) => refused,
        })
    })
    .await
}
