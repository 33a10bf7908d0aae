//! `/api/v1/events`.
use super::call::{Answer, Done, Json, Key, json};
use super::endpoints::SCOPE;
use super::lists::{self, Query};
use super::{Named, of_mode, time};
use crate::domain::endpoint::TEST_EVENT;
use crate::domain::event::EventType;
use crate::domain::ids::{EndpointId, EventId, Id, OrderId};
use crate::services::App;
use crate::services::api_keys::Caller;
use crate::services::events::{self, EventDetail, EventFilter};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;

/// An event of the caller's mode.
async fn find(app: &App, caller: &Caller, id: &EventId) -> Result<EventDetail, Problem> {
    let found = events::get(app, &caller.tenant.id, id).await?;
    of_mode(found, caller, |d| d.event.livemode)
}

pub(super) async fn show(State(app): State<App>, Key(caller): Key, id: Named) -> Done {
    let event = find(&app, &caller, &id.id()?).await?;
    Ok(Answer::ok(events::detail_object(&event)))
}

/// The name of a type, the test's included.
fn event_type(text: &str) -> Option<String> {
    let known = text == TEST_EVENT || EventType::parse(text).is_some();
    known.then(|| text.to_owned())
}

pub(super) async fn list(
    State(app): State<App>,
    Key(caller): Key,
    RawQuery(query): RawQuery,
) -> Done {
    let mut query = Query::parse(query.as_deref())?;
    let (cursor, limit) = query.page::<EventId>()?;
    let instant =
        |name: &'static str, text: Option<String>| text.map(|text| time(name, &text)).transpose();
    let filter = EventFilter {
        livemode: Some(caller.livemode()),
        event_type: query.word("type", "event_unknown", event_type)?,
        subject: query.text("subject"),
        order: query.word("order", "order_invalid", OrderId::parse)?,
        from: instant("from", query.text("from"))?,
        to: instant("to", query.text("to"))?,
        delivery: None,
    };
    query.done()?;
    let page = events::list(&app, &caller.tenant.id, &filter, &cursor, limit).await?;
    let data = page.rows.iter().map(events::object).collect();
    Ok(lists::answer(data, page.older))
}

pub(super) async fn resend(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(
        app,
        caller,
        SCOPE,
        Json::Optional,
        request,
        |call, mut body| async move {
            let to = match body.text("endpoint")? {
                None => None,
                Some(text) => Some(EndpointId::parse(&text).ok_or_else(|| {
                    Problem::input("endpoint", "endpoint_unknown", "is no endpoint's id")
                })?),
            };
            body.done()?;
            let event = find(&call.app, &call.caller, &id.id()?).await?.event;
            let (tenant, actor) = (&event.tenant_id, call.actor());
            events::resend(&call.app, &actor, tenant, &event.id, to.as_ref()).await?;
            let event = find(&call.app, &call.caller, &event.id).await?;
            Ok(Answer::ok(events::detail_object(&event)))
        },
    )
    .await
}
