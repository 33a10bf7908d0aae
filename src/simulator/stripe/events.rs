//! Events on their way to the account's endpoints, and the signature of each delivery.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::endpoints::Endpoint;
use super::wire::{self, Envelope};
use super::{NAME, Sale, Stripe, asked, new_id};
use crate::simulator::Sim;
use crate::simulator::hooks::{self, NewHook};
use crate::simulator::ledger::{Change, Hook, Payment};

/// News of a payment: its kind, the object, and what changed in it.
pub struct News {
    pub kind: &'static str,
    pub object: Value,
    pub before: Option<Value>,
}

impl News {
    pub fn new(kind: &'static str, object: Value) -> Self {
        Self {
            kind,
            object,
            before: None,
        }
    }
}

/// The hooks of an event: one for each endpoint that listens to it.
pub async fn tell(sim: &Sim, payment: &Payment, news: News) -> anyhow::Result<Vec<Change>> {
    let account = asked::account(sim, &payment.account).await?;
    let id = new_id("evt", 24);
    let mut changes = Vec::new();
    for endpoint in Endpoint::all(&account).filter(|e| e.hears(news.kind)) {
        let envelope = Envelope {
            id: &id,
            kind: news.kind,
            live: payment.mode == "live",
            at: sim.clock.now(),
            version: endpoint.api_version.as_deref().unwrap_or(wire::VERSION),
            before: news.before.clone(),
        };
        let new = NewHook {
            payment,
            url: endpoint.url,
            event: news.kind.into(),
            body: wire::event(&envelope, &news.object),
            headers: Vec::new(),
        };
        changes.extend(hooks::plan(sim, &Stripe, new).await?);
    }
    for change in &mut changes {
        if let Change::Hook(hook) = change {
            hook.body = indented(&hook.body);
        }
    }
    Ok(changes)
}

/// Stripe writes its events with an indent of two.
fn indented(body: &str) -> String {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

/// A success that nobody gave. Its signature will be made with another secret.
pub async fn forged(sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
    let account = asked::account(sim, &payment.account).await?;
    let Some(endpoint) = Endpoint::all(&account).next() else {
        return Ok(None);
    };
    let mut sale = Sale::of(payment);
    sale.paid = true;
    sale.intent = Some(sale.intent.unwrap_or_else(|| new_id("pi", 24)));
    sale.intent_status = "succeeded".into();
    let mut paid = payment.clone();
    paid.status = "complete".into();
    let kind = "checkout.session.completed";
    let envelope = Envelope {
        id: &new_id("evt", 24),
        kind,
        live: payment.mode == "live",
        at: sim.clock.now(),
        version: wire::VERSION,
        before: None,
    };
    let body = wire::event(&envelope, &wire::session(&paid, &sale, "", false));
    let url = endpoint.url;
    let mut hook = hooks::unsigned(sim, &Stripe, payment, url, kind.into(), &body);
    hook.body = indented(&hook.body);
    Ok(Some(hook))
}

/// `Stripe-Signature` with the time of this delivery, by the secret of the endpoint.
pub async fn stamp(sim: &Sim, hook: &Hook) -> anyhow::Result<Vec<(String, String)>> {
    let mut secret = "whsec_not_the_merchants".to_owned();
    let payment = sim.ledger.payment(NAME, &hook.subject).await?;
    if let Some(payment) = payment.filter(|_| hook.fault.as_deref() != Some("forged")) {
        let account = asked::account(sim, &payment.account).await?;
        if let Some(endpoint) = Endpoint::all(&account).find(|e| e.url == hook.url) {
            secret = endpoint.secret;
        }
    }
    let at = sim.clock.now() / 1_000;
    let mut value = format!("t={at},v1={}", signature(&secret, at, &hook.body));
    if hook.mode == "test" {
        // A scheme that tests send along and nobody may accept.
        let _ = write!(value, ",v0={}", signature("v0", at, &hook.body));
    }
    Ok(vec![("stripe-signature".into(), value)])
}

/// Lowercase hex of HMAC-SHA256 over the time's text, a dot and the raw body; the key is the whole
/// text of the secret.
fn signature(secret: &str, at: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{at}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_signed_with_their_time_over_the_raw_body() {
        // printf '1760000100.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_example
        let made = signature("whsec_example", 1_760_000_100, r#"{"id":"evt_1"}"#);
        assert_eq!(made, SIGNED);
        assert_eq!(indented(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
    }

    const SIGNED: &str = "d8284bfea9ffc91c6b580522847b21bc1456bb760460643bbf092e0b78e7e624";
}
