//! The whole web server: which router answers which path, and what stands before them all.
use super::{admin, api, assets, checkout, docs, forms, health, hooks, refusals};
use crate::services::App;
use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{HeaderName, Request, StatusCode};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use tower_http::trace::TraceLayer;

/// A client that sends slower than this is cut off.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);
/// Longer than a provider's call takes.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// Every route of the program.
pub fn router(app: App) -> Router {
    let timed = Router::new()
        .merge(pages(&app))
        .merge(api::router(&app))
        .merge(docs::router())
        .merge(hooks::router())
        .merge(health::router())
        .merge(assets::router())
        .fallback(refusals::unknown)
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            ANSWER_TIMEOUT,
        ))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT));
    // Uploads have a pace to keep instead of a time.
    let uploads = checkout::uploads()
        .layer(csrf(&app))
        .layer(from_fn(refusals::sentences))
        .merge(api::uploads(&app));
    timed
        .merge(uploads)
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a request's handler broke off");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .with_state(app)
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The route's template stands in the log, never the path: checkout links are secrets.
fn span(request: &Request<Body>) -> tracing::Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), route, request.id = id)
}

/// What people open in a browser: sessions and the CSRF layer stand before it.
fn pages(app: &App) -> Router<App> {
    let staff = Router::new()
        .merge(admin::router())
        .merge(forms::router())
        .layer(admin::session_layer(app));
    Router::new()
        .route("/", get(|| async { Redirect::to("/login") }))
        .merge(checkout::router())
        .merge(staff)
        .layer(axum::middleware::from_fn(forms::refuse_nul))
        .layer(csrf(app))
        .layer(from_fn(refusals::sentences))
}

/// Refuses forms that another site sends. Proxies rewrite `Host`, so the public address is named.
fn csrf(app: &App) -> CsrfLayer {
    let origin = url::Url::parse(&app.settings.public_url)
        .map(|u| u.origin().ascii_serialization())
        .unwrap_or_default();
    CsrfLayer::new()
        .add_trusted_origin(origin)
        .unwrap_or_default()
}
