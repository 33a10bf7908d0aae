//! Files of requests: a CSV becomes orders with their links. First every row is looked at by the
//! checks of orders, and nothing is made. Then a job makes the good ones in batches, each row's
//! order and its mark in one transaction: whatever ends the program, no row is made twice.
use super::orders::{self, NewOrder, OrderError};
use super::tenants::Tenant;
use super::{Actor, App, InputProblem, books};
use crate::domain::ids::{ImportId, OrderId, TenantId, UserId};
use crate::domain::import::{Import, ImportRow, ImportStatus, RowProblem, RowStatus};
use crate::domain::job::{JobKind, Outcome};
use crate::store::{Cursor, Page, StoreError, Tx, imports, jobs, orders as order_rows, tenants};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::time::{Duration, Instant};

mod rows;

pub use rows::{COLUMNS, MOST_BYTES, MOST_ROWS};
use rows::{file_problem, order_of, problem, read};

/// Orders of one transaction: other writers wait no longer than these take.
const BATCH: i64 = 25;
/// One run of the job; then it makes room for others.
const RUN: Duration = Duration::from_secs(30);

/// Why a file was not taken, or its orders are not made.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("the import was not found")]
    NotFound,
    /// The same file makes or made orders already.
    #[error("the same file was used already")]
    Twin(Box<Import>),
    #[error(transparent)]
    Order(OrderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A file as it came.
#[derive(Clone, Debug)]
pub struct NewImport {
    pub livemode: bool,
    pub file_name: String,
    pub bytes: Vec<u8>,
}

/// An import with how far it is.
#[derive(Clone, Debug)]
pub struct Progress {
    pub import: Import,
    pub ready: i64,
    pub bad: i64,
    pub made: i64,
    /// The same file, used before.
    pub twin: Option<Import>,
}

/// Reads a file and looks at every row. Nothing is made yet.
///
/// # Errors
/// [`ImportError::Input`] where the file as a whole cannot be read.
pub async fn check(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    new: NewImport,
) -> Result<Import, ImportError> {
    let rows = read(tenant, new.livemode, &new.bytes)?;
    let now = app.clock.now();
    let count = |status| rows.iter().filter(|r| r.status == status).count();
    let file_name: String = new
        .file_name
        .chars()
        .filter(|c| !c.is_control())
        .take(100)
        .collect();
    let import = Import {
        id: app.clock.id(),
        tenant_id: tenant.id.clone(),
        livemode: new.livemode,
        file_name,
        sha256: hex::encode(Sha256::digest(&new.bytes)),
        status: ImportStatus::Checked,
        good: i64::try_from(count(RowStatus::Ready)).unwrap_or(i64::MAX),
        bad: i64::try_from(count(RowStatus::Bad)).unwrap_or(i64::MAX),
        created_by: actor.as_str().to_owned(),
        created_at: now,
        updated_at: now,
    };
    let mut tx = app.db.begin().await?;
    imports::insert(&mut tx, &import, &rows).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(import)
}

/// Begins to make the orders of a checked import. Asked twice, it begins once.
///
/// # Errors
/// [`ImportError::Twin`] where the same file was used already and that was not meant.
pub async fn make(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &ImportId,
    again: bool,
) -> Result<Import, ImportError> {
    let mut tx = app.db.begin().await?;
    let known = imports::get(&mut tx, tenant, id)
        .await?
        .ok_or(ImportError::NotFound)?;
    imports::lock_file(&mut tx, tenant, &known.sha256).await?;
    let import = imports::get(&mut tx, tenant, id)
        .await?
        .ok_or(ImportError::NotFound)?;
    if import.status != ImportStatus::Checked {
        return Ok(import);
    }
    if import.good == 0 {
        return Err(file_problem("has no row that could be made").into());
    }
    if !again && let Some(twin) = imports::twin(&mut tx, &import).await? {
        return Err(ImportError::Twin(Box::new(twin)));
    }
    let now = app.clock.now();
    imports::step(&mut tx, &import, ImportStatus::Making, now).await?;
    let subject = id.to_string();
    let (job, kind) = (app.clock.id(), JobKind::MakeImport);
    jobs::queue(&mut tx, job, tenant, kind, &subject, now).await?;
    let detail = json!({ "file": import.file_name, "rows": import.good, "again": again });
    let action = "import.begun";
    books::audit(app, &mut tx, tenant, actor, action, &subject, &detail).await?;
    tx.commit().await.map_err(StoreError::from)?;
    app.work.notify_one();
    Ok(Import {
        status: ImportStatus::Making,
        ..import
    })
}

/// The job that makes the orders. It goes on where an earlier run ended.
pub async fn run(app: &App, tenant: &TenantId, id: &ImportId) -> Result<Outcome, ImportError> {
    let began = Instant::now();
    while batch(app, tenant, id).await? {
        if began.elapsed() > RUN {
            return Ok(Outcome::Again(app.clock.now()));
        }
    }
    Ok(Outcome::Done)
}

/// Makes the orders of the next rows, all in one transaction. `false` once none is left.
pub async fn batch(app: &App, tenant: &TenantId, id: &ImportId) -> Result<bool, ImportError> {
    let mut tx = app.db.begin().await?;
    if imports::get(&mut tx, tenant, id).await?.is_none() {
        return Ok(false);
    }
    imports::lock(&mut tx, tenant, id).await?;
    let import = imports::get(&mut tx, tenant, id)
        .await?
        .ok_or(ImportError::NotFound)?;
    if import.status != ImportStatus::Making {
        return Ok(false);
    }
    let shop = tenants::by_id(&mut tx, tenant)
        .await?
        .ok_or(ImportError::NotFound)?;
    let ready = Some(RowStatus::Ready);
    let rows = imports::rows(&mut tx, tenant, id, ready, 0, BATCH).await?;
    let more = !rows.is_empty();
    for row in &rows {
        let (to, problems, order) = match make_row(app, &mut tx, &shop, &import, row).await? {
            Ok(order) => (RowStatus::Made, vec![], Some(order)),
            Err(problems) => (RowStatus::Bad, problems, None),
        };
        let (line, order) = (row.line, order.as_ref());
        imports::end_row(&mut tx, tenant, id, line, to, &problems, order).await?;
    }
    if !more {
        imports::step(&mut tx, &import, ImportStatus::Made, app.clock.now()).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(more)
}

async fn make_row(
    app: &App,
    tx: &mut Tx<'_>,
    shop: &Tenant,
    import: &Import,
    row: &ImportRow,
) -> Result<Result<OrderId, Vec<RowProblem>>, ImportError> {
    let form_key = format!("import:{}:{}", import.id, row.line);
    if let Some(known) = order_rows::by_form_key(tx, &shop.id, &form_key).await? {
        return Ok(Ok(known.id));
    }
    let new = match order_of(shop, import.livemode, &row.asked) {
        Ok(new) => NewOrder {
            form_key: Some(form_key),
            ..new
        },
        Err(problems) => return Ok(Err(problems)),
    };
    let actor = Actor::User(UserId::from_stored(import.created_by.clone()));
    match orders::insert_in(app, tx, shop, &actor, new).await {
        Ok(order) => Ok(Ok(order.id)),
        Err(OrderError::Input(p)) => Ok(Err(vec![problem(&p)])),
        Err(OrderError::Store(e)) => Err(e.into()),
        Err(e) => Err(ImportError::Order(e)),
    }
}

/// An import of a tenant with how far it is.
pub async fn get(
    app: &App,
    tenant: &TenantId,
    id: &ImportId,
) -> Result<Option<Progress>, StoreError> {
    let mut tx = app.db.read().await?;
    let Some(import) = imports::get(&mut tx, tenant, id).await? else {
        return Ok(None);
    };
    let [ready, bad, made] = imports::counts(&mut tx, tenant, id).await?;
    let twin = imports::twin(&mut tx, &import).await?;
    Ok(Some(Progress {
        import,
        ready,
        bad,
        made,
        twin,
    }))
}

pub async fn list(
    app: &App,
    tenant: &TenantId,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Import>, StoreError> {
    imports::list(&mut app.db.read().await?, tenant, cursor, limit).await
}

/// The rows that make no order, in the file's order.
pub async fn bad_rows(
    app: &App,
    tenant: &TenantId,
    id: &ImportId,
    limit: i64,
) -> Result<Vec<ImportRow>, StoreError> {
    let bad = Some(RowStatus::Bad);
    imports::rows(&mut app.db.read().await?, tenant, id, bad, 0, limit).await
}

/// Every row with its link or what is wrong with it, as a CSV of its own.
///
/// # Errors
/// [`StoreError`].
pub async fn download(app: &App, import: &Import) -> Result<String, StoreError> {
    let (tenant, id) = (&import.tenant_id, &import.id);
    let mut tx = app.db.read().await?;
    let limit = i64::try_from(MOST_ROWS).unwrap_or(i64::MAX);
    let rows = imports::rows(&mut tx, tenant, id, None, 0, limit).await?;
    let tokens: HashMap<i64, String> = imports::tokens(&mut tx, tenant, id)
        .await?
        .into_iter()
        .collect();
    let mut out = csv::Writer::from_writer(Vec::new());
    let heads = ["line"].into_iter().chain(COLUMNS);
    let heads: Vec<_> = heads
        .chain(["status", "order", "link", "problem"])
        .collect();
    let mut lines = vec![heads.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for row in rows {
        let mut cells = vec![row.line.to_string()];
        let asked = |column: &str| row.asked.get(column).cloned().unwrap_or_default();
        cells.extend(COLUMNS.map(asked));
        let problems: Vec<_> = row
            .problems
            .iter()
            .map(|p| format!("{} {}", p.column, p.message).trim().to_owned())
            .collect();
        let link = tokens.get(&row.line);
        cells.extend([
            row.status.as_str().to_owned(),
            row.order_id
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            link.map_or_else(String::new, |token| app.url(&format!("/pay/{token}"))),
            problems.join("; "),
        ]);
        lines.push(cells);
    }
    for line in lines {
        // A vector takes whatever is written.
        let _ = out.write_record(line.iter().map(|cell| harmless(cell)));
    }
    let bytes = out.into_inner().unwrap_or_default();
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// A cell that no table program takes for a formula: one that opens like it gets a quote before.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_open_like_a_formula_are_made_harmless() {
        for cell in ["=1+1", "+254712", "-5", "@sum", "\t=1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        assert_eq!(harmless("INV-1"), "INV-1");
    }
}
