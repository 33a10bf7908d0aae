//! Subscribe receipts, and hooks of older shops.
use super::*;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const RECEIPTS: &[(&str, &str)] = &[("integration", "receipts")];

/// A shop that is called by nobody.
async fn deaf() -> Shop {
    let shop = Shop::with(TestApp::impatient().await, RECEIPTS).await;
    shop.register(None).await;
    shop
}

fn receipt_of(payment: &Value) -> &str {
    payment["provider_reference"].as_str().unwrap()
}

#[tokio::test]
async fn r13_a_receipt_is_asked_after_until_it_is_paid_and_given_back() {
    let shop = deaf().await;
    let (order, payment) = shop.payment().await;
    let page = format!("{}/payme/{}", shop.t.sim.url, receipt_of(&payment));
    assert_eq!(payment["next_action"]["url"], page);
    shop.then(&payment, "declined").await;
    shop.t.wait(30).await;
    assert_eq!(shop.t.api.now(&payment).await["status"], "requires_action");
    shop.then(&payment, "paid").await;
    shop.t.wait(60).await;
    let paid = shop.t.api.now(&payment).await;
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(shop.t.api.now(&order).await["status"], "paid");
    let part = shop.t.api.refund(&paid, Some(1)).await;
    assert_eq!(part.refusal().1, "refund_full_only");
    let refund = shop.t.api.refund(&paid, None).await.ok();
    shop.t.wait(120).await;
    assert_eq!(shop.t.api.now(&refund).await["status"], "succeeded");
    let ledger = shop.t.sim.ledger().await;
    assert_eq!(ledger["payments"][0]["refunded"], AMOUNT);
}

#[tokio::test]
async fn r4_a_receipt_whose_answer_was_lost_is_found_and_not_made_again() {
    for (fault, after) in [("timeout", true), ("reset", true), ("http_500", false)] {
        let shop = deaf().await;
        let order = shop.order().await;
        let more = json!({ "after_effect": after });
        shop.t.sim.fault("payme", "start", fault, more).await;
        let payment = shop.t.api.pay(&order, "payme", json!({})).await;
        assert_eq!(payment["status"], "unknown", "{fault}");
        if after {
            shop.then(&payment, "paid").await;
            shop.t.wait(60).await;
            assert_eq!(shop.t.api.now(&payment).await["status"], "succeeded");
        } else {
            shop.t.wait(300).await;
            assert_eq!(shop.t.api.now(&payment).await["status"], "failed");
        }
        let calls = shop.t.sim.ledger().await["calls"].clone();
        let starts = calls.as_array().unwrap().iter();
        assert_eq!(starts.filter(|c| c["operation"] == "start").count(), 1);
    }
}

#[tokio::test]
async fn r6_a_receipt_that_tells_other_facts_is_a_persons() {
    for fault in ["wrong_amount", "wrong_currency", "wrong_reference"] {
        let shop = deaf().await;
        let (order, payment) = shop.payment().await;
        shop.then(&payment, "paid").await;
        shop.t.sim.fault("payme", "fetch", fault, json!({})).await;
        let now = shop.t.api.verify(&payment).await;
        assert_eq!(now["status"], "mismatched", "{fault}");
        assert_eq!(shop.t.api.now(&order).await["status"], "open");
    }
}

#[tokio::test]
async fn a_receipt_of_a_merchant_with_an_endpoint_is_told_there_and_booked_once() {
    let shop = Shop::with(TestApp::start().await, RECEIPTS).await;
    let (order, payment) = shop.payment().await;
    shop.then(&payment, "paid").await;
    let paid = shop.t.api.now(&payment).await;
    assert_eq!(
        (&paid["status"], receipt_of(&paid)),
        (&json!("succeeded"), receipt_of(&payment))
    );
    shop.t.wait(60).await;
    assert_eq!(shop.t.api.now(&order).await["amount_paid"], AMOUNT);
    // Our own refund, of which Payme tells our endpoint too.
    let refund = shop.t.api.refund(&paid, None).await.ok();
    shop.t.wait(60).await;
    assert_eq!(shop.t.api.now(&refund).await["status"], "succeeded");
    assert_eq!(shop.t.refunds(&payment).await.len(), 1);
    assert_eq!(shop.t.api.now(&order).await["amount_refunded"], AMOUNT);
}

#[tokio::test]
async fn a_cancelled_order_ends_its_unpaid_receipt() {
    let shop = deaf().await;
    let (order, _) = shop.payment().await;
    let path = format!("/orders/{}/cancel", id(&order));
    shop.t.api.post(&path, json!({})).await.ok();
    shop.t.wait(30).await;
    let ledger = shop.t.sim.ledger().await;
    assert_eq!(ledger["payments"][0]["status"], "cancelled");
}

#[tokio::test]
async fn r5_hooks_of_older_shops_are_taken_only_where_asked_and_only_make_us_ask() {
    let older = async |shop: &Shop, secret: &str, body: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let request = shop.t.http.post(&shop.url).body(body.to_owned());
        let request = request.header("x-auth-signature", signature);
        let answer = Answer::read(request.send().await.unwrap()).await;
        shop.t.run_jobs().await;
        answer
    };
    let body = |payment: &Value| {
        json!({ "method": "receipts.pay", "params": { "id": receipt_of(payment),
            "cheque_id": receipt_of(payment), "amount": AMOUNT, "paid_at": 1_700_000_000 } })
        .to_string()
    };
    let shop = deaf().await;
    let (_, payment) = shop.payment().await;
    let answer = older(&shop, "older-secret", &body(&payment)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["error"]["code"], -32504, "without the switch");
    let options = [("integration", "receipts"), ("legacy_hooks", "on")];
    shop.save(Mode::Test, &shop.key, &options).await;
    // A lie makes us ask, and nothing else.
    let answer = older(&shop, "older-secret", &body(&payment)).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "result": "ok" }))
    );
    assert_eq!(shop.t.api.now(&payment).await["status"], "requires_action");
    let forged = older(&shop, "guessed", &body(&payment)).await;
    assert_eq!(forged.json()["error"]["code"], -32504);
    shop.t.sim.decide("payme", id(&payment), "paid").await;
    let truth = body(&payment).replace("1700000000", "1700000001");
    older(&shop, "older-secret", &truth).await;
    assert_eq!(shop.t.api.now(&payment).await["status"], "succeeded");
}
