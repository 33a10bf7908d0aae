//! Customers: found by what their orders carry, and made one by a person alone.
use super::dashboard::Browser;
use super::plans::{buy, pay, plan};
use crate::support::TestApp;
use crate::support::api::{Api, id};
use malipo::domain::role::Role;
use serde_json::{Value, json};

async fn order(api: &Api, customer: Value) -> Value {
    api.order(150_000, json!({ "customer": customer })).await
}

async fn found(api: &Api, filter: &str) -> Vec<Value> {
    let page = api.get(&format!("/customers?{filter}")).await.ok();
    page["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn orders_find_their_customer_by_its_key_and_never_by_what_looks_alike() {
    let t = TestApp::start().await;
    let asha = json!({
        "external_id": "c-1", "name": "Asha", "phone": "0712345678", "email": "Asha@x.example" });
    order(&t.api, asha).await;
    order(&t.api, json!({ "external_id": "c-1", "name": "Asha Juma" })).await;
    let one = t.api.get("/customers/c-1").await.ok();
    assert_eq!(one["name"], "Asha Juma", "the newest order's");
    assert_eq!(
        (&one["phone"], &one["email"]),
        (&json!("+254712345678"), &json!("asha@x.example"))
    );
    // The same phone and address without the id, the phone alone, and nothing at all.
    for contact in [
        json!({ "phone": "+254712345678", "email": "asha@X.example" }),
        json!({ "phone": "+254712345678", "email": "ASHA@x.example", "name": "A. Juma" }),
        json!({ "phone": "0712 345 678" }),
        json!({ "name": "Asha" }),
    ] {
        order(&t.api, contact).await;
    }
    let mut alike = found(&t.api, "phone=0712345678").await;
    assert_eq!(alike.len(), 3, "{alike:#?}");
    alike.retain(|c| c["external_id"].is_null());
    assert_eq!(alike.len(), 2, "one pair, and one phone alone");
    assert_eq!(found(&t.api, "email=ASHA@x.example").await.len(), 2);
    assert_eq!(
        found(&t.api, "external_id=c-1").await,
        std::slice::from_ref(&one)
    );
    assert_eq!(found(&t.api, "").await.len(), 3);
    assert_eq!(t.live.get("/customers/c-1").await.refusal().0, 404);
}

#[tokio::test]
async fn staff_find_a_customer_by_reference_phone_and_address_on_one_page() {
    let t = TestApp::start().await;
    let basic = plan(&t.api, "Basic", 300_000, json!({})).await;
    let bought = buy(&t.api, &basic, "c-1").await;
    pay(&t, &t.api, &bought).await;
    let viewer = Browser::of(&t, Role::Viewer).await;
    let customer = t.api.get("/customers/c-1").await.ok();
    let here = format!("/customers/{}", id(&customer));
    let reference = bought["reference"].as_str().unwrap();
    for typed in [
        "c-1",
        reference,
        "0712345678",
        "Asha%40customers.example",
        "asha j",
    ] {
        let (_, html) = viewer.page(&format!("/customers?q={typed}")).await;
        assert!(html.contains(&format!("{here}\"")), "{typed}");
    }
    let (_, html) = viewer.page("/customers?q=c-2").await;
    assert!(!html.contains(&here) && html.contains("Nothing fits"));
    let (status, html) = viewer.page(&here).await;
    assert_eq!(status, 200);
    for words in [
        "Asha Juma",
        "+254712345678",
        "Basic",
        reference,
        "Active",
        "Mock",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert!(
        !html.contains("Same person twice?"),
        "a viewer changes nothing"
    );
    let (_, html) = viewer.page(&format!("/plans/{}", id(&basic))).await;
    assert!(html.contains(&here), "who has it");
}

#[tokio::test]
async fn two_customers_become_one_by_a_person_who_may() {
    let t = TestApp::start().await;
    let basic = plan(&t.api, "Basic", 300_000, json!({})).await;
    let bought = buy(&t.api, &basic, "old-1").await;
    pay(&t, &t.api, &bought).await;
    order(
        &t.api,
        json!({ "external_id": "new-1", "name": "Asha Juma" }),
    )
    .await;
    let old = t.api.get("/customers/old-1").await.ok();
    let new = t.api.get("/customers/new-1").await.ok();
    let slug = t.tenant.slug.as_str();
    let form = [("tenant", slug), ("from", id(&old)), ("into", id(&new))];
    for role in [Role::Staff, Role::Developer, Role::Viewer] {
        let browser = Browser::of(&t, role).await;
        let answer = browser.submit("admin/customers/merge", &form).await;
        assert_eq!(answer.status(), 403, "{role:?}");
    }
    assert_eq!(t.api.get("/customers/old-1").await.ok(), old);
    let admin = Browser::of(&t, Role::Admin).await;
    let compare = format!("/customers/{}/merge?with=old-1", id(&new));
    let (status, html) = admin.page(&compare).await;
    assert_eq!(status, 200);
    assert!(html.contains("1 order and 1 plan") && html.contains("old-1"));
    assert_eq!(
        t.api.get("/customers/old-1").await.ok(),
        old,
        "looking changes nothing"
    );
    let live = order(&t.live, json!({ "external_id": "new-1" })).await;
    assert_eq!(live["livemode"], true);
    let live = t.live.get("/customers/new-1").await.ok();
    let wrong = [("tenant", slug), ("from", id(&old)), ("into", id(&live))];
    admin.submit("admin/customers/merge", &wrong).await;
    assert_eq!(
        t.api.get("/customers/old-1").await.ok(),
        old,
        "test and live stay apart"
    );

    for _ in 0..2 {
        admin.submit("admin/customers/merge", &form).await;
    }
    assert_eq!(t.audited(&new).await, ["customer.merged"], "once");
    let merged = t.api.get("/customers/old-1").await.ok();
    assert_eq!(id(&merged), id(&new));
    assert_eq!(merged["phone"], old["phone"], "what it lacked");
    assert_eq!(
        id(&t.api.get(&format!("/customers/{}", id(&old))).await.ok()),
        id(&new)
    );
    let held = t.api.get("/customers/new-1/entitlements").await.ok();
    assert_eq!(held["data"][0]["customer"], new["id"]);
    // Later orders and purchases under the old id come to the same customer, and lengthen.
    let more = buy(&t.api, &basic, "old-1").await;
    pay(&t, &t.api, &more).await;
    let held = t.api.get("/customers/new-1/entitlements").await.ok();
    assert_eq!(held["data"].as_array().unwrap().len(), 1);
    let (_, html) = admin.page(&format!("/customers/{}", id(&new))).await;
    for order in [&bought, &more] {
        assert!(html.contains(order["reference"].as_str().unwrap()));
    }
    let (status, _) = admin.page(&format!("/customers/{}", id(&old))).await;
    assert_eq!(status, 303, "the old page leads on");
}
