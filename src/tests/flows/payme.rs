//! Payme: its Merchant API as its sandbox calls it, and the customer, the cabinet and receipts as
//! the simulator plays them.
use crate::support::api::{Answer, flags, id, reference};
use crate::support::{Api, TestApp, word};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use malipo::domain::account::Mode;
use malipo::domain::hook::HookStatus;
use malipo::services::Cursor;
use malipo::services::inbound::{self, HookFilter};
use malipo::services::provider_accounts::SaveAccount;
use serde_json::{Value, json};
use std::collections::BTreeMap;

mod merchant;
mod money;
mod receipts;

const AMOUNT: i64 = 500_000;

/// A tenant with Payme, and what its cabinet knows.
struct Shop {
    t: TestApp,
    merchant: String,
    key: String,
    /// The endpoint of the test mode.
    url: String,
}

impl Shop {
    async fn start() -> Self {
        Self::with(TestApp::start().await, &[]).await
    }

    async fn with(t: TestApp, options: &[(&str, &str)]) -> Self {
        let merchant = format!("{}{}", word(), word());
        let key = format!("k%&#@?():{}", word());
        let url = t.hook_url("payme", Mode::Test).await;
        let shop = Self {
            t,
            merchant,
            key,
            url,
        };
        shop.save(Mode::Test, &shop.key, options).await;
        shop.register(Some(&shop.url)).await;
        shop
    }

    async fn save(&self, mode: Mode, key: &str, options: &[(&str, &str)]) {
        let credentials = [
            ("merchant_id", self.merchant.as_str()),
            ("secret_key", key),
            ("legacy_secret", "older-secret"),
        ];
        let options = options.iter();
        self.t
            .save(SaveAccount {
                provider: "payme".to_owned(),
                credentials: credentials
                    .iter()
                    .map(|(f, v)| (mode, (*f).to_owned(), (*v).into()))
                    .collect(),
                options: options
                    .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                    .collect::<BTreeMap<_, _>>(),
                enabled: Some(true),
                test_mode: Some(mode.is_test()),
            })
            .await;
    }

    /// Tells the simulator of the account; without an address Payme calls nobody.
    async fn register(&self, hook_url: Option<&str>) {
        let account = json!({ "provider": "payme", "merchant_id": self.merchant,
            "secret_key": self.key, "hook_url": hook_url });
        self.t.sim.control("accounts", account).await;
    }

    async fn order(&self) -> Value {
        self.order_by(&self.t.api).await
    }

    async fn order_by(&self, api: &Api) -> Value {
        api.order(AMOUNT, json!({ "currency": "UZS" })).await
    }

    /// An order and a payment that waits for Payme's customer.
    async fn payment(&self) -> (Value, Value) {
        let order = self.order().await;
        let payment = self.t.api.pay(&order, "payme", json!({})).await;
        assert_eq!(payment["status"], "requires_action");
        (order, payment)
    }

    /// The customer opens the link; then it is as `outcome` says.
    async fn customer(&self, payment: &Value, outcome: &str) {
        let link = payment["next_action"]["url"].as_str().unwrap();
        let body = json!({ "provider": "payme", "link": link, "outcome": outcome });
        self.t.sim.control("pay", body).await;
        self.t.run_jobs().await;
    }

    /// What happens next to a payment that the customer opened.
    async fn then(&self, payment: &Value, outcome: &str) {
        self.t.sim.decide("payme", id(payment), outcome).await;
        self.t.run_jobs().await;
    }

    /// One call as Payme makes it, by its bytes.
    async fn post(&self, key: &str, body: &str) -> Answer {
        let authorization = format!("Basic {}", STANDARD.encode(format!("Paycom:{key}")));
        let request = self
            .t
            .http
            .post(&self.url)
            .header("authorization", authorization)
            .header("content-type", "text/json; charset=UTF-8")
            .body(body.to_owned());
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({ "method": method, "params": params, "id": 2_032 });
        let answer = self.post(&self.key, &body.to_string()).await.json();
        assert_eq!(answer["id"], 2_032);
        answer
    }

    async fn says(&self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await;
        assert_eq!(answer.get("error"), None, "{method}: {answer}");
        answer["result"].clone()
    }

    async fn code(&self, method: &str, params: Value) -> i64 {
        let answer = self.ask(method, params).await;
        answer["error"]["code"]
            .as_i64()
            .unwrap_or_else(|| panic!("{method}: {answer}"))
    }

    fn now(&self) -> i64 {
        self.t.app.clock.now().unix_ms()
    }

    /// Parameters of a new transaction for a payment.
    fn fresh(&self, payment: &Value) -> Value {
        json!({ "id": format!("{}{}", word(), word()), "time": self.now(), "amount": AMOUNT,
            "account": { "order_id": id(payment) } })
    }

    async fn hooks(&self) -> Vec<malipo::domain::hook::Hook> {
        let filter = HookFilter::default();
        let (app, tenant) = (&self.t.app, &self.t.tenant.id);
        let page = inbound::list(app, tenant, &filter, &Cursor::Newest, 500).await;
        page.unwrap().rows
    }
}

fn only(params: &Value) -> Value {
    json!({ "id": params["id"] })
}
