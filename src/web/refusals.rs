//! Refusals in sentences: what the framework, the CSRF layer or a server function answers without
//! a page gets one, in the look and language of where the reader is.
use super::admin::auth::plain;
use super::admin::views::door;
use super::checkout;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The page of a refusal.
pub(super) fn page(headers: &HeaderMap, uri: &Uri, status: StatusCode) -> Response {
    let path = uri.path();
    if path.starts_with("/pay/") || path.starts_with("/do/checkout/") {
        return checkout::refusal(headers, uri, status);
    }
    let home = || ("/admin".to_owned(), "Go to the overview");
    match status {
        StatusCode::NOT_FOUND => plain(status, "Not found", door::not_found),
        StatusCode::FORBIDDEN => plain(status, "Not allowed", move || {
            door::refusal(
                "This may not be done",
                "Your role does not allow it, or the form came from another site. Nothing was changed.",
                home(),
            )
        }),
        StatusCode::METHOD_NOT_ALLOWED => plain(status, "Not a page", move || {
            door::refusal("This address is no page", "It takes forms alone.", home())
        }),
        StatusCode::PAYLOAD_TOO_LARGE => plain(status, "Too large", move || {
            door::refusal(
                "That was too much",
                "The form holds more than is taken here. Nothing was changed.",
                home(),
            )
        }),
        s if s.is_client_error() => plain(status, "Not understood", move || {
            door::refusal(
                "The form was not understood",
                "Go back, load the page again and send it once more. Nothing was changed.",
                home(),
            )
        }),
        _ => plain(status, "Something went wrong", door::broken),
    }
}

/// Gives every refusal without a page its page; programs' answers in JSON stay as they are.
pub(super) async fn sentences(request: Request, next: Next) -> Response {
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let route = request.extensions().get::<MatchedPath>();
    let for_script = route.is_some_and(|r| r.as_str() == "/pay/{token}/status/{payment}");
    let answer = next.run(request).await;
    let status = answer.status();
    if for_script || !(status.is_client_error() || status.is_server_error()) || is_made(&answer) {
        return answer;
    }
    // An address that cannot be read names nothing.
    let status = if reads && status == StatusCode::BAD_REQUEST {
        StatusCode::NOT_FOUND
    } else {
        status
    };
    page(&headers, &uri, status)
}

fn is_made(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") || kind.starts_with("application/")
}

/// Addresses that nothing answers. Programs get the bare status.
pub(super) async fn unknown(request: Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") || path.starts_with("/hooks/") || path.starts_with("/pkg/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    page(request.headers(), request.uri(), StatusCode::NOT_FOUND)
}
