//! The shapes in which PayMongo shows its resources and events.

use serde_json::{Value, json};

use super::{Deal, Kind, Try, new_id};
use crate::simulator::ledger::{Payment, Refund};

/// How long the statuses around a payment lag behind it.
const LAG: i64 = 2_000;

fn seconds(milliseconds: i64) -> i64 {
    milliseconds / 1_000
}

pub fn resource(id: &str, kind: &str, attributes: Value) -> Value {
    json!({"id": id, "type": kind, "attributes": attributes})
}

/// What the words of a failed payment are.
pub fn words(code: &str) -> &'static str {
    match code {
        "insufficient_funds" => "The card has insufficient funds.",
        "card_expired" => "The card has expired.",
        "cvc_invalid" => "The CVC number is invalid.",
        "processor_unavailable" => "The processor is unavailable.",
        _ => "The payment was declined.",
    }
}

/// 2.5 %, rounded down.
fn fee(amount: i64) -> i64 {
    amount * 25 / 1_000
}

/// A payment: one try. `refunds` are shown inside it.
pub fn payment(row: &Payment, deal: &Deal, made: &Try, refunds: &[Refund]) -> Value {
    let intent = match deal.kind {
        Kind::Session => json!(deal.intent),
        Kind::Intent => json!(row.id),
        Kind::Source => Value::Null,
    };
    let fee = if made.paid { fee(row.amount) } else { 0 };
    let refunds: Vec<Value> = refunds.iter().map(refund).collect();
    let mut attributes = json!({
        "access_url": null, "amount": row.amount,
        "balance_transaction_id": made.paid.then(|| format!("bal_txn_{}", &made.id[4..])),
        "billing": deal.billing, "currency": row.currency, "description": made.description,
        "disputed": false, "external_reference_number": null, "fee": fee, "foreign_fee": 0,
        "instant_settlement": null, "livemode": row.mode == "live",
        "net_amount": if made.paid { row.amount - fee } else { 0 }, "origin": "api",
        "payment_intent_id": intent, "payout": null, "source": made.source,
        "statement_descriptor": null, "status": if made.paid { "paid" } else { "failed" },
        "tax_amount": null, "metadata": made.metadata, "promotion": null, "refunds": refunds,
        "taxes": [], "available_at": seconds(made.at) + 172_800, "created_at": seconds(made.at),
        "credited_at": seconds(made.at) + 259_200, "paid_at": seconds(made.at),
        "updated_at": seconds(made.at),
    });
    if let Some(code) = &made.code {
        attributes["failed_code"] = json!(code);
        attributes["failed_message"] = json!(words(code));
    }
    resource(&made.id, "payment", attributes)
}

fn payments(row: &Payment, deal: &Deal) -> Vec<Value> {
    deal.tries
        .iter()
        .map(|t| payment(row, deal, t, &[]))
        .collect()
}

/// An intent, also the one behind a session.
pub fn intent(row: &Payment, now: i64) -> Value {
    let deal = Deal::of(row);
    let behind = deal.kind == Kind::Session;
    let id = if behind { &deal.intent } else { &row.id };
    let status = match deal.paid() {
        Some(paid) if behind && now - paid.at < LAG => "processing",
        Some(_) => "succeeded",
        None if behind && deal.step.is_some() => "awaiting_next_action",
        None if behind => "awaiting_payment_method",
        None => &row.status,
    };
    let error = deal.tries.last().and_then(|t| Some((t, t.code.as_deref()?))).map(|(t, code)| {
        json!({"failed_code": code, "failed_message": words(code), "payment_id": t.id})
    });
    let action = deal.page.as_ref().filter(|_| row.status == "awaiting_next_action").map(|page| {
        json!({"type": "redirect", "redirect": {"url": page, "return_url": deal.success_url}})
    });
    resource(
        id,
        "payment_intent",
        json!({
            "amount": row.amount, "capture_type": "automatic",
            "client_key": format!("{id}_client_key"), "currency": row.currency,
            "description": deal.description, "last_payment_error": error,
            "livemode": row.mode == "live", "metadata": deal.metadata, "next_action": action,
            "payment_method_allowed": deal.methods, "payments": payments(row, &deal),
            "setup_future_usage": null, "statement_descriptor": null, "status": status,
            "created_at": seconds(row.created_at), "updated_at": seconds(row.updated_at),
        }),
    )
}

/// A session. Its status stays `active` after the payment.
pub fn session(row: &Payment, now: i64) -> Value {
    let deal = Deal::of(row);
    let paid = deal.paid();
    resource(
        &row.id,
        "checkout_session",
        json!({
            "billing": deal.billing, "cancel_url": deal.cancel_url, "checkout_url": deal.page,
            "client_key": format!("{}_client_key", row.id), "customer_email": null,
            "description": deal.description, "line_items": deal.lines,
            "livemode": row.mode == "live", "merchant": "Test merchant",
            "metadata": deal.metadata, "paid_at": paid.map(|p| seconds(p.at)),
            "payment_intent": intent(row, now), "payment_method_types": deal.methods,
            "payment_method_used": paid.map(|p| p.source["type"].clone()),
            "payments": payments(row, &deal), "reference_number": deal.named,
            "send_email_receipt": false, "show_description": true, "show_line_items": true,
            "status": if deal.expired { "expired" } else { "active" },
            "success_url": deal.success_url, "created_at": seconds(row.created_at),
            "updated_at": seconds(row.updated_at),
        }),
    )
}

pub fn source(row: &Payment) -> Value {
    let deal = Deal::of(row);
    resource(
        &row.id,
        "source",
        json!({
            "amount": row.amount, "billing": deal.billing, "currency": row.currency,
            "description": deal.description, "livemode": row.mode == "live",
            "redirect": {"checkout_url": deal.page, "failed": deal.cancel_url,
                "success": deal.success_url},
            "statement_descriptor": null, "status": row.status, "type": deal.wallet,
            "metadata": deal.metadata, "created_at": seconds(row.created_at),
            "updated_at": seconds(row.updated_at),
        }),
    )
}

pub fn refund(refund: &Refund) -> Value {
    let done = refund.status == "succeeded";
    resource(
        &refund.id,
        "refund",
        json!({
            "amount": refund.amount,
            "balance_transaction_id": done.then(|| format!("bal_txn_{}", &refund.id[4..])),
            "currency": refund.currency, "livemode": refund.mode == "live",
            "metadata": refund.data["metadata"], "notes": refund.data["notes"],
            "payment_id": refund.data["payment"], "payout_id": null,
            "reason": refund.data["reason"], "status": refund.status,
            "available_at": seconds(refund.created_at) + 86_400,
            "created_at": seconds(refund.created_at),
            "refunded_at": done.then(|| seconds(refund.updated_at)),
            "updated_at": seconds(refund.updated_at),
        }),
    )
}

pub fn event(kind: &str, mode: &str, subject: Value, now: i64) -> Value {
    let attributes = json!({
        "type": kind, "livemode": mode == "live", "data": subject, "previous_data": {},
        "pending_webhooks": 1, "created_at": seconds(now), "updated_at": seconds(now),
    });
    json!({"data": resource(&new_id("evt"), "event", attributes)})
}
