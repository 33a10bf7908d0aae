//! `/api/v1/payments/{id}/refunds` and `/api/v1/refunds`.
use super::call::{Answer, Done, Key, json};
use super::describe::{Field, Object, Operation, Resource};
use super::fields::{Fields, needed};
use super::{Named, payments};
use crate::domain::Money;
use crate::domain::ids::RefundId;
use crate::domain::refund::{Refund, RefundStatus};
use crate::services::api_keys::Caller;
use crate::services::{App, objects, refunds};
use crate::web::problem::Problem;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::json as value;

const SCOPE: &str = "refunds:write";

pub(super) fn resource() -> Resource {
    let note = || Field::text("note").at_most(1_000);
    Resource {
        title: "Refunds",
        about: "Money going back for one payment.",
        objects: vec![shape()],
        operations: vec![
            Operation::post("/api/v1/payments/{id}/refunds", create)
                .named("create_refund", "Ask for a refund")
                .about("Above the tenant's limit it waits for a person's approval.")
                .scope(SCOPE)
                .takes(
                    vec![
                        Field::integer("amount")
                            .at_least(1)
                            .about("in minor units; all that is left if left out"),
                        Field::text("reason").at_least(1).at_most(200).needed(),
                        note(),
                    ],
                    value!({
                        "amount": 50_000, "reason": "One night cancelled", "note": "by phone",
                    }),
                )
                .makes("refund")
                .codes(&[
                    "payment_not_succeeded",
                    "amount_invalid",
                    "refund_exceeds_captured",
                ])
                .codes(&["refund_full_only", "refund_not_supported", "state_conflict"]),
            Operation::get("/api/v1/refunds/{id}", show)
                .named("get_refund", "Read a refund")
                .shows("refund"),
            Operation::post("/api/v1/refunds/{id}/approve", approve)
                .named("approve_refund", "Approve a refund")
                .about("Always refused to API keys: a person approves in the dashboard.")
                .scope(SCOPE)
                .takes(vec![note()], value!({}))
                .shows("refund")
                .codes(&["approval_needs_person", "state_conflict"]),
            Operation::post("/api/v1/refunds/{id}/reject", reject)
                .named("reject_refund", "Reject a refund")
                .scope(SCOPE)
                .takes(vec![note()], value!({ "note": "Not agreed" }))
                .shows("refund")
                .codes(&["state_conflict"]),
        ],
    }
}

fn shape() -> Object {
    Object {
        name: "refund",
        about: "Money going back for one payment.",
        members: vec![
            Field::id("id", "ref_"),
            Field::word("object", ["refund"]),
            Field::id("payment", "pay_"),
            Field::word("status", RefundStatus::ALL.iter().map(|s| s.as_str())),
            Field::integer("amount").about("in minor units"),
            Field::currency(),
            Field::text("reason"),
            Field::text("note"),
            Field::text("requested_by").about("a key's or user's id"),
            Field::text("decided_by").nullable(),
            Field::text("provider_reference").nullable(),
            payments::failure(),
            Field::time("created_at"),
        ],
        example: value!({
            "id": "ref_01k9d2p6s8t0v2w4x6y8z1a3bc", "object": "refund",
            "payment": "pay_01k9d2n1c3f5h7j9k2m4n6p8qr", "status": "approved", "amount": 50_000,
            "currency": "KES", "reason": "One night cancelled", "note": "by phone",
            "requested_by": "key_01k9d2k5e7f9g1h3j5k7m9n2pq", "decided_by": null,
            "provider_reference": null, "failure": null,
            "created_at": "2026-11-21T10:00:00.000Z",
        }),
    }
}

/// A refund of a payment of the caller's mode.
pub(super) async fn find(app: &App, caller: &Caller, id: &RefundId) -> Result<Refund, Problem> {
    let found = refunds::get(app, &caller.tenant.id, id).await?;
    let refund = found.ok_or_else(Problem::not_found)?;
    payments::find(app, caller, &refund.payment_id).await?;
    Ok(refund)
}

pub(super) async fn show(State(app): State<App>, Key(caller): Key, id: Named) -> Done {
    let refund = find(&app, &caller, &id.id()?).await?;
    Ok(Answer::ok(objects::refund(&refund)))
}

/// What is asked for.
struct Ask {
    amount: Option<i64>,
    reason: String,
    note: String,
}

fn ask(mut body: Fields) -> Result<Ask, Problem> {
    let ask = Ask {
        amount: body.integer("amount")?,
        reason: needed("reason", body.text("reason")?)?,
        note: body.text("note")?.unwrap_or_default(),
    };
    body.done()?;
    Ok(ask)
}

pub(super) async fn create(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, body| async move {
        let ask = ask(body)?;
        let payment = payments::find(&call.app, &call.caller, &id.id()?).await?;
        let (app, tenant, actor) = (&call.app, &payment.tenant_id, call.actor());
        let amount = ask.amount.map(|a| Money::new(a, payment.amount.currency));
        let (reason, note) = (&ask.reason, &ask.note);
        let refund =
            refunds::request(app, tenant, &actor, &payment.id, amount, reason, note).await?;
        Ok(Answer::created(objects::refund(&refund)))
    })
    .await
}

/// An API key may not approve; the service says so, after the id was found.
pub(super) async fn approve(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, mut body| async move {
        body.text("note")?;
        body.done()?;
        let refund = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&refund.tenant_id, call.actor());
        let refund = refunds::approve(&call.app, tenant, &actor, &refund.id).await?;
        Ok(Answer::ok(objects::refund(&refund)))
    })
    .await
}

pub(super) async fn reject(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, mut body| async move {
        let note = body.text("note")?.unwrap_or_default();
        body.done()?;
        if note.chars().count() > 1_000 {
            let message = "must have at most 1000 characters";
            return Err(Problem::input("note", "length", message));
        }
        let refund = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&refund.tenant_id, call.actor());
        let (app, note) = (&call.app, note.trim());
        let refund = refunds::reject(app, tenant, &actor, &refund.id, note).await?;
        Ok(Answer::ok(objects::refund(&refund)))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_needs_a_reason_and_an_integer_amount() {
        let read = |text: &str| ask(Fields::parse(text.as_bytes()).unwrap());
        let fine = read(r#"{"amount": 100, "reason": "damaged"}"#).unwrap();
        assert_eq!((fine.amount, fine.note.as_str()), (Some(100), ""));
        for (body, field) in [
            ("{}", "reason"),
            (r#"{"reason": "x", "amount": 1.5}"#, "amount"),
            (r#"{"reason": "x", "currency": "KES"}"#, "currency"),
        ] {
            let refused = read(body).err().and_then(|p| p.field);
            assert_eq!(refused.as_deref(), Some(field));
        }
    }
}
