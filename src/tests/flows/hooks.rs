//! R5 and R7: hooks are kept before they are answered, and believed only as far as they prove
//! themselves.
use crate::support::api::{Answer, reference};
use crate::support::{TestApp, word};
use malipo::domain::account::Mode;
use malipo::domain::hook::HookStatus;
use malipo::services::Cursor;
use malipo::services::inbound::{self, HookFilter};
use serde_json::{Value, json};

async fn kept(t: &TestApp) -> Vec<malipo::domain::hook::Hook> {
    let filter = HookFilter::default();
    let page = inbound::list(&t.app, &t.tenant.id, &filter, &Cursor::Newest, 100).await;
    page.unwrap().rows
}

async fn send(t: &TestApp, url: &str, body: &[u8], signature: Option<&str>) -> Answer {
    let mut request = t.http.post(url).body(body.to_vec());
    if let Some(signature) = signature {
        request = request.header("x-paystack-signature", signature);
    }
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn r7_lost_late_doubled_reordered_and_forged_hooks_come_to_the_same_end() {
    let t = TestApp::start().await;
    for fault in ["none", "lost", "double", "late", "reordered", "forged"] {
        let order = t.api.order(150_000, json!({})).await;
        let paid = t.api.pay(&order, "paystack", json!({})).await;
        if fault != "none" {
            let only = json!({ "match": { "reference": reference(&paid) } });
            t.sim.fault("paystack", "hook", fault, only).await;
        }
        t.decide(&paid, "paid").await;
        t.wait(90).await;
        let (paid, order) = (t.api.now(&paid).await, t.api.now(&order).await);
        assert_eq!(paid["status"], "succeeded", "{fault}");
        assert_eq!(paid["amount_captured"], 150_000, "{fault}");
        assert_eq!(
            (&order["status"], &order["amount_paid"]),
            (&json!("paid"), &json!(150_000)),
            "{fault}"
        );
        assert_eq!(
            t.events(&paid).await,
            ["payment.pending", "payment.succeeded"],
            "{fault}"
        );
        assert_eq!(t.events(&order).await, ["order.paid"], "{fault}");
        assert!(t.refunds(&paid).await.is_empty(), "{fault}");
        t.sim.clear_faults().await;
    }
}

#[tokio::test]
async fn r5_a_forged_hook_is_answered_401_and_quarantined() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    let body = json!({ "provider": "paystack", "reference": reference(&paid) });
    t.sim.control("forge", body).await;
    t.run_jobs().await;
    assert_eq!(t.api.now(&paid).await["status"], "requires_action");
    assert_eq!(t.api.now(&order).await["status"], "open");
    let kept = kept(&t).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].status, HookStatus::Quarantined);
    assert_eq!(t.sim.hooks().await[0]["answer"], 401);
}

#[tokio::test]
async fn r5_bodies_that_nobody_signed_change_nothing_and_the_quarantine_is_bounded() {
    let t = TestApp::start().await;
    let url = t.hook_url("paystack", Mode::Test).await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    let told = json!({ "event": "charge.success", "data": {
        "status": "success", "reference": reference(&paid), "amount": 150_000,
        "currency": "KES", "domain": "test", "id": 1 } });
    let body = told.to_string().into_bytes();
    for signature in [
        None,
        Some(""),
        Some("zz"),
        Some("00"),
        Some(&"ab".repeat(64)),
    ] {
        let answer = send(&t, &url, &body, signature).await;
        assert_eq!(answer.status, 401, "{signature:?}");
    }
    for junk in [&b""[..], b"\0\xff", b"{", b"[]"] {
        assert_eq!(send(&t, &url, junk, Some("00")).await.status, 401);
    }
    for i in 0..520 {
        let body = format!("{{\"n\":{i}}}");
        send(&t, &url, body.as_bytes(), None).await;
    }
    t.run_jobs().await;
    assert_eq!(t.api.now(&paid).await["status"], "requires_action");
    let text = "SELECT CAST(COUNT(*) AS BIGINT) FROM hooks WHERE status = 'quarantined'";
    assert_eq!(t.db.number(text).await, 500);
    assert_eq!(
        t.db.number("SELECT CAST(COUNT(*) AS BIGINT) FROM jobs WHERE kind = 'apply_hook'")
            .await,
        0
    );
}

#[tokio::test]
async fn an_unknown_address_is_404_whatever_is_sent_there() {
    let t = TestApp::start().await;
    for token in [
        "00".repeat(20),
        word(),
        "..%2f".to_owned(),
        "x'--".to_owned(),
    ] {
        let url = format!("{}/hooks/{token}", t.url);
        assert_eq!(send(&t, &url, b"{}", None).await.status, 404, "{token}");
    }
    assert!(kept(&t).await.is_empty());
}

#[tokio::test]
async fn r7_a_hook_is_kept_byte_for_byte_before_it_is_answered_and_can_be_replayed() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.sim.decide("paystack", reference(&paid), "paid").await;
    // Answered 200 already, and no job has run.
    let hooks = t.sim.hooks().await;
    assert_eq!(hooks[0]["status"], "delivered");
    let all = kept(&t).await;
    let hook = all.first().unwrap();
    assert_eq!(hook.status, HookStatus::Received);
    assert_eq!(hook.body, hooks[0]["body"].as_str().unwrap().as_bytes());
    let headers: Value = serde_json::from_str(&hook.headers).unwrap();
    assert!(headers["x-paystack-signature"].is_string());
    t.run_jobs().await;
    let person = t.person(malipo::domain::role::Role::Owner).await;
    inbound::replay(&t.app, &person, &t.tenant.id, &hook.id)
        .await
        .unwrap();
    t.run_jobs().await;
    assert_eq!(kept(&t).await[0].status, HookStatus::Applied);
    assert_eq!(t.events(&order).await, ["order.paid"]);
    assert_eq!(t.api.now(&order).await["amount_paid"], 150_000);
}

#[tokio::test]
async fn a_verified_hook_about_nothing_of_ours_is_200_and_ignored() {
    let t = TestApp::start().await;
    // Another program on the same Paystack account.
    let url = format!("{}/paystack/transaction/initialize", t.sim.url);
    let body = json!({ "email": "a@b.example", "amount": 150_000, "currency": "KES",
        "reference": "other-1" });
    let key = &t.secrets[0];
    let made = t.http.post(url).bearer_auth(key).json(&body);
    assert!(made.send().await.unwrap().status().is_success());
    t.sim.decide("paystack", "other-1", "paid").await;
    t.run_jobs().await;
    assert_eq!(t.sim.hooks().await[0]["answer"], 200);
    assert_eq!(kept(&t).await[0].status, HookStatus::Ignored);
}

#[tokio::test]
async fn r14_a_hook_signed_by_another_tenant_does_not_move_ours() {
    let t = TestApp::start().await;
    let (_, other, _) = t.another_tenant().await;
    let order = t.api.order(150_000, json!({})).await;
    let ours = t.api.pay(&order, "paystack", json!({})).await;
    // The body of a true hook about our payment, sent to the other tenant's address.
    t.sim.decide("paystack", reference(&ours), "paid").await;
    let theirs = other.order(150_000, json!({})).await;
    let open = other.pay(&theirs, "paystack", json!({})).await;
    t.run_jobs().await;
    assert_eq!(other.now(&open).await["status"], "requires_action");
    assert_eq!(other.now(&theirs).await["status"], "open");
    assert_eq!(t.api.now(&ours).await["status"], "succeeded");
    let url = t.hook_url("paystack", Mode::Live).await;
    let hook = t.sim.hooks().await[0].clone();
    let body = hook["body"].as_str().unwrap();
    let answer = send(&t, &url, body.as_bytes(), Some("00")).await;
    assert_eq!(answer.status, 401, "the live address has another key");
}
