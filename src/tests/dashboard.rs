//! The dashboard as a browser without scripts meets it: sessions, roles, tenants, forms, desks.
use crate::support::TestApp;
use crate::support::api::id;
use malipo::domain::role::Role;
use malipo::services::accounts;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

const PASSWORD: &str = "a long enough password";

/// One browser: it keeps cookies and follows nothing by itself.
struct Browser<'a> {
    t: &'a TestApp,
    slug: String,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// A page or an answer, read whole.
struct Page {
    status: u16,
    to: String,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl<'a> Browser<'a> {
    fn new(t: &'a TestApp) -> Self {
        Self {
            t,
            slug: t.tenant.slug.clone(),
            cookies: RefCell::default(),
        }
    }

    /// A new member of the shop, signed in.
    async fn signed_in(t: &'a TestApp, role: Role) -> Self {
        let browser = Self::new(t);
        let email = browser.member(role).await;
        let answer = browser.sign_in(&email, PASSWORD, "/admin").await;
        assert_eq!((answer.status, answer.to.as_str()), (303, "/admin"));
        browser
    }

    async fn member(&self, role: Role) -> String {
        let email = format!("{}@shop.example", crate::support::word());
        let password = SecretString::from(PASSWORD);
        let made = accounts::create_with_password(
            &self.t.app,
            &self.t.tenant,
            (&email, ""),
            role,
            password,
        );
        made.await.unwrap();
        email
    }

    async fn sign_in(&self, email: &str, password: &str, next: &str) -> Page {
        let fields = [("email", email), ("password", password), ("next", next)];
        self.send("/do/admin/login", Some(&fields)).await
    }

    fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    async fn send(&self, path: &str, form: Option<&[(&str, &str)]>) -> Page {
        let url = format!("{}{path}", self.t.url);
        let request = match form {
            Some(fields) => self.t.http.post(url).form(fields),
            None => self.t.http.get(url),
        };
        let held = self.cookies.borrow().clone();
        let held: Vec<_> = held.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let request = request
            .header(COOKIE, held.join("; "))
            .header("accept", "text/html");
        let answer = request.send().await.unwrap();
        for set in answer.headers().get_all(SET_COOKIE) {
            let text = set.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.borrow_mut().remove(name);
            } else {
                assert!(
                    text.contains("HttpOnly") && text.contains("SameSite=Lax"),
                    "{text}"
                );
                self.cookies
                    .borrow_mut()
                    .insert(name.to_owned(), value.to_owned());
            }
        }
        let to = answer.headers().get(LOCATION);
        Page {
            status: answer.status().as_u16(),
            to: to.map_or_else(String::new, |l| l.to_str().unwrap().to_owned()),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Page {
        self.send(&format!("/admin/{}{path}", self.slug), None)
            .await
    }

    /// Posts a form of the shop.
    async fn post(&self, action: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = vec![("tenant", self.slug.as_str())];
        all.extend_from_slice(fields);
        self.send(&format!("/do/admin/{action}"), Some(&all)).await
    }

    /// Posts a form and opens the page that it leads to.
    async fn post_on(&self, action: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.post(action, fields).await;
        assert_eq!(answer.status, 303, "{action}: {}", answer.text);
        self.send(&answer.to, None).await
    }
}

#[tokio::test]
async fn a_login_opens_a_session_under_a_new_id_and_a_logout_ends_it() {
    let t = TestApp::start().await;
    let b = Browser::new(&t);
    let email = b.member(Role::Staff).await;
    let asked = b.get("/orders").await;
    let back = format!("/login?next=%2Fadmin%2F{}%2Forders", b.slug);
    assert_eq!((asked.status, asked.to), (303, back));

    let wrong = b.sign_in(&email, "not the password", "/admin").await;
    assert_eq!(b.send(&wrong.to, None).await.status, 200);
    assert_eq!(b.cookie("malipo_session"), None, "nothing is opened");
    let nobody = b.sign_in("nobody@shop.example", "x", "/admin").await;
    assert_eq!(nobody.to, wrong.to, "an unknown e-mail looks the same");

    // An id that was known before the login opens nothing.
    let first = Browser::signed_in(&t, Role::Staff).await;
    let planted = first.cookie("malipo_session").unwrap();
    b.cookies
        .borrow_mut()
        .insert("malipo_session".to_owned(), planted.clone());
    assert_eq!(
        b.sign_in(&email, PASSWORD, "//evil.example").await.to,
        "/admin"
    );
    assert_ne!(b.cookie("malipo_session").unwrap(), planted);
    assert_eq!(b.get("/orders").await.status, 200);

    let kept = b.cookie("malipo_session").unwrap();
    assert_eq!(b.send("/logout", Some(&[])).await.to, "/login");
    b.cookies
        .borrow_mut()
        .insert("malipo_session".to_owned(), kept);
    assert_eq!(
        b.get("/orders").await.status,
        303,
        "the session itself has ended"
    );
}

#[tokio::test]
async fn a_session_ends_after_twelve_idle_hours_and_when_the_password_changes() {
    let t = TestApp::start().await;
    let (here, there) = (Browser::new(&t), Browser::new(&t));
    let email = here.member(Role::Admin).await;
    for b in [&here, &there] {
        b.sign_in(&email, PASSWORD, "/admin").await;
        assert_eq!(b.get("/overview").await.status, 200);
    }
    let new = "another long password";
    let refused = [("old_password", "wrong"), ("password", new)];
    let page = here.post_on("account/password", &refused).await;
    assert!(
        page.text.contains("Is not the present password"),
        "{}",
        page.text
    );
    let fields = [("old_password", PASSWORD), ("password", new)];
    assert_eq!(here.post_on("account/password", &fields).await.status, 200);
    assert_eq!(there.get("/overview").await.status, 303);
    assert_eq!(
        here.get("/overview").await.status,
        200,
        "this browser goes on"
    );

    t.app.clock.advance_secs(13 * 3_600);
    assert_eq!(here.get("/overview").await.status, 303);
}

#[tokio::test]
async fn r14_a_foreign_shop_and_a_foreign_id_are_not_found() {
    let t = TestApp::start().await;
    let owner = Browser::signed_in(&t, Role::Owner).await;
    let (other, api, _) = t.another_tenant().await;
    let order = api.order(150_000, json!({})).await;
    let payment = api.pay(&order, "mock", json!({})).await;
    let (o, p) = (id(&order), id(&payment));

    for path in ["/overview", "/orders", "/providers/mpesa", "/team"] {
        let there = format!("/admin/{}{path}", other.slug);
        assert_eq!(owner.send(&there, None).await.status, 404, "{there}");
    }
    for path in [
        format!("/orders/{o}"),
        format!("/orders/{o}/cancel"),
        format!("/payments/{p}"),
        format!("/payments/{p}/refund"),
        "/orders/nonsense".to_owned(),
        "/providers/nobody".to_owned(),
        "/nothing".to_owned(),
    ] {
        assert_eq!(owner.get(&path).await.status, 404, "{path}");
    }
    for (action, field, value) in [
        ("orders/cancel", "order", o),
        ("orders/renew", "order", o),
        ("payments/verify", "payment", p),
        ("refunds/request", "payment", p),
    ] {
        let fields = [
            (field, value),
            ("amount", "1"),
            ("currency", "KES"),
            ("reason", "x"),
        ];
        assert_eq!(owner.post(action, &fields).await.status, 404, "{action}");
        let mut foreign = vec![("tenant", other.slug.as_str())];
        foreign.extend_from_slice(&fields);
        let path = format!("/do/admin/{action}");
        assert_eq!(
            owner.send(&path, Some(&foreign)).await.status,
            404,
            "{action}"
        );
    }
    assert_eq!(api.now(&order).await["status"], "open");
}

#[tokio::test]
async fn what_a_role_may_not_do_is_refused_by_the_server() {
    let t = TestApp::start().await;
    let order = t.api.order(150_000, json!({})).await;
    for (role, pages, actions) in [
        (
            Role::Staff,
            vec![
                "/providers",
                "/providers/mpesa",
                "/hooks",
                "/team",
                "/start",
            ],
            vec![
                "providers/save",
                "providers/enable",
                "team/invite",
                "refunds/approve",
                "payments/decide",
            ],
        ),
        (
            Role::Viewer,
            vec!["/proofs", "/orders/new", "/providers", "/hooks", "/team"],
            vec![
                "orders/create",
                "orders/cancel",
                "refunds/request",
                "proofs/approve",
            ],
        ),
        (
            Role::Developer,
            vec!["/proofs", "/providers", "/team"],
            vec!["orders/cancel", "providers/test-mode", "proofs/reject"],
        ),
    ] {
        let b = Browser::signed_in(&t, role).await;
        for path in pages {
            assert_eq!(b.get(path).await.status, 403, "{role:?} {path}");
        }
        let fields = [
            ("order", id(&order)),
            ("payment", "x"),
            ("refund", "x"),
            ("proof", "x"),
            ("provider", "mpesa"),
        ];
        for action in actions {
            assert_eq!(
                b.post(action, &fields).await.status,
                403,
                "{role:?} {action}"
            );
        }
        let overview = b.get("/overview").await;
        assert_eq!(overview.status, 200);
        assert!(
            !overview.text.contains("/providers\""),
            "{role:?} sees no such link"
        );
    }
    assert_eq!(t.api.now(&order).await["status"], "open");
}

#[tokio::test]
async fn a_payment_link_is_made_and_a_refused_form_keeps_what_was_typed() {
    let t = TestApp::start().await;
    let b = Browser::signed_in(&t, Role::Staff).await;
    let form = [
        ("description", "Uniforms <term 1>"),
        ("amount", "12,500.505"),
        ("currency", "KES"),
        ("reference", "INV-2041"),
        ("kind", "invoice"),
        ("customer_name", "Wanjiku & Sons"),
        ("expires_in", "259200"),
        ("providers[]", "mock"),
        ("test", "1"),
    ];
    let page = b.post_on("orders/create", &form).await;
    assert!(page.text.contains("KES has 2 digits after the point."));
    for kept in [
        "Uniforms &lt;term 1",
        "value=\"INV-2041\"",
        "Wanjiku &amp; Sons",
    ] {
        assert!(page.text.contains(kept), "{kept}");
    }
    assert!(page.text.contains("aria-invalid=\"true\""));
    let again = b.get("/orders/new").await;
    assert!(!again.text.contains("INV-2041"), "a refusal is told once");

    let mut form = form;
    form[1].1 = "12,500.50";
    let page = b.post_on("orders/create", &form).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("The link is ready") && page.text.contains("12,500"));
    let list = t.api.get("/orders?reference=INV-2041").await.ok();
    let order = &list["data"][0];
    assert_eq!(
        (&order["amount"], &order["kind"], &order["livemode"]),
        (&json!(1_250_050), &json!("invoice"), &json!(false))
    );
    let link = order["checkout_url"].as_str().unwrap();
    assert!(page.text.contains(link));

    let page = b.post_on("orders/cancel", &[("order", id(order))]).await;
    assert!(page.text.contains("The order is cancelled."));
    let page = b.post_on("orders/cancel", &[("order", id(order))]).await;
    assert!(page.text.contains("It changed meanwhile"));
}

#[tokio::test]
async fn r15_no_page_and_no_cookie_ever_carries_a_secret() {
    let t = TestApp::start().await;
    let b = Browser::signed_in(&t, Role::Owner).await;
    for name in ["mpesa", "paystack", "manual", "mock"] {
        let page = b.get(&format!("/providers/{name}")).await;
        assert_eq!(page.status, 200);
        for secret in &t.secrets {
            assert!(!page.text.contains(secret.as_str()), "{name}");
        }
    }
    let typed = "sk_test_typed_into_the_wrong_field";
    let fields = [("provider", "paystack"), ("live[secret_key]", typed)];
    let answer = b.post("providers/save", &fields).await;
    for set in answer.headers.get_all(SET_COOKIE) {
        use base64::Engine;
        let value = set
            .to_str()
            .unwrap()
            .split(['=', ';'])
            .nth(1)
            .unwrap_or_default();
        let plain = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(value);
        let plain = String::from_utf8(plain.unwrap_or_default()).unwrap();
        assert!(!plain.contains(typed), "{plain}");
    }
    let page = b.send(&answer.to, None).await;
    assert!(page.text.contains("aria-invalid") && !page.text.contains(typed));
}

#[tokio::test]
async fn real_money_is_switched_on_only_with_the_password() {
    let t = TestApp::start().await;
    t.go_live("paystack").await;
    let b = Browser::signed_in(&t, Role::Admin).await;
    let on = [("provider", "paystack"), ("on", "1")];
    let page = b.post_on("providers/test-mode", &on).await;
    assert!(page.text.contains("Paystack is in test mode"));
    let page = b.get("/providers/paystack/go-live").await;
    assert!(page.text.contains("Take Paystack live"));
    let wrong = [("provider", "paystack"), ("on", "0"), ("password", "guess")];
    let page = b.post_on("providers/test-mode", &wrong).await;
    assert!(page.text.contains("The password is wrong."));
    assert!(
        b.get("/providers/paystack")
            .await
            .text
            .contains("Test mode.")
    );
    let right = [
        ("provider", "paystack"),
        ("on", "0"),
        ("password", PASSWORD),
    ];
    let page = b.post_on("providers/test-mode", &right).await;
    assert!(page.text.contains("Paystack takes real money now."));
}

/// A proof of a payment by hand.
async fn proof(t: &TestApp, reference: &str) -> (Value, Value) {
    let order = t.api.order(150_000, json!({})).await;
    let paid = t.api.pay(&order, "manual", json!({})).await;
    let mut picture = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(8, 8)
        .write_to(&mut picture, image::ImageFormat::Png)
        .unwrap();
    let part = reqwest::multipart::Part::bytes(picture.into_inner()).file_name("slip.png");
    let form = reqwest::multipart::Form::new()
        .text("type", "bank_transfer")
        .text("reference", reference.to_owned())
        .part("image", part);
    let url = format!("{}/api/v1/payments/{}/proofs", t.url, id(&paid));
    let request = t.http.post(url).bearer_auth(&t.api.key).multipart(form);
    let request = request.header("idempotency-key", crate::support::word());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    (order, answer.json().await.unwrap())
}

#[tokio::test]
async fn the_desk_shows_what_was_used_before_and_opens_the_next_proof() {
    let t = TestApp::start().await;
    let (first, one) = proof(&t, "FT26315QK81").await;
    let (_, two) = proof(&t, "ft 26315 qk81").await;
    let (a, b) = (
        Browser::signed_in(&t, Role::Staff).await,
        Browser::signed_in(&t, Role::Staff).await,
    );
    let desk = a.get("/proofs").await;
    assert!(desk.text.contains("Yours until") && desk.text.contains(id(&one)));
    let other = b.get("/proofs").await;
    assert!(other.text.contains("has it") && other.text.contains("Yours until"));
    let held = [
        ("proof", id(&one)),
        ("accepted", "1,500"),
        ("currency", "KES"),
    ];
    let page = b.post_on("proofs/approve", &held).await;
    assert!(page.text.contains("Another person is looking at it."));

    let file = a.get(&format!("/proofs/{}/file", id(&one))).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.headers["content-type"], "image/png");
    assert_eq!(file.headers["x-content-type-options"], "nosniff");
    let policy = file.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("sandbox"), "{policy}");

    let page = a.post_on("proofs/approve", &held).await;
    assert!(page.text.contains("Approved"), "{}", page.text);
    assert_eq!(t.api.now(&first).await["status"], "paid");
    assert_eq!(
        b.post("proofs/release", &[("proof", id(&two))])
            .await
            .status,
        303
    );
    let next = a.get("/proofs").await;
    assert!(
        next.text.contains("already paid another order"),
        "{}",
        next.text
    );
    assert!(next.text.contains("aria-disabled=\"true\""));
    let used = [
        ("proof", id(&two)),
        ("accepted", "1,500"),
        ("currency", "KES"),
    ];
    let page = a.post_on("proofs/approve", &used).await;
    assert!(
        page.text.contains("cannot pay twice"),
        "the server says so too"
    );
    let reject = [
        ("proof", id(&two)),
        ("reason", "The transaction reference was used before."),
    ];
    let page = a.post_on("proofs/reject", &reject).await;
    assert!(page.text.contains("Rejected") && page.text.contains("No proofs wait"));
}

#[tokio::test]
async fn r10_the_desk_names_who_may_decide_a_refund_of_ones_own() {
    let t = TestApp::start().await;
    let mut tenant = t.tenant.clone();
    tenant.refund_limit_minor = Some(100_000);
    let system = malipo::services::Actor::System;
    malipo::services::tenants::save(&t.app, &system, &tenant)
        .await
        .unwrap();
    let (_, one) = proof(&t, "FT1").await;
    let (asker, second) = (
        Browser::signed_in(&t, Role::Owner).await,
        Browser::signed_in(&t, Role::Admin).await,
    );
    let came = [
        ("proof", id(&one)),
        ("accepted", "1,500"),
        ("currency", "KES"),
    ];
    asker.post_on("proofs/approve", &came).await;
    let payment = one["payment"]
        .as_str()
        .or(one["payment_id"].as_str())
        .unwrap();
    let ask = [
        ("payment", payment),
        ("amount", "1,500"),
        ("currency", "KES"),
        ("reason", "Surplus"),
    ];
    let too_much = [
        ("payment", payment),
        ("amount", "1,501"),
        ("currency", "KES"),
        ("reason", "x"),
    ];
    let page = asker.post_on("refunds/request", &too_much).await;
    assert!(
        page.text.contains("can still be given back"),
        "{}",
        page.text
    );
    let answer = asker.post("refunds/request", &ask).await;
    let refund = answer.to.rsplit('/').next().unwrap().to_owned();
    let page = asker.send(&answer.to, None).await;
    assert!(
        page.text
            .contains("You asked for this refund, so someone else decides.")
    );
    assert!(!page.text.contains("/do/admin/refunds/approve"));
    let fields = [("refund", refund.as_str())];
    let page = asker.post_on("refunds/approve", &fields).await;
    assert!(page.text.contains("someone else decides"));
    let page = second.post_on("refunds/reject", &fields).await;
    assert!(page.text.contains("Say why"));
    let page = second.post_on("refunds/approve", &fields).await;
    assert!(
        page.text.contains("Approved: it is on its way."),
        "{}",
        page.text
    );
}
