//! API v1 (docs/api.md): JSON in, one service called, JSON out. Each operation is described once, in
//! its resource's file; the router is made from the descriptions, so every route has one. Who may
//! call is settled by the [`call::Key`] extractor; idempotency is `call`'s.
use super::problem::Problem;
use crate::domain::Timestamp;
use crate::domain::ids::{EndpointId, EventId, Id, OrderId, PaymentId, PlanId, ProofId, RefundId};
use crate::services::api_keys::Caller;
use crate::services::{App, REGISTRY, objects};
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use describe::{Gives, Operation, Resource};
use serde_json::Value;
use std::sync::LazyLock;

mod call;
pub mod codes;
mod customers;
pub mod describe;
mod endpoints;
mod events;
mod fields;
mod lists;
mod log;
pub mod openapi;
mod orders;
mod payments;
mod plans;
mod proofs;
mod refunds;

static RESOURCES: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    vec![
        orders::resource(),
        payments::resource(),
        refunds::resource(),
        proofs::resource(),
        plans::resource(),
        customers::resource(),
        endpoints::resource(),
        events::resource(),
    ]
});

/// Everything that the API has, in the order of its reference.
pub fn resources() -> &'static [Resource] {
    &RESOURCES
}

/// Every operation of every resource.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    resources().iter().flat_map(|r| &r.operations)
}

/// An object of one of the operations' own kinds, as its own address shows it.
///
/// # Errors
/// 404 where it is not there or not of the caller's mode.
async fn shown(app: &App, caller: &Caller, id: &str) -> Result<Value, Problem> {
    if let Some(id) = OrderId::parse(id) {
        let order = orders::find(app, caller, &id).await?;
        Ok(orders::object(app, &order).await?)
    } else if let Some(id) = PaymentId::parse(id) {
        let payment = payments::find(app, caller, &id).await?;
        Ok(objects::payment(app, &payment))
    } else if let Some(id) = RefundId::parse(id) {
        let refund = refunds::find(app, caller, &id).await?;
        Ok(objects::refund(&refund))
    } else if let Some(id) = ProofId::parse(id) {
        let (proof, _) = proofs::find(app, caller, &id).await?;
        Ok(objects::proof(&proof))
    } else if let Some(id) = PlanId::parse(id) {
        let plan = plans::find(app, caller, &id).await?;
        Ok(objects::plan(&plan))
    } else if let Some(id) = EndpointId::parse(id) {
        let endpoint = endpoints::find(app, caller, &id).await?;
        Ok(crate::services::endpoints::object(&endpoint))
    } else if let Some(id) = EventId::parse(id) {
        let event = events::find(app, caller, &id).await?;
        Ok(crate::services::events::detail_object(&event))
    } else {
        Err(Problem::internal(
            &"an idempotency key notes an id of no kind that is shown",
        ))
    }
}

/// The answer of a call that was done by a run before this one, from what that noted on the key.
///
/// # Errors
/// 404 where what it did is not there any more.
async fn again(app: &App, caller: &Caller, operation: &Operation, noted: &str) -> call::Done {
    let status = StatusCode::from_u16(operation.status()).unwrap_or(StatusCode::OK);
    if let Gives::Shown(name) | Gives::Made(name) = operation.gives
        && let Some((body, secret)) = endpoints::again(app, caller, name, noted).await?
    {
        return Ok(call::Answer::new(status, body, secret));
    }
    let body = shown(app, caller, noted).await?;
    Ok(call::Answer::new(status, body, None))
}

/// The prefix of the id that an operation's answer names first: of what it shows or did.
fn prefix(gives: Gives) -> &'static str {
    let (Gives::Shown(name) | Gives::Made(name) | Gives::List(name)) = gives else {
        return "";
    };
    let mut objects = resources().iter().flat_map(|r| &r.objects);
    let object = objects.find(|o| o.name == name);
    let mut members = object.into_iter().flat_map(|o| &o.members);
    let prefix = members.find_map(|m| match m.kind {
        describe::Kind::Id(prefix) => Some(prefix),
        _ => None,
    });
    prefix.unwrap_or_default()
}

fn providers() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|a| a.info().name)
}

/// Where files are sent: a body may take as long as its pace allows.
pub fn uploads(app: &App) -> Router<App> {
    routes(Operation::is_upload)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(app.clone(), log::note))
        .layer(DefaultBodyLimit::disable())
}

pub fn router(app: &App) -> Router<App> {
    routes(|o| !o.is_upload())
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(app.clone(), log::note))
        .route(openapi::PATH, get(document))
        .route("/api/v1", any(nothing))
        .route("/api/v1/{*rest}", any(nothing))
        // Bodies are bounded by `web::body`, per operation.
        .layer(DefaultBodyLimit::disable())
}

fn routes(which: impl Fn(&Operation) -> bool) -> Router<App> {
    operations()
        .filter(|o| which(o))
        .fold(Router::new(), |all, o| all.route(o.path, o.route()))
}

/// The description of all this; nobody needs a key to read it.
async fn document() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, openapi::text())
}

async fn nothing() -> Problem {
    Problem::not_found()
}

async fn method_not_allowed() -> Problem {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let detail = "this address does not take this method; see the Allow header";
    Problem::new(status, "method_not_allowed", detail)
}

/// The id in the address, as it stands there.
struct Named(String);

impl Named {
    /// # Errors
    /// 404 for what is no id of this kind.
    fn id<I: Id>(&self) -> Result<I, Problem> {
        I::parse(&self.0).ok_or_else(Problem::not_found)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|p| Self(p.0)).map_err(|_| Problem::not_found())
    }
}

/// An instant in RFC 3339.
///
/// # Errors
/// 422 `time_invalid`.
fn time(field: &'static str, text: &str) -> Result<Timestamp, Problem> {
    let at: Result<jiff::Timestamp, _> = text.parse();
    at.map(|t| Timestamp::from_unix_ms(t.as_millisecond()))
        .map_err(|_| {
            let message = "must be a time such as 2026-11-21T09:00:00Z";
            Problem::input(field, "time_invalid", message)
        })
}

/// Shows an object only to keys of its own mode.
///
/// # Errors
/// 404 for what is not there, and for an object of the other mode.
fn of_mode<T>(
    found: Option<T>,
    caller: &Caller,
    livemode: impl Fn(&T) -> bool,
) -> Result<T, Problem> {
    found
        .filter(|o| livemode(o) == caller.livemode())
        .ok_or_else(Problem::not_found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::api_keys::SCOPES;

    #[test]
    fn every_operation_is_described_whole() {
        let mut ids = std::collections::BTreeSet::new();
        for o in operations() {
            assert!(!o.id.is_empty() && !o.title.is_empty(), "{}", o.path);
            assert!(ids.insert(o.id), "{} is named twice", o.id);
            assert!(SCOPES.contains(&o.scope), "{}", o.id);
            assert_eq!(o.is_write(), o.scope != "read", "{}", o.id);
            // After a crash the answer is made from the id that the key's row notes.
            let file = matches!(o.gives, Gives::File(_));
            assert!(file || prefix(o.gives).len() == 4, "{}", o.id);
        }
    }
}
