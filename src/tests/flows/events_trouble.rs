//! Endpoints that fail, hang, lie or lead elsewhere, and processes that die: no event is lost, and
//! nobody else waits.
use super::dashboard::Browser;
use super::events_out::{delivery, endpoint, patch, statuses, test_event};
use super::messages::of_kind;
use crate::support::TestApp;
use crate::support::api::{id, reference};
use crate::support::process::{Served, until};
use crate::support::receiver::Receiver;
use malipo::domain::endpoint::{DISABLE_AFTER_SECS, RETRY_SECS};
use malipo::domain::message::MessageKind;
use malipo::domain::role::Role;
use malipo::jobs::runner;
use malipo::services::endpoints::{EndpointError, NewEndpoint};
use malipo::services::{Actor, App, Settings, endpoints};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// The same program with other settings.
fn with_settings(t: &TestApp, change: impl FnOnce(&mut Settings)) -> App {
    let mut app = t.app.clone();
    let mut settings = (*app.settings).clone();
    change(&mut settings);
    app.settings = Arc::new(settings);
    app
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
    let letters = of_kind(&t, MessageKind::EndpointDisabled).await;
    let says = |i: usize, why: &str| letters[i].text.contains(why);
    assert_eq!(letters.len(), 2, "one for each, to the owner");
    assert!(says(0, "410") && says(1, "five days"));
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
    t.sim.decide("paystack", reference(&payment), "paid").await;
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
