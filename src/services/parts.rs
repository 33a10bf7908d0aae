//! Orders that are paid in parts: what a new one may ask for, and when each part is due.
use super::InputProblem;
use super::tenants::Tenant;
use crate::domain::schedule::{PARTS, Part, deposit_parts, even_parts, fits};
use crate::domain::{Money, Timestamp};
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};

/// How an order is to be paid, where not at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// A deposit by the order's end, the rest by a day of its own.
    Deposit {
        deposit: Deposit,
        rest_due: Timestamp,
    },
    /// Equal parts, the first by the order's end.
    Instalments { count: usize, every: Every },
    /// Each part as the caller says: its minor units, and when it is due. The first is due by the
    /// order's end, whatever stands there.
    Listed(Vec<Part>),
}

/// What is paid first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deposit {
    Percent(i64),
    Amount(Money),
}

impl Deposit {
    /// As people type it: `30%`, or an amount in major units.
    ///
    /// # Errors
    /// `deposit_invalid`, naming the field.
    pub fn parse(typed: &str, total: Money) -> Result<Self, InputProblem> {
        let refuse = || {
            let words = "must be a share such as 30%, or an amount";
            InputProblem::new("deposit", "deposit_invalid", words)
        };
        let typed = typed.trim();
        if let Some(share) = typed.strip_suffix('%') {
            return share
                .trim()
                .parse()
                .map(Self::Percent)
                .map_err(|_| refuse());
        }
        let amount = Money::parse_major(typed, total.currency);
        amount.map(Self::Amount).map_err(|_| refuse())
    }
}

/// How far apart instalments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    Week,
    Month,
}

impl Every {
    pub const ALL: [Self; 2] = [Self::Week, Self::Month];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.as_str() == tag)
    }

    fn times(self, count: i64) -> Span {
        match self {
            Self::Week => Span::new().days(count.saturating_mul(7)),
            Self::Month => Span::new().months(count),
        }
    }
}

/// So long after the order is made the last part may be due.
const FARTHEST_DAYS: i64 = 3 * 366;

fn zoned(at: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    let at = jiff::Timestamp::from_millisecond(at.unix_ms()).ok()?;
    Some(at.to_zoned(zone.clone()))
}

/// The tenant's time zone; UTC where its name is none.
pub(super) fn zone_of(tenant: &Tenant) -> TimeZone {
    TimeZone::get(&tenant.timezone).unwrap_or(TimeZone::UTC)
}

/// The parts of an order that is made now and whose first part is due by its end.
///
/// # Errors
/// The field that is wrong: `deposit`, `rest_due`, `instalments`, or `schedule` of listed parts.
pub(super) fn of_terms(
    tenant: &Tenant,
    terms: &Terms,
    total: Money,
    (now, end): (Timestamp, Timestamp),
) -> Result<Vec<Part>, InputProblem> {
    let (field, parts) = match terms {
        Terms::Deposit { deposit, rest_due } => {
            if *rest_due <= end {
                let words = "must be later than the end of the link";
                return Err(InputProblem::new("rest_due", "rest_due_invalid", words));
            }
            let cut = match deposit {
                Deposit::Percent(percent) => deposit_parts(total, *percent),
                Deposit::Amount(first) => Some(*first)
                    .filter(|m| m.currency == total.currency)
                    .filter(|m| (1..total.minor).contains(&m.minor))
                    .map(|m| vec![m.minor, total.minor - m.minor]),
            };
            let cut = cut.ok_or_else(|| {
                let words = "must be more than nothing and less than the amount";
                InputProblem::new("deposit", "deposit_invalid", words)
            })?;
            let parts = cut.iter().zip([end, *rest_due]);
            let part = |(minor, due_at): (&i64, Timestamp)| Part {
                minor: *minor,
                due_at,
            };
            ("rest_due", parts.map(part).collect::<Vec<_>>())
        }
        Terms::Instalments { count, every } => {
            let refuse =
                |words: String| InputProblem::new("instalments", "instalments_invalid", words);
            if !PARTS.contains(count) {
                let words = format!("must be {} to {}", PARTS.start(), PARTS.end());
                return Err(refuse(words));
            }
            let cut = even_parts(total, *count)
                .ok_or_else(|| refuse("is more than the amount can be cut in".to_owned()))?;
            let first = zoned(end, &zone_of(tenant));
            let due = |at: i64| {
                let day = first.as_ref()?.checked_add(every.times(at)).ok()?;
                Some(Timestamp::from_unix_ms(day.timestamp().as_millisecond()))
            };
            let mut parts = Vec::with_capacity(cut.len());
            for (at, minor) in (0..).zip(cut) {
                let due_at = due(at).ok_or_else(|| refuse("end too late".to_owned()))?;
                parts.push(Part { minor, due_at });
            }
            ("instalments", parts)
        }
        Terms::Listed(listed) => {
            let mut parts = listed.clone();
            if let Some(first) = parts.first_mut() {
                first.due_at = end;
            }
            ("schedule", parts)
        }
    };
    let last = now.plus_secs(FARTHEST_DAYS * 86_400);
    if parts.iter().any(|p| p.due_at > last) {
        let words = "the last part must be due within three years";
        return Err(InputProblem::new(field, "schedule_too_long", words));
    }
    if !fits(&parts, total.minor) {
        let words = format!(
            "must be {} to {} parts, one after the other, that add up to the amount",
            PARTS.start(),
            PARTS.end()
        );
        return Err(InputProblem::new(field, "schedule_invalid", words));
    }
    Ok(parts)
}
