//! PayMongo's checkout page and the wallet's page as the customer sees them: forms only. A failed
//! card leaves the checkout open; what was typed is gone once it is compared.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::cards::{self, CARDS, Ends};
use super::{
    Deal, Kind, NAME, WALLETS, attempt_failed, authorized, changed, new_id, not_authorized, row_of,
    succeed, webhooks, wire,
};
use crate::simulator::ledger::{Change, Payment};
use crate::simulator::pages::{error_page, esc, page, see, settled, web_address};
use crate::simulator::{Sim, clock};

type Typed = HashMap<String, String>;

pub fn routes() -> Router<Sim> {
    Router::new()
        .route("/checkout/{id}", get(checkout).post(pay))
        .route("/wallet/{id}", get(wallet).post(answer))
}

fn gone() -> Response {
    error_page(StatusCode::NOT_FOUND, "This payment page does not exist")
}

fn sheet(title: &str, text: &str) -> Response {
    let (title, text) = (esc(title), esc(text));
    page(
        &title,
        &format!("<div class=\"sheet\"><h1>{title}</h1><p>{text}</p></div>"),
    )
}

async fn session(sim: &Sim, id: &str) -> anyhow::Result<Option<Payment>> {
    let row = sim.ledger.payment(NAME, id).await?;
    Ok(row.filter(|p| Deal::of(p).kind == Kind::Session))
}

async fn merchant_name(sim: &Sim, row: &Payment) -> anyhow::Result<String> {
    let rows = webhooks::of(sim, &row.account).await?;
    let named = rows.iter().find_map(|r| r.data["name"].as_str());
    Ok(named.unwrap_or("Test merchant").to_owned())
}

async fn checkout(State(sim): State<Sim>, Path(id): Path<String>) -> Response {
    let drawn = async {
        let Some(row) = session(&sim, &id).await? else {
            return Ok(gone());
        };
        Ok(draw(&row, &merchant_name(&sim, &row).await?, None))
    };
    settled(drawn.await)
}

/// Where a form of the checkout leads.
enum Turn {
    Complaint(&'static str),
    Changed(Vec<Change>),
    Left,
}

async fn pay(State(sim): State<Sim>, Path(id): Path<String>, Form(typed): Form<Typed>) -> Response {
    let acted = async {
        let _turn = sim.turn().await;
        let Some(row) = session(&sim, &id).await? else {
            return Ok(gone());
        };
        let deal = Deal::of(&row);
        if deal.paid().is_some() {
            return Ok(after(&deal, &id));
        }
        if deal.expired {
            return Ok(see(&format!("/{NAME}/checkout/{id}")));
        }
        match turn(&sim, row.clone(), &typed).await? {
            Turn::Complaint(text) => {
                let name = merchant_name(&sim, &row).await?;
                Ok(draw(&row, &name, Some(text)))
            }
            Turn::Left => Ok(match deal.cancel_url.as_deref().and_then(web_address) {
                Some(_) => see(deal.cancel_url.as_deref().unwrap_or_default()),
                None => sheet("You left the payment", "Nothing was taken."),
            }),
            Turn::Changed(changes) => {
                sim.commit(changes).await?;
                let row = session(&sim, &id).await?;
                Ok(row.map_or_else(gone, |row| after(&Deal::of(&row), &id)))
            }
        }
    };
    settled(acted.await)
}

/// The success address as the merchant gave it, once paid; else the page again.
fn after(deal: &Deal, id: &str) -> Response {
    let here = format!("/{NAME}/checkout/{id}");
    let back = deal
        .success_url
        .as_deref()
        .filter(|_| deal.paid().is_some());
    see(back.unwrap_or(&here))
}

async fn turn(sim: &Sim, row: Payment, typed: &Typed) -> anyhow::Result<Turn> {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let mut deal = Deal::of(&row);
    Ok(match (field("action"), deal.step) {
        ("cancel", _) => Turn::Left,
        ("card", None) => return card(sim, row, typed).await,
        ("bank", Some(at)) => {
            let ends = match (field("answer"), CARDS[at].ends) {
                ("authorize", Ends::Asks(None)) => None,
                ("authorize", Ends::Asks(Some(code))) => Some(code),
                _ => Some("authentication_error"),
            };
            Turn::Changed(ended(sim, row, at, ends).await?)
        }
        ("other_way", Some(_)) => {
            let mut row = row;
            deal.step = None;
            Turn::Changed(vec![changed(
                sim,
                &mut row,
                "awaiting_payment_method",
                &deal,
            )])
        }
        (action, None) => match action.split_once(':') {
            Some((kind, verdict)) if WALLETS.contains(&kind) => {
                let source = json!({"id": new_id("src"), "type": kind});
                Turn::Changed(if verdict == "authorize" {
                    succeed(sim, row, source).await?
                } else {
                    attempt_failed(sim, row, "generic_decline", source).await?
                })
            }
            _ => Turn::Complaint("Choose how to pay"),
        },
        _ => Turn::Complaint("Answer your bank first"),
    })
}

async fn card(sim: &Sim, mut row: Payment, typed: &Typed) -> anyhow::Result<Turn> {
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
    let cvc = field("cvc");
    if cvc.len() != 3 || !cvc.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Turn::Complaint("The CVC has three digits"));
    }
    Ok(Turn::Changed(match CARDS[at].ends {
        Ends::Paid => ended(sim, row, at, None).await?,
        Ends::Refused(code) => ended(sim, row, at, Some(code)).await?,
        Ends::Asks(_) => {
            let mut deal = Deal::of(&row);
            deal.step = Some(at);
            vec![changed(sim, &mut row, "awaiting_next_action", &deal)]
        }
    }))
}

async fn ended(
    sim: &Sim,
    row: Payment,
    at: usize,
    refused: Option<&str>,
) -> anyhow::Result<Vec<Change>> {
    match refused {
        None => succeed(sim, row, cards::source(at)).await,
        Some(code) => attempt_failed(sim, row, code, cards::source(at)).await,
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

/// The head of both pages.
fn head(row: &Payment, merchant: &str, what: &str) -> String {
    format!(
        "<div class=\"sheet\"><p class=\"quiet\">{} &middot; {}</p><h1>{}</h1>\
         <p class=\"amount\">PHP {}.{:02}</p><p class=\"quiet\">{}<br>Reference {}</p>",
        esc(what),
        if row.mode == "test" {
            "test mode"
        } else {
            "live keys, simulated"
        },
        esc(merchant),
        row.amount / 100,
        row.amount % 100,
        esc(Deal::of(row).description.as_str().unwrap_or_default()),
        esc(&row.reference),
    )
}

fn draw(row: &Payment, merchant: &str, complaint: Option<&str>) -> Response {
    let deal = Deal::of(row);
    let mut inner = head(row, merchant, "PayMongo");
    if deal.paid().is_some() {
        inner.push_str("<p class=\"good\">Payment successful</p></div>");
        return page("Paid", &inner);
    }
    if deal.expired {
        inner.push_str("<p class=\"bad\">This checkout is closed</p></div>");
        return page("Closed", &inner);
    }
    let failed = deal
        .tries
        .last()
        .and_then(|t| t.code.as_deref())
        .map(wire::words);
    if let Some(text) = complaint.or(failed.filter(|_| deal.step.is_none())) {
        let _ = write!(inner, "<p class=\"bad\" role=\"alert\">{}</p>", esc(text));
    }
    inner.push_str("</div>");
    if deal.step.is_some() {
        inner.push_str(
            "<div class=\"sheet\"><h2>Your bank asks: authorize this payment?</h2>\
             <form method=\"post\"><input type=\"hidden\" name=\"action\" value=\"bank\">\
             <button name=\"answer\" value=\"authorize\">Authorize</button>\
             <button class=\"other\" name=\"answer\" value=\"fail\">Fail</button></form>\
             <form method=\"post\"><button class=\"other\" name=\"action\" value=\"other_way\">\
             Pay another way</button></form></div>",
        );
    } else {
        ways(&mut inner, &deal);
    }
    inner.push_str(
        "<form method=\"post\"><button class=\"other\" name=\"action\" value=\"cancel\">\
         Back to the merchant</button></form>",
    );
    page("Pay", &inner)
}

fn ways(inner: &mut String, deal: &Deal) {
    if deal.methods.iter().any(|m| m == "card") {
        inner.push_str(
            "<div class=\"sheet\"><h2>Card</h2><form method=\"post\" autocomplete=\"off\">\
             <label for=\"number\">Card number</label>\
             <input id=\"number\" name=\"number\" inputmode=\"numeric\" required>\
             <div class=\"pair\"><div><label for=\"expiry\">Expiry (MM/YY)</label>\
             <input id=\"expiry\" name=\"expiry\" inputmode=\"numeric\" required></div>\
             <div><label for=\"cvc\">CVC</label>\
             <input id=\"cvc\" name=\"cvc\" inputmode=\"numeric\" required></div></div>\
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
            "</table><p class=\"quiet\">Any expiry in the future, any three-digit CVC.</p>\
             </details></div>",
        );
    }
    for kind in WALLETS
        .iter()
        .filter(|w| deal.methods.iter().any(|m| m == *w))
    {
        let _ = write!(
            inner,
            "<div class=\"sheet\"><h2>{kind}</h2><form method=\"post\">\
             <button name=\"action\" value=\"{kind}:authorize\">Authorize</button>\
             <button class=\"other\" name=\"action\" value=\"{kind}:fail\">Fail</button>\
             </form></div>"
        );
    }
}

/// The row behind a wallet's page.
async fn behind(sim: &Sim, id: &str) -> anyhow::Result<Option<Payment>> {
    let row = row_of(sim, id).await?;
    Ok(row.filter(|p| id.starts_with("src_") && Deal::of(p).kind != Kind::Session))
}

/// Whether the wallet's page still takes an answer. A page of an earlier attach does not.
fn asks(row: &Payment, id: &str) -> bool {
    let deal = Deal::of(row);
    let this_page = deal
        .page
        .as_deref()
        .is_some_and(|p| p.ends_with(&format!("/{id}")));
    this_page && matches!(row.status.as_str(), "awaiting_next_action" | "pending")
}

async fn wallet(State(sim): State<Sim>, Path(id): Path<String>) -> Response {
    let drawn = async {
        let Some(row) = behind(&sim, &id).await? else {
            return Ok(gone());
        };
        if !asks(&row, &id) {
            return Ok(sheet("This page is over", "Go back to the merchant."));
        }
        let wallet = Deal::of(&row).wallet.unwrap_or_default();
        let mut inner = head(&row, &merchant_name(&sim, &row).await?, &wallet);
        inner.push_str(
            "<form method=\"post\"><button name=\"answer\" value=\"authorize\">Authorize</button>\
             <button class=\"other\" name=\"answer\" value=\"fail\">Fail</button></form></div>",
        );
        Ok(page("Authorize", &inner))
    };
    settled(drawn.await)
}

async fn answer(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let acted = async {
        let _turn = sim.turn().await;
        let Some(row) = behind(&sim, &id).await? else {
            return Ok(gone());
        };
        if !asks(&row, &id) {
            return Ok(see(&format!("/{NAME}/wallet/{id}")));
        }
        let deal = Deal::of(&row);
        let yes = typed.get("answer").is_some_and(|a| a == "authorize");
        let changes = if yes {
            authorized(&sim, row.clone()).await?
        } else {
            not_authorized(&sim, row.clone()).await?
        };
        sim.commit(changes).await?;
        // A source has two addresses without parameters, an intent one with its id.
        let back = match deal.kind {
            Kind::Source if yes => deal.success_url,
            Kind::Source => deal.cancel_url,
            _ => deal
                .success_url
                .as_deref()
                .and_then(web_address)
                .map(|mut address| {
                    address
                        .query_pairs_mut()
                        .append_pair("payment_intent_id", &row.id);
                    address.into()
                }),
        };
        Ok(back.map_or_else(gone, |back| see(&back)))
    };
    settled(acted.await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_this_month_or_later() {
        let now = 1_767_605_349_000; // 2026-01-05
        assert!(in_future("01/26", now) && in_future("12 / 2030", now));
        assert!(!in_future("12/25", now) && !in_future("13/30", now) && !in_future("", now));
    }
}
