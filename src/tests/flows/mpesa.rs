//! M-Pesa: prompts, their outcomes, and callbacks that prove nothing.
use crate::support::TestApp;
use crate::support::api::{reference, theirs};
use malipo::domain::account::Mode;
use serde_json::{Value, json};

async fn prompt(t: &TestApp, phone: &str) -> (Value, Value) {
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "mpesa", json!({ "phone": phone })).await;
    assert_eq!(
        (&paid["status"], &paid["next_action"]["type"]),
        (&json!("requires_action"), &json!("phone_prompt")),
        "{paid}"
    );
    (order, paid)
}

#[tokio::test]
async fn an_accepted_prompt_is_settled_by_its_callback_with_the_receipt() {
    let t = TestApp::start().await;
    let (order, paid) = prompt(&t, "0712 345 678").await;
    t.decide(&paid, "paid").await;
    let paid = t.api.now(&paid).await;
    assert_eq!(paid["status"], "succeeded");
    let ledger = t.sim.ledger().await;
    assert_eq!(paid["receipt"], ledger["payments"][0]["receipt"]);
    assert_eq!(t.api.now(&order).await["status"], "paid");
}

#[tokio::test]
async fn every_documented_number_ends_as_it_says() {
    let t = TestApp::start().await;
    for (phone, status, code) in [
        ("0712340001", "failed", "wrong_pin"),
        ("0712340002", "failed", "insufficient_funds"),
        ("0712340003", "cancelled", "cancelled_by_customer"),
        ("0712340004", "expired", "no_response"),
        ("254708374149", "expired", "no_response"),
    ] {
        let (order, paid) = prompt(&t, phone).await;
        t.wait(95).await;
        let paid = t.api.now(&paid).await;
        assert_eq!(paid["status"], status, "{phone}");
        assert_eq!(paid["failure"]["code"], code, "{phone}");
        assert_eq!(t.api.now(&order).await["status"], "open", "{phone}");
        // The customer may try again at once.
        let again = t.api.pay(&order, "mpesa", json!({})).await;
        assert_eq!(again["status"], "requires_action", "{phone}");
        t.decide(&again, "cancelled").await;
    }
}

#[tokio::test]
async fn r5_a_forged_callback_only_makes_us_ask() {
    let t = TestApp::start().await;
    let (order, paid) = prompt(&t, "0712345678").await;
    let body = json!({ "provider": "mpesa", "reference": theirs(&paid) });
    t.sim.control("forge", body).await;
    t.run_jobs().await;
    assert_eq!(t.sim.hooks().await[0]["answer"], 200);
    assert!(t.sim.calls("query").await >= 1, "the provider was asked");
    assert_eq!(t.api.now(&paid).await["status"], "requires_action");
    t.decide(&paid, "cancelled").await;
    t.wait(60).await;
    assert_eq!(t.api.now(&paid).await["status"], "cancelled");
    assert_eq!(t.api.now(&order).await["status"], "open");
}

#[tokio::test]
async fn r5_a_callback_made_up_at_the_address_of_a_payment_cannot_pay_it() {
    let t = TestApp::start().await;
    let (order, paid) = prompt(&t, "0712345678").await;
    let url = t.hook_url("mpesa", Mode::Test).await;
    for id in [theirs(&paid), "ws_CO_made_up"] {
        let callback = json!({ "Body": { "stkCallback": {
            "MerchantRequestID": "1", "CheckoutRequestID": id, "ResultCode": 0,
            "ResultDesc": "ok", "CallbackMetadata": { "Item": [
                { "Name": "Amount", "Value": 1500 },
                { "Name": "MpesaReceiptNumber", "Value": "FAKE1" } ] } } } });
        let to = format!("{url}/{}", reference(&paid));
        let sent = t.http.post(to).json(&callback).send().await.unwrap();
        assert_eq!(sent.status(), 200);
        assert_eq!(
            sent.text().await.unwrap(),
            r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#
        );
    }
    t.run_jobs().await;
    let now = t.api.now(&paid).await;
    assert_eq!(
        (&now["status"], &now["receipt"]),
        (&json!("requires_action"), &Value::Null)
    );
    assert_eq!(t.api.now(&order).await["amount_paid"], 0);
    // The true payment afterwards is booked with its own receipt.
    t.decide(&paid, "paid").await;
    t.wait(60).await;
    let now = t.api.now(&paid).await;
    assert_eq!(now["status"], "succeeded");
    assert_ne!(now["receipt"], "FAKE1");
}

#[tokio::test]
async fn a_second_prompt_to_the_same_phone_waits_unless_it_is_forced() {
    let t = TestApp::start().await;
    let (order, first) = prompt(&t, "0712345678").await;
    let second = t
        .api
        .try_pay(&order, "mpesa", json!({ "phone": "+254712345678" }))
        .await;
    assert_eq!(second.refusal(), (409, "payment_in_flight".to_owned()));
    assert_eq!(second.json()["payment"], first["id"]);
    let other = t
        .api
        .try_pay(&order, "mpesa", json!({ "phone": "0722000111" }))
        .await;
    assert_eq!(other.ok()["status"], "requires_action");
    let card = t.api.try_pay(&order, "paystack", json!({})).await;
    assert_eq!(card.status, 201);
    let forced = json!({ "phone": "0712345678", "force": true });
    let forced = t.api.try_pay(&order, "mpesa", forced).await;
    assert_eq!(forced.status, 201);
}

#[tokio::test]
async fn r4_a_push_whose_answer_is_lost_is_unknown_and_settled_by_its_callback() {
    let t = TestApp::impatient().await;
    t.sim
        .fault("mpesa", "push", "timeout", json!({ "after_effect": true }))
        .await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "mpesa", json!({})).await;
    assert_eq!(paid["status"], "unknown");
    let beside = t.api.try_pay(&order, "mpesa", json!({})).await;
    assert_eq!(beside.refusal(), (409, "payment_unknown".to_owned()));
    let ledger = t.sim.ledger().await;
    let prompt = ledger["payments"][0]["provider_ref"].as_str().unwrap();
    t.sim.decide("mpesa", prompt, "paid").await;
    t.run_jobs().await;
    let paid = t.api.now(&paid).await;
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(t.api.now(&order).await["status"], "paid");
    assert_eq!(t.sim.calls("push").await, 1, "never sent twice");
}

#[tokio::test]
async fn r4_a_push_that_never_arrived_ends_without_money() {
    let t = TestApp::impatient().await;
    t.sim.fault("mpesa", "push", "timeout", json!({})).await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "mpesa", json!({})).await;
    assert_eq!(paid["status"], "unknown");
    for _ in 0..14 {
        t.advance(30).await;
    }
    let paid = t.api.now(&paid).await;
    assert_eq!(
        (&paid["status"], &paid["failure"]["code"]),
        (&json!("expired"), &json!("no_response"))
    );
    assert_eq!(t.sim.calls("push").await, 1, "never sent twice");
    let again = t.api.pay(&order, "mpesa", json!({})).await;
    assert_eq!(again["status"], "requires_action");
}

#[tokio::test]
async fn an_access_token_is_shared_and_fetched_anew_when_it_is_refused() {
    let t = TestApp::start().await;
    for _ in 0..2 {
        let (_, paid) = prompt(&t, "0712345678").await;
        t.decide(&paid, "cancelled").await;
    }
    assert_eq!(t.sim.calls("token").await, 1);
    // Somebody else fetched a token: ours ends.
    let url = format!(
        "{}/mpesa/oauth/v1/generate?grant_type=client_credentials",
        t.sim.url
    );
    let (tenant, ..) = t.another_tenant().await;
    assert_ne!(tenant.id, t.tenant.id);
    let sent = t
        .http
        .get(url)
        .basic_auth("other", Some("other"))
        .send()
        .await;
    assert!(sent.unwrap().status().is_success());
    let (_, paid) = prompt(&t, "0722000111").await;
    t.decide(&paid, "paid").await;
    assert_eq!(t.api.now(&paid).await["status"], "succeeded");
}
