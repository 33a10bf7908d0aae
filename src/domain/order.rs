//! An order: what a customer owes.
use super::ids::{CustomerId, LinkId, OrderId, TenantId};
use super::payment::Flag;
use super::schedule::{self, Part};
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
    /// Until when it can be begun to pay.
    pub expires_at: Timestamp,
    /// The parts that it is paid in; empty: all at once.
    pub parts: Vec<Part>,
    /// When its customer is reminded, in days from the day on which something is due; empty: never.
    pub remind_days: Vec<i64>,
    /// Up to when reminders are done.
    pub reminded_at: Timestamp,
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

    /// The part that is paid next, by its place from 0. None without parts, and once all is paid.
    pub fn next_part(&self) -> Option<(usize, Part)> {
        let (at, _) = schedule::next(&self.parts, self.kept_minor())?;
        Some((at, self.parts[at]))
    }

    /// What a payment that starts now asks for: what is left of the next part, or the whole rest
    /// where the customer wants so or there are no parts.
    pub fn asked(&self, whole: bool) -> Money {
        match schedule::next(&self.parts, self.kept_minor()) {
            Some((_, minor)) if !whole => Money::new(minor, self.amount.currency),
            _ => self.left(),
        }
    }

    /// Whether a payment of an amount is one that the order asks for at the moment.
    pub fn asks_for(&self, amount: Money) -> bool {
        amount == self.asked(false) || amount == self.left()
    }

    /// What money of an amount is taken for: that amount where the order asks for it or asks for
    /// nothing more, else what it asks for now.
    pub fn expected(&self, amount: Money) -> Money {
        if self.asks_for(amount) || self.left().minor == 0 {
            amount
        } else {
            self.asked(false)
        }
    }

    /// Whether what came is neither a part nor the whole.
    pub fn is_short(&self) -> bool {
        let kept = self.kept_minor();
        kept < self.amount.minor && !schedule::is_whole(&self.parts, kept)
    }

    /// Until when the next payment is due. None where it is overdue without a day of its own.
    pub fn due_at(&self) -> Option<Timestamp> {
        match (self.next_part(), self.status) {
            (Some((_, part)), _) => Some(part.due_at),
            (None, OrderStatus::Open) => Some(self.expires_at),
            (None, _) => None,
        }
    }

    /// Until when an attempt may run. None where the order itself has no end.
    pub fn ends_at(&self) -> Option<Timestamp> {
        (self.status == OrderStatus::Open).then_some(self.expires_at)
    }

    /// Whether its customer is still reminded: not once it is paid, over, or given back in part.
    pub fn is_reminded(&self, now: Timestamp) -> bool {
        !self.remind_days.is_empty() && self.refunded_minor == 0 && self.takes_payments(now)
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
