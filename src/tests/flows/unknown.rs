//! R4: no answer is neither success nor failure; only the provider's word settles it.
use crate::support::TestApp;
use crate::support::api::reference;
use serde_json::json;

/// What a call that went wrong looks like, and whether it leaves the outcome open.
const FAULTS: [&str; 4] = ["http_500", "reset", "timeout", "nonsense"];

#[tokio::test]
async fn r4_trouble_before_the_effect_is_unknown_and_then_failed() {
    let t = TestApp::impatient().await;
    for fault in FAULTS {
        t.sim
            .fault("paystack", "initialize", fault, json!({}))
            .await;
        let order = t.api.order(150_000, json!({})).await;
        let paid = t.api.pay(&order, "paystack", json!({})).await;
        assert_eq!(paid["status"], "unknown", "{fault}");
        assert_eq!(paid["next_action"]["type"], "none", "{fault}");
        let beside = t.api.try_pay(&order, "paystack", json!({})).await;
        assert_eq!(
            beside.refusal(),
            (409, "payment_unknown".to_owned()),
            "{fault}"
        );
        assert_eq!(beside.json()["payment"], paid["id"], "{fault}");
        t.wait(60).await;
        assert_eq!(t.api.now(&paid).await["status"], "unknown", "{fault}");
        t.wait(240).await;
        let paid = t.api.now(&paid).await;
        assert_eq!(
            (&paid["status"], &paid["failure"]["code"]),
            (&json!("failed"), &json!("provider_unavailable")),
            "{fault}"
        );
        let again = t.api.pay(&order, "paystack", json!({})).await;
        assert_eq!(again["status"], "requires_action", "{fault}");
    }
    let tried = t.sim.calls("initialize").await;
    assert_eq!(tried, 2 * FAULTS.len(), "nothing is repeated blindly");
}

#[tokio::test]
async fn r4_trouble_after_the_effect_is_unknown_and_then_paid() {
    let t = TestApp::impatient().await;
    for fault in FAULTS {
        let after = json!({ "after_effect": true });
        t.sim.fault("paystack", "initialize", fault, after).await;
        let order = t.api.order(150_000, json!({})).await;
        let paid = t.api.pay(&order, "paystack", json!({})).await;
        assert_eq!(paid["status"], "unknown", "{fault}");
        t.decide(&paid, "paid").await;
        assert_eq!(t.api.now(&paid).await["status"], "succeeded", "{fault}");
        assert_eq!(t.api.now(&order).await["status"], "paid", "{fault}");
    }
    assert_eq!(t.sim.calls("initialize").await, FAULTS.len());
}

#[tokio::test]
async fn r4_an_unknown_payment_that_the_customer_paid_is_found_by_asking() {
    let t = TestApp::with(crate::support::Setup {
        patience: std::time::Duration::from_millis(1_500),
        hooks: false,
        ..crate::support::Setup::default()
    })
    .await;
    let after = json!({ "after_effect": true });
    t.sim
        .fault("paystack", "initialize", "timeout", after)
        .await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.sim.decide("paystack", reference(&paid), "paid").await;
    t.wait(60).await;
    assert_eq!(t.api.now(&paid).await["status"], "succeeded");
    assert!(
        t.story(&order)
            .await
            .contains(&"payment.unknown".to_owned())
    );
}

#[tokio::test]
async fn r4_a_provider_that_does_not_answer_questions_changes_nothing() {
    let t = TestApp::impatient().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    for fault in [
        "http_500",
        "http_429",
        "reset",
        "nonsense",
        "huge_body",
        "timeout",
    ] {
        let twice = json!({ "times": 2, "after_effect": true });
        t.sim.fault("paystack", "verify", fault, twice).await;
        assert_eq!(
            t.api.verify(&paid).await["status"],
            "requires_action",
            "{fault}"
        );
        t.sim.clear_faults().await;
    }
    let slow = json!({ "delay_ms": 30_000 });
    t.sim.fault("paystack", "verify", "slow_body", slow).await;
    assert_eq!(t.api.verify(&paid).await["status"], "requires_action");
    t.decide(&paid, "paid").await;
    assert_eq!(t.api.now(&paid).await["status"], "succeeded");
}

#[tokio::test]
async fn r4_only_what_surely_was_not_processed_fails_at_once() {
    let t = TestApp::start().await;
    t.sim
        .fault("paystack", "initialize", "http_429", json!({}))
        .await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    assert_eq!(
        (&paid["status"], &paid["failure"]["code"]),
        (&json!("failed"), &json!("provider_unavailable"))
    );
    let again = t.api.pay(&order, "paystack", json!({})).await;
    assert_eq!(again["status"], "requires_action");
}

#[tokio::test]
async fn r4_force_goes_ahead_beside_an_unknown_payment_and_both_are_booked_truly() {
    let t = TestApp::start().await;
    let after = json!({ "after_effect": true });
    t.sim.fault("paystack", "initialize", "reset", after).await;
    let order = t.api.order(150_000, json!({})).await;
    let first = t.api.pay(&order, "paystack", json!({})).await;
    assert_eq!(first["status"], "unknown");
    let second = t
        .api
        .pay(&order, "paystack", json!({ "force": true }))
        .await;
    t.decide(&second, "paid").await;
    t.decide(&first, "paid").await;
    assert_eq!(t.api.now(&second).await["flags"], json!([]));
    assert_eq!(t.api.now(&first).await["flags"], json!(["duplicate"]));
    assert_eq!(t.events(&order).await, ["order.paid"]);
}
