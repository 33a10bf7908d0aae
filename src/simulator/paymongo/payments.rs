//! Payments: charging a source, reading one, the list.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Deal, Kind, Merchant, NAME, Paymongo, Try, about_id, amount, attributes, common, currency,
    invalid, merchant, not_found, owned, required, succeed, wire, wrong_state,
};
use crate::simulator::faults::About;
use crate::simulator::ledger::Payment;
use crate::simulator::{Reply, Sim};

/// A page of a list, by the ids at its ends.
#[derive(Default, Deserialize)]
pub struct Page {
    limit: Option<usize>,
    before: Option<String>,
    after: Option<String>,
    pub payment_id: Option<String>,
}

impl Page {
    /// The rows of this page, newest first, in the envelope of lists.
    pub fn cut(&self, rows: Vec<Value>) -> Reply {
        let limit = self.limit.unwrap_or(10).clamp(1, 100);
        let place = |id: &Option<String>| {
            let id = id.as_deref()?;
            rows.iter().position(|r| r["id"] == id)
        };
        let from = place(&self.after).map_or(0, |at| at + 1);
        let to = place(&self.before).unwrap_or(rows.len()).max(from);
        let more = to - from > limit;
        let data: Vec<Value> = rows[from..to].iter().take(limit).cloned().collect();
        Reply::ok(json!({"data": data, "has_more": more}))
    }
}

/// Makes the payment of a source. One source, one payment; the idempotency key is not honoured,
/// as it was observed at the real one.
pub async fn charge(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted = attributes(&body).unwrap_or_default();
    let source = wanted["source"]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let subject = about_id(&sim, &source).await;
    let task = sim.clone();
    sim.answer(&Paymongo, "charge", subject, async move {
        let checked = merchant(&headers).and_then(|m| {
            currency(&wanted)?;
            if source.is_empty() || wanted["source"]["type"] != "source" {
                return Err(required("source"));
            }
            Ok((m, amount(&wanted, 1)?, common(&wanted)?))
        });
        let (merchant, amount, said) = match checked {
            Ok(checked) => checked,
            Err(refused) => return Ok(refused),
        };
        let found = owned(&task, &merchant, &source).await?;
        let Some(mut row) = found.filter(|p| Deal::of(p).kind == Kind::Source) else {
            return Ok(not_found(&source));
        };
        if row.status != "chargeable" {
            return Ok(wrong_state("The source is not chargeable."));
        }
        if amount != row.amount {
            return Ok(invalid("amount", "The amount is not that of the source."));
        }
        // The payment has its own words, not those of the source.
        let mut deal = Deal::of(&row);
        (deal.description, deal.metadata) = (said.description, said.metadata);
        row.data = serde_json::to_value(&deal)?;
        let paid_by = json!({"id": row.id, "type": deal.wallet});
        task.commit(succeed(&task, row, paid_by).await?).await?;
        let row = owned(&task, &merchant, &source).await?;
        Ok(row.map_or_else(|| not_found(&source), |row| newest(&row)))
    })
    .await
}

fn newest(row: &Payment) -> Reply {
    let deal = Deal::of(row);
    let made = deal.tries.last().map(|t| wire::payment(row, &deal, t, &[]));
    Reply::ok(json!({ "data": made }))
}

/// The try with this id and its row.
pub async fn found(
    sim: &Sim,
    merchant: &Merchant,
    id: &str,
) -> anyhow::Result<Option<(Payment, Try)>> {
    let Some(row) = owned(sim, merchant, id).await? else {
        return Ok(None);
    };
    let tries = Deal::of(&row).tries;
    Ok(tries.into_iter().find(|t| t.id == id).map(|t| (row, t)))
}

/// A payment with its refunds inside.
pub async fn whole(sim: &Sim, row: &Payment, made: &Try) -> anyhow::Result<Value> {
    let refunds = sim.ledger.refunds_of(NAME, &row.id).await?;
    let refunds = if made.paid { refunds } else { Vec::new() };
    Ok(wire::payment(row, &Deal::of(row), made, &refunds))
}

pub async fn fetch(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let subject = about_id(&sim, &id).await;
    let task = sim.clone();
    sim.answer(&Paymongo, "payment", subject, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        Ok(match found(&task, &merchant, &id).await? {
            Some((row, made)) => Reply::ok(json!({"data": whole(&task, &row, &made).await?})),
            None => not_found(&id),
        })
    })
    .await
}

pub async fn list(
    State(sim): State<Sim>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&Paymongo, "list", About::default(), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let mut tries = Vec::new();
        for row in task.ledger.payments().await? {
            if row.provider == NAME && row.account == merchant.key {
                let deal = Deal::of(&row);
                let made = deal
                    .tries
                    .iter()
                    .map(|t| (t.at, wire::payment(&row, &deal, t, &[])));
                tries.extend(made);
            }
        }
        tries.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Ok(page.cut(tries.into_iter().map(|(_, shown)| shown).collect()))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_by_the_ids_at_their_ends() {
        let rows = || {
            (0..5)
                .map(|n| json!({"id": format!("pay_{n}")}))
                .collect::<Vec<_>>()
        };
        let shown = |page: Page| {
            let told = page.cut(rows()).body;
            let ids: Vec<String> = told["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| r["id"].as_str().unwrap()[4..].to_owned())
                .collect();
            (ids.join(""), told["has_more"].as_bool().unwrap())
        };
        let page = |limit, after: Option<&str>, before: Option<&str>| Page {
            limit,
            after: after.map(str::to_owned),
            before: before.map(str::to_owned),
            payment_id: None,
        };
        assert_eq!(shown(page(None, None, None)), ("01234".to_owned(), false));
        assert_eq!(shown(page(Some(2), None, None)), ("01".to_owned(), true));
        assert_eq!(
            shown(page(Some(2), Some("pay_1"), None)),
            ("23".to_owned(), true)
        );
        assert_eq!(
            shown(page(Some(2), Some("pay_3"), None)),
            ("4".to_owned(), false)
        );
        assert_eq!(
            shown(page(None, None, Some("pay_2"))),
            ("01".to_owned(), false)
        );
    }
}
