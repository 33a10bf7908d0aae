//! Deciding: proofs, refunds, hooks.
use super::{CHANGED, Next, amount, answer, enter, given};
use crate::domain::ids::{HookId, Id, ProofId, RefundId};
use crate::domain::proof::Proof;
use crate::domain::role::Permission;
use crate::services::inbound::{self, InboundError};
use crate::services::proofs::{self as proof_service, ProofError, Verdict};
use crate::services::refunds::{self as refund_service, RefundError};
use crate::services::{StoreError, orders as order_service, payments as payment_service};
use crate::web::admin::auth::{Me, Refusal};
use crate::web::admin::parts::money_text;
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

fn proof_id(text: &str) -> Result<ProofId, Refusal> {
    ProofId::parse(text).ok_or(Refusal::NotFound)
}

/// The order's reference, for the sentence that says what was decided.
async fn reference(me: &Me, proof: &Proof) -> Result<String, Refusal> {
    let tenant = &me.member.tenant.id;
    let payment = payment_service::get(&me.app, tenant, &proof.payment_id).await?;
    let order = match payment {
        Some(p) => order_service::get(&me.app, tenant, &p.order_id).await?,
        None => None,
    };
    Ok(order.map_or_else(String::new, |o| format!(" {}", o.reference)))
}

/// Decides one proof and opens the next; refused input comes back to the same one.
async fn decide(
    me: &Me,
    id: &ProofId,
    verdict: &Verdict,
    note: &str,
    flash: Flash,
) -> Result<Next, Refusal> {
    let here = me.url(&format!("/proofs/{id}"));
    let tenant = &me.member.tenant.id;
    let result = proof_service::decide(&me.app, tenant, &me.actor(), id, verdict, note).await;
    let proof = match result {
        Ok(proof) => proof,
        Err(ProofError::NotFound) => return Err(Refusal::NotFound),
        Err(ProofError::Input(p)) => {
            let field = if p.field == "amount" {
                "accepted"
            } else {
                p.field
            };
            let flash = told::refused(flash, field, &told::input(&p));
            return Ok(Next::with(here, flash));
        }
        Err(ProofError::Held) => {
            let words = "Another person is looking at it. Take the next one.";
            return Ok(Next::with(here, told::refused(flash, "", words)));
        }
        Err(ProofError::ReferenceUsed(_)) => {
            let words = "The reference was approved for another payment; it cannot pay twice.";
            return Ok(Next::with(here, told::refused(flash, "", words)));
        }
        Err(ProofError::Transition(_) | ProofError::Store(StoreError::Stale)) => {
            return Ok(Next::fault(here, "Somebody has decided it already."));
        }
        Err(e) => return Err(Refusal::broken(e)),
    };
    let of = reference(me, &proof).await?;
    let words = match verdict {
        Verdict::Approve(money) => format!("Approved{of} with {}.", money_text(*money)),
        Verdict::Reject => format!("Rejected{of}. The customer is told why."),
        Verdict::RequestMore => format!("Asked for more{of}. The order stays open."),
    };
    Ok(Next::done(me.url("/proofs"), &words))
}

/// The money was seen.
#[server(prefix = "/do", endpoint = "admin/proofs/approve")]
pub async fn admin_approve_proof(
    tenant: String,
    proof: String,
    #[server(default)] accepted: String,
    #[server(default)] currency: String,
    #[server(default)] note: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::DecideProofs).await?;
        let id = proof_id(&proof)?;
        let flash = Flash::new("proofs/decide")
            .value("accepted", &accepted)
            .value("note", &note);
        match amount("accepted", &accepted, &currency) {
            Ok(money) => decide(&me, &id, &Verdict::Approve(money), &note, flash).await,
            Err(p) => {
                let flash = told::refused(flash, "accepted", &told::input(&p));
                Ok(Next::with(me.url(&format!("/proofs/{id}")), flash))
            }
        }
    })
    .await
}

/// The reason, and a line of one's own behind it.
fn words(reason: &str, note: &str) -> String {
    match given(note) {
        Some(note) => format!("{} {note}", reason.trim()).trim().to_owned(),
        None => reason.trim().to_owned(),
    }
}

/// The proof is refused; the customer reads why.
#[server(prefix = "/do", endpoint = "admin/proofs/reject")]
pub async fn admin_reject_proof(
    tenant: String,
    proof: String,
    #[server(default)] reason: String,
    #[server(default)] note: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::DecideProofs).await?;
        let id = proof_id(&proof)?;
        let flash = Flash::new("proofs/decide")
            .value("way", "reject")
            .value("reason", &reason)
            .value("note", &note);
        decide(&me, &id, &Verdict::Reject, &words(&reason, &note), flash).await
    })
    .await
}

/// The customer is asked for more.
#[server(prefix = "/do", endpoint = "admin/proofs/request-more")]
pub async fn admin_request_more(
    tenant: String,
    proof: String,
    #[server(default)] reason: String,
    #[server(default)] note: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::DecideProofs).await?;
        let id = proof_id(&proof)?;
        let flash = Flash::new("proofs/decide")
            .value("way", "ask-more")
            .value("reason", &reason)
            .value("note", &note);
        decide(
            &me,
            &id,
            &Verdict::RequestMore,
            &words(&reason, &note),
            flash,
        )
        .await
    })
    .await
}

/// Gives a claimed proof back to the queue.
#[server(prefix = "/do", endpoint = "admin/proofs/release")]
pub async fn admin_release_proof(tenant: String, proof: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::DecideProofs).await?;
        let id = proof_id(&proof)?;
        match proof_service::release(&me.app, &me.member.tenant.id, &me.actor(), &id).await {
            Ok(()) | Err(ProofError::Store(StoreError::Stale)) => {
                let words = "Given back: another person may take it.";
                Ok(Next::done(me.url("/proofs?view=list"), words))
            }
            Err(ProofError::NotFound) => Err(Refusal::NotFound),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

fn refund_id(text: &str) -> Result<RefundId, Refusal> {
    RefundId::parse(text).ok_or(Refusal::NotFound)
}

fn refund_answer<T>(
    me: &Me,
    id: &RefundId,
    result: Result<T, RefundError>,
    flash: Flash,
    done: &str,
) -> Result<Next, Refusal> {
    let path = me.url(&format!("/refunds/{id}"));
    match result {
        Ok(_) => Ok(Next::done(path, done)),
        Err(RefundError::NotFound) => Err(Refusal::NotFound),
        Err(RefundError::Input(p)) => Ok(Next::with(
            path,
            told::refused(flash, p.field, &told::input(&p)),
        )),
        Err(RefundError::OwnRequest) => {
            let words = "You asked for this refund, so someone else decides.";
            Ok(Next::with(path, told::refused(flash, "", words)))
        }
        Err(RefundError::Transition(_) | RefundError::Store(StoreError::Stale)) => {
            Ok(Next::fault(path, CHANGED))
        }
        Err(e) => Err(Refusal::broken(e)),
    }
}

/// Approves a refund that waits.
#[server(prefix = "/do", endpoint = "admin/refunds/approve")]
pub async fn admin_approve_refund(tenant: String, refund: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ApproveRefunds).await?;
        let id = refund_id(&refund)?;
        let result = refund_service::approve(&me.app, &me.member.tenant.id, &me.actor(), &id).await;
        let flash = Flash::new("refunds/decide");
        refund_answer(&me, &id, result, flash, "Approved: it is on its way.")
    })
    .await
}

/// Turns a refund down.
#[server(prefix = "/do", endpoint = "admin/refunds/reject")]
pub async fn admin_reject_refund(
    tenant: String,
    refund: String,
    #[server(default)] note: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ApproveRefunds).await?;
        let id = refund_id(&refund)?;
        let flash = Flash::new("refunds/decide").value("note", &note);
        let Some(note) = given(&note) else {
            let words = "Say why: the asker reads it.";
            let path = me.url(&format!("/refunds/{id}"));
            return Ok(Next::with(path, told::refused(flash, "note", words)));
        };
        let tenant = &me.member.tenant.id;
        let result = refund_service::reject(&me.app, tenant, &me.actor(), &id, &note).await;
        refund_answer(&me, &id, result, flash, "Rejected. The asker can read why.")
    })
    .await
}

/// Records that a person gave the money back.
#[server(prefix = "/do", endpoint = "admin/refunds/record")]
pub async fn admin_record_refund(
    tenant: String,
    refund: String,
    #[server(default)] note: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ApproveRefunds).await?;
        let id = refund_id(&refund)?;
        let flash = Flash::new("refunds/decide").value("note", &note);
        let tenant = &me.member.tenant.id;
        let result = refund_service::record_by_hand(&me.app, tenant, &me.actor(), &id, &note).await;
        refund_answer(&me, &id, result, flash, "Recorded: the money went back.")
    })
    .await
}

/// Runs a hook's bytes once more.
#[server(prefix = "/do", endpoint = "admin/hooks/replay")]
pub async fn admin_replay_hook(tenant: String, hook: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageHooks).await?;
        let id = HookId::parse(&hook).ok_or(Refusal::NotFound)?;
        let path = me.url(&format!("/hooks/{id}"));
        match inbound::replay(&me.app, &me.actor(), &me.member.tenant.id, &id).await {
            Ok(()) => Ok(Next::done(
                path,
                "It is worked on again, from the same bytes.",
            )),
            Err(InboundError::NotFound) => Err(Refusal::NotFound),
            Err(InboundError::Store(StoreError::Stale)) => Ok(Next::fault(
                path,
                "A hook in this state cannot be replayed.",
            )),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}
