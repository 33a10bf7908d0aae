//! An order: what a customer owes.
use super::ids::{CustomerId, LinkId, OrderId, TenantId};
use super::payment::Flag;
use super::states::states;
use super::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

states! {
    /// Where an order stands.
    OrderStatus, "order" {
        Open = "open" => [PartiallyPaid, Paid, Cancelled, Expired],
        PartiallyPaid = "partially_paid" => [Paid],
        Paid = "paid" => [],
        /// Money that comes later is flagged and given back; the order stays cancelled.
        Cancelled = "cancelled" => [],
        /// A renewed link opens it again; late money settles it (R9).
        Expired = "expired" => [Open, PartiallyPaid, Paid],
    }
}

/// What the merchant calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    #[default]
    Order,
    Booking,
    Invoice,
    Subscription,
    Deposit,
}

impl OrderKind {
    pub const ALL: [Self; 5] = [
        Self::Order,
        Self::Booking,
        Self::Invoice,
        Self::Subscription,
        Self::Deposit,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Booking => "booking",
            Self::Invoice => "invoice",
            Self::Subscription => "subscription",
            Self::Deposit => "deposit",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == tag)
    }
}

/// Who owes. All parts are optional; a provider that needs one asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    #[serde(default)]
    pub external_id: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    /// E.164.
    #[serde(default)]
    pub phone: Option<String>,
}

/// What a customer owes. Amounts are minor units of `amount.currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub tenant_id: TenantId,
    /// The secret part of the checkout link.
    pub token: String,
    pub livemode: bool,
    pub kind: OrderKind,
    /// The merchant's own reference.
    pub reference: String,
    pub amount: Money,
    pub description: String,
    pub customer: Customer,
    /// Whose page it stands on. None for an order without a name to find it by, and for one that
    /// is older than customers.
    pub customer_id: Option<CustomerId>,
    /// The link that many can pay on, where it was begun there.
    pub link_id: Option<LinkId>,
    pub metadata: BTreeMap<String, String>,
    pub return_url: Option<String>,
    pub failure_url: Option<String>,
    /// Only these providers are offered; empty means all.
    pub providers: Vec<String>,
    /// The customer's language, if the merchant knows it.
    pub locale: Option<String>,
    pub status: OrderStatus,
    pub flags: Vec<Flag>,
    pub paid_minor: i64,
    pub refunded_minor: i64,
    /// When it was fulfilled, at most once (R8).
    pub fulfilled_at: Option<Timestamp>,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Order {
    pub fn paid(&self) -> Money {
        Money::new(self.paid_minor, self.amount.currency)
    }

    /// What came and was not given back, in minor units.
    pub fn kept_minor(&self) -> i64 {
        self.paid_minor.saturating_sub(self.refunded_minor)
    }

    /// What is still to pay; never below zero.
    pub fn left(&self) -> Money {
        Money::new(
            (self.amount.minor - self.kept_minor()).max(0),
            self.amount.currency,
        )
    }

    /// Whether the customer may start a payment now.
    pub fn takes_payments(&self, now: Timestamp) -> bool {
        match self.status {
            OrderStatus::Open => now < self.expires_at,
            OrderStatus::PartiallyPaid => true,
            OrderStatus::Paid | OrderStatus::Cancelled | OrderStatus::Expired => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::assert_table;

    #[test]
    fn r2_orders_step_only_along_their_table() {
        assert_table!(OrderStatus, {
            Open => [PartiallyPaid, Paid, Cancelled, Expired],
            PartiallyPaid => [Paid],
            Expired => [Open, PartiallyPaid, Paid],
        });
    }
}
