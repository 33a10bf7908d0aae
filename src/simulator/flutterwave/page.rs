//! The hosted page as the customer sees it: forms only, every answer a redirect. Each submitted
//! form is a try of its own; what was typed about a card is gone once it is compared.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::instruments::{self, Asks, CARDS, Ends, otp};
use super::tries::{begin, changed, end, wait};
use super::{NAME, Sale, Step, TRANSFER, settings, wire};
use crate::simulator::Sim;
use crate::simulator::ledger::{Change, Payment, Task};
use crate::simulator::pages::{error_page, esc, page, see, settled, web_address};

type Typed = HashMap<String, String>;

/// The code of mobile money in test mode.
const MOBILE_CODE: u32 = 123_456;
/// The code of the test bank accounts.
const BANK_CODE: u32 = 12_345;

pub fn routes() -> Router<Sim> {
    Router::new().route("/v3/hosted/pay/{link}", get(show).post(act))
}

fn gone() -> Response {
    error_page(StatusCode::NOT_FOUND, "This payment link does not exist")
}

async fn show(State(sim): State<Sim>, Path(link): Path<String>) -> Response {
    let drawn = async {
        let Some(payment) = sim.ledger.payment(NAME, &link).await? else {
            return Ok(gone());
        };
        drawing(&sim, &payment, None).await
    };
    settled(drawn.await)
}

async fn act(
    State(sim): State<Sim>,
    Path(link): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let acted = async {
        let _turn = sim.turn().await;
        let Some(payment) = sim.ledger.payment(NAME, &link).await? else {
            return Ok(gone());
        };
        let sale = Sale::of(&payment);
        if sale.paid().is_some() || sale.closed.is_some() {
            return Ok(see(&back(&payment, &sale)));
        }
        if typed.get("action").is_some_and(|a| a == "cancel") {
            let to = with_query(&payment, &sale, &[("status", "cancelled")]);
            sim.commit(vec![changed(&sim, payment, "cancelled", sale)])
                .await?;
            return Ok(match to {
                Some(to) => see(&to),
                None => page(
                    "Cancelled",
                    "<div class=\"sheet\"><h1>You left the payment</h1>\
                     <p>Nothing was taken. You can close this page.</p></div>",
                ),
            });
        }
        match decide(&sim, payment.clone(), sale, &typed).await? {
            Turn::Complaint(text) => drawing(&sim, &payment, Some(text)).await,
            Turn::Changed(changes) => {
                sim.commit(changes).await?;
                let Some(after) = sim.ledger.payment(NAME, &link).await? else {
                    return Ok(gone());
                };
                Ok(see(&back(&after, &Sale::of(&after))))
            }
        }
    };
    settled(acted.await)
}

/// The merchant's address with what Flutterwave appends.
fn with_query(payment: &Payment, sale: &Sale, pairs: &[(&str, &str)]) -> Option<String> {
    let mut address = sale.redirect_url.as_deref().and_then(web_address)?;
    {
        let mut query = address.query_pairs_mut();
        for (name, value) in pairs {
            query.append_pair(name, value);
        }
        query.append_pair("tx_ref", &payment.reference);
        if let Some(paid) = sale.paid() {
            query.append_pair("transaction_id", &paid.id.to_string());
        }
    }
    Some(address.into())
}

/// Where the browser goes: back to the merchant once it is paid or over, else to this page.
fn back(payment: &Payment, sale: &Sale) -> String {
    let there = if sale.paid().is_some() {
        with_query(payment, sale, &[("status", "successful")])
    } else if matches!(sale.closed.as_deref(), Some("expired" | "retries")) {
        with_query(payment, sale, &[("status", "failed")])
    } else {
        None
    };
    there.unwrap_or_else(|| format!("/{NAME}/v3/hosted/pay/{}", payment.id))
}

/// What a form came to.
enum Turn {
    /// Shown on the same page; nothing has changed.
    Complaint(&'static str),
    Changed(Vec<Change>),
}

async fn decide(
    sim: &Sim,
    mut payment: Payment,
    mut sale: Sale,
    typed: &Typed,
) -> anyhow::Result<Turn> {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let action = field("action");
    let asked = sale.pending().and_then(|t| t.step);
    match (action, asked) {
        ("next", Some(step)) => return answered(sim, payment, sale, step, typed).await,
        ("other_way", Some(_)) => {
            let changes = end(sim, payment, sale, Err("Transaction abandoned")).await?;
            return Ok(Turn::Changed(changes));
        }
        (_, Some(_)) => return Ok(Turn::Complaint("Answer the question first")),
        (_, None) if sale.pending().is_some() => {
            return Ok(Turn::Complaint("Your transfer is on its way"));
        }
        _ => {}
    }
    let (kind, card) = match action {
        "card" => {
            let Some(at) = instruments::find(field("number")) else {
                return Ok(Turn::Complaint(
                    "Only the test cards listed below are known here",
                ));
            };
            ("card", Some(at))
        }
        "mobile_money" if field("phone").chars().filter(char::is_ascii_digit).count() < 9 => {
            return Ok(Turn::Complaint("Give a phone number of 9 digits or more"));
        }
        "mobile_money" => (mobile_kind(&payment.currency), None),
        "account" if !instruments::account_known(field("account")) => {
            return Ok(Turn::Complaint(
                "Access Bank test accounts are 0690000031 to 0690000041",
            ));
        }
        "account" => ("account", None),
        "transfer" | "transfer_later" => ("bank_transfer", None),
        _ => return Ok(Turn::Complaint("Choose how to pay")),
    };
    if action == "account" {
        // Which account it was is not kept, only how a refund to it ends.
        sale.refund_ends = match field("account") {
            "0690000032" => Some("failed".into()),
            "0690000033" => Some("pending".into()),
            _ => None,
        };
    }
    let index = begin(sim, &mut payment, &mut sale, kind, card).await?;
    let mut changes = vec![index];
    changes.extend(match action {
        "card" => {
            let at = card.unwrap_or_default();
            if instruments::fits(at, field("expiry"), field("cvv")) {
                match CARDS[at].asks {
                    Asks::Nothing => over(sim, payment, sale, CARDS[at].ends).await?,
                    Asks::Pin(_) => ask(sim, payment, sale, Step::Pin),
                    Asks::Bank => ask(sim, payment, sale, Step::Bank),
                    Asks::Address => ask(sim, payment, sale, Step::Address),
                }
            } else {
                end(sim, payment, sale, Err("Invalid expiry or CVV")).await?
            }
        }
        "mobile_money" if instruments::fails_by_phone(field("phone")) => {
            end(sim, payment, sale, Err("Mocked a Failed Transaction")).await?
        }
        "mobile_money" => ask(sim, payment, sale, Step::Code(MOBILE_CODE)),
        "account" => ask(sim, payment, sale, Step::Code(BANK_CODE)),
        "transfer_later" => {
            let arrives = Change::Task(Task {
                id: 0,
                provider: NAME.into(),
                kind: "transfer".into(),
                subject: payment.id.clone(),
                due_at: sim.clock.now() + TRANSFER,
            });
            let mut waiting = wait(sim, payment, sale).await?;
            waiting.push(arrives);
            waiting
        }
        _ => end(sim, payment, sale, Ok("Transaction completed")).await?,
    });
    Ok(Turn::Changed(changes))
}

/// `payment_type` of a wallet.
fn mobile_kind(currency: &str) -> &'static str {
    match currency {
        "KES" => "mpesa",
        "GHS" => "mobilemoneygh",
        "UGX" => "mobilemoneyug",
        "RWF" => "mobilemoneyrw",
        "ZMW" => "mobilemoneyzm",
        "TZS" => "mobilemoneytz",
        "MWK" => "mobilemoneymw",
        _ => "mobilemoneyfr",
    }
}

fn ask(sim: &Sim, payment: Payment, mut sale: Sale, step: Step) -> Vec<Change> {
    if let Some(last) = sale.tries.last_mut() {
        last.step = Some(step);
    }
    vec![changed(sim, payment, "pending", sale)]
}

async fn over(sim: &Sim, payment: Payment, sale: Sale, ends: Ends) -> anyhow::Result<Vec<Change>> {
    match ends {
        Ends::Paid => end(sim, payment, sale, Ok("Approved")).await,
        Ends::Refused(why) => end(sim, payment, sale, Err(why)).await,
    }
}

/// The answer to a PIN, a code, an address or the bank's question.
async fn answered(
    sim: &Sim,
    payment: Payment,
    sale: Sale,
    step: Step,
    typed: &Typed,
) -> anyhow::Result<Turn> {
    let answer = typed.get("answer").map_or("", |v| v.trim());
    let at = sale.pending().and_then(|t| t.card).unwrap_or_default();
    Ok(Turn::Changed(match step {
        Step::Pin if is_pin(at, answer) => ask(sim, payment, sale, Step::Otp),
        Step::Pin => end(sim, payment, sale, Err("Incorrect PIN")).await?,
        Step::Otp if answer.is_empty() => return Ok(Turn::Complaint("Give the code")),
        Step::Otp => match otp(answer) {
            Ends::Paid => over(sim, payment, sale, CARDS[at].ends).await?,
            refused @ Ends::Refused(_) => over(sim, payment, sale, refused).await?,
        },
        Step::Bank if answer == "yes" => over(sim, payment, sale, CARDS[at].ends).await?,
        Step::Bank => end(sim, payment, sale, Err("Not authenticated")).await?,
        Step::Address if answer.is_empty() => return Ok(Turn::Complaint("Give an address")),
        Step::Address => over(sim, payment, sale, CARDS[at].ends).await?,
        Step::Code(code) if answer == code.to_string() => {
            end(sim, payment, sale, Ok("Approved")).await?
        }
        Step::Code(_) => end(sim, payment, sale, Err("Incorrect OTP")).await?,
    }))
}

fn is_pin(at: usize, answer: &str) -> bool {
    matches!(CARDS[at].asks, Asks::Pin(pin) if pin == answer)
}

async fn drawing(
    sim: &Sim,
    payment: &Payment,
    complaint: Option<&str>,
) -> anyhow::Result<Response> {
    let sale = Sale::of(payment);
    let (_, data) = settings(sim, &payment.account).await?;
    let name = sale
        .title
        .as_deref()
        .or(data["name"].as_str())
        .unwrap_or("Test merchant");
    let mode = if payment.mode == "test" {
        "test mode"
    } else {
        "live keys, simulated"
    };
    let mut inner = format!(
        "<div class=\"sheet\"><p class=\"quiet\">Flutterwave &middot; {mode}</p><h1>{}</h1>\
         <p class=\"amount\">{} {}</p><p class=\"quiet\">{}<br>Reference {}</p>",
        esc(name),
        esc(&payment.currency),
        written(payment),
        esc(&sale.email),
        esc(&payment.reference),
    );
    if sale.paid().is_some() {
        inner.push_str("<p class=\"good\">Payment successful</p></div>");
        return Ok(page("Paid", &inner));
    }
    if let Some(why) = &sale.closed {
        let text = match why.as_str() {
            "disabled" => "This payment link is currently inactive",
            "retries" => "Too many tries. The payment was cancelled",
            _ => "The time for this payment is over",
        };
        let _ = write!(inner, "<p class=\"bad\">{text}</p></div>");
        leave(&mut inner, payment, &sale);
        return Ok(page("Closed", &inner));
    }
    let last = sale.tries.last();
    let failed = last
        .filter(|t| t.status == "failed")
        .and_then(|t| t.response.as_deref());
    if let Some(text) = complaint.or(failed) {
        let _ = write!(inner, "<p class=\"bad\" role=\"alert\">{}</p>", esc(text));
    }
    match sale.pending().map(|t| t.step) {
        Some(Some(step)) => {
            inner.push_str("</div>");
            inner.push_str(&question(step));
        }
        Some(None) => {
            inner.push_str(
                "<p>Your transfer is on its way. You can wait here or close this page.</p></div>",
            );
        }
        None => {
            inner.push_str("</div>");
            methods(&mut inner, payment, &sale);
        }
    }
    inner.push_str(
        "<form method=\"post\"><button class=\"other\" name=\"action\" value=\"cancel\">\
         Cancel payment</button></form>",
    );
    Ok(page("Pay", &inner))
}

/// The amount with all its digits.
fn written(payment: &Payment) -> String {
    let major = wire::major(payment.amount, &payment.currency).to_string();
    match major.split_once('.') {
        Some((whole, fraction)) => format!("{whole}.{fraction:0<2}"),
        None => major,
    }
}

fn leave(inner: &mut String, payment: &Payment, sale: &Sale) {
    if let Some(to) = with_query(payment, sale, &[("status", "failed")]) {
        let _ = write!(
            inner,
            "<p><a href=\"{}\">Back to the merchant</a></p>",
            esc(&to)
        );
    }
}

fn question(step: Step) -> String {
    let (label, kind, hint) = match step {
        Step::Pin => ("Card PIN", "password", "Test PIN 3310"),
        Step::Otp => (
            "One-time code (OTP)",
            "text",
            "Test code 12345; 5548 is wrong, 6648 finds too little money",
        ),
        Step::Code(MOBILE_CODE) => ("One-time code (OTP)", "text", "Test code 123456"),
        Step::Code(_) => ("One-time code (OTP)", "text", "Test code 12345"),
        Step::Address => ("Billing address", "text", "Any address"),
        Step::Bank => {
            return "<div class=\"sheet\"><h2>Your bank asks: allow this payment?</h2>\
                    <form method=\"post\"><input type=\"hidden\" name=\"action\" value=\"next\">\
                    <button name=\"answer\" value=\"yes\">Allow</button>\
                    <button class=\"other\" name=\"answer\" value=\"no\">Refuse</button></form>\
                    </div>"
                .into();
        }
    };
    format!(
        "<div class=\"sheet\"><form method=\"post\">\
         <input type=\"hidden\" name=\"action\" value=\"next\">\
         <label for=\"answer\">{label}</label>\
         <input id=\"answer\" name=\"answer\" type=\"{kind}\" autocomplete=\"off\" required>\
         <p class=\"quiet\">{hint}</p><button>Continue</button></form>\
         <form method=\"post\"><button class=\"other\" name=\"action\" value=\"other_way\">\
         Pay another way</button></form></div>"
    )
}

fn methods(inner: &mut String, payment: &Payment, sale: &Sale) {
    let offers = |option: &str| sale.options.is_empty() || sale.options.iter().any(|o| o == option);
    let currency = payment.currency.as_str();
    if offers("card") {
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
            let any = |text: &'static str| if text.is_empty() { "any" } else { text };
            let _ = write!(
                inner,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                card.number,
                any(card.expiry.first().copied().unwrap_or_default()),
                any(card.cvv),
                card.what
            );
        }
        inner.push_str("</table></details></div>");
    }
    let wallet = match currency {
        "GHS" => Some("mobilemoneyghana"),
        "KES" => Some("mpesa"),
        "UGX" => Some("mobilemoneyuganda"),
        "RWF" => Some("mobilemoneyrwanda"),
        "ZMW" => Some("mobilemoneyzambia"),
        "TZS" => Some("mobilemoneytanzania"),
        "MWK" => Some("mobilemoneymalawi"),
        "XAF" | "XOF" => Some("mobilemoneyfranco"),
        _ => None,
    };
    if wallet.is_some_and(offers) {
        inner.push_str(
            "<div class=\"sheet\"><h2>Mobile money</h2><form method=\"post\">\
             <label for=\"phone\">Phone number</label>\
             <input id=\"phone\" name=\"phone\" type=\"tel\" required>\
             <p class=\"quiet\">Any number, OTP 123456; 233121212121 and 233010101011 fail, \
             under any country's code</p>\
             <button name=\"action\" value=\"mobile_money\">Pay with mobile money</button></form>\
             </div>",
        );
    }
    if currency == "NGN" && offers("banktransfer") {
        inner.push_str(
            "<div class=\"sheet\"><h2>Bank transfer</h2><form method=\"post\">\
             <p>Test Bank, account <code>0067100155</code></p>\
             <button name=\"action\" value=\"transfer\">I have sent the money</button>\
             <button class=\"other\" name=\"action\" value=\"transfer_later\">\
             I have sent it, it takes a minute</button></form></div>",
        );
    }
    if ["NGN", "USD", "EUR", "GBP", "ZAR"].contains(&currency) && offers("account") {
        inner.push_str(
            "<div class=\"sheet\"><h2>Bank account</h2><form method=\"post\">\
             <label for=\"account\">Account at Access Bank (044)</label>\
             <input id=\"account\" name=\"account\" inputmode=\"numeric\" required>\
             <p class=\"quiet\">0690000031 to 0690000041, OTP 12345. A refund to 0690000032 \
             fails; one to 0690000033 stays under way</p>\
             <button name=\"action\" value=\"account\">Pay from the account</button></form></div>",
        );
    }
}
