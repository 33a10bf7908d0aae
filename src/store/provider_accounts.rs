//! Provider accounts, their sealed credentials and tokens, and their hook addresses.
use super::{StoreError, Tx, at, json, on, parsed, text, to_json};
use crate::domain::Timestamp;
use crate::domain::account::{Mode, ProviderAccount};
use crate::domain::ids::TenantId;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A sealed credential with what a page may show of it.
#[derive(Clone, Debug)]
pub struct Credential {
    pub mode: Mode,
    pub field: String,
    pub sealed: Vec<u8>,
    pub fingerprint: String,
    pub updated_at: Timestamp,
    pub updated_by: String,
}

fn account(row: &AnyRow) -> Result<ProviderAccount, StoreError> {
    Ok(ProviderAccount {
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        provider: text(row, "provider")?,
        enabled: on(row, "enabled")?,
        test_mode: on(row, "test_mode")?,
        options: json(row, "options")?,
        updated_at: at(row, "updated_at")?,
    })
}

fn credential(row: &AnyRow) -> Result<Credential, StoreError> {
    Ok(Credential {
        mode: parsed(row, "mode", Mode::parse)?,
        field: text(row, "field")?,
        sealed: row.try_get("sealed")?,
        fingerprint: text(row, "fingerprint")?,
        updated_at: at(row, "updated_at")?,
        updated_by: text(row, "updated_by")?,
    })
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
) -> Result<Option<ProviderAccount>, StoreError> {
    let found =
        sqlx::query("SELECT * FROM provider_accounts WHERE tenant_id = $1 AND provider = $2")
            .bind(tenant.to_string())
            .bind(provider)
            .fetch_optional(&mut **tx)
            .await?;
    found.as_ref().map(account).transpose()
}

pub async fn all(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<ProviderAccount>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM provider_accounts WHERE tenant_id = $1 ORDER BY provider")
            .bind(tenant.to_string())
            .fetch_all(&mut **tx)
            .await?;
    rows.iter().map(account).collect()
}

pub async fn save(tx: &mut Tx<'_>, a: &ProviderAccount) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO provider_accounts (tenant_id, provider, enabled, test_mode, options, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, provider) DO UPDATE SET enabled = excluded.enabled,
             test_mode = excluded.test_mode, options = excluded.options,
             updated_at = excluded.updated_at",
    )
    .bind(a.tenant_id.to_string())
    .bind(&a.provider)
    .bind(super::flag(a.enabled))
    .bind(super::flag(a.test_mode))
    .bind(to_json(&a.options))
    .bind(a.updated_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes that an account was looked after: what went wrong before counts no longer.
pub async fn touch(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE provider_accounts SET updated_at = $1 WHERE tenant_id = $2 AND provider = $3",
    )
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(provider)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn credentials(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
) -> Result<Vec<Credential>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM provider_credentials WHERE tenant_id = $1 AND provider = $2 ORDER BY field",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(credential).collect()
}

/// The credentials of all of a tenant's accounts, with their providers.
pub async fn all_credentials(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
) -> Result<Vec<(String, Credential)>, StoreError> {
    let text_of_all = "SELECT * FROM provider_credentials WHERE tenant_id = $1
                       ORDER BY provider, mode, field";
    let rows = sqlx::query(text_of_all)
        .bind(tenant.to_string())
        .fetch_all(&mut **tx)
        .await?;
    rows.iter()
        .map(|row| Ok((text(row, "provider")?, credential(row)?)))
        .collect()
}

pub async fn save_credential(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    c: &Credential,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO provider_credentials
             (tenant_id, provider, mode, field, sealed, fingerprint, updated_at, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant_id, provider, mode, field) DO UPDATE SET sealed = excluded.sealed,
             fingerprint = excluded.fingerprint, updated_at = excluded.updated_at,
             updated_by = excluded.updated_by",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .bind(c.mode.as_str())
    .bind(&c.field)
    .bind(c.sealed.clone())
    .bind(&c.fingerprint)
    .bind(c.updated_at.unix_ms())
    .bind(&c.updated_by)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A sealed access token that has not run out.
pub async fn token(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
    product: &str,
) -> Result<Option<(Vec<u8>, Timestamp)>, StoreError> {
    let found = sqlx::query(
        "SELECT sealed, expires_at FROM provider_tokens
         WHERE tenant_id = $1 AND provider = $2 AND mode = $3 AND product = $4",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .bind(mode.as_str())
    .bind(product)
    .fetch_optional(&mut **tx)
    .await?;
    found
        .map(|r| Ok((r.try_get("sealed")?, at(&r, "expires_at")?)))
        .transpose()
}

pub async fn save_token(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
    product: &str,
    sealed: Vec<u8>,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO provider_tokens (tenant_id, provider, mode, product, sealed, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, provider, mode, product)
         DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .bind(mode.as_str())
    .bind(product)
    .bind(sealed)
    .bind(expires_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Drops the cached tokens: the credentials changed.
pub async fn drop_token(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM provider_tokens WHERE tenant_id = $1 AND provider = $2 AND mode = $3")
        .bind(tenant.to_string())
        .bind(provider)
        .bind(mode.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The hook token of an account and mode; `token` is kept where none was.
pub async fn hook_token(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
    token: &str,
) -> Result<String, StoreError> {
    sqlx::query(
        "INSERT INTO hook_addresses (token, tenant_id, provider, mode) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, provider, mode) DO NOTHING",
    )
    .bind(token)
    .bind(tenant.to_string())
    .bind(provider)
    .bind(mode.as_str())
    .execute(&mut **tx)
    .await?;
    let row = sqlx::query(
        "SELECT token FROM hook_addresses WHERE tenant_id = $1 AND provider = $2 AND mode = $3",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .bind(mode.as_str())
    .fetch_one(&mut **tx)
    .await?;
    text(&row, "token")
}

/// Whose hook address this is.
pub async fn by_hook_token(
    tx: &mut Tx<'_>,
    token: &str,
) -> Result<Option<(TenantId, String, Mode)>, StoreError> {
    let found = sqlx::query("SELECT * FROM hook_addresses WHERE token = $1")
        .bind(token)
        .fetch_optional(&mut **tx)
        .await?;
    found
        .map(|r| {
            Ok((
                TenantId::from_stored(text(&r, "tenant_id")?),
                text(&r, "provider")?,
                parsed(&r, "mode", Mode::parse)?,
            ))
        })
        .transpose()
}
