//! Refunds.
use super::payments::failure;
use super::{
    Cursor, Page, StoreError, Tx, at, expect_one, flag, money, on, parsed, text, text_opt,
};
use crate::domain::ids::{PaymentId, RefundId, TenantId};
use crate::domain::refund::{Refund, RefundStatus};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

pub(super) fn refund(row: &AnyRow) -> Result<Refund, StoreError> {
    Ok(Refund {
        id: RefundId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        payment_id: PaymentId::from_stored(text(row, "payment_id")?),
        amount: money(row, "amount_minor")?,
        status: parsed(row, "status", RefundStatus::parse)?,
        reason: text(row, "reason")?,
        note: text(row, "note")?,
        requested_by: text(row, "requested_by")?,
        decided_by: text_opt(row, "decided_by")?,
        provider_ref: text_opt(row, "provider_ref")?,
        failure: failure(row)?,
        by_hand: on(row, "by_hand")?,
        polls: row.try_get("polls")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

pub async fn insert(tx: &mut Tx<'_>, r: &Refund) -> Result<(), StoreError> {
    insert_once(tx, r, None).await
}

/// The same for a refund that a form asked for.
///
/// # Errors
/// [`StoreError::Taken`] when the form has asked for one already.
pub async fn insert_once(
    tx: &mut Tx<'_>,
    r: &Refund,
    form_key: Option<String>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO refunds (id, tenant_id, payment_id, amount_minor, currency, status, reason,
             note, requested_by, decided_by, provider_ref, failure_code, failure_message, polls,
             created_at, updated_at, form_key, by_hand)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(r.id.to_string())
    .bind(r.tenant_id.to_string())
    .bind(r.payment_id.to_string())
    .bind(r.amount.minor)
    .bind(r.amount.currency.code())
    .bind(r.status.as_str())
    .bind(&r.reason)
    .bind(&r.note)
    .bind(&r.requested_by)
    .bind(r.decided_by.clone())
    .bind(r.provider_ref.clone())
    .bind(r.failure.as_ref().map(|f| f.code.as_str()))
    .bind(r.failure.as_ref().map(|f| f.message.clone()))
    .bind(r.polls)
    .bind(r.created_at.unix_ms())
    .bind(r.updated_at.unix_ms())
    .bind(form_key)
    .bind(flag(r.by_hand))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &RefundId,
) -> Result<Option<Refund>, StoreError> {
    let found = sqlx::query("SELECT * FROM refunds WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(refund).transpose()
}

/// The refund that a form asked for.
pub async fn by_form_key(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    form_key: &str,
) -> Result<Option<Refund>, StoreError> {
    let found = sqlx::query("SELECT * FROM refunds WHERE tenant_id = $1 AND form_key = $2")
        .bind(tenant.to_string())
        .bind(form_key)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(refund).transpose()
}

/// A payment's refunds, newest last.
pub async fn of_payment(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    payment: &PaymentId,
) -> Result<Vec<Refund>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM refunds WHERE tenant_id = $1 AND payment_id = $2 ORDER BY id")
            .bind(tenant.to_string())
            .bind(payment.to_string())
            .fetch_all(&mut **tx)
            .await?;
    rows.iter().map(refund).collect()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    status: Option<RefundStatus>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Refund>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM refunds WHERE tenant_id = $1 AND id {than} $2
           AND ($3 = '' OR status = $3) ORDER BY id {direction} LIMIT $4"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(status.map_or("", RefundStatus::as_str))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(refund).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |r| r.id.to_string()))
}

/// Saves what may change on a refund. The old state in `WHERE` makes a lost race
/// [`StoreError::Stale`] (R2).
pub async fn save(tx: &mut Tx<'_>, r: &Refund, was: RefundStatus) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE refunds SET status = $1, note = $2, decided_by = $3,
             provider_ref = COALESCE($4, provider_ref),
             failure_code = $5, failure_message = $6, polls = $7, updated_at = $8, by_hand = $9
         WHERE tenant_id = $10 AND id = $11 AND status = $12",
    )
    .bind(r.status.as_str())
    .bind(&r.note)
    .bind(r.decided_by.clone())
    .bind(r.provider_ref.clone())
    .bind(r.failure.as_ref().map(|f| f.code.as_str()))
    .bind(r.failure.as_ref().map(|f| f.message.clone()))
    .bind(r.polls)
    .bind(r.updated_at.unix_ms())
    .bind(flag(r.by_hand))
    .bind(r.tenant_id.to_string())
    .bind(r.id.to_string())
    .bind(was.as_str())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}
