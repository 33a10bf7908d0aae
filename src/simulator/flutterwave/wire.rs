//! The shapes in which Flutterwave reports: transactions, refunds and hooks. Amounts are kept in
//! minor units and written in major units, as JSON numbers.

use serde_json::{Number, Value, json};

use super::{Sale, Try, instruments};
use crate::domain::{Currency, Money};
use crate::simulator::clock::iso;
use crate::simulator::ledger::{Payment, Refund};

const ACCOUNT: i64 = 20_937;
const WALLET: i64 = 134_244;

/// An amount in major units.
pub fn major(minor: i64, currency: &str) -> Number {
    let Some(currency) = Currency::parse(currency) else {
        return minor.into();
    };
    let written = Money::new(minor, currency).to_major_string();
    let short = if written.contains('.') {
        written.trim_end_matches('0').trim_end_matches('.')
    } else {
        &written
    };
    serde_json::from_str(short).unwrap_or_else(|_| minor.into())
}

/// 1.4 %, rounded down.
pub fn fee(minor: i64) -> i64 {
    minor * 14 / 1000
}

/// `data` of verify and of hooks.
pub fn transaction(payment: &Payment, sale: &Sale, attempt: &Try) -> Value {
    let in_major = |minor| major(minor, &payment.currency);
    let paid = attempt.status == "successful";
    let fee = fee(payment.amount);
    let charged = if sale.payer_bears_fee {
        payment.amount + fee
    } else {
        payment.amount
    };
    let settled = if sale.payer_bears_fee {
        payment.amount
    } else {
        payment.amount - fee
    };
    let mut data = json!({
        "id": attempt.id,
        "tx_ref": payment.reference,
        "flw_ref": attempt.flw_ref,
        "device_fingerprint": "N/A",
        "amount": in_major(payment.amount),
        "currency": payment.currency,
        "charged_amount": in_major(charged),
        "app_fee": in_major(fee),
        "merchant_fee": 0,
        "processor_response": attempt.response,
        "auth_model": attempt.auth_model,
        "ip": "203.0.113.9",
        "narration": attempt.narration(),
        "status": attempt.status,
        "payment_type": attempt.kind,
        "created_at": iso(attempt.created_at),
        "account_id": ACCOUNT,
        "meta": sale.meta,
        "amount_settled": if paid { json!(in_major(settled)) } else { Value::Null },
        "customer": {
            "id": sale.customer, "name": sale.name, "email": sale.email,
            "phone_number": sale.phone.as_deref().unwrap_or("N/A"),
            "created_at": iso(payment.created_at),
        },
    });
    if let Some(card) = attempt.card {
        data["card"] = instruments::shown(card);
    }
    data
}

/// `charge.completed`, sent for every outcome.
pub fn completed(payment: &Payment, sale: &Sale, attempt: &Try) -> Value {
    let mut data = transaction(payment, sale, attempt);
    if let Some(data) = data.as_object_mut() {
        data.remove("meta");
        data.remove("amount_settled");
    }
    json!({
        "event": "charge.completed",
        "data": data,
        "meta_data": sale.meta,
        "event.type": attempt.event_type(),
    })
}

/// The flat form of v2, which some accounts still get.
pub fn completed_v2(payment: &Payment, sale: &Sale, attempt: &Try) -> Value {
    let data = transaction(payment, sale, attempt);
    json!({
        "id": attempt.id,
        "txRef": payment.reference,
        "flwRef": attempt.flw_ref,
        "orderRef": format!("URF_{}", attempt.id),
        "paymentPlan": null,
        "createdAt": data["created_at"],
        "amount": data["amount"],
        "charged_amount": data["charged_amount"],
        "status": attempt.status,
        "IP": "203.0.113.9",
        "currency": payment.currency,
        "customer": {
            "id": sale.customer, "phone": sale.phone, "fullName": sale.name, "email": sale.email,
        },
        "entity": data.get("card").cloned().unwrap_or(Value::Null),
        "event.type": attempt.event_type(),
    })
}

fn meta(refund: &Refund) -> Value {
    json!({"source": "availablebalance", "uniquereference": format!("sim-{}", refund.id)})
}

fn number(id: &str) -> i64 {
    id.parse().unwrap_or_default()
}

/// A refund as the create call and a question by its id tell it.
pub fn refund(refund: &Refund) -> Value {
    json!({
        "id": number(&refund.id),
        "account_id": ACCOUNT,
        "tx_id": refund.data["tx_id"],
        "flw_ref": refund.data["flw_ref"],
        "wallet_id": WALLET,
        "amount_refunded": major(refund.amount, &refund.currency),
        "status": refund.status,
        "destination": "payment_source",
        "meta": meta(refund),
        "created_at": iso(refund.created_at),
    })
}

/// A refund in a list and in its hook: other spellings, and `meta` is a text.
pub fn refund_row(refund: &Refund) -> Value {
    json!({
        "id": number(&refund.id),
        "AmountRefunded": major(refund.amount, &refund.currency),
        "status": refund.status,
        "FlwRef": refund.data["flw_ref"],
        "destination": "payment_source",
        "comments": refund.data["comments"],
        "settlement_id": "NEW",
        "meta": meta(refund).to_string(),
        "createdAt": iso(refund.created_at),
        "updatedAt": iso(refund.updated_at),
        "deletedAt": null,
        "walletId": WALLET,
        "AccountId": ACCOUNT,
        "TransactionId": refund.data["tx_id"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_major_units() {
        for (minor, currency, wire) in [
            (250_000, "NGN", "2500"),
            (10, "USD", "0.1"),
            (9_860, "NGN", "98.6"),
            (500, "XOF", "500"),
            (0, "KES", "0"),
        ] {
            assert_eq!(major(minor, currency).to_string(), wire);
        }
        assert_eq!(fee(10_000), 140);
    }
}
