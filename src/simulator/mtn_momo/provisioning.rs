//! The sandbox's provisioning API: an API user with its callback host, and its key.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{HEX, MtnMomo, NAME, bare, checks, fail, head, parse, subscription};
use crate::simulator::faults::About;
use crate::simulator::ledger::Change;
use crate::simulator::{Reply, Sim, random_text};

fn kept(user: &str, data: Value) -> Vec<Change> {
    vec![Change::Object {
        provider: NAME.into(),
        kind: "apiuser".into(),
        id: user.into(),
        data,
    }]
}

fn not_found() -> Reply {
    fail(
        404,
        "RESOURCE_NOT_FOUND",
        "Requested resource was not found.",
    )
}

/// Makes the API user that `X-Reference-Id` names.
pub async fn create(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let task = sim.clone();
    sim.answer(&MtnMomo, "apiuser", About::default(), async move {
        if let Some(refused) = subscription(&headers, "collection", None) {
            return Ok(refused);
        }
        let user = head(&headers, "x-reference-id").and_then(checks::reference_id);
        let wanted = parse(&headers, &body).unwrap_or_default();
        let host = wanted["providerCallbackHost"].as_str().unwrap_or_default();
        // A host alone, with no scheme and no path.
        let (Some(user), false) = (user, host.is_empty() || host.contains('/')) else {
            return Ok(bare(400));
        };
        if task.ledger.object(NAME, "apiuser", &user).await?.is_some() {
            let message = "Duplicated reference id. Creation of resource failed.";
            return Ok(fail(409, "RESOURCE_ALREADY_EXIST", message));
        }
        task.commit(kept(&user, json!({"host": host}))).await?;
        Ok(bare(201))
    })
    .await
}

pub async fn show(
    State(sim): State<Sim>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response {
    let task = sim.clone();
    sim.answer(&MtnMomo, "apiuser_fetch", About::default(), async move {
        if let Some(refused) = subscription(&headers, "collection", None) {
            return Ok(refused);
        }
        let made = task.ledger.object(NAME, "apiuser", &user).await?;
        Ok(made.map_or_else(not_found, |made| {
            Reply::ok(json!({
                "providerCallbackHost": made["host"], "targetEnvironment": "sandbox",
            }))
        }))
    })
    .await
}

/// Gives the user a key, which is told only here.
pub async fn key(State(sim): State<Sim>, Path(user): Path<String>, headers: HeaderMap) -> Response {
    let task = sim.clone();
    sim.answer(&MtnMomo, "apikey", About::default(), async move {
        if let Some(refused) = subscription(&headers, "collection", None) {
            return Ok(refused);
        }
        if head(&headers, "content-length").is_none() {
            return Ok(Reply::new(
                411,
                json!("<html><body>Length Required</body></html>"),
            ));
        }
        let Some(mut made) = task.ledger.object(NAME, "apiuser", &user).await? else {
            return Ok(not_found());
        };
        let key = random_text(HEX, 32);
        made["key"] = json!(key);
        task.commit(kept(&user, made)).await?;
        Ok(Reply::new(201, json!({"apiKey": key})))
    })
    .await
}
