//! Refunds: at once, pending first, or failing after they succeeded, as the card says.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::asked::{
    self, Asked, Done, Form, invalid, merchant, missing_param, no_such, no_such_field,
};
use super::cards::{RefundEnds, refund_ends};
use super::events::{self, News};
use super::{NAME, Sale, Stripe, about, money, new_id, sessions, wire};
use crate::simulator::ledger::{Change, Payment, Refund, Task};
use crate::simulator::{Reply, Sim};

const PATH: &str = "/v1/refunds";
/// How long a refund of the two special cards takes to come to its end.
const LATER: i64 = 2_000;

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let name = form
        .get("payment_intent")
        .or(form.get("charge"))
        .map(str::to_owned);
    let task = sim.clone();
    sim.answer(&Stripe, "refund", about(name), async move {
        let asked = match Asked::read(&headers, PATH, &body) {
            Ok(asked) => asked,
            Err(refused) => return Ok(refused),
        };
        asked::once(&task, &asked, give_back(&task, &asked)).await
    })
    .await
}

/// The payment that a form or a query names, or the field that names none.
async fn named(
    sim: &Sim,
    key: &str,
    form: &Form,
) -> anyhow::Result<Result<Option<Payment>, Reply>> {
    if let Some(id) = form.get("payment_intent") {
        let found = sessions::of_intent(sim, key, id).await?;
        return Ok(found
            .map(Some)
            .ok_or_else(|| no_such_field("payment_intent", id)));
    }
    let Some(id) = form.get("charge") else {
        return Ok(Ok(None));
    };
    let found = match sim.ledger.object(NAME, "charge", id).await? {
        Some(session) => {
            let session = session.as_str().unwrap_or_default().to_owned();
            sim.ledger.payment(NAME, &session).await?
        }
        None => None,
    };
    let found = found.filter(|p| p.account == key);
    Ok(found.map(Some).ok_or_else(|| no_such_field("charge", id)))
}

/// What the fields ask for: the amount, the reason and the metadata.
fn checked(asked: &Asked, payment: &Payment, left: i64) -> Result<(i64, Value, Value), Reply> {
    const KNOWN: [&str; 10] = [
        "amount",
        "charge",
        "currency",
        "customer",
        "expand",
        "metadata",
        "origin",
        "payment_intent",
        "reason",
        "refund_application_fee",
    ];
    asked.only(&KNOWN)?;
    let (form, sale) = (&asked.form, Sale::of(payment));
    let charge = sale.charge.unwrap_or_default();
    if !sale.paid {
        let words = "This PaymentIntent does not have a successful charge to refund.";
        return Err(invalid(
            words,
            Some("payment_intent"),
            Some("payment_intent_unexpected_state"),
        ));
    }
    if sale.disputed {
        let words = format!("Charge {charge} has been charged back; cannot issue a refund.");
        return Err(invalid(&words, None, Some("charge_disputed")));
    }
    if left == 0 {
        let words = format!("Charge {charge} has already been refunded.");
        return Err(invalid(&words, None, Some("charge_already_refunded")));
    }
    let amount = match form.get("amount") {
        None => left,
        Some(text) => match text.parse::<i64>() {
            Ok(amount) if amount > 0 => amount,
            _ => {
                let code = Some("parameter_invalid_integer");
                return Err(invalid("Invalid positive integer", Some("amount"), code));
            }
        },
    };
    let currency = payment.currency.to_lowercase();
    if let Some(fault) = money::unit_fault(&currency, amount) {
        return Err(invalid(fault, Some("amount"), None));
    }
    if amount > left {
        let words = format!(
            "Refund amount ({}) is greater than unrefunded amount on charge ({})",
            money::shown(&currency, amount),
            money::shown(&currency, left)
        );
        return Err(invalid(&words, Some("amount"), None));
    }
    let reason = match form.get("reason") {
        None => Value::Null,
        Some(known @ ("duplicate" | "fraudulent" | "requested_by_customer")) => json!(known),
        Some(_) => return Err(invalid("Invalid reason", Some("reason"), None)),
    };
    Ok((amount, reason, form.map("metadata")?))
}

async fn give_back(sim: &Sim, asked: &Asked) -> anyhow::Result<Done> {
    let mut payment = match named(sim, &asked.merchant.key, &asked.form).await? {
        Ok(Some(payment)) => payment,
        Ok(None) => return Ok(Err(missing_param("payment_intent"))),
        Err(refused) => return Ok(Err(refused)),
    };
    let taken: i64 = sim
        .ledger
        .refunds_of(NAME, &payment.id)
        .await?
        .iter()
        .filter(|r| r.status != "failed")
        .map(|r| r.amount)
        .sum();
    let (amount, reason, metadata) = match checked(asked, &payment, payment.amount - taken) {
        Ok(checked) => checked,
        Err(refused) => return Ok(Err(refused)),
    };
    let sale = Sale::of(&payment);
    let ends = refund_ends(sale.card);
    let now = sim.clock.now();
    let refund = Refund {
        provider: NAME.into(),
        id: new_id("re", 24),
        payment_id: payment.id.clone(),
        account: payment.account.clone(),
        mode: payment.mode.clone(),
        amount,
        currency: payment.currency.clone(),
        status: if ends == RefundEnds::Later {
            "pending"
        } else {
            "succeeded"
        }
        .into(),
        data: json!({
            "charge": sale.charge, "payment_intent": sale.intent, "reason": reason,
            "metadata": metadata,
        }),
        created_at: now,
        updated_at: now,
    };
    let told = wire::refund(&refund);
    let mut changes = vec![Change::Refund(refund.clone())];
    let mut news = vec![News::new("refund.created", told.clone())];
    if refund.status == "succeeded" {
        payment.refunded += amount;
        changes.push(Change::Payment(payment.clone()));
        news.push(News::new("charge.refunded", wire::charge(&payment, &sale)));
    }
    if ends != RefundEnds::AtOnce {
        changes.push(Change::Task(Task {
            id: 0,
            provider: NAME.into(),
            kind: "refund".into(),
            subject: refund.id.clone(),
            due_at: now + LATER,
        }));
    }
    for news in news {
        changes.extend(events::tell(sim, &payment, news).await?);
    }
    Ok(Ok((told, changes)))
}

/// The end of a refund that does not end at once.
pub async fn step(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let Some(mut refund) = sim.ledger.refund(NAME, &task.subject).await? else {
        return Ok(Vec::new());
    };
    let Some(mut payment) = sim.ledger.payment(NAME, &refund.payment_id).await? else {
        return Ok(Vec::new());
    };
    let before = json!({"status": refund.status});
    let kind = if refund.status == "pending" {
        refund.status = "succeeded".into();
        payment.refunded += refund.amount;
        "refund.updated"
    } else {
        refund.status = "failed".into();
        payment.refunded -= refund.amount;
        "refund.failed"
    };
    refund.updated_at = sim.clock.now();
    let news = News {
        kind,
        object: wire::refund(&refund),
        before: Some(before),
    };
    let mut changes = vec![Change::Refund(refund), Change::Payment(payment.clone())];
    changes.extend(events::tell(sim, &payment, news).await?);
    Ok(changes)
}

pub async fn fetch(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let task = sim.clone();
    sim.answer(
        &Stripe,
        "fetch_refund",
        about(Some(id.clone())),
        async move {
            let merchant = match merchant(&headers) {
                Ok(merchant) => merchant,
                Err(refused) => return Ok(refused),
            };
            let found = task.ledger.refund(NAME, &id).await?;
            Ok(match found.filter(|r| r.account == merchant.key) {
                Some(refund) => Reply::ok(wire::refund(&refund)),
                None => no_such("refund", &id),
            })
        },
    )
    .await
}

pub async fn list(
    State(sim): State<Sim>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let name = form
        .get("payment_intent")
        .or(form.get("charge"))
        .map(str::to_owned);
    let task = sim.clone();
    sim.answer(&Stripe, "fetch_refund", about(name), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let mut all = match named(&task, &merchant.key, &form).await? {
            Ok(Some(payment)) => task.ledger.refunds_of(NAME, &payment.id).await?,
            Ok(None) => task.ledger.refunds().await?,
            Err(refused) => return Ok(refused),
        };
        all.retain(|r| r.provider == NAME && r.account == merchant.key);
        let rows = all.iter().rev().map(wire::refund).collect();
        Ok(asked::page(&form, rows, PATH).map_or_else(|refused| refused, Reply::ok))
    })
    .await
}
