use super::environments::{ENVIRONMENTS, NAMES, from_wire};
use super::wire::TOKEN_SPARE_SECS;
use super::*;
use crate::domain::account::Mode;
use crate::domain::payment::Failure;
use crate::domain::{Currency, Money};
use crate::providers::http::Answer;
use crate::providers::testing::{
    Bench, NOW, account, darkness, hook, money, receive, ref_of, refund_of, start_of,
};
use crate::providers::{Charge, HookProof};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, Method as Verb, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

mod calls;
mod reading;
mod writing;

const PAYER: &str = "46733123499";

fn ours() -> Account {
    account(&[
        ("api_user", "5f4e1a52-0000-4000-8000-000000000001"),
        ("api_key", "collection-key"),
        ("subscription_key", "sub-c"),
        ("target_environment", "sandbox"),
        ("disbursement_subscription_key", "sub-d"),
    ])
}

fn live(environment: &str) -> Account {
    let mut account = ours();
    account.mode = Mode::Live;
    let field = "target_environment".to_owned();
    account.credentials.insert(field, environment.into());
    account
}

fn prompt() -> StartPayment {
    StartPayment {
        phone: Some(format!("+{PAYER}")),
        ..start_of(money(2_550, "EUR"), Method::MobileMoney)
    }
}

fn asked() -> PaymentRef {
    PaymentRef {
        provider_ref: None,
        ..ref_of(money(2_550, "EUR"), Method::MobileMoney)
    }
}

fn keys(account: &Account) -> Keys<'_> {
    Keys::collection(account).unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    let body = body.as_bytes().to_vec();
    Answer { status, body }
}

#[derive(Clone, Debug)]
struct Seen {
    verb: Verb,
    path: String,
    headers: HeaderMap,
    body: Value,
}

type Log = Arc<Mutex<Vec<Seen>>>;

fn tokens() -> Router {
    let given =
        || async { r#"{"access_token":"t1","token_type":"access_token","expires_in":3600}"# };
    Router::new()
        .route("/collection/token/", post(given))
        .route("/disbursement/token/", post(given))
}

/// MTN's side: a token, and `status` with `body` for everything else, which is written down.
fn mtn(status: u16, body: impl Into<String>) -> (Router, Log) {
    let (code, body) = (StatusCode::from_u16(status).unwrap(), body.into());
    let log = Log::default();
    let seen = log.clone();
    let router = tokens().fallback(move |request: Request| {
        let (seen, body) = (seen.clone(), body.clone());
        async move {
            let (parts, sent) = request.into_parts();
            let sent = axum::body::to_bytes(sent, 1 << 20).await.unwrap();
            seen.lock().unwrap().push(Seen {
                verb: parts.method,
                path: parts.uri.path().to_owned(),
                headers: parts.headers,
                body: serde_json::from_slice(&sent).unwrap_or_default(),
            });
            (code, body)
        }
    });
    (router, log)
}

async fn bench(account: Account, status: u16, body: impl Into<String>) -> (Bench, Log) {
    let (router, log) = mtn(status, body);
    (Bench::new(account, router).await, log)
}

fn header<'a>(seen: &'a Seen, name: &str) -> Option<&'a str> {
    seen.headers.get(name).map(|v| v.to_str().unwrap())
}

fn status(status: &str) -> Value {
    json!({
        "financialTransactionId": "1195582132", "externalId": "p-77", "amount": "25.5",
        "currency": "EUR", "payer": {"partyIdType": "MSISDN", "partyId": PAYER},
        "payerMessage": "Two tickets", "payeeNote": "", "status": status,
    })
}
