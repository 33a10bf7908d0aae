//! A merchant's own system: takes events and answers as it is told.
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// One call as it came.
#[derive(Clone, Debug)]
pub struct Got {
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

struct Inner {
    got: Mutex<Vec<Got>>,
    /// Answers for the next calls; then 200.
    next: Mutex<VecDeque<u16>>,
    /// Where redirects lead.
    elsewhere: Mutex<String>,
    open: AtomicUsize,
    most_open: AtomicUsize,
    hangs: watch::Sender<bool>,
}

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    inner: Arc<Inner>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            got: Mutex::default(),
            next: Mutex::default(),
            elsewhere: Mutex::default(),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            hangs: watch::channel(false).0,
        });
        let router = Router::new()
            .route("/events", post(take))
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// What the next calls are answered.
    pub fn answers(&self, statuses: &[u16]) {
        self.inner.next.lock().unwrap().extend(statuses);
    }

    pub fn redirects_to(&self, url: &str) {
        url.clone_into(&mut self.inner.elsewhere.lock().unwrap());
    }

    /// Answers nobody, or everybody again.
    pub fn hang(&self, hangs: bool) {
        self.inner.hangs.send_replace(hangs);
    }

    pub fn got(&self) -> Vec<Got> {
        self.inner.got.lock().unwrap().clone()
    }

    /// The ids of what came, in order.
    pub fn ids(&self) -> Vec<String> {
        let got = self.got();
        got.iter()
            .map(|g| g.header("webhook-id").to_owned())
            .collect()
    }

    pub fn types(&self) -> Vec<String> {
        let got = self.got();
        got.iter()
            .map(|g| g.json()["type"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The most calls that were open at once.
    pub fn most_open(&self) -> usize {
        self.inner.most_open.load(Ordering::SeqCst)
    }
}

/// Counts itself out, also when the caller hangs up.
struct Open(Arc<Inner>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let now_open = inner.open.fetch_add(1, Ordering::SeqCst) + 1;
    inner.most_open.fetch_max(now_open, Ordering::SeqCst);
    let _open = Open(inner.clone());
    let body = String::from_utf8(body.to_vec()).unwrap();
    inner.got.lock().unwrap().push(Got { headers, body });
    let mut hangs = inner.hangs.subscribe();
    let _ = hangs.wait_for(|hangs| !hangs).await;
    let status = inner.next.lock().unwrap().pop_front().unwrap_or(200);
    let status = StatusCode::from_u16(status).unwrap();
    let elsewhere = inner.elsewhere.lock().unwrap().clone();
    let words = format!("the shop says {status}");
    if status.is_redirection() {
        return (status, [(header::LOCATION, elsewhere)], words).into_response();
    }
    (status, words).into_response()
}
