//! The dashboard: pages for a tenant's staff, complete without JavaScript. English only.
//! What a role may see is settled by `auth`; every rule of money stays in the services.
pub mod actions;
pub mod auth;
pub mod pages;
pub mod parts;
pub mod sentences;
pub mod told;
pub mod views;

use crate::services::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use pages::{
    alerts, api_keys, customers, endpoints, entry, events, exports, hooks, imports, links,
    messages, orders, overview, payments, plans, proofs, providers, refunds, team, unmatched,
};

pub use auth::session_layer;

/// The pages. [`session_layer`] must lie over them and over `/do`.
pub fn router() -> Router<App> {
    let shop = Router::new()
        .route("/", get(entry::home))
        .route("/overview", get(overview::show))
        .route("/start", get(team::start))
        .route("/orders", get(orders::list))
        .route("/orders/new", get(orders::new))
        .route("/orders/import", get(imports::new))
        .route("/orders/import/{id}", get(imports::detail))
        .route("/orders/import/{id}/links.csv", get(imports::download))
        .route("/orders/{id}", get(orders::detail))
        .route("/orders/{id}/cancel", get(orders::cancel))
        .route("/links", get(links::list))
        .route("/links/new", get(links::new))
        .route("/links/{id}", get(links::detail))
        .route("/payments", get(payments::list))
        .route("/payments/unmatched", get(unmatched::list))
        .route("/payments/{id}", get(payments::detail))
        .route("/payments/{id}/refund", get(payments::refund))
        .route("/proofs", get(proofs::list))
        .route("/proofs/{id}", get(proofs::detail))
        .route("/proofs/{id}/file", get(proofs::file))
        .route("/refunds", get(refunds::list))
        .route("/refunds/{id}", get(refunds::detail))
        .route("/customers", get(customers::list))
        .route("/customers/{id}", get(customers::detail))
        .route("/customers/{id}/merge", get(customers::merge))
        .route("/plans", get(plans::list))
        .route("/plans/new", get(plans::new))
        .route("/plans/{id}", get(plans::detail))
        .route("/plans/{id}/edit", get(plans::edit))
        .route("/providers", get(providers::list))
        .route("/providers/{id}", get(providers::detail))
        .route("/providers/{id}/go-live", get(providers::go_live))
        .route("/providers/{id}/offer", get(providers::offer))
        .route("/hooks", get(hooks::list))
        .route("/hooks/{id}", get(hooks::detail))
        .route("/events", get(events::list))
        .route("/events/{id}", get(events::detail))
        .route("/endpoints", get(endpoints::list))
        .route("/endpoints/new", get(endpoints::new))
        .route("/endpoints/{id}", get(endpoints::detail))
        .route("/endpoints/{id}/delete", get(endpoints::delete))
        .route("/api-keys", get(api_keys::list))
        .route("/api-keys/requests", get(api_keys::requests))
        .route("/api-keys/{id}/revoke", get(api_keys::revoke))
        .route("/messages", get(messages::list))
        .route("/messages/settings", get(messages::settings))
        .route("/messages/{id}", get(messages::detail))
        .route("/messages/{id}/html", get(messages::html))
        .route("/exports", get(exports::list))
        .route("/exports/{id}", get(exports::detail))
        .route("/exports/{id}/file", get(exports::file))
        .route("/alerts", get(alerts::list))
        .route("/team", get(team::team))
        .route("/team/{id}/remove", get(team::remove))
        .route("/account", get(team::account));
    Router::new()
        .route("/login", get(entry::login))
        .route("/login/link/{token}", get(entry::link))
        .route("/logout", post(entry::logout))
        .route("/admin", get(entry::choose))
        .route("/admin/", get(entry::choose))
        .route("/admin/{tenant}/", get(entry::home))
        .route(
            "/do/admin/imports/upload",
            post(actions::imports::upload).layer(DefaultBodyLimit::max(actions::imports::MAX_BODY)),
        )
        .nest("/admin/{tenant}", shop)
        .route("/admin/{tenant}/{*rest}", get(entry::nothing))
}
