//! What Malipo tells a merchant. Rows are written with the change they tell of (R12).
use serde::{Deserialize, Serialize};

macro_rules! event_types {
    ($($variant:ident = $tag:literal,)*) => {
        /// The type of an outbound event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventType { $(#[serde(rename = $tag)] $variant,)* }
        impl EventType {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $tag,)* }
            }
            pub fn parse(tag: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|t| t.as_str() == tag)
            }
        }
    };
}

event_types! {
    OrderPaid = "order.paid",
    OrderPartiallyPaid = "order.partially_paid",
    OrderExpired = "order.expired",
    PaymentPending = "payment.pending",
    PaymentSucceeded = "payment.succeeded",
    PaymentFailed = "payment.failed",
    PaymentExpired = "payment.expired",
    PaymentMismatched = "payment.mismatched",
    PaymentLate = "payment.late",
    RefundRequested = "refund.requested",
    RefundSucceeded = "refund.succeeded",
    RefundFailed = "refund.failed",
    ProofSubmitted = "proof.submitted",
    ProofApproved = "proof.approved",
    ProofRejected = "proof.rejected",
    EntitlementActivated = "entitlement.activated",
    EntitlementExpiring = "entitlement.expiring",
    EntitlementExpired = "entitlement.expired",
}
