//! Mamo's hooks: the charge, flat, beside `event_type`. No signature, no event id: `Authorization`
//! carries the `auth_header` verbatim, so a hook is a hint and the charge is asked for (R5).
use super::wire::{currency_of, from_value, reference_on};
use crate::providers::http::text;
use crate::providers::{
    Account, Claims, HookAbout, HookError, HookProof, HookReading, LEGACY_HOOKS, RawHook,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use subtle::ConstantTimeEq;

/// The names that older shops gave to `charge.succeeded`.
const LEGACY_SUCCEEDED: &str = "charge.completed";

/// The body that Mamo sends while an address is registered. It wants 200, and may come before we
/// have kept the secret that it will send.
fn is_ping(body: &Value) -> bool {
    body.as_object()
        .is_some_and(|o| o.len() == 1 && o.get("ping").is_some_and(|v| v == "pong"))
}

/// Compares `Authorization` with the secret as it was given to Mamo: no `Bearer ` is added.
/// Source: two integrators' notes in the fact sheet; the API documentation says "authentication
/// header" alone.
pub fn verify(account: &Account, raw: &RawHook) -> Result<HookProof, HookError> {
    let refuse = |why: &str| Err(HookError::NotVerified(why.to_owned()));
    if serde_json::from_slice::<Value>(&raw.body).is_ok_and(|body| is_ping(&body)) {
        return Ok(HookProof::Hint);
    }
    let secret = account.credentials.get("webhook_secret");
    let secret = secret.map_or("", |s| s.expose_secret().trim());
    if secret.is_empty() {
        return refuse("the credential webhook_secret is not set");
    }
    let Some(given) = raw.headers.get("authorization") else {
        return refuse("there is no Authorization");
    };
    if bool::from(given.trim().as_bytes().ct_eq(secret.as_bytes())) {
        Ok(HookProof::Hint)
    } else {
        refuse("Authorization is not the webhook_secret")
    }
}

/// What a charge's event is about. `charge.` is the older name of `payment.`.
enum News {
    Charge,
    Refund,
    Nothing(String),
}

fn news(account: &Account, event: &str) -> News {
    let kind = event
        .strip_prefix("charge.")
        .or_else(|| event.strip_prefix("payment."));
    match kind {
        Some("succeeded" | "failed" | "authorized" | "voided") => News::Charge,
        Some("refund_initiated" | "refunded" | "refund_failed") => News::Refund,
        _ if event == LEGACY_SUCCEEDED => {
            if account.option(LEGACY_HOOKS.name) == Some("on") {
                News::Charge
            } else {
                News::Nothing(format!("{event} is no event of Mamo; legacy_hooks is off"))
            }
        }
        _ => News::Nothing(format!("{event} is about nothing that is made here")),
    }
}

/// Reads a hook. It reports nothing that could be believed.
pub fn read(account: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
    let unreadable = |why: &str| HookError::Unreadable(why.to_owned());
    let body: Value =
        serde_json::from_slice(&raw.body).map_err(|_| unreadable("it is not JSON"))?;
    if is_ping(&body) {
        return Ok(HookReading {
            dedupe_key: "ping".to_owned(),
            event: "ping".to_owned(),
            about: HookAbout::Nothing("Mamo tries the address".to_owned()),
        });
    }
    let event = text(&body, "/event_type").ok_or_else(|| unreadable("it has no event_type"))?;
    let event: String = event.chars().take(80).collect();
    let (reference, link) = (reference_on(&body), text(&body, "/payment_link_id"));
    let id = text(&body, "/id");
    let nameless = reference.is_none() && link.is_none();
    let about = match news(account, &event) {
        News::Nothing(why) => HookAbout::Nothing(why),
        _ if nameless => HookAbout::Nothing(format!("{event} names no payment of ours")),
        News::Refund => HookAbout::Refund {
            payment_reference: reference.clone().or_else(|| link.clone()),
            refund_reference: None,
        },
        News::Charge => HookAbout::Payment {
            reference: reference.clone(),
            claims: Claims {
                provider_ref: link.clone(),
                receipt: id.clone(),
                amount: currency_of(&body).and_then(|c| from_value(&body["amount"], c)),
            },
            report: None,
        },
    };
    // The same news under its old and its new name is one.
    let kind = event.replacen("payment.", "charge.", 1);
    let subject = id.or(link).or(reference).unwrap_or_default();
    let part = |pointer| text(&body, pointer).unwrap_or_default();
    Ok(HookReading {
        dedupe_key: format!(
            "{kind}:{subject}:{}:{}",
            part("/status"),
            part("/refund_amount")
        ),
        event,
        about,
    })
}
