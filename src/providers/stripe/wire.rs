//! What Stripe's answers say: refusals, sessions, payment intents and refunds.
use super::codes;
use super::units::{from_wire, to_wire};
use crate::domain::payment::{Failure, FailureCode, PaymentStatus};
use crate::domain::{Currency, Money};
use crate::providers::http::{Answer, text};
use crate::providers::{Charge, Found, ProviderError, RefundFound, RefundReport, Report};
use serde_json::Value;

pub fn unknown(said: impl Into<String>) -> ProviderError {
    ProviderError::Unknown(said.into())
}

/// Stripe's words, short, and without what looks like an e-mail address: it repeats a wrong one.
fn bounded(words: &str) -> String {
    let plain = words
        .split_whitespace()
        .map(|word| if word.contains('@') { "[e-mail]" } else { word });
    let line = plain.collect::<Vec<_>>().join(" ");
    line.chars().take(200).collect()
}

/// An answer in words, without anything of an object that it may hold.
pub fn words(answer: &Answer) -> String {
    let Some(body) = answer.json() else {
        return answer.words();
    };
    let message = text(&body, "/error/message");
    let message = message.map_or_else(|| "not what was asked for".to_owned(), |m| bounded(&m));
    format!("HTTP {}: {message}", answer.status)
}

/// The object that an answer is, or what the refusal means.
pub fn object(answer: &Answer) -> Result<Value, ProviderError> {
    match answer.json() {
        Some(body) if answer.is_success() && body.is_object() && body.get("error").is_none() => {
            Ok(body)
        }
        _ => Err(refusal(answer)),
    }
}

/// The rows of a list and whether more follow.
pub fn list(answer: &Answer) -> Result<(Vec<Value>, bool), ProviderError> {
    let mut body = object(answer)?;
    let more = body["has_more"].as_bool() == Some(true);
    match body["data"].take() {
        Value::Array(rows) => Ok((rows, more)),
        _ => Err(unknown("the list is not a list")),
    }
}

/// What an answer other than the object means.
/// Source: API reference, Errors (HTTP status code summary) and Idempotent requests.
pub fn refusal(answer: &Answer) -> ProviderError {
    let words = words(answer);
    let body = answer.json().unwrap_or_default();
    let Some(error) = body.get("error").filter(|e| e.is_object()) else {
        return match answer.status {
            401 | 403 => ProviderError::Misconfigured(format!("secret_key: {words}")),
            429 => ProviderError::Unavailable(words),
            _ => unknown(words),
        };
    };
    let part = |pointer| text(error, pointer).unwrap_or_default();
    let (kind, code, message) = (part("/type"), part("/code"), part("/message"));
    match answer.status {
        401 | 403 => ProviderError::Misconfigured(format!("secret_key: {words}")),
        // Too many requests at once, or the object is locked by another: not processed.
        429 => ProviderError::Unavailable(words),
        // Our own first call arrived, or is still under way: only asking tells what became of it.
        _ if kind == "idempotency_error" || code.starts_with("idempotency") => unknown(words),
        400 | 402 | 404 if codes::is_settings(&code) => ProviderError::Misconfigured(words),
        400 | 402 | 404 if kind != "api_error" => {
            let code = declined_as(&part("/decline_code"), &code, &message);
            let message = if message.is_empty() {
                words
            } else {
                bounded(&message)
            };
            ProviderError::declined(code, message)
        }
        _ => unknown(words),
    }
}

/// The closest cause of a refusal. A decline code is closer than an error code; a refund above what
/// is left comes without either, so that its words decide.
fn declined_as(decline_code: &str, code: &str, message: &str) -> FailureCode {
    let closest = if decline_code.is_empty() {
        code
    } else {
        decline_code
    };
    let found = codes::failure(closest);
    let words = message.to_lowercase();
    match found {
        FailureCode::Declined if words.contains("greater than unrefunded amount") => {
            FailureCode::NotRefundable
        }
        FailureCode::Declined if words.contains("has already been refunded") => {
            FailureCode::AlreadyRefunded
        }
        FailureCode::Declined if decline_code != code && !code.is_empty() => codes::failure(code),
        found => found,
    }
}

/// Whether an answer says that Stripe has no such object. With a key of the other mode, too.
pub fn says_missing(answer: &Answer) -> bool {
    let Some(body) = answer.json().filter(|_| answer.status == 404) else {
        return false;
    };
    text(&body, "/error/code").is_some_and(|code| code == "resource_missing")
        || text(&body, "/error/message").is_some_and(|m| m.starts_with("No such"))
}

/// An amount of an object in our minor units. The currency stands beside it in lower case.
fn money(object: &Value, pointer: &str) -> Option<Money> {
    let currency = Currency::parse(&text(object, "/currency")?.to_uppercase())?;
    let wire = text(object, pointer)?.parse().ok()?;
    from_wire(wire, currency)
}

/// Our reference as an object carries it. Sessions have a field of their own for it.
pub fn reference(object: &Value) -> Option<String> {
    ["/client_reference_id", "/metadata/reference"]
        .iter()
        .find_map(|pointer| text(object, pointer))
}

/// The id of something that is an object where it was expanded, and else a string.
pub fn id_of(object: &Value, pointer: &str) -> Option<String> {
    text(object, pointer).or_else(|| text(object, &format!("{pointer}/id")))
}

fn test_mode(object: &Value) -> Option<bool> {
    object["livemode"].as_bool().map(|live| !live)
}

/// Why the last try with a payment intent failed.
fn last_error(intent: &Value) -> Option<Failure> {
    let error = intent.get("last_payment_error").filter(|e| e.is_object())?;
    let part = |pointer| text(error, pointer).unwrap_or_default();
    let (decline_code, code) = (part("/decline_code"), part("/code"));
    let message = bounded(&part("/message"));
    let named = [&decline_code, &code].into_iter().find(|c| !c.is_empty());
    Some(Failure {
        code: declined_as(&decline_code, &code, &message),
        message: match named {
            Some(named) => format!("{named}: {message}"),
            None => message,
        },
    })
}

fn failed(intent: &Value, otherwise: &str) -> Failure {
    last_error(intent).unwrap_or_else(|| Failure {
        code: FailureCode::Declined,
        message: otherwise.to_owned(),
    })
}

/// The money of a session that is paid. What the intent received is told where it was expanded and
/// is in the session's currency; what the payer saw after a conversion is elsewhere and not ours.
fn charge(session: &Value) -> Option<Charge> {
    let asked = money(session, "/amount_total")?;
    let intent = &session["payment_intent"];
    let received = money(intent, "/amount_received")
        .filter(|m| m.currency == asked.currency && m.minor > 0)
        .unwrap_or(asked);
    Some(Charge {
        amount: received,
        asked: Some(asked),
        payer_may_bear_fee: false,
        reference: reference(session),
        test_mode: test_mode(session),
    })
}

/// Reads a session, from an answer or from a signed hook. A session that is open is never failed:
/// the customer may try again on its page.
/// Source: API reference, Checkout Session object, `status` and `payment_status`.
pub fn session(session: &Value) -> Result<Report, ProviderError> {
    let (Some(id), Some(paid)) = (text(session, "/id"), text(session, "/payment_status")) else {
        return Err(unknown("the session has no id or payment_status"));
    };
    let status = text(session, "/status").unwrap_or_default();
    let intent = &session["payment_intent"];
    let step = text(intent, "/status").unwrap_or_default();
    let mut said = format!("session {status}, {paid}");
    if !step.is_empty() {
        said = format!("{said}, intent {step}");
    }
    if let Some(failure) = last_error(intent) {
        said = format!("{said}: {}", failure.message);
    }
    let found = match (status.as_str(), paid.as_str(), step.as_str()) {
        (_, "paid" | "no_payment_required", _) => {
            let charge = charge(session)
                .ok_or_else(|| unknown("the amount or currency of the session cannot be read"))?;
            Found::Succeeded(charge)
        }
        ("open" | "complete", _, "processing" | "requires_capture" | "succeeded") => {
            Found::Open(PaymentStatus::Processing)
        }
        ("open", ..) | ("complete", _, "requires_action" | "requires_confirmation") => {
            Found::Open(PaymentStatus::RequiresAction)
        }
        ("complete", _, "requires_payment_method" | "canceled") => {
            Found::Failed(failed(intent, "the payment failed after the page was left"))
        }
        ("complete", ..) => Found::Open(PaymentStatus::Processing),
        ("expired", ..) => Found::Expired(Failure {
            code: FailureCode::Expired,
            message: said.clone(),
        }),
        _ => Found::Open(PaymentStatus::Pending),
    };
    let paid = matches!(found, Found::Succeeded(_));
    Ok(Report {
        found,
        provider_ref: Some(id),
        receipt: id_of(session, "/payment_intent").filter(|_| paid),
        said,
    })
}

/// Reads a payment intent that is all that is known of a payment.
/// Source: API reference, Payment Intent object, `status`.
pub fn intent(intent: &Value) -> Result<Report, ProviderError> {
    let (Some(id), Some(status)) = (text(intent, "/id"), text(intent, "/status")) else {
        return Err(unknown("the payment intent has no id or status"));
    };
    let why = last_error(intent).map(|f| format!(": {}", f.message));
    let said = format!("intent {status}{}", why.unwrap_or_default());
    let found = match status.as_str() {
        "succeeded" => {
            let amounts = money(intent, "/amount_received").zip(money(intent, "/amount"));
            let (amount, asked) = amounts
                .ok_or_else(|| unknown("the amount or currency of the intent cannot be read"))?;
            Found::Succeeded(Charge {
                amount,
                asked: Some(asked),
                payer_may_bear_fee: false,
                reference: reference(intent),
                test_mode: test_mode(intent),
            })
        }
        "canceled" => Found::Cancelled(failed(intent, "the payment intent was cancelled")),
        "processing" | "requires_capture" => Found::Open(PaymentStatus::Processing),
        // On the page the customer may try again after a failed try.
        "requires_payment_method" | "requires_confirmation" | "requires_action" => {
            Found::Open(PaymentStatus::RequiresAction)
        }
        _ => Found::Open(PaymentStatus::Pending),
    };
    let paid = matches!(found, Found::Succeeded(_));
    Ok(Report {
        found,
        provider_ref: None,
        receipt: Some(id).filter(|_| paid),
        said,
    })
}

/// Reads a refund. One that Stripe gives back in another amount waits for a person.
/// Source: API reference, Refund object, `status`; "succeeded" can still become "failed".
pub fn refund(refund: &Value, wanted: Money) -> Result<RefundReport, ProviderError> {
    let (Some(id), Some(status)) = (text(refund, "/id"), text(refund, "/status")) else {
        return Err(unknown("the refund has no id or status"));
    };
    let reason = ["/failure_reason", "/pending_reason"]
        .iter()
        .find_map(|pointer| text(refund, pointer))
        .unwrap_or_default();
    let mut said = status.clone();
    if !reason.is_empty() {
        said = format!("{status}: {reason}");
    }
    let found = match status.as_str() {
        "succeeded" => RefundFound::Succeeded,
        "failed" | "canceled" => RefundFound::Failed(Failure {
            code: codes::refund_failure(&reason),
            message: said.clone(),
        }),
        "requires_action" => {
            said.push_str(": Stripe asks the payer for bank details, by e-mail");
            RefundFound::Pending
        }
        _ => RefundFound::Pending,
    };
    let currency = text(refund, "/currency").map(|c| c.to_uppercase());
    let same = text(refund, "/amount").is_none_or(|a| a.parse().ok() == to_wire(wanted))
        && currency.is_none_or(|c| c == wanted.currency.code());
    let found = if same {
        found
    } else {
        said.push_str(": the amount is not the one that was asked; a person must look");
        RefundFound::Pending
    };
    Ok(RefundReport {
        found,
        provider_ref: Some(id),
        said,
    })
}
