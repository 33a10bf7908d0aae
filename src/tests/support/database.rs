//! A database of a test's own: a SQLite file in a temporary folder, or a schema in the PostgreSQL
//! of `TEST_DATABASE_URL`. It goes when the test ends.
use malipo::store::Db;
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use tempfile::TempDir;

pub struct TestDb {
    pub url: String,
    pub folder: TempDir,
    /// The server's own URL and the schema in it.
    schema: Option<(String, String)>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the settings of the tests; the program's own are read in config.rs"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

pub fn server() -> Option<String> {
    setting("TEST_DATABASE_URL")
}

/// Whether the server is thrown away as a whole, so that no test need clear up after itself.
fn is_thrown_away() -> bool {
    setting("TEST_DATABASE_THROWN_AWAY").is_some()
}

async fn pool(url: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    let options = AnyPoolOptions::new().max_connections(2);
    options.connect(url).await.unwrap()
}

impl TestDb {
    /// An empty database.
    pub async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let Some(server) = server() else {
            let url = format!("sqlite://{}", folder.path().join("malipo.db").display());
            return Self {
                url,
                folder,
                schema: None,
            };
        };
        let name = format!("t_{}", super::word());
        let admin = pool(&server).await;
        let text = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
        sqlx::query(text).execute(&admin).await.unwrap();
        admin.close().await;
        let joint = if server.contains('?') { '&' } else { '?' };
        let url =
            format!("{server}{joint}options[search_path]={name}&options[application_name]={name}");
        Self {
            url,
            folder,
            schema: Some((server, name)),
        }
    }

    /// A SQLite file, whatever the other tests run on.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("malipo.db").display());
        Self {
            url,
            folder,
            schema: None,
        }
    }

    /// One more connection pool on it, as another process would have.
    pub async fn open(&self) -> Db {
        let db = Db::open(&self.url).await.unwrap();
        db.migrate().await.unwrap();
        db
    }

    /// Connections beside the program's own, for questions that no service answers.
    pub async fn pool(&self) -> AnyPool {
        pool(&self.url).await
    }

    /// All that is stored, as text and as bytes of the files.
    pub async fn dump(&self) -> Vec<u8> {
        let mut all = Vec::new();
        if self.schema.is_none() {
            for file in std::fs::read_dir(self.folder.path()).unwrap() {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if name.starts_with("malipo.db") {
                    all.extend(std::fs::read(path).unwrap());
                }
            }
            return all;
        }
        let db = self.open().await;
        let tables = malipo::store::schema(&db).await.unwrap();
        let mut tables: Vec<_> = tables.into_iter().map(|(table, _)| table).collect();
        tables.dedup();
        let pool = self.pool().await;
        for table in tables {
            let text = format!("SELECT CAST(t AS TEXT) FROM {table} t");
            let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(text))
                .fetch_all(&pool)
                .await
                .unwrap();
            all.extend(rows.concat().into_bytes());
        }
        all
    }

    /// One number from the database, asked over a connection of its own.
    pub async fn number(&self, text: &'static str) -> i64 {
        let pool = self.pool().await;
        let found: i64 = sqlx::query_scalar(text).fetch_one(&pool).await.unwrap();
        pool.close().await;
        found
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Some((server, name)) = self.schema.take() else {
            return;
        };
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let admin = pool(&server).await;
                // A transaction that a test left open would hold the schema.
                let mut texts = vec![format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE application_name = '{name}'"
                )];
                if !is_thrown_away() {
                    texts.push("SET lock_timeout = '5s'".to_owned());
                    texts.push(format!("DROP SCHEMA {name} CASCADE"));
                }
                let mut conn = admin.acquire().await.unwrap();
                for text in texts {
                    let done = sqlx::query(sqlx::AssertSqlSafe(text))
                        .execute(&mut *conn)
                        .await;
                    if let Err(e) = done {
                        eprintln!("the schema {name} stays: {e}");
                    }
                }
            });
        });
        let _ = dropped.join();
    }
}
