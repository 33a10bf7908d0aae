//! What was told to the shop's own systems.
use super::{Orders, ROWS, around, cursor, endpoints, id, livemode};
use crate::domain::endpoint::{DeliveryStatus, TEST_EVENT};
use crate::domain::event::EventType;
use crate::domain::ids::{EventId, Id, OrderId, PaymentId};
use crate::domain::role::Permission;
use crate::domain::{Currency, Money};
use crate::services::events::{self, Event, EventFilter};
use crate::services::orders::OrderFilter;
use crate::services::{App, Cursor, endpoints as services, orders, payments};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Frame, Nav, Page};
use crate::web::admin::parts::lists::Query as Set;
use crate::web::admin::parts::money_text;
use crate::web::admin::views::events as view;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub struct ListQuery {
    q: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    state: Option<String>,
    mode: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

/// What was searched for: an order's reference or id, or the id of anything else.
async fn search(me: &Me, q: &str, filter: &mut EventFilter) -> Result<(), Refusal> {
    if let Some(order) = OrderId::parse(q) {
        filter.order = Some(order);
        return Ok(());
    }
    let by_reference = OrderFilter {
        reference: Some(q.to_owned()),
        ..OrderFilter::default()
    };
    let tenant = &me.member.tenant.id;
    let found = orders::list(&me.app, tenant, &by_reference, &Cursor::Newest, 1).await?;
    match found.rows.into_iter().next() {
        Some(order) => filter.order = Some(order.id),
        None => filter.subject = Some(q.to_owned()),
    }
    Ok(())
}

pub async fn list(
    who: Who,
    State(app): State<App>,
    Query(q): Query<ListQuery>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let f = me.frame().await?;
    let tenant = &me.member.tenant.id;
    let text = q.q.as_deref().map(str::trim).unwrap_or_default().to_owned();
    let mode = q.mode.unwrap_or_default();
    let state = q.state.as_deref().and_then(DeliveryStatus::parse);
    let event_type = q.event_type.as_deref().and_then(EventType::parse);
    let mut filter = EventFilter {
        livemode: livemode(&mode),
        event_type: event_type.map(|t| t.as_str().to_owned()),
        delivery: state,
        ..EventFilter::default()
    };
    let from = cursor(q.before.as_deref(), q.after.as_deref());
    let page = if let Some(id) = EventId::parse(&text) {
        crate::services::Page {
            rows: events::get(&app, tenant, &id)
                .await?
                .map(|d| d.event)
                .into_iter()
                .collect(),
            newer: None,
            older: None,
        }
    } else {
        if !text.is_empty() {
            search(&me, &text, &mut filter).await?;
        }
        events::list(&app, tenant, &filter, &from, ROWS).await?
    };
    let query = Set::default()
        .with("q", text)
        .with("type", filter.event_type.unwrap_or_default())
        .with("state", state.map_or("", DeliveryStatus::as_str))
        .with("mode", if mode == "both" { String::new() } else { mode });
    let (newer, older) = around(&f.url("/events"), &query, page.newer, page.older);
    let mut known = Orders::default();
    let mut rows = Vec::with_capacity(page.rows.len());
    for event in page.rows {
        rows.push(row(&me, &f, &mut known, &event.id).await?);
    }
    let mut told = me.told("");
    let main = view::list(
        &f,
        view::List {
            endpoints: endpoints::rows(&me, None).await?,
            names: names(&me).await?,
            events: rows,
            query,
            newer,
            older,
        },
    );
    let page = Page::new(Nav::Events, "Events").with(endpoints::switched_off(&me, &f).await?);
    Ok(me.page(&f, page, &mut told, main))
}

async fn names(me: &Me) -> Result<view::Endpoints, Refusal> {
    let all = services::ever(&me.app, &me.member.tenant.id).await?;
    Ok(all.into_iter().map(|e| (e.id.to_string(), e)).collect())
}

async fn row(me: &Me, f: &Frame, known: &mut Orders, id: &EventId) -> Result<view::Row, Refusal> {
    let tenant = &me.member.tenant.id;
    let detail = events::get(&me.app, tenant, id).await?;
    let detail = detail.ok_or(Refusal::NotFound)?;
    let (about, href) = about(me, f, known, &detail.event).await?;
    Ok(view::Row {
        detail,
        about,
        href,
    })
}

/// What an event is about, and where that is shown.
async fn about(
    me: &Me,
    f: &Frame,
    known: &mut Orders,
    e: &Event,
) -> Result<(String, Option<String>), Refusal> {
    if e.event_type == TEST_EVENT {
        let href = f.url(&format!("/endpoints/{}", e.subject));
        return Ok(("a test".to_owned(), Some(href)));
    }
    let data: Value = serde_json::from_str(&e.data).unwrap_or_default();
    let text = |name: &str| data[name].as_str().map(str::to_owned);
    let (kind, order) = match e.subject.split('_').next() {
        Some("ord") => ("orders", OrderId::parse(&e.subject)),
        Some("pay") => ("payments", text("order").and_then(|id| OrderId::parse(&id))),
        Some(kind @ ("ref" | "prf")) => {
            let payment = text("payment").and_then(|id| PaymentId::parse(&id));
            let order = match payment {
                Some(id) => payments::get(&me.app, &me.member.tenant.id, &id)
                    .await?
                    .map(|p| p.order_id),
                None => None,
            };
            (if kind == "ref" { "refunds" } else { "proofs" }, order)
        }
        _ => return Ok((e.subject.clone(), None)),
    };
    let reference = match order {
        Some(order) => known.get(me, &order).await?.reference,
        None => e.subject.clone(),
    };
    let currency = text("currency").and_then(|code| Currency::parse(&code));
    let amount = data["amount"].as_i64().zip(currency);
    let words = match amount {
        Some((minor, currency)) => {
            format!("{reference}, {}", money_text(Money::new(minor, currency)))
        }
        None => reference,
    };
    Ok((words, Some(f.url(&format!("/{kind}/{}", e.subject)))))
}

pub async fn detail(
    who: Who,
    Path((_, event)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let event: EventId = id(&event)?;
    let f = me.frame().await?;
    let row = row(&me, &f, &mut Orders::default(), &event).await?;
    let names = names(&me).await?;
    let mut told = me.told("");
    let (title, body) = (
        row.detail.event.event_type.clone(),
        events::body(&row.detail.event),
    );
    let main = view::detail(&f, &names, &row, body);
    Ok(me.page(&f, Page::new(Nav::Events, title), &mut told, main))
}
