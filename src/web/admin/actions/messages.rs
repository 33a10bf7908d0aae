//! Sending a link, sending again, and what is told at all.
use super::{CHANGED, Next, answer, enter, form_key as key_of};
use crate::domain::ids::{Id, MessageId, OrderId};
use crate::domain::message::{Channel, MessageStatus, Topic};
use crate::domain::role::Permission;
use crate::services::StoreError;
use crate::services::messages::{self, MessageError};
use crate::web::admin::auth::Refusal;
use crate::web::admin::sentences;
use leptos::prelude::*;

/// Sends an order's link to its customer.
#[server(prefix = "/do", endpoint = "admin/orders/send-link")]
pub async fn admin_send_link(
    tenant: String,
    order: String,
    #[server(default)] form_key: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let id = OrderId::parse(&order).ok_or(Refusal::NotFound)?;
        let path = me.url(&format!("/orders/{id}"));
        let key = key_of(&form_key);
        let shop = &me.member.tenant.id;
        let result =
            messages::request_payment(&me.app, shop, &me.actor(), &id, key.as_deref()).await;
        match result {
            Ok(m) => Ok(match m.held() {
                Some(why) => {
                    let words = format!("The link was not sent. {}", sentences::held(why));
                    Next::fault(path, &words)
                }
                None if m.channel == Channel::Sms => {
                    Next::done(path, "The link is on its way by SMS.")
                }
                None => Next::done(path, "The link is on its way by e-mail."),
            }),
            Err(MessageError::NotFound) => Err(Refusal::NotFound),
            Err(MessageError::Closed) => Ok(Next::fault(
                path,
                "The link takes no payment now: renew it first.",
            )),
            Err(MessageError::NoAddress) => {
                let words = "The order has neither an e-mail address nor a phone number.";
                Ok(Next::fault(path, words))
            }
            Err(MessageError::NotAgain | MessageError::Store(StoreError::Stale)) => {
                Ok(Next::fault(path, CHANGED))
            }
            Err(e @ MessageError::Store(_)) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Has a message that did not go tried again.
#[server(prefix = "/do", endpoint = "admin/messages/send-again")]
pub async fn admin_send_again(tenant: String, message: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let id = MessageId::parse(&message).ok_or(Refusal::NotFound)?;
        let path = me.url(&format!("/messages/{id}"));
        let shop = &me.member.tenant.id;
        match messages::send_again(&me.app, shop, &me.actor(), &id).await {
            Ok(_) => Ok(Next::done(path, "It is tried again now.")),
            Err(MessageError::NotFound) => Err(Refusal::NotFound),
            Err(MessageError::Store(StoreError::Stale)) => Ok(Next::fault(path, CHANGED)),
            Err(MessageError::NotAgain) => {
                let now = messages::get(&me.app, shop, &id).await?;
                let sent = now.is_some_and(|m| m.status == MessageStatus::Sent);
                let words = if sent {
                    "It was sent already."
                } else {
                    "It is not sent again: it is on its way, or tells of test money."
                };
                Ok(Next::fault(path, words))
            }
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Saves what is told at all: the topics that are ticked.
#[server(prefix = "/do", endpoint = "admin/messages/settings")]
pub async fn admin_message_settings(
    tenant: String,
    #[server(default)] topics: Vec<String>,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageSettings).await?;
        let off: Vec<Topic> = Topic::ALL
            .into_iter()
            .filter(|t| !topics.iter().any(|name| name == t.as_str()))
            .collect();
        let shop = &me.member.tenant.id;
        messages::save_topics_off(&me.app, shop, &me.actor(), &off).await?;
        Ok(Next::done(me.url("/messages/settings"), "Saved."))
    })
    .await
}
