//! The queue. A job is queued in the transaction of the change that wants it, and any process on
//! the database may claim it.
use super::{Db, Engine, StoreError, Tx, at, parsed, text};
use crate::domain::Timestamp;
use crate::domain::ids::{JobId, TenantId};
use crate::domain::job::{Job, JobKind};
use sqlx::Row;
use sqlx::any::AnyRow;

/// A job that gave up, for a person.
#[derive(Clone, Debug)]
pub struct FailedJob {
    pub kind: JobKind,
    pub subject: String,
    pub error: String,
    pub failed_at: Timestamp,
}

fn job(row: &AnyRow) -> Result<Job, StoreError> {
    Ok(Job {
        id: JobId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        kind: parsed(row, "kind", JobKind::parse)?,
        subject: text(row, "subject")?,
        attempts: row.try_get("attempts")?,
        run_at: at(row, "run_at")?,
    })
}

/// Queues a job. One kind has one row for a subject: a second call moves it to the earlier time
/// and wakes it where it had failed.
pub async fn queue(
    tx: &mut Tx<'_>,
    id: JobId,
    tenant: &TenantId,
    kind: JobKind,
    subject: &str,
    run_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO jobs (id, tenant_id, kind, subject, run_at, attempts, locked_until, failed_at,
             last_error)
         VALUES ($1, $2, $3, $4, $5, 0, 0, NULL, '')
         ON CONFLICT (kind, subject) DO UPDATE SET failed_at = NULL, attempts = 0,
             run_at = CASE WHEN jobs.failed_at IS NULL AND jobs.run_at < excluded.run_at
                           THEN jobs.run_at ELSE excluded.run_at END",
    )
    .bind(id.to_string())
    .bind(tenant.to_string())
    .bind(kind.as_str())
    .bind(subject)
    .bind(run_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Claims up to `limit` due jobs until `locked_until`. No two callers get the same row.
pub async fn claim(
    db: &Db,
    now: Timestamp,
    locked_until: Timestamp,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let text = match db.engine() {
        Engine::Sqlite => {
            "UPDATE jobs SET locked_until = $1, attempts = attempts + 1 WHERE id IN (
                 SELECT id FROM jobs WHERE failed_at IS NULL AND run_at <= $2
                   AND locked_until <= $2 ORDER BY run_at LIMIT $3)
             RETURNING *"
        }
        Engine::Postgres => {
            "UPDATE jobs SET locked_until = $1, attempts = attempts + 1 WHERE id IN (
                 SELECT id FROM jobs WHERE failed_at IS NULL AND run_at <= $2
                   AND locked_until <= $2 ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED)
             RETURNING *"
        }
    };
    let mut tx = db.begin().await?;
    let rows = sqlx::query(text)
        .bind(locked_until.unix_ms())
        .bind(now.unix_ms())
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
    // A row of a later version's kind must not keep the others waiting.
    let mut jobs: Vec<Job> = rows.iter().filter_map(|row| job(row).ok()).collect();
    tx.commit().await?;
    jobs.sort_by_key(|j| j.run_at);
    Ok(jobs)
}

/// Takes a finished job off the queue. A row that was queued anew while it ran, or that another
/// process claimed since, is left to its new run.
pub async fn done(tx: &mut Tx<'_>, j: &Job) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM jobs WHERE id = $1 AND attempts = $2")
        .bind(j.id.to_string())
        .bind(j.attempts)
        .execute(&mut **tx)
        .await?;
    unlock_queued_anew(tx, j).await
}

/// Puts a job back for a later time. `attempts` starts anew where nothing was wrong.
pub async fn again(
    tx: &mut Tx<'_>,
    j: &Job,
    run_at: Timestamp,
    attempts: i64,
    error: &str,
) -> Result<(), StoreError> {
    // First, or the row that is put back below would look queued anew.
    unlock_queued_anew(tx, j).await?;
    sqlx::query(
        "UPDATE jobs SET locked_until = 0, attempts = $1, last_error = $2, run_at = $3
         WHERE id = $4 AND attempts = $5",
    )
    .bind(attempts)
    .bind(error)
    .bind(run_at.unix_ms())
    .bind(j.id.to_string())
    .bind(j.attempts)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps a job that gave up, for a person.
pub async fn fail(tx: &mut Tx<'_>, j: &Job, error: &str, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE jobs SET locked_until = 0, failed_at = $1, last_error = $2
         WHERE id = $3 AND attempts = $4",
    )
    .bind(now.unix_ms())
    .bind(error)
    .bind(j.id.to_string())
    .bind(j.attempts)
    .execute(&mut **tx)
    .await?;
    unlock_queued_anew(tx, j).await
}

/// `queue` sets the attempts to none: the row waits for a run of its own.
async fn unlock_queued_anew(tx: &mut Tx<'_>, j: &Job) -> Result<(), StoreError> {
    sqlx::query("UPDATE jobs SET locked_until = 0 WHERE id = $1 AND attempts = 0")
        .bind(j.id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn failed(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<FailedJob>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM jobs WHERE tenant_id = $1 AND failed_at IS NOT NULL
         ORDER BY failed_at DESC LIMIT 100",
    )
    .bind(tenant.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| {
            Ok(FailedJob {
                kind: parsed(r, "kind", JobKind::parse)?,
                subject: text(r, "subject")?,
                error: text(r, "last_error")?,
                failed_at: at(r, "failed_at")?,
            })
        })
        .collect()
}
