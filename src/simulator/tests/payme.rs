//! Payme: links and receipts, and what the merchant's endpoint is asked.

use std::collections::BTreeMap;

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const MERCHANT: &str = "587f72c72cac0d162c722ae2";
const KEY: &str = "q%&#@?()xW";

type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A merchant's endpoint that keeps every transaction by the book.
async fn endpoint(asked: Asked) -> String {
    let books: Arc<Mutex<BTreeMap<String, i64>>> = Arc::default();
    let app = Router::new().route(
        "/hook",
        post(move |headers: HeaderMap, body: Bytes| {
            let (asked, books) = (asked.clone(), books.clone());
            async move {
                let body: Value = serde_json::from_slice(&body).unwrap();
                let auth = headers["authorization"].to_str().unwrap().to_owned();
                asked.lock().unwrap().push((auth.clone(), body.clone()));
                let fits = auth == format!("Basic {}", STANDARD.encode(format!("Paycom:{KEY}")));
                let params = &body["params"];
                let id = params["id"].as_str().unwrap_or_default().to_owned();
                let mut books = books.lock().unwrap();
                let now = 1_767_605_349_000_i64;
                let told = match body["method"].as_str().unwrap() {
                    _ if !fits => json!({"error": {"code": -32504, "message": "no"}}),
                    "CheckPerformTransaction" if params["amount"] == 500_000 => {
                        json!({"result": {"allow": true}})
                    }
                    "CheckPerformTransaction" => {
                        json!({"error": {"code": -31001, "message": "no"}})
                    }
                    "CreateTransaction" => {
                        books.insert(id.clone(), 1);
                        json!({"result": {"create_time": now, "transaction": id, "state": 1}})
                    }
                    "PerformTransaction" => {
                        books.insert(id.clone(), 2);
                        json!({"result": {"perform_time": now, "transaction": id, "state": 2}})
                    }
                    _ => {
                        let state = -books[&id].abs();
                        books.insert(id.clone(), state);
                        json!({"result": {"cancel_time": now, "transaction": id, "state": state}})
                    }
                };
                let mut told = told;
                told["id"] = body["id"].clone();
                axum::Json(told)
            }
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn registered(world: &World) -> Asked {
    let asked = Asked::default();
    let hook_url = endpoint(asked.clone()).await;
    let account = json!({"provider": "payme", "merchant_id": MERCHANT, "secret_key": KEY,
        "hook_url": hook_url});
    world.control("accounts", account).await;
    asked
}

fn link(world: &World, order: &str, amount: i64) -> String {
    let text =
        format!("m={MERCHANT};ac.order_id={order};a={amount};l=en;c=https://shop.example/back");
    format!("{}/payme/{}", world.url, STANDARD.encode(text))
}

fn methods(asked: &Asked) -> Vec<String> {
    let asked = asked.lock().unwrap();
    let methods = asked
        .iter()
        .map(|(_, b)| b["method"].as_str().unwrap().to_owned());
    methods.collect()
}

async fn api(world: &World, auth: &str, method: &str, params: Value) -> Value {
    let body = json!({"id": 7, "method": method, "params": params});
    let request = world.http.post(format!("{}/payme/api", world.url));
    let answer = request.header("x-auth", auth).json(&body).send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_payme_link_is_paid_with_a_test_card_by_calls_to_the_merchant() {
    let world = World::start().await;
    let asked = registered(&world).await;
    let page = link(&world, "pay_1", 500_000);
    let html = world.http.get(&page).send().await.unwrap().text().await;
    assert!(html.unwrap().contains("UZS 5000.00"));
    let card = [
        ("action", "card"),
        ("number", "8600 4954 7331 6478"),
        ("expire", "03/99"),
    ];
    assert_eq!(world.submit(&page, &card).await.0, 303);
    let wrong = [("action", "code"), ("answer", "1")];
    assert_eq!(world.submit(&page, &wrong).await.0, 200);
    let code = [("action", "code"), ("answer", "666666")];
    let (status, to) = world.submit(&page, &code).await;
    assert_eq!(
        (status, to.unwrap().as_str()),
        (303, "https://shop.example/back")
    );
    assert_eq!(
        methods(&asked),
        [
            "CheckPerformTransaction",
            "CreateTransaction",
            "PerformTransaction"
        ]
    );
    let calls = asked.lock().unwrap().clone();
    let create = &calls[1].1["params"];
    assert_eq!(create["account"], json!({"order_id": "pay_1"}));
    assert_eq!(create["id"].as_str().unwrap().len(), 24);
    let ledger = world.ledger().await;
    assert_eq!(ledger["payments"][0]["status"], "paid");
    assert_eq!(ledger["payments"][0]["amount_minor"], 500_000);
    assert!(!ledger.to_string().contains("8600495473316478"));
    let refund = json!({"provider": "payme", "reference": "pay_1", "outcome": "refund"});
    let told = world.control("decide", refund).await;
    assert_eq!(told["payment"]["refunded"], 500_000);
    let last = asked.lock().unwrap().last().unwrap().1.clone();
    assert_eq!(
        (&last["method"], &last["params"]["reason"]),
        (&json!("CancelTransaction"), &json!(5))
    );
}

#[tokio::test]
async fn payme_repeats_what_was_not_answered_and_stops_at_a_refusal() {
    let world = World::start().await;
    let asked = registered(&world).await;
    let open = json!({"provider": "payme", "link": link(&world, "pay_1", 500_000)});
    world.control("pay", open).await;
    let lost = json!({"provider": "payme", "operation": "hook", "fault": "lost", "times": 2});
    world.control("faults", lost).await;
    let paid = json!({"provider": "payme", "reference": "pay_1", "outcome": "paid"});
    let told = world.control("decide", paid).await;
    assert_eq!(told["payment"]["status"], "processing");
    assert!(asked.lock().unwrap().is_empty());
    world.control("advance", json!({"seconds": 60})).await;
    assert_eq!(world.ledger().await["payments"][0]["status"], "paid");
    // Another amount than the order's is refused by the merchant.
    let wrong =
        json!({"provider": "payme", "link": link(&world, "pay_2", 400_000), "outcome": "paid"});
    world.control("pay", wrong).await;
    let ledger = world.ledger().await;
    assert_eq!(ledger["payments"][1]["status"], "declined");
    assert_eq!(ledger["payments"][1]["details"]["error"]["code"], -31001);
    assert_eq!(methods(&asked).last().unwrap(), "CheckPerformTransaction");
}

#[tokio::test]
async fn a_held_transaction_is_performed_or_cancelled_later() {
    let world = World::start().await;
    let asked = registered(&world).await;
    for (order, outcome, last) in [
        ("pay_1", "paid", "PerformTransaction"),
        ("pay_2", "expired", "CancelTransaction"),
    ] {
        let held = json!({"provider": "payme", "link": link(&world, order, 500_000),
            "outcome": "held"});
        world.control("pay", held).await;
        assert_eq!(methods(&asked).last().unwrap(), "CreateTransaction");
        let body = json!({"provider": "payme", "reference": order, "outcome": outcome});
        world.control("decide", body).await;
        assert_eq!(methods(&asked).last().unwrap(), last);
    }
    let declined = json!({"provider": "payme", "link": link(&world, "pay_3", 500_000),
        "outcome": "declined"});
    world.control("pay", declined).await;
    let cancel = asked.lock().unwrap().last().unwrap().1.clone();
    assert_eq!(cancel["params"]["reason"], 2);
    let forged = json!({"provider": "payme", "reference": "pay_3"});
    world.control("forge", forged).await;
    let (auth, body) = asked.lock().unwrap().last().unwrap().clone();
    assert!(auth != format!("Basic {}", STANDARD.encode(format!("Paycom:{KEY}"))));
    assert_eq!(body["method"], "PerformTransaction");
}

#[tokio::test]
async fn payme_receipts_are_made_paid_and_cancelled() {
    let world = World::start().await;
    let auth = format!("{MERCHANT}:{KEY}");
    let params = json!({"amount": 500_000, "account": {"order_id": "pay_1"}, "description": "Tea"});
    let made = api(&world, &auth, "receipts.create", params).await;
    let id = made["result"]["receipt"]["_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!((id.len(), &made["id"]), (24, &json!(7)));
    let only = json!({"id": id});
    let html = world.http.get(format!("{}/payme/{id}", world.url));
    assert!(
        html.send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("Tea")
    );
    let phone = json!({"id": id, "phone": "998901234567"});
    let sent = api(&world, &auth, "receipts.send", phone).await;
    assert_eq!(sent["result"]["success"], true);
    let paid = json!({"provider": "payme", "reference": "pay_1", "outcome": "paid"});
    world.control("decide", paid).await;
    let got = api(&world, &auth, "receipts.get", only.clone()).await;
    let receipt = &got["result"]["receipt"];
    assert_eq!(
        (&receipt["state"], &receipt["currency"]),
        (&json!(4), &json!(860))
    );
    assert!(receipt["pay_time"].as_i64().unwrap() > 0);
    let now = receipt["create_time"].as_i64().unwrap();
    let params = json!({"count": 50, "from": now - 1, "to": now + 1});
    let all = api(&world, &auth, "receipts.get_all", params).await;
    assert_eq!(all["result"][0]["account"][0]["value"], "pay_1");
    let queued = api(&world, &auth, "receipts.cancel", only.clone()).await;
    assert_eq!(queued["result"]["receipt"]["state"], 21);
    world.control("advance", json!({"seconds": 3})).await;
    let state = api(&world, &auth, "receipts.check", only).await;
    assert_eq!(state["result"]["state"], 50);
    let ledger = world.ledger().await;
    assert_eq!(ledger["refunds"][0]["amount_minor"], 500_000);
}

#[tokio::test]
async fn payme_refuses_what_the_real_one_refuses() {
    let world = World::start().await;
    registered(&world).await;
    let auth = format!("{MERCHANT}:{KEY}");
    let code = |told: Value| told["error"]["code"].as_i64().unwrap();
    let good = json!({"amount": 5, "account": {"order_id": "1"}});
    for wrong in [MERCHANT, "a:invalid", &format!("{MERCHANT}:other"), ""] {
        let told = api(&world, wrong, "receipts.create", good.clone()).await;
        assert_eq!(code(told), -32504, "{wrong}");
    }
    for (method, params, want) in [
        ("receipts.none", json!({}), -32601),
        (
            "receipts.create",
            json!({"amount": 1.5, "account": {"order_id": "1"}}),
            -31611,
        ),
        (
            "receipts.create",
            json!({"amount": 5, "account": {}}),
            -31610,
        ),
        ("receipts.get", json!({"id": "00"}), -31401),
        (
            "receipts.get_all",
            json!({"count": 51, "from": 0, "to": 1}),
            -32600,
        ),
    ] {
        assert_eq!(
            code(api(&world, &auth, method, params).await),
            want,
            "{method}"
        );
    }
    let nobody = json!({"provider": "payme", "link": format!("{}/payme/bT0x", world.url)});
    let url = format!("{}/_control/pay", world.url);
    let answer = world.http.post(url).json(&nobody).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
}

#[tokio::test]
async fn the_sandbox_says_which_step_a_merchant_fails() {
    let world = World::start().await;
    registered(&world).await;
    let wanted = json!({"provider": "payme", "scenario": 2, "merchant_id": MERCHANT,
        "account": {"order_id": "pay_1"}, "amount": 500_000});
    let told = world.control("pay", wanted).await;
    // This endpoint lets a second transaction in, and knows no CheckTransaction.
    assert_eq!(told["passed"], false);
    let steps = told["steps"].as_array().unwrap();
    assert_eq!(steps[0]["ok"], true);
    assert_eq!(steps[1]["ok"], true);
    let failed: Vec<&str> = steps
        .iter()
        .filter(|s| s["ok"] == false)
        .map(|s| s["step"].as_str().unwrap())
        .collect();
    assert!(
        failed.contains(&"another transaction for the same order"),
        "{failed:?}"
    );
}
