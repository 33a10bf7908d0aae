//! The refund desk: who asked and why, what Malipo checked, and the amount on the button.
use super::orders::customer_name;
use crate::domain::Money;
use crate::domain::order::Order;
use crate::domain::payment::Payment;
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::role::Permission;
use crate::web::admin::parts::chips::{flags, initials, mode_tag};
use crate::web::admin::parts::lists::Query;
use crate::web::admin::parts::shell::{code, facts};
use crate::web::admin::parts::timeline::{Line, timeline};
use crate::web::admin::parts::{
    Frame, Input, Note, Post, Typed, amt, chip, empty, icon, money_text, note, waited,
};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// A refund with what its order says of it.
pub struct Queued {
    pub refund: Refund,
    /// A person pays it back and records it.
    pub by_hand: bool,
    pub reference: String,
    pub customer: String,
}

/// The refund that is looked at.
pub struct Item {
    pub refund: Refund,
    pub payment: Payment,
    pub order: Order,
    pub story: Vec<Line>,
    /// The tenant's limit above which a second person decides.
    pub limit: Option<Money>,
    /// The asker may not be the approver of this one (R10).
    pub second_person: bool,
    /// Who else may decide.
    pub deciders: Vec<String>,
    /// The provider cannot send money back: a person does, and records it.
    pub by_hand: bool,
    pub typed: Typed,
}

/// What the desk shows.
pub struct Desk {
    pub queue: Vec<Queued>,
    pub told: Option<String>,
    pub item: Option<Item>,
}

/// A heading of the queue and the states below it.
type Group = (&'static str, fn(&Queued) -> bool);

fn is_by_hand(q: &Queued) -> bool {
    q.by_hand && q.refund.status == RefundStatus::Sending
}

fn waits(s: RefundStatus) -> bool {
    matches!(s, RefundStatus::Requested | RefundStatus::AwaitingApproval)
}

pub fn desk(f: &Frame, d: Desk) -> AnyView {
    if d.queue.is_empty() && d.item.is_none() {
        let told = told(d.told);
        let text = "Refunds are asked for on the page of a payment. Those above the shop’s limit come here before they are sent.";
        let first = Some((f.url("/payments"), "Choose a payment"));
        return view! {
            <div class="pad wide-pad">{told}<h1>"Refunds"</h1>{empty("No refunds yet", text, first)}</div>
        }
        .into_any();
    }
    let class = if d.item.is_some() {
        "refund item"
    } else {
        "refund queueing"
    };
    let here = d.item.as_ref().map(|i| i.refund.id.to_string());
    let told = told(d.told);
    let groups: [Group; 4] = [
        ("To approve", |q| waits(q.refund.status)),
        ("To pay back by hand", is_by_hand),
        ("On their way", |q| {
            let status = q.refund.status;
            !waits(status) && !status.is_final() && !is_by_hand(q)
        }),
        ("Ended", |q| q.refund.status.is_final()),
    ];
    let lists = groups
        .into_iter()
        .filter_map(|(head, want)| {
            let items: Vec<_> = d.queue.iter().filter(|q| want(q)).collect();
            if items.is_empty() {
                return None;
            }
            let n = items.len();
            let items = items
                .into_iter()
                .map(|q| line(f, q, here.as_deref()))
                .collect_view();
            Some(view! {
                <h2 class="qh">{head}" "<span class="muted">{n}</span></h2><ul class="queue">{items}</ul>
            })
        })
        .collect_view();
    let head = if here.is_some() {
        view! { <h2 id="h-q">"Refunds"</h2> }.into_any()
    } else {
        view! { <h1 id="h-q">"Refunds"</h1> }.into_any()
    };
    let item = d.item.map(|i| item(f, i));
    let export = Query::default()
        .with("what", "refunds")
        .href(&f.url("/exports"));
    let export = view! { <a class="btn quiet slim push" href=export>"Export these"</a> };
    view! {
        <div class=class>
            <section aria-labelledby="h-q">
                <div class="dh">{head}{export}</div>{told}<div class="body">{lists}</div>
            </section>
            {item}
        </div>
    }
    .into_any()
}

fn told(told: Option<String>) -> Option<AnyView> {
    told.map(|t| {
        view! { <p class="flash" role="status">{icon("s-done")}<span>{t}</span></p> }.into_any()
    })
}

fn line(f: &Frame, q: &Queued, here: Option<&str>) -> AnyView {
    let r = &q.refund;
    let id = r.id.to_string();
    let current = (here == Some(id.as_str())).then_some("true");
    let who = if q.customer.is_empty() {
        q.reference.clone()
    } else {
        format!("{}, {}", q.reference, q.customer)
    };
    let right = if waits(r.status) {
        waited(f.zone.now.secs_since(r.created_at)).into_any()
    } else {
        chip(sentences::refund(r.status))
    };
    let more = match r.status {
        _ if waits(r.status) && f.is_me(&r.requested_by) => "asked by you".to_owned(),
        _ if waits(r.status) => format!("asked by {}", f.by(&r.requested_by)),
        RefundStatus::Unknown => format!("asked about {} times", r.polls),
        RefundStatus::Failed => r
            .failure
            .as_ref()
            .map(|x| x.message.clone())
            .unwrap_or_default(),
        _ => f.zone.near(r.updated_at),
    };
    view! {
        <li>
            <a href=f.url(&format!("/refunds/{id}")) aria-current=current>
                <span class="who">{amt(r.amount)}</span><span class="w">{right}</span>
                <span class="m all2">{who}</span><span class="m all2">{more}</span>
            </a>
        </li>
    }
    .into_any()
}

fn item(f: &Frame, i: Item) -> AnyView {
    let r = &i.refund;
    let name = customer_name(&i.order.customer);
    let to = if name.is_empty() {
        format!(" for {}", i.order.reference)
    } else {
        format!(" to {name}")
    };
    let payment = f.url(&format!("/payments/{}", i.payment.id));
    let order = f.url(&format!("/orders/{}", i.order.id));
    let label = f.label(&i.payment.provider);
    let how = format!("{label} {}, ", sentences::method(i.payment.method));
    let asked = format!(" asked {}", f.zone.near(r.created_at));
    let reason = if r.note.is_empty() {
        r.reason.clone()
    } else {
        format!("{} “{}”", r.reason, r.note)
    };
    let back_by = if i.by_hand {
        format!("A person pays it back and records it: {label} cannot send money back.")
    } else {
        format!("{label}, the way it came.")
    };
    let failure = r.failure.as_ref().map(|x| {
        let own = sentences::failure(x.code);
        view! { <p>{own}</p><p class="said2">{x.message.clone()}</p> }.into_any()
    });
    let decided = r.decided_by.as_deref().map(|u| f.who(u).into_any());
    let pairs = facts(vec![
        (
            "Payment",
            Some(
                view! { <a href=payment>{how}{amt(i.payment.captured())}</a>" "{flags(&i.payment.flags)} }
                    .into_any(),
            ),
        ),
        (
            "Order",
            Some(
                view! {
                    <a href=order>{i.order.reference.clone()}</a>", "{chip(sentences::order(i.order.status))}
                }
                .into_any(),
            ),
        ),
        ("Goes back by", Some(back_by.into_any())),
        ("Decided by", decided),
        ("Their id", r.provider_ref.clone().map(code)),
        ("Failure", failure),
        ("Id", Some(code(r.id.to_string()))),
    ]);
    let checks = checks(&i);
    let decision = decision(f, &i);
    let state = sentences::refund(r.status);
    let who = f.who(&r.requested_by);
    let amount = amt(r.amount);
    let mode = mode_tag(i.payment.test_mode);
    let story = timeline(&f.zone, i.story, true);
    view! {
        <section aria-labelledby="h-r">
            <nav class="walk" aria-label="Queue">
                <a href=f.url("/refunds?view=list")>{icon("back")}"All refunds"</a>
            </nav>
            <div class="dh">
                <h1 id="h-r">{amount}{to}</h1><span class="push sts">{mode}{chip(state)}</span>
            </div>
            <div class="body pad">
                <div class="stack">
                    <div class="say">
                        <span class="av" aria-hidden="true">{initials(&who)}</span>
                        <div>
                            <p><strong>{who}</strong><span class="muted">{asked}</span></p><p>{reason}</p>
                        </div>
                    </div>
                    {pairs}
                    <h2>"Checked by Malipo"</h2>
                    {checks}
                    <h2>"How it came to this"</h2>
                    {story}
                </div>
            </div>
        </section>
        {decision}
    }
    .into_any()
}

fn checks(i: &Item) -> AnyView {
    let captured = i.payment.captured();
    let tick = |ok: bool, words: AnyView| {
        let (class, shape) = if ok { ("ok", "eq") } else { ("no", "x") };
        view! { <li class=class>{icon(shape)}<span>{words}</span></li> }
    };
    let fits = i.payment.refund_held_minor <= i.payment.captured_minor;
    let second = i.second_person.then(|| {
        tick(
            true,
            "Above the limit: the asker may not be the approver".into_any(),
        )
    });
    view! {
        <ul class="ticks">
            {tick(fits, view! {
                "With all other refunds not more than came: "
                {amt(Money::new(i.payment.refund_held_minor, captured.currency))}" of "{amt(captured)}
            }.into_any())}
            {second}
        </ul>
    }
    .into_any()
}

fn decision(f: &Frame, i: &Item) -> AnyView {
    let r = &i.refund;
    let state = sentences::refund(r.status);
    let limit = i.limit.map(|m| {
        view! {
            <dl class="sum"><div><dt>"Second person above"</dt><dd>{amt(m)}</dd></div></dl>
        }
    });
    let mine = f.is_me(&r.requested_by);
    let body = if waits(r.status) {
        if i.second_person && mine {
            own(&i.deciders)
        } else if f.may(Permission::ApproveRefunds) {
            approve(f, i)
        } else {
            let who = or_list(&i.deciders);
            note(Note::plain(
                "Your role asks, another decides.",
                format!("{who} can."),
            ))
        }
    } else if i.by_hand && r.status == RefundStatus::Sending && f.may(Permission::ApproveRefunds) {
        by_hand(f, i)
    } else {
        note(Note::plain(state.means, state.next))
    };
    view! {
        <section aria-labelledby="h-d">
            <div class="dh"><h2 id="h-d">"Decide"</h2></div>
            <div class="body pad"><div class="stack">{i.typed.summary("It was not decided")}{limit}{body}</div></div>
        </section>
    }
    .into_any()
}

fn or_list(names: &[String]) -> String {
    match names {
        [] => "Another owner or admin".to_owned(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

fn own(deciders: &[String]) -> AnyView {
    let text = if deciders.is_empty() {
        "There is no other owner or admin yet: invite one.".to_owned()
    } else {
        format!("{} can.", or_list(deciders))
    };
    note(Note::plain(
        "You asked for this refund, so someone else decides.",
        text,
    ))
}

fn approve(f: &Frame, i: &Item) -> AnyView {
    let id = i.refund.id.to_string();
    let button = if i.by_hand {
        format!("Approve {}", money_text(i.refund.amount))
    } else {
        format!("Approve and send {}", money_text(i.refund.amount))
    };
    let yes = Post::to("/do/admin/refunds/approve", f)
        .class("stack")
        .with("refund", id.clone())
        .view(view! {
            <p class="small muted">"Money that has left cannot be called back."</p>
            <button class="btn primary wide-btn" accesskey="a">{button}</button>
            <a class="btn wide-btn" href="#reject-refund" accesskey="r">"Reject"</a>
        });
    let no = Post::to("/do/admin/refunds/reject", f)
        .with("refund", id)
        .view(view! {
            {Input::area("note", "Why not? The asker reads it.", 2).required().view(&i.typed)}
            <div class="acts after">
                <button class="btn danger primary">"Reject the refund"</button>
                <a class="btn quiet" href="#main">"Back"</a>
            </div>
        });
    let class = if i.typed.problems.is_empty() {
        "why"
    } else {
        "why open"
    };
    view! { {yes}<div class=class id="reject-refund">{no}</div> }.into_any()
}

fn by_hand(f: &Frame, i: &Item) -> AnyView {
    let button = format!("Record {} as given back", money_text(i.refund.amount));
    Post::to("/do/admin/refunds/record", f)
        .class("stack")
        .with("refund", i.refund.id.to_string())
        .view(view! {
            {note(Note::warn("Pay it back yourself first.", "Then record how, so that the books agree."))}
            {Input::area("note", "How it was given back", 2)
                .required()
                .help("The bank’s or network’s reference, the day, who did it.")
                .view(&i.typed)}
            <button class="btn primary wide-btn">{button}</button>
        })
}
