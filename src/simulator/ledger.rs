//! The simulator's durable books: accounts, payments, refunds, calls, hooks and what is due later.
//! One `SQLite` file, `synchronous = FULL`; what a provider decides is committed as one list of
//! [`Change`]s before anybody is told. What the values mean is each provider's business.

mod records;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row as _, SqliteConnection, SqlitePool};

pub use records::{Account, Call, Change, Hook, Payment, Refund, Task};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS accounts (
    provider TEXT NOT NULL, id TEXT NOT NULL, hook_url TEXT, data TEXT NOT NULL,
    PRIMARY KEY (provider, id)) STRICT;
CREATE TABLE IF NOT EXISTS payments (
    provider TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL, mode TEXT NOT NULL,
    reference TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
    status TEXT NOT NULL, receipt TEXT, refunded INTEGER NOT NULL, attempts INTEGER NOT NULL,
    phone TEXT, data TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    PRIMARY KEY (provider, id)) STRICT;
CREATE INDEX IF NOT EXISTS payments_reference ON payments (provider, reference);
CREATE INDEX IF NOT EXISTS payments_receipt ON payments (provider, receipt);
CREATE INDEX IF NOT EXISTS payments_phone ON payments (provider, phone, created_at);
CREATE INDEX IF NOT EXISTS payments_status ON payments (provider, status, created_at);
CREATE TABLE IF NOT EXISTS refunds (
    provider TEXT NOT NULL, id TEXT NOT NULL, payment_id TEXT NOT NULL, account TEXT NOT NULL,
    mode TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL,
    data TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    PRIMARY KEY (provider, id)) STRICT;
CREATE INDEX IF NOT EXISTS refunds_payment ON refunds (provider, payment_id);
CREATE TABLE IF NOT EXISTS objects (
    provider TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (provider, kind, id)) STRICT;
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, operation TEXT NOT NULL,
    at INTEGER NOT NULL, reference TEXT, fault TEXT) STRICT;
CREATE TABLE IF NOT EXISTS hooks (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, subject TEXT NOT NULL, mode TEXT NOT NULL,
    url TEXT NOT NULL, event TEXT NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL,
    status TEXT NOT NULL, fault TEXT, attempts INTEGER NOT NULL, answer INTEGER,
    held INTEGER NOT NULL, due_at INTEGER NOT NULL, created_at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS hooks_due ON hooks (status, due_at, id);
CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    due_at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS tasks_due ON tasks (due_at, id);
";

/// The books.
#[derive(Clone, Debug)]
pub struct Ledger {
    pool: SqlitePool,
}

impl Ledger {
    /// Opens the file, makes it and its folder where they are missing.
    pub async fn open(path: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder)
                .await
                .context("the ledger's folder")?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .with_context(|| format!("the ledger {}", path.display()))?;
        sqlx::raw_sql(SCHEMA)
            .execute(&pool)
            .await
            .context("the ledger's tables")?;
        Ok(Self { pool })
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Commits all of it or nothing.
    pub async fn commit(&self, changes: Vec<Change>) -> anyhow::Result<()> {
        let mut tx = self.pool.begin().await?;
        for change in changes {
            apply(&mut tx, change).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// A number never given before for this name.
    pub async fn next_number(&self, name: &str, first: i64) -> anyhow::Result<i64> {
        let row = sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        )
        .bind(name)
        .bind(first)
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get(0)?)
    }

    pub async fn setting(&self, name: &str) -> anyhow::Result<Option<i64>> {
        let row = sqlx::query("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|r| r.try_get(0)).transpose()?)
    }

    pub async fn set(&self, name: &str, value: i64) -> anyhow::Result<()> {
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub async fn accounts(&self, provider: &str) -> anyhow::Result<Vec<Account>> {
        let rows = sqlx::query("SELECT * FROM accounts WHERE provider = $1 ORDER BY id")
            .bind(provider)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(account).collect()
    }

    pub async fn account(&self, provider: &str, id: &str) -> anyhow::Result<Option<Account>> {
        let row = sqlx::query("SELECT * FROM accounts WHERE provider = $1 AND id = $2")
            .bind(provider)
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(account).transpose()
    }

    pub async fn object(
        &self,
        provider: &str,
        kind: &str,
        id: &str,
    ) -> anyhow::Result<Option<Value>> {
        let row =
            sqlx::query("SELECT data FROM objects WHERE provider = $1 AND kind = $2 AND id = $3")
                .bind(provider)
                .bind(kind)
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        row.map(|r| json_at(&r, "data")).transpose()
    }

    pub async fn payment(&self, provider: &str, id: &str) -> anyhow::Result<Option<Payment>> {
        let row = sqlx::query("SELECT * FROM payments WHERE provider = $1 AND id = $2")
            .bind(provider)
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(payment).transpose()
    }

    /// Every payment with this reference, provider's id or receipt; newest first.
    pub async fn payments_named(&self, provider: &str, name: &str) -> anyhow::Result<Vec<Payment>> {
        let rows = sqlx::query(
            "SELECT * FROM payments
             WHERE provider = $1 AND (reference = $2 OR id = $2 OR receipt = $2)
             ORDER BY created_at DESC, id DESC",
        )
        .bind(provider)
        .bind(name)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(payment).collect()
    }

    pub async fn payments_with_status(
        &self,
        provider: &str,
        status: &str,
    ) -> anyhow::Result<Vec<Payment>> {
        let rows = sqlx::query(
            "SELECT * FROM payments WHERE provider = $1 AND status = $2
             ORDER BY created_at DESC, id DESC LIMIT 200",
        )
        .bind(provider)
        .bind(status)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(payment).collect()
    }

    /// What this phone was asked for since a moment; newest first.
    pub async fn payments_of_phone(
        &self,
        provider: &str,
        phone: &str,
        since: i64,
    ) -> anyhow::Result<Vec<Payment>> {
        let rows = sqlx::query(
            "SELECT * FROM payments WHERE provider = $1 AND phone = $2 AND created_at >= $3
             ORDER BY created_at DESC",
        )
        .bind(provider)
        .bind(phone)
        .bind(since)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(payment).collect()
    }

    pub async fn payments(&self) -> anyhow::Result<Vec<Payment>> {
        let rows = sqlx::query("SELECT * FROM payments ORDER BY created_at, id")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(payment).collect()
    }

    pub async fn refund(&self, provider: &str, id: &str) -> anyhow::Result<Option<Refund>> {
        let row = sqlx::query("SELECT * FROM refunds WHERE provider = $1 AND id = $2")
            .bind(provider)
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(refund).transpose()
    }

    pub async fn refunds_of(&self, provider: &str, payment: &str) -> anyhow::Result<Vec<Refund>> {
        let rows = sqlx::query(
            "SELECT * FROM refunds WHERE provider = $1 AND payment_id = $2 ORDER BY created_at, id",
        )
        .bind(provider)
        .bind(payment)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(refund).collect()
    }

    pub async fn refunds(&self) -> anyhow::Result<Vec<Refund>> {
        let rows = sqlx::query("SELECT * FROM refunds ORDER BY created_at, id")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(refund).collect()
    }

    pub async fn record(&self, call: &Call) -> anyhow::Result<()> {
        sqlx::query(
            "INSERT INTO calls (provider, operation, at, reference, fault)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&call.provider)
        .bind(&call.operation)
        .bind(call.at)
        .bind(&call.reference)
        .bind(&call.fault)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub async fn calls(&self) -> anyhow::Result<Vec<Call>> {
        let rows = sqlx::query("SELECT * FROM calls ORDER BY id")
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|r| {
                Ok(Call {
                    provider: r.try_get("provider")?,
                    operation: r.try_get("operation")?,
                    at: r.try_get("at")?,
                    reference: r.try_get("reference")?,
                    fault: r.try_get("fault")?,
                })
            })
            .collect()
    }

    pub async fn hooks(&self) -> anyhow::Result<Vec<Hook>> {
        let rows = sqlx::query("SELECT * FROM hooks ORDER BY id")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(hook).collect()
    }

    /// When the next hook is due, if that is not after `until`.
    pub async fn next_hook(&self, until: i64) -> anyhow::Result<Option<i64>> {
        let row = sqlx::query(
            "SELECT due_at FROM hooks WHERE status = 'pending' AND due_at <= $1
             ORDER BY due_at, id LIMIT 1",
        )
        .bind(until)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| r.try_get(0)).transpose()?)
    }

    pub async fn hooks_due(&self, until: i64) -> anyhow::Result<Vec<Hook>> {
        let rows = sqlx::query(
            "SELECT * FROM hooks WHERE status = 'pending' AND due_at <= $1
             ORDER BY due_at, id LIMIT 64",
        )
        .bind(until)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(hook).collect()
    }

    /// Saves what came of one delivery.
    pub async fn hook_tried(&self, tried: &Hook) -> anyhow::Result<()> {
        sqlx::query(
            "UPDATE hooks SET status = $1, attempts = $2, answer = $3, due_at = $4 WHERE id = $5",
        )
        .bind(&tried.status)
        .bind(tried.attempts)
        .bind(tried.answer)
        .bind(tried.due_at)
        .bind(tried.id)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub async fn next_task(&self, until: i64) -> anyhow::Result<Option<Task>> {
        let row = sqlx::query("SELECT * FROM tasks WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1")
            .bind(until)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|r| {
            Ok(Task {
                id: r.try_get("id")?,
                provider: r.try_get("provider")?,
                kind: r.try_get("kind")?,
                subject: r.try_get("subject")?,
                due_at: r.try_get("due_at")?,
            })
        })
        .transpose()
    }
}

async fn apply(tx: &mut SqliteConnection, change: Change) -> anyhow::Result<()> {
    match change {
        Change::Account(a) => {
            sqlx::query(
                "INSERT INTO accounts (provider, id, hook_url, data) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (provider, id)
                 DO UPDATE SET hook_url = excluded.hook_url, data = excluded.data",
            )
            .bind(a.provider)
            .bind(a.id)
            .bind(a.hook_url)
            .bind(a.data.to_string())
            .execute(tx)
            .await?;
        }
        Change::Payment(p) => save_payment(tx, p).await?,
        Change::Refund(r) => save_refund(tx, r).await?,
        Change::Hook(h) => add_hook(tx, h).await?,
        Change::Task(t) => {
            sqlx::query(
                "INSERT INTO tasks (provider, kind, subject, due_at) VALUES ($1, $2, $3, $4)",
            )
            .bind(t.provider)
            .bind(t.kind)
            .bind(t.subject)
            .bind(t.due_at)
            .execute(tx)
            .await?;
        }
        Change::Done(id) => {
            sqlx::query("DELETE FROM tasks WHERE id = $1")
                .bind(id)
                .execute(tx)
                .await?;
        }
        Change::Forget { provider, subject } => {
            sqlx::query("DELETE FROM tasks WHERE provider = $1 AND subject = $2")
                .bind(provider)
                .bind(subject)
                .execute(tx)
                .await?;
        }
        Change::Object {
            provider,
            kind,
            id,
            data,
        } => {
            sqlx::query(
                "INSERT INTO objects (provider, kind, id, data) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (provider, kind, id) DO UPDATE SET data = excluded.data",
            )
            .bind(provider)
            .bind(kind)
            .bind(id)
            .bind(data.to_string())
            .execute(tx)
            .await?;
        }
    }
    Ok(())
}

async fn save_payment(tx: &mut SqliteConnection, p: Payment) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO payments (provider, id, account, mode, reference, amount, currency, status,
             receipt, refunded, attempts, phone, data, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT (provider, id) DO UPDATE SET status = excluded.status,
             receipt = excluded.receipt, refunded = excluded.refunded,
             attempts = excluded.attempts, data = excluded.data, updated_at = excluded.updated_at",
    )
    .bind(p.provider)
    .bind(p.id)
    .bind(p.account)
    .bind(p.mode)
    .bind(p.reference)
    .bind(p.amount)
    .bind(p.currency)
    .bind(p.status)
    .bind(p.receipt)
    .bind(p.refunded)
    .bind(p.attempts)
    .bind(p.phone)
    .bind(p.data.to_string())
    .bind(p.created_at)
    .bind(p.updated_at)
    .execute(tx)
    .await?;
    Ok(())
}

async fn save_refund(tx: &mut SqliteConnection, r: Refund) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO refunds (provider, id, payment_id, account, mode, amount, currency, status,
             data, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (provider, id) DO UPDATE SET status = excluded.status,
             data = excluded.data, updated_at = excluded.updated_at",
    )
    .bind(r.provider)
    .bind(r.id)
    .bind(r.payment_id)
    .bind(r.account)
    .bind(r.mode)
    .bind(r.amount)
    .bind(r.currency)
    .bind(r.status)
    .bind(r.data.to_string())
    .bind(r.created_at)
    .bind(r.updated_at)
    .execute(tx)
    .await?;
    Ok(())
}

async fn add_hook(tx: &mut SqliteConnection, h: Hook) -> anyhow::Result<()> {
    if !h.held && h.status == "pending" {
        sqlx::query("UPDATE hooks SET held = 0, due_at = $1 WHERE provider = $2 AND held = 1")
            .bind(h.due_at + 1)
            .bind(&h.provider)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query(
        "INSERT INTO hooks (provider, subject, mode, url, event, headers, body, status, fault,
             attempts, answer, held, due_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(h.provider)
    .bind(h.subject)
    .bind(h.mode)
    .bind(h.url)
    .bind(h.event)
    .bind(serde_json::to_string(&h.headers)?)
    .bind(h.body)
    .bind(h.status)
    .bind(h.fault)
    .bind(h.attempts)
    .bind(h.answer)
    .bind(i64::from(h.held))
    .bind(h.due_at)
    .bind(h.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

fn json_at(row: &SqliteRow, column: &str) -> anyhow::Result<Value> {
    let text: String = row.try_get(column)?;
    Ok(serde_json::from_str(&text)?)
}

fn account(row: &SqliteRow) -> anyhow::Result<Account> {
    Ok(Account {
        provider: row.try_get("provider")?,
        id: row.try_get("id")?,
        hook_url: row.try_get("hook_url")?,
        data: json_at(row, "data")?,
    })
}

fn payment(row: &SqliteRow) -> anyhow::Result<Payment> {
    Ok(Payment {
        provider: row.try_get("provider")?,
        id: row.try_get("id")?,
        account: row.try_get("account")?,
        mode: row.try_get("mode")?,
        reference: row.try_get("reference")?,
        amount: row.try_get("amount")?,
        currency: row.try_get("currency")?,
        status: row.try_get("status")?,
        receipt: row.try_get("receipt")?,
        refunded: row.try_get("refunded")?,
        attempts: row.try_get("attempts")?,
        phone: row.try_get("phone")?,
        data: json_at(row, "data")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

fn refund(row: &SqliteRow) -> anyhow::Result<Refund> {
    Ok(Refund {
        provider: row.try_get("provider")?,
        id: row.try_get("id")?,
        payment_id: row.try_get("payment_id")?,
        account: row.try_get("account")?,
        mode: row.try_get("mode")?,
        amount: row.try_get("amount")?,
        currency: row.try_get("currency")?,
        status: row.try_get("status")?,
        data: json_at(row, "data")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

fn hook(row: &SqliteRow) -> anyhow::Result<Hook> {
    let headers: String = row.try_get("headers")?;
    let held: i64 = row.try_get("held")?;
    Ok(Hook {
        id: row.try_get("id")?,
        provider: row.try_get("provider")?,
        subject: row.try_get("subject")?,
        mode: row.try_get("mode")?,
        url: row.try_get("url")?,
        event: row.try_get("event")?,
        headers: serde_json::from_str(&headers)?,
        body: row.try_get("body")?,
        status: row.try_get("status")?,
        fault: row.try_get("fault")?,
        attempts: row.try_get("attempts")?,
        answer: row.try_get("answer")?,
        held: held != 0,
        due_at: row.try_get("due_at")?,
        created_at: row.try_get("created_at")?,
    })
}
