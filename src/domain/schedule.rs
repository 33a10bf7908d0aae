//! An order that is paid in parts: a deposit and the rest, or instalments.
use super::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// One part of an order. The parts of an order make its amount, to the minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// In minor units of the order's currency.
    pub minor: i64,
    /// The first is due by the order's own end.
    pub due_at: Timestamp,
}

/// The fewest and the most parts of an order.
pub const PARTS: std::ops::RangeInclusive<usize> = 2..=24;

/// The unit that an amount is cut in: the major one where the amount is whole in it and has
/// enough of it, for some providers take no smaller; else the minor one.
fn unit(total: Money, parts: i64) -> i64 {
    let major = total.currency.minor_per_major();
    if total.minor % major == 0 && total.minor / major >= parts {
        major
    } else {
        1
    }
}

/// Cuts an amount in equal parts, in minor units; what does not go round goes to the first ones.
/// None where a part would be nothing.
pub fn even_parts(total: Money, parts: usize) -> Option<Vec<i64>> {
    let count = i64::try_from(parts).ok().filter(|n| *n > 0)?;
    if total.minor < count {
        return None;
    }
    let unit = unit(total, count);
    let (each, over) = (total.minor / unit / count, total.minor / unit % count);
    let cut = (0..count).map(|at| (each + i64::from(at < over)) * unit);
    Some(cut.collect())
}

/// A deposit of some per cent, rounded up, and the rest, in minor units. None where one of them
/// would be nothing.
pub fn deposit_parts(total: Money, percent: i64) -> Option<Vec<i64>> {
    if !(1..=99).contains(&percent) || total.minor < 2 {
        return None;
    }
    let unit = unit(total, 2);
    let units = i128::from(total.minor / unit);
    let first = (units * i128::from(percent) + 99) / 100;
    let first = i64::try_from(first.min(units - 1)).ok()? * unit;
    Some(vec![first, total.minor - first])
}

/// Whether parts are fit for an order of an amount: some but not too many, none of them nothing,
/// one after the other, and together the whole.
pub fn fits(parts: &[Part], total_minor: i64) -> bool {
    let sum = parts
        .iter()
        .try_fold(0_i64, |sum, part| sum.checked_add(part.minor));
    PARTS.contains(&parts.len())
        && parts.iter().all(|part| part.minor > 0)
        && parts.windows(2).all(|two| two[0].due_at <= two[1].due_at)
        && sum == Some(total_minor)
}

/// The part that is paid next, by its place from 0, with what is still to pay of it, in minor
/// units. None where everything is paid.
pub fn next(parts: &[Part], kept_minor: i64) -> Option<(usize, i64)> {
    let mut until = 0_i64;
    for (at, part) in parts.iter().enumerate() {
        until = until.saturating_add(part.minor);
        if kept_minor < until {
            return Some((at, until - kept_minor));
        }
    }
    None
}

/// Whether money that came ends with a part and not within one.
pub fn is_whole(parts: &[Part], kept_minor: i64) -> bool {
    let mut until = 0_i64;
    parts.iter().any(|part| {
        until = until.saturating_add(part.minor);
        until == kept_minor
    })
}

/// Moves the first part to the order's new end; later ones keep their days unless it passes them.
pub fn move_first(parts: &mut [Part], end: Timestamp) {
    if let Some(first) = parts.first_mut() {
        first.due_at = end;
    }
    for part in parts.iter_mut().skip(1) {
        part.due_at = part.due_at.max(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;

    fn kes(minor: i64) -> Money {
        Money::new(minor, Currency::KES)
    }

    fn parts(of: &[i64]) -> Vec<Part> {
        let due = |at: usize| Timestamp::from_unix_ms(i64::try_from(at).unwrap());
        of.iter()
            .enumerate()
            .map(|(at, minor)| Part {
                minor: *minor,
                due_at: due(at),
            })
            .collect()
    }

    #[test]
    fn r1_what_does_not_go_round_goes_to_the_first_parts() {
        // Whole shillings stay whole: M-Pesa takes nothing else.
        let thirds = vec![333_400, 333_300, 333_300];
        assert_eq!(even_parts(kes(1_000_000), 3), Some(thirds));
        assert_eq!(even_parts(kes(1_001), 3), Some(vec![334, 334, 333]));
        assert_eq!(even_parts(kes(200), 3), Some(vec![67, 67, 66]));
        assert_eq!(even_parts(kes(2), 3), None);
        let third = vec![33_000, 67_000];
        assert_eq!(deposit_parts(kes(100_000), 33), Some(third));
        assert_eq!(deposit_parts(kes(101), 33), Some(vec![34, 67]));
        assert_eq!(deposit_parts(kes(2), 99), Some(vec![1, 1]));
        assert_eq!(deposit_parts(kes(1), 50), None);
        assert_eq!(deposit_parts(kes(100), 100), None);
    }

    #[test]
    fn money_fills_the_parts_one_after_the_other() {
        let three = parts(&[400, 300, 300]);
        let all: Vec<_> = [0, 1, 399, 400, 699, 700, 999]
            .map(|kept| next(&three, kept).unwrap())
            .into();
        let want = [
            (0, 400),
            (0, 399),
            (0, 1),
            (1, 300),
            (1, 1),
            (2, 300),
            (2, 1),
        ];
        assert_eq!(all, want);
        assert_eq!(next(&three, 1_000), None);
        let whole = [0, 400, 401, 700, 1_000].map(|kept| is_whole(&three, kept));
        assert_eq!(whole, [false, true, false, true, true]);
    }

    #[test]
    fn parts_that_are_not_the_whole_are_refused() {
        assert!(fits(&parts(&[400, 600]), 1_000));
        assert!(!fits(&parts(&[400, 599]), 1_000));
        assert!(!fits(&parts(&[1_000]), 1_000));
        assert!(!fits(&parts(&[1_000, 0]), 1_000));
        assert!(!fits(&parts(&[i64::MAX, 1]), 1_000));
        let mut turned = parts(&[400, 600]);
        turned.reverse();
        assert!(!fits(&turned, 1_000));
    }

    #[test]
    fn a_new_end_moves_no_later_part_that_it_does_not_pass() {
        let mut three = parts(&[1, 1, 1]);
        move_first(&mut three, Timestamp::from_unix_ms(2));
        let due = three.iter().map(|p| p.due_at.unix_ms());
        assert_eq!(due.collect::<Vec<_>>(), [2, 2, 2]);
    }

    proptest::proptest! {
        #[test]
        fn r1_the_parts_add_up_to_the_cent(
            minor in 1..=Money::MOST_MINOR, count in 2..=24_usize, percent in 1..=99_i64,
        ) {
            for code in ["KES", "UGX", "KWD"] {
                let total = Money::new(minor, Currency::parse(code).unwrap());
                if let Some(cut) = even_parts(total, count) {
                    proptest::prop_assert_eq!(cut.iter().sum::<i64>(), minor);
                    proptest::prop_assert_eq!(cut.len(), count);
                    let unit = unit(total, i64::try_from(count).unwrap());
                    // No two differ by more than one unit, and the first are the greater ones.
                    proptest::prop_assert!(cut[0] - cut[count - 1] <= unit);
                    proptest::prop_assert!(cut.windows(2).all(|two| two[0] >= two[1]));
                    proptest::prop_assert!(fits(&parts(&cut), minor));
                } else {
                    proptest::prop_assert!(minor < i64::try_from(count).unwrap());
                }
                if let Some(cut) = deposit_parts(total, percent) {
                    proptest::prop_assert!(fits(&parts(&cut), minor));
                } else {
                    proptest::prop_assert!(minor < 2);
                }
            }
        }

        #[test]
        fn r8_paying_each_part_in_turn_pays_the_whole_and_no_more(
            minor in 24..1_000_000_000_i64, count in 2..=24_usize, short in 0..1_000_i64,
        ) {
            let all = parts(&even_parts(kes(minor), count).unwrap());
            let (mut kept, mut steps) = (0, 0);
            while let Some((_, left)) = next(&all, kept) {
                proptest::prop_assert!(left > 0 && kept + left <= minor);
                // The first comes short once: the rest of it is asked for next.
                kept += if steps == 0 { (left - short).max(1) } else { left };
                steps += 1;
            }
            proptest::prop_assert_eq!(kept, minor);
            proptest::prop_assert!(steps <= count + 1);
        }
    }
}
