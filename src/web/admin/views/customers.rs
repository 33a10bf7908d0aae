//! Customers: the list, one customer with everything of theirs, and making two of them one.
use super::plans::days;
use crate::domain::Money;
use crate::domain::customer::Customer;
use crate::domain::entitlement::EntitlementStatus;
use crate::domain::order::Order;
use crate::domain::payment::Payment;
use crate::domain::role::Permission;
use crate::services::entitlements::Held;
use crate::web::admin::parts::chips::{mode_tag, test_tag};
use crate::web::admin::parts::form::copyable;
use crate::web::admin::parts::lists::{
    Filters, Pager, Query, cell, nothing_fits, pager, row, table,
};
use crate::web::admin::parts::shell::{code, crumbs, facts, head, panel};
use crate::web::admin::parts::{Frame, Input, Note, Post, Typed, amt, empty, note, states, via};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// What the list shows.
pub struct List {
    pub customers: Vec<Customer>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let sub = "Who paid or owes, with everything of theirs on one page.";
    let path = f.url("/customers");
    if l.customers.is_empty() && l.query.is_empty() && l.newer.is_none() {
        let first = f
            .may(Permission::WorkOrders)
            .then(|| (f.url("/orders/new"), "New payment link"));
        let text = "A customer appears with the first order that names one: by your own id, a phone number or an e-mail address.";
        return view! { {head("Customers", sub, None)}{empty("No customers yet", text, first)} }
            .into_any();
    }
    let found = !l.query.get("q").is_empty();
    let filters = Filters {
        path: path.clone(),
        query: l.query,
        search: Some((
            "Your id, an order’s reference, phone, e-mail or name",
            "Id, reference, phone, e-mail, name",
        )),
        selects: vec![],
        modes: true,
    };
    let shown = l.customers.len();
    let rows = if shown == 0 {
        nothing_fits(path)
    } else {
        let rows = l
            .customers
            .iter()
            .map(|c| customer_row(f, c))
            .collect_view();
        table(
            "list fix",
            "Customers",
            &[
                ("Customer", ""),
                ("Your id", "no-phone w-cust"),
                ("Phone", "w-verd"),
                ("E-mail", "no-phone w-cust"),
                ("First seen", "no-phone w-made"),
            ],
            rows.into_any(),
        )
    };
    let pages = (!found).then(|| {
        pager(Pager {
            shown,
            newer: l.newer,
            older: l.older,
        })
    });
    view! { {head("Customers", sub, None)}{filters.view(f)}{rows}{pages} }.into_any()
}

fn customer_row(f: &Frame, c: &Customer) -> AnyView {
    let href = f.url(&format!("/customers/{}", c.id));
    let test = (!c.livemode).then(test_tag);
    let more = c.external_id.clone().unwrap_or_else(|| c.email.clone());
    let more = (more != c.called()).then_some(more);
    let cells = view! {
        {cell("t1", view! {
            <span class="sts"><a class="row" href=href>{c.called().to_owned()}</a>{test}</span>
            <span class="only-phone"><span class="cut2 dim">{more}</span></span>
        })}
        {cell("cut no-phone", c.external_id.clone().into_any())}
        {cell("t2", view! { <span class="nowrap">{c.phone.clone()}</span> })}
        {cell("cut no-phone", c.email.clone().into_any())}
        {cell("dim no-phone", f.zone.short_tag(c.created_at))}
    };
    row(!c.livemode, cells.into_any())
}

/// What the page of one customer shows.
pub struct Detail {
    pub customer: Customer,
    pub also: Vec<Customer>,
    pub kept: Vec<Money>,
    pub held: Vec<Held>,
    pub orders: Vec<Order>,
    pub newer: Option<String>,
    pub older: Option<String>,
    pub payments: Vec<Payment>,
    /// A provider that is set up can prompt the customer's phone.
    pub prompts: bool,
}

pub fn detail(f: &Frame, d: Detail) -> AnyView {
    let c = &d.customer;
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned().into_any());
    let also = (!d.also.is_empty()).then(|| {
        let names = d.also.iter().map(|a| {
            let id = a.external_id.clone();
            id.unwrap_or_else(|| a.called().to_owned())
        });
        names.collect::<Vec<_>>().join(", ").into_any()
    });
    let kept = (!d.kept.is_empty()).then(|| {
        let all = d.kept.iter().map(|m| view! { <div>{amt(*m)}</div> });
        all.collect_view().into_any()
    });
    let pairs = facts(vec![
        ("Phone", given(&c.phone)),
        ("E-mail", given(&c.email)),
        ("Your id", c.external_id.clone().map(code)),
        ("Also", also),
        ("Paid, less refunds", kept),
        ("First seen", Some(f.zone.near_tag(c.created_at))),
        ("Id", Some(code(c.id.to_string()))),
    ]);
    let merge = f.may(Permission::MergeCustomers).then(|| merge_box(f, c));
    let test = (!c.livemode).then(test_tag);
    let sub = c.external_id.clone().filter(|id| id != c.called());
    view! {
        {crumbs(f.url("/customers"), "Customers", c.called().to_owned().into_any())}
        <header class="head">
            <div>
                <h1>{c.called().to_owned()}</h1>
                <p class="sts">{test}<span class="muted">{sub}</span></p>
            </div>
        </header>
        <div class="two">
            <div>
                {entitlements(f, &d)}
                {orders(f, &d)}
                {payments(f, &d.payments)}
            </div>
            <aside>{panel("Contact", Some(mode_tag(!c.livemode)), pairs)}{merge}</aside>
        </div>
    }
    .into_any()
}

fn merge_box(f: &Frame, c: &Customer) -> AnyView {
    let action = f.url(&format!("/customers/{}/merge", c.id));
    let form = view! {
        <form method="get" action=action class="stack">
            {Input::text("with", "The other one").required()
                .help("Its id, phone, e-mail or an order’s reference. You see both before anything changes.")
                .view(&Typed::default())}
            <div class="acts"><button class="btn">"Compare the two"</button></div>
        </form>
    };
    panel("Same person twice?", None, form.into_any())
}

fn entitlements(f: &Frame, d: &Detail) -> AnyView {
    if d.held.is_empty() {
        let plans = f.url("/plans");
        return view! {
            <section>
                <h2 class="sm0">"Plans"</h2>
                <p class="muted">"None. "<a href=plans>"Choose a plan"</a>" and make its link for this customer."</p>
            </section>
        }
        .into_any();
    }
    let all = d.held.iter().map(|h| held(f, h, d.prompts)).collect_view();
    view! { <section><h2 class="sm0">"Plans"</h2><div class="stack">{all}</div></section> }
        .into_any()
}

/// One entitlement: what it is, until when, and how it is renewed.
fn held(f: &Frame, h: &Held, prompts: bool) -> AnyView {
    let e = &h.entitlement;
    let state = sentences::entitlement(e.status);
    let plan = f.url(&format!("/plans/{}", h.plan.id));
    let order = f.url(&format!("/orders/{}", e.last_order));
    let grace = (e.status == EntitlementStatus::Grace).then(|| f.zone.near_tag(e.grace_ends_at()));
    let left = (e.status == EntitlementStatus::Active).then(|| {
        let words = format!("{} left", days(e.days_left(f.zone.now)));
        view! { " "<span class="muted">{words}</span> }
    });
    let link = h.renewal_url.clone().map(copyable);
    let pairs = facts(vec![
        ("Since", Some(f.zone.near_tag(e.starts_at))),
        (
            "Ends",
            Some(view! { {f.zone.near_tag(e.ends_at)}{left} }.into_any()),
        ),
        ("Grace until", grace),
        (
            "Paid by",
            Some(view! { <a href=order>"the newest order"</a> }.into_any()),
        ),
        ("Renewal link", link),
    ]);
    let renews = e.status.runs() || e.status == EntitlementStatus::Suspended;
    let acts = (renews && h.plan.active && f.may(Permission::WorkOrders)).then(|| {
        let link = Post::to("/do/admin/entitlements/renew", f)
            .with("entitlement", e.id.to_string())
            .view(view! { <button class="btn slim">"Renewal link"</button> });
        let prompt = (prompts && !h.customer.phone.is_empty()).then(|| {
            Post::to("/do/admin/entitlements/prompt", f)
                .with("entitlement", e.id.to_string())
                .view(view! { <button class="btn slim">"Send a renewal prompt"</button> })
        });
        view! { <div class="box">{link}{prompt}</div> }
    });
    let heading = format!("h-{}", e.id);
    let labelled = heading.clone();
    view! {
        <section class="panel" aria-labelledby=labelled>
            <header>
                <h3 id=heading><a href=plan>{h.plan.name.clone()}</a></h3>
                {states(state, &[], !e.livemode)}
            </header>
            <div class="in">
                <p class="sm0 muted">{state.means}</p>
                {pairs}{acts}
            </div>
        </section>
    }
    .into_any()
}

fn orders(f: &Frame, d: &Detail) -> AnyView {
    if d.orders.is_empty() && d.newer.is_none() {
        return view! {
            <section class="sec">
                <header><h2>"Orders"</h2></header>
                <p class="muted">"None."</p>
            </section>
        }
        .into_any();
    }
    let rows = d
        .orders
        .iter()
        .map(|o| {
            let href = f.url(&format!("/orders/{}", o.id));
            let cells = view! {
                {cell("t1", view! {
                    <a class="row" href=href>{o.reference.clone()}</a>
                    <span class="cut2 dim">{o.description.clone()}</span>
                })}
                {cell("num t2", amt(o.amount))}
                {cell("b1", states(sentences::order(o.status), &o.flags, !o.livemode))}
                {cell("dim b2", f.zone.short_tag(o.created_at))}
            };
            row(!o.livemode, cells.into_any())
        })
        .collect_view();
    let list = table(
        "list",
        "Orders of this customer",
        &[
            ("Order", ""),
            ("Amount", "num"),
            ("State", ""),
            ("Made", ""),
        ],
        rows.into_any(),
    );
    let pages = (d.newer.is_some() || d.older.is_some()).then(|| {
        pager(Pager {
            shown: d.orders.len(),
            newer: d.newer.clone(),
            older: d.older.clone(),
        })
    });
    view! { <section class="sec"><header><h2>"Orders"</h2></header>{list}{pages}</section> }
        .into_any()
}

fn payments(f: &Frame, all: &[Payment]) -> AnyView {
    if all.is_empty() {
        return view! {
            <section class="sec">
                <header><h2>"Payments"</h2></header>
                <p class="muted">"None yet. One appears as soon as the customer chooses how to pay."</p>
            </section>
        }
        .into_any();
    }
    let rows = all
        .iter()
        .map(|p| {
            let href = f.url(&format!("/payments/{}", p.id));
            let words = sentences::way(&f.label(&p.provider), p.method);
            let cells = view! {
                {cell("t1", view! { <a class="row" href=href>{via(f.monogram(&p.provider), words)}</a> })}
                {cell("num t2", amt(p.amount))}
                {cell("b1", states(sentences::payment(p.status), &p.flags, p.test_mode))}
                {cell("dim b2", f.zone.short_tag(p.created_at))}
            };
            row(p.test_mode, cells.into_any())
        })
        .collect_view();
    let list = table(
        "list",
        "Payments of this customer",
        &[
            ("Provider", ""),
            ("Amount", "num"),
            ("State", ""),
            ("Started", ""),
        ],
        rows.into_any(),
    );
    view! { <section class="sec"><header><h2>"Payments"</h2></header>{list}</section> }.into_any()
}

/// What the page that compares two customers shows.
pub struct Merge {
    /// Who stays.
    pub customer: Customer,
    /// Whom what was typed may mean, without the one who stays.
    pub others: Vec<Customer>,
    pub with: String,
    /// How many orders the only other one has, up to what is counted, and its entitlements.
    pub moves: Option<(String, usize)>,
}

pub fn merge(f: &Frame, m: Merge) -> AnyView {
    let c = &m.customer;
    let back = f.url(&format!("/customers/{}", c.id));
    let title = format!("Merge into {}", c.called());
    let again = || {
        let action = f.url(&format!("/customers/{}/merge", c.id));
        view! {
            <form method="get" action=action class="form">
                {Input::text("with", "The other one").required().value(m.with.clone())
                    .help("Its id, phone, e-mail or an order’s reference.").view(&Typed::default())}
                <div class="acts"><button class="btn primary">"Compare the two"</button></div>
            </form>
        }
    };
    let body = match (m.others.as_slice(), m.moves) {
        ([], _) => view! {
            <div class="notes">
                {note(Note::warn(
                    "Nobody else was found.",
                    "Only customers of the same mode can be one.",
                ))}
            </div>
            {again()}
        }
        .into_any(),
        ([other], Some((orders, plans))) => confirm(f, c, other, &orders, plans, back.clone()),
        (many, _) => {
            let rows = many
                .iter()
                .map(|o| {
                    let query = Query::default().with("with", o.id.to_string());
                    let href = query.href(&f.url(&format!("/customers/{}/merge", c.id)));
                    let cells = view! {
                        {cell("t1", view! { <a class="row" href=href>{o.called().to_owned()}</a> })}
                        {cell("t2", o.external_id.clone().into_any())}
                        {cell("b1", o.phone.clone().into_any())}
                        {cell("b2", o.email.clone().into_any())}
                    };
                    row(!o.livemode, cells.into_any())
                })
                .collect_view();
            let list = table(
                "list",
                "Which one?",
                &[
                    ("Customer", ""),
                    ("Your id", ""),
                    ("Phone", ""),
                    ("E-mail", ""),
                ],
                rows.into_any(),
            );
            view! { <p class="sm0">"Several fit. Which one is meant?"</p>{list} }.into_any()
        }
    };
    view! {
        {crumbs(back, "Customer", c.called().to_owned().into_any())}
        {head(title, "For one person who is here twice.", None)}
        {body}
    }
    .into_any()
}

fn confirm(
    f: &Frame,
    stays: &Customer,
    other: &Customer,
    orders: &str,
    plans: usize,
    back: String,
) -> AnyView {
    let line = |name: &'static str, a: &str, b: &str| {
        let differs = (a != b && !a.is_empty() && !b.is_empty()).then_some("no");
        let seat = |text: &str| {
            if text.is_empty() {
                "–".to_owned()
            } else {
                text.to_owned()
            }
        };
        view! {
            <tr class=differs><th scope="row">{name}</th><td>{seat(a)}</td><td>{seat(b)}</td></tr>
        }
    };
    let external = |c: &Customer| c.external_id.clone().unwrap_or_default();
    let lines = view! {
        {line("Name", &stays.name, &other.name)}
        {line("Your id", &external(stays), &external(other))}
        {line("Phone", &stays.phone, &other.phone)}
        {line("E-mail", &stays.email, &other.email)}
    };
    let plans = match plans {
        0 => String::new(),
        1 => " and 1 plan".to_owned(),
        n => format!(" and {n} plans"),
    };
    let moved = format!(
        "{orders}{plans} of {} will belong to {}.",
        other.called(),
        stays.called()
    );
    let button = format!("Merge {} into {}", other.called(), stays.called());
    let form = Post::to("/do/admin/customers/merge", f)
        .class("form")
        .with("into", stays.id.to_string())
        .with("from", other.id.to_string())
        .view(view! {
            <section>
                <h2>"What changes"</h2>
                <ul class="dots">
                    <li>{moved}</li>
                    <li>"Later orders under either id come to the same page."</li>
                    <li>"Two running times of the same plan stay two; each ends at its own time."</li>
                    <li>"This cannot be taken back."</li>
                </ul>
            </section>
            <div class="acts">
                <button class="btn danger primary">{button}</button>
                <a class="btn quiet" href=back>"Keep them apart"</a>
            </div>
        });
    view! {
        <div class="panel before">
            <div class="in flushx">
                <table class="pair">
                    <thead>
                        <tr><th scope="col"><span class="sr">"Fact"</span></th>
                            <th scope="col">"Stays"</th><th scope="col">"Is merged into it"</th></tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
        </div>
        {form}
    }
    .into_any()
}
