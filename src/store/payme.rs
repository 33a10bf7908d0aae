//! Transactions of Payme's Merchant API. The old state stands in every `WHERE` (R2); that a payment
//! has one live transaction at most is the table's own rule.
use super::{StoreError, Tx, expect_one, parsed, text};
use crate::domain::account::Mode;
use crate::domain::ids::{PaymeTransactionId, PaymentId, TenantId};
use sqlx::Row;
use sqlx::any::AnyRow;

/// Created: the payment waits for Payme's word.
pub const CREATED: i64 = 1;
/// Performed: the money came.
pub const PERFORMED: i64 = 2;

/// One transaction. Times are Unix milliseconds, 0 for what did not happen; amounts tiyin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymeTransaction {
    pub id: PaymeTransactionId,
    pub tenant_id: TenantId,
    pub mode: Mode,
    /// Payme's own id.
    pub payme_id: String,
    pub payment_id: PaymentId,
    /// When Payme made it.
    pub payme_time: i64,
    pub amount_minor: i64,
    /// [`CREATED`], [`PERFORMED`], or the same below zero: cancelled from there.
    pub state: i64,
    pub reason: Option<i64>,
    pub create_time: i64,
    pub perform_time: i64,
    pub cancel_time: i64,
}

fn transaction(row: &AnyRow) -> Result<PaymeTransaction, StoreError> {
    Ok(PaymeTransaction {
        id: PaymeTransactionId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        mode: parsed(row, "mode", Mode::parse)?,
        payme_id: text(row, "payme_id")?,
        payment_id: PaymentId::from_stored(text(row, "payment_id")?),
        payme_time: row.try_get("payme_time")?,
        amount_minor: row.try_get("amount_minor")?,
        state: row.try_get("state")?,
        reason: row.try_get("reason")?,
        create_time: row.try_get("create_time")?,
        perform_time: row.try_get("perform_time")?,
        cancel_time: row.try_get("cancel_time")?,
    })
}

/// By Payme's id, in the account of this mode.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    mode: Mode,
    payme_id: &str,
) -> Result<Option<PaymeTransaction>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM payme_transactions
         WHERE tenant_id = $1 AND mode = $2 AND payme_id = $3",
    )
    .bind(tenant.to_string())
    .bind(mode.as_str())
    .bind(payme_id)
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(transaction).transpose()
}

/// The transaction that holds or has paid a payment.
pub async fn live(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    payment: &PaymentId,
) -> Result<Option<PaymeTransaction>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM payme_transactions
         WHERE tenant_id = $1 AND payment_id = $2 AND state > 0",
    )
    .bind(tenant.to_string())
    .bind(payment.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(transaction).transpose()
}

/// # Errors
/// [`StoreError::Stale`] where Payme's id is known already, or the payment has a live transaction.
pub async fn insert(tx: &mut Tx<'_>, t: &PaymeTransaction) -> Result<(), StoreError> {
    let done = sqlx::query(
        "INSERT INTO payme_transactions (id, tenant_id, mode, payme_id, payment_id, payme_time,
             amount_minor, state, reason, create_time, perform_time, cancel_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT DO NOTHING",
    )
    .bind(t.id.to_string())
    .bind(t.tenant_id.to_string())
    .bind(t.mode.as_str())
    .bind(&t.payme_id)
    .bind(t.payment_id.to_string())
    .bind(t.payme_time)
    .bind(t.amount_minor)
    .bind(t.state)
    .bind(t.reason)
    .bind(t.create_time)
    .bind(t.perform_time)
    .bind(t.cancel_time)
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Saves a step. A lost race is [`StoreError::Stale`].
pub async fn save(tx: &mut Tx<'_>, t: &PaymeTransaction, was: i64) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE payme_transactions
         SET state = $1, reason = $2, perform_time = $3, cancel_time = $4
         WHERE tenant_id = $5 AND id = $6 AND state = $7",
    )
    .bind(t.state)
    .bind(t.reason)
    .bind(t.perform_time)
    .bind(t.cancel_time)
    .bind(t.tenant_id.to_string())
    .bind(t.id.to_string())
    .bind(was)
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Every transaction of an account that Payme made in this span, oldest first.
pub async fn statement(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    mode: Mode,
    from: i64,
    to: i64,
) -> Result<Vec<PaymeTransaction>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM payme_transactions
         WHERE tenant_id = $1 AND mode = $2 AND payme_time >= $3 AND payme_time <= $4
         ORDER BY payme_time, id",
    )
    .bind(tenant.to_string())
    .bind(mode.as_str())
    .bind(from)
    .bind(to)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(transaction).collect()
}
