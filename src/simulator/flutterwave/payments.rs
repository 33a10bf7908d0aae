//! Links and transactions: create, disable, verify, list, and a hook sent again.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::tries::{changed, told};
use super::{
    CURRENCIES, Flutterwave, LOWER, MINUTE, Merchant, NAME, Sale, Try, about, by_number, fail,
    merchant, minor_of, no_transaction, parse, reference_of, settings, success, wire,
};
use crate::simulator::clock::iso;
use crate::simulator::faults::About;
use crate::simulator::ledger::{Account, Change, Payment, Task};
use crate::simulator::pages::web_address;
use crate::simulator::{Reply, Sim, random_text, text_of};

const PAGE: usize = 10;
/// What a session lasts where the merchant does not say, and at most, in minutes.
const SESSION: i64 = 30;
const SESSION_MOST: i64 = 1_440;
const RETRIES: usize = 5;

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted = parse(&body);
    let reference = wanted.as_ref().and_then(|w| text_of(w, "tx_ref"));
    let task = sim.clone();
    sim.answer(&Flutterwave, "start", about(reference), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let Some(wanted) = wanted else {
            return Ok(fail(400, "The request body is not valid JSON"));
        };
        open(&task, &merchant, &wanted).await
    })
    .await
}

/// What a link is to take, and for how many minutes.
struct Wanted {
    sale: Sale,
    reference: String,
    amount: i64,
    currency: String,
    minutes: i64,
}

/// What the fields of a create call must be.
fn checked(wanted: &Value, account: &Value) -> Result<Wanted, Reply> {
    let refuse = |message: &str| Err(fail(400, message));
    let Some(reference) = text_of(wanted, "tx_ref").filter(|r| !r.trim().is_empty()) else {
        return refuse("tx_ref is required");
    };
    let currency = wanted["currency"].as_str().unwrap_or("NGN").to_owned();
    let enabled = account["currencies"]
        .as_array()
        .is_none_or(|c| c.contains(&json!(currency)));
    if !CURRENCIES.contains(&currency.as_str()) || !enabled {
        return refuse("Currency not supported for this merchant");
    }
    if wanted["amount"].is_null() {
        return refuse("amount is required");
    }
    let Some(amount) = minor_of(&wanted["amount"], &currency) else {
        return refuse("amount must be a positive number of the currency's units");
    };
    let customer = &wanted["customer"];
    let email = customer["email"].as_str().unwrap_or_default().trim();
    let valid = |(name, host): (&str, &str)| !name.is_empty() && host.contains('.');
    if email.is_empty() {
        return refuse("customer.email is required");
    }
    if !email.split_once('@').is_some_and(valid) || email.contains(char::is_whitespace) {
        return refuse("customer.email must be a valid email");
    }
    let redirect_url = wanted["redirect_url"].as_str().map(str::to_owned);
    let bad = |u: &str| web_address(u).is_none();
    if redirect_url.as_deref().is_some_and(bad) {
        return refuse("redirect_url must be a valid URL");
    }
    let configured = &wanted["configurations"];
    let minutes = match &configured["session_duration"] {
        Value::Null => SESSION,
        given => match given.as_i64().filter(|m| (1..=SESSION_MOST).contains(m)) {
            Some(minutes) => minutes,
            None => return refuse("session_duration must be between 1 and 1440 minutes"),
        },
    };
    let retries = configured["max_retry_attempt"].as_u64();
    let options = wanted["payment_options"].as_str().unwrap_or_default();
    let phone = ["phonenumber", "phone_number"]
        .iter()
        .find_map(|field| text_of(customer, field));
    let sale = Sale {
        email: email.to_owned(),
        name: customer["name"]
            .as_str()
            .unwrap_or("Anonymous customer")
            .to_owned(),
        phone,
        redirect_url,
        options: options
            .split(',')
            .map(|option| option.trim().to_owned())
            .filter(|option| !option.is_empty())
            .collect(),
        meta: wanted["meta"].clone(),
        title: wanted["customizations"]["title"]
            .as_str()
            .map(str::to_owned),
        max_retries: retries
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(RETRIES),
        payer_bears_fee: account["payer_bears_fee"] == true,
        ..Sale::default()
    };
    Ok(Wanted {
        sale,
        reference,
        amount,
        currency,
        minutes,
    })
}

/// The same `tx_ref` again gives a second link: there is no idempotency.
async fn open(sim: &Sim, merchant: &Merchant, body: &Value) -> anyhow::Result<Reply> {
    let account = sim.ledger.account(NAME, &merchant.key).await?;
    let known = account.as_ref().map_or(Value::Null, |a| a.data.clone());
    let mut wanted = match checked(body, &known) {
        Ok(wanted) => wanted,
        Err(refused) => return Ok(refused),
    };
    wanted.sale.customer = sim
        .ledger
        .next_number("flutterwave_customer", 215_604_089)
        .await?;
    let now = sim.clock.now();
    let payment = Payment {
        provider: NAME.into(),
        id: format!("flwlnk-{}", random_text(LOWER, 26)),
        account: merchant.key.clone(),
        mode: merchant.mode.into(),
        reference: wanted.reference,
        amount: wanted.amount,
        currency: wanted.currency,
        status: "open".into(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: wanted.sale.phone.clone(),
        data: wanted.sale.into_value(),
        created_at: now,
        updated_at: now,
    };
    let link = format!("{}/{NAME}/v3/hosted/pay/{}", sim.url, payment.id);
    let mut changes = vec![Change::Task(Task {
        id: 0,
        provider: NAME.into(),
        kind: "session".into(),
        subject: payment.id.clone(),
        due_at: now + wanted.minutes * MINUTE,
    })];
    changes.push(Change::Payment(payment));
    if account.is_none() {
        changes.push(Change::Account(Account {
            provider: NAME.into(),
            id: merchant.key.clone(),
            hook_url: None,
            data: json!({}),
        }));
    }
    sim.commit(changes).await?;
    Ok(success("Hosted Link", json!({ "link": link })))
}

pub async fn disable(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let link = parse(&body)
        .and_then(|w| text_of(&w, "link"))
        .unwrap_or_default();
    let prefix = format!("{}/{NAME}/v3/hosted/pay/", sim.url);
    let id = link.strip_prefix(&prefix).unwrap_or_default().to_owned();
    let found = sim.ledger.payment(NAME, &id).await.ok().flatten();
    let reference = found.map(|p| p.reference);
    let task = sim.clone();
    sim.answer(&Flutterwave, "close", about(reference), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let found = task.ledger.payment(NAME, &id).await?;
        let Some(payment) = found.filter(|p| p.account == merchant.key) else {
            return Ok(fail(400, "Invalid payment link"));
        };
        let mut sale = Sale::of(&payment);
        if sale.closed.is_some() {
            return Ok(fail(400, "This payment link is currently inactive"));
        }
        sale.closed = Some("disabled".into());
        let status = match sale.paid() {
            Some(_) => "successful",
            None => "disabled",
        };
        task.commit(vec![changed(&task, payment, status, sale)])
            .await?;
        Ok(success("LINK DISABLED", json!(true)))
    })
    .await
}

pub async fn verify(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let about = about(reference_of(&sim, &id).await);
    sim.answer(&Flutterwave, "fetch", about, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let found = by_number(&task, &id).await?;
        Ok(match found.filter(|(p, _)| p.account == merchant.key) {
            Some((payment, attempt)) => success(
                "Transaction fetched successfully",
                wire::transaction(&payment, &Sale::of(&payment), &attempt),
            ),
            None => no_transaction(404),
        })
    })
    .await
}

#[derive(Deserialize)]
pub struct Asked {
    tx_ref: Option<String>,
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
    page: Option<usize>,
}

/// All tries of a merchant, the newest first.
async fn tries(sim: &Sim, merchant: &Merchant) -> anyhow::Result<Vec<(Payment, Try)>> {
    let mut all = Vec::new();
    for payment in sim.ledger.payments().await? {
        if payment.provider == NAME && payment.account == merchant.key {
            let sale = Sale::of(&payment);
            all.extend(sale.tries.into_iter().map(|t| (payment.clone(), t)));
        }
    }
    all.sort_by_key(|(_, t)| std::cmp::Reverse(t.id));
    Ok(all)
}

/// Which of several tries it tells is not documented; here the newest.
pub async fn verify_by_reference(
    State(sim): State<Sim>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let reference = asked.tx_ref;
    let about = about(reference.clone());
    sim.answer(&Flutterwave, "fetch", about, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let Some(reference) = reference else {
            return Ok(fail(400, "tx_ref is required"));
        };
        let all = tries(&task, &merchant).await?;
        let found = all.into_iter().find(|(p, _)| p.reference == reference);
        Ok(match found {
            Some((payment, attempt)) => success(
                "Transaction fetched successfully",
                wire::transaction(&payment, &Sale::of(&payment), &attempt),
            ),
            None => no_transaction(400),
        })
    })
    .await
}

/// A page of ten rows and the `meta` beside them.
pub fn cut(rows: Vec<Value>, page: Option<usize>, message: &str) -> Reply {
    let (total, page) = (rows.len(), page.unwrap_or(1).max(1));
    let skipped = (page - 1).saturating_mul(PAGE);
    let data: Vec<Value> = rows.into_iter().skip(skipped).take(PAGE).collect();
    Reply::ok(json!({
        "status": "success",
        "message": message,
        "meta": {"page_info": {
            "total": total, "current_page": page, "total_pages": total.div_ceil(PAGE),
        }},
        "data": data,
    }))
}

/// Whether a moment lies between two days, `YYYY-MM-DD`, both included.
pub fn between(moment: i64, from: Option<&str>, to: Option<&str>) -> bool {
    let written = iso(moment);
    let day = &written[..10];
    from.is_none_or(|from| day >= from) && to.is_none_or(|to| day <= to)
}

pub async fn list(
    State(sim): State<Sim>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let about = about(asked.tx_ref.clone());
    sim.answer(&Flutterwave, "list", about, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let fits = |wanted: &Option<String>, have: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == have)
        };
        let (from, to) = (asked.from.as_deref(), asked.to.as_deref());
        let rows = tries(&task, &merchant)
            .await?
            .into_iter()
            .filter(|(p, t)| {
                fits(&asked.tx_ref, &p.reference)
                    && fits(&asked.status, &t.status)
                    && between(t.created_at, from, to)
            })
            .map(|(payment, attempt)| {
                let mut row = wire::transaction(&payment, &Sale::of(&payment), &attempt);
                // In lists the number is a text.
                row["id"] = json!(attempt.id.to_string());
                row
            })
            .collect();
        Ok(cut(rows, asked.page, "Transactions fetched"))
    })
    .await
}

pub async fn resend_hook(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let about: About = about(reference_of(&sim, &id).await);
    sim.answer(&Flutterwave, "resend_hook", about, async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let found = by_number(&task, &id).await?;
        let Some((payment, attempt)) = found.filter(|(p, _)| p.account == merchant.key) else {
            return Ok(no_transaction(404));
        };
        if settings(&task, &merchant.key).await?.0.is_none() {
            return Ok(fail(400, "No webhook URL is set"));
        }
        let hooks = told(&task, &payment, &Sale::of(&payment), &attempt).await?;
        task.commit(hooks).await?;
        Ok(success("hook sent successfully", json!("hook sent")))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_included_at_both_ends() {
        let now = 1_767_605_349_000; // 2026-01-05
        assert!(between(now, Some("2026-01-05"), Some("2026-01-05")));
        assert!(!between(now, Some("2026-01-06"), None));
        assert!(!between(now, None, Some("2026-01-04")));
        assert!(between(now, None, None));
    }
}
