//! `/api/v1/endpoints`.
use super::call::{Answer, Call, Done, Key, json};
use super::describe::{Field, Object, Operation, Resource};
use super::fields::{Fields, needed};
use super::lists::{self, Query};
use super::{Named, of_mode, time};
use crate::domain::endpoint::{DisabledWhy, Endpoint};
use crate::domain::event::EventType;
use crate::domain::ids::{EndpointId, EventId, Id};
use crate::services::App;
use crate::services::api_keys::Caller;
use crate::services::endpoints::{self, ChangeEndpoint, NewEndpoint};
use crate::services::events::{self, Range};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json as value};

pub(super) const SCOPE: &str = "endpoints:write";

/// Answers that are no endpoint as its address shows it.
const WITH_SECRET: &str = "endpoint_with_secret";
const DELETED: &str = "deleted_endpoint";
const TESTED: &str = "endpoint_test";
const RESENT: &str = "endpoint_resend";

pub(super) fn resource() -> Resource {
    let url = Field::url("url").about("https for live events; no user, password or fragment");
    let enabled = Field::flag("enabled").about("true starts it anew: what waits for it goes on");
    let example = value!({ "url": "https://shop.example/malipo", "events": ["order.paid"] });
    Resource {
        title: "Endpoints",
        about: "Where your systems are told of events. A key makes and sees those of its own mode.",
        objects: vec![
            shape(),
            with_secret(),
            Object {
                name: DELETED,
                about: "An endpoint that is there no more.",
                members: vec![
                    Field::id("id", "end_"),
                    Field::word("object", ["endpoint"]),
                    Field::flag("deleted"),
                ],
                example: value!({ "id": ID, "object": "endpoint", "deleted": true }),
            },
            Object {
                name: TESTED,
                about: "The event that tests an endpoint.",
                members: vec![Field::id("event", "evt_"), Field::id("endpoint", "end_")],
                example: value!({ "event": "evt_01k9d2m8q4e7r1s5t6v8w9x0yz", "endpoint": ID }),
            },
            Object {
                name: RESENT,
                about: "How many events go out again.",
                members: vec![Field::id("endpoint", "end_"), Field::integer("events")],
                example: value!({ "endpoint": ID, "events": 12 }),
            },
        ],
        operations: vec![
            Operation::post("/api/v1/endpoints", create)
                .named("create_endpoint", "Make an endpoint")
                .about("Its secret stands in this answer alone, and in that of a rotation.")
                .scope(SCOPE)
                .takes(vec![url.clone().needed(), events(), description()], example)
                .makes(WITH_SECRET)
                .codes(&["url_invalid", "url_private", "url_insecure"])
                .codes(&["event_unknown", "endpoint_limit"]),
            Operation::get("/api/v1/endpoints", list)
                .named("list_endpoints", "List endpoints")
                .lists("endpoint", vec![]),
            Operation::get("/api/v1/endpoints/{id}", show)
                .named("get_endpoint", "Read an endpoint")
                .shows("endpoint"),
            Operation::patch("/api/v1/endpoints/{id}", change)
                .named("change_endpoint", "Change an endpoint")
                .about("What is left out stays.")
                .scope(SCOPE)
                .takes(
                    vec![url, events(), description(), enabled],
                    value!({ "events": [], "enabled": true }),
                )
                .shows("endpoint")
                .codes(&[
                    "url_invalid",
                    "url_private",
                    "url_insecure",
                    "event_unknown",
                ]),
            Operation::delete("/api/v1/endpoints/{id}", delete)
                .named("delete_endpoint", "Delete an endpoint")
                .scope(SCOPE)
                .shows(DELETED),
            Operation::post("/api/v1/endpoints/{id}/rotate-secret", rotate)
                .named("rotate_endpoint_secret", "Rotate the secret")
                .about("The secret before signs beside the new one for a day.")
                .scope(SCOPE)
                .shows(WITH_SECRET),
            Operation::post("/api/v1/endpoints/{id}/test", test)
                .named("test_endpoint", "Test an endpoint")
                .about("Sends an event that tells of nothing, to this endpoint alone.")
                .scope(SCOPE)
                .shows(TESTED)
                .codes(&["endpoint_disabled"]),
            Operation::post("/api/v1/endpoints/{id}/resend", resend)
                .named("resend_range", "Send a range of events again")
                .scope(SCOPE)
                .takes(
                    range(),
                    value!({
                        "from": "2026-11-20T00:00:00.000Z", "to": "2026-11-21T00:00:00.000Z",
                        "only_failed": true,
                    }),
                )
                .shows(RESENT)
                .codes(&["time_invalid", "range_invalid", "range_too_large"])
                .codes(&["endpoint_disabled"]),
        ],
    }
}

/// Of the examples.
const ID: &str = "end_01k9d2m8q4e7r1s5t6v8w9x0yz";

fn types() -> impl Iterator<Item = &'static str> {
    EventType::ALL.iter().map(|t| t.as_str())
}

fn events() -> Field {
    Field::word("events", types().chain(["*"]))
        .list()
        .about("types; none, or *, takes every type")
}

fn description() -> Field {
    Field::text("description").at_most(100)
}

fn range() -> Vec<Field> {
    vec![
        Field::time("from").needed().about("made at or after this"),
        Field::time("to").about("made before this; until now if left out"),
        Field::flag("only_failed").about(
            "false: every event that the endpoint takes; those whose tries ended without success \
             if left out",
        ),
    ]
}

fn shape() -> Object {
    Object {
        name: "endpoint",
        about: "Where events of one mode are sent.",
        members: vec![
            Field::id("id", "end_"),
            Field::word("object", ["endpoint"]),
            Field::flag("livemode"),
            Field::url("url"),
            Field::text("description"),
            Field::word("events", types())
                .list()
                .about("none: every type"),
            Field::flag("enabled"),
            Field::time("disabled_at").nullable(),
            Field::word("disabled_why", DisabledWhy::ALL.map(DisabledWhy::as_str))
                .nullable()
                .about("failing: nothing but failure for five days; gone: it answered 410"),
            Field::time("failing_since").nullable(),
            Field::text("secret_fingerprint").about("tells secrets apart"),
            Field::time("old_secret_until")
                .nullable()
                .about("until then the secret before signs too"),
            Field::time("created_at"),
        ],
        example: value!({
            "id": ID, "object": "endpoint", "livemode": false,
            "url": "https://shop.example/malipo", "description": "", "events": ["order.paid"],
            "enabled": true, "disabled_at": null, "disabled_why": null, "failing_since": null,
            "secret_fingerprint": "3b90f41c", "old_secret_until": null,
            "created_at": "2026-11-21T09:00:00.000Z",
        }),
    }
}

fn with_secret() -> Object {
    let Object {
        mut members,
        mut example,
        ..
    } = shape();
    let secret = Field::text("secret").nullable();
    members.push(secret.about("signs events; null in a repeated answer once it was rotated"));
    example["secret"] = value!("whsec_…");
    Object {
        name: WITH_SECRET,
        about: "An endpoint with its new secret.",
        members,
        example,
    }
}

fn deleted(id: &EndpointId) -> Value {
    value!({ "id": id, "object": "endpoint", "deleted": true })
}

fn tested(endpoint: &str, event: &EventId) -> Value {
    value!({ "endpoint": endpoint, "event": event })
}

fn resent(id: &EndpointId, events: u64) -> Value {
    value!({ "endpoint": id, "events": events })
}

/// What a call answers that was done before it could: from what it noted on its key, an id and,
/// after a space, what else the answer says. `None` where it answers something else.
pub(super) async fn again(
    app: &App,
    caller: &Caller,
    gives: &str,
    noted: &str,
) -> Result<Option<(Value, Option<SecretString>)>, Problem> {
    let (name, more) = noted.split_once(' ').unwrap_or((noted, ""));
    let id = || EndpointId::parse(name).ok_or_else(Problem::not_found);
    let plain = |value| Ok(Some((value, None)));
    match gives {
        DELETED => plain(deleted(&id()?)),
        RESENT => plain(resent(&id()?, more.parse().unwrap_or_default())),
        TESTED => {
            let event = EventId::parse(name).ok_or_else(Problem::not_found)?;
            let found = super::events::find(app, caller, &event).await?;
            plain(tested(&found.event.subject, &event))
        }
        WITH_SECRET => {
            let endpoint = find(app, caller, &id()?).await?;
            let secret = if endpoint.fingerprint == more {
                endpoints::reveal(app, &caller.tenant.id, &endpoint).await?
            } else {
                None
            };
            let mut object = endpoints::object(&endpoint);
            object["secret"] = Value::Null;
            Ok(Some((object, secret)))
        }
        _ => Ok(None),
    }
}

/// An endpoint of the caller's mode.
pub(super) async fn find(app: &App, caller: &Caller, id: &EndpointId) -> Result<Endpoint, Problem> {
    let found = endpoints::get(app, &caller.tenant.id, id).await?;
    of_mode(found, caller, |e| e.livemode)
}

pub(super) async fn show(State(app): State<App>, Key(caller): Key, id: Named) -> Done {
    let endpoint = find(&app, &caller, &id.id()?).await?;
    Ok(Answer::ok(endpoints::object(&endpoint)))
}

pub(super) async fn list(
    State(app): State<App>,
    Key(caller): Key,
    RawQuery(query): RawQuery,
) -> Done {
    let mut query = Query::parse(query.as_deref())?;
    let (cursor, limit) = query.page::<EndpointId>()?;
    query.done()?;
    let (tenant, live) = (&caller.tenant.id, Some(caller.livemode()));
    let page = endpoints::list(&app, tenant, live, &cursor, limit).await?;
    let data = page.rows.iter().map(endpoints::object).collect();
    Ok(lists::answer(data, page.older))
}

pub(super) async fn create(State(app): State<App>, Key(caller): Key, request: Request) -> Response {
    json(app, caller, request, make).await
}

async fn make(call: Call, mut body: Fields) -> Done {
    let new = NewEndpoint {
        livemode: call.caller.livemode(),
        url: needed("url", body.text("url")?)?,
        description: body.text("description")?.unwrap_or_default(),
        events: body.texts("events")?,
        form_key: None,
    };
    body.done()?;
    let (tenant, actor) = (&call.caller.tenant.id, call.actor());
    let (endpoint, secret) = endpoints::create(&call.app, &actor, tenant, new).await?;
    let object = endpoints::object(&endpoint);
    Ok(Answer::with_secret(StatusCode::CREATED, object, secret))
}

pub(super) async fn change(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, mut body| async move {
        let events = if body.has("events") {
            Some(body.texts("events")?)
        } else {
            None
        };
        let change = ChangeEndpoint {
            url: body.text("url")?,
            description: body.text("description")?,
            events,
            enabled: body.flag("enabled")?,
        };
        body.done()?;
        let endpoint = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&endpoint.tenant_id, call.actor());
        let endpoint = endpoints::change(&call.app, &actor, tenant, &endpoint.id, change).await?;
        Ok(Answer::ok(endpoints::object(&endpoint)))
    })
    .await
}

pub(super) async fn delete(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, body| async move {
        body.done()?;
        let endpoint = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&endpoint.tenant_id, call.actor());
        endpoints::delete(&call.app, &actor, tenant, &endpoint.id).await?;
        Ok(Answer::ok(deleted(&endpoint.id)))
    })
    .await
}

pub(super) async fn rotate(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, body| async move {
        body.done()?;
        let endpoint = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&endpoint.tenant_id, call.actor());
        let (endpoint, secret) = endpoints::rotate(&call.app, &actor, tenant, &endpoint.id).await?;
        let object = endpoints::object(&endpoint);
        Ok(Answer::with_secret(StatusCode::OK, object, secret))
    })
    .await
}

pub(super) async fn test(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, body| async move {
        body.done()?;
        let endpoint = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&endpoint.tenant_id, call.actor());
        let event = endpoints::test(&call.app, &actor, tenant, &endpoint.id).await?;
        Ok(Answer::ok(tested(endpoint.id.as_str(), &event)))
    })
    .await
}

pub(super) async fn resend(
    State(app): State<App>,
    Key(caller): Key,
    id: Named,
    request: Request,
) -> Response {
    json(app, caller, request, |call, mut body| async move {
        let from = needed("from", body.text("from")?)?;
        let to = body.text("to")?;
        let range = Range {
            from: time("from", &from)?,
            to: match to {
                Some(text) => time("to", &text)?,
                None => call.app.clock.now().plus_secs(1),
            },
            only_failed: body.flag("only_failed")?.unwrap_or(true),
        };
        body.done()?;
        if range.to <= range.from {
            return Err(Problem::input(
                "to",
                "range_invalid",
                "must be later than from",
            ));
        }
        let endpoint = find(&call.app, &call.caller, &id.id()?).await?;
        let (tenant, actor) = (&endpoint.tenant_id, call.actor());
        let count = events::resend_range(&call.app, &actor, tenant, &endpoint.id, range).await?;
        Ok(Answer::ok(resent(&endpoint.id, count)))
    })
    .await
}

/// Puts the secret into an answer that is given once more: it is not kept with the answer.
pub(super) async fn reveal(app: &App, caller: &Caller, body: &mut Value) {
    let Some(id) = body["id"].as_str().and_then(EndpointId::parse) else {
        return;
    };
    let secret = async {
        let tenant = &caller.tenant.id;
        let found = endpoints::get(app, tenant, &id).await.ok()??;
        // Rotated since: the secret of this answer signs no more.
        if body["secret_fingerprint"].as_str() != Some(&found.fingerprint) {
            return None;
        }
        endpoints::reveal(app, tenant, &found).await.ok()?
    };
    let secret = secret.await;
    body["secret"] = value!(secret.as_ref().map(ExposeSecret::expose_secret));
}
