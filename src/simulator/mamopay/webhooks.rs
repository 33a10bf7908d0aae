//! Registered addresses. Mamo tries an address with a ping before it takes it.

use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{
    MamoPay, Merchant, Mode, NAME, Webhook, fail, invalid, merchant, new_id, unauthorized,
};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Change, Hook};
use crate::simulator::pages::web_address;
use crate::simulator::{Reply, Sim};

/// The life of a charge. Others are taken and never sent.
pub const KINDS: [&str; 5] = [
    "succeeded",
    "failed",
    "refund_initiated",
    "refunded",
    "refund_failed",
];
const FAMILIES: [&str; 2] = ["charge.", "payment."];
const OTHERS: [&str; 9] = [
    "subscription.",
    "payment_link.",
    "payout.",
    "expense.",
    "card_transaction.",
    "dispute.",
    "charge.authorized",
    "charge.voided",
    "charge.card_verified",
];
const PATIENCE: Duration = Duration::from_secs(5);
const AGENT: &str = "Faraday v2.9.0";

/// `Authorization` carries the `auth_header` as it is.
pub fn headers(webhook: &Webhook) -> Vec<(String, String)> {
    let mut headers = vec![("user-agent".to_owned(), AGENT.to_owned())];
    if let Some(secret) = &webhook.auth_header {
        headers.push(("authorization".to_owned(), secret.clone()));
    }
    headers
}

fn known_event(event: &str) -> bool {
    let charge = FAMILIES.iter().filter_map(|f| event.strip_prefix(f));
    let mut charge = charge.filter(|kind| KINDS.contains(kind));
    charge.next().is_some() || OTHERS.iter().any(|o| event.starts_with(o))
}

fn shown(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id, "url": webhook.url, "enabled_events": webhook.enabled_events,
        "auth_header": webhook.auth_header,
    })
}

/// What the fields of an address must be.
fn checked(wanted: &Value) -> Result<Webhook, Reply> {
    let url = wanted["url"].as_str().unwrap_or_default();
    let events = wanted["enabled_events"].as_array();
    let mut missing = Vec::new();
    if url.is_empty() {
        missing.push("Url is missing");
    }
    if events.is_none() {
        missing.push("Enabled_events is missing");
    }
    if !missing.is_empty() {
        let body = json!({"messages": ["See errors"], "error_code": "VALIDATION_FAILED",
            "errors": missing});
        return Err(Reply::new(422, body));
    }
    if web_address(url).is_none() {
        return Err(invalid("Url is invalid"));
    }
    let events: Vec<String> = events
        .into_iter()
        .flatten()
        .filter_map(|e| e.as_str().map(str::to_owned))
        .collect();
    if events.is_empty() || !events.iter().all(|e| known_event(e)) {
        return Err(invalid("Enabled_events is not included in the list"));
    }
    let auth_header = match &wanted["auth_header"] {
        Value::Null => None,
        Value::String(text) if (1..=50).contains(&text.chars().count()) => Some(text.clone()),
        _ => {
            return Err(invalid(
                "Auth header is too long (maximum is 50 characters)",
            ));
        }
    };
    Ok(Webhook {
        url: url.to_owned(),
        enabled_events: events,
        auth_header,
        ..Webhook::default()
    })
}

/// Whether the address answers the ping with 200.
async fn answers(sim: &Sim, url: &str) -> Option<u16> {
    let request = sim
        .http
        .post(url)
        .timeout(PATIENCE)
        .header("user-agent", AGENT)
        .json(&json!({"ping": "pong"}));
    request.send().await.ok().map(|a| a.status().as_u16())
}

/// The ping as the ledger shows it.
fn pinged(sim: &Sim, webhook: &Webhook, mode: Mode, answer: u16) -> Change {
    let now = sim.clock.now();
    Change::Hook(Hook {
        id: 0,
        provider: NAME.into(),
        subject: webhook.id.clone(),
        mode: mode.0.into(),
        url: webhook.url.clone(),
        event: "ping".into(),
        headers: Vec::new(),
        body: json!({"ping": "pong"}).to_string(),
        status: "delivered".into(),
        fault: None,
        attempts: 1,
        answer: Some(i64::from(answer)),
        held: false,
        due_at: now,
        created_at: now,
    })
}

fn here(webhook: &Webhook, mode: Mode) -> bool {
    webhook.mode.as_deref().is_none_or(|m| m == mode.0)
}

pub async fn list(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&MamoPay, "webhooks", About::default(), async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let all = merchant.shop.webhooks.iter().filter(|w| here(w, mode));
        Ok(Reply::ok(all.map(shown).collect()))
    })
    .await
}

/// What a registration came to before anything is written: the address may need its turn to
/// answer the ping, so it is tried first.
async fn tried(
    sim: &Sim,
    mode: Mode,
    headers: &HeaderMap,
    body: &Bytes,
) -> anyhow::Result<Result<(Webhook, u16), Reply>> {
    if merchant(sim, mode, headers).await?.is_none() {
        return Ok(Err(unauthorized()));
    }
    let wanted = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let webhook = match checked(&wanted) {
        Ok(webhook) => webhook,
        Err(refused) => return Ok(Err(refused)),
    };
    Ok(match answers(sim, &webhook.url).await {
        Some(200) => Ok((webhook, 200)),
        _ => Err(invalid("Webhook is unreachable")),
    })
}

async fn save(sim: &Sim, merchant: Merchant, more: Vec<Change>) -> anyhow::Result<()> {
    let mut changes = vec![Change::Account(merchant.shop.into_account(&merchant.key))];
    changes.extend(more);
    sim.commit(changes).await
}

pub async fn create(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let task = sim.clone();
    let tried = tried(&sim, mode, &headers, &body).await;
    sim.answer(&MamoPay, "register", About::default(), async move {
        let (mut webhook, answer) = match tried? {
            Ok(tried) => tried,
            Err(refused) => return Ok(refused),
        };
        let Some(mut merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        webhook.id = new_id("MB-WH");
        webhook.mode = Some(mode.0.to_owned());
        let (told, ping) = (shown(&webhook), pinged(&task, &webhook, mode, answer));
        merchant.shop.webhooks.push(webhook);
        save(&task, merchant, vec![ping]).await?;
        Ok(Reply::new(201, told))
    })
    .await
}

fn gone() -> Reply {
    fail(404, "RECORD_NOT_FOUND", "Webhook record was not found")
}

pub async fn change(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let task = sim.clone();
    let tried = tried(&sim, mode, &headers, &body).await;
    sim.answer(&MamoPay, "register_change", About::default(), async move {
        let (wanted, answer) = match tried? {
            Ok(tried) => tried,
            Err(refused) => return Ok(refused),
        };
        let Some(mut merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let mut all = merchant.shop.webhooks.iter_mut();
        let Some(webhook) = all.find(|w| w.id == id && here(w, mode)) else {
            return Ok(gone());
        };
        webhook.url = wanted.url;
        webhook.enabled_events = wanted.enabled_events;
        if wanted.auth_header.is_some() {
            webhook.auth_header = wanted.auth_header;
        }
        let (told, ping) = (shown(webhook), pinged(&task, webhook, mode, answer));
        save(&task, merchant, vec![ping]).await?;
        Ok(Reply::ok(told))
    })
    .await
}

pub async fn delete(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&MamoPay, "unregister", About::default(), async move {
        let Some(mut merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let before = merchant.shop.webhooks.len();
        merchant
            .shop
            .webhooks
            .retain(|w| w.id != id || !here(w, mode));
        if merchant.shop.webhooks.len() == before {
            return Ok(gone());
        }
        save(&task, merchant, Vec::new()).await?;
        Ok(Reply::ok(json!({"success": true})))
    })
    .await
}
