//! Messages: what customers and the team were told, what is held, and what is told at all.
use crate::domain::message::{Audience, Channel, Message, MessageKind, MessageStatus, Topic};
use crate::domain::role::Permission;
use crate::web::admin::parts::chips::mode_tag;
use crate::web::admin::parts::form::opt;
use crate::web::admin::parts::lists::{
    Filters, Pager, Query, Select, ViewLink, cell, nothing_fits, pager, row, table, views,
};
use crate::web::admin::parts::shell::{code, crumbs, facts, head, panel};
use crate::web::admin::parts::{Frame, Note, Post, empty, note, states};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// What the list shows.
pub struct List {
    pub messages: Vec<Message>,
    pub query: Query,
    pub newer: Option<String>,
    pub older: Option<String>,
}

pub fn list(f: &Frame, l: List) -> AnyView {
    let path = f.url("/messages");
    let sub = format!(
        "What customers and the team are told by e-mail and SMS. In test mode nothing leaves: it is held here. {}.",
        f.zone.name()
    );
    let act = f.may(Permission::ManageSettings).then(|| {
        view! { <a class="btn" href=f.url("/messages/settings")>"What is told"</a> }.into_any()
    });
    if l.messages.is_empty() && l.query.is_empty() && l.newer.is_none() {
        let first = Some((f.url("/orders/new"), "New payment link"));
        let text = "A message appears here when an order is paid, a proof is decided or money goes back. You can also send a payment link from an order’s page.";
        return view! { {head("Messages", sub, act)}{empty("No messages yet", text, first)} }
            .into_any();
    }
    let status = l.query.get("status").to_owned();
    let mut links = vec![ViewLink {
        href: path.clone(),
        words: "All",
        here: status.is_empty(),
        waiting: 0,
    }];
    links.extend(MessageStatus::ALL.iter().map(|s| ViewLink {
        href: Query::default().with("status", s.as_str()).href(&path),
        words: sentences::message(*s).word,
        here: status == s.as_str(),
        waiting: 0,
    }));
    let filters = Filters {
        path: path.clone(),
        query: l.query,
        search: None,
        selects: vec![
            Select {
                name: "status",
                label: "State",
                any: "Any state",
                choices: MessageStatus::ALL
                    .iter()
                    .map(|s| {
                        (
                            s.as_str().to_owned(),
                            sentences::message(*s).word.to_owned(),
                        )
                    })
                    .collect(),
            },
            Select {
                name: "kind",
                label: "Kind",
                any: "Any kind",
                choices: MessageKind::ALL
                    .iter()
                    .map(|k| {
                        (
                            k.as_str().to_owned(),
                            sentences::message_kind(*k).to_owned(),
                        )
                    })
                    .collect(),
            },
        ],
        modes: false,
    };
    let shown = l.messages.len();
    let rows = if shown == 0 {
        nothing_fits(path)
    } else {
        rows(f, "Messages", &l.messages)
    };
    let pages = pager(Pager {
        shown,
        newer: l.newer,
        older: l.older,
    });
    view! { {head("Messages", sub, act)}{views(links)}{filters.view(f)}{rows}{pages} }.into_any()
}

fn rows(f: &Frame, label: &'static str, all: &[Message]) -> AnyView {
    let rows = all.iter().map(|m| line(f, m)).collect_view();
    table(
        "list fix",
        label,
        &[
            ("Written", "w-time"),
            ("What", "w-cust"),
            ("To", "w-cust"),
            ("State", "w-st"),
            ("Says", ""),
            ("Written", "only-phone"),
        ],
        rows.into_any(),
    )
}

fn line(f: &Frame, m: &Message) -> AnyView {
    let href = f.url(&format!("/messages/{}", m.id));
    let to = format!("{} · {}", sentences::channel(m.channel), m.address);
    let cells = view! {
        {cell("dim no-phone", f.zone.short_tag(m.created_at))}
        {cell("t1", view! { <a class="row" href=href>{sentences::message_kind(m.kind)}</a> })}
        {cell("b1 cut", to.into_any())}
        {cell("t2", states(sentences::message(m.status), &[], !m.livemode))}
        {cell("all dim cut", beginning(m).into_any())}
        {cell("b2 only-phone", f.zone.short_tag(m.created_at))}
    };
    row(!m.livemode, cells.into_any())
}

/// The subject, or the first words of a text message.
fn beginning(m: &Message) -> String {
    match m.channel {
        Channel::Email => m.subject.clone(),
        Channel::Sms => m.text.chars().take(80).collect(),
    }
}

/// The messages about one order, on its page. Nothing where there are none.
pub fn of_order(f: &Frame, all: &[Message]) -> Option<AnyView> {
    if all.is_empty() {
        return None;
    }
    let list = rows(f, "Messages about this order", all);
    Some(
        view! { <section class="sec"><header><h2>"Messages"</h2></header>{list}</section> }
            .into_any(),
    )
}

pub fn detail(f: &Frame, m: &Message) -> AnyView {
    let state = sentences::message(m.status);
    let kind = sentences::message_kind(m.kind);
    let written = format!("written {}", f.zone.near(m.created_at));
    let again = (m.may_go_again() && f.may(Permission::WorkOrders)).then(|| {
        Post::to("/do/admin/messages/send-again", f)
            .with("message", m.id.to_string())
            .view(view! { <button class="btn primary">"Send again"</button> })
    });
    let why = sentences::message_why(m);
    let told = match m.status {
        MessageStatus::Failed => Note::bad(state.means, format!("{why} {}", state.next)),
        MessageStatus::Queued if !why.is_empty() => {
            Note::warn("The last try did not work; it is tried again.", why)
        }
        _ => Note::plain(state.means, why),
    };
    let html = (m.channel == Channel::Email).then(|| {
        let href = f.url(&format!("/messages/{}/html", m.id));
        view! { <a href=href target="_blank" rel="noopener">"as HTML"</a> }.into_any()
    });
    let to = match m.audience {
        Audience::Customer => "The customer",
        Audience::Staff => "A member of the team",
    };
    let order = m.order_id.as_ref().map(|id| {
        let href = f.url(&format!("/orders/{id}"));
        view! { <a href=href>{id.to_string()}</a> }.into_any()
    });
    let refund = m.refund_id.as_ref().map(|id| {
        let href = f.url(&format!("/refunds/{id}"));
        view! { <a href=href>{id.to_string()}</a> }.into_any()
    });
    let subject = (!m.subject.is_empty()).then(|| m.subject.clone().into_any());
    let about = facts(vec![
        ("To", Some(code(m.address.clone()))),
        ("Who", Some(to.into_any())),
        ("By", Some(sentences::channel(m.channel).into_any())),
        ("Language", Some(m.locale.clone().into_any())),
        ("Order", order),
        ("Refund", refund),
        ("Tries", Some(m.attempts.into_any())),
        ("Sent", m.sent_at.map(|t| f.zone.near_tag(t))),
        ("Id", Some(code(m.id.to_string()))),
    ]);
    let dir = if m.locale == "ar" { "rtl" } else { "ltr" };
    view! {
        {crumbs(f.url("/messages"), "Messages", code(m.id.to_string()))}
        <header class="head">
            <div>
                <h1>{kind}</h1>
                <p class="sts">
                    {states(state, &[], !m.livemode)}" "<span class="muted">{written}</span>
                </p>
            </div>
            <div class="acts">{again}</div>
        </header>
        <div class="notes">{note(told)}</div>
        <div class="two">
            <div>
                <section>
                    <header class="sechead"><h2>"What it says"</h2><p class="muted">{html}</p></header>
                    {subject.map(|s| view! { <p dir=dir><strong>{s}</strong></p> })}
                    <pre class="raw" tabindex="0" dir=dir lang=m.locale.clone()>{m.text.clone()}</pre>
                </section>
            </div>
            <aside>{panel("About", Some(mode_tag(!m.livemode)), about)}</aside>
        </div>
    }
    .into_any()
}

/// What is told at all: one box for each topic.
pub fn settings(f: &Frame, off: &[Topic]) -> AnyView {
    use crate::web::admin::parts::form::Opt;
    let boxes = Topic::ALL
        .into_iter()
        .map(|t| {
            let (words, small) = sentences::topic(t);
            opt(Opt {
                kind: "checkbox",
                name: "topics[]",
                value: t.as_str().to_owned(),
                on: !off.contains(&t),
                words: words.into_any(),
                small: small.to_owned(),
            })
        })
        .collect_view();
    let form = Post::to("/do/admin/messages/settings", f)
        .class("form")
        .view(view! {
            <fieldset class="f"><legend>"Messages that are written"</legend>{boxes}</fieldset>
            <p class="help">"A payment link that you send from an order’s page always goes."</p>
            <div class="acts">
                <button class="btn primary">"Save"</button>
                <a class="btn quiet" href=f.url("/messages")>"Back to the messages"</a>
            </div>
        });
    view! {
        {crumbs(f.url("/messages"), "Messages", "What is told".into_any())}
        {head("What is told", "What is switched off is not written at all.", None)}
        {form}
    }
    .into_any()
}
