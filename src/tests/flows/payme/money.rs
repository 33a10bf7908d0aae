//! The Merchant API and money: races, orders that ended, other tenants, the cabinet, lost calls.
use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r8_r10_performs_and_cancels_at_once_book_once() {
    let shop = std::sync::Arc::new(Shop::start().await);
    let (order, payment) = shop.payment().await;
    let params = shop.fresh(&payment);
    let many = async |method: &'static str, params: Value| {
        let asking: Vec<_> = (0..16)
            .map(|_| {
                let (shop, params) = (shop.clone(), params.clone());
                tokio::spawn(async move { shop.says(method, params).await })
            })
            .collect();
        let mut answers = Vec::new();
        for one in asking {
            answers.push(one.await.unwrap());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{method}: {answers:?}");
    };
    many("CreateTransaction", params.clone()).await;
    many("PerformTransaction", only(&params)).await;
    many(
        "CancelTransaction",
        json!({ "id": params["id"], "reason": 5 }),
    )
    .await;
    assert_eq!(shop.t.events(&order).await, ["order.paid"]);
    let refunds = shop.t.refunds(&payment).await;
    assert_eq!(refunds.len(), 1);
    let now = shop.t.api.now(&order).await;
    assert_eq!(
        (&now["amount_paid"], &now["amount_refunded"]),
        (&json!(AMOUNT), &json!(AMOUNT))
    );
}

#[tokio::test]
async fn r14_another_tenants_payment_is_an_unknown_account_and_its_transaction_unknown() {
    let shop = Shop::start().await;
    let (other, _, _) = shop.t.another_tenant().await;
    let (_, payment) = shop.payment().await;
    let params = shop.fresh(&payment);
    shop.says("CreateTransaction", params.clone()).await;
    // The other tenant's endpoint, with a key of its own.
    let theirs = SaveAccount {
        provider: "payme".to_owned(),
        credentials: vec![
            (Mode::Test, "merchant_id".to_owned(), "abc".into()),
            (Mode::Test, "secret_key".to_owned(), "their-key".into()),
        ],
        enabled: Some(true),
        ..SaveAccount::default()
    };
    let (app, actor) = (&shop.t.app, malipo::services::Actor::System);
    malipo::services::provider_accounts::save(app, &actor, &other.id, theirs)
        .await
        .unwrap();
    let url = malipo::services::provider_accounts::hook_url(app, &other.id, "payme", Mode::Test);
    let url = url.await.unwrap();
    let authorization = format!("Basic {}", STANDARD.encode("Paycom:their-key"));
    for (method, params, want) in [
        ("CreateTransaction", shop.fresh(&payment), -31050),
        ("CheckPerformTransaction", shop.fresh(&payment), -31050),
        ("CheckTransaction", only(&params), -31003),
        ("PerformTransaction", only(&params), -31003),
        (
            "CancelTransaction",
            json!({ "id": params["id"], "reason": 5 }),
            -31003,
        ),
    ] {
        let body = json!({ "method": method, "params": params, "id": 1 });
        let request = shop.t.http.post(&url).body(body.to_string());
        let request = request.header("authorization", &authorization);
        let answer = Answer::read(request.send().await.unwrap()).await.json();
        assert_eq!(answer["error"]["code"], want, "{method}: {answer}");
    }
    // Another provider's payment is none of Payme's.
    let order = shop.t.api.order(AMOUNT, json!({})).await;
    let elsewhere = shop.t.api.pay(&order, "paystack", json!({})).await;
    assert_eq!(
        shop.code("CreateTransaction", shop.fresh(&elsewhere)).await,
        -31050
    );
}

#[tokio::test]
async fn r8_an_order_that_ended_or_was_paid_takes_no_new_transaction() {
    let shop = Shop::start().await;
    // Paid through another payment of the same order.
    let (order, first) = shop.payment().await;
    let second = shop.t.api.pay(&order, "payme", json!({})).await;
    let (one, two) = (shop.fresh(&first), shop.fresh(&second));
    shop.says("CreateTransaction", one.clone()).await;
    shop.says("CreateTransaction", two.clone()).await;
    let third = shop.t.api.pay(&order, "payme", json!({})).await;
    shop.says("PerformTransaction", only(&one)).await;
    assert_eq!(
        shop.code("CreateTransaction", shop.fresh(&third)).await,
        -31051
    );
    let check = json!({ "amount": AMOUNT, "account": { "order_id": id(&third) } });
    assert_eq!(shop.code("CheckPerformTransaction", check).await, -31051);
    // What Payme holds already is booked, and goes back by a person's word.
    shop.says("PerformTransaction", only(&two)).await;
    let now = shop.t.api.now(&second).await;
    assert_eq!(
        (&now["status"], flags(&now)),
        (&json!("succeeded"), vec!["duplicate"])
    );
    let tasks = shop.t.refunds(&second).await;
    assert_eq!(
        (tasks.len(), tasks[0].status.as_str()),
        (1, "awaiting_approval")
    );
    assert_eq!(shop.t.events(&order).await, ["order.paid"]);
    // The cabinet gives it back: the waiting refund is that one.
    let cancel = json!({ "id": two["id"], "reason": 5 });
    assert_eq!(shop.says("CancelTransaction", cancel).await["state"], -2);
    let refunds = shop.t.refunds(&second).await;
    assert_eq!(
        (refunds.len(), refunds[0].status.as_str()),
        (1, "succeeded")
    );
    // Cancelled, and expired.
    let (order, payment) = shop.payment().await;
    shop.t
        .api
        .post(&format!("/orders/{}/cancel", id(&order)), json!({}))
        .await
        .ok();
    assert!(matches!(
        shop.code("CreateTransaction", shop.fresh(&payment)).await,
        -31053..=-31052
    ));
    let order = shop
        .t
        .api
        .order(AMOUNT, json!({ "currency": "UZS", "expires_in": 60 }))
        .await;
    let payment = shop.t.api.pay(&order, "payme", json!({})).await;
    shop.t.app.clock.advance_secs(61);
    assert_eq!(
        shop.code("CreateTransaction", shop.fresh(&payment)).await,
        -31053
    );
}

#[tokio::test]
async fn r9_a_transaction_held_when_its_order_ended_is_booked_as_late() {
    let shop = Shop::start().await;
    let order = shop
        .t
        .api
        .order(AMOUNT, json!({ "currency": "UZS", "expires_in": 60 }))
        .await;
    let payment = shop.t.api.pay(&order, "payme", json!({})).await;
    let params = shop.fresh(&payment);
    shop.says("CreateTransaction", params.clone()).await;
    shop.t.advance(90).await;
    assert_eq!(shop.t.api.now(&order).await["status"], "expired");
    shop.says("PerformTransaction", only(&params)).await;
    let now = shop.t.api.now(&payment).await;
    assert_eq!(
        (&now["status"], flags(&now)),
        (&json!("succeeded"), vec!["late"])
    );
    assert_eq!(shop.t.api.now(&order).await["status"], "paid");
}

#[tokio::test]
async fn r11_test_money_on_a_live_order_settles_nothing() {
    let shop = Shop::start().await;
    let order = shop.order_by(&shop.t.live).await;
    let payment = shop.t.live.pay(&order, "payme", json!({})).await;
    assert_eq!(payment["test_mode"], true);
    let params = shop.fresh(&payment);
    shop.says("CreateTransaction", params.clone()).await;
    shop.says("PerformTransaction", only(&params)).await;
    assert_eq!(shop.t.live.now(&payment).await["status"], "succeeded");
    assert_eq!(shop.t.live.now(&order).await["status"], "open");
}

#[tokio::test]
async fn a_customer_pays_by_the_link_and_the_cabinet_gives_back() {
    let shop = Shop::start().await;
    let (order, payment) = shop.payment().await;
    let link = payment["next_action"]["url"].as_str().unwrap();
    assert!(
        link.starts_with(&format!("{}/payme/", shop.t.sim.url)),
        "{link}"
    );
    shop.customer(&payment, "declined").await;
    assert_eq!(shop.t.api.now(&payment).await["status"], "requires_action");
    shop.then(&payment, "paid").await;
    let paid = shop.t.api.now(&payment).await;
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(shop.t.api.now(&order).await["status"], "paid");
    // The API says where it is done instead.
    let refused = shop.t.api.refund(&paid, None).await;
    assert_eq!(refused.refusal(), (422, "refund_not_supported".to_owned()));
    assert!(refused.text.contains("cabinet"), "{}", refused.text);
    assert!(shop.t.refunds(&paid).await.is_empty());
    shop.then(&payment, "refund").await;
    let refunds = shop.t.refunds(&payment).await;
    assert_eq!(
        (refunds.len(), refunds[0].status.as_str()),
        (1, "succeeded")
    );
    assert_eq!(
        shop.t.events(&json!({ "id": refunds[0].id })).await.len(),
        2
    );
    let ledger = shop.t.sim.ledger().await;
    assert_eq!(ledger["payments"][0]["refunded"], AMOUNT);
    // Nobody can be asked, and asking changes nothing.
    assert_eq!(shop.t.api.verify(&payment).await["status"], "succeeded");
}

#[tokio::test]
async fn r7_calls_lost_late_doubled_and_forged_come_to_the_same_end() {
    let shop = Shop::start().await;
    for fault in ["none", "lost", "double", "late", "reordered", "forged"] {
        let (order, payment) = shop.payment().await;
        if fault != "none" {
            let only = json!({ "match": { "reference": id(&payment) }, "times": 3 });
            shop.t.sim.fault("payme", "hook", fault, only).await;
        }
        shop.customer(&payment, "paid").await;
        shop.t.wait(240).await;
        let (paid, order) = (shop.t.api.now(&payment).await, shop.t.api.now(&order).await);
        assert_eq!(
            (&paid["status"], &order["status"]),
            (&json!("succeeded"), &json!("paid")),
            "{fault}"
        );
        assert_eq!(
            shop.t.events(&payment).await,
            ["payment.pending", "payment.succeeded"],
            "{fault}"
        );
        shop.t.sim.clear_faults().await;
    }
    let hooks = shop.t.sim.hooks().await;
    let differs = hooks
        .iter()
        .filter(|h| h["fault"].as_str().is_some_and(|f| f.contains("differ")));
    assert_eq!(differs.count(), 0);
}

#[tokio::test]
async fn r6_a_wrong_amount_or_account_is_refused_before_money_is_taken() {
    let shop = Shop::start().await;
    for fault in ["wrong_amount", "wrong_reference"] {
        let (_, payment) = shop.payment().await;
        let only = json!({ "match": { "reference": id(&payment) } });
        shop.t.sim.fault("payme", "hook", fault, only).await;
        shop.customer(&payment, "paid").await;
        assert_eq!(shop.t.api.now(&payment).await["status"], "requires_action");
        shop.then(&payment, "paid").await;
        assert_eq!(
            shop.t.api.now(&payment).await["status"],
            "succeeded",
            "{fault}"
        );
    }
}

#[tokio::test]
async fn r10_what_was_given_back_by_hand_is_not_given_back_twice() {
    let shop = Shop::start().await;
    let (_, payment) = shop.payment().await;
    let params = shop.fresh(&payment);
    shop.says("CreateTransaction", params.clone()).await;
    shop.says("PerformTransaction", only(&params)).await;
    let cancel = json!({ "id": params["id"], "reason": 5 });
    shop.says("CancelTransaction", cancel.clone()).await;
    // A second transaction of the payment cannot come, so the books stand.
    let held = "SELECT CAST(SUM(refund_held_minor) AS BIGINT) FROM payments";
    assert_eq!(shop.t.db.number(held).await, AMOUNT);
    assert_eq!(
        shop.code("CreateTransaction", shop.fresh(&payment)).await,
        -31051
    );
    // A surplus that a person gave back by hand in part stands against the whole.
    let (order, first) = shop.payment().await;
    let second = shop.t.api.pay(&order, "payme", json!({})).await;
    let (one, two) = (shop.fresh(&first), shop.fresh(&second));
    // Both pages were open before either was paid.
    for params in [&one, &two] {
        shop.says("CreateTransaction", params.clone()).await;
    }
    for params in [&one, &two] {
        shop.says("PerformTransaction", only(params)).await;
    }
    let task = shop.t.refunds(&second).await.remove(0);
    let person = shop.t.person(malipo::domain::role::Role::Owner).await;
    let (app, tenant) = (&shop.t.app, &shop.t.tenant.id);
    malipo::services::refunds::approve(app, tenant, &person, &task.id)
        .await
        .unwrap();
    shop.t.run_jobs().await;
    assert_eq!(shop.t.refunds(&second).await[0].status.as_str(), "sending");
    malipo::services::refunds::record_by_hand(app, tenant, &person, &task.id, "cash, no. 7")
        .await
        .unwrap();
    let cancel = json!({ "id": two["id"], "reason": 5 });
    assert_eq!(shop.code("CancelTransaction", cancel).await, -31007);
    assert_eq!(shop.says("CheckTransaction", only(&two)).await["state"], 2);
    assert_eq!(
        reference(&second),
        shop.t.api.now(&second).await["reference"]
    );
}
