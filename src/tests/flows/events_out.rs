//! Events out: who gets which, signed how, and sent again by whom.
use super::dashboard::Browser;
use super::refunds::paid;
use crate::support::api::{Answer, id};
use crate::support::process::{malipo, until};
use crate::support::receiver::{Got, Receiver};
use crate::support::{Api, TestApp};
use malipo::domain::endpoint::{RETRY_SECS, ROTATION_SECS};
use malipo::domain::role::Role;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

pub async fn endpoint(api: &Api, at: &Receiver, events: &[&str]) -> Value {
    let body = json!({ "url": at.url, "events": events });
    api.post("/endpoints", body).await.ok()
}

/// Sends a test event, and says its id.
pub async fn test_event(api: &Api, endpoint: &Value) -> String {
    let path = format!("/endpoints/{}/test", id(endpoint));
    let sent = api.post(&path, json!({})).await.ok();
    sent["event"].as_str().unwrap().to_owned()
}

/// The delivery of an event to the one endpoint that it has.
pub async fn delivery(api: &Api, event: &str) -> Value {
    let event = api.get(&format!("/events/{event}")).await.ok();
    assert_eq!(event["deliveries"].as_array().unwrap().len(), 1);
    event["deliveries"][0].clone()
}

pub fn statuses(delivery: &Value) -> Vec<Value> {
    let attempts = delivery["attempts"].as_array().unwrap();
    attempts.iter().map(|a| a["status"].clone()).collect()
}

/// What the reference library of Standard Webhooks says.
fn fits(secret: &Value, got: &Got) -> bool {
    let checker = Webhook::new(secret.as_str().unwrap()).unwrap();
    checker.verify(got.body.as_bytes(), &got.headers).is_ok()
}

pub async fn patch(api: &Api, path: &str, body: Value) -> Answer {
    let url = format!("{}/api/v1{path}", api.url);
    let request = api.http.patch(url).bearer_auth(&api.key).json(&body);
    Answer::read(request.send().await.unwrap()).await
}

async fn delete(api: &Api, path: &str) -> Answer {
    let url = format!("{}/api/v1{path}", api.url);
    let request = api.http.delete(url).bearer_auth(&api.key);
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn r15_events_are_signed_with_both_secrets_in_rotation_and_the_secret_is_shown_once() {
    let t = TestApp::start().await;
    let shop = Receiver::start().await;
    let body = json!({ "url": shop.url });
    let made = t.api.post_keyed("/endpoints", body.clone(), "k").await.ok();
    let old = &made["secret"];
    assert!(old.as_str().unwrap().starts_with("whsec_"));
    // Sent again, the call is answered the same; what is kept of the answer holds no secret.
    assert_eq!(t.api.post_keyed("/endpoints", body, "k").await.ok(), made);
    let mut tx = t.app.db.read().await.unwrap();
    let kept: Vec<String> = sqlx::query_scalar("SELECT answer FROM idempotency_keys")
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    assert!(kept.iter().any(|a| a.contains(id(&made))));
    assert!(!kept.iter().any(|a| a.contains(old.as_str().unwrap())));
    drop(tx);
    let read = t.api.now(&made).await;
    assert!(read.get("secret").is_none() && read["enabled"] == true);

    let (order, _) = paid(&t, "paystack").await;
    t.run_jobs().await;
    let got = shop.got();
    assert!(shop.types().contains(&"order.paid".to_owned()));
    for one in &got {
        assert!(fits(old, one), "{}", one.body);
        let event = one.json();
        let names: BTreeSet<&String> = event.as_object().unwrap().keys().collect();
        let wanted = ["data", "id", "livemode", "timestamp", "type"].map(str::to_owned);
        assert_eq!(names, wanted.iter().collect());
        assert_eq!(one.header("webhook-id"), id(&event));
        assert_eq!(one.header("content-type"), "application/json");
        assert_eq!(event["livemode"], false);
        // What the API tells of it is the same.
        let known = t.api.get(&format!("/events/{}", id(&event))).await.ok();
        assert_eq!(
            (&known["data"], &known["type"]),
            (&event["data"], &event["type"])
        );
    }
    let about = t
        .api
        .get(&format!("/events?order={}", id(&order)))
        .await
        .ok();
    assert_eq!(about["data"].as_array().unwrap().len(), got.len());

    let path = format!("/endpoints/{}/rotate-secret", id(&made));
    let rotated = t.api.post(&path, json!({})).await.ok();
    let new = &rotated["secret"];
    assert_ne!(old, new);
    test_event(&t.api, &made).await;
    t.run_jobs().await;
    let both = shop.got().pop().unwrap();
    assert!(fits(old, &both) && fits(new, &both));
    assert_eq!(both.header("webhook-signature").split(' ').count(), 2);
    t.advance(ROTATION_SECS + 1).await;
    test_event(&t.api, &made).await;
    t.run_jobs().await;
    let one = shop.got().pop().unwrap();
    assert_eq!(one.header("webhook-signature").split(' ').count(), 1);
}

#[tokio::test]
async fn an_endpoint_gets_the_types_and_the_mode_it_asked_for_and_nothing_else() {
    let t = TestApp::start().await;
    let (all, some, live) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    endpoint(&t.api, &all, &["*"]).await;
    let narrow = endpoint(&t.api, &some, &["order.paid", "refund.failed"]).await;
    endpoint(&t.live, &live, &[]).await;
    paid(&t, "paystack").await;
    t.run_jobs().await;
    assert!(all.types().len() > 1);
    assert_eq!(some.types(), ["order.paid"]);
    assert!(live.got().is_empty(), "test money is never told as live");
    let path = format!("/endpoints/{}", id(&narrow));
    let changed = patch(&t.api, &path, json!({ "events": [] })).await.ok();
    assert_eq!(changed["events"], json!([]));
    let off = patch(&t.api, &path, json!({ "enabled": false })).await.ok();
    assert_eq!(off["disabled_why"], "by_hand");
    paid(&t, "paystack").await;
    t.run_jobs().await;
    assert_eq!(some.types(), ["order.paid"]);
    assert_eq!(delete(&t.api, &path).await.ok()["deleted"], true);
    assert_eq!(t.api.get(&path).await.status, 404);
    for (body, code, field) in [
        (json!({}), "required", "url"),
        (json!({ "url": "shop.example" }), "url_invalid", "url"),
        (
            json!({ "url": "https://a:b@shop.example/" }),
            "url_invalid",
            "url",
        ),
        (
            json!({ "url": all.url, "events": ["order.eaten"] }),
            "event_unknown",
            "events",
        ),
        (
            json!({ "url": all.url, "colour": "red" }),
            "unknown_field",
            "colour",
        ),
    ] {
        let refused = t.api.post("/endpoints", body).await;
        assert_eq!(refused.refusal(), (422, code.to_owned()));
        assert_eq!(refused.json()["field"], field);
    }
}

#[tokio::test]
async fn events_are_sent_again_one_by_one_or_as_a_range() {
    let t = TestApp::start().await;
    let shop = Receiver::start().await;
    let before = t.app.clock.now();
    let rfc = malipo::services::objects::rfc3339;
    paid(&t, "paystack").await;
    let listed = t.api.get("/events?type=order.paid").await.ok();
    let event = id(&listed["data"][0]).to_owned();
    let path = format!("/events/{event}/resend");
    assert_eq!(
        t.api.post(&path, json!({})).await.refusal(),
        (409, "no_endpoint".to_owned())
    );
    // An endpoint that came later catches up.
    let to = endpoint(&t.api, &shop, &["order.paid"]).await;
    let range = |only_failed: bool| json!({ "from": rfc(before), "only_failed": only_failed });
    let ranges = format!("/endpoints/{}/resend", id(&to));
    assert_eq!(t.api.post(&ranges, range(true)).await.ok()["events"], 0);
    assert_eq!(t.api.post(&ranges, range(false)).await.ok()["events"], 1);
    t.run_jobs().await;
    assert_eq!(shop.ids(), std::slice::from_ref(&event));
    // One again, to one endpoint or to all that take it: under the same id.
    t.api.post(&path, json!({ "endpoint": id(&to) })).await.ok();
    t.run_jobs().await;
    t.api.post(&path, json!({})).await.ok();
    t.run_jobs().await;
    assert_eq!(shop.ids(), vec![event.clone(); 3]);
    assert_eq!(statuses(&delivery(&t.api, &event).await).len(), 3);
    // What gave up, and nothing else.
    shop.answers(&[500; RETRY_SECS.len() + 1]);
    t.api.post(&path, json!({})).await.ok();
    t.run_jobs().await;
    for secs in RETRY_SECS {
        t.advance(secs + secs / 10 + 1).await;
    }
    assert_eq!(delivery(&t.api, &event).await["status"], "failed");
    assert_eq!(t.api.post(&ranges, range(true)).await.ok()["events"], 1);
    t.advance(3).await;
    assert_eq!(delivery(&t.api, &event).await["status"], "delivered");
    let later = json!({ "from": rfc(t.app.clock.now()), "only_failed": false });
    assert_eq!(t.api.post(&ranges, later).await.ok()["events"], 0);
    let wrong = t.api.post(&ranges, json!({ "from": "yesterday" })).await;
    assert_eq!(wrong.refusal(), (422, "time_invalid".to_owned()));
}

#[tokio::test]
async fn r14_endpoints_and_events_of_another_tenant_or_mode_are_404() {
    let t = TestApp::start().await;
    let (_, api, _) = t.another_tenant().await;
    let shop = Receiver::start().await;
    let theirs = endpoint(&api, &shop, &[]).await;
    let event = test_event(&api, &theirs).await;
    let own = endpoint(&t.api, &shop, &[]).await;
    t.run_jobs().await;
    let came = shop.got().len();
    let at = format!("/endpoints/{}", id(&theirs));
    for (name, caller, at, event) in [
        ("another tenant", &t.api, at.clone(), event),
        (
            "live",
            &t.live,
            format!("/endpoints/{}", id(&own)),
            test_event(&t.api, &own).await,
        ),
    ] {
        for path in [at.clone(), format!("/events/{event}")] {
            assert_eq!(caller.get(&path).await.status, 404, "{name}: {path}");
        }
        assert_eq!(
            patch(caller, &at, json!({ "enabled": false })).await.status,
            404
        );
        assert_eq!(delete(caller, &at).await.status, 404);
        let range = json!({ "from": "2020-01-01T00:00:00Z" });
        for (path, body) in [
            (format!("{at}/rotate-secret"), json!({})),
            (format!("{at}/test"), json!({})),
            (format!("{at}/resend"), range),
            (format!("/events/{event}/resend"), json!({})),
        ] {
            assert_eq!(caller.post(&path, body).await.status, 404, "{name}: {path}");
        }
        assert_eq!(
            caller.get("/endpoints").await.ok()["data"]
                .as_array()
                .unwrap()
                .len(),
            usize::from(name != "live")
        );
    }
    let foreign = json!({ "endpoint": id(&theirs) });
    let mine = test_event(&t.api, &own).await;
    let sent = t.api.post(&format!("/events/{mine}/resend"), foreign).await;
    assert_eq!(sent.status, 404);
    t.run_jobs().await;
    assert_eq!(
        shop.got().len(),
        came + 2,
        "only what was asked for rightly"
    );
    // The dashboard keeps to it as well.
    let owner = Browser::of(&t, Role::Owner).await;
    for path in [at.clone(), format!("{at}/delete")] {
        assert_eq!(owner.page(&path).await.0, 404);
    }
}

#[tokio::test]
async fn the_dashboard_shows_the_secret_once_and_who_may_sends_again() {
    let t = TestApp::start().await;
    let shop = Receiver::start().await;
    let developer = Browser::of(&t, Role::Developer).await;
    let slug = t.tenant.slug.as_str();
    let form = [
        ("tenant", slug),
        ("url", shop.url.as_str()),
        ("mode", "test"),
        ("events[]", "order.paid"),
        ("form_key", "abc123"),
    ];
    let made = developer.submit("admin/endpoints/create", &form).await;
    let (place, html) = developer.after(made).await;
    assert!(html.contains("whsec_"), "the secret is shown");
    let (_, html) = developer.get(&place).await;
    assert!(!html.contains("whsec_"), "and never again");
    // Sent twice, the form made one.
    developer.submit("admin/endpoints/create", &form).await;
    let listed = t.api.get("/endpoints").await.ok();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(listed["data"][0]["events"], json!(["order.paid"]));

    paid(&t, "paystack").await;
    t.run_jobs().await;
    let event = shop.ids().pop().unwrap();
    let page = format!("/events/{event}");
    let fields = [("tenant", slug), ("event", event.as_str())];
    for role in [Role::Viewer, Role::Staff] {
        let reader = Browser::of(&t, role).await;
        let (status, html) = reader.page(&page).await;
        assert_eq!(status, 200);
        assert!(html.contains("the shop says 200 OK") && !html.contains("/do/admin/events"));
        assert_eq!(reader.page("/endpoints/new").await.0, 403);
        let refused = reader.submit("admin/events/resend", &fields).await;
        assert_eq!(refused.status(), 403);
    }
    t.run_jobs().await;
    assert_eq!(shop.got().len(), 1);
    developer.submit("admin/events/resend", &fields).await;
    t.run_jobs().await;
    assert_eq!(shop.ids(), vec![event.clone(); 2]);
    let (_, html) = developer
        .page(&place.replace(&format!("/admin/{slug}"), ""))
        .await;
    assert_eq!(html.matches("order.paid answered 200").count(), 2);
    // A refused form keeps what was typed.
    let bad = [
        ("tenant", slug),
        ("url", "ftp://x"),
        ("description", "Books"),
    ];
    let refused = developer.submit("admin/endpoints/create", &bad).await;
    let (_, html) = developer.after(refused).await;
    assert!(html.contains("ftp://x") && html.contains("Must be a web address"));
}

#[tokio::test]
async fn listen_forwards_new_events_to_a_local_address() {
    let t = TestApp::start().await;
    let shop = Receiver::start().await;
    paid(&t, "paystack").await;
    let mut child = malipo(t.db.folder.path())
        .args([
            "listen",
            "--json",
            "--server",
            &t.url,
            "--forward",
            &shop.url,
        ])
        .env("MALIPO_API_KEY", &t.api.key)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = child.stdout.take().unwrap();
    let first = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        let mut said = BufReader::new(said);
        said.read_line(&mut line).unwrap();
        (line, said)
    });
    let (line, _said) = first.await.unwrap();
    let facts: Value = serde_json::from_str(&line).unwrap();
    assert!(shop.got().is_empty(), "what is there already is old news");
    paid(&t, "paystack").await;
    until("it is forwarded", async || {
        shop.types().contains(&"order.paid".to_owned())
    })
    .await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(shop.got().iter().all(|g| fits(&facts["secret"], g)));
}
