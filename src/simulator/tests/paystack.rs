//! Paystack: from initialize to the hook, refusals, refunds.

use super::*;

const GOOD_CARD: [(&str, &str); 4] = [
    ("action", "card"),
    ("number", "4084 0840 8408 4081"),
    ("expiry", "12/40"),
    ("cvv", "408"),
];

#[tokio::test]
async fn a_paystack_payment_goes_from_initialize_to_its_hook() {
    let world = World::start().await.with_shop().await;
    let page = world.initialize("p-1").await;
    assert_eq!(world.verified("p-1").await["status"], "abandoned");
    let html = world
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(html.contains("NGN 250.00") && html.contains("no real money"));

    let declined = [
        ("action", "card"),
        ("number", "4084080000005408"),
        ("expiry", "12/40"),
        ("cvv", "001"),
    ];
    world.submit(&page, &declined).await;
    let failed = world.verified("p-1").await;
    assert_eq!(
        (&failed["status"], &failed["gateway_response"]),
        (&json!("failed"), &json!("Declined"))
    );

    let (status, to) = world.submit(&page, &GOOD_CARD).await;
    assert_eq!(status, 303);
    assert_eq!(
        to.unwrap(),
        "https://shop.example/back?x=1&trxref=p-1&reference=p-1"
    );
    let paid = world.verified("p-1").await;
    assert_eq!(
        (&paid["status"], &paid["amount"]),
        (&json!("success"), &json!(25_000))
    );
    assert_eq!(
        (&paid["domain"], &paid["fees"]),
        (&json!("test"), &json!(375))
    );

    world.control("advance", json!({"seconds": 0})).await;
    let hooks = world.hooks();
    assert_eq!(hooks.len(), 1);
    let told: Value = serde_json::from_str(&hooks[0].1).unwrap();
    assert_eq!(
        (&told["event"], &told["data"]["reference"]),
        (&json!("charge.success"), &json!("p-1"))
    );
    assert_eq!(hooks[0].0["x-paystack-signature"].len(), 128);
    let ledger = world.ledger().await;
    assert_eq!(ledger["hooks"][0]["status"], "delivered");
    assert_eq!(ledger["payments"][0]["attempts"], 2);
    assert!(!ledger.to_string().contains("4084084084084081"));
}

#[tokio::test]
async fn a_card_asks_for_pin_and_otp_and_cancel_leaves() {
    let world = World::start().await.with_shop().await;
    let page = world.initialize("p-1").await;
    let card = [
        ("action", "card"),
        ("number", "5060666666666666666"),
        ("expiry", "12/40"),
        ("cvv", "123"),
    ];
    world.submit(&page, &card).await;
    assert_eq!(world.verified("p-1").await["status"], "ongoing");
    world
        .submit(&page, &[("action", "next"), ("answer", "1234")])
        .await;
    let (_, to) = world
        .submit(&page, &[("action", "next"), ("answer", "123456")])
        .await;
    assert!(to.unwrap().starts_with("https://shop.example/back"));

    let page = world.initialize("p-2").await;
    let (_, to) = world.submit(&page, &[("action", "cancel")]).await;
    assert_eq!(to.unwrap(), "https://shop.example/cancelled");
    assert_eq!(world.verified("p-2").await["status"], "abandoned");
}

#[tokio::test]
async fn paystack_refuses_what_the_real_one_refuses() {
    let world = World::start().await;
    let init = "transaction/initialize";
    let (status, told) = world.paystack(init, json!({"amount": 25_000})).await;
    assert_eq!((status, &told["code"]), (400, &json!("missing_params")));
    world.initialize("p-1").await;
    let again = json!({"email": "a@b.example", "amount": 25_000, "reference": "p-1"});
    let (status, told) = world.paystack(init, again).await;
    assert_eq!(
        (status, &told["code"]),
        (400, &json!("duplicate_reference"))
    );
    for (field, value) in [
        ("currency", json!("EUR")),
        ("reference", json!("a_b")),
        ("amount", json!(10.5)),
    ] {
        let mut body = json!({"email": "a@b.example", "amount": 25_000, "currency": "NGN"});
        body[field] = value;
        assert_eq!(world.paystack(init, body).await.0, 400, "{field}");
    }
    let url = format!("{}/paystack/balance", world.url);
    let answer = world
        .http
        .get(url)
        .bearer_auth("sk_test_invalid_1")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 401);
}

#[tokio::test]
async fn paystack_refunds_run_on_the_clock_and_never_exceed_the_payment() {
    let world = World::start().await.with_shop().await;
    let page = world.initialize("p-1").await;
    world.submit(&page, &GOOD_CARD).await;
    let refund = |amount: i64| json!({"transaction": "p-1", "amount": amount});
    let (status, told) = world.paystack("refund", refund(5_000)).await;
    assert_eq!((status, &told["data"]["status"]), (200, &json!("pending")));
    assert_eq!(told["data"]["transaction"]["reference"], "p-1");
    assert_eq!(world.paystack("refund", refund(20_001)).await.0, 400);
    assert_eq!(world.verified("p-1").await["status"], "reversal pending");
    world.control("advance", json!({"seconds": 2})).await;
    let path = format!("refund/{}", told["data"]["id"]);
    assert_eq!(
        world.paystack(&path, Value::Null).await.1["data"]["status"],
        "processed"
    );
    let id = world.verified("p-1").await["id"].clone();
    let (_, list) = world
        .paystack(&format!("refund?transaction={id}"), Value::Null)
        .await;
    assert_eq!(
        (
            list["meta"]["total"].clone(),
            &list["data"][0]["transaction"]
        ),
        (json!(1), &id)
    );
    let events: Vec<Value> = world
        .hooks()
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["event"].clone())
        .collect();
    let expected = [
        "charge.success",
        "refund.pending",
        "refund.processing",
        "refund.processed",
    ];
    assert_eq!(events, expected);
    assert_eq!(world.ledger().await["payments"][0]["refunded"], 5_000);
}
