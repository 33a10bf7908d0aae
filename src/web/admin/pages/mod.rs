//! The GET side: each handler checks who asks, loads what one view shows, and renders it.
use super::auth::{Me, Refusal, document, secure};
use super::parts::Zone;
use super::parts::frame::{Frame, Page, ProviderName, Waiting};
use super::parts::lists::Query;
use super::parts::shell::shell;
use super::told::{DONE, Told};
use crate::domain::hook::HookStatus;
use crate::domain::ids::{Id, OrderId};
use crate::domain::order::Order;
use crate::domain::refund::RefundStatus;
use crate::domain::role::Permission;
use crate::services::inbound::HookFilter;
use crate::services::{
    App, Cursor, REGISTRY, StoreError, accounts, inbound, orders as order_service,
    proofs as proof_service, provider_accounts, refunds as refund_service,
};
use crate::web::{flash, render};
use axum::response::Response;
use leptos::prelude::AnyView;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

pub mod alerts;
pub mod api_keys;
pub mod customers;
pub mod endpoints;
pub mod entry;
pub mod events;
pub mod exports;
pub mod hooks;
pub mod imports;
pub mod links;
pub mod messages;
pub mod orders;
pub mod overview;
pub mod payments;
pub mod plans;
pub mod proofs;
pub mod providers;
pub mod refunds;
pub mod story;
pub mod team;
pub mod unmatched;

/// Rows of a list page.
const ROWS: i64 = 25;
/// Work is counted up to this; more reads as this many.
const COUNTED: i64 = 99;

static PROVIDERS: LazyLock<Arc<[ProviderName]>> = LazyLock::new(|| {
    REGISTRY
        .iter()
        .map(|p| {
            let info = p.info();
            ProviderName {
                name: info.name.to_owned(),
                label: info.label.trim_end_matches(" payment").to_owned(),
                monogram: info.monogram.to_uppercase(),
            }
        })
        .collect()
});

impl Me {
    /// What every page of the shop knows.
    pub async fn frame(&self) -> Result<Frame, Refusal> {
        let (app, tenant) = (&self.app, &self.member.tenant);
        let others = accounts::tenants_of(app, &self.member.user_id).await?;
        let enabled = provider_accounts::enabled(&mut app.db.read().await?, &tenant.id).await?;
        let people: BTreeMap<String, String> = accounts::members(app, &tenant.id)
            .await?
            .into_iter()
            .map(|m| {
                let name = if m.user.name.is_empty() {
                    m.user.email
                } else {
                    m.user.name
                };
                (m.user.id.to_string(), name)
            })
            .collect();
        let name = &self.member.name;
        Ok(Frame {
            slug: tenant.slug.clone(),
            shop: tenant.name.clone(),
            currency: tenant.currency,
            user_id: self.member.user_id.clone(),
            user: if name.is_empty() {
                self.member.email.clone()
            } else {
                name.clone()
            },
            role: self.member.role,
            zone: Zone::new(&tenant.timezone, app.clock.now()),
            waiting: self.waiting().await?,
            in_test: enabled.iter().filter(|a| a.test_mode).count(),
            other_shops: others.len() > 1,
            providers: PROVIDERS.clone(),
            people: people.into(),
        })
    }

    /// Work that waits, as far as the role may see it.
    async fn waiting(&self) -> Result<Waiting, StoreError> {
        let (app, tenant) = (&self.app, &self.member.tenant.id);
        let mut waiting = Waiting::default();
        if self.member.role.may(Permission::DecideProofs) {
            waiting.proofs = proof_service::queue(app, tenant, COUNTED).await?.len();
        }
        let asked = Some(RefundStatus::AwaitingApproval);
        let refunds = refund_service::list(app, tenant, asked, &Cursor::Newest, COUNTED).await?;
        waiting.refunds = refunds.rows.len();
        if self.member.role.may(Permission::ManageHooks) {
            let failed = HookFilter {
                status: Some(HookStatus::Failed),
                provider: None,
            };
            let hooks = inbound::list(app, tenant, &failed, &Cursor::Newest, COUNTED).await?;
            waiting.hooks = hooks.rows.len();
        }
        Ok(waiting)
    }

    /// What the last action said to this page and to the form on it.
    pub fn told(&self, form: &str) -> Told {
        let form = (!form.is_empty()).then(|| self.flash(form)).flatten();
        Told::new(form, self.flash(DONE))
    }

    /// The finished page. What was read from a flash is forgotten.
    pub fn page(&self, frame: &Frame, mut page: Page, told: &mut Told, main: AnyView) -> Response {
        page.notes.extend(told.note.take());
        let mut doc = document(&format!("{} · {}", page.title, frame.shop));
        doc.refresh = page.refresh;
        if told.read {
            doc.headers.push(flash::clear(secure(&self.app)));
        }
        render::page(doc, move || shell(frame, page, main))
    }

    /// An order of this shop.
    pub async fn order(&self, id: &OrderId) -> Result<Order, Refusal> {
        order_service::get(&self.app, &self.member.tenant.id, id)
            .await?
            .ok_or(Refusal::NotFound)
    }
}

/// An id from an address; anything else is not found.
pub fn id<T: Id>(text: &str) -> Result<T, Refusal> {
    T::parse(text).ok_or(Refusal::NotFound)
}

/// Orders by id, each read once: lists show what belongs to their rows.
#[derive(Default)]
pub struct Orders(HashMap<String, Order>);

impl Orders {
    pub async fn get(&mut self, me: &Me, id: &OrderId) -> Result<Order, Refusal> {
        let key = id.to_string();
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let order = me.order(id).await?;
        self.0.insert(key, order.clone());
        Ok(order)
    }
}

/// From where a list is read: `before` an id for newer rows, `after` one for older.
pub fn cursor(before: Option<&str>, after: Option<&str>) -> Cursor {
    let given = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
    match (given(before), given(after)) {
        (Some(id), _) => Cursor::Before(id),
        (None, Some(id)) => Cursor::After(id),
        (None, None) => Cursor::Newest,
    }
}

/// The addresses of the pages before and after.
pub fn around(
    path: &str,
    query: &Query,
    newer: Option<String>,
    older: Option<String>,
) -> (Option<String>, Option<String>) {
    (
        newer.map(|id| query.clone().with("before", id).href(path)),
        older.map(|id| query.clone().with("after", id).href(path)),
    )
}

/// `live`, `test` or both.
pub fn livemode(mode: &str) -> Option<bool> {
    match mode {
        "live" => Some(true),
        "test" => Some(false),
        _ => None,
    }
}

/// The tenant's provider accounts, one read.
pub async fn enabled_names(app: &App, me: &Me) -> Result<Vec<(String, bool)>, Refusal> {
    let accounts =
        provider_accounts::enabled(&mut app.db.read().await?, &me.member.tenant.id).await?;
    Ok(accounts
        .into_iter()
        .map(|a| (a.provider, a.test_mode))
        .collect())
}
