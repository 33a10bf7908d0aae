//! What customers and the team were told.
use super::{ROWS, around, cursor, id};
use crate::domain::message::{Message, MessageKind, MessageStatus};
use crate::domain::role::Permission;
use crate::services::App;
use crate::services::messages::{self, MessageFilter};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::views::messages as view;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct ListQuery {
    status: Option<String>,
    kind: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

pub async fn list(
    who: Who,
    State(app): State<App>,
    Query(q): Query<ListQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::WorkOrders)?;
    let f = me.frame().await?;
    let filter = MessageFilter {
        status: q.status.as_deref().and_then(MessageStatus::parse),
        kind: q.kind.as_deref().and_then(MessageKind::parse),
    };
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = messages::list(&app, &me.member.tenant.id, &filter, &from, ROWS).await?;
    let query = Set::default()
        .with("status", filter.status.map_or("", MessageStatus::as_str))
        .with("kind", filter.kind.map_or("", MessageKind::as_str));
    let (newer, older) = around(&f.url("/messages"), &query, page.newer, page.older);
    let mut told = me.told("");
    let main = view::list(
        &f,
        view::List {
            messages: page.rows,
            query,
            newer,
            older,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Messages, "Messages"), &mut told, main))
}

async fn message(app: &App, me: &Me, text: &str) -> Result<Message, Refusal> {
    messages::get(app, &me.member.tenant.id, &id(text)?)
        .await?
        .ok_or(Refusal::NotFound)
}

pub async fn detail(
    who: Who,
    State(app): State<App>,
    Path((_, text)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::WorkOrders)?;
    let message = message(&app, &me, &text).await?;
    let f = me.frame().await?;
    let mut told = me.told("");
    let main = view::detail(&f, &message);
    Ok(me.page(&f, Page::new(Nav::Messages, "Message"), &mut told, main))
}

/// The letter as a mail program shows it: a page of its own that can do nothing.
pub async fn html(
    who: Who,
    State(app): State<App>,
    Path((_, text)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::WorkOrders)?;
    let message = message(&app, &me, &text).await?;
    if message.html.is_empty() {
        return Err(Refusal::NotFound);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    Ok((headers, message.html).into_response())
}

pub async fn settings(who: Who, State(app): State<App>) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageSettings)?;
    let off = messages::topics_off(&app, &me.member.tenant.id).await?;
    let f = me.frame().await?;
    let mut told = me.told("");
    let main = view::settings(&f, &off);
    let page = Page::new(Nav::Messages, "What is told");
    Ok(me.page(&f, page, &mut told, main))
}
