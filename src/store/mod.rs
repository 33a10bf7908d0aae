//! All SQL, one text for SQLite and PostgreSQL (ARCHITECTURE.md says how it stays one). Functions
//! take the tenant and a transaction; "not found" is `Ok(None)`. No rule of money is decided here,
//! but the old state stands in every `WHERE` (R2).
use crate::domain::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::{AnyPoolOptions, AnyRow};
use sqlx::{AnyPool, Executor, Row};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub mod alerts;
pub mod api_keys;
pub mod api_requests;
pub mod bills;
pub mod books;
pub mod customers;
pub mod deliveries;
pub mod endpoints;
pub mod entitlements;
pub mod events;
pub mod exports;
pub mod hooks;
pub mod idempotency;
pub mod imports;
pub mod inquiries;
pub mod jobs;
pub mod links;
pub mod messages;
pub mod nats;
pub mod orders;
pub mod payme;
pub mod payments;
pub mod plans;
pub mod proofs;
pub mod provider_accounts;
pub mod refunds;
pub mod reports;
pub mod sessions;
pub mod tenants;
pub mod users;

pub type Tx<'a> = sqlx::Transaction<'a, sqlx::Any>;

/// Which engine is behind the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// What goes wrong in the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not in the state it was read in: somebody else was faster.
    #[error("the row changed meanwhile")]
    Stale,
    /// A unique key is taken.
    #[error("the key is taken")]
    Taken,
    /// A stored value that no version of this program writes.
    #[error("the column {0} holds a value that cannot be read")]
    Corrupt(&'static str),
    #[error("the database failed: {0}")]
    Database(sqlx::Error),
    #[error("the schema cannot be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("{0}")]
    Url(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(e: sqlx::Error) -> Self {
        match &e {
            sqlx::Error::Database(d) if d.is_unique_violation() => Self::Taken,
            _ => Self::Database(e),
        }
    }
}

/// The database. PostgreSQL has one pool, held twice; SQLite has one writer and many readers.
#[derive(Clone)]
pub struct Db {
    read: AnyPool,
    write: AnyPool,
    engine: Engine,
    troubles: Arc<AtomicI64>,
}

impl Db {
    /// Opens the database behind a URL; a SQLite file is made where none is.
    ///
    /// # Errors
    /// [`StoreError::Url`] for a scheme that is neither, [`StoreError::Database`] where it cannot
    /// be opened.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let pool = AnyPoolOptions::new()
                .max_connections(16)
                .acquire_timeout(Duration::from_secs(10))
                .connect(url)
                .await?;
            Ok(Self {
                read: pool.clone(),
                write: pool,
                engine: Engine::Postgres,
                troubles: Arc::default(),
            })
        } else {
            Err(StoreError::Url(
                "the URL must begin with sqlite:// or postgres://".to_owned(),
            ))
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self, StoreError> {
        if url.contains('?') || url.contains(":memory:") {
            return Err(StoreError::Url(
                "a SQLite URL is sqlite://PATH, no more".to_owned(),
            ));
        }
        // One connection writes: a fair queue instead of busy errors. FULL: a commit that was
        // answered survives a power cut.
        let write = AnyPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(30))
            .after_connect(|conn, _| {
                Box::pin(async move {
                    conn.execute("PRAGMA journal_mode = WAL").await?;
                    conn.execute("PRAGMA synchronous = FULL").await?;
                    Ok(())
                })
            })
            .connect(&format!("{url}?mode=rwc"))
            .await?;
        let read = AnyPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            .connect(&format!("{url}?mode=ro"))
            .await?;
        Ok(Self {
            read,
            write,
            engine: Engine::Sqlite,
            troubles: Arc::default(),
        })
    }

    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Migrate`] where a step fails or the schema is of a later version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite => sqlx::migrate!("migrations/sqlite").run(&self.write).await?,
            Engine::Postgres => {
                sqlx::migrate!("migrations/postgres")
                    .run(&self.write)
                    .await?;
            }
        }
        Ok(())
    }

    /// Opens a transaction that may write. It runs in a task of its own: sqlx 0.9.0 puts a
    /// connection whose `begin` was cancelled back with the transaction open (sqlx #4393).
    ///
    /// # Errors
    /// [`StoreError::Database`] where no connection can be had.
    pub async fn begin(&self) -> Result<Tx<'static>, StoreError> {
        let db = self.clone();
        let begun = tokio::spawn(async move {
            match db.engine {
                Engine::Sqlite => db.write.begin_with("BEGIN IMMEDIATE").await,
                Engine::Postgres => db.write.begin().await,
            }
        });
        self.begun(begun.await)
    }

    /// What became of opening a transaction; where there is none, that is trouble.
    fn begun(
        &self,
        begun: Result<Result<Tx<'static>, sqlx::Error>, tokio::task::JoinError>,
    ) -> Result<Tx<'static>, StoreError> {
        let begun = begun.unwrap_or(Err(sqlx::Error::WorkerCrashed));
        if begun.is_err() {
            self.note_trouble();
        }
        Ok(begun?)
    }

    /// Counts that the database could not be had, or failed in the middle of work.
    pub fn note_trouble(&self) {
        self.troubles.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it could not be had since this was last asked.
    pub fn take_troubles(&self) -> i64 {
        self.troubles.swap(0, Ordering::Relaxed)
    }

    /// Opens a transaction that only reads; on SQLite it never waits for the writer.
    ///
    /// # Errors
    /// [`StoreError::Database`] where no connection can be had.
    pub async fn read(&self) -> Result<Tx<'static>, StoreError> {
        let pool = self.read.clone();
        self.begun(tokio::spawn(async move { pool.begin().await }).await)
    }

    /// Waits until nothing is under way and closes.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// How durable SQLite's writer is, asked from inside: 2 is FULL. `None` on PostgreSQL.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn sqlite_synchronous(db: &Db) -> Result<Option<i64>, StoreError> {
    if db.engine == Engine::Postgres {
        return Ok(None);
    }
    let mut tx = db.begin().await?;
    let row = sqlx::query("PRAGMA synchronous")
        .fetch_one(&mut *tx)
        .await?;
    Ok(Some(row.try_get(0)?))
}

/// Tables with their columns, sorted: a test compares the two engines.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn schema(db: &Db) -> Result<Vec<(String, String)>, StoreError> {
    let text = match db.engine {
        Engine::Sqlite => {
            "SELECT m.name AS t, c.name AS c FROM sqlite_master m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1, 2"
        }
        Engine::Postgres => {
            "SELECT CAST(table_name AS TEXT) AS t, CAST(column_name AS TEXT) AS c
             FROM information_schema.columns
             WHERE table_schema = current_schema() ORDER BY 1, 2"
        }
    };
    let mut tx = db.read().await?;
    let rows = sqlx::query(text).fetch_all(&mut *tx).await?;
    let mut all: Vec<(String, String)> = rows
        .iter()
        .map(|r| Ok((r.try_get(0)?, r.try_get(1)?)))
        .collect::<Result<_, sqlx::Error>>()?;
    all.retain(|(table, _)| table != "_sqlx_migrations");
    all.sort();
    Ok(all)
}

/// A page of a list: rows newest first, and the ids to go on from.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// There are newer rows: they come before this id.
    pub newer: Option<String>,
    /// There are older rows: they come after this id.
    pub older: Option<String>,
}

/// From where a page is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cursor {
    #[default]
    Newest,
    /// Rows older than this id.
    After(String),
    /// Rows newer than this id.
    Before(String),
}

impl Cursor {
    fn bound(&self) -> &str {
        match self {
            Self::Newest => "~",
            Self::After(id) | Self::Before(id) => id,
        }
    }

    /// The comparison with `id` and the order, for the text of a list.
    fn clause(&self) -> (&'static str, &'static str) {
        match self {
            Self::Newest | Self::After(_) => ("<", "DESC"),
            Self::Before(_) => (">", "ASC"),
        }
    }

    /// Cuts `rows` (one more than `limit` was read) to a page.
    fn page<T>(&self, mut rows: Vec<T>, limit: i64, id: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let backwards = matches!(self, Self::Before(_));
        if backwards {
            rows.reverse();
        }
        let (first, last) = (rows.first().map(&id), rows.last().map(&id));
        let (newer, older) = match self {
            Self::Newest => (None, last.filter(|_| more)),
            Self::After(_) => (first, last.filter(|_| more)),
            Self::Before(_) => (first.filter(|_| more), last),
        };
        Page { rows, newer, older }
    }
}

fn flag(on: bool) -> i64 {
    i64::from(on)
}

fn at(row: &AnyRow, column: &str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_unix_ms(row.try_get(column)?))
}

fn at_opt(row: &AnyRow, column: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row
        .try_get::<Option<i64>, _>(column)?
        .map(Timestamp::from_unix_ms))
}

fn on(row: &AnyRow, column: &str) -> Result<bool, StoreError> {
    Ok(row.try_get::<i64, _>(column)? != 0)
}

fn text(row: &AnyRow, column: &str) -> Result<String, StoreError> {
    Ok(row.try_get(column)?)
}

fn text_opt(row: &AnyRow, column: &str) -> Result<Option<String>, StoreError> {
    Ok(row.try_get(column)?)
}

fn parsed<T>(
    row: &AnyRow,
    column: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    parse(&text(row, column)?).ok_or(StoreError::Corrupt(column))
}

fn json<T: DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(&text(row, column)?).map_err(|_| StoreError::Corrupt(column))
}

fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn money(row: &AnyRow, column: &'static str) -> Result<crate::domain::Money, StoreError> {
    let currency = parsed(row, "currency", crate::domain::Currency::parse)?;
    Ok(crate::domain::Money::new(row.try_get(column)?, currency))
}

/// One row must have changed: none means that somebody else was faster (R2).
fn expect_one(rows: u64) -> Result<(), StoreError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::Stale)
    }
}
