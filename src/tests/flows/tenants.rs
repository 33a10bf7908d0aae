//! R14: a foreign id is answered as one that does not exist.
use super::refunds::paid;
use crate::support::api::id;
use crate::support::{Api, TestApp};
use serde_json::{Value, json};

/// Every address with an id of the tenant in it, and how it is called.
fn addresses(order: &Value, paid: &Value, refund: &Value, proof: &Value) -> Vec<(bool, String)> {
    let (o, p, r, f) = (id(order), id(paid), id(refund), id(proof));
    let reads = [
        format!("/orders/{o}"),
        format!("/payments/{p}"),
        format!("/refunds/{r}"),
        format!("/proofs/{f}"),
        format!("/proofs/{f}/image"),
    ];
    let writes = [
        format!("/orders/{o}/cancel"),
        format!("/orders/{o}/renew"),
        format!("/orders/{o}/payments"),
        format!("/payments/{p}/verify"),
        format!("/payments/{p}/refunds"),
        format!("/refunds/{r}/approve"),
        format!("/refunds/{r}/reject"),
        format!("/proofs/{f}/approve"),
        format!("/proofs/{f}/reject"),
        format!("/proofs/{f}/request-more"),
    ];
    let reads = reads.into_iter().map(|path| (false, path));
    reads
        .chain(writes.into_iter().map(|path| (true, path)))
        .collect()
}

fn body_for(path: &str) -> Value {
    match path.rsplit('/').next() {
        Some("payments") => json!({ "provider": "mock" }),
        Some("refunds") => json!({ "reason": "returned" }),
        Some("reject" | "request-more") => json!({ "note": "no" }),
        _ => json!({}),
    }
}

async fn answers_404(api: &Api, write: bool, path: &str) {
    let answer = if write {
        api.post(path, body_for(path)).await
    } else {
        api.get(path).await
    };
    assert_eq!(answer.refusal(), (404, "not_found".to_owned()), "{path}");
}

#[tokio::test]
async fn r14_no_key_of_another_tenant_or_mode_reaches_anything() {
    let t = TestApp::start().await;
    let (_, other, other_live) = t.another_tenant().await;
    let (order, paid) = paid(&t, "paystack").await;
    let refund = t.api.refund(&paid, Some(10_000)).await.ok();
    let by_hand = t.api.order(90_000, json!({})).await;
    let manual = t.api.pay(&by_hand, "manual", json!({})).await;
    let form = reqwest::multipart::Form::new()
        .text("type", "bank_transfer")
        .text("reference", "FT1");
    let url = format!("{}/api/v1/payments/{}/proofs", t.url, id(&manual));
    let sent = t.http.post(&url).bearer_auth(&t.api.key).multipart(form);
    let proof: Value = sent.send().await.unwrap().json().await.unwrap();
    let before = [
        t.api.now(&order).await,
        t.api.now(&by_hand).await,
        t.api.now(&refund).await,
        t.api.now(&proof).await,
    ];
    for (write, path) in addresses(&order, &paid, &refund, &proof) {
        // The other tenant's keys, and this tenant's own key of the other mode.
        for api in [&other, &other_live, &t.live] {
            answers_404(api, write, &path).await;
        }
    }
    let form = reqwest::multipart::Form::new().text("type", "cash");
    let sent = t.http.post(&url).bearer_auth(&other.key).multipart(form);
    assert_eq!(sent.send().await.unwrap().status(), 404);
    for api in [&other, &other_live, &t.live] {
        for list in ["/orders", "/payments"] {
            assert_eq!(api.get(list).await.ok()["data"], json!([]));
        }
        let path = format!("/orders?reference={}", order["reference"].as_str().unwrap());
        assert_eq!(api.get(&path).await.ok()["data"], json!([]));
        let path = format!("/payments?order={}", id(&order));
        assert_eq!(api.get(&path).await.ok()["data"], json!([]));
    }
    let after = [
        t.api.now(&order).await,
        t.api.now(&by_hand).await,
        t.api.now(&refund).await,
        t.api.now(&proof).await,
    ];
    assert_eq!(before, after, "nothing was changed by trying");
}

#[tokio::test]
async fn r14_ids_that_are_none_are_404_too() {
    let t = TestApp::start().await;
    for bad in [
        "ord_1",
        "pay_00000000000000000000000000",
        "..",
        "%00",
        "ord_%27--",
    ] {
        for path in [
            format!("/orders/{bad}"),
            format!("/payments/{bad}"),
            format!("/refunds/{bad}"),
            format!("/proofs/{bad}"),
        ] {
            assert_eq!(t.api.get(&path).await.status, 404, "{path}");
        }
    }
    assert_eq!(t.api.get("/nothing").await.refusal().0, 404);
}

#[tokio::test]
async fn a_call_without_a_known_key_is_401() {
    let t = TestApp::start().await;
    let order = t.api.order(1_000, json!({})).await;
    for key in ["", "mk_test_", "mk_live_0000", "x", &"f".repeat(5_000)] {
        let api = Api {
            key: key.to_owned(),
            ..t.api.clone()
        };
        for answer in [
            api.get("/orders").await,
            api.get(&format!("/orders/{}", id(&order))).await,
            api.post("/orders", json!({})).await,
        ] {
            assert_eq!(answer.refusal(), (401, "unauthorized".to_owned()));
            assert!(answer.headers.contains_key("www-authenticate"));
        }
    }
}

#[tokio::test]
async fn a_narrowed_key_does_no_more_than_its_scopes() {
    use malipo::domain::account::Mode;
    use malipo::services::api_keys::NewKey;
    use malipo::services::{Actor, api_keys};
    use secrecy::ExposeSecret;
    let t = TestApp::start().await;
    let (_, paid) = paid(&t, "paystack").await;
    let new = NewKey {
        scopes: vec!["orders:write".to_owned()],
        ..NewKey::new(Mode::Test, "narrow")
    };
    let system = Actor::System;
    let made = api_keys::create(&t.app, &system, &t.tenant.id, new).await;
    let (key, secret) = made.unwrap();
    let narrow = Api {
        key: secret.expose_secret().to_owned(),
        ..t.api.clone()
    };
    let order = narrow.order(1_000, json!({})).await;
    assert_eq!(narrow.now(&paid).await, paid);
    for answer in [
        narrow.refund(&paid, None).await,
        narrow.try_pay(&order, "mock", json!({})).await,
    ] {
        assert_eq!(answer.refusal(), (403, "scope_missing".to_owned()));
    }
    api_keys::revoke(&t.app, &system, &t.tenant.id, &key.id)
        .await
        .unwrap();
    assert_eq!(narrow.get("/orders").await.status, 401);
}
