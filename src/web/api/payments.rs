//! `/api/v1/orders/{id}/payments` and `/api/v1/payments`.
use super::call::{Answer, Call, Done, Json, Key, json};
use super::fields::{Fields, needed};
use super::lists::{self, Query};
use super::{Named, of_mode, orders};
use crate::domain::ids::{Id, OrderId, PaymentId};
use crate::domain::method::Method;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::services::api_keys::Caller;
use crate::services::checkout::StartInput;
use crate::services::payments::{PaymentError, PaymentFilter};
use crate::services::provider_accounts::AccountError;
use crate::services::{App, checkout, objects, payments};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;

const SCOPE: &str = "payments:write";

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
    json(
        app,
        caller,
        SCOPE,
        Json::Needed,
        request,
        |call, body| async move {
            let input = start_input(body, call.form_key.clone())?;
            let order = orders::find(&call.app, &call.caller, &id.id()?).await?;
            let Call { app, caller, .. } = &call;
            let payment =
                checkout::start(app, &caller.tenant, &order, &call.actor(), input).await?;
            Ok(Answer::created(objects::payment(app, &payment)))
        },
    )
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
    json(
        app,
        caller,
        SCOPE,
        Json::Optional,
        request,
        |call, body| async move {
            body.done()?;
            let known = find(&call.app, &call.caller, &id.id()?).await?;
            let asked = payments::verify(&call.app, &known.tenant_id, &known.id).await;
            let payment = match asked {
                // Credentials are missing: there is nobody to ask as whom.
                Err(PaymentError::Account(AccountError::Input(_))) => known,
                asked => asked?,
            };
            Ok(Answer::ok(objects::payment(&call.app, &payment)))
        },
    )
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
