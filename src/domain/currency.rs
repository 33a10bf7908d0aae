//! ISO 4217: the currencies Malipo takes, with the number of their minor digits.
use serde::{Deserialize, Serialize};
use std::fmt;

/// A currency of the table below. Copies are free.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(&'static Entry);

#[derive(PartialEq, Eq, Hash)]
struct Entry {
    code: &'static str,
    exponent: u8,
    /// Minor digits are left out on the checkout when they are zero: nobody uses them.
    bare: bool,
}

const fn entry(code: &'static str, exponent: u8, bare: bool) -> Entry {
    Entry {
        code,
        exponent,
        bare,
    }
}

/// Code, minor digits (ISO 4217), and whether everyday prices leave zero minor digits out.
static TABLE: [Entry; 74] = [
    entry("AED", 2, false),
    entry("ARS", 2, false),
    entry("AUD", 2, false),
    entry("BDT", 2, false),
    entry("BHD", 3, false),
    entry("BIF", 0, true),
    entry("BRL", 2, false),
    entry("BWP", 2, false),
    entry("CAD", 2, false),
    entry("CDF", 2, true),
    entry("CHF", 2, false),
    entry("CLP", 0, true),
    entry("CNY", 2, false),
    entry("COP", 2, true),
    entry("CZK", 2, false),
    entry("DJF", 0, true),
    entry("DKK", 2, false),
    entry("EGP", 2, false),
    entry("ETB", 2, false),
    entry("EUR", 2, false),
    entry("GBP", 2, false),
    entry("GHS", 2, false),
    entry("GNF", 0, true),
    entry("HKD", 2, false),
    entry("HUF", 2, true),
    entry("IDR", 2, true),
    entry("ILS", 2, false),
    entry("INR", 2, false),
    entry("ISK", 0, true),
    entry("JOD", 3, false),
    entry("JPY", 0, true),
    entry("KES", 2, true),
    entry("KMF", 0, true),
    entry("KRW", 0, true),
    entry("KWD", 3, false),
    entry("LKR", 2, false),
    entry("LRD", 2, true),
    entry("MAD", 2, false),
    entry("MGA", 2, true),
    entry("MWK", 2, true),
    entry("MXN", 2, false),
    entry("MYR", 2, false),
    entry("MZN", 2, false),
    entry("NGN", 2, false),
    entry("NOK", 2, false),
    entry("NPR", 2, false),
    entry("NZD", 2, false),
    entry("OMR", 3, false),
    entry("PHP", 2, false),
    entry("PKR", 2, false),
    entry("PLN", 2, false),
    entry("PYG", 0, true),
    entry("QAR", 2, false),
    entry("RON", 2, false),
    entry("RWF", 0, true),
    entry("SAR", 2, false),
    entry("SEK", 2, false),
    entry("SGD", 2, false),
    entry("SSP", 2, true),
    entry("SZL", 2, false),
    entry("THB", 2, false),
    entry("TND", 3, false),
    entry("TWD", 2, true),
    entry("TZS", 2, true),
    entry("UGX", 0, true),
    entry("USD", 2, false),
    entry("UZS", 2, true),
    entry("VND", 0, true),
    entry("VUV", 0, true),
    entry("XAF", 0, true),
    entry("XOF", 0, true),
    entry("XPF", 0, true),
    entry("ZAR", 2, false),
    entry("ZMW", 2, false),
];

impl Currency {
    pub const KES: Self = Self(&TABLE[31]);
    pub const NGN: Self = Self(&TABLE[43]);
    pub const USD: Self = Self(&TABLE[65]);
    pub const XOF: Self = Self(&TABLE[70]);

    /// The currency of an upper-case ISO 4217 code, if the table has it.
    pub fn parse(code: &str) -> Option<Self> {
        TABLE.iter().find(|e| e.code == code).map(Self)
    }

    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// How many digits stand after the decimal point.
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent)
    }

    /// How many minor units make one major unit.
    pub fn minor_per_major(self) -> i64 {
        10_i64.pow(self.exponent())
    }

    /// Whether everyday prices in this currency leave out minor digits that are zero.
    pub fn drops_zero_minor(self) -> bool {
        self.0.bare
    }

    /// Every currency of the table, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Self)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let code = String::deserialize(d)?;
        Self::parse(&code).ok_or_else(|| serde::de::Error::custom("an unknown currency code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_codes_and_exponents_are_those_of_iso_4217() {
        for ours in Currency::all() {
            let iso = iso_currency::Currency::from_code(ours.code()).unwrap();
            assert_eq!(Some(ours.0.exponent.into()), iso.exponent(), "{ours}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_the_constants_point_at_their_rows() {
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
        for (constant, code) in [
            (Currency::KES, "KES"),
            (Currency::NGN, "NGN"),
            (Currency::USD, "USD"),
            (Currency::XOF, "XOF"),
        ] {
            assert_eq!(constant.code(), code);
        }
    }
}
