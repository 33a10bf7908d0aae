//! Orders: making, finding, cancelling, renewing and expiring them.
use super::books::{Entry, tell_order};
use super::parts::{self, Terms};
use super::tenants::Tenant;
use super::{Actor, App, InputProblem, TRIES, customers, reminders};
use crate::clock::random_hex;
use crate::domain::event::EventType;
use crate::domain::ids::{LinkId, OrderId, TenantId};
use crate::domain::input::is_hidden;
use crate::domain::job::{JobKind, Outcome};
use crate::domain::order::{Customer, Order, OrderKind, OrderStatus};
use crate::domain::schedule;
use crate::domain::{Money, TransitionError};
use crate::providers::find;
use crate::store::{Cursor, Page, StoreError, Tx, jobs, orders, tenants};
use serde_json::json;
use std::collections::BTreeMap;

pub use crate::store::orders::OrderFilter;

/// Why an order was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("the order was not found")]
    NotFound,
    #[error(transparent)]
    Transition(#[from] TransitionError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a new order says.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub livemode: bool,
    pub kind: OrderKind,
    pub reference: String,
    pub amount: Money,
    pub description: String,
    pub customer: Customer,
    pub metadata: BTreeMap<String, String>,
    pub return_url: Option<String>,
    pub failure_url: Option<String>,
    pub expires_in_secs: Option<i64>,
    pub providers: Vec<String>,
    pub locale: Option<String>,
    /// The form's own key: a form sent twice makes one order.
    pub form_key: Option<String>,
    /// The link that many can pay on, where it is begun there.
    pub link_id: Option<LinkId>,
    /// How it is paid in parts, where not at once.
    pub terms: Option<Terms>,
    /// Reminds the customer to pay, before and after something is due.
    pub reminds: bool,
}

impl NewOrder {
    /// An order with only what is needed.
    pub fn new(reference: &str, amount: Money, livemode: bool) -> Self {
        Self {
            livemode,
            kind: OrderKind::Order,
            reference: reference.to_owned(),
            amount,
            description: String::new(),
            customer: Customer::default(),
            metadata: BTreeMap::new(),
            return_url: None,
            failure_url: None,
            expires_in_secs: None,
            providers: vec![],
            locale: None,
            form_key: None,
            link_id: None,
            terms: None,
            reminds: false,
        }
    }
}

/// Unless the caller says otherwise, a day.
const DEFAULT_EXPIRY_SECS: i64 = 86_400;

pub(super) fn check_text(
    field: &'static str,
    text: &str,
    range: std::ops::RangeInclusive<usize>,
) -> Result<(), InputProblem> {
    if text
        .chars()
        .any(|c| is_hidden(c) || (c.is_control() && c != '\n'))
    {
        return Err(InputProblem::new(
            field,
            "control_characters",
            "holds control characters",
        ));
    }
    if !range.contains(&text.chars().count()) {
        let (least, most) = range.into_inner();
        let message = format!("must have {least} to {most} characters");
        return Err(InputProblem::new(field, "length", message));
    }
    Ok(())
}

/// Only http(s) addresses without credentials are ever linked.
fn check_url(field: &'static str, text: Option<&String>) -> Result<(), InputProblem> {
    let Some(text) = text else { return Ok(()) };
    let fine = text.len() <= 2_000
        && url::Url::parse(text).is_ok_and(|u| {
            matches!(u.scheme(), "http" | "https") && u.has_host() && u.username().is_empty()
        });
    if fine {
        Ok(())
    } else {
        Err(InputProblem::new(
            field,
            "url_invalid",
            "must be a web address",
        ))
    }
}

/// Whether an order could be made as it stands: the same checks, and nothing is written.
///
/// # Errors
/// The first thing that is wrong, by its field.
pub(super) fn try_check(tenant: &Tenant, new: &NewOrder) -> Result<(), InputProblem> {
    check(new)?;
    check_customer(new.customer.clone(), &tenant.country).map(|_| ())
}

/// Checks what every new order must keep to.
fn check(new: &NewOrder) -> Result<(), InputProblem> {
    check_text("reference", new.reference.trim(), 1..=64)?;
    check_text("description", &new.description, 0..=200)?;
    if new.amount.minor <= 0 {
        return Err(InputProblem::new(
            "amount",
            "amount_invalid",
            "must be above zero",
        ));
    }
    if new.amount.minor > Money::MOST_MINOR {
        return Err(InputProblem::new(
            "amount",
            "amount_too_large",
            "is beyond any order",
        ));
    }
    if !(60..=7_776_000).contains(&new.expires_in_secs.unwrap_or(DEFAULT_EXPIRY_SECS)) {
        let message = "must be 60 to 7776000 seconds";
        return Err(InputProblem::new(
            "expires_in",
            "expires_in_invalid",
            message,
        ));
    }
    if new.metadata.len() > 20 {
        return Err(InputProblem::new(
            "metadata",
            "metadata_too_large",
            "at most 20 entries",
        ));
    }
    for (key, value) in &new.metadata {
        check_text("metadata", key, 1..=40)?;
        check_text("metadata", value, 0..=500)?;
    }
    check_url("return_url", new.return_url.as_ref())?;
    check_url("failure_url", new.failure_url.as_ref())?;
    for name in &new.providers {
        if find(name).is_none() {
            let message = format!("{name} is no provider");
            return Err(InputProblem::new("providers", "provider_unknown", message));
        }
    }
    if new
        .locale
        .as_ref()
        .is_some_and(|l| !super::tenants::LOCALES.contains(&l.as_str()))
    {
        return Err(InputProblem::new(
            "locale",
            "locale_unknown",
            "one of en, sw, fr, ar",
        ));
    }
    Ok(())
}

/// Trims, checks and normalises the customer's parts.
pub(super) fn check_customer(customer: Customer, country: &str) -> Result<Customer, InputProblem> {
    let trim = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    let email = trim(customer.email);
    if let Some(email) = &email {
        check_email("customer.email", email)?;
    }
    let phone = trim(customer.phone)
        .map(|p| super::checkout::parse_phone("customer.phone", &p, country))
        .transpose()?;
    let (name, external_id) = (trim(customer.name), trim(customer.external_id));
    check_text(
        "customer.name",
        name.as_deref().unwrap_or_default(),
        0..=100,
    )?;
    check_text(
        "customer.external_id",
        external_id.as_deref().unwrap_or_default(),
        0..=100,
    )?;
    Ok(Customer {
        external_id,
        name,
        email,
        phone,
    })
}

/// An address that mail could go to: one `@`, something on both sides, a dot in the host.
pub fn check_email(field: &'static str, email: &str) -> Result<(), InputProblem> {
    let fine = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty()
                && !host.contains('@')
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
        });
    if fine {
        Ok(())
    } else {
        Err(InputProblem::new(
            field,
            "email_invalid",
            "must be an e-mail address",
        ))
    }
}

/// Makes an order, with its expiry queued beside it. A form that was sent before gets the order
/// that it made.
pub async fn create(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    new: NewOrder,
) -> Result<Order, OrderError> {
    let Some(key) = new.form_key.clone() else {
        return create_once(app, tenant, actor, new).await;
    };
    let known = async || {
        let mut tx = app.db.read().await?;
        orders::by_form_key(&mut tx, &tenant.id, &key).await
    };
    if let Some(order) = known().await? {
        return Ok(order);
    }
    match create_once(app, tenant, actor, new).await {
        Err(OrderError::Store(StoreError::Taken)) => {
            let order = known().await?;
            order.ok_or(OrderError::Store(StoreError::Taken))
        }
        other => other,
    }
}

async fn create_once(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    new: NewOrder,
) -> Result<Order, OrderError> {
    let mut tx = app.db.begin().await?;
    let order = insert_in(app, &mut tx, tenant, actor, new).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(order)
}

/// Makes an order inside a transaction, with the customer that its contact names.
pub(super) async fn insert_in(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    actor: &Actor,
    new: NewOrder,
) -> Result<Order, OrderError> {
    check(&new)?;
    let customer = check_customer(new.customer, &tenant.country)?;
    let customer_id = customers::of_contact(app, tx, &tenant.id, new.livemode, &customer).await?;
    let now = app.clock.now();
    let expires_at = now.plus_secs(new.expires_in_secs.unwrap_or(DEFAULT_EXPIRY_SECS));
    let terms = new.terms.as_ref();
    let parts = terms.map(|t| parts::of_terms(tenant, t, new.amount, (now, expires_at)));
    let order = Order {
        id: app.clock.id(),
        tenant_id: tenant.id.clone(),
        token: random_hex::<20>(),
        livemode: new.livemode,
        kind: new.kind,
        reference: new.reference.trim().to_owned(),
        amount: new.amount,
        description: new.description.trim().to_owned(),
        customer,
        customer_id,
        link_id: new.link_id,
        metadata: new.metadata,
        return_url: new.return_url,
        failure_url: new.failure_url,
        providers: new.providers,
        locale: new.locale,
        status: OrderStatus::Open,
        flags: vec![],
        paid_minor: 0,
        refunded_minor: 0,
        fulfilled_at: None,
        expires_at,
        parts: parts.transpose()?.unwrap_or_default(),
        remind_days: if new.reminds {
            reminders::DAYS.to_vec()
        } else {
            vec![]
        },
        reminded_at: now,
        created_at: now,
        updated_at: now,
    };
    orders::insert_once(tx, &order, new.form_key).await?;
    let subject = order.id.to_string();
    let kind = JobKind::ExpireOrder;
    jobs::queue(tx, app.clock.id(), &tenant.id, kind, &subject, expires_at).await?;
    reminders::queue(app, tx, &order, &parts::zone_of(tenant)).await?;
    let mut data = json!({ "amount": order.amount.minor, "currency": order.amount.currency });
    if !order.parts.is_empty() {
        data["parts"] = json!(order.parts);
    }
    Entry::order(&order, "order.created", actor)
        .data(data)
        .write(app, tx)
        .await?;
    Ok(order)
}

pub async fn get(app: &App, tenant: &TenantId, id: &OrderId) -> Result<Option<Order>, StoreError> {
    orders::get(&mut app.db.read().await?, tenant, id).await
}

/// The order of a checkout link, with its tenant.
pub async fn by_token(app: &App, token: &str) -> Result<Option<(Tenant, Order)>, StoreError> {
    let mut tx = app.db.read().await?;
    let Some(order) = orders::by_token(&mut tx, token).await? else {
        return Ok(None);
    };
    let tenant = tenants::by_id(&mut tx, &order.tenant_id).await?;
    Ok(tenant.map(|t| (t, order)))
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    filter: &OrderFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Order>, StoreError> {
    orders::list(&mut app.db.read().await?, tenant, filter, cursor, limit).await
}

pub fn checkout_url(app: &App, order: &Order) -> String {
    app.url(&format!("/pay/{}", order.token))
}

/// Cancels an open order. Money that comes later is flagged and given back.
pub async fn cancel(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &OrderId,
) -> Result<Order, OrderError> {
    step(
        app,
        tenant,
        actor,
        id,
        OrderStatus::Cancelled,
        "order.cancelled",
        None,
    )
    .await
}

/// Opens an expired order again, or gives an open one more time.
pub async fn renew(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &OrderId,
    expires_in_secs: Option<i64>,
) -> Result<Order, OrderError> {
    let secs = expires_in_secs.unwrap_or(DEFAULT_EXPIRY_SECS);
    if !(60..=7_776_000).contains(&secs) {
        let message = "must be 60 to 7776000 seconds";
        return Err(InputProblem::new("expires_in", "expires_in_invalid", message).into());
    }
    step(
        app,
        tenant,
        actor,
        id,
        OrderStatus::Open,
        "order.renewed",
        Some(secs),
    )
    .await
}

async fn step(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &OrderId,
    to: OrderStatus,
    kind: &str,
    expires_in_secs: Option<i64>,
) -> Result<Order, OrderError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match step_once(app, tenant, actor, id, to, kind, expires_in_secs).await {
            Err(OrderError::Store(StoreError::Stale)) if tries < TRIES => {}
            other => return other,
        }
    }
}

async fn step_once(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &OrderId,
    to: OrderStatus,
    kind: &str,
    expires_in_secs: Option<i64>,
) -> Result<Order, OrderError> {
    let mut tx = app.db.begin().await?;
    let was = orders::get(&mut tx, tenant, id)
        .await?
        .ok_or(OrderError::NotFound)?;
    let now = app.clock.now();
    // Renewed in the same moment: it is not over yet.
    if to == OrderStatus::Expired && now < was.expires_at {
        return Ok(was);
    }
    let mut order = was.clone();
    if !(was.status == OrderStatus::Open && to == OrderStatus::Open) {
        order.status = was.status.go(to)?;
    }
    order.updated_at = now;
    if let Some(secs) = expires_in_secs {
        order.expires_at = now.plus_secs(secs);
        schedule::move_first(&mut order.parts, order.expires_at);
        if let Some(of) = tenants::by_id(&mut tx, tenant).await? {
            reminders::queue(app, &mut tx, &order, &parts::zone_of(&of)).await?;
        }
        let (subject, job) = (order.id.to_string(), JobKind::ExpireOrder);
        let due = order.expires_at;
        jobs::queue(&mut tx, app.clock.id(), tenant, job, &subject, due).await?;
    }
    orders::save(&mut tx, &order, &was).await?;
    Entry::order(&order, kind, actor)
        .write(app, &mut tx)
        .await?;
    if matches!(to, OrderStatus::Expired | OrderStatus::Cancelled) {
        for payment in crate::store::payments::of_order(&mut tx, tenant, &order.id).await? {
            if payment.status.is_open() {
                super::payments::queue_close(app, &mut tx, &payment).await?;
            }
        }
    }
    if to == OrderStatus::Expired {
        tell_order(app, &mut tx, &order, EventType::OrderExpired).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(order)
}

/// The job at an order's expiry.
pub async fn expire(app: &App, tenant: &TenantId, id: &OrderId) -> Result<Outcome, OrderError> {
    let Some(order) = get(app, tenant, id).await? else {
        return Ok(Outcome::Done);
    };
    if order.status != OrderStatus::Open {
        return Ok(Outcome::Done);
    }
    if app.clock.now() < order.expires_at {
        return Ok(Outcome::Again(order.expires_at));
    }
    let (actor, to) = (Actor::System, OrderStatus::Expired);
    match step(app, tenant, &actor, id, to, "order.expired", None).await {
        // Paid or cancelled in the same moment.
        Err(OrderError::Transition(_)) => Ok(Outcome::Done),
        other => other.map(|_| Outcome::Done),
    }
}
