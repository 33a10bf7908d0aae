//! Stripe's hooks: the signature over the raw bytes, what an event is about, and registering our
//! address. Sources: docs.stripe.com/webhooks ("Verify webhook signatures manually"), API
//! reference, Events and Webhook Endpoints.
use super::wire::{id_of, list, object, reference, session, unknown};
use super::{MAX_PAGES, PAGE, VERSION, get, post};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::payment::{Failure, FailureCode};
use crate::providers::http::{segment, text};
use crate::providers::{
    Account, Call, Claims, Found, HookAbout, HookError, HookProof, HookReading, ProviderError,
    RawHook, Registered, Report,
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;

/// How old a signature may be, as in Stripe's own libraries. They leave the future open; here it
/// has a bound that a clock which is minutes behind does not reach.
const OLDEST_SECS: i64 = 300;
const NEWEST_SECS: i64 = 600;

/// What is subscribed to. Events about intents only repeat what those of the session say.
const EVENTS: [&str; 8] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
    "refund.created",
    "refund.updated",
    "refund.failed",
];

/// Checks `Stripe-Signature: t=…,v1=…[,v1=…]`: HMAC-SHA256 in hex over the text of `t`, a dot and
/// the raw body, keyed with the endpoint's secret as it is written, `whsec_` included. While a
/// secret is renewed there is one `v1` for each. `v0` is a fake for test mode.
pub fn verify(account: &Account, raw: &RawHook, now: Timestamp) -> Result<HookProof, HookError> {
    let refuse = |why: &str| Err(HookError::NotVerified(why.to_owned()));
    let Some(header) = raw.headers.get("stripe-signature") else {
        return refuse("there is no stripe-signature");
    };
    let parts: Vec<_> = header
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .collect();
    let Some(time) = parts.iter().find(|(name, _)| *name == "t").map(|p| p.1) else {
        return refuse("the signature has no time");
    };
    let signatures: Vec<Vec<u8>> = parts
        .iter()
        .filter(|(name, _)| *name == "v1")
        .filter_map(|(_, hex)| hex::decode(hex).ok())
        .collect();
    let keys = ["webhook_secret", "previous_webhook_secret"]
        .iter()
        .filter_map(|field| account.credentials.get(*field))
        .map(ExposeSecret::expose_secret)
        .filter(|key| !key.is_empty());
    let mut fits = false;
    for key in keys {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
            continue;
        };
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(&raw.body);
        // Constant time.
        fits |= signatures
            .iter()
            .any(|given| mac.clone().verify_slice(given).is_ok());
    }
    if !fits {
        return refuse("the signature does not fit");
    }
    let Ok(signed_at) = time.parse::<i64>() else {
        return refuse("the signature's time is not a number");
    };
    let age = now.unix_ms().div_euclid(1_000).saturating_sub(signed_at);
    if !(-NEWEST_SECS..=OLDEST_SECS).contains(&age) {
        return refuse("the signature is too old, or a clock is wrong");
    }
    // Each mode has its own endpoint and secret; an event of the other one is not this account's.
    let body: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
    if body["livemode"]
        .as_bool()
        .is_some_and(|live| live == account.mode.is_test())
    {
        return refuse("the event is of the other mode");
    }
    Ok(HookProof::Signed)
}

/// What an event is about. The body's version is the endpoint's, so that only fields are read that
/// every version has.
pub fn read(raw: &RawHook) -> Result<HookReading, HookError> {
    let body: Value = serde_json::from_slice(&raw.body)
        .map_err(|_| HookError::Unreadable("it is not JSON".to_owned()))?;
    let Some(event) = text(&body, "/type") else {
        return Err(HookError::Unreadable("it has no type".to_owned()));
    };
    let subject = &body["data"]["object"];
    // Each delivery of an event has the same id.
    let dedupe_key = text(&body, "/id").unwrap_or_else(|| {
        let part = |pointer| text(subject, pointer).unwrap_or_default();
        format!("{event}:{}:{}", part("/id"), part("/status"))
    });
    Ok(HookReading {
        dedupe_key,
        about: about(&event, subject),
        event,
    })
}

fn about(event: &str, subject: &Value) -> HookAbout {
    let nothing = |why: &str| HookAbout::Nothing(format!("{event}: {why}"));
    match event {
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired" => match text(subject, "/id") {
            Some(id) => HookAbout::Payment {
                reference: reference(subject),
                claims: Claims {
                    provider_ref: Some(id),
                    receipt: id_of(subject, "/payment_intent"),
                    amount: None,
                },
                report: told(event, subject),
            },
            None => nothing("it names no session"),
        },
        // One failed try, or a step: the session tells what it means, so it is asked for.
        "payment_intent.payment_failed"
        | "payment_intent.succeeded"
        | "payment_intent.processing"
        | "payment_intent.requires_action"
        | "payment_intent.canceled" => match reference(subject) {
            Some(reference) => HookAbout::Payment {
                reference: Some(reference),
                claims: Claims {
                    provider_ref: None,
                    receipt: text(subject, "/id"),
                    amount: None,
                },
                report: None,
            },
            None => nothing("it names no payment of ours"),
        },
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            match text(subject, "/metadata/payment") {
                Some(payment) => HookAbout::Refund {
                    payment_reference: Some(payment),
                    refund_reference: text(subject, "/metadata/refund"),
                },
                None => nothing("the refund was not made here"),
            }
        }
        // A charge has the metadata of its intent.
        "charge.refunded" => match reference(subject) {
            Some(payment) => HookAbout::Refund {
                payment_reference: Some(payment),
                refund_reference: None,
            },
            None => nothing("it names no payment of ours"),
        },
        _ => nothing("it is of no use here"),
    }
}

/// What the session in an event reports. One that cannot be read is asked for.
fn told(event: &str, subject: &Value) -> Option<Report> {
    let mut report = session(subject).ok()?;
    if event == "checkout.session.async_payment_failed" {
        // The session alone looks as if the money were still under way.
        if matches!(report.found, Found::Open(_)) {
            report.found = Found::Failed(Failure {
                code: FailureCode::Declined,
                message: "the delayed payment failed".to_owned(),
            });
        }
    }
    Some(report)
}

/// Registers our address once. Stripe tells an endpoint's secret only when it is made: one of ours
/// whose secret we do not have is switched off and made anew.
pub async fn register(call: &Call<'_>, hook_url: &str) -> Result<Registered, ProviderError> {
    let mut after = String::new();
    for _ in 0..MAX_PAGES {
        let path = format!("/v1/webhook_endpoints?limit={PAGE}{after}");
        let (rows, more) = list(&get(call, &path).await?)?;
        for row in rows
            .iter()
            .filter(|r| text(r, "/url").as_deref() == Some(hook_url))
        {
            let (Some(id), Some("enabled")) = (text(row, "/id"), row["status"].as_str()) else {
                continue;
            };
            let secret = call.account.credentials.get("webhook_secret");
            let update = format!("/v1/webhook_endpoints/{}", segment(&id));
            if secret.is_some_and(|s| !s.expose_secret().is_empty()) {
                if !hears_all(row) {
                    object(&post(call, &update, None, &events(vec![])).await?)?;
                }
                return Ok(Registered {
                    said: format!(
                        "Stripe has this address already ({id}). If its hooks are not verified, \
                         delete it at Stripe, remove the webhook secret here and register again."
                    ),
                    credentials: vec![],
                });
            }
            let off = vec![("disabled".to_owned(), "true".to_owned())];
            object(&post(call, &update, None, &off).await?)?;
        }
        match rows.last().and_then(|row| text(row, "/id")) {
            Some(last) if more => after = format!("&starting_after={}", segment(&last)),
            _ => return create(call, hook_url).await,
        }
    }
    Err(unknown("the list of endpoints is too long"))
}

/// Whether an endpoint is subscribed to all that is wanted.
fn hears_all(endpoint: &Value) -> bool {
    let Some(heard) = endpoint["enabled_events"].as_array() else {
        return false;
    };
    let listens = |event: &str| heard.iter().any(|e| e == event || e == "*");
    EVENTS.into_iter().all(listens)
}

fn events(mut form: Vec<(String, String)>) -> Vec<(String, String)> {
    form.extend(EVENTS.map(|event| ("enabled_events[]".to_owned(), event.to_owned())));
    form
}

async fn create(call: &Call<'_>, hook_url: &str) -> Result<Registered, ProviderError> {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let form = events(vec![
        field("url", hook_url),
        field("description", "Malipo"),
        field("api_version", VERSION),
    ]);
    let endpoint = object(&post(call, "/v1/webhook_endpoints", None, &form).await?)?;
    let Some(secret) = text(&endpoint, "/secret") else {
        return Err(unknown("Stripe told no secret of the endpoint"));
    };
    let mode = match call.account.mode {
        Mode::Test => "test",
        Mode::Live => "live",
    };
    Ok(Registered {
        said: format!("Stripe sends its {mode} events to this address from now on."),
        credentials: vec![("webhook_secret", SecretString::from(secret))],
    })
}
