//! Webhooks: registered, enabled and disabled, never deleted; and telling them of an event. Each
//! is a row of the accounts, called by the secret key and its own id, for it has its own secret.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::payments::Page;
use super::{
    LETTERS, Merchant, NAME, Paymongo, address, attributes, fail, invalid, merchant, new_id,
    not_found, required, wire,
};
use crate::simulator::faults::About;
use crate::simulator::hooks::{self, NewHook};
use crate::simulator::ledger::{Account, Change, Payment};
use crate::simulator::{Reply, Sim, random_text};

const EVENTS: [&str; 8] = [
    "source.chargeable",
    "payment.paid",
    "payment.failed",
    "payment.refunded",
    "payment.refund.updated",
    "checkout_session.payment.paid",
    "link.payment.paid",
    "qrph.expired",
];

/// A webhook's row, subscribed to everything.
pub fn row(key: &str, hook: &str, url: Option<String>, secret: &str, name: &Value) -> Account {
    Account {
        provider: NAME.into(),
        id: format!("{key}/{hook}"),
        hook_url: url,
        data: json!({"secret": secret, "events": EVENTS, "status": "enabled", "name": name}),
    }
}

pub fn mode_of(row: &str) -> &'static str {
    if row.starts_with("sk_live_") {
        "live"
    } else {
        "test"
    }
}

/// The webhooks of an account that have an address.
pub async fn of(sim: &Sim, key: &str) -> anyhow::Result<Vec<Account>> {
    let mut rows = sim.ledger.accounts(NAME).await?;
    rows.retain(|r| {
        let owner = r.id.split_once('/').map(|(owner, _)| owner);
        owner == Some(key) && r.hook_url.is_some()
    });
    Ok(rows)
}

/// What an event makes: one hook for each webhook that wants it.
pub async fn tell(
    sim: &Sim,
    payment: &Payment,
    event: &str,
    subject: Value,
) -> anyhow::Result<Vec<Change>> {
    let mut changes = Vec::new();
    for webhook in of(sim, &payment.account).await? {
        let wants = webhook.data["events"]
            .as_array()
            .is_some_and(|e| e.contains(&json!(event)));
        let Some(url) = webhook.hook_url.filter(|_| wants) else {
            continue;
        };
        if webhook.data["status"] != "enabled" {
            continue;
        }
        // It is signed with this webhook's secret.
        let told = Payment {
            account: webhook.id,
            ..payment.clone()
        };
        let new = NewHook {
            payment: &told,
            url,
            event: event.to_owned(),
            body: wire::event(event, &payment.mode, subject.clone(), sim.clock.now()),
            headers: Vec::new(),
        };
        changes.extend(hooks::plan(sim, &Paymongo, new).await?);
    }
    Ok(changes)
}

fn id_of(row: &Account) -> &str {
    row.id.split_once('/').map_or("", |(_, hook)| hook)
}

fn shown(row: &Account) -> Value {
    let attributes = json!({
        "type": "webhook", "livemode": mode_of(&row.id) == "live",
        "secret_key": row.data["secret"], "status": row.data["status"], "url": row.hook_url,
        "events": row.data["events"],
    });
    wire::resource(id_of(row), "webhook", attributes)
}

fn told(row: &Account) -> Reply {
    Reply::ok(json!({"data": shown(row)}))
}

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let task = sim.clone();
    sim.answer(&Paymongo, "register", About::default(), async move {
        let wanted = attributes(&body).unwrap_or_default();
        let checked = merchant(&headers).and_then(|m| Ok((m, checked(&wanted)?)));
        let (merchant, (url, events)) = match checked {
            Ok(checked) => checked,
            Err(refused) => return Ok(refused),
        };
        let secret = format!("whsk_{}", random_text(LETTERS, 24));
        let mut made = row(
            &merchant.key,
            &new_id("hook"),
            Some(url),
            &secret,
            &Value::Null,
        );
        made.data["events"] = json!(events);
        task.commit(vec![Change::Account(made.clone())]).await?;
        Ok(told(&made))
    })
    .await
}

fn checked(wanted: &Value) -> Result<(String, Vec<String>), Reply> {
    let url = address(wanted, "/url")?.ok_or_else(|| required("url"))?;
    let events: Vec<String> =
        serde_json::from_value(wanted["events"].clone()).map_err(|_| required("events"))?;
    if events.is_empty() {
        return Err(required("events"));
    }
    if events.iter().any(|e| !EVENTS.contains(&e.as_str())) {
        return Err(invalid("events", "It holds an event that does not exist."));
    }
    Ok((url, events))
}

pub async fn list(
    State(sim): State<Sim>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&Paymongo, "webhooks", About::default(), async move {
        Ok(match merchant(&headers) {
            Ok(merchant) => page.cut(of(&task, &merchant.key).await?.iter().map(shown).collect()),
            Err(refused) => refused,
        })
    })
    .await
}

async fn known(sim: &Sim, merchant: &Merchant, id: &str) -> anyhow::Result<Option<Account>> {
    let rows = of(sim, &merchant.key).await?;
    Ok(rows.into_iter().find(|r| id_of(r) == id))
}

pub async fn fetch(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let task = sim.clone();
    sim.answer(&Paymongo, "webhook", About::default(), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let row = known(&task, &merchant, &id).await?;
        Ok(row.map_or_else(|| not_found(&id), |row| told(&row)))
    })
    .await
}

pub async fn enable(state: State<Sim>, path: Path<String>, headers: HeaderMap) -> Response {
    switch(state, path, headers, "enable", "enabled").await
}

pub async fn disable(state: State<Sim>, path: Path<String>, headers: HeaderMap) -> Response {
    switch(state, path, headers, "disable", "disabled").await
}

async fn switch(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
    operation: &'static str,
    to: &'static str,
) -> Response {
    let task = sim.clone();
    sim.answer(&Paymongo, operation, About::default(), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let Some(mut row) = known(&task, &merchant, &id).await? else {
            return Ok(not_found(&id));
        };
        if row.data["status"] == to {
            let detail = format!("The webhook is already {to}.");
            return Ok(fail(400, "resource_failed_state", &detail, None));
        }
        row.data["status"] = json!(to);
        task.commit(vec![Change::Account(row.clone())]).await?;
        Ok(told(&row))
    })
    .await
}
