//! Sending a refund once, and asking after it until it ends (R3, R4, R13).
use super::{RefundError, load, of_payment};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::event::EventType;
use crate::domain::ids::{Id, RefundId, TenantId};
use crate::domain::job::{JobKind, Outcome};
use crate::domain::payment::{Failure, FailureCode, Payment};
use crate::domain::refund::{Refund, RefundStatus};
use crate::providers::{
    Answer, Answered, Asked, PaymentProvider, ProviderError, RefundFound, RefundReport,
    RefundSupport, StartRefund, find,
};
use crate::services::books::{Entry, tell_refund};
use crate::services::payments::reference_of;
use crate::services::provider_accounts::{Opened, hook_url};
use crate::services::{Actor, App, TRIES, entitlements, inquiries, messages};
use crate::store::inquiries::{self as questions, InquiryKind};
use crate::store::{StoreError, Tx, books, jobs, orders, payments, refunds};

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
    if answers_later(&p) {
        let place = (InquiryKind::Refund, refund.id.as_str());
        let mode = Mode::of(p.test_mode);
        inquiries::open(app, &mut tx, tenant, &p.provider, mode, place).await?;
    }
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
    let watched = watch(app, &refund, p) != Outcome::Done;
    if !watched && !matches!(refund.status, RefundStatus::Sending | RefundStatus::Unknown) {
        return Ok(Outcome::Done);
    }
    // A person has it.
    if refund.by_hand {
        return Ok(Outcome::Done);
    }
    let sent_at = refund.updated_at;
    if refund.provider_ref.is_none() && app.clock.now().secs_since(sent_at) < CALL_SECS {
        return Ok(Outcome::Again(sent_at.plus_secs(CALL_SECS)));
    }
    let mut answer = with_provider(app, &refund, p, Errand::Ask).await?;
    if answer.is_err() && answers_later(p) {
        match inquire(app, &refund, p).await? {
            Inquired::Waits(at) => return Ok(Outcome::Again(at)),
            Inquired::Asked => {}
            // Nobody told what became of it, however often it was asked: a person looks.
            Inquired::InVain => {
                let said = "The provider told no result. Look for it there by the payment's \
                            receipt, then record what became of it.";
                answer = Ok(RefundReport::by_hand(said));
            }
        }
    }
    apply_answer(app, &refund.tenant_id, &refund.id, Errand::Ask, answer).await
}

/// How often a refund that succeeded is asked after while its provider may still go back on it.
const WATCH_SECS: i64 = 86_400;

/// Whether a refund that succeeded is asked after again, and when: some providers report a failure
/// days later, and no hook need come (R13).
fn watch(app: &App, refund: &Refund, p: &Payment) -> Outcome {
    let days = find(&p.provider).map_or(0, |a| a.info().refund_may_fail_days);
    let now = app.clock.now();
    let young = now.secs_since(refund.created_at) < days * 86_400;
    if refund.status == RefundStatus::Succeeded && !refund.by_hand && young {
        Outcome::Again(now.plus_secs(WATCH_SECS))
    } else {
        Outcome::Done
    }
}

/// What came of asking where the answer comes later.
enum Inquired {
    /// It is too early for a question.
    Waits(Timestamp),
    Asked,
    InVain,
}

/// How often a refund is asked after, and how long an answer may take.
const QUESTIONS: usize = 3;
const ANSWER_SECS: i64 = 300;

fn answers_later(p: &Payment) -> bool {
    find(&p.provider).is_some_and(PaymentProvider::answers_later)
}

/// Asks what became of a refund whose result did not come.
async fn inquire(app: &App, refund: &Refund, p: &Payment) -> Result<Inquired, RefundError> {
    let (tenant, now) = (&refund.tenant_id, app.clock.now());
    let (kind, mode) = (InquiryKind::RefundStatus, Mode::of(p.test_mode));
    let mut tx = app.db.begin().await?;
    let asked = questions::about(&mut tx, tenant, kind, refund.id.as_str()).await?;
    let since = asked.first().map_or(refund.updated_at, |i| i.asked_at);
    let wait = if asked.is_empty() {
        CALL_SECS * 2
    } else {
        ANSWER_SECS
    };
    if now.secs_since(since) < wait {
        return Ok(Inquired::Waits(since.plus_secs(wait)));
    }
    let stopped = questions::stopped(&mut tx, tenant, &p.provider, mode).await?;
    if asked.len() >= QUESTIONS || stopped.is_some() {
        return Ok(Inquired::InVain);
    }
    let place = (kind, refund.id.as_str());
    let inquiry = inquiries::open(app, &mut tx, tenant, &p.provider, mode, place).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let about = match (&refund.provider_ref, &p.receipt) {
        (Some(theirs), _) => Asked::Refund(theirs.clone()),
        (None, Some(receipt)) => Asked::Receipt(receipt.clone()),
        (None, None) => return Ok(Inquired::InVain),
    };
    match inquiries::ask(app, &inquiry, about).await? {
        Ok(Some(())) => {}
        Ok(None) => return Ok(Inquired::InVain),
        Err(error) => {
            tracing::info!(refund.id = %refund.id, provider = %p.provider, error = %error,
                "a refund could not be asked after");
        }
    }
    Ok(Inquired::Asked)
}

/// Has a refund asked after soon: its result is not coming.
pub(in crate::services) async fn ask_soon(
    app: &App,
    tenant: &TenantId,
    id: &RefundId,
) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    let (kind, subject, at) = (JobKind::SendRefund, id.to_string(), app.clock.now());
    jobs::queue(&mut tx, app.clock.id(), tenant, kind, &subject, at).await?;
    tx.commit().await?;
    Ok(())
}

/// Applies what the provider told at the address of a refund, or of a question about it.
pub(in crate::services) async fn answered(
    app: &App,
    tenant: &TenantId,
    id: &RefundId,
    answer: &Answer,
) -> Result<(), RefundError> {
    let mut tx = app.db.read().await?;
    let (refund, p) = load(&mut tx, tenant, id).await?;
    drop(tx);
    // A person may have recorded it meanwhile; what ended stays.
    if !matches!(refund.status, RefundStatus::Sending | RefundStatus::Unknown) {
        return Ok(());
    }
    let found = match &answer.found {
        Answered::Refund(RefundFound::Failed(failure))
            if failure.code == FailureCode::AlreadyRefunded
                && sent_before(app, &refund, &p).await? =>
        {
            RefundFound::Succeeded
        }
        Answered::Refund(found) => found.clone(),
        // The refund's own transaction, not the payment's.
        Answered::Done { receipt, amount }
            if Some(receipt) != p.receipt.as_ref() && *amount == refund.amount =>
        {
            RefundFound::Succeeded
        }
        Answered::TakenBack { receipt } if Some(receipt) == p.receipt.as_ref() => {
            RefundFound::Succeeded
        }
        // That nothing was found proves little: a person looks, after more questions.
        Answered::Done { .. }
        | Answered::TakenBack { .. }
        | Answered::NotDone
        | Answered::Nothing => return ask_soon(app, tenant, id).await.map_err(Into::into),
    };
    let report = RefundReport {
        found,
        provider_ref: None,
        said: answer.said.clone(),
    };
    apply_answer(app, tenant, id, Errand::Ask, Ok(report)).await?;
    Ok(())
}

/// Whether we sent another refund of the payment that was thought to have failed.
async fn sent_before(app: &App, refund: &Refund, p: &Payment) -> Result<bool, RefundError> {
    let all = of_payment(app, &p.tenant_id, &p.id).await?;
    Ok(all
        .iter()
        .any(|r| r.id != refund.id && !r.by_hand && r.provider_ref.is_some()))
}

/// Why nothing is sent with the credentials of a payment's account, if that is so.
pub(super) async fn stopped(app: &App, p: &Payment) -> Result<Option<String>, StoreError> {
    let mode = Mode::of(p.test_mode);
    let mut tx = app.db.read().await?;
    questions::stopped(&mut tx, &p.tenant_id, &p.provider, mode).await
}

/// Asks after every refund of a payment that is under way. True if the provider answered for all.
pub(in crate::services) async fn check_all(app: &App, p: &Payment) -> Result<bool, RefundError> {
    let mut answered = true;
    for refund in of_payment(app, &p.tenant_id, &p.id).await? {
        let under_way = matches!(
            refund.status,
            RefundStatus::Sending | RefundStatus::Unknown | RefundStatus::Succeeded
        );
        if !under_way || refund.by_hand {
            continue;
        }
        if refund.provider_ref.is_none() {
            match refund.status {
                RefundStatus::Succeeded => continue,
                // Its call may still run: the news is read again once its answer is here.
                RefundStatus::Sending
                    if app.clock.now().secs_since(refund.updated_at) < CALL_SECS =>
                {
                    answered = false;
                    continue;
                }
                _ => {}
            }
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
    if errand == Errand::Send
        && let Some(report) = by_a_person(app, adapter, &opened, refund, p).await?
    {
        return Ok(Ok(report));
    }
    let others = of_payment(app, &p.tenant_id, &p.id).await?;
    let others = others.iter().filter(|r| r.id != refund.id);
    let (mut refunded_minor, mut under_way_minor) = (0, 0);
    for other in others {
        match other.status {
            RefundStatus::Succeeded => refunded_minor += other.amount.minor,
            RefundStatus::Sending | RefundStatus::Unknown => under_way_minor += other.amount.minor,
            _ => {}
        }
    }
    let request = StartRefund {
        reference: refund.id.to_string(),
        provider_ref: refund.provider_ref.clone(),
        payment: reference_of(p, None),
        amount: refund.amount,
        refunded_minor,
        under_way_minor,
        reason: refund.reason.clone(),
        hook_url: match own_address(app, refund, p).await? {
            Some(secret) => secret,
            None => format!("{hook}/{}", refund.id),
        },
    };
    let answer = if errand == Errand::Send {
        adapter.refund(&opened.call(), &request).await
    } else {
        adapter.fetch_refund(&opened.call(), &request).await
    };
    Ok(opened.counted(answer).inspect_err(|error| {
        tracing::info!(refund.id = %refund.id, provider = %p.provider, error = %error,
            "no clear answer about a refund");
    }))
}

/// The secret address of a refund, where its outcome comes as a call.
async fn own_address(
    app: &App,
    refund: &Refund,
    p: &Payment,
) -> Result<Option<String>, StoreError> {
    if !answers_later(p) {
        return Ok(None);
    }
    let mut tx = app.db.read().await?;
    let (tenant, id) = (&refund.tenant_id, refund.id.as_str());
    let opened = questions::about(&mut tx, tenant, InquiryKind::Refund, id).await?;
    drop(tx);
    match opened.first() {
        Some(inquiry) => inquiries::address(app, inquiry).await.map(Some),
        None => Ok(None),
    }
}

/// Where this refund cannot be sent, though others of the account can.
async fn by_a_person(
    app: &App,
    adapter: &dyn PaymentProvider,
    opened: &Opened,
    refund: &Refund,
    p: &Payment,
) -> Result<Option<RefundReport>, RefundError> {
    let way = adapter.refunds(&opened.account, &reference_of(p, None));
    if way == RefundSupport::FullOnly && refund.amount != p.captured() {
        let said = "The provider gives back whole payments only: pay this part back by hand and \
                    record it.";
        return Ok(Some(RefundReport::by_hand(said)));
    }
    if way != RefundSupport::ByHand && stopped(app, p).await?.is_some() {
        let said = "The provider refused the operator's credentials, and another try may lock \
                    them. Pay it back by hand, and save new credentials.";
        return Ok(Some(RefundReport::by_hand(said)));
    }
    Ok(None)
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
                    watch(app, &refund, &p)
                }
                RefundFound::Failed(failure) if was.can_become(RefundStatus::Failed) => {
                    refund.failure = Some(failure.clone());
                    let to = RefundStatus::Failed;
                    finish(app, &mut tx, &mut refund, &p, to, &system, &report.said).await?;
                    Outcome::Done
                }
                // One that the provider once named was received, whatever it says of it now.
                RefundFound::Missing
                    if !was.is_final()
                        && refund.provider_ref.is_none()
                        && age >= MISSING_AFTER_SECS =>
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
                    let kind = match errand {
                        Errand::Send => "refund.accepted",
                        Errand::Ask => "refund.pending",
                    };
                    // What hangs at the provider may wait for a person there: its words are told
                    // once, and again when they change.
                    let long = age >= MISSING_AFTER_SECS;
                    let news = long && is_news(&mut tx, &refund, &p, &report.said).await?;
                    if errand == Errand::Send || news {
                        Entry::refund(&refund, &p, kind, &system)
                            .words(&report.said)
                            .write(app, &mut tx)
                            .await?;
                    }
                    again
                }
                RefundFound::ByHand => {
                    refund.by_hand = true;
                    refunds::save(&mut tx, &refund, was).await?;
                    Outcome::Done
                }
                _ => watch(app, &refund, &p),
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
        Err(_) if was.is_final() => watch(app, &refund, &p),
        Err(_) => {
            refunds::save(&mut tx, &refund, was).await?;
            again
        }
    };
    tx.commit().await.map_err(StoreError::from)?;
    Ok(outcome)
}

/// Whether the provider's words about a refund differ from the last ones in its story.
async fn is_news(
    tx: &mut Tx<'_>,
    refund: &Refund,
    p: &Payment,
    said: &str,
) -> Result<bool, StoreError> {
    let steps = books::steps(tx, &refund.tenant_id, &p.order_id).await?;
    let of_refund = |s: &&books::Step| s.refund_id.as_ref() == Some(&refund.id);
    let last = steps.iter().rfind(of_refund);
    Ok(!said.is_empty() && last.is_none_or(|s| s.words != said))
}

/// Ends a refund, with the sums of its payment and order.
pub(super) async fn finish(
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
    if to == RefundStatus::Succeeded {
        messages::refunded(app, tx, refund, p).await?;
    }
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
    entitlements::refunded(app, tx, &was, &order).await?;
    Ok(())
}
