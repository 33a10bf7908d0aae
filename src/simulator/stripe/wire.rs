//! The shapes in which Stripe reports: sessions, intents, charges, refunds, disputes, events.

use serde_json::{Value, json};

use super::Sale;
use crate::simulator::ledger::{Payment, Refund};

/// The version of events; an endpoint may have its own.
pub const VERSION: &str = "2025-09-30.clover";

fn low(currency: &str) -> String {
    currency.to_lowercase()
}

/// A Checkout Session. The intent is an object where the caller asked to expand it.
pub fn session(payment: &Payment, sale: &Sale, url: &str, expanded: bool) -> Value {
    let open = payment.status == "open";
    let status = match payment.status.as_str() {
        open_or_over @ ("open" | "expired") => open_or_over,
        _ => "complete",
    };
    let known = match &sale.intent {
        Some(_) if expanded => intent(payment, sale),
        Some(id) => json!(id),
        None => Value::Null,
    };
    let details = sale.intent.as_ref().map(|_| {
        json!({"address": null, "email": sale.email, "name": null, "phone": null,
            "tax_exempt": "none", "tax_ids": []})
    });
    json!({
        "id": payment.id,
        "object": "checkout.session",
        "allow_promotion_codes": null,
        "amount_subtotal": payment.amount,
        "amount_total": payment.amount,
        "automatic_tax": {"enabled": false, "liability": null, "status": null},
        "billing_address_collection": null,
        "cancel_url": sale.cancel_url,
        "client_reference_id": Some(&payment.reference).filter(|r| !r.is_empty()),
        "created": payment.created_at / 1_000,
        "currency": low(&payment.currency),
        "customer": null,
        "customer_creation": "if_required",
        "customer_details": details,
        "customer_email": sale.email,
        "expires_at": sale.expires_at,
        "invoice": null,
        "livemode": payment.mode == "live",
        "locale": sale.locale,
        "metadata": sale.metadata,
        "mode": "payment",
        "payment_intent": known,
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": if sale.paid { "paid" } else { "unpaid" },
        "presentment_details": null,
        "setup_intent": null,
        "status": status,
        "submit_type": null,
        "subscription": null,
        "success_url": sale.success_url,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted",
        "url": if open { json!(url) } else { Value::Null },
    })
}

pub fn intent(payment: &Payment, sale: &Sale) -> Value {
    let error = sale.last_error.is_object().then(|| sale.last_error.clone());
    json!({
        "id": sale.intent,
        "object": "payment_intent",
        "amount": payment.amount,
        "amount_capturable": 0,
        "amount_received": if sale.paid { payment.amount } else { 0 },
        "canceled_at": null,
        "cancellation_reason": null,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "created": payment.updated_at / 1_000,
        "currency": low(&payment.currency),
        "customer": null,
        "description": sale.description,
        "last_payment_error": error,
        "latest_charge": sale.charge,
        "livemode": payment.mode == "live",
        "metadata": sale.intent_metadata,
        "next_action": null,
        "payment_method_types": ["card"],
        "status": sale.intent_status,
    })
}

pub fn charge(payment: &Payment, sale: &Sale) -> Value {
    json!({
        "id": sale.charge,
        "object": "charge",
        "amount": payment.amount,
        "amount_captured": if sale.paid { payment.amount } else { 0 },
        "amount_refunded": payment.refunded,
        "created": payment.updated_at / 1_000,
        "currency": low(&payment.currency),
        "disputed": sale.disputed,
        "livemode": payment.mode == "live",
        "metadata": sale.intent_metadata,
        "paid": sale.paid,
        "payment_intent": sale.intent,
        "refunded": payment.refunded == payment.amount,
        "status": if sale.paid { "succeeded" } else { "failed" },
    })
}

pub fn refund(refund: &Refund) -> Value {
    let mut told = json!({
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": format!("txn_{}", refund.id.trim_start_matches("re_")),
        "charge": refund.data["charge"],
        "created": refund.created_at / 1_000,
        "currency": low(&refund.currency),
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": refund.data["metadata"],
        "payment_intent": refund.data["payment_intent"],
        "reason": refund.data["reason"],
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": refund.status,
        "transfer_reversal": null,
    });
    match refund.status.as_str() {
        "failed" => {
            told["failure_reason"] = json!("expired_or_canceled_card");
            told["failure_balance_transaction"] =
                json!(format!("txn_f{}", refund.id.trim_start_matches("re_")));
        }
        "pending" => told["pending_reason"] = json!("processing"),
        _ => {}
    }
    told
}

pub fn dispute(payment: &Payment, sale: &Sale, id: &str) -> Value {
    json!({
        "id": id,
        "object": "dispute",
        "amount": payment.amount,
        "charge": sale.charge,
        "created": payment.updated_at / 1_000,
        "currency": low(&payment.currency),
        "is_charge_refundable": !sale.disputed,
        "livemode": payment.mode == "live",
        "metadata": {},
        "payment_intent": sale.intent,
        "reason": "fraudulent",
        "status": if sale.disputed { "needs_response" } else { "warning_needs_response" },
    })
}

/// What surrounds an object in an event.
pub struct Envelope<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub live: bool,
    /// Milliseconds.
    pub at: i64,
    pub version: &'a str,
    /// What changed, with its value before.
    pub before: Option<Value>,
}

pub fn event(envelope: &Envelope<'_>, object: &Value) -> Value {
    let mut data = json!({"object": object});
    if let Some(before) = &envelope.before {
        data["previous_attributes"] = before.clone();
    }
    json!({
        "id": envelope.id,
        "object": "event",
        "api_version": envelope.version,
        "created": envelope.at / 1_000,
        "data": data,
        "livemode": envelope.live,
        "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "type": envelope.kind,
    })
}
