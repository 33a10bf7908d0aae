//! Asking after sessions, intents and lost payments.
use super::*;

#[tokio::test]
async fn a_session_is_judged_by_its_payments() {
    use PaymentStatus::{Processing, RequiresAction};
    let line = "GET /v1/checkout_sessions/cs_a";
    let of = payment_ref(Method::Card, "cs_a");
    for (told, want) in [
        (
            session("active", "awaiting_payment_method", vec![]),
            Found::Open(RequiresAction),
        ),
        (
            session("active", "awaiting_next_action", vec![]),
            Found::Open(RequiresAction),
        ),
        (
            session("active", "processing", vec![]),
            Found::Open(Processing),
        ),
        (
            session("expired", "processing", vec![]),
            Found::Open(Processing),
        ),
        (
            session("brand_new", "", vec![]),
            Found::Open(RequiresAction),
        ),
        // A failed try leaves the page open.
        (
            session(
                "active",
                "awaiting_payment_method",
                vec![paid("pay_a", "failed")],
            ),
            Found::Open(RequiresAction),
        ),
        (
            session("active", "processing", vec![paid("pay_a", "pending")]),
            Found::Open(Processing),
        ),
    ] {
        let script = Script::default().then(line, 200, one(told.clone()));
        assert_eq!(
            asked(ours(), &of, &script).await.unwrap().found,
            want,
            "{told}"
        );
    }
    let closed = session(
        "expired",
        "awaiting_payment_method",
        vec![paid("pay_a", "failed")],
    );
    let script = Script::default().then(line, 200, one(closed));
    let report = asked(ours(), &of, &script).await.unwrap();
    assert!(matches!(report.found, Found::Expired(_)));

    // Both statuses lag behind the payment.
    let tries = vec![paid("pay_a", "failed"), paid("pay_b", "paid")];
    let mut late = session("active", "processing", tries);
    late["attributes"]["payment_method_used"] = json!("card");
    let script = Script::default().then(line, 200, one(late));
    let report = asked(ours(), &of, &script).await.unwrap();
    assert_eq!(report.receipt.as_deref(), Some("pay_b"));
    assert_eq!(report.provider_ref.as_deref(), Some("cs_a"));
    let charge = charge_of(&report);
    assert_eq!(
        (charge.amount, charge.asked),
        (php(25_000), Some(php(25_000)))
    );
    assert_eq!(charge.reference.as_deref(), Some("p-77"));
    assert_eq!(charge.test_mode, Some(true));

    let wrapped = json!({"data": paid("pay_a", "paid")});
    let script = Script::default().then(line, 200, one(session("active", "", vec![wrapped])));
    let report = asked(ours(), &of, &script).await.unwrap();
    assert_eq!(report.receipt.as_deref(), Some("pay_a"));
}

#[tokio::test]
async fn r6_every_fact_of_a_payment_is_told_also_one_that_is_not_ours() {
    let of = payment_ref(Method::Card, "cs_a");
    let line = "GET /v1/checkout_sessions/cs_a";
    let told = |change: fn(&mut Value)| {
        let mut told = session("active", "succeeded", vec![paid("pay_a", "paid")]);
        change(&mut told["attributes"]);
        Script::default().then(line, 200, one(told))
    };
    let script = told(|s| s["payments"][0]["attributes"]["amount"] = json!(24_900));
    assert_eq!(
        charge_of(&asked(ours(), &of, &script).await.unwrap()).amount,
        php(24_900)
    );
    let script = told(|s| s["payments"][0]["attributes"]["currency"] = json!("USD"));
    let charge = charge_of(&asked(ours(), &of, &script).await.unwrap());
    assert_eq!(charge.amount, money(25_000, "USD"));
    let script = told(|s| s["line_items"][0]["quantity"] = json!(2));
    let charge = charge_of(&asked(ours(), &of, &script).await.unwrap());
    assert_eq!(charge.asked, Some(php(50_000)));
    let script = told(|s| s["reference_number"] = json!("p-78"));
    let charge = charge_of(&asked(ours(), &of, &script).await.unwrap());
    assert_eq!(charge.reference.as_deref(), Some("p-78"));
    for at in ["/livemode", "/payments/0/attributes/livemode"] {
        let mut told = session("active", "succeeded", vec![paid("pay_a", "paid")]);
        *told["attributes"].pointer_mut(at).unwrap() = json!(true);
        let script = Script::default().then(line, 200, one(told));
        let charge = charge_of(&asked(ours(), &of, &script).await.unwrap());
        assert_eq!(charge.test_mode, Some(false), "{at}");
    }
    let script = told(|s| s["payments"][0]["attributes"]["amount"] = json!("a lot"));
    let error = asked(ours(), &of, &script).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn a_wallets_intent_is_read_in_each_of_its_states() {
    use PaymentStatus::{Pending, Processing, RequiresAction};
    let of = payment_ref(Method::Gcash, "pi_a");
    let line = "GET /v1/payment_intents/pi_a";
    for (status, want) in [
        ("awaiting_payment_method", Pending),
        ("awaiting_next_action", RequiresAction),
        ("processing", Processing),
        ("awaiting_capture", Processing),
        ("brand_new", Pending),
    ] {
        let script = Script::default().then(line, 200, one(intent(status, vec![])));
        let report = asked(ours(), &of, &script).await.unwrap();
        assert_eq!(report.found, Found::Open(want), "{status}");
    }
    let script = Script::default().then(line, 200, one(intent("cancelled", vec![])));
    let report = asked(ours(), &of, &script).await.unwrap();
    assert!(matches!(report.found, Found::Cancelled(_)));

    let done = intent("succeeded", vec![paid("pay_a", "paid")]);
    let script = Script::default().then(line, 200, one(done));
    let report = asked(ours(), &of, &script).await.unwrap();
    assert_eq!(report.receipt.as_deref(), Some("pay_a"));
    assert_eq!(charge_of(&report).asked, Some(php(25_000)));

    // The wallet said no: nobody can go on with this intent.
    let mut failed = intent("awaiting_payment_method", vec![]);
    failed["attributes"]["last_payment_error"] =
        json!({"failed_code": "insufficient_funds", "failed_message": "Too little."});
    let script = Script::default().then(line, 200, one(failed.clone()));
    let report = asked(ours(), &of, &script).await.unwrap();
    let Found::Failed(why) = report.found else {
        panic!("{report:?}")
    };
    assert_eq!(why.code, FailureCode::InsufficientFunds);
    // The same intent behind a card's page is still open.
    let script = Script::default().then(line, 200, one(failed));
    let report = asked(ours(), &payment_ref(Method::Card, "pi_a"), &script)
        .await
        .unwrap();
    assert_eq!(report.found, Found::Open(RequiresAction));
}

#[tokio::test]
async fn what_paymongo_does_not_know_is_missing_and_an_empty_404_is_no_answer() {
    let of = payment_ref(Method::Card, "cs_a");
    let line = "GET /v1/checkout_sessions/cs_a";
    let script = Script::default().then(line, 404, error("resource_not_found"));
    assert_eq!(
        asked(ours(), &of, &script).await.unwrap().found,
        Found::Missing
    );
    let script = Script::default().then(line, 404, "");
    assert!(asked(ours(), &of, &script).await.is_err());
    let other = session("active", "", vec![])
        .to_string()
        .replace("cs_a", "cs_b");
    let script = Script::default().then(line, 200, format!("{{\"data\":{other}}}"));
    let error = asked(ours(), &of, &script).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn r4_after_a_lost_answer_the_list_of_payments_tells_whether_money_came() {
    let of = payment_ref(Method::Card, "");
    let first = "GET /v1/payments?limit=100";
    let mut strange = paid("pay_9", "paid");
    strange["attributes"]["metadata"] = Value::Null;
    let page = json!({"data": [strange], "has_more": true});
    let next = "GET /v1/payments?limit=100&after=pay_9";
    let rows = list(vec![paid("pay_a", "failed"), paid("pay_b", "paid")]);
    let script = Script::default()
        .then(first, 200, &page)
        .then(next, 200, rows);
    let report = asked(ours(), &of, &script).await.unwrap();
    assert_eq!(report.provider_ref.as_deref(), Some("pi_a"));
    assert_eq!(report.receipt.as_deref(), Some("pay_b"));
    assert_eq!(charge_of(&report).amount, php(25_000));

    // Nothing of ours: unknown while it is new, then open to its end, and never failed.
    let script = Script::default()
        .then(first, 200, &page)
        .then(next, 200, list(vec![]));
    let error = asked(ours(), &of, &script).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    let mut old = of.clone();
    old.created_at = NOW.plus_secs(-700);
    let script = Script::default().then(first, 200, list(vec![]));
    let report = asked(ours(), &old, &script).await.unwrap();
    assert_eq!(report.found, Found::Open(PaymentStatus::Pending));

    // A list that goes in circles tells nothing.
    let script = Script::default()
        .then(first, 200, &page)
        .then(next, 200, page.clone());
    let error = asked(ours(), &old, &script).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn r5_what_a_hint_names_counts_only_with_our_reference_on_it() {
    let mut of = payment_ref(Method::Card, "");
    of.claims = Some(Claims {
        provider_ref: Some("cs_a".to_owned()),
        ..Claims::default()
    });
    let told = session("active", "succeeded", vec![paid("pay_a", "paid")]);
    let line = "GET /v1/checkout_sessions/cs_a";
    let script = Script::default().then(line, 200, one(told.clone()));
    let report = asked(ours(), &of, &script).await.unwrap();
    assert_eq!(report.provider_ref.as_deref(), Some("cs_a"));
    charge_of(&report);
    let other = told.to_string().replace("p-77", "p-1");
    let script = Script::default()
        .then(line, 200, format!("{{\"data\":{other}}}"))
        .then("GET /v1/payments?limit=100", 200, list(vec![]));
    assert!(asked(ours(), &of, &script).await.is_err());
}
