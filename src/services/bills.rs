//! Money that customers pay by hand to a business number. Matched by the short reference that they
//! typed, confirmed by asking where somebody can be asked (R5), booked once by its receipt (R8), and
//! otherwise left to a person: nothing is dropped, and nothing is given to a wrong order.
use super::books::{Entry, audit};
use super::inbound::InboundError;
use super::inquiries;
use super::settle::{self, SettleError};
use super::{Actor, App, InputProblem, TRIES, payments as asking};
use crate::clock::random_hex;
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::bill::{BillMoney, BillReference, BillStatus, Unmatched, nearest, plain};
use crate::domain::hook::Hook;
use crate::domain::ids::{BillId, OrderId, PaymentId, TenantId};
use crate::domain::job::{JobKind, Outcome};
use crate::domain::method::Method;
use crate::domain::order::Order;
use crate::domain::payment::{NextAction, Payment, PaymentStatus};
use crate::providers::{Answer, Answered, Asked, BillPayment, Verdict};
use crate::store::inquiries::{self as questions, InquiryKind};
use crate::store::{Cursor, Page, StoreError, Tx, bills as rows, jobs, orders, payments};
use serde_json::json;

/// Why a person could not decide.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    #[error("not found")]
    NotFound,
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How often the provider is asked after one receipt.
const QUESTIONS: i64 = 3;
/// How long an answer is waited for, in seconds; it takes minutes at times.
const ANSWER_SECS: i64 = 180;
/// The prompt whose account number was typed is asked after so often, and at most so long.
const PROMPT_ASK_SECS: i64 = 15;
const PROMPT_WAIT_SECS: i64 = 1_800;
/// A prompt's own money is told within this after its attempt.
const ECHO_SECS: i64 = 300;
/// How many orders are suggested for money on the desk.
const SUGGESTIONS: i64 = 5;

/// Makes a reference for a payment.
pub fn new_reference() -> BillReference {
    BillReference::make(u64::from_str_radix(&random_hex::<8>(), 16).unwrap_or_default())
}

/// What our books say to money that is about to be paid by hand. Never money.
pub async fn verdict(
    app: &App,
    tenant: &TenantId,
    test_mode: bool,
    asked: &BillPayment,
) -> Result<Verdict, StoreError> {
    if !asked.ours {
        return Ok(Verdict::OtherNumber);
    }
    // A till has no account number: a person matches it.
    if asked.typed.trim().is_empty() {
        return Ok(Verdict::Welcome);
    }
    let Some(reference) = BillReference::parse(&asked.typed) else {
        return Ok(Verdict::UnknownReference);
    };
    let mut tx = app.db.read().await?;
    let Some(id) = rows::payment_of(&mut tx, tenant, &reference).await? else {
        return Ok(Verdict::UnknownReference);
    };
    let Some(p) = payments::get(&mut tx, tenant, &id).await? else {
        return Ok(Verdict::UnknownReference);
    };
    let Some(order) = orders::get(&mut tx, tenant, &p.order_id).await? else {
        return Ok(Verdict::UnknownReference);
    };
    Ok(if p.test_mode != test_mode {
        Verdict::UnknownReference
    } else if !order.takes_payments(app.clock.now()) {
        Verdict::Closed
    } else if !order.asks_for(asked.amount) {
        Verdict::WrongAmount
    } else {
        Verdict::Welcome
    })
}

/// Keeps money that a provider tells of, once for each receipt. Returns what to note on the hook.
pub async fn receive(
    app: &App,
    hook: &Hook,
    told: &BillPayment,
) -> Result<&'static str, StoreError> {
    let now = app.clock.now();
    let why = (!told.ours).then_some(Unmatched::OtherNumber);
    let money = BillMoney {
        id: app.clock.id(),
        tenant_id: hook.tenant_id.clone(),
        provider: hook.provider.clone(),
        test_mode: hook.test_mode,
        receipt: told.receipt.clone(),
        amount: told.amount,
        business_number: told.business_number.clone(),
        typed: told.typed.clone(),
        payer_name: told.payer_name.clone(),
        payer_phone: told.payer_phone.clone(),
        hook_id: hook.id.clone(),
        status: if why.is_some() {
            BillStatus::Unmatched
        } else {
            BillStatus::Received
        },
        why,
        payment_id: None,
        asked: 0,
        decided_by: None,
        note: String::new(),
        created_at: now,
        updated_at: now,
    };
    let mut tx = app.db.begin().await?;
    if !rows::insert_money(&mut tx, &money).await? {
        return Ok("the receipt is known");
    }
    if why.is_none() {
        queue(app, &mut tx, &money).await?;
    }
    tx.commit().await?;
    app.work.notify_one();
    Ok("")
}

async fn queue(app: &App, tx: &mut Tx<'_>, m: &BillMoney) -> Result<(), StoreError> {
    let (kind, subject, now) = (JobKind::SettleBill, m.id.to_string(), app.clock.now());
    jobs::queue(tx, app.clock.id(), &m.tenant_id, kind, &subject, now).await
}

async fn get_in(tx: &mut Tx<'_>, tenant: &TenantId, id: &BillId) -> Result<BillMoney, StoreError> {
    let found = rows::get(tx, tenant, id).await?;
    found.ok_or(StoreError::Stale)
}

/// The job: asks the provider whether it is true, where it can be asked, and then books it.
pub async fn settle(app: &App, tenant: &TenantId, id: &BillId) -> Result<Outcome, InboundError> {
    let Some(m) = get(app, tenant, id).await? else {
        return Ok(Outcome::Done);
    };
    if !matches!(m.status, BillStatus::Received | BillStatus::Asking) {
        return Ok(Outcome::Done);
    }
    let mode = Mode::of(m.test_mode);
    let mut tx = app.db.read().await?;
    let stopped = questions::stopped(&mut tx, tenant, &m.provider, mode).await?;
    drop(tx);
    if stopped.is_some() || m.asked >= QUESTIONS {
        return leave(app, &m, Unmatched::NotConfirmed).await;
    }
    let mut tx = app.db.begin().await?;
    let mut asked = get_in(&mut tx, tenant, id).await?;
    let subject = (InquiryKind::Receipt, id.to_string());
    let place = (subject.0, subject.1.as_str());
    let inquiry = inquiries::open(app, &mut tx, tenant, &m.provider, mode, place).await?;
    asked.asked += 1;
    rows::save(&mut tx, &asked, asked.status).await?;
    tx.commit().await.map_err(StoreError::from)?;
    match inquiries::ask(app, &inquiry, Asked::Receipt(m.receipt.clone())).await? {
        // R5: nobody can be asked. The secret address, and where the account wants it the sender's
        // published one, are all the proof there is; the provider's statement shows the rest.
        Ok(None) => book_or_queue(app, tenant, id).await,
        answer => {
            if let Err(error) = &answer {
                tracing::info!(bill.id = %id, provider = %m.provider, error = %error,
                    "a receipt could not be asked after");
            }
            step(app, tenant, id, BillStatus::Asking).await?;
            Ok(Outcome::Again(app.clock.now().plus_secs(ANSWER_SECS)))
        }
    }
}

/// Moves money on, unless somebody was faster.
async fn step(
    app: &App,
    tenant: &TenantId,
    id: &BillId,
    to: BillStatus,
) -> Result<(), InboundError> {
    let mut tx = app.db.begin().await?;
    let mut m = get_in(&mut tx, tenant, id).await?;
    let was = m.status;
    if was.can_become(to) {
        m.status = to;
        m.updated_at = app.clock.now();
        rows::save(&mut tx, &m, was).await?;
        tx.commit().await.map_err(StoreError::from)?;
    }
    Ok(())
}

/// Leaves money to a person.
async fn leave(app: &App, m: &BillMoney, why: Unmatched) -> Result<Outcome, InboundError> {
    let mut tx = app.db.begin().await?;
    put_on_desk(app, &mut tx, m.clone(), why).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Outcome::Done)
}

async fn put_on_desk(
    app: &App,
    tx: &mut Tx<'_>,
    mut m: BillMoney,
    why: Unmatched,
) -> Result<(), StoreError> {
    let was = m.status;
    if was != BillStatus::Unmatched {
        m.status = was
            .go(BillStatus::Unmatched)
            .map_err(|_| StoreError::Stale)?;
    }
    m.why = Some(why);
    m.updated_at = app.clock.now();
    rows::save(tx, &m, was).await
}

/// The provider says whether a receipt is money.
pub async fn answered(
    app: &App,
    tenant: &TenantId,
    id: &BillId,
    answer: &Answer,
) -> Result<(), InboundError> {
    let Some(m) = get(app, tenant, id).await? else {
        return Ok(());
    };
    let waits = matches!(m.status, BillStatus::Received | BillStatus::Asking)
        || m.why == Some(Unmatched::NotConfirmed) && m.status == BillStatus::Unmatched;
    if !waits {
        return Ok(());
    }
    match &answer.found {
        Answered::Done { receipt, amount } if *receipt == m.receipt && *amount == m.amount => {
            book_or_queue(app, tenant, id).await?;
        }
        Answered::Done { .. } | Answered::TakenBack { .. } | Answered::NotDone => {
            leave(app, &m, Unmatched::Denied).await?;
        }
        Answered::Nothing if answer.locked_out => {
            leave(app, &m, Unmatched::NotConfirmed).await?;
        }
        Answered::Nothing | Answered::Refund(_) => {}
    }
    Ok(())
}

/// Where money goes.
enum Target {
    /// This payment waits for it, or waited.
    Payment(Payment),
    /// One more payment of this one's order: it was paid before.
    Beside(Payment),
    /// It is the money of this prompt, which is booked already.
    Booked(Payment),
    /// The prompt of this payment may still bring the same money.
    Wait(Payment),
    Desk(Unmatched),
}

/// Books money that is true, by what was typed. The job `book_bill`, and the end of `settle`.
pub async fn book(app: &App, tenant: &TenantId, id: &BillId) -> Result<Outcome, InboundError> {
    for _ in 1..TRIES {
        match book_once(app, tenant, id).await {
            // A unique key: the same receipt was booked a moment ago.
            Err(InboundError::Settle(SettleError::Store(
                StoreError::Stale | StoreError::Taken,
            ))) => {}
            other => return other,
        }
    }
    book_once(app, tenant, id).await
}

/// Books money, or has it booked by a job of its own once its prompt has ended: what was confirmed
/// is not asked after again.
async fn book_or_queue(app: &App, tenant: &TenantId, id: &BillId) -> Result<Outcome, InboundError> {
    if let Outcome::Again(at) = book(app, tenant, id).await? {
        let mut tx = app.db.begin().await?;
        let (kind, subject) = (JobKind::BookBill, id.to_string());
        jobs::queue(&mut tx, app.clock.id(), tenant, kind, &subject, at).await?;
        tx.commit().await.map_err(StoreError::from)?;
    }
    Ok(Outcome::Done)
}

async fn book_once(app: &App, tenant: &TenantId, id: &BillId) -> Result<Outcome, InboundError> {
    let mut tx = app.db.begin().await?;
    let found = rows::get(&mut tx, tenant, id).await?;
    let open = |m: &BillMoney| {
        matches!(m.status, BillStatus::Received | BillStatus::Asking)
            || m.why == Some(Unmatched::NotConfirmed) && m.status == BillStatus::Unmatched
    };
    let Some(mut m) = found.filter(open) else {
        return Ok(Outcome::Done);
    };
    let now = app.clock.now();
    let mut p = match target(&mut tx, &m, now).await? {
        Target::Payment(p) => p,
        Target::Beside(p) => beside(app, &mut tx, &m, &p.order_id).await?,
        Target::Booked(mut p) => {
            if p.receipt.is_none() {
                p.receipt = Some(m.receipt.clone());
                let was = p.status;
                payments::save(&mut tx, &p, was)
                    .await
                    .map_err(SettleError::from)?;
            }
            end(app, &mut tx, &mut m, BillStatus::Booked, &p).await?;
            tx.commit().await.map_err(StoreError::from)?;
            return Ok(Outcome::Done);
        }
        Target::Wait(p) => {
            drop(tx);
            if now.secs_since(m.created_at) > PROMPT_WAIT_SECS {
                return leave(app, &m, Unmatched::NotConfirmed).await;
            }
            if let Err(error) = asking::ask(app, &p, None).await? {
                tracing::info!(payment.id = %p.id, error = %error, "no answer about a prompt");
            }
            return Ok(Outcome::Again(app.clock.now().plus_secs(PROMPT_ASK_SECS)));
        }
        Target::Desk(why) => {
            put_on_desk(app, &mut tx, m, why).await?;
            tx.commit().await.map_err(StoreError::from)?;
            return Ok(Outcome::Done);
        }
    };
    let words = format!("paid by hand, account number {}", m.typed);
    book_on(app, &mut tx, &mut p, &m, &Actor::Provider, &words).await?;
    end(app, &mut tx, &mut m, BillStatus::Booked, &p).await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(Outcome::Done)
}

async fn book_on(
    app: &App,
    tx: &mut Tx<'_>,
    p: &mut Payment,
    m: &BillMoney,
    actor: &Actor,
    words: &str,
) -> Result<(), SettleError> {
    p.receipt = Some(m.receipt.clone());
    settle::book(app, tx, p, m.amount, actor, words).await
}

async fn end(
    app: &App,
    tx: &mut Tx<'_>,
    m: &mut BillMoney,
    to: BillStatus,
    p: &Payment,
) -> Result<(), SettleError> {
    let was = m.status;
    m.status = was.go(to)?;
    m.payment_id = Some(p.id.clone());
    m.updated_at = app.clock.now();
    rows::save(tx, m, was).await?;
    Ok(())
}

async fn target(tx: &mut Tx<'_>, m: &BillMoney, now: Timestamp) -> Result<Target, StoreError> {
    let tenant = &m.tenant_id;
    let same = payments::by_receipt(tx, tenant, &m.provider, m.test_mode, &m.receipt).await?;
    if let Some(p) = same {
        return Ok(Target::Booked(p));
    }
    let id = match named(tx, m).await? {
        Ok(id) => id,
        Err(why) => return Ok(Target::Desk(why)),
    };
    let Some(p) = payments::get(tx, tenant, &id).await? else {
        return Ok(Target::Desk(Unmatched::UnknownReference));
    };
    if p.provider != m.provider || p.test_mode != m.test_mode {
        return Ok(Target::Desk(Unmatched::OtherMode));
    }
    let paid = p.status == PaymentStatus::Succeeded;
    Ok(if p.method == Method::Paybill {
        if p.status.is_open() || p.status.ended_without_money() {
            Target::Payment(p)
        } else {
            Target::Beside(p)
        }
    } else if p.status.is_open() || p.status == PaymentStatus::Mismatched {
        // The account number stands in the prompt, too. Until the prompt has ended nobody knows
        // whether this is its money, told a second time, or was typed by hand beside it.
        Target::Wait(p)
    } else if paid
        && p.receipt.is_none()
        && p.captured() == m.amount
        && now.secs_since(p.expires_at) < ECHO_SECS
    {
        Target::Booked(p)
    } else {
        Target::Beside(p)
    })
}

/// The payment whose reference was typed, or typed but for one slip.
async fn named(tx: &mut Tx<'_>, m: &BillMoney) -> Result<Result<PaymentId, Unmatched>, StoreError> {
    if m.typed.trim().is_empty() {
        return Ok(Err(Unmatched::NoReference));
    }
    if let Some(reference) = BillReference::parse(&m.typed) {
        let found = rows::payment_of(tx, &m.tenant_id, &reference).await?;
        return Ok(found.ok_or(Unmatched::UnknownReference));
    }
    let near = near(tx, m).await?;
    let [(_, only)] = near.as_slice() else {
        return Ok(Err(if near.is_empty() {
            Unmatched::UnknownReference
        } else {
            Unmatched::Ambiguous
        }));
    };
    let fits = match payments::get(tx, &m.tenant_id, only).await? {
        Some(p) => {
            let order = orders::get(tx, &m.tenant_id, &p.order_id).await?;
            order.is_some_and(|o| o.asks_for(m.amount))
        }
        None => false,
    };
    Ok(if fits {
        Ok(only.clone())
    } else {
        Err(Unmatched::Ambiguous)
    })
}

/// Open bills that differ from what was typed by one slip.
async fn near(
    tx: &mut Tx<'_>,
    m: &BillMoney,
) -> Result<Vec<(BillReference, PaymentId)>, StoreError> {
    let typed: Vec<char> = plain(&m.typed).chars().collect();
    if typed.len() < 3 {
        return Ok(vec![]);
    }
    let head: String = typed[..3].iter().collect();
    let tail: String = typed[typed.len() - 3..].iter().collect();
    let open = rows::open_near(tx, &m.tenant_id, m.test_mode, &head, &tail).await?;
    let near = nearest(&m.typed, &open, |(reference, _)| reference);
    Ok(near.into_iter().cloned().collect())
}

/// One more payment of an order, for money that no payment of it waits for.
async fn beside(
    app: &App,
    tx: &mut Tx<'_>,
    m: &BillMoney,
    order: &OrderId,
) -> Result<Payment, SettleError> {
    let order = orders::get(tx, &m.tenant_id, order)
        .await?
        .ok_or(SettleError::NotFound)?;
    let now = app.clock.now();
    let p = Payment {
        id: app.clock.id(),
        tenant_id: m.tenant_id.clone(),
        order_id: order.id.clone(),
        provider: m.provider.clone(),
        method: Method::Paybill,
        livemode: order.livemode,
        test_mode: m.test_mode,
        amount: order.expected(m.amount),
        captured_minor: 0,
        refund_held_minor: 0,
        refunded_minor: 0,
        status: PaymentStatus::Created,
        flags: vec![],
        reference: format!("m{}", random_hex::<12>()),
        provider_ref: None,
        receipt: None,
        phone: None,
        next_action: NextAction::None,
        failure: None,
        polls: 0,
        created_at: now,
        updated_at: now,
        expires_at: now,
    };
    payments::insert(tx, &p, None).await?;
    Entry::payment(&p, "payment.created", &Actor::Provider)
        .data(json!({ "provider": p.provider, "method": p.method, "test_mode": p.test_mode }))
        .write(app, tx)
        .await?;
    Ok(p)
}

pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &BillId,
) -> Result<Option<BillMoney>, StoreError> {
    rows::get(&mut app.db.read().await?, tenant, id).await
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    status: Option<BillStatus>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<BillMoney>, StoreError> {
    rows::list(&mut app.db.read().await?, tenant, status, cursor, limit).await
}

/// Orders that a person may mean it for: by a slip of the thumb first, then by the amount. Only
/// suggestions.
pub async fn suggestions(app: &App, m: &BillMoney) -> Result<Vec<Order>, StoreError> {
    let mut tx = app.db.read().await?;
    let mut ids = Vec::new();
    if BillReference::parse(&m.typed).is_none() {
        for (_, payment) in near(&mut tx, m).await? {
            if let Some(p) = payments::get(&mut tx, &m.tenant_id, &payment).await? {
                ids.push(p.order_id);
            }
        }
    }
    ids.extend(rows::orders_waiting_for(&mut tx, m, SUGGESTIONS).await?);
    let mut found: Vec<Order> = Vec::new();
    for id in ids {
        if found.iter().any(|o| o.id == id) {
            continue;
        }
        found.extend(orders::get(&mut tx, &m.tenant_id, &id).await?);
    }
    found.truncate(usize::try_from(SUGGESTIONS).unwrap_or(5));
    Ok(found)
}

async fn on_desk(tx: &mut Tx<'_>, tenant: &TenantId, id: &BillId) -> Result<BillMoney, BillError> {
    let m = rows::get(tx, tenant, id)
        .await?
        .ok_or(BillError::NotFound)?;
    if m.status == BillStatus::Unmatched {
        Ok(m)
    } else {
        Err(StoreError::Stale.into())
    }
}

/// A person gives money to an order, once.
pub async fn assign(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &BillId,
    order: &OrderId,
) -> Result<Payment, BillError> {
    let refuse = |code, message: &str| Err(InputProblem::new("order", code, message).into());
    let mut tx = app.db.begin().await?;
    let mut m = on_desk(&mut tx, tenant, id).await?;
    if m.why == Some(Unmatched::Denied) {
        return refuse(
            "not_money",
            "the provider says that this money is not there",
        );
    }
    let Some(order) = orders::get(&mut tx, tenant, order).await? else {
        return refuse("order_unknown", "there is no such order");
    };
    // R11: test money settles no live order, and live money no test order.
    if order.livemode == m.test_mode {
        return refuse(
            "other_mode",
            "test money and live orders do not go together",
        );
    }
    if order.amount.currency != m.amount.currency {
        return refuse("currency", "the order is in another currency");
    }
    let same = payments::by_receipt(&mut tx, tenant, &m.provider, m.test_mode, &m.receipt).await?;
    if same.is_some() {
        return refuse("receipt_booked", "this receipt is booked already");
    }
    let waits = payments::of_order(&mut tx, tenant, &order.id).await?;
    let waits = waits.into_iter().find(|p| {
        p.method == Method::Paybill
            && p.provider == m.provider
            && p.test_mode == m.test_mode
            && p.status.is_open()
    });
    let mut p = match waits {
        Some(p) => p,
        None => beside(app, &mut tx, &m, &order.id).await?,
    };
    book_on(app, &mut tx, &mut p, &m, actor, "matched by hand").await?;
    m.decided_by = Some(actor.as_str().to_owned());
    end(app, &mut tx, &mut m, BillStatus::Assigned, &p).await?;
    let subject = m.id.to_string();
    let detail = json!({ "order": order.id, "payment": p.id, "receipt": m.receipt });
    audit(
        app,
        &mut tx,
        tenant,
        actor,
        "bill.assigned",
        &subject,
        &detail,
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(p)
}

/// A person gave money back, or saw that it was never ours.
pub async fn mark_returned(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &BillId,
    note: &str,
) -> Result<(), BillError> {
    if note.trim().is_empty() {
        let message = "say how the money went back, with its reference";
        return Err(InputProblem::new("note", "note_required", message).into());
    }
    let mut tx = app.db.begin().await?;
    let mut m = on_desk(&mut tx, tenant, id).await?;
    let was = m.status;
    m.status = was.go(BillStatus::Returned).map_err(SettleError::from)?;
    m.decided_by = Some(actor.as_str().to_owned());
    m.note = note.trim().chars().take(500).collect();
    m.updated_at = app.clock.now();
    rows::save(&mut tx, &m, was).await?;
    let subject = m.id.to_string();
    let detail = json!({ "receipt": m.receipt, "note": m.note });
    audit(
        app,
        &mut tx,
        tenant,
        actor,
        "bill.returned",
        &subject,
        &detail,
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}
