//! A plan: what a time of access costs. Days are of 86,400 seconds, so that a period has the same
//! length whenever it begins.
use super::ids::{PlanId, TenantId};
use super::{Money, Timestamp};

pub const DAY_SECS: i64 = 86_400;

/// What customers can buy: a price and how long it lasts. Changes count for later purchases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub id: PlanId,
    pub tenant_id: TenantId,
    pub livemode: bool,
    pub name: String,
    pub description: String,
    /// The currency stays what it was made with.
    pub price: Money,
    pub duration_days: i64,
    /// How long access goes on after the end, so that a late payment loses nobody.
    pub grace_days: i64,
    /// Days before the end at which a reminder is told, most first.
    pub remind_days: Vec<i64>,
    /// Whether it is sold. What runs goes on.
    pub active: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Plan {
    pub const DEFAULT_GRACE_DAYS: i64 = 3;
    pub const DEFAULT_REMIND_DAYS: [i64; 2] = [7, 1];
}

/// What `rest` of a period is worth, rounded up to a whole minor unit: in the customer's favour.
/// `value_minor` is the worth of the whole from `from` to `to`.
pub fn unused_minor(value_minor: i64, from: Timestamp, to: Timestamp, at: Timestamp) -> i64 {
    if at >= to {
        return 0;
    }
    if at <= from {
        return value_minor;
    }
    let whole = i128::from(to.unix_ms() - from.unix_ms());
    let rest = i128::from(to.unix_ms() - at.unix_ms());
    let worth = (i128::from(value_minor) * rest + whole - 1) / whole;
    i64::try_from(worth).unwrap_or(i64::MAX)
}

/// How many seconds a value lasts where `price_minor` buys `duration_days`, rounded up.
pub fn lasts_secs(duration_days: i64, value_minor: i64, price_minor: i64) -> i64 {
    let whole = i128::from(duration_days) * i128::from(DAY_SECS);
    let price = i128::from(price_minor.max(1));
    let secs = (whole * i128::from(value_minor.max(0)) + price - 1) / price;
    i64::try_from(secs).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_unix_ms(0).plus_secs(n * DAY_SECS)
    }

    #[test]
    fn r1_the_rest_of_a_period_is_counted_to_the_cent_and_never_against_the_customer() {
        for (value, at, want) in [
            (150_000, day(0), 150_000),
            (150_000, day(10), 100_000),
            (150_000, day(30), 0),
            (150_000, day(99), 0),
            (100, day(29), 4), // 3.33 and a bit is 4
            (1, day(29), 1),
            (i64::MAX, day(15), i64::MAX / 2 + 1),
        ] {
            assert_eq!(unused_minor(value, day(0), day(30), at), want, "{value}");
        }
        assert_eq!(unused_minor(90, day(5), day(35), day(0)), 90);
    }

    #[test]
    fn a_price_buys_exactly_its_days() {
        assert_eq!(lasts_secs(30, 150_000, 150_000), 30 * DAY_SECS);
        assert_eq!(lasts_secs(30, 75_000, 150_000), 15 * DAY_SECS);
        assert_eq!(lasts_secs(30, 0, 150_000), 0);
        assert_eq!(lasts_secs(30, -5, 150_000), 0);
        assert_eq!(lasts_secs(1, 1, 3), 28_800);
        assert_eq!(lasts_secs(3_660, i64::MAX, 1), i64::MAX);
    }

    proptest::proptest! {
        #[test]
        fn r1_what_was_used_and_what_is_left_make_the_whole(
            value in 1..1_000_000_000_i64, used in 0..2_592_000_i64,
        ) {
            let (from, to) = (day(0), day(30));
            let at = from.plus_secs(used);
            let left = unused_minor(value, from, to, at);
            proptest::prop_assert!((0..=value).contains(&left));
            // Less than one minor unit is given away by rounding.
            let exact = i128::from(value) * i128::from(2_592_000 - used);
            let over = i128::from(left) * 2_592_000 - exact;
            proptest::prop_assert!((0..2_592_000).contains(&over));
        }
    }
}
