//! Subscribe receipts: made, asked after and cancelled by us. One address, JSON-RPC, `X-Auth` with
//! the merchant id and the key; errors come with HTTP 200.
//! Facts: developer.help.paycom.uz, "Metody Subscribe API", "Sostoyaniya cheka". The docs name the
//! general errors alone; the other codes are those of public code.
use super::{NextAction, PaymentStatus, uz_phone};
use crate::domain::account::Mode;
use crate::domain::payment::{Failure, FailureCode};
use crate::domain::{Currency, Money};
use crate::providers::http::{Answer, send, text};
use crate::providers::{
    Call, Charge, Found, PaymentRef, ProviderError, RefundFound, RefundReport, Report,
    StartPayment, StartRefund, Started,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// How many receipts one page of the list holds (Payme's most), and how many pages are read.
const PAGE: usize = 50;
const MAX_PAGES: usize = 40;
/// A lost receipt was made when its payment was: their clocks may differ by this.
const CLOCKS_DIFFER_MS: i64 = 600_000;
const MADE_WITHIN_MS: i64 = 3_600_000;

fn unknown(said: impl Into<String>) -> ProviderError {
    ProviderError::Unknown(said.into())
}

/// One call. `id` of the request is the number of the moment: Payme only echoes it.
async fn ask(call: &Call<'_>, method: &str, params: Value) -> Result<Value, ProviderError> {
    let merchant = call.account.credential("merchant_id")?.expose_secret();
    let key = call.account.credential("secret_key")?.expose_secret();
    let body = json!({ "id": call.now.unix_ms(), "method": method, "params": params });
    let request = call
        .http
        .post(&call.url("/api"))
        .header("X-Auth", format!("{}:{}", merchant.trim(), key.trim()))
        .header("Cache-Control", "no-cache")
        .json(&body);
    result(&send(request).await?)
}

/// The `result` of an answer, or what its error means.
fn result(answer: &Answer) -> Result<Value, ProviderError> {
    match answer.status {
        429 => return Err(ProviderError::Unavailable(answer.words())),
        401 | 403 => {
            let message = format!("merchant_id, secret_key: {}", answer.words());
            return Err(ProviderError::Misconfigured(message));
        }
        _ if !answer.is_success() => return Err(unknown(answer.words())),
        _ => {}
    }
    let Some(mut body) = answer.json().filter(Value::is_object) else {
        return Err(unknown(answer.words()));
    };
    if let Some(error) = body.get("error").filter(|e| !e.is_null()) {
        return Err(refusal(error));
    }
    match body.get_mut("result") {
        Some(result) if !result.is_null() => Ok(result.take()),
        _ => Err(unknown(answer.words())),
    }
}

/// Payme's code and its own short words.
fn words(error: &Value) -> String {
    let said = ["/message", "/message/en", "/message/ru"]
        .iter()
        .find_map(|pointer| text(error, pointer))
        .unwrap_or_default();
    let code = text(error, "/code").unwrap_or_default();
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(160).collect();
    format!("{code} {line}").trim().to_owned()
}

fn refusal(error: &Value) -> ProviderError {
    let words = words(error);
    match error["code"].as_i64() {
        // No privilege, and a kassa that may not do this.
        Some(-32504) => ProviderError::Misconfigured(format!("merchant_id, secret_key: {words}")),
        Some(-31601) => ProviderError::Misconfigured(format!("merchant_id: {words}")),
        // The account field that the kassa was given has another name.
        Some(-31610) => ProviderError::Misconfigured(format!("account_field: {words}")),
        // Payme's own failure may come after the deed.
        Some(-32400) | None => unknown(words),
        Some(code) => ProviderError::declined(failure_code(code), words),
    }
}

/// The cause of a decline. Source: the sheet's list from public code; unknown ones are plain
/// declines.
fn failure_code(code: i64) -> FailureCode {
    match code {
        -31103..=-31101 => FailureCode::WrongCode,
        -31300 | -31400 => FailureCode::CardDetailsWrong,
        -31301 => FailureCode::ExpiredCard,
        -31403 => FailureCode::Expired,
        -31611 | -31612 => FailureCode::AmountLimit,
        -31630 => FailureCode::InsufficientFunds,
        _ => FailureCode::Declined,
    }
}

/// Whether a refusal says that there is no such receipt (-31401, public code).
fn says_missing(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Declined(f) if f.message.starts_with("-31401"))
}

/// Makes a receipt; the customer pays it on its page. Payme has no idempotency: a lost answer is
/// found by the account value, which names our payment.
pub async fn start(
    call: &Call<'_>,
    req: &StartPayment,
    field: &str,
    pages: &str,
) -> Result<Started, ProviderError> {
    let params = json!({
        "amount": req.amount.minor,
        "account": { field: req.payment_id },
        "description": req.description,
    });
    let result = ask(call, "receipts.create", params).await?;
    let id = text(&result, "/receipt/_id").filter(|id| super::plain_name(id));
    let Some(id) = id else {
        return Err(unknown("the new receipt has no id"));
    };
    // An SMS with the same page. R11: nothing is sent to a customer in test mode. Lost or refused,
    // the page serves all the same.
    let phone = req.phone.as_deref().and_then(uz_phone);
    let mut said = "Payme made a receipt.".to_owned();
    if let Some(phone) = phone.filter(|_| call.account.mode == Mode::Live) {
        let params = json!({ "id": id, "phone": phone });
        said.push_str(match ask(call, "receipts.send", params).await {
            Ok(_) => " It was sent to the customer's phone too.",
            Err(_) => " It could not be sent to the customer's phone.",
        });
    }
    // The address of the page is public code's.
    let url = format!("{pages}/{id}");
    Ok(Started {
        provider_ref: Some(id),
        status: PaymentStatus::RequiresAction,
        next_action: NextAction::Redirect { url },
        said,
    })
}

fn time(receipt: &Value, field: &str) -> i64 {
    receipt[field].as_i64().unwrap_or_default()
}

fn state(receipt: &Value) -> Result<i64, ProviderError> {
    receipt["state"]
        .as_i64()
        .ok_or_else(|| unknown("the receipt has no state"))
}

/// The account's value under our field; where only one value is named otherwise, that one.
fn account_value(receipt: &Value, field: &str) -> Option<String> {
    let rows = receipt["account"].as_array()?;
    let named = rows
        .iter()
        .find(|row| row["name"].as_str() == Some(field))
        .or_else(|| rows.first().filter(|_| rows.len() == 1))?;
    text(named, "/value")
}

/// R6: every fact that the receipt tells.
fn charge(receipt: &Value, of: &PaymentRef, field: &str) -> Option<Charge> {
    let amount = receipt["amount"].as_i64()?;
    // ISO 4217 numbers. Payme knows none but 860; what it does not tell cannot differ.
    let code = match &receipt["currency"] {
        Value::Null => "UZS",
        Value::String(code) => code,
        number => match number.as_i64()? {
            860 => "UZS",
            840 => "USD",
            978 => "EUR",
            _ => return None,
        },
    };
    let currency = Currency::parse(code)?;
    let reference = account_value(receipt, field).map(|value| {
        // Our payment's id stands for its reference.
        if value == of.payment_id {
            of.reference.clone()
        } else {
            value
        }
    });
    Some(Charge {
        amount: Money::new(amount, currency),
        asked: None,
        payer_may_bear_fee: false,
        reference,
        test_mode: None,
    })
}

/// Source: "Sostoyaniya cheka". States that nobody documented stay open.
fn report(receipt: &Value, of: &PaymentRef, field: &str) -> Result<Report, ProviderError> {
    let state = state(receipt)?;
    let paid = time(receipt, "pay_time") > 0;
    let id = text(receipt, "/_id");
    let cancelled = || Failure {
        code: FailureCode::CancelledByCustomer,
        message: format!("the receipt was cancelled (state {state})"),
    };
    let (found, what) = match state {
        0 => (Found::Open(PaymentStatus::RequiresAction), "made"),
        // Held money is the customer's until it is taken.
        1 | 2 | 3 | 5 | 6 | 20 | 30 => (Found::Open(PaymentStatus::Processing), "under way"),
        // Cancelled after it was paid: the money came, and a refund tells where it went.
        4 | 21 | 50 if state == 4 || paid => {
            let charge = charge(receipt, of, field)
                .ok_or_else(|| unknown("the receipt's amount or currency cannot be read"))?;
            (Found::Succeeded(charge), "paid")
        }
        21 | 50 => (Found::Cancelled(cancelled()), "cancelled"),
        _ => (
            Found::Open(PaymentStatus::Pending),
            "in a state of no known name",
        ),
    };
    let succeeded = matches!(found, Found::Succeeded(_));
    let mut said = format!("Payme's receipt is {what} (state {state})");
    if let Some(error) = receipt.get("error").filter(|e| e.is_object()) {
        said = format!("{said}: {}", words(error));
    }
    Ok(Report {
        found,
        receipt: id.clone().filter(|_| succeeded),
        provider_ref: id,
        said,
    })
}

/// Asks after a receipt by its id, or by the account value where the first answer was lost.
pub async fn fetch(call: &Call<'_>, of: &PaymentRef, field: &str) -> Result<Report, ProviderError> {
    let Some(id) = &of.provider_ref else {
        return match search(call, of, field).await? {
            Some(receipt) => report(&receipt, of, field),
            None => Ok(Report::new(
                Found::Missing,
                "Payme has no receipt for this payment",
            )),
        };
    };
    match ask(call, "receipts.get", json!({ "id": id })).await {
        Ok(result) if result["receipt"].is_object() => report(&result["receipt"], of, field),
        Ok(_) => Err(unknown("the answer holds no receipt")),
        Err(error) if says_missing(&error) => Ok(Report::new(Found::Missing, error.to_string())),
        Err(error) => Err(error),
    }
}

/// The receipt whose account value is our payment's id.
async fn search(
    call: &Call<'_>,
    of: &PaymentRef,
    field: &str,
) -> Result<Option<Value>, ProviderError> {
    let made = of.created_at.unix_ms();
    let (from, to) = (made - CLOCKS_DIFFER_MS, made + MADE_WITHIN_MS);
    for page in 0..MAX_PAGES {
        let params = json!({ "count": PAGE, "from": from, "to": to, "offset": page * PAGE });
        let result = ask(call, "receipts.get_all", params).await?;
        // The documentation shows the bare list.
        let rows = match result {
            Value::Array(rows) => rows,
            other => match other.get("receipts").and_then(Value::as_array) {
                Some(rows) => rows.clone(),
                None => return Err(unknown("the list of receipts is not a list")),
            },
        };
        let ours = |row: &&Value| account_value(row, field).as_deref() == Some(&of.payment_id);
        // Paid before unpaid, should there be two.
        let found = rows.iter().filter(ours).max_by_key(|r| time(r, "pay_time"));
        if let Some(receipt) = found {
            return Ok(Some(receipt.clone()));
        }
        if rows.len() < PAGE {
            return Ok(None);
        }
    }
    Err(unknown("the list of receipts is too long"))
}

/// What a receipt's state says of its refund.
fn refund_report(state: i64, id: &str) -> RefundReport {
    let (found, what) = match state {
        50 => (RefundFound::Succeeded, "cancelled, the money went back"),
        21 => (RefundFound::Pending, "waiting to be cancelled"),
        // Still paid: the call never arrived.
        4 => (RefundFound::Missing, "still paid"),
        _ => (RefundFound::Pending, "in another state"),
    };
    RefundReport {
        found,
        provider_ref: Some(id.to_owned()),
        said: format!("Payme's receipt is {what} (state {state})"),
    }
}

async fn receipt_id(call: &Call<'_>, of: &PaymentRef) -> Result<String, ProviderError> {
    if let Some(id) = of.provider_ref.clone().or_else(|| of.receipt.clone()) {
        return Ok(id);
    }
    let field = super::account_field(call.account);
    let found = fetch(call, of, field).await?.provider_ref;
    found.ok_or_else(|| unknown("the receipt's id is not known"))
}

/// Cancels a paid receipt, whole: 21 first, 50 when the money is back.
pub async fn refund(call: &Call<'_>, req: &StartRefund) -> Result<RefundReport, ProviderError> {
    let id = receipt_id(call, &req.payment).await?;
    let result = ask(call, "receipts.cancel", json!({ "id": id })).await?;
    let mut report = refund_report(state(&result["receipt"])?, &id);
    if report.found == RefundFound::Missing {
        // It was taken on; the state follows.
        report.found = RefundFound::Pending;
    }
    Ok(report)
}

pub async fn fetch_refund(
    call: &Call<'_>,
    of: &StartRefund,
) -> Result<RefundReport, ProviderError> {
    let id = receipt_id(call, &of.payment).await?;
    let result = ask(call, "receipts.check", json!({ "id": id })).await?;
    Ok(refund_report(state(&result)?, &id))
}

/// Cancels a receipt that nobody has paid. Payme's one call cancels paid ones too, so it is asked
/// first.
pub async fn close(call: &Call<'_>, id: &str) -> Result<(), ProviderError> {
    let now = state(&ask(call, "receipts.check", json!({ "id": id })).await?)?;
    if now != 0 {
        return Ok(());
    }
    let result = ask(call, "receipts.cancel", json!({ "id": id })).await?;
    if time(&result["receipt"], "pay_time") > 0 {
        return Err(unknown("the receipt was paid while it was cancelled"));
    }
    Ok(())
}

/// Asks for one receipt of the last minute.
pub async fn self_test(call: &Call<'_>) -> Result<String, ProviderError> {
    let now = call.now.unix_ms();
    let params = json!({ "count": 1, "from": now - 60_000, "to": now, "offset": 0 });
    ask(call, "receipts.get_all", params).await?;
    Ok("Payme took the merchant id and the key.".to_owned())
}

#[cfg(test)]
mod tests;
