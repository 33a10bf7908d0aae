//! Hooks as they came.
use super::{ROWS, around, cursor, id};
use crate::domain::hook::HookStatus;
use crate::domain::role::Permission;
use crate::services::inbound::{self, HookFilter};
use crate::services::{App, find_provider};
use crate::web::admin::auth::{Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::views::hooks as view;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct ListQuery {
    status: Option<String>,
    provider: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

pub async fn list(
    who: Who,
    State(app): State<App>,
    Query(q): Query<ListQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageHooks)?;
    let f = me.frame().await?;
    let filter = HookFilter {
        status: q.status.as_deref().and_then(HookStatus::parse),
        provider: q.provider.filter(|p| find_provider(p).is_some()),
    };
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = inbound::list(&app, &me.member.tenant.id, &filter, &from, ROWS).await?;
    let query = Set::default()
        .with("status", filter.status.map_or("", HookStatus::as_str))
        .with("provider", filter.provider.unwrap_or_default());
    let (newer, older) = around(&f.url("/hooks"), &query, page.newer, page.older);
    let mut told = me.told("");
    let main = view::list(
        &f,
        view::List {
            hooks: page.rows,
            query,
            newer,
            older,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Hooks, "Hooks"), &mut told, main))
}

#[derive(Deserialize)]
pub struct DetailQuery {
    raw: Option<String>,
}

pub async fn detail(
    who: Who,
    State(app): State<App>,
    Path((_, hook)): Path<(String, String)>,
    Query(q): Query<DetailQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageHooks)?;
    let hook = inbound::get(&app, &me.member.tenant.id, &id(&hook)?)
        .await?
        .ok_or(Refusal::NotFound)?;
    let f = me.frame().await?;
    let how = if q.raw.is_some() {
        view::Body::Bytes
    } else {
        view::Body::Read
    };
    let mut told = me.told("");
    let main = view::detail(&f, &hook, how);
    Ok(me.page(&f, Page::new(Nav::Hooks, "Hook"), &mut told, main))
}
