//! API keys: made once, shown once, known by their SHA-256.
use super::accounts::token_hash;
use super::tenants::Tenant;
use super::{Actor, App, InputProblem, books};
use crate::clock::random_hex;
use crate::domain::account::Mode;
use crate::domain::ids::{ApiKeyId, TenantId};
use crate::store::{StoreError, api_keys, tenants};
use secrecy::SecretString;
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
    mode: Mode,
    name: &str,
    scopes: Vec<String>,
) -> Result<(ApiKey, SecretString), ApiKeyError> {
    if let Some(unknown) = scopes.iter().find(|s| !SCOPES.contains(&s.as_str())) {
        let message = format!("{unknown} is none of {}", SCOPES.join(", "));
        return Err(InputProblem::new("scope", "scope_unknown", message).into());
    }
    let secret = format!("mk_{}_{}", mode.as_str(), random_hex::<24>());
    let key = ApiKey {
        id: app.clock.id(),
        tenant_id: tenant.clone(),
        mode,
        name: name.trim().to_owned(),
        hint: secret[secret.len() - 4..].to_owned(),
        scopes,
        created_at: app.clock.now(),
        last_used_at: None,
        revoked_at: None,
    };
    let mut tx = app.db.begin().await?;
    api_keys::insert(&mut tx, &key, &token_hash(&secret)).await?;
    let detail = json!({ "mode": mode.as_str(), "scopes": key.scopes });
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

/// Whom a secret speaks for; `None` for unknown and revoked ones.
pub async fn caller(app: &App, secret: &str) -> Result<Option<Caller>, StoreError> {
    let mut tx = app.db.read().await?;
    let Some(key) = api_keys::by_hash(&mut tx, &token_hash(secret)).await? else {
        return Ok(None);
    };
    let Some(tenant) = tenants::by_id(&mut tx, &key.tenant_id).await? else {
        return Ok(None);
    };
    drop(tx);
    // Once a minute is near enough, and spares a write on every call.
    let now = app.clock.now();
    if key.last_used_at.is_none_or(|at| now.secs_since(at) >= 60) {
        let mut tx = app.db.begin().await?;
        api_keys::touch(&mut tx, &key.id, now).await?;
        tx.commit().await?;
    }
    Ok(Some(Caller { key, tenant }))
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
