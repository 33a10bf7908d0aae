//! How a payment or an order ends: receipt, not paid, expired, cancelled, paid twice, no such link.
use super::choose::token;
use super::parts::{
    ALERT, CHECK, Frame, HOURGLASS, Page, StepIs, TWICE, code_row, hero, icon, row, steps,
};
use super::paybill::{Instead, instead};
use crate::domain::Money;
use crate::domain::order::OrderStatus;
use crate::domain::payment::FailureCode;
use crate::web::render::Document;
use crate::web::texts::{Facts, Lang, MockOutcome, Sentence, Speaks, took_nothing};
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;

/// A payment that brought money.
pub struct Receipt {
    pub amount: Money,
    /// Paid in test mode: watermarked all over.
    pub test: bool,
    /// With the zone, in the reader's form.
    pub date: String,
    /// Method and masked number.
    pub paid_with: String,
    pub provider: String,
    /// The provider's receipt number.
    pub code: Option<String>,
    pub number: String,
    pub given_back: Option<Money>,
    pub return_url: Option<String>,
    /// What its flags mean.
    pub notes: Vec<Sentence>,
    /// What is asked for next, in the reader's form.
    pub pay_rest: Option<String>,
    /// What is still to pay, and when.
    pub rest: Vec<(&'static str, String)>,
}

pub fn receipt(frame: &Frame, of: Receipt) -> Page {
    let t = frame.t();
    let (heading, under) = if of.test {
        (t.paid_test, t.paid_test_body.to_owned())
    } else {
        (t.paid, of.date.clone())
    };
    let mark = of.test.then(|| {
        let words = format!("{} ", t.test_mark).repeat(70);
        view! { <span class="mark" data-t=words aria-hidden="true"></span> }
    });
    let description = frame.description.clone();
    // What is due on a day of its own is not pressed for.
    let (class, pay) = match (&of.pay_rest, &frame.part) {
        (Some(_), None) => ("btn alt", "btn"),
        (None, _) | (Some(_), Some(_)) => ("btn", "btn alt"),
    };
    let rest = of.pay_rest.map(|left| {
        view! {
            <a class=pay href=frame.base.clone()>
                {(t.pay_title)(&left, &frame.merchant())}
            </a>
        }
    });
    let main = view! {
        <main class="done">
            <article class="slip">
                {mark} {frame.who()} <div class="hero">
                    <span class="disc ok">{icon(32, CHECK)}</span>
                    <h1>{heading}</h1>
                    {frame.amount(of.amount, false)}
                    <p>{under}</p>
                </div> <hr /> <dl class="rows">
                    {(!description.is_empty()).then(|| row(t.for_, description))}
                    <div>
                        <dt>{(t.kind)(frame.kind)}</dt>
                        <dd>
                            <bdi>{frame.reference.clone()}</bdi>
                        </dd>
                    </div>
                    {row(t.paid_with, of.paid_with)}
                    {of.code.map(|code| code_row((t.code_of)(&of.provider), code))}
                    {of.test.then(|| row(t.date, of.date))}
                    {code_row(t.receipt_number, of.number)}
                    {of.given_back.map(|money| row(t.given_back, frame.money(money)))}
                    {of.rest.into_iter().map(|(name, value)| row(name, value)).collect_view()}
                </dl>
            </article>
            <div class="step">
                {of
                    .notes
                    .into_iter()
                    .map(|note| view! { <p>{note.says} " " {note.next}</p> })
                    .collect_view()} {rest} {back(frame, of.return_url, class)} <p class="hint">{t.keep_receipt}</p>
            </div>
        </main>
    };
    let title = if of.test {
        t.paid_test.to_owned()
    } else {
        (t.paid_title)(&frame.money(of.amount), &frame.merchant())
    };
    let mut page = Page::new(title, main.into_any());
    page.done = true;
    page
}

fn back(frame: &Frame, url: Option<String>, class: &'static str) -> Option<impl IntoView + use<>> {
    let words = (frame.t().back_to)(&frame.merchant());
    url.map(|url| {
        view! {
            <a class=class href=url rel="noreferrer">
                {words}
            </a>
        }
    })
}

/// An attempt that ended without money.
pub struct Failed {
    pub code: FailureCode,
    pub provider: String,
    pub method: String,
    pub amount: String,
    pub phone: Option<String>,
    pub is_card: bool,
    /// Where the same method can be tried again.
    pub again: Option<String>,
    /// Paying by hand on the same order, after a prompt.
    pub instead: Option<Instead>,
    pub date: String,
    pub number: String,
    pub return_url: Option<String>,
}

pub fn failed(frame: &Frame, of: Failed) -> Page {
    let t = frame.t();
    let facts = Facts {
        provider: &frame.name(&of.provider),
        amount: &of.amount,
        phone: of.phone.as_deref(),
        merchant: &frame.merchant(),
    };
    let text = (t.failure)(of.code, &facts);
    let nothing = took_nothing(of.code).then(|| {
        view! {
            " "
            <b class="nb">{t.nothing_taken}</b>
        }
    });
    let disc = if of.code == FailureCode::Expired {
        "disc"
    } else {
        "disc no"
    };
    let words = view! { <p>{text.body.clone()} {nothing}</p> }.into_any();
    let again = of.again.map(|url| {
        view! {
            <a class="btn" href=url>
                {(t.try_again)(&of.method)}
            </a>
        }
    });
    let by_hand = of.instead.as_ref();
    let first = again.is_none();
    let by_hand = by_hand.map(|by_hand| instead(frame, by_hand, first));
    let other = if again.is_some() || by_hand.is_some() {
        "btn alt"
    } else {
        "btn"
    };
    let main = view! {
        <main class="step">
            {hero(Some((disc, ALERT)), text.title.clone(), words)} <section class="card stack">
                <h2>{t.what_you_can_do}</h2>
                <ol>
                    {text.next.into_iter().map(|step| view! { <li>{step}</li> }).collect_view()}
                </ol>
            </section> <div class="act">
                {again} {by_hand} <a class=other href=frame.home()>
                    {t.pay_another_way}
                </a> {back(frame, of.return_url, "back")}
            </div>
            {(of.is_card && took_nothing(of.code))
                .then(|| view! { <p class="hint">{t.bank_hold}</p> })} <p class="hint">
                {(t.tried)(&of.date)} " " {t.payment_number} " "
                <span class="val">{of.number}</span>
            </p>
        </main>
    };
    Page::new(text.title, main.into_any())
}

/// An order that takes no payment now, without money to show.
pub struct Closed {
    pub status: OrderStatus,
    pub until: String,
    /// The id of a payment of this order that may still bring money.
    pub look: Option<String>,
    pub return_url: Option<String>,
}

pub fn closed(frame: &Frame, of: Closed) -> Page {
    let t = frame.t();
    let cancelled = of.status == OrderStatus::Cancelled;
    let (disc, title, body) = if cancelled {
        (
            ALERT,
            t.cancelled_title,
            (t.cancelled_body)(&frame.merchant()),
        )
    } else {
        (HOURGLASS, t.expired_title, (t.expired_body)(&of.until))
    };
    let next = (!cancelled).then(|| (t.ask_new_link)(&frame.merchant()));
    let look = of.look.map(|payment| {
        view! {
            <form method="post" action="/do/checkout/check">
                <input type="hidden" name="token" value=token(frame) />
                <input type="hidden" name="payment" value=payment />
                <button class="btn alt">{t.look_for_payment}</button>
            </form>
        }
    });
    let main = view! {
        <main class="step">
            {hero(
                Some(("disc", disc)),
                title.to_owned(),
                view! { <p>{body} " " {next}</p> }.into_any(),
            )} <section class="card stack">
                <h2>{t.did_you_pay}</h2>
                <p>{t.late_counts}</p>
                {look}
            </section> {back(frame, of.return_url, "btn alt")}
        </main>
    };
    Page::new(title, main.into_any())
}

/// A paid order, opened again on the way to paying it.
pub struct Already {
    pub paid_with: String,
    pub date: String,
    pub number: String,
    pub return_url: Option<String>,
}

pub fn already(frame: &Frame, of: Already) -> Page {
    let t = frame.t();
    let main = view! {
        <main class="step">
            {hero(
                Some(("disc ok", CHECK)),
                t.already_title.to_owned(),
                view! { <p>{t.already_body}</p> }.into_any(),
            )} <div class="card">
                <dl class="rows">
                    {row(t.paid_with, of.paid_with)} {row(t.date, of.date)}
                    {code_row(t.receipt_number, of.number)}
                </dl>
            </div> <div class="act">
                <a class="btn" href=format!("{}/receipt", frame.base)>
                    {t.see_receipt}
                </a>
                {back(frame, of.return_url, "btn alt")}
            </div>
        </main>
    };
    Page::new(t.already_title, main.into_any())
}

/// Why money comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surplus {
    Twice,
    Over,
    AfterCancel,
}

/// Money that goes back to the customer.
pub struct ComesBack {
    pub why: Surplus,
    /// What comes back, in the reader's form.
    pub amount: String,
    /// Method and time, code, whether it is kept.
    pub payments: Vec<(String, String, bool)>,
    pub seen_at: String,
    /// The refund is done.
    pub done: bool,
}

pub fn comes_back(frame: &Frame, of: ComesBack) -> Page {
    let t = frame.t();
    let title = match of.why {
        Surplus::Twice => (t.twice_title)(&of.amount),
        Surplus::Over => (t.over_title)(&of.amount),
        Surplus::AfterCancel => (t.after_cancel_title)(&of.amount),
    };
    let paid = of.why != Surplus::AfterCancel;
    let rows = of.payments.into_iter().map(|(what, code, kept)| {
        let word = if kept {
            view! { <dd>{t.kept}</dd> }.into_any()
        } else {
            view! {
                <dd>
                    <b>{t.comes_back}</b>
                </dd>
            }
            .into_any()
        };
        view! {
            <div>
                <dt>
                    {what} " " <small>
                        <bdi>{code}</bdi>
                    </small>
                </dt>
                {word}
            </div>
        }
    });
    let (sends, home) = if of.done {
        (StepIs::Done, StepIs::Done)
    } else {
        (StepIs::Now, StepIs::ToCome)
    };
    let progress = steps(vec![
        (StepIs::Done, t.twice_saw.to_owned(), of.seen_at),
        (sends, (t.twice_sends)(&frame.merchant()), String::new()),
        (home, t.twice_done.to_owned(), String::new()),
    ]);
    let main = view! {
        <main class="step">
            {hero(
                Some(("disc", TWICE)),
                title.clone(),
                paid.then(|| view! { <p>{t.twice_body}</p> }).into_any(),
            )} <div class="card">
                <dl class="rows">{rows.collect_view()}</dl>
            </div> <section class="card stack" role="status">
                <h2>{(t.where_is)(&of.amount)}</h2>
                {progress}
            </section>
            {paid
                .then(|| {
                    view! {
                        <a class="btn alt" href=format!("{}/receipt", frame.base)>
                            {t.see_receipt}
                        </a>
                    }
                })}
        </main>
    };
    Page::new(title, main.into_any())
}

/// The in-process provider's page: one button for each outcome.
pub fn mock(frame: &Frame, reference: &str) -> Page {
    let t = frame.t();
    let buttons = MockOutcome::ALL.into_iter().map(|outcome| {
        let class = if outcome == MockOutcome::Paid {
            "btn"
        } else {
            "btn alt"
        };
        view! {
            <button class=class name="outcome" value=outcome.as_str()>
                {(t.mock_outcome)(outcome)}
            </button>
        }
    });
    let main = view! {
        <main class="step">
            <h1>{t.mock_title}</h1>
            <p>{t.mock_body}</p>
            <form method="post" action="/do/checkout/mock">
                <input type="hidden" name="token" value=token(frame) />
                <input type="hidden" name="reference" value=reference.to_owned() />
                <div class="act">{buttons.collect_view()}</div>
            </form>
        </main>
    };
    Page::new(t.mock_title, main.into_any())
}

/// A page without an order: an unknown link, or trouble of ours.
pub fn bare(lang: Lang, status: StatusCode) -> Response {
    let t = lang.texts();
    let (title, body) = if matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    ) {
        (t.link_unknown_title, t.link_unknown_body)
    } else {
        (t.trouble_title, t.trouble_body)
    };
    let mut doc = Document::new(lang.tag(), lang.dir(), title);
    doc.status = status;
    let brand = super::style::Brand::new("");
    doc.styles = vec![
        super::style::sheet().into(),
        super::style::rules(&brand, &[]).into(),
    ];
    crate::web::render::page(doc, || {
        view! {
            <main class="done">
                <article class="slip">
                    {hero(
                        Some(("disc", ALERT)),
                        title.to_owned(),
                        view! { <p>{body}</p> }.into_any(),
                    )}
                </article>
            </main>
        }
    })
}
