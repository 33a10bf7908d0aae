//! The customer's phone: open prompts to decide, and Lipa na M-PESA typed by hand.
//! Who wants to decide without hurry switches the answers by themselves off.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::Extension;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::c2b::ByHand;
use super::{Mode, NAME, Prompt, checks, stk};
use crate::simulator::Sim;
use crate::simulator::ledger::Payment;
use crate::simulator::pages::{error_page, esc, living_page, page, see, settled};

pub async fn show(State(sim): State<Sim>, Extension(mode): Extension<Mode>) -> Response {
    let drawn = async {
        let open = sim.ledger.payments_with_status(NAME, "open").await?;
        let mut inner = String::from("<h1>The customer's phone</h1>");
        let mut any = false;
        for payment in open.iter().filter(|p| p.mode == mode.0) {
            any = true;
            let account = sim.ledger.account(NAME, &payment.account).await?;
            let name = account.and_then(|a| a.data["name"].as_str().map(str::to_owned));
            prompt(
                &mut inner,
                payment,
                &name.unwrap_or_else(|| payment.account.clone()),
            );
        }
        if !any {
            inner.push_str(
                "<div class=\"sheet\"><p>No open prompt. This page looks again by \
                            itself.</p></div>",
            );
        }
        let by_person = sim.ledger.setting(by_person(mode.0)).await? == Some(1);
        let (now, button, value) = if by_person {
            (
                "Prompts wait a minute for you.",
                "Let them answer by themselves",
                "by_itself",
            )
        } else {
            (
                "Prompts are answered by themselves after a moment.",
                "Answer them myself",
                "by_me",
            )
        };
        let _ = write!(
            inner,
            "<div class=\"sheet\"><p>{now}</p><form method=\"post\"><button class=\"other\" \
             name=\"outcome\" value=\"{value}\">{button}</button></form>\
             <p><a href=\"{}/pay\">Lipa na M-PESA: pay a business by hand</a></p></div>",
            home(mode)
        );
        last_ones(&sim, mode, &mut inner).await?;
        Ok(living_page("Phone", &inner, 2))
    };
    settled(drawn.await)
}

/// The form for a payment by hand; a page of its own, because the phone's reloads itself.
pub async fn form(Extension(mode): Extension<Mode>) -> Response {
    page("Lipa na M-PESA", &BY_HAND.replace("ACTION", home(mode)))
}

/// The setting that leaves prompts to a person.
pub fn by_person(mode: &str) -> &'static str {
    if mode == "test" {
        "mpesa_by_person_test"
    } else {
        "mpesa_by_person_live"
    }
}

fn home(mode: Mode) -> &'static str {
    if mode.0 == "test" {
        "/mpesa/phone"
    } else {
        "/mpesa-live/phone"
    }
}

fn prompt(inner: &mut String, payment: &Payment, merchant: &str) {
    let _ = write!(
        inner,
        "<div class=\"sheet\"><p class=\"quiet\">{}</p><p>Do you want to pay</p>\
         <p class=\"amount\">KES {}</p><p>to {} account {}?</p><form method=\"post\">\
         <input type=\"hidden\" name=\"id\" value=\"{}\">\
         <button name=\"outcome\" value=\"paid\">Enter PIN</button>\
         <button class=\"other\" name=\"outcome\" value=\"wrong_pin\">Enter a wrong PIN</button>\
         <button class=\"other\" name=\"outcome\" value=\"cancelled\">Cancel</button>\
         <button class=\"other\" name=\"outcome\" value=\"ignored\">Ignore</button></form></div>",
        esc(payment.phone.as_deref().unwrap_or_default()),
        payment.amount,
        esc(merchant),
        esc(&payment.reference),
        esc(&payment.id),
    );
}

const BY_HAND: &str = "<div class=\"sheet\"><h2>Lipa na M-PESA</h2><form method=\"post\" action=\"ACTION\">\
    <label for=\"shortcode\">Business or till number</label>\
    <input id=\"shortcode\" name=\"shortcode\" inputmode=\"numeric\" required>\
    <label for=\"account\">Account number (empty for a till)</label>\
    <input id=\"account\" name=\"account\" maxlength=\"20\">\
    <label for=\"amount\">Amount (KES)</label>\
    <input id=\"amount\" name=\"amount\" inputmode=\"numeric\" required>\
    <label for=\"phone\">Phone</label>\
    <input id=\"phone\" name=\"phone\" type=\"tel\" value=\"254712345678\" required>\
    <button name=\"outcome\" value=\"by_hand\">Pay</button></form></div>";

async fn last_ones(sim: &Sim, mode: Mode, inner: &mut String) -> anyhow::Result<()> {
    inner.push_str("<div class=\"sheet\"><h2>Last payments</h2><table>");
    let paid = sim.ledger.payments_with_status(NAME, "paid").await?;
    for payment in paid.iter().filter(|p| p.mode == mode.0).take(5) {
        let _ = write!(
            inner,
            "<tr><td>{}</td><td>KES {}</td><td>{}</td></tr>",
            esc(payment.receipt.as_deref().unwrap_or_default()),
            payment.amount,
            esc(&payment.reference),
        );
    }
    let rejected = sim.ledger.payments_with_status(NAME, "rejected").await?;
    for payment in rejected.iter().filter(|p| p.mode == mode.0).take(3) {
        let code = Prompt::of(payment).result_code.unwrap_or_default();
        let _ = write!(
            inner,
            "<tr><td>Turned away {}</td><td>KES {}</td><td>{}</td></tr>",
            esc(&code),
            payment.amount,
            esc(&payment.reference),
        );
    }
    inner.push_str("</table></div>");
    Ok(())
}

pub async fn act(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Form(typed): Form<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let acted = async {
        let _turn = sim.turn().await;
        if let choice @ ("by_me" | "by_itself") = field("outcome") {
            sim.ledger
                .set(by_person(mode.0), i64::from(choice == "by_me"))
                .await?;
            return Ok(here(mode));
        }
        if field("outcome") == "by_hand" {
            let by_hand = ByHand {
                mode: mode.0,
                shortcode: field("shortcode").into(),
                account: field("account").into(),
                amount: checks::shillings(&json!(field("amount"))),
                phone: field("phone").trim_start_matches('+').into(),
                buy_goods: field("account").is_empty(),
                name: "JANE".into(),
            };
            return Ok(match by_hand.open(&sim) {
                Ok((_, changes)) => {
                    sim.commit(changes).await?;
                    here(mode)
                }
                Err(what) => error_page(StatusCode::BAD_REQUEST, &format!("{what} is not valid")),
            });
        }
        let found = sim.ledger.payment(NAME, field("id")).await?;
        let open = found.filter(|p| p.mode == mode.0 && Prompt::of(p).result_code.is_none());
        if let Some(payment) = open
            && let Ok(changes) = stk::decide(&sim, payment, field("outcome")).await?
        {
            sim.commit(changes).await?;
        }
        Ok(here(mode))
    };
    settled(acted.await)
}

fn here(mode: Mode) -> Response {
    see(home(mode))
}
