//! What a supervisor asks: whether the process runs, and whether it can do its work.
use crate::services::{App, tenants};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use std::time::Duration;

pub fn router() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
}

/// 200 when the database answers a read, else 503.
async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    let read = tenants::by_slug(&app, "-");
    match tokio::time::timeout(Duration::from_secs(3), read).await {
        Ok(Ok(_)) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::error!(error = %error, "not ready: the database failed");
            (StatusCode::SERVICE_UNAVAILABLE, "the database failed\n")
        }
        Err(_) => {
            tracing::error!("not ready: the database does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
        }
    }
}
