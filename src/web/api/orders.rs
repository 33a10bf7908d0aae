//! `/api/v1/orders`.
use super::call::{Answer, Call, Done, Json, Key, json};
use super::fields::{Fields, needed};
use super::lists::{self, Query};
use super::{Named, of_mode};
use crate::domain::ids::OrderId;
use crate::domain::order::{Customer, Order, OrderKind, OrderStatus};
use crate::domain::{Currency, Money};
use crate::services::api_keys::Caller;
use crate::services::orders::{NewOrder, OrderFilter};
use crate::services::{App, Cursor, StoreError, checkout, objects, orders};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use serde_json::Value;

const SCOPE: &str = "orders:write";

/// An order of the caller's mode.
pub(super) async fn find(app: &App, caller: &Caller, id: &OrderId) -> Result<Order, Problem> {
    let found = orders::get(app, &caller.tenant.id, id).await?;
    of_mode(found, caller, |o| o.livemode)
}

pub(super) async fn object(app: &App, order: &Order) -> Result<Value, StoreError> {
    let payments = checkout::payments_of(app, order).await?;
    Ok(objects::order(app, order, &payments))
}

pub(super) async fn show(State(app): State<App>, Key(caller): Key, id: Named) -> Done {
    let order = find(&app, &caller, &id.id()?).await?;
    Ok(Answer::ok(object(&app, &order).await?))
}

pub(super) async fn list(
    State(app): State<App>,
    Key(caller): Key,
    RawQuery(query): RawQuery,
) -> Done {
    let mut query = Query::parse(query.as_deref())?;
    let (cursor, limit) = query.page::<OrderId>()?;
    let filter = OrderFilter {
        livemode: Some(caller.livemode()),
        status: query.word("status", "status_unknown", OrderStatus::parse)?,
        reference: query.text("reference"),
    };
    query.done()?;
    let page = orders::list(&app, &caller.tenant.id, &filter, &cursor, limit).await?;
    let mut data = Vec::with_capacity(page.rows.len());
    for order in &page.rows {
        data.push(object(&app, order).await?);
    }
    Ok(lists::answer(data, page.older))
}

pub(super) async fn create(State(app): State<App>, Key(caller): Key, request: Request) -> Response {
    json(app, caller, SCOPE, Json::Needed, request, make).await
}

async fn make(call: Call, body: Fields) -> Done {
    let new = new_order(body, call.caller.livemode())?;
    let (app, tenant) = (&call.app, &call.caller.tenant);
    let order = match made_before(&call, &new).await? {
        Some(order) => order,
        None => orders::create(app, tenant, &call.actor(), new).await?,
    };
    Ok(Answer::created(object(app, &order).await?))
}

fn new_order(mut body: Fields, livemode: bool) -> Result<NewOrder, Problem> {
    let reference = needed("reference", body.text("reference")?)?;
    let amount = needed("amount", body.integer("amount")?)?;
    let currency = needed("currency", body.text("currency")?)?;
    let currency = Currency::parse(&currency).ok_or_else(|| {
        let message = "must be an upper-case ISO 4217 code such as KES";
        Problem::input("currency", "currency_unknown", message)
    })?;
    let kinds = OrderKind::ALL.map(OrderKind::as_str);
    let kind = body.word("kind", "kind_unknown", OrderKind::parse, &kinds)?;
    let customer = customer(&mut body)?;
    let new = NewOrder {
        kind: kind.unwrap_or_default(),
        description: body.text("description")?.unwrap_or_default(),
        customer,
        metadata: body.entries("metadata")?,
        return_url: body.text("return_url")?,
        failure_url: body.text("failure_url")?,
        expires_in_secs: body.integer("expires_in")?,
        providers: body.texts("providers")?,
        locale: body.text("locale")?,
        ..NewOrder::new(&reference, Money::new(amount, currency), livemode)
    };
    body.done()?;
    Ok(new)
}

/// Who owes, as orders and purchases name them.
pub(super) fn customer(body: &mut Fields) -> Result<Customer, Problem> {
    let mut person = body.object("customer", "customer.")?;
    let customer = Customer {
        external_id: person.text("external_id")?,
        name: person.text("name")?,
        email: person.text("email")?,
        phone: person.text("phone")?,
    };
    person.done()?;
    Ok(customer)
}

/// The order that a run of this call made before a crash cut it off.
async fn made_before(call: &Call, new: &NewOrder) -> Result<Option<Order>, Problem> {
    let Some(since) = call.cut_off_at else {
        return Ok(None);
    };
    let filter = OrderFilter {
        livemode: Some(new.livemode),
        status: None,
        reference: Some(new.reference.trim().to_owned()),
    };
    let tenant = &call.caller.tenant.id;
    let page = orders::list(&call.app, tenant, &filter, &Cursor::Newest, 25).await?;
    Ok(page.rows.into_iter().rev().find(|o| {
        o.created_at >= since
            && o.amount == new.amount
            && o.kind == new.kind
            && o.metadata == new.metadata
    }))
}

pub(super) async fn cancel(
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
            let order = find(&call.app, &call.caller, &id.id()?).await?;
            let done = call
                .cut_off_at
                .is_some_and(|since| order.updated_at >= since);
            let order = if done && order.status == OrderStatus::Cancelled {
                order
            } else {
                orders::cancel(&call.app, &order.tenant_id, &call.actor(), &order.id).await?
            };
            Ok(Answer::ok(object(&call.app, &order).await?))
        },
    )
    .await
}

pub(super) async fn renew(
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
            let expires_in = body.integer("expires_in")?;
            body.done()?;
            let order = find(&call.app, &call.caller, &id.id()?).await?;
            let (tenant, actor) = (&order.tenant_id, call.actor());
            let order = orders::renew(&call.app, tenant, &actor, &order.id, expires_in).await?;
            Ok(Answer::ok(object(&call.app, &order).await?))
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NewOrder, (&'static str, String)> {
        let body = Fields::parse(text.as_bytes()).unwrap();
        new_order(body, false).map_err(|p| (p.code, p.field.unwrap_or_default()))
    }

    #[test]
    fn an_order_needs_a_reference_an_amount_and_a_currency() {
        let order = read(r#"{"reference": "A-1", "amount": 150000, "currency": "KES"}"#).unwrap();
        assert_eq!(order.amount, Money::new(150_000, Currency::KES));
        assert_eq!(
            (order.kind, order.expires_in_secs),
            (OrderKind::Order, None)
        );
        for (body, code, field) in [
            (
                r#"{"amount": 1, "currency": "KES"}"#,
                "required",
                "reference",
            ),
            (
                r#"{"reference": "A", "currency": "KES"}"#,
                "required",
                "amount",
            ),
            (r#"{"reference": "A", "amount": 1}"#, "required", "currency"),
            (
                r#"{"reference": "A", "amount": 1, "currency": "kes"}"#,
                "currency_unknown",
                "currency",
            ),
            (
                r#"{"reference": "A", "amount": "1", "currency": "KES"}"#,
                "type_invalid",
                "amount",
            ),
            (
                r#"{"reference": "A", "amount": 1, "currency": "KES", "livemode": true}"#,
                "unknown_field",
                "livemode",
            ),
        ] {
            assert_eq!(read(body).unwrap_err(), (code, field.to_owned()), "{body}");
        }
    }

    #[test]
    fn everything_an_order_can_say_is_read() {
        let order = read(
            r#"{"reference": "B-1", "kind": "booking", "amount": 5, "currency": "NGN",
                "description": "d", "customer": {"external_id": "c", "name": "n",
                "email": "a@b.co", "phone": "+2348000000000"}, "metadata": {"a": "b"},
                "return_url": "https://a.example/r", "failure_url": "https://a.example/f",
                "expires_in": 60, "providers": ["mock"], "locale": "sw"}"#,
        )
        .unwrap();
        assert_eq!(order.kind, OrderKind::Booking);
        assert_eq!(order.customer.email.as_deref(), Some("a@b.co"));
        assert_eq!(order.metadata["a"], "b");
        assert_eq!(
            (order.expires_in_secs, order.providers.len()),
            (Some(60), 1)
        );
        assert_eq!(order.locale.as_deref(), Some("sw"));
    }
}
