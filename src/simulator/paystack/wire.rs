//! The shapes in which Paystack reports: transactions, refunds and events.

use serde_json::{Value, json};

use super::Sale;
use crate::simulator::clock::iso;
use crate::simulator::ledger::{Payment, Refund};

const INTEGRATION: i64 = 412_829;

fn number(id: &str) -> i64 {
    id.parse().unwrap_or_default()
}

/// 1.5 %, rounded down.
fn fees(amount: i64) -> i64 {
    amount * 15 / 1000
}

fn customer(sale: &Sale) -> Value {
    json!({
        "id": sale.customer, "first_name": null, "last_name": null, "email": sale.email,
        "customer_code": format!("CUS_{:015}", sale.customer), "phone": null, "metadata": null,
        "risk_action": "default",
    })
}

/// `data` of verify, fetch and list.
pub fn transaction(payment: &Payment, sale: &Sale) -> Value {
    let paid_at = sale.paid_at.map(iso);
    let created = iso(payment.created_at);
    let authorization = if sale.authorization.is_null() {
        json!({})
    } else {
        sale.authorization.clone()
    };
    let response = sale
        .gateway_response
        .clone()
        .unwrap_or_else(|| "The transaction was not completed".to_owned());
    json!({
        "id": number(&payment.id),
        "domain": payment.mode,
        "status": payment.status,
        "reference": payment.reference,
        "receipt_number": null,
        "amount": payment.amount,
        "message": null,
        "gateway_response": response,
        "paid_at": paid_at,
        "created_at": created,
        "channel": sale.channel.as_deref().unwrap_or("card"),
        "currency": payment.currency,
        "ip_address": "203.0.113.9",
        "metadata": sale.metadata,
        "log": null,
        "fees": sale.paid_at.map(|_| fees(payment.amount)),
        "fees_split": null,
        "authorization": authorization,
        "customer": customer(sale),
        "plan": null,
        "split": {},
        "order_id": null,
        "paidAt": paid_at,
        "createdAt": created,
        "requested_amount": payment.amount,
        "pos_transaction_data": null,
        "source": null,
        "fees_breakdown": null,
        "connect": null,
        "transaction_date": created,
        "plan_object": {},
        "subaccount": {},
    })
}

/// `charge.success`
pub fn success_event(payment: &Payment, sale: &Sale) -> Value {
    let paid_at = sale.paid_at.map(iso);
    json!({
        "event": "charge.success",
        "data": {
            "id": number(&payment.id),
            "domain": payment.mode,
            "status": "success",
            "reference": payment.reference,
            "amount": payment.amount,
            "message": null,
            "gateway_response": sale.gateway_response,
            "paid_at": paid_at,
            "created_at": iso(payment.created_at),
            "channel": sale.channel.as_deref().unwrap_or("card"),
            "currency": payment.currency,
            "ip_address": "203.0.113.9",
            "metadata": sale.metadata,
            "fees": fees(payment.amount),
            "fees_split": null,
            "log": null,
            "authorization": sale.authorization,
            "customer": customer(sale),
            "plan": {},
            "subaccount": {},
            "split": {},
            "order_id": null,
            "paidAt": paid_at,
            "requested_amount": payment.amount,
            "source": {
                "type": "api", "source": "merchant_api",
                "entry_point": "transaction_initialize", "identifier": null,
            },
        }
    })
}

/// `bank.transfer.rejected`: the customer sent another amount and gets it back.
pub fn transfer_rejected(payment: &Payment, sale: &Sale) -> Value {
    json!({
        "event": "bank.transfer.rejected",
        "data": {
            "bank_transfer": {
                "amount": (payment.amount + 5_000).to_string(),
                "message": "incorrect amount sent",
                "message_type": "INCORRECT_AMOUNT",
                "transaction_id": payment.id,
            },
            "customer": {
                "id": sale.customer, "email": sale.email,
                "customer_code": format!("CUS_{:015}", sale.customer), "domain": payment.mode,
            },
        }
    })
}

/// A refund; the transaction is an object when it is created and a number later.
pub fn refund(refund: &Refund, created_for: Option<&Payment>) -> Value {
    let transaction = match created_for {
        Some(payment) => json!({
            "id": number(&payment.id), "domain": payment.mode, "reference": payment.reference,
            "amount": payment.amount, "currency": payment.currency, "channel": "card",
        }),
        None => json!(number(&refund.payment_id)),
    };
    let deducted = if refund.status == "processed" {
        refund.amount
    } else {
        0
    };
    json!({
        "id": number(&refund.id),
        "integration": INTEGRATION,
        "domain": refund.mode,
        "transaction": transaction,
        "dispute": null,
        "amount": refund.amount,
        "deducted_amount": deducted,
        "fully_deducted": refund.status == "processed",
        "currency": refund.currency,
        "channel": "card",
        "status": refund.status,
        "refunded_by": "merchant@example.com",
        "refunded_at": iso(refund.updated_at),
        "expected_at": iso(refund.created_at + 7 * 24 * 3_600_000),
        "customer_note": refund.data["customer_note"],
        "merchant_note": refund.data["merchant_note"],
        "createdAt": iso(refund.created_at),
        "updatedAt": iso(refund.updated_at),
    })
}

/// `refund.…`: the amount is text while it goes well and a number otherwise.
pub fn refund_event(refund: &Refund, payment: &Payment, sale: &Sale) -> Value {
    let troubled = matches!(refund.status.as_str(), "failed" | "needs-attention");
    let amount = if troubled {
        json!(refund.amount)
    } else {
        json!(refund.amount.to_string())
    };
    let mut data = json!({
        "status": refund.status,
        "transaction_reference": payment.reference,
        "refund_reference": if refund.status == "pending" { Value::Null } else {
            json!(format!("1320{}", refund.id))
        },
        "amount": amount,
        "currency": refund.currency,
        "processor": if troubled { "instant-transfer" } else { "mpgs_zen" },
        "customer": {"first_name": null, "last_name": null, "email": sale.email},
        "integration": INTEGRATION,
        "domain": refund.mode,
    });
    if refund.status == "needs-attention" {
        data["id"] = json!(refund.id);
    }
    json!({"event": format!("refund.{}", refund.status), "data": data})
}
