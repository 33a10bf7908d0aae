//! The pages of a checkout link: each loads, picks the view that tells the truth, and answers.
use super::by_hand::{ByHand, by_hand, proof};
use super::choose::{Choose, Details, choose, details};
use super::ends::{
    Already, Closed, ComesBack, Failed, Receipt, Surplus, already, bare, closed, comes_back,
    failed, mock, receipt,
};
use super::load::{self, Opened};
use super::parts::Page;
use super::paybill::paybill;
use super::waiting::{Wait, waiting};
use crate::clock::random_hex;
use crate::domain::Money;
use crate::domain::ids::{Id, PaymentId};
use crate::domain::method::Method;
use crate::domain::order::OrderStatus;
use crate::domain::payment::{FailureCode, Flag, Payment, PaymentStatus};
use crate::domain::proof::ProofStatus;
use crate::domain::refund::RefundStatus;
use crate::services::{
    App, Flow, StoreError, checkout, orders, payments, proofs, provider_accounts, refunds,
};
use crate::web::flash::{self, Flash};
use crate::web::texts::{How, Lang, Speaks, format};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Trouble of ours: said in the reader's language, told to the log.
pub struct Trouble(Lang);

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        bare(self.0, StatusCode::INTERNAL_SERVER_ERROR)
    }
}

pub type Answer = Result<Response, Trouble>;

/// One request for a page.
pub struct Asked {
    pub app: App,
    pub headers: HeaderMap,
    pub uri: Uri,
}

impl Asked {
    fn lang(&self) -> Lang {
        load::lang_of(&self.headers, &self.uri)
    }

    pub(super) fn trouble(&self, error: &dyn std::fmt::Display) -> Trouble {
        // The path holds the link's token, which is a secret.
        tracing::error!(error = %error, "a checkout page failed");
        Trouble(self.lang())
    }

    pub(super) fn unknown(&self) -> Response {
        bare(self.lang(), StatusCode::NOT_FOUND)
    }

    async fn open(&self, token: &str) -> Result<Option<Opened>, Trouble> {
        let opened = load::open(&self.app, token, &self.headers, &self.uri).await;
        opened.map_err(|e| self.trouble(&e))
    }

    /// A payment of this link's order; another order's id is unknown here.
    async fn payment(&self, o: &Opened, id: &str) -> Result<Option<Payment>, Trouble> {
        let Some(id) = PaymentId::parse(id) else {
            return Ok(None);
        };
        let found = payments::get(&self.app, &o.tenant.id, &id).await;
        let found = found.map_err(|e| self.trouble(&e))?;
        Ok(found.filter(|p| p.order_id == o.order.id))
    }

    fn respond(&self, o: &Opened, test: bool, mut page: Page) -> Response {
        page.headers.extend(o.cookie.clone());
        page.headers.extend(self.forget_flash());
        o.frame(test).respond(page)
    }

    /// A flash that the request carries is forgotten with the answer.
    pub(super) fn forget_flash(&self) -> Option<(header::HeaderName, HeaderValue)> {
        let carries = flash::cookie(&self.headers, "malipo_flash").is_some()
            || flash::cookie(&self.headers, "__Host-malipo_flash").is_some();
        carries.then(|| flash::clear(load::secure(&self.app)))
    }
}

impl axum::extract::FromRequestParts<App> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        app: &App,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self {
            app: app.clone(),
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
        })
    }
}

pub fn go(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// `/pay/{token}`
pub async fn start(asked: Asked, Path(token): Path<String>) -> Answer {
    let Some(o) = asked.open(&token).await? else {
        return Ok(asked.unknown());
    };
    let all = checkout::payments_of(&asked.app, &o.order).await;
    let all = all.map_err(|e| asked.trouble(&e))?;
    if o.order.takes_payments(o.now) {
        // Money that may have gone: never a second offer (R4).
        let uncertain = all.iter().rev().filter(|p| p.settles_order()).find(|p| {
            matches!(
                p.status,
                PaymentStatus::Unknown | PaymentStatus::Mismatched | PaymentStatus::Processing
            )
        });
        if let Some(p) = uncertain {
            return Ok(go(&o.page_of(p)));
        }
        if let Some(page) = waiting_proof(&asked, &o, &all).await? {
            return Ok(go(&page));
        }
        return offer(&asked, &o).await;
    }
    if let Some((p, why)) = surplus(&all) {
        return back(&asked, &o, &all, p, why).await;
    }
    Ok(if o.order.status == OrderStatus::Paid {
        show_receipt(&asked, &o, &all)
    } else {
        show_closed(&asked, &o, &all)
    })
}

async fn waiting_proof(
    asked: &Asked,
    o: &Opened,
    all: &[Payment],
) -> Result<Option<String>, Trouble> {
    let Some(p) = all
        .last()
        .filter(|p| p.provider == "manual" && p.status.is_open())
    else {
        return Ok(None);
    };
    let sent = proofs::of_payment(&asked.app, &o.tenant.id, &p.id).await;
    let sent = sent.map_err(|e| asked.trouble(&e))?;
    let waits = sent
        .last()
        .is_some_and(|f| matches!(f.status, ProofStatus::Submitted | ProofStatus::MoreWanted));
    Ok(waits.then(|| o.page_of(p)))
}

async fn offer(asked: &Asked, o: &Opened) -> Answer {
    let choices = checkout::choices(&asked.app, &o.tenant, &o.order, o.whole).await;
    let choices = choices.map_err(|e| asked.trouble(&e))?;
    let refused = Flash::read(&asked.headers, "choose", load::secure(&asked.app));
    let test = !o.order.livemode || choices.iter().any(|c| c.test);
    let of = Choose {
        offers: choices.iter().map(|c| load::offer(o.lang, c)).collect(),
        chosen: refused.as_ref().map(|f| f.typed("choice").to_owned()),
        panels: load::panels(&choices),
        form_key: random_hex::<12>(),
        return_url: o.failure_url(),
        targets: checkout::page_origins(&asked.app, &choices),
        test_order: !o.order.livemode || (!choices.is_empty() && choices.iter().all(|c| c.test)),
        refused,
    };
    let page = choose(&o.frame(test), of);
    Ok(asked.respond(o, test, page))
}

/// `/pay/{token}/with/{provider}/{method}`
pub async fn with(
    asked: Asked,
    Path((token, provider, method)): Path<(String, String, String)>,
) -> Answer {
    let Some(o) = asked.open(&token).await? else {
        return Ok(asked.unknown());
    };
    if !o.order.takes_payments(o.now) {
        return Ok(go(&closed_page(&o)));
    }
    let choices = checkout::choices(&asked.app, &o.tenant, &o.order, o.whole).await;
    let choices = choices.map_err(|e| asked.trouble(&e))?;
    let chosen = choices
        .iter()
        .find(|c| c.provider.name == provider && c.method.as_str() == method);
    let Some(chosen) = chosen.cloned() else {
        return Ok(go(&o.home()));
    };
    let mut others = Vec::new();
    for other in &choices {
        let name = (o.lang.texts().method_name)(other.method, other.provider.label);
        let same = other.provider.name == chosen.provider.name && other.method == chosen.method;
        if !same && !others.contains(&name) {
            others.push(name);
        }
    }
    let offered = [chosen];
    let test = offered[0].test || !o.order.livemode;
    let phone = o.order.customer.phone.as_deref();
    let of = Details {
        offer: load::offer(o.lang, &offered[0]),
        others,
        panels: load::panels(&offered),
        form_key: random_hex::<12>(),
        phone: phone
            .map(|p| format::phone(Lang::En, p, &o.tenant.country).replace('\u{a0}', " "))
            .unwrap_or_default(),
        email: o.order.customer.email.clone().unwrap_or_default(),
        targets: checkout::page_origins(&asked.app, &offered),
        refused: Flash::read(&asked.headers, "start", load::secure(&asked.app)),
    };
    let page = details(&o.frame(test), of);
    Ok(asked.respond(&o, test, page))
}

/// Where an order that takes no payment leads on the way to paying it.
pub fn closed_page(o: &Opened) -> String {
    match o.order.status {
        OrderStatus::Paid => format!("{}/already", o.base()),
        _ => o.base(),
    }
}

/// `/pay/{token}/payment/{payment}`
pub async fn payment(asked: Asked, Path((token, id)): Path<(String, String)>) -> Answer {
    let Some(o) = asked.open(&token).await? else {
        return Ok(asked.unknown());
    };
    let Some(p) = asked.payment(&o, &id).await? else {
        return Ok(asked.unknown());
    };
    let mut o = o;
    o.follow(&p);
    match p.status {
        PaymentStatus::Succeeded => {
            if let Some(why) = surplus_of(&p) {
                let all = checkout::payments_of(&asked.app, &o.order).await;
                let all = all.map_err(|e| asked.trouble(&e))?;
                return back(&asked, &o, &all, &p, why).await;
            }
            let page = receipt(
                &o.frame(is_test(&p)),
                receipt_of(&o, &p, p.captured(), None),
            );
            Ok(asked.respond(&o, is_test(&p), page))
        }
        PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Expired => {
            show_failed(&asked, &o, &p).await
        }
        _ if p.provider == "manual" => show_by_hand(&asked, &o, &p).await,
        // Paid or closed meanwhile: nobody is told to pay once more.
        _ if p.method == Method::Paybill && !o.order.takes_payments(o.now) => {
            Ok(go(&closed_page(&o)))
        }
        _ if p.method == Method::Paybill => {
            let frame = o.frame(is_test(&p));
            Ok(match o.pay_bill(&p) {
                Some(of) => asked.respond(&o, is_test(&p), paybill(&frame, of)),
                None => go(&o.base()),
            })
        }
        _ => {
            let frame = o.frame(is_test(&p));
            let mut of = o.waiting(&p);
            if of.method == How::Prompt && of.kind == Wait::Customer {
                let choices = checkout::choices(&asked.app, &o.tenant, &o.order, o.whole).await;
                let choices = choices.map_err(|e| asked.trouble(&e))?;
                of.instead = Opened::instead(o.lang, &p, &choices);
            }
            let page = waiting(&frame, of);
            Ok(asked.respond(&o, is_test(&p), page))
        }
    }
}

fn is_test(p: &Payment) -> bool {
    p.test_mode || !p.livemode
}

async fn show_by_hand(asked: &Asked, o: &Opened, p: &Payment) -> Answer {
    let options = provider_accounts::options(&asked.app, &o.tenant.id, "manual").await;
    let options = options.map_err(|e| asked.trouble(&e))?;
    let told = load::instructions(&options, p.method);
    let sent = proofs::of_payment(&asked.app, &o.tenant.id, &p.id).await;
    let sent = sent.map_err(|e| asked.trouble(&e))?;
    let form = o.proof_form(p, asked);
    let frame = o.frame(is_test(p));
    let page = match sent.last() {
        Some(last) => proof(&frame, o.proof_view(last, &told, form, true)),
        None => by_hand(
            &frame,
            ByHand {
                method: p.method,
                digits: format::digits(p.amount),
                amount: o.money(p.amount),
                reason: o.order.reference.clone(),
                instructions: told,
                form,
            },
        ),
    };
    Ok(asked.respond(o, is_test(p), page))
}

async fn show_failed(asked: &Asked, o: &Opened, p: &Payment) -> Answer {
    let code = p.failure.as_ref().map_or(FailureCode::Declined, |f| f.code);
    if p.provider == "manual" {
        let sent = proofs::of_payment(&asked.app, &o.tenant.id, &p.id).await;
        let sent = sent.map_err(|e| asked.trouble(&e))?;
        if let Some(last) = sent.last() {
            let form = o.proof_form(p, asked);
            let takes_more = p.status == PaymentStatus::Expired;
            let told = load::instructions(&std::collections::BTreeMap::new(), p.method);
            let view = o.proof_view(last, &told, form, takes_more);
            let page = proof(&o.frame(is_test(p)), view);
            return Ok(asked.respond(o, is_test(p), page));
        }
    }
    let again = o.order.takes_payments(o.now) && !useless_again(code);
    let choices = checkout::choices(&asked.app, &o.tenant, &o.order, o.whole).await;
    let choices = choices.map_err(|e| asked.trouble(&e))?;
    let same = choices
        .iter()
        .find(|c| c.provider.name == p.provider && c.method == p.method);
    let prompt = same.is_some_and(|c| c.flow == Flow::PhonePrompt);
    // A prompt is sent once more at most, and only where the first is known to have ended.
    let again = match same {
        // It is begun anew by its own form below.
        Some(_) if p.method == Method::Paybill => false,
        Some(_) if prompt => {
            again && code != FailureCode::Expired && !sent_twice(asked, o, p).await?
        }
        Some(_) => again,
        None => false,
    };
    let again = again.then(|| {
        let (base, query) = (o.base(), o.query());
        format!("{base}/with/{}/{}{query}", p.provider, p.method.as_str())
    });
    let t = o.lang.texts();
    let of = Failed {
        code,
        provider: load::label(p).to_owned(),
        method: (t.method_name)(p.method, load::label(p)),
        amount: o.money(p.amount),
        phone: o.phone(p),
        is_card: p.method == Method::Card,
        again,
        instead: Opened::instead(o.lang, p, &choices)
            .filter(|_| prompt || p.method == Method::Paybill),
        date: o.day_time(p.updated_at),
        number: format::short_number(p, is_test(p)),
        return_url: o.failure_url(),
    };
    let page = failed(&o.frame(is_test(p)), of);
    Ok(asked.respond(o, is_test(p), page))
}

/// Whether the order had two prompts already.
async fn sent_twice(asked: &Asked, o: &Opened, p: &Payment) -> Result<bool, Trouble> {
    let all = checkout::payments_of(&asked.app, &o.order).await;
    let all = all.map_err(|e| asked.trouble(&e))?;
    let same = |q: &&Payment| q.provider == p.provider && q.method == p.method;
    Ok(all.iter().filter(same).count() > 1)
}

/// Whether the same method cannot end better at once.
fn useless_again(code: FailureCode) -> bool {
    matches!(
        code,
        FailureCode::AmountLimit
            | FailureCode::MerchantLimit
            | FailureCode::ProviderMisconfigured
            | FailureCode::AccountLocked
            | FailureCode::Blocked
    )
}

fn receipt_of(o: &Opened, p: &Payment, amount: Money, back: Option<Money>) -> Receipt {
    let t = o.lang.texts();
    let left = matches!(o.order.status, OrderStatus::PartiallyPaid) && p.settles_order();
    let refunded = (p.refunded_minor > 0).then(|| Money::new(p.refunded_minor, p.amount.currency));
    Receipt {
        amount,
        test: is_test(p),
        date: o.full(p.updated_at),
        paid_with: o.paid_with(p),
        provider: load::label(p).to_owned(),
        code: p.receipt.clone(),
        number: format::short_number(p, is_test(p)),
        given_back: back.or(refunded),
        return_url: o.return_url(),
        notes: p.flags.iter().map(|f| (t.flag)(*f)).collect(),
        pay_rest: left.then(|| o.money(o.order.asked(false))),
        rest: if left { o.rest() } else { vec![] },
    }
}

/// The payments that settled an order, oldest first.
fn settling(all: &[Payment]) -> Vec<&Payment> {
    all.iter()
        .filter(|p| p.status == PaymentStatus::Succeeded && p.settles_order())
        .filter(|p| !p.flags.contains(&Flag::Duplicate))
        .collect()
}

fn show_receipt(asked: &Asked, o: &Opened, all: &[Payment]) -> Response {
    let paid = settling(all);
    let Some(last) = paid.last() else {
        return show_closed(asked, o, all);
    };
    let sum = |of: fn(&Payment) -> i64| paid.iter().map(|p| of(p)).fold(0, i64::saturating_add);
    let currency = o.order.amount.currency;
    let came = Money::new(sum(|p| p.captured_minor), currency);
    let gone = Money::new(sum(|p| p.refunded_minor), currency);
    let test = !o.order.livemode;
    let of = receipt_of(o, last, came, (gone.minor > 0).then_some(gone));
    asked.respond(o, test, receipt(&o.frame(test), of))
}

/// `/pay/{token}/receipt`
pub async fn receipt_page(asked: Asked, Path(token): Path<String>) -> Answer {
    let Some(o) = asked.open(&token).await? else {
        return Ok(asked.unknown());
    };
    let all = checkout::payments_of(&asked.app, &o.order).await;
    let all = all.map_err(|e| asked.trouble(&e))?;
    if settling(&all).is_empty() {
        return Ok(go(&o.base()));
    }
    Ok(show_receipt(&asked, &o, &all))
}

/// `/pay/{token}/already`
pub async fn already_page(asked: Asked, Path(token): Path<String>) -> Answer {
    let Some(o) = asked.open(&token).await? else {
        return Ok(asked.unknown());
    };
    let all = checkout::payments_of(&asked.app, &o.order).await;
    let all = all.map_err(|e| asked.trouble(&e))?;
    let paid = settling(&all);
    let (OrderStatus::Paid, Some(last)) = (o.order.status, paid.last()) else {
        return Ok(go(&o.base()));
    };
    let test = !o.order.livemode;
    let of = Already {
        paid_with: o.paid_with(last),
        date: o.day_time(last.updated_at),
        number: format::short_number(last, test),
        return_url: o.return_url(),
    };
    Ok(asked.respond(&o, test, already(&o.frame(test), of)))
}

fn show_closed(asked: &Asked, o: &Opened, all: &[Payment]) -> Response {
    let look = all
        .iter()
        .rev()
        .find(|p| p.status.is_open() || p.status.ended_without_money());
    let test = !o.order.livemode;
    let cancelled = o.order.status == OrderStatus::Cancelled;
    let of = Closed {
        status: if cancelled {
            OrderStatus::Cancelled
        } else {
            OrderStatus::Expired
        },
        until: o.day_time(o.order.expires_at),
        look: look.map(|p| p.id.to_string()),
        return_url: o.failure_url(),
    };
    asked.respond(o, test, closed(&o.frame(test), of))
}

/// The newest payment whose money goes back, and why.
fn surplus(all: &[Payment]) -> Option<(&Payment, Surplus)> {
    all.iter()
        .rev()
        .filter(|p| p.settles_order())
        .find_map(|p| Some((p, surplus_of(p)?)))
}

fn surplus_of(p: &Payment) -> Option<Surplus> {
    if p.status != PaymentStatus::Succeeded {
        return None;
    }
    let has = |flag| p.flags.contains(&flag);
    if has(Flag::PaidAfterCancel) {
        Some(Surplus::AfterCancel)
    } else if has(Flag::Duplicate) {
        Some(Surplus::Twice)
    } else if has(Flag::Over) {
        Some(Surplus::Over)
    } else {
        None
    }
}

async fn back(asked: &Asked, o: &Opened, all: &[Payment], p: &Payment, why: Surplus) -> Answer {
    let asked_for = refunds::of_payment(&asked.app, &o.tenant.id, &p.id).await;
    let asked_for = asked_for.map_err(|e| asked.trouble(&e))?;
    let ours = asked_for.iter().rev().find(|r| r.status.holds_money());
    let amount = ours.map_or_else(|| p.captured(), |r| r.amount);
    let row = |q: &Payment, kept| {
        let comma = o.lang.texts().comma;
        let what = format!("{}{comma} {}", o.paid_with(q), o.time(q.updated_at));
        (what, q.receipt.clone().unwrap_or_default(), kept)
    };
    let mut rows: Vec<_> = match why {
        Surplus::Twice => settling(all).into_iter().map(|q| row(q, true)).collect(),
        Surplus::Over | Surplus::AfterCancel => vec![],
    };
    rows.push(row(p, why == Surplus::Over));
    let of = ComesBack {
        why,
        amount: o.money(amount),
        payments: rows,
        seen_at: o.time(p.updated_at),
        done: ours.is_some_and(|r| r.status == RefundStatus::Succeeded),
    };
    let test = is_test(p);
    Ok(asked.respond(o, test, comes_back(&o.frame(test), of)))
}

/// `/pay/{token}/return/{reference}`: the provider sent the browser back. The visit proves nothing
/// (R5); it only makes us ask.
pub async fn returned(asked: Asked, Path((token, reference)): Path<(String, String)>) -> Answer {
    let Some(o) = asked.open(&token).await? else {
        return Ok(asked.unknown());
    };
    let found = payments::by_reference(&asked.app, &o.tenant.id, &reference).await;
    let found = found.map_err(|e| asked.trouble(&e))?;
    let Some(p) = found.filter(|p| p.order_id == o.order.id) else {
        return Ok(asked.unknown());
    };
    ask(&asked.app, &o, &p).await;
    Ok(go(&o.page_of(&p)))
}

/// Asks the provider now; the page says what is known, whatever comes of it.
pub async fn ask(app: &App, o: &Opened, p: &Payment) {
    if let Err(error) = payments::verify_for_customer(app, &o.tenant.id, &p.id).await {
        tracing::warn!(payment.id = %p.id, error = %error, "a payment could not be asked after");
    }
}

/// `/pay/{token}/status/{payment}`: for the waiting page's script.
pub async fn status(State(app): State<App>, Path((token, id)): Path<(String, String)>) -> Response {
    let found = state_of(&app, &token, &id).await;
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match found {
        Ok(Some(state)) => (no_store, Json(json!({ "state": state }))).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn state_of(app: &App, token: &str, id: &str) -> Result<Option<&'static str>, StoreError> {
    let (Some((tenant, order)), Some(id)) =
        (orders::by_token(app, token).await?, PaymentId::parse(id))
    else {
        return Ok(None);
    };
    let found = payments::get(app, &tenant.id, &id).await?;
    let ours = found.filter(|p| p.order_id == order.id);
    Ok(ours.map(|p| p.status.as_str()))
}

/// `/pay/{token}/mock/{reference}`: the in-process provider's page.
pub async fn mock_page(asked: Asked, Path((token, reference)): Path<(String, String)>) -> Answer {
    let Some(o) = asked.open(&token).await? else {
        return Ok(asked.unknown());
    };
    let found = payments::by_reference(&asked.app, &o.tenant.id, &reference).await;
    let found = found.map_err(|e| asked.trouble(&e))?;
    match found.filter(|p| p.order_id == o.order.id && p.provider == "mock") {
        Some(p) => {
            let page = mock(&o.frame(true), &p.reference);
            Ok(asked.respond(&o, true, page))
        }
        None => Ok(asked.unknown()),
    }
}

/// `/pay/mock/{reference}`: the same, from the address alone.
pub async fn mock_redirect(asked: Asked, Path(reference): Path<String>) -> Answer {
    let found = payments::mock_link(&asked.app, &reference).await;
    let found = found.map_err(|e| asked.trouble(&e))?;
    Ok(match found {
        Some(token) => go(&format!("/pay/{token}/mock/{reference}")),
        None => asked.unknown(),
    })
}
