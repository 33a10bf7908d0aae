//! Only ways to pay that can succeed, best first, and what the provider adds.
use crate::support::api::{id, reference};
use crate::support::app::sealed;
use crate::support::rows;
use crate::support::{TestApp, word};
use malipo::domain::account::Mode;
use malipo::domain::ids::{Id, OrderId};
use malipo::domain::method::Method;
use malipo::domain::payment::{Failure, FailureCode, PaymentStatus};
use malipo::services::provider_accounts::{SaveAccount, save, self_test};
use malipo::services::{Actor, checkout, orders, provider_health, provider_hooks};
use malipo::store::payments;
use serde_json::{Value, json};

fn token(order: &Value) -> &str {
    let url = order["checkout_url"].as_str().unwrap();
    url.rsplit('/').next().unwrap()
}

/// The checkout's first page.
async fn page(t: &TestApp, order: &Value, lang: &str) -> String {
    let url = format!("{}/pay/{}?lang={lang}", t.url, token(order));
    let browser = reqwest::Client::builder().build().unwrap();
    let answer = browser.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

/// The radios of a page, in order.
fn radios(html: &str) -> Vec<&str> {
    let tags = html.split("<input ").skip(1);
    let tags = tags.filter_map(|t| t.split('>').next());
    let choices = tags.filter(|t| t.contains("name=\"choice\""));
    choices
        .filter_map(|t| t.split("value=\"").nth(1)?.split('"').next())
        .collect()
}

async fn credential(t: &TestApp, provider: &str, field: &str, value: &str) {
    t.save(SaveAccount {
        provider: provider.to_owned(),
        credentials: vec![(Mode::Test, field.to_owned(), value.into())],
        ..SaveAccount::default()
    })
    .await;
}

/// A start that the provider refuses because the settings are wrong.
async fn refused_start(t: &TestApp) {
    t.advance(1).await;
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "mpesa", json!({})).await;
    assert_eq!(paid["status"], "failed", "{paid}");
    assert_eq!(paid["failure"]["code"], "provider_misconfigured", "{paid}");
}

#[tokio::test]
async fn an_account_that_refuses_every_call_is_not_offered_until_it_is_looked_after() {
    let t = TestApp::start().await;
    let passkey = crate::support::app::PASSKEY;
    credential(&t, "mpesa", "passkey", "wrong").await;
    for _ in 0..2 {
        refused_start(&t).await;
    }
    let order = t.api.order(150_000, json!({})).await;
    assert!(radios(&page(&t, &order, "en").await).contains(&"mpesa.stk_push"));
    refused_start(&t).await;
    let left = page(&t, &order, "en").await;
    let left = radios(&left);
    assert!(!left.contains(&"mpesa.stk_push"), "{left:?}");
    assert!(left.contains(&"paystack.card"), "{left:?}");
    let refused = t.api.try_pay(&order, "mpesa", json!({})).await;
    assert_eq!(
        refused.refusal(),
        (422, "provider_not_available".to_owned())
    );
    let stopped = provider_health::stopped_of(&t.app, &t.tenant.id)
        .await
        .unwrap();
    assert_eq!(stopped.len(), 1);
    assert_eq!(
        (stopped[0].provider.as_str(), stopped[0].mode),
        ("mpesa", Mode::Test)
    );
    assert!(!stopped[0].said.is_empty());
    // Saving it again gives it another chance; a day does, too.
    t.advance(1).await;
    credential(&t, "mpesa", "passkey", passkey).await;
    let again = page(&t, &order, "en").await;
    assert!(radios(&again).contains(&"mpesa.stk_push"), "{again}");
    let paid = t.api.pay(&order, "mpesa", json!({})).await;
    t.decide(&paid, "paid").await;
    assert_eq!(t.api.now(&order).await["status"], "paid");
}

#[tokio::test]
async fn a_self_test_that_passes_and_a_single_success_both_offer_an_account_again() {
    let t = TestApp::start().await;
    let stopped = async || {
        let all = provider_health::stopped_of(&t.app, &t.tenant.id).await;
        all.unwrap().len()
    };
    credential(&t, "mpesa", "passkey", "wrong").await;
    for _ in 0..3 {
        refused_start(&t).await;
    }
    assert_eq!(stopped().await, 1);
    t.advance(1).await;
    // The self-test fetches a token; it does not try the passkey.
    let tested = self_test(&t.app, &Actor::System, &t.tenant.id, "mpesa", Mode::Test).await;
    tested.unwrap().unwrap();
    assert_eq!(stopped().await, 0);
    for _ in 0..3 {
        refused_start(&t).await;
    }
    assert_eq!(stopped().await, 1);
    t.advance(90_000).await;
    assert_eq!(stopped().await, 0, "a day later it is tried again");
}

#[tokio::test]
async fn an_account_whose_keys_are_not_complete_is_not_offered() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    assert!(radios(&page(&t, &order, "en").await).contains(&"mpesa.stk_push"));
    let pool = t.db.pool().await;
    sqlx::query("DELETE FROM provider_credentials WHERE provider = 'mpesa' AND field = 'passkey'")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    assert!(!radios(&page(&t, &order, "en").await).contains(&"mpesa.stk_push"));
}

#[tokio::test]
async fn a_prompt_is_offered_only_to_phones_that_it_reaches() {
    let t = TestApp::start().await;
    let away = json!({ "customer": { "email": "a@b.example", "phone": "+256772123456" } });
    let order = t.api.order(150_000, away).await;
    assert!(!radios(&page(&t, &order, "en").await).contains(&"mpesa.stk_push"));
    let refused = t.api.try_pay(&order, "mpesa", json!({})).await;
    assert_eq!(refused.json()["field"], "phone");
    assert_eq!(refused.refusal(), (422, "phone_not_of_country".to_owned()));
    // Another phone can be given.
    let phone = json!({ "phone": "0712 345 678" });
    let paid = t.api.pay(&order, "mpesa", phone).await;
    assert_eq!(paid["status"], "requires_action");
}

#[tokio::test]
async fn a_number_of_another_country_is_refused_at_its_field_and_other_ways_are_named() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    let fields = [
        ("token", token(&order)),
        ("form_key", &word()),
        ("choice", "mpesa.stk_push"),
        ("phone", "+256 772 123 456"),
    ];
    let url = format!("{}/do/checkout/start", t.url);
    let answer = t.http.post(url).form(&fields).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.ends_with("/with/mpesa/stk_push"), "{to}");
    let flash = answer.headers()["set-cookie"].to_str().unwrap();
    let flash = flash.split(';').next().unwrap().to_owned();
    let to = to.strip_prefix(&t.url).unwrap_or(&to);
    for (lang, said) in [
        ("en", "from a country where this way to pay does not work"),
        ("sw", "ya nchi ambako njia hii ya kulipa haifanyi kazi"),
        ("fr", "d’un pays où ce moyen de payer ne marche pas"),
        ("ar", "من بلد لا تعمل فيه طريقة الدفع هذه"),
    ] {
        let url = format!("{}{to}?lang={lang}", t.url);
        let page = t
            .http
            .get(url)
            .header("cookie", &flash)
            .send()
            .await
            .unwrap();
        let html = page.text().await.unwrap();
        assert!(html.contains(said), "{lang}: {html}");
        assert!(
            html.contains("+256 772 123 456"),
            "{lang}: what was typed is kept"
        );
        if lang == "en" {
            assert!(
                html.contains("You can also pay by: M-Pesa Paybill, Credit or debit card"),
                "{html}"
            );
        }
    }
    assert_eq!(t.api.now(&order).await["payments"], json!([]));
}

#[tokio::test]
async fn r1_a_fee_that_the_payer_bears_is_shown_exactly_and_never_asked_for() {
    let t = TestApp::start().await;
    let option = async |name: &str, value: &str| {
        let change = SaveAccount {
            provider: "paystack".to_owned(),
            options: [(name.to_owned(), value.to_owned())].into(),
            ..SaveAccount::default()
        };
        save(&t.app, &Actor::System, &t.tenant.id, change).await
    };
    for (name, value) in [
        ("fee_percent", "1,5"),
        ("fee_percent", "-1"),
        ("fee_percent", "100"),
        ("fee_percent", "1e1"),
        ("fee_fixed", "0.001"),
        ("fee_fixed", "ten"),
        ("fee_fixed", "-5"),
    ] {
        let refused = option(name, value).await.unwrap_err().to_string();
        assert!(refused.starts_with(name), "{name}={value}: {refused}");
    }
    option("fee_percent", "1.5").await.unwrap();
    let order = t.api.order(150_000, json!({})).await;
    for (lang, fee) in [
        ("en", "plus a fee of about KES 22.50"),
        ("sw", "pamoja na ada ya takriban KES 22.50"),
        ("fr", "plus des frais d’environ KES 22,50"),
        ("ar", "مع رسوم تقارب 22.50 KES"),
    ] {
        let html = page(&t, &order, lang).await;
        let plain = html.replace(['\u{a0}', '\u{2066}', '\u{2069}'], " ");
        let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains(fee), "{lang}: {plain}");
    }
    option("fee_fixed", "10").await.unwrap();
    let html = page(&t, &order, "en").await.replace('\u{a0}', " ");
    assert!(html.contains("about KES 32.50"), "{html}");
    let paid = t
        .api
        .pay(&order, "paystack", json!({ "method": "card" }))
        .await;
    let known = t.sim.ledger().await;
    let known = known["payments"].as_array().unwrap().iter();
    let asked: Vec<_> = known
        .filter(|p| p["reference"] == reference(&paid))
        .map(|p| p["amount_minor"].clone())
        .collect();
    assert_eq!(asked, [json!(150_000)], "the provider adds it, not we");
    // The fixed part is in the shop's currency: for another one nobody can say.
    let dollars = json!({ "currency": "USD" });
    let html = page(&t, &t.api.order(5_000, dollars).await, "en").await;
    assert!(html.contains("plus the provider’s fee"), "{html}");
    option("fee_percent", "").await.unwrap();
    option("fee_fixed", "").await.unwrap();
    assert!(!page(&t, &order, "en").await.contains("fee"));
}

/// Tries of one way to pay with live money, as the books would have them.
async fn tries(t: &TestApp, order: &Value, method: Method, n: usize, status: PaymentStatus) {
    let order_id = OrderId::parse(id(order)).unwrap();
    let order = orders::get(&t.app, &t.tenant.id, &order_id).await;
    let order = order.unwrap().unwrap();
    let mut tx = t.app.db.begin().await.unwrap();
    for _ in 0..n {
        let mut p = rows::payment(&order);
        p.id = t.app.clock.id();
        p.reference = format!("m{}", word());
        (p.method, p.test_mode) = (method, false);
        p.created_at = t.app.clock.now();
        p.status = status;
        if status == PaymentStatus::Failed {
            p.failure = Some(Failure {
                code: FailureCode::Declined,
                message: "no".to_owned(),
            });
        }
        payments::insert(&mut tx, &p, None).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_account_without_a_hook_secret_is_offered_and_its_self_test_says_what_is_missing() {
    let t = TestApp::start().await;
    let info = malipo::services::find_provider("stripe").unwrap().info();
    t.offer(info).await;
    let key = format!("sk_test_{}", word());
    let other = t.another_tenant().await.0;
    let account = SaveAccount {
        provider: "stripe".to_owned(),
        credentials: sealed(Mode::Test, &[("secret_key", key.clone())]),
        enabled: Some(true),
        ..SaveAccount::default()
    };
    save(&t.app, &Actor::System, &other.id, account)
        .await
        .unwrap();
    let body = json!({ "provider": "stripe", "secret_key": key });
    t.sim.try_control("accounts", body).await.unwrap();
    let said = async |tenant: &malipo::domain::ids::TenantId| {
        let tested = self_test(&t.app, &Actor::System, tenant, "stripe", Mode::Test).await;
        tested.unwrap().unwrap()
    };
    let missing = "no webhook signing secret yet";
    assert!(!said(&t.tenant.id).await.contains(missing));
    let without = said(&other.id).await;
    assert!(without.contains(missing), "{without}");
}

#[tokio::test]
async fn the_best_way_to_pay_stands_first_and_what_mostly_fails_stands_last() {
    let t = TestApp::start().await;
    t.go_live("paystack").await;
    t.save(SaveAccount {
        provider: "manual".to_owned(),
        test_mode: Some(false),
        ..SaveAccount::default()
    })
    .await;
    let bank = json!({ "currency": "NGN", "providers": ["paystack", "manual"] });
    let order = t.live.order(500_000, bank).await;
    let offered = async |of: &Value| {
        let id = OrderId::parse(id(of)).unwrap();
        let order = orders::get(&t.app, &t.tenant.id, &id).await.unwrap();
        let all = checkout::choices(&t.app, &t.tenant, &order.unwrap(), false).await;
        let all = all.unwrap();
        assert!(all[0].recommended && all.iter().filter(|c| c.recommended).count() == 1);
        let names = all.iter().map(|c| (c.provider.name, c.method));
        names.collect::<Vec<_>>()
    };
    let before = offered(&order).await;
    // USSD at Paystack is for NGN alone, which does not make it what most people use.
    assert_eq!(before[0], ("paystack", Method::Card));
    assert_eq!(before, offered(&order).await, "the same every time");
    tries(&t, &order, Method::Card, 19, PaymentStatus::Failed).await;
    t.advance(61).await;
    assert_eq!(offered(&order).await, before, "too few tries say nothing");
    tries(&t, &order, Method::Card, 1, PaymentStatus::Failed).await;
    t.advance(61).await;
    let after = offered(&order).await;
    assert_eq!(after.last(), Some(&("paystack", Method::Card)), "{after:?}");
    t.advance(31 * 86_400).await;
    // The order has run out meanwhile; a month later all is as it was.
    let bank = json!({ "currency": "NGN", "providers": ["paystack", "manual"] });
    let later = t.live.order(500_000, bank).await;
    assert_eq!(offered(&later).await, before);
}

#[tokio::test]
async fn a_hook_address_is_registered_by_a_call_where_the_provider_has_one() {
    let t = TestApp::start().await;
    let register = async |provider: &str| {
        let (actor, tenant) = (Actor::System, &t.tenant.id);
        provider_hooks::register_hooks(&t.app, &actor, tenant, provider, Mode::Test).await
    };
    for info in malipo::services::REGISTRY.iter().map(|a| a.info()) {
        if !info.registers_hooks {
            let refused = register(info.name).await.unwrap_err().to_string();
            assert!(refused.contains("its own pages"), "{refused}");
            continue;
        }
        t.offer(info).await;
        let done = register(info.name).await.unwrap();
        let done = done.unwrap_or_else(|e| panic!("{}: {e}", info.name));
        assert_eq!(done.hook_url, t.hook_url(info.name, Mode::Test).await);
        let view = malipo::services::provider_accounts::view(&t.app, &t.tenant.id, info.name);
        let view = view.await.unwrap().unwrap();
        assert!(view.hooks_test.registered.is_some() && view.hooks_live.registered.is_none());
        for field in done.credentials {
            assert!(view.credential(Mode::Test, field).is_some(), "{field}");
        }
    }
    assert!(register("goldcoins").await.is_err());
}
