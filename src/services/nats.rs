//! Events to NATS JetStream: `malipo.{tenant}.{type}`, the event's id as the message's, so that
//! JetStream drops what it has. An event leaves the queue when JetStream has acknowledged it.
use super::{App, events};
use crate::domain::ids::EventId;
use crate::store::{StoreError, nats as rows};
use async_nats::ConnectOptions;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, stream};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use url::Url;

/// The stream that is made where none takes the subjects.
const STREAM: &str = "MALIPO";
const SUBJECTS: &str = "malipo.>";
/// How long JetStream remembers ids: longer than a process is away for an update.
const REMEMBERED: Duration = Duration::from_hours(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ACK_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than it takes to publish a batch.
const CLAIM_SECS: i64 = 60;
const BATCH: i64 = 100;

/// Why events were not published. They stay in the queue.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    #[error("the server cannot be reached: {0}")]
    Connect(String),
    #[error("JetStream did not take an event: {0}")]
    Publish(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Publishes what waits. Connects when there is something to publish.
pub struct Publisher {
    url: SecretString,
    stream: Option<jetstream::Context>,
}

/// Reads the server's address; a user and password may stand in it.
///
/// # Errors
/// Says what is wrong, never shows it.
pub fn check_url(text: &SecretString) -> Result<(), &'static str> {
    let url = Url::parse(text.expose_secret()).map_err(|_| "cannot be read as an address")?;
    if matches!(url.scheme(), "nats" | "tls") && url.has_host() {
        Ok(())
    } else {
        Err("must be like nats://127.0.0.1:4222 or tls://…")
    }
}

impl Publisher {
    pub fn new(url: SecretString) -> Self {
        Self { url, stream: None }
    }

    async fn connect(&self) -> Result<jetstream::Context, NatsError> {
        let failed = |e: &dyn std::fmt::Display| NatsError::Connect(e.to_string());
        let mut url = Url::parse(self.url.expose_secret()).map_err(|e| failed(&e))?;
        let mut options = ConnectOptions::new()
            .name("malipo")
            .connection_timeout(CONNECT_TIMEOUT);
        options = match (url.username(), url.password()) {
            ("", _) => options,
            (user, Some(password)) => {
                options.user_and_password(percent_decoded(user), percent_decoded(password))
            }
            (token, None) => options.token(percent_decoded(token)),
        };
        // Out of the address, which the client may log.
        let _ = (url.set_username(""), url.set_password(None));
        let client = options
            .connect(url.as_str())
            .await
            .map_err(|e| failed(&e))?;
        let context = jetstream::new(client);
        let config = stream::Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECTS.to_owned()],
            duplicate_window: REMEMBERED,
            ..stream::Config::default()
        };
        if let Err(e) = context.get_or_create_stream(config).await {
            // An operator's own stream may take the subjects; else publishing says so.
            tracing::info!(error = %e, "the stream MALIPO was not made");
        }
        Ok(context)
    }

    /// Publishes the oldest events that wait, and says how many JetStream has acknowledged.
    ///
    /// # Errors
    /// Nothing is lost by any of them: what was not acknowledged is published again.
    pub async fn publish_due(&mut self, app: &App) -> Result<usize, NatsError> {
        let now = app.clock.now();
        let until = now.plus_secs(CLAIM_SECS);
        let waiting = rows::claim(&app.db, now, until, BATCH).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let published = self.publish(app, &waiting).await;
        if published.is_err() {
            // For the next try, also of another process that still reaches the server.
            let ids: Vec<EventId> = waiting.iter().map(|(event, _)| event.id.clone()).collect();
            let mut tx = app.db.begin().await?;
            rows::release(&mut tx, &ids).await?;
            tx.commit().await.map_err(StoreError::from)?;
        }
        published
    }

    async fn publish(
        &mut self,
        app: &App,
        waiting: &[(events::Event, String)],
    ) -> Result<usize, NatsError> {
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        let mut sent = Vec::with_capacity(waiting.len());
        for (event, slug) in waiting {
            let subject = format!("malipo.{slug}.{}", event.event_type);
            let message = PublishMessage::build()
                .payload(events::body(event).into())
                .message_id(event.id.to_string());
            let ack = stream.send_publish(subject, message).await;
            sent.push((&event.id, ack));
        }
        let (mut done, mut trouble): (Vec<EventId>, _) = (vec![], None);
        for (id, ack) in sent {
            let acknowledged = async { ack?.await };
            match tokio::time::timeout(ACK_TIMEOUT, acknowledged).await {
                Ok(Ok(_)) => done.push(id.clone()),
                Ok(Err(e)) => trouble = Some(e.to_string()),
                Err(_) => trouble = Some("no acknowledgement in time".to_owned()),
            }
        }
        let mut tx = app.db.begin().await?;
        rows::done(&mut tx, &done).await?;
        tx.commit().await.map_err(StoreError::from)?;
        if let Some(why) = trouble {
            return Err(NatsError::Publish(why));
        }
        self.stream = Some(stream);
        Ok(done.len())
    }
}

fn percent_decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_strictly_and_its_password_word_for_word() {
        for good in ["nats://127.0.0.1:4222", "tls://me:secret@nats.example"] {
            assert_eq!(check_url(&good.into()), Ok(()));
        }
        for bad in ["127.0.0.1:4222", "http://127.0.0.1", "nats:///x", ""] {
            let error = check_url(&bad.into()).unwrap_err();
            assert!(bad.is_empty() || !error.contains(bad), "{bad}");
        }
        assert_eq!(percent_decoded("a%40b+c"), "a@b+c");
    }
}
