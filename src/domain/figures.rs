//! Whole-number figures of reports: shares and ranks. Never a float, and nothing here is money.

/// Whether `wrong` of `all` is more than `percent` of a hundred. 5 of 100 is not above 5.
pub fn is_above(wrong: i64, all: i64, percent: i64) -> bool {
    wrong.saturating_mul(100) > all.saturating_mul(percent)
}

/// `some` of `all` in tenths of a percent, rounded to the nearest; `None` of nothing.
pub fn per_mille(some: i64, all: i64) -> Option<i64> {
    (all > 0).then(|| (some.saturating_mul(1_000).saturating_add(all / 2)) / all)
}

/// The value below or at which `percent` of a hundred lie, by nearest rank: always one that was
/// measured. `None` of nothing. Sorts what it is given.
pub fn nearest_rank(values: &mut [i64], percent: usize) -> Option<i64> {
    values.sort_unstable();
    let rank = (values.len() * percent.min(100)).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_and_rounded() {
        assert_eq!(per_mille(1, 3), Some(333));
        assert_eq!(per_mille(2, 3), Some(667));
        assert_eq!(per_mille(0, 9), Some(0));
        assert_eq!(per_mille(0, 0), None);
        assert!(is_above(6, 100, 5) && !is_above(5, 100, 5));
    }

    #[test]
    fn ranks_are_measured_values() {
        let mut twenty: Vec<i64> = (1..=20).rev().collect();
        assert_eq!(nearest_rank(&mut twenty, 50), Some(10));
        assert_eq!(nearest_rank(&mut twenty, 95), Some(19));
        assert_eq!(nearest_rank(&mut [7], 95), Some(7));
        assert_eq!(nearest_rank(&mut [], 50), None);
    }
}
