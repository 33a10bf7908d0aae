//! Payments: asking the provider (R13), lists, the timeline, and a person's decision on money that
//! does not match.
use super::provider_accounts::{AccountError, Opened};
use super::settle::{self, SettleError};
use super::{Actor, App, TRIES};
use crate::domain::account::Mode;
use crate::domain::ids::{OrderId, PaymentId, TenantId};
use crate::domain::job::{JobKind, Outcome};
use crate::domain::payment::{Failure, FailureCode, Payment, PaymentStatus};
use crate::domain::{Money, Timestamp};
use crate::providers::{Claims, Flow, Found, PaymentRef, ProviderError, Report, find};
use crate::services::books::Entry;
use crate::store::{Cursor, Page, StoreError, Tx, jobs, orders, payments};

pub use crate::store::books::Step;
pub use crate::store::payments::{PaymentFilter, Tally};

/// Why a payment was not asked after or decided.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    #[error("the payment was not found")]
    NotFound,
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A call that began this long ago has ended, whatever became of its process.
const CALL_SECS: i64 = 60;
/// A customer's question goes on to the provider at most this often.
const CUSTOMER_ASKS_SECS: i64 = 3;
/// How long money is still looked for after we stopped waiting (R9).
const LATE_SECS: i64 = 86_400;
/// How long a payment stays open past its time while its provider works on it: banks take days.
const PROCESSING_SECS: i64 = 14 * 86_400;

pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &PaymentId,
) -> Result<Option<Payment>, StoreError> {
    payments::get(&mut app.db.read().await?, tenant, id).await
}

pub async fn by_reference(
    app: &App,
    tenant: &TenantId,
    reference: &str,
) -> Result<Option<Payment>, StoreError> {
    payments::by_reference(&mut app.db.read().await?, tenant, reference).await
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    filter: &PaymentFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Payment>, StoreError> {
    payments::list(&mut app.db.read().await?, tenant, filter, cursor, limit).await
}

/// Everything that happened to an order, oldest first.
pub async fn timeline(
    app: &App,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Vec<Step>, StoreError> {
    crate::store::books::steps(&mut app.db.read().await?, tenant, order).await
}

/// Counts for the overview; test money apart (R11).
pub async fn tallies(
    app: &App,
    tenant: &TenantId,
    since: Timestamp,
    test: bool,
) -> Result<Vec<Tally>, StoreError> {
    payments::tallies(&mut app.db.read().await?, tenant, since, test).await
}

/// A payment as its provider knows it.
pub(super) fn reference_of(p: &Payment, claims: Option<Claims>) -> PaymentRef {
    PaymentRef {
        payment_id: p.id.to_string(),
        reference: p.reference.clone(),
        provider_ref: p.provider_ref.clone(),
        receipt: p.receipt.clone(),
        amount: p.amount,
        method: p.method,
        claims,
        wanted: p.status.is_open(),
        created_at: p.created_at,
    }
}

/// Asks the provider and applies its answer. `Ok(Err(_))` is "no answer".
pub(super) async fn ask(
    app: &App,
    p: &Payment,
    claims: Option<Claims>,
) -> Result<Result<(Payment, Report), ProviderError>, PaymentError> {
    let Some(adapter) = find(&p.provider) else {
        return Ok(Err(ProviderError::Misconfigured(
            "no such provider".to_owned(),
        )));
    };
    let mode = Mode::of(p.test_mode);
    let opened = Opened::new(app, &p.tenant_id, adapter.info(), mode).await?;
    let mut tx = app.db.begin().await?;
    payments::count_poll(&mut tx, &p.tenant_id, &p.id, app.clock.now()).await?;
    let order = orders::get(&mut tx, &p.tenant_id, &p.order_id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let mut of = reference_of(p, claims);
    of.wanted &= order.is_some_and(|o| o.takes_payments(app.clock.now()));
    match opened.counted(adapter.fetch(&opened.call(), &of).await) {
        Ok(report) => {
            let settled = settle::apply(app, &p.tenant_id, &p.id, &report).await?;
            Ok(Ok((settled, report)))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// Asks the provider now. Without an answer the payment stays as it was.
pub async fn verify(app: &App, tenant: &TenantId, id: &PaymentId) -> Result<Payment, PaymentError> {
    let p = get(app, tenant, id).await?.ok_or(PaymentError::NotFound)?;
    if p.status == PaymentStatus::Succeeded || being_called(app, &p) || !asks(&p) {
        return Ok(p);
    }
    let (app, tenant, id) = (app.clone(), tenant.clone(), id.clone());
    let asked = tokio::spawn(async move {
        if let Err(error) = ask(&app, &p, None).await? {
            tracing::info!(payment.id = %p.id, provider = %p.provider, error = %error,
                "no answer about a payment");
        }
        get(&app, &tenant, &id).await?.ok_or(PaymentError::NotFound)
    });
    asked.await.unwrap_or(Err(PaymentError::NotFound))
}

/// Asks the provider because a customer wants to know. Anybody with the link may, so it asks at
/// most every few seconds.
pub async fn verify_for_customer(
    app: &App,
    tenant: &TenantId,
    id: &PaymentId,
) -> Result<Payment, PaymentError> {
    let since = app.clock.now().plus_secs(-CUSTOMER_ASKS_SECS);
    let asked = payments::asked_since(&mut app.db.read().await?, tenant, id, since).await?;
    if asked {
        return get(app, tenant, id).await?.ok_or(PaymentError::NotFound);
    }
    verify(app, tenant, id).await
}

/// Whether there is anybody to ask.
fn asks(p: &Payment) -> bool {
    find(&p.provider).is_some_and(|a| a.info().poll.asks)
}

/// Whether the first call may still be under way in some process.
fn being_called(app: &App, p: &Payment) -> bool {
    p.status == PaymentStatus::Created && app.clock.now().secs_since(p.created_at) < CALL_SECS
}

/// The job that brings a payment to its end although no hook comes (R13).
pub async fn poll(app: &App, tenant: &TenantId, id: &PaymentId) -> Result<Outcome, PaymentError> {
    let Some(mut p) = get(app, tenant, id).await? else {
        return Ok(Outcome::Done);
    };
    let Some(adapter) = find(&p.provider) else {
        return Ok(Outcome::Fail(format!(
            "{} is no provider of this version",
            p.provider
        )));
    };
    let info = adapter.info();
    let now = app.clock.now();
    if matches!(
        p.status,
        PaymentStatus::Succeeded | PaymentStatus::Mismatched
    ) {
        return Ok(Outcome::Done);
    }
    if being_called(app, &p) {
        return Ok(Outcome::Again(p.created_at.plus_secs(CALL_SECS)));
    }
    if p.status == PaymentStatus::Created {
        p = answer_was_lost(app, &p).await?;
    }
    let mut asked = Ok(());
    let mut under_way = false;
    if info.poll.asks {
        match ask(app, &p, None).await? {
            Ok((settled, report)) => {
                p = settled;
                // A prompt is over with its time; what was paid on a page may take a bank days.
                under_way = report.found == Found::Open(PaymentStatus::Processing)
                    && info
                        .method(p.method)
                        .is_some_and(|m| m.flow == Flow::Redirect)
                    && now < p.expires_at.plus_secs(PROCESSING_SECS);
            }
            Err(error) => asked = Err(error),
        }
    }
    if p.status.is_open() && now >= p.expires_at && !under_way {
        p = expire(app, tenant, id, asked.is_ok()).await?;
    }
    if let Err(error) = &asked {
        tracing::info!(payment.id = %p.id, provider = %p.provider, attempt = p.polls,
            error = %error, "no answer about a payment");
    }
    let age = now.secs_since(p.created_at);
    Ok(match p.status {
        // A proof under review keeps it open past its time.
        _ if !info.poll.asks && p.status.is_open() => {
            Outcome::Again(p.expires_at.max(now.plus_secs(3_600)))
        }
        status if status.is_open() => {
            Outcome::Again(now.plus_secs(info.poll.next_secs(p.polls, age)))
        }
        // Ended by us: the customer may still have paid. Late money is money (R9).
        status
            if status.ended_without_money()
                && info.poll.asks
                && p.failure.as_ref().is_some_and(|f| may_still_come(f.code))
                && now < p.expires_at.plus_secs(LATE_SECS) =>
        {
            Outcome::Again(now.plus_secs(3_600))
        }
        _ => Outcome::Done,
    })
}

/// Ends that say nothing about the money: the customer may have paid all the same.
fn may_still_come(code: FailureCode) -> bool {
    matches!(
        code,
        FailureCode::Expired | FailureCode::NoResponse | FailureCode::ProviderUnavailable
    )
}

/// The process died between the intent and the answer: the outcome is unknown (R4).
async fn answer_was_lost(app: &App, p: &Payment) -> Result<Payment, PaymentError> {
    let mut tx = app.db.begin().await?;
    let mut lost = p.clone();
    lost.status = p
        .status
        .go(PaymentStatus::Unknown)
        .map_err(SettleError::from)?;
    lost.updated_at = app.clock.now();
    match payments::save(&mut tx, &lost, p.status).await {
        Err(StoreError::Stale) => {
            drop(tx);
            return get(app, &p.tenant_id, &p.id)
                .await?
                .ok_or(PaymentError::NotFound);
        }
        other => other?,
    }
    Entry::payment(&lost, "payment.unknown", &Actor::System)
        .words("the answer was lost when the program stopped")
        .write(app, &mut tx)
        .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(lost)
}

/// Stops waiting for the customer. What is unknown ends only by the provider's word (R4).
async fn expire(
    app: &App,
    tenant: &TenantId,
    id: &PaymentId,
    answered: bool,
) -> Result<Payment, PaymentError> {
    for _ in 0..TRIES {
        let mut tx = app.db.begin().await?;
        let mut p = payments::get(&mut tx, tenant, id)
            .await?
            .ok_or(PaymentError::NotFound)?;
        let waits_for_word = p.status == PaymentStatus::Unknown && !answered;
        if !p.status.is_open() || waits_for_word || awaits_review(&mut tx, &p).await? {
            return Ok(p);
        }
        let failure = Failure {
            code: FailureCode::Expired,
            message: "the time for this attempt is over".to_owned(),
        };
        let (to, actor) = (PaymentStatus::Expired, Actor::System);
        match settle::finish(app, &mut tx, &mut p, to, failure, &actor, "").await {
            Err(SettleError::Store(StoreError::Stale)) => continue,
            other => other?,
        }
        queue_close(app, &mut tx, &p).await?;
        tx.commit().await.map_err(StoreError::from)?;
        return Ok(p);
    }
    Err(PaymentError::Store(StoreError::Stale))
}

/// How often a provider is asked to end a page; asking what came of it goes on without.
const CLOSE_TRIES: i64 = 6;

/// Queues the end of a payment's page at its provider, where nobody may pay any more.
pub(super) async fn queue_close(app: &App, tx: &mut Tx<'_>, p: &Payment) -> Result<(), StoreError> {
    let (kind, subject, now) = (JobKind::ClosePage, p.id.to_string(), app.clock.now());
    jobs::queue(tx, app.clock.id(), &p.tenant_id, kind, &subject, now).await
}

/// The job that ends a page at the provider. Money that came meanwhile is found by asking first:
/// no page of a payment that succeeded is touched.
pub async fn close_page(
    app: &App,
    tenant: &TenantId,
    id: &PaymentId,
    attempts: i64,
) -> Result<Outcome, PaymentError> {
    let Some(p) = get(app, tenant, id).await? else {
        return Ok(Outcome::Done);
    };
    let adapter = find(&p.provider).filter(|_| p.status != PaymentStatus::Succeeded);
    let Some(adapter) = adapter else {
        return Ok(Outcome::Done);
    };
    let opened = Opened::new(app, tenant, adapter.info(), Mode::of(p.test_mode)).await?;
    let closed = adapter.close(&opened.call(), &reference_of(&p, None)).await;
    match opened.counted(closed) {
        Err(error) if attempts < CLOSE_TRIES => Ok(Outcome::Retry(error.to_string())),
        Err(error) => {
            tracing::info!(payment.id = %p.id, provider = %p.provider, error = %error,
                "a page may still be open");
            Ok(Outcome::Done)
        }
        Ok(()) => Ok(Outcome::Done),
    }
}

/// A proof that waits for staff keeps its payment open.
async fn awaits_review(tx: &mut Tx<'_>, p: &Payment) -> Result<bool, StoreError> {
    use crate::domain::proof::ProofStatus;
    let proofs = crate::store::proofs::of_payment(tx, &p.tenant_id, &p.id).await?;
    Ok(proofs
        .iter()
        .any(|f| matches!(f.status, ProofStatus::Submitted | ProofStatus::MoreWanted)))
}

/// What a person decides about money that does not match (R6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Book what came, in the order's currency.
    Accept(Money),
    /// It is not ours, or was given back by hand.
    Refuse,
}

/// Ends a mismatched payment by a person's decision.
pub async fn decide_mismatch(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &PaymentId,
    decision: &Decision,
    note: &str,
) -> Result<Payment, PaymentError> {
    let mut tx = app.db.begin().await?;
    let mut p = payments::get(&mut tx, tenant, id)
        .await?
        .ok_or(PaymentError::NotFound)?;
    if p.status != PaymentStatus::Mismatched {
        return Err(PaymentError::Store(StoreError::Stale));
    }
    match decision {
        Decision::Accept(came)
            if came.currency == p.amount.currency
                && (1..=Money::MOST_MINOR).contains(&came.minor)
                && !other_mode_or_currency(&mut tx, &p).await? =>
        {
            settle::book(app, &mut tx, &mut p, *came, actor, note).await?;
        }
        Decision::Accept(_) => return Err(PaymentError::Store(StoreError::Stale)),
        Decision::Refuse => {
            let failure = Failure {
                code: FailureCode::RejectedByStaff,
                message: note.to_owned(),
            };
            let to = PaymentStatus::Failed;
            settle::finish(app, &mut tx, &mut p, to, failure, actor, note).await?;
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(p)
}

/// The checkout token behind `/pay/mock/{reference}`.
pub async fn mock_link(app: &App, reference: &str) -> Result<Option<String>, StoreError> {
    payments::mock_token(&mut app.db.read().await?, reference).await
}

/// Whether the money is of the other mode or currency: that can never be booked here (R11).
async fn other_mode_or_currency(tx: &mut Tx<'_>, p: &Payment) -> Result<bool, StoreError> {
    let steps = crate::store::books::steps(tx, &p.tenant_id, &p.order_id).await?;
    let last = steps
        .iter()
        .rfind(|s| s.kind == "payment.mismatched" && s.payment_id.as_ref() == Some(&p.id));
    let fact = last
        .and_then(|s| serde_json::from_str::<serde_json::Value>(&s.data).ok())
        .and_then(|data| data["fact"].as_str().map(str::to_owned));
    Ok(matches!(fact.as_deref(), Some("mode" | "currency")))
}

/// The customer pressed a button on the mock's page: what `mock` will answer when it is asked.
pub async fn choose_mock_outcome(
    app: &App,
    tenant: &TenantId,
    reference: &str,
    outcome: &str,
) -> Result<Option<Payment>, PaymentError> {
    let mut tx = app.db.begin().await?;
    let found = payments::by_reference(&mut tx, tenant, reference).await?;
    let Some(mut p) = found.filter(|p| p.provider == "mock") else {
        return Ok(None);
    };
    p.provider_ref = Some(outcome.to_owned());
    let was = p.status;
    payments::save(&mut tx, &p, was).await?;
    tx.commit().await.map_err(StoreError::from)?;
    verify(app, tenant, &p.id).await.map(Some)
}

/// Whether a report ends the question.
pub(super) fn is_final(report: &Report) -> bool {
    !matches!(report.found, Found::Open(_) | Found::Missing)
}
