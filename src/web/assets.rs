//! The site's own files, carried inside the program: styles, islands and pictures.
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "target/site"]
struct Site;

/// `/pkg/…`, what cargo-leptos built, and what `public/` holds.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/pkg/{*file}", get(package))
        .route("/robots.txt", get(robots))
}

/// Checkout links and the dashboard are nothing for search engines.
async fn robots() -> Response {
    let text = Site::get("robots.txt").map(|file| file.data.into_owned());
    (
        [(header::CONTENT_TYPE, "text/plain")],
        text.unwrap_or_default(),
    )
        .into_response()
}

/// Names carry no hash, so a browser asks each time whether its copy is still the one: new code
/// never meets an old program after a deploy.
async fn package(Path(file): Path<String>, asked: HeaderMap) -> Response {
    let Some(found) = Site::get(&format!("pkg/{file}")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", hex::encode(&found.metadata.sha256_hash()[..16]));
    let cache = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    if asked
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let media_type = match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (cache, headers, found.data.into_owned()).into_response()
}
