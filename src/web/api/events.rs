//! `/api/v1/events`.
use super::call::{Answer, Done, Key, json};
use super::describe::{Field, Object, Operation, Resource};
use super::endpoints::SCOPE;
use super::lists::{self, Query};
use super::{Named, of_mode, time};
use crate::domain::endpoint::{DeliveryStatus, TEST_EVENT};
use crate::domain::event::EventType;
use crate::domain::ids::{EndpointId, EventId, Id, OrderId};
use crate::services::App;
use crate::services::api_keys::Caller;
use crate::services::events::{self, EventDetail, EventFilter};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use serde_json::{Value, json as value};

pub(super) fn resource() -> Resource {
    let filters = vec![
        Field::word("type", types()),
        Field::text("subject").about("the id of what it tells of"),
        Field::id("order", "ord_").about("everything about this order"),
        Field::time("from").about("at or after this"),
        Field::time("to").about("before this"),
    ];
    let endpoint = Field::id("endpoint", "end_");
    Resource {
        title: "Events",
        about: "What your endpoints are told.",
        objects: vec![shape(), detail()],
        operations: vec![
            Operation::get("/api/v1/events", list)
                .named("list_events", "List events")
                .lists("event", filters)
                .codes(&["event_unknown", "order_invalid", "time_invalid"]),
            Operation::get("/api/v1/events/{id}", show)
                .named("get_event", "Read an event")
                .about("With its deliveries and every try.")
                .shows("event_detail"),
            Operation::post("/api/v1/events/{id}/resend", resend)
                .named("resend_event", "Send an event again")
                .scope(SCOPE)
                .takes(
                    vec![endpoint.about("every one that takes the event if left out")],
                    value!({ "endpoint": "end_01k9d2m8q4e7r1s5t6v8w9x0yz" }),
                )
                .shows("event_detail")
                .codes(&["endpoint_unknown", "endpoint_disabled", "no_endpoint"]),
        ],
    }
}

fn types() -> impl Iterator<Item = &'static str> {
    let all = EventType::ALL.iter().map(|t| t.as_str());
    all.chain([TEST_EVENT])
}

fn members() -> Vec<Field> {
    vec![
        Field::id("id", "evt_"),
        Field::word("type", types()),
        Field::time("timestamp"),
        Field::flag("livemode"),
        Field::any("data").about("what it tells of, as it was then"),
    ]
}

fn example() -> Value {
    value!({
        "id": "evt_01k9d2m8q4e7r1s5t6v8w9x0yz", "type": "order.paid",
        "timestamp": "2026-11-21T09:05:00.000Z", "livemode": false,
        "data": { "id": "ord_01k9d2m8q4e7r1s5t6v8w9x0yz", "object": "order" },
    })
}

fn shape() -> Object {
    Object {
        name: "event",
        about: "What happened, as endpoints get it.",
        members: members(),
        example: example(),
    }
}

fn detail() -> Object {
    let attempt = vec![
        Field::time("at").needed(),
        Field::integer("status")
            .needed()
            .nullable()
            .about("of the answer; null where none came"),
        Field::integer("took_ms").needed(),
        Field::text("answer").needed().about("how it began"),
        Field::text("error").needed().nullable(),
    ];
    let statuses = DeliveryStatus::ALL.iter().map(|s| s.as_str());
    let delivery = vec![
        Field::id("endpoint", "end_").needed(),
        Field::word("status", statuses)
            .needed()
            .about("failed: no try is left"),
        Field::time("next_attempt_at").needed().nullable(),
        Field::object("attempts", attempt).needed().list(),
    ];
    let mut members = members();
    members.push(Field::object("deliveries", delivery).list());
    let mut example = example();
    example["deliveries"] = value!([{
        "endpoint": "end_01k9d2m8q4e7r1s5t6v8w9x0yz", "status": "pending",
        "next_attempt_at": "2026-11-21T09:06:00.000Z",
        "attempts": [{
            "at": "2026-11-21T09:05:00.000Z", "status": 500, "took_ms": 184,
            "answer": "Internal Server Error", "error": "answered 500",
        }],
    }]);
    Object {
        name: "event_detail",
        about: "An event with its way to every endpoint.",
        members,
        example,
    }
}

/// An event of the caller's mode.
pub(super) async fn find(app: &App, caller: &Caller, id: &EventId) -> Result<EventDetail, Problem> {
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
    json(app, caller, request, |call, mut body| async move {
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
    })
    .await
}
