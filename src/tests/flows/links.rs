//! Links that many can pay on: begun again and again, never beyond their cap, closed with a reason.
use super::dashboard::Browser;
use super::plans::pay;
use crate::support::TestApp;
use crate::support::api::id;
use malipo::domain::ids::{Id, LinkId};
use malipo::domain::link::{Ask, Link, LinkState, Uses};
use malipo::domain::order::{Customer, Order};
use malipo::domain::role::Role;
use malipo::domain::{Currency, Money};
use malipo::services::links::{self, Begin, LinkError, NewLink};
use malipo::services::{Actor, Cursor, orders};
use serde_json::{Value, json};

const HALF_HOUR: i64 = 1_800;

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::KES)
}

async fn link(t: &TestApp, ask: Ask, cap: Option<i64>) -> Link {
    let new = NewLink {
        livemode: false,
        title: "School trip".to_owned(),
        description: "Bus and lunch".to_owned(),
        ask,
        cap,
        ends_at: None,
        providers: vec![],
        form_key: None,
    };
    let made = links::create(&t.app, &t.tenant, &Actor::System, new).await;
    made.unwrap()
}

async fn begin(t: &TestApp, link: &Link) -> Result<Order, LinkError> {
    links::begin(&t.app, &t.tenant, link, Begin::default()).await
}

/// The order as the API knows it.
async fn object(t: &TestApp, order: &Order) -> Value {
    t.api.get(&format!("/orders/{}", order.id)).await.ok()
}

async fn uses(t: &TestApp, link: &Link) -> Uses {
    let found = links::get(&t.app, &t.tenant.id, &link.id).await.unwrap();
    found.unwrap().uses
}

/// A public page, as status and text.
async fn public(t: &TestApp, path: &str) -> (u16, String) {
    let answer = t.http.get(format!("{}{path}", t.url)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Sends the form of a link; where it leads, and its cookie.
async fn send(t: &TestApp, link: &Link, fields: &[(&str, &str)]) -> (String, String) {
    let mut form = vec![("token", link.token.as_str())];
    form.extend(fields);
    let request = t.http.post(format!("{}/do/checkout/link", t.url));
    let answer = request.form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let header = |name: &str| {
        let value = answer.headers().get(name);
        value.map_or_else(String::new, |v| v.to_str().unwrap().to_owned())
    };
    (header("location"), header("set-cookie"))
}

#[tokio::test]
async fn a_link_from_the_dashboard_is_paid_by_many_and_a_form_sent_twice_begins_one_order() {
    let t = TestApp::start().await;
    let boss = Browser::of(&t, Role::Owner).await;
    let mut form = vec![
        ("tenant", t.tenant.slug.as_str()),
        ("title", "School trip"),
        ("amount", "1,500"),
        ("currency", "KES"),
        ("test", "1"),
        ("form_key", "abc123"),
        ("cap", "none"),
    ];
    let refused = boss.submit("admin/links/create", &form).await;
    let back = refused.headers()["location"].to_str().unwrap();
    assert!(back.ends_with("/links/new"), "{back}");
    form.pop();
    let mut made = Vec::new();
    for _ in 0..2 {
        let answer = boss.submit("admin/links/create", &form).await;
        let to = answer.headers()["location"].to_str().unwrap().to_owned();
        made.push(to);
    }
    assert_eq!(made[0], made[1], "the form sent twice made one link");
    let (status, html) = boss.get(&made[0]).await;
    assert_eq!(status, 200);
    let text = made[0].split(['/', '?']).find(|p| p.starts_with("lnk_"));
    let link = LinkId::parse(text.unwrap()).unwrap();
    let used = links::get(&t.app, &t.tenant.id, &link).await.unwrap();
    let link = used.unwrap().link;
    let url = links::page_url(&t.app, &link);
    assert!(html.contains(&url) && html.contains("QR code"), "{html}");
    assert!(link.token.len() >= 32, "128 bits in hex");

    let (status, html) = public(&t, &format!("/pay/link/{}", link.token)).await;
    assert_eq!(status, 200);
    assert!(html.contains("School trip") && html.contains("1,500"));
    assert!(!html.contains("<script"), "complete without a script");
    let asha = [
        ("form_key", "k1"),
        ("name", "Asha"),
        ("phone", "0712345678"),
    ];
    let (first, _) = send(&t, &link, &asha).await;
    let (again, _) = send(&t, &link, &asha).await;
    let (second, _) = send(&t, &link, &[("form_key", "k2")]).await;
    assert_eq!(first, again, "one form, one order");
    assert_ne!(first, second);
    assert_eq!(public(&t, &first).await.0, 200);

    let page = links::orders_of(&t.app, &link, &Cursor::Newest, 10).await;
    let orders = page.unwrap().rows;
    assert_eq!(orders.len(), 2);
    assert_eq!(orders[1].customer.phone.as_deref(), Some("+254712345678"));
    for order in &orders {
        assert_eq!((order.livemode, order.amount), (false, kes(150_000)));
        pay(&t, &t.api, &object(&t, order).await).await;
    }
    let used = links::get(&t.app, &t.tenant.id, &link.id).await.unwrap();
    let used = used.unwrap();
    assert_eq!((used.uses.paid, used.kept), (2, kes(300_000)));
    let (_, html) = boss.page(&format!("/links/{}", link.id)).await;
    assert!(html.contains(&orders[0].reference) && html.contains(&orders[1].reference));

    let (other, ..) = t.another_tenant().await;
    let foreign = links::get(&t.app, &other.id, &link.id).await.unwrap();
    assert!(foreign.is_none(), "R14");
    let switch = [
        ("tenant", other.slug.as_str()),
        ("link", link.id.as_str()),
        ("active", "false"),
    ];
    assert_eq!(
        boss.submit("admin/links/switch", &switch).await.status(),
        404
    );
}

#[tokio::test]
async fn the_places_of_a_link_are_given_once_under_a_race_and_late_money_is_told() {
    let t = TestApp::start().await;
    let link = link(&t, Ask::Fixed(kes(50_000)), Some(3)).await;
    let tries = (0..16).map(|_| begin(&t, &link));
    let all = futures::future::join_all(tries).await;
    let (got, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    assert_eq!(got.len(), 3, "three places, three orders");
    for refusal in refused {
        let error = refusal.unwrap_err();
        assert!(
            matches!(error, LinkError::Closed(LinkState::Held)),
            "{error}"
        );
    }
    let orders: Vec<_> = got.into_iter().map(Result::unwrap).collect();
    let path = format!("/pay/link/{}", link.token);
    assert!(public(&t, &path).await.1.contains("held at the moment"));
    pay(&t, &t.api, &object(&t, &orders[0]).await).await;
    // Begun in time, and paid only when the place was given to others.
    let late = t
        .api
        .pay(&object(&t, &orders[1]).await, "mock", json!({}))
        .await;
    t.advance(HALF_HOUR + 1).await;
    assert_eq!(uses(&t, &link).await, Uses { paid: 1, held: 0 });
    for _ in 0..2 {
        let order = begin(&t, &link).await.unwrap();
        pay(&t, &t.api, &object(&t, &order).await).await;
    }
    let full = begin(&t, &link).await.unwrap_err();
    assert!(matches!(full, LinkError::Closed(LinkState::UsedUp)));
    assert!(public(&t, &path).await.1.contains("is taken"));
    let reference = late["reference"].as_str().unwrap();
    let done =
        malipo::services::payments::choose_mock_outcome(&t.app, &t.tenant.id, reference, "paid");
    done.await.unwrap();
    let late = t.api.now(&late).await;
    assert_eq!(
        late["status"], "succeeded",
        "R9: money beyond the cap is money"
    );
    assert_eq!(uses(&t, &link).await.paid, 4);
    let boss = Browser::of(&t, Role::Staff).await;
    let (_, html) = boss.page(&format!("/links/{}", link.id)).await;
    assert!(html.contains("1 more than its limit"), "{html}");
}

#[tokio::test]
async fn a_chosen_amount_is_kept_after_an_error_and_a_closed_link_says_why() {
    let t = TestApp::start().await;
    let ask = Ask::Chosen {
        least: kes(10_000),
        most: kes(500_000),
    };
    let link = link(&t, ask, None).await;
    let path = format!("/pay/link/{}", link.token);
    for (typed, field, error) in [
        ("99.99", "amount", "between the lowest"),
        ("5,000.01", "amount", "between the lowest"),
        ("1500,50", "amount", "cannot be read"),
        ("1,500", "phone", "phone"),
    ] {
        let phone = if field == "phone" { "12" } else { "" };
        let sent = [("amount", typed), ("phone", phone), ("name", "<Asha>")];
        let (to, cookie) = send(&t, &link, &sent).await;
        assert_eq!(to, path, "{typed}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let request = t
            .http
            .get(format!("{}{path}", t.url))
            .header("cookie", cookie);
        let html = request.send().await.unwrap().text().await.unwrap();
        assert!(
            html.contains(&format!("value=\"{typed}\"")),
            "{typed} is kept"
        );
        assert!(html.contains("&lt;Asha") && html.contains(error), "{typed}");
        assert!(
            html.contains(&format!("aria-describedby=\"{field}-e")),
            "{typed}"
        );
    }
    assert_eq!(uses(&t, &link).await, Uses::default(), "nothing was begun");
    let (to, _) = send(&t, &link, &[("amount", "1,500.50")]).await;
    let token = to.strip_prefix("/pay/").unwrap();
    let (_, order) = orders::by_token(&t.app, token).await.unwrap().unwrap();
    assert_eq!(order.amount, kes(150_050));
    assert_eq!(order.customer, Customer::default());

    for (lang, words) in [("sw", "Kuanzia"), ("fr", "De "), ("ar", "المبلغ")] {
        let (status, html) = public(&t, &format!("{path}?lang={lang}")).await;
        assert_eq!((status, html.contains(words)), (200, true), "{lang}");
        assert_eq!(html.contains("dir=\"rtl\""), lang == "ar");
    }
    let tenant = &t.tenant.id;
    let boss = t.person(Role::Owner).await;
    links::switch(&t.app, tenant, &boss, &link.id, false)
        .await
        .unwrap();
    let (status, html) = public(&t, &path).await;
    assert!(status == 200 && html.contains("takes no more payments"));
    assert!(
        html.contains("tel:+254712000111"),
        "with the merchant's contact"
    );
    assert_eq!(send(&t, &link, &[("amount", "1,500")]).await.0, path);
    // Who had begun can still pay.
    let paid = pay(&t, &t.api, &object(&t, &order).await).await;
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(
        t.audited(&json!({ "id": link.id })).await,
        ["link.created", "link.switched"],
        "R12"
    );
    let day = NewLink {
        livemode: false,
        title: "Today only".to_owned(),
        description: String::new(),
        ask: Ask::Fixed(kes(100)),
        cap: None,
        ends_at: Some(t.app.clock.now().plus_secs(3_600)),
        providers: vec![],
        form_key: None,
    };
    let day = links::create(&t.app, &t.tenant, &boss, day).await.unwrap();
    let order = begin(&t, &day).await.unwrap();
    assert_eq!(
        order.expires_at,
        day.ends_at.unwrap(),
        "it ends with its link"
    );
    t.advance(3_600).await;
    let (_, html) = public(&t, &format!("/pay/link/{}", day.token)).await;
    assert!(html.contains("This link has ended"));
    assert!(matches!(
        begin(&t, &day).await,
        Err(LinkError::Closed(LinkState::Ended))
    ));
    assert_eq!(public(&t, "/pay/link/nothing").await.0, 404);
    assert_eq!(id(&object(&t, &order).await), order.id.as_str());
}
