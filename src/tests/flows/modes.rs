//! R11: test money and live money never meet.
use crate::support::TestApp;
use crate::support::api::id;
use malipo::domain::Timestamp;
use malipo::services::payments;
use malipo::services::provider_accounts::SaveAccount;
use serde_json::json;

#[tokio::test]
async fn r11_test_money_never_settles_a_live_order() {
    let t = TestApp::start().await;
    let order = t.live.order(150_000, json!({})).await;
    assert_eq!(order["livemode"], true);
    let paid = t.live.pay(&order, "paystack", json!({})).await;
    assert_eq!(
        (&paid["livemode"], &paid["test_mode"]),
        (&json!(true), &json!(true))
    );
    t.decide(&paid, "paid").await;
    let paid = t.live.now(&paid).await;
    assert_eq!(paid["status"], "succeeded");
    let now = t.live.now(&order).await;
    assert_eq!(
        (&now["status"], &now["amount_paid"]),
        (&json!("open"), &json!(0))
    );
    assert!(t.events(&order).await.is_empty());
    let mut tx = t.app.db.read().await.unwrap();
    let cursor = malipo::services::Cursor::Newest;
    let told = malipo::store::books::events(&mut tx, &t.tenant.id, None, &cursor, 50).await;
    assert!(told.unwrap().rows.iter().all(|e| !e.livemode));
    let since = Timestamp::from_unix_ms(0);
    let live = payments::tallies(&t.app, &t.tenant.id, since, false).await;
    assert!(live.unwrap().is_empty(), "out of every report");
    // Giving it back does not touch the order either.
    t.live.refund(&paid, None).await.ok();
    t.run_jobs().await;
    t.wait(60).await;
    assert_eq!(t.live.now(&paid).await["amount_refunded"], 150_000);
    assert_eq!(t.live.now(&order).await["amount_refunded"], 0);
}

#[tokio::test]
async fn r11_a_live_call_is_never_made_for_a_test_order() {
    let t = TestApp::start().await;
    for provider in ["paystack", "mpesa"] {
        t.go_live(provider).await;
        let order = t.api.order(150_000, json!({})).await;
        let refused = t.api.try_pay(&order, provider, json!({})).await;
        assert_eq!(
            refused.refusal(),
            (422, "provider_not_available".to_owned()),
            "{provider}"
        );
        assert_eq!(refused.json()["field"], "provider");
    }
    assert_eq!(t.sim.ledger().await["calls"], json!([]));
}

#[tokio::test]
async fn r11_live_money_through_a_live_provider_settles_a_live_order() {
    let t = TestApp::start().await;
    t.go_live("paystack").await;
    t.go_live("mpesa").await;
    for provider in ["paystack", "mpesa"] {
        let order = t.live.order(150_000, json!({})).await;
        let paid = t.live.pay(&order, provider, json!({})).await;
        assert_eq!(paid["test_mode"], false, "{paid}");
        t.decide(&paid, "paid").await;
        let now = t.live.now(&order).await;
        assert_eq!(
            (&now["status"], &now["amount_paid"]),
            (&json!("paid"), &json!(150_000)),
            "{provider}"
        );
    }
    let since = Timestamp::from_unix_ms(0);
    let live = payments::tallies(&t.app, &t.tenant.id, since, false).await;
    assert_eq!(live.unwrap().len(), 2);
}

#[tokio::test]
async fn r11_test_providers_leave_live_orders_with_the_first_live_one() {
    let t = TestApp::start().await;
    let order = t.live.order(150_000, json!({})).await;
    assert_eq!(
        t.live.pay(&order, "mpesa", json!({})).await["test_mode"],
        true
    );
    t.go_live("paystack").await;
    let order = t.live.order(150_000, json!({})).await;
    let refused = t.live.try_pay(&order, "mpesa", json!({})).await;
    assert_eq!(refused.refusal().1, "provider_not_available");
    assert_eq!(
        t.live.pay(&order, "paystack", json!({})).await["test_mode"],
        false
    );
}

#[tokio::test]
async fn r11_a_payment_keeps_the_mode_it_was_made_in_when_the_switch_moves() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    t.go_live("paystack").await;
    t.decide(&paid, "paid").await;
    assert_eq!(t.api.now(&paid).await["status"], "succeeded");
    let refund = t.api.refund(&paid, Some(50_000)).await.ok();
    t.run_jobs().await;
    t.wait(60).await;
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    let ledger = t.sim.ledger().await;
    let modes = ledger["payments"].as_array().unwrap().iter();
    let modes: Vec<_> = modes.map(|p| &p["mode"]).collect();
    assert_eq!(modes, ["test"]);
}

#[tokio::test]
async fn a_provider_that_is_off_or_left_out_of_the_order_is_refused() {
    let t = TestApp::start().await;
    let order = t
        .api
        .order(150_000, json!({ "providers": ["mpesa"] }))
        .await;
    let refused = t.api.try_pay(&order, "paystack", json!({})).await;
    assert_eq!(refused.refusal().1, "provider_not_available");
    t.save(SaveAccount {
        provider: "mpesa".to_owned(),
        enabled: Some(false),
        ..SaveAccount::default()
    })
    .await;
    let refused = t.api.try_pay(&order, "mpesa", json!({})).await;
    assert_eq!(refused.refusal().1, "provider_not_available");
    let unknown = t.api.try_pay(&order, "goldcoins", json!({})).await;
    assert_eq!(unknown.refusal(), (422, "provider_unknown".to_owned()));
    assert_eq!(
        t.api.now(&order).await["payments"],
        json!([]),
        "{}",
        id(&order)
    );
}
