//! R10: what goes back never exceeds what came, and large sums need two people.
use crate::support::TestApp;
use crate::support::api::id;
use malipo::domain::ids::{Id, RefundId};
use malipo::domain::role::Role;
use malipo::services::refunds::{self, RefundError};
use malipo::services::tenants;
use serde_json::{Value, json};

pub async fn paid(t: &TestApp, provider: &str) -> (Value, Value) {
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, provider, json!({})).await;
    t.decide(&paid, "paid").await;
    let paid = t.api.now(&paid).await;
    assert_eq!(paid["status"], "succeeded");
    (order, paid)
}

/// Sends what is queued and lets the provider finish.
pub async fn settle(t: &TestApp) {
    t.run_jobs().await;
    t.wait(60).await;
}

#[tokio::test]
async fn r10_partial_refunds_add_up_and_the_remainder_is_the_limit() {
    let t = TestApp::start().await;
    let (order, paid) = paid(&t, "paystack").await;
    for _ in 0..2 {
        let refund = t.api.refund(&paid, Some(50_000)).await;
        assert_eq!(refund.status, 201);
        settle(&t).await;
        assert_eq!(t.api.now(&refund.json()).await["status"], "succeeded");
    }
    for (amount, code) in [
        (50_001, "refund_exceeds_captured"),
        (0, "amount_invalid"),
        (-1, "amount_invalid"),
        (i64::MAX, "refund_exceeds_captured"),
    ] {
        let over = t.api.refund(&paid, Some(amount)).await;
        assert_eq!(over.refusal(), (422, code.to_owned()), "{amount}");
        assert_eq!(over.json()["field"], "amount");
    }
    let rest = t.api.refund(&paid, None).await.ok();
    assert_eq!(rest["amount"], 50_000);
    settle(&t).await;
    let over = t.api.refund(&paid, Some(1)).await;
    assert_eq!(over.refusal().1, "refund_exceeds_captured");
    let over = t.api.refund(&paid, None).await;
    assert_eq!(over.refusal().1, "refund_exceeds_captured");
    assert_eq!(t.api.now(&paid).await["amount_refunded"], 150_000);
    let order = t.api.now(&order).await;
    assert_eq!(
        (
            &order["status"],
            &order["amount_paid"],
            &order["amount_refunded"]
        ),
        (&json!("paid"), &json!(150_000), &json!(150_000))
    );
    assert_eq!(t.sim.refunded_minor().await, 150_000);
}

#[tokio::test]
async fn r12_a_refund_has_its_steps_its_events_and_its_audit_rows() {
    let t = TestApp::start().await;
    let (order, paid) = paid(&t, "paystack").await;
    let refund = t.api.refund(&paid, Some(50_000)).await.ok();
    settle(&t).await;
    assert_eq!(
        t.events(&refund).await,
        ["refund.requested", "refund.succeeded"]
    );
    assert_eq!(t.audited(&refund).await, ["refund.requested"]);
    let story = t.story(&order).await;
    for step in [
        "refund.requested",
        "refund.sending",
        "refund.accepted",
        "refund.succeeded",
    ] {
        let found = story.iter().filter(|s| *s == step).count();
        assert_eq!(found, 1, "{step} in {story:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r10_sixty_four_refunds_at_once_never_give_back_more_than_came() {
    let t = TestApp::start().await;
    let (order, paid) = paid(&t, "paystack").await;
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let (api, paid) = (t.api.clone(), paid.clone());
            tokio::spawn(async move { api.refund(&paid, Some(4_000)).await })
        })
        .collect();
    let mut taken = 0;
    for one in tries {
        let answer = one.await.unwrap();
        match answer.status {
            201 => taken += 1,
            _ => assert_eq!(
                answer.refusal(),
                (422, "refund_exceeds_captured".to_owned())
            ),
        }
    }
    assert_eq!(taken, 37, "37 × 40.00 fit into 1,500.00");
    settle(&t).await;
    t.wait(60).await;
    assert_eq!(t.sim.refunded_minor().await, 148_000);
    assert_eq!(t.api.now(&paid).await["amount_refunded"], 148_000);
    assert_eq!(t.api.now(&order).await["amount_refunded"], 148_000);
}

#[tokio::test]
async fn r10_above_the_limit_the_asker_may_not_be_the_approver() {
    let t = TestApp::start().await;
    let mut tenant = t.tenant.clone();
    tenant.refund_limit_minor = Some(10_000);
    let boss = t.person(Role::Owner).await;
    tenants::save(&t.app, &boss, &tenant).await.unwrap();
    let (_, paid) = paid(&t, "paystack").await;
    let small = t.api.refund(&paid, Some(10_000)).await.ok();
    assert_eq!(small["status"], "approved");
    let large = t.api.refund(&paid, Some(10_001)).await.ok();
    assert_eq!(large["status"], "awaiting_approval");
    settle(&t).await;
    assert_eq!(t.sim.refunded_minor().await, 10_000);
    let path = format!("/refunds/{}/approve", id(&large));
    for api in [&t.api, &t.api] {
        let by_key = api.post(&path, json!({})).await;
        assert_eq!(by_key.refusal(), (403, "approval_needs_person".to_owned()));
    }

    // A person who asks cannot approve; another can, once.
    let pay = malipo::domain::ids::PaymentId::parse(id(&paid)).unwrap();
    let amount = malipo::domain::Money::new(20_000, malipo::domain::Currency::KES);
    let (app, ten) = (&t.app, &t.tenant.id);
    let asked = refunds::request(app, ten, &boss, &pay, Some(amount), "returned", "")
        .await
        .unwrap();
    let own = refunds::approve(app, ten, &boss, &asked.id).await;
    assert!(matches!(own, Err(RefundError::OwnRequest)));
    let second = t.person(Role::Admin).await;
    refunds::approve(app, ten, &second, &asked.id)
        .await
        .unwrap();
    let twice = refunds::approve(app, ten, &second, &asked.id).await;
    assert!(matches!(twice, Err(RefundError::Transition(_))));
    settle(&t).await;
    assert_eq!(t.sim.refunded_minor().await, 30_000);

    // A rejected one lets go of its money.
    let large = RefundId::parse(id(&large)).unwrap();
    let rejected = refunds::reject(app, ten, &second, &large, "not returned").await;
    assert_eq!(rejected.unwrap().status.as_str(), "rejected");
    let rest = t.api.refund(&paid, None).await.ok();
    assert_eq!(rest["amount"], 120_000);
}

#[tokio::test]
async fn a_refund_needs_a_payment_that_succeeded_and_a_reason() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let open = t.api.pay(&order, "paystack", json!({})).await;
    let refused = t.api.refund(&open, None).await;
    assert_eq!(refused.refusal(), (409, "payment_not_succeeded".to_owned()));
    let (_, paid) = paid(&t, "paystack").await;
    let path = format!("/payments/{}/refunds", id(&paid));
    for body in [
        json!({}),
        json!({ "reason": "" }),
        json!({ "reason": "x".repeat(201) }),
    ] {
        let refused = t.api.post(&path, body).await;
        assert_eq!(
            (refused.status, &refused.json()["field"]),
            (422, &json!("reason"))
        );
    }
}

#[tokio::test]
async fn a_provider_that_gives_nothing_back_leaves_it_to_a_person() {
    let t = TestApp::start().await;
    let (order, paid) = paid(&t, "mpesa").await;
    let refund = t.api.refund(&paid, Some(50_000)).await.ok();
    settle(&t).await;
    assert_eq!(t.api.now(&refund).await["status"], "sending");
    let staff = t.person(Role::Admin).await;
    let ref_id = RefundId::parse(id(&refund)).unwrap();
    let (app, ten) = (&t.app, &t.tenant.id);
    let silent = refunds::record_by_hand(app, ten, &staff, &ref_id, " ").await;
    assert!(matches!(silent, Err(RefundError::Input(_))));
    refunds::record_by_hand(app, ten, &staff, &ref_id, "reversed, SJ99")
        .await
        .unwrap();
    let twice = refunds::record_by_hand(app, ten, &staff, &ref_id, "reversed").await;
    assert!(twice.is_err());
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    assert_eq!(t.api.now(&order).await["amount_refunded"], 50_000);
    assert_eq!(t.api.now(&paid).await["amount_refunded"], 50_000);
}
