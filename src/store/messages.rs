//! Messages to customers and to the team, and which of them a tenant wants.
use super::{
    Cursor, Page, StoreError, Tx, at, at_opt, expect_one, flag, on, parsed, text, text_opt,
};
use crate::domain::Timestamp;
use crate::domain::ids::{MessageId, OrderId, PaymentId, RefundId, TenantId};
use crate::domain::message::{Audience, Channel, Message, MessageKind, MessageStatus, Topic};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

fn message(row: &AnyRow) -> Result<Message, StoreError> {
    Ok(Message {
        id: MessageId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        livemode: on(row, "livemode")?,
        kind: parsed(row, "kind", MessageKind::parse)?,
        channel: parsed(row, "channel", Channel::parse)?,
        audience: parsed(row, "audience", Audience::parse)?,
        address: text(row, "address")?,
        locale: text(row, "locale")?,
        subject: text(row, "subject")?,
        text: text(row, "text")?,
        html: text(row, "html")?,
        status: parsed(row, "status", MessageStatus::parse)?,
        why: text(row, "why")?,
        order_id: text_opt(row, "order_id")?.map(OrderId::from_stored),
        payment_id: text_opt(row, "payment_id")?.map(PaymentId::from_stored),
        refund_id: text_opt(row, "refund_id")?.map(RefundId::from_stored),
        dedupe_key: text(row, "dedupe_key")?,
        attempts: row.try_get("attempts")?,
        created_at: at(row, "created_at")?,
        queued_at: at(row, "queued_at")?,
        sent_at: at_opt(row, "sent_at")?,
    })
}

/// Keeps a message unless the same thing was told before. True where it is new.
pub async fn insert_once(tx: &mut Tx<'_>, m: &Message) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO messages (id, tenant_id, livemode, kind, channel, audience, address, locale,
             subject, text, html, status, why, order_id, payment_id, refund_id, dedupe_key,
             attempts, created_at, queued_at, sent_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20, $21)
         ON CONFLICT (tenant_id, dedupe_key) DO NOTHING",
    )
    .bind(m.id.to_string())
    .bind(m.tenant_id.to_string())
    .bind(flag(m.livemode))
    .bind(m.kind.as_str())
    .bind(m.channel.as_str())
    .bind(m.audience.as_str())
    .bind(&m.address)
    .bind(&m.locale)
    .bind(&m.subject)
    .bind(&m.text)
    .bind(&m.html)
    .bind(m.status.as_str())
    .bind(&m.why)
    .bind(m.order_id.as_ref().map(ToString::to_string))
    .bind(m.payment_id.as_ref().map(ToString::to_string))
    .bind(m.refund_id.as_ref().map(ToString::to_string))
    .bind(&m.dedupe_key)
    .bind(m.attempts)
    .bind(m.created_at.unix_ms())
    .bind(m.queued_at.unix_ms())
    .bind(m.sent_at.map(Timestamp::unix_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &MessageId,
) -> Result<Option<Message>, StoreError> {
    let found = sqlx::query("SELECT * FROM messages WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(message).transpose()
}

/// The message that told a thing to a person.
pub async fn by_dedupe_key(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    key: &str,
) -> Result<Option<Message>, StoreError> {
    let found = sqlx::query("SELECT * FROM messages WHERE tenant_id = $1 AND dedupe_key = $2")
        .bind(tenant.to_string())
        .bind(key)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(message).transpose()
}

/// What a list is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageFilter {
    pub status: Option<MessageStatus>,
    pub kind: Option<MessageKind>,
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &MessageFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Message>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM messages WHERE tenant_id = $1 AND id {than} $2
           AND ($3 = '' OR status = $3) AND ($4 = '' OR kind = $4)
         ORDER BY id {direction} LIMIT $5"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(filter.status.map_or("", MessageStatus::as_str))
        .bind(filter.kind.map_or("", MessageKind::as_str))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(message).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |m| m.id.to_string()))
}

/// What was told about an order, newest first, up to `limit`.
pub async fn of_order(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    order: &OrderId,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM messages WHERE tenant_id = $1 AND order_id = $2
         ORDER BY id DESC LIMIT $3",
    )
    .bind(tenant.to_string())
    .bind(order.to_string())
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(message).collect()
}

/// Saves what became of a message (R2).
///
/// # Errors
/// [`StoreError::Stale`] where it is no longer as `was` says.
pub async fn save(tx: &mut Tx<'_>, m: &Message, was: &Message) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE messages SET status = $1, why = $2, attempts = $3, queued_at = $4, sent_at = $5
         WHERE tenant_id = $6 AND id = $7 AND status = $8 AND attempts = $9",
    )
    .bind(m.status.as_str())
    .bind(&m.why)
    .bind(m.attempts)
    .bind(m.queued_at.unix_ms())
    .bind(m.sent_at.map(Timestamp::unix_ms))
    .bind(m.tenant_id.to_string())
    .bind(m.id.to_string())
    .bind(was.status.as_str())
    .bind(was.attempts)
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// What a tenant switched off. A topic of a later version is passed over.
pub async fn topics_off(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<Topic>, StoreError> {
    let found = sqlx::query("SELECT topics_off FROM message_settings WHERE tenant_id = $1")
        .bind(tenant.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    let Some(row) = found else {
        return Ok(vec![]);
    };
    let names: Vec<String> = super::json(&row, "topics_off")?;
    Ok(names.iter().filter_map(|n| Topic::parse(n)).collect())
}

pub async fn save_topics_off(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    off: &[Topic],
    now: Timestamp,
) -> Result<(), StoreError> {
    let names: Vec<&str> = off.iter().map(|t| t.as_str()).collect();
    sqlx::query(
        "INSERT INTO message_settings (tenant_id, topics_off, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id) DO UPDATE SET topics_off = excluded.topics_off,
             updated_at = excluded.updated_at",
    )
    .bind(tenant.to_string())
    .bind(super::to_json(&names))
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
