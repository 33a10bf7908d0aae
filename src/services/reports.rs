//! Figures for charts and alert rules. Calls to providers and trouble with the database are counted
//! in memory and written in batches, so that no call waits for it and no transaction is open across
//! one; a crash loses the last second of the counts.
use super::{App, ProviderError, ProviderInfo};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::ids::TenantId;
use crate::store::{StoreError, Tx, reports};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::store::reports::{Calls, HookDelay};

/// Counts are kept in slots of this length.
pub const SLOT_SECS: i64 = 600;
/// How long they are kept.
const KEEP_DAYS: i64 = 90;
/// Hooks that a chart looks at at most.
const NEWEST_HOOKS: i64 = 5_000;

/// Tenant, provider, mode, slot.
type Place = (TenantId, &'static str, Mode, i64);

/// Calls that are not written yet, with those of them that brought no proper answer.
#[derive(Clone, Default)]
pub struct CallCounts(Arc<Mutex<BTreeMap<Place, (i64, i64)>>>);

impl CallCounts {
    fn add(&self, place: Place, calls: i64, errors: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = all.entry(place).or_default();
        sum.0 += calls;
        sum.1 += errors;
    }

    fn take(&self) -> BTreeMap<Place, (i64, i64)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn slot(at: Timestamp) -> i64 {
    let length = SLOT_SECS * 1_000;
    at.unix_ms().div_euclid(length) * length
}

/// Counts one call to a provider. A refusal is a proper answer; no answer, or one that blames our
/// settings, is none.
pub(super) fn count_call<T>(
    app: &App,
    tenant: &TenantId,
    info: &'static ProviderInfo,
    mode: Mode,
    answer: &Result<T, ProviderError>,
) {
    // Without credentials there is nobody to call.
    if info.credentials.is_empty() {
        return;
    }
    let failed = !matches!(answer, Ok(_) | Err(ProviderError::Declined(_)));
    let place = (tenant.clone(), info.name, mode, slot(app.clock.now()));
    app.provider_calls.add(place, 1, i64::from(failed));
}

/// Writes what was counted. The job runner calls it every second, and the server when it stops.
///
/// # Errors
/// [`StoreError`]; what was counted then waits for the next time.
pub async fn flush(app: &App) -> Result<(), StoreError> {
    let (calls, troubles) = (app.provider_calls.take(), app.db.take_troubles());
    if calls.is_empty() && troubles == 0 {
        return Ok(());
    }
    let written = write(app, &calls, troubles).await;
    if written.is_err() {
        for (place, (n, errors)) in calls {
            app.provider_calls.add(place, n, errors);
        }
        for _ in 0..troubles {
            app.db.note_trouble();
        }
    }
    written
}

async fn write(
    app: &App,
    calls: &BTreeMap<Place, (i64, i64)>,
    troubles: i64,
) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    for ((tenant, provider, mode, slot_at), (n, errors)) in calls {
        let of = Calls {
            provider: (*provider).to_owned(),
            slot_at: Timestamp::from_unix_ms(*slot_at),
            calls: *n,
            errors: *errors,
        };
        reports::add_calls(&mut tx, tenant, *mode, &of).await?;
    }
    if troubles > 0 {
        let slot_at = Timestamp::from_unix_ms(slot(app.clock.now()));
        reports::add_troubles(&mut tx, slot_at, troubles).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Forgets counts whose time is over.
pub(super) async fn forget_old(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    reports::delete_before(tx, now.plus_secs(-KEEP_DAYS * 86_400)).await
}

/// Live calls since a time, by provider and slot.
pub async fn calls(
    app: &App,
    tenant: &TenantId,
    since: Timestamp,
) -> Result<Vec<Calls>, StoreError> {
    flush(app).await?;
    reports::calls_since(&mut app.db.read().await?, tenant, since).await
}

/// How long the first hook about each live payment took, of payments made since a time.
pub async fn hook_delays(
    app: &App,
    tenant: &TenantId,
    since: Timestamp,
) -> Result<Vec<HookDelay>, StoreError> {
    reports::hook_delays(&mut app.db.read().await?, tenant, since, NEWEST_HOOKS).await
}
