//! Hook addresses at the providers: registering ours where a call does it, and what is known of
//! them.
use super::provider_accounts::{AccountError, Opened, hook_url, keep_credential};
use super::{Actor, App, InputProblem, ProviderError, books};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::ids::TenantId;
use crate::providers::{Registered, find};
use crate::store::{StoreError, Tx, books as audit, hooks};
use serde_json::{Value, json};

const REGISTERED: &str = "provider.hooks_registered";
/// So many of the newest registrations are looked at.
const LOOKED_AT: i64 = 20;

/// What came of registering an address. Secrets are named, never told.
#[derive(Clone, Debug)]
pub struct HooksRegistered {
    pub hook_url: String,
    pub said: String,
    /// The fields that the provider gave and that are sealed now.
    pub credentials: Vec<&'static str>,
}

/// What is known of an account's hook address at the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HookState {
    /// When this very address was registered by us.
    pub registered: Option<Timestamp>,
    /// When the provider last called.
    pub last: Option<Timestamp>,
}

/// Registers our address with the provider and keeps the secret that comes with it.
///
/// # Errors
/// Outside: input or our own trouble. Inside: what the provider says.
pub async fn register_hooks(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
) -> Result<Result<HooksRegistered, ProviderError>, AccountError> {
    let adapter = find(provider)
        .ok_or_else(|| InputProblem::new("provider", "provider_unknown", "no such provider"))?;
    let info = adapter.info();
    if !info.registers_hooks {
        let message = format!(
            "{} has no call that registers a hook address: set it on its own pages",
            info.label
        );
        return Err(InputProblem::new("provider", "hooks_not_registered_here", message).into());
    }
    let opened = Opened::new(app, tenant, info, mode).await?;
    // Which keys it takes is the adapter's to say: a required one may be what registering gives.
    let first = info.credentials.iter().find(|f| f.required);
    if let Some(field) = first.filter(|_| opened.account.credentials.is_empty()) {
        let message = format!("save the {} {} first", mode.as_str(), field.label);
        return Err(InputProblem::new(field.name, "credential_missing", message).into());
    }
    let url = hook_url(app, tenant, provider, mode).await?;
    // The call goes on if the caller goes away: the secret in its answer is told once.
    let (app, actor, tenant) = (app.clone(), actor.clone(), tenant.clone());
    let called = tokio::spawn(async move {
        let answer = opened.counted(adapter.register_hooks(&opened.call(), &url).await);
        keep(&app, &actor, &tenant, info.name, mode, url, answer).await
    });
    called
        .await
        .unwrap_or(Err(AccountError::Store(StoreError::Stale)))
}

async fn keep(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    provider: &'static str,
    mode: Mode,
    hook_url: String,
    answer: Result<Registered, ProviderError>,
) -> Result<Result<HooksRegistered, ProviderError>, AccountError> {
    let mut tx = app.db.begin().await?;
    let (said, credentials) = match answer.as_ref() {
        Ok(done) => (done.said.clone(), names(done)),
        Err(e) => (e.to_string(), vec![]),
    };
    let detail = json!({
        "mode": mode.as_str(), "ok": answer.is_ok(), "said": said, "hook_url": hook_url,
        "credentials": credentials,
    });
    let answer = match answer {
        Ok(done) => {
            for (field, value) in done.credentials {
                keep_credential(app, &mut tx, actor, tenant, (provider, mode), field, value)
                    .await?;
            }
            Ok(HooksRegistered {
                hook_url,
                said,
                credentials,
            })
        }
        Err(e) => Err(e),
    };
    books::audit(app, &mut tx, tenant, actor, REGISTERED, provider, &detail).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(answer)
}

fn names(done: &Registered) -> Vec<&'static str> {
    done.credentials.iter().map(|(field, _)| *field).collect()
}

/// What is known of the address of an account and mode.
pub async fn state(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
    hook_url: &str,
) -> Result<HookState, StoreError> {
    let done = audit::audited(tx, tenant, REGISTERED, provider, LOOKED_AT).await?;
    let ours = |detail: &str| {
        let detail: Value = serde_json::from_str(detail).unwrap_or_default();
        detail["ok"] == true && detail["mode"] == mode.as_str() && detail["hook_url"] == hook_url
    };
    Ok(HookState {
        registered: done.iter().find(|a| ours(&a.detail)).map(|a| a.at),
        last: hooks::last_at(tx, tenant, provider, mode).await?,
    })
}
