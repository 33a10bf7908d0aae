//! Where tenants receive events: settings, sealed secrets, health, and the hold of the one worker
//! that sends to an endpoint.
use super::{
    Cursor, Page, StoreError, Tx, at, at_opt, expect_one, flag, json, on, text, text_opt, to_json,
};
use crate::domain::Timestamp;
use crate::domain::endpoint::{DisabledWhy, Endpoint};
use crate::domain::ids::{EndpointId, TenantId};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// The secrets of an endpoint as they are kept.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub current: Vec<u8>,
    /// The one before, and until when it signs.
    pub old: Option<(Vec<u8>, Timestamp)>,
}

/// An endpoint that has deliveries due and that nobody sends to.
#[derive(Clone, Debug)]
pub struct Free {
    pub id: EndpointId,
    pub tenant_id: TenantId,
    pub locked_until: Timestamp,
    /// It failed the last time.
    pub failing: bool,
    /// How many endpoints of the tenant are held.
    pub held: i64,
}

fn endpoint(row: &AnyRow) -> Result<Endpoint, StoreError> {
    let why = text_opt(row, "disabled_why")?
        .map(|w| DisabledWhy::parse(&w).ok_or(StoreError::Corrupt("disabled_why")))
        .transpose()?;
    Ok(Endpoint {
        id: EndpointId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        livemode: on(row, "livemode")?,
        url: text(row, "url")?,
        description: text(row, "description")?,
        events: json(row, "events")?,
        fingerprint: text(row, "fingerprint")?,
        secret_at: at(row, "secret_at")?,
        old_until: at_opt(row, "old_until")?,
        disabled: at_opt(row, "disabled_at")?.zip(why),
        failing_since: at_opt(row, "failing_since")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

/// # Errors
/// [`StoreError::Taken`] where the form made one before.
pub async fn insert(
    tx: &mut Tx<'_>,
    e: &Endpoint,
    sealed: Vec<u8>,
    form_key: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO endpoints (id, tenant_id, livemode, url, description, events, sealed,
             fingerprint, secret_at, locked_until, served_at, created_at, updated_at, form_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, $11, $12)",
    )
    .bind(e.id.to_string())
    .bind(e.tenant_id.to_string())
    .bind(flag(e.livemode))
    .bind(&e.url)
    .bind(&e.description)
    .bind(to_json(&e.events))
    .bind(sealed)
    .bind(&e.fingerprint)
    .bind(e.secret_at.unix_ms())
    .bind(e.created_at.unix_ms())
    .bind(e.updated_at.unix_ms())
    .bind(form_key.map(str::to_owned))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM endpoints WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(endpoint).transpose()
}

/// The endpoint that a form made.
pub async fn by_form_key(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    form_key: &str,
) -> Result<Option<Endpoint>, StoreError> {
    let found = sqlx::query("SELECT * FROM endpoints WHERE tenant_id = $1 AND form_key = $2")
        .bind(tenant.to_string())
        .bind(form_key.to_owned())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(endpoint).transpose()
}

/// Every endpoint of a tenant, deleted ones included: the log of attempts names them.
pub async fn ever(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<Endpoint>, StoreError> {
    let rows = sqlx::query("SELECT * FROM endpoints WHERE tenant_id = $1 ORDER BY id DESC")
        .bind(tenant.to_string())
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(endpoint).collect()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    livemode: Option<bool>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Endpoint>, StoreError> {
    let (than, direction) = cursor.clause();
    let sql = format!(
        "SELECT * FROM endpoints WHERE tenant_id = $1 AND id {than} $2 AND deleted_at IS NULL
           AND ($3 < 0 OR livemode = $3) ORDER BY id {direction} LIMIT $4"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(livemode.map_or(-1, flag))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(endpoint).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |e| e.id.to_string()))
}

/// Those that are switched on, for a new event.
pub async fn listening(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    livemode: bool,
) -> Result<Vec<Endpoint>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM endpoints WHERE tenant_id = $1 AND livemode = $2
           AND disabled_at IS NULL AND deleted_at IS NULL ORDER BY id",
    )
    .bind(tenant.to_string())
    .bind(flag(livemode))
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(endpoint).collect()
}

/// Saves what people set; `was` is when it was last changed (R2).
pub async fn save(tx: &mut Tx<'_>, e: &Endpoint, was: Timestamp) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE endpoints SET url = $1, description = $2, events = $3, disabled_at = $4,
             disabled_why = $5, failing_since = $6, updated_at = $7
         WHERE tenant_id = $8 AND id = $9 AND updated_at = $10 AND deleted_at IS NULL",
    )
    .bind(&e.url)
    .bind(&e.description)
    .bind(to_json(&e.events))
    .bind(e.disabled.map(|(at, _)| at.unix_ms()))
    .bind(e.disabled.map(|(_, why)| why.as_str()))
    .bind(e.failing_since.map(Timestamp::unix_ms))
    .bind(e.updated_at.unix_ms())
    .bind(e.tenant_id.to_string())
    .bind(e.id.to_string())
    .bind(was.unix_ms())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Forgets its secrets too: nothing is ever signed with them again.
pub async fn delete(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EndpointId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE endpoints SET deleted_at = $1, updated_at = $1, sealed = $2, old_sealed = NULL,
             old_until = NULL
         WHERE tenant_id = $3 AND id = $4 AND deleted_at IS NULL",
    )
    .bind(now.unix_ms())
    .bind(Vec::<u8>::new())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

pub async fn sealed(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EndpointId,
) -> Result<Option<Sealed>, StoreError> {
    let found = sqlx::query(
        "SELECT sealed, old_sealed, old_until FROM endpoints
         WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    found
        .map(|row| {
            let old: Option<Vec<u8>> = row.try_get("old_sealed")?;
            Ok(Sealed {
                current: row.try_get("sealed")?,
                old: old.zip(at_opt(&row, "old_until")?),
            })
        })
        .transpose()
}

/// Puts a new secret before the one that signs now; `was` is when that was made (R2).
pub async fn rotate(
    tx: &mut Tx<'_>,
    e: &Endpoint,
    sealed: Vec<u8>,
    was: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE endpoints SET old_sealed = sealed, old_until = $1, sealed = $2, fingerprint = $3,
             secret_at = $4, updated_at = $4
         WHERE tenant_id = $5 AND id = $6 AND secret_at = $7 AND deleted_at IS NULL",
    )
    .bind(e.old_until.map(Timestamp::unix_ms))
    .bind(sealed)
    .bind(&e.fingerprint)
    .bind(e.secret_at.unix_ms())
    .bind(e.tenant_id.to_string())
    .bind(e.id.to_string())
    .bind(was.unix_ms())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Something arrived.
pub async fn arrived(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EndpointId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE endpoints SET failing_since = NULL
         WHERE tenant_id = $1 AND id = $2 AND failing_since IS NOT NULL",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Nothing arrived. Says since when it is so.
pub async fn failed(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EndpointId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let row = sqlx::query(
        "UPDATE endpoints SET failing_since = COALESCE(failing_since, $1)
         WHERE tenant_id = $2 AND id = $3 RETURNING failing_since",
    )
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    row.map_or(Ok(None), |r| at_opt(&r, "failing_since"))
}

/// Switches an endpoint off; whether it was on.
pub async fn disable(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EndpointId,
    why: DisabledWhy,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE endpoints SET disabled_at = $1, disabled_why = $2, updated_at = $1
         WHERE tenant_id = $3 AND id = $4 AND disabled_at IS NULL AND deleted_at IS NULL",
    )
    .bind(now.unix_ms())
    .bind(why.as_str())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Endpoints of all tenants that somebody should send to: healthy ones first, then whoever waited
/// longest. For the workers alone.
pub async fn free(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Free>, StoreError> {
    let rows = sqlx::query(
        "SELECT e.id, e.tenant_id, e.locked_until, e.failing_since,
                (SELECT CAST(COUNT(*) AS BIGINT) FROM endpoints o
                 WHERE o.tenant_id = e.tenant_id AND o.locked_until > $1) AS held
         FROM endpoints e
         WHERE e.disabled_at IS NULL AND e.deleted_at IS NULL AND e.locked_until <= $1
           AND EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint_id = e.id
                       AND d.status = 'pending' AND d.next_at <= $1)
         ORDER BY CASE WHEN e.failing_since IS NULL THEN 0 ELSE 1 END, e.served_at, e.id
         LIMIT $2",
    )
    .bind(now.unix_ms())
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| {
            Ok(Free {
                id: EndpointId::from_stored(text(r, "id")?),
                tenant_id: TenantId::from_stored(text(r, "tenant_id")?),
                locked_until: at(r, "locked_until")?,
                failing: at_opt(r, "failing_since")?.is_some(),
                held: r.try_get("held")?,
            })
        })
        .collect()
}

/// Takes hold of an endpoint until `until`; no two callers get it.
pub async fn hold(
    tx: &mut Tx<'_>,
    free: &Free,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE endpoints SET locked_until = $1, served_at = $2
         WHERE tenant_id = $3 AND id = $4 AND locked_until = $5",
    )
    .bind(until.unix_ms())
    .bind(now.unix_ms())
    .bind(free.tenant_id.to_string())
    .bind(free.id.to_string())
    .bind(free.locked_until.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets go of an endpoint, to be taken again from `at` on.
pub async fn let_go(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EndpointId,
    held_until: Timestamp,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE endpoints SET locked_until = $1
         WHERE tenant_id = $2 AND id = $3 AND locked_until = $4",
    )
    .bind(at.unix_ms())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(held_until.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
