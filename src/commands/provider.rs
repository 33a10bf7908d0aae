//! `malipo provider …`
use anyhow::{Context, anyhow, bail};
use clap::Subcommand;
use malipo::config::Config;
use malipo::domain::account::Mode;
use malipo::services::import_env::{Became, Imported, import};
use malipo::services::provider_accounts::{SaveAccount, hook_url, save, self_test};
use malipo::services::provider_hooks::register_hooks;
use malipo::services::tenants::Tenant;
use malipo::services::{Actor, App, find_provider};
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
    /// Takes the variables that a single shop has in its environment into the tenant's
    /// accounts, and says of each what became of it. Values are never shown.
    ImportEnv {
        #[arg(long)]
        tenant: String,
        /// Offers each provider whose keys are complete, in the mode of its keys.
        #[arg(long)]
        enable: bool,
    },
    /// Registers the hook address with a provider that lets us do it by a call.
    RegisterHooks {
        #[arg(long)]
        tenant: String,
        #[arg(long)]
        provider: String,
        /// Whose account: test or live.
        #[arg(long, value_parser = mode)]
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
            Self::ImportEnv { tenant, enable } => {
                let tenant = super::tenant_of(&app, &tenant).await?;
                import_env(&app, &tenant, enable, as_json).await
            }
            Self::RegisterHooks {
                tenant,
                provider,
                mode,
            } => {
                let tenant = super::tenant_of(&app, &tenant).await?;
                let system = Actor::System;
                let done = register_hooks(&app, &system, &tenant.id, &provider, mode).await?;
                let done = done.map_err(|e| anyhow!("{provider}: {e}"))?;
                let facts = json!({
                    "provider": provider, "mode": mode.as_str(), "hook_url": done.hook_url,
                    "said": done.said, "credentials": done.credentials,
                });
                let sealed = match done.credentials.as_slice() {
                    [] => String::new(),
                    names => format!("\nSealed: {}", names.join(", ")),
                };
                let words = format!("{}\nHook address: {}{sealed}", done.said, done.hook_url);
                super::print(as_json, &facts, &words);
                Ok(())
            }
        }
    }
}

async fn import_env(app: &App, tenant: &Tenant, enable: bool, as_json: bool) -> anyhow::Result<()> {
    let values = Config::shop_variables();
    let done = import(app, &Actor::System, &tenant.id, &values, enable).await?;
    let variables: Vec<_> = done
        .lines
        .iter()
        .map(|l| {
            json!({
                "variable": l.variable, "became": l.became.as_str(), "provider": l.provider,
                "mode": l.mode.map(Mode::as_str), "field": l.field, "why": l.why,
            })
        })
        .collect();
    let providers: Vec<_> = done
        .providers
        .iter()
        .map(|p| {
            json!({
                "provider": p.provider, "mode": p.mode.as_str(), "offered": p.offered,
                "why": p.why, "hook_url": p.hook_url,
            })
        })
        .collect();
    let facts = json!({ "variables": variables, "providers": providers });
    super::print(as_json, &facts, &told(&done));
    match done
        .lines
        .iter()
        .filter(|l| l.became == Became::Refused)
        .count()
    {
        0 => Ok(()),
        1 => bail!("one variable was refused; the others were taken"),
        n => bail!("{n} variables were refused; the others were taken"),
    }
}

/// The report for people.
fn told(done: &Imported) -> String {
    if done.lines.is_empty() {
        return "None of the variables is set: nothing was taken.".to_owned();
    }
    let mut lines = Vec::new();
    for l in &done.lines {
        let place = l.field.map_or_else(String::new, |field| match l.mode {
            Some(mode) => format!("{}/{}/{field}", l.provider, mode.as_str()),
            None => format!("{}/{field}", l.provider),
        });
        let what = match l.became {
            Became::Taken => format!("taken as {place}"),
            Became::Kept => format!("{place} {}", l.why),
            Became::Read => format!("{} ({})", l.why, l.mode.map_or("", Mode::as_str)),
            Became::NotNeeded => format!("not needed: {}", l.why),
            Became::Refused => format!("REFUSED: {}", l.why),
        };
        lines.push(format!("{:24} {what}", l.variable));
    }
    for p in &done.providers {
        let state = match (p.offered, p.why.as_str()) {
            (true, "") => "offered to customers now".to_owned(),
            (true, why) => why.to_owned(),
            (false, why) => format!("not offered: {why}"),
        };
        lines.push(format!(
            "\n{} ({}): {state}\n  hook address: {}",
            p.provider,
            p.mode.as_str(),
            p.hook_url
        ));
    }
    lines.join("\n")
}
