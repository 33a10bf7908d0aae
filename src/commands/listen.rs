//! `malipo listen`: new events to an address on this machine, for whoever writes the receiver.
use anyhow::{Context, bail};
use clap::{ArgGroup, Args};
use malipo::clock::Clock;
use malipo::config::Config;
use malipo::domain::account::Mode;
use malipo::domain::ids::TenantId;
use malipo::providers::http::{segment, send};
use malipo::services::events::{self, EventFilter};
use malipo::services::{App, Cursor, Http, signing};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// How often the newest events are read.
const PAUSE: Duration = Duration::from_secs(1);
/// How many pages are read at most to catch up.
const MOST_PAGES: usize = 20;
const PAGE: i64 = 100;

/// Forwards new events to an address on this machine, signed as to an endpoint.
///
/// No public address is needed. Events are read with an API key from a server, or with --tenant
/// from the database itself. Nothing is repeated: what the address refuses is printed and left.
#[derive(Args)]
#[command(group(ArgGroup::new("source").required(true).args(["api_key", "tenant"])))]
pub struct Listen {
    /// Where to post them, for example <http://localhost:4242/events>.
    #[arg(long)]
    forward: String,
    /// Reads them from --server with this key, which needs only the scope read.
    #[arg(long, env = "MALIPO_API_KEY", hide_env_values = true)]
    api_key: Option<SecretString>,
    /// The server to ask.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    server: String,
    /// Reads the events of this tenant from the database.
    #[arg(long)]
    tenant: Option<String>,
    /// With --tenant: test or live events.
    #[arg(long, value_parser = mode, default_value = "test")]
    mode: Mode,
    /// Only these types; several may be given.
    #[arg(long = "event")]
    events: Vec<String>,
    /// Signs with this secret, whsec_…; without it with a fresh one, which is printed.
    #[arg(long)]
    secret: Option<SecretString>,
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).ok_or_else(|| "test or live".to_owned())
}

/// Where events are read.
enum Source {
    Server {
        url: String,
        key: SecretString,
    },
    Database {
        app: Box<App>,
        tenant: TenantId,
        livemode: bool,
    },
}

/// One event to forward.
struct Found {
    id: String,
    event_type: String,
    body: String,
}

type Page = (Vec<Found>, Option<String>);

impl Listen {
    pub async fn run(self, config: &Config, as_json: bool) -> anyhow::Result<()> {
        let forward = url::Url::parse(&self.forward).context("--forward")?;
        if !matches!(forward.scheme(), "http" | "https") {
            bail!("--forward must be a web address such as http://localhost:4242/events");
        }
        let source = self.source(config).await?;
        let http = Http::new().context("the HTTP client")?;
        let secret = self.secret.clone().unwrap_or_else(signing::new_secret);
        // What is there already is old news.
        let (old, _) = source.page(&http, None).await?;
        let mut seen: HashSet<String> = old.into_iter().map(|e| e.id).collect();
        let facts = json!({ "forward": self.forward, "secret": secret.expose_secret() });
        let words = format!(
            "Forwarding new events to {}\nSigned with {}",
            self.forward,
            secret.expose_secret()
        );
        super::print(as_json, &facts, &words);
        loop {
            tokio::time::sleep(PAUSE).await;
            let fresh = match source.fresh(&http, &seen).await {
                Ok(fresh) => fresh,
                Err(e) => {
                    eprintln!("malipo: {e:#}");
                    continue;
                }
            };
            for event in fresh {
                seen.insert(event.id.clone());
                if self.events.is_empty() || self.events.contains(&event.event_type) {
                    self.post(&http, &secret, &event, as_json).await;
                }
            }
        }
    }

    async fn source(&self, config: &Config) -> anyhow::Result<Source> {
        match (&self.api_key, &self.tenant) {
            (_, Some(slug)) => {
                let app = config.open().await?;
                let tenant = super::tenant_of(&app, slug).await?.id;
                let livemode = self.mode == Mode::Live;
                let app = Box::new(app);
                Ok(Source::Database {
                    app,
                    tenant,
                    livemode,
                })
            }
            (Some(key), None) => Ok(Source::Server {
                url: self.server.trim_end_matches('/').to_owned(),
                key: key.clone(),
            }),
            (None, None) => bail!("--api-key or --tenant is needed"),
        }
    }

    async fn post(&self, http: &Http, secret: &SecretString, event: &Found, as_json: bool) {
        let at = Clock::system().now().unix_ms() / 1_000;
        let headers = signing::headers(std::slice::from_ref(secret), &event.id, at, &event.body);
        let mut request = http
            .post(&self.forward)
            .header("content-type", "application/json")
            .body(event.body.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let (status, answer) = match send(request).await {
            Ok(answer) => (Some(answer.status), answer.status.to_string()),
            Err(e) => (None, e.to_string()),
        };
        let facts = json!({ "id": event.id, "type": event.event_type, "status": status });
        let words = format!("{}  {}  {answer}", event.id, event.event_type);
        super::print(as_json, &facts, &words);
    }
}

impl Source {
    /// What is not seen yet, oldest first.
    async fn fresh(&self, http: &Http, seen: &HashSet<String>) -> anyhow::Result<Vec<Found>> {
        let (mut fresh, mut cursor) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let (page, next) = self.page(http, cursor).await?;
            let before = fresh.len();
            let all = page.len();
            fresh.extend(page.into_iter().filter(|e| !seen.contains(&e.id)));
            cursor = next;
            // An event may be committed after a newer one: a page is read to its end.
            if fresh.len() - before < all || cursor.is_none() {
                break;
            }
        }
        fresh.reverse();
        Ok(fresh)
    }

    /// One page, newest first, and where the next one begins.
    async fn page(&self, http: &Http, cursor: Option<String>) -> anyhow::Result<Page> {
        match self {
            Self::Server { url, key } => {
                let mut address = format!("{url}/api/v1/events?limit={PAGE}");
                if let Some(cursor) = cursor {
                    address = format!("{address}&cursor={}", segment(&cursor));
                }
                let request = http.get(&address).bearer_auth(key.expose_secret());
                let answer = send(request)
                    .await
                    .with_context(|| format!("--server {url}"))?;
                if answer.status == 401 {
                    bail!("--api-key: the server does not know this key");
                }
                let body = answer.json().filter(|_| answer.is_success());
                let body = body.with_context(|| format!("--server {url}: {}", answer.words()))?;
                let found = body["data"].as_array().into_iter().flatten().map(found);
                let next = body["next_cursor"].as_str().map(str::to_owned);
                Ok((found.collect(), next))
            }
            Self::Database {
                app,
                tenant,
                livemode,
            } => {
                let filter = EventFilter {
                    livemode: Some(*livemode),
                    ..EventFilter::default()
                };
                let cursor = cursor.map_or(Cursor::Newest, Cursor::After);
                let page = events::list(app, tenant, &filter, &cursor, PAGE).await?;
                let found = page.rows.iter().map(|e| Found {
                    id: e.id.to_string(),
                    event_type: e.event_type.clone(),
                    body: events::body(e),
                });
                Ok((found.collect(), page.older))
            }
        }
    }
}

fn found(event: &Value) -> Found {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    Found {
        id: text("id"),
        event_type: text("type"),
        body: event.to_string(),
    }
}
