//! Refunds: sent once, found again by the sums of the charge.
use super::*;

const TAKEN: &str = r#"{"refund_amount":10,"refund_status":"success"}"#;

fn back(minor: i64) -> StartRefund {
    let paid = PaymentRef {
        receipt: Some(CHARGE.to_owned()),
        ..payment()
    };
    refund_of(money(minor, "AED"), paid)
}

fn given(status: &str, amount: Value, words: &str) -> Value {
    let mut charge = charge(status);
    charge["refund_amount"] = amount;
    charge["refund_status"] = words.into();
    charge
}

/// Mamo that takes refunds with this answer and tells of the charge as given.
fn taking(status: u16, said: &'static str, charge: Value) -> Router {
    let code = StatusCode::from_u16(status).unwrap();
    mamo(link(true, json!([charge])), charge).route(
        "/manage_api/v1/charges/{id}/refunds",
        on_post(move |Path(id): Path<String>, body: String| async move {
            assert_eq!(id, CHARGE);
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body, json!({"amount": 10}));
            (code, said)
        }),
    )
}

async fn sent(router: Router, req: &StartRefund) -> Result<RefundReport, ProviderError> {
    let bench = Bench::new(ours(), router).await;
    MamoPay.refund(&bench.call(), req).await
}

async fn asked(charge: Value, of: &StartRefund) -> Result<RefundReport, ProviderError> {
    let bench = Bench::new(ours(), mamo(link(true, json!([])), charge)).await;
    MamoPay.fetch_refund(&bench.call(), of).await
}

#[tokio::test]
async fn a_refund_is_pending_until_the_charge_says_that_it_went_back() {
    let charge = given("refund_initiated", json!(10), "Initiated");
    let report = sent(taking(200, TAKEN, charge), &back(1_000))
        .await
        .unwrap();
    assert_eq!(report.found, RefundFound::Pending);
    assert_eq!(report.provider_ref.as_deref(), Some("total:1000"));
    let charge = given("refunded", json!("10.0"), "success");
    let report = sent(taking(201, TAKEN, charge), &back(1_000))
        .await
        .unwrap();
    assert_eq!(report.found, RefundFound::Succeeded);
    // Words about an earlier refund do not fail a new one.
    let charge = given("captured", json!(0), "failed");
    let report = sent(taking(200, TAKEN, charge), &back(1_000))
        .await
        .unwrap();
    assert_eq!(report.found, RefundFound::Pending);
    // The payment's charge is looked up where it is not known.
    let charge = given("refunded", json!(10), "success");
    let mut unknown = back(1_000);
    unknown.payment.receipt = None;
    let report = sent(taking(200, TAKEN, charge), &unknown).await.unwrap();
    assert_eq!(report.found, RefundFound::Succeeded);
}

#[tokio::test]
async fn the_sum_is_known_whichever_way_the_answer_tells_it() {
    let mut second = back(1_000);
    second.refunded_minor = 500;
    for said in [
        r#"{"refund_amount":10,"refund_status":"success"}"#,
        r#"{"refund_amount":15.0,"refund_status":"success"}"#,
        r#"{"refund_amount":"5.0","refund_status":"success"}"#,
        r#"{"refund_status":"success"}"#,
    ] {
        let charge = given("refunded", json!(5), "success");
        let report = sent(taking(200, said, charge), &second).await.unwrap();
        assert_eq!(report.provider_ref.as_deref(), Some("total:1500"), "{said}");
        assert_eq!(report.found, RefundFound::Pending);
    }
    // More went back on the dashboard than our books know.
    let said = r#"{"refund_amount":30,"refund_status":"success"}"#;
    let charge = given("refunded", json!(20), "success");
    let report = sent(taking(200, said, charge), &second).await.unwrap();
    assert_eq!(report.provider_ref.as_deref(), Some("total:3000"));
}

#[tokio::test]
async fn a_refused_refund_says_why() {
    let no = r#"{"messages":["Can not refund this payment"],"error_code":"UNPROCESSABLE ENTITY"}"#;
    let aed = r#"{"messages":["See errors"],"error_code":"VALIDATION_FAILED","errors":["Only AED refunds are supported"]}"#;
    for said in [no, aed] {
        let error = sent(taking(422, said, charge("captured")), &back(1_000)).await;
        let Err(ProviderError::Declined(failure)) = error else {
            panic!("{error:?}");
        };
        assert_eq!(failure.code, FailureCode::NotRefundable);
    }
    let small = sent(answers(200, TAKEN), &back(99)).await;
    assert!(
        matches!(small, Err(ProviderError::Declined(_))),
        "{small:?}"
    );
    let mut unpaid = back(1_000);
    unpaid.payment.receipt = None;
    let router = mamo(link(true, json!([])), Value::Null);
    let error = sent(router, &unpaid).await;
    assert!(
        matches!(error, Err(ProviderError::Declined(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_refund_that_was_taken_on_is_known_by_the_sum_that_it_reaches() {
    let mut of = back(1_000);
    of.provider_ref = Some("total:1500".to_owned());
    of.refunded_minor = 500;
    for (status, amount, words, want) in [
        ("refund_initiated", json!(15), "Initiated", "pending"),
        ("refunded", json!(5), "success", "pending"),
        ("captured", json!(5.0), "success", "pending"),
        ("refunded", json!("15.0"), "success", "succeeded"),
        ("captured", json!(15), "success", "succeeded"),
        ("refunded", json!(20), "success", "succeeded"),
        ("refunded", json!(15), "failed", "pending"),
        ("refunded", json!(5), "failed", "failed"),
        ("captured", json!(5), "Refund failed", "failed"),
        ("refund_failed", json!(5), "", "failed"),
        ("quite_new", json!(5), "", "pending"),
    ] {
        let report = asked(given(status, amount.clone(), words), &of)
            .await
            .unwrap();
        let got = match report.found {
            RefundFound::Pending => "pending",
            RefundFound::Succeeded => "succeeded",
            RefundFound::Failed(_) => "failed",
            _ => "other",
        };
        assert_eq!(got, want, "{status} {amount} {words}");
        assert_eq!(report.provider_ref.as_deref(), Some("total:1500"));
    }
    // Which of two failed cannot be told.
    of.under_way_minor = 700;
    let report = asked(given("captured", json!(5), "failed"), &of)
        .await
        .unwrap();
    assert_eq!(report.found, RefundFound::Pending);
}

#[tokio::test]
async fn r4_a_refund_without_an_answer_is_found_by_the_sums_or_missing() {
    let mut of = back(1_000);
    of.refunded_minor = 500;
    let report = asked(given("refunded", json!(15), "success"), &of)
        .await
        .unwrap();
    assert_eq!(report.found, RefundFound::Succeeded);
    assert_eq!(report.provider_ref.as_deref(), Some("total:1500"));
    let report = asked(given("refund_initiated", json!(5), ""), &of)
        .await
        .unwrap();
    assert_eq!(report.found, RefundFound::Pending);
    assert_eq!(report.provider_ref.as_deref(), Some("total:1500"));
    for words in ["success", "failed"] {
        let report = asked(given("refunded", json!(5), words), &of)
            .await
            .unwrap();
        assert_eq!(report.found, RefundFound::Missing, "{words}");
        assert_eq!(report.provider_ref, None);
    }
    // Somebody else's refund, or one of ours that went back on itself.
    for amount in [json!(0), json!(9), json!(20)] {
        let error = asked(given("refunded", amount.clone(), "success"), &of).await;
        assert!(matches!(error, Err(ProviderError::Unknown(_))), "{amount}");
    }
}

#[tokio::test]
async fn r4_sums_stay_unknown_while_another_refund_is_under_way() {
    let mut of = back(1_000);
    of.under_way_minor = 700;
    for (status, amount) in [
        ("refunded", json!(10)),
        ("refunded", json!(7)),
        ("refund_initiated", json!(0)),
        ("refund_initiated", json!(17)),
    ] {
        let error = asked(given(status, amount.clone(), "success"), &of).await;
        assert!(
            matches!(error, Err(ProviderError::Unknown(_))),
            "{status} {amount}"
        );
    }
    // All of them went back, or none.
    let report = asked(given("refunded", json!(17), "success"), &of)
        .await
        .unwrap();
    assert_eq!(report.found, RefundFound::Succeeded);
    let report = asked(given("captured", json!(0), "No refund"), &of)
        .await
        .unwrap();
    assert_eq!(report.found, RefundFound::Missing);
}

#[tokio::test]
async fn newer_charges_that_list_their_refunds_are_summed() {
    let mut listed = given("refunded", Value::Null, "success");
    listed["refunds"] = json!([
        {"id": "REFUND-1", "amount": 5, "amount_currency": "AED"},
        {"id": "REFUND-2", "amount": "10.0", "amount_currency": "AED"},
        {"id": "REFUND-3", "amount": 3, "status": "failed"},
    ]);
    let mut of = back(1_000);
    of.refunded_minor = 500;
    let report = asked(listed.clone(), &of).await.unwrap();
    assert_eq!(report.found, RefundFound::Succeeded);
    listed["refunds"] = json!([{"id": "REFUND-1"}]);
    assert!(asked(listed.clone(), &of).await.is_err());
    listed["refunds"] = Value::Null;
    assert!(asked(listed, &of).await.is_err());
    let mut abroad = given("refunded", json!(15), "success");
    abroad["amount_currency"] = json!("USD");
    assert!(asked(abroad, &of).await.is_err());
}
