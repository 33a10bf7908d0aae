//! Alert rules: a job holds each tenant's figures against its thresholds. A broken rule is one
//! alert, opened once, kept while it lasts, and closed when it is over.
use super::{Actor, App, HookKind, InputProblem, books, messages, reports};
use crate::domain::Timestamp;
use crate::domain::alert::{DatabaseFigures, Finding, ProviderFigures, judge};
use crate::domain::ids::TenantId;
use crate::domain::job::{JobKind, Outcome};
use crate::providers::REGISTRY;
use crate::store::reports as rows;
use crate::store::{Cursor, Page, StoreError, Tx, alerts, jobs};
use serde_json::json;

pub use crate::domain::alert::{Alert, AlertKind, AlertRules};

/// How often a tenant's figures are looked at.
const EVERY_SECS: i64 = 300;
/// Trouble with the database is told for so long after it was last seen.
const TROUBLE_SECS: i64 = 900;
/// A job that is due for so long and that nobody runs is late.
const LATE_SECS: i64 = 600;
/// A payment that was started this short a time ago may still wait for its hook.
const HOOK_GRACE_SECS: i64 = 600;

/// Why rules were not saved.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn rules(app: &App, tenant: &TenantId) -> Result<AlertRules, StoreError> {
    alerts::rules(&mut app.db.read().await?, tenant).await
}

/// Saves a tenant's thresholds, and has its figures looked at now.
pub async fn save_rules(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    rules: &AlertRules,
) -> Result<(), RulesError> {
    rules.check()?;
    let mut tx = app.db.begin().await?;
    let before = alerts::rules(&mut tx, tenant).await?;
    alerts::save_rules(&mut tx, tenant, rules, app.clock.now()).await?;
    let detail = json!({ "before": before, "after": rules });
    let (action, subject) = ("alert_rules.saved", tenant.to_string());
    books::audit(app, &mut tx, tenant, actor, action, &subject, &detail).await?;
    queue(app, &mut tx, tenant, app.clock.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(())
}

/// Has a new tenant watched, from when there may be something to see.
pub(super) async fn begin(app: &App, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<(), StoreError> {
    queue(app, tx, tenant, app.clock.now().plus_secs(EVERY_SECS)).await
}

async fn queue(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (kind, subject) = (JobKind::WatchAlerts, tenant.to_string());
    jobs::queue(tx, app.clock.id(), tenant, kind, &subject, at).await
}

/// What is open, oldest first.
pub async fn open(app: &App, tenant: &TenantId) -> Result<Vec<Alert>, StoreError> {
    alerts::open(&mut app.db.read().await?, tenant).await
}

/// All alerts, newest first.
pub async fn list(
    app: &App,
    tenant: &TenantId,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Alert>, StoreError> {
    alerts::list(&mut app.db.read().await?, tenant, cursor, limit).await
}

/// The job: looks, and comes back.
pub async fn watch(app: &App, tenant: &TenantId) -> Result<Outcome, StoreError> {
    evaluate(app, tenant).await?;
    Ok(Outcome::Again(app.clock.now().plus_secs(EVERY_SECS)))
}

/// Opens, keeps and closes a tenant's alerts by its figures of now. Twice is harmless.
pub async fn evaluate(app: &App, tenant: &TenantId) -> Result<(), StoreError> {
    reports::flush(app).await?;
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let rules = alerts::rules(&mut tx, tenant).await?;
    let providers = figures(&mut tx, tenant, &rules, now).await?;
    let database = database(app, &mut tx, now).await?;
    let known = alerts::open(&mut tx, tenant).await?;
    drop(tx);
    let found = judge(&rules, &providers, database);
    if found.is_empty() && known.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    let is = |a: &Alert, f: &Finding| a.kind == f.kind && a.provider == f.provider;
    for finding in &found {
        if let Some(alert) = known.iter().find(|a| is(a, finding)) {
            alerts::seen(&mut tx, alert, finding, now).await?;
            continue;
        }
        let alert = Alert {
            id: app.clock.id(),
            tenant_id: tenant.clone(),
            kind: finding.kind,
            provider: finding.provider.clone(),
            wrong: finding.wrong,
            all: finding.all,
            opened_at: now,
            seen_at: now,
            closed_at: None,
        };
        if alerts::insert(&mut tx, &alert).await? {
            messages::alerts::rule_broken(app, &mut tx, &alert, &rules).await?;
        }
    }
    for alert in &known {
        if !found.iter().any(|f| is(alert, f)) {
            alerts::close(&mut tx, alert, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// What each provider did, in the times that the rules name.
async fn figures(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    rules: &AlertRules,
    now: Timestamp,
) -> Result<Vec<ProviderFigures>, StoreError> {
    let window = now.plus_secs(-rules.window_minutes * 60);
    let silent = now.plus_secs(-rules.silent_hours * 3_600);
    let went = rows::went_since(tx, tenant, window).await?;
    let calls = rows::calls_since(tx, tenant, window).await?;
    let long = rows::went_since(tx, tenant, silent).await?;
    let fresh = rows::went_since(tx, tenant, now.plus_secs(-HOOK_GRACE_SECS)).await?;
    let hooks = rows::hooks_since(tx, tenant, silent).await?;
    let enabled = super::provider_accounts::enabled(tx, tenant).await?;
    let mut all = Vec::new();
    for info in REGISTRY.iter().map(|a| a.info()) {
        let mine = |rows: &[rows::Went]| {
            let found = rows.iter().find(|w| w.provider == info.name);
            found.map_or((0, 0, 0), |w| (w.started, w.succeeded, w.failed))
        };
        let (_, succeeded, failed) = mine(&went);
        let (started, paid, _) = mine(&long);
        let (too_fresh, just_paid, _) = mine(&fresh);
        let (mut made, mut errors) = (0, 0);
        for slot in calls.iter().filter(|c| c.provider == info.name) {
            made += slot.calls;
            errors += slot.errors;
        }
        let live = enabled
            .iter()
            .any(|a| a.provider == info.name && !a.test_mode);
        all.push(ProviderFigures {
            provider: info.name.to_owned(),
            succeeded,
            failed,
            calls: made,
            errors,
            sends_hooks: live && info.hook != HookKind::None,
            started: started - too_fresh,
            paid: paid - just_paid,
            hooks: hooks
                .iter()
                .find(|(name, _)| name == info.name)
                .map_or(0, |(_, n)| *n),
        });
    }
    Ok(all)
}

/// Work is always late just after a start: what was due meanwhile is being caught up with.
async fn database(
    app: &App,
    tx: &mut Tx<'_>,
    now: Timestamp,
) -> Result<DatabaseFigures, StoreError> {
    let troubles = rows::troubles_since(tx, now.plus_secs(-TROUBLE_SECS)).await?;
    let late_jobs = if now.secs_since(app.started_at) < LATE_SECS {
        0
    } else {
        rows::late_jobs(tx, now.plus_secs(-LATE_SECS), now).await?
    };
    Ok(DatabaseFigures {
        troubles,
        late_jobs,
    })
}

/// What is wrong, in a few words.
pub fn headline(kind: AlertKind, label: &str) -> String {
    match kind {
        AlertKind::FailureRate => format!("payments through {label} fail"),
        AlertKind::HooksSilent => format!("{label} sends no hooks"),
        AlertKind::ProviderErrors => format!("{label} does not answer properly"),
        AlertKind::Database => "the database has trouble".to_owned(),
    }
}

/// What to do about it.
pub fn advice(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::FailureRate => {
            "Read the reasons on the failed payments; offer another way to pay meanwhile."
        }
        AlertKind::HooksSilent => {
            "Payments are found by asking. Check the hook address at the provider."
        }
        AlertKind::ProviderErrors => {
            "Run the self-test; look at the provider's own status page. Unknown payments are asked \
             after, so nothing is sent twice."
        }
        AlertKind::Database => "Tell whoever runs this server: it concerns all shops on it.",
    }
}

/// Says in one sentence what is wrong.
pub fn sentence(alert: &Alert, label: &str, rules: &AlertRules) -> String {
    let (wrong, all) = (alert.wrong, alert.all);
    let window = rules.window_minutes;
    match alert.kind {
        AlertKind::FailureRate => {
            format!("{wrong} of {all} payments through {label} failed within {window} minutes.")
        }
        AlertKind::HooksSilent => format!(
            "{all} payments were started through {label} within {} hours, {wrong} of them were \
             paid, and no hook came.",
            rules.silent_hours
        ),
        AlertKind::ProviderErrors => format!(
            "{wrong} of {all} calls to {label} within {window} minutes got no proper answer."
        ),
        AlertKind::Database if wrong > 0 => {
            format!("{wrong} jobs are due for more than 10 minutes and are not run.")
        }
        AlertKind::Database => "The database could not be reached of late.".to_owned(),
    }
}
