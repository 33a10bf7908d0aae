//! Refunds: sent once, found again, and what their states mean.
use super::*;

fn payment() -> PaymentRef {
    PaymentRef {
        receipt: Some("pay_a".to_owned()),
        ..payment_ref(Method::Card, "cs_a")
    }
}

fn refund(id: &str, status: &str, amount: i64, reference: &str) -> Value {
    resource(
        id,
        "refund",
        json!({"amount": amount, "currency": "PHP", "status": status, "payment_id": "pay_a",
            "reason": "others", "notes": format!("{reference} p-77 Sold out"),
            "metadata": {"refund_reference": reference}, "livemode": false,
            "created_at": NOW.unix_ms() / 1_000}),
    )
}

async fn sent(back: &StartRefund, script: &Script) -> Result<RefundReport, ProviderError> {
    let bench = Bench::new(ours(), script.router()).await;
    let report = Paymongo.refund(&bench.call(), back).await;
    script.ends();
    report
}

async fn found(back: &StartRefund, script: &Script) -> Result<RefundReport, ProviderError> {
    let bench = Bench::new(ours(), script.router()).await;
    let report = Paymongo.fetch_refund(&bench.call(), back).await;
    script.ends();
    report
}

#[tokio::test]
async fn a_refund_names_the_money_the_exact_amount_and_our_id() {
    let told = one(refund("ref_a", "pending", 5_000, "ref_1"));
    let script = Script::default().then("POST /v1/refunds", 200, &told);
    let back = refund_of(php(5_000), payment());
    let report = sent(&back, &script).await.unwrap();
    assert_eq!(report.found, RefundFound::Pending);
    assert_eq!(report.provider_ref.as_deref(), Some("ref_a"));
    let seen = &script.seen()[0];
    assert_eq!(seen.headers["idempotency-key"], "ref_1");
    assert_eq!(
        seen.attributes(),
        &json!({"amount": 5_000, "payment_id": "pay_a", "reason": "others",
            "notes": "ref_1 p-77 Sold out",
            "metadata": {"refund_reference": "ref_1", "payment_reference": "p-77"}})
    );
    // Without the money's id it is asked for first; an intent's or session's id is never sent.
    let mut back = refund_of(php(5_000), payment_ref(Method::Card, "cs_a"));
    back.reason = "customer_request".to_owned();
    let session = session("active", "succeeded", vec![paid("pay_a", "paid")]);
    let script = Script::default()
        .then("GET /v1/checkout_sessions/cs_a", 200, one(session))
        .then("POST /v1/refunds", 200, told);
    sent(&back, &script).await.unwrap();
    let seen = script.seen();
    assert_eq!(seen[1].attributes()["payment_id"], "pay_a");
    assert_eq!(seen[1].attributes()["reason"], "requested_by_customer");
}

#[tokio::test]
async fn what_keeps_a_refund_from_being_sent_sends_nothing() {
    let script = Script::default();
    let back = refund_of(php(99), payment());
    let error = sent(&back, &script).await.unwrap_err();
    assert_eq!(error.failure().unwrap().code, FailureCode::AmountLimit);
    let back = refund_of(php(5_000), payment_ref(Method::Card, "cs_a"));
    let line = "GET /v1/checkout_sessions/cs_a";
    let script = Script::default().then(line, 500, "");
    let error = sent(&back, &script).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    let unpaid = session("active", "awaiting_payment_method", vec![]);
    let script = Script::default().then(line, 200, one(unpaid));
    let error = sent(&back, &script).await.unwrap_err();
    assert_eq!(error.failure().unwrap().code, FailureCode::NotRefundable);
}

#[tokio::test]
async fn refused_refunds_say_why() {
    use FailureCode as F;
    let back = refund_of(php(5_000), payment());
    for (code, want) in [
        ("resource_failed_state", F::NotRefundable),
        ("allowed_date_exceeded", F::RefundTooLate),
        ("available_balance_insufficient", F::MerchantBalanceLow),
        ("parameter_above_maximum", F::AlreadyRefunded),
        ("parameter_below_minimum", F::AmountLimit),
        ("brand_new", F::Declined),
    ] {
        let script = Script::default().then("POST /v1/refunds", 400, error(code));
        let error = sent(&back, &script).await.unwrap_err();
        assert_eq!(error.failure().map(|f| f.code), Some(want), "{code}");
    }
    let script =
        Script::default().then("POST /v1/refunds", 400, error("resource_processing_state"));
    let running = sent(&back, &script).await.unwrap_err();
    assert!(
        matches!(running, ProviderError::Unavailable(_)),
        "{running}"
    );
    let script =
        Script::default().then("POST /v1/refunds", 400, error("provider_processing_error"));
    let dark = sent(&back, &script).await.unwrap_err();
    assert!(matches!(dark, ProviderError::Unknown(_)), "{dark}");
}

#[tokio::test]
async fn refund_states_are_read_and_a_later_failure_is_told() {
    let mut back = refund_of(php(5_000), payment());
    back.provider_ref = Some("ref_a".to_owned());
    let line = "GET /v1/refunds/ref_a";
    for (status, amount, want) in [
        ("pending", 5_000, RefundFound::Pending),
        ("processing", 5_000, RefundFound::Pending),
        ("brand_new", 5_000, RefundFound::Pending),
        ("succeeded", 5_000, RefundFound::Succeeded),
        // Another amount went back: a person must look.
        ("succeeded", 4_900, RefundFound::Pending),
    ] {
        let told = one(refund("ref_a", status, amount, "ref_1"));
        let script = Script::default().then(line, 200, told);
        assert_eq!(found(&back, &script).await.unwrap().found, want, "{status}");
    }
    let told = one(refund("ref_a", "failed", 5_000, "ref_1"));
    let script = Script::default().then(line, 200, told);
    let report = found(&back, &script).await.unwrap();
    assert!(matches!(report.found, RefundFound::Failed(_)), "{report:?}");
}

#[tokio::test]
async fn r4_a_refund_without_an_answer_is_found_by_our_id_on_a_later_page() {
    let back = refund_of(php(5_000), payment());
    let first = "GET /v1/refunds?payment_id=pay_a&limit=100";
    let next = "GET /v1/refunds?payment_id=pay_a&limit=100&after=ref_y";
    // An id that begins like ours is not ours, nor is a refund of another payment.
    let mut foreign = refund("ref_y", "succeeded", 5_000, "ref_1");
    foreign["attributes"]["payment_id"] = json!("pay_z");
    let rows = vec![refund("ref_x", "succeeded", 5_000, "ref_12"), foreign];
    let page = json!({"data": rows, "has_more": true});
    let mut ours = refund("ref_a", "succeeded", 5_000, "ref_1");
    ours["attributes"]["metadata"] = Value::Null;
    let script = Script::default()
        .then(first, 200, &page)
        .then(next, 200, list(vec![ours]));
    let report = found(&back, &script).await.unwrap();
    assert_eq!(report.provider_ref.as_deref(), Some("ref_a"));
    assert_eq!(report.found, RefundFound::Succeeded);
    let script = Script::default()
        .then(first, 200, &page)
        .then(next, 200, list(vec![]));
    assert_eq!(
        found(&back, &script).await.unwrap().found,
        RefundFound::Missing
    );
    // Half a list says nothing about what is missing.
    let script = Script::default()
        .then(first, 200, &page)
        .then(next, 500, "");
    let error = found(&back, &script).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}
