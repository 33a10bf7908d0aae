//! Refunds (R10): asked for, approved by another person above the limit, sent once, and asked
//! after until they end (R4, R13).
use super::books::{Entry, tell_refund};
use super::provider_accounts::{self, AccountError};
use super::{Actor, App, InputProblem, RefundSupport, messages};
use crate::domain::account::Mode;
use crate::domain::event::EventType;
use crate::domain::ids::{PaymentId, RefundId, TenantId};
use crate::domain::job::JobKind;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::{Money, TransitionError};
use crate::providers::find;
use crate::store::{Cursor, Page, StoreError, Tx, jobs, payments, refunds, tenants};

mod elsewhere;
mod sending;

pub(super) use elsewhere::book_whole;
use sending::finish;
pub use sending::send;
pub(super) use sending::{answered, ask_soon, check_all};

/// Why a refund was not requested, decided or sent.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("not found")]
    NotFound,
    #[error("{asked} is more than the {left} still refundable")]
    MoreThanLeft { asked: Money, left: Money },
    #[error("the payment is {}", .0.as_str())]
    NotPaid(PaymentStatus),
    #[error("{0} gives back whole payments only")]
    FullOnly(&'static str),
    /// Nothing here can send it; the sentence says where it is done.
    #[error("{0}")]
    NotSupported(&'static str),
    /// R10: above the limit the asker may not be the approver.
    #[error("the person who asked may not approve")]
    OwnRequest,
    #[error(transparent)]
    Transition(#[from] TransitionError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &RefundId,
) -> Result<Option<Refund>, StoreError> {
    refunds::get(&mut app.db.read().await?, tenant, id).await
}

/// A payment's refunds, newest last.
pub async fn of_payment(
    app: &App,
    tenant: &TenantId,
    payment: &PaymentId,
) -> Result<Vec<Refund>, StoreError> {
    refunds::of_payment(&mut app.db.read().await?, tenant, payment).await
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    status: Option<RefundStatus>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Refund>, StoreError> {
    refunds::list(&mut app.db.read().await?, tenant, status, cursor, limit).await
}

/// The provider's label and how money of this payment goes back, as its account is set up now.
/// `None` where this version has no such provider.
pub async fn support(
    app: &App,
    p: &Payment,
) -> Result<Option<(&'static str, RefundSupport)>, AccountError> {
    let Some(adapter) = find(&p.provider) else {
        return Ok(None);
    };
    let mode = Mode::of(p.test_mode);
    let account = provider_accounts::open(app, &p.tenant_id, &p.provider, mode).await?;
    let mut way = adapter.refunds(&account, &super::payments::reference_of(p, None));
    if way != RefundSupport::ByHand && sending::stopped(app, p).await?.is_some() {
        way = RefundSupport::ByHand;
    }
    Ok(Some((adapter.info().label, way)))
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct RefundInput {
    /// Left out: all that is left.
    pub amount: Option<Money>,
    pub reason: String,
    pub note: String,
    /// The form's own key: a form sent twice asks for one refund.
    pub form_key: Option<String>,
}

/// [`ask`] without a form.
pub async fn request(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    payment: &PaymentId,
    amount: Option<Money>,
    reason: &str,
    note: &str,
) -> Result<Refund, RefundError> {
    let (reason, note) = (reason.to_owned(), note.to_owned());
    let input = RefundInput {
        amount,
        reason,
        note,
        form_key: None,
    };
    ask(app, tenant, actor, payment, input).await
}

/// Asks for money to go back. Held at once, so that any number of requests together never exceed
/// what came (R10). A form that was sent before gets the refund that it asked for.
pub async fn ask(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    payment: &PaymentId,
    input: RefundInput,
) -> Result<Refund, RefundError> {
    let Some(key) = input.form_key.clone() else {
        return ask_once(app, tenant, actor, payment, input).await;
    };
    let known = async || {
        let mut tx = app.db.read().await?;
        let found = refunds::by_form_key(&mut tx, tenant, &key).await?;
        Ok::<_, StoreError>(found.filter(|r| r.payment_id == *payment))
    };
    if let Some(refund) = known().await? {
        return Ok(refund);
    }
    match ask_once(app, tenant, actor, payment, input).await {
        Ok(refund) => Ok(refund),
        // Sent twice at once: the other may hold what this one could not, or the key itself.
        Err(error) => known().await?.ok_or(error),
    }
}

async fn ask_once(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    payment: &PaymentId,
    input: RefundInput,
) -> Result<Refund, RefundError> {
    let RefundInput {
        amount,
        reason,
        note,
        form_key,
    } = input;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 {
        return Err(InputProblem::new("reason", "length", "must have 1 to 200 characters").into());
    }
    if note.chars().count() > 1_000 {
        return Err(
            InputProblem::new("note", "length", "must have at most 1000 characters").into(),
        );
    }
    let p = super::payments::get(app, tenant, payment).await?;
    let support = support(app, &p.ok_or(RefundError::NotFound)?).await?;
    let mut tx = app.db.begin().await?;
    let p = payments::get(&mut tx, tenant, payment)
        .await?
        .ok_or(RefundError::NotFound)?;
    if p.status != PaymentStatus::Succeeded {
        return Err(RefundError::NotPaid(p.status));
    }
    let amount = amount.unwrap_or_else(|| p.refundable());
    if amount.currency != p.amount.currency {
        let message = format!("the payment is in {}", p.amount.currency);
        return Err(InputProblem::new("currency", "currency_differs", message).into());
    }
    if amount.minor <= 0 && p.refundable().minor > 0 {
        return Err(InputProblem::new("amount", "amount_invalid", "must be above zero").into());
    }
    if amount.minor > p.refundable().minor {
        let left = p.refundable();
        return Err(RefundError::MoreThanLeft {
            asked: amount,
            left,
        });
    }
    // What the provider's unit cannot carry is refused, never rounded; all that is left always goes.
    let rule = find(&p.provider).and_then(|a| a.info().rule(amount.currency));
    let step = rule.map_or(1, |r| r.step_minor.max(1));
    if amount.minor % step != 0 && amount != p.refundable() {
        let message = format!(
            "{} takes steps of {}",
            p.provider,
            Money::new(step, amount.currency)
        );
        return Err(InputProblem::new("amount", "amount_not_representable", message).into());
    }
    if let Some((label, way)) = support {
        match way {
            RefundSupport::FullOnly if amount != p.captured() => {
                return Err(RefundError::FullOnly(label));
            }
            RefundSupport::Elsewhere(way) => return Err(RefundError::NotSupported(way)),
            RefundSupport::Partial | RefundSupport::FullOnly | RefundSupport::ByHand => {}
        }
    }
    match payments::hold_refund(&mut tx, tenant, &p.id, amount.minor).await {
        _ if amount.minor <= 0 => {
            return Err(RefundError::MoreThanLeft {
                asked: amount,
                left: p.refundable(),
            });
        }
        Err(StoreError::Stale) => {
            drop(tx);
            let left = payments::get(&mut app.db.read().await?, tenant, payment).await?;
            let left = left.map_or(Money::zero(amount.currency), |p: Payment| p.refundable());
            return Err(RefundError::MoreThanLeft {
                asked: amount,
                left,
            });
        }
        other => other?,
    }
    let known = tenants::by_id(&mut tx, tenant)
        .await?
        .ok_or(RefundError::NotFound)?;
    // R10: all that goes back for one payment counts, or slices would need nobody. A limit in
    // another currency says nothing about this one.
    let together = p.refund_held_minor.saturating_add(amount.minor);
    let needs_second = known
        .refund_limit_minor
        .is_some_and(|limit| together > limit || known.currency != amount.currency);
    let now = app.clock.now();
    let mut refund = Refund {
        id: app.clock.id(),
        tenant_id: tenant.clone(),
        payment_id: p.id.clone(),
        amount,
        status: RefundStatus::Requested,
        reason: reason.to_owned(),
        note: note.trim().to_owned(),
        requested_by: actor.as_str().to_owned(),
        decided_by: None,
        provider_ref: None,
        failure: None,
        by_hand: false,
        polls: 0,
        created_at: now,
        updated_at: now,
    };
    let next = if needs_second {
        RefundStatus::AwaitingApproval
    } else {
        RefundStatus::Approved
    };
    refund.status = refund.status.go(next)?;
    refunds::insert_once(&mut tx, &refund, form_key).await?;
    Entry::refund(&refund, &p, "refund.requested", actor)
        .words(reason)
        .write(app, &mut tx)
        .await?;
    tell_refund(app, &mut tx, &refund, &p, EventType::RefundRequested).await?;
    if needs_second {
        messages::alerts::refund_awaiting(app, &mut tx, &known, &refund, &p).await?;
    } else {
        queue(app, &mut tx, &refund).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(refund)
}

async fn queue(app: &App, tx: &mut Tx<'_>, refund: &Refund) -> Result<(), StoreError> {
    let (id, subject, now) = (app.clock.id(), refund.id.to_string(), app.clock.now());
    jobs::queue(
        tx,
        id,
        &refund.tenant_id,
        JobKind::SendRefund,
        &subject,
        now,
    )
    .await
}

/// Approves a refund that waits. The asker may not be the approver (R10).
pub async fn approve(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &RefundId,
) -> Result<Refund, RefundError> {
    let mut tx = app.db.begin().await?;
    let (mut refund, p) = load(&mut tx, tenant, id).await?;
    // The limit is the reason for waiting; a person decides, and never the one who asked.
    if !matches!(actor, Actor::User(_)) || refund.requested_by == actor.as_str() {
        return Err(RefundError::OwnRequest);
    }
    let was = refund.status;
    refund.status = was.go(RefundStatus::Approved)?;
    refund.decided_by = Some(actor.as_str().to_owned());
    refund.updated_at = app.clock.now();
    refunds::save(&mut tx, &refund, was).await?;
    Entry::refund(&refund, &p, "refund.approved", actor)
        .write(app, &mut tx)
        .await?;
    queue(app, &mut tx, &refund).await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(refund)
}

/// Rejects a refund that waits; its money can be asked for again.
pub async fn reject(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &RefundId,
    note: &str,
) -> Result<Refund, RefundError> {
    let mut tx = app.db.begin().await?;
    let (mut refund, p) = load(&mut tx, tenant, id).await?;
    let was = refund.status;
    refund.status = was.go(RefundStatus::Rejected)?;
    refund.decided_by = Some(actor.as_str().to_owned());
    note.clone_into(&mut refund.note);
    refund.updated_at = app.clock.now();
    refunds::save(&mut tx, &refund, was).await?;
    payments::release_refund(&mut tx, tenant, &p.id, refund.amount.minor).await?;
    Entry::refund(&refund, &p, "refund.rejected", actor)
        .words(note)
        .write(app, &mut tx)
        .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(refund)
}

/// Records that a person paid the money back, where the provider cannot.
pub async fn record_by_hand(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &RefundId,
    note: &str,
) -> Result<Refund, RefundError> {
    if note.trim().is_empty() {
        let message = "say how the money went back, with its reference";
        return Err(InputProblem::new("note", "note_required", message).into());
    }
    let mut tx = app.db.begin().await?;
    let (mut refund, p) = load(&mut tx, tenant, id).await?;
    let waits = matches!(refund.status, RefundStatus::Sending | RefundStatus::Unknown);
    if !refund.by_hand || !waits {
        return Err(StoreError::Stale.into());
    }
    note.trim().clone_into(&mut refund.note);
    refund.decided_by = Some(actor.as_str().to_owned());
    finish(
        app,
        &mut tx,
        &mut refund,
        &p,
        RefundStatus::Succeeded,
        actor,
        note,
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(refund)
}

async fn load(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &RefundId,
) -> Result<(Refund, Payment), RefundError> {
    let refund = refunds::get(tx, tenant, id)
        .await?
        .ok_or(RefundError::NotFound)?;
    let payment = payments::get(tx, tenant, &refund.payment_id).await?;
    Ok((refund, payment.ok_or(RefundError::NotFound)?))
}
