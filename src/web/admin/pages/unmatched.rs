//! Money that was paid by hand and that nobody could match: each with who may have meant it.
use super::{COUNTED, ROWS, around, cursor};
use crate::domain::bill::BillStatus;
use crate::domain::role::Permission;
use crate::services::{App, Cursor, bills};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::views::unmatched as view;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

/// How much of it waits, up to what a page counts.
pub async fn waiting(me: &Me) -> Result<usize, Refusal> {
    let (tenant, waits) = (&me.member.tenant.id, Some(BillStatus::Unmatched));
    let page = bills::list(&me.app, tenant, waits, &Cursor::Newest, COUNTED).await?;
    Ok(page.rows.len())
}

#[derive(Deserialize)]
pub struct ListQuery {
    status: Option<String>,
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
    let status = match q.status.as_deref() {
        None | Some("") => Some(BillStatus::Unmatched),
        Some("all") => None,
        Some(other) => Some(BillStatus::parse(other).ok_or(Refusal::NotFound)?),
    };
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = bills::list(&app, tenant, status, &from, ROWS).await?;
    let query = Set::default().with("status", q.status.unwrap_or_default());
    let (newer, older) = around(
        &f.url("/payments/unmatched"),
        &query,
        page.newer,
        page.older,
    );
    let mut rows = Vec::with_capacity(page.rows.len());
    for money in page.rows {
        let suggested = if money.status == BillStatus::Unmatched {
            bills::suggestions(&app, &money).await?
        } else {
            vec![]
        };
        rows.push(view::Row { money, suggested });
    }
    let mut told = me.told("bills/decide");
    let main = view::list(
        &f,
        view::List {
            rows,
            query,
            newer,
            older,
            typed: told.typed.clone(),
        },
    );
    let page = Page::new(Nav::Payments, "Unmatched money");
    Ok(me.page(&f, page, &mut told, main))
}
