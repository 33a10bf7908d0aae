//! A hook: an inbound call from a provider, kept byte for byte before it is answered (R7).
use super::Timestamp;
use super::ids::{HookId, TenantId};
use super::states::states;

states! {
    /// Where a hook stands.
    HookStatus, "hook" {
        Received = "received" => [Applied, Ignored, Failed],
        Applied = "applied" => [Received],
        Ignored = "ignored" => [Received],
        /// Not verified. Kept for a person; it never acts.
        Quarantined = "quarantined" => [],
        /// Something of ours went wrong. Replay makes it `received` again.
        Failed = "failed" => [Received],
    }
}

/// How far a hook proved its sender when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookProof {
    /// A signature over the body: what it reports is believed, after R6.
    Signed,
    /// Nothing that covers the body: it only makes us ask (R5).
    Hint,
}

impl HookProof {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Hint => "hint",
        }
    }

    /// What is not known to be signed is a hint.
    pub fn parse(tag: &str) -> Self {
        if tag == "signed" {
            Self::Signed
        } else {
            Self::Hint
        }
    }
}

/// An inbound call as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub id: HookId,
    pub tenant_id: TenantId,
    pub provider: String,
    pub test_mode: bool,
    /// What makes a second delivery the same: the provider's event id, or a hash of the body.
    pub dedupe_key: String,
    /// The path after the token: a payment's or refund's own reference, where the provider
    /// carries one.
    pub path_reference: String,
    /// Header names and values as JSON; credentials are left out.
    pub headers: String,
    pub body: Vec<u8>,
    pub source: String,
    pub proof: HookProof,
    pub status: HookStatus,
    /// Why it was ignored, quarantined or failed.
    pub why: String,
    /// How many deliveries carried the same key.
    pub deliveries: i64,
    pub received_at: Timestamp,
    pub handled_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::assert_table;

    #[test]
    fn r2_hooks_step_only_along_their_table() {
        assert_table!(HookStatus, {
            Received => [Applied, Ignored, Failed],
            Applied => [Received],
            Ignored => [Received],
            Failed => [Received],
        });
    }
}
