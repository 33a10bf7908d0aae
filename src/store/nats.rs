//! Events that NATS has not acknowledged. A row is written with its event and goes with the
//! acknowledgement. For the publisher alone: it serves all tenants.
use super::books::{Event, event};
use super::{Db, Engine, StoreError, Tx, text};
use crate::domain::Timestamp;
use crate::domain::ids::EventId;

pub async fn queue(tx: &mut Tx<'_>, event: &EventId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO nats_outbox (event_id, locked_until) VALUES ($1, 0)")
        .bind(event.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Claims the oldest events until `locked_until`, each with its tenant's slug.
pub async fn claim(
    db: &Db,
    now: Timestamp,
    locked_until: Timestamp,
    limit: i64,
) -> Result<Vec<(Event, String)>, StoreError> {
    let text_of = match db.engine() {
        Engine::Sqlite => {
            "UPDATE nats_outbox SET locked_until = $1 WHERE event_id IN (
                 SELECT event_id FROM nats_outbox WHERE locked_until <= $2
                 ORDER BY event_id LIMIT $3)
             RETURNING event_id"
        }
        Engine::Postgres => {
            "UPDATE nats_outbox SET locked_until = $1 WHERE event_id IN (
                 SELECT event_id FROM nats_outbox WHERE locked_until <= $2
                 ORDER BY event_id LIMIT $3 FOR UPDATE SKIP LOCKED)
             RETURNING event_id"
        }
    };
    let waiting = sqlx::query("SELECT event_id FROM nats_outbox WHERE locked_until <= $1 LIMIT 1")
        .bind(now.unix_ms())
        .fetch_optional(&mut *db.read().await?)
        .await?;
    if waiting.is_none() {
        return Ok(vec![]);
    }
    let mut tx = db.begin().await?;
    let ids = sqlx::query(text_of)
        .bind(locked_until.unix_ms())
        .bind(now.unix_ms())
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
    let mut all = Vec::with_capacity(ids.len());
    for id in &ids {
        let row = sqlx::query(
            "SELECT e.*, t.slug FROM events e JOIN tenants t ON t.id = e.tenant_id WHERE e.id = $1",
        )
        .bind(text(id, "event_id")?)
        .fetch_one(&mut *tx)
        .await?;
        all.push((event(&row)?, text(&row, "slug")?));
    }
    tx.commit().await?;
    all.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    Ok(all)
}

/// Takes acknowledged events off the queue.
pub async fn done(tx: &mut Tx<'_>, events: &[EventId]) -> Result<(), StoreError> {
    for event in events {
        sqlx::query("DELETE FROM nats_outbox WHERE event_id = $1")
            .bind(event.to_string())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Gives claimed events back; those that are done are gone already.
pub async fn release(tx: &mut Tx<'_>, events: &[EventId]) -> Result<(), StoreError> {
    for event in events {
        sqlx::query("UPDATE nats_outbox SET locked_until = 0 WHERE event_id = $1")
            .bind(event.to_string())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
