//! `/api/v1/plans`.
use super::call::{Answer, Call, Done, Key, json};
use super::describe::{Field, Object, Operation, Resource};
use super::fields::{Fields, needed};
use super::lists::{self, Query};
use super::orders::{customer, expires_in, object, person};
use super::{Named, of_mode};
use crate::domain::ids::{EntitlementId, Id, PlanId};
use crate::domain::plan::Plan;
use crate::domain::{Currency, Money};
use crate::services::api_keys::Caller;
use crate::services::plans::{NewPlan, PlanChange, PlanFilter};
use crate::services::purchases::{NewPurchase, Replaces};
use crate::services::{App, objects, plans, purchases, tenants};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use serde_json::json as value;

const SCOPE: &str = "plans:write";
/// A purchase is an order.
const BUYS: &str = "orders:write";

pub(super) fn resource() -> Resource {
    let filters = vec![Field::flag("active").about("true: on sale")];
    Resource {
        title: "Plans",
        about: "What customers buy for a time. Plans are of their key's mode.",
        objects: vec![shape()],
        operations: vec![
            Operation::post("/api/v1/plans", create)
                .named("create_plan", "Make a plan")
                .scope(SCOPE)
                .takes(
                    wanted(),
                    value!({
                        "name": "Gold", "price": 150_000, "currency": "KES", "duration_days": 30,
                    }),
                )
                .makes("plan")
                .codes(&["amount_invalid", "amount_too_large"])
                .codes(&["currency_unknown", "days_invalid"]),
            Operation::get("/api/v1/plans", list)
                .named("list_plans", "List plans")
                .lists("plan", filters)
                .codes(&["active_invalid"]),
            Operation::get("/api/v1/plans/{id}", show)
                .named("get_plan", "Read a plan")
                .shows("plan"),
            Operation::patch("/api/v1/plans/{id}", change)
                .named("change_plan", "Change a plan")
                .about("For later purchases and reminders. What is left out stays.")
                .scope(SCOPE)
                .takes(changes(), value!({ "price": 180_000 }))
                .shows("plan")
                .codes(&["amount_invalid", "amount_too_large", "days_invalid"]),
            Operation::post("/api/v1/plans/{id}/purchase", purchase)
                .named("purchase_plan", "Buy a plan")
                .about(
                    "Answers the order that buys it, of kind subscription: the price less the \
                     credit for the plan that it replaces. Nothing runs before it is paid.",
                )
                .scope(BUYS)
                .takes(
                    bought(),
                    value!({ "customer": { "external_id": "c-1", "phone": "+254712345678" } }),
                )
                .makes("order")
                .codes(&["plan_inactive", "credit_covers_price", "replaces_invalid"])
                .codes(&[
                    "replaces_ambiguous",
                    "currency_differs",
                    "expires_in_invalid",
                ])
                .codes(&["metadata_too_large", "url_invalid", "email_invalid"])
                .codes(&["phone_invalid", "locale_unknown", "provider_unknown"]),
        ],
    }
}

/// What a change takes too: everything but the currency.
fn changes() -> Vec<Field> {
    vec![
        Field::text("name")
            .at_least(1)
            .at_most(100)
            .about("shown to the customer"),
        Field::text("description")
            .at_most(500)
            .about("for your team"),
        Field::integer("price")
            .at_least(1)
            .at_most(Money::MOST_MINOR)
            .about("in minor units"),
        Field::integer("duration_days").at_least(1).at_most(3_660),
        Field::integer("grace_days")
            .at_least(0)
            .at_most(365)
            .about("access after the end; 3 in a new plan if left out"),
        Field::integer("remind_days")
            .at_least(1)
            .at_most(365)
            .list()
            .about("days before the end, at most 5; 7 and 1 in a new plan if left out"),
        Field::flag("active").about("whether it is on sale"),
    ]
}

fn wanted() -> Vec<Field> {
    let needed = ["name", "price", "duration_days"];
    let mut all: Vec<_> = changes()
        .into_iter()
        .map(|f| {
            if needed.contains(&f.name) {
                f.needed()
            } else {
                f
            }
        })
        .collect();
    all.push(Field::currency().needed());
    all
}

fn bought() -> Vec<Field> {
    let person = person().into_iter().map(|f| {
        if f.name == "external_id" {
            f.needed()
        } else {
            f
        }
    });
    vec![
        Field::object("customer", person.collect()).needed(),
        Field::text("replaces").about(
            "the running entitlement that ends and is credited, or none; the other plan that runs \
             if left out",
        ),
        Field::text("reference")
            .at_most(64)
            .about("your own name for the order; made up if left out"),
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

fn shape() -> Object {
    Object {
        name: "plan",
        about: "What a customer buys for a time.",
        members: vec![
            Field::id("id", "pln_"),
            Field::word("object", ["plan"]),
            Field::flag("livemode"),
            Field::text("name"),
            Field::text("description"),
            Field::integer("price").about("in minor units"),
            Field::currency(),
            Field::integer("duration_days"),
            Field::integer("grace_days").about("access after the end"),
            Field::integer("remind_days")
                .list()
                .about("days before the end"),
            Field::flag("active").about("whether it is on sale"),
            Field::time("created_at"),
        ],
        example: value!({
            "id": "pln_01k9d2m8q4e7r1s5t6v8w9x0yz", "object": "plan", "livemode": false,
            "name": "Gold", "description": "", "price": 150_000, "currency": "KES",
            "duration_days": 30, "grace_days": 3, "remind_days": [7, 1], "active": true,
            "created_at": "2026-11-21T09:00:00.000Z",
        }),
    }
}

/// A plan of the caller's mode.
pub(super) async fn find(app: &App, caller: &Caller, id: &PlanId) -> Result<Plan, Problem> {
    let found = plans::get(app, &caller.tenant.id, id).await?;
    of_mode(found, caller, |p| p.livemode)
}

pub(super) async fn show(State(app): State<App>, Key(caller): Key, id: Named) -> Done {
    let plan = find(&app, &caller, &id.id()?).await?;
    Ok(Answer::ok(objects::plan(&plan)))
}

pub(super) async fn list(
    State(app): State<App>,
    Key(caller): Key,
    RawQuery(query): RawQuery,
) -> Done {
    let mut query = Query::parse(query.as_deref())?;
    let (cursor, limit) = query.page::<PlanId>()?;
    let filter = PlanFilter {
        livemode: Some(caller.livemode()),
        active: query.word("active", "active_invalid", |text| text.parse().ok())?,
    };
    query.done()?;
    let page = plans::list(&app, &caller.tenant.id, &filter, &cursor, limit).await?;
    let data = page.rows.iter().map(objects::plan).collect();
    Ok(lists::answer(data, page.older))
}

pub(super) async fn create(State(app): State<App>, Key(caller): Key, request: Request) -> Response {
    json(app, caller, request, make).await
}

async fn make(call: Call, body: Fields) -> Done {
    let new = new_plan(body, call.caller.livemode())?;
    let plan = plans::create(&call.app, &call.caller.tenant, &call.actor(), new).await?;
    Ok(Answer::created(objects::plan(&plan)))
}

fn new_plan(mut body: Fields, livemode: bool) -> Result<NewPlan, Problem> {
    let name = needed("name", body.text("name")?)?;
    let price = needed("price", body.integer("price")?)?;
    let currency = needed("currency", body.text("currency")?)?;
    let currency = Currency::parse(&currency).ok_or_else(|| {
        let message = "must be an upper-case ISO 4217 code such as KES";
        Problem::input("currency", "currency_unknown", message)
    })?;
    let new = NewPlan {
        livemode,
        name,
        description: body.text("description")?.unwrap_or_default(),
        price: Money::new(price, currency),
        duration_days: needed("duration_days", body.integer("duration_days")?)?,
        grace_days: body.integer("grace_days")?,
        remind_days: body.integers("remind_days")?,
        active: body.flag("active")?.unwrap_or(true),
        form_key: None,
    };
    body.done()?;
    Ok(new)
}

pub(super) async fn change(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, mut body| async move {
        let change = PlanChange {
            name: body.text("name")?,
            description: body.text("description")?,
            price_minor: body.integer("price")?,
            duration_days: body.integer("duration_days")?,
            grace_days: body.integer("grace_days")?,
            remind_days: body.integers("remind_days")?,
            active: body.flag("active")?,
        };
        body.done()?;
        let plan = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&plan.tenant_id, call.actor());
        let plan = plans::change(&call.app, tenant, &actor, &plan.id, change).await?;
        Ok(Answer::ok(objects::plan(&plan)))
    })
    .await
}

pub(super) async fn purchase(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, body| async move {
        let new = new_purchase(body)?;
        let plan = find(&call.app, &call.caller, &id.id()?).await?;
        let (app, tenant, actor) = (&call.app, &call.caller.tenant, call.actor());
        let order = purchases::purchase(app, tenant, &actor, &plan.id, new).await?;
        Ok(Answer::created(object(app, &order).await?))
    })
    .await
}

fn new_purchase(mut body: Fields) -> Result<NewPurchase, Problem> {
    let replaces = match body.text("replaces")?.as_deref() {
        None => Replaces::Running,
        Some("none") => Replaces::Nothing,
        Some(text) => Replaces::This(EntitlementId::parse(text).ok_or_else(|| {
            let message = "must be the id of a running entitlement, or \"none\"";
            Problem::input("replaces", "replaces_invalid", message)
        })?),
    };
    let new = NewPurchase {
        customer: customer(&mut body)?,
        replaces,
        reference: body.text("reference")?,
        metadata: body.entries("metadata")?,
        return_url: body.text("return_url")?,
        failure_url: body.text("failure_url")?,
        expires_in_secs: body.integer("expires_in")?,
        providers: body.texts("providers")?,
        locale: body.text("locale")?,
        form_key: None,
    };
    body.done()?;
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NewPlan, (&'static str, String)> {
        let body = Fields::parse(text.as_bytes()).unwrap();
        new_plan(body, true).map_err(|p| (p.code, p.field.unwrap_or_default()))
    }

    #[test]
    fn a_plan_needs_a_name_a_price_a_currency_and_days() {
        let plan = read(
            r#"{"name": "Gold", "price": 150000, "currency": "KES", "duration_days": 30,
                "grace_days": 0, "remind_days": [3], "active": false}"#,
        )
        .unwrap();
        assert_eq!(plan.price, Money::new(150_000, Currency::KES));
        assert_eq!((plan.grace_days, plan.active), (Some(0), false));
        assert_eq!(plan.remind_days, Some(vec![3]));
        for (body, code, field) in [
            (r#"{"price": 1}"#, "required", "name"),
            (r#"{"name": "G"}"#, "required", "price"),
            (r#"{"name": "G", "price": 1}"#, "required", "currency"),
            (
                r#"{"name": "G", "price": 1, "currency": "KES"}"#,
                "required",
                "duration_days",
            ),
            (
                r#"{"name": "G", "price": 1, "currency": "KES", "duration_days": 1,
                    "remind_days": ["7"]}"#,
                "type_invalid",
                "remind_days",
            ),
        ] {
            assert_eq!(read(body).unwrap_err(), (code, field.to_owned()), "{body}");
        }
    }
}
