//! What every call to Daraja shares: the access token, and what its errors mean.
use crate::domain::payment::FailureCode;
use crate::providers::http::{Answer, send, text};
use crate::providers::{AccessToken, Account, Call, ProviderError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;

/// A token lives an hour; a new one is fetched this long before its end.
pub const TOKEN_SPARE_SECS: i64 = 300;
/// How long a call waits for a token, its own or somebody else's.
const TOKEN_WAIT: Duration = Duration::from_secs(20);
/// Words that Safaricom refuses anywhere in an address that it is to call.
const REFUSED_IN_URLS: [&str; 7] = ["mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query"];

/// Whether Safaricom takes an address to call back.
pub fn takes_address(url: &str) -> bool {
    let url = url.to_lowercase();
    !REFUSED_IN_URLS.iter().any(|word| url.contains(word))
}

pub fn address_refused() -> ProviderError {
    let message = "Safaricom refuses callback addresses with a word like mpesa in them";
    ProviderError::Misconfigured(message.to_owned())
}

pub fn plain<'a>(account: &'a Account, field: &str) -> Result<&'a str, ProviderError> {
    Ok(account.credential(field)?.expose_secret().trim())
}

/// A credential that need not be set.
pub fn optional<'a>(account: &'a Account, field: &str) -> Option<&'a str> {
    let value = account.credentials.get(field)?.expose_secret().trim();
    (!value.is_empty()).then_some(value)
}

pub fn unknown(said: impl Into<String>) -> ProviderError {
    ProviderError::Unknown(said.into())
}

/// The shared token, or a fresh one where there is none, it ends soon, or it is the `refused` one.
/// Nothing was asked of M-Pesa yet, so no trouble here leaves anything unknown.
pub async fn token(
    call: &Call<'_>,
    refused: Option<&SecretString>,
) -> Result<SecretString, ProviderError> {
    // Many may wait for one slow token. Whoever waits too long has sent nothing and says so,
    // rather than send a prompt that nobody waits for any more.
    let had = tokio::time::timeout(TOKEN_WAIT, shared_token(call, refused)).await;
    let too_long = "no access token came in time".to_owned();
    had.unwrap_or(Err(ProviderError::Unavailable(too_long)))
}

async fn shared_token(
    call: &Call<'_>,
    refused: Option<&SecretString>,
) -> Result<SecretString, ProviderError> {
    let _guard = call.tokens.guard().await;
    if let Some(stored) = call.tokens.load("").await {
        let bad = refused.is_some_and(|r| r.expose_secret() == stored.value.expose_secret());
        if !bad && stored.expires_at > call.now.plus_secs(TOKEN_SPARE_SECS) {
            return Ok(stored.value);
        }
    }
    fresh_token(call).await
}

/// Asks for a token and stores it. The caller holds the guard.
pub async fn fresh_token(call: &Call<'_>) -> Result<SecretString, ProviderError> {
    let user = plain(call.account, "consumer_key")?;
    let secret = plain(call.account, "consumer_secret")?;
    let url = call.url("/oauth/v1/generate?grant_type=client_credentials");
    let request = call.http.get(&url).basic_auth(user, Some(secret));
    let answer = send(request).await.map_err(|e| match e {
        ProviderError::Unknown(said) => ProviderError::Unavailable(said),
        other => other,
    })?;
    let body = answer.json().unwrap_or_default();
    if let Some(value) = text(&body, "/access_token")
        && answer.is_success()
    {
        let lifetime = text(&body, "/expires_in").and_then(|s| s.parse().ok());
        let token = AccessToken {
            value: value.into(),
            expires_at: call.now.plus_secs(lifetime.unwrap_or(3_599)),
        };
        call.tokens.save("", &token).await;
        return Ok(token.value);
    }
    match answer.status {
        // Wrong keys are answered 400.008.01, or with no body at all.
        400 | 401 => Err(ProviderError::Misconfigured(format!(
            "consumer_key or consumer_secret is wrong: {}",
            said(&answer, &body)
        ))),
        _ => Err(ProviderError::Unavailable(format!(
            "no access token: {}",
            answer.words()
        ))),
    }
}

pub fn said(answer: &Answer, body: &Value) -> String {
    let code = text(body, "/errorCode").unwrap_or_default();
    match text(body, "/errorMessage").or_else(|| text(body, "/fault/faultstring")) {
        Some(message) => format!("{code} {message}").trim().to_owned(),
        None => answer.words(),
    }
}

/// Whether the gateway refused the token and looked at nothing else.
fn token_refused(answer: &Answer) -> bool {
    let body = answer.json().unwrap_or_default();
    let code = text(&body, "/errorCode").unwrap_or_default();
    let known = [
        "404.001.03",
        "401.002.01",
        "401.003.01",
        "400.003.01",
        "401.001",
    ];
    (answer.status == 401 || known.contains(&code.as_str())) && !product_missing(answer, &body)
}

/// The app lacks the product: a matter of settings, though the answer looks like a bad token.
fn product_missing(answer: &Answer, body: &Value) -> bool {
    said(answer, body).to_lowercase().contains("apiproduct")
}

/// Posts with the shared token. A call that was refused for its token did nothing, so it is made
/// once more with a fresh one; nothing else is ever repeated.
pub async fn post(call: &Call<'_>, path: &str, body: &Value) -> Result<Answer, ProviderError> {
    let first = token(call, None).await?;
    let answer = call.post(path, &first, body).await?;
    if !token_refused(&answer) {
        return Ok(answer);
    }
    let second = token(call, Some(&first)).await?;
    call.post(path, &second, body).await
}

/// What an answer to a push means that is not an acceptance. Whatever is not JSON of a known shape
/// may have been processed.
pub fn refusal(answer: &Answer) -> ProviderError {
    let body = answer.json().unwrap_or_default();
    let said = said(answer, &body);
    let words = said.to_lowercase();
    let says = |part: &str| words.contains(part);
    let fault = text(&body, "/fault/detail/errorcode").unwrap_or_default();
    if answer.status == 429
        || fault.starts_with("policies.ratelimit")
        || says("spike arrest")
        || says("quota violation")
    {
        return ProviderError::Unavailable(said);
    }
    if product_missing(answer, &body) || token_refused(answer) {
        return ProviderError::Misconfigured(said);
    }
    let Some(code) = text(&body, "/errorCode") else {
        return unknown(said);
    };
    match code.as_str() {
        "400.002.02" if says("phonenumber") || says("partya") || says("amount") => {
            ProviderError::declined(FailureCode::Declined, said)
        }
        "500.003.02" | "500.003.03" => ProviderError::Unavailable(said),
        "500.001.1001" if says("unable to lock") => {
            ProviderError::declined(FailureCode::PhoneBusy, said)
        }
        "500.001.1001" if says("merchant does not exist") || says("wrong credentials") => {
            ProviderError::Misconfigured(said)
        }
        _ if ["400.", "401.", "404.", "405."]
            .iter()
            .any(|p| code.starts_with(p)) =>
        {
            ProviderError::Misconfigured(said)
        }
        _ => unknown(said),
    }
}
