//! Orders that are paid in parts, and reminders that stop once they are paid.
use super::dashboard::Browser;
use super::messages::of_kind;
use super::plans::pay;
use crate::support::TestApp;
use crate::support::api::{flags, reference};
use malipo::domain::message::{MessageKind, MessageStatus};
use malipo::domain::order::{Customer, Order};
use malipo::domain::role::Role;
use malipo::domain::{Currency, Money};
use malipo::services::orders::{self, NewOrder, OrderFilter};
use malipo::services::parts::{Deposit, Every, Terms};
use malipo::services::{Actor, Cursor, payments, reminders};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::KES)
}

/// An order of a customer with an address, whose link ends after some days.
async fn order(t: &TestApp, days: i64, terms: Option<Terms>) -> Order {
    let new = NewOrder {
        customer: Customer {
            email: Some("asha@customers.example".to_owned()),
            ..Customer::default()
        },
        expires_in_secs: Some(days * DAY),
        terms,
        reminds: true,
        ..NewOrder::new("BK-1", kes(1_000_000), false)
    };
    let made = orders::create(&t.app, &t.tenant, &Actor::System, new).await;
    made.unwrap()
}

async fn object(t: &TestApp, order: &Order) -> Value {
    t.api.get(&format!("/orders/{}", order.id)).await.ok()
}

async fn page(t: &TestApp, path: &str) -> String {
    let answer = t.http.get(format!("{}{path}", t.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// Pays on the checkout with the mock; the amount that was asked for.
async fn pay_on_page(t: &TestApp, order: &Order, whole: bool, form_key: &str) -> Value {
    let mut form = vec![
        ("token", order.token.as_str()),
        ("form_key", form_key),
        ("choice", "mock.mock"),
    ];
    if whole {
        form.push(("all", "1"));
    }
    let request = t.http.post(format!("{}/do/checkout/choose", t.url));
    let answer = request.form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let now = object(t, order).await;
    now["payments"].as_array().unwrap().last().unwrap().clone()
}

async fn succeed(t: &TestApp, payment: &Value) {
    let reference = reference(payment);
    let done = payments::choose_mock_outcome(&t.app, &t.tenant.id, reference, "paid");
    done.await.unwrap();
}

async fn reminded(t: &TestApp) -> usize {
    of_kind(t, MessageKind::PaymentReminder).await.len()
}

/// Lets days pass, with the jobs at work.
async fn days(t: &TestApp, count: i64) {
    // On its last day an order is reminded of two hours before its end at the latest.
    const LAST: i64 = 2 * 3_600;
    for _ in 0..count {
        t.advance(DAY - LAST).await;
        t.advance(LAST).await;
    }
}

#[tokio::test]
async fn instalments_from_the_dashboard_add_up_to_the_cent_and_the_last_one_pays_the_order() {
    let t = TestApp::start().await;
    let boss = Browser::of(&t, Role::Staff).await;
    let mut form = vec![
        ("tenant", t.tenant.slug.as_str()),
        ("reference", "FEES-1"),
        ("amount", "10,000"),
        ("currency", "KES"),
        ("customer_email", "asha@customers.example"),
        ("expires_in", "259200"),
        ("test", "1"),
        ("terms", "instalments"),
        ("every", "month"),
        ("instalments", "25"),
    ];
    let (to, html) = boss
        .after(boss.submit("admin/orders/create", &form).await)
        .await;
    assert!(to.ends_with("/orders/new") && html.contains("value=\"25\""));
    assert!(
        html.contains("must be 2 to 24") || html.contains("Must be 2 to 24"),
        "{html}"
    );
    form.pop();
    form.push(("instalments", "3"));
    let made = boss.submit("admin/orders/create", &form).await;
    assert!(
        made.headers()["location"]
            .to_str()
            .unwrap()
            .contains("/orders/ord_")
    );
    let filter = OrderFilter::default();
    let all = orders::list(&t.app, &t.tenant.id, &filter, &Cursor::Newest, 9).await;
    let order = all.unwrap().rows.remove(0);
    let parts: Vec<_> = order.parts.iter().map(|p| p.minor).collect();
    assert_eq!(parts, [333_400, 333_300, 333_300]);
    assert_eq!(order.parts[0].due_at, order.expires_at);
    let apart = order.parts[1].due_at.secs_since(order.expires_at) / DAY;
    assert!((28..=31).contains(&apart), "a month later");

    let base = format!("/pay/{}", order.token);
    let html = page(&t, &base).await;
    assert!(
        html.contains("Part 1 of 3") && html.contains("3,334"),
        "{html}"
    );
    assert!(html.contains("?all=1"), "and everything at once");
    let html = page(&t, &format!("{base}?all=1")).await;
    assert!(html.contains("10,000") && html.contains("name=\"all\""));

    let mut paid = 0;
    for (at, part) in parts.iter().enumerate() {
        let payment = pay_on_page(&t, &order, false, &format!("key{at}")).await;
        assert_eq!(payment["amount"], *part);
        succeed(&t, &payment).await;
        paid += part;
        let now = object(&t, &order).await;
        assert_eq!(now["amount_paid"], paid);
        assert!(flags(&now).is_empty(), "a part is not short");
        let last = at == 2;
        assert_eq!(now["status"], if last { "paid" } else { "partially_paid" });
        let html = page(&t, &format!("{base}/receipt")).await;
        assert_eq!(html.contains("Left to pay"), !last);
        if at == 0 {
            assert!(
                html.contains("6,666") && html.contains("Next part"),
                "{html}"
            );
            let (_, html) = boss.page(&format!("/orders/{}", order.id)).await;
            assert!(html.contains("Paid in parts") && html.contains("Part 3"));
            // The link's own end is over; what was begun goes on, with time to pay.
            days(&t, 4).await;
            let late = pay_on_page(&t, &order, false, "later").await;
            let time = |name: &str| {
                let at: jiff::Timestamp = late[name].as_str().unwrap().parse().unwrap();
                at.as_second()
            };
            assert!(time("expires_at") - time("created_at") > 300);
            let refused = t.api.try_pay(&now, "payme", json!({ "amount": 1 })).await;
            assert_eq!(
                refused.refusal().0,
                422,
                "nobody names an amount of their own"
            );
        }
    }
    let told = t.events(&json!({ "id": order.id })).await;
    let want = ["order.partially_paid", "order.partially_paid", "order.paid"];
    assert_eq!(told, want);
    let receipts = of_kind(&t, MessageKind::Receipt).await;
    assert_eq!(receipts.len(), 3, "one for each part");
    assert!(receipts[0].text.contains("6,666"), "{}", receipts[0].text);
    let over = t
        .api
        .try_pay(&object(&t, &order).await, "mock", json!({}))
        .await;
    assert_eq!(over.refusal(), (409, "order_paid".to_owned()));
}

#[tokio::test]
async fn a_deposit_and_the_whole_paid_at_once_never_keep_more_than_the_order() {
    let t = TestApp::start().await;
    let now = t.app.clock.now();
    let terms = |percent, rest_days| Terms::Deposit {
        deposit: Deposit::Percent(percent),
        rest_due: now.plus_secs(rest_days * DAY),
    };
    for (bad, field) in [
        (terms(0, 30), "deposit"),
        (terms(100, 30), "deposit"),
        (terms(30, 1), "rest_due"),
        (terms(30, 2_000), "rest_due"),
    ] {
        let new = NewOrder {
            terms: Some(bad),
            ..NewOrder::new("BK-1", kes(1_000_000), false)
        };
        let refused = orders::create(&t.app, &t.tenant, &Actor::System, new).await;
        match refused.unwrap_err() {
            orders::OrderError::Input(p) => assert_eq!(p.field, field),
            other => panic!("{other}"),
        }
    }
    let order = order(&t, 3, Some(terms(30, 30))).await;
    let deposit = pay_on_page(&t, &order, false, "a").await;
    let whole = pay_on_page(&t, &order, true, "b").await;
    assert_eq!(
        (&deposit["amount"], &whole["amount"]),
        (&json!(300_000), &json!(1_000_000))
    );
    succeed(&t, &deposit).await;
    let now = object(&t, &order).await;
    assert_eq!(now["status"], "partially_paid");
    // Both went through: what is too much waits to be given back (R8).
    succeed(&t, &whole).await;
    let now = object(&t, &order).await;
    assert_eq!(
        (&now["status"], flags(&now)),
        (&json!("paid"), vec!["over"])
    );
    let back = t.refunds(&whole).await;
    assert_eq!(back.len(), 1);
    assert_eq!(back[0].amount, kes(300_000));

    // Less than a part, typed by hand: the rest of that part is asked for next.
    let short = orders::create(
        &t.app,
        &t.tenant,
        &Actor::System,
        NewOrder {
            terms: Some(Terms::Instalments {
                count: 2,
                every: Every::Week,
            }),
            ..NewOrder::new("BK-2", kes(100_000), false)
        },
    );
    let short = short.await.unwrap();
    let bill = t
        .api
        .pay(
            &object(&t, &short).await,
            "mpesa",
            json!({ "method": "paybill" }),
        )
        .await;
    assert_eq!(bill["amount"], 50_000);
    assert_eq!(short.asked(true), kes(100_000));
    assert!(short.asks_for(kes(50_000)) && !short.asks_for(kes(60_000)));
    // What staff approve is what the payment asked for, not all that is left.
    assert_eq!(short.expected(kes(50_000)), kes(50_000));
    assert_eq!(short.expected(kes(60_000)), kes(50_000));
}

#[tokio::test]
async fn reminders_go_once_each_and_stop_after_paying_cancelling_and_giving_back() {
    let t = TestApp::start().await;
    // Left unpaid: before its end and on the day, and nothing once it is over.
    order(&t, 14, None).await;
    days(&t, 10).await;
    assert_eq!(reminded(&t).await, 0);
    days(&t, 10).await;
    assert_eq!(reminded(&t).await, 2);
    let letters = of_kind(&t, MessageKind::PaymentReminder).await;
    assert!(letters[0].text.contains("10,000") && letters[0].text.contains("/pay/"));
    let held = letters.iter().all(|m| m.status == MessageStatus::Held);
    assert!(held, "R11: test money is told to nobody");

    // Paid after the first, and cancelled before any.
    let paid = order(&t, 14, None).await;
    let cancelled = order(&t, 14, None).await;
    let boss = t.person(Role::Owner).await;
    let gone = orders::cancel(&t.app, &t.tenant.id, &boss, &cancelled.id).await;
    gone.unwrap();
    days(&t, 12).await;
    assert_eq!(reminded(&t).await, 3);
    pay(&t, &t.api, &object(&t, &paid).await).await;
    days(&t, 10).await;
    assert_eq!(reminded(&t).await, 3, "they stop after paying");
    assert!(
        t.story(&object(&t, &paid).await)
            .await
            .contains(&"order.reminded".to_owned())
    );

    // A part is paid: the next one has reminders of its own, also after its day.
    let terms = Terms::Deposit {
        deposit: Deposit::Amount(kes(400_000)),
        rest_due: t.app.clock.now().plus_secs(20 * DAY),
    };
    let parts = order(&t, 2, Some(terms)).await;
    let deposit = pay(&t, &t.api, &object(&t, &parts).await).await;
    assert_eq!(deposit["amount"], 400_000);
    days(&t, 18).await;
    assert_eq!(reminded(&t).await, 4, "three days before the rest");
    // Whatever runs twice or at once, each goes once.
    let runs = (0..8).map(|_| reminders::run(&t.app, &t.tenant.id, &parts.id));
    for run in futures::future::join_all(runs).await {
        run.unwrap();
    }
    days(&t, 10).await;
    assert_eq!(reminded(&t).await, 6, "on the day, and after it");
    let last = of_kind(&t, MessageKind::PaymentReminder).await.remove(5);
    assert!(
        last.text.contains("6,000") && last.text.contains("was due"),
        "{}",
        last.text
    );

    // Money was given back: nobody is pressed for it.
    let terms = Terms::Instalments {
        count: 2,
        every: Every::Week,
    };
    let back = order(&t, 2, Some(terms)).await;
    let first = pay(&t, &t.api, &object(&t, &back).await).await;
    t.api.refund(&first, None).await.ok();
    t.run_jobs().await;
    days(&t, 14).await;
    assert_eq!(object(&t, &back).await["amount_refunded"], 500_000);
    assert_eq!(reminded(&t).await, 6);

    // Switched off by a person, and on again: what was missed is not made up for.
    let off = order(&t, 14, None).await;
    reminders::switch(&t.app, &t.tenant.id, &boss, &off.id, false)
        .await
        .unwrap();
    days(&t, 12).await;
    assert_eq!(reminded(&t).await, 6);
    reminders::switch(&t.app, &t.tenant.id, &boss, &off.id, true)
        .await
        .unwrap();
    t.run_jobs().await;
    assert_eq!(reminded(&t).await, 6);
    days(&t, 4).await;
    assert_eq!(reminded(&t).await, 7);
    let audited = t.audited(&json!({ "id": off.id })).await;
    assert_eq!(
        audited,
        ["order.reminders_off", "order.reminders_on"],
        "R12"
    );
    // An end that moves takes the reminders with it, from before it.
    let renewed = order(&t, 14, None).await;
    days(&t, 13).await;
    assert_eq!(reminded(&t).await, 8);
    let more = orders::renew(&t.app, &t.tenant.id, &boss, &renewed.id, Some(14 * DAY)).await;
    more.unwrap();
    days(&t, 9).await;
    assert_eq!(reminded(&t).await, 8);
    days(&t, 8).await;
    assert_eq!(reminded(&t).await, 10);
}
