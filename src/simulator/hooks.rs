//! Hooks on their way: what planted faults make of a new one, and one delivery.
//! When to try again, and what proves a body, each provider says.

use serde_json::Value;

use super::faults::{About, FaultKind};
use super::ledger::{Account, Change, Hook, Payment};
use super::{Provider, Sim, named};

/// How long a held hook waits for one to overtake it.
const HELD: i64 = 60_000;

/// A hook as its provider means it, not signed yet.
pub struct NewHook<'a> {
    pub payment: &'a Payment,
    pub url: String,
    pub event: String,
    pub body: Value,
    /// Headers beside the signature.
    pub headers: Vec<(String, String)>,
}

/// Turns a hook into what is committed, planted faults applied.
pub async fn plan(
    sim: &Sim,
    provider: &'static dyn Provider,
    new: NewHook<'_>,
) -> anyhow::Result<Vec<Change>> {
    let about = About {
        reference: Some(new.payment.reference.clone()),
        phone: new.payment.phone.clone(),
    };
    let fault = sim.faults.take(provider.name(), "hook", &about);
    let mut body = new.body;
    if let Some(fault) = fault.as_ref().filter(|f| f.kind.distorts()) {
        provider.distort(fault.kind, &mut body);
    }
    let mut hook = unsigned(sim, provider, new.payment, new.url, new.event, &body);
    hook.headers = new.headers;
    let known = sim.ledger.account(provider.name(), &new.payment.account);
    let account = known.await?.unwrap_or_else(|| Account {
        provider: provider.name().into(),
        id: new.payment.account.clone(),
        hook_url: None,
        data: Value::Null,
    });
    hook.headers
        .extend(provider.sign(&account, &hook.body, sim.clock.now()));
    hook.fault = fault.as_ref().map(|f| named(f.kind));
    let Some(fault) = fault else {
        return Ok(vec![Change::Hook(hook)]);
    };
    match fault.kind {
        FaultKind::Lost => hook.status = "lost".into(),
        FaultKind::Late => hook.due_at += fault.delay_ms.unwrap_or(60_000),
        FaultKind::Reordered => {
            hook.held = true;
            hook.due_at += HELD;
        }
        FaultKind::Double => return Ok(vec![Change::Hook(hook.clone()), Change::Hook(hook)]),
        FaultKind::Forged => {
            if let Some(mut forged) = provider.forge(sim, new.payment).await? {
                forged.fault = hook.fault;
                return Ok(vec![Change::Hook(forged)]);
            }
        }
        _ => {}
    }
    Ok(vec![Change::Hook(hook)])
}

/// A hook due now, with no header but the content type.
pub fn unsigned(
    sim: &Sim,
    provider: &'static dyn Provider,
    payment: &Payment,
    url: String,
    event: String,
    body: &Value,
) -> Hook {
    let now = sim.clock.now();
    Hook {
        id: 0,
        provider: provider.name().into(),
        subject: payment.id.clone(),
        mode: payment.mode.clone(),
        url,
        event,
        headers: Vec::new(),
        body: body.to_string(),
        status: "pending".into(),
        fault: None,
        attempts: 0,
        answer: None,
        held: false,
        due_at: now,
        created_at: now,
    }
}

/// Delivers once and writes down what came of it.
pub async fn send(sim: &Sim, mut hook: Hook) -> anyhow::Result<()> {
    let Some(provider) = super::provider(&hook.provider) else {
        return Ok(());
    };
    let mut request = sim
        .http
        .post(&hook.url)
        .header("content-type", "application/json");
    let stamped = provider.stamp(sim, &hook).await?;
    for (name, value) in hook.headers.iter().chain(&stamped) {
        request = request.header(name, value);
    }
    let answer = request.body(hook.body.clone()).send().await;
    hook.attempts += 1;
    hook.answer = answer.ok().map(|a| i64::from(a.status().as_u16()));
    let status = hook.answer.and_then(|s| u16::try_from(s).ok());
    if status.is_some_and(|s| provider.delivered(s)) {
        hook.status = "delivered".into();
    } else if let Some(pause) = provider.redeliver_after(&hook.mode, hook.attempts) {
        hook.due_at = sim.clock.now() + pause.max(1);
    } else {
        hook.status = "failed".into();
    }
    sim.ledger.hook_tried(&hook).await
}
