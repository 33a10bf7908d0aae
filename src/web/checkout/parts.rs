//! What every page of the checkout has: the slip, the test strip, the merchant's contact, icons.
use super::style::{self, Brand};
use crate::domain::Money;
use crate::domain::order::OrderKind;
use crate::ui::islands::LiveStatus;
use crate::web::flash::FieldError;
use crate::web::render::{self, Document};
use crate::web::texts::{InputCode, Lang, Outcome, Speaks, Texts, format};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use leptos::prelude::*;

/// What all pages of one order share.
#[derive(Clone, Debug)]
pub struct Frame {
    pub lang: Lang,
    pub brand: Brand,
    pub merchant: String,
    pub contact_phone: String,
    pub contact_email: String,
    pub description: String,
    pub kind: OrderKind,
    /// Empty on a page that is no order's.
    pub reference: String,
    /// What is to pay now; zero where the customer has yet to say.
    pub amount: Money,
    /// Set once a part is paid.
    pub paid: Option<Money>,
    /// Set where it is paid in parts.
    pub part: Option<PartLine>,
    /// Until when, in the reader's form; empty once nothing is to pay.
    pub pay_by: String,
    /// `/pay/{token}`.
    pub base: String,
    /// Shows the test banner.
    pub test: bool,
}

/// Where the customer stands in an order that is paid in parts.
#[derive(Clone, Debug)]
pub struct PartLine {
    /// Part 1 of 3.
    pub of: String,
    /// All that is left is paid at once.
    pub whole: bool,
    /// What is left in all, where it is more than this part.
    pub left: Option<String>,
    /// The part after this one.
    pub next: Option<String>,
    /// Leads to the other amount: address and words.
    pub switch: Option<(String, String)>,
}

/// One page, ready to be framed.
pub struct Page {
    pub title: String,
    pub main: AnyView,
    /// The page is the receipt itself: no slip above it.
    pub done: bool,
    /// The slip is small on phones.
    pub mini: bool,
    pub panels: Vec<TestPanel>,
    /// Providers that can be chosen on this page.
    pub offered: Vec<&'static str>,
    pub extra_css: &'static str,
    pub refresh: Option<u32>,
    /// The state that the island watches, and where it asks.
    pub live: Option<(String, String)>,
    pub targets: Vec<String>,
    pub status: StatusCode,
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Page {
    pub fn new(title: impl Into<String>, main: AnyView) -> Self {
        Self {
            title: title.into(),
            main,
            done: false,
            mini: true,
            panels: vec![],
            offered: vec![],
            extra_css: "",
            refresh: None,
            live: None,
            targets: vec![],
            status: StatusCode::OK,
            headers: vec![],
        }
    }
}

/// The test data of one provider.
#[derive(Clone, Debug)]
pub struct TestPanel {
    pub provider: &'static str,
    pub label: &'static str,
    pub instruments: Vec<Instrument>,
}

#[derive(Clone, Debug)]
pub struct Instrument {
    pub number: &'static str,
    pub detail: &'static str,
    pub outcome: Outcome,
    pub simulator_only: bool,
}

/// Amber of the test strip, for the browser's own bar.
const TEST_COLOUR: &str = "#ffc41f";

impl Frame {
    pub fn t(&self) -> &'static Texts {
        self.lang.texts()
    }

    pub fn money(&self, money: Money) -> String {
        format::money(self.lang, money)
    }

    /// What is to pay, for a sentence.
    pub fn due(&self) -> String {
        self.money(self.amount)
    }

    /// Whether all that is left is paid at once.
    fn is_whole(&self) -> bool {
        self.part.as_ref().is_some_and(|p| p.whole)
    }

    /// The page of the choice, for the same amount.
    pub fn home(&self) -> String {
        let query = if self.is_whole() { "?all=1" } else { "" };
        format!("{}{query}", self.base)
    }

    /// Carries the wish to pay everything at once through a form.
    pub fn whole_field(&self) -> Option<impl IntoView + use<>> {
        self.is_whole()
            .then(|| view! { <input type="hidden" name="all" value="1" /> })
    }

    /// A merchant's or provider's name in a sentence.
    pub fn name(&self, text: &str) -> String {
        match self.lang {
            Lang::Ar => format!("\u{2068}{text}\u{2069}"),
            Lang::En | Lang::Sw | Lang::Fr => text.to_owned(),
        }
    }

    pub fn merchant(&self) -> String {
        self.name(&self.merchant)
    }

    /// The whole answer.
    pub fn respond(&self, page: Page) -> Response {
        let t = self.t();
        let mut doc = Document::new(self.lang.tag(), self.lang.dir(), "");
        doc.title = if self.test {
            format!("{} {}", t.test_prefix, page.title)
        } else {
            page.title
        };
        let colour = if self.test {
            TEST_COLOUR
        } else {
            self.brand.colour()
        };
        doc.theme_color = Some(colour.to_owned());
        doc.styles = vec![
            style::sheet().into(),
            (style::rules(&self.brand, &page.offered) + page.extra_css).into(),
        ];
        doc.refresh = page.refresh;
        doc.islands = page.live.is_some();
        doc.form_targets = page.targets;
        doc.status = page.status;
        doc.headers = page.headers;
        render::page(doc, move || {
            let live = page
                .live
                .map(|(url, state)| view! { <LiveStatus url=url first=state /> });
            view! {
                {self.test.then(|| strip(t))}
                {(!page.done).then(|| self.slip(page.mini))}
                {page.panels.iter().map(|panel| test_panel(t, panel)).collect_view()}
                {page.main}
                {live}
                {self.help()}
            }
        })
    }

    /// Merchant and language: the first line of the slip and of the receipt.
    pub fn who(&self) -> impl IntoView + use<> {
        let initial = self
            .merchant
            .chars()
            .next()
            .unwrap_or('·')
            .to_uppercase()
            .to_string();
        let t = self.t();
        let current = self.lang;
        let more = if self.is_whole() { "&all=1" } else { "" };
        view! {
            <div class="who">
                <span class="logo" aria-hidden="true">
                    {initial}
                </span>
                <b>{self.merchant.clone()}</b>
                <details class="lang">
                    <summary aria-label=format!(
                        "{}: {}",
                        t.language,
                        current.own_name(),
                    )>{icon(20, GLOBE)} " " {current.own_name()}</summary>
                    <ul>
                        {Lang::ALL
                            .into_iter()
                            .map(|lang| {
                                view! {
                                    <li>
                                        <a
                                            href=format!("?lang={}{more}", lang.tag())
                                            lang=lang.tag()
                                            aria-current=(lang == current).then_some("true")
                                        >
                                            {lang.own_name()}
                                        </a>
                                    </li>
                                }
                            })
                            .collect_view()}
                    </ul>
                </details>
            </div>
        }
    }

    fn slip(&self, mini: bool) -> impl IntoView + use<> {
        let t = self.t();
        let paid = self.paid.map(|paid| (t.paid_so_far, self.money(paid)));
        let due = (!self.pay_by.is_empty()).then(|| (t.pay_by, self.pay_by.clone()));
        let part = self.part.clone().filter(|p| !p.whole);
        let over = match &part {
            Some(part) => Some(part.of.clone()),
            None => (paid.is_some() || self.is_whole()).then(|| t.left_to_pay.to_owned()),
        };
        let (left, next) = part.map_or((None, None), |p| (p.left, p.next));
        let (left, next) = (
            left.map(|left| (t.left_to_pay, left)),
            next.map(|next| (t.next_part, next)),
        );
        view! {
            <header class="slip">
                {self.who()} {(!self.description.is_empty()).then(|| view! { <p>{self.description.clone()}</p> })}
                {over.map(|words| view! { <p class="hint">{words}</p> })}
                {(self.amount.minor > 0).then(|| self.amount(self.amount, mini))} <dl class="meta">
                    {(!self.reference.is_empty())
                        .then(|| {
                            view! {
                                <div>
                                    <dt>{(t.kind)(self.kind)}</dt>
                                    <dd>
                                        <bdi>{self.reference.clone()}</bdi>
                                    </dd>
                                </div>
                            }
                        })}
                    {paid
                        .into_iter()
                        .chain(due)
                        .chain(next)
                        .chain(left)
                        .map(|(name, value)| row(name, value))
                        .collect_view()}
                </dl>
            </header>
        }
    }

    /// The amount, big.
    pub fn amount(&self, money: Money, mini: bool) -> impl IntoView + use<> {
        let amount = format::amount(self.lang, money);
        let class = if mini { "amount mini" } else { "amount" };
        let number = view! {
            <b>
                <bdi>{amount.number}</bdi>
            </b>
        };
        let sign = view! { <small>{amount.sign}</small> };
        if amount.after {
            view! { <p class=class>{number} " " {sign}</p> }.into_any()
        } else {
            view! { <p class=class>{sign} " " {number}</p> }.into_any()
        }
    }

    fn help(&self) -> impl IntoView + use<> {
        let t = self.t();
        let phone = self.contact_phone.clone();
        let email = self.contact_email.clone();
        view! {
            <footer class="help">
                <p>{(t.ask_merchant)(&self.merchant())}</p>
                {(!phone.is_empty())
                    .then(|| {
                        let dial: String = phone
                            .chars()
                            .filter(|c| c.is_ascii_digit() || *c == '+')
                            .collect();
                        view! {
                            <a href=format!("tel:{dial}")>
                                {icon(20, HANDSET)} " " <bdi dir="ltr">{phone}</bdi>
                            </a>
                        }
                    })}
                {(!email.is_empty())
                    .then(|| {
                        view! {
                            <a href=format!("mailto:{email}")>{icon(20, ENVELOPE)} " " {t.email}</a>
                        }
                    })}
            </footer>
        }
    }

    /// Back to the choice.
    pub fn other_ways(&self) -> impl IntoView + use<> {
        view! {
            <a class="back" href=self.home()>
                {flipped(24, BACK)}
                {self.t().other_ways}
            </a>
        }
    }
}

fn strip(t: &'static Texts) -> impl IntoView {
    view! {
        <section class="strip" aria-label=t.test_mode>
            <p>
                <b>{t.test_mode}</b>
                " "
                {t.test_note}
            </p>
        </section>
    }
}

fn test_panel(t: &'static Texts, panel: &TestPanel) -> impl IntoView + use<> {
    let (paid, other): (Vec<_>, Vec<_>) = panel
        .instruments
        .iter()
        .cloned()
        .partition(|i| i.outcome == Outcome::Paid);
    let list = |of: Vec<Instrument>| of.into_iter().map(|i| instrument(t, &i)).collect_view();
    // Two ways to succeed come first; all the rest stands behind one line.
    let mut first = paid;
    let mut rest = first.split_off(first.len().min(2));
    rest.extend(other);
    if first.is_empty() {
        first = std::mem::take(&mut rest);
    }
    let title = (t.test_data)(panel.label);
    let name = title.clone();
    view! {
        <aside class=format!("test t-{}", panel.provider) aria-label=name>
            <h2>{title}</h2>
            <p class="hint">{(t.test_use)(panel.label)}</p>
            <ul>{list(first)}</ul>
            {(!rest.is_empty())
                .then(|| {
                    view! {
                        <details>
                            <summary>{t.test_others}</summary>
                            <ul>{list(rest)}</ul>
                        </details>
                    }
                })}
        </aside>
    }
}

fn instrument(t: &'static Texts, of: &Instrument) -> impl IntoView + use<> {
    let digits = of.number.bytes().all(|b| b.is_ascii_digit());
    let number = if digits {
        val(of.number).into_any()
    } else {
        view! { <span class="val">{of.number}</span> }.into_any()
    };
    view! {
        <li>
            {number} <b>{(t.outcome)(of.outcome)}</b>
            {(!of.detail.is_empty())
                .then(|| {
                    view! {
                        <small>
                            <bdi dir="ltr">{of.detail}</bdi>
                        </small>
                    }
                })} {of.simulator_only.then(|| view! { <small>{t.simulator_only}</small> })}
        </li>
    }
}

/// A value that is copied whole, without the gaps that it is shown with.
pub fn val(value: &str) -> impl IntoView + use<> {
    let blocks = format::fours(value);
    view! {
        <data class="val" value=value.to_owned()>
            {blocks.into_iter().map(|block| view! { <i>{block}</i> }).collect_view()}
        </data>
    }
}

/// A row of a `dl`.
pub fn row(name: impl Into<String>, value: impl Into<String>) -> impl IntoView {
    let (name, value) = (name.into(), value.into());
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
}

/// A row whose value is a code.
pub fn code_row(name: impl Into<String>, value: impl Into<String>) -> impl IntoView {
    let (name, value) = (name.into(), value.into());
    view! {
        <div>
            <dt>{name}</dt>
            <dd>
                <span class="val">{value}</span>
            </dd>
        </div>
    }
}

/// Disc, heading and sentence at the top of a step.
pub fn hero(
    disc: Option<(&'static str, &'static str)>,
    heading: String,
    words: AnyView,
) -> impl IntoView {
    view! {
        <div class="hero">
            {disc.map(|(class, path)| view! { <span class=class>{icon(32, path)}</span> })}
            <h1>{heading}</h1> {words}
        </div>
    }
}

/// The sentence under a field.
pub fn field_error(lang: Lang, id: &'static str, error: Option<&FieldError>) -> Option<AnyView> {
    error.map(|error| {
        let text = (lang.texts().input)(InputCode::parse(&error.code));
        view! {
            <p class="err" id=format!("{id}-e")>
                {icon(24, ALERT)}
                <span>{text}</span>
            </p>
        }
        .into_any()
    })
}

/// Where a step of the progress stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StepIs {
    Done,
    Now,
    ToCome,
}

/// The line of steps; the small text stands at the end of its line.
pub fn steps(of: Vec<(StepIs, String, String)>) -> impl IntoView {
    let items = of.into_iter().map(|(is, words, small)| {
        let small = (!small.is_empty()).then(|| view! { " " <small>{small}</small> });
        let class = (is == StepIs::Done).then_some("ok");
        let now = (is == StepIs::Now).then_some("step");
        view! {
            <li class=class aria-current=now>
                {(is == StepIs::Done).then(|| icon(16, CHECK))}
                <span>{words}</span>
                {small}
            </li>
        }
    });
    view! {
        <ol class="steps" role="list">
            {items.collect_view()}
        </ol>
    }
}

/// A line icon on a grid of 24.
pub fn icon(size: u8, path: &'static str) -> impl IntoView {
    svg(size, path, None)
}

/// An icon that turns round with the reading direction.
pub fn flipped(size: u8, path: &'static str) -> impl IntoView {
    svg(size, path, Some("flip"))
}

fn svg(size: u8, path: &'static str, class: Option<&'static str>) -> impl IntoView {
    view! {
        <svg
            class=class
            width=size.to_string()
            height=size.to_string()
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            aria-hidden="true"
            inner_html=path
        ></svg>
    }
}

pub const GLOBE: &str =
    r#"<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c5 5 5 13 0 18-5-5-5-13 0-18"/>"#;
pub const HANDSET: &str = r#"<path d="M6.5 3.5h3L11 7.5 9 9.5a11 11 0 0 0 5.5 5.5l2-2 4 1.5v3a2 2 0 0 1-2 2A15.5 15.5 0 0 1 4.5 5.5a2 2 0 0 1 2-2z"/>"#;
pub const ENVELOPE: &str =
    r#"<rect x="3" y="5" width="18" height="14" rx="2"/><path d="M4 7l8 6 8-6"/>"#;
pub const BACK: &str = r#"<path d="M15 5l-7 7 7 7"/>"#;
pub const CHECK: &str = r#"<path d="M5 12.5l4.5 4.5L19 7.5"/>"#;
pub const ALERT: &str = r#"<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5M12 16v.01"/>"#;
pub const CLOCK: &str = r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 2"/>"#;
pub const EYE: &str =
    r#"<path d="M2.5 12c4.5-8 14.5-8 19 0-4.5 8-14.5 8-19 0z"/><circle cx="12" cy="12" r="2.5"/>"#;
pub const QUESTION: &str =
    r#"<path d="M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1-1.5 2.3M12 18v.01"/>"#;
pub const HOURGLASS: &str = r#"<path d="M7 3h10M7 21h10M8 3v4l4 5 4-5V3M8 21v-4l4-5 4 5v4"/>"#;
pub const TWICE: &str =
    r#"<rect x="3" y="8" width="12" height="12" rx="2"/><path d="M8 4h11a2 2 0 0 1 2 2v11"/>"#;
pub const COPY: &str =
    r#"<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15H4V4h11v1"/>"#;
pub const CARD: &str =
    r#"<rect x="2.5" y="5" width="19" height="14" rx="2.5"/><path d="M2.5 10h19M6 15h4"/>"#;
pub const BANK: &str =
    r#"<path d="M3.5 9.5L12 4l8.5 5.5zM6 10v7M10 10v7M14 10v7M18 10v7M3.5 20h17"/>"#;
pub const NOTE: &str =
    r#"<rect x="2.5" y="6" width="19" height="12" rx="2"/><circle cx="12" cy="12" r="2.5"/>"#;
pub const PHONE: &str =
    r#"<rect x="6.5" y="2.5" width="11" height="19" rx="2.5"/><path d="M11 18.5h2"/>"#;
pub const HASH: &str = r#"<path d="M9 4L7 20M17 4l-2 16M4 9h16M3.5 15h16"/>"#;
