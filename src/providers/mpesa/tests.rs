use super::stk::*;
use super::wire::*;
use super::*;
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::payment::{FailureCode, NextAction};
use crate::providers::http::Answer;
use crate::providers::testing::{
    Bench, NOW, account, darkness, hook, money, receive, ref_of, start_of,
};
use crate::providers::{Claims, HookAbout};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

mod c2b;
mod operator;

const PASSKEY: &str = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919";
const PUSH: &str = "/mpesa/stkpush/v1/processrequest";
const QUERY: &str = "/mpesa/stkpushquery/v1/query";
const TOKEN: &str = "/oauth/v1/generate";

fn ours() -> Account {
    account(&[
        ("consumer_key", "ck"),
        ("consumer_secret", "cs"),
        ("shortcode", "174379"),
        ("passkey", PASSKEY),
    ])
}

fn push() -> StartPayment {
    start_of(money(150_000, "KES"), Method::StkPush)
}

fn prompt(id: Option<&str>) -> PaymentRef {
    PaymentRef {
        provider_ref: id.map(str::to_owned),
        ..ref_of(money(150_000, "KES"), Method::StkPush)
    }
}

/// Safaricom's side: a token, and `answer` to everything else.
fn safaricom(status: u16, answer: impl Into<String>) -> Router {
    let (code, body) = (StatusCode::from_u16(status).unwrap(), answer.into());
    Router::new()
        .route(
            TOKEN,
            get(|| async { r#"{"access_token":"t1","expires_in":"3599"}"# }),
        )
        .fallback(move || async move { (code, body) })
}

fn answer(status: u16, body: &str) -> Answer {
    let body = body.as_bytes().to_vec();
    Answer { status, body }
}

fn error(code: &str, message: &str) -> String {
    json!({"requestId": "1", "errorCode": code, "errorMessage": message}).to_string()
}

#[test]
fn the_password_is_that_of_the_documentation_in_nairobi_time() {
    // 2021-06-28 09:24:08 in Nairobi.
    let at = Timestamp::from_unix_ms(1_624_861_448_000);
    assert_eq!(nairobi(at), "20210628092408");
    assert_eq!(nairobi(NOW), "20260105123000");
    let password = STANDARD.encode(format!("174379{PASSKEY}{}", nairobi(at)));
    assert_eq!(
        password,
        "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjEwNjI4MDkyNDA4"
    );
}

#[test]
fn phones_are_taken_in_every_usual_form_and_only_of_kenya() {
    for (typed, want) in [
        ("+254712345678", Some("254712345678")),
        ("254112345678", Some("254112345678")),
        ("0712 345-678", Some("254712345678")),
        ("0112345678", Some("254112345678")),
        ("712345678", Some("254712345678")),
        ("+254212345678", None),
        ("+255712345678", None),
        ("07123456789", None),
        ("07123x5678", None),
        ("٠712345678", None),
        ("", None),
    ] {
        assert_eq!(msisdn(typed).as_deref(), want, "{typed}");
    }
}

#[test]
fn r1_only_whole_shillings_within_the_limits_are_taken() {
    for (minor, want) in [
        (100, Ok(())),
        (25_000_000, Ok(())),
        (99, Err("amount_too_small")),
        (25_000_100, Err("amount_too_large")),
        (150_050, Err("amount_not_representable")),
    ] {
        let req = start_of(money(minor, "KES"), Method::StkPush);
        let got = Mpesa.check(&ours(), &req).map_err(|p| p.code);
        assert_eq!(got, want, "{minor}");
    }
    let mut req = push();
    req.phone = Some("+15550100".to_owned());
    let problem = Mpesa.check(&ours(), &req).unwrap_err();
    assert_eq!((problem.field, problem.code), ("phone", "phone_invalid"));
}

#[test]
fn what_the_payer_sees_is_short_and_plain() {
    let mut req = push();
    assert_eq!(account_reference(&req), "INV20260042");
    req.order_reference = "booking-2026-000042".to_owned();
    assert_eq!(account_reference(&req), "NG2026000042");
    req.order_reference = "№é".to_owned();
    assert_eq!(account_reference(&req), "P77");
    for (description, want) in [
        ("Two tickets & a #drink", "Two tickets"),
        ("é@", "Payment"),
        ("A-very-long-description", "A-very-long-d"),
    ] {
        assert_eq!(transaction_desc(description), want);
    }
}

#[test]
fn callback_addresses_never_hold_a_word_that_safaricom_refuses() {
    let mut req = push();
    assert_eq!(
        callback_url(&req).unwrap(),
        "https://pay.example/hooks/0a1b/p-77"
    );
    req.reference = "p-0exe9".to_owned();
    req.hook_url = "https://pay.example/hooks/0a1b/p-0exe9".to_owned();
    assert_eq!(
        callback_url(&req).unwrap(),
        "https://pay.example/hooks/0a1b"
    );
    req.hook_url = "https://Mpesa.example/hooks/0a1b/p-0exe9".to_owned();
    let refused = callback_url(&req).unwrap_err();
    assert!(matches!(refused, ProviderError::Misconfigured(_)));
}

#[test]
fn r4_only_answers_of_a_known_shape_say_that_nothing_was_pushed() {
    let spike = r#"{"fault":{"faultstring":"Spike arrest violation","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}"#;
    let product = r#"{"fault":{"faultstring":"Invalid API call as no apiproduct match found","detail":{"errorcode":"x"}}}"#;
    let lock = error(
        "500.001.1001",
        "Unable to lock subscriber, a transaction is in process",
    );
    for (status, body, want) in [
        (
            400,
            error("400.002.02", "Bad Request - Invalid BusinessShortCode"),
            "misconfigured",
        ),
        (
            400,
            error("400.002.02", "Bad Request - Invalid PhoneNumber"),
            "declined",
        ),
        (400, error("400.003.02", "Bad Request"), "misconfigured"),
        (
            404,
            error("404.001.03", "Invalid Access Token"),
            "misconfigured",
        ),
        (
            500,
            error("500.001.1001", "Merchant does not exist"),
            "misconfigured",
        ),
        (
            500,
            error("500.001.1001", "Wrong credentials"),
            "misconfigured",
        ),
        (500, lock.clone(), "declined"),
        (500, error("500.001.1001", ""), "unknown"),
        (
            500,
            error("500.003.02", "System is busy. Please try again"),
            "unavailable",
        ),
        (500, error("500.003.03", "Quota Violation"), "unavailable"),
        (
            500,
            error("500.003.1001", "Internal Server Error"),
            "unknown",
        ),
        (500, error("500.002.1001", "Duplicate"), "unknown"),
        (500, spike.to_owned(), "unavailable"),
        (401, product.to_owned(), "misconfigured"),
        (429, "slow".to_owned(), "unavailable"),
        (403, "<html>Incapsula</html>".to_owned(), "unknown"),
        (503, "<html>".to_owned(), "unknown"),
        (200, "{}".to_owned(), "unknown"),
    ] {
        let got = refusal(&answer(status, &body)).to_string();
        assert!(got.starts_with(want), "{status} {body}: {got}");
    }
    let failure = refusal(&answer(500, &lock)).failure().unwrap();
    assert_eq!(failure.code, FailureCode::PhoneBusy);
}

#[test]
fn result_codes_follow_the_sheet_and_unknown_ones_keep_the_payment_open() {
    let read = |code: Value| {
        let body = json!({"ResponseCode": "0", "CheckoutRequestID": "ws_1",
            "ResultCode": code, "ResultDesc": "words"});
        queried(
            &answer(200, &body.to_string()),
            "ws_1",
            &prompt(Some("ws_1")),
        )
        .unwrap()
    };
    for (code, want) in [
        ("1", FailureCode::InsufficientFunds),
        ("2", FailureCode::AmountLimit),
        ("3", FailureCode::AmountLimit),
        ("4", FailureCode::PayerLimit),
        ("8", FailureCode::MerchantLimit),
        ("17", FailureCode::RepeatedTooSoon),
        ("26", FailureCode::ProviderUnavailable),
        ("1001", FailureCode::PhoneBusy),
        ("1019", FailureCode::Expired),
        ("1025", FailureCode::ProviderUnavailable),
        ("9999", FailureCode::ProviderUnavailable),
        ("1032", FailureCode::CancelledByCustomer),
        ("1037", FailureCode::NoResponse),
        ("2001", FailureCode::WrongPin),
        ("2028", FailureCode::ProviderMisconfigured),
        ("SFC_IC0003", FailureCode::ProviderMisconfigured),
        ("8006", FailureCode::AccountLocked),
    ] {
        let found = read(code.into()).found;
        let (kind, failure) = match &found {
            Found::Cancelled(f) => ("cancelled", f),
            Found::Expired(f) => ("expired", f),
            Found::Failed(f) => ("failed", f),
            _ => panic!("{code}: {found:?}"),
        };
        let wanted = match code {
            "1032" => "cancelled",
            "1019" | "1037" => "expired",
            _ => "failed",
        };
        assert_eq!(kind, wanted, "{code}");
        assert_eq!(failure.code, want, "{code}");
    }
    assert_eq!(
        read(json!(4999)).found,
        Found::Open(PaymentStatus::RequiresAction)
    );
    assert_eq!(
        read(json!("77")).found,
        Found::Open(PaymentStatus::Processing)
    );
    for paid in [json!("0"), json!(0)] {
        let Found::Succeeded(charge) = read(paid).found else {
            panic!("not paid");
        };
        assert_eq!(charge.amount, money(150_000, "KES"));
    }
}

#[test]
fn r4_an_error_of_the_query_is_no_answer_and_never_a_failure() {
    let of = prompt(Some("ws_1"));
    let running = answer(
        500,
        &error("500.001.1001", "The transaction is being processed"),
    );
    let report = queried(&running, "ws_1", &of).unwrap();
    assert_eq!(report.found, Found::Open(PaymentStatus::RequiresAction));
    let other = json!({"ResultCode": "0", "CheckoutRequestID": "ws_2"}).to_string();
    for (status, body) in [
        (500, error("500.001.1001", "The transaction does not Exist")),
        (200, error("500.001.1001", "")),
        (500, error("500.003.02", "System is busy")),
        (200, other),
        (200, "{}".to_owned()),
        (500, r#"{"ResultCode":"0"}"#.to_owned()),
    ] {
        let error = queried(&answer(status, &body), "ws_1", &of).unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{body}");
    }
}

#[test]
fn r6_a_claim_about_the_same_prompt_brings_the_receipt_and_shows_another_amount() {
    let paid = answer(200, r#"{"ResultCode":"0","CheckoutRequestID":"ws_1"}"#);
    let read = |claimed: &str| {
        let mut of = prompt(Some("ws_1"));
        of.claims = Some(Claims {
            provider_ref: Some(claimed.to_owned()),
            receipt: Some("NLJ7RT61SV".to_owned()),
            amount: Some(money(100, "KES")),
        });
        let report = queried(&paid, "ws_1", &of).unwrap();
        match report.found {
            Found::Succeeded(charge) => (charge.amount.minor, report.receipt),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(read("ws_1"), (100, Some("NLJ7RT61SV".to_owned())));
    assert_eq!(read("ws_2"), (150_000, None));
}

#[test]
fn r5_callbacks_are_hints_read_by_name() {
    let read =
        |body: &str, path: &str| receive(&Mpesa, &ours(), &hook(&[], body, path)).map(|r| r.1);
    let paid = r#"{"Body":{"stkCallback":{"MerchantRequestID":"m","CheckoutRequestID":"ws_1","ResultCode":0,"ResultDesc":"ok","CallbackMetadata":{"Item":[{"Name":"Balance"},{"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Name":"Amount","Value":1.00},{"Name":"PhoneNumber","Value":254708374149}]}}}}"#;
    let reading = read(paid, "p-77").unwrap();
    assert_eq!(reading.dedupe_key, "stk:ws_1:0");
    let claims = Claims {
        provider_ref: Some("ws_1".to_owned()),
        receipt: Some("NLJ7RT61SV".to_owned()),
        amount: Some(money(100, "KES")),
    };
    let reference = Some("p-77".to_owned());
    let about = HookAbout::Payment {
        reference,
        claims,
        report: None,
    };
    assert_eq!(reading.about, about);
    let failed = r#"{"Body":{"stkCallback":{"CheckoutRequestID":"ws_1","ResultCode":"1032"}}}"#;
    let HookAbout::Payment {
        reference: None,
        claims,
        report: None,
    } = read(failed, "").unwrap().about
    else {
        panic!("a callback reads as something else");
    };
    assert_eq!((claims.receipt, claims.amount), (None, None));
    let odd = r#"{"Body":{"stkCallback":{"CheckoutRequestID":"ws\n1","ResultCode":0}}}"#;
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"Body":{"stkCallback":{"ResultCode":0}}}"#,
        odd,
    ] {
        assert!(
            matches!(read(bad, "p-77"), Err(HookError::Unreadable(_))),
            "{bad}"
        );
    }
    assert_eq!(
        Mpesa.hook_reply(),
        r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#
    );
}

#[tokio::test]
async fn a_push_sends_what_daraja_documents() {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let log = seen.clone();
    let router = Router::new()
        .route(
            TOKEN,
            get(|headers: HeaderMap| async move {
                assert_eq!(headers["authorization"], "Basic Y2s6Y3M=");
                r#"{"access_token":"t1","expires_in":3599}"#
            }),
        )
        .route(
            PUSH,
            post(|headers: HeaderMap, body: String| async move {
                assert_eq!(headers["authorization"], "Bearer t1");
                log.lock().unwrap().push(serde_json::from_str(&body).unwrap());
                r#"{"MerchantRequestID":"m","CheckoutRequestID":"ws_1","ResponseCode":"0","ResponseDescription":"Success"}"#
            }),
        );
    let mut bench = Bench::new(ours(), router).await;
    let started = Mpesa.start(&bench.call(), &push()).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some("ws_1"));
    assert_eq!(started.next_action, NextAction::PhonePrompt);
    bench
        .account
        .credentials
        .insert("transaction_type".to_owned(), "till".into());
    let error = Mpesa.start(&bench.call(), &push()).await.unwrap_err();
    assert!(
        matches!(error, ProviderError::Misconfigured(_)),
        "no till number: {error}"
    );
    bench
        .account
        .credentials
        .insert("till_number".to_owned(), "555".into());
    Mpesa.start(&bench.call(), &push()).await.unwrap();

    let bodies = seen.lock().unwrap();
    let (paybill, till) = (&bodies[0], &bodies[1]);
    let password = STANDARD.encode(format!("174379{PASSKEY}20260105123000"));
    for (field, want) in [
        ("BusinessShortCode", json!("174379")),
        ("Password", json!(password)),
        ("Timestamp", json!("20260105123000")),
        ("TransactionType", json!("CustomerPayBillOnline")),
        ("Amount", json!(1_500)),
        ("PartyA", json!("254712345678")),
        ("PartyB", json!("174379")),
        ("PhoneNumber", json!("254712345678")),
        ("CallBackURL", json!("https://pay.example/hooks/0a1b/p-77")),
        ("AccountReference", json!("INV20260042")),
        ("TransactionDesc", json!("Two tickets")),
    ] {
        assert_eq!(paybill[field], want, "{field}");
    }
    assert_eq!(till["TransactionType"], "CustomerBuyGoodsOnline");
    assert_eq!(
        (&till["PartyB"], &till["BusinessShortCode"]),
        (&json!("555"), &json!("174379"))
    );
}

#[tokio::test]
async fn r4_whatever_leaves_us_in_the_dark_after_the_push_is_unknown() {
    for (what, dark) in darkness() {
        let token = r#"{"access_token":"t1","expires_in":"3599"}"#;
        let router = Router::new().route(TOKEN, get(move || async move { token }));
        let bench = Bench::new(ours(), router.merge(dark)).await;
        for error in [
            Mpesa.start(&bench.call(), &push()).await.unwrap_err(),
            Mpesa
                .fetch(&bench.call(), &prompt(Some("ws_1")))
                .await
                .unwrap_err(),
        ] {
            assert!(
                matches!(error, ProviderError::Unknown(_)),
                "{what}: {error}"
            );
        }
    }
    let accepted = safaricom(200, r#"{"ResponseCode":"0"}"#);
    let bench = Bench::new(ours(), accepted).await;
    let error = Mpesa.start(&bench.call(), &push()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "no id: {error}");
}

#[tokio::test]
async fn r4_without_a_token_nothing_was_pushed() {
    for (what, router) in darkness() {
        let bench = Bench::new(ours(), router).await;
        let error = Mpesa.start(&bench.call(), &push()).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unavailable(_)),
            "{what}: {error}"
        );
    }
    let body = error("400.008.01", "Invalid Authentication passed");
    for body in [body.as_str(), ""] {
        let body = body.to_owned();
        let wrong = Router::new().fallback(move || async move { (StatusCode::BAD_REQUEST, body) });
        let bench = Bench::new(ours(), wrong).await;
        for error in [
            Mpesa.start(&bench.call(), &push()).await.unwrap_err(),
            Mpesa.self_test(&bench.call()).await.unwrap_err(),
        ] {
            let said = error.to_string();
            assert!(
                said.contains("consumer_key") && !said.contains("cs:"),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn one_token_serves_all_calls_and_a_refused_one_is_replaced_once() {
    let (tokens, pushes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (given, counter) = (tokens.clone(), pushes.clone());
    let router = Router::new()
        .route(
            TOKEN,
            get(move || async move {
                let n = given.fetch_add(1, Ordering::SeqCst);
                format!(r#"{{"access_token":"t{n}","expires_in":"3599"}}"#)
            }),
        )
        .route(
            QUERY,
            post(|| async { r#"{"ResultCode":"0","CheckoutRequestID":"ws_1"}"# }),
        )
        .route(
            PUSH,
            post(move || async move {
                counter.fetch_add(1, Ordering::SeqCst);
                (
                    StatusCode::NOT_FOUND,
                    error("404.001.03", "Invalid Access Token"),
                )
            }),
        );
    let bench = Bench::new(ours(), router).await;
    let of = prompt(Some("ws_1"));
    let both = (bench.call(), bench.call());
    let (a, b) = tokio::join!(Mpesa.fetch(&both.0, &of), Mpesa.fetch(&both.1, &of));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(tokens.load(Ordering::SeqCst), 1, "fetched once for both");

    let refused = Mpesa.start(&bench.call(), &push()).await.unwrap_err();
    assert!(
        matches!(refused, ProviderError::Misconfigured(_)),
        "{refused}"
    );
    assert_eq!(pushes.load(Ordering::SeqCst), 2, "repeated once");
    assert_eq!(tokens.load(Ordering::SeqCst), 2);

    let mut late = bench.call();
    late.now = NOW.plus_secs(3_599 - TOKEN_SPARE_SECS);
    assert!(Mpesa.fetch(&late, &of).await.is_ok());
    assert_eq!(tokens.load(Ordering::SeqCst), 3, "renewed before its end");
}

#[tokio::test]
async fn a_lost_push_is_asked_after_by_the_id_that_a_callback_claims() {
    let bench = Bench::new(ours(), safaricom(200, r#"{"ResultCode":"0"}"#)).await;
    let mut of = prompt(None);
    let error = Mpesa.fetch(&bench.call(), &of).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)));
    of.claims = Some(Claims {
        provider_ref: Some("ws_9".to_owned()),
        ..Claims::default()
    });
    let report = Mpesa.fetch(&bench.call(), &of).await.unwrap();
    assert_eq!(report.provider_ref.as_deref(), Some("ws_9"));
    assert!(matches!(report.found, Found::Succeeded(_)));
    assert!(Mpesa.self_test(&bench.call()).await.is_ok());
}
