//! Plans and entitlements: bought by an order, counted once, ended by the clock, and taken back
//! where the money went back.
use super::messages::of_kind;
use crate::support::TestApp;
use crate::support::api::{Answer, Api, id, reference};
use malipo::domain::ids::{EntitlementId, Id};
use malipo::domain::job::JobKind;
use malipo::domain::message::{MessageKind, MessageStatus};
use malipo::domain::role::Role;
use malipo::services::inbound::{self, HookFilter};
use malipo::services::{Cursor, entitlements, find_provider, payments};
use malipo::store::{books, jobs};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

/// A plan of 30 days; `more` adds to it.
pub async fn plan(api: &Api, name: &str, price: i64, more: Value) -> Value {
    let mut body = json!({
        "name": name, "price": price, "currency": "KES", "duration_days": 30,
    });
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    api.post("/plans", body).await.ok()
}

async fn try_buy(api: &Api, plan: &Value, customer: &str, more: Value) -> Answer {
    let mut body = json!({ "customer": {
        "external_id": customer, "name": "Asha Juma", "phone": "+254712345678",
        "email": "asha@customers.example" } });
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    api.post(&format!("/plans/{}/purchase", id(plan)), body)
        .await
}

pub async fn buy(api: &Api, plan: &Value, customer: &str) -> Value {
    try_buy(api, plan, customer, json!({})).await.ok()
}

/// Pays an order with the mock, whose word counts at once.
pub async fn pay(t: &TestApp, api: &Api, order: &Value) -> Value {
    let payment = api.pay(order, "mock", json!({})).await;
    let done = payments::choose_mock_outcome(&t.app, &t.tenant.id, reference(&payment), "paid");
    done.await.unwrap();
    let now = api.now(&payment).await;
    assert_eq!(now["status"], "succeeded");
    now
}

/// What a customer has, newest first.
async fn held(api: &Api, customer: &str) -> Vec<Value> {
    let path = format!("/customers/{customer}/entitlements");
    let answer = api.get(&path).await.ok();
    answer["data"].as_array().unwrap().clone()
}

async fn only(api: &Api, customer: &str) -> Value {
    let mut all = held(api, customer).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// Seconds from the test's begin to a time in an answer.
fn secs(start: i64, value: &Value) -> i64 {
    let at: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
    (at.as_millisecond() - start) / 1_000
}

fn now(t: &TestApp) -> i64 {
    t.app.clock.now().unix_ms()
}

/// Types and data of the events about one entitlement, oldest first.
async fn told(t: &TestApp, entitlement: &Value) -> Vec<(String, Value)> {
    let mut tx = t.app.db.read().await.unwrap();
    let page = books::events(&mut tx, &t.tenant.id, None, &Cursor::Newest, 500).await;
    let rows = page.unwrap().rows.into_iter().rev();
    rows.filter(|e| e.subject == id(entitlement))
        .map(|e| (e.event_type, serde_json::from_str(&e.data).unwrap()))
        .collect()
}

fn kinds(told: &[(String, Value)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| kind.as_str()).collect()
}

/// The open order behind a link.
async fn order_of(api: &Api, link: &Value) -> Value {
    let page = api.get("/orders?limit=100").await.ok();
    let all = page["data"].as_array().unwrap();
    let found = all.iter().find(|o| o["checkout_url"] == *link);
    found
        .unwrap_or_else(|| panic!("no order has {link}"))
        .clone()
}

/// Everything that was told, told again: hooks replayed, providers asked, the clock's job queued.
async fn replay(t: &TestApp, entitlements: &[Value]) {
    let boss = t.person(Role::Owner).await;
    let filter = HookFilter::default();
    let hooks = inbound::list(&t.app, &t.tenant.id, &filter, &Cursor::Newest, 500).await;
    for hook in hooks.unwrap().rows {
        let again = inbound::replay(&t.app, &boss, &t.tenant.id, &hook.id).await;
        again.unwrap();
    }
    let page = t.api.get("/payments?limit=100").await.ok();
    for payment in page["data"].as_array().unwrap() {
        t.api.verify(payment).await;
    }
    for _ in 0..2 {
        for e in entitlements {
            let mut tx = t.app.db.begin().await.unwrap();
            let (kind, due) = (JobKind::WalkEntitlement, t.app.clock.now());
            jobs::queue(&mut tx, t.app.clock.id(), &t.tenant.id, kind, id(e), due)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
        t.run_jobs().await;
    }
}

/// The customer reads of an end three times, with the link; in test mode it is held.
async fn read_by_the_customer(t: &TestApp, link: &str) {
    let written = of_kind(t, MessageKind::RenewalReminder).await;
    assert_eq!(written.len(), 3);
    for (m, words) in written.iter().zip([" ends on ", " ends on ", " ended on "]) {
        let told = m.text.contains(words) && m.text.contains(link) && m.text.contains("Basic at ");
        assert!(told && m.status == MessageStatus::Held, "{}", m.text);
    }
}

#[tokio::test]
async fn ninety_days_pass_and_every_event_told_again_changes_nothing() {
    let t = TestApp::start().await;
    let (basic, gold) = (
        plan(&t.api, "Basic", 300_000, json!({})).await,
        plan(&t.api, "Gold", 600_000, json!({})).await,
    );
    let start = now(&t);
    let order = buy(&t.api, &basic, "c-1").await;
    assert_eq!(
        (&order["kind"], &order["amount"]),
        (&json!("subscription"), &json!(300_000))
    );
    assert!(held(&t.api, "c-1").await.is_empty(), "nothing runs unpaid");
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    let twice = json!({ "match": { "reference": reference(&paid) } });
    t.sim.fault("paystack", "hook", "double", twice).await;
    t.decide(&paid, "paid").await;
    let first = only(&t.api, "c-1").await;
    assert_eq!(
        (&first["status"], &first["access"]),
        (&json!("active"), &json!(true))
    );
    assert_eq!(secs(start, &first["ends_at"]), 30 * DAY);
    assert_eq!(kinds(&told(&t, &first).await), ["entitlement.activated"]);

    // Reminded a week and a day before the end, each time with the same link.
    t.advance(23 * DAY - 5).await;
    assert_eq!(told(&t, &first).await.len(), 1, "not before its time");
    t.advance(5).await;
    t.advance(6 * DAY).await;
    let news = told(&t, &first).await;
    assert_eq!(kinds(&news)[1..], ["entitlement.expiring"; 2]);
    assert_eq!(
        (&news[1].1["days_left"], &news[2].1["days_left"]),
        (&json!(7), &json!(1))
    );
    let link = &news[1].1["renewal_url"];
    assert!(link.is_string() && *link == news[2].1["renewal_url"]);

    // Grace keeps the access, and a payment in it leaves no gap.
    t.advance(DAY).await;
    let in_grace = only(&t.api, "c-1").await;
    assert_eq!(
        (&in_grace["status"], &in_grace["access"]),
        (&json!("grace"), &json!(true))
    );
    let news = told(&t, &first).await;
    assert_eq!(
        (&news[3].1["status"], &news[3].1["days_left"]),
        (&json!("grace"), &json!(0))
    );
    read_by_the_customer(&t, link.as_str().unwrap()).await;
    t.advance(2 * DAY).await;
    let renewal = order_of(&t.api, link).await;
    assert_eq!(renewal["amount"], 300_000);
    pay(&t, &t.api, &renewal).await;
    let renewed = only(&t.api, "c-1").await;
    assert_eq!(
        (&renewed["status"], secs(start, &renewed["ends_at"])),
        (&json!("active"), 60 * DAY)
    );
    assert_eq!(
        renewed["renewal_url"],
        Value::Null,
        "the next end has its own link"
    );

    // Nobody pays: the end, the grace, and no access.
    t.advance(31 * DAY - 5).await;
    let last = only(&t.api, "c-1").await;
    assert_eq!(
        (&last["status"], &last["access"]),
        (&json!("grace"), &json!(true))
    );
    t.advance(5).await;
    let ended = only(&t.api, "c-1").await;
    assert_eq!(
        (&ended["status"], &ended["access"]),
        (&json!("suspended"), &json!(false))
    );
    assert_eq!(
        kinds(&told(&t, &first).await).last(),
        Some(&"entitlement.expired")
    );

    // A purchase begins a new period at once, on the same entitlement.
    t.advance(2 * DAY).await;
    let again = buy(&t.api, &basic, "c-1").await;
    pay(&t, &t.api, &again).await;
    let back = only(&t.api, "c-1").await;
    assert_eq!(
        (&back["status"], secs(start, &back["ends_at"])),
        (&json!("active"), 95 * DAY)
    );

    // The other plan takes its place: half the month is credited.
    t.advance(15 * DAY).await;
    let upgrade = buy(&t.api, &gold, "c-1").await;
    assert_eq!(upgrade["amount"], 450_000);
    pay(&t, &t.api, &upgrade).await;
    t.advance(10 * DAY).await;
    let all = held(&t.api, "c-1").await;
    let states: Vec<_> = all.iter().map(|e| e["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["active", "replaced"]);
    assert_eq!(secs(start, &all[0]["ends_at"]), 110 * DAY);
    assert_eq!(
        secs(
            start,
            &json!(malipo::services::objects::rfc3339(t.app.clock.now()))
        ),
        90 * DAY
    );

    let reminders = of_kind(&t, MessageKind::RenewalReminder).await.len();
    assert_eq!(
        reminders, 4,
        "a month that passes at once tells its end alone"
    );
    let before = (
        all.clone(),
        told(&t, &all[0]).await,
        told(&t, &all[1]).await,
    );
    replay(&t, &all).await;
    let after = held(&t.api, "c-1").await;
    assert_eq!(
        before,
        (
            after.clone(),
            told(&t, &after[0]).await,
            told(&t, &after[1]).await
        )
    );
    let now = of_kind(&t, MessageKind::RenewalReminder).await.len();
    assert_eq!(now, reminders);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r8_payments_told_sixty_four_times_at_once_add_up_and_none_counts_twice() {
    let t = TestApp::start().await;
    let basic = plan(&t.api, "Basic", 300_000, json!({})).await;
    let start = now(&t);
    let mut paying = Vec::new();
    for _ in 0..32 {
        let order = buy(&t.api, &basic, "c-1").await;
        paying.push(t.api.pay(&order, "mock", json!({})).await);
    }
    // Each is told twice, all of them at once.
    let tries: Vec<_> = paying
        .iter()
        .chain(&paying)
        .map(|payment| {
            let (app, tenant) = (t.app.clone(), t.tenant.id.clone());
            let known = reference(payment).to_owned();
            tokio::spawn(async move {
                payments::choose_mock_outcome(&app, &tenant, &known, "paid").await
            })
        })
        .collect();
    for one in tries {
        // A lost race for the payment's own row is for the second teller to try again.
        let _ = one.await.unwrap();
    }
    for payment in &paying {
        assert_eq!(t.api.verify(payment).await["status"], "succeeded");
    }
    let one = only(&t.api, "c-1").await;
    assert_eq!(secs(start, &one["ends_at"]), 32 * 30 * DAY);
    assert_eq!(told(&t, &one).await.len(), 32);
}

#[tokio::test]
async fn r1_an_upgrade_credits_the_rest_to_the_cent_and_once() {
    let t = TestApp::start().await;
    let basic = plan(&t.api, "Basic", 100_001, json!({})).await;
    let gold = plan(&t.api, "Gold", 600_000, json!({})).await;
    let first = buy(&t.api, &basic, "c-1").await;
    pay(&t, &t.api, &first).await;
    t.advance(10 * DAY + 1).await;
    // 100,001 × 1,727,999 / 2,592,000 is 66,667.29…: what is left is rounded up for the customer.
    let (one, two) = (
        buy(&t.api, &gold, "c-1").await,
        buy(&t.api, &gold, "c-1").await,
    );
    assert_eq!(one["amount"], 600_000 - 66_668);
    assert_eq!(one["metadata"]["plan"], gold["id"]);
    assert_eq!(
        two["amount"], one["amount"],
        "fixed when the purchase begins"
    );
    t.advance(DAY / 2).await;
    let start = now(&t);
    pay(&t, &t.api, &one).await;
    let all = held(&t.api, "c-1").await;
    assert_eq!(
        (&all[0]["status"], &all[1]["status"]),
        (&json!("active"), &json!("replaced"))
    );
    assert_eq!(
        secs(start, &all[0]["ends_at"]),
        30 * DAY,
        "later, and still the whole of it"
    );
    assert_eq!(
        kinds(&told(&t, &all[1]).await),
        ["entitlement.activated", "entitlement.expired"]
    );
    // The same rest was credited to a second order: that lasts as long as its money alone.
    pay(&t, &t.api, &two).await;
    let all = held(&t.api, "c-1").await;
    assert_eq!(all.len(), 2);
    let more = (30 * DAY * 533_332 + 599_999) / 600_000;
    assert_eq!(secs(start, &all[0]["ends_at"]), 30 * DAY + more);

    // A plan that costs no more than what is left is refused, and one may run beside.
    let small = plan(&t.api, "Small", 50_000, json!({})).await;
    let refused = try_buy(&t.api, &small, "c-1", json!({})).await;
    assert_eq!(refused.refusal(), (409, "credit_covers_price".to_owned()));
    let beside = try_buy(&t.api, &small, "c-1", json!({ "replaces": "none" }))
        .await
        .ok();
    assert_eq!(beside["amount"], 50_000);
    pay(&t, &t.api, &beside).await;
    let unclear = try_buy(&t.api, &basic, "c-1", json!({})).await;
    assert_eq!(unclear.refusal(), (422, "replaces_ambiguous".to_owned()));
    let small_one = held(&t.api, "c-1").await.remove(0);
    let named = json!({ "replaces": small_one["id"] });
    let named = try_buy(&t.api, &basic, "c-1", named).await.ok();
    assert_eq!(named["amount"], 100_001 - 50_000);
}

#[tokio::test]
async fn a_full_refund_takes_its_period_back_and_a_part_does_not() {
    let t = TestApp::start().await;
    let basic = plan(&t.api, "Basic", 300_000, json!({})).await;
    let gold = plan(&t.api, "Gold", 600_000, json!({})).await;
    let start = now(&t);
    let orders = [
        buy(&t.api, &basic, "c-1").await,
        buy(&t.api, &basic, "c-1").await,
    ];
    let first = pay(&t, &t.api, &orders[0]).await;
    let second = pay(&t, &t.api, &orders[1]).await;
    let ends = async || secs(start, &only(&t.api, "c-1").await["ends_at"]);
    assert_eq!(ends().await, 60 * DAY);
    let refund = async |payment: &Value, amount| {
        t.api.refund(payment, amount).await.ok();
        t.run_jobs().await;
    };
    refund(&second, Some(299_999)).await;
    assert_eq!(ends().await, 60 * DAY, "a part went back");
    refund(&second, None).await;
    assert_eq!(ends().await, 30 * DAY, "all went back");
    assert_eq!(only(&t.api, "c-1").await["status"], "active");

    // An upgrade that is refunded gives what it replaced back.
    t.advance(15 * DAY).await;
    let upgrade = buy(&t.api, &gold, "c-1").await;
    let third = pay(&t, &t.api, &upgrade).await;
    assert_eq!(upgrade["amount"], 450_000);
    t.advance(DAY).await;
    refund(&third, None).await;
    let all = held(&t.api, "c-1").await;
    assert_eq!(
        (&all[0]["status"], &all[1]["status"]),
        (&json!("revoked"), &json!("active"))
    );
    assert_eq!(secs(start, &all[1]["ends_at"]), 30 * DAY);
    assert_eq!(all[0]["access"], false);

    // Credit whose money is refunded afterwards counts for nothing.
    let upgrade = buy(&t.api, &gold, "c-1").await;
    let (amount, bought) = (upgrade["amount"].as_i64().unwrap(), now(&t));
    assert_eq!(amount, 600_000 - 140_000);
    pay(&t, &t.api, &upgrade).await;
    assert_eq!(
        secs(bought, &held(&t.api, "c-1").await[0]["ends_at"]),
        30 * DAY
    );
    refund(&first, None).await;
    let all = held(&t.api, "c-1").await;
    let states: Vec<_> = all.iter().map(|e| e["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["active", "revoked", "revoked"]);
    assert_eq!(
        secs(bought, &all[0]["ends_at"]),
        30 * DAY * amount / 600_000
    );
    let before = all.clone();
    replay(&t, &all).await;
    assert_eq!(held(&t.api, "c-1").await, before);
}

#[tokio::test]
async fn a_refund_that_the_provider_undoes_gives_the_period_back() {
    let t = TestApp::start().await;
    t.offer(find_provider("stripe").unwrap().info()).await;
    let basic = plan(&t.api, "Basic", 300_000, json!({})).await;
    let order = buy(&t.api, &basic, "c-1").await;
    let open = t.api.pay(&order, "stripe", json!({})).await;
    // Stripe's own card whose refund fails after it succeeded.
    let card = [
        ("action", "card"),
        ("number", "4000000000005126"),
        ("expiry", "12/40"),
        ("cvc", "123"),
    ];
    let page = open["next_action"]["url"].as_str().unwrap();
    t.http.post(page).form(&card).send().await.unwrap();
    t.advance(5).await;
    let paid = t.api.verify(&open).await;
    let before = only(&t.api, "c-1").await;
    assert_eq!(before["status"], "active");
    let refund = t.api.refund(&paid, None).await.ok();
    t.run_jobs().await;
    assert_eq!(t.api.now(&refund).await["status"], "succeeded");
    let revoked = only(&t.api, "c-1").await;
    assert_eq!(
        (&revoked["status"], &revoked["access"]),
        (&json!("revoked"), &json!(false))
    );
    t.wait(60).await;
    assert_eq!(t.api.now(&refund).await["status"], "failed");
    let after = only(&t.api, "c-1").await;
    assert_eq!(
        (&after["status"], &after["ends_at"]),
        (&before["status"], &before["ends_at"])
    );
    assert_eq!(
        kinds(&told(&t, &after).await),
        [
            "entitlement.activated",
            "entitlement.expired",
            "entitlement.activated"
        ]
    );
}

#[tokio::test]
async fn r11_a_live_plan_that_is_paid_in_test_mode_never_runs() {
    let t = TestApp::start().await;
    let live = plan(&t.live, "Basic", 300_000, json!({})).await;
    let order = buy(&t.live, &live, "c-1").await;
    let paid = pay(&t, &t.live, &order).await;
    assert_eq!(
        (&paid["test_mode"], &paid["livemode"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(t.live.now(&order).await["status"], "open");
    assert!(held(&t.live, "c-1").await.is_empty());
    // The same id of the merchant is another customer in test mode.
    let test = plan(&t.api, "Basic", 300_000, json!({})).await;
    let order = buy(&t.api, &test, "c-1").await;
    pay(&t, &t.api, &order).await;
    assert_eq!(only(&t.api, "c-1").await["livemode"], false);
    assert!(held(&t.live, "c-1").await.is_empty());
    for (api, other) in [(&t.api, &live), (&t.live, &test)] {
        let path = format!("/plans/{}", id(other));
        assert_eq!(api.get(&path).await.refusal().0, 404);
        assert_eq!(try_buy(api, other, "c-1", json!({})).await.refusal().0, 404);
    }
}

#[tokio::test]
async fn r14_plans_and_customers_of_another_tenant_are_404() {
    let t = TestApp::start().await;
    let (_, theirs, _) = t.another_tenant().await;
    let basic = plan(&t.api, "Basic", 300_000, json!({})).await;
    let order = buy(&t.api, &basic, "c-1").await;
    pay(&t, &t.api, &order).await;
    let e = only(&t.api, "c-1").await;
    let customer = e["customer"].as_str().unwrap();
    for path in [
        format!("/plans/{}", id(&basic)),
        format!("/customers/{customer}"),
        "/customers/c-1".to_owned(),
        format!("/customers/{customer}/entitlements"),
        "/customers/c-1/entitlements".to_owned(),
    ] {
        assert_eq!(t.api.get(&path).await.status, 200, "{path}");
        assert_eq!(theirs.get(&path).await.refusal().0, 404, "{path}");
    }
    assert_eq!(
        try_buy(&theirs, &basic, "c-2", json!({})).await.refusal().0,
        404
    );
    assert_eq!(theirs.get("/plans").await.ok()["data"], json!([]));
    assert_eq!(theirs.get("/customers").await.ok()["data"], json!([]));
    // A plan of their own for a customer of ours by name is a customer of theirs.
    let own = plan(&theirs, "Own", 600_000, json!({})).await;
    let bought = try_buy(&theirs, &own, "c-1", json!({ "replaces": e["id"] })).await;
    assert_eq!(bought.refusal(), (422, "replaces_invalid".to_owned()));
    let known = EntitlementId::parse(id(&e)).unwrap();
    let found = entitlements::get(&t.app, &t.tenant.id, &known);
    assert_eq!(found.await.unwrap().unwrap().status.as_str(), "active");
}

#[tokio::test]
async fn what_a_plan_says_is_checked_and_changes_count_for_later_purchases() {
    let t = TestApp::start().await;
    for (field, value, code) in [
        ("name", json!(""), "length"),
        ("price", json!(0), "amount_invalid"),
        ("price", json!(1.5), "type_invalid"),
        ("currency", json!("kes"), "currency_unknown"),
        ("duration_days", json!(0), "days_invalid"),
        ("duration_days", json!(9_999), "days_invalid"),
        ("grace_days", json!(-1), "days_invalid"),
        ("remind_days", json!([0]), "days_invalid"),
        ("colour", json!("red"), "unknown_field"),
    ] {
        let mut body = json!({
            "name": "A", "price": 1_000, "currency": "KES", "duration_days": 30 });
        body[field] = value;
        let refused = t.api.post("/plans", body).await;
        assert_eq!(refused.refusal(), (422, code.to_owned()), "{field}");
        assert_eq!(refused.json()["field"], field);
    }
    let made = json!({ "name": "A", "price": 1_000, "currency": "KES", "duration_days": 30 });
    let basic = t.api.post_keyed("/plans", made.clone(), "k-1").await.ok();
    assert_eq!(t.api.post_keyed("/plans", made, "k-1").await.ok(), basic);
    assert_eq!(
        (&basic["grace_days"], &basic["remind_days"]),
        (&json!(3), &json!([7, 1]))
    );

    let start = now(&t);
    let order = buy(&t.api, &basic, "c-1").await;
    let change = json!({ "price": 2_000, "duration_days": 60, "active": false });
    let url = format!("{}/api/v1/plans/{}", t.url, id(&basic));
    let changed = t
        .http
        .patch(url)
        .bearer_auth(&t.api.key)
        .json(&change)
        .send();
    let changed = Answer::read(changed.await.unwrap()).await.ok();
    assert_eq!(
        (&changed["price"], &changed["active"]),
        (&json!(2_000), &json!(false))
    );
    let refused = try_buy(&t.api, &basic, "c-1", json!({})).await;
    assert_eq!(refused.refusal(), (409, "plan_inactive".to_owned()));
    pay(&t, &t.api, &order).await;
    let e = only(&t.api, "c-1").await;
    assert_eq!(secs(start, &e["ends_at"]), 30 * DAY, "as it was bought");
    // A plan that is not sold any more reminds without a link.
    t.advance(23 * DAY).await;
    let news = told(&t, &e).await;
    assert_eq!(kinds(&news)[1..], ["entitlement.expiring"]);
    assert_eq!(news[1].1["renewal_url"], Value::Null);
    let listed = t.api.get("/plans?active=true").await.ok();
    assert_eq!(listed["data"], json!([]));

    let mut nameless = json!({ "customer": { "name": "Asha" } });
    let path = format!("/plans/{}/purchase", id(&basic));
    let refused = t.api.post(&path, nameless.clone()).await;
    assert_eq!(refused.json()["field"], "customer.external_id");
    nameless["customer"]["external_id"] = json!("c-9");
    nameless["replaces"] = json!("gold");
    assert_eq!(
        t.api.post(&path, nameless).await.json()["field"],
        "replaces"
    );
}
