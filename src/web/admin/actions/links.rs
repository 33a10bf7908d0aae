//! Links that many can pay on: made, switched off and on.
#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]
use super::{CHANGED, Next, answer, enter, form_key as key_of, given};
use crate::domain::Timestamp;
use crate::domain::ids::{Id, LinkId};
use crate::domain::link::Ask;
use crate::domain::role::Permission;
use crate::services::links::{self, LinkError, NewLink};
use crate::services::{InputProblem, StoreError, checkout};
use crate::web::admin::auth::Refusal;
use crate::web::admin::parts::Zone;
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

/// One amount, or the two that the customer chooses between.
fn ask(amount: &str, least: &str, most: &str, currency: &str) -> Result<Ask, InputProblem> {
    match (given(amount), given(least), given(most)) {
        (Some(amount), None, None) => Ok(Ask::Fixed(super::amount("amount", &amount, currency)?)),
        (None, Some(least), Some(most)) => Ok(Ask::Chosen {
            least: super::amount("least", &least, currency)?,
            most: super::amount("most", &most, currency)?,
        }),
        (None, None, None) => {
            let words = "write an amount, or the lowest and the highest that may be chosen";
            Err(InputProblem::new("amount", "required", words))
        }
        (None, None, Some(_)) => Err(InputProblem::new(
            "least",
            "required",
            "write the lowest amount, too",
        )),
        (None, Some(_), None) => Err(InputProblem::new(
            "most",
            "required",
            "write the highest amount, too",
        )),
        (Some(_), _, _) => {
            let words = "write either one amount or a lowest and a highest, not both";
            Err(InputProblem::new("amount", "amount_invalid", words))
        }
    }
}

fn cap(text: &str) -> Result<Option<i64>, InputProblem> {
    let Some(text) = given(text) else {
        return Ok(None);
    };
    let plain = checkout::latin_digits(&text);
    let cap = plain.parse().map_err(|_| {
        let words = "write a whole number, or leave it empty";
        InputProblem::new("cap", "cap_invalid", words)
    })?;
    Ok(Some(cap))
}

/// The end of the day that was chosen.
fn end(zone: &Zone, text: &str) -> Result<Option<Timestamp>, InputProblem> {
    let Some(text) = given(text) else {
        return Ok(None);
    };
    let end = zone.parse_day_end(&text).ok_or_else(|| {
        let words = "write a day such as 2026-12-31, or leave it empty";
        InputProblem::new("ends_at", "ends_at_invalid", words)
    })?;
    Ok(Some(end))
}

/// Makes a link.
#[server(prefix = "/do", endpoint = "admin/links/create")]
pub async fn admin_create_link(
    tenant: String,
    #[server(default)] title: String,
    #[server(default)] description: String,
    #[server(default)] amount: String,
    #[server(default)] least: String,
    #[server(default)] most: String,
    #[server(default)] currency: String,
    #[server(default)] cap: String,
    #[server(default)] ends_at: String,
    #[server(default)] providers: Vec<String>,
    #[server(default)] offered: String,
    #[server(default)] test: String,
    #[server(default)] form_key: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let flash = [
            ("title", &title),
            ("description", &description),
            ("amount", &amount),
            ("least", &least),
            ("most", &most),
            ("currency", &currency),
            ("cap", &cap),
            ("ends_at", &ends_at),
            ("providers", &providers.join(",")),
            ("test", &test),
        ]
        .into_iter()
        .fold(Flash::new("links/new"), |f, (name, value)| {
            f.value(name, value)
        });
        let shop = &me.member.tenant;
        let zone = Zone::new(&shop.timezone, me.app.clock.now());
        let made = async {
            if offered == "1" && providers.is_empty() {
                let words = "leave at least one way to pay";
                return Err(InputProblem::new("providers", "providers_empty", words).into());
            }
            let new = NewLink {
                livemode: test != "1",
                title,
                description,
                ask: ask(&amount, &least, &most, &currency)?,
                cap: self::cap(&cap)?,
                ends_at: end(&zone, &ends_at)?,
                providers,
                form_key: key_of(&form_key),
            };
            links::create(&me.app, shop, &me.actor(), new).await
        };
        match made.await {
            Ok(link) => Ok(Next::to(me.url(&format!("/links/{}?made=1", link.id)))),
            Err(LinkError::Input(p)) => {
                let field = if p.field == "currency" {
                    "amount"
                } else {
                    p.field
                };
                let flash = told::refused(flash, field, &told::input(&p));
                Ok(Next::with(me.url("/links/new"), flash))
            }
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Switches a link off, or on again.
#[server(prefix = "/do", endpoint = "admin/links/switch")]
pub async fn admin_switch_link(
    tenant: String,
    link: String,
    active: bool,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let id = LinkId::parse(&link).ok_or(Refusal::NotFound)?;
        let path = me.url(&format!("/links/{id}"));
        let tenant = &me.member.tenant.id;
        match links::switch(&me.app, tenant, &me.actor(), &id, active).await {
            Ok(()) if active => Ok(Next::done(path, "The link takes payments again.")),
            Ok(()) => Ok(Next::done(
                path,
                "Switched off. Nobody can begin to pay on it; who has begun can still pay.",
            )),
            Err(LinkError::NotFound) => Err(Refusal::NotFound),
            Err(LinkError::Store(StoreError::Stale)) => Ok(Next::fault(path, CHANGED)),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_asks_for_one_amount_or_for_two_bounds() {
        let field = |amount, least, most| ask(amount, least, most, "KES").map_err(|p| p.field);
        assert!(matches!(field("1,500", "", ""), Ok(Ask::Fixed(m)) if m.minor == 150_000));
        assert!(matches!(field("", "100", "200"), Ok(Ask::Chosen { .. })));
        assert_eq!(field("", "", ""), Err("amount"));
        assert_eq!(field("5", "1", "2"), Err("amount"));
        assert_eq!(field("", "1", ""), Err("most"));
        assert_eq!(field("", "", "2"), Err("least"));
        assert_eq!(cap(" \u{665} "), Ok(Some(5)));
        assert!(cap("five").is_err());
    }
}
