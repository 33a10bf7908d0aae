use super::*;
use crate::domain::method::Method;
use crate::providers::payme::Payme;
use crate::providers::testing::{
    Bench, NOW, account, darkness, money, ref_of, refund_of, start_of,
};
use crate::providers::{Account, PaymentProvider};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use std::sync::{Arc, Mutex};

type Seen = Arc<Mutex<Vec<(String, String, Value)>>>;

fn ours() -> Account {
    let mut shop = account(&[
        ("merchant_id", "100fe486b33784292111b7dc"),
        ("secret_key", "mjES8ycL%&#"),
    ]);
    shop.options.insert("integration".into(), "receipts".into());
    shop
}

fn receipt(state: i64, pay_time: i64) -> Value {
    json!({
        "_id": "2e0b1bc1f1eb50d487ba268d", "create_time": 1, "pay_time": pay_time,
        "cancel_time": 0, "state": state, "amount": 500_000, "currency": 860, "error": null,
        "account": [{"name": "order_id", "title": "Order", "value": "pay_77", "main": true}],
    })
}

/// A server that answers each method, and what it was asked.
fn api(answer: impl Fn(&str, &Value) -> Value + Clone + Send + Sync + 'static) -> (Router, Seen) {
    let seen = Seen::default();
    let log = seen.clone();
    let router = Router::new().route(
        "/api",
        post(move |headers: HeaderMap, body: String| {
            let (log, answer) = (log.clone(), answer.clone());
            async move {
                let body: Value = serde_json::from_str(&body).unwrap();
                let auth = headers["x-auth"].to_str().unwrap().to_owned();
                let method = body["method"].as_str().unwrap().to_owned();
                let told = answer(&method, &body["params"]);
                log.lock()
                    .unwrap()
                    .push((auth, method, body["params"].clone()));
                told.to_string()
            }
        }),
    );
    (router, seen)
}

fn fixed(told: Value) -> Router {
    api(move |_, _| told.clone()).0
}

fn payment(id: Option<&str>) -> PaymentRef {
    let mut of = ref_of(money(500_000, "UZS"), Method::Payme);
    of.provider_ref = id.map(str::to_owned);
    of
}

const ID: &str = "2e0b1bc1f1eb50d487ba268d";

#[tokio::test]
async fn a_receipt_is_made_with_our_payments_id_and_its_page_is_under_the_same_address() {
    let (router, seen) = api(|_, _| json!({"result": {"receipt": receipt(0, 0)}}));
    let bench = Bench::new(ours(), router).await;
    let mut req = start_of(money(500_000, "UZS"), Method::Payme);
    req.phone = Some("+998901234567".to_owned());
    let started = Payme.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some(ID));
    let url = format!("{}/{ID}", bench.base_url);
    assert_eq!(started.next_action, NextAction::Redirect { url });
    let calls = seen.lock().unwrap().clone();
    // R11: no SMS in test mode.
    assert_eq!(calls.len(), 1);
    let (auth, method, params) = &calls[0];
    assert_eq!(auth, "100fe486b33784292111b7dc:mjES8ycL%&#");
    assert_eq!(method, "receipts.create");
    assert_eq!(params["amount"], 500_000);
    assert_eq!(params["account"], json!({"order_id": "pay_77"}));
}

#[tokio::test]
async fn a_live_receipt_goes_to_an_uzbek_phone_and_a_lost_sms_changes_nothing() {
    let (router, seen) = api(|method, _| match method {
        "receipts.create" => json!({"result": {"receipt": receipt(0, 0)}}),
        _ => json!({"error": {"code": -32400, "message": "oops"}}),
    });
    let mut bench = Bench::new(ours(), router).await;
    bench.account.mode = Mode::Live;
    let mut req = start_of(money(500_000, "UZS"), Method::Payme);
    req.phone = Some("+998901234567".to_owned());
    let started = Payme.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some(ID));
    req.phone = Some("+254712345678".to_owned());
    Payme.start(&bench.call(), &req).await.unwrap();
    let calls = seen.lock().unwrap().clone();
    assert_eq!(calls.len(), 3);
    assert_eq!(
        (calls[1].1.as_str(), &calls[1].2),
        ("receipts.send", &json!({"id": ID, "phone": "998901234567"}))
    );
}

#[test]
fn every_documented_state_is_read_and_a_new_one_stays_open() {
    use PaymentStatus::{Pending, Processing, RequiresAction};
    let of = payment(Some(ID));
    let read = |state, pay_time| report(&receipt(state, pay_time), &of, "order_id").unwrap();
    for (state, want) in [
        (0, RequiresAction),
        (1, Processing),
        (2, Processing),
        (3, Processing),
        (5, Processing),
        (6, Processing),
        (20, Processing),
        (30, Processing),
        (77, Pending),
        (-1, Pending),
    ] {
        assert_eq!(read(state, 0).found, Found::Open(want), "{state}");
        assert_eq!(read(state, 0).receipt, None);
    }
    for (state, pay_time) in [(4, 9), (4, 0), (21, 9), (50, 9)] {
        let report = read(state, pay_time);
        assert_eq!(report.receipt.as_deref(), Some(ID));
        let Found::Succeeded(charge) = report.found else {
            panic!("{state}");
        };
        assert_eq!(charge.amount, money(500_000, "UZS"));
        assert_eq!(charge.reference.as_deref(), Some("p-77"));
    }
    for state in [21, 50] {
        assert!(
            matches!(read(state, 0).found, Found::Cancelled(_)),
            "{state}"
        );
    }
    assert!(report(&json!({"_id": "x"}), &of, "order_id").is_err());
}

#[test]
fn r6_another_amount_currency_or_account_value_is_told() {
    let of = payment(Some(ID));
    let with = |change: fn(&mut Value)| {
        let mut told = receipt(4, 9);
        change(&mut told);
        charge(&told, &of, "order_id")
    };
    assert_eq!(with(|r| r["amount"] = json!(1)).unwrap().amount.minor, 1);
    let dollars = with(|r| r["currency"] = json!(840)).unwrap();
    assert_eq!(dollars.amount.currency.code(), "USD");
    let theirs = with(|r| r["account"][0]["value"] = json!("pay_78")).unwrap();
    assert_eq!(theirs.reference.as_deref(), Some("pay_78"));
    let renamed = with(|r| r["account"][0]["name"] = json!("Zakaz")).unwrap();
    assert_eq!(renamed.reference.as_deref(), Some("p-77"));
    let untold = with(|r| {
        r["account"] = Value::Null;
        r["currency"] = Value::Null;
    })
    .unwrap();
    assert_eq!(untold.reference, None);
    for bad in [json!(500_000.5), json!("500000"), Value::Null] {
        let mut told = receipt(4, 9);
        told["amount"] = bad;
        assert!(charge(&told, &of, "order_id").is_none());
    }
    assert!(with(|r| r["currency"] = json!(1)).is_none());
}

#[tokio::test]
async fn r4_whatever_leaves_us_in_the_dark_is_unknown() {
    for (what, router) in darkness() {
        let bench = Bench::new(ours(), router).await;
        let call = bench.call();
        let req = start_of(money(500_000, "UZS"), Method::Payme);
        let back = refund_of(money(500_000, "UZS"), payment(Some(ID)));
        for error in [
            Payme.start(&call, &req).await.unwrap_err(),
            Payme.fetch(&call, &payment(Some(ID))).await.unwrap_err(),
            Payme.fetch(&call, &payment(None)).await.unwrap_err(),
            Payme.refund(&call, &back).await.unwrap_err(),
            Payme.fetch_refund(&call, &back).await.unwrap_err(),
        ] {
            assert!(
                matches!(error, ProviderError::Unknown(_)),
                "{what}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn r4_a_receipt_whose_answer_was_lost_is_found_by_its_account_value() {
    let (router, seen) = api(|_, params| {
        let other = |n: u64| {
            let mut row = receipt(4, 5);
            row["account"][0]["value"] = json!(format!("pay_{n}"));
            row
        };
        let rows: Vec<Value> = match params["offset"].as_u64() {
            // An id that begins like ours is not ours.
            Some(0) => (770..820).map(other).collect(),
            _ => vec![other(1), receipt(0, 0), receipt(4, 9)],
        };
        json!({ "result": rows })
    });
    let bench = Bench::new(ours(), router).await;
    let found = Payme.fetch(&bench.call(), &payment(None)).await.unwrap();
    assert!(matches!(found.found, Found::Succeeded(_)));
    assert_eq!(found.provider_ref.as_deref(), Some(ID));
    let calls = seen.lock().unwrap().clone();
    assert_eq!(calls.len(), 2);
    assert!(calls[0].2["from"].as_i64().unwrap() < NOW.unix_ms());
    let bench = Bench::new(ours(), fixed(json!({"result": []}))).await;
    let missing = Payme.fetch(&bench.call(), &payment(None)).await.unwrap();
    assert_eq!(missing.found, Found::Missing);
    let gone = json!({"error": {"code": -31401, "message": "not found"}});
    let bench = Bench::new(ours(), fixed(gone)).await;
    let missing = Payme
        .fetch(&bench.call(), &payment(Some(ID)))
        .await
        .unwrap();
    assert_eq!(missing.found, Found::Missing);
}

#[test]
fn errors_mean_what_they_say() {
    for (status, body, want) in [
        (
            200,
            r#"{"error":{"code":-32504,"message":"no"}}"#,
            "misconfigured",
        ),
        (
            200,
            r#"{"error":{"code":-31601,"message":{"ru":"net"}}}"#,
            "misconfigured",
        ),
        (
            200,
            r#"{"error":{"code":-31611,"message":"small"}}"#,
            "declined",
        ),
        (
            200,
            r#"{"error":{"code":-99999,"message":"?"}}"#,
            "declined",
        ),
        (200, r#"{"error":{"code":-32400}}"#, "unknown"),
        (200, r#"{"error":"x"}"#, "unknown"),
        (200, r#"{"result":null}"#, "unknown"),
        (200, "{}", "unknown"),
        (200, "<html>", "unknown"),
        (401, "", "misconfigured"),
        (403, "", "misconfigured"),
        (429, "", "unavailable"),
        (404, "", "unknown"),
        (500, r#"{"error":{"code":-31611}}"#, "unknown"),
    ] {
        let body = body.as_bytes().to_vec();
        let error = result(&Answer { status, body }).unwrap_err().to_string();
        assert!(error.starts_with(want), "{status}: {error}");
    }
    for (code, want) in [
        (-31103, FailureCode::WrongCode),
        (-31301, FailureCode::ExpiredCard),
        (-31612, FailureCode::AmountLimit),
        (-31630, FailureCode::InsufficientFunds),
        (-1, FailureCode::Declined),
    ] {
        assert_eq!(failure_code(code), want);
    }
}

#[tokio::test]
async fn a_refund_is_whole_waits_in_21_and_is_done_in_50() {
    let (router, seen) = api(|method, _| match method {
        "receipts.cancel" => json!({"result": {"receipt": receipt(21, 9)}}),
        _ => json!({"result": {"state": 50}}),
    });
    let bench = Bench::new(ours(), router).await;
    let mut back = refund_of(money(500_000, "UZS"), payment(Some(ID)));
    let taken = Payme.refund(&bench.call(), &back).await.unwrap();
    assert_eq!(taken.found, RefundFound::Pending);
    let done = Payme.fetch_refund(&bench.call(), &back).await.unwrap();
    assert_eq!(done.found, RefundFound::Succeeded);
    assert_eq!(seen.lock().unwrap()[0].2, json!({"id": ID}));
    back.amount = money(1, "UZS");
    let error = Payme.refund(&bench.call(), &back).await.unwrap_err();
    assert!(matches!(error, ProviderError::Declined(_)), "{error}");
    assert_eq!(seen.lock().unwrap().len(), 2, "nobody was called");
    for (state, want) in [
        (4, RefundFound::Missing),
        (21, RefundFound::Pending),
        (7, RefundFound::Pending),
    ] {
        assert_eq!(refund_report(state, ID).found, want);
    }
}

#[tokio::test]
async fn only_an_unpaid_receipt_is_closed() {
    for (state, calls) in [(0, 2), (4, 1), (50, 1)] {
        let (router, seen) = api(move |method, _| match method {
            "receipts.check" => json!({"result": {"state": state}}),
            _ => json!({"result": {"receipt": receipt(50, 0)}}),
        });
        let bench = Bench::new(ours(), router).await;
        Payme
            .close(&bench.call(), &payment(Some(ID)))
            .await
            .unwrap();
        assert_eq!(seen.lock().unwrap().len(), calls, "{state}");
    }
}

#[tokio::test]
async fn the_self_test_says_whether_the_key_was_taken() {
    let bench = Bench::new(ours(), fixed(json!({"result": []}))).await;
    assert!(Payme.self_test(&bench.call()).await.is_ok());
    let wrong = json!({"error": {"code": -32504, "message": "No"}});
    let bench = Bench::new(ours(), fixed(wrong)).await;
    let error = Payme.self_test(&bench.call()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Misconfigured(_)));
    assert!(!error.to_string().contains("mjES8ycL"));
    let status = || async { (StatusCode::UNAUTHORIZED, "") };
    let bench = Bench::new(ours(), Router::new().fallback(status)).await;
    assert!(Payme.self_test(&bench.call()).await.is_err());
}
