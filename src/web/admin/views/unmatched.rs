//! The desk of money that was paid by hand and could not be matched.
use super::orders::customer_name;
use crate::domain::bill::{BillMoney, BillStatus, Unmatched};
use crate::domain::order::Order;
use crate::domain::role::Permission;
use crate::web::admin::parts::chips::mode_tag;
use crate::web::admin::parts::lists::{Pager, Query, ViewLink, nothing_fits, pager, views};
use crate::web::admin::parts::shell::{code, facts, head};
use crate::web::admin::parts::{Frame, Input, Post, Typed, amt, chip, empty};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// Money with the orders that may be meant.
pub struct Row {
    pub money: BillMoney,
    pub suggested: Vec<Order>,
}

/// What the page shows.
pub struct List {
    pub rows: Vec<Row>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
    /// What was refused, by the money's id in `money`.
    pub typed: Typed,
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let path = f.url("/payments/unmatched");
    let sub = "Paid to your paybill or till by hand. It is yours, but nobody knows yet for what.";
    let status = l.query.get("status").to_owned();
    let link = |value: &'static str, words: &'static str| ViewLink {
        href: Query::default().with("status", value).href(&path),
        words,
        here: status == value,
        waiting: 0,
    };
    let links = vec![
        link("", "Needs a person"),
        link("asking", "Being asked after"),
        link("booked", "Matched"),
        link("assigned", "Assigned"),
        link("returned", "Returned"),
        link("all", "All"),
    ];
    let shown = l.rows.len();
    let rows = if shown > 0 {
        let rows = l.rows.iter().map(|r| item(f, r, &l.typed)).collect_view();
        view! { <div class="stack">{rows}</div> }.into_any()
    } else if l.query.is_empty() {
        let text = "Money that customers pay by hand is matched by the account number that they \
                    type. What cannot be matched comes here, so that nothing is lost.";
        empty("No unmatched money", text, None)
    } else {
        nothing_fits(path)
    };
    let pages = pager(Pager {
        shown,
        newer: l.newer,
        older: l.older,
    });
    view! { {head("Unmatched money", sub, None)}{views(links)}{rows}{pages} }.into_any()
}

fn item(f: &Frame, r: &Row, typed: &Typed) -> AnyView {
    let m = &r.money;
    let id = m.id.to_string();
    let label = f.label(&m.provider);
    let typed_words = if m.typed.is_empty() {
        "nothing".to_owned()
    } else {
        format!("“{}”", m.typed)
    };
    let payer = format!("{} {}", m.payer_name, m.payer_phone)
        .trim()
        .to_owned();
    let payment = m.payment_id.as_ref().map(|p| {
        let href = f.url(&format!("/payments/{p}"));
        view! { <a href=href>"The payment it was booked for"</a> }.into_any()
    });
    let decided = m.decided_by.as_deref().map(|who| f.who(who).into_any());
    let note = (!m.note.is_empty()).then(|| m.note.clone().into_any());
    let pairs = facts(vec![
        ("Typed as account number", Some(typed_words.into_any())),
        (
            "Paid to",
            Some(format!("{label} {}", m.business_number).into_any()),
        ),
        ("Payer", (!payer.is_empty()).then(|| payer.into_any())),
        ("Receipt", Some(code(m.receipt.clone()))),
        ("Booked", payment),
        ("Decided by", decided),
        ("Note", note),
    ]);
    let why = m.why.filter(|_| m.status == BillStatus::Unmatched);
    let why = why.map(|why| view! { <p>{sentences::unmatched(why)}</p> });
    let decision = (m.status == BillStatus::Unmatched && f.may(Permission::DecideProofs))
        .then(|| decision(f, r, typed));
    let heading = format!("h-{id}");
    let labelled = heading.clone();
    view! {
        <section class="panel" id=id aria-labelledby=labelled>
            <header>
                <h2 id=heading>{amt(m.amount)}" "<span class="when">{f.zone.short_tag(m.created_at)}</span></h2>
                <span class="sts">{mode_tag(m.test_mode)}{chip(sentences::bill(m.status))}</span>
            </header>
            <div class="in stack">{why}{pairs}{decision}</div>
        </section>
    }
    .into_any()
}

fn decision(f: &Frame, r: &Row, typed: &Typed) -> AnyView {
    let id = r.money.id.to_string();
    // What was refused belongs to one of the forms on the page.
    let own = if typed.value("money", "") == id {
        typed.clone()
    } else {
        Typed::default()
    };
    let assigns = r.money.why != Some(Unmatched::Denied);
    let suggested = assigns.then(|| {
        r.suggested
            .iter()
            .map(|order| {
                let name = customer_name(&order.customer);
                let words = format!("Give it to {} {name}", order.reference);
                let left = amt(order.expected(r.money.amount));
                Post::to("/do/admin/bills/assign", f)
                    .class("acts")
                    .with("money", id.clone())
                    .with("order", order.id.to_string())
                    .view(view! {
                        <button class="btn">{words.trim().to_owned()}</button>
                        <span class="muted">"left to pay "{left}</span>
                    })
            })
            .collect_view()
    });
    let assign = assigns.then(|| {
        Post::to("/do/admin/bills/assign", f)
            .class("form")
            .with("money", id.clone())
            .view(view! {
                {Input::text("order", "Order")
                    .of(&id)
                    .help("Its reference or id, as in the list of orders.")
                    .view(&own)}
                <div class="acts"><button class="btn primary">"Give it to this order"</button></div>
            })
    });
    let back = Post::to("/do/admin/bills/returned", f)
        .class("form")
        .with("money", id.clone())
        .view(view! {
            {Input::area("note", "How it went back", 2)
                .of(&id)
                .help("With its receipt, for the books.")
                .view(&own)}
            <div class="acts"><button class="btn">"It was given back"</button></div>
        });
    view! { {own.summary("Not decided")}{suggested}{assign}<details class="more"><summary>"It is not for an order"</summary>{back}</details> }
    .into_any()
}
