//! The list of payments: one line each, with the provider's last word.
use super::exports;
use super::orders::customer_name;
use crate::domain::export::ExportKind;
use crate::domain::order::Customer;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::role::Permission;
use crate::web::admin::parts::lists::{
    Filters, Pager, Query, Select, ViewLink, cell, nothing_fits, pager, row, table, views,
};
use crate::web::admin::parts::shell::head;
use crate::web::admin::parts::{Frame, amt, empty, states, via};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// A payment with what its order says of it.
pub struct PaymentRow {
    pub payment: Payment,
    pub reference: String,
    pub customer: Customer,
}

/// What the list shows.
pub struct List {
    pub rows: Vec<PaymentRow>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
    pub mismatched: usize,
    pub unknown: usize,
    /// Money paid by hand that waits for a person.
    pub unmatched: usize,
}

/// The provider's reason, or what the payment waits for.
pub fn last_word(p: &Payment) -> String {
    if let Some(failure) = &p.failure {
        return if failure.message.is_empty() {
            sentences::failure(failure.code).to_owned()
        } else {
            format!("“{}”", failure.message)
        };
    }
    match p.status {
        PaymentStatus::Succeeded => p.receipt.clone().unwrap_or_default(),
        PaymentStatus::Unknown if p.polls > 1 => format!("asked {} times", p.polls),
        PaymentStatus::Unknown => "no answer yet".to_owned(),
        PaymentStatus::RequiresAction | PaymentStatus::Pending | PaymentStatus::Processing
            if p.polls > 0 =>
        {
            format!("asked {}", super::payment::times(p.polls))
        }
        _ => String::new(),
    }
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let path = f.url("/payments");
    let sub = format!("Every attempt to pay an order. {}.", f.zone.name());
    if l.rows.is_empty() && l.query.is_empty() && l.newer.is_none() {
        let first = f
            .may(Permission::WorkOrders)
            .then(|| (f.url("/orders/new"), "New payment link"));
        let text = "A payment appears here as soon as a customer chooses how to pay. Make a link and try it: in test mode nothing is taken.";
        return view! {
            {head("Payments", sub, None)}{empty("No payments yet", text, first)}
        }
        .into_any();
    }
    let status = l.query.get("status").to_owned();
    let link = |value: &'static str, words: &'static str, waiting: usize| ViewLink {
        href: Query::default().with("status", value).href(&path),
        words,
        here: status == value,
        waiting,
    };
    let links = vec![
        link("", "All", 0),
        link("mismatched", "Needs a person", l.mismatched),
        link("unknown", "Unknown", l.unknown),
        ViewLink {
            href: f.url("/payments/unmatched"),
            words: "Unmatched money",
            here: false,
            waiting: l.unmatched,
        },
        link("succeeded", "Succeeded", 0),
        link("failed", "Failed", 0),
        link("requires_action", "Waiting", 0),
    ];
    let export = exports::link(f, ExportKind::Payments, &l.query);
    let filters = Filters {
        path: path.clone(),
        query: l.query,
        search: Some((
            "Our reference, their id or receipt",
            "Reference, receipt, their id",
        )),
        selects: vec![
            Select {
                name: "status",
                label: "State",
                any: "Any state",
                choices: PaymentStatus::ALL
                    .iter()
                    .map(|s| {
                        (
                            s.as_str().to_owned(),
                            sentences::payment(*s).word.to_owned(),
                        )
                    })
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
        modes: true,
    };
    let shown = l.rows.len();
    let rows = if shown == 0 {
        nothing_fits(path)
    } else {
        let rows = l.rows.iter().map(|r| payment_row(f, r)).collect_view();
        table(
            "list fix",
            "Payments",
            &[
                ("Time", "w-time"),
                ("Amount", "num w-amt"),
                ("State", "w-state"),
                ("Order and customer", ""),
                ("Provider", "w-via"),
                ("Provider and time", "only-phone"),
                ("Last word", "wide w-word"),
            ],
            rows.into_any(),
        )
    };
    let pages = pager(Pager {
        shown,
        newer: l.newer,
        older: l.older,
    });
    view! { {head("Payments", sub, export)}{views(links)}{filters.view(f)}{rows}{pages} }.into_any()
}

fn payment_row(f: &Frame, r: &PaymentRow) -> AnyView {
    let p = &r.payment;
    let href = f.url(&format!("/payments/{}", p.id));
    let label = f.label(&p.provider);
    let words = sentences::way(&label, p.method);
    let name = format!(" {}", customer_name(&r.customer));
    let cells = view! {
        {cell("dim no-phone", f.zone.short_tag(p.created_at))}
        {cell("num t2", amt(p.amount))}
        {cell("b1", states(sentences::payment(p.status), &p.flags, p.test_mode))}
        {cell("t1 cut", view! { <a class="row" href=href>{r.reference.clone()}</a>{name} })}
        {cell("no-phone", via(f.monogram(&p.provider), words))}
        {cell("b2 only-phone", view! { {label}" "{f.zone.short_tag(p.created_at)} })}
        {cell("dim cut wide", last_word(p).into_any())}
    };
    row(p.test_mode, cells.into_any())
}
