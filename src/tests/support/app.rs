//! The real router on a port of its own, with a clock moved by hand and jobs run by hand.
use super::{Api, Simulator, TestDb, word};
use malipo::clock::Clock;
use malipo::domain::account::Mode;
use malipo::domain::ids::{Id, OrderId};
use malipo::domain::role::Role;
use malipo::jobs::runner;
use malipo::services::api_keys::NewKey;
use malipo::services::messages::{Post, PostSettings};
use malipo::services::provider_accounts::{SaveAccount, hook_url, save};
use malipo::services::tenants::{NewTenant, Tenant};
use malipo::services::{
    Actor, App, BaseUrls, Cursor, Http, REGISTRY, Settings, Vault, accounts, api_keys, payments,
    tenants,
};
use malipo::store::{books, jobs};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Safaricom's public sandbox shortcode and passkey, which the simulator checks.
pub const SHORTCODE: &str = "174379";
pub const PASSKEY: &str = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919";

/// What a test may want otherwise.
#[derive(Clone, Copy)]
pub struct Setup {
    /// How long the program waits for a provider.
    pub patience: Duration,
    /// Whether the simulator knows where to send Paystack's hooks.
    pub hooks: bool,
    /// The port of a mail server, where there is one.
    pub smtp: Option<u16>,
    /// Whether text messages go to a file.
    pub sms: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(20),
            hooks: true,
            smtp: None,
            sms: false,
        }
    }
}

pub struct TestApp {
    pub app: App,
    pub url: String,
    pub db: TestDb,
    pub sim: Simulator,
    pub tenant: Tenant,
    /// With a test key.
    pub api: Api,
    /// With a live key.
    pub live: Api,
    /// The tenant's secret values, which nothing may ever show.
    pub secrets: Vec<String>,
    pub http: reqwest::Client,
    master_key: SecretString,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    /// Gives up on a provider after a second: for answers that never come.
    pub async fn impatient() -> Self {
        Self::with(Setup {
            patience: Duration::from_millis(1_500),
            ..Setup::default()
        })
        .await
    }

    /// No hook ever arrives.
    pub async fn deaf() -> Self {
        Self::with(Setup {
            hooks: false,
            ..Setup::default()
        })
        .await
    }

    pub async fn with(setup: Setup) -> Self {
        let sim = Simulator::start();
        let db = TestDb::empty().await;
        let master_key = Vault::generate();
        let (app, url) = serve(&db, &sim, &master_key, setup).await;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let tenant = make_tenant(&app, "njeri").await;
        let secrets = set_up(&app, &tenant, &sim, setup.hooks).await;
        let (api, live) = keys(&app, &tenant, &url, &http).await;
        Self {
            app,
            url,
            db,
            sim,
            tenant,
            api,
            live,
            secrets,
            http,
            master_key,
        }
    }

    pub fn master_key(&self) -> &str {
        self.master_key.expose_secret()
    }

    /// A second process on the same database, with a clock of its own at the same time.
    pub async fn twin(&self) -> App {
        let patience = Setup::default().patience;
        open(
            &self.db,
            &self.sim,
            &self.master_key,
            patience,
            &self.url,
            self.app.clock.clone(),
        )
        .await
    }

    /// One more tenant with its own providers and keys, on the same server.
    pub async fn another_tenant(&self) -> (Tenant, Api, Api) {
        let tenant = make_tenant(&self.app, "baraka").await;
        set_up(&self.app, &tenant, &self.sim, true).await;
        let (api, live) = keys(&self.app, &tenant, &self.url, &self.http).await;
        (tenant, api, live)
    }

    /// Runs every job that is due, and those that they queue.
    pub async fn run_jobs(&self) {
        for _ in 0..100 {
            if runner::run_due(&self.app).await.unwrap() == 0 {
                return;
            }
        }
        panic!("the jobs never come to an end");
    }

    /// Moves our clock and the provider's, and runs what is due then.
    pub async fn advance(&self, seconds: i64) {
        self.app.clock.advance_secs(seconds);
        self.sim.advance(seconds).await;
        self.run_jobs().await;
    }

    /// Lets time pass as it would with a runner at work: in small steps.
    pub async fn wait(&self, seconds: i64) {
        let mut left = seconds;
        while left > 0 {
            let step = left.min(5);
            self.advance(step).await;
            left -= step;
        }
    }

    /// The provider's customer does something; hooks have arrived and were applied.
    pub async fn decide(&self, payment: &Value, outcome: &str) {
        let provider = payment["provider"].as_str().unwrap();
        let reference = super::api::theirs(payment);
        self.sim.decide(provider, reference, outcome).await;
        self.run_jobs().await;
    }

    /// The address that a provider calls.
    pub async fn hook_url(&self, provider: &str, mode: Mode) -> String {
        hook_url(&self.app, &self.tenant.id, provider, mode)
            .await
            .unwrap()
    }

    /// Gives a provider live credentials and switches it to them.
    pub async fn go_live(&self, provider: &str) {
        let credentials = match provider {
            "paystack" => vec![("secret_key", format!("sk_live_{}", word()))],
            _ => vec![
                ("consumer_key", "lk".to_owned()),
                ("consumer_secret", "ls".to_owned()),
                ("shortcode", "600984".to_owned()),
                ("passkey", word()),
            ],
        };
        if provider == "paystack" {
            let hook = self.hook_url(provider, Mode::Live).await;
            let body = json!({
                "provider": "paystack", "secret_key": credentials[0].1, "hook_url": hook,
            });
            self.sim.control("accounts", body).await;
        }
        self.save(SaveAccount {
            provider: provider.to_owned(),
            credentials: sealed(Mode::Live, &credentials),
            test_mode: Some(false),
            ..SaveAccount::default()
        })
        .await;
    }

    pub async fn save(&self, change: SaveAccount) {
        save(&self.app, &Actor::System, &self.tenant.id, change)
            .await
            .unwrap();
    }

    /// A person of the tenant.
    pub async fn person(&self, role: Role) -> Actor {
        let email = format!("{}@shop.example", word());
        let password = SecretString::from("a long enough password");
        let id =
            accounts::create_with_password(&self.app, &self.tenant, (&email, ""), role, password)
                .await;
        Actor::User(id.unwrap())
    }

    /// The kinds of an order's steps, oldest first.
    pub async fn story(&self, order: &Value) -> Vec<String> {
        let id = OrderId::parse(super::api::id(order)).unwrap();
        let steps = payments::timeline(&self.app, &self.tenant.id, &id).await;
        steps.unwrap().into_iter().map(|s| s.kind).collect()
    }

    /// The types of the events about one object, oldest first.
    pub async fn events(&self, object: &Value) -> Vec<String> {
        let mut tx = self.app.db.read().await.unwrap();
        let page = books::events(&mut tx, &self.tenant.id, None, &Cursor::Newest, 500).await;
        let rows = page.unwrap().rows.into_iter().rev();
        rows.filter(|e| e.subject == super::api::id(object))
            .map(|e| e.event_type)
            .collect()
    }

    /// The audited actions on one object, oldest first.
    pub async fn audited(&self, object: &Value) -> Vec<String> {
        let mut tx = self.app.db.read().await.unwrap();
        let page = books::audit(&mut tx, &self.tenant.id, &Cursor::Newest, 500).await;
        let rows = page.unwrap().rows.into_iter().rev();
        rows.filter(|a| a.subject == super::api::id(object))
            .map(|a| a.action)
            .collect()
    }

    /// The refunds of a payment, as the services know them.
    pub async fn refunds(&self, payment: &Value) -> Vec<malipo::domain::refund::Refund> {
        let id = malipo::domain::ids::PaymentId::parse(super::api::id(payment)).unwrap();
        malipo::services::refunds::of_payment(&self.app, &self.tenant.id, &id)
            .await
            .unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let (url, tenant) = (self.db.url.clone(), self.tenant.id.clone());
        let failed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let db = malipo::store::Db::open(&url).await.unwrap();
                let mut tx = db.read().await.unwrap();
                jobs::failed(&mut tx, &tenant).await.unwrap()
            })
        });
        let failed = failed.join().unwrap();
        assert!(failed.is_empty(), "jobs gave up: {failed:?}");
    }
}

async fn open(
    db: &TestDb,
    sim: &Simulator,
    master_key: &SecretString,
    patience: Duration,
    url: &str,
    clock: Clock,
) -> App {
    let mut urls = BTreeMap::new();
    for info in REGISTRY.iter().map(|a| a.info()) {
        for mode in [Mode::Test, Mode::Live] {
            let mount = malipo::simulator::mount(info.name, !mode.is_test());
            let at = format!("{}/{mount}", sim.url);
            urls.insert((info.name.to_owned(), mode), at);
        }
    }
    let settings = Settings {
        public_url: url.to_owned(),
        data_dir: db.folder.path().to_owned(),
        allow_private_urls: true,
        trusted_proxies: vec![],
        nats_url: None,
    };
    App::new(
        db.open().await,
        clock,
        Http::with_timeout(patience).unwrap(),
        BaseUrls::new(urls),
        Vault::parse(master_key).unwrap(),
        settings,
    )
}

async fn serve(
    db: &TestDb,
    sim: &Simulator,
    master_key: &SecretString,
    setup: Setup,
) -> (App, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let clock = Clock::manual(Clock::system().now());
    let app = open(db, sim, master_key, setup.patience, &url, clock).await;
    let app = app.with_post(post(db, setup));
    let router = malipo::web::server::router(app.clone());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    (app, url)
}

fn post(db: &TestDb, setup: Setup) -> Post {
    let smtp = setup.smtp.map(|port| format!("smtp://127.0.0.1:{port}"));
    let sms = setup
        .sms
        .then(|| format!("file://{}", sms_file(db).display()));
    let settings = PostSettings {
        smtp_from: smtp.is_some().then(|| "pay@malipo.example".to_owned()),
        smtp_url: smtp.map(Into::into),
        sms_url: sms.map(Into::into),
        ..PostSettings::default()
    };
    Post::open(&settings, &Http::new().unwrap()).unwrap()
}

/// Where text messages go.
pub fn sms_file(db: &TestDb) -> PathBuf {
    db.folder.path().join("sms.jsonl")
}

async fn make_tenant(app: &App, slug: &str) -> Tenant {
    let new = NewTenant {
        slug: format!("{slug}-{}", word()),
        name: "Mama Njeri Fashions".to_owned(),
        currency: "KES".to_owned(),
        country: Some("KE".to_owned()),
        timezone: Some("Africa/Nairobi".to_owned()),
        contact_phone: Some("+254712000111".to_owned()),
        ..NewTenant::default()
    };
    tenants::create(app, new).await.unwrap()
}

pub fn sealed(mode: Mode, values: &[(&str, String)]) -> Vec<(Mode, String, SecretString)> {
    let each = values.iter();
    each.map(|(field, value)| (mode, (*field).to_owned(), value.clone().into()))
        .collect()
}

/// Sets every provider up in test mode, and tells the simulator of it.
async fn set_up(app: &App, tenant: &Tenant, sim: &Simulator, hooks: bool) -> Vec<String> {
    let secret_key = format!("sk_test_{}", word());
    let consumer_secret = format!("secret{}", word());
    let set = [
        ("paystack", vec![("secret_key", secret_key.clone())]),
        (
            "mpesa",
            vec![
                ("consumer_key", format!("key{}", word())),
                ("consumer_secret", consumer_secret.clone()),
                ("shortcode", SHORTCODE.to_owned()),
                ("passkey", PASSKEY.to_owned()),
            ],
        ),
        ("manual", vec![]),
        ("mock", vec![]),
    ];
    for (provider, credentials) in set {
        let options: &[(&str, &str)] = match provider {
            "manual" => &[("account_number", "0180293847561")],
            _ => &[],
        };
        let change = SaveAccount {
            provider: provider.to_owned(),
            credentials: sealed(Mode::Test, &credentials),
            options: options
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            enabled: Some(true),
            test_mode: Some(true),
        };
        save(app, &Actor::System, &tenant.id, change).await.unwrap();
    }
    if hooks {
        let hook = hook_url(app, &tenant.id, "paystack", Mode::Test)
            .await
            .unwrap();
        let body = json!({ "provider": "paystack", "secret_key": secret_key, "hook_url": hook });
        sim.control("accounts", body).await;
    }
    vec![secret_key, consumer_secret, PASSKEY.to_owned()]
}

async fn keys(app: &App, tenant: &Tenant, url: &str, http: &reqwest::Client) -> (Api, Api) {
    let mut made = Vec::new();
    for mode in [Mode::Test, Mode::Live] {
        let new = NewKey::new(mode, "test");
        let key = api_keys::create(app, &Actor::System, &tenant.id, new).await;
        let (_, secret) = key.unwrap();
        made.push(Api {
            url: url.to_owned(),
            key: secret.expose_secret().to_owned(),
            http: http.clone(),
        });
    }
    let live = made.pop().unwrap();
    (made.pop().unwrap(), live)
}
