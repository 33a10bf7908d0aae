//! Entitlements, and the purchases that they are made of.
use super::{Cursor, Page, StoreError, Tx, at, at_opt, expect_one, flag, json, on, parsed};
use super::{text, text_opt, to_json};
use crate::domain::entitlement::{Entitlement, EntitlementStatus, Purchase, PurchaseStatus};
use crate::domain::ids::{CustomerId, EntitlementId, OrderId, PlanId, TenantId};
use crate::domain::{Currency, Money, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

fn entitlement(row: &AnyRow) -> Result<Entitlement, StoreError> {
    Ok(Entitlement {
        id: EntitlementId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        livemode: on(row, "livemode")?,
        customer_id: CustomerId::from_stored(text(row, "customer_id")?),
        plan_id: PlanId::from_stored(text(row, "plan_id")?),
        status: parsed(row, "status", EntitlementStatus::parse)?,
        starts_at: at(row, "starts_at")?,
        period_from: at(row, "period_from")?,
        ends_at: at(row, "ends_at")?,
        grace_days: row.try_get("grace_days")?,
        remind_days: json(row, "remind_days")?,
        reminded: row.try_get("reminded")?,
        renewal_order: text_opt(row, "renewal_order")?.map(OrderId::from_stored),
        last_order: OrderId::from_stored(text(row, "last_order")?),
        version: row.try_get("version")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

pub async fn insert(tx: &mut Tx<'_>, e: &Entitlement) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO entitlements (id, tenant_id, livemode, customer_id, plan_id, status,
             starts_at, period_from, ends_at, grace_days, remind_days, reminded, renewal_order,
             last_order, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(e.id.to_string())
    .bind(e.tenant_id.to_string())
    .bind(flag(e.livemode))
    .bind(e.customer_id.to_string())
    .bind(e.plan_id.to_string())
    .bind(e.status.as_str())
    .bind(e.starts_at.unix_ms())
    .bind(e.period_from.unix_ms())
    .bind(e.ends_at.unix_ms())
    .bind(e.grace_days)
    .bind(to_json(&e.remind_days))
    .bind(e.reminded)
    .bind(e.renewal_order.as_ref().map(ToString::to_string))
    .bind(e.last_order.to_string())
    .bind(e.version)
    .bind(e.created_at.unix_ms())
    .bind(e.updated_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EntitlementId,
) -> Result<Option<Entitlement>, StoreError> {
    let found = sqlx::query("SELECT * FROM entitlements WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(entitlement).transpose()
}

/// A customer's entitlements, newest first.
pub async fn of_customer(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    customer: &CustomerId,
) -> Result<Vec<Entitlement>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM entitlements WHERE tenant_id = $1 AND customer_id = $2 ORDER BY id DESC",
    )
    .bind(tenant.to_string())
    .bind(customer.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(entitlement).collect()
}

/// Who has a plan, newest first.
pub async fn of_plan(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    plan: &PlanId,
    status: Option<EntitlementStatus>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Entitlement>, StoreError> {
    let (than, direction) = cursor.clause();
    let sql = format!(
        "SELECT * FROM entitlements WHERE tenant_id = $1 AND plan_id = $2 AND id {than} $3
           AND ($4 = '' OR status = $4)
         ORDER BY id {direction} LIMIT $5"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.to_string())
        .bind(plan.to_string())
        .bind(cursor.bound().to_owned())
        .bind(status.map_or("", EntitlementStatus::as_str))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows
        .iter()
        .map(entitlement)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |e| e.id.to_string()))
}

/// Saves what may change. The state and the count of changes in `WHERE` make a lost race
/// [`StoreError::Stale`] (R2).
pub async fn save(
    tx: &mut Tx<'_>,
    e: &mut Entitlement,
    was: EntitlementStatus,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE entitlements SET status = $1, starts_at = $2, period_from = $3, ends_at = $4,
             grace_days = $5, remind_days = $6, reminded = $7, renewal_order = $8, last_order = $9,
             updated_at = $10, version = version + 1
         WHERE tenant_id = $11 AND id = $12 AND status = $13 AND version = $14",
    )
    .bind(e.status.as_str())
    .bind(e.starts_at.unix_ms())
    .bind(e.period_from.unix_ms())
    .bind(e.ends_at.unix_ms())
    .bind(e.grace_days)
    .bind(to_json(&e.remind_days))
    .bind(e.reminded)
    .bind(e.renewal_order.as_ref().map(ToString::to_string))
    .bind(e.last_order.to_string())
    .bind(e.updated_at.unix_ms())
    .bind(e.tenant_id.to_string())
    .bind(e.id.to_string())
    .bind(was.as_str())
    .bind(e.version)
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())?;
    e.version += 1;
    Ok(())
}

fn purchase(row: &AnyRow) -> Result<Purchase, StoreError> {
    let currency = parsed(row, "currency", Currency::parse)?;
    let (from, to) = (at_opt(row, "period_from")?, at_opt(row, "period_to")?);
    Ok(Purchase {
        order_id: OrderId::from_stored(text(row, "order_id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        plan_id: PlanId::from_stored(text(row, "plan_id")?),
        customer_id: CustomerId::from_stored(text(row, "customer_id")?),
        status: parsed(row, "status", PurchaseStatus::parse)?,
        price: Money::new(row.try_get("price_minor")?, currency),
        credit_minor: row.try_get("credit_minor")?,
        duration_days: row.try_get("duration_days")?,
        grace_days: row.try_get("grace_days")?,
        replaces: text_opt(row, "replaces")?.map(EntitlementId::from_stored),
        replaced: on(row, "replaced")?,
        entitlement_id: text_opt(row, "entitlement_id")?.map(EntitlementId::from_stored),
        value_minor: row.try_get("value_minor")?,
        applied_at: at_opt(row, "applied_at")?,
        period: from.zip(to),
        created_by: text(row, "created_by")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

pub async fn insert_purchase(tx: &mut Tx<'_>, p: &Purchase) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO plan_purchases (order_id, tenant_id, plan_id, customer_id, status,
             price_minor, credit_minor, currency, duration_days, grace_days, replaces, replaced,
             entitlement_id, value_minor, applied_at, period_from, period_to, created_by,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20)",
    )
    .bind(p.order_id.to_string())
    .bind(p.tenant_id.to_string())
    .bind(p.plan_id.to_string())
    .bind(p.customer_id.to_string())
    .bind(p.status.as_str())
    .bind(p.price.minor)
    .bind(p.credit_minor)
    .bind(p.price.currency.code())
    .bind(p.duration_days)
    .bind(p.grace_days)
    .bind(p.replaces.as_ref().map(ToString::to_string))
    .bind(flag(p.replaced))
    .bind(p.entitlement_id.as_ref().map(ToString::to_string))
    .bind(p.value_minor)
    .bind(p.applied_at.map(Timestamp::unix_ms))
    .bind(p.period.map(|(from, _)| from.unix_ms()))
    .bind(p.period.map(|(_, to)| to.unix_ms()))
    .bind(&p.created_by)
    .bind(p.created_at.unix_ms())
    .bind(p.updated_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The purchase that an order is for; most orders are for none.
pub async fn purchase_of(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Option<Purchase>, StoreError> {
    let found = sqlx::query("SELECT * FROM plan_purchases WHERE tenant_id = $1 AND order_id = $2")
        .bind(tenant.to_string())
        .bind(order.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(purchase).transpose()
}

/// The paid purchases that an entitlement is made of, in the order they were paid.
pub async fn periods(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EntitlementId,
) -> Result<Vec<Purchase>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM plan_purchases WHERE tenant_id = $1 AND entitlement_id = $2
           AND status = 'applied' ORDER BY applied_at, order_id",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(purchase).collect()
}

/// The purchase that took an entitlement's place and credited its rest.
pub async fn successor(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EntitlementId,
) -> Result<Option<Purchase>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM plan_purchases WHERE tenant_id = $1 AND replaces = $2 AND replaced = 1
           AND status = 'applied'",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(purchase).transpose()
}

/// Saves what may change. The old state in `WHERE` lets an order count once.
pub async fn save_purchase(
    tx: &mut Tx<'_>,
    p: &Purchase,
    was: PurchaseStatus,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE plan_purchases SET status = $1, grace_days = $2, replaced = $3,
             entitlement_id = $4, value_minor = $5, applied_at = $6, period_from = $7,
             period_to = $8, updated_at = $9, customer_id = $10
         WHERE tenant_id = $11 AND order_id = $12 AND status = $13",
    )
    .bind(p.status.as_str())
    .bind(p.grace_days)
    .bind(flag(p.replaced))
    .bind(p.entitlement_id.as_ref().map(ToString::to_string))
    .bind(p.value_minor)
    .bind(p.applied_at.map(Timestamp::unix_ms))
    .bind(p.period.map(|(from, _)| from.unix_ms()))
    .bind(p.period.map(|(_, to)| to.unix_ms()))
    .bind(p.updated_at.unix_ms())
    .bind(p.customer_id.to_string())
    .bind(p.tenant_id.to_string())
    .bind(p.order_id.to_string())
    .bind(was.as_str())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}
