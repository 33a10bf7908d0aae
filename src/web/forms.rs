//! How server functions are served and how they answer: always with a 303, so that a reload
//! repeats nothing.
use super::body;
use super::flash::Flash;
use crate::services::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use leptos::prelude::*;
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use leptos_axum::ResponseOptions;

/// The largest form, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// Refuses addresses with U+0000 in them: PostgreSQL takes none, and no page of ours has one.
pub async fn refuse_nul(request: Request<Body>, next: Next) -> Response {
    let holds = |text: &str| text.contains("%00");
    if holds(request.uri().path()) || request.uri().query().is_some_and(holds) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    next.run(request).await
}

/// The route of every server function.
pub fn router() -> axum::Router<App> {
    axum::Router::new().route("/do/{*function}", post(serve))
}

/// Runs the server function that the address names, with the services in its context. What it has
/// begun goes on if the browser goes away.
async fn serve(State(app): State<App>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = match body::read(body, MAX_BYTES).await {
        Ok(body) => body,
        Err(problem) => return problem.status.into_response(),
    };
    if body.contains(&0) || body.windows(3).any(|w| w == b"%00") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let request = Request::from_parts(parts, Body::from(body));
    let context = move || provide_context(app.clone());
    let handled = tokio::spawn(leptos_axum::handle_server_fns_with_context(
        context, request,
    ))
    .await;
    let Ok(response) = handled else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = response.into_response();
    // The framework would lead the browser back to wherever it says it came from, with its own
    // words in the address. What is refused without a way on gets a page of its own.
    if response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        return status.into_response();
    }
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

/// The request's headers, inside a server function.
pub fn headers() -> HeaderMap {
    use_context::<axum::http::request::Parts>()
        .map(|parts| parts.headers)
        .unwrap_or_default()
}

/// Ends a server function: the browser goes on with a GET of `to`.
pub fn see_other(to: &str) {
    let Some(options) = use_context::<ResponseOptions>() else {
        return;
    };
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    options.set_status(StatusCode::SEE_OTHER);
    options.insert_header(header::LOCATION, to);
}

/// Refuses a form: back to `to`, which shows the flash.
pub fn refuse(flash: Flash, to: &str, secure: bool) {
    if let Some(options) = use_context::<ResponseOptions>() {
        let (name, value) = flash.header(secure);
        options.append_header(name, value);
    }
    see_other(to);
}

/// Adds a cookie or another header to a server function's answer.
pub fn add_header(name: axum::http::HeaderName, value: HeaderValue) {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.append_header(name, value);
    }
}
