//! Sending events to endpoints: deliveries are made in the transaction of their event, and a
//! worker that holds an endpoint sends what is due for it. What a process that died had not
//! written down is sent once more, under the same id.
use super::{App, events, signing};
use crate::domain::Timestamp;
use crate::domain::endpoint::{
    Attempt, DISABLE_AFTER_SECS, Delivery, DeliveryStatus, DisabledWhy, Endpoint, retry_after,
};
use crate::domain::ids::{EndpointId, Id, TenantId};
use crate::providers::outward::{self, Sent};
use crate::services::endpoints::secret_place;
use crate::services::vault::VaultError;
use crate::store::books::Event;
use crate::store::{StoreError, Tx, deliveries as rows, endpoints, nats};
use futures::future::join_all;
use secrecy::SecretString;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Longer than a worker keeps an endpoint.
const HOLD_SECS: i64 = 60;
/// A worker lets go after this, so that others have their turn.
const TURN: Duration = Duration::from_secs(20);
/// How many deliveries one endpoint gets at once.
const AT_ONCE: i64 = 4;
/// How many endpoints of one tenant are served at once: whoever hangs holds up no other tenant.
const PER_TENANT: i64 = 4;
/// An endpoint that took nothing rests so long.
const REST_SECS: i64 = 2;
/// How many free endpoints are looked at.
const LOOKED_AT: i64 = 256;

/// The endpoint that a worker holds.
#[derive(Clone, Debug)]
pub struct Held {
    tenant: TenantId,
    id: EndpointId,
    until: Timestamp,
    /// It failed the last time.
    pub failing: bool,
}

/// Why a turn ended early.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the deliveries of an event, in its transaction.
pub(super) async fn fan_out(app: &App, tx: &mut Tx<'_>, event: &Event) -> Result<(), StoreError> {
    for endpoint in endpoints::listening(tx, &event.tenant_id, event.livemode).await? {
        if endpoint.takes(&event.event_type) {
            rows::send(tx, &event.tenant_id, &event.id, &endpoint.id, event.at).await?;
        }
    }
    if app.settings.nats_url.is_some() {
        nats::queue(tx, &event.id).await?;
    }
    // The workers wait a moment before they look: by then this has committed.
    app.outbox.notify_waiters();
    Ok(())
}

/// Takes hold of endpoints that have something due: at most `room`, of which `failing` may be ones
/// that failed the last time. No other worker gets them, in any process.
pub async fn hold(app: &App, room: usize, failing: usize) -> Result<Vec<Held>, StoreError> {
    let now = app.clock.now();
    let free = {
        let mut tx = app.db.read().await?;
        if !rows::any_due(&mut tx, now).await? {
            return Ok(vec![]);
        }
        endpoints::free(&mut tx, now, LOOKED_AT).await?
    };
    let mut of_tenant: HashMap<TenantId, i64> = HashMap::new();
    let (mut chosen, mut failing) = (vec![], failing);
    for one in free {
        let held = of_tenant.entry(one.tenant_id.clone()).or_insert(one.held);
        let fits = *held < PER_TENANT && (!one.failing || failing > 0);
        if fits && chosen.len() < room {
            *held += 1;
            failing -= usize::from(one.failing);
            chosen.push(one);
        }
    }
    if chosen.is_empty() {
        return Ok(vec![]);
    }
    let until = now.plus_secs(HOLD_SECS);
    let mut held = vec![];
    let mut tx = app.db.begin().await?;
    for one in chosen {
        if endpoints::hold(&mut tx, &one, now, until).await? {
            held.push(Held {
                tenant: one.tenant_id,
                id: one.id,
                until,
                failing: one.failing,
            });
        }
    }
    tx.commit().await?;
    Ok(held)
}

/// Sends what is due for the endpoint, for one turn, and lets go of it.
pub async fn serve(app: &App, held: &Held) -> Result<(), DeliveryError> {
    let began = Instant::now();
    let mut rest = 0;
    let done = loop {
        match send_some(app, held).await {
            Ok(Batch::Empty) => break Ok(()),
            Ok(Batch::NothingTaken) => {
                rest = REST_SECS;
                break Ok(());
            }
            Ok(Batch::Taken) if began.elapsed() > TURN => break Ok(()),
            Ok(Batch::Taken) => {}
            // Another worker wrote the same try: it holds the endpoint now.
            Err(DeliveryError::Store(StoreError::Stale)) => return Ok(()),
            Err(e) => {
                rest = REST_SECS;
                break Err(e);
            }
        }
    };
    let mut tx = app.db.begin().await?;
    let again = if rest == 0 {
        Timestamp::from_unix_ms(0)
    } else {
        app.clock.now().plus_secs(rest)
    };
    endpoints::let_go(&mut tx, &held.tenant, &held.id, held.until, again).await?;
    tx.commit().await.map_err(StoreError::from)?;
    done
}

/// What a few deliveries at once came to.
enum Batch {
    Empty,
    Taken,
    NothingTaken,
}

async fn send_some(app: &App, held: &Held) -> Result<Batch, DeliveryError> {
    let (tenant, now) = (&held.tenant, app.clock.now());
    let mut tx = app.db.read().await?;
    let endpoint = endpoints::get(&mut tx, tenant, &held.id).await?;
    let Some(endpoint) = endpoint.filter(|e| e.disabled.is_none()) else {
        return Ok(Batch::Empty);
    };
    let due = rows::due(&mut tx, tenant, &held.id, now, AT_ONCE).await?;
    if due.is_empty() {
        return Ok(Batch::Empty);
    }
    let secrets = secrets(app, &mut tx, &endpoint).await?;
    drop(tx);
    let sent = join_all(due.iter().map(|(_, event)| {
        let (endpoint, secrets) = (&endpoint, &secrets);
        async move { post(app, endpoint, secrets, event).await }
    }));
    let sent = sent.await;
    let due = due.into_iter().map(|(delivery, _)| delivery);
    let taken = write_down(app, &endpoint, due.zip(sent).collect()).await?;
    Ok(if taken {
        Batch::Taken
    } else {
        Batch::NothingTaken
    })
}

/// The secrets that sign: the newest first, and for a day the one before.
async fn secrets(
    app: &App,
    tx: &mut Tx<'_>,
    endpoint: &Endpoint,
) -> Result<Vec<SecretString>, DeliveryError> {
    let (tenant, now) = (&endpoint.tenant_id, app.clock.now());
    let Some(sealed) = endpoints::sealed(tx, tenant, &endpoint.id).await? else {
        return Ok(vec![]);
    };
    let place = secret_place(&endpoint.id);
    let mut all = vec![
        app.vault
            .open(tx, tenant, &place, &sealed.current, now)
            .await?,
    ];
    if let Some((old, _)) = sealed.old.filter(|(_, until)| now < *until) {
        all.push(app.vault.open(tx, tenant, &place, &old, now).await?);
    }
    Ok(all)
}

async fn post(app: &App, endpoint: &Endpoint, secrets: &[SecretString], event: &Event) -> Sent {
    let body = events::body(event);
    let at = app.clock.now().unix_ms() / 1_000;
    let headers = signing::headers(secrets, event.id.as_str(), at, &body);
    let allow = app.settings.allow_private_urls;
    outward::post(&app.http, allow, &endpoint.url, &headers, body).await
}

/// Writes the tries down in one transaction, and what they say of the endpoint. Says whether any
/// was taken.
async fn write_down(
    app: &App,
    endpoint: &Endpoint,
    sent: Vec<(Delivery, Sent)>,
) -> Result<bool, StoreError> {
    let now = app.clock.now();
    let (tenant, id) = (&endpoint.tenant_id, &endpoint.id);
    let (mut taken, mut gone) = (false, false);
    let mut tx = app.db.begin().await?;
    for (delivery, sent) in sent {
        let attempt = attempt(&delivery, sent, now);
        gone |= attempt.status == Some(410);
        let (to, next_at) = if attempt.taken() {
            taken = true;
            (DeliveryStatus::Delivered, now)
        } else {
            match retry_after(delivery.tries + 1) {
                // A redelivery must not come with all others at the same second.
                Some(secs) => {
                    let jitter = rand::random_range(0..=secs / 10);
                    (DeliveryStatus::Pending, now.plus_secs(secs + jitter))
                }
                None => (DeliveryStatus::Failed, now),
            }
        };
        rows::record(&mut tx, &delivery, to, next_at, &attempt).await?;
    }
    if taken {
        endpoints::arrived(&mut tx, tenant, id).await?;
    } else {
        let since = endpoints::failed(&mut tx, tenant, id, now).await?;
        let long = since.is_some_and(|s| now.secs_since(s) >= DISABLE_AFTER_SECS);
        let why = match (gone, long) {
            (true, _) => Some(DisabledWhy::Gone),
            (false, true) => Some(DisabledWhy::Failing),
            (false, false) => None,
        };
        if let Some(why) = why
            && endpoints::disable(&mut tx, tenant, id, why, now).await?
        {
            super::endpoints::tell_owners(app, &mut tx, endpoint, why).await?;
        }
    }
    tx.commit().await?;
    Ok(taken)
}

fn attempt(delivery: &Delivery, sent: Sent, at: Timestamp) -> Attempt {
    let error = match sent.status {
        Some(300..=399) => "redirects are not followed: save the address it leads to".to_owned(),
        Some(410) => "410: it wants no more events".to_owned(),
        Some(status) if !(200..300).contains(&status) => format!("answered {status}"),
        _ => sent.error,
    };
    Attempt {
        event_id: delivery.event_id.clone(),
        endpoint_id: delivery.endpoint_id.clone(),
        n: delivery.attempts + 1,
        at,
        status: sent.status,
        took_ms: sent.took_ms,
        answer: sent.answer,
        error,
    }
}
