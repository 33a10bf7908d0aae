//! Sources, the way of older accounts: the customer agrees first, the merchant charges then.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{
    Deal, Kind, NAME, Paymongo, about, about_id, address, amount, attributes, common, currency,
    invalid, merchant, new_id, not_found, opened, owned, reference, required, wire,
};
use crate::simulator::ledger::Change;
use crate::simulator::{Reply, Sim};

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
        let (merchant, mut deal, amount) = match made {
            Ok(made) => made,
            Err(refused) => return Ok(refused),
        };
        let id = new_id("src");
        deal.page = Some(format!("{}/{NAME}/wallet/{id}", task.url));
        let row = opened(&task, &merchant, id, amount, "pending", &deal);
        task.commit(vec![Change::Payment(row.clone())]).await?;
        Ok(Reply::ok(json!({"data": wire::source(&row)})))
    })
    .await
}

fn checked(wanted: &Value) -> Result<(Deal, i64), Reply> {
    let mut deal = common(wanted)?;
    let amount = amount(wanted, 10_000)?;
    currency(wanted)?;
    match wanted["type"].as_str() {
        None => return Err(required("type")),
        Some(kind @ ("gcash" | "grab_pay")) => deal.wallet = Some(kind.to_owned()),
        Some(_) => return Err(invalid("type", "type should be gcash or grab_pay.")),
    }
    deal.success_url = address(wanted, "/redirect/success")?;
    deal.cancel_url = address(wanted, "/redirect/failed")?;
    if deal.success_url.is_none() || deal.cancel_url.is_none() {
        return Err(required("redirect"));
    }
    deal.kind = Kind::Source;
    Ok((deal, amount))
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
        Ok(match found.filter(|p| Deal::of(p).kind == Kind::Source) {
            Some(row) => Reply::ok(json!({"data": wire::source(&row)})),
            None => not_found(&id),
        })
    })
    .await
}
