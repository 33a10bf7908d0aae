//! API v1, the inbound hooks and the health checks over HTTP, with a real database.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use malipo::clock::Clock;
use malipo::domain::account::Mode;
use malipo::domain::ids::{ApiKeyId, Id, OrderId};
use malipo::domain::{Currency, Money, Timestamp};
use malipo::services::api_keys::NewKey;
use malipo::services::endpoints::{self, NewEndpoint};
use malipo::services::events::{self, Range};
use malipo::services::plans::{self, NewPlan};
use malipo::services::provider_accounts::{self, SaveAccount};
use malipo::services::purchases::{self, NewPurchase};
use malipo::services::tenants::{self, NewTenant, Tenant};
use malipo::services::{Actor, App, BaseUrls, Http, Settings, Vault};
use malipo::services::{api_keys, idempotency, orders, payments, refunds};
use malipo::store::Db;
use malipo::web::server;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt;

struct Bench {
    app: App,
    tenant: Tenant,
    key: String,
    router: Router,
    _folder: tempfile::TempDir,
}

/// What came back.
struct Came {
    status: u16,
    headers: axum::http::HeaderMap,
    body: Value,
}

impl Came {
    fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/t.db", folder.path().display());
    let db = Db::open(&url).await.unwrap();
    db.migrate().await.unwrap();
    let settings = Settings {
        public_url: "http://pay.test".to_owned(),
        data_dir: folder.path().to_owned(),
        allow_private_urls: false,
        trusted_proxies: vec![],
        nats_url: None,
    };
    let app = App::new(
        db,
        Clock::manual(Timestamp::from_unix_ms(1_790_000_000_000)),
        Http::new().unwrap(),
        BaseUrls::new(BTreeMap::new()),
        Vault::parse(&Vault::generate()).unwrap(),
        settings,
    );
    let tenant = tenant(&app, "acme").await;
    for provider in ["mock", "manual"] {
        let change = SaveAccount {
            provider: provider.to_owned(),
            enabled: Some(true),
            test_mode: Some(true),
            ..SaveAccount::default()
        };
        let saved = provider_accounts::save(&app, &Actor::System, &tenant.id, change).await;
        saved.unwrap();
    }
    let key = key(&app, &tenant, Mode::Test, &[]).await;
    let router = server::router(app.clone());
    Bench {
        app,
        tenant,
        key,
        router,
        _folder: folder,
    }
}

async fn tenant(app: &App, slug: &str) -> Tenant {
    let new = NewTenant {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        currency: "KES".to_owned(),
        country: Some("KE".to_owned()),
        ..NewTenant::default()
    };
    tenants::create(app, new).await.unwrap()
}

async fn key(app: &App, tenant: &Tenant, mode: Mode, scopes: &[&str]) -> String {
    let scopes = scopes.iter().map(ToString::to_string).collect();
    let new = NewKey {
        scopes,
        ..NewKey::new(mode, "test")
    };
    let created = api_keys::create(app, &Actor::System, &tenant.id, new).await;
    created.unwrap().1.expose_secret().to_owned()
}

async fn came(response: Response) -> Came {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Came {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}

impl Bench {
    async fn send(&self, request: Request<Body>) -> Came {
        came(self.router.clone().oneshot(request).await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Came {
        self.get_as(&self.key, path).await
    }

    async fn get_as(&self, key: &str, path: &str) -> Came {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {key}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    fn request(&self, path: &str, body: &Value, idempotency_key: &str) -> Request<Body> {
        let mut request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, "application/json");
        if !idempotency_key.is_empty() {
            request = request.header("Idempotency-Key", idempotency_key);
        }
        request.body(Body::from(body.to_string())).unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Came {
        self.send(self.request(path, &body, "")).await
    }

    async fn post_once(&self, path: &str, body: Value, key: &str) -> Came {
        self.send(self.request(path, &body, key)).await
    }

    async fn order(&self, reference: &str, amount: i64) -> Came {
        let body = json!({ "reference": reference, "amount": amount, "currency": "KES" });
        let made = self.post("/api/v1/orders", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made
    }

    async fn pay(&self, order: &str, body: Value) -> Came {
        self.post(&format!("/api/v1/orders/{order}/payments"), body)
            .await
    }

    /// A payment through the mock that succeeded.
    async fn paid(&self, amount: i64) -> String {
        let order = self.order("paid", amount).await;
        let made = self.pay(order.id(), json!({ "provider": "mock" })).await;
        let reference = made.body["reference"].as_str().unwrap();
        payments::choose_mock_outcome(&self.app, &self.tenant.id, reference, "paid")
            .await
            .unwrap();
        made.id().to_owned()
    }
}

#[tokio::test]
async fn a_call_without_a_good_key_is_refused() {
    let b = bench().await;
    let none = b
        .send(Request::get("/api/v1/orders").body(Body::empty()).unwrap())
        .await;
    assert_eq!(none.code(), (401, "unauthorized"));
    assert!(none.headers.contains_key(header::WWW_AUTHENTICATE));
    let unknown = b.get_as("mk_test_0000", "/api/v1/orders").await;
    assert_eq!(unknown.code(), (401, "unauthorized"));
    let reader = key(&b.app, &b.tenant, Mode::Test, &["read"]).await;
    let order = b.order("A", 100).await;
    let path = format!("/api/v1/orders/{}", order.id());
    assert_eq!(b.get_as(&reader, &path).await.status, 200);
    let request = Request::post(format!("{path}/cancel"))
        .header(header::AUTHORIZATION, format!("bearer {reader}"))
        .body(Body::empty())
        .unwrap();
    assert_eq!(b.send(request).await.code(), (403, "scope_missing"));
}

#[tokio::test]
async fn the_api_key_of_one_tenant_or_mode_cannot_read_another() {
    let b = bench().await;
    let order = b.order("A", 100).await;
    let payment = b.paid(500).await;
    let live = key(&b.app, &b.tenant, Mode::Live, &[]).await;
    let foreign = key(&b.app, &tenant(&b.app, "other").await, Mode::Test, &[]).await;
    for key in [&live, &foreign] {
        for path in [
            format!("/api/v1/orders/{}", order.id()),
            format!("/api/v1/payments/{payment}"),
        ] {
            assert_eq!(b.get_as(key, &path).await.code(), (404, "not_found"));
        }
        let list = b.get_as(key, "/api/v1/orders").await;
        assert_eq!(list.body, json!({ "data": [], "next_cursor": null }));
    }
    assert_eq!(b.get("/api/v1/orders/nonsense").await.status, 404);
    assert_eq!(b.get("/api/v1/orders/%ff").await.code().0, 404);
}

#[tokio::test]
async fn an_order_is_made_read_cancelled_and_renewed() {
    let b = bench().await;
    let order = b.order("A-1", 150_000).await;
    let path = format!("/api/v1/orders/{}", order.id());
    assert_eq!(order.headers[header::LOCATION], path.as_str());
    assert_eq!(order.body["livemode"], false);
    assert_eq!(b.get(&path).await.body, order.body);
    let renewed = b
        .post(&format!("{path}/renew"), json!({ "expires_in": 60 }))
        .await;
    assert_eq!(
        (renewed.status, &renewed.body["status"]),
        (200, &json!("open"))
    );
    let cancelled = b.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!(cancelled.body["status"], "cancelled");
    let again = b.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!(again.code(), (409, "state_conflict"));
    assert_eq!(again.body["from"], "cancelled");
    let late = b.pay(order.id(), json!({ "provider": "mock" })).await;
    assert_eq!(late.code(), (409, "order_cancelled"));
}

#[tokio::test]
async fn bad_bodies_are_refused_by_name() {
    let b = bench().await;
    let order = |extra: Value| {
        let mut body = json!({ "reference": "A", "amount": 100, "currency": "KES" });
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        body
    };
    for (extra, code, field) in [
        (json!({ "amount": 1.5 }), "type_invalid", "amount"),
        (json!({ "amount": -5 }), "amount_invalid", "amount"),
        (json!({ "currency": "kes" }), "currency_unknown", "currency"),
        (json!({ "extra": 1 }), "unknown_field", "extra"),
        (
            json!({ "customer": { "mail": "x" } }),
            "unknown_field",
            "customer.mail",
        ),
        (
            json!({ "customer": { "email": "x" } }),
            "email_invalid",
            "customer.email",
        ),
        (
            json!({ "metadata": { "n": 1 } }),
            "type_invalid",
            "metadata",
        ),
        (
            json!({ "expires_in": 5 }),
            "expires_in_invalid",
            "expires_in",
        ),
        (
            json!({ "providers": ["nobody"] }),
            "provider_unknown",
            "providers",
        ),
        (
            json!({ "return_url": "javascript:x" }),
            "url_invalid",
            "return_url",
        ),
        (
            json!({ "reference": "x".repeat(65) }),
            "length",
            "reference",
        ),
        (
            json!({ "return_url": "https://a.example/\u{0}" }),
            "control_characters",
            "return_url",
        ),
    ] {
        let refused = b.post("/api/v1/orders", order(extra)).await;
        assert_eq!(refused.code(), (422, code), "{}", refused.body);
        assert_eq!(refused.body["field"], field);
        assert_eq!(
            refused.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
    let raw = |kind: &str, body: Vec<u8>| {
        let request = Request::post("/api/v1/orders")
            .header(header::AUTHORIZATION, format!("Bearer {}", b.key))
            .header(header::CONTENT_TYPE, kind);
        b.send(request.body(Body::from(body)).unwrap())
    };
    let json = "application/json";
    assert_eq!(
        raw(json, b"{\"a\":".to_vec()).await.code(),
        (400, "json_invalid")
    );
    assert_eq!(
        raw(json, vec![b' '; 262_145]).await.code(),
        (413, "body_too_large")
    );
    let form = raw("application/x-www-form-urlencoded", b"{}".to_vec()).await;
    assert_eq!(form.code(), (415, "content_type_unsupported"));
    let missing = b.get("/api/v1/nothing/here").await;
    assert_eq!(missing.code(), (404, "not_found"));
    let put = Request::put("/api/v1/orders").body(Body::empty()).unwrap();
    let refused = b.send(put).await;
    assert_eq!(refused.code(), (405, "method_not_allowed"));
    assert!(refused.headers.contains_key(header::ALLOW));
}

#[tokio::test]
async fn lists_are_paged_without_a_gap() {
    let b = bench().await;
    for n in 0..5 {
        b.order(&format!("L-{}", n % 2), 100 + n).await;
    }
    let mut seen = vec![];
    let mut path = "/api/v1/orders?limit=2".to_owned();
    loop {
        let page = b.get(&path).await;
        for order in page.body["data"].as_array().unwrap() {
            seen.push(order["amount"].as_i64().unwrap());
        }
        let Some(next) = page.body["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/orders?limit=2&cursor={next}");
    }
    assert_eq!(seen, [104, 103, 102, 101, 100]);
    let some = b
        .get("/api/v1/orders?reference=L-1&status=open&limit=&cursor=")
        .await;
    assert_eq!(some.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(
        b.get("/api/v1/orders?status=gone").await.code().1,
        "status_unknown"
    );
    assert_eq!(
        b.get("/api/v1/payments?limit=101").await.code().1,
        "limit_invalid"
    );
    let order = b.order("P", 500).await;
    b.pay(order.id(), json!({ "provider": "mock" })).await;
    let of_order = b
        .get(&format!("/api/v1/payments?order={}", order.id()))
        .await;
    assert_eq!(of_order.body["data"][0]["order"], order.id());
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer() {
    let b = bench().await;
    let body = json!({ "reference": "I", "amount": 100, "currency": "KES" });
    let path = "/api/v1/orders";
    let first = b.post_once(path, body.clone(), "k-1").await;
    let again = b.post_once(path, body.clone(), "k-1").await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(
        first.headers[header::LOCATION],
        again.headers[header::LOCATION]
    );
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let mut other = body.clone();
    other["amount"] = json!(200);
    let reused = b.post_once(path, other.clone(), "k-1").await;
    assert_eq!(reused.code(), (422, "idempotency_key_reused"));
    let invalid = json!({ "reference": "I" });
    assert_eq!(b.post_once(path, invalid, "k-2").await.status, 422);
    assert_eq!(
        b.post_once(path, other, "k-2").await.status,
        201,
        "not kept"
    );
    let bad = b.post_once(path, body.clone(), "k 3").await;
    assert_eq!(bad.code(), (422, "idempotency_key_invalid"));
    let at_once = (0..8).map(|_| b.post_once(path, body.clone(), "k-4"));
    let statuses: Vec<_> = futures::future::join_all(at_once).await;
    assert!(
        statuses
            .iter()
            .all(|c| matches!(c.code(), (201, _) | (409, "idempotency_key_in_use")))
    );
    let list = b.get("/api/v1/orders?reference=I").await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 3);
}

/// A process has taken the key of this call, and is at work under it.
async fn begun(b: &Bench, path: &str, body: &Value, key: &str, shows: &'static str) -> Actor {
    let digest = Sha256::digest(body.to_string().as_bytes());
    let asked = idempotency::Asked {
        tenant: &b.tenant.id,
        mode: Mode::Test,
        path,
        key,
        body: &digest,
        shows,
    };
    match idempotency::begin(&b.app, asked).await.unwrap() {
        idempotency::Ticket::Run(run) => Actor::Call(ApiKeyId::from_bits(1), Arc::new(run)),
        _ => panic!("the key is not free"),
    }
}

#[tokio::test]
async fn what_a_call_did_is_noted_on_its_key_in_the_same_transaction() {
    let b = bench().await;
    let path = "/api/v1/orders";
    let body = json!({ "reference": "C", "amount": 100, "currency": "KES" });
    let new = || orders::NewOrder::new("C", Money::new(100, Currency::KES), false);
    // The order is committed; the process dies before it answers.
    let run = begun(&b, path, &body, "k", "ord_").await;
    let made = orders::create(&b.app, &b.tenant, &run, new())
        .await
        .unwrap();
    let busy = b.post_once(path, body.clone(), "k").await;
    assert_eq!(busy.code(), (409, "idempotency_key_in_use"));
    b.app.clock.advance_secs(121);
    for _ in 0..2 {
        let again = b.post_once(path, body.clone(), "k").await;
        assert_eq!((again.status, again.id()), (201, made.id.as_str()));
        assert!(again.headers.contains_key(header::LOCATION));
    }

    // The same for a refund: it is not asked for twice.
    let payment = b.paid(1_000).await;
    let id = malipo::domain::ids::PaymentId::parse(&payment).unwrap();
    let path = format!("/api/v1/payments/{payment}/refunds");
    let ask = json!({ "amount": 100, "reason": "r" });
    let run = begun(&b, &path, &ask, "r", "ref_").await;
    let amount = Some(Money::new(100, Currency::KES));
    let refund = refunds::request(&b.app, &b.tenant.id, &run, &id, amount, "r", "").await;
    let refund = refund.unwrap();
    b.app.clock.advance_secs(121);
    let again = b.post_once(&path, ask, "r").await;
    assert_eq!((again.status, again.id()), (201, refund.id.as_str()));
    let all = refunds::of_payment(&b.app, &b.tenant.id, &id).await;
    assert_eq!(all.unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_done_to_plans_and_endpoints_is_answered_after_a_crash() {
    let b = bench().await;
    let tenant = &b.tenant.id;
    let path = "/api/v1/plans";
    let body = json!({ "name": "Gold", "price": 100, "currency": "KES", "duration_days": 30 });
    let run = begun(&b, path, &body, "p", "pln_").await;
    let new = NewPlan {
        livemode: false,
        name: "Gold".to_owned(),
        description: String::new(),
        price: Money::new(100, Currency::KES),
        duration_days: 30,
        grace_days: None,
        remind_days: None,
        active: true,
        form_key: None,
    };
    let plan = plans::create(&b.app, &b.tenant, &run, new).await.unwrap();
    b.app.clock.advance_secs(121);
    let again = b.post_once(path, body, "p").await;
    assert_eq!((again.status, again.id()), (201, plan.id.as_str()));

    let path = format!("/api/v1/plans/{}/purchase", plan.id);
    let body = json!({ "customer": { "external_id": "c-1" } });
    let run = begun(&b, &path, &body, "b", "ord_").await;
    let mut new = NewPurchase::default();
    new.customer.external_id = Some("c-1".to_owned());
    let order = purchases::purchase(&b.app, &b.tenant, &run, &plan.id, new).await;
    b.app.clock.advance_secs(121);
    let again = b.post_once(&path, body, "b").await;
    assert_eq!(
        (again.status, again.id()),
        (201, order.unwrap().id.as_str())
    );

    let path = "/api/v1/endpoints";
    let url = "https://shop.example/events";
    let run = begun(&b, path, &json!({ "url": url }), "e", "end_").await;
    let new = NewEndpoint {
        url: url.to_owned(),
        ..NewEndpoint::default()
    };
    let (endpoint, secret) = endpoints::create(&b.app, &run, tenant, new).await.unwrap();
    b.app.clock.advance_secs(121);
    for _ in 0..2 {
        let again = b.post_once(path, json!({ "url": url }), "e").await;
        assert_eq!((again.status, again.id()), (201, endpoint.id.as_str()));
        assert_eq!(again.body["secret"], secret.expose_secret());
    }

    let at = |what: &str| format!("/api/v1/endpoints/{}/{what}", endpoint.id);
    let run = begun(&b, &at("rotate-secret"), &json!({}), "r", "end_").await;
    let rotated = endpoints::rotate(&b.app, &run, tenant, &endpoint.id).await;
    b.app.clock.advance_secs(121);
    let again = b.post_once(&at("rotate-secret"), json!({}), "r").await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body["secret"], rotated.unwrap().1.expose_secret());

    let run = begun(&b, &at("test"), &json!({}), "t", "evt_").await;
    let event = endpoints::test(&b.app, &run, tenant, &endpoint.id).await;
    b.app.clock.advance_secs(121);
    let again = b.post_once(&at("test"), json!({}), "t").await;
    let told = json!({ "endpoint": endpoint.id, "event": event.unwrap() });
    assert_eq!((again.status, again.body), (200, told));

    let body = json!({ "from": "2020-01-01T00:00:00Z", "only_failed": false });
    let run = begun(&b, &at("resend"), &body, "s", "end_").await;
    let range = Range {
        from: Timestamp::from_unix_ms(0),
        to: b.app.clock.now().plus_secs(1),
        only_failed: false,
    };
    let count = events::resend_range(&b.app, &run, tenant, &endpoint.id, range).await;
    b.app.clock.advance_secs(121);
    let again = b.post_once(&at("resend"), body, "s").await;
    let told = json!({ "endpoint": endpoint.id, "events": count.unwrap() });
    assert_eq!((again.status, again.body), (200, told));
}

#[tokio::test]
async fn a_run_whose_key_another_took_over_can_do_nothing_more() {
    let b = bench().await;
    let path = "/api/v1/orders";
    let body = json!({ "reference": "S", "amount": 100, "currency": "KES" });
    let slow = begun(&b, path, &body, "k", "ord_").await;
    b.app.clock.advance_secs(121);
    assert_eq!(b.post_once(path, body, "k").await.status, 201);
    let new = orders::NewOrder::new("S", Money::new(100, Currency::KES), false);
    assert!(orders::create(&b.app, &b.tenant, &slow, new).await.is_err());
    let all = b.get("/api/v1/orders?reference=S").await;
    assert_eq!(all.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_payment_is_201_whatever_the_provider_did() {
    let b = bench().await;
    let mock = || json!({ "provider": "mock" });
    let declined = b.order("D", 1_013).await;
    let failed = b.pay(declined.id(), mock()).await;
    assert_eq!(
        (failed.status, &failed.body["status"]),
        (201, &json!("failed"))
    );
    assert!(failed.body["failure"]["code"].is_string());
    let silent = b.order("U", 1_099).await;
    let unknown = b.pay(silent.id(), mock()).await;
    assert_eq!(
        (unknown.status, &unknown.body["status"]),
        (201, &json!("unknown"))
    );
    let beside = b.pay(silent.id(), mock()).await;
    assert_eq!(beside.code(), (409, "payment_unknown"));
    assert_eq!(beside.body["payment"], unknown.id());
    let forced = b
        .pay(silent.id(), json!({ "provider": "mock", "force": true }))
        .await;
    assert_eq!(forced.status, 201);
    let order = b.order("P", 1_000).await;
    let path = format!("/api/v1/orders/{}/payments", order.id());
    let made = b.post_once(&path, mock(), "p").await;
    assert_eq!(made.body["next_action"]["type"], "redirect");
    assert_eq!(b.post_once(&path, mock(), "p").await.id(), made.id());
    let verify = format!("/api/v1/payments/{}/verify", made.id());
    let open = b.post(&verify, json!({})).await;
    assert_eq!((open.status, open.id()), (200, made.id()));
    let paid = b.paid(700).await;
    let paid = b.get(&format!("/api/v1/payments/{paid}")).await;
    assert_eq!(paid.body["status"], "succeeded");
    let again = b.pay(paid.body["order"].as_str().unwrap(), mock()).await;
    assert_eq!(again.code(), (409, "order_paid"));
    let nobody = b.pay(order.id(), json!({ "provider": "nobody" })).await;
    assert_eq!(
        (nobody.code(), &nobody.body["field"]),
        ((422, "provider_unknown"), &json!("provider"))
    );
    let gone = OrderId::from_bits(1);
    assert_eq!(
        b.pay(gone.as_str(), mock()).await.code(),
        (404, "not_found")
    );
}

#[tokio::test]
async fn r10_refunds_over_the_api_keep_to_what_came() {
    let b = bench().await;
    let payment = b.paid(1_000).await;
    let path = format!("/api/v1/payments/{payment}/refunds");
    let ask = |amount: i64| json!({ "amount": amount, "reason": "damaged" });
    let asks = (0..16).map(|_| b.post(&path, ask(100)));
    let all = futures::future::join_all(asks).await;
    assert_eq!(all.iter().filter(|c| c.status == 201).count(), 10);
    let over = all.iter().find(|c| c.status != 201).unwrap();
    assert_eq!(over.code(), (422, "refund_exceeds_captured"));
    assert_eq!(over.body["field"], "amount");
    let first = all.iter().find(|c| c.status == 201).unwrap();
    let shown = b.get(&format!("/api/v1/refunds/{}", first.id())).await;
    assert_eq!(shown.body, first.body);
    let order = b.order("N", 500).await;
    let open = b.pay(order.id(), json!({ "provider": "mock" })).await;
    let early = b
        .post(&format!("/api/v1/payments/{}/refunds", open.id()), ask(1))
        .await;
    assert_eq!(early.code(), (409, "payment_not_succeeded"));

    let mut limited = b.tenant.clone();
    limited.refund_limit_minor = Some(50);
    tenants::save(&b.app, &Actor::System, &limited)
        .await
        .unwrap();
    let payment = b.paid(2_000).await;
    let waits = b
        .post(&format!("/api/v1/payments/{payment}/refunds"), ask(100))
        .await;
    assert_eq!(waits.body["status"], "awaiting_approval");
    let path = format!("/api/v1/refunds/{}", waits.id());
    let own = b
        .post(&format!("{path}/approve"), json!({ "note": "ok" }))
        .await;
    assert_eq!(own.code(), (403, "approval_needs_person"));
    let rejected = b
        .post(&format!("{path}/reject"), json!({ "note": "no" }))
        .await;
    assert_eq!(
        (rejected.status, &rejected.body["status"]),
        (200, &json!("rejected"))
    );
}

fn form(boundary: &str, fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = vec![];
    for (name, value) in fields {
        let head = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

#[tokio::test]
async fn a_proof_is_sent_shown_and_decided() {
    let b = bench().await;
    let order = b.order("M", 5_000).await;
    let choice = json!({ "provider": "manual", "method": "cash_on_delivery" });
    let payment = b.pay(order.id(), choice).await;
    assert_eq!(payment.status, 201, "{}", payment.body);
    let path = format!("/api/v1/payments/{}/proofs", payment.id());
    let send = |boundary: &str, fields: &[(&str, &[u8])]| {
        let request = Request::post(&path)
            .header(header::AUTHORIZATION, format!("Bearer {}", b.key))
            .header("Idempotency-Key", "proof-1")
            .header(
                header::CONTENT_TYPE,
                format!("multipart/form-data; boundary={boundary}"),
            )
            .body(Body::from(form(boundary, fields)))
            .unwrap();
        b.send(request)
    };
    let fields: [(&str, &[u8]); 3] = [
        ("type", b"cash"),
        ("reference", b"R-1"),
        ("image", b"%PDF-1.7 slip"),
    ];
    let large = vec![b'x'; 8 * 1024 * 1024 + 1];
    let refused = send("a", &[("type", b"cash"), ("image", &large)]).await;
    assert_eq!(refused.code(), (413, "body_too_large"));
    let proof = send("aaaa", &fields).await;
    assert_eq!(proof.status, 201, "{}", proof.body);
    assert_eq!(
        proof.headers[header::LOCATION],
        format!("/api/v1/proofs/{}", proof.id()).as_str()
    );
    let again = send("bbbb", &fields).await;
    assert_eq!((again.id(), again.status), (proof.id(), 201));
    let path = format!("/api/v1/proofs/{}", proof.id());
    assert_eq!(b.get(&path).await.body, proof.body);
    let file = b.get(&format!("{path}/image")).await;
    assert_eq!(file.headers[header::CONTENT_TYPE], "application/pdf");
    let silent = b.post(&format!("{path}/reject"), json!({})).await;
    assert_eq!(
        (silent.code(), &silent.body["field"]),
        ((422, "note_required"), &json!("note"))
    );
    let more = b
        .post(
            &format!("{path}/request-more"),
            json!({ "note": "blurred" }),
        )
        .await;
    assert_eq!(more.body["status"], "more_wanted");
    let early = b.post(&format!("{path}/approve"), json!({})).await;
    assert_eq!(early.code(), (409, "state_conflict"));
    let request = |boundary: &str, fields: &[(&str, &[u8])]| {
        Request::post(format!("/api/v1/payments/{}/proofs", payment.id()))
            .header(header::AUTHORIZATION, format!("Bearer {}", b.key))
            .header(
                header::CONTENT_TYPE,
                format!("multipart/form-data; boundary={boundary}"),
            )
            .body(Body::from(form(boundary, fields)))
            .unwrap()
    };
    assert_eq!(b.send(request("c", &fields)).await.status, 201);
    assert_eq!(
        b.send(request("c", &fields)).await.code(),
        (409, "proof_already_waits")
    );
    let approved = b
        .post(&format!("{path}/approve"), json!({ "note": "thanks" }))
        .await;
    assert_eq!(approved.body["status"], "approved");
    assert_eq!(approved.body["amount_accepted"], 5_000);
    let order = b.get(&format!("/api/v1/orders/{}", order.id())).await;
    assert_eq!(order.body["status"], "paid");
    assert_eq!(
        b.send(request("c", &fields)).await.code(),
        (409, "proof_not_wanted")
    );
}

#[tokio::test]
async fn hooks_are_answered_by_what_they_prove() {
    let b = bench().await;
    let post = |path: &str, body: Vec<u8>| {
        let request = Request::post(path).body(Body::from(body)).unwrap();
        b.send(request)
    };
    for path in ["/hooks/00ff", "/hooks/%00", "/hooks/zz", "/hooks/00ff/a/b"] {
        assert_eq!(post(path, b"{}".to_vec()).await.status, 404, "{path}");
    }
    let change = SaveAccount {
        provider: "paystack".to_owned(),
        credentials: vec![(Mode::Test, "secret_key".to_owned(), "sk_test_abc".into())],
        ..SaveAccount::default()
    };
    let saved = provider_accounts::save(&b.app, &Actor::System, &b.tenant.id, change).await;
    saved.unwrap();
    let url = provider_accounts::hook_url(&b.app, &b.tenant.id, "paystack", Mode::Test).await;
    let path = url.unwrap().replace("http://pay.test", "");
    assert_eq!(post(&path, b"{}".to_vec()).await.status, 401);
    assert_eq!(
        post(&format!("{path}/some-reference"), b"{}".to_vec())
            .await
            .status,
        401
    );
    assert_eq!(post(&path, vec![b'x'; 1_048_577]).await.status, 413);
    b.app.db.close().await;
    assert_eq!(post(&path, b"{}".to_vec()).await.status, 503);
}

#[tokio::test]
async fn without_a_database_the_program_lives_but_is_not_ready() {
    let b = bench().await;
    let ask = |path: &str| b.send(Request::get(path).body(Body::empty()).unwrap());
    assert_eq!(ask("/readyz").await.status, 200);
    b.app.db.close().await;
    assert_eq!(ask("/healthz").await.status, StatusCode::OK);
    assert_eq!(ask("/readyz").await.status, 503);
    let call = b.get("/api/v1/orders").await;
    assert_eq!(call.code(), (503, "database_unavailable"));
    assert!(call.headers.contains_key(header::RETRY_AFTER));
}
