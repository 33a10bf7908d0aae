//! The Merchant API: the sandbox's two scenarios, every error, times and keys.
use super::*;

#[tokio::test]
async fn the_sandboxs_first_scenario_cancels_before_the_payment_is_performed() {
    let shop = Shop::start().await;
    let (order, payment) = shop.payment().await;
    let params = shop.fresh(&payment);
    // A wrong Authorization, for every method and for one that does not exist.
    for method in [
        "CheckPerformTransaction",
        "CreateTransaction",
        "PerformTransaction",
        "CancelTransaction",
        "CheckTransaction",
        "GetStatement",
        "SetFiscalData",
        "ChangePassword",
        "NoSuchMethod",
    ] {
        let body = json!({ "method": method, "params": params, "id": 7 });
        for key in ["wrong", "", &format!("{}x", shop.key)] {
            let answer = shop.post(key, &body.to_string()).await.json();
            assert_eq!(answer["error"]["code"], -32504, "{method}");
            assert_eq!(answer["id"], 7);
        }
    }
    // A wrong amount, and an unknown account.
    for method in ["CheckPerformTransaction", "CreateTransaction"] {
        for amount in [AMOUNT - 1, AMOUNT + 1, AMOUNT / 100, 0, -AMOUNT] {
            let mut wrong = params.clone();
            wrong["amount"] = json!(amount);
            assert_eq!(shop.code(method, wrong).await, -31001, "{method} {amount}");
        }
        for account in [
            json!({ "order_id": "197" }),
            json!({ "order_id": 197 }),
            json!({ "order_id": null }),
            json!({ "other": id(&payment) }),
            json!({}),
        ] {
            let mut wrong = params.clone();
            wrong["account"] = account;
            let answer = shop.ask(method, wrong).await;
            let error = &answer["error"];
            assert_eq!(
                (&error["code"], &error["data"]),
                (&json!(-31050), &json!("order_id"))
            );
            for language in ["ru", "uz", "en"] {
                assert!(error["message"][language].is_string());
            }
        }
    }
    let valid = json!({ "amount": AMOUNT, "account": params["account"] });
    assert_eq!(
        shop.says("CheckPerformTransaction", valid.clone()).await,
        json!({ "allow": true })
    );
    let created = shop.says("CreateTransaction", params.clone()).await;
    assert_eq!(created["state"], 1);
    assert_eq!(created["create_time"], shop.now());
    assert!(created["transaction"].is_string());
    shop.t.app.clock.advance_secs(60);
    assert_eq!(
        shop.says("CreateTransaction", params.clone()).await,
        created
    );
    assert_eq!(shop.t.api.now(&payment).await["status"], "processing");
    let check = shop.says("CheckTransaction", only(&params)).await;
    assert_eq!(
        check,
        json!({ "create_time": created["create_time"], "perform_time": 0, "cancel_time": 0,
            "transaction": created["transaction"], "state": 1, "reason": null })
    );
    assert_eq!(
        shop.code("CreateTransaction", shop.fresh(&payment)).await,
        -31008
    );
    assert_eq!(
        shop.code("CheckPerformTransaction", valid.clone()).await,
        -31054
    );
    let cancel = json!({ "id": params["id"], "reason": 3 });
    let cancelled = shop.says("CancelTransaction", cancel.clone()).await;
    assert_eq!(
        cancelled,
        json!({ "transaction": created["transaction"], "cancel_time": shop.now(), "state": -1 })
    );
    shop.t.app.clock.advance_secs(60);
    // The second cancel keeps the first one's time and reason.
    let again = json!({ "id": params["id"], "reason": 10 });
    for repeat in [cancel, again] {
        assert_eq!(shop.says("CancelTransaction", repeat).await, cancelled);
    }
    let check = shop.says("CheckTransaction", only(&params)).await;
    assert_eq!(
        check,
        json!({ "create_time": created["create_time"], "perform_time": 0,
            "cancel_time": cancelled["cancel_time"], "transaction": created["transaction"],
            "state": -1, "reason": 3 })
    );
    assert_eq!(shop.code("PerformTransaction", only(&params)).await, -31008);
    assert_eq!(shop.code("CreateTransaction", params).await, -31008);
    // The customer may try again.
    assert_eq!(shop.t.api.now(&payment).await["status"], "requires_action");
    assert_eq!(shop.t.api.now(&order).await["status"], "open");
    shop.says("CheckPerformTransaction", valid).await;
    shop.says("CreateTransaction", shop.fresh(&payment)).await;
}

#[tokio::test]
async fn the_sandboxs_second_scenario_performs_and_gives_back() {
    let shop = Shop::start().await;
    let (order, payment) = shop.payment().await;
    let params = shop.fresh(&payment);
    let created = shop.says("CreateTransaction", params.clone()).await;
    assert_eq!(
        shop.says("CreateTransaction", params.clone()).await,
        created
    );
    assert_eq!(
        shop.code("CreateTransaction", shop.fresh(&payment)).await,
        -31008
    );
    shop.t.app.clock.advance_secs(30);
    let performed = shop.says("PerformTransaction", only(&params)).await;
    assert_eq!(
        performed,
        json!({ "transaction": created["transaction"], "perform_time": shop.now(), "state": 2 })
    );
    shop.t.app.clock.advance_secs(30);
    assert_eq!(
        shop.says("PerformTransaction", only(&params)).await,
        performed
    );
    let check = shop.says("CheckTransaction", only(&params)).await;
    assert_eq!(
        check,
        json!({ "create_time": created["create_time"], "perform_time": performed["perform_time"],
            "cancel_time": 0, "transaction": created["transaction"], "state": 2, "reason": null })
    );
    let paid = shop.t.api.now(&payment).await;
    assert_eq!(
        (&paid["status"], &paid["amount_captured"], &paid["receipt"]),
        (&json!("succeeded"), &json!(AMOUNT), &params["id"])
    );
    assert_eq!(shop.t.api.now(&order).await["status"], "paid");
    assert_eq!(
        shop.t.events(&payment).await,
        ["payment.pending", "payment.succeeded"]
    );
    assert_eq!(shop.t.events(&order).await, ["order.paid"]);
    // Nothing more may be paid for it.
    assert_eq!(
        shop.code("CreateTransaction", shop.fresh(&payment)).await,
        -31051
    );
    assert_eq!(shop.code("CreateTransaction", params.clone()).await, -31008);
    let cancel = json!({ "id": params["id"], "reason": 5 });
    let cancelled = shop.says("CancelTransaction", cancel.clone()).await;
    assert_eq!(
        cancelled,
        json!({ "transaction": created["transaction"], "cancel_time": shop.now(), "state": -2 })
    );
    shop.t.app.clock.advance_secs(30);
    assert_eq!(shop.says("CancelTransaction", cancel).await, cancelled);
    let check = shop.says("CheckTransaction", only(&params)).await;
    assert_eq!(
        check,
        json!({ "create_time": created["create_time"], "perform_time": performed["perform_time"],
            "cancel_time": cancelled["cancel_time"], "transaction": created["transaction"],
            "state": -2, "reason": 5 })
    );
    assert_eq!(shop.code("PerformTransaction", only(&params)).await, -31008);
    let refunds = shop.t.refunds(&payment).await;
    assert_eq!(
        (
            refunds.len(),
            refunds[0].status.as_str(),
            refunds[0].amount.minor
        ),
        (1, "succeeded", AMOUNT)
    );
    let now = shop.t.api.now(&payment).await;
    assert_eq!(
        (&now["status"], &now["amount_refunded"]),
        (&json!("succeeded"), &json!(AMOUNT))
    );
    assert_eq!(shop.t.api.now(&order).await["amount_refunded"], AMOUNT);
}

#[tokio::test]
async fn both_scenarios_pass_as_the_simulator_plays_them() {
    let shop = Shop::start().await;
    for scenario in [1, 2] {
        let (_, payment) = shop.payment().await;
        let body = json!({ "provider": "payme", "scenario": scenario,
            "merchant_id": shop.merchant, "amount": AMOUNT,
            "account": { "order_id": id(&payment) } });
        let told = shop.t.sim.control("pay", body).await;
        let failed: Vec<&Value> = told["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|s| s["ok"] == false)
            .collect();
        assert!(failed.is_empty(), "{scenario}: {failed:#?}");
        assert_eq!(told["passed"], true);
    }
}

#[tokio::test]
async fn every_error_of_the_protocol_has_its_code_and_http_200() {
    let shop = Shop::start().await;
    let (_, payment) = shop.payment().await;
    for (body, want) in [
        ("", -32700),
        ("{", -32700),
        ("\u{0}", -32700),
        ("[]", -32600),
        ("{}", -32600),
        (
            r#"{"method":"CreateTransaction","params":{},"id":1}"#,
            -32600,
        ),
        (
            r#"{"method":"CheckTransaction","params":{"id":7},"id":1}"#,
            -32600,
        ),
        (r#"{"method":"Unheard","params":{},"id":1}"#, -32601),
        (
            r#"{"method":"receipts.pay","params":{"id":"a"},"id":1}"#,
            -32601,
        ),
        (
            r#"{"method":"CheckTransaction","params":{"id":"a"},"id":1}"#,
            -31003,
        ),
        (
            r#"{"method":"PerformTransaction","params":{"id":"a"},"id":1}"#,
            -31003,
        ),
        (
            r#"{"method":"CancelTransaction","params":{"id":"a","reason":5},"id":1}"#,
            -31003,
        ),
        (
            r#"{"method":"SetFiscalData","params":{"id":"a","type":"PERFORM","fiscal_data":{}},"id":1}"#,
            -31003,
        ),
        (r#"{"method":"ChangePassword","params":{},"id":1}"#, -31050),
    ] {
        let answer = shop.post(&shop.key, body).await.json();
        assert_eq!(answer["error"]["code"], want, "{body}");
    }
    // The amount is an integer and nothing else.
    for amount in ["500000.0", "500000.5", "\"500000\"", "true", "null", "5e5"] {
        let body = format!(
            r#"{{"method":"CheckPerformTransaction","params":{{"amount":{amount},"account":{{"order_id":"{}"}}}},"id":1}}"#,
            id(&payment)
        );
        let answer = shop.post(&shop.key, &body).await.json();
        assert_eq!(answer["error"]["code"], -32600, "{amount}");
    }
    // The parse comes before the key, and the key before everything else.
    let answer = shop.post("wrong", "{").await.json();
    assert_eq!(
        (&answer["error"]["code"], &answer["id"]),
        (&json!(-32700), &Value::Null)
    );
    for request in [
        shop.t.http.get(&shop.url),
        shop.t.http.put(&shop.url).body("{}"),
    ] {
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["error"]["code"], -32300);
    }
    let nowhere = format!("{}/hooks/{}", shop.t.url, "00".repeat(20));
    let answer = shop.t.http.get(nowhere).send().await.unwrap();
    assert!(matches!(answer.status().as_u16(), 404 | 405));
    assert_eq!(shop.t.api.now(&payment).await["status"], "requires_action");
}

#[tokio::test]
async fn a_call_repeated_is_answered_with_the_same_bytes() {
    let shop = Shop::start().await;
    let (_, payment) = shop.payment().await;
    let params = shop.fresh(&payment);
    for (method, params) in [
        ("CreateTransaction", params.clone()),
        ("PerformTransaction", only(&params)),
        ("CheckTransaction", only(&params)),
        (
            "CancelTransaction",
            json!({ "id": params["id"], "reason": 5 }),
        ),
        ("CheckTransaction", only(&params)),
    ] {
        let body = json!({ "method": method, "params": params, "id": "x" }).to_string();
        let first = shop.post(&shop.key, &body).await.text;
        shop.t.advance(7).await;
        assert_eq!(shop.post(&shop.key, &body).await.text, first, "{method}");
    }
    // R7: both deliveries stand in one row.
    let hooks = shop.hooks().await;
    assert!(hooks.iter().all(|h| h.status == HookStatus::Applied));
    assert_eq!(hooks.iter().filter(|h| h.deliveries == 2).count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_creates_at_once_exactly_one_is_held() {
    let shop = std::sync::Arc::new(Shop::start().await);
    let (_, payment) = shop.payment().await;
    let all: Vec<Value> = (0..64).map(|_| shop.fresh(&payment)).collect();
    let asking: Vec<_> = all
        .into_iter()
        .map(|params| {
            let shop = shop.clone();
            tokio::spawn(async move { shop.ask("CreateTransaction", params).await })
        })
        .collect();
    let mut held = 0;
    for one in asking {
        let answer = one.await.unwrap();
        if answer["result"]["state"] == 1 {
            held += 1;
        } else {
            assert_eq!(answer["error"]["code"], -31008, "{answer}");
        }
    }
    assert_eq!(held, 1);
    let text = "SELECT CAST(COUNT(*) AS BIGINT) FROM payme_transactions";
    assert_eq!(shop.t.db.number(text).await, 1);
    // The same for one transaction that is repeated, performed and cancelled at once.
    let text = "SELECT CAST(COUNT(*) AS BIGINT) FROM payme_transactions WHERE state = 1";
    assert_eq!(shop.t.db.number(text).await, 1);
}

#[tokio::test]
async fn a_transaction_is_over_twelve_hours_after_payme_made_it() {
    const LIFE: i64 = 12 * 3_600;
    let shop = Shop::start().await;
    for method in ["CreateTransaction", "PerformTransaction"] {
        let (_, payment) = shop.payment().await;
        let params = shop.fresh(&payment);
        shop.says("CreateTransaction", params.clone()).await;
        shop.t.app.clock.advance_secs(LIFE);
        assert_eq!(
            shop.says("CreateTransaction", params.clone()).await["state"],
            1
        );
        shop.t.app.clock.advance_secs(1);
        let asked = if method == "CreateTransaction" {
            params.clone()
        } else {
            only(&params)
        };
        assert_eq!(shop.code(method, asked.clone()).await, -31008);
        let check = shop.says("CheckTransaction", only(&params)).await;
        assert_eq!(
            (&check["state"], &check["reason"], &check["cancel_time"]),
            (&json!(-1), &json!(4), &json!(shop.now()))
        );
        assert_eq!(shop.code(method, asked).await, -31008);
        assert_eq!(shop.t.api.now(&payment).await["status"], "expired");
        assert_eq!(
            shop.code("CreateTransaction", shop.fresh(&payment)).await,
            -31053
        );
    }
    // One that is too old when it comes is refused.
    let (_, payment) = shop.payment().await;
    let mut params = shop.fresh(&payment);
    params["time"] = json!(shop.now() - LIFE * 1_000 - 1);
    assert_eq!(shop.code("CreateTransaction", params).await, -31008);
    assert_eq!(shop.t.api.now(&payment).await["status"], "requires_action");
}

#[tokio::test]
async fn a_statement_lists_every_transaction_by_paymes_own_time() {
    let shop = Shop::start().await;
    let mut made = Vec::new();
    for n in 0..3 {
        let (_, payment) = shop.payment().await;
        let mut params = shop.fresh(&payment);
        // Payme's time runs backwards here, ours forward.
        params["time"] = json!(shop.now() - n * 100_000);
        let created = shop.says("CreateTransaction", params.clone()).await;
        made.insert(0, (params, created));
    }
    let (first, created) = made[0].clone();
    let cancel = json!({ "id": first["id"], "reason": 2 });
    let cancelled = shop.says("CancelTransaction", cancel).await;
    let span = json!({ "from": first["time"], "to": made[2].0["time"] });
    let told = shop.says("GetStatement", span).await;
    let rows = told["transactions"].as_array().unwrap();
    let ids: Vec<&Value> = rows.iter().map(|r| &r["id"]).collect();
    assert_eq!(ids, [&made[0].0["id"], &made[1].0["id"], &made[2].0["id"]]);
    assert_eq!(
        rows[0],
        json!({ "id": first["id"], "time": first["time"], "amount": AMOUNT,
            "account": first["account"], "create_time": created["create_time"],
            "perform_time": 0, "cancel_time": cancelled["cancel_time"],
            "transaction": created["transaction"], "state": -1, "reason": 2, "receivers": null })
    );
    let only_middle = json!({ "from": made[1].0["time"], "to": made[1].0["time"] });
    let told = shop.says("GetStatement", only_middle).await;
    assert_eq!(told["transactions"].as_array().unwrap().len(), 1);
    let never = json!({ "from": 0, "to": 1 });
    assert_eq!(
        shop.says("GetStatement", never).await,
        json!({ "transactions": [] })
    );
}

#[tokio::test]
async fn r15_a_new_key_takes_the_old_ones_place_at_once_and_is_kept_sealed() {
    let mut shop = Shop::start().await;
    let change = |key: &str| json!({ "password": key });
    assert_eq!(shop.code("ChangePassword", change(&shop.key)).await, -32504);
    let new = format!("new-{}:%", word());
    assert_eq!(
        shop.says("ChangePassword", change(&new)).await,
        json!({ "success": true })
    );
    let body = json!({ "method": "GetStatement", "params": { "from": 0, "to": 1 }, "id": 1 });
    let body = body.to_string();
    let answer = shop.post(&shop.key, &body).await.json();
    assert_eq!(answer["error"]["code"], -32504, "the old key is over");
    let answer = shop.post(&new, &body).await.json();
    assert!(answer["result"].is_object());
    for hook in shop.hooks().await {
        let kept = String::from_utf8_lossy(&hook.body).into_owned() + &hook.headers;
        assert!(!kept.contains(&new) && !kept.contains(&shop.key), "{kept}");
    }
    // Said again with the new key it is the same key, and refused.
    shop.key.clone_from(&new);
    assert_eq!(shop.code("ChangePassword", change(&new)).await, -32504);
}

#[tokio::test]
async fn a_call_with_a_wrong_key_is_kept_in_quarantine_and_changes_nothing() {
    let shop = Shop::start().await;
    let (_, payment) = shop.payment().await;
    let params = shop.fresh(&payment);
    shop.says("CreateTransaction", params.clone()).await;
    let body = json!({ "method": "PerformTransaction", "params": only(&params), "id": 1 });
    let answer = shop.post("wrong", &body.to_string()).await;
    assert_eq!(answer.json()["error"]["code"], -32504);
    // The live address knows the live key alone.
    let live = shop.t.hook_url("payme", Mode::Live).await;
    let right = format!("Basic {}", STANDARD.encode(format!("Paycom:{}", shop.key)));
    let request = shop.t.http.post(live).body(body.to_string());
    let request = request.header("authorization", right);
    let answer = Answer::read(request.send().await.unwrap()).await;
    assert_eq!(answer.json()["error"]["code"], -32504);
    shop.t.run_jobs().await;
    assert_eq!(shop.t.api.now(&payment).await["status"], "processing");
    let hooks = shop.hooks().await;
    let quarantined = hooks.iter().filter(|h| h.status == HookStatus::Quarantined);
    assert_eq!(quarantined.count(), 2);
    assert!(hooks.iter().all(|h| !h.headers.contains("authorization")));
}

#[tokio::test]
async fn fiscal_data_are_kept_in_the_story_once() {
    let shop = Shop::start().await;
    let (order, payment) = shop.payment().await;
    let params = shop.fresh(&payment);
    shop.says("CreateTransaction", params.clone()).await;
    shop.says("PerformTransaction", only(&params)).await;
    let fiscal = json!({ "id": params["id"], "type": "PERFORM", "fiscal_data": {
        "receipt_id": 121, "status_code": 0, "message": "accepted", "terminal_id": "EP000000000025",
        "fiscal_sign": "800031554082", "qr_code_url": "https://ofd.example/check",
        "date": "20220706221021" } });
    for _ in 0..2 {
        let told = shop.says("SetFiscalData", fiscal.clone()).await;
        assert_eq!(told, json!({ "success": true }));
    }
    let story = shop.t.story(&order).await;
    assert_eq!(story.iter().filter(|k| *k == "payme.fiscal").count(), 1);
    let without = json!({ "id": params["id"], "type": "PERFORM" });
    assert_eq!(shop.code("SetFiscalData", without).await, -32602);
}
