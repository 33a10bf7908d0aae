//! A message: what a customer or a member of the team is told by e-mail or text message.
use super::Timestamp;
use super::ids::{MessageId, OrderId, PaymentId, RefundId, TenantId};
use super::states::states;

states! {
    /// Where a message stands.
    MessageStatus, "message" {
        Queued = "queued" => [Sent, Held, Failed],
        Sent = "sent" => [],
        /// Nothing was sent; [`Held`] says why.
        Held = "held" => [Queued],
        /// Tried for about a day, or refused for good.
        Failed = "failed" => [Queued],
    }
}

/// Why a message was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Held {
    /// R11: it tells of test money, and is never sent.
    TestMode,
    NoMailServer,
    NoSmsGateway,
}

impl Held {
    pub const ALL: [Self; 3] = [Self::TestMode, Self::NoMailServer, Self::NoSmsGateway];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TestMode => "test_mode",
            Self::NoMailServer => "no_mail_server",
            Self::NoSmsGateway => "no_sms_gateway",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|h| h.as_str() == tag)
    }
}

macro_rules! message_kinds {
    ($($(#[$doc:meta])* $variant:ident = $tag:literal, $topic:expr;)*) => {
        /// What a message tells.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum MessageKind { $($(#[$doc])* $variant,)* }
        impl MessageKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $tag,)* }
            }
            pub fn parse(tag: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|k| k.as_str() == tag)
            }
            /// The switch that it hangs on. None where a person sends it.
            pub const fn topic(self) -> Option<Topic> {
                match self { $(Self::$variant => $topic,)* }
            }
        }
    };
}

message_kinds! {
    /// An order is paid.
    Receipt = "receipt", Some(Topic::Receipt);
    /// A link to pay, sent by a person.
    PaymentRequest = "payment_request", None;
    /// What is asked for is due soon, today, or was due.
    PaymentReminder = "payment_reminder", Some(Topic::Reminder);
    ProofRejected = "proof_rejected", Some(Topic::Proof);
    ProofMoreWanted = "proof_more_wanted", Some(Topic::Proof);
    RefundSucceeded = "refund_succeeded", Some(Topic::Refund);
    /// A plan ends soon.
    RenewalReminder = "renewal_reminder", Some(Topic::Renewal);
    /// To the team: money that does not match waits for a decision.
    PaymentMismatched = "payment_mismatched", Some(Topic::Alerts);
    /// To the team: a refund waits for a second person.
    RefundAwaiting = "refund_awaiting", Some(Topic::Alerts);
    /// To the team: more came than was owed (R8).
    RefundSurplus = "refund_surplus", Some(Topic::Alerts);
    /// To the team: an endpoint no longer gets events.
    EndpointDisabled = "endpoint_disabled", Some(Topic::Alerts);
    /// To the team: an alert rule of the tenant is broken.
    RuleBroken = "rule_broken", Some(Topic::Alerts);
}

/// What a tenant can switch off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    Receipt,
    Proof,
    Refund,
    Renewal,
    /// What is to pay is due.
    Reminder,
    /// Everything that the team is told.
    Alerts,
}

impl Topic {
    pub const ALL: [Self; 6] = [
        Self::Receipt,
        Self::Proof,
        Self::Refund,
        Self::Renewal,
        Self::Reminder,
        Self::Alerts,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Proof => "proof",
            Self::Refund => "refund",
            Self::Renewal => "renewal",
            Self::Reminder => "reminder",
            Self::Alerts => "alerts",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == tag)
    }
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    Email,
    Sms,
}

impl Channel {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        [Self::Email, Self::Sms]
            .into_iter()
            .find(|c| c.as_str() == tag)
    }
}

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    Customer,
    Staff,
}

impl Audience {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        [Self::Customer, Self::Staff]
            .into_iter()
            .find(|a| a.as_str() == tag)
    }
}

/// What is told to one person. Its words are final when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub tenant_id: TenantId,
    /// Whether it tells of real money. One that does not is never sent (R11).
    pub livemode: bool,
    pub kind: MessageKind,
    pub channel: Channel,
    pub audience: Audience,
    /// An e-mail address, or a phone number in E.164.
    pub address: String,
    /// The language's BCP 47 tag.
    pub locale: String,
    /// Empty for a text message.
    pub subject: String,
    pub text: String,
    /// Empty for a text message.
    pub html: String,
    pub status: MessageStatus,
    /// [`Held`]'s tag, or what the last try met.
    pub why: String,
    pub order_id: Option<OrderId>,
    pub payment_id: Option<PaymentId>,
    pub refund_id: Option<RefundId>,
    /// One thing is told to one person once: unique in the tenant.
    pub dedupe_key: String,
    /// How often sending was tried.
    pub attempts: i64,
    pub created_at: Timestamp,
    /// Since when it is tried.
    pub queued_at: Timestamp,
    pub sent_at: Option<Timestamp>,
}

impl Message {
    pub fn held(&self) -> Option<Held> {
        if self.status == MessageStatus::Held {
            Held::parse(&self.why)
        } else {
            None
        }
    }

    /// Whether a person may have it tried again: it did not go, and may go (R11).
    pub fn may_go_again(&self) -> bool {
        self.livemode && matches!(self.status, MessageStatus::Failed | MessageStatus::Held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::assert_table;

    #[test]
    fn r2_messages_step_only_along_their_table() {
        assert_table!(MessageStatus, {
            Queued => [Sent, Held, Failed],
            Held => [Queued],
            Failed => [Queued],
        });
    }

    #[test]
    fn every_name_reads_back() {
        for kind in MessageKind::ALL {
            assert_eq!(MessageKind::parse(kind.as_str()), Some(*kind));
        }
        for topic in Topic::ALL {
            assert_eq!(Topic::parse(topic.as_str()), Some(topic));
        }
        for held in Held::ALL {
            assert_eq!(Held::parse(held.as_str()), Some(held));
        }
    }
}
