//! Refunds: sent once, lost and found, and failing after they succeeded.
use super::*;
use crate::providers::RefundFound;

fn row(status: &str) -> Value {
    json!({"id": "re_3X", "object": "refund", "amount": 500, "currency": "usd",
        "charge": "ch_3X", "payment_intent": "pi_3X", "status": status,
        "metadata": {"refund": "ref_1", "payment": "p-77"}})
}

fn back() -> StartRefund {
    refund_of(money(500, "USD"), payment())
}

#[test]
fn refund_states_are_read_and_success_may_still_fail() {
    let read = |row: &Value| wire::refund(row, money(500, "USD")).unwrap();
    for (status, want) in [
        ("pending", RefundFound::Pending),
        ("requires_action", RefundFound::Pending),
        ("succeeded", RefundFound::Succeeded),
        ("brand_new", RefundFound::Pending),
    ] {
        assert_eq!(read(&row(status)).found, want, "{status}");
    }
    for (status, reason, code) in [
        (
            "failed",
            "insufficient_funds",
            FailureCode::MerchantBalanceLow,
        ),
        (
            "failed",
            "expired_or_canceled_card",
            FailureCode::NotRefundable,
        ),
        ("failed", "unknown", FailureCode::Declined),
        ("failed", "", FailureCode::Declined),
        ("canceled", "", FailureCode::Declined),
    ] {
        let mut row = row(status);
        row["failure_reason"] = reason.into();
        let RefundFound::Failed(failure) = read(&row).found else {
            panic!("{status}");
        };
        assert_eq!(failure.code, code, "{reason}");
    }
    let mut waiting = row("pending");
    waiting["pending_reason"] = "insufficient_funds".into();
    assert!(read(&waiting).said.contains("insufficient_funds"));
}

#[test]
fn r6_a_refund_of_another_amount_or_currency_waits_for_a_person() {
    for (field, value) in [("amount", json!(400)), ("currency", json!("eur"))] {
        let mut other = row("succeeded");
        other[field] = value;
        let report = wire::refund(&other, money(500, "USD")).unwrap();
        assert_eq!(report.found, RefundFound::Pending, "{field}");
    }
    assert!(wire::refund(&json!({"status": "pending"}), usd()).is_err());
    assert!(wire::refund(&Value::Null, usd()).is_err());
}

#[tokio::test]
async fn a_refund_carries_our_id_and_the_exact_amount() {
    let router = Router::new().route(
        "/v1/refunds",
        post(|headers: HeaderMap, body: String| async move {
            assert_eq!(headers["idempotency-key"], "ref_1");
            let form = form_of(&body);
            assert_eq!(form["payment_intent"], "pi_3X");
            assert_eq!(form["amount"], "20000");
            assert_eq!(form["metadata[refund]"], "ref_1");
            assert_eq!(form["metadata[payment]"], "p-77");
            assert_eq!(form["metadata[reason]"], "Sold out");
            assert!(!form.contains_key("reason"));
            let mut made = row("pending");
            made["amount"] = 20_000.into();
            made["currency"] = "ugx".into();
            made.to_string()
        }),
    );
    let bench = Bench::new(ours(), router).await;
    let part = refund_of(money(200, "UGX"), payment());
    let report = Stripe.refund(&bench.call(), &part).await.unwrap();
    assert_eq!(report.found, RefundFound::Pending);
    assert_eq!(report.provider_ref.as_deref(), Some("re_3X"));
}

#[tokio::test]
async fn what_stripe_refuses_to_give_back_is_declined_with_its_cause() {
    let input = "invalid_request_error";
    let over = "Refund amount ($5.00) is greater than unrefunded amount on charge ($3.00)";
    for (body, code) in [
        (
            error(
                input,
                "charge_already_refunded",
                "Charge ch_3X has already been refunded.",
            ),
            FailureCode::AlreadyRefunded,
        ),
        (error(input, "", over), FailureCode::NotRefundable),
        (
            error(input, "charge_disputed", "It is disputed"),
            FailureCode::NotRefundable,
        ),
    ] {
        let bench = Bench::new(ours(), answers(400, body)).await;
        let refused = Stripe.refund(&bench.call(), &back()).await.unwrap_err();
        assert!(
            matches!(&refused, ProviderError::Declined(f) if f.code == code),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn the_intent_is_asked_for_where_no_receipt_is_known() {
    let sent: Arc<Mutex<usize>> = Arc::default();
    let count = sent.clone();
    let router = Router::new()
        .route(
            "/v1/checkout/sessions/cs_test_a1B2",
            get(|| async { session("complete", "paid", intent("succeeded")).to_string() }),
        )
        .route(
            "/v1/refunds",
            post(|body: String| async move {
                *count.lock().unwrap() += 1;
                assert_eq!(form_of(&body)["payment_intent"], "pi_3X");
                row("succeeded").to_string()
            }),
        );
    let bench = Bench::new(ours(), router).await;
    let mut back = back();
    back.payment.receipt = None;
    let report = Stripe.refund(&bench.call(), &back).await.unwrap();
    assert_eq!(report.found, RefundFound::Succeeded);
    assert_eq!(*sent.lock().unwrap(), 1);
    // Without an answer to that question nothing was sent, so that no refund is in doubt.
    let bench = Bench::new(ours(), answers(500, "")).await;
    let error = Stripe.refund(&bench.call(), &back).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn r4_a_refund_without_an_answer_is_found_by_its_metadata_on_a_later_page() {
    let router = Router::new().route(
        "/v1/refunds",
        get(|uri: Uri| async move {
            let query = form_of(uri.query().unwrap());
            assert_eq!(query["payment_intent"], "pi_3X");
            let mut other = row("succeeded");
            other["id"] = "re_2".into();
            other["metadata"]["refund"] = "ref_12".into();
            match query.get("starting_after").map(String::as_str) {
                None => list(&[other], true),
                Some("re_2") => list(&[row("succeeded")], false),
                other => panic!("{other:?}"),
            }
        }),
    );
    let bench = Bench::new(ours(), router).await;
    let report = Stripe.fetch_refund(&bench.call(), &back()).await.unwrap();
    assert_eq!(report.provider_ref.as_deref(), Some("re_3X"));
    assert_eq!(report.found, RefundFound::Succeeded);
    let mut other = back();
    other.reference = "ref_9".to_owned();
    let report = Stripe.fetch_refund(&bench.call(), &other).await.unwrap();
    assert_eq!(report.found, RefundFound::Missing);
}

#[tokio::test]
async fn a_refund_is_asked_for_by_its_id() {
    let router = Router::new().route(
        "/v1/refunds/re_3X",
        get(|| async {
            let mut failed = row("failed");
            failed["failure_reason"] = "lost_or_stolen_card".into();
            failed.to_string()
        }),
    );
    let bench = Bench::new(ours(), router).await;
    let mut of = back();
    of.provider_ref = Some("re_3X".to_owned());
    let report = Stripe.fetch_refund(&bench.call(), &of).await.unwrap();
    assert!(matches!(report.found, RefundFound::Failed(_)));
    let missing = error(
        "invalid_request_error",
        "resource_missing",
        "No such refund",
    );
    let bench = Bench::new(ours(), answers(404, missing)).await;
    // A key of another account is answered the same: it proves nothing.
    let error = Stripe.fetch_refund(&bench.call(), &of).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}
