//! Payments: the list, one payment with its story, and asking for a refund.
use super::{Orders, ROWS, around, cursor, id, livemode, story};
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::role::Permission;
use crate::domain::{Currency, Money};
use crate::services::payments::{self, PaymentFilter, Step};
use crate::services::{
    App, Cursor, RefundSupport, find_provider, proofs as proof_service, refunds as refund_service,
};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::parts::money_text;
use crate::web::admin::views::{payment as detail_view, payments as view, refund_forms};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct ListQuery {
    q: Option<String>,
    status: Option<String>,
    provider: Option<String>,
    mode: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

pub async fn list(
    who: Who,
    State(app): State<App>,
    Query(q): Query<ListQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let f = me.frame().await?;
    let tenant = &me.member.tenant.id;
    let status = q.status.as_deref().and_then(PaymentStatus::parse);
    let provider = q.provider.filter(|p| find_provider(p).is_some());
    let mode = q.mode.filter(|m| m != "both").unwrap_or_default();
    let search = q.q.unwrap_or_default().trim().to_owned();
    let filter = PaymentFilter {
        livemode: livemode(&mode),
        status,
        provider: provider.clone(),
        order: None,
        reference: (!search.is_empty()).then(|| search.clone()),
    };
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = payments::list(&app, tenant, &filter, &from, ROWS).await?;
    let query = Set::default()
        .with("q", search)
        .with("status", status.map_or("", PaymentStatus::as_str))
        .with("provider", provider.unwrap_or_default())
        .with("mode", mode);
    let (newer, older) = around(&f.url("/payments"), &query, page.newer, page.older);
    let mut orders = Orders::default();
    let mut rows = Vec::with_capacity(page.rows.len());
    for payment in page.rows {
        let owed = orders.get(&me, &payment.order_id).await?;
        rows.push(view::PaymentRow {
            payment,
            reference: owed.reference,
            customer: owed.customer,
        });
    }
    let mut told = me.told("");
    let main = view::list(
        &f,
        view::List {
            rows,
            query,
            newer,
            older,
            mismatched: count(&me, PaymentStatus::Mismatched).await?,
            unknown: count(&me, PaymentStatus::Unknown).await?,
            unmatched: super::unmatched::waiting(&me).await?,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Payments, "Payments"), &mut told, main))
}

/// How many payments stand in a state, up to what a page counts.
pub async fn count(me: &Me, status: PaymentStatus) -> Result<usize, Refusal> {
    let filter = PaymentFilter {
        status: Some(status),
        ..PaymentFilter::default()
    };
    let tenant = &me.member.tenant.id;
    let page = payments::list(&me.app, tenant, &filter, &Cursor::Newest, super::COUNTED).await?;
    Ok(page.rows.len())
}

/// A payment of this shop.
pub async fn load(me: &Me, text: &str) -> Result<Payment, Refusal> {
    payments::get(&me.app, &me.member.tenant.id, &id(text)?)
        .await?
        .ok_or(Refusal::NotFound)
}

/// What the provider reported where it did not fit, beside ours.
fn differs(p: &Payment, steps: &[Step]) -> Vec<(String, String, String)> {
    let reported = steps
        .iter()
        .rev()
        .find(|s| s.kind == "payment.mismatched" && s.payment_id.as_ref() == Some(&p.id));
    let Some(step) = reported else {
        return vec![];
    };
    let data: serde_json::Value = serde_json::from_str(&step.data).unwrap_or_default();
    let theirs = came(p, steps);
    let ours = money_text(p.amount);
    let mut rows = vec![(
        "Amount".to_owned(),
        ours,
        theirs.map_or_else(|| "not told".to_owned(), money_text),
    )];
    let why = data.get("why").and_then(serde_json::Value::as_str);
    if let Some(why) = why.filter(|_| theirs == Some(p.amount)) {
        rows.push((
            "In words".to_owned(),
            "as we asked".to_owned(),
            crate::web::admin::told::sentence(why),
        ));
    }
    rows
}

/// What the provider says came, from the step that flagged it.
pub fn came(p: &Payment, steps: &[Step]) -> Option<Money> {
    let step = steps
        .iter()
        .rev()
        .find(|s| s.kind == "payment.mismatched" && s.payment_id.as_ref() == Some(&p.id))?;
    let data: serde_json::Value = serde_json::from_str(&step.data).ok()?;
    let reported = data.get("reported")?;
    let minor = reported.get("amount")?.as_i64()?;
    let currency = Currency::parse(reported.get("currency")?.as_str()?)?;
    Some(Money::new(minor, currency))
}

pub async fn detail(
    who: Who,
    State(app): State<App>,
    Path((_, payment)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let p = load(&me, &payment).await?;
    let f = me.frame().await?;
    let tenant = &me.member.tenant.id;
    let order = me.order(&p.order_id).await?;
    let steps = payments::timeline(&app, tenant, &p.order_id).await?;
    let refunds = refund_service::of_payment(&app, tenant, &p.id).await?;
    let proof = if me.member.role.may(Permission::DecideProofs) {
        let proofs = proof_service::of_payment(&app, tenant, &p.id).await?;
        proofs.last().map(|x| x.id.to_string())
    } else {
        None
    };
    let asks = find_provider(&p.provider).is_some_and(|a| a.info().poll.asks)
        && p.status != PaymentStatus::Succeeded;
    let mut told = me.told("payments/decide");
    let came = came(&p, &steps).filter(|m| m.currency == p.amount.currency);
    let main = detail_view::detail(
        &f,
        detail_view::Detail {
            differs: differs(&p, &steps),
            came,
            story: story::of_payment(&f, &steps, &p.id),
            order,
            refunds,
            asks,
            proof,
            typed: told.typed.clone(),
            payment: p,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Payments, "Payment"), &mut told, main))
}

pub async fn refund(
    who: Who,
    Path((_, payment)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::RequestRefunds)?;
    let p = load(&me, &payment).await?;
    if p.refundable().minor <= 0 {
        return Err(Refusal::NotFound);
    }
    let f = me.frame().await?;
    let order = me.order(&p.order_id).await?;
    let support = refund_service::support(&me.app, &p).await;
    let support = support.map_err(Refusal::broken)?.map(|(_, way)| way);
    let limit = me.member.tenant.refund_limit_minor;
    let mut told = me.told("refunds/request");
    let main = refund_forms::ask(
        &f,
        refund_forms::Ask {
            limit: limit.map(|minor| Money::new(minor, p.amount.currency)),
            full_only: support == Some(RefundSupport::FullOnly),
            by_hand: support == Some(RefundSupport::ByHand),
            elsewhere: match support {
                Some(RefundSupport::Elsewhere(way)) => Some(way),
                _ => None,
            },
            order,
            typed: told.typed.clone(),
            payment: p,
        },
    );
    Ok(me.page(
        &f,
        Page::new(Nav::Payments, "Give money back"),
        &mut told,
        main,
    ))
}
