//! The hosted Checkout page as the customer sees it: forms only, every answer a redirect. A failed
//! try leaves it open; what was typed about a card is gone once it is compared.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

use super::cards::{self, CARDS};
use super::{NAME, Sale, asked, money, settle};
use crate::simulator::ledger::{Change, Payment};
use crate::simulator::pages::{error_page, esc, page, see, settled, web_address};
use crate::simulator::{Sim, clock};

type Typed = HashMap<String, String>;

pub fn routes() -> Router<Sim> {
    Router::new().route("/c/pay/{session}", get(show).post(act))
}

fn gone() -> Response {
    error_page(StatusCode::NOT_FOUND, "This payment page does not exist")
}

async fn merchant_name(sim: &Sim, payment: &Payment) -> anyhow::Result<String> {
    let account = asked::account(sim, &payment.account).await?;
    let name = account.data["name"].as_str().map(str::to_owned);
    Ok(name.unwrap_or_else(|| "Test merchant".into()))
}

async fn show(State(sim): State<Sim>, Path(session): Path<String>) -> Response {
    let drawn = async {
        let Some(payment) = sim.ledger.payment(NAME, &session).await? else {
            return Ok(gone());
        };
        let name = merchant_name(&sim, &payment).await?;
        Ok(draw(&payment, &name, None))
    };
    settled(drawn.await)
}

async fn act(
    State(sim): State<Sim>,
    Path(session): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let acted = async {
        let _turn = sim.turn().await;
        let Some(payment) = sim.ledger.payment(NAME, &session).await? else {
            return Ok(gone());
        };
        if payment.status != "open" {
            return Ok(see(&here(&session)));
        }
        match decide(&sim, payment.clone(), &typed).await? {
            Turn::Complaint(text) => {
                let name = merchant_name(&sim, &payment).await?;
                Ok(draw(&payment, &name, Some(text)))
            }
            Turn::Left(to) => Ok(match to {
                Some(to) => Redirect::to(&to).into_response(),
                None => see(&here(&session)),
            }),
            Turn::Changed(changes) => {
                sim.commit(changes).await?;
                let after = sim.ledger.payment(NAME, &session).await?;
                Ok(match after.filter(|p| p.status == "complete") {
                    Some(done) => Redirect::to(&back(&done)).into_response(),
                    None => see(&here(&session)),
                })
            }
        }
    };
    settled(acted.await)
}

fn here(session: &str) -> String {
    format!("/{NAME}/c/pay/{session}")
}

/// Where the browser goes once the page is finished; the id stands where the merchant wants it.
fn back(payment: &Payment) -> String {
    let to = Sale::of(payment)
        .success_url
        .replace("{CHECKOUT_SESSION_ID}", &payment.id);
    web_address(&to).map_or_else(|| here(&payment.id), |_| to)
}

/// What a form came to.
enum Turn {
    /// Shown on the same page; nothing has changed.
    Complaint(&'static str),
    Changed(Vec<Change>),
    /// The customer leaves the page, which stays open.
    Left(Option<String>),
}

async fn decide(sim: &Sim, payment: Payment, typed: &Typed) -> anyhow::Result<Turn> {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let sale = Sale::of(&payment);
    let changes = match (field("action"), sale.asks_bank) {
        ("back", _) => {
            let to = sale.cancel_url.filter(|u| web_address(u).is_some());
            return Ok(Turn::Left(to));
        }
        ("authorize", Some(at)) => finish(sim, payment, at).await?,
        ("fail", Some(_)) => settle::refused(sim, payment, cards::NOT_AUTHENTICATED).await?,
        ("other_card", Some(_)) => settle::other_card(sim, payment).await?,
        ("bank", None) => settle::under_way(sim, payment).await?,
        ("card", None) => {
            let Some(at) = cards::find(field("number")) else {
                return Ok(Turn::Complaint(
                    "Only the test cards listed below are known here",
                ));
            };
            if !in_future(field("expiry"), sim.clock.now()) {
                let why = "The expiry must be MM/YY and in the future";
                return Ok(Turn::Complaint(why));
            }
            let digits = field("cvc").bytes().filter(u8::is_ascii_digit).count();
            if digits != field("cvc").len() || !(3..=4).contains(&digits) {
                return Ok(Turn::Complaint("The CVC has three or four digits"));
            }
            if CARDS[at].bank {
                settle::ask_bank(sim, payment, at).await?
            } else {
                finish(sim, payment, at).await?
            }
        }
        _ => return Ok(Turn::Complaint("Choose how to pay")),
    };
    Ok(Turn::Changed(changes))
}

/// The card's own end, after the bank's page if it has one.
async fn finish(sim: &Sim, payment: Payment, at: usize) -> anyhow::Result<Vec<Change>> {
    match CARDS[at].refused {
        Some(refusal) => settle::refused(sim, payment, refusal).await,
        None => settle::paid(sim, payment, Some(at)).await,
    }
}

/// Whether `MM/YY` is this month or later.
fn in_future(expiry: &str, now: i64) -> bool {
    let digits: String = expiry.chars().filter(char::is_ascii_digit).collect();
    let year = match digits.len() {
        4 => format!("20{}", &digits[2..]),
        6 => digits[2..].to_owned(),
        _ => return false,
    };
    let month = &digits[..2];
    ("01"..="12").contains(&month) && format!("{year}-{month}").as_str() >= &clock::iso(now)[..7]
}

fn draw(payment: &Payment, merchant: &str, complaint: Option<&str>) -> Response {
    let sale = Sale::of(payment);
    let mut inner = format!(
        "<div class=\"sheet\"><p class=\"quiet\">Stripe Checkout &middot; {}</p><h1>{}</h1>\
         <p class=\"amount\">{}</p><p class=\"quiet\">{}</p>",
        if payment.mode == "test" {
            "test mode"
        } else {
            "live keys, simulated"
        },
        esc(merchant),
        esc(&money::shown(&payment.currency, payment.amount)),
        esc(&sale.product),
    );
    let over = match payment.status.as_str() {
        "expired" => Some(("bad", "This page has expired. Nothing was taken.")),
        "complete" if sale.paid => Some(("good", "Payment successful")),
        "complete" => Some((
            "good",
            "Your bank will send the money; this page is finished",
        )),
        _ => None,
    };
    if let Some((class, words)) = over {
        let _ = write!(inner, "<p class=\"{class}\">{words}</p></div>");
        return page("Checkout", &inner);
    }
    let failed = sale.last_error["message"].as_str();
    if let Some(text) = complaint.or(failed) {
        let _ = write!(inner, "<p class=\"bad\" role=\"alert\">{}</p>", esc(text));
    }
    inner.push_str("</div>");
    if sale.asks_bank.is_some() {
        inner.push_str(BANK_PAGE);
    } else {
        pay_form(&mut inner, sale.email.as_deref());
    }
    inner.push_str(
        "<form method=\"post\"><button class=\"other\" name=\"action\" value=\"back\">\
         Back to the shop</button></form>",
    );
    page("Checkout", &inner)
}

const BANK_PAGE: &str = "<div class=\"sheet\"><h2>Your bank asks (3-D Secure)</h2>\
    <form method=\"post\">\
    <button name=\"action\" value=\"authorize\">Complete authentication</button>\
    <button class=\"other\" name=\"action\" value=\"fail\">Fail authentication</button>\
    <button class=\"other\" name=\"action\" value=\"other_card\">Use another card</button>\
    </form></div>";

fn pay_form(inner: &mut String, email: Option<&str>) {
    let _ = write!(
        inner,
        "<div class=\"sheet\"><h2>Card</h2><form method=\"post\" autocomplete=\"off\">\
         <p class=\"quiet\">{}</p>\
         <label for=\"number\">Card number</label>\
         <input id=\"number\" name=\"number\" inputmode=\"numeric\" required>\
         <div class=\"pair\"><div><label for=\"expiry\">Expiry (MM/YY)</label>\
         <input id=\"expiry\" name=\"expiry\" inputmode=\"numeric\" required></div>\
         <div><label for=\"cvc\">CVC</label>\
         <input id=\"cvc\" name=\"cvc\" inputmode=\"numeric\" required></div></div>\
         <button name=\"action\" value=\"card\">Pay</button></form>\
         <details><summary>Test cards</summary><table>",
        esc(email.unwrap_or_default()),
    );
    for card in &CARDS {
        let (number, what) = (card.number, card.what);
        let _ = write!(
            inner,
            "<tr><td><code>{number}</code></td><td>{what}</td></tr>"
        );
    }
    inner.push_str(
        "</table><p class=\"quiet\">Any CVC, any expiry in the future.</p></details></div>\
         <div class=\"sheet\"><h2>Bank debit</h2><form method=\"post\">\
         <p class=\"quiet\">The page is finished at once, the money comes days later.</p>\
         <button name=\"action\" value=\"bank\">Pay by bank debit</button></form></div>",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_this_month_or_later() {
        let now = 1_767_605_349_000; // 2026-01-05
        assert!(in_future("01/26", now));
        assert!(in_future("12 / 2030", now));
        assert!(!in_future("12/25", now));
        assert!(!in_future("13/30", now));
        assert!(!in_future("", now));
    }
}
