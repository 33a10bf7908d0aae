//! Exports: which rows, how many they are, and how far each file is.
use crate::domain::event::EventType;
use crate::domain::export::{Export, ExportKind, ExportStatus};
use crate::domain::order::OrderStatus;
use crate::domain::payment::PaymentStatus;
use crate::domain::refund::RefundStatus;
use crate::web::admin::parts::chips::{Light, light, mode_tag};
use crate::web::admin::parts::lists::{
    Choice, Pager, Query, ViewLink, cell, pager, row, table, views,
};
use crate::web::admin::parts::shell::{crumbs, facts, head, panel};
use crate::web::admin::parts::{Frame, Input, Note, Post, Typed, empty, note};
use crate::web::admin::sentences;
use leptos::prelude::*;
use serde::Deserialize;

/// The choice of rows as it stands in an address or a form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    pub what: String,
    pub status: String,
    pub provider: String,
    pub from: String,
    pub to: String,
    pub mode: String,
    /// Where the list of past ones is read from.
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Chosen {
    pub fn query(&self) -> Query {
        Query::default()
            .with("what", self.what.as_str())
            .with("status", self.status.as_str())
            .with("provider", self.provider.as_str())
            .with("from", self.from.as_str())
            .with("to", self.to.as_str())
            .with("mode", self.mode.as_str())
    }
}

/// What the page shows.
pub struct List {
    pub kind: ExportKind,
    pub chosen: Chosen,
    pub typed: Typed,
    /// Rows that fit, where somebody chose.
    pub found: Option<i64>,
    pub exports: Vec<Export>,
    pub newer: Option<String>,
    pub older: Option<String>,
}

/// The states that rows of a kind can be in; for events their types.
pub fn states(kind: ExportKind) -> Vec<Choice> {
    fn all<T: Copy>(
        of: &[T],
        tag: fn(T) -> &'static str,
        word: fn(T) -> &'static str,
    ) -> Vec<Choice> {
        of.iter()
            .map(|s| (tag(*s).to_owned(), word(*s).to_owned()))
            .collect()
    }
    match kind {
        ExportKind::Orders => all(OrderStatus::ALL, OrderStatus::as_str, |s| {
            sentences::order(s).word
        }),
        ExportKind::Payments => all(PaymentStatus::ALL, PaymentStatus::as_str, |s| {
            sentences::payment(s).word
        }),
        ExportKind::Refunds => all(RefundStatus::ALL, RefundStatus::as_str, |s| {
            sentences::refund(s).word
        }),
        ExportKind::Events => all(EventType::ALL, EventType::as_str, EventType::as_str),
    }
}

fn title(kind: ExportKind) -> &'static str {
    match kind {
        ExportKind::Orders => "Orders",
        ExportKind::Payments => "Payments",
        ExportKind::Refunds => "Refunds",
        ExportKind::Events => "Events",
    }
}

/// `1 payment`, `12,400 payments`.
fn counted(n: i64, kind: ExportKind) -> String {
    let many = kind.as_str();
    if n == 1 {
        format!("1 {}", many.trim_end_matches('s'))
    } else {
        format!("{} {many}", grouped(n))
    }
}

/// `12400` → `12,400`.
pub fn grouped(n: i64) -> String {
    let digits = n.max(0).to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The link of a list to an export of what it shows; none where it is searched, which exports are
/// not.
pub fn link(f: &Frame, kind: ExportKind, set: &Query) -> Option<AnyView> {
    if !set.get("q").is_empty() {
        return None;
    }
    let status = if kind == ExportKind::Events {
        "type"
    } else {
        "status"
    };
    let mode = set.get("mode");
    let href = Query::default()
        .with("what", kind.as_str())
        .with("status", set.get(status))
        .with("provider", set.get("provider"))
        .with("mode", if mode == "test" { "test" } else { "" })
        .href(&f.url("/exports"));
    Some(view! { <a class="btn" href=href>"Export these"</a> }.into_any())
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let sub = format!(
        "Rows of the books as a CSV file. Days are in {}; times in the file are UTC.",
        f.zone.name()
    );
    let path = f.url("/exports");
    let links = ExportKind::ALL
        .into_iter()
        .map(|kind| ViewLink {
            // A state of one kind is none of another.
            href: l
                .chosen
                .query()
                .without("what")
                .without("status")
                .with("what", kind.as_str())
                .href(&path),
            words: title(kind),
            here: kind == l.kind,
            waiting: 0,
        })
        .collect();
    let choose = choose(f, &l);
    let answer = answer(f, &l);
    let past = past(f, l.exports, l.newer, l.older);
    view! {
        {head("Exports", sub, None)}
        {views(links)}
        {choose}
        {answer}
        <section class="sec" aria-labelledby="h-past">
            <header class="sechead sm0"><h2 id="h-past">"Past exports"</h2></header>{past}
        </section>
    }
    .into_any()
}

fn choose(f: &Frame, l: &List) -> AnyView {
    let mut any = vec![(String::new(), "Any".to_owned())];
    any.extend(states(l.kind));
    let word = if l.kind == ExportKind::Events {
        "Type"
    } else {
        "State"
    };
    let status = Input::select("status", word, any).value(&l.chosen.status);
    let provider = l.kind.has_provider().then(|| {
        let mut any = vec![(String::new(), "Any".to_owned())];
        any.extend(
            f.providers
                .iter()
                .map(|p| (p.name.clone(), p.label.clone())),
        );
        let provider = Input::select("provider", "Provider", any);
        provider.value(&l.chosen.provider).view(&l.typed)
    });
    let modes = [("live", "Live money"), ("test", "Test money")];
    let modes = modes.map(|(v, w)| (v.to_owned(), w.to_owned())).to_vec();
    let mode = if l.chosen.mode == "test" {
        "test"
    } else {
        "live"
    };
    let day = |name: &'static str, label: &'static str, value: &str| {
        Input::date(name, label)
            .value(value)
            .optional()
            .view(&l.typed)
    };
    let button = format!("Count the {}", l.kind.as_str());
    view! {
        {l.typed.summary("Not counted")}
        <form class="pick" method="get" action=f.url("/exports")>
            <input type="hidden" name="what" value=l.kind.as_str() />
            {status.view(&l.typed)}
            {provider}
            {day("from", "First day", &l.chosen.from)}
            {day("to", "Last day", &l.chosen.to)}
            {Input::select("mode", "Money", modes).value(mode).view(&l.typed)}
            <div class="acts"><button class="btn">{button}</button></div>
        </form>
    }
    .into_any()
}

/// How many rows fit, and the button that makes the file.
fn answer(f: &Frame, l: &List) -> Option<AnyView> {
    let n = l.found?;
    if n == 0 {
        let text = if l.chosen.mode == "test" {
            "Take a filter away, or choose other days."
        } else {
            "Test money is left out. Take a filter away, or choose other days."
        };
        let head = format!("No {} fit.", l.kind.as_str());
        return Some(note(Note::plain(head, text).answer()));
    }
    let fits = if n == 1 { "fits" } else { "fit" };
    let head = format!("{} {fits}.", counted(n, l.kind));
    let text = "Making the file is written into the audit log, and so is each download.";
    let c = &l.chosen;
    let button = format!("Make the file of {}", counted(n, l.kind));
    let form = Post::to("/do/admin/exports/make", f)
        .once()
        .with("what", l.kind.as_str())
        .with("status", c.status.as_str())
        .with("provider", c.provider.as_str())
        .with("from", c.from.as_str())
        .with("to", c.to.as_str())
        .with("mode", c.mode.as_str())
        .view(view! { <button class="btn primary">{button}</button> });
    Some(
        view! { {note(Note::plain(head, text).answer())}<div class="after">{form}</div> }
            .into_any(),
    )
}

/// The filter in words.
fn filter_words(f: &Frame, e: &Export) -> String {
    let filter = &e.filter;
    let mut words = Vec::new();
    if !filter.status.is_empty() {
        let known = states(e.kind)
            .into_iter()
            .find(|(v, _)| *v == filter.status);
        words.push(known.map_or_else(|| filter.status.clone(), |(_, w)| w.to_lowercase()));
    }
    if !filter.provider.is_empty() {
        words.push(f.label(&filter.provider));
    }
    match (filter.from(), filter.to()) {
        (Some(from), Some(to)) => words.push(format!(
            "{} to {}",
            f.zone.day(from),
            f.zone.day(to.plus_secs(-1))
        )),
        (Some(from), None) => words.push(format!("from {}", f.zone.day(from))),
        (None, Some(to)) => words.push(format!("until {}", f.zone.day(to.plus_secs(-1)))),
        (None, None) => words.push("all days".to_owned()),
    }
    words.join(", ")
}

fn state(f: &Frame, e: &Export) -> AnyView {
    match e.status {
        ExportStatus::Made => light(Light::Off, "Not taken yet"),
        ExportStatus::Running if e.is_running(f.zone.now) => light(Light::Warn, "Under way"),
        ExportStatus::Done => light(Light::Ok, "Done"),
        ExportStatus::Running | ExportStatus::Broken => light(Light::Bad, "Broken off"),
    }
}

/// `12,400 of 50,000`.
fn progress(e: &Export) -> String {
    format!("{} of {}", grouped(e.written), grouped(e.total))
}

fn past(f: &Frame, all: Vec<Export>, newer: Option<String>, older: Option<String>) -> AnyView {
    if all.is_empty() && newer.is_none() {
        let text = "Choose rows above and count them. Who took which rows is listed here.";
        return empty("No exports yet", text, None);
    }
    let shown = all.len();
    let rows = all
        .iter()
        .map(|e| {
            let href = f.url(&format!("/exports/{}", e.id));
            let by = f.who(&e.made_by);
            let cells = view! {
                {cell("t1", view! {
                    <span><a class="row" href=href>{title(e.kind)}</a>
                    <span class="cut2 dim">{filter_words(f, e)}</span></span>
                })}
                {cell("t2 nowrap", mode_tag(e.filter.test))}
                {cell("num b2", progress(e).into_any())}
                {cell("b1 nowrap", state(f, e))}
                {cell("all", view! { <span class="only-phone-i">"by "</span>{by}" "
                    <span class="only-phone-i">{f.zone.near_tag(e.created_at)}</span> })}
                {cell("no-phone nowrap", f.zone.near_tag(e.created_at))}
            };
            row(e.filter.test, cells.into_any())
        })
        .collect_view();
    let list = table(
        "list",
        "Past exports",
        &[
            ("Rows", ""),
            ("Money", ""),
            ("Taken", "num plain"),
            ("State", ""),
            ("By", ""),
            ("Made", ""),
        ],
        rows.into_any(),
    );
    let pages = pager(Pager {
        shown,
        newer,
        older,
    });
    view! { {list}{pages} }.into_any()
}

/// One export: how far it is, and the way to take it.
pub fn detail(f: &Frame, e: &Export) -> AnyView {
    let running = e.is_running(f.zone.now);
    let file = f.url(&format!("/exports/{}/file", e.id));
    let words = if e.runs == 0 {
        "Download the CSV"
    } else {
        "Download it again"
    };
    let act = (!running)
        .then(|| view! { <a class="btn primary" href=file download="">{words}</a> }.into_any());
    let told = match e.status {
        ExportStatus::Made => Note::plain(
            format!("{} will be in the file.", counted(e.total, e.kind)),
            "Press the button; this page then shows how far it is.",
        ),
        ExportStatus::Running if running => Note::plain(
            format!("{} rows are handed over.", progress(e)),
            "Leave the browser open until the file is whole. This page refreshes itself.",
        ),
        ExportStatus::Done => Note::ok(
            format!("{} are in the file.", counted(e.written, e.kind)),
            "",
        ),
        ExportStatus::Running | ExportStatus::Broken => Note::bad(
            format!("It broke off after {} rows.", progress(e)),
            "The file is not whole: delete it and download it again.",
        ),
    };
    let (most, now) = (e.total.max(1).to_string(), e.written.to_string());
    let label = format!("{} rows", progress(e));
    let bar = view! { <progress class="track" max=most value=now aria-label=label.clone()>{label.clone()}</progress> };
    let again = Query::default()
        .with("what", e.kind.as_str())
        .href(&f.url("/exports"));
    let lines = facts(vec![
        (
            "Rows",
            Some(view! { {title(e.kind)}", "{filter_words(f, e)} }.into_any()),
        ),
        ("Money", Some(mode_tag(e.filter.test))),
        ("State", Some(state(f, e))),
        ("Handed over", Some(label.into_any())),
        (
            "Made",
            Some(view! { {f.zone.near_tag(e.created_at)}" by "{f.by(&e.made_by)} }.into_any()),
        ),
        ("Last change", Some(f.zone.near_tag(e.updated_at))),
        ("Downloads", Some(e.runs.into_any())),
    ]);
    view! {
        {crumbs(again, "Exports", title(e.kind).into_any())}
        {head(format!("Export of {}", e.kind.as_str()), "A CSV file, UTF-8, one line a row.", act)}
        <div class="notes" role="status">{note(told)}</div>
        {bar}
        {panel("What it holds", None, lines)}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_at_a_glance() {
        for (n, words) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(n), words);
        }
        assert_eq!(counted(1, ExportKind::Payments), "1 payment");
        assert_eq!(counted(12_400, ExportKind::Orders), "12,400 orders");
    }
}
