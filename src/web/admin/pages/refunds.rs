//! The refund desk.
use super::{Orders, id, story};
use crate::domain::Money;
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::role::Permission;
use crate::services::{App, Cursor, RefundSupport, accounts, payments, refunds as refund_service};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::views::orders::customer_name;
use crate::web::admin::views::refunds as view;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

/// Ended ones that the desk still lists.
const RECENT: i64 = 30;

async fn queued(me: &Me, orders: &mut Orders, refund: Refund) -> Result<view::Queued, Refusal> {
    let payment = payments::get(&me.app, &me.member.tenant.id, &refund.payment_id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let order = orders.get(me, &payment.order_id).await?;
    let support = refund_service::support(&me.app, &payment).await;
    let support = support.map_err(Refusal::broken)?.map(|(_, way)| way);
    // Money from elsewhere, such as surplus, is paid back by hand where the provider cannot.
    let cannot = matches!(
        support,
        Some(RefundSupport::ByHand | RefundSupport::Elsewhere(_))
    );
    let by_hand = refund.by_hand || cannot;
    Ok(view::Queued {
        refund,
        by_hand,
        reference: order.reference,
        customer: customer_name(&order.customer),
    })
}

/// What waits and what runs in full, and the newest of what ended.
async fn queue(me: &Me) -> Result<Vec<view::Queued>, Refusal> {
    use RefundStatus as S;
    let tenant = &me.member.tenant.id;
    let mut all = Vec::new();
    for status in [
        S::AwaitingApproval,
        S::Requested,
        S::Unknown,
        S::Sending,
        S::Approved,
    ] {
        let page = refund_service::list(
            &me.app,
            tenant,
            Some(status),
            &Cursor::Newest,
            super::COUNTED,
        )
        .await?;
        all.extend(page.rows);
    }
    let newest = refund_service::list(&me.app, tenant, None, &Cursor::Newest, RECENT).await?;
    all.extend(newest.rows.into_iter().filter(|r| r.status.is_final()));
    let mut orders = Orders::default();
    let mut out = Vec::with_capacity(all.len());
    for refund in all {
        out.push(queued(me, &mut orders, refund).await?);
    }
    Ok(out)
}

#[derive(Deserialize)]
pub struct DeskQuery {
    view: Option<String>,
}

/// The first that waits opens by itself.
pub async fn list(who: Who, Query(q): Query<DeskQuery>) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let queue = queue(&me).await?;
    let first = if q.view.is_some() {
        None
    } else {
        queue
            .iter()
            .find(|x| x.refund.status == RefundStatus::AwaitingApproval)
            .or(queue.first())
            .map(|x| x.refund.clone())
    };
    desk(&me, queue, first).await
}

pub async fn detail(
    who: Who,
    State(app): State<App>,
    Path((_, refund)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let refund = refund_service::get(&app, &me.member.tenant.id, &id(&refund)?)
        .await?
        .ok_or(Refusal::NotFound)?;
    let queue = queue(&me).await?;
    desk(&me, queue, Some(refund)).await
}

async fn desk(
    me: &Me,
    queue: Vec<view::Queued>,
    refund: Option<Refund>,
) -> Result<Response, Refusal> {
    let f = me.frame().await?;
    let mut told = me.told("refunds/decide");
    let item = match refund {
        Some(refund) => Some(item(me, &f, refund, told.typed.clone()).await?),
        None => None,
    };
    let main = view::desk(
        &f,
        view::Desk {
            queue,
            told: told.said.take(),
            item,
        },
    );
    Ok(me.page(
        &f,
        Page::new(Nav::Refunds, "Refunds").flush(),
        &mut told,
        main,
    ))
}

async fn item(
    me: &Me,
    f: &crate::web::admin::parts::Frame,
    refund: Refund,
    typed: crate::web::admin::parts::Typed,
) -> Result<view::Item, Refusal> {
    let tenant = &me.member.tenant;
    let payment = payments::get(&me.app, &tenant.id, &refund.payment_id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let order = me.order(&payment.order_id).await?;
    let steps = payments::timeline(&me.app, &tenant.id, &order.id).await?;
    let people = accounts::members(&me.app, &tenant.id).await?;
    let deciders = people
        .into_iter()
        .filter(|m| m.role.may(Permission::ApproveRefunds) && !m.user.suspended)
        .filter(|m| m.user.id.to_string() != refund.requested_by)
        .map(|m| {
            if m.user.name.is_empty() {
                m.user.email
            } else {
                m.user.name
            }
        })
        .collect();
    let support = refund_service::support(&me.app, &payment).await;
    let support = support.map_err(Refusal::broken)?.map(|(_, way)| way);
    // Money from elsewhere, such as surplus, is paid back by hand where the provider cannot.
    let cannot = matches!(
        support,
        Some(RefundSupport::ByHand | RefundSupport::Elsewhere(_))
    );
    let by_hand = refund.by_hand || cannot;
    Ok(view::Item {
        story: story::of_payment(f, &steps, &payment.id),
        limit: tenant
            .refund_limit_minor
            .map(|minor| Money::new(minor, payment.amount.currency)),
        second_person: refund.status == RefundStatus::AwaitingApproval,
        refund,
        payment,
        order,
        deciders,
        by_hand,
        typed,
    })
}
