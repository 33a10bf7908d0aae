//! The one client that calls providers: its time-outs and limits, and what each kind of trouble
//! means. A connection that never stood sent nothing; anything later may have been processed.
use super::ProviderError;
use serde_json::Value;
use std::time::Duration;

/// Answers above this are cut: no provider's answer comes near it.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// The shared client. Cheap to clone.
#[derive(Clone)]
pub struct Http(reqwest::Client);

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, where it is that.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body's beginning for the timeline: one line, at most 200 characters.
    pub fn words(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!(
            "HTTP {} {}",
            self.status,
            line.chars().take(200).collect::<String>()
        )
    }
}

impl Http {
    /// # Errors
    /// Where the TLS backend cannot start.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::with_timeout(Duration::from_secs(30))
    }

    /// A client whose calls end after `timeout`, the body included.
    ///
    /// # Errors
    /// Where the TLS backend cannot start.
    pub fn with_timeout(timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("malipo/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10).min(timeout))
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self(client))
    }

    pub fn get(&self, url: &str) -> reqwest::RequestBuilder {
        self.0.get(url)
    }

    pub fn post(&self, url: &str) -> reqwest::RequestBuilder {
        self.0.post(url)
    }
}

/// Sends a request and reads the answer whole. The status is the caller's to judge.
///
/// # Errors
/// [`ProviderError::Unavailable`] where no connection stood, [`ProviderError::Unknown`] for
/// everything after that.
pub async fn send(request: reqwest::RequestBuilder) -> Result<Answer, ProviderError> {
    let mut response = request.send().await.map_err(|e| {
        // The address is left out: a reference in it may be a secret.
        let e = e.without_url();
        if e.is_connect() || e.is_builder() {
            ProviderError::Unavailable(format!("no connection: {e}"))
        } else {
            ProviderError::Unknown(format!("no answer: {e}"))
        }
    })?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER_BYTES => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => {
                return Err(ProviderError::Unknown(
                    "the answer is far too large".to_owned(),
                ));
            }
            Ok(None) => return Ok(Answer { status, body }),
            Err(e) => {
                let e = e.without_url();
                return Err(ProviderError::Unknown(format!("the answer broke off: {e}")));
            }
        }
    }
}
