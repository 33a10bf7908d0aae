//! `Idempotency-Key`s: the same key and body get the same answer, however often they come.
use super::App;
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::ids::TenantId;
use crate::store::StoreError;
use crate::store::idempotency::{self as rows, Key};
use sha2::{Digest, Sha256};

/// A run that was cut off by a crash is taken over after this.
const RUN_SECS: i64 = 120;
/// A key is forgotten after a day, whether its row has been cleared away or not.
const KEEP_SECS: i64 = 86_400;

/// What to do with a call that carries a key.
pub enum Ticket {
    /// Do it, then [`finish`] or [`forget`].
    Run(Running),
    /// It was done: answer this again.
    Replay(u16, String),
    /// It is being done: 409.
    Busy,
    /// The key belongs to another body: 422.
    OtherBody,
}

/// A call under way.
pub struct Running {
    key: Key,
    /// When the key first came, where a crash cut that run off: its work may be done already, so
    /// whoever runs again looks for it first.
    pub cut_off_at: Option<Timestamp>,
    /// What marks the key as held by this run and no other.
    locked_until: Timestamp,
}

/// Takes the key for a run, or says why not.
pub async fn begin(
    app: &App,
    tenant: &TenantId,
    mode: Mode,
    path: &str,
    key: &str,
    body: &[u8],
) -> Result<Ticket, StoreError> {
    let key = Key {
        tenant_id: tenant.clone(),
        mode,
        path: path.to_owned(),
        key: key.to_owned(),
    };
    let digest = hex::encode(Sha256::digest(body));
    let now = app.clock.now();
    let until = now.plus_secs(RUN_SECS);
    let mut tx = app.db.begin().await?;
    if rows::take(&mut tx, &key, &digest, until, now).await? {
        tx.commit().await?;
        return Ok(Ticket::Run(Running {
            key,
            cut_off_at: None,
            locked_until: until,
        }));
    }
    let Some(known) = rows::get(&mut tx, &key).await? else {
        return Ok(Ticket::Busy);
    };
    if now.secs_since(known.created_at) >= KEEP_SECS {
        rows::forget_old(&mut tx, &key, known.created_at).await?;
        let fresh = rows::take(&mut tx, &key, &digest, until, now).await?;
        tx.commit().await?;
        return Ok(if fresh {
            Ticket::Run(Running {
                key,
                cut_off_at: None,
                locked_until: until,
            })
        } else {
            Ticket::Busy
        });
    }
    if known.body_sha256 != digest {
        return Ok(Ticket::OtherBody);
    }
    if let Some((status, answer)) = known.answer {
        return Ok(Ticket::Replay(status, answer));
    }
    if now < known.locked_until {
        return Ok(Ticket::Busy);
    }
    match rows::take_over(&mut tx, &key, known.locked_until, until).await {
        Err(StoreError::Stale) => return Ok(Ticket::Busy),
        other => other?,
    }
    tx.commit().await?;
    Ok(Ticket::Run(Running {
        key,
        cut_off_at: Some(known.created_at),
        locked_until: until,
    }))
}

/// Keeps the answer for the next time.
pub async fn finish(
    app: &App,
    running: &Running,
    status: u16,
    body: &str,
) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    rows::answer(&mut tx, &running.key, running.locked_until, status, body).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets go of the key: answers to invalid input are not kept.
pub async fn forget(app: &App, running: &Running) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    rows::forget(&mut tx, &running.key, running.locked_until).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends a run that broke on our own trouble. What it did may have been committed all the same, so
/// the next try takes it over as after a crash, and looks for that first.
pub async fn break_off(app: &App, running: &Running) -> Result<(), StoreError> {
    let (mut tx, now) = (app.db.begin().await?, app.clock.now());
    match rows::take_over(&mut tx, &running.key, running.locked_until, now).await {
        Err(StoreError::Stale) => return Ok(()),
        other => other?,
    }
    tx.commit().await?;
    Ok(())
}
