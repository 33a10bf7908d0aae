//! The proof desk: the queue, the picture, the verdict with its reasons, and the decision.
use super::orders::customer_name;
use super::proof_decision::{decide, decided};
use crate::domain::order::Order;
use crate::domain::payment::Payment;
use crate::domain::proof::{CLAIM_SECS, Proof, ProofStatus};
use crate::domain::{Money, Timestamp};
use crate::web::admin::parts::icons::icon_class;
use crate::web::admin::parts::shell::code;
use crate::web::admin::parts::{Frame, Post, Typed, amt, chip, empty, icon, test_tag, waited};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// Longer than this is late: minutes that a customer is told to wait.
const TARGET_SECS: i64 = 30 * 60;

/// A line of the queue.
pub struct Queued {
    pub proof: Proof,
    pub reference: String,
    pub customer: String,
    pub amount: Money,
}

/// Another proof with the same reference or the same file.
pub struct Twin {
    pub proof: Proof,
    pub reference: String,
    pub customer: String,
    pub same_file: bool,
    pub same_reference: bool,
}

/// The proof that is looked at.
pub struct Item {
    pub proof: Proof,
    pub payment: Payment,
    pub order: Order,
    pub twins: Vec<Twin>,
    /// Where the instructions sent the customer, if they name it.
    pub pay_to: String,
    /// `150` or `250`; else the whole picture.
    pub zoom: u16,
    /// Quarter turns.
    pub turn: u8,
    pub typed: Typed,
    /// Which way was being taken when it was refused.
    pub open: Option<&'static str>,
}

/// What the desk shows.
pub struct Desk {
    pub queue: Vec<Queued>,
    pub decided: bool,
    /// What the last decision was.
    pub told: Option<String>,
    pub item: Option<Item>,
}

pub fn desk(f: &Frame, d: Desk) -> AnyView {
    if d.queue.is_empty() && d.item.is_none() {
        return nothing(f, d.decided, d.told);
    }
    let class = if d.item.is_some() {
        "desk item"
    } else {
        "desk queueing"
    };
    let here = d.item.as_ref().map(|i| i.proof.id.to_string());
    let place = here
        .as_ref()
        .and_then(|id| d.queue.iter().position(|q| q.proof.id.to_string() == *id));
    let next = place
        .and_then(|n| d.queue.get(n + 1))
        .map(|q| f.url(&format!("/proofs/{}", q.proof.id)));
    let total = d.queue.len();
    let queue = queue(f, &d, here.as_deref());
    let (picture, decision) = match d.item {
        Some(item) => {
            let walk = walk(f, total, place, next);
            let picture = picture(f, &item, walk);
            (Some(picture), Some(decision(f, item)))
        }
        None => (None, None),
    };
    view! { <div class=class>{queue}{picture}{decision}</div> }.into_any()
}

fn nothing(f: &Frame, decided: bool, told: Option<String>) -> AnyView {
    let told = told.map(|t| view! { <p class="flash" role="status">{icon("s-done")}{t}</p> });
    let (title, text) = if decided {
        (
            "Nothing was decided yet",
            "Proofs that were approved or rejected are listed here.",
        )
    } else {
        (
            "No proofs wait",
            "A proof comes when a customer pays by bank transfer, mobile money or cash by hand and sends the evidence. You compare it with your statement and decide.",
        )
    };
    let other = if decided {
        Some((f.url("/proofs"), "Proofs that wait"))
    } else {
        Some((f.url("/payments"), "See the payments"))
    };
    let more = (!decided).then(|| {
        let href = f.url("/proofs?view=decided");
        view! { <p><a href=href>"Decided proofs"</a></p> }
    });
    view! {
        <div class="pad wide-pad">
            {told}<h1>"Proofs"</h1>{empty(title, text, other)}{more}
        </div>
    }
    .into_any()
}

fn queue(f: &Frame, d: &Desk, here: Option<&str>) -> AnyView {
    let items = d
        .queue
        .iter()
        .map(|q| {
            let id = q.proof.id.to_string();
            let current = (here == Some(id.as_str())).then_some("true");
            let age = f.zone.now.secs_since(q.proof.created_at);
            let holder = q
                .proof
                .holder(f.zone.now)
                .filter(|u| !f.is_me(u))
                .map(|u| format!(", {} has it", f.who(u)));
            let what = format!("{}{}", q.reference, holder.unwrap_or_default());
            let (class, wait) = if d.decided {
                ("w", sentences::proof(q.proof.status).word.to_owned())
            } else if age > TARGET_SECS {
                ("w late", waited(age))
            } else {
                ("w", waited(age))
            };
            let name = if q.customer.is_empty() {
                q.reference.clone()
            } else {
                q.customer.clone()
            };
            let href = f.url(&format!("/proofs/{id}"));
            view! {
                <li>
                    <a href=href aria-current=current>
                        <span class="who">{name}</span><span class=class>{wait}</span>
                        <span class="m">{what}</span><span class="a">{amt(q.amount)}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    let n = d.queue.len();
    let (count, other) = if d.decided {
        (
            "newest first".to_owned(),
            view! { <a class="push small" href=f.url("/proofs")>"Waiting"</a> },
        )
    } else {
        (
            format!("{n} wait"),
            view! { <a class="push small" href=f.url("/proofs?view=decided")>"Decided"</a> },
        )
    };
    let told = d
        .told
        .clone()
        .map(|t| view! { <p class="flash" role="status">{icon("s-done")}<span>{t}</span></p> });
    let head = if here.is_some() {
        view! { <h2 id="h-q">"Proofs"</h2> }.into_any()
    } else {
        view! { <h1 id="h-q">"Proofs"</h1> }.into_any()
    };
    view! {
        <section aria-labelledby="h-q">
            <div class="dh">{head}<span class="muted">{count}</span>{other}</div>
            {told}
            <div class="body"><ul class="queue">{items}</ul></div>
        </section>
    }
    .into_any()
}

fn walk(f: &Frame, total: usize, place: Option<usize>, next: Option<String>) -> AnyView {
    let place = place.map(|n| format!("{} of {total}", n + 1));
    let next = next.map(|href| view! { <a href=href>"Next"{icon("chev")}</a> });
    view! {
        <nav class="walk" aria-label="Queue">
            <a href=f.url("/proofs?view=list")>{icon("back")}"All"</a><span>{place}</span>{next}
        </nav>
    }
    .into_any()
}

fn picture(f: &Frame, i: &Item, walk: AnyView) -> AnyView {
    let name = customer_name(&i.order.customer);
    let title = if name.is_empty() {
        i.order.reference.clone()
    } else {
        name
    };
    let payment = f.url(&format!("/payments/{}", i.payment.id));
    let page = f.url(&format!("/proofs/{}", i.proof.id));
    let file = f.url(&format!("/proofs/{}/file", i.proof.id));
    let held = held(f, &i.proof);
    let is_image = i
        .proof
        .file
        .as_ref()
        .is_some_and(|x| x.media_type.starts_with("image/"));
    let body = match &i.proof.file {
        None => view! {
            <div class="no-pic"><p>"The customer sent no picture, only words."</p></div>
        }
        .into_any(),
        Some(_) if is_image => {
            let class = format!("pic zoom{} turn{}", i.zoom, u16::from(i.turn) * 90);
            let alt = format!("Evidence for {}", i.order.reference);
            view! { <img class=class src=file.clone() alt=alt /> }.into_any()
        }
        Some(_) => view! {
            <div class="no-pic">
                <p>"A PDF. It opens outside this page, so that nothing in it can reach Malipo."</p>
                <p><a class="btn" href=file.clone()>"Save the PDF"</a></p>
            </div>
        }
        .into_any(),
    };
    let step = |zoom: u16, turn: u8| format!("{page}?zoom={zoom}&turn={}", u16::from(turn) * 90);
    let (smaller, larger) = match i.zoom {
        250 => (150, 250),
        150 => (100, 250),
        _ => (100, 150),
    };
    let tools = is_image.then(|| {
        let turned = (i.turn + 1) % 4;
        view! {
            <div class="tools">
                <a class="btn quiet square" href=step(smaller, i.turn) aria-label="Smaller" title="Smaller">{icon("zout")}</a>
                <a class="btn quiet square" href=step(larger, i.turn) aria-label="Larger" title="Larger">{icon("zin")}</a>
                <a class="btn quiet square" href=step(i.zoom, turned) aria-label="Turn" title="Turn">{icon("rot")}</a>
                <a class="btn quiet" href=page.clone()>"Fit"</a>
                <a class="btn quiet" href=file target="_blank" rel="noopener">{icon("ext")}"Original"</a>
                <span class="small muted push">"sent "{f.zone.near_tag(i.proof.created_at)}</span>
            </div>
        }
    });
    let test = i.payment.test_mode.then(test_tag);
    view! {
        <section aria-label="Picture">
            {walk}
            <div class="dh">
                <h1>{title}</h1>
                <span class="muted"><a href=payment>{i.order.reference.clone()}</a></span>
                {test}{held}
            </div>
            <div class="view" tabindex="0" role="region" aria-label="Picture, scroll to move">{body}</div>
            {tools}
        </section>
    }
    .into_any()
}

/// Whose it is now, and the button that gives it back.
fn held(f: &Frame, p: &Proof) -> AnyView {
    if p.status != ProofStatus::Submitted {
        return view! { <span class="push">{chip(sentences::proof(p.status))}</span> }.into_any();
    }
    match p.holder(f.zone.now) {
        Some(user) if f.is_me(user) => {
            let until = until(f, p.claimed_at);
            let back = Post::to("/do/admin/proofs/release", f)
                .class("inline")
                .with("proof", p.id.to_string())
                .view(view! { <button class="btn quiet slim">"Give back"</button> });
            view! { <div class="push small muted held">{until}{back}</div> }.into_any()
        }
        Some(user) => {
            let words = format!("{} has it", f.who(user));
            view! { <span class="push small muted">{words}</span> }.into_any()
        }
        None => ().into_any(),
    }
}

fn until(f: &Frame, since: Option<Timestamp>) -> String {
    since.map_or_else(
        || "Yours".to_owned(),
        |t| format!("Yours until {}", f.zone.clock(t.plus_secs(CLAIM_SECS))),
    )
}

/// What speaks for and against it, from what we know.
fn verdict(i: &Item) -> AnyView {
    let mut against = Vec::new();
    let mut for_it = Vec::new();
    let same_reference = i.twins.iter().any(|t| t.same_reference);
    let paid_other = i
        .twins
        .iter()
        .any(|t| t.same_reference && t.proof.status == ProofStatus::Approved);
    if paid_other {
        against.push("The reference already paid another order");
    } else if same_reference {
        against.push("Another proof carries the same reference");
    } else if !i.proof.reference.is_empty() {
        for_it.push("The reference was never used before");
    }
    if i.twins.iter().any(|t| t.same_file) {
        against.push("The very same file came with another proof");
    } else if i.proof.file.is_some() {
        for_it.push("The file was never sent before");
    }
    if i.proof.reference.is_empty() {
        against.push("There is no transaction reference to look for");
    }
    if i.proof.file.is_none() {
        against.push("There is no picture");
    }
    let strong = i.twins.iter().any(|t| t.same_file) || same_reference;
    let (class, shape, title) = if strong {
        ("verdict warn", "alert", "Doubtful")
    } else {
        ("verdict unk", "s-unk", "Look in your statement")
    };
    let lines = against
        .into_iter()
        .map(|t| ("x", t))
        .chain(for_it.into_iter().map(|t| ("eq", t)))
        .map(|(shape, t)| view! { <li>{icon(shape)}<span>{t}</span></li> })
        .collect_view();
    view! { <div class=class><h2>{icon(shape)}{title}</h2><ul>{lines}</ul></div> }.into_any()
}

fn others(f: &Frame, i: &Item) -> AnyView {
    i.twins
        .iter()
        .map(|t| {
            let what = match (t.same_file, t.same_reference) {
                (true, true) => "Same file and reference",
                (true, false) => "Same file",
                (false, _) => "Same reference",
            };
            let title = format!("{what} as a proof of {}", f.zone.near(t.proof.created_at));
            let href = f.url(&format!("/proofs/{}", t.proof.id));
            let by = t
                .proof
                .decided_by
                .as_deref()
                .map(|u| format!(" by {}", f.by(u)));
            let who = if t.customer.is_empty() {
                t.reference.clone()
            } else {
                format!("{}, {}", t.reference, t.customer)
            };
            let accepted = t.proof.accepted.map(|m| view! { ", "{amt(m)} });
            let image = t
                .proof
                .file
                .as_ref()
                .filter(|x| x.media_type.starts_with("image/"))
                .map(|_| {
                    let src = f.url(&format!("/proofs/{}/file", t.proof.id));
                    view! { <img class="thumb" src=src alt="The other proof" loading="lazy" /> }
                });
            view! {
                <div class="other">
                    <div>{image}</div>
                    <div>
                        <p><strong>{title}</strong></p>
                        <p><a href=href>{who}</a>{accepted}<br />{chip(sentences::proof(t.proof.status))}{by}</p>
                    </div>
                </div>
            }
        })
        .collect_view()
        .into_any()
}

fn compare(f: &Frame, i: &Item) -> AnyView {
    let line = |fact: &'static str, ours: AnyView, theirs: AnyView, same: Option<bool>| {
        let class = (same == Some(false)).then_some("no");
        let mark = match same {
            Some(true) => {
                view! { {icon_class("eq", "y")}<span class="sr">"agrees"</span> }.into_any()
            }
            Some(false) => {
                view! { {icon_class("ne", "n")}<span class="sr">"differs"</span> }.into_any()
            }
            None => ().into_any(),
        };
        view! {
            <tr class=class><th scope="row">{fact}</th><td>{ours}</td><td>{theirs}</td><td>{mark}</td></tr>
        }
        .into_any()
    };
    let used = i.twins.iter().find(|t| t.same_reference);
    let reference = if i.proof.reference.is_empty() {
        view! { <span class="muted">"none given"</span> }.into_any()
    } else {
        let note = used.map(|t| {
            let words = format!("also sent for {}", t.reference);
            view! { <br /><span class="muted">{words}</span> }
        });
        view! { {code(i.proof.reference.clone())}{note} }.into_any()
    };
    let before = i.proof.created_at < i.order.created_at;
    let to = (!i.pay_to.is_empty()).then(|| {
        line(
            "Paid to",
            i.pay_to.clone().into_any(),
            "look in the picture".into_any(),
            None,
        )
    });
    let owed = i.order.expected(i.payment.amount);
    view! {
        <table class="cmp">
            <caption class="sr">"Expected against claimed"</caption>
            <thead><tr>
                <th scope="col">"Fact"</th><th scope="col">"Expected"</th><th scope="col">"Claimed"</th>
                <th scope="col"><span class="sr">"Agrees"</span></th>
            </tr></thead>
            <tbody>
                {line("Amount", amt(owed), "look in the picture".into_any(), None)}
                {line("Transaction", "new".into_any(), reference, (!i.proof.reference.is_empty()).then_some(used.is_none()))}
                {line("Our code", code(i.order.reference.clone()), "look in the picture".into_any(), None)}
                {to}
                {line(
                    "Sent",
                    view! { "after "{f.zone.near_tag(i.order.created_at)} }.into_any(),
                    f.zone.near_tag(i.proof.created_at),
                    Some(!before),
                )}
                {line("By", sentences::method(i.payment.method).into_any(), sentences::proof_type(i.proof.proof_type).into_any(), None)}
                {line("Payer", customer_name(&i.order.customer).into_any(), "look in the picture".into_any(), None)}
            </tbody>
        </table>
    }
    .into_any()
}

fn decision(f: &Frame, i: Item) -> AnyView {
    let notes = (!i.proof.notes.is_empty()).then(|| {
        view! {
            <div class="pad words">
                <h2>"The customer writes"</h2><p class="said2">{i.proof.notes.clone()}</p>
            </div>
        }
    });
    let form = match i.proof.status {
        ProofStatus::Submitted => decide(f, &i),
        ProofStatus::MoreWanted | ProofStatus::Approved | ProofStatus::Rejected => decided(f, &i),
    };
    view! {
        <section aria-label="Facts and decision">
            <div class="body">{verdict(&i)}{others(f, &i)}{compare(f, &i)}{notes}</div>
            {form}
        </section>
    }
    .into_any()
}
