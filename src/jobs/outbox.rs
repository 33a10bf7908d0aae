//! The lanes of events, apart from the jobs: an endpoint or a NATS server that hangs keeps nobody
//! from asking after a payment.
use crate::services::nats::Publisher;
use crate::services::{App, StoreError, deliveries};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// How many endpoints this process serves at once.
const AT_ONCE: usize = 64;
/// How many of them may be ones that failed the last time: the others keep their room.
const FAILING_AT_ONCE: usize = 32;
/// How long a lane rests at most: other processes make events, too.
const REST: Duration = Duration::from_secs(1);
/// A lane is woken inside the transaction that makes an event: by then it has committed.
const COMMITTED: Duration = Duration::from_millis(30);
/// After NATS refused.
const TROUBLE: Duration = Duration::from_secs(5);

struct Lane {
    running: JoinSet<()>,
    failing: Arc<Semaphore>,
}

impl Lane {
    fn new() -> Self {
        Self {
            running: JoinSet::new(),
            failing: Arc::new(Semaphore::new(FAILING_AT_ONCE)),
        }
    }

    /// Takes as many endpoints as there is room for, and serves them.
    async fn start_due(&mut self, app: &App) -> Result<usize, StoreError> {
        let room = AT_ONCE.saturating_sub(self.running.len());
        if room == 0 {
            return Ok(0);
        }
        let held = deliveries::hold(app, room, self.failing.available_permits()).await?;
        let started = held.len();
        for one in held {
            let app = app.clone();
            let permit: Option<OwnedSemaphorePermit> = one
                .failing
                .then(|| self.failing.clone().try_acquire_owned().ok())
                .flatten();
            self.running.spawn(async move {
                let _permit = permit;
                if let Err(e) = deliveries::serve(&app, &one).await {
                    tracing::error!(error = %e, "an endpoint could not be served");
                }
            });
        }
        Ok(started)
    }
}

/// An endpoint whose worker panicked is free again when its hold ends.
fn note_break(ended: Result<(), tokio::task::JoinError>) {
    if let Err(e) = ended {
        tracing::error!(error = %e, "a delivery broke off");
    }
}

/// Sends events to endpoints until told to stop; what it has begun, it finishes.
pub async fn deliver(app: App, mut stop: watch::Receiver<bool>) {
    let mut lane = Lane::new();
    while !*stop.borrow() {
        while let Some(ended) = lane.running.try_join_next() {
            note_break(ended);
        }
        let started = match lane.start_due(&app).await {
            Ok(started) => started,
            Err(e) => {
                tracing::error!(error = %e, "endpoints cannot be taken");
                0
            }
        };
        if started == 0 {
            tokio::select! {
                () = app.outbox.notified() => tokio::time::sleep(COMMITTED).await,
                () = tokio::time::sleep(REST) => {}
                Some(ended) = lane.running.join_next() => note_break(ended),
                _ = stop.changed() => {}
            }
        }
    }
    while let Some(ended) = lane.running.join_next().await {
        note_break(ended);
    }
}

/// Serves every endpoint that has something due, once, to its end; says how many those were.
///
/// # Errors
/// Where endpoints cannot be taken.
pub async fn deliver_due(app: &App) -> Result<usize, StoreError> {
    let mut lane = Lane::new();
    let started = lane.start_due(app).await?;
    while let Some(ended) = lane.running.join_next().await {
        note_break(ended);
    }
    Ok(started)
}

/// Publishes events to NATS until told to stop, where an address is set.
pub async fn publish(app: App, mut stop: watch::Receiver<bool>) {
    let Some(url) = app.settings.nats_url.clone() else {
        return;
    };
    let mut publisher = Publisher::new(url);
    let mut troubled = false;
    while !*stop.borrow() {
        let rest = match publisher.publish_due(&app).await {
            Ok(0) => REST,
            Ok(_) => {
                if troubled {
                    tracing::info!("NATS takes events again");
                }
                troubled = false;
                continue;
            }
            Err(e) => {
                if !troubled {
                    tracing::error!(error = %e, "events wait for NATS");
                }
                troubled = true;
                TROUBLE
            }
        };
        tokio::select! {
            () = app.outbox.notified(), if !troubled => tokio::time::sleep(COMMITTED).await,
            () = tokio::time::sleep(rest) => {}
            _ = stop.changed() => {}
        }
    }
}
