//! The whole web server: which router answers which path, and what stands before them all.
use super::{admin, assets};
use crate::services::App;
use axum::Router;
use axum::extract::Request;
use axum::routing::post;
use leptos::prelude::provide_context;

pub fn router(app: App) -> Router {
    let sessions = admin::session_layer(&app);
    Router::new()
        .merge(admin::router())
        .merge(server_functions(&app))
        .layer(sessions)
        .merge(assets::router())
        .with_state(app)
}

/// `/do/…`: the forms of all pages.
fn server_functions(app: &App) -> Router<App> {
    let app = app.clone();
    let run = move |request: Request| {
        let app = app.clone();
        let context = move || provide_context(app.clone());
        leptos_axum::handle_server_fns_with_context(context, request)
    };
    Router::new().route("/do/{*fn}", post(run))
}
