//! Stripe's v1 API: Checkout Sessions, payment intents, refunds, webhook endpoints and the events
//! sent to them. Forms in, JSON out; amounts in the unit of `stripe/money.rs`. The customer's page
//! is in `stripe/page.rs`.

mod asked;
mod cards;
mod endpoints;
mod events;
mod money;
mod page;
mod refunds;
mod sessions;
mod settle;
mod wire;

use async_trait::async_trait;
use axum::Router;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::{About, FaultKind};
use super::ledger::{Account, Change, Hook, Payment, Task};
use super::{Provider, Sim, random_text};

const NAME: &str = "stripe";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The provider.
pub struct Stripe;

/// What a session knows beside its amount and status. The status of its payment is `open`,
/// `complete` or `expired`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Sale {
    product: String,
    email: Option<String>,
    success_url: String,
    cancel_url: Option<String>,
    locale: Option<String>,
    metadata: Value,
    intent_metadata: Value,
    description: Option<String>,
    /// Unix seconds.
    expires_at: i64,
    paid: bool,
    /// Made when the customer first tries to pay, with the status that it has now.
    intent: Option<String>,
    intent_status: String,
    charge: Option<String>,
    last_error: Value,
    /// The bank's page stands open for this card, by its place in the table.
    asks_bank: Option<usize>,
    /// The card that paid, by its place in the table.
    card: Option<usize>,
    disputed: bool,
}

impl Sale {
    fn of(payment: &Payment) -> Self {
        serde_json::from_value(payment.data.clone()).unwrap_or_default()
    }

    fn into_value(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn about(reference: Option<String>) -> About {
    About {
        reference,
        phone: None,
    }
}

/// An id as Stripe makes them: a prefix and letters.
fn new_id(prefix: &str, length: usize) -> String {
    format!("{prefix}_{}", random_text(LETTERS, length))
}

/// An object beside the ledger's tables: where an id leads to.
fn pointer(kind: &str, id: &str, to: &str) -> Change {
    Change::Object {
        provider: NAME.into(),
        kind: kind.into(),
        id: id.into(),
        data: json!(to),
    }
}

#[async_trait]
impl Provider for Stripe {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)> {
        let routes = Router::new()
            .route(
                "/v1/checkout/sessions",
                post(sessions::create).get(sessions::list),
            )
            .route("/v1/checkout/sessions/{id}", get(sessions::fetch))
            .route("/v1/checkout/sessions/{id}/expire", post(sessions::expire))
            .route("/v1/payment_intents/{id}", get(sessions::intent))
            .route("/v1/refunds", post(refunds::create).get(refunds::list))
            .route("/v1/refunds/{id}", get(refunds::fetch))
            .route(
                "/v1/webhook_endpoints",
                post(endpoints::create).get(endpoints::list),
            )
            .route(
                "/v1/webhook_endpoints/{id}",
                post(endpoints::update)
                    .get(endpoints::fetch)
                    .delete(endpoints::delete),
            )
            .route("/v1/balance", get(endpoints::balance))
            .merge(page::routes());
        vec![(NAME, routes)]
    }

    fn account(&self, wanted: &Value) -> Result<Account, String> {
        endpoints::account(wanted)
    }

    fn minor(&self, currency: &str, amount: i64) -> i64 {
        money::minor(currency, amount)
    }

    fn distort(&self, wrong: FaultKind, body: &mut Value) {
        if body["object"] == "event" {
            if wrong == FaultKind::WrongMode {
                flip(body);
            }
            distort_object(wrong, &mut body["data"]["object"]);
        } else if let Some(Value::Array(rows)) = body.get_mut("data") {
            for row in rows {
                distort_object(wrong, row);
            }
        } else {
            distort_object(wrong, body);
        }
    }

    /// The proof names its time, so that it is made for each delivery: [`Provider::stamp`].
    fn sign(&self, _: &Account, _: &str, _: i64) -> Vec<(String, String)> {
        Vec::new()
    }

    async fn stamp(&self, sim: &Sim, hook: &Hook) -> anyhow::Result<Vec<(String, String)>> {
        events::stamp(sim, hook).await
    }

    fn delivered(&self, status: u16) -> bool {
        (200..300).contains(&status)
    }

    /// Live: with growing pauses for three days. Sandbox: three times within hours. The pauses
    /// themselves are not published.
    fn redeliver_after(&self, mode: &str, attempts: i64) -> Option<i64> {
        const MINUTE: i64 = 60_000;
        let doubled = |first: i64| first << attempts.clamp(1, 10).saturating_sub(1);
        match (mode, attempts) {
            ("live", ..=14) => Some(doubled(5 * MINUTE).min(8 * 60 * MINUTE)),
            ("test", ..=3) => Some(doubled(30 * MINUTE)),
            _ => None,
        }
    }

    async fn run(&self, sim: &Sim, task: &Task, _: Value) -> anyhow::Result<Vec<Change>> {
        match task.kind.as_str() {
            "expire" => sessions::run_out(sim, task).await,
            _ => refunds::step(sim, task).await,
        }
    }

    async fn decide(
        &self,
        sim: &Sim,
        payment: Payment,
        outcome: &str,
    ) -> anyhow::Result<Result<Vec<Change>, String>> {
        settle::decide(sim, payment, outcome).await
    }

    /// A `checkout.session.completed` for a session in any state, signed with the wrong secret.
    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
        events::forged(sim, payment).await
    }
}

fn flip(object: &mut Value) {
    if let Some(Value::Bool(live)) = object.get_mut("livemode") {
        *live = !*live;
    }
}

/// Makes a session, an intent or a refund untrue, the intent within a session too.
fn distort_object(wrong: FaultKind, object: &mut Value) {
    if !object.is_object() {
        return;
    }
    match wrong {
        FaultKind::WrongAmount => {
            for field in [
                "amount",
                "amount_total",
                "amount_subtotal",
                "amount_received",
            ] {
                if let Some(amount) = object[field].as_i64().filter(|n| *n > 1) {
                    object[field] = json!((amount - 100).max(1));
                }
            }
        }
        FaultKind::WrongCurrency if object["currency"].is_string() => {
            let other = if object["currency"] == "eur" {
                "usd"
            } else {
                "eur"
            };
            object["currency"] = json!(other);
        }
        FaultKind::WrongReference => {
            for name in ["reference", "payment", "refund"] {
                if object["metadata"][name].is_string() {
                    object["metadata"][name] = json!("somebody-elses");
                }
            }
            if object["client_reference_id"].is_string() {
                object["client_reference_id"] = json!("somebody-elses");
            }
        }
        FaultKind::WrongMode => flip(object),
        _ => {}
    }
    if object["payment_intent"].is_object() {
        distort_object(wrong, &mut object["payment_intent"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redelivery_lasts_three_days_or_a_few_hours() {
        let total = |mode: &str| {
            let pauses = (1..).map_while(|n| Stripe.redeliver_after(mode, n));
            pauses.sum::<i64>() / 3_600_000
        };
        assert!((60..=72).contains(&total("live")), "{}", total("live"));
        assert_eq!(total("test"), 3);
    }

    #[test]
    fn lies_reach_the_fields_of_events_answers_and_lists() {
        let session = json!({"object": "checkout.session", "amount_total": 1_999,
            "currency": "usd", "livemode": false, "client_reference_id": "p-1",
            "payment_intent": {"amount_received": 1_999, "livemode": false}});
        let event = json!({"object": "event", "livemode": false, "data": {"object": session}});
        for wrong in [
            FaultKind::WrongAmount,
            FaultKind::WrongCurrency,
            FaultKind::WrongReference,
            FaultKind::WrongMode,
        ] {
            let mut told = event.clone();
            Stripe.distort(wrong, &mut told);
            assert_ne!(told, event);
            let mut list = json!({"object": "list", "data": [session]});
            Stripe.distort(wrong, &mut list);
            assert_eq!(list["data"][0], told["data"]["object"]);
            let mut alone = session.clone();
            Stripe.distort(wrong, &mut alone);
            assert_eq!(alone, list["data"][0]);
        }
        let mut refused = json!({"error": {"type": "invalid_request_error"}});
        Stripe.distort(FaultKind::WrongAmount, &mut refused);
        assert_eq!(refused["error"]["type"], "invalid_request_error");
    }
}
