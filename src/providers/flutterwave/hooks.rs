//! Flutterwave's hooks. The header `verif-hash` carries the merchant's secret hash as it is: it
//! covers nothing of the body, so every hook is a hint and the provider is asked (R5).
//! Source: v3 docs, Webhooks.
use super::wire;
use crate::domain::Currency;
use crate::providers::http::text;
use crate::providers::{Account, Claims, HookAbout, HookError, HookReading, RawHook};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Longer keys are hashed.
const KEY_LENGTH: usize = 160;

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Compares `verif-hash` with the secret hash, and with the one before it: after a change the old
/// one still comes with retries, for about two hours. An account without one refuses every hook.
pub(super) fn verify(account: &Account, raw: &RawHook) -> Result<(), HookError> {
    let refuse = |why: &str| Err(HookError::NotVerified(why.to_owned()));
    let Some(given) = raw.headers.get("verif-hash").filter(|h| !h.is_empty()) else {
        return refuse("there is no verif-hash");
    };
    let hashes: Vec<&str> = ["secret_hash", "previous_secret_hash"]
        .iter()
        .filter_map(|field| account.credentials.get(*field))
        .map(ExposeSecret::expose_secret)
        .filter(|hash| !hash.trim().is_empty())
        .collect();
    if hashes.is_empty() {
        return refuse("the account has no secret hash, so no hook can be verified");
    }
    // Digests of equal length are compared in constant time.
    let given = digest(given.as_bytes());
    let fits = |hash: &&str| bool::from(given.ct_eq(&digest(hash.as_bytes())));
    if hashes.iter().any(fits) {
        Ok(())
    } else {
        refuse("verif-hash does not fit")
    }
}

/// Reads the three shapes: `{event, data}` of v3, the flat refund without an event, and the flat
/// v2 form with `txRef` that some accounts still get.
pub(super) fn read(raw: &RawHook) -> Result<HookReading, HookError> {
    let body: Value = serde_json::from_slice(&raw.body)
        .map_err(|_| HookError::Unreadable("it is not JSON".to_owned()))?;
    if !body.is_object() {
        return Err(HookError::Unreadable("it is not an object".to_owned()));
    }
    let event = text(&body, "/event");
    let reading = match event.as_deref() {
        // Sent for success and failure alike; `data.status` tells.
        Some(event) if event.starts_with("charge.") => payment(event, &body["data"], "/tx_ref"),
        Some(event) if event.starts_with("refund.") => refund(event, &body["data"]),
        Some(event) => nothing(
            raw,
            event,
            format!("{event} is not about a payment of ours"),
        ),
        None if wire::transaction_of(&body).is_some() => refund("refund", &body),
        None if text(&body, "/txRef").is_some() => payment("charge", &body, "/txRef"),
        None => nothing(
            raw,
            "unknown",
            "a shape that is not about payments".to_owned(),
        ),
    };
    Ok(reading)
}

/// The same for every delivery of the same news, and bounded.
fn key(parts: &[Option<String>]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| part.as_deref().unwrap_or_default())
        .collect();
    let key = parts.join(":");
    if key.len() <= KEY_LENGTH {
        key
    } else {
        hex::encode(digest(key.as_bytes()))
    }
}

fn nothing(raw: &RawHook, event: &str, why: String) -> HookReading {
    HookReading {
        dedupe_key: hex::encode(digest(&raw.body)),
        event: event.to_owned(),
        about: HookAbout::Nothing(why),
    }
}

/// The reference stands in the key: a false one must not silence the true hook of the same
/// transaction.
fn payment(event: &str, data: &Value, reference_at: &str) -> HookReading {
    let reference = text(data, reference_at);
    let id = wire::id(data, "/id");
    let currency = text(data, "/currency").and_then(|c| Currency::parse(&c.to_uppercase()));
    let amount = text(data, "/amount").zip(currency);
    let dedupe_key = key(&[
        Some(event.to_owned()),
        id.clone().or_else(|| text(data, "/flwRef")),
        wire::status(data),
        reference.clone(),
    ]);
    let about = if reference.is_none() && id.is_none() {
        HookAbout::Nothing(format!("{event} names no payment"))
    } else {
        HookAbout::Payment {
            reference,
            claims: Claims {
                provider_ref: id.clone(),
                receipt: id,
                amount: amount.and_then(|(a, currency)| wire::from_major(&a, currency)),
            },
            report: None,
        }
    };
    HookReading {
        dedupe_key,
        event: event.to_owned(),
        about,
    }
}

/// A refund names the transaction alone; what is ours of it stands in the comments that we sent.
fn refund(event: &str, data: &Value) -> HookReading {
    let (status, disbursed) = wire::refund_status(data).unzip();
    let (refund_reference, payment_reference) =
        wire::comments(data).map_or((None, None), |said| wire::commented(&said));
    HookReading {
        dedupe_key: key(&[
            Some(event.to_owned()),
            wire::id(data, "/id"),
            status,
            disbursed.flatten(),
            wire::transaction_of(data),
            refund_reference.clone(),
        ]),
        event: event.to_owned(),
        about: HookAbout::Refund {
            payment_reference,
            refund_reference,
        },
    }
}
