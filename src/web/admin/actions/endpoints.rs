//! Endpoints, and sending events again.
use super::{Next, answer, enter, form_key};
use crate::domain::ids::{EndpointId, EventId, Id};
use crate::domain::role::Permission;
use crate::services::endpoints::{self, ChangeEndpoint, EndpointError, NewEndpoint};
use crate::services::events::{self, Range, ResendError};
use crate::services::{InputProblem, StoreError};
use crate::web::admin::actions::CHANGED;
use crate::web::admin::auth::{Me, Refusal};
use crate::web::admin::pages::endpoints::SECRET;
use crate::web::admin::parts::Zone;
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

const OFF: &str = "The endpoint is switched off: switch it on first.";

fn id_of(text: &str) -> Result<EndpointId, Refusal> {
    EndpointId::parse(text).ok_or(Refusal::NotFound)
}

fn page_of(me: &Me, id: &EndpointId) -> String {
    me.url(&format!("/endpoints/{id}"))
}

/// What was refused, on the page that it came from.
fn refused(path: String, flash: Flash, e: EndpointError) -> Result<Next, Refusal> {
    match e {
        EndpointError::Input(p) => Ok(Next::with(
            path,
            told::refused(flash, p.field, &told::input(&p)),
        )),
        EndpointError::NotFound => Err(Refusal::NotFound),
        EndpointError::Disabled => Ok(Next::fault(path, OFF)),
        EndpointError::TooMany => {
            let words = told::sentence(&e.to_string());
            Ok(Next::with(path, told::refused(flash, "", &words)))
        }
        EndpointError::Store(StoreError::Stale | StoreError::Taken) => {
            Ok(Next::fault(path, CHANGED))
        }
        e => Err(Refusal::broken(e)),
    }
}

/// Goes on to the endpoint's page, which shows the secret once.
fn show_secret(me: &Me, id: &EndpointId) -> Next {
    let flash = Flash::new(SECRET).value("endpoint", id.as_str());
    Next::with(page_of(me, id), flash)
}

#[server(prefix = "/do", endpoint = "admin/endpoints/create")]
pub async fn admin_create_endpoint(
    tenant: String,
    #[server(default)] url: String,
    #[server(default)] description: String,
    #[server(default)] mode: String,
    #[server(default)] events: Vec<String>,
    #[server(default)] form_key: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageEndpoints).await?;
        let flash = Flash::new("endpoints/create")
            .value("url", &url)
            .value("description", &description)
            .value("mode", &mode)
            .value("events", &events.join(" "));
        let new = NewEndpoint {
            livemode: mode != "test",
            url,
            description,
            events,
            form_key: self::form_key(&form_key),
        };
        let tenant = &me.member.tenant.id;
        match endpoints::create(&me.app, &me.actor(), tenant, new).await {
            Ok((endpoint, _)) => Ok(show_secret(&me, &endpoint.id)),
            Err(e) => refused(me.url("/endpoints/new"), flash, e),
        }
    })
    .await
}

#[server(prefix = "/do", endpoint = "admin/endpoints/save")]
pub async fn admin_save_endpoint(
    tenant: String,
    endpoint: String,
    #[server(default)] url: String,
    #[server(default)] description: String,
    #[server(default)] events: Vec<String>,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageEndpoints).await?;
        let id = id_of(&endpoint)?;
        let flash = Flash::new("endpoints/save")
            .value("url", &url)
            .value("description", &description)
            .value("events", &events.join(" "));
        let change = ChangeEndpoint {
            url: Some(url),
            description: Some(description),
            events: Some(events),
            enabled: None,
        };
        let (tenant, path) = (&me.member.tenant.id, page_of(&me, &id));
        match endpoints::change(&me.app, &me.actor(), tenant, &id, change).await {
            Ok(_) => Ok(Next::done(path, "Saved.")),
            Err(e) => refused(path, flash, e),
        }
    })
    .await
}

#[server(prefix = "/do", endpoint = "admin/endpoints/switch")]
pub async fn admin_switch_endpoint(
    tenant: String,
    endpoint: String,
    #[server(default)] on: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageEndpoints).await?;
        let id = id_of(&endpoint)?;
        let on = on == "1";
        let change = ChangeEndpoint {
            enabled: Some(on),
            ..ChangeEndpoint::default()
        };
        let words = if on {
            "On. What waited for it is sent now."
        } else {
            "Off. It is told of nothing until you switch it on."
        };
        let (tenant, path) = (&me.member.tenant.id, page_of(&me, &id));
        match endpoints::change(&me.app, &me.actor(), tenant, &id, change).await {
            Ok(_) => Ok(Next::done(path, words)),
            Err(e) => refused(path, Flash::default(), e),
        }
    })
    .await
}

#[server(prefix = "/do", endpoint = "admin/endpoints/rotate")]
pub async fn admin_rotate_endpoint(tenant: String, endpoint: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageEndpoints).await?;
        let id = id_of(&endpoint)?;
        match endpoints::rotate(&me.app, &me.actor(), &me.member.tenant.id, &id).await {
            Ok(_) => Ok(show_secret(&me, &id)),
            Err(e) => refused(page_of(&me, &id), Flash::default(), e),
        }
    })
    .await
}

#[server(prefix = "/do", endpoint = "admin/endpoints/test")]
pub async fn admin_test_endpoint(tenant: String, endpoint: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageEndpoints).await?;
        let id = id_of(&endpoint)?;
        match endpoints::test(&me.app, &me.actor(), &me.member.tenant.id, &id).await {
            Ok(event) => Ok(Next::done(
                me.url(&format!("/events/{event}")),
                "The test event is on its way. Refresh to see the answer.",
            )),
            Err(e) => refused(page_of(&me, &id), Flash::default(), e),
        }
    })
    .await
}

#[server(prefix = "/do", endpoint = "admin/endpoints/delete")]
pub async fn admin_delete_endpoint(tenant: String, endpoint: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageEndpoints).await?;
        let id = id_of(&endpoint)?;
        match endpoints::delete(&me.app, &me.actor(), &me.member.tenant.id, &id).await {
            Ok(()) => Ok(Next::done(
                me.url("/endpoints"),
                "The endpoint was deleted.",
            )),
            Err(e) => refused(page_of(&me, &id), Flash::default(), e),
        }
    })
    .await
}

/// A range of whole days of the tenant.
fn range(zone: &Zone, from: &str, to: &str, which: &str) -> Result<Range, InputProblem> {
    let day = |field: &'static str, text: &str| {
        zone.parse_day(text.trim()).ok_or_else(|| {
            InputProblem::new(field, "day_invalid", "write a day such as 2026-11-19")
        })
    };
    let (from, last) = (day("from", from)?, day("to", to)?);
    if last < from {
        return Err(InputProblem::new(
            "to",
            "range_invalid",
            "must not be before the first day",
        ));
    }
    Ok(Range {
        from,
        to: zone.day_after(last),
        only_failed: which != "all",
    })
}

#[server(prefix = "/do", endpoint = "admin/endpoints/resend")]
pub async fn admin_resend_range(
    tenant: String,
    endpoint: String,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] which: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageEndpoints).await?;
        let id = id_of(&endpoint)?;
        let path = page_of(&me, &id);
        let flash = Flash::new("endpoints/resend")
            .value("from", &from)
            .value("to", &to)
            .value("which", &which);
        let tenant = &me.member.tenant;
        let zone = Zone::new(&tenant.timezone, me.app.clock.now());
        let range = match range(&zone, &from, &to, &which) {
            Ok(range) => range,
            Err(p) => {
                let flash = told::refused(flash, p.field, &told::input(&p));
                return Ok(Next::with(path, flash));
            }
        };
        match events::resend_range(&me.app, &me.actor(), &tenant.id, &id, range).await {
            Ok(0) => Ok(Next::done(path, "There was nothing to send in these days.")),
            Ok(1) => Ok(Next::done(path, "One event is sent again.")),
            Ok(n) => Ok(Next::done(path, &format!("{n} events are sent again."))),
            Err(e) => unsent(path, flash, e),
        }
    })
    .await
}

fn unsent(path: String, flash: Flash, e: ResendError) -> Result<Next, Refusal> {
    match e {
        ResendError::NotFound => Err(Refusal::NotFound),
        ResendError::Disabled => Ok(Next::fault(path, OFF)),
        ResendError::NoEndpoint => Ok(Next::fault(path, "No endpoint takes this event.")),
        ResendError::TooMany => {
            let words = told::sentence(&e.to_string());
            Ok(Next::with(path, told::refused(flash, "from", &words)))
        }
        ResendError::Store(e) => Err(Refusal::broken(e)),
    }
}

#[server(prefix = "/do", endpoint = "admin/events/resend")]
pub async fn admin_resend_event(
    tenant: String,
    event: String,
    #[server(default)] endpoint: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageEndpoints).await?;
        let id = EventId::parse(&event).ok_or(Refusal::NotFound)?;
        let to = if endpoint.is_empty() {
            None
        } else {
            Some(id_of(&endpoint)?)
        };
        let path = me.url(&format!("/events/{id}"));
        let tenant = &me.member.tenant.id;
        match events::resend(&me.app, &me.actor(), tenant, &id, to.as_ref()).await {
            Ok(()) => Ok(Next::done(
                path,
                "It is sent again. Refresh to see the answer.",
            )),
            Err(e) => unsent(path, Flash::default(), e),
        }
    })
    .await
}
