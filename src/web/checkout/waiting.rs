//! Waiting for the truth: a prompt on the phone, a provider's page, an answer that never came.
use super::choose::token;
use super::parts::{ALERT, CLOCK, Frame, Page, StepIs, TestPanel, hero, steps};
use super::paybill::{Instead, instead};
use crate::web::texts::How;
use leptos::prelude::*;

/// Seconds between two looks while the customer waits: ever longer, to spare their data.
pub const fn refresh_secs(age_secs: i64) -> u32 {
    match age_secs {
        ..60 => 5,
        60..180 => 10,
        _ => 30,
    }
}
/// After this the page asks only when told to.
pub const REFRESH_FOR_SECS: i64 = 600;

/// A payment that is not at its end.
pub struct Waiting {
    pub payment_id: String,
    pub state: String,
    pub kind: Wait,
    pub label: String,
    pub method: How,
    /// The amount asked for, in the reader's form.
    pub amount: String,
    /// The payer's number in the reader's form; empty where none is known.
    pub phone: String,
    pub sent_at: String,
    pub asked_at: Option<String>,
    /// Seconds since the payment began.
    pub age_secs: i64,
    /// The provider's page, while the customer may still pay there.
    pub page_url: Option<String>,
    /// Paying by hand on the same order, where the provider offers it beside its prompt.
    pub instead: Option<Instead>,
    pub panels: Vec<TestPanel>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The customer: on the phone or on the provider's page.
    Customer,
    /// The provider handles it, or we do not know yet.
    Provider,
    /// A person, because the facts differ.
    Staff,
}

pub fn waiting(frame: &Frame, of: Waiting) -> Page {
    let live = (
        format!("{}/status/{}", frame.base, of.payment_id),
        of.state.clone(),
    );
    let fresh = of.age_secs < REFRESH_FOR_SECS;
    let panels = of.panels.clone();
    let mut page = match of.kind {
        Wait::Customer if of.method == How::Prompt => on_phone(frame, &of, fresh),
        Wait::Customer => on_page(frame, &of, fresh),
        Wait::Provider => not_known(frame, &of, fresh),
        Wait::Staff => with_staff(frame, &of),
    };
    if of.kind == Wait::Customer {
        page.panels = panels;
    }
    if fresh {
        page.refresh = Some(refresh_secs(of.age_secs));
        page.live = Some(live);
    }
    page
}

fn check(frame: &Frame, of: &Waiting, primary: bool) -> impl IntoView + use<> {
    let class = if primary { "btn" } else { "btn alt" };
    view! {
        <form method="post" action="/do/checkout/check">
            <input type="hidden" name="token" value=token(frame) />
            <input type="hidden" name="payment" value=of.payment_id.clone() />
            <button class=class>{frame.t().check_now}</button>
        </form>
    }
}

fn closing_hint(frame: &Frame, fresh: bool) -> impl IntoView + use<> {
    let t = frame.t();
    view! { <p class="hint">{if fresh { t.auto_check } else { t.no_auto_check }}</p> }
}

fn on_phone(frame: &Frame, of: &Waiting, fresh: bool) -> Page {
    let t = frame.t();
    let label = frame.name(&of.label);
    let progress = steps(vec![
        (StepIs::Done, t.step_sent.to_owned(), of.sent_at.clone()),
        (StepIs::Now, t.step_phone.to_owned(), t.step_pin.to_owned()),
        (StepIs::ToCome, (t.step_confirms)(&label), String::new()),
        (StepIs::ToCome, t.step_done.to_owned(), String::new()),
    ]);
    let main = view! {
        <main class="step">
            {hero(
                None,
                t.look_phone.to_owned(),
                view! { <p>{(t.type_pin)(&label, &of.phone)}</p> }.into_any(),
            )}
            <figure class="sim" aria-label=t.prompt_picture>
                <p>
                    <b>{(t.prompt_pay)(&of.amount, &frame.merchant())}</b>
                    <br />
                    {(t.prompt_pin)(&label)}
                    " "
                    <b>"_"</b>
                </p>
            </figure>
            <p class="hint">{t.other_prompt}</p>
            <div class="card" role="status">
                {progress}
            </div>
            {closing_hint(frame, fresh)}
            {check(frame, of, !fresh)}
            <details class="card">
                <summary>{t.nothing_on_phone}</summary>
                <div class="stack">
                    <ol>
                        {(t.phone_tips)(&of.phone)
                            .into_iter()
                            .map(|tip| view! { <li>{tip}</li> })
                            .collect_view()}
                    </ol>
                    {of.instead.as_ref().map(|by_hand| instead(frame, by_hand, false))}
                    <a class="btn alt" href=frame.base.clone()>
                        {t.other_ways}
                    </a>
                </div>
            </details>
        </main>
    };
    Page::new((t.look_title)(&label, &of.amount), main.into_any())
}

fn on_page(frame: &Frame, of: &Waiting, fresh: bool) -> Page {
    let t = frame.t();
    let label = frame.name(&of.label);
    let progress = steps(vec![
        (StepIs::Now, (t.step_page)(&label), of.sent_at.clone()),
        (StepIs::ToCome, (t.step_confirms)(&label), asked(frame, of)),
        (StepIs::ToCome, t.step_done.to_owned(), String::new()),
    ]);
    let go = of.page_url.clone().map(|url| {
        view! {
            <a class="btn" href=url rel="noreferrer">
                {(t.go_to_page)(&label)}
            </a>
        }
    });
    let primary = go.is_none();
    let title = (t.page_title)(&label);
    let main = view! {
        <main class="step">
            {hero(
                Some(("disc", CLOCK)),
                title.clone(),
                view! { <p>{(t.page_body)(&label, &of.amount)}</p> }.into_any(),
            )}
            <div class="card" role="status">
                {progress}
            </div>
            {closing_hint(frame, fresh)}
            <div class="act">
                {go} {check(frame, of, primary)} <a class="btn alt" href=frame.base.clone()>
                    {t.other_ways}
                </a>
            </div>
        </main>
    };
    Page::new(title, main.into_any())
}

fn asked(frame: &Frame, of: &Waiting) -> String {
    of.asked_at
        .as_deref()
        .map_or_else(String::new, frame.t().step_asked)
}

/// Never offers to pay again: the money may have gone (R4).
fn not_known(frame: &Frame, of: &Waiting, fresh: bool) -> Page {
    let t = frame.t();
    let label = frame.name(&of.label);
    let first = if of.method == How::Prompt {
        (StepIs::Done, t.step_sent.to_owned(), of.sent_at.clone())
    } else {
        (StepIs::Done, (t.step_page)(&label), of.sent_at.clone())
    };
    let progress = steps(vec![
        first,
        (StepIs::Now, (t.step_confirms)(&label), asked(frame, of)),
        (StepIs::ToCome, t.step_done.to_owned(), String::new()),
    ]);
    let main = view! {
        <main class="step">
            {hero(
                Some(("disc", CLOCK)),
                t.unknown_title.to_owned(),
                view! { <p>{(t.unknown_body)(&label, &of.amount)}</p> }.into_any(),
            )}
            <div class="card" role="status">
                {progress}
            </div>
            <section class="stack">
                <h2>{(t.message_question)(&label)}</h2>
                <p>{t.message_yes}</p>
                <p>{t.message_no}</p>
            </section>
            <div class="act">{check(frame, of, true)}</div>
            {closing_hint(frame, fresh)}
        </main>
    };
    Page::new(t.unknown_title, main.into_any())
}

fn with_staff(frame: &Frame, of: &Waiting) -> Page {
    let t = frame.t();
    let words = (t.mismatch_body)(&frame.name(&of.label), &frame.merchant());
    let main = view! {
        <main class="step">
            {hero(
                Some(("disc", ALERT)),
                t.mismatch_title.to_owned(),
                view! { <p>{words}</p> }.into_any(),
            )} <p class="hint">{t.keep_link}</p> {check(frame, of, false)}
        </main>
    };
    Page::new(t.mismatch_title, main.into_any())
}
