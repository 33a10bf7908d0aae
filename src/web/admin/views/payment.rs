//! One payment: amount, state, the sentence, then the story; refunds sum to zero at the right.
use super::orders::customer_name;
use crate::domain::Money;
use crate::domain::order::Order;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::role::Permission;
use crate::web::admin::parts::chips::mode_tag;
use crate::web::admin::parts::form::{Opt, opt};
use crate::web::admin::parts::shell::{code, crumbs, facts, panel};
use crate::web::admin::parts::timeline::{Line, timeline};
use crate::web::admin::parts::{
    Frame, Input, Note, Post, Typed, amt, chip, money_text, note, states, via,
};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// What the page of a payment shows.
pub struct Detail {
    pub payment: Payment,
    pub order: Order,
    pub refunds: Vec<Refund>,
    pub story: Vec<Line>,
    /// The provider can be asked.
    pub asks: bool,
    /// What the provider reported where it does not fit ours: fact, ours, theirs.
    pub differs: Vec<(String, String, String)>,
    /// What the provider says came, where it is in our currency.
    pub came: Option<Money>,
    /// The proof that stands for it, if it was paid by hand.
    pub proof: Option<String>,
    pub typed: Typed,
}

pub fn detail(f: &Frame, d: Detail) -> AnyView {
    let (p, o) = (&d.payment, &d.order);
    let state = sentences::payment(p.status);
    let label = f.label(&p.provider);
    let how = format!("{label} {}, for ", sentences::method(p.method));
    let name = customer_name(&o.customer);
    let of = if name.is_empty() {
        String::new()
    } else {
        format!(" of {name}")
    };
    let order_href = f.url(&format!("/orders/{}", o.id));
    let shown = if p.captured_minor > 0 {
        p.captured()
    } else {
        p.amount
    };
    let ask = (d.asks && f.may(Permission::WorkOrders) && p.status != PaymentStatus::Created).then(
        || {
            Post::to("/do/admin/payments/verify", f)
                .with("payment", p.id.to_string())
                .view(view! { <button class="btn">{format!("Ask {label} now")}</button> })
        },
    );
    let refund = (p.refundable().minor > 0 && f.may(Permission::RequestRefunds)).then(|| {
        let href = f.url(&format!("/payments/{}/refund", p.id));
        view! { <a class="btn primary" href=href>"Give money back"</a> }
    });
    let proof = d.proof.as_ref().map(|id| {
        let href = f.url(&format!("/proofs/{id}"));
        let class = if p.status.is_open() {
            "btn primary"
        } else {
            "btn"
        };
        view! { <a class=class href=href>"Open the proof"</a> }
    });
    let day = format!("{}, {}", f.zone.day(p.created_at), f.zone.name());
    let decide = (p.status == PaymentStatus::Mismatched).then(|| mismatch(f, &d));
    let facts_panel = panel("Facts", Some(mode_tag(p.test_mode)), fact_list(f, p, o));
    let refunds = (p.captured_minor > 0).then(|| refunds_panel(f, p, &d.refunds));
    let notes = payment_notes(p);
    let head_order = o.reference.clone();
    let story = timeline(&f.zone, d.story, false);
    view! {
        {crumbs(f.url("/payments"), "Payments", code(p.id.to_string()))}
        <header class="head">
            <div>
                <h1 class="big">{amt(shown)}</h1>
                <p class="sts">
                    {states(state, &p.flags, p.test_mode)}" "
                    <span class="muted">{how}<a href=order_href>{head_order}</a>{of}</span>
                </p>
            </div>
            <div class="acts">{ask}{proof}{refund}</div>
        </header>
        {d.typed.summary("It was not done")}
        {notes}
        <div class="two">
            <div>
                {decide}
                <section>
                    <header class="sechead"><h2>"What happened"</h2><p class="muted">{day}</p></header>
                    {story}
                </section>
            </div>
            <aside>{refunds}{facts_panel}</aside>
        </div>
    }
    .into_any()
}

fn payment_notes(p: &Payment) -> AnyView {
    let state = sentences::payment(p.status);
    let mut all = Vec::new();
    if p.test_mode {
        all.push(Note::test(
            "Test payment.",
            "No real money moved. It settles no live order and is in no report.",
        ));
    }
    if p.flags.is_empty() || p.status != PaymentStatus::Succeeded {
        let means = match (&p.failure, p.status) {
            (
                Some(failure),
                PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Expired,
            ) => sentences::failure(failure.code),
            _ => state.means,
        };
        all.push(match p.status {
            PaymentStatus::Mismatched => Note::bad(means, state.next),
            PaymentStatus::Unknown => Note::warn(means, state.next),
            PaymentStatus::Succeeded => Note::ok(means, ""),
            _ => Note::plain(means, state.next),
        });
    }
    all.extend(p.flags.iter().map(|flag| {
        let (head, text) = sentences::flag_sentence(*flag);
        Note::warn(head, text)
    }));
    let all = all.into_iter().map(note).collect_view();
    view! { <div class="notes">{all}</div> }.into_any()
}

fn fact_list(f: &Frame, p: &Payment, o: &Order) -> AnyView {
    let href = f.url(&format!("/orders/{}", o.id));
    let order = view! {
        <a href=href>{o.reference.clone()}</a>", "{chip(sentences::order(o.status))}
    };
    let words = sentences::way(&f.label(&p.provider), p.method);
    let name = customer_name(&o.customer);
    let asked = (p.amount != p.captured() && p.captured_minor > 0).then(|| amt(p.amount));
    facts(vec![
        ("Order", Some(order.into_any())),
        ("Customer", (!name.is_empty()).then(|| name.into_any())),
        ("Phone", p.phone.clone().map(code)),
        ("Provider", Some(via(f.monogram(&p.provider), words))),
        ("Asked for", asked),
        ("Receipt", p.receipt.clone().map(code)),
        ("Their id", p.provider_ref.clone().map(code)),
        ("Our reference", Some(code(p.reference.clone()))),
        (
            "Asked them",
            (p.polls > 0).then(|| times(p.polls).into_any()),
        ),
        (
            "Waits until",
            p.status.is_open().then(|| f.zone.near_tag(p.expires_at)),
        ),
    ])
}

/// `once`, `7 times`.
pub fn times(n: i64) -> String {
    if n == 1 {
        "once".to_owned()
    } else {
        format!("{n} times")
    }
}

fn refunds_panel(f: &Frame, p: &Payment, refunds: &[Refund]) -> AnyView {
    let sum_of = |want: fn(RefundStatus) -> bool| {
        let minor = refunds
            .iter()
            .filter(|r| want(r.status))
            .fold(0_i64, |sum, r| sum.saturating_add(r.amount.minor));
        Money::new(minor, p.amount.currency)
    };
    let done = sum_of(|s| s == RefundStatus::Succeeded);
    let waits = sum_of(|s| s.holds_money() && s != RefundStatus::Succeeded);
    let items = refunds
        .iter()
        .map(|r| {
            let href = f.url(&format!("/refunds/{}", r.id));
            let by = format!(
                " by {}, {}",
                f.by(&r.requested_by),
                f.zone.near(r.created_at)
            );
            view! {
                <p class="box">
                    {chip(sentences::refund(r.status))}
                    <a href=href>{amt(r.amount)}{by}</a>
                </p>
            }
        })
        .collect_view();
    let body = view! {
        <dl class="sum">
            <div><dt>"Captured"</dt><dd>{amt(p.captured())}</dd></div>
            <div><dt>"Given back"</dt><dd>{amt(done)}</dd></div>
            <div><dt>"On its way"</dt><dd>{amt(waits)}</dd></div>
            <div class="tot"><dt>"Can still be refunded"</dt><dd>{amt(p.refundable())}</dd></div>
        </dl>
        {items}
    };
    panel("Refunds", None, body.into_any())
}

/// Ours against theirs, and the decision.
fn mismatch(f: &Frame, d: &Detail) -> AnyView {
    let p = &d.payment;
    let label = f.label(&p.provider);
    let rows = d
        .differs
        .iter()
        .map(|(fact, ours, theirs)| {
            let (same, class) = (ours == theirs, if ours == theirs { None } else { Some("no") });
            let mark = if same { "agrees" } else { "differs" };
            let shape = if same { "eq" } else { "ne" };
            let tone = if same { "y" } else { "n" };
            view! {
                <tr class=class>
                    <th scope="row">{fact.clone()}</th><td>{ours.clone()}</td><td>{theirs.clone()}</td>
                    <td>
                        {crate::web::admin::parts::icons::icon_class(shape, tone)}
                        <span class="sr">{mark}</span>
                    </td>
                </tr>
            }
        })
        .collect_view();
    let says = format!("{label} says");
    let table = (!d.differs.is_empty()).then(|| {
        view! {
            <section class="panel">
                <header>
                    <h2>"What does not fit"</h2><p>"The order stays unpaid until a person decides."</p>
                </header>
                <div class="in flushx">
                    <table class="cmp">
                        <thead><tr>
                            <th scope="col">"Fact"</th><th scope="col">"Ours"</th>
                            <th scope="col">{says}</th>
                            <th scope="col"><span class="sr">"Agrees"</span></th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        }
    });
    if !f.may(Permission::ApproveRefunds) {
        return view! {
            {table}
            {note(Note::plain("An owner or admin decides this.", "They see it on their overview."))}
        }
        .into_any();
    }
    let came = d.came.unwrap_or(p.amount);
    let amount = Input::amount("amount", format!("What came, in {}", came.currency))
        .value(came.to_major_string())
        .short()
        .help("Needed to take it: look in your statement.")
        .view(&d.typed);
    let form = Post::to("/do/admin/payments/decide", f)
        .with("payment", p.id.to_string())
        .with("currency", p.amount.currency.code())
        .view(view! {
            <section class="panel before">
                <header><h2>"Decide"</h2></header>
                <div class="in stack">
                    <fieldset class="f">
                        <legend class="sr">"What shall happen with the money"</legend>
                        {opt(Opt {
                            kind: "radio",
                            name: "to",
                            value: "accept".to_owned(),
                            on: d.typed.is("to", "accept", true),
                            words: "Take it as it came".into_any(),
                            small: "The order counts what really came: a part, the whole, or more than owed.".to_owned(),
                        })}
                        {opt(Opt {
                            kind: "radio",
                            name: "to",
                            value: "refuse".to_owned(),
                            on: d.typed.is("to", "refuse", false),
                            words: "It is not ours to take".into_any(),
                            small: "The attempt ends as failed and the order stays unpaid. Give the money back at the provider.".to_owned(),
                        })}
                    </fieldset>
                    {amount}
                    {Input::area("note", "Why, for the audit log", 2).required().view(&d.typed)}
                    <div class="acts"><button class="btn primary">"Decide about "{money_text(p.amount)}</button></div>
                </div>
            </section>
        });
    view! { {table}{form} }.into_any()
}
