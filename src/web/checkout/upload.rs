//! The upload of a proof: a plain multipart form. Too large a file is refused with a sentence, so
//! the body is read to its end and what is too much is thrown away.
use super::load::{self, Opened};
use super::pages::{Asked, go};
use crate::domain::ids::{Id, PaymentId};
use crate::domain::input::is_hidden;
use crate::domain::method::Method;
use crate::domain::payment::Payment;
use crate::domain::proof::ProofType;
use crate::services::proof_files::MAX_BYTES;
use crate::services::proofs::{self, NewProof, ProofError};
use crate::services::{Actor, payments};
use crate::web::body;
use crate::web::flash::Flash;
use axum::extract::{FromRequest, Multipart, Path, Request};
use axum::response::Response;
use std::sync::atomic::Ordering;

/// Of the whole form. Above it the connection ends.
pub const MAX_BODY: usize = 24 * 1024 * 1024;
const MAX_TEXT: usize = 8 * 1024;

/// What the form brought.
#[derive(Default)]
struct Form {
    have: String,
    sms: String,
    reference: String,
    notes: String,
    file: Option<Vec<u8>>,
    too_large: bool,
    cut: bool,
    slow: bool,
}

/// `POST /pay/{token}/proof/{payment}`
pub async fn upload(
    asked: Asked,
    Path((token, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let opened = load::open(&asked.app, &token, &asked.headers, &asked.uri).await;
    let (Ok(Some(o)), Some(id)) = (opened, PaymentId::parse(&id)) else {
        return go("/pay/unknown");
    };
    let found = payments::get(&asked.app, &o.tenant.id, &id)
        .await
        .ok()
        .flatten();
    let Some(p) = found.filter(|p| p.order_id == o.order.id) else {
        return go(&o.base());
    };
    let (head, body) = request.into_parts();
    let (body, slow) = body::paced(body);
    let request = Request::from_parts(head, body);
    let Ok(form) = Multipart::from_request(request, &()).await else {
        return go(&o.page_of(&p));
    };
    let mut form = read(form).await;
    form.slow = slow.load(Ordering::Relaxed);
    submit(&asked, &o, &p, form).await
}

async fn read(mut from: Multipart) -> Form {
    let mut form = Form::default();
    loop {
        let mut field = match from.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(_) => {
                form.cut = true;
                break;
            }
        };
        let name = field.name().unwrap_or_default().to_owned();
        let limit = if name == "image" { MAX_BYTES } else { MAX_TEXT };
        let mut bytes = Vec::new();
        let mut over = false;
        loop {
            match field.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= limit => bytes.extend(chunk),
                Ok(Some(_)) => over = true,
                Ok(None) => break,
                Err(_) => {
                    form.cut = true;
                    break;
                }
            }
        }
        let text = || typed(&String::from_utf8_lossy(&bytes));
        match name.as_str() {
            "have" => form.have = text(),
            "sms" => form.sms = text(),
            "reference" => form.reference = text(),
            "notes" => form.notes = text(),
            "image" if over => form.too_large = true,
            "image" if !bytes.is_empty() => form.file = Some(bytes),
            _ => {}
        }
    }
    form
}

/// What was typed or pasted, without marks that nobody sees; lines end as they were counted.
fn typed(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let seen: String = text.chars().filter(|c| !is_hidden(*c)).collect();
    seen.trim().to_owned()
}

async fn submit(asked: &Asked, o: &Opened, p: &Payment, form: Form) -> Response {
    let kept = Flash::new("proof")
        .value("have", &form.have)
        .value("sms", &form.sms)
        .value("reference", &form.reference)
        .value("notes", &form.notes);
    let (page, secure) = (o.page_of(p), load::secure(&asked.app));
    let refused = |field: &str, code: &str| kept.clone().error(field, code).redirect(&page, secure);
    if form.slow {
        return refused("image", "upload_slow");
    }
    if form.too_large || form.cut {
        return refused("image", "file_too_large");
    }
    let new = NewProof {
        proof_type: match p.method {
            Method::MobileMoney => ProofType::MobileMoney,
            Method::CashOnDelivery => ProofType::Cash,
            _ => ProofType::BankTransfer,
        },
        reference: if form.reference.is_empty() {
            reference_in(&form.sms).unwrap_or_default().to_owned()
        } else {
            form.reference.clone()
        },
        notes: notes(&form),
        file: form.file,
    };
    match proofs::submit(&asked.app, &Actor::Customer, p, new).await {
        Ok(_) => go(&page),
        Err(ProofError::AlreadyWaits) => refused("", "proof_waits"),
        Err(ProofError::Input(problem)) => {
            let shown = match (problem.field, problem.code) {
                ("notes", "length") if !form.sms.is_empty() => "sms",
                (field, code) => shown_field(&form.have, field, code),
            };
            refused(shown, problem.code)
        }
        Err(ProofError::NotWanted) => refused("", "proof_closed"),
        Err(error) => {
            tracing::error!(payment.id = %p.id, error = %error, "a proof was not taken");
            refused("", "trouble")
        }
    }
}

/// Under which field a refusal stands: the one that the customer sees.
fn shown_field(have: &str, field: &'static str, code: &str) -> &'static str {
    match (have, code) {
        ("photo", "proof_empty") => "image",
        ("sms", "proof_empty") => "sms",
        _ => field,
    }
}

/// The pasted message goes to staff with the note; the service limits both together.
fn notes(form: &Form) -> String {
    match (form.notes.is_empty(), form.sms.is_empty()) {
        (_, true) => form.notes.clone(),
        (true, false) => form.sms.clone(),
        (false, false) => format!("{}\n{}", form.notes, form.sms),
    }
}

/// The transaction number in a message: the first word of capitals and digits that is long enough.
fn reference_in(sms: &str) -> Option<&str> {
    sms.split(|c: char| !c.is_ascii_alphanumeric())
        .find(|word| {
            (8..=24).contains(&word.len())
                && word
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                && word.bytes().any(|b| b.is_ascii_digit())
                && word.bytes().any(|b| b.is_ascii_uppercase())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_in_a_message() {
        for (sms, want) in [
            (
                "TKK4H7RW2N Confirmed. Ksh1,500.00 sent to AMANI",
                Some("TKK4H7RW2N"),
            ),
            (
                "You sent UGX 12,450,000. Txn ID: FT26324K8LQ.",
                Some("FT26324K8LQ"),
            ),
            ("I paid yesterday 0712345678", None),
            ("", None),
        ] {
            assert_eq!(reference_in(sms), want);
        }
    }
}
