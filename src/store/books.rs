//! What is written beside every change, in its transaction (R12): the order's story, the
//! merchant's events, and what people did.
use super::{Cursor, Page, StoreError, Tx, at, flag, on, text, text_opt};
use crate::domain::Timestamp;
use crate::domain::event::EventType;
use crate::domain::ids::{AuditId, EventId, OrderId, PaymentId, RefundId, StepId, TenantId};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// One step of an order's story.
#[derive(Clone, Debug)]
pub struct Step {
    pub id: StepId,
    pub tenant_id: TenantId,
    pub order_id: OrderId,
    pub payment_id: Option<PaymentId>,
    pub refund_id: Option<RefundId>,
    /// A short name such as `payment.succeeded` or `proof.claimed`.
    pub kind: String,
    /// A user's or API key's id, or `customer`, `provider`, `system`.
    pub actor: String,
    /// The provider's own words, or a person's note.
    pub words: String,
    /// Facts as JSON.
    pub data: String,
    pub at: Timestamp,
}

/// What the merchant is told.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    pub tenant_id: TenantId,
    pub event_type: String,
    pub livemode: bool,
    pub subject: String,
    /// The object as JSON.
    pub data: String,
    pub at: Timestamp,
}

/// What a person did.
#[derive(Clone, Debug)]
pub struct AuditRow {
    pub id: AuditId,
    pub tenant_id: TenantId,
    pub actor: String,
    pub action: String,
    pub subject: String,
    /// Before and after as JSON; never a secret.
    pub detail: String,
    pub at: Timestamp,
}

fn step(row: &AnyRow) -> Result<Step, StoreError> {
    Ok(Step {
        id: StepId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        order_id: OrderId::from_stored(text(row, "order_id")?),
        payment_id: text_opt(row, "payment_id")?.map(PaymentId::from_stored),
        refund_id: text_opt(row, "refund_id")?.map(RefundId::from_stored),
        kind: text(row, "kind")?,
        actor: text(row, "actor")?,
        words: text(row, "words")?,
        data: text(row, "data")?,
        at: at(row, "at")?,
    })
}

pub async fn insert_step(tx: &mut Tx<'_>, s: &Step) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO steps (id, tenant_id, order_id, payment_id, refund_id, kind, actor, words,
             data, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(s.id.to_string())
    .bind(s.tenant_id.to_string())
    .bind(s.order_id.to_string())
    .bind(s.payment_id.as_ref().map(ToString::to_string))
    .bind(s.refund_id.as_ref().map(ToString::to_string))
    .bind(&s.kind)
    .bind(&s.actor)
    .bind(&s.words)
    .bind(&s.data)
    .bind(s.at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An order's story, oldest first.
pub async fn steps(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Vec<Step>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM steps WHERE tenant_id = $1 AND order_id = $2 ORDER BY id")
            .bind(tenant.to_string())
            .bind(order.to_string())
            .fetch_all(&mut **tx)
            .await?;
    rows.iter().map(step).collect()
}

pub(super) fn event(r: &AnyRow) -> Result<Event, StoreError> {
    Ok(Event {
        id: EventId::from_stored(text(r, "id")?),
        tenant_id: TenantId::from_stored(text(r, "tenant_id")?),
        event_type: text(r, "event_type")?,
        livemode: on(r, "livemode")?,
        subject: text(r, "subject")?,
        data: text(r, "data")?,
        at: at(r, "at")?,
    })
}

pub async fn insert_event(tx: &mut Tx<'_>, e: &Event) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO events (id, tenant_id, event_type, livemode, subject, data, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(e.id.to_string())
    .bind(e.tenant_id.to_string())
    .bind(&e.event_type)
    .bind(flag(e.livemode))
    .bind(&e.subject)
    .bind(&e.data)
    .bind(e.at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn events(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    event_type: Option<EventType>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Event>, StoreError> {
    let (than, direction) = cursor.clause();
    let sql = format!(
        "SELECT * FROM events WHERE tenant_id = $1 AND id {than} $2
           AND ($3 = '' OR event_type = $3) ORDER BY id {direction} LIMIT $4"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(event_type.map_or("", EventType::as_str))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |e| e.id.to_string()))
}

pub async fn insert_audit(tx: &mut Tx<'_>, a: &AuditRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (id, tenant_id, actor, action, subject, detail, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(a.id.to_string())
    .bind(a.tenant_id.to_string())
    .bind(&a.actor)
    .bind(&a.action)
    .bind(&a.subject)
    .bind(&a.detail)
    .bind(a.at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn audit_row(r: &AnyRow) -> Result<AuditRow, StoreError> {
    Ok(AuditRow {
        id: AuditId::from_stored(text(r, "id")?),
        tenant_id: TenantId::from_stored(text(r, "tenant_id")?),
        actor: text(r, "actor")?,
        action: text(r, "action")?,
        subject: text(r, "subject")?,
        detail: text(r, "detail")?,
        at: at(r, "at")?,
    })
}

pub async fn audit(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<AuditRow>, StoreError> {
    let (than, direction) = cursor.clause();
    let sql = format!(
        "SELECT * FROM audit WHERE tenant_id = $1 AND id {than} $2 ORDER BY id {direction} LIMIT $3"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(audit_row).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |a| a.id.to_string()))
}

/// The newest doings of one kind about one subject, newest first.
pub async fn audited(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    action: &str,
    subject: &str,
    limit: i64,
) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM audit WHERE tenant_id = $1 AND action = $2 AND subject = $3
         ORDER BY id DESC LIMIT $4",
    )
    .bind(tenant.to_string())
    .bind(action)
    .bind(subject)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(audit_row).collect()
}
