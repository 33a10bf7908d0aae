//! The request log: calls of the API with what came of them.
use super::api_keys::tabs;
use crate::services::api_keys::ApiKey;
use crate::services::call_log::{ApiRequest, KEEP_DAYS};
use crate::web::admin::parts::lists::{
    Filters, Pager, Query, Select, cell, nothing_fits, pager, row, table,
};
use crate::web::admin::parts::shell::head;
use crate::web::admin::parts::{Frame, empty, icon};
use leptos::prelude::*;

/// What the page shows.
pub struct List {
    pub calls: Vec<ApiRequest>,
    pub keys: Vec<ApiKey>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
}

/// The classes of a status: value, words, lowest and highest.
pub const CLASSES: [(&str, &str, i64, i64); 4] = [
    ("2xx", "Done (2xx)", 200, 299),
    ("4xx", "Refused (4xx)", 400, 499),
    ("5xx", "Our fault (5xx)", 500, 599),
    ("0", "Cut off", 0, 0),
];

fn status(call: &ApiRequest) -> AnyView {
    let (class, shape, words) = match call.status {
        0 => ("st", "s-stop", "cut off".to_owned()),
        200..=399 => ("st ok", "s-done", call.status.to_string()),
        400..=499 => ("st warn", "alert", call.status.to_string()),
        _ => ("st bad", "s-fail", call.status.to_string()),
    };
    view! { <span class=class>{icon(shape)}{words}</span> }.into_any()
}

fn line(f: &Frame, call: &ApiRequest, keys: &[ApiKey]) -> AnyView {
    let key = keys.iter().find(|k| k.id == call.key_id);
    let key = key.map_or_else(String::new, |k| match k.name.as_str() {
        "" => format!("…{}", k.hint),
        name => name.to_owned(),
    });
    let again = (!call.idempotency_key.is_empty()).then(|| {
        view! { <span class="brk">" · key "{call.idempotency_key.clone()}</span> }
    });
    // Every path begins alike.
    let path = call.path.strip_prefix("/api/v1").unwrap_or(&call.path);
    let cells = view! {
        {cell("t2 dim", f.zone.short_tag(call.at))}
        {cell("all", view! {
            <span class="code brk">{call.method.clone()}" "{path.to_owned()}</span>
            <span class="code dim under">{call.request_id.clone()}{again}</span>
        })}
        {cell("t1", view! {
            <span class="sts">{status(call)}<span class="code">{call.code.clone()}</span></span>
        })}
        {cell("b1 num", view! { <span class="nowrap">{call.took_ms}" ms"</span> })}
        {cell("b2", key.into_any())}
    };
    row(!call.livemode, cells.into_any())
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let path = f.url("/api-keys/requests");
    let sub = format!(
        "Calls of the API in the last {KEEP_DAYS} days, without their bodies. {}.",
        f.zone.name()
    );
    if l.calls.is_empty() && l.query.is_empty() && l.newer.is_none() {
        let text = "A call appears here as soon as a program uses one of your keys.";
        let first = Some(("/docs".to_owned(), "See how a call looks"));
        return view! {
            {head("API keys", sub, None)}{tabs(f, true)}{empty("No call has come", text, first)}
        }
        .into_any();
    }
    let choice = |value: String, words: String| (value, words);
    let filters = Filters {
        path: path.clone(),
        query: l.query,
        search: Some(("Path, request id or idempotency key", "Path, X-Request-Id")),
        selects: vec![
            Select {
                name: "status",
                label: "Status",
                any: "Any status",
                choices: CLASSES
                    .iter()
                    .map(|(value, words, ..)| choice((*value).to_owned(), (*words).to_owned()))
                    .collect(),
            },
            Select {
                name: "key",
                label: "Key",
                any: "Any key",
                choices: l
                    .keys
                    .iter()
                    .map(|k| choice(k.id.to_string(), format!("{} …{}", k.name, k.hint)))
                    .collect(),
            },
        ],
        modes: true,
    };
    let shown = l.calls.len();
    let rows = if shown == 0 {
        nothing_fits(path)
    } else {
        let rows = l.calls.iter().map(|c| line(f, c, &l.keys)).collect_view();
        let columns = [
            ("Came", "w-time"),
            ("Call, and its request id", ""),
            ("Answer", "w-kind"),
            ("Took", "w-link num plain"),
            ("Key", "w-made"),
        ];
        table("list fix", "Calls", &columns, rows.into_any())
    };
    let pages = pager(Pager {
        shown,
        newer: l.newer,
        older: l.older,
    });
    view! { {head("API keys", sub, None)}{tabs(f, true)}{filters.view(f)}{rows}{pages} }.into_any()
}
