//! M-Pesa by hand: what a person types at a paybill or till is booked as it came, once, for the
//! right order, or waits on a desk.
use crate::support::TestApp;
use crate::support::api::{flags, id};
use crate::support::app::{PASSKEY, SHORTCODE};
use malipo::domain::account::Mode;
use malipo::domain::bill::{BillMoney, BillReference, BillStatus, Unmatched};
use malipo::domain::ids::{Id, OrderId, PaymentId};
use malipo::domain::role::Role;
use malipo::services::bills::{self, BillError};
use malipo::services::provider_accounts::SaveAccount;
use malipo::services::{Cursor, StoreError};
use serde_json::{Value, json};

/// Registers our addresses with the simulator, as the button and the command do.
pub async fn register(t: &TestApp) {
    let hook = t.hook_url("mpesa", Mode::Test).await;
    let token = format!(
        "{}/mpesa/oauth/v1/generate?grant_type=client_credentials",
        t.sim.url
    );
    let answer = t
        .http
        .get(token)
        .basic_auth("c2b", Some("c2b"))
        .send()
        .await;
    let token: Value = answer.unwrap().json().await.unwrap();
    let body = json!({
        "ShortCode": SHORTCODE, "ResponseType": "Completed",
        "ConfirmationURL": format!("{hook}/confirmation"),
        "ValidationURL": format!("{hook}/validation"),
    });
    let url = format!("{}/mpesa/mpesa/c2b/v2/registerurl", t.sim.url);
    let request = t
        .http
        .post(url)
        .bearer_auth(token["access_token"].as_str().unwrap());
    let answer = request.json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

async fn started() -> TestApp {
    let t = TestApp::start().await;
    register(&t).await;
    t
}

/// An order with its instructions to pay by hand.
pub async fn by_hand(t: &TestApp) -> (Value, Value, String) {
    let order = t.api.order(150_000, json!({})).await;
    let p = t
        .api
        .pay(&order, "mpesa", json!({ "method": "paybill" }))
        .await;
    assert_eq!(p["status"], "requires_action", "{p}");
    let next = &p["next_action"];
    assert_eq!(
        (&next["type"], &next["business_number"]),
        (&json!("instructions"), &json!(SHORTCODE))
    );
    let account = next["account_number"].as_str().unwrap().to_owned();
    (order, p, account)
}

/// A customer pays at the menu. The confirmation has arrived and was worked on.
pub async fn type_in(t: &TestApp, account: &str, shillings: i64) -> String {
    let body = json!({
        "provider": "mpesa", "shortcode": SHORTCODE, "account": account, "amount": shillings,
    });
    let told = t.sim.control("pay", body).await;
    t.run_jobs().await;
    told["receipt"].as_str().unwrap().to_owned()
}

pub async fn money(t: &TestApp) -> Vec<BillMoney> {
    let page = bills::list(&t.app, &t.tenant.id, None, &Cursor::Newest, 100).await;
    page.unwrap().rows
}

/// The one thing on the desk, and why.
async fn desk(t: &TestApp) -> BillMoney {
    let waits = Some(BillStatus::Unmatched);
    let page = bills::list(&t.app, &t.tenant.id, waits, &Cursor::Newest, 100).await;
    let mut rows = page.unwrap().rows;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

async fn unpaid(t: &TestApp, order: &Value) {
    let now = t.api.now(order).await;
    assert_eq!(
        (&now["status"], &now["amount_paid"]),
        (&json!("open"), &json!(0))
    );
}

fn with_char(reference: &str, place: usize, c: char) -> String {
    let mut chars: Vec<char> = reference.chars().collect();
    chars[place] = c;
    chars.into_iter().collect()
}

#[tokio::test]
async fn what_is_paid_with_its_account_number_pays_the_order_with_the_receipt() {
    let t = started().await;
    let (order, p, account) = by_hand(&t).await;
    let typed = format!(" {}-{} ", &account[..4].to_lowercase(), &account[4..]);
    let receipt = type_in(&t, &typed, 1_500).await;
    let p = t.api.now(&p).await;
    assert_eq!(
        (&p["status"], &p["receipt"], flags(&p)),
        (&json!("succeeded"), &json!(receipt), vec![])
    );
    assert_eq!(t.api.now(&order).await["status"], "paid");
    let kept = money(&t).await;
    assert_eq!((kept.len(), kept[0].status), (1, BillStatus::Booked));
    assert_eq!(kept[0].payer_name, "J***");
    assert!(
        kept[0].payer_phone.contains("*****"),
        "{}",
        kept[0].payer_phone
    );
}

#[tokio::test]
async fn less_is_booked_as_short_and_the_rest_comes_with_the_same_account_number() {
    let t = started().await;
    let (order, p, account) = by_hand(&t).await;
    type_in(&t, &account, 1_000).await;
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], &now["amount_paid"]),
        (&json!("partially_paid"), &json!(100_000))
    );
    assert_eq!(flags(&t.api.now(&p).await), ["short"]);
    type_in(&t, &account, 500).await;
    let now = t.api.now(&order).await;
    assert_eq!((&now["status"], flags(&now)), (&json!("paid"), vec![]));
    let all = now["payments"].as_array().unwrap();
    assert_eq!((all.len(), &all[1]["amount_captured"]), (2, &json!(50_000)));
}

#[tokio::test]
async fn r8_more_is_booked_as_over_with_a_refund_task() {
    let t = started().await;
    let (order, p, account) = by_hand(&t).await;
    type_in(&t, &account, 2_000).await;
    let p = t.api.now(&p).await;
    assert_eq!(
        (&p["amount_captured"], flags(&p)),
        (&json!(200_000), vec!["over"])
    );
    assert_eq!(t.api.now(&order).await["status"], "paid");
    let tasks = t.refunds(&p).await;
    assert_eq!((tasks.len(), tasks[0].amount.minor), (1, 50_000));
}

#[tokio::test]
async fn r8_paid_twice_by_hand_is_a_duplicate_with_a_refund_task() {
    let t = started().await;
    let (order, _, account) = by_hand(&t).await;
    type_in(&t, &account, 1_500).await;
    type_in(&t, &account, 1_500).await;
    let now = t.api.now(&order).await;
    let second = &now["payments"][1];
    assert_eq!(
        (&now["status"], flags(second)),
        (&json!("paid"), vec!["duplicate"])
    );
    assert_eq!(t.refunds(second).await[0].amount.minor, 150_000);
}

#[tokio::test]
async fn one_slip_of_the_thumb_is_read_as_what_was_meant_if_the_amount_fits() {
    let t = started().await;
    let (order, _, account) = by_hand(&t).await;
    let slip = with_char(&account, 3, '0');
    type_in(&t, &slip, 1_400).await;
    unpaid(&t, &order).await;
    assert_eq!(desk(&t).await.why, Some(Unmatched::Ambiguous));
    type_in(&t, &slip, 1_500).await;
    assert_eq!(t.api.now(&order).await["status"], "paid");
    // An order that is paid is meant by no slip any more.
    let missing = &account[1..];
    type_in(&t, missing, 1_500).await;
    let kept = money(&t).await;
    assert_eq!(kept[0].why, Some(Unmatched::UnknownReference));
}

#[tokio::test]
async fn a_slip_between_two_open_bills_waits_for_a_person() {
    let t = started().await;
    let (order, _, account) = by_hand(&t).await;
    let slip = with_char(&account, 7, if account.ends_with('2') { '3' } else { '2' });
    // Another reference that is one slip away from the same word.
    let twin = (0..7).find_map(|place| {
        let mut all = "23456789ABCDEFGHJKMNPQRTUVWXY".chars();
        all.find_map(|c| {
            let word = with_char(&slip, place, c);
            BillReference::parse(&word).filter(|r| r.as_str() != account)
        })
    });
    let twin = twin.unwrap();
    let other = t.api.order(150_000, json!({})).await;
    let open = t.api.pay(&other, "paystack", json!({})).await;
    let open = PaymentId::parse(id(&open)).unwrap();
    let mut tx = t.app.db.begin().await.unwrap();
    malipo::store::bills::insert(&mut tx, &t.tenant.id, &twin, &open)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    type_in(&t, &slip, 1_500).await;
    unpaid(&t, &order).await;
    unpaid(&t, &other).await;
    let m = desk(&t).await;
    assert_eq!(m.why, Some(Unmatched::Ambiguous));
    let suggested = bills::suggestions(&t.app, &m).await.unwrap();
    let suggested: Vec<_> = suggested.iter().map(|o| o.id.to_string()).collect();
    assert!(suggested.iter().any(|o| o == id(&order)) && suggested.iter().any(|o| o == id(&other)));
}

#[tokio::test]
async fn an_unknown_account_number_waits_and_is_assigned_once() {
    let t = started().await;
    let (order, p, _) = by_hand(&t).await;
    let unknown = BillReference::make(42);
    let receipt = type_in(&t, unknown.as_str(), 1_500).await;
    unpaid(&t, &order).await;
    let m = desk(&t).await;
    assert_eq!(
        (m.why, &m.receipt),
        (Some(Unmatched::UnknownReference), &receipt)
    );
    let (tenant, person) = (&t.tenant.id, t.person(Role::Staff).await);
    let of = OrderId::parse(id(&order)).unwrap();
    let twice = tokio::join!(
        bills::assign(&t.app, tenant, &person, &m.id, &of),
        bills::assign(&t.app, tenant, &person, &m.id, &of),
    );
    let done = [twice.0.is_ok(), twice.1.is_ok()];
    assert_eq!(done.iter().filter(|d| **d).count(), 1, "{twice:?}");
    let again = bills::assign(&t.app, tenant, &person, &m.id, &of)
        .await
        .unwrap_err();
    assert!(
        matches!(again, BillError::Store(StoreError::Stale)),
        "{again}"
    );
    let back = bills::mark_returned(&t.app, tenant, &person, &m.id, "sent back").await;
    assert!(matches!(
        back.unwrap_err(),
        BillError::Store(StoreError::Stale)
    ));
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], &now["amount_paid"]),
        (&json!("paid"), &json!(150_000))
    );
    // The payment that waited for it has it.
    assert_eq!(t.api.now(&p).await["receipt"], receipt);
    let named = json!({ "id": m.id.to_string() });
    assert_eq!(t.audited(&named).await, ["bill.assigned"]);
}

#[tokio::test]
async fn r11_test_money_is_assigned_to_no_live_order_and_to_no_other_tenants() {
    let t = started().await;
    type_in(&t, BillReference::make(42).as_str(), 1_500).await;
    let m = desk(&t).await;
    let person = t.person(Role::Staff).await;
    let (_, other, _) = t.another_tenant().await;
    let foreign = other.order(150_000, json!({})).await;
    let live = t.live.order(150_000, json!({})).await;
    for order in [&foreign, &live] {
        let of = OrderId::parse(id(order)).unwrap();
        let refused = bills::assign(&t.app, &t.tenant.id, &person, &m.id, &of).await;
        assert!(matches!(refused.unwrap_err(), BillError::Input(_)));
    }
    bills::mark_returned(&t.app, &t.tenant.id, &person, &m.id, "")
        .await
        .unwrap_err();
    let done = bills::mark_returned(&t.app, &t.tenant.id, &person, &m.id, "reversed RKX").await;
    done.unwrap();
    assert_eq!(money(&t).await[0].status, BillStatus::Returned);
}

#[tokio::test]
async fn r7_a_confirmation_that_comes_twice_is_booked_once() {
    let t = started().await;
    let (order, p, account) = by_hand(&t).await;
    t.sim.fault("mpesa", "hook", "double", json!({})).await;
    let receipt = type_in(&t, &account, 1_500).await;
    // And once more, written differently.
    let hook = t.hook_url("mpesa", Mode::Test).await;
    let told = confirmation(&receipt, &account, "1500");
    let answer = t
        .http
        .post(format!("{hook}/confirmation"))
        .json(&told)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    t.run_jobs().await;
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], &now["amount_paid"]),
        (&json!("paid"), &json!(150_000))
    );
    assert_eq!(now["payments"].as_array().unwrap().len(), 1);
    assert_eq!(t.refunds(&p).await.len(), 0);
    assert_eq!(money(&t).await.len(), 1);
}

fn confirmation(receipt: &str, account: &str, amount: &str) -> Value {
    json!({
        "TransactionType": "Pay Bill", "TransID": receipt, "TransTime": "20231121121325",
        "TransAmount": amount, "BusinessShortCode": SHORTCODE, "BillRefNumber": account,
        "InvoiceNumber": "", "OrgAccountBalance": "", "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 126", "FirstName": "NICHOLAS", "MiddleName": "", "LastName": "",
    })
}

/// Prompts are told a second time as paybill payments with the same receipt.
async fn with_echo() -> TestApp {
    let t = started().await;
    let account = json!({
        "provider": "mpesa", "shortcode": SHORTCODE, "passkey": PASSKEY, "c2b_echo": true,
    });
    t.sim.control("accounts", account).await;
    t
}

#[tokio::test]
async fn r8_a_receipt_that_comes_by_prompt_and_by_hand_is_booked_once() {
    for fault in ["none", "lost", "late"] {
        let t = with_echo().await;
        let order = t.api.order(150_000, json!({})).await;
        let p = t.api.pay(&order, "mpesa", json!({})).await;
        if fault != "none" {
            // The prompt's own callback does not come, or comes after the other.
            t.sim.fault("mpesa", "hook", fault, json!({})).await;
        }
        t.decide(&p, "paid").await;
        t.wait(90).await;
        let (p, now) = (t.api.now(&p).await, t.api.now(&order).await);
        assert_eq!(
            (&p["status"], flags(&p)),
            (&json!("succeeded"), vec![]),
            "{fault}"
        );
        let ledger = t.sim.ledger().await;
        assert_eq!(p["receipt"], ledger["payments"][0]["receipt"], "{fault}");
        assert_eq!(
            (&now["amount_paid"], flags(&now)),
            (&json!(150_000), vec![]),
            "{fault}"
        );
        assert_eq!(now["payments"].as_array().unwrap().len(), 1, "{fault}");
    }
}

#[tokio::test]
async fn money_typed_with_a_dead_prompts_account_number_pays_its_order() {
    let t = started().await;
    let order = t.api.order(150_000, json!({})).await;
    let p = t.api.pay(&order, "mpesa", json!({})).await;
    let ledger = t.sim.ledger().await;
    let account = ledger["payments"][0]["reference"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(BillReference::parse(&account).is_some(), "{account}");
    t.decide(&p, "wrong_pin").await;
    type_in(&t, &account, 1_500).await;
    let now = t.api.now(&order).await;
    assert_eq!(now["status"], "paid");
    assert_eq!(now["payments"][0]["status"], "failed");
    assert_eq!(now["payments"][1]["method"], "paybill");
}

#[tokio::test]
async fn a_validation_is_answered_out_of_our_books_and_credits_nothing() {
    let t = started().await;
    let (order, _, account) = by_hand(&t).await;
    let hook = t.hook_url("mpesa", Mode::Test).await;
    let asked = async |change: fn(&mut Value)| {
        let mut body = confirmation("RKL51ZDR4F", &account, "1500.00");
        change(&mut body);
        let request = t.http.post(format!("{hook}/validation")).json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let told: Value = answer.json().await.unwrap();
        told["ResultCode"].as_str().unwrap().to_owned()
    };
    assert_eq!(asked(|_| ()).await, "0");
    assert_eq!(
        asked(|b| b["BillRefNumber"] = json!("BK7X42Q0")).await,
        "C2B00012"
    );
    assert_eq!(
        asked(|b| b["TransAmount"] = json!("1499")).await,
        "C2B00013"
    );
    assert_eq!(
        asked(|b| b["BusinessShortCode"] = json!("600000")).await,
        "C2B00015"
    );
    t.run_jobs().await;
    unpaid(&t, &order).await;
    assert_eq!(money(&t).await.len(), 0);
    let path = format!("/orders/{}/cancel", id(&order));
    t.api.post(&path, json!({})).await.ok();
    assert_eq!(asked(|_| ()).await, "C2B00016");
    // The simulator asks, too, once the merchant wants it: what we refuse is never taken.
    let account = json!({"provider": "mpesa", "shortcode": SHORTCODE, "validation": true});
    t.sim.control("accounts", account).await;
    type_in(&t, "BK7X42Q0", 1_500).await;
    assert_eq!(t.sim.ledger().await["payments"][0]["status"], "rejected");
    assert_eq!(money(&t).await.len(), 0);
}

#[tokio::test]
async fn r9_money_for_an_expired_or_cancelled_order_is_booked_and_flagged() {
    let t = started().await;
    let order = t.api.order(150_000, json!({ "expires_in": 60 })).await;
    let p = t
        .api
        .pay(&order, "mpesa", json!({ "method": "paybill" }))
        .await;
    let account = p["next_action"]["account_number"]
        .as_str()
        .unwrap()
        .to_owned();
    t.advance(50).await;
    assert_eq!(
        t.api.now(&p).await["status"],
        "requires_action",
        "open until the order ends"
    );
    t.advance(60).await;
    assert_eq!(t.api.now(&p).await["status"], "expired");
    type_in(&t, &account, 1_500).await;
    let (p, now) = (t.api.now(&p).await, t.api.now(&order).await);
    assert_eq!((flags(&p), flags(&now)), (vec!["late"], vec!["late"]));
    assert_eq!(now["status"], "paid");

    let (order, p, account) = by_hand(&t).await;
    let path = format!("/orders/{}/cancel", id(&order));
    t.api.post(&path, json!({})).await.ok();
    type_in(&t, &account, 1_500).await;
    let now = t.api.now(&order).await;
    assert_eq!(
        (&now["status"], flags(&now)),
        (&json!("cancelled"), vec!["paid_after_cancel"])
    );
    assert_eq!(t.refunds(&p).await.len(), 1);
}

#[tokio::test]
async fn r14_another_tenants_account_number_names_nothing_here() {
    let t = started().await;
    let (_, other, _) = t.another_tenant().await;
    let theirs = other.order(150_000, json!({})).await;
    let p = other
        .pay(&theirs, "mpesa", json!({ "method": "paybill" }))
        .await;
    let account = p["next_action"]["account_number"].as_str().unwrap();
    type_in(&t, account, 1_500).await;
    assert_eq!(desk(&t).await.why, Some(Unmatched::UnknownReference));
    assert_eq!(other.now(&theirs).await["status"], "open");
}

#[tokio::test]
async fn money_to_another_number_and_without_a_reference_waits_for_a_person() {
    let t = started().await;
    let hook = t.hook_url("mpesa", Mode::Test).await;
    let (order, _, account) = by_hand(&t).await;
    let mut body = confirmation("RKL51ZDR4F", &account, "1500");
    body["BusinessShortCode"] = json!("600000");
    let url = format!("{hook}/confirmation");
    t.http.post(&url).json(&body).send().await.unwrap();
    t.run_jobs().await;
    unpaid(&t, &order).await;
    assert_eq!(desk(&t).await.why, Some(Unmatched::OtherNumber));
    let set = [("transaction_type", "till"), ("till_number", "555001")];
    t.save(SaveAccount {
        provider: "mpesa".to_owned(),
        credentials: set
            .map(|(field, value)| (Mode::Test, field.to_owned(), value.into()))
            .into(),
        ..SaveAccount::default()
    })
    .await;
    let order = t.api.order(70_000, json!({})).await;
    let p = t
        .api
        .pay(&order, "mpesa", json!({ "method": "paybill" }))
        .await;
    let next = &p["next_action"];
    assert_eq!(
        (&next["business_number"], &next["account_number"]),
        (&json!("555001"), &Value::Null)
    );
    let mut body = confirmation("RKL51ZDR4G", "", "700");
    body["BusinessShortCode"] = json!("555001");
    body["TransactionType"] = json!("Buy Goods");
    t.http.post(&url).json(&body).send().await.unwrap();
    t.run_jobs().await;
    let m = money(&t).await.remove(0);
    assert_eq!(m.why, Some(Unmatched::NoReference));
    let suggested = bills::suggestions(&t.app, &m).await.unwrap();
    assert_eq!(suggested[0].id.to_string(), id(&order));
}

#[tokio::test]
async fn nothing_odd_at_the_addresses_breaks_or_books_anything() {
    let t = started().await;
    let hook = t.hook_url("mpesa", Mode::Test).await;
    for body in ["", "{}", "[]", "null", r#"{"TransID":"X1"}"#, "\u{1}"] {
        for end in ["confirmation", "validation", "0a1b", "0a1b/0", "0a1b/1"] {
            let request = t.http.post(format!("{hook}/{end}")).body(body);
            let status = request.send().await.unwrap().status().as_u16();
            assert!([200, 400].contains(&status), "{end} {body}: {status}");
        }
    }
    t.run_jobs().await;
    assert_eq!(money(&t).await.len(), 0);
}

#[tokio::test]
async fn a_customer_whose_prompt_fails_pays_by_hand_on_the_same_order() {
    let t = started().await;
    let order = t.api.order(150_000, json!({})).await;
    let page = order["checkout_url"].as_str().unwrap();
    let token = page.rsplit('/').next().unwrap();
    let p = t.api.pay(&order, "mpesa", json!({})).await;
    let look = async |url: String| t.http.get(url).send().await.unwrap().text().await.unwrap();
    let at = format!("{page}/payment/{}", id(&p));
    let waiting = look(at.clone()).await;
    assert!(
        waiting.contains("Pay by M-Pesa Paybill instead"),
        "{waiting}"
    );
    t.decide(&p, "wrong_pin").await;
    let failed = look(at).await;
    assert!(failed.contains("Pay by M-Pesa Paybill instead"), "{failed}");
    assert!(failed.contains("/with/mpesa/stk_push"), "one safe resend");
    let form = [
        ("token", token),
        ("form_key", "0123456789ab"),
        ("choice", "mpesa.paybill"),
    ];
    let url = format!("{}/do/checkout/start", t.url);
    let sent = t.http.post(url).form(&form).send().await.unwrap();
    assert_eq!(sent.status(), 303);
    let to = sent.headers()["location"].to_str().unwrap().to_owned();
    let shown = look(format!("{}{to}", t.url)).await;
    let p = t.api.now(&order).await["payments"][1].clone();
    let account = p["next_action"]["account_number"].as_str().unwrap();
    for value in [account, SHORTCODE, "1500"] {
        assert!(
            shown.contains(&format!("value=\"{value}\"")),
            "{value} {shown}"
        );
    }
    assert!(shown.contains("*334#"));
    type_in(&t, account, 1_500).await;
    assert!(look(format!("{}{to}", t.url)).await.contains("Paid"));
}
