//! Money for staff: code, whole part, fraction in a fixed seat, so that points stand under each
//! other. Minor digits are always shown where the currency uses them: staff compare statements.
use crate::domain::Money;
use leptos::prelude::*;

/// No-break space, the separator of the som.
const NBSP: char = '\u{a0}';

/// Whole part grouped in threes, and the fraction with its point or nothing.
fn pieces(money: Money) -> (String, String) {
    let (whole, fraction) = money.split();
    // Uzbek statements group by spaces and know no tiyin.
    let som = money.currency.code() == "UZS";
    let separator = if som { NBSP } else { ',' };
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", whole.as_str()),
    };
    let mut grouped = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    let unused = som && fraction.bytes().all(|b| b == b'0');
    let fraction = if fraction.is_empty() || unused {
        String::new()
    } else {
        format!(".{fraction}")
    };
    (grouped, fraction)
}

/// `KES 12,500.00`, for buttons, titles and labels.
pub fn money_text(money: Money) -> String {
    let (whole, fraction) = pieces(money);
    format!("{}{NBSP}{whole}{fraction}", money.currency)
}

/// An amount with its currency's code.
pub fn amt(money: Money) -> AnyView {
    let (whole, fraction) = pieces(money);
    view! {
        <data class="amt" value=money.minor.to_string()>
            <span class="cur">{money.currency.code()}</span>
            {format!(" {whole}")}
            <span class="fr">{fraction}</span>
        </data>
    }
    .into_any()
}

/// An amount in a table whose row names the currency.
pub fn amt_bare(money: Money) -> AnyView {
    let (whole, fraction) = pieces(money);
    view! {
        <data class="amt" value=money.minor.to_string()>{whole}<span class="fr">{fraction}</span></data>
    }
    .into_any()
}

/// A dash in the seat of an amount that is nothing.
pub fn no_amt() -> AnyView {
    view! { <span class="dim">"–"<span class="amt"><span class="fr"></span></span></span> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;

    #[test]
    fn points_stand_in_the_seat_of_their_currency() {
        for (code, minor, text, seat) in [
            ("KES", 1_250_000, "KES\u{a0}12,500.00", ".00"),
            ("UGX", 12_450_000, "UGX\u{a0}12,450,000", ""),
            ("KWD", 4_250, "KWD\u{a0}4.250", ".250"),
            ("UZS", 1_500_000_000, "UZS\u{a0}15\u{a0}000\u{a0}000", ""),
            ("NGN", -5, "NGN\u{a0}\u{2212}0.05", ".05"),
            (
                "KES",
                99_999_999_999_999,
                "KES\u{a0}999,999,999,999.99",
                ".99",
            ),
        ] {
            let money = Money::new(minor, Currency::parse(code).unwrap());
            assert_eq!(money_text(money), text);
            let html = amt(money).to_html();
            assert!(
                html.contains(&format!("<span class=\"fr\">{seat}")),
                "{html}"
            );
            assert!(html.contains(&format!("value=\"{minor}\"")), "{html}");
        }
    }
}
