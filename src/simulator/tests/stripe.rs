//! Stripe: from the session to its event, refusals, cards, refunds, endpoints.

use super::*;
use hmac::{Hmac, KeyInit as _, Mac as _};

const KEY: &str = "sk_test_shop_0001";
const SECRET: &str = "whsec_shop";
const SESSIONS: &str = "checkout/sessions";
const GOOD_CARD: &str = "4242 4242 4242 4242";

type Fields = Vec<(String, String)>;

fn fields(pairs: &[(&str, &str)]) -> Fields {
    let pairs = pairs.iter();
    pairs
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect()
}

/// What makes a session of USD 19.99 for a reference.
fn session(reference: &str) -> Fields {
    fields(&[
        ("mode", "payment"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][unit_amount]", "1999"),
        (
            "line_items[0][price_data][product_data][name]",
            "Two tickets",
        ),
        (
            "success_url",
            "https://shop.example/ok?s={CHECKOUT_SESSION_ID}",
        ),
        ("cancel_url", "https://shop.example/cancelled"),
        ("client_reference_id", reference),
        ("payment_intent_data[metadata][reference]", reference),
    ])
}

impl World {
    async fn stripe_post(&self, path: &str, form: &Fields, once: Option<&str>) -> (u16, Value) {
        let url = format!("{}/stripe/v1/{path}", self.url);
        let mut request = self.http.post(url).bearer_auth(KEY).form(form);
        if let Some(once) = once {
            request = request.header("Idempotency-Key", once);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn stripe_get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}/stripe/v1/{path}", self.url);
        let answer = self.http.get(url).bearer_auth(KEY).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn with_stripe(self) -> Self {
        let hook_url = format!("{}/stripe", self.hooks);
        let account = json!({"provider": "stripe", "secret_key": KEY, "webhook_secret": SECRET,
            "hook_url": hook_url, "name": "Duka"});
        self.control("accounts", account).await;
        self
    }

    /// The id and the page of a new session.
    async fn checkout(&self, reference: &str) -> (String, String) {
        let (status, told) = self.stripe_post(SESSIONS, &session(reference), None).await;
        assert_eq!(status, 200, "{told}");
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        (text("id"), text("url"))
    }

    async fn card(&self, page: &str, number: &str) -> Option<String> {
        let form = [
            ("action", "card"),
            ("number", number),
            ("expiry", "12/40"),
            ("cvc", "123"),
        ];
        self.submit(page, &form).await.1
    }

    async fn session_of(&self, id: &str) -> Value {
        let path = format!("{SESSIONS}/{id}?expand[]=payment_intent");
        self.stripe_get(&path).await.1
    }

    /// The intent of a session that a card paid.
    async fn paid_by(&self, reference: &str, number: &str) -> (String, String) {
        let (id, page) = self.checkout(reference).await;
        self.card(&page, number).await;
        let intent = self.session_of(&id).await["payment_intent"]["id"].clone();
        (id, intent.as_str().unwrap().to_owned())
    }

    fn events(&self) -> Vec<Value> {
        let hooks = self.hooks();
        let bodies = hooks.iter().map(|(_, body)| body);
        bodies.map(|b| serde_json::from_str(b).unwrap()).collect()
    }

    fn kinds(&self) -> Vec<String> {
        let events = self.events();
        let kinds = events.iter().map(|e| e["type"].as_str().unwrap());
        kinds.map(str::to_owned).collect()
    }
}

fn signature(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn a_session_goes_from_its_page_to_its_signed_event() {
    let world = World::start().await.with_stripe().await;
    let (id, page) = world.checkout("p-1").await;
    assert!(id.starts_with("cs_test_"));
    let open = world.session_of(&id).await;
    assert_eq!(
        (&open["status"], &open["payment_intent"]),
        (&json!("open"), &Value::Null)
    );
    let html = world
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(html.contains("USD 19.99") && html.contains("Two tickets") && html.contains("Duka"));

    // A failed try leaves the page open.
    world.card(&page, "4000 0000 0000 9995").await;
    let tried = world.session_of(&id).await;
    let intent = &tried["payment_intent"];
    assert_eq!(
        (&tried["status"], &tried["payment_status"]),
        (&json!("open"), &json!("unpaid"))
    );
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(
        intent["last_payment_error"]["decline_code"],
        "insufficient_funds"
    );

    let to = world.card(&page, GOOD_CARD).await.unwrap();
    assert_eq!(to, format!("https://shop.example/ok?s={id}"));
    let paid = world.session_of(&id).await;
    assert_eq!(
        (&paid["status"], &paid["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    assert_eq!(paid["payment_intent"]["amount_received"], 1_999);
    assert_eq!(paid["url"], Value::Null);

    world.control("advance", json!({"seconds": 0})).await;
    assert_eq!(
        world.kinds(),
        [
            "payment_intent.payment_failed",
            "checkout.session.completed"
        ]
    );
    let (headers, body) = world.hooks().remove(1);
    let event: Value = serde_json::from_str(&body).unwrap();
    let object = &event["data"]["object"];
    assert_eq!(
        (&object["client_reference_id"], &object["amount_total"]),
        (&json!("p-1"), &json!(1_999))
    );
    assert!(object["payment_intent"].is_string() && body.starts_with("{\n  \""));
    let header = headers["stripe-signature"].to_str().unwrap();
    let part = |name: &str| {
        let start = format!("{name}=");
        header
            .split(',')
            .find_map(|p| p.strip_prefix(&start))
            .unwrap()
    };
    let signed = signature(SECRET, &format!("{}.{body}", part("t")));
    assert_eq!(part("v1"), signed);
    let ledger = world.ledger().await;
    assert_eq!(ledger["payments"][0]["attempts"], 2);
    assert!(!ledger.to_string().contains("4242424242424242"));
    assert!(!ledger.to_string().contains("4000000000009995"));
}

#[tokio::test]
async fn the_bank_asks_and_the_page_can_be_left() {
    let world = World::start().await.with_stripe().await;
    let (id, page) = world.checkout("p-1").await;
    assert_eq!(
        world.card(&page, "4000002760003184").await.unwrap(),
        format!("/stripe/c/pay/{id}")
    );
    assert_eq!(
        world.session_of(&id).await["payment_intent"]["status"],
        "requires_action"
    );
    world.submit(&page, &[("action", "fail")]).await;
    let failed = world.session_of(&id).await;
    let code = &failed["payment_intent"]["last_payment_error"]["code"];
    assert_eq!(code, "payment_intent_authentication_failure");
    world.card(&page, "4000008400001629").await;
    world.submit(&page, &[("action", "authorize")]).await;
    assert_eq!(world.session_of(&id).await["status"], "open");
    let (_, to) = world.submit(&page, &[("action", "back")]).await;
    assert_eq!(to.unwrap(), "https://shop.example/cancelled");
    assert_eq!(world.session_of(&id).await["status"], "open");
    world.card(&page, "4000000000003220").await;
    let (_, to) = world.submit(&page, &[("action", "authorize")]).await;
    assert!(to.unwrap().starts_with("https://shop.example/ok"));
}

#[tokio::test]
async fn stripe_refuses_what_the_real_one_refuses() {
    let world = World::start().await;
    let refused = async |change: &[(&str, &str)]| {
        let mut form = session("p-1");
        for (name, value) in change {
            form.retain(|(n, _)| n != name);
            form.extend(fields(&[(name, value)]));
        }
        let (status, told) = world.stripe_post(SESSIONS, &form, None).await;
        (
            status,
            told["error"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let soon = (world.ledger().await["now"].as_i64().unwrap() / 1_000 + 1_700).to_string();
    for (change, code) in [
        (("mode", ""), "parameter_missing"),
        (("success_url", ""), "parameter_missing"),
        (("success_url", "shop"), "url_invalid"),
        (
            ("line_items[0][price_data][unit_amount]", "49"),
            "amount_too_small",
        ),
        (
            ("line_items[0][price_data][unit_amount]", "19.99"),
            "parameter_invalid_integer",
        ),
        (("line_items[0][price_data][currency]", "USD"), ""),
        (("line_items[0][price_data][currency]", "zzz"), ""),
        (
            ("line_items[0][price_data][product_data][name]", ""),
            "parameter_missing",
        ),
        (("expires_at", soon.as_str()), ""),
        (("customer_email", "asha at shop"), "email_invalid"),
        (("amount", "1999"), "parameter_unknown"),
        (("locale", "sw"), ""),
    ] {
        assert_eq!(
            refused(&[change]).await,
            (400, code.to_owned()),
            "{change:?}"
        );
    }
    let kwd = [
        ("line_items[0][price_data][currency]", "kwd"),
        ("line_items[0][price_data][unit_amount]", "5124"),
    ];
    assert_eq!(refused(&kwd).await.0, 400);

    let url = format!("{}/stripe/v1/{SESSIONS}", world.url);
    let json = world
        .http
        .post(&url)
        .bearer_auth(KEY)
        .json(&json!({"mode": "payment"}));
    assert_eq!(json.send().await.unwrap().status(), 400);
    let types = session("p-1")
        .into_iter()
        .chain(fields(&[("payment_method_types[0]", "card")]));
    let types: Fields = types.collect();
    for (version, status) in [("2025-09-30.clover", 200), ("2026-09-30.endive", 400)] {
        let request = world.http.post(&url).bearer_auth(KEY).form(&types);
        let answer = request
            .header("Stripe-Version", version)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{version}");
    }
    let wrong = world
        .http
        .get(&url)
        .bearer_auth("sk_test_invalid")
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 401);
    let (status, told) = world.stripe_get(&format!("{SESSIONS}/cs_test_x")).await;
    assert_eq!(
        (status, &told["error"]["code"]),
        (404, &json!("resource_missing"))
    );
}

#[tokio::test]
async fn one_key_makes_one_session() {
    let world = World::start().await;
    let (status, first) = world
        .stripe_post(SESSIONS, &session("p-1"), Some("k"))
        .await;
    assert_eq!(status, 200);
    let (_, again) = world
        .stripe_post(SESSIONS, &session("p-1"), Some("k"))
        .await;
    assert_eq!(first, again);
    let (status, other) = world
        .stripe_post(SESSIONS, &session("p-2"), Some("k"))
        .await;
    assert_eq!(
        (status, &other["error"]["type"]),
        (400, &json!("idempotency_error"))
    );
    world.checkout("p-3").await;
    let (_, list) = world.stripe_get(&format!("{SESSIONS}?limit=1")).await;
    assert_eq!(
        (&list["has_more"], &list["data"][0]["client_reference_id"]),
        (&json!(true), &json!("p-3"))
    );
    let next = format!(
        "{SESSIONS}?limit=5&starting_after={}",
        list["data"][0]["id"].as_str().unwrap()
    );
    let (_, list) = world.stripe_get(&next).await;
    assert_eq!(
        (&list["has_more"], &list["data"][0]["id"]),
        (&json!(false), &first["id"])
    );
    let (_, none) = world
        .stripe_get(&format!("{SESSIONS}?created[lt]=1000"))
        .await;
    assert_eq!(none["data"], json!([]));
    // A day later the key is forgotten.
    world.control("advance", json!({"seconds": 90_000})).await;
    let (_, late) = world
        .stripe_post(SESSIONS, &session("p-1"), Some("k"))
        .await;
    assert_ne!(late["id"], first["id"]);
}

#[tokio::test]
async fn a_session_expires_by_itself_or_by_a_call_and_takes_no_money_then() {
    let world = World::start().await.with_stripe().await;
    let (early, page) = world.checkout("p-1").await;
    let (late, _) = world.checkout("p-2").await;
    let expire = format!("{SESSIONS}/{early}/expire");
    let (status, told) = world.stripe_post(&expire, &vec![], None).await;
    assert_eq!((status, &told["status"]), (200, &json!("expired")));
    let (status, told) = world.stripe_post(&expire, &vec![], None).await;
    let words = told["error"]["message"].as_str().unwrap();
    assert!(
        status == 400 && words.contains("status of `expired`"),
        "{told}"
    );
    world.card(&page, GOOD_CARD).await;
    assert_eq!(world.session_of(&early).await["payment_status"], "unpaid");
    world.control("advance", json!({"seconds": 86_400})).await;
    assert_eq!(world.session_of(&late).await["status"], "expired");
    assert_eq!(world.kinds(), ["checkout.session.expired"; 2]);
}

#[tokio::test]
async fn delayed_money_comes_or_does_not_come_later() {
    let world = World::start().await.with_stripe().await;
    for (reference, outcome, paid, step) in [
        ("p-1", "paid", "paid", "succeeded"),
        ("p-2", "declined", "unpaid", "requires_payment_method"),
    ] {
        let (id, page) = world.checkout(reference).await;
        let (_, to) = world.submit(&page, &[("action", "bank")]).await;
        assert!(to.unwrap().starts_with("https://shop.example/ok"));
        let waiting = world.session_of(&id).await;
        assert_eq!(
            (&waiting["status"], &waiting["payment_status"]),
            (&json!("complete"), &json!("unpaid"))
        );
        assert_eq!(waiting["payment_intent"]["status"], "processing");
        let decide = json!({"provider": "stripe", "reference": reference, "outcome": outcome});
        world.control("decide", decide).await;
        let ended = world.session_of(&id).await;
        assert_eq!(
            (&ended["payment_status"], &ended["payment_intent"]["status"]),
            (&json!(paid), &json!(step))
        );
    }
    let kinds = world.kinds();
    for kind in [
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
    ] {
        assert!(kinds.iter().any(|k| k == kind), "{kinds:?}");
    }
}

#[tokio::test]
async fn refunds_end_as_their_card_says_and_never_exceed_the_payment() {
    let world = World::start().await.with_stripe().await;
    let refund = |intent: &str, amount: &str| {
        fields(&[
            ("payment_intent", intent),
            ("amount", amount),
            ("metadata[refund]", "ref_1"),
        ])
    };
    for (reference, card, first, last, back) in [
        ("p-1", GOOD_CARD, "succeeded", "succeeded", 500),
        ("p-2", "4000000000007726", "pending", "succeeded", 500),
        ("p-3", "4000000000005126", "succeeded", "failed", 0),
    ] {
        let (id, intent) = world.paid_by(reference, card).await;
        let (status, told) = world
            .stripe_post("refunds", &refund(&intent, "500"), Some(reference))
            .await;
        assert_eq!((status, &told["status"]), (200, &json!(first)), "{told}");
        let (status, over) = world
            .stripe_post("refunds", &refund(&intent, "1500"), None)
            .await;
        assert_eq!((status, &over["error"]["param"]), (400, &json!("amount")));
        assert_eq!(over["error"]["code"], Value::Null);
        world.control("advance", json!({"seconds": 3})).await;
        let path = format!("refunds/{}", told["id"].as_str().unwrap());
        assert_eq!(world.stripe_get(&path).await.1["status"], last);
        let (_, list) = world
            .stripe_get(&format!("refunds?payment_intent={intent}"))
            .await;
        assert_eq!(list["data"][0]["metadata"]["refund"], "ref_1");
        let ledger = world.ledger().await;
        let payments = ledger["payments"].as_array().unwrap();
        let of_this = payments
            .iter()
            .find(|p| p["provider_ref"] == json!(id))
            .unwrap();
        assert_eq!(of_this["refunded"], back);
    }
    let kinds = world.kinds();
    assert!(kinds.iter().any(|k| k == "refund.updated"));
    assert!(kinds.iter().any(|k| k == "refund.failed"));
    let (_, intent) = world.paid_by("p-4", GOOD_CARD).await;
    world
        .stripe_post("refunds", &refund(&intent, "1999"), None)
        .await;
    let (status, told) = world
        .stripe_post("refunds", &refund(&intent, "1"), None)
        .await;
    assert_eq!(
        (status, &told["error"]["code"]),
        (400, &json!("charge_already_refunded"))
    );
}

#[tokio::test]
async fn endpoints_are_made_by_call_and_hear_what_they_asked_for() {
    let world = World::start().await;
    let address = format!("{}/mine", world.hooks);
    let form = fields(&[
        ("url", &address),
        ("enabled_events[]", "checkout.session.completed"),
    ]);
    let (status, made) = world.stripe_post("webhook_endpoints", &form, None).await;
    assert_eq!(status, 200, "{made}");
    let (_, list) = world.stripe_get("webhook_endpoints?limit=100").await;
    assert_eq!(list["data"][0]["id"], made["id"]);
    assert_eq!(list["data"][0]["secret"], Value::Null);
    let (_, page) = world.checkout("p-1").await;
    world.card(&page, "4000000000000002").await;
    world.card(&page, GOOD_CARD).await;
    world.control("advance", json!({"seconds": 0})).await;
    assert_eq!(world.kinds(), ["checkout.session.completed"]);
    let (headers, body) = world.hooks().remove(0);
    let header = headers["stripe-signature"].to_str().unwrap();
    let time = header.split(',').next().unwrap().trim_start_matches("t=");
    let signed = signature(made["secret"].as_str().unwrap(), &format!("{time}.{body}"));
    assert!(header.contains(&format!("v1={signed}")));
    let off = format!("webhook_endpoints/{}", made["id"].as_str().unwrap());
    let (_, told) = world
        .stripe_post(&off, &fields(&[("disabled", "true")]), None)
        .await;
    assert_eq!(told["status"], "disabled");
    world.paid_by("p-2", GOOD_CARD).await;
    world.control("advance", json!({"seconds": 0})).await;
    assert_eq!(world.hooks().len(), 1);
}

#[tokio::test]
async fn a_late_event_has_a_fresh_signature_and_a_forged_one_a_wrong_one() {
    let world = World::start().await.with_stripe().await;
    let (_, page) = world.checkout("p-1").await;
    let late = json!({"provider": "stripe", "operation": "hook", "fault": "late",
        "delay_ms": 3_600_000});
    world.control("faults", late).await;
    world.card(&page, GOOD_CARD).await;
    world.control("advance", json!({"seconds": 3_601})).await;
    let at = |headers: &HeaderMap| -> i64 {
        let header = headers["stripe-signature"].to_str().unwrap();
        let time = header.split(',').next().unwrap().trim_start_matches("t=");
        time.parse().unwrap()
    };
    let (headers, body) = world.hooks().remove(0);
    let made: Value = serde_json::from_str(&body).unwrap();
    assert!(at(&headers) - made["created"].as_i64().unwrap() >= 3_600);

    world.checkout("p-2").await;
    world
        .control("forge", json!({"provider": "stripe", "reference": "p-2"}))
        .await;
    let (headers, body) = world.hooks().remove(1);
    assert!(body.contains("checkout.session.completed") && body.contains("\"paid\""));
    let signed = signature(SECRET, &format!("{}.{body}", at(&headers)));
    assert!(
        !headers["stripe-signature"]
            .to_str()
            .unwrap()
            .contains(&signed)
    );
}

#[tokio::test]
async fn faults_are_planted_by_the_four_common_names() {
    let world = World::start().await.with_stripe().await;
    let url = format!("{}/stripe/v1/{SESSIONS}", world.url);
    let reset = json!({"provider": "stripe", "operation": "start", "fault": "reset",
        "after_effect": true, "match": {"reference": "p-1"}});
    world.control("faults", reset).await;
    let sent = world
        .http
        .post(&url)
        .bearer_auth(KEY)
        .form(&session("p-1"))
        .send()
        .await;
    assert!(sent.is_err());
    let (_, list) = world.stripe_get(SESSIONS).await;
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let wrong = json!({"provider": "stripe", "operation": "fetch", "fault": "wrong_amount"});
    world.control("faults", wrong).await;
    assert_eq!(world.session_of(&id).await["amount_total"], 1_899);
    assert_eq!(world.session_of(&id).await["amount_total"], 1_999);
    let (_, intent) = world.paid_by("p-2", GOOD_CARD).await;
    for (operation, path) in [("refund", "refunds"), ("fetch_refund", "refunds?limit=1")] {
        let broken = json!({"provider": "stripe", "operation": operation, "fault": "http_500"});
        world.control("faults", broken).await;
        let status = if operation == "refund" {
            let form = fields(&[("payment_intent", &intent)]);
            world.stripe_post(path, &form, None).await.0
        } else {
            world.stripe_get(path).await.0
        };
        assert_eq!(status, 500, "{operation}");
    }
}
