//! Flutterwave: from a link to its hooks, tries that fail, refusals, refunds.

use super::*;

const KEY: &str = "FLWSECK_TEST-shop0001-X";
const HASH: &str = "the-shop's-own-hash";
const PIN_CARD: [(&str, &str); 4] = [
    ("action", "card"),
    ("number", "5531 8866 5214 2950"),
    ("expiry", "09/32"),
    ("cvv", "564"),
];
const POOR_CARD: [(&str, &str); 4] = [
    ("action", "card"),
    ("number", "5258585922666506"),
    ("expiry", "09/31"),
    ("cvv", "883"),
];
const PLAIN_CARD: [(&str, &str); 4] = [
    ("action", "card"),
    ("number", "5061460166976054667"),
    ("expiry", "01/40"),
    ("cvv", "100"),
];

impl World {
    async fn flutterwave(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/flutterwave/v3/{path}", self.url);
        let request = if body.is_null() {
            self.http.get(url)
        } else {
            self.http.post(url).json(&body)
        };
        let answer = request.bearer_auth(KEY).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn link(&self, changes: Value) -> String {
        let mut body = json!({
            "tx_ref": "p-1", "amount": 2500, "currency": "NGN",
            "redirect_url": "https://shop.example/back?x=1",
            "customer": {"email": "a@b.example"}, "meta": {"hub": "p-1"},
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (status, told) = self.flutterwave("payments", body).await;
        assert_eq!(
            (status, &told["status"]),
            (200, &json!("success")),
            "{told}"
        );
        told["data"]["link"].as_str().unwrap().to_owned()
    }

    async fn tried(&self, tx_ref: &str) -> Value {
        let path = format!("transactions/verify_by_reference?tx_ref={tx_ref}");
        self.flutterwave(&path, Value::Null).await.1["data"].clone()
    }

    /// A shop with an address for hooks, and what else its account says.
    async fn with_flutterwave_shop(self, extra: Value) -> Self {
        let mut account = json!({
            "provider": "flutterwave", "secret_key": KEY, "secret_hash": HASH,
            "hook_url": format!("{}/flutterwave", self.hooks), "name": "Duka",
        });
        for (name, value) in extra.as_object().unwrap() {
            account[name] = value.clone();
        }
        self.control("accounts", account).await;
        self
    }

    async fn told_hooks(&self) -> Vec<Value> {
        self.control("advance", json!({"seconds": 0})).await;
        let hooks = self.hooks();
        assert!(
            hooks
                .iter()
                .all(|(headers, _)| headers["verif-hash"] == HASH)
        );
        hooks
            .iter()
            .map(|(_, body)| serde_json::from_str(body).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn a_link_takes_tries_until_one_pays_and_tells_each() {
    let world = World::start().await.with_flutterwave_shop(json!({})).await;
    let page = world.link(json!({})).await;
    let (status, told) = world
        .flutterwave("transactions/verify_by_reference?tx_ref=p-1", Value::Null)
        .await;
    assert_eq!(status, 400);
    assert_eq!(told["message"], "No transaction was found for this id");
    let html = world
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(html.contains("NGN 2500") && html.contains("no real money"));

    let (status, to) = world.submit(&page, &POOR_CARD).await;
    assert_eq!(status, 303);
    assert!(
        to.unwrap().contains("/v3/hosted/pay/"),
        "the page stays open"
    );
    let failed = world.tried("p-1").await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["processor_response"], "Insufficient Funds");

    world.submit(&page, &PIN_CARD).await;
    assert_eq!(world.tried("p-1").await["status"], "pending");
    world
        .submit(&page, &[("action", "next"), ("answer", "3310")])
        .await;
    let (_, to) = world
        .submit(&page, &[("action", "next"), ("answer", "12345")])
        .await;
    let paid = world.tried("p-1").await;
    assert_ne!(paid["id"], failed["id"]);
    assert_eq!(
        to.unwrap(),
        format!(
            "https://shop.example/back?x=1&status=successful&tx_ref=p-1&transaction_id={}",
            paid["id"]
        )
    );
    for (field, want) in [
        ("status", json!("successful")),
        ("amount", json!(2500)),
        ("charged_amount", json!(2500)),
        ("app_fee", json!(35)),
        ("amount_settled", json!(2465)),
        ("tx_ref", json!("p-1")),
        ("meta", json!({"hub": "p-1"})),
    ] {
        assert_eq!(paid[field], want, "{field}");
    }
    let by_id = format!("transactions/{}/verify", paid["id"]);
    assert_eq!(world.flutterwave(&by_id, Value::Null).await.1["data"], paid);
    let (_, list) = world
        .flutterwave("transactions?tx_ref=p-1", Value::Null)
        .await;
    assert_eq!(list["meta"]["page_info"]["total"], 2);
    assert_eq!(list["data"][0]["id"], paid["id"].to_string());

    let told = world.told_hooks().await;
    let outcomes: Vec<&Value> = told.iter().map(|t| &t["data"]["status"]).collect();
    assert_eq!(outcomes, ["failed", "successful"]);
    assert!(told.iter().all(|t| t["event"] == "charge.completed"));
    assert_eq!(told[1]["meta_data"], json!({"hub": "p-1"}));
    assert!(
        !world
            .ledger()
            .await
            .to_string()
            .contains("5531886652142950")
    );
}

#[tokio::test]
async fn cancel_names_no_transaction_and_the_link_lives_on() {
    let world = World::start().await.with_flutterwave_shop(json!({})).await;
    let page = world.link(json!({})).await;
    let (_, to) = world.submit(&page, &[("action", "cancel")]).await;
    let want = "https://shop.example/back?x=1&status=cancelled&tx_ref=p-1";
    assert_eq!(to.unwrap(), want);
    world.submit(&page, &PLAIN_CARD).await;
    assert_eq!(world.tried("p-1").await["status"], "successful");
}

#[tokio::test]
async fn wallets_accounts_and_transfers_pay_as_documented() {
    let world = World::start().await.with_flutterwave_shop(json!({})).await;
    let ghana = json!({"tx_ref": "p-2", "currency": "GHS", "amount": "19.99",
        "payment_options": "mobilemoneyghana"});
    let page = world.link(ghana).await;
    let html = world
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(html.contains("GHS 19.99") && !html.contains("Card number"));
    let wallet = |phone: &'static str| [("action", "mobile_money"), ("phone", phone)];
    world.submit(&page, &wallet("233121212121")).await;
    let failed = world.tried("p-2").await;
    assert_eq!(failed["processor_response"], "Mocked a Failed Transaction");
    world.submit(&page, &wallet("233241234567")).await;
    world
        .submit(&page, &[("action", "next"), ("answer", "123456")])
        .await;
    let paid = world.tried("p-2").await;
    assert_eq!(
        (&paid["status"], &paid["amount"]),
        (&json!("successful"), &json!(19.99))
    );

    let page = world.link(json!({"tx_ref": "p-3"})).await;
    let account = [("action", "account"), ("account", "0690000031")];
    world.submit(&page, &account).await;
    world
        .submit(&page, &[("action", "next"), ("answer", "12345")])
        .await;
    assert_eq!(world.tried("p-3").await["status"], "successful");

    let page = world.link(json!({"tx_ref": "p-4"})).await;
    world.submit(&page, &[("action", "transfer_later")]).await;
    assert_eq!(world.tried("p-4").await["status"], "pending");
    world.control("advance", json!({"seconds": 61})).await;
    assert_eq!(world.tried("p-4").await["status"], "successful");
    let told = world.told_hooks().await;
    let of: Vec<&Value> = told
        .iter()
        .filter(|t| t["data"]["tx_ref"] == "p-4")
        .collect();
    assert_eq!(of[0]["data"]["status"], "pending");
    assert_eq!(of[1]["data"]["status"], "successful");
}

#[tokio::test]
async fn a_link_ends_by_its_session_its_retries_or_a_call() {
    let world = World::start().await.with_flutterwave_shop(json!({})).await;
    let short = json!({"configurations": {"session_duration": 10}});
    let page = world.link(short).await;
    world.submit(&page, &PIN_CARD).await;
    world.control("advance", json!({"seconds": 601})).await;
    assert_eq!(world.tried("p-1").await["status"], "failed");
    let (_, to) = world.submit(&page, &PLAIN_CARD).await;
    assert_eq!(
        to.unwrap(),
        "https://shop.example/back?x=1&status=failed&tx_ref=p-1"
    );

    let few = json!({"tx_ref": "p-2", "configurations": {"max_retry_attempt": 1}});
    let page = world.link(few).await;
    world.submit(&page, &POOR_CARD).await;
    let (_, to) = world.submit(&page, &POOR_CARD).await;
    assert!(to.unwrap().contains("status=failed&tx_ref=p-2"));

    let page = world.link(json!({"tx_ref": "p-3"})).await;
    let off = json!({ "link": page });
    let (status, told) = world
        .flutterwave("payments/link/disable", off.clone())
        .await;
    assert_eq!((status, &told["data"]), (200, &json!(true)));
    let (status, told) = world.flutterwave("payments/link/disable", off).await;
    assert_eq!(status, 400);
    assert_eq!(told["message"], "This payment link is currently inactive");
    world.submit(&page, &PLAIN_CARD).await;
    assert!(world.tried("p-3").await.is_null());
    let elsewhere = json!({"link": "https://checkout.flutterwave.com/v3/hosted/pay/x"});
    let (status, _) = world.flutterwave("payments/link/disable", elsewhere).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn flutterwave_refuses_what_the_real_one_refuses() {
    let world = World::start().await;
    for (field, value) in [
        ("tx_ref", json!(null)),
        ("amount", json!(null)),
        ("amount", json!(0)),
        ("amount", json!("12.345")),
        ("customer", json!({"name": "A B"})),
        ("customer", json!({"email": "nobody"})),
        ("currency", json!("KWD")),
        ("redirect_url", json!("/back")),
        ("configurations", json!({"session_duration": 1_441})),
    ] {
        let mut body = json!({"tx_ref": "p-1", "amount": 100, "currency": "NGN",
            "customer": {"email": "a@b.example"}});
        body[field] = value;
        let (status, told) = world.flutterwave("payments", body).await;
        assert_eq!((status, &told["status"]), (400, &json!("error")), "{field}");
    }
    for key in [
        None,
        Some("FLWSECK_TEST-invalid-X"),
        Some("FLWPUBK_TEST-1-X"),
    ] {
        let url = format!("{}/flutterwave/v3/transactions/1/verify", world.url);
        let mut request = world.http.get(url);
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        assert_eq!(request.send().await.unwrap().status().as_u16(), 401);
    }
    let (status, _) = world
        .flutterwave("transactions/1/verify", Value::Null)
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn refunds_begin_completed_and_end_later_by_the_way_of_paying() {
    let world = World::start()
        .await
        .with_flutterwave_shop(json!({"refund_hooks": true}))
        .await;
    let page = world.link(json!({})).await;
    world.submit(&page, &PLAIN_CARD).await;
    let id = world.tried("p-1").await["id"].clone();
    let path = format!("transactions/{id}/refund");
    let part = json!({"amount": 500.5, "comments": "Refund ref_1"});
    let (status, told) = world.flutterwave(&path, part).await;
    assert_eq!(
        (status, &told["data"]["status"]),
        (200, &json!("completed"))
    );
    assert_eq!(told["data"]["amount_refunded"], 500.5);
    assert_eq!(told["data"]["tx_id"], id);
    let too_much = json!({"amount": 2_000});
    assert_eq!(world.flutterwave(&path, too_much).await.0, 400);
    world.control("advance", json!({"seconds": 3})).await;
    let known = format!("refunds/{}", told["data"]["id"]);
    let (_, known) = world.flutterwave(&known, Value::Null).await;
    assert_eq!(known["data"]["status"], "completed-mpgs");
    let (_, list) = world
        .flutterwave(&format!("refunds?id={id}"), Value::Null)
        .await;
    let row = &list["data"][0];
    assert_eq!(
        (&row["TransactionId"], &row["comments"]),
        (&id, &json!("Refund ref_1"))
    );
    assert!(row["meta"].is_string());
    let (_, other) = world.flutterwave("refunds?id=1", Value::Null).await;
    assert_eq!(other["data"], json!([]));
    let told = world.told_hooks().await;
    let ends: Vec<&Value> = told[1..].iter().map(|t| &t["status"]).collect();
    assert_eq!(ends, ["completed", "completed-mpgs"]);
    assert_eq!(
        world.ledger().await["payments"][0]["refunded_minor"],
        50_050
    );

    world.link(json!({"tx_ref": "p-2"})).await;
    let decided = json!({"provider": "flutterwave", "reference": "p-2",
        "outcome": "paid_refund_fails"});
    world.control("decide", decided).await;
    let path = format!("transactions/{}/refund", world.tried("p-2").await["id"]);
    let (_, told) = world.flutterwave(&path, json!({"amount": 100})).await;
    world.control("advance", json!({"seconds": 3})).await;
    let path = format!("refunds/{}", told["data"]["id"]);
    let (_, told) = world.flutterwave(&path, Value::Null).await;
    assert_eq!(told["data"]["status"], "failed");
}

#[tokio::test]
async fn decisions_faults_and_forgeries_tell_what_they_should() {
    let world = World::start()
        .await
        .with_flutterwave_shop(json!({"hook_shape": "v2"}))
        .await;
    world.link(json!({"tx_ref": "p-9"})).await;
    let decide = |reference: &str, outcome: &str| {
        let wanted = json!({"provider": "flutterwave", "reference": reference, "outcome": outcome});
        world.control("decide", wanted)
    };
    decide("p-9", "paid").await;
    let other = world.tried("p-9").await["id"].clone();
    world.link(json!({})).await;
    decide("p-1", "declined").await;
    decide("p-1", "expired").await;
    let told = world.told_hooks().await;
    assert_eq!((&told[0]["txRef"], &told[0]["id"]), (&json!("p-9"), &other));
    let forged = json!({"provider": "flutterwave", "reference": "p-1"});
    world.control("forge", forged).await;
    let told = world.told_hooks().await;
    let lie = &told.last().unwrap()["data"];
    assert_eq!((&lie["id"], &lie["tx_ref"]), (&other, &json!("p-1")));
    assert_eq!(lie["status"], "successful");
    // Late money.
    decide("p-1", "paid").await;
    assert_eq!(world.tried("p-1").await["status"], "successful");
    let fault = json!({"provider": "flutterwave", "operation": "fetch",
        "fault": "wrong_amount", "match": {"reference": "p-1"}});
    world.control("faults", fault).await;
    let told = world.tried("p-1").await;
    assert_eq!(
        (&told["amount"], &told["charged_amount"]),
        (&json!(2499), &json!(2499))
    );
}

#[tokio::test]
async fn a_payer_who_bears_the_fee_is_charged_more_than_the_amount() {
    let world = World::start()
        .await
        .with_flutterwave_shop(json!({"payer_bears_fee": true}))
        .await;
    let page = world.link(json!({"amount": 100})).await;
    world.submit(&page, &PLAIN_CARD).await;
    let paid = world.tried("p-1").await;
    assert_eq!(
        (&paid["amount"], &paid["charged_amount"]),
        (&json!(100), &json!(101.4))
    );
    assert_eq!(paid["amount_settled"], 100);
}
