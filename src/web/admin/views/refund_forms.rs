//! Asking for a refund: the page between "Give money back" and the refund itself.
use super::orders::customer_name;
use crate::domain::Money;
use crate::domain::order::Order;
use crate::domain::payment::Payment;
use crate::web::admin::parts::shell::{code, crumbs, facts};
use crate::web::admin::parts::{Frame, Input, Note, Post, Typed, amt, money_text, note};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// What can be given back, and how.
pub struct Ask {
    pub payment: Payment,
    pub order: Order,
    pub limit: Option<Money>,
    /// The provider takes whole refunds only.
    pub full_only: bool,
    pub by_hand: bool,
    /// Nothing here can send it; where it is done.
    pub elsewhere: Option<&'static str>,
    pub typed: Typed,
}

/// Reasons as the books and the provider see them.
const REASONS: [&str; 5] = [
    "Duplicate payment",
    "Surplus money",
    "Goods or service not given",
    "The customer asked",
    "Wrong amount",
];

pub fn ask(f: &Frame, a: Ask) -> AnyView {
    let p = &a.payment;
    let left = p.refundable();
    let label = f.label(&p.provider);
    let back = f.url(&format!("/payments/{}", p.id));
    let reasons = REASONS
        .iter()
        .map(|r| ((*r).to_owned(), (*r).to_owned()))
        .collect();
    let amount = if a.full_only {
        let words = format!("{label} gives back whole payments only.");
        view! {
            <input type="hidden" name="amount" value=left.to_major_string() />
            <div class="f"><p class="lab">"Amount"</p><p>{amt(left)}</p><p class="help">{words}</p></div>
        }
        .into_any()
    } else {
        let words = format!("At most {}.", money_text(left));
        Input::amount("amount", format!("Amount in {}", left.currency))
            .value(left.to_major_string())
            .required()
            .short()
            .help(words)
            .view(&a.typed)
    };
    let limit = a.limit.map(|m| {
        let text = "A second person approves it first; you see who on the next page.";
        note(Note::plain(format!("Above {}:", money_text(m)), text))
    });
    let by_hand = a.by_hand.then(|| {
        let text =
            "After it is approved, somebody pays it back by bank, phone or cash and records it.";
        note(Note::warn(format!("{label} cannot send money back."), text))
    });
    let elsewhere = a.elsewhere.map(|way| {
        let text = format!("{label} takes no refunds from here.");
        note(Note::warn(text, way))
    });
    let asks = elsewhere.is_none();
    let name = customer_name(&a.order.customer);
    let href = f.url(&format!("/orders/{}", a.order.id));
    let from = format!("{label} {}", sentences::method(p.method));
    let pairs = facts(vec![
        (
            "Order",
            Some(view! { <a href=href>{a.order.reference.clone()}</a> }.into_any()),
        ),
        ("Customer", (!name.is_empty()).then(|| name.into_any())),
        ("Came by", Some(from.into_any())),
        ("Captured", Some(amt(p.captured()))),
        ("Can still be refunded", Some(amt(left))),
    ]);
    let form = asks.then(|| {
        Post::to("/do/admin/refunds/request", f)
            .class("form")
            .once()
            .with("payment", p.id.to_string())
            .with("currency", left.currency.code())
            .view(view! {
                {by_hand}{limit}
                {amount}
                {Input::select("reason", "Reason", reasons).view(&a.typed)}
                {Input::area("note", "What happened", 2)
                    .optional()
                    .help("For those who approve and for the books.")
                    .view(&a.typed)}
                <div class="acts">
                    <button class="btn primary">"Ask for the refund"</button>
                    <a class="btn quiet" href=back.clone()>"Keep the money"</a>
                </div>
            })
    });
    view! {
        {crumbs(back, "Payment", code(p.id.to_string()))}
        <header class="head">
            <div>
                <h1>"Give money back"</h1>
                <p class="sub">"Nothing is sent before it is approved. Money that has left cannot be called back."</p>
            </div>
        </header>
        {a.typed.summary("The refund was not asked for")}
        <section class="panel"><div class="in">{pairs}</div></section>
        {elsewhere}
        {form}
    }
    .into_any()
}
