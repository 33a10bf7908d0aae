//! How messages leave: by SMTP and by an SMS gateway, both only where the operator set them up.
use super::sms::{FileGateway, HttpGateway, Sms, SmsGateway};
use crate::domain::Timestamp;
use crate::domain::ids::Id;
use crate::domain::message::{Channel, Held, Message};
use crate::providers::Http;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::response::Category;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// Well below the time that a job may take.
const SMTP_TIMEOUT: Duration = Duration::from_secs(40);

/// What the operator set. Empty values count as not set.
#[derive(Clone, Debug, Default)]
pub struct PostSettings {
    /// `smtps://USER:PASSWORD@HOST`, `smtp://HOST:PORT?tls=required`, `smtp://HOST`.
    pub smtp_url: Option<SecretString>,
    /// The address that mail comes from, also as `Name <address>`.
    pub smtp_from: Option<String>,
    /// `https://…` of a gateway, or `file:///PATH`.
    pub sms_url: Option<SecretString>,
    pub sms_token: Option<SecretString>,
    /// What the text message comes from, where the gateway lets one say so.
    pub sms_from: Option<String>,
}

/// A setting that cannot be used: its variable and why. The value is never in it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{variable}: {why}")]
pub struct PostError {
    pub variable: &'static str,
    pub why: String,
}

fn bad(variable: &'static str, why: impl Into<String>) -> PostError {
    let why = why.into();
    PostError { variable, why }
}

/// Why a message did not go.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nothing is set up for it.
    #[error("nothing is set up to send it")]
    Held(Held),
    /// Trying again is of no use.
    #[error("{0}")]
    Refused(String),
    /// It passes.
    #[error("{0}")]
    Trouble(String),
}

/// What is set up. Cheap to clone.
#[derive(Clone, Default)]
pub struct Post {
    mail: Option<Mailer>,
    sms: Option<Arc<dyn SmsGateway>>,
}

#[derive(Clone)]
struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Who a message is from, as its reader sees it.
pub struct Sender<'a> {
    pub merchant: &'a str,
    /// Answers go there; empty: to the address that mail comes from.
    pub reply_to: &'a str,
}

impl Post {
    /// # Errors
    /// [`PostError`] names the variable that cannot be used.
    pub fn open(settings: &PostSettings, http: &Http) -> Result<Self, PostError> {
        let set = |s: &Option<SecretString>| {
            s.clone()
                .filter(|s| !s.expose_secret().trim().is_empty())
                .map(|s| s.expose_secret().trim().to_owned())
        };
        let plain = |s: &Option<String>| {
            let text = s.as_deref().unwrap_or_default().trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let from = plain(&settings.smtp_from);
        let mail = match set(&settings.smtp_url) {
            Some(url) => Some(mailer(&url, from)?),
            None if from.is_some() => {
                let why = "without it, MALIPO_SMTP_FROM does nothing";
                return Err(bad("MALIPO_SMTP_URL", why));
            }
            None => None,
        };
        let token = set(&settings.sms_token);
        let sms = match set(&settings.sms_url) {
            Some(url) => Some(gateway(&url, token, plain(&settings.sms_from), http)?),
            None if token.is_some() => {
                let why = "without it, MALIPO_SMS_TOKEN does nothing";
                return Err(bad("MALIPO_SMS_URL", why));
            }
            None => None,
        };
        Ok(Self { mail, sms })
    }

    /// Why nothing can go this way, if that is so.
    pub fn lacks(&self, channel: Channel) -> Option<Held> {
        match channel {
            Channel::Email => self.mail.is_none().then_some(Held::NoMailServer),
            Channel::Sms => self.sms.is_none().then_some(Held::NoSmsGateway),
        }
    }

    /// Sends one message.
    pub(super) async fn send(&self, m: &Message, from: &Sender<'_>) -> Result<(), SendError> {
        match m.channel {
            Channel::Email => {
                let mailer = self.mail.as_ref();
                let mailer = mailer.ok_or(SendError::Held(Held::NoMailServer))?;
                mailer.send(m, from).await
            }
            Channel::Sms => {
                let gateway = self.sms.as_ref();
                let gateway = gateway.ok_or(SendError::Held(Held::NoSmsGateway))?;
                let sms = Sms {
                    id: m.id.as_str(),
                    to: &m.address,
                    text: &m.text,
                };
                gateway.send(&sms).await
            }
        }
    }
}

fn mailer(url: &str, from: Option<String>) -> Result<Mailer, PostError> {
    const URL: &str = "MALIPO_SMTP_URL";
    let parsed = url::Url::parse(url)
        .ok()
        .filter(|u| matches!(u.scheme(), "smtp" | "smtps") && u.has_host());
    let Some(parsed) = parsed else {
        let why = "must be such as smtps://USER:PASSWORD@mail.example.com or \
                   smtp://localhost:25; marks in a password are percent-encoded";
        return Err(bad(URL, why));
    };
    if let Some((name, value)) = parsed
        .query_pairs()
        .find(|(name, value)| name != "tls" || !matches!(&**value, "required" | "opportunistic"))
    {
        let why =
            format!("{name}={value} is not known; there is tls=required and tls=opportunistic");
        return Err(bad(URL, why));
    }
    let secure = parsed.scheme() == "smtps" || parsed.query() == Some("tls=required");
    let local = matches!(
        parsed.host_str(),
        Some("localhost" | "127.0.0.1" | "::1" | "[::1]")
    );
    if parsed.password().is_some() && !secure && !local {
        let why = "would send the password unencrypted: use smtps:// or ?tls=required";
        return Err(bad(URL, why));
    }
    if !parsed.username().is_empty() && parsed.password().is_none() {
        return Err(bad(URL, "has a user and no password"));
    }
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
        .map_err(|_| bad(URL, "cannot be used as an SMTP address"))?;
    let from = from.ok_or_else(|| {
        bad(
            "MALIPO_SMTP_FROM",
            "is not set: the address that mail comes from",
        )
    })?;
    let from: Mailbox = from
        .parse()
        .map_err(|_| bad("MALIPO_SMTP_FROM", "must be an e-mail address"))?;
    Ok(Mailer {
        transport: builder.timeout(Some(SMTP_TIMEOUT)).build(),
        from,
    })
}

fn gateway(
    url: &str,
    token: Option<String>,
    from: Option<String>,
    http: &Http,
) -> Result<Arc<dyn SmsGateway>, PostError> {
    const URL: &str = "MALIPO_SMS_URL";
    let parsed = url::Url::parse(url).map_err(|_| bad(URL, "must be https://… or file:///PATH"))?;
    match parsed.scheme() {
        "file" => {
            let path = parsed
                .to_file_path()
                .map_err(|()| bad(URL, "must be file:///PATH with a whole path"))?;
            Ok(Arc::new(FileGateway::open(path, from).map_err(|e| {
                bad(URL, format!("the file cannot be written: {e}"))
            })?))
        }
        "http" | "https" if parsed.has_host() => {
            let http = http.clone();
            Ok(Arc::new(HttpGateway::new(
                http,
                url.to_owned(),
                token,
                from,
            )))
        }
        _ => Err(bad(URL, "must be https://… or file:///PATH")),
    }
}

/// A header that tells other programs not to answer (RFC 3834).
fn automatic() -> HeaderValue {
    HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    )
}

impl Mailer {
    async fn send(&self, m: &Message, sender: &Sender<'_>) -> Result<(), SendError> {
        let letter = self.letter(m, sender)?;
        match self.transport.send(letter).await {
            Ok(_) => Ok(()),
            Err(e) => {
                // 55x is about this letter; other refusals are about the server or its settings,
                // which a person mends.
                let about_it = e
                    .status()
                    .is_some_and(|s| e.is_permanent() && s.category == Category::MailSystem);
                let why = words(&e);
                Err(if about_it {
                    SendError::Refused(why)
                } else {
                    SendError::Trouble(why)
                })
            }
        }
    }

    fn letter(&self, m: &Message, sender: &Sender<'_>) -> Result<lettre::Message, SendError> {
        let refused = |what: &str| SendError::Refused(what.to_owned());
        let to: Address = m
            .address
            .parse()
            .map_err(|_| refused("the address is no e-mail address"))?;
        let from = Mailbox::new(Some(sender.merchant.to_owned()), self.from.email.clone());
        let domain = self.from.email.domain();
        let mut letter = lettre::Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(m.subject.clone())
            // The same on every try: a reader's program keeps one of two.
            .message_id(Some(format!("<{}@{domain}>", m.id)))
            .raw_header(automatic());
        if let Some(at) = written_at(m.created_at) {
            letter = letter.date(at);
        }
        if let Ok(reply_to) = sender.reply_to.parse::<Address>() {
            letter = letter.reply_to(Mailbox::new(None, reply_to));
        }
        let part = |kind: ContentType, body: &str| {
            SinglePart::builder().header(kind).body(body.to_owned())
        };
        let both = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, &m.text))
            .singlepart(part(ContentType::TEXT_HTML, &m.html));
        letter
            .multipart(both)
            .map_err(|e| SendError::Refused(format!("the letter cannot be written: {e}")))
    }
}

fn written_at(at: Timestamp) -> Option<std::time::SystemTime> {
    let ms = u64::try_from(at.unix_ms()).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_millis(ms))
}

/// What went wrong, with its causes, in one line of at most 300 characters.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        let more = e.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = e.source();
    }
    super::letter::one_line(&text).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(smtp: &str, from: &str, sms: &str) -> Result<Post, PostError> {
        let settings = PostSettings {
            smtp_url: Some(smtp.to_owned().into()),
            smtp_from: Some(from.to_owned()),
            sms_url: Some(sms.to_owned().into()),
            ..PostSettings::default()
        };
        Post::open(&settings, &Http::new().unwrap())
    }

    #[tokio::test]
    async fn a_bad_setting_is_named_and_its_value_is_not_shown() {
        for (smtp, from, sms, variable) in [
            ("mail.example.com", "a@b.example", "", "MALIPO_SMTP_URL"),
            (
                "http://mail.example.com",
                "a@b.example",
                "",
                "MALIPO_SMTP_URL",
            ),
            (
                "smtp://u:s3cret@mail.example.com",
                "a@b.example",
                "",
                "MALIPO_SMTP_URL",
            ),
            (
                "smtp://mail.example.com?tls=maybe",
                "a@b.example",
                "",
                "MALIPO_SMTP_URL",
            ),
            ("smtps://mail.example.com", "", "", "MALIPO_SMTP_FROM"),
            ("smtps://mail.example.com", "nobody", "", "MALIPO_SMTP_FROM"),
            ("", "a@b.example", "", "MALIPO_SMTP_URL"),
            ("", "", "ftp://x.example", "MALIPO_SMS_URL"),
            ("", "", "file:///no/such/folder/at/all", "MALIPO_SMS_URL"),
        ] {
            let error = open(smtp, from, sms).err().map(|e| e.to_string());
            let error = error.unwrap_or_else(|| panic!("{smtp} {from} {sms}"));
            assert!(error.starts_with(variable), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[tokio::test]
    async fn good_settings_are_taken_and_empty_ones_are_none() {
        let all = open(
            "smtps://u:p%40ss@mail.example.com",
            "Pay <pay@example.com>",
            "https://sms.example/send",
        )
        .unwrap();
        assert_eq!(all.lacks(Channel::Email), None);
        assert_eq!(all.lacks(Channel::Sms), None);
        let local = open("smtp://u:p@localhost:2525", "pay@example.com", "").unwrap();
        assert_eq!(local.lacks(Channel::Sms), Some(Held::NoSmsGateway));
        let none = open("", " ", "").unwrap();
        assert_eq!(none.lacks(Channel::Email), Some(Held::NoMailServer));
    }
}
