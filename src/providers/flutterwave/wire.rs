//! What Flutterwave's answers say: units, envelopes, refusals, transactions and refunds.
use crate::domain::payment::{Failure, FailureCode, PaymentStatus};
use crate::domain::{Currency, Money};
use crate::providers::http::{Answer, text};
use crate::providers::{Charge, Found, ProviderError, RefundFound, RefundReport, Report};
use serde_json::{Number, Value};

pub(super) fn unknown(said: impl Into<String>) -> ProviderError {
    ProviderError::Unknown(said.into())
}

/// The amount in major units, as an exact JSON number: `2500`, `2500.5`.
/// `None` where no such number carries it exactly.
/// Source: v3 docs, Standard, parameter `amount`; all amounts of v3 are major units.
pub(super) fn to_major(amount: Money) -> Option<Number> {
    let plain = amount.to_major_string();
    let short = match plain.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) => plain.trim_end_matches('0'),
        None => &plain,
    };
    let number: Number = serde_json::from_str(short).ok()?;
    (from_major(&number.to_string(), amount.currency) == Some(amount)).then_some(number)
}

/// Our amount of a decimal in major units; `None` for anything but plain digits, and where our
/// minor unit cannot carry it exactly.
pub(super) fn from_major(written: &str, currency: Currency) -> Option<Money> {
    let plain = written.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain
        .then(|| Money::parse_major(written, currency).ok())
        .flatten()
}

/// The numeric id of a transaction or refund: a JSON number, in lists a text of digits.
pub(super) fn number_of(written: &str) -> Option<&str> {
    let digits = !written.is_empty() && written.bytes().all(|b| b.is_ascii_digit());
    (digits && written.len() <= 20).then_some(written)
}

pub(super) fn id(value: &Value, pointer: &str) -> Option<String> {
    text(value, pointer).filter(|written| number_of(written).is_some())
}

/// The `data` of an answer that says `status: success`, or what the refusal means.
pub(super) fn data(answer: &Answer) -> Result<Value, ProviderError> {
    let body = answer.json().filter(Value::is_object);
    if let Some(mut body) = body
        && answer.is_success()
        && body["status"] == "success"
    {
        return Ok(body["data"].take());
    }
    Err(refusal(answer))
}

/// Whether an answer is Flutterwave's own "no": an envelope that says `error`, with a status under
/// which nothing was done. A 503 with the same envelope may come after the effect (v3 docs,
/// "Handling error timeouts").
fn refused(answer: &Answer) -> Option<String> {
    let settled = answer.is_success() || (400..500).contains(&answer.status);
    let body = answer.json()?;
    let says_no = matches!(body["status"].as_str(), Some("error" | "failed" | "fail"));
    (settled && says_no && !matches!(answer.status, 408 | 409))
        .then(|| text(&body, "/message").unwrap_or_else(|| answer.words()))
}

/// What an answer other than `success` means. v3 has no stable codes, so the HTTP status and the
/// message decide (v3 docs, Errors). A conflict is about something that exists: we ask.
fn refusal(answer: &Answer) -> ProviderError {
    match answer.status {
        429 => return ProviderError::Unavailable(answer.words()),
        401 | 403 => {
            return ProviderError::Misconfigured(format!("secret_key: {}", answer.words()));
        }
        _ => {}
    }
    let Some(message) = refused(answer) else {
        return unknown(answer.words());
    };
    let words = message.to_lowercase();
    let says = |part: &str| words.contains(part);
    let any = |parts: &[&str]| parts.iter().any(|part| says(part));
    if any(&["secret key", "authorization", "unauthorized", "api key"]) {
        ProviderError::Misconfigured(format!("secret_key: {message}"))
    } else if says("duplicate") || any(&["tx_ref", "reference"]) && any(&["exist", "already"]) {
        // Our own first call arrived: only asking tells what became of it.
        unknown(message)
    } else if says("currency") && any(&["not supported", "not enabled", "not allowed", "invalid"])
        || says("merchant") && any(&["not enabled", "not approved", "disabled", "not allowed"])
    {
        ProviderError::Misconfigured(message)
    } else if says("amount") && any(&LIMIT_WORDS) {
        ProviderError::declined(FailureCode::AmountLimit, message)
    } else {
        ProviderError::declined(FailureCode::Declined, message)
    }
}

const LIMIT_WORDS: [&str; 6] = ["above", "below", "at least", "minimum", "maximum", "limit"];

/// The cause of a refused or failed refund. Flutterwave publishes no list of texts; these words are
/// UNVERIFIED, from its docs ("available balance") and public adapters, and any other text is
/// `declined`.
pub(super) fn refund_cause(message: &str) -> FailureCode {
    let words = message.to_lowercase();
    let any = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if any(&["insufficient", "balance"]) {
        FailureCode::MerchantBalanceLow
    } else if any(&["already", "fully refunded"]) {
        FailureCode::AlreadyRefunded
    } else if any(&["too old", "time limit", "window"]) {
        FailureCode::RefundTooLate
    } else if any(&[
        "greater",
        "exceed",
        "more than",
        "no transaction",
        "not found",
    ]) || any(&["not refundable", "cannot be refunded", "not successful"])
    {
        FailureCode::NotRefundable
    } else if any(&LIMIT_WORDS) {
        FailureCode::AmountLimit
    } else {
        FailureCode::Declined
    }
}

/// Whether a refusal says that nobody has paid under this id or reference: "No transaction was
/// found for this id". Reports differ on its HTTP status (UNVERIFIED), so the text decides.
pub(super) fn says_no_transaction(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 400 | 404)
        && refused(answer).is_some_and(|m| {
            let m = m.to_lowercase();
            answer.status == 404
                || m.contains("no transaction")
                || m.contains("transaction") && m.contains("not found")
        })
}

/// Whether a refusal says that there is no such refund. UNVERIFIED wording.
pub(super) fn says_no_refund(answer: &Answer) -> bool {
    let about = |words: &str| {
        words.contains("refund") && (words.contains("no ") || words.contains("not found"))
    };
    matches!(answer.status, 200 | 400 | 404)
        && refused(answer).is_some_and(|m| about(&m.to_lowercase()))
}

/// Whether a link is off already. Source: v3 docs, Standard, "Disabling payment links".
pub(super) fn says_inactive(answer: &Answer) -> bool {
    refused(answer).is_some_and(|m| m.to_lowercase().contains("inactive"))
}

/// The status of a transaction, as one word.
pub(super) fn status(data: &Value) -> Option<String> {
    let status = text(data, "/status")?;
    Some(status.to_lowercase().replace([' ', '_'], "-"))
}

/// The money of a transaction that succeeded. `amount` is what we asked for; `charged_amount` has
/// the fee on top where the payer bears it, so it is not compared. Less charged than asked is told
/// as it is: then the amounts differ (R6).
fn charge(data: &Value) -> Option<Charge> {
    let currency = Currency::parse(&text(data, "/currency")?.to_uppercase())?;
    let amount = from_major(&text(data, "/amount")?, currency)?;
    let charged = text(data, "/charged_amount").and_then(|c| from_major(&c, currency));
    let amount = match charged {
        Some(charged) if charged.minor < amount.minor => charged,
        _ => amount,
    };
    Some(Charge {
        amount,
        // The answer does not tell apart what was asked and what came.
        asked: None,
        // v3 docs, Transaction verification: the amount is "greater than or equal to" ours.
        payer_may_bear_fee: true,
        reference: text(data, "/tx_ref"),
        // v3 has no mode in its answers: the key that asked implies it.
        test_mode: None,
    })
}

/// Reads a transaction of verify. Its status is that of one attempt: the page stays open after one
/// that failed, and the next has another id (v3 docs, Standard, "What if the payment fails").
pub(super) fn report(data: &Value) -> Result<Report, ProviderError> {
    let Some(status) = status(data) else {
        return Err(unknown("the transaction has no status"));
    };
    let found = match status.as_str() {
        "successful" => {
            let charge = charge(data)
                .ok_or_else(|| unknown("the amount or currency of the charge cannot be read"))?;
            Found::Succeeded(charge)
        }
        "failed" | "cancelled" | "success-pending-validation" | "pending-auth" => {
            Found::Open(PaymentStatus::RequiresAction)
        }
        "pending" => Found::Open(PaymentStatus::Processing),
        _ => Found::Open(PaymentStatus::Pending),
    };
    let paid = matches!(found, Found::Succeeded(_));
    Ok(Report {
        found,
        provider_ref: None,
        receipt: id(data, "/id").filter(|_| paid),
        said: match text(data, "/processor_response") {
            Some(words) => format!("{status}: {words}"),
            None => status,
        },
    })
}

/// A field of a refund: the create call writes `amount_refunded`, lists and hooks
/// `AmountRefunded`.
fn either(row: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| text(row, name))
}

pub(super) fn transaction_of(row: &Value) -> Option<String> {
    either(row, &["/tx_id", "/TransactionId", "/transaction_id"])
}

pub(super) fn comments(row: &Value) -> Option<String> {
    either(row, &["/comments", "/Comments", "/comment"])
}

/// What we write into `comments`, by which lists and hooks find our refund and its payment.
pub(super) fn comment(refund: &str, payment: &str) -> String {
    format!("Refund {refund} of {payment}")
}

pub(super) fn words(comments: &str) -> impl Iterator<Item = &str> {
    comments.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
}

/// Our refund's id and our payment's reference, from a comment of ours.
pub(super) fn commented(comments: &str) -> (Option<String>, Option<String>) {
    let mut words = words(comments).filter(|word| !word.is_empty());
    let refund = words.find(|word| word.starts_with("ref_"));
    let payment = refund
        .and_then(|_| words.next().filter(|word| *word == "of"))
        .and_then(|_| words.next());
    (refund.map(str::to_owned), payment.map(str::to_owned))
}

pub(super) fn refunded(row: &Value, currency: Currency) -> Option<Money> {
    let written = either(row, &["/amount_refunded", "/AmountRefunded"])?;
    from_major(&written, currency)
}

/// `meta.disburse_status`; `meta` is an object, in lists and hooks a text of JSON.
fn disbursed(row: &Value) -> Option<String> {
    let meta = match row.get("meta")? {
        Value::String(written) => serde_json::from_str(written).ok()?,
        other => other.clone(),
    };
    text(&meta, "/disburse_status").map(|s| s.to_lowercase())
}

/// The state of a refund and what tells one piece of news about it from another.
pub(super) fn refund_status(row: &Value) -> Option<(String, Option<String>)> {
    let status = text(row, "/status")?;
    Some((status.to_lowercase(), disbursed(row)))
}

/// Reads a refund. A plain `completed` says that it was taken on, not that it was paid out
/// (v3 docs, Refunds); one in another amount than ours waits for a person.
pub(super) fn refund_report(row: &Value, wanted: Money) -> Result<RefundReport, ProviderError> {
    let (Some(id), Some((status, disbursed))) = (id(row, "/id"), refund_status(row)) else {
        return Err(unknown("the refund has no id or status"));
    };
    let mut said = match &disbursed {
        Some(paid_out) => format!("{status}, disbursement {paid_out}"),
        None => status.clone(),
    };
    let found = match (status.as_str(), disbursed.as_deref()) {
        ("failed", _) | (_, Some("failed")) => RefundFound::Failed(Failure {
            code: FailureCode::Declined,
            message: said.clone(),
        }),
        // `complete`: "general status for completed refunds" (docs, Refunds, statuses).
        (
            "completed-mpgs"
            | "completed-bank-transfer"
            | "completed-momo"
            | "completed-offline"
            | "completed-preauth"
            | "complete",
            _,
        )
        | ("completed", Some("successful" | "success" | "completed")) => RefundFound::Succeeded,
        _ => RefundFound::Pending,
    };
    let given = refunded(row, wanted.currency);
    let found = if given.is_none_or(|given| given == wanted) {
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
