//! Plans, and who has them.
use super::{ROWS, around, cursor, id, livemode};
use crate::domain::Currency;
use crate::domain::entitlement::EntitlementStatus;
use crate::domain::ids::PlanId;
use crate::domain::plan::Plan;
use crate::domain::role::Permission;
use crate::services::plans::{self, PlanFilter};
use crate::services::{App, REGISTRY, entitlements};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::views::plans as view;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
pub struct ListQuery {
    active: Option<String>,
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
    let tenant = &me.member.tenant.id;
    let active: Option<bool> = q.active.as_deref().and_then(|a| a.parse().ok());
    let mode = q.mode.unwrap_or_default();
    let mode = if mode == "both" { String::new() } else { mode };
    let filter = PlanFilter {
        livemode: livemode(&mode),
        active,
    };
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = plans::list(&app, tenant, &filter, &from, ROWS).await?;
    let running = plans::running(&app, tenant).await?;
    let query = Set::default()
        .with("active", active.map_or(String::new(), |a| a.to_string()))
        .with("mode", mode);
    let (newer, older) = around(&f.url("/plans"), &query, page.newer, page.older);
    let rows = page.rows.into_iter().map(|plan| view::Row {
        running: running.get(&plan.id).copied().unwrap_or_default(),
        plan,
    });
    let mut told = me.told("");
    let main = view::list(
        &f,
        view::List {
            rows: rows.collect(),
            query,
            newer,
            older,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Plans, "Plans"), &mut told, main))
}

/// The currencies that the providers' tables name, with the shop's own.
fn currencies(own: Currency) -> Vec<Currency> {
    let named = REGISTRY.iter().flat_map(|a| a.info().currencies);
    let mut codes: BTreeSet<_> = named.map(|r| r.code).filter(|c| *c != "*").collect();
    codes.insert(own.code());
    codes.into_iter().filter_map(Currency::parse).collect()
}

pub async fn new(who: Who) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManagePlans)?;
    let f = me.frame().await?;
    let mut told = me.told("plans/new");
    let main = view::edit(
        &f,
        view::Edit {
            plan: None,
            currencies: currencies(f.currency),
            typed: told.typed.clone(),
        },
    );
    Ok(me.page(&f, Page::new(Nav::Plans, "New plan"), &mut told, main))
}

async fn plan(me: &Me, text: &str) -> Result<Plan, Refusal> {
    let plan: PlanId = id(text)?;
    plans::get(&me.app, &me.member.tenant.id, &plan)
        .await?
        .ok_or(Refusal::NotFound)
}

pub async fn edit(who: Who, Path((_, named)): Path<(String, String)>) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManagePlans)?;
    let plan = plan(&me, &named).await?;
    let f = me.frame().await?;
    let mut told = me.told("plans/save");
    let title = format!("Change {}", plan.name);
    let main = view::edit(
        &f,
        view::Edit {
            plan: Some(plan),
            currencies: vec![],
            typed: told.typed.clone(),
        },
    );
    Ok(me.page(&f, Page::new(Nav::Plans, title), &mut told, main))
}

#[derive(Deserialize)]
pub struct DetailQuery {
    status: Option<String>,
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
    let plan = plan(&me, &named).await?;
    let f = me.frame().await?;
    let status = q.status.as_deref().and_then(EntitlementStatus::parse);
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = entitlements::of_plan(&app, &plan, status, &from, ROWS).await?;
    let query = Set::default().with("status", status.map_or("", EntitlementStatus::as_str));
    let path = f.url(&format!("/plans/{}", plan.id));
    let (newer, older) = around(&path, &query, page.newer, page.older);
    let mut told = me.told("plans/sell");
    let title = plan.name.clone();
    let main = view::detail(
        &f,
        view::Detail {
            plan,
            held: page.rows,
            query,
            newer,
            older,
            typed: told.typed.clone(),
        },
    );
    Ok(me.page(&f, Page::new(Nav::Plans, title), &mut told, main))
}
