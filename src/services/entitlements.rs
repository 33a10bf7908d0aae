//! What customers have: begun and lengthened where an order is fulfilled (R8), taken back where all
//! of its money went back, and ended by the clock. Each of these counts once, whatever comes twice.
use super::books::{Entry, tell};
use super::messages::{self, Renewal};
use super::purchases::{PurchaseError, renewal_in};
use super::refunds::RefundError;
use super::settle::SettleError;
use super::{Actor, App, TRIES, objects, orders as order_service};
use crate::domain::customer::Customer;
use crate::domain::entitlement::{
    Entitlement, EntitlementStatus, Purchase, PurchaseStatus, lay_out,
};
use crate::domain::event::EventType;
use crate::domain::ids::{CustomerId, EntitlementId, OrderId, PlanId, TenantId};
use crate::domain::job::{JobKind, Outcome};
use crate::domain::order::{Order, OrderKind};
use crate::domain::plan::{Plan, unused_minor};
use crate::domain::{Timestamp, TransitionError};
use crate::store::{Cursor, Page, StoreError, Tx, customers, entitlements, jobs, orders, plans};
use serde_json::json;

/// Why an entitlement was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EntitlementError {
    #[error(transparent)]
    Transition(#[from] TransitionError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EntitlementError> for SettleError {
    fn from(e: EntitlementError) -> Self {
        match e {
            EntitlementError::Transition(e) => Self::Transition(e),
            EntitlementError::Store(e) => Self::Store(e),
        }
    }
}

impl From<EntitlementError> for RefundError {
    fn from(e: EntitlementError) -> Self {
        match e {
            EntitlementError::Transition(e) => Self::Transition(e),
            EntitlementError::Store(e) => Self::Store(e),
        }
    }
}

/// What the rest of an entitlement is worth at a moment, each of its periods rounded up.
pub(super) async fn unused(
    tx: &mut Tx<'_>,
    e: &Entitlement,
    at: Timestamp,
) -> Result<i64, StoreError> {
    let periods = entitlements::periods(tx, &e.tenant_id, &e.id).await?;
    let worth = |p: &Purchase| {
        p.period
            .map_or(0, |(from, to)| unused_minor(p.value_minor, from, to, at))
    };
    Ok(periods.iter().map(worth).sum())
}

/// Begins or lengthens what a fulfilled order bought. Called where `fulfilled_at` is set, in that
/// transaction; orders that buy no plan change nothing.
pub(super) async fn fulfil(
    app: &App,
    tx: &mut Tx<'_>,
    order: &Order,
) -> Result<(), EntitlementError> {
    if order.kind != OrderKind::Subscription {
        return Ok(());
    }
    let tenant = &order.tenant_id;
    let found = entitlements::purchase_of(tx, tenant, &order.id).await?;
    let Some(mut purchase) = found.filter(|p| p.status == PurchaseStatus::Open) else {
        return Ok(());
    };
    // Two purchases of one customer follow each other.
    let customer = customers::hold(tx, tenant, &purchase.customer_id).await?;
    let plan = plans::get(tx, tenant, &purchase.plan_id)
        .await?
        .ok_or(StoreError::Corrupt("plan_id"))?;
    purchase.customer_id = customer.id.clone();
    if let Some(old) = &purchase.replaces {
        let old = entitlements::get(tx, tenant, old).await?;
        purchase.replaced = match old {
            Some(old) => replace(app, tx, order, old).await?,
            None => false,
        };
    }
    let now = app.clock.now();
    let mut e = match target(tx, tenant, &customer.id, &plan.id).await? {
        Some(e) => e,
        None => begin(app, tx, order, &customer.id, &plan).await?,
    };
    purchase.status = purchase.status.go(PurchaseStatus::Applied)?;
    purchase.entitlement_id = Some(e.id.clone());
    purchase.grace_days = plan.grace_days;
    purchase.applied_at = Some(now);
    purchase.updated_at = now;
    entitlements::save_purchase(tx, &purchase, PurchaseStatus::Open).await?;
    e.last_order = order.id.clone();
    e.remind_days.clone_from(&plan.remind_days);
    e.grace_days = plan.grace_days;
    reckon(app, tx, e, order).await?;
    Ok(())
}

/// What a purchase lengthens: of a customer's entitlements to the plan the one that runs longest,
/// else the one that was suspended last.
async fn target(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    customer: &CustomerId,
    plan: &PlanId,
) -> Result<Option<Entitlement>, StoreError> {
    let mut all = entitlements::of_customer(tx, tenant, customer).await?;
    all.retain(|e| {
        e.plan_id == *plan && (e.status.runs() || e.status == EntitlementStatus::Suspended)
    });
    all.sort_by_key(|e| (e.status.runs(), e.ends_at));
    Ok(all.pop())
}

async fn begin(
    app: &App,
    tx: &mut Tx<'_>,
    order: &Order,
    customer: &CustomerId,
    plan: &Plan,
) -> Result<Entitlement, StoreError> {
    let now = app.clock.now();
    let e = Entitlement {
        id: app.clock.id(),
        tenant_id: order.tenant_id.clone(),
        livemode: order.livemode,
        customer_id: customer.clone(),
        plan_id: plan.id.clone(),
        status: EntitlementStatus::Active,
        starts_at: now,
        period_from: now,
        ends_at: now,
        grace_days: plan.grace_days,
        remind_days: plan.remind_days.clone(),
        reminded: None,
        renewal_order: None,
        last_order: order.id.clone(),
        version: 0,
        created_at: now,
        updated_at: now,
    };
    entitlements::insert(tx, &e).await?;
    Ok(e)
}

/// Ends what an upgrade takes the place of. False where it is gone already: its rest was credited
/// elsewhere, or paid back.
async fn replace(
    app: &App,
    tx: &mut Tx<'_>,
    order: &Order,
    mut old: Entitlement,
) -> Result<bool, EntitlementError> {
    let was = old.status;
    if !was.runs() && was != EntitlementStatus::Suspended {
        return Ok(false);
    }
    old.status = was.go(EntitlementStatus::Replaced)?;
    old.updated_at = app.clock.now();
    entitlements::save(tx, &mut old, was).await?;
    write(app, tx, &old, order, "entitlement.replaced").await?;
    let event = EventType::EntitlementExpired;
    tell_about(app, tx, &old, event, None).await?;
    Ok(true)
}

/// Takes a period back once all of its order's money went back, and gives it back where that
/// refund is undone by the provider. A part that goes back changes nothing.
pub(super) async fn refunded(
    app: &App,
    tx: &mut Tx<'_>,
    was: &Order,
    order: &Order,
) -> Result<(), EntitlementError> {
    if order.kind != OrderKind::Subscription {
        return Ok(());
    }
    let tenant = &order.tenant_id;
    let Some(mut purchase) = entitlements::purchase_of(tx, tenant, &order.id).await? else {
        return Ok(());
    };
    let undone = order.refunded_minor < was.refunded_minor;
    let from = purchase.status;
    let to = match from {
        PurchaseStatus::Applied if !undone && order.kept_minor() <= 0 => PurchaseStatus::TakenBack,
        PurchaseStatus::TakenBack if undone && order.kept_minor() > 0 => PurchaseStatus::Applied,
        _ => return Ok(()),
    };
    customers::hold(tx, tenant, &purchase.customer_id).await?;
    let old = match purchase
        .replaces
        .as_ref()
        .filter(|_| purchase.replaced || undone)
    {
        Some(old) => entitlements::get(tx, tenant, old).await?,
        None => None,
    };
    let now = app.clock.now();
    if let Some(old) = old {
        purchase.replaced = if undone {
            replace(app, tx, order, old).await?
        } else {
            restore(app, tx, order, old).await?;
            false
        };
    }
    purchase.status = from.go(to)?;
    purchase.updated_at = now;
    entitlements::save_purchase(tx, &purchase, from).await?;
    let mine = match &purchase.entitlement_id {
        Some(id) => entitlements::get(tx, tenant, id).await?,
        None => None,
    };
    if let Some(e) = mine {
        reckon(app, tx, e, order).await?;
    }
    Ok(())
}

/// What an upgrade had taken the place of runs on, as if that had never been.
async fn restore(
    app: &App,
    tx: &mut Tx<'_>,
    order: &Order,
    mut old: Entitlement,
) -> Result<(), EntitlementError> {
    let was = old.status;
    if was != EntitlementStatus::Replaced {
        return Ok(());
    }
    old.status = was.go(old.status_at(app.clock.now()))?;
    old.updated_at = app.clock.now();
    entitlements::save(tx, &mut old, was).await?;
    write(app, tx, &old, order, "entitlement.restored").await?;
    if old.status.runs() {
        let event = EventType::EntitlementActivated;
        tell_about(app, tx, &old, event, None).await?;
        queue_walk(app, tx, &old).await?;
    }
    Ok(())
}

/// Works an entitlement out anew from its paid periods, and then those whose credit it was.
async fn reckon(
    app: &App,
    tx: &mut Tx<'_>,
    e: Entitlement,
    order: &Order,
) -> Result<(), EntitlementError> {
    let mut next = Some(e);
    // A customer's upgrades make a line, so it comes to an end.
    while let Some(mut e) = next.take() {
        reckon_one(app, tx, &mut e, order).await?;
        let after = entitlements::successor(tx, &e.tenant_id, &e.id).await?;
        if let Some(id) = after
            .and_then(|p| p.entitlement_id)
            .filter(|id| *id != e.id)
        {
            next = entitlements::get(tx, &e.tenant_id, &id).await?;
        }
    }
    Ok(())
}

async fn reckon_one(
    app: &App,
    tx: &mut Tx<'_>,
    e: &mut Entitlement,
    order: &Order,
) -> Result<(), EntitlementError> {
    let (now, was, ended) = (app.clock.now(), e.status, e.ends_at);
    let known = entitlements::periods(tx, &e.tenant_id, &e.id).await?;
    let mut periods = known.clone();
    for p in &mut periods {
        p.value_minor = value(tx, p).await?;
    }
    lay_out(&mut periods);
    for (p, known) in periods.iter().zip(&known) {
        if p != known {
            entitlements::save_purchase(tx, p, PurchaseStatus::Applied).await?;
        }
    }
    if let (Some(first), Some(last)) = (periods.first(), periods.last()) {
        let (starts, _) = first.period.unwrap_or((now, now));
        let (from, to) = last.period.unwrap_or((now, now));
        (e.starts_at, e.period_from, e.ends_at) = (starts, from, to);
        e.last_order = last.order_id.clone();
        if e.status != EntitlementStatus::Replaced {
            e.status = step(was, e.status_at(now))?;
        }
    } else {
        e.ends_at = now;
        e.status = step(was, EntitlementStatus::Revoked)?;
    }
    if e.ends_at != ended {
        (e.reminded, e.renewal_order) = (None, None);
    }
    e.updated_at = now;
    entitlements::save(tx, e, was).await?;
    if (e.status, e.ends_at) == (was, ended) {
        return Ok(());
    }
    let (kind, event) = match e.status {
        EntitlementStatus::Active | EntitlementStatus::Grace => {
            let kind = if e.ends_at < ended {
                "entitlement.shortened"
            } else {
                "entitlement.activated"
            };
            (kind, Some(EventType::EntitlementActivated))
        }
        EntitlementStatus::Suspended => {
            ("entitlement.suspended", Some(EventType::EntitlementExpired))
        }
        EntitlementStatus::Revoked => ("entitlement.revoked", Some(EventType::EntitlementExpired)),
        EntitlementStatus::Replaced => ("entitlement.changed", None),
    };
    write(app, tx, e, order, kind).await?;
    if let Some(event) = event {
        tell_about(app, tx, e, event, None).await?;
    }
    queue_walk(app, tx, e).await?;
    Ok(())
}

fn step(
    from: EntitlementStatus,
    to: EntitlementStatus,
) -> Result<EntitlementStatus, TransitionError> {
    if from == to { Ok(from) } else { from.go(to) }
}

/// What a period is worth: what was paid for it, and the rest of what it took the place of as that
/// stood when the purchase began. A rest that was credited twice or refunded counts for nothing, so
/// the period is then as long as the money alone pays for.
async fn value(tx: &mut Tx<'_>, p: &Purchase) -> Result<i64, StoreError> {
    let paid = p.amount().minor;
    let Some(old) = p.replaces.as_ref().filter(|_| p.replaced) else {
        return Ok(paid);
    };
    let old = entitlements::get(tx, &p.tenant_id, old).await?;
    let credit = match old {
        Some(old) => unused(tx, &old, p.created_at).await?,
        None => 0,
    };
    Ok(paid.saturating_add(credit))
}

/// The clock's job looks at it when something is due.
async fn queue_walk(app: &App, tx: &mut Tx<'_>, e: &Entitlement) -> Result<(), StoreError> {
    let Some(due) = e.next_due() else {
        return Ok(());
    };
    let (id, subject) = (app.clock.id(), e.id.to_string());
    jobs::queue(
        tx,
        id,
        &e.tenant_id,
        JobKind::WalkEntitlement,
        &subject,
        due,
    )
    .await
}

/// The job that walks an entitlement's clock: reminders, the end, the end of grace. What was done
/// is written on its row, so a second run finds nothing left to do.
pub async fn walk(
    app: &App,
    tenant: &TenantId,
    id: &EntitlementId,
) -> Result<Outcome, EntitlementError> {
    for _ in 1..TRIES {
        match walk_once(app, tenant, id).await {
            Err(EntitlementError::Store(StoreError::Stale)) => {}
            other => return other,
        }
    }
    walk_once(app, tenant, id).await
}

async fn walk_once(
    app: &App,
    tenant: &TenantId,
    id: &EntitlementId,
) -> Result<Outcome, EntitlementError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let Some(mut e) = entitlements::get(&mut tx, tenant, id).await? else {
        return Ok(Outcome::Done);
    };
    let was = e.status;
    if !was.runs() {
        return Ok(Outcome::Done);
    }
    let (kind, event) = match (e.status_at(now), e.reminder_due(now)) {
        (EntitlementStatus::Suspended, _) => {
            e.status = was.go(EntitlementStatus::Suspended)?;
            ("entitlement.suspended", EventType::EntitlementExpired)
        }
        (EntitlementStatus::Grace, _) if was == EntitlementStatus::Active => {
            e.status = was.go(EntitlementStatus::Grace)?;
            e.reminded = Some(0);
            ("entitlement.grace", EventType::EntitlementExpiring)
        }
        (EntitlementStatus::Active, Some(days)) => {
            e.reminded = Some(days);
            ("entitlement.reminded", EventType::EntitlementExpiring)
        }
        _ => return Ok(again(&e)),
    };
    let reminds = event == EventType::EntitlementExpiring;
    let renewal = if reminds {
        renewal_order(app, &mut tx, &mut e).await?
    } else {
        None
    };
    e.updated_at = now;
    entitlements::save(&mut tx, &mut e, was).await?;
    let order = orders::get(&mut tx, tenant, &e.last_order).await?;
    if let Some(order) = order {
        write(app, &mut tx, &e, &order, kind).await?;
    }
    let link = renewal
        .as_ref()
        .map(|o| order_service::checkout_url(app, o));
    tell_about(app, &mut tx, &e, event, link).await?;
    if let Some(order) = &renewal {
        remind(app, &mut tx, &e, order).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(again(&e))
}

fn again(e: &Entitlement) -> Outcome {
    e.next_due().map_or(Outcome::Done, Outcome::Again)
}

/// The order that renews it. A plan that is not sold any more has none, and what stands in its way
/// keeps no event back.
async fn renewal_order(
    app: &App,
    tx: &mut Tx<'_>,
    e: &mut Entitlement,
) -> Result<Option<Order>, StoreError> {
    match renewal_in(app, tx, &Actor::System, e).await {
        Ok(order) => Ok(order),
        Err(PurchaseError::Store(error)) => Err(error),
        Err(error) => {
            tracing::error!(entitlement.id = %e.id, error = %error, "no renewal order was made");
            Ok(None)
        }
    }
}

/// Writes to the customer, with the link that keeps the plan.
async fn remind(
    app: &App,
    tx: &mut Tx<'_>,
    e: &Entitlement,
    order: &Order,
) -> Result<(), StoreError> {
    let (plan, customer) = beside(tx, e).await?;
    let reminder = Renewal {
        customer: &customer.contact(),
        order,
        plan: &plan.name,
        ends_at: e.ends_at,
        key: &format!(
            "{}:{}:{}",
            e.id,
            e.ends_at.unix_ms(),
            e.reminded.unwrap_or_default()
        ),
    };
    messages::renewal_reminder(app, tx, &reminder).await?;
    Ok(())
}

/// A step of the order's story.
async fn write(
    app: &App,
    tx: &mut Tx<'_>,
    e: &Entitlement,
    order: &Order,
    kind: &str,
) -> Result<(), StoreError> {
    Entry::order(order, kind, &Actor::System)
        .data(json!({
            "entitlement": e.id, "status": e.status.as_str(),
            "ends_at": objects::rfc3339(e.ends_at),
        }))
        .write(app, tx)
        .await
}

/// Tells the merchant of an entitlement as it is now.
async fn tell_about(
    app: &App,
    tx: &mut Tx<'_>,
    e: &Entitlement,
    event: EventType,
    renewal_url: Option<String>,
) -> Result<(), StoreError> {
    let (plan, customer) = beside(tx, e).await?;
    let now = app.clock.now();
    let mut data = objects::entitlement(e, &plan, &customer, renewal_url, now);
    if event == EventType::EntitlementExpiring {
        data["days_left"] = json!(e.days_left(now));
    }
    let (tenant, subject) = (&e.tenant_id, e.id.to_string());
    tell(app, tx, tenant, e.livemode, subject, event, &data).await
}

async fn beside(tx: &mut Tx<'_>, e: &Entitlement) -> Result<(Plan, Customer), StoreError> {
    let plan = plans::get(tx, &e.tenant_id, &e.plan_id).await?;
    let customer = customers::get(tx, &e.tenant_id, &e.customer_id).await?;
    match (plan, customer) {
        (Some(plan), Some(customer)) => Ok((plan, customer)),
        _ => Err(StoreError::Corrupt("plan_id")),
    }
}

/// An entitlement with its plan and its customer.
#[derive(Clone, Debug)]
pub struct Held {
    pub entitlement: Entitlement,
    pub plan: Plan,
    pub customer: Customer,
    /// Where its renewal is paid, once that was offered and while it can be.
    pub renewal_url: Option<String>,
}

async fn held(app: &App, tx: &mut Tx<'_>, e: Entitlement) -> Result<Held, StoreError> {
    let (plan, customer) = beside(tx, &e).await?;
    let renewal = match &e.renewal_order {
        Some(order) => orders::get(tx, &e.tenant_id, order).await?,
        None => None,
    };
    let renewal = renewal.filter(|o| o.takes_payments(app.clock.now()));
    Ok(Held {
        entitlement: e,
        plan,
        customer,
        renewal_url: renewal.map(|o| order_service::checkout_url(app, &o)),
    })
}

/// What a customer has and had, newest first.
pub async fn of_customer(app: &App, customer: &Customer) -> Result<Vec<Held>, StoreError> {
    let mut tx = app.db.read().await?;
    let all = entitlements::of_customer(&mut tx, &customer.tenant_id, &customer.id).await?;
    let mut out = Vec::with_capacity(all.len());
    for e in all {
        out.push(held(app, &mut tx, e).await?);
    }
    Ok(out)
}

/// Who has a plan, newest first.
pub async fn of_plan(
    app: &App,
    plan: &Plan,
    status: Option<EntitlementStatus>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Held>, StoreError> {
    let mut tx = app.db.read().await?;
    let page =
        entitlements::of_plan(&mut tx, &plan.tenant_id, &plan.id, status, cursor, limit).await?;
    let mut rows = Vec::with_capacity(page.rows.len());
    for e in page.rows {
        rows.push(held(app, &mut tx, e).await?);
    }
    Ok(Page {
        rows,
        newer: page.newer,
        older: page.older,
    })
}

pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &EntitlementId,
) -> Result<Option<Entitlement>, StoreError> {
    entitlements::get(&mut app.db.read().await?, tenant, id).await
}

/// The purchase that an order is for.
pub async fn purchase_of(
    app: &App,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Option<Purchase>, StoreError> {
    entitlements::purchase_of(&mut app.db.read().await?, tenant, order).await
}
