//! Files of requests.
use super::id;
use crate::domain::ids::ImportId;
use crate::domain::import::ImportStatus;
use crate::domain::role::Permission;
use crate::services::imports::{self, Progress};
use crate::services::{App, Cursor};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::views::imports as view;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Files shown below the form.
const LAST: i64 = 10;
/// Bad rows shown on the page; the download has them all.
const SHOWN: i64 = 100;

pub async fn new(who: Who, State(app): State<App>) -> Result<Response, Refusal> {
    let me = who.may(Permission::WorkOrders)?;
    let f = me.frame().await?;
    let last = imports::list(&app, &me.member.tenant.id, &Cursor::Newest, LAST).await?;
    let mut told = me.told("imports/new");
    let main = view::new(
        &f,
        view::New {
            typed: told.typed.clone(),
            last: last.rows,
        },
    );
    let title = "Requests from a file";
    Ok(me.page(&f, Page::new(Nav::Orders, title), &mut told, main))
}

async fn progress(me: &Me, text: &str) -> Result<Progress, Refusal> {
    let import: ImportId = id(text)?;
    imports::get(&me.app, &me.member.tenant.id, &import)
        .await?
        .ok_or(Refusal::NotFound)
}

pub async fn detail(
    who: Who,
    State(app): State<App>,
    Path((_, named)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::WorkOrders)?;
    let of = progress(&me, &named).await?;
    let f = me.frame().await?;
    let tenant = &me.member.tenant.id;
    let bad = imports::bad_rows(&app, tenant, &of.import.id, SHOWN).await?;
    let making = of.import.status == ImportStatus::Making;
    let mut told = me.told("imports/make");
    let title = of.import.file_name.clone();
    let main = view::detail(
        &f,
        &view::Detail {
            of,
            bad,
            typed: told.typed.clone(),
        },
    );
    let mut page = me.page(&f, Page::new(Nav::Orders, title), &mut told, main);
    if making {
        let headers = page.headers_mut();
        headers.insert(header::REFRESH, HeaderValue::from_static("2"));
    }
    Ok(page)
}

/// Every row with its link or its problems.
pub async fn download(
    who: Who,
    State(app): State<App>,
    Path((_, named)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::WorkOrders)?;
    let of = progress(&me, &named).await?;
    let text = imports::download(&app, &of.import).await?;
    let name = format!("attachment; filename=\"{}.csv\"", of.import.id);
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let no_store = HeaderValue::from_static("no-store");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, no_store),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    Ok((headers, text).into_response())
}
