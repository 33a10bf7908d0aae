//! Registering our hook address. A webhook cannot be deleted at PayMongo and each one delivers, so
//! what is there is looked at first.
use super::super::http::segment;
use super::super::{Call, ProviderError, Registered};
use super::read;
use super::wire::{Object, act, data, get, listed, post, short};
use crate::domain::Timestamp;
use secrecy::SecretString;
use serde_json::json;

/// Source: PayMongo guides, "Creating a webhook".
const EVENTS: [&str; 6] = [
    "source.chargeable",
    "payment.paid",
    "payment.failed",
    "payment.refunded",
    "payment.refund.updated",
    "checkout_session.payment.paid",
];

pub async fn register(call: &Call<'_>, hook_url: &str) -> Result<Registered, ProviderError> {
    let test = call.account.mode.is_test();
    let at_ours =
        |o: &Object<'_>| o.text("/url").as_deref() == Some(hook_url) && o.livemode() != Some(test);
    let beginning = Timestamp::from_unix_ms(i64::MIN);
    let rows = listed(call, "/v1/webhooks", beginning, at_ours).await?;
    let known: Vec<Object<'_>> = rows.iter().filter_map(Object::of).collect();
    let enabled = known.iter().find(|w| w.status() == "enabled");
    let Some(webhook) = enabled.or_else(|| known.first()) else {
        let attributes = json!({"url": hook_url, "events": EVENTS});
        let answer = post(call, "/v1/webhooks", attributes, None).await?;
        let told = data(&answer)?;
        let made = read::kind_of(&told, "hook_")?;
        return Ok(registered(&made, "PayMongo took the address"));
    };
    let mut words = "PayMongo has the address".to_owned();
    if webhook.status() == "disabled" {
        let path = format!("/v1/webhooks/{}/enable", segment(webhook.id));
        data(&act(call, &path).await?)?;
        words.push_str(", which was disabled and is enabled again");
    }
    let lacks = lacking(webhook);
    if !lacks.is_empty() {
        words.push_str("; on its dashboard add the events ");
        words.push_str(&lacks.join(", "));
    }
    if webhook.text("/secret_key").is_some() {
        return Ok(registered(webhook, &words));
    }
    // A list may leave the secret out.
    let answer = get(call, &format!("/v1/webhooks/{}", segment(webhook.id))).await?;
    let told = data(&answer)?;
    Ok(registered(&read::kind_of(&told, "hook_")?, &words))
}

fn lacking(webhook: &Object<'_>) -> Vec<&'static str> {
    let Some(has) = webhook.at["events"].as_array() else {
        return Vec::new();
    };
    let missing = |event: &&str| !has.iter().any(|h| h.as_str() == Some(*event));
    EVENTS.into_iter().filter(missing).collect()
}

fn registered(webhook: &Object<'_>, words: &str) -> Registered {
    let id = short(webhook.id);
    match webhook.text("/secret_key") {
        Some(secret) => Registered {
            said: format!("{words} ({id})."),
            credentials: vec![("webhook_secret", SecretString::from(secret))],
        },
        None => Registered {
            said: format!("{words} ({id}). Copy its secret from PayMongo's dashboard."),
            credentials: Vec::new(),
        },
    }
}
