//! `/api/v1/orders`.
use super::call::{Answer, Call, Done, Key, json};
use super::describe::{Field, Object, Operation, Resource};
use super::fields::{Fields, needed};
use super::lists::{self, Query};
use super::{Named, of_mode};
use crate::domain::ids::OrderId;
use crate::domain::order::{Customer, Order, OrderKind, OrderStatus};
use crate::domain::{Currency, Money};
use crate::services::api_keys::Caller;
use crate::services::orders::{NewOrder, OrderFilter};
use crate::services::{App, StoreError, checkout, objects, orders, tenants};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use serde_json::{Value, json as value};

const SCOPE: &str = "orders:write";

pub(super) fn resource() -> Resource {
    Resource {
        title: "Orders",
        about: "What a customer owes. Its checkout_url is the page where it is paid.",
        objects: vec![shape()],
        operations: vec![
            Operation::post("/api/v1/orders", create)
                .named("create_order", "Make an order")
                .scope(SCOPE)
                .takes(wanted(), example_body())
                .makes("order")
                .codes(&[
                    "amount_invalid",
                    "amount_too_large",
                    "currency_unknown",
                    "kind_unknown",
                ])
                .codes(&[
                    "expires_in_invalid",
                    "metadata_too_large",
                    "url_invalid",
                    "email_invalid",
                ])
                .codes(&["phone_invalid", "locale_unknown", "provider_unknown"]),
            Operation::get("/api/v1/orders", list)
                .named("list_orders", "List orders")
                .lists(
                    "order",
                    vec![
                        Field::text("reference").about("your own name for it"),
                        Field::word("status", statuses()),
                    ],
                )
                .codes(&["status_unknown"]),
            Operation::get("/api/v1/orders/{id}", show)
                .named("get_order", "Read an order")
                .shows("order"),
            Operation::post("/api/v1/orders/{id}/cancel", cancel)
                .named("cancel_order", "Cancel an order")
                .about("Also closes the provider's page where the provider can.")
                .scope(SCOPE)
                .shows("order")
                .codes(&["state_conflict"]),
            Operation::post("/api/v1/orders/{id}/renew", renew)
                .named("renew_order", "Renew an order")
                .about("Opens an expired order again, or gives an open one more time from now.")
                .scope(SCOPE)
                .takes(vec![expires_in()], value!({ "expires_in": 3_600 }))
                .shows("order")
                .codes(&["state_conflict", "expires_in_invalid"]),
        ],
    }
}

fn statuses() -> impl Iterator<Item = &'static str> {
    OrderStatus::ALL.iter().map(|s| s.as_str())
}

fn kinds() -> [&'static str; OrderKind::ALL.len()] {
    OrderKind::ALL.map(OrderKind::as_str)
}

pub(super) fn expires_in() -> Field {
    Field::integer("expires_in")
        .at_least(60)
        .at_most(7_776_000)
        .about("seconds from now; a day if left out")
}

pub(super) fn person() -> Vec<Field> {
    vec![
        Field::text("external_id")
            .at_most(100)
            .about("your own id of the customer"),
        Field::text("name").at_most(100),
        Field::text("email").at_most(254),
        Field::text("phone")
            .at_most(40)
            .about("international, or as it is written at home"),
    ]
}

fn wanted() -> Vec<Field> {
    vec![
        Field::text("reference")
            .at_least(1)
            .at_most(64)
            .needed()
            .about("your own name for it"),
        Field::integer("amount")
            .at_least(1)
            .at_most(Money::MOST_MINOR)
            .needed()
            .about("in minor units: 150000 is KES 1,500.00"),
        Field::currency().needed(),
        Field::word("kind", kinds()).about("order if left out"),
        Field::text("description")
            .at_most(200)
            .about("shown to the customer"),
        Field::object("customer", person()),
        Field::entries("metadata", 20).about("keys of 1 to 40, values of at most 500 characters"),
        Field::url("return_url").about("where the customer goes on after paying"),
        Field::url("failure_url").about("where the customer goes on without having paid"),
        expires_in(),
        Field::word("providers", super::providers())
            .list()
            .about("offers these alone"),
        Field::word("locale", tenants::LOCALES).about("the checkout's language"),
    ]
}

fn example_body() -> Value {
    value!({
        "reference": "1001", "amount": 150_000, "currency": "KES", "description": "Two nights",
        "kind": "booking", "customer": { "name": "Asha", "phone": "+254712345678" },
    })
}

fn shape() -> Object {
    let text = |name| Field::text(name);
    let customer = person().into_iter().map(|f| f.needed().nullable());
    Object {
        name: "order",
        about: "What a customer owes.",
        members: vec![
            Field::id("id", "ord_"),
            Field::word("object", ["order"]),
            Field::word("status", statuses()),
            Field::flag("livemode").about("false: made with a test key; no real money settles it"),
            Field::word("kind", kinds()),
            text("reference"),
            Field::integer("amount").about("in minor units"),
            Field::currency(),
            Field::integer("amount_paid"),
            Field::integer("amount_refunded"),
            text("description"),
            Field::object("customer", customer.collect()),
            Field::entries("metadata", 20),
            Field::word("flags", super::payments::flags()).list(),
            Field::word("providers", super::providers()).list(),
            Field::url("return_url").nullable(),
            Field::url("failure_url").nullable(),
            Field::url("checkout_url").about("the page where it is paid: a secret of the customer"),
            Field::of("payments", "payment").list().about("newest last"),
            Field::time("expires_at"),
            Field::time("created_at"),
        ],
        example: value!({
            "id": "ord_01k9d2m8q4e7r1s5t6v8w9x0yz", "object": "order", "status": "open",
            "livemode": false, "kind": "booking", "reference": "1001", "amount": 150_000,
            "currency": "KES", "amount_paid": 0, "amount_refunded": 0,
            "description": "Two nights",
            "customer": {
                "external_id": null, "name": "Asha", "email": null, "phone": "+254712345678",
            },
            "metadata": {}, "flags": [], "providers": [], "return_url": null,
            "failure_url": null, "checkout_url": "https://pay.example/pay/5b1f0c9ade",
            "payments": [], "expires_at": "2026-11-22T09:00:00.000Z",
            "created_at": "2026-11-21T09:00:00.000Z",
        }),
    }
}

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
    json(app, caller, request, make).await
}

async fn make(call: Call, body: Fields) -> Done {
    let new = new_order(body, call.caller.livemode())?;
    let (app, tenant) = (&call.app, &call.caller.tenant);
    let order = orders::create(app, tenant, &call.actor(), new).await?;
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
    let kind = body.word("kind", "kind_unknown", OrderKind::parse, &kinds())?;
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

pub(super) async fn cancel(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, body| async move {
        body.done()?;
        let order = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&order.tenant_id, call.actor());
        let order = orders::cancel(&call.app, tenant, &actor, &order.id).await?;
        Ok(Answer::ok(object(&call.app, &order).await?))
    })
    .await
}

pub(super) async fn renew(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, mut body| async move {
        let expires_in = body.integer("expires_in")?;
        body.done()?;
        let order = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&order.tenant_id, call.actor());
        let order = orders::renew(&call.app, tenant, &actor, &order.id, expires_in).await?;
        Ok(Answer::ok(object(&call.app, &order).await?))
    })
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
