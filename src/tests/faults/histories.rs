//! Odd money: whatever two providers, their customers and the merchant do in whatever order, what
//! was taken is booked, an order is fulfilled at most once, and each surplus has its refund task.
use super::{on_postgres, seed, setting};
use crate::flows::paybill::register;
use crate::support::TestApp;
use crate::support::api::{id, theirs};
use crate::support::app::SHORTCODE;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Orders whose histories run beside each other: they share the clock.
const BESIDE: u64 = 25;
/// Things that happen to each.
const STEPS: usize = 7;

/// One order and what its customer may still do.
struct History {
    order: Value,
    amount: i64,
    started: Vec<Value>,
    /// The account number of its paybill, once it was asked for.
    account: Option<String>,
    /// What was typed by hand and taken: receipt and minor units.
    typed: Vec<(String, i64)>,
}

impl History {
    async fn begin(t: &TestApp, rng: &mut StdRng) -> Self {
        let amount = 100 * rng.random_range(10..500);
        let end = [120, 900, 86_400].choose(rng).unwrap();
        let order = t.api.order(amount, json!({ "expires_in": end })).await;
        let mut begun = Self {
            order,
            amount,
            started: vec![],
            account: None,
            typed: vec![],
        };
        if rng.random_ratio(1, 2) {
            begun.ask_for_account(t).await;
        }
        begun
    }

    async fn ask_for_account(&mut self, t: &TestApp) {
        let by_hand = json!({ "method": "paybill", "force": true });
        let answer = t.api.try_pay(&self.order, "mpesa", by_hand).await;
        if answer.status != 409 {
            let account = answer.ok()["next_action"]["account_number"]
                .as_str()
                .map(str::to_owned);
            self.account = account;
        }
    }

    /// The merchant or the customer starts one more payment, whatever runs already.
    async fn start(&mut self, t: &TestApp, rng: &mut StdRng) {
        let (provider, method) = *[("paystack", "card"), ("mpesa", "stk_push")]
            .choose(rng)
            .unwrap();
        let phone = format!("+254712{}", rng.random_range(500_000..1_000_000));
        let more = json!({ "method": method, "phone": phone, "force": true });
        let answer = t.api.try_pay(&self.order, provider, more).await;
        if answer.status == 409 {
            return; // The order takes no payment any more.
        }
        let payment = answer.ok();
        if payment["status"] != "failed" {
            self.started.push(payment);
        }
    }

    /// The customer does something at the provider, which may refuse it.
    async fn decide(&self, t: &TestApp, rng: &mut StdRng) {
        let Some(payment) = self.started.choose(rng) else {
            return;
        };
        let provider = payment["provider"].as_str().unwrap();
        let unpaid = if provider == "mpesa" {
            "wrong_pin"
        } else {
            "declined"
        };
        let outcome = *["paid", "paid", "paid", unpaid].choose(rng).unwrap();
        if let Some(fault) = [None, None, Some("lost"), Some("double"), Some("forged")]
            .choose(rng)
            .unwrap()
            && provider == "paystack"
        {
            let matches = json!({ "match": { "reference": theirs(payment) } });
            t.sim.fault(provider, "hook", fault, matches).await;
        }
        let body =
            json!({ "provider": provider, "reference": theirs(payment), "outcome": outcome });
        let _ = t.sim.try_control("decide", body).await;
    }

    /// The customer types an amount of their own at the paybill.
    async fn type_in(&mut self, t: &TestApp, rng: &mut StdRng) {
        let Some(account) = &self.account else { return };
        let whole = self.amount / 100;
        let shillings = *[whole, whole / 2 + 1, whole + 50].choose(rng).unwrap();
        let body = json!({
            "provider": "mpesa", "shortcode": SHORTCODE, "account": account, "amount": shillings,
        });
        if let Ok(told) = t.sim.try_control("pay", body).await {
            let receipt = told["receipt"].as_str().unwrap().to_owned();
            self.typed.push((receipt, shillings * 100));
        }
    }

    async fn step(&mut self, t: &TestApp, rng: &mut StdRng) {
        match rng.random_range(0..20) {
            0..7 => self.start(t, rng).await,
            7..15 => self.decide(t, rng).await,
            15..18 => self.type_in(t, rng).await,
            18 => {
                let path = format!("/orders/{}/cancel", id(&self.order));
                let answer = t.api.post(&path, json!({})).await;
                assert!([200, 409].contains(&answer.status), "{}", answer.text);
            }
            _ => {
                if let Some(payment) = self.started.choose(rng) {
                    t.api.verify(payment).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn r8_random_histories_of_two_providers_book_what_was_taken_and_task_each_surplus() {
    let (seed, histories) = (
        seed(),
        setting("MALIPO_HISTORIES", if on_postgres() { 25 } else { 75 }),
    );
    println!("MALIPO_SEED={seed} MALIPO_HISTORIES={histories}");
    let mut rng = StdRng::seed_from_u64(seed);
    let t = TestApp::start().await;
    register(&t).await;
    let (mut done, mut sums) = (0, Sums::default());
    while done < histories {
        let mut all = Vec::new();
        for _ in 0..BESIDE.min(histories - done) {
            all.push(History::begin(&t, &mut rng).await);
        }
        for _ in 0..STEPS {
            for history in &mut all {
                history.step(&t, &mut rng).await;
            }
            t.advance(*[0, 5, 40, 200].choose(&mut rng).unwrap()).await;
        }
        done += BESIDE;
        t.wait(60).await;
        for _ in 0..20 {
            t.advance(300).await;
        }
        t.advance(86_400).await;
        check(&t, &all, &mut sums).await;
    }
    println!("histories {histories}, {sums:?}");
    assert!(sums.paid > 0 && sums.surplus > 0 && sums.typed > 0 && sums.cancelled > 0);
}

/// What came of all of them, so that the test shows that it did something.
#[derive(Debug, Default)]
struct Sums {
    taken: i64,
    typed: i64,
    paid: i64,
    short: i64,
    cancelled: i64,
    surplus: i64,
    on_desk: i64,
}

async fn check(t: &TestApp, all: &[History], sums: &mut Sums) {
    let ledger = t.sim.ledger().await;
    let took: BTreeMap<&str, i64> = ledger["payments"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["receipt"].is_string())
        .flat_map(|p| {
            let minor = p["amount_minor"].as_i64().unwrap();
            ["reference", "provider_ref"].map(|name| (p[name].as_str().unwrap_or_default(), minor))
        })
        .collect();
    let pool = t.db.pool().await;
    let desk: Vec<(String, i64)> =
        sqlx::query_as("SELECT receipt, amount_minor FROM bill_money WHERE status = 'unmatched'")
            .fetch_all(&pool)
            .await
            .unwrap();
    let fulfilled: Vec<String> =
        sqlx::query_scalar("SELECT subject FROM events WHERE event_type = 'order.paid'")
            .fetch_all(&pool)
            .await
            .unwrap();
    pool.close().await;
    for history in all {
        let order = t.api.now(&history.order).await;
        let payments = order["payments"].as_array().unwrap();
        let mine: BTreeSet<&str> = history.started.iter().map(theirs).collect();
        let by_page: i64 = mine.iter().filter_map(|r| took.get(r)).sum();
        let by_hand: i64 = history.typed.iter().map(|(_, minor)| minor).sum();
        let waits = |receipt: &str| {
            desk.iter()
                .find(|(r, _)| r == receipt)
                .map_or(0, |(_, m)| *m)
        };
        let on_desk: i64 = history.typed.iter().map(|(r, _)| waits(r)).sum();
        let (mut booked, mut tasks) = (0, 0);
        for p in payments {
            let status = p["status"].as_str().unwrap();
            let ended = ["succeeded", "failed", "cancelled", "expired"].contains(&status);
            assert!(ended, "nobody ended it: {p}");
            booked += p["amount_captured"].as_i64().unwrap();
            let refunds = t.refunds(p).await.into_iter();
            tasks += refunds
                .filter(|r| r.reason == "surplus")
                .map(|r| r.amount.minor)
                .sum::<i64>();
        }
        assert_eq!(
            booked + on_desk,
            by_page + by_hand,
            "booked is what was taken: {order}"
        );
        assert_eq!(order["amount_paid"], booked, "{order}");
        let times = fulfilled.iter().filter(|o| *o == id(&order)).count();
        let whole = booked >= history.amount;
        let (want, due) = match order["status"].as_str().unwrap() {
            "paid" => (1, booked - history.amount),
            "partially_paid" => (0, 0),
            _ => (0, booked),
        };
        assert_eq!(
            (times, tasks),
            (want, due),
            "fulfilled and in tasks: {order}"
        );
        let is = |status: &str| i64::from(order["status"] == status);
        assert!(
            whole == (is("paid") == 1) || is("cancelled") == 1,
            "{order}"
        );
        sums.taken += by_page + by_hand;
        sums.typed += i64::from(by_hand > 0);
        sums.paid += is("paid");
        sums.short += is("partially_paid");
        sums.cancelled += is("cancelled");
        sums.surplus += i64::from(tasks > 0);
        sums.on_desk += i64::from(on_desk > 0);
    }
}
