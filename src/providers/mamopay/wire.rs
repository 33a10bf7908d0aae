//! Mamo's wire: amounts, answers, refusals, links and charges.
use crate::domain::payment::{Failure, FailureCode, PaymentStatus};
use crate::domain::{Currency, Money};
use crate::providers::http::{Answer, text};
use crate::providers::{Charge, Found, ProviderError};
use serde_json::{Number, Value};

pub fn unknown(said: impl Into<String>) -> ProviderError {
    ProviderError::Unknown(said.into())
}

/// Major units as an exact JSON number with at most two decimals: 10, 10.5, 119.99. `None` where
/// a number cannot carry the amount exactly.
/// Source: mamopay.readme.io, `post_links`, field `amount` (AED 119.99).
pub fn to_number(amount: Money) -> Option<Number> {
    if amount.minor <= 0 || amount.currency.exponent() != 2 {
        return None;
    }
    let (whole, fraction) = amount.split();
    let fraction = fraction.trim_end_matches('0');
    let written = if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{fraction}")
    };
    let number: Number = written.parse().ok()?;
    (from_value(&number.clone().into(), amount.currency) == Some(amount)).then_some(number)
}

/// Reads major units, which come as a number (33.99, 390.0) or as a text ("0.0").
pub fn from_value(value: &Value, currency: Currency) -> Option<Money> {
    let written = text(value, "")?;
    let money = Money::parse_major(&written, currency).ok()?;
    // Beyond this a number of the wire may have lost digits.
    (money.minor <= Money::MOST_MINOR).then_some(money)
}

/// The currency that an object tells.
pub fn currency_of(object: &Value) -> Option<Currency> {
    Currency::parse(&text(object, "/amount_currency")?.to_uppercase())
}

/// The JSON object of an answer that took the call, or what the refusal means. The documentation
/// says 200 where 201 is seen, so any 2xx counts.
pub fn object(answer: &Answer) -> Result<Value, ProviderError> {
    match answer.json() {
        Some(body) if answer.is_success() && body.is_object() => Ok(body),
        _ => Err(refusal(answer)),
    }
}

/// The object that was asked for by its id; `None` where Mamo says that it has no such record.
pub fn lookup(answer: &Answer) -> Result<Option<Value>, ProviderError> {
    if answer.status == 404 {
        let body = answer.json().unwrap_or_default();
        let no_record = text(&body, "/error_code").as_deref() == Some("RECORD_NOT_FOUND")
            || sentence(&body).is_some_and(|s| s.to_lowercase().contains("not found"));
        // Another 404 is the address of something else than Mamo.
        return if no_record {
            Ok(None)
        } else {
            Err(unknown(answer.words()))
        };
    }
    object(answer).map(Some)
}

/// The rows of one page of a list, and what it says of the others.
pub fn page(answer: &Answer) -> Result<(Vec<Value>, Value), ProviderError> {
    let mut body = object(answer)?;
    let meta = body["pagination_meta"].take();
    match body["data"].take() {
        Value::Array(rows) if rows.iter().all(Value::is_object) => Ok((rows, meta)),
        _ => Err(unknown(answer.words())),
    }
}

/// The rows of the list that is a bare array: the webhooks.
pub fn array(answer: &Answer) -> Result<Vec<Value>, ProviderError> {
    match answer.json() {
        Some(Value::Array(rows)) if answer.is_success() && rows.iter().all(Value::is_object) => {
            Ok(rows)
        }
        Some(Value::Object(_)) if answer.is_success() => page(answer).map(|(rows, _)| rows),
        _ => Err(refusal(answer)),
    }
}

/// What an answer that brought nothing means. Bodies are read defensively: `messages`, `errors`
/// as an array or an object, `error`.
/// Source: mamopay.readme.io, 403, 404 and 422 of each page; 400 has no documented body.
pub fn refusal(answer: &Answer) -> ProviderError {
    match answer.status {
        429 => return ProviderError::Unavailable(answer.words()),
        // A bad key is answered 403, not 401.
        401 | 403 => return ProviderError::Misconfigured(format!("api_key: {}", answer.words())),
        400 | 402 | 404..=407 | 409..=428 => {}
        // A type that does not fit is answered 500 too, but so is a fault after the effect.
        _ => return unknown(answer.words()),
    }
    let body = answer.json().unwrap_or_default();
    match sentence(&body) {
        Some(said) => ProviderError::declined(refused_for(&said), said),
        None if answer.status == 400 && answer.body.is_empty() => {
            ProviderError::declined(FailureCode::Declined, answer.words())
        }
        // Not Mamo's own form: somebody between us may have said it.
        None => unknown(answer.words()),
    }
}

/// Mamo's words for a refusal, at most 200 characters.
fn sentence(body: &Value) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(messages) = body["messages"].as_array() {
        let told = messages.iter().filter_map(Value::as_str);
        parts.extend(told.filter(|m| *m != "See errors").map(str::to_owned));
    }
    match &body["errors"] {
        Value::Array(errors) if parts.is_empty() => {
            parts.extend(errors.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        Value::Object(errors) if parts.is_empty() => {
            for (field, told) in errors {
                let told = match told {
                    Value::String(one) => one.clone(),
                    Value::Array(many) => {
                        let many: Vec<&str> = many.iter().filter_map(Value::as_str).collect();
                        many.join(", ")
                    }
                    _ => continue,
                };
                parts.push(format!("{field} {told}"));
            }
        }
        _ => {}
    }
    if parts.is_empty() {
        parts.extend(text(body, "/error").or_else(|| text(body, "/error_code")));
    }
    let said: String = parts.join("; ").chars().take(200).collect();
    (!said.trim().is_empty()).then_some(said)
}

/// The closest cause of a refused call, by its words: `error_code` tells only that it is refused.
/// Source: mamopay.readme.io, 422 of `post_links` and of the refund page.
fn refused_for(said: &str) -> FailureCode {
    let said = said.to_lowercase();
    let says = |part: &str| said.contains(part);
    if says("already") && says("refunded") {
        FailureCode::AlreadyRefunded
    } else if says("balance") || says("insufficient") {
        FailureCode::MerchantBalanceLow
    } else if says("can not refund") || says("cannot refund") || says("refund") {
        FailureCode::NotRefundable
    } else if says("amount") && (says("greater than") || says("less than")) {
        FailureCode::AmountLimit
    } else {
        FailureCode::Declined
    }
}

/// Why a charge failed. The codes in the second half of an arm are folded into the first.
/// Source: mamopay.readme.io, Transaction failure messages. A new code is a plain decline.
pub fn decline_code(code: &str) -> FailureCode {
    match code {
        "insufficient_funds" => FailureCode::InsufficientFunds,
        "authentication_failed"
        | "authentication_expired"
        | "payment_intent_authentication_failure" => FailureCode::AuthenticationFailed,
        "expired_card" => FailureCode::ExpiredCard,
        "invalid_card"
        | "invalid_expiry"
        | "incorrect_verification_code"
        | "cvv2_failure"
        | "invalid_amex_cvv" => FailureCode::CardDetailsWrong,
        "invalid_bin" | "not_supported_card" | "subscriptions_card_not_supported" => {
            FailureCode::CardNotSupported
        }
        "duplicate_payment" => FailureCode::RepeatedTooSoon,
        "retry_limit_exceeded" => FailureCode::PayerLimit,
        "tabby_minimum" => FailureCode::AmountLimit,
        "timeout" => FailureCode::ProviderUnavailable,
        // generic, issuer_declined, tabby_rejected, and what is folded into them:
        // generic_decline, try_again_later, transaction_not_allowed, rule, contact_card_issuer,
        // do_not_honor.
        _ => FailureCode::Declined,
    }
}

/// What a charge's `status` says. `error_code` stands on captured charges too, so it decides
/// nothing.
/// Source: mamopay.readme.io, `get_charges-chargeid`, `status`; the reverse page for `voided`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The money came; refunds tell where it went.
    Paid,
    Open(PaymentStatus),
    /// This try took nothing; the same link may still be paid.
    Failed,
    /// A hold was released.
    Voided,
}

pub fn standing(status: &str) -> Standing {
    match status {
        // Of a partial refund too; `partially_refunded` and `refund_failed` are not documented.
        "captured" | "refund_initiated" | "refunded" | "partially_refunded" | "refund_failed" => {
            Standing::Paid
        }
        "confirmation_required" => Standing::Open(PaymentStatus::RequiresAction),
        // UNVERIFIED: how the status of a hold is spelt. We ask for none.
        "processing" | "authorized" | "authorised" => Standing::Open(PaymentStatus::Processing),
        "failed" => Standing::Failed,
        "voided" => Standing::Voided,
        _ => Standing::Open(PaymentStatus::Pending),
    }
}

pub fn standing_of(charge: &Value) -> Standing {
    let status = text(charge, "/status").unwrap_or_default();
    standing(&status.to_lowercase())
}

/// Our reference on a link, a charge or a hook: `external_id`, or what `custom_data` echoes. The
/// documentation of a single charge shows `custom_data` alone.
pub fn reference_on(object: &Value) -> Option<String> {
    text(object, "/external_id").or_else(|| text(object, "/custom_data/payment_reference"))
}

/// Whether a charge that only a hook has named is of our payment.
pub fn is_ours(charge: &Value, reference: &str, link_id: Option<&str>) -> bool {
    let (told, link) = (reference_on(charge), text(charge, "/payment_link_id"));
    // One of both, and none against us.
    let same = |told: Option<String>, ours: Option<&str>| match (told, ours) {
        (Some(told), Some(ours)) => Some(told == ours),
        _ => None,
    };
    let verdicts = [same(told, Some(reference)), same(link, link_id)];
    verdicts.contains(&Some(true)) && !verdicts.contains(&Some(false))
}

/// The words of a charge for the timeline.
pub fn said_of(charge: &Value) -> String {
    let status = text(charge, "/status").unwrap_or_else(|| "no status".to_owned());
    if standing_of(charge) == Standing::Paid {
        return status;
    }
    let words = [text(charge, "/error_code"), text(charge, "/error_message")];
    let told = [Some(status), words[0].clone(), words[1].clone()];
    let line: Vec<String> = told.into_iter().flatten().collect();
    line.join(": ").chars().take(200).collect()
}

/// The money of a charge that was paid, with what the link asked for. `link` is `Null` where a
/// hook alone named the charge.
pub fn money(charge: &Value, link: &Value, reference: &str) -> Option<Charge> {
    // Charges in older answers leave the currency to their link.
    let currency = currency_of(charge).or_else(|| currency_of(link))?;
    let asked = currency_of(link).and_then(|c| from_value(&link["amount"], c));
    let told = [reference_on(charge), reference_on(link)];
    let other = told.iter().flatten().find(|r| *r != reference);
    Some(Charge {
        amount: from_value(&charge["amount"], currency)?,
        asked,
        payer_may_bear_fee: false,
        reference: other.or_else(|| told.iter().flatten().next()).cloned(),
        // Neither object tells it; host and key decide.
        test_mode: None,
    })
}

/// What a link without a captured charge says. Its charges are the tries, in any order.
pub fn unpaid(link: &Value, charges: &[Value]) -> (Found, String) {
    let opens = charges.iter().map(|c| (c, standing_of(c)));
    for (charge, standing) in opens {
        if let Standing::Open(status) = standing {
            return (Found::Open(status), said_of(charge));
        }
    }
    let last = charges
        .iter()
        .max_by_key(|c| text(c, "/created_date").unwrap_or_default());
    let mut said = last.map_or_else(|| "nobody has tried to pay yet".to_owned(), said_of);
    if link["active"] != Value::Bool(false) {
        // The payer may try again on the same page.
        return (Found::Open(PaymentStatus::RequiresAction), said);
    }
    said = format!("the link is closed; {said}");
    let code = last
        .filter(|c| standing_of(c) == Standing::Failed)
        // Without a failed try: money that was under way at the closing is still asked after.
        .map_or(FailureCode::Expired, |c| {
            decline_code(&text(c, "/error_code").unwrap_or_default())
        });
    let message = said.clone();
    (Found::Cancelled(Failure { code, message }), said)
}
