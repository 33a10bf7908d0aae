//! Sessions, by the SHA-256 of their id.
use super::{StoreError, Tx, text};
use crate::domain::Timestamp;

/// # Errors
/// [`StoreError::Taken`] where the id is in use.
pub async fn insert(
    tx: &mut Tx<'_>,
    id_hash: &str,
    user_id: Option<String>,
    data: &str,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sessions (id_hash, user_id, data, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(id_hash)
    .bind(user_id)
    .bind(data)
    .bind(expires_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Saves a session that still stands. One that was ended meanwhile stays ended.
pub async fn save(
    tx: &mut Tx<'_>,
    id_hash: &str,
    user_id: Option<String>,
    data: &str,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions SET user_id = $1, data = $2, expires_at = $3 WHERE id_hash = $4")
        .bind(user_id)
        .bind(data)
        .bind(expires_at.unix_ms())
        .bind(id_hash)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn load(
    tx: &mut Tx<'_>,
    id_hash: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let found = sqlx::query("SELECT data FROM sessions WHERE id_hash = $1 AND expires_at > $2")
        .bind(id_hash)
        .bind(now.unix_ms())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(|r| text(r, "data")).transpose()
}

pub async fn delete(tx: &mut Tx<'_>, id_hash: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE id_hash = $1")
        .bind(id_hash)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends every session of a user: at a password change and at suspension.
pub async fn delete_of_user(tx: &mut Tx<'_>, user_id: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE user_id = $1")
        .bind(user_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn delete_expired(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
        .bind(now.unix_ms())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
