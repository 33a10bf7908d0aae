//! How MTN is called and what its answers mean: keys and tokens of each product, errors, and the
//! states of payments and refunds.
use super::environments::{Environment, Errand, from_wire};
use crate::domain::account::Mode;
use crate::domain::payment::{Failure, FailureCode, PaymentStatus};
use crate::domain::{Currency, Money};
use crate::providers::http::{Answer, send, text};
use crate::providers::{
    AccessToken, Account, Call, Charge, Found, ProviderError, RefundFound, RefundReport, Report,
};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;

/// A token lives an hour; a new one is fetched this long before its end.
pub const TOKEN_SPARE_SECS: i64 = 300;
/// How long a call waits for a token, its own or somebody else's.
const TOKEN_WAIT: Duration = Duration::from_secs(20);

/// MTN's products: each has its own subscription key and its own tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    Collection,
    Disbursement,
}

impl Product {
    /// Its part of the path, and of the token store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Disbursement => "disbursement",
        }
    }

    /// The credentials that a refusal may be about.
    const fn fields(self) -> &'static str {
        match self {
            Self::Collection => "subscription_key, api_user or api_key",
            Self::Disbursement => {
                "disbursement_subscription_key, disbursement_api_user or disbursement_api_key"
            }
        }
    }
}

/// What a call to one product needs.
pub struct Keys<'a> {
    pub product: Product,
    user: &'a str,
    key: &'a str,
    subscription: &'a str,
    pub environment: &'static Environment,
}

/// A credential's value, where it is not blank.
pub fn given<'a>(account: &'a Account, field: &str) -> Option<&'a str> {
    let value = account.credentials.get(field)?.expose_secret().trim();
    (!value.is_empty()).then_some(value)
}

fn needed<'a>(account: &'a Account, field: &str) -> Result<&'a str, ProviderError> {
    given(account, field)
        .ok_or_else(|| ProviderError::Misconfigured(format!("the credential {field} is not set")))
}

/// The account's environment, refused before any call where it is of the other mode (R11).
fn environment(account: &Account) -> Result<&'static Environment, ProviderError> {
    let name = needed(account, "target_environment")?;
    let Some(environment) = Environment::find(name) else {
        let message = "target_environment is none of MTN's";
        return Err(ProviderError::Misconfigured(message.to_owned()));
    };
    if environment.is_sandbox() == (account.mode == Mode::Test) {
        return Ok(environment);
    }
    let mode = account.mode.as_str();
    let message = format!("target_environment {name} is not one of the {mode} mode");
    Err(ProviderError::Misconfigured(message))
}

impl<'a> Keys<'a> {
    /// For payments.
    ///
    /// # Errors
    /// [`ProviderError::Misconfigured`] naming the field.
    pub fn collection(account: &'a Account) -> Result<Self, ProviderError> {
        Ok(Self {
            product: Product::Collection,
            user: needed(account, "api_user")?,
            key: needed(account, "api_key")?,
            subscription: needed(account, "subscription_key")?,
            environment: environment(account)?,
        })
    }

    /// For refunds; `None` where the merchant has not subscribed to Disbursements. One API user
    /// may serve both products.
    ///
    /// # Errors
    /// [`ProviderError::Misconfigured`] naming the field.
    pub fn disbursement(account: &'a Account) -> Result<Option<Self>, ProviderError> {
        let Some(subscription) = given(account, "disbursement_subscription_key") else {
            return Ok(None);
        };
        let or = |own, shared| given(account, own).map_or_else(|| needed(account, shared), Ok);
        Ok(Some(Self {
            product: Product::Disbursement,
            user: or("disbursement_api_user", "api_user")?,
            key: or("disbursement_api_key", "api_key")?,
            subscription,
            environment: environment(account)?,
        }))
    }
}

/// A POST that asks MTN for something, under an id of ours.
pub struct Order<'a> {
    pub id: &'a str,
    pub callback: Option<&'a str>,
    pub body: &'a Value,
}

fn unknown(said: impl Into<String>) -> ProviderError {
    ProviderError::Unknown(said.into())
}

/// The shared token of the product, or a fresh one where there is none, it ends soon, or it is the
/// `refused` one. Nothing was asked of MTN yet, so no trouble here leaves anything unknown.
async fn token(
    call: &Call<'_>,
    keys: &Keys<'_>,
    refused: Option<&SecretString>,
) -> Result<SecretString, ProviderError> {
    let had = tokio::time::timeout(TOKEN_WAIT, shared_token(call, keys, refused)).await;
    let too_long = "no access token came in time".to_owned();
    had.unwrap_or(Err(ProviderError::Unavailable(too_long)))
}

async fn shared_token(
    call: &Call<'_>,
    keys: &Keys<'_>,
    refused: Option<&SecretString>,
) -> Result<SecretString, ProviderError> {
    let _guard = call.tokens.guard().await;
    if let Some(stored) = call.tokens.load(keys.product.as_str()).await {
        let bad = refused.is_some_and(|r| r.expose_secret() == stored.value.expose_secret());
        if !bad && stored.expires_at > call.now.plus_secs(TOKEN_SPARE_SECS) {
            return Ok(stored.value);
        }
    }
    ask_token(call, keys).await
}

/// Asks for a token and stores it, whatever is stored.
///
/// # Errors
/// [`ProviderError::Misconfigured`] or [`ProviderError::Unavailable`].
pub async fn fresh_token(call: &Call<'_>, keys: &Keys<'_>) -> Result<(), ProviderError> {
    let _guard = call.tokens.guard().await;
    ask_token(call, keys).await.map(|_| ())
}

/// POST with an empty body, whose length must be told: MTN answers 411 otherwise.
async fn ask_token(call: &Call<'_>, keys: &Keys<'_>) -> Result<SecretString, ProviderError> {
    let product = keys.product.as_str();
    let request = call
        .http
        .post(&call.url(&format!("/{product}/token/")))
        .basic_auth(keys.user, Some(keys.key))
        .header("Ocp-Apim-Subscription-Key", keys.subscription)
        .header("X-Target-Environment", keys.environment.name)
        .header(CONTENT_LENGTH, "0")
        .body("");
    let answer = send(request).await.map_err(|e| match e {
        ProviderError::Unknown(said) => ProviderError::Unavailable(said),
        other => other,
    })?;
    let body = answer.json().unwrap_or_default();
    if let Some(value) = text(&body, "/access_token")
        && answer.is_success()
    {
        let lifetime = text(&body, "/expires_in").and_then(|s| s.parse::<i64>().ok());
        let lifetime = lifetime.unwrap_or(3_600).clamp(0, 86_400);
        let token = AccessToken {
            value: value.into(),
            expires_at: call.now.plus_secs(lifetime),
        };
        call.tokens.save(product, &token).await;
        return Ok(token.value);
    }
    // A wrong user or key is `login_failed`, with 401 or 500.
    let login_failed = text(&body, "/error").is_some_and(|e| e == "login_failed");
    if login_failed || matches!(answer.status, 400 | 401 | 403) {
        let message = format!("{}: {}", keys.product.fields(), said(&answer));
        return Err(ProviderError::Misconfigured(message));
    }
    let message = if answer.is_success() {
        "the answer has no access token".to_owned()
    } else {
        format!("no access token: {}", said(&answer))
    };
    Err(ProviderError::Unavailable(message))
}

async fn once(
    call: &Call<'_>,
    keys: &Keys<'_>,
    token: &SecretString,
    path: &str,
    order: Option<&Order<'_>>,
) -> Result<Answer, ProviderError> {
    let url = call.url(path);
    let mut request = match order {
        None => call.http.get(&url),
        Some(order) => {
            let request = call.http.post(&url).header("X-Reference-Id", order.id);
            let request = request.header(CONTENT_TYPE, "application/json");
            request.body(order.body.to_string())
        }
    };
    // Without the header no callback comes; an empty one is refused.
    if let Some(url) = order.and_then(|o| o.callback) {
        request = request.header("X-Callback-Url", url);
    }
    let request = request
        .bearer_auth(token.expose_secret())
        .header("Ocp-Apim-Subscription-Key", keys.subscription)
        .header("X-Target-Environment", keys.environment.name);
    send(request).await
}

/// Calls a path with the product's shared token. What was refused for its token did nothing, so it
/// is sent once more with a fresh one and the same id; nothing else is ever repeated.
///
/// # Errors
/// Those of [`send`], and of fetching a token.
pub async fn ask(
    call: &Call<'_>,
    keys: &Keys<'_>,
    path: &str,
    order: Option<&Order<'_>>,
) -> Result<Answer, ProviderError> {
    let first = token(call, keys, None).await?;
    let answer = once(call, keys, &first, path, order).await?;
    let about_key = said(&answer).contains("subscription key");
    if answer.status != 401 || about_key {
        return Ok(answer);
    }
    let second = token(call, keys, Some(&first)).await?;
    once(call, keys, &second, path, order).await
}

/// The code and the words of an error, from the wallet or from the gateway before it. The body may
/// be empty or a page.
pub fn said(answer: &Answer) -> String {
    let body = answer.json().unwrap_or_default();
    let code = text(&body, "/code").or_else(|| text(&body, "/error"));
    let words = text(&body, "/message");
    if code.is_none() && words.is_none() {
        return answer.words().trim_end().to_owned();
    }
    let both = [code, words].into_iter().flatten().collect::<Vec<_>>();
    let line = both.join(": ");
    line.chars().take(200).collect()
}

fn code(answer: &Answer) -> String {
    let body = answer.json().unwrap_or_default();
    upper(&text(&body, "/code").unwrap_or_default())
}

/// Whether MTN's own software answered: JSON or nothing, and no page of something before it.
fn plain_answer(answer: &Answer) -> bool {
    answer.body.is_empty() || answer.json().is_some_and(|b| b.is_object())
}

/// Whether MTN refused an order for the host of its callback alone.
pub fn knows_no_callback_host(answer: &Answer) -> bool {
    answer.status != 202 && code(answer) == "INVALID_CALLBACK_URL_HOST"
}

/// Whether MTN has our id already: an earlier call of ours arrived.
pub fn is_duplicate(answer: &Answer) -> bool {
    let code = code(answer);
    let named = code.starts_with("RESOURCE_ALREADY_EXIST");
    answer.status == 409 && (named || code.is_empty() && plain_answer(answer))
}

/// Whether MTN has no such id. The gateway's own 404 (with a `statusCode`) is about the path.
pub fn is_missing(answer: &Answer) -> bool {
    let body = answer.json().unwrap_or_default();
    let of_path = body.get("statusCode").is_some();
    answer.status == 404 && plain_answer(answer) && !of_path
}

/// What a refusal to take an order means. Business refusals come as HTTP 500 with a code; only the
/// codes that say so clearly count, and whatever else goes wrong may have been processed.
pub fn refusal(answer: &Answer, keys: &Keys<'_>, errand: Errand) -> ProviderError {
    let said = said(answer);
    match answer.status {
        429 => return ProviderError::Unavailable(said),
        401 => return misconfigured(&format!("{}: {said}", keys.product.fields())),
        403 => return misconfigured(&said),
        400..=599 if plain_answer(answer) => {}
        _ => return unknown(said),
    }
    let code = code(answer);
    let of_refund = errand == Errand::Refund;
    match (answer.status, cause(&code, errand)) {
        // As errors, these two say only that no answer came.
        _ if matches!(
            code.as_str(),
            "INTERNAL_PROCESSING_ERROR" | "SERVICE_UNAVAILABLE"
        ) =>
        {
            unknown(said)
        }
        (_, Some(FailureCode::ProviderMisconfigured)) => misconfigured(&said),
        (_, Some(cause)) => ProviderError::declined(cause, said),
        // A refund's 400, and its 404 with a code, are about the payment that it names.
        (400, None) if of_refund => ProviderError::declined(FailureCode::NotRefundable, said),
        (404, None) if of_refund && !code.is_empty() => {
            ProviderError::declined(FailureCode::NotRefundable, said)
        }
        (400, None) => ProviderError::declined(FailureCode::Declined, said),
        (404 | 405 | 411 | 415, None) => misconfigured(&said),
        _ => unknown(said),
    }
}

fn misconfigured(said: &str) -> ProviderError {
    ProviderError::Misconfigured(said.to_owned())
}

/// What an error means that came when MTN was asked after something: no answer.
pub fn no_answer(answer: &Answer, keys: &Keys<'_>) -> ProviderError {
    match answer.status {
        401 => ProviderError::Misconfigured(format!("{}: {}", keys.product.fields(), said(answer))),
        403 => ProviderError::Misconfigured(said(answer)),
        429 => ProviderError::Unavailable(said(answer)),
        // The body of a success carries the payer's number.
        200..=299 => unknown("the answer has no status"),
        _ => unknown(said(answer)),
    }
}

fn upper(code: &str) -> String {
    code.trim().to_uppercase().replace([' ', '-'], "_")
}

/// Why a payment or refund failed, or was refused; `None` for a code that nobody has documented.
/// Source: MTN's community, failure reasons of the Open API; error codes of the collection and
/// disbursement specifications.
fn cause(code: &str, errand: Errand) -> Option<FailureCode> {
    let refund = errand == Errand::Refund;
    // The merchant pays a refund, so payer and payee change places.
    let either = |payment, of_refund| Some(if refund { of_refund } else { payment });
    match code {
        "APPROVAL_REJECTED" | "REJECTED" | "TRANSACTION_CANCELED" | "TRANSACTION_CANCELLED" => {
            either(FailureCode::CancelledByCustomer, FailureCode::Declined)
        }
        // Nobody entered the PIN within five minutes.
        "EXPIRED" | "COULD_NOT_PERFORM_TRANSACTION" => {
            either(FailureCode::NoResponse, FailureCode::Expired)
        }
        "NOT_ENOUGH_FUNDS" | "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED" => either(
            FailureCode::InsufficientFunds,
            FailureCode::MerchantBalanceLow,
        ),
        "PAYER_LIMIT_REACHED" => either(FailureCode::PayerLimit, FailureCode::MerchantLimit),
        "PAYEE_LIMIT_REACHED" => either(FailureCode::MerchantLimit, FailureCode::PayerLimit),
        "PAYER_NOT_FOUND" => either(
            FailureCode::PayerUnknown,
            FailureCode::ProviderMisconfigured,
        ),
        "PAYEE_NOT_FOUND" => either(
            FailureCode::ProviderMisconfigured,
            FailureCode::PayerUnknown,
        ),
        "SENDER_ACCOUNT_NOT_ACTIVE" => either(
            FailureCode::AccountLocked,
            FailureCode::ProviderMisconfigured,
        ),
        "PAYEE_NOT_ALLOWED_TO_RECEIVE" => {
            either(FailureCode::MerchantLimit, FailureCode::NotRefundable)
        }
        "PAYMENT_NOT_APPROVED" => Some(FailureCode::Declined),
        "NOT_ALLOWED"
        | "NOT_ALLOWED_TARGET_ENVIRONMENT"
        | "INVALID_CURRENCY"
        | "INVALID_CALLBACK_URL_HOST" => Some(FailureCode::ProviderMisconfigured),
        "SERVICE_UNAVAILABLE" => Some(FailureCode::ProviderUnavailable),
        _ => None,
    }
}

/// The reason of a failure, written as a code alone or as an object with words.
fn reason(body: &Value) -> (String, Option<String>) {
    let code = text(body, "/reason").or_else(|| text(body, "/reason/code"));
    let words = text(body, "/reason/message");
    (upper(&code.unwrap_or_default()), words)
}

fn failure(body: &Value, errand: Errand) -> Failure {
    let (code, words) = reason(body);
    let parts = ["FAILED", &code, words.as_deref().unwrap_or_default()];
    let parts: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    let message: String = parts.join(": ").chars().take(200).collect();
    let cause = cause(&code, errand).unwrap_or(FailureCode::Declined);
    Failure {
        code: cause,
        message,
    }
}

/// The amount and currency of a payment or refund, where both can be read.
pub fn amount(body: &Value) -> Option<Money> {
    let currency = Currency::parse(&text(body, "/currency")?.to_uppercase())?;
    from_wire(&text(body, "/amount")?, currency)
}

/// What the status of a request to pay says. The status is read first: a reason that is also an
/// error's code is final here.
///
/// # Errors
/// [`ProviderError::Unknown`] for what cannot be read.
pub fn report(body: &Value, id: &str) -> Result<Report, ProviderError> {
    let status = text(body, "/status").ok_or_else(|| unknown("the answer has no status"))?;
    let mut said: String = status.chars().take(40).collect();
    let found = match upper(&status).as_str() {
        "SUCCESSFUL" => Found::Succeeded(Charge {
            amount: amount(body).ok_or_else(|| unknown("the amount paid cannot be read"))?,
            asked: None,
            payer_may_bear_fee: false,
            reference: text(body, "/externalId"),
            test_mode: None,
        }),
        "FAILED" => {
            let failure = failure(body, Errand::Payment);
            said.clone_from(&failure.message);
            match failure.code {
                FailureCode::CancelledByCustomer => Found::Cancelled(failure),
                FailureCode::NoResponse => Found::Expired(failure),
                _ => Found::Failed(failure),
            }
        }
        "CREATED" | "PENDING" => Found::Open(PaymentStatus::RequiresAction),
        _ => Found::Open(PaymentStatus::Pending),
    };
    let paid = matches!(found, Found::Succeeded(_));
    Ok(Report {
        found,
        provider_ref: Some(id.to_owned()),
        receipt: text(body, "/financialTransactionId").filter(|_| paid),
        said,
    })
}

/// What the status of a refund says. One in another amount than asked waits for a person.
///
/// # Errors
/// [`ProviderError::Unknown`] for what cannot be read.
pub fn refund_report(body: &Value, id: &str, wanted: Money) -> Result<RefundReport, ProviderError> {
    let status = text(body, "/status").ok_or_else(|| unknown("the answer has no status"))?;
    let mut said: String = status.chars().take(40).collect();
    let told = amount(body);
    let found = match upper(&status).as_str() {
        "SUCCESSFUL" if told.is_some_and(|told| told != wanted) => {
            said.push_str(": the amount is not the one that was asked; a person must look");
            RefundFound::Pending
        }
        "SUCCESSFUL" => RefundFound::Succeeded,
        "FAILED" => {
            let failure = failure(body, Errand::Refund);
            said.clone_from(&failure.message);
            RefundFound::Failed(failure)
        }
        _ => RefundFound::Pending,
    };
    Ok(RefundReport {
        found,
        provider_ref: Some(id.to_owned()),
        said,
    })
}
