//! Events out: signed, repeated, logged, sent again; and whoever hangs holds up nobody.
use super::dashboard::Browser;
use super::refunds::paid;
use crate::support::api::id;
use crate::support::process::{Served, malipo, until};
use crate::support::receiver::{Got, Receiver};
use crate::support::{Api, TestApp};
use malipo::domain::endpoint::{DISABLE_AFTER_SECS, RETRY_SECS, ROTATION_SECS};
use malipo::domain::role::Role;
use malipo::jobs::runner;
use malipo::services::endpoints::{EndpointError, NewEndpoint};
use malipo::services::{Actor, App, Settings, endpoints};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use tokio::sync::watch;

async fn endpoint(api: &Api, at: &Receiver, events: &[&str]) -> Value {
    let body = json!({ "url": at.url, "events": events });
    api.post("/endpoints", body).await.ok()
}

/// Sends a test event, and says its id.
async fn test_event(api: &Api, endpoint: &Value) -> String {
    let path = format!("/endpoints/{}/test", id(endpoint));
    let sent = api.post(&path, json!({})).await.ok();
    sent["event"].as_str().unwrap().to_owned()
}

/// The delivery of an event to the one endpoint that it has.
async fn delivery(api: &Api, event: &str) -> Value {
    let event = api.get(&format!("/events/{event}")).await.ok();
    assert_eq!(event["deliveries"].as_array().unwrap().len(), 1);
    event["deliveries"][0].clone()
}

fn statuses(delivery: &Value) -> Vec<Value> {
    let attempts = delivery["attempts"].as_array().unwrap();
    attempts.iter().map(|a| a["status"].clone()).collect()
}

/// What the reference library of Standard Webhooks says.
fn fits(secret: &Value, got: &Got) -> bool {
    let checker = Webhook::new(secret.as_str().unwrap()).unwrap();
    checker.verify(got.body.as_bytes(), &got.headers).is_ok()
}

async fn patch(api: &Api, path: &str, body: Value) -> crate::support::api::Answer {
    let url = format!("{}/api/v1{path}", api.url);
    let request = api.http.patch(url).bearer_auth(&api.key).json(&body);
    crate::support::api::Answer::read(request.send().await.unwrap()).await
}

async fn delete(api: &Api, path: &str) -> crate::support::api::Answer {
    let url = format!("{}/api/v1{path}", api.url);
    let request = api.http.delete(url).bearer_auth(&api.key);
    crate::support::api::Answer::read(request.send().await.unwrap()).await
}

/// The same program with other settings.
fn with_settings(t: &TestApp, change: impl FnOnce(&mut Settings)) -> App {
    let mut app = t.app.clone();
    let mut settings = (*app.settings).clone();
    change(&mut settings);
    app.settings = Arc::new(settings);
    app
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
async fn a_failed_try_is_repeated_at_growing_distances_and_every_answer_is_logged() {
    let t = TestApp::start().await;
    let shop = Receiver::start().await;
    let to = endpoint(&t.api, &shop, &[]).await;
    shop.answers(&[500, 503]);
    let event = test_event(&t.api, &to).await;
    t.run_jobs().await;
    t.advance(4).await;
    assert_eq!(shop.got().len(), 1);
    t.advance(2).await;
    assert_eq!(shop.got().len(), 2);
    t.advance(50).await;
    assert_eq!(shop.got().len(), 2);
    t.advance(20).await;
    let got = shop.got();
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|g| g.body == got[0].body), "the same bytes");
    let taken = delivery(&t.api, &event).await;
    assert_eq!(taken["status"], "delivered");
    assert_eq!(statuses(&taken), [json!(500), json!(503), json!(200)]);
    assert_eq!(
        taken["attempts"][0]["answer"],
        "the shop says 500 Internal Server Error"
    );
    assert_eq!(taken["attempts"][2]["error"], Value::Null);

    // Nothing but failure: the tries end after more than three days.
    shop.answers(&[500; RETRY_SECS.len() + 1]);
    let event = test_event(&t.api, &to).await;
    t.run_jobs().await;
    for secs in RETRY_SECS {
        assert_eq!(delivery(&t.api, &event).await["status"], "pending");
        t.advance(secs + secs / 10 + 1).await;
    }
    let over = delivery(&t.api, &event).await;
    assert_eq!(over["status"], "failed");
    assert_eq!(statuses(&over).len(), RETRY_SECS.len() + 1);
    assert_eq!(over["next_attempt_at"], Value::Null);
    // Asked for again, it has all its tries again.
    t.api
        .post(&format!("/events/{event}/resend"), json!({}))
        .await
        .ok();
    t.advance(3).await;
    assert_eq!(delivery(&t.api, &event).await["status"], "delivered");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_events_at_once_two_processes_lose_none_and_double_none() {
    let t = TestApp::start().await;
    let shop = Receiver::start().await;
    let to = endpoint(&t.api, &shop, &[]).await;
    let calls = (0..64).map(|_| test_event(&t.api, &to));
    let made: BTreeSet<String> = futures::future::join_all(calls).await.into_iter().collect();
    assert_eq!(made.len(), 64);
    let runners = [t.app.clone(), t.twin().await].map(|app| {
        tokio::spawn(async move {
            for _ in 0..20 {
                runner::run_due(&app).await.unwrap();
            }
        })
    });
    for one in runners {
        one.await.unwrap();
    }
    let ids = shop.ids();
    assert_eq!(ids.len(), 64, "none twice");
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), made);
    assert!(shop.most_open() <= 4, "{} at once", shop.most_open());
}

#[tokio::test]
async fn an_endpoint_that_only_fails_for_five_days_is_switched_off_and_its_owner_is_told() {
    let t = TestApp::start().await;
    let shop = Receiver::start().await;
    // 410 ends it at once.
    let gone = Receiver::start().await;
    let to = endpoint(&t.api, &gone, &[]).await;
    let owner = Browser::of(&t, Role::Owner).await;
    let told = async |page: &str| owner.page(page).await.1.contains("was switched off");
    assert!(!told("/overview").await);
    gone.answers(&[410]);
    test_event(&t.api, &to).await;
    t.run_jobs().await;
    assert_eq!(t.api.now(&to).await["disabled_why"], "gone");
    for page in ["/overview", "/events", "/endpoints"] {
        assert!(told(page).await, "{page}");
    }

    let to = endpoint(&t.api, &shop, &[]).await;
    shop.answers(&[500; 3]);
    let first = test_event(&t.api, &to).await;
    t.run_jobs().await;
    t.advance(DISABLE_AFTER_SECS - 10).await;
    assert_eq!(t.api.now(&to).await["enabled"], true);
    t.advance(DISABLE_AFTER_SECS).await;
    let off = t.api.now(&to).await;
    assert_eq!(off["enabled"], false);
    assert_eq!(off["disabled_why"], "failing");
    assert_eq!(t.audited(&to).await.last().unwrap(), "endpoint.disabled");
    let tenant = &t.tenant.id;
    let all = endpoints::switched_off(&t.app, tenant).await.unwrap();
    assert_eq!(all.len(), 2, "what the notices are made of");
    // What is off is told of nothing; switched on, what waited goes on.
    let came = shop.got().len();
    assert_eq!(delivery(&t.api, &first).await["status"], "pending");
    let path = format!("/endpoints/{}", id(&to));
    let refused = t.api.post(&format!("{path}/test"), json!({})).await;
    assert_eq!(refused.refusal(), (409, "endpoint_disabled".to_owned()));
    t.advance(86_400).await;
    assert_eq!(shop.got().len(), came);
    patch(&t.api, &path, json!({ "enabled": true })).await.ok();
    t.run_jobs().await;
    assert_eq!(delivery(&t.api, &first).await["status"], "delivered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn endpoints_that_hang_slow_no_other_tenant_and_no_payment() {
    let t = TestApp::deaf().await;
    let (_, api, _) = t.another_tenant().await;
    let (hung, good) = (Receiver::start().await, Receiver::start().await);
    hung.hang(true);
    for _ in 0..8 {
        let to = endpoint(&t.api, &hung, &["order.expired"]).await;
        for _ in 0..8 {
            test_event(&t.api, &to).await;
        }
    }
    let to = endpoint(&api, &good, &[]).await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(runner::run(t.app.clone(), stopped));
    until("the hanging ones hang", async || hung.got().len() >= 16).await;
    assert_eq!(hung.most_open(), 16, "of 64 that are due");
    // The other tenant is served, and so are the payments of the tenant that hangs.
    for n in 1..=10 {
        test_event(&api, &to).await;
        until("it is sent", async || good.got().len() >= n).await;
    }
    let order = t.api.order(150_000, json!({})).await;
    let payment = t.api.pay(&order, "paystack", json!({})).await;
    let reference = crate::support::api::reference(&payment);
    t.sim.decide("paystack", reference, "paid").await;
    t.app.clock.advance_secs(25);
    t.app.work.notify_one();
    until("the payment is asked after", async || {
        t.api.now(&payment).await["status"] == "succeeded"
    })
    .await;
    hung.hang(false);
    stop.send(true).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn a_private_address_is_never_called_and_a_redirect_never_followed() {
    let t = TestApp::start().await;
    let strict = with_settings(&t, |s| s.allow_private_urls = false);
    for (url, code) in [
        ("https://10.0.0.1/", "url_private"),
        ("https://[::ffff:127.0.0.1]/", "url_private"),
        ("https://2130706433/", "url_private"),
        ("http://shop.example/", "url_insecure"),
    ] {
        let new = NewEndpoint {
            livemode: true,
            url: url.to_owned(),
            ..NewEndpoint::default()
        };
        let refused = endpoints::create(&strict, &Actor::System, &t.tenant.id, new).await;
        let Err(EndpointError::Input(problem)) = refused else {
            panic!("{url} was taken");
        };
        assert_eq!(problem.code, code, "{url}");
    }
    // A name says where it leads only when it is looked up.
    let shop = Receiver::start().await;
    let url = shop.url.replace("127.0.0.1", "localhost");
    let to = t.api.post("/endpoints", json!({ "url": url })).await.ok();
    let event = test_event(&t.api, &to).await;
    runner::run_due(&strict).await.unwrap();
    let refused = delivery(&t.api, &event).await;
    assert_eq!(statuses(&refused), [Value::Null]);
    let why = refused["attempts"][0]["error"].as_str().unwrap();
    assert!(why.contains("private network"), "{why}");
    assert!(shop.got().is_empty());

    let secret_place = Receiver::start().await;
    let to = endpoint(&t.api, &shop, &[]).await;
    shop.redirects_to(&secret_place.url);
    shop.answers(&[307]);
    let event = test_event(&t.api, &to).await;
    t.run_jobs().await;
    let refused = delivery(&t.api, &event).await;
    assert_eq!(statuses(&refused), [json!(307)]);
    assert_eq!(refused["status"], "pending");
    assert!(secret_place.got().is_empty());
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
    assert_eq!(shop.ids(), [event.clone()]);
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
    let (own, _) = (endpoint(&t.api, &shop, &[]).await, t.run_jobs().await);
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
async fn an_event_is_sent_although_its_process_died_while_sending() {
    let t = TestApp::start().await;
    let shop = Receiver::start().await;
    let to = endpoint(&t.api, &shop, &[]).await;
    shop.hang(true);
    let served = Served::start(&t).await;
    let event = test_event(&t.api, &to).await;
    until("it is being sent", async || !shop.got().is_empty()).await;
    served.kill();
    shop.hang(false);
    assert_eq!(delivery(&t.api, &event).await["status"], "pending");
    t.run_jobs().await;
    assert_eq!(shop.got().len(), 1, "the dead one's hold is kept to");
    t.advance(120).await;
    assert_eq!(
        shop.ids(),
        vec![event.clone(); 2],
        "the same id, so that it counts once"
    );
    assert_eq!(delivery(&t.api, &event).await["status"], "delivered");
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
