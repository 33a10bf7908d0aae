//! Hooks: hints, with the secret verbatim.
use super::*;
use crate::providers::HookAbout;
use crate::providers::testing::{hook, receive};

fn body(event: &str) -> Value {
    let mut body = charge("captured");
    body["event_type"] = json!(event);
    body
}

fn told(value: &Value, secret: &str) -> RawHook {
    hook(&[("authorization", secret)], &value.to_string(), "")
}

#[test]
fn r5_a_hook_is_a_hint_and_only_with_the_secret_verbatim() {
    let (shop, news) = (ours(), body("charge.succeeded"));
    let (proof, reading) = receive(&MamoPay, &shop, &told(&news, SECRET)).unwrap();
    assert_eq!(proof, HookProof::Hint);
    let want = format!("charge.succeeded:{CHARGE}:captured:0");
    assert_eq!(reading.dedupe_key, want);
    let claims = Claims {
        provider_ref: Some(LINK.to_owned()),
        receipt: Some(CHARGE.to_owned()),
        amount: Some(money(3_399, "AED")),
    };
    let reference = Some("p-77".to_owned());
    assert_eq!(
        reading.about,
        HookAbout::Payment {
            reference,
            claims,
            report: None
        }
    );
    let wrong = "0123456789abcdef0123456789abcdef01234568";
    let text = news.to_string();
    for raw in [
        hook(&[], &text, ""),
        told(&news, ""),
        told(&news, wrong),
        told(&news, &format!("Bearer {SECRET}")),
        told(&news, &SECRET[..39]),
    ] {
        let refused = receive(&MamoPay, &shop, &raw).unwrap_err();
        assert!(matches!(refused, HookError::NotVerified(_)), "{refused}");
        assert!(!refused.to_string().contains(SECRET));
    }
    // An account without a secret takes nothing, also no empty one.
    for shop in [
        account(&[("api_key", KEY)]),
        account(&[("api_key", KEY), ("webhook_secret", "")]),
    ] {
        for raw in [told(&news, ""), told(&news, SECRET), hook(&[], &text, "")] {
            let refused = receive(&MamoPay, &shop, &raw).unwrap_err();
            assert!(matches!(refused, HookError::NotVerified(_)), "{refused}");
        }
    }
    assert!(INFO.secret_headers.contains(&"authorization"));
}

#[test]
fn the_ping_of_a_registration_passes_and_does_nothing() {
    let text = r#"{"ping":"pong"}"#;
    for shop in [ours(), account(&[("api_key", KEY)])] {
        for raw in [
            hook(&[], text, ""),
            hook(&[("authorization", "x")], text, ""),
        ] {
            let (proof, reading) = receive(&MamoPay, &shop, &raw).unwrap();
            assert_eq!(proof, HookProof::Hint);
            assert!(matches!(reading.about, HookAbout::Nothing(_)));
        }
    }
    let more = r#"{"ping":"pong","event_type":"charge.succeeded","external_id":"p-77"}"#;
    assert!(receive(&MamoPay, &ours(), &hook(&[], more, "")).is_err());
}

#[test]
fn both_families_of_events_are_one_news() {
    let read = |event: &str| MamoPay.read(&ours(), &told(&body(event), "")).unwrap();
    for kind in ["succeeded", "failed", "authorized", "voided"] {
        let old = read(&format!("charge.{kind}"));
        let new = read(&format!("payment.{kind}"));
        assert_eq!(old.dedupe_key, new.dedupe_key);
        assert!(matches!(new.about, HookAbout::Payment { report: None, .. }));
    }
    for kind in ["refund_initiated", "refunded", "refund_failed"] {
        let old = read(&format!("charge.{kind}"));
        let new = read(&format!("payment.{kind}"));
        assert_eq!(old.dedupe_key, new.dedupe_key);
        let payment_reference = Some("p-77".to_owned());
        assert_eq!(
            new.about,
            HookAbout::Refund {
                payment_reference,
                refund_reference: None
            }
        );
    }
    let mut part = body("charge.refunded");
    part["refund_amount"] = json!(10);
    let again = MamoPay.read(&ours(), &told(&part, "")).unwrap();
    assert_ne!(again.dedupe_key, read("charge.refunded").dedupe_key);
    for other in [
        "charge.card_verified",
        "subscription.succeeded",
        "payment_link.create",
        "payout.processed",
        "dispute.received",
        "charge.brand_new",
    ] {
        assert!(
            matches!(read(other).about, HookAbout::Nothing(_)),
            "{other}"
        );
    }
}

#[test]
fn charge_completed_counts_for_older_shops_alone_and_needs_the_secret() {
    let raw = told(&body("charge.completed"), SECRET);
    let (_, reading) = receive(&MamoPay, &ours(), &raw).unwrap();
    assert!(matches!(reading.about, HookAbout::Nothing(_)));
    let mut older = ours();
    older.options.insert("legacy_hooks".into(), "on".into());
    let (proof, reading) = receive(&MamoPay, &older, &raw).unwrap();
    assert_eq!(proof, HookProof::Hint);
    assert!(matches!(
        reading.about,
        HookAbout::Payment { report: None, .. }
    ));
    let bare = told(&body("charge.completed"), "");
    assert!(receive(&MamoPay, &older, &bare).is_err());
}

#[test]
fn odd_bodies_never_panic() {
    for text in [
        "",
        "nonsense",
        "[]",
        "7",
        "null",
        "{}",
        r#"{"event_type":7}"#,
        r#"{"event_type":{}}"#,
        r#"{"event_type":"charge.succeeded"}"#,
        r#"{"event_type":"charge.succeeded","external_id":[],"amount":{},"amount_currency":5}"#,
        r#"{"event_type":"charge.refunded","id":null,"custom_data":"text"}"#,
        r#"{"ping":{}}"#,
    ] {
        let raw = hook(&[("authorization", SECRET)], text, "");
        match receive(&MamoPay, &ours(), &raw) {
            Ok((_, reading)) => assert!(matches!(reading.about, HookAbout::Nothing(_)), "{text}"),
            Err(error) => assert!(matches!(error, HookError::Unreadable(_)), "{text}"),
        }
    }
}
