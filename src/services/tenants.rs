//! Tenants: making one, finding one, and what an admin may change of it.
use super::{Actor, App, InputProblem, books};
use crate::domain::Currency;
use crate::domain::ids::TenantId;
use crate::store::{StoreError, tenants};
use serde_json::json;

pub use crate::store::tenants::Tenant;

/// Why a tenant was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a new tenant is told to be.
#[derive(Clone, Debug, Default)]
pub struct NewTenant {
    pub slug: String,
    pub name: String,
    pub currency: String,
    pub country: Option<String>,
    pub timezone: Option<String>,
    pub locale: Option<String>,
    pub brand: Option<String>,
    pub contact_phone: Option<String>,
    pub contact_email: Option<String>,
}

/// Makes a tenant.
pub async fn create(app: &App, new: NewTenant) -> Result<Tenant, TenantError> {
    let slug_ok = (2..=40).contains(&new.slug.len())
        && new
            .slug
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && new.slug.as_bytes()[0].is_ascii_lowercase();
    if !slug_ok {
        return Err(InputProblem::new(
            "slug",
            "slug_invalid",
            "2 to 40 of a-z, 0-9 and -, beginning with a letter",
        )
        .into());
    }
    check_name(&new.name)?;
    let currency = Currency::parse(&new.currency.to_uppercase()).ok_or_else(|| {
        InputProblem::new(
            "currency",
            "currency_unknown",
            "an ISO 4217 code such as KES",
        )
    })?;
    let timezone = new.timezone.unwrap_or_else(|| "UTC".to_owned());
    if jiff::tz::TimeZone::get(&timezone).is_err() {
        let message = "an IANA name such as Africa/Nairobi";
        return Err(InputProblem::new("timezone", "timezone_unknown", message).into());
    }
    let locale = new.locale.unwrap_or_else(|| "en".to_owned());
    if !LOCALES.contains(&locale.as_str()) {
        let message = format!("one of {}", LOCALES.join(", "));
        return Err(InputProblem::new("locale", "locale_unknown", message).into());
    }
    let brand = new.brand.unwrap_or_else(|| "#0b6e5f".to_owned());
    check_brand(&brand)?;
    let tenant = Tenant {
        id: app.clock.id(),
        slug: new.slug,
        name: new.name.trim().to_owned(),
        currency,
        country: new.country.unwrap_or_default(),
        timezone,
        locale,
        brand,
        contact_phone: new.contact_phone.unwrap_or_default(),
        contact_email: new.contact_email.unwrap_or_default(),
        fallback_email: String::new(),
        refund_limit_minor: None,
        created_at: app.clock.now(),
    };
    let mut tx = app.db.begin().await?;
    match tenants::insert(&mut tx, &tenant).await {
        Err(StoreError::Taken) => {
            return Err(InputProblem::new("slug", "slug_taken", "another tenant has it").into());
        }
        other => other?,
    }
    super::alerts::begin(app, &mut tx, &tenant.id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(tenant)
}

/// The languages of the checkout.
pub const LOCALES: [&str; 4] = ["en", "sw", "fr", "ar"];

fn check_name(name: &str) -> Result<(), InputProblem> {
    if name.trim().is_empty() || name.chars().count() > 80 {
        return Err(InputProblem::new(
            "name",
            "name_invalid",
            "1 to 80 characters",
        ));
    }
    Ok(())
}

fn check_brand(brand: &str) -> Result<(), InputProblem> {
    let hex = brand.strip_prefix('#').unwrap_or_default();
    if hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(InputProblem::new(
            "brand",
            "brand_invalid",
            "a colour such as #0b6e5f",
        ))
    }
}

pub async fn by_slug(app: &App, slug: &str) -> Result<Option<Tenant>, StoreError> {
    tenants::by_slug(&mut app.db.read().await?, slug).await
}

pub async fn by_id(app: &App, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
    tenants::by_id(&mut app.db.read().await?, id).await
}

/// Saves a tenant's settings.
pub async fn save(app: &App, actor: &Actor, tenant: &Tenant) -> Result<(), TenantError> {
    check_name(&tenant.name)?;
    check_brand(&tenant.brand)?;
    for (field, email) in [
        ("contact_email", &tenant.contact_email),
        ("fallback_email", &tenant.fallback_email),
    ] {
        if !email.is_empty() {
            super::orders::check_email(field, email)?;
        }
    }
    let mut tx = app.db.begin().await?;
    tenants::update(&mut tx, tenant).await?;
    let detail = json!({ "name": tenant.name, "refund_limit_minor": tenant.refund_limit_minor });
    let subject = tenant.id.to_string();
    books::audit(
        app,
        &mut tx,
        &tenant.id,
        actor,
        "tenant.saved",
        &subject,
        &detail,
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}
