//! Tries on a link: how one begins, waits and ends, and the hooks that tell it.

use serde_json::json;

use super::{Flutterwave, LOWER, NAME, Sale, Try, settings, wire};
use crate::simulator::ledger::{Change, Payment};
use crate::simulator::{Sim, hooks, random_text};

pub fn changed(sim: &Sim, mut payment: Payment, status: &str, sale: Sale) -> Change {
    payment.status = status.into();
    payment.updated_at = sim.clock.now();
    payment.data = sale.into_value();
    Change::Payment(payment)
}

/// A new try on the link. The change lets its number be found; the payment is saved by what
/// follows.
pub async fn begin(
    sim: &Sim,
    payment: &mut Payment,
    sale: &mut Sale,
    kind: &str,
    card: Option<usize>,
) -> anyhow::Result<Change> {
    let id = sim
        .ledger
        .next_number("flutterwave_transaction", 8_415_006)
        .await?;
    let flw_ref = if payment.mode == "test" {
        format!("FLW-MOCK-{}", random_text(LOWER, 20))
    } else {
        format!("FLW{id}{}", random_text(b"0123456789", 6))
    };
    sale.tries.push(Try {
        id,
        status: "pending".into(),
        response: Some("Pending".into()),
        kind: kind.into(),
        auth_model: if card.is_some() { "PIN" } else { "AUTH" }.into(),
        flw_ref,
        created_at: sim.clock.now(),
        card,
        ..Try::default()
    });
    payment.attempts += 1;
    Ok(Change::Object {
        provider: NAME.into(),
        kind: "transaction".into(),
        id: id.to_string(),
        data: json!(payment.id),
    })
}

/// The last try has ended, well or with a reason; a failed one leaves the page open.
pub async fn end(
    sim: &Sim,
    mut payment: Payment,
    mut sale: Sale,
    outcome: Result<&str, &str>,
) -> anyhow::Result<Vec<Change>> {
    let failed_before = sale.tries.iter().filter(|t| t.status == "failed").count();
    let Some(last) = sale.tries.last_mut() else {
        return Ok(Vec::new());
    };
    last.step = None;
    let (status, words) = match outcome {
        Ok(words) => ("successful", words),
        Err(words) => ("failed", words),
    };
    last.status = status.into();
    last.response = Some(words.into());
    let ended = last.clone();
    if outcome.is_ok() {
        payment.receipt = Some(ended.id.to_string());
    } else if failed_before + 1 > sale.max_retries && sale.closed.is_none() {
        sale.closed = Some("retries".into());
    }
    let saved = changed(sim, payment.clone(), status, sale.clone());
    let mut changes = vec![saved];
    changes.extend(told(sim, &payment, &sale, &ended).await?);
    Ok(changes)
}

/// The last try waits for money on its way; that is told too, and its end again.
pub async fn wait(sim: &Sim, payment: Payment, mut sale: Sale) -> anyhow::Result<Vec<Change>> {
    let Some(last) = sale.tries.last_mut() else {
        return Ok(Vec::new());
    };
    last.step = None;
    let last = last.clone();
    let mut changes = vec![changed(sim, payment.clone(), "pending", sale.clone())];
    changes.extend(told(sim, &payment, &sale, &last).await?);
    Ok(changes)
}

/// The link takes no more tries, and one that still waits for an answer is marked failed.
pub async fn close(
    sim: &Sim,
    payment: Payment,
    mut sale: Sale,
    why: &str,
) -> anyhow::Result<Vec<Change>> {
    sale.closed = Some(why.into());
    let mut changes = Vec::new();
    if let Some(last) = sale.tries.last_mut()
        && last.status == "pending"
        && last.step.is_some()
    {
        last.status = "failed".into();
        last.step = None;
        last.response = Some("Transaction timed out".into());
        let last = last.clone();
        changes.extend(told(sim, &payment, &sale, &last).await?);
    }
    changes.insert(0, changed(sim, payment, why, sale));
    Ok(changes)
}

/// The hook about a try, if the merchant has an address.
pub async fn told(
    sim: &Sim,
    payment: &Payment,
    sale: &Sale,
    attempt: &Try,
) -> anyhow::Result<Vec<Change>> {
    let (Some(url), data) = settings(sim, &payment.account).await? else {
        return Ok(Vec::new());
    };
    let body = if data["hook_shape"] == "v2" {
        wire::completed_v2(payment, sale, attempt)
    } else {
        wire::completed(payment, sale, attempt)
    };
    let new = hooks::NewHook {
        payment,
        url,
        event: format!("charge.completed {}", attempt.status),
        body,
        headers: Vec::new(),
    };
    hooks::plan(sim, &Flutterwave, new).await
}
