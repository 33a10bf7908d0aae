//! Endpoints: where the shop's own systems are told, how they do, and what they answered.
use crate::domain::Timestamp;
use crate::domain::endpoint::{Attempt, DisabledWhy, Endpoint};
use crate::domain::event::EventType;
use crate::domain::role::Permission;
use crate::services::endpoints::Health;
use crate::web::admin::parts::chips::{Light, light, mode_tag};
use crate::web::admin::parts::form::{Opt, copyable, opt};
use crate::web::admin::parts::lists::{cell, row, table};
use crate::web::admin::parts::shell::{code, crumbs, facts, head, panel};
use crate::web::admin::parts::timeline::{Line, timeline};
use crate::web::admin::parts::{Frame, Input, Note, Post, Typed, empty, note, test_tag};
use crate::web::admin::sentences::{self, Tone};
use leptos::prelude::*;

/// An endpoint with how it does.
pub struct Row {
    pub endpoint: Endpoint,
    pub health: Health,
}

impl Row {
    /// The light and its reason.
    fn state(&self) -> (Light, &'static str) {
        let h = &self.health;
        match (&self.endpoint.disabled, self.endpoint.failing_since) {
            (Some((_, DisabledWhy::ByHand)), _) => (Light::Off, "Off"),
            (Some(_), _) => (Light::Bad, "Switched off"),
            (None, Some(_)) => (Light::Bad, "On, fails"),
            (None, None) if h.taken * 10 < h.tries * 9 => (Light::Warn, "On, fails often"),
            (None, None) => (Light::Ok, "On"),
        }
    }
}

/// `200 in 184 ms`, or why there was no answer.
pub fn answered(a: &Attempt) -> String {
    match a.status {
        Some(status) => format!("{status} in {} ms", a.took_ms),
        None => a.error.clone(),
    }
}

fn types(e: &Endpoint) -> String {
    if e.events.is_empty() {
        "all".to_owned()
    } else {
        format!("{} of {}", e.events.len(), EventType::ALL.len())
    }
}

/// The table of endpoints, for its own page and above the events.
pub fn rows(f: &Frame, all: &[Row]) -> AnyView {
    let lines = all.iter().map(|r| line(f, r)).collect_view();
    table(
        "list",
        "Endpoints",
        &[
            ("Address", ""),
            ("Events", ""),
            ("State", ""),
            ("Answered, 24 h", "num plain"),
            ("Last answer", ""),
        ],
        lines.into_any(),
    )
}

fn line(f: &Frame, r: &Row) -> AnyView {
    let e = &r.endpoint;
    let test = !e.livemode;
    let (lamp, words) = r.state();
    let tag = test.then(|| view! { " "{test_tag()} });
    let taken = match r.health.tries {
        0 => "none sent".to_owned(),
        n => format!("{} of {n}", r.health.taken),
    };
    let last = r.health.last.as_ref().map(|a| {
        let words = format!("{}, ", answered(a));
        view! { <span>{words}{f.zone.near_tag(a.at)}</span> }
    });
    let href = f.url(&format!("/endpoints/{}", e.id));
    let cells = view! {
        {cell("t1", view! { <a class="row code" href=href>{e.url.clone()}</a> })}
        {cell("b1 dim", types(e).into_any())}
        {cell("t2", view! { <span>{light(lamp, words)}{tag}</span> })}
        {cell("num no-phone", taken.into_any())}
        {cell("b2 dim", last.into_any())}
    };
    row(test, cells.into_any())
}

/// The notices of endpoints that were switched off by themselves.
pub fn switched_off(f: &Frame, all: &[Endpoint]) -> Vec<Note> {
    let note = |e: &Endpoint| {
        let why = match e.disabled {
            Some((_, DisabledWhy::Gone)) => "It answered that it wants no more events.",
            _ => "It took nothing for five days. New events are not sent to it.",
        };
        let href = f.url(&format!("/endpoints/{}", e.id));
        Note::bad(format!("The endpoint {} was switched off.", e.host()), why).go(href, "See why")
    };
    all.iter().map(note).collect()
}

/// The button of list pages, for those who may.
pub fn new_button(f: &Frame) -> Option<AnyView> {
    f.may(Permission::ManageEndpoints).then(|| {
        view! { <a class="btn primary" href=f.url("/endpoints/new")>"New endpoint"</a> }.into_any()
    })
}

pub fn list(f: &Frame, all: Vec<Row>) -> AnyView {
    let sub = "Where your own systems are told. Signed by the Standard Webhooks scheme.";
    let body = if all.is_empty() {
        let first = f
            .may(Permission::ManageEndpoints)
            .then(|| (f.url("/endpoints/new"), "New endpoint"));
        let text = "Name an address of your own system: it is told of every payment, order and refund as it happens.";
        empty("No endpoint yet", text, first)
    } else {
        rows(f, &all)
    };
    let act = if all.is_empty() { None } else { new_button(f) };
    view! {
        {crumbs(f.url("/events"), "Events", "Endpoints".into_any())}
        {head("Endpoints", sub, act)}
        {body}
    }
    .into_any()
}

/// Boxes for the types that an endpoint takes.
fn type_boxes(chosen: &[EventType], t: &Typed) -> AnyView {
    let typed = t.values.get("events").map(|list| {
        let names = list.split(' ').filter_map(EventType::parse);
        names.collect::<Vec<_>>()
    });
    let chosen = typed.as_deref().unwrap_or(chosen);
    let boxes = EventType::ALL
        .iter()
        .map(|event_type| {
            opt(Opt {
                kind: "checkbox",
                name: "events[]",
                value: event_type.as_str().to_owned(),
                on: chosen.contains(event_type),
                words: code(event_type.as_str()),
                small: String::new(),
            })
        })
        .collect_view();
    view! {
        <fieldset class="f" id="f-events">
            <legend>"Only these events"</legend>
            <p class="help">"Without any, it is told of everything, also of what is new in later versions."</p>
            {boxes}
        </fieldset>
    }
    .into_any()
}

fn fields(url: &str, description: &str, t: &Typed) -> AnyView {
    view! {
        {Input::text("url", "Address").value(url).required()
            .help("Your own https address. It gets a POST with JSON and answers 2xx within 10 seconds.")
            .view(t)}
        {Input::text("description", "What is it?").value(description).optional().view(t)}
    }
    .into_any()
}

pub fn new(f: &Frame, t: &Typed) -> AnyView {
    let modes = vec![
        ("live".to_owned(), "Live events".to_owned()),
        ("test".to_owned(), "Test events".to_owned()),
    ];
    let form = Post::to("/do/admin/endpoints/create", f)
        .class("form")
        .once()
        .view(view! {
            {fields("", "", t)}
            {Input::select("mode", "Which events", modes).value("live")
                .help("Test events tell of test orders alone. An endpoint gets one kind or the other.")
                .view(t)}
            {type_boxes(&[], t)}
            <div class="acts">
                <button class="btn primary">"Make the endpoint"</button>
                <a class="btn quiet" href=f.url("/events")>"Back to the events"</a>
            </div>
        });
    view! {
        {crumbs(f.url("/events"), "Events", "New endpoint".into_any())}
        {head("New endpoint", "You get its signing secret after you make it.", None)}
        {t.summary("The endpoint was not made")}
        {form}
    }
    .into_any()
}

/// What the page of one endpoint shows.
pub struct Detail {
    pub row: Row,
    /// Newest first, each with its event's type.
    pub attempts: Vec<(Attempt, String)>,
    /// Just made: shown once.
    pub secret: Option<String>,
    pub typed: Typed,
    /// What was typed into the form that sends a range.
    pub range: Typed,
}

pub fn detail(f: &Frame, d: Detail) -> AnyView {
    let e = &d.row.endpoint;
    let may = f.may(Permission::ManageEndpoints);
    let (lamp, words) = d.row.state();
    let id = e.id.to_string();
    let secret = d.secret.clone().map(|secret| {
        let body = view! {
            <div class="stack">
                {copyable(secret)}
                <p class="small muted">"Put it where your system checks signatures. It is shown here once; a lost one is replaced by a new one."</p>
            </div>
        };
        view! { <div class="before" role="status">{panel("Signing secret", None, body.into_any())}</div> }
    });
    let acts = may.then(|| acts(f, e));
    let about = facts(vec![
        ("Events", Some(types(e).into_any())),
        ("Secret", Some(code(e.fingerprint.clone()))),
        ("Made", Some(f.zone.near_tag(e.secret_at))),
        (
            "Old secret",
            old_secret(e, f.zone.now)
                .map(|t| view! { "signs until "{f.zone.near_tag(t)} }.into_any()),
        ),
        ("Fails since", e.failing_since.map(|t| f.zone.near_tag(t))),
        ("Id", Some(code(id.clone()))),
    ]);
    let form = may.then(|| {
        let form = Post::to("/do/admin/endpoints/save", f)
            .class("stack")
            .with("endpoint", id.clone())
            .view(view! {
                {fields(&e.url, &e.description, &d.typed)}
                {type_boxes(&e.events, &d.typed)}
                <div class="acts"><button class="btn">"Save the endpoint"</button></div>
            });
        panel("Settings", None, form)
    });
    let manage = may.then(|| view! { {range_form(f, e, &d.range)}{ends(f, e)} });
    let title = e.host().to_owned();
    let sub = if e.description.is_empty() {
        e.url.clone()
    } else {
        format!("{}: {}", e.description, e.url)
    };
    view! {
        {crumbs(f.url("/events"), "Events", code(id))}
        <header class="head">
            <div>
                <h1>{title}</h1>
                <p class="sts">{light(lamp, words)}" "{mode_tag(!e.livemode)}" "<span class="muted">{sub}</span></p>
            </div>
            <div class="acts">{acts}</div>
        </header>
        {d.typed.summary("The endpoint was not saved")}
        {d.range.summary("Nothing was sent")}
        <div class="notes">{why_off(e).map(note)}</div>
        {secret}
        <div class="two">
            <div>
                <section>
                    <header class="sechead"><h2>"Attempts"</h2><p class="muted">"the newest first, answers word for word"</p></header>
                    {attempts(f, &d.attempts)}
                </section>
            </div>
            <aside>{panel("About", None, about)}{form}{manage}</aside>
        </div>
    }
    .into_any()
}

fn old_secret(e: &Endpoint, now: Timestamp) -> Option<Timestamp> {
    e.old_until.filter(|until| now < *until)
}

fn why_off(e: &Endpoint) -> Option<Note> {
    let (_, why) = e.disabled?;
    let (head, text) = sentences::disabled(why);
    Some(match why {
        DisabledWhy::ByHand => Note::plain(head, text),
        DisabledWhy::Failing | DisabledWhy::Gone => Note::bad(head, text),
    })
}

fn acts(f: &Frame, e: &Endpoint) -> AnyView {
    let id = e.id.to_string();
    if e.disabled.is_some() {
        return Post::to("/do/admin/endpoints/switch", f)
            .with("endpoint", id)
            .with("on", "1")
            .view(view! { <button class="btn primary">"Switch it on"</button> });
    }
    let test = Post::to("/do/admin/endpoints/test", f)
        .with("endpoint", id.clone())
        .view(view! { <button class="btn primary">"Send a test event"</button> });
    let off = Post::to("/do/admin/endpoints/switch", f)
        .with("endpoint", id)
        .view(view! { <button class="btn">"Switch it off"</button> });
    view! { {off}{test} }.into_any()
}

fn range_form(f: &Frame, e: &Endpoint, t: &Typed) -> AnyView {
    let which = vec![
        ("failed".to_owned(), "What gave up".to_owned()),
        ("all".to_owned(), "Everything it takes".to_owned()),
    ];
    let today = f.zone.input_day(f.zone.now);
    let form = Post::to("/do/admin/endpoints/resend", f)
        .class("stack")
        .with("endpoint", e.id.to_string())
        .view(view! {
            {Input::date("from", "From day").value(today.clone()).required().view(t)}
            {Input::date("to", "To day, included").value(today).required().view(t)}
            {Input::select("which", "Which events", which).value("failed")
                .help("Everything: also events from before the endpoint was made, and while it was off.")
                .view(t)}
            <div class="acts"><button class="btn">"Send the range again"</button></div>
        });
    panel("Send again a range", None, form)
}

/// What ends something: the secret, or the endpoint.
fn ends(f: &Frame, e: &Endpoint) -> AnyView {
    let rotate = Post::to("/do/admin/endpoints/rotate", f)
        .with("endpoint", e.id.to_string())
        .view(view! { <button class="btn">"Make a new secret"</button> });
    let href = f.url(&format!("/endpoints/{}/delete", e.id));
    let body = view! {
        <div class="stack">
            <p class="muted small">"The old secret signs beside the new one for 24 hours."</p>
            {rotate}
            <p><a href=href>"Delete this endpoint"</a></p>
        </div>
    };
    panel("Secret", None, body.into_any())
}

/// The page that asks before an endpoint is deleted.
pub fn delete(f: &Frame, e: &Endpoint) -> AnyView {
    let form = Post::to("/do/admin/endpoints/delete", f)
        .class("form")
        .with("endpoint", e.id.to_string())
        .view(view! {
            <ul class="dots">
                <li>"It is told of nothing any more, and what waits for it is not sent."</li>
                <li>"Its secret is forgotten. What it answered stays in the log of each event."</li>
                <li>"You can make an endpoint with the same address; it has a new secret."</li>
            </ul>
            <div class="acts">
                <button class="btn danger primary">"Delete the endpoint"</button>
                <a class="btn quiet" href=f.url(&format!("/endpoints/{}", e.id))>"Keep it"</a>
            </div>
        });
    view! {
        {crumbs(f.url("/events"), "Events", code(e.id.to_string()))}
        {head(format!("Delete {}?", e.host()), e.url.clone(), None)}
        {form}
    }
    .into_any()
}

fn attempts(f: &Frame, all: &[(Attempt, String)]) -> AnyView {
    if all.is_empty() {
        let text = "Attempts appear here as soon as something happens, or after a test event.";
        return view! { <p class="muted">{text}</p> }.into_any();
    }
    let lines = all
        .iter()
        .map(|(a, event_type)| {
            let mut line = attempt_line(a, event_type.clone());
            let href = f.url(&format!("/events/{}", a.event_id));
            line.link = Some((href, "the event".to_owned()));
            line
        })
        .collect();
    timeline(&f.zone, lines, false)
}

/// One try in a story: what it was about, the answer, and its words.
pub fn attempt_line(a: &Attempt, about: String) -> Line {
    let (shape, tone) = if a.taken() {
        ("s-done", Tone::Ok)
    } else {
        ("s-fail", Tone::Bad)
    };
    let words = match a.status {
        Some(status) => format!("{about} answered {status}"),
        None => format!("{about}: no answer"),
    };
    let mut line = Line::new(a.at, shape, words);
    line.tone = tone;
    line.detail = match a.status {
        Some(_) if a.error.starts_with("answered") || a.error.is_empty() => {
            format!("in {} ms", a.took_ms)
        }
        _ => format!("{} ({} ms)", a.error, a.took_ms),
    };
    line.said.clone_from(&a.answer);
    line
}
