//! `/_control/…`: what tests and people steer the simulator with. No provider has these.
//! Everything here is open to whoever reaches the port, so the port stays on loopback.

use std::fmt::Write as _;

use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::Fault;
use super::ledger::{Change, Payment};
use super::pages::{esc, page};
use super::{PROVIDERS, Provider, Sim, provider};

/// The control routes and the index page.
pub fn routes() -> Router<Sim> {
    Router::new()
        .route("/", get(index))
        .route("/_control/health", get(health))
        .route("/_control/accounts", post(accounts))
        .route("/_control/faults", post(plant).get(planted).delete(clear))
        .route("/_control/ledger", get(ledger))
        .route("/_control/advance", post(advance))
        .route("/_control/decide", post(decide))
        .route("/_control/forge", post(forge))
        .route("/_control/pay", post(pay))
}

/// What a control call came to.
enum Refusal {
    Input(String),
    Missing(String),
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Input(text) => (StatusCode::BAD_REQUEST, text),
            Self::Missing(text) => (StatusCode::NOT_FOUND, text),
            Self::Broken(error) => {
                tracing::error!(?error, "a control call failed");
                (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            }
        };
        (status, Json(json!({ "error": text }))).into_response()
    }
}

type Answer = Result<Json<Value>, Refusal>;

fn known(name: &str) -> Result<&'static dyn Provider, Refusal> {
    provider(name).ok_or_else(|| Refusal::Input(format!("no provider is called {name:?}")))
}

async fn index() -> Response {
    let mut list = String::new();
    for provider in PROVIDERS {
        for (at, _) in provider.mounts() {
            let name = esc(provider.name());
            let _ = write!(
                list,
                "<tr><td>{name}</td><td><code>/{}</code></td></tr>",
                esc(at)
            );
        }
    }
    let inner = format!(
        "<div class=\"sheet\"><h1>Payment provider simulator</h1><table>{list}</table>\
         <p><a href=\"/mpesa/phone\">The customer's phone (M-Pesa sandbox)</a><br>\
         <a href=\"/mpesa-live/phone\">The customer's phone (M-Pesa production)</a><br>\
         <a href=\"/mtn_momo/phone\">The customer's phone (MTN MoMo)</a><br>\
         <a href=\"/_control/ledger\">Ledger</a></p></div>"
    );
    page("Simulator", &inner)
}

async fn health(State(sim): State<Sim>) -> Answer {
    let names: Vec<&str> = PROVIDERS.iter().map(|p| p.name()).collect();
    Ok(Json(
        json!({"status": "ok", "now": sim.clock.now(), "providers": names}),
    ))
}

async fn accounts(State(sim): State<Sim>, Json(wanted): Json<Value>) -> Answer {
    let name = wanted["provider"].as_str().unwrap_or_default();
    let account = known(name)?.account(&wanted).map_err(Refusal::Input)?;
    let shown = json!({"provider": account.provider, "hook_url": account.hook_url});
    sim.commit(vec![Change::Account(account)]).await?;
    Ok(Json(shown))
}

async fn plant(State(sim): State<Sim>, Json(wanted): Json<Value>) -> Answer {
    let mut fault: Fault =
        serde_json::from_value(wanted).map_err(|error| Refusal::Input(error.to_string()))?;
    fault.check().map_err(Refusal::Input)?;
    if fault.provider != "*" {
        let provider = known(&fault.provider)?;
        fault.operation = provider.operation(&fault.operation).to_owned();
    }
    sim.faults.plant(fault);
    planted(State(sim)).await
}

async fn planted(State(sim): State<Sim>) -> Answer {
    Ok(Json(json!({ "faults": sim.faults.list() })))
}

async fn clear(State(sim): State<Sim>) -> Answer {
    sim.faults.clear();
    planted(State(sim)).await
}

#[derive(Deserialize)]
struct Filter {
    provider: Option<String>,
    reference: Option<String>,
}

impl Filter {
    fn wants(&self, provider: &str, names: &[Option<&str>]) -> bool {
        self.provider.as_deref().is_none_or(|p| p == provider)
            && self
                .reference
                .as_deref()
                .is_none_or(|r| names.contains(&Some(r)))
    }
}

fn minor(name: &str, currency: &str, amount: i64) -> i64 {
    provider(name).map_or(amount, |p| p.minor(currency, amount))
}

fn payment_view(p: &Payment) -> Value {
    json!({
        "provider": p.provider, "reference": p.reference, "provider_ref": p.id,
        "amount": p.amount, "amount_minor": minor(&p.provider, &p.currency, p.amount),
        "currency": p.currency, "status": p.status, "receipt": p.receipt,
        "refunded": p.refunded, "refunded_minor": minor(&p.provider, &p.currency, p.refunded),
        "mode": p.mode, "attempts": p.attempts, "phone": p.phone,
        "created_at": p.created_at, "updated_at": p.updated_at, "details": p.data,
    })
}

async fn ledger(State(sim): State<Sim>, Query(filter): Query<Filter>) -> Answer {
    let payments = sim.ledger.payments().await?;
    let chosen: Vec<&Payment> = payments
        .iter()
        .filter(|p| {
            let names = [
                Some(p.reference.as_str()),
                Some(p.id.as_str()),
                p.receipt.as_deref(),
            ];
            filter.wants(&p.provider, &names)
        })
        .collect();
    let subject = |provider: &str, id: &str| {
        chosen.iter().any(|p| p.provider == provider && p.id == id)
            || (filter.reference.is_none() && filter.wants(provider, &[]))
    };
    let refunds: Vec<Value> = sim
        .ledger
        .refunds()
        .await?
        .iter()
        .filter(|r| subject(&r.provider, &r.payment_id))
        .map(|r| {
            let payment = payments
                .iter()
                .find(|p| p.provider == r.provider && p.id == r.payment_id);
            json!({
                "provider": r.provider, "provider_ref": r.id, "payment": r.payment_id,
                "reference": payment.map(|p| p.reference.as_str()),
                "amount": r.amount, "amount_minor": minor(&r.provider, &r.currency, r.amount),
                "currency": r.currency, "status": r.status, "mode": r.mode,
                "created_at": r.created_at, "updated_at": r.updated_at, "details": r.data,
            })
        })
        .collect();
    let hooks: Vec<Value> = sim
        .ledger
        .hooks()
        .await?
        .iter()
        .filter(|h| subject(&h.provider, &h.subject))
        .map(|h| {
            json!({
                "provider": h.provider, "url": h.url, "event": h.event, "payment": h.subject,
                "status": h.status, "attempts": h.attempts, "answer": h.answer,
                "fault": h.fault, "body": h.body, "due_at": h.due_at, "at": h.created_at,
            })
        })
        .collect();
    let calls: Vec<Value> = sim
        .ledger
        .calls()
        .await?
        .iter()
        .filter(|c| filter.wants(&c.provider, &[c.reference.as_deref()]))
        .map(|c| {
            json!({
                "provider": c.provider, "operation": c.operation, "at": c.at,
                "reference": c.reference, "fault": c.fault,
            })
        })
        .collect();
    let views: Vec<Value> = chosen.iter().map(|p| payment_view(p)).collect();
    Ok(Json(json!({
        "now": sim.clock.now(),
        "payments": views, "refunds": refunds, "hooks": hooks, "calls": calls,
    })))
}

async fn advance(State(sim): State<Sim>, Json(wanted): Json<Value>) -> Answer {
    let seconds = wanted["seconds"]
        .as_i64()
        .filter(|s| (0..=31_622_400).contains(s));
    let seconds = seconds
        .ok_or_else(|| Refusal::Input("\"seconds\" must be a number from 0 to a year".into()))?;
    sim.advance(seconds * 1000).await?;
    Ok(Json(json!({ "now": sim.clock.now() })))
}

/// The payment that `reference` names: an unfinished one before finished ones, then the newest.
async fn found(sim: &Sim, wanted: &Value) -> Result<(&'static dyn Provider, Payment), Refusal> {
    let provider = known(wanted["provider"].as_str().unwrap_or_default())?;
    let reference = wanted["reference"]
        .as_str()
        .ok_or_else(|| Refusal::Input("\"reference\" is missing".into()))?;
    let mut named = sim
        .ledger
        .payments_named(provider.name(), reference)
        .await?;
    let open = named.iter().position(|p| p.receipt.is_none()).unwrap_or(0);
    if named.is_empty() {
        return Err(Refusal::Missing(format!(
            "no payment is called {reference:?}"
        )));
    }
    Ok((provider, named.swap_remove(open)))
}

async fn decide(State(sim): State<Sim>, Json(wanted): Json<Value>) -> Answer {
    let outcome = wanted["outcome"].as_str().unwrap_or_default().to_owned();
    let id = {
        let _turn = sim.turn().await;
        let (provider, payment) = found(&sim, &wanted).await?;
        let key = (provider.name(), payment.id.clone());
        let changes = provider
            .decide(&sim, payment, &outcome)
            .await?
            .map_err(Refusal::Input)?;
        sim.ledger.commit(changes).await?;
        key
    };
    sim.run_until(sim.clock.now()).await?;
    let after = sim.ledger.payment(id.0, &id.1).await?;
    Ok(Json(json!({ "payment": after.as_ref().map(payment_view) })))
}

async fn forge(State(sim): State<Sim>, Json(wanted): Json<Value>) -> Answer {
    let (provider, payment) = found(&sim, &wanted).await?;
    let mut forged = provider
        .forge(&sim, &payment)
        .await?
        .ok_or_else(|| Refusal::Input("the payment has no address for hooks".into()))?;
    forged.fault = Some("forged".into());
    sim.ledger.commit(vec![Change::Hook(forged)]).await?;
    sim.run_until(sim.clock.now()).await?;
    Ok(Json(json!({ "sent": true })))
}

async fn pay(State(sim): State<Sim>, Json(wanted): Json<Value>) -> Answer {
    let provider = known(wanted["provider"].as_str().unwrap_or_default())?;
    let told = {
        let _turn = sim.turn().await;
        provider.pay(&sim, &wanted).await?.map_err(Refusal::Input)?
    };
    sim.run_until(sim.clock.now()).await?;
    Ok(Json(told))
}
