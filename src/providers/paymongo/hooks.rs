//! PayMongo's webhooks: their signature, and what each event is about.
use super::super::{
    Account, Claims, Found, HookAbout, HookError, HookProof, HookReading, RawHook, Report,
};
use super::read;
use super::refunds::REFUND;
use super::wire::Object;
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};

const HEADER: &str = "paymongo-signature";
/// PayMongo publishes no tolerance. A retried delivery may carry its first time (not known), and
/// three events refused to their end disable the webhook: an old signature that fits is a hint.
const TOLERANCE_SECS: i64 = 300;

fn refuse<T>(why: &str) -> Result<T, HookError> {
    Err(HookError::NotVerified(why.to_owned()))
}

/// The value of a part of `t=…,te=…,li=…`, by its name.
fn part<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header
        .split(',')
        .filter_map(|part| part.split_once('='))
        .find_map(|(key, value)| (key.trim() == name).then(|| value.trim()))
}

/// Whether `given` is the hex of HMAC-SHA256 over these parts. Constant time; nothing empty fits.
fn fits(secret: &str, parts: &[&[u8]], given: &str) -> bool {
    let Ok(given) = hex::decode(given) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    for part in parts {
        mac.update(part);
    }
    !given.is_empty() && mac.verify_slice(&given).is_ok()
}

/// Checks `Paymongo-Signature: t=…,te=…,li=…`: HMAC-SHA256 over `t`, a dot and the raw body, with
/// the whole `whsk_…` text as the key; `te` for test events, `li` for live ones.
/// Source: PayMongo guides, "Securing a webhook".
pub fn verify(account: &Account, raw: &RawHook, now: Timestamp) -> Result<HookProof, HookError> {
    let Some(header) = raw.headers.get(HEADER).map(|h| h.trim()) else {
        return refuse("there is no paymongo-signature");
    };
    let secret = account.credentials.get("webhook_secret");
    let secret = secret
        .map(ExposeSecret::expose_secret)
        .filter(|s| !s.trim().is_empty());
    let Some(secret) = secret else {
        return refuse("webhook_secret is not set");
    };
    if is_legacy(header) {
        let allowed = account.option("legacy_hooks") == Some("on");
        if allowed && fits(secret, &[&raw.body], header) {
            return Ok(HookProof::Hint);
        }
        return refuse("the signature has no time");
    }
    let Some(t) = part(header, "t") else {
        return refuse("the signature has no time");
    };
    let Some(seconds) = t.parse::<i64>().ok().filter(|t| *t >= 0) else {
        return refuse("the signature's time is not a number");
    };
    let name = match account.mode {
        Mode::Test => "te",
        Mode::Live => "li",
    };
    let Some(given) = part(header, name).filter(|given| !given.is_empty()) else {
        return refuse("there is no signature of this mode");
    };
    if !fits(secret, &[t.as_bytes(), b".", &raw.body], given) {
        return refuse("the signature does not fit");
    }
    if told_livemode(&raw.body).is_some_and(|live| live == account.mode.is_test()) {
        return refuse("the event is of the other mode");
    }
    let age = (now.unix_ms() / 1_000).saturating_sub(seconds);
    Ok(if age.saturating_abs() <= TOLERANCE_SECS {
        HookProof::Signed
    } else {
        HookProof::Hint
    })
}

/// The form that older shops expected: the bare HMAC of the body, as 64 hex digits.
fn is_legacy(header: &str) -> bool {
    header.len() == 64 && header.bytes().all(|b| b.is_ascii_hexdigit())
}

fn told_livemode(body: &[u8]) -> Option<bool> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.pointer("/data/attributes/livemode")?.as_bool()
}

/// Reads an event. A hook in the older form gives no report.
/// Source: PayMongo guides, "Webhooks", samples of each event.
pub fn read(account: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
    let body: Value = serde_json::from_slice(&raw.body)
        .map_err(|_| HookError::Unreadable("it is not JSON".to_owned()))?;
    let Some(envelope) = Object::of(&body) else {
        return Err(HookError::Unreadable("it holds no event".to_owned()));
    };
    let Some(event) = envelope.text("/type") else {
        return Err(HookError::Unreadable("the event has no type".to_owned()));
    };
    let subject = envelope.at.get("data").and_then(Object::of);
    let mut about = match &subject {
        Some(subject) => about(account.mode, &event, subject),
        None => HookAbout::Nothing(format!("{event} is about nothing of ours")),
    };
    if raw.headers.get(HEADER).is_some_and(|h| is_legacy(h.trim()))
        && let HookAbout::Payment { report, .. } = &mut about
    {
        *report = None;
    }
    let dedupe_key = if envelope.id.starts_with("evt_") {
        envelope.id.to_owned()
    } else {
        // Every event has an id; without one its bytes name it.
        format!("{event}:{}", hex::encode(Sha256::digest(&raw.body)))
    };
    Ok(HookReading {
        dedupe_key,
        event,
        about,
    })
}

fn about(mode: Mode, event: &str, subject: &Object<'_>) -> HookAbout {
    match (event, kind(subject)) {
        // A refund's payment is named by our metadata or notes alone: `payment_id` is PayMongo's.
        (_, "refund") => HookAbout::Refund {
            payment_reference: read::reference(&[*subject]).or_else(|| noted(subject, 1)),
            refund_reference: subject
                .text(&format!("/metadata/{REFUND}"))
                .or_else(|| noted(subject, 0)),
        },
        ("payment.refunded", "payment") => HookAbout::Refund {
            payment_reference: reference_of(subject),
            refund_reference: None,
        },
        ("payment.paid", "payment") => {
            let report = read::payment(mode, crate::domain::method::Method::Card, subject).ok();
            payment(subject, reference_of(subject), succeeded(report))
        }
        ("checkout_session.payment.paid", "checkout_session") => {
            let report = read::session(mode, subject).ok();
            payment(subject, reference_of(subject), succeeded(report))
        }
        (_, "payment" | "checkout_session" | "payment_intent" | "source") => {
            payment(subject, reference_of(subject), None)
        }
        _ => HookAbout::Nothing(format!("{event} is about nothing of ours")),
    }
}

/// The type of a resource; its id shows it where the type is left out.
fn kind<'a>(subject: &Object<'a>) -> &'a str {
    match (subject.kind, subject.id.split_once('_').map(|(k, _)| k)) {
        ("", Some("pay")) => "payment",
        ("", Some("cs")) => "checkout_session",
        ("", Some("pi")) => "payment_intent",
        ("", Some("src")) => "source",
        ("", Some("ref")) => "refund",
        (kind, _) => kind,
    }
}

/// Only money that came is believed from a hook; everything else is asked for.
fn succeeded(report: Option<Report>) -> Option<Report> {
    report.filter(|r| matches!(r.found, Found::Succeeded(_)))
}

fn reference_of(subject: &Object<'_>) -> Option<String> {
    let ours = read::reference(&[*subject]);
    ours.or_else(|| subject.text("/external_reference_number"))
}

/// A word of the notes that we write: our refund's id, then our payment's reference.
fn noted(refund: &Object<'_>, at: usize) -> Option<String> {
    let notes = refund.text("/notes")?;
    notes.split_whitespace().nth(at).map(str::to_owned)
}

fn payment(subject: &Object<'_>, reference: Option<String>, report: Option<Report>) -> HookAbout {
    let of_payment = subject.id.starts_with("pay_");
    let provider_ref = if of_payment {
        read::parent(subject)
    } else {
        Some(subject.id.to_owned())
    };
    if reference.is_none() && provider_ref.is_none() {
        return HookAbout::Nothing("it names no payment of ours".to_owned());
    }
    HookAbout::Payment {
        reference,
        claims: Claims {
            provider_ref,
            receipt: of_payment.then(|| subject.id.to_owned()),
            amount: subject.money(),
        },
        report,
    }
}
