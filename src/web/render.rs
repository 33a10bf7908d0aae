//! Turns a view into a whole document with its security headers. Knows nothing of what is shown.
//! No streaming: the page is rendered in one go, from data that is loaded already.
use crate::clock::random_hex;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use leptos::prelude::*;
use leptos::tachys::view::RenderHtml;
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

/// What a page needs beside its body.
pub struct Document {
    /// A BCP 47 tag: `en`, `ar`, …
    pub lang: &'static str,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    pub title: String,
    /// Colours the browser's own bar, `#rrggbb`.
    pub theme_color: Option<String>,
    /// Inlined, each in a `<style>` of its own.
    pub styles: Vec<Cow<'static, str>>,
    /// Addresses of our own style sheets.
    pub sheets: Vec<String>,
    pub status: StatusCode,
    /// Origins beside ours that a form of this page may lead to, redirects included.
    pub form_targets: Vec<String>,
    /// Loads the islands' script. A page without an island carries none.
    pub islands: bool,
    /// Seconds until the browser asks again by itself.
    pub refresh: Option<u32>,
    /// More headers, cookies above all.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Document {
    pub fn new(lang: &'static str, dir: &'static str, title: impl Into<String>) -> Self {
        Self {
            lang,
            dir,
            title: title.into(),
            theme_color: None,
            styles: vec![],
            sheets: vec![],
            status: StatusCode::OK,
            form_targets: vec![],
            islands: false,
            refresh: None,
            headers: vec![],
        }
    }
}

/// Where the islands' program lies.
const PKG: &str = "/pkg/malipo";

/// Starts each island: the program exports one function per island, named on its element.
const LOADER: &str = r#"import(P+".js").then(async m=>{await m.default({module_or_path:P+".wasm"});m.hydrate();for(const e of document.querySelectorAll("leptos-island")){const f=m[e.dataset.component];f&&f(e)}})"#;

/// Renders a view to a document.
pub fn page<V, F>(doc: Document, view: F) -> Response
where
    F: FnOnce() -> V,
    V: IntoView,
{
    let nonce = random_hex::<16>();
    let body = html(view, doc.islands);
    let mut out = String::with_capacity(body.len() + 16 * 1024);
    write_head(&mut out, &doc, &nonce);
    out.push_str(&body);
    out.push_str("</body></html>");

    let mut response = Response::new(Body::from(out));
    *response.status_mut() = doc.status;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CACHE_CONTROL, "no-store");
    set(header::CONTENT_SECURITY_POLICY, &policy(&doc, &nonce));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Ourselves alone: without it a browser sends forms with `Origin: null`, which older ones
    // cannot make up for by `Sec-Fetch-Site`.
    set(header::REFERRER_POLICY, "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    );
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    if let Some(seconds) = doc.refresh {
        set(header::REFRESH, &seconds.to_string());
    }
    for (name, value) in doc.headers {
        headers.append(name, value);
    }
    response
}

/// Renders a view alone, as tests and fragments need it.
pub fn html<V: IntoView>(view: impl FnOnce() -> V, islands: bool) -> String {
    let shared = Arc::new(hydration_context::SsrSharedContext::new_islands());
    let owner = Owner::new_root(Some(shared));
    let html = owner.with(|| view().into_view().to_html());
    owner.unset_with_forced_cleanup();
    // Markers between text nodes help hydration alone; typed text is escaped, so none is lost.
    if islands {
        html
    } else {
        html.replace("<!>", "")
    }
}

/// The page's Content-Security-Policy.
fn policy(doc: &Document, nonce: &str) -> String {
    let mut csp = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'{}; img-src 'self' data:; form-action 'self'",
        if doc.sheets.is_empty() { "" } else { " 'self'" }
    );
    for origin in &doc.form_targets {
        if is_origin(origin) {
            let _ = write!(csp, " {origin}");
        }
    }
    csp.push_str("; base-uri 'none'; frame-ancestors 'none'");
    if doc.islands {
        let _ = write!(
            csp,
            "; script-src 'nonce-{nonce}' 'wasm-unsafe-eval'; connect-src 'self'"
        );
    }
    csp
}

/// Whether a text is a bare origin, so that nothing else can slip into a header.
fn is_origin(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://"))
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'/' | b'.' | b'-' | b'*'))
}

fn write_head(out: &mut String, doc: &Document, nonce: &str) {
    let _ = write!(
        out,
        "<!DOCTYPE html><html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"robots\" content=\"noindex\"><title>{}</title>\
         <link rel=\"icon\" href=\"data:,\">",
        doc.lang,
        doc.dir,
        escape(&doc.title)
    );
    if let Some(colour) = &doc.theme_color {
        let _ = write!(
            out,
            "<meta name=\"theme-color\" content=\"{}\">",
            escape(colour)
        );
    }
    for sheet in &doc.sheets {
        let _ = write!(out, "<link rel=\"stylesheet\" href=\"{}\">", escape(sheet));
    }
    for style in &doc.styles {
        let _ = write!(out, "<style nonce=\"{nonce}\">{style}</style>");
    }
    if doc.islands {
        let _ = write!(
            out,
            "<link rel=\"modulepreload\" href=\"{PKG}.js\" nonce=\"{nonce}\">\
             <script type=\"module\" nonce=\"{nonce}\">const P=\"{PKG}\";{LOADER}</script>"
        );
    }
    out.push_str("</head><body>");
}

/// Text for HTML, attributes included.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_islands_may_run_nothing_and_load_nothing() {
        let mut doc = Document::new("ar", "rtl", "<b>");
        doc.form_targets = vec![
            "https://checkout.paystack.com".into(),
            "https://x; script-src *".into(),
        ];
        let response = page(doc, || view! { <h1>"a < b"</h1> });
        let csp = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(csp.starts_with("default-src 'none'; style-src 'nonce-"));
        assert!(csp.contains("form-action 'self' https://checkout.paystack.com; "));
        for never in ["script-src", "unsafe-inline", "connect-src", "*"] {
            assert!(!csp.contains(never), "{csp}");
        }
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn islands_bring_their_script_under_a_fresh_nonce() {
        let csp = |response: Response| {
            let value = &response.headers()[header::CONTENT_SECURITY_POLICY];
            value.to_str().unwrap().to_owned()
        };
        let make = || {
            let mut doc = Document::new("en", "ltr", "t");
            doc.islands = true;
            csp(page(doc, || view! { <p>"x"</p> }))
        };
        let (first, second) = (make(), make());
        assert!(first.contains("'wasm-unsafe-eval'; connect-src 'self'"));
        assert_ne!(first, second);
    }
}
