//! The API as a merchant's program calls it.
use serde_json::{Value, json};

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text))
    }

    /// The body of a success.
    pub fn ok(&self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{} {}",
            self.status,
            self.text
        );
        self.json()
    }

    /// The status and stable code of a refusal.
    pub fn refusal(&self) -> (u16, String) {
        let body = self.json();
        let kind = self.headers.get("content-type").unwrap();
        assert_eq!(kind, "application/problem+json", "{}", self.text);
        assert_eq!(body["status"], self.status);
        (self.status, body["code"].as_str().unwrap().to_owned())
    }
}

/// One key's view of one server.
#[derive(Clone)]
pub struct Api {
    pub url: String,
    pub key: String,
    pub http: reqwest::Client,
}

impl Api {
    pub async fn get(&self, path: &str) -> Answer {
        let url = format!("{}/api/v1{path}", self.url);
        let request = self.http.get(url).bearer_auth(&self.key);
        Answer::read(request.send().await.unwrap()).await
    }

    /// POST with an `Idempotency-Key` of its own.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_keyed(path, body, &super::word()).await
    }

    pub async fn post_keyed(&self, path: &str, body: Value, key: &str) -> Answer {
        let url = format!("{}/api/v1{path}", self.url);
        let request = self.http.post(url).bearer_auth(&self.key).json(&body);
        let request = request.header("idempotency-key", key);
        Answer::read(request.send().await.unwrap()).await
    }

    /// An order of `amount` minor units of KES; `more` adds to it.
    pub async fn order(&self, amount: i64, more: Value) -> Value {
        let mut body = json!({
            "reference": format!("BK-{}", super::word()), "amount": amount, "currency": "KES",
            "customer": { "email": "wanjiku@customers.example", "phone": "+254712345678" },
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.post("/orders", body).await.ok()
    }

    /// Starts a payment of an order.
    pub async fn pay(&self, order: &Value, provider: &str, more: Value) -> Value {
        self.try_pay(order, provider, more).await.ok()
    }

    pub async fn try_pay(&self, order: &Value, provider: &str, more: Value) -> Answer {
        let mut body = json!({ "provider": provider });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let path = format!("/orders/{}/payments", id(order));
        self.post(&path, body).await
    }

    /// The object as it is now.
    pub async fn now(&self, object: &Value) -> Value {
        let kind = object["object"].as_str().unwrap();
        self.get(&format!("/{kind}s/{}", id(object))).await.ok()
    }

    pub async fn verify(&self, payment: &Value) -> Value {
        let path = format!("/payments/{}/verify", id(payment));
        self.post(&path, json!({})).await.ok()
    }

    /// Asks for a refund; all that is left without an amount.
    pub async fn refund(&self, payment: &Value, amount: Option<i64>) -> Answer {
        let mut body = json!({ "reason": "returned" });
        if let Some(amount) = amount {
            body["amount"] = json!(amount);
        }
        self.post(&format!("/payments/{}/refunds", id(payment)), body)
            .await
    }
}

pub fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

pub fn reference(payment: &Value) -> &str {
    payment["reference"].as_str().unwrap()
}

/// What the simulator knows a payment by.
pub fn theirs(payment: &Value) -> &str {
    match payment["provider"].as_str() {
        Some("mpesa") => payment["provider_reference"].as_str(),
        _ => payment["reference"].as_str(),
    }
    .unwrap()
}

/// The flags of a payment or order.
pub fn flags(object: &Value) -> Vec<&str> {
    let flags = object["flags"].as_array().unwrap();
    flags.iter().map(|f| f.as_str().unwrap()).collect()
}
