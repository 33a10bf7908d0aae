//! The hosted checkout: from the choice of a method to the receipt. Views are pure functions of
//! small structs (`choose`, `waiting`, `by_hand`, `paybill`, `ends`); `pages` loads what they show, `actions`
//! and `upload` take what the customer sends. `link` is the page of a link that many can pay on.
mod actions;
mod by_hand;
mod choose;
mod ends;
mod link;
mod load;
mod pages;
mod parts;
mod paybill;
mod style;
mod upload;
mod waiting;

use crate::services::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};

/// Everything under `/pay`. The forms post to server functions, which `web::server` serves.
pub fn router() -> Router<App> {
    Router::new()
        .route("/pay/mock/{reference}", get(pages::mock_redirect))
        .route("/pay/link/{token}", get(link::show))
        .route("/pay/{token}", get(pages::start))
        .route("/pay/{token}/with/{provider}/{method}", get(pages::with))
        .route("/pay/{token}/payment/{payment}", get(pages::payment))
        .route("/pay/{token}/return/{reference}", get(pages::returned))
        .route("/pay/{token}/status/{payment}", get(pages::status))
        .route("/pay/{token}/mock/{reference}", get(pages::mock_page))
        .route("/pay/{token}/receipt", get(pages::receipt_page))
        .route("/pay/{token}/already", get(pages::already_page))
}

/// Where proofs are sent. No clock may cut them but their own: phones on bad networks are slow.
pub fn uploads() -> Router<App> {
    Router::new().route(
        "/pay/{token}/proof/{payment}",
        post(upload::upload).layer(DefaultBodyLimit::max(upload::MAX_BODY)),
    )
}

/// A refusal without an order, in the reader's language.
pub fn refusal(headers: &HeaderMap, uri: &Uri, status: StatusCode) -> Response {
    ends::bare(load::lang_of(headers, uri), status)
}

#[cfg(test)]
mod tests;
