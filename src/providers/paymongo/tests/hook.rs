//! Webhooks: the signature, what each event is about, registering the address.
use super::*;
use crate::providers::testing::{hook, receive};
use crate::providers::{HookAbout, HookError, HookProof, HookReading, RawHook};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

fn hmac(secret: &str, signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn now_secs() -> i64 {
    NOW.unix_ms() / 1_000
}

fn signed_at(seconds: i64, body: &str) -> RawHook {
    let te = hmac(SECRET, &format!("{seconds}.{body}"));
    hook(
        &[("paymongo-signature", &format!("t={seconds},te={te},li="))],
        body,
        "",
    )
}

fn event(kind: &str, subject: Value) -> String {
    one(resource(
        "evt_a",
        "event",
        json!({"type": kind, "livemode": false, "data": subject, "previous_data": {}}),
    ))
    .to_string()
}

fn told(kind: &str, subject: Value) -> HookReading {
    let raw = signed_at(now_secs(), &event(kind, subject));
    let (proof, reading) = receive(&Paymongo, &ours(), &raw).unwrap();
    assert_eq!(proof, HookProof::Signed);
    reading
}

#[test]
fn the_known_vector_fits() {
    let body = r#"{"data":{"id":"evt_1","type":"event"}}"#;
    let te = "f06959c9704045284f0f5c4ecba7ec9414c308f704bf539e8c099908c2c2e698";
    let header = format!("t=1700000000,te={te},li=");
    let raw = hook(&[("paymongo-signature", &header)], body, "");
    let then = Timestamp::from_unix_ms(1_700_000_100_000);
    assert_eq!(Paymongo.verify(&ours(), &raw, then), Ok(HookProof::Signed));
    // Read by name, not by place.
    let header = format!("li=, te={te}, t=1700000000");
    let raw = hook(&[("paymongo-signature", &header)], body, "");
    assert_eq!(Paymongo.verify(&ours(), &raw, then), Ok(HookProof::Signed));
}

#[test]
fn r5_a_hook_counts_only_with_the_signature_of_its_mode_over_the_raw_bytes() {
    let body = event("payment.paid", paid("pay_a", "paid"));
    let t = now_secs();
    let good = hmac(SECRET, &format!("{t}.{body}"));
    let empty = hmac("", &format!("{t}.{body}"));
    let other = hmac("whsk_other", &format!("{t}.{body}"));
    let bare = hmac(SECRET, &body);
    let verify = |shop: &Account, header: &str, body: &str| {
        Paymongo.verify(
            shop,
            &hook(&[("paymongo-signature", header)], body, ""),
            NOW,
        )
    };
    assert_eq!(
        verify(&ours(), &format!("t={t},te={good},li="), &body),
        Ok(HookProof::Signed)
    );
    for header in [
        format!("t={t},te=,li={good}"),
        format!("t={t},te=,li="),
        format!("t={t}"),
        format!("te={good}"),
        format!("t=x,te={good}"),
        format!("t=-1,te={good}"),
        format!("t={},te={good}", t + 1),
        format!("t={t},te={other}"),
        format!("t={t},te={empty}"),
        format!("t={t},te={}", &good[..62]),
        format!("t={t},v1={good}"),
        good.clone(),
        bare.clone(),
        String::new(),
    ] {
        let refused = verify(&ours(), &header, &body);
        assert!(
            matches!(refused, Err(HookError::NotVerified(_))),
            "{header}"
        );
    }
    let header = format!("t={t},te={good},li=");
    assert!(verify(&ours(), &header, &body.replace("25000", "25001")).is_err());
    assert!(
        Paymongo
            .verify(&ours(), &hook(&[], &body, ""), NOW)
            .is_err()
    );
    // An account without the secret takes nothing, nor does one with an empty secret.
    for shop in [account(&[]), account(&[("webhook_secret", "")])] {
        assert!(verify(&shop, &format!("t={t},te={empty},li="), &body).is_err());
    }
    // The other mode: its field, and the event's own word.
    let mut live = account(&[("webhook_secret", SECRET)]);
    live.mode = Mode::Live;
    assert!(verify(&live, &header, &body).is_err());
    assert!(verify(&live, &format!("t={t},te=,li={good}"), &body).is_err());
    let body = body.replace("\"livemode\":false", "\"livemode\":true");
    let good = hmac(SECRET, &format!("{t}.{body}"));
    assert_eq!(
        verify(&live, &format!("t={t},te=,li={good}"), &body),
        Ok(HookProof::Signed)
    );
    assert!(verify(&ours(), &format!("t={t},te={good},li="), &body).is_err());
}

#[test]
fn an_old_signature_that_fits_only_makes_us_ask() {
    let body = event("payment.paid", paid("pay_a", "paid"));
    for (age, want) in [
        (300, HookProof::Signed),
        (-300, HookProof::Signed),
        (301, HookProof::Hint),
        (-301, HookProof::Hint),
    ] {
        let raw = signed_at(now_secs() - age, &body);
        assert_eq!(Paymongo.verify(&ours(), &raw, NOW), Ok(want), "{age}");
    }
}

#[test]
fn the_form_of_older_shops_is_a_hint_and_only_where_it_is_switched_on() {
    let body = event("payment.paid", paid("pay_a", "paid"));
    let raw = hook(&[("paymongo-signature", &hmac(SECRET, &body))], &body, "");
    assert!(Paymongo.verify(&ours(), &raw, NOW).is_err());
    let mut shop = ours();
    shop.options
        .insert("legacy_hooks".to_owned(), "on".to_owned());
    assert_eq!(Paymongo.verify(&shop, &raw, NOW), Ok(HookProof::Hint));
    let reading = Paymongo.read(&shop, &raw).unwrap();
    assert!(
        matches!(reading.about, HookAbout::Payment { report: None, .. }),
        "{reading:?}"
    );
    let forged = hook(
        &[("paymongo-signature", &hmac("whsk_other", &body))],
        &body,
        "",
    );
    assert!(Paymongo.verify(&shop, &forged, NOW).is_err());
    shop.credentials.clear();
    let keyless = hook(&[("paymongo-signature", &hmac("", &body))], &body, "");
    assert!(Paymongo.verify(&shop, &keyless, NOW).is_err());
}

#[test]
fn a_paid_payment_or_session_is_reported_with_all_its_facts() {
    let reading = told("payment.paid", paid("pay_a", "paid"));
    assert_eq!(
        (reading.event.as_str(), reading.dedupe_key.as_str()),
        ("payment.paid", "evt_a")
    );
    let HookAbout::Payment {
        reference,
        claims,
        report,
    } = reading.about
    else {
        panic!("no payment");
    };
    assert_eq!(reference.as_deref(), Some("p-77"));
    assert_eq!(claims.provider_ref.as_deref(), Some("pi_a"));
    assert_eq!(claims.receipt.as_deref(), Some("pay_a"));
    let report = report.unwrap();
    assert_eq!(report.receipt.as_deref(), Some("pay_a"));
    assert_eq!(charge_of(&report).amount, php(25_000));

    // In the official sample the statuses around the payment lag.
    let lagging = session("active", "processing", vec![paid("pay_a", "paid")]);
    let HookAbout::Payment {
        reference,
        claims,
        report,
    } = told("checkout_session.payment.paid", lagging).about
    else {
        panic!("no payment");
    };
    assert_eq!(reference.as_deref(), Some("p-77"));
    assert_eq!(claims.provider_ref.as_deref(), Some("cs_a"));
    assert_eq!(report.unwrap().receipt.as_deref(), Some("pay_a"));

    // The payment of a source is known by its source alone.
    let mut bare = paid("pay_s", "paid");
    bare["attributes"]["metadata"] = Value::Null;
    bare["attributes"]["payment_intent_id"] = Value::Null;
    bare["attributes"]["source"] = json!({"id": "src_a", "type": "gcash"});
    let HookAbout::Payment {
        reference, claims, ..
    } = told("payment.paid", bare).about
    else {
        panic!("no payment");
    };
    assert_eq!(
        (reference, claims.provider_ref.as_deref()),
        (None, Some("src_a"))
    );
}

#[test]
fn everything_else_asks_or_is_nothing_of_ours() {
    for (kind, subject) in [
        ("payment.failed", paid("pay_a", "failed")),
        ("payment.paid", paid("pay_a", "pending")),
        ("source.chargeable", source("chargeable")),
        (
            "payment_intent.succeeded",
            intent("succeeded", vec![paid("pay_a", "paid")]),
        ),
    ] {
        let about = told(kind, subject).about;
        let asks = matches!(
            &about,
            HookAbout::Payment { reference: Some(r), report: None, .. } if r == "p-77"
        );
        assert!(asks, "{kind}: {about:?}");
    }
    let refund = |metadata: Value| {
        resource(
            "ref_a",
            "refund",
            json!({"status": "succeeded", "payment_id": "pay_a", "amount": 5_000,
                "notes": "ref_1 p-77 Sold out", "metadata": metadata}),
        )
    };
    let ours = json!({"refund_reference": "ref_1", "payment_reference": "p-77"});
    for metadata in [ours, Value::Null] {
        let about = told("payment.refund.updated", refund(metadata)).about;
        let want = HookAbout::Refund {
            payment_reference: Some("p-77".to_owned()),
            refund_reference: Some("ref_1".to_owned()),
        };
        assert_eq!(about, want);
    }
    let about = told("payment.refunded", paid("pay_a", "paid")).about;
    assert!(
        matches!(
            about,
            HookAbout::Refund {
                payment_reference: Some(_),
                ..
            }
        ),
        "{about:?}"
    );
    let mut nameless = paid("pay_a", "paid");
    nameless["attributes"]["metadata"] = Value::Null;
    nameless["attributes"]["payment_intent_id"] = Value::Null;
    for (kind, subject) in [
        ("payment.paid", nameless),
        (
            "qrph.expired",
            json!({"code_id": "code_a", "created_at": "2026-01-05T09:30:00Z"}),
        ),
        (
            "link.payment.paid",
            resource("link_a", "link", json!({"status": "paid"})),
        ),
        ("payout.deposited", resource("po_a", "payout", json!({}))),
        ("brand.new", Value::Null),
    ] {
        let about = told(kind, subject).about;
        assert!(matches!(about, HookAbout::Nothing(_)), "{kind}: {about:?}");
    }
}

#[test]
fn no_shape_of_json_breaks_the_reading() {
    for body in [
        "nonsense",
        "[]",
        "7",
        "{}",
        r#"{"data":null}"#,
        r#"{"data":{"id":7,"attributes":{}}}"#,
        r#"{"data":{"id":"evt_1","type":"event"}}"#,
        r#"{"data":{"id":"evt_1","attributes":{"type":7.5,"data":[]}}}"#,
        r#"{"data":{"id":"evt_1","attributes":{"type":"payment.paid","data":{"id":"pay_"}}}}"#,
        r#"{"data":{"id":"x","attributes":{"type":"payment.paid","data":{"id":"pay_a","attributes":
           {"amount":{},"currency":[],"metadata":"text","source":7,"status":"paid"}}}}}"#,
    ] {
        let _ = Paymongo.read(&ours(), &hook(&[], body, ""));
        let _ = Paymongo.verify(&ours(), &signed_at(now_secs(), body), NOW);
    }
    let without_id = event("payment.paid", paid("pay_a", "paid")).replace("evt_a", "x");
    let read = |body: &str| {
        Paymongo
            .read(&ours(), &hook(&[], body, ""))
            .unwrap()
            .dedupe_key
    };
    assert_eq!(read(&without_id), read(&without_id));
    assert_ne!(
        read(&without_id),
        read(&without_id.replace("pay_a", "pay_b"))
    );
}

fn webhook(id: &str, url: &str, status: &str) -> Value {
    resource(
        id,
        "webhook",
        json!({"url": url, "status": status, "livemode": false, "secret_key": "whsk_new",
            "events": ["payment.paid", "payment.failed"]}),
    )
}

const OURS: &str = "https://pay.example/hooks/0a1b";
const LOOK: &str = "GET /v1/webhooks?limit=100";

async fn register(script: &Script) -> Result<Registered, ProviderError> {
    let bench = Bench::new(ours(), script.router()).await;
    let registered = Paymongo.register_hooks(&bench.call(), OURS).await;
    script.ends();
    registered
}

fn secret(registered: &Registered) -> &str {
    let [(field, value)] = &registered.credentials[..] else {
        panic!("{registered:?}");
    };
    assert_eq!(*field, "webhook_secret");
    value.expose_secret()
}

#[tokio::test]
async fn the_address_is_registered_once_and_its_secret_kept() {
    let other = webhook("hook_x", "https://other.example", "enabled");
    let script = Script::default().then(LOOK, 200, list(vec![other])).then(
        "POST /v1/webhooks",
        200,
        one(webhook("hook_a", OURS, "enabled")),
    );
    let registered = register(&script).await.unwrap();
    assert_eq!(secret(&registered), "whsk_new");
    assert!(!registered.said.contains("whsk_"));
    let sent = script.seen()[1].attributes().clone();
    assert_eq!(sent["url"], OURS);
    for wanted in [
        "payment.paid",
        "source.chargeable",
        "checkout_session.payment.paid",
    ] {
        assert!(
            sent["events"].as_array().unwrap().contains(&json!(wanted)),
            "{wanted}"
        );
    }

    let there = vec![
        webhook("hook_b", OURS, "disabled"),
        webhook("hook_a", OURS, "enabled"),
    ];
    let script = Script::default().then(LOOK, 200, list(there));
    let registered = register(&script).await.unwrap();
    assert_eq!(secret(&registered), "whsk_new");
    assert!(
        registered.said.contains("source.chargeable"),
        "{}",
        registered.said
    );

    let mut asleep = webhook("hook_a", OURS, "disabled");
    asleep["attributes"]["secret_key"] = Value::Null;
    let script = Script::default()
        .then(LOOK, 200, list(vec![asleep]))
        .then(
            "POST /v1/webhooks/hook_a/enable",
            200,
            one(webhook("hook_a", OURS, "enabled")),
        )
        .then(
            "GET /v1/webhooks/hook_a",
            200,
            one(webhook("hook_a", OURS, "enabled")),
        );
    assert_eq!(secret(&register(&script).await.unwrap()), "whsk_new");

    let script = Script::default()
        .then(LOOK, 200, list(vec![]))
        .then("POST /v1/webhooks", 500, "");
    let error = register(&script).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}
