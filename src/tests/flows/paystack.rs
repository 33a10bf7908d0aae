//! Paystack: the plain way, from the API to the receipt.
use crate::support::TestApp;
use crate::support::api::{flags, reference};
use serde_json::json;

#[tokio::test]
async fn a_payment_is_settled_by_its_signed_hook() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({ "kind": "booking" })).await;
    assert_eq!(
        (&order["status"], &order["livemode"], &order["payments"]),
        (&json!("open"), &json!(false), &json!([]))
    );
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    assert_eq!(paid["status"], "requires_action");
    assert_eq!(paid["next_action"]["type"], "redirect");
    assert!(
        paid["next_action"]["url"]
            .as_str()
            .unwrap()
            .starts_with(&t.sim.url)
    );
    t.decide(&paid, "paid").await;
    let paid = t.api.now(&paid).await;
    assert_eq!(
        (&paid["status"], &paid["amount_captured"], &paid["flags"]),
        (&json!("succeeded"), &json!(150_000), &json!([]))
    );
    assert!(paid["receipt"].is_string());
    let order = t.api.now(&order).await;
    assert_eq!(
        (&order["status"], &order["amount_paid"]),
        (&json!("paid"), &json!(150_000))
    );
    assert_eq!(order["payments"][0], paid);
    assert_eq!(t.sim.hooks().await[0]["status"], "delivered");
}

#[tokio::test]
async fn r12_every_change_has_its_step_its_event_and_its_audit_row() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.decide(&paid, "paid").await;
    assert_eq!(
        t.story(&order).await,
        [
            "order.created",
            "payment.created",
            "provider.accepted",
            "hook.received",
            "order.paid",
            "payment.succeeded"
        ]
    );
    assert_eq!(
        t.events(&paid).await,
        ["payment.pending", "payment.succeeded"]
    );
    assert_eq!(t.events(&order).await, ["order.paid"]);
    assert_eq!(t.audited(&order).await, ["order.created"]);
    assert_eq!(t.audited(&paid).await, ["payment.created"]);
}

#[tokio::test]
async fn a_failed_try_leaves_the_page_open_for_the_next() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.decide(&paid, "declined").await;
    let asked = t.api.verify(&paid).await;
    assert_eq!(asked["status"], "requires_action");
    t.decide(&paid, "paid").await;
    assert_eq!(t.api.now(&paid).await["status"], "succeeded");
}

#[tokio::test]
async fn verify_asks_at_once_and_tells_the_truth() {
    let t = TestApp::deaf().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    assert_eq!(t.api.verify(&paid).await["status"], "requires_action");
    t.sim.decide("paystack", reference(&paid), "paid").await;
    assert_eq!(t.api.now(&paid).await["status"], "requires_action");
    assert_eq!(t.api.verify(&paid).await["status"], "succeeded");
    assert_eq!(t.api.now(&order).await["status"], "paid");
}

#[tokio::test]
async fn r8_two_payments_of_one_order_fulfil_it_once_and_the_second_goes_back() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let first = t.api.pay(&order, "paystack", json!({})).await;
    let second = t.api.pay(&order, "paystack", json!({})).await;
    t.decide(&first, "paid").await;
    t.decide(&second, "paid").await;
    let (first, second) = (t.api.now(&first).await, t.api.now(&second).await);
    assert_eq!((flags(&first), flags(&second)), (vec![], vec!["duplicate"]));
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], &now["amount_paid"], flags(&now)),
        (&json!("paid"), &json!(300_000), vec!["duplicate"])
    );
    assert_eq!(t.events(&order).await, ["order.paid"]);
    let tasks = t.refunds(&second).await;
    assert_eq!(
        (tasks.len(), tasks[0].status.as_str(), tasks[0].amount.minor),
        (1, "awaiting_approval", 150_000)
    );
    assert!(t.refunds(&first).await.is_empty());
    let closed = t.api.try_pay(&order, "paystack", json!({})).await;
    assert_eq!(closed.refusal(), (409, "order_paid".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r8_eight_payments_that_end_at_the_same_moment_fulfil_the_order_once() {
    let t = TestApp::deaf().await;
    let order = t.api.order(150_000, json!({})).await;
    let mut all = Vec::new();
    for _ in 0..8 {
        let paid = t.api.pay(&order, "paystack", json!({})).await;
        t.sim.decide("paystack", reference(&paid), "paid").await;
        all.push(paid);
    }
    let asking: Vec<_> = all
        .iter()
        .map(|paid| {
            let (api, paid) = (t.api.clone(), paid.clone());
            tokio::spawn(async move { api.verify(&paid).await })
        })
        .collect();
    let mut duplicates = 0;
    for one in asking {
        let paid = one.await.unwrap();
        assert_eq!(paid["status"], "succeeded");
        duplicates += usize::from(flags(&paid) == ["duplicate"]);
    }
    assert_eq!(duplicates, 7);
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], &now["amount_paid"]),
        (&json!("paid"), &json!(1_200_000))
    );
    assert_eq!(t.events(&order).await, ["order.paid"]);
}
