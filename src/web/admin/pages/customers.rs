//! Customers: found by what staff know of them, each with everything of theirs.
use super::{COUNTED, ROWS, around, cursor, enabled_names, id, livemode};
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerId;
use crate::domain::role::Permission;
use crate::services::customers::{self, CustomerFilter};
use crate::services::{App, Cursor, Flow, Page as Rows, entitlements, find_provider};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::views::customers as view;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct ListQuery {
    q: Option<String>,
    mode: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

pub async fn list(
    who: Who,
    State(app): State<App>,
    Query(q): Query<ListQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let f = me.frame().await?;
    let tenant = &me.member.tenant;
    let mode = q.mode.unwrap_or_default();
    let mode = if mode == "both" { String::new() } else { mode };
    let typed = q.q.unwrap_or_default().trim().to_owned();
    let filter = CustomerFilter {
        livemode: livemode(&mode),
        ..CustomerFilter::default()
    };
    let page = if typed.is_empty() {
        let from = cursor(q.before.as_deref(), q.after.as_deref());
        customers::list(&app, &tenant.id, &filter, &from, ROWS).await?
    } else {
        let rows = customers::search(&app, tenant, filter.livemode, &typed, COUNTED).await?;
        Rows {
            rows,
            newer: None,
            older: None,
        }
    };
    let query = Set::default().with("q", typed).with("mode", mode);
    let (newer, older) = around(&f.url("/customers"), &query, page.newer, page.older);
    let mut told = me.told("");
    let main = view::list(
        &f,
        view::List {
            customers: page.rows,
            query,
            newer,
            older,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Customers, "Customers"), &mut told, main))
}

/// The customer of an address. `None` where it was merged: the id of the one it went to.
async fn customer(me: &Me, text: &str) -> Result<Result<Customer, CustomerId>, Refusal> {
    let wanted: CustomerId = id(text)?;
    let found = customers::get(&me.app, &me.member.tenant.id, &wanted).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    Ok(if found.id == wanted {
        Ok(found)
    } else {
        Err(found.id)
    })
}

#[derive(Deserialize)]
pub struct DetailQuery {
    before: Option<String>,
    after: Option<String>,
}

pub async fn detail(
    who: Who,
    State(app): State<App>,
    Path((_, named)): Path<(String, String)>,
    Query(q): Query<DetailQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let customer = match customer(&me, &named).await? {
        Ok(customer) => customer,
        Err(into) => {
            let to = me.url(&format!("/customers/{into}"));
            return Ok(Redirect::to(&to).into_response());
        }
    };
    let f = me.frame().await?;
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let orders = customers::orders(&app, &customer, &from, ROWS).await?;
    let path = f.url(&format!("/customers/{}", customer.id));
    let (newer, older) = around(&path, &Set::default(), orders.newer, orders.older);
    let prompts = enabled_names(&app, &me).await?.iter().any(|(name, test)| {
        let methods = find_provider(name).map_or(&[][..], |a| a.info().methods);
        (*test || customer.livemode) && methods.iter().any(|m| m.flow == Flow::PhonePrompt)
    });
    let mut told = me.told("");
    let title = customer.called().to_owned();
    let main = view::detail(
        &f,
        view::Detail {
            also: customers::also_known_as(&app, &customer).await?,
            kept: customers::kept(&app, &customer).await?,
            held: entitlements::of_customer(&app, &customer).await?,
            payments: customers::payments(&app, &customer, ROWS).await?,
            orders: orders.rows,
            newer,
            older,
            prompts,
            customer,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Customers, title), &mut told, main))
}

#[derive(Deserialize)]
pub struct MergeQuery {
    with: Option<String>,
}

/// The page that compares two customers before they become one.
pub async fn merge(
    who: Who,
    State(app): State<App>,
    Path((_, named)): Path<(String, String)>,
    Query(q): Query<MergeQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::MergeCustomers)?;
    let customer = customer(&me, &named)
        .await?
        .map_err(|_| Refusal::NotFound)?;
    let f = me.frame().await?;
    let tenant = &me.member.tenant;
    let with = q.with.unwrap_or_default().trim().to_owned();
    let mode = Some(customer.livemode);
    let mut others = if with.is_empty() {
        vec![]
    } else {
        customers::search(&app, tenant, mode, &with, ROWS).await?
    };
    others.retain(|o| o.id != customer.id);
    let moves = match others.as_slice() {
        [other] => {
            let page = customers::orders(&app, other, &Cursor::Newest, COUNTED).await?;
            let words = match (page.rows.len(), page.older) {
                (1, None) => "1 order".to_owned(),
                (n, None) => format!("{n} orders"),
                (n, Some(_)) => format!("{n} orders and more"),
            };
            let plans = entitlements::of_customer(&app, other).await?.len();
            Some((words, plans))
        }
        _ => None,
    };
    let mut told = me.told("");
    let title = format!("Merge into {}", customer.called());
    let main = view::merge(
        &f,
        view::Merge {
            customer,
            others,
            with,
            moves,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Customers, title), &mut told, main))
}
