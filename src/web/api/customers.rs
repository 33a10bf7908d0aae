//! `/api/v1/customers`: a customer is named by its id, or by the merchant's own.
use super::call::{Answer, Done, Key};
use super::describe::{Field, Object, Operation, Resource};
use super::lists::{self, Query};
use super::{Named, of_mode};
use crate::domain::customer::Customer;
use crate::domain::entitlement::EntitlementStatus;
use crate::domain::ids::CustomerId;
use crate::services::api_keys::Caller;
use crate::services::customers::CustomerFilter;
use crate::services::{App, checkout, customers, entitlements, objects};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, State};
use serde_json::json as value;

pub(super) fn resource() -> Resource {
    let filters = vec![
        Field::text("external_id").about("your own id of the customer"),
        Field::text("email"),
        Field::text("phone").about("international, or as it is written at home"),
    ];
    Resource {
        title: "Customers",
        about: "Whom orders name, by Malipo's id or your own; one that was merged leads to the one \
                it was merged into. What they bought for a time are entitlements.",
        objects: vec![shape(), entitlement()],
        operations: vec![
            Operation::get("/api/v1/customers", list)
                .named("list_customers", "List customers")
                .lists("customer", filters)
                .codes(&["phone_invalid"]),
            Operation::get("/api/v1/customers/{id}", show)
                .named("get_customer", "Read a customer")
                .shows("customer"),
            Operation::get("/api/v1/customers/{id}/entitlements", entitlements)
                .named("list_entitlements", "List a customer's entitlements")
                .about("All of them, on one page.")
                .lists_all("entitlement"),
        ],
    }
}

fn shape() -> Object {
    Object {
        name: "customer",
        about: "Whom orders name.",
        members: vec![
            Field::id("id", "cus_"),
            Field::word("object", ["customer"]),
            Field::flag("livemode"),
            Field::text("external_id")
                .nullable()
                .about("your own id of the customer"),
            Field::text("name").nullable(),
            Field::text("email").nullable(),
            Field::text("phone").nullable(),
            Field::time("created_at"),
        ],
        example: value!({
            "id": "cus_01k9d2m8q4e7r1s5t6v8w9x0yz", "object": "customer", "livemode": false,
            "external_id": "c-1", "name": "Asha", "email": null, "phone": "+254712345678",
            "created_at": "2026-11-21T09:00:00.000Z",
        }),
    }
}

fn entitlement() -> Object {
    let statuses = EntitlementStatus::ALL.iter().map(|s| s.as_str());
    Object {
        name: "entitlement",
        about: "A customer's access to a plan.",
        members: vec![
            Field::id("id", "ent_"),
            Field::word("object", ["entitlement"]),
            Field::flag("livemode"),
            Field::word("status", statuses),
            Field::flag("access").about("whether the customer may use the plan now"),
            Field::id("customer", "cus_"),
            Field::text("external_id")
                .nullable()
                .about("your own id of the customer"),
            Field::id("plan", "pln_"),
            Field::text("plan_name"),
            Field::id("order", "ord_").about("paid for the newest period"),
            Field::time("starts_at"),
            Field::time("ends_at"),
            Field::time("grace_ends_at"),
            Field::url("renewal_url")
                .nullable()
                .about("the page where it is renewed"),
            Field::time("created_at"),
        ],
        example: value!({
            "id": "ent_01k9d2m8q4e7r1s5t6v8w9x0yz", "object": "entitlement", "livemode": false,
            "status": "active", "access": true, "customer": "cus_01k9d2m8q4e7r1s5t6v8w9x0yz",
            "external_id": "c-1", "plan": "pln_01k9d2m8q4e7r1s5t6v8w9x0yz", "plan_name": "Gold",
            "order": "ord_01k9d2m8q4e7r1s5t6v8w9x0yz", "starts_at": "2026-11-21T09:00:00.000Z",
            "ends_at": "2026-12-21T09:00:00.000Z", "grace_ends_at": "2026-12-24T09:00:00.000Z",
            "renewal_url": null, "created_at": "2026-11-21T09:00:00.000Z",
        }),
    }
}

/// A customer of the caller's mode.
async fn find(app: &App, caller: &Caller, name: &str) -> Result<Customer, Problem> {
    let livemode = caller.livemode();
    let found = customers::find(app, &caller.tenant.id, livemode, name).await?;
    of_mode(found, caller, |c| c.livemode)
}

pub(super) async fn show(State(app): State<App>, Key(caller): Key, id: Named) -> Done {
    let customer = find(&app, &caller, &id.0).await?;
    Ok(Answer::ok(objects::customer(&customer)))
}

pub(super) async fn list(
    State(app): State<App>,
    Key(caller): Key,
    RawQuery(query): RawQuery,
) -> Done {
    let mut query = Query::parse(query.as_deref())?;
    let (cursor, limit) = query.page::<CustomerId>()?;
    let phone = query.text("phone");
    let country = &caller.tenant.country;
    let filter = CustomerFilter {
        livemode: Some(caller.livemode()),
        external_id: query.text("external_id"),
        email: query.text("email").map(|e| e.trim().to_lowercase()),
        phone: phone
            .map(|p| checkout::parse_phone("phone", &p, country))
            .transpose()?,
        name: None,
    };
    query.done()?;
    let page = customers::list(&app, &caller.tenant.id, &filter, &cursor, limit).await?;
    let data = page.rows.iter().map(objects::customer).collect();
    Ok(lists::answer(data, page.older))
}

/// What the customer has and had, newest first: all of it, on one page.
pub(super) async fn entitlements(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    RawQuery(query): RawQuery,
) -> Done {
    Query::parse(query.as_deref())?.done()?;
    let customer = find(&app, &caller, &id.0).await?;
    let held = entitlements::of_customer(&app, &customer).await?;
    let now = app.clock.now();
    let data = held
        .into_iter()
        .map(|h| objects::entitlement(&h.entitlement, &h.plan, &h.customer, h.renewal_url, now));
    Ok(lists::answer(data.collect(), None))
}
