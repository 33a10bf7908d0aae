//! `/api/v1/endpoints`.
use super::call::{Answer, Call, Done, Json, Key, json};
use super::fields::{Fields, needed};
use super::lists::{self, Query};
use super::{Named, of_mode, time};
use crate::domain::endpoint::Endpoint;
use crate::domain::ids::{EndpointId, Id};
use crate::services::App;
use crate::services::api_keys::Caller;
use crate::services::endpoints::{self, ChangeEndpoint, NewEndpoint};
use crate::services::events::{self, Range};
use crate::web::problem::Problem;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::ExposeSecret;
use serde_json::json as value;

pub(super) const SCOPE: &str = "endpoints:write";

/// An endpoint of the caller's mode.
async fn find(app: &App, caller: &Caller, id: &EndpointId) -> Result<Endpoint, Problem> {
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
    json(app, caller, SCOPE, Json::Needed, request, make).await
}

async fn make(call: Call, mut body: Fields) -> Done {
    let new = NewEndpoint {
        livemode: call.caller.livemode(),
        url: needed("url", body.text("url")?)?,
        description: body.text("description")?.unwrap_or_default(),
        events: body.texts("events")?,
        // Names this call: what a crash cut off is found, not made twice.
        form_key: call.form_key.clone(),
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
    json(
        app,
        caller,
        SCOPE,
        Json::Needed,
        request,
        |call, mut body| async move {
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
            let endpoint =
                endpoints::change(&call.app, &actor, tenant, &endpoint.id, change).await?;
            Ok(Answer::ok(endpoints::object(&endpoint)))
        },
    )
    .await
}

pub(super) async fn delete(
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
        |call, body| async move {
            body.done()?;
            let endpoint = find(&call.app, &call.caller, &id.id()?).await?;
            let (tenant, actor) = (&endpoint.tenant_id, call.actor());
            endpoints::delete(&call.app, &actor, tenant, &endpoint.id).await?;
            Ok(Answer::ok(
                value!({ "id": endpoint.id, "object": "endpoint", "deleted": true }),
            ))
        },
    )
    .await
}

pub(super) async fn rotate(
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
        |call, body| async move {
            body.done()?;
            let endpoint = find(&call.app, &call.caller, &id.id()?).await?;
            let (tenant, actor) = (&endpoint.tenant_id, call.actor());
            // A run that a crash cut off may have rotated: the second time would end the old secret.
            let rotated = call
                .cut_off_at
                .is_some_and(|at| endpoint.old_until.is_some() && endpoint.secret_at >= at);
            let before = if rotated {
                endpoints::reveal(&call.app, tenant, &endpoint).await?
            } else {
                None
            };
            let (endpoint, secret) = match before {
                Some(secret) => (endpoint, secret),
                None => endpoints::rotate(&call.app, &actor, tenant, &endpoint.id).await?,
            };
            let object = endpoints::object(&endpoint);
            Ok(Answer::with_secret(StatusCode::OK, object, secret))
        },
    )
    .await
}

pub(super) async fn test(
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
        |call, body| async move {
            body.done()?;
            let endpoint = find(&call.app, &call.caller, &id.id()?).await?;
            let (tenant, actor) = (&endpoint.tenant_id, call.actor());
            let event = endpoints::test(&call.app, &actor, tenant, &endpoint.id).await?;
            Ok(Answer::ok(
                value!({ "endpoint": endpoint.id, "event": event }),
            ))
        },
    )
    .await
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
        Json::Needed,
        request,
        |call, mut body| async move {
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
            let count =
                events::resend_range(&call.app, &actor, tenant, &endpoint.id, range).await?;
            Ok(Answer::ok(
                value!({ "endpoint": endpoint.id, "events": count }),
            ))
        },
    )
    .await
}

/// Puts the secret into an answer that is given once more: it is not kept with the answer.
pub(super) async fn reveal(app: &App, caller: &Caller, body: &mut serde_json::Value) {
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
