//! Checkout Sessions: create, read, expire.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{
    Deal, Kind, LETTERS, Merchant, NAME, Paymongo, about, about_id, address, attributes, common,
    currency, ended, fail, finds, invalid, merchant, new_id, not_found, opened, owned, reference,
    required, ways, wire, wrong_state,
};
use crate::simulator::ledger::Change;
use crate::simulator::{Reply, Sim, random_text};

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted = attributes(&body);
    let deal = wanted.as_ref().and_then(|w| common(w).ok());
    let subject = about(deal.map(|d| reference(&d, "")));
    let task = sim.clone();
    sim.answer(&Paymongo, "start", subject, async move {
        let made = merchant(&headers).and_then(|m| {
            let wanted = wanted.ok_or_else(|| required("data"))?;
            let (deal, amount) = checked(&wanted)?;
            Ok((m, deal, amount))
        });
        match made {
            Ok((merchant, deal, amount)) => open(&task, &merchant, deal, amount).await,
            Err(refused) => Ok(refused),
        }
    })
    .await
}

/// The sum of the lines, each with its own price and number.
fn total(wanted: &Value) -> Result<i64, Reply> {
    let lines = wanted["line_items"].as_array().filter(|l| !l.is_empty());
    let lines = lines.ok_or_else(|| required("line_items"))?;
    let mut sum = 0_i64;
    for line in lines {
        if line["name"].as_str().is_none_or(str::is_empty) {
            return Err(required("line_items.name"));
        }
        currency(line)?;
        let whole = |field: &str| line[field].as_i64().filter(|n| *n > 0);
        let (Some(each), Some(number)) = (whole("amount"), whole("quantity")) else {
            let detail = "amount and quantity should be positive integers.";
            return Err(invalid("line_items", detail));
        };
        let more = each.checked_mul(number).and_then(|n| sum.checked_add(n));
        sum = more.ok_or_else(|| invalid("line_items", "The total is too large."))?;
    }
    if sum < 2_000 {
        let detail = "The value for amount cannot be less than 2000.";
        return Err(fail(400, "parameter_below_minimum", detail, Some("amount")));
    }
    Ok(sum)
}

fn checked(wanted: &Value) -> Result<(Deal, i64), Reply> {
    let mut deal = common(wanted)?;
    let amount = total(wanted)?;
    if wanted["show_description"] == json!(true) && !wanted["description"].is_string() {
        return Err(required("description"));
    }
    deal.kind = Kind::Session;
    deal.methods = ways(wanted, "payment_method_types")?;
    deal.success_url = address(wanted, "/success_url")?;
    deal.cancel_url = address(wanted, "/cancel_url")?;
    deal.lines = wanted["line_items"].clone();
    Ok((deal, amount))
}

async fn open(
    sim: &Sim,
    merchant: &Merchant,
    mut deal: Deal,
    amount: i64,
) -> anyhow::Result<Reply> {
    let id = new_id("cs");
    deal.intent = new_id("pi");
    // The part after `#` belongs to the address, though no server sees it.
    let tail = random_text(LETTERS, 16);
    deal.page = Some(format!("{}/{NAME}/checkout/{id}#{tail}", sim.url));
    let row = opened(sim, merchant, id, amount, "awaiting_payment_method", &deal);
    let changes = vec![Change::Payment(row.clone()), finds(&deal.intent, &row)];
    sim.commit(changes).await?;
    Ok(Reply::ok(
        json!({"data": wire::session(&row, sim.clock.now())}),
    ))
}

pub async fn fetch(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let subject = about_id(&sim, &id).await;
    let task = sim.clone();
    sim.answer(&Paymongo, "fetch", subject, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let found = owned(&task, &merchant, &id).await?.filter(|p| p.id == id);
        Ok(match found.filter(|p| Deal::of(p).kind == Kind::Session) {
            Some(row) => Reply::ok(json!({"data": wire::session(&row, task.clock.now())})),
            None => not_found(&id),
        })
    })
    .await
}

pub async fn expire(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let subject = about_id(&sim, &id).await;
    let task = sim.clone();
    sim.answer(&Paymongo, "expire", subject, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let found = owned(&task, &merchant, &id).await?.filter(|p| p.id == id);
        let Some(row) = found.filter(|p| Deal::of(p).kind == Kind::Session) else {
            return Ok(not_found(&id));
        };
        let deal = Deal::of(&row);
        if deal.expired || deal.paid().is_some() {
            return Ok(wrong_state(
                "The checkout session is not active or is paid.",
            ));
        }
        task.commit(ended(&task, row)).await?;
        let row = owned(&task, &merchant, &id).await?;
        let now = task.clock.now();
        Ok(row.map_or_else(
            || not_found(&id),
            |row| Reply::ok(json!({"data": wire::session(&row, now)})),
        ))
    })
    .await
}
