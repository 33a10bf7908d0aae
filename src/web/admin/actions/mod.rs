//! The POST side: server functions that plain forms reach. Each checks who asks in its first line,
//! calls one service, and answers with a 303: on to the next page, or back with what was typed.
use super::auth::{Me, Refusal, Who, login_path, secure};
use super::told;
use crate::domain::role::Permission;
use crate::services::App;
use crate::web::flash::Flash;
use crate::web::forms;
use axum::http::StatusCode;
use axum::http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use std::future::Future;
use tower_sessions::Session;

pub mod account;
pub mod alerts;
pub mod api_keys;
pub mod bills;
pub mod customers;
pub mod desks;
pub mod endpoints;
pub mod exports;
pub mod imports;
pub mod links;
pub mod messages;
pub mod orders;
pub mod plans;
pub mod providers;
pub mod team;

/// An amount as it was typed, in a currency's code.
pub use crate::services::amounts::typed_amount as amount;

/// Where the browser goes on, and what the next page says.
pub struct Next {
    to: String,
    flash: Option<Flash>,
}

impl Next {
    pub fn to(path: impl Into<String>) -> Self {
        Self {
            to: path.into(),
            flash: None,
        }
    }

    /// It was done: the next page says so.
    pub fn done(path: impl Into<String>, sentence: &str) -> Self {
        Self::with(path, told::done(sentence))
    }

    /// It was refused, and there is no field to blame.
    pub fn fault(path: impl Into<String>, sentence: &str) -> Self {
        Self::with(path, told::fault(sentence))
    }

    pub fn with(path: impl Into<String>, flash: Flash) -> Self {
        Self {
            to: path.into(),
            flash: Some(flash),
        }
    }
}

/// What a server function of this shop works with.
pub fn app() -> Result<App, Refusal> {
    use_context::<App>().ok_or_else(|| Refusal::broken("no App in the context"))
}

pub async fn session() -> Result<Session, Refusal> {
    leptos_axum::extract::<Session>()
        .await
        .map_err(Refusal::broken)
}

pub fn parts() -> Result<Parts, Refusal> {
    use_context::<Parts>().ok_or_else(|| Refusal::broken("no request in the context"))
}

/// Who asks, and that the role may: the first line of every server function of a shop.
pub async fn enter(tenant: &str, what: Permission) -> Result<Me, Refusal> {
    let (app, session, parts) = (app()?, session().await?, parts()?);
    Who::find(&app, &session, tenant, &parts).await?.may(what)
}

/// Runs one action to its answer.
pub async fn answer(
    action: impl Future<Output = Result<Next, Refusal>>,
) -> Result<(), ServerFnError> {
    let status = match action.await {
        Ok(next) => {
            match next.flash {
                Some(flash) => {
                    let https = use_context::<App>().is_some_and(|app| secure(&app));
                    forms::refuse(flash, &next.to, https);
                }
                None => forms::see_other(&next.to),
            }
            return Ok(());
        }
        Err(Refusal::SignIn(back)) => {
            forms::see_other(&login_path(&back));
            return Ok(());
        }
        Err(Refusal::NotFound) => StatusCode::NOT_FOUND,
        Err(Refusal::Forbidden(_)) => StatusCode::FORBIDDEN,
        Err(Refusal::Broken) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(status);
    }
    Ok(())
}

/// The key of a form, as far as it can be one.
pub fn form_key(text: &str) -> Option<String> {
    given(text).filter(|key| key.len() <= 64 && key.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Text that is not empty after trimming.
pub fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What a person reads where somebody else was faster.
pub const CHANGED: &str = "It changed meanwhile. Look at it again, then decide.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_amount_is_refused_with_a_sentence() {
        assert_eq!(
            amount("a", "12,500.50", "KES").map(|m| m.minor),
            Ok(1_250_050)
        );
        for (text, currency, words) in [
            ("12.5", "UGX", "no smaller unit"),
            ("1.234", "KES", "2 digits"),
            ("x", "KES", "write a number"),
            ("0", "KES", "above zero"),
            ("1", "XXX", "choose a currency"),
        ] {
            let problem = amount("a", text, currency).unwrap_err();
            assert!(problem.message.contains(words), "{}", problem.message);
        }
    }
}
