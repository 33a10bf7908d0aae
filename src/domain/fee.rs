//! What a provider adds at its own page where the payer bears its fee. Shown, never asked for.
use super::{Currency, Money};

/// A share of the amount and a fixed part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// In ten-thousandths of a percent: 15,000 is 1.5 %.
    percent_e4: i64,
    /// In the currency of the tenant.
    fixed: Money,
}

/// Why a setting is no fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
    #[error("must be a number of percent from 0 to 99.9999, such as 1.5")]
    Percent,
    #[error("must be an amount in {0}, such as 10")]
    Fixed(Currency),
}

impl Fee {
    /// Reads a percentage: `1.5`, `2.9`, `0.25`; at most four decimals.
    ///
    /// # Errors
    /// [`FeeError::Percent`].
    pub fn percent(text: &str) -> Result<i64, FeeError> {
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() > 2 || fraction.len() > 4 {
            return Err(FeeError::Percent);
        }
        format!("{whole}{fraction:0<4}")
            .parse()
            .map_err(|_| FeeError::Percent)
    }

    /// Reads a fixed part in major units.
    ///
    /// # Errors
    /// [`FeeError::Fixed`].
    pub fn fixed(text: &str, currency: Currency) -> Result<Money, FeeError> {
        let read = Money::parse_major(text, currency).map_err(|_| FeeError::Fixed(currency))?;
        if read.minor > Money::MOST_MINOR {
            return Err(FeeError::Fixed(currency));
        }
        Ok(read)
    }

    /// A fee of both settings; empty ones are nothing.
    ///
    /// # Errors
    /// [`FeeError`] for a setting that cannot be read.
    pub fn parse(percent: &str, fixed: &str, currency: Currency) -> Result<Self, FeeError> {
        let given = |text: &str| !text.trim().is_empty();
        Ok(Self {
            percent_e4: if given(percent) {
                Self::percent(percent)?
            } else {
                0
            },
            fixed: if given(fixed) {
                Self::fixed(fixed, currency)?
            } else {
                Money::zero(currency)
            },
        })
    }

    pub fn is_nothing(self) -> bool {
        self.percent_e4 == 0 && self.fixed.minor == 0
    }

    /// What comes on top of an amount, rounded up to its smallest unit. `None` where a fixed part
    /// is in another currency, so that nobody can say.
    pub fn on(self, amount: Money) -> Option<Money> {
        if self.fixed.minor != 0 && self.fixed.currency != amount.currency {
            return None;
        }
        let share = i128::from(amount.minor) * i128::from(self.percent_e4);
        let rounded_up = (share + 999_999).div_euclid(1_000_000);
        let minor = i64::try_from(rounded_up + i128::from(self.fixed.minor)).ok()?;
        Some(Money::new(minor, amount.currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn r1_a_fee_is_exact_and_rounded_up_to_the_smallest_unit() {
        for (percent, fixed, code, minor, want) in [
            ("1.5", "", "KES", 150_000, 2_250),
            ("1.5", "100", "NGN", 150_000, 12_250),
            ("2.9", "0.30", "USD", 1_000, 59),
            ("0.0001", "", "KES", 1, 1),
            ("1.5", "", "UGX", 1_001, 16),
            ("2.5", "0.005", "KWD", 5_124, 134),
            ("3", "", "XOF", 0, 0),
            ("", "7", "XOF", 500, 7),
            ("99.9999", "", "KES", Money::MOST_MINOR, 999_999_000_000_000),
        ] {
            let fee = Fee::parse(percent, fixed, of(code)).unwrap();
            let on = fee.on(Money::new(minor, of(code)));
            assert_eq!(on.map(|m| m.minor), Some(want), "{percent} {fixed} {code}");
        }
    }

    #[test]
    fn what_is_no_fee_is_refused() {
        for percent in [
            "", "-1", "1,5", "100", "1.23456", "1.", ".5", "1e1", "NaN", "٣",
        ] {
            assert_eq!(Fee::percent(percent), Err(FeeError::Percent), "{percent}");
        }
        for (fixed, code) in [
            ("-1", "KES"),
            ("0.5", "XOF"),
            ("ten", "KES"),
            ("0.001", "KES"),
        ] {
            assert_eq!(
                Fee::fixed(fixed, of(code)),
                Err(FeeError::Fixed(of(code))),
                "{fixed}"
            );
        }
    }

    #[test]
    fn a_fixed_part_in_another_currency_gives_no_number() {
        let fee = Fee::parse("1", "10", of("KES")).unwrap();
        assert_eq!(fee.on(Money::new(100, of("USD"))), None);
        let share = Fee::parse("1", "", of("KES")).unwrap();
        assert_eq!(
            share.on(Money::new(100, of("USD"))),
            Some(Money::new(1, of("USD")))
        );
        assert!(Fee::parse("0", "", of("KES")).unwrap().is_nothing());
    }
}
