//! Flags and the environment, read once. A bad value stops the start and is named.
use crate::clock::Clock;
use crate::domain::account::Mode;
use crate::services::import_env::VARIABLES;
use crate::services::messages::{Post, PostSettings};
use crate::services::{App, BaseUrls, Http, REGISTRY, Settings, Vault, nats};
use crate::store::Db;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Settings that every command with a database shares.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Where everything is kept: `sqlite://PATH` or `postgres://…`
    #[arg(
        long,
        env = "MALIPO_DATABASE_URL",
        default_value = "sqlite://data/malipo.db",
        hide_env_values = true,
        global = true
    )]
    pub database_url: String,

    /// The address to listen on.
    #[arg(
        long,
        env = "MALIPO_LISTEN",
        default_value = "127.0.0.1:3000",
        global = true
    )]
    pub listen: SocketAddr,

    /// Under which customers reach this program, for example <https://pay.example.com>.
    /// Left out, it is the address listened on.
    #[arg(long, env = "MALIPO_PUBLIC_URL", global = true)]
    pub public_url: Option<String>,

    /// Seals the credentials: ID:BASE64 of 32 random bytes, several separated by commas.
    #[arg(long, env = "MALIPO_MASTER_KEY", hide_env_values = true, global = true)]
    pub master_key: Option<SecretString>,

    /// A file that holds the master key.
    #[arg(long, env = "MALIPO_MASTER_KEY_FILE", global = true)]
    pub master_key_file: Option<PathBuf>,

    /// Where proofs of payment are kept.
    #[arg(long, env = "MALIPO_DATA_DIR", default_value = "data", global = true)]
    pub data_dir: PathBuf,

    /// Addresses of the proxies whose X-Forwarded-For is believed, separated by commas.
    #[arg(
        long,
        env = "MALIPO_TRUSTED_PROXIES",
        value_delimiter = ',',
        global = true
    )]
    pub trusted_proxies: Vec<IpAddr>,

    /// The mail server: `smtps://USER:PASSWORD@HOST` or `smtp://HOST:PORT?tls=required`.
    /// Left out, messages are held and shown in the dashboard.
    #[arg(long, env = "MALIPO_SMTP_URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<SecretString>,

    /// The address that mail comes from.
    #[arg(long, env = "MALIPO_SMTP_FROM", global = true)]
    pub smtp_from: Option<String>,

    /// A gateway for text messages: `https://…` or `file:///PATH`.
    #[arg(long, env = "MALIPO_SMS_URL", hide_env_values = true, global = true)]
    pub sms_url: Option<SecretString>,

    /// The bearer token of that gateway.
    #[arg(long, env = "MALIPO_SMS_TOKEN", hide_env_values = true, global = true)]
    pub sms_token: Option<SecretString>,

    /// What text messages come from, where the gateway lets one say so.
    #[arg(long, env = "MALIPO_SMS_FROM", global = true)]
    pub sms_from: Option<String>,

    /// Lets addresses that tenants type lead to private ranges. For local work alone.
    #[arg(long, env = "MALIPO_ALLOW_PRIVATE_URLS", global = true,
          action = clap::ArgAction::Set, default_value_t = false)]
    pub allow_private_urls: bool,

    /// Publishes events to NATS JetStream as well: `nats://HOST:4222`, with user and password if any.
    #[arg(long, env = "MALIPO_NATS_URL", hide_env_values = true, global = true)]
    pub nats_url: Option<SecretString>,
}

impl Config {
    /// Opens everything: the database with its schema brought up to date, the keys, the client.
    ///
    /// # Errors
    /// Says which variable is wrong, and why.
    pub async fn open(&self) -> anyhow::Result<App> {
        let http = Http::new().context("the HTTP client")?;
        let post = self.post(&http)?;
        let db = self.open_database().await?;
        db.migrate()
            .await
            .context("MALIPO_DATABASE_URL: the schema")?;
        let vault =
            Vault::parse(&self.master_key()?).map_err(|e| anyhow!("MALIPO_MASTER_KEY: {e}"))?;
        let app = App::new(
            db,
            Clock::system(),
            http,
            provider_urls(std::env::vars())?,
            vault,
            self.settings()?,
        );
        Ok(app.with_post(post))
    }

    fn post(&self, http: &Http) -> anyhow::Result<Post> {
        let settings = PostSettings {
            smtp_url: self.smtp_url.clone(),
            smtp_from: self.smtp_from.clone(),
            sms_url: self.sms_url.clone(),
            sms_token: self.sms_token.clone(),
            sms_from: self.sms_from.clone(),
        };
        Ok(Post::open(&settings, http)?)
    }

    /// Opens the database alone.
    ///
    /// # Errors
    /// Names the variable; never shows the URL, which may hold a password.
    pub async fn open_database(&self) -> anyhow::Result<Db> {
        if let Some(path) = self.database_url.strip_prefix("sqlite://")
            && let Some(folder) = PathBuf::from(path).parent()
        {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("MALIPO_DATABASE_URL: {}", folder.display()))?;
        }
        Db::open(&self.database_url)
            .await
            .map_err(|e| anyhow!("MALIPO_DATABASE_URL: {e}"))
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        let public_url = match &self.public_url {
            None => format!("http://{}", self.listen),
            Some(text) => {
                let url = url::Url::parse(text).context("MALIPO_PUBLIC_URL")?;
                if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
                    bail!(
                        "MALIPO_PUBLIC_URL must be a web address such as https://pay.example.com"
                    );
                }
                text.trim_end_matches('/').to_owned()
            }
        };
        let nats_url = self
            .nats_url
            .clone()
            .filter(|url| !url.expose_secret().is_empty());
        if let Some(url) = &nats_url {
            nats::check_url(url).map_err(|e| anyhow!("MALIPO_NATS_URL {e}"))?;
        }
        std::fs::create_dir_all(&self.data_dir)
            .with_context(|| format!("MALIPO_DATA_DIR: {}", self.data_dir.display()))?;
        Ok(Settings {
            public_url,
            data_dir: self.data_dir.clone(),
            allow_private_urls: self.allow_private_urls,
            trusted_proxies: self.trusted_proxies.clone(),
            nats_url,
        })
    }

    fn master_key(&self) -> anyhow::Result<SecretString> {
        match (&self.master_key, &self.master_key_file) {
            (Some(key), _) => Ok(key.clone()),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("MALIPO_MASTER_KEY_FILE: {}", path.display()))?;
                Ok(text.trim().into())
            }
            (None, None) => bail!(
                "MALIPO_MASTER_KEY is not set: it seals the providers' credentials. \
                 Make one with: echo \"1:$(head -c 32 /dev/urandom | base64)\""
            ),
        }
    }
}

/// The operator's addresses: `MALIPO_PROVIDER_URL_{PROVIDER}_{TEST|LIVE}`.
///
/// # Errors
/// Names a variable that fits no provider or is no web address.
pub fn provider_urls(vars: impl Iterator<Item = (String, String)>) -> anyhow::Result<BaseUrls> {
    let mut urls = BTreeMap::new();
    for (name, value) in vars {
        let Some(rest) = name.strip_prefix("MALIPO_PROVIDER_URL_") else {
            continue;
        };
        let parts = rest.rsplit_once('_').and_then(|(provider, mode)| {
            let provider = provider.to_lowercase();
            REGISTRY
                .iter()
                .find(|a| a.info().name == provider)
                .zip(Mode::parse(&mode.to_lowercase()))
        });
        let Some((adapter, mode)) = parts else {
            bail!(
                "{name}: no such provider and mode; it is {{PROVIDER}}_TEST or {{PROVIDER}}_LIVE"
            );
        };
        if !url::Url::parse(&value).is_ok_and(|u| matches!(u.scheme(), "http" | "https")) {
            bail!("{name} must be a web address");
        }
        let value = value.trim_end_matches('/').to_owned();
        urls.insert((adapter.info().name.to_owned(), mode), value);
    }
    Ok(BaseUrls::new(urls))
}

/// The variables of single shops that are set, for `malipo provider import-env`.
pub fn shop_variables(
    vars: impl Iterator<Item = (OsString, OsString)>,
) -> BTreeMap<&'static str, SecretString> {
    let known = |name: &OsString| VARIABLES.iter().find(|v| name == v.name);
    vars.filter_map(|(name, value)| {
        let value = value.to_string_lossy().into_owned();
        Some((known(&name)?.name, SecretString::from(value)))
    })
    .collect()
}

impl Config {
    /// The variables of single shops in this process's environment.
    pub fn shop_variables() -> BTreeMap<&'static str, SecretString> {
        shop_variables(std::env::vars_os())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_environment_only_the_shops_variables_are_read() {
        let vars = [("PAYSTACK_SECRET_KEY", "sk_test_1"), ("HOME", "/root")];
        let read = shop_variables(vars.map(|(n, v)| (n.into(), v.into())).into_iter());
        assert_eq!(read.len(), 1);
        assert_eq!(read["PAYSTACK_SECRET_KEY"].expose_secret(), "sk_test_1");
    }

    fn urls(name: &str, value: &str) -> anyhow::Result<BaseUrls> {
        provider_urls([(name.to_owned(), value.to_owned())].into_iter())
    }

    #[test]
    fn provider_addresses_are_read_by_name_and_mode() {
        let read = urls(
            "MALIPO_PROVIDER_URL_PAYSTACK_TEST",
            "http://127.0.0.1:9/paystack/",
        )
        .unwrap();
        assert_eq!(
            read.replaced("paystack", Mode::Test),
            Some("http://127.0.0.1:9/paystack")
        );
        assert_eq!(read.replaced("paystack", Mode::Live), None);
    }

    #[test]
    fn a_bad_provider_address_is_named() {
        for (name, value) in [
            ("MALIPO_PROVIDER_URL_NOBODY_TEST", "http://127.0.0.1"),
            ("MALIPO_PROVIDER_URL_PAYSTACK_BETA", "http://127.0.0.1"),
            ("MALIPO_PROVIDER_URL_PAYSTACK_TEST", "ftp://x"),
        ] {
            assert!(urls(name, value).unwrap_err().to_string().contains(name));
        }
    }
}
