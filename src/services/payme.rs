//! Payme's Merchant API: Payme asks what is owed, and tells what its customer paid. Each call is
//! kept (R7), its sender checked, and answered out of our books with the times of the first answer.
//! The wire is `providers::payme::merchant_api`'s.
use super::books::{self, Entry};
use super::inbound::{InboundError, quarantine};
use super::refunds::RefundError;
use super::settle::{self, SettleError};
use super::{Actor, App, TRIES, provider_accounts, refunds};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::hook::{Hook, HookStatus};
use crate::domain::ids::{Id, PaymentId, TenantId};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::{Failure, FailureCode, Payment, PaymentStatus};
use crate::providers::Account;
use crate::providers::payme::account_field;
pub(super) use crate::providers::payme::is_legacy;
use crate::providers::payme::merchant_api::{
    Asked, Envelope, Refused, account_value, authorized, refused, said,
};
use crate::store::payme::{self as rows, CREATED, PERFORMED, PaymeTransaction};
use crate::store::{StoreError, Tx, hooks, orders, payments};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;

mod words;

use words::{Word, cancelled, checked, created, line, performed, reason_words, standing};

const PROVIDER: &str = "payme";
const KEY: &str = "secret_key";
/// A transaction that was not performed twelve hours after Payme made it is over.
const LIFE_MS: i64 = 43_200_000;
/// Reason of a cancellation: the transaction's time is over.
const TIMEOUT: i64 = 4;

type Done = Result<Word, InboundError>;

/// One account's counter.
struct Desk<'a> {
    app: &'a App,
    tenant: &'a TenantId,
    mode: Mode,
    account: &'a Account,
    /// The account field that carries our payment's id.
    field: &'a str,
    now: i64,
}

/// Answers one call. `hook` is the call as it came, not kept yet; `allowed` says whether it came
/// from an address that may call. Payme wants HTTP 200 for every answer.
pub(super) async fn answer(
    app: &App,
    account: &Account,
    mut hook: Hook,
    authorization: Option<&str>,
    allowed: bool,
) -> String {
    let envelope = match Envelope::open(&hook.body) {
        Ok(envelope) => envelope,
        Err(why) => return turn_away(app, hook, &Value::Null, &why).await,
    };
    // R15: a new key is sealed, never kept beside the rest of the call.
    if let Some(kept) = envelope.without_password() {
        hook.body = kept.to_string().into_bytes();
        hook.dedupe_key = format!("call:{}", hook.id);
    }
    if !allowed || !authorized(authorization, account.credentials.get(KEY)) {
        return turn_away(app, hook, &envelope.id, &Refused::no_privilege()).await;
    }
    let desk = Desk {
        app,
        tenant: &account.tenant_id,
        mode: account.mode,
        account,
        field: account_field(account),
        now: app.clock.now().unix_ms(),
    };
    match desk.take(&envelope, hook).await {
        Ok(Ok(result)) => said(&envelope.id, &result),
        Ok(Err(why)) => refused(&envelope.id, &why),
        Err(error) => {
            tracing::error!(error = %error, method = envelope.method(),
                "a call of Payme was not answered");
            refused(&envelope.id, &Refused::internal())
        }
    }
}

/// For an older shop's hook whose signature does not fit.
pub(super) fn no_privilege() -> String {
    refused(&Value::Null, &Refused::no_privilege())
}

/// For a call by another method than POST.
pub(super) fn not_post() -> String {
    refused(&Value::Null, &Refused::not_post())
}

/// Keeps a call of nobody we know, within bounds, and refuses it.
async fn turn_away(app: &App, mut hook: Hook, id: &Value, why: &Refused) -> String {
    hook.dedupe_key = format!("unverified:{}", hook.dedupe_key);
    hook.status = HookStatus::Quarantined;
    hook.why = why.words();
    match quarantine(app, &hook).await {
        Ok(()) => refused(id, why),
        Err(error) => {
            tracing::error!(error = %error, "a call to Payme's address was not kept");
            refused(id, &Refused::internal())
        }
    }
}

/// Somebody else was faster: the same call comes to another end.
fn is_stale(error: &InboundError) -> bool {
    let (InboundError::Store(store)
    | InboundError::Settle(SettleError::Store(store))
    | InboundError::Refund(RefundError::Store(store))) = error
    else {
        return false;
    };
    matches!(store, StoreError::Stale | StoreError::Taken)
}

impl Desk<'_> {
    async fn take(&self, envelope: &Envelope, mut hook: Hook) -> Done {
        let asked = match envelope.read() {
            Ok(asked) if !asked.only_reads() => asked,
            // What changes nothing is written down with its end at once.
            other => {
                let word = match other {
                    Ok(asked) => self.look(&asked).await?,
                    Err(why) => Err(why),
                };
                (hook.status, hook.why) = standing(&word);
                self.keep(&hook).await?;
                return Ok(word);
            }
        };
        self.keep(&hook).await?;
        for _ in 1..TRIES {
            match self.change(&asked, &hook).await {
                Err(error) if is_stale(&error) => {}
                other => return other,
            }
        }
        self.change(&asked, &hook).await
    }

    /// R7: committed before anything is answered.
    async fn keep(&self, hook: &Hook) -> Result<(), StoreError> {
        let mut tx = self.app.db.begin().await?;
        hooks::keep(&mut tx, hook).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn look(&self, asked: &Asked) -> Done {
        let tx = &mut self.app.db.read().await?;
        match asked {
            Asked::CheckPerform { amount, account } => {
                self.check_perform(tx, *amount, account).await
            }
            Asked::Statement { from, to } => {
                let all = rows::statement(tx, self.tenant, self.mode, *from, *to).await?;
                let all: Vec<Value> = all.iter().map(|t| line(t, self.field)).collect();
                Ok(Ok(json!({ "transactions": all })))
            }
            _ => Ok(Err(Refused::internal())),
        }
    }

    /// R12: the change, its story, its events and the end of the call commit together.
    async fn change(&self, asked: &Asked, hook: &Hook) -> Done {
        let mut tx = self.app.db.begin().await?;
        let word = match asked {
            Asked::Create {
                id,
                time,
                amount,
                account,
            } => self.create(&mut tx, id, *time, *amount, account).await?,
            Asked::Check { id } => self.check(&mut tx, id).await?,
            Asked::Perform { id } => self.perform(&mut tx, id).await?,
            Asked::Cancel { id, reason } => self.cancel(&mut tx, id, *reason).await?,
            Asked::SetFiscalData { id, kind, data } => self.fiscal(&mut tx, id, kind, data).await?,
            Asked::ChangePassword { password } => {
                self.change_password(&mut tx, password.as_ref()).await?
            }
            _ => Err(Refused::internal()),
        };
        let (to, why) = standing(&word);
        hooks::settle(&mut tx, hook, to, &why, self.app.clock.now()).await?;
        tx.commit().await.map_err(StoreError::from)?;
        self.app.work.notify_one();
        Ok(word)
    }

    async fn transaction(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
    ) -> Result<Option<PaymeTransaction>, StoreError> {
        rows::get(tx, self.tenant, self.mode, id).await
    }

    /// R14: the payment that an account value names, if it is this tenant's, Payme's and of this
    /// mode (R11).
    async fn payment(
        &self,
        tx: &mut Tx<'_>,
        account: &Map<String, Value>,
    ) -> Result<Option<Payment>, StoreError> {
        let value = account_value(account, self.field);
        let Some(id) = value.and_then(|v| PaymentId::parse(&v)) else {
            return Ok(None);
        };
        let found = payments::get(tx, self.tenant, &id).await?;
        Ok(found.filter(|p| p.provider == PROVIDER && p.test_mode == self.mode.is_test()))
    }

    async fn order(&self, tx: &mut Tx<'_>, p: &Payment) -> Result<Order, StoreError> {
        let found = orders::get(tx, self.tenant, &p.order_id).await?;
        found.ok_or(StoreError::Stale)
    }

    fn account_error(&self, why: Refused) -> Refused {
        why.about(self.field)
    }

    /// Whether a new transaction may come for this payment, but for one that is under way.
    fn payable(&self, p: &Payment, order: &Order, amount: i64) -> Result<(), Refused> {
        // R6: what Payme will take is what we asked for.
        if amount != p.amount.minor {
            return Err(Refused::wrong_amount());
        }
        let now = self.app.clock.now();
        let why = match (p.status, order.status) {
            (PaymentStatus::Succeeded, _) | (_, OrderStatus::Paid) => Refused::account_paid(),
            (PaymentStatus::Failed | PaymentStatus::Cancelled, _) | (_, OrderStatus::Cancelled) => {
                Refused::account_closed()
            }
            (PaymentStatus::Expired, _) => Refused::account_expired(),
            (PaymentStatus::Mismatched, _) => Refused::account_busy(),
            _ if now >= p.expires_at || !order.takes_payments(now) => Refused::account_expired(),
            // R8: part of it was paid another way meanwhile.
            _ if !order.asks_for(p.amount) => Refused::account_changed(),
            _ => return Ok(()),
        };
        Err(self.account_error(why))
    }

    async fn check_perform(
        &self,
        tx: &mut Tx<'_>,
        amount: i64,
        account: &Map<String, Value>,
    ) -> Done {
        let Some(p) = self.payment(tx, account).await? else {
            return Ok(Err(self.account_error(Refused::account_not_found())));
        };
        let order = self.order(tx, &p).await?;
        if let Err(why) = self.payable(&p, &order, amount) {
            return Ok(Err(why));
        }
        Ok(match rows::live(tx, self.tenant, &p.id).await? {
            Some(_) => Err(self.account_error(Refused::account_busy())),
            None => Ok(json!({ "allow": true })),
        })
    }

    async fn create(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
        time: i64,
        amount: i64,
        account: &Map<String, Value>,
    ) -> Done {
        let found = self.payment(tx, account).await?;
        if let Some(p) = &found {
            // Held to the end, so that of any number at once one comes first.
            orders::lock(tx, self.tenant, &p.order_id).await?;
        }
        if let Some(known) = self.transaction(tx, id).await? {
            return self.create_again(tx, known, amount, found.as_ref()).await;
        }
        let Some(p) = found else {
            return Ok(Err(self.account_error(Refused::account_not_found())));
        };
        // Read anew under the lock.
        let p = payments::get(tx, self.tenant, &p.id).await?;
        let mut p = p.ok_or(StoreError::Stale)?;
        let order = self.order(tx, &p).await?;
        if let Err(why) = self.payable(&p, &order, amount) {
            return Ok(Err(why));
        }
        let busy = rows::live(tx, self.tenant, &p.id).await?.is_some();
        if busy || self.now.saturating_sub(time) > LIFE_MS {
            return Ok(Err(Refused::cannot_perform()));
        }
        let t = PaymeTransaction {
            id: self.app.clock.id(),
            tenant_id: self.tenant.clone(),
            mode: self.mode,
            payme_id: id.to_owned(),
            payment_id: p.id.clone(),
            payme_time: time,
            amount_minor: amount,
            state: CREATED,
            reason: None,
            create_time: self.now,
            perform_time: 0,
            cancel_time: 0,
        };
        rows::insert(tx, &t).await?;
        // Our own clock does not end what Payme holds.
        let held_until = Timestamp::from_unix_ms(time.saturating_add(LIFE_MS));
        p.expires_at = p.expires_at.max(held_until);
        self.step(
            tx,
            &mut p,
            PaymentStatus::Processing,
            &format!("Payme began the transaction {id}"),
        )
        .await?;
        Ok(Ok(created(&t)))
    }

    /// Payme repeats what it got no answer to: the answer is the first one's.
    async fn create_again(
        &self,
        tx: &mut Tx<'_>,
        t: PaymeTransaction,
        amount: i64,
        named: Option<&Payment>,
    ) -> Done {
        if named.is_none_or(|p| p.id != t.payment_id) {
            return Ok(Err(self.account_error(Refused::account_not_found())));
        }
        if amount != t.amount_minor {
            return Ok(Err(Refused::wrong_amount()));
        }
        if t.state != CREATED {
            return Ok(Err(Refused::cannot_perform()));
        }
        if self.is_over(&t) {
            self.time_out(tx, t).await?;
            return Ok(Err(Refused::cannot_perform()));
        }
        Ok(Ok(created(&t)))
    }

    fn is_over(&self, t: &PaymeTransaction) -> bool {
        self.now.saturating_sub(t.payme_time) > LIFE_MS
    }

    /// A transaction by Payme's id, its order's row held while it is not at an end.
    async fn held(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
    ) -> Result<Option<PaymeTransaction>, StoreError> {
        let Some(t) = self.transaction(tx, id).await? else {
            return Ok(None);
        };
        if t.state != CREATED {
            return Ok(Some(t));
        }
        let p = payments::get(tx, self.tenant, &t.payment_id).await?;
        let p = p.ok_or(StoreError::Stale)?;
        orders::lock(tx, self.tenant, &p.order_id).await?;
        self.transaction(tx, id).await
    }

    /// What became of a transaction. One that is over is told as ended, and ends.
    async fn check(&self, tx: &mut Tx<'_>, id: &str) -> Done {
        let over = |t: &PaymeTransaction| t.state == CREATED && self.is_over(t);
        if let Some(t) = self.held(tx, id).await?.filter(over) {
            self.time_out(tx, t).await?;
        }
        Ok(match self.transaction(tx, id).await? {
            Some(t) => Ok(checked(&t)),
            None => Err(Refused::transaction_not_found()),
        })
    }

    async fn perform(&self, tx: &mut Tx<'_>, id: &str) -> Done {
        let Some(mut t) = self.held(tx, id).await? else {
            return Ok(Err(Refused::transaction_not_found()));
        };
        match t.state {
            PERFORMED => return Ok(Ok(performed(&t))),
            CREATED => {}
            _ => return Ok(Err(Refused::cannot_perform())),
        }
        if self.is_over(&t) {
            self.time_out(tx, t).await?;
            return Ok(Err(Refused::cannot_perform()));
        }
        t.state = PERFORMED;
        t.perform_time = self.now;
        rows::save(tx, &t, CREATED).await?;
        let p = payments::get(tx, self.tenant, &t.payment_id).await?;
        let mut p = p.ok_or(StoreError::Stale)?;
        // A receipt may have been asked after before this came; what does not match is a person's.
        let waits = !matches!(
            p.status,
            PaymentStatus::Succeeded | PaymentStatus::Mismatched
        );
        if waits {
            p.receipt.get_or_insert_with(|| t.payme_id.clone());
            let (came, words) = (p.amount, format!("Payme performed the transaction {id}"));
            settle::book(self.app, tx, &mut p, came, &Actor::Provider, &words).await?;
        }
        Ok(Ok(performed(&t)))
    }

    async fn cancel(&self, tx: &mut Tx<'_>, id: &str, reason: i64) -> Done {
        let Some(mut t) = self.held(tx, id).await? else {
            return Ok(Err(Refused::transaction_not_found()));
        };
        let was = t.state;
        if was < 0 {
            return Ok(Ok(cancelled(&t)));
        }
        t.state = -was;
        t.reason = Some(reason);
        t.cancel_time = self.now;
        // First: of several at once one goes on, and the others read what it answered.
        rows::save(tx, &t, was).await?;
        if was == CREATED {
            self.let_go(tx, &t).await?;
        } else if !self.give_back(tx, &t).await? {
            let to = t.state;
            t.state = was;
            t.reason = None;
            t.cancel_time = 0;
            rows::save(tx, &t, to).await?;
            return Ok(Err(Refused::cannot_cancel()));
        }
        Ok(Ok(cancelled(&t)))
    }

    /// Twelve hours have passed.
    async fn time_out(&self, tx: &mut Tx<'_>, mut t: PaymeTransaction) -> Result<(), InboundError> {
        t.state = -CREATED;
        t.reason = Some(TIMEOUT);
        t.cancel_time = self.now;
        rows::save(tx, &t, CREATED).await?;
        self.let_go(tx, &t).await
    }

    /// A transaction ended without money: another may come for the same payment, unless its time is
    /// over.
    async fn let_go(&self, tx: &mut Tx<'_>, t: &PaymeTransaction) -> Result<(), InboundError> {
        let p = payments::get(tx, self.tenant, &t.payment_id).await?;
        let Some(mut p) = p.filter(|p| p.status.is_open()) else {
            return Ok(());
        };
        let reason = t.reason.unwrap_or_default();
        let words = format!(
            "Payme cancelled the transaction {}: {} (reason {reason})",
            t.payme_id,
            reason_words(reason)
        );
        // Payme's reason alone does not end it: the customer may begin anew while there is time.
        if reason == TIMEOUT && (self.is_over(t) || self.app.clock.now() >= p.expires_at) {
            let failure = Failure {
                code: FailureCode::Expired,
                message: words.clone(),
            };
            let (to, actor) = (PaymentStatus::Expired, Actor::Provider);
            settle::finish(self.app, tx, &mut p, to, failure, &actor, &words).await?;
            return Ok(());
        }
        self.step(tx, &mut p, PaymentStatus::RequiresAction, &words)
            .await
    }

    /// Moves an open payment, and writes it into the story either way.
    async fn step(
        &self,
        tx: &mut Tx<'_>,
        p: &mut Payment,
        to: PaymentStatus,
        words: &str,
    ) -> Result<(), InboundError> {
        let was = p.status;
        if was != to {
            p.status = was.go(to).map_err(SettleError::from)?;
            p.updated_at = self.app.clock.now();
            payments::save(tx, p, was).await?;
        }
        Entry::payment(p, settle::step_of(to), &Actor::Provider)
            .words(words)
            .write(self.app, tx)
            .await?;
        Ok(())
    }

    /// Money went back, on a person's word in the Payme cabinet. False where some has gone back
    /// before.
    async fn give_back(&self, tx: &mut Tx<'_>, t: &PaymeTransaction) -> Result<bool, InboundError> {
        let p = payments::get(tx, self.tenant, &t.payment_id).await?;
        let mut p = p.ok_or(StoreError::Stale)?;
        let words = format!("Payme cancelled the transaction {}", t.payme_id);
        match p.status {
            PaymentStatus::Succeeded => {
                Ok(refunds::book_whole(self.app, tx, &p, &t.payme_id, &words).await?)
            }
            PaymentStatus::Mismatched => {
                let failure = Failure {
                    code: FailureCode::Declined,
                    message: words.clone(),
                };
                let (to, actor) = (PaymentStatus::Cancelled, Actor::Provider);
                settle::finish(self.app, tx, &mut p, to, failure, &actor, &words).await?;
                Ok(true)
            }
            _ => Ok(true),
        }
    }

    /// What the tax office knows of a receipt, kept in the story once.
    async fn fiscal(&self, tx: &mut Tx<'_>, id: &str, kind: &str, data: &Value) -> Done {
        let Some(t) = self.transaction(tx, id).await? else {
            return Ok(Err(Refused::transaction_not_found()));
        };
        let p = payments::get(tx, self.tenant, &t.payment_id).await?;
        let p = p.ok_or(StoreError::Stale)?;
        let known = [
            "receipt_id",
            "status_code",
            "message",
            "terminal_id",
            "fiscal_sign",
            "qr_code_url",
            "date",
        ];
        let mut kept = Map::new();
        for field in known {
            match &data[field] {
                Value::String(text) => {
                    let text: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
                    kept.insert(field.to_owned(), text.into());
                }
                Value::Number(number) => {
                    kept.insert(field.to_owned(), number.clone().into());
                }
                _ => {}
            }
        }
        let kept = json!({ "type": kind, "fiscal": kept });
        let written = kept.to_string();
        let story = crate::store::books::steps(tx, self.tenant, &p.order_id).await?;
        let told = |s: &crate::store::books::Step| {
            s.kind == "payme.fiscal" && s.payment_id.as_ref() == Some(&p.id) && s.data == written
        };
        if !story.iter().any(told) {
            Entry::payment(&p, "payme.fiscal", &Actor::Provider)
                .data(kept)
                .write(self.app, tx)
                .await?;
        }
        Ok(Ok(json!({ "success": true })))
    }

    /// The new key takes the old one's place at once.
    async fn change_password(&self, tx: &mut Tx<'_>, password: Option<&SecretString>) -> Done {
        let Some(new) = password else {
            return Ok(Err(Refused::no_password().about("password")));
        };
        let old = self.account.credentials.get(KEY);
        let same = old.is_some_and(|old| {
            let (old, new) = (old.expose_secret(), new.expose_secret());
            bool::from(old.as_bytes().ct_eq(new.as_bytes()))
        });
        if same {
            return Ok(Err(Refused::no_privilege()));
        }
        let (tenant, mode, actor) = (self.tenant, self.mode, &Actor::Provider);
        let (app, place) = (self.app, (PROVIDER, mode));
        provider_accounts::keep_credential(app, tx, actor, tenant, place, KEY, new.clone()).await?;
        let detail = json!({ "mode": mode.as_str(), "credentials": [KEY] });
        let action = "provider.key_changed";
        books::audit(self.app, tx, tenant, actor, action, PROVIDER, &detail).await?;
        Ok(Ok(json!({ "success": true })))
    }
}
