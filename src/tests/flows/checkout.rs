//! The checkout as a browser without scripts meets it: pages, forms, redirects.
use crate::support::api::{id, reference, theirs};
use crate::support::{TestApp, word};
use serde_json::{Value, json};

fn token(order: &Value) -> &str {
    let url = order["checkout_url"].as_str().unwrap();
    url.rsplit('/').next().unwrap()
}

/// A page as it is at the end of its redirects.
async fn page(t: &TestApp, path: &str) -> (u16, String) {
    let browser = reqwest::Client::builder().build().unwrap();
    let answer = browser.get(format!("{}{path}", t.url)).send().await;
    let answer = answer.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Posts a form and says where it leads.
async fn submit(t: &TestApp, form: &str, fields: &[(&str, &str)]) -> String {
    let url = format!("{}/do/checkout/{form}", t.url);
    let answer = t.http.post(url).form(fields).send().await.unwrap();
    assert_eq!(answer.status(), 303, "{form}");
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    to.strip_prefix(&t.url).map_or(to.clone(), str::to_owned)
}

async fn payments(t: &TestApp, order: &Value) -> Vec<Value> {
    let order = t.api.now(order).await;
    order["payments"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_customer_pays_by_phone_without_any_script() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let link = token(&order);
    let (status, html) = page(&t, &format!("/pay/{link}")).await;
    assert_eq!(status, 200);
    assert!(html.contains("M-Pesa") && html.contains("1,500"), "{html}");
    let key = word();
    let choose = [
        ("token", link),
        ("form_key", &key),
        ("choice", "mpesa.stk_push"),
    ];
    let next = submit(&t, "choose", &choose).await;
    assert!(next.contains("/with/mpesa/stk_push"), "{next}");
    assert_eq!(page(&t, &next).await.0, 200);
    let start = [&choose[..], &[("phone", "0712 345 678")]].concat();
    let waiting = submit(&t, "start", &start).await;
    assert!(waiting.contains("/payment/pay_"), "{waiting}");
    // The form sent twice makes one payment.
    assert_eq!(submit(&t, "start", &start).await, waiting);
    let all = payments(&t, &order).await;
    assert_eq!(all.len(), 1);
    assert_eq!(page(&t, &waiting).await.0, 200);
    t.decide(&t.api.now(&all[0]).await, "paid").await;
    assert_eq!(t.api.now(&order).await["status"], "paid");
    let (status, html) = page(&t, &waiting).await;
    assert_eq!(status, 200);
    assert!(
        html.contains(order["reference"].as_str().unwrap()),
        "the receipt"
    );
    let (status, _) = page(&t, &format!("/pay/{link}")).await;
    assert_eq!(status, 200, "a paid order's link shows its receipt");
}

#[tokio::test]
async fn a_card_leads_to_the_providers_page_and_back() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let link = token(&order);
    let fields = [
        ("token", link),
        ("form_key", "k-1"),
        ("choice", "paystack.card"),
    ];
    let mut next = submit(&t, "choose", &fields).await;
    if next.contains("/with/") {
        next = submit(&t, "start", &fields).await;
    }
    let all = payments(&t, &order).await;
    assert_eq!(all.len(), 1, "{next}");
    t.sim.decide("paystack", reference(&all[0]), "paid").await;
    // R5: the browser's return makes nothing paid by itself; the provider is asked.
    let back = format!(
        "/pay/{link}/return/{}?reference=x&status=success",
        reference(&all[0])
    );
    assert_eq!(page(&t, &back).await.0, 200);
    t.wait(30).await;
    assert_eq!(t.api.now(&order).await["status"], "paid");
}

#[tokio::test]
async fn r5_the_return_of_the_browser_pays_nothing() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "paystack", json!({})).await;
    for query in [
        "",
        "?status=success",
        "?trxref=x&reference=x",
        "?cancelled=1",
    ] {
        let back = format!("/pay/{}/return/{}{query}", token(&order), reference(&paid));
        assert_eq!(page(&t, &back).await.0, 200, "{query}");
    }
    t.run_jobs().await;
    assert_eq!(t.api.now(&order).await["status"], "open");
    assert_eq!(t.api.now(&paid).await["status"], "requires_action");
}

#[tokio::test]
async fn every_end_of_an_order_has_its_page() {
    let t = TestApp::start().await;
    let expired = t.api.order(150_000, json!({ "expires_in": 60 })).await;
    let cancelled = t.api.order(150_000, json!({})).await;
    let path = format!("/orders/{}/cancel", id(&cancelled));
    t.api.post(&path, json!({})).await.ok();
    t.advance(61).await;
    for order in [&expired, &cancelled] {
        let (status, html) = page(&t, &format!("/pay/{}", token(order))).await;
        assert!(status == 200 || status == 410, "{status}");
        assert!(
            html.contains("+254712000111")
                || html.contains("0712 000 111")
                || html.contains("254 712 000111"),
            "the contact is told: {html}"
        );
        let fields = [
            ("token", token(order)),
            ("form_key", "k"),
            ("choice", "mock.mock"),
        ];
        submit(&t, "choose", &fields).await;
        assert!(payments(&t, order).await.is_empty());
    }
    for bad in ["nothing", "0000", "..%2f.."] {
        let (status, html) = page(&t, &format!("/pay/{bad}")).await;
        assert_eq!(status, 404, "{bad}");
        assert!(html.contains("</html>"), "{bad}");
    }
}

#[tokio::test]
async fn r14_a_link_shows_its_own_payments_alone() {
    let t = TestApp::start().await;
    let (mine, other) = (
        t.api.order(150_000, json!({})).await,
        t.api.order(90_000, json!({})).await,
    );
    let paid = t.api.pay(&other, "mpesa", json!({})).await;
    t.decide(&paid, "paid").await;
    for path in ["payment", "status"] {
        let path = format!("/pay/{}/{path}/{}", token(&mine), id(&paid));
        assert_eq!(page(&t, &path).await.0, 404, "{path}");
    }
    let back = format!("/pay/{}/return/{}", token(&mine), reference(&paid));
    let (_, html) = page(&t, &back).await;
    assert!(!html.contains(theirs(&paid)));
    assert_eq!(t.api.now(&mine).await["amount_paid"], 0);
}

#[tokio::test]
async fn the_first_view_fits_fourteen_kilobytes_and_asks_nobody_else() {
    let t = TestApp::start().await;
    let order = t
        .api
        .order(150_000, json!({ "description": "Kitenge dress" }))
        .await;
    for lang in ["en", "sw", "fr", "ar"] {
        let url = format!("{}/pay/{}?lang={lang}", t.url, token(&order));
        let plain = reqwest::Client::builder().gzip(false).build().unwrap();
        let request = plain.get(url).header("accept-encoding", "br, gzip");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{lang}");
        let headers: usize = answer
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.contains("form-action"), "{policy}");
        let wire = headers + answer.bytes().await.unwrap().len();
        assert!(wire <= 14 * 1024, "{lang}: {wire} bytes");
        let (_, html) = page(&t, &format!("/pay/{}?lang={lang}", token(&order))).await;
        assert!(!html.contains("<script"), "{lang}");
        for mark in [
            "src=\"http",
            "url(http",
            "@import",
            "<link rel=\"stylesheet\" href=\"http",
        ] {
            assert!(!html.contains(mark), "{lang}: {mark}");
        }
    }
}
