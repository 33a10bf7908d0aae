//! The job that sends a message: for about a day, at growing distances.
use super::MessageError;
use super::letter::one_line;
use super::post::{SendError, Sender};
use crate::domain::Timestamp;
use crate::domain::ids::{MessageId, TenantId};
use crate::domain::job::Outcome;
use crate::domain::message::{Audience, Held, Message, MessageStatus};
use crate::services::App;
use crate::store::{StoreError, messages, tenants};

/// How long a message is tried.
const TRIED_SECS: i64 = 86_400;

/// A minute, doubling to two hours.
const fn backoff_secs(attempts: i64) -> i64 {
    let doubled = if attempts < 8 { 60 << attempts } else { 7_200 };
    if doubled < 7_200 { doubled } else { 7_200 }
}

/// Sends one message. Twice is harmless while the first try was written down; a crash between the
/// server's answer and our row may send a letter twice, with the same id.
pub async fn send(app: &App, tenant: &TenantId, id: &MessageId) -> Result<Outcome, MessageError> {
    let mut tx = app.db.read().await?;
    let found = messages::get(&mut tx, tenant, id).await?;
    let Some(was) = found.filter(|m| m.status == MessageStatus::Queued) else {
        return Ok(Outcome::Done);
    };
    let from = tenants::by_id(&mut tx, tenant).await?;
    drop(tx);
    let Some(from) = from else {
        return Ok(Outcome::Done);
    };
    // R11, once more where nothing can go around it.
    let sent = if was.livemode {
        let merchant = one_line(&from.name);
        let sender = Sender {
            merchant: &merchant,
            reply_to: match was.audience {
                Audience::Customer => &from.contact_email,
                Audience::Staff => "",
            },
        };
        app.post.send(&was, &sender).await
    } else {
        Err(SendError::Held(Held::TestMode))
    };
    let (m, outcome) = after(&was, &sent, app.clock.now());
    let mut tx = app.db.begin().await?;
    match messages::save(&mut tx, &m, &was).await {
        // Another process sent it, or a person had it tried again.
        Err(StoreError::Stale) => return Ok(Outcome::Done),
        other => other?,
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(outcome)
}

/// The message after a try, and when the next one is.
fn after(was: &Message, sent: &Result<(), SendError>, now: Timestamp) -> (Message, Outcome) {
    let mut m = was.clone();
    m.attempts += 1;
    match sent {
        Ok(()) => {
            m.status = MessageStatus::Sent;
            m.sent_at = Some(now);
            m.why = String::new();
        }
        Err(SendError::Held(held)) => {
            m.status = MessageStatus::Held;
            held.as_str().clone_into(&mut m.why);
        }
        Err(SendError::Refused(why)) => {
            // What the server says may name the reader: the log does without it.
            tracing::warn!(message.id = %m.id, channel = m.channel.as_str(),
                attempt = m.attempts, "a message was refused");
            m.status = MessageStatus::Failed;
            m.why.clone_from(why);
        }
        Err(SendError::Trouble(why)) => {
            m.why.clone_from(why);
            let next = now.plus_secs(backoff_secs(m.attempts - 1));
            if now.secs_since(was.queued_at) < TRIED_SECS {
                tracing::info!(message.id = %m.id, channel = m.channel.as_str(),
                    attempt = m.attempts, "a message is tried again");
                return (m, Outcome::Again(next));
            }
            tracing::warn!(message.id = %m.id, channel = m.channel.as_str(),
                attempt = m.attempts, "a message could not be sent for a day");
            m.status = MessageStatus::Failed;
        }
    }
    (m, Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_apart_and_fill_a_day() {
        assert_eq!(backoff_secs(0), 60);
        assert_eq!(backoff_secs(3), 480);
        assert_eq!(backoff_secs(7), 7_200);
        assert_eq!(backoff_secs(60), 7_200);
        let mut tries = 0;
        let mut at = 0;
        while at < TRIED_SECS {
            at += backoff_secs(tries);
            tries += 1;
        }
        assert!((15..25).contains(&tries), "{tries}");
    }
}
