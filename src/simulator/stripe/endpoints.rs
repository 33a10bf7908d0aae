//! Webhook endpoints: those that a call makes and the one that `POST /_control/accounts` gives. They
//! stand in the account's data, with the secret that Stripe tells only once.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::asked::{self, Asked, Done, Form, Merchant, invalid, merchant, missing_param, no_such};
use super::{NAME, Stripe, new_id};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Account, Change};
use crate::simulator::pages::web_address;
use crate::simulator::{Reply, Sim};

const PATH: &str = "/v1/webhook_endpoints";
/// What an account hears that was registered by hand, unless it says otherwise.
const USUAL: [&str; 8] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
    "refund.created",
    "refund.updated",
    "refund.failed",
];
/// How many endpoints an account may have in one mode.
const MOST: usize = 16;

/// One address that hears of an account's news.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Endpoint {
    pub id: String,
    pub url: String,
    pub secret: String,
    events: Vec<String>,
    off: bool,
    description: Option<String>,
    pub api_version: Option<String>,
    metadata: Value,
    created: i64,
}

impl Endpoint {
    pub fn all(account: &Account) -> impl Iterator<Item = Self> {
        let rows: Vec<Self> =
            serde_json::from_value(account.data["endpoints"].clone()).unwrap_or_default();
        rows.into_iter()
    }

    pub fn hears(&self, kind: &str) -> bool {
        !self.off && self.events.iter().any(|e| e == kind || e == "*")
    }

    fn told(&self, live: bool) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": self.api_version,
            "application": null,
            "created": self.created,
            "description": self.description,
            "enabled_events": self.events,
            "livemode": live,
            "metadata": self.metadata,
            "status": if self.off { "disabled" } else { "enabled" },
            "url": self.url,
        })
    }
}

/// An account from `POST /_control/accounts`: `secret_key`, and for hooks `hook_url` with its
/// `webhook_secret`, and `enabled_events`.
pub fn account(wanted: &Value) -> Result<Account, String> {
    let text = |name: &str| wanted[name].as_str().unwrap_or_default().trim().to_owned();
    let key = text("secret_key");
    let prefixes = ["sk_test_", "rk_test_", "sk_live_", "rk_live_"];
    if !prefixes.iter().any(|p| key.starts_with(p)) {
        return Err(
            "\"secret_key\" must start with sk_test_, rk_test_, sk_live_ or rk_live_".into(),
        );
    }
    let (url, secret) = (text("hook_url"), text("webhook_secret"));
    let mut endpoints = Vec::new();
    if !url.is_empty() {
        if web_address(&url).is_none() {
            return Err("\"hook_url\" must be an http(s) address".into());
        }
        if secret.is_empty() {
            return Err("\"hook_url\" needs its \"webhook_secret\"".into());
        }
        let wanted_events: Option<Vec<String>> =
            serde_json::from_value(wanted["enabled_events"].clone()).ok();
        endpoints.push(Endpoint {
            id: "we_control".into(),
            url: url.clone(),
            secret,
            events: wanted_events.unwrap_or_else(|| USUAL.map(str::to_owned).to_vec()),
            metadata: json!({}),
            ..Endpoint::default()
        });
    }
    Ok(Account {
        provider: NAME.into(),
        id: key,
        hook_url: Some(url).filter(|u| !u.is_empty()),
        data: json!({"name": wanted["name"], "endpoints": endpoints}),
    })
}

fn saved(mut account: Account, endpoints: &[Endpoint]) -> Change {
    account.hook_url = endpoints.iter().find(|e| !e.off).map(|e| e.url.clone());
    account.data["endpoints"] = json!(endpoints);
    Change::Account(account)
}

/// `enabled_events[]` or `enabled_events[0]`, none of them empty.
fn wanted_events(form: &Form) -> Result<Vec<String>, Reply> {
    let wanted: Vec<String> = form
        .under("enabled_events")
        .map(|(_, event)| event.to_owned())
        .collect();
    let named = |event: &String| {
        event == "*" || event.contains('.') && !event.contains(char::is_whitespace)
    };
    match wanted.iter().find(|event| !named(event)) {
        None => Ok(wanted),
        Some(other) => {
            let words = format!("Invalid enabled_events: {other}");
            Err(invalid(&words, Some("enabled_events"), None))
        }
    }
}

fn checked_url(form: &Form, live: bool) -> Result<String, Reply> {
    let Some(url) = form.get("url") else {
        return Err(missing_param("url"));
    };
    // Kinder than Stripe, which wants public addresses: a test endpoint may stand on this machine.
    match web_address(url) {
        Some(address) if !live || address.scheme() == "https" => Ok(url.to_owned()),
        _ => Err(invalid("Invalid URL", Some("url"), Some("url_invalid"))),
    }
}

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let task = sim.clone();
    sim.answer(&Stripe, "register", About::default(), async move {
        let asked = match Asked::read(&headers, PATH, &body) {
            Ok(asked) => asked,
            Err(refused) => return Ok(refused),
        };
        asked::once(&task, &asked, made(&task, &asked)).await
    })
    .await
}

async fn made(sim: &Sim, asked: &Asked) -> anyhow::Result<Done> {
    const KNOWN: [&str; 7] = [
        "url",
        "enabled_events",
        "description",
        "api_version",
        "metadata",
        "connect",
        "expand",
    ];
    let form = &asked.form;
    let account = asked::account(sim, &asked.merchant.key).await?;
    let mut endpoints: Vec<Endpoint> = Endpoint::all(&account).collect();
    let read = || {
        asked.only(&KNOWN)?;
        let url = checked_url(form, asked.merchant.live)?;
        let events = wanted_events(form)?;
        if events.is_empty() {
            return Err(missing_param("enabled_events"));
        }
        if endpoints.len() >= MOST {
            let words = "You have reached the maximum of 16 webhook endpoints";
            return Err(invalid(words, None, None));
        }
        Ok((url, events, form.map("metadata")?))
    };
    let (url, events, metadata) = match read() {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused)),
    };
    let endpoint = Endpoint {
        id: new_id("we", 24),
        url,
        secret: new_id("whsec", 32),
        events,
        off: false,
        description: form.get("description").map(str::to_owned),
        api_version: form.get("api_version").map(str::to_owned),
        metadata,
        created: sim.clock.now() / 1_000,
    };
    let mut told = endpoint.told(asked.merchant.live);
    told["secret"] = json!(endpoint.secret);
    endpoints.insert(0, endpoint);
    Ok(Ok((told, vec![saved(account, &endpoints)])))
}

pub async fn update(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let task = sim.clone();
    sim.answer(&Stripe, "register", About::default(), async move {
        let asked = match Asked::read(&headers, &format!("{PATH}/{id}"), &body) {
            Ok(asked) => asked,
            Err(refused) => return Ok(refused),
        };
        asked::once(&task, &asked, changed(&task, &asked, &id)).await
    })
    .await
}

async fn changed(sim: &Sim, asked: &Asked, id: &str) -> anyhow::Result<Done> {
    let form = &asked.form;
    let account = asked::account(sim, &asked.merchant.key).await?;
    let mut endpoints: Vec<Endpoint> = Endpoint::all(&account).collect();
    let Some(endpoint) = endpoints.iter_mut().find(|e| e.id == id) else {
        return Ok(Err(no_such("webhook endpoint", id)));
    };
    let read = || {
        asked.only(&[
            "url",
            "enabled_events",
            "description",
            "disabled",
            "metadata",
            "expand",
        ])?;
        let url = match form.get("url") {
            Some(_) => Some(checked_url(form, asked.merchant.live)?),
            None => None,
        };
        Ok((url, wanted_events(form)?))
    };
    let (url, events) = match read() {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(url) = url {
        endpoint.url = url;
    }
    if !events.is_empty() {
        endpoint.events = events;
    }
    if let Some(off) = form.get("disabled") {
        endpoint.off = off == "true";
    }
    let told = endpoint.told(asked.merchant.live);
    Ok(Ok((told, vec![saved(account, &endpoints)])))
}

/// A read with the account's endpoints at hand.
async fn read<F>(sim: &Sim, headers: HeaderMap, told: F) -> Response
where
    F: FnOnce(&Merchant, Vec<Endpoint>) -> Result<Value, Reply> + Send + 'static,
{
    let task = sim.clone();
    sim.answer(&Stripe, "endpoints", About::default(), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let account = asked::account(&task, &merchant.key).await?;
        let rows = Endpoint::all(&account).collect();
        Ok(told(&merchant, rows).map_or_else(|refused| refused, Reply::ok))
    })
    .await
}

pub async fn list(
    State(sim): State<Sim>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    read(&sim, headers, move |merchant, rows| {
        let rows = rows.iter().map(|e| e.told(merchant.live)).collect();
        asked::page(&form, rows, PATH)
    })
    .await
}

pub async fn fetch(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    read(&sim, headers, move |merchant, rows| {
        let found = rows.iter().find(|e| e.id == id);
        let told = found.map(|e| e.told(merchant.live));
        told.ok_or_else(|| no_such("webhook endpoint", &id))
    })
    .await
}

pub async fn delete(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&Stripe, "unregister", About::default(), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let account = asked::account(&task, &merchant.key).await?;
        let all: Vec<Endpoint> = Endpoint::all(&account).collect();
        let left: Vec<Endpoint> = all.iter().filter(|e| e.id != id).cloned().collect();
        if left.len() == all.len() {
            return Ok(no_such("webhook endpoint", &id));
        }
        task.commit(vec![saved(account, &left)]).await?;
        Ok(Reply::ok(
            json!({"id": id, "object": "webhook_endpoint", "deleted": true}),
        ))
    })
    .await
}

pub async fn balance(State(sim): State<Sim>, headers: HeaderMap) -> Response {
    sim.answer(&Stripe, "balance", About::default(), async move {
        Ok(match merchant(&headers) {
            Ok(merchant) => Reply::ok(json!({
                "object": "balance", "livemode": merchant.live, "pending": [],
                "available": [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}],
            })),
            Err(refused) => refused,
        })
    })
    .await
}
