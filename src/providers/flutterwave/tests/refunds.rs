//! Refunds: sent once, found again after a lost answer, and believed only when paid out.
use super::*;

/// Of a payment whose transaction is known.
fn back(minor: i64) -> StartRefund {
    let mut paid = payment();
    paid.receipt = Some("8784082".to_owned());
    refund_of(money(minor, "NGN"), paid)
}

fn row(id: u64, comments: Value) -> Value {
    json!({"id": id, "AmountRefunded": 50, "status": "completed-mpgs", "FlwRef": "flwm3s4m0c1",
        "destination": "payment_source", "comments": comments, "settlement_id": "NEW",
        "meta": "{\"source\":\"availablebalance\"}", "createdAt": "2026-01-04T16:18:31.000Z",
        "AccountId": 2, "walletId": 1, "TransactionId": 8_784_082})
}

/// A list that is cut into pages of two, with the page count of Flutterwave.
fn list(rows: Vec<Value>) -> Router {
    Router::new().route(
        "/v3/refunds",
        get(|Query(q): Query<BTreeMap<String, String>>| async move {
            let page: usize = q["page"].parse().unwrap();
            let by_id = q.get("id").is_some_and(|id| id == "8784082");
            assert!(
                by_id || q["from"] == "2026-01-04" && q["to"] == "2026-01-06",
                "{q:?}"
            );
            let pages = rows.len().div_ceil(2);
            let data: Vec<Value> = rows.into_iter().skip((page - 1) * 2).take(2).collect();
            json!({"status": "success", "message": "Refunds fetched", "data": data,
                "meta": {"page_info": {"total": 3, "current_page": page, "total_pages": pages}}})
            .to_string()
        }),
    )
}

async fn asked(router: Router, of: &StartRefund) -> Result<RefundReport, ProviderError> {
    let bench = Bench::new(ours(), router).await;
    Flutterwave.fetch_refund(&bench.call(), of).await
}

async fn sent(router: Router, of: &StartRefund) -> Result<RefundReport, ProviderError> {
    let bench = Bench::new(ours(), router).await;
    Flutterwave.refund(&bench.call(), of).await
}

#[test]
fn a_plain_completed_is_not_paid_out() {
    let read = |status: &str, meta: Value, amount: Value| {
        let data = json!({"id": 3, "status": status, "meta": meta, "amount_refunded": amount});
        let report = wire::refund_report(&data, money(5_000, "NGN")).unwrap();
        assert_eq!(report.provider_ref.as_deref(), Some("3"));
        report.found
    };
    let none = Value::Null;
    let failed = |message: &str| RefundFound::Failed(failure(FailureCode::Declined, message));
    for (status, meta, amount, want) in [
        (
            "completed",
            json!({"source": "availablebalance"}),
            json!(50),
            RefundFound::Pending,
        ),
        ("new", none.clone(), json!(50), RefundFound::Pending),
        ("pending", none.clone(), json!(50), RefundFound::Pending),
        (
            "processing",
            none.clone(),
            json!("50.00"),
            RefundFound::Pending,
        ),
        (
            "pending-momo",
            none.clone(),
            none.clone(),
            RefundFound::Pending,
        ),
        (
            "completed-otherwise",
            none.clone(),
            json!(50),
            RefundFound::Pending,
        ),
        (
            "completed-mpgs",
            none.clone(),
            json!(50),
            RefundFound::Succeeded,
        ),
        (
            "completed-bank-transfer",
            none.clone(),
            none.clone(),
            RefundFound::Succeeded,
        ),
        (
            "completed-momo",
            json!("{"),
            json!(50),
            RefundFound::Succeeded,
        ),
        (
            "completed-offline",
            json!(7),
            json!(50),
            RefundFound::Succeeded,
        ),
        (
            "Completed-Preauth",
            none.clone(),
            json!(50.0),
            RefundFound::Succeeded,
        ),
        (
            "completed",
            json!("{\"disburse_status\":\"successful\"}"),
            json!(50),
            RefundFound::Succeeded,
        ),
        (
            "completed-mpgs",
            none.clone(),
            json!(49),
            RefundFound::Pending,
        ),
        ("failed", none.clone(), json!(50), failed("failed")),
        (
            "completed",
            json!({"disburse_status": "failed"}),
            json!(50),
            failed("completed, disbursement failed"),
        ),
    ] {
        assert_eq!(read(status, meta, amount), want, "{status}");
    }
    assert!(wire::refund_report(&json!({"status": "failed"}), money(1, "NGN")).is_err());
    assert!(wire::refund_report(&json!({"id": 3}), money(1, "NGN")).is_err());
}

#[tokio::test]
async fn a_refund_goes_to_the_numeric_id_with_our_id_and_the_exact_amount() {
    let accepts = |found: Option<Value>| {
        provider(found, &[], &[]).route(
            "/v3/transactions/8784082/refund",
            post(|headers: HeaderMap, body: String| async move {
                assert_eq!(headers["authorization"], format!("Bearer {KEY}"));
                assert_eq!(
                    body,
                    r#"{"amount":50.05,"comments":"Refund ref_1 of p-77"}"#
                );
                good(
                    json!({"id": 75_923, "account_id": 1, "tx_id": 8_784_082, "flw_ref": "URF_1",
                    "wallet_id": 1, "amount_refunded": 50.05, "status": "completed",
                    "destination": "payment_source", "meta": {"source": "availablebalance"}}),
                )
            }),
        )
    };
    let report = sent(accepts(None), &back(5_005)).await.unwrap();
    assert_eq!(report.found, RefundFound::Pending);
    assert_eq!(report.provider_ref.as_deref(), Some("75923"));
    // The transaction's id is looked up where it is not known.
    let mut of = back(5_005);
    of.payment.receipt = None;
    let paid = Some(paid_as(8_784_082, "successful"));
    let report = sent(accepts(paid), &of).await.unwrap();
    assert_eq!(report.found, RefundFound::Pending);
    let error = sent(accepts(None), &of).await.unwrap_err();
    assert_eq!(error.failure().unwrap().code, FailureCode::NotRefundable);
}

#[tokio::test]
async fn r4_a_refund_whose_transaction_cannot_be_asked_was_not_sent() {
    let mut of = back(5_000);
    of.payment.receipt = None;
    let error = sent(answers(502, "<html>"), &of).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn refused_refunds_say_why_as_far_as_words_tell() {
    for (status, message, want) in [
        (
            400,
            "Insufficient balance to complete refund",
            FailureCode::MerchantBalanceLow,
        ),
        (
            400,
            "Transaction has already been refunded",
            FailureCode::AlreadyRefunded,
        ),
        (
            400,
            "Refund amount is greater than the amount",
            FailureCode::NotRefundable,
        ),
        (
            404,
            "No transaction was found for this id",
            FailureCode::NotRefundable,
        ),
        (
            400,
            "Amount should be above NGN100",
            FailureCode::AmountLimit,
        ),
        (400, "The refund window is over", FailureCode::RefundTooLate),
        (400, "Something else", FailureCode::Declined),
    ] {
        let body = json!({"status": "error", "message": message, "data": null}).to_string();
        let error = sent(answers(status, body), &back(5_000)).await.unwrap_err();
        let told = failure(want, message);
        assert_eq!(error, ProviderError::Declined(told), "{message}");
    }
    // Something of this kind is there already, so the list must tell.
    let body = r#"{"status":"error","message":"already refunded"}"#;
    let error = sent(answers(409, body), &back(5_000)).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn r4_an_acceptance_for_another_transaction_is_unknown() {
    let foreign = json!({"id": 1, "tx_id": 7, "status": "completed", "amount_refunded": 50});
    let error = sent(answers(200, good(foreign)), &back(5_000)).await;
    assert!(matches!(error, Err(ProviderError::Unknown(_))), "{error:?}");
}

#[tokio::test]
async fn a_known_refund_is_asked_by_its_id_and_may_fail_later() {
    let by_id = |status: &'static str| {
        Router::new().route(
            "/v3/refunds/75923",
            get(move || async move {
                good(
                    json!({"id": 75_923, "tx_id": 8_784_082, "amount_refunded": 50,
                    "status": status}),
                )
            }),
        )
    };
    let mut of = back(5_000);
    of.provider_ref = Some("75923".to_owned());
    let found = |report: Result<RefundReport, ProviderError>| report.unwrap().found;
    assert_eq!(
        found(asked(by_id("completed"), &of).await),
        RefundFound::Pending
    );
    assert_eq!(
        found(asked(by_id("completed-momo"), &of).await),
        RefundFound::Succeeded
    );
    let failed = found(asked(by_id("failed"), &of).await);
    assert!(matches!(failed, RefundFound::Failed(_)), "{failed:?}");
    // One that was taken is never "missing".
    let gone = r#"{"status":"error","message":"No refund was found"}"#;
    let error = asked(answers(404, gone), &of).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn r4_a_lost_refund_is_found_by_its_comment_on_a_later_page() {
    let rows = vec![
        row(1, json!("Refund ref_12")),
        row(2, json!("by hand")),
        row(99, json!("Refund ref_1 of p-77")),
    ];
    let report = asked(list(rows.clone()), &back(5_000)).await.unwrap();
    assert_eq!(report.provider_ref.as_deref(), Some("99"));
    assert_eq!(report.found, RefundFound::Succeeded);
    let mut other = back(5_000);
    other.reference = "ref_9".to_owned();
    let report = asked(list(rows), &other).await.unwrap();
    assert_eq!(report.found, RefundFound::Missing);
    let report = asked(list(vec![]), &other).await.unwrap();
    assert_eq!(report.found, RefundFound::Missing);
    // The comment of another transaction's refund is not ours.
    let mut foreign = row(5, json!("Refund ref_1"));
    foreign["TransactionId"] = json!(7);
    let report = asked(list(vec![foreign]), &back(5_000)).await.unwrap();
    assert_eq!(report.found, RefundFound::Missing);
}

#[tokio::test]
async fn r4_a_row_without_a_comment_is_never_taken_for_nothing() {
    let silent = row(4, Value::Null);
    let report = asked(list(vec![silent.clone()]), &back(5_000))
        .await
        .unwrap();
    assert_eq!(report.provider_ref.as_deref(), Some("4"));
    // It may be the one that gave back what we know of already.
    let mut second = back(5_000);
    second.refunded_minor = 5_000;
    let error = asked(list(vec![silent.clone()]), &second)
        .await
        .unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    let two = vec![silent.clone(), row(5, json!(""))];
    let error = asked(list(two), &back(5_000)).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    let report = asked(list(vec![silent]), &back(4_000)).await.unwrap();
    assert_eq!(report.found, RefundFound::Missing);
}

#[tokio::test]
async fn r4_an_odd_list_is_no_answer() {
    for data in [
        json!({"refunds": []}),
        json!([1]),
        json!([{"status": "new"}]),
    ] {
        let error = asked(answers(200, good(data)), &back(5_000)).await;
        assert!(matches!(error, Err(ProviderError::Unknown(_))), "{error:?}");
    }
}
