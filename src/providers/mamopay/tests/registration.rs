//! Registering the hook address.
use super::*;

const URL: &str = "https://pay.example/hooks/0a1b";

/// The method, the path's id and the body of each call that changes something.
type Calls = Arc<Mutex<Vec<(String, String, Value)>>>;

fn webhooks(known: Value, calls: Calls) -> Router {
    let (posts, patches) = (calls.clone(), calls);
    let echo = |body: &str| {
        let mut body: Value = serde_json::from_str(body).unwrap();
        body["id"] = json!("MB-WH-D8B07FB8D7");
        body
    };
    Router::new()
        .route(
            "/manage_api/v1/webhooks",
            on_get(move || async move { known.to_string() }).post(move |body: String| async move {
                let body = echo(&body);
                let call = ("post".to_owned(), String::new(), body.clone());
                posts.lock().unwrap().push(call);
                body.to_string()
            }),
        )
        .route(
            "/manage_api/v1/webhooks/{id}",
            on_patch(move |Path(id): Path<String>, body: String| async move {
                let body = echo(&body);
                let call = ("patch".to_owned(), id, body.clone());
                patches.lock().unwrap().push(call);
                body.to_string()
            }),
        )
}

async fn registered(known: Value) -> (Vec<(String, String, Value)>, String) {
    let calls = Calls::default();
    let bench = Bench::new(ours(), webhooks(known, calls.clone())).await;
    let done = MamoPay.register_hooks(&bench.call(), URL).await.unwrap();
    let [(field, secret)] = done.credentials.as_slice() else {
        panic!("one credential");
    };
    assert_eq!(*field, "webhook_secret");
    let calls = calls.lock().unwrap().clone();
    (calls, secret.expose_secret().to_owned())
}

const ALL: [&str; 5] = [
    "charge.succeeded",
    "charge.failed",
    "charge.refund_initiated",
    "charge.refunded",
    "charge.refund_failed",
];

#[tokio::test]
async fn a_new_address_is_registered_with_a_fresh_secret_and_one_family() {
    let (calls, secret) = registered(json!([])).await;
    assert!(secret.len() == 40 && secret.bytes().all(|b| b.is_ascii_hexdigit()));
    let [(method, _, body)] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    assert_eq!(method, "post");
    assert_eq!(body["url"], URL);
    assert_eq!(body["auth_header"], secret.as_str());
    assert_eq!(body["enabled_events"], json!(ALL));
    let (_, again) = registered(json!([])).await;
    assert_ne!(secret, again);
    let other = json!([{"id": "MB-WH-1", "url": "https://pay.example/hooks/ffff",
        "enabled_events": ALL, "auth_header": SECRET}]);
    assert_eq!(registered(other).await.0.len(), 1);
}

#[tokio::test]
async fn an_address_that_is_there_keeps_its_secret() {
    for family in ["charge", "payment"] {
        let events: Vec<String> = ALL.iter().map(|e| e.replace("charge", family)).collect();
        let known = json!([{"id": "MB-WH-1", "url": URL, "enabled_events": events,
            "auth_header": SECRET}]);
        let (calls, secret) = registered(known).await;
        assert_eq!((calls.len(), secret.as_str()), (0, SECRET));
    }
}

#[tokio::test]
async fn a_weak_secret_or_missing_events_are_mended() {
    let known = json!([{"id": "MPB-WH-1", "url": URL, "enabled_events": ALL,
        "auth_header": "header"}]);
    let (calls, secret) = registered(known).await;
    assert_eq!(secret.len(), 40);
    assert_eq!(
        (calls[0].0.as_str(), calls[0].1.as_str()),
        ("patch", "MPB-WH-1")
    );
    assert_eq!(calls[0].2["url"], URL);
    let known = json!([{"id": "MPB-WH-1", "url": URL, "auth_header": SECRET,
        "enabled_events": ["payment.succeeded", "payout.failed"]}]);
    let (calls, secret) = registered(known).await;
    assert_eq!(secret, SECRET);
    let events = calls[0].2["enabled_events"].as_array().unwrap();
    assert_eq!(events.len(), 6);
    let old = |e: &Value| e.as_str().unwrap().starts_with("charge.");
    assert!(!events.iter().any(old), "{events:?}");
}

#[tokio::test]
async fn an_address_that_mamo_cannot_reach_is_a_matter_of_settings() {
    let no = r#"{"messages":["Webhook is unreachable"],"error_code":"VALIDATION_FAILED"}"#;
    let router = Router::new().route(
        "/manage_api/v1/webhooks",
        on_get(|| async { "[]" })
            .post(move || async move { (StatusCode::UNPROCESSABLE_ENTITY, no) }),
    );
    let bench = Bench::new(ours(), router).await;
    let error = MamoPay
        .register_hooks(&bench.call(), URL)
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(
        matches!(error, ProviderError::Misconfigured(_)) && said.contains("unreachable"),
        "{said}"
    );
}
