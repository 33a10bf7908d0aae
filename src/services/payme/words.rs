//! What Payme is told of a transaction, always with the times of the first answer, and what its own
//! words mean.
use super::TIMEOUT;
use crate::domain::hook::HookStatus;
use crate::providers::payme::merchant_api::Refused;
use crate::store::payme::PaymeTransaction;
use serde_json::{Value, json};

/// What is said, or refused.
pub(super) type Word = Result<Value, Refused>;

/// How a call stands in the list of hooks.
pub(super) fn standing(word: &Word) -> (HookStatus, String) {
    match word {
        Ok(_) => (HookStatus::Applied, String::new()),
        Err(why) => (HookStatus::Ignored, why.words()),
    }
}

/// What Payme means by a reason.
pub(super) fn reason_words(reason: i64) -> &'static str {
    match reason {
        1 => "the receiver was not found or is not active",
        2 => "the debit failed",
        3 => "the transaction could not be carried out",
        TIMEOUT => "the time for it was over",
        5 => "the payment was given back",
        _ => "for a reason that Payme does not tell",
    }
}

pub(super) fn created(t: &PaymeTransaction) -> Value {
    json!({ "create_time": t.create_time, "transaction": t.id, "state": t.state })
}

pub(super) fn performed(t: &PaymeTransaction) -> Value {
    json!({ "transaction": t.id, "perform_time": t.perform_time, "state": t.state })
}

pub(super) fn cancelled(t: &PaymeTransaction) -> Value {
    json!({ "transaction": t.id, "cancel_time": t.cancel_time, "state": t.state })
}

/// `reason` is null until a transaction is cancelled.
pub(super) fn checked(t: &PaymeTransaction) -> Value {
    json!({
        "create_time": t.create_time, "perform_time": t.perform_time,
        "cancel_time": t.cancel_time, "transaction": t.id, "state": t.state, "reason": t.reason,
    })
}

/// A transaction as a statement lists it.
pub(super) fn line(t: &PaymeTransaction, field: &str) -> Value {
    json!({
        "id": t.payme_id, "time": t.payme_time, "amount": t.amount_minor,
        "account": { field: t.payment_id }, "create_time": t.create_time,
        "perform_time": t.perform_time, "cancel_time": t.cancel_time, "transaction": t.id,
        "state": t.state, "reason": t.reason, "receivers": null,
    })
}
