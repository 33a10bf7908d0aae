//! A payment link that many can pay on: each who does begins an order of their own.
use super::ids::{LinkId, TenantId};
use super::{Currency, Money, Timestamp};

/// What a link asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Fixed(Money),
    /// The customer chooses between two amounts of one currency, both included.
    Chosen {
        least: Money,
        most: Money,
    },
}

impl Ask {
    pub const fn currency(&self) -> Currency {
        match self {
            Self::Fixed(money) | Self::Chosen { least: money, .. } => money.currency,
        }
    }

    /// Whether an amount of its currency is what it asks for.
    pub const fn takes(&self, minor: i64) -> bool {
        match self {
            Self::Fixed(money) => minor == money.minor,
            Self::Chosen { least, most } => least.minor <= minor && minor <= most.minor,
        }
    }
}

/// A link with its terms. What was begun on it stays as it was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub id: LinkId,
    pub tenant_id: TenantId,
    /// The secret part of its address.
    pub token: String,
    pub livemode: bool,
    /// What is paid for; it becomes the orders' description.
    pub title: String,
    pub description: String,
    pub ask: Ask,
    /// How often it can be paid; none: any number of times.
    pub cap: Option<i64>,
    pub ends_at: Option<Timestamp>,
    pub active: bool,
    /// Only these providers are offered; empty means all.
    pub providers: Vec<String>,
    pub created_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What became of the orders that were begun on a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Paid, at least in part.
    pub paid: i64,
    /// Begun, not paid, and not over: each holds a place.
    pub held: i64,
}

/// Whether somebody can begin to pay on a link now, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    Open,
    /// A person switched it off.
    Off,
    Ended,
    /// Paid as often as it can be.
    UsedUp,
    /// The places that are left are held by people who pay just now.
    Held,
}

impl Link {
    /// How long a place is held for who began to pay on a link with a cap.
    pub const HOLD_SECS: i64 = 1_800;
    /// How long an order of a link without a cap waits.
    pub const OPEN_SECS: i64 = 86_400;

    /// The state at a moment.
    pub fn state(&self, uses: Uses, now: Timestamp) -> LinkState {
        if !self.active {
            return LinkState::Off;
        }
        if self.ends_at.is_some_and(|end| now >= end) {
            return LinkState::Ended;
        }
        match self.cap {
            Some(cap) if uses.paid >= cap => LinkState::UsedUp,
            Some(cap) if uses.paid + uses.held >= cap => LinkState::Held,
            _ => LinkState::Open,
        }
    }

    /// How long an order that begins now waits, in seconds: never far beyond the link's own end.
    pub fn order_secs(&self, now: Timestamp) -> i64 {
        let life = match self.cap {
            Some(_) => Self::HOLD_SECS,
            None => Self::OPEN_SECS,
        };
        let left = self.ends_at.map_or(life, |end| end.secs_since(now));
        life.min(left).max(60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Id;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_unix_ms(0).plus_secs(secs)
    }

    fn link() -> Link {
        let kes = |minor| Money::new(minor, Currency::KES);
        Link {
            id: LinkId::from_bits(1),
            tenant_id: TenantId::from_bits(1),
            token: "t".to_owned(),
            livemode: true,
            title: "Tickets".to_owned(),
            description: String::new(),
            ask: Ask::Chosen {
                least: kes(100),
                most: kes(200),
            },
            cap: Some(2),
            ends_at: Some(at(1_000)),
            active: true,
            providers: vec![],
            created_by: String::new(),
            created_at: at(0),
            updated_at: at(0),
        }
    }

    #[test]
    fn places_are_paid_or_held_and_the_end_is_the_end() {
        let l = link();
        let state = |paid, held, now| l.state(Uses { paid, held }, at(now));
        assert_eq!(state(0, 1, 999), LinkState::Open);
        assert_eq!(state(1, 1, 999), LinkState::Held);
        assert_eq!(state(2, 0, 999), LinkState::UsedUp);
        assert_eq!(state(0, 0, 1_000), LinkState::Ended);
        let off = Link {
            active: false,
            ..link()
        };
        assert_eq!(off.state(Uses::default(), at(0)), LinkState::Off);
        let free = Link {
            cap: None,
            ..link()
        };
        let many = Uses { paid: 9, held: 9 };
        assert_eq!(free.state(many, at(0)), LinkState::Open);
    }

    #[test]
    fn an_order_waits_no_longer_than_its_link() {
        let l = link();
        assert_eq!(l.order_secs(at(0)), 1_000);
        assert_eq!(l.order_secs(at(990)), 60);
        let free = Link {
            ends_at: None,
            ..link()
        };
        assert_eq!(free.order_secs(at(0)), Link::HOLD_SECS);
    }

    #[test]
    fn r1_an_amount_is_taken_between_its_bounds_alone() {
        let ask = link().ask;
        let taken: Vec<_> = [99, 100, 200, 201].map(|m| ask.takes(m)).into();
        assert_eq!(taken, [false, true, true, false]);
    }
}
