//! The published test cards. Numbers are compared with this table and never kept.

use serde_json::{Value, json};

use super::new_id;

/// What comes of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Paid,
    /// With this code.
    Refused(&'static str),
    /// The bank asks first: Authorize leads to this, Fail refuses.
    Asks(Option<&'static str>),
}

pub struct Card {
    pub number: &'static str,
    pub ends: Ends,
    pub what: &'static str,
}

const fn card(number: &'static str, ends: Ends, what: &'static str) -> Card {
    Card { number, ends, what }
}

const fn refused(number: &'static str, code: &'static str) -> Card {
    card(number, Ends::Refused(code), code)
}

/// The first one asks nothing.
pub const CARDS: [Card; 26] = [
    card("4343434343434345", Ends::Paid, "success"),
    card("4571736000000075", Ends::Paid, "success, debit"),
    card("4009930000001421", Ends::Paid, "success"),
    card("4404520000001439", Ends::Paid, "success"),
    card("5555444444444457", Ends::Paid, "success"),
    card("5455590000000009", Ends::Paid, "success, debit"),
    card("5339080000000003", Ends::Paid, "success, prepaid"),
    card("5240050000001440", Ends::Paid, "success"),
    card("5577510000001446", Ends::Paid, "success"),
    card("5123000000000002", Ends::Paid, "success"),
    card(
        "5123000000000001",
        Ends::Paid,
        "success, the bank's check is left out",
    ),
    card("5417881844647288", Ends::Paid, "success"),
    card(
        "4120000000000007",
        Ends::Asks(None),
        "the bank asks, then success",
    ),
    card(
        "5417886761138807",
        Ends::Asks(None),
        "the bank asks, then success",
    ),
    card(
        "5234000000000106",
        Ends::Asks(Some("generic_decline")),
        "the bank asks, then declined",
    ),
    card(
        "4230000000000004",
        Ends::Refused("generic_decline"),
        "declined before the check",
    ),
    refused("4200000000000018", "card_expired"),
    refused("4300000000000017", "cvc_invalid"),
    refused("5100000000000198", "insufficient_funds"),
    refused("4111111111111111", "generic_decline"),
    refused("5200000000000197", "processor_blocked"),
    refused("5300000000000196", "lost_card"),
    refused("5483530000001462", "lost_card"),
    refused("5400000000000195", "stolen_card"),
    refused("4600000000000014", "blocked"),
    refused("5500000000000194", "processor_unavailable"),
];

/// The place of a card in the table, by its number with or without spaces.
pub fn find(number: &str) -> Option<usize> {
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    CARDS.iter().position(|c| c.number == digits)
}

/// The `source` object of a payment with this card.
pub fn source(card: usize) -> Value {
    let number = CARDS[card].number;
    let brand = if number.starts_with('4') {
        "visa"
    } else {
        "mastercard"
    };
    json!({
        "id": new_id("card"), "type": "card", "brand": brand, "country": "PH",
        "last4": &number[number.len() - 4..],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_as_people_type_them() {
        assert_eq!(find("4343 4343 4343 4345"), Some(0));
        assert_eq!(find("4343-4343-4343-4345"), Some(0));
        assert_eq!(find("4242 4242 4242 4242"), None);
        let shown = source(0);
        assert_eq!(
            (&shown["last4"], &shown["brand"]),
            (&json!("4345"), &json!("visa"))
        );
    }
}
