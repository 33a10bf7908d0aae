//! Alert rules and the alerts that they opened.
use super::{Cursor, Page, StoreError, Tx, at, at_opt, json, parsed, text, to_json};
use crate::domain::Timestamp;
use crate::domain::alert::{Alert, AlertKind, AlertRules, Finding};
use crate::domain::ids::{AlertId, TenantId};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

fn alert(row: &AnyRow) -> Result<Alert, StoreError> {
    Ok(Alert {
        id: AlertId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        kind: parsed(row, "kind", AlertKind::parse)?,
        provider: text(row, "provider")?,
        wrong: row.try_get("wrong")?,
        all: row.try_get("of_all")?,
        opened_at: at(row, "opened_at")?,
        seen_at: at(row, "seen_at")?,
        closed_at: at_opt(row, "closed_at")?,
    })
}

/// A tenant's rules; the defaults where it set none.
pub async fn rules(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<AlertRules, StoreError> {
    let found = sqlx::query("SELECT rules FROM alert_rules WHERE tenant_id = $1")
        .bind(tenant.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.map_or_else(|| Ok(AlertRules::default()), |row| json(&row, "rules"))
}

pub async fn save_rules(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    rules: &AlertRules,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO alert_rules (tenant_id, rules, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id) DO UPDATE SET rules = excluded.rules,
             updated_at = excluded.updated_at",
    )
    .bind(tenant.to_string())
    .bind(to_json(rules))
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What is open, oldest first.
pub async fn open(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<Alert>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM alerts WHERE tenant_id = $1 AND closed_at IS NULL ORDER BY id")
            .bind(tenant.to_string())
            .fetch_all(&mut **tx)
            .await?;
    rows.iter().map(alert).collect()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Alert>, StoreError> {
    let (than, direction) = cursor.clause();
    let sql = format!(
        "SELECT * FROM alerts WHERE tenant_id = $1 AND id {than} $2
         ORDER BY id {direction} LIMIT $3"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(alert).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |a| a.id.to_string()))
}

/// Opens an alert; false where the same is open already.
pub async fn insert(tx: &mut Tx<'_>, a: &Alert) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO alerts (id, tenant_id, kind, provider, wrong, of_all, opened_at, seen_at,
             closed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL) ON CONFLICT DO NOTHING",
    )
    .bind(a.id.to_string())
    .bind(a.tenant_id.to_string())
    .bind(a.kind.as_str())
    .bind(&a.provider)
    .bind(a.wrong)
    .bind(a.all)
    .bind(a.opened_at.unix_ms())
    .bind(a.seen_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The rule is still broken, by these figures.
pub async fn seen(
    tx: &mut Tx<'_>,
    a: &Alert,
    found: &Finding,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE alerts SET wrong = $1, of_all = $2, seen_at = $3
         WHERE tenant_id = $4 AND id = $5 AND closed_at IS NULL",
    )
    .bind(found.wrong)
    .bind(found.all)
    .bind(now.unix_ms())
    .bind(a.tenant_id.to_string())
    .bind(a.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// It is over.
pub async fn close(tx: &mut Tx<'_>, a: &Alert, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE alerts SET closed_at = $1 WHERE tenant_id = $2 AND id = $3 AND closed_at IS NULL",
    )
    .bind(now.unix_ms())
    .bind(a.tenant_id.to_string())
    .bind(a.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
