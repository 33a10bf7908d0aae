//! The one place where a provider's word, or a person's, becomes a payment's state and an order's
//! money: R2, R6, R8, R9, R11, R12. Hooks, polling, `verify`, proofs and the desk all end here.
use super::books::{Entry, tell_order, tell_payment, tell_refund};
use super::{Actor, App, TRIES, entitlements, messages};
use crate::domain::event::EventType;
use crate::domain::ids::{PaymentId, TenantId};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::{Failure, FailureCode, Flag, Payment, PaymentStatus};
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::{Money, Timestamp, TransitionError};
use crate::providers::{Charge, Found, PaymentProvider, Report, find};
use crate::store::{StoreError, Tx, orders, payments, refunds};
use serde_json::json;

/// Why nothing was settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    #[error("the payment was not found")]
    NotFound,
    #[error(transparent)]
    Transition(#[from] TransitionError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A lost answer counts as "never received" only when the call can no longer be under way.
const MISSING_AFTER_SECS: i64 = 120;

/// Applies what a provider says of a payment. The same news twice, late or in another order comes
/// to the same end (R7).
pub async fn apply(
    app: &App,
    tenant: &TenantId,
    id: &PaymentId,
    report: &Report,
) -> Result<Payment, SettleError> {
    for _ in 1..TRIES {
        match apply_once(app, tenant, id, report).await {
            // Taken: the same receipt was booked a moment ago.
            Err(SettleError::Store(StoreError::Stale | StoreError::Taken)) => {}
            other => return other,
        }
    }
    apply_once(app, tenant, id, report).await
}

async fn apply_once(
    app: &App,
    tenant: &TenantId,
    id: &PaymentId,
    report: &Report,
) -> Result<Payment, SettleError> {
    let mut tx = app.db.begin().await?;
    let mut p = payments::get(&mut tx, tenant, id)
        .await?
        .ok_or(SettleError::NotFound)?;
    let was = p.status;
    let now = app.clock.now();
    if p.provider_ref.is_none() {
        p.provider_ref.clone_from(&report.provider_ref);
    }
    if p.receipt.is_none() {
        p.receipt.clone_from(&report.receipt);
    }
    let twin = same_receipt(&mut tx, &p).await?;
    if twin.is_some() {
        p.receipt = None;
    }
    match &report.found {
        Found::Succeeded(charge) if !matches!(was, PaymentStatus::Succeeded) => {
            // Mismatched money waits for a person; asking again tells nothing new.
            if was == PaymentStatus::Mismatched {
                return Ok(p);
            }
            match mismatch(&p, charge) {
                None if twin.as_ref().is_some_and(|t| is_same_money(t, &p)) => {
                    let Some(twin) = twin.filter(|_| was.is_open()) else {
                        return Ok(p);
                    };
                    let failure = Failure {
                        code: FailureCode::CancelledByCustomer,
                        message: format!("its money is booked as {}", twin.id),
                    };
                    let to = PaymentStatus::Cancelled;
                    end(app, &mut tx, &mut p, to, failure, report).await?;
                }
                None => {
                    let amount = p.amount;
                    book(app, &mut tx, &mut p, amount, &Actor::Provider, &report.said).await?;
                }
                // A person refused this money; asking again tells nothing new.
                Some(_) if refused_by_staff(&p) => return Ok(p),
                Some((fact, why)) => {
                    p.status = was.go(PaymentStatus::Mismatched)?;
                    p.updated_at = now;
                    payments::save(&mut tx, &p, was).await?;
                    Entry::payment(&p, "payment.mismatched", &Actor::Provider)
                        .words(&report.said)
                        .data(json!({
                            "fact": fact,
                            "why": why,
                            "reported": { "amount": charge.amount.minor,
                                          "currency": charge.amount.currency },
                        }))
                        .write(app, &mut tx)
                        .await?;
                    tell_payment(app, &mut tx, &p, EventType::PaymentMismatched).await?;
                    messages::alerts::mismatched(app, &mut tx, &p, &why).await?;
                }
            }
        }
        Found::Open(status) if was.is_open() && was != *status && was.can_become(*status) => {
            p.status = *status;
            p.updated_at = now;
            payments::save(&mut tx, &p, was).await?;
            Entry::payment(&p, step_of(*status), &Actor::Provider)
                .words(&report.said)
                .write(app, &mut tx)
                .await?;
        }
        Found::Failed(f) if was.is_open() => {
            end(
                app,
                &mut tx,
                &mut p,
                PaymentStatus::Failed,
                f.clone(),
                report,
            )
            .await?;
        }
        Found::Cancelled(f) if was.is_open() => {
            end(
                app,
                &mut tx,
                &mut p,
                PaymentStatus::Cancelled,
                f.clone(),
                report,
            )
            .await?;
        }
        Found::Expired(f) if was.is_open() => {
            end(
                app,
                &mut tx,
                &mut p,
                PaymentStatus::Expired,
                f.clone(),
                report,
            )
            .await?;
        }
        Found::Missing
            if matches!(was, PaymentStatus::Unknown | PaymentStatus::Created)
                && now.secs_since(p.created_at) >= MISSING_AFTER_SECS =>
        {
            let failure = Failure {
                code: FailureCode::ProviderUnavailable,
                message: format!("the provider never received it: {}", report.said),
            };
            end(app, &mut tx, &mut p, PaymentStatus::Failed, failure, report).await?;
        }
        // R9: success never turns into failure, and an end is not ended twice. A receipt that
        // came later is still kept.
        _ => {
            let known = payments::get(&mut tx, tenant, id)
                .await?
                .ok_or(SettleError::NotFound)?;
            if known != p {
                payments::save(&mut tx, &p, was).await?;
            }
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(p)
}

/// Another payment that this payment's receipt was booked for: the same money may be told as a
/// prompt and as paid by hand (M-Pesa).
async fn same_receipt(tx: &mut Tx<'_>, p: &Payment) -> Result<Option<Payment>, StoreError> {
    let bills = find(&p.provider).is_some_and(PaymentProvider::takes_bills);
    let Some(receipt) = p.receipt.as_deref().filter(|_| bills) else {
        return Ok(None);
    };
    let found = payments::by_receipt(tx, &p.tenant_id, &p.provider, p.test_mode, receipt).await?;
    Ok(found.filter(|other| other.id != p.id))
}

/// A receipt alone is only claimed: the rest must fit, too, or a forged claim would hide money.
fn is_same_money(twin: &Payment, p: &Payment) -> bool {
    twin.order_id == p.order_id && twin.captured() == p.amount
}

/// The first fact that differs from ours, by name and in words (R6).
fn mismatch(p: &Payment, charge: &Charge) -> Option<(&'static str, String)> {
    let ours = p.amount;
    if charge.amount.currency != ours.currency {
        let why = format!(
            "the currency is {}, not {}",
            charge.amount.currency, ours.currency
        );
        return Some(("currency", why));
    }
    if charge.test_mode.is_some_and(|test| test != p.test_mode) {
        return Some(("mode", "the payment was made in the other mode".to_owned()));
    }
    if let Some(theirs) = charge.reference.as_ref().filter(|r| **r != p.reference) {
        return Some((
            "reference",
            format!("the reference is {theirs}, not {}", p.reference),
        ));
    }
    if let Some(asked) = charge.asked.filter(|a| *a != ours) {
        return Some((
            "amount",
            format!("the provider was asked for {asked}, not {ours}"),
        ));
    }
    let more_is_fee = charge.payer_may_bear_fee && charge.amount.minor >= ours.minor;
    if charge.amount != ours && !more_is_fee {
        return Some((
            "amount",
            format!("the amount is {}, not {ours}", charge.amount),
        ));
    }
    None
}

fn refused_by_staff(p: &Payment) -> bool {
    p.failure
        .as_ref()
        .is_some_and(|f| f.code == FailureCode::RejectedByStaff)
}

/// Ends an open attempt without money.
async fn end(
    app: &App,
    tx: &mut Tx<'_>,
    p: &mut Payment,
    to: PaymentStatus,
    failure: Failure,
    report: &Report,
) -> Result<(), SettleError> {
    finish(app, tx, p, to, failure, &Actor::Provider, &report.said).await
}

/// Ends an attempt without money, for a provider's reason or ours.
pub async fn finish(
    app: &App,
    tx: &mut Tx<'_>,
    p: &mut Payment,
    to: PaymentStatus,
    failure: Failure,
    actor: &Actor,
    words: &str,
) -> Result<(), SettleError> {
    let was = p.status;
    p.status = was.go(to)?;
    p.failure = Some(failure);
    p.updated_at = app.clock.now();
    payments::save(tx, p, was).await?;
    let words = if words.is_empty() {
        p.failure
            .as_ref()
            .map(|f| f.message.clone())
            .unwrap_or_default()
    } else {
        words.to_owned()
    };
    Entry::payment(p, step_of(to), actor)
        .words(&words)
        .data(json!({ "code": p.failure.as_ref().map(|f| f.code) }))
        .write(app, tx)
        .await?;
    let event = match to {
        PaymentStatus::Expired => EventType::PaymentExpired,
        _ => EventType::PaymentFailed,
    };
    tell_payment(app, tx, p, event).await?;
    Ok(())
}

/// The name of a payment's step in the story.
pub fn step_of(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Created => "payment.created",
        PaymentStatus::Pending => "payment.pending",
        PaymentStatus::RequiresAction => "payment.requires_action",
        PaymentStatus::Processing => "payment.processing",
        PaymentStatus::Unknown => "payment.unknown",
        PaymentStatus::Mismatched => "payment.mismatched",
        PaymentStatus::Succeeded => "payment.succeeded",
        PaymentStatus::Failed => "payment.failed",
        PaymentStatus::Cancelled => "payment.cancelled",
        PaymentStatus::Expired => "payment.expired",
    }
}

/// Books money that came for a payment, and lets it settle the order. `came` differs from what was
/// asked only where a person typed it by hand.
pub async fn book(
    app: &App,
    tx: &mut Tx<'_>,
    p: &mut Payment,
    came: Money,
    actor: &Actor,
    words: &str,
) -> Result<(), SettleError> {
    let now = app.clock.now();
    let was = p.status;
    let mut order = orders::get(tx, &p.tenant_id, &p.order_id)
        .await?
        .ok_or(SettleError::NotFound)?;
    p.status = was.go(PaymentStatus::Succeeded)?;
    p.captured_minor = came.minor;
    p.failure = None;
    p.updated_at = now;
    if was.ended_without_money()
        || matches!(order.status, OrderStatus::Expired | OrderStatus::Cancelled)
    {
        p.flags.push(Flag::Late);
    }
    if came.minor < p.amount.minor {
        p.flags.push(Flag::Short);
    }
    // R11: test money on a live order is booked on the payment alone.
    let surplus = if p.settles_order() {
        Some(settle_order(app, tx, &mut order, p, now).await?)
    } else {
        None
    };
    payments::save(tx, p, was).await?;
    Entry::payment(p, "payment.succeeded", actor)
        .words(words)
        .data(json!({
            "flags": p.flags, "receipt": p.receipt,
            "amount": came.minor, "currency": came.currency,
        }))
        .write(app, tx)
        .await?;
    tell_payment(app, tx, p, EventType::PaymentSucceeded).await?;
    if p.flags.contains(&Flag::Late) {
        tell_payment(app, tx, p, EventType::PaymentLate).await?;
    }
    if let Some(surplus) = surplus.filter(|s| s.minor > 0) {
        surplus_task(app, tx, p, surplus, now).await?;
    }
    Ok(())
}

/// Adds a payment's money to its order. Returns what is too much.
async fn settle_order(
    app: &App,
    tx: &mut Tx<'_>,
    order: &mut Order,
    p: &mut Payment,
    now: Timestamp,
) -> Result<Money, SettleError> {
    let was = order.clone();
    let came = p.captured();
    let flag_order = |order: &mut Order, flag: Flag| {
        if !order.flags.contains(&flag) {
            order.flags.push(flag);
        }
    };
    order.paid_minor = was.paid().checked_add(came).map_or(i64::MAX, |m| m.minor);
    order.updated_at = now;
    let surplus = match was.status {
        OrderStatus::Cancelled => {
            p.flags.push(Flag::PaidAfterCancel);
            flag_order(order, Flag::PaidAfterCancel);
            came
        }
        OrderStatus::Paid => {
            p.flags.push(Flag::Duplicate);
            flag_order(order, Flag::Duplicate);
            came
        }
        OrderStatus::Open | OrderStatus::PartiallyPaid | OrderStatus::Expired => {
            if was.status == OrderStatus::Expired {
                flag_order(order, Flag::Late);
            }
            if order.kept_minor() >= order.amount.minor {
                order.status = was.status.go(OrderStatus::Paid)?;
                // R8: fulfilled at most once; `orders::save` refuses a second time.
                order.fulfilled_at = Some(now);
                Money::new(order.kept_minor() - order.amount.minor, came.currency)
            } else {
                if was.status != OrderStatus::PartiallyPaid {
                    order.status = was.status.go(OrderStatus::PartiallyPaid)?;
                }
                if order.is_short() {
                    flag_order(order, Flag::Short);
                } else {
                    order.flags.retain(|f| *f != Flag::Short);
                }
                Money::zero(came.currency)
            }
        }
    };
    if order.status == OrderStatus::Paid {
        order.flags.retain(|f| *f != Flag::Short);
    }
    if surplus.minor > 0 && matches!(was.status, OrderStatus::Cancelled | OrderStatus::Paid) {
        orders::save(tx, order, &was).await?;
        return Ok(surplus);
    }
    if surplus.minor > 0 {
        p.flags.push(Flag::Over);
        flag_order(order, Flag::Over);
    }
    orders::save(tx, order, &was).await?;
    let (kind, event) = if order.status == OrderStatus::Paid {
        ("order.paid", EventType::OrderPaid)
    } else {
        ("order.partially_paid", EventType::OrderPartiallyPaid)
    };
    Entry::order(order, kind, &Actor::System)
        .data(json!({ "payment": p.id, "paid": order.paid_minor, "flags": order.flags }))
        .write(app, tx)
        .await?;
    tell_order(app, tx, order, event).await?;
    if order.status == OrderStatus::Paid {
        entitlements::fulfil(app, tx, order).await?;
        messages::receipt(app, tx, order, p).await?;
    } else if !order.parts.is_empty() {
        messages::receipt(app, tx, order, p).await?;
        // What was begun for this part as well is not paid for the next one by mistake.
        for other in payments::of_order(tx, &p.tenant_id, &order.id).await? {
            if other.id != p.id && other.status.is_open() {
                super::payments::queue_close(app, tx, &other).await?;
            }
        }
    }
    Ok(surplus)
}

/// R8: surplus money becomes a refund that waits for a person.
async fn surplus_task(
    app: &App,
    tx: &mut Tx<'_>,
    p: &mut Payment,
    surplus: Money,
    now: Timestamp,
) -> Result<(), SettleError> {
    let refund = Refund {
        id: app.clock.id(),
        tenant_id: p.tenant_id.clone(),
        payment_id: p.id.clone(),
        amount: surplus,
        status: RefundStatus::AwaitingApproval,
        reason: "surplus".to_owned(),
        note: String::new(),
        requested_by: Actor::System.as_str().to_owned(),
        decided_by: None,
        provider_ref: None,
        failure: None,
        by_hand: false,
        polls: 0,
        created_at: now,
        updated_at: now,
    };
    payments::hold_refund(tx, &p.tenant_id, &p.id, surplus.minor).await?;
    p.refund_held_minor += surplus.minor;
    refunds::insert(tx, &refund).await?;
    Entry::refund(&refund, p, "refund.requested", &Actor::System)
        .words("surplus money")
        .write(app, tx)
        .await?;
    tell_refund(app, tx, &refund, p, EventType::RefundRequested).await?;
    messages::alerts::surplus(app, tx, &refund, p).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;
    use crate::domain::ids::Id;
    use crate::domain::method::Method;
    use crate::domain::payment::NextAction;

    fn kes(minor: i64) -> Money {
        Money::new(minor, Currency::KES)
    }

    fn payment() -> Payment {
        let at = Timestamp::from_unix_ms(0);
        Payment {
            id: PaymentId::from_bits(1),
            tenant_id: TenantId::from_bits(1),
            order_id: crate::domain::ids::OrderId::from_bits(1),
            provider: "paystack".to_owned(),
            method: Method::Card,
            livemode: true,
            test_mode: false,
            amount: kes(150_000),
            captured_minor: 0,
            refund_held_minor: 0,
            refunded_minor: 0,
            status: PaymentStatus::RequiresAction,
            flags: vec![],
            reference: "p-1".to_owned(),
            provider_ref: None,
            receipt: None,
            phone: None,
            next_action: NextAction::None,
            failure: None,
            polls: 0,
            created_at: at,
            updated_at: at,
            expires_at: at,
        }
    }

    #[test]
    fn r6_every_fact_must_be_ours_and_more_is_a_fee_only_where_the_provider_says_so() {
        let good = Charge {
            amount: kes(150_000),
            asked: Some(kes(150_000)),
            payer_may_bear_fee: true,
            reference: Some("p-1".to_owned()),
            test_mode: Some(false),
        };
        let with = |change: fn(&mut Charge)| {
            let mut charge = good.clone();
            change(&mut charge);
            mismatch(&payment(), &charge)
        };
        assert_eq!(with(|_| ()), None);
        assert_eq!(with(|c| c.amount = kes(152_250)), None);
        assert_eq!(
            with(|c| (c.asked, c.reference, c.test_mode) = (None, None, None)),
            None
        );
        assert!(with(|c| c.amount = kes(149_999)).is_some());
        assert!(with(|c| c.asked = Some(kes(1))).is_some());
        assert!(with(|c| c.amount = Money::new(150_000, Currency::NGN)).is_some());
        assert!(with(|c| c.reference = Some("p-2".to_owned())).is_some());
        assert!(with(|c| c.test_mode = Some(true)).is_some());
        assert!(with(|c| (c.payer_may_bear_fee, c.amount) = (false, kes(150_001))).is_some());
    }
}
