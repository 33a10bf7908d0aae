//! Buying a plan: an order of kind `subscription`, with the rest of another plan credited. Nothing
//! runs before its order is paid, and nothing is ever debited by itself.
use super::entitlements::unused;
use super::orders::{NewOrder, OrderError, check_customer, insert_in};
use super::tenants::Tenant;
use super::{Actor, App, Flow, InputProblem, checkout};
use crate::clock::random_hex;
use crate::domain::customer::Customer;
use crate::domain::entitlement::{Entitlement, EntitlementStatus, Purchase, PurchaseStatus};
use crate::domain::ids::{CustomerId, EntitlementId, PlanId, TenantId};
use crate::domain::order::{self, Order, OrderKind};
use crate::domain::payment::Payment;
use crate::domain::plan::{DAY_SECS, Plan};
use crate::domain::{Money, Timestamp};
use crate::store::{StoreError, Tx, customers, entitlements, orders, plans, tenants};
use std::collections::BTreeMap;

/// Why a plan was not bought.
#[derive(Debug, thiserror::Error)]
pub enum PurchaseError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("not found")]
    NotFound,
    #[error("the plan is not on sale")]
    NotOnSale,
    /// The rest of the running plan is worth as much as the new one costs, or more.
    #[error("the rest of the running plan is worth {credit}, and the new one costs {price}")]
    CreditCoversPrice { credit: Money, price: Money },
    /// There is no provider that prompts the customer's phone, or no phone number.
    #[error("{0}")]
    NoPrompt(&'static str),
    #[error(transparent)]
    Start(#[from] checkout::StartError),
    #[error(transparent)]
    Order(OrderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OrderError> for PurchaseError {
    fn from(e: OrderError) -> Self {
        match e {
            OrderError::Input(p) => Self::Input(p),
            OrderError::Store(e) => Self::Store(e),
            other => Self::Order(other),
        }
    }
}

/// Which running entitlement a purchase takes the place of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Replaces {
    /// The other plan that runs in the same currency, if there is one and this one does not run.
    #[default]
    Running,
    /// None: the plans run side by side.
    Nothing,
    This(EntitlementId),
}

/// What a purchase says.
#[derive(Clone, Debug, Default)]
pub struct NewPurchase {
    /// `external_id` is needed: an entitlement is its customer's.
    pub customer: order::Customer,
    pub replaces: Replaces,
    /// Left out: made up.
    pub reference: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub return_url: Option<String>,
    pub failure_url: Option<String>,
    pub expires_in_secs: Option<i64>,
    pub providers: Vec<String>,
    pub locale: Option<String>,
    /// The form's own key: a form sent twice makes one order.
    pub form_key: Option<String>,
}

/// Makes the order that buys a plan. The credit is fixed now, whenever it is paid.
pub async fn purchase(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    plan: &PlanId,
    new: NewPurchase,
) -> Result<Order, PurchaseError> {
    let Some(key) = new.form_key.clone() else {
        return purchase_once(app, tenant, actor, plan, new).await;
    };
    let known = async || {
        let mut tx = app.db.read().await?;
        orders::by_form_key(&mut tx, &tenant.id, &key).await
    };
    if let Some(order) = known().await? {
        return Ok(order);
    }
    match purchase_once(app, tenant, actor, plan, new).await {
        Err(PurchaseError::Store(StoreError::Taken)) => {
            let order = known().await?;
            order.ok_or(PurchaseError::Store(StoreError::Taken))
        }
        other => other,
    }
}

async fn purchase_once(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    plan: &PlanId,
    mut new: NewPurchase,
) -> Result<Order, PurchaseError> {
    new.customer = check_customer(new.customer, &tenant.country)?;
    if new.customer.external_id.is_none() {
        let words = "is needed: your own id of the customer";
        return Err(InputProblem::new("customer.external_id", "required", words).into());
    }
    let mut tx = app.db.begin().await?;
    let plan = plans::get(&mut tx, &tenant.id, plan)
        .await?
        .ok_or(PurchaseError::NotFound)?;
    if !plan.active {
        return Err(PurchaseError::NotOnSale);
    }
    let contact = &new.customer;
    let named = super::customers::of_contact(app, &mut tx, &tenant.id, plan.livemode, contact);
    let customer = named.await?.ok_or(PurchaseError::NotFound)?;
    let old = replaced(&mut tx, &plan, &customer, &new.replaces, app.clock.now()).await?;
    let order = insert(app, &mut tx, tenant, actor, &plan, &customer, old, new).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(order)
}

/// The entitlement that a purchase takes the place of.
async fn replaced(
    tx: &mut Tx<'_>,
    plan: &Plan,
    customer: &CustomerId,
    wanted: &Replaces,
    now: Timestamp,
) -> Result<Option<Entitlement>, PurchaseError> {
    if *wanted == Replaces::Nothing {
        return Ok(None);
    }
    let refuse = |code, words: &str| Err(InputProblem::new("replaces", code, words).into());
    let all = entitlements::of_customer(tx, &plan.tenant_id, customer).await?;
    let (same, mut others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .filter(|e| e.has_access(now))
        .partition(|e| e.plan_id == plan.id);
    if let Replaces::This(id) = wanted {
        let Some(named) = others.into_iter().find(|e| e.id == *id) else {
            return refuse(
                "replaces_invalid",
                "is no other running entitlement of the customer",
            );
        };
        let old = plans::get(tx, &plan.tenant_id, &named.plan_id).await?;
        if old.is_none_or(|old| old.price.currency != plan.price.currency) {
            return refuse("currency_differs", "was paid in another currency");
        }
        return Ok(Some(named));
    }
    if !same.is_empty() {
        return Ok(None);
    }
    let mut fitting = Vec::new();
    for e in others.drain(..) {
        let old = plans::get(tx, &plan.tenant_id, &e.plan_id).await?;
        if old.is_some_and(|old| old.price.currency == plan.price.currency) {
            fitting.push(e);
        }
    }
    if fitting.len() > 1 {
        let words = "is needed: several plans run; name the entitlement that ends, or \"none\"";
        return refuse("replaces_ambiguous", words);
    }
    Ok(fitting.pop())
}

/// Makes the order and the purchase beside it.
#[expect(
    clippy::too_many_arguments,
    reason = "one caller's facts, read in one place"
)]
async fn insert(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    actor: &Actor,
    plan: &Plan,
    customer: &CustomerId,
    old: Option<Entitlement>,
    new: NewPurchase,
) -> Result<Order, PurchaseError> {
    let now = app.clock.now();
    let credit_minor = match &old {
        Some(old) => unused(tx, old, now).await?,
        None => 0,
    };
    let left = Money::new(plan.price.minor - credit_minor, plan.price.currency);
    if left.minor <= 0 {
        return Err(PurchaseError::CreditCoversPrice {
            credit: Money::new(credit_minor, plan.price.currency),
            price: plan.price,
        });
    }
    let made_up = || format!("SUB-{}", random_hex::<4>().to_uppercase());
    let reference = new.reference.filter(|r| !r.trim().is_empty());
    let reference = reference.unwrap_or_else(made_up);
    let mut metadata = new.metadata;
    metadata.insert("plan".to_owned(), plan.id.to_string());
    let order = NewOrder {
        kind: OrderKind::Subscription,
        description: plan.name.clone(),
        customer: new.customer,
        metadata,
        return_url: new.return_url,
        failure_url: new.failure_url,
        expires_in_secs: new.expires_in_secs,
        providers: new.providers,
        locale: new.locale,
        form_key: new.form_key,
        ..NewOrder::new(&reference, left, plan.livemode)
    };
    let order = insert_in(app, tx, tenant, actor, order).await?;
    let purchase = Purchase {
        order_id: order.id.clone(),
        tenant_id: tenant.id.clone(),
        plan_id: plan.id.clone(),
        customer_id: customer.clone(),
        status: PurchaseStatus::Open,
        price: plan.price,
        credit_minor,
        duration_days: plan.duration_days,
        grace_days: plan.grace_days,
        replaces: old.map(|e| e.id),
        replaced: false,
        entitlement_id: None,
        value_minor: 0,
        applied_at: None,
        period: None,
        created_by: actor.as_str().to_owned(),
        created_at: now,
        updated_at: now,
    };
    entitlements::insert_purchase(tx, &purchase).await?;
    Ok(order)
}

/// The order that renews an entitlement, made once for each end: reminders and people send the same
/// link. `None` where the plan is no longer on sale.
pub(super) async fn renewal_in(
    app: &App,
    tx: &mut Tx<'_>,
    actor: &Actor,
    e: &mut Entitlement,
) -> Result<Option<Order>, PurchaseError> {
    let now = app.clock.now();
    if let Some(known) = &e.renewal_order {
        let known = orders::get(tx, &e.tenant_id, known).await?;
        if let Some(known) = known.filter(|o| o.takes_payments(now)) {
            return Ok(Some(known));
        }
    }
    let tenant = tenants::by_id(tx, &e.tenant_id).await?;
    let plan = plans::get(tx, &e.tenant_id, &e.plan_id).await?;
    let (Some(tenant), Some(plan)) = (tenant, plan.filter(|p| p.active)) else {
        return Ok(None);
    };
    let customer = customers::hold(tx, &e.tenant_id, &e.customer_id).await?;
    // It lives as long as it can renew without a gap, and a day at least.
    let life = e.grace_ends_at().secs_since(now);
    let new = NewPurchase {
        customer: customer.contact(),
        expires_in_secs: Some(life.clamp(DAY_SECS, 90 * DAY_SECS)),
        metadata: BTreeMap::from([("renews".to_owned(), e.id.to_string())]),
        ..NewPurchase::default()
    };
    let order = insert(app, tx, &tenant, actor, &plan, &customer.id, None, new).await?;
    e.renewal_order = Some(order.id.clone());
    Ok(Some(order))
}

/// The link that renews an entitlement, for a person to send.
pub async fn renewal(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &EntitlementId,
) -> Result<(Order, Customer), PurchaseError> {
    let mut tx = app.db.begin().await?;
    let mut e = entitlements::get(&mut tx, tenant, id)
        .await?
        .ok_or(PurchaseError::NotFound)?;
    let was = e.status;
    if !was.runs() && was != EntitlementStatus::Suspended {
        return Err(PurchaseError::NotOnSale);
    }
    let known = e.renewal_order.clone();
    let order = renewal_in(app, &mut tx, actor, &mut e)
        .await?
        .ok_or(PurchaseError::NotOnSale)?;
    if e.renewal_order != known {
        e.updated_at = app.clock.now();
        entitlements::save(&mut tx, &mut e, was).await?;
    }
    let customer = customers::get(&mut tx, tenant, &e.customer_id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((order, customer.ok_or(PurchaseError::NotFound)?))
}

/// Sends a prompt for the renewal to the customer's phone, through the first provider that can.
/// The customer pays by confirming it there; nothing is taken otherwise.
pub async fn prompt_renewal(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    id: &EntitlementId,
) -> Result<Payment, PurchaseError> {
    let (order, customer) = renewal(app, &tenant.id, actor, id).await?;
    if customer.phone.is_empty() {
        return Err(PurchaseError::NoPrompt("the customer has no phone number"));
    }
    let choices = checkout::choices(app, tenant, &order, false).await?;
    let Some(way) = choices.iter().find(|c| c.flow == Flow::PhonePrompt) else {
        let words = "no provider that is set up sends prompts for this order";
        return Err(PurchaseError::NoPrompt(words));
    };
    let input = checkout::StartInput {
        provider: way.provider.name.to_owned(),
        method: Some(way.method),
        phone: Some(customer.phone),
        ..checkout::StartInput::default()
    };
    Ok(checkout::start(app, tenant, &order, actor, input).await?)
}
