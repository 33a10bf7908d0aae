//! Proofs of payments made by hand.
use super::{Cursor, Page, StoreError, Tx, at, at_opt, expect_one, parsed, text, text_opt};
use crate::domain::ids::{PaymentId, ProofId, TenantId};
use crate::domain::proof::{CLAIM_SECS, Proof, ProofFile, ProofStatus, ProofType};
use crate::domain::{Currency, Money, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// The form in which references are compared: letters and digits alone, upper case.
pub fn reference_key(reference: &str) -> String {
    reference
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect()
}

fn file(row: &AnyRow) -> Result<Option<ProofFile>, StoreError> {
    let Some(name) = text_opt(row, "file_name")? else {
        return Ok(None);
    };
    Ok(Some(ProofFile {
        name,
        media_type: text_opt(row, "file_type")?.unwrap_or_default(),
        bytes: row
            .try_get::<Option<i64>, _>("file_bytes")?
            .unwrap_or_default(),
        sha256: text_opt(row, "file_sha256")?.unwrap_or_default(),
    }))
}

fn proof(row: &AnyRow) -> Result<Proof, StoreError> {
    let currency = parsed(row, "currency", Currency::parse)?;
    let accepted: Option<i64> = row.try_get("accepted_minor")?;
    Ok(Proof {
        id: ProofId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        payment_id: PaymentId::from_stored(text(row, "payment_id")?),
        proof_type: parsed(row, "proof_type", ProofType::parse)?,
        reference: text(row, "reference")?,
        notes: text(row, "notes")?,
        file: file(row)?,
        status: parsed(row, "status", ProofStatus::parse)?,
        claimed_by: text_opt(row, "claimed_by")?,
        claimed_at: at_opt(row, "claimed_at")?,
        decided_by: text_opt(row, "decided_by")?,
        decision_note: text(row, "decision_note")?,
        accepted: accepted.map(|minor| Money::new(minor, currency)),
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

pub async fn insert(tx: &mut Tx<'_>, p: &Proof, currency: Currency) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO proofs (id, tenant_id, payment_id, proof_type, reference, reference_key,
             notes, file_name, file_type, file_bytes, file_sha256, status, claimed_by, claimed_at,
             decided_by, decision_note, accepted_minor, currency, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, NULL, $13, $14, $15, $16,
             $17, $18)",
    )
    .bind(p.id.to_string())
    .bind(p.tenant_id.to_string())
    .bind(p.payment_id.to_string())
    .bind(p.proof_type.as_str())
    .bind(&p.reference)
    .bind(reference_key(&p.reference))
    .bind(&p.notes)
    .bind(p.file.as_ref().map(|f| f.name.clone()))
    .bind(p.file.as_ref().map(|f| f.media_type.clone()))
    .bind(p.file.as_ref().map(|f| f.bytes))
    .bind(p.file.as_ref().map(|f| f.sha256.clone()))
    .bind(p.status.as_str())
    .bind(p.decided_by.clone())
    .bind(&p.decision_note)
    .bind(p.accepted.map(|m| m.minor))
    .bind(currency.code())
    .bind(p.created_at.unix_ms())
    .bind(p.updated_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ProofId,
) -> Result<Option<Proof>, StoreError> {
    let found = sqlx::query("SELECT * FROM proofs WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(proof).transpose()
}

/// A payment's proofs, newest last.
pub async fn of_payment(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    payment: &PaymentId,
) -> Result<Vec<Proof>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM proofs WHERE tenant_id = $1 AND payment_id = $2 ORDER BY id")
            .bind(tenant.to_string())
            .bind(payment.to_string())
            .fetch_all(&mut **tx)
            .await?;
    rows.iter().map(proof).collect()
}

/// Other proofs of the tenant with the same reference or the same file.
pub async fn twins(tx: &mut Tx<'_>, p: &Proof) -> Result<Vec<Proof>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM proofs WHERE tenant_id = $1 AND id <> $2
           AND ((reference_key = $3 AND $3 <> '') OR (file_sha256 = $4 AND $4 <> ''))
         ORDER BY id DESC LIMIT 20",
    )
    .bind(p.tenant_id.to_string())
    .bind(p.id.to_string())
    .bind(reference_key(&p.reference))
    .bind(
        p.file
            .as_ref()
            .map(|f| f.sha256.clone())
            .unwrap_or_default(),
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(proof).collect()
}

/// The approved proof of another payment with the same reference.
pub async fn approved_with_reference(
    tx: &mut Tx<'_>,
    p: &Proof,
) -> Result<Option<Proof>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM proofs WHERE tenant_id = $1 AND id <> $2 AND reference_key = $3
           AND reference_key <> '' AND status = 'approved'",
    )
    .bind(p.tenant_id.to_string())
    .bind(p.id.to_string())
    .bind(reference_key(&p.reference))
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(proof).transpose()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    status: Option<ProofStatus>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Proof>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM proofs WHERE tenant_id = $1 AND id {than} $2
           AND ($3 = '' OR status = $3) ORDER BY id {direction} LIMIT $4"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(status.map_or("", ProofStatus::as_str))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(proof).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |p| p.id.to_string()))
}

/// The proofs that wait for a person, oldest first.
pub async fn queue(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    limit: i64,
) -> Result<Vec<Proof>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM proofs WHERE tenant_id = $1 AND status = 'submitted' ORDER BY id LIMIT $2",
    )
    .bind(tenant.to_string())
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(proof).collect()
}

/// Claims a waiting proof for one reviewer, or renews the claim.
///
/// # Errors
/// [`StoreError::Stale`] where another reviewer holds it or it was decided.
pub async fn claim(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ProofId,
    user: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE proofs SET claimed_by = $1, claimed_at = $2
         WHERE tenant_id = $3 AND id = $4 AND status = 'submitted'
           AND (claimed_by IS NULL OR claimed_by = $1 OR claimed_at <= $5)",
    )
    .bind(user)
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(now.plus_secs(-CLAIM_SECS).unix_ms())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

pub async fn release(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &ProofId,
    user: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE proofs SET claimed_by = NULL, claimed_at = NULL
         WHERE tenant_id = $1 AND id = $2 AND claimed_by = $3",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(user)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Saves a decision or a new version. The old state in `WHERE` makes a lost race
/// [`StoreError::Stale`] (R2).
pub async fn save(tx: &mut Tx<'_>, p: &Proof, was: ProofStatus) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE proofs SET status = $1, proof_type = $2, reference = $3, reference_key = $4,
             notes = $5, file_name = $6, file_type = $7, file_bytes = $8, file_sha256 = $9,
             decided_by = $10, decision_note = $11, accepted_minor = $12, claimed_by = NULL,
             claimed_at = NULL, updated_at = $13
         WHERE tenant_id = $14 AND id = $15 AND status = $16",
    )
    .bind(p.status.as_str())
    .bind(p.proof_type.as_str())
    .bind(&p.reference)
    .bind(reference_key(&p.reference))
    .bind(&p.notes)
    .bind(p.file.as_ref().map(|f| f.name.clone()))
    .bind(p.file.as_ref().map(|f| f.media_type.clone()))
    .bind(p.file.as_ref().map(|f| f.bytes))
    .bind(p.file.as_ref().map(|f| f.sha256.clone()))
    .bind(p.decided_by.clone())
    .bind(&p.decision_note)
    .bind(p.accepted.map(|m| m.minor))
    .bind(p.updated_at.unix_ms())
    .bind(p.tenant_id.to_string())
    .bind(p.id.to_string())
    .bind(was.as_str())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}
