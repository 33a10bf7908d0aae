//! `malipo tenant …`
use anyhow::anyhow;
use clap::{Args, Subcommand};
use malipo::config::Config;
use malipo::domain::Money;
use malipo::services::tenants::{NewTenant, create, save};
use malipo::services::{Actor, App};
use serde_json::json;

#[derive(Subcommand)]
pub enum Tenant {
    /// Makes a tenant.
    Create(Create),
    /// Changes a tenant. What is left out stays as it is.
    Set(Set),
}

#[derive(Args)]
pub struct Create {
    /// The name in addresses: a-z, 0-9 and -.
    #[arg(long)]
    slug: String,
    /// As customers read it.
    #[arg(long)]
    name: String,
    /// What its orders are in unless they say otherwise: an ISO 4217 code.
    #[arg(long)]
    currency: String,
    /// Where phone numbers without a country code belong: two letters such as KE.
    #[arg(long)]
    country: Option<String>,
    /// An IANA name such as Africa/Nairobi; UTC where left out.
    #[arg(long)]
    timezone: Option<String>,
    /// The checkout's language where nobody chose one: en, sw, fr or ar.
    #[arg(long)]
    locale: Option<String>,
    #[command(flatten)]
    face: Face,
}

#[derive(Args)]
pub struct Set {
    #[arg(long)]
    tenant: String,
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    face: Face,
    /// For providers that insist on an e-mail where the customer gave none.
    #[arg(long)]
    fallback_email: Option<String>,
    /// In major units of the tenant's currency: above it another person approves a refund.
    /// "off" asks nobody.
    #[arg(long)]
    refund_limit: Option<String>,
}

/// What customers see of a tenant.
#[derive(Args)]
struct Face {
    /// The brand's colour, for example #0b6e5f.
    #[arg(long)]
    brand: Option<String>,
    /// Shown to customers on every page.
    #[arg(long)]
    contact_phone: Option<String>,
    /// Shown to customers on every page.
    #[arg(long)]
    contact_email: Option<String>,
}

impl Tenant {
    pub async fn run(self, config: &Config, as_json: bool) -> anyhow::Result<()> {
        let app = config.open().await?;
        match self {
            Self::Create(new) => new.run(&app, as_json).await,
            Self::Set(change) => change.run(&app, as_json).await,
        }
    }
}

impl Create {
    async fn run(self, app: &App, as_json: bool) -> anyhow::Result<()> {
        let new = NewTenant {
            slug: self.slug,
            name: self.name,
            currency: self.currency,
            country: self.country,
            timezone: self.timezone,
            locale: self.locale,
            brand: self.face.brand,
            contact_phone: self.face.contact_phone,
            contact_email: self.face.contact_email,
        };
        let tenant = create(app, new).await?;
        let url = app.url(&format!("/admin/{}/", tenant.slug));
        let facts = json!({ "id": tenant.id, "slug": tenant.slug, "url": url });
        let words = format!("Made {} ({}). Dashboard: {url}", tenant.name, tenant.id);
        super::print(as_json, &facts, &words);
        Ok(())
    }
}

impl Set {
    async fn run(self, app: &App, as_json: bool) -> anyhow::Result<()> {
        let mut tenant = super::tenant_of(app, &self.tenant).await?;
        for (field, value) in [
            (&mut tenant.name, self.name),
            (&mut tenant.brand, self.face.brand),
            (&mut tenant.contact_phone, self.face.contact_phone),
            (&mut tenant.contact_email, self.face.contact_email),
            (&mut tenant.fallback_email, self.fallback_email),
        ] {
            if let Some(value) = value {
                value.trim().clone_into(field);
            }
        }
        match self.refund_limit.as_deref() {
            None => {}
            Some("off") => tenant.refund_limit_minor = None,
            Some(typed) => {
                let limit = Money::parse_major(typed, tenant.currency)
                    .map_err(|e| anyhow!("--refund-limit: {e}"))?;
                tenant.refund_limit_minor = Some(limit.minor);
            }
        }
        save(app, &Actor::System, &tenant).await?;
        let facts = json!({
            "id": tenant.id, "slug": tenant.slug, "refund_limit_minor": tenant.refund_limit_minor,
        });
        super::print(as_json, &facts, &format!("Saved {}.", tenant.name));
        Ok(())
    }
}
