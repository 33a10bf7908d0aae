//! Plans.
use super::{Cursor, Page, StoreError, Tx, at, expect_one, flag, json, on, parsed, text, to_json};
use crate::domain::ids::{PlanId, TenantId};
use crate::domain::plan::Plan;
use crate::domain::{Currency, Money};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashMap;

/// Which plans a list shows. Empty fields do not filter.
#[derive(Clone, Debug, Default)]
pub struct PlanFilter {
    pub livemode: Option<bool>,
    pub active: Option<bool>,
}

fn plan(row: &AnyRow) -> Result<Plan, StoreError> {
    let currency = parsed(row, "currency", Currency::parse)?;
    Ok(Plan {
        id: PlanId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        livemode: on(row, "livemode")?,
        name: text(row, "name")?,
        description: text(row, "description")?,
        price: Money::new(row.try_get("price_minor")?, currency),
        duration_days: row.try_get("duration_days")?,
        grace_days: row.try_get("grace_days")?,
        remind_days: json(row, "remind_days")?,
        active: on(row, "active")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

/// # Errors
/// [`StoreError::Taken`] when the form has made one already.
pub async fn insert(tx: &mut Tx<'_>, p: &Plan, form_key: Option<String>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO plans (id, tenant_id, livemode, name, description, price_minor, currency,
             duration_days, grace_days, remind_days, active, created_at, updated_at, form_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(p.id.to_string())
    .bind(p.tenant_id.to_string())
    .bind(flag(p.livemode))
    .bind(&p.name)
    .bind(&p.description)
    .bind(p.price.minor)
    .bind(p.price.currency.code())
    .bind(p.duration_days)
    .bind(p.grace_days)
    .bind(to_json(&p.remind_days))
    .bind(flag(p.active))
    .bind(p.created_at.unix_ms())
    .bind(p.updated_at.unix_ms())
    .bind(form_key)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &PlanId,
) -> Result<Option<Plan>, StoreError> {
    let found = sqlx::query("SELECT * FROM plans WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(plan).transpose()
}

/// The plan that a form made.
pub async fn by_form_key(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    form_key: &str,
) -> Result<Option<Plan>, StoreError> {
    let found = sqlx::query("SELECT * FROM plans WHERE tenant_id = $1 AND form_key = $2")
        .bind(tenant.to_string())
        .bind(form_key)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(plan).transpose()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &PlanFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Plan>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM plans WHERE tenant_id = $1 AND id {than} $2
           AND ($3 < 0 OR livemode = $3) AND ($4 < 0 OR active = $4)
         ORDER BY id {direction} LIMIT $5"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(filter.livemode.map_or(-1, flag))
        .bind(filter.active.map_or(-1, flag))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(plan).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |p| p.id.to_string()))
}

/// How many entitlements of each plan run now.
pub async fn running(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
) -> Result<HashMap<PlanId, i64>, StoreError> {
    let rows = sqlx::query(
        "SELECT plan_id, COUNT(*) AS n FROM entitlements
         WHERE tenant_id = $1 AND status IN ('active', 'grace') GROUP BY plan_id",
    )
    .bind(tenant.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok((
                PlanId::from_stored(text(row, "plan_id")?),
                row.try_get("n")?,
            ))
        })
        .collect()
}

/// Saves what may change on a plan; its mode and currency may not.
///
/// # Errors
/// [`StoreError::Stale`] where somebody changed it meanwhile.
pub async fn save(tx: &mut Tx<'_>, p: &Plan, was: &Plan) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE plans SET name = $1, description = $2, price_minor = $3, duration_days = $4,
             grace_days = $5, remind_days = $6, active = $7, updated_at = $8
         WHERE tenant_id = $9 AND id = $10 AND price_minor = $11 AND duration_days = $12
           AND grace_days = $13 AND active = $14 AND updated_at = $15",
    )
    .bind(&p.name)
    .bind(&p.description)
    .bind(p.price.minor)
    .bind(p.duration_days)
    .bind(p.grace_days)
    .bind(to_json(&p.remind_days))
    .bind(flag(p.active))
    .bind(p.updated_at.unix_ms())
    .bind(p.tenant_id.to_string())
    .bind(p.id.to_string())
    .bind(was.price.minor)
    .bind(was.duration_days)
    .bind(was.grace_days)
    .bind(flag(was.active))
    .bind(was.updated_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}
