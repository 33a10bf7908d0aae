//! Plans: what can be bought, and by whom it is changed.
use super::orders::check_text;
use super::tenants::Tenant;
use super::{Actor, App, InputProblem, books};
use crate::domain::Money;
use crate::domain::ids::{PlanId, TenantId};
use crate::domain::plan::Plan;
use crate::store::{Cursor, Page, StoreError, plans};
use serde_json::{Value, json};
use std::collections::HashMap;

pub use crate::store::plans::PlanFilter;

/// Why a plan was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("the plan was not found")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a new plan says.
#[derive(Clone, Debug)]
pub struct NewPlan {
    pub livemode: bool,
    pub name: String,
    pub description: String,
    pub price: Money,
    pub duration_days: i64,
    pub grace_days: Option<i64>,
    /// Left out: a week and a day before the end.
    pub remind_days: Option<Vec<i64>>,
    pub active: bool,
    /// The form's own key: a form sent twice makes one plan.
    pub form_key: Option<String>,
}

/// What is changed; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct PlanChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub price_minor: Option<i64>,
    pub duration_days: Option<i64>,
    pub grace_days: Option<i64>,
    pub remind_days: Option<Vec<i64>>,
    pub active: Option<bool>,
}

/// The longest period, about ten years.
const MOST_DAYS: i64 = 3_660;

/// Trims and checks what every plan must keep to.
fn check(p: &mut Plan) -> Result<(), InputProblem> {
    p.name = p.name.trim().to_owned();
    p.description = p.description.trim().to_owned();
    check_text("name", &p.name, 1..=100)?;
    check_text("description", &p.description, 0..=500)?;
    if p.price.minor <= 0 {
        let words = "must be above zero";
        return Err(InputProblem::new("price", "amount_invalid", words));
    }
    if p.price.minor > Money::MOST_MINOR {
        let words = "is beyond any order";
        return Err(InputProblem::new("price", "amount_too_large", words));
    }
    let days = |field, value: i64, least: i64, most: i64| {
        if (least..=most).contains(&value) {
            return Ok(());
        }
        let words = format!("must be {least} to {most} days");
        Err(InputProblem::new(field, "days_invalid", words))
    };
    days("duration_days", p.duration_days, 1, MOST_DAYS)?;
    days("grace_days", p.grace_days, 0, 365)?;
    if p.remind_days.len() > 5 {
        let words = "at most 5 reminders";
        return Err(InputProblem::new("remind_days", "days_invalid", words));
    }
    for value in &p.remind_days {
        days("remind_days", *value, 1, 365)?;
    }
    p.remind_days.sort_unstable_by(|a, b| b.cmp(a));
    p.remind_days.dedup();
    Ok(())
}

fn facts(p: &Plan) -> Value {
    json!({
        "name": p.name, "price": p.price.minor, "currency": p.price.currency,
        "duration_days": p.duration_days, "grace_days": p.grace_days,
        "remind_days": p.remind_days, "active": p.active,
    })
}

/// Makes a plan. A form that was sent before gets the plan that it made.
pub async fn create(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    new: NewPlan,
) -> Result<Plan, PlanError> {
    let Some(key) = new.form_key.clone() else {
        return create_once(app, tenant, actor, new).await;
    };
    let known = async || {
        let mut tx = app.db.read().await?;
        plans::by_form_key(&mut tx, &tenant.id, &key).await
    };
    if let Some(plan) = known().await? {
        return Ok(plan);
    }
    match create_once(app, tenant, actor, new).await {
        Err(PlanError::Store(StoreError::Taken)) => {
            let plan = known().await?;
            plan.ok_or(PlanError::Store(StoreError::Taken))
        }
        other => other,
    }
}

async fn create_once(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    new: NewPlan,
) -> Result<Plan, PlanError> {
    let now = app.clock.now();
    let remind = || Plan::DEFAULT_REMIND_DAYS.to_vec();
    let mut plan = Plan {
        id: app.clock.id(),
        tenant_id: tenant.id.clone(),
        livemode: new.livemode,
        name: new.name,
        description: new.description,
        price: new.price,
        duration_days: new.duration_days,
        grace_days: new.grace_days.unwrap_or(Plan::DEFAULT_GRACE_DAYS),
        remind_days: new.remind_days.unwrap_or_else(remind),
        active: new.active,
        created_at: now,
        updated_at: now,
    };
    check(&mut plan)?;
    let mut tx = app.db.begin().await?;
    plans::insert(&mut tx, &plan, new.form_key).await?;
    let (subject, detail) = (plan.id.to_string(), facts(&plan));
    let action = "plan.created";
    books::audit(app, &mut tx, &tenant.id, actor, action, &subject, &detail).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(plan)
}

/// Changes a plan for later purchases and reminders. What was bought stays as it was bought.
pub async fn change(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &PlanId,
    change: PlanChange,
) -> Result<Plan, PlanError> {
    let mut tx = app.db.begin().await?;
    let was = plans::get(&mut tx, tenant, id)
        .await?
        .ok_or(PlanError::NotFound)?;
    let mut plan = was.clone();
    plan.name = change.name.unwrap_or(plan.name);
    plan.description = change.description.unwrap_or(plan.description);
    plan.price.minor = change.price_minor.unwrap_or(plan.price.minor);
    plan.duration_days = change.duration_days.unwrap_or(plan.duration_days);
    plan.grace_days = change.grace_days.unwrap_or(plan.grace_days);
    plan.remind_days = change.remind_days.unwrap_or(plan.remind_days);
    plan.active = change.active.unwrap_or(plan.active);
    check(&mut plan)?;
    if plan == was {
        return Ok(plan);
    }
    plan.updated_at = app.clock.now();
    plans::save(&mut tx, &plan, &was).await?;
    let detail = json!({ "before": facts(&was), "after": facts(&plan) });
    let (subject, action) = (plan.id.to_string(), "plan.changed");
    books::audit(app, &mut tx, tenant, actor, action, &subject, &detail).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(plan)
}

pub async fn get(app: &App, tenant: &TenantId, id: &PlanId) -> Result<Option<Plan>, StoreError> {
    plans::get(&mut app.db.read().await?, tenant, id).await
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    filter: &PlanFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Plan>, StoreError> {
    plans::list(&mut app.db.read().await?, tenant, filter, cursor, limit).await
}

/// How many entitlements of each plan run now.
pub async fn running(app: &App, tenant: &TenantId) -> Result<HashMap<PlanId, i64>, StoreError> {
    plans::running(&mut app.db.read().await?, tenant).await
}
