use super::*;
use crate::domain::payment::PaymentStatus;
use crate::providers::testing::{
    Bench, NOW, account, darkness, hook, money, receive, ref_of, refund_of, start_of,
};
use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::{get, post};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

mod calls;
mod hooks;
mod refunds;

const KEY: &str = "sk_test_abc";
const SECRET: &str = "whsec_abc";

fn ours() -> Account {
    account(&[
        ("secret_key", KEY),
        ("webhook_secret", SECRET),
        ("previous_webhook_secret", "whsec_before"),
    ])
}

/// The session of payment `p-77`, USD 19.99.
fn session(status: &str, paid: &str, intent: Value) -> Value {
    json!({"id": "cs_test_a1B2", "object": "checkout.session", "status": status,
        "payment_status": paid, "mode": "payment", "amount_subtotal": 1_999,
        "amount_total": 1_999, "currency": "usd", "payment_intent": intent,
        "client_reference_id": "p-77", "metadata": {"reference": "p-77"}, "livemode": false,
        "url": "https://checkout.stripe.com/c/pay/cs_test_a1B2#x"})
}

fn intent(status: &str) -> Value {
    json!({"id": "pi_3X", "object": "payment_intent", "status": status, "amount": 1_999,
        "amount_received": if status == "succeeded" { 1_999 } else { 0 }, "currency": "usd",
        "livemode": false, "latest_charge": null, "metadata": {"reference": "p-77"}})
}

fn list(rows: &[Value], more: bool) -> String {
    json!({"object": "list", "data": rows, "has_more": more}).to_string()
}

fn error(kind: &str, code: &str, message: &str) -> String {
    json!({"error": {"type": kind, "code": code, "message": message}}).to_string()
}

fn answers(status: u16, body: impl Into<String>) -> Router {
    let body = body.into();
    let code = StatusCode::from_u16(status).unwrap();
    Router::new().fallback(move || async move { (code, body) })
}

fn answer(status: u16, body: &str) -> Answer {
    let body = body.as_bytes().to_vec();
    Answer { status, body }
}

fn usd() -> crate::domain::Money {
    money(1_999, "USD")
}

fn payment() -> PaymentRef {
    PaymentRef {
        provider_ref: Some("cs_test_a1B2".to_owned()),
        receipt: Some("pi_3X".to_owned()),
        ..ref_of(usd(), Method::Card)
    }
}

fn form_of(body: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect()
}

#[test]
fn r1_each_currency_is_sent_in_stripes_unit_and_read_back() {
    for (currency, minor, wire) in [
        ("USD", 1_999, 1_999),
        ("KES", 150_000, 150_000),
        ("JPY", 500, 500),
        ("XOF", 500, 500),
        ("RWF", 5, 5),
        ("VND", 10_000, 10_000),
        // Without decimals, written with two.
        ("UGX", 5, 500),
        ("ISK", 5, 500),
        // ISO 4217 gives the ariary two decimals, Stripe none.
        ("MGA", 500, 5),
        ("KWD", 5_120, 5_120),
        ("TND", 10, 10),
        ("HUF", 17_501, 17_501),
        ("TWD", 150, 150),
    ] {
        let amount = money(minor, currency);
        assert_eq!(units::to_wire(amount), Some(wire), "{currency}");
        let back = units::from_wire(wire, amount.currency);
        assert_eq!(back, Some(amount), "{currency}");
    }
    assert_eq!(units::to_wire(money(5_124, "KWD")), None);
    assert_eq!(units::to_wire(money(501, "MGA")), None);
    assert_eq!(units::to_wire(money(i64::MAX, "UGX")), None);
    assert_eq!(units::from_wire(550, money(0, "UGX").currency), None);
    assert_eq!(units::from_wire(i64::MAX, money(0, "MGA").currency), None);
}

#[test]
fn r1_every_currency_of_the_table_carries_its_limits_exactly() {
    let mut seen = std::collections::BTreeSet::new();
    for rule in INFO.currencies {
        assert!(seen.insert(rule.code), "{} stands twice", rule.code);
        let currency = money(0, rule.code).currency;
        for minor in [
            rule.min_minor,
            rule.min_minor + rule.step_minor,
            rule.max_minor.unwrap(),
        ] {
            let amount = money(minor, rule.code);
            let wire = units::to_wire(amount).unwrap();
            assert!(wire <= 999_999_999_999, "{amount}");
            assert_eq!(units::from_wire(wire, currency), Some(amount));
            let req = start_of(amount, Method::Card);
            assert!(Stripe.check(&ours(), &req).is_ok(), "{amount}");
        }
    }
}

#[test]
fn limits_and_units_are_checked_before_anything_is_written() {
    for (minor, currency, want) in [
        (50, "USD", Ok(())),
        (49, "USD", Err("amount_too_small")),
        (29, "GBP", Err("amount_too_small")),
        (17_499, "HUF", Err("amount_too_small")),
        (1, "KES", Ok(())),
        (1, "UGX", Ok(())),
        (5_120, "KWD", Ok(())),
        (5_124, "KWD", Err("amount_not_representable")),
        (150, "MGA", Err("amount_not_representable")),
        (1_000_000_000_000, "USD", Err("amount_too_large")),
        (10_000_000_000, "UGX", Err("amount_too_large")),
        (100, "GHS", Err("currency_not_supported")),
    ] {
        for method in [Method::Card, Method::Wallet] {
            let req = start_of(money(minor, currency), method);
            let got = Stripe.check(&ours(), &req).map_err(|p| p.code);
            assert_eq!(got, want, "{currency} {minor}");
        }
    }
    let req = start_of(usd(), Method::Ussd);
    let got = Stripe.check(&ours(), &req).map_err(|p| p.code);
    assert_eq!(got, Err("method_not_supported"));
}

#[test]
fn each_refusal_says_what_to_do_next() {
    let (input, card, stripe) = ("invalid_request_error", "card_error", "api_error");
    let key = "idempotency_error";
    for (status, body, want) in [
        (
            400,
            error(input, "amount_too_small", "Amount must be more"),
            "declined",
        ),
        (
            400,
            error(input, "parameter_missing", "Missing"),
            "declined",
        ),
        (
            400,
            json!({"error": {"message": "No"}}).to_string(),
            "declined",
        ),
        (
            400,
            error(input, "url_invalid", "Not a valid URL"),
            "misconfigured",
        ),
        (
            400,
            error(input, "testmode_charges_only", "Activate"),
            "misconfigured",
        ),
        (
            400,
            error(key, "", "Keys for idempotent requests"),
            "unknown",
        ),
        (400, "<html>".to_owned(), "unknown"),
        (
            401,
            error(input, "", "Invalid API Key provided"),
            "misconfigured",
        ),
        (
            401,
            error(input, "api_key_expired", "Expired"),
            "misconfigured",
        ),
        (401, String::new(), "misconfigured"),
        (402, error(card, "card_declined", "Declined"), "declined"),
        (
            403,
            error(input, "", "The key lacks a permission"),
            "misconfigured",
        ),
        (
            404,
            error(input, "resource_missing", "No such thing"),
            "declined",
        ),
        (404, "nothing here".to_owned(), "unknown"),
        (
            409,
            error(input, "idempotency_key_in_use", "Now"),
            "unknown",
        ),
        (409, error(input, "", "Conflict"), "unknown"),
        (424, error(stripe, "", "Another's failure"), "unknown"),
        (429, error(input, "rate_limit", "Too many"), "unavailable"),
        (429, error(input, "lock_timeout", "Locked"), "unavailable"),
        (429, String::new(), "unavailable"),
        (500, error(stripe, "", "Ours"), "unknown"),
        (502, "<html>".to_owned(), "unknown"),
        (302, String::new(), "unknown"),
        (200, error(stripe, "", "What?"), "unknown"),
        (200, "{\"error\":7}".to_owned(), "unknown"),
    ] {
        let got = wire::object(&answer(status, &body))
            .unwrap_err()
            .to_string();
        assert!(got.starts_with(want), "{status} {body}: {got}");
    }
}

#[test]
fn causes_are_told_as_closely_as_stripe_tells_them() {
    use FailureCode as F;
    let cause = |code: &str, decline: &str, message: &str| {
        let body = json!({"error": {"type": "card_error", "code": code,
            "decline_code": decline, "message": message}});
        match wire::refusal(&answer(402, &body.to_string())) {
            ProviderError::Declined(failure) => failure.code,
            other => panic!("{other}"),
        }
    };
    for (code, decline, want) in [
        ("card_declined", "generic_decline", F::Declined),
        ("card_declined", "insufficient_funds", F::InsufficientFunds),
        ("card_declined", "lost_card", F::Blocked),
        ("card_declined", "stolen_card", F::Blocked),
        ("card_declined", "fraudulent", F::Blocked),
        ("card_declined", "card_velocity_exceeded", F::PayerLimit),
        ("card_declined", "pin_try_exceeded", F::AccountLocked),
        ("card_declined", "brand_new", F::Declined),
        ("expired_card", "", F::ExpiredCard),
        ("incorrect_cvc", "brand_new", F::CardDetailsWrong),
        ("processing_error", "", F::ProviderUnavailable),
        (
            "payment_intent_authentication_failure",
            "",
            F::AuthenticationFailed,
        ),
        ("amount_too_large", "", F::AmountLimit),
        ("charge_already_refunded", "", F::AlreadyRefunded),
        ("charge_disputed", "", F::NotRefundable),
        ("balance_insufficient", "", F::MerchantBalanceLow),
        ("", "", F::Declined),
    ] {
        assert_eq!(cause(code, decline, "no"), want, "{code} {decline}");
    }
    let over = "Refund amount ($5.00) is greater than unrefunded amount on charge ($3.00)";
    assert_eq!(cause("", "", over), F::NotRefundable);
}

#[test]
fn r15_no_mail_address_and_nothing_of_an_object_is_told() {
    let body = error(
        "invalid_request_error",
        "email_invalid",
        "Invalid email: asha@shop",
    );
    let told = wire::refusal(&answer(400, &body)).to_string();
    assert!(
        told.contains("Invalid email") && !told.contains("asha"),
        "{told}"
    );
    let body = json!({"customer_details": {"email": "asha@shop.example"}}).to_string();
    assert!(!wire::words(&answer(200, &body)).contains("asha"));
}

#[test]
fn a_session_is_read_by_its_status_its_money_and_its_intent() {
    use PaymentStatus::{Pending, Processing, RequiresAction};
    for (status, step, want) in [
        ("open", Value::Null, RequiresAction),
        ("open", json!("pi_3X"), RequiresAction),
        ("open", intent("requires_payment_method"), RequiresAction),
        ("open", intent("requires_action"), RequiresAction),
        ("open", intent("processing"), Processing),
        ("complete", intent("processing"), Processing),
        ("complete", intent("requires_capture"), Processing),
        ("complete", intent("requires_action"), RequiresAction),
        ("complete", json!("pi_3X"), Processing),
        ("complete", intent("brand_new"), Processing),
        ("brand_new", Value::Null, Pending),
    ] {
        let report = wire::session(&session(status, "unpaid", step)).unwrap();
        assert_eq!(report.found, Found::Open(want), "{status}: {}", report.said);
        assert_eq!(report.receipt, None);
        assert_eq!(report.provider_ref.as_deref(), Some("cs_test_a1B2"));
    }
    for step in ["requires_payment_method", "canceled"] {
        let report = wire::session(&session("complete", "unpaid", intent(step))).unwrap();
        assert!(matches!(report.found, Found::Failed(_)), "{step}");
    }
    let report = wire::session(&session("expired", "unpaid", Value::Null)).unwrap();
    assert!(matches!(report.found, Found::Expired(f) if f.code == FailureCode::Expired));
    for unreadable in [json!({}), json!({"id": "cs_1"}), json!([]), Value::Null] {
        assert!(wire::session(&unreadable).is_err());
    }
}

#[test]
fn a_failed_try_on_an_open_page_is_told_and_ends_nothing() {
    let mut tried = intent("requires_payment_method");
    tried["last_payment_error"] = json!({"type": "card_error", "code": "card_declined",
        "decline_code": "insufficient_funds", "message": "Your card has insufficient funds."});
    let report = wire::session(&session("open", "unpaid", tried.clone())).unwrap();
    assert_eq!(report.found, Found::Open(PaymentStatus::RequiresAction));
    assert!(
        report.said.contains("insufficient_funds"),
        "{}",
        report.said
    );
    let report = wire::session(&session("complete", "unpaid", tried)).unwrap();
    let Found::Failed(failure) = report.found else {
        panic!("{report:?}");
    };
    assert_eq!(failure.code, FailureCode::InsufficientFunds);
}

#[test]
fn r6_every_fact_of_the_money_is_told() {
    let paid = |change: &dyn Fn(&mut Value)| {
        let mut body = session("complete", "paid", intent("succeeded"));
        change(&mut body);
        match wire::session(&body).ok()?.found {
            Found::Succeeded(charge) => Some(charge),
            other => panic!("{other:?}"),
        }
    };
    let charge = paid(&|_| {}).unwrap();
    assert_eq!((charge.amount, charge.asked), (usd(), Some(usd())));
    assert_eq!(charge.reference.as_deref(), Some("p-77"));
    assert_eq!(charge.test_mode, Some(true));
    assert!(!charge.payer_may_bear_fee);
    let other = paid(&|s| s["client_reference_id"] = "p-78".into()).unwrap();
    assert_eq!(other.reference.as_deref(), Some("p-78"));
    let live = paid(&|s| s["livemode"] = true.into()).unwrap();
    assert_eq!(live.test_mode, Some(false));
    let less = paid(&|s| s["payment_intent"]["amount_received"] = 1_000.into()).unwrap();
    assert_eq!(less.amount, money(1_000, "USD"));
    // The payer saw another currency; ours stays the session's.
    let converted = paid(&|s| {
        s["payment_intent"]["currency"] = "eur".into();
        s["payment_intent"]["amount_received"] = 1_700.into();
    });
    assert_eq!(converted.unwrap().amount, usd());
    assert!(paid(&|s| s["currency"] = "zzz".into()).is_none());
    assert!(paid(&|s| s["amount_total"] = json!(19.99)).is_none());
    let ugx = paid(&|s| {
        s["currency"] = "ugx".into();
        s["payment_intent"] = "pi_3X".into();
        s["amount_total"] = 500_000.into();
    });
    assert_eq!(ugx.unwrap().amount, money(5_000, "UGX"));
}

#[test]
fn an_intent_alone_is_read_too() {
    use PaymentStatus::{Pending, Processing, RequiresAction};
    for (status, want) in [
        ("requires_payment_method", RequiresAction),
        ("requires_confirmation", RequiresAction),
        ("requires_action", RequiresAction),
        ("processing", Processing),
        ("requires_capture", Processing),
        ("brand_new", Pending),
    ] {
        let report = wire::intent(&intent(status)).unwrap();
        assert_eq!(report.found, Found::Open(want), "{status}");
    }
    let report = wire::intent(&intent("succeeded")).unwrap();
    assert_eq!(report.receipt.as_deref(), Some("pi_3X"));
    assert!(matches!(report.found, Found::Succeeded(c) if c.amount == usd()));
    let report = wire::intent(&intent("canceled")).unwrap();
    assert!(matches!(report.found, Found::Cancelled(_)));
    assert!(wire::intent(&json!({"id": "pi_3X"})).is_err());
}
