//! Deciding about money that could not be matched.
use super::{Next, answer, enter};
use crate::domain::ids::{BillId, Id, OrderId};
use crate::domain::role::Permission;
use crate::services::bills::{self, BillError};
use crate::services::orders::{self, OrderFilter};
use crate::services::{Cursor, StoreError};
use crate::web::admin::auth::{Me, Refusal};
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

const PAGE: &str = "/payments/unmatched";
const DECIDED: &str = "Somebody has decided it already.";

/// The order that was typed: by its id, or by a reference that only one order has.
async fn order(me: &Me, typed: &str) -> Result<Result<OrderId, &'static str>, Refusal> {
    let typed = typed.trim();
    if let Some(id) = OrderId::parse(typed) {
        return Ok(Ok(id));
    }
    if typed.is_empty() {
        return Ok(Err("Say for which order it is."));
    }
    let filter = OrderFilter {
        reference: Some(typed.to_owned()),
        ..OrderFilter::default()
    };
    let tenant = &me.member.tenant.id;
    let page = orders::list(&me.app, tenant, &filter, &Cursor::Newest, 2).await?;
    Ok(match page.rows.as_slice() {
        [] => Err("There is no order with this reference."),
        [one] => Ok(one.id.clone()),
        _ => Err("More than one order has this reference: use the order's id."),
    })
}

fn refused<T>(
    me: &Me,
    result: Result<T, BillError>,
    flash: Flash,
    done: &str,
) -> Result<Next, Refusal> {
    let path = me.url(PAGE);
    match result {
        Ok(_) => Ok(Next::done(path, done)),
        Err(BillError::NotFound) => Err(Refusal::NotFound),
        Err(BillError::Input(p)) => Ok(Next::with(
            path,
            told::refused(flash, p.field, &told::input(&p)),
        )),
        Err(BillError::Store(StoreError::Stale | StoreError::Taken) | BillError::Settle(_)) => {
            Ok(Next::fault(path, DECIDED))
        }
        Err(e @ BillError::Store(_)) => Err(Refusal::broken(e)),
    }
}

/// Gives money to an order.
#[server(prefix = "/do", endpoint = "admin/bills/assign")]
pub async fn admin_assign_bill(
    tenant: String,
    money: String,
    #[server(default)] order: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::DecideProofs).await?;
        let id = BillId::parse(&money).ok_or(Refusal::NotFound)?;
        let flash = Flash::new("bills/decide")
            .value("money", &money)
            .value("order", &order);
        let found = match self::order(&me, &order).await? {
            Ok(found) => found,
            Err(why) => {
                let flash = told::refused(flash, "order", why);
                return Ok(Next::with(me.url(PAGE), flash));
            }
        };
        let tenant = &me.member.tenant.id;
        let result = bills::assign(&me.app, tenant, &me.actor(), &id, &found).await;
        refused(&me, result, flash, "Booked for the order.")
    })
    .await
}

/// Notes that money went back to its payer.
#[server(prefix = "/do", endpoint = "admin/bills/returned")]
pub async fn admin_return_bill(
    tenant: String,
    money: String,
    #[server(default)] note: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::DecideProofs).await?;
        let id = BillId::parse(&money).ok_or(Refusal::NotFound)?;
        let flash = Flash::new("bills/decide")
            .value("money", &money)
            .value("note", &note);
        let tenant = &me.member.tenant.id;
        let result = bills::mark_returned(&me.app, tenant, &me.actor(), &id, &note).await;
        refused(&me, result, flash, "Noted: it went back.")
    })
    .await
}
