//! API keys, by the SHA-256 of their secret.
use super::{StoreError, Tx, at, at_opt, expect_one, json, parsed, text, to_json};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::ids::{ApiKeyId, Id, TenantId};
use sqlx::any::AnyRow;

/// An API key without its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub tenant_id: TenantId,
    pub mode: Mode,
    pub name: String,
    /// The secret's last characters.
    pub hint: String,
    /// Empty: every scope.
    pub scopes: Vec<String>,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    /// Opens nothing from this time on.
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

fn api_key(row: &AnyRow) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: ApiKeyId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        mode: parsed(row, "mode", Mode::parse)?,
        name: text(row, "name")?,
        hint: text(row, "hint")?,
        scopes: json(row, "scopes")?,
        created_at: at(row, "created_at")?,
        last_used_at: at_opt(row, "last_used_at")?,
        expires_at: at_opt(row, "expires_at")?,
        revoked_at: at_opt(row, "revoked_at")?,
    })
}

pub async fn insert(tx: &mut Tx<'_>, k: &ApiKey, secret_hash: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO api_keys (id, tenant_id, mode, name, secret_hash, hint, scopes, created_at,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(k.id.as_str())
    .bind(k.tenant_id.to_string())
    .bind(k.mode.as_str())
    .bind(&k.name)
    .bind(secret_hash)
    .bind(&k.hint)
    .bind(to_json(&k.scopes))
    .bind(k.created_at.unix_ms())
    .bind(k.expires_at.map(Timestamp::unix_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The key of a secret's hash, revoked and expired ones too.
pub async fn by_hash(tx: &mut Tx<'_>, secret_hash: &str) -> Result<Option<ApiKey>, StoreError> {
    let found = sqlx::query("SELECT * FROM api_keys WHERE secret_hash = $1")
        .bind(secret_hash)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(api_key).transpose()
}

pub async fn all(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<ApiKey>, StoreError> {
    let rows = sqlx::query("SELECT * FROM api_keys WHERE tenant_id = $1 ORDER BY id")
        .bind(tenant.to_string())
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(api_key).collect()
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ApiKeyId,
) -> Result<Option<ApiKey>, StoreError> {
    let found = sqlx::query("SELECT * FROM api_keys WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(api_key).transpose()
}

/// Notes that a key was used, where the last time is that of `before` or earlier.
pub async fn touch(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ApiKeyId,
    now: Timestamp,
    before: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE api_keys SET last_used_at = $1
         WHERE tenant_id = $2 AND id = $3 AND (last_used_at IS NULL OR last_used_at <= $4)",
    )
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(before.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// # Errors
/// [`StoreError::Stale`] where the tenant has no such key in use.
pub async fn revoke(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ApiKeyId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE api_keys SET revoked_at = $1
         WHERE tenant_id = $2 AND id = $3 AND revoked_at IS NULL",
    )
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}
