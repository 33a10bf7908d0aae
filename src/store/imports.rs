//! Files of requests and their rows.
use super::to_json;
use super::{Cursor, Page, StoreError, Tx, at, expect_one, flag, json, on, parsed, text, text_opt};
use crate::domain::Timestamp;
use crate::domain::ids::{ImportId, OrderId, TenantId};
use crate::domain::import::{Import, ImportRow, ImportStatus, RowProblem, RowStatus};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

fn import(row: &AnyRow) -> Result<Import, StoreError> {
    Ok(Import {
        id: ImportId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        livemode: on(row, "livemode")?,
        file_name: text(row, "file_name")?,
        sha256: text(row, "sha256")?,
        status: parsed(row, "status", ImportStatus::parse)?,
        good: row.try_get("rows_good")?,
        bad: row.try_get("rows_bad")?,
        created_by: text(row, "created_by")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

fn import_row(row: &AnyRow) -> Result<ImportRow, StoreError> {
    Ok(ImportRow {
        line: row.try_get("line")?,
        status: parsed(row, "status", RowStatus::parse)?,
        asked: json(row, "asked")?,
        problems: json(row, "problems")?,
        order_id: text_opt(row, "order_id")?.map(OrderId::from_stored),
    })
}

pub async fn insert(tx: &mut Tx<'_>, i: &Import, rows: &[ImportRow]) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO imports (id, tenant_id, livemode, file_name, sha256, status, rows_good,
             rows_bad, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(i.id.to_string())
    .bind(i.tenant_id.to_string())
    .bind(flag(i.livemode))
    .bind(&i.file_name)
    .bind(&i.sha256)
    .bind(i.status.as_str())
    .bind(i.good)
    .bind(i.bad)
    .bind(&i.created_by)
    .bind(i.created_at.unix_ms())
    .bind(i.updated_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    for r in rows {
        sqlx::query(
            "INSERT INTO import_rows (import_id, tenant_id, line, status, asked, problems)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(i.id.to_string())
        .bind(i.tenant_id.to_string())
        .bind(r.line)
        .bind(r.status.as_str())
        .bind(to_json(&r.asked))
        .bind(to_json(&r.problems))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ImportId,
) -> Result<Option<Import>, StoreError> {
    let found = sqlx::query("SELECT * FROM imports WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(import).transpose()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Import>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM imports WHERE tenant_id = $1 AND id {than} $2
         ORDER BY id {direction} LIMIT $3"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(import).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |i| i.id.to_string()))
}

/// Another import of the same file, in the same mode, that makes or made its orders.
pub async fn twin(tx: &mut Tx<'_>, i: &Import) -> Result<Option<Import>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM imports WHERE tenant_id = $1 AND sha256 = $2 AND livemode = $3
           AND id <> $4 AND status <> 'checked' ORDER BY id DESC LIMIT 1",
    )
    .bind(i.tenant_id.to_string())
    .bind(&i.sha256)
    .bind(flag(i.livemode))
    .bind(i.id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(import).transpose()
}

/// Holds every import of one file until the transaction ends, so that two cannot begin unseen.
pub async fn lock_file(tx: &mut Tx<'_>, tenant: &TenantId, sha256: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE imports SET status = status WHERE tenant_id = $1 AND sha256 = $2")
        .bind(tenant.to_string())
        .bind(sha256)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Holds one import until the transaction ends: one process at a time makes its orders.
pub async fn lock(tx: &mut Tx<'_>, tenant: &TenantId, id: &ImportId) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE imports SET status = status WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    expect_one(done.rows_affected())
}

/// Moves an import along its table (R2).
///
/// # Errors
/// [`StoreError::Stale`] where it is not in the state it was read in.
pub async fn step(
    tx: &mut Tx<'_>,
    i: &Import,
    to: ImportStatus,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE imports SET status = $1, updated_at = $2
         WHERE tenant_id = $3 AND id = $4 AND status = $5",
    )
    .bind(to.as_str())
    .bind(now.unix_ms())
    .bind(i.tenant_id.to_string())
    .bind(i.id.to_string())
    .bind(i.status.as_str())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Rows in the file's order, from after a line; of one state, or all.
pub async fn rows(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ImportId,
    status: Option<RowStatus>,
    after_line: i64,
    limit: i64,
) -> Result<Vec<ImportRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM import_rows WHERE tenant_id = $1 AND import_id = $2
           AND ($3 = '' OR status = $3) AND line > $4 ORDER BY line LIMIT $5",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(status.map_or("", RowStatus::as_str))
    .bind(after_line)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(import_row).collect()
}

/// How many rows stand where: ready, bad, made.
pub async fn counts(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ImportId,
) -> Result<[i64; 3], StoreError> {
    let rows = sqlx::query(
        "SELECT status, COUNT(*) AS n FROM import_rows
         WHERE tenant_id = $1 AND import_id = $2 GROUP BY status",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_all(&mut **tx)
    .await?;
    let mut counts = [0; 3];
    for row in rows {
        let at = match parsed(&row, "status", RowStatus::parse)? {
            RowStatus::Ready => 0,
            RowStatus::Bad => 1,
            RowStatus::Made => 2,
        };
        counts[at] = row.try_get("n")?;
    }
    Ok(counts)
}

/// Writes what a row came to. Only a row that is ready may come to anything (R2).
///
/// # Errors
/// [`StoreError::Stale`] where it is not ready any more.
pub async fn end_row(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ImportId,
    line: i64,
    to: RowStatus,
    problems: &[RowProblem],
    order: Option<&OrderId>,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE import_rows SET status = $1, problems = $2, order_id = $3
         WHERE tenant_id = $4 AND import_id = $5 AND line = $6 AND status = 'ready'",
    )
    .bind(to.as_str())
    .bind(to_json(&problems))
    .bind(order.map(ToString::to_string))
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(line)
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// The checkout tokens of the orders that an import made, by line.
pub async fn tokens(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ImportId,
) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = sqlx::query(
        "SELECT r.line AS line, o.token AS token FROM import_rows r
         JOIN orders o ON o.id = r.order_id AND o.tenant_id = r.tenant_id
         WHERE r.tenant_id = $1 AND r.import_id = $2 ORDER BY r.line",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("line")?, text(row, "token")?)))
        .collect()
}
