//! R6: money that differs from ours waits for a person, and the order stays unpaid.
use crate::support::TestApp;
use crate::support::api::{id, reference};
use malipo::domain::ids::{Id, PaymentId};
use malipo::domain::role::Role;
use malipo::domain::{Currency, Money};
use malipo::services::payments::{Decision, decide_mismatch};
use serde_json::{Value, json};

async fn mismatched(t: &TestApp, operation: &str, fault: &str) -> (Value, Value) {
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    let only = json!({ "match": { "reference": reference(&paid) }, "times": 9 });
    t.sim.fault("paystack", operation, fault, only).await;
    t.decide(&paid, "paid").await;
    if operation == "verify" {
        t.api.verify(&paid).await;
    }
    t.sim.clear_faults().await;
    (order, paid)
}

#[tokio::test]
async fn r6_a_wrong_amount_currency_or_mode_is_mismatched_and_the_order_stays_open() {
    let t = TestApp::start().await;
    for fault in ["wrong_amount", "wrong_currency", "wrong_mode"] {
        let (order, paid) = mismatched(&t, "hook", fault).await;
        let paid = t.api.now(&paid).await;
        assert_eq!(paid["status"], "mismatched", "{fault}");
        assert_eq!(paid["amount_captured"], 0, "{fault}");
        let order = t.api.now(&order).await;
        assert_eq!(
            (&order["status"], &order["amount_paid"]),
            (&json!("open"), &json!(0)),
            "{fault}"
        );
        assert_eq!(
            t.events(&paid).await,
            ["payment.pending", "payment.mismatched"],
            "{fault}"
        );
        assert!(t.events(&order).await.is_empty(), "{fault}");
        // Neither asking nor waiting talks it away.
        assert_eq!(t.api.verify(&paid).await["status"], "mismatched");
        let back = t.api.refund(&paid, None).await;
        assert_eq!(back.refusal().0, 409, "{fault}");
    }
}

#[tokio::test]
async fn r6_the_same_holds_for_what_polling_finds() {
    let t = TestApp::deaf().await;
    for fault in [
        "wrong_amount",
        "wrong_currency",
        "wrong_mode",
        "wrong_reference",
    ] {
        let (order, paid) = mismatched(&t, "verify", fault).await;
        assert_eq!(t.api.now(&paid).await["status"], "mismatched", "{fault}");
        assert_eq!(t.api.now(&order).await["status"], "open", "{fault}");
    }
}

#[tokio::test]
async fn r6_a_person_accepts_or_refuses_what_came() {
    let t = TestApp::start().await;
    let staff = t.person(Role::Admin).await;
    let kes = |minor| Money::new(minor, Currency::KES);
    let (order, paid) = mismatched(&t, "hook", "wrong_amount").await;
    let pay = PaymentId::parse(id(&paid)).unwrap();
    let accept = Decision::Accept(kes(149_900));
    decide_mismatch(
        &t.app,
        &t.tenant.id,
        &staff,
        &pay,
        &accept,
        "seen on the statement",
    )
    .await
    .unwrap();
    let paid = t.api.now(&paid).await;
    assert_eq!(
        (&paid["status"], &paid["flags"]),
        (&json!("succeeded"), &json!(["short"]))
    );
    let order = t.api.now(&order).await;
    assert_eq!(
        (&order["status"], &order["amount_paid"]),
        (&json!("partially_paid"), &json!(149_900))
    );
    assert_eq!(
        t.audited(&paid).await,
        ["payment.created", "payment.succeeded"]
    );
    let twice = decide_mismatch(&t.app, &t.tenant.id, &staff, &pay, &accept, "").await;
    assert!(twice.is_err());

    let (order, paid) = mismatched(&t, "hook", "wrong_currency").await;
    let pay = PaymentId::parse(id(&paid)).unwrap();
    let foreign = Decision::Accept(Money::new(1, Currency::USD));
    let refused = decide_mismatch(&t.app, &t.tenant.id, &staff, &pay, &foreign, "").await;
    assert!(refused.is_err(), "another currency is never booked");
    decide_mismatch(
        &t.app,
        &t.tenant.id,
        &staff,
        &pay,
        &Decision::Refuse,
        "not ours",
    )
    .await
    .unwrap();
    assert_eq!(
        t.api.now(&paid).await["failure"]["code"],
        "rejected_by_staff"
    );
    assert_eq!(t.api.now(&order).await["status"], "open");
}

#[tokio::test]
async fn r6_the_mocks_wrong_amount_never_settles() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "mock", json!({})).await;
    let reference = reference(&paid);
    let (tenant, word) = (&t.tenant.id, "wrong_amount");
    malipo::services::payments::choose_mock_outcome(&t.app, tenant, reference, word)
        .await
        .unwrap();
    assert_eq!(t.api.now(&paid).await["status"], "mismatched");
    assert_eq!(t.api.now(&order).await["status"], "open");
}
