//! Provider accounts: settings, sealed credentials, the test-mode switch, hook addresses, the
//! self-test, and opening an account for one call.
use super::provider_health::{self, Stopped};
use super::provider_hooks::{self, HookState};
use super::vault::VaultError;
use super::{Actor, App, InputProblem, ProviderError, ProviderInfo, books};
use crate::clock::random_hex;
use crate::domain::account::{Mode, ProviderAccount};
use crate::domain::ids::TenantId;
use crate::domain::{Currency, Fee, Timestamp};
use crate::providers::{
    AccessToken, Account, Call, FEE_FIXED, FEE_PERCENT, Field, PaymentProvider, REGISTRY,
    TokenStore, find,
};
use crate::store::provider_accounts::{self as rows, Credential};
use crate::store::{StoreError, Tx, tenants};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// Why a setting was not saved or an account not opened.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a page may show of one account.
#[derive(Clone)]
pub struct AccountView {
    pub info: &'static ProviderInfo,
    pub enabled: bool,
    pub test_mode: bool,
    pub options: BTreeMap<String, String>,
    pub credentials: Vec<CredentialView>,
    pub hook_url_test: String,
    pub hook_url_live: String,
    pub hooks_test: HookState,
    pub hooks_live: HookState,
    /// Why it is not offered although it is switched on.
    pub stopped: Option<Stopped>,
}

impl AccountView {
    pub fn credential(&self, mode: Mode, field: &str) -> Option<&CredentialView> {
        self.credentials
            .iter()
            .find(|c| c.mode == mode && c.field == field)
    }

    /// The required fields of a mode that are not set.
    pub fn missing(&self, mode: Mode) -> Vec<&'static Field> {
        let set = |f: &&Field| self.credential(mode, f.name).is_none();
        self.info
            .credentials
            .iter()
            .filter(|f| f.required)
            .filter(set)
            .collect()
    }
}

/// What a page may show of a credential: never the value, unless it is no secret.
#[derive(Clone, Debug)]
pub struct CredentialView {
    pub mode: Mode,
    pub field: String,
    pub fingerprint: String,
    /// The value of a field that is no secret.
    pub value: Option<String>,
    pub updated_at: Timestamp,
    pub updated_by: String,
}

/// A change of settings. What is `None` or absent stays as it was.
#[derive(Clone, Debug, Default)]
pub struct SaveAccount {
    pub provider: String,
    /// New values by mode and field; empty values are left out by the caller.
    pub credentials: Vec<(Mode, String, SecretString)>,
    pub options: BTreeMap<String, String>,
    pub enabled: Option<bool>,
    pub test_mode: Option<bool>,
}

/// Every provider with the tenant's settings for it.
pub async fn overview(app: &App, tenant: &TenantId) -> Result<Vec<AccountView>, AccountError> {
    let mut views = Vec::new();
    for adapter in REGISTRY {
        views.extend(view(app, tenant, adapter.info().name).await?);
    }
    Ok(views)
}

/// One provider with the tenant's settings for it; `None` for a name that is no provider's.
pub async fn view(
    app: &App,
    tenant: &TenantId,
    provider: &str,
) -> Result<Option<AccountView>, AccountError> {
    let Some(adapter) = find(provider) else {
        return Ok(None);
    };
    let info = adapter.info();
    let mut tx = app.db.begin().await?;
    let account = load(&mut tx, tenant, info, app.clock.now()).await?;
    let mut credentials = Vec::new();
    for c in rows::credentials(&mut tx, tenant, provider).await? {
        let secret = info.credential(&c.field).is_none_or(|f| f.secret);
        let value = if secret {
            None
        } else {
            Some(open_credential(app, &mut tx, tenant, provider, &c).await?)
        };
        credentials.push(CredentialView {
            mode: c.mode,
            field: c.field,
            fingerprint: c.fingerprint,
            value: value.map(|v| v.expose_secret().to_owned()),
            updated_at: c.updated_at,
            updated_by: c.updated_by,
        });
    }
    let hook_url_test = hook_url_in(app, &mut tx, tenant, provider, Mode::Test).await?;
    let hook_url_live = hook_url_in(app, &mut tx, tenant, provider, Mode::Live).await?;
    let (test, live) = (Mode::Test, Mode::Live);
    let hooks_test = provider_hooks::state(&mut tx, tenant, provider, test, &hook_url_test).await?;
    let hooks_live = provider_hooks::state(&mut tx, tenant, provider, live, &hook_url_live).await?;
    let one = std::slice::from_ref(&account);
    let stopped = provider_health::stopped(app, &mut tx, tenant, one).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Some(AccountView {
        info,
        enabled: account.enabled,
        test_mode: account.test_mode,
        options: account.options,
        credentials,
        hook_url_test,
        hook_url_live,
        hooks_test,
        hooks_live,
        stopped: stopped.into_iter().next().filter(|_| account.enabled),
    }))
}

/// The stored account, or the one that every tenant begins with: off, in test mode.
async fn load(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    info: &ProviderInfo,
    now: Timestamp,
) -> Result<ProviderAccount, StoreError> {
    let stored = rows::get(tx, tenant, info.name).await?;
    Ok(stored.unwrap_or_else(|| ProviderAccount {
        tenant_id: tenant.clone(),
        provider: info.name.to_owned(),
        enabled: false,
        test_mode: true,
        options: BTreeMap::new(),
        updated_at: now,
    }))
}

/// The enabled accounts of a tenant.
pub async fn enabled(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
) -> Result<Vec<ProviderAccount>, StoreError> {
    let mut all = rows::all(tx, tenant).await?;
    all.retain(|a| a.enabled);
    Ok(all)
}

/// An enabled account as far as a page may know it: no secret is opened for one.
pub struct Plain {
    pub account: ProviderAccount,
    /// Of the mode in use, those that are no secret.
    pub credentials: BTreeMap<String, SecretString>,
    /// The names of all that are set in that mode.
    set: BTreeSet<String>,
}

impl Plain {
    /// Whether the required credentials of the mode in use are set.
    pub fn is_complete(&self, info: &ProviderInfo) -> bool {
        let mut required = info.credentials.iter().filter(|f| f.required);
        required.all(|f| self.set.contains(f.name))
    }
}

/// The enabled accounts of a tenant with their plain credentials.
pub async fn plain(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
) -> Result<Vec<Plain>, StoreError> {
    let accounts = enabled(tx, tenant).await?;
    let stored = rows::all_credentials(tx, tenant).await?;
    let mut all = Vec::new();
    for account in accounts {
        let info = find(&account.provider).map(PaymentProvider::info);
        let (mut credentials, mut set) = (BTreeMap::new(), BTreeSet::new());
        for (provider, c) in &stored {
            if *provider != account.provider || c.mode != account.mode() {
                continue;
            }
            let field = info.and_then(|i| i.credential(&c.field));
            if field.is_some_and(|f| !f.secret) {
                match open_credential(app, tx, tenant, provider, c).await {
                    Ok(value) => credentials.insert(c.field.clone(), value),
                    Err(error) => {
                        // As if it were not set: the account cannot be used.
                        tracing::error!(provider, field = c.field, error = %error,
                            "a credential cannot be opened");
                        continue;
                    }
                };
            }
            set.insert(c.field.clone());
        }
        all.push(Plain {
            account,
            credentials,
            set,
        });
    }
    Ok(all)
}

pub async fn options(
    app: &App,
    tenant: &TenantId,
    provider: &str,
) -> Result<BTreeMap<String, String>, StoreError> {
    let account = rows::get(&mut app.db.read().await?, tenant, provider).await?;
    Ok(account.map(|a| a.options).unwrap_or_default())
}

fn place(provider: &str, mode: Mode, field: &str) -> String {
    format!("provider_credentials/{provider}/{}/{field}", mode.as_str())
}

async fn open_credential(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    c: &Credential,
) -> Result<SecretString, VaultError> {
    let place = place(provider, c.mode, &c.field);
    app.vault
        .open(tx, tenant, &place, &c.sealed, app.clock.now())
        .await
}

/// Refuses a value that shows it belongs to the other mode, or is none of the choices.
fn check_value(field: &Field, mode: Mode, value: &str) -> Result<(), InputProblem> {
    let refuse = |code, message: String| Err(InputProblem::new(field.name, code, message));
    if value.chars().any(char::is_control) && !field.long {
        return refuse(
            "control_characters",
            format!("{} holds a line break", field.label),
        );
    }
    if value.len() > 4_000 {
        return refuse(
            "too_long",
            format!("{} is longer than 4,000 characters", field.label),
        );
    }
    if !field.choices.is_empty() && !field.choices.contains(&value) {
        let choices = field.choices.join(", ");
        return refuse(
            "not_a_choice",
            format!("{} must be one of {choices}", field.label),
        );
    }
    let (own, other) = match mode {
        Mode::Test => (field.test_prefix, field.live_prefix),
        Mode::Live => (field.live_prefix, field.test_prefix),
    };
    let begins = |prefix: Option<&str>| prefix.is_some_and(|p| value.starts_with(p));
    if begins(other) && !begins(own) {
        let other_mode = Mode::of(!mode.is_test());
        let message = format!(
            "this is a {} key in the {} field of {}",
            other_mode.as_str(),
            mode.as_str(),
            field.label
        );
        return refuse("wrong_mode", message);
    }
    Ok(())
}

/// Refuses a credential that cannot be one of this field and mode. The message never holds it.
pub(super) fn check_credential(
    info: &ProviderInfo,
    mode: Mode,
    name: &str,
    value: &str,
) -> Result<(), InputProblem> {
    let Some(field) = info.credential(name) else {
        let known: Vec<_> = info.credentials.iter().map(|f| f.name).collect();
        let message = format!("{name} is none of {}", known.join(", "));
        return Err(InputProblem::new(
            "credential",
            "credential_unknown",
            message,
        ));
    };
    check_value(field, mode, value)
}

/// Refuses an option that the provider does not have or that cannot be what it says.
fn check_option(
    info: &ProviderInfo,
    name: &str,
    value: &str,
    currency: Currency,
) -> Result<(), InputProblem> {
    let Some(field) = info.option(name) else {
        let message = format!("{name} is no option of {}", info.label);
        return Err(InputProblem::new("option", "option_unknown", message));
    };
    if value.is_empty() {
        return Ok(());
    }
    check_value(field, Mode::Test, value)?;
    let fee = match field.name {
        FEE_PERCENT => Fee::percent(value).map(|_| ()),
        FEE_FIXED => Fee::fixed(value, currency).map(|_| ()),
        _ => Ok(()),
    };
    fee.map_err(|e| InputProblem::new(field.name, "fee_invalid", e.to_string()))
}

/// Saves settings; every value is checked before any is kept.
pub async fn save(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    change: SaveAccount,
) -> Result<(), AccountError> {
    let adapter = find(&change.provider)
        .ok_or_else(|| InputProblem::new("provider", "provider_unknown", "no such provider"))?;
    let info = adapter.info();
    for (mode, name, value) in &change.credentials {
        check_credential(info, *mode, name, value.expose_secret().trim())?;
    }
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let currency = tenants::by_id(&mut tx, tenant).await?.map(|t| t.currency);
    let currency = currency.ok_or(StoreError::Stale)?;
    for (name, value) in &change.options {
        check_option(info, name, value.trim(), currency)?;
    }
    if info.test_only && change.test_mode == Some(false) {
        let message = format!("{} takes no real money", info.label);
        return Err(InputProblem::new("test_mode", "test_only", message).into());
    }
    let mut account = load(&mut tx, tenant, info, now).await?;
    let before = json!({ "enabled": account.enabled, "test_mode": account.test_mode });
    account.enabled = change.enabled.unwrap_or(account.enabled);
    account.test_mode = change.test_mode.unwrap_or(account.test_mode);
    for (name, value) in change.options {
        account.options.insert(name, value.trim().to_owned());
    }
    account.updated_at = now;
    rows::save(&mut tx, &account).await?;
    let mut changed = Vec::new();
    for (mode, field, value) in change.credentials {
        changed.push(format!("{} {field}", mode.as_str()));
        let place = (info.name, mode);
        keep_credential(app, &mut tx, actor, tenant, place, &field, value).await?;
    }
    require_complete(&mut tx, tenant, info, &account).await?;
    let detail = json!({
        "before": before,
        "after": { "enabled": account.enabled, "test_mode": account.test_mode },
        "credentials": changed,
    });
    books::audit(
        app,
        &mut tx,
        tenant,
        actor,
        "provider.saved",
        info.name,
        &detail,
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Seals one value into its place. A token of the old credentials does not outlive them.
pub(super) async fn keep_credential(
    app: &App,
    tx: &mut Tx<'_>,
    actor: &Actor,
    tenant: &TenantId,
    (provider, mode): (&str, Mode),
    field: &str,
    value: SecretString,
) -> Result<(), AccountError> {
    let now = app.clock.now();
    let value: SecretString = value.expose_secret().trim().into();
    let place = place(provider, mode, field);
    let sealed = app.vault.seal(tx, tenant, &place, &value, now).await?;
    let row = Credential {
        mode,
        field: field.to_owned(),
        sealed,
        fingerprint: app.vault.fingerprint(tx, tenant, &value, now).await?,
        updated_at: now,
        updated_by: actor.as_str().to_owned(),
    };
    rows::save_credential(tx, tenant, provider, &row).await?;
    rows::drop_token(tx, tenant, provider, mode).await?;
    crate::store::inquiries::resume(tx, tenant, provider, mode).await?;
    Ok(())
}

/// An enabled account needs the required credentials of the mode it is in.
async fn require_complete(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    info: &'static ProviderInfo,
    account: &ProviderAccount,
) -> Result<(), AccountError> {
    if !account.enabled {
        return Ok(());
    }
    let set = rows::credentials(tx, tenant, info.name).await?;
    let mode = account.mode();
    for field in info.credentials.iter().filter(|f| f.required) {
        if !set.iter().any(|c| c.mode == mode && c.field == field.name) {
            let message = format!(
                "{} needs its {} {} before it can be used in {} mode",
                info.label,
                mode.as_str(),
                field.label,
                mode.as_str()
            );
            return Err(InputProblem::new(field.name, "credential_missing", message).into());
        }
    }
    Ok(())
}

/// The address that a provider calls for this account and mode.
pub async fn hook_url(
    app: &App,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
) -> Result<String, StoreError> {
    let mut tx = app.db.begin().await?;
    let url = hook_url_in(app, &mut tx, tenant, provider, mode).await?;
    tx.commit().await?;
    Ok(url)
}

async fn hook_url_in(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
) -> Result<String, StoreError> {
    // Hex: random base64 can spell words that providers refuse in an address.
    let fresh = random_hex::<20>();
    let token = rows::hook_token(tx, tenant, provider, mode, &fresh).await?;
    Ok(app.url(&format!("/hooks/{token}")))
}

/// Opens an account's credentials for one call.
pub async fn open(
    app: &App,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
) -> Result<Account, AccountError> {
    let mut tx = app.db.read().await?;
    let options = rows::get(&mut tx, tenant, provider)
        .await?
        .map(|a| a.options);
    let fallback = tenants::by_id(&mut tx, tenant)
        .await?
        .map(|t| t.fallback_email);
    let mut credentials = BTreeMap::new();
    for c in rows::credentials(&mut tx, tenant, provider).await? {
        if c.mode == mode {
            let value = open_credential(app, &mut tx, tenant, provider, &c).await?;
            credentials.insert(c.field, value);
        }
    }
    Ok(Account {
        tenant_id: tenant.clone(),
        mode,
        credentials,
        options: options.unwrap_or_default(),
        fallback_email: fallback.filter(|e| !e.is_empty()),
    })
}

/// Calls the provider with the saved credentials; moves no money.
///
/// # Errors
/// What is wrong, in the provider's words.
pub async fn self_test(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
) -> Result<Result<String, ProviderError>, AccountError> {
    let adapter = find(provider)
        .ok_or_else(|| InputProblem::new("provider", "provider_unknown", "no such provider"))?;
    let opened = Opened::new(app, tenant, adapter.info(), mode).await?;
    let mut result = opened.counted(adapter.self_test(&opened.call()).await);
    if let (Ok(said), Some(missing)) = (
        &mut result,
        hook_proof_missing(adapter.info(), &opened.account),
    ) {
        *said = format!("{}. {missing}", said.trim_end_matches('.'));
    }
    let mut tx = app.db.begin().await?;
    let account = rows::get(&mut tx, tenant, provider).await?;
    if result.is_ok() && account.is_some_and(|a| a.mode() == mode) {
        // It works: refusals from before no longer keep it from being offered.
        rows::touch(&mut tx, tenant, provider, app.clock.now()).await?;
    }
    let said = match &result {
        Ok(said) => said.clone(),
        Err(e) => e.to_string(),
    };
    let detail = json!({ "mode": mode.as_str(), "ok": result.is_ok(), "said": said });
    books::audit(
        app,
        &mut tx,
        tenant,
        actor,
        "provider.tested",
        provider,
        &detail,
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(result)
}

/// What to say where an account has nothing yet by which a hook could be believed.
fn hook_proof_missing(info: &ProviderInfo, account: &Account) -> Option<String> {
    let field = info.credentials.iter().find(|f| f.proves_hooks)?;
    let set = account.credentials.get(field.name);
    let set = set.is_some_and(|s| !s.expose_secret().trim().is_empty());
    (!set).then(|| {
        let name = field.label.to_lowercase();
        format!("There is no {name} yet: hooks are refused, and payments are found by asking.")
    })
}

/// An account opened with all that an adapter's call needs.
pub struct Opened {
    pub account: Account,
    info: &'static ProviderInfo,
    base_url: String,
    tokens: Tokens,
    app: App,
}

impl Opened {
    pub async fn new(
        app: &App,
        tenant: &TenantId,
        info: &'static ProviderInfo,
        mode: Mode,
    ) -> Result<Self, AccountError> {
        Ok(Self {
            account: open(app, tenant, info.name, mode).await?,
            info,
            base_url: app.urls.of(info, mode).to_owned(),
            tokens: Tokens {
                app: app.clone(),
                tenant: tenant.clone(),
                provider: info.name,
                mode,
            },
            app: app.clone(),
        })
    }

    pub fn call(&self) -> Call<'_> {
        Call {
            account: &self.account,
            base_url: &self.base_url,
            http: &self.app.http,
            now: self.app.clock.now(),
            tokens: &self.tokens,
        }
    }

    /// Counts a call by its answer, which it gives back: every call to a provider goes through here.
    pub fn counted<T>(&self, answer: Result<T, ProviderError>) -> Result<T, ProviderError> {
        let account = &self.account;
        let (tenant, mode) = (&account.tenant_id, account.mode);
        super::reports::count_call(&self.app, tenant, self.info, mode, &answer);
        answer
    }
}

/// One lock an account and mode, so that this process fetches a token once.
#[derive(Clone, Default)]
pub struct TokenGuards(Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>);

/// An account's access token, shared through the database by every process.
struct Tokens {
    app: App,
    tenant: TenantId,
    provider: &'static str,
    mode: Mode,
}

impl Tokens {
    fn place(&self, product: &str) -> String {
        let (provider, mode) = (self.provider, self.mode.as_str());
        if product.is_empty() {
            format!("provider_tokens/{provider}/{mode}")
        } else {
            format!("provider_tokens/{provider}/{mode}/{product}")
        }
    }

    async fn try_load(&self, product: &str) -> Result<Option<AccessToken>, VaultError> {
        let mut tx = self.app.db.read().await?;
        let (tenant, mode) = (&self.tenant, self.mode);
        let stored = rows::token(&mut tx, tenant, self.provider, mode, product).await?;
        let Some((sealed, expires_at)) = stored else {
            return Ok(None);
        };
        let now = self.app.clock.now();
        let value = self
            .app
            .vault
            .open(&mut tx, tenant, &self.place(product), &sealed, now)
            .await?;
        Ok(Some(AccessToken { value, expires_at }))
    }

    async fn try_save(&self, product: &str, token: &AccessToken) -> Result<(), VaultError> {
        let mut tx = self.app.db.begin().await?;
        let now = self.app.clock.now();
        let place = self.place(product);
        let sealed = self
            .app
            .vault
            .seal(&mut tx, &self.tenant, &place, &token.value, now)
            .await?;
        let (tenant, provider) = (&self.tenant, self.provider);
        rows::save_token(
            &mut tx,
            tenant,
            provider,
            self.mode,
            product,
            sealed,
            token.expires_at,
        )
        .await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(())
    }
}

#[async_trait]
impl TokenStore for Tokens {
    async fn guard(&self) -> OwnedMutexGuard<()> {
        let key = format!("{}/{}", self.tenant, self.place(""));
        let lock = {
            let mut all = self
                .app
                .tokens
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            all.entry(key).or_default().clone()
        };
        lock.lock_owned().await
    }

    async fn load(&self, product: &str) -> Option<AccessToken> {
        // A token that cannot be read is fetched anew.
        self.try_load(product).await.unwrap_or_else(|e| {
            tracing::warn!(provider = self.provider, error = %e, "access token not readable");
            None
        })
    }

    async fn save(&self, product: &str, token: &AccessToken) {
        if let Err(e) = self.try_save(product, token).await {
            tracing::warn!(provider = self.provider, error = %e, "access token not kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_the_other_mode_is_refused_by_name() {
        const KEY: Field =
            Field::secret("secret_key", "Secret key", "").prefixes("sk_test_", "sk_live_");
        assert!(check_value(&KEY, Mode::Test, "sk_test_abc").is_ok());
        assert!(check_value(&KEY, Mode::Live, "sk_live_abc").is_ok());
        for (mode, value, code) in [
            (Mode::Live, "sk_test_abc", "wrong_mode"),
            (Mode::Test, "sk_live_abc", "wrong_mode"),
        ] {
            let refused = check_value(&KEY, mode, value).unwrap_err();
            assert_eq!((refused.field, refused.code), ("secret_key", code));
            assert!(!refused.message.contains("abc"));
        }
    }
}
