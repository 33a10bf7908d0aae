//! Paybill and till without a prompt (C2B): instructions, the addresses that Safaricom calls, the
//! validation question and the confirmation. Both are unsigned, and the account number is what a
//! person typed. Facts: Daraja, Customer To Business Register URL.
use super::wire::{address_refused, optional, plain, post, refusal, said, takes_address};
use crate::domain::payment::{NextAction, PaymentStatus};
use crate::domain::{Currency, Money};
use crate::providers::http::text;
use crate::providers::{
    Account, BillPayment, Call, HookAbout, HookError, HookReading, InputProblem, ProviderError,
    Registered, StartPayment, Started, Verdict,
};
use serde_json::{Value, json};

/// The ends of the hook address that are registered.
pub const CONFIRMATION: &str = "confirmation";
pub const VALIDATION: &str = "validation";

/// The till number, where the account is a till.
pub fn till(account: &Account) -> Result<Option<&str>, ProviderError> {
    match optional(account, "transaction_type") {
        Some("till") => plain(account, "till_number").map(Some),
        _ => Ok(None),
    }
}

/// Whether instructions can be shown.
pub fn check(account: &Account) -> Result<(), InputProblem> {
    let refuse = |message: &str| {
        let code = "method_not_configured";
        Err(InputProblem::new("method", code, message.to_owned()))
    };
    if account.option("paybill") == Some("off") {
        return refuse("payment by paybill or till is switched off");
    }
    match till(account) {
        Err(_) => refuse("the till number is not set"),
        Ok(_) => Ok(()),
    }
}

/// What the customer types. Nobody is called: Safaricom tells us when the money is there.
pub fn instructions(account: &Account, req: &StartPayment) -> Result<Started, ProviderError> {
    let next_action = match (till(account)?, &req.bill) {
        (Some(till), _) => NextAction::PayBill {
            business_number: till.to_owned(),
            account_number: None,
        },
        (None, Some(bill)) => NextAction::PayBill {
            business_number: plain(account, "shortcode")?.to_owned(),
            account_number: Some(bill.to_string()),
        },
        (None, None) => {
            let message = "there is no account number for this payment";
            return Err(ProviderError::Misconfigured(message.to_owned()));
        }
    };
    Ok(Started {
        provider_ref: None,
        status: PaymentStatus::RequiresAction,
        next_action,
        said: "The customer pays by menu or *334#.".to_owned(),
    })
}

/// Registers the two addresses for the short code. `Completed` takes the money in when our answer
/// to a validation does not come: it is not lost, only on a desk.
/// Source: Daraja, Customer To Business Register URL.
pub async fn register(call: &Call<'_>, hook_url: &str) -> Result<Registered, ProviderError> {
    if !takes_address(hook_url) {
        return Err(address_refused());
    }
    let shortcode = plain(call.account, "shortcode")?;
    let body = json!({
        "ShortCode": shortcode,
        "ResponseType": "Completed",
        "ConfirmationURL": format!("{hook_url}/{CONFIRMATION}"),
        "ValidationURL": format!("{hook_url}/{VALIDATION}"),
    });
    let answer = post(call, "/mpesa/c2b/v2/registerurl", &body).await?;
    let reply = answer.json().unwrap_or_default();
    let words = said(&answer, &reply);
    // Captured from the sandbox: `00000000` as well as `0`.
    let zero = |code: &String| code.bytes().all(|b| b == b'0');
    if answer.is_success() && text(&reply, "/ResponseCode").is_some_and(|c| zero(&c)) {
        return Ok(Registered {
            said: format!(
                "Safaricom now tells us what is paid to {shortcode} by hand. Validation is asked \
                 only after a mail to apisupport@safaricom.co.ke."
            ),
            credentials: vec![],
        });
    }
    let lower = words.to_lowercase();
    if lower.contains("already registered") {
        return Err(ProviderError::Misconfigured(format!(
            "Safaricom has addresses for {shortcode} already and takes no others. If they are \
             those of this page, nothing is left to do. Else two operators delete them in the \
             M-PESA portal, Self Services, URL Management; then register again. ({words})"
        )));
    }
    if lower.contains("duplicate notification") {
        return Err(ProviderError::Misconfigured(format!(
            "{shortcode} is registered on Safaricom's older platform for aggregators; write to \
             apisupport@safaricom.co.ke to have it removed there. ({words})"
        )));
    }
    if let Some(code) = text(&reply, "/ResponseCode") {
        let message = format!("Safaricom did not register the addresses: {code} {words}");
        return Err(ProviderError::Misconfigured(message));
    }
    Err(refusal(&answer))
}

/// The first letter of each name: enough to recognise somebody by, no more.
fn masked_name(body: &Value) -> String {
    let names = ["/FirstName", "/MiddleName", "/LastName"].map(|part| text(body, part));
    let masked = names.into_iter().flatten().filter_map(|name| {
        let first = name.chars().find(|c| c.is_alphabetic())?;
        Some(format!("{first}***"))
    });
    masked.collect::<Vec<_>>().join(" ")
}

/// Version 2 masks the number itself (`2547 ***** 126`); a whole one is masked here. Version 1
/// sends a digest, which tells staff nothing.
fn masked_phone(told: &str) -> String {
    let digits: String = told.chars().filter(char::is_ascii_digit).collect();
    if told.len() > 20 || told.chars().any(|c| c.is_ascii_alphabetic()) {
        String::new()
    } else if digits.len() >= 10 {
        format!("{} ***** {}", &digits[..4], &digits[digits.len() - 3..])
    } else {
        told.to_owned()
    }
}

/// What validation and confirmation tell; all their values are text.
pub fn bill(account: &Account, body: &Value) -> Result<BillPayment, HookError> {
    let bad = |what: &str| HookError::Unreadable(what.to_owned());
    let receipt = text(body, "/TransID")
        .filter(|v| v.len() <= 40 && v.bytes().all(|b| b.is_ascii_alphanumeric()))
        .ok_or_else(|| bad("TransID is missing or odd"))?;
    let amount = text(body, "/TransAmount")
        .and_then(|a| Money::parse_major(&a, Currency::KES).ok())
        .filter(|a| (1..=Money::MOST_MINOR).contains(&a.minor))
        .ok_or_else(|| bad("TransAmount is missing or odd"))?;
    let business_number = text(body, "/BusinessShortCode").unwrap_or_default();
    let business_number: String = business_number.chars().take(20).collect();
    // For a till the documentation does not say which of its two numbers stands here.
    let numbers = ["shortcode", "till_number"].map(|field| optional(account, field));
    let typed = text(body, "/BillRefNumber").unwrap_or_default();
    let typed = typed.chars().filter(|c| !c.is_control()).take(40).collect();
    Ok(BillPayment {
        receipt,
        amount,
        ours: numbers.contains(&Some(business_number.as_str())),
        business_number,
        typed,
        payer_name: masked_name(body),
        payer_phone: masked_phone(&text(body, "/MSISDN").unwrap_or_default()),
    })
}

/// A confirmation carries no result code: it means paid.
pub fn confirmation(account: &Account, body: &Value) -> Result<HookReading, HookError> {
    let bill = bill(account, body)?;
    Ok(HookReading {
        dedupe_key: format!("c2b:{}", bill.receipt),
        event: "c2b_confirmation".to_owned(),
        about: HookAbout::Bill(bill),
    })
}

/// A validation is a question: it is answered when it comes, and never money.
pub fn validation(body: &Value) -> Result<HookReading, HookError> {
    let id = text(body, "/TransID")
        .ok_or_else(|| HookError::Unreadable("TransID is missing".to_owned()))?;
    Ok(HookReading {
        dedupe_key: format!("validation:{}", id.chars().take(40).collect::<String>()),
        event: "c2b_validation".to_owned(),
        about: HookAbout::Nothing("a question that was answered".to_owned()),
    })
}

/// Source: Daraja, Customer To Business Register URL, result codes of the validation response.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Welcome => r#"{"ResultCode":"0","ResultDesc":"Accepted"}"#,
        // Invalid account number.
        Verdict::UnknownReference => r#"{"ResultCode":"C2B00012","ResultDesc":"Rejected"}"#,
        // Invalid amount.
        Verdict::WrongAmount => r#"{"ResultCode":"C2B00013","ResultDesc":"Rejected"}"#,
        // Invalid short code.
        Verdict::OtherNumber => r#"{"ResultCode":"C2B00015","ResultDesc":"Rejected"}"#,
        // Other error.
        Verdict::Closed => r#"{"ResultCode":"C2B00016","ResultDesc":"Rejected"}"#,
    }
}
