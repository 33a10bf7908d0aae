//! Refunds: sent once by the payment's own id, found again by our id in metadata or notes.
use super::super::http::segment;
use super::super::{Call, Found, ProviderError, RefundFound, RefundReport, StartRefund};
use super::begin::REFERENCE;
use super::wire::{
    Object, codes, data, failure, failure_code, get, listed, post, refusal, short, unknown,
};
use super::{ask as payments, read, to_centavos};
use crate::domain::Money;
use crate::domain::payment::FailureCode;
use serde_json::{Value, json};

/// The metadata that carries our refund's id.
pub const REFUND: &str = "refund_reference";
const MIN_CENTAVOS: i64 = 100;
const NOTES: usize = 255;

/// PayMongo takes one of four reasons; what was really written goes into the notes.
/// Source: PayMongo reference, Refund, `reason`.
fn reason(words: &str) -> &'static str {
    let words = words.to_lowercase();
    if words.contains("duplicate") {
        "duplicate"
    } else if words.contains("fraud") {
        "fraudulent"
    } else if words.contains("customer") {
        "requested_by_customer"
    } else {
        "others"
    }
}

/// Our ids first: they find the refund again, and the notes may be cut behind them.
fn notes(req: &StartRefund) -> String {
    let notes = format!("{} {} {}", req.reference, req.payment.reference, req.reason);
    notes.trim().chars().take(NOTES).collect()
}

/// The id of the money, `pay_…`: what we know, or what PayMongo says of the payment.
async fn payment_id(call: &Call<'_>, of: &StartRefund) -> Result<String, ProviderError> {
    if let Some(receipt) = of.payment.receipt.clone().filter(|r| r.starts_with("pay_")) {
        return Ok(receipt);
    }
    let report = payments::payment(call, &of.payment).await?;
    match (report.found, report.receipt) {
        (Found::Succeeded(_), Some(receipt)) => Ok(receipt),
        (Found::Succeeded(_), None) => Err(ProviderError::Unavailable(
            "PayMongo does not show the payment's own id yet".to_owned(),
        )),
        (_, _) => Err(ProviderError::declined(
            FailureCode::NotRefundable,
            format!("PayMongo took no money: {}", report.said),
        )),
    }
}

pub async fn send(call: &Call<'_>, req: &StartRefund) -> Result<RefundReport, ProviderError> {
    let refuse = |code, words: &str| Err(ProviderError::declined(code, words));
    let Some(amount) = to_centavos(req.amount) else {
        return refuse(FailureCode::NotRefundable, "the amount cannot be sent");
    };
    if amount < MIN_CENTAVOS {
        return refuse(
            FailureCode::AmountLimit,
            "PayMongo refunds at least PHP 1.00",
        );
    }
    // Nothing was sent so far: an answer that is missing here is no reason to wait.
    let payment = payment_id(call, req).await.map_err(not_sent)?;
    let attributes = json!({
        "amount": amount,
        "payment_id": payment,
        "reason": reason(&req.reason),
        "notes": notes(req),
        "metadata": { REFUND: req.reference, REFERENCE: req.payment.reference },
    });
    let answer = post(call, "/v1/refunds", attributes, Some(&req.reference)).await?;
    if !answer.is_success() {
        return Err(refused(&answer));
    }
    let told = data(&answer)?;
    let refund = read::kind_of(&told, "ref_")?;
    report(&refund, &payment, req.amount)
}

/// What keeps a refund from being sent, sent nothing.
fn not_sent(error: ProviderError) -> ProviderError {
    match error {
        ProviderError::Unknown(said) => ProviderError::Unavailable(format!("not sent: {said}")),
        error => error,
    }
}

/// Source: error maps of public integrations, which agree with each other.
fn refused(answer: &super::super::http::Answer) -> ProviderError {
    let error = refusal(answer);
    let ProviderError::Declined(mut failure) = error else {
        return error;
    };
    let (closer, code) = codes(answer);
    let known = closer.as_deref().and_then(failure_code);
    match (code.as_deref().unwrap_or_default(), known) {
        // Another refund of this payment is running: nothing was taken of this one.
        ("resource_processing_state", _) => {
            return ProviderError::Unavailable(failure.message);
        }
        // The wallet or bank gave PayMongo no clear answer.
        ("provider_processing_error", _) => return unknown(failure.message),
        ("parameter_above_maximum" | "allowed_amount_exceeded", _) => {
            failure.code = FailureCode::AlreadyRefunded;
        }
        ("resource_failed_state" | "resource_not_found", None) => {
            failure.code = FailureCode::NotRefundable;
        }
        _ => {}
    }
    ProviderError::Declined(failure)
}

/// Reads a refund. One of another amount or payment waits for a person.
fn report(
    refund: &Object<'_>,
    payment: &str,
    wanted: Money,
) -> Result<RefundReport, ProviderError> {
    let status = refund.status();
    let mut said = format!("refund {status}");
    let found = match status {
        "succeeded" => RefundFound::Succeeded,
        "failed" => {
            let why = failure(refund.at);
            said = format!("{said}: {}", why.message);
            RefundFound::Failed(why)
        }
        "" => return Err(unknown("the refund has no status")),
        // `pending` and `processing`, and what we do not know.
        _ => RefundFound::Pending,
    };
    let other_amount = refund.money().is_some_and(|given| given != wanted);
    let other_payment = refund.text("/payment_id").is_some_and(|id| id != payment);
    let found = if other_amount || other_payment {
        said.push_str(": it is not the refund that was asked; a person must look");
        RefundFound::Pending
    } else {
        found
    };
    Ok(RefundReport {
        found,
        provider_ref: Some(refund.id.to_owned()),
        said: short(&said),
    })
}

/// Whether a refund carries our id.
fn ours(refund: &Object<'_>, reference: &str) -> bool {
    if let Some(theirs) = refund.text(&format!("/metadata/{REFUND}")) {
        return theirs == reference;
    }
    let notes = refund.text("/notes").unwrap_or_default();
    notes.split_whitespace().any(|word| word == reference)
}

pub async fn ask(call: &Call<'_>, of: &StartRefund) -> Result<RefundReport, ProviderError> {
    let payment = payment_id(call, of).await;
    if let Some(id) = &of.provider_ref {
        let answer = get(call, &format!("/v1/refunds/{}", segment(id))).await?;
        let told = data(&answer)?;
        let refund = read::kind_of(&told, "ref_")?;
        if refund.id != id {
            return Err(unknown("PayMongo answered with another refund"));
        }
        // Without the payment's id the refund's own word for it stands.
        let its = refund.text("/payment_id").unwrap_or_default();
        return report(&refund, &payment.unwrap_or(its), of.amount);
    }
    let payment = payment.map_err(|error| unknown(error.to_string()))?;
    // The filter is not in PayMongo's reference, so rows of other payments are passed over.
    let path = format!("/v1/refunds?payment_id={}", segment(&payment));
    let mine = |o: &Object<'_>| {
        ours(o, &of.reference) && o.text("/payment_id").is_none_or(|id| id == payment)
    };
    let rows: Vec<Value> = listed(call, &path, of.payment.created_at, mine).await?;
    match rows.iter().find_map(Object::of) {
        Some(refund) => report(&refund, &payment, of.amount),
        None => Ok(RefundReport {
            found: RefundFound::Missing,
            provider_ref: None,
            said: "PayMongo has no refund with our id".to_owned(),
        }),
    }
}
