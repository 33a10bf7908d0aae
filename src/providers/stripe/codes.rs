//! What Stripe's error codes, decline codes and refund failures mean for us.
//! Sources: docs.stripe.com/error-codes, docs.stripe.com/declines/codes, API reference, Refund
//! object, `failure_reason`.
use crate::domain::payment::FailureCode;

/// A decline code, or the error code where there is none. `card_declined` and every code that is
/// not here are a plain refusal.
pub fn failure(code: &str) -> FailureCode {
    match code {
        "insufficient_funds" => FailureCode::InsufficientFunds,
        "incorrect_pin" | "invalid_pin" => FailureCode::WrongPin,
        "expired_card" => FailureCode::ExpiredCard,
        "incorrect_cvc"
        | "invalid_cvc"
        | "incorrect_number"
        | "invalid_number"
        | "invalid_expiry_month"
        | "invalid_expiry_year"
        | "incorrect_zip"
        | "postal_code_invalid"
        | "incorrect_address"
        | "invalid_account"
        | "invalid_card_type"
        | "new_account_information_available" => FailureCode::CardDetailsWrong,
        "authentication_required"
        | "authentication_not_handled"
        | "mobile_device_authentication_required"
        | "offline_pin_required"
        | "online_or_offline_pin_required"
        | "payment_intent_authentication_failure"
        | "setup_intent_authentication_failure"
        | "payment_intent_mandate_invalid" => FailureCode::AuthenticationFailed,
        "card_not_supported"
        | "currency_not_supported"
        | "not_permitted"
        | "service_not_allowed"
        | "transaction_not_allowed"
        | "testmode_decline"
        | "payment_method_currency_mismatch"
        | "payment_method_not_available"
        | "payment_method_unsupported_type" => FailureCode::CardNotSupported,
        "lost_card"
        | "stolen_card"
        | "pickup_card"
        | "fraudulent"
        | "highest_risk_level"
        | "elevated_risk_level"
        | "merchant_blacklist"
        | "restricted_card"
        | "security_violation"
        | "payment_method_bank_account_blocked" => FailureCode::Blocked,
        "card_velocity_exceeded"
        | "withdrawal_count_limit_exceeded"
        | "card_decline_rate_limit_exceeded"
        | "charge_exceeds_source_limit" => FailureCode::PayerLimit,
        "charge_exceeds_transaction_limit" => FailureCode::MerchantLimit,
        "pin_try_exceeded" => FailureCode::AccountLocked,
        "duplicate_transaction" => FailureCode::RepeatedTooSoon,
        "amount_too_small" | "amount_too_large" | "invalid_amount" | "invalid_charge_amount" => {
            FailureCode::AmountLimit
        }
        "payment_method_customer_decline" => FailureCode::CancelledByCustomer,
        "payment_method_provider_timeout" | "payment_intent_payment_attempt_expired" => {
            FailureCode::NoResponse
        }
        "issuer_not_available" | "processing_error" | "reenter_transaction" | "try_again_later" => {
            FailureCode::ProviderUnavailable
        }
        "balance_insufficient" => FailureCode::MerchantBalanceLow,
        "charge_already_refunded" => FailureCode::AlreadyRefunded,
        "charge_disputed"
        | "refund_disputed_payment"
        | "charge_not_refundable"
        | "charge_expired_for_capture"
        | "charge_not_captured" => FailureCode::NotRefundable,
        _ => FailureCode::Declined,
    }
}

/// Whether an error code means that the merchant's account or settings are at fault.
pub fn is_settings(code: &str) -> bool {
    matches!(
        code,
        "account_closed"
            | "account_country_invalid_address"
            | "account_error_country_change_requires_additional_steps"
            | "account_information_mismatch"
            | "account_invalid"
            | "api_key_expired"
            | "livemode_mismatch"
            | "payment_method_unactivated"
            | "platform_account_required"
            | "platform_api_key_expired"
            | "secret_key_required"
            | "testmode_charges_only"
            | "tls_version_unsupported"
            | "url_invalid"
    )
}

/// Why a refund came to nothing.
pub fn refund_failure(reason: &str) -> FailureCode {
    match reason {
        "insufficient_funds" => FailureCode::MerchantBalanceLow,
        "lost_or_stolen_card"
        | "expired_or_canceled_card"
        | "charge_for_pending_refund_disputed" => FailureCode::NotRefundable,
        _ => FailureCode::Declined,
    }
}
