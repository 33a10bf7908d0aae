//! The payer's phone: open prompts to approve or reject. Who wants to decide without hurry
//! switches the answers by themselves off.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::extract::{Form, State};
use axum::response::Response;

use super::{NAME, checks, collections, merchant};
use crate::simulator::Sim;
use crate::simulator::ledger::Payment;
use crate::simulator::pages::{esc, living_page, see, settled};

/// The setting that leaves prompts to a person.
pub const BY_PERSON: &str = "mtn_momo_by_person";
const HOME: &str = "/mtn_momo/phone";

pub async fn show(State(sim): State<Sim>) -> Response {
    settled(drawn(&sim).await)
}

async fn drawn(sim: &Sim) -> anyhow::Result<Response> {
    let open = sim.ledger.payments_with_status(NAME, "open").await?;
    let mut inner = String::from("<h1>The payer's phone (MTN MoMo)</h1>");
    for payment in &open {
        let account = merchant(sim, &payment.account).await?;
        let name = account.and_then(|a| a.data["name"].as_str().map(str::to_owned));
        prompt(
            &mut inner,
            payment,
            name.as_deref().unwrap_or(&payment.account),
        );
    }
    if open.is_empty() {
        inner.push_str(
            "<div class=\"sheet\"><p>No open prompt. This page looks again by itself.</p></div>",
        );
    }
    let by_person = sim.ledger.setting(BY_PERSON).await? == Some(1);
    let (now, button, value) = if by_person {
        (
            "Prompts wait five minutes for you.",
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
         name=\"outcome\" value=\"{value}\">{button}</button></form></div>"
    );
    last_ones(sim, &mut inner).await?;
    Ok(living_page("Phone", &inner, 2))
}

fn amount(payment: &Payment) -> String {
    let written = checks::written(payment.amount, &payment.currency);
    format!("{} {written}", payment.currency)
}

fn prompt(inner: &mut String, payment: &Payment, merchant: &str) {
    let _ = write!(
        inner,
        "<div class=\"sheet\"><p class=\"quiet\">{} ({})</p><p>Do you approve the payment of</p>\
         <p class=\"amount\">{}</p><p>to {}: {}?</p><form method=\"post\">\
         <input type=\"hidden\" name=\"id\" value=\"{}\">\
         <button name=\"outcome\" value=\"paid\">Enter PIN</button>\
         <button class=\"other\" name=\"outcome\" value=\"cancelled\">Reject</button>\
         <button class=\"other\" name=\"outcome\" value=\"insufficient_funds\">Too little money\
         </button><button class=\"other\" name=\"outcome\" value=\"ignored\">Ignore</button>\
         </form></div>",
        esc(payment.phone.as_deref().unwrap_or_default()),
        esc(payment.data["environment"].as_str().unwrap_or_default()),
        esc(&amount(payment)),
        esc(merchant),
        esc(payment.data["payer_message"].as_str().unwrap_or_default()),
        esc(&payment.id),
    );
}

async fn last_ones(sim: &Sim, inner: &mut String) -> anyhow::Result<()> {
    inner.push_str("<div class=\"sheet\"><h2>Last payments</h2><table>");
    let paid = sim.ledger.payments_with_status(NAME, "paid").await?;
    for payment in paid.iter().take(5) {
        let _ = write!(
            inner,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            esc(payment.receipt.as_deref().unwrap_or_default()),
            esc(&amount(payment)),
            esc(&payment.reference),
        );
    }
    inner.push_str("</table></div>");
    Ok(())
}

pub async fn act(State(sim): State<Sim>, Form(typed): Form<HashMap<String, String>>) -> Response {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let acted = async {
        let _turn = sim.turn().await;
        if let choice @ ("by_me" | "by_itself") = field("outcome") {
            let by_me = i64::from(choice == "by_me");
            sim.ledger.set(BY_PERSON, by_me).await?;
            return Ok(see(HOME));
        }
        let found = sim.ledger.payment(NAME, field("id")).await?;
        if let Some(payment) = found.filter(|p| p.status == "open")
            && let Ok(changes) = collections::decide(&sim, payment, field("outcome")).await?
        {
            sim.commit(changes).await?;
        }
        Ok(see(HOME))
    };
    settled(acted.await)
}
