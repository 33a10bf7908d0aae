//! One order: its link, what came, what happened, and how to end or renew it.
use super::orders::customer_name;
use crate::domain::Money;
use crate::domain::message::Message;
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::Payment;
use crate::domain::plan::Plan;
use crate::domain::role::Permission;
use crate::domain::schedule;
use crate::web::admin::parts::chips::mode_tag;
use crate::web::admin::parts::form::copyable;
use crate::web::admin::parts::lists::{cell, row, table};
use crate::web::admin::parts::shell::{code, crumbs, facts, panel};
use crate::web::admin::parts::timeline::{Line, timeline};
use crate::web::admin::parts::{
    Frame, Input, Note, Post, Typed, amt, money_text, note, states, via,
};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// What the page of an order shows.
pub struct Detail {
    pub order: Order,
    /// Newest last.
    pub payments: Vec<Payment>,
    pub link: String,
    pub story: Vec<Line>,
    /// The plan that it buys, and what of another was credited.
    pub plan: Option<(Plan, Money)>,
    /// Newest first; none where the reader may not see them.
    pub messages: Vec<Message>,
    /// It was made a moment ago: the link comes first.
    pub fresh: bool,
}

pub fn detail(f: &Frame, d: Detail) -> AnyView {
    let o = &d.order;
    let state = sentences::order(o.status);
    let name = customer_name(&o.customer);
    let of = if name.is_empty() {
        String::new()
    } else {
        format!(" of {name}")
    };
    let words = format!("{} {}{of}", sentences::order_kind(o.kind), o.reference);
    let acts = acts(f, o);
    let link = link_box(f, o, d.link, d.fresh);
    let messages = super::messages::of_order(f, &d.messages);
    let sum = sum(o);
    let payments = payments(f, &d.payments);
    let story = timeline(&f.zone, d.story, false);
    let day = format!("{}, {}", f.zone.day(o.created_at), f.zone.name());
    let text = |s: &Option<String>| s.clone().filter(|s| !s.is_empty()).map(IntoAny::into_any);
    let ways = (!o.providers.is_empty()).then(|| {
        let all: Vec<_> = o.providers.iter().map(|p| f.label(p)).collect();
        all.join(", ").into_any()
    });
    let metadata = (!o.metadata.is_empty()).then(|| {
        let all: Vec<_> = o
            .metadata
            .iter()
            .map(|(k, v)| format!("{k}: {v}"))
            .collect();
        code(all.join(", "))
    });
    let plan = d.plan.as_ref().map(|(plan, _)| {
        let href = f.url(&format!("/plans/{}", plan.id));
        view! { <a href=href>{plan.name.clone()}</a> }.into_any()
    });
    let credit = d.plan.as_ref().map(|(_, credit)| *credit);
    let credit = credit.filter(|c| c.minor > 0).map(amt);
    let pairs = facts(vec![
        (
            "For",
            (!o.description.is_empty()).then(|| o.description.clone().into_any()),
        ),
        ("Plan", plan),
        ("Credited", credit),
        ("Customer", customer(f, o)),
        ("Phone", text(&o.customer.phone)),
        ("E-mail", text(&o.customer.email)),
        ("Your id", text(&o.customer.external_id)),
        ("Ways to pay", ways),
        ("Link ends", Some(f.zone.near_tag(o.expires_at))),
        ("Made", Some(f.zone.near_tag(o.created_at))),
        ("Fulfilled", o.fulfilled_at.map(|t| f.zone.near_tag(t))),
        ("Returns to", o.return_url.clone().map(code)),
        ("Metadata", metadata),
        ("Id", Some(code(o.id.to_string()))),
    ]);
    view! {
        {crumbs(f.url("/orders"), "Orders", code(o.reference.clone()))}
        <header class="head">
            <div>
                <h1 class="big">{amt(o.amount)}</h1>
                <p class="sts">
                    {states(state, &o.flags, !o.livemode)}" "<span class="muted">{words}</span>
                </p>
            </div>
            <div class="acts">{acts}</div>
        </header>
        {order_notes(o)}
        <div class="two">
            <div>
                {link}
                {payments}
                {messages}
                <section class="sec">
                    <header class="sechead"><h2>"What happened"</h2><p class="muted">{day}</p></header>
                    {story}
                </section>
            </div>
            <aside>
                {panel("Money", None, sum)}
                {parts(f, o)}
                {reminders(f, o)}
                {panel("Facts", Some(mode_tag(!o.livemode)), pairs)}
            </aside>
        </div>
    }
    .into_any()
}

/// Who owes, with the way to everything of theirs.
fn customer(f: &Frame, o: &Order) -> Option<AnyView> {
    let name = customer_name(&o.customer);
    let Some(id) = &o.customer_id else {
        return o.customer.name.clone().map(IntoAny::into_any);
    };
    let href = f.url(&format!("/customers/{id}"));
    Some(view! { <a href=href>{name}</a> }.into_any())
}

fn order_notes(o: &Order) -> AnyView {
    let state = sentences::order(o.status);
    let mut all = vec![match o.status {
        OrderStatus::Paid => Note::ok(state.means, ""),
        _ => Note::plain(state.means, state.next),
    }];
    all.extend(o.flags.iter().map(|flag| {
        let (head, text) = sentences::flag_sentence(*flag);
        Note::warn(head, text)
    }));
    if !o.livemode {
        all.push(Note::test(
            "Test order.",
            "No real money can settle it. It is in no report.",
        ));
    }
    let all = all.into_iter().map(note).collect_view();
    view! { <div class="notes">{all}</div> }.into_any()
}

fn acts(f: &Frame, o: &Order) -> Option<AnyView> {
    if !f.may(Permission::WorkOrders) {
        return None;
    }
    let id = o.id.to_string();
    match o.status {
        OrderStatus::Open => {
            let href = f.url(&format!("/orders/{id}/cancel"));
            Some(view! { <a class="btn" href=href>"Cancel this order"</a> }.into_any())
        }
        OrderStatus::Expired => Some(
            Post::to("/do/admin/orders/renew", f)
                .with("order", id)
                .view(view! { <button class="btn primary">"Renew the link for 24 hours"</button> }),
        ),
        OrderStatus::PartiallyPaid | OrderStatus::Paid | OrderStatus::Cancelled => None,
    }
}

fn link_box(f: &Frame, o: &Order, link: String, fresh: bool) -> AnyView {
    let words = match o.status {
        OrderStatus::Open | OrderStatus::PartiallyPaid if fresh => "The link is ready",
        OrderStatus::Open | OrderStatus::PartiallyPaid => "Payment link",
        OrderStatus::Paid => "The link shows the receipt",
        OrderStatus::Cancelled | OrderStatus::Expired => "The link says why it takes nothing",
    };
    let left = matches!(o.status, OrderStatus::Open | OrderStatus::PartiallyPaid)
        .then(|| view! { <p>"Takes "{amt(o.asked(false))}</p> });
    let href = link.clone();
    let body = view! {
        <div class="stack">
            {copyable(link)}
            <p class="small muted">"One click on the link selects all of it. "
                <a href=href target="_blank" rel="noopener">"Open it as the customer"</a></p>
            {send_link(f, o)}
        </div>
    };
    panel(words, left.map(IntoAny::into_any), body.into_any())
}

/// The button that sends the link to the customer, where there is an address to send it to.
fn send_link(f: &Frame, o: &Order) -> Option<AnyView> {
    if !f.may(Permission::WorkOrders) || !o.takes_payments(f.zone.now) {
        return None;
    }
    let has = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.is_empty());
    let words = match (has(&o.customer.email), has(&o.customer.phone)) {
        (true, _) => "Send this link by e-mail",
        (false, true) => "Send this link by SMS",
        (false, false) => return None,
    };
    let button = view! { <button class="btn">{words}</button> };
    let post = Post::to("/do/admin/orders/send-link", f)
        .once()
        .with("order", o.id.to_string());
    Some(post.view(button))
}

fn sum(o: &Order) -> AnyView {
    let returned = crate::domain::Money::new(o.refunded_minor, o.amount.currency);
    view! {
        <dl class="sum">
            <div><dt>"Owed"</dt><dd>{amt(o.amount)}</dd></div>
            <div><dt>"Paid"</dt><dd>{amt(o.paid())}</dd></div>
            <div><dt>"Given back"</dt><dd>{amt(returned)}</dd></div>
            <div class="tot"><dt>"Still to pay"</dt><dd>{amt(o.left())}</dd></div>
        </dl>
    }
    .into_any()
}

/// The parts that it is paid in, with what is still to pay of each.
fn parts(f: &Frame, o: &Order) -> Option<AnyView> {
    if o.parts.is_empty() {
        return None;
    }
    let next = schedule::next(&o.parts, o.kept_minor());
    let rows = o
        .parts
        .iter()
        .enumerate()
        .map(|(at, part)| {
            let money = |minor| amt(Money::new(minor, o.amount.currency));
            let day = f.zone.day(part.due_at.plus_secs(-1));
            let state = match next {
                Some((now, left)) if at == now && left < part.minor => {
                    view! { {money(left)}" still to pay by "{day} }.into_any()
                }
                Some((now, _)) if at >= now => view! { "Due by "{day} }.into_any(),
                _ => view! { "Paid" }.into_any(),
            };
            view! {
                <div><dt>{format!("Part {}", at + 1)}<small class="dim">{state}</small></dt>
                    <dd>{money(part.minor)}</dd></div>
            }
        })
        .collect_view();
    let list = view! { <dl class="sum parts">{rows}</dl> };
    Some(panel("Paid in parts", None, list.into_any()))
}

/// Whether the customer is reminded, and the switch.
fn reminders(f: &Frame, o: &Order) -> Option<AnyView> {
    if !matches!(o.status, OrderStatus::Open | OrderStatus::PartiallyPaid) {
        return None;
    }
    let on = !o.remind_days.is_empty();
    let known = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.is_empty());
    let reached = known(&o.customer.email) || known(&o.customer.phone);
    let (words, to, button) = match (on, reached) {
        (true, true) if o.refunded_minor > 0 => (
            "None go any more: money was given back.",
            "0",
            "Switch reminders off",
        ),
        (true, true) => (
            "The customer is reminded 3 days before something is due, on the day, and 3 days after, until it is paid.",
            "0",
            "Switch reminders off",
        ),
        (false, true) => ("The customer is not reminded.", "1", "Remind the customer"),
        (_, false) => (
            "The order has neither a phone number nor an e-mail address to remind anybody at.",
            "",
            "",
        ),
    };
    let switch = (!to.is_empty() && f.may(Permission::WorkOrders)).then(|| {
        Post::to("/do/admin/orders/reminders", f)
            .with("order", o.id.to_string())
            .with("on", to)
            .view(view! { <button class="btn slim">{button}</button> })
    });
    let body = view! { <div class="stack"><p class="muted">{words}</p>{switch}</div> };
    Some(panel("Reminders", None, body.into_any()))
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
        .rev()
        .map(|p| {
            let href = f.url(&format!("/payments/{}", p.id));
            let words = sentences::way(&f.label(&p.provider), p.method);
            let test = p.test_mode;
            let cells = view! {
                {cell("t1", view! { <a class="row" href=href>{via(f.monogram(&p.provider), words)}</a> })}
                {cell("num t2", amt(p.amount))}
                {cell("b1", states(sentences::payment(p.status), &p.flags, test))}
                {cell("dim b2", f.zone.short_tag(p.created_at))}
            };
            row(test, cells.into_any())
        })
        .collect_view();
    let list = table(
        "list",
        "Payments of this order",
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

/// The page that asks before an order is cancelled.
pub fn cancel(f: &Frame, o: &Order, typed: &Typed) -> AnyView {
    let back = f.url(&format!("/orders/{}", o.id));
    let title = format!("Cancel {}?", o.reference);
    let button = format!("Cancel {} of {}", o.reference, money_text(o.amount));
    let form = Post::to("/do/admin/orders/cancel", f)
        .class("form")
        .with("order", o.id.to_string())
        .view(view! {
            <section>
                <h2>"What changes"</h2>
                <ul class="dots">
                    <li>"The link takes no more payments and says that the order was cancelled."</li>
                    <li>"Attempts that are open are closed where the provider can."</li>
                    <li>"Money that comes all the same is booked, flagged, and waits to be given back."</li>
                    <li>"This cannot be taken back; make a new order instead."</li>
                </ul>
            </section>
            <div class="acts">
                <button class="btn danger primary">{button}</button>
                <a class="btn quiet" href=back.clone()>"Keep it open"</a>
            </div>
        });
    view! {
        {crumbs(back, "Order", code(o.reference.clone()))}
        <header class="head">
            <div><h1>{title}</h1><p class="sub">{amt(o.amount)}" "{customer_name(&o.customer)}</p></div>
        </header>
        {typed.summary("It was not cancelled")}
        {form}
    }
    .into_any()
}

/// A note to an order: what is asked besides the buttons.
pub fn note_field(typed: &Typed, label: &'static str) -> AnyView {
    Input::area("note", label, 2).optional().view(typed)
}
