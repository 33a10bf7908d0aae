//! Times as staff match them with statements: the tenant's zone, named once in a page's head.
use crate::domain::Timestamp;
use jiff::Zoned;
use jiff::tz::TimeZone;
use leptos::prelude::*;

/// A tenant's time zone, and the moment a page was made.
#[derive(Clone)]
pub struct Zone {
    tz: TimeZone,
    city: String,
    pub now: Timestamp,
}

impl Zone {
    /// An unknown name falls back to UTC, and says so in the head.
    pub fn new(name: &str, now: Timestamp) -> Self {
        match TimeZone::get(name) {
            Ok(tz) => {
                let city = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
                Self { tz, city, now }
            }
            Err(_) => Self {
                tz: TimeZone::UTC,
                city: "UTC".to_owned(),
                now,
            },
        }
    }

    fn at(&self, t: Timestamp) -> Zoned {
        jiff::Timestamp::from_millisecond(t.unix_ms())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(self.tz.clone())
    }

    fn is_today(&self, t: Timestamp) -> bool {
        self.at(t).date() == self.at(self.now).date()
    }

    /// `Nairobi time`.
    pub fn name(&self) -> String {
        format!("{} time", self.city)
    }

    /// `Thursday 19 November 2026`.
    pub fn long_day(&self, t: Timestamp) -> String {
        self.at(t).strftime("%A %-d %B %Y").to_string()
    }

    /// `19 November 2026`.
    pub fn day(&self, t: Timestamp) -> String {
        self.at(t).strftime("%-d %B %Y").to_string()
    }

    /// `14:06:32` today, `18 Nov 17:26` this year, `18 Nov 2025` before.
    pub fn short(&self, t: Timestamp) -> String {
        let at = self.at(t);
        let form = if self.is_today(t) {
            "%H:%M:%S"
        } else if at.year() == self.at(self.now).year() {
            "%-d %b %H:%M"
        } else {
            "%-d %b %Y"
        };
        at.strftime(form).to_string()
    }

    /// `today 14:06`, else like [`Self::short`].
    pub fn near(&self, t: Timestamp) -> String {
        if self.is_today(t) {
            self.at(t).strftime("today %H:%M").to_string()
        } else {
            self.short(t)
        }
    }

    /// `14:06:32`, for a story whose day stands above it.
    pub fn clock(&self, t: Timestamp) -> String {
        self.at(t).strftime("%H:%M:%S").to_string()
    }

    /// The hour of the day, 0 to 23.
    pub fn hour(&self, t: Timestamp) -> usize {
        usize::try_from(self.at(t).hour()).unwrap_or(0)
    }

    /// Midnight of the day that is `back` days before today.
    pub fn day_start(&self, back: i64) -> Timestamp {
        let today = self.at(self.now);
        let start = jiff::Span::new()
            .try_days(back)
            .ok()
            .and_then(|span| today.date().checked_sub(span).ok())
            .and_then(|date| date.to_zoned(self.tz.clone()).ok());
        start.map_or(self.now, |s| {
            Timestamp::from_unix_ms(s.timestamp().as_millisecond())
        })
    }

    /// Midnight of a typed day `2026-11-19`; `None` for anything else.
    pub fn parse_day(&self, text: &str) -> Option<Timestamp> {
        let date: jiff::civil::Date = text.parse().ok()?;
        let start = date.to_zoned(self.tz.clone()).ok()?;
        Some(Timestamp::from_unix_ms(start.timestamp().as_millisecond()))
    }

    /// The moment at which a typed day is over.
    pub fn parse_day_end(&self, text: &str) -> Option<Timestamp> {
        let date: jiff::civil::Date = text.parse().ok()?;
        let next = date.tomorrow().ok()?.to_zoned(self.tz.clone()).ok()?;
        Some(Timestamp::from_unix_ms(next.timestamp().as_millisecond()))
    }

    /// The day in the form that fields of days hold: `2026-11-19`.
    pub fn input_day(&self, t: Timestamp) -> String {
        self.at(t).strftime("%Y-%m-%d").to_string()
    }

    /// Midnight of the day after a midnight; a day may have 23 or 25 hours.
    pub fn day_after(&self, midnight: Timestamp) -> Timestamp {
        let next = self.at(midnight).date().tomorrow().ok();
        let next = next.and_then(|date| date.to_zoned(self.tz.clone()).ok());
        next.map_or(midnight.plus_secs(86_400), |z| {
            Timestamp::from_unix_ms(z.timestamp().as_millisecond())
        })
    }

    fn tag(&self, t: Timestamp, text: String) -> AnyView {
        let full = self.at(t).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        view! { <time datetime=full>{text}</time> }.into_any()
    }

    pub fn short_tag(&self, t: Timestamp) -> AnyView {
        self.tag(t, self.short(t))
    }

    pub fn near_tag(&self, t: Timestamp) -> AnyView {
        self.tag(t, self.near(t))
    }

    pub fn clock_tag(&self, t: Timestamp) -> AnyView {
        self.tag(t, self.clock(t))
    }
}

/// How long someone waits: `38 min`, `3 h`, `2 days`. Never on money that is matched.
pub fn waited(seconds: i64) -> String {
    match seconds.max(0) {
        0..=59 => "under 1 min".to_owned(),
        s @ 60..=7_199 => format!("{} min", s / 60),
        s @ 7_200..=172_799 => format!("{} h", s / 3_600),
        s => format!("{} days", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_in_the_zone_of_the_tenant() {
        // 2026-11-19 11:06:32 UTC
        let now = Timestamp::from_unix_ms(1_795_086_392_000);
        let zone = Zone::new("Africa/Nairobi", now);
        assert_eq!(zone.short(now), "14:06:32");
        assert_eq!(zone.near(now), "today 14:06");
        assert_eq!(zone.long_day(now), "Thursday 19 November 2026");
        assert_eq!(zone.name(), "Nairobi time");
        assert_eq!(zone.short(now.plus_secs(-86_400)), "18 Nov 14:06");
        assert_eq!(zone.short(now.plus_secs(-400 * 86_400)), "15 Oct 2025");
        assert_eq!(zone.day_start(0).unix_ms(), 1_795_086_392_000 - 50_792_000);
        assert_eq!(zone.parse_day("2026-11-19"), Some(zone.day_start(0)));
        assert_eq!(zone.input_day(now), "2026-11-19");
        let next = zone.day_after(zone.day_start(1));
        assert_eq!(next, zone.day_start(0));
        assert_eq!(Zone::new("Nowhere/None", now).name(), "UTC time");
    }
}
