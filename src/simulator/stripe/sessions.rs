//! Checkout Sessions: made, asked for, listed, expired; and the payment intents behind them.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use super::asked::{self, Asked, Done, Form, invalid, merchant, missing_param, no_such};
use super::events::{self, News};
use super::{NAME, Sale, Stripe, about, money, new_id, wire};
use crate::simulator::faults::About;
use crate::simulator::ledger::{Change, Payment, Task};
use crate::simulator::pages::web_address;
use crate::simulator::{Reply, Sim};

const PATH: &str = "/v1/checkout/sessions";
/// A session may last from half an hour to a day.
const SHORTEST: i64 = 30 * 60;
const LONGEST: i64 = 24 * 3_600;
/// From this version on the request has no `payment_method_types`.
const WITHOUT_TYPES: &str = "2026-09-30";

/// The fields that the call knows.
const KNOWN: &[&str] = &[
    "adaptive_pricing",
    "after_expiration",
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "automatic_tax",
    "billing_address_collection",
    "branding_settings",
    "cancel_url",
    "client_reference_id",
    "consent_collection",
    "currency",
    "custom_fields",
    "custom_text",
    "customer",
    "customer_creation",
    "customer_email",
    "customer_update",
    "discounts",
    "excluded_payment_method_types",
    "expand",
    "expires_at",
    "invoice_creation",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "name_collection",
    "optional_items",
    "origin_context",
    "payment_intent_data",
    "payment_method_collection",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "permissions",
    "phone_number_collection",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options",
    "setup_intent_data",
    "shipping_address_collection",
    "shipping_options",
    "submit_type",
    "subscription_data",
    "success_url",
    "tax_id_collection",
    "ui_mode",
    "wallet_options",
];

/// The languages of the page.
const LOCALES: &str = "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko \
    lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW";

pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let reference = Form::parse(&body)
        .get("client_reference_id")
        .map(str::to_owned);
    let task = sim.clone();
    sim.answer(&Stripe, "start", about(reference), async move {
        let asked = match Asked::read(&headers, PATH, &body) {
            Ok(asked) => asked,
            Err(refused) => return Ok(refused),
        };
        asked::once(&task, &asked, async { Ok(open(&task, &asked)) }).await
    })
    .await
}

/// A whole number of a field.
fn whole(form: &Form, name: &str) -> Result<i64, Reply> {
    let Some(text) = form.get(name) else {
        return Err(missing_param(name));
    };
    text.parse().map_err(|_| {
        let code = Some("parameter_invalid_integer");
        invalid(&format!("Invalid integer: {text}"), Some(name), code)
    })
}

/// An address of a field, if it is there.
fn address(form: &Form, name: &str) -> Result<Option<String>, Reply> {
    match form.get(name) {
        None => Ok(None),
        Some(url) if url.len() <= 5_000 && web_address(url).is_some() => Ok(Some(url.to_owned())),
        Some(_) => Err(invalid("Not a valid URL", Some(name), Some("url_invalid"))),
    }
}

/// The total of the line items, their currency and the first one's name.
fn items(form: &Form) -> Result<(i64, String, String), Reply> {
    let (mut total, mut currency, mut named) = (0_i64, String::new(), String::new());
    for at in 0..=100 {
        let part = |name: &str| format!("line_items[{at}]{name}");
        let stem = format!("{at}]");
        if !form
            .under("line_items")
            .any(|(inner, _)| inner.starts_with(&stem))
        {
            break;
        }
        if at == 100 {
            return Err(invalid(
                "There are more than 100 line items",
                Some("line_items"),
                None,
            ));
        }
        let quantity = whole(form, &part("[quantity]"))?;
        let unit = whole(form, &part("[price_data][unit_amount]"))?;
        let code = form
            .get(&part("[price_data][currency]"))
            .unwrap_or_default();
        let name = form
            .get(&part("[price_data][product_data][name]"))
            .unwrap_or_default();
        if code.is_empty() || name.is_empty() {
            let missing = if code.is_empty() {
                part("[price_data][currency]")
            } else {
                part("[price_data][product_data][name]")
            };
            return Err(missing_param(&missing));
        }
        if quantity < 1 || unit < 0 {
            return Err(invalid(
                "Invalid non-negative integer",
                Some("line_items"),
                None,
            ));
        }
        if at > 0 && code != currency {
            let words = "All line items must have the same currency";
            return Err(invalid(words, Some("line_items"), None));
        }
        if at == 0 {
            (currency, named) = (code.to_owned(), name.to_owned());
        }
        total = total.saturating_add(unit.saturating_mul(quantity));
    }
    if currency.is_empty() {
        return Err(missing_param("line_items"));
    }
    if let Some((code, words)) = money::charge_fault(&currency, total) {
        return Err(invalid(&words, Some("line_items"), code));
    }
    Ok((total, currency, named))
}

/// The end of a session in Unix seconds.
fn end(form: &Form, now: i64) -> Result<i64, Reply> {
    if form.get("expires_at").is_none() {
        return Ok(now + LONGEST);
    }
    let ends = whole(form, "expires_at")?;
    let words = if ends < now + SHORTEST {
        "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
    } else if ends > now + LONGEST {
        "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
    } else {
        return Ok(ends);
    };
    Err(invalid(words, Some("expires_at"), None))
}

/// What the fields must be: the sale, its total and its currency.
fn checked(asked: &Asked, now: i64) -> Result<(Sale, i64, String), Reply> {
    let form = &asked.form;
    asked.only(KNOWN)?;
    let newest = asked.version.as_deref().is_some_and(|v| v >= WITHOUT_TYPES);
    if newest && form.roots().any(|root| root == "payment_method_types") {
        let words = "Received unknown parameter: payment_method_types";
        return Err(invalid(
            words,
            Some("payment_method_types"),
            Some("parameter_unknown"),
        ));
    }
    match form.get("mode") {
        Some("payment") => {}
        Some(_) => {
            return Err(invalid(
                "Only mode=payment is spoken here",
                Some("mode"),
                None,
            ));
        }
        None => return Err(missing_param("mode")),
    }
    let (total, currency, product) = items(form)?;
    let success_url = address(form, "success_url")?.ok_or_else(|| missing_param("success_url"))?;
    if form
        .get("client_reference_id")
        .is_some_and(|r| r.chars().count() > 200)
    {
        let words = "Invalid string: must be at most 200 characters";
        return Err(invalid(words, Some("client_reference_id"), None));
    }
    let email = form.get("customer_email").map(str::to_owned);
    if email.as_deref().is_some_and(|e| !looks_like_email(e)) {
        let words = "Invalid email address";
        return Err(invalid(
            words,
            Some("customer_email"),
            Some("email_invalid"),
        ));
    }
    let locale = form.get("locale").map(str::to_owned);
    let speaks = |l: &str| LOCALES.split_whitespace().any(|known| known == l);
    if locale.as_deref().is_some_and(|l| !speaks(l)) {
        return Err(invalid("Invalid locale", Some("locale"), None));
    }
    let sale = Sale {
        product,
        email,
        success_url,
        cancel_url: address(form, "cancel_url")?,
        locale,
        metadata: form.map("metadata")?,
        intent_metadata: form.map("payment_intent_data[metadata]")?,
        description: form
            .get("payment_intent_data[description]")
            .map(str::to_owned),
        expires_at: end(form, now / 1_000)?,
        ..Sale::default()
    };
    Ok((sale, total, currency))
}

fn looks_like_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    !name.is_empty()
        && !text.contains(char::is_whitespace)
        && domain.contains('.')
        && domain
            .split('.')
            .all(|part| !part.is_empty() && !part.contains('@'))
}

fn open(sim: &Sim, asked: &Asked) -> Done {
    let now = sim.clock.now();
    let (sale, amount, currency) = checked(asked, now)?;
    let merchant = &asked.merchant;
    let expires_at = sale.expires_at * 1_000;
    let payment = Payment {
        provider: NAME.into(),
        id: new_id(&format!("cs_{}", merchant.mode()), 58),
        account: merchant.key.clone(),
        mode: merchant.mode().into(),
        reference: asked
            .form
            .get("client_reference_id")
            .unwrap_or_default()
            .into(),
        amount,
        currency: currency.to_uppercase(),
        status: "open".into(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: None,
        data: sale.clone().into_value(),
        created_at: now,
        updated_at: now,
    };
    let told = wire::session(&payment, &sale, &page_of(sim, &payment.id), false);
    let task = Change::Task(Task {
        id: 0,
        provider: NAME.into(),
        kind: "expire".into(),
        subject: payment.id.clone(),
        due_at: expires_at,
    });
    Ok((told, vec![Change::Payment(payment), task]))
}

/// Where the customer pays a session.
pub fn page_of(sim: &Sim, id: &str) -> String {
    format!("{}/{NAME}/c/pay/{id}", sim.url)
}

/// A session of this account.
async fn owned(sim: &Sim, key: &str, id: &str) -> anyhow::Result<Option<Payment>> {
    let found = sim.ledger.payment(NAME, id).await?;
    Ok(found.filter(|p| p.account == key))
}

/// The session whose intent this is.
pub async fn of_intent(sim: &Sim, key: &str, id: &str) -> anyhow::Result<Option<Payment>> {
    match sim.ledger.object(NAME, "intent", id).await? {
        Some(session) => owned(sim, key, session.as_str().unwrap_or_default()).await,
        None => Ok(None),
    }
}

/// Whether a query asks for the intent whole, as `expand[]=payment_intent`.
fn expands(form: &Form, what: &str) -> bool {
    form.under("expand").any(|(_, value)| value == what)
}

pub async fn fetch(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    let reference = reference_of(&sim, &id).await;
    sim.answer(&Stripe, "fetch", about(reference), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let form = Form::parse(query.unwrap_or_default().as_bytes());
        let Some(payment) = owned(&task, &merchant.key, &id).await? else {
            return Ok(no_such("checkout.session", &id));
        };
        let (sale, page) = (Sale::of(&payment), page_of(&task, &id));
        let whole = expands(&form, "payment_intent");
        Ok(Reply::ok(wire::session(&payment, &sale, &page, whole)))
    })
    .await
}

/// The merchant's reference of a session, by which a fault may be meant for it.
async fn reference_of(sim: &Sim, id: &str) -> Option<String> {
    let found = sim.ledger.payment(NAME, id).await.ok()?;
    found.map(|p| p.reference)
}

pub async fn intent(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&Stripe, "fetch", about(Some(id.clone())), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        Ok(match of_intent(&task, &merchant.key, &id).await? {
            Some(payment) => Reply::ok(wire::intent(&payment, &Sale::of(&payment))),
            None => no_such("payment_intent", &id),
        })
    })
    .await
}

/// Whether a moment in seconds is within `created` or `created[gte]`, `[gt]`, `[lte]`, `[lt]`.
fn within(form: &Form, created: i64) -> bool {
    let exact = form
        .get("created")
        .is_none_or(|at| at == created.to_string());
    exact
        && form.under("created").all(|(how, at)| {
            let Ok(at) = at.parse::<i64>() else {
                return false;
            };
            match how {
                "gte" => created >= at,
                "gt" => created > at,
                "lte" => created <= at,
                "lt" => created < at,
                _ => false,
            }
        })
}

/// Asked for after an answer was lost, too: that is why it goes by the name of asking.
pub async fn list(
    State(sim): State<Sim>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&Stripe, "fetch", About::default(), async move {
        let merchant = match merchant(&headers) {
            Ok(merchant) => merchant,
            Err(refused) => return Ok(refused),
        };
        let form = Form::parse(query.unwrap_or_default().as_bytes());
        let whole = expands(&form, "data.payment_intent");
        let mut rows = Vec::new();
        for payment in task.ledger.payments().await?.iter().rev() {
            let sale = Sale::of(payment);
            let asked_for = form
                .get("payment_intent")
                .is_none_or(|id| sale.intent.as_deref() == Some(id))
                && form
                    .get("status")
                    .is_none_or(|status| payment.status == status);
            if payment.provider == NAME
                && payment.account == merchant.key
                && within(&form, payment.created_at / 1_000)
                && asked_for
            {
                let page = page_of(&task, &payment.id);
                rows.push(wire::session(payment, &sale, &page, whole));
            }
        }
        Ok(asked::page(&form, rows, PATH).map_or_else(|refused| refused, Reply::ok))
    })
    .await
}

pub async fn expire(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let task = sim.clone();
    let reference = reference_of(&sim, &id).await;
    sim.answer(&Stripe, "expire", about(reference), async move {
        let asked = match Asked::read(&headers, &format!("{PATH}/{id}/expire"), &body) {
            Ok(asked) => asked,
            Err(refused) => return Ok(refused),
        };
        let effect = async {
            let Some(payment) = owned(&task, &asked.merchant.key, &id).await? else {
                return Ok(Err(no_such("checkout.session", &id)));
            };
            if payment.status != "open" {
                let words = format!(
                    "Only Checkout Sessions with a status in [\"open\"] can be expired. This \
                     Checkout Session has a status of `{}`.",
                    payment.status
                );
                return Ok(Err(invalid(&words, None, None)));
            }
            let (told, changes) = over(&task, payment).await?;
            Ok(Ok((told, changes)))
        };
        asked::once(&task, &asked, effect).await
    })
    .await
}

/// Ends an open session.
pub async fn over(sim: &Sim, mut payment: Payment) -> anyhow::Result<(Value, Vec<Change>)> {
    let mut sale = Sale::of(&payment);
    sale.asks_bank = None;
    payment.status = "expired".into();
    payment.updated_at = sim.clock.now();
    payment.data = sale.clone().into_value();
    let told = wire::session(&payment, &sale, "", false);
    let mut changes = vec![Change::Payment(payment.clone())];
    let news = News::new("checkout.session.expired", told.clone());
    changes.extend(events::tell(sim, &payment, news).await?);
    Ok((told, changes))
}

/// The end of a session's time.
pub async fn run_out(sim: &Sim, task: &Task) -> anyhow::Result<Vec<Change>> {
    let found = sim.ledger.payment(NAME, &task.subject).await?;
    match found.filter(|p| p.status == "open") {
        Some(payment) => Ok(over(sim, payment).await?.1),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(text: &str) -> Result<(i64, String, String), u16> {
        items(&Form::parse(text.as_bytes())).map_err(|r| r.status.as_u16())
    }

    #[test]
    fn line_items_are_added_up_in_one_currency() {
        let item = |at: usize, unit: &str, code: &str| {
            format!(
                "line_items[{at}][quantity]=2&line_items[{at}][price_data][currency]={code}\
                 &line_items[{at}][price_data][unit_amount]={unit}\
                 &line_items[{at}][price_data][product_data][name]=Tea&"
            )
        };
        let two = item(0, "500", "usd") + &item(1, "250", "usd");
        assert_eq!(total(&two), Ok((1_500, "usd".to_owned(), "Tea".to_owned())));
        for wrong in [
            String::new(),
            item(0, "5.00", "usd"),
            item(0, "20", "usd"),
            item(0, "500", "USD"),
            item(0, "-500", "usd"),
            item(0, "500", "usd") + &item(1, "250", "eur"),
            item(0, "500", "usd").replace("Tea", ""),
        ] {
            assert_eq!(total(&wrong), Err(400), "{wrong}");
        }
    }

    #[test]
    fn moments_are_compared_as_asked() {
        let at = |query: &str| within(&Form::parse(query.as_bytes()), 100);
        assert!(at("") && at("created=100") && at("created[gte]=100&created[lte]=100"));
        assert!(!at("created=99") && !at("created[gt]=100") && !at("created[lt]=100"));
        assert!(!at("created[gte]=soon"));
    }
}
