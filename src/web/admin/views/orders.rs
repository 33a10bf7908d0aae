//! The list of orders, and the form that makes a payment link.
use super::exports;
use crate::domain::Currency;
use crate::domain::export::ExportKind;
use crate::domain::order::{Customer, Order, OrderKind, OrderStatus};
use crate::domain::role::Permission;
use crate::services::parts::Every;
use crate::web::admin::parts::form::{Opt, field_id, opt};
use crate::web::admin::parts::lists::{
    Filters, Pager, Query, Select, ViewLink, cell, nothing_fits, pager, row, table, views,
};
use crate::web::admin::parts::money::no_amt;
use crate::web::admin::parts::shell::{crumbs, head, panel};
use crate::web::admin::parts::{Frame, Input, Post, Typed, amt, empty, icon, states, via};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// How a customer is called: name, else phone, else e-mail.
pub fn customer_name(c: &Customer) -> String {
    [&c.name, &c.phone, &c.email, &c.external_id]
        .into_iter()
        .flatten()
        .find(|s| !s.is_empty())
        .cloned()
        .unwrap_or_default()
}

fn customer_more(c: &Customer) -> String {
    if c.name.as_deref().unwrap_or("").is_empty() {
        return String::new();
    }
    c.phone
        .clone()
        .or_else(|| c.email.clone())
        .unwrap_or_default()
}

/// What the list shows.
pub struct List {
    pub orders: Vec<Order>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let may = f.may(Permission::WorkOrders);
    let export = exports::link(f, ExportKind::Orders, &l.query);
    let new = may.then(|| {
        view! {
            <a class="btn" href=f.url("/orders/import")>"Many from a file"</a>
            <a class="btn primary" href=f.url("/orders/new")>"New payment link"</a>
        }
    });
    let acts = view! { {export}{new} }.into_any();
    let sub = format!(
        "What customers owe. Every order has a link on which it can be paid. {}.",
        f.zone.name()
    );
    let path = f.url("/orders");
    if l.orders.is_empty() && l.query.is_empty() && l.newer.is_none() {
        let first = may.then(|| (f.url("/orders/new"), "New payment link"));
        let text = "An order says what a customer owes; its link is where it is paid. Make one and open the link: in test mode nothing is taken.";
        return view! { {head("Orders", sub, None)}{empty("No orders yet", text, first)} }
            .into_any();
    }
    let status = l.query.get("status").to_owned();
    let mut links = vec![ViewLink {
        href: path.clone(),
        words: "All",
        here: status.is_empty(),
        waiting: 0,
    }];
    links.extend(OrderStatus::ALL.iter().map(|s| ViewLink {
        href: Query::default().with("status", s.as_str()).href(&path),
        words: sentences::order(*s).word,
        here: status == s.as_str(),
        waiting: 0,
    }));
    let filters = Filters {
        path: path.clone(),
        query: l.query,
        search: Some(("Your reference", "Reference")),
        selects: vec![Select {
            name: "status",
            label: "State",
            any: "Any state",
            choices: OrderStatus::ALL
                .iter()
                .map(|s| (s.as_str().to_owned(), sentences::order(*s).word.to_owned()))
                .collect(),
        }],
        modes: true,
    };
    let shown = l.orders.len();
    let rows = if shown == 0 {
        nothing_fits(path)
    } else {
        let rows = l.orders.iter().map(|o| order_row(f, o)).collect_view();
        table(
            "list fix",
            "Orders",
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
        )
    };
    let pages = pager(Pager {
        shown,
        newer: l.newer,
        older: l.older,
    });
    view! {
        {head("Orders", sub, Some(acts))}
        {views(links)}
        {filters.view(f)}
        {rows}
        {pages}
    }
    .into_any()
}

pub(super) fn order_row(f: &Frame, o: &Order) -> AnyView {
    let href = f.url(&format!("/orders/{}", o.id));
    let kind = format!("{} · ", o.kind.as_str());
    let paid = if o.paid_minor > 0 {
        amt(o.paid())
    } else {
        no_amt()
    };
    let ends = matches!(o.status, OrderStatus::Open).then(|| f.zone.near(o.expires_at));
    let name = customer_name(&o.customer);
    let more = customer_more(&o.customer);
    let cells = view! {
        {cell("t1", view! {
            <a class="row" href=href>{o.reference.clone()}</a>
            <span class="cut2 dim"><span class="no-phone">{kind}</span>{o.description.clone()}</span>
        })}
        {cell("b1", view! {
            <span class="cut2">{name}</span><span class="cut2 dim no-phone">{more}</span>
        })}
        {cell("num t2", amt(o.amount))}
        {cell("num wide", paid)}
        {cell("b2", states(sentences::order(o.status), &o.flags, !o.livemode))}
        {cell("no-phone dim", ends.into_any())}
        {cell("dim no-phone", f.zone.short_tag(o.created_at))}
    };
    row(!o.livemode, cells.into_any())
}

/// A way to pay in the form: why it cannot work, where it cannot.
pub struct Way {
    pub name: String,
    pub methods: String,
    pub off: Option<String>,
}

/// What the form of a new link needs.
pub struct New {
    pub typed: Typed,
    pub currencies: Vec<Currency>,
    pub ways: Vec<Way>,
    pub last: Vec<Order>,
}

/// How long a link lives: seconds and words.
const LIVES: [(&str, &str); 5] = [
    ("3600", "1 hour"),
    ("86400", "24 hours"),
    ("259200", "3 days"),
    ("1209600", "14 days"),
    ("7776000", "90 days"),
];

pub fn new(f: &Frame, n: New) -> AnyView {
    let t = &n.typed;
    let pairs = |list: &[(&str, &str)]| {
        list.iter()
            .map(|(v, w)| ((*v).to_owned(), (*w).to_owned()))
            .collect::<Vec<_>>()
    };
    let kinds = OrderKind::ALL
        .into_iter()
        .map(|k| {
            let on = t.is("kind", k.as_str(), k == OrderKind::Order);
            view! {
                <label>
                    <input type="radio" name="kind" value=k.as_str() checked=on />
                    {sentences::order_kind(k)}
                </label>
            }
        })
        .collect_view();
    let test = t.is("test", "1", false);
    let form = Post::to("/do/admin/orders/create", f).class("form").once().view(view! {
        {Input::text("description", "What is it for?")
            .help("The customer sees this on the page and on the receipt.")
            .view(t)}
        <div class="row2">
            {amount_field(f, &n)}
            {Input::text("reference", "Your reference")
                .required()
                .help("Your own number for it, up to 64 characters.")
                .view(t)}
        </div>
        <fieldset class="f" id="f-kind">
            <legend>"Kind"</legend>
            {group_error(t, "kind")}
            <div class="acts"><span class="seg">{kinds}</span></div>
        </fieldset>
        <div class="row2">
            {Input::text("customer_name", "Customer’s name").optional().view(t)}
            {Input::tel("customer_phone", "Phone").optional()
                .help("Filled in for the prompt on the phone. With country code: +254…").view(t)}
        </div>
        <div class="row2">
            {Input::email("customer_email", "E-mail").optional()
                .help("Some providers insist on one; the customer is asked if it is empty.").view(t)}
            {Input::select("expires_in", "Link ends after", pairs(&LIVES)).value("86400")
                .help("It can be renewed.").view(t)}
        </div>
        {in_parts(t)}
        {opt_reminders(t)}
        {ways(&n, f)}
        <fieldset class="f">
            <legend class="sr">"Test"</legend>
            {opt(Opt {
                kind: "checkbox",
                name: "test",
                value: "1".to_owned(),
                on: test,
                words: "Make it a test order".into_any(),
                small: "No real money can settle it, and it stays a test order for good.".to_owned(),
            })}
        </fieldset>
        <div class="acts">
            <button class="btn primary">"Make link"</button>
            <a class="btn quiet" href=f.url("/orders")>"Back to the orders"</a>
        </div>
    });
    let last = (!n.last.is_empty()).then(|| panel("Last links", None, last_links(f, &n.last)));
    let after = view! {
        <ol class="stack">
            <li><strong>"You get the link"</strong>" to copy and send."</li>
            <li><strong>"The customer pays"</strong>" in any of the ways you left on."</li>
            <li><strong>"You see it here"</strong>" within seconds, also when a provider forgets to tell us."</li>
        </ol>
    };
    view! {
        {crumbs(f.url("/orders"), "Orders", "New payment link".into_any())}
        {head("New payment link", "Makes an order and its link. Nothing is sent to anyone now.", None)}
        {t.summary("The link was not made")}
        <div class="two form2">
            {form}
            <aside>{panel("After you make it", None, after.into_any())}{last}</aside>
        </div>
    }
    .into_any()
}

/// How the order is paid: at once, with a deposit, or in instalments. The fields of what is not
/// chosen are out of sight.
fn in_parts(t: &Typed) -> AnyView {
    let choice = |value: &'static str, words: &'static str| {
        let on = t.is("terms", value, value.is_empty());
        view! {
            <label>
                <input type="radio" name="terms" value=value checked=on />
                {words}
            </label>
        }
    };
    let every = Every::ALL.map(|e| {
        let words = match e {
            Every::Week => "A week",
            Every::Month => "A month",
        };
        (e.as_str().to_owned(), words.to_owned())
    });
    view! {
        <fieldset class="f terms" id="f-terms">
            <legend>"How it is paid"</legend>
            {group_error(t, "terms")}
            <div class="acts">
                <span class="seg">
                    {choice("", "At once")} {choice("deposit", "Deposit and rest")}
                    {choice("instalments", "Instalments")}
                </span>
            </div>
            <div class="row2 t-deposit">
                {Input::text("deposit", "Deposit").value("30%")
                    .help("A share such as 30%, or an amount. Due before the link ends.").view(t)}
                {Input::date("rest_due", "Rest due on")
                    .help("By the end of this day.").view(t)}
            </div>
            <div class="row2 t-instalments">
                {Input::text("instalments", "Number of instalments").value("3")
                    .help("2 to 24. The first is due before the link ends; what does not divide goes to the first ones.")
                    .view(t)}
                {Input::select("every", "Between two of them", every.to_vec()).value("month").view(t)}
            </div>
        </fieldset>
    }
    .into_any()
}

fn opt_reminders(t: &Typed) -> AnyView {
    let box_ = opt(Opt {
        kind: "checkbox",
        name: "reminders",
        value: "1".to_owned(),
        on: t.is("reminders", "1", false),
        words: "Remind the customer to pay".into_any(),
        small: "By e-mail or SMS: 3 days before something is due, on the day, and 3 days after. It stops once it is paid."
            .to_owned(),
    });
    view! {
        <fieldset class="f" id="f-reminders">
            <legend class="sr">"Reminders"</legend>
            {group_error(t, "reminders")}
            {box_}
        </fieldset>
    }
    .into_any()
}

fn last_links(f: &Frame, last: &[Order]) -> AnyView {
    let pairs = last
        .iter()
        .map(|o| {
            let href = f.url(&format!("/orders/{}", o.id));
            let word = sentences::order(o.status).word.to_lowercase();
            view! {
                <dt><a href=href>{o.reference.clone()}</a></dt>
                <dd>{amt(o.amount)}" "<span class="muted">{word}</span></dd>
            }
        })
        .collect_view();
    view! { <dl class="facts">{pairs}</dl> }.into_any()
}

/// What is wrong with a group of boxes.
pub(super) fn group_error(t: &Typed, name: &str) -> Option<AnyView> {
    let text = t.problem(name)?.to_owned();
    let line = view! { <p class="err-text">{icon("alert")}<span>{text}</span></p> };
    Some(line.into_any())
}

/// Amount and currency side by side, one label each.
fn amount_field(f: &Frame, n: &New) -> AnyView {
    let t = &n.typed;
    let id = field_id("amount");
    let problem = t
        .problem("amount")
        .or(t.problem("currency"))
        .map(str::to_owned);
    let invalid = problem.is_some().then_some("true");
    let described = problem.is_some().then_some("e-amount");
    let error = problem.map(|text| {
        view! { <p class="err-text" id="e-amount">{icon("alert")}<span>{text}</span></p> }
    });
    let set = t.value("currency", f.currency.code());
    let options = n
        .currencies
        .iter()
        .map(|c| {
            let here = c.code() == set;
            view! { <option value=c.code() selected=here>{c.code()}</option> }
        })
        .collect_view();
    view! {
        <div class="f">
            <label for=id.clone()>"Amount"</label>
            {error}
            <div class="with">
                <input id=id name="amount" inputmode="decimal" class="num" required=true
                    autocomplete="off" value=t.value("amount", "") aria-invalid=invalid
                    aria-describedby=described />
                <label class="sr" for="f-currency">"Currency"</label>
                <select id="f-currency" name="currency">{options}</select>
            </div>
            <p class="help">"As people write it: 12,500 or 12,500.50."</p>
        </div>
    }
    .into_any()
}

/// Ways that cannot work stay visible with the reason.
pub(super) fn ways(n: &New, f: &Frame) -> AnyView {
    if n.ways.is_empty() {
        let link = f
            .may(Permission::ManageProviders)
            .then(|| view! { " "<a href=f.url("/providers")>"Set one up"</a>"." });
        return view! {
            <fieldset class="f">
                <legend>"Ways to pay"</legend>
                <p class="help">"No provider is set up yet, so the link cannot take a payment."{link}</p>
            </fieldset>
        }
        .into_any();
    }
    let typed = !n.typed.values.is_empty();
    let chosen: Vec<String> = n
        .typed
        .value("providers", "")
        .split(',')
        .map(str::to_owned)
        .collect();
    let boxes = n
        .ways
        .iter()
        .map(|w| {
            let label = f.label(&w.name);
            let letters = f.monogram(&w.name);
            if let Some(why) = &w.off {
                    let words = format!("{label}: {why}");
                    view! {
                        <label class="opt off">
                            <input type="checkbox" name="providers[]" value=w.name.clone() disabled=true />
                            {via(letters, words)}
                        </label>
                    }
                    .into_any()
            } else {
                    let on = !typed || chosen.contains(&w.name);
                    let words = format!("{label} ");
                    let methods = w.methods.clone();
                    view! {
                        <label class="opt">
                            <input type="checkbox" name="providers[]" value=w.name.clone() checked=on />
                            <span class="via">
                                <span class="pm" aria-hidden="true">{letters}</span>
                                <span>{words}<span class="muted">{methods}</span></span>
                            </span>
                        </label>
                    }
                    .into_any()
            }
        })
        .collect_view();
    view! {
        <fieldset class="f" id="f-providers">
            <legend>"Ways to pay"</legend>
            {group_error(&n.typed, "providers")}
            <input type="hidden" name="offered" value="1" />
            {boxes}
        </fieldset>
    }
    .into_any()
}
