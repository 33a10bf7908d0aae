//! Endpoints: where a tenant receives events. A secret is shown when it is made, and never again.
use super::books::audit;
use super::objects::rfc3339;
use super::vault::VaultError;
use super::{Actor, App, InputProblem, idempotency, messages, signing};
use crate::domain::Timestamp;
use crate::domain::endpoint::{DisabledWhy, Endpoint, ROTATION_SECS, TEST_EVENT};
use crate::domain::event::EventType;
use crate::domain::ids::{EndpointId, EventId, TenantId};
use crate::domain::input::is_hidden;
use crate::providers::outward;
use crate::store::books::{Event, insert_event};
use crate::store::{Cursor, Page, StoreError, Tx, deliveries, endpoints as rows};
use secrecy::SecretString;
use serde_json::{Value, json};

pub use crate::domain::endpoint::Attempt;

/// How many endpoints a tenant has at most, in each mode.
const MOST: i64 = 20;
/// How long after it was made a page shows a secret.
const SHOWN_SECS: i64 = 600;
const DAY_SECS: i64 = 86_400;

/// Why an endpoint was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("there is no such endpoint")]
    NotFound,
    #[error("there are {MOST} endpoints in this mode already: delete one first")]
    TooMany,
    #[error("the endpoint is switched off")]
    Disabled,
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a new endpoint says.
#[derive(Clone, Debug, Default)]
pub struct NewEndpoint {
    pub livemode: bool,
    pub url: String,
    pub description: String,
    /// Types by name; none, or `*`, takes every type.
    pub events: Vec<String>,
    /// The form's own key: a form sent twice makes one endpoint.
    pub form_key: Option<String>,
}

/// A change. What is `None` stays as it was.
#[derive(Clone, Debug, Default)]
pub struct ChangeEndpoint {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
    pub enabled: Option<bool>,
}

/// How an endpoint does.
#[derive(Clone, Debug)]
pub struct Health {
    /// Of the tries of the last 24 hours, at most a thousand: taken, and all.
    pub taken: i64,
    pub tries: i64,
    pub last: Option<Attempt>,
}

/// Where a secret is sealed for. Both secrets of a rotation have the same place.
pub(super) fn secret_place(id: &EndpointId) -> String {
    format!("endpoints/{id}/secret")
}

/// For the API. The secret is not in it.
pub fn object(e: &Endpoint) -> Value {
    json!({
        "id": e.id,
        "object": "endpoint",
        "livemode": e.livemode,
        "url": e.url,
        "description": e.description,
        "events": e.events,
        "enabled": e.disabled.is_none(),
        "disabled_at": e.disabled.map(|(at, _)| rfc3339(at)),
        "disabled_why": e.disabled.map(|(_, why)| why.as_str()),
        "failing_since": e.failing_since.map(rfc3339),
        "secret_fingerprint": e.fingerprint,
        "old_secret_until": e.old_until.map(rfc3339),
        "created_at": rfc3339(e.created_at),
    })
}

fn check_url(app: &App, text: &str, livemode: bool) -> Result<String, InputProblem> {
    let refuse = |code, message: &str| Err(InputProblem::new("url", code, message));
    let text = text.trim();
    let url = url::Url::parse(text)
        .ok()
        .filter(|u| text.len() <= 2_000 && matches!(u.scheme(), "http" | "https") && u.has_host());
    let Some(url) = url else {
        return refuse(
            "url_invalid",
            "must be a web address such as https://shop.example/events",
        );
    };
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        let message = "must have no user, password or fragment: events are signed instead";
        return refuse("url_invalid", message);
    }
    if !app.settings.allow_private_urls {
        if outward::private_literal(&url).is_some() {
            return refuse("url_private", "leads into a private network");
        }
        if livemode && url.scheme() != "https" {
            return refuse("url_insecure", "must begin with https:// for live events");
        }
    }
    Ok(url.to_string())
}

fn check_description(text: &str) -> Result<String, InputProblem> {
    let text = text.trim();
    if text.chars().any(|c| is_hidden(c) || c.is_control()) {
        let message = "holds control characters";
        return Err(InputProblem::new(
            "description",
            "control_characters",
            message,
        ));
    }
    if text.chars().count() > 100 {
        return Err(InputProblem::new(
            "description",
            "length",
            "must have at most 100 characters",
        ));
    }
    Ok(text.to_owned())
}

fn check_events(names: &[String]) -> Result<Vec<EventType>, InputProblem> {
    if names.iter().any(|n| n == "*") {
        return Ok(vec![]);
    }
    let mut events = names
        .iter()
        .map(|name| {
            EventType::parse(name).ok_or_else(|| {
                let message = format!("{name} is no type of event");
                InputProblem::new("events", "event_unknown", message)
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    events.sort_by_key(|t| t.as_str());
    events.dedup();
    Ok(events)
}

/// Makes an endpoint; its secret is returned with it. A form that was sent before gets what it made.
pub async fn create(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    new: NewEndpoint,
) -> Result<(Endpoint, SecretString), EndpointError> {
    let now = app.clock.now();
    let url = check_url(app, &new.url, new.livemode)?;
    let description = check_description(&new.description)?;
    let events = check_events(&new.events)?;
    let mut tx = app.db.begin().await?;
    if let Some(key) = &new.form_key
        && let Some(made) = rows::by_form_key(&mut tx, tenant, key).await?
    {
        drop(tx);
        let secret = reveal(app, tenant, &made)
            .await?
            .ok_or(EndpointError::NotFound)?;
        return Ok((made, secret));
    }
    let known = rows::list(&mut tx, tenant, Some(new.livemode), &Cursor::Newest, MOST).await?;
    if known.rows.len() >= usize::try_from(MOST).unwrap_or(0) {
        return Err(EndpointError::TooMany);
    }
    let secret = signing::new_secret();
    let endpoint = Endpoint {
        id: app.clock.id(),
        tenant_id: tenant.clone(),
        livemode: new.livemode,
        url,
        description,
        events,
        fingerprint: app.vault.fingerprint(&mut tx, tenant, &secret, now).await?,
        secret_at: now,
        old_until: None,
        disabled: None,
        failing_since: None,
        created_at: now,
        updated_at: now,
    };
    let place = secret_place(&endpoint.id);
    let sealed = app
        .vault
        .seal(&mut tx, tenant, &place, &secret, now)
        .await?;
    rows::insert(&mut tx, &endpoint, sealed, new.form_key.as_deref()).await?;
    note(
        app,
        &mut tx,
        actor,
        &endpoint,
        "endpoint.created",
        &object(&endpoint),
    )
    .await?;
    note_secret(&mut tx, actor, &endpoint).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((endpoint, secret))
}

/// Notes on the call's key which secret it made.
async fn note_secret(tx: &mut Tx<'_>, actor: &Actor, e: &Endpoint) -> Result<(), StoreError> {
    let noted = format!("{} {}", e.id, e.fingerprint);
    idempotency::done(tx, actor, &noted).await
}

async fn note(
    app: &App,
    tx: &mut Tx<'_>,
    actor: &Actor,
    endpoint: &Endpoint,
    action: &str,
    detail: &Value,
) -> Result<(), StoreError> {
    let subject = endpoint.id.to_string();
    audit(
        app,
        tx,
        &endpoint.tenant_id,
        actor,
        action,
        &subject,
        detail,
    )
    .await
}

pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &EndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    rows::get(&mut app.db.read().await?, tenant, id).await
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    livemode: Option<bool>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Endpoint>, StoreError> {
    rows::list(&mut app.db.read().await?, tenant, livemode, cursor, limit).await
}

/// All that a tenant ever had: the log of attempts names deleted ones.
pub async fn ever(app: &App, tenant: &TenantId) -> Result<Vec<Endpoint>, StoreError> {
    rows::ever(&mut app.db.read().await?, tenant).await
}

pub async fn health(app: &App, e: &Endpoint) -> Result<Health, StoreError> {
    let mut tx = app.db.read().await?;
    let since = app.clock.now().plus_secs(-DAY_SECS);
    let (taken, tries) = deliveries::tally(&mut tx, &e.tenant_id, &e.id, since).await?;
    let newest = deliveries::attempts_of_endpoint(&mut tx, &e.tenant_id, &e.id, 1).await?;
    Ok(Health {
        taken,
        tries,
        last: newest.into_iter().next().map(|(attempt, _)| attempt),
    })
}

/// The newest tries, newest first, each with its event's type.
pub async fn attempts(
    app: &App,
    e: &Endpoint,
    limit: i64,
) -> Result<Vec<(Attempt, String)>, StoreError> {
    let mut tx = app.db.read().await?;
    deliveries::attempts_of_endpoint(&mut tx, &e.tenant_id, &e.id, limit).await
}

/// Changes an endpoint. Switched on, it starts anew: what waits for it goes on.
pub async fn change(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    id: &EndpointId,
    change: ChangeEndpoint,
) -> Result<Endpoint, EndpointError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let before = rows::get(&mut tx, tenant, id)
        .await?
        .ok_or(EndpointError::NotFound)?;
    let mut after = before.clone();
    if let Some(url) = &change.url {
        after.url = check_url(app, url, before.livemode)?;
    }
    if let Some(text) = &change.description {
        after.description = check_description(text)?;
    }
    if let Some(names) = &change.events {
        after.events = check_events(names)?;
    }
    match change.enabled {
        Some(true) if before.disabled.is_some() => {
            (after.disabled, after.failing_since) = (None, None);
        }
        Some(false) if before.disabled.is_none() => {
            after.disabled = Some((now, DisabledWhy::ByHand));
        }
        _ => {}
    }
    if after == before {
        return Ok(after);
    }
    // Later than before in any case: it is what a lost race is told by.
    after.updated_at = now.max(Timestamp::from_unix_ms(before.updated_at.unix_ms() + 1));
    rows::save(&mut tx, &after, before.updated_at).await?;
    let detail = json!({ "before": object(&before), "after": object(&after) });
    note(app, &mut tx, actor, &after, "endpoint.changed", &detail).await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.outbox.notify_waiters();
    Ok(after)
}

/// Deletes an endpoint. Its attempts stay in the log.
pub async fn delete(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    id: &EndpointId,
) -> Result<(), EndpointError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let endpoint = rows::get(&mut tx, tenant, id)
        .await?
        .ok_or(EndpointError::NotFound)?;
    rows::delete(&mut tx, tenant, id, now).await?;
    deliveries::end_waiting(&mut tx, tenant, id, now).await?;
    note(
        app,
        &mut tx,
        actor,
        &endpoint,
        "endpoint.deleted",
        &object(&endpoint),
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Gives an endpoint a new secret. The one before signs beside it for a day.
pub async fn rotate(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    id: &EndpointId,
) -> Result<(Endpoint, SecretString), EndpointError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let before = rows::get(&mut tx, tenant, id)
        .await?
        .ok_or(EndpointError::NotFound)?;
    let secret = signing::new_secret();
    let mut after = before.clone();
    after.fingerprint = app.vault.fingerprint(&mut tx, tenant, &secret, now).await?;
    after.secret_at = now.max(Timestamp::from_unix_ms(before.secret_at.unix_ms() + 1));
    after.old_until = Some(now.plus_secs(ROTATION_SECS));
    let place = secret_place(id);
    let sealed = app
        .vault
        .seal(&mut tx, tenant, &place, &secret, now)
        .await?;
    rows::rotate(&mut tx, &after, sealed, before.secret_at).await?;
    let detail = json!({ "before": before.fingerprint, "after": after.fingerprint });
    note(
        app,
        &mut tx,
        actor,
        &after,
        "endpoint.secret_rotated",
        &detail,
    )
    .await?;
    note_secret(&mut tx, actor, &after).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((after, secret))
}

/// The secret of an endpoint, for whoever made it just now: a call that is sent again, or the page
/// after the form. `None` where it has been rotated since.
pub async fn reveal(
    app: &App,
    tenant: &TenantId,
    known: &Endpoint,
) -> Result<Option<SecretString>, EndpointError> {
    let mut tx = app.db.read().await?;
    let now = rows::get(&mut tx, tenant, &known.id).await?;
    if now.is_none_or(|e| e.fingerprint != known.fingerprint) {
        return Ok(None);
    }
    let Some(sealed) = rows::sealed(&mut tx, tenant, &known.id).await? else {
        return Ok(None);
    };
    let (place, now) = (secret_place(&known.id), app.clock.now());
    let secret = app
        .vault
        .open(&mut tx, tenant, &place, &sealed.current, now)
        .await?;
    Ok(Some(secret))
}

/// The secret while it is fresh, for the page after the form.
pub async fn reveal_fresh(app: &App, e: &Endpoint) -> Result<Option<SecretString>, EndpointError> {
    if app.clock.now().secs_since(e.secret_at) > SHOWN_SECS {
        return Ok(None);
    }
    reveal(app, &e.tenant_id, e).await
}

/// Sends an event that tells of nothing, to this endpoint alone.
pub async fn test(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    id: &EndpointId,
) -> Result<EventId, EndpointError> {
    let mut tx = app.db.begin().await?;
    let endpoint = rows::get(&mut tx, tenant, id)
        .await?
        .ok_or(EndpointError::NotFound)?;
    if endpoint.disabled.is_some() {
        return Err(EndpointError::Disabled);
    }
    let event = Event {
        id: app.clock.id(),
        tenant_id: tenant.clone(),
        event_type: TEST_EVENT.to_owned(),
        livemode: endpoint.livemode,
        subject: id.to_string(),
        data: object(&endpoint).to_string(),
        at: app.clock.now(),
    };
    insert_event(&mut tx, &event).await?;
    deliveries::send(&mut tx, tenant, &event.id, id, event.at).await?;
    let detail = json!({ "event": event.id });
    note(app, &mut tx, actor, &endpoint, "endpoint.tested", &detail).await?;
    idempotency::done(&mut tx, actor, &event.id.to_string()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.outbox.notify_waiters();
    Ok(event.id)
}

/// Endpoints that were switched off because nothing arrived: the notice of the overview.
pub async fn switched_off(app: &App, tenant: &TenantId) -> Result<Vec<Endpoint>, StoreError> {
    let page = list(app, tenant, None, &Cursor::Newest, 2 * MOST).await?;
    let by_itself = |e: &Endpoint| {
        e.disabled
            .is_some_and(|(_, why)| why != DisabledWhy::ByHand)
    };
    Ok(page.rows.into_iter().filter(by_itself).collect())
}

/// An endpoint was switched off by itself: its audit entry and the letters to those who may switch
/// it on, in the transaction that switches it off. The dashboard shows it from the row.
pub(super) async fn tell_owners(
    app: &App,
    tx: &mut Tx<'_>,
    endpoint: &Endpoint,
    why: DisabledWhy,
) -> Result<(), StoreError> {
    tracing::warn!(endpoint.id = %endpoint.id, why = why.as_str(), "an endpoint was switched off");
    let detail =
        json!({ "why": why.as_str(), "failing_since": endpoint.failing_since.map(rfc3339) });
    note(
        app,
        tx,
        &Actor::System,
        endpoint,
        "endpoint.disabled",
        &detail,
    )
    .await?;
    messages::alerts::endpoint_disabled(app, tx, endpoint, why).await
}
