//! The first page: which way to pay. And the second, where a method needs a phone or an e-mail.
use super::parts::{ALERT, BACK, hero};
use super::parts::{
    BANK, CARD, Frame, HASH, NOTE, PHONE, Page, TestPanel, field_error, flipped, icon,
};
use crate::domain::method::{Method, MethodGroup};
use crate::web::flash::Flash;
use crate::web::texts::{How, InputCode};
use leptos::prelude::*;

/// One way to pay, as the page needs it.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, shown apart"
)]
pub struct Offer {
    pub provider: &'static str,
    pub label: &'static str,
    pub monogram: &'static str,
    pub method: Method,
    pub how: How,
    pub test: bool,
    pub recommended: bool,
    pub needs_phone: bool,
    pub needs_email: bool,
    /// What the provider adds, as a part of a sentence.
    pub fee: Option<String>,
}

impl Offer {
    /// The radio's value; the style sheet's rules for test data read its first part.
    pub fn value(&self) -> String {
        format!("{}.{}", self.provider, self.method.as_str())
    }

    /// As the page calls it.
    pub fn name(&self, frame: &Frame) -> String {
        (frame.t().method_name)(self.method, self.label)
    }
}

/// What the page of the choice shows.
pub struct Choose {
    pub offers: Vec<Offer>,
    pub chosen: Option<String>,
    pub panels: Vec<TestPanel>,
    pub form_key: String,
    pub return_url: Option<String>,
    pub targets: Vec<String>,
    /// The test box applies to the order as a whole.
    pub test_order: bool,
    pub refused: Option<Flash>,
}

const GROUPS: [MethodGroup; 5] = [
    MethodGroup::PhoneMoney,
    MethodGroup::Card,
    MethodGroup::Bank,
    MethodGroup::Cash,
    MethodGroup::Other,
];

/// The choice. The best method stands in the first group and is chosen already.
pub fn choose(frame: &Frame, of: Choose) -> Page {
    let t = frame.t();
    if of.offers.is_empty() {
        return nothing(frame, of.return_url);
    }
    let title = (t.pay_title)(&frame.due(), &frame.merchant());
    let error = of
        .refused
        .as_ref()
        .and_then(|flash| flash.errors.first())
        .map(|error| (t.input)(InputCode::parse(&error.code)));
    let chosen = of
        .chosen
        .filter(|value| of.offers.iter().any(|o| o.value() == *value))
        .or_else(|| of.offers.iter().find(|o| o.recommended).map(Offer::value))
        .or_else(|| of.offers.first().map(Offer::value))
        .unwrap_or_default();
    let best = of.offers.iter().find(|o| o.recommended);
    let best = best.map(|o| o.method.group());
    let mut groups = GROUPS.to_vec();
    groups.sort_by_key(|group| Some(*group) != best);
    let several = of
        .offers
        .iter()
        .map(|o| o.provider)
        .collect::<std::collections::BTreeSet<_>>();
    let several = several.len() > 1;
    let lists = groups
        .into_iter()
        .enumerate()
        .filter_map(|(at, group)| {
            let offers: Vec<_> = of
                .offers
                .iter()
                .filter(|o| o.method.group() == group)
                .collect();
            let id = format!("g{}", at + 1);
            (!offers.is_empty()).then(|| {
                view! {
                    <h2 class="g-h" id=id.clone()>
                        {(t.group)(group)}
                    </h2>
                    <div role="group" aria-labelledby=id>
                        {offers
                            .into_iter()
                            .map(|offer| {
                                method(frame, offer, &of.offers, offer.value() == chosen)
                            })
                            .collect_view()}
                    </div>
                }
            })
        })
        .collect_view();
    let test = of.test_order;
    let button = if test {
        (t.test_button)(t.continue_)
    } else {
        t.continue_.to_owned()
    };
    let hint = if test {
        t.test_stays_unpaid
    } else {
        t.nothing_taken_yet
    };
    let mut offered: Vec<&'static str> = of.offers.iter().map(|o| o.provider).collect();
    offered.sort_unstable();
    offered.dedup();
    let token = token(frame);
    let switch = frame.part.as_ref().and_then(|p| p.switch.clone());
    let switch = switch.map(|(href, words)| {
        view! {
            <a class="btn alt" href=href>
                {words}
            </a>
        }
    });
    let main = view! {
        <main class="step">
            <form method="post" action="/do/checkout/choose">
                <input type="hidden" name="token" value=token />
                <input type="hidden" name="form_key" value=of.form_key />
                {frame.whole_field()}
                {error
                    .map(|text| {
                        view! {
                            <p class="err" role="alert">
                                {icon(24, ALERT)}
                                <span>{text}</span>
                            </p>
                        }
                    })}
                <fieldset>
                    <legend>
                        <h1>{t.how_pay}</h1>
                    </legend>
                    {lists}
                </fieldset>
                <div class="stick">
                    <button class="btn">{button}</button>
                </div>
                <p class="hint">{hint}</p>
                {switch}
                {back_link(frame, of.return_url)}
            </form>
        </main>
    };
    let title = match error {
        Some(error) => (t.error_title)(error),
        None => title,
    };
    let mut page = Page::new(title, main.into_any());
    page.mini = false;
    page.panels = if several || of.panels.len() == 1 {
        of.panels
    } else {
        vec![]
    };
    page.offered = offered;
    page.targets = of.targets;
    page
}

fn method(frame: &Frame, offer: &Offer, all: &[Offer], checked: bool) -> impl IntoView + use<> {
    let t = frame.t();
    let value = offer.value();
    let name = offer.name(frame);
    // Two providers may offer the same: then the provider's name tells them apart.
    let same = all.iter().filter(|o| o.name(frame) == name).count();
    let name = if same > 1 && offer.provider != "manual" {
        format!("{name}, {}", frame.name(offer.label))
    } else {
        name
    };
    let hint = (t.method_hint)(offer.how, &frame.name(offer.label));
    let hint = match &offer.fee {
        Some(fee) if hint.is_empty() => fee.clone(),
        Some(fee) => format!("{hint}{} {fee}", t.comma),
        None => hint,
    };
    let (class, path) = match tile(offer.method) {
        (class, None) if offer.provider == "manual" => (class, Some(PHONE)),
        tile => tile,
    };
    let sign = match path {
        Some(path) => icon(24, path).into_any(),
        None => offer.monogram.to_uppercase().into_any(),
    };
    view! {
        <label class="m">
            <span class=class aria-hidden="true">
                {sign}
            </span>
            <span>
                <b>{name}</b>
                " "
                {offer.recommended.then(|| view! { <em class="tag">{t.recommended}</em> })}
                " "
                {offer.test.then(|| view! { <em class="tag t">{t.test_tag}</em> })}
                " "
                <small>{hint}</small>
            </span>
            <input type="radio" name="choice" value=value checked=checked />
        </label>
    }
}

/// Hue and icon of a method; wallets of phones get their provider's letters.
fn tile(method: Method) -> (&'static str, Option<&'static str>) {
    match method {
        Method::Card | Method::Payme => ("ic", Some(CARD)),
        Method::Wallet => ("ic g", Some(PHONE)),
        Method::BankTransfer => ("ic v", Some(BANK)),
        Method::Ussd | Method::Paybill => ("ic g", Some(HASH)),
        Method::CashOnDelivery => ("ic y", Some(NOTE)),
        Method::MobileMoney | Method::StkPush => ("ic g", None),
        Method::Gcash | Method::Maya | Method::GrabPay => ("ic", None),
        Method::Mock => ("ic r", None),
    }
}

fn back_link(frame: &Frame, url: Option<String>) -> Option<impl IntoView + use<>> {
    let words = frame.t().return_unpaid;
    url.map(|url| {
        view! {
            <a class="back" href=url rel="noreferrer">
                {flipped(24, BACK)}
                {words}
            </a>
        }
    })
}

fn nothing(frame: &Frame, return_url: Option<String>) -> Page {
    let t = frame.t();
    let main = view! {
        <main class="step">
            {hero(
                Some(("disc", ALERT)),
                t.nothing_offered.to_owned(),
                view! { <p>{t.nothing_offered_next}</p> }.into_any(),
            )} {back_link(frame, return_url)}
        </main>
    };
    Page::new(t.nothing_offered, main.into_any())
}

/// The secret part of the link.
pub fn token(frame: &Frame) -> String {
    frame.base.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The second step.
pub struct Details {
    pub offer: Offer,
    /// The names of the other ways, for a number that does not fit this one.
    pub others: Vec<String>,
    pub panels: Vec<TestPanel>,
    pub form_key: String,
    /// Known already: from the order.
    pub phone: String,
    pub email: String,
    pub targets: Vec<String>,
    pub refused: Option<Flash>,
}

/// Asks for what the chosen method needs.
pub fn details(frame: &Frame, of: Details) -> Page {
    let t = frame.t();
    let offer = &of.offer;
    let label = frame.name(offer.label);
    let prompt = offer.how == How::Prompt;
    let heading = if prompt {
        (t.pay_with)(&label)
    } else {
        offer.name(frame)
    };
    let flash = of.refused.unwrap_or_default();
    let field = |name: &str, known: &str| {
        if flash.values.contains_key(name) {
            flash.typed(name).to_owned()
        } else {
            known.to_owned()
        }
    };
    let phone = offer.needs_phone.then(|| {
        let error = flash
            .error_of("phone")
            .or_else(|| flash.error_of("customer.phone"));
        let elsewhere = error
            .map(|e| InputCode::parse(&e.code))
            .is_some_and(|code| {
                matches!(
                    code,
                    InputCode::PhoneNotOfCountry | InputCode::PhoneNotOfOperator
                )
            });
        let left = (elsewhere && !of.others.is_empty()).then(|| {
            let words = (t.ways_left)(&of.others.join(&format!("{} ", t.comma)));
            view! { <p>{words} " " <a href=frame.home()>{t.other_ways}</a></p> }
        });
        let known = field("phone", &of.phone);
        view! { {phone_field(frame, &label, known, error.cloned())} {left} }
    });
    let fee = offer
        .fee
        .clone()
        .map(|fee| view! { <p class="hint">{fee}</p> });
    let email = offer.needs_email.then(|| {
        let error = flash
            .error_of("email")
            .or_else(|| flash.error_of("customer.email"));
        email_field(frame, &label, field("email", &of.email), error.cloned())
    });
    let fields = ["phone", "email", "customer.phone", "customer.email"];
    let other = flash
        .errors
        .iter()
        .find(|e| !fields.contains(&e.field.as_str()));
    let other = other.map(|e| (t.input)(InputCode::parse(&e.code)));
    let first = flash
        .errors
        .first()
        .map(|e| (t.input)(InputCode::parse(&e.code)));
    let button = if prompt {
        t.send_prompt.to_owned()
    } else {
        (t.go_to_page)(&label)
    };
    let button = if offer.test {
        (t.test_button)(&button)
    } else {
        button
    };
    let next = if prompt {
        (t.prompt_steps)(&label)
    } else {
        (t.page_steps)(&label)
    };
    let main = view! {
        <main class="step">
            {frame.other_ways()} <form method="post" action="/do/checkout/start">
                <h1>{heading.clone()}</h1>
                <input type="hidden" name="token" value=token(frame) />
                <input type="hidden" name="form_key" value=of.form_key />
                <input type="hidden" name="choice" value=offer.value() />
                {frame.whole_field()}
                {other
                    .map(|text| {
                        view! {
                            <p class="err" role="alert">
                                {icon(24, ALERT)}
                                <span>{text}</span>
                            </p>
                        }
                    })} {phone} {email} <div class="act">
                    <button class="btn">{button}</button> {fee}
                    {prompt.then(|| view! { <p class="hint">{t.pin_hint}</p> })}
                </div>
            </form>
            <section class="card stack">
                <h2>{t.next_title}</h2>
                <ol>{next.into_iter().map(|step| view! { <li>{step}</li> }).collect_view()}</ol>
            </section>
        </main>
    };
    let title = match first {
        Some(error) => (t.error_title)(&format!("{error} {heading}")),
        None => heading,
    };
    let mut page = Page::new(title, main.into_any());
    page.panels = of.panels;
    page.targets = of.targets;
    page
}

fn phone_field(
    frame: &Frame,
    label: &str,
    value: String,
    error: Option<crate::web::flash::FieldError>,
) -> impl IntoView + use<> {
    let t = frame.t();
    let wrong = error.is_some();
    view! {
        <div class="field">
            <label for="phone">{(t.phone_label)(label)}</label>
            <p class="hint" id="phone-h">
                {(t.phone_hint)(label)}
            </p>
            <input
                class="in"
                id="phone"
                name="phone"
                type="tel"
                autocomplete="tel"
                dir="ltr"
                value=value
                required
                autofocus=wrong
                aria-invalid=wrong.then_some("true")
                aria-describedby=if wrong { "phone-e phone-h" } else { "phone-h" }
            />
            {field_error(frame.lang, "phone", error.as_ref())}
        </div>
    }
}

fn email_field(
    frame: &Frame,
    label: &str,
    value: String,
    error: Option<crate::web::flash::FieldError>,
) -> impl IntoView + use<> {
    let t = frame.t();
    let wrong = error.is_some();
    view! {
        <div class="field">
            <label for="email">{t.email_label}</label>
            <p class="hint" id="email-h">
                {(t.email_hint)(label)}
            </p>
            <input
                class="in"
                id="email"
                name="email"
                type="email"
                autocomplete="email"
                dir="ltr"
                value=value
                required
                autofocus=wrong
                aria-invalid=wrong.then_some("true")
                aria-describedby=if wrong { "email-e email-h" } else { "email-h" }
            />
            {field_error(frame.lang, "email", error.as_ref())}
        </div>
    }
}
