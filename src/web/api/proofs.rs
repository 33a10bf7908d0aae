//! `/api/v1/payments/{id}/proofs` and `/api/v1/proofs`.
use super::call::{Answer, Call, Done, Key, json, multipart};
use super::describe::{Field, Object, Operation, Resource};
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
use serde_json::json as value;

const SCOPE: &str = "proofs:write";
/// A picture of the largest size, and room for the other fields.
const MAX_BODY: usize = proof_files::MAX_BYTES + 64 * 1024;

pub(super) fn resource() -> Resource {
    let note = || Field::text("note").at_most(500);
    let told = || note().at_least(1).needed().about("what the customer reads");
    Resource {
        title: "Proofs",
        about: "Evidence for payments of the provider manual.",
        objects: vec![shape()],
        operations: vec![
            Operation::post("/api/v1/payments/{id}/proofs", create)
                .named("create_proof", "Send a proof")
                .about("A reference, a file, or both. After more_wanted it answers the same proof.")
                .scope(SCOPE)
                .takes_form(vec![
                    Field::word("type", types()).needed(),
                    Field::text("reference").at_most(64),
                    Field::text("notes").at_most(500),
                    Field::file("image").about("JPEG, PNG, WebP or PDF of at most 8 MB"),
                ])
                .makes("proof")
                .codes(&["proof_already_waits", "proof_not_wanted", "state_conflict"])
                .codes(&[
                    "type_unknown",
                    "proof_empty",
                    "reference_ascii",
                    "repeated_field",
                ])
                .codes(&["file_empty", "file_type", "file_unreadable"]),
            Operation::get("/api/v1/proofs/{id}", show)
                .named("get_proof", "Read a proof")
                .shows("proof"),
            Operation::get("/api/v1/proofs/{id}/image", image)
                .named("get_proof_image", "Read a proof's file")
                .gives_file(&["image/jpeg", "image/png", "image/webp", "application/pdf"]),
            Operation::post("/api/v1/proofs/{id}/approve", approve)
                .named("approve_proof", "Approve a proof")
                .about("Books the amount: less is short, more is over.")
                .scope(SCOPE)
                .takes(
                    vec![
                        Field::integer("amount")
                            .at_least(1)
                            .at_most(Money::MOST_MINOR)
                            .about("what came, in minor units; the payment's own if left out"),
                        note(),
                    ],
                    value!({ "amount": 150_000, "note": "Seen on the statement" }),
                )
                .shows("proof")
                .codes(&[
                    "proof_held",
                    "proof_reference_used",
                    "state_conflict",
                    "amount_invalid",
                ]),
            Operation::post("/api/v1/proofs/{id}/reject", reject)
                .named("reject_proof", "Reject a proof")
                .scope(SCOPE)
                .takes(vec![told()], value!({ "note": "No such transfer" }))
                .shows("proof")
                .codes(&["proof_held", "state_conflict", "note_required"]),
            Operation::post("/api/v1/proofs/{id}/request-more", request_more)
                .named("request_more_proof", "Ask for a better proof")
                .scope(SCOPE)
                .takes(vec![told()], value!({ "note": "The date cannot be read" }))
                .shows("proof")
                .codes(&["proof_held", "state_conflict", "note_required"]),
        ],
    }
}

fn types() -> [&'static str; ProofType::ALL.len()] {
    ProofType::ALL.map(ProofType::as_str)
}

fn shape() -> Object {
    Object {
        name: "proof",
        about: "Evidence that a customer gave.",
        members: vec![
            Field::id("id", "prf_"),
            Field::word("object", ["proof"]),
            Field::id("payment", "pay_"),
            Field::word("status", ProofStatus::ALL.iter().map(|s| s.as_str())),
            Field::word("type", types()),
            Field::text("reference"),
            Field::text("notes").about("the customer's"),
            Field::text("note").about("the decision's"),
            Field::flag("has_image"),
            Field::integer("amount_accepted").nullable(),
            Field::time("created_at"),
        ],
        example: value!({
            "id": "prf_01k9d2q7t9v1w3x5y7z9a2b4cd", "object": "proof",
            "payment": "pay_01k9d2n1c3f5h7j9k2m4n6p8qr", "status": "submitted",
            "type": "bank_transfer", "reference": "FT26325XYZ", "notes": "From Asha", "note": "",
            "has_image": true, "amount_accepted": null,
            "created_at": "2026-11-21T10:00:00.000Z",
        }),
    }
}

/// A proof with its payment, which is of the caller's mode.
pub(super) async fn find(
    app: &App,
    caller: &Caller,
    id: &ProofId,
) -> Result<(Proof, Payment), Problem> {
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
    multipart(app, caller, MAX_BODY, request, |call, parts| async move {
        let new = new_proof(parts)?;
        let payment = payments::find(&call.app, &call.caller, &id.id()?).await?;
        let proof = proofs::submit(&call.app, &call.actor(), &payment, new).await?;
        Ok(Answer::created(objects::proof(&proof)))
    })
    .await
}

pub(super) async fn approve(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, mut body| async move {
        let amount = body.integer("amount")?;
        let note = body.text("note")?.unwrap_or_default();
        body.done()?;
        let (proof, payment) = find(&call.app, &call.caller, &id.id()?).await?;
        let came = amount.map_or(payment.amount, |a| Money::new(a, payment.amount.currency));
        decide(call, proof, Verdict::Approve(came), note).await
    })
    .await
}

pub(super) async fn reject(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, mut body| async move {
        let note = body.text("note")?.unwrap_or_default();
        body.done()?;
        let (proof, _) = find(&call.app, &call.caller, &id.id()?).await?;
        decide(call, proof, Verdict::Reject, note).await
    })
    .await
}

pub(super) async fn request_more(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, mut body| async move {
        let note = body.text("note")?.unwrap_or_default();
        body.done()?;
        let (proof, _) = find(&call.app, &call.caller, &id.id()?).await?;
        decide(call, proof, Verdict::RequestMore, note).await
    })
    .await
}

async fn decide(call: Call, proof: Proof, verdict: Verdict, note: String) -> Done {
    let (tenant, actor) = (&proof.tenant_id, call.actor());
    let proof = proofs::decide(&call.app, tenant, &actor, &proof.id, &verdict, &note).await?;
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
