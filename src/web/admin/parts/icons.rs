//! The dashboard's own icons, drawn once a page and used by name.
use leptos::prelude::*;

/// Every symbol of the sprite: its name and its drawing on a 16 by 16 grid.
const SYMBOLS: &[(&str, &str)] = &[
    (
        "alert",
        r#"<path d="M8 2.3 14.2 13H1.8zM8 6.3v3.2M8 11.3h.01"/>"#,
    ),
    (
        "ask",
        r#"<path d="M2.5 4a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H7.5L4.5 13.7V11h-1a1 1 0 0 1-1-1z"/>"#,
    ),
    (
        "audit",
        r#"<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01"/>"#,
    ),
    ("back", r#"<path d="M9.5 4 5.5 8l4 4"/>"#),
    ("chev", r#"<path d="m6.5 4.5 3.5 3.5-3.5 3.5"/>"#),
    (
        "copy",
        r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1.3"/><path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2"/>"#,
    ),
    ("dash", r#"<path d="M4 8h8"/>"#),
    ("eq", r#"<path d="m3.5 8.5 3 3 6-7"/>"#),
    (
        "events",
        r#"<path d="M8 9.6v-7M5.2 5.2 8 2.4l2.8 2.8M2.5 10v3.5h11V10"/>"#,
    ),
    (
        "export",
        r#"<path d="M9.2 2.5H4a.8.8 0 0 0-.8.8v9.4c0 .4.4.8.8.8h8c.4 0 .8-.4.8-.8V6.1zM9.2 2.5v3.6h3.6M8 7.6v3.6M6.4 9.7 8 11.3l1.6-1.6"/>"#,
    ),
    (
        "ext",
        r#"<path d="M6.5 3.5h-3v9h9v-3M9 2.5h4.5V7M13.2 2.8 7.5 8.5"/>"#,
    ),
    (
        "flask",
        r#"<path d="M6 2.5h4M6.5 2.5v4L3 12.3c-.4.7 0 1.2.7 1.2h8.6c.7 0 1.1-.5.7-1.2L9.5 6.5v-4M4.8 9.5h6.4"/>"#,
    ),
    (
        "hooks",
        r#"<path d="M8 2.2v7M5.2 6.6 8 9.4l2.8-2.8M2.5 10v3.5h11V10"/>"#,
    ),
    (
        "in",
        r#"<path d="M8 2.2v8.6M4.6 7.4 8 10.8l3.4-3.4M3 13.5h10"/>"#,
    ),
    (
        "info",
        r#"<circle cx="8" cy="8" r="5.7"/><path d="M8 7.4v3.4M8 5.2h.01"/>"#,
    ),
    (
        "key",
        r#"<circle cx="5" cy="11" r="2.7"/><path d="m7 9 6-6M10.5 5.5l2 2M12.2 3.8l1.3 1.3"/>"#,
    ),
    (
        "link",
        r#"<path d="M6.8 9.2a2.8 2.8 0 0 0 4 0l2.4-2.4a2.8 2.8 0 0 0-4-4L8 4M9.2 6.8a2.8 2.8 0 0 0-4 0L2.8 9.2a2.8 2.8 0 0 0 4 4L8 12"/>"#,
    ),
    (
        "lock",
        r#"<rect x="3.5" y="7" width="9" height="6.5" rx="1.2"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>"#,
    ),
    ("menu", r#"<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>"#),
    ("ne", r#"<path d="M3.5 6h9M3.5 10h9M10.5 3l-5 10"/>"#),
    (
        "orders",
        r#"<path d="M3.5 2.5h9v11l-1.5-1-1.5 1-1.5-1-1.5 1-1.5-1-1.5 1zM6 6h4M6 8.8h4"/>"#,
    ),
    (
        "out",
        r#"<path d="M8 11v-8.6M4.6 5.8 8 2.4l3.4 3.4M3 13.5h10"/>"#,
    ),
    (
        "overview",
        r#"<path d="M2.5 13.5V9.2M6.2 13.5V5.4M9.8 13.5V7.6M13.5 13.5v-11"/>"#,
    ),
    (
        "payments",
        r#"<path d="M2.5 5.2h10.6M10.6 2.7l2.5 2.5-2.5 2.5M13.5 10.8H2.9M5.4 8.3l-2.5 2.5 2.5 2.5"/>"#,
    ),
    (
        "phone",
        r#"<rect x="4.5" y="1.8" width="7" height="12.4" rx="1.5"/><path d="M7.3 11.8h1.4"/>"#,
    ),
    (
        "plans",
        r#"<rect x="2.5" y="3.5" width="11" height="10" rx="1.3"/><path d="M2.5 6.8h11M5.5 2v3M10.5 2v3M6 10.2l1.4 1.4L10.2 9"/>"#,
    ),
    ("plus", r#"<path d="M8 3v10M3 8h10"/>"#),
    (
        "proofs",
        r#"<rect x="2.5" y="2.5" width="11" height="11" rx="1.5"/><path d="m5.3 8.2 2 2 3.6-4"/>"#,
    ),
    (
        "providers",
        r#"<path d="M6 2v3.5M10 2v3.5M4 5.5h8v2.2a4 4 0 0 1-8 0zM8 11.7V14"/>"#,
    ),
    (
        "refunds",
        r#"<path d="M5.6 3 2.8 5.8l2.8 2.8M2.8 5.8h6.7a3.7 3.7 0 0 1 0 7.4H6.5"/>"#,
    ),
    (
        "s-done",
        r#"<circle cx="8" cy="8" r="7" fill="currentColor" stroke="none"/><path d="m4.8 8.3 2.2 2.2 4.2-4.7" stroke="var(--surface)" stroke-width="1.8"/>"#,
    ),
    (
        "s-fail",
        r#"<circle cx="8" cy="8" r="7" fill="currentColor" stroke="none"/><path d="m5.5 5.5 5 5M10.5 5.5l-5 5" stroke="var(--surface)" stroke-width="1.8"/>"#,
    ),
    (
        "s-ne",
        r#"<rect x="1.5" y="1.5" width="13" height="13" rx="3" fill="currentColor" stroke="none"/><path d="M4.8 6.4h6.4M4.8 9.6h6.4M9.7 4l-3.4 8" stroke="var(--surface)" stroke-width="1.5"/>"#,
    ),
    (
        "s-new",
        r#"<circle cx="8" cy="8" r="6.2" stroke-dasharray="2.2 2"/>"#,
    ),
    (
        "s-part",
        r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 8V4.2A3.8 3.8 0 1 1 4.2 8z" fill="currentColor" stroke="none"/>"#,
    ),
    (
        "s-ph",
        r#"<rect x="4" y="1.5" width="8" height="13" rx="1.6"/><path d="M7.2 11.9h1.6"/>"#,
    ),
    (
        "s-run",
        r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 4.2a3.8 3.8 0 0 1 0 7.6z" fill="currentColor" stroke="none"/>"#,
    ),
    (
        "s-stop",
        r#"<circle cx="8" cy="8" r="6.2"/><path d="m3.8 12.2 8.4-8.4"/>"#,
    ),
    (
        "s-time",
        r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 4.5V8l2.3 1.5"/>"#,
    ),
    (
        "s-unk",
        r#"<circle cx="8" cy="8" r="6.2"/><path d="M6.3 6.3a1.7 1.7 0 1 1 2.5 1.5c-.6.3-.8.7-.8 1.3M8 11.1h.01"/>"#,
    ),
    (
        "s-wait",
        r#"<circle cx="8" cy="8" r="6.2"/><circle cx="8" cy="8" r="2.2" fill="currentColor" stroke="none"/>"#,
    ),
    (
        "search",
        r#"<circle cx="7" cy="7" r="4.3"/><path d="m10.3 10.3 3.2 3.2"/>"#,
    ),
    (
        "team",
        r#"<circle cx="6" cy="5.5" r="2.3"/><path d="M1.9 13c.4-2.3 1.9-3.5 4.1-3.5S9.7 10.7 10.1 13M10.3 3.5a2.1 2.1 0 0 1 .4 4M11.6 9.8c1.4.4 2.2 1.5 2.5 3.2"/>"#,
    ),
    ("updown", r#"<path d="m5 6.2 3-3 3 3M5 9.8l3 3 3-3"/>"#),
    (
        "user",
        r#"<circle cx="8" cy="5.4" r="2.6"/><path d="M3 13.5c.5-2.6 2.4-4 5-4s4.5 1.4 5 4"/>"#,
    ),
    ("x", r#"<path d="m4.5 4.5 7 7M11.5 4.5l-7 7"/>"#),
    (
        "zin",
        r#"<circle cx="7" cy="7" r="4.3"/><path d="m10.3 10.3 3.2 3.2M7 5.2v3.6M5.2 7h3.6"/>"#,
    ),
    (
        "zout",
        r#"<circle cx="7" cy="7" r="4.3"/><path d="m10.3 10.3 3.2 3.2M5.2 7h3.6"/>"#,
    ),
    ("rot", r#"<path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3"/>"#),
];

/// The hidden sprite at the top of a page.
pub fn sprite() -> AnyView {
    let mut all = String::new();
    for (name, drawing) in SYMBOLS {
        all.push_str("<symbol id=\"i-");
        all.push_str(name);
        all.push_str("\" viewBox=\"0 0 16 16\">");
        all.push_str(drawing);
        all.push_str("</symbol>");
    }
    view! { <svg hidden="hidden" inner_html=all></svg> }.into_any()
}

/// An icon beside words that say the same.
pub fn icon(name: &'static str) -> AnyView {
    debug_assert!(SYMBOLS.iter().any(|(n, _)| *n == name), "no icon {name}");
    let drawing = format!("<use href=\"#i-{name}\"/>");
    view! { <svg class="i" aria-hidden="true" inner_html=drawing></svg> }.into_any()
}

/// An icon with a class of its own, for ticks and crosses in tables.
pub fn icon_class(name: &'static str, class: &'static str) -> AnyView {
    let drawing = format!("<use href=\"#i-{name}\"/>");
    let class = format!("i {class}");
    view! { <svg class=class aria-hidden="true" inner_html=drawing></svg> }.into_any()
}
