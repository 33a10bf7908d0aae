//! Hooks: calls from providers as they came, the verdict with its reason, and replay.
use crate::domain::hook::{Hook, HookStatus};
use crate::domain::role::Permission;
use crate::web::admin::parts::chips::mode_tag;
use crate::web::admin::parts::lists::{
    Filters, Pager, Query, Select, ViewLink, cell, nothing_fits, pager, row, table, views,
};
use crate::web::admin::parts::shell::{code, crumbs, facts, head, panel};
use crate::web::admin::parts::{Frame, Note, Post, empty, icon, note, states, via};
use crate::web::admin::sentences;
use leptos::prelude::*;
use std::fmt::Write;

/// What the list shows.
pub struct List {
    pub hooks: Vec<Hook>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
}

/// What the provider calls it, as far as the body says so without knowing the provider.
pub fn says(body: &[u8]) -> String {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) else {
        return String::new();
    };
    let named = ["event", "type", "method", "event.type"]
        .into_iter()
        .find_map(|k| json.get(k).and_then(serde_json::Value::as_str));
    let nested = || {
        json.pointer("/data/attributes/type")
            .and_then(serde_json::Value::as_str)
    };
    if let Some(text) = named.or_else(nested) {
        return text.chars().take(60).collect();
    }
    if json.pointer("/Body/stkCallback").is_some() {
        return "stkCallback".to_owned();
    }
    String::new()
}

fn why(h: &Hook) -> String {
    let again = if h.deliveries > 1 {
        format!("; came {} times", h.deliveries)
    } else {
        String::new()
    };
    let why = if h.why.is_empty() {
        sentences::hook(h.status).means.trim_end_matches('.')
    } else {
        h.why.as_str()
    };
    format!("{why}{again}")
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let path = f.url("/hooks");
    let sub = format!(
        "Calls from providers, kept as they came before anything was done with them. {}.",
        f.zone.name()
    );
    if l.hooks.is_empty() && l.query.is_empty() && l.newer.is_none() {
        let first = f
            .may(Permission::ManageProviders)
            .then(|| (f.url("/providers"), "Providers and their hook addresses"));
        let text = "A hook appears here as soon as a provider calls its address. Payments are found without hooks too: we ask.";
        return view! { {head("Hooks", sub, None)}{empty("No hook has come", text, first)} }
            .into_any();
    }
    let status = l.query.get("status").to_owned();
    let link = |value: &'static str, words: &'static str| ViewLink {
        href: Query::default().with("status", value).href(&path),
        words,
        here: status == value,
        waiting: 0,
    };
    let links = vec![
        link("", "All"),
        link("failed", "Failed"),
        link("quarantined", "Quarantined"),
        link("ignored", "Ignored"),
        link("applied", "Applied"),
    ];
    let filters = Filters {
        path: path.clone(),
        query: l.query,
        search: None,
        selects: vec![
            Select {
                name: "status",
                label: "Verdict",
                any: "Any verdict",
                choices: HookStatus::ALL
                    .iter()
                    .map(|s| (s.as_str().to_owned(), sentences::hook(*s).word.to_owned()))
                    .collect(),
            },
            Select {
                name: "provider",
                label: "Provider",
                any: "Any provider",
                choices: f
                    .providers
                    .iter()
                    .map(|p| (p.name.clone(), p.label.clone()))
                    .collect(),
            },
        ],
        modes: false,
    };
    let shown = l.hooks.len();
    let rows = if shown == 0 {
        nothing_fits(path)
    } else {
        let rows = l.hooks.iter().map(|h| line(f, h)).collect_view();
        table(
            "list fix",
            "Hooks",
            &[
                ("Came", "w-time"),
                ("Provider", "w-prov"),
                ("Says it is", "w-kind"),
                ("Verdict", "w-verd"),
                ("Why", ""),
                ("Came", "only-phone"),
            ],
            rows.into_any(),
        )
    };
    let pages = pager(Pager {
        shown,
        newer: l.newer,
        older: l.older,
    });
    view! { {head("Hooks", sub, None)}{views(links)}{filters.view(f)}{rows}{pages} }.into_any()
}

fn line(f: &Frame, h: &Hook) -> AnyView {
    let href = f.url(&format!("/hooks/{}", h.id));
    let cells = view! {
        {cell("dim no-phone", f.zone.short_tag(h.received_at))}
        {cell("t1", view! {
            <a class="row" href=href>{via(f.monogram(&h.provider), f.label(&h.provider))}</a>
        })}
        {cell("b1 code cut", says(&h.body).into_any())}
        {cell("t2", states(sentences::hook(h.status), &[], h.test_mode))}
        {cell("all dim cut", why(h).into_any())}
        {cell("b2 only-phone", f.zone.short_tag(h.received_at))}
    };
    row(h.test_mode, cells.into_any())
}

/// How bodies are shown: JSON laid out, or the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    Read,
    Bytes,
}

/// More than this is cut on the page.
const SHOWN_BYTES: usize = 64 * 1024;

/// Sixteen bytes a line, as programs print them.
fn hex_dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (n, line) in bytes.chunks(16).enumerate() {
        let hex: Vec<String> = line.iter().map(|b| format!("{b:02x}")).collect();
        let text: String = line
            .iter()
            .map(|b| {
                if b.is_ascii_graphic() || *b == b' ' {
                    char::from(*b)
                } else {
                    '.'
                }
            })
            .collect();
        let _ = writeln!(out, "{:06x}  {:<47}  {text}", n * 16, hex.join(" "));
    }
    out
}

/// The body for a page, and how it was laid out.
fn readable(bytes: &[u8], how: Body) -> (String, &'static str) {
    let cut = &bytes[..bytes.len().min(SHOWN_BYTES)];
    if how == Body::Bytes {
        return (hex_dump(cut), "bytes");
    }
    if let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes) {
        let laid = serde_json::to_string_pretty(&json).unwrap_or_default();
        return (laid, "JSON laid out for reading");
    }
    match std::str::from_utf8(cut) {
        Ok(text) => (text.to_owned(), "text"),
        Err(_) => (hex_dump(cut), "bytes, for it is no text"),
    }
}

pub fn detail(f: &Frame, h: &Hook, how: Body) -> AnyView {
    let state = sentences::hook(h.status);
    let label = f.label(&h.provider);
    let kind = says(&h.body);
    let title = if kind.is_empty() {
        format!("A call from {label}")
    } else {
        format!("{label}: {kind}")
    };
    let came = format!("came {}", f.zone.near(h.received_at));
    let page = f.url(&format!("/hooks/{}", h.id));
    let replay = matches!(
        h.status,
        HookStatus::Failed | HookStatus::Ignored | HookStatus::Applied
    )
    .then(|| {
        let class = if h.status == HookStatus::Failed {
            "btn primary"
        } else {
            "btn"
        };
        Post::to("/do/admin/hooks/replay", f)
            .with("hook", h.id.to_string())
            .view(view! { <button class=class>"Replay"</button> })
    });
    let told = match h.status {
        HookStatus::Failed => Note::bad(state.means, format!("{} {}", h.why, state.next)),
        HookStatus::Quarantined => Note::warn(state.means, format!("{} {}", h.why, state.next)),
        _ if h.why.is_empty() => Note::plain(state.means, ""),
        _ => Note::plain(state.means, h.why.clone()),
    };
    let (body, laid) = readable(&h.body, how);
    let other = match how {
        Body::Read => view! { <a href=format!("{page}?raw=1")>"bytes"</a> },
        Body::Bytes => view! { <a href=page.clone()>"laid out"</a> },
    };
    let about = format!("As it came, {} bytes, {laid} · ", h.body.len());
    let about_facts = facts(vec![
        (
            "Provider",
            Some(via(f.monogram(&h.provider), label.clone())),
        ),
        (
            "Came from",
            (!h.source.is_empty()).then(|| code(h.source.clone())),
        ),
        (
            "About",
            (!h.path_reference.is_empty()).then(|| code(h.path_reference.clone())),
        ),
        ("Handled", h.handled_at.map(|t| f.zone.near_tag(t))),
        ("Deliveries", Some(h.deliveries.into_any())),
        ("Same if", Some(code(h.dedupe_key.clone()))),
    ]);
    view! {
        {crumbs(f.url("/hooks"), "Hooks", code(h.id.to_string()))}
        <header class="head">
            <div>
                <h1>{title}</h1>
                <p class="sts">{states(state, &[], h.test_mode)}" "<span class="muted">{came}</span></p>
            </div>
            <div class="acts">{replay}</div>
        </header>
        <div class="notes">{note(told)}</div>
        <div class="two">
            <div>
                <section>
                    <header class="sechead"><h2>"Body"</h2><p class="muted">{about}{other}</p></header>
                    <pre class="raw" tabindex="0">{body}</pre>
                </section>
                <section class="sec sm">
                    <header class="sechead"><h2>"Headers"</h2><p class="muted">"without credentials"</p></header>
                    <pre class="raw" tabindex="0">{headers(&h.headers)}</pre>
                </section>
            </div>
            <aside>
                {panel("Verdict", Some(mode_tag(h.test_mode)), checks(h, &label))}
                {panel("About", None, about_facts)}
            </aside>
        </div>
    }
    .into_any()
}

fn headers(json: &str) -> AnyView {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let mut lines: Vec<(String, String)> = match value {
        serde_json::Value::Object(map) => map
            .into_iter()
            .map(|(k, v)| (k, v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
            .collect(),
        serde_json::Value::Array(list) => list
            .into_iter()
            .map(|pair| {
                let part = |n: usize| {
                    pair.get(n)
                        .and_then(serde_json::Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                (part(0), part(1))
            })
            .collect(),
        _ => vec![],
    };
    lines.sort();
    lines
        .into_iter()
        .map(|(k, v)| view! { <span class="k">{k}": "</span>{v}"\n" })
        .collect_view()
        .into_any()
}

/// The checks one by one, as the state tells them.
fn checks(h: &Hook, label: &str) -> AnyView {
    let mode = if h.test_mode { "test" } else { "live" };
    let mut all = vec![
        (true, format!("The address belongs to {label}, {mode}")),
        (true, "Kept before it was answered".to_owned()),
    ];
    match h.status {
        HookStatus::Quarantined => all.push((false, "The sender could not be verified".to_owned())),
        HookStatus::Received => {}
        HookStatus::Applied => {
            all.push((true, "Believed, or confirmed by the provider".to_owned()));
        }
        HookStatus::Ignored => all.push((true, "Read; it changes nothing of ours".to_owned())),
        HookStatus::Failed => all.push((false, "Working on it failed".to_owned())),
    }
    if h.deliveries > 1 {
        all.push((true, format!("Came {} times; counted once", h.deliveries)));
    }
    let all = all
        .into_iter()
        .map(|(ok, words)| {
            let (class, shape) = if ok { ("ok", "eq") } else { ("no", "x") };
            view! { <li class=class>{icon(shape)}<span>{words}</span></li> }
        })
        .collect_view();
    view! { <ul class="ticks">{all}</ul> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_text_is_shown_as_bytes() {
        let (text, laid) = readable(b"\xff\x00abc", Body::Read);
        assert!(text.starts_with("000000  ff 00 61 62 63") && text.trim_end().ends_with("..abc"));
        assert!(laid.starts_with("bytes"));
        assert_eq!(readable(b"{\"a\":1}", Body::Read).0, "{\n  \"a\": 1\n}");
        assert_eq!(says(br#"{"event":"charge.success"}"#), "charge.success");
        assert_eq!(says(b"<xml>"), "");
    }
}
