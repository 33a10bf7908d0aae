//! `malipo tenant …`
use clap::Subcommand;
use malipo::config::Config;
use malipo::services::tenants::{NewTenant, create};
use serde_json::json;

#[derive(Subcommand)]
pub enum Tenant {
    /// Makes a tenant.
    Create {
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
        /// The brand's colour, for example #0b6e5f.
        #[arg(long)]
        brand: Option<String>,
        /// Shown to customers on every page.
        #[arg(long)]
        contact_phone: Option<String>,
        /// Shown to customers on every page.
        #[arg(long)]
        contact_email: Option<String>,
    },
}

impl Tenant {
    pub async fn run(self, config: &Config, as_json: bool) -> anyhow::Result<()> {
        let Self::Create {
            slug,
            name,
            currency,
            country,
            timezone,
            locale,
            brand,
            contact_phone,
            contact_email,
        } = self;
        let app = config.open().await?;
        let new = NewTenant {
            slug,
            name,
            currency,
            country,
            timezone,
            locale,
            brand,
            contact_phone,
            contact_email,
        };
        let tenant = create(&app, new).await?;
        let url = app.url(&format!("/admin/{}/", tenant.slug));
        let facts = json!({ "id": tenant.id, "slug": tenant.slug, "url": url });
        let words = format!("Made {} ({}). Dashboard: {url}", tenant.name, tenant.id);
        super::print(as_json, &facts, &words);
        Ok(())
    }
}
