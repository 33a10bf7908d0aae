//! Alerts: what is wrong now and was before, and the thresholds.
use super::{ROWS, around, cursor};
use crate::domain::role::Permission;
use crate::services::alerts::{self, Alert, AlertKind, AlertRules};
use crate::services::{App, StoreError};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::Note;
use crate::web::admin::parts::frame::{Frame, Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::told;
use crate::web::admin::views::alerts as view;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct ListQuery {
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
    let rules = alerts::rules(&app, tenant).await?;
    let open = alerts::open(&app, tenant).await?;
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = alerts::list(&app, tenant, &from, ROWS).await?;
    let path = f.url("/alerts");
    let (newer, older) = around(&path, &Set::default(), page.newer, page.older);
    let mut told = me.told("alerts/rules");
    let main = view::list(
        &f,
        view::List {
            open: open.iter().map(|a| note(&f, a, &rules)).collect(),
            rules,
            typed: told.typed.clone(),
            alerts: page.rows,
            newer,
            older,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Elsewhere, "Alerts"), &mut told, main))
}

/// The open alerts of the overview, each with its next step.
pub async fn notes(me: &Me, f: &Frame) -> Result<(Vec<Note>, Vec<Alert>), StoreError> {
    let tenant = &me.member.tenant.id;
    let open = alerts::open(&me.app, tenant).await?;
    if open.is_empty() {
        return Ok((vec![], open));
    }
    let rules = alerts::rules(&me.app, tenant).await?;
    let notes = open.iter().map(|a| note(f, a, &rules)).collect();
    Ok((notes, open))
}

/// One open alert: what is wrong, since when, and where to go on.
fn note(f: &Frame, alert: &Alert, rules: &AlertRules) -> Note {
    let label = f.label(&alert.provider);
    let head = told::sentence(&alerts::headline(alert.kind, &label));
    let text = format!(
        "{} Since {}. {}",
        alerts::sentence(alert, &label, rules),
        f.zone.near(alert.opened_at),
        alerts::advice(alert.kind)
    );
    let note = Note::bad(head, text);
    let provider = &alert.provider;
    match alert.kind {
        AlertKind::FailureRate => note.go(
            f.url(&format!(
                "/payments?provider={provider}&status=failed&mode=live"
            )),
            "See the failed payments",
        ),
        AlertKind::HooksSilent if f.may(Permission::ManageHooks) => note.go(
            f.url(&format!("/hooks?provider={provider}")),
            "See its hooks",
        ),
        AlertKind::ProviderErrors if f.may(Permission::ManageProviders) => note.go(
            f.url(&format!("/providers/{provider}")),
            "Run the self-test",
        ),
        _ => note,
    }
}
