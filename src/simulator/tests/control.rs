//! Faults, hooks' fates, restarts.

use super::*;

#[tokio::test]
async fn faults_strike_before_and_after_the_effect() {
    let world = World::start().await.with_shop().await;
    let url = format!("{}/paystack/transaction/initialize", world.url);
    for (reference, after) in [("p-1", false), ("p-2", true)] {
        let fault = json!({
            "provider": "paystack", "operation": "initialize", "fault": "reset",
            "after_effect": after,
        });
        world.control("faults", fault).await;
        let body = json!({"email": "a@b.example", "amount": 25_000, "reference": reference});
        let sent = world
            .http
            .post(&url)
            .bearer_auth("sk_test_shop_0001")
            .json(&body)
            .send()
            .await;
        assert!(sent.is_err());
    }
    let ledger = world.ledger().await;
    assert_eq!(ledger["payments"].as_array().unwrap().len(), 1);
    assert_eq!(ledger["payments"][0]["reference"], "p-2");
    assert_eq!(ledger["calls"][0]["fault"], "reset");
    let wrong = json!({"provider": "paystack", "operation": "verify", "fault": "wrong_amount"});
    world.control("faults", wrong).await;
    assert_eq!(world.verified("p-2").await["amount"], 24_900);
    assert_eq!(world.verified("p-2").await["amount"], 25_000);
}

#[tokio::test]
async fn hooks_are_lost_doubled_reordered_and_forged() {
    let world = World::start().await.with_shop().await;
    let hook = |kind: &str, reference: &str| {
        json!({
            "provider": "paystack", "operation": "hook", "fault": kind,
            "match": {"reference": reference},
        })
    };
    for (kind, reference, sent) in [
        ("lost", "p-1", 0),
        ("double", "p-2", 2),
        ("forged", "p-3", 1),
        ("reordered", "p-4", 0),
    ] {
        world.control("faults", hook(kind, reference)).await;
        let before = world.hooks().len();
        world.initialize(reference).await;
        let paid = json!({"provider": "paystack", "reference": reference, "outcome": "paid"});
        world.control("decide", paid).await;
        assert_eq!(world.hooks().len() - before, sent, "{kind}");
    }
    world
        .paystack("refund", json!({"transaction": "p-4"}))
        .await;
    world.control("advance", json!({"seconds": 1})).await;
    let events: Vec<String> = world.hooks()[3..]
        .iter()
        .map(|(_, b)| serde_json::from_str::<Value>(b).unwrap()["event"].to_string())
        .collect();
    assert_eq!(events[..2], ["\"refund.pending\"", "\"charge.success\""]);
}

#[tokio::test]
async fn the_ledger_survives_a_restart() {
    let world = World::start().await.with_shop().await;
    world.initialize("p-1").await;
    world.control("advance", json!({"seconds": 86_400})).await;
    let before = world.ledger().await;
    world.stop.send(()).unwrap();
    world.served.await.unwrap().unwrap();
    let ledger = Ledger::open(&world.data).await.unwrap();
    let payments = ledger.payments().await.unwrap();
    assert_eq!(payments[0].reference, "p-1");
    assert!(ledger.setting("clock").await.unwrap().unwrap() >= 86_000_000);
    assert_eq!(before["payments"][0]["provider_ref"], json!(payments[0].id));
}

#[tokio::test]
async fn answers_can_be_missing_huge_slow_or_too_many() {
    let world = World::start().await.with_shop().await;
    world.initialize("p-1").await;
    let url = format!("{}/paystack/transaction/verify/p-1", world.url);
    let ask = || world.http.get(&url).bearer_auth("sk_test_shop_0001");
    let plant = |kind: &str| {
        json!({
            "provider": "paystack", "operation": "verify", "fault": kind, "delay_ms": 200,
            "after_effect": true,
        })
    };
    world.control("faults", plant("timeout")).await;
    let sent = ask().timeout(Duration::from_millis(200)).send().await;
    assert!(sent.unwrap_err().is_timeout());
    world.control("faults", plant("huge_body")).await;
    let body = ask().send().await.unwrap().bytes().await.unwrap();
    assert!(body.len() > 20 * 1024 * 1024);
    world.control("faults", plant("slow_body")).await;
    let told: Value = ask().send().await.unwrap().json().await.unwrap();
    assert_eq!(told["data"]["reference"], "p-1");
    world.control("faults", plant("http_429")).await;
    let answer = ask().send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    world.control("faults", plant("nonsense")).await;
    assert!(
        ask()
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("<html>")
    );
    assert_eq!(ask().send().await.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn hooks_come_again_as_documented_and_forged_ones_on_demand() {
    let world = World::start().await;
    let account = json!({
        "provider": "paystack", "secret_key": "sk_test_shop_0001",
        "hook_url": "http://127.0.0.1:9/closed",
    });
    world.control("accounts", account).await;
    world.initialize("p-1").await;
    let paid = json!({"provider": "paystack", "reference": "p-1", "outcome": "paid"});
    world.control("decide", paid).await;
    assert_eq!(world.ledger().await["hooks"][0]["status"], "pending");
    world
        .control("advance", json!({"seconds": 11 * 3600}))
        .await;
    let hook = world.ledger().await["hooks"][0].clone();
    assert_eq!(
        (&hook["status"], &hook["attempts"]),
        (&json!("failed"), &json!(11))
    );

    let world = world.with_shop().await;
    world.initialize("p-2").await;
    world
        .control("forge", json!({"provider": "paystack", "reference": "p-2"}))
        .await;
    let hooks = world.hooks();
    assert!(hooks[0].1.contains("charge.success"));
    assert_ne!(hooks[0].0["x-paystack-signature"], "");
    assert_eq!(world.verified("p-2").await["status"], "abandoned");
}
