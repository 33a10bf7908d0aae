//! The look of the simulator's pages: one plain sheet, no script, and the band that says what
//! they are. What stands on a page is its provider's; everything foreign goes through [`esc`].

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

const STYLE: &str = "
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#f3f4f1;color:#20241f}
.band{background:#7a3e00;color:#fff;padding:.6rem 1rem;text-align:center;font-weight:600}
main{max-width:30rem;margin:1.5rem auto;padding:0 1rem}
.sheet{background:#fff;border:1px solid #d5d8d0;border-radius:10px;padding:1rem 1.2rem;margin:0 0 1rem}
h1{font-size:1.25rem;margin:0 0 .5rem} h2{font-size:1rem;margin:0 0 .5rem}
.amount{font-size:1.7rem;font-weight:700;margin:.2rem 0}
.quiet{color:#555d52;font-size:.9rem}
.bad{background:#fde8e4;color:#7d1a08;border-radius:6px;padding:.5rem .7rem}
.good{background:#e2f3e3;color:#14501c;border-radius:6px;padding:.5rem .7rem}
label{display:block;margin:.6rem 0 .2rem;font-weight:600}
input,select{width:100%;font:inherit;padding:.55rem;border:1px solid #868e82;border-radius:6px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.7rem}
button{font:inherit;font-weight:600;width:100%;padding:.65rem;margin:.8rem 0 0;border:0;border-radius:6px;background:#1f5130;color:#fff}
button.other{background:#e6e9e2;color:#20241f}
table{border-collapse:collapse;width:100%;font-size:.85rem} td,th{text-align:left;padding:.25rem .4rem .25rem 0;border-bottom:1px solid #e2e5de;vertical-align:top}
code{font-size:.95em}
@media (prefers-color-scheme:dark){body{background:#171a16;color:#e8ebe5}.sheet{background:#21251f;border-color:#3a4037}.quiet{color:#a9b0a4}input,select{background:#171a16;color:inherit}button{background:#7fc794;color:#0d1f13}button.other{background:#3a4037;color:#e8ebe5}td,th{border-color:#3a4037}}
";

/// Text that may stand in HTML, between tags or in a quoted attribute.
pub fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A whole page; `inner` is HTML.
pub fn page(title: &str, inner: &str) -> Response {
    respond(StatusCode::OK, title, inner, None)
}

/// A page that reloads itself.
pub fn living_page(title: &str, inner: &str, seconds: u32) -> Response {
    respond(StatusCode::OK, title, inner, Some(seconds))
}

/// A page with an error's status.
pub fn error_page(status: StatusCode, text: &str) -> Response {
    let inner = format!("<div class=\"sheet\"><h1>{}</h1></div>", esc(text));
    respond(status, text, &inner, None)
}

/// After a form: shows `location` with a GET.
pub fn see(location: &str) -> Response {
    Redirect::to(location).into_response()
}

fn respond(status: StatusCode, title: &str, inner: &str, reload: Option<u32>) -> Response {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{}</title><style>{STYLE}</style></head>\
         <body><div class=\"band\" role=\"note\">Simulator \u{2013} no real money</div>\
         <main>{inner}</main></body></html>",
        esc(title)
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                  frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let mut response = (status, headers, Html(html)).into_response();
    if let Some(seconds) = reload {
        response
            .headers_mut()
            .insert(HeaderName::from_static("refresh"), seconds.into());
    }
    response
}

/// A page or error from what a handler came to.
pub fn settled(outcome: anyhow::Result<Response>) -> Response {
    outcome.unwrap_or_else(|error| {
        tracing::error!(?error, "a simulated page failed");
        error_page(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The simulator failed; see its log",
        )
    })
}

/// Whether a merchant's address may be redirected to.
pub fn web_address(text: &str) -> Option<url::Url> {
    url::Url::parse(text)
        .ok()
        .filter(|u| matches!(u.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_becomes_markup() {
        assert_eq!(esc("<b a=\"'&\">"), "&lt;b a=&quot;&#39;&amp;&quot;&gt;");
        assert!(web_address("javascript:alert(1)").is_none());
        assert!(web_address("https://shop.example/x").is_some());
    }
}
