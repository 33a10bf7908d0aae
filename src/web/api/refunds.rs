//! `/api/v1/payments/{id}/refunds` and `/api/v1/refunds`.
use super::call::{Answer, Call, Done, Json, Key, json};
use super::fields::{Fields, needed};
use super::{Named, payments};
use crate::domain::Money;
use crate::domain::ids::RefundId;
use crate::domain::payment::Payment;
use crate::domain::refund::{Refund, RefundStatus};
use crate::services::api_keys::Caller;
use crate::services::{App, objects, refunds};
use crate::web::problem::Problem;
use axum::extract::{Request, State};
use axum::response::Response;

const SCOPE: &str = "refunds:write";

/// A refund of a payment of the caller's mode.
async fn find(app: &App, caller: &Caller, id: &RefundId) -> Result<Refund, Problem> {
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
    json(
        app,
        caller,
        SCOPE,
        Json::Needed,
        request,
        |call, body| async move {
            let ask = ask(body)?;
            let payment = payments::find(&call.app, &call.caller, &id.id()?).await?;
            let (app, tenant, actor) = (&call.app, &payment.tenant_id, call.actor());
            if let Some(refund) = asked_before(&call, &payment, &ask).await? {
                return Ok(Answer::created(objects::refund(&refund)));
            }
            let amount = ask.amount.map(|a| Money::new(a, payment.amount.currency));
            let (reason, note) = (&ask.reason, &ask.note);
            let refund =
                refunds::request(app, tenant, &actor, &payment.id, amount, reason, note).await?;
            Ok(Answer::created(objects::refund(&refund)))
        },
    )
    .await
}

/// The refund that a run of this call asked for before a crash cut it off.
async fn asked_before(call: &Call, p: &Payment, ask: &Ask) -> Result<Option<Refund>, Problem> {
    if call.cut_off_at.is_none() {
        return Ok(None);
    }
    let known = refunds::of_payment(&call.app, &p.tenant_id, &p.id).await?;
    Ok(known.into_iter().find(|r| {
        call.may_have_done(&r.requested_by, r.created_at)
            && ask.amount.is_none_or(|a| a == r.amount.minor)
            && r.reason == ask.reason.trim()
            && r.note == ask.note.trim()
    }))
}

/// An API key may not approve; the service says so, after the id was found.
pub(super) async fn approve(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(
        app,
        caller,
        SCOPE,
        Json::Optional,
        request,
        |call, mut body| async move {
            body.text("note")?;
            body.done()?;
            let refund = find(&call.app, &call.caller, &id.id()?).await?;
            let (tenant, actor) = (&refund.tenant_id, call.actor());
            let refund = refunds::approve(&call.app, tenant, &actor, &refund.id).await?;
            Ok(Answer::ok(objects::refund(&refund)))
        },
    )
    .await
}

pub(super) async fn reject(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(
        app,
        caller,
        SCOPE,
        Json::Optional,
        request,
        |call, mut body| async move {
            let note = body.text("note")?.unwrap_or_default();
            body.done()?;
            if note.chars().count() > 1_000 {
                let message = "must have at most 1000 characters";
                return Err(Problem::input("note", "length", message));
            }
            let refund = find(&call.app, &call.caller, &id.id()?).await?;
            let (tenant, actor) = (&refund.tenant_id, call.actor());
            let decided_by = refund.decided_by.clone().unwrap_or_default();
            let done = call.may_have_done(&decided_by, refund.updated_at);
            let refund = if done && refund.status == RefundStatus::Rejected {
                refund
            } else {
                refunds::reject(&call.app, tenant, &actor, &refund.id, note.trim()).await?
            };
            Ok(Answer::ok(objects::refund(&refund)))
        },
    )
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
