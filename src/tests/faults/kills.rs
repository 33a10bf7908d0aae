//! Processes that are killed at any moment while merchants, customers and providers go on.
use super::{on_postgres, seed, setting};
use crate::support::api::{Answer, id, reference, theirs};
use crate::support::process::{Served, free_port, until};
use crate::support::{TestApp, word};
use malipo::domain::account::Mode;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Callers at the same time.
const CALLERS: u64 = 6;

/// One call of a merchant's program: what it repeats when no answer comes.
#[derive(Clone, Debug)]
struct Call {
    path: String,
    body: Value,
    key: String,
}

impl Call {
    fn new(path: String, body: Value) -> Self {
        let key = word();
        Self { path, body, key }
    }
}

/// The shop's side of the load: it calls whichever process lives, and keeps what was cut off.
struct Shop {
    t: TestApp,
    /// Where the processes listen; each may be away.
    urls: Vec<String>,
    over: AtomicBool,
    answered: AtomicU64,
    cut: Mutex<Vec<Call>>,
}

impl Shop {
    /// The answer, or none where the process died over it.
    async fn call(&self, rng: &mut StdRng, call: Call) -> Option<Value> {
        let url = self.urls.choose(rng).unwrap();
        let request = self.t.http.post(format!("{url}/api/v1{}", call.path));
        let request = request.bearer_auth(&self.t.api.key).json(&call.body);
        let request = request.header("idempotency-key", &call.key);
        let answer = match request.send().await {
            Err(e) if e.is_connect() => {
                // Nothing was sent: not even a key was taken.
                tokio::task::yield_now().await;
                return None;
            }
            Err(_) => None,
            Ok(response) => {
                let status = response.status().as_u16();
                let headers = response.headers().clone();
                let text = response.text().await.ok();
                text.map(|text| Answer {
                    status,
                    headers,
                    text,
                })
            }
        };
        let Some(answer) = answer else {
            self.cut.lock().unwrap().push(call);
            return None;
        };
        self.answered.fetch_add(1, Ordering::Relaxed);
        Some(answer.ok())
    }

    /// One customer after the other, until it is over.
    async fn sell(&self, rng: &mut StdRng) {
        while !self.over.load(Ordering::Relaxed) {
            self.sell_one(rng).await;
        }
    }

    async fn sell_one(&self, rng: &mut StdRng) -> Option<()> {
        let amount = 100 * rng.random_range(10..5_000);
        let order = json!({
            "reference": format!("K-{}", word()), "amount": amount, "currency": "KES",
            "customer": { "email": "wanjiku@customers.example", "phone": phone(rng) },
        });
        let order = self
            .call(rng, Call::new("/orders".to_owned(), order))
            .await?;
        let provider = *["paystack", "paystack", "mpesa"].choose(rng).unwrap();
        let path = format!("/orders/{}/payments", id(&order));
        let started = Call::new(path, json!({ "provider": provider }));
        let paid = self.call(rng, started).await?;
        if paid["status"] == "unknown" {
            return None;
        }
        if provider == "paystack" {
            let matches = json!({ "match": { "reference": reference(&paid) } });
            if let Some(fault) = [None, None, Some("lost"), Some("double")]
                .choose(rng)
                .unwrap()
            {
                self.t.sim.fault(provider, "hook", fault, matches).await;
            }
        }
        if rng.random_ratio(1, 8) {
            return None;
        }
        self.t.sim.decide(provider, theirs(&paid), "paid").await;
        if provider == "mpesa" || rng.random_ratio(1, 2) {
            return None;
        }
        let path = format!("/payments/{}/verify", id(&paid));
        let paid = self.call(rng, Call::new(path, json!({}))).await?;
        if paid["status"] != "succeeded" {
            return None;
        }
        let part = 100 * rng.random_range(1..=amount / 100);
        let path = format!("/payments/{}/refunds", id(&paid));
        let refund = json!({ "amount": part, "reason": "returned" });
        self.call(rng, Call::new(path, refund)).await?;
        Some(())
    }
}

fn phone(rng: &mut StdRng) -> String {
    // Four last digits of 5000 and more: no number that the simulator knows by itself.
    format!(
        "+2547{:04}{}",
        rng.random_range(0..10_000),
        rng.random_range(5_000..10_000)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_random_under_load_nothing_is_lost_and_nothing_doubled() {
    let (seed, cycles) = (seed(), setting("MALIPO_CYCLES", 10));
    println!("MALIPO_SEED={seed} MALIPO_CYCLES={cycles}");
    let t = TestApp::start().await;
    let ports: Vec<u16> = (0..processes()).map(|_| free_port()).collect();
    let urls: Vec<String> = ports
        .iter()
        .map(|p| format!("http://127.0.0.1:{p}"))
        .collect();
    // Paystack's hooks come to a process that dies; M-Pesa's callbacks, without which nobody can ask
    // after a prompt whose own answer was lost, to the one that stays.
    let ours = t.hook_url("paystack", Mode::Test).await;
    let theirs = ours.replace(&t.url, &urls[0]);
    let account = json!({ "provider": "paystack", "secret_key": t.secrets[0], "hook_url": theirs });
    t.sim.control("accounts", account).await;
    let mut rng = StdRng::seed_from_u64(seed);
    for (operation, fault) in [
        ("initialize", "http_500"),
        ("initialize", "reset"),
        ("refund", "reset"),
        ("refund", "http_500"),
    ] {
        let times = json!({ "after_effect": true, "times": rng.random_range(1..4) });
        t.sim.fault("paystack", operation, fault, times).await;
    }
    let mut served = Vec::new();
    for port in &ports {
        served.push(Served::start_on(&t, *port, &t.url).await);
    }
    let shop = Arc::new(Shop {
        t,
        urls,
        over: AtomicBool::new(false),
        answered: AtomicU64::new(0),
        cut: Mutex::default(),
    });
    let callers: Vec<_> = (0..CALLERS)
        .map(|n| {
            let (shop, mut rng) = (shop.clone(), StdRng::seed_from_u64(seed ^ (n + 1)));
            tokio::spawn(async move { shop.sell(&mut rng).await })
        })
        .collect();
    for cycle in 0..cycles {
        let enough = shop.answered.load(Ordering::Relaxed) + rng.random_range(5..25);
        until("calls are answered", async || {
            shop.answered.load(Ordering::Relaxed) >= enough
        })
        .await;
        let victim = usize::try_from(cycle).unwrap() % served.len();
        served.remove(victim).kill();
        served.insert(
            victim,
            Served::start_on(&shop.t, ports[victim], &shop.t.url).await,
        );
    }
    shop.over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    for process in served {
        process.kill();
    }
    let cut = shop.cut.lock().unwrap().clone();
    let told = check(&shop.t, &cut).await;
    println!("cycles {cycles}, calls cut off {}, {told}", cut.len());
}

/// One machine has one file; a server of databases serves several processes.
fn processes() -> usize {
    if on_postgres() { 2 } else { 1 }
}

/// Lets everything come to its end, and compares our books with the provider's.
async fn check(t: &TestApp, cut: &[Call]) -> String {
    // Longer than a dead process holds what it claimed.
    t.advance(240).await;
    for call in cut {
        let again = t
            .api
            .post_keyed(&call.path, call.body.clone(), &call.key)
            .await;
        let same = t
            .api
            .post_keyed(&call.path, call.body.clone(), &call.key)
            .await;
        assert_eq!((again.status, &again.text), (same.status, &same.text));
        // A refund that went before its answer was cut is known by its key: nothing is refused.
        again.ok();
    }
    for _ in 0..8 {
        t.advance(50).await;
    }
    for _ in 0..20 {
        t.advance(450).await;
    }
    t.advance(86_400).await;
    let fulfilled: Vec<String> =
        sqlx::query_scalar("SELECT subject FROM events WHERE event_type = 'order.paid'")
            .fetch_all(&t.db.pool().await)
            .await
            .unwrap();
    let ledger = t.sim.ledger().await;
    let taken = |p: &&Value| p["receipt"].is_string();
    let captured: BTreeMap<&str, &Value> = ledger["payments"]
        .as_array()
        .unwrap()
        .iter()
        .filter(taken)
        .flat_map(|p| {
            [
                (p["reference"].as_str().unwrap(), p),
                (p["provider_ref"].as_str().unwrap(), p),
            ]
        })
        .collect();
    let (mut money, mut back, mut found) = (0, 0, BTreeSet::new());
    let (mut orders, mut payments, mut references) = (0, 0, BTreeSet::new());
    for order in all_orders(t).await {
        orders += 1;
        assert!(
            references.insert(order["reference"].as_str().unwrap().to_owned()),
            "an order was made twice: {order}"
        );
        let of_order = order["payments"].as_array().unwrap();
        assert!(of_order.len() <= 1, "a payment was started twice: {order}");
        let mut paid = 0;
        for p in of_order {
            payments += 1;
            let theirs = captured.get(theirs_or_ours(p));
            let status = p["status"].as_str().unwrap();
            let ended = ["succeeded", "failed", "cancelled", "expired"].contains(&status);
            assert!(ended, "nobody ended it: {p}");
            assert_eq!(status == "succeeded", theirs.is_some(), "{p} {theirs:?}");
            let Some(theirs) = theirs else { continue };
            found.insert(theirs["provider_ref"].as_str().unwrap());
            assert_eq!(p["amount"], theirs["amount_minor"], "{p}");
            assert_eq!(p["amount_refunded"], theirs["refunded_minor"], "{p}");
            paid += p["amount"].as_i64().unwrap();
            back += p["amount_refunded"].as_i64().unwrap();
            for refund in t.refunds(p).await {
                assert!(refund.status.is_final(), "nobody ended {refund:?}");
            }
        }
        money += paid;
        assert_eq!(order["amount_paid"], paid, "{order}");
        let told = fulfilled.iter().filter(|o| *o == id(&order)).count();
        assert_eq!(told, usize::from(paid > 0), "order.paid of {order}");
    }
    let all: BTreeSet<_> = captured
        .values()
        .map(|p| p["provider_ref"].as_str().unwrap())
        .collect();
    assert_eq!(found, all, "money that the provider took is in no book");
    assert!(money > 0 && back > 0, "the load did nothing");
    format!(
        "orders {orders}, payments {payments}, captured {} of {money} minor units, refunded {back}, lost 0, double-captured 0, double-refunded 0",
        found.len()
    )
}

fn theirs_or_ours(p: &Value) -> &str {
    if p["provider"] == "mpesa" && p["provider_reference"].is_string() {
        return theirs(p);
    }
    reference(p)
}

async fn all_orders(t: &TestApp) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page = t.api.get(&format!("/orders?limit=100{next}")).await.ok();
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else {
            return all;
        };
        next = format!("&cursor={cursor}");
    }
}
