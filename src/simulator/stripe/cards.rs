//! The documented test cards. Numbers are compared with this table and never kept.

use serde_json::{Value, json};

/// Why a card is refused, in the fields of `last_payment_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub decline_code: Option<&'static str>,
    pub message: &'static str,
}

/// What becomes of a refund of a payment by this card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundEnds {
    AtOnce,
    /// `pending`, later `succeeded`.
    Later,
    /// `succeeded`, later `failed`.
    Fails,
}

/// One published test card.
pub struct Card {
    pub number: &'static str,
    /// The bank's own page (3-D Secure) comes first.
    pub bank: bool,
    pub refused: Option<Refusal>,
    pub refund: RefundEnds,
    /// The payer disputes it at once.
    pub disputed: bool,
    pub what: &'static str,
}

const PLAIN: Card = Card {
    number: "",
    bank: false,
    refused: None,
    refund: RefundEnds::AtOnce,
    disputed: false,
    what: "",
};

const fn declined(decline_code: &'static str, message: &'static str) -> Refusal {
    Refusal {
        code: "card_declined",
        decline_code: Some(decline_code),
        message,
    }
}

const fn wrong(code: &'static str, message: &'static str) -> Refusal {
    Refusal {
        code,
        decline_code: None,
        message,
    }
}

pub const GENERIC: Refusal = declined("generic_decline", "Your card was declined.");
pub const NO_FUNDS: Refusal = declined("insufficient_funds", "Your card has insufficient funds.");
/// The customer failed on the bank's page.
pub const NOT_AUTHENTICATED: Refusal = Refusal {
    code: "payment_intent_authentication_failure",
    decline_code: None,
    message: "We are unable to authenticate your payment method. Please choose a different \
              payment method and try again.",
};

/// The cards of the page on testing; the first one asks nothing.
pub const CARDS: [Card; 19] = [
    Card {
        number: "4242424242424242",
        what: "succeeds",
        ..PLAIN
    },
    Card {
        number: "5555555555554444",
        what: "succeeds (Mastercard)",
        ..PLAIN
    },
    Card {
        number: "378282246310005",
        what: "succeeds (American Express)",
        ..PLAIN
    },
    Card {
        number: "4000000000000077",
        what: "succeeds, funds available at once",
        ..PLAIN
    },
    Card {
        number: "4000002760003184",
        bank: true,
        what: "the bank asks (3-D Secure), then succeeds",
        ..PLAIN
    },
    Card {
        number: "4000000000003220",
        bank: true,
        what: "the bank asks (3-D Secure), then succeeds",
        ..PLAIN
    },
    Card {
        number: "4000008400001629",
        bank: true,
        refused: Some(GENERIC),
        what: "the bank asks, then declined",
        ..PLAIN
    },
    Card {
        number: "4000008260003178",
        bank: true,
        refused: Some(NO_FUNDS),
        what: "the bank asks, then insufficient funds",
        ..PLAIN
    },
    Card {
        number: "4000000000000002",
        refused: Some(GENERIC),
        what: "declined",
        ..PLAIN
    },
    Card {
        number: "4000000000009995",
        refused: Some(NO_FUNDS),
        what: "insufficient funds",
        ..PLAIN
    },
    Card {
        number: "4000000000009987",
        refused: Some(declined("lost_card", "Your card was declined.")),
        what: "lost card",
        ..PLAIN
    },
    Card {
        number: "4000000000009979",
        refused: Some(declined("stolen_card", "Your card was declined.")),
        what: "stolen card",
        ..PLAIN
    },
    Card {
        number: "4000000000000069",
        refused: Some(wrong("expired_card", "Your card has expired.")),
        what: "expired card",
        ..PLAIN
    },
    Card {
        number: "4000000000000127",
        refused: Some(wrong(
            "incorrect_cvc",
            "Your card's security code is incorrect.",
        )),
        what: "incorrect CVC",
        ..PLAIN
    },
    Card {
        number: "4000000000000119",
        refused: Some(wrong(
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        )),
        what: "processing error",
        ..PLAIN
    },
    Card {
        number: "4000000000000259",
        disputed: true,
        what: "succeeds, then is disputed",
        ..PLAIN
    },
    Card {
        number: "4000000000001976",
        what: "succeeds, then an inquiry",
        ..PLAIN
    },
    Card {
        number: "4000000000007726",
        refund: RefundEnds::Later,
        what: "succeeds, its refund is pending first",
        ..PLAIN
    },
    Card {
        number: "4000000000005126",
        refund: RefundEnds::Fails,
        what: "succeeds, its refund fails after it succeeded",
        ..PLAIN
    },
];

/// The place of a card in the table, by its number with or without spaces.
pub fn find(number: &str) -> Option<usize> {
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    CARDS.iter().position(|c| c.number == digits)
}

/// What becomes of a refund of what this card paid.
pub fn refund_ends(card: Option<usize>) -> RefundEnds {
    card.and_then(|at| CARDS.get(at))
        .map_or(RefundEnds::AtOnce, |card| card.refund)
}

/// `last_payment_error` of a refused try.
pub fn last_error(refusal: Refusal, charge: Option<&str>) -> Value {
    let mut error = json!({
        "type": "card_error", "code": refusal.code, "message": refusal.message,
        "doc_url": format!("https://stripe.com/docs/error-codes/{}", refusal.code.replace('_', "-")),
    });
    if let Some(decline_code) = refusal.decline_code {
        error["decline_code"] = json!(decline_code);
    }
    if let Some(charge) = charge {
        error["charge"] = json!(charge);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_as_people_type_them() {
        assert_eq!(find("4242 4242 4242 4242"), Some(0));
        assert_eq!(find("3782-822463-10005"), Some(2));
        assert_eq!(find("4111 1111 1111 1111"), None);
        assert_eq!(refund_ends(find("4000000000007726")), RefundEnds::Later);
        assert_eq!(refund_ends(find("4000000000005126")), RefundEnds::Fails);
        assert_eq!(refund_ends(None), RefundEnds::AtOnce);
    }
}
