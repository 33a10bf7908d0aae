//! MTN's target environments, and how an amount, a number, a text and an id are written for MTN.
use crate::domain::{Currency, Money};
use crate::providers::InputProblem;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A value of `X-Target-Environment` with what it brings along.
#[derive(Debug, PartialEq, Eq)]
pub struct Environment {
    pub name: &'static str,
    pub currency: &'static str,
    /// The country's dial code; empty where every number is taken.
    pub dial_code: &'static str,
}

const fn row(name: &'static str, currency: &'static str, dial_code: &'static str) -> Environment {
    Environment {
        name,
        currency,
        dial_code,
    }
}

/// Source: MTN's Java SDK, `TargetEnvironment`, for the first eleven countries; the developer
/// portal's list for the last three. The sandbox takes EUR alone.
/// Lonestar MTN Liberia also has wallets in USD; that this API takes them is not verified.
pub static ENVIRONMENTS: [Environment; 15] = [
    row("sandbox", "EUR", ""),
    row("mtnuganda", "UGX", "256"),
    row("mtnghana", "GHS", "233"),
    row("mtnivorycoast", "XOF", "225"),
    row("mtnbenin", "XOF", "229"),
    row("mtncameroon", "XAF", "237"),
    row("mtncongo", "XAF", "242"),
    row("mtnzambia", "ZMW", "260"),
    row("mtnswaziland", "SZL", "268"),
    row("mtnguineaconakry", "GNF", "224"),
    row("mtnsouthafrica", "ZAR", "27"),
    row("mtnliberia", "LRD", "231"),
    row("mtnsouthsudan", "SSP", "211"),
    row("mtnnigeria", "NGN", "234"),
    row("mtnrwanda", "RWF", "250"),
];

/// The names of [`ENVIRONMENTS`], for the settings form.
pub const NAMES: &[&str] = &[
    "sandbox",
    "mtnuganda",
    "mtnghana",
    "mtnivorycoast",
    "mtnbenin",
    "mtncameroon",
    "mtncongo",
    "mtnzambia",
    "mtnswaziland",
    "mtnguineaconakry",
    "mtnsouthafrica",
    "mtnliberia",
    "mtnsouthsudan",
    "mtnnigeria",
    "mtnrwanda",
];

impl Environment {
    pub fn find(name: &str) -> Option<&'static Self> {
        ENVIRONMENTS.iter().find(|e| e.name == name)
    }

    pub fn is_sandbox(&self) -> bool {
        self.name == "sandbox"
    }
}

/// The amount as MTN takes it: a string in major units with a point. Zero-decimal currencies are
/// integers. MTN does not say how many decimals the others may have in production, so whole
/// amounts go without a fraction and the rest with two digits.
pub fn to_wire(amount: Money) -> String {
    let (whole, fraction) = amount.split();
    if fraction.bytes().all(|b| b == b'0') {
        whole
    } else {
        format!("{whole}.{fraction}")
    }
}

/// Reads an amount. MTN writes `6` where `6.0` was sent, so only the number counts. `None` for
/// anything but plain digits, and for more of them than the currency has.
pub fn from_wire(written: &str, currency: Currency) -> Option<Money> {
    let plain = written.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain
        .then(|| Money::parse_major(written, currency).ok())
        .flatten()
}

/// The payer's number as MTN wants it: international digits without `+` or leading zeros.
///
/// # Errors
/// `phone_invalid`, or `phone_not_of_country` where the dial code is another country's.
pub fn msisdn(phone: &str, at: Option<&Environment>) -> Result<String, InputProblem> {
    let refuse = |code, message: String| Err(InputProblem::new("phone", code, message));
    let kept = phone.trim().chars();
    let digits: String = kept.filter(|c| !matches!(c, ' ' | '+' | '-')).collect();
    // E.164 ends at fifteen digits. The lengths inside a country change, so MTN judges them.
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if !plain || !(8..=15).contains(&digits.len()) {
        let message = "this is no phone number with its country code";
        return refuse("phone_invalid", message.to_owned());
    }
    match at {
        Some(at) if !digits.starts_with(at.dial_code) => {
            let message = format!(
                "MTN takes only numbers that begin with +{} here",
                at.dial_code
            );
            refuse("phone_not_of_country", message)
        }
        _ => Ok(digits),
    }
}

/// A text in letters, digits, spaces, `-` and `.` alone: MTN's guide forbids `'` and `&`, and its
/// firewall swallowed requests with `(`, `)` or `#`. Accents of the languages of MTN's countries
/// are taken off; at most `most` characters are left.
pub fn plain(text: &str, most: usize) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            c if c.is_ascii_alphanumeric() || c == '.' || c == '-' => safe.push(c),
            '_' | '/' | '\u{2013}' | '\u{2014}' => safe.push('-'),
            'à' | 'â' | 'ä' | 'á' | 'ã' => safe.push('a'),
            'ç' => safe.push('c'),
            'é' | 'è' | 'ê' | 'ë' => safe.push('e'),
            'î' | 'ï' | 'í' => safe.push('i'),
            'ô' | 'ö' | 'ó' | 'õ' => safe.push('o'),
            'ù' | 'û' | 'ü' | 'ú' => safe.push('u'),
            'œ' => safe.push_str("oe"),
            'À' | 'Â' => safe.push('A'),
            'Ç' => safe.push('C'),
            'É' | 'È' | 'Ê' => safe.push('E'),
            _ => safe.push(' '),
        }
    }
    let words: Vec<&str> = safe.split_whitespace().collect();
    let short: String = words.join(" ").chars().take(most).collect();
    short.trim_end().to_owned()
}

/// What an id of ours names; each has ids of its own at MTN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    Payment,
    Refund,
}

/// The `X-Reference-Id` of one of our references: a UUID v4, as MTN insists, made of the
/// reference's hash alone. So it is the same after a lost answer, and MTN takes it once.
pub fn reference_id(errand: Errand, reference: &str) -> String {
    let label = match errand {
        Errand::Payment => "malipo/mtn_momo/payment:",
        Errand::Refund => "malipo/mtn_momo/refund:",
    };
    let hash = Sha256::new().chain_update(label).chain_update(reference);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    // Sets the bits of the version and the variant.
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    id.hyphenated().to_string()
}

/// The id that is known already, or else the one that our reference makes.
pub fn known_or_made(known: Option<&str>, errand: Errand, reference: &str) -> String {
    let known = known.filter(|id| Uuid::try_parse(id).is_ok());
    known.map_or_else(|| reference_id(errand, reference), str::to_owned)
}
