//! Registers our hook address at Mamo, once, with a secret that Mamo sends along from then on.
use super::wire::{array, object, unknown};
use super::{get, patch, post};
use crate::providers::http::{segment, text};
use crate::providers::{Call, ProviderError, Registered};
use serde_json::{Value, json};

/// What a payment and its refunds need. Mamo has two names for each event since August 2026 and
/// sends both to an address that asks for both: an address gets one family.
/// Source: mamopay.readme.io, `post_webhooks`, `enabled_events`.
const KINDS: [&str; 5] = [
    "succeeded",
    "failed",
    "refund_initiated",
    "refunded",
    "refund_failed",
];
/// An `auth_header` has 1 to 50 characters; fewer than this are no secret.
const SECRET_CHARS: usize = 32;

/// 40 hex digits.
fn new_secret() -> String {
    hex::encode(rand::random::<[u8; 20]>())
}

/// The events that an address has, with what is missing of its family.
fn with_ours(had: &[String]) -> Vec<String> {
    let newer = had.iter().any(|event| event.starts_with("payment."));
    let family = if newer { "payment" } else { "charge" };
    let mut events = had.to_vec();
    for kind in KINDS {
        let event = format!("{family}.{kind}");
        if !events.contains(&event) {
            events.push(event);
        }
    }
    events
}

/// A refusal is a matter of settings: an address that Mamo does not reach, for example.
fn refused(error: ProviderError) -> ProviderError {
    match error {
        ProviderError::Declined(failure) => {
            let message = format!("Mamo refused the address: {}", failure.message);
            ProviderError::Misconfigured(message)
        }
        other => other,
    }
}

/// Sets the address at Mamo and gives back its secret. While it does, Mamo calls the address with
/// a ping and wants 200.
pub async fn register(call: &Call<'_>, hook_url: &str) -> Result<Registered, ProviderError> {
    let known = array(&get(call, "/webhooks").await?).map_err(refused)?;
    let ours = known
        .iter()
        .find(|hook| text(hook, "/url").as_deref() == Some(hook_url));
    let (said, secret) = match ours {
        None => {
            let secret = new_secret();
            let body = json!({
                "url": hook_url, "enabled_events": with_ours(&[]), "auth_header": secret,
            });
            let answer = object(&post(call, "/webhooks", &body).await?).map_err(refused)?;
            took(&answer, &secret)?;
            ("Mamo calls the hook address from now on.", secret)
        }
        Some(hook) => keep_or_change(call, hook, hook_url).await?,
    };
    Ok(Registered {
        said: said.to_owned(),
        credentials: vec![("webhook_secret", secret.into())],
    })
}

/// An address that Mamo has already: its secret is taken over where it is one.
async fn keep_or_change(
    call: &Call<'_>,
    hook: &Value,
    hook_url: &str,
) -> Result<(&'static str, String), ProviderError> {
    let had: Vec<String> = hook["enabled_events"]
        .as_array()
        .map(|all| {
            all.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    let events = with_ours(&had);
    let shown = text(hook, "/auth_header").filter(|s| s.chars().count() >= SECRET_CHARS);
    if let Some(secret) = shown.clone().filter(|_| events.len() == had.len()) {
        return Ok(("Mamo calls the hook address already.", secret));
    }
    let Some(id) = text(hook, "/id") else {
        return Err(unknown("Mamo's entry of the address has no id"));
    };
    let secret = shown.unwrap_or_else(new_secret);
    let body = json!({ "url": hook_url, "enabled_events": events, "auth_header": secret });
    let path = format!("/webhooks/{}", segment(&id));
    let answer = object(&patch(call, &path, &body).await?).map_err(refused)?;
    took(&answer, &secret)?;
    Ok(("Mamo's entry of the hook address was completed.", secret))
}

/// Mamo drops what it does not know without a word; a hook without our secret would be refused.
fn took(answer: &Value, secret: &str) -> Result<(), ProviderError> {
    match text(answer, "/auth_header") {
        Some(shown) if shown != secret => Err(unknown("Mamo kept another auth_header")),
        _ => Ok(()),
    }
}
