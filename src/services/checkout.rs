//! Paying: which methods can succeed, and starting an attempt (R3, R4).
use super::books::{Entry, tell_payment};
use super::provider_accounts::{self, AccountError, Opened};
use super::settle::{self, SettleError};
use super::tenants::Tenant;
use super::{Actor, App, Flow, InputProblem, ProviderInfo, TRIES};
use crate::clock::random_hex;
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::bill::BillReference;
use crate::domain::event::EventType;
use crate::domain::ids::PaymentId;
use crate::domain::job::JobKind;
use crate::domain::method::Method;
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::{NextAction, Payment, PaymentStatus};
use crate::providers::{PaymentProvider, ProviderError, StartPayment, Started, find};
use crate::store::{StoreError, Tx, bills, jobs, orders, payments};
use serde_json::json;

mod offers;
mod rank;

pub use offers::{Added, Choice, choices};
use offers::{choose, probe};

/// Why an attempt was not started. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    /// A prompt to the same phone waits for its answer.
    #[error("a prompt to this phone is under way: {0}")]
    InFlight(PaymentId),
    /// An earlier attempt's outcome is not known: its money may have gone.
    #[error("the outcome of {0} is not known yet")]
    UnknownBeside(PaymentId),
    #[error("the order is {}", .0.as_str())]
    Closed(OrderStatus),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the customer or the API chose.
#[derive(Clone, Debug, Default)]
pub struct StartInput {
    pub provider: String,
    /// Left out: the provider's first.
    pub method: Option<Method>,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// The form's own key: a form sent twice makes one payment.
    pub form_key: Option<String>,
    /// Everything that is left at once, where the order is paid in parts.
    pub whole: bool,
    /// Go ahead beside an unknown attempt or a prompt in flight.
    pub force: bool,
}

/// A number as people type it, in E.164.
///
/// # Errors
/// `phone_invalid`, naming the field.
pub fn parse_phone(
    field: &'static str,
    typed: &str,
    country: &str,
) -> Result<String, InputProblem> {
    let refuse = || InputProblem::new(field, "phone_invalid", "is not a phone number");
    let typed = latin_digits(typed.trim());
    let typed = typed.as_str();
    let region: Option<phonenumber::country::Id> = country.to_uppercase().parse().ok();
    // Numbers with the country code but without a plus are common on forms and in providers' data.
    let attempts = [
        phonenumber::parse(region, typed),
        phonenumber::parse(None, format!("+{}", typed.trim_start_matches(['+', '0']))),
    ];
    for number in attempts.into_iter().flatten() {
        if number.is_valid() {
            return Ok(number.format().mode(phonenumber::Mode::E164).to_string());
        }
    }
    Err(refuse())
}

/// Eastern Arabic digits, as Arabic and Persian keyboards type them, as ASCII.
pub fn latin_digits(typed: &str) -> String {
    let latin = |c: char| match c {
        '\u{0660}'..='\u{0669}' => char::from_digit(u32::from(c) - 0x0660, 10).unwrap_or(c),
        '\u{06f0}'..='\u{06f9}' => char::from_digit(u32::from(c) - 0x06f0, 10).unwrap_or(c),
        other => other,
    };
    typed.chars().map(latin).collect()
}

/// Starts an attempt. The intent is committed before the provider is asked (R3); a lost answer
/// leaves it `unknown` (R4). The call goes on if the caller goes away.
pub async fn start(
    app: &App,
    tenant: &Tenant,
    order: &Order,
    actor: &Actor,
    input: StartInput,
) -> Result<Payment, StartError> {
    let mut input = input;
    if let Some(key) = &input.form_key {
        let mut tx = app.db.read().await?;
        if let Some(known) = payments::by_form_key(&mut tx, &order.id, key).await? {
            if same_choice(&known, &input, &tenant.country) {
                return Ok(known);
            }
            // An old page, shown again by the browser, with another choice: a new attempt.
            input.form_key = None;
        }
    }
    let now = app.clock.now();
    if !order.takes_payments(now) {
        let expired = order.status == OrderStatus::Open;
        return Err(StartError::Closed(if expired {
            OrderStatus::Expired
        } else {
            order.status
        }));
    }
    if let Some(open) = same_instructions(app, order, actor, &input).await? {
        return Ok(open);
    }
    let adapter = find(&input.provider)
        .ok_or_else(|| InputProblem::new("provider", "provider_unknown", "no such provider"))?;
    let asked = order.asked(input.whole);
    let choice = choose(app, tenant, order, asked, adapter.info(), input.method).await?;
    let mode = Mode::of(choice.test);
    let opened = Opened::new(app, &tenant.id, adapter.info(), mode).await?;
    let mut request = request(app, tenant, order, &choice, &input).await?;
    adapter.check(&opened.account, &request)?;
    let info = adapter.info();
    let life = now.plus_secs(info.attempt_secs);
    // A prompt that is out outlives the order by its own short life; what is paid by hand may come
    // until the order ends.
    let expires_at = if choice.flow == Flow::PhonePrompt {
        life
    } else if choice.flow == Flow::Instructions && adapter.takes_bills() {
        let ends = order.ends_at();
        ends.unwrap_or(now.plus_secs(PART_PAID_SECS))
            .max(now.plus_secs(60))
    } else {
        let ends = order.ends_at().unwrap_or(life);
        life.min(ends.max(now.plus_secs(60)))
    };
    request.expires_at = expires_at;
    let payment = Payment {
        id: PaymentId::from_stored(request.payment_id.clone()),
        tenant_id: tenant.id.clone(),
        order_id: order.id.clone(),
        provider: info.name.to_owned(),
        method: choice.method,
        livemode: order.livemode,
        test_mode: choice.test,
        amount: request.amount,
        captured_minor: 0,
        refund_held_minor: 0,
        refunded_minor: 0,
        status: PaymentStatus::Created,
        flags: vec![],
        reference: request.reference.clone(),
        provider_ref: None,
        receipt: None,
        phone: request.phone.clone(),
        next_action: NextAction::None,
        failure: None,
        polls: 0,
        created_at: now,
        updated_at: now,
        expires_at,
    };
    let bill = request.bill.as_ref();
    match commit_intent(app, order, &payment, bill, actor, &input, info).await {
        // Money came in between: what is left to pay is read anew.
        Err(StartError::Store(StoreError::Stale)) => {
            let fresh = super::orders::get(app, &tenant.id, &order.id).await?;
            let fresh = fresh.ok_or(StoreError::Stale)?;
            if fresh.asked(input.whole) == asked {
                return Err(StartError::Store(StoreError::Stale));
            }
            return Box::pin(start(app, tenant, &fresh, actor, input)).await;
        }
        // The same form, sent twice at once.
        Err(StartError::Store(StoreError::Taken)) if input.form_key.is_some() => {
            let key = input.form_key.unwrap_or_default();
            let mut tx = app.db.read().await?;
            let known = payments::by_form_key(&mut tx, &order.id, &key).await?;
            return known.ok_or(StartError::Store(StoreError::Taken));
        }
        other => other?,
    }
    let app = app.clone();
    let called = tokio::spawn(async move {
        let began = app.clock.now();
        let answer = opened.counted(adapter.start(&opened.call(), &request).await);
        record_answer(&app, &payment, answer, began).await
    });
    called
        .await
        .unwrap_or(Err(StartError::Store(StoreError::Stale)))
}

/// A customer who turns to paying by hand twice reads the same account number again.
async fn same_instructions(
    app: &App,
    order: &Order,
    actor: &Actor,
    input: &StartInput,
) -> Result<Option<Payment>, StoreError> {
    if *actor != Actor::Customer || input.method != Some(Method::Paybill) {
        return Ok(None);
    }
    let all = payments_of(app, order).await?;
    Ok(all.into_iter().rev().find(|p| {
        p.method == Method::Paybill
            && p.provider == input.provider
            && p.status == PaymentStatus::RequiresAction
            && p.amount == order.asked(input.whole)
    }))
}

async fn request(
    app: &App,
    tenant: &Tenant,
    order: &Order,
    choice: &Choice,
    input: &StartInput,
) -> Result<StartPayment, StartError> {
    let typed = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
    let email = typed(&input.email).map(|e| e.trim().to_owned());
    if let Some(email) = &email {
        super::orders::check_email("email", email)?;
    }
    let phone = match typed(&input.phone) {
        Some(typed) => Some(parse_phone("phone", &typed, &tenant.country)?),
        None => order.customer.phone.clone(),
    };
    if choice.needs_phone && phone.is_none() {
        return Err(
            InputProblem::new("phone", "phone_required", "a phone number is needed").into(),
        );
    }
    if let Some(phone) = phone.as_deref().filter(|_| choice.needs_phone) {
        choice.check_country(phone)?;
    }
    // Letters and digits alone: the one form that every provider takes.
    let reference = format!("m{}", random_hex::<12>());
    // By hand it is paid from any phone.
    let phone = phone.filter(|_| choice.flow != Flow::Instructions);
    let bills = find(choice.provider.name).is_some_and(PaymentProvider::takes_bills);
    let mode = Mode::of(choice.test);
    let hook = provider_accounts::hook_url(app, &tenant.id, choice.provider.name, mode).await?;
    let page = super::orders::checkout_url(app, order);
    let id: PaymentId = app.clock.id();
    Ok(StartPayment {
        payment_id: id.to_string(),
        email: email.or_else(|| order.customer.email.clone()),
        phone,
        return_url: format!("{page}/return/{reference}"),
        cancel_url: format!("{page}/return/{reference}?cancelled=1"),
        hook_url: format!("{hook}/{reference}"),
        bill: bills.then(super::bills::new_reference),
        reference,
        ..probe(tenant, order, order.asked(input.whole), choice.method)
    })
}

async fn commit_intent(
    app: &App,
    order: &Order,
    payment: &Payment,
    bill: Option<&BillReference>,
    actor: &Actor,
    input: &StartInput,
    info: &'static ProviderInfo,
) -> Result<(), StartError> {
    let mut tx = app.db.begin().await?;
    // The row is held, so that two attempts started at once see each other.
    orders::lock(&mut tx, &order.tenant_id, &order.id).await?;
    let fresh = orders::get(&mut tx, &order.tenant_id, &order.id).await?;
    let fresh = fresh.ok_or(StoreError::Stale)?;
    if !fresh.takes_payments(app.clock.now()) {
        return Err(StartError::Closed(fresh.status));
    }
    if !fresh.asks_for(payment.amount) {
        return Err(StoreError::Stale.into());
    }
    if !input.force {
        beside(&mut tx, order, payment).await?;
    }
    payments::insert(&mut tx, payment, input.form_key.clone()).await?;
    if let Some(bill) = bill {
        bills::insert(&mut tx, &payment.tenant_id, bill, &payment.id).await?;
    }
    Entry::payment(payment, "payment.created", actor)
        .data(
            json!({ "provider": payment.provider, "method": payment.method,
                      "test_mode": payment.test_mode }),
        )
        .write(app, &mut tx)
        .await?;
    let first = if info.poll.asks {
        app.clock.now().plus_secs(info.poll.first_secs)
    } else {
        payment.expires_at
    };
    let subject = payment.id.to_string();
    let (id, kind) = (app.clock.id(), JobKind::PollPayment);
    jobs::queue(&mut tx, id, &payment.tenant_id, kind, &subject, first).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Whether a form that was sent before asked for the same payment.
fn same_choice(known: &Payment, input: &StartInput, country: &str) -> bool {
    let typed = input.phone.as_deref().filter(|p| !p.trim().is_empty());
    let phone = typed.and_then(|p| parse_phone("phone", p, country).ok());
    known.provider == input.provider
        && input.method.is_none_or(|m| m == known.method)
        && (phone.is_none() || phone == known.phone)
}

/// How long the rest of an order that was paid in part may be paid by hand at one attempt.
const PART_PAID_SECS: i64 = 14 * 86_400;

/// So many prompts of one order wait at once, whatever their phones: a link is no way to have
/// strangers' phones rung.
const PROMPTS_AT_ONCE: usize = 3;

/// Refuses an attempt beside one whose money may be on its way.
async fn beside(tx: &mut Tx<'_>, order: &Order, payment: &Payment) -> Result<(), StartError> {
    let is_prompt = |p: &Payment| {
        find(&p.provider)
            .and_then(|a| a.info().method(p.method))
            .is_some_and(|m| m.flow == Flow::PhonePrompt)
    };
    let mut prompts = 0;
    for other in payments::of_order(tx, &order.tenant_id, &order.id).await? {
        if other.status == PaymentStatus::Unknown {
            return Err(StartError::UnknownBeside(other.id));
        }
        let same_phone = payment.phone.is_some() && payment.phone == other.phone;
        let waits = is_prompt(&other)
            && is_prompt(payment)
            && other.status.is_open()
            && other.provider == payment.provider;
        prompts += usize::from(waits);
        if waits && (same_phone || prompts >= PROMPTS_AT_ONCE) {
            return Err(StartError::InFlight(other.id));
        }
    }
    Ok(())
}

/// Writes down what the provider answered to a new payment.
async fn record_answer(
    app: &App,
    payment: &Payment,
    answer: Result<Started, ProviderError>,
    began: Timestamp,
) -> Result<Payment, StartError> {
    let took_ms = app.clock.now().unix_ms() - began.unix_ms();
    for _ in 0..TRIES {
        match record_once(app, payment, &answer, took_ms).await {
            Err(StartError::Store(StoreError::Stale)) => {}
            // The provider's id of a prompt is nowhere else: the database gets time to come back.
            Err(StartError::Store(StoreError::Database(e))) => {
                tracing::error!(payment.id = %payment.id, error = %e,
                    "a provider's answer could not be written yet");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
            other => return other,
        }
    }
    Err(StartError::Store(StoreError::Stale))
}

async fn record_once(
    app: &App,
    payment: &Payment,
    answer: &Result<Started, ProviderError>,
    took_ms: i64,
) -> Result<Payment, StartError> {
    let mut tx = app.db.begin().await?;
    let tenant = &payment.tenant_id;
    let mut p = payments::get(&mut tx, tenant, &payment.id)
        .await?
        .ok_or(StoreError::Stale)?;
    let was = p.status;
    // A hook or a poll may have been faster; then only what it could not know is added.
    let first_word = matches!(was, PaymentStatus::Created | PaymentStatus::Unknown);
    match answer {
        Ok(started) => {
            if p.provider_ref.is_none() {
                p.provider_ref.clone_from(&started.provider_ref);
            }
            if p.status.is_open() {
                p.next_action = started.next_action.clone();
            }
            if first_word {
                p.status = was.go(started.status).map_err(SettleError::from)?;
            }
            p.updated_at = app.clock.now();
            payments::save(&mut tx, &p, was).await?;
            Entry::payment(&p, "provider.accepted", &Actor::Provider)
                .words(&started.said)
                .data(json!({ "took_ms": took_ms, "status": p.status }))
                .write(app, &mut tx)
                .await?;
            if p.status.is_open() {
                tell_payment(app, &mut tx, &p, EventType::PaymentPending).await?;
            } else {
                // Ended while its call was still under way: the customer may pay all the same.
                let (id, kind) = (app.clock.id(), JobKind::PollPayment);
                let (subject, now) = (p.id.to_string(), app.clock.now());
                jobs::queue(&mut tx, id, tenant, kind, &subject, now).await?;
            }
        }
        Err(error) => {
            tracing::warn!(payment.id = %p.id, provider = %p.provider, error = %error,
                "the provider did not take the payment");
            match error.failure() {
                Some(failure) if first_word => {
                    let (to, actor) = (PaymentStatus::Failed, Actor::Provider);
                    settle::finish(app, &mut tx, &mut p, to, failure, &actor, "").await?;
                }
                None if was == PaymentStatus::Created => {
                    p.status = was.go(PaymentStatus::Unknown).map_err(SettleError::from)?;
                    p.updated_at = app.clock.now();
                    payments::save(&mut tx, &p, was).await?;
                    Entry::payment(&p, "payment.unknown", &Actor::System)
                        .words(&error.to_string())
                        .data(json!({ "took_ms": took_ms }))
                        .write(app, &mut tx)
                        .await?;
                }
                _ => {}
            }
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(p)
}

/// An order's payments, newest last.
pub async fn payments_of(app: &App, order: &Order) -> Result<Vec<Payment>, StoreError> {
    payments::of_order(&mut app.db.read().await?, &order.tenant_id, &order.id).await
}

/// Where the browser may be led from an order's page: the origins of the offered providers' pages.
pub fn page_origins(app: &App, choices: &[Choice]) -> Vec<String> {
    let mut origins = Vec::new();
    for choice in choices {
        let mode = Mode::of(choice.test);
        match app
            .urls
            .replaced(choice.provider.name, mode)
            .and_then(|u| url::Url::parse(u).ok())
        {
            Some(url) => origins.push(url.origin().ascii_serialization()),
            None => origins.extend(choice.provider.page_origins.iter().map(ToString::to_string)),
        }
    }
    origins.sort();
    origins.dedup();
    origins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_read_as_people_type_them() {
        for typed in [
            "0712 345 678",
            "+254712345678",
            "254712345678",
            "712345678",
            "00254712345678",
            "٠٧١٢٣٤٥٦٧٨",
            "+۲۵۴۷۱۲۳۴۵۶۷۸",
        ] {
            assert_eq!(
                parse_phone("phone", typed, "KE").unwrap(),
                "+254712345678",
                "{typed}"
            );
        }
        for typed in ["", "0712", "hello", "+1"] {
            assert_eq!(
                parse_phone("phone", typed, "KE").unwrap_err().code,
                "phone_invalid"
            );
        }
    }
}
