//! API keys and the request log in the dashboard.
use super::dashboard::Browser;
use crate::support::api::id;
use crate::support::{Api, TestApp};
use malipo::domain::account::Mode;
use malipo::domain::role::Role;
use malipo::services::api_keys::NewKey;
use malipo::services::call_log::{self, RequestFilter};
use malipo::services::{Actor, Cursor, api_keys, sessions};
use serde_json::json;

#[tokio::test]
async fn a_key_is_shown_once_works_and_ends_when_it_is_revoked() {
    let t = TestApp::start().await;
    let slug = t.tenant.slug.as_str();
    let mut developer = Browser::of(&t, Role::Developer).await;
    let signed_in = developer.cookie.clone();
    let form = [
        ("tenant", slug),
        ("name", "Till <b>"),
        ("mode", "test"),
        ("scopes[]", "orders:write"),
        ("expires_in", "30"),
    ];
    let made = developer.submit("admin/api-keys/create", &form).await;
    assert_eq!(made.status(), 303);
    let flash = made.headers()["set-cookie"].to_str().unwrap();
    let flash = flash.split(';').next().unwrap().to_owned();
    developer.cookie = format!("{signed_in}; {flash}");
    let (_, html) = developer.page("/api-keys").await;
    let at = html.find("mk_test_").unwrap();
    let secret: String = html[at..].chars().take_while(|c| *c != '<').collect();
    assert_eq!(secret.len(), 8 + 48, "{secret}");
    assert!(html.contains("Till &lt;b&gt;"), "names are escaped");
    // What travelled in the cookie is sealed.
    let raw = base64::Engine::decode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        flash.split_once('=').unwrap().1,
    );
    assert!(!String::from_utf8_lossy(&raw.unwrap()).contains(&secret[8..]));
    developer.cookie = signed_in;
    let (_, again) = developer.page("/api-keys").await;
    assert!(!again.contains(&secret) && again.contains("orders:write"));

    let api = Api {
        key: secret,
        ..t.api.clone()
    };
    let order = api.order(1_000, json!({})).await;
    assert_eq!(api.try_pay(&order, "mock", json!({})).await.status, 403);
    let keys = api_keys::list(&t.app, &t.tenant.id).await.unwrap();
    let key = keys.last().unwrap();
    assert!(key.expires_at.is_some() && key.last_used_at.is_some());
    let path = format!("/api-keys/{}/revoke", key.id);
    assert_eq!(developer.page(&path).await.0, 200);
    let key_id = key.id.to_string();
    let revoke = [("tenant", slug), ("key", key_id.as_str())];
    for role in [Role::Staff, Role::Viewer] {
        let other = Browser::of(&t, role).await;
        assert_eq!(other.page("/api-keys").await.0, 403, "{role:?}");
        assert_eq!(other.page("/api-keys/requests").await.0, 403, "{role:?}");
        other.submit("admin/api-keys/revoke", &revoke).await;
        other.submit("admin/api-keys/create", &form).await;
    }
    let now = api_keys::list(&t.app, &t.tenant.id).await.unwrap();
    assert_eq!(now.len(), keys.len(), "roles without the right make none");
    assert_eq!(api.get("/orders").await.status, 200);
    let done = developer.submit("admin/api-keys/revoke", &revoke).await;
    assert_eq!(done.status(), 303);
    assert_eq!(api.get("/orders").await.refusal().0, 401);
}

#[tokio::test]
async fn r14_a_foreign_key_can_be_neither_seen_nor_revoked() {
    let t = TestApp::start().await;
    let (other, api, _) = t.another_tenant().await;
    let theirs = api_keys::list(&t.app, &other.id).await.unwrap();
    let id = theirs[0].id.to_string();
    let owner = Browser::of(&t, Role::Owner).await;
    let (status, _) = owner.page(&format!("/api-keys/{id}/revoke")).await;
    assert_eq!(status, 404);
    let fields = [("tenant", t.tenant.slug.as_str()), ("key", id.as_str())];
    let answer = owner.submit("admin/api-keys/revoke", &fields).await;
    assert_eq!(answer.status(), 404);
    assert_eq!(api.get("/orders").await.status, 200);
    api.get("/orders").await;
    let (_, html) = owner.page("/api-keys/requests").await;
    assert!(
        !html.contains("/api/v1/orders"),
        "others' calls are not shown"
    );
}

#[tokio::test]
async fn a_developer_finds_a_call_by_its_request_id() {
    let t = TestApp::start().await;
    let order = t
        .api
        .order(1_000, json!({ "reference": "Amina-Secret" }))
        .await;
    let refused = t
        .api
        .post_keyed("/orders", json!({ "amount": "x" }), "try-7")
        .await;
    let live = t
        .live
        .get(&format!("/orders?reference={}", "Amina-Secret"))
        .await;
    assert_eq!((refused.status, live.status), (422, 200));
    let developer = Browser::of(&t, Role::Developer).await;
    let seen = async |query: &str| {
        let (status, html) = developer.page(&format!("/api-keys/requests{query}")).await;
        assert_eq!(status, 200, "{query}");
        assert!(!html.contains("Amina"), "no query and no body is kept");
        html.matches("<tr role=\"row\"").count() - usize::from(html.contains("<thead"))
    };
    assert_eq!(seen("").await, 3);
    let request = refused.headers["x-request-id"].to_str().unwrap();
    assert_eq!(seen(&format!("?q={request}")).await, 1);
    assert_eq!(seen("?q=try-7").await, 1);
    assert_eq!(seen("?status=4xx").await, 1);
    assert_eq!(seen("?status=2xx&mode=live").await, 1);
    assert_eq!(seen("?q=/api/v1/ord").await, 3);
    assert_eq!(
        seen("?q=%25").await,
        0,
        "a wildcard is a letter like any other"
    );
    let (_, html) = developer
        .page(&format!("/api-keys/requests?q={request}"))
        .await;
    assert!(html.contains("<span class=\"code\">required</span>") || html.contains("type_invalid"));
    assert!(html.contains("try-7"));

    // A key that has ended belongs to its tenant all the same.
    let new = NewKey::new(Mode::Test, "gone");
    let made = api_keys::create(&t.app, &Actor::System, &t.tenant.id, new).await;
    let (key, secret) = made.unwrap();
    let ended = Api {
        key: secrecy::ExposeSecret::expose_secret(&secret).to_owned(),
        ..t.api.clone()
    };
    let revoked = api_keys::revoke(&t.app, &Actor::System, &t.tenant.id, &key.id).await;
    revoked.unwrap();
    assert_eq!(
        ended.get(&format!("/orders/{}", id(&order))).await.status,
        401
    );
    assert_eq!(seen(&format!("?key={}", key.id)).await, 1);
}

#[tokio::test]
async fn calls_are_paged_and_forgotten_after_thirty_days() {
    let t = TestApp::start().await;
    for _ in 0..30 {
        t.api.get("/orders").await;
    }
    let developer = Browser::of(&t, Role::Developer).await;
    let (_, first) = developer.page("/api-keys/requests?status=2xx").await;
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    assert!(next.contains("status=2xx&after=req_"), "{next}");
    let (_, second) = developer.get(&next).await;
    assert!(second.contains("5 on this page"), "{next}");
    let count = async || {
        let filter = RequestFilter::default();
        let page = call_log::list(&t.app, &t.tenant.id, &filter, &Cursor::Newest, 100).await;
        page.unwrap().rows.len()
    };
    t.app.clock.advance_secs(30 * 86_400 - 1);
    sessions::tidy(&t.app).await.unwrap();
    assert_eq!(count().await, 30);
    t.app.clock.advance_secs(2);
    sessions::tidy(&t.app).await.unwrap();
    assert_eq!(count().await, 0);
}
