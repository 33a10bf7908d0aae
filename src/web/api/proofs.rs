//! `/api/v1/payments/{id}/proofs` and `/api/v1/proofs`.
use super::call::{Answer, Call, Done, Json, Key, json, multipart};
use super::fields::{Part, needed};
use super::{Named, payments};
use crate::domain::Money;
use crate::domain::ids::ProofId;
use crate::domain::payment::Payment;
use crate::domain::proof::{Proof, ProofStatus, ProofType};
use crate::services::api_keys::Caller;
use crate::services::proofs::{NewProof, Verdict};
use crate::services::{App, objects, proof_files, proofs};
use crate::web::body;
use crate::web::problem::Problem;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

const SCOPE: &str = "proofs:write";
/// A picture of the largest size, and room for the other fields.
const MAX_BODY: usize = proof_files::MAX_BYTES + 64 * 1024;

/// A proof with its payment, which is of the caller's mode.
async fn find(app: &App, caller: &Caller, id: &ProofId) -> Result<(Proof, Payment), Problem> {
    let found = proofs::get(app, &caller.tenant.id, id).await?;
    let proof = found.ok_or_else(Problem::not_found)?;
    let payment = payments::find(app, caller, &proof.payment_id).await?;
    Ok((proof, payment))
}

pub(super) async fn show(State(app): State<App>, Key(caller): Key, id: Named) -> Done {
    let (proof, _) = find(&app, &caller, &id.id()?).await?;
    Ok(Answer::ok(objects::proof(&proof)))
}

/// The picture or PDF, to be saved and never to be run.
pub(super) async fn image(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
) -> Result<Response, Problem> {
    let (proof, _) = find(&app, &caller, &id.id()?).await?;
    let (kind, bytes) = proofs::file(&app, &proof.tenant_id, &proof.id).await?;
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox".to_owned(),
        ),
    ];
    Ok((headers, bytes).into_response())
}

fn new_proof(parts: Vec<Part>) -> Result<NewProof, Problem> {
    let mut kind = None;
    let (mut reference, mut notes, mut file) = (String::new(), String::new(), None);
    for part in parts {
        match part.name.as_str() {
            "type" => {
                let text = part.text()?;
                kind = Some(ProofType::parse(text.trim()).ok_or_else(|| {
                    let known = ProofType::ALL.map(ProofType::as_str).join(", ");
                    Problem::input("type", "type_unknown", format!("must be one of {known}"))
                })?);
            }
            "reference" => reference = part.text()?,
            "notes" => notes = part.text()?,
            "image" if part.bytes.len() > proof_files::MAX_BYTES => {
                return Err(body::too_large(proof_files::MAX_BYTES));
            }
            // A form sends an empty part where no file was chosen.
            "image" if part.bytes.is_empty() => {}
            "image" => file = Some(part.bytes.to_vec()),
            _ => {
                let message = "is not known here";
                return Err(Problem::input(part.name, "unknown_field", message));
            }
        }
    }
    Ok(NewProof {
        proof_type: needed("type", kind)?,
        reference,
        notes,
        file,
    })
}

pub(super) async fn create(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    multipart(
        app,
        caller,
        SCOPE,
        MAX_BODY,
        request,
        |call, parts| async move {
            let new = new_proof(parts)?;
            let payment = payments::find(&call.app, &call.caller, &id.id()?).await?;
            let proof = match sent_before(&call, &payment, &new).await? {
                Some(proof) => proof,
                None => proofs::submit(&call.app, &call.actor(), &payment, new).await?,
            };
            Ok(Answer::created(objects::proof(&proof)))
        },
    )
    .await
}

/// The proof that a run of this call sent before a crash cut it off.
async fn sent_before(call: &Call, p: &Payment, new: &NewProof) -> Result<Option<Proof>, Problem> {
    let Some(since) = call.cut_off_at else {
        return Ok(None);
    };
    let last = proofs::of_payment(&call.app, &p.tenant_id, &p.id)
        .await?
        .pop();
    Ok(last.filter(|f| {
        f.status == ProofStatus::Submitted
            && f.updated_at >= since
            && f.reference == new.reference.trim()
            && f.proof_type == new.proof_type
    }))
}

pub(super) async fn approve(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(
        app,
        caller,
        SCOPE,
        Json::Optional,
        request,
        |call, mut body| async move {
            let amount = body.integer("amount")?;
            let note = body.text("note")?.unwrap_or_default();
            body.done()?;
            let (proof, payment) = find(&call.app, &call.caller, &id.id()?).await?;
            let came = amount.map_or(payment.amount, |a| Money::new(a, payment.amount.currency));
            decide(
                call,
                proof,
                Verdict::Approve(came),
                ProofStatus::Approved,
                note,
            )
            .await
        },
    )
    .await
}

pub(super) async fn reject(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(
        app,
        caller,
        SCOPE,
        Json::Optional,
        request,
        |call, mut body| async move {
            let note = body.text("note")?.unwrap_or_default();
            body.done()?;
            let (proof, _) = find(&call.app, &call.caller, &id.id()?).await?;
            decide(call, proof, Verdict::Reject, ProofStatus::Rejected, note).await
        },
    )
    .await
}

pub(super) async fn request_more(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(
        app,
        caller,
        SCOPE,
        Json::Optional,
        request,
        |call, mut body| async move {
            let note = body.text("note")?.unwrap_or_default();
            body.done()?;
            let (proof, _) = find(&call.app, &call.caller, &id.id()?).await?;
            decide(
                call,
                proof,
                Verdict::RequestMore,
                ProofStatus::MoreWanted,
                note,
            )
            .await
        },
    )
    .await
}

async fn decide(call: Call, proof: Proof, verdict: Verdict, to: ProofStatus, note: String) -> Done {
    let decided_by = proof.decided_by.clone().unwrap_or_default();
    // A run of this call that a crash cut off may have decided it.
    let done = proof.status == to && call.may_have_done(&decided_by, proof.updated_at);
    let proof = if done {
        proof
    } else {
        let (tenant, actor) = (&proof.tenant_id, call.actor());
        proofs::decide(&call.app, tenant, &actor, &proof.id, &verdict, &note).await?
    };
    Ok(Answer::ok(objects::proof(&proof)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;

    type Parts<'a> = &'a [(&'a str, &'a [u8])];

    fn read(parts: Parts<'_>) -> Result<NewProof, (u16, &'static str, String)> {
        let parts = parts.iter().map(|(name, bytes)| Part {
            name: (*name).to_owned(),
            bytes: Bytes::copy_from_slice(bytes),
        });
        new_proof(parts.collect())
            .map_err(|p| (p.status.as_u16(), p.code, p.field.unwrap_or_default()))
    }

    #[test]
    fn a_proof_is_read_part_by_part() {
        let parts: [(&str, &[u8]); 4] = [
            ("type", b"bank_transfer"),
            ("reference", b"TX-1"),
            ("notes", b"from Ada"),
            ("image", b"\x89PNG"),
        ];
        let proof = read(&parts).unwrap();
        assert_eq!(proof.proof_type, ProofType::BankTransfer);
        assert_eq!(
            (proof.reference.as_str(), proof.file.is_some()),
            ("TX-1", true)
        );
        assert!(
            read(&[("type", b"cash"), ("image", b"")])
                .unwrap()
                .file
                .is_none()
        );
    }

    #[test]
    fn what_a_proof_cannot_be_is_named() {
        let large = vec![0; proof_files::MAX_BYTES + 1];
        let cases: [(Parts<'_>, u16, &str, &str); 5] = [
            (&[("reference", b"x")], 422, "required", "type"),
            (&[("type", b"cheque")], 422, "type_unknown", "type"),
            (
                &[("type", b"cash"), ("file", b"x")],
                422,
                "unknown_field",
                "file",
            ),
            (
                &[("type", b"cash"), ("notes", b"\xff")],
                422,
                "type_invalid",
                "notes",
            ),
            (
                &[("type", b"cash"), ("image", &large)],
                413,
                "body_too_large",
                "",
            ),
        ];
        for (parts, status, code, field) in cases {
            assert_eq!(read(parts).unwrap_err(), (status, code, field.to_owned()));
        }
    }
}
