//! Amounts and refusals.
use super::super::wire;
use super::*;
use crate::domain::{Currency, Money};

#[test]
fn r1_major_units_are_written_and_read_back_exactly() {
    for (minor, written) in [
        (200, "2"),
        (1_000, "10"),
        (1_050, "10.5"),
        (11_999, "119.99"),
        (3_399, "33.99"),
        (100_001, "1000.01"),
        (999_999_999_999_999, "9999999999999.99"),
        (1_000_000_000_000_000, "10000000000000"),
    ] {
        for code in ["AED", "EUR", "GBP", "SAR", "USD"] {
            let amount = money(minor, code);
            let number = wire::to_number(amount).unwrap();
            assert_eq!(number.to_string(), written, "{code}");
            let back = wire::from_value(&number.into(), amount.currency);
            assert_eq!(back, Some(amount), "{code} {minor}");
            assert!(INFO.rule(amount.currency).is_some());
        }
    }
    for never in [
        money(0, "AED"),
        money(-5, "AED"),
        money(1_000, "KWD"),
        money(500, "XOF"),
        money(i64::MAX, "AED"),
    ] {
        assert_eq!(wire::to_number(never), None, "{never}");
    }
}

#[test]
fn r1_amounts_are_read_in_every_form_that_mamo_writes_or_not_at_all() {
    let aed = Currency::parse("AED").unwrap();
    let read = |value: Value| wire::from_value(&value, aed).map(|m| m.minor);
    assert_eq!(read(json!(390.0)), Some(39_000));
    assert_eq!(read(json!(33.99)), Some(3_399));
    assert_eq!(read(json!(0)), Some(0));
    assert_eq!(read(json!("0.0")), Some(0));
    assert_eq!(read(json!("119.9")), Some(11_990));
    for odd in [
        json!(33.999),
        json!(-1),
        json!("AED 1.90"),
        json!("1e3"),
        json!(1e300),
        json!(null),
        json!({}),
        json!(""),
    ] {
        assert_eq!(read(odd.clone()), None, "{odd}");
    }
}

proptest::proptest! {
    #[test]
    fn r1_every_amount_that_is_sent_is_exact(minor in 1..=Money::MOST_MINOR) {
        let amount = money(minor, "AED");
        let number = wire::to_number(amount).unwrap();
        proptest::prop_assert_eq!(wire::from_value(&number.into(), amount.currency), Some(amount));
    }
}

#[test]
fn refusals_are_read_whatever_their_form() {
    let validation = |errors: &str| {
        format!(
            r#"{{"messages":["See errors"],"error_code":"VALIDATION_FAILED","errors":{errors}}}"#
        )
    };
    for (status, body, want) in [
        (
            403,
            r#"{"messages":["Unauthorized"],"error_code":"UNAUTHORIZED"}"#.to_owned(),
            "misconfigured",
        ),
        (403, String::new(), "misconfigured"),
        (401, String::new(), "misconfigured"),
        (
            422,
            validation(r#"["Amount must be greater than 2.00"]"#),
            "declined: Amount must",
        ),
        (
            422,
            validation(r#"{"title":["can't be blank","is too short"]}"#),
            "declined: title can't be blank, is too short",
        ),
        (
            422,
            r#"{"messages":["Can not refund this payment"],"error_code":"UNPROCESSABLE ENTITY"}"#
                .to_owned(),
            "declined: Can not refund",
        ),
        (400, String::new(), "declined"),
        (400, "<html>".to_owned(), "unknown"),
        (404, "<html>".to_owned(), "unknown"),
        (408, String::new(), "unknown"),
        (429, "slow down".to_owned(), "unavailable"),
        (
            500,
            r#"{"status":500,"error":"Internal Server Error"}"#.to_owned(),
            "unknown",
        ),
        (502, "<html>".to_owned(), "unknown"),
        (302, String::new(), "unknown"),
        (200, "[]".to_owned(), "unknown"),
    ] {
        let got = object(&answer(status, &body)).unwrap_err().to_string();
        assert!(got.starts_with(want), "{status} {body}: {got}");
    }
    assert!(object(&answer(201, "{}")).is_ok());
    let small = validation(r#"["Amount must be greater than 2.00"]"#);
    let Err(ProviderError::Declined(failure)) = object(&answer(422, &small)) else {
        panic!("not declined");
    };
    assert_eq!(failure.code, FailureCode::AmountLimit);
}

#[test]
fn every_documented_decline_has_its_closest_code() {
    use FailureCode::{
        AmountLimit, AuthenticationFailed, CardDetailsWrong, CardNotSupported, Declined,
        ExpiredCard, InsufficientFunds, PayerLimit, ProviderUnavailable, RepeatedTooSoon,
    };
    for (code, want) in [
        ("generic", Declined),
        ("authentication_failed", AuthenticationFailed),
        ("insufficient_funds", InsufficientFunds),
        ("issuer_declined", Declined),
        ("timeout", ProviderUnavailable),
        ("invalid_card", CardDetailsWrong),
        ("expired_card", ExpiredCard),
        ("tabby_rejected", Declined),
        ("retry_limit_exceeded", PayerLimit),
        ("duplicate_payment", RepeatedTooSoon),
        ("invalid_bin", CardNotSupported),
        ("invalid_expiry", CardDetailsWrong),
        ("incorrect_verification_code", CardDetailsWrong),
        ("cvv2_failure", CardDetailsWrong),
        ("tabby_minimum", AmountLimit),
        ("not_supported_card", CardNotSupported),
        ("authentication_expired", AuthenticationFailed),
        ("do_not_honor", Declined),
        ("quite_new", Declined),
    ] {
        assert_eq!(wire::decline_code(code), want, "{code}");
    }
}
