//! Payme: checkout links whose payments are settled by calls to the merchant's endpoint (Merchant
//! API), and receipts that the merchant asks for (Subscribe API). Amounts are tiyin.
//! The calls to the merchant are in `payme/merchant.rs`, the merchant's in `payme/subscribe.rs`, the
//! customer's page in `payme/page.rs`, the sandbox's scenarios in `payme/sandbox.rs`.

mod cards;
mod merchant;
mod page;
mod sandbox;
mod subscribe;

use std::collections::BTreeMap;

use async_trait::async_trait;
use axum::Router;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::FaultKind;
use super::ledger::{Account, Change, Hook, Payment, Task};
use super::{Provider, Sim, hooks, random_text};

const NAME: &str = "payme";
const HEX: &[u8] = b"0123456789abcdef";
const UZS: &str = "UZS";

/// The provider.
pub struct Payme;

/// A payment of a link or a receipt, beside its amount.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Sale {
    /// Made by `receipts.create`; else by a link.
    is_receipt: bool,
    /// The account's fields and values.
    fields: BTreeMap<String, String>,
    description: String,
    language: String,
    /// Where the customer goes afterwards.
    back: Option<String>,
    /// The receipt's state, by which links are counted too.
    state: i64,
    pay_time: i64,
    cancel_time: i64,
    /// The last refusal, ours or the merchant's.
    error: Value,
    /// The card that waits for its SMS code, by its place in the table alone.
    card: Option<usize>,
    transaction: Option<Transaction>,
    /// The next call to the merchant, and what comes of the payment.
    next: Option<Step>,
    plan: Plan,
    /// The request's number, the same for each repetition.
    request: i64,
    tries: i64,
}

/// A transaction of the Merchant API.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Transaction {
    id: String,
    time: i64,
    /// 0 until the merchant has answered.
    state: i64,
    /// The merchant's id of it.
    theirs: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    CheckPerform,
    Create,
    Perform,
    /// With its reason.
    Cancel(i64),
}

/// What follows when the transaction is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Plan {
    #[default]
    Pay,
    Hold,
    Refuse {
        reason: i64,
        after_ms: i64,
    },
}

impl Sale {
    fn of(payment: &Payment) -> Self {
        serde_json::from_value(payment.data.clone()).unwrap_or_default()
    }

    fn into_value(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn is_held(&self) -> bool {
        self.transaction.as_ref().is_some_and(|t| t.state == 1)
    }

    fn is_busy(&self) -> bool {
        self.next.is_some()
    }
}

fn new_id() -> String {
    random_text(HEX, 24)
}

/// The books' name of a merchant: both parts of `X-Auth`, for one id has a key for each mode.
fn account_id(merchant: &str, key: &str) -> String {
    format!("{merchant}:{key}")
}

fn merchant_of(account: &str) -> (&str, &str) {
    account.split_once(':').unwrap_or((account, ""))
}

/// The accounts of a merchant id.
async fn accounts_of(sim: &Sim, merchant: &str) -> anyhow::Result<Vec<Account>> {
    let mut all = sim.ledger.accounts(NAME).await?;
    all.retain(|a| merchant_of(&a.id).0 == merchant);
    Ok(all)
}

fn mode_of(account: &Account) -> &'static str {
    if account.data["mode"] == "live" {
        "live"
    } else {
        "test"
    }
}

fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("Paycom:{key}")))
}

fn saved(sim: &Sim, mut payment: Payment, status: &str, sale: Sale) -> Change {
    payment.status = status.into();
    payment.updated_at = sim.clock.now();
    payment.data = sale.into_value();
    Change::Payment(payment)
}

fn task(sim: &Sim, kind: &str, subject: &str, after_ms: i64) -> Change {
    Change::Task(Task {
        id: 0,
        provider: NAME.into(),
        kind: kind.into(),
        subject: subject.into(),
        due_at: sim.clock.now() + after_ms,
    })
}

async fn hook_url(sim: &Sim, payment: &Payment) -> anyhow::Result<Option<String>> {
    let account = sim.ledger.account(NAME, &payment.account).await?;
    Ok(account.and_then(|a| a.hook_url))
}

/// Paid, as the books see it.
fn paid(sim: &Sim, mut payment: Payment, mut sale: Sale) -> Vec<Change> {
    sale.state = 4;
    sale.pay_time = sim.clock.now();
    sale.error = Value::Null;
    sale.card = None;
    let id = sale.transaction.as_ref().map(|t| t.id.clone());
    payment.receipt = Some(id.unwrap_or_else(|| payment.id.clone()));
    payment.attempts += 1;
    vec![saved(sim, payment, "paid", sale)]
}

/// A try that came to nothing; the page stays open.
fn declined(sim: &Sim, mut payment: Payment, mut sale: Sale, error: Value) -> Vec<Change> {
    sale.error = error;
    sale.card = None;
    sale.next = None;
    payment.attempts += 1;
    vec![saved(sim, payment, "declined", sale)]
}

fn refusal(code: i64, message: &str) -> Value {
    json!({"code": code, "message": message, "data": null})
}

/// Begins an attempt: where the merchant has an endpoint, it is asked first. Without one only a
/// receipt can be paid.
async fn attempt(
    sim: &Sim,
    payment: Payment,
    plan: Plan,
) -> anyhow::Result<Result<Vec<Change>, String>> {
    let mut sale = Sale::of(&payment);
    if hook_url(sim, &payment).await?.is_some() {
        sale.plan = plan;
        sale.card = None;
        sale.next = Some(Step::CheckPerform);
        return Ok(Ok(merchant::begin(sim, payment, sale, 0).await?));
    }
    if !sale.is_receipt {
        return Ok(Err(
            "Payme cannot reach the merchant (-31622): register an account with a \"hook_url\""
                .into(),
        ));
    }
    Ok(Ok(match plan {
        Plan::Pay => paid(sim, payment, sale),
        Plan::Hold => {
            sale.state = 5;
            vec![saved(sim, payment, "held", sale)]
        }
        Plan::Refuse { reason: 4, .. } => subscribe::cancelled(sim, payment, sale),
        Plan::Refuse { .. } => {
            let error = refusal(-31630, "Insufficient funds");
            declined(sim, payment, sale, error)
        }
    }))
}

#[async_trait]
impl Provider for Payme {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)> {
        let routes = Router::new()
            .route("/api", post(subscribe::call))
            .route("/{*code}", get(page::show).post(page::act));
        vec![(NAME, routes)]
    }

    fn account(&self, wanted: &Value) -> Result<Account, String> {
        let text = |field: &str| wanted[field].as_str().unwrap_or_default().trim().to_owned();
        let (merchant, key) = (text("merchant_id"), text("secret_key"));
        if merchant.is_empty() || key.is_empty() || merchant.contains([':', ';', '=']) {
            return Err("\"merchant_id\" and \"secret_key\" are needed".into());
        }
        let hook_url = wanted["hook_url"].as_str().map(str::to_owned);
        if hook_url
            .as_deref()
            .is_some_and(|u| super::pages::web_address(u).is_none())
        {
            return Err("\"hook_url\" must be an http(s) address".into());
        }
        let data = json!({
            "registered": true, "name": wanted["name"], "mode": wanted["mode"],
            "account_field": wanted["account_field"],
        });
        Ok(Account {
            provider: NAME.into(),
            id: account_id(&merchant, &key),
            hook_url,
            data,
        })
    }

    fn minor(&self, _currency: &str, amount: i64) -> i64 {
        amount
    }

    /// In a receipt, and in what the merchant is asked. Neither tells a mode.
    fn distort(&self, wrong: FaultKind, body: &mut Value) {
        if let Some(result) = body.get_mut("result") {
            if let Some(receipt) = result.get_mut("receipt") {
                distort_receipt(wrong, receipt);
            }
            for receipt in result.as_array_mut().into_iter().flatten() {
                distort_receipt(wrong, receipt);
            }
        }
        let Some(params) = body.get_mut("params") else {
            return;
        };
        if wrong == FaultKind::WrongAmount
            && let Some(amount) = params["amount"].as_i64()
        {
            params["amount"] = json!((amount - 100).max(1));
        }
        if wrong == FaultKind::WrongReference {
            let fields = params.get_mut("account").and_then(Value::as_object_mut);
            for (_, value) in fields.into_iter().flatten() {
                *value = json!("somebody-elses");
            }
        }
    }

    /// The key itself: nothing covers the body.
    fn sign(&self, account: &Account, _body: &str, _now: i64) -> Vec<(String, String)> {
        vec![("authorization".into(), basic(merchant_of(&account.id).1))]
    }

    /// Every answer of the Merchant API is 200.
    fn delivered(&self, status: u16) -> bool {
        status == 200
    }

    /// Calls to the merchant are tasks, repeated there; only a forged one is sent as a hook.
    fn redeliver_after(&self, _mode: &str, _attempts: i64) -> Option<i64> {
        None
    }

    async fn prepare(&self, sim: &Sim, task: &Task) -> anyhow::Result<Value> {
        match task.kind.as_str() {
            "merchant" => merchant::ask(sim, &task.subject).await,
            _ => Ok(Value::Null),
        }
    }

    async fn run(&self, sim: &Sim, task: &Task, prepared: Value) -> anyhow::Result<Vec<Change>> {
        let Some(payment) = sim.ledger.payment(NAME, &task.subject).await? else {
            return Ok(Vec::new());
        };
        match task.kind.as_str() {
            "merchant" => merchant::answered(sim, payment, &prepared).await,
            "cancel" => subscribe::cancel_due(sim, payment).await,
            _ => Ok(Vec::new()),
        }
    }

    async fn decide(
        &self,
        sim: &Sim,
        payment: Payment,
        outcome: &str,
    ) -> anyhow::Result<Result<Vec<Change>, String>> {
        let mut sale = Sale::of(&payment);
        if sale.is_busy() {
            return Ok(Err("a call to the merchant is under way".into()));
        }
        if outcome == "refund" {
            if sale.state != 4 {
                return Ok(Err("only a paid payment is refunded".into()));
            }
            return Ok(Ok(subscribe::begin_cancel(sim, payment, sale, 0)));
        }
        if matches!(sale.state, 4 | 21) {
            return Ok(Err("the payment is already paid".into()));
        }
        if sale.state == 50 {
            return Ok(Err("it was cancelled for good".into()));
        }
        let refuse = |reason| Plan::Refuse {
            reason,
            after_ms: 0,
        };
        let held = sale.is_held();
        let step = match outcome {
            "paid" => Step::Perform,
            "declined" => Step::Cancel(2),
            "cancelled" => Step::Cancel(10),
            "expired" => Step::Cancel(4),
            "held" if held => return Ok(Err("it is held already".into())),
            "held" => return attempt(sim, payment, Plan::Hold).await,
            _ => {
                return Ok(Err(
                    "outcomes: paid, held, declined, cancelled, expired, refund".into(),
                ));
            }
        };
        if held {
            sale.next = Some(step);
            return Ok(Ok(merchant::begin(sim, payment, sale, 0).await?));
        }
        match step {
            Step::Perform => attempt(sim, payment, Plan::Pay).await,
            // The customer leaves the page: the merchant is told nothing.
            Step::Cancel(10) if !sale.is_receipt => {
                sale.card = None;
                Ok(Ok(vec![saved(sim, payment, "cancelled", sale)]))
            }
            Step::Cancel(10) => Ok(Ok(subscribe::cancelled(sim, payment, sale))),
            Step::Cancel(reason) => attempt(sim, payment, refuse(reason)).await,
            Step::CheckPerform | Step::Create => Ok(Ok(Vec::new())),
        }
    }

    /// A `PerformTransaction` with a key that is not the merchant's.
    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
        let Some(url) = hook_url(sim, payment).await? else {
            return Ok(None);
        };
        let id = Sale::of(payment).transaction.map_or_else(new_id, |t| t.id);
        let body = json!({"method": "PerformTransaction", "params": {"id": id}, "id": 1});
        let event = "PerformTransaction".to_owned();
        let mut hook = hooks::unsigned(sim, &Payme, payment, url, event, &body);
        hook.headers = vec![("authorization".into(), basic("not-the-merchants-key"))];
        Ok(Some(hook))
    }

    /// Opens a link, or runs one of the sandbox's two scenarios.
    async fn pay(&self, sim: &Sim, wanted: &Value) -> anyhow::Result<Result<Value, String>> {
        if !wanted["scenario"].is_null() {
            return sandbox::run(sim, wanted).await;
        }
        let Some(link) = wanted["link"].as_str() else {
            return Ok(Err("\"link\" or \"scenario\" is needed".into()));
        };
        let code = link.split_once(&format!("/{NAME}/")).map(|(_, code)| code);
        let Some(code) = code else {
            return Ok(Err("\"link\" does not lead here".into()));
        };
        let payment = match page::open(sim, code).await? {
            Ok(payment) => payment,
            Err(why) => return Ok(Err(why)),
        };
        let told = json!({"reference": payment.reference, "provider_ref": payment.id});
        if let Some(outcome) = wanted["outcome"].as_str() {
            match self.decide(sim, payment, outcome).await? {
                Ok(changes) => sim.ledger.commit(changes).await?,
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(told))
    }
}

fn distort_receipt(wrong: FaultKind, receipt: &mut Value) {
    match wrong {
        FaultKind::WrongAmount => {
            if let Some(amount) = receipt["amount"].as_i64() {
                receipt["amount"] = json!((amount - 100).max(1));
            }
        }
        FaultKind::WrongCurrency => receipt["currency"] = json!(840),
        FaultKind::WrongReference => {
            for row in receipt["account"].as_array_mut().into_iter().flatten() {
                row["value"] = json!("somebody-elses");
            }
        }
        _ => {}
    }
}
