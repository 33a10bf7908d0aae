//! Where providers call: `/hooks/{token}` and `/hooks/{token}/{reference}`. Hands the raw bytes on
//! and answers what the service says; trusts nothing, knows no provider.
use super::body;
use super::client::source;
use crate::services::inbound::{self, Reply};
use crate::services::{App, RawHook};
use axum::Router;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tracing::Instrument;

/// The largest hook, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

pub fn router() -> Router<App> {
    Router::new()
        .route("/hooks/{token}", any(take))
        .route("/hooks/{token}/", any(take))
        .route("/hooks/{token}/{*reference}", any(take))
}

async fn take(
    State(app): State<App>,
    Path(path): Path<Vec<(String, String)>>,
    request: Request,
) -> Response {
    let part = |name: &str| path.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    let token = part("token").unwrap_or_default();
    // Tokens are hex; nothing else is looked up.
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if request.method() != Method::POST {
        match inbound::other_method(&app, &token).await {
            Ok(Some(reply)) => return answer(&reply),
            Ok(None) if request.method() == Method::PUT => {}
            Ok(None) => {
                let allow = [(header::ALLOW, "POST, PUT")];
                return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
            }
            Err(error) => {
                tracing::error!(error = %error, "a hook's address was not looked up");
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
        }
    }
    let reference: String = part("reference").unwrap_or_default();
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let source = source(
        peer.map(|c| c.0.ip()),
        &parts.headers,
        &app.settings.trusted_proxies,
    );
    let bytes = match body::read(body, MAX_BYTES).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.status.into_response(),
    };
    let raw = RawHook {
        headers: lower(&parts.headers),
        body: bytes.to_vec(),
        path_reference: reference.chars().filter(|c| !c.is_control()).collect(),
    };
    // A task of its own: what came is kept although the caller hangs up.
    let receiving = tokio::spawn(
        async move { inbound::receive(&app, &token, raw, &source).await }
            .instrument(tracing::Span::current()),
    );
    match receiving.await {
        Ok(Ok(reply)) => answer(&reply),
        Ok(Err(error)) => {
            tracing::error!(error = %error, "a hook was not kept");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        // It panicked, which is logged where it happened.
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn answer(reply: &Reply) -> Response {
    match reply {
        Reply::Taken(body) => {
            let kind = if body.starts_with('{') {
                "application/json"
            } else {
                "text/plain; charset=utf-8"
            };
            ([(header::CONTENT_TYPE, kind)], *body).into_response()
        }
        Reply::Said(body) => {
            ([(header::CONTENT_TYPE, "application/json")], body.clone()).into_response()
        }
        Reply::NotVerified => StatusCode::UNAUTHORIZED.into_response(),
        Reply::Unreadable => StatusCode::BAD_REQUEST.into_response(),
        Reply::Unknown => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Headers by lower-case name; repeated ones are joined as HTTP allows.
fn lower(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut all = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        all.entry(name.as_str().to_owned())
            .and_modify(|known| {
                known.push_str(", ");
                known.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_lower_case_and_repeated_ones_are_joined() {
        let mut headers = HeaderMap::new();
        headers.append("X-Paystack-Signature", "ab".parse().unwrap());
        headers.append("X-Paystack-Signature", "cd".parse().unwrap());
        assert_eq!(lower(&headers)["x-paystack-signature"], "ab, cd");
    }
}
