//! `/api/v1/orders/{id}/payments` and `/api/v1/payments`.
use super::call::{Answer, Call, Done, Key, json};
use super::describe::{Field, Object, Operation, Resource};
use super::fields::{Fields, needed};
use super::lists::{self, Query};
use super::{Named, of_mode, orders};
use crate::domain::ids::{Id, OrderId, PaymentId};
use crate::domain::method::Method;
use crate::domain::payment::{FailureCode, Flag, Payment, PaymentStatus};
use crate::services::api_keys::Caller;
use crate::services::checkout::StartInput;
use crate::services::payments::{PaymentError, PaymentFilter};
use crate::services::provider_accounts::AccountError;
use crate::services::{App, checkout, objects, payments};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use serde_json::json as value;

const SCOPE: &str = "payments:write";

pub(super) fn resource() -> Resource {
    Resource {
        title: "Payments",
        about: "Attempts to pay an order, each through one provider and method.",
        objects: vec![shape()],
        operations: vec![
            Operation::post("/api/v1/orders/{id}/payments", create)
                .named("create_payment", "Start a payment")
                .about(
                    "201 once our intent is kept, whatever the provider did: status and failure say \
                     what. Providers add codes of their own to 422, for what they need.",
                )
                .scope(SCOPE)
                .takes(
                    wanted(),
                    value!({ "provider": "mpesa", "method": "stk_push", "phone": "0712345678" }),
                )
                .makes("payment")
                .codes(&["order_paid", "order_cancelled", "order_expired", "payment_in_flight"])
                .codes(&["payment_unknown", "state_conflict", "provider_unknown"])
                .codes(&["provider_not_available", "method_unknown", "method_not_supported"])
                .codes(&["currency_not_supported", "amount_too_small", "amount_too_large"])
                .codes(&["amount_not_representable", "phone_required", "phone_invalid"])
                .codes(&["email_required", "email_invalid"]),
            Operation::get("/api/v1/payments", list)
                .named("list_payments", "List payments")
                .lists(
                    "payment",
                    vec![
                        Field::id("order", "ord_"),
                        Field::word("status", statuses()),
                        Field::word("provider", super::providers()),
                        Field::text("reference").about("ours, the provider's, or the receipt"),
                    ],
                )
                .codes(&["status_unknown", "order_invalid"]),
            Operation::get("/api/v1/payments/{id}", show)
                .named("get_payment", "Read a payment")
                .shows("payment"),
            Operation::post("/api/v1/payments/{id}/verify", verify)
                .named("verify_payment", "Ask the provider now")
                .about("Without an answer from the provider the payment is shown as it was.")
                .scope(SCOPE)
                .shows("payment")
                .codes(&["state_conflict"]),
        ],
    }
}

fn statuses() -> impl Iterator<Item = &'static str> {
    PaymentStatus::ALL.iter().map(|s| s.as_str())
}

fn methods() -> impl Iterator<Item = &'static str> {
    Method::ALL.iter().map(|m| m.as_str())
}

pub(super) fn flags() -> [&'static str; Flag::ALL.len()] {
    Flag::ALL.map(Flag::as_str)
}

/// Why something ended without its effect.
pub(super) fn failure() -> Field {
    let codes = FailureCode::ALL.iter().map(|c| c.as_str());
    let members = vec![
        Field::word("code", codes).needed(),
        Field::text("message")
            .needed()
            .about("the provider's own words, for people"),
    ];
    Field::object("failure", members).nullable()
}

fn wanted() -> Vec<Field> {
    vec![
        Field::word("provider", super::providers()).needed(),
        Field::word("method", methods()).about("the provider's first if left out"),
        Field::text("phone")
            .at_most(40)
            .about("the customer's if left out"),
        Field::text("email")
            .at_most(254)
            .about("the customer's if left out"),
        Field::flag("force")
            .about("true goes ahead beside a prompt in flight or an unknown payment"),
    ]
}

fn shape() -> Object {
    let next = vec![
        Field::word("type", ["redirect", "phone_prompt", "instructions", "none"]).needed(),
        Field::url("url").about("of a redirect"),
        Field::text("business_number").about("of a paybill or till"),
        Field::text("account_number")
            .nullable()
            .about("typed at a paybill; null at a till"),
    ];
    Object {
        name: "payment",
        about: "One attempt to pay an order.",
        members: vec![
            Field::id("id", "pay_"),
            Field::word("object", ["payment"]),
            Field::id("order", "ord_"),
            Field::word("status", statuses()).about(
                "unknown: no answer yet, never start another without asking; mismatched: waits \
                 for a person",
            ),
            Field::flag("livemode"),
            Field::flag("test_mode").about("true: its money is not real"),
            Field::word("provider", super::providers()),
            Field::word("method", methods()),
            Field::integer("amount").about("in minor units"),
            Field::currency(),
            Field::integer("amount_captured").about("what came"),
            Field::integer("amount_refunded"),
            Field::text("reference").about("ours, at the provider"),
            Field::text("provider_reference").nullable(),
            Field::text("receipt")
                .nullable()
                .about("the provider's receipt number"),
            Field::word("flags", flags()).list(),
            failure(),
            Field::object("next_action", next).about("what the customer does next"),
            Field::time("expires_at"),
            Field::time("created_at"),
        ],
        example: value!({
            "id": "pay_01k9d2n1c3f5h7j9k2m4n6p8qr", "object": "payment",
            "order": "ord_01k9d2m8q4e7r1s5t6v8w9x0yz", "status": "pending", "livemode": false,
            "test_mode": true, "provider": "mpesa", "method": "stk_push", "amount": 150_000,
            "currency": "KES", "amount_captured": 0, "amount_refunded": 0,
            "reference": "m01k9d2n1c3f5h", "provider_reference": "ws_CO_21112026120000",
            "receipt": null, "flags": [], "failure": null,
            "next_action": { "type": "phone_prompt" },
            "expires_at": "2026-11-21T09:10:00.000Z", "created_at": "2026-11-21T09:00:00.000Z",
        }),
    }
}

/// A payment of the caller's mode.
pub(super) async fn find(app: &App, caller: &Caller, id: &PaymentId) -> Result<Payment, Problem> {
    let found = payments::get(app, &caller.tenant.id, id).await?;
    of_mode(found, caller, |p| p.livemode)
}

pub(super) async fn show(State(app): State<App>, Key(caller): Key, id: Named) -> Done {
    let payment = find(&app, &caller, &id.id()?).await?;
    Ok(Answer::ok(objects::payment(&app, &payment)))
}

pub(super) async fn list(
    State(app): State<App>,
    Key(caller): Key,
    RawQuery(query): RawQuery,
) -> Done {
    let mut query = Query::parse(query.as_deref())?;
    let (cursor, limit) = query.page::<PaymentId>()?;
    let filter = PaymentFilter {
        livemode: Some(caller.livemode()),
        status: query.word("status", "status_unknown", PaymentStatus::parse)?,
        provider: query.text("provider"),
        order: query.word("order", "order_invalid", OrderId::parse)?,
        reference: query.text("reference"),
    };
    query.done()?;
    let page = payments::list(&app, &caller.tenant.id, &filter, &cursor, limit).await?;
    let data = page.rows.iter().map(|p| objects::payment(&app, p));
    Ok(lists::answer(data.collect(), page.older))
}

pub(super) async fn create(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, body| async move {
        let input = start_input(body, call.form_key.clone())?;
        let order = orders::find(&call.app, &call.caller, &id.id()?).await?;
        let Call { app, caller, .. } = &call;
        let payment = checkout::start(app, &caller.tenant, &order, &call.actor(), input).await?;
        Ok(Answer::created(objects::payment(app, &payment)))
    })
    .await
}

fn start_input(mut body: Fields, form_key: Option<String>) -> Result<StartInput, Problem> {
    let known: Vec<_> = Method::ALL.iter().map(|m| m.as_str()).collect();
    let input = StartInput {
        provider: needed("provider", body.text("provider")?)?,
        method: body.word("method", "method_unknown", Method::parse, &known)?,
        phone: body.text("phone")?,
        email: body.text("email")?,
        form_key,
        whole: false,
        force: body.flag("force")?.unwrap_or_default(),
    };
    body.done()?;
    Ok(input)
}

/// Asks the provider now. Without an answer the payment is shown as it was.
pub(super) async fn verify(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, body| async move {
        body.done()?;
        let known = find(&call.app, &call.caller, &id.id()?).await?;
        let asked = payments::verify(&call.app, &known.tenant_id, &known.id).await;
        let payment = match asked {
            // Credentials are missing: there is nobody to ask as whom.
            Err(PaymentError::Account(AccountError::Input(_))) => known,
            asked => asked?,
        };
        Ok(Answer::ok(objects::payment(&call.app, &payment)))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StartInput, (&'static str, String)> {
        let body = Fields::parse(text.as_bytes()).unwrap();
        start_input(body, None).map_err(|p| (p.code, p.field.unwrap_or_default()))
    }

    #[test]
    fn a_payment_needs_a_provider_and_known_words() {
        let input = read(r#"{"provider": "mpesa", "method": "stk_push", "force": true}"#).unwrap();
        assert_eq!((input.method, input.force), (Some(Method::StkPush), true));
        for (body, code, field) in [
            ("{}", "required", "provider"),
            (
                r#"{"provider": "mock", "method": "magic"}"#,
                "method_unknown",
                "method",
            ),
            (
                r#"{"provider": "mock", "phone": 254}"#,
                "type_invalid",
                "phone",
            ),
            (
                r#"{"provider": "mock", "amount": 1}"#,
                "unknown_field",
                "amount",
            ),
        ] {
            assert_eq!(read(body).unwrap_err(), (code, field.to_owned()), "{body}");
        }
    }
}
