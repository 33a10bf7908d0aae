//! Paystack's hosted page as the customer sees it: forms only, every answer a redirect.
//! A failed try leaves the page open; what was typed about a card is gone once it is compared.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::get;
use axum::{Router, response::Redirect};

use super::cards::{self, CARDS, Ends, Wallet};
use super::{NAME, Paystack, Sale, Step, attempt_failed, changed, hook_url, succeed, wire};
use crate::simulator::hooks::{self, NewHook};
use crate::simulator::ledger::{Change, Payment};
use crate::simulator::pages::{error_page, esc, page, see, settled, web_address};
use crate::simulator::{Sim, clock};

type Typed = HashMap<String, String>;

pub fn routes() -> Router<Sim> {
    Router::new().route("/checkout/{code}", get(show).post(act))
}

async fn found(sim: &Sim, code: &str) -> anyhow::Result<Option<Payment>> {
    let Some(id) = sim.ledger.object(NAME, "access_code", code).await? else {
        return Ok(None);
    };
    sim.ledger
        .payment(NAME, id.as_str().unwrap_or_default())
        .await
}

fn gone() -> Response {
    error_page(StatusCode::NOT_FOUND, "This payment page does not exist")
}

async fn show(State(sim): State<Sim>, Path(code): Path<String>) -> Response {
    let drawn = async {
        let Some(payment) = found(&sim, &code).await? else {
            return Ok(gone());
        };
        let name = merchant_name(&sim, &payment).await?;
        Ok(draw(&payment, &name, None))
    };
    settled(drawn.await)
}

async fn merchant_name(sim: &Sim, payment: &Payment) -> anyhow::Result<String> {
    let account = sim.ledger.account(NAME, &payment.account).await?;
    let name = account.and_then(|a| a.data["name"].as_str().map(str::to_owned));
    Ok(name.unwrap_or_else(|| "Test merchant".into()))
}

async fn act(
    State(sim): State<Sim>,
    Path(code): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let acted = async {
        let _turn = sim.turn().await;
        let Some(payment) = found(&sim, &code).await? else {
            return Ok(gone());
        };
        let sale = Sale::of(&payment);
        if sale.paid_at.is_some() {
            return Ok(see(&back(&payment, &sale, &code)));
        }
        match decide(&sim, payment.clone(), &typed).await? {
            Turn::Complaint(text) => {
                let name = merchant_name(&sim, &payment).await?;
                Ok(draw(&payment, &name, Some(text)))
            }
            Turn::Changed(changes) => {
                sim.commit(changes).await?;
                let Some(after) = found(&sim, &code).await? else {
                    return Ok(gone());
                };
                let sale = Sale::of(&after);
                let here = format!("/{NAME}/checkout/{code}");
                let to = if sale.paid_at.is_some() {
                    back(&after, &sale, &code)
                } else {
                    here
                };
                Ok(see(&to))
            }
            Turn::Left(changes, to) => {
                sim.commit(changes).await?;
                Ok(match to {
                    Some(to) => Redirect::to(&to).into_response(),
                    None => page(
                        "Cancelled",
                        "<div class=\"sheet\"><h1>You left the payment</h1>\
                         <p>Nothing was taken. You can close this page.</p></div>",
                    ),
                })
            }
        }
    };
    settled(acted.await)
}

/// Where the browser goes after success.
fn back(payment: &Payment, sale: &Sale, code: &str) -> String {
    match sale.callback_url.as_deref().and_then(web_address) {
        Some(mut address) => {
            address
                .query_pairs_mut()
                .append_pair("trxref", &payment.reference)
                .append_pair("reference", &payment.reference);
            address.into()
        }
        None => format!("/{NAME}/checkout/{code}"),
    }
}

/// What a form came to.
enum Turn {
    /// Shown on the same page; nothing has changed.
    Complaint(&'static str),
    Changed(Vec<Change>),
    /// The customer leaves the page for this address.
    Left(Vec<Change>, Option<String>),
}

async fn decide(sim: &Sim, payment: Payment, typed: &Typed) -> anyhow::Result<Turn> {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let sale = Sale::of(&payment);
    match field("action") {
        "card" => card(sim, payment, typed).await,
        "next" => step(sim, payment, field("answer")).await,
        "mobile_money" => match cards::wallet(field("phone")) {
            Wallet::Paid => wallet_paid(sim, payment).await,
            Wallet::AsksOtp => Ok(Turn::Changed(ask(sim, payment, Step::MobileOtp))),
            Wallet::Unknown => {
                let why = "Declined. Use a test mobile money number";
                Ok(Turn::Changed(attempt_failed(
                    sim,
                    payment,
                    "mobile_money",
                    why,
                )))
            }
        },
        channel @ ("bank_transfer" | "ussd") => {
            let authorization = cards::other_authorization(channel);
            Ok(Turn::Changed(
                succeed(sim, payment, channel, authorization).await?,
            ))
        }
        "eft" => {
            let mut payment = payment;
            let mut sale = sale;
            sale.refund_ends = match field("account") {
                "1012204936" => Some("failed".into()),
                "1012204935" => Some("needs-attention".into()),
                _ => None,
            };
            payment.data = sale.into_value();
            let authorization = cards::other_authorization("eft");
            Ok(Turn::Changed(
                succeed(sim, payment, "eft", authorization).await?,
            ))
        }
        "wrong_transfer" => {
            let Some(url) = hook_url(sim, &payment.account).await? else {
                return Ok(Turn::Complaint(
                    "The transfer was rejected: incorrect amount",
                ));
            };
            let new = NewHook {
                payment: &payment,
                url,
                event: "bank.transfer.rejected".into(),
                body: wire::transfer_rejected(&payment, &sale),
                headers: Vec::new(),
            };
            Ok(Turn::Changed(hooks::plan(sim, &Paystack, new).await?))
        }
        "other_way" => {
            let mut sale = sale;
            sale.step = None;
            Ok(Turn::Changed(vec![changed(
                sim,
                payment,
                "abandoned",
                sale,
            )]))
        }
        "cancel" => {
            let mut sale = sale;
            sale.step = None;
            let to = sale.metadata["cancel_action"]
                .as_str()
                .filter(|u| web_address(u).is_some());
            let to = to.map(str::to_owned);
            let status = if payment.status == "failed" {
                "failed"
            } else {
                "abandoned"
            };
            Ok(Turn::Left(vec![changed(sim, payment, status, sale)], to))
        }
        _ => Ok(Turn::Complaint("Choose how to pay")),
    }
}

fn ask(sim: &Sim, payment: Payment, step: Step) -> Vec<Change> {
    let mut sale = Sale::of(&payment);
    sale.step = Some(step);
    vec![changed(sim, payment, "ongoing", sale)]
}

async fn wallet_paid(sim: &Sim, payment: Payment) -> anyhow::Result<Turn> {
    let authorization = cards::other_authorization("mobile_money");
    Ok(Turn::Changed(
        succeed(sim, payment, "mobile_money", authorization).await?,
    ))
}

async fn card(sim: &Sim, payment: Payment, typed: &Typed) -> anyhow::Result<Turn> {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let Some(at) = cards::find(field("number")) else {
        return Ok(Turn::Complaint(
            "Only the test cards listed below are known here",
        ));
    };
    if !in_future(field("expiry"), sim.clock.now()) {
        return Ok(Turn::Complaint(
            "The expiry must be MM/YY and in the future",
        ));
    }
    let card = &CARDS[at];
    if field("cvv") != card.cvv {
        return Ok(Turn::Changed(attempt_failed(
            sim,
            payment,
            "card",
            "Incorrect CVV",
        )));
    }
    go_on(sim, payment, at, Asked::Number).await
}

/// How far a card's questions have been answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Number,
    Pin,
    Phone,
    Otp,
    Bank,
}

async fn go_on(sim: &Sim, payment: Payment, at: usize, asked: Asked) -> anyhow::Result<Turn> {
    let card = &CARDS[at];
    let next = if asked < Asked::Pin && card.pin.is_some() {
        Some(Step::Pin(at))
    } else if asked < Asked::Phone && card.phone {
        Some(Step::Phone(at))
    } else if asked < Asked::Otp && card.otp.is_some() {
        Some(Step::Otp(at))
    } else if asked < Asked::Bank && card.bank {
        Some(Step::Bank(at))
    } else {
        None
    };
    if let Some(next) = next {
        return Ok(Turn::Changed(ask(sim, payment, next)));
    }
    match card.ends {
        Ends::Refused(why) => Ok(Turn::Changed(attempt_failed(sim, payment, "card", why))),
        Ends::Paid => {
            let mut payment = payment;
            let mut sale = Sale::of(&payment);
            sale.refund_ends = card.refund_ends.map(str::to_owned);
            payment.data = sale.into_value();
            let authorization = cards::authorization(at);
            Ok(Turn::Changed(
                succeed(sim, payment, "card", authorization).await?,
            ))
        }
    }
}

/// The answer to a PIN, phone, OTP or bank page.
async fn step(sim: &Sim, payment: Payment, answer: &str) -> anyhow::Result<Turn> {
    let refuse = |payment, channel: &str, why: &str| {
        Ok(Turn::Changed(attempt_failed(sim, payment, channel, why)))
    };
    match Sale::of(&payment).step {
        None => Ok(Turn::Complaint("Choose how to pay")),
        Some(Step::Pin(at)) if CARDS[at].pin == Some(answer) => {
            go_on(sim, payment, at, Asked::Pin).await
        }
        Some(Step::Pin(_)) => refuse(payment, "card", "Incorrect PIN"),
        Some(Step::Phone(at)) if answer.len() >= 8 => go_on(sim, payment, at, Asked::Phone).await,
        Some(Step::Phone(_)) => Ok(Turn::Complaint("Give any phone number of 8 digits or more")),
        Some(Step::Otp(at)) if CARDS[at].otp == Some(answer) => {
            go_on(sim, payment, at, Asked::Otp).await
        }
        Some(Step::Otp(_)) => refuse(payment, "card", "Incorrect OTP"),
        Some(Step::Bank(at)) if answer == "yes" => go_on(sim, payment, at, Asked::Bank).await,
        Some(Step::Bank(_)) => refuse(payment, "card", "Declined"),
        Some(Step::MobileOtp) if answer == "1234" => wallet_paid(sim, payment).await,
        Some(Step::MobileOtp) => refuse(payment, "mobile_money", "Incorrect OTP"),
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
        "<div class=\"sheet\"><p class=\"quiet\">Paystack &middot; {}</p><h1>{}</h1>\
         <p class=\"amount\">{} {}.{:02}</p><p class=\"quiet\">{}<br>Reference {}</p>",
        if payment.mode == "test" {
            "test mode"
        } else {
            "live keys, simulated"
        },
        esc(merchant),
        esc(&payment.currency),
        payment.amount / 100,
        payment.amount % 100,
        esc(&sale.email),
        esc(&payment.reference),
    );
    if sale.paid_at.is_some() {
        inner.push_str("<p class=\"good\">Payment successful</p></div>");
        return page("Paid", &inner);
    }
    let failed = sale
        .gateway_response
        .as_deref()
        .filter(|_| payment.status == "failed");
    if let Some(text) = complaint.or(failed) {
        let _ = write!(inner, "<p class=\"bad\" role=\"alert\">{}</p>", esc(text));
    }
    inner.push_str("</div>");
    match &sale.step {
        Some(step) => inner.push_str(&question(step)),
        None => methods(&mut inner, payment, &sale),
    }
    inner.push_str(
        "<form method=\"post\"><button class=\"other\" name=\"action\" value=\"cancel\">\
         Cancel payment</button></form>",
    );
    page("Pay", &inner)
}

fn question(step: &Step) -> String {
    let (label, kind, hint) = match step {
        Step::Pin(_) => ("Card PIN", "password", ""),
        Step::Phone(_) => ("Phone number", "tel", "Any phone number"),
        Step::Otp(_) => ("One-time code (OTP)", "text", "Test code 123456"),
        Step::MobileOtp => ("One-time code (OTP)", "text", "Test code 1234"),
        Step::Bank(_) => {
            return "<div class=\"sheet\"><h2>Your bank asks: authorize this payment?</h2>\
                    <form method=\"post\"><input type=\"hidden\" name=\"action\" value=\"next\">\
                    <button name=\"answer\" value=\"yes\">Authorize</button>\
                    <button class=\"other\" name=\"answer\" value=\"no\">Decline</button></form>\
                    </div>"
                .into();
        }
    };
    format!(
        "<div class=\"sheet\"><form method=\"post\">\
         <input type=\"hidden\" name=\"action\" value=\"next\">\
         <label for=\"answer\">{label}</label>\
         <input id=\"answer\" name=\"answer\" type=\"{kind}\" inputmode=\"numeric\" \
         autocomplete=\"off\" required><p class=\"quiet\">{hint}</p><button>Continue</button></form>\
         <form method=\"post\"><button class=\"other\" name=\"action\" value=\"other_way\">\
         Pay another way</button></form></div>"
    )
}

fn methods(inner: &mut String, payment: &Payment, sale: &Sale) {
    let open =
        |channel: &str| sale.channels.is_empty() || sale.channels.iter().any(|c| c == channel);
    if open("card") {
        inner.push_str(
            "<div class=\"sheet\"><h2>Card</h2><form method=\"post\" autocomplete=\"off\">\
             <label for=\"number\">Card number</label>\
             <input id=\"number\" name=\"number\" inputmode=\"numeric\" required>\
             <div class=\"pair\"><div><label for=\"expiry\">Expiry (MM/YY)</label>\
             <input id=\"expiry\" name=\"expiry\" inputmode=\"numeric\" required></div>\
             <div><label for=\"cvv\">CVV</label>\
             <input id=\"cvv\" name=\"cvv\" inputmode=\"numeric\" required></div></div>\
             <button name=\"action\" value=\"card\">Pay by card</button></form>\
             <details><summary>Test cards</summary><table>",
        );
        for card in &CARDS {
            let _ = write!(
                inner,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                card.number, card.cvv, card.what
            );
        }
        inner.push_str("</table><p class=\"quiet\">Any expiry in the future.</p></details></div>");
    }
    if open("mobile_money") {
        inner.push_str(
            "<div class=\"sheet\"><h2>Mobile money</h2><form method=\"post\">\
             <label for=\"phone\">Phone number</label>\
             <input id=\"phone\" name=\"phone\" type=\"tel\" required>\
             <p class=\"quiet\">MTN Ghana 0551234987, M-PESA +254710000000, Orange 0700000000 \
             (OTP 1234); others are declined</p>\
             <button name=\"action\" value=\"mobile_money\">Pay with mobile money</button></form>\
             </div>",
        );
    }
    if open("bank_transfer") {
        inner.push_str(
            "<div class=\"sheet\"><h2>Bank transfer</h2><form method=\"post\">\
             <p>Test Bank, account <code>1234567890</code></p>\
             <button name=\"action\" value=\"bank_transfer\">I have sent the money</button>\
             <button class=\"other\" name=\"action\" value=\"wrong_transfer\">\
             I have sent another amount</button></form></div>",
        );
    }
    if open("ussd") && payment.currency == "NGN" {
        inner.push_str(
            "<div class=\"sheet\"><h2>USSD</h2><form method=\"post\"><p>Dial <code>*737*000*1#</code>\
             </p><button name=\"action\" value=\"ussd\">I have paid</button></form></div>",
        );
    }
    if open("eft") && payment.currency == "ZAR" {
        inner.push_str(
            "<div class=\"sheet\"><h2>EFT</h2><form method=\"post\">\
             <label for=\"account\">Account number</label>\
             <input id=\"account\" name=\"account\" inputmode=\"numeric\">\
             <p class=\"quiet\">1012204936: its refund fails; 1012204935: needs attention</p>\
             <button name=\"action\" value=\"eft\">Pay by EFT</button></form></div>",
        );
    }
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
