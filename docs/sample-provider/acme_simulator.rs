//! Acme's side of the wire: the sample of docs/adding-a-provider.md. Written from Acme's own (here
//! invented) reference and from nothing of the adapter.
use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::faults::{About, FaultKind};
use super::ledger::{Account, Change, Hook, Payment, Refund, Task};
use super::{Provider, Reply, Sim, hooks, pages};

const NAME: &str = "acme";

pub struct Acme;

/// The key is the account; its prefix is the mode.
fn key(headers: &HeaderMap) -> Result<String, Reply> {
    let given = headers.get(header::AUTHORIZATION);
    let key = given.and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    let known = |k: &&str| k.starts_with("acme_") && !k.contains("invalid");
    key.filter(known)
        .map(str::to_owned)
        .ok_or_else(|| Reply::new(401, json!({ "error": "bad_key" })))
}

fn refuse(status: u16, code: &str) -> Reply {
    Reply::new(status, json!({ "error": code }))
}

fn about(reference: &str) -> About {
    About {
        reference: Some(reference.to_owned()),
        phone: None,
    }
}

fn charge(p: &Payment, url: &str) -> Value {
    json!({
        "id": p.id, "reference": p.reference, "amount": p.amount, "currency": p.currency,
        "status": p.status, "code": p.data["code"], "test": p.mode == "test",
        "page": format!("{url}/{NAME}/pay/{}", p.id),
    })
}

fn refund_view(r: &Refund) -> Value {
    json!({ "id": r.id, "amount": r.amount, "status": r.status })
}

/// The charge of a reference, if it is this key's.
async fn owned(sim: &Sim, key: &str, reference: &str) -> anyhow::Result<Option<Payment>> {
    let named = sim.ledger.payments_named(NAME, reference).await?;
    Ok(named.into_iter().find(|p| p.account == key))
}

async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted: Value = serde_json::from_slice(&body).unwrap_or_default();
    let reference = wanted["reference"].as_str().unwrap_or_default().to_owned();
    let task = sim.clone();
    sim.answer(&Acme, "start", about(&reference), async move {
        let key = match key(&headers) {
            Ok(key) => key,
            Err(refused) => return Ok(refused),
        };
        let amount = wanted["amount"].as_i64().unwrap_or_default();
        let currency = wanted["currency"].as_str().unwrap_or_default();
        let least = match currency {
            "KES" => 100,
            "USD" => 50,
            _ => return Ok(refuse(422, "currency_not_supported")),
        };
        if reference.is_empty() || amount < least {
            return Ok(refuse(422, "amount_or_reference_invalid"));
        }
        if owned(&task, &key, &reference).await?.is_some() {
            return Ok(refuse(409, "reference_taken"));
        }
        let now = task.clock.now();
        let payment = Payment {
            provider: NAME.into(),
            id: format!(
                "ch_{}",
                task.ledger.next_number("acme_charge", 1_000).await?
            ),
            mode: if key.starts_with("acme_test_") {
                "test"
            } else {
                "live"
            }
            .into(),
            account: key,
            reference,
            amount,
            currency: currency.into(),
            status: "open".into(),
            receipt: None,
            refunded: 0,
            attempts: 0,
            phone: None,
            data: json!({ "return_url": wanted["return_url"] }),
            created_at: now,
            updated_at: now,
        };
        let told = charge(&payment, &task.url);
        task.commit(vec![Change::Payment(payment)]).await?;
        Ok(Reply::new(201, told))
    })
    .await
}

async fn fetch(
    State(sim): State<Sim>,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&Acme, "fetch", about(&reference), async move {
        let key = match key(&headers) {
            Ok(key) => key,
            Err(refused) => return Ok(refused),
        };
        match owned(&task, &key, &reference).await? {
            Some(payment) => Ok(Reply::ok(charge(&payment, &task.url))),
            None => Ok(refuse(404, "no_such_charge")),
        }
    })
    .await
}

async fn refund(
    State(sim): State<Sim>,
    Path(reference): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wanted: Value = serde_json::from_slice(&body).unwrap_or_default();
    let task = sim.clone();
    sim.answer(&Acme, "refund", about(&reference), async move {
        let key = match key(&headers) {
            Ok(key) => key,
            Err(refused) => return Ok(refused),
        };
        let found = owned(&task, &key, &reference).await?;
        let Some(mut payment) = found.filter(|p| p.status == "paid") else {
            return Ok(refuse(404, "no_such_charge"));
        };
        let id = wanted["id"].as_str().unwrap_or_default().to_owned();
        if let Some(known) = task.ledger.refund(NAME, &id).await? {
            return Ok(Reply::ok(refund_view(&known)));
        }
        let amount = wanted["amount"].as_i64().unwrap_or_default();
        if amount < 1 || amount > payment.amount - payment.refunded {
            return Ok(refuse(422, "more_than_is_left"));
        }
        payment.refunded += amount;
        let now = task.clock.now();
        let made = Refund {
            provider: NAME.into(),
            id,
            payment_id: payment.id.clone(),
            account: key,
            mode: payment.mode.clone(),
            amount,
            currency: payment.currency.clone(),
            status: "succeeded".into(),
            data: Value::Null,
            created_at: now,
            updated_at: now,
        };
        let told = refund_view(&made);
        task.commit(vec![Change::Payment(payment), Change::Refund(made)])
            .await?;
        Ok(Reply::new(201, told))
    })
    .await
}

async fn fetch_refund(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&Acme, "fetch_refund", about(&id), async move {
        let key = match key(&headers) {
            Ok(key) => key,
            Err(refused) => return Ok(refused),
        };
        let found = task.ledger.refund(NAME, &id).await?;
        match found.filter(|r| r.account == key) {
            Some(made) => Ok(Reply::ok(refund_view(&made))),
            None => Ok(refuse(404, "no_such_refund")),
        }
    })
    .await
}

async fn me(State(sim): State<Sim>, headers: HeaderMap) -> Response {
    let effect = async move {
        let known = key(&headers);
        Ok(known.map_or_else(
            |refused| refused,
            |_| Reply::ok(json!({ "name": "Sample shop" })),
        ))
    };
    sim.answer(&Acme, "me", About::default(), effect).await
}

/// The page: one button, and the way back.
async fn page(State(sim): State<Sim>, Path(id): Path<String>) -> Response {
    pages::settled(async move { Ok(show(sim.ledger.payment(NAME, &id).await?.as_ref())) }.await)
}

fn show(payment: Option<&Payment>) -> Response {
    let Some(p) = payment else {
        return pages::error_page(axum::http::StatusCode::NOT_FOUND, "No such charge");
    };
    let (status, back) = (
        pages::esc(&p.status),
        p.data["return_url"].as_str().unwrap_or_default(),
    );
    let inner = format!(
        "<div class=\"sheet\"><h1>Acme Pay</h1><p>{status}</p><form method=\"post\">\
         <button>Pay</button></form><p><a href=\"{}\">Back to the shop</a></p></div>",
        pages::esc(back)
    );
    pages::page("Acme Pay", &inner)
}

async fn press(State(sim): State<Sim>, Path(id): Path<String>) -> Response {
    let _turn = sim.turn().await;
    let paid = async {
        if let Some(payment) = sim.ledger.payment(NAME, &id).await?
            && let Ok(changes) = Acme.decide(&sim, payment, "paid").await?
        {
            sim.commit(changes).await?;
        }
        Ok(pages::see(&format!("/{NAME}/pay/{id}")))
    };
    pages::settled(paid.await)
}

fn signature(secret: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// The news about a charge, as an event with an id of its own.
async fn news(sim: &Sim, payment: &Payment, kind: &str) -> anyhow::Result<Value> {
    let number = sim.ledger.next_number("acme_event", 1).await?;
    let charge = charge(payment, &sim.url);
    Ok(json!({ "id": format!("ev_{number}"), "type": kind, "charge": charge }))
}

async fn hook_url(sim: &Sim, payment: &Payment) -> anyhow::Result<Option<String>> {
    let account = sim.ledger.account(NAME, &payment.account).await?;
    Ok(account.and_then(|a| a.hook_url))
}

#[async_trait]
impl Provider for Acme {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)> {
        let routes = Router::new()
            .route("/charges", post(create))
            .route("/charges/{reference}", get(fetch))
            .route("/charges/{reference}/refunds", post(refund))
            .route("/refunds/{id}", get(fetch_refund))
            .route("/me", get(me))
            .route("/pay/{id}", get(page).post(press));
        vec![(NAME, routes)]
    }

    fn account(&self, wanted: &Value) -> Result<Account, String> {
        let key = wanted["secret_key"].as_str().unwrap_or_default();
        let secret = wanted["webhook_secret"].as_str().unwrap_or_default();
        if !key.starts_with("acme_") || secret.is_empty() {
            return Err("\"secret_key\" (acme_…) and \"webhook_secret\" are needed".into());
        }
        Ok(Account {
            provider: NAME.into(),
            id: key.into(),
            hook_url: wanted["hook_url"].as_str().map(str::to_owned),
            data: json!({ "webhook_secret": secret }),
        })
    }

    fn minor(&self, _: &str, amount: i64) -> i64 {
        amount
    }

    fn distort(&self, wrong: FaultKind, body: &mut Value) {
        // An event holds the charge; an answer is one.
        let charge = match body.get("charge") {
            Some(_) => &mut body["charge"],
            None => body,
        };
        match wrong {
            FaultKind::WrongAmount => charge["amount"] = json!(1),
            FaultKind::WrongCurrency => charge["currency"] = json!("EUR"),
            FaultKind::WrongReference => charge["reference"] = json!("somebody-elses"),
            FaultKind::WrongMode => charge["test"] = json!(charge["test"] != true),
            _ => {}
        }
    }

    fn sign(&self, account: &Account, body: &str, _: i64) -> Vec<(String, String)> {
        let secret = account.data["webhook_secret"].as_str().unwrap_or_default();
        vec![("acme-signature".into(), signature(secret, body))]
    }

    fn delivered(&self, status: u16) -> bool {
        status == 200
    }

    /// Every minute, five times.
    fn redeliver_after(&self, _: &str, attempts: i64) -> Option<i64> {
        (attempts < 5).then_some(60_000)
    }

    async fn run(&self, _: &Sim, _: &Task, _: Value) -> anyhow::Result<Vec<Change>> {
        Ok(Vec::new())
    }

    async fn decide(
        &self,
        sim: &Sim,
        mut payment: Payment,
        outcome: &str,
    ) -> anyhow::Result<Result<Vec<Change>, String>> {
        if payment.status == "paid" {
            return Ok(Err("it is paid already".into()));
        }
        let (status, code) = match outcome {
            "paid" => ("paid", None),
            "declined" => ("failed", Some("card_refused")),
            "cancelled" => ("cancelled", None),
            "expired" => ("expired", None),
            _ => return Ok(Err("outcomes: paid, declined, cancelled, expired".into())),
        };
        payment.status = status.into();
        payment.data["code"] = json!(code);
        payment.receipt = (status == "paid").then(|| payment.id.clone());
        payment.updated_at = sim.clock.now();
        let mut changes = vec![Change::Payment(payment.clone())];
        if let Some(url) = hook_url(sim, &payment).await? {
            let event = format!("charge.{status}");
            let body = news(sim, &payment, &event).await?;
            let new = hooks::NewHook {
                payment: &payment,
                url,
                event,
                body,
                headers: Vec::new(),
            };
            changes.extend(hooks::plan(sim, &Acme, new).await?);
        }
        Ok(Ok(changes))
    }

    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>> {
        let Some(url) = hook_url(sim, payment).await? else {
            return Ok(None);
        };
        let mut paid = payment.clone();
        paid.status = "paid".into();
        let event = "charge.paid".to_owned();
        let body = news(sim, &paid, &event).await?;
        let mut hook = hooks::unsigned(sim, &Acme, payment, url, event, &body);
        let forged = signature("not the secret", &hook.body);
        hook.headers = vec![("acme-signature".into(), forged)];
        Ok(Some(hook))
    }
}
