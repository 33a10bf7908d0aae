//! PayMongo's API: Checkout Sessions, payment intents for wallets, sources, payments, refunds and
//! webhooks. Amounts are centavos. The customer's pages are in `paymongo/page.rs`.

mod cards;
mod intents;
mod page;
mod payments;
mod refunds;
mod sessions;
mod sources;
mod webhooks;
mod wire;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};
use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::faults::{About, FaultKind};
use super::ledger::{Account, Change, Hook, Payment, Task};
use super::pages::web_address;
use super::{Provider, Reply, Sim, hooks, random_text};

const NAME: &str = "paymongo";
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
const METHODS: [&str; 8] = [
    "card", "gcash", "grab_pay", "paymaya", "qrph", "billease", "dob", "dob_ubp",
];
const WALLETS: [&str; 3] = ["gcash", "paymaya", "grab_pay"];
/// A source that nobody charges lapses after this.
const LAPSE: i64 = 3_600_000;

/// The provider.
pub struct Paymongo;

/// What kind of resource a ledger row stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Session,
    Intent,
    Source,
}

/// What a row knows beside its amount.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Deal {
    kind: Kind,
    /// A session's intent.
    intent: String,
    methods: Vec<String>,
    /// The wallet that was attached, or the source's type.
    wallet: Option<String>,
    /// The id in the address of a wallet's page.
    page: Option<String>,
    lines: Value,
    description: Value,
    metadata: Value,
    billing: Value,
    named: Option<String>,
    /// Where the browser goes when the customer paid, and when he did not.
    success_url: Option<String>,
    cancel_url: Option<String>,
    expired: bool,
    /// The card whose bank is being asked, by its place in the table.
    step: Option<usize>,
    tries: Vec<Try>,
}

/// A payment resource, one for each try.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Try {
    id: String,
    paid: bool,
    code: Option<String>,
    source: Value,
    description: Value,
    metadata: Value,
    at: i64,
}

impl Deal {
    fn of(payment: &Payment) -> Self {
        serde_json::from_value(payment.data.clone()).unwrap_or_default()
    }

    fn paid(&self) -> Option<&Try> {
        self.tries.iter().find(|t| t.paid)
    }
}

/// The account behind a request: the secret key is its id.
struct Merchant {
    key: String,
    mode: &'static str,
}

fn fail(status: u16, code: &str, detail: &str, attribute: Option<&str>) -> Reply {
    let mut error = json!({"code": code, "detail": detail});
    if let Some(attribute) = attribute {
        error["source"] = json!({"pointer": attribute, "attribute": attribute});
    }
    Reply::new(status, json!({ "errors": [error] }))
}

fn required(attribute: &str) -> Reply {
    let detail = format!("{attribute} is required.");
    fail(400, "parameter_required", &detail, Some(attribute))
}

fn invalid(attribute: &str, detail: &str) -> Reply {
    fail(400, "parameter_invalid", detail, Some(attribute))
}

fn not_found(id: &str) -> Reply {
    let detail = format!("No such resource with id {id}.");
    fail(404, "resource_not_found", &detail, None)
}

fn wrong_state(detail: &str) -> Reply {
    fail(400, "resource_failed_state", detail, None)
}

/// Basic auth: the secret key as the user, no password.
fn merchant(headers: &HeaderMap) -> Result<Merchant, Reply> {
    let refuse = |detail: &str| fail(401, "authentication_failed", detail, None);
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Basic "))
        .and_then(|v| {
            base64::engine::general_purpose::STANDARD
                .decode(v.trim())
                .ok()
        })
        .and_then(|v| String::from_utf8(v).ok())
        .ok_or_else(|| refuse("An API key is required."))?;
    let Some(key) = given.strip_suffix(':').filter(|k| !k.contains(':')) else {
        return Err(refuse(
            "The API key is the user name; the password is empty.",
        ));
    };
    let mode = if key.starts_with("sk_test_") {
        "test"
    } else if key.starts_with("sk_live_") {
        "live"
    } else {
        return Err(refuse("The API key is not a secret key."));
    };
    if key.len() < 12 || key.contains("invalid") {
        return Err(refuse("The API key does not exist."));
    }
    Ok(Merchant {
        key: key.to_owned(),
        mode,
    })
}

/// `data.attributes` of a body.
fn attributes(body: &Bytes) -> Option<Value> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.pointer("/data/attributes")
        .filter(|a| a.is_object())
        .cloned()
}

fn about(reference: Option<String>) -> About {
    About {
        reference,
        phone: None,
    }
}

/// What a call about a resource is about: the merchant's reference, where it is known.
async fn about_id(sim: &Sim, id: &str) -> About {
    let payment = row_of(sim, id).await.ok().flatten();
    about(Some(payment.map_or_else(|| id.to_owned(), |p| p.reference)))
}

/// The ledger row behind any id that was given out.
async fn row_of(sim: &Sim, id: &str) -> anyhow::Result<Option<Payment>> {
    if let Some(payment) = sim.ledger.payment(NAME, id).await? {
        return Ok(Some(payment));
    }
    let Some(row) = sim.ledger.object(NAME, "row", id).await? else {
        return Ok(None);
    };
    sim.ledger
        .payment(NAME, row.as_str().unwrap_or_default())
        .await
}

/// The merchant's own row behind an id.
async fn owned(sim: &Sim, merchant: &Merchant, id: &str) -> anyhow::Result<Option<Payment>> {
    Ok(row_of(sim, id).await?.filter(|p| p.account == merchant.key))
}

/// Makes an id find its row.
fn finds(id: &str, payment: &Payment) -> Change {
    Change::Object {
        provider: NAME.into(),
        kind: "row".into(),
        id: id.to_owned(),
        data: json!(payment.id),
    }
}

fn new_id(kind: &str) -> String {
    format!("{kind}_{}", random_text(LETTERS, 24))
}

/// A whole number of centavos, not below the minimum.
fn amount(wanted: &Value, least: i64) -> Result<i64, Reply> {
    let given = &wanted["amount"];
    if given.is_null() {
        return Err(required("amount"));
    }
    let Some(amount) = given.as_i64() else {
        let detail = "amount should be an integer.";
        return Err(fail(
            400,
            "parameter_data_type_invalid",
            detail,
            Some("amount"),
        ));
    };
    if amount < least {
        let detail = format!("The value for amount cannot be less than {least}.");
        return Err(fail(
            400,
            "parameter_below_minimum",
            &detail,
            Some("amount"),
        ));
    }
    Ok(amount)
}

fn currency(wanted: &Value) -> Result<(), Reply> {
    match wanted["currency"].as_str() {
        None => Err(required("currency")),
        Some("PHP") => Ok(()),
        Some(_) => Err(invalid("currency", "currency should be PHP.")),
    }
}

/// A list of ways to pay.
fn ways(wanted: &Value, field: &str) -> Result<Vec<String>, Reply> {
    let given: Vec<String> =
        serde_json::from_value(wanted[field].clone()).map_err(|_| required(field))?;
    if given.is_empty() {
        return Err(required(field));
    }
    if given.iter().any(|m| !METHODS.contains(&m.as_str())) {
        return Err(invalid(
            field,
            "It holds a payment method that is not allowed.",
        ));
    }
    Ok(given)
}

fn address(wanted: &Value, pointer: &str) -> Result<Option<String>, Reply> {
    match wanted.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if web_address(text).is_some() => Ok(Some(text.clone())),
        Some(_) => {
            let field = pointer.trim_start_matches('/');
            let detail = format!("{field} should be a valid URL.");
            Err(fail(400, "parameter_format_invalid", &detail, Some(field)))
        }
    }
}

/// Fields that all creating calls share: text, and metadata whose values are text.
fn common(wanted: &Value) -> Result<Deal, Reply> {
    for field in ["description", "reference_number", "statement_descriptor"] {
        if !(wanted[field].is_null() || wanted[field].is_string()) {
            let detail = format!("{field} should be a string.");
            return Err(fail(
                400,
                "parameter_data_type_invalid",
                &detail,
                Some(field),
            ));
        }
    }
    let texts = match &wanted["metadata"] {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(Value::is_string),
        _ => false,
    };
    if !texts {
        let detail = "metadata should hold strings.";
        return Err(fail(
            400,
            "parameter_data_type_invalid",
            detail,
            Some("metadata"),
        ));
    }
    Ok(Deal {
        description: wanted["description"].clone(),
        metadata: wanted["metadata"].clone(),
        billing: wanted["billing"].clone(),
        named: wanted["reference_number"].as_str().map(str::to_owned),
        ..Deal::default()
    })
}

/// How the ledger calls it: the reference number, else metadata that is named like a reference.
fn reference(deal: &Deal, id: &str) -> String {
    let told = |field: &str| deal.metadata[field].as_str().map(str::to_owned);
    deal.named
        .clone()
        .or_else(|| told("payment_reference"))
        .or_else(|| told("reference_number"))
        .or_else(|| told("reference"))
        .unwrap_or_else(|| id.to_owned())
}

/// A new row.
fn opened(
    sim: &Sim,
    merchant: &Merchant,
    id: String,
    amount: i64,
    status: &str,
    deal: &Deal,
) -> Payment {
    let now = sim.clock.now();
    Payment {
        provider: NAME.into(),
        reference: reference(deal, &id),
        id,
        account: merchant.key.clone(),
        mode: merchant.mode.into(),
        amount,
        currency: "PHP".into(),
        status: status.into(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: None,
        data: serde_json::to_value(deal).unwrap_or_default(),
        created_at: now,
        updated_at: now,
    }
}

fn changed(sim: &Sim, payment: &mut Payment, status: &str, deal: &Deal) -> Change {
    payment.status = status.into();
    payment.updated_at = sim.clock.now();
    payment.attempts = i64::try_from(deal.tries.len()).unwrap_or(i64::MAX);
    payment.receipt = deal.paid().map(|t| t.id.clone());
    payment.data = serde_json::to_value(deal).unwrap_or_default();
    Change::Payment(payment.clone())
}

/// The customer's money came: the payment and its hooks, committed together by the caller. A
/// session tells it twice.
async fn succeed(sim: &Sim, mut payment: Payment, source: Value) -> anyhow::Result<Vec<Change>> {
    let mut deal = Deal::of(&payment);
    deal.step = None;
    let paid = tried(sim, &deal, source, None);
    deal.tries.push(paid.clone());
    let status = if deal.kind == Kind::Source {
        "paid"
    } else {
        "succeeded"
    };
    let mut changes = vec![
        changed(sim, &mut payment, status, &deal),
        finds(&paid.id, &payment),
    ];
    let subject = wire::payment(&payment, &deal, &paid, &[]);
    changes.extend(webhooks::tell(sim, &payment, "payment.paid", subject).await?);
    if deal.kind == Kind::Session {
        let subject = wire::session(&payment, sim.clock.now());
        let event = "checkout_session.payment.paid";
        changes.extend(webhooks::tell(sim, &payment, event, subject).await?);
    }
    Ok(changes)
}

fn tried(sim: &Sim, deal: &Deal, source: Value, code: Option<&str>) -> Try {
    Try {
        id: new_id("pay"),
        paid: code.is_none(),
        code: code.map(str::to_owned),
        source,
        description: deal.description.clone(),
        metadata: deal.metadata.clone(),
        at: sim.clock.now(),
    }
}

/// One try failed. A session's page stays open; an intent waits for another method.
async fn attempt_failed(
    sim: &Sim,
    mut payment: Payment,
    code: &str,
    source: Value,
) -> anyhow::Result<Vec<Change>> {
    let mut deal = Deal::of(&payment);
    deal.step = None;
    let failed = tried(sim, &deal, source, Some(code));
    deal.tries.push(failed.clone());
    let status = "awaiting_payment_method";
    let mut changes = vec![
        changed(sim, &mut payment, status, &deal),
        finds(&failed.id, &payment),
    ];
    let subject = wire::payment(&payment, &deal, &failed, &[]);
    changes.extend(webhooks::tell(sim, &payment, "payment.failed", subject).await?);
    Ok(changes)
}

/// The customer agreed at the wallet: an intent is paid, a source can be charged for an hour.
async fn authorized(sim: &Sim, mut payment: Payment) -> anyhow::Result<Vec<Change>> {
    let deal = Deal::of(&payment);
    let wallet = deal.wallet.clone().unwrap_or_else(|| "gcash".to_owned());
    if deal.kind != Kind::Source {
        let id = deal.page.clone().unwrap_or_else(|| new_id("src"));
        return succeed(sim, payment, json!({"id": id, "type": wallet})).await;
    }
    let mut changes = vec![changed(sim, &mut payment, "chargeable", &deal)];
    changes.push(Change::Task(Task {
        id: 0,
        provider: NAME.into(),
        kind: "lapse".into(),
        subject: payment.id.clone(),
        due_at: sim.clock.now() + LAPSE,
    }));
    let subject = wire::source(&payment);
    changes.extend(webhooks::tell(sim, &payment, "source.chargeable", subject).await?);
    Ok(changes)
}

/// The wallet said no.
async fn not_authorized(sim: &Sim, mut payment: Payment) -> anyhow::Result<Vec<Change>> {
    let deal = Deal::of(&payment);
    if deal.kind == Kind::Source {
        return Ok(vec![changed(sim, &mut payment, "cancelled", &deal)]);
    }
    let source = json!({"id": deal.page, "type": deal.wallet});
    attempt_failed(sim, payment, "generic_decline", source).await
}

fn ended(sim: &Sim, mut payment: Payment) -> Vec<Change> {
    let mut deal = Deal::of(&payment);
    deal.expired = true;
    deal.step = None;
    vec![changed(sim, &mut payment, "expired", &deal)]
}

/// Lower-case hex of HMAC-SHA256 over the time, a dot and the raw body.
fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{seconds}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn signed(mode: &str, secret: &str, body: &str, now: i64) -> Vec<(String, String)> {
    let seconds = now / 1_000;
    let proof = signature(secret, seconds, body);
    let value = if mode == "live" {
        format!("t={seconds},te=,li={proof}")
    } else {
        format!("t={seconds},te={proof},li=")
    };
    vec![("paymongo-signature".into(), value)]
}

/// Makes every such field untrue, however deep it stands. An event keeps its own mode: what it
/// is about does not.
fn spoil(wrong: FaultKind, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|v| spoil(wrong, v)),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let new = match (wrong, name.as_str()) {
                    (FaultKind::WrongAmount, "amount") => {
                        field.as_i64().map(|n| json!((n - 100).max(1)))
                    }
                    (FaultKind::WrongCurrency, "currency") => Some(json!("USD")),
                    (FaultKind::WrongReference, "reference_number") => {
                        field.is_string().then(|| json!("somebody-elses"))
                    }
                    (FaultKind::WrongReference, "metadata") => {
                        if let Some(told) = field.as_object_mut() {
                            told.values_mut().for_each(|v| *v = json!("somebody-elses"));
                        }
                        continue;
                    }
                    (FaultKind::WrongMode, "livemode") => field.as_bool().map(|live| json!(!live)),
                    _ => None,
                };
                match new {
                    Some(new) => *field = new,
                    None => spoil(wrong, field),
                }
            }
        }
        _ => {}
    }
}

#[async_trait]
impl Provider for Paymongo {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)> {
        let routes = Router::new()
            .route("/v1/checkout_sessions", post(sessions::create))
            .route("/v1/checkout_sessions/{id}", get(sessions::fetch))
            .route("/v1/checkout_sessions/{id}/expire", post(sessions::expire))
            .route("/v1/payment_intents", post(intents::create))
            .route("/v1/payment_intents/{id}", get(intents::fetch))
            .route("/v1/payment_intents/{id}/attach", post(intents::attach))
            .route("/v1/payment_intents/{id}/cancel", post(intents::cancel))
            .route("/v1/payment_methods", post(intents::method))
            .route("/v1/sources", post(sources::create))
            .route("/v1/sources/{id}", get(sources::fetch))
            .route("/v1/payments", post(payments::charge).get(payments::list))
            .route("/v1/payments/{id}", get(payments::fetch))
            .route("/v1/refunds", post(refunds::create).get(refunds::list))
            .route("/v1/refunds/{id}", get(refunds::fetch))
            .route("/v1/webhooks", post(webhooks::create).get(webhooks::list))
            .route("/v1/webhooks/{id}", get(webhooks::fetch))
            .route("/v1/webhooks/{id}/enable", post(webhooks::enable))
            .route("/v1/webhooks/{id}/disable", post(webhooks::disable))
            .merge(page::routes());
        vec![(NAME, routes)]
    }

    /// The account's webhook, as if it had been registered on the dashboard: a second call with
    /// the same key changes it.
    fn account(&self, wanted: &Value) -> Result<Account, String> {
        let key = wanted["secret_key"].as_str().unwrap_or_default();
        if !(key.starts_with("sk_test_") || key.starts_with("sk_live_")) {
            return Err("\"secret_key\" must start with sk_test_ or sk_live_".into());
        }
        let hook_url = wanted["hook_url"].as_str().map(str::to_owned);
        if hook_url
            .as_deref()
            .is_some_and(|u| web_address(u).is_none())
        {
            return Err("\"hook_url\" must be an http(s) address".into());
        }
        let secret = wanted["webhook_secret"].as_str().unwrap_or_default();
        if hook_url.is_some() && secret.is_empty() {
            return Err("\"webhook_secret\" is needed with a \"hook_url\"".into());
        }
        let hook = format!("hook_{}", &hex::encode(Sha256::digest(key))[..24]);
        Ok(webhooks::row(key, &hook, hook_url, secret, &wanted["name"]))
    }

    fn minor(&self, _: &str, amount: i64) -> i64 {
        amount
    }

    fn distort(&self, wrong: FaultKind, body: &mut Value) {
        match body.pointer_mut("/data/attributes/data") {
            Some(subject) => spoil(wrong, subject),
            None => spoil(wrong, body),
        }
    }

    /// Each webhook has a secret of its own; the account is the webhook's row.
    fn sign(&self, account: &Account, body: &str, now: i64) -> Vec<(String, String)> {
        let secret = account.data["secret"].as_str().unwrap_or_default();
        signed(webhooks::mode_of(&account.id), secret, body, now)
    }

    fn delivered(&self, status: u16) -> bool {
        (200..210).contains(&status)
    }

    /// 12 retries, each after twice the pause before, 136 minutes in all.
    fn redeliver_after(&self, _: &str, attempts: i64) -> Option<i64> {
        let doublings = u32::try_from(attempts)
            .ok()
            .filter(|n| (1..=12).contains(n))?;
        Some(1_000 << doublings)
    }

    async fn run(&self, sim: &Sim, task: &Task, _: Value) -> anyhow::Result<Vec<Change>> {
        if task.kind == "refund" {
            return refunds::step(sim, task).await;
        }
        let source = sim.ledger.payment(NAME, &task.subject).await?;
        Ok(source
            .filter(|p| p.status == "chargeable")
            .map(|p| ended(sim, p))
            .unwrap_or_default())
    }

    async fn decide(
        &self,
        sim: &Sim,
        payment: Payment,
        outcome: &str,
    ) -> anyhow::Result<Result<Vec<Change>, String>> {
        let deal = Deal::of(&payment);
        let (kind, status) = (deal.kind, payment.status.clone());
        let refuse = |why: &str| Ok(Err(why.to_owned()));
        if deal.paid().is_some() {
            return refuse("the payment is already paid");
        }
        Ok(Ok(match (outcome, kind) {
            ("paid" | "success", Kind::Session) => succeed(sim, payment, cards::source(0)).await?,
            ("paid" | "success", Kind::Intent) if status != "cancelled" => {
                authorized(sim, payment).await?
            }
            ("paid" | "success" | "chargeable", Kind::Source) if status == "pending" => {
                authorized(sim, payment).await?
            }
            ("paid" | "success" | "chargeable", Kind::Source) if status == "chargeable" => {
                return refuse("the customer agreed already: the merchant must charge the source");
            }
            ("paid" | "success", _) => {
                return refuse("an intent or a source that has ended cannot be paid");
            }
            ("declined" | "failed", Kind::Session) => {
                attempt_failed(sim, payment, "generic_decline", cards::source(0)).await?
            }
            ("declined" | "failed", Kind::Intent) if status != "cancelled" => {
                not_authorized(sim, payment).await?
            }
            ("declined" | "failed" | "cancelled", Kind::Source) if status == "pending" => {
                not_authorized(sim, payment).await?
            }
            ("insufficient_funds", Kind::Session | Kind::Intent) if status != "cancelled" => {
                let source = match kind {
                    Kind::Session => cards::source(0),
                    _ => json!({"id": deal.page, "type": deal.wallet}),
                };
                attempt_failed(sim, payment, outcome, source).await?
            }
            // Leaving a page changes nothing at PayMongo.
            ("cancelled", Kind::Session | Kind::Intent) => Vec::new(),
            ("expired", Kind::Session) => ended(sim, payment),
            ("expired", Kind::Source) if matches!(status.as_str(), "pending" | "chargeable") => {
                ended(sim, payment)
            }
            ("expired", Kind::Intent) => return refuse("a payment intent does not expire"),
            _ => {
                return refuse(
                    "outcomes: paid, declined, insufficient_funds, cancelled, expired; a source \
                     that has ended takes none",
                );
            }
        }))
    }

    /// A `payment.paid` for a payment in any state, signed with the wrong secret.
    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
        let Some(payment) = sim.ledger.payment(NAME, &payment.id).await? else {
            return Ok(None);
        };
        let Some(webhook) = webhooks::of(sim, &payment.account)
            .await?
            .into_iter()
            .next()
        else {
            return Ok(None);
        };
        let deal = Deal::of(&payment);
        let paid = tried(sim, &deal, cards::source(0), None);
        let subject = wire::payment(&payment, &deal, &paid, &[]);
        let now = sim.clock.now();
        let event = "payment.paid";
        let body = wire::event(event, &payment.mode, subject, now);
        let url = webhook.hook_url.unwrap_or_default();
        let mut hook = hooks::unsigned(sim, &Paymongo, &payment, url, event.into(), &body);
        hook.headers = signed(&payment.mode, "whsk_not_the_merchants", &hook.body, now);
        Ok(Some(hook))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_signed_over_the_time_and_the_raw_body() {
        let body = r#"{"data":{"id":"evt_1","type":"event"}}"#;
        let proof = "f06959c9704045284f0f5c4ecba7ec9414c308f704bf539e8c099908c2c2e698";
        let secret = "whsk_factsheet_example_0001";
        assert_eq!(signature(secret, 1_700_000_000, body), proof);
        let header = |mode| signed(mode, secret, body, 1_700_000_000_500).remove(0).1;
        assert_eq!(header("test"), format!("t=1700000000,te={proof},li="));
        assert_eq!(header("live"), format!("t=1700000000,te=,li={proof}"));
    }

    #[test]
    fn redelivery_follows_the_documented_schedule() {
        let pauses: Vec<i64> = (1..)
            .map_while(|n| Paymongo.redeliver_after("test", n))
            .collect();
        assert_eq!(pauses.len(), 12);
        assert_eq!(pauses.iter().sum::<i64>() / 60_000, 136);
        assert!(Paymongo.delivered(209) && !Paymongo.delivered(210));
    }

    #[test]
    fn keys_are_the_user_of_basic_auth() {
        let with = |user: &str| {
            let text = base64::engine::general_purpose::STANDARD.encode(user);
            let mut headers = HeaderMap::new();
            headers.insert("authorization", format!("Basic {text}").parse().unwrap());
            merchant(&headers)
                .map(|m| m.mode)
                .map_err(|r| r.status.as_u16())
        };
        assert_eq!(with("sk_test_0123456789:"), Ok("test"));
        assert_eq!(with("sk_live_0123456789:"), Ok("live"));
        for bad in [
            "sk_test_0123456789",
            "sk_test_0123456789:x",
            "pk_test_0123456789:",
            "sk_test_invalid_1:",
            ":",
        ] {
            assert_eq!(with(bad), Err(401), "{bad}");
        }
    }

    #[test]
    fn amounts_are_whole_centavos_and_metadata_is_text() {
        let code =
            |wanted: Value| amount(&wanted, 2_000).map_err(|r| r.body["errors"][0]["code"].clone());
        assert_eq!(code(json!({"amount": 2_000})), Ok(2_000));
        assert_eq!(
            code(json!({"amount": 1_999})),
            Err(json!("parameter_below_minimum"))
        );
        assert_eq!(
            code(json!({"amount": 20.5})),
            Err(json!("parameter_data_type_invalid"))
        );
        assert_eq!(
            code(json!({"amount": "2000"})),
            Err(json!("parameter_data_type_invalid"))
        );
        assert_eq!(code(json!({})), Err(json!("parameter_required")));
        assert!(common(&json!({"metadata": {"a": "b"}})).is_ok());
        assert!(common(&json!({"metadata": {"a": 1}})).is_err());
    }
}
