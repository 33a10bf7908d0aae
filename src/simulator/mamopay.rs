//! Mamo Business: payment links, their charges and refunds, webhooks. Amounts on the wire are
//! decimal major units, in the books fils. `/mamopay` is the sandbox host, `/mamopay-live` the
//! production host. The customer's page is in `mamopay/page.rs`.

mod cards;
mod charges;
mod links;
mod page;
mod webhooks;
mod wire;

use async_trait::async_trait;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::{About, FaultKind};
use super::hooks::{self, NewHook};
use super::ledger::{Account, Change, Hook, Payment, Task};
use super::{Provider, Reply, Sim, random_text};

const NAME: &str = "mamopay";
const LIVE: &str = "mamopay-live";
const UPPER_HEX: &[u8] = b"0123456789ABCDEF";

/// The provider.
pub struct MamoPay;

/// Which host a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mode(&'static str);

fn mount(mode: &str) -> &'static str {
    if mode == "live" { LIVE } else { NAME }
}

/// What a link knows beside its amount.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Sale {
    slug: String,
    title: String,
    description: Option<String>,
    /// As it was written.
    amount: Value,
    capacity: Option<i64>,
    active: bool,
    return_url: Option<String>,
    failure_return_url: Option<String>,
    external_id: Option<String>,
    custom_data: Value,
    payment_methods: Vec<String>,
    send_customer_receipt: bool,
    customer: Value,
    tries: Vec<Try>,
    /// How the next refund ends: `failed`, `initiated` for never, or by itself.
    refund_ends: Option<String>,
}

/// One try to pay: a charge.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Try {
    id: String,
    status: String,
    kind: String,
    last4: String,
    error_code: Option<String>,
    error_message: Option<String>,
    created_at: i64,
}

impl Sale {
    fn of(payment: &Payment) -> Self {
        serde_json::from_value(payment.data.clone()).unwrap_or_default()
    }

    fn into_value(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A registered address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Webhook {
    id: String,
    url: String,
    enabled_events: Vec<String>,
    auth_header: Option<String>,
    /// `None` for one of `POST /_control/accounts`: both hosts.
    mode: Option<String>,
}

/// What is known of a merchant beside the key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Shop {
    name: Option<String>,
    /// The only host that knows the key.
    mode: Option<String>,
    webhooks: Vec<Webhook>,
}

impl Shop {
    fn of(account: Option<&Account>) -> Self {
        account
            .and_then(|a| serde_json::from_value(a.data.clone()).ok())
            .unwrap_or_default()
    }

    fn into_account(self, key: &str) -> Account {
        Account {
            provider: NAME.into(),
            id: key.into(),
            hook_url: self.webhooks.first().map(|w| w.url.clone()),
            data: serde_json::to_value(self).unwrap_or_default(),
        }
    }
}

/// The account behind a request: the API key is its id.
struct Merchant {
    key: String,
    mode: &'static str,
    shop: Shop,
}

fn fail(status: u16, code: &str, message: &str) -> Reply {
    Reply::new(status, json!({"messages": [message], "error_code": code}))
}

/// A refusal whose `errors` is an array.
fn invalid(error: &str) -> Reply {
    let body = json!({"messages": ["See errors"], "error_code": "VALIDATION_FAILED",
        "errors": [error]});
    Reply::new(422, body)
}

fn no_record(what: &str) -> Reply {
    let message = format!("{what} record was not found");
    fail(404, "RECORD_NOT_FOUND", &message)
}

/// A bad key is answered 403, and so is a key of the other environment.
async fn merchant(sim: &Sim, mode: Mode, headers: &HeaderMap) -> anyhow::Result<Option<Merchant>> {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "))
        .map(str::trim)
        .unwrap_or_default();
    if key.is_empty() || key.contains("invalid") {
        return Ok(None);
    }
    let shop = Shop::of(sim.ledger.account(NAME, key).await?.as_ref());
    if shop.mode.as_deref().is_some_and(|m| m != mode.0) {
        return Ok(None);
    }
    Ok(Some(Merchant {
        key: key.to_owned(),
        mode: mode.0,
        shop,
    }))
}

fn unauthorized() -> Reply {
    fail(403, "UNAUTHORIZED", "Unauthorized")
}

fn about(reference: Option<String>) -> About {
    About {
        reference,
        phone: None,
    }
}

/// A row's page in a list and the `pagination_meta` beside it.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Paging {
    page: Option<usize>,
    per_page: Option<usize>,
}

impl Paging {
    fn cut<T>(self, rows: Vec<T>) -> (Vec<T>, Value) {
        let size = self.per_page.unwrap_or(10).clamp(1, 100);
        let page = self.page.unwrap_or(1).max(1);
        let total = rows.len();
        let pages = total.div_ceil(size);
        let from = (page - 1).saturating_mul(size);
        let rows: Vec<T> = rows.into_iter().skip(from).take(size).collect();
        let meta = json!({
            "page": page, "per_page": size, "total_pages": pages,
            "next_page": (page < pages).then_some(page + 1),
            "prev_page": (page > 1).then(|| page - 1),
            "from": from + 1, "to": from + rows.len(), "total_count": total,
        });
        (rows, meta)
    }
}

async fn nowhere() -> Response {
    fail(404, "NOT_FOUND", "Not found").into_response()
}

#[async_trait]
impl Provider for MamoPay {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)> {
        let api = || {
            Router::new()
                .route("/me", get(links::me))
                .route("/links", post(links::create).get(links::list))
                .route(
                    "/links/{id}",
                    get(links::fetch).patch(links::change).delete(links::delete),
                )
                .route("/charges", get(charges::list))
                .route("/charges/{id}", get(charges::fetch))
                .route("/charges/{id}/refunds", post(charges::refund))
                .route("/payments", get(charges::list))
                .route("/payments/{id}", get(charges::fetch))
                .route("/payments/{id}/refunds", post(charges::refund))
                .route("/webhooks", get(webhooks::list).post(webhooks::create))
                .route(
                    "/webhooks/{id}",
                    axum::routing::patch(webhooks::change).delete(webhooks::delete),
                )
                .route("/{*other}", axum::routing::any(nowhere))
        };
        let routes = || {
            Router::new()
                .nest("/manage_api/v1", api())
                .merge(page::routes())
        };
        vec![
            (NAME, routes().layer(Extension(Mode("test")))),
            (LIVE, routes().layer(Extension(Mode("live")))),
        ]
    }

    fn account(&self, wanted: &Value) -> Result<Account, String> {
        let key = wanted["api_key"].as_str().unwrap_or_default();
        if key.is_empty() {
            return Err("\"api_key\" is missing".into());
        }
        let mode = wanted["mode"].as_str().map(str::to_owned);
        if mode.as_deref().is_some_and(|m| m != "test" && m != "live") {
            return Err("\"mode\" must be test or live".into());
        }
        let mut shop = Shop {
            name: wanted["name"].as_str().map(str::to_owned),
            mode,
            webhooks: Vec::new(),
        };
        if let Some(url) = wanted["hook_url"].as_str() {
            if super::pages::web_address(url).is_none() {
                return Err("\"hook_url\" must be an http(s) address".into());
            }
            let secret = wanted["webhook_secret"].as_str().unwrap_or_default();
            if !(1..=50).contains(&secret.chars().count()) {
                return Err("\"webhook_secret\" must have 1 to 50 characters".into());
            }
            shop.webhooks.push(Webhook {
                id: new_id("MB-WH"),
                url: url.to_owned(),
                enabled_events: webhooks::KINDS
                    .iter()
                    .map(|k| format!("charge.{k}"))
                    .collect(),
                auth_header: Some(secret.to_owned()),
                mode: None,
            });
        }
        Ok(shop.into_account(key))
    }

    /// The books hold fils.
    fn minor(&self, _: &str, amount: i64) -> i64 {
        amount
    }

    fn distort(&self, wrong: FaultKind, body: &mut Value) {
        distort(wrong, body);
        for list in ["charges", "data"] {
            let rows = body.get_mut(list).and_then(Value::as_array_mut);
            for row in rows.into_iter().flatten() {
                distort(wrong, row);
            }
        }
    }

    /// Mamo signs nothing: each address has its own `auth_header`, which goes along verbatim.
    fn sign(&self, _: &Account, _: &str, _: i64) -> Vec<(String, String)> {
        Vec::new()
    }

    fn delivered(&self, status: u16) -> bool {
        status == 200
    }

    /// Whether and when Mamo tries again is not published: once, so that nobody counts on more.
    fn redeliver_after(&self, _: &str, _: i64) -> Option<i64> {
        None
    }

    async fn run(&self, sim: &Sim, task: &Task, _: Value) -> anyhow::Result<Vec<Change>> {
        charges::refund_ends(sim, task).await
    }

    async fn decide(
        &self,
        sim: &Sim,
        mut payment: Payment,
        outcome: &str,
    ) -> anyhow::Result<Result<Vec<Change>, String>> {
        let refused = |why: &str| Ok(Err(why.to_owned()));
        let mut sale = Sale::of(&payment);
        if let "refund_fails" | "refund_stays" = outcome {
            let ends = if outcome == "refund_fails" {
                "failed"
            } else {
                "initiated"
            };
            sale.refund_ends = Some(ends.into());
            payment.data = sale.into_value();
            return Ok(Ok(vec![Change::Payment(payment)]));
        }
        if payment.receipt.is_some() {
            return refused("the payment is already paid");
        }
        let card = page::Used::card(0);
        let changes = match outcome {
            "paid" | "captured" => page::captured(sim, payment, card).await?,
            "declined" | "failed" => page::failed(sim, payment, card, cards::GENERIC).await?,
            "insufficient_funds" => page::failed(sim, payment, card, cards::NO_FUNDS).await?,
            "processing" | "confirmation_required" => page::open(sim, payment, card, outcome).1,
            // Nobody tells Mamo that a customer has left: the link is closed on the dashboard.
            "cancelled" => {
                sale.active = false;
                vec![changed(sim, payment, "inactive", sale)]
            }
            "expired" => return refused("a link of Mamo never expires by itself"),
            _ => {
                return refused(
                    "outcomes: paid, declined, insufficient_funds, processing, \
                     confirmation_required, cancelled, refund_fails, refund_stays",
                );
            }
        };
        Ok(Ok(changes))
    }

    /// A `charge.succeeded` about a charge that does not exist, with the true `auth_header`: what
    /// somebody could send who has seen one hook.
    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
        let account = sim.ledger.account(NAME, &payment.account).await?;
        let shop = Shop::of(account.as_ref());
        let Some(webhook) = shop.webhooks.first() else {
            return Ok(None);
        };
        let mut lie = payment.clone();
        let lied = Try {
            id: new_id("MPB-CHRG"),
            status: "captured".into(),
            kind: "CREDIT VISA".into(),
            last4: "1111".into(),
            created_at: sim.clock.now(),
            ..Try::default()
        };
        lie.receipt = Some(lied.id.clone());
        let event = "charge.succeeded";
        let mut body = wire::charge(&sim.url, &lie, &Sale::of(payment), &lied, &[]);
        body["event_type"] = json!(event);
        let url = webhook.url.clone();
        let mut hook = hooks::unsigned(sim, &MamoPay, payment, url, event.into(), &body);
        hook.headers = webhooks::headers(webhook);
        Ok(Some(hook))
    }
}

fn distort(wrong: FaultKind, body: &mut Value) {
    match wrong {
        FaultKind::WrongAmount => {
            if let Some(amount) = wire::fils(&body["amount"]) {
                body["amount"] = wire::major((amount - 100).max(1));
            }
        }
        FaultKind::WrongCurrency if body["amount_currency"].is_string() => {
            let other = if body["amount_currency"] == "USD" {
                "AED"
            } else {
                "USD"
            };
            body["amount_currency"] = json!(other);
        }
        FaultKind::WrongReference if body.get("external_id").is_some() => {
            body["external_id"] = json!("somebody-elses");
        }
        // Only the host tells the mode.
        _ => {}
    }
}

/// `MB-LINK-37D90AAF51`
fn new_id(kind: &str) -> String {
    format!("{kind}-{}", random_text(UPPER_HEX, 10))
}

fn changed(sim: &Sim, mut payment: Payment, status: &str, sale: Sale) -> Change {
    payment.status = status.into();
    payment.updated_at = sim.clock.now();
    payment.data = sale.into_value();
    Change::Payment(payment)
}

/// The hooks about one try, to every address that wants the event, under each name it asked for.
async fn tell(
    sim: &Sim,
    payment: &Payment,
    of: &Try,
    refunds: &[super::ledger::Refund],
    kind: &str,
) -> anyhow::Result<Vec<Change>> {
    let account = sim.ledger.account(NAME, &payment.account).await?;
    let sale = Sale::of(payment);
    let mut changes = Vec::new();
    for webhook in Shop::of(account.as_ref()).webhooks {
        if webhook.mode.as_deref().is_some_and(|m| m != payment.mode) {
            continue;
        }
        for family in ["charge", "payment"] {
            let event = format!("{family}.{kind}");
            if !webhook.enabled_events.contains(&event) {
                continue;
            }
            let mut body = wire::charge(&sim.url, payment, &sale, of, refunds);
            body["event_type"] = json!(event);
            let new = NewHook {
                payment,
                url: webhook.url.clone(),
                event,
                body,
                headers: webhooks::headers(&webhook),
            };
            changes.extend(hooks::plan(sim, &MamoPay, new).await?);
        }
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_list_say_where_they_stand() {
        let paging = |page, per_page| Paging {
            page: Some(page),
            per_page: Some(per_page),
        };
        let (rows, meta) = paging(2, 2).cut(vec![1, 2, 3, 4, 5]);
        assert_eq!(rows, [3, 4]);
        assert_eq!(
            (&meta["total_pages"], &meta["next_page"]),
            (&json!(3), &json!(3))
        );
        let (rows, meta) = paging(3, 2).cut(vec![1, 2, 3, 4, 5]);
        assert_eq!((rows, &meta["next_page"]), (vec![5], &Value::Null));
    }

    #[test]
    fn lies_are_told_in_links_and_charges_alike() {
        let mut link = json!({"amount": 33.99, "amount_currency": "AED", "external_id": "p-1",
            "charges": [{"amount": 33.99, "external_id": "p-1"}]});
        MamoPay.distort(FaultKind::WrongAmount, &mut link);
        MamoPay.distort(FaultKind::WrongCurrency, &mut link);
        MamoPay.distort(FaultKind::WrongReference, &mut link);
        let want = json!({"amount": 32.99, "amount_currency": "USD",
            "external_id": "somebody-elses",
            "charges": [{"amount": 32.99, "external_id": "somebody-elses"}]});
        assert_eq!(link, want);
    }
}
