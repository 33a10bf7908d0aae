//! The simulator's own time: real time plus what tests have moved it forward.
//! Also the two ways the providers write a moment down; everything else counts milliseconds.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};

/// A clock that only moves forward, by itself and by [`Clock::reach`].
#[derive(Debug, Default)]
pub struct Clock {
    /// Milliseconds ahead of real time.
    ahead: AtomicI64,
}

impl Clock {
    /// Starts with the distance that an earlier run had reached.
    pub fn ahead_by(milliseconds: i64) -> Self {
        Self {
            ahead: AtomicI64::new(milliseconds),
        }
    }

    /// Unix milliseconds.
    #[expect(clippy::disallowed_methods, reason = "this is the simulator's clock")]
    pub fn now(&self) -> i64 {
        let real = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        i64::try_from(real).unwrap_or(i64::MAX / 2) + self.ahead.load(Ordering::SeqCst)
    }

    /// Moves forward to `moment`; never back.
    pub fn reach(&self, moment: i64) {
        let missing = moment - self.now();
        if missing > 0 {
            self.ahead.fetch_add(missing, Ordering::SeqCst);
        }
    }

    /// Milliseconds ahead of real time.
    pub fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::SeqCst)
    }
}

/// `2026-01-05T09:29:09.000Z`
pub fn iso(milliseconds: i64) -> String {
    moment(milliseconds)
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

/// Nairobi time (UTC+3) by a strftime pattern.
pub fn nairobi(milliseconds: i64, pattern: &str) -> String {
    moment(milliseconds)
        .to_zoned(TimeZone::fixed(offset(3)))
        .strftime(pattern)
        .to_string()
}

fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_providers_write_them() {
        assert_eq!(iso(1_767_605_349_000), "2026-01-05T09:29:09.000Z");
        assert_eq!(nairobi(1_767_605_349_000, "%Y%m%d%H%M%S"), "20260105122909");
    }

    #[test]
    fn the_clock_is_moved_forward_only() {
        let clock = Clock::default();
        let start = clock.now();
        clock.reach(start + 60_000);
        assert!(clock.now() >= start + 60_000);
        clock.reach(start);
        assert!(clock.now() >= start + 60_000);
    }
}
