use super::*;
use crate::domain::payment::{Failure, PaymentStatus};
use crate::providers::testing::{Bench, account, darkness, money, ref_of, refund_of, start_of};
use crate::providers::{Claims, RefundFound};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get as on_get, patch as on_patch, post as on_post};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

mod hooks;
mod refunds;
mod registration;
mod wire;

const KEY: &str = "sk-4f9a63e2-0000-4000-8000-0123456789ab";
const SECRET: &str = "0123456789abcdef0123456789abcdef01234567";
const LINK: &str = "MB-LINK-37D90AAF51";
const CHARGE: &str = "MPB-CHRG-E0CE93E071";

fn ours() -> Account {
    account(&[("api_key", KEY), ("webhook_secret", SECRET)])
}

fn link(active: bool, charges: Value) -> Value {
    json!({"id": LINK, "title": "inv-2026/0042", "active": active, "amount": 33.99,
        "amount_currency": "AED", "capacity": 1, "external_id": "p-77", "expiration_date": null,
        "custom_data": {"payment_reference": "p-77"}, "charges": charges,
        "payment_url": "https://sandbox.dev.business.mamopay.com/pay/mamo-c1f890"})
}

fn charge(status: &str) -> Value {
    json!({"id": CHARGE, "status": status, "amount": 33.99, "amount_currency": "AED",
        "refund_amount": 0, "refund_status": "No refund", "external_id": "p-77",
        "custom_data": {}, "created_date": "2026-01-05-09-30-00", "payment_link_id": LINK,
        "error_code": "generic", "error_message": "Unknown reason"})
}

fn payment() -> PaymentRef {
    PaymentRef {
        provider_ref: Some(LINK.to_owned()),
        ..ref_of(money(3_399, "AED"), Method::Card)
    }
}

fn lost() -> PaymentRef {
    PaymentRef {
        provider_ref: None,
        ..payment()
    }
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

const NO_LINK: &str =
    r#"{"messages":["Merchant::Link record was not found"],"error_code":"RECORD_NOT_FOUND"}"#;
const NO_CHARGE: &str =
    r#"{"messages":["Charge record was not found"],"error_code":"RECORD_NOT_FOUND"}"#;

/// Mamo with one link and one charge.
fn mamo(link: Value, charge: Value) -> Router {
    Router::new()
        .route(
            "/manage_api/v1/links/{id}",
            on_get(move |Path(id): Path<String>| async move {
                if link["id"] == id.as_str() {
                    (StatusCode::OK, link.to_string())
                } else {
                    (StatusCode::NOT_FOUND, NO_LINK.to_owned())
                }
            }),
        )
        .route(
            "/manage_api/v1/charges/{id}",
            on_get(move |Path(id): Path<String>| async move {
                if charge["id"] == id.as_str() {
                    (StatusCode::OK, charge.to_string())
                } else {
                    (StatusCode::NOT_FOUND, NO_CHARGE.to_owned())
                }
            }),
        )
}

async fn fetched(router: Router, of: &PaymentRef) -> Result<Report, ProviderError> {
    let bench = Bench::new(ours(), router).await;
    MamoPay.fetch(&bench.call(), of).await
}

#[test]
fn limits_and_methods_are_checked_before_anything_is_written() {
    let shop = ours();
    let code = |minor, currency, method| {
        let req = start_of(money(minor, currency), method);
        MamoPay.check(&shop, &req).map_err(|p| p.code)
    };
    assert_eq!(code(200, "AED", Method::Card), Ok(()));
    assert_eq!(code(200, "USD", Method::Wallet), Ok(()));
    assert_eq!(code(199, "AED", Method::Card), Err("amount_too_small"));
    assert_eq!(code(54, "EUR", Method::Card), Err("amount_too_small"));
    assert_eq!(
        code(500, "KES", Method::Card),
        Err("currency_not_supported")
    );
    assert_eq!(code(500, "AED", Method::Ussd), Err("method_not_supported"));
    let huge = code(i64::MAX, "AED", Method::Card);
    assert_eq!(huge, Err("amount_not_representable"));
}

#[tokio::test]
async fn a_start_sends_what_mamo_documents_and_leads_to_its_page() {
    type Seen = Arc<Mutex<Option<(HeaderMap, Value)>>>;
    let seen = Seen::default();
    let router = Router::new()
        .route(
            "/manage_api/v1/links",
            on_post(
                |State(log): State<Seen>, headers: HeaderMap, body: String| async move {
                    let body: Value = serde_json::from_str(&body).unwrap();
                    *log.lock().unwrap() = Some((headers, body));
                    (StatusCode::CREATED, link(true, Value::Null).to_string())
                },
            ),
        )
        .with_state(seen.clone());
    let bench = Bench::new(ours(), router).await;
    let mut req = start_of(money(3_399, "AED"), Method::Wallet);
    req.description = "x".repeat(200);
    req.order_reference = "y".repeat(64);
    let started = MamoPay.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some(LINK));
    assert_eq!(started.status, PaymentStatus::RequiresAction);
    let (headers, body) = seen.lock().unwrap().take().unwrap();
    assert_eq!(headers["authorization"], format!("Bearer {KEY}").as_str());
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["accept"], "application/json");
    assert_eq!(body["amount"].to_string(), "33.99");
    assert_eq!(body["amount_currency"], "AED");
    assert_eq!(body["capacity"], 1);
    assert_eq!(body["external_id"], "p-77");
    assert!(body["custom_data"].is_object());
    assert_eq!(body["return_url"], "https://pay.example/return");
    assert_eq!(body["failure_return_url"], "https://pay.example/return");
    assert_eq!(body["payment_methods"], json!(["card", "wallet"]));
    assert_eq!(body["title"].as_str().unwrap().len(), 50);
    assert_eq!(body["description"].as_str().unwrap().len(), 75);
    for off in [
        "send_customer_receipt",
        "enable_tips",
        "enable_quantity",
        "enable_tabby",
    ] {
        assert_eq!(body[off], false, "{off}");
    }
    assert_eq!(body["processing_fee_percentage"], 0);
    assert_eq!(body["first_name"], "Asha");
    assert!(body.get("lang").is_none());
    let only_card = link_of(&start_of(money(1_000, "USD"), Method::Card), 10.into());
    assert_eq!(only_card["payment_methods"], json!(["card"]));
}

#[tokio::test]
async fn r4_a_link_with_another_reference_or_other_facts_is_unknown() {
    for (field, value) in [
        ("external_id", "p-78".into()),
        ("amount", 34.into()),
        ("amount_currency", "USD".into()),
        ("payment_url", Value::Null),
        ("id", Value::Null),
    ] {
        let mut made = link(true, Value::Null);
        made[field] = value.clone();
        let bench = Bench::new(ours(), answers(201, made.to_string())).await;
        let req = start_of(money(3_399, "AED"), Method::Card);
        let error = MamoPay.start(&bench.call(), &req).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown(_)),
            "{field} {value}: {error}"
        );
    }
    // As in Mamo's own example of this answer: the link's id is enough.
    let mut made = link(true, Value::Null);
    made["external_id"] = Value::Null;
    let bench = Bench::new(ours(), answers(201, made.to_string())).await;
    let req = start_of(money(3_399, "AED"), Method::Card);
    assert!(MamoPay.start(&bench.call(), &req).await.is_ok());
}

#[tokio::test]
async fn r4_whatever_leaves_us_in_the_dark_is_unknown() {
    for (what, router) in darkness() {
        let bench = Bench::new(ours(), router).await;
        let call = bench.call();
        let req = start_of(money(3_399, "AED"), Method::Card);
        let mut paid = payment();
        let unpaid = refund_of(money(1_000, "AED"), paid.clone());
        paid.receipt = Some(CHARGE.to_owned());
        let back = refund_of(money(1_000, "AED"), paid);
        for error in [
            MamoPay.start(&call, &req).await.unwrap_err(),
            MamoPay.fetch(&call, &payment()).await.unwrap_err(),
            MamoPay.fetch(&call, &lost()).await.unwrap_err(),
            MamoPay.refund(&call, &back).await.unwrap_err(),
            MamoPay.refund(&call, &unpaid).await.unwrap_err(),
            MamoPay.fetch_refund(&call, &back).await.unwrap_err(),
            MamoPay.close(&call, &payment()).await.unwrap_err(),
            MamoPay
                .register_hooks(&call, "https://x")
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
async fn r6_a_captured_charge_is_read_again_and_told_with_every_fact() {
    for status in ["captured", "refund_initiated", "refunded"] {
        let tries = json!([
            {"id": "CHG-1", "status": "failed", "amount": 33.99},
            {"id": CHARGE, "status": "captured", "amount": 33.99},
        ]);
        let report = fetched(mamo(link(false, tries), charge(status)), &payment()).await;
        let report = report.unwrap();
        assert_eq!(report.receipt.as_deref(), Some(CHARGE));
        assert_eq!(report.provider_ref.as_deref(), Some(LINK));
        let Found::Succeeded(money) = report.found else {
            panic!("{status}");
        };
        assert_eq!(money.amount, super::tests::money(3_399, "AED"));
        assert_eq!(money.asked, Some(money.amount));
        assert_eq!(money.reference.as_deref(), Some("p-77"));
        assert!(!money.payer_may_bear_fee);
    }
}

#[tokio::test]
async fn r6_facts_that_differ_are_told_as_they_are() {
    let tries = json!([{"id": CHARGE, "status": "captured"}]);
    let told = |link: Value, charge: Value| async move {
        match fetched(mamo(link, charge), &payment()).await.unwrap().found {
            Found::Succeeded(told) => told,
            other => panic!("{other:?}"),
        }
    };
    let mut dear = charge("captured");
    dear["amount"] = json!(39);
    let told_dear = told(link(true, tries.clone()), dear).await;
    assert_eq!(told_dear.amount, money(3_900, "AED"));
    let mut other = charge("captured");
    other["amount_currency"] = json!("USD");
    let told_other = told(link(true, tries.clone()), other).await;
    assert_eq!(told_other.amount, money(3_399, "USD"));
    for on_charge in [true, false] {
        let (mut l, mut c) = (link(true, tries.clone()), charge("captured"));
        let told_by = if on_charge { &mut c } else { &mut l };
        told_by["external_id"] = json!("p-78");
        let told = told(l, c).await;
        assert_eq!(told.reference.as_deref(), Some("p-78"));
    }
    // The documented charge has neither external_id nor the link's id.
    let mut bare = charge("captured");
    bare["external_id"] = Value::Null;
    bare["payment_link_id"] = Value::Null;
    let told = told(link(true, tries.clone()), bare).await;
    assert_eq!(told.reference.as_deref(), Some("p-77"));
    // A charge that the link names and Mamo tells otherwise is not believed.
    for status in ["failed", "processing"] {
        let router = mamo(link(true, tries.clone()), charge(status));
        let error = fetched(router, &payment()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    }
    let mut odd = charge("captured");
    odd["amount"] = json!("a lot");
    assert!(
        fetched(mamo(link(true, tries), odd), &payment())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn only_money_that_came_is_success_and_a_failed_try_stays_open() {
    use PaymentStatus::{Pending, Processing, RequiresAction};
    for (status, active, want) in [
        (None, true, Some(RequiresAction)),
        (Some("confirmation_required"), true, Some(RequiresAction)),
        (Some("confirmation_required"), false, Some(RequiresAction)),
        (Some("processing"), true, Some(Processing)),
        (Some("processing"), false, Some(Processing)),
        (Some("authorized"), true, Some(Processing)),
        (Some("authorised"), true, Some(Processing)),
        (Some("failed"), true, Some(RequiresAction)),
        (Some("voided"), true, Some(RequiresAction)),
        (Some("brand_new"), true, Some(Pending)),
        (Some("brand_new"), false, Some(Pending)),
        (None, false, None),
        (Some("failed"), false, None),
        (Some("voided"), false, None),
    ] {
        let tries: Vec<Value> = status.map(charge).into_iter().collect();
        let router = mamo(link(active, tries.into()), charge("captured"));
        let report = fetched(router, &payment()).await.unwrap();
        assert_eq!(report.receipt, None);
        match want {
            Some(want) => assert_eq!(report.found, Found::Open(want), "{status:?}"),
            None => assert!(matches!(report.found, Found::Cancelled(_)), "{status:?}"),
        }
    }
    let mut refused = charge("failed");
    refused["error_code"] = json!("insufficient_funds");
    let router = mamo(link(false, json!([refused])), Value::Null);
    let Found::Cancelled(Failure { code, .. }) = fetched(router, &payment()).await.unwrap().found
    else {
        panic!("not cancelled");
    };
    assert_eq!(code, FailureCode::InsufficientFunds);
}

#[tokio::test]
async fn r4_after_a_lost_start_the_link_is_found_on_whatever_page_it_stands() {
    for on in 1..=5_usize {
        let tries = json!([{"id": CHARGE, "status": "captured"}]);
        let asked: Arc<Mutex<usize>> = Arc::default();
        let count = asked.clone();
        let router = mamo(link(true, tries), charge("captured")).route(
            "/manage_api/v1/links",
            on_get(
                move |Query(q): Query<BTreeMap<String, String>>| async move {
                    *count.lock().unwrap() += 1;
                    let page: usize = q["page"].parse().unwrap();
                    assert_eq!(q["per_page"], "50");
                    let other = json!({"id": "MB-LINK-0", "external_id": "p-7"});
                    let mut rows = vec![other; 50];
                    if page == on {
                        rows[3] = json!({"id": LINK, "external_id": "p-77"});
                    }
                    let next = if page < 5 {
                        json!(page + 1)
                    } else {
                        Value::Null
                    };
                    json!({"data": rows, "pagination_meta": {"page": page, "per_page": 50,
                    "total_pages": 5, "next_page": next}})
                    .to_string()
                },
            ),
        );
        let bench = Bench::new(ours(), router).await;
        let report = MamoPay.fetch(&bench.call(), &lost()).await.unwrap();
        assert!(matches!(report.found, Found::Succeeded(_)), "page {on}");
        assert_eq!(report.provider_ref.as_deref(), Some(LINK));
        *asked.lock().unwrap() = 0;
        let mut never = lost();
        never.reference = "p-99".to_owned();
        let report = MamoPay.fetch(&bench.call(), &never).await.unwrap();
        assert_eq!(report.found, Found::Missing);
        assert_eq!(*asked.lock().unwrap(), 5);
    }
    // A list without pages.
    let rows = json!({"data": [], "pagination_meta": {}}).to_string();
    let report = fetched(answers(200, rows), &lost()).await.unwrap();
    assert_eq!(report.found, Found::Missing);
}

#[tokio::test]
async fn r4_a_list_that_is_too_long_to_read_is_no_proof_of_absence() {
    let row = json!({"id": "MB-LINK-0", "external_id": null});
    let page = json!({"data": vec![row; 50], "pagination_meta": {"total_pages": 900}});
    let error = fetched(answers(200, page.to_string()), &lost()).await;
    assert!(matches!(error, Err(ProviderError::Unknown(_))), "{error:?}");
}

#[tokio::test]
async fn a_link_that_mamo_does_not_know_is_missing() {
    let report = fetched(answers(404, NO_LINK), &payment()).await.unwrap();
    assert_eq!(report.found, Found::Missing);
    let wrong = r#"{"messages":["Not here"],"error_code":"NOT_FOUND"}"#;
    assert!(fetched(answers(404, wrong), &payment()).await.is_err());
}

#[tokio::test]
async fn r5_a_charge_that_a_hook_names_counts_only_where_it_is_ours() {
    let claims = |receipt: &str, provider_ref: Option<&str>| PaymentRef {
        claims: Some(Claims {
            provider_ref: provider_ref.map(str::to_owned),
            receipt: Some(receipt.to_owned()),
            amount: None,
        }),
        ..payment()
    };
    let open = link(true, json!([]));
    let found = |charge: Value, of: PaymentRef| {
        let router = mamo(open.clone(), charge);
        async move { fetched(router, &of).await.unwrap().found }
    };
    for (external, link_id, ours) in [
        (json!("p-77"), json!(LINK), true),
        (json!("p-77"), Value::Null, true),
        (Value::Null, json!(LINK), true),
        (json!("p-78"), json!(LINK), false),
        (json!("p-77"), json!("MB-LINK-OTHER"), false),
        (json!("p-78"), Value::Null, false),
        (Value::Null, Value::Null, false),
    ] {
        let mut named = charge("captured");
        named["external_id"] = external.clone();
        named["payment_link_id"] = link_id.clone();
        let got = found(named.clone(), claims(CHARGE, Some(LINK))).await;
        let came = matches!(got, Found::Succeeded(_));
        assert_eq!(came, ours, "{external} {link_id}: {got:?}");
        // The same id in the other field.
        let of = PaymentRef {
            claims: Some(Claims {
                provider_ref: Some(CHARGE.to_owned()),
                ..Claims::default()
            }),
            ..payment()
        };
        let got = found(named, of).await;
        assert_eq!(matches!(got, Found::Succeeded(_)), ours, "{got:?}");
    }
    let got = found(charge("failed"), claims(CHARGE, None)).await;
    assert_eq!(got, Found::Open(PaymentStatus::RequiresAction));
    let got = found(charge("captured"), claims("MPB-CHRG-NONE", None)).await;
    assert_eq!(got, Found::Open(PaymentStatus::RequiresAction));
}

#[tokio::test]
async fn charges_are_listed_where_a_link_tells_none() {
    let mut bare = link(false, Value::Null);
    bare.as_object_mut().unwrap().remove("charges");
    let router = mamo(bare, charge("captured")).route(
        "/manage_api/v1/charges",
        on_get(|| async {
            let mut other = charge("captured");
            other["id"] = json!("PAY-1");
            other["external_id"] = json!("p-78");
            json!({"data": [other, charge("captured")], "pagination_meta": {"total_pages": 1}})
                .to_string()
        }),
    );
    let report = fetched(router, &payment()).await.unwrap();
    assert_eq!(report.receipt.as_deref(), Some(CHARGE));
}

#[tokio::test]
async fn closing_a_link_makes_it_inactive_and_twice_is_harmless() {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let log = seen.clone();
    let router = Router::new().route(
        "/manage_api/v1/links/{id}",
        on_patch(move |Path(id): Path<String>, body: String| async move {
            assert_eq!(id, LINK);
            log.lock()
                .unwrap()
                .push(serde_json::from_str(&body).unwrap());
            link(false, Value::Null).to_string()
        }),
    );
    let bench = Bench::new(ours(), router).await;
    for _ in 0..2 {
        MamoPay.close(&bench.call(), &payment()).await.unwrap();
    }
    assert_eq!(*seen.lock().unwrap(), vec![json!({"active": false}); 2]);
    let bench = Bench::new(ours(), answers(404, NO_LINK)).await;
    MamoPay.close(&bench.call(), &payment()).await.unwrap();
    let still = link(true, Value::Null).to_string();
    let bench = Bench::new(ours(), answers(200, still)).await;
    assert!(MamoPay.close(&bench.call(), &payment()).await.is_err());
}

#[tokio::test]
async fn the_self_test_says_whose_key_it_is() {
    let me = r#"{"business_name":"Mamo","business_tag":"mamo","website":"https://m.example"}"#;
    let bench = Bench::new(ours(), answers(200, me)).await;
    let said = MamoPay.self_test(&bench.call()).await.unwrap();
    assert_eq!(said, "Mamo knows this key as Mamo (mamo).");
    let wrong = r#"{"messages":["Unauthorized"],"error_code":"UNAUTHORIZED"}"#;
    let bench = Bench::new(ours(), answers(403, wrong)).await;
    let error = MamoPay.self_test(&bench.call()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Misconfigured(_)));
    assert!(!error.to_string().contains(KEY));
    let bench = Bench::new(account(&[("api_key", " ")]), answers(200, me)).await;
    let error = MamoPay.self_test(&bench.call()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Misconfigured(_)));
}
