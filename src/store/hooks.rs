//! Inbound calls of providers, as received (R7).
use super::{Cursor, Page, StoreError, Tx, at, at_opt, expect_one, parsed, text};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::hook::{Hook, HookProof, HookStatus};
use crate::domain::ids::{HookId, TenantId};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

fn hook(row: &AnyRow) -> Result<Hook, StoreError> {
    Ok(Hook {
        id: HookId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        provider: text(row, "provider")?,
        test_mode: parsed(row, "mode", Mode::parse)?.is_test(),
        dedupe_key: text(row, "dedupe_key")?,
        path_reference: text(row, "path_reference")?,
        headers: text(row, "headers")?,
        body: row.try_get("body")?,
        source: text(row, "source")?,
        proof: HookProof::parse(&text(row, "proof")?),
        status: parsed(row, "status", HookStatus::parse)?,
        why: text(row, "why")?,
        deliveries: row.try_get("deliveries")?,
        received_at: at(row, "received_at")?,
        handled_at: at_opt(row, "handled_at")?,
    })
}

/// Keeps a hook, or counts one more delivery of a known one. The id is that of the row to apply:
/// the new one, or the known one where it had failed and a delivery wakes it.
pub async fn keep(tx: &mut Tx<'_>, h: &Hook) -> Result<Option<HookId>, StoreError> {
    let done = sqlx::query(
        "INSERT INTO hooks (id, tenant_id, provider, mode, dedupe_key, path_reference, headers,
             body, source, proof, status, why, deliveries, received_at, handled_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, NULL)
         ON CONFLICT (tenant_id, provider, mode, dedupe_key) DO NOTHING",
    )
    .bind(h.id.to_string())
    .bind(h.tenant_id.to_string())
    .bind(&h.provider)
    .bind(Mode::of(h.test_mode).as_str())
    .bind(&h.dedupe_key)
    .bind(&h.path_reference)
    .bind(&h.headers)
    .bind(h.body.clone())
    .bind(&h.source)
    .bind(h.proof.as_str())
    .bind(h.status.as_str())
    .bind(&h.why)
    .bind(h.received_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(Some(h.id.clone()));
    }
    sqlx::query(
        "UPDATE hooks SET deliveries = deliveries + 1
         WHERE tenant_id = $1 AND provider = $2 AND mode = $3 AND dedupe_key = $4",
    )
    .bind(h.tenant_id.to_string())
    .bind(&h.provider)
    .bind(Mode::of(h.test_mode).as_str())
    .bind(&h.dedupe_key)
    .execute(&mut **tx)
    .await?;
    let woken = sqlx::query(
        "UPDATE hooks SET status = 'received'
         WHERE tenant_id = $1 AND provider = $2 AND mode = $3 AND dedupe_key = $4
           AND status = 'failed'
         RETURNING id",
    )
    .bind(h.tenant_id.to_string())
    .bind(&h.provider)
    .bind(Mode::of(h.test_mode).as_str())
    .bind(&h.dedupe_key)
    .fetch_optional(&mut **tx)
    .await?;
    woken
        .map(|row| Ok(HookId::from_stored(text(&row, "id")?)))
        .transpose()
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &HookId,
) -> Result<Option<Hook>, StoreError> {
    let found = sqlx::query("SELECT * FROM hooks WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(hook).transpose()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    status: Option<HookStatus>,
    provider: Option<&str>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Hook>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM hooks WHERE tenant_id = $1 AND id {than} $2
           AND ($3 = '' OR status = $3) AND ($4 = '' OR provider = $4)
         ORDER BY id {direction} LIMIT $5"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(status.map_or("", HookStatus::as_str))
        .bind(provider.unwrap_or_default().to_owned())
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(hook).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |h| h.id.to_string()))
}

/// Saves what became of a hook (R2).
pub async fn save_status(
    tx: &mut Tx<'_>,
    h: &Hook,
    to: HookStatus,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE hooks SET status = $1, why = $2, handled_at = $3
         WHERE tenant_id = $4 AND id = $5 AND status = $6",
    )
    .bind(to.as_str())
    .bind(why)
    .bind(now.unix_ms())
    .bind(h.tenant_id.to_string())
    .bind(h.id.to_string())
    .bind(h.status.as_str())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Saves what became of a hook that was answered when it came, whichever delivery made the row.
pub async fn settle(
    tx: &mut Tx<'_>,
    h: &Hook,
    to: HookStatus,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE hooks SET status = $1, why = $2, handled_at = $3
         WHERE tenant_id = $4 AND provider = $5 AND mode = $6 AND dedupe_key = $7
           AND status = 'received'",
    )
    .bind(to.as_str())
    .bind(why)
    .bind(now.unix_ms())
    .bind(h.tenant_id.to_string())
    .bind(&h.provider)
    .bind(Mode::of(h.test_mode).as_str())
    .bind(&h.dedupe_key)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How many hooks of an account are in quarantine: the bound is the caller's.
pub async fn quarantined(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM hooks
         WHERE tenant_id = $1 AND provider = $2 AND status = 'quarantined'",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.try_get("n")?)
}

/// When a provider last called for an account and was believed to be it. Only the tenant's newest
/// hooks are looked at.
pub async fn last_at(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
) -> Result<Option<Timestamp>, StoreError> {
    let found = sqlx::query(
        "SELECT received_at FROM (
             SELECT id, provider, mode, status, received_at FROM hooks WHERE tenant_id = $1
             ORDER BY id DESC LIMIT 1000) newest
         WHERE provider = $2 AND mode = $3 AND status <> 'quarantined' ORDER BY id DESC LIMIT 1",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .bind(mode.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    found.map(|r| at(&r, "received_at")).transpose()
}
