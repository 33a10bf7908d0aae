//! Orders.
use super::{Cursor, Page, StoreError, Tx, at, at_opt, json, money, on, parsed, text, text_opt};
use super::{expect_one, flag, to_json};
use crate::domain::ids::{CustomerId, LinkId, OrderId, TenantId};
use crate::domain::order::{Order, OrderKind, OrderStatus};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// Which orders a list shows. Empty fields do not filter.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    pub livemode: Option<bool>,
    pub status: Option<OrderStatus>,
    pub reference: Option<String>,
}

pub(super) fn order(row: &AnyRow) -> Result<Order, StoreError> {
    Ok(Order {
        id: OrderId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        token: text(row, "token")?,
        livemode: on(row, "livemode")?,
        kind: parsed(row, "kind", OrderKind::parse)?,
        reference: text(row, "reference")?,
        amount: money(row, "amount_minor")?,
        description: text(row, "description")?,
        customer: json(row, "customer")?,
        customer_id: text_opt(row, "customer_id")?.map(CustomerId::from_stored),
        link_id: text_opt(row, "link_id")?.map(LinkId::from_stored),
        metadata: json(row, "metadata")?,
        return_url: text_opt(row, "return_url")?,
        failure_url: text_opt(row, "failure_url")?,
        providers: json(row, "providers")?,
        locale: text_opt(row, "locale")?,
        status: parsed(row, "status", OrderStatus::parse)?,
        flags: json(row, "flags")?,
        paid_minor: row.try_get("paid_minor")?,
        refunded_minor: row.try_get("refunded_minor")?,
        fulfilled_at: at_opt(row, "fulfilled_at")?,
        expires_at: at(row, "expires_at")?,
        parts: json(row, "parts")?,
        remind_days: json(row, "remind_days")?,
        reminded_at: at(row, "reminded_at")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

pub async fn insert(tx: &mut Tx<'_>, o: &Order) -> Result<(), StoreError> {
    insert_once(tx, o, None).await
}

/// The same for an order that a form made.
///
/// # Errors
/// [`StoreError::Taken`] when the form has made one already.
pub async fn insert_once(
    tx: &mut Tx<'_>,
    o: &Order,
    form_key: Option<String>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO orders (id, tenant_id, token, livemode, kind, reference, amount_minor,
             currency, description, customer, metadata, return_url, failure_url, providers, locale,
             status, flags, paid_minor, refunded_minor, fulfilled_at, expires_at, created_at,
             updated_at, form_key, customer_id, link_id, parts, remind_days, reminded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)",
    )
    .bind(o.id.to_string())
    .bind(o.tenant_id.to_string())
    .bind(&o.token)
    .bind(flag(o.livemode))
    .bind(o.kind.as_str())
    .bind(&o.reference)
    .bind(o.amount.minor)
    .bind(o.amount.currency.code())
    .bind(&o.description)
    .bind(to_json(&o.customer))
    .bind(to_json(&o.metadata))
    .bind(o.return_url.clone())
    .bind(o.failure_url.clone())
    .bind(to_json(&o.providers))
    .bind(o.locale.clone())
    .bind(o.status.as_str())
    .bind(to_json(&o.flags))
    .bind(o.paid_minor)
    .bind(o.refunded_minor)
    .bind(o.fulfilled_at.map(crate::domain::Timestamp::unix_ms))
    .bind(o.expires_at.unix_ms())
    .bind(o.created_at.unix_ms())
    .bind(o.updated_at.unix_ms())
    .bind(form_key)
    .bind(o.customer_id.as_ref().map(ToString::to_string))
    .bind(o.link_id.as_ref().map(ToString::to_string))
    .bind(to_json(&o.parts))
    .bind(to_json(&o.remind_days))
    .bind(o.reminded_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &OrderId,
) -> Result<Option<Order>, StoreError> {
    let found = sqlx::query("SELECT * FROM orders WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(order).transpose()
}

/// The order that a form made.
pub async fn by_form_key(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    form_key: &str,
) -> Result<Option<Order>, StoreError> {
    let found = sqlx::query("SELECT * FROM orders WHERE tenant_id = $1 AND form_key = $2")
        .bind(tenant.to_string())
        .bind(form_key)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(order).transpose()
}

/// The order of a checkout link. The token is the secret, so no tenant is asked for.
pub async fn by_token(tx: &mut Tx<'_>, token: &str) -> Result<Option<Order>, StoreError> {
    let found = sqlx::query("SELECT * FROM orders WHERE token = $1")
        .bind(token)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(order).transpose()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &OrderFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Order>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM orders WHERE tenant_id = $1 AND id {than} $2
           AND ($3 = '' OR status = $3) AND ($4 = '' OR reference = $4)
           AND ($5 < 0 OR livemode = $5)
         ORDER BY id {direction} LIMIT $6"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(filter.status.map_or("", OrderStatus::as_str))
        .bind(filter.reference.clone().unwrap_or_default())
        .bind(filter.livemode.map_or(-1, flag))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(order).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |o| o.id.to_string()))
}

/// A customer's orders, newest first.
pub async fn of_customer(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    customer: &CustomerId,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Order>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM orders WHERE tenant_id = $1 AND customer_id = $2 AND id {than} $3
         ORDER BY id {direction} LIMIT $4"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(customer.to_string())
        .bind(cursor.bound().to_owned())
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(order).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |o| o.id.to_string()))
}

/// The orders that were begun on a link, newest first.
pub async fn of_link(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    link: &LinkId,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Order>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM orders WHERE tenant_id = $1 AND link_id = $2 AND id {than} $3
         ORDER BY id {direction} LIMIT $4"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(link.to_string())
        .bind(cursor.bound().to_owned())
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(order).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |o| o.id.to_string()))
}

/// Holds the order's row until the transaction ends, so that two attempts cannot start at once.
pub async fn lock(tx: &mut Tx<'_>, tenant: &TenantId, id: &OrderId) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE orders SET status = status WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    expect_one(done.rows_affected())
}

/// Saves what may change on an order. The old state and sum in `WHERE` make a lost race
/// [`StoreError::Stale`] (R2).
pub async fn save(tx: &mut Tx<'_>, o: &Order, was: &Order) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE orders SET status = $1, flags = $2, paid_minor = $3, refunded_minor = $4,
             fulfilled_at = $5, expires_at = $6, updated_at = $7, parts = $14
         WHERE tenant_id = $8 AND id = $9 AND status = $10 AND paid_minor = $11
           AND refunded_minor = $12 AND expires_at = $13
           AND (fulfilled_at IS NULL OR fulfilled_at = $5)",
    )
    .bind(o.status.as_str())
    .bind(to_json(&o.flags))
    .bind(o.paid_minor)
    .bind(o.refunded_minor)
    .bind(o.fulfilled_at.map(crate::domain::Timestamp::unix_ms))
    .bind(o.expires_at.unix_ms())
    .bind(o.updated_at.unix_ms())
    .bind(o.tenant_id.to_string())
    .bind(o.id.to_string())
    .bind(was.status.as_str())
    .bind(was.paid_minor)
    .bind(was.refunded_minor)
    .bind(was.expires_at.unix_ms())
    .bind(to_json(&o.parts))
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Notes that an order's reminders are done up to a moment. What the order was when it was read
/// stands in `WHERE` (R2).
///
/// # Errors
/// [`StoreError::Stale`] where it was paid, ended or reminded of meanwhile.
pub async fn reminded(
    tx: &mut Tx<'_>,
    was: &Order,
    up_to: crate::domain::Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE orders SET reminded_at = $1
         WHERE tenant_id = $2 AND id = $3 AND status = $4 AND paid_minor = $5
           AND refunded_minor = $6 AND expires_at = $7 AND reminded_at = $8",
    )
    .bind(up_to.unix_ms())
    .bind(was.tenant_id.to_string())
    .bind(was.id.to_string())
    .bind(was.status.as_str())
    .bind(was.paid_minor)
    .bind(was.refunded_minor)
    .bind(was.expires_at.unix_ms())
    .bind(was.reminded_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Saves when an order's customer is reminded (R2).
///
/// # Errors
/// [`StoreError::Stale`] where somebody else changed it, or it was reminded of meanwhile.
pub async fn save_reminders(tx: &mut Tx<'_>, o: &Order, was: &Order) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE orders SET remind_days = $1, reminded_at = $2, updated_at = $3
         WHERE tenant_id = $4 AND id = $5 AND remind_days = $6 AND reminded_at = $7",
    )
    .bind(to_json(&o.remind_days))
    .bind(o.reminded_at.unix_ms())
    .bind(o.updated_at.unix_ms())
    .bind(o.tenant_id.to_string())
    .bind(o.id.to_string())
    .bind(to_json(&was.remind_days))
    .bind(was.reminded_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}
