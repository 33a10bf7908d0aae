//! The dashboard over HTTP: who gets in, what each role may do, and that shops never meet.
use super::refunds::{paid, settle};
use crate::support::api::id;
use crate::support::{TestApp, word};
use malipo::domain::account::Mode;
use malipo::domain::role::Role;
use malipo::services::{accounts, tenants};
use secrecy::SecretString;
use serde_json::json;

const PASSWORD: &str = "a long enough password";

/// One browser: it keeps the session's cookie.
pub struct Browser<'a> {
    t: &'a TestApp,
    pub(super) cookie: String,
}

impl<'a> Browser<'a> {
    /// Somebody with this role, signed in by the form.
    pub async fn of(t: &'a TestApp, role: Role) -> Self {
        let email = format!("{}@shop.example", word());
        let password = SecretString::from(PASSWORD);
        accounts::create_with_password(&t.app, &t.tenant, (&email, ""), role, password)
            .await
            .unwrap();
        let mut browser = Self {
            t,
            cookie: String::new(),
        };
        let form = [("email", email.as_str()), ("password", PASSWORD)];
        let answer = browser.submit("admin/login", &form).await;
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"], "/admin");
        let cookies = answer.headers().get_all("set-cookie").iter();
        let session = cookies
            .map(|c| c.to_str().unwrap())
            .find(|c| c.contains("malipo_session="))
            .unwrap();
        assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax"));
        session
            .split(';')
            .next()
            .unwrap()
            .clone_into(&mut browser.cookie);
        browser
    }

    /// The session's cookie, as a browser sends it.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        let request = self.t.http.get(format!("{}{path}", self.t.url));
        let answer = request.header("cookie", &self.cookie).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap())
    }

    /// A page of the tenant.
    pub async fn page(&self, path: &str) -> (u16, String) {
        self.get(&format!("/admin/{}{path}", self.t.tenant.slug))
            .await
    }

    /// The page that a form's answer leads to, with what it says there; and its path.
    pub async fn after(&self, answer: reqwest::Response) -> (String, String) {
        assert_eq!(answer.status(), 303);
        let to = answer.headers()["location"].to_str().unwrap().to_owned();
        let told = answer.headers().get_all("set-cookie").iter();
        let told = told
            .map(|c| c.to_str().unwrap().split(';').next().unwrap())
            .find(|c| c.contains("malipo_flash="))
            .unwrap();
        let cookies = format!("{}; {told}", self.cookie);
        let request = self.t.http.get(format!("{}{to}", self.t.url));
        let page = request.header("cookie", cookies).send().await.unwrap();
        assert_eq!(page.status(), 200, "{to}");
        (to, page.text().await.unwrap())
    }

    pub async fn submit(&self, form: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let url = format!("{}/do/{form}", self.t.url);
        let request = self.t.http.post(url).form(fields);
        request.header("cookie", &self.cookie).send().await.unwrap()
    }
}

const PAGES: [&str; 27] = [
    "/overview",
    "/start",
    "/orders",
    "/orders/new",
    "/orders/import",
    "/links",
    "/links/new",
    "/payments",
    "/payments/unmatched",
    "/proofs",
    "/refunds",
    "/customers",
    "/plans",
    "/plans/new",
    "/providers",
    "/providers/paystack",
    "/hooks",
    "/events",
    "/endpoints",
    "/endpoints/new",
    "/api-keys",
    "/api-keys/requests",
    "/messages",
    "/messages/settings",
    "/team",
    "/exports",
    "/alerts",
];

#[tokio::test]
async fn an_owner_sees_every_page_and_no_page_shows_a_secret() {
    let t = TestApp::start().await;
    let (order, paid) = paid(&t, "paystack").await;
    let refund = t.api.refund(&paid, Some(10_000)).await.ok();
    settle(&t).await;
    let owner = Browser::of(&t, Role::Owner).await;
    let more = [
        format!("/orders/{}", id(&order)),
        format!("/payments/{}", id(&paid)),
        format!("/refunds/{}", id(&refund)),
        "/providers/mpesa".to_owned(),
        "/providers/manual".to_owned(),
    ];
    for path in PAGES.iter().copied().chain(more.iter().map(String::as_str)) {
        let (status, html) = owner.page(path).await;
        assert_eq!(status, 200, "{path}");
        assert!(html.contains("</html>"), "{path}");
        for secret in t.secrets.iter().chain([&t.api.key]) {
            assert!(!html.contains(secret), "{path} shows {}", &secret[..8]);
        }
    }
    let (_, html) = owner.page("/providers/paystack").await;
    let hook = t.hook_url("paystack", Mode::Test).await;
    assert!(html.contains(&hook), "the hook's address is told");
}

#[tokio::test]
async fn nobody_gets_in_without_signing_in() {
    let t = TestApp::start().await;
    let nobody = Browser {
        t: &t,
        cookie: "malipo_session=made-up".to_owned(),
    };
    for path in PAGES {
        let (status, _) = nobody.page(path).await;
        assert_eq!(status, 303, "{path}");
    }
    for form in [
        "admin/refunds/approve",
        "admin/providers/save",
        "admin/orders/cancel",
    ] {
        let fields = [
            ("tenant", t.tenant.slug.as_str()),
            ("refund", "ref_x"),
            ("order", "x"),
        ];
        let answer = nobody.submit(form, &fields).await;
        let to = answer
            .headers()
            .get("location")
            .map(|l| l.to_str().unwrap());
        assert!(
            answer.status().is_client_error() || to.is_some_and(|to| to.starts_with("/login")),
            "{form}: {} {to:?}",
            answer.status()
        );
    }
}

#[tokio::test]
async fn r14_the_pages_of_another_shop_are_404() {
    let t = TestApp::start().await;
    let (other, api, _) = t.another_tenant().await;
    let theirs = api.order(150_000, json!({})).await;
    let payment = api.pay(&theirs, "manual", json!({})).await;
    let owner = Browser::of(&t, Role::Owner).await;
    for path in PAGES {
        let (status, _) = owner.get(&format!("/admin/{}{path}", other.slug)).await;
        assert_eq!(status, 404, "{path}");
    }
    // A foreign id under one's own shop is no better.
    for path in [
        format!("/orders/{}", id(&theirs)),
        format!("/payments/{}", id(&payment)),
        "/refunds/ref_00000000000000000000000000".to_owned(),
        "/hooks/hok_00000000000000000000000000".to_owned(),
        "/nothing".to_owned(),
    ] {
        let (status, _) = owner.page(&path).await;
        assert_eq!(status, 404, "{path}");
    }
    for slug in [&t.tenant.slug, &other.slug] {
        let fields = [("tenant", slug.as_str()), ("order", id(&theirs))];
        let answer = owner.submit("admin/orders/cancel", &fields).await;
        assert!(!answer.status().is_success(), "{slug}");
    }
    assert_eq!(api.now(&theirs).await["status"], "open");
}

#[tokio::test]
async fn r10_the_server_checks_roles_and_that_the_asker_is_not_the_approver() {
    let t = TestApp::start().await;
    let mut tenant = t.tenant.clone();
    tenant.refund_limit_minor = Some(10_000);
    let boss = t.person(Role::Owner).await;
    tenants::save(&t.app, &boss, &tenant).await.unwrap();
    let (_, paid) = paid(&t, "paystack").await;
    let slug = t.tenant.slug.as_str();
    let ask = [
        ("tenant", slug),
        ("payment", id(&paid)),
        ("amount", "500"),
        ("currency", "KES"),
        ("reason", "returned"),
    ];
    let admin = Browser::of(&t, Role::Admin).await;
    let asked = admin.submit("admin/refunds/request", &ask).await;
    assert_eq!(asked.status(), 303, "{}", asked.text().await.unwrap());
    let refunds = t.refunds(&paid).await;
    assert_eq!(refunds.len(), 1, "the form asks for a refund");
    assert_eq!(refunds[0].status.as_str(), "awaiting_approval");
    let refund = refunds[0].id.to_string();
    let approve = [("tenant", slug), ("refund", refund.as_str())];
    for role in [Role::Staff, Role::Viewer, Role::Developer] {
        let browser = Browser::of(&t, role).await;
        browser.submit("admin/refunds/approve", &approve).await;
        let now = t.refunds(&paid).await;
        assert_eq!(now[0].status.as_str(), "awaiting_approval", "{role:?}");
    }
    admin.submit("admin/refunds/approve", &approve).await;
    assert_eq!(
        t.refunds(&paid).await[0].status.as_str(),
        "awaiting_approval"
    );
    let owner = Browser::of(&t, Role::Owner).await;
    owner.submit("admin/refunds/approve", &approve).await;
    settle(&t).await;
    assert_eq!(t.refunds(&paid).await[0].status.as_str(), "succeeded");
    assert_eq!(t.sim.refunded_minor().await, 50_000);
}

#[tokio::test]
async fn a_form_that_another_site_sends_is_refused() {
    let t = TestApp::start().await;
    let owner = Browser::of(&t, Role::Owner).await;
    let order = t.api.order(150_000, json!({})).await;
    let url = format!("{}/do/admin/orders/cancel", t.url);
    let fields = [("tenant", t.tenant.slug.as_str()), ("order", id(&order))];
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let request = t.http.post(&url).form(&fields).header(name, value);
        let answer = request.header("cookie", &owner.cookie).send().await;
        assert_eq!(answer.unwrap().status(), 403, "{name}");
    }
    assert_eq!(t.api.now(&order).await["status"], "open");
}

#[tokio::test]
async fn a_form_that_lacks_its_fields_is_the_senders_fault() {
    let t = TestApp::start().await;
    let owner = Browser::of(&t, Role::Owner).await;
    for form in [
        "checkout/start",
        "admin/providers/save",
        "admin/refunds/request",
    ] {
        let answer = owner.submit(form, &[("colour", "red")]).await;
        assert_eq!(answer.status(), 400, "{form}");
    }
    assert_eq!(owner.submit("admin/nothing", &[]).await.status(), 400);
    // PostgreSQL takes no U+0000.
    let slug = t.tenant.slug.as_str();
    let form = [("email", "a\0b@shop.example"), ("password", "x")];
    assert_eq!(owner.submit("admin/login", &form).await.status(), 400);
    for path in [
        "/pay/%00".to_owned(),
        "/pay/mock/%00".to_owned(),
        "/admin/%00/overview".to_owned(),
        "/login/link/%00".to_owned(),
        format!("/admin/{slug}/payments?q=%00&status=%00"),
    ] {
        let (status, _) = owner.get(&path).await;
        assert!([400, 404].contains(&status), "{path}: {status}");
    }
}

#[tokio::test]
async fn guesses_at_a_password_are_stopped() {
    let t = TestApp::start().await;
    let email = format!("{}@shop.example", word());
    let password = SecretString::from(PASSWORD);
    accounts::create_with_password(&t.app, &t.tenant, (&email, ""), Role::Owner, password)
        .await
        .unwrap();
    let nobody = Browser {
        t: &t,
        cookie: String::new(),
    };
    for _ in 0..5 {
        let form = [("email", email.as_str()), ("password", "a wrong password")];
        let answer = nobody.submit("admin/login", &form).await;
        let to = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(to.starts_with("/login"), "{to}");
    }
    let right = [("email", email.as_str()), ("password", PASSWORD)];
    let answer = nobody.submit("admin/login", &right).await;
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.starts_with("/login"), "also the right one has to wait");
    t.app.clock.advance_secs(3_600);
    let answer = nobody.submit("admin/login", &right).await;
    assert_eq!(answer.headers()["location"], "/admin");
}
