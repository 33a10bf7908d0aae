//! The request log: what developers look calls up in. Calls are noted in memory and written in
//! batches, so that no call waits for it; a crash loses the last second of the log, never a call.
use super::App;
use crate::domain::Timestamp;
use crate::domain::ids::TenantId;
use crate::store::{Cursor, Page, StoreError, Tx, api_requests};
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::store::api_requests::{ApiRequest, RequestFilter};

/// How long calls are kept.
pub const KEEP_DAYS: i64 = 30;
/// What is held in memory at most while the database cannot be written; newer ones are dropped.
const MOST_WAITING: usize = 10_000;

/// Calls that are not written yet.
#[derive(Clone, Default)]
pub struct Waiting(Arc<Mutex<Vec<ApiRequest>>>);

impl Waiting {
    fn add(&self, calls: impl IntoIterator<Item = ApiRequest>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST_WAITING.saturating_sub(waiting.len());
        let mut calls = calls.into_iter();
        waiting.extend(calls.by_ref().take(room));
        let lost = calls.count();
        if lost > 0 {
            tracing::warn!(lost, "the request log is full: calls were not noted");
        }
    }

    fn take(&self) -> Vec<ApiRequest> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Notes a call; it is written by the next [`flush`].
pub fn note(app: &App, call: ApiRequest) {
    app.calls.add([call]);
}

/// Writes what was noted. The job runner calls it every second, and the server when it stops.
///
/// # Errors
/// [`StoreError`]; what was noted then waits for the next time.
pub async fn flush(app: &App) -> Result<(), StoreError> {
    let calls = app.calls.take();
    if calls.is_empty() {
        return Ok(());
    }
    let written = write(app, &calls).await;
    if written.is_err() {
        app.calls.add(calls);
    }
    written
}

async fn write(app: &App, calls: &[ApiRequest]) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    for call in calls {
        api_requests::insert(&mut tx, call).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A tenant's calls, newest first.
pub async fn list(
    app: &App,
    tenant: &TenantId,
    filter: &RequestFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<ApiRequest>, StoreError> {
    // What this process has just answered is what its developer looks for.
    flush(app).await?;
    api_requests::list(&mut app.db.read().await?, tenant, filter, cursor, limit).await
}

/// Forgets calls whose time is over.
pub(super) async fn forget_old(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    api_requests::delete_before(tx, now.plus_secs(-KEEP_DAYS * 86_400)).await
}
