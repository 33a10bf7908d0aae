//! One provider under test: a tenant that offers it, and the orders that it can take.
use crate::support::{Setup, TestApp};
use malipo::services::{CurrencyRule, HookKind, MethodInfo, ProviderInfo};
use serde_json::{Value, json};
use std::time::Duration;

/// Numbers of countries whose phones are prompted; the first serves where any will do.
const PHONES: [(&str, &str); 4] = [
    ("KE", "+254712345678"),
    ("UG", "+256772123456"),
    ("GH", "+233241234567"),
    ("SE", "+46733123999"),
];

const EMAIL: &str = "wanjiku@customers.example";

/// An amount that most providers take, in minor units.
const AMOUNT: i64 = 150_000;

pub struct Bench {
    pub t: TestApp,
    pub info: &'static ProviderInfo,
    pub method: &'static MethodInfo,
    pub currency: &'static str,
    pub amount: i64,
    /// What every amount must be a multiple of, and the least.
    pub step: i64,
    secrets: Vec<String>,
}

impl Bench {
    /// The providers that the simulator plays.
    pub async fn played() -> Vec<String> {
        crate::support::Simulator::start().providers().await
    }

    pub async fn new(info: &'static ProviderInfo) -> Self {
        let t = TestApp::with(Setup {
            patience: Duration::from_millis(1_500),
            hooks: true,
            ..Setup::default()
        })
        .await;
        let secrets = t.offer(info).await;
        let method = info.methods.first().unwrap();
        let mut bench = Self {
            t,
            info,
            method,
            currency: "",
            amount: AMOUNT,
            step: 1,
            secrets,
        };
        // The account decides which of the table's currencies it takes: the first that works.
        for rule in info.currencies {
            bench.currency = if rule.code == "*" { "KES" } else { rule.code };
            (bench.amount, bench.step) = amount_for(rule);
            let order = bench.order().await;
            let tried = bench.try_pay(&order).await;
            if tried.status == 201 {
                return bench;
            }
        }
        panic!(
            "{} takes no payment in any currency of its table",
            info.name
        );
    }

    fn phone(&self) -> &'static str {
        let wanted = self.method.countries;
        let fits = |country: &str| wanted.is_empty() || wanted.contains(&country);
        let found = PHONES.iter().find(|(country, _)| fits(country));
        found.map_or(PHONES[0].1, |(_, phone)| phone)
    }

    pub async fn order(&self) -> Value {
        let customer = json!({ "email": EMAIL, "name": "Wanjiku Kamau",
            "phone": self.phone() });
        let more = json!({ "currency": self.currency, "customer": customer });
        self.t.api.order(self.amount, more).await
    }

    /// What no log line may hold: credentials, and the customer's number and address.
    pub fn private(&self) -> Vec<String> {
        let phone = self.phone().trim_start_matches('+').to_owned();
        let mut all = vec![phone, EMAIL.to_owned(), self.t.api.key.clone()];
        all.extend(self.secrets.iter().cloned());
        all
    }

    async fn try_pay(&self, order: &Value) -> crate::support::api::Answer {
        let more = json!({ "method": self.method.method });
        self.t.api.try_pay(order, self.info.name, more).await
    }

    pub async fn pay(&self, order: &Value) -> Value {
        self.try_pay(order).await.ok()
    }

    /// An order and its payment, whose prompt or page waits for the customer.
    pub async fn started(&self) -> (Value, Value) {
        // A phone takes one prompt at a time, and the same amount only after a while.
        self.t.advance(180).await;
        let order = self.order().await;
        let payment = self.pay(&order).await;
        assert!(
            matches!(
                payment["status"].as_str(),
                Some("pending" | "requires_action" | "processing")
            ),
            "{payment}"
        );
        (order, payment)
    }

    /// An order that was paid.
    pub async fn paid(&self) -> (Value, Value) {
        let (order, payment) = self.started().await;
        self.decide(&payment, "paid").await.unwrap();
        self.t.wait(60).await;
        let payment = self.t.api.now(&payment).await;
        assert_eq!(payment["status"], "succeeded", "{payment}");
        (order, payment)
    }

    pub async fn decide(&self, payment: &Value, outcome: &str) -> Result<(), String> {
        self.t.try_decide(payment, outcome).await
    }

    /// Whether the provider tells what became of a payment when it is asked. One that calls an API
    /// of ours repeats its own call until it is answered.
    pub fn asks(&self) -> bool {
        self.info.poll.asks && self.info.hook != HookKind::MerchantApi
    }

    /// Whether no report of this provider can tell the fact: with one currency alone, some name none.
    pub fn without_fact(&self, fault: &str) -> bool {
        fault == "wrong_currency" && self.info.currencies.len() == 1
    }

    /// How often this provider was called.
    pub async fn calls(&self) -> usize {
        let ledger = self.t.sim.ledger().await;
        let calls = ledger["calls"].as_array().unwrap();
        let of_this = calls.iter().filter(|c| c["provider"] == self.info.name);
        of_this.count()
    }

    /// Plants a fault at this provider.
    pub async fn fault(&self, operation: &str, fault: &str, more: Value) {
        self.t
            .sim
            .fault(self.info.name, operation, fault, more)
            .await;
    }

    /// How often the payment's success was told to the merchant.
    pub async fn told_paid(&self, order: &Value, payment: &Value) -> (usize, usize) {
        let count = |events: Vec<String>, kind: &str| events.iter().filter(|e| *e == kind).count();
        let of_payment = self.t.events(payment).await;
        let of_order = self.t.events(order).await;
        (
            count(of_payment, "payment.succeeded"),
            count(of_order, "order.paid"),
        )
    }

    /// Fails unless the payment and its order are paid, once.
    pub async fn assert_paid(&self, order: &Value, payment: &Value) {
        let now = self.t.api.now(payment).await;
        assert_eq!(now["status"], "succeeded", "{now}");
        assert_eq!(now["amount_captured"], json!(self.amount), "{now}");
        let after = self.t.api.now(order).await;
        assert_eq!(after["status"], "paid", "{after}");
        assert_eq!(after["amount_paid"], json!(self.amount), "{after}");
        assert_eq!(self.told_paid(order, payment).await, (1, 1));
    }

    /// Fails unless nothing was booked.
    pub async fn assert_unpaid(&self, order: &Value, payment: &Value) {
        let now = self.t.api.now(payment).await;
        assert_ne!(now["status"], "succeeded", "{now}");
        assert_eq!(now["amount_captured"], json!(0), "{now}");
        let after = self.t.api.now(order).await;
        assert_eq!(after["amount_paid"], json!(0), "{after}");
        assert_eq!(self.told_paid(order, payment).await, (0, 0));
    }

    /// Lets the attempt's time and the time for late money pass.
    pub async fn let_expire(&self) {
        for _ in 0..4 {
            self.t.advance(self.info.attempt_secs / 3 + 60).await;
        }
    }

    /// What the simulator gave back for this payment, in minor units.
    pub async fn gave_back(&self, payment: &Value) -> i64 {
        let ledger = self.t.sim.ledger().await;
        let names = ["reference", "provider_reference", "id", "receipt"].map(|n| &payment[n]);
        let of_this = |p: &&Value| {
            let theirs = [&p["reference"], &p["provider_ref"], &p["receipt"]];
            names.iter().any(|n| n.is_string() && theirs.contains(n))
        };
        let rows = ledger["payments"].as_array().unwrap();
        let found = rows.iter().filter(|p| p["provider"] == self.info.name);
        found
            .filter(of_this)
            .filter_map(|p| p["refunded_minor"].as_i64())
            .sum()
    }
}

/// An amount within a currency's limits that can be refunded in part, and its step.
fn amount_for(rule: &CurrencyRule) -> (i64, i64) {
    let step = rule.step_minor.max(1);
    let wanted = AMOUNT.max(rule.min_minor.saturating_mul(4));
    let wanted = rule.max_minor.map_or(wanted, |max| wanted.min(max));
    (wanted - wanted % (step * 2), step)
}
