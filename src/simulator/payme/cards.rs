//! The sandbox's test cards, all with expiry 03/99 and SMS code 666666. No CVV: Uzcard and HUMO have
//! none.

/// What a card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Asks for the code and pays.
    Pays,
    /// Refused before a code is sent.
    Refused(i64, &'static str),
    /// Asks for the code; then the debit fails, after so many milliseconds.
    Fails { reason: i64, after_ms: i64 },
}

pub struct Card {
    pub number: &'static str,
    pub does: Does,
    pub what: &'static str,
}

pub const EXPIRY: &str = "0399";
pub const CODE: &str = "666666";

pub const CARDS: [Card; 7] = [
    Card {
        number: "8600495473316478",
        does: Does::Pays,
        what: "paid",
    },
    Card {
        number: "8600069195406311",
        does: Does::Pays,
        what: "paid",
    },
    Card {
        number: "8600060921090842",
        does: Does::Refused(-31101, "The SMS service is not connected to this card"),
        what: "SMS service not connected",
    },
    Card {
        number: "3333336415804657",
        does: Does::Refused(-31301, "The card has expired"),
        what: "expired",
    },
    Card {
        number: "4444445987459073",
        does: Does::Refused(-31300, "The card is blocked"),
        what: "blocked",
    },
    Card {
        number: "8600143417770323",
        does: Does::Fails {
            reason: 3,
            after_ms: 0,
        },
        what: "system error",
    },
    Card {
        number: "8600134301849596",
        does: Does::Fails {
            reason: 2,
            after_ms: 10_000,
        },
        what: "an error after 10 s",
    },
];

fn digits(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_digit).collect()
}

/// The place of a typed number in the table.
pub fn find(number: &str) -> Option<usize> {
    let number = digits(number);
    CARDS.iter().position(|c| c.number == number)
}

pub fn expiry_fits(typed: &str) -> bool {
    digits(typed) == EXPIRY
}
