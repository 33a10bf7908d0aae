//! What the checkout says, in every language it speaks. One `Texts` per language: the compiler
//! checks that each has every text with its arguments. Amounts, dates and numbers come in ready,
//! from [`format`].
mod ar;
mod en;
mod fr;
mod lang;
mod sw;

pub use crate::domain::lang::Lang;
pub use crate::services::format;
pub use lang::{Speaks, Wishes};

use crate::domain::method::{Method, MethodGroup};
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::payment::{FailureCode, Flag, PaymentStatus};
use crate::domain::proof::ProofStatus;

type T = &'static str;
/// A text with one value in it.
type F1 = fn(&str) -> String;
type F2 = fn(&str, &str) -> String;

/// Every text of the checkout. Groups follow the pages.
pub struct Texts {
    // The frame around every page.
    pub language: T,
    pub error_title: F1,
    pub test_mode: T,
    pub test_note: T,
    pub test_tag: T,
    pub test_prefix: T,
    pub test_mark: T,
    /// A button's words, marked as a test.
    pub test_button: F1,
    /// The merchant.
    pub ask_merchant: F1,
    pub email: T,
    pub kind: fn(OrderKind) -> T,
    pub pay_by: T,
    pub left_to_pay: T,
    pub paid_so_far: T,
    /// Which part, of how many.
    pub part_of: F2,
    pub next_part: T,
    /// An amount, the day by which it is due.
    pub amount_by: F2,
    /// All that is left.
    pub pay_whole: F1,
    /// The next part.
    pub pay_part: F1,

    // Choosing a method.
    /// The amount, the merchant.
    pub pay_title: F2,
    pub how_pay: T,
    pub group: fn(MethodGroup) -> T,
    /// The provider.
    pub method_name: fn(Method, &str) -> String,
    pub method_hint: fn(How, &str) -> String,
    pub recommended: T,
    /// The amount that the provider adds.
    pub fee: F1,
    /// The provider adds something that nobody here can count.
    pub fee_some: T,
    pub continue_: T,
    pub nothing_taken_yet: T,
    pub test_stays_unpaid: T,
    pub return_unpaid: T,
    pub nothing_offered: T,
    pub nothing_offered_next: T,
    /// The provider.
    pub test_data: F1,
    pub test_use: F1,
    pub test_others: T,
    pub simulator_only: T,
    pub outcome: fn(Outcome) -> T,

    // Phone or e-mail.
    pub pay_with: F1,
    pub phone_label: F1,
    pub phone_hint: F1,
    pub email_label: T,
    pub email_hint: F1,
    pub send_prompt: T,
    /// Between two things in a row.
    pub comma: T,
    pub pin_hint: T,
    pub next_title: T,
    pub prompt_steps: fn(&str) -> [String; 3],
    pub page_steps: fn(&str) -> [String; 3],
    pub other_ways: T,
    /// The other ways by their names.
    pub ways_left: F1,
    pub go_to_page: F1,

    // Waiting.
    /// The provider, the amount.
    pub look_title: F2,
    pub look_phone: T,
    /// The provider, the number.
    pub type_pin: F2,
    pub prompt_picture: T,
    /// The amount, the merchant.
    pub prompt_pay: F2,
    pub prompt_pin: F1,
    pub other_prompt: T,
    pub step_sent: T,
    pub step_phone: T,
    pub step_pin: T,
    pub step_page: F1,
    pub step_confirms: F1,
    pub step_done: T,
    pub step_asked: F1,
    pub auto_check: T,
    pub no_auto_check: T,
    pub nothing_on_phone: T,
    /// The number.
    pub phone_tips: fn(&str) -> [String; 3],
    pub check_now: T,
    pub page_title: F1,
    /// The provider, the amount.
    pub page_body: F2,
    pub unknown_title: T,
    /// The provider, the amount.
    pub unknown_body: F2,
    pub message_question: F1,
    pub message_yes: T,
    pub message_no: T,
    pub mismatch_title: T,
    /// The provider, the merchant.
    pub mismatch_body: F2,

    // Paying by hand.
    pub by_hand_title: fn(Method) -> T,
    /// The amount, then the words of [`Texts::by_hand_title`].
    pub send_money: T,
    pub show_us: T,
    pub copy_hint: T,
    pub bank: T,
    pub branch: T,
    pub account_name: T,
    pub account_number: T,
    pub mobile_name: T,
    pub mobile_number: T,
    pub amount_exact: T,
    pub reason: T,
    pub from_merchant: F1,
    /// The amount, the merchant.
    pub cash_body: F2,
    pub cash_proof: T,
    pub what_have: T,
    pub have_photo: T,
    pub have_sms: T,
    pub have_number: T,
    pub photo_label: T,
    pub photo_hint: T,
    pub sms_label: T,
    pub sms_hint: T,
    pub ref_label: T,
    pub ref_hint: T,
    pub note_label: T,
    pub send_proof: T,
    pub checked_within: fn(Option<u32>) -> String,

    // Paying by hand to a business number.
    /// The method.
    pub pay_by_way: F1,
    pub way_instead: F1,
    pub till_way: F1,
    pub till_note: F1,
    pub business_number: T,
    pub till_number: T,
    pub simple_phone: T,
    pub dial: T,
    pub then_pin: T,
    pub have_paid: T,
    pub seen_soon: T,
    pub not_shown: T,
    pub not_shown_body: F1,

    // A proof on its way.
    pub proof_sent_title: T,
    pub proof_sent_body: fn(Option<u32>) -> String,
    pub step_proof_sent: T,
    pub step_proof_waits: T,
    pub step_proof_checking: T,
    pub since: F1,
    pub step_answer: T,
    pub keep_link: T,
    pub what_you_sent: T,
    pub proof_word: T,
    pub note_word: T,
    /// The size.
    pub file_photo: F1,
    pub file_pdf: F1,
    pub review_title: T,
    pub review_body: F1,
    pub rejected_title: T,
    pub rejected_body: F1,
    pub send_another: T,
    pub pay_another_way: T,
    pub money_not_lost: F1,
    pub more_title: T,
    pub more_body: F1,
    pub proof_kept: T,

    // The receipt.
    /// The amount, the merchant.
    pub paid_title: F2,
    pub paid: T,
    pub paid_test: T,
    pub paid_test_body: T,
    pub for_: T,
    pub paid_with: T,
    pub code_of: F1,
    pub receipt_number: T,
    pub date: T,
    pub given_back: T,
    pub back_to: F1,
    pub keep_receipt: T,

    // Not paid.
    pub failure: fn(FailureCode, &Facts<'_>) -> FailureText,
    pub nothing_taken: T,
    pub what_you_can_do: T,
    pub try_again: F1,
    pub tried: F1,
    pub payment_number: T,
    pub bank_hold: T,

    // Orders that take no money.
    pub expired_title: T,
    pub expired_body: F1,
    pub ask_new_link: F1,
    pub did_you_pay: T,
    pub late_counts: T,
    pub look_for_payment: T,
    pub cancelled_title: T,
    pub cancelled_body: F1,
    pub already_title: T,
    pub already_body: T,
    pub see_receipt: T,
    pub twice_title: F1,
    pub twice_body: T,
    pub kept: T,
    pub comes_back: T,
    pub where_is: F1,
    pub twice_saw: T,
    pub twice_sends: F1,
    pub twice_done: T,
    pub over_title: F1,
    pub after_cancel_title: F1,
    pub link_unknown_title: T,
    pub link_unknown_body: T,
    pub trouble_title: T,
    pub trouble_body: T,

    // A link that many can pay on.
    /// The merchant.
    pub pay_merchant: F1,
    pub amount_label: T,
    /// The lowest and the highest amount.
    pub amount_between: F2,
    pub name_label: T,
    pub phone_label_any: T,
    pub optional: T,
    /// The merchant.
    pub contact_hint: F1,
    pub link_off_title: T,
    pub link_ended_title: T,
    pub link_used_title: T,
    pub link_held_title: T,
    pub link_held_body: T,
    /// The merchant.
    pub link_ask_other: F1,

    // The mock provider's page.
    pub mock_title: T,
    pub mock_body: T,
    pub mock_outcome: fn(MockOutcome) -> T,

    // One sentence and the next step for every state and flag.
    pub order_status: fn(OrderStatus) -> Sentence,
    pub payment_status: fn(PaymentStatus) -> Sentence,
    pub proof_status: fn(ProofStatus) -> Sentence,
    pub flag: fn(Flag) -> Sentence,

    pub input: fn(InputCode) -> T,
}

/// What a state means, and what the customer does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence {
    pub says: T,
    pub next: T,
}

const fn say(says: T, next: T) -> Sentence {
    Sentence { says, next }
}

/// What a failure's words may name. All parts are in the reader's form already.
pub struct Facts<'a> {
    pub provider: &'a str,
    pub amount: &'a str,
    pub phone: Option<&'a str>,
    pub merchant: &'a str,
}

/// Why an attempt ended, and the ways on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureText {
    pub title: String,
    pub body: String,
    pub next: [String; 2],
}

fn failed(title: String, body: String, first: impl Into<String>, second: T) -> FailureText {
    FailureText {
        title,
        body,
        next: [first.into(), second.to_owned()],
    }
}

/// Whether "nothing was taken" is certain: only where the provider said so.
pub const fn took_nothing(code: FailureCode) -> bool {
    match code {
        FailureCode::Declined
        | FailureCode::InsufficientFunds
        | FailureCode::WrongPin
        | FailureCode::CancelledByCustomer
        | FailureCode::NoResponse
        | FailureCode::PhoneBusy
        | FailureCode::AmountLimit
        | FailureCode::PayerLimit
        | FailureCode::MerchantLimit
        | FailureCode::RepeatedTooSoon
        | FailureCode::AccountLocked
        | FailureCode::ExpiredCard
        | FailureCode::CardDetailsWrong
        | FailureCode::AuthenticationFailed
        | FailureCode::WrongCode
        | FailureCode::CardNotSupported
        | FailureCode::Blocked
        | FailureCode::PayerUnknown
        | FailureCode::ProviderUnavailable
        | FailureCode::ProviderMisconfigured => true,
        FailureCode::Expired
        | FailureCode::RejectedByStaff
        | FailureCode::MerchantBalanceLow
        | FailureCode::AlreadyRefunded
        | FailureCode::RefundTooLate
        | FailureCode::NotRefundable => false,
    }
}

/// How the customer goes through with a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A prompt on the phone.
    Prompt,
    /// The provider's own page.
    Page,
    Paybill,
    Transfer,
    MobileByHand,
    Cash,
}

/// What a test card or number does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Paid,
    Declined,
    InsufficientFunds,
    WrongPin,
    Cancelled,
    Unreachable,
    NeverAnswers,
    PaidAfterCheck,
    Expired,
}

impl Outcome {
    pub const ALL: [Self; 9] = [
        Self::Paid,
        Self::Declined,
        Self::InsufficientFunds,
        Self::WrongPin,
        Self::Cancelled,
        Self::Unreachable,
        Self::NeverAnswers,
        Self::PaidAfterCheck,
        Self::Expired,
    ];
}

/// The buttons of the mock provider's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MockOutcome {
    Paid,
    Declined,
    Cancelled,
    Expired,
    WrongAmount,
    Processing,
}

impl MockOutcome {
    pub const ALL: [Self; 6] = [
        Self::Paid,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
        Self::WrongAmount,
        Self::Processing,
    ];

    /// The value that the form posts.
    pub const fn as_str(self) -> T {
        match self {
            Self::Paid => "paid",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::WrongAmount => "wrong_amount",
            Self::Processing => "processing",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == tag)
    }
}

macro_rules! input_codes {
    ($($(#[$doc:meta])* $variant:ident = $tag:literal,)*) => {
        /// Why a form was refused. A code that the table does not have reads as `Invalid`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum InputCode { $($(#[$doc])* $variant,)* }

        impl InputCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub const fn as_str(self) -> T {
                match self { $(Self::$variant => $tag,)* }
            }
            pub fn parse(tag: &str) -> Self {
                Self::ALL.iter().copied().find(|c| c.as_str() == tag).unwrap_or(Self::Invalid)
            }
        }
    };
}

input_codes! {
    Invalid = "invalid",
    Required = "required",
    /// Longer or shorter than the field takes.
    Length = "length",
    PhoneRequired = "phone_required",
    PhoneInvalid = "phone_invalid",
    PhoneTooShort = "phone_too_short",
    PhoneTooLong = "phone_too_long",
    /// The prompt reaches phones of other countries alone.
    PhoneNotOfCountry = "phone_not_of_country",
    PhoneNotOfOperator = "phone_not_of_operator",
    EmailRequired = "email_required",
    EmailInvalid = "email_invalid",
    MethodRequired = "method_required",
    MethodNotSupported = "method_not_supported",
    MethodNotConfigured = "method_not_configured",
    MethodUnknown = "method_unknown",
    ProviderNotAvailable = "provider_not_available",
    ProviderUnknown = "provider_unknown",
    CurrencyNotSupported = "currency_not_supported",
    MethodNotForCurrency = "method_not_for_currency",
    AmountTooSmall = "amount_too_small",
    AmountTooLarge = "amount_too_large",
    AmountNotRepresentable = "amount_not_representable",
    PaymentInFlight = "payment_in_flight",
    PaymentUnknown = "payment_unknown",
    OrderClosed = "order_closed",
    ProofEmpty = "proof_empty",
    ProofClosed = "proof_closed",
    ProofWaits = "proof_waits",
    UploadSlow = "upload_slow",
    ReferenceAscii = "reference_ascii",
    FileTooLarge = "file_too_large",
    FileType = "file_type",
    FileUnreadable = "file_unreadable",
    FileEmpty = "file_empty",
    ReferenceInvalid = "reference_invalid",
    /// It is no number, or has more digits than the currency.
    AmountInvalid = "amount_invalid",
    /// Below the lowest or above the highest amount of a link.
    AmountOutside = "amount_outside",
    Trouble = "trouble",
}

#[cfg(test)]
mod tests;
