//! Links that many can pay on: the list, one with its orders, and the form that makes one.
use super::orders::{New, group_error, order_row, ways};
use crate::domain::link::{Ask, Link, LinkState};
use crate::domain::order::Order;
use crate::domain::role::Permission;
use crate::domain::{Currency, Timestamp};
use crate::services::links::Used;
use crate::web::admin::parts::chips::{Light, light, mode_tag, test_tag};
use crate::web::admin::parts::form::{Opt, copyable, opt};
use crate::web::admin::parts::lists::{
    Filters, Pager, Query, Select, cell, nothing_fits, pager, row, table,
};
use crate::web::admin::parts::shell::{code, crumbs, facts, head, panel};
use crate::web::admin::parts::{Frame, Input, Note, Post, amt, empty, money_text, note};
use fast_qr::QRBuilder;
use leptos::prelude::*;

fn state(of: LinkState) -> AnyView {
    match of {
        LinkState::Open => light(Light::Ok, "Takes payments"),
        LinkState::Off => light(Light::Off, "Switched off"),
        LinkState::Ended => light(Light::Off, "Ended"),
        LinkState::UsedUp => light(Light::Warn, "All paid"),
        LinkState::Held => light(Light::Warn, "All places held"),
    }
}

fn asks(link: &Link) -> AnyView {
    match link.ask {
        Ask::Fixed(money) => amt(money),
        Ask::Chosen { least, most } => {
            let words = format!("{} to {}", money_text(least), money_text(most));
            view! { <span>{words}</span> }.into_any()
        }
    }
}

/// `3 of 50`, or `3`.
fn paid_of(used: &Used) -> String {
    match used.link.cap {
        Some(cap) => format!("{} of {cap}", used.uses.paid),
        None => used.uses.paid.to_string(),
    }
}

/// What the list shows.
pub struct List {
    pub rows: Vec<Used>,
    pub now: Timestamp,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let may = f.may(Permission::WorkOrders);
    let sub = "Addresses that many can pay on. Each payment is an order of its own.";
    let path = f.url("/links");
    if l.rows.is_empty() && l.query.is_empty() && l.newer.is_none() {
        let first = may.then(|| (f.url("/links/new"), "Make the first link"));
        let text = "A link can be paid again and again: put it on a poster, in a profile or in a group. For one customer with an amount of their own, make a payment link among the orders.";
        return view! { {head("Links", sub, None)}{empty("No links yet", text, first)} }.into_any();
    }
    let new = may.then(|| {
        view! { <a class="btn primary" href=f.url("/links/new")>"New link"</a> }.into_any()
    });
    let filters = Filters {
        path: path.clone(),
        query: l.query,
        search: None,
        selects: vec![Select {
            name: "active",
            label: "State",
            any: "On or off",
            choices: vec![
                ("true".to_owned(), "Switched on".to_owned()),
                ("false".to_owned(), "Switched off".to_owned()),
            ],
        }],
        modes: true,
    };
    let shown = l.rows.len();
    let rows = if shown == 0 {
        nothing_fits(path)
    } else {
        let rows = l.rows.iter().map(|u| link_row(f, u, l.now)).collect_view();
        table(
            "list fix",
            "Links",
            &[
                ("Link", ""),
                ("Asks for", "num w-amt"),
                ("Paid", "num plain w-made"),
                ("Taken", "num w-amt"),
                ("State", "w-st"),
                ("Ends", "w-link"),
            ],
            rows.into_any(),
        )
    };
    let pages = pager(Pager {
        shown,
        newer: l.newer,
        older: l.older,
    });
    view! { {head("Links", sub, new)}{filters.view(f)}{rows}{pages} }.into_any()
}

fn link_row(f: &Frame, u: &Used, now: Timestamp) -> AnyView {
    let link = &u.link;
    let href = f.url(&format!("/links/{}", link.id));
    let test = (!link.livemode).then(test_tag);
    let ends = link.ends_at.map(|t| f.zone.near_tag(t));
    let phone = format!("{} paid", paid_of(u));
    let cells = view! {
        {cell("t1", view! {
            <a class="row" href=href>{link.title.clone()}</a>
            <span class="cut2 dim">{link.description.clone()}</span>
        })}
        {cell("num t2", asks(link))}
        {cell("num b2", view! {
            <span class="no-phone">{paid_of(u)}</span><span class="only-phone">{phone}</span>
        })}
        {cell("num no-phone", amt(u.kept))}
        {cell("b1", view! { <span class="sts">{state(link.state(u.uses, now))}{test}</span> })}
        {cell("no-phone dim", ends.into_any())}
    };
    row(!link.livemode, cells.into_any())
}

pub fn new(f: &Frame, n: &New) -> AnyView {
    let t = &n.typed;
    let codes = n.currencies.iter().map(|c: &Currency| c.code().to_owned());
    let choices = codes.map(|c| (c.clone(), c)).collect();
    let form = Post::to("/do/admin/links/create", f).class("form").once().view(view! {
        {Input::text("title", "What is paid for?").required()
            .help("The customer sees it on the page and on the receipt.").view(t)}
        {Input::area("description", "More about it", 3).optional()
            .help("Stands on the link’s page.").view(t)}
        <div class="row2">
            {Input::amount("amount", "Amount")
                .help("As people write it: 1,500 or 1,500.50. Empty where the customer chooses.")
                .view(t)}
            {Input::select("currency", "Currency", choices).value(f.currency.code()).view(t)}
        </div>
        <div class="row2">
            {Input::amount("least", "Lowest amount").optional()
                .help("Only where the customer chooses.").view(t)}
            {Input::amount("most", "Highest amount").optional().view(t)}
        </div>
        <div class="row2">
            {Input::text("cap", "How often it can be paid").optional()
                .help("A number of places. Empty: any number of times.").view(t)}
            {Input::date("ends_at", "Last day").optional()
                .help("The link ends when this day is over.").view(t)}
        </div>
        {ways(n, f)}
        <fieldset class="f">
            <legend class="sr">"Test"</legend>
            {group_error(t, "test")}
            {opt(Opt {
                kind: "checkbox",
                name: "test",
                value: "1".to_owned(),
                on: t.is("test", "1", false),
                words: "Make it a test link".into_any(),
                small: "Its orders are test orders: no real money can settle them.".to_owned(),
            })}
        </fieldset>
        <div class="acts">
            <button class="btn primary">"Make the link"</button>
            <a class="btn quiet" href=f.url("/links")>"Back to the links"</a>
        </div>
    });
    view! {
        {crumbs(f.url("/links"), "Links", "New link".into_any())}
        {head("New link", "One address that many can pay on.", None)}
        {t.summary("The link was not made")}
        <div class="two form2">{form}<aside>{panel("How it counts", None, how())}</aside></div>
    }
    .into_any()
}

fn how() -> AnyView {
    view! {
        <ol class="stack">
            <li><strong>"Each payment is an order."</strong>" It stands in the list of orders with a reference of its own."</li>
            <li><strong>"A place is held for 30 minutes."</strong>" With a limit, who begins to pay holds a place; unpaid, it is free again."</li>
            <li><strong>"Late money counts."</strong>" What comes after its place was given up is booked, and this page says so."</li>
            <li><strong>"Switch it off at any time."</strong>" Who has begun can still pay."</li>
        </ol>
    }
    .into_any()
}

/// What the page of one link shows.
pub struct Detail {
    pub used: Used,
    pub url: String,
    pub now: Timestamp,
    pub orders: Vec<Order>,
    /// It was made a moment ago.
    pub fresh: bool,
    pub newer: Option<String>,
    pub older: Option<String>,
}

pub fn detail(f: &Frame, d: Detail) -> AnyView {
    let (used, link) = (&d.used, &d.used.link);
    let acts = f.may(Permission::WorkOrders).then(|| {
        let (to, words) = if link.active {
            ("false", "Switch it off")
        } else {
            ("true", "Switch it on")
        };
        let switch = Post::to("/do/admin/links/switch", f)
            .with("link", link.id.to_string())
            .with("active", to)
            .view(view! { <button class="btn">{words}</button> });
        view! { <div class="acts">{switch}</div> }
    });
    let passed = link.cap.filter(|cap| used.uses.paid > *cap).map(|cap| {
        let head = format!("Paid {} times, {} more than its limit.", used.uses.paid, used.uses.paid - cap);
        let text = "Money came after its place was given to somebody else. Give it back on the order, or serve one more.";
        view! { <div class="notes">{note(Note::warn(head, text))}</div> }
    });
    let sum = view! {
        <dl class="sum">
            <div><dt>"Paid"</dt><dd>{paid_of(used)}</dd></div>
            <div><dt>"Paying now"</dt><dd>{used.uses.held}</dd></div>
            <div class="tot"><dt>"Taken"</dt><dd>{amt(used.kept)}</dd></div>
        </dl>
    };
    let providers = (!link.providers.is_empty()).then(|| {
        let all: Vec<_> = link.providers.iter().map(|p| f.label(p)).collect();
        all.join(", ").into_any()
    });
    let pairs = facts(vec![
        (
            "About it",
            (!link.description.is_empty()).then(|| link.description.clone().into_any()),
        ),
        ("Limit", link.cap.map(IntoAny::into_any)),
        ("Ends", link.ends_at.map(|t| f.zone.near_tag(t))),
        ("Ways to pay", providers),
        ("Made", Some(f.zone.near_tag(link.created_at))),
        ("Made by", Some(f.who(&link.created_by).into_any())),
        ("Id", Some(code(link.id.to_string()))),
    ]);
    let title = if d.fresh {
        "The link is ready"
    } else {
        "Its address"
    };
    let test = (!link.livemode).then(test_tag);
    let href = d.url.clone();
    let address = view! {
        <div class="stack">
            {copyable(d.url.clone())}
            <p class="small muted">"One click on the link selects all of it. "
                <a href=href target="_blank" rel="noopener">"Open it as a customer"</a></p>
            {qr(&d.url)}
        </div>
    };
    view! {
        {crumbs(f.url("/links"), "Links", link.title.clone().into_any())}
        <header class="head">
            <div>
                <h1>{link.title.clone()}</h1>
                <p class="sts">{state(link.state(used.uses, d.now))}{test}<span>{asks(link)}</span></p>
            </div>
            {acts}
        </header>
        {passed}
        <div class="two">
            <div>{panel(title, None, address.into_any())}{orders(f, &d)}</div>
            <aside>
                {panel("Money", None, sum.into_any())}
                {panel("Facts", Some(mode_tag(!link.livemode)), pairs)}
            </aside>
        </div>
    }
    .into_any()
}

/// The address as a picture that phones read, drawn as one path.
fn qr(url: &str) -> Option<AnyView> {
    let code = QRBuilder::new(url).build().ok()?;
    // The quiet zone that readers need.
    let edge = 4;
    let mut path = String::new();
    for y in 0..code.size {
        for x in 0..code.size {
            if code[y][x].value() {
                use std::fmt::Write;
                let _ = write!(path, "M{} {}h1v1h-1z", x + edge, y + edge);
            }
        }
    }
    let side = code.size + 2 * edge;
    let view_box = format!("0 0 {side} {side}");
    Some(
        view! {
            <svg class="qr" role="img" aria-label="The link as a QR code" viewBox=view_box
                width="200" height="200" shape-rendering="crispEdges">
                <rect width="100%" height="100%" fill="#fff" />
                <path d=path fill="#000" />
            </svg>
        }
        .into_any(),
    )
}

fn orders(f: &Frame, d: &Detail) -> AnyView {
    let shown = d.orders.len();
    if shown == 0 && d.newer.is_none() {
        return view! {
            <section class="sec">
                <header><h2>"Its orders"</h2></header>
                <p class="muted">"None yet. One appears as soon as somebody begins to pay."</p>
            </section>
        }
        .into_any();
    }
    let rows = d.orders.iter().map(|o| order_row(f, o)).collect_view();
    let list = table(
        "list fix",
        "Orders of this link",
        &[
            ("Order", ""),
            ("Customer", "w-cust"),
            ("Amount", "num w-amt"),
            ("Paid", "num wide w-amt"),
            ("State", "w-st"),
            ("Link ends", "w-link"),
            ("Made", "w-made"),
        ],
        rows.into_any(),
    );
    let pages = pager(Pager {
        shown,
        newer: d.newer.clone(),
        older: d.older.clone(),
    });
    view! { <section class="sec"><header><h2>"Its orders"</h2></header>{list}{pages}</section> }
        .into_any()
}
