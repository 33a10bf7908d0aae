//! R1: amounts are whole minor units with their currency. Checked arithmetic, never a float.
use super::Currency;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount in minor units of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

/// Why an amount cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("the amount is too large")]
    Overflow,
    #[error("the amounts are in different currencies")]
    Currency,
    #[error("the amount is not a number")]
    NotANumber,
    #[error("the currency has no such small unit")]
    TooPrecise,
}

impl Money {
    /// The largest amount that is taken: sums of many stay within 64 bits.
    pub const MOST_MINOR: i64 = 1_000_000_000_000_000;

    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// # Errors
    /// [`MoneyError::Currency`] for different currencies, [`MoneyError::Overflow`] past `i64`.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// # Errors
    /// [`MoneyError::Currency`] for different currencies, [`MoneyError::Overflow`] past `i64`.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self
            .minor
            .checked_sub(other.minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::Currency)
        }
    }

    /// Reads a decimal in major units as people type it: `1500`, `1,500.50`, `12 450 000`.
    ///
    /// # Errors
    /// [`MoneyError::NotANumber`], [`MoneyError::TooPrecise`] for more digits than the currency
    /// has, and [`MoneyError::Overflow`].
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let plain: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ',' | ' ' | '\u{a0}' | '\u{202f}' | '_'))
            .collect();
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(MoneyError::NotANumber);
        }
        let exponent = currency.exponent() as usize;
        let used = fraction.trim_end_matches('0');
        if used.len() > exponent {
            return Err(MoneyError::TooPrecise);
        }
        let minor = format!("{whole}{used:0<exponent$}");
        let minor = minor.parse().map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, currency })
    }

    /// The plain decimal in major units with all minor digits, as machines write it: `1500.00`.
    pub fn to_major_string(self) -> String {
        let (whole, fraction) = self.split();
        if self.currency.exponent() == 0 {
            whole
        } else {
            format!("{whole}.{fraction}")
        }
    }

    /// Whole and minor digits apart; the minor part is padded to the currency's digits.
    pub fn split(self) -> (String, String) {
        let per = self.currency.minor_per_major().unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        let absolute = self.minor.unsigned_abs();
        let width = self.currency.exponent() as usize;
        let fraction = if width == 0 {
            String::new()
        } else {
            format!("{:0width$}", absolute % per)
        };
        (format!("{sign}{}", absolute / per), fraction)
    }
}

/// For logs and for staff: `KES 1500.00`. Pages use the reader's own form.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.to_major_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kes(minor: i64) -> Money {
        Money::new(minor, Currency::KES)
    }

    #[test]
    fn r1_sums_never_wrap_and_never_mix_currencies() {
        assert_eq!(kes(i64::MAX).checked_add(kes(1)), Err(MoneyError::Overflow));
        assert_eq!(kes(i64::MIN).checked_sub(kes(1)), Err(MoneyError::Overflow));
        assert_eq!(
            kes(1).checked_add(Money::new(1, Currency::NGN)),
            Err(MoneyError::Currency)
        );
        assert_eq!(kes(5).checked_sub(kes(7)), Ok(kes(-2)));
    }

    #[test]
    fn r1_typed_amounts_are_read_exactly_or_refused() {
        let kwd = Currency::parse("KWD").unwrap();
        for (text, currency, want) in [
            ("1,500", Currency::KES, Ok(150_000)),
            ("1 500.5", Currency::KES, Ok(150_050)),
            ("0.01", Currency::KES, Ok(1)),
            ("5.124", kwd, Ok(5_124)),
            ("500.0", Currency::XOF, Ok(500)),
            ("500.5", Currency::XOF, Err(MoneyError::TooPrecise)),
            ("1.001", Currency::KES, Err(MoneyError::TooPrecise)),
            ("-5", Currency::KES, Err(MoneyError::NotANumber)),
            ("1e3", Currency::KES, Err(MoneyError::NotANumber)),
            ("", Currency::KES, Err(MoneyError::NotANumber)),
            (
                "99999999999999999999",
                Currency::KES,
                Err(MoneyError::Overflow),
            ),
        ] {
            assert_eq!(
                Money::parse_major(text, currency).map(|m| m.minor),
                want,
                "{text}"
            );
        }
    }

    #[test]
    fn r1_major_form_has_the_digits_of_its_currency() {
        assert_eq!(kes(150_000).to_major_string(), "1500.00");
        assert_eq!(kes(-5).to_major_string(), "-0.05");
        assert_eq!(Money::new(500, Currency::XOF).to_major_string(), "500");
        let kwd = Currency::parse("KWD").unwrap();
        assert_eq!(Money::new(5_124, kwd).to_major_string(), "5.124");
    }

    proptest::proptest! {
        #[test]
        fn r1_what_is_written_is_read_back(minor in 0..i64::MAX, row in 0..Currency::all().count()) {
            let currency = Currency::all().nth(row).unwrap();
            let money = Money::new(minor, currency);
            proptest::prop_assert_eq!(Money::parse_major(&money.to_major_string(), currency), Ok(money));
        }
    }
}
