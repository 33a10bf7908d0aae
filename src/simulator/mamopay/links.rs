//! Payment links: create, fetch, list, change, delete; and the business they belong to.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{
    MamoPay, Merchant, Mode, NAME, Paging, Sale, about, changed, fail, invalid, merchant, new_id,
    no_record, unauthorized, wire,
};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Account, Change, Payment};
use crate::simulator::pages::web_address;
use crate::simulator::{Reply, Sim, random_text};

const CURRENCIES: [&str; 5] = ["AED", "USD", "EUR", "GBP", "SAR"];
/// Two units of the link's currency.
const LEAST: i64 = 200;

pub async fn me(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&MamoPay, "me", About::default(), async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let name = merchant.shop.name.unwrap_or_else(|| "Test merchant".into());
        let tag = name.to_lowercase().replace(' ', "-");
        let body = json!({
            "business_name": name, "business_tag": tag, "website": "https://shop.example",
        });
        Ok(Reply::ok(body))
    })
    .await
}

pub async fn create(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wanted = serde_json::from_slice::<Value>(&body).ok();
    let wanted = wanted.filter(Value::is_object);
    let reference = wanted
        .as_ref()
        .and_then(|w| w["external_id"].as_str().map(str::to_owned));
    let task = sim.clone();
    sim.answer(&MamoPay, "start", about(reference), async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let Some(wanted) = wanted else {
            return Ok(fail(400, "BAD_REQUEST", "The body is not JSON"));
        };
        open(&task, &merchant, &wanted).await
    })
    .await
}

/// A field of the wrong type is answered 500, as the real one was seen to do.
fn broken() -> Reply {
    let body = json!({"status": 500, "error": "Internal Server Error"});
    Reply::new(500, body)
}

fn title_refused(errors: &[&str]) -> Reply {
    let messages: Vec<String> = errors.iter().map(|e| format!("Title {e}")).collect();
    let body = json!({"messages": messages, "error_code": "VALIDATION_FAILED",
        "errors": {"title": errors}});
    Reply::new(422, body)
}

fn string(wanted: &Value, field: &str) -> Result<Option<String>, Reply> {
    match &wanted[field] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(broken()),
    }
}

fn address(wanted: &Value, field: &str) -> Result<Option<String>, Reply> {
    let given = string(wanted, field)?;
    match given.filter(|g| !g.is_empty()) {
        Some(given) if web_address(&given).is_none() => {
            Err(invalid(&format!("{field} is not a valid URL")))
        }
        given => Ok(given),
    }
}

/// Refuses the fields that would change what is paid: this simulator does not speak them.
fn unspoken(wanted: &Value) -> Result<(), Reply> {
    for field in ["enable_tips", "enable_quantity", "hold_and_charge_later"] {
        match &wanted[field] {
            Value::Null | Value::Bool(false) => {}
            Value::Bool(true) => return Err(invalid(&format!("{field} is not simulated"))),
            _ => return Err(broken()),
        }
    }
    let fee = &wanted["processing_fee_percentage"];
    if !fee.is_null() && wire::fils(fee) != Some(0) {
        return Err(invalid("processing_fee_percentage is not simulated"));
    }
    if !wanted["subscription"].is_null() {
        return Err(if wanted["subscription"].is_object() {
            invalid("subscription is not simulated")
        } else {
            broken()
        });
    }
    match wanted["save_card"].as_str() {
        None if wanted["save_card"].is_null() => Ok(()),
        Some("off" | "optional" | "required") => Ok(()),
        _ => Err(invalid("save_card must be off, optional or required")),
    }
}

/// What the fields of a new link must be. Unknown ones are dropped without a word.
fn checked(wanted: &Value) -> Result<(Sale, i64, String), Reply> {
    let title = string(wanted, "title")?.unwrap_or_default();
    if title.trim().is_empty() {
        return Err(title_refused(&[
            "can't be blank",
            "is too short (minimum is 1 character)",
        ]));
    }
    if title.chars().count() > 50 {
        return Err(title_refused(&["is too long (maximum is 50 characters)"]));
    }
    let description = string(wanted, "description")?;
    if description.as_ref().is_some_and(|d| d.chars().count() > 75) {
        return Err(invalid(
            "Description is too long (maximum is 75 characters)",
        ));
    }
    let amount = match &wanted["amount"] {
        Value::Null => return Err(invalid("Amount is missing: open amounts are not simulated")),
        Value::Number(_) => {
            wire::fils(&wanted["amount"]).ok_or_else(|| invalid("Amount is invalid"))?
        }
        _ => return Err(broken()),
    };
    if amount < LEAST {
        return Err(invalid("Amount must be greater than 2.00"));
    }
    let currency = string(wanted, "amount_currency")?.unwrap_or_else(|| "AED".into());
    if !CURRENCIES.contains(&currency.as_str()) {
        return Err(invalid("Amount currency is not included in the list"));
    }
    let capacity = match &wanted["capacity"] {
        Value::Null => None,
        Value::Number(number) => Some(number.as_i64().filter(|n| *n > 0).ok_or_else(broken)?),
        _ => return Err(broken()),
    };
    let custom_data = match &wanted["custom_data"] {
        Value::Null => json!({}),
        Value::Object(_) => wanted["custom_data"].clone(),
        _ => return Err(invalid("Custom data must be an object")),
    };
    let methods = match &wanted["payment_methods"] {
        Value::Null => vec!["card".to_owned(), "wallet".to_owned()],
        given => serde_json::from_value::<Vec<String>>(given.clone()).map_err(|_| broken())?,
    };
    if methods.iter().any(|m| m != "card" && m != "wallet") || methods.is_empty() {
        return Err(invalid("Payment methods are not included in the list"));
    }
    unspoken(wanted)?;
    let customer: serde_json::Map<String, Value> =
        ["first_name", "last_name", "email", "phone_number"]
            .into_iter()
            .filter(|f| wanted[f].is_string())
            .map(|f| (f.to_owned(), wanted[f].clone()))
            .collect();
    let sale = Sale {
        slug: format!("mamo-{}", random_text(b"0123456789abcdef", 6)),
        title,
        description,
        amount: wanted["amount"].clone(),
        capacity,
        active: wanted["active"].as_bool().unwrap_or(true),
        return_url: address(wanted, "return_url")?,
        failure_return_url: address(wanted, "failure_return_url")?,
        external_id: string(wanted, "external_id")?,
        custom_data,
        payment_methods: methods,
        send_customer_receipt: wanted["send_customer_receipt"].as_bool().unwrap_or(false),
        customer: customer.into(),
        ..Sale::default()
    };
    Ok((sale, amount, currency))
}

async fn open(sim: &Sim, merchant: &Merchant, wanted: &Value) -> anyhow::Result<Reply> {
    let (sale, amount, currency) = match checked(wanted) {
        Ok(checked) => checked,
        Err(refused) => return Ok(refused),
    };
    let now = sim.clock.now();
    let payment = Payment {
        provider: NAME.into(),
        id: new_id("MB-LINK"),
        account: merchant.key.clone(),
        mode: merchant.mode.into(),
        reference: sale.external_id.clone().unwrap_or_default(),
        amount,
        currency,
        status: if sale.active { "active" } else { "inactive" }.into(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: None,
        data: sale.clone().into_value(),
        created_at: now,
        updated_at: now,
    };
    let slug = Change::Object {
        provider: NAME.into(),
        kind: "slug".into(),
        id: sale.slug.clone(),
        data: json!(payment.id),
    };
    let told = wire::link(&sim.url, &payment, &sale);
    let mut changes = vec![Change::Payment(payment), slug];
    if sim.ledger.account(NAME, &merchant.key).await?.is_none() {
        changes.push(Change::Account(Account {
            provider: NAME.into(),
            id: merchant.key.clone(),
            hook_url: None,
            data: json!({}),
        }));
    }
    sim.commit(changes).await?;
    Ok(Reply::new(201, told))
}

/// The merchant's link with this id, in the mode of the host.
async fn owned(sim: &Sim, merchant: &Merchant, id: &str) -> anyhow::Result<Option<Payment>> {
    let found = sim.ledger.payment(NAME, id).await?;
    Ok(found.filter(|p| p.account == merchant.key && p.mode == merchant.mode))
}

/// The reference of a link, for the `match` of a fault.
async fn named(sim: &Sim, id: &str) -> About {
    let found = sim.ledger.payment(NAME, id).await.ok().flatten();
    about(Some(found.map_or_else(|| id.to_owned(), |p| p.reference)))
}

pub async fn fetch(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let about = named(&sim, &id).await;
    sim.answer(&MamoPay, "fetch", about, async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let Some(payment) = owned(&task, &merchant, &id).await? else {
            return Ok(no_record("Merchant::Link"));
        };
        let refunds = task.ledger.refunds_of(NAME, &id).await?;
        let sale = Sale::of(&payment);
        Ok(Reply::ok(wire::link_with_charges(
            &task.url, &payment, &sale, &refunds,
        )))
    })
    .await
}

pub async fn list(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&MamoPay, "list", About::default(), async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let mut all = task.ledger.payments().await?;
        all.retain(|p| p.provider == NAME && p.account == merchant.key && p.mode == merchant.mode);
        all.reverse();
        let (rows, meta) = paging.cut(all);
        let data: Vec<Value> = rows
            .iter()
            .map(|p| wire::link(&task.url, p, &Sale::of(p)))
            .collect();
        Ok(Reply::ok(json!({"data": data, "pagination_meta": meta})))
    })
    .await
}

/// Changes what a hub may want to: whether the link is active, its capacity and addresses.
pub async fn change(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let task = sim.clone();
    let about = named(&sim, &id).await;
    sim.answer(&MamoPay, "close", about, async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let Some(payment) = owned(&task, &merchant, &id).await? else {
            return Ok(no_record("Merchant::Link"));
        };
        let wanted = serde_json::from_slice::<Value>(&body).unwrap_or_default();
        let mut sale = Sale::of(&payment);
        match &wanted["active"] {
            Value::Null => {}
            Value::Bool(active) => sale.active = *active,
            _ => return Ok(broken()),
        }
        let (back, failed) = match (
            address(&wanted, "return_url"),
            address(&wanted, "failure_return_url"),
        ) {
            (Ok(back), Ok(failed)) => (back, failed),
            (Err(refused), _) | (_, Err(refused)) => return Ok(refused),
        };
        sale.return_url = back.or(sale.return_url);
        sale.failure_return_url = failed.or(sale.failure_return_url);
        settle_activity(&task, payment, sale).await
    })
    .await
}

/// Commits a link whose activity may have changed.
async fn settle_activity(sim: &Sim, payment: Payment, sale: Sale) -> anyhow::Result<Reply> {
    let status = match payment.status.as_str() {
        "active" | "inactive" => {
            if sale.active {
                "active"
            } else {
                "inactive"
            }
        }
        other => other,
    }
    .to_owned();
    let told = wire::link(&sim.url, &payment, &sale);
    sim.commit(vec![changed(sim, payment, &status, sale)])
        .await?;
    Ok(Reply::ok(told))
}

/// A deleted link can still be fetched, not active.
pub async fn delete(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let about = named(&sim, &id).await;
    sim.answer(&MamoPay, "close", about, async move {
        let Some(merchant) = merchant(&task, mode, &headers).await? else {
            return Ok(unauthorized());
        };
        let Some(payment) = owned(&task, &merchant, &id).await? else {
            return Ok(no_record("Merchant::Link"));
        };
        let mut sale = Sale::of(&payment);
        sale.active = false;
        settle_activity(&task, payment, sale).await?;
        Ok(Reply::ok(json!({"success": true})))
    })
    .await
}
