//! Amounts as people type them.
use super::InputProblem;
use super::checkout::latin_digits;
use crate::domain::money::MoneyError;
use crate::domain::{Currency, Money};

/// An amount as a person typed it, in a currency's code.
///
/// # Errors
/// `currency_unknown` of `currency`, `amount_invalid` of the named field.
pub fn typed_amount(
    field: &'static str,
    text: &str,
    currency: &str,
) -> Result<Money, InputProblem> {
    let currency = Currency::parse(currency)
        .ok_or_else(|| InputProblem::new("currency", "currency_unknown", "choose a currency"))?;
    let text = latin_digits(text);
    if !groups_fit(&text) {
        let words = "write a number, such as 12,500.50: a comma goes before three digits";
        return Err(InputProblem::new(field, "amount_invalid", words));
    }
    let money = Money::parse_major(&text, currency).map_err(|e| {
        let words = match e {
            MoneyError::TooPrecise if currency.exponent() == 0 => {
                format!("{currency} has no smaller unit: write a whole number")
            }
            MoneyError::TooPrecise => format!(
                "{currency} has {} digits after the point",
                currency.exponent()
            ),
            MoneyError::Overflow => "this is too much".to_owned(),
            MoneyError::NotANumber | MoneyError::Currency => {
                "write a number, such as 12,500.50".to_owned()
            }
        };
        InputProblem::new(field, "amount_invalid", words)
    })?;
    if money.minor <= 0 {
        let words = "must be above zero";
        return Err(InputProblem::new(field, "amount_invalid", words));
    }
    Ok(money)
}

/// Whether commas stand where thousands end. `1500,50` is the way some write `1500.50`: read as a
/// number without its comma, it would ask for a hundred times as much.
fn groups_fit(text: &str) -> bool {
    let whole = text.trim().split('.').next().unwrap_or_default();
    let mut groups = whole.split(',').skip(1).peekable();
    while let Some(group) = groups.next() {
        let digits = group.chars().filter(char::is_ascii_digit).count();
        let fits = if groups.peek().is_none() {
            digits == 3
        } else {
            matches!(digits, 2 | 3)
        };
        if !fits {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_a_comma_for_the_cents_is_refused_and_never_read_as_thousands() {
        let read = |text| typed_amount("amount", text, "KES").map(|m| m.minor);
        assert_eq!(read("12,500.50"), Ok(1_250_050));
        assert_eq!(read("1,00,000"), Ok(10_000_000));
        assert_eq!(read("\u{661}\u{665}\u{660}"), Ok(15_000));
        for text in ["1500,50", "1,5", "1,", ",50", "1,2345"] {
            assert_eq!(read(text).unwrap_err().field, "amount", "{text}");
        }
    }
}
