//! What the checkout's forms do. Each is a public endpoint: the link's token is the right to it.
use super::load::{self, Opened};
use super::pages::{ask, closed_page};
use crate::domain::ids::{Id, PaymentId};
use crate::domain::method::Method;
use crate::domain::order::OrderStatus;
use crate::domain::payment::{NextAction, Payment};
use crate::services::checkout::{StartError, StartInput};
use crate::services::{Actor, App, checkout, payments};
use crate::web::flash::Flash;
use crate::web::forms::{headers, refuse, see_other};
use crate::web::texts::MockOutcome;
use axum::http::Uri;
use leptos::prelude::*;

/// The order of a posted link, with the program's services.
async fn opened(token: &str) -> Option<(App, Opened)> {
    let app = use_context::<App>()?;
    let found = load::open(&app, token, &headers(), &Uri::default()).await;
    match found {
        Ok(found) => found.map(|o| (app, o)),
        Err(error) => {
            tracing::error!(error = %error, "a checkout form failed");
            None
        }
    }
}

/// The customer chose a method: on to its details, or straight to the payment.
#[server(prefix = "/do", endpoint = "checkout/choose")]
pub async fn choose_method(
    token: String,
    form_key: String,
    #[server(default)] choice: String,
    #[server(default)] all: String,
) -> Result<(), ServerFnError> {
    let Some((app, mut o)) = opened(&token).await else {
        see_other("/pay/unknown");
        return Ok(());
    };
    o.want_whole(all == "1");
    let secure = load::secure(&app);
    let refused = |code: &str| {
        Flash::new("choose")
            .value("choice", &choice)
            .error("", code)
    };
    let choices = match checkout::choices(&app, &o.tenant, &o.order, o.whole).await {
        Ok(choices) => choices,
        Err(error) => {
            tracing::error!(error = %error, "the choice of methods failed");
            refuse(refused("trouble"), &o.home(), secure);
            return Ok(());
        }
    };
    if !o.order.takes_payments(o.now) {
        see_other(&closed_page(&o));
        return Ok(());
    }
    let chosen = choices
        .iter()
        .find(|c| load::offer(o.lang, c).value() == choice);
    let Some(chosen) = chosen else {
        let code = if choice.is_empty() {
            "method_required"
        } else {
            "provider_not_available"
        };
        refuse(refused(code), &o.home(), secure);
        return Ok(());
    };
    if chosen.needs_phone || chosen.needs_email {
        let (provider, method) = (chosen.provider.name, chosen.method.as_str());
        let (base, query) = (o.base(), o.query());
        see_other(&format!("{base}/with/{provider}/{method}{query}"));
        return Ok(());
    }
    let input = StartInput {
        provider: chosen.provider.name.to_owned(),
        method: Some(chosen.method),
        form_key: Some(form_key),
        whole: o.whole,
        ..StartInput::default()
    };
    begin(&app, &o, input, refused("trouble"), &o.home()).await;
    Ok(())
}

/// The customer confirmed: the attempt begins.
#[server(prefix = "/do", endpoint = "checkout/start")]
pub async fn start_payment(
    token: String,
    form_key: String,
    choice: String,
    #[server(default)] phone: String,
    #[server(default)] email: String,
    #[server(default)] all: String,
) -> Result<(), ServerFnError> {
    let Some((app, mut o)) = opened(&token).await else {
        see_other("/pay/unknown");
        return Ok(());
    };
    o.want_whole(all == "1");
    let method = choice
        .split_once('.')
        .and_then(|(provider, method)| Some((provider, Method::parse(method)?)));
    let Some((provider, method)) = method else {
        see_other(&o.base());
        return Ok(());
    };
    let kept = Flash::new("start")
        .value("phone", &phone)
        .value("email", &email);
    let (base, query) = (o.base(), o.query());
    let form = format!("{base}/with/{provider}/{}{query}", method.as_str());
    let input = StartInput {
        provider: provider.to_owned(),
        method: Some(method),
        phone: Some(phone),
        email: Some(email),
        form_key: Some(form_key),
        whole: o.whole,
        force: false,
    };
    begin(&app, &o, input, kept, &form).await;
    Ok(())
}

/// Starts the attempt and leads to where it goes on.
async fn begin(app: &App, o: &Opened, input: StartInput, kept: Flash, form: &str) {
    let secure = load::secure(app);
    let kept = Flash {
        errors: vec![],
        ..kept
    };
    match checkout::start(app, &o.tenant, &o.order, &Actor::Customer, input).await {
        Ok(payment) => see_other(&next(o, &payment)),
        Err(StartError::Input(problem)) => {
            let code = match problem.code {
                "phone_invalid" => closer_cause(kept.typed("phone")),
                code => code,
            };
            refuse(kept.error(problem.field, code), form, secure);
        }
        // The earlier attempt's own page says what to do.
        Err(StartError::InFlight(id) | StartError::UnknownBeside(id)) => {
            see_other(&format!("{}/payment/{id}", o.base()));
        }
        Err(StartError::Closed(OrderStatus::Paid)) => {
            see_other(&format!("{}/already", o.base()));
        }
        Err(StartError::Closed(_)) => see_other(&o.base()),
        Err(error) => {
            tracing::error!(order.id = %o.order.id, error = %error, "a payment did not start");
            refuse(kept.error("", "trouble"), form, secure);
        }
    }
}

/// What is wrong with a number that nobody could read. No network that we serve has subscriber
/// numbers of fewer than eight digits, and E.164 ends at fifteen.
fn closer_cause(typed: &str) -> &'static str {
    let only = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '-' | '(' | ')' | '.');
    match typed.chars().filter(char::is_ascii_digit).count() {
        1..=9 if typed.chars().all(only) => "phone_too_short",
        16.. if typed.chars().all(only) => "phone_too_long",
        _ => "phone_invalid",
    }
}

fn next(o: &Opened, p: &Payment) -> String {
    match &p.next_action {
        NextAction::Redirect { .. } if !p.status.is_open() => o.page_of(p),
        NextAction::Redirect { .. } if p.provider == "mock" => {
            format!("{}/mock/{}", o.base(), p.reference)
        }
        NextAction::Redirect { url } => url.clone(),
        NextAction::PhonePrompt
        | NextAction::Instructions
        | NextAction::PayBill { .. }
        | NextAction::None => o.page_of(p),
    }
}

/// "Check now": asks the provider and shows what is known.
#[server(prefix = "/do", endpoint = "checkout/check")]
pub async fn check_payment(token: String, payment: String) -> Result<(), ServerFnError> {
    let Some((app, o)) = opened(&token).await else {
        see_other("/pay/unknown");
        return Ok(());
    };
    let Some(id) = PaymentId::parse(&payment) else {
        see_other(&o.base());
        return Ok(());
    };
    let found = payments::get(&app, &o.tenant.id, &id).await.ok().flatten();
    if let Some(p) = found.filter(|p| p.order_id == o.order.id) {
        ask(&app, &o, &p).await;
        see_other(&o.page_of(&p));
    } else {
        see_other(&o.base());
    }
    Ok(())
}

/// A button of the in-process provider's page.
#[server(prefix = "/do", endpoint = "checkout/mock")]
pub async fn play_mock(
    token: String,
    reference: String,
    outcome: String,
) -> Result<(), ServerFnError> {
    let Some((app, o)) = opened(&token).await else {
        see_other("/pay/unknown");
        return Ok(());
    };
    let found = payments::by_reference(&app, &o.tenant.id, &reference).await;
    let ours = found.ok().flatten().filter(|p| p.order_id == o.order.id);
    let (Some(p), Some(outcome)) = (ours, MockOutcome::parse(&outcome)) else {
        see_other(&o.base());
        return Ok(());
    };
    let outcome = outcome.as_str();
    if let Err(error) = payments::choose_mock_outcome(&app, &o.tenant.id, &reference, outcome).await
    {
        tracing::warn!(payment.id = %p.id, error = %error, "the mock's outcome was not applied");
    }
    see_other(&o.page_of(&p));
    Ok(())
}
