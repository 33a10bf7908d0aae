//! Events as they are read and sent again. They are written by `books`.
use super::books::audit;
use super::objects::rfc3339;
use super::{Actor, App, idempotency};
use crate::domain::Timestamp;
use crate::domain::endpoint::{Attempt, Delivery, Endpoint};
use crate::domain::ids::{EndpointId, EventId, TenantId};
use crate::store::{Cursor, Page, StoreError, deliveries, endpoints, events as rows};
use serde_json::{Value, json};

pub use crate::store::books::Event;
pub use crate::store::events::EventFilter;

/// Most events that one call sends again.
pub const MOST_RESENT: i64 = 10_000;

/// Why events were not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    #[error("there is no such event or endpoint")]
    NotFound,
    #[error("the endpoint is switched off")]
    Disabled,
    #[error("no endpoint takes this event")]
    NoEndpoint,
    #[error("these are more than {MOST_RESENT} events: send a shorter range")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An event with its way to every endpoint.
#[derive(Clone, Debug)]
pub struct EventDetail {
    pub event: Event,
    pub deliveries: Vec<Delivery>,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
}

/// What is sent: the same bytes each time.
pub fn body(e: &Event) -> String {
    format!(
        r#"{{"id":"{}","type":"{}","timestamp":"{}","livemode":{},"data":{}}}"#,
        e.id,
        e.event_type,
        rfc3339(e.at),
        e.livemode,
        e.data
    )
}

/// The same as JSON.
pub fn object(e: &Event) -> Value {
    let data: Value = serde_json::from_str(&e.data).unwrap_or_default();
    json!({
        "id": e.id,
        "type": e.event_type,
        "timestamp": rfc3339(e.at),
        "livemode": e.livemode,
        "data": data,
    })
}

/// An event with its deliveries and every try, for the API.
pub fn detail_object(d: &EventDetail) -> Value {
    let deliveries: Vec<Value> = d
        .deliveries
        .iter()
        .map(|one| {
            let attempts = d
                .attempts
                .iter()
                .filter(|a| a.endpoint_id == one.endpoint_id);
            let pending = one.status == crate::domain::endpoint::DeliveryStatus::Pending;
            json!({
                "endpoint": one.endpoint_id,
                "status": one.status.as_str(),
                "next_attempt_at": pending.then(|| rfc3339(one.next_at)),
                "attempts": attempts.map(attempt_object).collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut object = object(&d.event);
    object["deliveries"] = json!(deliveries);
    object
}

fn attempt_object(a: &Attempt) -> Value {
    json!({
        "at": rfc3339(a.at),
        "status": a.status,
        "took_ms": a.took_ms,
        "answer": a.answer,
        "error": (!a.error.is_empty()).then_some(&a.error),
    })
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    filter: &EventFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Event>, StoreError> {
    rows::list(&mut app.db.read().await?, tenant, filter, cursor, limit).await
}

pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &EventId,
) -> Result<Option<EventDetail>, StoreError> {
    let mut tx = app.db.read().await?;
    let Some(event) = rows::get(&mut tx, tenant, id).await? else {
        return Ok(None);
    };
    Ok(Some(EventDetail {
        event,
        deliveries: deliveries::of_event(&mut tx, tenant, id).await?,
        attempts: deliveries::attempts_of_event(&mut tx, tenant, id).await?,
    }))
}

/// Sends one event again: to the endpoint named, else to every one that takes it or had it.
pub async fn resend(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    id: &EventId,
    to: Option<&EndpointId>,
) -> Result<(), ResendError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let event = rows::get(&mut tx, tenant, id)
        .await?
        .ok_or(ResendError::NotFound)?;
    let chosen: Vec<Endpoint> = if let Some(to) = to {
        let found = endpoints::get(&mut tx, tenant, to).await?;
        let endpoint = found
            .filter(|e| e.livemode == event.livemode)
            .ok_or(ResendError::NotFound)?;
        if endpoint.disabled.is_some() {
            return Err(ResendError::Disabled);
        }
        vec![endpoint]
    } else {
        let had = deliveries::of_event(&mut tx, tenant, id).await?;
        let tested = event.event_type == crate::domain::endpoint::TEST_EVENT;
        endpoints::listening(&mut tx, tenant, event.livemode)
            .await?
            .into_iter()
            .filter(|e| {
                let had = had.iter().any(|d| d.endpoint_id == e.id);
                had || (!tested && e.takes(&event.event_type))
            })
            .collect()
    };
    if chosen.is_empty() {
        return Err(ResendError::NoEndpoint);
    }
    for endpoint in &chosen {
        deliveries::send(&mut tx, tenant, id, &endpoint.id, now).await?;
    }
    let to: Vec<_> = chosen.iter().map(|e| &e.id).collect();
    let detail = json!({ "endpoints": to });
    audit(
        app,
        &mut tx,
        tenant,
        actor,
        "event.resent",
        id.to_string().as_str(),
        &detail,
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.outbox.notify_waiters();
    Ok(())
}

/// Which events of an endpoint are sent again.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// Made at or after this.
    pub from: Timestamp,
    /// Made before this.
    pub to: Timestamp,
    /// Only those whose tries ended without success; else every event that the endpoint takes.
    pub only_failed: bool,
}

/// Sends a range of events to one endpoint again; says how many.
pub async fn resend_range(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    id: &EndpointId,
    range: Range,
) -> Result<u64, ResendError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let endpoint = endpoints::get(&mut tx, tenant, id)
        .await?
        .ok_or(ResendError::NotFound)?;
    if endpoint.disabled.is_some() {
        return Err(ResendError::Disabled);
    }
    let Range {
        from,
        to,
        only_failed,
    } = range;
    let count = if only_failed {
        deliveries::resend_failed(&mut tx, &endpoint, from, to, now).await?
    } else {
        deliveries::resend_all(&mut tx, &endpoint, from, to, now, MOST_RESENT)
            .await?
            .ok_or(ResendError::TooMany)?
    };
    let detail = json!({
        "from": rfc3339(from), "to": rfc3339(to), "only_failed": only_failed, "events": count,
    });
    let subject = id.to_string();
    audit(
        app,
        &mut tx,
        tenant,
        actor,
        "endpoint.range_resent",
        &subject,
        &detail,
    )
    .await?;
    idempotency::done(&mut tx, actor, &format!("{id} {count}")).await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.outbox.notify_waiters();
    Ok(count)
}
