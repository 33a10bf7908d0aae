//! Endpoints and how they do.
use super::id;
use crate::domain::endpoint::Endpoint;
use crate::domain::ids::EndpointId;
use crate::domain::role::Permission;
use crate::services::{App, Cursor, endpoints};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::Note;
use crate::web::admin::parts::frame::{Frame, Nav, Page};
use crate::web::admin::told::Told;
use crate::web::admin::views::endpoints as view;
use axum::extract::{Path, State};
use axum::response::Response;
use secrecy::ExposeSecret;

/// More than a tenant can have.
const MOST: i64 = 100;
/// How many of its newest tries the page of an endpoint shows.
const ATTEMPTS: i64 = 50;
/// The flash that names the endpoint whose secret was made just now; the secret is not in it.
pub const SECRET: &str = "endpoints/secret";

/// The endpoints of a mode, or of both, with how they do.
pub async fn rows(me: &Me, livemode: Option<bool>) -> Result<Vec<view::Row>, Refusal> {
    let tenant = &me.member.tenant.id;
    let page = endpoints::list(&me.app, tenant, livemode, &Cursor::Newest, MOST).await?;
    let mut rows = Vec::with_capacity(page.rows.len());
    for endpoint in page.rows {
        let health = endpoints::health(&me.app, &endpoint).await?;
        rows.push(view::Row { endpoint, health });
    }
    Ok(rows)
}

/// The notices of endpoints that nothing arrived at.
pub async fn switched_off(me: &Me, f: &Frame) -> Result<Vec<Note>, Refusal> {
    let all = endpoints::switched_off(&me.app, &me.member.tenant.id).await?;
    Ok(view::switched_off(f, &all))
}

pub async fn list(who: Who) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let f = me.frame().await?;
    let mut told = me.told("");
    let main = view::list(&f, rows(&me, None).await?);
    let page = Page::new(Nav::Events, "Endpoints").with(switched_off(&me, &f).await?);
    Ok(me.page(&f, page, &mut told, main))
}

pub async fn new(who: Who) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageEndpoints)?;
    let f = me.frame().await?;
    let mut told = me.told("endpoints/create");
    let main = view::new(&f, &told.typed);
    let page = Page::new(Nav::Events, "New endpoint");
    Ok(me.page(&f, page, &mut told, main))
}

async fn find(me: &Me, text: &str) -> Result<Endpoint, Refusal> {
    let endpoint: EndpointId = id(text)?;
    endpoints::get(&me.app, &me.member.tenant.id, &endpoint)
        .await?
        .ok_or(Refusal::NotFound)
}

/// The secret that the last form made, once.
async fn fresh_secret(
    me: &Me,
    told: &mut Told,
    endpoint: &Endpoint,
) -> Result<Option<String>, Refusal> {
    let Some(flash) = me.flash(SECRET) else {
        return Ok(None);
    };
    let here = flash.typed("endpoint") == endpoint.id.to_string();
    if !here || !me.member.role.may(Permission::ManageEndpoints) {
        return Ok(None);
    }
    told.read = true;
    let secret = endpoints::reveal_fresh(&me.app, endpoint).await;
    let secret = secret.map_err(Refusal::broken)?;
    Ok(secret.map(|s| s.expose_secret().to_owned()))
}

pub async fn detail(
    who: Who,
    State(app): State<App>,
    Path((_, endpoint)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let endpoint = find(&me, &endpoint).await?;
    let f = me.frame().await?;
    let mut told = me.told("endpoints/save");
    let secret = fresh_secret(&me, &mut told, &endpoint).await?;
    let range = me.told("endpoints/resend");
    told.read |= range.read;
    let title = format!("Endpoint {}", endpoint.host());
    let main = view::detail(
        &f,
        view::Detail {
            attempts: endpoints::attempts(&app, &endpoint, ATTEMPTS).await?,
            row: view::Row {
                health: endpoints::health(&app, &endpoint).await?,
                endpoint,
            },
            secret,
            typed: told.typed.clone(),
            range: range.typed,
        },
    );
    Ok(me.page(&f, Page::new(Nav::Events, title), &mut told, main))
}

/// The page that asks before an endpoint is deleted.
pub async fn delete(
    who: Who,
    Path((_, endpoint)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageEndpoints)?;
    let endpoint = find(&me, &endpoint).await?;
    let f = me.frame().await?;
    let mut told = me.told("");
    let main = view::delete(&f, &endpoint);
    let title = format!("Delete {}", endpoint.host());
    Ok(me.page(&f, Page::new(Nav::Events, title), &mut told, main))
}
