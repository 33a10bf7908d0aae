//! The documented test instruments. Numbers are compared with this table and never kept.

use serde_json::{Value, json};

use crate::simulator::random_text;

/// What comes of a card once its questions are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Paid,
    /// With this gateway response.
    Refused(&'static str),
}

/// One published test card.
pub struct Card {
    pub number: &'static str,
    pub cvv: &'static str,
    pub pin: Option<&'static str>,
    pub phone: bool,
    pub otp: Option<&'static str>,
    /// The bank's own page comes in between.
    pub bank: bool,
    pub ends: Ends,
    pub refund_ends: Option<&'static str>,
    pub what: &'static str,
}

const PLAIN: Card = Card {
    number: "",
    cvv: "",
    pin: None,
    phone: false,
    otp: None,
    bank: false,
    ends: Ends::Paid,
    refund_ends: None,
    what: "",
};

/// The cards of the test payments page; the first one asks nothing.
pub const CARDS: [Card; 10] = [
    Card {
        number: "4084084084084081",
        cvv: "408",
        what: "success, asks nothing",
        ..PLAIN
    },
    Card {
        number: "507850785078507812",
        cvv: "081",
        pin: Some("1111"),
        what: "PIN 1111",
        ..PLAIN
    },
    Card {
        number: "5060666666666666666",
        cvv: "123",
        pin: Some("1234"),
        otp: Some("123456"),
        what: "PIN 1234, OTP 123456",
        ..PLAIN
    },
    Card {
        number: "507850785078507804",
        cvv: "884",
        pin: Some("0000"),
        phone: true,
        otp: Some("123456"),
        what: "PIN 0000, phone, OTP 123456",
        ..PLAIN
    },
    Card {
        number: "5192602720584796",
        cvv: "123",
        bank: true,
        what: "bank's page",
        ..PLAIN
    },
    Card {
        number: "4084080000005408",
        cvv: "001",
        ends: Ends::Refused("Declined"),
        what: "declined",
        ..PLAIN
    },
    Card {
        number: "507850785078507853",
        cvv: "082",
        pin: Some("0000"),
        ends: Ends::Refused("Token Not Generated. Customer Not Registered on Token Platform"),
        what: "PIN 0000, token not generated",
        ..PLAIN
    },
    Card {
        number: "4084080000670037",
        cvv: "787",
        ends: Ends::Refused("Insufficient Funds"),
        what: "insufficient funds",
        ..PLAIN
    },
    Card {
        number: "4084080000671803",
        cvv: "180",
        refund_ends: Some("failed"),
        what: "success, its refund fails",
        ..PLAIN
    },
    Card {
        number: "4084080000671902",
        cvv: "190",
        refund_ends: Some("needs-attention"),
        what: "success, its refund needs attention",
        ..PLAIN
    },
];

/// The place of a card in the table, by its number with or without spaces.
pub fn find(number: &str) -> Option<usize> {
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    CARDS.iter().position(|c| c.number == digits)
}

/// The `authorization` object of a payment with this card.
pub fn authorization(card: usize) -> Value {
    let number = CARDS[card].number;
    let brand = if number.starts_with('4') {
        "visa"
    } else if number.starts_with("519") {
        "mastercard"
    } else {
        "verve"
    };
    json!({
        "authorization_code": format!("AUTH_{}", random_text(super::LOWER, 10)),
        "bin": &number[..6],
        "last4": &number[number.len() - 4..],
        "exp_month": "12",
        "exp_year": "2030",
        "channel": "card",
        "card_type": brand,
        "bank": "TEST BANK",
        "country_code": "NG",
        "brand": brand,
        "reusable": true,
        "signature": format!("SIG_{}", random_text(super::LOWER, 20)),
        "account_name": null,
    })
}

/// The `authorization` object of a payment without a card.
pub fn other_authorization(channel: &str) -> Value {
    json!({
        "authorization_code": format!("AUTH_{}", random_text(super::LOWER, 10)),
        "bin": null, "last4": null, "exp_month": null, "exp_year": null,
        "channel": channel, "card_type": "", "bank": "TEST BANK", "country_code": "NG",
        "brand": channel, "reusable": false, "signature": null, "account_name": null,
    })
}

/// What a mobile money number does.
#[derive(Debug, PartialEq, Eq)]
pub enum Wallet {
    Paid,
    AsksOtp,
    Unknown,
}

/// The documented mobile money numbers; Orange asks for the OTP 1234.
pub fn wallet(phone: &str) -> Wallet {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.as_str() {
        "0551234987" | "233551234987" | "254710000000" | "0710000000" => Wallet::Paid,
        "0700000000" => Wallet::AsksOtp,
        _ => Wallet::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_as_people_type_them() {
        assert_eq!(find("4084 0840 8408 4081"), Some(0));
        assert_eq!(find("4084084084084081"), Some(0));
        assert_eq!(find("4111 1111 1111 1111"), None);
        let shown = authorization(0);
        assert_eq!(
            (&shown["bin"], &shown["last4"]),
            (&json!("408408"), &json!("4081"))
        );
    }

    #[test]
    fn the_documented_wallets_are_known() {
        assert_eq!(wallet("+254710000000"), Wallet::Paid);
        assert_eq!(wallet("055 123 4987"), Wallet::Paid);
        assert_eq!(wallet("0700000000"), Wallet::AsksOtp);
        assert_eq!(wallet("0700000001"), Wallet::Unknown);
    }
}
