//! Planted faults: which call or hook is to go wrong, how, and how often.
//! They live in memory and end with the process; the ledger remembers where each one struck.

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::listener::CutMark;

/// How long an answer that never comes is held for a client that does not leave.
const HOLD: Duration = Duration::from_mins(2);
const HUGE: usize = 20 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    #[serde(rename = "http_500")]
    Http500,
    #[serde(rename = "http_429")]
    Http429,
    /// The connection is cut in place of an answer.
    Reset,
    /// No answer until the client leaves, at most 120 s.
    Timeout,
    /// The true answer, a few bytes at a time.
    SlowBody,
    /// 20 MB of JSON.
    HugeBody,
    /// A page of HTML with status 200.
    Nonsense,
    WrongAmount,
    WrongCurrency,
    WrongReference,
    WrongMode,
    /// Hook: never sent.
    Lost,
    /// Hook: sent twice.
    Double,
    /// Hook: sent `delay_ms` later on the simulator's clock.
    Late,
    /// Hook: sent after the next one of the same provider.
    Reordered,
    /// Hook: a success that never happened, or a bad signature, in place of the true one.
    Forged,
}

impl FaultKind {
    /// Whether the answer reports something untrue, which each provider writes in its own fields.
    pub fn distorts(self) -> bool {
        matches!(
            self,
            Self::WrongAmount | Self::WrongCurrency | Self::WrongReference | Self::WrongMode
        )
    }

    fn hook_only(self) -> bool {
        matches!(
            self,
            Self::Lost | Self::Double | Self::Late | Self::Reordered | Self::Forged
        )
    }

    /// Whether it can strike before anything has happened.
    fn stops(self) -> bool {
        matches!(
            self,
            Self::Http500 | Self::Http429 | Self::Reset | Self::Timeout | Self::Nonsense
        )
    }
}

/// What a call or hook is about, for the `match` of a fault and for the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct About {
    pub reference: Option<String>,
    pub phone: Option<String>,
}

/// One planted fault.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// A provider's name, or `*`.
    pub provider: String,
    /// An operation's name, `hook`, or `*` (every operation, no hook).
    pub operation: String,
    #[serde(rename = "fault")]
    pub kind: FaultKind,
    /// How often it strikes.
    #[serde(default = "once")]
    pub times: u32,
    /// Strike when the effect is committed; else nothing happens but the fault.
    #[serde(default)]
    pub after_effect: bool,
    #[serde(default, rename = "match")]
    pub only: About,
    #[serde(default)]
    pub delay_ms: Option<i64>,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// Whether the fault fits the place it is planted at.
    pub fn check(&self) -> Result<(), String> {
        let hook = self.operation == "hook";
        if hook && !(self.kind.hook_only() || self.kind.distorts()) {
            return Err("a hook knows lost, double, late, reordered, forged and wrong_*".into());
        }
        if !hook && self.kind.hook_only() {
            return Err("this fault needs \"operation\": \"hook\"".into());
        }
        Ok(())
    }

    /// Whether the fault strikes in place of the effect.
    pub fn before(&self) -> bool {
        self.kind.stops() && !self.after_effect
    }

    /// What the client gets: `told` is the true answer, if there was an effect.
    pub async fn spoil(&self, told: Option<(StatusCode, Value)>) -> Response {
        let (status, told) = told.unwrap_or((StatusCode::OK, json!({})));
        match self.kind {
            FaultKind::Http500 => {
                let body = json!({"status": false, "message": "Internal server error"});
                (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response()
            }
            FaultKind::Http429 => {
                let body = json!({"status": false, "message": "Too many requests"});
                let wait = [(header::RETRY_AFTER, "1")];
                (StatusCode::TOO_MANY_REQUESTS, wait, axum::Json(body)).into_response()
            }
            FaultKind::Reset => cut(),
            FaultKind::Timeout => {
                tokio::time::sleep(HOLD).await;
                cut()
            }
            FaultKind::SlowBody => {
                let total = u64::try_from(self.delay_ms.unwrap_or(20_000)).unwrap_or(0);
                streamed(status, drip(told.to_string(), Duration::from_millis(total)))
            }
            FaultKind::HugeBody => streamed(status, huge()),
            FaultKind::Nonsense => {
                let page = "<!DOCTYPE html><html><body><h1>Welcome</h1></body></html>";
                axum::response::Html(page).into_response()
            }
            _ => (status, axum::Json(told)).into_response(),
        }
    }
}

fn cut() -> Response {
    let mut response = StatusCode::BAD_GATEWAY.into_response();
    response.extensions_mut().insert(CutMark);
    response
}

fn streamed(status: StatusCode, body: Body) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn drip(text: String, total: Duration) -> Body {
    let size = text.len().div_ceil(20).max(1);
    let pieces: Vec<Bytes> = text
        .as_bytes()
        .chunks(size)
        .map(Bytes::copy_from_slice)
        .collect();
    let pause = total / 20;
    Body::from_stream(futures::stream::unfold(
        pieces.into_iter(),
        move |mut left| async move {
            let piece = left.next()?;
            tokio::time::sleep(pause).await;
            Some((Ok::<_, Infallible>(piece), left))
        },
    ))
}

fn huge() -> Body {
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let open = Bytes::from_static(b"{\"status\":true,\"message\":\"");
    let middle = std::iter::repeat_n(chunk, HUGE / CHUNK);
    let all = std::iter::once(open)
        .chain(middle)
        .chain([Bytes::from_static(b"\"}")]);
    Body::from_stream(futures::stream::iter(all.map(Ok::<_, Infallible>)))
}

/// The faults still to strike.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub fn plant(&self, fault: Fault) {
        self.lock().push(fault);
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    pub fn list(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// The oldest fault that fits, counted down by one.
    pub fn take(&self, provider: &str, operation: &str, about: &About) -> Option<Fault> {
        let mut faults = self.lock();
        let at = faults
            .iter()
            .position(|f| fits(f, provider, operation, about))?;
        faults[at].times = faults[at].times.saturating_sub(1);
        let taken = faults[at].clone();
        if taken.times == 0 {
            faults.remove(at);
        }
        Some(taken)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn fits(fault: &Fault, provider: &str, operation: &str, about: &About) -> bool {
    let wanted = |want: &Option<String>, have: &Option<String>| {
        want.is_none() || want.as_deref() == have.as_deref()
    };
    fault.times > 0
        && (fault.provider == "*" || fault.provider == provider)
        && (fault.operation == operation || (fault.operation == "*" && operation != "hook"))
        && wanted(&fault.only.reference, &about.reference)
        && wanted(&fault.only.phone, &about.phone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(value: Value) -> Fault {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_fault_strikes_as_often_as_asked_and_only_where_it_fits() {
        let faults = Faults::default();
        faults.plant(fault(json!({
            "provider": "paystack", "operation": "verify", "fault": "http_500", "times": 2,
            "match": {"reference": "p-1"}
        })));
        let mine = About {
            reference: Some("p-1".into()),
            phone: None,
        };
        let other = About {
            reference: Some("p-2".into()),
            phone: None,
        };
        assert!(faults.take("mpesa", "verify", &mine).is_none());
        assert!(faults.take("paystack", "verify", &other).is_none());
        assert!(faults.take("paystack", "verify", &mine).is_some());
        assert!(faults.take("paystack", "verify", &mine).is_some());
        assert!(faults.take("paystack", "verify", &mine).is_none());
    }

    #[test]
    fn a_star_means_calls_and_never_hooks() {
        let faults = Faults::default();
        faults.plant(fault(
            json!({"provider": "*", "operation": "*", "fault": "reset"}),
        ));
        assert!(faults.take("mpesa", "hook", &About::default()).is_none());
        assert!(faults.take("mpesa", "push", &About::default()).is_some());
    }

    #[test]
    fn a_fault_in_the_wrong_place_is_refused() {
        let at = |operation: &str, kind: &str| {
            fault(json!({"provider": "*", "operation": operation, "fault": kind})).check()
        };
        assert!(at("hook", "http_500").is_err());
        assert!(at("verify", "lost").is_err());
        assert!(at("hook", "wrong_amount").is_ok());
    }
}
