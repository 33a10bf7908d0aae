//! Several processes on one database, and processes that die at the worst moment (R3, R7).
use super::refunds::paid;
use crate::support::api::{id, reference};
use crate::support::process::{Served, until};
use crate::support::{Api, TestApp};
use malipo::domain::account::Mode;
use malipo::jobs::runner;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_runners_share_the_jobs_and_double_none() {
    let t = TestApp::deaf().await;
    let twin = t.twin().await;
    let mut all = Vec::new();
    for _ in 0..20 {
        let order = t.api.order(150_000, json!({})).await;
        let paid = t.api.pay(&order, "paystack", json!({})).await;
        t.sim.decide("paystack", reference(&paid), "paid").await;
        all.push((order, paid));
    }
    t.app.clock.advance_secs(30);
    let runners = [t.app.clone(), twin].map(|app| {
        tokio::spawn(async move {
            let mut ran = 0;
            for _ in 0..10 {
                ran += runner::run_due(&app).await.unwrap();
            }
            ran
        })
    });
    let mut ran = 0;
    for one in runners {
        ran += one.await.unwrap();
    }
    assert_eq!(ran, 20, "each job ran once");
    assert_eq!(t.sim.calls("verify").await, 20);
    for (order, paid) in &all {
        assert_eq!(t.api.now(paid).await["status"], "succeeded");
        assert_eq!(t.api.now(order).await["amount_paid"], 150_000);
        assert_eq!(t.events(order).await, ["order.paid"]);
    }
}

/// Kills the server while the provider holds the answer to a new payment.
async fn killed_while_starting(after_effect: bool) -> (TestApp, Value, Value) {
    let t = TestApp::deaf().await;
    let order = t.api.order(150_000, json!({})).await;
    let held = json!({ "after_effect": after_effect });
    t.sim.fault("paystack", "initialize", "timeout", held).await;
    let served = Served::start(&t).await;
    let url = format!("{}/api/v1/orders/{}/payments", served.url, id(&order));
    let request = t.http.post(url).bearer_auth(&t.api.key);
    let request = request.json(&json!({ "provider": "paystack" }));
    let calling = tokio::spawn(request.send());
    until("the provider is called", async || {
        let made = t.sim.ledger().await["payments"] != json!([]);
        !t.sim.planted("initialize").await && made == after_effect
    })
    .await;
    served.kill();
    assert!(calling.await.unwrap().is_err(), "nobody was answered");
    let known = t.api.now(&order).await;
    let payments = known["payments"].as_array().unwrap();
    assert_eq!(payments.len(), 1, "the intent was committed first");
    let paid = payments[0].clone();
    assert_eq!(paid["status"], "created");
    (t, order, paid)
}

#[tokio::test]
async fn r3_killed_before_the_answer_a_payment_that_arrived_is_found_paid() {
    let (t, order, paid) = killed_while_starting(true).await;
    t.sim.decide("paystack", reference(&paid), "paid").await;
    t.wait(120).await;
    let now = t.api.now(&paid).await;
    assert_eq!(now["status"], "succeeded");
    assert_eq!(t.api.now(&order).await["status"], "paid");
    assert_eq!(t.sim.calls("initialize").await, 1);
    assert!(
        t.story(&order)
            .await
            .contains(&"payment.unknown".to_owned())
    );
}

#[tokio::test]
async fn r3_killed_before_the_answer_a_payment_that_never_arrived_fails() {
    let (t, order, paid) = killed_while_starting(false).await;
    t.wait(400).await;
    let now = t.api.now(&paid).await;
    assert_eq!(
        (&now["status"], &now["failure"]["code"]),
        (&json!("failed"), &json!("provider_unavailable"))
    );
    assert_eq!(t.api.now(&order).await["status"], "open");
    assert_eq!(t.sim.calls("initialize").await, 1);
    let again = t.api.pay(&order, "paystack", json!({})).await;
    assert_eq!(again["status"], "requires_action");
}

/// Kills the server while the provider holds the answer to a refund.
async fn killed_while_refunding(after_effect: bool) -> (TestApp, Value, Value) {
    let t = TestApp::start().await;
    let (_, paid) = paid(&t, "paystack").await;
    t.sim
        .fault("paystack", "hook", "lost", json!({ "times": 99 }))
        .await;
    let held = json!({ "after_effect": after_effect });
    t.sim.fault("paystack", "refund", "timeout", held).await;
    let served = Served::start(&t).await;
    let refund = t.api.refund(&paid, Some(70_000)).await.ok();
    until("the provider is called", async || {
        let made = t.sim.ledger().await["refunds"] != json!([]);
        !t.sim.planted("refund").await && made == after_effect
    })
    .await;
    served.kill();
    assert_eq!(t.api.now(&refund).await["status"], "sending");
    (t, paid, refund)
}

#[tokio::test]
async fn r3_killed_while_refunding_what_arrived_is_found_and_not_sent_again() {
    let (t, paid, refund) = killed_while_refunding(true).await;
    t.wait(400).await;
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    assert_eq!(t.sim.calls("refund").await, 1);
    assert_eq!(t.sim.refunded_minor().await, 70_000);
    assert_eq!(t.api.now(&paid).await["amount_refunded"], 70_000);
}

#[tokio::test]
async fn r3_killed_while_refunding_what_never_arrived_fails_and_is_free_again() {
    let (t, paid, refund) = killed_while_refunding(false).await;
    t.wait(400).await;
    // A refund is looked for during an hour, at growing distances.
    for _ in 0..24 {
        t.advance(300).await;
    }
    assert_eq!(t.api.now(&refund).await["status"], "failed");
    assert_eq!(t.sim.refunded_minor().await, 0);
    assert_eq!(t.api.refund(&paid, None).await.ok()["amount"], 150_000);
}

#[tokio::test]
async fn r7_a_hook_that_was_answered_survives_the_death_of_the_server() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    let served = Served::start(&t).await;
    let ours = t.hook_url("paystack", Mode::Test).await;
    let theirs = ours.replace(&t.url, &served.url);
    let account = json!({ "provider": "paystack", "secret_key": t.secrets[0], "hook_url": theirs });
    t.sim.control("accounts", account).await;
    t.sim.decide("paystack", reference(&paid), "paid").await;
    assert_eq!(t.sim.hooks().await[0]["status"], "delivered");
    served.kill();
    // Longer than a dead process holds its claim.
    t.wait(200).await;
    assert_eq!(t.api.now(&paid).await["status"], "succeeded");
    assert_eq!(t.events(&order).await, ["order.paid"]);
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_no_payment_half_made() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let slow = json!({ "delay_ms": 1_500 });
    t.sim
        .fault("paystack", "initialize", "slow_body", slow)
        .await;
    let url = format!("{}/api/v1/orders/{}/payments", t.url, id(&order));
    let request = t.http.post(url).bearer_auth(&t.api.key);
    let request = request.json(&json!({ "provider": "paystack" }));
    let calling = tokio::spawn(request.send());
    until("the provider is called", async || {
        !t.sim.planted("initialize").await
    })
    .await;
    calling.abort();
    until("the answer is recorded all the same", async || {
        t.api.now(&order).await["payments"][0]["status"] == "requires_action"
    })
    .await;
}

#[tokio::test]
async fn the_served_program_runs_its_jobs_by_itself() {
    let t = TestApp::start().await;
    let served = Served::start(&t).await;
    let api = Api {
        url: served.url.clone(),
        ..t.api.clone()
    };
    let ours = t.hook_url("paystack", Mode::Test).await;
    let theirs = ours.replace(&t.url, &served.url);
    let account = json!({ "provider": "paystack", "secret_key": t.secrets[0], "hook_url": theirs });
    t.sim.control("accounts", account).await;
    let order = api.order(150_000, json!({})).await;
    let paid = api.pay(&order, "paystack", json!({})).await;
    t.sim.decide("paystack", reference(&paid), "paid").await;
    until("the order is paid", async || {
        api.now(&order).await["status"] == "paid"
    })
    .await;
}
