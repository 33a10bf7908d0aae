//! People: signing in with throttled attempts, passwords by argon2id, one-time links, and a
//! tenant's team.
use super::tenants::Tenant;
use super::{Actor, App, InputProblem, books};
use crate::clock::random_hex;
use crate::domain::Timestamp;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::role::Role;
use crate::store::users::{self, Membership, User};
use crate::store::{StoreError, Tx, sessions, tenants};
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

/// Somebody who is signed in and belongs to a tenant.
#[derive(Clone, Debug)]
pub struct Member {
    pub user_id: UserId,
    pub email: String,
    pub name: String,
    pub tenant: Tenant,
    pub role: Role,
}

impl Member {
    pub fn actor(&self) -> Actor {
        Actor::User(self.user_id.clone())
    }
}

/// Why a login failed. Whether the e-mail exists is never told.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("too many attempts; the next is possible later")]
    Throttled { until: Timestamp },
    #[error("e-mail or password is wrong")]
    Wrong,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a user or a membership was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("not found")]
    NotFound,
    /// A tenant keeps at least one owner.
    #[error("the last owner cannot be taken away")]
    LastOwner,
    #[error(transparent)]
    Store(#[from] StoreError),
}

const WINDOW_SECS: i64 = 900;
/// By one e-mail from one address.
const FAILURES_PER_PAIR: i64 = 5;
/// By one e-mail from anywhere: high enough that nobody can lock somebody else out by hand.
const FAILURES_PER_LOGIN: i64 = 100;
const FAILURES_PER_ADDRESS: i64 = 30;
/// One-time links live three days.
const LINK_SECS: i64 = 259_200;

/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
fn argon() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Each hash takes 19 MiB: so many at once, whatever comes in.
static HASHING: Semaphore = Semaphore::const_new(4);

async fn hash(password: SecretString) -> Result<String, StoreError> {
    let _permit = HASHING.acquire().await;
    let hashed = tokio::task::spawn_blocking(move || {
        argon()
            .hash_password(password.expose_secret().as_bytes())
            .map(|h| h.to_string())
    });
    hashed
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or(StoreError::Corrupt("password"))
}

/// Verifies in a thread of its own; without a stored hash it works as long, so that an unknown
/// e-mail is not told by time.
async fn verify(stored: Option<String>, password: SecretString) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                          qLml5cbqFAO6YxVHhrSBHP0UWdxrIxkBcbb2HPPWXEk";
    let _permit = HASHING.acquire().await;
    let checked = tokio::task::spawn_blocking(move || {
        let known = stored.is_some();
        let phc = stored.unwrap_or_else(|| NOBODY.to_owned());
        let matches = PasswordHash::new(&phc).is_ok_and(|parsed| {
            argon()
                .verify_password(password.expose_secret().as_bytes(), &parsed)
                .is_ok()
        });
        known && matches
    });
    checked.await.unwrap_or(false)
}

/// The SHA-256 under which a secret token is kept.
pub(super) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Checks a login. Every try is counted by e-mail and by address before the password is looked at,
/// so that a thousand at once are no way around the limit; success takes its own count back.
pub async fn login(
    app: &App,
    email: &str,
    password: SecretString,
    address: &str,
) -> Result<UserId, LoginError> {
    let email: String = normal(email).chars().take(254).collect();
    let now = app.clock.now();
    let window_ms = WINDOW_SECS * 1_000;
    let window = Timestamp::from_unix_ms(now.unix_ms() / window_ms * window_ms);
    let (by_login, by_address) = (format!("login:{email}"), format!("address:{address}"));
    let by_pair = format!("pair:{address}:{email}");
    let mut tx = app.db.begin().await?;
    let since = window.plus_secs(-WINDOW_SECS);
    let mut over = false;
    for (subject, most) in [
        (&by_pair, FAILURES_PER_PAIR),
        (&by_login, FAILURES_PER_LOGIN),
        (&by_address, FAILURES_PER_ADDRESS),
    ] {
        users::add_login_failure(&mut tx, subject, window).await?;
        over |= users::login_failures(&mut tx, subject, since).await? > most;
    }
    let user = users::by_email(&mut tx, &email).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if over {
        let until = window.plus_secs(2 * WINDOW_SECS);
        return Err(LoginError::Throttled { until });
    }
    let stored = user.as_ref().and_then(|u| u.password_hash.clone());
    let good = verify(stored, password).await;
    let Some(user) = user.filter(|u| good && !u.suspended) else {
        return Err(LoginError::Wrong);
    };
    let mut tx = app.db.begin().await?;
    users::clear_login_failures(&mut tx, &by_pair).await?;
    users::clear_login_failures(&mut tx, &by_login).await?;
    users::take_back_login_failure(&mut tx, &by_address, window).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(user.id)
}

/// The signed-in user's place in a tenant; `None` for foreign tenants and suspended users.
pub async fn member(app: &App, user: &UserId, slug: &str) -> Result<Option<Member>, StoreError> {
    let mut tx = app.db.read().await?;
    let Some(tenant) = tenants::by_slug(&mut tx, slug).await? else {
        return Ok(None);
    };
    let found = users::member(&mut tx, &tenant.id, user).await?;
    Ok(found.filter(|m| !m.user.suspended).map(|m| Member {
        user_id: m.user.id,
        email: m.user.email,
        name: m.user.name,
        tenant,
        role: m.role,
    }))
}

/// The tenants of a user: slug, name, role.
pub async fn tenants_of(
    app: &App,
    user: &UserId,
) -> Result<Vec<(String, String, Role)>, StoreError> {
    users::tenants_of(&mut app.db.read().await?, user).await
}

/// A tenant's people, oldest first.
pub async fn members(app: &App, tenant: &TenantId) -> Result<Vec<Membership>, StoreError> {
    users::members(&mut app.db.read().await?, tenant).await
}

/// Makes a user, or takes a known one, into a tenant. A new one gets a one-time link that sets the
/// password; the link's path is returned.
pub async fn invite(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    email: &str,
    name: &str,
    role: Role,
) -> Result<Option<String>, TeamError> {
    super::orders::check_email("email", email.trim())?;
    if name.chars().count() > 80 {
        let message = "must have at most 80 characters";
        return Err(InputProblem::new("name", "length", message).into());
    }
    let mut tx = app.db.begin().await?;
    let (user, fresh) = find_or_make(app, &mut tx, email, name).await?;
    let here = users::member(&mut tx, &tenant.id, &user.id)
        .await?
        .is_some();
    // R14: a tenant's admin has no say over somebody whom another tenant took in: neither a
    // password link, nor a place that the person did not ask for. The operator has.
    if !fresh && !here && *actor != Actor::System {
        let message = "has an account already; the operator can give it a place here";
        return Err(InputProblem::new("email", "user_exists", message).into());
    }
    if here && role != Role::Owner {
        keep_an_owner(&mut tx, &tenant.id, &user.id).await?;
    }
    users::set_role(&mut tx, &tenant.id, &user.id, role, app.clock.now()).await?;
    let only_here = users::tenants_of(&mut tx, &user.id).await?.len() == 1;
    let link = if user.password_hash.is_none() && (only_here || *actor == Actor::System) {
        Some(make_link(app, &mut tx, &user.id).await?)
    } else {
        None
    };
    let detail = json!({ "email": user.email, "role": role });
    let subject = user.id.to_string();
    books::audit(
        app,
        &mut tx,
        &tenant.id,
        actor,
        "team.invited",
        &subject,
        &detail,
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(link)
}

async fn find_or_make(
    app: &App,
    tx: &mut Tx<'_>,
    email: &str,
    name: &str,
) -> Result<(User, bool), StoreError> {
    let email = normal(email);
    if let Some(user) = users::by_email(tx, &email).await? {
        return Ok((user, false));
    }
    let user = User {
        id: app.clock.id(),
        email,
        name: name.trim().to_owned(),
        password_hash: None,
        suspended: false,
        created_at: app.clock.now(),
    };
    users::insert(tx, &user).await?;
    Ok((user, true))
}

async fn make_link(app: &App, tx: &mut Tx<'_>, user: &UserId) -> Result<String, StoreError> {
    let token = random_hex::<20>();
    let until = app.clock.now().plus_secs(LINK_SECS);
    users::insert_password_link(tx, &token_hash(&token), user, until).await?;
    Ok(format!("/login/link/{token}"))
}

/// Makes a user with a password at once: for commands and the demo.
pub async fn create_with_password(
    app: &App,
    tenant: &Tenant,
    (email, name): (&str, &str),
    role: Role,
    password: SecretString,
) -> Result<UserId, TeamError> {
    super::orders::check_email("email", email.trim())?;
    check_password(&password)?;
    let phc = hash(password).await?;
    let mut tx = app.db.begin().await?;
    let (user, _) = find_or_make(app, &mut tx, email, name).await?;
    users::set_password(&mut tx, &user.id, &phc).await?;
    users::use_up_links(&mut tx, &user.id, app.clock.now()).await?;
    users::set_role(&mut tx, &tenant.id, &user.id, role, app.clock.now()).await?;
    sessions::delete_of_user(&mut tx, &user.id.to_string()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(user.id)
}

fn check_password(password: &SecretString) -> Result<(), InputProblem> {
    let length = password.expose_secret().chars().count();
    if (12..=200).contains(&length) {
        Ok(())
    } else {
        let message = "must have 12 to 200 characters";
        Err(InputProblem::new("password", "password_length", message))
    }
}

/// Whether a one-time link can still be used.
pub async fn link_is_good(app: &App, token: &str) -> Result<bool, StoreError> {
    let mut tx = app.db.read().await?;
    let found = users::password_link(&mut tx, &token_hash(token), app.clock.now()).await?;
    Ok(found.is_some())
}

/// Sets a password by a one-time link and ends every session of the user.
pub async fn set_password_by_link(
    app: &App,
    token: &str,
    password: SecretString,
) -> Result<UserId, TeamError> {
    check_password(&password)?;
    let phc = hash(password).await?;
    let mut tx = app.db.begin().await?;
    let now = app.clock.now();
    let hash = token_hash(token);
    let user = users::password_link(&mut tx, &hash, now)
        .await?
        .ok_or(TeamError::NotFound)?;
    users::use_password_link(&mut tx, &hash, now).await?;
    users::set_password(&mut tx, &user, &phc).await?;
    users::use_up_links(&mut tx, &user, now).await?;
    sessions::delete_of_user(&mut tx, &user.to_string()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(user)
}

/// Changes one's own password and ends every session of the user.
pub async fn change_password(
    app: &App,
    user: &UserId,
    old: SecretString,
    new: SecretString,
) -> Result<(), TeamError> {
    check_password(&new)?;
    let known = users::by_id(&mut app.db.read().await?, user).await?;
    let stored = known.ok_or(TeamError::NotFound)?.password_hash;
    if !verify(stored, old).await {
        let message = "is not the present password";
        return Err(InputProblem::new("old_password", "password_wrong", message).into());
    }
    let phc = hash(new).await?;
    let mut tx = app.db.begin().await?;
    users::set_password(&mut tx, user, &phc).await?;
    users::use_up_links(&mut tx, user, app.clock.now()).await?;
    sessions::delete_of_user(&mut tx, &user.to_string()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Changes a member's role. A tenant keeps at least one owner.
pub async fn set_role(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    user: &UserId,
    role: Role,
) -> Result<(), TeamError> {
    let mut tx = app.db.begin().await?;
    let known = users::member(&mut tx, tenant, user)
        .await?
        .ok_or(TeamError::NotFound)?;
    if role != Role::Owner {
        keep_an_owner(&mut tx, tenant, user).await?;
    }
    users::set_role(&mut tx, tenant, user, role, app.clock.now()).await?;
    let detail = json!({ "before": known.role, "after": role });
    let subject = user.to_string();
    books::audit(app, &mut tx, tenant, actor, "team.role", &subject, &detail).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Takes a member out of the tenant.
pub async fn remove(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    user: &UserId,
) -> Result<(), TeamError> {
    let mut tx = app.db.begin().await?;
    users::member(&mut tx, tenant, user)
        .await?
        .ok_or(TeamError::NotFound)?;
    keep_an_owner(&mut tx, tenant, user).await?;
    users::remove_member(&mut tx, tenant, user).await?;
    users::use_up_links(&mut tx, user, app.clock.now()).await?;
    let subject = user.to_string();
    books::audit(
        app,
        &mut tx,
        tenant,
        actor,
        "team.removed",
        &subject,
        &json!({}),
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn keep_an_owner(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    leaving: &UserId,
) -> Result<(), TeamError> {
    let all = users::members(tx, tenant).await?;
    if all
        .iter()
        .any(|m| m.role == Role::Owner && m.user.id != *leaving)
    {
        Ok(())
    } else {
        Err(TeamError::LastOwner)
    }
}
