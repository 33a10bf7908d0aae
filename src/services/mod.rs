//! Use cases. Everything that moves money or state goes through here: pages, the API, hooks, jobs
//! and commands call these functions and nothing below them.
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::ids::{ApiKeyId, UserId};
use crate::store::Db;
use secrecy::SecretString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Notify;

pub mod accounts;
pub mod alerts;
pub mod amounts;
pub mod api_keys;
pub mod bills;
mod books;
pub mod call_log;
pub mod checkout;
pub mod customers;
pub mod deliveries;
pub mod endpoints;
pub mod entitlements;
pub mod events;
pub mod exports;
pub mod format;
pub mod idempotency;
pub mod import_env;
pub mod imports;
pub mod inbound;
mod inquiries;
pub mod links;
pub mod messages;
pub mod nats;
pub mod objects;
pub mod orders;
pub mod parts;
mod payme;
pub mod payments;
pub mod plans;
pub mod proof_files;
pub mod proofs;
pub mod provider_accounts;
pub mod provider_health;
pub mod provider_hooks;
pub mod purchases;
pub mod refunds;
pub mod reminders;
pub mod reports;
pub mod sessions;
mod settle;
pub mod signing;
pub mod tenants;
pub mod vault;

pub use crate::domain::InputProblem;
pub use crate::providers::{
    BaseUrls, CurrencyRule, Field, Flow, HookKind, Http, MethodInfo, ProviderError, ProviderInfo,
    REGISTRY, RawHook, RefundSupport, TestInstrument, TestOutcome, find as find_provider,
};
pub use crate::store::{Cursor, Engine, Page, StoreError};
pub use settle::SettleError;
pub use vault::Vault;

/// What the operator set, read once at the start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Scheme and host under which customers reach this program, without a slash at the end.
    pub public_url: String,
    /// Where proofs are kept.
    pub data_dir: PathBuf,
    /// Addresses that tenants type may lead to private ranges: for local work.
    pub allow_private_urls: bool,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where events are published besides; a password may stand in it.
    pub nats_url: Option<SecretString>,
}

/// Everything that a use case needs. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub http: Http,
    pub urls: BaseUrls,
    pub vault: Vault,
    pub settings: Arc<Settings>,
    /// How messages leave; nothing is set up unless [`App::with_post`] says so.
    pub post: messages::Post,
    /// Rung when work was queued for now, so that the runner need not wait.
    pub work: Arc<Notify>,
    /// Rung when an event was made.
    pub outbox: Arc<Notify>,
    tokens: provider_accounts::TokenGuards,
    shares: provider_health::SharesCache,
    calls: call_log::Waiting,
    provider_calls: reports::CallCounts,
    /// Since when this process works.
    started_at: Timestamp,
}

impl App {
    pub fn new(
        db: Db,
        clock: Clock,
        http: Http,
        urls: BaseUrls,
        vault: Vault,
        settings: Settings,
    ) -> Self {
        let started_at = clock.now();
        Self {
            db,
            clock,
            http,
            urls,
            vault,
            settings: Arc::new(settings),
            post: messages::Post::default(),
            work: Arc::new(Notify::new()),
            outbox: Arc::new(Notify::new()),
            tokens: provider_accounts::TokenGuards::default(),
            shares: provider_health::SharesCache::default(),
            calls: call_log::Waiting::default(),
            provider_calls: reports::CallCounts::default(),
            started_at,
        }
    }

    /// The same with a way for messages to leave.
    #[must_use]
    pub fn with_post(mut self, post: messages::Post) -> Self {
        self.post = post;
        self
    }

    /// A path under the public URL.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url)
    }
}

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    User(UserId),
    ApiKey(ApiKeyId),
    /// An API key's call under an `Idempotency-Key`: what it does is noted on that key.
    Call(ApiKeyId, Arc<idempotency::Running>),
    Customer,
    Provider,
    System,
}

impl Actor {
    pub fn as_str(&self) -> &str {
        use crate::domain::ids::Id;
        match self {
            Self::User(id) => id.as_str(),
            Self::ApiKey(id) | Self::Call(id, _) => id.as_str(),
            Self::Customer => "customer",
            Self::Provider => "provider",
            Self::System => "system",
        }
    }

    /// Whether it is a person or program whose doings belong in the audit log.
    fn is_audited(&self) -> bool {
        matches!(self, Self::User(_) | Self::ApiKey(_) | Self::Call(..))
    }
}

/// How often a transaction is tried when somebody else was faster.
const TRIES: usize = 16;
