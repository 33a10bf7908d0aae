//! `malipo api-key …`
use clap::Subcommand;
use malipo::config::Config;
use malipo::domain::account::Mode;
use malipo::services::{Actor, api_keys};
use secrecy::ExposeSecret;
use serde_json::json;

#[derive(Subcommand)]
pub enum ApiKey {
    /// Makes a key and prints it this once.
    Create {
        #[arg(long)]
        tenant: String,
        /// test or live.
        #[arg(long, value_parser = mode)]
        mode: Mode,
        /// Narrows the key; several may be given. Without any it has every scope.
        #[arg(long = "scope")]
        scopes: Vec<String>,
        /// To tell keys apart.
        #[arg(long, default_value = "")]
        name: String,
    },
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).ok_or_else(|| "test or live".to_owned())
}

impl ApiKey {
    pub async fn run(self, config: &Config, as_json: bool) -> anyhow::Result<()> {
        let Self::Create {
            tenant,
            mode,
            scopes,
            name,
        } = self;
        let app = config.open().await?;
        let tenant = super::tenant_of(&app, &tenant).await?;
        let actor = Actor::System;
        let (key, secret) = api_keys::create(&app, &actor, &tenant.id, mode, &name, scopes).await?;
        let secret = secret.expose_secret();
        let facts = json!({ "id": key.id, "mode": mode.as_str(), "key": secret });
        super::print(as_json, &facts, secret);
        Ok(())
    }
}
