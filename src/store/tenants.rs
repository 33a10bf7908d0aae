//! Tenants and their sealed data keys.
use super::{StoreError, Tx, at, parsed, text};
use crate::domain::ids::TenantId;
use crate::domain::{Currency, Timestamp};
use sqlx::Row;
use sqlx::any::AnyRow;

/// A merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    /// The name in addresses.
    pub slug: String,
    pub name: String,
    /// What new orders are in unless they say otherwise.
    pub currency: Currency,
    /// ISO 3166 code of two letters, or empty.
    pub country: String,
    /// IANA name.
    pub timezone: String,
    pub locale: String,
    /// `#rrggbb`.
    pub brand: String,
    pub contact_phone: String,
    pub contact_email: String,
    /// For providers that insist on an e-mail.
    pub fallback_email: String,
    /// Refunds above it need a second person. Off when `None`.
    pub refund_limit_minor: Option<i64>,
    pub created_at: Timestamp,
}

fn tenant(row: &AnyRow) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: TenantId::from_stored(text(row, "id")?),
        slug: text(row, "slug")?,
        name: text(row, "name")?,
        currency: parsed(row, "currency", Currency::parse)?,
        country: text(row, "country")?,
        timezone: text(row, "timezone")?,
        locale: text(row, "locale")?,
        brand: text(row, "brand")?,
        contact_phone: text(row, "contact_phone")?,
        contact_email: text(row, "contact_email")?,
        fallback_email: text(row, "fallback_email")?,
        refund_limit_minor: row.try_get("refund_limit_minor")?,
        created_at: at(row, "created_at")?,
    })
}

/// # Errors
/// [`StoreError::Taken`] where the slug is in use.
pub async fn insert(tx: &mut Tx<'_>, t: &Tenant) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO tenants (id, slug, name, currency, country, timezone, locale, brand,
             contact_phone, contact_email, fallback_email, refund_limit_minor, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(t.id.to_string())
    .bind(&t.slug)
    .bind(&t.name)
    .bind(t.currency.code())
    .bind(&t.country)
    .bind(&t.timezone)
    .bind(&t.locale)
    .bind(&t.brand)
    .bind(&t.contact_phone)
    .bind(&t.contact_email)
    .bind(&t.fallback_email)
    .bind(t.refund_limit_minor)
    .bind(t.created_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn by_slug(tx: &mut Tx<'_>, slug: &str) -> Result<Option<Tenant>, StoreError> {
    let found = sqlx::query("SELECT * FROM tenants WHERE slug = $1")
        .bind(slug)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(tenant).transpose()
}

pub async fn by_id(tx: &mut Tx<'_>, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
    let found = sqlx::query("SELECT * FROM tenants WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(tenant).transpose()
}

/// Saves what an admin may change: name, contact, brand, limits.
///
/// # Errors
/// [`StoreError::Stale`] where the tenant is gone.
pub async fn update(tx: &mut Tx<'_>, t: &Tenant) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE tenants SET name = $1, timezone = $2, locale = $3, brand = $4, contact_phone = $5,
             contact_email = $6, fallback_email = $7, refund_limit_minor = $8 WHERE id = $9",
    )
    .bind(&t.name)
    .bind(&t.timezone)
    .bind(&t.locale)
    .bind(&t.brand)
    .bind(&t.contact_phone)
    .bind(&t.contact_email)
    .bind(&t.fallback_email)
    .bind(t.refund_limit_minor)
    .bind(t.id.to_string())
    .execute(&mut **tx)
    .await?;
    super::expect_one(done.rows_affected())
}

/// The tenant's sealed data key.
pub async fn data_key(tx: &mut Tx<'_>, id: &TenantId) -> Result<Option<Vec<u8>>, StoreError> {
    let found = sqlx::query("SELECT sealed FROM data_keys WHERE tenant_id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found.map(|r| r.try_get("sealed")).transpose()?)
}

/// Keeps a data key unless the tenant has one; what was there first stays.
pub async fn keep_data_key(
    tx: &mut Tx<'_>,
    id: &TenantId,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO data_keys (tenant_id, sealed, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(sealed.to_vec())
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
