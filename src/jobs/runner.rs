//! Claims due jobs, runs them, and writes down what they came to. Any number of processes may run
//! this on one database; a claim that its process did not live to finish ends by itself.
use super::{give_up, may_give_up, outbox};
use crate::domain::Timestamp;
use crate::domain::job::{Job, Outcome};
use crate::services::{App, StoreError, call_log, reports, sessions};
use crate::store::jobs as rows;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Longer than any job may take.
const CLAIM_SECS: i64 = 180;
/// A job that hangs is cut off while its claim still holds; it is as if its process had died.
const JOB_TIMEOUT: Duration = Duration::from_secs(150);
/// How many jobs this process runs at once.
const AT_ONCE: usize = 32;
/// After this many tries a job that may give up does, and the others wait an hour each time.
const MAX_ATTEMPTS: i64 = 20;
/// How long the runner rests at most: other processes queue jobs, too.
const REST: Duration = Duration::from_secs(1);
const TIDY_EVERY_SECS: i64 = 600;
/// Calls of the API are written in batches at most this often.
const FLUSH_EVERY_SECS: i64 = 1;

/// Runs until told to stop; what it has begun, it finishes. A slow job holds up no other.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let events = [
        tokio::spawn(outbox::deliver(app.clone(), stop.clone())),
        tokio::spawn(outbox::publish(app.clone(), stop.clone())),
    ];
    let mut tidied = Timestamp::from_unix_ms(0);
    let mut flushed = tidied;
    let mut running = JoinSet::new();
    while !*stop.borrow() {
        while let Some(ended) = running.try_join_next() {
            note_break(ended);
        }
        let started = match start_due(&app, &mut running).await {
            Ok(started) => started,
            Err(e) => {
                app.db.note_trouble();
                tracing::error!(error = %e, "jobs cannot be claimed");
                0
            }
        };
        if app.clock.now().secs_since(tidied) >= TIDY_EVERY_SECS {
            tidied = app.clock.now();
            if let Err(e) = sessions::tidy(&app).await {
                tracing::warn!(error = %e, "old sessions and keys could not be cleared");
            }
        }
        if app.clock.now().secs_since(flushed) >= FLUSH_EVERY_SECS {
            flushed = app.clock.now();
            if let Err(e) = call_log::flush(&app).await {
                tracing::warn!(error = %e, "the request log could not be written");
            }
            if let Err(e) = reports::flush(&app).await {
                tracing::warn!(error = %e, "counts of calls could not be written");
            }
        }
        if started == 0 {
            tokio::select! {
                () = app.work.notified() => {}
                () = tokio::time::sleep(REST) => {}
                Some(ended) = running.join_next() => note_break(ended),
                _ = stop.changed() => {}
            }
        }
    }
    while let Some(ended) = running.join_next().await {
        note_break(ended);
    }
    for lane in events {
        note_break(lane.await);
    }
}

/// Runs what is due now to its end, deliveries of events included, and says how much that was.
///
/// # Errors
/// Where jobs cannot be claimed; what a job itself meets is written on its row.
pub async fn run_due(app: &App) -> Result<usize, StoreError> {
    let mut running = JoinSet::new();
    let started = start_due(app, &mut running).await?;
    while let Some(ended) = running.join_next().await {
        note_break(ended);
    }
    Ok(started + outbox::deliver_due(app).await?)
}

/// Claims and starts as many due jobs as there is room for.
async fn start_due(app: &App, running: &mut JoinSet<()>) -> Result<usize, StoreError> {
    let room = AT_ONCE.saturating_sub(running.len());
    if room == 0 {
        return Ok(0);
    }
    let now = app.clock.now();
    let limit = i64::try_from(room).unwrap_or(1);
    let claimed = rows::claim(&app.db, now, now.plus_secs(CLAIM_SECS), limit).await?;
    let started = claimed.len();
    for job in claimed {
        let app = app.clone();
        running.spawn(async move { run_one(&app, &job).await });
    }
    Ok(started)
}

/// A job that panics keeps its claim until that ends, and is then tried again.
fn note_break(ended: Result<(), tokio::task::JoinError>) {
    if let Err(e) = ended {
        tracing::error!(error = %e, "a job broke off");
    }
}

async fn run_one(app: &App, job: &Job) {
    let outcome = match tokio::time::timeout(JOB_TIMEOUT, super::run(app, job)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(e)) => Outcome::Retry(e.to_string()),
        Err(_) => Outcome::Retry("it took too long".to_owned()),
    };
    if let Err(e) = write_down(app, job, &outcome).await {
        app.db.note_trouble();
        tracing::error!(job.id = %job.id, error = %e, "a job's end could not be written");
    }
}

async fn write_down(app: &App, job: &Job, outcome: &Outcome) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    match outcome {
        Outcome::Done => rows::done(&mut tx, job).await?,
        Outcome::Again(at) => {
            // Never at once: a job that is always due would keep all others waiting.
            let at = (*at).max(now.plus_secs(1));
            rows::again(&mut tx, job, at, 0, "").await?;
        }
        Outcome::Retry(error) if job.attempts < MAX_ATTEMPTS || !may_give_up(job.kind) => {
            tracing::info!(job.kind = job.kind.as_str(), subject = %job.subject,
                attempt = job.attempts, error = %error, "a job is tried again");
            let at = now.plus_secs(backoff_secs(job.attempts));
            rows::again(&mut tx, job, at, job.attempts, error).await?;
        }
        Outcome::Retry(error) | Outcome::Fail(error) => {
            tracing::error!(job.kind = job.kind.as_str(), subject = %job.subject,
                attempt = job.attempts, error = %error, "a job gave up");
            give_up(app, &mut tx, job, error).await?;
            rows::fail(&mut tx, job, error, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Five seconds, doubling to ten minutes, with up to a quarter of jitter; an hour once it has gone
/// wrong very often.
fn backoff_secs(attempts: i64) -> i64 {
    if attempts >= MAX_ATTEMPTS {
        return 3_600;
    }
    let exponent = u32::try_from((attempts - 1).clamp(0, 7)).unwrap_or(0);
    let base = (5_i64 << exponent).min(600);
    base + rand::random_range(0..=base / 4)
}
