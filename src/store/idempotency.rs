//! `Idempotency-Key`s with their answers: per tenant, mode and path, kept 24 hours.
use super::{StoreError, Tx, expect_one, text, text_opt};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::ids::TenantId;
use sqlx::Row;

/// What makes a key one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub tenant_id: TenantId,
    pub mode: Mode,
    pub path: String,
    pub key: String,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub struct Known {
    pub body_sha256: String,
    /// `None` while it runs.
    pub answer: Option<(u16, String)>,
    /// The id of what its run did, as committed with it.
    pub done: Option<String>,
    pub locked_until: Timestamp,
    pub created_at: Timestamp,
}

/// Takes a key for a run. False where it is known already.
pub async fn take(
    tx: &mut Tx<'_>,
    k: &Key,
    body_sha256: &str,
    locked_until: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO idempotency_keys (tenant_id, mode, path, idem_key, body_sha256, locked_until,
             status, answer, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL, $7)
         ON CONFLICT (tenant_id, mode, path, idem_key) DO NOTHING",
    )
    .bind(k.tenant_id.to_string())
    .bind(k.mode.as_str())
    .bind(&k.path)
    .bind(&k.key)
    .bind(body_sha256)
    .bind(locked_until.unix_ms())
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(tx: &mut Tx<'_>, k: &Key) -> Result<Option<Known>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM idempotency_keys
         WHERE tenant_id = $1 AND mode = $2 AND path = $3 AND idem_key = $4",
    )
    .bind(k.tenant_id.to_string())
    .bind(k.mode.as_str())
    .bind(&k.path)
    .bind(&k.key)
    .fetch_optional(&mut **tx)
    .await?;
    found
        .map(|r| {
            let status: Option<i64> = r.try_get("status")?;
            let status = status.and_then(|s| u16::try_from(s).ok());
            Ok(Known {
                body_sha256: text(&r, "body_sha256")?,
                answer: status.zip(text_opt(&r, "answer")?),
                done: text_opt(&r, "done")?,
                locked_until: super::at(&r, "locked_until")?,
                created_at: super::at(&r, "created_at")?,
            })
        })
        .transpose()
}

/// Takes over a run that a crash cut off.
///
/// # Errors
/// [`StoreError::Stale`] where another did, or it has an answer.
pub async fn take_over(
    tx: &mut Tx<'_>,
    k: &Key,
    was: Timestamp,
    locked_until: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE idempotency_keys SET locked_until = $1
         WHERE tenant_id = $2 AND mode = $3 AND path = $4 AND idem_key = $5
           AND status IS NULL AND locked_until = $6",
    )
    .bind(locked_until.unix_ms())
    .bind(k.tenant_id.to_string())
    .bind(k.mode.as_str())
    .bind(&k.path)
    .bind(&k.key)
    .bind(was.unix_ms())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Notes what the run that holds the key until `locked_until` did, in the transaction that does it.
///
/// # Errors
/// [`StoreError::Stale`] where another run has taken the key over: this one must do nothing more.
pub async fn done(
    tx: &mut Tx<'_>,
    k: &Key,
    locked_until: Timestamp,
    subject: &str,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE idempotency_keys SET done = $1
         WHERE tenant_id = $2 AND mode = $3 AND path = $4 AND idem_key = $5
           AND status IS NULL AND locked_until = $6",
    )
    .bind(subject)
    .bind(k.tenant_id.to_string())
    .bind(k.mode.as_str())
    .bind(&k.path)
    .bind(&k.key)
    .bind(locked_until.unix_ms())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Keeps the answer of the run that holds the key until `locked_until`.
pub async fn answer(
    tx: &mut Tx<'_>,
    k: &Key,
    locked_until: Timestamp,
    status: u16,
    body: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE idempotency_keys SET status = $1, answer = $2
         WHERE tenant_id = $3 AND mode = $4 AND path = $5 AND idem_key = $6
           AND status IS NULL AND locked_until = $7",
    )
    .bind(i64::from(status))
    .bind(body)
    .bind(k.tenant_id.to_string())
    .bind(k.mode.as_str())
    .bind(&k.path)
    .bind(&k.key)
    .bind(locked_until.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Lets go of a key whose call was refused as invalid: such answers are not kept.
pub async fn forget(tx: &mut Tx<'_>, k: &Key, locked_until: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM idempotency_keys
         WHERE tenant_id = $1 AND mode = $2 AND path = $3 AND idem_key = $4
           AND status IS NULL AND locked_until = $5",
    )
    .bind(k.tenant_id.to_string())
    .bind(k.mode.as_str())
    .bind(&k.path)
    .bind(&k.key)
    .bind(locked_until.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Lets go of a key whose day is over.
pub async fn forget_old(tx: &mut Tx<'_>, k: &Key, created_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM idempotency_keys
         WHERE tenant_id = $1 AND mode = $2 AND path = $3 AND idem_key = $4 AND created_at = $5",
    )
    .bind(k.tenant_id.to_string())
    .bind(k.mode.as_str())
    .bind(&k.path)
    .bind(&k.key)
    .bind(created_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets keys made before a time.
pub async fn delete_before(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM idempotency_keys WHERE created_at < $1")
        .bind(before.unix_ms())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
