//! A request as every call of the API reads it: key, version, form, idempotency key.

use std::future::Future;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::NAME;
use crate::simulator::ledger::{Account, Change};
use crate::simulator::{Reply, Sim};

/// How long an answer is kept under its idempotency key.
const KEPT: i64 = 24 * 3_600_000;

/// The account behind a request: the secret key is its id.
#[derive(Clone)]
pub struct Merchant {
    pub key: String,
    pub live: bool,
}

impl Merchant {
    pub fn mode(&self) -> &'static str {
        if self.live { "live" } else { "test" }
    }
}

/// Fields of a form or of a query, in their order.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// A field's value; one that is empty counts as left out.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// The entries of `name[…]`: what stands in the brackets, and the value.
    pub fn under<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(field, value)| {
            let inner = field.strip_prefix(name)?.strip_prefix('[')?;
            Some((inner.strip_suffix(']')?, value.as_str()))
        })
    }

    /// The first words of all fields: `line_items` of `line_items[0][quantity]`.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .map(|(name, _)| name.split('[').next().unwrap_or_default())
    }

    /// `metadata[…]` or the like as an object, or why not.
    pub fn map(&self, name: &str) -> Result<Value, Reply> {
        let mut map = serde_json::Map::new();
        for (key, value) in self.under(name).filter(|(k, _)| !k.contains('[')) {
            if key.is_empty() || key.len() > 40 || value.chars().count() > 500 {
                let words = "Metadata keys have up to 40 characters, values up to 500";
                return Err(invalid(words, Some(name), None));
            }
            map.insert(key.to_owned(), json!(value));
        }
        if map.len() > 50 {
            return Err(invalid("Metadata have up to 50 keys", Some(name), None));
        }
        Ok(Value::Object(map))
    }

    fn hash(&self, path: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(path.as_bytes());
        for (name, value) in &self.0 {
            hash.update(format!("\n{name}={value}").as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

/// An error as every call answers it.
pub fn fail(
    status: u16,
    kind: &str,
    words: &str,
    param: Option<&str>,
    code: Option<&str>,
) -> Reply {
    let mut error = json!({"type": kind, "message": words});
    for (field, value) in [("param", param), ("code", code)] {
        if let Some(value) = value {
            error[field] = json!(value);
        }
    }
    Reply::new(status, json!({"error": error}))
}

pub fn invalid(words: &str, param: Option<&str>, code: Option<&str>) -> Reply {
    fail(400, "invalid_request_error", words, param, code)
}

pub fn missing_param(param: &str) -> Reply {
    let words = format!("Missing required param: {param}.");
    invalid(&words, Some(param), Some("parameter_missing"))
}

/// A path that names nothing of this account.
pub fn no_such(what: &str, id: &str) -> Reply {
    let words = format!("No such {what}: '{id}'");
    fail(
        404,
        "invalid_request_error",
        &words,
        Some("id"),
        Some("resource_missing"),
    )
}

/// A field that names nothing of this account.
pub fn no_such_field(what: &str, id: &str) -> Reply {
    let words = format!("No such {what}: '{id}'");
    invalid(&words, Some(what), Some("resource_missing"))
}

fn unauthorized(words: &str) -> Reply {
    fail(401, "invalid_request_error", words, None, None)
}

/// The key, as a bearer token or as the user name of HTTP Basic.
fn key_of(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    if let Some(key) = given.strip_prefix("Bearer ") {
        return Some(key.trim().to_owned());
    }
    let basic = STANDARD.decode(given.strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8(basic).ok()?;
    Some(text.split(':').next().unwrap_or_default().to_owned())
}

pub fn merchant(headers: &HeaderMap) -> Result<Merchant, Reply> {
    let key = key_of(headers).unwrap_or_default();
    if key.is_empty() {
        return Err(unauthorized("You did not provide an API key."));
    }
    let begins = |prefixes: [&str; 2]| prefixes.iter().any(|p| key.starts_with(p));
    let live = begins(["sk_live_", "rk_live_"]);
    if !(live || begins(["sk_test_", "rk_test_"])) || key.len() < 9 || key.contains("invalid") {
        return Err(unauthorized("Invalid API Key provided: ********"));
    }
    check_version(headers)?;
    Ok(Merchant { key, live })
}

/// `2025-09-30.clover`, or the date alone.
fn version(headers: &HeaderMap) -> Option<&str> {
    headers.get("stripe-version")?.to_str().ok()
}

fn check_version(headers: &HeaderMap) -> Result<(), Reply> {
    let Some(version) = version(headers) else {
        return Ok(());
    };
    let date: String = version.chars().take(10).collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = date.split('-').collect();
    if parts.len() == 3 && parts.iter().all(|p| digits(p)) {
        return Ok(());
    }
    Err(invalid("Invalid Stripe API version", None, None))
}

/// A POST, read.
pub struct Asked {
    pub merchant: Merchant,
    pub form: Form,
    /// The date of the API's version, where the caller pins one.
    pub version: Option<String>,
    path: String,
    once: Option<String>,
}

impl Asked {
    pub fn read(headers: &HeaderMap, path: &str, body: &[u8]) -> Result<Self, Reply> {
        let merchant = merchant(headers)?;
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let kind = text("content-type").unwrap_or_default();
        if !body.is_empty() && !kind.starts_with("application/x-www-form-urlencoded") {
            let words = "Invalid request (check that your POST content type is \
                         application/x-www-form-urlencoded).";
            return Err(invalid(words, None, None));
        }
        let once = text("idempotency-key").map(str::to_owned);
        if once
            .as_deref()
            .is_some_and(|k| k.is_empty() || k.len() > 255)
        {
            let words = "Idempotency keys have 1 to 255 characters";
            return Err(fail(400, "idempotency_error", words, None, None));
        }
        Ok(Self {
            merchant,
            form: Form::parse(body),
            version: version(headers).map(|v| v.chars().take(10).collect()),
            path: path.to_owned(),
            once,
        })
    }

    /// Refuses a field that the call does not know.
    pub fn only(&self, known: &[&str]) -> Result<(), Reply> {
        match self.form.roots().find(|root| !known.contains(root)) {
            None => Ok(()),
            Some(other) => {
                let words = format!("Received unknown parameter: {other}");
                Err(invalid(&words, Some(other), Some("parameter_unknown")))
            }
        }
    }
}

/// What an effect comes to: the answer, and what is committed before it is given.
pub type Done = Result<(Value, Vec<Change>), Reply>;

/// Runs a POST: the same key with the same form gets the first answer again, with another form it
/// is refused. Refusals are not kept.
pub async fn once<F>(sim: &Sim, asked: &Asked, effect: F) -> anyhow::Result<Reply>
where
    F: Future<Output = anyhow::Result<Done>>,
{
    let hash = asked.form.hash(&asked.path);
    let now = sim.clock.now();
    let id = asked
        .once
        .as_ref()
        .map(|key| format!("{}:{key}", asked.merchant.key));
    if let Some(id) = &id
        && let Some(kept) = sim.ledger.object(NAME, "idempotency", id).await?
        && kept["at"].as_i64().is_some_and(|at| now - at < KEPT)
    {
        if kept["hash"] != json!(hash) {
            let words = "Keys for idempotent requests can only be used with the same parameters \
                         they were first used with.";
            return Ok(fail(400, "idempotency_error", words, None, None));
        }
        return Ok(Reply::ok(kept["body"].clone()));
    }
    let (body, mut changes) = match effect.await? {
        Ok(done) => done,
        Err(refused) => return Ok(refused),
    };
    if let Some(id) = id {
        changes.push(Change::Object {
            provider: NAME.into(),
            kind: "idempotency".into(),
            id,
            data: json!({"hash": hash, "at": now, "body": body}),
        });
    }
    sim.commit(changes).await?;
    Ok(Reply::ok(body))
}

/// The account of a key. One that nobody registered has no endpoints.
pub async fn account(sim: &Sim, key: &str) -> anyhow::Result<Account> {
    let known = sim.ledger.account(NAME, key).await?;
    Ok(known.unwrap_or_else(|| Account {
        provider: NAME.into(),
        id: key.into(),
        hook_url: None,
        data: json!({"endpoints": []}),
    }))
}

/// A page of a list, newest first: `limit`, `starting_after`.
pub fn page(form: &Form, rows: Vec<Value>, path: &str) -> Result<Value, Reply> {
    let limit = match form.get("limit") {
        None => 10,
        Some(text) => match text.parse::<usize>() {
            Ok(limit) if (1..=100).contains(&limit) => limit,
            _ => return Err(invalid("Invalid integer: limit", Some("limit"), None)),
        },
    };
    let skip = match form.get("starting_after") {
        None => 0,
        Some(after) => match rows.iter().position(|row| row["id"] == json!(after)) {
            Some(at) => at + 1,
            None => return Err(no_such_field("starting_after", after)),
        },
    };
    let more = rows.len() > skip + limit;
    let data: Vec<Value> = rows.into_iter().skip(skip).take(limit).collect();
    Ok(json!({"object": "list", "data": data, "has_more": more, "url": path}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn keys_show_their_mode_and_come_either_way() {
        let basic = format!("Basic {}", STANDARD.encode("rk_live_0123:"));
        for (given, want) in [
            ("Bearer sk_test_0123", Ok(false)),
            ("Bearer rk_test_0123", Ok(false)),
            ("Bearer sk_live_0123", Ok(true)),
            (basic.as_str(), Ok(true)),
            ("Bearer pk_test_0123", Err(401)),
            ("Bearer sk_test_invalid", Err(401)),
            ("Bearer ", Err(401)),
        ] {
            let got = merchant(&with("authorization", given));
            let got = got.map(|m| m.live).map_err(|r| r.status.as_u16());
            assert_eq!(got, want, "{given}");
        }
    }

    #[test]
    fn forms_are_read_by_their_brackets() {
        let form = Form::parse(b"a=1&metadata%5Border%5D=A1&metadata[x]=&l[0][q]=2&b=");
        assert_eq!(form.get("a"), Some("1"));
        assert_eq!(form.get("b"), None);
        assert_eq!(form.get("l[0][q]"), Some("2"));
        assert_eq!(
            form.map("metadata").unwrap(),
            json!({"order": "A1", "x": ""})
        );
        assert!(form.roots().eq(["a", "metadata", "metadata", "l", "b"]));
    }

    #[test]
    fn json_bodies_and_odd_versions_are_refused() {
        let mut headers = with("authorization", "Bearer sk_test_0123");
        headers.insert("content-type", "application/json".parse().unwrap());
        assert!(Asked::read(&headers, "/x", b"{}").is_err());
        assert!(Asked::read(&headers, "/x", b"").is_ok());
        for (version, fine) in [
            ("2025-09-30.clover", true),
            ("2022-11-15", true),
            ("x", false),
        ] {
            headers.insert("stripe-version", version.parse().unwrap());
            assert_eq!(merchant(&headers).is_ok(), fine, "{version}");
        }
    }

    #[test]
    fn lists_are_cut_and_say_whether_more_follow() {
        let rows: Vec<Value> = (0..5).map(|n| json!({"id": format!("x_{n}")})).collect();
        let cut = |query: &str| page(&Form::parse(query.as_bytes()), rows.clone(), "/v1/x");
        let first = cut("limit=2").unwrap();
        assert_eq!(
            (first["data"][1]["id"].clone(), &first["has_more"]),
            (json!("x_1"), &json!(true))
        );
        let last = cut("limit=2&starting_after=x_3").unwrap();
        assert_eq!(
            (last["data"][0]["id"].clone(), &last["has_more"]),
            (json!("x_4"), &json!(false))
        );
        assert!(cut("limit=101").is_err() && cut("starting_after=y").is_err());
    }
}
