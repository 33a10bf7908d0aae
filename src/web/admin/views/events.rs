//! Events: endpoints first (is mine ill?), then what was told, then the answers word for word.
use super::{endpoints, exports};
use crate::domain::endpoint::{Attempt, Delivery, DeliveryStatus, Endpoint, RETRY_SECS};
use crate::domain::event::EventType;
use crate::domain::export::ExportKind;
use crate::domain::ids::Id;
use crate::domain::role::Permission;
use crate::services::events::{Event, EventDetail};
use crate::web::admin::parts::lists::{
    Filters, Pager, Query, Select, cell, nothing_fits, pager, row, table,
};
use crate::web::admin::parts::shell::{code, crumbs, head, panel};
use crate::web::admin::parts::timeline::{Line, timeline};
use crate::web::admin::parts::{Frame, Post, chip, empty, states, waited};
use crate::web::admin::sentences::{self, Chip};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// Endpoints by id, deleted ones included.
pub type Endpoints = BTreeMap<String, Endpoint>;

/// An event with what its row says.
pub struct Row {
    pub detail: EventDetail,
    /// What it is about, in words that people know: `INV-2044, UGX 12,450,000`.
    pub about: String,
    /// The page of what it is about.
    pub href: Option<String>,
}

/// What the list shows.
pub struct List {
    pub endpoints: Vec<endpoints::Row>,
    pub names: Endpoints,
    pub events: Vec<Row>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
}

fn host(names: &Endpoints, d: &Delivery) -> String {
    names
        .get(d.endpoint_id.as_str())
        .map_or_else(|| d.endpoint_id.to_string(), |e| e.host().to_owned())
}

fn is_off(names: &Endpoints, d: &Delivery) -> bool {
    names
        .get(d.endpoint_id.as_str())
        .is_none_or(|e| e.disabled.is_some())
}

/// The worst of an event's deliveries.
fn state(deliveries: &[Delivery]) -> Chip {
    let worst = deliveries.iter().max_by_key(|d| match d.status {
        DeliveryStatus::Failed => 3,
        DeliveryStatus::Pending => 1 + i64::from(d.tries > 0),
        DeliveryStatus::Delivered => 0,
    });
    worst.map_or(sentences::NOT_SENT, |d| {
        sentences::delivery(d.status, d.tries > 0)
    })
}

/// `shop.example 200, books.example 500 twice`.
fn answers(names: &Endpoints, d: &EventDetail) -> String {
    let each = d.deliveries.iter().filter_map(|one| {
        let mine: Vec<&Attempt> = d
            .attempts
            .iter()
            .filter(|a| a.endpoint_id == one.endpoint_id)
            .collect();
        let last = mine.last()?;
        let same = mine
            .iter()
            .rev()
            .take_while(|a| a.status == last.status)
            .count();
        let answer = last
            .status
            .map_or("no answer".to_owned(), |s| s.to_string());
        let times = match same {
            1 => String::new(),
            2 => " twice".to_owned(),
            n => format!(" {n} times"),
        };
        Some(format!("{} {answer}{times}", host(names, one)))
    });
    each.collect::<Vec<_>>().join(", ")
}

/// When the next try comes, of those that will come.
fn next_try(f: &Frame, names: &Endpoints, deliveries: &[Delivery]) -> String {
    let pending = deliveries
        .iter()
        .filter(|d| d.status == DeliveryStatus::Pending);
    let (off, on): (Vec<_>, Vec<_>) = pending.partition(|d| is_off(names, d));
    match on.iter().map(|d| d.next_at).min() {
        Some(at) if at > f.zone.now => format!("in {}", waited(at.secs_since(f.zone.now))),
        Some(_) => "now".to_owned(),
        None if !off.is_empty() => "endpoint is off".to_owned(),
        None => String::new(),
    }
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let path = f.url("/events");
    let sub = format!(
        "What Malipo tells your own systems. Signed by the Standard Webhooks scheme. {}.",
        f.zone.name()
    );
    let nobody = l.endpoints.is_empty();
    let above = if nobody {
        let first = f
            .may(Permission::ManageEndpoints)
            .then(|| (f.url("/endpoints/new"), "New endpoint"));
        let text = "Nobody is told of these events. Name an address of your own system, or read them by the API.";
        empty("No endpoint yet", text, first)
    } else {
        endpoints::rows(f, &l.endpoints)
    };
    let export = exports::link(f, ExportKind::Events, &l.query);
    let filters = filters(path.clone(), l.query.clone());
    let shown = l.events.len();
    let body = if shown > 0 {
        rows(f, &l.names, &l.events)
    } else if l.query.is_empty() {
        let text = "An event appears here as soon as a payment, order or refund moves.";
        empty("No events yet", text, None)
    } else {
        nothing_fits(path)
    };
    let pages = pager(Pager {
        shown,
        newer: l.newer,
        older: l.older,
    });
    let new = (!nobody).then(|| endpoints::new_button(f));
    let act = view! { {export}{new} }.into_any();
    view! {
        {head("Events", sub, Some(act))}
        <section aria-labelledby="h-e">
            <header class="sechead sm0"><h2 id="h-e"><a href=f.url("/endpoints")>"Endpoints"</a></h2></header>
            {above}
        </section>
        <section class="sec" aria-labelledby="h-l">
            <header class="sechead sm0"><h2 id="h-l">"Events"</h2></header>
            {filters.view(f)}{body}{pages}
        </section>
    }
    .into_any()
}

fn filters(path: String, query: Query) -> Filters {
    Filters {
        path,
        query,
        search: Some(("Reference or id", "Reference, id")),
        selects: vec![
            Select {
                name: "type",
                label: "Type",
                any: "Any type",
                choices: EventType::ALL
                    .iter()
                    .map(|t| (t.as_str().to_owned(), t.as_str().to_owned()))
                    .collect(),
            },
            Select {
                name: "state",
                label: "Delivery",
                any: "Any state",
                choices: [
                    ("pending", "On the way"),
                    ("delivered", "Delivered"),
                    ("failed", "Gave up"),
                ]
                .map(|(value, words)| (value.to_owned(), words.to_owned()))
                .to_vec(),
            },
        ],
        modes: true,
    }
}

fn rows(f: &Frame, names: &Endpoints, all: &[Row]) -> AnyView {
    let lines = all.iter().map(|r| line(f, names, r)).collect_view();
    table(
        "list fix",
        "Events",
        &[
            ("Made", "w-time"),
            ("Type", "w-kind"),
            ("About", "w-eobj"),
            ("Delivery", "w-verd"),
            ("Answers", ""),
            ("Next try", "w-obj"),
            ("Made", "only-phone"),
        ],
        lines.into_any(),
    )
}

fn line(f: &Frame, names: &Endpoints, r: &Row) -> AnyView {
    let e: &Event = &r.detail.event;
    let href = f.url(&format!("/events/{}", e.id));
    let deliveries = &r.detail.deliveries;
    let cells = view! {
        {cell("dim no-phone", f.zone.short_tag(e.at))}
        {cell("t1", view! { <a class="row code" href=href>{e.event_type.clone()}</a> })}
        {cell("b1 cut", r.about.clone().into_any())}
        {cell("t2", states(state(deliveries), &[], !e.livemode))}
        {cell("all dim cut", answers(names, &r.detail).into_any())}
        {cell("dim no-phone", next_try(f, names, deliveries).into_any())}
        {cell("b2 only-phone", f.zone.short_tag(e.at))}
    };
    row(!e.livemode, cells.into_any())
}

/// `after 5 s, 1 min, 5 min …`
fn distances() -> String {
    let words = RETRY_SECS.map(|secs| match secs {
        s if s < 60 => format!("{s} s"),
        s if s < 3_600 => format!("{} min", s / 60),
        s => format!("{} h", s / 3_600),
    });
    format!("Repeated for 3 days: after {}", words.join(", "))
}

pub fn detail(f: &Frame, names: &Endpoints, r: &Row, body: String) -> AnyView {
    let d = &r.detail;
    let e = &d.event;
    let may = f.may(Permission::ManageEndpoints);
    let again = may.then(|| {
        Post::to("/do/admin/events/resend", f)
            .with("event", e.id.to_string())
            .view(view! { <button class="btn primary">"Send again now"</button> })
    });
    let about = match &r.href {
        Some(href) => view! { <a href=href.clone()>{r.about.clone()}</a> }.into_any(),
        None => r.about.clone().into_any(),
    };
    let made = format!("made {} for ", f.zone.near(e.at));
    let laid = serde_json::from_str::<serde_json::Value>(&body)
        .ok()
        .and_then(|v| serde_json::to_string_pretty(&v).ok())
        .unwrap_or(body);
    let check = view! {
        <p class="muted">
            "Receivers compare "<span class="code">"webhook-signature"</span>
            " with the endpoint’s secret, drop repeats by "<span class="code">"webhook-id"</span>
            ", and order by the object’s own time."
        </p>
    };
    view! {
        {crumbs(f.url("/events"), "Events", code(e.id.to_string()))}
        <header class="head">
            <div>
                <h1>{e.event_type.clone()}</h1>
                <p class="sts">{states(state(&d.deliveries), &[], !e.livemode)}" "<span class="muted">{made}{about}</span></p>
            </div>
            <div class="acts">{again}</div>
        </header>
        <div class="two">
            <div>
                <section>
                    <header class="sechead"><h2>"Attempts"</h2><p class="muted">{distances()}</p></header>
                    {story(f, names, d)}
                </section>
                <section class="sec sm">
                    <header class="sechead"><h2>"Body sent"</h2><p class="muted">"the same bytes each time, laid out for reading"</p></header>
                    <pre class="raw" tabindex="0">{laid}</pre>
                </section>
            </div>
            <aside>
                {panel("Endpoints", None, ways(f, names, d, may))}
                {panel("How to check it", None, check.into_any())}
            </aside>
        </div>
    }
    .into_any()
}

fn story(f: &Frame, names: &Endpoints, d: &EventDetail) -> AnyView {
    let hosts: BTreeMap<&str, String> = d
        .deliveries
        .iter()
        .map(|one| (one.endpoint_id.as_str(), host(names, one)))
        .collect();
    let mut lines: Vec<Line> = d
        .attempts
        .iter()
        .map(|a| {
            let host = hosts.get(a.endpoint_id.as_str()).cloned();
            endpoints::attempt_line(a, host.unwrap_or_default())
        })
        .collect();
    for one in d
        .deliveries
        .iter()
        .filter(|x| x.status == DeliveryStatus::Pending)
    {
        let next = next_try(f, names, std::slice::from_ref(one));
        let at = one.next_at.max(f.zone.now);
        lines.push(Line::new(
            at,
            "s-time",
            format!("{}: next try {next}", host(names, one)),
        ));
    }
    if lines.is_empty() {
        return view! { <p class="muted">"It was sent to nobody."</p> }.into_any();
    }
    timeline(&f.zone, lines, false)
}

/// The way to each endpoint, with a button for it alone.
fn ways(f: &Frame, names: &Endpoints, d: &EventDetail, may: bool) -> AnyView {
    if d.deliveries.is_empty() {
        return view! { <p class="muted">"No endpoint took this event when it was made."</p> }
            .into_any();
    }
    let each = d
        .deliveries
        .iter()
        .map(|one| {
            let name = host(names, one);
            let href = f.url(&format!("/endpoints/{}", one.endpoint_id));
            let known = names.get(one.endpoint_id.as_str());
            let tries = (one.status != DeliveryStatus::Delivered && one.tries > 0)
                .then(|| format!(", {} of {} tries", one.tries, RETRY_SECS.len() + 1));
            let again = (may && known.is_some() && !is_off(names, one)).then(|| {
                let label = format!("Send to this one: {name}");
                Post::to("/do/admin/events/resend", f)
                    .with("event", d.event.id.to_string())
                    .with("endpoint", one.endpoint_id.to_string())
                    .view(view! { <button class="btn slim" aria-label=label>"Send to this one"</button> })
            });
            view! {
                <li>
                    <p class="code"><a href=href>{name}</a></p>
                    <p>{chip(sentences::delivery(one.status, one.tries > 0))}{tries}</p>
                    {again}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="stack">{each}</ul> }.into_any()
}
