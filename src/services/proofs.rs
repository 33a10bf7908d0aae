//! Proofs of payments made by hand: sent by customers, claimed and decided by staff.
use super::books::{Entry, tell};
use super::proof_files::{self, FileError};
use super::settle::{self, SettleError};
use super::{Actor, App, InputProblem, idempotency, objects};
use crate::domain::event::EventType;
use crate::domain::ids::{PaymentId, ProofId, TenantId};
use crate::domain::input::is_hidden;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::proof::{Proof, ProofStatus, ProofType};
use crate::domain::{Money, TransitionError};
use crate::store::{Cursor, Page, StoreError, Tx, payments, proofs};
use serde_json::json;

/// Why a proof was not taken or decided.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("not found")]
    NotFound,
    /// Another reviewer looks at it.
    #[error("another person is looking at it")]
    Held,
    /// One waits for staff already.
    #[error("a proof of this payment waits already")]
    AlreadyWaits,
    /// The payment takes no proof: it is not by hand, or has ended.
    #[error("this payment takes no proof")]
    NotWanted,
    /// R-proof: one reference pays once.
    #[error("the reference was approved for another payment")]
    ReferenceUsed(Box<Proof>),
    #[error(transparent)]
    Transition(#[from] TransitionError),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error("the file could not be kept")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FileError> for ProofError {
    fn from(e: FileError) -> Self {
        match e {
            FileError::Input(problem) => Self::Input(problem),
            FileError::Io(error) => Self::Io(error),
        }
    }
}

/// What a customer sends.
#[derive(Clone, Debug)]
pub struct NewProof {
    pub proof_type: ProofType,
    pub reference: String,
    pub notes: String,
    pub file: Option<Vec<u8>>,
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{061c}')
}

fn check(new: &NewProof) -> Result<(), InputProblem> {
    let control = |text: &str| {
        text.chars()
            .any(|c| is_hidden(c) || (c.is_control() && !matches!(c, '\n' | '\r')))
    };
    if new.reference.chars().count() > 64 || control(&new.reference) {
        let message = "must have at most 64 characters";
        return Err(InputProblem::new("reference", "length", message));
    }
    // Letters of other scripts look like Latin ones, and one reference would pay twice.
    if new
        .reference
        .chars()
        .any(|c| !c.is_ascii() && (c.is_alphanumeric() || is_joiner(c)))
    {
        let message = "must have Latin letters and digits alone";
        return Err(InputProblem::new("reference", "reference_ascii", message));
    }
    if new.notes.chars().count() > 500 || control(&new.notes) {
        return Err(InputProblem::new(
            "notes",
            "length",
            "must have at most 500 characters",
        ));
    }
    if new.reference.trim().is_empty() && new.file.is_none() {
        let message = "a reference or a picture is needed";
        return Err(InputProblem::new("reference", "proof_empty", message));
    }
    Ok(())
}

/// Takes a proof for a payment made by hand. Where staff wanted more, it answers that.
pub async fn submit(
    app: &App,
    actor: &Actor,
    payment: &Payment,
    mut new: NewProof,
) -> Result<Proof, ProofError> {
    new.reference = super::checkout::latin_digits(&new.reference);
    check(&new)?;
    if payment.provider != "manual" || !takes_proof(payment) {
        return Err(ProofError::NotWanted);
    }
    let tenant = &payment.tenant_id;
    let file = match new.file.clone() {
        Some(bytes) => Some(proof_files::keep(app, tenant, bytes).await?),
        None => None,
    };
    let kept = submit_row(app, actor, payment, new, file.clone()).await;
    if let (Err(_), Some(file)) = (&kept, &file) {
        proof_files::discard(app, tenant, file).await;
    }
    kept
}

fn takes_proof(p: &Payment) -> bool {
    p.status.is_open() || p.status == PaymentStatus::Expired
}

async fn submit_row(
    app: &App,
    actor: &Actor,
    payment: &Payment,
    new: NewProof,
    file: Option<crate::domain::proof::ProofFile>,
) -> Result<Proof, ProofError> {
    let now = app.clock.now();
    let tenant = &payment.tenant_id;
    let mut tx = app.db.begin().await?;
    // The order's row is held, so that two uploads at once see each other.
    crate::store::orders::lock(&mut tx, tenant, &payment.order_id).await?;
    let fresh = payments::get(&mut tx, tenant, &payment.id)
        .await?
        .ok_or(ProofError::NotFound)?;
    if !takes_proof(&fresh) {
        return Err(ProofError::NotWanted);
    }
    let last = proofs::of_payment(&mut tx, tenant, &payment.id)
        .await?
        .pop();
    let proof = match last {
        Some(last) if last.status == ProofStatus::Submitted => {
            return Err(ProofError::AlreadyWaits);
        }
        Some(mut last) if last.status == ProofStatus::MoreWanted => {
            last.status = last.status.go(ProofStatus::Submitted)?;
            last.proof_type = new.proof_type;
            new.reference.trim().clone_into(&mut last.reference);
            new.notes.trim().clone_into(&mut last.notes);
            last.file = file.or(last.file);
            last.updated_at = now;
            proofs::save(&mut tx, &last, ProofStatus::MoreWanted).await?;
            last
        }
        _ => {
            let proof = Proof {
                id: app.clock.id(),
                tenant_id: tenant.clone(),
                payment_id: payment.id.clone(),
                proof_type: new.proof_type,
                reference: new.reference.trim().to_owned(),
                notes: new.notes.trim().to_owned(),
                file,
                status: ProofStatus::Submitted,
                claimed_by: None,
                claimed_at: None,
                decided_by: None,
                decision_note: String::new(),
                accepted: None,
                created_at: now,
                updated_at: now,
            };
            proofs::insert(&mut tx, &proof, payment.amount.currency).await?;
            proof
        }
    };
    write_books(app, &mut tx, &proof, payment, "proof.submitted", actor).await?;
    tell_proof(app, &mut tx, &proof, payment, EventType::ProofSubmitted).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(proof)
}

async fn write_books(
    app: &App,
    tx: &mut Tx<'_>,
    proof: &Proof,
    payment: &Payment,
    kind: &str,
    actor: &Actor,
) -> Result<(), StoreError> {
    Entry::payment(payment, kind, actor)
        .words(&proof.decision_note)
        .data(json!({
            "proof": proof.id, "type": proof.proof_type, "reference": proof.reference,
            "accepted": proof.accepted.map(|m| m.minor),
        }))
        .write(app, tx)
        .await?;
    idempotency::done(tx, actor, &proof.id.to_string()).await
}

async fn tell_proof(
    app: &App,
    tx: &mut Tx<'_>,
    proof: &Proof,
    payment: &Payment,
    event: EventType,
) -> Result<(), StoreError> {
    let live = payment.livemode && !payment.test_mode;
    let data = objects::proof(proof);
    tell(
        app,
        tx,
        &proof.tenant_id,
        live,
        proof.id.to_string(),
        event,
        &data,
    )
    .await
}

pub async fn get(app: &App, tenant: &TenantId, id: &ProofId) -> Result<Option<Proof>, StoreError> {
    proofs::get(&mut app.db.read().await?, tenant, id).await
}

/// A payment's proofs, newest last.
pub async fn of_payment(
    app: &App,
    tenant: &TenantId,
    payment: &PaymentId,
) -> Result<Vec<Proof>, StoreError> {
    proofs::of_payment(&mut app.db.read().await?, tenant, payment).await
}

/// The proofs that wait, oldest first.
pub async fn queue(app: &App, tenant: &TenantId, limit: i64) -> Result<Vec<Proof>, StoreError> {
    proofs::queue(&mut app.db.read().await?, tenant, limit).await
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    status: Option<ProofStatus>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Proof>, StoreError> {
    proofs::list(&mut app.db.read().await?, tenant, status, cursor, limit).await
}

/// Other proofs with the same reference or the same file.
pub async fn twins(app: &App, proof: &Proof) -> Result<Vec<Proof>, StoreError> {
    proofs::twins(&mut app.db.read().await?, proof).await
}

/// The stored file with its media type.
pub async fn file(
    app: &App,
    tenant: &TenantId,
    id: &ProofId,
) -> Result<(String, Vec<u8>), ProofError> {
    let proof = get(app, tenant, id).await?.ok_or(ProofError::NotFound)?;
    let file = proof.file.ok_or(ProofError::NotFound)?;
    let bytes = proof_files::read(app, tenant, &file).await?;
    Ok((file.media_type, bytes))
}

/// Claims a proof for one reviewer, or renews the claim.
///
/// # Errors
/// [`ProofError::Held`] where somebody else holds it or it was decided.
pub async fn claim(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &ProofId,
) -> Result<(), ProofError> {
    let mut tx = app.db.begin().await?;
    match proofs::claim(&mut tx, tenant, id, actor.as_str(), app.clock.now()).await {
        Err(StoreError::Stale) => return Err(ProofError::Held),
        other => other?,
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

pub async fn release(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &ProofId,
) -> Result<(), ProofError> {
    let mut tx = app.db.begin().await?;
    proofs::release(&mut tx, tenant, id, actor.as_str()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// What staff decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This much came.
    Approve(Money),
    Reject,
    RequestMore,
}

/// Decides a proof. The payment, the order, the story, the audit row and the events commit
/// together; the second of two reviewers gets [`StoreError::Stale`].
pub async fn decide(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &ProofId,
    verdict: &Verdict,
    note: &str,
) -> Result<Proof, ProofError> {
    let note = note.trim();
    if note.is_empty() && !matches!(verdict, Verdict::Approve(_)) {
        return Err(InputProblem::new("note", "note_required", "tell the customer why").into());
    }
    if note.chars().count() > 500 {
        return Err(InputProblem::new("note", "length", "must have at most 500 characters").into());
    }
    let mut tx = app.db.begin().await?;
    let mut proof = proofs::get(&mut tx, tenant, id)
        .await?
        .ok_or(ProofError::NotFound)?;
    let payment = payments::get(&mut tx, tenant, &proof.payment_id).await?;
    let mut payment = payment.ok_or(ProofError::NotFound)?;
    let now = app.clock.now();
    if proof
        .holder(now)
        .is_some_and(|holder| holder != actor.as_str())
    {
        return Err(ProofError::Held);
    }
    let was = proof.status;
    let (to, kind, event) = match verdict {
        Verdict::Approve(_) => (
            ProofStatus::Approved,
            "proof.approved",
            Some(EventType::ProofApproved),
        ),
        Verdict::Reject => (
            ProofStatus::Rejected,
            "proof.rejected",
            Some(EventType::ProofRejected),
        ),
        Verdict::RequestMore => (ProofStatus::MoreWanted, "proof.more_wanted", None),
    };
    proof.status = was.go(to)?;
    proof.decided_by = Some(actor.as_str().to_owned());
    note.clone_into(&mut proof.decision_note);
    proof.updated_at = now;
    if let Verdict::Approve(came) = verdict {
        let fits = (1..=Money::MOST_MINOR).contains(&came.minor);
        if !fits || came.currency != payment.amount.currency {
            return Err(InputProblem::new("amount", "amount_invalid", "must be above zero").into());
        }
        refuse_used_reference(&mut tx, &proof).await?;
        proof.accepted = Some(*came);
    }
    match proofs::save(&mut tx, &proof, was).await {
        // Two people approved the same reference at once: the database lets one through.
        Err(StoreError::Taken) => {
            drop(tx);
            refuse_used_reference(&mut app.db.read().await?, &proof).await?;
            return Err(StoreError::Stale.into());
        }
        other => other?,
    }
    write_books(app, &mut tx, &proof, &payment, kind, actor).await?;
    if let Some(event) = event {
        tell_proof(app, &mut tx, &proof, &payment, event).await?;
    }
    super::messages::proof_decided(app, &mut tx, &proof, &payment).await?;
    if let Verdict::Approve(came) = verdict {
        settle::book(app, &mut tx, &mut payment, *came, actor, &proof.reference).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(proof)
}

/// Looks for the proof of another payment that was approved with the same reference.
async fn refuse_used_reference(tx: &mut Tx<'_>, proof: &Proof) -> Result<(), ProofError> {
    match proofs::approved_with_reference(tx, proof).await? {
        Some(twin) => Err(ProofError::ReferenceUsed(Box::new(twin))),
        None => Ok(()),
    }
}
