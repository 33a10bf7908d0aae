//! A proof: evidence that a customer gives for a payment made by hand.
use super::ids::{PaymentId, ProofId, TenantId};
use super::states::states;
use super::{Money, Timestamp};
use serde::{Deserialize, Serialize};

states! {
    /// Where a proof stands.
    ProofStatus, "proof" {
        Submitted = "submitted" => [Approved, Rejected, MoreWanted],
        MoreWanted = "more_wanted" => [Submitted],
        Approved = "approved" => [],
        Rejected = "rejected" => [],
    }
}

/// What kind of evidence it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofType {
    BankTransfer,
    MobileMoney,
    Cash,
}

impl ProofType {
    pub const ALL: [Self; 3] = [Self::BankTransfer, Self::MobileMoney, Self::Cash];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BankTransfer => "bank_transfer",
            Self::MobileMoney => "mobile_money",
            Self::Cash => "cash",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == tag)
    }
}

/// The stored file of a proof, under the data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// The file's name in the proof folder.
    pub name: String,
    /// `image/png`, `image/jpeg`, or `application/pdf`.
    pub media_type: String,
    pub bytes: i64,
    /// SHA-256 of the file as it came, hex.
    pub sha256: String,
}

/// Evidence for one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub id: ProofId,
    pub tenant_id: TenantId,
    pub payment_id: PaymentId,
    pub proof_type: ProofType,
    /// The bank's or network's reference, as the customer typed it.
    pub reference: String,
    pub notes: String,
    pub file: Option<ProofFile>,
    pub status: ProofStatus,
    /// The user who looks at it now, and since when.
    pub claimed_by: Option<String>,
    pub claimed_at: Option<Timestamp>,
    pub decided_by: Option<String>,
    /// What staff told the customer.
    pub decision_note: String,
    /// What staff found to have come, set by approval.
    pub accepted: Option<Money>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// How long a claim holds, in seconds, unless its reviewer renews it.
pub const CLAIM_SECS: i64 = 600;

impl Proof {
    /// Who holds the proof at `now`, if anyone.
    pub fn holder(&self, now: Timestamp) -> Option<&str> {
        let since = self.claimed_at?;
        (now.secs_since(since) < CLAIM_SECS)
            .then_some(self.claimed_by.as_deref())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::assert_table;

    #[test]
    fn r2_proofs_step_only_along_their_table() {
        assert_table!(ProofStatus, {
            Submitted => [Approved, Rejected, MoreWanted],
            MoreWanted => [Submitted],
        });
    }
}
