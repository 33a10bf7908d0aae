//! Refunds that go wrong: unknown ones are asked after, failed ones let go of their money.
use super::refunds::{paid, settle};
use crate::support::TestApp;
use serde_json::json;

#[tokio::test]
async fn r4_a_refund_whose_answer_is_lost_is_unknown_then_found_and_never_sent_twice() {
    let t = TestApp::impatient().await;
    let (_, paid) = paid(&t, "paystack").await;
    let after = json!({ "after_effect": true });
    t.sim.fault("paystack", "refund", "timeout", after).await;
    let refund = t.api.refund(&paid, Some(60_000)).await.ok();
    t.run_jobs().await;
    assert_eq!(t.api.now(&refund).await["status"], "unknown");
    let over = t.api.refund(&paid, Some(90_001)).await;
    assert_eq!(over.refusal().1, "refund_exceeds_captured", "it is held");
    settle(&t).await;
    t.wait(60).await;
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    assert_eq!(t.sim.calls("refund").await, 1);
    assert_eq!(t.sim.refunded_minor().await, 60_000);
}

#[tokio::test]
async fn r4_a_refund_that_never_arrived_fails_and_its_money_can_be_asked_for_again() {
    let t = TestApp::start().await;
    let (order, paid) = paid(&t, "paystack").await;
    t.sim.fault("paystack", "refund", "reset", json!({})).await;
    let refund = t.api.refund(&paid, None).await.ok();
    t.run_jobs().await;
    assert_eq!(t.api.now(&refund).await["status"], "unknown");
    t.wait(120).await;
    assert_eq!(t.api.now(&refund).await["status"], "unknown");
    for _ in 0..24 {
        t.advance(300).await;
    }
    let refund = t.api.now(&refund).await;
    assert_eq!(
        (&refund["status"], &refund["failure"]["code"]),
        (&json!("failed"), &json!("provider_unavailable"))
    );
    assert_eq!(t.sim.calls("refund").await, 1);
    assert_eq!(t.sim.refunded_minor().await, 0);
    let again = t.api.refund(&paid, None).await.ok();
    settle(&t).await;
    assert_eq!(t.api.now(&again).await["status"], "succeeded");
    assert_eq!(t.sim.refunded_minor().await, 150_000);
    assert_eq!(t.api.now(&order).await["amount_refunded"], 150_000);
}

#[tokio::test]
async fn r10_a_refund_that_the_provider_refuses_lets_go_of_its_money() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let open = t.api.pay(&order, "paystack", json!({})).await;
    // Documented by Paystack: this card pays, and its refund fails.
    let card = [
        ("action", "card"),
        ("number", "4084080000671803"),
        ("expiry", "12/40"),
        ("cvv", "180"),
    ];
    let page = open["next_action"]["url"].as_str().unwrap();
    let sent = t.http.post(page).form(&card).send().await.unwrap();
    assert_eq!(sent.status(), 303);
    t.advance(1).await;
    let paid = t.api.verify(&open).await;
    assert_eq!(paid["status"], "succeeded");
    let refund = t.api.refund(&paid, None).await.ok();
    settle(&t).await;
    let refund = t.api.now(&refund).await;
    assert_eq!(refund["status"], "failed", "{refund}");
    assert_eq!(
        t.events(&refund).await,
        ["refund.requested", "refund.failed"]
    );
    assert_eq!(t.api.now(&paid).await["amount_refunded"], 0);
    assert_eq!(t.api.now(&order).await["amount_refunded"], 0);
    let again = t.api.refund(&paid, None).await;
    assert_eq!(again.status, 201, "what failed is free again");
}

#[tokio::test]
async fn r7_hooks_about_a_refund_in_any_order_come_to_the_same_end() {
    let t = TestApp::start().await;
    for fault in ["double", "reordered", "late", "lost", "forged"] {
        let (_, paid) = paid(&t, "paystack").await;
        t.sim
            .fault("paystack", "hook", fault, json!({ "times": 2 }))
            .await;
        let refund = t.api.refund(&paid, Some(40_000)).await.ok();
        settle(&t).await;
        t.wait(60).await;
        t.sim.clear_faults().await;
        assert_eq!(t.api.now(&refund).await["status"], "succeeded", "{fault}");
        assert_eq!(t.api.now(&paid).await["amount_refunded"], 40_000, "{fault}");
        assert_eq!(
            t.events(&refund).await,
            ["refund.requested", "refund.succeeded"],
            "{fault}"
        );
    }
}

#[tokio::test]
async fn r4_a_refund_refused_for_lack_of_service_has_failed_for_sure() {
    let t = TestApp::start().await;
    let (_, paid) = paid(&t, "paystack").await;
    t.sim
        .fault("paystack", "refund", "http_429", json!({}))
        .await;
    let refund = t.api.refund(&paid, Some(40_000)).await.ok();
    t.run_jobs().await;
    let refund = t.api.now(&refund).await;
    assert_eq!(refund["status"], "failed");
    assert_eq!(t.api.refund(&paid, None).await.ok()["amount"], 150_000);
}

#[tokio::test]
async fn r13_a_refund_that_fails_after_it_succeeded_is_noticed_although_no_hook_comes() {
    let t = TestApp::start().await;
    t.offer(malipo::services::find_provider("stripe").unwrap().info())
        .await;
    let lost = json!({ "times": 90 });
    t.sim.fault("stripe", "hook", "lost", lost).await;
    let order = t.api.order(150_000, json!({})).await;
    let open = t.api.pay(&order, "stripe", json!({})).await;
    // Documented by Stripe: this card pays, and its refund fails later.
    let card = [
        ("action", "card"),
        ("number", "4000000000005126"),
        ("expiry", "12/40"),
        ("cvc", "180"),
    ];
    let page = open["next_action"]["url"].as_str().unwrap();
    let sent = t.http.post(page).form(&card).send().await.unwrap();
    assert_eq!(sent.status(), 303);
    let paid = t.api.verify(&open).await;
    assert_eq!(paid["status"], "succeeded", "{paid}");
    let refund = t.api.refund(&paid, None).await.ok();
    t.run_jobs().await;
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    assert_eq!(t.api.now(&paid).await["amount_refunded"], 150_000);
    t.advance(2 * 86_400).await;
    assert_eq!(t.api.now(&refund).await["status"], "failed");
    assert_eq!(t.api.now(&paid).await["amount_refunded"], 0);
    assert_eq!(
        t.events(&refund).await,
        ["refund.requested", "refund.succeeded", "refund.failed"]
    );
    assert_eq!(t.sim.calls("refund").await, 1);
}
