//! PayMongo: sessions, wallets by intent and by source, refunds, webhooks.

use super::*;

const CARD: [(&str, &str); 4] = [
    ("action", "card"),
    ("number", "4343 4343 4343 4345"),
    ("expiry", "12/40"),
    ("cvc", "123"),
];

fn typed(number: &str) -> [(&str, &str); 4] {
    let mut fields = CARD;
    fields[1].1 = number;
    fields
}

impl World {
    async fn with_paymongo(self) -> Self {
        let account = json!({"provider": "paymongo", "secret_key": "sk_test_shop_0001",
            "webhook_secret": "whsk_shop", "hook_url": format!("{}/paymongo", self.hooks),
            "name": "Sari-sari"});
        self.control("accounts", account).await;
        self
    }

    /// Null asks, attributes are posted, `true` is a POST without a body.
    async fn mongo(&self, path: &str, attributes: Value) -> (u16, Value) {
        let url = format!("{}/paymongo/v1/{path}", self.url);
        let request = match &attributes {
            Value::Null => self.http.get(url),
            Value::Bool(_) => self.http.post(url),
            _ => self
                .http
                .post(url)
                .json(&json!({"data": {"attributes": attributes}})),
        };
        let answer = request
            .basic_auth("sk_test_shop_0001", Some(""))
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn session(&self, reference: &str) -> (String, String) {
        let body = json!({
            "line_items": [{"name": "Rice", "amount": 12_500, "currency": "PHP", "quantity": 2}],
            "payment_method_types": ["card"], "reference_number": reference,
            "success_url": "https://shop.example/back?x=1",
            "cancel_url": "https://shop.example/cancelled", "metadata": {"order": "7"},
        });
        let (status, told) = self.mongo("checkout_sessions", body).await;
        assert_eq!(status, 200, "{told}");
        let page = told["data"]["attributes"]["checkout_url"].as_str().unwrap();
        assert!(page.contains('#'));
        (
            told["data"]["id"].as_str().unwrap().to_owned(),
            page.to_owned(),
        )
    }

    async fn told(&self, path: &str) -> Value {
        let (status, told) = self.mongo(path, Value::Null).await;
        assert_eq!(status, 200, "{told}");
        told["data"]["attributes"].clone()
    }

    /// An intent with a wallet attached, and its page.
    async fn attached(&self, reference: &str) -> (String, String) {
        let metadata = json!({"payment_reference": reference});
        let body = json!({"amount": 25_000, "currency": "PHP", "metadata": metadata,
            "payment_method_allowed": ["paymaya"]});
        let (_, intent) = self.mongo("payment_intents", body).await;
        let id = intent["data"]["id"].as_str().unwrap().to_owned();
        let (_, method) = self
            .mongo("payment_methods", json!({"type": "paymaya"}))
            .await;
        let body = json!({"payment_method": method["data"]["id"],
            "return_url": "https://shop.example/back"});
        let (status, told) = self
            .mongo(&format!("payment_intents/{id}/attach"), body)
            .await;
        assert_eq!(status, 200, "{told}");
        let at = &told["data"]["attributes"];
        assert_eq!(at["status"], "awaiting_next_action");
        let page = at["next_action"]["redirect"]["url"]
            .as_str()
            .unwrap()
            .to_owned();
        (id, page)
    }

    async fn source(&self, reference: &str) -> (String, String) {
        let body = json!({"type": "gcash", "amount": 25_000, "currency": "PHP",
            "redirect": {"success": "https://shop.example/ok", "failed": "https://shop.example/no"},
            "metadata": {"payment_reference": reference}});
        let (status, told) = self.mongo("sources", body).await;
        assert_eq!(status, 200, "{told}");
        let page = told["data"]["attributes"]["redirect"]["checkout_url"]
            .as_str()
            .unwrap();
        (
            told["data"]["id"].as_str().unwrap().to_owned(),
            page.to_owned(),
        )
    }

    /// What came to the merchant's address, as (event, subject).
    async fn told_events(&self) -> Vec<(String, Value)> {
        self.control("advance", json!({"seconds": 0})).await;
        let events = self.hooks().into_iter().map(|(headers, body)| {
            let told: Value = serde_json::from_str(&body).unwrap();
            let header = headers["paymongo-signature"].to_str().unwrap();
            assert!(
                header.starts_with("t=") && header.ends_with(",li="),
                "{header}"
            );
            let at = &told["data"]["attributes"];
            assert_eq!(at["livemode"], false);
            (at["type"].as_str().unwrap().to_owned(), at["data"].clone())
        });
        events.collect()
    }

    async fn names(&self) -> Vec<String> {
        self.told_events()
            .await
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }
}

#[tokio::test]
async fn a_paymongo_session_goes_from_a_failed_card_to_two_hooks() {
    let world = World::start().await.with_paymongo().await;
    let (id, page) = world.session("p-1").await;
    let path = format!("checkout_sessions/{id}");
    let html = world
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(html.contains("PHP 250.00") && html.contains("Sari-sari"));

    world.submit(&page, &typed("5100000000000198")).await;
    let told = world.told(&path).await;
    assert_eq!(told["status"], "active");
    assert_eq!(
        told["payments"][0]["attributes"]["failed_code"],
        "insufficient_funds"
    );
    let intent = &told["payment_intent"]["attributes"];
    assert_eq!(intent["status"], "awaiting_payment_method");
    assert_eq!(
        intent["last_payment_error"]["failed_code"],
        "insufficient_funds"
    );

    let (status, to) = world.submit(&page, &CARD).await;
    // No parameters are added.
    assert_eq!(
        (status, to.as_deref()),
        (303, Some("https://shop.example/back?x=1"))
    );
    let told = world.told(&path).await;
    assert_eq!(
        (&told["status"], &told["livemode"]),
        (&json!("active"), &json!(false))
    );
    assert_eq!(told["payments"][1]["attributes"]["status"], "paid");
    assert_eq!(told["payment_intent"]["attributes"]["status"], "processing");
    assert_eq!(
        world.names().await,
        [
            "payment.failed",
            "payment.paid",
            "checkout_session.payment.paid"
        ]
    );
    let paid = world.told_events().await.remove(1).1;
    assert_eq!(paid["attributes"]["amount"], 25_000);
    assert_eq!(
        paid["attributes"]["payment_intent_id"],
        told["payment_intent"]["id"]
    );
    world.control("advance", json!({"seconds": 3})).await;
    let told = world.told(&path).await;
    assert_eq!(told["payment_intent"]["attributes"]["status"], "succeeded");
    let intent = told["payment_intent"]["id"].as_str().unwrap();
    assert_eq!(
        world.told(&format!("payment_intents/{intent}")).await["amount"],
        25_000
    );
    let ledger = world.ledger().await;
    assert_eq!(ledger["payments"][0]["attempts"], 2);
    assert_eq!(ledger["payments"][0]["receipt"], paid["id"]);
    assert!(!ledger.to_string().contains("4343434343434345"));
}

#[tokio::test]
async fn a_card_whose_bank_asks_waits_for_the_answer_and_a_closed_page_takes_none() {
    let world = World::start().await.with_paymongo().await;
    let (id, page) = world.session("p-1").await;
    world.submit(&page, &typed("4120000000000007")).await;
    let path = format!("checkout_sessions/{id}");
    let told = world.told(&path).await;
    assert_eq!(
        told["payment_intent"]["attributes"]["status"],
        "awaiting_next_action"
    );
    world
        .submit(&page, &[("action", "bank"), ("answer", "fail")])
        .await;
    let told = world.told(&path).await;
    assert_eq!(told["payments"][0]["attributes"]["status"], "failed");
    world.submit(&page, &typed("4120000000000007")).await;
    let (_, to) = world
        .submit(&page, &[("action", "bank"), ("answer", "authorize")])
        .await;
    assert_eq!(to.as_deref(), Some("https://shop.example/back?x=1"));

    let (id, page) = world.session("p-2").await;
    let (_, to) = world.submit(&page, &[("action", "cancel")]).await;
    assert_eq!(to.as_deref(), Some("https://shop.example/cancelled"));
    let path = format!("checkout_sessions/{id}/expire");
    assert_eq!(world.mongo(&path, json!(true)).await.0, 200);
    assert_eq!(world.mongo(&path, json!(true)).await.0, 400);
    world.submit(&page, &CARD).await;
    assert_eq!(
        world.told(&format!("checkout_sessions/{id}")).await["payments"],
        json!([])
    );
    // At the bank when the page was closed.
    let late = json!({"provider": "paymongo", "reference": "p-2", "outcome": "paid"});
    let told = world.control("decide", late).await;
    assert_eq!(told["payment"]["status"], "succeeded");
}

#[tokio::test]
async fn a_wallet_is_authorized_or_fails_on_its_page() {
    let world = World::start().await.with_paymongo().await;
    let (id, page) = world.attached("p-1").await;
    let (_, to) = world.submit(&page, &[("answer", "authorize")]).await;
    let back = format!("https://shop.example/back?payment_intent_id={id}");
    assert_eq!(to.as_deref(), Some(back.as_str()));
    let told = world.told(&format!("payment_intents/{id}")).await;
    assert_eq!(told["status"], "succeeded");
    let payment = &told["payments"][0];
    assert_eq!(
        payment["attributes"]["metadata"]["payment_reference"],
        "p-1"
    );
    assert_eq!(payment["attributes"]["source"]["type"], "paymaya");

    let (id, page) = world.attached("p-2").await;
    world.submit(&page, &[("answer", "fail")]).await;
    let told = world.told(&format!("payment_intents/{id}")).await;
    assert_eq!(told["status"], "awaiting_payment_method");
    assert_eq!(told["last_payment_error"]["failed_code"], "generic_decline");
    // The page is used up.
    world.submit(&page, &[("answer", "authorize")]).await;
    let path = format!("payment_intents/{id}");
    assert_eq!(world.told(&path).await["status"], "awaiting_payment_method");
    let cancel = format!("{path}/cancel");
    assert_eq!(world.mongo(&cancel, json!(true)).await.0, 200);
    assert_eq!(world.mongo(&cancel, json!(true)).await.0, 400);
    assert_eq!(world.names().await, ["payment.paid", "payment.failed"]);
    // The list shows both, the newest first, and where it goes on.
    let (_, list) = world.mongo("payments?limit=1", Value::Null).await;
    assert_eq!(
        (list["data"].as_array().unwrap().len(), &list["has_more"]),
        (1, &json!(true))
    );
    let next = format!(
        "payments?limit=1&after={}",
        list["data"][0]["id"].as_str().unwrap()
    );
    let (_, list) = world.mongo(&next, Value::Null).await;
    assert_eq!(
        (&list["data"][0]["id"], &list["has_more"]),
        (&payment["id"], &json!(false))
    );
}

#[tokio::test]
async fn a_source_is_charged_once_or_lapses() {
    let world = World::start().await.with_paymongo().await;
    let (id, page) = world.source("p-1").await;
    let charge = |id: &str, amount: i64| {
        json!({"amount": amount, "currency": "PHP", "source": {"id": id, "type": "source"},
            "metadata": {"payment_reference": "p-1"}})
    };
    assert_eq!(world.mongo("payments", charge(&id, 25_000)).await.0, 400);
    let (_, to) = world.submit(&page, &[("answer", "authorize")]).await;
    assert_eq!(to.as_deref(), Some("https://shop.example/ok"));
    assert_eq!(
        world.told(&format!("sources/{id}")).await["status"],
        "chargeable"
    );
    assert_eq!(world.ledger().await["payments"][0]["receipt"], Value::Null);
    assert_eq!(world.mongo("payments", charge(&id, 24_000)).await.0, 400);
    let (status, told) = world.mongo("payments", charge(&id, 25_000)).await;
    assert_eq!(
        (status, &told["data"]["attributes"]["status"]),
        (200, &json!("paid"))
    );
    assert_eq!(told["data"]["attributes"]["payment_intent_id"], Value::Null);
    assert_eq!(told["data"]["attributes"]["source"]["id"], json!(id));
    assert_eq!(world.mongo("payments", charge(&id, 25_000)).await.0, 400);
    assert_eq!(world.told(&format!("sources/{id}")).await["status"], "paid");
    assert_eq!(world.names().await, ["source.chargeable", "payment.paid"]);

    let (id, page) = world.source("p-2").await;
    world.submit(&page, &[("answer", "authorize")]).await;
    world.control("advance", json!({"seconds": 3_600})).await;
    assert_eq!(
        world.told(&format!("sources/{id}")).await["status"],
        "expired"
    );
    assert_eq!(world.mongo("payments", charge(&id, 25_000)).await.0, 400);
    let (id, page) = world.source("p-3").await;
    let (_, to) = world.submit(&page, &[("answer", "fail")]).await;
    assert_eq!(to.as_deref(), Some("https://shop.example/no"));
    assert_eq!(
        world.told(&format!("sources/{id}")).await["status"],
        "cancelled"
    );
}

#[tokio::test]
async fn paymongo_refunds_are_pending_first_and_never_exceed_the_payment() {
    let world = World::start().await.with_paymongo().await;
    let (id, page) = world.session("p-1").await;
    world.submit(&page, &CARD).await;
    let told = world.told(&format!("checkout_sessions/{id}")).await;
    let payment = told["payments"][0]["id"].as_str().unwrap().to_owned();
    let refund = |amount: i64, of: &str, reason: &str, notes: &str| {
        json!({"amount": amount, "payment_id": of, "reason": reason, "notes": notes,
            "metadata": {"refund_reference": "ref_1"}})
    };
    let (status, told) = world
        .mongo("refunds", refund(5_000, &payment, "others", "x"))
        .await;
    assert_eq!(
        (status, &told["data"]["attributes"]["status"]),
        (200, &json!("pending"))
    );
    let first = told["data"]["id"].as_str().unwrap().to_owned();
    for (body, want) in [
        (refund(20_001, &payment, "others", ""), 400),
        (refund(99, &payment, "others", ""), 400),
        (refund(5_000, &payment, "because", ""), 400),
        (refund(5_000, &id, "others", ""), 404),
    ] {
        assert_eq!(world.mongo("refunds", body.clone()).await.0, want, "{body}");
    }
    let failing = refund(20_000, &payment, "others", "a refund-fails b");
    let (_, told) = world.mongo("refunds", failing).await;
    let second = told["data"]["id"].as_str().unwrap().to_owned();
    world.control("advance", json!({"seconds": 2})).await;
    assert_eq!(
        world.told(&format!("refunds/{first}")).await["status"],
        "succeeded"
    );
    assert_eq!(
        world.told(&format!("refunds/{second}")).await["status"],
        "failed"
    );
    let (_, list) = world
        .mongo(&format!("refunds?payment_id={payment}"), Value::Null)
        .await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let told = world.told(&format!("payments/{payment}")).await;
    assert_eq!(
        (&told["status"], told["refunds"].as_array().unwrap().len()),
        (&json!("paid"), 2)
    );
    assert_eq!(world.ledger().await["payments"][0]["refunded"], 5_000);
    let names = world.names().await;
    assert_eq!(
        names
            .iter()
            .filter(|n| *n == "payment.refund.updated")
            .count(),
        4
    );
    assert_eq!(names.iter().filter(|n| *n == "payment.refunded").count(), 1);
}

#[tokio::test]
async fn paymongo_refuses_what_the_real_one_refuses() {
    let world = World::start().await;
    let code = |told: &Value| told["errors"][0]["code"].clone();
    let line = json!({"name": "Rice", "amount": 1_000, "currency": "PHP", "quantity": 1});
    let session = |field: &str, value: Value| {
        let mut body = json!({"line_items": [{"name": "Rice", "amount": 2_000, "currency": "PHP",
            "quantity": 1}], "payment_method_types": ["card"]});
        body[field] = value;
        body
    };
    for (field, value, want) in [
        ("line_items", json!([line]), "parameter_below_minimum"),
        ("line_items", json!([]), "parameter_required"),
        (
            "payment_method_types",
            json!(["bitcoin"]),
            "parameter_invalid",
        ),
        ("payment_method_types", json!([]), "parameter_required"),
        ("success_url", json!("nowhere"), "parameter_format_invalid"),
        ("metadata", json!({"n": 1}), "parameter_data_type_invalid"),
        ("show_description", json!(true), "parameter_required"),
    ] {
        let (status, told) = world
            .mongo("checkout_sessions", session(field, value))
            .await;
        assert_eq!((status, code(&told)), (400, json!(want)), "{field}");
    }
    let (status, told) = world.mongo("checkout_sessions/cs_x", Value::Null).await;
    assert_eq!((status, code(&told)), (404, json!("resource_not_found")));
    let small = json!({"type": "gcash", "amount": 9_999, "currency": "PHP"});
    let (_, told) = world.mongo("sources", small).await;
    assert_eq!(code(&told), "parameter_below_minimum");
    let intent = json!({"amount": 2_000, "currency": "USD", "payment_method_allowed": ["gcash"]});
    assert_eq!(world.mongo("payment_intents", intent).await.0, 400);
    assert_eq!(
        world
            .mongo("payment_methods", json!({"type": "card"}))
            .await
            .0,
        400
    );
    let url = format!("{}/paymongo/v1/payments", world.url);
    for (user, password) in [("sk_test_invalid_1", ""), ("sk_test_shop_0001", "x")] {
        let asked = world.http.get(&url).basic_auth(user, Some(password));
        assert_eq!(asked.send().await.unwrap().status().as_u16(), 401);
    }
    // No such route: an empty body.
    let asked = world.http.get(format!("{}/paymongo/v1/nothing", world.url));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 404);
    assert!(answer.text().await.unwrap().is_empty());
}

#[tokio::test]
async fn webhooks_are_registered_disabled_and_enabled_and_each_has_its_secret() {
    let world = World::start().await;
    let url = format!("{}/here", world.hooks);
    let (status, told) = world
        .mongo("webhooks", json!({"url": url, "events": ["payment.paid"]}))
        .await;
    assert_eq!(status, 200, "{told}");
    let at = &told["data"]["attributes"];
    assert!(at["secret_key"].as_str().unwrap().starts_with("whsk_"));
    let id = told["data"]["id"].as_str().unwrap().to_owned();
    let (_, list) = world.mongo("webhooks", Value::Null).await;
    assert_eq!(list["data"][0], told["data"]);
    assert_eq!(
        world
            .mongo("webhooks", json!({"url": url, "events": ["x"]}))
            .await
            .0,
        400
    );
    world
        .mongo(&format!("webhooks/{id}/disable"), json!(true))
        .await;
    let (_, page) = world.session("p-1").await;
    world.submit(&page, &CARD).await;
    assert!(world.names().await.is_empty());
    world
        .mongo(&format!("webhooks/{id}/enable"), json!(true))
        .await;
    let (_, page) = world.session("p-2").await;
    world.submit(&page, &CARD).await;
    assert_eq!(world.names().await, ["payment.paid"]);
    // The key's registration by the control call stands beside it.
    let world = world.with_paymongo().await.with_paymongo().await;
    let (_, list) = world.mongo("webhooks", Value::Null).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn paymongo_can_lie_and_be_forged() {
    let world = World::start().await.with_paymongo().await;
    let (id, page) = world.session("p-1").await;
    let forged = json!({"provider": "paymongo", "reference": "p-1"});
    world.control("forge", forged).await;
    assert_eq!(world.names().await, ["payment.paid"]);
    assert_eq!(
        world.told(&format!("checkout_sessions/{id}")).await["payments"],
        json!([])
    );
    world.submit(&page, &CARD).await;
    let path = format!("checkout_sessions/{id}");
    for (fault, at, want) in [
        (
            "wrong_amount",
            "/payments/0/attributes/amount",
            json!(24_900),
        ),
        (
            "wrong_currency",
            "/payments/0/attributes/currency",
            json!("USD"),
        ),
        (
            "wrong_reference",
            "/reference_number",
            json!("somebody-elses"),
        ),
        ("wrong_mode", "/payments/0/attributes/livemode", json!(true)),
    ] {
        let planted = json!({"provider": "paymongo", "operation": "fetch", "fault": fault,
            "match": {"reference": "p-1"}});
        world.control("faults", planted).await;
        let told = world.told(&path).await;
        assert_eq!(told.pointer(at), Some(&want), "{fault}");
        assert_ne!(world.told(&path).await.pointer(at), Some(&want), "{fault}");
    }
}
