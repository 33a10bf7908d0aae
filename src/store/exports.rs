//! Exports: how far each came, and their rows, read in pages by key so that nothing is held open
//! while they are sent.
use super::books::{Event, event};
use super::orders::order;
use super::payments::payment;
use super::refunds::refund;
use super::{Cursor, Page, StoreError, Tx, at, expect_one, flag, json, parsed, text, to_json};
use crate::domain::Timestamp;
use crate::domain::export::{Export, ExportKind, ExportStatus};
use crate::domain::ids::{EventId, ExportId, Id, OrderId, PaymentId, RefundId, TenantId};
use crate::domain::order::Order;
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

fn export(row: &AnyRow) -> Result<Export, StoreError> {
    Ok(Export {
        id: ExportId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        made_by: text(row, "made_by")?,
        kind: parsed(row, "kind", ExportKind::parse)?,
        filter: json(row, "filter")?,
        status: parsed(row, "status", ExportStatus::parse)?,
        total: row.try_get("total")?,
        written: row.try_get("written")?,
        runs: row.try_get("runs")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

/// # Errors
/// [`StoreError::Taken`] when the form has made one already.
pub async fn insert(
    tx: &mut Tx<'_>,
    e: &Export,
    form_key: Option<String>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO exports (id, tenant_id, made_by, kind, filter, status, total, written, runs,
             created_at, updated_at, form_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(e.id.to_string())
    .bind(e.tenant_id.to_string())
    .bind(&e.made_by)
    .bind(e.kind.as_str())
    .bind(to_json(&e.filter))
    .bind(e.status.as_str())
    .bind(e.total)
    .bind(e.written)
    .bind(e.runs)
    .bind(e.created_at.unix_ms())
    .bind(e.updated_at.unix_ms())
    .bind(form_key)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ExportId,
) -> Result<Option<Export>, StoreError> {
    let found = sqlx::query("SELECT * FROM exports WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(export).transpose()
}

/// The export that a form made.
pub async fn by_form_key(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    form_key: &str,
) -> Result<Option<Export>, StoreError> {
    let found = sqlx::query("SELECT * FROM exports WHERE tenant_id = $1 AND form_key = $2")
        .bind(tenant.to_string())
        .bind(form_key)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(export).transpose()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Export>, StoreError> {
    let (than, direction) = cursor.clause();
    let sql = format!(
        "SELECT * FROM exports WHERE tenant_id = $1 AND id {than} $2
         ORDER BY id {direction} LIMIT $3"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(export).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |e| e.id.to_string()))
}

/// Saves how far an export came. The state and run that it was read in stand in `WHERE`: a run that
/// another took over is [`StoreError::Stale`] (R2).
pub async fn save(tx: &mut Tx<'_>, e: &Export, was: &Export) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE exports SET status = $1, total = $2, written = $3, runs = $4, updated_at = $5
         WHERE tenant_id = $6 AND id = $7 AND status = $8 AND runs = $9",
    )
    .bind(e.status.as_str())
    .bind(e.total)
    .bind(e.written)
    .bind(e.runs)
    .bind(e.updated_at.unix_ms())
    .bind(e.tenant_id.to_string())
    .bind(e.id.to_string())
    .bind(was.status.as_str())
    .bind(was.runs)
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Refunds say little without what they belong to.
pub struct RefundRow {
    pub refund: Refund,
    pub provider: String,
    pub order_id: String,
    pub order_reference: String,
}

/// The rows of a page by kind.
pub enum Rows {
    Orders(Vec<Order>),
    /// Each with the merchant's reference of its order.
    Payments(Vec<(Payment, String)>),
    Refunds(Vec<RefundRow>),
    Events(Vec<Event>),
}

impl Rows {
    pub fn len(&self) -> usize {
        match self {
            Self::Orders(r) => r.len(),
            Self::Payments(r) => r.len(),
            Self::Refunds(r) => r.len(),
            Self::Events(r) => r.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of the last row: the next page begins after it.
    pub fn last_id(&self) -> Option<String> {
        match self {
            Self::Orders(r) => r.last().map(|o| o.id.to_string()),
            Self::Payments(r) => r.last().map(|(p, _)| p.id.to_string()),
            Self::Refunds(r) => r.last().map(|r| r.refund.id.to_string()),
            Self::Events(r) => r.last().map(|e| e.id.to_string()),
        }
    }
}

/// Ids are made a moment apart from the times beside them.
const EDGE_SECS: i64 = 60;

/// The smallest id of a kind that can have been made at an instant: ids sort by time.
fn first_id(kind: ExportKind, at: Timestamp) -> String {
    let bits = u128::from(at.unix_ms().max(0).unsigned_abs()) << 80;
    match kind {
        ExportKind::Orders => OrderId::from_bits(bits).to_string(),
        ExportKind::Payments => PaymentId::from_bits(bits).to_string(),
        ExportKind::Refunds => RefundId::from_bits(bits).to_string(),
        ExportKind::Events => EventId::from_bits(bits).to_string(),
    }
}

/// What is read and from where: columns, tables, and the columns that the filter looks at.
struct Source {
    columns: &'static str,
    tables: &'static str,
    time: &'static str,
    status: &'static str,
    provider: &'static str,
    /// 1 for live money (R11).
    live: &'static str,
}

fn source(kind: ExportKind) -> Source {
    match kind {
        ExportKind::Orders => Source {
            columns: "x.*",
            tables: "orders x",
            time: "x.created_at",
            status: "x.status",
            provider: "''",
            live: "x.livemode",
        },
        ExportKind::Payments => Source {
            columns: "x.*, o.reference AS order_reference",
            tables: "payments x JOIN orders o ON o.id = x.order_id AND o.tenant_id = x.tenant_id",
            time: "x.created_at",
            status: "x.status",
            provider: "x.provider",
            live: "(CASE WHEN x.livemode = 1 AND x.test_mode = 0 THEN 1 ELSE 0 END)",
        },
        ExportKind::Refunds => Source {
            columns: "x.*, p.provider AS of_provider, p.order_id AS of_order,
                o.reference AS order_reference",
            tables: "refunds x JOIN payments p ON p.id = x.payment_id AND p.tenant_id = x.tenant_id
                JOIN orders o ON o.id = p.order_id AND o.tenant_id = x.tenant_id",
            time: "x.created_at",
            status: "x.status",
            provider: "p.provider",
            live: "(CASE WHEN p.livemode = 1 AND p.test_mode = 0 THEN 1 ELSE 0 END)",
        },
        ExportKind::Events => Source {
            columns: "x.*",
            tables: "events x",
            time: "x.at",
            status: "x.event_type",
            provider: "''",
            live: "x.livemode",
        },
    }
}

async fn read(
    tx: &mut Tx<'_>,
    e: &Export,
    columns: &str,
    after: &str,
    tail: &str,
) -> Result<Vec<AnyRow>, StoreError> {
    let s = source(e.kind);
    let from = e.filter.from().unwrap_or(Timestamp::from_unix_ms(0));
    let made = Timestamp::from_unix_ms(e.created_at.unix_ms().saturating_add(1));
    let to = e.filter.to().map_or(made, |to| to.min(made));
    let first = first_id(e.kind, from.plus_secs(-EDGE_SECS));
    let after = if after.is_empty() {
        first
    } else {
        after.to_owned()
    };
    let sql = format!(
        "SELECT {columns} FROM {tables}
         WHERE x.tenant_id = $1 AND x.id > $2 AND x.id < $3 AND {time} >= $4 AND {time} < $5
           AND ($6 = '' OR {status} = $6) AND ($7 = '' OR {provider} = $7) AND {live} = $8 {tail}",
        tables = s.tables,
        time = s.time,
        status = s.status,
        provider = s.provider,
        live = s.live,
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(e.tenant_id.to_string())
        .bind(after)
        .bind(first_id(e.kind, to.plus_secs(EDGE_SECS)))
        .bind(from.unix_ms())
        .bind(to.unix_ms())
        .bind(e.filter.status.clone())
        .bind(e.filter.provider.clone())
        .bind(flag(!e.filter.test))
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows)
}

/// How many rows an export has.
pub async fn count(tx: &mut Tx<'_>, e: &Export) -> Result<i64, StoreError> {
    let rows = read(tx, e, "CAST(COUNT(*) AS BIGINT) AS n", "", "").await?;
    Ok(rows.first().map_or(Ok(0), |r| r.try_get("n"))?)
}

/// The next rows after an id, oldest first; from the beginning where it is empty.
pub async fn page(
    tx: &mut Tx<'_>,
    e: &Export,
    after: &str,
    limit: u16,
) -> Result<Rows, StoreError> {
    let tail = format!("ORDER BY x.id LIMIT {limit}");
    let rows = read(tx, e, source(e.kind).columns, after, &tail).await?;
    let rows = rows.iter();
    Ok(match e.kind {
        ExportKind::Orders => Rows::Orders(rows.map(order).collect::<Result<_, _>>()?),
        ExportKind::Payments => Rows::Payments(
            rows.map(|r| Ok((payment(r)?, text(r, "order_reference")?)))
                .collect::<Result<_, StoreError>>()?,
        ),
        ExportKind::Refunds => Rows::Refunds(
            rows.map(|r| {
                Ok(RefundRow {
                    refund: refund(r)?,
                    provider: text(r, "of_provider")?,
                    order_id: text(r, "of_order")?,
                    order_reference: text(r, "order_reference")?,
                })
            })
            .collect::<Result<_, StoreError>>()?,
        ),
        ExportKind::Events => Rows::Events(rows.map(event).collect::<Result<_, _>>()?),
    })
}
