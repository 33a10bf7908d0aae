//! Refunds (R10): asked for, approved by another person above the limit, sent once, and asked
//! after until they end (R4, R13).
use super::books::{Entry, tell_refund};
use super::payments::reference_of;
use super::provider_accounts::{AccountError, Opened, hook_url};
use super::{Actor, App, InputProblem, RefundSupport, TRIES};
use crate::domain::account::Mode;
use crate::domain::event::EventType;
use crate::domain::ids::{PaymentId, RefundId, TenantId};
use crate::domain::job::{JobKind, Outcome};
use crate::domain::payment::{Failure, FailureCode, Payment, PaymentStatus};
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::{Money, TransitionError};
use crate::providers::{
    PaymentProvider, ProviderError, RefundFound, RefundReport, StartRefund, find,
};
use crate::store::{Cursor, Page, StoreError, Tx, jobs, orders, payments, refunds, tenants};

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

/// A refund that never reached the provider counts as failed after this.
const MISSING_AFTER_SECS: i64 = 3_600;
/// A call that began this long ago has ended, whatever became of its process.
const CALL_SECS: i64 = 60;

/// What the provider was called for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Errand {
    /// To give the money back: done once.
    Send,
    /// To say what became of it. No answer changes nothing (R4).
    Ask,
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
    let info = find(&p.provider).map(PaymentProvider::info);
    if let Some(info) = info.filter(|i| i.refunds == RefundSupport::FullOnly)
        && amount != p.captured()
    {
        return Err(RefundError::FullOnly(info.label));
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
    if !needs_second {
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
    let by_hand = find(&p.provider).is_some_and(|a| a.info().refunds == RefundSupport::ByHand);
    if !by_hand || refund.status != RefundStatus::Sending {
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

/// The job that sends a refund once, and then asks until it ends.
pub async fn send(app: &App, tenant: &TenantId, id: &RefundId) -> Result<Outcome, RefundError> {
    let mut tx = app.db.begin().await?;
    let found = refunds::get(&mut tx, tenant, id).await?;
    let Some(mut refund) = found else {
        return Ok(Outcome::Done);
    };
    let p = payments::get(&mut tx, tenant, &refund.payment_id).await?;
    let p = p.ok_or(RefundError::NotFound)?;
    if refund.status != RefundStatus::Approved {
        drop(tx);
        return check(app, refund, &p).await;
    }
    let was = refund.status;
    refund.status = was.go(RefundStatus::Sending)?;
    refund.updated_at = app.clock.now();
    refunds::save(&mut tx, &refund, was).await?;
    Entry::refund(&refund, &p, "refund.sending", &Actor::System)
        .write(app, &mut tx)
        .await?;
    tx.commit().await.map_err(StoreError::from)?;
    // From here a crash leaves `sending`, and the next run only asks (R3, R4).
    let answer = with_provider(app, &refund, &p, Errand::Send).await?;
    apply_answer(app, tenant, id, Errand::Send, answer).await
}

/// Asks after a refund that was sent.
async fn check(app: &App, refund: Refund, p: &Payment) -> Result<Outcome, RefundError> {
    if !matches!(refund.status, RefundStatus::Sending | RefundStatus::Unknown) {
        return Ok(Outcome::Done);
    }
    let sent_at = refund.updated_at;
    if refund.provider_ref.is_none() && app.clock.now().secs_since(sent_at) < CALL_SECS {
        return Ok(Outcome::Again(sent_at.plus_secs(CALL_SECS)));
    }
    let answer = with_provider(app, &refund, p, Errand::Ask).await?;
    apply_answer(app, &refund.tenant_id, &refund.id, Errand::Ask, answer).await
}

/// Asks after every refund of a payment that is under way. True if the provider answered for all.
pub(super) async fn check_all(app: &App, p: &Payment) -> Result<bool, RefundError> {
    let mut answered = true;
    for refund in of_payment(app, &p.tenant_id, &p.id).await? {
        let under_way = matches!(
            refund.status,
            RefundStatus::Sending | RefundStatus::Unknown | RefundStatus::Succeeded
        );
        if !under_way || refund.provider_ref.is_none() {
            continue;
        }
        let answer = with_provider(app, &refund, p, Errand::Ask).await?;
        answered &= answer.is_ok();
        apply_answer(app, &p.tenant_id, &refund.id, Errand::Ask, answer).await?;
    }
    Ok(answered)
}

async fn with_provider(
    app: &App,
    refund: &Refund,
    p: &Payment,
    errand: Errand,
) -> Result<Result<RefundReport, ProviderError>, RefundError> {
    let Some(adapter) = find(&p.provider) else {
        return Ok(Err(ProviderError::Misconfigured(
            "no such provider".to_owned(),
        )));
    };
    let mode = Mode::of(p.test_mode);
    let opened = Opened::new(app, &p.tenant_id, adapter.info(), mode).await?;
    let hook = hook_url(app, &p.tenant_id, &p.provider, mode).await?;
    let request = StartRefund {
        reference: refund.id.to_string(),
        provider_ref: refund.provider_ref.clone(),
        payment: reference_of(p, None),
        amount: refund.amount,
        reason: refund.reason.clone(),
        hook_url: format!("{hook}/{}", refund.id),
    };
    Ok(if errand == Errand::Send {
        adapter.refund(&opened.call(), &request).await
    } else {
        adapter.fetch_refund(&opened.call(), &request).await
    }
    .inspect_err(|error| {
        tracing::info!(refund.id = %refund.id, provider = %p.provider, error = %error,
            "no clear answer about a refund");
    }))
}

async fn apply_answer(
    app: &App,
    tenant: &TenantId,
    id: &RefundId,
    errand: Errand,
    answer: Result<RefundReport, ProviderError>,
) -> Result<Outcome, RefundError> {
    for _ in 0..TRIES {
        match apply_once(app, tenant, id, errand, &answer).await {
            Err(RefundError::Store(StoreError::Stale)) => {}
            other => return other,
        }
    }
    Err(StoreError::Stale.into())
}

async fn apply_once(
    app: &App,
    tenant: &TenantId,
    id: &RefundId,
    errand: Errand,
    answer: &Result<RefundReport, ProviderError>,
) -> Result<Outcome, RefundError> {
    let mut tx = app.db.begin().await?;
    let (mut refund, p) = load(&mut tx, tenant, id).await?;
    let was = refund.status;
    let now = app.clock.now();
    // Since it was sent, or its answer was lost; asked for long before, it may be new there.
    let age = now.secs_since(refund.updated_at);
    // Growing distances, eight minutes at most until it is known whether it arrived, then an hour.
    let longest = if age < 2 * MISSING_AFTER_SECS {
        480
    } else {
        3_600
    };
    let rest = (15_i64 << refund.polls.clamp(0, 8)).min(longest);
    let again = Outcome::Again(now.plus_secs(rest));
    refund.polls += 1;
    let system = Actor::Provider;
    let outcome = match answer {
        Ok(report) => {
            if refund.provider_ref.is_none() {
                refund.provider_ref.clone_from(&report.provider_ref);
            }
            match &report.found {
                RefundFound::Succeeded if was.can_become(RefundStatus::Succeeded) => {
                    let to = RefundStatus::Succeeded;
                    finish(app, &mut tx, &mut refund, &p, to, &system, &report.said).await?;
                    Outcome::Done
                }
                RefundFound::Failed(failure) if was.can_become(RefundStatus::Failed) => {
                    refund.failure = Some(failure.clone());
                    let to = RefundStatus::Failed;
                    finish(app, &mut tx, &mut refund, &p, to, &system, &report.said).await?;
                    Outcome::Done
                }
                RefundFound::Missing
                    if was.can_become(RefundStatus::Failed) && age >= MISSING_AFTER_SECS =>
                {
                    refund.failure = Some(Failure {
                        code: FailureCode::ProviderUnavailable,
                        message: "the provider never received it".to_owned(),
                    });
                    let to = RefundStatus::Failed;
                    finish(app, &mut tx, &mut refund, &p, to, &system, &report.said).await?;
                    Outcome::Done
                }
                RefundFound::Pending | RefundFound::Missing if !was.is_final() => {
                    refunds::save(&mut tx, &refund, was).await?;
                    if errand == Errand::Send {
                        Entry::refund(&refund, &p, "refund.accepted", &system)
                            .words(&report.said)
                            .write(app, &mut tx)
                            .await?;
                    }
                    again
                }
                RefundFound::ByHand => {
                    refunds::save(&mut tx, &refund, was).await?;
                    Outcome::Done
                }
                _ => Outcome::Done,
            }
        }
        Err(error) if errand == Errand::Send && was == RefundStatus::Sending => {
            if let Some(failure) = error.failure() {
                refund.failure = Some(failure);
                let (to, words) = (RefundStatus::Failed, error.to_string());
                finish(app, &mut tx, &mut refund, &p, to, &system, &words).await?;
                Outcome::Done
            } else {
                refund.status = was.go(RefundStatus::Unknown)?;
                refund.updated_at = now;
                refunds::save(&mut tx, &refund, was).await?;
                Entry::refund(&refund, &p, "refund.unknown", &Actor::System)
                    .words(&error.to_string())
                    .write(app, &mut tx)
                    .await?;
                again
            }
        }
        Err(_) if was.is_final() => Outcome::Done,
        Err(_) => {
            refunds::save(&mut tx, &refund, was).await?;
            again
        }
    };
    tx.commit().await.map_err(StoreError::from)?;
    Ok(outcome)
}

/// Ends a refund, with the sums of its payment and order.
async fn finish(
    app: &App,
    tx: &mut Tx<'_>,
    refund: &mut Refund,
    p: &Payment,
    to: RefundStatus,
    actor: &Actor,
    words: &str,
) -> Result<(), RefundError> {
    let was = refund.status;
    refund.status = was.go(to)?;
    refund.updated_at = app.clock.now();
    refunds::save(tx, refund, was).await?;
    let tenant = &refund.tenant_id;
    let minor = refund.amount.minor;
    match (was, to) {
        (_, RefundStatus::Succeeded) => {
            payments::add_refunded(tx, tenant, &p.id, minor).await?;
            add_to_order(app, tx, p, minor).await?;
        }
        // The provider went back on it.
        (RefundStatus::Succeeded, RefundStatus::Failed) => {
            payments::add_refunded(tx, tenant, &p.id, -minor).await?;
            payments::release_refund(tx, tenant, &p.id, minor).await?;
            add_to_order(app, tx, p, -minor).await?;
        }
        _ => payments::release_refund(tx, tenant, &p.id, minor).await?,
    }
    let (kind, event) = if to == RefundStatus::Succeeded {
        ("refund.succeeded", EventType::RefundSucceeded)
    } else {
        ("refund.failed", EventType::RefundFailed)
    };
    Entry::refund(refund, p, kind, actor)
        .words(words)
        .write(app, tx)
        .await?;
    tell_refund(app, tx, refund, p, event).await?;
    Ok(())
}

/// The order's sum; test money on a live order was never in it (R11).
async fn add_to_order(
    app: &App,
    tx: &mut Tx<'_>,
    p: &Payment,
    minor: i64,
) -> Result<(), RefundError> {
    if !p.settles_order() {
        return Ok(());
    }
    let was = orders::get(tx, &p.tenant_id, &p.order_id)
        .await?
        .ok_or(RefundError::NotFound)?;
    let mut order = was.clone();
    order.refunded_minor += minor;
    order.updated_at = app.clock.now();
    orders::save(tx, &order, &was).await?;
    Ok(())
}
