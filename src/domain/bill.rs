//! The short reference that a customer types when paying by hand (the account number of a
//! paybill), and money that was paid that way.
//!
//! Eight characters of an alphabet of 29, a prime, without look-alikes; the last one makes the sum
//! of place times value a multiple of 29. Places and differences are never zero modulo a prime, so
//! every wrong character and every two that changed places show.
use super::ids::{BillId, HookId, PaymentId, TenantId};
use super::states::states;
use super::{Money, Timestamp};
use std::fmt;

/// No I, L, O, S, Z, nor 0 and 1: nobody mistakes 1, 0, 5 or 2 for a letter.
const ALPHABET: &[u8; 29] = b"23456789ABCDEFGHJKMNPQRTUVWXY";
const PRIME: usize = ALPHABET.len();
const LENGTH: usize = 8;
/// What M-Pesa lets a customer type, with room for spaces and dashes.
const MOST_TYPED: usize = 40;

/// A bill's reference: `BK7X42QM`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillReference(String);

fn value(c: u8) -> Option<usize> {
    ALPHABET.iter().position(|a| *a == c)
}

/// The sum of place times value modulo the prime, places counted from one; `None` for a character
/// that is not in the alphabet.
fn sum(text: &[u8]) -> Option<usize> {
    let mut sum = 0;
    for (place, c) in text.iter().enumerate() {
        sum = (sum + (place + 1) * value(*c)?) % PRIME;
    }
    Some(sum)
}

/// As typed, without spaces and dashes, in upper case.
pub fn plain(typed: &str) -> String {
    let kept = typed.chars().take(MOST_TYPED);
    let kept = kept.filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'));
    kept.map(|c| c.to_ascii_uppercase()).collect()
}

impl BillReference {
    /// Makes the reference of a random number.
    pub fn make(random: u64) -> Self {
        let mut rest = random;
        let mut body: Vec<u8> = (1..LENGTH)
            .map(|_| {
                let place = usize::try_from(rest % PRIME as u64).unwrap_or(0);
                rest /= PRIME as u64;
                ALPHABET[place]
            })
            .collect();
        // The check stands at place 8, and 8 times 11 is 1 modulo 29.
        let short = (PRIME - sum(&body).unwrap_or(0)) % PRIME;
        body.push(ALPHABET[short * 11 % PRIME]);
        Self(body.into_iter().map(char::from).collect())
    }

    /// Reads what a person typed: spaces, dashes and lower case do not matter. `None` where the
    /// check fails.
    pub fn parse(typed: &str) -> Option<Self> {
        let plain = plain(typed);
        let whole = plain.len() == LENGTH && sum(plain.as_bytes()) == Some(0);
        whole.then_some(Self(plain))
    }

    /// Takes a value the store wrote.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `typed` is this reference but for one slip of the thumb: a wrong character, one too
    /// many or too few, or two neighbours that changed places.
    pub fn is_near(&self, typed: &str) -> bool {
        let typed: Vec<char> = plain(typed).chars().collect();
        let ours: Vec<char> = self.0.chars().collect();
        let start = ours.iter().zip(&typed).take_while(|(a, b)| a == b).count();
        let (a, b) = (&ours[start..], &typed[start..]);
        match (a, b) {
            ([_, ours @ ..], [_, typed @ ..]) if a.len() == b.len() => {
                let swapped = a.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..];
                ours == typed || swapped
            }
            ([_, rest @ ..], _) if a.len() == b.len() + 1 => rest == b,
            (_, [_, rest @ ..]) if b.len() == a.len() + 1 => rest == a,
            _ => false,
        }
    }
}

impl fmt::Display for BillReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Those of `open` that a person who typed `typed` may have meant, where its check fails. A
/// reference whose check holds was typed as it was meant, and has no neighbours.
pub fn nearest<'a, T>(
    typed: &str,
    open: &'a [T],
    reference: impl Fn(&T) -> &BillReference,
) -> Vec<&'a T> {
    if BillReference::parse(typed).is_some() {
        return vec![];
    }
    let near = open.iter().filter(|bill| reference(bill).is_near(typed));
    near.collect()
}

states! {
    /// Where money that was paid by hand stands.
    BillStatus, "bill payment" {
        /// Told by the provider; not matched yet.
        Received = "received" => [Asking, Booked, Unmatched],
        /// The provider was asked whether it is true (R5).
        Asking = "asking" => [Booked, Unmatched],
        /// Booked for the payment that its reference names.
        Booked = "booked" => [],
        /// On a person's desk.
        Unmatched = "unmatched" => [Booked, Assigned, Returned],
        /// A person gave it to an order.
        Assigned = "assigned" => [],
        /// A person gave it back, or it was never ours.
        Returned = "returned" => [],
    }
}

/// Why money waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unmatched {
    /// No reference was typed, as at a till.
    NoReference,
    /// No bill has this reference, nor one that differs by a slip.
    UnknownReference,
    /// A slip, and more than one bill may be meant, or the amount differs.
    Ambiguous,
    /// It was paid to a number that is not this account's.
    OtherNumber,
    /// The bill belongs to the other mode (R11).
    OtherMode,
    /// The provider was asked and did not answer in time.
    NotConfirmed,
    /// The provider was asked and tells it otherwise, or does not know it.
    Denied,
}

impl Unmatched {
    pub const ALL: [Self; 7] = [
        Self::NoReference,
        Self::UnknownReference,
        Self::Ambiguous,
        Self::OtherNumber,
        Self::OtherMode,
        Self::NotConfirmed,
        Self::Denied,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoReference => "no_reference",
            Self::UnknownReference => "unknown_reference",
            Self::Ambiguous => "ambiguous",
            Self::OtherNumber => "other_number",
            Self::OtherMode => "other_mode",
            Self::NotConfirmed => "not_confirmed",
            Self::Denied => "denied",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|w| w.as_str() == text)
    }
}

/// Money that a provider says was paid by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillMoney {
    pub id: BillId,
    pub tenant_id: TenantId,
    pub provider: String,
    pub test_mode: bool,
    /// The provider's receipt number: each is booked once.
    pub receipt: String,
    pub amount: Money,
    /// The paybill or till number that was paid to.
    pub business_number: String,
    /// The account number as the customer typed it.
    pub typed: String,
    /// Masked: `N•••••••`.
    pub payer_name: String,
    /// Masked by the provider.
    pub payer_phone: String,
    pub hook_id: HookId,
    pub status: BillStatus,
    pub why: Option<Unmatched>,
    /// The payment that it was booked for.
    pub payment_id: Option<PaymentId>,
    /// How often the provider was asked about it.
    pub asked: i64,
    /// Who decided about it at the desk, and what was noted.
    pub decided_by: Option<String>,
    pub note: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::assert_table;

    fn samples() -> Vec<BillReference> {
        let step = 29_u64.pow(7) / 97;
        (0..97).map(|n| BillReference::make(n * step + n)).collect()
    }

    #[test]
    fn a_reference_is_short_plain_and_reads_back_however_it_is_typed() {
        for made in samples() {
            let text = made.as_str();
            assert_eq!(text.len(), LENGTH);
            assert!(text.bytes().all(|b| ALPHABET.contains(&b)), "{text}");
            let (a, b) = text.split_at(4);
            for typed in [
                text.to_owned(),
                text.to_lowercase(),
                format!(" {a} {b} "),
                format!("{a}-{b}"),
                format!("{a}\u{2013}{b}"),
            ] {
                assert_eq!(
                    BillReference::parse(&typed).as_ref(),
                    Some(&made),
                    "{typed}"
                );
            }
        }
        for wrong in ["", "BK7X", "BK7X42QMM", "········", "BK7X42Q٣", "IIIIIIII"] {
            assert_eq!(BillReference::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_wrong_character_and_every_swap_fails_the_check() {
        // All letters and digits, also those that no reference has.
        let typed: Vec<u8> = (b'0'..=b'9').chain(b'A'..=b'Z').collect();
        for made in samples() {
            let right = made.as_str().as_bytes();
            for place in 0..LENGTH {
                for c in typed.iter().filter(|c| **c != right[place]) {
                    let mut wrong = right.to_vec();
                    wrong[place] = *c;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert_eq!(BillReference::parse(&wrong), None, "{made} {wrong}");
                    assert!(made.is_near(&wrong), "{made} {wrong}");
                }
                for other in place + 1..LENGTH {
                    let mut wrong = right.to_vec();
                    wrong.swap(place, other);
                    if wrong == right {
                        continue;
                    }
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert_eq!(BillReference::parse(&wrong), None, "{made} {wrong}");
                    assert_eq!(made.is_near(&wrong), other == place + 1, "{made} {wrong}");
                }
            }
        }
    }

    /// The proof for all references, not for samples: an error changes the sum by place times
    /// difference, or by the difference of places times that of values.
    #[test]
    fn the_check_holds_for_every_place_and_difference() {
        for place in 1..=LENGTH {
            for difference in 1..PRIME {
                assert_ne!(place * difference % PRIME, 0);
                for other in place + 1..=LENGTH {
                    assert_ne!((other - place) * difference % PRIME, 0);
                }
            }
        }
        assert_eq!(LENGTH * 11 % PRIME, 1);
        assert!((2..PRIME).all(|d| !PRIME.is_multiple_of(d)), "a prime");
    }

    #[test]
    fn one_slip_is_near_and_two_are_not() {
        let made = BillReference::make(1_234_567_890);
        let text = made.as_str();
        assert!(!made.is_near(text));
        assert!(made.is_near(&text[1..]) && made.is_near(&text[..7]));
        assert!(made.is_near(&format!("{text}2")) && made.is_near(&format!("9{text}")));
        assert!(made.is_near(&format!("{}0{}", &text[..3], &text[3..])));
        assert!(!made.is_near(&text[2..]) && !made.is_near(&format!("{text}22")));
        assert!(!made.is_near("") && !made.is_near("é"));
        let mut twice = text.as_bytes().to_vec();
        (twice[0], twice[5]) = (b'0', b'1');
        assert!(!made.is_near(&String::from_utf8(twice).unwrap()));
    }

    #[test]
    fn neighbours_are_sought_only_where_the_check_fails() {
        let open = samples();
        let right = open[5].as_str().to_owned();
        assert!(nearest(&right, &open, |b| b).is_empty());
        let wrong = format!("0{}", &right[1..]);
        assert_eq!(nearest(&wrong, &open, |b| b), [&open[5]]);
        assert!(nearest("", &open, |b| b).is_empty());
    }

    #[test]
    fn r2_money_paid_by_hand_steps_only_along_its_table() {
        assert_table!(BillStatus, {
            Received => [Asking, Booked, Unmatched],
            Asking => [Booked, Unmatched],
            Unmatched => [Booked, Assigned, Returned],
        });
    }
}
