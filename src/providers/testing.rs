//! What the adapters' own tests share: a server that plays the provider, and something to call
//! it with.
use super::{
    AccessToken, Account, Call, HookError, HookProof, HookReading, Http, PaymentProvider,
    PaymentRef, RawHook, StartPayment, StartRefund, TokenStore,
};
use crate::domain::account::Mode;
use crate::domain::ids::{Id, TenantId};
use crate::domain::method::Method;
use crate::domain::{Currency, Money, Timestamp};
use async_trait::async_trait;
use axum::Router;
use axum::http::StatusCode;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;

/// Monday, 5 January 2026, 09:30:00 UTC.
pub const NOW: Timestamp = Timestamp::from_unix_ms(1_767_605_400_000);

#[derive(Default)]
pub struct Tokens {
    lock: Arc<tokio::sync::Mutex<()>>,
    pub stored: Mutex<BTreeMap<String, AccessToken>>,
}

#[async_trait]
impl TokenStore for Tokens {
    async fn guard(&self) -> OwnedMutexGuard<()> {
        self.lock.clone().lock_owned().await
    }
    async fn load(&self, product: &str) -> Option<AccessToken> {
        self.stored.lock().unwrap().get(product).cloned()
    }
    async fn save(&self, product: &str, token: &AccessToken) {
        let mut stored = self.stored.lock().unwrap();
        stored.insert(product.to_owned(), token.clone());
    }
}

/// One account at one provider, whose side `router` plays.
pub struct Bench {
    pub account: Account,
    pub base_url: String,
    pub tokens: Tokens,
    http: Http,
}

impl Bench {
    pub async fn new(account: Account, router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            account,
            base_url,
            tokens: Tokens::default(),
            http: Http::with_timeout(Duration::from_millis(400)).unwrap(),
        }
    }

    pub fn call(&self) -> Call<'_> {
        Call {
            account: &self.account,
            base_url: &self.base_url,
            http: &self.http,
            now: NOW,
            tokens: &self.tokens,
        }
    }
}

pub fn account(credentials: &[(&str, &str)]) -> Account {
    let credentials = credentials.iter();
    Account {
        tenant_id: TenantId::from_bits(1),
        mode: Mode::Test,
        credentials: credentials
            .map(|(k, v)| ((*k).to_owned(), (*v).into()))
            .collect(),
        options: BTreeMap::new(),
        fallback_email: None,
    }
}

pub fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::parse(code).unwrap())
}

pub fn start_of(amount: Money, method: Method) -> StartPayment {
    StartPayment {
        payment_id: "pay_77".to_owned(),
        reference: "p-77".to_owned(),
        amount,
        method,
        email: Some("asha@shop.example".to_owned()),
        phone: Some("+254712345678".to_owned()),
        name: Some("Asha Otieno".to_owned()),
        language: "en".to_owned(),
        expires_at: NOW.plus_secs(3_600),
        description: "Two tickets".to_owned(),
        order_reference: "inv-2026/0042".to_owned(),
        merchant_name: "Duka".to_owned(),
        return_url: "https://pay.example/return".to_owned(),
        cancel_url: "https://pay.example/cancel".to_owned(),
        hook_url: "https://pay.example/hooks/0a1b/p-77".to_owned(),
        bill: None,
    }
}

pub fn ref_of(amount: Money, method: Method) -> PaymentRef {
    PaymentRef {
        payment_id: "pay_77".to_owned(),
        reference: "p-77".to_owned(),
        provider_ref: Some("p-77".to_owned()),
        receipt: None,
        amount,
        method,
        claims: None,
        wanted: true,
        created_at: NOW,
    }
}

pub fn refund_of(amount: Money, payment: PaymentRef) -> StartRefund {
    StartRefund {
        reference: "ref_1".to_owned(),
        provider_ref: None,
        payment,
        amount,
        refunded_minor: 0,
        under_way_minor: 0,
        reason: "Sold out".to_owned(),
        hook_url: "https://pay.example/hooks/0a1b/ref_1".to_owned(),
    }
}

/// What comes of a hook: verified first, then read.
pub fn receive(
    adapter: &dyn PaymentProvider,
    account: &Account,
    raw: &RawHook,
) -> Result<(HookProof, HookReading), HookError> {
    let proof = adapter.verify(account, raw, NOW)?;
    Ok((proof, adapter.read(account, raw)?))
}

pub fn hook(headers: &[(&str, &str)], body: &str, path_reference: &str) -> RawHook {
    let headers = headers.iter();
    RawHook {
        headers: headers
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
        path_reference: path_reference.to_owned(),
    }
}

/// Every way in which a provider can leave a caller in the dark, as a router that does it on all
/// paths: silence, 5xx, nonsense and a body without end.
pub fn darkness() -> Vec<(&'static str, Router)> {
    let silent = Router::new().fallback(|| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
    });
    let broken = || async { (StatusCode::INTERNAL_SERVER_ERROR, "") };
    let page = || async { (StatusCode::BAD_GATEWAY, "<html>Bad gateway</html>") };
    let huge = || async { "x".repeat(3 << 20) };
    vec![
        ("silence", silent),
        ("500", Router::new().fallback(broken)),
        ("502 page", Router::new().fallback(page)),
        ("nonsense", Router::new().fallback(|| async { "OK!" })),
        ("other JSON", Router::new().fallback(|| async { "[1]" })),
        ("huge", Router::new().fallback(huge)),
    ]
}
