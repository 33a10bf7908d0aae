//! Who is asking: the session, the shop of the address, and what the role may do. Nothing of a
//! shop is reached but through [`Who::may`], which every handler and server function calls first.
use crate::domain::ids::{Id, UserId};
use crate::domain::role::Permission;
use crate::services::accounts::{self, Member};
use crate::services::sessions::{Sessions, USER};
use crate::services::{Actor, App, StoreError};
use crate::web::admin::views::door;
use crate::web::client;
use crate::web::flash::Flash;
use crate::web::render::{self, Document};
use axum::extract::{ConnectInfo, FromRequestParts, OriginalUri, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use leptos::prelude::AnyView;
use std::fmt::Display;
use std::net::SocketAddr;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

/// A session ends after this long without a request.
const IDLE_HOURS: i64 = 12;
/// The end is moved at most this often, so that reading pages writes little.
const TOUCH_SECS: i64 = 600;
const SEEN: &str = "seen";

/// Whether cookies are for https alone.
pub fn secure(app: &App) -> bool {
    app.settings.public_url.starts_with("https://")
}

/// The layer that carries sessions; it goes over the pages and over `/do`.
pub fn session_layer(app: &App) -> SessionManagerLayer<Sessions> {
    let name = if secure(app) {
        "__Host-malipo_session"
    } else {
        "malipo_session"
    };
    SessionManagerLayer::new(Sessions::new(app.clone()))
        .with_name(name)
        .with_path("/")
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(secure(app))
        .with_expiry(Expiry::OnInactivity(Duration::hours(IDLE_HOURS)))
}

/// Why a request gets no page.
#[derive(Debug)]
pub enum Refusal {
    /// Nobody is signed in; the path to come back to.
    SignIn(String),
    /// A foreign tenant or id, or none at all.
    NotFound,
    /// The role may not: the shop's slug.
    Forbidden(String),
    Broken,
}

impl Refusal {
    /// Logs what failed and hides it from the reader.
    pub fn broken(error: impl Display) -> Self {
        tracing::error!(error = %error, "a page of the dashboard failed");
        Self::Broken
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::broken(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(back) => Redirect::to(&login_path(&back)).into_response(),
            Self::NotFound => plain(StatusCode::NOT_FOUND, "Not found", door::not_found),
            Self::Forbidden(slug) => plain(StatusCode::FORBIDDEN, "Not for your role", move || {
                door::forbidden(&slug)
            }),
            Self::Broken => plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong",
                door::broken,
            ),
        }
    }
}

/// The sign-in page that leads back to `path`.
pub fn login_path(path: &str) -> String {
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("/login?next={next}")
}

/// A document of the dashboard.
pub fn document(title: &str) -> Document {
    let mut doc = Document::new("en", "ltr", title);
    doc.sheets = vec!["/pkg/malipo.css".to_owned()];
    doc
}

/// A page outside a shop.
pub fn plain(status: StatusCode, title: &str, view: impl FnOnce() -> AnyView) -> Response {
    let mut doc = document(&format!("{title} · Malipo"));
    doc.status = status;
    render::page(doc, view)
}

/// The signed-in user, and the session's end moved on.
pub async fn user(app: &App, session: &Session) -> Result<Option<UserId>, Refusal> {
    let id: Option<String> = session.get(USER).await.map_err(Refusal::broken)?;
    let Some(id) = id.and_then(|id| UserId::parse(&id)) else {
        return Ok(None);
    };
    let now = app.clock.now().unix_ms() / 1_000;
    let seen: Option<i64> = session.get(SEEN).await.map_err(Refusal::broken)?;
    if seen.is_none_or(|s| now - s > TOUCH_SECS) {
        session.insert(SEEN, now).await.map_err(Refusal::broken)?;
    }
    Ok(Some(id))
}

/// Opens a session for a user, under a new id: an id known before the login opens nothing.
pub async fn sign_in(session: &Session, user: &UserId) -> Result<(), Refusal> {
    session.cycle_id().await.map_err(Refusal::broken)?;
    session
        .insert(USER, user.to_string())
        .await
        .map_err(Refusal::broken)
}

/// The address that attempts are counted by: the connection's, or what a trusted proxy says.
pub fn client_address(app: &App, parts: &Parts) -> String {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let (peer, trusted) = (peer.map(|c| c.0.ip()), &app.settings.trusted_proxies);
    let address = client::source(peer, &parts.headers, trusted);
    if address.is_empty() {
        return "unknown".to_owned();
    }
    address
}

/// The page that was asked for; a form's address is none.
fn asked_for(parts: &Parts) -> String {
    let uri = parts
        .extensions
        .get::<OriginalUri>()
        .map_or(&parts.uri, |whole| &whole.0);
    let path = uri.path_and_query().map_or("/admin", |p| p.as_str());
    let path = if path.starts_with("/admin") {
        path
    } else {
        "/admin"
    };
    path.to_owned()
}

/// Somebody signed in at a shop that is theirs. What they may do is not settled yet.
pub struct Who {
    app: App,
    member: Member,
    headers: HeaderMap,
    address: String,
}

impl Who {
    /// Finds the member from a session and a slug.
    pub async fn find(
        app: &App,
        session: &Session,
        slug: &str,
        parts: &Parts,
    ) -> Result<Self, Refusal> {
        let Some(user) = user(app, session).await? else {
            return Err(Refusal::SignIn(asked_for(parts)));
        };
        let member = accounts::member(app, &user, slug)
            .await?
            .ok_or(Refusal::NotFound)?;
        Ok(Self {
            app: app.clone(),
            member,
            headers: parts.headers.clone(),
            address: client_address(app, parts),
        })
    }

    /// The only way to the shop: what the role may do is checked here.
    pub fn may(self, what: Permission) -> Result<Me, Refusal> {
        if self.member.role.may(what) {
            Ok(Me {
                app: self.app,
                member: self.member,
                headers: self.headers,
                address: self.address,
            })
        } else {
            Err(Refusal::Forbidden(self.member.tenant.slug))
        }
    }
}

impl FromRequestParts<App> for Who {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let session = Session::from_request_parts(parts, app)
            .await
            .map_err(|(_, why)| Refusal::broken(why))?;
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::NotFound)?;
        let slug = params
            .iter()
            .find(|(name, _)| *name == "tenant")
            .map(|(_, value)| value.to_owned())
            .ok_or(Refusal::NotFound)?;
        Self::find(app, &session, &slug, parts).await
    }
}

/// A member whose role was checked.
pub struct Me {
    pub app: App,
    pub member: Member,
    pub headers: HeaderMap,
    pub address: String,
}

impl Me {
    pub fn actor(&self) -> Actor {
        self.member.actor()
    }

    pub fn url(&self, path: &str) -> String {
        format!("/admin/{}{path}", self.member.tenant.slug)
    }

    /// The flash of one form, or what the last action said.
    pub fn flash(&self, form: &str) -> Option<Flash> {
        Flash::read(&self.headers, form, secure(&self.app))
    }
}
