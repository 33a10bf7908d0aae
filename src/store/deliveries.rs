//! Events on their way to endpoints, and every try with its answer.
use super::books::{Event, event};
use super::events::first_id;
use super::{StoreError, Tx, at, expect_one, parsed, text};
use crate::domain::Timestamp;
use crate::domain::endpoint::{Attempt, Delivery, DeliveryStatus, Endpoint};
use crate::domain::ids::{EndpointId, EventId, TenantId};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

fn delivery(row: &AnyRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        event_id: EventId::from_stored(text(row, "event_id")?),
        endpoint_id: EndpointId::from_stored(text(row, "endpoint_id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        status: parsed(row, "status", DeliveryStatus::parse)?,
        tries: row.try_get("tries")?,
        attempts: row.try_get("attempts")?,
        resends: row.try_get("resends")?,
        next_at: at(row, "next_at")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

fn attempt(row: &AnyRow) -> Result<Attempt, StoreError> {
    let status: Option<i64> = row.try_get("status")?;
    Ok(Attempt {
        event_id: EventId::from_stored(text(row, "event_id")?),
        endpoint_id: EndpointId::from_stored(text(row, "endpoint_id")?),
        n: row.try_get("n")?,
        at: at(row, "at")?,
        status: status.and_then(|s| u16::try_from(s).ok()),
        took_ms: row.try_get("took_ms")?,
        answer: text(row, "answer")?,
        error: text(row, "error")?,
    })
}

/// Sends an event to an endpoint, now: for the first time or, where it was sent before, again.
pub async fn send(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    event: &EventId,
    endpoint: &EndpointId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO deliveries (event_id, endpoint_id, tenant_id, status, tries, attempts,
             resends, next_at, created_at, updated_at)
         VALUES ($1, $2, $3, 'pending', 0, 0, 0, $4, $4, $4)
         ON CONFLICT (event_id, endpoint_id) DO UPDATE SET status = 'pending', tries = 0,
             resends = deliveries.resends + 1, next_at = excluded.next_at,
             updated_at = excluded.updated_at",
    )
    .bind(event.to_string())
    .bind(endpoint.to_string())
    .bind(tenant.to_string())
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether anything is due at all: most of the time it is not. For the workers alone.
pub async fn any_due(tx: &mut Tx<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let found = sqlx::query(
        "SELECT event_id FROM deliveries WHERE status = 'pending' AND next_at <= $1 LIMIT 1",
    )
    .bind(now.unix_ms())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// What is due for an endpoint, oldest first, with its event.
pub async fn due(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    endpoint: &EndpointId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(Delivery, Event)>, StoreError> {
    let rows = sqlx::query(
        "SELECT d.*, e.id, e.event_type, e.livemode, e.subject, e.data, e.at
         FROM deliveries d JOIN events e ON e.id = d.event_id
         WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.status = 'pending'
           AND d.next_at <= $3
         ORDER BY d.next_at, d.event_id LIMIT $4",
    )
    .bind(tenant.to_string())
    .bind(endpoint.to_string())
    .bind(now.unix_ms())
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|r| Ok((delivery(r)?, event(r)?))).collect()
}

/// Writes one try down. A delivery that was asked for again meanwhile keeps its new turn.
///
/// # Errors
/// [`StoreError::Stale`] where another worker has written this try.
pub async fn record(
    tx: &mut Tx<'_>,
    d: &Delivery,
    to: DeliveryStatus,
    next_at: Timestamp,
    a: &Attempt,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE deliveries SET attempts = attempts + 1,
             status = CASE WHEN resends = $1 THEN $2 ELSE status END,
             tries = CASE WHEN resends = $1 THEN $3 ELSE tries END,
             next_at = CASE WHEN resends = $1 THEN $4 ELSE next_at END,
             updated_at = $5
         WHERE tenant_id = $6 AND event_id = $7 AND endpoint_id = $8 AND attempts = $9",
    )
    .bind(d.resends)
    .bind(to.as_str())
    .bind(d.tries + 1)
    .bind(next_at.unix_ms())
    .bind(a.at.unix_ms())
    .bind(d.tenant_id.to_string())
    .bind(d.event_id.to_string())
    .bind(d.endpoint_id.to_string())
    .bind(d.attempts)
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())?;
    sqlx::query(
        "INSERT INTO delivery_attempts (event_id, endpoint_id, n, tenant_id, at, status, took_ms,
             answer, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(d.event_id.to_string())
    .bind(d.endpoint_id.to_string())
    .bind(a.n)
    .bind(d.tenant_id.to_string())
    .bind(a.at.unix_ms())
    .bind(a.status.map(i64::from))
    .bind(a.took_ms)
    .bind(&a.answer)
    .bind(&a.error)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends what waits for an endpoint that is no more.
pub async fn end_waiting(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    endpoint: &EndpointId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE deliveries SET status = 'failed', updated_at = $1
         WHERE tenant_id = $2 AND endpoint_id = $3 AND status = 'pending'",
    )
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(endpoint.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The deliveries of one event, in the order that its endpoints were made.
pub async fn of_event(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    event: &EventId,
) -> Result<Vec<Delivery>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM deliveries WHERE tenant_id = $1 AND event_id = $2 ORDER BY endpoint_id",
    )
    .bind(tenant.to_string())
    .bind(event.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(delivery).collect()
}

/// Every try of one event, oldest first.
pub async fn attempts_of_event(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    event: &EventId,
) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM delivery_attempts WHERE tenant_id = $1 AND event_id = $2
         ORDER BY at, endpoint_id, n",
    )
    .bind(tenant.to_string())
    .bind(event.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(attempt).collect()
}

/// The newest tries of an endpoint, newest first, each with its event's type.
pub async fn attempts_of_endpoint(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    endpoint: &EndpointId,
    limit: i64,
) -> Result<Vec<(Attempt, String)>, StoreError> {
    let rows = sqlx::query(
        "SELECT a.*, e.event_type FROM delivery_attempts a JOIN events e ON e.id = a.event_id
         WHERE a.tenant_id = $1 AND a.endpoint_id = $2
         ORDER BY a.at DESC, a.event_id DESC, a.n DESC LIMIT $3",
    )
    .bind(tenant.to_string())
    .bind(endpoint.to_string())
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| Ok((attempt(r)?, text(r, "event_type")?)))
        .collect()
}

/// How many of the endpoint's tries since a time were taken, and how many there were. At most the
/// newest thousand are looked at.
pub async fn tally(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    endpoint: &EndpointId,
    since: Timestamp,
) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query(
        "SELECT CAST(COUNT(*) AS BIGINT) AS n,
                CAST(COALESCE(SUM(CASE WHEN status BETWEEN 200 AND 299 THEN 1 ELSE 0 END), 0)
                     AS BIGINT) AS taken
         FROM (SELECT status FROM delivery_attempts
               WHERE tenant_id = $1 AND endpoint_id = $2 AND at >= $3
               ORDER BY at DESC LIMIT 1000) newest",
    )
    .bind(tenant.to_string())
    .bind(endpoint.to_string())
    .bind(since.unix_ms())
    .fetch_one(&mut **tx)
    .await?;
    Ok((row.try_get("taken")?, row.try_get("n")?))
}

/// Sends again what failed among the events made from `from` until before `to`; says how many.
pub async fn resend_failed(
    tx: &mut Tx<'_>,
    endpoint: &Endpoint,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "UPDATE deliveries SET status = 'pending', tries = 0, resends = resends + 1, next_at = $1,
             updated_at = $1
         WHERE tenant_id = $2 AND endpoint_id = $3 AND status = 'failed'
           AND event_id >= $4 AND event_id < $5",
    )
    .bind(now.unix_ms())
    .bind(endpoint.tenant_id.to_string())
    .bind(endpoint.id.to_string())
    .bind(first_id(from))
    .bind(first_id(to))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Sends every event that the endpoint takes, made from `from` until before `to`, also those that
/// came before it did or while it was off. `None`, and nothing, where they are more than `most`.
pub async fn resend_all(
    tx: &mut Tx<'_>,
    endpoint: &Endpoint,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
    most: i64,
) -> Result<Option<u64>, StoreError> {
    let numbers: Vec<String> = (0..endpoint.events.len())
        .map(|n| format!("${}", n + 7))
        .collect();
    let types = if numbers.is_empty() {
        String::new()
    } else {
        format!("AND event_type IN ({})", numbers.join(", "))
    };
    let chosen = format!(
        "FROM events WHERE tenant_id = $1 AND livemode = $2 AND id >= $3 AND id < $4
           AND event_type <> 'endpoint.test' {types}"
    );
    let count = format!(
        "SELECT CAST(COUNT(*) AS BIGINT) AS n
         FROM (SELECT id {chosen} AND $5 <> '' LIMIT $6) chosen"
    );
    let insert = format!(
        "INSERT INTO deliveries (event_id, endpoint_id, tenant_id, status, tries, attempts,
             resends, next_at, created_at, updated_at)
         SELECT id, $5, $1, 'pending', 0, 0, 0, $6, $6, $6 {chosen}
         ON CONFLICT (event_id, endpoint_id) DO UPDATE SET status = 'pending', tries = 0,
             resends = deliveries.resends + 1, next_at = excluded.next_at,
             updated_at = excluded.updated_at"
    );
    let bound = |sql: String, sixth: i64| {
        let mut query = sqlx::query(AssertSqlSafe(sql))
            .bind(endpoint.tenant_id.to_string())
            .bind(i64::from(endpoint.livemode))
            .bind(first_id(from))
            .bind(first_id(to))
            .bind(endpoint.id.to_string())
            .bind(sixth);
        for event_type in &endpoint.events {
            query = query.bind(event_type.as_str());
        }
        query
    };
    let row = bound(count, most + 1).fetch_one(&mut **tx).await?;
    if row.try_get::<i64, _>("n")? > most {
        return Ok(None);
    }
    let done = bound(insert, now.unix_ms()).execute(&mut **tx).await?;
    Ok(Some(done.rows_affected()))
}
