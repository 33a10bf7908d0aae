//! The first calls: their bytes, and what becomes of answers that are wrong or lost.
use super::*;

fn accepted() -> Value {
    one(session("active", "awaiting_payment_method", vec![]))
}

#[tokio::test]
async fn a_card_goes_to_a_session_with_one_line_of_the_exact_amount() {
    let script = Script::default().then("POST /v1/checkout_sessions", 200, accepted());
    let bench = Bench::new(ours(), script.router()).await;
    let req = start_of(php(25_000), Method::Card);
    let started = Paymongo.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some("cs_a"));
    let NextAction::Redirect { url } = started.next_action else {
        panic!("no redirect");
    };
    // The part after `#` belongs to the address.
    assert_eq!(url, "https://checkout.paymongo.com/cs_a#abc");
    let seen = &script.seen()[0];
    assert_eq!(seen.headers["authorization"], "Basic c2tfdGVzdF94Og==");
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.headers["idempotency-key"], "p-77");
    let sent = seen.attributes();
    assert_eq!(
        sent["line_items"],
        json!([{"name": "Two tickets (p-77)", "amount": 25_000, "currency": "PHP", "quantity": 1}])
    );
    assert_eq!(sent["payment_method_types"], json!(["card"]));
    assert_eq!(sent["reference_number"], "p-77");
    assert_eq!(sent["success_url"], "https://pay.example/return");
    assert_eq!(sent["cancel_url"], "https://pay.example/cancel");
    assert_eq!(
        sent["metadata"],
        json!({"payment_reference": "p-77", "order_reference": "inv-2026/0042"})
    );
    assert_eq!(
        sent["billing"],
        json!({"name": "Asha Otieno", "email": "asha@shop.example", "phone": "+254712345678"})
    );
    assert!(sent.get("amount").is_none());
}

#[tokio::test]
async fn r4_an_acceptance_of_something_else_or_without_a_page_is_unknown() {
    let change = |at: &str, value: Value| {
        let mut told = session("active", "awaiting_payment_method", vec![]);
        told["attributes"][at] = value;
        one(told)
    };
    for told in [
        change("checkout_url", Value::Null),
        change("checkout_url", json!("javascript:x")),
        change("reference_number", json!("p-78")),
        change("livemode", json!(true)),
        one(source("pending")),
        json!({"data": []}),
        json!({}),
    ] {
        let script = Script::default().then("POST /v1/checkout_sessions", 200, &told);
        let bench = Bench::new(ours(), script.router()).await;
        let req = start_of(php(25_000), Method::Card);
        let error = Paymongo.start(&bench.call(), &req).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown(_)),
            "{told}: {error}"
        );
    }
}

fn method() -> Value {
    one(resource(
        "pm_a",
        "payment_method",
        json!({"type": "paymaya"}),
    ))
}

fn waiting() -> Value {
    let mut told = intent("awaiting_next_action", vec![]);
    told["attributes"]["next_action"] = json!({"type": "redirect", "redirect": {
        "url": "https://test-sources.paymongo.com/sources?id=src_9", "return_url": "x"}});
    one(told)
}

/// An intent and a method that were made; `attached` is what the third call brings.
fn made(status: u16, attached: Value) -> Script {
    Script::default()
        .then(
            "POST /v1/payment_intents",
            200,
            one(intent("awaiting_payment_method", vec![])),
        )
        .then("POST /v1/payment_methods", 200, method())
        .then("POST /v1/payment_intents/pi_a/attach", status, attached)
}

#[tokio::test]
async fn a_wallet_goes_by_intent_method_and_attach() {
    let script = made(200, waiting());
    let bench = Bench::new(ours(), script.router()).await;
    let req = start_of(php(25_000), Method::Maya);
    let started = Paymongo.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some("pi_a"));
    assert_eq!(started.status, PaymentStatus::RequiresAction);
    assert!(matches!(started.next_action, NextAction::Redirect { url } if url.contains("src_9")));
    let seen = script.seen();
    let asked = seen[0].attributes();
    assert_eq!(asked["amount"], 25_000);
    assert_eq!(asked["currency"], "PHP");
    assert_eq!(asked["payment_method_allowed"], json!(["paymaya"]));
    assert_eq!(asked["metadata"]["payment_reference"], "p-77");
    assert_eq!(asked["description"], "Two tickets (p-77)");
    assert_eq!(seen[0].headers["idempotency-key"], "p-77");
    assert_eq!(seen[1].attributes()["type"], "paymaya");
    assert!(seen[1].attributes().get("details").is_none());
    assert_eq!(
        seen[1].attributes()["billing"]["email"],
        "asha@shop.example"
    );
    // The client key is for the public key alone.
    assert_eq!(
        seen[2].body["data"]["attributes"],
        json!({"payment_method": "pm_a", "return_url": "https://pay.example/return"})
    );
}

#[tokio::test]
async fn each_wallet_has_its_own_name_on_the_wire() {
    for (method, name) in [
        (Method::Card, "card"),
        (Method::Gcash, "gcash"),
        (Method::Maya, "paymaya"),
        (Method::GrabPay, "grab_pay"),
    ] {
        assert_eq!(wire_name(method), name);
    }
}

#[tokio::test]
async fn r4_an_attach_whose_answer_is_lost_is_asked_for_and_else_unknown() {
    let ask = "GET /v1/payment_intents/pi_a";
    let req = start_of(php(25_000), Method::Maya);
    for status in [0, 500] {
        let script = made(status, json!("?")).then(ask, 200, waiting());
        let bench = Bench::new(ours(), script.router()).await;
        let started = Paymongo.start(&bench.call(), &req).await.unwrap();
        assert_eq!(started.status, PaymentStatus::RequiresAction);
        script.ends();
    }
    for told in [
        one(intent("awaiting_payment_method", vec![])),
        json!("<html>"),
    ] {
        let script = made(502, json!("?")).then(ask, 200, told);
        let bench = Bench::new(ours(), script.router()).await;
        let error = Paymongo.start(&bench.call(), &req).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    }
    let script = made(200, one(intent("processing", vec![])));
    let bench = Bench::new(ours(), script.router()).await;
    let started = Paymongo.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.status, PaymentStatus::Processing);
    assert_eq!(started.next_action, NextAction::None);
}

#[tokio::test]
async fn a_refused_attach_or_intent_is_declined_with_the_closest_code() {
    let req = start_of(php(25_000), Method::GrabPay);
    let refused = json!({"errors": [{"code": "resource_failed_state", "detail": "No.",
        "sub_code": "issuer_not_available"}]});
    let bench = Bench::new(ours(), made(400, refused).router()).await;
    let error = Paymongo.start(&bench.call(), &req).await.unwrap_err();
    assert_eq!(
        error.failure().unwrap().code,
        FailureCode::ProviderUnavailable
    );
    let below = error_at("parameter_above_maximum", "amount");
    let script = Script::default().then("POST /v1/payment_intents", 400, below);
    let bench = Bench::new(ours(), script.router()).await;
    let error = Paymongo.start(&bench.call(), &req).await.unwrap_err();
    assert_eq!(error.failure().unwrap().code, FailureCode::AmountLimit);
    let not_ours = error_at("parameter_invalid", "payment_method_allowed");
    let script = Script::default().then("POST /v1/payment_intents", 400, not_ours);
    let bench = Bench::new(ours(), script.router()).await;
    let error = Paymongo.start(&bench.call(), &req).await.unwrap_err();
    assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
}

fn error_at(code: &str, attribute: &str) -> Value {
    json!({"errors": [{"code": code, "detail": "Words.",
        "source": {"pointer": attribute, "attribute": attribute}}]})
}

#[tokio::test]
async fn an_older_account_starts_its_wallets_by_source_but_maya() {
    let script = Script::default().then("POST /v1/sources", 200, one(source("pending")));
    let bench = Bench::new(older(), script.router()).await;
    let mut req = start_of(php(25_000), Method::Gcash);
    (req.phone, req.name, req.email) = (None, None, None);
    let started = Paymongo.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some("src_a"));
    let sent = script.seen()[0].attributes().clone();
    assert_eq!(sent["type"], "gcash");
    assert_eq!(
        (&sent["amount"], &sent["currency"]),
        (&json!(25_000), &json!("PHP"))
    );
    assert_eq!(
        sent["redirect"],
        json!({"success": "https://pay.example/return", "failed": "https://pay.example/cancel"})
    );
    assert!(sent.get("billing").is_none());
    let script = made(200, waiting());
    let bench = Bench::new(older(), script.router()).await;
    let req = start_of(php(25_000), Method::Maya);
    Paymongo.start(&bench.call(), &req).await.unwrap();
    script.ends();
}
