//! Mamo's hosted page as the customer sees it: forms only, every answer a redirect. A failed try
//! leads to the merchant's failure address and leaves the link open; what was typed about a card
//! is gone once it is compared.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::json;

use super::cards::{self, CARDS};
use super::{Mode, NAME, Sale, Shop, Try, changed, mount, new_id, tell, wire};
use crate::simulator::Sim;
use crate::simulator::ledger::{Change, Payment};
use crate::simulator::pages::{error_page, esc, page, see, settled, web_address};

type Typed = HashMap<String, String>;

pub fn routes() -> Router<Sim> {
    Router::new().route("/pay/{slug}", get(show).post(act))
}

/// What a try is paid with.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    kind: &'static str,
    last4: &'static str,
}

impl Used {
    pub fn card(at: usize) -> Self {
        let card = &CARDS[at];
        Self {
            kind: card.kind,
            last4: &card.number[card.number.len() - 4..],
        }
    }

    const WALLET: Self = Self {
        kind: "DEBIT VISA",
        last4: "0001",
    };
}

/// The try that is under way, else a new one.
fn current(sim: &Sim, sale: &Sale, used: Used) -> Try {
    let open = sale
        .tries
        .iter()
        .find(|t| matches!(t.status.as_str(), "confirmation_required" | "processing"));
    open.cloned().unwrap_or_else(|| Try {
        id: new_id("MPB-CHRG"),
        kind: used.kind.into(),
        last4: used.last4.into(),
        created_at: sim.clock.now(),
        ..Try::default()
    })
}

/// Writes a try into its link; the link's status is that of its last try.
fn written(sim: &Sim, payment: &mut Payment, of: &Try) -> Vec<Change> {
    let mut sale = Sale::of(payment);
    match sale.tries.iter_mut().find(|t| t.id == of.id) {
        Some(known) => *known = of.clone(),
        None => sale.tries.push(of.clone()),
    }
    payment.data = sale.clone().into_value();
    payment.status.clone_from(&of.status);
    let charge = Change::Object {
        provider: NAME.into(),
        kind: "charge".into(),
        id: of.id.clone(),
        data: json!(payment.id),
    };
    vec![changed(sim, payment.clone(), &of.status, sale), charge]
}

/// A try that waits for the bank or for the customer at the bank.
pub fn open(sim: &Sim, mut payment: Payment, used: Used, status: &str) -> (Try, Vec<Change>) {
    let mut of = current(sim, &Sale::of(&payment), used);
    status.clone_into(&mut of.status);
    let changes = written(sim, &mut payment, &of);
    (of, changes)
}

/// The customer's money came: the charge and its hooks, committed together by the caller.
pub async fn captured(sim: &Sim, mut payment: Payment, used: Used) -> anyhow::Result<Vec<Change>> {
    let mut of = current(sim, &Sale::of(&payment), used);
    of.status = "captured".into();
    of.error_code = None;
    of.error_message = None;
    payment.attempts += 1;
    if payment.receipt.is_none() {
        payment.receipt = Some(of.id.clone());
    }
    let mut changes = written(sim, &mut payment, &of);
    changes.extend(tell(sim, &payment, &of, &[], "succeeded").await?);
    Ok(changes)
}

/// One try failed; the link stays open for another.
pub async fn failed(
    sim: &Sim,
    mut payment: Payment,
    used: Used,
    why: (&str, &str),
) -> anyhow::Result<Vec<Change>> {
    let mut of = current(sim, &Sale::of(&payment), used);
    of.status = "failed".into();
    of.error_code = Some(why.0.into());
    of.error_message = Some(why.1.into());
    payment.attempts += 1;
    let mut changes = written(sim, &mut payment, &of);
    changes.extend(tell(sim, &payment, &of, &[], "failed").await?);
    Ok(changes)
}

async fn found(sim: &Sim, mode: Mode, slug: &str) -> anyhow::Result<Option<Payment>> {
    let Some(id) = sim.ledger.object(NAME, "slug", slug).await? else {
        return Ok(None);
    };
    let found = sim
        .ledger
        .payment(NAME, id.as_str().unwrap_or_default())
        .await?;
    Ok(found.filter(|p| p.mode == mode.0))
}

fn gone() -> Response {
    error_page(StatusCode::NOT_FOUND, "This payment link does not exist")
}

async fn show(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Path(slug): Path<String>,
) -> Response {
    let drawn = async {
        let Some(payment) = found(&sim, mode, &slug).await? else {
            return Ok(gone());
        };
        draw(&sim, &payment, None).await
    };
    settled(drawn.await)
}

/// Whether the link takes no more payments.
fn used_up(sale: &Sale) -> bool {
    let taken = sale.tries.iter().filter(|t| is_captured(t)).count();
    sale.capacity
        .is_some_and(|c| usize::try_from(c).is_ok_and(|c| taken >= c))
}

fn is_captured(of: &Try) -> bool {
    matches!(
        of.status.as_str(),
        "captured" | "refund_initiated" | "refunded"
    )
}

fn at_the_bank(sale: &Sale) -> Option<&Try> {
    sale.tries
        .iter()
        .find(|t| t.status == "confirmation_required")
}

/// Where the browser goes after a try.
fn back(payment: &Payment, sale: &Sale, of: &Try) -> Option<String> {
    let came = is_captured(of);
    let to = if came {
        sale.return_url.as_deref()
    } else {
        sale.failure_return_url.as_deref()
    };
    let mut address = to.and_then(web_address)?;
    address
        .query_pairs_mut()
        .append_pair("createdAt", &wire::stamp(of.created_at))
        .append_pair("paymentLinkId", &payment.id)
        .append_pair("status", if came { "captured" } else { "failed" })
        .append_pair("transactionId", &of.id);
    Some(address.into())
}

async fn act(
    State(sim): State<Sim>,
    Extension(mode): Extension<Mode>,
    Path(slug): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let acted = async {
        let _turn = sim.turn().await;
        let Some(payment) = found(&sim, mode, &slug).await? else {
            return Ok(gone());
        };
        let here = format!("/{}/pay/{slug}", mount(&payment.mode));
        let changes = match decide(&sim, payment.clone(), &typed).await? {
            Turn::Complaint(text) => return draw(&sim, &payment, Some(text)).await,
            Turn::Changed(changes) => changes,
        };
        sim.commit(changes).await?;
        let Some(after) = found(&sim, mode, &slug).await? else {
            return Ok(gone());
        };
        let sale = Sale::of(&after);
        let last = sale.tries.iter().rev().find(|t| t.status == after.status);
        let ended = last.filter(|t| is_captured(t) || t.status == "failed");
        Ok(match ended.and_then(|t| back(&after, &sale, t)) {
            Some(to) => Redirect::to(&to).into_response(),
            None => see(&here),
        })
    };
    settled(acted.await)
}

/// What a form came to.
enum Turn {
    /// Shown on the same page; nothing has changed.
    Complaint(&'static str),
    Changed(Vec<Change>),
}

async fn decide(sim: &Sim, payment: Payment, typed: &Typed) -> anyhow::Result<Turn> {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let sale = Sale::of(&payment);
    let waiting = at_the_bank(&sale).is_some();
    // Who is at the bank already may finish after the link was closed.
    if !waiting && (!sale.active || used_up(&sale)) {
        return Ok(Turn::Complaint("This link takes no more payments"));
    }
    let used = Used::card(0);
    match field("action") {
        "bank" if waiting && typed.get("password").is_some_and(|p| p == cards::PASSWORD) => {
            Ok(Turn::Changed(captured(sim, payment, used).await?))
        }
        "bank" if waiting => Ok(Turn::Changed(
            failed(sim, payment, used, cards::WRONG_PASSWORD).await?,
        )),
        "leave" if waiting => Ok(Turn::Changed(
            failed(sim, payment, used, cards::LEFT_BANK).await?,
        )),
        _ if waiting => Ok(Turn::Complaint("The bank waits for the password")),
        "wallet" if sale.payment_methods.iter().any(|m| m == "wallet") => {
            Ok(Turn::Changed(captured(sim, payment, Used::WALLET).await?))
        }
        "card" => card(sim, payment, typed).await,
        _ => Ok(Turn::Complaint("Choose how to pay")),
    }
}

async fn card(sim: &Sim, payment: Payment, typed: &Typed) -> anyhow::Result<Turn> {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let Some(at) = cards::find(field("number")) else {
        return Ok(Turn::Complaint(
            "Only the test cards listed below are known here",
        ));
    };
    let (card, used) = (&CARDS[at], Used::card(at));
    if card.address && (field("address").is_empty() || field("country") != "US") {
        return Ok(Turn::Complaint("This card needs an address in the US"));
    }
    let refused = if !expiry_fits(field("expiry")) {
        Some(cards::WRONG_EXPIRY)
    } else if field("cvv") != cards::CVV {
        Some(cards::WRONG_CVV)
    } else {
        card.refused
    };
    Ok(Turn::Changed(match refused {
        Some(why) => failed(sim, payment, used, why).await?,
        None if card.secure => open(sim, payment, used, "confirmation_required").1,
        None => captured(sim, payment, used).await?,
    }))
}

/// Whether the typed expiry is one of the documented ones: `01/28`, `0128`, `01 / 2028`.
fn expiry_fits(typed: &str) -> bool {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let short = match digits.len() {
        4 => format!("{}/{}", &digits[..2], &digits[2..]),
        6 => format!("{}/{}", &digits[..2], &digits[4..]),
        _ => return false,
    };
    cards::EXPIRIES.contains(&short.as_str())
}

async fn draw(sim: &Sim, payment: &Payment, complaint: Option<&str>) -> anyhow::Result<Response> {
    let account = sim.ledger.account(NAME, &payment.account).await?;
    let merchant = Shop::of(account.as_ref()).name;
    let sale = Sale::of(payment);
    let mut inner = format!(
        "<div class=\"sheet\"><p class=\"quiet\">Mamo &middot; {}</p><h1>{}</h1>\
         <p>{}</p><p class=\"amount\">{} {}.{:02}</p><p class=\"quiet\">{}</p>",
        if payment.mode == "test" {
            "sandbox"
        } else {
            "live host, simulated"
        },
        esc(merchant.as_deref().unwrap_or("Test merchant")),
        esc(&sale.title),
        esc(&payment.currency),
        payment.amount / 100,
        payment.amount % 100,
        esc(sale.description.as_deref().unwrap_or_default()),
    );
    let last = sale.tries.last();
    let failed = last
        .filter(|t| t.status == "failed")
        .and_then(|t| t.error_message.as_deref());
    let paid = sale.tries.iter().any(is_captured);
    if let Some(text) = complaint.or(failed.filter(|_| !paid)) {
        let _ = write!(inner, "<p class=\"bad\" role=\"alert\">{}</p>", esc(text));
    }
    if at_the_bank(&sale).is_some() {
        inner.push_str("</div>");
        inner.push_str(BANK);
        return Ok(page("Your bank", &inner));
    }
    if paid && used_up(&sale) {
        inner.push_str("<p class=\"good\">Payment successful</p></div>");
        return Ok(page("Paid", &inner));
    }
    if !sale.active {
        inner.push_str("<p class=\"bad\">This link is not active any more</p></div>");
        return Ok(page("Closed", &inner));
    }
    if last.is_some_and(|t| t.status == "processing") {
        inner.push_str("<p>The payment is being processed</p></div>");
        return Ok(page("Processing", &inner));
    }
    inner.push_str("</div>");
    methods(&mut inner, &sale);
    Ok(page("Pay", &inner))
}

const BANK: &str = "<div class=\"sheet\"><h2>Your bank asks for your password (3DS)</h2>\
    <form method=\"post\" autocomplete=\"off\"><label for=\"password\">Password</label>\
    <input id=\"password\" name=\"password\" type=\"password\" required>\
    <p class=\"quiet\">Test password: <code>Checkout1!</code></p>\
    <button name=\"action\" value=\"bank\">Continue</button></form>\
    <form method=\"post\"><button class=\"other\" name=\"action\" value=\"leave\">\
    Cancel</button></form></div>";

fn methods(inner: &mut String, sale: &Sale) {
    if sale.payment_methods.iter().any(|m| m == "wallet") {
        inner.push_str(
            "<div class=\"sheet\"><form method=\"post\">\
             <button name=\"action\" value=\"wallet\">Apple Pay or Google Pay</button></form></div>",
        );
    }
    inner.push_str(
        "<div class=\"sheet\"><h2>Card</h2><form method=\"post\" autocomplete=\"off\">\
         <label for=\"number\">Card number</label>\
         <input id=\"number\" name=\"number\" inputmode=\"numeric\" required>\
         <div class=\"pair\"><div><label for=\"expiry\">Expiry (MM/YY)</label>\
         <input id=\"expiry\" name=\"expiry\" inputmode=\"numeric\" required></div>\
         <div><label for=\"cvv\">CVV</label>\
         <input id=\"cvv\" name=\"cvv\" inputmode=\"numeric\" required></div></div>\
         <div class=\"pair\"><div><label for=\"address\">Address (cards of the US)</label>\
         <input id=\"address\" name=\"address\"></div>\
         <div><label for=\"country\">Country</label><select id=\"country\" name=\"country\">\
         <option>AE</option><option>GB</option><option>US</option></select></div></div>\
         <button name=\"action\" value=\"card\">Pay by card</button></form>\
         <details><summary>Test cards</summary><table>",
    );
    for card in &CARDS {
        let _ = write!(
            inner,
            "<tr><td><code>{}</code></td><td>{}</td></tr>",
            card.number, card.what
        );
    }
    inner.push_str(
        "</table><p class=\"quiet\">Expiry 01/28, CVV 123, 3DS password Checkout1!</p></details>\
         </div>",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_expiry_fits() {
        for good in ["01/28", "0128", "01 / 2028", "01/27"] {
            assert!(expiry_fits(good), "{good}");
        }
        for bad in ["02/28", "12/40", "", "1/28"] {
            assert!(!expiry_fits(bad), "{bad}");
        }
    }
}
