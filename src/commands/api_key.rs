//! `malipo api-key …`
use anyhow::Context;
use clap::Subcommand;
use malipo::config::Config;
use malipo::domain::account::Mode;
use malipo::domain::ids::{ApiKeyId, Id};
use malipo::services::tenants::Tenant;
use malipo::services::{Actor, App, api_keys};
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
    /// Lists a tenant's keys, without their secrets.
    List {
        #[arg(long)]
        tenant: String,
    },
    /// Ends a key at once.
    Revoke {
        #[arg(long)]
        tenant: String,
        /// As `list` shows it: key_…
        #[arg(long)]
        id: String,
    },
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).ok_or_else(|| "test or live".to_owned())
}

impl ApiKey {
    pub async fn run(self, config: &Config, as_json: bool) -> anyhow::Result<()> {
        let app = config.open().await?;
        match self {
            Self::Create {
                tenant,
                mode,
                scopes,
                name,
            } => {
                let tenant = super::tenant_of(&app, &tenant).await?;
                create(&app, &tenant, mode, &name, scopes, as_json).await
            }
            Self::List { tenant } => {
                let tenant = super::tenant_of(&app, &tenant).await?;
                list(&app, &tenant, as_json).await
            }
            Self::Revoke { tenant, id } => {
                let tenant = super::tenant_of(&app, &tenant).await?;
                revoke(&app, &tenant, &id, as_json).await
            }
        }
    }
}

async fn create(
    app: &App,
    tenant: &Tenant,
    mode: Mode,
    name: &str,
    scopes: Vec<String>,
    as_json: bool,
) -> anyhow::Result<()> {
    let actor = Actor::System;
    let (key, secret) = api_keys::create(app, &actor, &tenant.id, mode, name, scopes).await?;
    let secret = secret.expose_secret();
    let facts = json!({ "id": key.id, "mode": mode.as_str(), "key": secret });
    super::print(as_json, &facts, secret);
    Ok(())
}

async fn list(app: &App, tenant: &Tenant, as_json: bool) -> anyhow::Result<()> {
    let keys = api_keys::list(app, &tenant.id).await?;
    let lines: Vec<String> = keys
        .iter()
        .map(|k| {
            let state = if k.revoked_at.is_some() {
                "revoked"
            } else {
                "in use"
            };
            let (mode, hint, name) = (k.mode.as_str(), &k.hint, &k.name);
            format!("{}  {mode}  …{hint}  {state}  {name}", k.id)
        })
        .collect();
    let facts: Vec<_> = keys
        .iter()
        .map(|k| {
            json!({
                "id": k.id,
                "mode": k.mode.as_str(),
                "name": k.name,
                "hint": k.hint,
                "scopes": k.scopes,
                "created_at": k.created_at,
                "last_used_at": k.last_used_at,
                "revoked_at": k.revoked_at,
            })
        })
        .collect();
    super::print(as_json, &json!(facts), &lines.join("\n"));
    Ok(())
}

async fn revoke(app: &App, tenant: &Tenant, id: &str, as_json: bool) -> anyhow::Result<()> {
    let known = ApiKeyId::parse(id).with_context(|| format!("{id} is no key's id"))?;
    api_keys::revoke(app, &Actor::System, &tenant.id, &known)
        .await
        .with_context(|| format!("{} has no key {id} in use", tenant.slug))?;
    super::print(as_json, &json!({ "id": id, "revoked": true }), "revoked");
    Ok(())
}
