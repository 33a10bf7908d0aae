//! Links that many can pay on.
use super::{ROWS, around, cursor, id, livemode};
use crate::domain::ids::LinkId;
use crate::domain::role::Permission;
use crate::services::App;
use crate::services::links::{self, LinkFilter};
use crate::web::admin::auth::{Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::views::{links as view, orders as order_view};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

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
    let active: Option<bool> = q.active.as_deref().and_then(|a| a.parse().ok());
    let mode = q.mode.unwrap_or_default();
    let mode = if mode == "both" { String::new() } else { mode };
    let filter = LinkFilter {
        livemode: livemode(&mode),
        active,
    };
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = links::list(&app, &me.member.tenant.id, &filter, &from, ROWS).await?;
    let query = Set::default()
        .with("active", active.map_or(String::new(), |a| a.to_string()))
        .with("mode", mode);
    let (newer, older) = around(&f.url("/links"), &query, page.newer, page.older);
    let mut told = me.told("");
    let main = view::list(
        &f,
        view::List {
            rows: page.rows,
            now: app.clock.now(),
            query,
            newer,
            older,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Links, "Links"), &mut told, main))
}

pub async fn new(who: Who, State(app): State<App>) -> Result<Response, Refusal> {
    let me = who.may(Permission::WorkOrders)?;
    let f = me.frame().await?;
    let (currencies, ways) = super::orders::ways(&app, &me).await?;
    let mut told = me.told("links/new");
    let main = view::new(
        &f,
        &order_view::New {
            typed: told.typed.clone(),
            currencies,
            ways,
            last: vec![],
        },
    );
    Ok(me.page(&f, Page::new(Nav::Links, "New link"), &mut told, main))
}

#[derive(Deserialize)]
pub struct DetailQuery {
    made: Option<String>,
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
    let link: LinkId = id(&named)?;
    let used = links::get(&app, &me.member.tenant.id, &link)
        .await?
        .ok_or(Refusal::NotFound)?;
    let f = me.frame().await?;
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = links::orders_of(&app, &used.link, &from, ROWS).await?;
    let path = f.url(&format!("/links/{link}"));
    let (newer, older) = around(&path, &Set::default(), page.newer, page.older);
    let mut told = me.told("");
    let title = used.link.title.clone();
    let main = view::detail(
        &f,
        view::Detail {
            url: links::page_url(&app, &used.link),
            used,
            now: app.clock.now(),
            orders: page.rows,
            fresh: q.made.is_some(),
            newer,
            older,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Links, title), &mut told, main))
}
