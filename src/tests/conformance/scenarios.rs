//! What every provider goes through. A scenario fails by panic; it answers what the table shows.
use super::Cell::{self, Right, Without};
use super::bench::Bench;
use malipo::domain::payment::PaymentStatus;
use malipo::services::{HookKind, RefundSupport};
use serde_json::{Value, json};
use std::pin::Pin;

type Running<'a> = Pin<Box<dyn Future<Output = Cell> + Send + 'a>>;
pub type Scenario = for<'a> fn(&'a Bench) -> Running<'a>;

macro_rules! scenarios {
    ($($title:literal = $name:ident,)*) => {
        pub const ALL: &[(&str, Scenario)] = &[$(($title, |bench| Box::pin($name(bench)))),*];
    };
}

scenarios! {
    "paid by hook" = paid_by_hook,
    "paid by polling" = paid_by_polling,
    "declined" = declined,
    "cancelled" = cancelled,
    "expired" = expired,
    "doubled hook" = doubled_hook,
    "forged hook" = forged_hook,
    "wrong amount" = wrong_amount,
    "wrong currency" = wrong_currency,
    "timeout after effect" = timeout_after_effect,
    "500 before effect" = error_before_effect,
    "500 after effect" = error_after_effect,
    "partial refund" = partial_refund,
    "over-refund refused" = over_refund,
    "refund unknown, then settled" = refund_unknown,
}

fn without(why: impl Into<String>) -> Cell {
    Without(why.into())
}

/// Whether the provider's calls go out when a payment starts.
async fn calls_at_start(b: &Bench) -> bool {
    b.t.advance(180).await;
    let before = b.calls().await;
    let order = b.order().await;
    b.pay(&order).await;
    b.calls().await > before
}

async fn paid_by_hook(b: &Bench) -> Cell {
    if b.info.hook == HookKind::None {
        return without("it sends no hooks");
    }
    let (order, payment) = b.started().await;
    let asked = b.t.api.now(&payment).await["status"].clone();
    assert_ne!(asked, "succeeded");
    b.decide(&payment, "paid").await.unwrap();
    b.assert_paid(&order, &payment).await;
    Right("paid")
}

async fn paid_by_polling(b: &Bench) -> Cell {
    if !b.asks() {
        return without(
            "there is nobody to ask: its own call, repeated until answered, is the word",
        );
    }
    b.fault("hook", "lost", json!({ "times": 9 })).await;
    let (order, payment) = b.started().await;
    b.decide(&payment, "paid").await.unwrap();
    // R13: within a minute, while the customer still waits.
    b.t.wait(60).await;
    b.assert_paid(&order, &payment).await;
    Right("paid")
}

/// An outcome without money: seen at once, or at the end of the attempt's time where the customer
/// may try again until then.
async fn no_money(b: &Bench, outcome: &str, wanted: &[PaymentStatus]) -> Cell {
    let (order, payment) = b.started().await;
    if let Err(why) = b.decide(&payment, outcome).await {
        return without(why);
    }
    b.t.wait(60).await;
    b.assert_unpaid(&order, &payment).await;
    let status = |p: &Value| PaymentStatus::parse(p["status"].as_str().unwrap()).unwrap();
    let soon = status(&b.t.api.now(&payment).await);
    if soon.is_final() {
        assert!(wanted.contains(&soon), "{outcome}: {soon:?}");
        return Right(soon.as_str());
    }
    b.let_expire().await;
    b.assert_unpaid(&order, &payment).await;
    let end = status(&b.t.api.now(&payment).await);
    assert!(end.is_final(), "{outcome}: {end:?}");
    match end {
        PaymentStatus::Expired => Right("open, then expired"),
        PaymentStatus::Cancelled => Right("open, then cancelled"),
        _ => Right("open, then failed"),
    }
}

async fn declined(b: &Bench) -> Cell {
    no_money(b, "declined", &[PaymentStatus::Failed]).await
}

async fn cancelled(b: &Bench) -> Cell {
    let wanted = [PaymentStatus::Cancelled, PaymentStatus::Failed];
    no_money(b, "cancelled", &wanted).await
}

async fn expired(b: &Bench) -> Cell {
    let (order, payment) = b.started().await;
    b.fault("hook", "lost", json!({ "times": 9 })).await;
    // By the provider's word where it has one, else by our clock alone.
    let _ = b.decide(&payment, "expired").await;
    b.let_expire().await;
    b.assert_unpaid(&order, &payment).await;
    let now = b.t.api.now(&payment).await;
    let ended = ["expired", "failed", "cancelled"];
    assert!(ended.contains(&now["status"].as_str().unwrap()), "{now}");
    Right("expired")
}

async fn doubled_hook(b: &Bench) -> Cell {
    if b.info.hook == HookKind::None {
        return without("it sends no hooks");
    }
    let (order, payment) = b.started().await;
    b.fault("hook", "double", json!({ "times": 3 })).await;
    b.decide(&payment, "paid").await.unwrap();
    b.t.wait(30).await;
    b.assert_paid(&order, &payment).await;
    Right("paid once")
}

async fn forged_hook(b: &Bench) -> Cell {
    let (order, payment) = b.started().await;
    let mut sent = false;
    for name in b.t.known_by(&payment).await {
        let body = json!({ "provider": b.info.name, "reference": name });
        sent |= b.t.sim.try_control("forge", body).await.is_ok();
    }
    if !sent {
        return without("nothing to forge");
    }
    b.t.run_jobs().await;
    b.assert_unpaid(&order, &payment).await;
    // The true news still counts after the lie.
    b.decide(&payment, "paid").await.unwrap();
    b.t.wait(60).await;
    b.assert_paid(&order, &payment).await;
    Right("not believed")
}

/// The provider reports another fact than ours: by hook, and whenever it is asked.
async fn distorted(b: &Bench, fault: &str) -> Cell {
    let (order, payment) = b.started().await;
    let often = json!({ "times": 40 });
    b.fault("fetch", fault, often.clone()).await;
    b.fault("hook", fault, often).await;
    b.decide(&payment, "paid").await.unwrap();
    b.t.wait(60).await;
    let now = b.t.api.now(&payment).await;
    if now["status"] == "succeeded" {
        // Only where no report of this provider tells the fact: the simulator then changed nothing.
        let why = "its answers do not tell this fact";
        assert!(b.without_fact(fault), "{fault} was believed: {now}");
        b.assert_paid(&order, &payment).await;
        return without(why);
    }
    b.assert_unpaid(&order, &payment).await;
    match now["status"].as_str().unwrap() {
        "mismatched" => Right("mismatched"),
        // Its own checks refuse before any money moves.
        _ => Right("refused"),
    }
}

async fn wrong_amount(b: &Bench) -> Cell {
    distorted(b, "wrong_amount").await
}

async fn wrong_currency(b: &Bench) -> Cell {
    distorted(b, "wrong_currency").await
}

async fn timeout_after_effect(b: &Bench) -> Cell {
    lost_answer(b, "timeout").await
}

async fn error_after_effect(b: &Bench) -> Cell {
    lost_answer(b, "http_500").await
}

/// R4: the provider acted, and its answer never came.
async fn lost_answer(b: &Bench, fault: &str) -> Cell {
    if !calls_at_start(b).await {
        return without("nothing is called when a payment starts");
    }
    b.t.advance(180).await;
    b.fault("start", fault, json!({ "after_effect": true }))
        .await;
    let order = b.order().await;
    let payment = b.pay(&order).await;
    assert_eq!(payment["status"], "unknown", "{payment}");
    assert!(!b.t.sim.planted("start").await, "the fault struck");
    if let Err(why) = b.decide(&payment, "paid").await {
        return without(why);
    }
    b.t.wait(60).await;
    b.assert_paid(&order, &payment).await;
    Right("unknown, then paid")
}

async fn error_before_effect(b: &Bench) -> Cell {
    if !calls_at_start(b).await {
        return without("nothing is called when a payment starts");
    }
    b.t.advance(180).await;
    b.fault("start", "http_500", json!({})).await;
    let order = b.order().await;
    let payment = b.pay(&order).await;
    assert_eq!(payment["status"], "unknown", "{payment}");
    b.t.wait(300).await;
    b.let_expire().await;
    b.assert_unpaid(&order, &payment).await;
    let now = b.t.api.now(&payment).await;
    match now["status"].as_str().unwrap() {
        "failed" => Right("unknown, then failed"),
        "expired" => Right("unknown, then expired"),
        other => panic!("{other}: {now}"),
    }
}

/// How money goes back by this account, from the form's own answer.
async fn refunds(b: &Bench, payment: &Value) -> RefundSupport {
    use malipo::domain::ids::{Id, PaymentId};
    let id = PaymentId::parse(crate::support::api::id(payment)).unwrap();
    let (app, tenant) = (&b.t.app, &b.t.tenant.id);
    let payment = malipo::services::payments::get(app, tenant, &id).await;
    let payment = payment.unwrap().unwrap();
    let way = malipo::services::refunds::support(app, &payment).await;
    way.unwrap().unwrap().1
}

/// Lets a refund come to its end.
async fn refunded(b: &Bench, refund: &Value) -> Value {
    for _ in 0..24 {
        let now = b.t.api.now(refund).await;
        if matches!(now["status"].as_str(), Some("succeeded" | "failed")) {
            return now;
        }
        b.t.advance(300).await;
    }
    panic!("{} never ends", b.t.api.now(refund).await);
}

async fn partial_refund(b: &Bench) -> Cell {
    let (_, payment) = b.paid().await;
    let part = b.amount / 2 / b.step * b.step;
    match refunds(b, &payment).await {
        RefundSupport::Partial => {}
        RefundSupport::FullOnly => {
            let refused = b.t.api.refund(&payment, Some(part)).await;
            assert_eq!(refused.refusal(), (422, "refund_full_only".to_owned()));
            let refund = b.t.api.refund(&payment, None).await.ok();
            b.t.run_jobs().await;
            assert_eq!(refunded(b, &refund).await["status"], "succeeded");
            assert_eq!(b.gave_back(&payment).await, b.amount);
            return Right("whole ones only");
        }
        RefundSupport::ByHand => {
            let refund = b.t.api.refund(&payment, Some(part)).await.ok();
            b.t.run_jobs().await;
            assert_eq!(b.t.api.now(&refund).await["status"], "sending");
            assert_eq!(b.gave_back(&payment).await, 0);
            return Right("by hand");
        }
        RefundSupport::Elsewhere(_) => {
            let refused = b.t.api.refund(&payment, Some(part)).await;
            assert_eq!(refused.refusal(), (422, "refund_not_supported".to_owned()));
            return Right("on its own pages");
        }
    }
    for _ in 0..2 {
        let refund = b.t.api.refund(&payment, Some(part)).await.ok();
        b.t.run_jobs().await;
        assert_eq!(refunded(b, &refund).await["status"], "succeeded");
    }
    assert_eq!(b.gave_back(&payment).await, 2 * part);
    let now = b.t.api.now(&payment).await;
    assert_eq!(now["amount_refunded"], json!(2 * part), "{now}");
    Right("two parts")
}

async fn over_refund(b: &Bench) -> Cell {
    let (_, payment) = b.paid().await;
    if matches!(refunds(b, &payment).await, RefundSupport::Elsewhere(_)) {
        return without("refunds are made on its own pages");
    }
    let over = b.t.api.refund(&payment, Some(b.amount + b.step)).await;
    assert_eq!(over.refusal(), (422, "refund_exceeds_captured".to_owned()));
    b.t.api.refund(&payment, None).await.ok();
    let again = b.t.api.refund(&payment, Some(b.step)).await;
    assert_eq!(again.refusal(), (422, "refund_exceeds_captured".to_owned()));
    b.t.run_jobs().await;
    Right("refused")
}

async fn refund_unknown(b: &Bench) -> Cell {
    let (_, payment) = b.paid().await;
    if !matches!(
        refunds(b, &payment).await,
        RefundSupport::Partial | RefundSupport::FullOnly
    ) {
        return without("a person pays it back");
    }
    b.fault("refund", "timeout", json!({ "after_effect": true }))
        .await;
    let refund = b.t.api.refund(&payment, None).await.ok();
    b.t.run_jobs().await;
    let now = b.t.api.now(&refund).await;
    // A hook may have told it sooner than we ask.
    assert!(
        now["status"] == "unknown" || now["status"] == "succeeded",
        "{now}"
    );
    let end = refunded(b, &refund).await;
    assert_eq!(end["status"], "succeeded", "{end}");
    assert_eq!(b.gave_back(&payment).await, b.amount, "given back once");
    Right("found, sent once")
}
