//! The one client that calls providers: its time-outs and limits, and what each kind of trouble
//! means. A connection that never stood sent nothing; anything later may have been processed.
use super::{Call, ProviderError};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// Answers above this are cut: no provider's answer comes near it.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// The shared clients. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    /// Calls what tenants typed: it knows public addresses alone.
    public: reqwest::Client,
    timeout: Duration,
}

pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;

/// The cause of a kind behind an error.
pub(super) fn cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        source = inner.source();
    }
    None
}

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
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("malipo/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(Duration::from_secs(10).min(timeout))
                .timeout(timeout)
                .redirect(reqwest::redirect::Policy::none())
        };
        Ok(Self {
            client: builder().build()?,
            // A proxy would look names up by itself, past the check.
            public: builder()
                .no_proxy()
                .dns_resolver(super::outward::resolver())
                .build()?,
            timeout,
        })
    }

    /// How long a call may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The client for what a tenant typed.
    pub(super) fn outward(&self, allow_private: bool) -> &reqwest::Client {
        if allow_private {
            &self.client
        } else {
            &self.public
        }
    }

    pub fn get(&self, url: &str) -> reqwest::RequestBuilder {
        self.client.get(url)
    }

    pub fn post(&self, url: &str) -> reqwest::RequestBuilder {
        self.client.post(url)
    }

    pub fn patch(&self, url: &str) -> reqwest::RequestBuilder {
        self.client.patch(url)
    }
}

/// Sends a request and reads the answer whole. The status is the caller's to judge.
///
/// # Errors
/// [`ProviderError::Misconfigured`] where the request cannot be written,
/// [`ProviderError::Unavailable`] where no connection stood, [`ProviderError::Unknown`] for
/// everything after that.
pub async fn send(request: reqwest::RequestBuilder) -> Result<Answer, ProviderError> {
    let mut response = request.send().await.map_err(|e| {
        // The address is left out: a reference in it may be a secret.
        let e = e.without_url();
        if e.is_builder() {
            // A key with a line break in it, for example. Nothing was sent.
            ProviderError::Misconfigured(format!("a setting cannot be sent: {e}"))
        } else if e.is_connect() {
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

impl Call<'_> {
    /// The address of a path at this provider; the path begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// GET with a bearer token.
    ///
    /// # Errors
    /// Those of [`send`].
    pub async fn get(&self, path: &str, bearer: &SecretString) -> Result<Answer, ProviderError> {
        let request = self.http.get(&self.url(path));
        send(request.bearer_auth(bearer.expose_secret())).await
    }

    /// POST of a JSON body with a bearer token.
    ///
    /// # Errors
    /// Those of [`send`].
    pub async fn post<B: Serialize + Sync + ?Sized>(
        &self,
        path: &str,
        bearer: &SecretString,
        body: &B,
    ) -> Result<Answer, ProviderError> {
        let request = self.http.post(&self.url(path)).json(body);
        send(request.bearer_auth(bearer.expose_secret())).await
    }
}

/// A string or number under a JSON pointer, as text: providers write ids and amounts either way.
/// `None` for anything else, and for an empty string.
pub fn text(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(s) if !s.trim().is_empty() => Some(s.trim().to_owned()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// A value as one segment of a path or one value of a query.
pub fn segment(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_come_from_strings_and_numbers_alone() {
        let body =
            json!({"data": {"id": 18_446_744_073_709_551_615_u64, "n": " 7 ", "e": "", "o": {}}});
        assert_eq!(text(&body, "/data/id").unwrap(), "18446744073709551615");
        assert_eq!(text(&body, "/data/n").unwrap(), "7");
        for nothing in ["/data/e", "/data/o", "/data/none"] {
            assert_eq!(text(&body, nothing), None);
        }
        assert_eq!(segment("a/b?c"), "a%2Fb%3Fc");
    }

    #[tokio::test]
    async fn r4_no_connection_is_unavailable_for_nothing_was_sent() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", free.local_addr().unwrap());
        drop(free);
        let http = Http::with_timeout(Duration::from_secs(2)).unwrap();
        let error = send(http.get(&url)).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    }

    #[tokio::test]
    async fn a_key_that_no_header_can_carry_is_a_matter_of_settings() {
        let http = Http::with_timeout(Duration::from_secs(2)).unwrap();
        let request = http.get("http://127.0.0.1:1/").bearer_auth("sk_\nx");
        let error = send(request).await.unwrap_err();
        assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
        assert!(!error.to_string().contains("sk_"));
    }

    #[tokio::test]
    async fn r4_a_connection_cut_after_sending_is_unknown() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
        });
        let http = Http::with_timeout(Duration::from_secs(2)).unwrap();
        let error = send(http.post(&url).body("x")).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    }
}
