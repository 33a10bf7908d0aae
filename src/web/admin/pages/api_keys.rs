//! API keys, and the calls that came with them.
use super::{ROWS, around, cursor, id, livemode};
use crate::domain::ids::{ApiKeyId, Id};
use crate::domain::role::Permission;
use crate::services::App;
use crate::services::api_keys::{self, ApiKey};
use crate::services::call_log::{self, RequestFilter};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::views::{api_keys as view, api_requests as log_view};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

/// The flash that carries a fresh key, sealed, to the page that shows it once.
pub const FRESH: &str = "api-keys/fresh";

pub async fn list(who: Who, State(app): State<App>) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageApiKeys)?;
    let tenant = &me.member.tenant.id;
    let mut told = me.told("api-keys/create");
    let mut fresh = None;
    if let Some(flash) = me.flash(FRESH) {
        told.read = true;
        let secret = api_keys::open_shown(&app, tenant, flash.typed("sealed")).await;
        fresh = secret.map(|secret| (flash.typed("name").to_owned(), secret));
    }
    let f = me.frame().await?;
    let main = view::list(
        &f,
        view::Keys {
            keys: api_keys::list(&app, tenant).await?,
            fresh,
            typed: told.typed.clone(),
        },
    );
    Ok(me.page(&f, Page::new(Nav::ApiKeys, "API keys"), &mut told, main))
}

async fn key(me: &Me, text: &str) -> Result<ApiKey, Refusal> {
    let id: ApiKeyId = id(text)?;
    let found = api_keys::get(&me.app, &me.member.tenant.id, &id).await?;
    found.ok_or(Refusal::NotFound)
}

/// The page that asks before a key ends.
pub async fn revoke(
    who: Who,
    Path((_, text)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageApiKeys)?;
    let key = key(&me, &text).await?;
    if key.revoked_at.is_some() {
        return Err(Refusal::NotFound);
    }
    let f = me.frame().await?;
    let mut told = me.told("");
    let main = view::revoke(&f, &key);
    Ok(me.page(&f, Page::new(Nav::ApiKeys, "Revoke a key"), &mut told, main))
}

#[derive(Deserialize)]
pub struct LogQuery {
    q: Option<String>,
    status: Option<String>,
    key: Option<String>,
    mode: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

pub async fn requests(
    who: Who,
    State(app): State<App>,
    Query(q): Query<LogQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageApiKeys)?;
    let tenant = &me.member.tenant.id;
    let (status, mode) = (q.status.unwrap_or_default(), q.mode.unwrap_or_default());
    let class = log_view::CLASSES.iter().find(|c| c.0 == status);
    let search = q.q.map(|t| t.trim().chars().take(255).collect::<String>());
    let filter = RequestFilter {
        livemode: livemode(&mode),
        key: q.key.as_deref().and_then(ApiKeyId::parse),
        status: class.map(|(_, _, least, most)| (*least, *most)),
        search: search.filter(|t| !t.is_empty()),
    };
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = call_log::list(&app, tenant, &filter, &from, ROWS).await?;
    let f = me.frame().await?;
    let query = Set::default()
        .with("q", filter.search.unwrap_or_default())
        .with("status", class.map_or("", |c| c.0))
        .with("key", filter.key.map(|k| k.to_string()).unwrap_or_default())
        .with("mode", filter.livemode.map_or("", |_| mode.as_str()));
    let path = f.url("/api-keys/requests");
    let (newer, older) = around(&path, &query, page.newer, page.older);
    let mut told = me.told("");
    let main = log_view::list(
        &f,
        log_view::List {
            calls: page.rows,
            keys: api_keys::list(&app, tenant).await?,
            query,
            newer,
            older,
        },
    );
    let page = Page::new(Nav::ApiKeys, "Request log");
    Ok(me.page(&f, page, &mut told, main))
}
