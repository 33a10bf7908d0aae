//! M-Pesa with an operator: receipts are asked after before they count, and refunds are reversals
//! whose result comes to an address of their own.
use super::paybill::{by_hand, money, register, type_in};
use crate::support::TestApp;
use crate::support::api::id;
use crate::support::app::{PASSKEY, SHORTCODE};
use malipo::domain::account::Mode;
use malipo::domain::bill::{BillStatus, Unmatched};
use malipo::domain::ids::{Id, OrderId};
use malipo::domain::role::Role;
use malipo::services::bills;
use malipo::services::provider_accounts::SaveAccount;
use serde_json::{Value, json};

async fn set(t: &TestApp, credentials: &[(&str, &str)]) {
    let each = credentials.iter();
    t.save(SaveAccount {
        provider: "mpesa".to_owned(),
        credentials: each
            .map(|(field, value)| (Mode::Test, (*field).to_owned(), (*value).into()))
            .collect(),
        ..SaveAccount::default()
    })
    .await;
}

/// With an operator, and our addresses registered.
async fn with_operator() -> TestApp {
    let t = TestApp::start().await;
    register(&t).await;
    let operator = [
        ("initiator_name", "testapi"),
        ("initiator_password", "Safaricom999!*!"),
    ];
    set(&t, &operator).await;
    t
}

/// A prompt that was paid, with its receipt.
async fn paid(t: &TestApp, phone: &str) -> (Value, Value) {
    let order = t.api.order(150_000, json!({})).await;
    let p = t.api.pay(&order, "mpesa", json!({ "phone": phone })).await;
    t.decide(&p, "paid").await;
    (order, t.api.now(&p).await)
}

async fn reversals(t: &TestApp, plan: &str) {
    let account = json!({
        "provider": "mpesa", "shortcode": SHORTCODE, "passkey": PASSKEY, "reversals": plan,
    });
    t.sim.control("accounts", account).await;
}

#[tokio::test]
async fn r5_a_confirmation_counts_once_the_provider_says_so() {
    let t = with_operator().await;
    let (order, p, account) = by_hand(&t).await;
    type_in(&t, &account, 1_500).await;
    assert_eq!(
        t.api.now(&p).await["status"],
        "requires_action",
        "not asked yet"
    );
    assert_eq!(money(&t).await[0].status, BillStatus::Asking);
    t.wait(10).await;
    assert_eq!(t.api.now(&p).await["status"], "succeeded");
    assert_eq!(t.api.now(&order).await["status"], "paid");
    assert_eq!(t.sim.calls("status").await, 1);
}

#[tokio::test]
async fn r5_a_forged_confirmation_is_denied_and_given_to_nobody() {
    let t = with_operator().await;
    let (order, p, account) = by_hand(&t).await;
    let hook = t.hook_url("mpesa", Mode::Test).await;
    let lie = json!({
        "TransactionType": "Pay Bill", "TransID": "RKL51ZDR4F", "TransAmount": "1500.00",
        "BusinessShortCode": SHORTCODE, "BillRefNumber": account,
    });
    t.http
        .post(format!("{hook}/confirmation"))
        .json(&lie)
        .send()
        .await
        .unwrap();
    t.wait(10).await;
    assert_eq!(t.api.now(&p).await["status"], "requires_action");
    let m = money(&t).await.remove(0);
    assert_eq!(
        (m.status, m.why),
        (BillStatus::Unmatched, Some(Unmatched::Denied))
    );
    let (person, of) = (
        t.person(Role::Owner).await,
        OrderId::parse(id(&order)).unwrap(),
    );
    bills::assign(&t.app, &t.tenant.id, &person, &m.id, &of)
        .await
        .unwrap_err();
    assert_eq!(t.api.now(&order).await["amount_paid"], 0);
}

#[tokio::test]
async fn a_receipt_that_nobody_answers_for_waits_on_the_desk_and_a_late_answer_books_it() {
    let t = with_operator().await;
    let (order, _, account) = by_hand(&t).await;
    let late = json!({ "times": 3, "delay_ms": 3_600_000 });
    type_in(&t, &account, 1_500).await;
    t.sim.fault("mpesa", "hook", "late", late).await;
    for _ in 0..20 {
        t.advance(60).await;
    }
    let m = money(&t).await.remove(0);
    assert_eq!(
        (m.status, m.why),
        (BillStatus::Unmatched, Some(Unmatched::NotConfirmed))
    );
    assert_eq!(t.sim.calls("status").await, 3);
    for _ in 0..60 {
        t.advance(60).await;
    }
    assert_eq!(t.api.now(&order).await["status"], "paid");
    assert_eq!(money(&t).await[0].status, BillStatus::Booked);
}

#[tokio::test]
async fn a_refund_is_a_reversal_and_its_result_settles_it() {
    let t = with_operator().await;
    let (order, p) = paid(&t, "0712345678").await;
    let part = t.api.refund(&p, Some(50_000)).await;
    assert_eq!(part.status, 422, "whole payments only");
    let refund = t.api.refund(&p, None).await.ok();
    t.run_jobs().await;
    let now = t.api.now(&refund).await;
    assert_eq!(now["status"], "sending", "the acknowledgement is no refund");
    assert!(
        now["provider_reference"]
            .as_str()
            .unwrap()
            .starts_with("AG_")
    );
    t.sim.fault("mpesa", "hook", "double", json!({})).await;
    t.wait(10).await;
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    assert_eq!(t.sim.refunded_minor().await, 150_000);
    assert_eq!(t.sim.calls("reversal").await, 1);
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], &now["amount_refunded"]),
        (&json!("paid"), &json!(150_000))
    );
    let addresses = t.sim.hooks().await;
    let address = addresses.last().unwrap()["url"].as_str().unwrap();
    let end = address.rsplit('/').next().unwrap();
    assert!(
        end.len() == 40 && end.bytes().all(|b| b.is_ascii_hexdigit()),
        "{address}"
    );
}

#[tokio::test]
async fn money_paid_by_hand_is_reversed_whole_and_surplus_by_a_person() {
    let t = with_operator().await;
    let (_, p, account) = by_hand(&t).await;
    type_in(&t, &account, 2_000).await;
    t.wait(10).await;
    let p = t.api.now(&p).await;
    assert_eq!(p["amount_captured"], 200_000);
    let task = t.refunds(&p).await.remove(0);
    let person = t.person(Role::Owner).await;
    malipo::services::refunds::approve(&t.app, &t.tenant.id, &person, &task.id)
        .await
        .unwrap();
    t.run_jobs().await;
    let task = t.refunds(&p).await.remove(0);
    assert!(task.by_hand, "a part cannot be reversed");
    assert_eq!(t.sim.calls("reversal").await, 0);
}

#[tokio::test]
async fn r10_a_reversal_that_fails_lets_go_of_its_money() {
    let t = with_operator().await;
    reversals(&t, "1").await;
    let (_, p) = paid(&t, "0712345678").await;
    let refund = t.api.refund(&p, None).await.ok();
    t.wait(10).await;
    let now = t.api.now(&refund).await;
    assert_eq!(
        (&now["status"], &now["failure"]["code"]),
        (&json!("failed"), &json!("merchant_balance_low"))
    );
    reversals(&t, "R000001").await;
    let again = t.api.refund(&p, None).await.ok();
    t.wait(10).await;
    // Ours, thought to have failed, was done after all.
    assert_eq!(t.api.now(&again).await["status"], "succeeded");
}

#[tokio::test]
async fn a_payment_that_somebody_else_reversed_is_no_refund_of_ours() {
    let t = with_operator().await;
    reversals(&t, "R000001").await;
    let (_, p) = paid(&t, "0712345678").await;
    let refund = t.api.refund(&p, None).await.ok();
    t.wait(10).await;
    let now = t.api.now(&refund).await;
    assert_eq!(now["failure"]["code"], "already_refunded", "{now}");
}

#[tokio::test]
async fn r4_a_lost_result_is_asked_after_and_found() {
    for fault in ["lost", "timeout"] {
        let t = with_operator().await;
        let (_, p) = paid(&t, "0712345678").await;
        if fault == "timeout" {
            reversals(&t, "timeout").await;
        } else {
            t.sim.fault("mpesa", "hook", "lost", json!({})).await;
        }
        let refund = t.api.refund(&p, None).await.ok();
        for _ in 0..8 {
            t.advance(60).await;
        }
        assert_eq!(t.sim.calls("reversal").await, 1, "never sent twice");
        assert!(t.sim.calls("status").await >= 1);
        let now = t.api.now(&refund).await;
        if fault == "lost" {
            assert_eq!(now["status"], "succeeded", "{now}");
            continue;
        }
        // Nothing was reversed, and nobody says so for sure: a person looks.
        for _ in 0..40 {
            t.advance(60).await;
        }
        let held = t.refunds(&p).await.remove(0);
        assert!(held.by_hand, "{held:?}");
        let owner = t.person(Role::Owner).await;
        let record = malipo::services::refunds::record_by_hand;
        record(
            &t.app,
            &t.tenant.id,
            &owner,
            &held.id,
            "reversed in the portal",
        )
        .await
        .unwrap();
        assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    }
}

#[tokio::test]
async fn r4_a_reversal_whose_acknowledgement_is_lost_is_settled_by_its_result() {
    let t = TestApp::impatient().await;
    register(&t).await;
    set(
        &t,
        &[
            ("initiator_name", "testapi"),
            ("security_credential", "ready"),
        ],
    )
    .await;
    let (_, p) = paid(&t, "0712345678").await;
    let after = json!({ "after_effect": true });
    t.sim.fault("mpesa", "reversal", "timeout", after).await;
    let refund = t.api.refund(&p, None).await.ok();
    t.run_jobs().await;
    assert_eq!(t.api.now(&refund).await["status"], "unknown");
    t.wait(90).await;
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    assert_eq!(t.sim.calls("reversal").await, 1);
}

#[tokio::test]
async fn r5_a_result_with_other_ids_or_at_another_address_settles_nothing() {
    let t = with_operator().await;
    let (_, p) = paid(&t, "0712345678").await;
    t.sim
        .fault("mpesa", "hook", "wrong_reference", json!({}))
        .await;
    let refund = t.api.refund(&p, None).await.ok();
    t.wait(10).await;
    assert_eq!(t.api.now(&refund).await["status"], "sending");
    let hook = t.hook_url("mpesa", Mode::Test).await;
    let theirs = t.api.now(&refund).await["provider_reference"].clone();
    let (conversation, originator) = theirs.as_str().unwrap().split_once('/').unwrap();
    let lie = json!({ "Result": { "ResultType": 0, "ResultCode": 1, "ResultDesc": "no",
        "ConversationID": conversation, "OriginatorConversationID": originator } });
    for end in [id(&refund), "0a1b2c3d"] {
        let sent = t
            .http
            .post(format!("{hook}/{end}"))
            .json(&lie)
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 200);
    }
    t.run_jobs().await;
    assert_eq!(t.api.now(&refund).await["status"], "sending");
    // Asked, the provider says that it was done.
    for _ in 0..8 {
        t.advance(60).await;
    }
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
}

#[tokio::test]
async fn refused_credentials_are_not_tried_again_until_they_are_new() {
    let t = with_operator().await;
    set(&t, &[("initiator_name", "invalid")]).await;
    let (_, p) = paid(&t, "0712345678").await;
    let refund = t.api.refund(&p, None).await.ok();
    t.wait(10).await;
    let now = t.api.now(&refund).await;
    assert_eq!(
        (&now["status"], &now["failure"]["code"]),
        (&json!("failed"), &json!("provider_misconfigured"))
    );
    let second = t.api.refund(&p, None).await.ok();
    t.wait(10).await;
    assert_eq!(
        t.sim.calls("reversal").await,
        1,
        "another try might lock the operator"
    );
    let held = t.refunds(&p).await;
    assert!(
        held.iter()
            .any(|r| r.id.to_string() == id(&second) && r.by_hand)
    );
    // What is paid by hand is not asked after, either: a person looks.
    let (_, _, account) = by_hand(&t).await;
    type_in(&t, &account, 1_500).await;
    assert_eq!(money(&t).await[0].why, Some(Unmatched::NotConfirmed));
    set(&t, &[("initiator_name", "testapi")]).await;
    let (_, p) = paid(&t, "0722345678").await;
    let refund = t.api.refund(&p, None).await.ok();
    t.wait(10).await;
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
}
