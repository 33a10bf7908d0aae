use super::*;
use crate::domain::Money;
use crate::domain::payment::Failure;
use crate::providers::http::Answer;
use crate::providers::testing::{
    Bench, NOW, account, darkness, hook, money, receive, ref_of, refund_of, start_of,
};
use crate::providers::{Claims, HookAbout, RefundFound};
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

mod hooks;
mod refunds;

const KEY: &str = "FLWSECK_TEST-0123456789abcdef-X";
const HASH: &str = "a-long-secret-hash";
const PAGE: &str = "https://checkout.flutterwave.com/v3/hosted/pay/flwlnk-01abc";
const NONE: &str =
    r#"{"status":"error","message":"No transaction was found for this id","data":null}"#;

fn ours() -> Account {
    account(&[
        ("secret_key", KEY),
        ("secret_hash", HASH),
        ("previous_secret_hash", "the-hash-before"),
    ])
}

fn paid_as(id: u64, status: &str) -> Value {
    json!({"id": id, "tx_ref": "p-77", "flw_ref": "FLW-MOCK-1", "amount": 2_500, "currency": "NGN",
        "charged_amount": 2_500, "app_fee": 35.4, "merchant_fee": 0, "auth_model": "PIN",
        "processor_response": "Approved", "status": status, "payment_type": "card",
        "amount_settled": 2_464.6, "meta": null})
}

fn good(data: Value) -> String {
    json!({"status": "success", "message": "done", "data": data}).to_string()
}

fn answers(status: u16, body: impl Into<String>) -> Router {
    let body = body.into();
    let code = StatusCode::from_u16(status).unwrap();
    Router::new().fallback(move || async move { (code, body) })
}

fn answer(status: u16, body: &str) -> Answer {
    let body = body.as_bytes().to_vec();
    Answer { status, body }
}

/// Open on Flutterwave's page.
fn payment() -> PaymentRef {
    let mut of = ref_of(money(250_000, "NGN"), Method::Card);
    of.provider_ref = Some(PAGE.to_owned());
    of
}

/// Transactions by id; `by_reference` is the one that the reference finds.
fn provider(by_reference: Option<Value>, by_id: &[Value], list: &[Value]) -> Router {
    let known: BTreeMap<String, Value> = by_id
        .iter()
        .map(|t| (t["id"].to_string(), t.clone()))
        .collect();
    let list = good(list.into());
    let told = |found: Option<Value>, status: StatusCode| match found {
        Some(found) => (StatusCode::OK, good(found)),
        None => (status, NONE.to_owned()),
    };
    Router::new()
        .route(
            "/v3/transactions/verify_by_reference",
            get(
                move |Query(q): Query<BTreeMap<String, String>>| async move {
                    assert_eq!(q["tx_ref"], "p-77");
                    told(by_reference, StatusCode::BAD_REQUEST)
                },
            ),
        )
        .route(
            "/v3/transactions/{id}/verify",
            get(move |Path(id): Path<String>| async move {
                told(known.get(&id).cloned(), StatusCode::NOT_FOUND)
            }),
        )
        .route(
            "/v3/transactions",
            get(|Query(q): Query<BTreeMap<String, String>>| async move {
                assert_eq!(q["tx_ref"], "p-77");
                list
            }),
        )
}

async fn fetched(router: Router, of: &PaymentRef) -> Report {
    let bench = Bench::new(ours(), router).await;
    Flutterwave.fetch(&bench.call(), of).await.unwrap()
}

fn receipt(report: &Report) -> Option<&str> {
    assert_eq!(
        report.receipt.is_some(),
        matches!(report.found, Found::Succeeded(_))
    );
    report.receipt.as_deref()
}

#[test]
fn r1_amounts_are_exact_major_units_both_ways() {
    for (currency, minor, wire) in [
        ("EGP", 12_345, "123.45"),
        ("EUR", 1, "0.01"),
        ("GBP", 10, "0.1"),
        ("GHS", 150_050, "1500.5"),
        ("KES", 100, "1"),
        ("MWK", 100_000, "1000"),
        ("NGN", 250_000, "2500"),
        ("NGN", 999_999_999_999_999, "9999999999999.99"),
        ("NGN", Money::MOST_MINOR, "10000000000000"),
        ("RWF", 500, "500"),
        ("TZS", 150, "1.5"),
        ("UGX", 3_700, "3700"),
        ("USD", 1_999, "19.99"),
        ("XAF", 1, "1"),
        ("XOF", 500, "500"),
        ("ZAR", 5_005, "50.05"),
        ("ZMW", 2_050, "20.5"),
    ] {
        let amount = money(minor, currency);
        let sent = wire::to_major(amount).unwrap();
        assert_eq!(sent.to_string(), wire, "{currency} {minor}");
        assert_eq!(
            json!({ "amount": sent }).to_string(),
            format!("{{\"amount\":{wire}}}")
        );
        assert_eq!(wire::from_major(wire, amount.currency), Some(amount));
        assert!(INFO.rule(amount.currency).is_some(), "{currency}");
    }
    for written in ["500.5", "1e3", "-5", "2,500", "1 000", "", ".", "0x1F"] {
        assert_eq!(wire::from_major(written, Currency::XOF), None, "{written}");
    }
    for (written, minor) in [("2500.00", 250_000), ("2500.0", 250_000), ("98.6", 9_860)] {
        let read = wire::from_major(written, Currency::NGN);
        assert_eq!(read, Some(money(minor, "NGN")), "{written}");
    }
    assert_eq!(wire::to_major(money(i64::MAX, "NGN")), None);
}

#[test]
fn the_table_and_the_email_are_checked_before_anything_is_written() {
    let mut shop = ours();
    let code =
        |shop: &Account, req: &StartPayment| Flutterwave.check(shop, req).map_err(|p| p.code);
    for (minor, currency, method, want) in [
        (1, "NGN", Method::Card, Ok(())),
        (100, "KES", Method::MobileMoney, Ok(())),
        (100, "ZMW", Method::MobileMoney, Ok(())),
        (100, "NGN", Method::BankTransfer, Ok(())),
        (0, "NGN", Method::Card, Err("amount_too_small")),
        (i64::MAX, "NGN", Method::Card, Err("amount_too_large")),
        (100, "KWD", Method::Card, Err("currency_not_supported")),
        (
            100,
            "NGN",
            Method::MobileMoney,
            Err("method_not_for_currency"),
        ),
        (
            100,
            "KES",
            Method::BankTransfer,
            Err("method_not_for_currency"),
        ),
        (100, "NGN", Method::Ussd, Err("method_not_supported")),
    ] {
        let req = start_of(money(minor, currency), method);
        assert_eq!(code(&shop, &req), want, "{currency} {minor} {method:?}");
    }
    let mut req = start_of(money(5_000, "NGN"), Method::Card);
    for bad in [None, Some("none"), Some("@shop.example")] {
        req.email = bad.map(str::to_owned);
        let problem = Flutterwave.check(&shop, &req).unwrap_err();
        let told = (problem.field, problem.code);
        assert_eq!(told, ("customer.email", "email_required"));
    }
    req.email = None;
    shop.fallback_email = Some("till@shop.example".to_owned());
    assert_eq!(code(&shop, &req), Ok(()));
}

#[test]
fn each_method_names_the_options_that_fit_its_currency() {
    for (method, currency, want) in [
        (Method::Card, "NGN", "card"),
        (Method::MobileMoney, "GHS", "mobilemoneyghana"),
        (Method::MobileMoney, "KES", "mpesa"),
        (Method::MobileMoney, "MWK", "mobilemoneymalawi"),
        (Method::MobileMoney, "RWF", "mobilemoneyrwanda"),
        (Method::MobileMoney, "TZS", "mobilemoneytanzania"),
        (Method::MobileMoney, "UGX", "mobilemoneyuganda"),
        (Method::MobileMoney, "XAF", "mobilemoneyfranco"),
        (Method::MobileMoney, "XOF", "mobilemoneyfranco"),
        (Method::MobileMoney, "ZMW", "mobilemoneyzambia"),
        (Method::BankTransfer, "NGN", "banktransfer, account"),
        (Method::BankTransfer, "ZAR", "account"),
    ] {
        let currency = Currency::parse(currency).unwrap();
        assert_eq!(payment_options(method, currency), want, "{currency}");
    }
}

#[test]
fn refusals_without_codes_are_read_from_status_and_words() {
    let no = |message: &str| json!({"status": "error", "message": message, "data": null});
    for (status, body, want) in [
        (
            401,
            no("Authorization required").to_string(),
            "misconfigured",
        ),
        (
            400,
            no("merchant secret key required").to_string(),
            "misconfigured",
        ),
        (401, String::new(), "misconfigured"),
        (403, "<html>".to_owned(), "misconfigured"),
        (
            400,
            no("Currency not supported").to_string(),
            "misconfigured",
        ),
        (
            400,
            no("customer.email is required").to_string(),
            "declined",
        ),
        (
            400,
            no("Amount should be above NGN100").to_string(),
            "declined",
        ),
        (200, no("no").to_string(), "declined"),
        (400, no("Duplicate transaction").to_string(), "unknown"),
        (400, no("tx_ref already exists").to_string(), "unknown"),
        (409, no("conflict").to_string(), "unknown"),
        (408, no("late").to_string(), "unknown"),
        (429, "slow down".to_owned(), "unavailable"),
        (
            503,
            no("An error occurred. Please contact support").to_string(),
            "unknown",
        ),
        (500, "<html>".to_owned(), "unknown"),
        (400, "<html>".to_owned(), "unknown"),
        (302, String::new(), "unknown"),
        (200, r#"{"data":{}}"#.to_owned(), "unknown"),
        (200, r#"{"status":true,"data":{}}"#.to_owned(), "unknown"),
    ] {
        let got = data(&answer(status, &body)).unwrap_err().to_string();
        assert!(got.starts_with(want), "{status} {body}: {got}");
    }
    let limit = data(&answer(400, &no("Amount is below the minimum").to_string()));
    let failure = limit.unwrap_err().failure().unwrap();
    assert_eq!(failure.code, FailureCode::AmountLimit);
}

#[test]
fn only_successful_is_success_and_a_failed_try_stays_open() {
    use PaymentStatus::{Pending, Processing, RequiresAction};
    for (status, want) in [
        ("failed", RequiresAction),
        ("cancelled", RequiresAction),
        ("success-pending-validation", RequiresAction),
        ("pending auth", RequiresAction),
        ("pending", Processing),
        ("brand-new", Pending),
    ] {
        let report = wire::report(&paid_as(1, status)).unwrap();
        assert_eq!(report.found, Found::Open(want), "{status}");
        assert_eq!(report.receipt, None);
        assert!(report.said.contains("Approved"));
    }
    let report = wire::report(&paid_as(8_415_006, "successful")).unwrap();
    assert_eq!(report.receipt.as_deref(), Some("8415006"));
    let Found::Succeeded(charge) = report.found else {
        panic!("{:?}", report.found);
    };
    assert_eq!(charge.amount, money(250_000, "NGN"));
    assert_eq!(charge.reference.as_deref(), Some("p-77"));
    assert_eq!((charge.asked, charge.test_mode), (None, None));
    assert!(wire::report(&json!({"id": 1})).is_err());
}

#[test]
fn r6_the_amount_is_compared_and_not_what_a_payer_bore_on_top() {
    let with = |amount: Value, charged: Value, currency: &str| {
        let mut data = paid_as(1, "successful");
        data["amount"] = amount;
        data["charged_amount"] = charged;
        data["currency"] = currency.into();
        match wire::report(&data).map(|r| r.found) {
            Ok(Found::Succeeded(charge)) => Some(charge.amount.minor),
            Ok(other) => panic!("{other:?}"),
            Err(ProviderError::Unknown(_)) => None,
            Err(other) => panic!("{other:?}"),
        }
    };
    let null = Value::Null;
    assert_eq!(with(json!(2_500), json!(2_535.5), "NGN"), Some(250_000));
    assert_eq!(with(json!("2500.00"), null.clone(), "ngn"), Some(250_000));
    assert_eq!(with(json!(2_500.1), null.clone(), "NGN"), Some(250_010));
    // Less came than the page was asked to take.
    assert_eq!(with(json!(2_500), json!(1_000), "NGN"), Some(100_000));
    assert_eq!(with(json!(500.5), null.clone(), "XOF"), None);
    assert_eq!(with(json!(-1), null.clone(), "NGN"), None);
    assert_eq!(with(json!(100), null.clone(), "???"), None);
    assert_eq!(with(null.clone(), null, "NGN"), None);
}

#[tokio::test]
async fn a_start_sends_what_flutterwave_documents_and_leads_to_its_page() {
    let seen: Arc<Mutex<Option<(String, String)>>> = Arc::default();
    let log = seen.clone();
    let router = Router::new().route(
        "/v3/payments",
        post(|headers: HeaderMap, body: String| async move {
            let bearer = headers["authorization"].to_str().unwrap().to_owned();
            *log.lock().unwrap() = Some((bearer, body));
            json!({"status": "success", "message": "Hosted Link", "data": {"link": PAGE}})
                .to_string()
        }),
    );
    let bench = Bench::new(ours(), router).await;
    let req = start_of(money(250_050, "NGN"), Method::BankTransfer);
    let started = Flutterwave.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some(PAGE));
    assert_eq!(started.status, PaymentStatus::RequiresAction);
    let (bearer, text) = seen.lock().unwrap().take().unwrap();
    assert_eq!(bearer, format!("Bearer {KEY}"));
    assert!(text.contains("\"amount\":2500.5"), "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    for (pointer, want) in [
        ("/tx_ref", json!("p-77")),
        ("/currency", json!("NGN")),
        ("/redirect_url", json!("https://pay.example/return")),
        ("/payment_options", json!("banktransfer, account")),
        ("/customer/email", json!("asha@shop.example")),
        ("/customer/name", json!("Asha Otieno")),
        ("/customer/phonenumber", json!("+254712345678")),
        ("/customizations/title", json!("Duka")),
        ("/configurations/session_duration", json!(60)),
        ("/bank_transfer_options/expires", json!(3_600)),
        ("/meta/payment_reference", json!("p-77")),
    ] {
        assert_eq!(body.pointer(pointer), Some(&want), "{pointer}");
    }
    assert!(
        !text.contains("hooks/"),
        "the hook address is no part of it"
    );
}

#[tokio::test]
async fn a_session_lasts_from_a_minute_to_a_day() {
    for (secs, minutes) in [(-5, 1), (59, 1), (125, 2), (90 * 86_400, 1_440)] {
        let router = Router::new().route(
            "/v3/payments",
            post(move |body: String| async move {
                let body: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(body["configurations"]["session_duration"], minutes);
                good(json!({ "link": PAGE }))
            }),
        );
        let bench = Bench::new(ours(), router).await;
        let mut req = start_of(money(500, "XOF"), Method::Card);
        req.expires_at = NOW.plus_secs(secs);
        req.phone = None;
        Flutterwave.start(&bench.call(), &req).await.unwrap();
    }
}

#[tokio::test]
async fn r4_whatever_leaves_us_in_the_dark_is_unknown() {
    for (what, router) in darkness() {
        let bench = Bench::new(ours(), router).await;
        let call = bench.call();
        let req = start_of(money(250_000, "NGN"), Method::Card);
        let mut paid = payment();
        paid.receipt = Some("8415006".to_owned());
        let back = refund_of(money(5_000, "NGN"), paid);
        for error in [
            Flutterwave.start(&call, &req).await.unwrap_err(),
            Flutterwave.fetch(&call, &payment()).await.unwrap_err(),
            Flutterwave.refund(&call, &back).await.unwrap_err(),
            Flutterwave.fetch_refund(&call, &back).await.unwrap_err(),
            Flutterwave.close(&call, &payment()).await.unwrap_err(),
        ] {
            assert!(
                matches!(error, ProviderError::Unknown(_)),
                "{what}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn r4_an_acceptance_without_a_page_is_unknown() {
    for data in [json!({"link": "nowhere"}), json!({}), Value::Null] {
        let bench = Bench::new(ours(), answers(200, good(data))).await;
        let req = start_of(money(250_000, "NGN"), Method::Card);
        let error = Flutterwave.start(&bench.call(), &req).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    }
}

#[tokio::test]
async fn r4_nobody_paid_is_open_with_a_page_and_missing_after_a_lost_answer() {
    let open = Found::Open(PaymentStatus::RequiresAction);
    for status in [200, 400, 404] {
        let report = fetched(answers(status, NONE), &payment()).await;
        assert_eq!(report.found, open, "{status}");
        let mut lost = payment();
        lost.provider_ref = None;
        let report = fetched(answers(status, NONE), &lost).await;
        assert_eq!(report.found, Found::Missing, "{status}");
    }
    let mut lost = payment();
    lost.provider_ref = None;
    let paid = paid_as(9, "successful");
    let report = fetched(provider(Some(paid), &[], &[]), &lost).await;
    assert_eq!(receipt(&report), Some("9"));
}

#[tokio::test]
async fn a_second_try_that_paid_is_found_whichever_try_the_reference_names() {
    let (failed, paid) = (paid_as(1, "failed"), paid_as(2, "successful"));
    let both = [failed.clone(), paid.clone()];
    let report = fetched(provider(Some(paid.clone()), &both, &both), &payment()).await;
    assert_eq!(receipt(&report), Some("2"));
    // By the list of transactions, without any hook (R13).
    let report = fetched(provider(Some(failed.clone()), &both, &both), &payment()).await;
    assert_eq!(receipt(&report), Some("2"));
    // By the id of a hook.
    let mut of = payment();
    of.claims = Some(Claims {
        receipt: Some("2".to_owned()),
        ..Claims::default()
    });
    let report = fetched(provider(Some(failed.clone()), &both, &[]), &of).await;
    assert_eq!(receipt(&report), Some("2"));
    // A list that lies or is not there changes nothing.
    let mut foreign = paid;
    foreign["tx_ref"] = json!("p-78");
    let report = fetched(
        provider(Some(failed), &[foreign.clone()], &[foreign]),
        &payment(),
    )
    .await;
    assert_eq!(report.found, Found::Open(PaymentStatus::RequiresAction));
}

#[tokio::test]
async fn r5_an_id_that_belongs_to_another_reference_proves_nothing() {
    let mut foreign = paid_as(55, "successful");
    foreign["tx_ref"] = json!("p-78");
    for claimed in ["55", "56", "../../refunds/1", "0x37", ""] {
        let mut of = payment();
        of.claims = Some(Claims {
            provider_ref: Some(claimed.to_owned()),
            receipt: Some(claimed.to_owned()),
            amount: Some(of.amount),
        });
        let report = fetched(provider(None, &[foreign.clone()], &[]), &of).await;
        let open = Found::Open(PaymentStatus::RequiresAction);
        assert_eq!(report.found, open, "{claimed}");
        let ours = paid_as(9, "successful");
        let report = fetched(provider(Some(ours), &[foreign.clone()], &[]), &of).await;
        assert_eq!(receipt(&report), Some("9"), "{claimed}");
    }
}

#[tokio::test]
async fn r6_another_reference_under_ours_is_told_as_it_is() {
    let mut foreign = paid_as(9, "successful");
    foreign["tx_ref"] = json!("p-78");
    let report = fetched(provider(Some(foreign), &[], &[]), &payment()).await;
    let Found::Succeeded(charge) = report.found else {
        panic!("{:?}", report.found);
    };
    assert_eq!(charge.reference.as_deref(), Some("p-78"));
}

#[tokio::test]
async fn more_than_asked_is_said_and_allowed() {
    let mut over = paid_as(9, "successful");
    over["amount"] = json!(2_600);
    over["charged_amount"] = json!(2_636.4);
    let report = fetched(provider(Some(over), &[], &[]), &payment()).await;
    assert!(
        report.said.contains("more than was asked"),
        "{}",
        report.said
    );
    let Found::Succeeded(charge) = report.found else {
        panic!("{:?}", report.found);
    };
    assert!(charge.payer_may_bear_fee && charge.amount == money(260_000, "NGN"));
}

#[tokio::test]
async fn a_page_is_closed_once_and_twice_is_harmless() {
    let router = Router::new().route(
        "/v3/payments/link/disable",
        post(|body: String| async move {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body, json!({ "link": PAGE }));
            r#"{"status":"success","message":"LINK DISABLED","data":true}"#
        }),
    );
    let bench = Bench::new(ours(), router).await;
    Flutterwave.close(&bench.call(), &payment()).await.unwrap();
    let off = r#"{"status":"error","message":"This payment link is currently inactive"}"#;
    let bench = Bench::new(ours(), answers(400, off)).await;
    Flutterwave.close(&bench.call(), &payment()).await.unwrap();
    let wrong = r#"{"status":"error","message":"Invalid link"}"#;
    let bench = Bench::new(ours(), answers(400, wrong)).await;
    assert!(Flutterwave.close(&bench.call(), &payment()).await.is_err());
    let mut lost = payment();
    lost.provider_ref = None;
    Flutterwave.close(&bench.call(), &lost).await.unwrap();
}

#[tokio::test]
async fn r11_a_key_of_the_other_mode_calls_nobody() {
    for (mode, key) in [
        (Mode::Test, "FLWSECK-0123-X"),
        (Mode::Live, "FLWSECK_TEST-0123-X"),
    ] {
        let mut shop = account(&[("secret_key", key), ("secret_hash", HASH)]);
        shop.mode = mode;
        let bench = Bench::new(shop, answers(200, good(json!({ "link": PAGE })))).await;
        let call = bench.call();
        let mut paid = payment();
        paid.receipt = Some("9".to_owned());
        let back = refund_of(money(5_000, "NGN"), paid);
        let req = start_of(money(250_000, "NGN"), Method::Card);
        for error in [
            Flutterwave.start(&call, &req).await.unwrap_err(),
            Flutterwave.fetch(&call, &payment()).await.unwrap_err(),
            Flutterwave.refund(&call, &back).await.unwrap_err(),
            Flutterwave.self_test(&call).await.unwrap_err(),
        ] {
            assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
            assert!(!error.to_string().contains(key));
        }
    }
}

#[tokio::test]
async fn the_self_test_asks_after_a_payment_that_nobody_made() {
    let bench = Bench::new(ours(), answers(400, NONE)).await;
    let said = Flutterwave.self_test(&bench.call()).await.unwrap();
    assert!(said.contains("a test key"), "{said}");
    let wrong = r#"{"status":"error","message":"Invalid authorization key"}"#;
    let bench = Bench::new(ours(), answers(401, wrong)).await;
    let error = Flutterwave.self_test(&bench.call()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Misconfigured(_)));
    assert!(!error.to_string().contains(KEY));
}

#[test]
fn the_settings_tell_keys_of_each_mode_apart() {
    let field = INFO.credential("secret_key").unwrap();
    let (test, live) = (field.test_prefix.unwrap(), field.live_prefix.unwrap());
    assert!(KEY.starts_with(test) && !KEY.starts_with(live));
    for optional in ["secret_hash", "public_key", "previous_secret_hash"] {
        assert!(!INFO.credential(optional).unwrap().required, "{optional}");
    }
}

fn failure(code: FailureCode, message: &str) -> Failure {
    let message = message.to_owned();
    Failure { code, message }
}
