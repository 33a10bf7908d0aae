//! Where a tenant receives events, and how often a delivery is tried.
use super::Timestamp;
use super::event::EventType;
use super::ids::{EndpointId, EventId, TenantId};
use super::states::states;

/// How long after a try the next one comes, in seconds: 75.6 hours in all, at least, for the jitter
/// only adds. The first try comes at once.
pub const RETRY_SECS: [i64; 10] = [
    5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];
/// An endpoint that did nothing but fail for so long is switched off.
pub const DISABLE_AFTER_SECS: i64 = 5 * 86_400;
/// How long the secret before a rotation still signs.
pub const ROTATION_SECS: i64 = 86_400;
/// The type of the event that tests an endpoint. It tells of nothing and goes to that one alone.
pub const TEST_EVENT: &str = "endpoint.test";

/// The wait after this many tries that failed, without jitter; `None` after the last.
pub fn retry_after(tries: i64) -> Option<i64> {
    let done = usize::try_from(tries).ok()?.checked_sub(1)?;
    RETRY_SECS.get(done).copied()
}

states! {
    /// Where a delivery stands.
    DeliveryStatus, "delivery" {
        /// It waits for its first or next try.
        Pending = "pending" => [Delivered, Failed],
        /// The endpoint took it: it answered 2xx.
        Delivered = "delivered" => [Pending],
        /// No try is left. Sending it again makes it pending.
        Failed = "failed" => [Pending],
    }
}

/// Why an endpoint is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledWhy {
    /// A person or an API key did it.
    ByHand,
    /// It did nothing but fail for five days.
    Failing,
    /// It answered 410: it wants nothing any more.
    Gone,
}

impl DisabledWhy {
    pub const ALL: [Self; 3] = [Self::ByHand, Self::Failing, Self::Gone];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|w| w.as_str() == tag)
    }
}

/// Where a tenant receives events of one mode. Its secrets are kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub id: EndpointId,
    pub tenant_id: TenantId,
    pub livemode: bool,
    pub url: String,
    pub description: String,
    /// The types it takes; empty: every type.
    pub events: Vec<EventType>,
    /// Four bytes of a keyed hash of the secret.
    pub fingerprint: String,
    /// When the secret was made.
    pub secret_at: Timestamp,
    /// Until when the secret before it signs too.
    pub old_until: Option<Timestamp>,
    pub disabled: Option<(Timestamp, DisabledWhy)>,
    /// Since when nothing but failure came.
    pub failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Endpoint {
    pub fn takes(&self, event_type: &str) -> bool {
        event_type == TEST_EVENT
            || self.events.is_empty()
            || self.events.iter().any(|t| t.as_str() == event_type)
    }

    /// The address without its path: what a list has room for.
    pub fn host(&self) -> &str {
        let rest = self
            .url
            .split_once("://")
            .map_or(self.url.as_str(), |p| p.1);
        rest.split(['/', '?']).next().unwrap_or(rest)
    }
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub event_id: EventId,
    pub endpoint_id: EndpointId,
    pub tenant_id: TenantId,
    pub status: DeliveryStatus,
    /// Since it was last asked for.
    pub tries: i64,
    /// Of all times.
    pub attempts: i64,
    /// How often it was asked for again.
    pub resends: i64,
    pub next_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One try with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub event_id: EventId,
    pub endpoint_id: EndpointId,
    /// Counts from one.
    pub n: i64,
    pub at: Timestamp,
    /// The answer's status; `None` without an answer.
    pub status: Option<u16>,
    pub took_ms: i64,
    /// The answer's beginning, word for word.
    pub answer: String,
    /// What went wrong; empty where it was taken.
    pub error: String,
}

impl Attempt {
    pub fn taken(&self) -> bool {
        self.status.is_some_and(|s| (200..300).contains(&s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_go_on_for_three_days_at_least_and_then_end() {
        let all: i64 = (1..).map_while(retry_after).sum();
        assert!(all >= 3 * 86_400, "{all}");
        assert!(all < DISABLE_AFTER_SECS);
        assert_eq!(retry_after(0), None);
        assert_eq!(retry_after(1), Some(5));
        assert_eq!(retry_after(11), None);
        assert!(RETRY_SECS.is_sorted());
    }
}
