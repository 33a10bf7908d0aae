//! Plans: the list, one plan with who has it, and the form that makes or changes one.
use crate::domain::Currency;
use crate::domain::entitlement::EntitlementStatus;
use crate::domain::plan::Plan;
use crate::domain::role::Permission;
use crate::services::entitlements::Held;
use crate::web::admin::parts::chips::{Light, light, mode_tag, test_tag};
use crate::web::admin::parts::form::{Opt, opt};
use crate::web::admin::parts::lists::{
    Filters, Pager, Query, Select, ViewLink, cell, nothing_fits, pager, row, table, views,
};
use crate::web::admin::parts::shell::{code, crumbs, facts, head, panel};
use crate::web::admin::parts::{Frame, Input, Post, Typed, amt, empty, money_text, states};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// `30 days`.
pub fn days(n: i64) -> String {
    if n == 1 {
        "1 day".to_owned()
    } else {
        format!("{n} days")
    }
}

/// `7 days and 1 day before the end`.
fn reminders(p: &Plan) -> String {
    let all: Vec<_> = p.remind_days.iter().map(|d| days(*d)).collect();
    match all.as_slice() {
        [] => "None before the end".to_owned(),
        [one] => format!("{one} before the end"),
        [first @ .., last] => format!("{} and {last} before the end", first.join(", ")),
    }
}

fn on_sale(p: &Plan) -> AnyView {
    if p.active {
        light(Light::Ok, "On sale")
    } else {
        light(Light::Off, "Not on sale")
    }
}

/// A plan with how many have it now.
pub struct Row {
    pub plan: Plan,
    pub running: i64,
}

/// What the list shows.
pub struct List {
    pub rows: Vec<Row>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let may = f.may(Permission::ManagePlans);
    let sub = "What customers can buy for a time. Each period is paid by a link or a prompt; nothing is debited by itself.";
    let path = f.url("/plans");
    if l.rows.is_empty() && l.query.is_empty() && l.newer.is_none() {
        let first = may.then(|| (f.url("/plans/new"), "Make the first plan"));
        let text = "A plan has a price and a length. Sell it by a link: when that is paid, the customer has the plan, is reminded before its end, and renews with one payment.";
        return view! { {head("Plans", sub, None)}{empty("No plans yet", text, first)} }.into_any();
    }
    let new = may.then(|| {
        view! { <a class="btn primary" href=f.url("/plans/new")>"New plan"</a> }.into_any()
    });
    let filters = Filters {
        path: path.clone(),
        query: l.query,
        search: None,
        selects: vec![Select {
            name: "active",
            label: "Sale",
            any: "On sale or not",
            choices: vec![
                ("true".to_owned(), "On sale".to_owned()),
                ("false".to_owned(), "Not on sale".to_owned()),
            ],
        }],
        modes: true,
    };
    let shown = l.rows.len();
    let rows = if shown == 0 {
        nothing_fits(path)
    } else {
        let rows = l.rows.iter().map(|r| plan_row(f, r)).collect_view();
        table(
            "list fix",
            "Plans",
            &[
                ("Plan", ""),
                ("Price", "num w-amt"),
                ("Lasts", "w-link"),
                ("Have it now", "num plain w-made"),
                ("State", "w-st"),
            ],
            rows.into_any(),
        )
    };
    let pages = pager(Pager {
        shown,
        newer: l.newer,
        older: l.older,
    });
    view! { {head("Plans", sub, new)}{filters.view(f)}{rows}{pages} }.into_any()
}

fn plan_row(f: &Frame, r: &Row) -> AnyView {
    let p = &r.plan;
    let href = f.url(&format!("/plans/{}", p.id));
    let test = (!p.livemode).then(test_tag);
    let now = match r.running {
        1 => "1 customer".to_owned(),
        n => format!("{n} customers"),
    };
    let cells = view! {
        {cell("t1", view! {
            <a class="row" href=href>{p.name.clone()}</a>
            <span class="cut2 dim">{p.description.clone()}</span>
        })}
        {cell("num t2", amt(p.price))}
        {cell("no-phone", days(p.duration_days).into_any())}
        {cell("num b2", view! { <span class="no-phone">{r.running}</span><span class="only-phone">{now}</span> })}
        {cell("b1", view! { <span class="sts">{on_sale(p)}{test}</span> })}
    };
    row(!p.livemode, cells.into_any())
}

/// What the form of a plan needs.
pub struct Edit {
    /// None for a new one.
    pub plan: Option<Plan>,
    pub currencies: Vec<Currency>,
    pub typed: Typed,
}

pub fn edit(f: &Frame, e: Edit) -> AnyView {
    let t = &e.typed;
    let p = e.plan.as_ref();
    let start =
        |get: &dyn Fn(&Plan) -> String, fresh: &str| p.map_or_else(|| fresh.to_owned(), get);
    let price = if let Some(p) = p {
        Input::amount("price", format!("Price in {}", p.price.currency))
            .value(p.price.to_major_string())
            .help("For later purchases. What was bought stays as it was.")
            .required()
            .view(t)
    } else {
        let codes = e.currencies.iter().map(|c| c.code().to_owned());
        let choices = codes.map(|c| (c.clone(), c)).collect();
        view! {
            {Input::amount("price", "Price").required()
                .help("As people write it: 1,500 or 1,500.50.").view(t)}
            {Input::select("currency", "Currency", choices).value(f.currency.code())
                .help("It stays what it is made with.").view(t)}
        }
        .into_any()
    };
    let test = p.is_none().then(|| {
        view! {
            <fieldset class="f">
                <legend class="sr">"Test"</legend>
                {opt(Opt {
                    kind: "checkbox",
                    name: "test",
                    value: "1".to_owned(),
                    on: t.is("test", "1", false),
                    words: "Make it a test plan".into_any(),
                    small: "It is bought with test money alone, and stays a test plan for good.".to_owned(),
                })}
            </fieldset>
        }
    });
    let (back, title, button, action, summary) = match p {
        Some(p) => (
            f.url(&format!("/plans/{}", p.id)),
            format!("Change {}", p.name),
            "Save the plan",
            "/do/admin/plans/save",
            "The plan was not changed",
        ),
        None => (
            f.url("/plans"),
            "New plan".to_owned(),
            "Make the plan",
            "/do/admin/plans/create",
            "The plan was not made",
        ),
    };
    let form = Post::to(action, f).class("form");
    let form = match p {
        Some(p) => form.with("plan", p.id.to_string()),
        None => form.once(),
    };
    let remind = start(&remind_text, "7, 1");
    let form = form.view(view! {
        {Input::text("name", "Name").required().value(start(&|p| p.name.clone(), ""))
            .help("The customer sees it on the page and on the receipt.").view(t)}
        {Input::area("description", "Description", 2).optional()
            .value(start(&|p| p.description.clone(), ""))
            .help("For your team.").view(t)}
        <div class="row2">{price}</div>
        <div class="row2">
            {Input::text("duration_days", "Lasts, in days").required()
                .value(start(&|p| p.duration_days.to_string(), "30")).view(t)}
            {Input::text("grace_days", "Grace, in days")
                .value(start(&|p| p.grace_days.to_string(), "3"))
                .help("How long access goes on after the end.").view(t)}
        </div>
        {Input::text("remind_days", "Reminders, in days before the end").optional().short()
            .value(remind)
            .help("Numbers with commas. Each brings the link that renews.").view(t)}
        {test}
        <div class="acts">
            <button class="btn primary">{button}</button>
            <a class="btn quiet" href=back.clone()>"Back without changes"</a>
        </div>
    });
    let here = p.map_or_else(|| "New plan".into_any(), |p| p.name.clone().into_any());
    view! {
        {crumbs(f.url("/plans"), "Plans", here)}
        {head(title, "", None)}
        {t.summary(summary)}
        <div class="two form2">{form}<aside>{panel("How a plan runs", None, how())}</aside></div>
    }
    .into_any()
}

fn remind_text(p: &Plan) -> String {
    let all: Vec<_> = p.remind_days.iter().map(ToString::to_string).collect();
    all.join(", ")
}

fn how() -> AnyView {
    view! {
        <ol class="stack">
            <li><strong>"Sold by a link."</strong>" When it is paid, the customer has the plan."</li>
            <li><strong>"Reminded before the end."</strong>" Each reminder carries the link of the renewal."</li>
            <li><strong>"Grace after the end."</strong>" Access goes on for some days, then it is suspended."</li>
            <li><strong>"Renewed by a payment."</strong>" It is added to the end; nothing is debited by itself."</li>
        </ol>
    }
    .into_any()
}

/// What the page of one plan shows.
pub struct Detail {
    pub plan: Plan,
    pub held: Vec<Held>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
    pub typed: Typed,
}

pub fn detail(f: &Frame, d: Detail) -> AnyView {
    let p = &d.plan;
    let acts = f.may(Permission::ManagePlans).then(|| {
        let href = f.url(&format!("/plans/{}/edit", p.id));
        let (to, words) = if p.active {
            ("false", "Take it off sale")
        } else {
            ("true", "Put it on sale")
        };
        let switch = Post::to("/do/admin/plans/sale", f)
            .with("plan", p.id.to_string())
            .with("active", to)
            .view(view! { <button class="btn">{words}</button> });
        view! { <div class="acts">{switch}<a class="btn" href=href>"Change it"</a></div> }
    });
    let pairs = facts(vec![
        ("Lasts", Some(days(p.duration_days).into_any())),
        ("Grace", Some(days(p.grace_days).into_any())),
        ("Reminders", Some(reminders(p).into_any())),
        (
            "Description",
            (!p.description.is_empty()).then(|| p.description.clone().into_any()),
        ),
        ("Made", Some(f.zone.near_tag(p.created_at))),
        ("Id", Some(code(p.id.to_string()))),
    ]);
    let sell = (p.active && f.may(Permission::WorkOrders)).then(|| sell(f, p, &d.typed));
    let test = (!p.livemode).then(test_tag);
    let per = format!("for {}", days(p.duration_days));
    view! {
        {crumbs(f.url("/plans"), "Plans", p.name.clone().into_any())}
        <header class="head">
            <div>
                <h1>{p.name.clone()}</h1>
                <p class="sts">{on_sale(p)}{test}<span>{amt(p.price)}" "<span class="muted">{per}</span></span></p>
            </div>
            {acts}
        </header>
        {d.typed.summary("The link was not made")}
        <div class="two">
            <div>{who(f, &d)}</div>
            <aside>{sell}{panel("Facts", Some(mode_tag(!p.livemode)), pairs)}</aside>
        </div>
    }
    .into_any()
}

/// The form that sells a plan to one customer.
fn sell(f: &Frame, p: &Plan, t: &Typed) -> AnyView {
    let button = format!("Make the link for {}", money_text(p.price));
    let beside = vec![
        (
            String::new(),
            "Take its place and credit its rest".to_owned(),
        ),
        ("none".to_owned(), "Leave it running beside".to_owned()),
    ];
    let form = Post::to("/do/admin/plans/sell", f)
        .class("stack")
        .with("plan", p.id.to_string())
        .once()
        .view(view! {
            {Input::text("external_id", "Your id of the customer").required()
                .help("Your own number or name. It finds the customer again.").view(t)}
            {Input::text("customer_name", "Name").optional().view(t)}
            {Input::tel("customer_phone", "Phone").optional().view(t)}
            {Input::email("customer_email", "E-mail").optional().view(t)}
            {Input::select("replaces", "If another plan runs", beside)
                .help("A credit makes the link cheaper.").view(t)}
            <div class="acts"><button class="btn primary">{button}</button></div>
        });
    panel("Sell it", None, form)
}

fn who(f: &Frame, d: &Detail) -> AnyView {
    let path = f.url(&format!("/plans/{}", d.plan.id));
    let set = d.query.get("status").to_owned();
    let mut links = vec![ViewLink {
        href: path.clone(),
        words: "All",
        here: set.is_empty(),
        waiting: 0,
    }];
    links.extend(EntitlementStatus::ALL.iter().map(|s| ViewLink {
        href: Query::default().with("status", s.as_str()).href(&path),
        words: sentences::entitlement(*s).word,
        here: set == s.as_str(),
        waiting: 0,
    }));
    let shown = d.held.len();
    if shown == 0 && set.is_empty() && d.newer.is_none() {
        return view! {
            <section>
                <h2 class="sm0">"Who has it"</h2>
                <p class="muted">"Nobody yet. A customer appears here as soon as the first link is paid."</p>
            </section>
        }
        .into_any();
    }
    let rows = if shown == 0 {
        nothing_fits(path)
    } else {
        let rows = d.held.iter().map(|h| holder(f, h)).collect_view();
        table(
            "list",
            "Who has it",
            &[
                ("Customer", ""),
                ("State", ""),
                ("Since", "no-phone"),
                ("Ends", ""),
            ],
            rows.into_any(),
        )
    };
    let pages = pager(Pager {
        shown,
        newer: d.newer.clone(),
        older: d.older.clone(),
    });
    view! {
        <section>
            <h2>"Who has it"</h2>
            {views(links)}{rows}{pages}
        </section>
    }
    .into_any()
}

fn holder(f: &Frame, h: &Held) -> AnyView {
    let (e, c) = (&h.entitlement, &h.customer);
    let href = f.url(&format!("/customers/{}", c.id));
    let external = c.external_id.clone().filter(|id| id != c.called());
    let cells = view! {
        {cell("t1", view! {
            <a class="row" href=href>{c.called().to_owned()}</a>
            <span class="cut2 dim no-phone">{external}</span>
        })}
        {cell("b1", states(sentences::entitlement(e.status), &[], !e.livemode))}
        {cell("no-phone dim", f.zone.short_tag(e.starts_at))}
        {cell("b2", f.zone.short_tag(e.ends_at))}
    };
    row(!e.livemode, cells.into_any())
}
