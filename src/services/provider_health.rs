//! How accounts do: those that refuse every call because their settings are wrong are not offered,
//! and what mostly succeeds is offered first. All of it is derived from the payments.
use super::App;
use crate::domain::Timestamp;
use crate::domain::account::{Mode, ProviderAccount};
use crate::domain::ids::TenantId;
use crate::domain::method::Method;
use crate::store::payments::{self, Share, WayShare};
use crate::store::{StoreError, Tx};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// So many starts in a row must be refused, in the same words, before an account is no longer offered.
const REFUSED_IN_A_ROW: usize = 3;
const REFUSED_WITHIN_SECS: i64 = 86_400;
const SHARES_OF_SECS: i64 = 30 * 86_400;
/// Of so many of the newest payments, so that a checkout page costs the same at any size.
const SHARES_OF_NEWEST: i64 = 1_000;
/// How long shares are remembered: they move slowly.
const SHARES_FOR_SECS: i64 = 60;

/// An account that is not offered, because its last calls were refused as wrongly set up. Saving
/// its settings or a self-test that passes ends that; so does a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    pub provider: String,
    pub mode: Mode,
    pub since: Timestamp,
    /// The provider's last words.
    pub said: String,
}

/// Which of the accounts are stopped, in the mode that each is in.
pub async fn stopped(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    accounts: &[ProviderAccount],
) -> Result<Vec<Stopped>, StoreError> {
    let since = app.clock.now().plus_secs(-REFUSED_WITHIN_SECS);
    let refused = payments::settings_refused(tx, tenant, since).await?;
    let mut out = Vec::new();
    for account in accounts {
        let mut of_account = refused.iter().filter(|r| {
            r.provider == account.provider
                && r.test_mode == account.test_mode
                && r.at > account.updated_at
        });
        let Some(last) = of_account.next() else {
            continue;
        };
        // In the same words: a sandbox has numbers that are refused for one reason each.
        let mut alike = of_account.filter(|r| r.said == last.said);
        let Some(first) = alike.nth(REFUSED_IN_A_ROW - 2) else {
            continue;
        };
        if !payments::answered_since(tx, first, tenant).await? {
            out.push(Stopped {
                provider: account.provider.clone(),
                mode: account.mode(),
                since: first.at,
                said: last.said.clone(),
            });
        }
    }
    Ok(out)
}

/// The stopped ones of a tenant's enabled accounts.
pub async fn stopped_of(app: &App, tenant: &TenantId) -> Result<Vec<Stopped>, StoreError> {
    let mut tx = app.db.read().await?;
    let accounts = super::provider_accounts::enabled(&mut tx, tenant).await?;
    stopped(app, &mut tx, tenant, &accounts).await
}

/// How often ways to pay succeeded with live money, by tenant, for a minute.
#[derive(Clone, Default)]
pub struct SharesCache(Arc<Mutex<HashMap<TenantId, Remembered>>>);

/// When they were counted, and what.
type Remembered = (Timestamp, Arc<Shares>);

#[derive(Debug, Default)]
pub struct Shares(Vec<WayShare>);

impl Shares {
    /// Nothing for test mode: people try refusals there on purpose.
    pub fn of(&self, provider: &str, method: Method, test_mode: bool) -> Option<Share> {
        let fits = |w: &&WayShare| w.provider == provider && w.method == method && !w.test_mode;
        let found = self.0.iter().find(fits).filter(|_| !test_mode);
        found.map(|w| w.share)
    }
}

pub async fn shares(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
) -> Result<Arc<Shares>, StoreError> {
    let now = app.clock.now();
    let known = {
        let all = app.shares.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(tenant).cloned()
    };
    if let Some((at, shares)) = known
        && (0..SHARES_FOR_SECS).contains(&now.secs_since(at))
    {
        return Ok(shares);
    }
    let since = now.plus_secs(-SHARES_OF_SECS);
    let fresh = payments::shares(tx, tenant, since, SHARES_OF_NEWEST).await?;
    let fresh = Arc::new(Shares(fresh));
    let mut all = app.shares.0.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert(tenant.clone(), (now, fresh.clone()));
    Ok(fresh)
}
