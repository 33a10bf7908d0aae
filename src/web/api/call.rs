//! One call: whose key it is, its bounded body, its `Idempotency-Key`, and its answer. The work
//! runs in a task of its own, so that it ends although the caller goes away. What a call must bring
//! stands in its operation's description, which the router puts into the request.
use super::describe::{Gives, Operation};
use super::fields::Fields;
use super::log::Speaker;
use crate::services::api_keys::{self, Caller, Known};
use crate::services::idempotency::{self, Asked, Running, Ticket};
use crate::services::{Actor, App};
use crate::web::body;
use crate::web::problem::{Code, Problem};
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::sync::Arc;
use tracing::Instrument;

/// Stands where a secret was, in an answer that is kept.
const SEALED: &str = "sealed";
/// The largest JSON body, in bytes.
const MAX_JSON: usize = 256 * 1024;

/// Whose key the request carries, with the operation's scope. Every operation begins with it.
pub(super) struct Key(pub Caller);

/// The description of the operation that a request reached.
fn operation(parts: &Parts) -> Result<&'static Operation, Problem> {
    let found = parts.extensions.get::<&'static Operation>();
    found
        .copied()
        .ok_or_else(|| Problem::internal(&"a route without its description"))
}

impl FromRequestParts<App> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let refuse = |detail: &str| {
            Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail.to_owned())
        };
        let secret = bearer(&parts.headers)
            .ok_or_else(|| refuse("send the API key as `Authorization: Bearer mk_…`"))?;
        let known = if secret.starts_with("mk_") {
            api_keys::caller(app, secret).await?
        } else {
            Known::No
        };
        let speaker = parts.extensions.get::<Speaker>();
        let note = |key| speaker.map(|s| s.set(key));
        let caller = match known {
            Known::No => return Err(refuse("this API key is unknown")),
            Known::Revoked(key) => {
                note(&key);
                return Err(refuse("this API key was revoked"));
            }
            Known::Expired(key) => {
                note(&key);
                return Err(refuse("this API key has expired"));
            }
            Known::Good(caller) => *caller,
        };
        note(&caller.key);
        let operation = operation(parts)?;
        require(&caller, operation.scope)?;
        check_parameters(operation, parts.uri.query().unwrap_or_default())?;
        Ok(Self(caller))
    }
}

/// A mistyped filter must not show everything.
fn check_parameters(operation: &Operation, query: &str) -> Result<(), Problem> {
    if !matches!(operation.gives, Gives::List(_)) {
        return Ok(());
    }
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        if !operation.query.iter().any(|f| f.name == name) {
            let name: String = name.chars().filter(|c| *c != '\0').take(80).collect();
            return Err(Problem::input(
                name,
                "unknown_parameter",
                "is not known here",
            ));
        }
    }
    Ok(())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = text.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

fn require(caller: &Caller, scope: &str) -> Result<(), Problem> {
    if caller.may(scope) {
        return Ok(());
    }
    let detail = format!("this API key lacks the scope {scope}");
    Err(Problem::new(StatusCode::FORBIDDEN, "scope_missing", detail))
}

/// What was done, as JSON.
pub(super) struct Answer {
    status: StatusCode,
    body: Value,
    /// Shown in this answer alone: it is never kept with an idempotency key (R15).
    secret: Option<SecretString>,
}

/// How every operation ends.
pub(super) type Done = Result<Answer, Problem>;

impl Answer {
    pub fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
            secret: None,
        }
    }

    /// 201; the `Location` follows from the object.
    pub fn created(body: Value) -> Self {
        Self {
            status: StatusCode::CREATED,
            body,
            secret: None,
        }
    }

    /// The object of an endpoint with its secret.
    pub fn with_secret(status: StatusCode, body: Value, secret: SecretString) -> Self {
        Self::new(status, body, Some(secret))
    }

    pub fn new(status: StatusCode, body: Value, secret: Option<SecretString>) -> Self {
        Self {
            status,
            body,
            secret,
        }
    }

    /// What is kept of it for the next time.
    fn kept(&self) -> (StatusCode, String) {
        let mut body = self.body.clone();
        if self.secret.is_some() {
            body["secret"] = Value::from(SEALED);
        }
        (self.status, body.to_string())
    }
}

impl IntoResponse for Answer {
    fn into_response(mut self) -> Response {
        if let Some(secret) = &self.secret {
            self.body["secret"] = Value::from(secret.expose_secret());
        }
        respond(self.status, self.body.to_string(), location(&self.body))
    }
}

/// Where an object can be read.
fn location(body: &Value) -> Option<HeaderValue> {
    let (kind, id) = (body["object"].as_str()?, body["id"].as_str()?);
    HeaderValue::from_str(&format!("/api/v1/{kind}s/{id}")).ok()
}

fn respond(status: StatusCode, body: String, location: Option<HeaderValue>) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let kind = if status.is_success() {
        "application/json"
    } else {
        "application/problem+json"
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(location) = location.filter(|_| status == StatusCode::CREATED) {
        headers.insert(header::LOCATION, location);
    }
    response
}

/// A write under way.
pub(super) struct Call {
    pub app: App,
    pub caller: Caller,
    /// Names this call and body at a payment, so that a run cut off by a crash starts no second.
    pub form_key: Option<String>,
    /// Its `Idempotency-Key`, on which what it does is noted.
    running: Option<Arc<Running>>,
}

impl Call {
    /// Who does it, for the services.
    pub fn actor(&self) -> Actor {
        match &self.running {
            Some(running) => Actor::Call(self.caller.key.id.clone(), running.clone()),
            None => self.caller.actor(),
        }
    }
}

/// Runs a write with a JSON body.
pub(super) async fn json<W, F>(app: App, caller: Caller, request: Request, work: W) -> Response
where
    W: FnOnce(Call, Fields) -> F + Send + 'static,
    F: Future<Output = Done> + Send,
{
    let (parts, body) = request.into_parts();
    let read = async {
        let operation = operation(&parts)?;
        let bytes = body::read(body, MAX_JSON).await?;
        if bytes.is_empty() && !operation.needs_body() {
            return Ok((bytes, Fields::default(), operation));
        }
        if !is_json(&parts.headers) {
            let detail = "send the body as `Content-Type: application/json`";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "content_type_unsupported", detail));
        }
        let fields = Fields::parse(&bytes)?.only(operation.fields())?;
        Ok((bytes, fields, operation))
    };
    match read.await {
        Ok((bytes, fields, operation)) => {
            let work = |call| work(call, fields);
            run(app, caller, operation, &parts, &bytes, work).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let kind = kind.and_then(|k| k.split(';').next()).map(str::trim);
    kind.is_some_and(|k| k.eq_ignore_ascii_case("application/json"))
}

/// Runs a write with a multipart body, up to `limit` bytes.
pub(super) async fn multipart<W, F>(
    app: App,
    caller: Caller,
    limit: usize,
    request: Request,
    work: W,
) -> Response
where
    W: FnOnce(Call, Vec<super::fields::Part>) -> F + Send + 'static,
    F: Future<Output = Done> + Send,
{
    let (parts, body) = request.into_parts();
    let read = async {
        let operation = operation(&parts)?;
        let bytes = body::read(body, limit).await?;
        let fields = super::fields::multipart(parts.clone(), bytes).await?;
        Ok::<_, Problem>((fields, operation))
    };
    match read.await {
        Ok((fields, operation)) => {
            // Not the raw bytes: every sender draws a new boundary when it tries again.
            let digest = super::fields::digest(&fields);
            let work = |call| work(call, fields);
            run(app, caller, operation, &parts, &digest, work).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Runs the work once per `Idempotency-Key` and body.
async fn run<W, F>(
    app: App,
    caller: Caller,
    operation: &'static Operation,
    parts: &Parts,
    body: &[u8],
    work: W,
) -> Response
where
    W: FnOnce(Call) -> F + Send + 'static,
    F: Future<Output = Done> + Send,
{
    let key = match idempotency_key(&parts.headers) {
        Ok(key) => key,
        Err(problem) => return problem.into_response(),
    };
    let path = parts.uri.path().to_owned();
    let digest = Sha256::digest(body).to_vec();
    let done = tokio::spawn(
        async move {
            let mut call = Call {
                app,
                caller,
                form_key: None,
                running: None,
            };
            match key {
                None => work(call).await.into_response(),
                Some(key) => {
                    let seal = Sha256::new_with_prefix(&key)
                        .chain_update(&digest)
                        .finalize();
                    call.form_key = Some(format!("api:{}", hex::encode(seal)));
                    once(call, operation, &path, &key, &digest, work).await
                }
            }
        }
        .instrument(tracing::Span::current()),
    );
    done.await
        .unwrap_or_else(|e| Problem::internal(&e).into_response())
}

/// 1 to 255 visible ASCII characters.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let bytes = value.as_bytes();
    if (1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic) {
        return Ok(Some(String::from_utf8_lossy(bytes).into_owned()));
    }
    let message = "must be 1 to 255 visible ASCII characters";
    let code = "idempotency_key_invalid";
    Err(Problem::input("Idempotency-Key", code, message))
}

async fn once<W, F>(
    mut call: Call,
    operation: &'static Operation,
    path: &str,
    key: &str,
    digest: &[u8],
    work: W,
) -> Response
where
    W: FnOnce(Call) -> F,
    F: Future<Output = Done>,
{
    let (app, caller) = (call.app.clone(), call.caller.clone());
    let asked = Asked {
        tenant: &caller.tenant.id,
        mode: caller.key.mode,
        path,
        key,
        body: digest,
        shows: super::prefix(operation.gives),
    };
    let running = match idempotency::begin(&app, asked).await {
        Err(error) => return Problem::from(error).into_response(),
        Ok(Ticket::Run(running)) => Arc::new(running),
        Ok(Ticket::Replay(status, body)) => {
            return replay(status, unsealed(&app, &caller, body).await);
        }
        Ok(Ticket::Busy) => {
            let detail = "the first call with this key is still running";
            return Problem::conflict("idempotency_key_in_use", detail).into_response();
        }
        Ok(Ticket::OtherBody) => {
            let (code, message) = (
                "idempotency_key_reused",
                "came with another body before; a new request needs a new key",
            );
            return Problem::input("Idempotency-Key", code, message).into_response();
        }
    };
    let done = if let Some(noted) = &running.done {
        // A run before this one did it, and was cut off before it answered.
        super::again(&app, &caller, operation, noted).await
    } else {
        call.running = Some(running.clone());
        work(call).await
    };
    let kept = match &done {
        Ok(answer) => Some(answer.kept()),
        Err(problem) => is_kept(problem).then(|| (problem.status, problem.to_json().to_string())),
    };
    let written = match kept {
        Some((status, body)) => idempotency::finish(&app, &running, status.as_u16(), &body).await,
        None if done.as_ref().is_err_and(|p| p.status.is_server_error()) => {
            idempotency::break_off(&app, &running).await
        }
        None => idempotency::forget(&app, &running).await,
    };
    if let Err(error) = written {
        // The work is done and answered; a second try finds it after the key's lock has ended.
        tracing::error!(error = %error, "the answer to an idempotency key was not kept");
    }
    done.into_response()
}

/// A refusal by the state of things is this call's answer for good. Invalid input, our own trouble
/// and a lost race are not: the same call may do better.
fn is_kept(problem: &Problem) -> bool {
    problem.status == StatusCode::CONFLICT && problem.code != "conflict"
}

/// Puts the secret of an endpoint back into an answer that was kept without it.
async fn unsealed(app: &App, caller: &Caller, body: String) -> String {
    let known: Option<Value> = serde_json::from_str(&body).ok();
    match known.filter(|v| v["object"] == "endpoint" && v["secret"] == SEALED) {
        Some(mut known) => {
            super::endpoints::reveal(app, caller, &mut known).await;
            known.to_string()
        }
        None => body,
    }
}

fn replay(status: u16, text: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut response = respond(status, text, location(&body));
    if let Some(code) = problem_code(&body) {
        response.extensions_mut().insert(Code(code));
    }
    let yes = HeaderValue::from_static("true");
    response.headers_mut().insert("idempotency-replayed", yes);
    response
}

fn problem_code(body: &Value) -> Option<&'static str> {
    super::codes::find(body["code"].as_str()?).map(|c| c.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        HeaderMap::from_iter([(axum::http::HeaderName::from_static(name), value)])
    }

    #[test]
    fn keys_are_visible_ascii_of_bounded_length() {
        let key = |text: &str| idempotency_key(&headers("idempotency-key", text));
        assert_eq!(key("a-1").unwrap().as_deref(), Some("a-1"));
        assert_eq!(key(&"k".repeat(255)).unwrap().unwrap().len(), 255);
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap(), None);
        for bad in ["", "a b", "é", &"k".repeat(256)] {
            assert_eq!(
                key(bad).unwrap_err().code,
                "idempotency_key_invalid",
                "{bad}"
            );
        }
    }

    #[test]
    fn the_bearer_is_read_whatever_the_case_of_its_scheme() {
        let of = |text: &str| bearer(&headers("authorization", text)).map(str::to_owned);
        assert_eq!(of("bearer mk_test_1").as_deref(), Some("mk_test_1"));
        assert_eq!(of("Basic abc"), None);
        assert_eq!(of("Bearer "), None);
    }

    #[test]
    fn json_is_told_by_its_media_type() {
        assert!(is_json(&headers(
            "content-type",
            "Application/JSON; charset=utf-8"
        )));
        assert!(!is_json(&headers("content-type", "text/json")));
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn a_replay_is_the_first_answer_with_its_location() {
        let body = json!({ "id": "ord_1", "object": "order" });
        let again = replay(201, body.to_string());
        assert_eq!(again.headers()[header::LOCATION], "/api/v1/orders/ord_1");
        assert_eq!(again.headers()["idempotency-replayed"], "true");
        let refused = replay(409, "{}".to_owned());
        assert_eq!(
            refused.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert!(!refused.headers().contains_key(header::LOCATION));
    }

    #[test]
    fn only_answers_that_stay_true_are_kept() {
        assert!(is_kept(&Problem::conflict("order_paid", "")));
        assert!(!is_kept(&Problem::conflict("conflict", "")));
        assert!(!is_kept(&Problem::input("amount", "required", "")));
        assert!(!is_kept(&Problem::internal(&"x")));
    }
}
