//! The doors: sign in and out, one-time links, the choice of a shop, and the paths that only lead on.
use crate::services::{App, accounts};
use crate::web::admin::auth::{Refusal, Who, document, plain, secure, user};
use crate::web::admin::parts::Note;
use crate::web::admin::parts::chips::initials;
use crate::web::admin::told::{DONE, Told};
use crate::web::admin::views::door::{self, Shop};
use crate::web::flash::{self, Flash};
use crate::web::render;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tower_sessions::Session;

/// Where a sign-in may lead: pages of the dashboard alone.
pub fn safe_next(next: &str) -> &str {
    let ours = next == "/admin" || next.starts_with("/admin/");
    let plain = !next.contains("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if ours && plain { next } else { "/admin" }
}

#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

fn told(app: &App, headers: &HeaderMap, form: &str) -> Told {
    let read = |form| Flash::read(headers, form, secure(app));
    Told::new(read(form), read(DONE))
}

pub async fn login(
    State(app): State<App>,
    session: Session,
    headers: HeaderMap,
    Query(q): Query<Next>,
) -> Result<Response, Refusal> {
    let next = safe_next(q.next.as_deref().unwrap_or("/admin")).to_owned();
    if user(&app, &session).await?.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    let mut told = told(&app, &headers, "login");
    let mut doc = document("Sign in · Malipo");
    if told.read {
        doc.headers.push(flash::clear(secure(&app)));
    }
    let wrong = told
        .typed
        .problems
        .iter()
        .find(|(field, _)| field.is_empty());
    let note = wrong
        .map(|(_, text)| Note::bad(text.clone(), "").answer())
        .or(told.note.take());
    Ok(render::page(doc, move || {
        door::login(&told.typed, &next, note)
    }))
}

pub async fn link(
    State(app): State<App>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, Refusal> {
    if !accounts::link_is_good(&app, &token).await? {
        return Ok(plain(StatusCode::NOT_FOUND, "Link", || {
            door::refusal(
                "This link no longer works",
                "It was used, or its three days are over. An owner of your shop can make a new one.",
                ("/login".to_owned(), "Sign in"),
            )
        }));
    }
    let told = told(&app, &headers, "set-password");
    let mut doc = document("Choose your password · Malipo");
    if told.read {
        doc.headers.push(flash::clear(secure(&app)));
    }
    Ok(render::page(doc, move || {
        door::set_password(&token, &told.typed)
    }))
}

pub async fn logout(session: Session) -> Result<Response, Refusal> {
    session.flush().await.map_err(Refusal::broken)?;
    Ok((StatusCode::SEE_OTHER, [("location", "/login")]).into_response())
}

/// Straight into the only shop, or a choice.
pub async fn choose(State(app): State<App>, session: Session) -> Result<Response, Refusal> {
    let Some(user) = user(&app, &session).await? else {
        return Err(Refusal::SignIn("/admin".to_owned()));
    };
    let shops = accounts::tenants_of(&app, &user).await?;
    if let [(slug, _, _)] = shops.as_slice() {
        return Ok(Redirect::to(&format!("/admin/{slug}/overview")).into_response());
    }
    let shops = shops
        .into_iter()
        .map(|(slug, name, role)| Shop {
            slug,
            letters: initials(&name),
            name,
            role: role.as_str(),
        })
        .collect();
    Ok(plain(StatusCode::OK, "Shops", move || door::choose(shops)))
}

/// `/admin/{tenant}` and `/admin/{tenant}/`.
pub async fn home(who: Who) -> Result<Response, Refusal> {
    let me = who.may(crate::domain::role::Permission::ViewMoney)?;
    Ok(Redirect::to(&me.url("/overview")).into_response())
}

pub async fn nothing() -> Refusal {
    Refusal::NotFound
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn a_sign_in_never_leads_away() {
        for ours in ["/admin", "/admin/x/payments?status=failed"] {
            assert_eq!(safe_next(ours), ours);
        }
        for away in [
            "",
            "//evil",
            "https://evil",
            "/admin//evil",
            "/adminx",
            "/admin/\\evil",
            "/pay",
        ] {
            assert_eq!(safe_next(away), "/admin", "{away}");
        }
    }
}
