//! What a provider answers later: each question has a secret address of its own, and an answer there
//! with the question's ids counts as asking (R5).
use super::inbound::InboundError;
use super::provider_accounts::{AccountError, Opened, hook_url};
use super::{App, bills, refunds};
use crate::clock::random_hex;
use crate::domain::account::Mode;
use crate::domain::hook::Hook;
use crate::domain::ids::{BillId, RefundId, TenantId};
use crate::providers::{Answer, Answered, Asked, Inquiry as Question, ProviderError, find};
use crate::store::inquiries::{self as rows, Inquiry, InquiryKind};
use crate::store::{StoreError, Tx};

/// An acknowledgement is written by then; an answer that overtakes it waits so long.
const ACKNOWLEDGE_SECS: i64 = 60;

/// What became of an answer.
pub enum Heard {
    Applied(String),
    /// Nothing of ours, and why.
    Ignored(String),
    /// It came before its question was written down to the end.
    TooEarly,
}

/// Makes the address of a question before it is asked (R3).
pub async fn open(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
    (kind, subject): (InquiryKind, &str),
) -> Result<Inquiry, StoreError> {
    let inquiry = Inquiry {
        // Hex: other alphabets can spell words that a provider refuses in an address.
        id: random_hex::<20>(),
        tenant_id: tenant.clone(),
        provider: provider.to_owned(),
        test_mode: mode.is_test(),
        kind,
        subject: subject.to_owned(),
        ids: vec![],
        asked_at: app.clock.now(),
    };
    rows::insert(tx, &inquiry).await?;
    Ok(inquiry)
}

/// Where the answer to a question is to come.
pub async fn address(app: &App, of: &Inquiry) -> Result<String, StoreError> {
    let mode = Mode::of(of.test_mode);
    let hook = hook_url(app, &of.tenant_id, &of.provider, mode).await?;
    Ok(format!("{hook}/{}", of.id))
}

/// Asks a question that was opened. `None`: nobody can be asked.
pub async fn ask(
    app: &App,
    of: &Inquiry,
    about: Asked,
) -> Result<Result<Option<()>, ProviderError>, AccountError> {
    let Some(adapter) = find(&of.provider) else {
        return Ok(Ok(None));
    };
    let mode = Mode::of(of.test_mode);
    let account = Opened::new(app, &of.tenant_id, adapter.info(), mode).await?;
    let question = Question {
        about,
        answer_url: address(app, of).await?,
    };
    let ids = match account.counted(adapter.inquire(&account.call(), &question).await) {
        Ok(Some(ids)) => ids,
        Ok(None) => return Ok(Ok(None)),
        Err(error) => return Ok(Err(error)),
    };
    let mut tx = app.db.begin().await?;
    rows::acknowledge(&mut tx, &of.tenant_id, &of.id, &ids).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Ok(Some(())))
}

/// Applies what came to the address of a question.
pub async fn hear(app: &App, hook: &Hook, answer: &Answer) -> Result<Heard, InboundError> {
    let tenant = &hook.tenant_id;
    let id = hook.path_reference.split('/').next().unwrap_or_default();
    let mut tx = app.db.read().await?;
    let found = rows::get(&mut tx, tenant, id).await?;
    let ours = found.filter(|i| i.provider == hook.provider && i.test_mode == hook.test_mode);
    let Some(inquiry) = ours else {
        let why = "no question of ours has this address";
        return Ok(Heard::Ignored(why.to_owned()));
    };
    let mut known = inquiry.ids.clone();
    if inquiry.kind == InquiryKind::Refund {
        let refund = RefundId::from_stored(inquiry.subject.clone());
        let refund = crate::store::refunds::get(&mut tx, tenant, &refund).await?;
        let told = refund.and_then(|r| r.provider_ref).unwrap_or_default();
        known.extend(told.split('/').filter(|i| !i.is_empty()).map(str::to_owned));
    }
    drop(tx);
    let now = app.clock.now();
    if known.is_empty() && now.secs_since(inquiry.asked_at) < ACKNOWLEDGE_SECS {
        return Ok(Heard::TooEarly);
    }
    // Where the acknowledgement was lost, the secret address alone says what it is about.
    let same = known.is_empty() || answer.ids.iter().any(|i| known.contains(i));
    if answer.found == Answered::Nothing && !answer.locked_out {
        if inquiry.kind != InquiryKind::Receipt {
            refunds::ask_soon(app, tenant, &RefundId::from_stored(inquiry.subject)).await?;
        }
        return Ok(Heard::Applied(format!("no answer yet: {}", answer.said)));
    }
    if !same || answer.ids.is_empty() {
        let why = "its ids are not those of the question";
        return Ok(Heard::Ignored(why.to_owned()));
    }
    let mut tx = app.db.begin().await?;
    rows::answered(&mut tx, tenant, &inquiry.id, now).await?;
    if answer.locked_out {
        let mode = Mode::of(hook.test_mode);
        rows::stop(&mut tx, tenant, &hook.provider, mode, &answer.said, now).await?;
        tracing::warn!(tenant.id = %tenant, provider = %hook.provider,
            "the provider refused the operator's credentials: nothing more is sent with them");
    }
    tx.commit().await.map_err(StoreError::from)?;
    match inquiry.kind {
        InquiryKind::Receipt => {
            let id = BillId::from_stored(inquiry.subject);
            bills::answered(app, tenant, &id, answer).await?;
        }
        InquiryKind::Refund | InquiryKind::RefundStatus => {
            let id = RefundId::from_stored(inquiry.subject);
            refunds::answered(app, tenant, &id, answer).await?;
        }
    }
    Ok(Heard::Applied(answer.said.clone()))
}
