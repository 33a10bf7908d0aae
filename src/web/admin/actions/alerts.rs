//! Saving alert rules.
#![expect(
    clippy::too_many_arguments,
    reason = "one argument a field of the form"
)]
use super::{Next, answer, enter};
use crate::domain::role::Permission;
use crate::services::alerts::{self, AlertRules, RulesError};
use crate::web::admin::auth::Refusal;
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

/// Saves a shop's thresholds.
#[server(prefix = "/do", endpoint = "admin/alerts/rules")]
pub async fn admin_save_alert_rules(
    tenant: String,
    #[server(default)] failure_percent: String,
    #[server(default)] least_payments: String,
    #[server(default)] error_percent: String,
    #[server(default)] least_calls: String,
    #[server(default)] window_minutes: String,
    #[server(default)] silent_hours: String,
    #[server(default)] database: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageSettings).await?;
        let path = me.url("/alerts");
        let mut flash = Flash::new("alerts/rules").value("database", &database);
        let mut rules = AlertRules {
            database: database == "on",
            ..AlertRules::default()
        };
        let mut refused = Vec::new();
        for (name, typed, place) in [
            (
                "failure_percent",
                failure_percent,
                &mut rules.failure_percent,
            ),
            ("least_payments", least_payments, &mut rules.least_payments),
            ("error_percent", error_percent, &mut rules.error_percent),
            ("least_calls", least_calls, &mut rules.least_calls),
            ("window_minutes", window_minutes, &mut rules.window_minutes),
            ("silent_hours", silent_hours, &mut rules.silent_hours),
        ] {
            flash = flash.value(name, &typed);
            match typed.trim().parse() {
                Ok(value) => *place = value,
                Err(_) => refused.push(name),
            }
        }
        if !refused.is_empty() {
            for name in refused {
                flash = told::refused(flash, name, "Write a whole number.");
            }
            return Ok(Next::with(path, flash));
        }
        match alerts::save_rules(&me.app, &me.actor(), &me.member.tenant.id, &rules).await {
            Ok(()) => Ok(Next::done(path, "The rules are saved.")),
            Err(RulesError::Input(p)) => {
                let flash = told::refused(flash, p.field, &told::input(&p));
                Ok(Next::with(path, flash))
            }
            Err(RulesError::Store(e)) => Err(Refusal::broken(e)),
        }
    })
    .await
}
