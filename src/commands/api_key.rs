//! `malipo api-key …`
use anyhow::Context;
use clap::builder::PossibleValuesParser;
use clap::{Subcommand, value_parser};
use malipo::config::Config;
use malipo::domain::account::Mode;
use malipo::domain::ids::{ApiKeyId, Id};
use malipo::services::api_keys::NewKey;
use malipo::services::objects::rfc3339;
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
        #[arg(long = "scope", value_parser = PossibleValuesParser::new(api_keys::SCOPES))]
        scopes: Vec<String>,
        /// Ends the key by itself after so many days. Without it the key lasts until it is revoked.
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(i64).range(1..=api_keys::MOST_DAYS))]
        expires_in: Option<i64>,
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
                expires_in,
                name,
            } => {
                let tenant = super::tenant_of(&app, &tenant).await?;
                let new = NewKey {
                    mode,
                    name,
                    scopes,
                    expires_in_days: expires_in,
                };
                create(&app, &tenant, new, as_json).await
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

async fn create(app: &App, tenant: &Tenant, new: NewKey, as_json: bool) -> anyhow::Result<()> {
    let (key, secret) = api_keys::create(app, &Actor::System, &tenant.id, new).await?;
    let secret = secret.expose_secret();
    let facts = json!({
        "id": key.id, "mode": key.mode.as_str(), "key": secret, "scopes": key.scopes,
        "expires_at": key.expires_at.map(rfc3339),
    });
    super::print(as_json, &facts, secret);
    Ok(())
}

async fn list(app: &App, tenant: &Tenant, as_json: bool) -> anyhow::Result<()> {
    let (keys, now) = (api_keys::list(app, &tenant.id).await?, app.clock.now());
    let lines: Vec<String> = keys
        .iter()
        .map(|k| {
            let state = match k.expires_at {
                _ if k.revoked_at.is_some() => "revoked".to_owned(),
                Some(_) if k.is_over(now) => "expired".to_owned(),
                Some(at) => format!("in use until {}", rfc3339(at)),
                None => "in use".to_owned(),
            };
            let scopes = match k.scopes.as_slice() {
                [] => "every scope".to_owned(),
                some => some.join(","),
            };
            let (mode, hint, name) = (k.mode.as_str(), &k.hint, &k.name);
            format!("{}  {mode}  …{hint}  {state}  {scopes}  {name}", k.id)
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
                "expires_at": k.expires_at,
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
