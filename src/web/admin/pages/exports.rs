//! Exports: choosing rows, how far a file is, and the file itself.
use super::{ROWS, around, cursor, id};
use crate::domain::ids::ExportId;
use crate::domain::role::Permission;
use crate::services::exports::{self, Export, ExportError, ExportFilter, ExportKind, ExportStatus};
use crate::services::{App, find_provider};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Frame, Nav, Page};
use crate::web::admin::parts::{Typed, Zone};
use crate::web::admin::views::exports::{self as view, Chosen};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Redirect, Response};

/// A page of an export that nobody has taken refreshes itself for so long.
const WAITS_SECS: i64 = 600;

/// The filter, or what was typed with the fields that need a change. Test money is asked for by
/// its name alone (R11).
pub fn read(chosen: &Chosen, zone: &Zone) -> Result<(ExportKind, ExportFilter), Typed> {
    let mut typed = Typed::default();
    for (name, value) in [
        ("status", &chosen.status),
        ("provider", &chosen.provider),
        ("from", &chosen.from),
        ("to", &chosen.to),
        ("mode", &chosen.mode),
    ] {
        typed.values.insert(name.to_owned(), value.clone());
    }
    let mut wrong = |field: &str, words: &str| {
        typed.problems.push((field.to_owned(), words.to_owned()));
    };
    let kind = ExportKind::parse(&chosen.what).unwrap_or(ExportKind::Payments);
    let mut day = |field: &str, text: &str| {
        let text = text.trim();
        let found = zone.parse_day(text);
        if found.is_none() && !text.is_empty() {
            wrong(field, "Write a day such as 2026-11-19.");
        }
        found
    };
    let from = day("from", &chosen.from);
    let to = day("to", &chosen.to).map(|midnight| zone.day_after(midnight));
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        wrong("to", "Choose a day that is not before the first.");
    }
    if !chosen.status.is_empty() && !view::states(kind).iter().any(|(v, _)| *v == chosen.status) {
        wrong("status", "Choose one of the states.");
    }
    let provider = if kind.has_provider() {
        chosen.provider.clone()
    } else {
        String::new()
    };
    if !provider.is_empty() && find_provider(&provider).is_none() {
        wrong("provider", "Choose one of the providers.");
    }
    if !["", "live", "test", "both"].contains(&chosen.mode.as_str()) {
        wrong("mode", "Choose live or test money.");
    }
    if !typed.problems.is_empty() {
        return Err(typed);
    }
    let filter = ExportFilter {
        status: chosen.status.clone(),
        provider,
        test: chosen.mode == "test",
        from_ms: from.map(crate::domain::Timestamp::unix_ms),
        to_ms: to.map(crate::domain::Timestamp::unix_ms),
    };
    Ok((kind, filter))
}

pub async fn list(
    who: Who,
    State(app): State<App>,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let f = me.frame().await?;
    let tenant = &me.member.tenant.id;
    let read = read(&chosen, &f.zone);
    // Counting may take a while: only where somebody chose.
    let found = match &read {
        Ok((kind, filter)) if !chosen.what.is_empty() => {
            Some(exports::count(&app, tenant, *kind, filter).await?)
        }
        _ => None,
    };
    let from = cursor(chosen.before.as_deref(), chosen.after.as_deref());
    let page = exports::list(&app, tenant, &from, ROWS).await?;
    let (newer, older) = around(&f.url("/exports"), &chosen.query(), page.newer, page.older);
    let mut told = me.told("");
    let main = view::list(
        &f,
        view::List {
            kind: ExportKind::parse(&chosen.what).unwrap_or(ExportKind::Payments),
            typed: read.err().unwrap_or_default(),
            chosen,
            found,
            exports: page.rows,
            newer,
            older,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Exports, "Exports"), &mut told, main))
}

async fn load(me: &Me, text: &str) -> Result<Export, Refusal> {
    let id: ExportId = id(text)?;
    let found = exports::get(&me.app, &me.member.tenant.id, &id).await?;
    found.ok_or(Refusal::NotFound)
}

pub async fn detail(
    who: Who,
    Path((_, text)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let export = load(&me, &text).await?;
    let f = me.frame().await?;
    let now = f.zone.now;
    let mut page = Page::new(Nav::Exports, "Export");
    if export.is_running(now) {
        page = page.refresh(2);
    } else if export.status == ExportStatus::Made && now.secs_since(export.created_at) < WAITS_SECS
    {
        page = page.refresh(5);
    }
    let mut told = me.told("");
    let main = view::detail(&f, &export);
    Ok(me.page(&f, page, &mut told, main))
}

/// `amani-payments-failed-live-2026-11-01-to-2026-11-28.csv`.
fn file_name(f: &Frame, e: &Export) -> String {
    let filter = &e.filter;
    let mode = if filter.test { "test" } else { "live" };
    let last = match filter.to() {
        Some(end) if end <= e.created_at => end.plus_secs(-1),
        _ => e.created_at,
    };
    let first = filter.from().map(|t| f.zone.input_day(t));
    let parts = [
        Some(f.slug.clone()),
        Some(e.kind.as_str().to_owned()),
        Some(filter.provider.clone()),
        Some(filter.status.clone()),
        Some(mode.to_owned()),
        first,
        Some(format!("to-{}", f.zone.input_day(last))),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|p| !p.is_empty())
        .collect();
    format!("{}.csv", parts.join("-"))
}

/// The rows, as they are read.
pub async fn file(
    who: Who,
    method: Method,
    Path((_, text)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let export = load(&me, &text).await?;
    let f = me.frame().await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", file_name(&f, &export)),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    // Who only asks what it is takes nothing.
    if method == Method::HEAD {
        return Ok(headers.into_response());
    }
    match exports::take(&me.app, &me.actor(), &me.member.tenant.id, &export.id).await {
        Ok((_, pieces)) => Ok((headers, Body::from_stream(pieces)).into_response()),
        Err(ExportError::Running) => {
            let path = me.url(&format!("/exports/{}", export.id));
            Ok(Redirect::to(&path).into_response())
        }
        Err(ExportError::NotFound) => Err(Refusal::NotFound),
        Err(ExportError::Store(e)) => Err(e.into()),
    }
}
