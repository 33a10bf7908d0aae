//! `malipo provider …`
use anyhow::{Context, anyhow};
use clap::Subcommand;
use malipo::config::Config;
use malipo::domain::account::Mode;
use malipo::services::provider_accounts::{SaveAccount, hook_url, save, self_test};
use malipo::services::{Actor, find_provider};
use secrecy::SecretString;
use serde_json::json;

#[derive(Subcommand)]
pub enum Provider {
    /// Sets credentials, options and switches, and prints the hook's address.
    Set {
        #[arg(long)]
        tenant: String,
        /// For example paystack, mpesa or manual.
        #[arg(long)]
        provider: String,
        /// Whose credentials these are: test or live.
        #[arg(long, value_parser = mode, default_value = "test")]
        mode: Mode,
        /// FIELD=VALUE; several may be given.
        #[arg(long = "credential", value_parser = pair)]
        credentials: Vec<(String, String)>,
        /// FIELD=VALUE of a setting that is no secret; several may be given.
        #[arg(long = "option", value_parser = pair)]
        options: Vec<(String, String)>,
        /// Offers it to customers.
        #[arg(long)]
        enable: bool,
        /// No longer offers it.
        #[arg(long, conflicts_with = "enable")]
        disable: bool,
        /// Which credentials are used: on or off.
        #[arg(long, value_parser = on_off)]
        test_mode: Option<bool>,
    },
    /// Calls the provider with the saved credentials and says what it answers.
    Test {
        #[arg(long)]
        tenant: String,
        #[arg(long)]
        provider: String,
        #[arg(long, value_parser = mode, default_value = "test")]
        mode: Mode,
    },
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).ok_or_else(|| "test or live".to_owned())
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on or off".to_owned()),
    }
}

// The value stays out of the message: it may be a secret.
fn pair(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("must be FIELD=VALUE")?;
    Ok((field.to_owned(), value.to_owned()))
}

impl Provider {
    pub async fn run(self, config: &Config, as_json: bool) -> anyhow::Result<()> {
        let app = config.open().await?;
        match self {
            Self::Set {
                tenant,
                provider,
                mode,
                credentials,
                options,
                enable,
                disable,
                test_mode,
            } => {
                let tenant = super::tenant_of(&app, &tenant).await?;
                let change = SaveAccount {
                    provider: provider.clone(),
                    credentials: credentials
                        .into_iter()
                        .map(|(field, value)| (mode, field, SecretString::from(value)))
                        .collect(),
                    options: options.into_iter().collect(),
                    enabled: match (enable, disable) {
                        (true, _) => Some(true),
                        (_, true) => Some(false),
                        _ => None,
                    },
                    test_mode,
                };
                save(&app, &Actor::System, &tenant.id, change).await?;
                let url = hook_url(&app, &tenant.id, &provider, mode).await?;
                let facts = json!({ "provider": provider, "mode": mode.as_str(), "hook_url": url });
                let words = format!("Saved. Hook address ({}): {url}", mode.as_str());
                super::print(as_json, &facts, &words);
                Ok(())
            }
            Self::Test {
                tenant,
                provider,
                mode,
            } => {
                let tenant = super::tenant_of(&app, &tenant).await?;
                find_provider(&provider).with_context(|| format!("no provider {provider}"))?;
                let system = Actor::System;
                let said = self_test(&app, &system, &tenant.id, &provider, mode).await?;
                let said = said.map_err(|e| anyhow!("{provider}: {e}"))?;
                super::print(as_json, &json!({ "ok": true, "said": said }), &said);
                Ok(())
            }
        }
    }
}
