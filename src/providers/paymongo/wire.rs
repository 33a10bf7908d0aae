//! How PayMongo's calls and answers look: the key, the `data` envelope, lists, refusals.
use super::super::http::{Answer, send, text};
use super::super::{Account, Call, ProviderError};
use crate::domain::account::Mode;
use crate::domain::payment::{Failure, FailureCode};
use crate::domain::{Currency, Money, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Rows of one page, the most that a list gives, and how many pages are read.
const PAGE: usize = 100;
const MAX_PAGES: usize = 20;
/// A row this much older than what is sought ends a list that is sorted.
const MARGIN_SECS: i64 = 3_600;

pub fn unknown(said: impl Into<String>) -> ProviderError {
    ProviderError::Unknown(said.into())
}

/// The secret key, refused before any call where it shows that it belongs to the other mode (R11)
/// or is the public one.
pub fn key(account: &Account) -> Result<&SecretString, ProviderError> {
    let key = account.credential("secret_key")?;
    let other = match account.mode {
        Mode::Test => "sk_live_",
        Mode::Live => "sk_test_",
    };
    let shown = key.expose_secret();
    if shown.starts_with(other) {
        let mode = account.mode.as_str();
        let message = format!("secret_key is not a key of the {mode} mode");
        return Err(ProviderError::Misconfigured(message));
    }
    if shown.starts_with("pk_") {
        let message = "secret_key holds a public key";
        return Err(ProviderError::Misconfigured(message.to_owned()));
    }
    Ok(key)
}

/// What a key shows of itself, for staff.
pub fn mode_of(key: &SecretString) -> &'static str {
    match key.expose_secret() {
        k if k.starts_with("sk_test_") => "a test key",
        k if k.starts_with("sk_live_") => "a live key",
        _ => "a key of no known mode",
    }
}

/// Basic auth with the key as the user and an empty password.
/// Source: PayMongo API reference, Authentication.
async fn sent(call: &Call<'_>, request: reqwest::RequestBuilder) -> Result<Answer, ProviderError> {
    let key = key(call.account)?.expose_secret();
    let request = request
        .basic_auth(key, Some(""))
        .header("accept", "application/json");
    send(request).await
}

pub async fn get(call: &Call<'_>, path: &str) -> Result<Answer, ProviderError> {
    sent(call, call.http.get(&call.url(path))).await
}

/// POST of attributes in the `data` envelope. The idempotency key is documented and was seen not
/// to be honoured, so nothing here relies on it.
pub async fn post(
    call: &Call<'_>,
    path: &str,
    attributes: Value,
    idempotency_key: Option<&str>,
) -> Result<Answer, ProviderError> {
    let body = json!({"data": {"attributes": attributes}});
    let mut request = call.http.post(&call.url(path)).json(&body);
    if let Some(key) = idempotency_key {
        request = request.header("idempotency-key", key);
    }
    sent(call, request).await
}

/// POST without a body.
pub async fn act(call: &Call<'_>, path: &str) -> Result<Answer, ProviderError> {
    let request = call.http.post(&call.url(path));
    sent(call, request.header("content-length", "0")).await
}

/// A resource: `{"id", "type", "attributes"}`, sometimes wrapped in `data` once more.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub at: &'a Value,
}

impl<'a> Object<'a> {
    pub fn of(value: &'a Value) -> Option<Self> {
        let value = match value.get("data") {
            Some(inner) if inner.is_object() => inner,
            _ => value,
        };
        Some(Self {
            id: value.get("id")?.as_str().filter(|id| !id.is_empty())?,
            kind: value
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default(),
            at: value.get("attributes").filter(|a| a.is_object())?,
        })
    }

    /// The resources of a list inside a resource.
    pub fn list(value: &'a Value) -> impl Iterator<Item = Self> {
        value.as_array().into_iter().flatten().filter_map(Self::of)
    }

    pub fn text(&self, pointer: &str) -> Option<String> {
        text(self.at, pointer)
    }

    pub fn status(&self) -> &'a str {
        self.at
            .get("status")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub fn livemode(&self) -> Option<bool> {
        self.at.get("livemode").and_then(Value::as_bool)
    }

    /// The amount in centavos with its currency, exactly.
    pub fn money(&self) -> Option<Money> {
        from_centavos(whole(self.at, "/amount")?, &self.text("/currency")?)
    }

    pub fn created_at(&self) -> Option<Timestamp> {
        let seconds = whole(self.at, "/created_at")?;
        Some(Timestamp::from_unix_ms(seconds.checked_mul(1_000)?))
    }
}

/// A whole number under a pointer, as a number or as text.
pub fn whole(value: &Value, pointer: &str) -> Option<i64> {
    let written = text(value, pointer)?;
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let even = fraction.bytes().all(|b| b == b'0');
    even.then(|| whole.parse().ok()).flatten()
}

/// An amount that PayMongo tells. It takes PHP alone from us; what it says of another currency
/// with two minor digits is told as it is, so that it is found to be not ours (R6).
pub fn from_centavos(centavos: i64, currency: &str) -> Option<Money> {
    let currency = Currency::parse(&currency.to_uppercase())?;
    (currency.exponent() == 2).then(|| Money::new(centavos, currency))
}

/// The `data` of an answer that is a success, or what the refusal means.
pub fn data(answer: &Answer) -> Result<Value, ProviderError> {
    if !answer.is_success() {
        return Err(refusal(answer));
    }
    answer
        .json()
        .and_then(|mut body| body.get_mut("data").map(Value::take))
        .filter(|data| Object::of(data).is_some())
        .ok_or_else(|| unreadable(answer))
}

/// The rows of a list and whether there are more.
pub fn rows(answer: &Answer) -> Result<(Vec<Value>, bool), ProviderError> {
    if !answer.is_success() {
        return Err(refusal(answer));
    }
    let mut body = answer.json().ok_or_else(|| unreadable(answer))?;
    match body.get_mut("data").map(Value::take) {
        Some(Value::Array(rows)) => {
            let more = body.get("has_more").and_then(Value::as_bool);
            let more = more.unwrap_or(rows.len() >= PAGE);
            Ok((rows, more))
        }
        _ => Err(unreadable(answer)),
    }
}

/// A success that says nothing. Its body may hold the customer's name: it stays out of the words.
fn unreadable(answer: &Answer) -> ProviderError {
    unknown(format!("HTTP {}: the answer cannot be read", answer.status))
}

/// The rows that `ours` picks from a list, read from its beginning back to `since`. The order of
/// PayMongo's lists is not published: an old row ends the reading only while all rows before it
/// came newest first.
pub async fn listed(
    call: &Call<'_>,
    path: &str,
    since: Timestamp,
    ours: impl Fn(&Object<'_>) -> bool + Send,
) -> Result<Vec<Value>, ProviderError> {
    let mark = if path.contains('?') { '&' } else { '?' };
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let (mut after, mut last, mut sorted) = (String::new(), None, true);
    for _ in 0..MAX_PAGES {
        let answer = get(call, &format!("{path}{mark}limit={PAGE}{after}")).await?;
        let (rows, more) = rows(&answer)?;
        let end = rows.last().and_then(Object::of).map(|o| o.id.to_owned());
        for row in rows {
            let Some(object) = Object::of(&row) else {
                return Err(unknown("a row of the list cannot be read"));
            };
            if !seen.insert(object.id.to_owned()) {
                return Err(unknown("the list repeats itself"));
            }
            let made = object.created_at();
            sorted &= made.is_some() && last.is_none_or(|l| made <= l);
            last = Some(made);
            if ours(&object) {
                found.push(row);
            }
        }
        let past = |t: Timestamp| t.plus_secs(MARGIN_SECS) < since;
        let read_enough = sorted && last.flatten().is_some_and(past);
        match end {
            Some(id) if more && !read_enough => {
                after = format!("&after={}", super::super::http::segment(&id));
            }
            _ => return Ok(found),
        }
    }
    if found.is_empty() {
        return Err(unknown("the list is too long"));
    }
    Ok(found)
}

/// Whether PayMongo says that it has no such resource. An empty 404 means "no such route".
pub fn says_not_found(answer: &Answer) -> bool {
    answer.status == 404
        && first_error(answer)
            .is_some_and(|e| text(&e, "/code").as_deref() == Some("resource_not_found"))
}

fn first_error(answer: &Answer) -> Option<Value> {
    let body = answer.json()?;
    let error = body.get("errors")?.get(0)?;
    error.is_object().then(|| error.clone())
}

/// The codes of a refusal, the closer one first.
pub fn codes(answer: &Answer) -> (Option<String>, Option<String>) {
    let error = first_error(answer).unwrap_or_default();
    (text(&error, "/sub_code"), text(&error, "/code"))
}

/// What an answer other than a success means.
/// Source: PayMongo guides, "Errors" and "Rate limiting".
pub fn refusal(answer: &Answer) -> ProviderError {
    let error = first_error(answer);
    match (answer.status, error) {
        (429, _) => ProviderError::Unavailable(format!("HTTP 429: {}", words(answer))),
        (401 | 403, _) => ProviderError::Misconfigured(format!("secret_key: {}", words(answer))),
        (404, None) if answer.body.is_empty() => {
            ProviderError::Misconfigured("HTTP 404: PayMongo has no such address".to_owned())
        }
        (400..=499, Some(error)) if !matches!(answer.status, 408 | 409) => {
            refused(&error, words(answer))
        }
        _ => unknown(format!("HTTP {}: {}", answer.status, words(answer))),
    }
}

fn refused(error: &Value, message: String) -> ProviderError {
    let code = text(error, "/code").unwrap_or_default();
    let attribute = text(error, "/source/attribute").unwrap_or_default();
    if code.contains("idempoten") {
        // Our own first call arrived: only asking tells what became of it.
        return unknown(message);
    }
    // A way to pay that the account does not have is a matter of its settings.
    let ways = ["payment_method_allowed", "payment_method_types"];
    if ways.contains(&attribute.as_str()) {
        return ProviderError::Misconfigured(message);
    }
    let closer = text(error, "/sub_code");
    let code = closer
        .as_deref()
        .and_then(failure_code)
        .or_else(|| failure_code(&code));
    ProviderError::declined(code.unwrap_or(FailureCode::Declined), message)
}

/// PayMongo's own short words: code and detail of its first error, never the body.
fn words(answer: &Answer) -> String {
    let Some(error) = first_error(answer) else {
        return "no words".to_owned();
    };
    let parts = ["/code", "/sub_code", "/detail"].map(|p| text(&error, p));
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    short(&parts.join(": "))
}

/// One line of at most 200 characters.
pub fn short(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(200).collect()
}

/// The failure that a code means.
/// Source: PayMongo guides, "Card payment errors" (`sub_code`, `failed_code`), "Errors", and for
/// refunds the error maps of public integrations, which agree with each other.
pub fn failure_code(code: &str) -> Option<FailureCode> {
    use FailureCode as F;
    Some(match code {
        "generic_decline" | "do_not_honor" | "payment_refused" | "issuer_declined"
        | "call_card_issuer" | "processor_declined" | "acquirer_declined" | "unknown_error" => {
            F::Declined
        }
        "insufficient_funds" => F::InsufficientFunds,
        "amount_allowed_exceeded" | "credit_limit_exceeded" | "debit_card_usage_limit_exceeded" => {
            F::PayerLimit
        }
        "card_expired" => F::ExpiredCard,
        "card_number_invalid"
        | "cvc_invalid"
        | "cvc_incorrect"
        | "card_type_mismatch"
        | "avs_failed" => F::CardDetailsWrong,
        "card_not_supported"
        | "card_not_accepted"
        | "card_unauthorized"
        | "currency_not_supported_by_card_issuer" => F::CardNotSupported,
        "authentication_error" => F::AuthenticationFailed,
        "fraudulent"
        | "highest_risk_level"
        | "lost_card"
        | "stolen_card"
        | "pickup_card"
        | "restricted_card"
        | "blocked"
        | "processor_blocked"
        | "customer_blacklisted" => F::Blocked,
        "issuer_not_available"
        | "processing_error"
        | "processor_timeout"
        | "processor_unavailable"
        | "system_error"
        | "server_timeout"
        | "service_timeout" => F::ProviderUnavailable,
        "config_invalid_or_missing" | "merchant_configuration_invalid" => F::ProviderMisconfigured,
        "parameter_below_minimum" | "parameter_above_maximum" | "allowed_amount_exceeded" => {
            F::AmountLimit
        }
        "allowed_date_exceeded" => F::RefundTooLate,
        "available_balance_insufficient" => F::MerchantBalanceLow,
        _ => return None,
    })
}

/// Why a payment failed, from `failed_code` and `failed_message`.
pub fn failure(at: &Value) -> Failure {
    let code = ["/failed_code", "/sub_code", "/code"]
        .iter()
        .find_map(|p| text(at, p));
    let message = ["/failed_message", "/detail", "/message"]
        .iter()
        .find_map(|p| text(at, p));
    let known = code.as_deref().and_then(failure_code);
    let said: Vec<String> = [code, message].into_iter().flatten().collect();
    let message = if said.is_empty() {
        "PayMongo gives no cause".to_owned()
    } else {
        short(&said.join(": "))
    };
    Failure {
        code: known.unwrap_or(FailureCode::Declined),
        message,
    }
}
