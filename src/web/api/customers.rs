//! `/api/v1/customers`: a customer is named by its id, or by the merchant's own.
use super::call::{Answer, Done, Key};
use super::lists::{self, Query};
use super::{Named, of_mode};
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerId;
use crate::services::api_keys::Caller;
use crate::services::customers::CustomerFilter;
use crate::services::{App, checkout, customers, entitlements, objects};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, State};

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
