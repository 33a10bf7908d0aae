//! Stripe's units and limits, from its page on currencies.

/// What can be charged, in lower case, as requests must write it.
const TAKEN: &str = "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd \
    bob brl bsd bwp byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd \
    fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf \
    krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad \
    ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd \
    shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd \
    xof xpf yer zar zmw";

const LEAST: [(&str, i64); 31] = [
    ("usd", 50),
    ("aed", 200),
    ("ars", 50),
    ("aud", 50),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("cop", 50),
    ("czk", 1_500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("idr", 50),
    ("ils", 50),
    ("inr", 50),
    ("jpy", 50),
    ("krw", 50),
    ("mxn", 1_000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("php", 50),
    ("pln", 200),
    ("ron", 200),
    ("rub", 50),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1_000),
    ("zar", 50),
];

/// Twelve digits.
const MOST: i64 = 999_999_999_999;

fn whole(currency: &str) -> bool {
    matches!(
        currency,
        "bif"
            | "clp"
            | "djf"
            | "gnf"
            | "jpy"
            | "kmf"
            | "krw"
            | "mga"
            | "pyg"
            | "rwf"
            | "vnd"
            | "vuv"
            | "xaf"
            | "xof"
            | "xpf"
    )
}

fn three(currency: &str) -> bool {
    matches!(currency, "bhd" | "jod" | "kwd" | "omr" | "tnd")
}

/// Written with two decimals that must be zero.
fn padded(currency: &str) -> bool {
    matches!(currency, "isk" | "ugx")
}

/// Stripe's integer in ISO 4217 minor units. The ledger's currencies are in upper case.
pub fn minor(currency: &str, amount: i64) -> i64 {
    match currency.to_lowercase().as_str() {
        c if padded(c) => amount / 100,
        "mga" => amount * 100,
        _ => amount,
    }
}

/// Why an amount cannot be charged or given back: the code and the words.
pub fn unit_fault(currency: &str, amount: i64) -> Option<&'static str> {
    if three(currency) && amount % 10 != 0 {
        return Some("The last digit of an amount in a three-decimal currency must be 0");
    }
    (padded(currency) && amount % 100 != 0)
        .then_some("Amounts in this currency must be evenly divisible by 100")
}

/// Why an amount cannot be charged: a code, if there is one, and the words.
pub fn charge_fault(currency: &str, amount: i64) -> Option<(Option<&'static str>, String)> {
    if !TAKEN.split_whitespace().any(|taken| taken == currency) {
        return Some((None, format!("Invalid currency: {currency}")));
    }
    if let Some(fault) = unit_fault(currency, amount) {
        return Some((None, fault.to_owned()));
    }
    let least = LEAST.iter().find(|(code, _)| *code == currency);
    let least = least.map_or(1, |(_, least)| *least);
    if amount < least {
        let words = format!(
            "The Checkout Session's total amount due must add up to at least {}",
            shown(currency, least)
        );
        return Some((Some("amount_too_small"), words));
    }
    (amount > MOST).then(|| {
        let words = "The amount must have no more than 12 digits".to_owned();
        (Some("amount_too_large"), words)
    })
}

/// For people.
pub fn shown(currency: &str, amount: i64) -> String {
    let low = currency.to_lowercase();
    let digits = if whole(&low) {
        0
    } else if three(&low) {
        3
    } else {
        2
    };
    let per = 10_i64.pow(digits);
    let code = currency.to_uppercase();
    if digits == 0 {
        return format!("{code} {amount}");
    }
    let width = digits as usize;
    format!("{code} {}.{:0width$}", amount / per, amount % per)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_limits_are_those_of_the_documentation() {
        for (currency, amount, minor_units) in [
            ("usd", 1_099, 1_099),
            ("jpy", 500, 500),
            ("ugx", 500, 5),
            ("isk", 500, 5),
            ("mga", 5, 500),
            ("kwd", 5_120, 5_120),
        ] {
            assert_eq!(minor(&currency.to_uppercase(), amount), minor_units);
        }
        for (currency, amount, fine) in [
            ("usd", 50, true),
            ("usd", 49, false),
            ("kes", 1, true),
            ("kwd", 5_124, false),
            ("kwd", 5_120, true),
            ("ugx", 550, false),
            ("ugx", 500, true),
            ("USD", 500, false),
            ("ghs", 500, false),
            ("usd", 1_000_000_000_000, false),
        ] {
            assert_eq!(charge_fault(currency, amount).is_none(), fine, "{currency}");
        }
        assert_eq!(shown("KWD", 5_120), "KWD 5.120");
        assert_eq!(shown("JPY", 500), "JPY 500");
        assert_eq!(shown("UGX", 500), "UGX 5.00");
    }
}
