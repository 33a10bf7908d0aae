//! STK push: the prompt, its answer, the callback and the query.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::checks::{self, Password};
use super::phone::by_person;
use super::{
    LOWER, Mode, Mpesa, NAME, Prompt, c2b, caller, fail, invalid, new_receipt, parse, tell,
};
use crate::simulator::clock::nairobi;
use crate::simulator::faults::About;
use crate::simulator::ledger::{Change, Payment, Task};
use crate::simulator::{Reply, Sim, random_text, text_of};

/// How long an unanswered prompt stays on the phone.
const UNANSWERED: i64 = 60_000;
/// How long the same amount from the same customer counts as a repetition.
const REPEAT: i64 = 120_000;
const MOST: i64 = 250_000;

pub async fn push(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wanted = parse(&headers, &body);
    let field = |name: &str| wanted.as_ref().ok().and_then(|w| text_of(w, name));
    let about = About {
        reference: field("AccountReference"),
        phone: field("PhoneNumber"),
    };
    let task = sim.clone();
    sim.answer(&Mpesa, "push", about, async move {
        let key = match caller(&task, mode, &headers).await? {
            Ok(key) => key,
            Err(refused) => return Ok(refused),
        };
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(refused) => return Ok(refused),
        };
        if let Err(refused) = credentials(&task, &key, &wanted).await? {
            return Ok(refused);
        }
        match checked(&wanted, mode) {
            Ok(payment) => open(&task, payment).await,
            Err(refused) => Ok(refused),
        }
    })
    .await
}

/// Shortcode, timestamp and password.
async fn credentials(
    sim: &Sim,
    consumer_key: &str,
    wanted: &Value,
) -> anyhow::Result<Result<(), Reply>> {
    let text = |name: &str| text_of(wanted, name).unwrap_or_default();
    let shortcode = text("BusinessShortCode");
    if !checks::is_shortcode(&shortcode) {
        return Ok(Err(invalid("BusinessShortCode")));
    }
    let timestamp = text("Timestamp");
    if !checks::is_timestamp(&timestamp) {
        return Ok(Err(invalid("Timestamp")));
    }
    let accounts = sim.ledger.accounts(NAME).await?;
    let of_key = accounts
        .iter()
        .find(|a| a.data["consumer_key"] == json!(consumer_key));
    if of_key.is_some_and(|a| a.id != shortcode) {
        return Ok(Err(fail(500, "500.001.1001", "Merchant does not exist")));
    }
    let registered = accounts.iter().find(|a| a.id == shortcode);
    let passkey = registered
        .and_then(|a| a.data["passkey"].as_str())
        .or((shortcode == checks::SANDBOX.0).then_some(checks::SANDBOX.1));
    Ok(
        match checks::password(&text("Password"), &shortcode, passkey, &timestamp) {
            Password::Right => Ok(()),
            Password::Wrong => Err(fail(500, "500.001.1001", "Wrong credentials")),
            Password::Malformed => Err(invalid("Password")),
        },
    )
}

/// The other fields, as a payment without its ids.
fn checked(wanted: &Value, mode: Mode) -> Result<Payment, Reply> {
    let text = |name: &str| text_of(wanted, name).unwrap_or_default();
    let transaction_type = text("TransactionType");
    if !["CustomerPayBillOnline", "CustomerBuyGoodsOnline"].contains(&transaction_type.as_str()) {
        return Err(invalid("TransactionType"));
    }
    let amount = checks::shillings(&wanted["Amount"]).ok_or_else(|| invalid("Amount"))?;
    if !checks::is_msisdn(&text("PartyA")) {
        return Err(invalid("PartyA"));
    }
    let phone = text("PhoneNumber");
    if !checks::is_msisdn(&phone) {
        return Err(invalid("PhoneNumber"));
    }
    let party_b = text("PartyB");
    if !checks::is_shortcode(&party_b) {
        return Err(invalid("PartyB"));
    }
    let callback_url = text("CallBackURL");
    if !checks::is_callback(&callback_url, mode) {
        return Err(invalid("CallBackURL"));
    }
    let reference = text("AccountReference");
    if reference.is_empty() || reference.len() > 12 || !checks::is_plain(&reference) {
        return Err(invalid("AccountReference"));
    }
    let description = text("TransactionDesc");
    if description.len() > 13 || !checks::is_plain(&description) {
        return Err(invalid("TransactionDesc"));
    }
    let shortcode = text("BusinessShortCode");
    let paybill = transaction_type == "CustomerPayBillOnline";
    let planned = if amount > MOST {
        "3"
    } else if paybill && party_b != shortcode {
        "2028"
    } else {
        checks::planned(&phone)
    };
    let prompt = Prompt {
        kind: "stk".into(),
        transaction_type,
        party_b,
        callback_url,
        description,
        planned: planned.into(),
        ..Prompt::default()
    };
    Ok(Payment {
        provider: NAME.into(),
        id: String::new(),
        account: shortcode,
        mode: mode.0.into(),
        reference,
        amount,
        currency: "KES".into(),
        status: "open".into(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: Some(phone),
        data: prompt.into_value(),
        created_at: 0,
        updated_at: 0,
    })
}

async fn open(sim: &Sim, mut payment: Payment) -> anyhow::Result<Reply> {
    let now = sim.clock.now();
    let phone = payment.phone.clone().unwrap_or_default();
    let mut prompt = Prompt::of(&payment);
    let before: Vec<Payment> = sim
        .ledger
        .payments_of_phone(NAME, &phone, now - REPEAT)
        .await?
        .into_iter()
        .filter(|p| {
            let earlier = Prompt::of(p);
            p.mode == payment.mode && earlier.kind == "stk" && earlier.planned != "17"
        })
        .collect();
    let repeats = |p: &Payment| p.account == payment.account && p.amount == payment.amount;
    if before.iter().any(repeats) {
        prompt.planned = "17".into();
    } else if before.iter().any(|p| p.status == "open") {
        let message = "Unable to lock subscriber, a transaction is already in process for the \
                       current subscriber";
        return Ok(fail(500, "500.001.1001", message));
    }
    let a_person = sim.ledger.setting(by_person(&payment.mode)).await?;
    if a_person == Some(1) && !["17", "3", "2028"].contains(&prompt.planned.as_str()) {
        prompt.planned = "never".into();
    }
    payment.created_at = now;
    payment.updated_at = now;
    loop {
        let nth = random_text(&LOWER[6..], 3);
        payment.id = format!("ws_CO_{}{nth}{}", nairobi(now, "%d%m%Y%H%M%S"), &phone[3..]);
        if sim.ledger.payment(NAME, &payment.id).await?.is_none() {
            break;
        }
    }
    prompt.merchant_request_id = super::new_request_id();
    let answer = json!({
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": payment.id,
        "ResponseCode": "0",
        "ResponseDescription": "Success. Request accepted for processing",
        "CustomerMessage": "Success. Request accepted for processing",
    });
    let due_at = match prompt.planned.as_str() {
        "never" => now + UNANSWERED,
        "17" | "3" | "2028" => now + 1_000,
        _ => now + sim.prompt_delay,
    };
    payment.data = prompt.into_value();
    let task = later(&payment, due_at);
    sim.commit(vec![Change::Payment(payment), task]).await?;
    Ok(Reply::ok(answer))
}

fn later(payment: &Payment, due_at: i64) -> Change {
    Change::Task(Task {
        id: 0,
        provider: NAME.into(),
        kind: "prompt".into(),
        subject: payment.id.clone(),
        due_at,
    })
}

/// The prompt's time has come.
pub async fn answer(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let Some(payment) = sim.ledger.payment(NAME, &task.subject).await? else {
        return Ok(Vec::new());
    };
    if payment.status != "open" {
        return Ok(Vec::new());
    }
    let planned = Prompt::of(&payment).planned;
    finish(
        sim,
        payment,
        if planned == "never" { "1037" } else { &planned },
    )
    .await
}

/// What a person or a test decides. Money may also come after a prompt has failed.
pub async fn decide(
    sim: &Sim,
    payment: Payment,
    outcome: &str,
) -> anyhow::Result<Result<Vec<Change>, String>> {
    let code = match outcome {
        "paid" | "success" => "0",
        "wrong_pin" | "declined" => "2001",
        "insufficient_funds" => "1",
        "cancelled" => "1032",
        "unreachable" | "expired" => "1037",
        "ignored" => return Ok(Ok(ignore(sim, payment))),
        _ => {
            return Ok(Err(
                "outcomes: paid, wrong_pin, insufficient_funds, cancelled, declined, \
                           unreachable, ignored"
                    .into(),
            ));
        }
    };
    if code != "0" && payment.status != "open" {
        return Ok(Err("the prompt is already answered".into()));
    }
    let forget = Change::Forget {
        provider: NAME.into(),
        subject: payment.id.clone(),
    };
    let mut changes = vec![forget];
    changes.extend(finish(sim, payment, code).await?);
    Ok(Ok(changes))
}

/// The customer looks away: the prompt runs out a minute after it was sent.
fn ignore(sim: &Sim, mut payment: Payment) -> Vec<Change> {
    if payment.status != "open" {
        return Vec::new();
    }
    let mut prompt = Prompt::of(&payment);
    prompt.planned = "never".into();
    payment.data = prompt.into_value();
    let due_at = (payment.created_at + UNANSWERED).max(sim.clock.now());
    let forget = Change::Forget {
        provider: NAME.into(),
        subject: payment.id.clone(),
    };
    vec![forget, later(&payment, due_at), Change::Payment(payment)]
}

/// Ends a prompt with a result code and queues its callback.
async fn finish(sim: &Sim, mut payment: Payment, code: &str) -> anyhow::Result<Vec<Change>> {
    let now = sim.clock.now();
    let mut prompt = Prompt::of(&payment);
    payment.status = match code {
        "0" => "paid",
        "1032" => "cancelled",
        "1037" | "1019" => "expired",
        _ => "failed",
    }
    .into();
    if code == "0" {
        payment.receipt = Some(new_receipt());
    }
    payment.attempts += 1;
    payment.updated_at = now;
    prompt.result_code = Some(code.into());
    prompt.result_desc = Some(checks::result_text(code).into());
    prompt.finished_at = Some(now);
    payment.data = prompt.clone().into_value();
    let body = callback(&payment, &prompt);
    let mut changes = vec![Change::Payment(payment.clone())];
    changes.extend(tell(sim, &payment, prompt.callback_url, "stkCallback", body).await?);
    changes.extend(c2b::echo(sim, &payment).await?);
    Ok(changes)
}

/// The callback: the code is a number here, and only success carries metadata.
pub fn callback(payment: &Payment, prompt: &Prompt) -> Value {
    let code = prompt.result_code.as_deref().unwrap_or_default();
    let code = code
        .parse::<i64>()
        .map_or_else(|_| json!(code), |n| json!(n));
    let mut told = json!({
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": payment.id,
        "ResultCode": code,
        "ResultDesc": prompt.result_desc,
    });
    if let Some(receipt) = &payment.receipt {
        let number = |text: &str| text.parse::<i64>().unwrap_or_default();
        let at = nairobi(prompt.finished_at.unwrap_or_default(), "%Y%m%d%H%M%S");
        told["CallbackMetadata"] = json!({"Item": [
            {"Name": "Amount", "Value": payment.amount},
            {"Name": "MpesaReceiptNumber", "Value": receipt},
            {"Name": "Balance"},
            {"Name": "TransactionDate", "Value": number(&at)},
            {"Name": "PhoneNumber", "Value": number(payment.phone.as_deref().unwrap_or_default())},
        ]});
    }
    json!({"Body": {"stkCallback": told}})
}

pub async fn query(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wanted = parse(&headers, &body);
    let id = wanted
        .as_ref()
        .ok()
        .and_then(|w| text_of(w, "CheckoutRequestID"));
    let task = sim.clone();
    let id = id.unwrap_or_default();
    let known = sim.ledger.payment(NAME, &id).await.ok().flatten();
    let about = About {
        reference: Some(
            known
                .as_ref()
                .map_or_else(|| id.clone(), |p| p.reference.clone()),
        ),
        phone: known.and_then(|p| p.phone),
    };
    sim.answer(&Mpesa, "query", about, async move {
        let key = match caller(&task, mode, &headers).await? {
            Ok(key) => key,
            Err(refused) => return Ok(refused),
        };
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(refused) => return Ok(refused),
        };
        if let Err(refused) = credentials(&task, &key, &wanted).await? {
            return Ok(refused);
        }
        if id.is_empty() {
            return Ok(invalid("CheckoutRequestID"));
        }
        let shortcode = text_of(&wanted, "BusinessShortCode").unwrap_or_default();
        let found = task.ledger.payment(NAME, &id).await?;
        let Some(payment) = found.filter(|p| p.account == shortcode && p.mode == mode.0) else {
            return Ok(fail(500, "500.001.1001", "The transaction does not Exist"));
        };
        let prompt = Prompt::of(&payment);
        let code = prompt.result_code.unwrap_or_else(|| "4999".into());
        Ok(Reply::ok(json!({
            "ResponseCode": "0",
            "ResponseDescription": "The service request has been accepted successfully",
            "MerchantRequestID": prompt.merchant_request_id,
            "CheckoutRequestID": payment.id,
            "ResultCode": code,
            "ResultDesc": checks::result_text(&code),
        })))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push_body(phone: &str) -> Value {
        json!({
            "BusinessShortCode": 174_379, "TransactionType": "CustomerPayBillOnline",
            "Amount": 10, "PartyA": phone, "PartyB": 174_379, "PhoneNumber": phone,
            "CallBackURL": "https://pay.example.com/hooks/0a1b/p1",
            "AccountReference": "AB12CD34EF56", "TransactionDesc": "Order 1",
        })
    }

    #[test]
    fn a_push_is_checked_field_by_field() {
        let mode = Mode("test");
        assert!(checked(&push_body("254712345678"), mode).is_ok());
        let bad = [
            ("TransactionType", json!("BusinessBuyGoods")),
            ("Amount", json!(1.5)),
            ("PartyA", json!("0712345678")),
            ("CallBackURL", json!("https://pay.example.com/mpesa")),
            ("AccountReference", json!("AB12CD34EF567")),
            ("AccountReference", json!("a@b")),
            ("TransactionDesc", json!("More than thirteen")),
        ];
        for (field, value) in bad {
            let mut body = push_body("254712345678");
            body[field] = value;
            let refused = checked(&body, mode).unwrap_err();
            let message = refused.body["errorMessage"].as_str().unwrap();
            assert_eq!(message, format!("Bad Request - Invalid {field}"));
            assert_eq!(refused.body["errorCode"], "400.002.02");
        }
    }

    #[test]
    fn callbacks_carry_numbers_and_metadata_only_for_success() {
        let mut payment = checked(&push_body("254712345678"), Mode("test")).unwrap();
        let mut prompt = Prompt::of(&payment);
        prompt.result_code = Some("1032".into());
        let told = callback(&payment, &prompt);
        assert_eq!(told["Body"]["stkCallback"]["ResultCode"], json!(1032));
        assert!(
            told["Body"]["stkCallback"]
                .get("CallbackMetadata")
                .is_none()
        );
        payment.receipt = Some("NLJ7RT61SV".into());
        prompt.result_code = Some("0".into());
        prompt.finished_at = Some(1_576_739_475_000);
        let told = callback(&payment, &prompt);
        let items = &told["Body"]["stkCallback"]["CallbackMetadata"]["Item"];
        assert_eq!(items[3]["Value"], json!(20_191_219_101_115_i64));
        assert_eq!(items[4]["Value"], json!(254_712_345_678_i64));
    }
}
