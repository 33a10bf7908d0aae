//! Making an export.
#![expect(
    clippy::too_many_arguments,
    reason = "one argument a field of the form"
)]
use super::{Next, answer, enter};
use crate::domain::role::Permission;
use crate::services::exports;
use crate::web::admin::pages::exports::read;
use crate::web::admin::parts::Zone;
use crate::web::admin::views::exports::Chosen;
use leptos::prelude::*;

/// Makes an export of the rows that were counted; the page that follows hands them over.
#[server(prefix = "/do", endpoint = "admin/exports/make")]
pub async fn admin_make_export(
    tenant: String,
    what: String,
    #[server(default)] status: String,
    #[server(default)] provider: String,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] mode: String,
    #[server(default)] form_key: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ViewMoney).await?;
        let chosen = Chosen {
            what,
            status,
            provider,
            from,
            to,
            mode,
            ..Chosen::default()
        };
        let zone = Zone::new(&me.member.tenant.timezone, me.app.clock.now());
        let Ok((kind, filter)) = read(&chosen, &zone) else {
            // The page of the choice says which field needs a change.
            return Ok(Next::to(chosen.query().href(&me.url("/exports"))));
        };
        let key = super::form_key(&form_key);
        let tenant = &me.member.tenant.id;
        let export = exports::make(&me.app, &me.actor(), tenant, kind, filter, key).await?;
        Ok(Next::to(me.url(&format!("/exports/{}", export.id))))
    })
    .await
}
