//! Alerts: what is open first, then the thresholds, then what was.
use crate::domain::Timestamp;
use crate::domain::alert::{Alert, AlertKind, AlertRules};
use crate::domain::role::Permission;
use crate::web::admin::parts::chips::{Light, light};
use crate::web::admin::parts::form::{Opt, opt};
use crate::web::admin::parts::lists::{Pager, cell, pager, row, table};
use crate::web::admin::parts::notes::notes;
use crate::web::admin::parts::shell::{facts, head, panel};
use crate::web::admin::parts::{Frame, Input, Note, Post, Typed, empty, note, waited};
use leptos::prelude::*;

/// What the page shows.
pub struct List {
    pub open: Vec<Note>,
    pub rules: AlertRules,
    pub typed: Typed,
    pub alerts: Vec<Alert>,
    pub newer: Option<String>,
    pub older: Option<String>,
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let sub =
        "What is wrong for longer than a moment, looked at every five minutes. Live money only.";
    let open = if l.open.is_empty() {
        note(Note::ok("Nothing is wrong by your rules.", ""))
    } else {
        notes(l.open)
    };
    let rules = if f.may(Permission::ManageSettings) {
        form(f, &l.rules, &l.typed)
    } else {
        read(&l.rules)
    };
    let past = past(f, &l.alerts, l.newer, l.older);
    view! {
        {head("Alerts", sub, None)}
        {open}
        <section class="sec" aria-labelledby="h-r">
            <header class="sechead sm0"><h2 id="h-r">"Rules"</h2></header>{rules}
        </section>
        <section class="sec" aria-labelledby="h-a">
            <header class="sechead sm0"><h2 id="h-a">"All alerts"</h2></header>{past}
        </section>
    }
    .into_any()
}

fn form(f: &Frame, r: &AlertRules, typed: &Typed) -> AnyView {
    let field = |name: &'static str, label: &'static str, value: i64, help: &'static str| {
        Input::number(name, label)
            .value(value.to_string())
            .help(help)
            .view(typed)
    };
    let database = opt(Opt {
        kind: "checkbox",
        name: "database",
        value: "on".to_owned(),
        on: typed.is("database", "on", r.database),
        words: "Trouble with the database".into_any(),
        small: "It cannot be had, or work is late. It concerns all shops on this server."
            .to_owned(),
    });
    let body = view! {
        {typed.summary("Not saved")}
        <div class="pick wide3">
            {field("failure_percent", "Failed payments, percent", r.failure_percent,
                "Opens above this. 0: off. Cancelled and expired payments are left out.")}
            {field("least_payments", "From so many payments", r.least_payments,
                "Fewer that succeeded or failed say nothing.")}
            {field("error_percent", "Provider errors, percent", r.error_percent,
                "Calls without a proper answer: opens above this. 0: off.")}
            {field("least_calls", "From so many calls", r.least_calls, "Fewer say nothing.")}
            {field("window_minutes", "Within so many minutes", r.window_minutes,
                "For payments and calls: 10 to 1440.")}
            {field("silent_hours", "Hours without a hook", r.silent_hours,
                "Opens where payments go through and none came. 0: off.")}
        </div>
        {database}
        <div class="acts after"><button class="btn primary">"Save the rules"</button></div>
    };
    Post::to("/do/admin/alerts/rules", f).view(body)
}

fn read(r: &AlertRules) -> AnyView {
    let percent = |n: i64| match n {
        0 => "off".into_any(),
        n => format!("above {n} % within {} min", r.window_minutes).into_any(),
    };
    let silent = match r.silent_hours {
        0 => "off".to_owned(),
        n => format!("for {n} h"),
    };
    let body = facts(vec![
        ("Failed payments", Some(percent(r.failure_percent))),
        ("Provider errors", Some(percent(r.error_percent))),
        ("No hooks", Some(silent.into_any())),
        (
            "Database",
            Some(if r.database { "on" } else { "off" }.into_any()),
        ),
    ]);
    panel("Rules", None, body)
}

fn what(f: &Frame, a: &Alert) -> String {
    let label = f.label(&a.provider);
    match a.kind {
        AlertKind::FailureRate => format!("Payments through {label} fail"),
        AlertKind::HooksSilent => format!("{label} sends no hooks"),
        AlertKind::ProviderErrors => format!("{label} does not answer properly"),
        AlertKind::Database => "Database trouble".to_owned(),
    }
}

fn figures(a: &Alert) -> String {
    match a.kind {
        AlertKind::FailureRate => format!("{} of {} payments", a.wrong, a.all),
        AlertKind::HooksSilent => format!("{} paid without a hook", a.wrong),
        AlertKind::ProviderErrors => format!("{} of {} calls", a.wrong, a.all),
        AlertKind::Database if a.wrong > 0 => format!("{} late jobs", a.wrong),
        AlertKind::Database => "not reached".to_owned(),
    }
}

fn state(a: &Alert) -> AnyView {
    match a.closed_at {
        Some(_) => light(Light::Off, "Over"),
        None => light(Light::Bad, "Open"),
    }
}

fn past(f: &Frame, all: &[Alert], newer: Option<String>, older: Option<String>) -> AnyView {
    if all.is_empty() && newer.is_none() {
        let text = "An alert opens once when a rule is broken, tells the team by e-mail, and closes by itself when it is over.";
        return empty("No alert yet", text, None);
    }
    let lasted = |a: &Alert, end: Timestamp| waited(end.secs_since(a.opened_at));
    let rows = all
        .iter()
        .map(|a| {
            let end = a.closed_at.unwrap_or(f.zone.now);
            let over = match a.closed_at {
                Some(t) => f.zone.near_tag(t),
                None => view! { <span class="dim">"still open"</span> }.into_any(),
            };
            let cells = view! {
                {cell("t1", view! { <strong>{what(f, a)}</strong> })}
                {cell("t2 nowrap", state(a))}
                {cell("b1", figures(a).into_any())}
                {cell("all", view! { <span class="only-phone-i">"opened "</span>{f.zone.near_tag(a.opened_at)} })}
                {cell("no-phone", over)}
                {cell("b2 num", lasted(a, end).into_any())}
            };
            row(false, cells.into_any())
        })
        .collect_view();
    let shown = all.len();
    let list = table(
        "list",
        "Alerts",
        &[
            ("Alert", ""),
            ("State", ""),
            ("Last figures", ""),
            ("Opened", ""),
            ("Closed", ""),
            ("Lasted", "num plain"),
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
