//! Idempotency keys: the same call, however often it comes, is one.
use crate::support::TestApp;
use crate::support::api::id;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn new_order(reference: &str) -> Value {
    json!({ "reference": reference, "amount": 150_000, "currency": "KES",
        "customer": { "email": "a@b.example", "phone": "0712345678" } })
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer() {
    let t = TestApp::start().await;
    let first = t.api.post_keyed("/orders", new_order("A"), "k1").await;
    assert_eq!(first.status, 201);
    let again = t.api.post_keyed("/orders", new_order("A"), "k1").await;
    assert_eq!((again.status, &again.text), (201, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.headers["location"], first.headers["location"]);
    let other = t.api.post_keyed("/orders", new_order("B"), "k1").await;
    assert_eq!(other.refusal(), (422, "idempotency_key_reused".to_owned()));
    // Keys are per mode, per path and per tenant.
    let live = t.live.post_keyed("/orders", new_order("A"), "k1").await;
    assert_eq!((live.status, &live.json()["livemode"]), (201, &json!(true)));
    let (_, tenant, _) = t.another_tenant().await;
    let theirs = tenant.post_keyed("/orders", new_order("A"), "k1").await;
    assert_eq!(theirs.status, 201);
    assert_ne!(theirs.json()["id"], first.json()["id"]);
    let all = t.api.get("/orders").await.ok();
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_calls_at_once_with_one_key_make_one_order() {
    let t = TestApp::start().await;
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let api = t.api.clone();
            tokio::spawn(async move { api.post_keyed("/orders", new_order("A"), "k1").await })
        })
        .collect();
    let mut made = BTreeSet::new();
    for call in calls {
        let answer = call.await.unwrap();
        if answer.status == 201 {
            made.insert(id(&answer.json()).to_owned());
        } else {
            assert_eq!(answer.refusal(), (409, "idempotency_key_in_use".to_owned()));
        }
    }
    assert_eq!(made.len(), 1);
    let all = t.api.get("/orders").await.ok();
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_payment_and_a_refund_sent_twice_happen_once() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let path = format!("/orders/{}/payments", id(&order));
    let body = json!({ "provider": "paystack" });
    let first = t.api.post_keyed(&path, body.clone(), "k1").await.ok();
    let again = t.api.post_keyed(&path, body, "k1").await.ok();
    assert_eq!(first, again);
    assert_eq!(t.sim.calls("initialize").await, 1);
    t.decide(&first, "paid").await;
    let path = format!("/payments/{}/refunds", id(&first));
    let body = json!({ "reason": "returned", "amount": 100_000 });
    let one = t.api.post_keyed(&path, body.clone(), "k2").await.ok();
    let two = t.api.post_keyed(&path, body, "k2").await.ok();
    assert_eq!(one, two);
    t.run_jobs().await;
    t.wait(30).await;
    assert_eq!(t.sim.refunded_minor().await, 100_000);
}

#[tokio::test]
async fn invalid_input_is_not_kept_and_a_key_is_forgotten_after_a_day() {
    let t = TestApp::start().await;
    let bad = t.api.post_keyed("/orders", json!({}), "k1").await;
    assert_eq!(bad.status, 422);
    let good = t.api.post_keyed("/orders", new_order("A"), "k1").await;
    assert_eq!(good.status, 201);
    t.app.clock.advance_secs(86_399);
    malipo::services::sessions::tidy(&t.app).await.unwrap();
    let kept = t.api.post_keyed("/orders", new_order("A"), "k1").await;
    assert_eq!(kept.text, good.text, "a day is not over");
    t.app.clock.advance_secs(2);
    // Whether old keys were cleared away or not.
    malipo::services::sessions::tidy(&t.app).await.unwrap();
    let fresh = t.api.post_keyed("/orders", new_order("A"), "k1").await;
    assert_eq!(fresh.status, 201);
    assert_ne!(fresh.json()["id"], good.json()["id"]);
}

#[tokio::test]
async fn a_run_that_a_crash_cut_off_is_taken_over_and_makes_no_second_payment() {
    use malipo::domain::account::Mode;
    use malipo::services::idempotency::{Asked, Ticket, begin};
    let t = TestApp::start().await;
    let body = new_order("A").to_string();
    let digest = sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(&body));
    // A process took the key and died.
    let asked = Asked {
        tenant: &t.tenant.id,
        mode: Mode::Test,
        path: "/api/v1/orders",
        key: "k1",
        body: &digest,
        shows: "ord_",
    };
    let taken = begin(&t.app, asked).await;
    assert!(matches!(taken, Ok(Ticket::Run(_))));
    let busy = t.api.post_keyed("/orders", new_order("A"), "k1").await;
    assert_eq!(busy.refusal(), (409, "idempotency_key_in_use".to_owned()));
    t.app.clock.advance_secs(180);
    let made = t.api.post_keyed("/orders", new_order("A"), "k1").await;
    assert_eq!(made.status, 201, "{}", made.text);
}
