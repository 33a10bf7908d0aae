//! Paybill and till without a prompt: registering addresses, a customer who pays by hand, the
//! validation question and the confirmation.

use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Mode, Mpesa, NAME, Prompt, caller, checks, fail, invalid, new_receipt, parse, tell};
use crate::simulator::clock::nairobi;
use crate::simulator::faults::About;
use crate::simulator::ledger::{Account, Change, Payment, Task};
use crate::simulator::{Reply, Sim, text_of};

/// How long a merchant has to answer the validation question.
const PATIENCE: Duration = Duration::from_secs(8);
const REJECTED: &str = "The merchant's validation turned it away.";

pub async fn register_v1(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    register(sim, mode, headers, body, 1).await
}

pub async fn register_v2(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    register(sim, mode, headers, body, 2).await
}

fn place(mode: &str, shortcode: &str) -> String {
    format!("{mode}:{shortcode}")
}

async fn register(sim: Sim, mode: Mode, headers: HeaderMap, body: Bytes, version: u8) -> Response {
    let wanted = parse(&headers, &body);
    let shortcode = wanted.as_ref().ok().and_then(|w| text_of(w, "ShortCode"));
    let about = About {
        reference: shortcode.clone(),
        phone: None,
    };
    let task = sim.clone();
    sim.answer(&Mpesa, "register", about, async move {
        if let Err(refused) = caller(&task, mode, &headers).await? {
            return Ok(refused);
        }
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(refused) => return Ok(refused),
        };
        let Some(shortcode) = shortcode.filter(|s| checks::is_shortcode(s)) else {
            return Ok(invalid("ShortCode"));
        };
        let text = |name: &str| text_of(&wanted, name).unwrap_or_default();
        if !["Completed", "Cancelled"].contains(&text("ResponseType").as_str()) {
            return Ok(invalid("ResponseType"));
        }
        for address in ["ConfirmationURL", "ValidationURL"] {
            if !checks::is_callback(&text(address), mode) {
                return Ok(invalid(address));
            }
        }
        let id = place(mode.0, &shortcode);
        if mode.0 == "live" && task.ledger.object(NAME, "c2b", &id).await?.is_some() {
            return Ok(fail(500, "500.003.1001", "Urls are already registered."));
        }
        let data = json!({
            "version": version,
            "unreachable": text("ResponseType"),
            "confirmation": text("ConfirmationURL"),
            "validation": text("ValidationURL"),
        });
        let object = Change::Object {
            provider: NAME.into(),
            kind: "c2b".into(),
            id,
            data,
        };
        task.commit(vec![object]).await?;
        Ok(accepted())
    })
    .await
}

fn accepted() -> Reply {
    Reply::ok(json!({
        "OriginatorCoversationID": super::new_request_id(),
        "ResponseCode": "0",
        "ResponseDescription": "Success",
    }))
}

pub async fn simulate(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wanted = parse(&headers, &body);
    let field = |name: &str| wanted.as_ref().ok().and_then(|w| text_of(w, name));
    let about = About {
        reference: field("BillRefNumber"),
        phone: field("Msisdn"),
    };
    let task = sim.clone();
    sim.answer(&Mpesa, "simulate", about, async move {
        if mode.0 == "live" {
            return Ok(fail(404, "404.001.01", "Resource not found"));
        }
        if let Err(refused) = caller(&task, mode, &headers).await? {
            return Ok(refused);
        }
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(refused) => return Ok(refused),
        };
        let command = text_of(&wanted, "CommandID").unwrap_or_default();
        if !["CustomerPayBillOnline", "CustomerBuyGoodsOnline"].contains(&command.as_str()) {
            return Ok(invalid("CommandID"));
        }
        let by_hand = ByHand {
            mode: mode.0,
            shortcode: text_of(&wanted, "ShortCode").unwrap_or_default(),
            account: text_of(&wanted, "BillRefNumber").unwrap_or_default(),
            amount: checks::shillings(&wanted["Amount"]),
            phone: text_of(&wanted, "Msisdn").unwrap_or_default(),
            buy_goods: command == "CustomerBuyGoodsOnline",
            name: "JOHN".into(),
        };
        match by_hand.open(&task) {
            Ok(changes) => {
                task.commit(changes.1).await?;
                Ok(accepted())
            }
            Err(field) => Ok(invalid(field)),
        }
    })
    .await
}

/// A payment that a customer types on the phone.
pub struct ByHand {
    pub mode: &'static str,
    pub shortcode: String,
    pub account: String,
    pub amount: Option<i64>,
    pub phone: String,
    pub buy_goods: bool,
    pub name: String,
}

impl ByHand {
    /// The receipt and what is to be committed; or the field that is wrong.
    pub fn open(self, sim: &Sim) -> Result<(String, Vec<Change>), &'static str> {
        if !checks::is_shortcode(&self.shortcode) {
            return Err("ShortCode");
        }
        let amount = self.amount.ok_or("Amount")?;
        if !checks::is_msisdn(&self.phone) {
            return Err("Msisdn");
        }
        if self.account.chars().count() > 20 || (self.account.is_empty() && !self.buy_goods) {
            return Err("BillRefNumber");
        }
        let now = sim.clock.now();
        let receipt = new_receipt();
        let prompt = Prompt {
            kind: "c2b".into(),
            transaction_type: if self.buy_goods {
                "Buy Goods"
            } else {
                "Pay Bill"
            }
            .into(),
            first_name: self.name,
            ..Prompt::default()
        };
        let payment = Payment {
            provider: NAME.into(),
            id: receipt.clone(),
            account: self.shortcode,
            mode: self.mode.into(),
            reference: self.account,
            amount,
            currency: "KES".into(),
            status: "validating".into(),
            receipt: None,
            refunded: 0,
            attempts: 0,
            phone: Some(self.phone),
            data: prompt.into_value(),
            created_at: now,
            updated_at: now,
        };
        let task = Task {
            id: 0,
            provider: NAME.into(),
            kind: "c2b".into(),
            subject: receipt.clone(),
            due_at: now,
        };
        Ok((receipt, vec![Change::Payment(payment), Change::Task(task)]))
    }
}

/// `POST /_control/pay`
pub async fn pay(sim: &Sim, wanted: &Value) -> anyhow::Result<Result<Value, String>> {
    let mode = if wanted["mode"] == "live" {
        "live"
    } else {
        "test"
    };
    let by_hand = ByHand {
        mode,
        shortcode: text_of(wanted, "shortcode").unwrap_or_default(),
        account: text_of(wanted, "account").unwrap_or_default(),
        amount: checks::shillings(&wanted["amount"]),
        phone: text_of(wanted, "phone").unwrap_or_else(|| "254712345678".into()),
        buy_goods: wanted["buy_goods"] == json!(true),
        name: text_of(wanted, "name").unwrap_or_else(|| "JANE".into()),
    };
    Ok(match by_hand.open(sim) {
        Ok((receipt, changes)) => {
            sim.commit(changes).await?;
            Ok(json!({"receipt": receipt}))
        }
        Err(field) => Err(format!("{field} is not valid")),
    })
}

/// The merchant that a business number belongs to: by its short code, or by its till.
async fn merchant(sim: &Sim, number: &str) -> anyhow::Result<Option<Account>> {
    let accounts = sim.ledger.accounts(NAME).await?;
    let till = |a: &&Account| a.data["till_number"].as_str() == Some(number);
    let found = accounts.iter().find(|a| a.id == number);
    Ok(found.or_else(|| accounts.iter().find(till)).cloned())
}

/// What was registered for a payment's business number, in the payment's mode.
async fn addresses(sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Value>> {
    let own = place(&payment.mode, &payment.account);
    if let Some(at) = sim.ledger.object(NAME, "c2b", &own).await? {
        return Ok(Some(at));
    }
    let Some(merchant) = merchant(sim, &payment.account).await? else {
        return Ok(None);
    };
    let head = place(&payment.mode, &merchant.id);
    sim.ledger.object(NAME, "c2b", &head).await
}

/// The body of validation and confirmation; all values are text.
fn told(payment: &Payment, version: i64, third_party: &str, balance: &str) -> Value {
    let prompt = Prompt::of(payment);
    let phone = payment.phone.as_deref().unwrap_or_default();
    let shown = if version == 1 {
        hex::encode(Sha256::digest(phone.as_bytes()))
    } else {
        format!("{} ***** {}", &phone[..4], &phone[phone.len() - 3..])
    };
    json!({
        "TransactionType": prompt.transaction_type,
        "TransID": payment.receipt.as_deref().unwrap_or(&payment.id),
        "TransTime": nairobi(payment.created_at, "%Y%m%d%H%M%S"),
        "TransAmount": format!("{}.00", payment.amount),
        "BusinessShortCode": payment.account,
        "BillRefNumber": payment.reference,
        "InvoiceNumber": "",
        "OrgAccountBalance": balance,
        "ThirdPartyTransID": third_party,
        "MSISDN": shown,
        "FirstName": prompt.first_name,
        "MiddleName": "",
        "LastName": "",
    })
}

/// Asks the merchant whether the payment is welcome: the answer, or null when none came.
pub async fn validate(sim: &Sim, task: &Task) -> anyhow::Result<Value> {
    let Some(payment) = sim.ledger.payment(NAME, &task.subject).await? else {
        return Ok(Value::Null);
    };
    let Some(at) = addresses(sim, &payment).await? else {
        return Ok(Value::Null);
    };
    let asks = merchant(sim, &payment.account).await?;
    if !asks.is_some_and(|a| a.data["validation"] == json!(true)) {
        return Ok(json!({"ResultCode": "0"}));
    }
    let about = About {
        reference: Some(payment.reference.clone()),
        phone: payment.phone.clone(),
    };
    // Whatever is planted here, the merchant's answer does not come in time.
    if sim.faults.take(NAME, "validation", &about).is_some() {
        return Ok(Value::Null);
    }
    let url = at["validation"].as_str().unwrap_or_default();
    let body = told(&payment, at["version"].as_i64().unwrap_or(2), "", "");
    let asked = sim
        .http
        .post(url)
        .timeout(PATIENCE)
        .json(&body)
        .send()
        .await;
    let Ok(answer) = asked else {
        return Ok(Value::Null);
    };
    Ok(answer.json::<Value>().await.unwrap_or_default())
}

/// Takes the money and confirms it, or turns the customer away.
pub async fn settle(sim: &Sim, task: &Task, answer: &Value) -> anyhow::Result<Vec<Change>> {
    let Some(mut payment) = sim.ledger.payment(NAME, &task.subject).await? else {
        return Ok(Vec::new());
    };
    let at = addresses(sim, &payment).await?;
    let welcome = match (&at, text_of(answer, "ResultCode")) {
        (None, _) => true,
        (Some(_), Some(code)) => code.bytes().all(|b| b == b'0'),
        (Some(at), None) => at["unreachable"] == "Completed",
    };
    payment.updated_at = sim.clock.now();
    payment.attempts = 1;
    let mut prompt = Prompt::of(&payment);
    if !welcome {
        payment.status = "rejected".into();
        prompt.result_code = text_of(answer, "ResultCode");
        prompt.result_desc = Some(REJECTED.into());
        payment.data = prompt.into_value();
        return Ok(vec![Change::Payment(payment)]);
    }
    prompt.result_code = Some("0".into());
    prompt.finished_at = Some(payment.updated_at);
    prompt.validated = !answer.is_null();
    prompt.third_party = text_of(answer, "ThirdPartyTransID").unwrap_or_default();
    payment.data = prompt.into_value();
    payment.status = "paid".into();
    payment.receipt = Some(payment.id.clone());
    let mut changes = vec![Change::Payment(payment.clone())];
    changes.extend(confirm(sim, &payment).await?);
    Ok(changes)
}

/// Tells the merchant that money came, where it registered an address for that.
async fn confirm(sim: &Sim, payment: &Payment) -> anyhow::Result<Vec<Change>> {
    let Some(at) = addresses(sim, payment).await? else {
        return Ok(Vec::new());
    };
    let version = at["version"].as_i64().unwrap_or(2);
    let third_party = Prompt::of(payment).third_party;
    let body = told(payment, version, &third_party, "100000.00");
    let url = at["confirmation"].as_str().unwrap_or_default().to_owned();
    tell(sim, payment, url, "c2bConfirmation", body).await
}

/// A prompt that was paid may come a second time, as a confirmation with the same receipt. Whether
/// Safaricom does that is not documented: an account asks for it with `c2b_echo`.
pub async fn echo(sim: &Sim, payment: &Payment) -> anyhow::Result<Vec<Change>> {
    let account = sim.ledger.account(NAME, &payment.account).await?;
    if payment.receipt.is_none() || !account.is_some_and(|a| a.data["c2b_echo"] == json!(true)) {
        return Ok(Vec::new());
    }
    let mut same = payment.clone();
    let mut prompt = Prompt::of(payment);
    prompt.transaction_type = if prompt.transaction_type == "CustomerBuyGoodsOnline" {
        "Buy Goods"
    } else {
        "Pay Bill"
    }
    .into();
    prompt.first_name = "JANE".into();
    same.data = prompt.into_value();
    confirm(sim, &same).await
}
