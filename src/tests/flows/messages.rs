//! Messages: what customers and the team are told, once, and never of test money.
use super::dashboard::Browser;
use crate::support::api::{Answer, id, reference};
use crate::support::app::sms_file;
use crate::support::mail::free_port;
use crate::support::{MailServer, Setup, TestApp, word};
use axum::routing::post;
use malipo::domain::ids::{Id, OrderId};
use malipo::domain::message::{Audience, Channel, Message, MessageKind, MessageStatus, Topic};
use malipo::domain::role::Role;
use malipo::services::messages::sms::{HttpGateway, Sms, SmsGateway};
use malipo::services::messages::{self, MessageError, MessageFilter};
use malipo::services::provider_accounts::SaveAccount;
use malipo::services::{Actor, Cursor, Http, tenants};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const EMAIL: &str = "wanjiku@customers.example";

/// All messages of the tenant, oldest first.
async fn all(t: &TestApp) -> Vec<Message> {
    let filter = MessageFilter::default();
    let page = messages::list(&t.app, &t.tenant.id, &filter, &Cursor::Newest, 200).await;
    let mut rows = page.unwrap().rows;
    rows.reverse();
    rows
}

pub async fn of_kind(t: &TestApp, kind: MessageKind) -> Vec<Message> {
    let mut rows = all(t).await;
    rows.retain(|m| m.kind == kind);
    rows
}

/// An order with live money, paid at Paystack.
async fn paid_live(t: &TestApp, more: Value) -> (Value, Value) {
    let order = t.live.order(150_000, more).await;
    let paid = t
        .live
        .pay(&order, "paystack", json!({ "method": "card" }))
        .await;
    t.decide(&paid, "paid").await;
    assert_eq!(t.live.now(&order).await["status"], "paid");
    (order, paid)
}

async fn mailing(port: u16) -> TestApp {
    let t = TestApp::with(Setup {
        smtp: Some(port),
        ..Setup::default()
    })
    .await;
    t.go_live("paystack").await;
    t
}

#[tokio::test]
async fn a_receipt_arrives_once_in_the_customers_language_as_text_and_html() {
    let Some(server) = MailServer::start(free_port()) else {
        return;
    };
    let t = mailing(server.port).await;
    let mut tenant = t.tenant.clone();
    // What people type never becomes a header of its own.
    tenant.name = "Mama Njeri\r\nBcc: evil@thief.example".to_owned();
    tenant.contact_email = "shop@njeri.example".to_owned();
    let boss = t.person(Role::Owner).await;
    tenants::save(&t.app, &boss, &tenant).await.unwrap();
    t.sim
        .fault("paystack", "hook", "double", json!({ "times": 9 }))
        .await;
    let more = json!({
        "locale": "ar", "description": "فستان <b>\nBcc: evil@thief.example",
        "customer": { "email": EMAIL, "name": "ليلى", "phone": "+254712345678" },
    });
    let (order, paid) = paid_live(&t, more).await;
    t.live.verify(&paid).await;
    t.wait(60).await;
    let letters = server.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    let l = &letters[0];
    let text = |part: &str| l[part].as_str().unwrap().to_owned();
    assert_eq!(text("rcpt"), EMAIL);
    assert_eq!(text("to"), EMAIL);
    assert!(text("from").contains("<pay@malipo.example>"), "{l}");
    assert!(text("from").contains("Mama Njeri"), "{l}");
    assert_eq!(text("reply_to"), "shop@njeri.example");
    assert_eq!(text("auto"), "auto-generated");
    assert!(text("subject").starts_with("إيصال:"), "{l}");
    assert!(text("subject").contains("1,500"), "{l}");
    let names = l["names"].as_array().unwrap();
    assert!(!names.contains(&json!("bcc")), "{names:?}");
    let kinds = json!(["multipart/alternative", "text/plain", "text/html"]);
    assert_eq!(l["kinds"], kinds);
    let link = order["checkout_url"].as_str().unwrap();
    let now = t.live.now(&paid).await;
    let tail = id(&now).to_uppercase();
    let tail = &tail[tail.len() - 8..];
    let number = format!("{}-{}", &tail[..4], &tail[4..]);
    for part in ["text", "html"] {
        let body = text(part);
        assert!(body.contains(link), "{part}: {body}");
        assert!(body.contains("مرحبًا ليلى"), "{part}: {body}");
        assert!(body.contains(&number), "{part}: {body}");
        assert!(body.contains("1,500"), "{part}: {body}");
    }
    let html = text("html");
    assert!(html.contains("dir=\"rtl\"") && html.contains("#0b6e5f"));
    assert!(html.contains("فستان &lt;b&gt; Bcc"), "{html}");
    assert!(!html.contains("<img") && !html.contains("<script"));
    let m = &of_kind(&t, MessageKind::Receipt).await[0];
    assert_eq!((m.status, m.attempts), (MessageStatus::Sent, 1));
    assert!(text("id").contains(m.id.as_str()));
    // It was sent: nobody sends it again.
    let again = messages::send_again(&t.app, &t.tenant.id, &boss, &m.id).await;
    assert!(matches!(again, Err(MessageError::NotAgain)));
}

#[tokio::test]
async fn r11_in_test_mode_nothing_leaves_and_the_dashboard_says_why() {
    let Some(server) = MailServer::start(free_port()) else {
        return;
    };
    let t = TestApp::with(Setup {
        smtp: Some(server.port),
        ..Setup::default()
    })
    .await;
    let owner = Browser::of(&t, Role::Owner).await;
    let (order, _) = super::refunds::paid(&t, "paystack").await;
    let open = t.api.order(5_000, json!({})).await;
    let slug = t.tenant.slug.as_str();
    let form = [("tenant", slug), ("order", id(&open))];
    owner.submit("admin/orders/send-link", &form).await;
    t.wait(60).await;
    let told = all(&t).await;
    let kinds: Vec<_> = told.iter().map(|m| m.kind).collect();
    assert_eq!(kinds, [MessageKind::Receipt, MessageKind::PaymentRequest]);
    for m in &told {
        assert_eq!((m.status, m.attempts), (MessageStatus::Held, 0));
        assert_eq!(m.why, "test_mode");
        let page = format!("/messages/{}", m.id);
        let (status, html) = owner.page(&page).await;
        assert_eq!(status, 200);
        assert!(html.contains("nothing leaves to anybody in test mode"));
        assert!(!html.contains("Send again"));
        let form = [
            ("tenant", t.tenant.slug.as_str()),
            ("message", m.id.as_str()),
        ];
        owner.submit("admin/messages/send-again", &form).await;
        let (status, html) = owner.page(&format!("{page}/html")).await;
        assert_eq!((status, html), (200, m.html.clone()));
    }
    t.wait(60).await;
    assert!(
        all(&t)
            .await
            .iter()
            .all(|m| m.status == MessageStatus::Held)
    );
    assert_eq!(server.letters(), Vec::<Value>::new());
    let (_, html) = owner.page(&format!("/orders/{}", id(&order))).await;
    assert!(html.contains(&format!("/messages/{}", told[0].id)));
    let (_, html) = owner.page("/messages?status=held&kind=receipt").await;
    assert!(html.contains(told[0].id.as_str()) && !html.contains(told[1].id.as_str()));
}

#[tokio::test]
async fn what_cannot_be_sent_is_tried_for_a_day_and_then_kept_for_a_person() {
    let port = free_port();
    let t = mailing(port).await;
    paid_live(&t, json!({})).await;
    let first = of_kind(&t, MessageKind::Receipt).await.remove(0);
    assert_eq!((first.status, first.attempts), (MessageStatus::Queued, 1));
    assert!(!first.why.is_empty());
    t.advance(59).await;
    assert_eq!(all(&t).await[0].attempts, 1);
    t.advance(2).await;
    assert_eq!(all(&t).await[0].attempts, 2);
    for _ in 0..13 {
        t.advance(7_200).await;
    }
    let gone = messages::get(&t.app, &t.tenant.id, &first.id).await;
    let gone = gone.unwrap().unwrap();
    assert_eq!(gone.status, MessageStatus::Failed);
    assert!(gone.attempts > 10, "{}", gone.attempts);
    let staff = Browser::of(&t, Role::Staff).await;
    let page = format!("/messages/{}", first.id);
    let (_, html) = staff.page(&page).await;
    assert!(html.contains("Send again"));
    let Some(server) = MailServer::start(port) else {
        return;
    };
    let form = [
        ("tenant", t.tenant.slug.as_str()),
        ("message", first.id.as_str()),
    ];
    staff.submit("admin/messages/send-again", &form).await;
    t.run_jobs().await;
    let (_, html) = staff.page(&page).await;
    assert!(
        html.contains("The mail server or gateway took it."),
        "{html}"
    );
    assert_eq!(server.letters().len(), 1);
}

/// Payments by hand take live money.
async fn by_hand_live(t: &TestApp) {
    t.save(SaveAccount {
        provider: "manual".to_owned(),
        test_mode: Some(false),
        ..SaveAccount::default()
    })
    .await;
}

/// Sends a proof of a live payment, and decides it.
async fn prove(t: &TestApp, paid: &Value, verdict: &str, body: Value) {
    let form = reqwest::multipart::Form::new()
        .text("type", "bank_transfer")
        .text("reference", format!("FT{}", word()));
    let url = format!("{}/api/v1/payments/{}/proofs", t.url, id(paid));
    let request = t.http.post(url).bearer_auth(&t.live.key).multipart(form);
    let request = request.header("idempotency-key", word());
    let proof = Answer::read(request.send().await.unwrap()).await.ok();
    let path = format!("/proofs/{}/{verdict}", id(&proof));
    t.live.post(&path, body).await.ok();
}

#[tokio::test]
async fn a_decided_proof_and_a_refund_are_told_with_reason_and_link() {
    let t = TestApp::start().await;
    by_hand_live(&t).await;
    let more = json!({ "locale": "fr", "customer": { "email": EMAIL } });
    let order = t.live.order(150_000, more).await;
    let paid = t.live.pay(&order, "manual", json!({})).await;
    prove(
        &t,
        &paid,
        "request-more",
        json!({ "note": "La photo est floue" }),
    )
    .await;
    t.app.clock.advance_secs(60);
    prove(
        &t,
        &paid,
        "reject",
        json!({ "note": "Mauvais montant & date" }),
    )
    .await;
    let told = all(&t).await;
    let kinds: Vec<_> = told.iter().map(|m| m.kind).collect();
    assert_eq!(
        kinds,
        [MessageKind::ProofMoreWanted, MessageKind::ProofRejected]
    );
    let link = order["checkout_url"].as_str().unwrap();
    for (m, reason) in told
        .iter()
        .zip(["La photo est floue", "Mauvais montant & date"])
    {
        assert!(
            m.text.contains(reason) && m.text.contains(link),
            "{}",
            m.text
        );
        assert!(
            m.text.starts_with("Mama Njeri Fashions\n\nBonjour,"),
            "{}",
            m.text
        );
        assert_eq!(
            (m.channel, m.audience),
            (Channel::Email, Audience::Customer)
        );
        // The operator set no mail server up.
        assert_eq!(
            (m.status, m.why.as_str()),
            (MessageStatus::Held, "no_mail_server")
        );
    }
    assert!(told[1].html.contains("Mauvais montant &amp; date"));
    t.go_live("paystack").await;
    let (_, paid) = paid_live(&t, json!({})).await;
    let refund = t.live.refund(&paid, Some(50_000)).await.ok();
    super::refunds::settle(&t).await;
    assert_eq!(t.live.now(&refund).await["status"], "succeeded");
    let told = of_kind(&t, MessageKind::RefundSucceeded).await;
    assert_eq!(told.len(), 1);
    assert!(
        told[0].subject.contains("KES\u{a0}500"),
        "{}",
        told[0].subject
    );
    assert_eq!(told[0].refund_id.as_ref().unwrap().as_str(), id(&refund));
}

#[tokio::test]
async fn who_has_a_phone_alone_gets_the_link_and_the_receipt_by_sms() {
    let t = TestApp::with(Setup {
        sms: true,
        ..Setup::default()
    })
    .await;
    by_hand_live(&t).await;
    let more = json!({ "locale": "sw", "customer": { "phone": "+254712345678" } });
    let order = t.live.order(150_000, more).await;
    let staff = Browser::of(&t, Role::Staff).await;
    let (_, html) = staff.page(&format!("/orders/{}", id(&order))).await;
    assert!(html.contains("Send this link by SMS"));
    let form = [
        ("tenant", t.tenant.slug.as_str()),
        ("order", id(&order)),
        ("form_key", "abc123"),
    ];
    // The same form twice sends one.
    for _ in 0..2 {
        let answer = staff.submit("admin/orders/send-link", &form).await;
        assert_eq!(answer.status(), 303);
    }
    t.run_jobs().await;
    let paid = t.live.pay(&order, "manual", json!({})).await;
    prove(&t, &paid, "approve", json!({})).await;
    t.run_jobs().await;
    assert_eq!(t.live.now(&order).await["status"], "paid");
    let file = std::fs::read_to_string(sms_file(&t.db)).unwrap();
    let sent: Vec<Value> = file
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(sent.len(), 2, "{file}");
    let link = order["checkout_url"].as_str().unwrap();
    for (sms, words) in sent.iter().zip(["wanakuomba ulipe KES 1,500", "Risiti"]) {
        assert_eq!(sms["to"], "+254712345678");
        let text = sms["text"].as_str().unwrap();
        assert!(text.contains(words) && text.ends_with(link), "{text}");
        assert!(!text.contains(['\u{a0}', '\u{2066}']), "{text}");
    }
    assert!(
        t.story(&order)
            .await
            .contains(&"message.requested".to_owned())
    );
    assert!(
        t.audited(&order)
            .await
            .contains(&"message.requested".to_owned())
    );
    // A paid order's link is not sent any more.
    let order_id = OrderId::parse(id(&order)).unwrap();
    let late = messages::request_payment(&t.app, &t.tenant.id, &Actor::System, &order_id, None);
    assert!(matches!(late.await, Err(MessageError::Closed)));
}

#[tokio::test]
async fn a_gateway_for_text_messages_gets_json_and_its_trouble_is_told_apart() {
    let seen = Arc::new(Mutex::new(Vec::<(String, Value)>::new()));
    let heard = seen.clone();
    let answer = async move |headers: axum::http::HeaderMap,
                             axum::Json(body): axum::Json<Value>| {
        let auth = headers["authorization"].to_str().unwrap().to_owned();
        let status = match body["to"].as_str() {
            Some("+1") => 422,
            Some("+2") => 503,
            _ => 202,
        };
        heard.lock().unwrap().push((auth, body));
        axum::http::StatusCode::from_u16(status).unwrap()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/send", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (token, from) = (Some("t0ken".to_owned()), Some("NJERI".to_owned()));
    let gateway = HttpGateway::new(Http::new().unwrap(), url, token, from);
    let send = async |to: &'static str| {
        let sms = Sms {
            id: "msg_1",
            to,
            text: "Lipa hapa",
        };
        gateway.send(&sms).await.map_err(|e| format!("{e:?}"))
    };
    send("+254712345678").await.unwrap();
    assert!(send("+1").await.unwrap_err().starts_with("Refused"));
    assert!(send("+2").await.unwrap_err().starts_with("Trouble"));
    let seen = seen.lock().unwrap();
    let body =
        json!({ "id": "msg_1", "to": "+254712345678", "text": "Lipa hapa", "from": "NJERI" });
    assert_eq!(seen[0], ("Bearer t0ken".to_owned(), body));
}

#[tokio::test]
async fn the_team_is_told_of_what_waits_for_it_unless_it_does_not_want_to() {
    let t = TestApp::start().await;
    t.go_live("paystack").await;
    for role in Role::ALL {
        t.person(role).await;
    }
    let mismatch = async || {
        let order = t.live.order(150_000, json!({})).await;
        let paid = t
            .live
            .pay(&order, "paystack", json!({ "method": "card" }))
            .await;
        let only = json!({ "match": { "reference": reference(&paid) }, "times": 9 });
        t.sim.fault("paystack", "hook", "wrong_amount", only).await;
        t.decide(&paid, "paid").await;
        t.sim.clear_faults().await;
        assert_eq!(t.live.now(&paid).await["status"], "mismatched");
        (order, paid)
    };
    let (order, paid) = mismatch().await;
    let told = of_kind(&t, MessageKind::PaymentMismatched).await;
    assert_eq!(told.len(), 2, "the owner and the admin decide");
    for m in &told {
        assert_eq!(m.audience, Audience::Staff);
        let desk = format!("/admin/{}/payments/{}", t.tenant.slug, id(&paid));
        assert!(m.text.contains(&desk), "{}", m.text);
        assert!(m.text.contains(order["reference"].as_str().unwrap()));
    }
    let (boss, off) = (t.person(Role::Owner).await, [Topic::Alerts]);
    messages::save_topics_off(&t.app, &t.tenant.id, &boss, &off)
        .await
        .unwrap();
    mismatch().await;
    assert_eq!(of_kind(&t, MessageKind::PaymentMismatched).await.len(), 2);
}

#[tokio::test]
async fn the_boxes_of_the_settings_switch_messages_off_and_on() {
    let t = TestApp::start().await;
    let owner = Browser::of(&t, Role::Owner).await;
    let slug = t.tenant.slug.as_str();
    let form = [
        ("tenant", slug),
        ("topics[]", "proof"),
        ("topics[]", "alerts"),
    ];
    let answer = owner.submit("admin/messages/settings", &form).await;
    assert_eq!(answer.status(), 303);
    let off = messages::topics_off(&t.app, &t.tenant.id).await.unwrap();
    let want = [
        Topic::Receipt,
        Topic::Refund,
        Topic::Renewal,
        Topic::Reminder,
    ];
    assert_eq!(off, want);
    super::refunds::paid(&t, "paystack").await;
    assert!(all(&t).await.is_empty());
    let staff = Browser::of(&t, Role::Staff).await;
    staff
        .submit("admin/messages/settings", &[("tenant", slug)])
        .await;
    let now = messages::topics_off(&t.app, &t.tenant.id).await.unwrap();
    assert_eq!(now, off, "staff may not");
}

#[tokio::test]
async fn r14_the_messages_of_another_shop_are_404_and_roles_hold() {
    let t = TestApp::start().await;
    let (other, api, _) = t.another_tenant().await;
    let theirs = api.order(150_000, json!({})).await;
    let order = OrderId::parse(id(&theirs)).unwrap();
    let message = messages::request_payment(&t.app, &other.id, &Actor::System, &order, None)
        .await
        .unwrap();
    let foreign =
        messages::request_payment(&t.app, &t.tenant.id, &Actor::System, &order, None).await;
    assert!(matches!(foreign, Err(MessageError::NotFound)));
    let owner = Browser::of(&t, Role::Owner).await;
    for path in ["", "/html"] {
        let (status, _) = owner.page(&format!("/messages/{}{path}", message.id)).await;
        assert_eq!(status, 404);
    }
    let slug = t.tenant.slug.as_str();
    let form = [("tenant", slug), ("message", message.id.as_str())];
    let answer = owner.submit("admin/messages/send-again", &form).await;
    assert_eq!(answer.status(), 404);
    for role in [Role::Viewer, Role::Developer] {
        let (status, _) = Browser::of(&t, role).await.page("/messages").await;
        assert_eq!(status, 403, "{role:?}");
    }
}
