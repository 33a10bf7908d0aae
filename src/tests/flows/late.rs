//! R9: late money is money, and success never turns into failure.
use crate::support::TestApp;
use crate::support::api::{flags, id, theirs};
use malipo::domain::role::Role;
use malipo::services::refunds;
use serde_json::json;

#[tokio::test]
async fn r9_a_prompt_that_failed_and_is_paid_after_all_is_booked_as_late() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "mpesa", json!({})).await;
    t.decide(&paid, "wrong_pin").await;
    assert_eq!(t.api.now(&paid).await["status"], "failed");
    t.decide(&paid, "paid").await;
    let paid = t.api.now(&paid).await;
    assert_eq!(
        (&paid["status"], &paid["failure"], flags(&paid)),
        (&json!("succeeded"), &json!(null), vec!["late"])
    );
    assert_eq!(t.api.now(&order).await["status"], "paid");
    let events = t.events(&paid).await;
    assert_eq!(
        events,
        [
            "payment.pending",
            "payment.failed",
            "payment.succeeded",
            "payment.late"
        ]
    );
}

#[tokio::test]
async fn r9_late_money_makes_an_expired_order_paid() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({ "expires_in": 60 })).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.advance(61).await;
    let now = t.api.now(&order).await;
    assert_eq!(now["status"], "expired");
    assert_eq!(t.events(&order).await, ["order.expired"]);
    let closed = t.api.try_pay(&order, "paystack", json!({})).await;
    assert_eq!(closed.refusal(), (409, "order_expired".to_owned()));
    t.decide(&paid, "paid").await;
    let (paid, order) = (t.api.now(&paid).await, t.api.now(&order).await);
    assert_eq!((flags(&paid), flags(&order)), (vec!["late"], vec!["late"]));
    assert_eq!(
        (&order["status"], &order["amount_paid"]),
        (&json!("paid"), &json!(150_000))
    );
    assert_eq!(t.events(&order).await, ["order.expired", "order.paid"]);
}

#[tokio::test]
async fn a_renewed_order_takes_payments_again() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({ "expires_in": 60 })).await;
    t.advance(61).await;
    let path = format!("/orders/{}/renew", id(&order));
    let renewed = t.api.post(&path, json!({ "expires_in": 120 })).await.ok();
    assert_eq!(renewed["status"], "open");
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.decide(&paid, "paid").await;
    t.advance(200).await;
    let order = t.api.now(&order).await;
    assert_eq!((&order["status"], flags(&order)), (&json!("paid"), vec![]));
    let again = t.api.post(&path, json!({})).await;
    assert_eq!(again.refusal().0, 409);
}

#[tokio::test]
async fn r9_a_cancelled_order_stays_cancelled_and_its_money_goes_back() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    let path = format!("/orders/{}/cancel", id(&order));
    assert_eq!(
        t.api.post(&path, json!({})).await.ok()["status"],
        "cancelled"
    );
    assert_eq!(t.api.post(&path, json!({})).await.refusal().0, 409);
    t.decide(&paid, "paid").await;
    let (paid, now) = (t.api.now(&paid).await, t.api.now(&order).await);
    assert_eq!(flags(&paid), ["late", "paid_after_cancel"]);
    assert_eq!(
        (&now["status"], flags(&now)),
        (&json!("cancelled"), vec!["paid_after_cancel"])
    );
    assert!(!t.events(&order).await.contains(&"order.paid".to_owned()));
    let tasks = t.refunds(&paid).await;
    assert_eq!((tasks.len(), tasks[0].amount.minor), (1, 150_000));
    assert_eq!(t.sim.refunded_minor().await, 0, "a person decides");
    let person = t.person(Role::Owner).await;
    refunds::approve(&t.app, &t.tenant.id, &person, &tasks[0].id)
        .await
        .unwrap();
    t.run_jobs().await;
    t.wait(60).await;
    assert_eq!(t.sim.refunded_minor().await, 150_000);
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], &now["amount_refunded"]),
        (&json!("cancelled"), &json!(150_000))
    );
}

#[tokio::test]
async fn r9_success_is_never_talked_into_failure() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "mpesa", json!({})).await;
    t.decide(&paid, "paid").await;
    let before = t.api.now(&paid).await;
    // An old callback that says otherwise, kept by the network until now.
    let url = t
        .hook_url("mpesa", malipo::domain::account::Mode::Test)
        .await;
    for code in [1, 17, 1032, 1037, 2001] {
        let callback = json!({ "Body": { "stkCallback": {
            "MerchantRequestID": "1", "CheckoutRequestID": theirs(&paid),
            "ResultCode": code, "ResultDesc": "late" } } });
        t.http.post(&url).json(&callback).send().await.unwrap();
    }
    t.wait(120).await;
    assert_eq!(t.api.now(&paid).await, before);
    assert_eq!(t.api.now(&order).await["status"], "paid");
}
