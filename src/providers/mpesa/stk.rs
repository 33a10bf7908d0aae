//! M-Pesa Express: the prompt on the phone, the question after it, and its callback.
use super::c2b::till;
use super::wire::{address_refused, plain, post, refusal, said, takes_address, unknown};
use crate::domain::payment::{Failure, FailureCode, NextAction, PaymentStatus};
use crate::domain::{Currency, Money, Timestamp};
use crate::providers::http::{Answer, text};
use crate::providers::{
    Call, Charge, Claims, Found, HookAbout, HookError, HookReading, PaymentRef, ProviderError,
    RawHook, Report, StartPayment, Started,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// A push whose answer was lost is given up after this.
const LOST_PUSH_SECS: i64 = 300;

/// The payer's number as Safaricom wants it: twelve digits, `2547…` or `2541…`.
pub fn msisdn(phone: &str) -> Option<String> {
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

/// At most twelve letters and digits that the payer sees: the bill's reference, so that a C2B
/// confirmation of the same money names this payment; else the end of the order's reference.
pub fn account_reference(req: &StartPayment) -> String {
    let short = |text: &str| -> String {
        let kept = text.chars().filter(char::is_ascii_alphanumeric);
        let kept: Vec<char> = kept.map(|c| c.to_ascii_uppercase()).collect();
        kept[kept.len().saturating_sub(12)..].iter().collect()
    };
    if let Some(bill) = &req.bill {
        return bill.to_string();
    }
    let ours = short(&req.order_reference);
    if ours.is_empty() {
        short(&req.reference)
    } else {
        ours
    }
}

/// At most thirteen characters; other than letters, digits, spaces and hyphens break requests.
pub fn transaction_desc(description: &str) -> String {
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
pub fn callback_url(req: &StartPayment) -> Result<&str, ProviderError> {
    let whole = req.hook_url.as_str();
    if takes_address(whole) {
        return Ok(whole);
    }
    let bare = whole
        .strip_suffix(req.reference.as_str())
        .and_then(|url| url.strip_suffix('/'));
    bare.filter(|url| takes_address(url))
        .ok_or_else(address_refused)
}

/// `YYYYMMDDHHmmss` in Nairobi, which is UTC+3 all year.
pub fn nairobi(now: Timestamp) -> String {
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

/// Sends the prompt. Daraja has no idempotency key: a push is made once, whatever comes back.
/// Source: Daraja, M-Pesa Express Simulate.
pub async fn push(call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
    let refuse = |what: &str| ProviderError::declined(FailureCode::Declined, what);
    let phone = req.phone.as_deref().and_then(msisdn);
    let phone = phone.ok_or_else(|| refuse("there is no Kenyan mobile number"))?;
    if req.amount.currency != Currency::KES || req.amount.minor % 100 != 0 {
        return Err(refuse("the amount is not whole shillings"));
    }
    let signed = Signed::new(call)?;
    let till = till(call.account)?;
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

pub async fn fetch(call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
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
pub fn queried(answer: &Answer, id: &str, of: &PaymentRef) -> Result<Report, ProviderError> {
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
    let all = callback.pointer("/CallbackMetadata/Item")?;
    let items = all
        .as_array()
        .map_or(std::slice::from_ref(all), Vec::as_slice);
    let found = items.iter().find(|item| item["Name"] == name)?;
    text(found, "/Value")
}

/// The callback of a prompt. It is unsigned, so it reports nothing that is believed (R5).
pub fn callback(body: &Value, raw: &RawHook) -> Result<HookReading, HookError> {
    let bad = |what: &str| HookError::Unreadable(what.to_owned());
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
