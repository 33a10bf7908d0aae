//! Payments.
use super::{Cursor, Page, StoreError, Tx, at, json, money, on, parsed, text, text_opt};
use super::{expect_one, flag, to_json};
use crate::domain::Timestamp;
use crate::domain::ids::{CustomerId, OrderId, PaymentId, TenantId};
use crate::domain::method::Method;
use crate::domain::payment::{Failure, FailureCode, Payment, PaymentStatus};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// Which payments a list shows. Empty fields do not filter.
#[derive(Clone, Debug, Default)]
pub struct PaymentFilter {
    pub livemode: Option<bool>,
    pub status: Option<PaymentStatus>,
    pub provider: Option<String>,
    pub order: Option<OrderId>,
    /// Our reference, the provider's, or the receipt.
    pub reference: Option<String>,
}

/// Counts of one provider and status, for the overview.
#[derive(Clone, Debug)]
pub struct Tally {
    pub provider: String,
    pub currency: String,
    pub status: PaymentStatus,
    pub payments: i64,
    pub captured_minor: i64,
}

/// How often a way to pay succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub succeeded: i64,
    /// Those that came to an end.
    pub tries: i64,
}

/// The share of one way to pay, in one mode.
#[derive(Clone, Debug)]
pub struct WayShare {
    pub provider: String,
    pub method: Method,
    pub test_mode: bool,
    pub share: Share,
}

/// A start that the provider refused because our settings are wrong.
#[derive(Clone, Debug)]
pub struct SettingsRefused {
    pub id: PaymentId,
    pub provider: String,
    pub test_mode: bool,
    /// The provider's words.
    pub said: String,
    pub at: Timestamp,
}

pub(super) fn failure(row: &AnyRow) -> Result<Option<Failure>, StoreError> {
    let Some(code) = text_opt(row, "failure_code")? else {
        return Ok(None);
    };
    let message = text_opt(row, "failure_message")?.unwrap_or_default();
    Ok(Some(Failure {
        code: FailureCode::parse(&code),
        message,
    }))
}

pub(super) fn payment(row: &AnyRow) -> Result<Payment, StoreError> {
    Ok(Payment {
        id: PaymentId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        order_id: OrderId::from_stored(text(row, "order_id")?),
        provider: text(row, "provider")?,
        method: parsed(row, "method", Method::parse)?,
        livemode: on(row, "livemode")?,
        test_mode: on(row, "test_mode")?,
        amount: money(row, "amount_minor")?,
        captured_minor: row.try_get("captured_minor")?,
        refund_held_minor: row.try_get("refund_held_minor")?,
        refunded_minor: row.try_get("refunded_minor")?,
        status: parsed(row, "status", PaymentStatus::parse)?,
        flags: json(row, "flags")?,
        reference: text(row, "reference")?,
        provider_ref: text_opt(row, "provider_ref")?,
        receipt: text_opt(row, "receipt")?,
        phone: text_opt(row, "phone")?,
        next_action: json(row, "next_action")?,
        failure: failure(row)?,
        polls: row.try_get("polls")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
        expires_at: at(row, "expires_at")?,
    })
}

/// # Errors
/// [`StoreError::Taken`] where `form_key` has a payment of this order already.
pub async fn insert(
    tx: &mut Tx<'_>,
    p: &Payment,
    form_key: Option<String>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO payments (id, tenant_id, order_id, provider, method, livemode, test_mode,
             amount_minor, currency, captured_minor, refund_held_minor, status, flags, reference,
             provider_ref, receipt, phone, next_action, failure_code, failure_message, form_key,
             polls, created_at, updated_at, expires_at, refunded_minor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20, $21, $22, $23, $24, $25, $26)",
    )
    .bind(p.id.to_string())
    .bind(p.tenant_id.to_string())
    .bind(p.order_id.to_string())
    .bind(&p.provider)
    .bind(p.method.as_str())
    .bind(flag(p.livemode))
    .bind(flag(p.test_mode))
    .bind(p.amount.minor)
    .bind(p.amount.currency.code())
    .bind(p.captured_minor)
    .bind(p.refund_held_minor)
    .bind(p.status.as_str())
    .bind(to_json(&p.flags))
    .bind(&p.reference)
    .bind(p.provider_ref.clone())
    .bind(p.receipt.clone())
    .bind(p.phone.clone())
    .bind(to_json(&p.next_action))
    .bind(p.failure.as_ref().map(|f| f.code.as_str()))
    .bind(p.failure.as_ref().map(|f| f.message.clone()))
    .bind(form_key)
    .bind(p.polls)
    .bind(p.created_at.unix_ms())
    .bind(p.updated_at.unix_ms())
    .bind(p.expires_at.unix_ms())
    .bind(p.refunded_minor)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &PaymentId,
) -> Result<Option<Payment>, StoreError> {
    one(
        tx,
        "SELECT * FROM payments WHERE tenant_id = $1 AND id = $2",
        tenant,
        id.to_string(),
    )
    .await
}

/// By our own reference.
pub async fn by_reference(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    reference: &str,
) -> Result<Option<Payment>, StoreError> {
    let text = "SELECT * FROM payments WHERE tenant_id = $1 AND reference = $2";
    one(tx, text, tenant, reference.to_owned()).await
}

/// The checkout token of the order that a mock payment's reference belongs to. The reference is
/// random, so that knowing it is the right to see the mock's page.
pub async fn mock_token(tx: &mut Tx<'_>, reference: &str) -> Result<Option<String>, StoreError> {
    let text = "SELECT orders.token FROM payments
                JOIN orders ON orders.id = payments.order_id
                    AND orders.tenant_id = payments.tenant_id
                WHERE payments.provider = 'mock' AND payments.reference = $1";
    let found = sqlx::query_scalar(text)
        .bind(reference.to_owned())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found)
}

async fn one(
    tx: &mut Tx<'_>,
    text: &'static str,
    tenant: &TenantId,
    key: String,
) -> Result<Option<Payment>, StoreError> {
    let found = sqlx::query(text)
        .bind(tenant.to_string())
        .bind(key)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(payment).transpose()
}

pub async fn by_provider_ref(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    provider_ref: &str,
) -> Result<Option<Payment>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM payments WHERE tenant_id = $1 AND provider = $2 AND provider_ref = $3",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .bind(provider_ref)
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(payment).transpose()
}

/// The payment that a receipt was booked for.
pub async fn by_receipt(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    provider: &str,
    test_mode: bool,
    receipt: &str,
) -> Result<Option<Payment>, StoreError> {
    let found = sqlx::query(
        "SELECT * FROM payments WHERE tenant_id = $1 AND provider = $2 AND test_mode = $3
           AND receipt = $4 AND status = 'succeeded'",
    )
    .bind(tenant.to_string())
    .bind(provider)
    .bind(flag(test_mode))
    .bind(receipt)
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(payment).transpose()
}

/// The payment that a form's key made, if the form was sent before.
pub async fn by_form_key(
    tx: &mut Tx<'_>,
    order: &OrderId,
    form_key: &str,
) -> Result<Option<Payment>, StoreError> {
    let found = sqlx::query("SELECT * FROM payments WHERE order_id = $1 AND form_key = $2")
        .bind(order.to_string())
        .bind(form_key)
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(payment).transpose()
}

/// An order's payments, newest last.
pub async fn of_order(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Vec<Payment>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM payments WHERE tenant_id = $1 AND order_id = $2 ORDER BY id")
            .bind(tenant.to_string())
            .bind(order.to_string())
            .fetch_all(&mut **tx)
            .await?;
    rows.iter().map(payment).collect()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    filter: &PaymentFilter,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<Payment>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM payments WHERE tenant_id = $1 AND id {than} $2
           AND ($3 = '' OR status = $3) AND ($4 = '' OR provider = $4)
           AND ($5 < 0 OR livemode = $5)
           AND ($6 = '' OR reference = $6 OR provider_ref = $6 OR receipt = $6)
           AND ($7 = '' OR order_id = $7)
         ORDER BY id {direction} LIMIT $8"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(filter.status.map_or("", PaymentStatus::as_str))
        .bind(filter.provider.clone().unwrap_or_default())
        .bind(filter.livemode.map_or(-1, flag))
        .bind(filter.reference.clone().unwrap_or_default())
        .bind(
            filter
                .order
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        )
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(payment).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |p| p.id.to_string()))
}

/// The payments of a customer's orders, newest first.
pub async fn of_customer(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    customer: &CustomerId,
    limit: i64,
) -> Result<Vec<Payment>, StoreError> {
    let rows = sqlx::query(
        "SELECT p.* FROM orders o JOIN payments p ON p.order_id = o.id
         WHERE o.tenant_id = $1 AND p.tenant_id = $1 AND o.customer_id = $2
         ORDER BY p.id DESC LIMIT $3",
    )
    .bind(tenant.to_string())
    .bind(customer.to_string())
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(payment).collect()
}

/// Saves what may change on a payment. The old state in `WHERE` makes a lost race
/// [`StoreError::Stale`] (R2).
pub async fn save(tx: &mut Tx<'_>, p: &Payment, was: PaymentStatus) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE payments SET status = $1, flags = $2, captured_minor = $3,
             provider_ref = COALESCE($4, provider_ref), receipt = COALESCE($5, receipt),
             next_action = $6, failure_code = $7, failure_message = $8, polls = $9,
             updated_at = $10, expires_at = $11
         WHERE tenant_id = $12 AND id = $13 AND status = $14",
    )
    .bind(p.status.as_str())
    .bind(to_json(&p.flags))
    .bind(p.captured_minor)
    .bind(p.provider_ref.clone())
    .bind(p.receipt.clone())
    .bind(to_json(&p.next_action))
    .bind(p.failure.as_ref().map(|f| f.code.as_str()))
    .bind(p.failure.as_ref().map(|f| f.message.clone()))
    .bind(p.polls)
    .bind(p.updated_at.unix_ms())
    .bind(p.expires_at.unix_ms())
    .bind(p.tenant_id.to_string())
    .bind(p.id.to_string())
    .bind(was.as_str())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Counts one more question to the provider.
pub async fn count_poll(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &PaymentId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE payments SET polls = polls + 1, asked_at = $1 WHERE tenant_id = $2 AND id = $3",
    )
    .bind(now.unix_ms())
    .bind(tenant.to_string())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether the provider was asked since a time.
pub async fn asked_since(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &PaymentId,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let found = sqlx::query(
        "SELECT 1 AS one FROM payments WHERE tenant_id = $1 AND id = $2 AND asked_at > $3",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(since.unix_ms())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// Holds an amount for a refund, if that much is left (R10). One statement, so that any number at
/// once never exceed what came; the table's CHECK says the same.
///
/// # Errors
/// [`StoreError::Stale`] where less is left.
pub async fn hold_refund(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &PaymentId,
    minor: i64,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE payments SET refund_held_minor = refund_held_minor + $1
         WHERE tenant_id = $2 AND id = $3 AND status = 'succeeded'
           AND refund_held_minor + $1 <= captured_minor",
    )
    .bind(minor)
    .bind(tenant.to_string())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Lets go of an amount whose refund failed or was rejected.
pub async fn release_refund(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &PaymentId,
    minor: i64,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE payments SET refund_held_minor = refund_held_minor - $1
         WHERE tenant_id = $2 AND id = $3 AND refund_held_minor >= $1",
    )
    .bind(minor)
    .bind(tenant.to_string())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Counts what a refund gave back, or takes it off again where the provider went back on it.
pub async fn add_refunded(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &PaymentId,
    minor: i64,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE payments SET refunded_minor = refunded_minor + $1 WHERE tenant_id = $2 AND id = $3",
    )
    .bind(minor)
    .bind(tenant.to_string())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}

/// Whether the tenant ever took live money: the test marks on live orders end then.
pub async fn took_live_money(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<bool, StoreError> {
    let found = sqlx::query(
        "SELECT 1 AS one FROM payments
         WHERE tenant_id = $1 AND livemode = 1 AND test_mode = 0 AND status = 'succeeded' LIMIT 1",
    )
    .bind(tenant.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// Live payments by provider, currency and status since a time. Test money is out (R11).
pub async fn tallies(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    since: Timestamp,
    test: bool,
) -> Result<Vec<Tally>, StoreError> {
    let rows = sqlx::query(
        "SELECT provider, currency, status, CAST(COUNT(*) AS BIGINT) AS payments,
             CAST(SUM(captured_minor) AS BIGINT) AS captured
         FROM payments WHERE tenant_id = $1 AND created_at >= $2 AND test_mode = $3
         GROUP BY provider, currency, status ORDER BY provider, currency, status",
    )
    .bind(tenant.to_string())
    .bind(since.unix_ms())
    .bind(flag(test))
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| {
            Ok(Tally {
                provider: text(r, "provider")?,
                currency: text(r, "currency")?,
                status: parsed(r, "status", PaymentStatus::parse)?,
                payments: r.try_get("payments")?,
                captured_minor: r.try_get("captured")?,
            })
        })
        .collect()
}

/// How the tenant's newest payments since a time ended, by way to pay. Bounded: a checkout page
/// asks this.
pub async fn shares(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    since: Timestamp,
    newest: i64,
) -> Result<Vec<WayShare>, StoreError> {
    let rows = sqlx::query(
        "SELECT provider, method, test_mode, CAST(COUNT(*) AS BIGINT) AS tries,
             CAST(SUM(CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END) AS BIGINT) AS succeeded
         FROM (SELECT provider, method, test_mode, status, created_at FROM payments
               WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2) newest
         WHERE created_at >= $3 AND status IN ('succeeded', 'failed', 'cancelled', 'expired')
         GROUP BY provider, method, test_mode ORDER BY provider, method, test_mode",
    )
    .bind(tenant.to_string())
    .bind(newest)
    .bind(since.unix_ms())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| {
            Ok(WayShare {
                provider: text(r, "provider")?,
                method: parsed(r, "method", Method::parse)?,
                test_mode: on(r, "test_mode")?,
                share: Share {
                    succeeded: r.try_get("succeeded")?,
                    tries: r.try_get("tries")?,
                },
            })
        })
        .collect()
}

/// Starts since a time that were refused because our settings are wrong, newest first. Only the
/// newest failures are looked at: a checkout page asks this.
pub async fn settings_refused(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    since: Timestamp,
) -> Result<Vec<SettingsRefused>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, provider, test_mode, failure_message, created_at
         FROM (SELECT id, provider, test_mode, provider_ref, failure_code, failure_message,
                      created_at
               FROM payments WHERE tenant_id = $1 AND status = 'failed'
               ORDER BY id DESC LIMIT 200) newest
         WHERE failure_code = 'provider_misconfigured' AND provider_ref IS NULL
             AND created_at >= $2 ORDER BY id DESC",
    )
    .bind(tenant.to_string())
    .bind(since.unix_ms())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|r| {
            Ok(SettingsRefused {
                id: PaymentId::from_stored(text(r, "id")?),
                provider: text(r, "provider")?,
                test_mode: on(r, "test_mode")?,
                said: text_opt(r, "failure_message")?.unwrap_or_default(),
                at: at(r, "created_at")?,
            })
        })
        .collect()
}

/// Whether an account took anything, or refused it for another reason, after a payment.
pub async fn answered_since(
    tx: &mut Tx<'_>,
    refused: &SettingsRefused,
    tenant: &TenantId,
) -> Result<bool, StoreError> {
    let found = sqlx::query(
        "SELECT 1 AS one FROM payments
         WHERE tenant_id = $1 AND id > $2 AND provider = $3 AND test_mode = $4
           AND status <> 'created'
           AND (failure_code IS NULL OR failure_code <> 'provider_misconfigured') LIMIT 1",
    )
    .bind(tenant.to_string())
    .bind(refused.id.to_string())
    .bind(&refused.provider)
    .bind(flag(refused.test_mode))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}
