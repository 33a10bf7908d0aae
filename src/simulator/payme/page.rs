//! The customer's page, of a link (`/payme/{base64}`) or a receipt (`/payme/{id}`): a card of the
//! sandbox, its SMS code, and the way back. What is typed is compared and forgotten.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::json;

use super::cards::{self, CARDS, CODE, Does};
use super::{
    NAME, Plan, Sale, UZS, accounts_of, attempt, declined, mode_of, new_id, refusal, saved,
    subscribe,
};
use crate::simulator::Sim;
use crate::simulator::ledger::{Account, Change, Payment};
use crate::simulator::pages::{error_page, esc, living_page, page, see, settled, web_address};

type Typed = BTreeMap<String, String>;

/// What a link says.
struct Link {
    merchant: String,
    fields: BTreeMap<String, String>,
    amount: i64,
    language: String,
    back: Option<String>,
}

/// Reads a link: `key=value` pairs set apart by `;`, in base64.
fn read(code: &str) -> Result<Link, String> {
    let engine = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let bytes = engine.decode(code).map_err(|_| "the link is not base64")?;
    let text = String::from_utf8(bytes).map_err(|_| "the link is not text")?;
    let mut pairs = BTreeMap::new();
    for part in text.split(';').filter(|p| !p.is_empty()) {
        let (key, value) = part.split_once('=').ok_or("-31610: a part has no value")?;
        pairs.insert(key.to_owned(), value.to_owned());
    }
    let merchant = pairs.remove("m").unwrap_or_default();
    if merchant.is_empty() || merchant.contains("invalid") {
        return Err("-31601: the merchant was not found".into());
    }
    let amount = pairs.remove("a").and_then(|a| a.parse::<i64>().ok());
    let amount = amount
        .filter(|a| *a > 0)
        .ok_or("-31610: the amount is wrong")?;
    if pairs
        .remove("cr")
        .is_some_and(|c| !matches!(c.as_str(), "UZS" | "860"))
    {
        return Err("-31610: the currency is wrong".into());
    }
    let language = pairs.remove("l").unwrap_or_else(|| "ru".into());
    if !["ru", "uz", "en"].contains(&language.as_str()) {
        return Err("-31610: the language is wrong".into());
    }
    let back = pairs.remove("c").filter(|c| web_address(c).is_some());
    let fields: BTreeMap<_, _> = pairs
        .into_iter()
        .filter_map(|(k, v)| Some((k.strip_prefix("ac.")?.to_owned(), v)))
        .collect();
    if fields.is_empty() {
        return Err("-31610: there is no account value".into());
    }
    Ok(Link {
        merchant,
        fields,
        amount,
        language,
        back,
    })
}

/// The payment of a link, made when it is first opened. The caller holds the turn.
pub async fn open(sim: &Sim, code: &str) -> anyhow::Result<Result<Payment, String>> {
    if let Some(known) = sim.ledger.object(NAME, "link", code).await? {
        let id = known.as_str().unwrap_or_default();
        if let Some(payment) = sim.ledger.payment(NAME, id).await? {
            return Ok(Ok(payment));
        }
    }
    let link = match read(code) {
        Ok(link) => link,
        Err(why) => return Ok(Err(why)),
    };
    let known = accounts_of(sim, &link.merchant).await?.into_iter();
    let fits = |a: &Account| {
        let field = a.data["account_field"].as_str();
        field.is_none_or(|field| link.fields.contains_key(field))
    };
    // One that Payme can call before one that it knows by its key alone.
    let account = known.filter(fits).max_by_key(|a| a.hook_url.is_some());
    let account = account.unwrap_or_else(|| Account {
        provider: NAME.into(),
        id: link.merchant.clone(),
        hook_url: None,
        data: json!({}),
    });
    let now = sim.clock.now();
    let reference = link.fields.values().next().cloned().unwrap_or_default();
    let sale = Sale {
        fields: link.fields,
        language: link.language,
        back: link.back,
        ..Sale::default()
    };
    let payment = Payment {
        provider: NAME.into(),
        id: new_id(),
        account: account.id.clone(),
        mode: mode_of(&account).into(),
        reference,
        amount: link.amount,
        currency: UZS.into(),
        status: "created".into(),
        receipt: None,
        refunded: 0,
        attempts: 0,
        phone: None,
        data: sale.into_value(),
        created_at: now,
        updated_at: now,
    };
    let object = Change::Object {
        provider: NAME.into(),
        kind: "link".into(),
        id: code.into(),
        data: json!(payment.id),
    };
    sim.ledger
        .commit(vec![Change::Payment(payment.clone()), object])
        .await?;
    Ok(Ok(payment))
}

/// A receipt's id, or else a link.
async fn find(sim: &Sim, code: &str) -> anyhow::Result<Result<Payment, String>> {
    if let Some(payment) = sim.ledger.payment(NAME, code).await? {
        return Ok(if Sale::of(&payment).is_receipt {
            Ok(payment)
        } else {
            Err("the receipt was not found".into())
        });
    }
    open(sim, code).await
}

fn gone(why: &str) -> Response {
    error_page(StatusCode::NOT_FOUND, &format!("Payme: {why}"))
}

pub async fn show(State(sim): State<Sim>, Path(code): Path<String>) -> Response {
    let shown = async {
        let _turn = sim.turn().await;
        Ok(match find(&sim, &code).await? {
            Ok(payment) => draw(&payment, None),
            Err(why) => gone(&why),
        })
    };
    settled(shown.await)
}

/// What a form came to.
enum Turn {
    /// Shown on the same page; nothing has changed.
    Complaint(String),
    Changed(Vec<Change>),
    /// The customer leaves.
    Left(Vec<Change>),
}

pub async fn act(
    State(sim): State<Sim>,
    Path(code): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let acted = async {
        let (id, left) = {
            let _turn = sim.turn().await;
            let payment = match find(&sim, &code).await? {
                Ok(payment) => payment,
                Err(why) => return Ok(gone(&why)),
            };
            let id = payment.id.clone();
            match decide(&sim, payment.clone(), &typed).await? {
                Turn::Complaint(text) => return Ok(draw(&payment, Some(&text))),
                Turn::Changed(changes) => {
                    sim.commit(changes).await?;
                    (id, false)
                }
                Turn::Left(changes) => {
                    sim.commit(changes).await?;
                    (id, true)
                }
            }
        };
        // The merchant is called now, so that the customer sees what came of it.
        sim.run_until(sim.clock.now()).await?;
        let after = sim.ledger.payment(NAME, &id).await?;
        let back = after.as_ref().and_then(|p| back(p, left));
        Ok(match back {
            Some(back) => Redirect::to(&back).into_response(),
            None => see(&format!("/{NAME}/{code}")),
        })
    };
    settled(acted.await)
}

/// Where the browser goes once it is paid, or the customer left. The address may name the
/// transaction and the account's values.
fn back(payment: &Payment, left: bool) -> Option<String> {
    let sale = Sale::of(payment);
    let mut address = sale.back.clone().filter(|_| left || sale.state == 4)?;
    let transaction = sale.transaction.map(|t| t.id).unwrap_or_default();
    address = address.replace(":transaction", &transaction);
    for (name, value) in &sale.fields {
        address = address.replace(&format!(":account.{name}"), value);
    }
    web_address(&address).map(|_| address)
}

async fn decide(sim: &Sim, payment: Payment, typed: &Typed) -> anyhow::Result<Turn> {
    let field = |name: &str| typed.get(name).map_or("", |v| v.trim());
    let complaint = |text: &str| Ok(Turn::Complaint(text.to_owned()));
    let mut sale = Sale::of(&payment);
    if sale.is_busy() || sale.is_held() || matches!(sale.state, 4 | 21 | 50) {
        return complaint("This payment is under way or over");
    }
    match field("action") {
        "card" => {
            let Some(at) = cards::find(field("number")) else {
                return complaint("Only the test cards listed below are known here");
            };
            if !cards::expiry_fits(field("expire")) {
                return complaint("The test cards expire 03/99");
            }
            if let Does::Refused(code, why) = CARDS[at].does {
                let error = refusal(code, why);
                return Ok(Turn::Changed(declined(sim, payment, sale, error)));
            }
            sale.card = Some(at);
            Ok(Turn::Changed(vec![saved(sim, payment, "code_asked", sale)]))
        }
        "code" => {
            let Some(at) = sale.card else {
                return complaint("Type the card first");
            };
            if field("answer") != CODE {
                return complaint("The code is wrong");
            }
            let plan = match CARDS[at].does {
                Does::Fails { reason, after_ms } => Plan::Refuse { reason, after_ms },
                Does::Pays | Does::Refused(..) => Plan::Pay,
            };
            Ok(match attempt(sim, payment, plan).await? {
                Ok(changes) => Turn::Changed(changes),
                Err(why) => Turn::Complaint(why),
            })
        }
        "cancel" if sale.is_receipt => Ok(Turn::Changed(subscribe::cancelled(sim, payment, sale))),
        "cancel" => {
            sale.card = None;
            Ok(Turn::Left(vec![saved(sim, payment, "cancelled", sale)]))
        }
        _ => complaint("Choose how to pay"),
    }
}

fn draw(payment: &Payment, complaint: Option<&str>) -> Response {
    let sale = Sale::of(payment);
    let mut inner = format!(
        "<div class=\"sheet\"><p class=\"quiet\">Payme &middot; {}</p><h1>{}</h1>\
         <p class=\"amount\">UZS {}.{:02}</p><p class=\"quiet\">",
        if payment.mode == "test" {
            "test"
        } else {
            "live keys, simulated"
        },
        esc(if sale.description.is_empty() {
            "Payment"
        } else {
            &sale.description
        }),
        payment.amount / 100,
        payment.amount % 100,
    );
    for (name, value) in &sale.fields {
        let _ = write!(inner, "{}: {}<br>", esc(name), esc(value));
    }
    inner.push_str("</p>");
    let over = match sale.state {
        4 => Some("<p class=\"good\">Paid</p>"),
        21 => Some("<p class=\"good\">Paid; waits to be cancelled</p>"),
        50 => Some("<p class=\"bad\">Cancelled</p>"),
        _ => None,
    };
    if let Some(over) = over {
        inner.push_str(over);
        if let Some(back) = back(payment, true) {
            let _ = write!(
                inner,
                "<p><a href=\"{}\">Back to the shop</a></p>",
                esc(&back)
            );
        }
        inner.push_str("</div>");
        return page("Payme", &inner);
    }
    if sale.is_busy() || sale.is_held() {
        inner.push_str("<p>The merchant is being asked\u{2026}</p></div>");
        return living_page("Payme", &inner, 2);
    }
    let error = sale.error["message"]["en"]
        .as_str()
        .or_else(|| sale.error["message"].as_str());
    if let Some(text) = complaint.or(error) {
        let _ = write!(inner, "<p class=\"bad\" role=\"alert\">{}</p>", esc(text));
    }
    inner.push_str("</div>");
    inner.push_str(if sale.card.is_some() {
        "<div class=\"sheet\"><form method=\"post\">\
         <label for=\"answer\">Code from the SMS</label>\
         <input id=\"answer\" name=\"answer\" inputmode=\"numeric\" autocomplete=\"off\" required>\
         <p class=\"quiet\">Test code 666666</p>\
         <button name=\"action\" value=\"code\">Pay</button></form></div>"
    } else {
        "<div class=\"sheet\"><h2>Uzcard or HUMO</h2><form method=\"post\" autocomplete=\"off\">\
         <label for=\"number\">Card number</label>\
         <input id=\"number\" name=\"number\" inputmode=\"numeric\" required>\
         <label for=\"expire\">Expiry (MM/YY)</label>\
         <input id=\"expire\" name=\"expire\" inputmode=\"numeric\" required>\
         <button name=\"action\" value=\"card\">Get the code</button></form>"
    });
    if sale.card.is_none() {
        inner.push_str("<details><summary>Test cards</summary><table>");
        for card in &CARDS {
            let _ = write!(
                inner,
                "<tr><td><code>{}</code></td><td>{}</td></tr>",
                card.number, card.what
            );
        }
        inner.push_str("</table><p class=\"quiet\">Expiry 03/99, code 666666.</p></details></div>");
    }
    inner.push_str(
        "<form method=\"post\"><button class=\"other\" name=\"action\" value=\"cancel\">\
         Cancel</button></form>",
    );
    page("Payme", &inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_as_the_documentation_writes_it() {
        let link =
            read("bT01ODdmNzJjNzJjYWMwZDE2MmM3MjJhZTI7YWMub3JkZXJfaWQ9MTk3O2E9NTAw").unwrap();
        assert_eq!(link.merchant, "587f72c72cac0d162c722ae2");
        assert_eq!(link.fields["order_id"], "197");
        assert_eq!((link.amount, link.language.as_str()), (500, "ru"));
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        for bad in [
            "m=1;ac.order_id=197",
            "m=1;ac.order_id=197;a=5.5",
            "m=1;ac.order_id=197;a=0",
            "m=1;a=500",
            "ac.order_id=197;a=500",
            "m=1;ac.order_id=197;a=500;l=fr",
            "m=1;ac.order_id=197;a=500;cr=USD",
            "m=invalid;ac.order_id=197;a=500",
            "m",
        ] {
            assert!(read(&encode(bad)).is_err(), "{bad}");
        }
        assert!(read("***").is_err());
    }
}
