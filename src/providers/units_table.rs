//! R1, one table for all: what each provider is sent for an amount of each currency, read from the
//! bytes on the wire. A provider that takes one of the currencies must have its row.
use super::testing::{Bench, account, money, start_of};
use super::{Account, REGISTRY};
use crate::domain::account::Mode;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::{Arc, Mutex};

const CURRENCIES: [&str; 12] = [
    "KES", "NGN", "GHS", "UGX", "XOF", "RWF", "PHP", "UZS", "AED", "EUR", "JPY", "KWD",
];

/// Provider, currency, our minor units, and how the amount stands in what is sent.
const TABLE: &[(&str, &str, i64, &str)] = &[
    // Minor units, but for UGX, which Stripe wants times a hundred.
    ("stripe", "KES", 150_050, "unit_amount]=150050&"),
    ("stripe", "NGN", 150_050, "unit_amount]=150050&"),
    ("stripe", "UGX", 5_000, "unit_amount]=500000&"),
    ("stripe", "XOF", 5_000, "unit_amount]=5000&"),
    ("stripe", "RWF", 5_000, "unit_amount]=5000&"),
    ("stripe", "PHP", 150_050, "unit_amount]=150050&"),
    ("stripe", "UZS", 1_500_050, "unit_amount]=1500050&"),
    ("stripe", "AED", 150_050, "unit_amount]=150050&"),
    ("stripe", "EUR", 1_999, "unit_amount]=1999&"),
    ("stripe", "JPY", 500, "unit_amount]=500&"),
    ("stripe", "KWD", 5_120, "unit_amount]=5120&"),
    // Times a hundred of the major unit, always.
    ("paystack", "KES", 150_050, "\"amount\":150050,"),
    ("paystack", "NGN", 150_050, "\"amount\":150050,"),
    ("paystack", "GHS", 150_050, "\"amount\":150050,"),
    ("paystack", "XOF", 5_000, "\"amount\":500000,"),
    // Major units as numbers.
    ("flutterwave", "KES", 150_050, "\"amount\":1500.5"),
    ("flutterwave", "NGN", 150_000, "\"amount\":1500"),
    ("flutterwave", "GHS", 150_055, "\"amount\":1500.55"),
    ("flutterwave", "UGX", 5_000, "\"amount\":5000"),
    ("flutterwave", "XOF", 5_000, "\"amount\":5000"),
    ("flutterwave", "RWF", 5_000, "\"amount\":5000"),
    ("flutterwave", "EUR", 1_999, "\"amount\":19.99"),
    // Whole shillings.
    ("mpesa", "KES", 150_000, "\"Amount\":1500,"),
    // Major units as text.
    ("mtn_momo", "NGN", 150_050, "\"amount\":\"1500.50\""),
    ("mtn_momo", "GHS", 150_000, "\"amount\":\"1500\""),
    ("mtn_momo", "UGX", 5_000, "\"amount\":\"5000\""),
    ("mtn_momo", "XOF", 5_000, "\"amount\":\"5000\""),
    ("mtn_momo", "RWF", 5_000, "\"amount\":\"5000\""),
    ("mtn_momo", "EUR", 2_550, "\"amount\":\"25.50\""),
    // Centavos.
    ("paymongo", "PHP", 150_050, "\"amount\":150050,"),
    // Tiyin, which are our minor units.
    ("payme", "UZS", 1_500_050, "a=1500050"),
    // Major units as numbers.
    ("mamopay", "AED", 150_050, "\"amount\":1500.5"),
    ("mamopay", "EUR", 1_999, "\"amount\":19.99"),
];

/// Providers without a wire.
const NONE: [&str; 3] = ["manual", "mock", "acme"];

/// MTN's account decides the currency.
fn environment(currency: &str) -> &'static str {
    match currency {
        "EUR" => "sandbox",
        "UGX" => "mtnuganda",
        "GHS" => "mtnghana",
        "XOF" => "mtnivorycoast",
        "RWF" => "mtnrwanda",
        _ => "mtnnigeria",
    }
}

fn shop(currency: &str) -> Account {
    let environment = environment(currency);
    let mut shop = account(&[
        ("secret_key", "a-key"),
        ("webhook_secret", "a-secret"),
        ("secret_hash", "a-hash"),
        ("consumer_key", "ck"),
        ("consumer_secret", "cs"),
        ("shortcode", "174379"),
        ("passkey", "pk"),
        ("api_user", "f1db798c-98df-4bcf-83b5-38175893bbf0"),
        ("api_key", "ak"),
        ("subscription_key", "sk"),
        ("target_environment", environment),
        ("merchant_id", "587f72c72cac0d162c722ae2"),
    ]);
    shop.mode = Mode::of(environment == "sandbox");
    shop
}

type Seen = Arc<Mutex<String>>;

/// Takes whatever comes, and gives a token to whoever wants one.
async fn heard(State(seen): State<Seen>, body: Bytes) -> &'static str {
    let text = String::from_utf8_lossy(&body).into_owned();
    seen.lock().unwrap().push_str(&text);
    r#"{"access_token":"t","expires_in":3600}"#
}

/// What leaves the adapter: the bytes that it sends, or the address that it makes.
async fn sent(provider: &str, currency: &str, minor: i64) -> String {
    let seen = Seen::default();
    let router = Router::new().fallback(heard).with_state(seen.clone());
    let bench = Bench::new(shop(currency), router).await;
    let adapter = super::find(provider).unwrap();
    let method = adapter.info().methods[0].method;
    let mut req = start_of(money(minor, currency), method);
    if provider == "mtn_momo" {
        let dialled = match environment(currency) {
            "mtnghana" => "+233241234567",
            "mtnivorycoast" => "+2250501234567",
            "mtnrwanda" => "+250781234567",
            "mtnnigeria" => "+2348031234567",
            _ => "+256772123456",
        };
        req.phone = Some(dialled.to_owned());
    }
    adapter.check(&bench.account, &req).unwrap();
    let started = adapter.start(&bench.call(), &req).await;
    let mut out = seen.lock().unwrap().replace("%5B", "[").replace("%5D", "]");
    if let Ok(super::Started {
        next_action: crate::domain::payment::NextAction::Redirect { url },
        ..
    }) = started
    {
        // Payme's address is its order, in base64.
        let coded = url.rsplit('/').next().unwrap_or_default();
        let plain = STANDARD.decode(coded).unwrap_or_default();
        out.push_str(&String::from_utf8_lossy(&plain));
    }
    out
}

#[tokio::test]
async fn r1_every_provider_is_sent_its_own_unit_of_every_currency() {
    for (provider, currency, minor, wanted) in TABLE {
        let out = sent(provider, currency, *minor).await;
        let at = out.find(wanted);
        let end = at.map(|at| out.as_bytes().get(at + wanted.len()));
        let whole = end.is_some_and(|next| {
            next.is_none_or(|b| !b.is_ascii_digit() && *b != b'.') || !wanted.ends_with(char::is_numeric)
        });
        assert!(whole, "{provider} {currency} {minor}: no {wanted:?} in {out}");
    }
}

#[test]
fn r1_no_provider_and_currency_is_left_out_of_the_table() {
    for info in REGISTRY.iter().map(|a| a.info()) {
        if NONE.contains(&info.name) {
            continue;
        }
        for currency in CURRENCIES {
            let takes = info.currencies.iter().any(|r| r.code == currency);
            let listed = TABLE.iter().any(|r| (r.0, r.1) == (info.name, currency));
            assert_eq!(takes, listed, "{} {currency}", info.name);
        }
    }
}

#[test]
fn r1_what_a_unit_cannot_carry_is_refused_and_never_rounded() {
    for (provider, currency, minor) in [("stripe", "KWD", 5_124), ("mpesa", "KES", 150_050)] {
        let Some(adapter) = super::find(provider) else {
            continue;
        };
        let req = start_of(money(minor, currency), adapter.info().methods[0].method);
        let refused = adapter.check(&shop(currency), &req).unwrap_err();
        assert_eq!(refused.code, "amount_not_representable", "{provider}");
    }
}
