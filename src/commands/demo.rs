//! `malipo demo`: everything on this machine, with nothing to install. The second start finds what
//! the first one made.
use anyhow::Context;
use clap::Args;
use malipo::clock::Clock;
use malipo::domain::account::Mode;
use malipo::domain::link::{Ask, Link};
use malipo::domain::order::{Customer, Order, OrderKind};
use malipo::domain::role::Role;
use malipo::domain::{Currency, Money};
use malipo::services::api_keys::NewKey;
use malipo::services::links::NewLink;
use malipo::services::orders::NewOrder;
use malipo::services::parts::{Deposit, Terms};
use malipo::services::plans::{NewPlan, PlanFilter};
use malipo::services::provider_accounts::{SaveAccount, hook_url, save};
use malipo::services::provider_hooks::register_hooks;
use malipo::services::purchases::NewPurchase;
use malipo::services::tenants::Tenant;
use malipo::services::{
    Actor, App, BaseUrls, Cursor, Http, ProviderInfo, REGISTRY, Settings, Vault, accounts,
    api_keys, checkout, links, orders, plans, purchases, tenants,
};
use malipo::simulator;
use malipo::store::Db;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tables::{Shop, credentials, hook_on_its_pages, shops};
use tokio::net::TcpListener;
use tokio::sync::watch;

mod tables;

#[derive(Args)]
pub struct Demo {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Where the demo keeps its database, files and keys.
    #[arg(long, default_value = "data/demo")]
    folder: PathBuf,
}

impl Demo {
    pub async fn run(self, as_json: bool) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("--folder: {}", self.folder.display()))?;
        let (stop, stopped) = watch::channel(false);
        let simulator = self.start_simulator(stopped.clone()).await?;
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], self.port)))
            .await
            .with_context(|| format!("--port: {} is taken", self.port))?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = self.open(&url, &simulator).await?;
        let facts = fill(&app, &simulator).await?;
        tokio::spawn(async move {
            super::serve::signal().await;
            let _ = stop.send(true);
        });
        super::print(as_json, &facts, &words(&facts));
        super::serve::serve(app, listener, stopped).await
    }

    async fn start_simulator(&self, mut stopped: watch::Receiver<bool>) -> anyhow::Result<String> {
        let at = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = simulator::Options::new(at, self.folder.join("simulator.db"));
        let simulator = simulator::bind(options).await.context("the simulator")?;
        let url = simulator.url();
        tokio::spawn(async move {
            let until = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            if let Err(e) = simulator.serve(until).await {
                tracing::error!(error = %e, "the simulator stopped");
            }
        });
        Ok(url)
    }

    async fn open(&self, url: &str, simulator: &str) -> anyhow::Result<App> {
        let db = Db::open(&format!(
            "sqlite://{}",
            self.folder.join("malipo.db").display()
        ))
        .await?;
        db.migrate().await?;
        let key = master_key(&self.folder.join("master.key"))?;
        let mut urls = BTreeMap::new();
        for info in REGISTRY.iter().map(|a| a.info()) {
            // Live calls of a demo lead to the simulator, too: nothing here reaches a provider.
            for mode in [Mode::Test, Mode::Live] {
                let mount = simulator::mount(info.name, !mode.is_test());
                let at = format!("{simulator}/{mount}");
                urls.insert((info.name.to_owned(), mode), at);
            }
        }
        let settings = Settings {
            public_url: url.to_owned(),
            data_dir: self.folder.clone(),
            allow_private_urls: true,
            trusted_proxies: vec![],
            nats_url: None,
        };
        let (vault, http) = (Vault::parse(&key)?, Http::new()?);
        Ok(App::new(
            db,
            Clock::system(),
            http,
            BaseUrls::new(urls),
            vault,
            settings,
        ))
    }
}

/// The demo's own key, readable by its owner alone.
fn master_key(path: &Path) -> anyhow::Result<SecretString> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if let Ok(text) = std::fs::read_to_string(path) {
        return Ok(text.trim().into());
    }
    let key = Vault::generate();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(key.expose_secret().as_bytes())?;
    Ok(key)
}

/// Makes what is missing and returns the facts that the demo prints.
async fn fill(app: &App, simulator: &str) -> anyhow::Result<Value> {
    let (mut checkouts, mut logins, mut keys) = (vec![], vec![], vec![]);
    let mut open_links = vec![];
    for (n, shop) in shops().into_iter().enumerate() {
        let tenant = match tenants::by_slug(app, &shop.new.slug).await? {
            Some(tenant) => tenant,
            None => tenants::create(app, shop.new.clone()).await?,
        };
        let password = format!("demo-{}", malipo::clock::random_hex::<6>());
        for (person, role) in [(shop.owner, Role::Owner), (shop.staff, Role::Staff)] {
            let secret = SecretString::from(password.clone());
            accounts::create_with_password(app, &tenant, person, role, secret).await?;
            logins.push(json!({
                "tenant": tenant.slug, "role": role.as_str(), "email": person.0,
                "password": password, "url": app.url("/login"),
            }));
        }
        set_up_providers(app, &tenant, &shop, n + 1, simulator).await?;
        for (what, order) in sample_orders(app, &tenant, &shop).await? {
            checkouts.push(json!({
                "tenant": tenant.slug, "order": order.id,
                "url": orders::checkout_url(app, &order), "what": what,
            }));
        }
        if let Some(order) = sample_plans(app, &tenant, &shop).await? {
            checkouts.push(json!({
                "tenant": tenant.slug, "order": order.id,
                "url": orders::checkout_url(app, &order),
                "what": "the purchase of a test plan",
            }));
        }
        let order = sample_parts(app, &tenant, &shop).await?;
        checkouts.push(json!({
            "tenant": tenant.slug, "order": order.id,
            "url": orders::checkout_url(app, &order),
            "what": "a test order with a deposit",
        }));
        let link = sample_link(app, &tenant, &shop).await?;
        open_links.push(json!({
            "tenant": tenant.slug, "link": link.id,
            "url": links::page_url(app, &link),
            "what": "a link that many can pay on",
        }));
        let actor = Actor::System;
        let (_, key) =
            api_keys::create(app, &actor, &tenant.id, NewKey::new(Mode::Test, "demo")).await?;
        keys.push(json!({ "tenant": tenant.slug, "mode": "test", "key": key.expose_secret() }));
    }
    Ok(json!({
        "url": app.settings.public_url, "checkouts": checkouts, "links": open_links, "logins": logins,
        "api_keys": keys, "simulator": simulator,
    }))
}

/// Every provider in test mode, with keys that the simulator takes.
async fn set_up_providers(
    app: &App,
    tenant: &Tenant,
    shop: &Shop,
    n: usize,
    simulator: &str,
) -> anyhow::Result<()> {
    for info in REGISTRY.iter().map(|a| a.info()) {
        let keys = credentials(info, &tenant.slug, n);
        let options = match info.name {
            "manual" => shop.manual,
            _ => &[],
        };
        let change = SaveAccount {
            provider: info.name.to_owned(),
            credentials: keys
                .iter()
                .map(|(field, value)| (Mode::Test, (*field).to_owned(), value.clone().into()))
                .collect(),
            options: options
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            enabled: Some(true),
            test_mode: None,
        };
        let saved = save(app, &Actor::System, &tenant.id, change).await;
        saved.with_context(|| info.label)?;
        if hook_on_its_pages(info.name) {
            tell_simulator(app, tenant, info, keys, simulator).await?;
        } else if info.registers_hooks && info.rule(tenant.currency).is_some() {
            // The shops share the public sandbox's account: it calls the one that can use it.
            let done = register_hooks(app, &Actor::System, &tenant.id, info.name, Mode::Test);
            if let Err(e) = done.await.with_context(|| info.label)? {
                tracing::warn!(provider = info.name, error = %e, "no hook address registered");
            }
        }
    }
    Ok(())
}

/// Sets the hook address where the provider's own pages would set it.
async fn tell_simulator(
    app: &App,
    tenant: &Tenant,
    info: &'static ProviderInfo,
    keys: Vec<(&'static str, String)>,
    simulator: &str,
) -> anyhow::Result<()> {
    let hook = hook_url(app, &tenant.id, info.name, Mode::Test).await?;
    let mut body = json!({ "provider": info.name, "hook_url": hook, "name": tenant.name });
    for (field, value) in keys {
        body[field] = value.into();
    }
    let answer = app
        .http
        .post(&format!("{simulator}/_control/accounts"))
        .json(&body)
        .send()
        .await?;
    answer
        .error_for_status()
        .with_context(|| format!("the simulator did not take the account of {}", info.label))?;
    Ok(())
}

async fn sample_orders(
    app: &App,
    tenant: &Tenant,
    shop: &Shop,
) -> anyhow::Result<Vec<(String, Order)>> {
    let customer = Customer {
        name: Some("Wanjiku Kamau".to_owned()),
        email: Some("wanjiku@customers.example".to_owned()),
        ..Customer::default()
    };
    let order = |reference: &str, major: i64, currency: Currency, description: &str| {
        let amount = Money::new(major * currency.minor_per_major(), currency);
        NewOrder {
            description: description.to_owned(),
            customer: customer.clone(),
            ..NewOrder::new(reference, amount, false)
        }
    };
    let own = tenant.currency;
    let booking = NewOrder {
        kind: OrderKind::Booking,
        ..order("BK-20418", 1_500, own, shop.sells[0])
    };
    let arabic = NewOrder {
        locale: Some("ar".to_owned()),
        ..order("BK-20420", 1_250, own, shop.sells[1])
    };
    let live = NewOrder {
        livemode: true,
        ..order("INV-2041", 12_500, own, "")
    };
    let list = [
        ("a test order".to_owned(), booking),
        (
            "a live order while its providers are in test mode".to_owned(),
            live,
        ),
        ("a test order in Arabic".to_owned(), arabic),
    ];
    let mut made = vec![];
    for (what, new) in list {
        made.push((
            what,
            orders::create(app, tenant, &Actor::System, new).await?,
        ));
    }
    for (n, (code, major, what)) in shop.abroad.iter().enumerate() {
        let Some(currency) = Currency::parse(code) else {
            continue;
        };
        let new = order(&format!("AB-{}", 3001 + n), *major, currency, what);
        let order = orders::create(app, tenant, &Actor::System, new).await?;
        let takers = takers(app, tenant, &order).await?;
        made.push((format!("a test order in {code}, for {takers}"), order));
    }
    Ok(made)
}

/// The shop's plans, and the purchase of the first by a customer of its own each time.
async fn sample_plans(app: &App, tenant: &Tenant, shop: &Shop) -> anyhow::Result<Option<Order>> {
    let (filter, limit) = (PlanFilter::default(), 100);
    let known = plans::list(app, &tenant.id, &filter, &Cursor::Newest, limit).await?;
    let own = tenant.currency;
    let mut first = None;
    for (name, major, days) in shop.plans {
        let plan = if let Some(plan) = known.rows.iter().find(|p| p.name == *name) {
            plan.clone()
        } else {
            let new = NewPlan {
                livemode: false,
                name: (*name).to_owned(),
                description: String::new(),
                price: Money::new(major * own.minor_per_major(), own),
                duration_days: *days,
                grace_days: None,
                remind_days: None,
                active: true,
                form_key: None,
            };
            plans::create(app, tenant, &Actor::System, new).await?
        };
        first.get_or_insert(plan);
    }
    let Some(plan) = first.filter(|p| p.active) else {
        return Ok(None);
    };
    let new = NewPurchase {
        customer: Customer {
            external_id: Some(format!("demo-{}", malipo::clock::random_hex::<3>())),
            name: Some("Zawadi Otieno".to_owned()),
            ..Customer::default()
        },
        ..NewPurchase::default()
    };
    let order = purchases::purchase(app, tenant, &Actor::System, &plan.id, new).await?;
    Ok(Some(order))
}

/// A test order that is paid in two parts.
async fn sample_parts(app: &App, tenant: &Tenant, shop: &Shop) -> anyhow::Result<Order> {
    let own = tenant.currency;
    let new = NewOrder {
        kind: OrderKind::Booking,
        description: shop.sells[0].to_owned(),
        expires_in_secs: Some(14 * 86_400),
        terms: Some(Terms::Deposit {
            deposit: Deposit::Percent(30),
            rest_due: app.clock.now().plus_secs(60 * 86_400),
        }),
        ..NewOrder::new(
            "DEPOSIT-1",
            Money::new(20_000 * own.minor_per_major(), own),
            false,
        )
    };
    Ok(orders::create(app, tenant, &Actor::System, new).await?)
}

/// The shop's link that many can pay on, made at the first start.
async fn sample_link(app: &App, tenant: &Tenant, shop: &Shop) -> anyhow::Result<Link> {
    let own = tenant.currency;
    let major = |n: i64| Money::new(n * own.minor_per_major(), own);
    let new = NewLink {
        livemode: false,
        title: shop.sells[0].to_owned(),
        description: String::new(),
        ask: Ask::Chosen {
            least: major(100),
            most: major(50_000),
        },
        cap: None,
        ends_at: None,
        providers: vec![],
        form_key: Some("demo".to_owned()),
    };
    Ok(links::create(app, tenant, &Actor::System, new).await?)
}

/// The providers offered for an order that name its currency in their tables.
async fn takers(app: &App, tenant: &Tenant, order: &Order) -> anyhow::Result<String> {
    let mut names = Vec::new();
    for choice in checkout::choices(app, tenant, order, false).await? {
        let (info, code) = (choice.provider, order.amount.currency.code());
        let takes_it = info.currencies.iter().any(|r| r.code == code);
        if takes_it && !names.contains(&info.label) {
            names.push(info.label);
        }
    }
    Ok(names.join(", "))
}

/// The facts for people.
fn words(facts: &Value) -> String {
    let rows = |key: &str, row: &dyn Fn(&Value) -> String| -> String {
        facts[key]
            .as_array()
            .into_iter()
            .flatten()
            .map(row)
            .collect()
    };
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let payable = |c: &Value| {
        let (tenant, url, what) = (text(c, "tenant"), text(c, "url"), text(c, "what"));
        format!("  {tenant:8} {url}\n           {what}\n")
    };
    let checkouts = rows("checkouts", &payable) + &rows("links", &payable);
    let logins = rows("logins", &|l| {
        let (tenant, role) = (text(l, "tenant"), text(l, "role"));
        format!(
            "  {tenant:8} {role:6} {:24} {}\n",
            text(l, "email"),
            text(l, "password")
        )
    });
    let keys = rows("api_keys", &|k| {
        format!("  {:8} {}\n", text(k, "tenant"), text(k, "key"))
    });
    let (url, simulator) = (text(facts, "url"), text(facts, "simulator"));
    format!(
        "\nMalipo demo at {url}   (Ctrl-C ends it; no real money anywhere)\n\n\
         Pay as a customer:\n{checkouts}\n\
         Sign in as staff at {url}/login:\n{logins}\n\
         Call the API:\n{keys}\n\
         The providers' side (phones, ledger, faults): {simulator}\n"
    )
}
