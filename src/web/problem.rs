//! The one place that turns what services refuse into a status, a stable `code` and a sentence, as
//! `application/problem+json` (RFC 9457). Causes inside are logged here, once, and never shown.
use crate::domain::order::OrderStatus;
use crate::domain::{InputProblem, TransitionError};
use crate::services::checkout::StartError;
use crate::services::endpoints::EndpointError;
use crate::services::events::ResendError;
use crate::services::orders::OrderError;
use crate::services::payments::PaymentError;
use crate::services::plans::PlanError;
use crate::services::proofs::ProofError;
use crate::services::provider_accounts::AccountError;
use crate::services::purchases::PurchaseError;
use crate::services::refunds::RefundError;
use crate::services::{SettleError, StoreError};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal. Programs read `code` and `field`, people the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub detail: String,
    /// The input that is at fault: `amount`, `customer.email`, …
    pub field: Option<String>,
    /// Further members: the payment in the way, both ends of a step.
    more: Vec<(&'static str, String)>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            field: None,
            more: vec![],
        }
    }

    /// A field that cannot be taken.
    pub fn input(
        field: impl Into<String>,
        code: &'static str,
        message: impl std::fmt::Display,
    ) -> Self {
        let field = field.into();
        let detail = format!("{field}: {message}");
        Self {
            field: Some(field),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
        }
    }

    /// The state of things stands against it.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    pub fn not_found() -> Self {
        let detail = "there is nothing under this address";
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Logs the cause; the reader learns only that it is our fault.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "a request failed");
        let detail = "something went wrong on our side; nothing is known to be lost";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    fn database(cause: &StoreError) -> Self {
        tracing::error!(error = %cause, "the database failed a request");
        let detail = "the database cannot be reached; try again in a moment";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "database_unavailable", detail)
    }

    #[must_use]
    fn with(mut self, member: &'static str, value: impl Into<String>) -> Self {
        self.more.push((member, value.into()));
        self
    }

    /// The body.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "type": format!("urn:malipo:problem:{}", self.code),
            "title": title(self.code),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        if let Some(field) = &self.field {
            body["field"] = json!(field);
        }
        for (member, value) in &self.more {
            body[*member] = json!(value);
        }
        body
    }
}

/// The code as words: `payment_in_flight` is "Payment in flight".
fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The code of a problem, on its response: for the request log.
#[derive(Clone, Copy)]
pub struct Code(pub &'static str);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.to_json().to_string()).into_response();
        response.extensions_mut().insert(Code(self.code));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                let how = HeaderValue::from_static("Bearer realm=\"malipo\"");
                headers.insert(header::WWW_AUTHENTICATE, how);
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
        response
    }
}

impl From<InputProblem> for Problem {
    fn from(p: InputProblem) -> Self {
        Self::input(p.field, p.code, p.message)
    }
}

impl From<TransitionError> for Problem {
    fn from(e: TransitionError) -> Self {
        Self::conflict("state_conflict", e.to_string())
            .with("from", e.from)
            .with("to", e.to)
    }
}

impl From<StoreError> for Problem {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Stale | StoreError::Taken => {
                Self::conflict("conflict", "somebody else changed it meanwhile; look again")
            }
            StoreError::Database(_) => Self::database(&e),
            StoreError::Corrupt(_) | StoreError::Migrate(_) | StoreError::Url(_) => {
                Self::internal(&e)
            }
        }
    }
}

impl From<SettleError> for Problem {
    fn from(e: SettleError) -> Self {
        match e {
            SettleError::NotFound => Self::not_found(),
            SettleError::Transition(e) => e.into(),
            SettleError::Store(e) => e.into(),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(e: AccountError) -> Self {
        match e {
            AccountError::Input(p) => p.into(),
            AccountError::Vault(e) => Self::internal(&e),
            AccountError::Store(e) => e.into(),
        }
    }
}

impl From<EndpointError> for Problem {
    fn from(e: EndpointError) -> Self {
        match e {
            EndpointError::Input(p) => p.into(),
            EndpointError::NotFound => Self::not_found(),
            EndpointError::TooMany => Self::conflict("endpoint_limit", e.to_string()),
            EndpointError::Disabled => Self::conflict("endpoint_disabled", e.to_string()),
            EndpointError::Vault(e) => Self::internal(&e),
            EndpointError::Store(e) => e.into(),
        }
    }
}

impl From<ResendError> for Problem {
    fn from(e: ResendError) -> Self {
        match e {
            ResendError::NotFound => Self::not_found(),
            ResendError::Disabled => Self::conflict("endpoint_disabled", e.to_string()),
            ResendError::NoEndpoint => Self::conflict("no_endpoint", e.to_string()),
            ResendError::TooMany => Self::input("from", "range_too_large", e),
            ResendError::Store(e) => e.into(),
        }
    }
}

impl From<OrderError> for Problem {
    fn from(e: OrderError) -> Self {
        match e {
            OrderError::Input(p) => p.into(),
            OrderError::NotFound => Self::not_found(),
            OrderError::Transition(e) => e.into(),
            OrderError::Store(e) => e.into(),
        }
    }
}

impl From<StartError> for Problem {
    fn from(e: StartError) -> Self {
        match e {
            StartError::Input(p) => p.into(),
            StartError::InFlight(other) => Self::conflict(
                "payment_in_flight",
                "a prompt to this phone waits for its answer; \"force\": true sends another",
            )
            .with("payment", other.to_string()),
            StartError::UnknownBeside(other) => Self::conflict(
                "payment_unknown",
                "the outcome of an earlier payment is not known yet: its money may have gone; \
                 \"force\": true goes ahead",
            )
            .with("payment", other.to_string()),
            StartError::Closed(status) => closed(status),
            StartError::Account(e) => e.into(),
            StartError::Settle(e) => e.into(),
            StartError::Store(e) => e.into(),
        }
    }
}

/// An order that takes no more payments. An open one has outlived its time.
fn closed(status: OrderStatus) -> Problem {
    match status {
        OrderStatus::Paid => Problem::conflict("order_paid", "the order is paid"),
        OrderStatus::Cancelled => Problem::conflict("order_cancelled", "the order was cancelled"),
        OrderStatus::Open | OrderStatus::PartiallyPaid | OrderStatus::Expired => {
            Problem::conflict("order_expired", "the order has expired; renew it first")
        }
    }
}

impl From<PaymentError> for Problem {
    fn from(e: PaymentError) -> Self {
        match e {
            PaymentError::NotFound => Self::not_found(),
            PaymentError::Settle(e) => e.into(),
            PaymentError::Account(e) => e.into(),
            PaymentError::Store(e) => e.into(),
        }
    }
}

impl From<RefundError> for Problem {
    fn from(e: RefundError) -> Self {
        match e {
            RefundError::Input(p) => p.into(),
            RefundError::NotFound => Self::not_found(),
            RefundError::MoreThanLeft { .. } => Self::input("amount", "refund_exceeds_captured", e),
            RefundError::NotPaid(status) => Self::conflict(
                "payment_not_succeeded",
                format!("the payment is {}: nothing can go back", status.as_str()),
            ),
            RefundError::FullOnly(_) => Self::input("amount", "refund_full_only", e),
            RefundError::NotSupported(_) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "refund_not_supported",
                e.to_string(),
            ),
            RefundError::OwnRequest => Self::new(
                StatusCode::FORBIDDEN,
                "approval_needs_person",
                "a person who did not ask for it approves this refund in the dashboard",
            ),
            RefundError::Transition(e) => e.into(),
            RefundError::Account(e) => e.into(),
            RefundError::Store(e) => e.into(),
        }
    }
}

impl From<PlanError> for Problem {
    fn from(e: PlanError) -> Self {
        match e {
            PlanError::Input(p) => p.into(),
            PlanError::NotFound => Self::not_found(),
            PlanError::Store(e) => e.into(),
        }
    }
}

impl From<PurchaseError> for Problem {
    fn from(e: PurchaseError) -> Self {
        let sentence = e.to_string();
        match e {
            PurchaseError::Input(p) => p.into(),
            PurchaseError::NotFound => Self::not_found(),
            PurchaseError::NotOnSale => Self::conflict("plan_inactive", sentence),
            PurchaseError::CreditCoversPrice { .. } => {
                Self::conflict("credit_covers_price", sentence)
            }
            PurchaseError::NoPrompt(_) => Self::conflict("prompt_not_available", sentence),
            PurchaseError::Start(e) => e.into(),
            PurchaseError::Order(e) => e.into(),
            PurchaseError::Store(e) => e.into(),
        }
    }
}

impl From<ProofError> for Problem {
    fn from(e: ProofError) -> Self {
        let sentence = e.to_string();
        match e {
            ProofError::Input(p) => p.into(),
            ProofError::NotFound => Self::not_found(),
            ProofError::Held => Self::conflict("proof_held", sentence),
            ProofError::AlreadyWaits => Self::conflict("proof_already_waits", sentence),
            ProofError::NotWanted => Self::conflict("proof_not_wanted", sentence),
            ProofError::ReferenceUsed(twin) => Self::conflict("proof_reference_used", sentence)
                .with("proof", twin.id.to_string())
                .with("payment", twin.payment_id.to_string()),
            ProofError::Transition(e) => e.into(),
            ProofError::Settle(e) => e.into(),
            ProofError::Io(e) => Self::internal(&e),
            ProofError::Store(e) => e.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Id, PaymentId};
    use crate::domain::payment::PaymentStatus;
    use crate::domain::refund::RefundStatus;
    use crate::domain::{Currency, Money};

    #[test]
    fn every_refusal_has_its_status_and_code() {
        let kes = |minor| Money::new(minor, Currency::KES);
        let input = || InputProblem::new("phone", "phone_required", "a phone number is needed");
        let step = || RefundStatus::Failed.go(RefundStatus::Approved).unwrap_err();
        let more = RefundError::MoreThanLeft {
            asked: kes(200),
            left: kes(100),
        };
        let pay = PaymentId::from_bits(7);
        let cases: Vec<(Problem, u16, &str)> = vec![
            (StartError::Input(input()).into(), 422, "phone_required"),
            (
                StartError::InFlight(pay.clone()).into(),
                409,
                "payment_in_flight",
            ),
            (
                StartError::UnknownBeside(pay).into(),
                409,
                "payment_unknown",
            ),
            (
                StartError::Closed(OrderStatus::Paid).into(),
                409,
                "order_paid",
            ),
            (
                StartError::Closed(OrderStatus::Open).into(),
                409,
                "order_expired",
            ),
            (
                StartError::Closed(OrderStatus::Cancelled).into(),
                409,
                "order_cancelled",
            ),
            (more.into(), 422, "refund_exceeds_captured"),
            (
                RefundError::NotPaid(PaymentStatus::Pending).into(),
                409,
                "payment_not_succeeded",
            ),
            (
                RefundError::FullOnly("Payme").into(),
                422,
                "refund_full_only",
            ),
            (RefundError::OwnRequest.into(), 403, "approval_needs_person"),
            (
                RefundError::Transition(step()).into(),
                409,
                "state_conflict",
            ),
            (ProofError::Held.into(), 409, "proof_held"),
            (ProofError::AlreadyWaits.into(), 409, "proof_already_waits"),
            (ProofError::NotWanted.into(), 409, "proof_not_wanted"),
            (ProofError::NotFound.into(), 404, "not_found"),
            (PurchaseError::NotOnSale.into(), 409, "plan_inactive"),
            (
                PurchaseError::CreditCoversPrice {
                    credit: kes(200),
                    price: kes(100),
                }
                .into(),
                409,
                "credit_covers_price",
            ),
            (OrderError::Store(StoreError::Stale).into(), 409, "conflict"),
            (StoreError::Corrupt("flags").into(), 500, "internal"),
        ];
        for (problem, status, code) in cases {
            assert_eq!((problem.status.as_u16(), problem.code), (status, code));
        }
    }

    #[test]
    fn the_body_names_the_field_and_what_stands_in_the_way() {
        let input = InputProblem::new("amount", "amount_invalid", "must be above zero");
        let body = Problem::from(input).to_json();
        assert_eq!(body["field"], "amount");
        assert_eq!(body["title"], "Amount invalid");
        assert_eq!(body["detail"], "amount: must be above zero");
        let pay = PaymentId::from_bits(7);
        let body = Problem::from(StartError::InFlight(pay.clone())).to_json();
        assert_eq!(body["payment"], pay.as_str());
        let step = RefundStatus::Failed.go(RefundStatus::Approved).unwrap_err();
        let body = Problem::from(step).to_json();
        assert_eq!(
            (&body["from"], &body["to"]),
            (&json!("failed"), &json!("approved"))
        );
    }

    #[test]
    fn what_is_inside_is_never_shown() {
        let body = Problem::internal(&"password=hunter2").to_json().to_string();
        assert!(!body.contains("hunter2"));
        let response = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "").into_response();
        assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
}
