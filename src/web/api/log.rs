//! Notes each call in the request log: who called what, and what came of it. Never a body or a
//! query, for they hold customers' data.
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::ids::{ApiKeyId, TenantId};
use crate::services::App;
use crate::services::api_keys::ApiKey;
use crate::services::call_log::{self, ApiRequest};
use crate::web::problem::Code;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use std::sync::{Arc, OnceLock};

/// Longer texts of callers are cut.
const MOST_CHARS: usize = 255;

/// Whose key the call carries, once it is known. Calls without a known key belong to nobody's log.
#[derive(Clone, Default)]
pub(super) struct Speaker(Arc<OnceLock<(TenantId, Mode, ApiKeyId)>>);

impl Speaker {
    pub fn set(&self, key: &ApiKey) {
        let _ = self
            .0
            .set((key.tenant_id.clone(), key.mode, key.id.clone()));
    }
}

/// A call under way. It is noted when it is dropped, so that one whose caller went away is, too.
struct Note {
    app: App,
    speaker: Speaker,
    method: String,
    route: String,
    path: String,
    request_id: String,
    idempotency_key: String,
    at: Timestamp,
    status: u16,
    code: &'static str,
}

impl Drop for Note {
    fn drop(&mut self) {
        let Some((tenant, mode, key)) = self.speaker.0.get() else {
            return;
        };
        let took = self.app.clock.now().unix_ms() - self.at.unix_ms();
        let call = ApiRequest {
            id: self.app.clock.id(),
            tenant_id: tenant.clone(),
            livemode: !mode.is_test(),
            key_id: key.clone(),
            method: std::mem::take(&mut self.method),
            route: std::mem::take(&mut self.route),
            path: std::mem::take(&mut self.path),
            status: i64::from(self.status),
            code: self.code.to_owned(),
            took_ms: took.max(0),
            request_id: std::mem::take(&mut self.request_id),
            idempotency_key: std::mem::take(&mut self.idempotency_key),
            at: self.at,
        };
        call_log::note(&self.app, call);
    }
}

/// The layer over every operation.
pub(super) async fn note(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let speaker = Speaker::default();
    let route = request.extensions().get::<MatchedPath>();
    let mut note = Note {
        speaker: speaker.clone(),
        method: request.method().to_string(),
        route: route.map_or_else(String::new, |r| r.as_str().to_owned()),
        path: cut(request.uri().path()),
        request_id: header(request.headers(), "x-request-id"),
        idempotency_key: header(request.headers(), "idempotency-key"),
        at: app.clock.now(),
        status: 0,
        code: "",
        app,
    };
    request.extensions_mut().insert(speaker);
    let response = next.run(request).await;
    note.status = response.status().as_u16();
    note.code = response.extensions().get::<Code>().map_or("", |c| c.0);
    response
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let text = headers.get(name).and_then(|v| v.to_str().ok());
    cut(text.unwrap_or_default())
}

/// What a database takes and a page shows.
fn cut(text: &str) -> String {
    let shown = text.chars().filter(|c| !c.is_control());
    shown.take(MOST_CHARS).collect()
}
