use super::*;

#[tokio::test]
async fn a_success_brings_every_fact_and_the_receipt() {
    let (bench, log) = bench(ours(), 200, status("SUCCESSFUL").to_string()).await;
    let report = MtnMomo.fetch(&bench.call(), &asked()).await.unwrap();
    let charge = Charge {
        amount: money(2_550, "EUR"),
        asked: None,
        payer_may_bear_fee: false,
        reference: Some("p-77".to_owned()),
        test_mode: None,
    };
    assert_eq!(report.found, Found::Succeeded(charge));
    assert_eq!(report.receipt.as_deref(), Some("1195582132"));
    let seen = log.lock().unwrap()[0].clone();
    let id = reference_id(Errand::Payment, "p-77");
    assert_eq!(
        (seen.verb, seen.path),
        (Verb::GET, format!("{PAY_PATH}/{id}"))
    );
    for (name, want) in [
        ("authorization", "Bearer t1"),
        ("x-target-environment", "sandbox"),
        ("ocp-apim-subscription-key", "sub-c"),
    ] {
        assert_eq!(seen.headers[name], want);
    }
    assert!(seen.headers.get("x-callback-url").is_none());
    assert!(seen.headers.get("x-reference-id").is_none());
}

#[test]
fn open_states_stay_open_and_an_unknown_one_never_ends() {
    for (told, want) in [
        ("PENDING", PaymentStatus::RequiresAction),
        ("CREATED", PaymentStatus::RequiresAction),
        ("TIMEOUT", PaymentStatus::Pending),
        ("REJECTED", PaymentStatus::Pending),
    ] {
        let report = wire::report(&status(told), "id").unwrap();
        assert_eq!(report.found, Found::Open(want), "{told}");
        assert_eq!(report.receipt, None, "no money yet: {told}");
    }
    assert!(wire::report(&json!({}), "id").is_err());
}

/// Reads a failure with this reason, in both forms that MTN has used.
fn failed(code: &str) -> (&'static str, Failure) {
    let mut seen = Vec::new();
    for reason in [json!(code), json!({"code": code, "message": "words"})] {
        let mut body = status("FAILED");
        body["reason"] = reason;
        seen.push(match wire::report(&body, "id").unwrap().found {
            Found::Failed(f) => ("failed", f),
            Found::Cancelled(f) => ("cancelled", f),
            Found::Expired(f) => ("expired", f),
            other => panic!("{code}: {other:?}"),
        });
    }
    assert_eq!((seen[0].0, seen[0].1.code), (seen[1].0, seen[1].1.code));
    assert!(seen[1].1.message.contains("words"));
    seen.swap_remove(0)
}

#[test]
fn reasons_follow_the_sheet_in_both_forms() {
    use FailureCode as F;
    for (code, kind, want) in [
        ("APPROVAL_REJECTED", "cancelled", F::CancelledByCustomer),
        ("REJECTED", "cancelled", F::CancelledByCustomer),
        ("TRANSACTION_CANCELED", "cancelled", F::CancelledByCustomer),
        ("EXPIRED", "expired", F::NoResponse),
        ("COULD_NOT_PERFORM_TRANSACTION", "expired", F::NoResponse),
        ("NOT_ENOUGH_FUNDS", "failed", F::InsufficientFunds),
        (
            "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED",
            "failed",
            F::InsufficientFunds,
        ),
        ("PAYER_LIMIT_REACHED", "failed", F::PayerLimit),
        ("PAYEE_LIMIT_REACHED", "failed", F::MerchantLimit),
        ("PAYER_NOT_FOUND", "failed", F::PayerUnknown),
        ("SENDER_ACCOUNT_NOT_ACTIVE", "failed", F::AccountLocked),
        ("PAYMENT_NOT_APPROVED", "failed", F::Declined),
        ("NOT_ALLOWED", "failed", F::ProviderMisconfigured),
        (
            "NOT_ALLOWED_TARGET_ENVIRONMENT",
            "failed",
            F::ProviderMisconfigured,
        ),
        ("INVALID_CURRENCY", "failed", F::ProviderMisconfigured),
        (
            "INVALID_CALLBACK_URL_HOST",
            "failed",
            F::ProviderMisconfigured,
        ),
        ("PAYEE_NOT_FOUND", "failed", F::ProviderMisconfigured),
        ("PAYEE_NOT_ALLOWED_TO_RECEIVE", "failed", F::MerchantLimit),
        ("INTERNAL_PROCESSING_ERROR", "failed", F::Declined),
        ("SERVICE_UNAVAILABLE", "failed", F::ProviderUnavailable),
        ("A_REASON_OF_NEXT_YEAR", "failed", F::Declined),
        ("", "failed", F::Declined),
    ] {
        let (got, failure) = failed(code);
        assert_eq!((got, failure.code), (kind, want), "{code}");
        assert!(failure.message.starts_with("FAILED"), "{failure:?}");
    }
}

#[tokio::test]
async fn r4_a_request_that_mtn_does_not_show_is_missing_only_after_a_while() {
    let missing = r#"{"message":"Requested resource was not found.","code":"RESOURCE_NOT_FOUND"}"#;
    let (bench_of, _) = bench(ours(), 404, missing).await;
    let mut call = bench_of.call();
    call.now = NOW.plus_secs(MISSING_SECS - 1);
    let error = MtnMomo.fetch(&call, &asked()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    call.now = NOW.plus_secs(MISSING_SECS);
    assert_eq!(
        MtnMomo.fetch(&call, &asked()).await.unwrap().found,
        Found::Missing
    );
    // A wrong path and a page say nothing about our request.
    for body in [
        r#"{"statusCode":404,"message":"Resource not found"}"#,
        "<html>404</html>",
        "[]",
    ] {
        let (bench, _) = bench(ours(), 404, body).await;
        let mut call = bench.call();
        call.now = NOW.plus_secs(MISSING_SECS);
        let error = MtnMomo.fetch(&call, &asked()).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown(_)),
            "{body}: {error}"
        );
    }
}

#[tokio::test]
async fn r4_an_error_of_the_status_is_no_answer_whatever_its_code() {
    for (status, code, want) in [
        (500, "NOT_ALLOWED", "unknown"),
        (500, "INTERNAL_PROCESSING_ERROR", "unknown"),
        (400, "", "unknown"),
        (403, "FORBIDDEN IP", "misconfigured"),
        (429, "", "unavailable"),
    ] {
        let body = json!({"code": code, "message": "words"}).to_string();
        let (bench, _) = bench(ours(), status, body).await;
        let error = MtnMomo
            .fetch(&bench.call(), &asked())
            .await
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(want), "{status}: {error}");
    }
    let odd = json!({"payer": {"partyId": PAYER}}).to_string();
    let (bench, _) = bench(ours(), 200, odd).await;
    let error = MtnMomo
        .fetch(&bench.call(), &asked())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("unknown") && !error.contains(PAYER),
        "{error}"
    );
}

#[tokio::test]
async fn a_refund_names_the_payment_by_the_id_it_was_asked_under() {
    let (bench, log) = bench(ours(), 202, "").await;
    let of = refund_of(money(500, "EUR"), asked());
    let report = MtnMomo.refund(&bench.call(), &of).await.unwrap();
    let id = reference_id(Errand::Refund, "ref_1");
    assert_eq!(report.found, RefundFound::Pending);
    assert_eq!(report.provider_ref.as_deref(), Some(id.as_str()));
    let seen = log.lock().unwrap()[0].clone();
    assert_eq!(seen.path, "/disbursement/v1_0/refund");
    for (name, want) in [
        ("x-reference-id", id.as_str()),
        ("x-target-environment", "sandbox"),
        ("ocp-apim-subscription-key", "sub-d"),
        ("x-callback-url", "https://pay.example/hooks/0a1b/ref_1"),
    ] {
        assert_eq!(header(&seen, name), Some(want), "{name}");
    }
    let want = json!({
        "amount": "5",
        "currency": "EUR",
        "externalId": "ref-1",
        "payerMessage": "Sold out",
        "payeeNote": "Refund of p-77",
        "referenceIdToRefund": reference_id(Errand::Payment, "p-77"),
    });
    assert_eq!(seen.body, want);
}

#[tokio::test]
async fn a_refund_is_found_again_after_a_lost_answer() {
    let told = |status: &str, amount: &str| {
        json!({"externalId": "ref-1", "amount": amount, "currency": "EUR", "status": status,
            "payee": {"partyIdType": "PARTY_CODE", "partyId": "x"}, "reason": "NOT_ENOUGH_FUNDS"})
    };
    let of = refund_of(money(500, "EUR"), asked());
    let low = FailureCode::MerchantBalanceLow;
    for (status, amount, want) in [
        ("PENDING", "5", "Pending"),
        ("CREATED", "5", "Pending"),
        ("SUCCESSFUL", "5.00", "Succeeded"),
        ("SUCCESSFUL", "6", "Pending"),
        ("FAILED", "5", "Failed"),
        ("WHATEVER", "5", "Pending"),
    ] {
        let (bench, log) = bench(ours(), 200, told(status, amount).to_string()).await;
        let report = MtnMomo.fetch_refund(&bench.call(), &of).await.unwrap();
        let id = reference_id(Errand::Refund, "ref_1");
        assert_eq!(log.lock().unwrap()[0].path, format!("{REFUND_PATH}/{id}"));
        assert_eq!(report.provider_ref, Some(id));
        let got = format!("{:?}", report.found);
        assert!(got.starts_with(want), "{status} {amount}: {got}");
        if let RefundFound::Failed(failure) = report.found {
            assert_eq!(failure.code, low);
        }
    }
    let missing = r#"{"code":"RESOURCE_NOT_FOUND","message":""}"#;
    let (bench, _) = bench(ours(), 404, missing).await;
    let report = MtnMomo.fetch_refund(&bench.call(), &of).await.unwrap();
    assert_eq!(report.found, RefundFound::Missing);
    let taken = StartRefund {
        provider_ref: Some(reference_id(Errand::Refund, "ref_1")),
        ..of
    };
    let error = MtnMomo
        .fetch_refund(&bench.call(), &taken)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ProviderError::Unknown(_)),
        "not shown yet: {error}"
    );
}

#[tokio::test]
async fn without_disbursements_a_person_pays_back() {
    let mut account = ours();
    account.credentials.remove("disbursement_subscription_key");
    assert_eq!(MtnMomo.refunds(&account, &asked()), RefundSupport::ByHand);
    assert_eq!(MtnMomo.refunds(&ours(), &asked()), RefundSupport::Partial);
    let (bench, log) = bench(account, 202, "").await;
    let mut of = refund_of(money(500, "EUR"), asked());
    for report in [
        MtnMomo.refund(&bench.call(), &of).await.unwrap(),
        MtnMomo.fetch_refund(&bench.call(), &of).await.unwrap(),
    ] {
        assert_eq!(report.found, RefundFound::ByHand);
    }
    // One that went out by the API is not paid back by hand as well.
    of.provider_ref = Some(reference_id(Errand::Refund, "ref_1"));
    let error = MtnMomo.fetch_refund(&bench.call(), &of).await.unwrap_err();
    assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
    assert!(log.lock().unwrap().is_empty());
}

#[test]
fn r5_callbacks_are_hints_that_the_path_names() {
    let read = |body: &Value, path: &str| {
        let (proof, reading) =
            receive(&MtnMomo, &ours(), &hook(&[], &body.to_string(), path)).unwrap();
        assert_eq!(proof, HookProof::Hint);
        reading
    };
    let paid = status("SUCCESSFUL");
    let reading = read(&paid, "p-77");
    assert_eq!(reading.event, "requesttopay.successful");
    let claims = Claims {
        provider_ref: None,
        receipt: Some("1195582132".to_owned()),
        amount: Some(money(2_550, "EUR")),
    };
    let about = |reference: &str| HookAbout::Payment {
        reference: Some(reference.to_owned()),
        claims: claims.clone(),
        report: None,
    };
    assert_eq!(reading.about, about("p-77"));
    assert_eq!(
        read(&paid, "p-99").about,
        about("p-99"),
        "anybody can send an externalId"
    );
    assert_eq!(read(&paid, "").about, about("p-77"));
    assert_eq!(
        read(&paid, "p-77").dedupe_key,
        reading.dedupe_key,
        "sent twice"
    );
    let mut failed = status("FAILED");
    failed["reason"] = json!("APPROVAL_REJECTED");
    for (body, path) in [
        (&failed, "p-77"),
        (&paid, "p-78"),
        (&status("PENDING"), "p-77"),
    ] {
        assert_ne!(read(body, path).dedupe_key, reading.dedupe_key);
    }
    let refund = |reference: &str| HookAbout::Refund {
        payment_reference: None,
        refund_reference: Some(reference.to_owned()),
    };
    let given = json!({"externalId": "ref-1", "payee": {}, "status": "SUCCESSFUL"});
    assert_eq!(read(&given, "ref_2").about, refund("ref_2"));
    assert_eq!(read(&given, "").about, refund("ref_1"));
    assert_eq!(read(&given, "").event, "refund.successful");
}

#[test]
fn odd_callbacks_never_panic_and_say_nothing() {
    for body in ["", "[]", "1", "null", "\"x\"", "{", "\u{0}"] {
        let refused = receive(&MtnMomo, &ours(), &hook(&[], body, "p-77"));
        assert!(matches!(refused, Err(HookError::Unreadable(_))), "{body}");
    }
    let odd = json!({"status": {"a": 1}, "reason": [1], "amount": true, "externalId": ["x"]});
    let reading = receive(&MtnMomo, &ours(), &hook(&[], &odd.to_string(), ""))
        .unwrap()
        .1;
    assert!(matches!(reading.about, HookAbout::Nothing(_)));
    let long = json!({"status": "\u{e9}".repeat(5_000), "externalId": "x".repeat(5_000)});
    let reading = receive(&MtnMomo, &ours(), &hook(&[], &long.to_string(), ""))
        .unwrap()
        .1;
    assert!(reading.dedupe_key.len() < 100 && reading.event.len() < 40);
}

#[test]
fn r6_what_was_paid_is_reported_as_it_came() {
    let mut body = status("SUCCESSFUL");
    body["amount"] = json!(7);
    body["currency"] = json!("ghs");
    body["externalId"] = json!("other");
    let Found::Succeeded(charge) = wire::report(&body, "id").unwrap().found else {
        panic!("not paid");
    };
    assert_eq!(charge.amount, money(700, "GHS"));
    assert_eq!(charge.reference.as_deref(), Some("other"));
    body["externalId"] = json!("");
    let Found::Succeeded(charge) = wire::report(&body, "id").unwrap().found else {
        panic!("not paid");
    };
    assert_eq!(charge.reference, None);
    for (field, odd) in [
        ("amount", json!("25.505")),
        ("amount", json!(null)),
        ("currency", json!("XYZ")),
    ] {
        let mut body = status("SUCCESSFUL");
        body[field] = odd;
        let error = wire::report(&body, "id").unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{body}");
    }
}
