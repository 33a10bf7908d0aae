//! Hooks: kept before they are answered (R7), believed only as far as they prove themselves (R5),
//! applied by a job that may run twice.
use super::inquiries::{self, Heard};
use super::provider_accounts::{self, AccountError};
use super::settle::{self, SettleError};
use super::{Actor, App, HookKind, ProviderInfo, bills, books, payme, payments, refunds};
use crate::domain::account::Mode;
use crate::domain::hook::{Hook, HookProof, HookStatus};
use crate::domain::ids::{HookId, Id, RefundId, TenantId};
use crate::domain::job::{JobKind, Outcome};
use crate::domain::payment::Payment;
use crate::providers::{
    Account, Claims, HOOK_SOURCES, HookAbout, HookError, HookReading, PaymentProvider, RawHook,
    Report, Verdict, find,
};
use crate::store::{Cursor, Page, StoreError, Tx, hooks, jobs, provider_accounts as accounts};
use ipnet::IpNet;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Why a hook was not taken or not applied.
#[derive(Debug, thiserror::Error)]
pub enum InboundError {
    #[error("the hook was not found")]
    NotFound,
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Payment(#[from] payments::PaymentError),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error(transparent)]
    Refund(#[from] refunds::RefundError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the provider is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// 200 with the body that this provider expects.
    Taken(&'static str),
    /// 200 with an answer out of our books, as JSON.
    Said(String),
    /// 401: the signature does not fit. Kept in quarantine.
    NotVerified,
    /// 400: nobody could read it. Kept in quarantine.
    Unreadable,
    /// 404: no such address.
    Unknown,
}

/// Unverified hooks that are kept for one account. Beyond that they are only counted in the log.
const QUARANTINE: i64 = 500;
/// Headers that may carry a credential are never kept, nor those that the adapter names.
const SECRET_HEADERS: [&str; 4] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
];
/// How often an unsigned hook asks before polling alone goes on.
const HINT_TRIES: i64 = 10;

/// Takes a hook. The raw bytes are committed before this returns (R7).
pub async fn receive(
    app: &App,
    token: &str,
    raw: RawHook,
    source: &str,
) -> Result<Reply, InboundError> {
    let mut tx = app.db.read().await?;
    let Some((tenant, provider, mode)) = accounts::by_hook_token(&mut tx, token).await? else {
        return Ok(Reply::Unknown);
    };
    drop(tx);
    let Some(adapter) = find(&provider) else {
        return Ok(Reply::Unknown);
    };
    let account = provider_accounts::open(app, &tenant, &provider, mode).await?;
    let info = adapter.info();
    let merchant_api = info.hook == HookKind::MerchantApi;
    if merchant_api && !payme::is_legacy(&account, &raw) {
        let allowed = may_call(info, &account, source);
        let authorization = raw.headers.get("authorization").cloned();
        let mut hook = as_it_came(app, &account, info, raw, source);
        let digest = hex::encode(Sha256::digest(&hook.body));
        hook.dedupe_key = format!("call:{digest}:{}", hook.path_reference);
        let answer = payme::answer(app, &account, hook, authorization.as_deref(), allowed);
        return Ok(Reply::Said(answer.await));
    }
    let reading = verify_and_read(app, adapter, &account, &raw, source);
    let digest = hex::encode(Sha256::digest(&raw.body));
    let mut hook = as_it_came(app, &account, info, raw, source);
    match reading {
        Err(error) => {
            hook.dedupe_key = format!("unverified:{digest}:{}", hook.path_reference);
            hook.status = HookStatus::Quarantined;
            hook.why = error.to_string();
            quarantine(app, &hook).await?;
            Ok(match error {
                _ if merchant_api => Reply::Said(payme::no_privilege()),
                HookError::NotVerified(_) => Reply::NotVerified,
                HookError::Unreadable(_) => Reply::Unreadable,
            })
        }
        Ok((proof, reading)) => {
            hook.proof = proof;
            // What carries no proof must not stand in the way of the true news with the same key.
            hook.dedupe_key = match proof {
                HookProof::Signed => reading.dedupe_key,
                HookProof::Hint => {
                    format!(
                        "{}:{}:{}",
                        reading.dedupe_key,
                        &digest[..16],
                        hook.path_reference
                    )
                }
            };
            if let HookAbout::Nothing(why) = reading.about {
                hook.status = HookStatus::Ignored;
                hook.why = why;
            }
            let question = adapter.question(&account, &raw_of(&hook));
            let verdict = match &question {
                Ok(Some(asked)) => {
                    let verdict = bills::verdict(app, &tenant, hook.test_mode, asked).await?;
                    hook.why = format!("a question, answered {verdict:?}");
                    Some(verdict)
                }
                Ok(None) => None,
                // Nobody's money is taken for a question that cannot be read.
                Err(error) => {
                    hook.why = format!("a question, refused: {error}");
                    Some(Verdict::Closed)
                }
            };
            keep(app, &hook).await?;
            Ok(match verdict {
                Some(verdict) => Reply::Said(adapter.verdict(verdict).to_owned()),
                None => Reply::Taken(adapter.hook_reply()),
            })
        }
    }
}

/// What a caller with another method than POST is told at an address where the provider has a word
/// for that; `None` for any other address.
pub async fn other_method(app: &App, token: &str) -> Result<Option<Reply>, InboundError> {
    let known = accounts::by_hook_token(&mut app.db.read().await?, token).await?;
    let adapter = known.and_then(|(_, provider, _)| find(&provider));
    Ok(adapter
        .filter(|a| a.info().hook == HookKind::MerchantApi)
        .map(|_| Reply::Said(payme::not_post())))
}

/// The row of a hook, before anything is known of it.
fn as_it_came(
    app: &App,
    account: &Account,
    info: &ProviderInfo,
    raw: RawHook,
    source: &str,
) -> Hook {
    Hook {
        id: app.clock.id(),
        tenant_id: account.tenant_id.clone(),
        provider: info.name.to_owned(),
        test_mode: account.mode.is_test(),
        dedupe_key: String::new(),
        path_reference: raw.path_reference.chars().take(80).collect(),
        headers: kept_headers(&raw.headers, info),
        body: raw.body,
        source: source.to_owned(),
        proof: HookProof::Hint,
        status: HookStatus::Received,
        why: String::new(),
        deliveries: 1,
        received_at: app.clock.now(),
        handled_at: None,
    }
}

/// The sender's address, its proof and what it says.
fn verify_and_read(
    app: &App,
    adapter: &dyn PaymentProvider,
    account: &Account,
    raw: &RawHook,
    source: &str,
) -> Result<(HookProof, HookReading), HookError> {
    if !may_call(adapter.info(), account, source) {
        let why = format!("{source} is none of the provider's published addresses");
        return Err(HookError::NotVerified(why));
    }
    let proof = adapter.verify(account, raw, app.clock.now())?;
    Ok((proof, adapter.read(account, raw)?))
}

/// Whether hooks are taken from this address, where the account takes them from the published ones
/// alone.
fn may_call(info: &ProviderInfo, account: &Account, source: &str) -> bool {
    if info.sources.is_empty() || account.option(HOOK_SOURCES.name) != Some("published") {
        return true;
    }
    let Ok(source) = source.parse::<IpAddr>() else {
        return false;
    };
    info.sources.iter().any(|published| {
        published
            .parse::<IpNet>()
            .is_ok_and(|network| network.contains(&source))
            || published.parse::<IpAddr>() == Ok(source)
    })
}

fn kept_headers(headers: &BTreeMap<String, String>, info: &ProviderInfo) -> String {
    let kept: BTreeMap<_, _> = headers
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            !SECRET_HEADERS.contains(&name) && !info.secret_headers.contains(&name)
        })
        .collect();
    serde_json::to_string(&kept).unwrap_or_default()
}

async fn keep(app: &App, hook: &Hook) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    let to_apply = hooks::keep(&mut tx, hook).await?;
    if let Some(id) = to_apply.filter(|_| hook.status == HookStatus::Received) {
        queue(app, &mut tx, &hook.tenant_id, &id).await?;
    }
    tx.commit().await?;
    app.work.notify_one();
    Ok(())
}

async fn queue(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    hook: &HookId,
) -> Result<(), StoreError> {
    let (id, subject, now) = (app.clock.id(), hook.to_string(), app.clock.now());
    jobs::queue(tx, id, tenant, JobKind::ApplyHook, &subject, now).await
}

pub(super) async fn quarantine(app: &App, hook: &Hook) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    if hooks::quarantined(&mut tx, &hook.tenant_id, &hook.provider).await? < QUARANTINE {
        hooks::keep(&mut tx, hook).await?;
    }
    tx.commit().await?;
    tracing::warn!(provider = %hook.provider, tenant.id = %hook.tenant_id, why = %hook.why,
        "a hook was not verified");
    Ok(())
}

/// A kept hook as it came, without what is not kept.
fn raw_of(hook: &Hook) -> RawHook {
    RawHook {
        headers: serde_json::from_str(&hook.headers).unwrap_or_default(),
        body: hook.body.clone(),
        path_reference: hook.path_reference.clone(),
    }
}

/// The job that applies a hook. Twice is harmless: every change has its old state in `WHERE`.
pub async fn apply(
    app: &App,
    tenant: &TenantId,
    id: &HookId,
    attempts: i64,
) -> Result<Outcome, InboundError> {
    let hook = hooks::get(&mut app.db.read().await?, tenant, id).await?;
    let Some(hook) = hook.filter(|h| h.status == HookStatus::Received) else {
        return Ok(Outcome::Done);
    };
    let Some(adapter) = find(&hook.provider) else {
        return settle_hook(app, &hook, HookStatus::Failed, "no such provider").await;
    };
    let mode = Mode::of(hook.test_mode);
    let account = provider_accounts::open(app, tenant, &hook.provider, mode).await?;
    let raw = raw_of(&hook);
    // It was verified when it came, by what is not kept.
    let reading = match adapter.read(&account, &raw) {
        Ok(reading) => reading,
        Err(error) => {
            return settle_hook(app, &hook, HookStatus::Failed, &error.to_string()).await;
        }
    };
    match reading.about {
        HookAbout::Nothing(why) => settle_hook(app, &hook, HookStatus::Ignored, &why).await,
        HookAbout::Payment {
            reference,
            claims,
            report,
        } => {
            let found = find_payment(app, &hook, reference.as_deref(), &claims).await?;
            let Some(payment) = found else {
                return settle_hook(app, &hook, HookStatus::Ignored, "no payment of ours").await;
            };
            if payment.test_mode != hook.test_mode || payment.provider != hook.provider {
                let why = "the payment belongs to another account or mode";
                return settle_hook(app, &hook, HookStatus::Ignored, why).await;
            }
            let signed = hook.proof == HookProof::Signed;
            note(app, &hook, &payment, &reading.event, signed).await?;
            // R5: what is not signed only makes us ask, whatever it reports.
            match report.filter(|_| signed) {
                Some(report) => apply_report(app, &hook, &payment, &report).await,
                None => ask(app, &hook, &payment, claims, attempts).await,
            }
        }
        HookAbout::Bill(told) => {
            let why = bills::receive(app, &hook, &told).await?;
            settle_hook(app, &hook, HookStatus::Applied, why).await
        }
        HookAbout::Answer(answer) => match inquiries::hear(app, &hook, &answer).await? {
            Heard::Applied(why) => settle_hook(app, &hook, HookStatus::Applied, &why).await,
            Heard::Ignored(why) => settle_hook(app, &hook, HookStatus::Ignored, &why).await,
            Heard::TooEarly => Ok(Outcome::Again(app.clock.now().plus_secs(5))),
        },
        HookAbout::Refund {
            payment_reference,
            refund_reference,
        } => {
            let mut found = find_refunded(app, &hook, refund_reference.as_deref()).await?;
            if found.is_none() {
                // Some providers name their own page instead of our reference.
                let claims = Claims {
                    provider_ref: payment_reference.clone(),
                    ..Claims::default()
                };
                let reference = payment_reference.as_deref();
                found = find_payment(app, &hook, reference, &claims).await?;
            }
            let Some(payment) = found.filter(|p| p.test_mode == hook.test_mode) else {
                return settle_hook(app, &hook, HookStatus::Ignored, "no payment of ours").await;
            };
            if !refunds::check_all(app, &payment).await? && attempts < HINT_TRIES {
                return Ok(Outcome::Retry("no answer about a refund".to_owned()));
            }
            settle_hook(app, &hook, HookStatus::Applied, &reading.event).await
        }
    }
}

/// Our payment: by our reference in the body or the address, else by the provider's id.
async fn find_payment(
    app: &App,
    hook: &Hook,
    reference: Option<&str>,
    claims: &Claims,
) -> Result<Option<Payment>, StoreError> {
    use crate::store::payments::{by_provider_ref, by_reference};
    let mut tx = app.db.read().await?;
    let tenant = &hook.tenant_id;
    let path = Some(hook.path_reference.as_str()).filter(|r| !r.is_empty());
    for candidate in [reference, path].into_iter().flatten() {
        if let Some(payment) = by_reference(&mut tx, tenant, candidate).await? {
            return Ok(Some(payment));
        }
    }
    match &claims.provider_ref {
        Some(theirs) => by_provider_ref(&mut tx, tenant, &hook.provider, theirs).await,
        None => Ok(None),
    }
}

/// The payment of a refund that is named by our own id: in the body, or else in the address.
async fn find_refunded(
    app: &App,
    hook: &Hook,
    reference: Option<&str>,
) -> Result<Option<Payment>, StoreError> {
    let mut tx = app.db.read().await?;
    let tenant = &hook.tenant_id;
    for candidate in [reference, Some(hook.path_reference.as_str())] {
        let Some(id) = candidate.and_then(RefundId::parse) else {
            continue;
        };
        if let Some(refund) = crate::store::refunds::get(&mut tx, tenant, &id).await? {
            return crate::store::payments::get(&mut tx, tenant, &refund.payment_id).await;
        }
    }
    Ok(None)
}

/// Writes the hook into the order's story, once.
async fn note(
    app: &App,
    hook: &Hook,
    payment: &Payment,
    event: &str,
    signed: bool,
) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    crate::store::reports::hook_of_payment(&mut tx, &hook.tenant_id, &hook.id, &payment.id).await?;
    let known = crate::store::books::steps(&mut tx, &payment.tenant_id, &payment.order_id).await?;
    let data = json!({ "hook": hook.id, "signed": signed, "event": event });
    let written = data.to_string();
    if !known
        .iter()
        .any(|s| s.kind == "hook.received" && s.data == written)
    {
        books::Entry::payment(payment, "hook.received", &Actor::Provider)
            .data(data)
            .write(app, &mut tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn apply_report(
    app: &App,
    hook: &Hook,
    payment: &Payment,
    report: &Report,
) -> Result<Outcome, InboundError> {
    settle::apply(app, &payment.tenant_id, &payment.id, report).await?;
    settle_hook(app, hook, HookStatus::Applied, "").await
}

/// A hint: the provider is asked before anything is believed (R5).
async fn ask(
    app: &App,
    hook: &Hook,
    payment: &Payment,
    mut claims: Claims,
    attempts: i64,
) -> Result<Outcome, InboundError> {
    // An id that belongs to another payment proves nothing about this one.
    if let Some(theirs) = claims.provider_ref.clone() {
        let mut tx = app.db.read().await?;
        let (tenant, provider) = (&hook.tenant_id, &hook.provider);
        let owner =
            crate::store::payments::by_provider_ref(&mut tx, tenant, provider, &theirs).await?;
        if owner.is_some_and(|o| o.id != payment.id) {
            claims = Claims::default();
        }
    }
    let why = match payments::ask(app, payment, Some(claims)).await? {
        Ok((_, report)) if payments::is_final(&report) => {
            return settle_hook(app, hook, HookStatus::Applied, "").await;
        }
        Ok((_, report)) => report.said,
        Err(error) => error.to_string(),
    };
    if attempts >= HINT_TRIES {
        let why = format!("asked {attempts} times, polling goes on: {why}");
        return settle_hook(app, hook, HookStatus::Applied, &why).await;
    }
    Ok(Outcome::Retry(why))
}

async fn settle_hook(
    app: &App,
    hook: &Hook,
    to: HookStatus,
    why: &str,
) -> Result<Outcome, InboundError> {
    let mut tx = app.db.begin().await?;
    match hooks::save_status(&mut tx, hook, to, why, app.clock.now()).await {
        // Another process was faster; the end is the same.
        Err(StoreError::Stale) => return Ok(Outcome::Done),
        other => other?,
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Outcome::Done)
}

/// Leaves a hook that cannot be applied to a person, in the transaction that ends its job.
pub async fn give_up(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &HookId,
    why: &str,
) -> Result<(), StoreError> {
    let hook = hooks::get(tx, tenant, id).await?;
    if let Some(hook) = hook.filter(|h| h.status == HookStatus::Received) {
        hooks::save_status(tx, &hook, HookStatus::Failed, why, app.clock.now()).await?;
    }
    Ok(())
}

pub async fn get(app: &App, tenant: &TenantId, id: &HookId) -> Result<Option<Hook>, StoreError> {
    hooks::get(&mut app.db.read().await?, tenant, id).await
}

/// Which hooks a list shows.
#[derive(Clone, Debug, Default)]
pub struct HookFilter {
    pub status: Option<HookStatus>,
    pub provider: Option<String>,
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    filter: &HookFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Hook>, StoreError> {
    let mut tx = app.db.read().await?;
    hooks::list(
        &mut tx,
        tenant,
        filter.status,
        filter.provider.as_deref(),
        cursor,
        limit,
    )
    .await
}

/// Applies a hook once more. Quarantined ones never act.
///
/// # Errors
/// [`StoreError::Stale`] where its state does not allow it.
pub async fn replay(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    id: &HookId,
) -> Result<(), InboundError> {
    let mut tx = app.db.begin().await?;
    let hook = hooks::get(&mut tx, tenant, id)
        .await?
        .ok_or(InboundError::NotFound)?;
    if hook.status != HookStatus::Received {
        let to = hook
            .status
            .go(HookStatus::Received)
            .map_err(|_| StoreError::Stale)?;
        hooks::save_status(&mut tx, &hook, to, "replayed", app.clock.now()).await?;
    }
    queue(app, &mut tx, tenant, id).await?;
    let subject = id.to_string();
    books::audit(
        app,
        &mut tx,
        tenant,
        actor,
        "hook.replayed",
        &subject,
        &json!({}),
    )
    .await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(())
}
