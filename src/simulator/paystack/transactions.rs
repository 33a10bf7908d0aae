//! Transactions: initialize, verify, fetch, list; and the two small calls a self-test asks.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    CHANNELS, CURRENCIES, LOWER, Merchant, NAME, Paystack, Sale, about, fail, looks_like_email,
    merchant, parse, subunits, wire,
};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Account, Change, Payment};
use crate::simulator::pages::web_address;
use crate::simulator::{Reply, Sim, random_text, text_of};

pub async fn initialize(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted = parse(&headers, &body);
    let reference = wanted.as_ref().and_then(|w| text_of(w, "reference"));
    let task = sim.clone();
    sim.answer(&Paystack, "initialize", about(reference), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let Some(wanted) = wanted else {
            return Ok(fail(400, "Invalid JSON body", Some("invalid_params")));
        };
        open(&task, &merchant, &wanted).await
    })
    .await
}

/// What the fields of an initialize call must be.
fn checked(wanted: &Value, account: Option<&Account>) -> Result<(Sale, i64, String), Reply> {
    let email = wanted["email"].as_str().unwrap_or_default().trim();
    if email.is_empty() {
        return Err(fail(
            400,
            "Email Address is required",
            Some("missing_params"),
        ));
    }
    if !looks_like_email(email) {
        return Err(fail(
            400,
            "Invalid Email Address Passed",
            Some("invalid_email_address"),
        ));
    }
    let amount = subunits(&wanted["amount"])
        .ok_or_else(|| fail(400, "Invalid Amount Sent", Some("invalid_params")))?;
    let enabled = |code: &str| {
        account
            .and_then(|a| a.data["currencies"].as_array())
            .is_none_or(|c| c.contains(&json!(code)))
    };
    let currency = wanted["currency"].as_str().unwrap_or("NGN").to_owned();
    let least = CURRENCIES
        .iter()
        .find(|(code, _)| *code == currency && enabled(code));
    let Some((_, least)) = least else {
        return Err(fail(400, "Currency not supported by merchant", None));
    };
    // West African francs have no subunit: what does not make a whole franc is ignored.
    let amount = if currency == "XOF" {
        amount / 100 * 100
    } else {
        amount
    };
    if amount < *least {
        return Err(fail(
            400,
            "Amount is less than the minimum",
            Some("invalid_params"),
        ));
    }
    let callback_url = wanted["callback_url"].as_str().map(str::to_owned);
    if callback_url
        .as_deref()
        .is_some_and(|u| web_address(u).is_none())
    {
        return Err(fail(400, "Invalid callback_url", Some("invalid_params")));
    }
    let channels: Vec<String> =
        serde_json::from_value(wanted["channels"].clone()).unwrap_or_default();
    if channels.iter().any(|c| !CHANNELS.contains(&c.as_str())) {
        return Err(fail(400, "Invalid channel", Some("invalid_params")));
    }
    let metadata = match &wanted["metadata"] {
        Value::Null => json!(""),
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        other => other.clone(),
    };
    let sale = Sale {
        email: email.into(),
        callback_url,
        channels,
        metadata,
        ..Sale::default()
    };
    Ok((sale, amount, currency))
}

async fn open(sim: &Sim, merchant: &Merchant, wanted: &Value) -> anyhow::Result<Reply> {
    let account = sim.ledger.account(NAME, &merchant.key).await?;
    let (mut sale, amount, currency) = match checked(wanted, account.as_ref()) {
        Ok(checked) => checked,
        Err(refused) => return Ok(refused),
    };
    let reference = text_of(wanted, "reference").unwrap_or_else(|| random_text(LOWER, 10));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-.=".contains(c);
    if reference.is_empty() || !reference.chars().all(allowed) {
        let message =
            "Invalid transaction reference. Only -,.,= and alphanumeric characters allowed";
        return Ok(fail(400, message, Some("invalid_params")));
    }
    if owned(sim, &merchant.key, &reference).await?.is_some() {
        let code = Some("duplicate_reference");
        return Ok(fail(400, "Duplicate Transaction Reference", code));
    }
    let number = sim
        .ledger
        .next_number("paystack_transaction", 5_104_021_987)
        .await?;
    sale.customer = 100_000 + number % 100_000;
    sale.access_code = random_text(LOWER, 15);
    let access_code = sale.access_code.clone();
    let now = sim.clock.now();
    let payment = Payment {
        provider: NAME.into(),
        id: number.to_string(),
        account: merchant.key.clone(),
        mode: merchant.mode.into(),
        reference: reference.clone(),
        amount,
        currency,
        status: "abandoned".into(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: None,
        data: sale.into_value(),
        created_at: now,
        updated_at: now,
    };
    let code = Change::Object {
        provider: NAME.into(),
        kind: "access_code".into(),
        id: access_code.clone(),
        data: json!(payment.id),
    };
    let mut changes = vec![Change::Payment(payment), code];
    if account.is_none() {
        changes.push(Change::Account(Account {
            provider: NAME.into(),
            id: merchant.key.clone(),
            hook_url: None,
            data: json!({}),
        }));
    }
    sim.commit(changes).await?;
    let address = format!("{}/{NAME}/checkout/{access_code}", sim.url);
    Ok(Reply::ok(json!({
        "status": true,
        "message": "Authorization URL created",
        "data": {
            "authorization_url": address, "access_code": access_code, "reference": reference,
        }
    })))
}

/// The merchant's transaction with this reference or id.
pub async fn owned(sim: &Sim, key: &str, name: &str) -> anyhow::Result<Option<Payment>> {
    let named = sim.ledger.payments_named(NAME, name).await?;
    Ok(named.into_iter().find(|p| p.account == key))
}

pub async fn verify(
    State(sim): State<Sim>,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(
        &Paystack,
        "verify",
        about(Some(reference.clone())),
        async move {
            let merchant = match merchant(&headers) {
                Ok(merchant) => merchant,
                Err(refused) => return Ok(refused),
            };
            let found = owned(&task, &merchant.key, &reference).await?;
            Ok(match found.filter(|p| p.reference == reference) {
                Some(payment) => Reply::ok(json!({
                    "status": true,
                    "message": "Verification successful",
                    "data": wire::transaction(&payment, &Sale::of(&payment)),
                })),
                None => fail(
                    400,
                    "Transaction reference not found.",
                    Some("transaction_not_found"),
                ),
            })
        },
    )
    .await
}

pub async fn fetch(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let task = sim.clone();
    sim.answer(&Paystack, "fetch", about(Some(id.clone())), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let found = task.ledger.payment(NAME, &id).await?;
        Ok(match found.filter(|p| p.account == merchant.key) {
            Some(payment) => Reply::ok(json!({
                "status": true,
                "message": "Transaction retrieved",
                "data": wire::transaction(&payment, &Sale::of(&payment)),
            })),
            None => fail(404, "Transaction not found", Some("transaction_not_found")),
        })
    })
    .await
}

#[derive(Deserialize)]
pub struct Page {
    #[serde(rename = "perPage")]
    size: Option<usize>,
    #[serde(rename = "page")]
    number: Option<usize>,
    pub transaction: Option<String>,
}

impl Page {
    /// The rows of this page and the `meta` object beside them.
    pub fn cut<T>(&self, rows: Vec<T>) -> (Vec<T>, Value) {
        let size = self.size.unwrap_or(50).clamp(1, 100);
        let page = self.number.unwrap_or(1).max(1);
        let total = rows.len();
        let skipped = (page - 1).saturating_mul(size);
        let meta = json!({
            "total": total, "skipped": skipped, "perPage": size, "page": page,
            "pageCount": total.div_ceil(size),
        });
        (rows.into_iter().skip(skipped).take(size).collect(), meta)
    }
}

pub async fn list(
    State(sim): State<Sim>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&Paystack, "list", About::default(), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let mut all = task.ledger.payments().await?;
        all.retain(|p| p.provider == NAME && p.account == merchant.key);
        all.reverse();
        let (rows, meta) = page.cut(all);
        let data: Vec<Value> = rows
            .iter()
            .map(|p| wire::transaction(p, &Sale::of(p)))
            .collect();
        let message = "Transactions retrieved";
        Ok(Reply::ok(
            json!({"status": true, "message": message, "data": data, "meta": meta}),
        ))
    })
    .await
}

pub async fn balance(State(sim): State<Sim>, headers: HeaderMap) -> Response {
    sim.answer(&Paystack, "balance", About::default(), async move {
        Ok(match merchant(&headers) {
            Ok(_) => Reply::ok(json!({
                "status": true, "message": "Balances retrieved",
                "data": [{"currency": "NGN", "balance": 0}],
            })),
            Err(refused) => refused,
        })
    })
    .await
}

pub async fn session_timeout(State(sim): State<Sim>, headers: HeaderMap) -> Response {
    sim.answer(&Paystack, "session_timeout", About::default(), async move {
        Ok(match merchant(&headers) {
            Ok(_) => Reply::ok(json!({
                "status": true, "message": "Payment session timeout retrieved",
                "data": {"payment_session_timeout": 0},
            })),
            Err(refused) => refused,
        })
    })
    .await
}
