//! `Idempotency-Key`s: the same key and body get the same answer, however often they come.
use super::{Actor, App};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::ids::TenantId;
use crate::store::idempotency::{self as rows, Key};
use crate::store::{StoreError, Tx};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    key: Key,
    /// What a run before this one did before it was cut off: the id that its transaction noted.
    pub done: Option<String>,
    /// The prefix of the id that the answer shows: what else the call touches is not its work.
    shows: &'static str,
    /// What marks the key as held by this run and no other.
    locked_until: Timestamp,
}

/// A key as it came: the same one with the same body is the same call.
pub struct Asked<'a> {
    pub tenant: &'a TenantId,
    pub mode: Mode,
    pub path: &'a str,
    pub key: &'a str,
    pub body: &'a [u8],
    /// The prefix of the id that the answer shows: `ord_`.
    pub shows: &'static str,
}

/// Takes the key for a run, or says why not.
pub async fn begin(app: &App, asked: Asked<'_>) -> Result<Ticket, StoreError> {
    let Asked { body, shows, .. } = asked;
    let key = Key {
        tenant_id: asked.tenant.clone(),
        mode: asked.mode,
        path: asked.path.to_owned(),
        key: asked.key.to_owned(),
    };
    let run = |key, done, locked_until| {
        Ticket::Run(Running {
            key,
            done,
            shows,
            locked_until,
        })
    };
    let digest = hex::encode(Sha256::digest(body));
    let now = app.clock.now();
    let until = now.plus_secs(RUN_SECS);
    let mut tx = app.db.begin().await?;
    if rows::take(&mut tx, &key, &digest, until, now).await? {
        tx.commit().await?;
        return Ok(run(key, None, until));
    }
    let Some(known) = rows::get(&mut tx, &key).await? else {
        return Ok(Ticket::Busy);
    };
    if now.secs_since(known.created_at) >= KEEP_SECS {
        rows::forget_old(&mut tx, &key, known.created_at).await?;
        let fresh = rows::take(&mut tx, &key, &digest, until, now).await?;
        tx.commit().await?;
        return Ok(if fresh {
            run(key, None, until)
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
    Ok(run(key, known.done, until))
}

/// Notes on the key of a call what it did, in the transaction that does it: after a crash nobody
/// does it again. It is an id and, after a space, what else the answer needs; the last note stays. Calls without a key, and people, note nothing.
///
/// # Errors
/// [`StoreError::Stale`] where the run took so long that another has its key: it must not do it.
pub async fn done(tx: &mut Tx<'_>, actor: &Actor, subject: &str) -> Result<(), StoreError> {
    match actor {
        Actor::Call(_, run) if subject.starts_with(run.shows) => {
            rows::done(tx, &run.key, run.locked_until, subject).await
        }
        _ => Ok(()),
    }
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
