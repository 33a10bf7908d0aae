//! The documented test instruments. Numbers are compared with these tables and never kept.

use serde_json::{Value, json};

/// What a card asks once its number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    Nothing,
    /// The card's PIN, then a code.
    Pin(&'static str),
    /// The bank's own page (3-D Secure).
    Bank,
    /// The billing address.
    Address,
}

/// What comes of a try once its questions are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Paid,
    /// With this `processor_response`.
    Refused(&'static str),
}

/// One published test card. An empty expiry or CVV is not published: any will do.
pub struct Card {
    pub number: &'static str,
    pub expiry: &'static [&'static str],
    pub cvv: &'static str,
    pub asks: Asks,
    pub ends: Ends,
    pub what: &'static str,
}

const fn card(
    number: &'static str,
    expiry: &'static [&'static str],
    cvv: &'static str,
    asks: Asks,
    ends: Ends,
    what: &'static str,
) -> Card {
    Card {
        number,
        expiry,
        cvv,
        asks,
        ends,
        what,
    }
}

const fn refused(number: &'static str, response: &'static str, what: &'static str) -> Card {
    card(
        number,
        &[],
        "",
        Asks::Nothing,
        Ends::Refused(response),
        what,
    )
}

/// The cards of the Testing page.
pub const CARDS: [Card; 15] = [
    card(
        "5531886652142950",
        &["09/32"],
        "564",
        Asks::Pin("3310"),
        Ends::Paid,
        "PIN 3310, OTP 12345",
    ),
    card(
        "5438898014560229",
        &["10/31"],
        "564",
        Asks::Bank,
        Ends::Paid,
        "the bank's page",
    ),
    card(
        "4187427415564246",
        &["09/32"],
        "828",
        Asks::Bank,
        Ends::Paid,
        "the bank's page",
    ),
    card(
        "5061460410120223210",
        &[],
        "",
        Asks::Pin("3310"),
        Ends::Paid,
        "PIN 3310, OTP 12345",
    ),
    card(
        "5061460166976054667",
        &[],
        "",
        Asks::Nothing,
        Ends::Paid,
        "success, asks nothing",
    ),
    card(
        "4556052704172643",
        &["09/32"],
        "899",
        Asks::Address,
        Ends::Paid,
        "asks the billing address",
    ),
    card(
        "5258585922666506",
        &["09/31"],
        "883",
        Asks::Nothing,
        Ends::Refused("Insufficient Funds"),
        "insufficient funds",
    ),
    card(
        "5143010522339965",
        &["08/32", "08/31"],
        "276",
        Asks::Nothing,
        Ends::Refused("Do not honour"),
        "declined",
    ),
    card(
        "5590131743294314",
        &["11/32"],
        "887",
        Asks::Nothing,
        Ends::Refused("Fraudulent transaction"),
        "fraudulent",
    ),
    refused("5551651630381384", "Restricted card", "restricted"),
    refused(
        "5551658157653822",
        "Invalid transaction",
        "invalid transaction",
    ),
    refused(
        "5258582054729020",
        "Function not permitted to cardholder",
        "not permitted (holder)",
    ),
    refused(
        "5258588264565682",
        "Function not permitted to terminal",
        "not permitted (terminal)",
    ),
    refused("5258589130149016", "Transaction error", "error"),
    refused("5399834697894723", "Incorrect PIN", "incorrect PIN"),
];

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The place of a card in the table, by its number with or without spaces.
pub fn find(number: &str) -> Option<usize> {
    let typed = digits(number);
    CARDS.iter().position(|c| c.number == typed)
}

/// Whether expiry and CVV are the published ones; a four-digit year counts by its end.
pub fn fits(at: usize, expiry: &str, cvv: &str) -> bool {
    let (card, typed) = (&CARDS[at], digits(expiry));
    let typed = match typed.len() {
        6 => format!("{}{}", &typed[..2], &typed[4..]),
        _ => typed,
    };
    let expiry = card.expiry.is_empty() || card.expiry.iter().any(|e| digits(e) == typed);
    expiry && (card.cvv.is_empty() || card.cvv == cvv)
}

/// The `card` object of a transaction.
pub fn shown(at: usize) -> Value {
    let card = &CARDS[at];
    let brand = match card.number.as_bytes() {
        [b'4', ..] => "VISA",
        [b'5', b'0', ..] => "VERVE",
        _ => "MASTERCARD",
    };
    json!({
        "first_6digits": &card.number[..6],
        "last_4digits": &card.number[card.number.len() - 4..],
        "issuer": "TEST BANK",
        "country": "NIGERIA NG",
        "type": brand,
        "expiry": card.expiry.first().copied().unwrap_or("09/32"),
    })
}

/// What a code typed in the modal does; every other passes.
pub fn otp(typed: &str) -> Ends {
    match typed.trim() {
        "5548" => Ends::Refused("Incorrect OTP"),
        "6648" => Ends::Refused("Insufficient Funds"),
        _ => Ends::Paid,
    }
}

/// Whether a phone number is one of the two that fail, under whatever country's code.
pub fn fails_by_phone(phone: &str) -> bool {
    let typed = digits(phone);
    ["121212121", "010101011"]
        .iter()
        .any(|n| typed.ends_with(n))
}

/// The test accounts of Access Bank (044).
pub fn account_known(number: &str) -> bool {
    let typed = digits(number);
    typed.len() == 10 && ("0690000031"..="0690000041").contains(&typed.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_as_people_type_them() {
        assert_eq!(find("5531 8866 5214 2950"), Some(0));
        assert_eq!(find("4111 1111 1111 1111"), None);
        assert!(fits(0, "09/32", "564") && fits(0, "09 / 2032", "564"));
        assert!(!fits(0, "09/31", "564") && !fits(0, "09/32", "565"));
        assert!(fits(9, "", ""));
        assert_eq!(shown(0)["last_4digits"], "2950");
    }

    #[test]
    fn the_documented_numbers_are_known() {
        for phone in ["233121212121", "+254 121 212 121", "256010101011"] {
            assert!(fails_by_phone(phone), "{phone}");
        }
        assert!(!fails_by_phone("254712345678"));
        assert!(account_known("0690000031") && account_known("0690000041"));
        assert!(!account_known("0690000042") && !account_known("069"));
        assert_eq!(otp("12345"), Ends::Paid);
        assert_ne!(otp("5548"), Ends::Paid);
    }
}
