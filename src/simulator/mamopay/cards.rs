//! The documented test cards. Numbers are compared with this table and never kept.

/// One published test card.
pub struct Card {
    pub number: &'static str,
    /// The bank asks for the password.
    pub secure: bool,
    /// The page asks for an address in the US.
    pub address: bool,
    /// `error_code` and message of its failure.
    pub refused: Option<(&'static str, &'static str)>,
    pub kind: &'static str,
    pub what: &'static str,
}

pub const CVV: &str = "123";
/// The second one stands on older pages.
pub const EXPIRIES: [&str; 2] = ["01/28", "01/27"];
pub const PASSWORD: &str = "Checkout1!";

pub const GENERIC: (&str, &str) = (
    "generic",
    "We're sorry, the card was declined. Please try again or use another card.",
);
pub const NO_FUNDS: (&str, &str) = (
    "insufficient_funds",
    "We're sorry, the card was declined due to insufficient funds. Please try again.",
);
pub const WRONG_PASSWORD: (&str, &str) = (
    "authentication_failed",
    "We're sorry, the payment was declined because authentication failed. Please try again.",
);
pub const LEFT_BANK: (&str, &str) = (
    "authentication_expired",
    "The payment was declined because authentication wasn't completed successfully.",
);
pub const WRONG_EXPIRY: (&str, &str) = (
    "invalid_expiry",
    "We're sorry, the card expiry date is invalid. Please try again.",
);
pub const WRONG_CVV: (&str, &str) = (
    "incorrect_verification_code",
    "We're sorry, the card was declined because the CVC/CVV number is incorrect.",
);

const PLAIN: Card = Card {
    number: "",
    secure: false,
    address: false,
    refused: None,
    kind: "CREDIT VISA",
    what: "success",
};

/// The table of "For Payment Testing"; the last two stand on older pages alone.
pub const CARDS: [Card; 7] = [
    Card {
        number: "4659105569051157",
        ..PLAIN
    },
    Card {
        number: "4242424242424242",
        secure: true,
        what: "3DS, success",
        ..PLAIN
    },
    Card {
        number: "4111111111111111",
        secure: true,
        address: true,
        what: "address in the US, 3DS, success",
        ..PLAIN
    },
    Card {
        number: "4567361325981788",
        refused: Some(GENERIC),
        what: "fails",
        ..PLAIN
    },
    Card {
        number: "4095254802642505",
        address: true,
        refused: Some((
            "issuer_declined",
            "We're sorry, your bank has declined this payment.",
        )),
        what: "address in the US, fails",
        ..PLAIN
    },
    Card {
        number: "4024007103573027",
        refused: Some(NO_FUNDS),
        what: "fails: too little money",
        ..PLAIN
    },
    Card {
        number: "5148447461737269",
        refused: Some(GENERIC),
        kind: "CREDIT MASTERCARD",
        what: "fails",
        ..PLAIN
    },
];

/// The place of a card in the table, by its number with or without spaces.
pub fn find(number: &str) -> Option<usize> {
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    CARDS.iter().position(|c| c.number == digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_as_people_type_them() {
        assert_eq!(find("4659 1055 6905 1157"), Some(0));
        assert_eq!(find("4242-4242-4242-4242"), Some(1));
        assert_eq!(find("4084 0840 8408 4081"), None);
    }
}
