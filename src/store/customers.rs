//! Customers. Merged rows stay, and lead on to the one they were merged into.
use super::{Cursor, Page, StoreError, Tx, at, expect_one, flag, on, text, text_opt};
use crate::domain::customer::{Customer, email_key};
use crate::domain::ids::{CustomerId, TenantId};
use crate::domain::order;
use crate::domain::{Currency, Money, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// Which customers a list shows. Empty fields do not filter.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    pub livemode: Option<bool>,
    /// Exactly the merchant's own id.
    pub external_id: Option<String>,
    /// Lower case, whole.
    pub email: Option<String>,
    /// E.164, whole.
    pub phone: Option<String>,
    /// The beginning of the name, in any case.
    pub name: Option<String>,
}

fn customer(row: &AnyRow) -> Result<Customer, StoreError> {
    Ok(Customer {
        id: CustomerId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        livemode: on(row, "livemode")?,
        external_id: text_opt(row, "external_id")?,
        name: text(row, "name")?,
        email: text(row, "email")?,
        phone: text(row, "phone")?,
        merged_into: text_opt(row, "merged_into")?.map(CustomerId::from_stored),
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

/// The customer of a key, made where none is, with the contact as the newest order names it. Holds
/// its row until the transaction ends. A merged one leads to the customer it was merged into.
pub async fn of_key(
    tx: &mut Tx<'_>,
    fresh: CustomerId,
    tenant: &TenantId,
    livemode: bool,
    key: &str,
    contact: &order::Customer,
    now: Timestamp,
) -> Result<CustomerId, StoreError> {
    let name = contact.name.clone().unwrap_or_default();
    sqlx::query(
        "INSERT INTO customers (id, tenant_id, livemode, customer_key, external_id, name, name_key,
             email, phone, merged_into, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10, $10)
         ON CONFLICT (tenant_id, livemode, customer_key) DO UPDATE SET
             updated_at = excluded.updated_at",
    )
    .bind(fresh.to_string())
    .bind(tenant.to_string())
    .bind(flag(livemode))
    .bind(key)
    .bind(contact.external_id.clone())
    .bind(&name)
    .bind(name.to_lowercase())
    .bind(email_key(contact))
    .bind(contact.phone.clone().unwrap_or_default())
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await?;
    let found = by_key(tx, tenant, livemode, key)
        .await?
        .ok_or(StoreError::Stale)?;
    sqlx::query(
        "UPDATE customers SET
             name = CASE WHEN $1 = '' THEN name ELSE $1 END,
             name_key = CASE WHEN $1 = '' THEN name_key ELSE $2 END,
             email = CASE WHEN $3 = '' THEN email ELSE $3 END,
             phone = CASE WHEN $4 = '' THEN phone ELSE $4 END,
             updated_at = $5
         WHERE tenant_id = $6 AND id = $7",
    )
    .bind(&name)
    .bind(name.to_lowercase())
    .bind(email_key(contact))
    .bind(contact.phone.clone().unwrap_or_default())
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(found.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(found.id)
}

/// The row itself, also where it was merged.
async fn row_of(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &CustomerId,
) -> Result<Option<Customer>, StoreError> {
    let found = sqlx::query("SELECT * FROM customers WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(customer).transpose()
}

/// Merging keeps every way one step long.
async fn lead_on(tx: &mut Tx<'_>, found: Option<Customer>) -> Result<Option<Customer>, StoreError> {
    match found {
        Some(Customer {
            merged_into: Some(into),
            tenant_id,
            ..
        }) => row_of(tx, &tenant_id, &into).await,
        other => Ok(other),
    }
}

/// The customer of an id; a merged one leads to the customer it was merged into.
pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &CustomerId,
) -> Result<Option<Customer>, StoreError> {
    let found = row_of(tx, tenant, id).await?;
    lead_on(tx, found).await
}

/// The same for a key.
pub async fn by_key(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    livemode: bool,
    key: &str,
) -> Result<Option<Customer>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM customers WHERE tenant_id = $1 AND livemode = $2 AND customer_key = $3",
    )
    .bind(tenant.to_string())
    .bind(flag(livemode))
    .bind(key)
    .fetch_optional(&mut **tx)
    .await?;
    let found = found.as_ref().map(customer).transpose()?;
    lead_on(tx, found).await
}

/// Holds a customer's row until the transaction ends, so that two purchases follow each other.
/// Where it was merged meanwhile, the other one's.
pub async fn hold(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &CustomerId,
) -> Result<Customer, StoreError> {
    let mut id = id.clone();
    loop {
        let text = "UPDATE customers SET name = name WHERE tenant_id = $1 AND id = $2";
        let done = sqlx::query(text)
            .bind(tenant.to_string())
            .bind(id.to_string())
            .execute(&mut **tx)
            .await?;
        expect_one(done.rows_affected())?;
        let found = row_of(tx, tenant, &id).await?.ok_or(StoreError::Stale)?;
        match found.merged_into {
            Some(into) => id = into,
            None => return Ok(found),
        }
    }
}

/// Customers, newest first; merged ones are left out.
pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &CustomerFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Customer>, StoreError> {
    let (than, direction) = cursor.clause();
    let mut text = format!(
        "SELECT * FROM customers WHERE tenant_id = $1 AND id {than} $2 AND merged_into IS NULL
           AND ($3 < 0 OR livemode = $3)"
    );
    let name = filter.name.as_deref().unwrap_or_default().to_lowercase();
    let given = [
        ("external_id = ", filter.external_id.clone()),
        ("email = ", filter.email.clone()),
        ("phone = ", filter.phone.clone()),
        ("name_key >= ", (!name.is_empty()).then(|| name.clone())),
        (
            "name_key < ",
            (!name.is_empty()).then(|| format!("{name}\u{10ffff}")),
        ),
    ];
    let mut values = Vec::new();
    for (test, value) in given {
        if let Some(value) = value {
            values.push(value);
            let place = values.len() + 4;
            text = format!("{text} AND {test}${place}");
        }
    }
    text = format!("{text} ORDER BY id {direction} LIMIT $4");
    let mut query = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(filter.livemode.map_or(-1, flag))
        .bind(limit + 1);
    for value in values {
        query = query.bind(value);
    }
    let rows = query.fetch_all(&mut **tx).await?;
    let rows = rows.iter().map(customer).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |c| c.id.to_string()))
}

/// The customers of orders with this reference, newest first.
pub async fn by_order_reference(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    reference: &str,
    limit: i64,
) -> Result<Vec<Customer>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM customers WHERE tenant_id = $1 AND id IN (
             SELECT customer_id FROM orders WHERE tenant_id = $1 AND reference = $2
               AND customer_id IS NOT NULL)
         ORDER BY id DESC LIMIT $3",
    )
    .bind(tenant.to_string())
    .bind(reference)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(customer).collect()
}

/// The merchant's ids of those that were merged into a customer, oldest first.
pub async fn also_known_as(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &CustomerId,
) -> Result<Vec<Customer>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM customers WHERE tenant_id = $1 AND merged_into = $2 ORDER BY id LIMIT 100",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(customer).collect()
}

/// What a customer's orders came to less what went back, one sum a currency.
pub async fn kept(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &CustomerId,
) -> Result<Vec<Money>, StoreError> {
    let rows = sqlx::query(
        "SELECT currency, CAST(SUM(paid_minor - refunded_minor) AS BIGINT) AS minor FROM orders
         WHERE tenant_id = $1 AND customer_id = $2 AND paid_minor > 0
         GROUP BY currency ORDER BY currency",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            let currency = super::parsed(row, "currency", Currency::parse)?;
            Ok(Money::new(row.try_get("minor")?, currency))
        })
        .collect()
}

/// Gives everything of one customer to another. Called again under the held rows for what came in
/// between.
pub async fn move_all(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    from: &CustomerId,
    into: &CustomerId,
) -> Result<(), StoreError> {
    for text in [
        "UPDATE orders SET customer_id = $1 WHERE tenant_id = $2 AND customer_id = $3",
        "UPDATE plan_purchases SET customer_id = $1 WHERE tenant_id = $2 AND customer_id = $3",
        "UPDATE entitlements SET customer_id = $1, version = version + 1
         WHERE tenant_id = $2 AND customer_id = $3",
        "UPDATE customers SET merged_into = $1 WHERE tenant_id = $2 AND merged_into = $3",
    ] {
        sqlx::query(text)
            .bind(into.to_string())
            .bind(tenant.to_string())
            .bind(from.to_string())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Marks a row as merged, and gives the other one what it lacks.
///
/// # Errors
/// [`StoreError::Stale`] where either was merged meanwhile.
pub async fn merge(
    tx: &mut Tx<'_>,
    from: &Customer,
    into: &Customer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE customers SET merged_into = $1, updated_at = $2
         WHERE tenant_id = $3 AND id = $4 AND merged_into IS NULL",
    )
    .bind(into.id.to_string())
    .bind(now.unix_ms())
    .bind(from.tenant_id.to_string())
    .bind(from.id.to_string())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())?;
    let done = sqlx::query(
        "UPDATE customers SET external_id = COALESCE(external_id, $1),
             name = CASE WHEN name = '' THEN $2 ELSE name END,
             name_key = CASE WHEN name = '' THEN $3 ELSE name_key END,
             email = CASE WHEN email = '' THEN $4 ELSE email END,
             phone = CASE WHEN phone = '' THEN $5 ELSE phone END, updated_at = $6
         WHERE tenant_id = $7 AND id = $8 AND merged_into IS NULL",
    )
    .bind(from.external_id.clone())
    .bind(&from.name)
    .bind(from.name.to_lowercase())
    .bind(&from.email)
    .bind(&from.phone)
    .bind(now.unix_ms())
    .bind(into.tenant_id.to_string())
    .bind(into.id.to_string())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}
