//! Messages to customers and to the team, by e-mail and SMS. Each is a row, written in the
//! transaction of the change that it tells of (R12) and sent by a job afterwards. What tells of
//! test money is held and never sent (R11).
use super::books::{self, Entry};
use super::{Actor, App};
use crate::domain::ids::{MessageId, OrderId, TenantId};
use crate::domain::job::JobKind;
use crate::domain::message::{Message, MessageStatus, Topic};
use crate::store::{Cursor, Page, StoreError, Tx, jobs, messages, orders};
use serde_json::json;

pub mod alerts;
pub mod letter;
pub mod post;
mod sending;
pub mod sms;
mod telling;
mod texts;
mod writing;

pub use crate::store::messages::MessageFilter;
pub use post::{Post, PostError, PostSettings};
pub use sending::send;
pub(super) use telling::{
    Renewal, payment_reminder, proof_decided, receipt, refunded, renewal_reminder,
};

/// Why a message was not written or sent again.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("not found")]
    NotFound,
    /// The order takes no payment now.
    #[error("the order takes no payment")]
    Closed,
    /// The customer has neither e-mail nor phone.
    #[error("the order has neither an e-mail address nor a phone number")]
    NoAddress,
    /// It was sent, waits to be sent, or tells of test money (R11).
    #[error("this message is not sent again")]
    NotAgain,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &MessageId,
) -> Result<Option<Message>, StoreError> {
    messages::get(&mut app.db.read().await?, tenant, id).await
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    filter: &MessageFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Message>, StoreError> {
    messages::list(&mut app.db.read().await?, tenant, filter, cursor, limit).await
}

/// What was told about an order, newest first, up to `limit`.
pub async fn of_order(
    app: &App,
    tenant: &TenantId,
    order: &OrderId,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    messages::of_order(&mut app.db.read().await?, tenant, order, limit).await
}

/// Sends the link of an order to its customer: by e-mail, or by SMS where only a phone is known.
/// A form that was sent before (`form_key`) gets the message that it made.
pub async fn request_payment(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    order: &OrderId,
    form_key: Option<&str>,
) -> Result<Message, MessageError> {
    let mut tx = app.db.begin().await?;
    let order = orders::get(&mut tx, tenant, order)
        .await?
        .ok_or(MessageError::NotFound)?;
    let key = match form_key {
        Some(key) => format!("payment_request:{}:{key}", order.id),
        None => format!(
            "payment_request:{}:{}",
            order.id,
            app.clock.id::<MessageId>()
        ),
    };
    if let Some(known) = messages::by_dedupe_key(&mut tx, tenant, &key).await? {
        return Ok(known);
    }
    if !order.takes_payments(app.clock.now()) {
        return Err(MessageError::Closed);
    }
    let written = telling::payment_request(app, &mut tx, &order, key.clone()).await?;
    let Some(message) = written else {
        // No address, or the same form at once: then the other made it.
        let known = messages::by_dedupe_key(&mut tx, tenant, &key).await?;
        return known.ok_or(MessageError::NoAddress);
    };
    Entry::order(&order, "message.requested", actor)
        .data(json!({ "message": message.id, "channel": message.channel.as_str() }))
        .write(app, &mut tx)
        .await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(message)
}

/// Has a message that did not go tried again, for another day.
///
/// # Errors
/// [`MessageError::NotAgain`] where it went, waits to go, or tells of test money (R11).
pub async fn send_again(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &MessageId,
) -> Result<Message, MessageError> {
    let mut tx = app.db.begin().await?;
    let was = messages::get(&mut tx, tenant, id)
        .await?
        .ok_or(MessageError::NotFound)?;
    if !was.may_go_again() {
        return Err(MessageError::NotAgain);
    }
    let mut m = was.clone();
    m.status = was
        .status
        .go(MessageStatus::Queued)
        .map_err(|_| MessageError::NotAgain)?;
    m.why = String::new();
    m.attempts = 0;
    m.queued_at = app.clock.now();
    messages::save(&mut tx, &m, &was).await?;
    queue(app, &mut tx, &m).await?;
    let (action, subject) = ("message.sent_again", m.id.to_string());
    books::audit(app, &mut tx, tenant, actor, action, &subject, &json!({})).await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(m)
}

/// Queues the job that sends a message.
async fn queue(app: &App, tx: &mut Tx<'_>, m: &Message) -> Result<(), StoreError> {
    let (id, kind, subject) = (app.clock.id(), JobKind::SendMessage, m.id.to_string());
    jobs::queue(tx, id, &m.tenant_id, kind, &subject, m.queued_at).await
}

/// What the tenant switched off.
pub async fn topics_off(app: &App, tenant: &TenantId) -> Result<Vec<Topic>, StoreError> {
    messages::topics_off(&mut app.db.read().await?, tenant).await
}

/// Switches topics off; every other is on.
pub async fn save_topics_off(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    off: &[Topic],
) -> Result<(), StoreError> {
    let names = |topics: &[Topic]| topics.iter().map(|t| t.as_str()).collect::<Vec<_>>();
    let mut tx = app.db.begin().await?;
    let was = messages::topics_off(&mut tx, tenant).await?;
    messages::save_topics_off(&mut tx, tenant, off, app.clock.now()).await?;
    let detail = json!({ "off": { "before": names(&was), "after": names(off) } });
    let (action, subject) = ("messages.changed", tenant.to_string());
    books::audit(app, &mut tx, tenant, actor, action, &subject, &detail).await?;
    tx.commit().await?;
    Ok(())
}
