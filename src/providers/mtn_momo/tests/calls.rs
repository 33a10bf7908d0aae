use super::*;

#[tokio::test]
async fn a_request_to_pay_sends_what_mtn_documents() {
    let (bench, log) = bench(ours(), 202, "").await;
    let started = MtnMomo.start(&bench.call(), &prompt()).await.unwrap();
    let id = reference_id(Errand::Payment, "p-77");
    assert_eq!(started.provider_ref.as_deref(), Some(id.as_str()));
    assert_eq!(started.status, PaymentStatus::RequiresAction);
    assert_eq!(started.next_action, NextAction::PhonePrompt);
    let seen = log.lock().unwrap()[0].clone();
    assert_eq!(seen.verb, Verb::POST);
    assert_eq!(seen.path, "/collection/v1_0/requesttopay");
    for (name, want) in [
        ("authorization", "Bearer t1"),
        ("x-reference-id", id.as_str()),
        ("x-target-environment", "sandbox"),
        ("ocp-apim-subscription-key", "sub-c"),
        ("content-type", "application/json"),
        ("x-callback-url", "https://pay.example/hooks/0a1b/p-77"),
    ] {
        assert_eq!(header(&seen, name), Some(want), "{name}");
    }
    let want = json!({
        "amount": "25.50",
        "currency": "EUR",
        "externalId": "p-77",
        "payer": {"partyIdType": "MSISDN", "partyId": PAYER},
        "payerMessage": "Two tickets",
        "payeeNote": "inv-2026-0042",
    });
    assert_eq!(seen.body, want);
}

#[tokio::test]
async fn production_goes_out_with_its_own_environment_and_currency() {
    let (bench, log) = bench(live("mtnuganda"), 202, "").await;
    let req = StartPayment {
        phone: Some("+256772123456".to_owned()),
        hook_url: "http://pay.example/hooks/0a1b/p-77".to_owned(),
        ..start_of(money(15_000, "UGX"), Method::MobileMoney)
    };
    MtnMomo.start(&bench.call(), &req).await.unwrap();
    let seen = log.lock().unwrap()[0].clone();
    assert_eq!(header(&seen, "x-target-environment"), Some("mtnuganda"));
    assert_eq!(header(&seen, "x-callback-url"), None);
    assert_eq!(
        (&seen.body["amount"], &seen.body["currency"]),
        (&json!("15000"), &json!("UGX"))
    );
}

#[tokio::test]
async fn r3_a_request_that_mtn_has_already_is_no_error() {
    let taken = r#"{"message":"Duplicated reference id.","code":"RESOURCE_ALREADY_EXIST"}"#;
    for body in [taken, ""] {
        let (bench, _) = bench(ours(), 409, body).await;
        let started = MtnMomo.start(&bench.call(), &prompt()).await.unwrap();
        assert_eq!(started.next_action, NextAction::PhonePrompt);
        let of = refund_of(money(500, "EUR"), asked());
        let refund = MtnMomo.refund(&bench.call(), &of).await.unwrap();
        assert_eq!(refund.found, RefundFound::Pending);
    }
    let (bench, _) = bench(ours(), 409, "<html>Conflict</html>").await;
    let error = MtnMomo.start(&bench.call(), &prompt()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}

#[test]
fn r4_only_clear_refusals_say_that_nothing_was_asked() {
    let account = ours();
    let coded = |code: &str| json!({"message": "words", "code": code}).to_string();
    let gateway = r#"{"statusCode":404,"message":"Resource not found"}"#;
    let page = "<html><body>Request Rejected</body></html>";
    for (status, body, payment, refund) in [
        (400, String::new(), "declined", "declined"),
        (400, coded("X"), "declined", "declined"),
        (400, page.to_owned(), "unknown", "unknown"),
        (401, String::new(), "misconfigured", "misconfigured"),
        (
            403,
            "FORBIDDEN IP".to_owned(),
            "misconfigured",
            "misconfigured",
        ),
        (
            404,
            coded("RESOURCE_NOT_FOUND"),
            "misconfigured",
            "declined",
        ),
        (404, gateway.to_owned(), "misconfigured", "misconfigured"),
        (404, page.to_owned(), "unknown", "unknown"),
        (408, String::new(), "unknown", "unknown"),
        (429, page.to_owned(), "unavailable", "unavailable"),
        (500, coded("NOT_ALLOWED"), "misconfigured", "misconfigured"),
        (
            500,
            coded("NOT_ALLOWED_TARGET_ENVIRONMENT"),
            "misconfigured",
            "misconfigured",
        ),
        (
            500,
            coded("INVALID_CALLBACK_URL_HOST"),
            "misconfigured",
            "misconfigured",
        ),
        (
            500,
            coded("INVALID_CURRENCY"),
            "misconfigured",
            "misconfigured",
        ),
        (500, coded("PAYER_NOT_FOUND"), "declined", "misconfigured"),
        (
            500,
            coded("PAYEE_NOT_ALLOWED_TO_RECEIVE"),
            "declined",
            "declined",
        ),
        (500, coded("NOT_ENOUGH_FUNDS"), "declined", "declined"),
        (
            500,
            coded("INTERNAL_PROCESSING_ERROR"),
            "unknown",
            "unknown",
        ),
        (500, coded("SOMETHING_NEW"), "unknown", "unknown"),
        (500, String::new(), "unknown", "unknown"),
        (503, coded("SERVICE_UNAVAILABLE"), "unknown", "unknown"),
        (200, page.to_owned(), "unknown", "unknown"),
        (200, coded("NOT_ALLOWED"), "unknown", "unknown"),
        (302, String::new(), "unknown", "unknown"),
    ] {
        for (errand, want) in [(Errand::Payment, payment), (Errand::Refund, refund)] {
            let error = wire::refusal(&answer(status, &body), &keys(&account), errand);
            let got = error.to_string();
            assert!(got.starts_with(want), "{errand:?} {status} {body}: {got}");
        }
    }
    let of = |code: &str, errand| {
        let error = wire::refusal(&answer(500, &coded(code)), &keys(&account), errand);
        error.failure().unwrap().code
    };
    assert_eq!(
        of("PAYER_NOT_FOUND", Errand::Payment),
        FailureCode::PayerUnknown
    );
    assert_eq!(
        of("NOT_ENOUGH_FUNDS", Errand::Refund),
        FailureCode::MerchantBalanceLow
    );
}

#[tokio::test]
async fn r4_whatever_leaves_us_in_the_dark_is_unknown() {
    for (what, dark) in darkness() {
        let bench = Bench::new(ours(), tokens().merge(dark)).await;
        let refund = refund_of(money(500, "EUR"), asked());
        for error in [
            MtnMomo.start(&bench.call(), &prompt()).await.unwrap_err(),
            MtnMomo.fetch(&bench.call(), &asked()).await.unwrap_err(),
            MtnMomo.refund(&bench.call(), &refund).await.unwrap_err(),
            MtnMomo
                .fetch_refund(&bench.call(), &refund)
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
async fn r4_without_a_token_nothing_was_asked() {
    for (what, router) in darkness() {
        let bench = Bench::new(ours(), router).await;
        let error = MtnMomo.start(&bench.call(), &prompt()).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unavailable(_)),
            "{what}: {error}"
        );
    }
    let login = r#"{"error":"login_failed"}"#;
    let wrong_key =
        r#"{"statusCode":401,"message":"Access denied due to invalid subscription key."}"#;
    for (status, body) in [
        (401, login),
        (500, login),
        (401, wrong_key),
        (401, ""),
        (403, ""),
    ] {
        let code = StatusCode::from_u16(status).unwrap();
        let wrong = Router::new().fallback(move || async move { (code, body) });
        let bench = Bench::new(ours(), wrong).await;
        for error in [
            MtnMomo.start(&bench.call(), &prompt()).await.unwrap_err(),
            MtnMomo.self_test(&bench.call()).await.unwrap_err(),
        ] {
            let said = error.to_string();
            assert!(
                said.starts_with("misconfigured: subscription_key, api_user"),
                "{said}"
            );
            assert!(
                !said.contains("collection-key") && !said.contains("sub-c"),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_is_asked_for_with_no_body_and_its_length() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.windows(4).any(|w| w == b"\r\n\r\n") {
            let read = stream.read_buf(&mut request).await.unwrap();
            assert_ne!(read, 0);
        }
        let body = r#"{"access_token":"t1","expires_in":"3600"}"#;
        let told = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(told.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap().to_lowercase()
    });
    let mut bench = Bench::new(ours(), Router::new()).await;
    bench.base_url = base_url;
    let account = ours();
    wire::fresh_token(&bench.call(), &keys(&account))
        .await
        .unwrap();
    let request = heard.await.unwrap();
    assert!(
        request.starts_with("post /collection/token/ http/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("\r\ncontent-length: 0\r\n"), "{request}");
    assert!(!request.contains("transfer-encoding") && !request.contains("content-type"));
    assert!(request.contains("\r\nauthorization: basic "), "{request}");
    assert!(
        request.contains("\r\nocp-apim-subscription-key: sub-c\r\n"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\n"), "a body: {request}");
    let stored = bench.tokens.stored.lock().unwrap();
    assert_eq!(stored["collection"].expires_at, NOW.plus_secs(3_600));
}

/// Numbers its tokens, and refuses every call with 401 for which `bad` holds.
fn counting(bad: fn(&str) -> bool) -> (Router, Log) {
    let log = Log::default();
    let seen = log.clone();
    let router = Router::new().fallback(move |request: Request| {
        let seen = seen.clone();
        async move { counted(&seen, request, bad) }
    });
    (router, log)
}

fn counted(log: &Log, request: Request, bad: fn(&str) -> bool) -> Response {
    let mut log = log.lock().unwrap();
    let path = request.uri().path().to_owned();
    log.push(Seen {
        verb: request.method().clone(),
        path: path.clone(),
        headers: request.headers().clone(),
        body: Value::Null,
    });
    let n = log.iter().filter(|s| s.path == path).count();
    if path.ends_with("/token/") {
        let product = &path[1..5];
        return format!(r#"{{"access_token":"{product}{n}","expires_in":3600}}"#).into_response();
    }
    let bearer = request.headers()["authorization"].to_str().unwrap();
    if bad(bearer) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    StatusCode::ACCEPTED.into_response()
}

#[tokio::test]
async fn each_product_has_a_token_of_its_own_that_serves_all_calls() {
    let (router, log) = counting(|_| false);
    let mut account = ours();
    for (field, value) in [
        ("disbursement_api_user", "du"),
        ("disbursement_api_key", "dk"),
    ] {
        account.credentials.insert(field.to_owned(), value.into());
    }
    let bench = Bench::new(account, router).await;
    let refund = refund_of(money(500, "EUR"), asked());
    for _ in 0..2 {
        MtnMomo.start(&bench.call(), &prompt()).await.unwrap();
        MtnMomo.refund(&bench.call(), &refund).await.unwrap();
    }
    let mut late = bench.call();
    late.now = NOW.plus_secs(3_600 - TOKEN_SPARE_SECS);
    MtnMomo.start(&late, &prompt()).await.unwrap();
    let seen = log.lock().unwrap();
    let of = |path: &str| seen.iter().filter(|s| s.path == path).collect::<Vec<_>>();
    let (collection, disbursement) = (of("/collection/token/"), of("/disbursement/token/"));
    assert_eq!(
        (collection.len(), disbursement.len()),
        (2, 1),
        "renewed before its end"
    );
    // du:dk
    assert_eq!(
        header(disbursement[0], "authorization"),
        Some("Basic ZHU6ZGs=")
    );
    assert_eq!(
        header(disbursement[0], "ocp-apim-subscription-key"),
        Some("sub-d")
    );
    let refunds = of(REFUND_PATH);
    assert_eq!(header(refunds[1], "authorization"), Some("Bearer disb1"));
    assert_eq!(
        header(refunds[1], "ocp-apim-subscription-key"),
        Some("sub-d")
    );
    assert_eq!(
        header(of(PAY_PATH)[2], "authorization"),
        Some("Bearer coll2")
    );
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_the_id_stays() {
    let (router, log) = counting(|bearer| bearer == "Bearer coll1");
    let bench = Bench::new(ours(), router).await;
    MtnMomo.start(&bench.call(), &prompt()).await.unwrap();
    let ids = |log: &Log| -> Vec<String> {
        let seen = log.lock().unwrap();
        let pays = seen.iter().filter(|s| s.path == PAY_PATH);
        pays.map(|s| header(s, "x-reference-id").unwrap().to_owned())
            .collect()
    };
    let id = reference_id(Errand::Payment, "p-77");
    assert_eq!(ids(&log), [id.clone(), id]);

    let (router, log) = counting(|_| true);
    let bench = Bench::new(ours(), router).await;
    let error = MtnMomo.start(&bench.call(), &prompt()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
    assert_eq!(ids(&log).len(), 2, "repeated once");
}

#[tokio::test]
async fn the_self_test_says_what_was_proved() {
    let (told, _) = bench(
        ours(),
        200,
        r#"{"availableBalance":"1000","currency":"EUR"}"#,
    )
    .await;
    let said = MtnMomo.self_test(&told.call()).await.unwrap();
    assert!(
        said.contains("Disbursements") && said.ends_with("answers for sandbox."),
        "{said}"
    );
    let (silent, _) = bench(ours(), 500, r#"{"code":"INTERNAL_PROCESSING_ERROR"}"#).await;
    let said = MtnMomo.self_test(&silent.call()).await.unwrap();
    assert!(said.contains("HTTP 500"), "{said}");
    let wrong = r#"{"message":"Access forbidden.","code":"NOT_ALLOWED_TARGET_ENVIRONMENT"}"#;
    let (wrong, _) = bench(live("mtnghana"), 500, wrong).await;
    let error = MtnMomo.self_test(&wrong.call()).await.unwrap_err();
    assert!(error.to_string().contains("target_environment"), "{error}");
}

#[tokio::test]
async fn r11_an_environment_of_the_other_mode_is_refused_before_any_call() {
    let mut test = live("mtnghana");
    test.mode = Mode::Test;
    for account in [live("sandbox"), test, live("production"), account(&[])] {
        let (bench, log) = bench(account, 202, "").await;
        for error in [
            MtnMomo.start(&bench.call(), &prompt()).await.unwrap_err(),
            MtnMomo.fetch(&bench.call(), &asked()).await.unwrap_err(),
            MtnMomo.self_test(&bench.call()).await.unwrap_err(),
        ] {
            assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
        }
        assert!(log.lock().unwrap().is_empty());
    }
}
