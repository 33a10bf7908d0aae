//! What the API refuses, and that each refusal names its field.
use crate::support::TestApp;
use crate::support::api::{Answer, id};
use serde_json::{Value, json};

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({ "reference": "A", "amount": 150_000, "currency": "KES",
        "customer": {} });
    match field.split_once('.') {
        Some((outer, inner)) => body[outer][inner] = value,
        None => body[field] = value,
    }
    body
}

#[tokio::test]
async fn every_field_of_an_order_that_is_wrong_is_named() {
    let t = TestApp::start().await;
    let many: serde_json::Map<_, _> = (0..21).map(|i| (format!("k{i}"), json!("v"))).collect();
    for (field, value) in [
        ("reference", json!(null)),
        ("reference", json!("")),
        ("reference", json!("   ")),
        ("reference", json!("x".repeat(65))),
        ("reference", json!("a\u{0}b")),
        ("reference", json!(7)),
        ("amount", json!(null)),
        ("amount", json!(0)),
        ("amount", json!(-5)),
        ("amount", json!(1.5)),
        ("amount", json!("150000")),
        ("amount", json!(1_000_000_000_000_001_i64)),
        ("amount", json!(u64::MAX)),
        ("amount", json!(1e30)),
        ("currency", json!(null)),
        ("currency", json!("kes")),
        ("currency", json!("ZZZ")),
        ("currency", json!(["KES"])),
        ("kind", json!("gift")),
        ("description", json!("x".repeat(201))),
        ("description", json!({})),
        ("customer", json!("Wanjiku")),
        ("customer.email", json!("nobody")),
        ("customer.email", json!("a@b")),
        ("customer.email", json!("a b@c.example")),
        ("customer.phone", json!("0712")),
        ("customer.phone", json!("hello")),
        ("customer.name", json!("x".repeat(101))),
        ("customer.external_id", json!("x".repeat(101))),
        ("customer.nickname", json!("W")),
        ("metadata", json!(many)),
        ("metadata", json!([1])),
        ("metadata", json!({ "a": "x".repeat(501) })),
        ("return_url", json!("javascript:alert(1)")),
        ("return_url", json!("shop.example/back")),
        ("return_url", json!("https://user:pw@shop.example")),
        ("failure_url", json!("ftp://shop.example")),
        ("expires_in", json!(59)),
        ("expires_in", json!(7_776_001)),
        ("expires_in", json!("1h")),
        ("providers", json!(["goldcoins"])),
        ("providers", json!("mpesa")),
        ("locale", json!("xx")),
        ("livemode", json!(true)),
        ("status", json!("paid")),
        ("amount_paid", json!(150_000)),
    ] {
        let refused = t.api.post("/orders", with(field, value.clone())).await;
        let body = refused.json();
        assert_eq!(refused.status, 422, "{field} {value}: {}", refused.text);
        let named = body["field"].as_str().unwrap_or_default();
        assert!(
            named == field || named.starts_with(&format!("{field}.")),
            "{field} {value}: {named}"
        );
        assert!(!body["code"].as_str().unwrap().is_empty());
    }
    assert_eq!(t.api.get("/orders").await.ok()["data"], json!([]));
}

#[tokio::test]
async fn what_is_odd_but_right_is_taken() {
    let t = TestApp::start().await;
    for (field, value) in [
        ("reference", json!("  BK 20418/7  ")),
        ("amount", json!(1)),
        ("description", json!("Ngũgĩ \u{1F957} <b>&amp;</b> \"'")),
        ("metadata", json!({ "a": "" })),
        ("expires_in", json!(60)),
        ("customer.phone", json!("+254 712 345 678")),
        ("locale", json!("ar")),
        ("kind", json!("deposit")),
    ] {
        let made = t.api.post("/orders", with(field, value.clone())).await;
        assert_eq!(made.status, 201, "{field} {value}: {}", made.text);
        assert_eq!(t.api.now(&made.json()).await, made.json());
    }
}

#[tokio::test]
async fn payments_name_what_they_lack() {
    let t = TestApp::start().await;
    let bare = json!({ "reference": "A", "amount": 150_000, "currency": "KES" });
    let order = t.api.post("/orders", bare).await.ok();
    let path = format!("/orders/{}/payments", id(&order));
    for (body, field, code) in [
        (json!({}), "provider", "required"),
        (json!({ "provider": "x" }), "provider", "provider_unknown"),
        (json!({ "provider": "mpesa" }), "phone", "phone_required"),
        (
            json!({ "provider": "mpesa", "phone": "0712" }),
            "phone",
            "phone_invalid",
        ),
        (
            json!({ "provider": "mpesa", "phone": "+44 7911 123456" }),
            "phone",
            "phone_not_of_country",
        ),
        (
            json!({ "provider": "mpesa", "method": "card" }),
            "method",
            "method_unknown",
        ),
        (
            json!({ "provider": "paystack", "method": "gold" }),
            "method",
            "method_unknown",
        ),
        (
            json!({ "provider": "paystack" }),
            "customer.email",
            "email_required",
        ),
        (
            json!({ "provider": "mock", "amount": 5 }),
            "amount",
            "unknown_field",
        ),
    ] {
        let refused = t.api.post(&path, body.clone()).await;
        assert_eq!(refused.status, 422, "{body}: {}", refused.text);
        let told = refused.json();
        assert_eq!(
            (told["field"].as_str(), told["code"].as_str()),
            (Some(field), Some(code)),
            "{body}"
        );
    }
    assert_eq!(t.api.now(&order).await["payments"], json!([]));
    assert_eq!(t.sim.ledger().await["calls"], json!([]));
}

#[tokio::test]
async fn an_amount_that_a_providers_unit_cannot_carry_is_refused_never_rounded() {
    let t = TestApp::start().await;
    let order = t.api.order(150_050, json!({})).await;
    let refused = t.api.try_pay(&order, "mpesa", json!({})).await;
    assert_eq!(
        (refused.status, &refused.json()["field"]),
        (422, &json!("amount"))
    );
    let order = t.api.order(25_000_100, json!({})).await;
    let refused = t.api.try_pay(&order, "mpesa", json!({})).await;
    assert_eq!(
        (refused.status, &refused.json()["field"]),
        (422, &json!("amount"))
    );
    let order = t.api.order(150_000, json!({ "currency": "UGX" })).await;
    let refused = t.api.try_pay(&order, "mpesa", json!({})).await;
    assert_eq!(
        (refused.status, &refused.json()["field"]),
        (422, &json!("currency"))
    );
    assert_eq!(t.sim.ledger().await["calls"], json!([]));
}

#[tokio::test]
async fn bodies_that_are_no_json_objects_are_refused() {
    let t = TestApp::start().await;
    let url = format!("{}/api/v1/orders", t.url);
    for (kind, body, status) in [
        ("application/json", "", 400),
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
        ("application/json", "\"a\"", 400),
        ("text/plain", "{}", 415),
        ("application/x-www-form-urlencoded", "a=b", 415),
    ] {
        let request = t.http.post(&url).bearer_auth(&t.api.key);
        let request = request.header("content-type", kind).body(body);
        let answer = Answer::read(request.send().await.unwrap()).await;
        let told = answer.refusal();
        assert!(
            told.0 == status || (status == 400 && told.0 == 422),
            "{kind} {body}: {told:?}"
        );
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(300_000));
    let deep = "[".repeat(50_000);
    for (body, statuses) in [(large, [413, 413]), (deep, [400, 422])] {
        let request = t.http.post(&url).bearer_auth(&t.api.key);
        let request = request
            .header("content-type", "application/json")
            .body(body);
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert!(statuses.contains(&answer.refusal().0), "{}", answer.text);
    }
    assert_eq!(t.api.get("/orders").await.ok()["data"], json!([]));
}

#[tokio::test]
async fn lists_page_by_cursor_and_refuse_what_they_do_not_know() {
    let t = TestApp::start().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.insert(0, t.api.order(1_000, json!({})).await["id"].clone());
    }
    let (mut seen, mut path) = (Vec::new(), "/orders?limit=2".to_owned());
    loop {
        let page = t.api.get(&path).await.ok();
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|o| o["id"].clone()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => path = format!("/orders?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("status=gone", "status"),
        ("colour=red", "colour"),
    ] {
        let refused = t.api.get(&format!("/orders?{query}")).await;
        assert_eq!(
            (refused.status, &refused.json()["field"]),
            (422, &json!(field)),
            "{query}"
        );
    }
    let open = t.api.get("/orders?status=open").await.ok();
    assert_eq!(open["data"].as_array().unwrap().len(), 5);
    let paid = t.api.get("/orders?status=paid").await.ok();
    assert_eq!(paid, json!({ "data": [], "next_cursor": null }));
}

#[tokio::test]
async fn r16_no_operation_or_page_takes_a_card_number() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    for field in ["card", "card_number", "number", "cvv", "pan", "expiry"] {
        let card = json!({ field: "4084084084084081", "method": "card" });
        let refused = t.api.try_pay(&order, "paystack", card).await;
        assert_eq!(refused.status, 422, "{field}");
        assert_eq!(refused.json()["field"], field);
    }
    // Paying by card leads away, to the provider's own page.
    let card = t
        .api
        .pay(&order, "paystack", json!({ "method": "card" }))
        .await;
    let url = card["next_action"]["url"].as_str().unwrap();
    assert!(url.starts_with(&t.sim.url), "{url}");
    let page = reqwest::Client::builder().build().unwrap();
    let page = page
        .get(order["checkout_url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    for mark in ["cc-number", "cc-csc", "cc-exp", "name=\"card", "name=\"cvv"] {
        assert!(!page.contains(mark), "{mark}");
    }
}
