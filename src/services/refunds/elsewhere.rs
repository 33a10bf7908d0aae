//! Refunds that a person made at the provider's own pages: the provider tells us afterwards.
use super::{RefundError, finish};
use crate::domain::event::EventType;
use crate::domain::payment::{Failure, FailureCode, Payment};
use crate::domain::refund::{Refund, RefundStatus};
use crate::services::books::{Entry, tell_refund};
use crate::services::{Actor, App};
use crate::store::{Tx, payments, refunds};

/// Books that the provider gave a whole payment back. A refund of the whole that waits here is that
/// one; smaller ones that wait end without money. False, and nothing is changed, where money has
/// gone back already or may have.
pub(in crate::services) async fn book_whole(
    app: &App,
    tx: &mut Tx<'_>,
    p: &Payment,
    provider_ref: &str,
    words: &str,
) -> Result<bool, RefundError> {
    let known = refunds::of_payment(tx, &p.tenant_id, &p.id).await?;
    let (whole, parts): (Vec<Refund>, Vec<Refund>) = known
        .into_iter()
        .filter(|r| r.status.holds_money())
        .partition(|r| r.amount == p.captured());
    let gone = |r: &Refund| r.status == RefundStatus::Succeeded;
    let unclear = |r: &Refund| gone(r) || r.status == RefundStatus::Unknown;
    if whole.iter().any(gone) || parts.iter().any(unclear) {
        return Ok(false);
    }
    let mut refund = if let Some(waiting) = whole.into_iter().next() {
        waiting
    } else {
        for part in parts {
            drop_part(app, tx, part, p).await?;
        }
        new_refund(app, tx, p).await?
    };
    to_sending(app, tx, &mut refund).await?;
    refund.provider_ref = Some(provider_ref.to_owned());
    let (to, actor) = (RefundStatus::Succeeded, Actor::Provider);
    finish(app, tx, &mut refund, p, to, &actor, words).await?;
    Ok(true)
}

/// R10: held like any other, though the money has gone.
async fn new_refund(app: &App, tx: &mut Tx<'_>, p: &Payment) -> Result<Refund, RefundError> {
    payments::hold_refund(tx, &p.tenant_id, &p.id, p.captured_minor).await?;
    let now = app.clock.now();
    let refund = Refund {
        id: app.clock.id(),
        tenant_id: p.tenant_id.clone(),
        payment_id: p.id.clone(),
        amount: p.captured(),
        status: RefundStatus::Sending,
        reason: "given back at the provider".to_owned(),
        note: String::new(),
        requested_by: Actor::Provider.as_str().to_owned(),
        decided_by: None,
        provider_ref: None,
        failure: None,
        by_hand: false,
        polls: 0,
        created_at: now,
        updated_at: now,
    };
    refunds::insert(tx, &refund).await?;
    Entry::refund(&refund, p, "refund.requested", &Actor::Provider)
        .write(app, tx)
        .await?;
    tell_refund(app, tx, &refund, p, EventType::RefundRequested).await?;
    Ok(refund)
}

/// R2: every step of the table on the way.
async fn to_sending(app: &App, tx: &mut Tx<'_>, refund: &mut Refund) -> Result<(), RefundError> {
    while !matches!(refund.status, RefundStatus::Sending | RefundStatus::Unknown) {
        let was = refund.status;
        let next = if was == RefundStatus::Approved {
            RefundStatus::Sending
        } else {
            RefundStatus::Approved
        };
        refund.status = was.go(next)?;
        refund.updated_at = app.clock.now();
        refunds::save(tx, refund, was).await?;
    }
    Ok(())
}

/// A part that was to go back: all has gone instead.
async fn drop_part(
    app: &App,
    tx: &mut Tx<'_>,
    mut part: Refund,
    p: &Payment,
) -> Result<(), RefundError> {
    let words = "the whole payment was given back at the provider";
    let actor = Actor::Provider;
    let was = part.status;
    if was.can_become(RefundStatus::Rejected) {
        part.status = was.go(RefundStatus::Rejected)?;
        part.decided_by = Some(actor.as_str().to_owned());
        part.updated_at = app.clock.now();
        refunds::save(tx, &part, was).await?;
        payments::release_refund(tx, &p.tenant_id, &p.id, part.amount.minor).await?;
        Entry::refund(&part, p, "refund.rejected", &actor)
            .words(words)
            .write(app, tx)
            .await?;
        return Ok(());
    }
    to_sending(app, tx, &mut part).await?;
    part.failure = Some(Failure {
        code: FailureCode::AlreadyRefunded,
        message: words.to_owned(),
    });
    let to = RefundStatus::Failed;
    finish(app, tx, &mut part, p, to, &actor, words).await
}
