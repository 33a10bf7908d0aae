//! An entitlement: a customer's running access to a plan, made of the periods that were bought.
//! When it runs is worked out from its periods alone, so the same purchases always come to the
//! same end, however often and in whatever order they are told of.
use super::ids::{CustomerId, EntitlementId, OrderId, PlanId, TenantId};
use super::plan::{DAY_SECS, lasts_secs};
use super::states::states;
use super::{Currency, Money, Timestamp};

states! {
    /// Where an entitlement stands.
    EntitlementStatus, "entitlement" {
        Active = "active" => [Grace, Suspended, Replaced, Revoked],
        /// The time is over; access goes on for the plan's days of grace.
        Grace = "grace" => [Active, Suspended, Replaced, Revoked],
        /// Time and grace are over. A new purchase makes it active again.
        Suspended = "suspended" => [Active, Grace, Replaced, Revoked],
        /// Another plan took its place and its rest was credited. It comes back where that
        /// purchase is refunded.
        Replaced = "replaced" => [Active, Grace, Suspended, Revoked],
        /// All that was paid for it went back. A refund that fails afterwards undoes it.
        Revoked = "revoked" => [Active, Grace, Suspended],
    }
}

impl EntitlementStatus {
    /// Whether the clock ends it.
    pub fn runs(self) -> bool {
        matches!(self, Self::Active | Self::Grace)
    }
}

states! {
    /// Where the purchase of a plan stands.
    PurchaseStatus, "purchase" {
        /// Its order is not fulfilled.
        Open = "open" => [Applied],
        Applied = "applied" => [TakenBack],
        /// Its order was refunded in full. A refund that fails afterwards undoes it.
        TakenBack = "taken_back" => [Applied],
    }
}

/// A customer's access to a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    pub id: EntitlementId,
    pub tenant_id: TenantId,
    pub livemode: bool,
    pub customer_id: CustomerId,
    pub plan_id: PlanId,
    pub status: EntitlementStatus,
    pub starts_at: Timestamp,
    /// The begin of its newest period.
    pub period_from: Timestamp,
    pub ends_at: Timestamp,
    pub grace_days: i64,
    /// Days before the end at which a reminder is told.
    pub remind_days: Vec<i64>,
    /// The last reminder of this end, in days before it; 0 is that of the end itself.
    pub reminded: Option<i64>,
    /// The order that renews it, made with the first reminder of an end.
    pub renewal_order: Option<OrderId>,
    /// The order that paid for its newest period.
    pub last_order: OrderId,
    /// Counts changes.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Entitlement {
    pub fn grace_ends_at(&self) -> Timestamp {
        self.ends_at.plus_secs(self.grace_days * DAY_SECS)
    }

    /// Whether the customer has access now, also where the clock's own job is late.
    pub fn has_access(&self, now: Timestamp) -> bool {
        self.status.runs() && now < self.grace_ends_at()
    }

    /// What the clock makes of one that is neither replaced nor revoked.
    pub fn status_at(&self, now: Timestamp) -> EntitlementStatus {
        if now < self.ends_at {
            EntitlementStatus::Active
        } else if now < self.grace_ends_at() {
            EntitlementStatus::Grace
        } else {
            EntitlementStatus::Suspended
        }
    }

    /// Reminders that come after the newest period's begin: a plan of three days reminds nobody
    /// seven days before its end.
    fn reminders(&self) -> impl Iterator<Item = (i64, Timestamp)> + '_ {
        let at = |days: i64| self.ends_at.plus_secs(-days * DAY_SECS);
        let all = self.remind_days.iter().map(move |d| (*d, at(*d)));
        all.filter(|(days, at)| *days > 0 && *at > self.period_from)
            .filter(|(days, _)| self.reminded.is_none_or(|told| *days < told))
    }

    /// The reminder that is due, in days before the end. Of several that are, the last alone:
    /// after a standstill nobody is reminded twice.
    pub fn reminder_due(&self, now: Timestamp) -> Option<i64> {
        let due = self.reminders().filter(|(_, at)| *at <= now);
        due.map(|(days, _)| days).min()
    }

    /// When the clock has to be looked at next; `None` once it has ended.
    pub fn next_due(&self) -> Option<Timestamp> {
        match self.status {
            EntitlementStatus::Active => {
                let first = self.reminders().map(|(_, at)| at).min();
                Some(first.map_or(self.ends_at, |at| at.min(self.ends_at)))
            }
            EntitlementStatus::Grace => Some(self.grace_ends_at()),
            EntitlementStatus::Suspended
            | EntitlementStatus::Replaced
            | EntitlementStatus::Revoked => None,
        }
    }

    /// Whole days until the end, begun ones included; never below zero.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        let ms = (self.ends_at.unix_ms() - now.unix_ms()).max(0);
        (ms + DAY_SECS * 1_000 - 1) / (DAY_SECS * 1_000)
    }
}

/// The purchase of a plan by one order, and the period that it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    pub order_id: OrderId,
    pub tenant_id: TenantId,
    pub plan_id: PlanId,
    pub customer_id: CustomerId,
    pub status: PurchaseStatus,
    /// The plan's price at that time.
    pub price: Money,
    /// What the rest of [`Self::replaces`] was worth, fixed when the purchase began.
    pub credit_minor: i64,
    pub duration_days: i64,
    /// The grace after its period; the plan's when it was paid.
    pub grace_days: i64,
    /// The running entitlement that it takes the place of.
    pub replaces: Option<EntitlementId>,
    /// Whether it did.
    pub replaced: bool,
    /// What it belongs to, once it was paid.
    pub entitlement_id: Option<EntitlementId>,
    /// What its period is worth: what was paid, and the credit as far as it held.
    pub value_minor: i64,
    pub applied_at: Option<Timestamp>,
    pub period: Option<(Timestamp, Timestamp)>,
    /// Who began it: a user's or API key's id, or `system` for a renewal.
    pub created_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Purchase {
    /// What the customer pays: the price less the credit.
    pub fn amount(&self) -> Money {
        Money::new(self.price.minor - self.credit_minor, self.price.currency)
    }

    pub fn currency(&self) -> Currency {
        self.price.currency
    }

    /// How long its value lasts.
    pub fn secs(&self) -> i64 {
        lasts_secs(self.duration_days, self.value_minor, self.price.minor)
    }
}

/// Lays paid purchases, oldest payment first, one after the other. Each follows the one before
/// while that runs or is in grace, and begins at its own payment where it had ended.
pub fn lay_out(purchases: &mut [Purchase]) {
    let mut before: Option<(Timestamp, i64)> = None;
    for p in purchases {
        let paid_at = p.applied_at.unwrap_or(p.created_at);
        let from = match before {
            Some((end, grace)) if paid_at < end.plus_secs(grace * DAY_SECS) => end,
            _ => paid_at,
        };
        let to = from.plus_secs(p.secs());
        p.period = Some((from, to));
        before = Some((to, p.grace_days));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Id;
    use crate::domain::states::assert_table;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_unix_ms(0).plus_secs(n * DAY_SECS)
    }

    fn purchase(paid: i64, days: i64) -> Purchase {
        Purchase {
            order_id: OrderId::from_bits(1),
            tenant_id: TenantId::from_bits(1),
            plan_id: PlanId::from_bits(1),
            customer_id: CustomerId::from_bits(1),
            status: PurchaseStatus::Applied,
            price: Money::new(1_000, Currency::KES),
            credit_minor: 0,
            duration_days: days,
            grace_days: 3,
            replaces: None,
            replaced: false,
            entitlement_id: None,
            value_minor: 1_000,
            applied_at: Some(day(paid)),
            period: None,
            created_by: "system".to_owned(),
            created_at: day(paid),
            updated_at: day(paid),
        }
    }

    fn entitlement(ends: i64) -> Entitlement {
        Entitlement {
            id: EntitlementId::from_bits(1),
            tenant_id: TenantId::from_bits(1),
            livemode: true,
            customer_id: CustomerId::from_bits(1),
            plan_id: PlanId::from_bits(1),
            status: EntitlementStatus::Active,
            starts_at: day(0),
            period_from: day(0),
            ends_at: day(ends),
            grace_days: 3,
            remind_days: vec![7, 1],
            reminded: None,
            renewal_order: None,
            last_order: OrderId::from_bits(1),
            version: 1,
            created_at: day(0),
            updated_at: day(0),
        }
    }

    #[test]
    fn r2_entitlements_and_purchases_step_only_along_their_tables() {
        assert_table!(EntitlementStatus, {
            Active => [Grace, Suspended, Replaced, Revoked],
            Grace => [Active, Suspended, Replaced, Revoked],
            Suspended => [Active, Grace, Replaced, Revoked],
            Replaced => [Active, Grace, Suspended, Revoked],
            Revoked => [Active, Grace, Suspended],
        });
        assert_table!(PurchaseStatus, {
            Open => [Applied],
            Applied => [TakenBack],
            TakenBack => [Applied],
        });
    }

    #[test]
    fn periods_follow_each_other_while_one_runs_or_is_in_grace() {
        let laid = |all: &[(i64, i64)]| {
            let mut all: Vec<_> = all
                .iter()
                .map(|(paid, days)| purchase(*paid, *days))
                .collect();
            lay_out(&mut all);
            all.iter().map(|p| p.period.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(laid(&[(0, 30)]), [(day(0), day(30))]);
        assert_eq!(laid(&[(0, 30), (5, 30)])[1], (day(30), day(60)));
        assert_eq!(
            laid(&[(0, 30), (32, 30)])[1],
            (day(30), day(60)),
            "in grace"
        );
        assert_eq!(laid(&[(0, 30), (33, 30)])[1], (day(33), day(63)), "ended");
    }

    #[test]
    fn the_clock_reminds_once_a_day_it_should_and_ends_after_the_grace() {
        let mut e = entitlement(30);
        assert_eq!(e.next_due(), Some(day(23)));
        assert_eq!(e.reminder_due(day(22)), None);
        assert_eq!(e.reminder_due(day(23)), Some(7));
        e.reminded = Some(7);
        assert_eq!(e.next_due(), Some(day(29)));
        assert_eq!(e.reminder_due(day(28)), None);
        assert_eq!(e.reminder_due(day(29)), Some(1));
        e.reminded = Some(1);
        assert_eq!(
            (e.reminder_due(day(29)), e.next_due()),
            (None, Some(day(30)))
        );
        assert_eq!(e.status_at(day(29)), EntitlementStatus::Active);
        assert_eq!(e.status_at(day(30)), EntitlementStatus::Grace);
        assert_eq!(e.status_at(day(33)), EntitlementStatus::Suspended);
        assert!(e.has_access(day(32)) && !e.has_access(day(33)));
        assert_eq!((e.days_left(day(29)), e.days_left(day(31))), (1, 0));
    }

    #[test]
    fn after_a_standstill_the_last_reminder_alone_is_told() {
        let mut e = entitlement(30);
        assert_eq!(e.reminder_due(day(29)), Some(1));
        e.reminded = Some(1);
        assert_eq!(e.reminder_due(day(29)), None);
        // A plan of three days reminds nobody seven days before its end.
        let short = entitlement(3);
        assert_eq!(short.next_due(), Some(day(2)));
        assert_eq!(short.reminder_due(day(0)), None);
    }
}
