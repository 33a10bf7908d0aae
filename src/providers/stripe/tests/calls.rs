//! Starting, asking, closing, the self-test.
use super::*;

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(String, HeaderMap, String)>>>);

impl Seen {
    fn last(&self) -> (String, HeaderMap, BTreeMap<String, String>) {
        let (path, headers, body) = self.0.lock().unwrap().pop().unwrap();
        (path, headers, form_of(&body))
    }
}

/// A router that writes each call down and answers them all alike.
fn listening(body: String) -> (Seen, Router) {
    let seen = Seen::default();
    let log = seen.clone();
    let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap, sent: String| {
        log.0.lock().unwrap().push((uri.to_string(), headers, sent));
        async move { body }
    });
    (seen, router)
}

#[tokio::test]
async fn a_start_sends_what_stripe_documents_and_leads_to_its_page() {
    let made = session("open", "unpaid", Value::Null).to_string();
    let (seen, router) = listening(made);
    let bench = Bench::new(ours(), router).await;
    let mut req = start_of(money(5_000, "UGX"), Method::Wallet);
    let started = Stripe.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.provider_ref.as_deref(), Some("cs_test_a1B2"));
    assert_eq!(started.status, PaymentStatus::RequiresAction);
    let (path, headers, form) = seen.last();
    assert_eq!(path, "/v1/checkout/sessions");
    for (name, value) in [
        ("authorization", "Bearer sk_test_abc"),
        ("stripe-version", VERSION),
        ("idempotency-key", "p-77"),
        ("content-type", "application/x-www-form-urlencoded"),
    ] {
        assert_eq!(headers[name], value);
    }
    let ends = (NOW.unix_ms() / 1_000 + 3_600).to_string();
    let wanted: BTreeMap<String, String> = [
        ("mode", "payment"),
        ("client_reference_id", "p-77"),
        ("customer_email", "asha@shop.example"),
        ("success_url", "https://pay.example/return"),
        ("cancel_url", "https://pay.example/cancel"),
        ("expires_at", ends.as_str()),
        ("locale", "en"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "ugx"),
        ("line_items[0][price_data][unit_amount]", "500000"),
        (
            "line_items[0][price_data][product_data][name]",
            "Two tickets",
        ),
        ("metadata[reference]", "p-77"),
        ("metadata[order]", "inv-2026/0042"),
        ("payment_intent_data[metadata][reference]", "p-77"),
        ("payment_intent_data[metadata][order]", "inv-2026/0042"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    assert_eq!(form, wanted);

    // What Stripe would refuse, or cannot show, is left out.
    req.email = Some("asha at shop".to_owned());
    req.language = "sw".to_owned();
    req.description = "  ".to_owned();
    Stripe.start(&bench.call(), &req).await.unwrap();
    let (.., form) = seen.last();
    assert!(!form.contains_key("customer_email") && !form.contains_key("locale"));
    let name = &form["line_items[0][price_data][product_data][name]"];
    assert_eq!(name, "inv-2026/0042");
}

#[tokio::test]
async fn a_session_ends_between_half_an_hour_and_a_day_from_now() {
    let (seen, router) = listening(session("open", "unpaid", Value::Null).to_string());
    let bench = Bench::new(ours(), router).await;
    for (wanted, lasts) in [
        (60, 1_860),
        (1_800, 1_860),
        (7_200, 7_200),
        (999_999, 86_340),
    ] {
        let mut req = start_of(usd(), Method::Card);
        req.expires_at = NOW.plus_secs(wanted);
        Stripe.start(&bench.call(), &req).await.unwrap();
        let (.., form) = seen.last();
        let ends: i64 = form["expires_at"].parse().unwrap();
        assert_eq!(ends - NOW.unix_ms() / 1_000, lasts);
    }
}

#[tokio::test]
async fn r4_whatever_leaves_us_in_the_dark_is_unknown() {
    for (what, router) in darkness() {
        let bench = Bench::new(ours(), router).await;
        let call = bench.call();
        let req = start_of(usd(), Method::Card);
        let back = refund_of(money(500, "USD"), payment());
        let lost = PaymentRef {
            provider_ref: None,
            ..payment()
        };
        for error in [
            Stripe.start(&call, &req).await.unwrap_err(),
            Stripe.fetch(&call, &payment()).await.unwrap_err(),
            Stripe.fetch(&call, &lost).await.unwrap_err(),
            Stripe.refund(&call, &back).await.unwrap_err(),
            Stripe.fetch_refund(&call, &back).await.unwrap_err(),
            Stripe.close(&call, &payment()).await.unwrap_err(),
        ] {
            assert!(
                matches!(error, ProviderError::Unknown(_)),
                "{what}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn r4_a_session_of_another_reference_or_without_a_page_is_unknown() {
    let mut other = session("open", "unpaid", Value::Null);
    other["client_reference_id"] = "p-78".into();
    // A replay of our own first call, whose session has ended since.
    let mut ended = session("expired", "unpaid", Value::Null);
    ended["url"] = Value::Null;
    for body in [other, ended, json!({})] {
        let bench = Bench::new(ours(), answers(200, body.to_string())).await;
        let req = start_of(usd(), Method::Card);
        let error = Stripe.start(&bench.call(), &req).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    }
}

#[tokio::test]
async fn r11_a_key_of_the_other_mode_calls_nobody() {
    for (mode, key) in [
        (Mode::Test, "sk_live_x"),
        (Mode::Test, "rk_live_x"),
        (Mode::Live, "sk_test_x"),
        (Mode::Live, "rk_test_x"),
    ] {
        let mut shop = account(&[("secret_key", key)]);
        shop.mode = mode;
        let (seen, router) = listening("{}".to_owned());
        let bench = Bench::new(shop, router).await;
        let call = bench.call();
        let req = start_of(usd(), Method::Card);
        for error in [
            Stripe.start(&call, &req).await.unwrap_err(),
            Stripe.fetch(&call, &payment()).await.unwrap_err(),
            Stripe.self_test(&call).await.unwrap_err(),
        ] {
            assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
        }
        assert!(seen.0.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn asking_reads_the_session_with_its_intent() {
    let (seen, router) = listening(session("complete", "paid", intent("succeeded")).to_string());
    let bench = Bench::new(ours(), router).await;
    let report = Stripe.fetch(&bench.call(), &payment()).await.unwrap();
    assert!(matches!(report.found, Found::Succeeded(_)));
    assert_eq!(report.receipt.as_deref(), Some("pi_3X"));
    let (path, headers, _) = seen.last();
    assert_eq!(
        path,
        "/v1/checkout/sessions/cs_test_a1B2?expand[]=payment_intent"
    );
    assert_eq!(headers["stripe-version"], VERSION);
    assert!(!headers.contains_key("idempotency-key"));
    let missing = error(
        "invalid_request_error",
        "resource_missing",
        "No such checkout",
    );
    let bench = Bench::new(ours(), answers(404, missing)).await;
    let report = Stripe.fetch(&bench.call(), &payment()).await.unwrap();
    assert_eq!(report.found, Found::Missing);
}

#[tokio::test]
async fn an_unpaid_session_with_the_intents_id_alone_asks_for_the_intent() {
    let mut failed = intent("requires_payment_method");
    failed["last_payment_error"] = json!({"code": "debit_not_authorized", "message": "No"});
    let router = Router::new()
        .route(
            "/v1/checkout/sessions/cs_test_a1B2",
            get(|| async { session("complete", "unpaid", "pi_3X".into()).to_string() }),
        )
        .route(
            "/v1/payment_intents/pi_3X",
            get(|| async move { failed.to_string() }),
        );
    let bench = Bench::new(ours(), router).await;
    let report = Stripe.fetch(&bench.call(), &payment()).await.unwrap();
    let Found::Failed(failure) = report.found else {
        panic!("{report:?}");
    };
    assert!(failure.message.contains("debit_not_authorized"));
    let mut of = payment();
    of.provider_ref = Some("pi_3X".to_owned());
    let report = Stripe.fetch(&bench.call(), &of).await.unwrap();
    assert_eq!(report.found, Found::Open(PaymentStatus::RequiresAction));
}

#[tokio::test]
async fn r4_a_start_without_an_answer_is_found_by_our_reference_on_a_later_page() {
    // Asking never makes another session: a POST would be answered 405 here.
    let router = Router::new()
        .route(
            "/v1/checkout/sessions",
            get(|uri: Uri| async move {
                let query = form_of(uri.query().unwrap());
                let made = NOW.unix_ms() / 1_000;
                assert_eq!(query["created[gte]"], (made - 300).to_string());
                assert_eq!(query["limit"], "100");
                let row =
                    |id: &str, reference: &str| json!({"id": id, "client_reference_id": reference});
                match query.get("starting_after").map(String::as_str) {
                    None => list(&[row("cs_1", "p-7"), row("cs_2", "p-771")], true),
                    Some("cs_2") => list(&[row("cs_test_a1B2", "p-77")], false),
                    other => panic!("{other:?}"),
                }
            }),
        )
        .route(
            "/v1/checkout/sessions/cs_test_a1B2",
            get(|| async { session("open", "unpaid", Value::Null).to_string() }),
        );
    let bench = Bench::new(ours(), router).await;
    let mut of = payment();
    of.provider_ref = None;
    let report = Stripe.fetch(&bench.call(), &of).await.unwrap();
    assert_eq!(report.found, Found::Open(PaymentStatus::RequiresAction));
    assert_eq!(report.provider_ref.as_deref(), Some("cs_test_a1B2"));
    of.reference = "p-9".to_owned();
    let report = Stripe.fetch(&bench.call(), &of).await.unwrap();
    assert_eq!(report.found, Found::Missing);
}

#[tokio::test]
async fn closing_twice_is_harmless_and_a_page_that_stays_open_is_told() {
    let (seen, router) = listening(session("expired", "unpaid", Value::Null).to_string());
    let bench = Bench::new(ours(), router).await;
    Stripe.close(&bench.call(), &payment()).await.unwrap();
    let (path, ..) = seen.last();
    assert_eq!(path, "/v1/checkout/sessions/cs_test_a1B2/expire");
    for (status, fine) in [("complete", true), ("expired", true), ("open", false)] {
        let message = "Only Checkout Sessions with a status in [\"open\"] can be expired.";
        let router = Router::new()
            .route(
                "/v1/checkout/sessions/cs_test_a1B2/expire",
                post(move || async move {
                    let body = error("invalid_request_error", "", message);
                    (StatusCode::BAD_REQUEST, body)
                }),
            )
            .route(
                "/v1/checkout/sessions/cs_test_a1B2",
                get(move || async move { session(status, "unpaid", intent("x")).to_string() }),
            );
        let bench = Bench::new(ours(), router).await;
        let closed = Stripe.close(&bench.call(), &payment()).await;
        assert_eq!(closed.is_ok(), fine, "{status}");
    }
    let missing = error(
        "invalid_request_error",
        "resource_missing",
        "No such session",
    );
    let bench = Bench::new(ours(), answers(404, missing)).await;
    Stripe.close(&bench.call(), &payment()).await.unwrap();
    // A start whose answer was lost and that Stripe never received.
    let bench = Bench::new(ours(), answers(200, list(&[], false))).await;
    let mut lost = payment();
    lost.provider_ref = None;
    Stripe.close(&bench.call(), &lost).await.unwrap();
}

#[tokio::test]
async fn the_self_test_names_the_kind_of_key_and_never_the_key() {
    let mut shop = ours();
    for (key, kind) in [(KEY, "a test key"), ("rk_test_9", "restricted test key")] {
        shop.credentials.insert("secret_key".to_owned(), key.into());
        let bench = Bench::new(shop.clone(), answers(200, list(&[], false))).await;
        let said = Stripe.self_test(&bench.call()).await.unwrap();
        assert!(said.contains(kind) && !said.contains(key), "{said}");
    }
    let wrong = error("invalid_request_error", "", "Invalid API Key provided");
    let bench = Bench::new(ours(), answers(401, wrong)).await;
    let refused = Stripe.self_test(&bench.call()).await.unwrap_err();
    assert!(matches!(refused, ProviderError::Misconfigured(_)));
    assert!(!refused.to_string().contains(KEY));
}
