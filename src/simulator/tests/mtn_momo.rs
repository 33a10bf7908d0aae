//! MTN MoMo: tokens, prompts by number and by hand, refusals, refunds, callbacks.

use super::*;
use axum::http::StatusCode;

const PAY: &str = "collection/v1_0/requesttopay";
const REFUND: &str = "disbursement/v1_0/refund";
const UGANDAN: &str = "256772123456";

/// A UUID of version 4 for a small number.
fn id(n: u32) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

fn order(phone: &str, amount: &str, currency: &str) -> Value {
    json!({
        "amount": amount, "currency": currency, "externalId": "p-1",
        "payer": {"partyIdType": "MSISDN", "partyId": phone},
        "payerMessage": "Two tickets", "payeeNote": "Order 1",
    })
}

struct Wire<'a> {
    world: &'a World,
    token: String,
    product: &'static str,
    environment: &'static str,
    key: &'static str,
}

impl World {
    /// The answer to a token call with this user, key and subscription key.
    async fn momo_token(&self, product: &str, user: &str, key: &str, sub: &str) -> (u16, Value) {
        let url = format!("{}/mtn_momo/{product}/token/", self.url);
        let request = self.http.post(url).basic_auth(user, Some(key));
        let request = request.header("ocp-apim-subscription-key", sub);
        let answer = request.header("content-length", "0").body("").send();
        read(answer.await.unwrap()).await
    }

    async fn momo(&self, product: &'static str) -> Wire<'_> {
        let (status, told) = self.momo_token(product, "user", "key", "sub").await;
        assert_eq!(status, 200, "{told}");
        Wire {
            world: self,
            token: told["access_token"].as_str().unwrap().to_owned(),
            product,
            environment: "sandbox",
            key: "sub",
        }
    }
}

async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap();
    let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
    (status, body)
}

impl Wire<'_> {
    fn request(&self, verb: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/mtn_momo/{path}", self.world.url);
        let request = self.world.http.request(verb, url).bearer_auth(&self.token);
        let request = request.header("x-target-environment", self.environment);
        request.header("ocp-apim-subscription-key", self.key)
    }

    async fn post(&self, path: &str, id: &str, body: &Value) -> (u16, Value) {
        let request = self.request(reqwest::Method::POST, path);
        let url = format!("{}/hooks/0a1b/{id}", self.world.hooks);
        let request = request.header("x-callback-url", url);
        let answer = request.header("x-reference-id", id).json(body).send();
        read(answer.await.unwrap()).await
    }

    async fn get(&self, path: &str, id: &str) -> (u16, Value) {
        let request = self.request(reqwest::Method::GET, &format!("{path}/{id}"));
        read(request.send().await.unwrap()).await
    }

    /// Status and reason of a request to pay.
    async fn end(&self, id: &str) -> (String, String) {
        let (_, told) = self.get(PAY, id).await;
        let text = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
        (text("status"), text("reason"))
    }

    async fn refund(&self, n: u32, of: &str, amount: &str) -> u16 {
        let body = json!({
            "amount": amount, "currency": "EUR", "externalId": "ref-1", "payerMessage": "Refund",
            "payeeNote": "Refund", "referenceIdToRefund": of,
        });
        self.post(REFUND, &id(n), &body).await.0
    }
}

#[tokio::test]
async fn mtn_numbers_do_what_mtn_says_and_call_back_once() {
    let world = World::start().await;
    let wire = world.momo("collection").await;
    let numbers = [
        ("56733123453", "SUCCESSFUL", ""),
        ("46733123450", "FAILED", "INTERNAL_PROCESSING_ERROR"),
        ("46733123451", "FAILED", "APPROVAL_REJECTED"),
        ("46733123452", "FAILED", "EXPIRED"),
        ("46733123461", "FAILED", "INTERNAL_PROCESSING_ERROR"),
        ("46733123462", "FAILED", "SERVICE_UNAVAILABLE"),
        ("46733123463", "FAILED", "COULD_NOT_PERFORM_TRANSACTION"),
        ("46733123453", "PENDING", ""),
        ("46733123454", "CREATED", ""),
    ];
    for (n, (phone, ..)) in (0..).zip(numbers) {
        let answer = wire.post(PAY, &id(n), &order(phone, "25.50", "EUR")).await;
        assert_eq!(answer, (202, json!("")), "{phone}");
        let status = wire.end(&id(n)).await.0;
        assert!(["PENDING", "CREATED"].contains(&status.as_str()), "{phone}");
    }
    world.control("advance", json!({"seconds": 31})).await;
    for (n, (phone, status, reason)) in (0..).zip(numbers) {
        let want = (status.to_owned(), reason.to_owned());
        assert_eq!(wire.end(&id(n)).await, want, "{phone}");
    }
    let (_, paid) = wire.get(PAY, &id(0)).await;
    assert_eq!(
        (&paid["amount"], &paid["externalId"]),
        (&json!("25.5"), &json!("p-1"))
    );
    assert!(paid["financialTransactionId"].is_string());
    assert_eq!(world.hooks().len(), 7);
    let told: Value = serde_json::from_str(&world.hooks()[0].1).unwrap();
    assert_eq!(told["status"], "SUCCESSFUL");
    assert!(told.get("payerMessage").is_none());

    world.control("advance", json!({"seconds": 300})).await;
    let expired = ("FAILED".to_owned(), "EXPIRED".to_owned());
    assert_eq!(wire.end(&id(7)).await, expired);
    world.control("advance", json!({"seconds": 300})).await;
    assert_eq!(wire.end(&id(8)).await.0, "SUCCESSFUL");

    for (n, phone, code) in [
        (20, "46733123455", "PAYER_NOT_FOUND"),
        (21, "46733123456", "PAYEE_NOT_ALLOWED_TO_RECEIVE"),
        (22, "46733123457", "NOT_ALLOWED"),
        (23, "46733123458", "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        (24, "46733123459", "INVALID_CALLBACK_URL_HOST"),
        (25, "46733123460", "INVALID_CURRENCY"),
    ] {
        let (status, told) = wire.post(PAY, &id(n), &order(phone, "1", "EUR")).await;
        assert_eq!((status, &told["code"]), (500, &json!(code)));
        assert_eq!(wire.get(PAY, &id(n)).await.0, 404);
    }
}

#[tokio::test]
async fn mtn_refuses_what_the_real_one_refuses() {
    let world = World::start().await;
    let mut wire = world.momo("collection").await;
    let good = order("56733123453", "25", "EUR");
    for (n, field, value, want) in [
        (1, "amount", json!(25), 400),
        (2, "amount", json!("25,5"), 400),
        (3, "amount", json!("0"), 400),
        (4, "currency", json!("UGX"), 500),
        (
            5,
            "payer",
            json!({"partyIdType": "MSISDN", "partyId": "+56733123453"}),
            400,
        ),
        (
            6,
            "payer",
            json!({"partyIdType": "MSISDN", "partyId": "0733123453"}),
            400,
        ),
        (7, "payerMessage", json!("x".repeat(161)), 400),
        // The firewall's page, and nothing is made.
        (8, "payeeNote", json!("Order #1"), 200),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let (status, told) = wire.post(PAY, &id(n), &body).await;
        assert_eq!(status, want, "{field}: {told}");
        assert_eq!(wire.get(PAY, &id(n)).await.0, 404, "{field}");
    }
    assert_eq!(wire.post(PAY, "p-1", &good).await.0, 400);
    let version_1 = "00000009-0000-1000-8000-000000000000";
    assert_eq!(wire.post(PAY, version_1, &good).await.0, 400);
    let empty = wire
        .request(reqwest::Method::POST, PAY)
        .header("x-callback-url", "");
    let empty = empty.header("x-reference-id", id(9)).json(&good).send();
    assert_eq!(empty.await.unwrap().status(), 400);
    assert_eq!(wire.post(PAY, &id(10), &good).await.0, 202);
    let (status, told) = wire.post(PAY, &id(10), &good).await;
    assert_eq!(
        (status, &told["code"]),
        (409, &json!("RESOURCE_ALREADY_EXIST"))
    );

    wire.environment = "production";
    let (status, told) = wire.post(PAY, &id(11), &good).await;
    assert_eq!(status, 500);
    assert_eq!(told["code"], "NOT_ALLOWED_TARGET_ENVIRONMENT");
    wire.environment = "mtnuganda";
    assert_eq!(wire.get(PAY, &id(10)).await.0, 404, "the other mode");
    let local = order(UGANDAN, "15000", "UGX");
    assert_eq!(wire.post(PAY, &id(12), &local).await.0, 202);
    let (_, told) = wire
        .post(PAY, &id(13), &order("233244123456", "1", "UGX"))
        .await;
    assert_eq!(told["code"], "PAYER_NOT_FOUND");
    wire.key = "invalid";
    assert_eq!(wire.get(PAY, &id(12)).await.0, 401);
    let ledger = world.ledger().await;
    assert_eq!(ledger["payments"][1]["amount_minor"], 15_000);
    assert_eq!(ledger["payments"][1]["mode"], "live");
}

#[tokio::test]
async fn mtn_gives_tokens_of_one_product_for_an_hour() {
    let world = World::start().await;
    let url = format!("{}/mtn_momo/collection/token/", world.url);
    let chunked =
        reqwest::Body::wrap_stream(futures::stream::empty::<Result<String, std::io::Error>>());
    let request = world
        .http
        .post(url)
        .basic_auth("user", Some("key"))
        .body(chunked);
    let answer = request
        .header("ocp-apim-subscription-key", "sub")
        .send()
        .await;
    assert_eq!(
        answer.unwrap().status(),
        StatusCode::LENGTH_REQUIRED.as_u16()
    );
    let (status, told) = world.momo_token("collection", "user", "key", "").await;
    assert_eq!((status, &told["statusCode"]), (401, &json!(401)));
    let (status, told) = world
        .momo_token("collection", "user", "invalid", "sub")
        .await;
    assert_eq!((status, &told["error"]), (401, &json!("login_failed")));

    let mut wire = world.momo("collection").await;
    let body = order(UGANDAN, "5", "EUR");
    assert_eq!(wire.post(PAY, &id(1), &body).await.0, 202);
    world.control("advance", json!({"seconds": 3600})).await;
    assert_eq!(wire.post(PAY, &id(2), &body).await, (401, json!("")));
    wire.token = world.momo("disbursement").await.token;
    assert_eq!(
        wire.post(PAY, &id(2), &body).await.0,
        401,
        "of {}",
        wire.product
    );

    let account = json!({
        "provider": "mtn_momo", "api_user": "shop", "api_key": "k1", "subscription_key": "s1",
        "target_environment": "sandbox", "disbursement_subscription_key": "s2",
        "callback_host": "pay.example",
    });
    world.control("accounts", account).await;
    for (product, key, sub, want) in [
        ("collection", "k1", "s1", 200),
        ("collection", "k2", "s1", 401),
        ("collection", "k1", "s2", 401),
        ("disbursement", "k1", "s2", 200),
        ("disbursement", "k1", "s1", 401),
    ] {
        let (status, _) = world.momo_token(product, "shop", key, sub).await;
        assert_eq!(status, want, "{product} {key} {sub}");
    }
    let (_, told) = world.momo_token("collection", "shop", "k1", "s1").await;
    wire.token = told["access_token"].as_str().unwrap().to_owned();
    wire.key = "s1";
    let (status, told) = wire.post(PAY, &id(3), &body).await;
    assert_eq!(
        (status, &told["code"]),
        (500, &json!("INVALID_CALLBACK_URL_HOST"))
    );
    wire.environment = "mtnghana";
    assert_eq!(wire.get(PAY, &id(3)).await.0, 500);
}

#[tokio::test]
async fn mtn_makes_api_users_with_a_host_and_a_key() {
    let world = World::start().await;
    let wire = world.momo("collection").await;
    let make = |host: &'static str, n: u32| {
        let request = wire.request(reqwest::Method::POST, "v1_0/apiuser");
        let request = request.header("x-reference-id", id(n));
        request.json(&json!({"providerCallbackHost": host})).send()
    };
    assert_eq!(make("https://pay.example", 1).await.unwrap().status(), 400);
    assert_eq!(make("pay.example", 1).await.unwrap().status(), 201);
    assert_eq!(make("pay.example", 1).await.unwrap().status(), 409);
    let (_, told) = wire.get("v1_0/apiuser", &id(1)).await;
    let want = json!({"providerCallbackHost": "pay.example", "targetEnvironment": "sandbox"});
    assert_eq!(told, want);
    let key = |n: u32| {
        let path = format!("v1_0/apiuser/{}/apikey", id(n));
        let request = wire.request(reqwest::Method::POST, &path);
        request.header("content-length", "0").body("").send()
    };
    assert_eq!(key(2).await.unwrap().status(), 404);
    let (status, told) = read(key(1).await.unwrap()).await;
    assert_eq!(status, 201);
    let key = told["apiKey"].as_str().unwrap();
    assert_eq!(
        world.momo_token("collection", &id(1), key, "sub").await.0,
        200
    );
    assert_eq!(
        world
            .momo_token("collection", &id(1), "other", "sub")
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn mtn_gives_back_parts_and_never_more_than_was_paid() {
    let world = World::start().await;
    let wire = world.momo("collection").await;
    let refunds = world.momo("disbursement").await;
    let body = order("56733123453", "25", "EUR");
    wire.post(PAY, &id(1), &body).await;
    assert_eq!(refunds.refund(10, &id(1), "5").await, 400, "not paid yet");
    world.control("advance", json!({"seconds": 31})).await;
    assert_eq!(refunds.refund(10, &id(1), "5").await, 202);
    assert_eq!(refunds.refund(10, &id(1), "5").await, 409);
    assert_eq!(refunds.refund(11, &id(1), "20.01").await, 400);
    assert_eq!(refunds.refund(12, &id(9), "1").await, 400);
    assert_eq!(refunds.get(REFUND, &id(10)).await.1["status"], "PENDING");
    world.control("advance", json!({"seconds": 2})).await;
    let (_, told) = refunds.get(REFUND, &id(10)).await;
    assert_eq!(
        (&told["status"], &told["payee"]["partyId"]),
        (&json!("SUCCESSFUL"), &json!("56733123453"))
    );
    assert!(world.hooks().last().unwrap().1.contains("\"payee\""));
    assert_eq!(world.ledger().await["payments"][0]["refunded_minor"], 500);
    assert_eq!(refunds.get(REFUND, &id(11)).await.0, 404);

    // The ids that MTN documents for the sandbox.
    assert_eq!(refunds.refund(20, "1", "5").await, 404);
    assert_eq!(refunds.refund(22, "2", "5").await, 202);
    assert_eq!(refunds.refund(25, "5", "5").await, 202);
    // Two numbers of the simulator's own.
    for (n, phone) in [(2, "256772120007"), (3, "256772120008")] {
        let mut body = body.clone();
        body["payer"]["partyId"] = json!(phone);
        wire.post(PAY, &id(n), &body).await;
    }
    world.control("advance", json!({"seconds": 31})).await;
    assert_eq!(refunds.refund(30, &id(2), "25").await, 202);
    assert_eq!(refunds.refund(31, &id(3), "25").await, 202);
    world.control("advance", json!({"seconds": 60})).await;
    for (n, status, reason) in [
        (22, "FAILED", json!("INTERNAL_PROCESSING_ERROR")),
        (25, "PENDING", Value::Null),
        (30, "FAILED", json!("NOT_ENOUGH_FUNDS")),
        (31, "PENDING", Value::Null),
    ] {
        let (_, told) = refunds.get(REFUND, &id(n)).await;
        assert_eq!(
            (&told["status"], &told["reason"]),
            (&json!(status), &reason),
            "{n}"
        );
    }
    assert_eq!(
        refunds.refund(32, &id(2), "25").await,
        202,
        "a failed one gives back"
    );
}

#[tokio::test]
async fn mtn_answers_are_lost_distorted_and_forged_on_demand() {
    let world = World::start().await;
    let wire = world.momo("collection").await;
    let body = order("56733123453", "25.50", "EUR");
    let fault = |operation: &str, kind: &str, after: bool| {
        json!({"provider": "mtn_momo", "operation": operation, "fault": kind,
            "after_effect": after, "match": {"reference": "p-1"}})
    };
    world
        .control("faults", fault("start", "http_500", true))
        .await;
    assert_eq!(wire.post(PAY, &id(1), &body).await.0, 500);
    assert_eq!(wire.get(PAY, &id(1)).await.0, 200, "it was made");
    world
        .control("faults", fault("start", "http_500", false))
        .await;
    assert_eq!(wire.post(PAY, &id(2), &body).await.0, 500);
    assert_eq!(wire.get(PAY, &id(2)).await.0, 404, "it was not");
    world
        .control("faults", fault("start", "wrong_amount", false))
        .await;
    assert_eq!(wire.post(PAY, &id(3), &body).await, (202, json!("")));
    for (kind, field, want) in [
        ("wrong_amount", "amount", "26.5"),
        ("wrong_currency", "currency", "GHS"),
        ("wrong_reference", "externalId", "somebody-else"),
        ("wrong_mode", "status", "PENDING"),
    ] {
        world.control("faults", fault("fetch", kind, false)).await;
        assert_eq!(wire.get(PAY, &id(1)).await.1[field], want, "{kind}");
    }
    let named = json!({"provider": "mtn_momo", "reference": id(1)});
    world.control("forge", named.clone()).await;
    let lie: Value = serde_json::from_str(&world.hooks()[0].1).unwrap();
    assert_eq!(lie["status"], "SUCCESSFUL");
    assert_eq!(wire.end(&id(1)).await.0, "PENDING");
    for (outcome, want) in [("cancelled", "APPROVAL_REJECTED"), ("paid", "")] {
        let mut named = named.clone();
        named["outcome"] = json!(outcome);
        world.control("decide", named).await;
        assert_eq!(wire.end(&id(1)).await.1, want, "{outcome}");
    }
    assert_eq!(wire.end(&id(1)).await.0, "SUCCESSFUL", "late money");
}

#[tokio::test]
async fn a_person_can_hold_the_mtn_phone() {
    let world = World::start().await;
    let wire = world.momo("collection").await;
    let phone = format!("{}/mtn_momo/phone", world.url);
    world.submit(&phone, &[("outcome", "by_me")]).await;
    let mut body = order(UGANDAN, "25.50", "EUR");
    body["payerMessage"] = json!("<b>");
    for n in 1..=3 {
        wire.post(PAY, &id(n), &body).await;
    }
    world.control("advance", json!({"seconds": 60})).await;
    let page = world.http.get(&phone).send().await.unwrap();
    let html = page.text().await.unwrap();
    assert!(
        html.contains("EUR 25.5") && html.contains("&lt;b&gt;"),
        "{html}"
    );
    for (n, outcome) in [(1, "paid"), (2, "cancelled")] {
        let (status, to) = world
            .submit(&phone, &[("id", &id(n)), ("outcome", outcome)])
            .await;
        assert_eq!((status, to.as_deref()), (303, Some("/mtn_momo/phone")));
    }
    assert_eq!(wire.end(&id(1)).await.0, "SUCCESSFUL");
    assert_eq!(wire.end(&id(2)).await.1, "APPROVAL_REJECTED");
    assert_eq!(wire.end(&id(3)).await.0, "PENDING");
    world.control("advance", json!({"seconds": 240})).await;
    assert_eq!(wire.end(&id(3)).await.1, "EXPIRED");
}
