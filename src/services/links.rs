//! Links that many can pay on: made by the team, opened by anybody who has the address.
//!
//! **The cap.** A place is taken from the moment that somebody begins to pay, for half an hour;
//! then it is free again unless they paid. The link's row is held while places are counted, so no
//! two people get the last one. Money that comes after its place was given up is still money
//! (R9): it is booked, the link counts it, and its page says that the cap was passed.
use super::amounts::typed_amount;
use super::orders::{self, NewOrder, OrderError, check_text};
use super::tenants::Tenant;
use super::{Actor, App, InputProblem, books};
use crate::clock::random_hex;
use crate::domain::ids::{LinkId, TenantId};
use crate::domain::link::{Ask, Link, LinkState, Uses};
use crate::domain::order::{Customer, Order};
use crate::domain::{Money, Timestamp};
use crate::providers::find;
use crate::store::{Cursor, Page, StoreError, links, orders as rows, tenants};
use serde_json::json;

pub use crate::store::links::LinkFilter;

/// Why a link was not made or changed, or took no payment.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("the link was not found")]
    NotFound,
    /// Nobody can begin to pay on it now.
    #[error("the link takes no payment: {0:?}")]
    Closed(LinkState),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a new link says.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub livemode: bool,
    pub title: String,
    pub description: String,
    pub ask: Ask,
    pub cap: Option<i64>,
    pub ends_at: Option<Timestamp>,
    pub providers: Vec<String>,
    /// The form's own key: a form sent twice makes one link.
    pub form_key: Option<String>,
}

/// A link with what came of it.
#[derive(Clone, Debug)]
pub struct Used {
    pub link: Link,
    pub uses: Uses,
    /// What its orders kept.
    pub kept: Money,
}

/// The most payments that a cap may name.
const MOST_CAP: i64 = 1_000_000;

fn check(new: &NewLink, now: Timestamp) -> Result<(), InputProblem> {
    check_text("title", &new.title, 1..=100)?;
    check_text("description", &new.description, 0..=500)?;
    let amount = |field, money: Money| {
        if money.minor <= 0 {
            return Err(InputProblem::new(
                field,
                "amount_invalid",
                "must be above zero",
            ));
        }
        if money.minor > Money::MOST_MINOR {
            return Err(InputProblem::new(
                field,
                "amount_too_large",
                "is beyond any order",
            ));
        }
        Ok(())
    };
    match new.ask {
        Ask::Fixed(money) => amount("amount", money)?,
        Ask::Chosen { least, most } => {
            amount("least", least)?;
            amount("most", most)?;
            if least.currency != most.currency || least.minor > most.minor {
                let words = "must be no more than the highest amount";
                return Err(InputProblem::new("least", "amount_invalid", words));
            }
        }
    }
    if new.cap.is_some_and(|cap| !(1..=MOST_CAP).contains(&cap)) {
        let words = format!("must be 1 to {MOST_CAP}, or empty");
        return Err(InputProblem::new("cap", "cap_invalid", words));
    }
    if new.ends_at.is_some_and(|end| end <= now) {
        return Err(InputProblem::new(
            "ends_at",
            "ends_at_invalid",
            "is over already",
        ));
    }
    for name in &new.providers {
        if find(name).is_none() {
            let message = format!("{name} is no provider");
            return Err(InputProblem::new("providers", "provider_unknown", message));
        }
    }
    Ok(())
}

/// Makes a link. A form that was sent before gets the link that it made.
pub async fn create(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    new: NewLink,
) -> Result<Link, LinkError> {
    let Some(key) = new.form_key.clone() else {
        return create_once(app, tenant, actor, new).await;
    };
    let known = async || {
        let mut tx = app.db.read().await?;
        links::by_form_key(&mut tx, &tenant.id, &key).await
    };
    if let Some(link) = known().await? {
        return Ok(link);
    }
    match create_once(app, tenant, actor, new).await {
        Err(LinkError::Store(StoreError::Taken)) => {
            let link = known().await?;
            link.ok_or(LinkError::Store(StoreError::Taken))
        }
        other => other,
    }
}

async fn create_once(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    new: NewLink,
) -> Result<Link, LinkError> {
    let now = app.clock.now();
    let new = NewLink {
        title: new.title.trim().to_owned(),
        description: new.description.trim().to_owned(),
        ..new
    };
    check(&new, now)?;
    let link = Link {
        id: app.clock.id(),
        tenant_id: tenant.id.clone(),
        token: random_hex::<20>(),
        livemode: new.livemode,
        title: new.title,
        description: new.description,
        ask: new.ask,
        cap: new.cap,
        ends_at: new.ends_at,
        active: true,
        providers: new.providers,
        created_by: actor.as_str().to_owned(),
        created_at: now,
        updated_at: now,
    };
    let mut tx = app.db.begin().await?;
    links::insert(&mut tx, &link, new.form_key).await?;
    let subject = link.id.to_string();
    let detail = json!({ "title": link.title, "cap": link.cap, "livemode": link.livemode });
    let action = "link.created";
    books::audit(app, &mut tx, &tenant.id, actor, action, &subject, &detail).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(link)
}

/// Switches a link on or off. What was begun on it can still be paid.
pub async fn switch(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &LinkId,
    active: bool,
) -> Result<(), LinkError> {
    let mut tx = app.db.begin().await?;
    let link = links::get(&mut tx, tenant, id)
        .await?
        .ok_or(LinkError::NotFound)?;
    if link.active == active {
        return Ok(());
    }
    links::switch(&mut tx, tenant, id, active, app.clock.now()).await?;
    let (subject, detail) = (id.to_string(), json!({ "active": active }));
    let action = "link.switched";
    books::audit(app, &mut tx, tenant, actor, action, &subject, &detail).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

pub async fn get(app: &App, tenant: &TenantId, id: &LinkId) -> Result<Option<Used>, StoreError> {
    let mut tx = app.db.read().await?;
    let Some(link) = links::get(&mut tx, tenant, id).await? else {
        return Ok(None);
    };
    Ok(Some(used(app, &mut tx, link).await?))
}

async fn used(app: &App, tx: &mut crate::store::Tx<'_>, link: Link) -> Result<Used, StoreError> {
    let now = app.clock.now();
    let (uses, kept) = links::uses(tx, &link.tenant_id, &link.id, now).await?;
    let kept = Money::new(kept, link.ask.currency());
    Ok(Used { link, uses, kept })
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    filter: &LinkFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Used>, StoreError> {
    let mut tx = app.db.read().await?;
    let page = links::list(&mut tx, tenant, filter, cursor, limit).await?;
    let mut all = Vec::with_capacity(page.rows.len());
    for link in page.rows {
        all.push(used(app, &mut tx, link).await?);
    }
    Ok(Page {
        rows: all,
        newer: page.newer,
        older: page.older,
    })
}

/// The orders that were begun on a link, newest first.
pub async fn orders_of(
    app: &App,
    link: &Link,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Order>, StoreError> {
    let mut tx = app.db.read().await?;
    rows::of_link(&mut tx, &link.tenant_id, &link.id, cursor, limit).await
}

/// The link of an address, with its tenant and what came of it.
pub async fn by_token(app: &App, token: &str) -> Result<Option<(Tenant, Used)>, StoreError> {
    let mut tx = app.db.read().await?;
    let Some(link) = links::by_token(&mut tx, token).await? else {
        return Ok(None);
    };
    let Some(tenant) = tenants::by_id(&mut tx, &link.tenant_id).await? else {
        return Ok(None);
    };
    let used = used(app, &mut tx, link).await?;
    Ok(Some((tenant, used)))
}

/// Where anybody can pay on it.
pub fn page_url(app: &App, link: &Link) -> String {
    app.url(&format!("/pay/link/{}", link.token))
}

/// What somebody sends who begins to pay.
#[derive(Clone, Debug, Default)]
pub struct Begin {
    /// As it was typed; where the link asks for a fixed amount it is not read.
    pub amount: String,
    pub customer: Customer,
    pub locale: Option<String>,
    /// The form's own key: a form sent twice begins one order.
    pub form_key: Option<String>,
}

/// Begins an order on a link, where it has a place left.
///
/// # Errors
/// [`LinkError::Input`] for an amount outside its bounds or contact data that cannot be read,
/// [`LinkError::Closed`] where it takes no payment now.
pub async fn begin(
    app: &App,
    tenant: &Tenant,
    link: &Link,
    input: Begin,
) -> Result<Order, LinkError> {
    let amount = match link.ask {
        Ask::Fixed(money) => money,
        Ask::Chosen { .. } => {
            let code = link.ask.currency().code();
            let typed = typed_amount("amount", &input.amount, code)?;
            if !link.ask.takes(typed.minor) {
                let words = "is outside what this link takes";
                return Err(InputProblem::new("amount", "amount_outside", words).into());
            }
            typed
        }
    };
    // The key comes from a public form: it must not name what other forms made.
    let form_key = input.form_key.map(|key| format!("{}:{key}", link.id));
    let mut tx = app.db.begin().await?;
    links::lock(&mut tx, &link.tenant_id, &link.id).await?;
    if let Some(key) = &form_key
        && let Some(known) = rows::by_form_key(&mut tx, &link.tenant_id, key).await?
    {
        return Ok(known);
    }
    let now = app.clock.now();
    let fresh = links::get(&mut tx, &link.tenant_id, &link.id)
        .await?
        .ok_or(LinkError::NotFound)?;
    let (uses, _) = links::uses(&mut tx, &link.tenant_id, &link.id, now).await?;
    match fresh.state(uses, now) {
        LinkState::Open => {}
        closed => return Err(LinkError::Closed(closed)),
    }
    let reference = format!("PL-{}", random_hex::<5>().to_uppercase());
    let new = NewOrder {
        description: fresh.title.clone(),
        customer: input.customer,
        providers: fresh.providers.clone(),
        locale: input.locale,
        expires_in_secs: Some(fresh.order_secs(now)),
        form_key,
        link_id: Some(fresh.id.clone()),
        ..NewOrder::new(&reference, amount, fresh.livemode)
    };
    let made = orders::insert_in(app, &mut tx, tenant, &Actor::Customer, new).await;
    let order = made.map_err(|e| match e {
        OrderError::Input(problem) => LinkError::Input(problem),
        OrderError::Store(error) => LinkError::Store(error),
        OrderError::NotFound | OrderError::Transition(_) => LinkError::NotFound,
    })?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(order)
}
