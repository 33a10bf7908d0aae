//! The whole web server: which router answers which path, and what stands before them all.
use super::{assets, checkout, forms};
use crate::services::App;
use axum::Router;

pub fn router(app: App) -> Router {
    Router::new()
        .merge(assets::router())
        .merge(checkout::router())
        .merge(forms::router())
        .with_state(app)
}
