//! The proof desk and its files.
use super::{Orders, id};
use crate::domain::proof::{Proof, ProofStatus};
use crate::domain::role::Permission;
use crate::services::proofs::{self as proof_service, ProofError};
use crate::services::{App, Cursor, payments, provider_accounts};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::told::Told;
use crate::web::admin::views::orders::customer_name;
use crate::web::admin::views::proofs as view;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// How many the queue lists.
const QUEUE: i64 = 100;

async fn queued(me: &Me, orders: &mut Orders, proof: Proof) -> Result<view::Queued, Refusal> {
    let payment = payments::get(&me.app, &me.member.tenant.id, &proof.payment_id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let order = orders.get(me, &payment.order_id).await?;
    Ok(view::Queued {
        reference: order.reference,
        customer: customer_name(&order.customer),
        amount: proof.accepted.unwrap_or(payment.amount),
        proof,
    })
}

async fn queue(me: &Me, decided: bool) -> Result<Vec<view::Queued>, Refusal> {
    let tenant = &me.member.tenant.id;
    let proofs = if decided {
        let page = proof_service::list(&me.app, tenant, None, &Cursor::Newest, QUEUE).await?;
        page.rows
            .into_iter()
            .filter(|p| p.status != ProofStatus::Submitted)
            .collect()
    } else {
        proof_service::queue(&me.app, tenant, QUEUE).await?
    };
    let mut orders = Orders::default();
    let mut out = Vec::with_capacity(proofs.len());
    for proof in proofs {
        out.push(queued(me, &mut orders, proof).await?);
    }
    Ok(out)
}

#[derive(Default, Deserialize)]
pub struct DeskQuery {
    view: Option<String>,
    zoom: Option<u16>,
    turn: Option<u16>,
}

/// The first that nobody else holds opens by itself.
pub async fn list(who: Who, Query(q): Query<DeskQuery>) -> Result<Response, Refusal> {
    let me = who.may(Permission::DecideProofs)?;
    let decided = q.view.as_deref() == Some("decided");
    let queue = queue(&me, decided).await?;
    let now = me.app.clock.now();
    let mine = me.member.user_id.to_string();
    let first = if q.view.is_some() {
        None
    } else {
        queue
            .iter()
            .map(|x| &x.proof)
            .find(|p| p.holder(now).is_none_or(|h| h == mine))
            .cloned()
    };
    desk(&me, queue, decided, first, &q).await
}

pub async fn detail(
    who: Who,
    State(app): State<App>,
    Path((_, proof)): Path<(String, String)>,
    Query(q): Query<DeskQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::DecideProofs)?;
    let proof = proof_service::get(&app, &me.member.tenant.id, &id(&proof)?)
        .await?
        .ok_or(Refusal::NotFound)?;
    let decided = proof.status != ProofStatus::Submitted;
    let queue = queue(&me, decided).await?;
    desk(&me, queue, decided, Some(proof), &q).await
}

async fn desk(
    me: &Me,
    queue: Vec<view::Queued>,
    decided: bool,
    proof: Option<Proof>,
    q: &DeskQuery,
) -> Result<Response, Refusal> {
    // Opening a proof takes it: two people never decide one. Whoever comes second may still look.
    let proof = match proof {
        Some(p) if p.status == ProofStatus::Submitted => {
            let tenant = &me.member.tenant.id;
            match proof_service::claim(&me.app, tenant, &me.actor(), &p.id).await {
                Ok(()) | Err(ProofError::Held) => {}
                Err(e) => return Err(Refusal::broken(e)),
            }
            proof_service::get(&me.app, tenant, &p.id).await?
        }
        other => other,
    };
    let f = me.frame().await?;
    let mut told = me.told("proofs/decide");
    let item = match proof {
        Some(proof) => Some(item(me, proof, q, &told).await?),
        None => None,
    };
    let main = view::desk(
        &f,
        view::Desk {
            queue,
            decided,
            told: told.said.take(),
            item,
        },
    );
    Ok(me.page(
        &f,
        Page::new(Nav::Proofs, "Proofs").flush(),
        &mut told,
        main,
    ))
}

/// A reference as people mean it: spaces, dashes and case do not count.
fn plain(reference: &str) -> String {
    reference
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect()
}

async fn item(me: &Me, proof: Proof, q: &DeskQuery, told: &Told) -> Result<view::Item, Refusal> {
    let tenant = &me.member.tenant.id;
    let payment = payments::get(&me.app, tenant, &proof.payment_id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let order = me.order(&payment.order_id).await?;
    let mut orders = Orders::default();
    let mut twins = Vec::new();
    for twin in proof_service::twins(&me.app, &proof).await? {
        let same_file = match (&twin.file, &proof.file) {
            (Some(a), Some(b)) => a.sha256 == b.sha256,
            _ => false,
        };
        let same_reference = plain(&twin.reference) == plain(&proof.reference);
        let other = queued(me, &mut orders, twin).await?;
        twins.push(view::Twin {
            proof: other.proof,
            reference: other.reference,
            customer: other.customer,
            same_file,
            same_reference: same_reference && !plain(&proof.reference).is_empty(),
        });
    }
    let options = provider_accounts::options(&me.app, tenant, &payment.provider).await?;
    let pay_to = options
        .get(payment.method.as_str())
        .or_else(|| options.get("account_number"))
        .cloned()
        .unwrap_or_default();
    let way = told.typed.values.get("way").map(String::as_str);
    Ok(view::Item {
        proof,
        payment,
        order,
        twins,
        pay_to,
        zoom: q.zoom.unwrap_or(100),
        turn: u8::try_from(q.turn.unwrap_or(0) / 90 % 4).unwrap_or(0),
        typed: told.typed.clone(),
        open: match way {
            Some("reject") => Some("reject"),
            Some("ask-more") => Some("ask-more"),
            _ => None,
        },
    })
}

/// The evidence itself. Images were re-encoded when they came; anything else is only saved.
pub async fn file(
    who: Who,
    State(app): State<App>,
    Path((_, proof)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::DecideProofs)?;
    let found = proof_service::file(&app, &me.member.tenant.id, &id(&proof)?).await;
    let (media_type, bytes) = match found {
        Ok(found) => found,
        Err(ProofError::NotFound | ProofError::Io(_)) => return Err(Refusal::NotFound),
        Err(e) => return Err(Refusal::broken(e)),
    };
    let (kind, place) = match media_type.as_str() {
        "image/png" => ("image/png", "inline"),
        "image/jpeg" => ("image/jpeg", "inline"),
        "application/pdf" => ("application/pdf", "attachment; filename=\"proof.pdf\""),
        _ => ("application/octet-stream", "attachment; filename=\"proof\""),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, place),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "private, no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    Ok((headers, bytes).into_response())
}
