//! What needs an API operator (initiator): reversals, transaction status, and the results of both.
//! They are acknowledged at once, whatever is wrong with the credentials; the truth comes to the
//! address that each request carries. Facts: Daraja, Reversal and Transaction Status.
use super::credential::security_credential;
use super::wire::{address_refused, optional, plain, post, refusal, takes_address, unknown};
use crate::domain::payment::{Failure, FailureCode};
use crate::domain::{Currency, Money};
use crate::providers::http::{self, text};
use crate::providers::{
    Account, Answer, Answered, Asked, Call, HookAbout, HookError, HookReading, Inquiry,
    ProviderError, RefundFound, RefundReport, StartRefund,
};
use serde_json::{Value, json};

/// The ends of a request's secret address: without an end it takes a reversal's result.
const STATUS: &str = "/1";
const TIMEOUT: &str = "/0";

/// Whether an operator is set with all it needs.
pub fn is_set(account: &Account) -> bool {
    let has = |field| optional(account, field).is_some();
    has("initiator_name") && (has("security_credential") || has("initiator_password"))
}

/// What the settings alone tell of the operator.
pub fn self_test(account: &Account) -> Result<&'static str, ProviderError> {
    if !is_set(account) {
        return Ok("No initiator is set: refunds are paid back by hand.");
    }
    security_credential(account)?;
    Ok("An initiator is set: only a first reversal proves its password.")
}

/// Where no operator can send it.
pub fn by_hand() -> RefundReport {
    RefundReport::by_hand(
        "Reverse it in the M-Pesa organisation portal by its receipt, then record it.",
    )
}

/// Two to a hundred characters that break no request.
fn remarks(reason: &str) -> String {
    let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-');
    let kept: String = reason.chars().filter(safe).take(90).collect();
    match kept.trim() {
        short if short.len() < 2 => "Refund".to_owned(),
        kept => kept.to_owned(),
    }
}

/// The ids of an acknowledged request: `ConversationID`, then `OriginatorConversationID`.
fn acknowledged(answer: &http::Answer) -> Result<[String; 2], ProviderError> {
    let reply = answer.json().unwrap_or_default();
    let code = text(&reply, "/ResponseCode").filter(|_| answer.is_success());
    let (Some(code), None) = (code, text(&reply, "/errorCode")) else {
        return Err(refusal(answer));
    };
    if code.bytes().any(|b| b != b'0') {
        let words = text(&reply, "/ResponseDescription").unwrap_or_default();
        let said = format!("{code} {words}");
        return Err(ProviderError::declined(FailureCode::Declined, said));
    }
    let id = |pointer| text(&reply, pointer);
    match (id("/ConversationID"), id("/OriginatorConversationID")) {
        (Some(conversation), Some(originator)) => Ok([conversation, originator]),
        _ => Err(unknown(answer.words())),
    }
}

/// Gives the whole payment back. There is no idempotency key: it is sent once, and what came of it
/// is told at `hook_url` alone. The acknowledgement says nothing of the outcome.
pub async fn reverse(call: &Call<'_>, req: &StartRefund) -> Result<RefundReport, ProviderError> {
    let account = call.account;
    let Some(receipt) = req.payment.receipt.as_deref().filter(|_| is_set(account)) else {
        return Ok(by_hand());
    };
    let whole_shillings =
        req.amount.currency == Currency::KES && req.amount.minor > 0 && req.amount.minor % 100 == 0;
    if !whole_shillings {
        let message = "the amount is not whole shillings";
        return Err(ProviderError::declined(FailureCode::NotRefundable, message));
    }
    if !takes_address(&req.hook_url) {
        return Err(address_refused());
    }
    let body = json!({
        "Initiator": plain(account, "initiator_name")?,
        "SecurityCredential": security_credential(account)?,
        "CommandID": "TransactionReversal",
        "TransactionID": receipt,
        "Amount": (req.amount.minor / 100).to_string(),
        "ReceiverParty": plain(account, "shortcode")?,
        // Spelt like this by Safaricom. 11: a short code of the organisation.
        "RecieverIdentifierType": "11",
        "ResultURL": req.hook_url,
        "QueueTimeOutURL": format!("{}{TIMEOUT}", req.hook_url),
        "Remarks": remarks(&req.reason),
    });
    let answer = post(call, "/mpesa/reversal/v1/request", &body).await?;
    Ok(RefundReport {
        found: RefundFound::Pending,
        provider_ref: Some(acknowledged(&answer)?.join("/")),
        said: "Safaricom took the reversal and will tell its result.".to_owned(),
    })
}

/// Asks after a receipt, or after a reversal by its own id.
pub async fn inquire(call: &Call<'_>, of: &Inquiry) -> Result<Option<Vec<String>>, ProviderError> {
    let account = call.account;
    if !is_set(account) {
        return Ok(None);
    }
    // One of the two names the transaction (Daraja, Transaction Status: "either").
    let (name, value) = match &of.about {
        Asked::Receipt(receipt) => ("TransactionID", receipt.as_str()),
        Asked::Refund(ids) => {
            let original = ids.split_once('/').map_or(ids.as_str(), |(_, o)| o);
            ("OriginalConversationID", original)
        }
    };
    if !takes_address(&of.answer_url) {
        return Err(address_refused());
    }
    let body = json!({
        "Initiator": plain(account, "initiator_name")?,
        "SecurityCredential": security_credential(account)?,
        "CommandID": "TransactionStatusQuery",
        name: value,
        "PartyA": plain(account, "shortcode")?,
        // 4: a short code.
        "IdentifierType": "4",
        "ResultURL": format!("{}{STATUS}", of.answer_url),
        "QueueTimeOutURL": format!("{}{TIMEOUT}", of.answer_url),
        "Remarks": "Payment check",
    });
    let answer = post(call, "/mpesa/transactionstatus/v1/query", &body).await?;
    Ok(Some(acknowledged(&answer)?.to_vec()))
}

/// What the result code of a reversal means; `None` for a code that says nothing final.
/// Source: Daraja, Reversal, result codes.
pub fn reversal(code: &str) -> Option<Result<(), FailureCode>> {
    Some(match code {
        "0" => Ok(()),
        "R000001" => Err(FailureCode::AlreadyRefunded),
        "1" => Err(FailureCode::MerchantBalanceLow),
        "2" | "3" | "4" | "8" => Err(FailureCode::AmountLimit),
        // R000002: no such payment. 11 and 2006: an account is not active. 2040: the customer is not
        // registered any more.
        "R000002" | "11" | "2006" | "2040" | "SFC_IC0003" => Err(FailureCode::NotRefundable),
        "17" => Err(FailureCode::RepeatedTooSoon),
        // 21: the operator lacks the role. 2001: unknown or wrong password. 8006: locked.
        // 2028: the short code may not.
        "21" | "2001" | "8006" | "2028" => Err(FailureCode::ProviderMisconfigured),
        "26" => Err(FailureCode::ProviderUnavailable),
        _ => return None,
    })
}

/// A value of the result by its name. One parameter alone comes without a list around it.
fn parameter(result: &Value, name: &str) -> Option<String> {
    let all = result.pointer("/ResultParameters/ResultParameter")?;
    let one = std::slice::from_ref(all);
    let items = all.as_array().map_or(one, Vec::as_slice);
    let found = items.iter().find(|item| item["Key"] == name)?;
    text(found, "/Value")
}

/// What transaction status says. How it calls a transaction that was reversed is not documented;
/// anything but the documented `Completed` is never taken for money that is there.
fn status(code: &str, result: &Value) -> Answered {
    match code {
        "0" => {}
        // Observed: the receipt does not exist.
        "2032" => return Answered::NotDone,
        _ => return Answered::Nothing,
    }
    let state = parameter(result, "TransactionStatus").unwrap_or_default();
    let amount = parameter(result, "Amount");
    let amount = amount.and_then(|a| Money::parse_major(&a, Currency::KES).ok());
    match (state.as_str(), parameter(result, "ReceiptNo"), amount) {
        ("Completed", Some(receipt), Some(amount)) => Answered::Done { receipt, amount },
        ("Reversed", Some(receipt), _) => Answered::TakenBack { receipt },
        ("Failed" | "Cancelled" | "Declined" | "Expired", _, _) => Answered::NotDone,
        _ => Answered::Nothing,
    }
}

/// What comes to the address of a request. Anything may come where Safaricom says that its queue
/// timed out: the body of that call is not documented.
pub fn answer(body: &Value, path: &str) -> Result<HookReading, HookError> {
    let result = &body["Result"];
    let timed_out = path.ends_with(TIMEOUT);
    let code = match text(result, "/ResultCode").filter(|c| c.len() <= 20) {
        Some(code) => code,
        None if timed_out => "timeout".to_owned(),
        None => {
            let why = "it has no Result with a ResultCode".to_owned();
            return Err(HookError::Unreadable(why));
        }
    };
    let ids: Vec<String> = ["/ConversationID", "/OriginatorConversationID"]
        .iter()
        .filter_map(|pointer| text(result, pointer))
        .map(|id| id.chars().take(100).collect())
        .collect();
    let words = text(result, "/ResultDesc").unwrap_or_default();
    let said = format!("{code} {}", words.chars().take(200).collect::<String>());
    let said = said.trim().to_owned();
    let found = if timed_out {
        Answered::Nothing
    } else if path.ends_with(STATUS) {
        status(&code, result)
    } else {
        match reversal(&code) {
            Some(Ok(())) => Answered::Refund(RefundFound::Succeeded),
            Some(Err(why)) => Answered::Refund(RefundFound::Failed(Failure {
                code: why,
                message: said.clone(),
            })),
            None => Answered::Nothing,
        }
    };
    Ok(HookReading {
        dedupe_key: format!("result:{}:{code}", ids.join(":")),
        event: if timed_out { "queue_timeout" } else { "result" }.to_owned(),
        about: HookAbout::Answer(Answer {
            ids,
            found,
            locked_out: !timed_out && matches!(code.as_str(), "2001" | "8006"),
            said,
        }),
    })
}
