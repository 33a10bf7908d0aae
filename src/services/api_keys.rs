//! API keys: made once, shown once, known by their SHA-256.
use super::accounts::token_hash;
use super::tenants::Tenant;
use super::vault::VaultError;
use super::{Actor, App, InputProblem, books};
use crate::clock::random_hex;
use crate::domain::account::Mode;
use crate::domain::ids::{ApiKeyId, TenantId};
use crate::domain::input::is_hidden;
use crate::store::{StoreError, api_keys, tenants};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

pub use crate::store::api_keys::ApiKey;

/// What a key can be narrowed to.
pub const SCOPES: [&str; 7] = [
    "read",
    "orders:write",
    "payments:write",
    "refunds:write",
    "proofs:write",
    "plans:write",
    "endpoints:write",
];

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How long a key may last at most, in days.
pub const MOST_DAYS: i64 = 3_650;

/// What a new key may do, and for how long.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub mode: Mode,
    /// To tell keys apart.
    pub name: String,
    /// Empty: every scope.
    pub scopes: Vec<String>,
    /// Left out, the key does not end by itself.
    pub expires_in_days: Option<i64>,
}

impl NewKey {
    /// A key with every scope that does not end by itself.
    pub fn new(mode: Mode, name: &str) -> Self {
        Self {
            mode,
            name: name.to_owned(),
            scopes: vec![],
            expires_in_days: None,
        }
    }
}

fn check(new: &NewKey) -> Result<(), InputProblem> {
    if let Some(unknown) = new.scopes.iter().find(|s| !SCOPES.contains(&s.as_str())) {
        let message = format!("{unknown} is none of {}", SCOPES.join(", "));
        return Err(InputProblem::new("scope", "scope_unknown", message));
    }
    let name = new.name.trim();
    if name.chars().count() > 60 || name.chars().any(|c| is_hidden(c) || c.is_control()) {
        let message = "must have at most 60 characters";
        return Err(InputProblem::new("name", "length", message));
    }
    if new
        .expires_in_days
        .is_some_and(|d| !(1..=MOST_DAYS).contains(&d))
    {
        let message = format!("must be 1 to {MOST_DAYS} days");
        return Err(InputProblem::new(
            "expires_in",
            "expires_in_invalid",
            message,
        ));
    }
    Ok(())
}

/// Whom a key speaks for.
#[derive(Clone, Debug)]
pub struct Caller {
    pub key: ApiKey,
    pub tenant: Tenant,
}

impl Caller {
    pub fn livemode(&self) -> bool {
        self.key.mode == Mode::Live
    }

    pub fn actor(&self) -> Actor {
        Actor::ApiKey(self.key.id.clone())
    }

    /// Whether the key has a scope; writing includes reading.
    pub fn may(&self, scope: &str) -> bool {
        let scopes = &self.key.scopes;
        scopes.is_empty() || scope == "read" || scopes.iter().any(|s| s == scope)
    }
}

/// Makes a key; the secret is returned this once.
pub async fn create(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    new: NewKey,
) -> Result<(ApiKey, SecretString), ApiKeyError> {
    check(&new)?;
    let (mode, now) = (new.mode, app.clock.now());
    let secret = format!("mk_{}_{}", mode.as_str(), random_hex::<24>());
    let key = ApiKey {
        id: app.clock.id(),
        tenant_id: tenant.clone(),
        mode,
        name: new.name.trim().to_owned(),
        hint: secret[secret.len() - 4..].to_owned(),
        scopes: new.scopes,
        created_at: now,
        last_used_at: None,
        expires_at: new.expires_in_days.map(|d| now.plus_secs(d * 86_400)),
        revoked_at: None,
    };
    let mut tx = app.db.begin().await?;
    api_keys::insert(&mut tx, &key, &token_hash(&secret)).await?;
    let detail = json!({
        "mode": mode.as_str(), "scopes": key.scopes, "expires_at": key.expires_at,
    });
    let subject = key.id.to_string();
    books::audit(
        app,
        &mut tx,
        tenant,
        actor,
        "api_key.created",
        &subject,
        &detail,
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((key, secret.into()))
}

const SHOWN: &str = "api_key.shown";

/// Seals a fresh secret for the one redirect to the page that shows it.
///
/// # Errors
/// [`VaultError`].
pub async fn seal_shown(
    app: &App,
    tenant: &TenantId,
    secret: &SecretString,
) -> Result<String, VaultError> {
    let mut tx = app.db.begin().await?;
    let now = app.clock.now();
    let sealed = app.vault.seal(&mut tx, tenant, SHOWN, secret, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// What [`seal_shown`] sealed for this tenant; nothing for anything else.
pub async fn open_shown(app: &App, tenant: &TenantId, text: &str) -> Option<String> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let mut tx = app.db.begin().await.ok()?;
    let now = app.clock.now();
    let opened = app.vault.open(&mut tx, tenant, SHOWN, &sealed, now).await;
    opened.ok().map(|secret| secret.expose_secret().to_owned())
}

/// What a secret is worth.
#[derive(Clone, Debug)]
pub enum Known {
    Good(Box<Caller>),
    /// It was one of this tenant's, and was revoked.
    Revoked(ApiKey),
    /// It was one of this tenant's, and its time is over.
    Expired(ApiKey),
    No,
}

/// Whom a secret speaks for.
pub async fn caller(app: &App, secret: &str) -> Result<Known, StoreError> {
    let mut tx = app.db.read().await?;
    let Some(key) = api_keys::by_hash(&mut tx, &token_hash(secret)).await? else {
        return Ok(Known::No);
    };
    let now = app.clock.now();
    if key.revoked_at.is_some() {
        return Ok(Known::Revoked(key));
    }
    if key.is_over(now) {
        return Ok(Known::Expired(key));
    }
    let Some(tenant) = tenants::by_id(&mut tx, &key.tenant_id).await? else {
        return Ok(Known::No);
    };
    drop(tx);
    // Once a minute is near enough, and spares a write on every call.
    let before = now.plus_secs(-60);
    if key.last_used_at.is_none_or(|at| at <= before) {
        let mut tx = app.db.begin().await?;
        api_keys::touch(&mut tx, &tenant.id, &key.id, now, before).await?;
        tx.commit().await?;
    }
    Ok(Known::Good(Box::new(Caller { key, tenant })))
}

pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &ApiKeyId,
) -> Result<Option<ApiKey>, StoreError> {
    api_keys::get(&mut app.db.read().await?, tenant, id).await
}

pub async fn list(app: &App, tenant: &TenantId) -> Result<Vec<ApiKey>, StoreError> {
    api_keys::all(&mut app.db.read().await?, tenant).await
}

pub async fn revoke(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    id: &ApiKeyId,
) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    api_keys::revoke(&mut tx, tenant, id, app.clock.now()).await?;
    let subject = id.to_string();
    books::audit(
        app,
        &mut tx,
        tenant,
        actor,
        "api_key.revoked",
        &subject,
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
