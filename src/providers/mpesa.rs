//! M-Pesa (Safaricom Daraja): the prompt on the phone by STK push, asked after by STK query. Its
//! callbacks are unsigned and therefore hints. Refunds are paid back by hand.
//! Facts: Daraja portal, pages Authorization, M-Pesa Express Simulate and Query, and result codes.
use super::http::{Answer, send, text};
use super::{
    AccessToken, Account, Call, Charge, Claims, CurrencyRule, Field, Flow, Found, HookAbout,
    HookError, HookKind, HookReading, InputProblem, MethodInfo, PaymentProvider, PaymentRef,
    PollSchedule, ProviderError, ProviderInfo, RawHook, RefundReport, RefundSupport, Report,
    StartPayment, StartRefund, Started, TestInstrument, TestOutcome, check_basics,
};
use crate::domain::method::Method;
use crate::domain::payment::{Failure, FailureCode, NextAction, PaymentStatus};
use crate::domain::{Currency, Money, Timestamp};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;

#[cfg(test)]
mod tests;

pub struct Mpesa;

/// A token lives an hour; a new one is fetched this long before its end.
const TOKEN_SPARE_SECS: i64 = 300;
/// How long a call waits for a token, its own or somebody else's.
const TOKEN_WAIT: Duration = Duration::from_secs(20);
/// A push whose answer was lost is given up after this.
const LOST_PUSH_SECS: i64 = 300;
/// Words that Safaricom refuses anywhere in a callback address.
const REFUSED_IN_URLS: [&str; 7] = ["mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query"];

const fn simulated(
    number: &'static str,
    detail: &'static str,
    outcome: TestOutcome,
) -> TestInstrument {
    TestInstrument {
        number,
        detail,
        outcome,
        simulator_only: true,
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "mpesa",
    label: "M-Pesa",
    monogram: "Mp",
    test_url: "https://sandbox.safaricom.co.ke",
    live_url: "https://api.safaricom.co.ke",
    page_origins: &[],
    methods: &[MethodInfo {
        method: Method::StkPush,
        flow: Flow::PhonePrompt,
        needs_phone: true,
        needs_email: false,
        currencies: &[],
        countries: &["KE"],
    }],
    // Whole shillings, up to KES 250,000 at once.
    currencies: &[CurrencyRule {
        code: "KES",
        min_minor: 100,
        max_minor: Some(25_000_000),
        step_minor: 100,
    }],
    credentials: &[
        Field::secret(
            "consumer_key",
            "Consumer key",
            "Daraja portal, My Apps, your app.",
        ),
        Field::secret(
            "consumer_secret",
            "Consumer secret",
            "Beside the consumer key.",
        ),
        Field::plain(
            "shortcode",
            "Business short code",
            "The paybill number; for a till, the head office or store number. Sandbox: 174379.",
        ),
        Field::secret(
            "passkey",
            "Passkey",
            "Mailed by Safaricom after Go-Live; the sandbox's is on the portal.",
        ),
        Field::plain(
            "transaction_type",
            "Paybill or till",
            "What the short code is. Without a choice: paybill.",
        )
        .choices(&["paybill", "till"])
        .optional(),
        Field::plain(
            "till_number",
            "Till number",
            "For a till: the number that customers pay to.",
        )
        .optional(),
    ],
    options: &[],
    hook: HookKind::Hint,
    secret_headers: &[],
    // Daraja documentation, "Going live": the gateways that send callbacks.
    sources: &[
        "196.201.214.200",
        "196.201.214.206",
        "196.201.214.207",
        "196.201.214.208",
        "196.201.213.114",
        "196.201.213.44",
        "196.201.212.127",
        "196.201.212.138",
        "196.201.212.129",
        "196.201.212.136",
        "196.201.212.74",
        "196.201.212.69",
    ],
    registers_hooks: false,
    refunds: RefundSupport::ByHand,
    poll: PollSchedule::PROMPT,
    attempt_secs: 300,
    test_only: false,
    test_instruments: &[
        simulated("0712 345 678", "", TestOutcome::Paid),
        simulated("0712 340 001", "", TestOutcome::WrongPin),
        simulated("0712 340 002", "", TestOutcome::InsufficientFunds),
        simulated("0712 340 003", "", TestOutcome::Cancelled),
        simulated("0712 340 004", "", TestOutcome::Unreachable),
        TestInstrument {
            number: "254708374149",
            detail: "",
            outcome: TestOutcome::NeverAnswers,
            simulator_only: false,
        },
    ],
};

/// The payer's number as Safaricom wants it: twelve digits, `2547…` or `2541…`.
fn msisdn(phone: &str) -> Option<String> {
    let kept = phone.chars().filter(|c| !matches!(c, ' ' | '+' | '-'));
    let digits: String = kept.collect();
    let national = match digits.len() {
        12 => digits.strip_prefix("254")?,
        10 => digits.strip_prefix('0')?,
        9 => &digits,
        _ => return None,
    };
    let plain = national.bytes().all(|b| b.is_ascii_digit());
    (plain && national.starts_with(['7', '1'])).then(|| format!("254{national}"))
}

/// At most twelve letters and digits that the payer sees: the end of the order's reference.
fn account_reference(req: &StartPayment) -> String {
    let short = |text: &str| -> String {
        let kept = text.chars().filter(char::is_ascii_alphanumeric);
        let kept: Vec<char> = kept.map(|c| c.to_ascii_uppercase()).collect();
        kept[kept.len().saturating_sub(12)..].iter().collect()
    };
    let ours = short(&req.order_reference);
    if ours.is_empty() {
        short(&req.reference)
    } else {
        ours
    }
}

/// At most thirteen characters; other than letters, digits, spaces and hyphens break requests.
fn transaction_desc(description: &str) -> String {
    let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-');
    let kept: String = description.chars().filter(safe).collect();
    let short: String = kept.trim().chars().take(13).collect();
    match short.trim() {
        "" => "Payment".to_owned(),
        short => short.to_owned(),
    }
}

/// The address for the callback. A reference that happens to spell a word that Safaricom refuses is
/// left out: the callback names the prompt anyway.
fn callback_url(req: &StartPayment) -> Result<&str, ProviderError> {
    let taken = |url: &str| {
        let url = url.to_lowercase();
        !REFUSED_IN_URLS.iter().any(|word| url.contains(word))
    };
    let whole = req.hook_url.as_str();
    if taken(whole) {
        return Ok(whole);
    }
    let bare = whole
        .strip_suffix(req.reference.as_str())
        .and_then(|url| url.strip_suffix('/'));
    bare.filter(|url| taken(url)).ok_or_else(|| {
        let message = "Safaricom refuses callback addresses with a word like mpesa in them";
        ProviderError::Misconfigured(message.to_owned())
    })
}

/// `YYYYMMDDHHmmss` in Nairobi, which is UTC+3 all year.
fn nairobi(now: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(3));
    let at = jiff::Timestamp::from_millisecond(now.unix_ms()).unwrap_or_default();
    at.to_zoned(zone).strftime("%Y%m%d%H%M%S").to_string()
}

/// What signs a push and a query: the short code, the password and the time inside it.
struct Signed {
    shortcode: String,
    timestamp: String,
    password: String,
}

impl Signed {
    fn new(call: &Call<'_>) -> Result<Self, ProviderError> {
        let shortcode = plain(call.account, "shortcode")?.to_owned();
        let passkey = call.account.credential("passkey")?.expose_secret().trim();
        let timestamp = nairobi(call.now);
        let password = STANDARD.encode(format!("{shortcode}{passkey}{timestamp}"));
        Ok(Self {
            shortcode,
            timestamp,
            password,
        })
    }
}

fn plain<'a>(account: &'a Account, field: &str) -> Result<&'a str, ProviderError> {
    Ok(account.credential(field)?.expose_secret().trim())
}

fn unknown(said: impl Into<String>) -> ProviderError {
    ProviderError::Unknown(said.into())
}

/// The shared token, or a fresh one where there is none, it ends soon, or it is the `refused` one.
/// Nothing was asked of M-Pesa yet, so no trouble here leaves anything unknown.
async fn token(
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
async fn fresh_token(call: &Call<'_>) -> Result<SecretString, ProviderError> {
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

fn said(answer: &Answer, body: &Value) -> String {
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
async fn post(call: &Call<'_>, path: &str, body: &Value) -> Result<Answer, ProviderError> {
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
fn refusal(answer: &Answer) -> ProviderError {
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

/// What a result code of the callback and the query means. Texts differ between the two, so the
/// code alone decides. Source: Daraja, M-Pesa Express result codes.
fn result(code: &str, said: &str) -> Option<Found> {
    let failure = |code| Failure {
        code,
        message: said.to_owned(),
    };
    Some(match code {
        "1" => Found::Failed(failure(FailureCode::InsufficientFunds)),
        "2" | "3" => Found::Failed(failure(FailureCode::AmountLimit)),
        "4" => Found::Failed(failure(FailureCode::PayerLimit)),
        "8" => Found::Failed(failure(FailureCode::MerchantLimit)),
        "17" => Found::Failed(failure(FailureCode::RepeatedTooSoon)),
        "1001" => Found::Failed(failure(FailureCode::PhoneBusy)),
        "1019" => Found::Expired(failure(FailureCode::Expired)),
        // 26: busy. 1025 and 9999: the prompt could not be sent.
        "26" | "1025" | "9999" => Found::Failed(failure(FailureCode::ProviderUnavailable)),
        "1032" => Found::Cancelled(failure(FailureCode::CancelledByCustomer)),
        "1037" => Found::Expired(failure(FailureCode::NoResponse)),
        "2001" => Found::Failed(failure(FailureCode::WrongPin)),
        "2028" | "SFC_IC0003" => Found::Failed(failure(FailureCode::ProviderMisconfigured)),
        "8006" => Found::Failed(failure(FailureCode::AccountLocked)),
        "4999" => Found::Open(PaymentStatus::RequiresAction),
        _ => return None,
    })
}

/// What the query's answer says of the prompt `id`.
fn queried(answer: &Answer, id: &str, of: &PaymentRef) -> Result<Report, ProviderError> {
    let body = answer.json().unwrap_or_default();
    if text(&body, "/errorCode").is_some() {
        let said = said(answer, &body);
        // Every other error, "does not exist" among them, was also seen for living prompts.
        if said.to_lowercase().contains("being processed") {
            let found = Found::Open(PaymentStatus::RequiresAction);
            return Ok(Report::new(found, said));
        }
        return Err(unknown(said));
    }
    let same = text(&body, "/CheckoutRequestID").is_none_or(|asked| asked == id);
    let Some(code) = text(&body, "/ResultCode").filter(|_| answer.is_success() && same) else {
        return Err(unknown(answer.words()));
    };
    let words = text(&body, "/ResultDesc").unwrap_or_default();
    let said = format!("{code} {words}").trim().to_owned();
    // The query tells neither amount nor receipt; a claim about the same prompt may.
    let claims = of
        .claims
        .as_ref()
        .filter(|c| c.provider_ref.as_deref() == Some(id));
    let found = if code == "0" {
        // The payer cannot change the amount of a prompt. A callback that claims another one is
        // passed on, so that it is compared and seen (R6).
        Found::Succeeded(Charge {
            amount: claims.and_then(|c| c.amount).unwrap_or(of.amount),
            asked: None,
            payer_may_bear_fee: false,
            reference: None,
            test_mode: None,
        })
    } else {
        result(&code, &said).unwrap_or(Found::Open(PaymentStatus::Processing))
    };
    let paid = matches!(found, Found::Succeeded(_));
    Ok(Report {
        found,
        provider_ref: Some(id.to_owned()),
        receipt: claims.and_then(|c| c.receipt.clone()).filter(|_| paid),
        said,
    })
}

/// The value of a callback's item; order and number of the items vary.
fn item(callback: &Value, name: &str) -> Option<String> {
    let items = callback.pointer("/CallbackMetadata/Item")?.as_array()?;
    let found = items.iter().find(|item| item["Name"] == name)?;
    text(found, "/Value")
}

#[async_trait]
impl PaymentProvider for Mpesa {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, _: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)?;
        let refuse = |code, message| Err(InputProblem::new("phone", code, message));
        match req.phone.as_deref().map(msisdn) {
            None => refuse("phone_required", "M-Pesa needs the payer's phone number"),
            Some(None) => refuse("phone_invalid", "this is no Kenyan mobile number"),
            Some(Some(_)) => Ok(()),
        }
    }

    /// Sends the prompt. Daraja has no idempotency key: a push is made once, whatever comes back.
    /// Source: Daraja, M-Pesa Express Simulate.
    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        let refuse = |what: &str| ProviderError::declined(FailureCode::Declined, what);
        let phone = req.phone.as_deref().and_then(msisdn);
        let phone = phone.ok_or_else(|| refuse("there is no Kenyan mobile number"))?;
        if req.amount.currency != Currency::KES || req.amount.minor % 100 != 0 {
            return Err(refuse("the amount is not whole shillings"));
        }
        let signed = Signed::new(call)?;
        let till = match call.account.credentials.get("transaction_type") {
            Some(kind) if kind.expose_secret() == "till" => {
                Some(plain(call.account, "till_number")?)
            }
            _ => None,
        };
        let body = json!({
            "BusinessShortCode": signed.shortcode,
            "Password": signed.password,
            "Timestamp": signed.timestamp,
            "TransactionType": if till.is_some() { "CustomerBuyGoodsOnline" } else { "CustomerPayBillOnline" },
            "Amount": req.amount.minor / 100,
            "PartyA": phone,
            "PartyB": till.unwrap_or(&signed.shortcode),
            "PhoneNumber": phone,
            "CallBackURL": callback_url(req)?,
            "AccountReference": account_reference(req),
            "TransactionDesc": transaction_desc(&req.description),
        });
        let answer = post(call, "/mpesa/stkpush/v1/processrequest", &body).await?;
        let reply = answer.json().unwrap_or_default();
        let Some(code) = text(&reply, "/ResponseCode").filter(|_| answer.is_success()) else {
            return Err(refusal(&answer));
        };
        let words = text(&reply, "/ResponseDescription").unwrap_or_default();
        if text(&reply, "/errorCode").is_some() {
            return Err(refusal(&answer));
        }
        if code.bytes().any(|b| b != b'0') {
            let said = format!("{code} {words}");
            return Err(ProviderError::declined(FailureCode::Declined, said));
        }
        let Some(id) = text(&reply, "/CheckoutRequestID") else {
            return Err(unknown(answer.words()));
        };
        Ok(Started {
            provider_ref: Some(id),
            status: PaymentStatus::RequiresAction,
            next_action: NextAction::PhonePrompt,
            said: words,
        })
    }

    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        let claimed = of.claims.as_ref().and_then(|c| c.provider_ref.as_ref());
        let Some(id) = of.provider_ref.as_ref().or(claimed) else {
            // The push's answer was lost, so there is no id to ask by. The prompt lives about a
            // minute; without a callback in five, nobody answered it (late money is still booked).
            if call.now.secs_since(of.created_at) >= LOST_PUSH_SECS {
                let message = "no callback came for a prompt whose answer was lost".to_owned();
                let failure = Failure {
                    code: FailureCode::NoResponse,
                    message: message.clone(),
                };
                return Ok(Report::new(Found::Expired(failure), message));
            }
            return Err(unknown("no CheckoutRequestID yet"));
        };
        let signed = Signed::new(call)?;
        let body = json!({
            "BusinessShortCode": signed.shortcode,
            "Password": signed.password,
            "Timestamp": signed.timestamp,
            "CheckoutRequestID": id,
        });
        let answer = post(call, "/mpesa/stkpushquery/v1/query", &body).await?;
        queried(&answer, id, of)
    }

    async fn refund(&self, _: &Call<'_>, _: &StartRefund) -> Result<RefundReport, ProviderError> {
        Ok(RefundReport::by_hand(
            "Reverse it in the M-Pesa organisation portal by its receipt, then record it.",
        ))
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        self.refund(call, of).await
    }

    fn read(&self, _: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        let bad = |what: &str| HookError::Unreadable(what.to_owned());
        let body: Value = serde_json::from_slice(&raw.body).map_err(|_| bad("it is not JSON"))?;
        let callback = body
            .pointer("/Body/stkCallback")
            .ok_or_else(|| bad("it has no Body.stkCallback"))?;
        let field = |pointer, name: &str| {
            text(callback, pointer)
                .filter(|v| v.len() <= 100 && v.bytes().all(|b| b.is_ascii_graphic()))
                .ok_or_else(|| bad(&format!("{name} is missing or odd")))
        };
        let id = field("/CheckoutRequestID", "CheckoutRequestID")?;
        let code = field("/ResultCode", "ResultCode")?;
        let amount = item(callback, "Amount");
        let amount = amount.and_then(|a| Money::parse_major(&a, Currency::KES).ok());
        let reference = raw.path_reference.as_str();
        Ok(HookReading {
            dedupe_key: format!("stk:{id}:{code}"),
            event: "stk_callback".to_owned(),
            about: HookAbout::Payment {
                reference: (!reference.is_empty()).then(|| reference.to_owned()),
                claims: Claims {
                    provider_ref: Some(id),
                    receipt: item(callback, "MpesaReceiptNumber"),
                    amount,
                },
                report: None,
            },
        })
    }

    /// Daraja discards what is not answered like this.
    fn hook_reply(&self) -> &'static str {
        r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#
    }

    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        plain(call.account, "shortcode")?;
        plain(call.account, "passkey")?;
        let _guard = call.tokens.guard().await;
        fresh_token(call).await?;
        Ok(
            "Safaricom gave an access token: consumer_key and consumer_secret are right. Only a \
            first prompt proves shortcode and passkey."
                .to_owned(),
        )
    }
}
