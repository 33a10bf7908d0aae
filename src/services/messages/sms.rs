//! Text messages leave through one small trait: a gateway of any kind behind HTTP, or a file for
//! local work. docs/messages.md says what such a gateway must speak.
use super::post::SendError;
use crate::providers::http::send as ask;
use crate::providers::{Http, ProviderError};
use async_trait::async_trait;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// One text message.
#[derive(Clone, Copy, Debug)]
pub struct Sms<'a> {
    /// The message's id: a gateway that sees it twice sends once.
    pub id: &'a str,
    /// E.164.
    pub to: &'a str,
    pub text: &'a str,
}

/// Where text messages go.
#[async_trait]
pub trait SmsGateway: Send + Sync {
    async fn send(&self, sms: &Sms<'_>) -> Result<(), SendError>;
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    to: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
}

impl<'a> Body<'a> {
    fn new(sms: &Sms<'a>, from: Option<&'a String>) -> Self {
        Self {
            id: sms.id,
            to: sms.to,
            text: sms.text,
            from: from.map(String::as_str),
        }
    }
}

/// A gateway that takes JSON by POST.
pub struct HttpGateway {
    http: Http,
    url: String,
    token: Option<String>,
    from: Option<String>,
}

impl HttpGateway {
    pub fn new(http: Http, url: String, token: Option<String>, from: Option<String>) -> Self {
        Self {
            http,
            url,
            token,
            from,
        }
    }
}

#[async_trait]
impl SmsGateway for HttpGateway {
    async fn send(&self, sms: &Sms<'_>) -> Result<(), SendError> {
        let mut request = self.http.post(&self.url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let request = request.json(&Body::new(sms, self.from.as_ref()));
        let answer = ask(request).await.map_err(|e| match e {
            ProviderError::Misconfigured(why)
            | ProviderError::Unavailable(why)
            | ProviderError::Unknown(why) => SendError::Trouble(why),
            declined @ ProviderError::Declined(_) => SendError::Trouble(declined.to_string()),
        })?;
        match answer.status {
            200..=299 => Ok(()),
            // About this message; other refusals are about the settings or pass.
            400 | 404 | 413 | 422 => Err(SendError::Refused(answer.words())),
            _ => Err(SendError::Trouble(answer.words())),
        }
    }
}

/// Appends each message to a file, one line of JSON each.
pub struct FileGateway {
    path: PathBuf,
    from: Option<String>,
}

impl FileGateway {
    /// # Errors
    /// Where the file cannot be opened for writing.
    pub fn open(path: PathBuf, from: Option<String>) -> std::io::Result<Self> {
        let gateway = Self { path, from };
        gateway.file()?;
        Ok(gateway)
    }

    fn file(&self) -> std::io::Result<std::fs::File> {
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
    }
}

#[async_trait]
impl SmsGateway for FileGateway {
    async fn send(&self, sms: &Sms<'_>) -> Result<(), SendError> {
        let trouble = |e: &dyn std::fmt::Display| SendError::Trouble(e.to_string());
        let body = Body::new(sms, self.from.as_ref());
        let mut line = serde_json::to_vec(&body).map_err(|e| trouble(&e))?;
        line.push(b'\n');
        // One write: lines of several processes do not mix.
        let mut file = self.file().map_err(|e| trouble(&e))?;
        file.write_all(&line).map_err(|e| trouble(&e))
    }
}
