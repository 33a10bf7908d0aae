//! Orders and payment links.
use super::{ROWS, around, cursor, enabled_names, id, livemode, story};
use crate::domain::order::{Order, OrderKind, OrderStatus};
use crate::domain::plan::Plan;
use crate::domain::role::Permission;
use crate::domain::{Currency, Money};
use crate::services::orders::{self, OrderFilter};
use crate::services::{App, Cursor, REGISTRY, checkout, entitlements, messages, payments, plans};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::sentences;
use crate::web::admin::views::{order as order_view, orders as view};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
pub struct ListQuery {
    q: Option<String>,
    status: Option<String>,
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
    let status = q.status.as_deref().and_then(OrderStatus::parse);
    let mode = q.mode.unwrap_or_default();
    let mode = if mode == "both" { String::new() } else { mode };
    let search = q.q.unwrap_or_default().trim().to_owned();
    let filter = OrderFilter {
        livemode: livemode(&mode),
        status,
        reference: (!search.is_empty()).then(|| search.clone()),
    };
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = orders::list(&app, &me.member.tenant.id, &filter, &from, ROWS).await?;
    let query = Set::default()
        .with("q", search)
        .with("status", status.map_or("", OrderStatus::as_str))
        .with("mode", mode);
    let (newer, older) = around(&f.url("/orders"), &query, page.newer, page.older);
    let mut told = me.told("");
    let main = view::list(
        &f,
        view::List {
            orders: page.rows,
            query,
            newer,
            older,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Orders, "Orders"), &mut told, main))
}

#[derive(Deserialize)]
pub struct NewQuery {
    test: Option<String>,
    reference: Option<String>,
}

pub async fn new(
    who: Who,
    State(app): State<App>,
    Query(q): Query<NewQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::WorkOrders)?;
    let f = me.frame().await?;
    let mut told = me.told("orders/new");
    let start = &mut told.typed.values;
    for (name, value) in [("test", q.test), ("reference", q.reference)] {
        if let Some(value) = value {
            start.entry(name.to_owned()).or_insert(value);
        }
    }
    let (currencies, ways) = ways(&app, &me).await?;
    let last = orders::list(
        &app,
        &me.member.tenant.id,
        &OrderFilter::default(),
        &Cursor::Newest,
        3,
    )
    .await?;
    let main = view::new(
        &f,
        view::New {
            typed: told.typed.clone(),
            currencies,
            ways,
            last: last.rows,
        },
    );
    Ok(me.page(
        &f,
        Page::new(Nav::Orders, "New payment link"),
        &mut told,
        main,
    ))
}

/// The currencies and ways that an order of this shop can have.
pub(super) async fn ways(app: &App, me: &Me) -> Result<(Vec<Currency>, Vec<view::Way>), Refusal> {
    let enabled = enabled_names(app, me).await?;
    let mut currencies = BTreeSet::from([me.member.tenant.currency.code()]);
    let mut ways = Vec::new();
    for adapter in REGISTRY {
        let info = adapter.info();
        let Some((_, test_mode)) = enabled.iter().find(|(n, _)| n == info.name) else {
            continue;
        };
        currencies.extend(info.currencies.iter().map(|r| r.code).filter(|c| *c != "*"));
        let methods: Vec<_> = info
            .methods
            .iter()
            .map(|m| sentences::method(m.method))
            .collect();
        let mut methods = methods.join(", ");
        if *test_mode {
            methods.push_str("; in test mode");
        }
        ways.push(view::Way {
            name: info.name.to_owned(),
            methods,
            off: None,
        });
    }
    let currencies = currencies.into_iter().filter_map(Currency::parse);
    Ok((currencies.collect(), ways))
}

#[derive(Deserialize)]
pub struct DetailQuery {
    made: Option<String>,
}

pub async fn detail(
    who: Who,
    State(app): State<App>,
    Path((_, order)): Path<(String, String)>,
    Query(q): Query<DetailQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let order = me.order(&id(&order)?).await?;
    let f = me.frame().await?;
    let payments_of = checkout::payments_of(&app, &order).await?;
    let steps = payments::timeline(&app, &me.member.tenant.id, &order.id).await?;
    let told_of = if f.may(Permission::WorkOrders) {
        messages::of_order(&app, &me.member.tenant.id, &order.id, 20).await?
    } else {
        vec![]
    };
    let mut told = me.told("");
    let title = order.reference.clone();
    let main = order_view::detail(
        &f,
        order_view::Detail {
            link: orders::checkout_url(&app, &order),
            payments: payments_of,
            story: story::of_order(&f, &steps),
            plan: bought(&me, &order).await?,
            messages: told_of,
            order,
            fresh: q.made.is_some(),
        },
    );
    Ok(me.page(&f, Page::new(Nav::Orders, title), &mut told, main))
}

/// The plan that an order buys, and what of another was credited.
async fn bought(me: &Me, order: &Order) -> Result<Option<(Plan, Money)>, Refusal> {
    if order.kind != OrderKind::Subscription {
        return Ok(None);
    }
    let (app, tenant) = (&me.app, &me.member.tenant.id);
    let Some(purchase) = entitlements::purchase_of(app, tenant, &order.id).await? else {
        return Ok(None);
    };
    let credit = Money::new(purchase.credit_minor, purchase.currency());
    let plan = plans::get(app, tenant, &purchase.plan_id).await?;
    Ok(plan.map(|plan| (plan, credit)))
}

pub async fn cancel(
    who: Who,
    Path((_, order)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::WorkOrders)?;
    let order = me.order(&id(&order)?).await?;
    let f = me.frame().await?;
    let mut told = me.told("");
    let main = order_view::cancel(&f, &order, &told.typed);
    let title = format!("Cancel {}", order.reference);
    Ok(me.page(&f, Page::new(Nav::Orders, title), &mut told, main))
}
