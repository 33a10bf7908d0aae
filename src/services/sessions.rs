//! The store behind `tower-sessions`: rows by the SHA-256 of the session's id, so that a stolen
//! database opens no session.
use super::App;
use super::accounts::token_hash;
use crate::domain::Timestamp;
use crate::store::{StoreError, sessions};
use async_trait::async_trait;
use std::fmt;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result, SessionStore};

/// The key under which a session holds its user's id.
pub const USER: &str = "user";

/// Sessions in the database.
#[derive(Clone)]
pub struct Sessions(App);

impl Sessions {
    pub fn new(app: App) -> Self {
        Self(app)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

fn backend(e: impl fmt::Display) -> Error {
    Error::Backend(e.to_string())
}

fn key(id: &Id) -> String {
    token_hash(&id.to_string())
}

/// The row of a record. The session layer reckons its end from the system's time; ours is the
/// clock that is asked when it is loaded.
fn parts(record: &Record, now: Timestamp) -> Result<(String, Option<String>, Timestamp)> {
    let data = serde_json::to_string(&(&record.data, record.expiry_date.unix_timestamp()))
        .map_err(|e| Error::Encode(e.to_string()))?;
    let user = record
        .data
        .get(USER)
        .and_then(|v| v.as_str())
        .map(str::to_owned);
    let left = (record.expiry_date - OffsetDateTime::now_utc()).whole_seconds();
    let expires = now.plus_secs(left);
    Ok((data, user, expires))
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let (data, user, expires) = parts(record, self.0.clock.now())?;
            let mut tx = self.0.db.begin().await.map_err(backend)?;
            match sessions::insert(&mut tx, &key(&record.id), user, &data, expires).await {
                Err(StoreError::Taken) => record.id = Id::default(),
                Err(e) => return Err(backend(e)),
                Ok(()) => {
                    return tx.commit().await.map_err(backend);
                }
            }
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let (data, user, expires) = parts(record, self.0.clock.now())?;
        let mut tx = self.0.db.begin().await.map_err(backend)?;
        sessions::save(&mut tx, &key(&record.id), user, &data, expires)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let mut tx = self.0.db.read().await.map_err(backend)?;
        let now = self.0.clock.now();
        let Some(text) = sessions::load(&mut tx, &key(id), now)
            .await
            .map_err(backend)?
        else {
            return Ok(None);
        };
        let (data, expires): (_, i64) =
            serde_json::from_str(&text).map_err(|e| Error::Decode(e.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(expires)
            .map_err(|e| Error::Decode(e.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut tx = self.0.db.begin().await.map_err(backend)?;
        sessions::delete(&mut tx, &key(id)).await.map_err(backend)?;
        tx.commit().await.map_err(backend)
    }
}

/// Forgets sessions, idempotency keys and logged calls whose time is over.
pub async fn tidy(app: &App) -> std::result::Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    sessions::delete_expired(&mut tx, now).await?;
    crate::store::users::delete_login_failures_before(&mut tx, now.plus_secs(-86_400)).await?;
    crate::store::idempotency::delete_before(&mut tx, now.plus_secs(-2 * 86_400)).await?;
    super::call_log::forget_old(&mut tx, now).await?;
    super::reports::forget_old(&mut tx, now).await?;
    tx.commit().await?;
    Ok(())
}
