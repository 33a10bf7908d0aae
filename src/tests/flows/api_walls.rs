//! Walls between keys: every operation of the description, with another's ids and narrowed keys.
use super::refunds::paid;
use crate::support::api::{Answer, id};
use crate::support::{Api, TestApp};
use malipo::domain::account::Mode;
use malipo::services::api_keys::{NewKey, SCOPES};
use malipo::services::{Actor, api_keys};
use malipo::web::api::describe::{Gives, Operation};
use malipo::web::api::operations;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// Calls an operation with an id and a body that it takes.
async fn call(api: &Api, operation: &Operation, id: &str, body: &Value) -> Answer {
    let path = operation
        .parameters()
        .fold(operation.path.to_owned(), |path, name| {
            path.replace(&format!("{{{name}}}"), id)
        });
    let request = api
        .http
        .request(operation.method.clone(), format!("{}{path}", api.url));
    let request = request.bearer_auth(&api.key);
    let request = if operation.is_upload() {
        let form = reqwest::multipart::Form::new().text("type", "cash");
        request.multipart(form.text("reference", "R-1"))
    } else if operation.is_write() {
        request.json(body)
    } else {
        request
    };
    Answer::read(request.send().await.unwrap()).await
}

/// One of each object that a tenant has.
async fn things(t: &TestApp, api: &Api) -> Vec<Value> {
    let order = api.order(5_000, json!({})).await;
    let payment = api.pay(&order, "manual", json!({})).await;
    let form = reqwest::multipart::Form::new()
        .text("type", "cash")
        .text("reference", "R-1");
    let url = format!("{}/api/v1/payments/{}/proofs", t.url, id(&payment));
    let proof = t.http.post(url).bearer_auth(&api.key).multipart(form);
    let proof: Value = proof.send().await.unwrap().json().await.unwrap();
    let plan = json!({ "name": "Gold", "price": 1_000, "currency": "KES", "duration_days": 30 });
    let plan = api.post("/plans", plan).await.ok();
    let bought = json!({ "customer": { "external_id": "c-1" } });
    let path = format!("/plans/{}/purchase", id(&plan));
    let bought = api.post(&path, bought).await.ok();
    let customers = api.get("/customers?external_id=c-1").await.ok();
    let customer = customers["data"][0].clone();
    let endpoint = json!({ "url": "https://shop.example/e", "events": ["entitlement.expired"] });
    let mut endpoint = api.post("/endpoints", endpoint).await.ok();
    endpoint.as_object_mut().unwrap().remove("secret");
    let events = api.get("/events?limit=1").await.ok();
    // An event does not name its kind.
    let event = json!({ "object": "event", "id": events["data"][0]["id"] });
    vec![
        order, payment, proof, plan, bought, customer, endpoint, event,
    ]
}

#[tokio::test]
async fn r14_every_operation_is_closed_to_the_keys_of_others() {
    let t = TestApp::start().await;
    let (_, payment) = paid(&t, "paystack").await;
    let mut mine = things(&t, &t.api).await;
    mine.push(t.api.refund(&payment, Some(1_000)).await.ok());
    let (_, theirs, _) = t.another_tenant().await;
    let mut before = vec![];
    for thing in &mine {
        before.push(t.api.now(thing).await);
    }
    let mut tried = 0;
    for operation in operations() {
        // The other tenant's key, and this tenant's own for the other mode.
        for api in [&theirs, &t.live] {
            if operation.parameters().next().is_none() {
                let answer = call(api, operation, "", &json!({})).await;
                for thing in &mine {
                    let name = operation.id;
                    assert!(
                        !answer.text.contains(id(thing)),
                        "{name} shows {}",
                        answer.text
                    );
                }
                if let Gives::List(_) = operation.gives {
                    assert_eq!(answer.ok()["data"], json!([]), "{}", operation.id);
                }
                continue;
            }
            let takes = operation.example();
            for thing in &mine {
                let answer = call(api, operation, id(thing), &takes).await;
                let (status, code) = answer.refusal();
                assert_eq!(
                    (status, code.as_str()),
                    (404, "not_found"),
                    "{}",
                    operation.id
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
    for (thing, was) in mine.iter().zip(before) {
        assert_eq!(t.api.now(thing).await, was, "nothing changed");
    }
}

async fn narrowed(t: &TestApp, scopes: &[&str]) -> Api {
    let new = NewKey {
        scopes: scopes.iter().map(ToString::to_string).collect(),
        ..NewKey::new(Mode::Test, "narrow")
    };
    let made = api_keys::create(&t.app, &Actor::System, &t.tenant.id, new).await;
    Api {
        key: made.unwrap().1.expose_secret().to_owned(),
        ..t.api.clone()
    }
}

#[tokio::test]
async fn every_write_wants_its_scope_and_no_other_opens_it() {
    let t = TestApp::start().await;
    for operation in operations() {
        let others: Vec<_> = SCOPES
            .into_iter()
            .filter(|s| *s != operation.scope)
            .collect();
        let without = narrowed(&t, &others).await;
        let answer = call(&without, operation, "x", &operation.example()).await;
        let shut = operation.is_write();
        assert_eq!(
            answer.status == 403,
            shut,
            "{}: {}",
            operation.id,
            answer.text
        );
        let with = narrowed(&t, &[operation.scope]).await;
        let answer = call(&with, operation, "x", &operation.example()).await;
        assert_ne!(answer.status, 403, "{}: {}", operation.id, answer.text);
    }
}

#[tokio::test]
async fn a_key_ends_at_its_time_and_its_use_is_noted_once_a_minute() {
    let t = TestApp::start().await;
    let new = NewKey {
        expires_in_days: Some(1),
        ..NewKey::new(Mode::Test, "short")
    };
    let made = api_keys::create(&t.app, &Actor::System, &t.tenant.id, new).await;
    let (key, secret) = made.unwrap();
    let short = Api {
        key: secret.expose_secret().to_owned(),
        ..t.api.clone()
    };
    let used = async || {
        let found = api_keys::get(&t.app, &t.tenant.id, &key.id).await;
        found.unwrap().unwrap().last_used_at
    };
    assert_eq!(used().await, None);
    let first = t.app.clock.now();
    for (later, noted) in [(0, 0), (59, 0), (1, 60)] {
        t.app.clock.advance_secs(later);
        assert_eq!(short.get("/orders").await.status, 200);
        assert_eq!(used().await, Some(first.plus_secs(noted)));
    }
    t.app.clock.advance_secs(86_400 - 61);
    assert_eq!(short.get("/orders").await.status, 200);
    t.app.clock.advance_secs(1);
    let ended = short.get("/orders").await;
    assert_eq!(ended.refusal(), (401, "unauthorized".to_owned()));
    assert!(ended.text.contains("expired"), "{}", ended.text);
}
