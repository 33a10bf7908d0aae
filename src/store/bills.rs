//! References for paying by hand, and the money that came that way.
use super::{Cursor, Page, StoreError, Tx, at, expect_one, flag, money, parsed, text, text_opt};
use crate::domain::account::Mode;
use crate::domain::bill::{BillMoney, BillReference, BillStatus, Unmatched};
use crate::domain::ids::{BillId, HookId, OrderId, PaymentId, TenantId};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// # Errors
/// [`StoreError::Taken`] where the tenant has this reference already.
pub async fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    reference: &BillReference,
    payment: &PaymentId,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO bills (tenant_id, reference, payment_id) VALUES ($1, $2, $3)")
        .bind(tenant.to_string())
        .bind(reference.as_str().to_owned())
        .bind(payment.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The payment that a reference names.
pub async fn payment_of(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    reference: &BillReference,
) -> Result<Option<PaymentId>, StoreError> {
    let found = sqlx::query("SELECT payment_id FROM bills WHERE tenant_id = $1 AND reference = $2")
        .bind(tenant.to_string())
        .bind(reference.as_str().to_owned())
        .fetch_optional(&mut **tx)
        .await?;
    found
        .map(|row| Ok(PaymentId::from_stored(text(&row, "payment_id")?)))
        .transpose()
}

/// Bills that somebody may have meant who typed `head` first or `tail` last, three characters each:
/// one slip leaves one of them whole. Only of orders that take money, newest first.
pub async fn open_near(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    test_mode: bool,
    head: &str,
    tail: &str,
) -> Result<Vec<(BillReference, PaymentId)>, StoreError> {
    let rows = sqlx::query(
        "SELECT bills.reference, bills.payment_id FROM bills
         JOIN payments ON payments.id = bills.payment_id
         JOIN orders ON orders.id = payments.order_id
         WHERE bills.tenant_id = $1 AND payments.test_mode = $2
           AND orders.status IN ('open', 'partially_paid')
           AND (SUBSTR(bills.reference, 1, 3) = $3 OR SUBSTR(bills.reference, 6, 3) = $4)
         ORDER BY bills.payment_id DESC LIMIT 1000",
    )
    .bind(tenant.to_string())
    .bind(flag(test_mode))
    .bind(head)
    .bind(tail)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            let reference = BillReference::from_stored(text(row, "reference")?);
            Ok((reference, PaymentId::from_stored(text(row, "payment_id")?)))
        })
        .collect()
}

/// Orders that wait for just this amount, as the whole rest or as a part, and were shown how to pay by hand, newest first.
pub async fn orders_waiting_for(
    tx: &mut Tx<'_>,
    m: &BillMoney,
    limit: i64,
) -> Result<Vec<OrderId>, StoreError> {
    let rows = sqlx::query(
        "SELECT DISTINCT orders.id FROM orders
         JOIN payments ON payments.order_id = orders.id
         WHERE orders.tenant_id = $1 AND orders.status IN ('open', 'partially_paid')
           AND orders.currency = $2
           AND (orders.amount_minor - orders.paid_minor + orders.refunded_minor = $3
                OR (orders.parts <> '[]' AND payments.amount_minor = $3))
           AND payments.provider = $4 AND payments.test_mode = $5
         ORDER BY orders.id DESC LIMIT $6",
    )
    .bind(m.tenant_id.to_string())
    .bind(m.amount.currency.code())
    .bind(m.amount.minor)
    .bind(&m.provider)
    .bind(flag(m.test_mode))
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| Ok(OrderId::from_stored(text(row, "id")?)))
        .collect()
}

fn bill_money(row: &AnyRow) -> Result<BillMoney, StoreError> {
    Ok(BillMoney {
        id: BillId::from_stored(text(row, "id")?),
        tenant_id: TenantId::from_stored(text(row, "tenant_id")?),
        provider: text(row, "provider")?,
        test_mode: parsed(row, "mode", Mode::parse)?.is_test(),
        receipt: text(row, "receipt")?,
        amount: money(row, "amount_minor")?,
        business_number: text(row, "business_number")?,
        typed: text(row, "typed")?,
        payer_name: text(row, "payer_name")?,
        payer_phone: text(row, "payer_phone")?,
        hook_id: HookId::from_stored(text(row, "hook_id")?),
        status: parsed(row, "status", BillStatus::parse)?,
        why: text_opt(row, "why")?.as_deref().and_then(Unmatched::parse),
        payment_id: text_opt(row, "payment_id")?.map(PaymentId::from_stored),
        asked: row.try_get("asked")?,
        decided_by: text_opt(row, "decided_by")?,
        note: text(row, "note")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

/// Keeps money, once for each receipt: `false` where the receipt is known.
pub async fn insert_money(tx: &mut Tx<'_>, m: &BillMoney) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO bill_money (id, tenant_id, provider, mode, receipt, amount_minor, currency,
             business_number, typed, payer_name, payer_phone, hook_id, status, why, payment_id,
             asked, decided_by, note, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20)
         ON CONFLICT (tenant_id, provider, mode, receipt) DO NOTHING",
    )
    .bind(m.id.to_string())
    .bind(m.tenant_id.to_string())
    .bind(&m.provider)
    .bind(Mode::of(m.test_mode).as_str())
    .bind(&m.receipt)
    .bind(m.amount.minor)
    .bind(m.amount.currency.code())
    .bind(&m.business_number)
    .bind(&m.typed)
    .bind(&m.payer_name)
    .bind(&m.payer_phone)
    .bind(m.hook_id.to_string())
    .bind(m.status.as_str())
    .bind(m.why.map(Unmatched::as_str))
    .bind(m.payment_id.as_ref().map(ToString::to_string))
    .bind(m.asked)
    .bind(m.decided_by.clone())
    .bind(&m.note)
    .bind(m.created_at.unix_ms())
    .bind(m.updated_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &BillId,
) -> Result<Option<BillMoney>, StoreError> {
    let found = sqlx::query("SELECT * FROM bill_money WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    found.as_ref().map(bill_money).transpose()
}

pub async fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    status: Option<BillStatus>,
    cursor: &Cursor,
    limit: i64,
) -> Result<Page<BillMoney>, StoreError> {
    let (than, direction) = cursor.clause();
    let text = format!(
        "SELECT * FROM bill_money WHERE tenant_id = $1 AND id {than} $2
           AND ($3 = '' OR status = $3) ORDER BY id {direction} LIMIT $4"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(tenant.to_string())
        .bind(cursor.bound().to_owned())
        .bind(status.map_or("", BillStatus::as_str))
        .bind(limit + 1)
        .fetch_all(&mut **tx)
        .await?;
    let rows = rows.iter().map(bill_money).collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.page(rows, limit, |m| m.id.to_string()))
}

/// Saves what may change. The old state in `WHERE` makes a lost race [`StoreError::Stale`] (R2).
pub async fn save(tx: &mut Tx<'_>, m: &BillMoney, was: BillStatus) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE bill_money SET status = $1, why = $2, payment_id = $3, asked = $4,
             decided_by = $5, note = $6, updated_at = $7
         WHERE tenant_id = $8 AND id = $9 AND status = $10",
    )
    .bind(m.status.as_str())
    .bind(m.why.map(Unmatched::as_str))
    .bind(m.payment_id.as_ref().map(ToString::to_string))
    .bind(m.asked)
    .bind(m.decided_by.clone())
    .bind(&m.note)
    .bind(m.updated_at.unix_ms())
    .bind(m.tenant_id.to_string())
    .bind(m.id.to_string())
    .bind(was.as_str())
    .execute(&mut **tx)
    .await?;
    expect_one(done.rows_affected())
}
