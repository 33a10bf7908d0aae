//! Figures for reports and alert rules: calls to providers, trouble with the database, how payments
//! ended and how long hooks took. Test money is in none of them (R11).
use super::{StoreError, Tx, at, text};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::ids::{HookId, Id, PaymentId, TenantId};
use sqlx::Row;

/// Calls to one provider in one slot of time.
#[derive(Clone, Debug)]
pub struct Calls {
    pub provider: String,
    pub slot_at: Timestamp,
    pub calls: i64,
    pub errors: i64,
}

/// How payments of one provider went.
#[derive(Clone, Debug)]
pub struct Went {
    pub provider: String,
    /// All but those that were never sent.
    pub started: i64,
    pub succeeded: i64,
    pub failed: i64,
}

/// From our start of a payment to the first hook about it.
#[derive(Clone, Debug)]
pub struct HookDelay {
    pub provider: String,
    pub came_at: Timestamp,
    pub took_ms: i64,
}

/// Adds to the calls of a slot.
pub async fn add_calls(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    mode: Mode,
    of: &Calls,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO provider_calls (tenant_id, provider, mode, slot_at, calls, errors)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, provider, mode, slot_at) DO UPDATE SET
             calls = provider_calls.calls + excluded.calls,
             errors = provider_calls.errors + excluded.errors",
    )
    .bind(tenant.to_string())
    .bind(&of.provider)
    .bind(mode.as_str())
    .bind(of.slot_at.unix_ms())
    .bind(of.calls)
    .bind(of.errors)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Calls with live credentials in slots that begin at or after a time.
pub async fn calls_since(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    since: Timestamp,
) -> Result<Vec<Calls>, StoreError> {
    let rows = sqlx::query(
        "SELECT provider, slot_at, calls, errors FROM provider_calls
         WHERE tenant_id = $1 AND mode = 'live' AND slot_at >= $2 ORDER BY provider, slot_at",
    )
    .bind(tenant.to_string())
    .bind(since.unix_ms())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| {
            Ok(Calls {
                provider: text(r, "provider")?,
                slot_at: at(r, "slot_at")?,
                calls: r.try_get("calls")?,
                errors: r.try_get("errors")?,
            })
        })
        .collect()
}

/// Adds to the troubles of a slot.
pub async fn add_troubles(
    tx: &mut Tx<'_>,
    slot_at: Timestamp,
    times: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO database_troubles (slot_at, times) VALUES ($1, $2)
         ON CONFLICT (slot_at) DO UPDATE SET times = database_troubles.times + excluded.times",
    )
    .bind(slot_at.unix_ms())
    .bind(times)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn troubles_since(tx: &mut Tx<'_>, since: Timestamp) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(times), 0) AS BIGINT) AS n FROM database_troubles
         WHERE slot_at >= $1",
    )
    .bind(since.unix_ms())
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.try_get("n")?)
}

/// Jobs that were due before a time and that nobody has claimed: work is late.
pub async fn late_jobs(
    tx: &mut Tx<'_>,
    due_before: Timestamp,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM jobs
         WHERE failed_at IS NULL AND run_at > 0 AND run_at < $1 AND locked_until <= $2",
    )
    .bind(due_before.unix_ms())
    .bind(now.unix_ms())
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.try_get("n")?)
}

/// Forgets figures of slots before a time.
pub async fn delete_before(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM provider_calls WHERE slot_at < $1",
        "DELETE FROM database_troubles WHERE slot_at < $1",
    ] {
        sqlx::query(sql)
            .bind(before.unix_ms())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// The smallest bits of an id that can have been made at an instant, a minute of leeway taken off.
fn bits(at: Timestamp) -> u128 {
    u128::from(at.plus_secs(-60).unix_ms().max(0).unsigned_abs()) << 80
}

/// How live payments went that were made since a time, by provider.
pub async fn went_since(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    since: Timestamp,
) -> Result<Vec<Went>, StoreError> {
    let rows = sqlx::query(
        "SELECT provider, CAST(COUNT(*) AS BIGINT) AS started,
             CAST(SUM(CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END) AS BIGINT) AS succeeded,
             CAST(SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS BIGINT) AS failed
         FROM payments
         WHERE tenant_id = $1 AND id > $2 AND created_at >= $3 AND livemode = 1 AND test_mode = 0
           AND status <> 'created'
         GROUP BY provider ORDER BY provider",
    )
    .bind(tenant.to_string())
    .bind(PaymentId::from_bits(bits(since)).to_string())
    .bind(since.unix_ms())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| {
            Ok(Went {
                provider: text(r, "provider")?,
                started: r.try_get("started")?,
                succeeded: r.try_get("succeeded")?,
                failed: r.try_get("failed")?,
            })
        })
        .collect()
}

/// How many live hooks came since a time that were not quarantined, by provider.
pub async fn hooks_since(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    since: Timestamp,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sqlx::query(
        "SELECT provider, CAST(COUNT(*) AS BIGINT) AS n FROM hooks
         WHERE tenant_id = $1 AND id > $2 AND received_at >= $3 AND mode = 'live'
           AND status <> 'quarantined'
         GROUP BY provider ORDER BY provider",
    )
    .bind(tenant.to_string())
    .bind(HookId::from_bits(bits(since)).to_string())
    .bind(since.unix_ms())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| Ok((text(r, "provider")?, r.try_get("n")?)))
        .collect()
}

/// Says which payment a hook told of.
pub async fn hook_of_payment(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    hook: &HookId,
    payment: &PaymentId,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE hooks SET payment_id = $1 WHERE tenant_id = $2 AND id = $3")
        .bind(payment.to_string())
        .bind(tenant.to_string())
        .bind(hook.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// How long the first hook about each live payment took, of payments made since a time. Only the
/// newest hooks are looked at.
pub async fn hook_delays(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    since: Timestamp,
    newest: i64,
) -> Result<Vec<HookDelay>, StoreError> {
    let rows = sqlx::query(
        "SELECT h.provider AS provider, CAST(MIN(h.received_at) AS BIGINT) AS came_at,
             CAST(MIN(h.received_at) - MIN(p.created_at) AS BIGINT) AS took
         FROM (SELECT provider, payment_id, received_at FROM hooks
               WHERE tenant_id = $1 AND id > $2 AND mode = 'live' AND payment_id IS NOT NULL
               ORDER BY id DESC LIMIT $3) h
         JOIN payments p ON p.id = h.payment_id AND p.tenant_id = $1
         WHERE p.created_at >= $4 AND p.livemode = 1 AND p.test_mode = 0
         GROUP BY h.provider, h.payment_id",
    )
    .bind(tenant.to_string())
    .bind(HookId::from_bits(bits(since)).to_string())
    .bind(newest)
    .bind(since.unix_ms())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| {
            Ok(HookDelay {
                provider: text(r, "provider")?,
                came_at: at(r, "came_at")?,
                took_ms: r.try_get::<i64, _>("took")?.max(0),
            })
        })
        .collect()
}
