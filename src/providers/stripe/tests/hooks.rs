//! Hooks: the signature, what an event is about, registering the address.
use super::*;
use crate::providers::HookAbout;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

fn sign(secret: &str, time: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn at(age: i64) -> String {
    (NOW.unix_ms() / 1_000 - age).to_string()
}

fn event(kind: &str, object: &Value) -> String {
    // Stripe indents by two, which another JSON writer would not.
    serde_json::to_string_pretty(&json!({"id": "evt_1A", "object": "event", "type": kind,
        "livemode": false, "created": 1, "data": {"object": object}}))
    .unwrap()
}

fn paid() -> String {
    event(
        "checkout.session.completed",
        &session("complete", "paid", "pi_3X".into()),
    )
}

fn signed(header: &str, body: &str) -> RawHook {
    hook(&[("stripe-signature", header)], body, "")
}

fn reading(kind: &str, object: &Value) -> HookReading {
    Stripe
        .read(&ours(), &hook(&[], &event(kind, object), ""))
        .unwrap()
}

#[test]
fn r5_a_hook_counts_only_with_a_fresh_signature_over_its_raw_bytes() {
    let (shop, body) = (ours(), paid());
    let good = sign(SECRET, &at(0), &body);
    for header in [
        format!("t={},v1={good}", at(0)),
        format!("v1={good},t={}", at(0)),
        format!(
            "t={}, v0=00, v1=zz, v1={}, v1={good}",
            at(0),
            "ab".repeat(32)
        ),
        format!("t={},v1={}", at(0), sign("whsec_before", &at(0), &body)),
        format!("t={},v1={}", at(300), sign(SECRET, &at(300), &body)),
        format!("t={},v1={}", at(-600), sign(SECRET, &at(-600), &body)),
    ] {
        let (proof, reading) = receive(&Stripe, &shop, &signed(&header, &body)).unwrap();
        assert_eq!(proof, HookProof::Signed, "{header}");
        assert_eq!(reading.dedupe_key, "evt_1A");
    }
    let changed = body.replace("1999", "1998");
    for (header, body) in [
        (String::new(), &body),
        (format!("t={}", at(0)), &body),
        (format!("v1={good}"), &body),
        (format!("t={},v0={good}", at(0)), &body),
        (format!("t={},v1={good}", at(0)), &changed),
        (format!("t={},v1={good}", at(1)), &body),
        (
            format!("t={},v1={}", at(0), sign("abc", &at(0), &body)),
            &body,
        ),
        (format!("t={},v1={}", at(0), sign("", &at(0), &body)), &body),
        (
            format!("t={},v1={}", at(301), sign(SECRET, &at(301), &body)),
            &body,
        ),
        (
            format!("t={},v1={}", at(-601), sign(SECRET, &at(-601), &body)),
            &body,
        ),
        (format!("t=soon,v1={}", sign(SECRET, "soon", &body)), &body),
    ] {
        let refused = receive(&Stripe, &shop, &signed(&header, body)).unwrap_err();
        assert!(matches!(refused, HookError::NotVerified(_)), "{header}");
    }
    let none = receive(&Stripe, &shop, &hook(&[], &body, ""));
    assert!(none.is_err());
}

#[test]
fn a_known_signature_vector_fits() {
    // printf '1767605400.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_abc
    let known = "03da55e8222b3d8799d8b08d59b477d9288bed2d70dfd87f0806763dd9e01cb7";
    let header = format!("t=1767605400,v1={known}");
    let proof = Stripe.verify(&ours(), &signed(&header, r#"{"id":"evt_1"}"#), NOW);
    assert_eq!(proof, Ok(HookProof::Signed));
}

#[test]
fn an_account_without_a_secret_takes_no_hook() {
    let body = paid();
    for shop in [
        account(&[("secret_key", KEY)]),
        account(&[("secret_key", KEY), ("webhook_secret", "")]),
    ] {
        let header = format!("t={},v1={}", at(0), sign("", &at(0), &body));
        assert!(Stripe.verify(&shop, &signed(&header, &body), NOW).is_err());
    }
}

#[test]
fn r6_an_event_of_the_other_mode_is_not_this_accounts() {
    let live = paid().replace("\"livemode\": false", "\"livemode\": true");
    let header = format!("t={},v1={}", at(0), sign(SECRET, &at(0), &live));
    assert!(
        Stripe
            .verify(&ours(), &signed(&header, &live), NOW)
            .is_err()
    );
    let mut shop = ours();
    shop.mode = Mode::Live;
    assert!(Stripe.verify(&shop, &signed(&header, &live), NOW).is_ok());
}

#[test]
fn sessions_report_what_they_came_to() {
    let report = |kind: &str, status: &str, paid: &str| {
        let object = session(status, paid, "pi_3X".into());
        match reading(kind, &object).about {
            HookAbout::Payment {
                reference,
                claims,
                report,
            } => {
                assert_eq!(reference.as_deref(), Some("p-77"));
                assert_eq!(claims.provider_ref.as_deref(), Some("cs_test_a1B2"));
                report.unwrap()
            }
            other => panic!("{other:?}"),
        }
    };
    let done = report("checkout.session.completed", "complete", "paid");
    assert!(matches!(done.found, Found::Succeeded(c) if c.amount == usd()));
    assert_eq!(done.receipt.as_deref(), Some("pi_3X"));
    let waiting = report("checkout.session.completed", "complete", "unpaid");
    assert_eq!(waiting.found, Found::Open(PaymentStatus::Processing));
    let late = report(
        "checkout.session.async_payment_succeeded",
        "complete",
        "paid",
    );
    assert!(matches!(late.found, Found::Succeeded(_)));
    let failed = report(
        "checkout.session.async_payment_failed",
        "complete",
        "unpaid",
    );
    assert!(matches!(failed.found, Found::Failed(_)));
    let expired = report("checkout.session.expired", "expired", "unpaid");
    assert!(matches!(expired.found, Found::Expired(_)));
}

#[test]
fn what_a_try_or_a_step_means_is_asked_for() {
    for kind in [
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.canceled",
    ] {
        let about = reading(kind, &intent("succeeded")).about;
        let HookAbout::Payment {
            reference, report, ..
        } = about
        else {
            panic!("{about:?}");
        };
        assert_eq!((reference.as_deref(), report), (Some("p-77"), None));
    }
    // A body that cannot be read exactly is asked for too.
    let mut odd = session("complete", "paid", "pi_3X".into());
    odd["amount_total"] = json!("much");
    let about = reading("checkout.session.completed", &odd).about;
    assert!(matches!(about, HookAbout::Payment { report: None, .. }));
}

#[test]
fn refunds_name_our_payment_and_others_are_nothing() {
    let ours = json!({"id": "re_1", "status": "failed",
        "metadata": {"refund": "ref_1", "payment": "p-77"}});
    for kind in [
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.refund.updated",
    ] {
        let wanted = HookAbout::Refund {
            payment_reference: Some("p-77".to_owned()),
            refund_reference: Some("ref_1".to_owned()),
        };
        assert_eq!(reading(kind, &ours).about, wanted);
    }
    let charge = json!({"id": "ch_3X", "metadata": {"reference": "p-77"}});
    let about = reading("charge.refunded", &charge).about;
    assert!(matches!(
        about,
        HookAbout::Refund {
            payment_reference: Some(_),
            ..
        }
    ));
    for (kind, object) in [
        ("refund.created", json!({"id": "re_2", "metadata": {}})),
        ("charge.refunded", json!({"id": "ch_2"})),
        (
            "payment_intent.succeeded",
            json!({"id": "pi_2", "metadata": null}),
        ),
        ("charge.dispute.created", json!({"id": "dp_1"})),
        ("customer.created", json!({"id": "cus_1"})),
        ("checkout.session.completed", json!(7)),
        ("brand.new", Value::Null),
    ] {
        let about = reading(kind, &object).about;
        assert!(matches!(about, HookAbout::Nothing(_)), "{kind}: {about:?}");
    }
}

#[test]
fn no_json_shape_makes_a_hook_panic() {
    for body in [
        "",
        "7",
        "null",
        "[]",
        "{}",
        "\"x\"",
        "{\"type\":7}",
        "{\"type\":[]}",
        "{\"type\":\"checkout.session.completed\"}",
        "{\"type\":\"checkout.session.completed\",\"data\":[1]}",
        "{\"type\":\"refund.failed\",\"data\":{\"object\":[{}]}}",
        "{\"type\":\"payment_intent.succeeded\",\"data\":{\"object\":{\"metadata\":3}}}",
    ] {
        let raw = hook(&[], body, "");
        let _ = Stripe.read(&ours(), &raw);
        let header = format!("t={},v1={}", at(0), sign(SECRET, &at(0), body));
        let _ = Stripe.verify(&ours(), &signed(&header, body), NOW);
    }
}

/// A Stripe with these endpoints, which writes down what is made and changed.
fn endpoints(rows: Vec<Value>) -> (Arc<Mutex<Vec<String>>>, Router) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (made, changed) = (seen.clone(), seen.clone());
    let router = Router::new()
        .route(
            "/v1/webhook_endpoints",
            get(move || async move { list(&rows, false) }).post(|body: String| async move {
                made.lock().unwrap().push(format!("new {body}"));
                json!({"id": "we_2", "secret": "whsec_new", "status": "enabled"}).to_string()
            }),
        )
        .route(
            "/v1/webhook_endpoints/we_1",
            post(|body: String| async move {
                changed.lock().unwrap().push(format!("we_1 {body}"));
                json!({"id": "we_1"}).to_string()
            }),
        );
    (seen, router)
}

#[tokio::test]
async fn the_address_is_registered_once_and_the_secret_is_kept() {
    let url = "https://pay.example/hooks/0a1b";
    let other = json!({"id": "we_0", "url": "https://else.example/", "status": "enabled"});
    let (seen, router) = endpoints(vec![other]);
    let bench = Bench::new(ours(), router).await;
    let done = Stripe.register_hooks(&bench.call(), url).await.unwrap();
    assert_eq!(done.credentials[0].0, "webhook_secret");
    assert_eq!(done.credentials[0].1.expose_secret(), "whsec_new");
    let sent = seen.lock().unwrap().remove(0);
    let body = sent.strip_prefix("new ").unwrap();
    let pairs: Vec<_> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    assert!(pairs.contains(&field("url", url)));
    for kind in ["checkout.session.completed", "refund.failed"] {
        assert!(pairs.contains(&field("enabled_events[]", kind)));
    }

    let ours_there = json!({"id": "we_1", "url": url, "status": "enabled",
        "enabled_events": ["*"]});
    let (seen, router) = endpoints(vec![ours_there.clone()]);
    let bench = Bench::new(ours(), router).await;
    let done = Stripe.register_hooks(&bench.call(), url).await.unwrap();
    assert!(done.credentials.is_empty() && done.said.contains("we_1"));
    assert!(seen.lock().unwrap().is_empty());

    // Its secret is told only once: without it the endpoint is of no use.
    let (seen, router) = endpoints(vec![ours_there]);
    let bench = Bench::new(account(&[("secret_key", KEY)]), router).await;
    let done = Stripe.register_hooks(&bench.call(), url).await.unwrap();
    assert_eq!(done.credentials.len(), 1);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], "we_1 disabled=true");
    assert!(seen[1].starts_with("new "));
}
