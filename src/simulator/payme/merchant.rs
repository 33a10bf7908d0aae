//! Payme's calls to the merchant's endpoint: check, create, perform, cancel, each repeated until it
//! is answered. Payme publishes neither how often nor how soon; here it is every 10 s and slower.

use serde_json::{Value, json};

use super::{
    NAME, Payme, Plan, Sale, Step, Transaction, basic, declined, merchant_of, new_id, paid,
    refusal, saved, subscribe, task,
};
use crate::simulator::faults::{About, FaultKind};
use crate::simulator::ledger::{Change, Hook, Payment};
use crate::simulator::{Provider as _, Sim, hooks, named};

/// After so many tries without an answer the attempt is over.
const TRIES: i64 = 12;
/// A transaction that is not performed by then is cancelled.
const PAUSE_MS: i64 = 10_000;
const LONGEST_MS: i64 = 600_000;
const LATER_MS: i64 = 60_000;

/// Saves the payment with its next call due.
pub async fn begin(
    sim: &Sim,
    payment: Payment,
    mut sale: Sale,
    after_ms: i64,
) -> anyhow::Result<Vec<Change>> {
    sale.request = sim.ledger.next_number("payme_request", 2_032).await?;
    sale.tries = 0;
    if sale.next == Some(Step::Create) {
        // A receipt's transaction has the receipt's id; another one after it has its own.
        let id = if sale.is_receipt && sale.transaction.is_none() {
            payment.id.clone()
        } else {
            new_id()
        };
        sale.transaction = Some(Transaction {
            id,
            time: sim.clock.now(),
            state: 0,
            theirs: String::new(),
        });
    }
    let due = task(sim, "merchant", &payment.id, after_ms);
    Ok(vec![saved(sim, payment, "processing", sale), due])
}

fn method(step: Step) -> &'static str {
    match step {
        Step::CheckPerform => "CheckPerformTransaction",
        Step::Create => "CreateTransaction",
        Step::Perform => "PerformTransaction",
        Step::Cancel(_) => "CancelTransaction",
    }
}

fn request(payment: &Payment, sale: &Sale, step: Step) -> Value {
    let transaction = sale.transaction.clone().unwrap_or_default();
    let params = match step {
        Step::CheckPerform => json!({"amount": payment.amount, "account": sale.fields}),
        Step::Create => json!({
            "id": transaction.id, "time": transaction.time, "amount": payment.amount,
            "account": sale.fields,
        }),
        Step::Perform => json!({"id": transaction.id}),
        Step::Cancel(reason) => json!({"id": transaction.id, "reason": reason}),
    };
    json!({"method": method(step), "params": params, "id": sale.request})
}

/// Sends one request as Payme does. `None` where no answer came, or another status than 200, which
/// Payme counts as the merchant's own failure.
pub async fn send(sim: &Sim, url: &str, authorization: &str, body: &str) -> (i64, Option<Value>) {
    let sent = sim
        .http
        .post(url)
        .header("content-type", "text/json; charset=UTF-8")
        .header("authorization", authorization)
        .body(body.to_owned())
        .send()
        .await;
    let Ok(answer) = sent else {
        return (0, None);
    };
    let status = i64::from(answer.status().as_u16());
    let told = answer.text().await.ok();
    let told = told.and_then(|text| serde_json::from_str(&text).ok());
    (status, told.filter(|_| status == 200))
}

/// Asks the merchant what the payment's next step wants. What comes of it is [`answered`]'s.
pub async fn ask(sim: &Sim, id: &str) -> anyhow::Result<Value> {
    let Some(payment) = sim.ledger.payment(NAME, id).await? else {
        return Ok(Value::Null);
    };
    let sale = Sale::of(&payment);
    let account = sim.ledger.account(NAME, &payment.account).await?;
    let (Some(step), Some(url)) = (sale.next, account.and_then(|a| a.hook_url)) else {
        return Ok(Value::Null);
    };
    let about = About {
        reference: Some(payment.reference.clone()),
        phone: None,
    };
    let fault = sim.faults.take(NAME, "hook", &about);
    let kind = fault.as_ref().map(|f| f.kind);
    let mut body = request(&payment, &sale, step);
    if let Some(kind) = kind.filter(|k| k.distorts()) {
        Payme.distort(kind, &mut body);
    }
    let body = body.to_string();
    let mut told = json!({
        "step": step, "url": url, "body": body, "fault": kind.map(named), "status": 0,
    });
    match kind {
        Some(FaultKind::Lost) => return Ok(told),
        Some(FaultKind::Late | FaultKind::Reordered) => {
            told["later"] = json!(fault.and_then(|f| f.delay_ms).unwrap_or(LATER_MS));
            return Ok(told);
        }
        Some(FaultKind::Forged) => {
            let forged =
                json!({"method": "PerformTransaction", "params": {"id": new_id()}, "id": 1});
            let body = forged.to_string();
            let (status, _) = send(sim, &url, &basic("not-the-merchants-key"), &body).await;
            told["body"] = json!(body);
            told["status"] = json!(status);
            return Ok(told);
        }
        _ => {}
    }
    let authorization = basic(merchant_of(&payment.account).1);
    let (status, answer) = send(sim, &url, &authorization, &body).await;
    told["status"] = json!(status);
    told["answer"] = json!(answer);
    if kind == Some(FaultKind::Double) {
        let again = send(sim, &url, &authorization, &body).await;
        if again.1 != answer {
            told["fault"] = json!("double: the two answers differ");
        }
    }
    Ok(told)
}

/// The call as the ledger shows it.
fn shown(sim: &Sim, payment: &Payment, told: &Value, step: Step) -> Change {
    let text = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
    let status = told["status"].as_i64().unwrap_or_default();
    let event = method(step).to_owned();
    let mut hook: Hook = hooks::unsigned(sim, &Payme, payment, text("url"), event, &Value::Null);
    hook.body = text("body");
    hook.fault = told["fault"].as_str().map(str::to_owned);
    hook.attempts = 1;
    hook.answer = Some(status).filter(|s| *s > 0);
    hook.status = match status {
        200 => "delivered",
        0 if hook.fault.is_some() => "lost",
        _ => "failed",
    }
    .into();
    Change::Hook(hook)
}

/// What came of a call.
pub async fn answered(sim: &Sim, payment: Payment, told: &Value) -> anyhow::Result<Vec<Change>> {
    let mut sale = Sale::of(&payment);
    let asked: Option<Step> = serde_json::from_value(told["step"].clone()).ok();
    let Some(step) = sale.next.filter(|next| Some(*next) == asked) else {
        return Ok(Vec::new());
    };
    if let Some(later) = told["later"].as_i64() {
        return Ok(vec![task(sim, "merchant", &payment.id, later)]);
    }
    let mut changes = vec![shown(sim, &payment, told, step)];
    let answer = &told["answer"];
    let own_failure = answer["error"]["code"] == -32_400;
    let silent = !answer.is_object() || own_failure;
    if silent && sale.tries < TRIES {
        let pause = (PAUSE_MS << sale.tries.clamp(0, 6)).min(LONGEST_MS);
        sale.tries += 1;
        changes.push(task(sim, "merchant", &payment.id, pause));
        let status = payment.status.clone();
        changes.push(saved(sim, payment, &status, sale));
        return Ok(changes);
    }
    let more = if answer["id"] != json!(sale.request) && !silent {
        wrong(
            sim,
            payment,
            sale,
            step,
            &refusal(-31_623, "The id was not echoed"),
        )
        .await?
    } else if answer["result"].is_object() {
        taken(sim, payment, sale, step, &answer["result"]).await?
    } else {
        let error = if silent {
            refusal(-31_622, "The merchant does not answer")
        } else {
            answer["error"].clone()
        };
        wrong(sim, payment, sale, step, &error).await?
    };
    changes.extend(more);
    Ok(changes)
}

fn is_time(value: &Value) -> bool {
    value.as_i64().is_some_and(|ms| ms > 1_000_000_000_000)
}

async fn taken(
    sim: &Sim,
    payment: Payment,
    mut sale: Sale,
    step: Step,
    result: &Value,
) -> anyhow::Result<Vec<Change>> {
    let theirs = result["transaction"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let held = sale.is_held();
    let fits = match step {
        Step::CheckPerform => result["allow"] == true,
        Step::Create => {
            result["state"] == 1 && is_time(&result["create_time"]) && !theirs.is_empty()
        }
        Step::Perform => {
            result["state"] == 2 && is_time(&result["perform_time"]) && !theirs.is_empty()
        }
        Step::Cancel(_) => {
            let state = if held { -1 } else { -2 };
            result["state"] == state && is_time(&result["cancel_time"]) && !theirs.is_empty()
        }
    };
    if !fits {
        let error = refusal(
            -31_623,
            "The merchant's answer is not what the protocol says",
        );
        return wrong(sim, payment, sale, step, &error).await;
    }
    sale.next = None;
    let state = result["state"].as_i64().unwrap_or_default();
    if let Some(transaction) = sale.transaction.as_mut().filter(|_| state != 0) {
        transaction.state = state;
        transaction.theirs = theirs;
    }
    match (step, sale.plan) {
        (Step::CheckPerform, _) => {
            sale.next = Some(Step::Create);
            begin(sim, payment, sale, 0).await
        }
        (Step::Create, Plan::Pay) => {
            sale.next = Some(Step::Perform);
            begin(sim, payment, sale, 0).await
        }
        (Step::Create, Plan::Refuse { reason, after_ms }) => {
            sale.next = Some(Step::Cancel(reason));
            begin(sim, payment, sale, after_ms).await
        }
        (Step::Create, Plan::Hold) => Ok(vec![saved(sim, payment, "held", sale)]),
        (Step::Perform, _) => Ok(paid(sim, payment, sale)),
        (Step::Cancel(_), _) if !held => Ok(subscribe::given_back(sim, payment, sale)),
        (Step::Cancel(reason), _) => {
            let code = if reason == 2 { -31_630 } else { -32_400 };
            let error = refusal(code, "The payment was refused");
            Ok(declined(sim, payment, sale, error))
        }
    }
}

/// A refusal, or an answer that the protocol does not have.
async fn wrong(
    sim: &Sim,
    payment: Payment,
    mut sale: Sale,
    step: Step,
    error: &Value,
) -> anyhow::Result<Vec<Change>> {
    sale.next = None;
    match step {
        Step::CheckPerform | Step::Create => {
            sale.transaction = None;
            Ok(declined(sim, payment, sale, error.clone()))
        }
        Step::Perform => {
            sale.error = error.clone();
            sale.next = Some(Step::Cancel(3));
            begin(sim, payment, sale, 0).await
        }
        Step::Cancel(_) if sale.is_held() => {
            if let Some(transaction) = sale.transaction.as_mut() {
                transaction.state = -1;
            }
            Ok(declined(sim, payment, sale, error.clone()))
        }
        // The merchant does not give the money back.
        Step::Cancel(_) => Ok(subscribe::kept(sim, payment, sale, error.clone())),
    }
}
