//! Users, their membership in tenants, one-time links, and failed logins.
use super::{StoreError, Tx, at, on, parsed, text, text_opt};
use crate::domain::Timestamp;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::role::Role;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A person who signs in.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    /// Lower case.
    pub email: String,
    pub name: String,
    /// PHC string; none until the one-time link is used.
    pub password_hash: Option<String>,
    pub suspended: bool,
    pub created_at: Timestamp,
}

/// A user with the role in one tenant.
#[derive(Clone, Debug)]
pub struct Membership {
    pub user: User,
    pub tenant_id: TenantId,
    pub role: Role,
}

fn user(row: &AnyRow) -> Result<User, StoreError> {
    Ok(User {
        id: UserId::from_stored(text(row, "id")?),
        email: text(row, "email")?,
        name: text(row, "name")?,
        password_hash: text_opt(row, "password_hash")?,
        suspended: on(row, "suspended")?,
        created_at: at(row, "created_at")?,
    })
}

fn membership(row: &AnyRow) -> Result<Membership, StoreError> {
    Ok(Membership {
        user: user(row)?,
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        role: parsed(row, "role", Role::parse)?,
    })
}

/// # Errors
/// [`StoreError::Taken`] where the e-mail has a user.
pub async fn insert(tx: &mut Tx<'_>, u: &User) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO users (id, email, name, password_hash, suspended, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(u.id.to_string())
    .bind(&u.email)
    .bind(&u.name)
    .bind(u.password_hash.clone())
    .bind(super::flag(u.suspended))
    .bind(u.created_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<User>, StoreError> {
    let found = sqlx::query("SELECT * FROM users WHERE email = $1")
        .bind(email)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(user).transpose()
}

pub async fn by_id(tx: &mut Tx<'_>, id: &UserId) -> Result<Option<User>, StoreError> {
    let found = sqlx::query("SELECT * FROM users WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(user).transpose()
}

pub async fn set_password(tx: &mut Tx<'_>, id: &UserId, phc: &str) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2")
        .bind(phc)
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    super::expect_one(done.rows_affected())
}

pub async fn set_suspended(tx: &mut Tx<'_>, id: &UserId, yes: bool) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE users SET suspended = $1 WHERE id = $2")
        .bind(super::flag(yes))
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    super::expect_one(done.rows_affected())
}

/// Makes the user a member, or changes the role.
pub async fn set_role(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &UserId,
    role: Role,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO members (tenant_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(role.as_str())
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn remove_member(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &UserId,
) -> Result<(), StoreError> {
    let done = sqlx::query("DELETE FROM members WHERE tenant_id = $1 AND user_id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    super::expect_one(done.rows_affected())
}

pub async fn member(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &UserId,
) -> Result<Option<Membership>, StoreError> {
    let found = sqlx::query(
        "SELECT u.*, m.tenant_id, m.role FROM members m JOIN users u ON u.id = m.user_id
         WHERE m.tenant_id = $1 AND m.user_id = $2",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(membership).transpose()
}

/// A tenant's people, oldest first.
pub async fn members(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<Membership>, StoreError> {
    let rows = sqlx::query(
        "SELECT u.*, m.tenant_id, m.role FROM members m JOIN users u ON u.id = m.user_id
         WHERE m.tenant_id = $1 ORDER BY m.created_at, u.id",
    )
    .bind(tenant.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(membership).collect()
}

/// The tenants a user belongs to: slug, name, role.
pub async fn tenants_of(
    tx: &mut Tx<'_>,
    id: &UserId,
) -> Result<Vec<(String, String, Role)>, StoreError> {
    let rows = sqlx::query(
        "SELECT t.slug, t.name, m.role FROM members m JOIN tenants t ON t.id = m.tenant_id
         WHERE m.user_id = $1 ORDER BY t.slug",
    )
    .bind(id.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| {
            Ok((
                text(r, "slug")?,
                text(r, "name")?,
                parsed(r, "role", Role::parse)?,
            ))
        })
        .collect()
}

pub async fn insert_password_link(
    tx: &mut Tx<'_>,
    token_hash: &str,
    id: &UserId,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO password_links (token_hash, user_id, expires_at) VALUES ($1, $2, $3)")
        .bind(token_hash)
        .bind(id.to_string())
        .bind(expires_at.unix_ms())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The user of a link that was not used and has not run out.
pub async fn password_link(
    tx: &mut Tx<'_>,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<UserId>, StoreError> {
    let found = sqlx::query(
        "SELECT user_id FROM password_links
         WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2",
    )
    .bind(token_hash)
    .bind(now.unix_ms())
    .fetch_optional(&mut **tx)
    .await?;
    found
        .map(|r| Ok(UserId::from_stored(text(&r, "user_id")?)))
        .transpose()
}

/// Uses a link up.
///
/// # Errors
/// [`StoreError::Stale`] where it was used already or has run out.
pub async fn use_password_link(
    tx: &mut Tx<'_>,
    token_hash: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE password_links SET used_at = $1
         WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $1",
    )
    .bind(now.unix_ms())
    .bind(token_hash)
    .execute(&mut **tx)
    .await?;
    super::expect_one(done.rows_affected())
}

/// Uses up every link of a user that is left.
pub async fn use_up_links(
    tx: &mut Tx<'_>,
    user: &UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE password_links SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL")
        .bind(now.unix_ms())
        .bind(user.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Failures of `subject` since `since`.
pub async fn login_failures(
    tx: &mut Tx<'_>,
    subject: &str,
    since: Timestamp,
) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(failures), 0) AS BIGINT) AS n FROM login_attempts
         WHERE subject = $1 AND window_at >= $2",
    )
    .bind(subject)
    .bind(since.unix_ms())
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.try_get("n")?)
}

pub async fn add_login_failure(
    tx: &mut Tx<'_>,
    subject: &str,
    window_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO login_attempts (subject, window_at, failures) VALUES ($1, $2, 1)
         ON CONFLICT (subject, window_at)
         DO UPDATE SET failures = login_attempts.failures + 1",
    )
    .bind(subject)
    .bind(window_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes one count back: the try was no failure.
pub async fn take_back_login_failure(
    tx: &mut Tx<'_>,
    subject: &str,
    window_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE login_attempts SET failures = failures - 1
         WHERE subject = $1 AND window_at = $2 AND failures > 0",
    )
    .bind(subject)
    .bind(window_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets windows that no longer count.
pub async fn delete_login_failures_before(
    tx: &mut Tx<'_>,
    before: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM login_attempts WHERE window_at < $1")
        .bind(before.unix_ms())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn clear_login_failures(tx: &mut Tx<'_>, subject: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM login_attempts WHERE subject = $1")
        .bind(subject)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
