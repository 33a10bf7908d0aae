//! Reading what callers send: each field by name and type, anything else refused by name.
use super::describe::{Field, Kind};
use crate::web::problem::Problem;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The members of a JSON object that were not read yet. `null` counts as absent.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// Stands before the names in problems: `customer.`
    prefix: &'static str,
    map: Map<String, Value>,
}

impl Fields {
    /// # Errors
    /// 400 `json_invalid` for what is no JSON object, 422 for U+0000, which no database takes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let refuse = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "json_invalid", detail);
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|e| refuse(format!("the body is not valid JSON: {e}")))?;
        let Value::Object(map) = value else {
            return Err(refuse("the body must be a JSON object".to_owned()));
        };
        for (name, value) in &map {
            if name.contains('\0') || holds_nul(value) {
                let name: String = name.chars().filter(|c| *c != '\0').take(80).collect();
                return Err(Problem::input(name, "control_characters", "holds U+0000"));
            }
        }
        Ok(Self { prefix: "", map })
    }

    /// Whether a field is there, `null` left out: an empty list is not the same as none.
    pub fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|v| !v.is_null())
    }

    /// Refuses what the operation's description does not have, so that none can be read unsaid.
    ///
    /// # Errors
    /// 422 `unknown_field`.
    pub fn only(self, described: &[Field]) -> Result<Self, Problem> {
        check_names("", &self.map, described)?;
        Ok(self)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|v| !v.is_null())
    }

    fn wrong(&self, name: &str, wanted: &str) -> Problem {
        let message = format!("must be {wanted}");
        Problem::input(format!("{}{name}", self.prefix), "type_invalid", message)
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a string")),
        }
    }

    /// A whole number. `1.0` and `"1"` are none (R1).
    pub fn integer(&mut self, name: &str) -> Result<Option<i64>, Problem> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => value
                .as_i64()
                .map(Some)
                .ok_or_else(|| self.wrong(name, "an integer; amounts are in minor units")),
        }
    }

    /// A list of whole numbers.
    pub fn integers(&mut self, name: &str) -> Result<Option<Vec<i64>>, Problem> {
        let wrong = |me: &Self| me.wrong(name, "a list of integers");
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(all)) => {
                let whole = all.iter().map(Value::as_i64).collect::<Option<Vec<_>>>();
                whole.map(Some).ok_or_else(|| wrong(self))
            }
            Some(_) => Err(wrong(self)),
        }
    }

    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(on)) => Ok(Some(on)),
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, Problem> {
        let wrong = |me: &Self| me.wrong(name, "a list of strings");
        match self.take(name) {
            None => Ok(vec![]),
            Some(Value::Array(all)) => all
                .into_iter()
                .map(|v| match v {
                    Value::String(text) => Ok(text),
                    _ => Err(wrong(self)),
                })
                .collect(),
            Some(_) => Err(wrong(self)),
        }
    }

    /// An object of strings.
    pub fn entries(&mut self, name: &str) -> Result<BTreeMap<String, String>, Problem> {
        let wrong = |me: &Self| me.wrong(name, "an object whose values are strings");
        match self.take(name) {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(map)) => map
                .into_iter()
                .map(|(key, v)| match v {
                    Value::String(text) => Ok((key, text)),
                    _ => Err(wrong(self)),
                })
                .collect(),
            Some(_) => Err(wrong(self)),
        }
    }

    /// An object, to be read in the same way; `prefix` is its name with a dot.
    pub fn object(&mut self, name: &str, prefix: &'static str) -> Result<Self, Problem> {
        match self.take(name) {
            None => Ok(Self::default()),
            Some(Value::Object(map)) => Ok(Self { prefix, map }),
            Some(_) => Err(self.wrong(name, "an object")),
        }
    }

    /// One of the words that `parse` knows.
    pub fn word<T>(
        &mut self,
        name: &str,
        code: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        known: &[&str],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let refuse = || {
            let message = format!("must be one of {}", known.join(", "));
            Problem::input(format!("{}{name}", self.prefix), code, message)
        };
        parse(&text).map(Some).ok_or_else(refuse)
    }

    /// # Errors
    /// 422 `unknown_field` for what nobody read.
    pub fn done(self) -> Result<(), Problem> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => Err(unknown(self.prefix, name)),
        }
    }
}

fn unknown(prefix: &str, name: &str) -> Problem {
    let name: String = name.chars().take(80).collect();
    let field = format!("{prefix}{name}");
    Problem::input(field, "unknown_field", "is not known here")
}

fn check_names(prefix: &str, map: &Map<String, Value>, known: &[Field]) -> Result<(), Problem> {
    for (name, value) in map {
        let Some(field) = known.iter().find(|f| f.name == name) else {
            return Err(unknown(prefix, name));
        };
        if let (Kind::Object(members), Value::Object(inside)) = (&field.kind, value) {
            check_names(&format!("{name}."), inside, members)?;
        }
    }
    Ok(())
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(all) => all.iter().any(holds_nul),
        Value::Object(map) => map.iter().any(|(k, v)| k.contains('\0') || holds_nul(v)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The field that is needed.
pub(super) fn needed<T>(name: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::input(name, "required", "is needed"))
}

/// One part of a multipart body.
#[derive(Debug)]
pub(super) struct Part {
    pub name: String,
    pub bytes: Bytes,
}

impl Part {
    /// The part as text.
    pub fn text(&self) -> Result<String, Problem> {
        let text = std::str::from_utf8(&self.bytes)
            .map_err(|_| Problem::input(&self.name, "type_invalid", "must be UTF-8 text"))?;
        if text.contains('\0') {
            let code = "control_characters";
            return Err(Problem::input(&self.name, code, "holds U+0000"));
        }
        Ok(text.to_owned())
    }
}

/// Takes a multipart body apart.
///
/// # Errors
/// 415 for another kind of body, 400 `multipart_invalid` for one that cannot be read.
pub(super) async fn multipart(parts: Parts, body: Bytes) -> Result<Vec<Part>, Problem> {
    let broken = |e: &dyn std::fmt::Display| {
        let detail = format!("the multipart body cannot be read: {e}");
        Problem::new(StatusCode::BAD_REQUEST, "multipart_invalid", detail)
    };
    let request = Request::from_parts(parts, Body::from(body));
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let detail = "send the body as multipart/form-data";
        Problem::new(status, "content_type_unsupported", detail)
    })?;
    let mut all: Vec<Part> = vec![];
    while let Some(field) = form
        .next_field()
        .await
        .map_err(|e| broken(&e.body_text()))?
    {
        let name: String = field.name().unwrap_or_default().chars().take(80).collect();
        let bytes = field.bytes().await.map_err(|e| broken(&e.body_text()))?;
        if all.iter().any(|p| p.name == name) {
            return Err(Problem::input(name, "repeated_field", "came twice"));
        }
        all.push(Part { name, bytes });
    }
    Ok(all)
}

/// The same for the same parts, whatever boundary stood between them.
pub(super) fn digest(parts: &[Part]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let mut all = Sha256::new();
    for part in parts {
        for bytes in [part.name.as_bytes(), &part.bytes] {
            all.update(bytes.len().to_be_bytes());
            all.update(bytes);
        }
    }
    all.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        Fields::parse(text.as_bytes()).unwrap()
    }

    fn named(problem: Problem) -> (u16, &'static str, String) {
        let status = problem.status.as_u16();
        (status, problem.code, problem.field.unwrap_or_default())
    }

    #[test]
    fn what_is_no_json_object_is_refused() {
        for bad in ["", "{", "[]", "\"x\"", "{\"a\": \"\\ud800\"}"] {
            let problem = Fields::parse(bad.as_bytes()).unwrap_err();
            assert_eq!(
                named(problem),
                (400, "json_invalid", String::new()),
                "{bad}"
            );
        }
        let nul = Fields::parse(br#"{"customer": {"name": "a\u0000"}}"#).unwrap_err();
        assert_eq!(
            named(nul),
            (422, "control_characters", "customer".to_owned())
        );
    }

    #[test]
    fn r1_amounts_are_integers_and_nothing_like_them() {
        for bad in [
            "1.5",
            "1.0",
            "1e3",
            "\"100\"",
            "true",
            "[]",
            "9223372036854775808",
        ] {
            let mut body = fields(&format!("{{\"amount\": {bad}}}"));
            let problem = body.integer("amount").unwrap_err();
            let want = (422, "type_invalid", "amount".to_owned());
            assert_eq!(named(problem), want, "{bad}");
        }
        let mut body = fields("{\"amount\": 9223372036854775807}");
        assert_eq!(body.integer("amount").unwrap(), Some(i64::MAX));
        assert_eq!(
            fields("{\"amount\": null}").integer("amount").unwrap(),
            None
        );
    }

    #[test]
    fn wrong_types_and_unknown_names_are_named_with_their_path() {
        let mut body = fields(
            r#"{"customer": {"email": 5, "mail": "x"}, "metadata": {"a": 1},
            "providers": "mock", "force": 1, "kind": "gift", "extra": 1}"#,
        );
        let mut customer = body.object("customer", "customer.").unwrap();
        let wrong = customer.text("email").unwrap_err();
        assert_eq!(named(wrong).2, "customer.email");
        let unknown = customer.done().unwrap_err();
        assert_eq!(
            named(unknown),
            (422, "unknown_field", "customer.mail".to_owned())
        );
        assert_eq!(named(body.entries("metadata").unwrap_err()).2, "metadata");
        assert_eq!(named(body.texts("providers").unwrap_err()).2, "providers");
        assert_eq!(named(body.flag("force").unwrap_err()).2, "force");
        let parse = crate::domain::order::OrderKind::parse;
        let kind = body.word("kind", "kind_unknown", parse, &["order"]);
        assert_eq!(named(kind.unwrap_err()).1, "kind_unknown");
        assert_eq!(named(body.done().unwrap_err()).2, "extra");
        let missing = needed::<i64>("amount", None).unwrap_err();
        assert_eq!(named(missing), (422, "required", "amount".to_owned()));
    }

    #[tokio::test]
    async fn the_same_parts_have_the_same_digest_under_any_boundary() {
        let read = async |boundary: &str, value: &str| {
            let body = format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"type\"\r\n\r\n{value}\r\n\
                 --{boundary}--\r\n"
            );
            let kind = format!("multipart/form-data; boundary={boundary}");
            let (parts, ()) = axum::http::Request::post("/")
                .header("content-type", kind)
                .body(())
                .unwrap()
                .into_parts();
            multipart(parts, Bytes::from(body)).await.unwrap()
        };
        let (first, again) = (read("aaa", "cash").await, read("bbb", "cash").await);
        assert_eq!(first[0].text().unwrap(), "cash");
        assert_eq!(digest(&first), digest(&again));
        assert_ne!(digest(&first), digest(&read("aaa", "card").await));
    }
}
