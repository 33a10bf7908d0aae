//! R13: with no hook ever arriving, everything still comes to its end.
use crate::support::TestApp;
use crate::support::api::{reference, theirs};
use serde_json::json;

#[tokio::test]
async fn r13_polling_alone_settles_a_redirect_within_a_minute() {
    let t = TestApp::deaf().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.sim.decide("paystack", reference(&paid), "paid").await;
    t.run_jobs().await;
    assert_eq!(t.api.now(&paid).await["status"], "requires_action");
    t.wait(60).await;
    assert_eq!(t.api.now(&paid).await["status"], "succeeded");
    assert_eq!(t.api.now(&order).await["status"], "paid");
    assert!(t.sim.hooks().await.is_empty());
}

#[tokio::test]
async fn r13_polling_alone_settles_a_prompt_within_a_minute() {
    let t = TestApp::start().await;
    t.sim
        .fault("mpesa", "hook", "lost", json!({ "times": 99 }))
        .await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "mpesa", json!({})).await;
    t.sim.decide("mpesa", theirs(&paid), "paid").await;
    t.wait(60).await;
    assert_eq!(t.api.now(&paid).await["status"], "succeeded");
    assert_eq!(t.api.now(&order).await["status"], "paid");
    assert_eq!(t.sim.hooks().await[0]["status"], "lost");
}

#[tokio::test]
async fn r13_a_page_that_nobody_pays_expires_and_late_money_is_still_found() {
    let t = TestApp::deaf().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.advance(3_000).await;
    t.advance(700).await;
    assert_eq!(t.api.now(&paid).await["status"], "expired");
    assert_eq!(
        t.events(&paid).await,
        ["payment.pending", "payment.expired"]
    );
    t.sim.decide("paystack", reference(&paid), "paid").await;
    t.advance(3_700).await;
    let paid = t.api.now(&paid).await;
    assert_eq!(
        (&paid["status"], &paid["flags"]),
        (&json!("succeeded"), &json!(["late"]))
    );
    assert_eq!(t.api.now(&order).await["status"], "paid");
}

#[tokio::test]
async fn r13_a_refund_ends_without_a_hook() {
    let t = TestApp::deaf().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.sim.decide("paystack", reference(&paid), "paid").await;
    let paid = t.api.verify(&paid).await;
    let refund = t.api.refund(&paid, None).await.ok();
    t.run_jobs().await;
    t.wait(60).await;
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    assert_eq!(t.sim.refunded_minor().await, 150_000);
}

#[tokio::test]
async fn r13_the_provider_is_asked_at_growing_distances() {
    let t = TestApp::deaf().await;
    let order = t.api.order(150_000, json!({})).await;
    t.api.pay(&order, "paystack", json!({})).await;
    t.wait(60).await;
    let early = t.sim.calls("verify").await;
    assert!((2..=4).contains(&early), "{early} questions in a minute");
    t.app.clock.advance_secs(0);
    for _ in 0..9 {
        t.advance(300).await;
    }
    let all = t.sim.calls("verify").await;
    assert!(
        all <= early + 10,
        "{all} questions in three quarters of an hour"
    );
}
