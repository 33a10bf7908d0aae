//! Stripe's unit of each currency, and the limits of one charge.
//! Source: docs.stripe.com/currencies, "Specify amounts in API requests", "Special cases" and
//! "Minimum and maximum charge amounts".
use crate::domain::{Currency, Money};
use crate::providers::CurrencyRule;

/// The largest `amount` of a card payment: twelve digits of Stripe's unit.
const MOST: i64 = 999_999_999_999;

/// A currency whose unit is also ours.
const fn same(code: &'static str, min_minor: i64) -> CurrencyRule {
    CurrencyRule {
        max_minor: Some(MOST),
        ..CurrencyRule::new(code, min_minor)
    }
}

/// Without decimals, but written with two that are always `00`.
const fn padded(code: &'static str) -> CurrencyRule {
    CurrencyRule {
        max_minor: Some(MOST / 100),
        ..CurrencyRule::new(code, 1)
    }
}

/// Three decimals, of which the last must be 0: KWD 5.124 cannot be sent.
const fn three(code: &'static str) -> CurrencyRule {
    CurrencyRule {
        max_minor: Some(MOST / 10 * 10),
        step_minor: 10,
        ..CurrencyRule::new(code, 10)
    }
}

/// Two decimals by ISO 4217 that Stripe does not know: whole ariary alone.
const ARIARY: CurrencyRule = CurrencyRule {
    max_minor: Some(MOST * 100),
    step_minor: 100,
    ..CurrencyRule::new("MGA", 100)
};

/// The presentment currencies that our table has too. A charge is converted to the currency of the
/// merchant's account, whose minimum counts then; where Stripe tells none, 1.
pub const RULES: &[CurrencyRule] = &[
    same("USD", 50),
    same("EUR", 50),
    same("GBP", 30),
    same("AED", 200),
    same("ARS", 50),
    same("AUD", 50),
    same("BDT", 1),
    // For accounts of some countries alone, as every currency of three decimals.
    three("BHD"),
    same("BIF", 1),
    same("BRL", 50),
    same("BWP", 1),
    same("CAD", 50),
    same("CDF", 1),
    same("CHF", 50),
    same("CLP", 1),
    same("CNY", 1),
    same("COP", 50),
    same("CZK", 1_500),
    same("DJF", 1),
    same("DKK", 250),
    same("EGP", 1),
    same("ETB", 1),
    same("GNF", 1),
    same("HKD", 400),
    same("HUF", 17_500),
    same("IDR", 50),
    same("ILS", 50),
    same("INR", 50),
    padded("ISK"),
    three("JOD"),
    same("JPY", 50),
    same("KES", 1),
    same("KMF", 1),
    same("KRW", 50),
    three("KWD"),
    same("LKR", 1),
    same("MAD", 1),
    ARIARY,
    same("MWK", 1),
    same("MXN", 1_000),
    same("MYR", 200),
    same("MZN", 1),
    same("NGN", 1),
    same("NOK", 300),
    same("NPR", 1),
    same("NZD", 50),
    three("OMR"),
    same("PHP", 50),
    same("PKR", 1),
    same("PLN", 200),
    same("PYG", 1),
    same("QAR", 1),
    same("RON", 200),
    same("RWF", 1),
    same("SAR", 1),
    same("SEK", 300),
    same("SGD", 50),
    same("THB", 1_000),
    three("TND"),
    // Two decimals for charges; only payouts must be whole (HUF too).
    same("TWD", 1),
    same("TZS", 1),
    padded("UGX"),
    same("UZS", 1),
    same("VND", 1),
    same("VUV", 1),
    same("XAF", 1),
    same("XOF", 1),
    same("XPF", 1),
    same("ZAR", 50),
    same("ZMW", 1),
];

/// How many decimals Stripe's integer has. UGX stands in two of its tables; "Special cases" wins.
fn decimals(currency: Currency) -> u32 {
    match currency.code() {
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Stripe's integer for an amount; `None` where its unit cannot carry the amount exactly.
pub fn to_wire(amount: Money) -> Option<i64> {
    let (ours, theirs) = (amount.currency.exponent(), decimals(amount.currency));
    let wire = if theirs >= ours {
        amount.minor.checked_mul(10_i64.pow(theirs - ours))?
    } else {
        let per = 10_i64.pow(ours - theirs);
        (amount.minor % per == 0).then_some(amount.minor / per)?
    };
    (theirs < 3 || wire % 10 == 0).then_some(wire)
}

/// Our amount of Stripe's integer; `None` where our minor unit cannot carry it exactly.
pub fn from_wire(wire: i64, currency: Currency) -> Option<Money> {
    let (ours, theirs) = (currency.exponent(), decimals(currency));
    let minor = if ours >= theirs {
        wire.checked_mul(10_i64.pow(ours - theirs))?
    } else {
        let per = 10_i64.pow(theirs - ours);
        (wire % per == 0).then_some(wire / per)?
    };
    Some(Money::new(minor, currency))
}
