//! `malipo demo`: everything on this machine, with nothing to install. The second start finds what
//! the first one made.
use anyhow::Context;
use clap::Args;
use malipo::clock::Clock;
use malipo::domain::account::Mode;
use malipo::domain::order::{Customer, Order, OrderKind};
use malipo::domain::role::Role;
use malipo::domain::{Currency, Money};
use malipo::services::orders::NewOrder;
use malipo::services::provider_accounts::{SaveAccount, hook_url, save};
use malipo::services::tenants::{NewTenant, Tenant};
use malipo::services::{
    Actor, App, BaseUrls, Http, REGISTRY, Settings, Vault, accounts, api_keys, orders, tenants,
};
use malipo::simulator;
use malipo::store::Db;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Args)]
pub struct Demo {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Where the demo keeps its database, files and keys.
    #[arg(long, default_value = "data/demo")]
    folder: PathBuf,
}

/// One of the demo's tenants.
struct Shop {
    new: NewTenant,
    /// E-mail and name.
    owner: (&'static str, &'static str),
    staff: (&'static str, &'static str),
    manual: &'static [(&'static str, &'static str)],
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
            for (mode, suffix) in [(Mode::Test, ""), (Mode::Live, "-live")] {
                let suffix = if info.name == "mpesa" { suffix } else { "" };
                urls.insert(
                    (info.name.to_owned(), mode),
                    format!("{simulator}/{}{suffix}", info.name),
                );
            }
        }
        let settings = Settings {
            public_url: url.to_owned(),
            data_dir: self.folder.clone(),
            allow_private_urls: true,
            trusted_proxies: vec![],
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

fn shops() -> [Shop; 2] {
    let text = |t: &str| Some(t.to_owned());
    [
        Shop {
            new: NewTenant {
                slug: "amani".to_owned(),
                name: "Amani Dental Clinic".to_owned(),
                currency: "KES".to_owned(),
                country: text("KE"),
                timezone: text("Africa/Nairobi"),
                locale: text("en"),
                brand: text("#0b6e5f"),
                contact_phone: text("+254712000111"),
                contact_email: text("pay@amani.example"),
            },
            owner: ("amina@amani.example", "Amina Hassan"),
            staff: ("joseph@amani.example", "Joseph Otieno"),
            manual: &[
                ("bank_name", "Equity Bank"),
                ("account_name", "Amani Dental Clinic Ltd"),
                ("account_number", "0180293847561"),
                ("bank_branch", "Westlands"),
                ("mobile_money_name", "Amani Dental Clinic"),
                ("mobile_money_number", "0712000111"),
                ("cash_instructions", "Pay at the front desk."),
                ("review_hours", "2"),
            ],
        },
        Shop {
            new: NewTenant {
                slug: "savanna".to_owned(),
                name: "Savanna Books".to_owned(),
                currency: "NGN".to_owned(),
                country: text("NG"),
                timezone: text("Africa/Lagos"),
                locale: text("en"),
                brand: text("#7a3b12"),
                contact_phone: text("+2348012345678"),
                contact_email: text("orders@savanna.example"),
            },
            owner: ("chidi@savanna.example", "Chidi Okafor"),
            staff: ("ngozi@savanna.example", "Ngozi Bello"),
            manual: &[
                ("bank_name", "GTBank"),
                ("account_name", "Savanna Books Ltd"),
                ("account_number", "0123456789"),
                ("review_hours", "4"),
            ],
        },
    ]
}

/// Makes what is missing and returns the facts that the demo prints.
async fn fill(app: &App, simulator: &str) -> anyhow::Result<Value> {
    let (mut checkouts, mut logins, mut keys) = (vec![], vec![], vec![]);
    for shop in shops() {
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
        set_up_providers(app, &tenant, &shop, simulator).await?;
        for (what, order) in sample_orders(app, &tenant).await? {
            checkouts.push(json!({
                "tenant": tenant.slug, "order": order.id,
                "url": orders::checkout_url(app, &order), "what": what,
            }));
        }
        let actor = Actor::System;
        let (_, key) =
            api_keys::create(app, &actor, &tenant.id, Mode::Test, "demo", vec![]).await?;
        keys.push(json!({ "tenant": tenant.slug, "mode": "test", "key": key.expose_secret() }));
    }
    Ok(json!({
        "url": app.settings.public_url, "checkouts": checkouts, "logins": logins,
        "api_keys": keys, "simulator": simulator,
    }))
}

async fn set_up_providers(
    app: &App,
    tenant: &Tenant,
    shop: &Shop,
    simulator: &str,
) -> anyhow::Result<()> {
    // The simulator knows these keys; they are nobody's.
    let secret_key = format!("sk_test_demo_{}", tenant.slug);
    let set: [(&str, Vec<(&str, &str)>); 4] = [
        (
            "mpesa",
            vec![
                ("consumer_key", "demo"),
                ("consumer_secret", "demo"),
                // Safaricom's public sandbox shortcode and passkey.
                ("shortcode", "174379"),
                (
                    "passkey",
                    "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919",
                ),
            ],
        ),
        ("paystack", vec![("secret_key", secret_key.as_str())]),
        ("manual", vec![]),
        ("mock", vec![]),
    ];
    for (provider, credentials) in set {
        let options = if provider == "manual" {
            shop.manual
        } else {
            &[]
        };
        let change = SaveAccount {
            provider: provider.to_owned(),
            credentials: credentials
                .into_iter()
                .map(|(field, value)| (Mode::Test, field.to_owned(), SecretString::from(value)))
                .collect(),
            options: options
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            enabled: Some(true),
            test_mode: None,
        };
        save(app, &Actor::System, &tenant.id, change).await?;
    }
    // Paystack's dashboard is where its hook address is set; the simulator has a call for that.
    let hook = hook_url(app, &tenant.id, "paystack", Mode::Test).await?;
    let body = json!({
        "provider": "paystack", "secret_key": secret_key, "hook_url": hook, "name": tenant.name,
    });
    let answer = app
        .http
        .post(&format!("{simulator}/_control/accounts"))
        .json(&body)
        .send()
        .await?;
    answer
        .error_for_status()
        .context("the simulator did not take the account")?;
    Ok(())
}

async fn sample_orders(app: &App, tenant: &Tenant) -> anyhow::Result<Vec<(&'static str, Order)>> {
    let amount =
        |major: i64| Money::new(major * tenant.currency.minor_per_major(), tenant.currency);
    let customer = Customer {
        name: Some("Wanjiku Kamau".to_owned()),
        email: Some("wanjiku@customers.example".to_owned()),
        ..Customer::default()
    };
    let kes = tenant.currency == Currency::KES;
    let order = |reference: &str, major: i64, livemode: bool, description: &str| NewOrder {
        description: description.to_owned(),
        customer: customer.clone(),
        ..NewOrder::new(reference, amount(major), livemode)
    };
    let booking = NewOrder {
        kind: OrderKind::Booking,
        ..order(
            "BK-20418",
            1_500,
            false,
            if kes {
                "Check-up and cleaning"
            } else {
                "Two novels"
            },
        )
    };
    let arabic = NewOrder {
        locale: Some("ar".to_owned()),
        ..order(
            "BK-20420",
            1_250,
            false,
            if kes { "X-ray" } else { "School atlas" },
        )
    };
    let list = [
        ("a test order", booking),
        (
            "a live order while its providers are in test mode",
            order("INV-2041", 12_500, true, ""),
        ),
        ("a test order in Arabic", arabic),
    ];
    let mut made = vec![];
    for (what, new) in list {
        made.push((
            what,
            orders::create(app, tenant, &Actor::System, new).await?,
        ));
    }
    Ok(made)
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
    let checkouts = rows("checkouts", &|c| {
        let (tenant, url, what) = (text(c, "tenant"), text(c, "url"), text(c, "what"));
        format!("  {tenant:8} {url}\n           {what}\n")
    });
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
