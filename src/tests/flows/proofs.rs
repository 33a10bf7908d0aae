//! Payments by hand: proofs are taken, cleaned, decided once.
use crate::support::TestApp;
use crate::support::api::{Answer, flags, id};
use malipo::domain::ids::{Id, ProofId};
use malipo::domain::role::Role;
use malipo::domain::{Currency, Money};
use malipo::services::proofs::{self, ProofError, Verdict};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::io::Cursor;

fn png(side: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(side, side)
        .write_to(&mut out, image::ImageFormat::Png)
        .unwrap();
    out.into_inner()
}

async fn manual(t: &TestApp) -> (Value, Value) {
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "manual", json!({})).await;
    assert_eq!(
        (&paid["status"], &paid["next_action"]["type"]),
        (&json!("requires_action"), &json!("instructions"))
    );
    (order, paid)
}

async fn submit(t: &TestApp, paid: &Value, reference: &str, file: Option<Vec<u8>>) -> Answer {
    let mut form = Form::new()
        .text("type", "bank_transfer")
        .text("reference", reference.to_owned())
        .text("notes", "from Wanjiku");
    if let Some(bytes) = file {
        // The name and the declared type are the sender's to invent.
        let part = Part::bytes(bytes).file_name("../../slip.png");
        form = form.part("image", part.mime_str("image/png").unwrap());
    }
    let url = format!("{}/api/v1/payments/{}/proofs", t.url, id(paid));
    let request = t.http.post(url).bearer_auth(&t.api.key).multipart(form);
    let request = request.header("idempotency-key", crate::support::word());
    Answer::read(request.send().await.unwrap()).await
}

async fn image_of(t: &TestApp, proof: &Value) -> (String, Vec<u8>) {
    let url = format!("{}/api/v1/proofs/{}/image", t.url, id(proof));
    let answer = t
        .http
        .get(url)
        .bearer_auth(&t.api.key)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    (kind, answer.bytes().await.unwrap().to_vec())
}

async fn decide(t: &TestApp, proof: &Value, verdict: &str, body: Value) -> Answer {
    t.api
        .post(&format!("/proofs/{}/{verdict}", id(proof)), body)
        .await
}

#[tokio::test]
async fn an_approved_proof_pays_the_order() {
    let t = TestApp::start().await;
    let (order, paid) = manual(&t).await;
    let proof = submit(&t, &paid, "FT2400001", Some(png(64))).await.ok();
    assert_eq!(
        (&proof["status"], &proof["has_image"]),
        (&json!("submitted"), &json!(true))
    );
    let (kind, bytes) = image_of(&t, &proof).await;
    assert_eq!(kind, "image/png");
    assert!(image::load_from_memory(&bytes).is_ok());
    let proof = decide(&t, &proof, "approve", json!({})).await.ok();
    assert_eq!(proof["status"], "approved");
    assert_eq!(t.api.now(&paid).await["status"], "succeeded");
    assert_eq!(t.api.now(&order).await["status"], "paid");
    assert_eq!(
        t.events(&proof).await,
        ["proof.submitted", "proof.approved"]
    );
    let again = decide(&t, &proof, "reject", json!({ "note": "no" })).await;
    assert_eq!(again.refusal().0, 409);
    assert_eq!(
        t.audited(&paid).await,
        [
            "payment.created",
            "proof.submitted",
            "proof.approved",
            "payment.succeeded"
        ]
    );
}

#[tokio::test]
async fn a_proof_is_rejected_or_sent_back_for_more_with_a_reason() {
    let t = TestApp::start().await;
    let (order, paid) = manual(&t).await;
    let proof = submit(&t, &paid, "FT1", None).await.ok();
    let twice = submit(&t, &paid, "FT2", None).await;
    assert_eq!(twice.refusal(), (409, "proof_already_waits".to_owned()));
    for verdict in ["reject", "request-more"] {
        let silent = decide(&t, &proof, verdict, json!({})).await;
        assert_eq!(
            (silent.status, &silent.json()["field"]),
            (422, &json!("note"))
        );
    }
    let more = json!({ "note": "the picture is cut off" });
    let proof = decide(&t, &proof, "request-more", more).await.ok();
    assert_eq!(proof["status"], "more_wanted");
    let better = submit(&t, &paid, "FT1", Some(png(32))).await.ok();
    assert_eq!(
        (&better["id"], &better["status"]),
        (&proof["id"], &json!("submitted"))
    );
    let no = json!({ "note": "not our account" });
    let rejected = decide(&t, &better, "reject", no).await.ok();
    assert_eq!(rejected["note"], "not our account");
    assert_eq!(t.api.now(&order).await["status"], "open");
    // The customer may try again.
    let next = submit(&t, &paid, "FT3", None).await.ok();
    assert_ne!(next["id"], proof["id"]);
}

#[tokio::test]
async fn what_came_by_hand_is_booked_as_it_came() {
    let t = TestApp::start().await;
    let (order, paid) = manual(&t).await;
    let proof = submit(&t, &paid, "FT1", None).await.ok();
    decide(&t, &proof, "approve", json!({ "amount": 100_000 }))
        .await
        .ok();
    let paid = t.api.now(&paid).await;
    assert_eq!(
        (&paid["amount_captured"], flags(&paid)),
        (&json!(100_000), vec!["short"])
    );
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], flags(&now)),
        (&json!("partially_paid"), vec!["short"])
    );
    // The rest, and a little more, in a second payment.
    let rest = t.api.pay(&order, "manual", json!({})).await;
    assert_eq!(rest["amount"], 50_000);
    let proof = submit(&t, &rest, "FT2", None).await.ok();
    decide(&t, &proof, "approve", json!({ "amount": 60_000 }))
        .await
        .ok();
    let rest = t.api.now(&rest).await;
    assert_eq!(flags(&rest), ["over"]);
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], &now["amount_paid"], flags(&now)),
        (&json!("paid"), &json!(160_000), vec!["over"])
    );
    let tasks = t.refunds(&rest).await;
    assert_eq!((tasks.len(), tasks[0].amount.minor), (1, 10_000));
    assert_eq!(
        t.events(&order).await,
        ["order.partially_paid", "order.paid"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_reviewers_cannot_both_approve() {
    let t = TestApp::start().await;
    let (order, paid) = manual(&t).await;
    let proof = submit(&t, &paid, "FT1", None).await.ok();
    let proof = ProofId::parse(id(&proof)).unwrap();
    let kes = Money::new(150_000, Currency::KES);
    let mut tries = Vec::new();
    for _ in 0..4 {
        let person = t.person(Role::Staff).await;
        let (app, tenant, proof) = (t.app.clone(), t.tenant.id.clone(), proof.clone());
        tries.push(tokio::spawn(async move {
            let verdict = Verdict::Approve(kes);
            proofs::decide(&app, &tenant, &person, &proof, &verdict, "")
                .await
                .is_ok()
        }));
    }
    let mut approved = 0;
    for one in tries {
        approved += usize::from(one.await.unwrap());
    }
    assert_eq!(approved, 1);
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["amount_paid"], flags(&now)),
        (&json!(150_000), vec![])
    );
}

#[tokio::test]
async fn a_claimed_proof_is_decided_by_the_one_who_holds_it() {
    let t = TestApp::start().await;
    let (_, paid) = manual(&t).await;
    let made = submit(&t, &paid, "FT1", None).await.ok();
    let proof = ProofId::parse(id(&made)).unwrap();
    let (amina, joseph) = (t.person(Role::Staff).await, t.person(Role::Staff).await);
    let (app, ten) = (&t.app, &t.tenant.id);
    proofs::claim(app, ten, &amina, &proof).await.unwrap();
    let held = proofs::claim(app, ten, &joseph, &proof).await;
    assert!(matches!(held, Err(ProofError::Held)));
    let no = Verdict::Reject;
    let held = proofs::decide(app, ten, &joseph, &proof, &no, "no").await;
    assert!(matches!(held, Err(ProofError::Held)));
    assert_eq!(
        decide(&t, &made, "approve", json!({})).await.refusal(),
        (409, "proof_held".to_owned())
    );
    t.advance(601).await;
    proofs::claim(app, ten, &joseph, &proof).await.unwrap();
    proofs::release(app, ten, &joseph, &proof).await.unwrap();
    let kes = Verdict::Approve(Money::new(150_000, Currency::KES));
    proofs::decide(app, ten, &amina, &proof, &kes, "")
        .await
        .unwrap();
}

#[tokio::test]
async fn one_reference_pays_once() {
    let t = TestApp::start().await;
    let (_, first) = manual(&t).await;
    let (order, second) = manual(&t).await;
    let proof = submit(&t, &first, "ft-24 7", None).await.ok();
    decide(&t, &proof, "approve", json!({})).await.ok();
    let twin = submit(&t, &second, "FT247", None).await.ok();
    let refused = decide(&t, &twin, "approve", json!({})).await;
    assert_eq!(refused.refusal(), (409, "proof_reference_used".to_owned()));
    assert_eq!(refused.json()["proof"], proof["id"]);
    assert_eq!(t.api.now(&order).await["status"], "open");
}

#[tokio::test]
async fn hostile_uploads_are_refused_and_leave_nothing_behind() {
    let t = TestApp::start().await;
    let (_, paid) = manual(&t).await;
    let mut cut = png(64);
    cut.truncate(50);
    // A small file that claims to be 60,000 pixels wide and high.
    let mut bomb = png(8);
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    for (what, bytes) in [
        ("svg", svg),
        ("html", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("program", b"\x7fELF\x02\x01\x01".to_vec()),
        ("gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec()),
        ("cut off", cut),
        ("bomb", bomb),
    ] {
        let refused = submit(&t, &paid, "FT1", Some(bytes)).await;
        assert_eq!(
            (refused.status, &refused.json()["field"]),
            (422, &json!("image")),
            "{what}"
        );
    }
    let huge = submit(&t, &paid, "FT1", Some(vec![0; 9 * 1024 * 1024])).await;
    assert_eq!(huge.status, 413);
    let kept = t.db.folder.path().join("proofs");
    let left = std::fs::read_dir(kept.join(t.tenant.id.to_string()));
    assert_eq!(left.map_or(0, Iterator::count), 0);
    for (reference, field) in [("", "reference"), (&*"x".repeat(65), "reference")] {
        let refused = submit(&t, &paid, reference, None).await;
        assert_eq!(
            (refused.status, &refused.json()["field"]),
            (422, &json!(field))
        );
    }
}

#[tokio::test]
async fn pictures_are_drawn_anew_and_a_pdf_is_kept_as_it_is() {
    let t = TestApp::start().await;
    let (_, paid) = manual(&t).await;
    let mut poisoned = png(16);
    poisoned.extend_from_slice(b"<script>alert('later')</script>");
    let proof = submit(&t, &paid, "FT1", Some(poisoned)).await.ok();
    let (_, bytes) = image_of(&t, &proof).await;
    assert!(!bytes.windows(7).any(|w| w == b"<script"));
    let pdf = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF".to_vec();
    let (_, paid) = manual(&t).await;
    let proof = submit(&t, &paid, "FT2", Some(pdf.clone())).await.ok();
    let (kind, bytes) = image_of(&t, &proof).await;
    assert_eq!((kind.as_str(), bytes), ("application/pdf", pdf));
}

#[tokio::test]
async fn a_payment_that_is_not_by_hand_or_has_ended_takes_no_proof() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let card = t.api.pay(&order, "paystack", json!({})).await;
    let refused = submit(&t, &card, "FT1", None).await;
    assert_eq!(refused.refusal(), (409, "proof_not_wanted".to_owned()));
    let (_, paid) = manual(&t).await;
    let proof = submit(&t, &paid, "FT1", None).await.ok();
    decide(&t, &proof, "approve", json!({})).await.ok();
    let late = submit(&t, &paid, "FT2", None).await;
    assert_eq!(late.refusal(), (409, "proof_not_wanted".to_owned()));
}

#[tokio::test]
async fn r9_a_proof_that_waits_keeps_its_payment_open_past_the_order() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({ "expires_in": 60 })).await;
    let paid = t.api.pay(&order, "manual", json!({})).await;
    let proof = submit(&t, &paid, "FT1", None).await.ok();
    t.advance(3_600).await;
    assert_eq!(t.api.now(&order).await["status"], "expired");
    assert_eq!(t.api.now(&paid).await["status"], "requires_action");
    decide(&t, &proof, "approve", json!({})).await.ok();
    let order = t.api.now(&order).await;
    assert_eq!(
        (&order["status"], flags(&order)),
        (&json!("paid"), vec!["late"])
    );
}
