//! A payment: one attempt to pay an order through one provider and method.
use super::ids::{OrderId, PaymentId, TenantId};
use super::states::states;
use super::{Money, Timestamp};
use serde::{Deserialize, Serialize};

states! {
    /// Where a payment stands.
    PaymentStatus, "payment" {
        /// Our intent is committed; the provider was not asked yet (R3).
        Created = "created" => [Pending, RequiresAction, Processing, Unknown, Mismatched, Succeeded, Failed, Cancelled, Expired],
        Pending = "pending" => [RequiresAction, Processing, Unknown, Mismatched, Succeeded, Failed, Cancelled, Expired],
        /// The customer must do something on a page or a phone.
        RequiresAction = "requires_action" => [Processing, Unknown, Mismatched, Succeeded, Failed, Cancelled, Expired],
        Processing = "processing" => [RequiresAction, Unknown, Mismatched, Succeeded, Failed, Cancelled, Expired],
        /// Sent, and no answer came (R4). Only the provider's word ends it.
        Unknown = "unknown" => [Pending, RequiresAction, Processing, Mismatched, Succeeded, Failed, Cancelled, Expired],
        /// The provider reports other facts than ours (R6). A person decides.
        Mismatched = "mismatched" => [Succeeded, Failed, Cancelled],
        Succeeded = "succeeded" => [],
        /// Success after one of these three is booked and flagged `late` (R9).
        Failed = "failed" => [Succeeded, Mismatched],
        Cancelled = "cancelled" => [Succeeded, Mismatched],
        Expired = "expired" => [Succeeded, Mismatched],
    }
}

impl PaymentStatus {
    /// Whether the attempt has ended: nothing more is expected, though late money may come.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Expired
        )
    }

    /// Whether the provider may still change its mind without a person: polling goes on.
    pub fn is_open(self) -> bool {
        !self.is_final() && self != Self::Mismatched
    }

    /// Whether money that comes now is late (R9).
    pub fn ended_without_money(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled | Self::Expired)
    }
}

/// What a person must know of a payment that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The money came after the attempt or its order had ended.
    Late,
    /// The order was paid already.
    Duplicate,
    /// More came than was owed.
    Over,
    /// Less came than was owed.
    Short,
    /// The order had been cancelled.
    PaidAfterCancel,
}

impl Flag {
    pub const ALL: [Self; 5] = [
        Self::Late,
        Self::Duplicate,
        Self::Over,
        Self::Short,
        Self::PaidAfterCancel,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Duplicate => "duplicate",
            Self::Over => "over",
            Self::Short => "short",
            Self::PaidAfterCancel => "paid_after_cancel",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str() == text)
    }
}

/// Why an attempt ended without money, or a provider refused. A code for programs and readers'
/// languages, and the provider's own words for staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: FailureCode,
    /// The provider's words, shown to staff alone.
    pub message: String,
}

macro_rules! failure_codes {
    ($($(#[$doc:meta])* $variant:ident = $tag:literal,)*) => {
        /// Causes that customers and staff can act on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FailureCode { $($(#[$doc])* $variant,)* }

        impl FailureCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $tag,)* }
            }
            /// Codes of a later version read as [`FailureCode::Declined`].
            pub fn parse(tag: &str) -> Self {
                Self::ALL.iter().copied().find(|c| c.as_str() == tag).unwrap_or(Self::Declined)
            }
        }
    };
}

failure_codes! {
    /// The provider gives no closer cause.
    Declined = "declined",
    InsufficientFunds = "insufficient_funds",
    WrongPin = "wrong_pin",
    /// The customer refused or closed the page.
    CancelledByCustomer = "cancelled_by_customer",
    /// The phone was off, or nobody answered in time.
    NoResponse = "no_response",
    /// The phone is busy with another prompt.
    PhoneBusy = "phone_busy",
    /// Below or above what the provider takes at once.
    AmountLimit = "amount_limit",
    /// The payer's own limit at the provider.
    PayerLimit = "payer_limit",
    /// The merchant's account cannot take it.
    MerchantLimit = "merchant_limit",
    /// The same amount by the same customer a moment ago.
    RepeatedTooSoon = "repeated_too_soon",
    /// The customer's account is locked at the provider.
    AccountLocked = "account_locked",
    ExpiredCard = "expired_card",
    /// Number, expiry or CVC do not fit.
    CardDetailsWrong = "card_details_wrong",
    /// The bank's own check of the cardholder failed (3-D Secure).
    AuthenticationFailed = "authentication_failed",
    /// The one-time code was wrong or too late.
    WrongCode = "wrong_code",
    CardNotSupported = "card_not_supported",
    /// Lost, stolen or suspected of fraud: customers read no more than a refusal.
    Blocked = "blocked",
    /// The number has no account at the provider.
    PayerUnknown = "payer_unknown",
    /// A refund: the merchant's balance is too low.
    MerchantBalanceLow = "merchant_balance_low",
    /// A refund: it was given back already.
    AlreadyRefunded = "already_refunded",
    /// A refund: the provider's time for it is over.
    RefundTooLate = "refund_too_late",
    /// A refund: the provider cannot give back this payment or this amount.
    NotRefundable = "not_refundable",
    /// The attempt's time is over.
    Expired = "expired",
    /// The provider is down or overloaded and took nothing.
    ProviderUnavailable = "provider_unavailable",
    /// The merchant's settings are wrong; staff must act.
    ProviderMisconfigured = "provider_misconfigured",
    /// Staff refused the proof, or ended the attempt.
    RejectedByStaff = "rejected_by_staff",
}

/// What the customer does next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NextAction {
    /// Go to the provider's page.
    Redirect {
        url: String,
    },
    /// Answer the prompt on the phone.
    PhonePrompt,
    /// Pay by hand as the merchant's instructions say, then send a proof.
    Instructions,
    /// Pay by hand to a business number. No account number is typed at a till.
    PayBill {
        business_number: String,
        account_number: Option<String>,
    },
    None,
}

/// One attempt. Amounts are minor units of `amount.currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub tenant_id: TenantId,
    pub order_id: OrderId,
    pub provider: String,
    pub method: super::method::Method,
    /// The order's mode.
    pub livemode: bool,
    /// The provider account's mode when this payment was made. Test money never settles a live
    /// order (R11).
    pub test_mode: bool,
    /// What the provider was asked to take.
    pub amount: Money,
    /// What came, once something came.
    pub captured_minor: i64,
    /// Refunds in flight plus done (R10). Never above `captured_minor`.
    pub refund_held_minor: i64,
    /// What refunds that succeeded gave back.
    pub refunded_minor: i64,
    pub status: PaymentStatus,
    pub flags: Vec<Flag>,
    /// Our own reference at the provider, which is also the idempotency key (R3).
    pub reference: String,
    /// The provider's id of the attempt, once it answered.
    pub provider_ref: Option<String>,
    /// The provider's receipt number.
    pub receipt: Option<String>,
    /// The payer's number for prompts, E.164.
    pub phone: Option<String>,
    pub next_action: NextAction,
    pub failure: Option<Failure>,
    /// How often the provider was asked.
    pub polls: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When we stop waiting for the customer.
    pub expires_at: Timestamp,
}

impl Payment {
    pub fn captured(&self) -> Money {
        Money::new(self.captured_minor, self.amount.currency)
    }

    /// What can still be given back.
    pub fn refundable(&self) -> Money {
        Money::new(
            self.captured_minor - self.refund_held_minor,
            self.amount.currency,
        )
    }

    /// Whether its money may settle its order (R11).
    pub fn settles_order(&self) -> bool {
        !(self.livemode && self.test_mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::assert_table;

    #[test]
    fn r2_payments_step_only_along_their_table() {
        assert_table!(PaymentStatus, {
            Created => [Pending, RequiresAction, Processing, Unknown, Mismatched, Succeeded, Failed, Cancelled, Expired],
            Pending => [RequiresAction, Processing, Unknown, Mismatched, Succeeded, Failed, Cancelled, Expired],
            RequiresAction => [Processing, Unknown, Mismatched, Succeeded, Failed, Cancelled, Expired],
            Processing => [RequiresAction, Unknown, Mismatched, Succeeded, Failed, Cancelled, Expired],
            Unknown => [Pending, RequiresAction, Processing, Mismatched, Succeeded, Failed, Cancelled, Expired],
            Mismatched => [Succeeded, Failed, Cancelled],
            Failed => [Succeeded, Mismatched],
            Cancelled => [Succeeded, Mismatched],
            Expired => [Succeeded, Mismatched],
        });
    }

    #[test]
    fn r9_success_never_turns_into_anything_else() {
        assert!(PaymentStatus::Succeeded.next().is_empty());
        for ended in [
            PaymentStatus::Failed,
            PaymentStatus::Cancelled,
            PaymentStatus::Expired,
        ] {
            assert!(ended.can_become(PaymentStatus::Succeeded) && ended.ended_without_money());
        }
    }
}
