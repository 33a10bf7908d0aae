//! R15: secrets are sealed in the database, and no answer and no log shows them.
use super::refunds::paid;
use crate::support::process::Served;
use crate::support::{Api, TestApp};
use malipo::domain::account::Mode;
use malipo::services::provider_accounts::{self, overview};
use serde_json::json;

/// A secret as it stands, in hex, and in base64: the forms in which it would leak.
fn forms(secret: &str) -> Vec<String> {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(secret);
    vec![
        secret.to_owned(),
        hex::encode(secret),
        base64.trim_end_matches('=').to_owned(),
    ]
}

fn shows(text: &[u8], secret: &str) -> bool {
    forms(secret)
        .iter()
        .any(|form| text.windows(form.len()).any(|w| w == form.as_bytes()))
}

#[tokio::test]
async fn r15_the_database_holds_no_secret_in_clear() {
    let t = TestApp::start().await;
    paid(&t, "paystack").await;
    paid(&t, "mpesa").await;
    t.go_live("paystack").await;
    let account = provider_accounts::open(&t.app, &t.tenant.id, "paystack", Mode::Live).await;
    let account = account.unwrap();
    let live = account.credential("secret_key").unwrap();
    let live = secrecy::ExposeSecret::expose_secret(live).to_owned();
    assert!(live.starts_with("sk_live_"), "it opens again");
    let master = t.master_key().split_once(':').unwrap().1.to_owned();
    let stored = t.db.dump().await;
    assert!(
        stored.windows(13).any(|w| w == b"hook.received"),
        "the dump is read"
    );
    let mut secrets = t.secrets.clone();
    secrets.extend([live, master, t.api.key.clone(), t.live.key.clone()]);
    for secret in &secrets {
        assert!(!shows(&stored, secret), "{} is in clear", &secret[..8]);
    }
}

/// Follows redirects, as a browser does.
fn browser() -> reqwest::Client {
    reqwest::Client::builder().build().unwrap()
}

#[tokio::test]
async fn r15_no_answer_shows_a_secret() {
    let t = TestApp::start().await;
    let (order, done) = paid(&t, "paystack").await;
    paid(&t, "mpesa").await;
    t.sim
        .fault("paystack", "initialize", "http_500", json!({}))
        .await;
    let mut seen = String::new();
    let again = t.api.order(1_000, json!({})).await;
    for answer in [
        t.api.try_pay(&again, "paystack", json!({})).await,
        t.api.get("/orders").await,
        t.api.get("/payments").await,
        t.api.refund(&done, None).await,
        t.api.post("/orders", json!({ "reference": 1 })).await,
    ] {
        seen.push_str(&answer.text);
    }
    for path in [
        "/healthz".to_owned(),
        "/readyz".to_owned(),
        "/login".to_owned(),
        format!(
            "/pay/{}",
            order["checkout_url"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
        ),
        format!(
            "/pay/{}",
            again["checkout_url"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
        ),
    ] {
        let answer = browser().get(format!("{}{path}", t.url)).send().await;
        let answer = answer.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        seen.push_str(&answer.text().await.unwrap());
    }
    // What the dashboard may show of an account: fingerprints alone.
    for view in overview(&t.app, &t.tenant.id).await.unwrap() {
        seen.push_str(&serde_json::to_string(&view.options).unwrap());
        for shown in view.credentials {
            seen.push_str(&[shown.fingerprint, shown.value.unwrap_or_default()].concat());
        }
    }
    for step in ["steps", "events", "audit"] {
        let pool = t.db.pool().await;
        let column = if step == "audit" { "detail" } else { "data" };
        let text = format!("SELECT {column} FROM {step}");
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(text))
            .fetch_all(&pool)
            .await
            .unwrap();
        seen.push_str(&rows.concat());
    }
    assert!(seen.len() > 5_000);
    for secret in &t.secrets {
        assert!(!shows(seen.as_bytes(), secret), "{} is shown", &secret[..8]);
    }
    assert!(!seen.contains(&t.api.key));
}

#[tokio::test]
async fn r15_the_log_names_no_secret_no_person_and_no_body() {
    let t = TestApp::start().await;
    let served = Served::start(&t).await;
    let api = Api {
        url: served.url.clone(),
        ..t.api.clone()
    };
    let order = api
        .order(150_000, json!({ "description": "Kitenge Nyota" }))
        .await;
    for (operation, fault) in [("initialize", "http_500"), ("initialize", "reset")] {
        t.sim.fault("paystack", operation, fault, json!({})).await;
        let forced = json!({ "force": true });
        assert_eq!(
            api.pay(&order, "paystack", forced).await["status"],
            "unknown"
        );
    }
    let prompt = json!({ "force": true, "phone": "0712345678" });
    api.pay(&order, "mpesa", prompt).await;
    let hook = t.hook_url("paystack", Mode::Test).await;
    let token = hook.rsplit('/').next().unwrap();
    let forged = t.http.post(format!("{}/hooks/{token}", served.url));
    let forged = forged.body("{\"event\":\"Kitenge Nyota\"}").send().await;
    assert_eq!(forged.unwrap().status(), 401);
    let link = order["checkout_url"].as_str().unwrap();
    let link = link.rsplit('/').next().unwrap().to_owned();
    let page = format!("{}/pay/{link}", served.url);
    assert_eq!(browser().get(page).send().await.unwrap().status(), 200);
    let log = served.log();
    assert!(log.contains("a hook was not verified"), "{log}");
    let mut never = t.secrets.clone();
    never.extend(
        [
            t.api.key.as_str(),
            t.master_key().split_once(':').unwrap().1,
            "wanjiku@customers.example",
            "254712345678",
            "0712345678",
            "Kitenge Nyota",
            token,
            link.as_str(),
        ]
        .map(str::to_owned),
    );
    for secret in never {
        assert!(!log.contains(&secret), "{secret} stands in the log");
    }
}
