//! From what there is to tell to the rows that tell it.
use super::letter::{Head, Letter, one_line, plain};
use super::queue;
use crate::domain::brand::Brand;
use crate::domain::ids::{OrderId, PaymentId, RefundId};
use crate::domain::lang::Lang;
use crate::domain::message::{Audience, Channel, Held, Message, MessageKind, MessageStatus};
use crate::domain::order::Customer;
use crate::domain::role::Permission;
use crate::services::App;
use crate::services::tenants::Tenant;
use crate::store::{StoreError, Tx, messages, users};

/// What a message is about.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub order: Option<OrderId>,
    pub payment: Option<PaymentId>,
    pub refund: Option<RefundId>,
}

/// One thing to tell.
pub struct Draft {
    pub kind: MessageKind,
    pub lang: Lang,
    /// Whether it tells of real money (R11).
    pub livemode: bool,
    pub letter: Letter,
    /// The same in one line, with the link: for customers who have a phone alone. Kinds without it
    /// are told by e-mail only.
    pub sms: Option<String>,
    pub about: About,
    /// Names the thing told; the reader is added to it.
    pub key: String,
}

/// Whether the tenant wants it told.
async fn wanted(tx: &mut Tx<'_>, tenant: &Tenant, kind: MessageKind) -> Result<bool, StoreError> {
    let Some(topic) = kind.topic() else {
        return Ok(true);
    };
    let off = messages::topics_off(tx, &tenant.id).await?;
    Ok(!off.contains(&topic))
}

/// Writes it for the customer: by e-mail, else by SMS where the kind has one. None where the tenant
/// does not want it told, there is no address, or it was told before.
pub async fn to_customer(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    customer: &Customer,
    draft: Draft,
) -> Result<Option<Message>, StoreError> {
    let given = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
    let channel = match (given(&customer.email), given(&customer.phone), &draft.sms) {
        (Some(email), _, _) => Some((Channel::Email, email)),
        (None, Some(phone), Some(_)) => Some((Channel::Sms, phone)),
        (None, _, _) => None,
    };
    let Some((channel, address)) = channel else {
        return Ok(None);
    };
    if !wanted(tx, tenant, draft.kind).await? {
        return Ok(None);
    }
    let key = draft.key.clone();
    let reader = (Audience::Customer, channel, address);
    write(app, tx, tenant, reader, key, &draft).await
}

/// Writes it for every member whose role may do `what`, but not for `except`.
pub async fn to_team(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    what: Permission,
    except: Option<&str>,
    draft: Draft,
) -> Result<(), StoreError> {
    if !wanted(tx, tenant, draft.kind).await? {
        return Ok(());
    }
    for member in users::members(tx, &tenant.id).await? {
        let id = member.user.id.to_string();
        if member.user.suspended || !member.role.may(what) || except == Some(&id) {
            continue;
        }
        let key = format!("{}:{id}", draft.key);
        let reader = (Audience::Staff, Channel::Email, member.user.email);
        write(app, tx, tenant, reader, key, &draft).await?;
    }
    Ok(())
}

/// Writes the row, and queues its sending where it may go. None where it was told before.
async fn write(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    (audience, channel, address): (Audience, Channel, String),
    dedupe_key: String,
    draft: &Draft,
) -> Result<Option<Message>, StoreError> {
    let now = app.clock.now();
    let held = if draft.livemode {
        app.post.lacks(channel)
    } else {
        Some(Held::TestMode)
    };
    let merchant = one_line(&tenant.name);
    let top = Head {
        lang: draft.lang,
        merchant: &merchant,
        brand: &Brand::new(&tenant.brand),
    };
    let letter = &draft.letter;
    let (subject, text, html) = match channel {
        Channel::Email => (letter.subject.clone(), letter.text(&top), letter.html(&top)),
        Channel::Sms => {
            let text = plain(draft.sms.as_deref().unwrap_or_default());
            (String::new(), text, String::new())
        }
    };
    let message = Message {
        id: app.clock.id(),
        tenant_id: tenant.id.clone(),
        livemode: draft.livemode,
        kind: draft.kind,
        channel,
        audience,
        address,
        locale: draft.lang.tag().to_owned(),
        subject,
        text,
        html,
        status: if held.is_some() {
            MessageStatus::Held
        } else {
            MessageStatus::Queued
        },
        why: held.map_or("", Held::as_str).to_owned(),
        order_id: draft.about.order.clone(),
        payment_id: draft.about.payment.clone(),
        refund_id: draft.about.refund.clone(),
        dedupe_key,
        attempts: 0,
        created_at: now,
        queued_at: now,
        sent_at: None,
    };
    if !messages::insert_once(tx, &message).await? {
        return Ok(None);
    }
    if message.status == MessageStatus::Queued {
        queue(app, tx, &message).await?;
    }
    Ok(Some(message))
}
