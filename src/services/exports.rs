//! Exports: rows of the books as CSV, for people with a spreadsheet. Made first, so that the number
//! of rows is known and the audit log says who asked; then taken, in pages that are read one by one
//! while the browser takes them. No transaction is open while anything is sent.
use super::objects::rfc3339;
use super::{Actor, App, books};
use crate::domain::ids::{ExportId, TenantId};
use crate::domain::{Currency, Money};
use crate::store::exports::{self as rows, RefundRow, Rows};
use crate::store::{Cursor, Page, StoreError};
use futures::Stream;
use serde_json::json;
use std::borrow::Cow;
use std::time::Duration;
use tokio::sync::mpsc;

pub use crate::domain::export::{Export, ExportFilter, ExportKind, ExportStatus};

/// Rows of one query.
const PAGE: u16 = 500;
/// A browser that takes no page for so long is gone.
const PATIENCE: Duration = Duration::from_mins(10);

/// Why an export is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the export was not found")]
    NotFound,
    /// Somebody takes it just now.
    #[error("the export is under way")]
    Running,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A piece of a file, or what broke it off.
pub type Piece = Result<Vec<u8>, std::io::Error>;

fn fresh(app: &App, actor: &Actor, tenant: &TenantId, kind: ExportKind) -> Export {
    let now = app.clock.now();
    Export {
        id: app.clock.id(),
        tenant_id: tenant.clone(),
        made_by: actor.as_str().to_owned(),
        kind,
        filter: ExportFilter::default(),
        status: ExportStatus::Made,
        total: 0,
        written: 0,
        runs: 0,
        created_at: now,
        updated_at: now,
    }
}

/// How many rows an export would have now.
pub async fn count(
    app: &App,
    tenant: &TenantId,
    kind: ExportKind,
    filter: &ExportFilter,
) -> Result<i64, StoreError> {
    let mut wanted = fresh(app, &Actor::System, tenant, kind);
    wanted.filter = filter.clone();
    rows::count(&mut app.db.read().await?, &wanted).await
}

/// Makes an export: its rows are those made until now. A form that is sent twice makes one.
pub async fn make(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    kind: ExportKind,
    filter: ExportFilter,
    form_key: Option<String>,
) -> Result<Export, StoreError> {
    let mut export = fresh(app, actor, tenant, kind);
    export.filter = filter;
    export.total = rows::count(&mut app.db.read().await?, &export).await?;
    let mut tx = app.db.begin().await?;
    match rows::insert(&mut tx, &export, form_key.clone()).await {
        Err(StoreError::Taken) => {
            drop(tx);
            let mut tx = app.db.read().await?;
            let key = form_key.unwrap_or_default();
            let known = rows::by_form_key(&mut tx, tenant, &key).await?;
            return known.ok_or(StoreError::Taken);
        }
        other => other?,
    }
    audit(app, &mut tx, actor, &export, "export.made").await?;
    tx.commit().await?;
    Ok(export)
}

async fn audit(
    app: &App,
    tx: &mut crate::store::Tx<'_>,
    actor: &Actor,
    e: &Export,
    action: &str,
) -> Result<(), StoreError> {
    let detail = json!({ "kind": e.kind.as_str(), "filter": e.filter, "rows": e.total });
    let subject = e.id.to_string();
    books::audit(app, tx, &e.tenant_id, actor, action, &subject, &detail).await
}

pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &ExportId,
) -> Result<Option<Export>, StoreError> {
    rows::get(&mut app.db.read().await?, tenant, id).await
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Export>, StoreError> {
    rows::list(&mut app.db.read().await?, tenant, cursor, limit).await
}

/// Begins to hand over the rows. Each time is a line in the audit log.
///
/// # Errors
/// [`ExportError::Running`] where it is under way already.
pub async fn take(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    id: &ExportId,
) -> Result<(Export, impl Stream<Item = Piece> + use<>), ExportError> {
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let was = rows::get(&mut tx, tenant, id).await?;
    let was = was.ok_or(ExportError::NotFound)?;
    if was.is_running(now) {
        return Err(ExportError::Running);
    }
    let total = rows::count(&mut tx, &was).await?;
    drop(tx);
    let begun = Export {
        status: ExportStatus::Running,
        total,
        written: 0,
        runs: was.runs + 1,
        updated_at: now,
        ..was.clone()
    };
    let mut tx = app.db.begin().await?;
    match rows::save(&mut tx, &begun, &was).await {
        Err(StoreError::Stale) => return Err(ExportError::Running),
        other => other?,
    }
    audit(app, &mut tx, actor, &begun, "export.taken").await?;
    tx.commit().await.map_err(StoreError::from)?;
    let (pieces, mut taken) = mpsc::channel(1);
    tokio::spawn(run(app.clone(), begun.clone(), pieces));
    // May be polled past its end, as compression does.
    let stream = futures::stream::poll_fn(move |cx| taken.poll_recv(cx));
    Ok((begun, stream))
}

/// Hands over all rows and writes down what it came to.
async fn run(app: App, begun: Export, pieces: mpsc::Sender<Piece>) {
    let ended = hand_over(&app, begun, &pieces).await;
    match ended {
        Ok(()) => {}
        Err(error) => {
            tracing::warn!(error = %error, "an export broke off");
            // The file must not look whole.
            let broken = std::io::Error::other("the export broke off");
            let _ = tokio::time::timeout(PATIENCE, pieces.send(Err(broken))).await;
        }
    }
}

async fn hand_over(
    app: &App,
    mut now: Export,
    pieces: &mpsc::Sender<Piece>,
) -> Result<(), StoreError> {
    let mut after = String::new();
    let mut piece = head(now.kind);
    loop {
        let page = rows::page(&mut app.db.read().await?, &now, &after, PAGE).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                advance(app, &mut now, 0, ExportStatus::Broken).await?;
                return Err(error);
            }
        };
        let n = page.len();
        piece.extend(lines(&page));
        let sent = tokio::time::timeout(PATIENCE, pieces.send(Ok(piece))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return advance(app, &mut now, 0, ExportStatus::Broken).await;
        }
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        let last = page.last_id().filter(|_| n == i64::from(PAGE));
        let Some(last) = last else {
            return advance(app, &mut now, n, ExportStatus::Done).await;
        };
        advance(app, &mut now, n, ExportStatus::Running).await?;
        (after, piece) = (last, Vec::new());
    }
}

/// Writes down how far it is; [`StoreError::Stale`] where another run took over.
async fn advance(
    app: &App,
    now: &mut Export,
    more: i64,
    status: ExportStatus,
) -> Result<(), StoreError> {
    let next = Export {
        status,
        written: now.written + more,
        updated_at: app.clock.now(),
        ..now.clone()
    };
    let mut tx = app.db.begin().await?;
    rows::save(&mut tx, &next, now).await?;
    tx.commit().await?;
    *now = next;
    Ok(())
}

const ORDERS: &[&str] = &[
    "id",
    "reference",
    "kind",
    "status",
    "flags",
    "livemode",
    "currency",
    "amount",
    "paid",
    "refunded",
    "description",
    "customer_id",
    "customer_name",
    "customer_email",
    "customer_phone",
    "created_at",
    "updated_at",
    "paid_at",
    "expires_at",
];
const PAYMENTS: &[&str] = &[
    "id",
    "order_id",
    "order_reference",
    "provider",
    "method",
    "status",
    "flags",
    "livemode",
    "test_mode",
    "currency",
    "amount",
    "captured",
    "refunded",
    "reference",
    "provider_reference",
    "receipt",
    "phone",
    "failure_code",
    "failure_message",
    "created_at",
    "updated_at",
];
const REFUNDS: &[&str] = &[
    "id",
    "payment_id",
    "order_id",
    "order_reference",
    "provider",
    "status",
    "currency",
    "amount",
    "reason",
    "note",
    "requested_by",
    "decided_by",
    "provider_reference",
    "failure_code",
    "failure_message",
    "created_at",
    "updated_at",
];
const EVENTS: &[&str] = &["id", "type", "subject", "livemode", "created_at", "data"];

/// The first line: names of columns, which do not change their places.
pub fn columns(kind: ExportKind) -> &'static [&'static str] {
    match kind {
        ExportKind::Orders => ORDERS,
        ExportKind::Payments => PAYMENTS,
        ExportKind::Refunds => REFUNDS,
        ExportKind::Events => EVENTS,
    }
}

fn head(kind: ExportKind) -> Vec<u8> {
    let mut line = columns(kind).join(",").into_bytes();
    line.extend(b"\r\n");
    line
}

/// A cell that no spreadsheet takes for a formula: customers choose names and references.
fn safe(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

fn lines(page: &Rows) -> Vec<u8> {
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let mut write = |cells: Vec<String>| {
        // Writing to memory does not fail.
        let _ = csv.write_record(cells.iter().map(|c| safe(c).into_owned()));
    };
    match page {
        Rows::Orders(all) => all.iter().for_each(|o| write(order(o))),
        Rows::Payments(all) => all.iter().for_each(|(p, r)| write(payment(p, r))),
        Rows::Refunds(all) => all.iter().for_each(|r| write(refund(r))),
        Rows::Events(all) => all.iter().for_each(|e| write(event(e))),
    }
    csv.into_inner().unwrap_or_default()
}

fn major(minor: i64, currency: Currency) -> String {
    Money::new(minor, currency).to_major_string()
}

/// `true` or `false`.
fn yes(on: bool) -> String {
    on.to_string()
}

/// Flags apart by spaces.
fn words(flags: &[crate::domain::payment::Flag]) -> String {
    let all: Vec<_> = flags.iter().map(|f| f.as_str()).collect();
    all.join(" ")
}

fn order(o: &crate::domain::order::Order) -> Vec<String> {
    let c = &o.customer;
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    vec![
        o.id.to_string(),
        o.reference.clone(),
        o.kind.as_str().to_owned(),
        o.status.as_str().to_owned(),
        words(&o.flags),
        yes(o.livemode),
        o.amount.currency.code().to_owned(),
        o.amount.to_major_string(),
        major(o.paid_minor, o.amount.currency),
        major(o.refunded_minor, o.amount.currency),
        o.description.clone(),
        text(&c.external_id),
        text(&c.name),
        text(&c.email),
        text(&c.phone),
        rfc3339(o.created_at),
        rfc3339(o.updated_at),
        o.fulfilled_at.map(rfc3339).unwrap_or_default(),
        rfc3339(o.expires_at),
    ]
}

fn payment(p: &crate::domain::payment::Payment, order_reference: &str) -> Vec<String> {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let failure = p.failure.as_ref();
    vec![
        p.id.to_string(),
        p.order_id.to_string(),
        order_reference.to_owned(),
        p.provider.clone(),
        p.method.as_str().to_owned(),
        p.status.as_str().to_owned(),
        words(&p.flags),
        yes(p.livemode),
        yes(p.test_mode),
        p.amount.currency.code().to_owned(),
        p.amount.to_major_string(),
        major(p.captured_minor, p.amount.currency),
        major(p.refunded_minor, p.amount.currency),
        p.reference.clone(),
        text(&p.provider_ref),
        text(&p.receipt),
        text(&p.phone),
        failure.map_or_else(String::new, |f| f.code.as_str().to_owned()),
        failure.map_or_else(String::new, |f| f.message.clone()),
        rfc3339(p.created_at),
        rfc3339(p.updated_at),
    ]
}

fn refund(row: &RefundRow) -> Vec<String> {
    let r = &row.refund;
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let failure = r.failure.as_ref();
    vec![
        r.id.to_string(),
        r.payment_id.to_string(),
        row.order_id.clone(),
        row.order_reference.clone(),
        row.provider.clone(),
        r.status.as_str().to_owned(),
        r.amount.currency.code().to_owned(),
        r.amount.to_major_string(),
        r.reason.clone(),
        r.note.clone(),
        r.requested_by.clone(),
        text(&r.decided_by),
        text(&r.provider_ref),
        failure.map_or_else(String::new, |f| f.code.as_str().to_owned()),
        failure.map_or_else(String::new, |f| f.message.clone()),
        rfc3339(r.created_at),
        rfc3339(r.updated_at),
    ]
}

fn event(e: &crate::store::books::Event) -> Vec<String> {
    vec![
        e.id.to_string(),
        e.event_type.clone(),
        e.subject.clone(),
        yes(e.livemode),
        rfc3339(e.at),
        e.data.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_taken_for_a_formula() {
        for bad in ["=1+1", "+254712", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(safe(bad), format!("'{bad}"));
        }
        for good in ["", "Wanjiku", "12.50", "a=b", "'=1"] {
            assert_eq!(safe(good), good);
        }
    }

    #[test]
    fn the_head_names_every_column_once() {
        for kind in ExportKind::ALL {
            let mut names = columns(kind).to_vec();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), columns(kind).len(), "{kind:?}");
        }
    }
}
