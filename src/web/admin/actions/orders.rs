//! Orders, payments and refunds that begin on their pages.
#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]
use super::{CHANGED, Next, answer, enter, form_key as key_of, given};
use crate::domain::ids::{Id, OrderId, PaymentId};
use crate::domain::order::{Customer, OrderKind};
use crate::domain::payment::PaymentStatus;
use crate::domain::refund::RefundStatus;
use crate::domain::role::Permission;
use crate::services::orders::{self as order_service, NewOrder, OrderError};
use crate::services::parts::{Deposit, Every, Terms};
use crate::services::payments::{self as payment_service, Decision, PaymentError};
use crate::services::refunds::{self as refund_service, RefundError, RefundInput};
use crate::services::{InputProblem, StoreError, reminders};
use crate::web::admin::auth::{Me, Refusal};
use crate::web::admin::parts::{Zone, money_text};
use crate::web::admin::sentences;
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

/// Makes an order and its payment link.
#[server(prefix = "/do", endpoint = "admin/orders/create")]
pub async fn admin_create_order(
    tenant: String,
    #[server(default)] description: String,
    #[server(default)] amount: String,
    #[server(default)] currency: String,
    #[server(default)] reference: String,
    #[server(default)] kind: String,
    #[server(default)] customer_name: String,
    #[server(default)] customer_phone: String,
    #[server(default)] customer_email: String,
    #[server(default)] expires_in: String,
    #[server(default)] terms: String,
    #[server(default)] deposit: String,
    #[server(default)] rest_due: String,
    #[server(default)] instalments: String,
    #[server(default)] every: String,
    #[server(default)] reminders: String,
    #[server(default)] providers: Vec<String>,
    #[server(default)] offered: String,
    #[server(default)] test: String,
    #[server(default)] form_key: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let flash = [
            ("description", &description),
            ("amount", &amount),
            ("currency", &currency),
            ("reference", &reference),
            ("kind", &kind),
            ("customer_name", &customer_name),
            ("customer_phone", &customer_phone),
            ("customer_email", &customer_email),
            ("expires_in", &expires_in),
            ("terms", &terms),
            ("deposit", &deposit),
            ("rest_due", &rest_due),
            ("instalments", &instalments),
            ("every", &every),
            ("reminders", &reminders),
            ("providers", &providers.join(",")),
            ("test", &test),
        ]
        .into_iter()
        .fold(Flash::new("orders/new"), |f, (name, value)| {
            f.value(name, value)
        });
        let made = async {
            let money = super::amount("amount", &amount, &currency)?;
            let mut new = NewOrder::new(reference.trim(), money, test != "1");
            new.form_key = key_of(&form_key);
            new.kind = match kind.as_str() {
                "" => OrderKind::default(),
                named => OrderKind::parse(named)
                    .ok_or_else(|| InputProblem::new("kind", "kind_unknown", "choose a kind"))?,
            };
            description.trim().clone_into(&mut new.description);
            new.customer = Customer {
                external_id: None,
                name: given(&customer_name),
                email: given(&customer_email),
                phone: given(&customer_phone),
            };
            new.expires_in_secs = match expires_in.trim() {
                "" => None,
                typed => Some(typed.parse().map_err(|_| {
                    let words = "choose how long the link lives";
                    InputProblem::new("expires_in", "expires_in_invalid", words)
                })?),
            };
            new.terms = match terms.as_str() {
                "deposit" => {
                    let zone = Zone::new(&me.member.tenant.timezone, me.app.clock.now());
                    let rest_due = zone
                        .parse_day_end(rest_due.trim())
                        .ok_or_else(|| InputProblem::new("rest_due", "required", "choose a day"))?;
                    let deposit = Deposit::parse(&deposit, money)?;
                    Some(Terms::Deposit { deposit, rest_due })
                }
                "instalments" => {
                    let count = instalments.trim().parse().map_err(|_| {
                        let words = "must be a whole number";
                        InputProblem::new("instalments", "instalments_invalid", words)
                    })?;
                    let every = Every::parse(&every).unwrap_or(Every::Month);
                    Some(Terms::Instalments { count, every })
                }
                _ => None,
            };
            new.reminds = reminders == "1";
            if new.reminds && new.customer.email.is_none() && new.customer.phone.is_none() {
                let words = "give a phone number or an e-mail address to send them to";
                return Err(InputProblem::new("reminders", "no_address", words).into());
            }
            // The form ticks every way at first: none left is a choice that cannot be paid.
            if offered == "1" && providers.is_empty() {
                let words = "leave at least one way to pay";
                return Err(InputProblem::new("providers", "providers_empty", words).into());
            }
            new.providers = providers;
            order_service::create(&me.app, &me.member.tenant, &me.actor(), new).await
        };
        match made.await {
            Ok(order) => Ok(Next::to(me.url(&format!("/orders/{}?made=1", order.id)))),
            Err(OrderError::Input(p)) => {
                let flash = told::refused(flash, field_of(&p), &told::input(&p));
                Ok(Next::with(me.url("/orders/new"), flash))
            }
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// The form's name of a service's field.
fn field_of(p: &InputProblem) -> &'static str {
    match p.field {
        "customer.name" => "customer_name",
        "customer.email" | "email" => "customer_email",
        "customer.phone" | "phone" => "customer_phone",
        "currency" => "amount",
        other => other,
    }
}

fn order_id(text: &str) -> Result<OrderId, Refusal> {
    OrderId::parse(text).ok_or(Refusal::NotFound)
}

fn order_answer<T>(
    me: &Me,
    path: String,
    result: Result<T, OrderError>,
    done: &str,
) -> Result<Next, Refusal> {
    match result {
        Ok(_) => Ok(Next::done(me.url(&path), done)),
        Err(OrderError::NotFound) => Err(Refusal::NotFound),
        Err(OrderError::Transition(_) | OrderError::Store(StoreError::Stale)) => {
            Ok(Next::fault(me.url(&path), CHANGED))
        }
        Err(OrderError::Input(p)) => Ok(Next::fault(me.url(&path), &told::input(&p))),
        Err(OrderError::Store(e)) => Err(Refusal::broken(e)),
    }
}

/// Cancels an open order.
#[server(prefix = "/do", endpoint = "admin/orders/cancel")]
pub async fn admin_cancel_order(tenant: String, order: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let id = order_id(&order)?;
        let result = order_service::cancel(&me.app, &me.member.tenant.id, &me.actor(), &id).await;
        order_answer(
            &me,
            format!("/orders/{id}"),
            result,
            "The order is cancelled.",
        )
    })
    .await
}

/// Switches the reminders of an order on or off.
#[server(prefix = "/do", endpoint = "admin/orders/reminders")]
pub async fn admin_order_reminders(
    tenant: String,
    order: String,
    #[server(default)] on: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let (id, on) = (order_id(&order)?, on == "1");
        let (app, tenant) = (&me.app, &me.member.tenant.id);
        let result = reminders::switch(app, tenant, &me.actor(), &id, on).await;
        let done = if on {
            "The customer will be reminded."
        } else {
            "No more reminders will be sent."
        };
        order_answer(&me, format!("/orders/{id}"), result, done)
    })
    .await
}

/// Opens an expired order again.
#[server(prefix = "/do", endpoint = "admin/orders/renew")]
pub async fn admin_renew_order(tenant: String, order: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let id = order_id(&order)?;
        let result =
            order_service::renew(&me.app, &me.member.tenant.id, &me.actor(), &id, None).await;
        order_answer(
            &me,
            format!("/orders/{id}"),
            result,
            "The link works for 24 hours more.",
        )
    })
    .await
}

fn payment_id(text: &str) -> Result<PaymentId, Refusal> {
    PaymentId::parse(text).ok_or(Refusal::NotFound)
}

/// Asks the provider now.
#[server(prefix = "/do", endpoint = "admin/payments/verify")]
pub async fn admin_verify_payment(tenant: String, payment: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let id = payment_id(&payment)?;
        let path = me.url(&format!("/payments/{id}"));
        match payment_service::verify(&me.app, &me.member.tenant.id, &id).await {
            Ok(p) => {
                let state = sentences::payment(p.status);
                let words = format!("Asked now. {}: {}", state.word, state.means);
                Ok(if p.status == PaymentStatus::Mismatched {
                    Next::fault(path, &words)
                } else {
                    Next::done(path, &words)
                })
            }
            Err(PaymentError::NotFound) => Err(Refusal::NotFound),
            Err(PaymentError::Store(StoreError::Stale)) => Ok(Next::fault(path, CHANGED)),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Decides about money that does not match.
#[server(prefix = "/do", endpoint = "admin/payments/decide")]
pub async fn admin_decide_payment(
    tenant: String,
    payment: String,
    #[server(default)] to: String,
    #[server(default)] amount: String,
    #[server(default)] currency: String,
    #[server(default)] note: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ApproveRefunds).await?;
        let id = payment_id(&payment)?;
        let path = me.url(&format!("/payments/{id}"));
        let flash = Flash::new("payments/decide")
            .value("to", &to)
            .value("amount", &amount)
            .value("note", &note);
        let Some(note) = given(&note) else {
            let words = "Say why: it stands in the audit log.";
            return Ok(Next::with(path, told::refused(flash, "note", words)));
        };
        let decision = if to == "accept" {
            match super::amount("amount", &amount, &currency) {
                Ok(money) => Decision::Accept(money),
                Err(p) => {
                    let flash = told::refused(flash, "amount", &told::input(&p));
                    return Ok(Next::with(path, flash));
                }
            }
        } else {
            Decision::Refuse
        };
        let done = match &decision {
            Decision::Accept(money) => format!("{} is booked.", money_text(*money)),
            Decision::Refuse => "Refused. The order stays unpaid.".to_owned(),
        };
        let tenant = &me.member.tenant.id;
        let result =
            payment_service::decide_mismatch(&me.app, tenant, &me.actor(), &id, &decision, &note)
                .await;
        match result {
            Ok(_) => Ok(Next::done(path, &done)),
            Err(PaymentError::NotFound) => Err(Refusal::NotFound),
            Err(PaymentError::Store(StoreError::Stale)) => Ok(Next::fault(path, CHANGED)),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Asks for a refund of one payment.
#[server(prefix = "/do", endpoint = "admin/refunds/request")]
pub async fn admin_request_refund(
    tenant: String,
    payment: String,
    #[server(default)] amount: String,
    #[server(default)] currency: String,
    #[server(default)] reason: String,
    #[server(default)] note: String,
    #[server(default)] form_key: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::RequestRefunds).await?;
        let id = payment_id(&payment)?;
        let form = me.url(&format!("/payments/{id}/refund"));
        let flash = Flash::new("refunds/request")
            .value("amount", &amount)
            .value("reason", &reason)
            .value("note", &note);
        let refuse = |field: &str, words: &str| {
            Ok(Next::with(
                form.clone(),
                told::refused(flash.clone(), field, words),
            ))
        };
        let money = match super::amount("amount", &amount, &currency) {
            Ok(money) => money,
            Err(p) => return refuse("amount", &told::input(&p)),
        };
        let input = RefundInput {
            amount: Some(money),
            reason: reason.clone(),
            note: note.clone(),
            form_key: key_of(&form_key),
        };
        let tenant = &me.member.tenant.id;
        let result = refund_service::ask(&me.app, tenant, &me.actor(), &id, input).await;
        match result {
            Ok(r) => {
                let path = me.url(&format!("/refunds/{}", r.id));
                let words = if r.status == RefundStatus::AwaitingApproval {
                    "Asked. A second person decides before anything is sent."
                } else {
                    "Asked and approved: it is on its way."
                };
                Ok(Next::done(path, words))
            }
            Err(RefundError::NotFound) => Err(Refusal::NotFound),
            Err(RefundError::Input(p)) => refuse(p.field, &told::input(&p)),
            Err(RefundError::MoreThanLeft { left, .. }) => {
                let words = format!("At most {} can still be given back.", money_text(left));
                refuse("amount", &words)
            }
            Err(
                e @ (RefundError::NotPaid(_)
                | RefundError::FullOnly(_)
                | RefundError::NotSupported(_)),
            ) => refuse("amount", &told::sentence(&e.to_string())),
            Err(RefundError::Transition(_) | RefundError::Store(StoreError::Stale)) => {
                refuse("", CHANGED)
            }
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}
