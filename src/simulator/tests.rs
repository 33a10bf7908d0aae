//! The simulator over HTTP, as a merchant's program, a customer and a test meet it.

mod control;
mod flutterwave;
mod mamopay;
mod mpesa;
mod mtn_momo;
mod payme;
mod paymongo;
mod paystack;
mod stripe;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::{Value, json};

use super::*;

type Seen = Arc<Mutex<Vec<(HeaderMap, String)>>>;

struct World {
    url: String,
    hooks: String,
    seen: Seen,
    http: reqwest::Client,
    stop: tokio::sync::oneshot::Sender<()>,
    served: tokio::task::JoinHandle<anyhow::Result<()>>,
    data: PathBuf,
    _folder: tempfile::TempDir,
}

/// A receiver of hooks that keeps what it gets.
async fn receiver(seen: Seen) -> String {
    let app = Router::new().route(
        "/{*path}",
        post(move |headers: HeaderMap, body: Bytes| {
            let seen = seen.clone();
            async move {
                let text = String::from_utf8(body.to_vec()).unwrap();
                seen.lock().unwrap().push((headers, text));
                axum::Json(json!({"ResultCode": "0", "ResultDesc": "Accepted"}))
            }
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("deep/simulator.db");
        let mut options = Options::new("127.0.0.1:0".parse().unwrap(), data.clone());
        // Only `advance` lets time pass far enough for a prompt.
        options.prompt_delay = Duration::from_secs(30);
        let simulator = bind(options).await.unwrap();
        let url = simulator.url();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let served = tokio::spawn(simulator.serve(async {
            let _ = stopped.await;
        }));
        let seen = Seen::default();
        let hooks = receiver(seen.clone()).await;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            url,
            hooks,
            seen,
            http,
            stop,
            served,
            data,
            _folder: folder,
        }
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_control/{path}", self.url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {}",
            answer.text().await.unwrap()
        );
        answer.json().await.unwrap()
    }

    async fn ledger(&self) -> Value {
        let url = format!("{}/_control/ledger", self.url);
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    fn hooks(&self) -> Vec<(HeaderMap, String)> {
        self.seen.lock().unwrap().clone()
    }

    async fn paystack(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/paystack/{path}", self.url);
        let request = if body.is_null() {
            self.http.get(url)
        } else {
            self.http.post(url).json(&body)
        };
        let answer = request
            .bearer_auth("sk_test_shop_0001")
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn initialize(&self, reference: &str) -> String {
        let body = json!({
            "email": "a@b.example", "amount": 25_000, "currency": "NGN", "reference": reference,
            "callback_url": "https://shop.example/back?x=1",
            "metadata": {"cancel_action": "https://shop.example/cancelled"},
        });
        let (status, told) = self.paystack("transaction/initialize", body).await;
        assert_eq!(status, 200, "{told}");
        told["data"]["authorization_url"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn submit(&self, page: &str, fields: &[(&str, &str)]) -> (u16, Option<String>) {
        let answer = self.http.post(page).form(fields).send().await.unwrap();
        let to = answer
            .headers()
            .get("location")
            .map(|l| l.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to)
    }

    async fn verified(&self, reference: &str) -> Value {
        let path = format!("transaction/verify/{reference}");
        self.paystack(&path, Value::Null).await.1["data"].clone()
    }

    async fn with_shop(self) -> Self {
        let hook_url = format!("{}/paystack", self.hooks);
        let account = json!({"provider": "paystack", "secret_key": "sk_test_shop_0001", "hook_url": hook_url});
        self.control("accounts", account).await;
        self
    }

    async fn token(&self) -> String {
        let url = format!(
            "{}/mpesa/oauth/v1/generate?grant_type=client_credentials",
            self.url
        );
        let answer = self
            .http
            .get(url)
            .basic_auth("key", Some("secret"))
            .send()
            .await
            .unwrap();
        let told: Value = answer.json().await.unwrap();
        assert_eq!(told["expires_in"], "3599");
        told["access_token"].as_str().unwrap().to_owned()
    }

    async fn mpesa(&self, token: &str, path: &str, mut body: Value) -> (u16, Value) {
        body["Timestamp"] = json!("20260105120000");
        let text = format!("174379{}20260105120000", mpesa_passkey());
        body["Password"] = json!(base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            text
        ));
        let url = format!("{}/mpesa/mpesa/{path}", self.url);
        let answer = self
            .http
            .post(url)
            .bearer_auth(token)
            .json(&body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn push(&self, token: &str, phone: &str, amount: i64) -> (u16, Value) {
        let body = json!({
            "BusinessShortCode": "174379", "TransactionType": "CustomerPayBillOnline",
            "Amount": amount, "PartyA": phone, "PartyB": "174379", "PhoneNumber": phone,
            "CallBackURL": format!("{}/hooks/0a1b/p1", self.hooks),
            "AccountReference": "ORDER1", "TransactionDesc": "Order",
        });
        self.mpesa(token, "stkpush/v1/processrequest", body).await
    }

    async fn stk_query(&self, token: &str, id: &Value) -> Value {
        let body = json!({"BusinessShortCode": "174379", "CheckoutRequestID": id});
        self.mpesa(token, "stkpushquery/v1/query", body).await.1["ResultCode"].clone()
    }
}

fn mpesa_passkey() -> &'static str {
    "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
}
