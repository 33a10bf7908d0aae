use super::wire::{failure_code, refusal};
use super::*;
use crate::domain::account::Mode;
use crate::domain::payment::{FailureCode, NextAction, PaymentStatus};
use crate::providers::http::Answer;
use crate::providers::testing::{
    Bench, NOW, account, darkness, money, ref_of, refund_of, start_of,
};
use crate::providers::{Charge, Claims, Found, RefundFound};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method as Verb, StatusCode, Uri};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

mod fetch;
mod hook;
mod refund;
mod source;
mod start;

const KEY: &str = "sk_test_x";
const SECRET: &str = "whsk_factsheet_example_0001";

fn ours() -> Account {
    account(&[("secret_key", KEY), ("webhook_secret", SECRET)])
}

fn older() -> Account {
    let mut shop = ours();
    shop.options
        .insert("wallet_flow".to_owned(), "sources".to_owned());
    shop
}

fn php(minor: i64) -> Money {
    money(minor, "PHP")
}

fn payment_ref(method: Method, id: &str) -> PaymentRef {
    PaymentRef {
        provider_ref: Some(id.to_owned()).filter(|id| !id.is_empty()),
        ..ref_of(php(25_000), method)
    }
}

fn resource(id: &str, kind: &str, attributes: Value) -> Value {
    json!({"id": id, "type": kind, "attributes": attributes})
}

fn one(resource: Value) -> Value {
    json!({ "data": resource })
}

fn list(rows: Vec<Value>) -> Value {
    json!({"data": rows, "has_more": false})
}

fn error(code: &str) -> Value {
    json!({"errors": [{"code": code, "detail": "Some words."}]})
}

/// A payment as the reference shows it.
fn paid(id: &str, status: &str) -> Value {
    resource(
        id,
        "payment",
        json!({"amount": 25_000, "currency": "PHP", "status": status, "livemode": false,
            "payment_intent_id": "pi_a", "metadata": {"payment_reference": "p-77"},
            "source": {"id": "card_a", "type": "card"}, "created_at": NOW.unix_ms() / 1_000,
            "failed_code": null, "failed_message": null, "external_reference_number": null}),
    )
}

fn session(status: &str, intent: &str, payments: Vec<Value>) -> Value {
    resource(
        "cs_a",
        "checkout_session",
        json!({"status": status, "livemode": false, "reference_number": "p-77",
            "checkout_url": "https://checkout.paymongo.com/cs_a#abc",
            "line_items": [{"amount": 25_000, "currency": "PHP", "quantity": 1, "name": "x"}],
            "metadata": {"payment_reference": "p-77"},
            "payment_intent": resource("pi_a", "payment_intent",
                json!({"status": intent, "amount": 25_000, "currency": "PHP", "payments": []})),
            "payments": payments}),
    )
}

fn intent(status: &str, payments: Vec<Value>) -> Value {
    resource(
        "pi_a",
        "payment_intent",
        json!({"status": status, "amount": 25_000, "currency": "PHP", "livemode": false,
            "metadata": {"payment_reference": "p-77"}, "payments": payments,
            "next_action": null, "last_payment_error": null}),
    )
}

fn source(status: &str) -> Value {
    resource(
        "src_a",
        "source",
        json!({"status": status, "amount": 25_000, "currency": "PHP", "livemode": false,
            "type": "gcash", "metadata": {"payment_reference": "p-77"},
            "redirect": {"checkout_url": "https://test-sources.paymongo.com/sources?id=src_a",
                "success": "x", "failed": "y"}}),
    )
}

/// What a call was, for the tests that look.
#[derive(Clone, Debug)]
struct Seen {
    headers: HeaderMap,
    body: Value,
}

impl Seen {
    fn attributes(&self) -> &Value {
        &self.body["data"]["attributes"]
    }
}

/// PayMongo's side, in the order in which it is called: a line like `GET /v1/payments?limit=1`, a
/// status and a body. Status 0 is silence.
#[derive(Clone, Default)]
struct Script {
    turns: Arc<Mutex<VecDeque<(String, u16, String)>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Script {
    fn then(self, line: &str, status: u16, body: impl ToString) -> Self {
        let turn = (line.to_owned(), status, body.to_string());
        self.turns.lock().unwrap().push_back(turn);
        self
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn router(&self) -> Router {
        Router::new().fallback(play).with_state(self.clone())
    }

    /// Every turn came, and nothing else.
    fn ends(&self) {
        assert!(self.turns.lock().unwrap().is_empty(), "not all was asked");
    }
}

async fn play(
    State(script): State<Script>,
    verb: Verb,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let line = format!("{verb} {uri}");
    script.seen.lock().unwrap().push(Seen {
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });
    let turn = script.turns.lock().unwrap().pop_front();
    match turn {
        Some((wanted, status, body)) if wanted == line => {
            if status == 0 {
                tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            }
            (StatusCode::from_u16(status.max(200)).unwrap(), body)
        }
        other => {
            let told = format!("unexpected: {line}, wanted {other:?}");
            (StatusCode::IM_A_TEAPOT, told)
        }
    }
}

async fn asked(shop: Account, of: &PaymentRef, script: &Script) -> Result<Report, ProviderError> {
    let bench = Bench::new(shop, script.router()).await;
    let report = Paymongo.fetch(&bench.call(), of).await;
    script.ends();
    report
}

fn charge_of(report: &Report) -> Charge {
    match &report.found {
        Found::Succeeded(charge) => charge.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn r1_centavos_are_our_minor_units_of_php_alone() {
    for minor in [100, 2_000, 25_000, 123_456_789] {
        assert_eq!(to_centavos(php(minor)), Some(minor));
        assert_eq!(wire::from_centavos(minor, "php"), Some(php(minor)));
    }
    assert_eq!(to_centavos(money(100, "USD")), None);
    assert_eq!(to_centavos(money(100, "JPY")), None);
    // Another currency that is told is told as it is.
    assert_eq!(wire::from_centavos(100, "USD"), Some(money(100, "USD")));
    assert_eq!(wire::from_centavos(100, "JPY"), None);
    assert_eq!(wire::from_centavos(100, "???"), None);
    for (told, want) in [
        (json!(10_000), Some(10_000)),
        (json!("10000"), Some(10_000)),
        (json!(10_000.0), Some(10_000)),
        (json!(100.5), None),
        (json!("1e4"), None),
        (Value::Null, None),
    ] {
        assert_eq!(
            wire::whole(&json!({ "amount": told }), "/amount"),
            want,
            "{told}"
        );
    }
}

#[test]
fn limits_are_checked_before_anything_is_written() {
    let code = |shop: &Account, minor, currency, method| {
        let req = start_of(money(minor, currency), method);
        Paymongo.check(shop, &req).map_err(|p| p.code)
    };
    let (new, old) = (ours(), older());
    assert_eq!(code(&new, 2_000, "PHP", Method::Card), Ok(()));
    assert_eq!(
        code(&new, 1_999, "PHP", Method::Card),
        Err("amount_too_small")
    );
    assert_eq!(
        code(&new, 2_000, "USD", Method::Card),
        Err("currency_not_supported")
    );
    assert_eq!(
        code(&new, 2_000, "PHP", Method::Wallet),
        Err("method_not_supported")
    );
    assert_eq!(code(&new, 2_000, "PHP", Method::Gcash), Ok(()));
    assert_eq!(
        code(&old, 9_999, "PHP", Method::Gcash),
        Err("amount_too_small")
    );
    assert_eq!(code(&old, 10_000, "PHP", Method::GrabPay), Ok(()));
    assert_eq!(code(&old, 2_000, "PHP", Method::Maya), Ok(()));
}

#[test]
fn refusals_say_what_to_do_next() {
    let body = |code: &str, more: Value| {
        let mut error = json!({"code": code, "detail": "Words."});
        for (name, value) in more.as_object().unwrap() {
            error[name] = value.clone();
        }
        json!({ "errors": [error] }).to_string()
    };
    let methods = json!({"source": {"pointer": "x", "attribute": "payment_method_allowed"}});
    for (status, body, want) in [
        (401, body("unauthorized", json!({})), "misconfigured"),
        (403, String::new(), "misconfigured"),
        (404, String::new(), "misconfigured"),
        (404, "<html>".to_owned(), "unknown"),
        (429, String::new(), "unavailable"),
        (400, body("parameter_below_minimum", json!({})), "declined"),
        (400, body("parameter_invalid", methods), "misconfigured"),
        (400, body("idempotency_key_reused", json!({})), "unknown"),
        (400, "{}".to_owned(), "unknown"),
        (408, body("x", json!({})), "unknown"),
        (409, body("x", json!({})), "unknown"),
        (500, body("x", json!({})), "unknown"),
        (302, String::new(), "unknown"),
    ] {
        let body = body.into_bytes();
        let error = refusal(&Answer {
            status,
            body: body.clone(),
        });
        let text = String::from_utf8(body).unwrap();
        assert!(
            error.to_string().starts_with(want),
            "{status} {text}: {error}"
        );
    }
}

#[test]
fn declines_become_the_closest_code_and_an_unknown_one_a_plain_refusal() {
    use FailureCode as F;
    for (code, want) in [
        ("generic_decline", F::Declined),
        ("insufficient_funds", F::InsufficientFunds),
        ("credit_limit_exceeded", F::PayerLimit),
        ("card_expired", F::ExpiredCard),
        ("cvc_incorrect", F::CardDetailsWrong),
        ("card_number_invalid", F::CardDetailsWrong),
        ("card_not_supported", F::CardNotSupported),
        ("authentication_error", F::AuthenticationFailed),
        ("stolen_card", F::Blocked),
        ("highest_risk_level", F::Blocked),
        ("processor_timeout", F::ProviderUnavailable),
        ("parameter_above_maximum", F::AmountLimit),
        ("allowed_date_exceeded", F::RefundTooLate),
        ("available_balance_insufficient", F::MerchantBalanceLow),
    ] {
        assert_eq!(failure_code(code), Some(want), "{code}");
    }
    assert_eq!(failure_code("brand_new"), None);
    let failed = json!({"failed_code": "brand_new", "failed_message": "So sorry."});
    let failure = wire::failure(&failed);
    assert_eq!(failure.code, F::Declined);
    assert_eq!(failure.message, "brand_new: So sorry.");
    let body = json!({"errors": [{"code": "resource_failed_state", "detail": "No.",
        "sub_code": "insufficient_funds"}]});
    let body = body.to_string().into_bytes();
    let error = refusal(&Answer { status: 400, body });
    assert_eq!(error.failure().unwrap().code, F::InsufficientFunds);
}

#[tokio::test]
async fn r4_whatever_leaves_us_in_the_dark_is_unknown() {
    for (what, router) in darkness() {
        let bench = Bench::new(older(), router).await;
        let call = bench.call();
        let mut back = refund_of(php(5_000), payment_ref(Method::Card, "cs_a"));
        back.payment.receipt = Some("pay_a".to_owned());
        let mut known = back.clone();
        known.provider_ref = Some("ref_a".to_owned());
        let start = |method| start_of(php(25_000), method);
        for error in [
            Paymongo
                .start(&call, &start(Method::Card))
                .await
                .unwrap_err(),
            Paymongo
                .start(&call, &start(Method::Maya))
                .await
                .unwrap_err(),
            Paymongo
                .start(&call, &start(Method::Gcash))
                .await
                .unwrap_err(),
            Paymongo
                .fetch(&call, &payment_ref(Method::Card, "cs_a"))
                .await
                .unwrap_err(),
            Paymongo
                .fetch(&call, &payment_ref(Method::Maya, "pi_a"))
                .await
                .unwrap_err(),
            Paymongo
                .fetch(&call, &payment_ref(Method::Gcash, "src_a"))
                .await
                .unwrap_err(),
            Paymongo
                .fetch(&call, &payment_ref(Method::Card, ""))
                .await
                .unwrap_err(),
            Paymongo.refund(&call, &back).await.unwrap_err(),
            Paymongo.fetch_refund(&call, &back).await.unwrap_err(),
            Paymongo.fetch_refund(&call, &known).await.unwrap_err(),
            Paymongo
                .close(&call, &payment_ref(Method::Card, "cs_a"))
                .await
                .unwrap_err(),
        ] {
            assert!(
                matches!(error, ProviderError::Unknown(_)),
                "{what}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn r11_a_key_of_the_other_mode_or_a_public_one_calls_nobody() {
    let mut live = account(&[("secret_key", "sk_test_x")]);
    live.mode = Mode::Live;
    for shop in [
        account(&[("secret_key", "sk_live_x")]),
        account(&[("secret_key", "pk_test_x")]),
        account(&[]),
        live,
    ] {
        let script = Script::default();
        let bench = Bench::new(shop, script.router()).await;
        let call = bench.call();
        for error in [
            Paymongo
                .start(&call, &start_of(php(25_000), Method::Card))
                .await
                .unwrap_err(),
            Paymongo.self_test(&call).await.unwrap_err(),
            Paymongo
                .close(&call, &payment_ref(Method::Card, "cs_a"))
                .await
                .unwrap_err(),
        ] {
            assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
        }
        assert!(script.seen().is_empty());
    }
}

#[tokio::test]
async fn the_self_test_lists_payments_and_never_shows_the_key() {
    let line = "GET /v1/payments?limit=1";
    let script = Script::default().then(line, 200, list(vec![]));
    let bench = Bench::new(ours(), script.router()).await;
    let said = Paymongo.self_test(&bench.call()).await.unwrap();
    assert!(said.contains("a test key"), "{said}");
    assert_eq!(
        script.seen()[0].headers["authorization"],
        "Basic c2tfdGVzdF94Og=="
    );
    let script = Script::default().then(line, 401, error("api_key_invalid"));
    let bench = Bench::new(ours(), script.router()).await;
    let error = Paymongo.self_test(&bench.call()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Misconfigured(_)));
    assert!(!error.to_string().contains(KEY));
}

#[tokio::test]
async fn closing_ends_a_page_once_and_twice_is_harmless() {
    let script = Script::default().then(
        "POST /v1/checkout_sessions/cs_a/expire",
        200,
        one(session("expired", "cancelled", vec![])),
    );
    let bench = Bench::new(ours(), script.router()).await;
    let of = payment_ref(Method::Card, "cs_a");
    Paymongo.close(&bench.call(), &of).await.unwrap();
    script.ends();

    for (told, closed) in [
        (session("expired", "", vec![]), true),
        (
            session("active", "succeeded", vec![paid("pay_a", "paid")]),
            true,
        ),
        (session("active", "processing", vec![]), false),
    ] {
        let script = Script::default()
            .then(
                "POST /v1/checkout_sessions/cs_a/expire",
                400,
                error("resource_failed_state"),
            )
            .then("GET /v1/checkout_sessions/cs_a", 200, one(told));
        let bench = Bench::new(ours(), script.router()).await;
        assert_eq!(Paymongo.close(&bench.call(), &of).await.is_ok(), closed);
    }
    let script = Script::default().then(
        "POST /v1/payment_intents/pi_a/cancel",
        200,
        one(intent("cancelled", vec![])),
    );
    let bench = Bench::new(ours(), script.router()).await;
    Paymongo
        .close(&bench.call(), &payment_ref(Method::Maya, "pi_a"))
        .await
        .unwrap();

    // A source cannot be cancelled, and closing never charges one.
    for (status, closed) in [("expired", true), ("paid", true), ("chargeable", false)] {
        let script = Script::default().then("GET /v1/sources/src_a", 200, one(source(status)));
        let bench = Bench::new(older(), script.router()).await;
        let of = payment_ref(Method::Gcash, "src_a");
        assert_eq!(
            Paymongo.close(&bench.call(), &of).await.is_ok(),
            closed,
            "{status}"
        );
    }
}
