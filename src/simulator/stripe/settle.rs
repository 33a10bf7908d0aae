//! What becomes of a session: a try that failed, money that came or is under way.

use serde_json::{Value, json};

use super::cards::{self, CARDS, Refusal};
use super::events::{self, News};
use super::{Sale, new_id, pointer, sessions, wire};
use crate::simulator::Sim;
use crate::simulator::ledger::{Change, Payment};

/// A step that was taken: the books after it and the news of it, not told yet.
struct Step {
    payment: Payment,
    sale: Sale,
    news: Vec<News>,
    more: Vec<Change>,
}

impl Step {
    /// The customer tries to pay: from here on there is an intent.
    fn tried(payment: Payment) -> Self {
        let mut sale = Sale::of(&payment);
        let mut more = Vec::new();
        if sale.intent.is_none() {
            let id = new_id("pi", 24);
            more.push(pointer("intent", &id, &payment.id));
            sale.intent = Some(id);
        }
        Self {
            payment,
            sale,
            news: Vec::new(),
            more,
        }
    }

    fn session(&self, sim: &Sim) -> Value {
        let page = sessions::page_of(sim, &self.payment.id);
        wire::session(&self.payment, &self.sale, &page, false)
    }

    fn intent(&self) -> Value {
        wire::intent(&self.payment, &self.sale)
    }

    fn charged(&mut self) -> String {
        let id = new_id("ch", 24);
        self.more.push(pointer("charge", &id, &self.payment.id));
        self.sale.charge = Some(id.clone());
        id
    }

    /// All that is committed.
    async fn done(mut self, sim: &Sim) -> anyhow::Result<Vec<Change>> {
        self.payment.updated_at = sim.clock.now();
        self.payment.data = self.sale.into_value();
        let mut changes = self.more;
        changes.push(Change::Payment(self.payment.clone()));
        for news in self.news {
            changes.extend(events::tell(sim, &self.payment, news).await?);
        }
        Ok(changes)
    }
}

/// One try failed; the page stays open for another.
pub async fn refused(sim: &Sim, payment: Payment, refusal: Refusal) -> anyhow::Result<Vec<Change>> {
    let mut step = Step::tried(payment);
    step.payment.attempts += 1;
    step.sale.asks_bank = None;
    step.sale.intent_status = "requires_payment_method".into();
    let charge = match refusal {
        // The bank said no before any charge was made.
        cards::NOT_AUTHENTICATED => None,
        _ => Some(step.charged()),
    };
    step.sale.last_error = cards::last_error(refusal, charge.as_deref());
    step.news
        .push(News::new("payment_intent.payment_failed", step.intent()));
    if charge.is_some() {
        let object = wire::charge(&step.payment, &step.sale);
        step.news.push(News::new("charge.failed", object));
    }
    step.done(sim).await
}

/// The bank's page opens (3-D Secure).
pub async fn ask_bank(sim: &Sim, payment: Payment, card: usize) -> anyhow::Result<Vec<Change>> {
    let mut step = Step::tried(payment);
    step.sale.asks_bank = Some(card);
    step.sale.intent_status = "requires_action".into();
    step.news
        .push(News::new("payment_intent.requires_action", step.intent()));
    step.done(sim).await
}

/// The customer closes the bank's page to choose another card.
pub async fn other_card(sim: &Sim, payment: Payment) -> anyhow::Result<Vec<Change>> {
    let mut step = Step::tried(payment);
    step.sale.asks_bank = None;
    step.sale.intent_status = "requires_payment_method".into();
    step.done(sim).await
}

/// The customer's money came: by a card at once, or by a bank days later.
pub async fn paid(sim: &Sim, payment: Payment, card: Option<usize>) -> anyhow::Result<Vec<Change>> {
    let late = payment.status == "complete";
    let mut step = Step::tried(payment);
    step.charged();
    step.payment.status = "complete".into();
    step.payment.receipt.clone_from(&step.sale.intent);
    step.payment.attempts += i64::from(!late);
    step.sale.paid = true;
    step.sale.asks_bank = None;
    step.sale.intent_status = "succeeded".into();
    step.sale.last_error = Value::Null;
    step.sale.card = card;
    let of_card = card.map(|at| &CARDS[at]);
    step.sale.disputed = of_card.is_some_and(|card| card.disputed);
    let completed = if late {
        "checkout.session.async_payment_succeeded"
    } else {
        "checkout.session.completed"
    };
    step.news = vec![
        News::new("charge.succeeded", wire::charge(&step.payment, &step.sale)),
        News::new("payment_intent.succeeded", step.intent()),
        News::new(completed, step.session(sim)),
    ];
    if of_card.is_some_and(|card| card.disputed || card.number.ends_with("1976")) {
        let dispute = wire::dispute(&step.payment, &step.sale, &new_id("du", 24));
        step.news.push(News::new("charge.dispute.created", dispute));
    }
    step.done(sim).await
}

/// The page is finished; the money is under way (a bank debit, say).
pub async fn under_way(sim: &Sim, payment: Payment) -> anyhow::Result<Vec<Change>> {
    let mut step = Step::tried(payment);
    step.payment.status = "complete".into();
    step.payment.attempts += 1;
    step.sale.asks_bank = None;
    step.sale.intent_status = "processing".into();
    step.sale.last_error = Value::Null;
    step.news = vec![
        News::new("payment_intent.processing", step.intent()),
        News::new("checkout.session.completed", step.session(sim)),
    ];
    step.done(sim).await
}

/// The bank sent nothing in the end.
async fn came_to_nothing(sim: &Sim, payment: Payment) -> anyhow::Result<Vec<Change>> {
    let mut step = Step::tried(payment);
    step.sale.intent_status = "requires_payment_method".into();
    step.sale.last_error = json!({
        "type": "invalid_request_error", "code": "payment_intent_payment_attempt_failed",
        "message": "The payment failed.",
    });
    step.news = vec![
        News::new("payment_intent.payment_failed", step.intent()),
        News::new("checkout.session.async_payment_failed", step.session(sim)),
    ];
    step.done(sim).await
}

/// The customer's decision by `POST /_control/decide`.
pub async fn decide(
    sim: &Sim,
    payment: Payment,
    outcome: &str,
) -> anyhow::Result<Result<Vec<Change>, String>> {
    let sale = Sale::of(&payment);
    let waiting = payment.status == "complete" && sale.intent_status == "processing";
    let refuse = |why: &str| Ok(Err(why.to_owned()));
    Ok(Ok(match (payment.status.as_str(), outcome) {
        _ if sale.paid => return refuse("the payment is already paid"),
        ("expired", _) => return refuse("the session has expired; nobody can pay it any more"),
        ("complete", _) if !waiting => return refuse("the payment failed for good"),
        ("complete", "paid" | "succeeded") => paid(sim, payment, None).await?,
        ("complete", "declined" | "failed") => came_to_nothing(sim, payment).await?,
        ("complete", _) => return refuse("the money is under way: paid or declined"),
        (_, "paid" | "succeeded") => paid(sim, payment, Some(0)).await?,
        (_, "declined" | "failed") => refused(sim, payment, cards::GENERIC).await?,
        (_, "insufficient_funds") => refused(sim, payment, cards::NO_FUNDS).await?,
        (_, "processing") => under_way(sim, payment).await?,
        (_, "expired") => sessions::over(sim, payment).await?.1,
        // Leaving the page ends nothing.
        (_, "cancelled") => vec![Change::Payment(payment)],
        _ => {
            return refuse(
                "outcomes: paid, declined, insufficient_funds, cancelled, expired, processing",
            );
        }
    }))
}
