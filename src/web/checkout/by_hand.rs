//! Paying by hand: the merchant's instructions, the proof, and what becomes of it.
use super::parts::{
    ALERT, CHECK, COPY, EYE, Frame, Page, QUESTION, StepIs, code_row, field_error, hero, icon, row,
    steps, val,
};
use crate::domain::method::Method;
use crate::domain::proof::ProofStatus;
use crate::web::flash::Flash;
use crate::web::render::escape;
use crate::web::texts::InputCode;
use leptos::prelude::*;

/// Where the customer sends the money, from the merchant's own settings.
#[derive(Clone, Debug, Default)]
pub struct Instructions {
    pub bank: String,
    pub branch: String,
    pub account_name: String,
    pub account_number: String,
    pub mobile_name: String,
    pub mobile_number: String,
    /// The merchant's own words, shown as they are, named as theirs.
    pub words: String,
    /// How long a decision takes, where the merchant says.
    pub review_hours: Option<u32>,
}

/// A manual payment that waits for money or for a proof.
pub struct ByHand {
    pub method: Method,
    /// Bare digits.
    pub digits: String,
    pub amount: String,
    pub reason: String,
    pub instructions: Instructions,
    pub form: ProofForm,
}

/// The form for a proof.
pub struct ProofForm {
    /// `{base}/proof/{payment}`.
    pub action: String,
    pub form_key: String,
    pub refused: Option<Flash>,
}

/// Shows the field that fits what the customer has; without `:has()` all show.
const PICK_CSS: &str = "form:has([value=photo]:checked) .f-sms,\
    form:has([value=sms]:checked) :is(.f-photo,.f-number),\
    form:has([value=number]:checked) :is(.f-photo,.f-sms){display:none}";

pub fn by_hand(frame: &Frame, of: ByHand) -> Page {
    let t = frame.t();
    let heading = (t.by_hand_title)(of.method);
    let hours = of.instructions.review_hours;
    let first = first_error(frame, of.form.refused.as_ref());
    let send = if of.method == Method::CashOnDelivery {
        cash(frame, &of).into_any()
    } else {
        transfer(frame, &of).into_any()
    };
    let proof_title = if of.method == Method::CashOnDelivery {
        t.cash_proof
    } else {
        t.show_us
    };
    let main = view! {
        <main class="step">
            {frame.other_ways()} <h1>{heading}</h1> {send}
            {proof_form(frame, &of.form, proof_title, (t.checked_within)(hours))}
        </main>
    };
    let title = match first {
        Some(error) => (t.error_title)(&format!("{error} {heading}")),
        None => heading.to_owned(),
    };
    let mut page = Page::new(title, main.into_any());
    page.extra_css = PICK_CSS;
    page.mini = false;
    page
}

fn first_error(frame: &Frame, flash: Option<&Flash>) -> Option<&'static str> {
    let error = flash?.errors.first()?;
    Some((frame.t().input)(InputCode::parse(&error.code)))
}

fn transfer(frame: &Frame, of: &ByHand) -> impl IntoView + use<> {
    let t = frame.t();
    let told = &of.instructions;
    let line =
        |name: &'static str, value: &str| (!value.is_empty()).then(|| row(name, value.to_owned()));
    let copied = |name: &'static str, value: &str| {
        (!value.is_empty()).then(|| {
            let value = val(value);
            view! {
                <div>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            }
        })
    };
    let bank = (of.method == Method::BankTransfer).then(|| {
        view! {
            {line(t.bank, &told.bank)} {line(t.branch, &told.branch)}
            {line(t.account_name, &told.account_name)}
            {copied(t.account_number, &told.account_number)}
        }
    });
    let mobile = (of.method == Method::MobileMoney).then(|| {
        view! {
            {line(t.mobile_name, &told.mobile_name)} {copied(t.mobile_number, &told.mobile_number)}
        }
    });
    view! {
        <section class="stack">
            <h2>{t.send_money}</h2>
            <p class="hint say">{icon(20, COPY)} " " {t.copy_hint}</p>
            <dl class="card copy">
                {bank} {mobile} {copied(t.amount_exact, &of.digits)} {copied(t.reason, &of.reason)}
            </dl>
            {merchants_words(frame, &told.words)}
        </section>
    }
}

fn cash(frame: &Frame, of: &ByHand) -> impl IntoView + use<> {
    let words = (frame.t().cash_body)(&of.amount, &frame.merchant());
    view! {
        <section class="stack">
            <p>{words}</p>
            {merchants_words(frame, &of.instructions.words)}
        </section>
    }
}

fn merchants_words(frame: &Frame, words: &str) -> Option<impl IntoView + use<>> {
    let from = (frame.t().from_merchant)(&frame.merchant());
    let words = words.trim().to_owned();
    (!words.is_empty()).then(|| {
        view! {
            <blockquote class="card stack">
                {words
                    .lines()
                    .map(|line| view! { <p dir="auto">{line.to_owned()}</p> })
                    .collect_view()} <p class="hint">{from}</p>
            </blockquote>
        }
    })
}

fn proof_form(
    frame: &Frame,
    form: &ProofForm,
    title: &'static str,
    hint: String,
) -> impl IntoView + use<> {
    let t = frame.t();
    let flash = form.refused.clone().unwrap_or_default();
    let has = match flash.typed("have") {
        "sms" => "sms",
        "number" => "number",
        _ => "photo",
    };
    let choice = |value: &'static str, words: &'static str| {
        view! {
            <label class="m">
                <input type="radio" name="have" value=value checked=has == value />
                " "
                {words}
            </label>
        }
    };
    let general = flash
        .error_of("")
        .or_else(|| flash.error_of("proof"))
        .cloned();
    view! {
        <form method="post" action=form.action.clone() enctype="multipart/form-data">
            <input type="hidden" name="form_key" value=form.form_key.clone() />
            <fieldset class="stack">
                <legend>
                    <h2>{title}</h2>
                </legend>
                {field_error(frame.lang, "form", general.as_ref())}
                <p class="hint" id="have-h">
                    {t.what_have}
                </p>
                <div class="pick" role="group" aria-labelledby="have-h">
                    {choice("photo", t.have_photo)}
                    {choice("sms", t.have_sms)}
                    {choice("number", t.have_number)}
                </div>
            </fieldset>
            {file_field(frame, t.photo_label, t.photo_hint, &flash)}
            {area(frame, "sms", "f-sms", t.sms_label, Some(t.sms_hint), &flash)}
            {number_field(frame, &flash)}
            {area(frame, "notes", "", t.note_label, None, &flash)}
            <div class="act">
                <button class="btn">{t.send_proof}</button>
                <p class="hint">{hint}</p>
            </div>
        </form>
    }
}

fn file_field(
    frame: &Frame,
    label: &'static str,
    hint: &'static str,
    flash: &Flash,
) -> impl IntoView + use<> {
    let error = flash.error_of("image").cloned();
    let wrong = error.is_some();
    view! {
        <div class="field f-photo">
            <label for="image">{label}</label>
            <p class="hint" id="image-h">
                {hint}
            </p>
            <input
                class="in"
                id="image"
                name="image"
                type="file"
                accept="image/png,image/jpeg,image/webp,application/pdf"
                autofocus=wrong
                aria-invalid=wrong.then_some("true")
                aria-describedby=if wrong { "image-e image-h" } else { "image-h" }
            />
            {field_error(frame.lang, "image", error.as_ref())}
        </div>
    }
}

fn number_field(frame: &Frame, flash: &Flash) -> impl IntoView + use<> {
    let t = frame.t();
    let error = flash.error_of("reference").cloned();
    let wrong = error.is_some();
    view! {
        <div class="field f-number">
            <label for="reference">{t.ref_label}</label>
            <p class="hint" id="reference-h">
                {t.ref_hint}
            </p>
            <input
                class="in"
                id="reference"
                name="reference"
                autocomplete="off"
                autocapitalize="characters"
                dir="ltr"
                maxlength="64"
                value=flash.typed("reference").to_owned()
                autofocus=wrong
                aria-invalid=wrong.then_some("true")
                aria-describedby=if wrong { "reference-e reference-h" } else { "reference-h" }
            />
            {field_error(frame.lang, "reference", error.as_ref())}
        </div>
    }
}

fn area(
    frame: &Frame,
    name: &'static str,
    class: &'static str,
    label: &'static str,
    hint: Option<&'static str>,
    flash: &Flash,
) -> impl IntoView + use<> {
    let error = flash.error_of(name).cloned();
    let wrong = error.is_some();
    let hint_id = format!("{name}-h");
    // Leptos does not escape the text of a textarea.
    let typed = escape(flash.typed(name)).into_owned();
    let described = match (wrong, hint.is_some()) {
        (true, true) => Some(format!("{name}-e {name}-h")),
        (true, false) => Some(format!("{name}-e")),
        (false, true) => Some(hint_id.clone()),
        (false, false) => None,
    };
    view! {
        <div class=format!("field {class}")>
            <label for=name>{label}</label>
            {hint
                .map(|hint| {
                    view! {
                        <p class="hint" id=hint_id>
                            {hint}
                        </p>
                    }
                })}
            <textarea
                class="in"
                id=name
                name=name
                rows="3"
                maxlength="500"
                dir="auto"
                aria-invalid=wrong.then_some("true")
                aria-describedby=described
                inner_html=typed
            ></textarea>
            {field_error(frame.lang, name, error.as_ref())}
        </div>
    }
}

/// A proof on its way.
pub struct ProofView {
    pub status: ProofStatus,
    /// Since when a reviewer has it open.
    pub claimed_at: Option<String>,
    pub sent_at: String,
    pub file: Option<String>,
    pub reference: String,
    pub notes: String,
    /// What staff wrote to the customer.
    pub staff_note: String,
    pub review_hours: Option<u32>,
    /// Whether this payment takes another proof.
    pub takes_more: bool,
    pub form: ProofForm,
    /// Refresh while nothing is decided.
    pub age_secs: i64,
}

pub fn proof(frame: &Frame, of: ProofView) -> Page {
    match of.status {
        ProofStatus::Submitted => submitted(frame, &of),
        ProofStatus::Rejected => rejected(frame, &of),
        ProofStatus::MoreWanted => more_wanted(frame, &of),
        ProofStatus::Approved => {
            let sentence = (frame.t().proof_status)(of.status);
            let words = view! { <p>{sentence.next}</p> }.into_any();
            let head = hero(Some(("disc ok", CHECK)), sentence.says.to_owned(), words);
            Page::new(
                sentence.says,
                view! { <main class="step">{head}</main> }.into_any(),
            )
        }
    }
}

fn submitted(frame: &Frame, of: &ProofView) -> Page {
    let t = frame.t();
    let claimed = of.claimed_at.clone();
    let (disc, title, words, now, small) = match claimed {
        Some(since) => (
            EYE,
            t.review_title,
            (t.review_body)(&frame.merchant()),
            t.step_proof_checking,
            (t.since)(&since),
        ),
        None => (
            CHECK,
            t.proof_sent_title,
            (t.proof_sent_body)(of.review_hours),
            t.step_proof_waits,
            String::new(),
        ),
    };
    let progress = steps(vec![
        (
            StepIs::Done,
            t.step_proof_sent.to_owned(),
            of.sent_at.clone(),
        ),
        (StepIs::Now, now.to_owned(), small),
        (StepIs::ToCome, t.step_answer.to_owned(), String::new()),
    ]);
    let told = of.form.refused.as_ref().and_then(|f| f.error_of(""));
    let main = view! {
        <main class="step">
            {hero(Some(("disc", disc)), title.to_owned(), view! { <p>{words}</p> }.into_any())}
            {field_error(frame.lang, "form", told)}
            <div class="card" role="status">
                {progress}
            </div>
            <p class="hint">{t.keep_link}</p>
            {sent(frame, of)}
        </main>
    };
    let mut page = Page::new(title, main.into_any());
    page.refresh = (of.age_secs < 3_600).then_some(30);
    page
}

fn sent(frame: &Frame, of: &ProofView) -> impl IntoView + use<> {
    let t = frame.t();
    let file = of.file.clone().map(|file| row(t.proof_word, file));
    let number = (!of.reference.is_empty()).then(|| code_row(t.ref_label, of.reference.clone()));
    let note = (!of.notes.is_empty()).then(|| row(t.note_word, of.notes.clone()));
    view! {
        <section class="stack">
            <h2>{t.what_you_sent}</h2>
            <dl class="rows">{file} {number} {note}</dl>
        </section>
    }
}

fn rejected(frame: &Frame, of: &ProofView) -> Page {
    let t = frame.t();
    let words = view! { <p>{(t.rejected_body)(&frame.merchant())}</p> }.into_any();
    let again = of.takes_more.then(|| {
        proof_form(
            frame,
            &of.form,
            t.send_another,
            (t.checked_within)(of.review_hours),
        )
    });
    let other = if of.takes_more { "btn alt" } else { "btn" };
    let main = view! {
        <main class="step">
            {hero(Some(("disc no", ALERT)), t.rejected_title.to_owned(), words)}
            {merchants_words(frame, &of.staff_note)} {again} <div class="act">
                <a class=other href=frame.base.clone()>
                    {t.pay_another_way}
                </a>
            </div> <p class="hint">{(t.money_not_lost)(&frame.merchant())}</p>
        </main>
    };
    let mut page = Page::new(t.rejected_title, main.into_any());
    page.extra_css = PICK_CSS;
    page
}

fn more_wanted(frame: &Frame, of: &ProofView) -> Page {
    let t = frame.t();
    let words = view! { <p>{(t.more_body)(&frame.merchant())}</p> }.into_any();
    let first = first_error(frame, of.form.refused.as_ref());
    let main = view! {
        <main class="step">
            {hero(Some(("disc", QUESTION)), t.more_title.to_owned(), words)}
            {merchants_words(frame, &of.staff_note)}
            {proof_form(frame, &of.form, t.send_another, t.proof_kept.to_owned())}
            {sent(frame, of)}
        </main>
    };
    let title = first.map_or_else(|| t.more_title.to_owned(), |e| (t.error_title)(e));
    let mut page = Page::new(title, main.into_any());
    page.extra_css = PICK_CSS;
    page
}
