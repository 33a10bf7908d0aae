use super::*;
use crate::providers::testing::{
    Bench, account, darkness, hook, money, receive, ref_of, refund_of, start_of,
};
use axum::Router;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const KEY: &str = "sk_test_abc";

fn ours() -> Account {
    account(&[
        ("secret_key", KEY),
        ("previous_secret_key", "sk_test_before"),
    ])
}

fn sign(key: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn transaction(status: &str) -> Value {
    json!({"id": 3_104_021_987_u64, "domain": "test", "status": status, "reference": "p-77",
        "amount": 25_000, "requested_amount": 25_000, "currency": "NGN",
        "gateway_response": "Approved"})
}

fn good(data: Value) -> String {
    json!({"status": true, "message": "done", "data": data}).to_string()
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

fn payment() -> PaymentRef {
    ref_of(money(25_000, "NGN"), Method::Card)
}

#[test]
fn r1_units_are_times_a_hundred_for_every_currency() {
    for (currency, minor, subunits) in [
        ("NGN", 5_000, 5_000),
        ("USD", 200, 200),
        ("GHS", 10, 10),
        ("ZAR", 12_345, 12_345),
        ("KES", 300, 300),
        ("XOF", 1, 100),
        ("XOF", 500, 50_000),
    ] {
        let amount = money(minor, currency);
        assert_eq!(to_subunits(amount), Some(subunits), "{currency}");
        let back = from_subunits(subunits, amount.currency);
        assert_eq!(back, Some(amount), "{currency}");
        assert!(INFO.rule(amount.currency).is_some());
    }
    assert_eq!(from_subunits(50_050, Currency::XOF), None);
    assert_eq!(to_subunits(money(1_000, "KWD")), None);
    assert_eq!(to_subunits(money(i64::MAX, "XOF")), None);
}

#[test]
fn limits_and_the_email_are_checked_before_anything_is_written() {
    let mut shop = ours();
    let code = |shop: &Account, req: &StartPayment| Paystack.check(shop, req).map_err(|p| p.code);
    for (minor, currency, want) in [
        (5_000, "NGN", Ok(())),
        (4_999, "NGN", Err("amount_too_small")),
        (299, "KES", Err("amount_too_small")),
        (1, "XOF", Ok(())),
        (100, "EUR", Err("currency_not_supported")),
    ] {
        let req = start_of(money(minor, currency), Method::Card);
        assert_eq!(code(&shop, &req), want, "{currency} {minor}");
    }
    let abroad = start_of(money(5_000, "KES"), Method::Ussd);
    assert_eq!(code(&shop, &abroad), Err("method_not_for_currency"));
    let mut req = start_of(money(5_000, "NGN"), Method::Card);
    for bad in [None, Some("none"), Some("@shop.example")] {
        req.email = bad.map(str::to_owned);
        let problem = Paystack.check(&shop, &req).unwrap_err();
        assert_eq!(
            (problem.field, problem.code),
            ("customer.email", "email_required")
        );
    }
    req.email = None;
    shop.fallback_email = Some("till@shop.example".to_owned());
    assert_eq!(code(&shop, &req), Ok(()));
}

#[test]
fn refusals_without_code_or_meta_are_read() {
    for (status, body, want) in [
        (
            401,
            r#"{"status":false,"message":"Invalid key"}"#,
            "misconfigured",
        ),
        (
            400,
            r#"{"status":false,"message":"Invalid key"}"#,
            "misconfigured",
        ),
        (401, "", "misconfigured"),
        (
            403,
            r#"{"status":false,"message":"Your IP address is not allowed"}"#,
            "misconfigured",
        ),
        (
            400,
            r#"{"status":"false","message":"Currency not supported by merchant"}"#,
            "misconfigured",
        ),
        (
            400,
            r#"{"status":false,"message":"Email Address is required","code":"missing_params"}"#,
            "declined",
        ),
        (
            400,
            r#"{"status":false,"message":"Duplicate Transaction Reference","code":"duplicate_reference"}"#,
            "unknown",
        ),
        (
            400,
            r#"{"status":false,"message":"Duplicate Transaction Reference"}"#,
            "unknown",
        ),
        (429, "slow down", "unavailable"),
        (500, r#"{"status":false,"message":"oops"}"#, "unknown"),
        (400, "<html>", "unknown"),
        (302, "", "unknown"),
        (200, r#"{"status":false,"message":"no"}"#, "declined"),
        (200, r#"{"data":{}}"#, "unknown"),
    ] {
        let error = data(&answer(status, body)).unwrap_err();
        let got = error.to_string();
        assert!(got.starts_with(want), "{status} {body}: {got}");
    }
}

#[test]
fn only_money_that_came_is_success_and_a_failed_try_stays_open() {
    use PaymentStatus::{Pending, Processing, RequiresAction};
    for (status, want) in [
        ("abandoned", RequiresAction),
        ("ongoing", RequiresAction),
        ("failed", RequiresAction),
        ("pending", Processing),
        ("processing", Processing),
        ("queued", Processing),
        ("brand-new", Pending),
    ] {
        let report = report(&transaction(status)).unwrap();
        assert_eq!(report.found, Found::Open(want), "{status}");
        assert_eq!(report.receipt, None);
    }
    for status in [
        "success",
        "reversed",
        "reversal pending",
        "reversal_pending",
    ] {
        let report = report(&transaction(status)).unwrap();
        assert_eq!(report.receipt.as_deref(), Some("3104021987"));
        let Found::Succeeded(charge) = report.found else {
            panic!("{status}");
        };
        assert_eq!(charge.amount, money(25_000, "NGN"));
        assert_eq!(charge.asked, Some(charge.amount));
        assert_eq!(charge.reference.as_deref(), Some("p-77"));
        assert_eq!(charge.test_mode, Some(true));
    }
}

#[test]
fn r6_amounts_are_told_exactly_whatever_their_form() {
    let with = |amount: Value, requested: Value, currency: &str| {
        let mut data = transaction("success");
        data["amount"] = amount;
        data["requested_amount"] = requested;
        data["currency"] = currency.into();
        charge(&data).map(|c| (c.amount.minor, c.asked.map(|a| a.minor)))
    };
    let null = Value::Null;
    assert_eq!(
        with(json!("40333"), json!(30_050), "NGN"),
        Some((40_333, Some(30_050)))
    );
    assert_eq!(with(json!(50_000), null.clone(), "XOF"), Some((500, None)));
    // A fee in a fraction of a franc, borne by the payer.
    assert_eq!(
        with(json!(50_763), json!(50_000), "XOF"),
        Some((507, Some(500)))
    );
    assert_eq!(
        with(json!(49_950), json!(50_000), "XOF"),
        Some((499, Some(500)))
    );
    assert_eq!(with(json!(50_050), null.clone(), "XOF"), None);
    assert_eq!(with(json!(50_050), json!(50_050), "XOF"), None);
    assert_eq!(with(json!("12.5"), null.clone(), "NGN"), None);
    assert_eq!(with(json!(100), null.clone(), "???"), None);
    assert_eq!(with(null.clone(), null, "NGN"), None);
}

#[test]
fn r5_a_hook_counts_only_with_a_signature_over_its_raw_bytes() {
    // Bytes that another JSON writer would write differently.
    let body = r#"{"event":"charge.success", "data":{"id":1,"domain":"test","status":"success","reference":"p-77","amount":25000,"currency":"NGN","metadata":"a\/b é"}}"#;
    let shop = ours();
    for key in [KEY, "sk_test_before"] {
        let raw = hook(&[("x-paystack-signature", &sign(key, body))], body, "");
        let reading = receive(&Paystack, &shop, &raw).unwrap().1;
        assert_eq!(reading.dedupe_key, "charge.success:1:success");
        let HookAbout::Payment {
            reference, report, ..
        } = reading.about
        else {
            panic!("{reading:?}");
        };
        assert_eq!(reference.as_deref(), Some("p-77"));
        assert!(matches!(report.unwrap().found, Found::Succeeded(_)));
    }
    let changed = body.replace("25000", "25001");
    for raw in [
        hook(&[], body, ""),
        hook(&[("x-paystack-signature", "zz")], body, ""),
        hook(&[("x-paystack-signature", "")], body, ""),
        hook(
            &[("x-paystack-signature", &sign("sk_test_other", body))],
            body,
            "",
        ),
        hook(&[("x-paystack-signature", &sign("", body))], body, ""),
        hook(&[("x-paystack-signature", &sign(KEY, body))], &changed, ""),
    ] {
        let refused = receive(&Paystack, &shop, &raw).unwrap_err();
        assert!(matches!(refused, HookError::NotVerified(_)), "{refused}");
    }
}

#[test]
fn a_known_signature_vector_fits() {
    // echo -n '{"event":"x"}' | openssl dgst -sha512 -hmac sk_test_abc
    let known = "f4170b110327797c45e9c5842396f7d2fb715672461bf28ec82ebc2925c5ed535e0d8d30fa8c106534ae475f8732cb6e7d818bfdd497752f149cc3894fc895b3";
    assert_eq!(sign(KEY, r#"{"event":"x"}"#), known);
}

#[test]
fn other_events_ask_about_refunds_or_the_payment_or_are_nothing() {
    let read = |body: &str| {
        let raw = hook(&[("x-paystack-signature", &sign(KEY, body))], body, "");
        receive(&Paystack, &ours(), &raw).map(|r| r.1)
    };
    let refund = read(
        r#"{"event":"refund.processed","data":{"status":"processed","transaction_reference":"p-77","refund_reference":"132","amount":"5000","currency":"NGN"}}"#,
    )
    .unwrap();
    let payment_reference = Some("p-77".to_owned());
    assert_eq!(
        refund.about,
        HookAbout::Refund {
            payment_reference,
            refund_reference: None
        }
    );
    assert_eq!(
        refund.dedupe_key,
        "refund.processed:p-77/132/5000/:processed"
    );
    let dispute = read(
        r#"{"event":"charge.dispute.create","data":{"id":7,"transaction":{"reference":"p-77"}}}"#,
    );
    let about = dispute.unwrap().about;
    assert!(
        matches!(about, HookAbout::Payment { report: None, .. }),
        "{about:?}"
    );
    let rejected = read(
        r#"{"event":"bank.transfer.rejected","data":{"bank_transfer":{"transaction_id":"3"}}}"#,
    );
    assert!(matches!(rejected.unwrap().about, HookAbout::Nothing(_)));
    for bad in ["nonsense", "{}", r#"{"event":"charge.success"}"#] {
        assert!(matches!(read(bad), Err(HookError::Unreadable(_))), "{bad}");
    }
}

#[tokio::test]
async fn a_start_sends_what_paystack_documents_and_leads_to_its_page() {
    let seen: Arc<Mutex<Option<(String, Value)>>> = Arc::default();
    let log = seen.clone();
    let router = Router::new().route(
        "/transaction/initialize",
        post(|headers: HeaderMap, body: String| async move {
            let bearer = headers["authorization"].to_str().unwrap().to_owned();
            *log.lock().unwrap() = Some((bearer, serde_json::from_str(&body).unwrap()));
            good(
                json!({"authorization_url": "https://checkout.paystack.com/0abc",
                "access_code": "0abc", "reference": "p-77"}),
            )
        }),
    );
    let bench = Bench::new(ours(), router).await;
    let req = start_of(money(500, "XOF"), Method::MobileMoney);
    let started = Paystack.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some("p-77"));
    assert_eq!(started.status, PaymentStatus::RequiresAction);
    let (bearer, body) = seen.lock().unwrap().take().unwrap();
    assert_eq!(bearer, "Bearer sk_test_abc");
    assert_eq!(body["amount"], 50_000);
    assert_eq!(body["currency"], "XOF");
    assert_eq!(body["channels"], json!(["mobile_money"]));
    assert_eq!(body["callback_url"], "https://pay.example/return");
    assert_eq!(
        body["metadata"]["cancel_action"],
        "https://pay.example/cancel"
    );
    assert_eq!(body["reference"], "p-77");
}

#[tokio::test]
async fn r4_whatever_leaves_us_in_the_dark_is_unknown() {
    for (what, router) in darkness() {
        let bench = Bench::new(ours(), router).await;
        let call = bench.call();
        let req = start_of(money(25_000, "NGN"), Method::Card);
        let back = refund_of(money(5_000, "NGN"), payment());
        for error in [
            Paystack.start(&call, &req).await.unwrap_err(),
            Paystack.fetch(&call, &payment()).await.unwrap_err(),
            Paystack.refund(&call, &back).await.unwrap_err(),
            Paystack.fetch_refund(&call, &back).await.unwrap_err(),
        ] {
            assert!(
                matches!(error, ProviderError::Unknown(_)),
                "{what}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn r4_an_acceptance_for_another_reference_or_without_a_page_is_unknown() {
    for data in [
        json!({"authorization_url": "https://checkout.paystack.com/0", "reference": "p-78"}),
        json!({"reference": "p-77"}),
        Value::Null,
    ] {
        let bench = Bench::new(ours(), answers(200, good(data))).await;
        let req = start_of(money(25_000, "NGN"), Method::Card);
        let error = Paystack.start(&bench.call(), &req).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    }
}

#[tokio::test]
async fn verify_tells_paid_and_missing_apart() {
    let router = Router::new().route(
        "/transaction/verify/p-77",
        get(|| async { good(transaction("success")) }),
    );
    let bench = Bench::new(ours(), router).await;
    let report = Paystack.fetch(&bench.call(), &payment()).await.unwrap();
    assert!(matches!(report.found, Found::Succeeded(_)));
    for status in [400, 404] {
        let body = r#"{"status":false,"message":"Transaction reference not found."}"#;
        let bench = Bench::new(ours(), answers(status, body)).await;
        let report = Paystack.fetch(&bench.call(), &payment()).await.unwrap();
        assert_eq!(report.found, Found::Missing);
    }
}

#[tokio::test]
async fn r11_a_live_key_in_test_mode_calls_nobody() {
    let shop = account(&[("secret_key", "sk_live_x")]);
    let bench = Bench::new(shop, answers(200, good(Value::Null))).await;
    let call = bench.call();
    let req = start_of(money(25_000, "NGN"), Method::Card);
    for error in [
        Paystack.start(&call, &req).await.unwrap_err(),
        Paystack.self_test(&call).await.unwrap_err(),
    ] {
        assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
    }
}

#[tokio::test]
async fn the_self_test_says_what_paystack_said() {
    let bench = Bench::new(ours(), answers(200, good(json!([])))).await;
    let said = Paystack.self_test(&bench.call()).await.unwrap();
    assert!(
        said.contains("a test key") && said.contains("done"),
        "{said}"
    );
    let wrong = answers(401, r#"{"status":false,"message":"Invalid key"}"#);
    let bench = Bench::new(ours(), wrong).await;
    let error = Paystack.self_test(&bench.call()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Misconfigured(_)));
    assert!(!error.to_string().contains(KEY));
}

#[test]
fn refund_states_follow_the_sheet() {
    let read = |status: &str, amount: Value| {
        let data = json!({"id": 3, "status": status, "amount": amount});
        refund_report(&data, money(5_000, "NGN")).unwrap().found
    };
    for (status, amount, want) in [
        ("pending", json!(5_000), RefundFound::Pending),
        ("processing", json!("5000"), RefundFound::Pending),
        ("needs-attention", json!(5_000), RefundFound::Pending),
        ("processed", json!("5000"), RefundFound::Succeeded),
        ("processed", json!(4_000), RefundFound::Pending),
    ] {
        assert_eq!(read(status, amount), want, "{status}");
    }
    assert!(matches!(
        read("failed", json!(5_000)),
        RefundFound::Failed(_)
    ));
    assert!(refund_report(&json!({"status": "pending"}), money(1, "NGN")).is_err());
}

#[tokio::test]
async fn r4_a_refund_without_an_answer_is_found_by_its_note_on_a_later_page() {
    let router = Router::new()
        .route(
            "/transaction/verify/p-77",
            get(|| async { good(transaction("reversal pending")) }),
        )
        .route(
            "/refund",
            get(|Query(q): Query<BTreeMap<String, String>>| async move {
                assert_eq!(q["transaction"], "3104021987");
                let row = |id: u64, note: &str| {
                    json!({"id": id, "status": "processed", "amount": 5_000,
                        "transaction": 3_104_021_987_u64, "merchant_note": note})
                };
                // An id that begins like ours is not ours.
                let rows: Vec<Value> = match q["page"].as_str() {
                    "1" => (0..50).map(|n| row(n, "Refund ref_12")).collect(),
                    _ => vec![row(99, "Refund ref_1")],
                };
                good(rows.into())
            }),
        );
    let bench = Bench::new(ours(), router).await;
    let mut back = refund_of(money(5_000, "NGN"), payment());
    let report = Paystack.fetch_refund(&bench.call(), &back).await.unwrap();
    assert_eq!(report.provider_ref.as_deref(), Some("99"));
    assert_eq!(report.found, RefundFound::Succeeded);
    back.reference = "ref_9".to_owned();
    let report = Paystack.fetch_refund(&bench.call(), &back).await.unwrap();
    assert_eq!(report.found, RefundFound::Missing);
}

#[tokio::test]
async fn a_refund_carries_our_id_and_the_exact_amount() {
    let router = Router::new().route(
        "/refund",
        post(|body: String| async move {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["transaction"], "p-77");
            assert_eq!(body["amount"], 20_000);
            assert!(body["merchant_note"].as_str().unwrap().contains("ref_1"));
            good(
                json!({"id": 3_018_284, "status": "pending", "amount": 20_000,
                "transaction": {"id": 1, "reference": "p-77"}}),
            )
        }),
    );
    let bench = Bench::new(ours(), router).await;
    let back = refund_of(money(200, "XOF"), ref_of(money(500, "XOF"), Method::Card));
    let report = Paystack.refund(&bench.call(), &back).await.unwrap();
    assert_eq!(report.found, RefundFound::Pending);
    assert_eq!(report.provider_ref.as_deref(), Some("3018284"));
    let said = r#"{"status":false,"message":"Transaction has been fully reversed"}"#;
    let bench = Bench::new(ours(), answers(400, said)).await;
    let error = Paystack.refund(&bench.call(), &back).await.unwrap_err();
    assert!(matches!(error, ProviderError::Declined(_)), "{error}");
}
