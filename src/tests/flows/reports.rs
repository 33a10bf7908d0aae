//! Exports, the overview's figures and alert rules. R11: test money is in none of them; R14: nor is
//! another shop's.
use super::dashboard::Browser;
use super::messages::of_kind;
use crate::support::{TestApp, rows};
use futures::StreamExt;
use malipo::domain::alert::{Alert, AlertKind, AlertRules};
use malipo::domain::export::{Export, ExportFilter, ExportKind, ExportStatus};
use malipo::domain::message::MessageKind;
use malipo::domain::order::Order;
use malipo::domain::payment::PaymentStatus;
use malipo::domain::role::Role;
use malipo::domain::{Currency, Money};
use malipo::services::{Cursor, alerts, exports, reports, tenants::Tenant};
use malipo::store::{self, books, hooks, orders, payments};
use serde_json::json;
use std::collections::BTreeSet;

/// A stored order of live or test money.
async fn order(t: &TestApp, tenant: &Tenant, live: bool, change: impl Fn(&mut Order)) -> Order {
    let mut order = rows::order(tenant);
    order.id = t.app.clock.id();
    order.livemode = live;
    order.created_at = t.app.clock.now();
    change(&mut order);
    let mut tx = t.app.db.begin().await.unwrap();
    orders::insert(&mut tx, &order).await.unwrap();
    tx.commit().await.unwrap();
    order
}

/// Stored payments of an order that ended like this, made so many seconds ago.
async fn ended(t: &TestApp, of: &Order, n: usize, status: PaymentStatus, ago: i64) {
    let mut tx = t.app.db.begin().await.unwrap();
    for _ in 0..n {
        let mut p = rows::payment(of);
        p.id = t.app.clock.id();
        p.test_mode = !of.livemode;
        p.status = status;
        if status == PaymentStatus::Succeeded {
            p.captured_minor = p.amount.minor;
        }
        p.created_at = t.app.clock.now().plus_secs(-ago);
        payments::insert(&mut tx, &p, None).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The cells of a CSV file by row, without its head.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows = reader.records().map(Result::unwrap);
    rows.map(|r| r.iter().map(str::to_owned).collect())
        .collect()
}

async fn file(t: &TestApp, by: &Browser<'_>, export: &str) -> reqwest::Response {
    let url = format!("{}{export}/file", t.url);
    let request = t.http.get(url).header("cookie", &by.cookie);
    request.send().await.unwrap()
}

/// Makes an export by the form and gives its address.
async fn made(t: &TestApp, by: &Browser<'_>, fields: &[(&str, &str)]) -> String {
    let mut all = vec![("tenant", t.tenant.slug.as_str())];
    all.extend(fields);
    let answer = by.submit("admin/exports/make", &all).await;
    assert_eq!(answer.status(), 303);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn r11_r14_an_export_has_every_row_of_its_filter_and_no_other() {
    use PaymentStatus as P;
    let t = TestApp::start().await;
    let (other, ..) = t.another_tenant().await;
    let live = order(&t, &t.tenant, true, |o| o.reference = "INV-7".to_owned()).await;
    let test = order(&t, &t.tenant, false, |_| {}).await;
    let theirs = order(&t, &other, true, |_| {}).await;
    ended(&t, &live, 1_200, P::Succeeded, 0).await;
    ended(&t, &live, 2, P::Failed, 0).await;
    ended(&t, &test, 3, P::Succeeded, 0).await;
    ended(&t, &theirs, 4, P::Succeeded, 0).await;
    let viewer = Browser::of(&t, Role::Viewer).await;
    let chosen = "/exports?what=payments&status=succeeded&provider=paystack";
    let (status, page) = viewer.page(chosen).await;
    assert_eq!(status, 200);
    assert!(page.contains("1,200 payments fit."), "{page}");
    let form = [
        ("what", "payments"),
        ("status", "succeeded"),
        ("provider", "paystack"),
        ("form_key", "abc"),
    ];
    let export = made(&t, &viewer, &form).await;
    assert_eq!(made(&t, &viewer, &form).await, export, "a form makes one");
    let (_, page) = viewer.get(&export).await;
    assert!(
        page.contains("1,200 payments will be in the file."),
        "{page}"
    );

    let answer = file(&t, &viewer, &export).await;
    let head = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(head("content-type"), "text/csv; charset=utf-8");
    assert_eq!(head("x-content-type-options"), "nosniff");
    assert_eq!(head("cache-control"), "no-store");
    let name = head("content-disposition");
    let speaking = format!(
        "filename=\"{}-payments-paystack-succeeded-live-to-",
        t.tenant.slug
    );
    assert!(
        name.starts_with("attachment; ") && name.contains(&speaking),
        "{name}"
    );
    let all = cells(&answer.text().await.unwrap());
    assert_eq!(all.len(), 1_200);
    let ids: BTreeSet<&String> = all.iter().map(|r| &r[0]).collect();
    assert_eq!(ids.len(), 1_200, "no row twice");
    for row in &all {
        let told = [&row[2], &row[5], &row[7], &row[8], &row[9], &row[10]];
        assert_eq!(
            told,
            ["INV-7", "succeeded", "true", "false", "KES", "1500.00"]
        );
        assert!(row[19].ends_with('Z'), "{}", row[19]);
    }
    let (_, page) = viewer.get(&export).await;
    assert!(page.contains("1,200 payments are in the file."), "{page}");

    // Test money comes where it is asked for by name.
    let export = made(&t, &viewer, &[("what", "payments"), ("mode", "test")]).await;
    let all = cells(&file(&t, &viewer, &export).await.text().await.unwrap());
    assert_eq!(all.len(), 3);

    let mut tx = t.app.db.read().await.unwrap();
    let page = books::audit(&mut tx, &t.tenant.id, &Cursor::Newest, 50).await;
    let taken = page
        .unwrap()
        .rows
        .into_iter()
        .filter(|a| a.action == "export.taken");
    assert_eq!(taken.count(), 2, "who took which rows is written down");
    drop(tx);

    let (who, filter) = (t.person(Role::Owner).await, ExportFilter::default());
    let foreign = exports::make(&t.app, &who, &other.id, ExportKind::Payments, filter, None).await;
    let foreign = foreign.unwrap().id;
    for path in [
        format!("/exports/{foreign}"),
        format!("/exports/{foreign}/file"),
    ] {
        assert_eq!(viewer.page(&path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn what_a_customer_typed_is_no_formula_and_amounts_keep_their_digits() {
    let t = TestApp::start().await;
    let bad = "=HYPERLINK(\"https://evil.example\",\"Pay\")";
    for (code, minor) in [("KWD", 5_124), ("UGX", 15_000)] {
        let currency = Currency::parse(code).unwrap();
        order(&t, &t.tenant, true, |o| {
            o.amount = Money::new(minor, currency);
            o.reference = bad.to_owned();
            o.customer.phone = Some("+254712345678".to_owned());
        })
        .await;
    }
    let owner = Browser::of(&t, Role::Owner).await;
    let export = made(&t, &owner, &[("what", "orders")]).await;
    let all = cells(&file(&t, &owner, &export).await.text().await.unwrap());
    let amounts: Vec<&str> = all.iter().map(|r| r[7].as_str()).collect();
    assert_eq!(amounts, ["5.124", "15000"]);
    for row in &all {
        assert_eq!(row[1], format!("'{bad}"));
        assert_eq!(row[14], "'+254712345678");
    }
    // Days are the shop's own, and a bad one is named with what was typed.
    let (_, page) = owner.page("/exports?what=orders&from=2026-02-31").await;
    assert!(page.contains("Write a day such as 2026-11-19."), "{page}");
    assert!(page.contains("value=\"2026-02-31\""), "{page}");
    let (_, page) = owner.page("/exports?what=orders&to=2020-01-01").await;
    assert!(page.contains("No orders fit."), "{page}");
}

async fn state(t: &TestApp, e: &Export) -> Export {
    let found = exports::get(&t.app, &t.tenant.id, &e.id).await.unwrap();
    found.unwrap()
}

#[tokio::test]
async fn an_export_that_breaks_off_says_so_and_can_be_taken_again() {
    let t = TestApp::start().await;
    let live = order(&t, &t.tenant, true, |_| {}).await;
    ended(&t, &live, 1_700, PaymentStatus::Succeeded, 0).await;
    let who = t.person(Role::Owner).await;
    let (app, tenant) = (&t.app, &t.tenant.id);
    let filter = ExportFilter::default();
    let made = exports::make(app, &who, tenant, ExportKind::Payments, filter, None).await;
    let made = made.unwrap();
    let (_, pieces) = exports::take(app, &who, tenant, &made.id).await.unwrap();
    let mut pieces = Box::pin(pieces);
    pieces.next().await.unwrap().unwrap();
    let twice = exports::take(app, &who, tenant, &made.id).await;
    assert!(matches!(twice.err(), Some(exports::ExportError::Running)));
    // The browser goes away.
    drop(pieces);
    let mut now = state(&t, &made).await;
    for _ in 0..500 {
        if now.status != ExportStatus::Running {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        now = state(&t, &made).await;
    }
    assert_eq!(now.status, ExportStatus::Broken);
    assert!(now.written > 0 && now.written < now.total, "{now:?}");
    let (_, pieces) = exports::take(app, &who, tenant, &made.id).await.unwrap();
    assert!(pieces.collect::<Vec<_>>().await.iter().all(Result::is_ok));
    let now = state(&t, &made).await;
    let told = (now.status, now.written, now.runs);
    assert_eq!(told, (ExportStatus::Done, 1_700, 2));
}

#[tokio::test]
async fn r11_the_overview_draws_live_payments_hooks_and_calls_alone() {
    use PaymentStatus as P;
    let t = TestApp::start().await;
    let test = t.api.order(150_000, json!({})).await;
    let tried = t.api.pay(&test, "paystack", json!({})).await;
    t.decide(&tried, "paid").await;
    let owner = Browser::of(&t, Role::Owner).await;
    let (_, empty) = owner.page("/overview").await;
    for words in [
        "No live payment was tried",
        "No hook told of a live payment",
        "No provider was called with live keys",
    ] {
        assert!(empty.contains(words), "{words}");
    }
    t.go_live("paystack").await;
    let sold = t.live.order(150_000, json!({})).await;
    let paid = t.live.pay(&sold, "paystack", json!({})).await;
    t.app.clock.advance_secs(38);
    t.decide(&paid, "paid").await;
    t.sim
        .fault("paystack", "initialize", "http_500", json!({}))
        .await;
    let another = t.live.order(150_000, json!({})).await;
    t.live.pay(&another, "paystack", json!({})).await;
    let more = order(&t, &t.tenant, true, |_| {}).await;
    ended(&t, &more, 6, P::Succeeded, 60).await;
    ended(&t, &more, 3, P::Failed, 60).await;

    let since = t.app.clock.now().plus_secs(-3_600);
    let calls = reports::calls(&t.app, &t.tenant.id, since).await.unwrap();
    let sums = calls
        .iter()
        .fold((0, 0), |(n, e), c| (n + c.calls, e + c.errors));
    assert_eq!(sums.1, 1, "{calls:?}");
    assert!(sums.0 >= 2, "{calls:?}");
    let delays = reports::hook_delays(&t.app, &t.tenant.id, since).await;
    let took: Vec<i64> = delays.unwrap().iter().map(|d| d.took_ms / 1_000).collect();
    assert_eq!(took, [38]);
    let (_, page) = owner.page("/overview").await;
    for words in [
        "tries by hour over 24 hours, 70 % succeeded",
        "middle 38 s, 95 of 100 within 38 s",
        "without a proper answer",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

async fn open(t: &TestApp, tenant: &Tenant) -> Vec<Alert> {
    alerts::open(&t.app, &tenant.id).await.unwrap()
}

#[tokio::test]
async fn an_alert_opens_once_above_five_percent_is_told_and_closes() {
    use PaymentStatus as P;
    let t = TestApp::start().await;
    let (other, ..) = t.another_tenant().await;
    let owner = Browser::of(&t, Role::Owner).await;
    let live = order(&t, &t.tenant, true, |_| {}).await;
    let test = order(&t, &t.tenant, false, |_| {}).await;
    ended(&t, &live, 95, P::Succeeded, 0).await;
    ended(&t, &live, 5, P::Failed, 0).await;
    ended(&t, &live, 9, P::Cancelled, 0).await;
    ended(&t, &test, 30, P::Failed, 0).await;
    t.advance(300).await;
    assert!(
        open(&t, &t.tenant).await.is_empty(),
        "5 of 100 is not above"
    );
    ended(&t, &live, 1, P::Failed, 0).await;
    t.advance(300).await;
    let first = open(&t, &t.tenant).await;
    let told: Vec<_> = first.iter().map(|a| (a.kind, a.wrong, a.all)).collect();
    assert_eq!(told, [(AlertKind::FailureRate, 6, 101)]);
    let (_, page) = owner.page("/overview").await;
    assert!(page.contains("Payments through Paystack fail."), "{page}");
    assert!(page.contains("6 of 101 payments"), "{page}");
    ended(&t, &live, 1, P::Failed, 0).await;
    t.advance(300).await;
    let same = open(&t, &t.tenant).await;
    assert_eq!(same.len(), 1);
    assert_eq!((&same[0].id, same[0].wrong), (&first[0].id, 7));
    assert!(same[0].seen_at > first[0].seen_at);
    let letters = of_kind(&t, MessageKind::RuleBroken).await;
    assert_eq!(letters.len(), 1, "the owner is told once");
    assert!(letters[0].text.contains("6 of 101"), "{}", letters[0].text);
    t.advance(3_700).await;
    assert!(open(&t, &t.tenant).await.is_empty());
    let all = alerts::list(&t.app, &t.tenant.id, &Cursor::Newest, 9).await;
    let all = all.unwrap().rows;
    assert_eq!((all.len(), all[0].closed_at), (1, Some(t.app.clock.now())));
    let theirs = alerts::list(&t.app, &other.id, &Cursor::Newest, 9).await;
    assert!(
        theirs.unwrap().rows.is_empty(),
        "R14: each shop has its own"
    );
}

#[tokio::test]
async fn thresholds_are_the_owners_and_a_bad_one_is_named() {
    let t = TestApp::start().await;
    let slug = t.tenant.slug.as_str();
    let fields = |percent, minutes| {
        [
            ("tenant", slug),
            ("failure_percent", percent),
            ("least_payments", "4"),
            ("error_percent", "0"),
            ("least_calls", "20"),
            ("window_minutes", minutes),
            ("silent_hours", "0"),
        ]
    };
    let staff = Browser::of(&t, Role::Staff).await;
    let refused = staff
        .submit("admin/alerts/rules", &fields("50", "60"))
        .await;
    assert_eq!(refused.status(), 403);
    let owner = Browser::of(&t, Role::Owner).await;
    for (form, words) in [
        (fields("5 percent", "60"), "Write a whole number."),
        (fields("50", "5"), "Must be from 10 to 1440."),
    ] {
        let answer = owner.submit("admin/alerts/rules", &form).await;
        let (_, page) = owner.after(answer).await;
        assert!(page.contains(words), "{words}");
        assert!(
            page.contains(&format!("value=\"{}\"", form[1].1)),
            "typed stays"
        );
    }
    let answer = owner
        .submit("admin/alerts/rules", &fields("50", "60"))
        .await;
    owner.after(answer).await;
    let rules = alerts::rules(&t.app, &t.tenant.id).await.unwrap();
    let wanted = AlertRules {
        failure_percent: 50,
        least_payments: 4,
        error_percent: 0,
        silent_hours: 0,
        database: false,
        ..AlertRules::default()
    };
    assert_eq!(rules, wanted);
    let live = order(&t, &t.tenant, true, |_| {}).await;
    ended(&t, &live, 2, PaymentStatus::Succeeded, 0).await;
    ended(&t, &live, 2, PaymentStatus::Failed, 0).await;
    t.advance(300).await;
    assert!(open(&t, &t.tenant).await.is_empty());
    ended(&t, &live, 1, PaymentStatus::Failed, 0).await;
    t.advance(300).await;
    assert_eq!(open(&t, &t.tenant).await.len(), 1);
}

#[tokio::test]
async fn silent_hooks_and_database_trouble_are_told_until_they_are_over() {
    let t = TestApp::start().await;
    t.go_live("paystack").await;
    t.run_jobs().await;
    let live = order(&t, &t.tenant, true, |_| {}).await;
    ended(&t, &live, 3, PaymentStatus::Succeeded, 0).await;
    let kinds = async || {
        alerts::evaluate(&t.app, &t.tenant.id).await.unwrap();
        let all = open(&t, &t.tenant).await;
        all.into_iter().map(|a| a.kind).collect::<Vec<_>>()
    };
    assert!(kinds().await.is_empty(), "a hook may still come");
    // Jobs become due, and nobody runs them.
    t.app.clock.advance_secs(1_200);
    assert_eq!(kinds().await, [AlertKind::HooksSilent, AlertKind::Database]);
    let mut hook = rows::hook(&t.tenant, "h1");
    hook.id = t.app.clock.id();
    hook.test_mode = false;
    hook.received_at = t.app.clock.now();
    hook.status = malipo::domain::hook::HookStatus::Ignored;
    let mut tx = t.app.db.begin().await.unwrap();
    hooks::keep(&mut tx, &hook).await.unwrap();
    tx.commit().await.unwrap();
    t.run_jobs().await;
    assert!(kinds().await.is_empty(), "both are over");
    t.app.db.note_trouble();
    assert_eq!(kinds().await, [AlertKind::Database]);
    t.advance(1_600).await;
    assert!(kinds().await.is_empty());
    let mut tx = t.app.db.read().await.unwrap();
    let long_ago = malipo::domain::Timestamp::from_unix_ms(0);
    let noted = store::reports::troubles_since(&mut tx, long_ago).await;
    assert_eq!(noted.unwrap(), 1);
}
