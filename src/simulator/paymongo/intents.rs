//! Payment intents and the wallets that are attached to them. Cards come by sessions alone here:
//! no card number reaches this API.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{
    Deal, Kind, Merchant, NAME, Paymongo, WALLETS, about, about_id, address, amount, attributes,
    changed, common, currency, finds, invalid, merchant, new_id, not_found, opened, owned,
    reference, required, ways, wire, wrong_state,
};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Change, Payment};
use crate::simulator::{Reply, Sim};

fn shown(sim: &Sim, row: &Payment) -> Reply {
    Reply::ok(json!({"data": wire::intent(row, sim.clock.now())}))
}

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
        let (merchant, deal, amount) = match made {
            Ok(made) => made,
            Err(refused) => return Ok(refused),
        };
        let status = "awaiting_payment_method";
        let row = opened(&task, &merchant, new_id("pi"), amount, status, &deal);
        task.commit(vec![Change::Payment(row.clone())]).await?;
        Ok(shown(&task, &row))
    })
    .await
}

fn checked(wanted: &Value) -> Result<(Deal, i64), Reply> {
    let mut deal = common(wanted)?;
    let amount = amount(wanted, 2_000)?;
    currency(wanted)?;
    deal.methods = ways(wanted, "payment_method_allowed")?;
    if !matches!(wanted["capture_type"].as_str(), None | Some("automatic")) {
        return Err(invalid(
            "capture_type",
            "Only automatic capture is simulated.",
        ));
    }
    deal.kind = Kind::Intent;
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
        let found = owned(&task, &merchant, &id).await?;
        Ok(match found.filter(|_| id.starts_with("pi_")) {
            Some(row) => shown(&task, &row),
            None => not_found(&id),
        })
    })
    .await
}

pub async fn method(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let task = sim.clone();
    sim.answer(&Paymongo, "method", About::default(), async move {
        let wanted = attributes(&body);
        let made = merchant(&headers).and_then(|m| {
            let wanted = wanted.ok_or_else(|| required("data"))?;
            common(&wanted)?;
            match wanted["type"].as_str() {
                None => Err(required("type")),
                Some(kind) if WALLETS.contains(&kind) => Ok((m, kind.to_owned(), wanted)),
                Some(_) => Err(invalid("type", "Only wallets are simulated this way.")),
            }
        });
        let (merchant, kind, wanted) = match made {
            Ok(made) => made,
            Err(refused) => return Ok(refused),
        };
        let id = new_id("pm");
        let kept = Change::Object {
            provider: NAME.into(),
            kind: "method".into(),
            id: id.clone(),
            data: json!({"account": merchant.key, "type": kind, "billing": wanted["billing"]}),
        };
        task.commit(vec![kept]).await?;
        let attributes = json!({
            "type": kind, "billing": wanted["billing"], "details": null,
            "livemode": merchant.mode == "live", "metadata": wanted["metadata"],
            "created_at": task.clock.now() / 1_000,
        });
        Ok(Reply::ok(
            json!({"data": wire::resource(&id, "payment_method", attributes)}),
        ))
    })
    .await
}

pub async fn attach(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let subject = about_id(&sim, &id).await;
    let task = sim.clone();
    sim.answer(&Paymongo, "attach", subject, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let Some(row) = owned(&task, &merchant, &id).await?.filter(|p| p.id == id) else {
            return Ok(not_found(&id));
        };
        let wanted = attributes(&body).unwrap_or_default();
        attached(&task, &merchant, row, &wanted).await
    })
    .await
}

async fn attached(
    sim: &Sim,
    merchant: &Merchant,
    mut row: Payment,
    wanted: &Value,
) -> anyhow::Result<Reply> {
    let Some(method) = wanted["payment_method"].as_str() else {
        return Ok(required("payment_method"));
    };
    let known = sim.ledger.object(NAME, "method", method).await?;
    let Some(known) = known.filter(|m| m["account"] == json!(merchant.key)) else {
        return Ok(not_found(method));
    };
    let mut deal = Deal::of(&row);
    let kind = known["type"].as_str().unwrap_or_default().to_owned();
    if !deal.methods.contains(&kind) {
        let detail = "The payment method is not allowed by the payment intent.";
        return Ok(invalid("payment_method", detail));
    }
    if row.status != "awaiting_payment_method" {
        return Ok(wrong_state(
            "The payment intent does not await a payment method.",
        ));
    }
    let back = match address(wanted, "/return_url") {
        Ok(Some(back)) => back,
        Ok(None) => return Ok(required("return_url")),
        Err(refused) => return Ok(refused),
    };
    let page = new_id("src");
    deal.page = Some(format!("{}/{NAME}/wallet/{page}", sim.url));
    deal.wallet = Some(kind);
    deal.success_url = Some(back);
    deal.billing = known["billing"].clone();
    let change = changed(sim, &mut row, "awaiting_next_action", &deal);
    sim.commit(vec![change, finds(&page, &row)]).await?;
    Ok(shown(sim, &row))
}

pub async fn cancel(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let subject = about_id(&sim, &id).await;
    let task = sim.clone();
    sim.answer(&Paymongo, "cancel", subject, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let Some(mut row) = owned(&task, &merchant, &id).await?.filter(|p| p.id == id) else {
            return Ok(not_found(&id));
        };
        if !row.status.starts_with("awaiting_") {
            return Ok(wrong_state(
                "The payment intent cannot be cancelled any more.",
            ));
        }
        let deal = Deal::of(&row);
        let change = changed(&task, &mut row, "cancelled", &deal);
        task.commit(vec![change]).await?;
        Ok(shown(&task, &row))
    })
    .await
}
