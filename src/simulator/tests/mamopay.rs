//! Mamo: from a link to its hooks, refusals, refunds, registration.

use super::*;

const KEY: &str = "sk-4f9a63e2-0000-4000-8000-0123456789ab";
const SECRET: &str = "0123456789abcdef0123456789abcdef01234567";

fn card(number: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("action", "card"),
        ("number", number),
        ("expiry", "01/28"),
        ("cvv", "123"),
    ]
}

impl World {
    async fn mamo(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.mamo_as(KEY, "mamopay", method, path, body).await
    }

    async fn mamo_as(
        &self,
        key: &str,
        mount: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (u16, Value) {
        let url = format!("{}/{mount}/manage_api/v1/{path}", self.url);
        let mut request = self
            .http
            .request(method.parse().unwrap(), url)
            .bearer_auth(key);
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn with_mamo(self) -> Self {
        let hook_url = format!("{}/mamo", self.hooks);
        let account = json!({"provider": "mamopay", "api_key": KEY, "webhook_secret": SECRET,
            "hook_url": hook_url, "name": "Souk"});
        self.control("accounts", account).await;
        self
    }

    async fn mamo_link(&self, reference: &str) -> (String, String) {
        let body = json!({
            "title": "Order 7", "amount": 33.99, "amount_currency": "AED", "capacity": 1,
            "external_id": reference, "custom_data": {"order": "7"}, "no_such_field": 1,
            "return_url": "https://shop.example/ok?x=1",
            "failure_return_url": "https://shop.example/failed",
        });
        let (status, told) = self.mamo("POST", "links", body).await;
        assert_eq!(status, 201, "{told}");
        assert_eq!(told["external_id"], reference);
        assert!(told.get("no_such_field").is_none() && told.get("charges").is_none());
        let text = |field: &str| told[field].as_str().unwrap().to_owned();
        (text("id"), text("payment_url"))
    }

    async fn mamo_hooks(&self) -> Vec<(HeaderMap, Value)> {
        self.control("advance", json!({"seconds": 0})).await;
        let hooks = self.hooks().into_iter();
        hooks
            .map(|(headers, body)| (headers, serde_json::from_str(&body).unwrap()))
            .collect()
    }
}

#[tokio::test]
async fn a_mamo_payment_goes_from_its_link_over_3ds_to_its_hook() {
    let world = World::start().await.with_mamo().await;
    let (id, page) = world.mamo_link("p-1").await;
    let html = world.http.get(&page).send().await.unwrap();
    let html = html.text().await.unwrap();
    assert!(html.contains("AED 33.99") && html.contains("Souk") && html.contains("no real money"));

    let (_, to) = world.submit(&page, &card("4567361325981788")).await;
    let to = to.unwrap();
    assert!(
        to.starts_with("https://shop.example/failed?createdAt="),
        "{to}"
    );
    assert!(to.contains("status=failed"));
    let path = format!("links/{id}");
    let (_, link) = world.mamo("GET", &path, Value::Null).await;
    assert_eq!(link["charges"][0]["status"], "failed");
    assert_eq!(link["charges"][0]["error_code"], "generic");
    assert_eq!(link["active"], true);

    world.submit(&page, &card("4242 4242 4242 4242")).await;
    let (_, link) = world.mamo("GET", &path, Value::Null).await;
    assert_eq!(link["charges"][1]["status"], "confirmation_required");
    let (status, to) = world
        .submit(&page, &[("action", "bank"), ("password", "Checkout1!")])
        .await;
    let to = to.unwrap();
    assert_eq!(status, 303);
    assert!(
        to.starts_with("https://shop.example/ok?x=1&createdAt="),
        "{to}"
    );
    assert!(to.contains(&format!(
        "paymentLinkId={id}&status=captured&transactionId=MPB-CHRG-"
    )));

    let (_, link) = world.mamo("GET", &path, Value::Null).await;
    let charge = link["charges"][1]["id"].as_str().unwrap();
    for name in ["charges", "payments"] {
        let (_, told) = world
            .mamo("GET", &format!("{name}/{charge}"), Value::Null)
            .await;
        assert_eq!(
            (&told["status"], &told["amount"], &told["external_id"]),
            (&json!("captured"), &json!(33.99), &json!("p-1"))
        );
        assert_eq!(told["payment_link_id"], id.as_str());
    }
    let hooks = world.mamo_hooks().await;
    let events: Vec<&Value> = hooks.iter().map(|(_, body)| &body["event_type"]).collect();
    assert_eq!(events, ["charge.failed", "charge.succeeded"]);
    let (headers, body) = &hooks[1];
    // Verbatim, without "Bearer".
    assert_eq!(headers["authorization"], SECRET);
    assert_eq!(
        (&body["id"], &body["custom_data"]),
        (&json!(charge), &json!({"order": "7"}))
    );
    let ledger = world.ledger().await;
    assert_eq!(ledger["payments"][0]["amount_minor"], 3_399);
    assert_eq!(ledger["payments"][0]["receipt"], charge);
    assert!(!ledger.to_string().contains("4242424242424242"));
    // Used once: nobody pays it again.
    world.submit(&page, &card("4659105569051157")).await;
    assert_eq!(world.ledger().await["payments"][0]["attempts"], 2);
}

#[tokio::test]
async fn the_documented_cards_do_what_the_documentation_says() {
    let world = World::start().await;
    for (number, us, want) in [
        ("4659105569051157", false, "captured"),
        ("4111111111111111", true, "confirmation_required"),
        ("4095254802642505", true, "failed"),
        ("4095254802642505", false, "active"),
        ("4024007103573027", false, "failed"),
        ("4000000000000000", false, "active"),
    ] {
        let (id, page) = world.mamo_link(number).await;
        let mut fields = card(number);
        if us {
            fields.extend([("address", "1 Main Street"), ("country", "US")]);
        }
        world.submit(&page, &fields).await;
        let ledger = world.ledger().await;
        let mut payments = ledger["payments"].as_array().unwrap().iter();
        let payment = payments.find(|p| p["provider_ref"] == id.as_str()).unwrap();
        assert_eq!(payment["status"], want, "{number}");
    }
    for (expiry, cvv, want) in [
        ("12/40", "123", "invalid_expiry"),
        ("01/28", "999", "incorrect_verification_code"),
    ] {
        let (id, page) = world.mamo_link("p-1").await;
        let fields = [
            ("action", "card"),
            ("number", "4659105569051157"),
            ("expiry", expiry),
            ("cvv", cvv),
        ];
        world.submit(&page, &fields).await;
        let (_, link) = world.mamo("GET", &format!("links/{id}"), Value::Null).await;
        assert_eq!(link["charges"][0]["error_code"], want);
    }
    let (id, page) = world.mamo_link("p-2").await;
    world.submit(&page, &card("4242424242424242")).await;
    world
        .submit(&page, &[("action", "bank"), ("password", "wrong")])
        .await;
    let (_, link) = world.mamo("GET", &format!("links/{id}"), Value::Null).await;
    assert_eq!(link["charges"][0]["error_code"], "authentication_failed");
}

#[tokio::test]
async fn mamo_refuses_what_the_real_one_refuses() {
    let world = World::start().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({"title": "Order", "amount": 10, "amount_currency": "AED"});
        body[field] = value;
        body
    };
    for (field, value, want) in [
        ("title", json!(""), 422),
        ("title", json!("x".repeat(51)), 422),
        ("description", json!("x".repeat(76)), 422),
        ("amount", json!(1.99), 422),
        ("amount", json!(10.001), 422),
        ("amount", json!("10"), 500),
        ("amount_currency", json!("KES"), 422),
        ("custom_data", json!("text"), 422),
        ("payment_methods", json!(["cash"]), 422),
        ("save_card", json!(true), 422),
        ("subscription", json!(true), 500),
        ("return_url", json!("not an address"), 422),
        ("amount", json!(2), 201),
    ] {
        let body = with(field, value.clone());
        let (status, told) = world.mamo("POST", "links", body).await;
        assert_eq!(status, want, "{field} {value}: {told}");
    }
    for key in ["sk-invalid", ""] {
        let (status, told) = world
            .mamo_as(key, "mamopay", "GET", "me", Value::Null)
            .await;
        assert_eq!((status, &told["error_code"]), (403, &json!("UNAUTHORIZED")));
    }
    for (path, code) in [
        ("links/MB-LINK-0", "RECORD_NOT_FOUND"),
        ("charges/MPB-CHRG-0", "RECORD_NOT_FOUND"),
        ("nothing", "NOT_FOUND"),
    ] {
        let (status, told) = world.mamo("GET", path, Value::Null).await;
        assert_eq!((status, &told["error_code"]), (404, &json!(code)), "{path}");
    }
}

#[tokio::test]
async fn a_key_of_one_host_and_its_links_are_unknown_to_the_other() {
    let world = World::start().await;
    let account = json!({"provider": "mamopay", "api_key": "sk-test-only", "mode": "test"});
    world.control("accounts", account).await;
    let me = |mount: &'static str| world.mamo_as("sk-test-only", mount, "GET", "me", Value::Null);
    assert_eq!(me("mamopay").await.0, 200);
    assert_eq!(me("mamopay-live").await.0, 403);
    let (id, page) = world.mamo_link("p-1").await;
    let path = format!("links/{id}");
    let (status, _) = world
        .mamo_as(KEY, "mamopay-live", "GET", &path, Value::Null)
        .await;
    assert_eq!(status, 404);
    let other = page.replace("/mamopay/", "/mamopay-live/");
    assert_eq!(world.http.get(other).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn links_are_listed_page_by_page_and_closed() {
    let world = World::start().await;
    for n in 1..=5 {
        world.mamo_link(&format!("p-{n}")).await;
    }
    let (_, list) = world
        .mamo("GET", "links?page=2&per_page=2", Value::Null)
        .await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(list["pagination_meta"]["total_pages"], 3);
    assert!(list["data"][0].get("charges").is_none());
    let (id, page) = world.mamo_link("p-6").await;
    let path = format!("links/{id}");
    let (status, told) = world.mamo("PATCH", &path, json!({"active": false})).await;
    assert_eq!((status, &told["active"]), (200, &json!(false)));
    world.submit(&page, &card("4659105569051157")).await;
    let (_, link) = world.mamo("GET", &path, Value::Null).await;
    assert_eq!(link["charges"], json!([]));
    let (id, _) = world.mamo_link("p-7").await;
    let path = format!("links/{id}");
    let (_, told) = world.mamo("DELETE", &path, Value::Null).await;
    assert_eq!(told, json!({"success": true}));
    let (_, link) = world.mamo("GET", &path, Value::Null).await;
    assert_eq!(link["active"], false);
}

#[tokio::test]
async fn mamo_refunds_run_on_the_clock_and_never_exceed_the_charge() {
    let world = World::start().await.with_mamo().await;
    let (id, page) = world.mamo_link("p-1").await;
    world.submit(&page, &card("4659105569051157")).await;
    let (_, link) = world.mamo("GET", &format!("links/{id}"), Value::Null).await;
    let charge = link["charges"][0]["id"].as_str().unwrap();
    let path = format!("charges/{charge}");
    let refunds = format!("{path}/refunds");
    for (amount, want) in [(json!(0.5), 422), (json!(34), 422), (Value::Null, 422)] {
        let (status, _) = world
            .mamo("POST", &refunds, json!({"amount": amount}))
            .await;
        assert_eq!(status, want);
    }
    let (status, told) = world.mamo("POST", &refunds, json!({"amount": 10})).await;
    assert_eq!(
        (status, told),
        (
            200,
            json!({"refund_amount": 10.0, "refund_status": "success"})
        )
    );
    let (_, now) = world.mamo("GET", &path, Value::Null).await;
    assert_eq!(now["status"], "refund_initiated");
    let (_, told) = world.mamo("POST", &refunds, json!({"amount": 5.5})).await;
    assert_eq!(told["refund_amount"], 15.5);
    world.control("advance", json!({"seconds": 3})).await;
    let (_, now) = world.mamo("GET", &path, Value::Null).await;
    assert_eq!(
        (&now["status"], &now["refund_amount"], &now["refund_status"]),
        (&json!("refunded"), &json!(15.5), &json!("success"))
    );
    assert_eq!(now["refunds"].as_array().unwrap().len(), 2);
    let (_, list) = world
        .mamo("GET", "charges?page=1&per_page=50", Value::Null)
        .await;
    assert_eq!(list["data"][0]["refund_amount"], "15.5");

    let fails = json!({"provider": "mamopay", "reference": "p-1", "outcome": "refund_fails"});
    world.control("decide", fails).await;
    world.mamo("POST", &refunds, json!({"amount": 1})).await;
    world.control("advance", json!({"seconds": 3})).await;
    let (_, now) = world.mamo("GET", &path, Value::Null).await;
    assert_eq!(
        (&now["status"], &now["refund_amount"], &now["refund_status"]),
        (&json!("refunded"), &json!(15.5), &json!("failed"))
    );
    let hooks = world.mamo_hooks().await;
    let events: Vec<&Value> = hooks.iter().map(|(_, body)| &body["event_type"]).collect();
    let expected = [
        "charge.succeeded",
        "charge.refund_initiated",
        "charge.refund_initiated",
        "charge.refunded",
        "charge.refunded",
        "charge.refund_initiated",
        "charge.refund_failed",
    ];
    assert_eq!(events, expected);
    let ledger = world.ledger().await;
    assert_eq!(ledger["payments"][0]["refunded_minor"], 1_550);
    let calls: Vec<&Value> = ledger["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["operation"])
        .collect();
    for operation in ["start", "fetch", "refund", "fetch_refund"] {
        assert!(calls.contains(&&json!(operation)), "{operation}");
    }
}

#[tokio::test]
async fn only_dirhams_go_back() {
    let world = World::start().await;
    let body = json!({"title": "Order", "amount": 10, "amount_currency": "USD",
        "external_id": "p-1"});
    world.mamo("POST", "links", body).await;
    let paid = json!({"provider": "mamopay", "reference": "p-1", "outcome": "paid"});
    let payment = world.control("decide", paid).await["payment"].clone();
    let path = format!("charges/{}/refunds", payment["receipt"].as_str().unwrap());
    let (status, told) = world.mamo("POST", &path, json!({"amount": 10})).await;
    assert_eq!(status, 422);
    assert_eq!(told["error_code"], "UNPROCESSABLE ENTITY");
}

#[tokio::test]
async fn an_address_is_pinged_when_it_is_registered_and_told_under_the_names_it_asked_for() {
    let world = World::start().await;
    let url = format!("{}/live", world.hooks);
    let dead = json!({"url": "http://127.0.0.1:1/x", "enabled_events": ["charge.failed"]});
    let (status, told) = world.mamo("POST", "webhooks", dead).await;
    assert_eq!(
        (status, &told["errors"]),
        (422, &json!(["Webhook is unreachable"]))
    );
    let wanted = json!({"url": url, "auth_header": SECRET,
        "enabled_events": ["payment.succeeded", "charge.succeeded"]});
    let (status, told) = world.mamo("POST", "webhooks", wanted).await;
    assert_eq!((status, &told["auth_header"]), (201, &json!(SECRET)));
    let (headers, body) = &world.hooks()[0];
    assert_eq!(body, r#"{"ping":"pong"}"#);
    assert!(headers.get("authorization").is_none());
    let (_, list) = world.mamo("GET", "webhooks", Value::Null).await;
    assert_eq!(list[0], told);
    let path = format!("webhooks/{}", told["id"].as_str().unwrap());
    for body in [
        json!({"url": url}),
        json!({"enabled_events": ["charge.failed"]}),
    ] {
        assert_eq!(world.mamo("PATCH", &path, body).await.0, 422);
    }
    world.mamo_link("p-1").await;
    let paid = json!({"provider": "mamopay", "reference": "p-1", "outcome": "paid"});
    world.control("decide", paid).await;
    let hooks = world.mamo_hooks().await;
    let events: Vec<&Value> = hooks[1..].iter().map(|(_, b)| &b["event_type"]).collect();
    assert_eq!(events, ["charge.succeeded", "payment.succeeded"]);
    assert_eq!(hooks[1].0["authorization"], SECRET);
    let ledger = world.ledger().await;
    let pings = ledger["hooks"].as_array().unwrap().iter();
    assert_eq!(pings.filter(|h| h["event"] == "ping").count(), 1);
    let (_, gone) = world.mamo("DELETE", &path, Value::Null).await;
    assert_eq!(gone["success"], true);
}

#[tokio::test]
async fn decisions_forgeries_and_lies_about_a_mamo_link() {
    let world = World::start().await.with_mamo().await;
    let (id, _) = world.mamo_link("p-1").await;
    let decide = |outcome: &str| {
        let wanted = json!({"provider": "mamopay", "reference": "p-1", "outcome": outcome});
        let url = format!("{}/_control/decide", world.url);
        let request = world.http.post(url).json(&wanted);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(decide("expired").await, 400);
    assert_eq!(decide("processing").await, 200);
    let forged = json!({"provider": "mamopay", "reference": "p-1"});
    world.control("forge", forged).await;
    let (_, lie) = world.mamo_hooks().await.remove(0);
    assert_eq!(
        (&lie["status"], &lie["external_id"]),
        (&json!("captured"), &json!("p-1"))
    );
    let path = format!("charges/{}", lie["id"].as_str().unwrap());
    assert_eq!(world.mamo("GET", &path, Value::Null).await.0, 404);
    assert_eq!(decide("cancelled").await, 200);
    let path = format!("links/{id}");
    let (_, link) = world.mamo("GET", &path, Value::Null).await;
    assert_eq!(link["active"], false);
    // Late money: the try that was under way.
    assert_eq!(decide("paid").await, 200);
    assert_eq!(decide("paid").await, 400);
    for (fault, field, want) in [
        ("wrong_amount", "amount", json!(32.99)),
        ("wrong_currency", "amount_currency", json!("USD")),
        ("wrong_reference", "external_id", json!("somebody-elses")),
    ] {
        let planted = json!({"provider": "mamopay", "operation": "fetch", "fault": fault,
            "match": {"reference": "p-1"}});
        world.control("faults", planted).await;
        let (_, link) = world.mamo("GET", &path, Value::Null).await;
        assert_eq!(link[field], want, "{fault}");
    }
}
