//! Reading the events that `books` writes.
use super::books::{Event, event};
use super::{Cursor, Page, StoreError, Tx, flag};
use crate::domain::Timestamp;
use crate::domain::endpoint::DeliveryStatus;
use crate::domain::ids::{EventId, Id, OrderId, TenantId};
use sqlx::AssertSqlSafe;

/// Which events a list shows. What is `None` leaves nothing out.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    pub livemode: Option<bool>,
    pub event_type: Option<String>,
    /// The id of what it tells of.
    pub subject: Option<String>,
    /// Events about the order, its payments, their refunds and proofs.
    pub order: Option<OrderId>,
    /// Made at or after this instant.
    pub from: Option<Timestamp>,
    /// Made before this instant.
    pub to: Option<Timestamp>,
    /// Where one of its deliveries stands.
    pub delivery: Option<DeliveryStatus>,
}

/// The smallest id that an event made at this instant can have: ids sort by time.
pub fn first_id(at: Timestamp) -> String {
    EventId::from_bits(u128::from(at.unix_ms().unsigned_abs()) << 80).to_string()
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &EventId,
) -> Result<Option<Event>, StoreError> {
    let found = sqlx::query("SELECT * FROM events WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(event).transpose()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &EventFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Event>, StoreError> {
    let (than, direction) = cursor.clause();
    // Left out where it is not asked for: an OR would keep the indexes from being used.
    let about = match (&filter.subject, &filter.order) {
        (Some(_), _) => "AND subject = $7",
        (None, Some(_)) => {
            "AND subject IN (
                 SELECT $7 UNION ALL
                 SELECT id FROM payments WHERE tenant_id = $1 AND order_id = $7 UNION ALL
                 SELECT r.id FROM refunds r JOIN payments p ON p.id = r.payment_id
                 WHERE r.tenant_id = $1 AND p.order_id = $7 UNION ALL
                 SELECT f.id FROM proofs f JOIN payments p ON p.id = f.payment_id
                 WHERE f.tenant_id = $1 AND p.order_id = $7)"
        }
        (None, None) => "AND $7 = ''",
    };
    let delivery = match filter.delivery {
        Some(_) => {
            "AND id IN (SELECT event_id FROM deliveries WHERE tenant_id = $1 AND status = $8)"
        }
        None => "AND $8 = ''",
    };
    let sql = format!(
        "SELECT * FROM events WHERE tenant_id = $1 AND id {than} $2 AND ($3 < 0 OR livemode = $3)
           AND ($4 = '' OR event_type = $4) AND id >= $5 AND id < $6 {about} {delivery}
         ORDER BY id {direction} LIMIT $9"
    );
    let order = || filter.order.as_ref().map(ToString::to_string);
    let about = filter.subject.clone().or_else(order);
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(filter.livemode.map_or(-1, flag))
        .bind(filter.event_type.clone().unwrap_or_default())
        .bind(filter.from.map_or_else(String::new, first_id))
        .bind(filter.to.map_or_else(|| "~".to_owned(), first_id))
        .bind(about.unwrap_or_default())
        .bind(filter.delivery.map_or("", DeliveryStatus::as_str))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |e| e.id.to_string()))
}
