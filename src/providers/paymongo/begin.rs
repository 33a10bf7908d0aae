//! The first calls of a payment: a Checkout Session, a payment intent with its wallet attached, or
//! a source.
use super::super::http::text;
use super::super::{Account, Call, ProviderError, StartPayment, Started};
use super::wire::{Object, data, failure, get, post, refusal, short, unknown};
use super::{read, to_centavos, wire_name};
use crate::domain::payment::{FailureCode, NextAction, PaymentStatus};
use serde_json::{Map, Value, json};

/// The metadata that carries our reference; PayMongo copies it to the payments.
pub const REFERENCE: &str = "payment_reference";

fn amount_of(req: &StartPayment) -> Result<i64, ProviderError> {
    to_centavos(req.amount)
        .ok_or_else(|| ProviderError::declined(FailureCode::Declined, "the amount cannot be sent"))
}

/// All values are text: PayMongo refuses others.
fn metadata(req: &StartPayment) -> Value {
    json!({ REFERENCE: req.reference, "order_reference": req.order_reference })
}

/// What people see, with our reference at its end: lists are searched by it.
fn description(req: &StartPayment) -> String {
    let what = match req.description.trim() {
        "" => &req.order_reference,
        what => what,
    };
    format!("{what} ({})", req.reference)
}

/// What is known of the customer; `None` where that is nothing.
fn billing(account: &Account, req: &StartPayment) -> Option<Value> {
    let email = req.email.as_deref().or(account.fallback_email.as_deref());
    let known = [
        ("name", req.name.as_deref()),
        ("email", email),
        ("phone", req.phone.as_deref()),
    ];
    let fields: Map<String, Value> = known
        .into_iter()
        .filter_map(|(field, value)| {
            let value = value.map(str::trim).filter(|v| !v.is_empty())?;
            Some((field.to_owned(), json!(value)))
        })
        .collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

fn with_billing(mut attributes: Value, account: &Account, req: &StartPayment) -> Value {
    if let Some(billing) = billing(account, req) {
        attributes["billing"] = billing;
    }
    attributes
}

/// Refuses an acceptance of something else than what was asked: only asking tells what it is.
fn agrees(call: &Call<'_>, req: &StartPayment, made: &Object<'_>) -> Result<(), ProviderError> {
    let other = |what: &str| Err(unknown(format!("PayMongo answered with another {what}")));
    if made
        .livemode()
        .is_some_and(|live| live == call.account.mode.is_test())
    {
        return other("mode");
    }
    if read::reference(&[*made]).is_some_and(|theirs| theirs != req.reference) {
        return other("reference");
    }
    if made.money().is_some_and(|theirs| theirs != req.amount) {
        return other("amount");
    }
    Ok(())
}

fn page(object: &Object<'_>, pointer: &str) -> Option<String> {
    object.text(pointer).filter(|url| url.starts_with("http"))
}

/// `POST /v1/checkout_sessions`. The total is the sum of the lines: there is one of quantity 1.
/// The address keeps its `#…` part, and the return addresses get no parameters.
/// Source: PayMongo guides, "Hosted checkout"; reference, Checkout Session.
pub async fn session(call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
    let description = description(req);
    let attributes = json!({
        "line_items": [{
            "name": description,
            "amount": amount_of(req)?,
            "currency": req.amount.currency.code(),
            "quantity": 1,
        }],
        "payment_method_types": [wire_name(req.method)],
        "success_url": req.return_url,
        "cancel_url": req.cancel_url,
        "description": description,
        "reference_number": req.reference,
        "metadata": metadata(req),
        "send_email_receipt": false,
    });
    let attributes = with_billing(attributes, call.account, req);
    let key = Some(req.reference.as_str());
    let answer = post(call, "/v1/checkout_sessions", attributes, key).await?;
    let data = data(&answer)?;
    let made = read::kind_of(&data, "cs_")?;
    agrees(call, req, &made)?;
    let page = page(&made, "/checkout_url").ok_or_else(|| unknown("the session has no page"))?;
    let said = "PayMongo made a page for the payment.".to_owned();
    Ok(Started::redirect(made.id.to_owned(), page, said))
}

/// A payment intent, then a payment method, then both together: that step gives the page.
/// Until then nobody can pay, but what is lost on the way is asked for all the same (R4).
/// Source: PayMongo guides, "E-wallets"; reference, Payment Intent and Payment Method.
pub async fn wallet(call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
    let wallet = wire_name(req.method);
    let attributes = json!({
        "amount": amount_of(req)?,
        "currency": req.amount.currency.code(),
        "payment_method_allowed": [wallet],
        "description": description(req),
        "metadata": metadata(req),
    });
    let key = Some(req.reference.as_str());
    let answer = post(call, "/v1/payment_intents", attributes, key).await?;
    let intent = data(&answer)?;
    let intent = read::kind_of(&intent, "pi_")?;
    agrees(call, req, &intent)?;

    let attributes = json!({"type": wallet, "metadata": metadata(req)});
    let attributes = with_billing(attributes, call.account, req);
    let key = format!("{}-method", req.reference);
    let answer = post(call, "/v1/payment_methods", attributes, Some(&key)).await?;
    let method = data(&answer)?;
    let method = read::kind_of(&method, "pm_")?;

    // The client key goes with the public key alone, and this is the secret one.
    let path = format!("/v1/payment_intents/{}/attach", intent.id);
    let attributes = json!({"payment_method": method.id, "return_url": req.return_url});
    let attached = match post(call, &path, attributes, None).await {
        Ok(answer) if answer.is_success() => data(&answer),
        Ok(answer) => Err(refusal(&answer)),
        Err(lost) => Err(lost),
    };
    match attached {
        Err(ProviderError::Unknown(lost)) => {
            // The page may be there: the intent tells it once more.
            let answer = get(call, &format!("/v1/payment_intents/{}", intent.id)).await;
            let told = answer.and_then(|a| data(&a)).unwrap_or_default();
            begun(call, req, intent.id, &told, &lost)
        }
        Err(refused) => Err(refused),
        Ok(told) => begun(call, req, intent.id, &told, "the intent has no page"),
    }
}

/// What an intent with its wallet attached says.
fn begun(
    call: &Call<'_>,
    req: &StartPayment,
    id: &str,
    told: &Value,
    else_lost: &str,
) -> Result<Started, ProviderError> {
    let Some(intent) = Object::of(told).filter(|i| i.id == id) else {
        return Err(unknown(else_lost));
    };
    agrees(call, req, &intent)?;
    let said = |words: &str| format!("PayMongo: the intent is {}", short(words));
    match intent.status() {
        "awaiting_next_action" => match page(&intent, "/next_action/redirect/url") {
            Some(page) => {
                let said = said("awaiting the customer at the wallet's page");
                Ok(Started::redirect(id.to_owned(), page, said))
            }
            None => Err(unknown(else_lost)),
        },
        status @ ("succeeded" | "processing" | "awaiting_capture") => Ok(Started {
            provider_ref: Some(id.to_owned()),
            status: PaymentStatus::Processing,
            next_action: NextAction::None,
            said: said(status),
        }),
        "awaiting_payment_method" if intent.at["last_payment_error"].is_object() => Err(
            ProviderError::Declined(failure(&intent.at["last_payment_error"])),
        ),
        _ => Err(unknown(else_lost)),
    }
}

/// `POST /v1/sources`. It takes no money: once the customer agreed, it is charged (`ask.rs`).
/// Source: PayMongo guides (2021 to 2024), "The Sources object".
pub async fn source(call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
    let attributes = json!({
        "type": wire_name(req.method),
        "amount": amount_of(req)?,
        "currency": req.amount.currency.code(),
        "redirect": {"success": req.return_url, "failed": req.cancel_url},
        "description": description(req),
        "metadata": metadata(req),
    });
    let attributes = with_billing(attributes, call.account, req);
    let key = Some(req.reference.as_str());
    let answer = post(call, "/v1/sources", attributes, key).await?;
    let data = data(&answer)?;
    let made = read::kind_of(&data, "src_")?;
    agrees(call, req, &made)?;
    let page = text(made.at, "/redirect/checkout_url").filter(|url| url.starts_with("http"));
    let page = page.ok_or_else(|| unknown("the source has no page"))?;
    let said = "PayMongo made a page at the wallet.".to_owned();
    Ok(Started::redirect(made.id.to_owned(), page, said))
}
