//! The request log of the API: what was called, by whom, and what came of it. No bodies.
use super::{Cursor, Page, StoreError, Tx, at, flag, on, text};
use crate::domain::Timestamp;
use crate::domain::ids::{ApiKeyId, ApiRequestId, TenantId};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    pub id: ApiRequestId,
    pub tenant_id: TenantId,
    pub livemode: bool,
    pub key_id: ApiKeyId,
    pub method: String,
    /// As the reference names it: `/api/v1/orders/{id}`.
    pub route: String,
    /// As it was called, without its query.
    pub path: String,
    /// 0 where the caller went away before the answer.
    pub status: i64,
    /// The problem's code; empty where there was none.
    pub code: String,
    pub took_ms: i64,
    /// What the answer carried as `X-Request-Id`.
    pub request_id: String,
    pub idempotency_key: String,
    pub at: Timestamp,
}

fn request(row: &AnyRow) -> Result<ApiRequest, StoreError> {
    Ok(ApiRequest {
        id: ApiRequestId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        livemode: on(row, "livemode")?,
        key_id: ApiKeyId::from_stored(text(row, "key_id")?),
        method: text(row, "method")?,
        route: text(row, "route")?,
        path: text(row, "path")?,
        status: row.try_get("status")?,
        code: text(row, "code")?,
        took_ms: row.try_get("took_ms")?,
        request_id: text(row, "request_id")?,
        idempotency_key: text(row, "idempotency_key")?,
        at: at(row, "at")?,
    })
}

pub async fn insert(tx: &mut Tx<'_>, r: &ApiRequest) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO api_requests (id, tenant_id, livemode, key_id, method, route, path, status,
             code, took_ms, request_id, idempotency_key, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(r.id.to_string())
    .bind(r.tenant_id.to_string())
    .bind(flag(r.livemode))
    .bind(r.key_id.to_string())
    .bind(&r.method)
    .bind(&r.route)
    .bind(&r.path)
    .bind(r.status)
    .bind(&r.code)
    .bind(r.took_ms)
    .bind(&r.request_id)
    .bind(&r.idempotency_key)
    .bind(r.at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Which calls a list shows.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    pub livemode: Option<bool>,
    pub key: Option<ApiKeyId>,
    /// The lowest and highest status.
    pub status: Option<(i64, i64)>,
    /// A part of the path, or a whole request id or idempotency key.
    pub search: Option<String>,
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &RequestFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<ApiRequest>, StoreError> {
    let (than, direction) = cursor.clause();
    let statement = format!(
        "SELECT * FROM api_requests WHERE tenant_id = $1 AND id {than} $2
           AND ($3 < 0 OR livemode = $3) AND ($4 = '' OR key_id = $4)
           AND status >= $5 AND status <= $6
           AND ($7 = '' OR request_id = $7 OR idempotency_key = $7
                OR path LIKE $8 ESCAPE '!')
         ORDER BY id {direction} LIMIT $9"
    );
    let search = filter.search.clone().unwrap_or_default();
    let (least, most) = filter.status.unwrap_or((0, 999));
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(filter.livemode.map_or(-1, flag))
        .bind(
            filter
                .key
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        )
        .bind(least)
        .bind(most)
        .bind(search.clone())
        .bind(format!("%{}%", escaped(&search)))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(request).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |r| r.id.to_string()))
}

/// Text that LIKE takes as it stands.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '!' | '%' | '_') {
            out.push('!');
        }
        out.push(c);
    }
    out
}

/// Forgets calls made before a time.
pub async fn delete_before(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM api_requests WHERE at < $1")
        .bind(before.unix_ms())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
