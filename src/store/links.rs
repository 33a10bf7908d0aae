//! Links that many can pay on.
use super::to_json;
use super::{Cursor, Page, StoreError, Tx, at, at_opt, expect_one, flag, json, on, parsed, text};
use crate::domain::ids::{LinkId, TenantId};
use crate::domain::link::{Ask, Link, Uses};
use crate::domain::{Currency, Money, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// Which links a list shows. Empty fields do not filter.
#[derive(Clone, Debug, Default)]
pub struct LinkFilter {
    pub livemode: Option<bool>,
    pub active: Option<bool>,
}

fn link(row: &AnyRow) -> Result<Link, StoreError> {
    let currency = parsed(row, "currency", Currency::parse)?;
    let amount = |column: &'static str| -> Result<Option<Money>, StoreError> {
        let minor: Option<i64> = row.try_get(column)?;
        Ok(minor.map(|m| Money::new(m, currency)))
    };
    let ask = match (
        amount("amount_minor")?,
        amount("least_minor")?,
        amount("most_minor")?,
    ) {
        (Some(fixed), _, _) => Ask::Fixed(fixed),
        (None, Some(least), Some(most)) => Ask::Chosen { least, most },
        _ => return Err(StoreError::Corrupt("amount_minor")),
    };
    Ok(Link {
        id: LinkId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        token: text(row, "token")?,
        livemode: on(row, "livemode")?,
        title: text(row, "title")?,
        description: text(row, "description")?,
        ask,
        cap: row.try_get("cap")?,
        ends_at: at_opt(row, "ends_at")?,
        active: on(row, "active")?,
        providers: json(row, "providers")?,
        created_by: text(row, "created_by")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

/// # Errors
/// [`StoreError::Taken`] when the form has made one already.
pub async fn insert(tx: &mut Tx<'_>, l: &Link, form_key: Option<String>) -> Result<(), StoreError> {
    let (fixed, least, most) = match l.ask {
        Ask::Fixed(money) => (Some(money.minor), None, None),
        Ask::Chosen { least, most } => (None, Some(least.minor), Some(most.minor)),
    };
    sqlx::query(
        "INSERT INTO links (id, tenant_id, token, livemode, title, description, currency,
             amount_minor, least_minor, most_minor, cap, ends_at, active, providers, created_by,
             created_at, updated_at, form_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(l.id.to_string())
    .bind(l.tenant_id.to_string())
    .bind(&l.token)
    .bind(flag(l.livemode))
    .bind(&l.title)
    .bind(&l.description)
    .bind(l.ask.currency().code())
    .bind(fixed)
    .bind(least)
    .bind(most)
    .bind(l.cap)
    .bind(l.ends_at.map(Timestamp::unix_ms))
    .bind(flag(l.active))
    .bind(to_json(&l.providers))
    .bind(&l.created_by)
    .bind(l.created_at.unix_ms())
    .bind(l.updated_at.unix_ms())
    .bind(form_key)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &LinkId,
) -> Result<Option<Link>, StoreError> {
    let found = sqlx::query("SELECT * FROM links WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(link).transpose()
}

/// The link that a form made.
pub async fn by_form_key(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    form_key: &str,
) -> Result<Option<Link>, StoreError> {
    let found = sqlx::query("SELECT * FROM links WHERE tenant_id = $1 AND form_key = $2")
        .bind(tenant.to_string())
        .bind(form_key)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(link).transpose()
}

/// The link of an address. The token is the secret, so no tenant is asked for.
pub async fn by_token(tx: &mut Tx<'_>, token: &str) -> Result<Option<Link>, StoreError> {
    let found = sqlx::query("SELECT * FROM links WHERE token = $1")
        .bind(token)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(link).transpose()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &LinkFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Link>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM links WHERE tenant_id = $1 AND id {than} $2
           AND ($3 < 0 OR livemode = $3) AND ($4 < 0 OR active = $4)
         ORDER BY id {direction} LIMIT $5"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(filter.livemode.map_or(-1, flag))
        .bind(filter.active.map_or(-1, flag))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(link).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |l| l.id.to_string()))
}

/// Holds the link's row until the transaction ends: who begins to pay sees who began before.
pub async fn lock(tx: &mut Tx<'_>, tenant: &TenantId, id: &LinkId) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE links SET active = active WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    expect_one(done.rows_affected())
}

/// How many orders of a link are paid or hold a place, and what its orders kept, in minor units.
pub async fn uses(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &LinkId,
    now: Timestamp,
) -> Result<(Uses, i64), StoreError> {
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(CASE WHEN status IN ('paid', 'partially_paid')
                     THEN 1 ELSE 0 END), 0) AS BIGINT) AS paid,
                CAST(COALESCE(SUM(CASE WHEN status = 'open' AND expires_at > $1
                     THEN 1 ELSE 0 END), 0) AS BIGINT) AS held,
                CAST(COALESCE(SUM(paid_minor - refunded_minor), 0) AS BIGINT) AS kept
         FROM orders WHERE tenant_id = $2 AND link_id = $3",
    )
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_one(&mut **tx)
    .await?;
    let uses = Uses {
        paid: row.try_get("paid")?,
        held: row.try_get("held")?,
    };
    Ok((uses, row.try_get("kept")?))
}

/// Switches a link on or off. The old state stands in `WHERE` (R2).
///
/// # Errors
/// [`StoreError::Stale`] where somebody else did it first.
pub async fn switch(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &LinkId,
    active: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE links SET active = $1, updated_at = $2
         WHERE tenant_id = $3 AND id = $4 AND active = $5",
    )
    .bind(flag(active))
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(flag(!active))
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}
