//! Deciding a proof: approve with what came, ask for more, or reject with a reason.
use super::proofs::Item;
use crate::domain::proof::ProofStatus;
use crate::web::admin::parts::form::{Opt, opt};
use crate::web::admin::parts::money::money_text;
use crate::web::admin::parts::shell::facts;
use crate::web::admin::parts::{Frame, Input, Post, Typed, amt, chip};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// What was decided, by whom.
pub fn decided(f: &Frame, i: &Item) -> AnyView {
    let state = sentences::proof(i.proof.status);
    let by = i.proof.decided_by.as_deref().map(|u| f.who(u).into_any());
    let note =
        (!i.proof.decision_note.is_empty()).then(|| i.proof.decision_note.clone().into_any());
    view! {
        <div class="decide">
            <p>{chip(state)}" "<span class="muted">{state.means}</span></p>
            {facts(vec![
                ("Decided by", by),
                ("Accepted", i.proof.accepted.map(amt)),
                ("Told", note),
                ("When", Some(f.zone.near_tag(i.proof.updated_at))),
            ])}
        </div>
    }
    .into_any()
}

/// Reasons for a refusal, told to the customer.
const REASONS: [&str; 5] = [
    "The transaction reference was used before.",
    "The amount is not the one owed.",
    "It was paid into another account.",
    "The money is not in our account.",
    "The picture cannot be read.",
];

/// What more a customer is asked for.
const WANTED: [&str; 3] = [
    "Please send the whole screen, not a part.",
    "Please paste the confirmation message as text.",
    "Please tell us the name on the sending account.",
];

/// The decision: one button, or a second step on the same page.
pub fn decide(f: &Frame, i: &Item) -> AnyView {
    let id = i.proof.id.to_string();
    let used = i
        .twins
        .iter()
        .find(|t| t.same_reference && t.proof.status == ProofStatus::Approved);
    let owed = i.order.expected(i.payment.amount);
    let start = owed.to_major_string();
    let label = format!("What came, in {}", owed.currency);
    let approve = if let Some(twin) = used {
        let why = format!(
            "Cannot be approved: {} has paid {}. If this is another transfer, ask for its own reference.",
            i.proof.reference, twin.reference
        );
        view! {
            <div class="btns">
                <button class="btn" type="button" aria-disabled="true" aria-describedby="why-not">"Approve"</button>
                {ways()}
            </div>
            <p class="hint small muted" id="why-not">{why}</p>
        }
        .into_any()
    } else {
        let button = format!("Approve {}", money_text(owed));
        Post::to("/do/admin/proofs/approve", f)
            .class("approve")
            .with("proof", id.clone())
            .with("currency", owed.currency.code())
            .view(view! {
                {Input::amount("accepted", label).value(start).required().view(&i.typed)}
                <div class="btns">
                    <button class="btn primary" accesskey="a">{button}</button>
                    {ways()}
                </div>
                <p class="hint small muted">"If less or more came, write what came: the order counts that."</p>
            })
    };
    let more = why_form(
        f,
        &WhyForm {
            id: "ask-more",
            action: "/do/admin/proofs/request-more",
            title: "Ask for more".to_owned(),
            choices: &WANTED,
            button: "Ask and keep the order open",
            class: "btn primary",
            proof: &id,
            open: i.open == Some("ask-more"),
            typed: &i.typed,
        },
    );
    let reject = why_form(
        f,
        &WhyForm {
            id: "reject",
            action: "/do/admin/proofs/reject",
            title: format!("Why is {} rejected?", money_text(owed)),
            choices: &REASONS,
            button: "Reject and tell the customer",
            class: "btn danger primary",
            proof: &id,
            open: i.open == Some("reject"),
            typed: &i.typed,
        },
    );
    let summary = i.typed.summary("It was not decided");
    view! { <div class="decide">{summary}{approve}{more}{reject}</div> }.into_any()
}

/// The two ways that take a second step on the same page.
fn ways() -> AnyView {
    view! {
        <a class="btn" href="#ask-more" accesskey="m">"Ask more"</a>
        <a class="btn" href="#reject" accesskey="r">"Reject"</a>
    }
    .into_any()
}

struct WhyForm<'a> {
    id: &'static str,
    action: &'static str,
    title: String,
    choices: &'a [&'static str],
    button: &'static str,
    class: &'static str,
    proof: &'a str,
    open: bool,
    typed: &'a Typed,
}

fn why_form(f: &Frame, w: &WhyForm<'_>) -> AnyView {
    let first = w.choices.first().copied().unwrap_or_default();
    let choices = w
        .choices
        .iter()
        .map(|c| {
            opt(Opt {
                kind: "radio",
                name: "reason",
                value: (*c).to_owned(),
                on: w.typed.is("reason", c, *c == first),
                words: (*c).into_any(),
                small: String::new(),
            })
        })
        .collect_view();
    let note_id = format!("n-{}", w.id);
    let class = if w.open { "why open" } else { "why" };
    let form = Post::to(w.action, f).with("proof", w.proof).view(view! {
        <fieldset class="f"><legend>{w.title.clone()}</legend>{choices}</fieldset>
        <div class="f">
            <label for=note_id.clone()>"A line of your own "<span class="muted">"optional"</span></label>
            <textarea id=note_id name="note" rows="2">{w.typed.value("note", "")}</textarea>
        </div>
        <div class="acts">
            <button class=w.class>{w.button}</button><a class="btn quiet" href="#main">"Back"</a>
        </div>
    });
    view! { <div class=class id=w.id>{form}</div> }.into_any()
}
