//! Plans: made, changed, taken off sale, sold to a customer, renewed.
#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]
use super::{CHANGED, Next, answer, enter, form_key as key_of, given};
use crate::domain::ids::{EntitlementId, Id, PlanId};
use crate::domain::order::Customer;
use crate::domain::role::Permission;
use crate::services::plans::{self, NewPlan, PlanChange, PlanError};
use crate::services::purchases::{self, NewPurchase, PurchaseError, Replaces};
use crate::services::{InputProblem, StoreError, checkout};
use crate::web::admin::auth::{Me, Refusal};
use crate::web::admin::parts::money_text;
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

/// Whole days as a person types them.
fn days(field: &'static str, text: &str) -> Result<i64, InputProblem> {
    let plain = checkout::latin_digits(text.trim());
    plain
        .parse()
        .map_err(|_| InputProblem::new(field, "days_invalid", "write a whole number of days"))
}

/// Several numbers with commas or spaces between them; none is fine.
fn many_days(field: &'static str, text: &str) -> Result<Vec<i64>, InputProblem> {
    text.split([',', ';', ' ', '\u{60c}'])
        .filter(|part| !part.trim().is_empty())
        .map(|part| days(field, part))
        .collect()
}

fn typed(form: &str, values: &[(&str, &str)]) -> Flash {
    values
        .iter()
        .fold(Flash::new(form), |f, (name, value)| f.value(name, value))
}

/// Makes a plan.
#[server(prefix = "/do", endpoint = "admin/plans/create")]
pub async fn admin_create_plan(
    tenant: String,
    #[server(default)] name: String,
    #[server(default)] description: String,
    #[server(default)] price: String,
    #[server(default)] currency: String,
    #[server(default)] duration_days: String,
    #[server(default)] grace_days: String,
    #[server(default)] remind_days: String,
    #[server(default)] test: String,
    #[server(default)] form_key: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManagePlans).await?;
        let flash = typed(
            "plans/new",
            &[
                ("name", &name),
                ("description", &description),
                ("price", &price),
                ("currency", &currency),
                ("duration_days", &duration_days),
                ("grace_days", &grace_days),
                ("remind_days", &remind_days),
                ("test", &test),
            ],
        );
        let made = async {
            let new = NewPlan {
                livemode: test != "1",
                name,
                description,
                price: super::amount("price", &price, &currency)?,
                duration_days: days("duration_days", &duration_days)?,
                grace_days: Some(days("grace_days", &grace_days)?),
                remind_days: Some(many_days("remind_days", &remind_days)?),
                active: true,
                form_key: key_of(&form_key),
            };
            plans::create(&me.app, &me.member.tenant, &me.actor(), new).await
        };
        match made.await {
            Ok(plan) => {
                let words = "The plan is made. Sell it by a link.";
                Ok(Next::done(me.url(&format!("/plans/{}", plan.id)), words))
            }
            Err(PlanError::Input(p)) => {
                let flash = told::refused(flash, p.field, &told::input(&p));
                Ok(Next::with(me.url("/plans/new"), flash))
            }
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

fn plan_id(text: &str) -> Result<PlanId, Refusal> {
    PlanId::parse(text).ok_or(Refusal::NotFound)
}

/// Changes a plan for later purchases.
#[server(prefix = "/do", endpoint = "admin/plans/save")]
pub async fn admin_save_plan(
    tenant: String,
    plan: String,
    #[server(default)] name: String,
    #[server(default)] description: String,
    #[server(default)] price: String,
    #[server(default)] duration_days: String,
    #[server(default)] grace_days: String,
    #[server(default)] remind_days: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManagePlans).await?;
        let id = plan_id(&plan)?;
        let path = me.url(&format!("/plans/{id}"));
        let form = me.url(&format!("/plans/{id}/edit"));
        let flash = typed(
            "plans/save",
            &[
                ("name", &name),
                ("description", &description),
                ("price", &price),
                ("duration_days", &duration_days),
                ("grace_days", &grace_days),
                ("remind_days", &remind_days),
            ],
        );
        let tenant = &me.member.tenant.id;
        let known = plans::get(&me.app, tenant, &id)
            .await?
            .ok_or(Refusal::NotFound)?;
        let done = async {
            let code = known.price.currency.code();
            let change = PlanChange {
                name: Some(name),
                description: Some(description),
                price_minor: Some(super::amount("price", &price, code)?.minor),
                duration_days: Some(days("duration_days", &duration_days)?),
                grace_days: Some(days("grace_days", &grace_days)?),
                remind_days: Some(many_days("remind_days", &remind_days)?),
                active: None,
            };
            plans::change(&me.app, tenant, &me.actor(), &id, change).await
        };
        match done.await {
            Ok(_) => Ok(Next::done(path, "Saved. It counts for later purchases.")),
            Err(PlanError::Input(p)) => {
                let flash = told::refused(flash, p.field, &told::input(&p));
                Ok(Next::with(form, flash))
            }
            Err(PlanError::Store(StoreError::Stale)) => {
                Ok(Next::with(form, told::refused(flash, "", CHANGED)))
            }
            Err(PlanError::NotFound) => Err(Refusal::NotFound),
            Err(e @ PlanError::Store(_)) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Takes a plan off sale, or puts it back.
#[server(prefix = "/do", endpoint = "admin/plans/sale")]
pub async fn admin_sell_plan_or_not(
    tenant: String,
    plan: String,
    active: bool,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManagePlans).await?;
        let id = plan_id(&plan)?;
        let path = me.url(&format!("/plans/{id}"));
        let change = PlanChange {
            active: Some(active),
            ..PlanChange::default()
        };
        let tenant = &me.member.tenant.id;
        match plans::change(&me.app, tenant, &me.actor(), &id, change).await {
            Ok(_) if active => Ok(Next::done(path, "It is on sale.")),
            Ok(_) => Ok(Next::done(
                path,
                "It is off sale. What runs goes on; links that are out still count when paid.",
            )),
            Err(PlanError::NotFound) => Err(Refusal::NotFound),
            Err(PlanError::Store(StoreError::Stale)) => Ok(Next::fault(path, CHANGED)),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// What a person reads where a purchase was refused.
fn refusal(e: &PurchaseError) -> Option<String> {
    match e {
        PurchaseError::NotOnSale => Some("The plan is not on sale.".to_owned()),
        PurchaseError::CreditCoversPrice { credit, price } => Some(format!(
            "The rest of the running plan is worth {}, which covers the price of {}. Sell it when \
             less is left, or let it run beside.",
            money_text(*credit),
            money_text(*price),
        )),
        PurchaseError::NoPrompt(words) => Some(told::sentence(words)),
        PurchaseError::Start(e) => Some(told::sentence(&e.to_string())),
        PurchaseError::Input(p) => Some(told::input(p)),
        PurchaseError::Store(StoreError::Stale) => Some(CHANGED.to_owned()),
        PurchaseError::NotFound | PurchaseError::Order(_) | PurchaseError::Store(_) => None,
    }
}

/// The form's name of a service's field.
fn field_of(p: &InputProblem) -> &'static str {
    match p.field {
        "customer.external_id" => "external_id",
        "customer.name" => "customer_name",
        "customer.email" => "customer_email",
        "customer.phone" => "customer_phone",
        other => other,
    }
}

/// Makes the order and the link on which a customer buys a plan.
#[server(prefix = "/do", endpoint = "admin/plans/sell")]
pub async fn admin_sell_plan(
    tenant: String,
    plan: String,
    #[server(default)] external_id: String,
    #[server(default)] customer_name: String,
    #[server(default)] customer_phone: String,
    #[server(default)] customer_email: String,
    #[server(default)] replaces: String,
    #[server(default)] form_key: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let id = plan_id(&plan)?;
        let path = me.url(&format!("/plans/{id}"));
        let flash = typed(
            "plans/sell",
            &[
                ("external_id", &external_id),
                ("customer_name", &customer_name),
                ("customer_phone", &customer_phone),
                ("customer_email", &customer_email),
                ("replaces", &replaces),
            ],
        );
        let new = NewPurchase {
            customer: Customer {
                external_id: given(&external_id),
                name: given(&customer_name),
                email: given(&customer_email),
                phone: given(&customer_phone),
            },
            replaces: if replaces == "none" {
                Replaces::Nothing
            } else {
                Replaces::Running
            },
            form_key: key_of(&form_key),
            ..NewPurchase::default()
        };
        let shop = &me.member.tenant;
        match purchases::purchase(&me.app, shop, &me.actor(), &id, new).await {
            Ok(order) => Ok(Next::to(me.url(&format!("/orders/{}?made=1", order.id)))),
            Err(PurchaseError::NotFound) => Err(Refusal::NotFound),
            Err(e) => {
                let field = match &e {
                    PurchaseError::Input(p) => field_of(p),
                    _ => "",
                };
                let Some(words) = refusal(&e) else {
                    return Err(Refusal::broken(e));
                };
                Ok(Next::with(path, told::refused(flash, field, &words)))
            }
        }
    })
    .await
}

/// The customer's page of an entitlement of this shop.
async fn holder(me: &Me, text: &str) -> Result<(EntitlementId, String), Refusal> {
    let id = EntitlementId::parse(text).ok_or(Refusal::NotFound)?;
    let found = crate::services::entitlements::get(&me.app, &me.member.tenant.id, &id).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    let path = me.url(&format!("/customers/{}", found.customer_id));
    Ok((id, path))
}

/// Makes the link that renews an entitlement, or finds the one that was made.
#[server(prefix = "/do", endpoint = "admin/entitlements/renew")]
pub async fn admin_renew_entitlement(
    tenant: String,
    entitlement: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let (id, path) = holder(&me, &entitlement).await?;
        match purchases::renewal(&me.app, &me.member.tenant.id, &me.actor(), &id).await {
            Ok((order, _)) => Ok(Next::to(me.url(&format!("/orders/{}?made=1", order.id)))),
            Err(PurchaseError::NotFound) => Err(Refusal::NotFound),
            Err(e) => match refusal(&e) {
                Some(words) => Ok(Next::fault(path, &words)),
                None => Err(Refusal::broken(e)),
            },
        }
    })
    .await
}

/// Sends the customer's phone a prompt for the renewal.
#[server(prefix = "/do", endpoint = "admin/entitlements/prompt")]
pub async fn admin_prompt_entitlement(
    tenant: String,
    entitlement: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let (id, path) = holder(&me, &entitlement).await?;
        match purchases::prompt_renewal(&me.app, &me.member.tenant, &me.actor(), &id).await {
            Ok(payment) => Ok(Next::done(
                me.url(&format!("/payments/{}", payment.id)),
                "The prompt is on its way. The plan is renewed when the customer confirms it.",
            )),
            Err(PurchaseError::NotFound) => Err(Refusal::NotFound),
            Err(e) => match refusal(&e) {
                Some(words) => Ok(Next::fault(path, &words)),
                None => Err(Refusal::broken(e)),
            },
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        assert_eq!(days("d", " 30 "), Ok(30));
        assert_eq!(days("d", "\u{663}\u{660}"), Ok(30));
        assert!(days("d", "a month").is_err());
        assert_eq!(many_days("d", "7, 1"), Ok(vec![7, 1]));
        assert_eq!(many_days("d", ""), Ok(vec![]));
        assert_eq!(many_days("d", "7 x").unwrap_err().field, "d");
    }
}
