//! A refund: money going back for one payment.
use super::ids::{PaymentId, RefundId, TenantId};
use super::payment::Failure;
use super::states::states;
use super::{Money, Timestamp};

states! {
    /// Where a refund stands.
    RefundStatus, "refund" {
        Requested = "requested" => [AwaitingApproval, Approved, Rejected],
        /// Above the tenant's limit: a second person decides (R10).
        AwaitingApproval = "awaiting_approval" => [Approved, Rejected],
        Approved = "approved" => [Sending],
        /// Committed before the provider is asked (R3).
        Sending = "sending" => [Succeeded, Failed, Unknown],
        /// A provider that reports a failure after success is believed.
        Succeeded = "succeeded" => [Failed],
        Failed = "failed" => [],
        /// Sent, and no answer came (R4): never sent again, only asked after.
        Unknown = "unknown" => [Succeeded, Failed],
        Rejected = "rejected" => [],
    }
}

impl RefundStatus {
    /// Whether its amount counts against what can still be refunded (R10).
    pub fn holds_money(self) -> bool {
        !matches!(self, Self::Failed | Self::Rejected)
    }

    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Rejected)
    }
}

/// Money going back for one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub id: RefundId,
    pub tenant_id: TenantId,
    pub payment_id: PaymentId,
    pub amount: Money,
    pub status: RefundStatus,
    pub reason: String,
    pub note: String,
    /// A user's id, an API key's id, or `system` for surplus money.
    pub requested_by: String,
    pub decided_by: Option<String>,
    /// The provider's id of the refund, once it answered.
    pub provider_ref: Option<String>,
    pub failure: Option<Failure>,
    /// A person pays it back and records it.
    pub by_hand: bool,
    pub polls: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::assert_table;

    #[test]
    fn r2_refunds_step_only_along_their_table() {
        assert_table!(RefundStatus, {
            Requested => [AwaitingApproval, Approved, Rejected],
            AwaitingApproval => [Approved, Rejected],
            Approved => [Sending],
            Sending => [Succeeded, Failed, Unknown],
            Succeeded => [Failed],
            Unknown => [Succeeded, Failed],
        });
    }
}
