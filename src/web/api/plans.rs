//! `/api/v1/plans`.
use super::call::{Answer, Call, Done, Json, Key, json};
use super::fields::{Fields, needed};
use super::lists::{self, Query};
use super::orders::{customer, object};
use super::{Named, of_mode};
use crate::domain::ids::{EntitlementId, Id, PlanId};
use crate::domain::plan::Plan;
use crate::domain::{Currency, Money};
use crate::services::api_keys::Caller;
use crate::services::plans::{NewPlan, PlanChange, PlanFilter};
use crate::services::purchases::{NewPurchase, Replaces};
use crate::services::{App, objects, plans, purchases};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;

const SCOPE: &str = "plans:write";
/// A purchase is an order.
const BUYS: &str = "orders:write";

/// A plan of the caller's mode.
async fn find(app: &App, caller: &Caller, id: &PlanId) -> Result<Plan, Problem> {
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
    json(app, caller, SCOPE, Json::Needed, request, make).await
}

async fn make(call: Call, body: Fields) -> Done {
    let mut new = new_plan(body, call.caller.livemode())?;
    // The same key and body of the other mode make another plan.
    let mode = call.caller.key.mode.as_str();
    new.form_key = call.form_key.as_ref().map(|key| format!("{key}:{mode}"));
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
    json(
        app,
        caller,
        SCOPE,
        Json::Needed,
        request,
        |call, mut body| async move {
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
        },
    )
    .await
}

pub(super) async fn purchase(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(
        app,
        caller,
        BUYS,
        Json::Needed,
        request,
        |call, body| async move {
            let new = new_purchase(body)?;
            let plan = find(&call.app, &call.caller, &id.id()?).await?;
            let (app, actor) = (&call.app, call.actor());
            let before = match (call.cut_off_at, &new.customer.external_id) {
                (Some(since), Some(id)) => {
                    purchases::begun_since(app, &plan, id, &actor, since).await?
                }
                _ => None,
            };
            let order = if let Some(order) = before {
                order
            } else {
                let tenant = &call.caller.tenant;
                purchases::purchase(app, tenant, &actor, &plan.id, new).await?
            };
            Ok(Answer::created(object(app, &order).await?))
        },
    )
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
