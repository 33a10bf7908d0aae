//! The JSON of orders, payments, refunds, proofs, plans, entitlements and customers: one shape for
//! the API and for events.
use super::App;
use crate::domain::Timestamp;
use crate::domain::customer::Customer;
use crate::domain::entitlement::Entitlement;
use crate::domain::order::Order;
use crate::domain::payment::{NextAction, Payment};
use crate::domain::plan::Plan;
use crate::domain::proof::Proof;
use crate::domain::refund::Refund;
use serde_json::{Value, json};

pub fn order(app: &App, o: &Order, payments: &[Payment]) -> Value {
    json!({
        "id": o.id,
        "object": "order",
        "status": o.status.as_str(),
        "livemode": o.livemode,
        "kind": o.kind.as_str(),
        "reference": o.reference,
        "amount": o.amount.minor,
        "currency": o.amount.currency,
        "amount_paid": o.paid_minor,
        "amount_refunded": o.refunded_minor,
        "description": o.description,
        "customer": o.customer,
        "metadata": o.metadata,
        "flags": o.flags,
        "providers": o.providers,
        "return_url": o.return_url,
        "failure_url": o.failure_url,
        "checkout_url": app.url(&format!("/pay/{}", o.token)),
        "payments": payments.iter().map(|p| payment(app, p)).collect::<Vec<_>>(),
        "expires_at": rfc3339(o.expires_at),
        "created_at": rfc3339(o.created_at),
    })
}

pub fn payment(app: &App, p: &Payment) -> Value {
    let next = match &p.next_action {
        NextAction::Redirect { url } if url.starts_with('/') => {
            json!({ "type": "redirect", "url": app.url(url) })
        }
        NextAction::PayBill {
            business_number,
            account_number,
        } => json!({
            "type": "instructions",
            "business_number": business_number,
            "account_number": account_number,
        }),
        other => json!(other),
    };
    json!({
        "id": p.id,
        "object": "payment",
        "order": p.order_id,
        "status": p.status.as_str(),
        "livemode": p.livemode,
        "test_mode": p.test_mode,
        "provider": p.provider,
        "method": p.method.as_str(),
        "amount": p.amount.minor,
        "currency": p.amount.currency,
        "amount_captured": p.captured_minor,
        "amount_refunded": p.refunded_minor,
        "reference": p.reference,
        "provider_reference": p.provider_ref,
        "receipt": p.receipt,
        "flags": p.flags,
        "failure": p.failure.as_ref().map(|f| json!({ "code": f.code, "message": f.message })),
        "next_action": next,
        "expires_at": rfc3339(p.expires_at),
        "created_at": rfc3339(p.created_at),
    })
}

pub fn refund(r: &Refund) -> Value {
    json!({
        "id": r.id,
        "object": "refund",
        "payment": r.payment_id,
        "status": r.status.as_str(),
        "amount": r.amount.minor,
        "currency": r.amount.currency,
        "reason": r.reason,
        "note": r.note,
        "requested_by": r.requested_by,
        "decided_by": r.decided_by,
        "provider_reference": r.provider_ref,
        "failure": r.failure.as_ref().map(|f| json!({ "code": f.code, "message": f.message })),
        "created_at": rfc3339(r.created_at),
    })
}

pub fn proof(p: &Proof) -> Value {
    json!({
        "id": p.id,
        "object": "proof",
        "payment": p.payment_id,
        "status": p.status.as_str(),
        "type": p.proof_type.as_str(),
        "reference": p.reference,
        "notes": p.notes,
        "note": p.decision_note,
        "has_image": p.file.is_some(),
        "amount_accepted": p.accepted.map(|m| m.minor),
        "created_at": rfc3339(p.created_at),
    })
}

pub fn plan(p: &Plan) -> Value {
    json!({
        "id": p.id,
        "object": "plan",
        "livemode": p.livemode,
        "name": p.name,
        "description": p.description,
        "price": p.price.minor,
        "currency": p.price.currency,
        "duration_days": p.duration_days,
        "grace_days": p.grace_days,
        "remind_days": p.remind_days,
        "active": p.active,
        "created_at": rfc3339(p.created_at),
    })
}

/// `access` is the answer to whether the customer may use the plan at `now`.
pub fn entitlement(
    e: &Entitlement,
    plan: &Plan,
    customer: &Customer,
    renewal_url: Option<String>,
    now: Timestamp,
) -> Value {
    json!({
        "id": e.id,
        "object": "entitlement",
        "livemode": e.livemode,
        "status": e.status.as_str(),
        "access": e.has_access(now),
        "customer": customer.id,
        "external_id": customer.external_id,
        "plan": plan.id,
        "plan_name": plan.name,
        "order": e.last_order,
        "starts_at": rfc3339(e.starts_at),
        "ends_at": rfc3339(e.ends_at),
        "grace_ends_at": rfc3339(e.grace_ends_at()),
        "renewal_url": renewal_url,
        "created_at": rfc3339(e.created_at),
    })
}

pub fn customer(c: &Customer) -> Value {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "id": c.id,
        "object": "customer",
        "livemode": c.livemode,
        "external_id": c.external_id,
        "name": given(&c.name),
        "email": given(&c.email),
        "phone": given(&c.phone),
        "created_at": rfc3339(c.created_at),
    })
}

/// An instant as RFC 3339 in UTC with milliseconds.
pub fn rfc3339(at: crate::domain::Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.unix_ms())
        .map_or_else(|_| String::new(), |t| format!("{t:.3}"))
}
