//! Pages and forms over the router, with a real database: refusals in sentences, forms sent twice.
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use malipo::clock::Clock;
use malipo::domain::method::Method;
use malipo::domain::payment::Payment;
use malipo::domain::role::Role;
use malipo::domain::{Currency, Money, Timestamp};
use malipo::services::checkout::{StartInput, start};
use malipo::services::orders::{NewOrder, OrderFilter};
use malipo::services::provider_accounts::{self, SaveAccount};
use malipo::services::tenants::{self, NewTenant, Tenant};
use malipo::services::{Actor, App, BaseUrls, Cursor, Http, Settings, Vault};
use malipo::services::{accounts, orders, payments, refunds};
use malipo::store::Db;
use malipo::web::server;
use std::collections::BTreeMap;
use tower::ServiceExt;

const SITE: &str = "http://pay.test";

struct Bench {
    app: App,
    tenant: Tenant,
    router: Router,
    _folder: tempfile::TempDir,
}

struct Came {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Came {
    fn to(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |v| v.to_str().unwrap())
    }

    /// The cookies that the answer sets, as a browser sends them back.
    fn cookies(&self) -> String {
        let set = self.headers.get_all(header::SET_COOKIE).iter();
        let pairs: Vec<_> = set
            .map(|v| v.to_str().unwrap().split(';').next().unwrap())
            .collect();
        pairs.join("; ")
    }
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/t.db", folder.path().display());
    let db = Db::open(&url).await.unwrap();
    db.migrate().await.unwrap();
    let settings = Settings {
        public_url: SITE.to_owned(),
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
    let new = NewTenant {
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        currency: "KES".to_owned(),
        country: Some("KE".to_owned()),
        ..NewTenant::default()
    };
    let tenant = tenants::create(&app, new).await.unwrap();
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
    let router = server::router(app.clone());
    Bench {
        app,
        tenant,
        router,
        _folder: folder,
    }
}

impl Bench {
    async fn send(&self, request: Request<Body>) -> Came {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Came {
            status,
            headers,
            text,
        }
    }

    async fn get(&self, path: &str, cookies: &str) -> Came {
        let request = Request::get(path).header(header::COOKIE, cookies);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)], cookies: &str) -> Came {
        self.post_from(SITE, path, form, cookies).await
    }

    async fn post_from(
        &self,
        origin: &str,
        path: &str,
        form: &[(&str, &str)],
        cookies: &str,
    ) -> Came {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::post(path)
            .header(header::COOKIE, cookies)
            .header(header::ORIGIN, origin)
            .header(header::ACCEPT, "text/html")
            .header(header::REFERER, "https://evil.example/")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A session of somebody with this role.
    async fn session(&self, role: Role) -> String {
        let email = format!("{}@acme.example", role.as_str());
        let password = "a long enough password";
        let made = accounts::create_with_password(
            &self.app,
            &self.tenant,
            (&email, ""),
            role,
            password.to_owned().into(),
        );
        made.await.unwrap();
        let form = [("email", email.as_str()), ("password", password)];
        let came = self.post("/do/admin/login", &form, "").await;
        assert_eq!(came.status, 303, "{}", came.text);
        came.cookies()
    }

    async fn payment(&self, provider: &str, method: Method) -> (String, Payment) {
        let new = NewOrder::new("R-1", Money::new(50_000, Currency::KES), false);
        let made = orders::create(&self.app, &self.tenant, &Actor::System, new).await;
        let order = made.unwrap();
        let input = StartInput {
            provider: provider.to_owned(),
            method: Some(method),
            ..StartInput::default()
        };
        let started = start(&self.app, &self.tenant, &order, &Actor::Customer, input).await;
        (order.token, started.unwrap())
    }
}

#[tokio::test]
async fn an_order_form_sent_twice_makes_one_order() {
    let b = bench().await;
    let session = b.session(Role::Owner).await;
    let page = b.get("/admin/acme/orders/new", &session).await;
    assert!(page.text.contains("name=\"form_key\""));
    let form = [
        ("tenant", "acme"),
        ("amount", "500"),
        ("currency", "KES"),
        ("reference", "A-1"),
        ("form_key", "f00d"),
    ];
    let (one, two) = tokio::join!(
        b.post("/do/admin/orders/create", &form, &session),
        b.post("/do/admin/orders/create", &form, &session),
    );
    assert_eq!((one.status, one.to()), (303, two.to()));
    let filter = OrderFilter::default();
    let all = orders::list(&b.app, &b.tenant.id, &filter, &Cursor::Newest, 10).await;
    assert_eq!(all.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn a_refund_form_sent_twice_asks_once() {
    let b = bench().await;
    let session = b.session(Role::Owner).await;
    let (_, p) = b.payment("mock", Method::Mock).await;
    let paid = payments::choose_mock_outcome(&b.app, &b.tenant.id, &p.reference, "paid");
    paid.await.unwrap();
    let id = p.id.to_string();
    let form = [
        ("tenant", "acme"),
        ("payment", id.as_str()),
        ("amount", "100"),
        ("currency", "KES"),
        ("reason", "Wrong amount"),
        ("form_key", "beef"),
    ];
    let (one, two) = tokio::join!(
        b.post("/do/admin/refunds/request", &form, &session),
        b.post("/do/admin/refunds/request", &form, &session),
    );
    assert!(one.to().contains("/refunds/ref_"), "{}", one.to());
    assert_eq!(one.to(), two.to());
    let all = refunds::of_payment(&b.app, &b.tenant.id, &p.id).await;
    assert_eq!(all.unwrap().len(), 1);
}

#[tokio::test]
async fn an_order_form_without_a_way_to_pay_is_refused_under_its_field() {
    let b = bench().await;
    let session = b.session(Role::Owner).await;
    let form = [
        ("tenant", "acme"),
        ("amount", "500"),
        ("currency", "KES"),
        ("reference", "A-1"),
        ("offered", "1"),
    ];
    let came = b.post("/do/admin/orders/create", &form, &session).await;
    assert_eq!(came.to(), "/admin/acme/orders/new");
    let cookies = format!("{session}; {}", came.cookies());
    let page = b.get(came.to(), &cookies).await;
    assert!(page.text.contains("Leave at least one way to pay."));
}

#[tokio::test]
async fn a_refused_action_answers_with_a_sentence() {
    let b = bench().await;
    let (_, p) = b.payment("mock", Method::Mock).await;
    let id = p.id.to_string();
    let viewer = b.session(Role::Viewer).await;
    let form = [("tenant", "acme"), ("payment", id.as_str())];
    let came = b.post("/do/admin/payments/verify", &form, &viewer).await;
    assert_eq!(came.status, 403);
    assert!(came.text.contains("This may not be done"), "{}", came.text);
    let foreign = [("tenant", "other"), ("payment", id.as_str())];
    let came = b.post("/do/admin/payments/verify", &foreign, &viewer).await;
    assert_eq!(came.status, 404);
    assert!(came.text.contains("There is no such page"));
    let cross = b
        .post_from(
            "https://evil.example",
            "/do/admin/payments/verify",
            &form,
            &viewer,
        )
        .await;
    assert_eq!(cross.status, 403);
    assert!(cross.text.contains("came from another site"));
}

#[tokio::test]
async fn a_form_that_cannot_be_read_leads_nowhere() {
    let b = bench().await;
    let came = b.post("/do/admin/payments/verify", &[], "").await;
    assert_eq!((came.status, came.to()), (400, ""));
    assert!(came.text.contains("The form was not understood"));
    assert!(!came.text.contains("missing field"));
    let big = "x".repeat(300 * 1024);
    let came = b.post("/do/admin/login", &[("email", &big)], "").await;
    assert_eq!(came.status, 413);
    assert!(came.text.contains("That was too much"));
    let came = b.get("/do/admin/login", "").await;
    assert_eq!(came.status, 405);
    assert!(came.text.contains("It takes forms alone."));
    let came = b.get("/login?next=a&next=b", "").await;
    assert!(came.text.contains("<h1>"), "{}", came.text);
    let came = b.get("/pay/%ff", "").await;
    assert_eq!(came.status, 404);
    assert!(came.text.contains("<h1"), "{}", came.text);
    for path in ["/nothing", "/nothing/here"] {
        let came = b.get(path, "").await;
        assert_eq!(came.status, 404);
        assert!(came.text.contains("There is no such page"));
    }
    assert!(b.get("/api/v1/nothing", "").await.text.starts_with('{'));
}

#[tokio::test]
async fn a_proof_sent_while_one_waits_is_told_so() {
    let b = bench().await;
    let (token, p) = b.payment("manual", Method::CashOnDelivery).await;
    let path = format!("/pay/{token}/proof/{}", p.id);
    let send = async |reference: &str| {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"reference\"\r\n\r\n{reference}\r\n--x--\r\n"
        );
        let request = Request::post(&path)
            .header(header::ORIGIN, SITE)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
        b.send(request.body(Body::from(body)).unwrap()).await
    };
    let odd = send("АВС123456").await;
    let page = b.get(odd.to(), &odd.cookies()).await;
    assert!(
        page.text.contains("Latin letters and digits alone"),
        "{}",
        page.text
    );
    let first = send("FT26324K8LQ").await;
    assert_eq!((first.status, first.cookies().as_str()), (303, ""));
    let second = send("FT26324K8LR").await;
    let page = b.get(second.to(), &second.cookies()).await;
    assert!(page.text.contains("being looked at already"));
    assert!(!page.text.contains("<form method=\"post\" action=\"/pay/"));
}

#[tokio::test]
async fn a_password_uses_up_every_other_link() {
    let b = bench().await;
    b.session(Role::Owner).await;
    let (app, tenant, role) = (&b.app, &b.tenant, Role::Staff);
    let invite = || accounts::invite(app, &Actor::System, tenant, "a@b.example", "A", role);
    let token = |link: Option<String>| link.unwrap().rsplit('/').next().unwrap().to_owned();
    let (one, two) = (
        token(invite().await.unwrap()),
        token(invite().await.unwrap()),
    );
    let password = || "a long enough password".to_owned().into();
    let user = accounts::set_password_by_link(app, &one, password()).await;
    user.unwrap();
    assert!(!accounts::link_is_good(app, &two).await.unwrap());
}
