//! Paying by hand to a paybill or till number: what to type, and where.
use super::choose::token;
use super::parts::{COPY, Frame, HANDSET, Page, TestPanel, hero, icon, val};
use super::waiting::{REFRESH_FOR_SECS, refresh_secs};
use crate::domain::method::Method;
use leptos::prelude::*;

/// The code that opens M-Pesa's menu on every phone.
const MENU: &str = "*334#";

/// A payment that waits for money typed by hand.
pub struct PayBill {
    pub payment_id: String,
    pub state: String,
    /// The provider as people know it.
    pub label: String,
    pub business_number: String,
    /// None is typed at a till.
    pub account_number: Option<String>,
    /// The amount as it is typed.
    pub digits: String,
    pub age_secs: i64,
    pub panels: Vec<TestPanel>,
}

pub fn paybill(frame: &Frame, of: PayBill) -> Page {
    let t = frame.t();
    let label = frame.name(&of.label);
    let till = of.account_number.is_none();
    let way = if till {
        (t.till_way)(&label)
    } else {
        (t.method_name)(Method::Paybill, &label)
    };
    let title = (t.pay_by_way)(&way);
    let number_name = if till {
        t.till_number
    } else {
        t.business_number
    };
    let copied = |name: &'static str, value: &str| {
        let value = val(value);
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let account = of
        .account_number
        .as_deref()
        .map(|account| copied(t.account_number, account));
    let typed = |name: &'static str, value: &str| {
        let value = val(value);
        view! { <li>{name} " " {value}</li> }
    };
    let account_step = of
        .account_number
        .as_deref()
        .map(|account| typed(t.account_number, account));
    let entry = if till { "Buy Goods" } else { "Pay Bill" };
    let (unseen, note) = (
        (t.not_shown_body)(&frame.merchant()),
        (t.till_note)(&frame.merchant()),
    );
    let main = view! {
        <main class="step">
            {frame.other_ways()}
            {hero(
                None,
                title.clone(),
                view! { <p class="say">{icon(20, COPY)} " " {t.copy_hint}</p> }.into_any(),
            )} <dl class="card copy">
                {copied(number_name, &of.business_number)} {account}
                {copied(t.amount_exact, &of.digits)}
            </dl> {till.then(|| view! { <p>{note}</p> })} <section class="stack">
                <h2>{t.simple_phone}</h2>
                <ol>
                    <li>
                        {t.dial} " " <b>
                            <bdi dir="ltr">{MENU}</bdi>
                        </b>
                    </li>
                    <li>
                        <b lang="en">
                            <bdi>"Lipa na M-PESA"</bdi>
                        </b>
                        {t.comma}
                        " "
                        <b lang="en">
                            <bdi>{entry}</bdi>
                        </b>
                    </li>
                    {typed(number_name, &of.business_number)}
                    {account_step}
                    {typed(t.amount_exact, &of.digits)}
                    <li>{t.then_pin}</li>
                </ol>
            </section> <a class="btn alt" href="tel:*334%23">
                {icon(24, HANDSET)}
                " "
                <span>{t.dial} " " <bdi dir="ltr">{MENU}</bdi></span>
            </a> <div class="act">
                <form method="post" action="/do/checkout/check">
                    <input type="hidden" name="token" value=token(frame) />
                    <input type="hidden" name="payment" value=of.payment_id.clone() />
                    <button class="btn">{t.have_paid}</button>
                </form>
                <p class="hint">{t.seen_soon}</p>
            </div> <details class="card">
                <summary>{t.not_shown}</summary>
                <p>{unseen}</p>
            </details>
        </main>
    };
    let mut page = Page::new(title, main.into_any());
    page.panels = of.panels;
    if of.age_secs < REFRESH_FOR_SECS {
        page.refresh = Some(refresh_secs(of.age_secs).max(10));
        page.live = Some((format!("{}/status/{}", frame.base, of.payment_id), of.state));
    }
    page
}

/// A form that turns to paying by hand on the same order.
pub struct Instead {
    /// `mpesa.paybill`
    pub choice: String,
    pub form_key: String,
    pub label: String,
}

pub fn instead(frame: &Frame, of: &Instead, primary: bool) -> impl IntoView + use<> {
    let t = frame.t();
    let way = (t.method_name)(Method::Paybill, &frame.name(&of.label));
    let class = if primary { "btn" } else { "btn alt" };
    view! {
        <form method="post" action="/do/checkout/start">
            <input type="hidden" name="token" value=token(frame) />
            <input type="hidden" name="form_key" value=of.form_key.clone() />
            <input type="hidden" name="choice" value=of.choice.clone() />
            {frame.whole_field()}
            <button class=class>{(t.way_instead)(&way)}</button>
        </form>
    }
}
