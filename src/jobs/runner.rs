//! Claims due jobs, runs them, and writes down what they came to. Any number of processes may run
//! this on one database; a claim that its process did not live to finish ends by itself.
use crate::domain::Timestamp;
use crate::domain::job::{Job, Outcome};
use crate::services::{App, StoreError, sessions};
use crate::store::jobs as rows;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Longer than any job takes: a provider's call ends after half a minute.
const CLAIM_SECS: i64 = 180;
const BATCH: i64 = 16;
/// A job that went wrong this often waits for a person.
const MAX_ATTEMPTS: i64 = 20;
/// How long the runner rests at most: other processes queue jobs, too.
const REST: Duration = Duration::from_secs(1);
const TIDY_EVERY_SECS: i64 = 600;

/// Runs until told to stop; what it has begun, it finishes.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut tidied = Timestamp::from_unix_ms(0);
    while !*stop.borrow() {
        let ran = match run_due(&app).await {
            Ok(ran) => ran,
            Err(e) => {
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
        if ran == 0 {
            tokio::select! {
                () = app.work.notified() => {}
                () = tokio::time::sleep(REST) => {}
                _ = stop.changed() => {}
            }
        }
    }
}

/// Runs what is due now, and says how many jobs that were.
///
/// # Errors
/// Where jobs cannot be claimed; what a job itself meets is written on its row.
pub async fn run_due(app: &App) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let claimed = rows::claim(&app.db, now, now.plus_secs(CLAIM_SECS), BATCH).await?;
    let count = claimed.len();
    let mut running = JoinSet::new();
    for job in claimed {
        let app = app.clone();
        running.spawn(async move { run_one(&app, &job).await });
    }
    while let Some(ended) = running.join_next().await {
        // A job that panics keeps its claim until that ends, and is then tried again.
        if let Err(e) = ended {
            tracing::error!(error = %e, "a job broke off");
        }
    }
    Ok(count)
}

async fn run_one(app: &App, job: &Job) {
    let outcome = match super::run(app, job).await {
        Ok(outcome) => outcome,
        Err(e) => Outcome::Retry(e.to_string()),
    };
    if let Err(e) = write_down(app, job, &outcome).await {
        tracing::error!(job.id = %job.id, error = %e, "a job's end could not be written");
    }
}

async fn write_down(app: &App, job: &Job, outcome: &Outcome) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    match outcome {
        Outcome::Done => rows::done(&mut tx, job).await?,
        Outcome::Again(at) => rows::again(&mut tx, job, *at, 0, "").await?,
        Outcome::Retry(error) if job.attempts < MAX_ATTEMPTS => {
            tracing::info!(job.kind = job.kind.as_str(), subject = %job.subject,
                attempt = job.attempts, error = %error, "a job is tried again");
            let at = now.plus_secs(backoff_secs(job.attempts));
            rows::again(&mut tx, job, at, job.attempts, error).await?;
        }
        Outcome::Retry(error) | Outcome::Fail(error) => {
            tracing::error!(job.kind = job.kind.as_str(), subject = %job.subject,
                attempt = job.attempts, error = %error, "a job gave up");
            rows::fail(&mut tx, job, error, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Five seconds, doubling to ten minutes, with up to a quarter of jitter.
fn backoff_secs(attempts: i64) -> i64 {
    let exponent = u32::try_from((attempts - 1).clamp(0, 7)).unwrap_or(0);
    let base = (5_i64 << exponent).min(600);
    base + rand::random_range(0..=base / 4)
}
