//! Customers: found by what their orders carry, and made one by a person alone.
use super::{Actor, App, InputProblem, books, checkout};
use crate::domain::Money;
use crate::domain::customer::{Customer, external_key, key};
use crate::domain::ids::{CustomerId, Id, TenantId};
use crate::domain::order::{self, Order};
use crate::domain::payment::Payment;
use crate::services::tenants::Tenant;
use crate::store::{Cursor, Page, StoreError, Tx, customers, orders, payments};
use serde_json::json;

pub use crate::store::customers::CustomerFilter;

/// Why two customers were not made one.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    #[error("the customer was not found")]
    NotFound,
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The customer that an order's contact names, made where none is. The order's own contact is the
/// newest there is.
pub(super) async fn of_contact(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    livemode: bool,
    contact: &order::Customer,
) -> Result<Option<CustomerId>, StoreError> {
    let Some(key) = key(contact) else {
        return Ok(None);
    };
    let (fresh, now) = (app.clock.id(), app.clock.now());
    let id = customers::of_key(tx, fresh, tenant, livemode, &key, contact, now).await?;
    Ok(Some(id))
}

/// A customer by id; a merged one's id leads to the customer it was merged into.
pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &CustomerId,
) -> Result<Option<Customer>, StoreError> {
    customers::get(&mut app.db.read().await?, tenant, id).await
}

/// A customer by id, or by the merchant's own id in one mode.
pub async fn find(
    app: &App,
    tenant: &TenantId,
    livemode: bool,
    name: &str,
) -> Result<Option<Customer>, StoreError> {
    let mut tx = app.db.read().await?;
    if let Some(id) = CustomerId::parse(name) {
        let found = customers::get(&mut tx, tenant, &id).await?;
        if let Some(found) = found.filter(|c| c.livemode == livemode) {
            return Ok(Some(found));
        }
    }
    customers::by_key(&mut tx, tenant, livemode, &external_key(name)).await
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    filter: &CustomerFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Customer>, StoreError> {
    customers::list(&mut app.db.read().await?, tenant, filter, cursor, limit).await
}

/// Customers by what a person typed: the merchant's id, the reference of an order, a whole phone
/// number or e-mail address, or the beginning of a name. Each is found once, newest first.
pub async fn search(
    app: &App,
    tenant: &Tenant,
    livemode: Option<bool>,
    typed: &str,
    limit: i64,
) -> Result<Vec<Customer>, StoreError> {
    let typed = typed.trim();
    let filter = || CustomerFilter {
        livemode,
        ..CustomerFilter::default()
    };
    let phone = checkout::parse_phone("phone", typed, &tenant.country).ok();
    let mut filters = vec![
        CustomerFilter {
            email: Some(typed.to_lowercase()),
            ..filter()
        },
        CustomerFilter {
            name: Some(typed.to_owned()),
            ..filter()
        },
    ];
    filters.extend(phone.map(|phone| CustomerFilter {
        phone: Some(phone),
        ..filter()
    }));
    let mut tx = app.db.read().await?;
    let mut found = Vec::new();
    for mode in [true, false] {
        let key = external_key(typed);
        found.extend(customers::by_key(&mut tx, &tenant.id, mode, &key).await?);
    }
    if let Some(id) = CustomerId::parse(typed) {
        found.extend(customers::get(&mut tx, &tenant.id, &id).await?);
    }
    found.extend(customers::by_order_reference(&mut tx, &tenant.id, typed, limit).await?);
    for filter in filters {
        let page = customers::list(&mut tx, &tenant.id, &filter, &Cursor::Newest, limit).await?;
        found.extend(page.rows);
    }
    found.retain(|c| livemode.is_none_or(|mode| mode == c.livemode));
    found.sort_by(|a, b| b.id.cmp(&a.id));
    found.dedup_by(|a, b| a.id == b.id);
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(found)
}

/// A customer's orders, newest first.
pub async fn orders(
    app: &App,
    customer: &Customer,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Order>, StoreError> {
    let mut tx = app.db.read().await?;
    orders::of_customer(&mut tx, &customer.tenant_id, &customer.id, cursor, limit).await
}

/// The payments of a customer's orders, newest first.
pub async fn payments(
    app: &App,
    customer: &Customer,
    limit: i64,
) -> Result<Vec<Payment>, StoreError> {
    let mut tx = app.db.read().await?;
    payments::of_customer(&mut tx, &customer.tenant_id, &customer.id, limit).await
}

/// What came from a customer and was not given back, one sum a currency.
pub async fn kept(app: &App, customer: &Customer) -> Result<Vec<Money>, StoreError> {
    customers::kept(&mut app.db.read().await?, &customer.tenant_id, &customer.id).await
}

/// Those that were merged into a customer.
pub async fn also_known_as(app: &App, customer: &Customer) -> Result<Vec<Customer>, StoreError> {
    let mut tx = app.db.read().await?;
    customers::also_known_as(&mut tx, &customer.tenant_id, &customer.id).await
}

/// Makes two customers one, on a person's word: orders, purchases and entitlements of `from` go to
/// `into`, which also takes what it lacks of the contact. Later orders under the ids of `from` go
/// there, too. It cannot be undone.
pub async fn merge(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    from: &CustomerId,
    into: &CustomerId,
) -> Result<Customer, CustomerError> {
    let mut tx = app.db.begin().await?;
    let lost = customers::get(&mut tx, tenant, from).await?;
    let kept = customers::get(&mut tx, tenant, into).await?;
    let (Some(lost), Some(kept)) = (lost, kept) else {
        return Err(CustomerError::NotFound);
    };
    let refuse = |code, words: &str| Err(InputProblem::new("into", code, words).into());
    if lost.id == kept.id {
        return refuse("customer_same", "is this customer already");
    }
    if lost.livemode != kept.livemode {
        let words = "is of the other mode: test and live customers stay apart";
        return refuse("customer_mode", words);
    }
    // Orders first, then the customers: the same way round as a payment that is being booked.
    customers::move_all(&mut tx, tenant, &lost.id, &kept.id).await?;
    for id in [(&lost.id).min(&kept.id), (&lost.id).max(&kept.id)] {
        let held = customers::hold(&mut tx, tenant, id).await?;
        if held.id != *id {
            return Err(StoreError::Stale.into());
        }
    }
    customers::merge(&mut tx, &lost, &kept, app.clock.now()).await?;
    customers::move_all(&mut tx, tenant, &lost.id, &kept.id).await?;
    let detail = json!({ "merged": lost.id, "external_id": lost.external_id });
    let subject = kept.id.to_string();
    let action = "customer.merged";
    books::audit(app, &mut tx, tenant, actor, action, &subject, &detail).await?;
    let merged = customers::get(&mut tx, tenant, &kept.id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    merged.ok_or(CustomerError::NotFound)
}
