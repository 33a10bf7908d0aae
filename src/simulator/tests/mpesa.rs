//! M-Pesa: prompts, reversals, paybill.

use super::*;

#[tokio::test]
async fn mpesa_prompts_are_answered_by_number_and_by_time() {
    let world = World::start().await;
    let token = world.token().await;
    let (_, good) = world.push(&token, "254712345678", 10).await;
    let id = &good["CheckoutRequestID"];
    assert_eq!(good["ResponseCode"], "0", "{good}");
    assert_eq!(world.stk_query(&token, id).await, "4999");
    let (status, locked) = world.push(&token, "254712345678", 11).await;
    assert_eq!(
        (status, &locked["errorCode"]),
        (500, &json!("500.001.1001"))
    );
    let (_, twice) = world.push(&token, "254712345678", 10).await;
    let (_, silent) = world.push(&token, "254708374149", 10).await;
    world.control("advance", json!({"seconds": 31})).await;
    assert_eq!(world.stk_query(&token, id).await, "0");
    assert_eq!(
        world.stk_query(&token, &twice["CheckoutRequestID"]).await,
        "17"
    );
    assert_eq!(
        world.stk_query(&token, &silent["CheckoutRequestID"]).await,
        "4999"
    );
    world.control("advance", json!({"seconds": 30})).await;
    assert_eq!(
        world.stk_query(&token, &silent["CheckoutRequestID"]).await,
        "1037"
    );
    assert_eq!(world.hooks().len(), 3);
    assert_eq!(world.hooks()[1].0["businessshortcode"], "174379");

    let newer = world.token().await;
    let (_, stale) = world.push(&token, "254712345679", 10).await;
    assert_eq!(stale["errorCode"], "404.001.03");
    assert_eq!(world.push(&newer, "254712345679", 10).await.0, 200);
}

#[tokio::test]
async fn mpesa_reverses_a_receipt_once_and_reports_its_status() {
    let world = World::start().await;
    let token = world.token().await;
    world.push(&token, "254712345678", 10).await;
    world
        .control(
            "decide",
            json!({"provider": "mpesa", "reference": "ORDER1", "outcome": "paid"}),
        )
        .await;
    let receipt = world.ledger().await["payments"][0]["receipt"].clone();
    let body = json!({
        "Initiator": "testapi", "SecurityCredential": "c", "CommandID": "TransactionReversal",
        "TransactionID": receipt, "Amount": "10", "ReceiverParty": "174379",
        "RecieverIdentifierType": "11", "ResultURL": format!("{}/r", world.hooks),
        "QueueTimeOutURL": format!("{}/t", world.hooks), "Remarks": "Refund",
    });
    let last = || serde_json::from_str::<Value>(&world.hooks().last().unwrap().1).unwrap();
    world
        .mpesa(&token, "reversal/v1/request", body.clone())
        .await;
    world.control("advance", json!({"seconds": 3})).await;
    assert_eq!(last()["Result"]["ResultCode"], 0);
    world
        .mpesa(&token, "reversal/v1/request", body.clone())
        .await;
    world.control("advance", json!({"seconds": 3})).await;
    assert_eq!(last()["Result"]["ResultCode"], "R000001");
    let mut misspelt = body.clone();
    misspelt
        .as_object_mut()
        .unwrap()
        .remove("RecieverIdentifierType");
    misspelt["ReceiverIdentifierType"] = json!("11");
    assert_eq!(
        world.mpesa(&token, "reversal/v1/request", misspelt).await.0,
        400
    );
    let mut status = body;
    status["CommandID"] = json!("TransactionStatusQuery");
    status["IdentifierType"] = json!("4");
    status["PartyA"] = json!("174379");
    world
        .mpesa(&token, "transactionstatus/v1/query", status)
        .await;
    world.control("advance", json!({"seconds": 3})).await;
    assert!(last().to_string().contains("\"ReceiptNo\""));
    assert_eq!(world.ledger().await["payments"][0]["refunded"], 10);
}

#[tokio::test]
async fn mpesa_confirms_what_is_typed_by_hand() {
    let world = World::start().await;
    let token = world.token().await;
    let account = json!({"provider": "mpesa", "shortcode": "174379", "validation": true});
    world.control("accounts", account).await;
    let body = json!({
        "ShortCode": "174379", "ResponseType": "Completed",
        "ConfirmationURL": format!("{}/c", world.hooks),
        "ValidationURL": format!("{}/v", world.hooks),
    });
    let (status, told) = world.mpesa(&token, "c2b/v2/registerurl", body).await;
    assert_eq!((status, &told["ResponseCode"]), (200, &json!("0")));
    let pay = json!({"provider": "mpesa", "shortcode": "174379", "account": "AB12", "amount": 7});
    world.control("pay", pay).await;
    let hooks = world.hooks();
    assert_eq!(hooks.len(), 2);
    let confirmed: Value = serde_json::from_str(&hooks[1].1).unwrap();
    assert_eq!(confirmed["TransAmount"], "7.00");
    assert_eq!(confirmed["MSISDN"], "2547 ***** 678");
}

#[tokio::test]
async fn a_person_can_hold_the_phone() {
    let world = World::start().await;
    let token = world.token().await;
    let phone = format!("{}/mpesa/phone", world.url);
    world.submit(&phone, &[("outcome", "by_me")]).await;
    let (_, pushed) = world.push(&token, "254712345678", 10).await;
    let id = &pushed["CheckoutRequestID"];
    world.control("advance", json!({"seconds": 40})).await;
    assert_eq!(world.stk_query(&token, id).await, "4999");
    let html = world
        .http
        .get(&phone)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(html.contains("KES 10") && html.contains("ORDER1"));
    world
        .submit(
            &phone,
            &[("id", id.as_str().unwrap()), ("outcome", "wrong_pin")],
        )
        .await;
    assert_eq!(world.stk_query(&token, id).await, "2001");
    let late = json!({"provider": "mpesa", "reference": "ORDER1", "outcome": "paid"});
    world.control("decide", late).await;
    assert_eq!(world.stk_query(&token, id).await, "0");
    assert_eq!(world.hooks().len(), 2);
}

#[tokio::test]
async fn a_validation_that_nobody_answers_is_decided_by_the_registration() {
    let world = World::start().await;
    let token = world.token().await;
    let account = json!({"provider": "mpesa", "shortcode": "600984", "validation": true,
        "till_number": "555001"});
    world.control("accounts", account).await;
    let register = async |kind: &str| {
        let body = json!({
            "ShortCode": "600984", "ResponseType": kind,
            "ConfirmationURL": format!("{}/c", world.hooks),
            "ValidationURL": format!("{}/v", world.hooks),
        });
        world.mpesa(&token, "c2b/v2/registerurl", body).await.0
    };
    let pay = async |number: &str| {
        let fault = json!({"provider": "mpesa", "operation": "validation", "fault": "timeout"});
        world.control("faults", fault).await;
        let goods = number == "555001";
        let wanted = json!({"provider": "mpesa", "shortcode": number, "amount": 7,
            "account": if goods { "" } else { "AB12" }, "buy_goods": goods});
        let receipt = world.control("pay", wanted).await["receipt"].clone();
        let ledger = world.ledger().await;
        let all = ledger["payments"].as_array().unwrap().clone();
        let paid = all.into_iter().find(|p| p["provider_ref"] == receipt);
        paid.unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(register("Cancelled").await, 200);
    assert_eq!(pay("600984").await, "rejected");
    assert_eq!(
        register("Completed").await,
        200,
        "the sandbox registers again"
    );
    assert_eq!(pay("600984").await, "paid");
    assert_eq!(pay("555001").await, "paid", "the till of the same merchant");
    assert_eq!(world.hooks().len(), 2, "confirmations alone");
}

#[tokio::test]
async fn wrong_credentials_lock_the_operator() {
    let world = World::start().await;
    let token = world.token().await;
    let body = json!({
        "Initiator": "invalid", "SecurityCredential": "c", "CommandID": "TransactionStatusQuery",
        "TransactionID": "RKL51ZDR4F", "PartyA": "174379", "IdentifierType": "4",
        "ResultURL": format!("{}/r", world.hooks),
        "QueueTimeOutURL": format!("{}/t", world.hooks), "Remarks": "Check",
    });
    let mut codes = vec![];
    for _ in 0..4 {
        world
            .mpesa(&token, "transactionstatus/v1/query", body.clone())
            .await;
        world.control("advance", json!({"seconds": 3})).await;
        let told: Value = serde_json::from_str(&world.hooks().last().unwrap().1).unwrap();
        codes.push(told["Result"]["ResultCode"].as_i64().unwrap());
    }
    assert_eq!(codes, [2001, 2001, 2001, 8006]);
}

#[tokio::test]
async fn a_prompt_can_be_confirmed_a_second_time_as_a_paybill_payment() {
    let world = World::start().await;
    let token = world.token().await;
    let account = json!({"provider": "mpesa", "shortcode": "174379", "c2b_echo": true,
        "passkey": mpesa_passkey()});
    world.control("accounts", account).await;
    let body = json!({
        "ShortCode": "174379", "ResponseType": "Completed",
        "ConfirmationURL": format!("{}/c", world.hooks),
        "ValidationURL": format!("{}/v", world.hooks),
    });
    world.mpesa(&token, "c2b/v2/registerurl", body).await;
    world.push(&token, "254712345678", 10).await;
    let paid = json!({"provider": "mpesa", "reference": "ORDER1", "outcome": "paid"});
    world.control("decide", paid).await;
    let hooks = world.hooks();
    assert_eq!(hooks.len(), 2);
    let confirmed: Value = serde_json::from_str(&hooks[1].1).unwrap();
    let receipt = world.ledger().await["payments"][0]["receipt"].clone();
    assert_eq!(confirmed["TransID"], receipt);
    assert_eq!(confirmed["BillRefNumber"], "ORDER1");
}
