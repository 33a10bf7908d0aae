//! How a customer pays: the words that the API, the database and the pages share.
use serde::{Deserialize, Serialize};

macro_rules! methods {
    ($($variant:ident = $tag:literal in $group:ident,)*) => {
        /// A way to pay.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Method { $($variant,)* }

        impl Method {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $tag,)* }
            }
            pub fn parse(tag: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|m| m.as_str() == tag)
            }
            /// Under which heading the checkout lists it.
            pub const fn group(self) -> MethodGroup {
                match self { $(Self::$variant => MethodGroup::$group,)* }
            }
        }
    };
}

/// The headings of the checkout's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MethodGroup {
    PhoneMoney,
    Card,
    Bank,
    Cash,
    Other,
}

methods! {
    Card = "card" in Card,
    Wallet = "wallet" in Card,
    BankTransfer = "bank_transfer" in Bank,
    Ussd = "ussd" in Bank,
    MobileMoney = "mobile_money" in PhoneMoney,
    StkPush = "stk_push" in PhoneMoney,
    Paybill = "paybill" in PhoneMoney,
    Gcash = "gcash" in PhoneMoney,
    Maya = "maya" in PhoneMoney,
    GrabPay = "grab_pay" in PhoneMoney,
    Payme = "payme" in Card,
    CashOnDelivery = "cash_on_delivery" in Cash,
    Mock = "mock" in Other,
}
