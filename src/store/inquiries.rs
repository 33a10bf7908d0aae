//! What a provider was asked that answers later, and where its credentials were refused.
use super::{StoreError, Tx, at, json, parsed, text, to_json};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::ids::TenantId;
use sqlx::any::AnyRow;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InquiryKind {
    /// A refund was sent: its outcome comes to this address. Subject: the refund's id.
    Refund,
    /// What became of a refund. Subject: the refund's id.
    RefundStatus,
    /// Whether a receipt is money. Subject: the id of money paid by hand.
    Receipt,
}

impl InquiryKind {
    const ALL: [Self; 3] = [Self::Refund, Self::RefundStatus, Self::Receipt];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::RefundStatus => "refund_status",
            Self::Receipt => "receipt",
        }
    }

    fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == tag)
    }
}

/// One question. Its id is the end of a secret address.
#[derive(Clone, Debug)]
pub struct Inquiry {
    pub id: String,
    pub tenant_id: TenantId,
    pub provider: String,
    pub test_mode: bool,
    pub kind: InquiryKind,
    pub subject: String,
    /// The provider's ids of it, once it acknowledged.
    pub ids: Vec<String>,
    pub asked_at: Timestamp,
}

fn inquiry(row: &AnyRow) -> Result<Inquiry, StoreError> {
    Ok(Inquiry {
        id: text(row, "id")?,
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        provider: text(row, "provider")?,
        test_mode: parsed(row, "mode", Mode::parse)?.is_test(),
        kind: parsed(row, "kind", InquiryKind::parse)?,
        subject: text(row, "subject")?,
        ids: json(row, "ids")?,
        asked_at: at(row, "asked_at")?,
    })
}

pub async fn insert(tx: &mut Tx<'_>, i: &Inquiry) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO inquiries (id, tenant_id, provider, mode, kind, subject, ids, asked_at,
             answered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)",
    )
    .bind(&i.id)
    .bind(i.tenant_id.to_string())
    .bind(&i.provider)
    .bind(Mode::of(i.test_mode).as_str())
    .bind(i.kind.as_str())
    .bind(&i.subject)
    .bind(to_json(&i.ids))
    .bind(i.asked_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
) -> Result<Option<Inquiry>, StoreError> {
    let found = sqlx::query("SELECT * FROM inquiries WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(inquiry).transpose()
}

/// All of one kind about a subject, newest first.
pub async fn about(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    kind: InquiryKind,
    subject: &str,
) -> Result<Vec<Inquiry>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM inquiries WHERE tenant_id = $1 AND kind = $2 AND subject = $3
         ORDER BY asked_at DESC, id DESC",
    )
    .bind(tenant.to_string())
    .bind(kind.as_str())
    .bind(subject)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(inquiry).collect()
}

/// Writes down by which ids the provider knows the question.
pub async fn acknowledge(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    ids: &[String],
) -> Result<(), StoreError> {
    sqlx::query("UPDATE inquiries SET ids = $1 WHERE tenant_id = $2 AND id = $3")
        .bind(to_json(&ids))
        .bind(tenant.to_string())
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn answered(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE inquiries SET answered_at = $1 WHERE tenant_id = $2 AND id = $3")
        .bind(now.unix_ms())
        .bind(tenant.to_string())
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Stops what is sent with an account's credentials, until they are new.
pub async fn stop(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO refund_stops (tenant_id, provider, mode, why, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, provider, mode) DO NOTHING",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .bind(mode.as_str())
    .bind(why)
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Why nothing is sent with an account's credentials, if that is so.
pub async fn stopped(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
) -> Result<Option<String>, StoreError> {
    let found = sqlx::query(
        "SELECT why FROM refund_stops WHERE tenant_id = $1 AND provider = $2 AND mode = $3",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .bind(mode.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    found.map(|row| text(&row, "why")).transpose()
}

/// New credentials: what was stopped may go on.
pub async fn resume(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    mode: Mode,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM refund_stops WHERE tenant_id = $1 AND provider = $2 AND mode = $3")
        .bind(tenant.to_string())
        .bind(provider)
        .bind(mode.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
