//! API v1 (docs/api.md): JSON in, one service called, JSON out. Who may call is settled by the
//! [`call::Key`] extractor and the scope that each operation names; idempotency is `call`'s.
use super::problem::Problem;
use crate::domain::Timestamp;
use crate::domain::ids::Id;
use crate::services::App;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{any, get, post};

mod call;
mod customers;
mod endpoints;
mod events;
mod fields;
mod lists;
mod orders;
mod payments;
mod plans;
mod proofs;
mod refunds;

/// Where proofs are sent: a body may take as long as its pace allows.
pub fn uploads() -> Router<App> {
    Router::new()
        .route("/api/v1/payments/{id}/proofs", post(proofs::create))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::disable())
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/orders", get(orders::list).post(orders::create))
        .route("/api/v1/orders/{id}", get(orders::show))
        .route("/api/v1/orders/{id}/cancel", post(orders::cancel))
        .route("/api/v1/orders/{id}/renew", post(orders::renew))
        .route("/api/v1/orders/{id}/payments", post(payments::create))
        .route("/api/v1/payments", get(payments::list))
        .route("/api/v1/payments/{id}", get(payments::show))
        .route("/api/v1/payments/{id}/verify", post(payments::verify))
        .route("/api/v1/payments/{id}/refunds", post(refunds::create))
        .route("/api/v1/refunds/{id}", get(refunds::show))
        .route("/api/v1/refunds/{id}/approve", post(refunds::approve))
        .route("/api/v1/refunds/{id}/reject", post(refunds::reject))
        .route("/api/v1/proofs/{id}", get(proofs::show))
        .route("/api/v1/proofs/{id}/image", get(proofs::image))
        .route("/api/v1/proofs/{id}/approve", post(proofs::approve))
        .route("/api/v1/proofs/{id}/reject", post(proofs::reject))
        .route(
            "/api/v1/proofs/{id}/request-more",
            post(proofs::request_more),
        )
        .route("/api/v1/plans", get(plans::list).post(plans::create))
        .route("/api/v1/plans/{id}", get(plans::show).patch(plans::change))
        .route("/api/v1/plans/{id}/purchase", post(plans::purchase))
        .route("/api/v1/customers", get(customers::list))
        .route("/api/v1/customers/{id}", get(customers::show))
        .route(
            "/api/v1/customers/{id}/entitlements",
            get(customers::entitlements),
        )
        .route(
            "/api/v1/endpoints",
            get(endpoints::list).post(endpoints::create),
        )
        .route(
            "/api/v1/endpoints/{id}",
            get(endpoints::show)
                .patch(endpoints::change)
                .delete(endpoints::delete),
        )
        .route(
            "/api/v1/endpoints/{id}/rotate-secret",
            post(endpoints::rotate),
        )
        .route("/api/v1/endpoints/{id}/test", post(endpoints::test))
        .route("/api/v1/endpoints/{id}/resend", post(endpoints::resend))
        .route("/api/v1/events", get(events::list))
        .route("/api/v1/events/{id}", get(events::show))
        .route("/api/v1/events/{id}/resend", post(events::resend))
        .method_not_allowed_fallback(method_not_allowed)
        .route("/api/v1", any(nothing))
        .route("/api/v1/{*rest}", any(nothing))
        // Bodies are bounded by `web::body`, per operation.
        .layer(DefaultBodyLimit::disable())
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
    caller: &crate::services::api_keys::Caller,
    livemode: impl Fn(&T) -> bool,
) -> Result<T, Problem> {
    found
        .filter(|o| livemode(o) == caller.livemode())
        .ok_or_else(Problem::not_found)
}
