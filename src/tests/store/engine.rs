//! What both engines must have in common, and what each must be set to.
use crate::support::TestDb;
use crate::support::rows::{self, order};
use malipo::store::{Engine, orders, schema, sqlite_synchronous, tenants};
use std::time::Duration;

#[tokio::test]
async fn sqlite_writes_with_full_synchronous() {
    let test = TestDb::sqlite();
    let db = test.open().await;
    assert_eq!(sqlite_synchronous(&db).await.unwrap(), Some(2));
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let (test, sqlite) = (TestDb::empty().await, TestDb::sqlite());
    let ours = schema(&test.open().await).await.unwrap();
    let theirs = schema(&sqlite.open().await).await.unwrap();
    assert_eq!(ours, theirs);
    assert!(ours.contains(&("payments".to_owned(), "refund_held_minor".to_owned())));
}

#[tokio::test]
async fn both_engines_are_written_in_one_set_of_words() {
    // Without PostgreSQL at hand, at least the two texts tell the same tables and columns.
    let names = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|l| l.split("--").next().unwrap().trim());
        lines
            .filter_map(|l| l.split_whitespace().next().map(|w| (w, l)))
            .map(|(word, line)| match word {
                "CREATE" => line.replace(" STRICT", ""),
                _ => word.trim_end_matches(';').to_owned(),
            })
            .collect()
    };
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<_> = std::fs::read_dir(root.join("sqlite"))
        .unwrap()
        .map(|f| f.unwrap().file_name())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let [a, b] = ["sqlite", "postgres"]
            .map(|engine| std::fs::read_to_string(root.join(engine).join(&file)).unwrap());
        let (a, b) = (names(&a), names(&b));
        assert_eq!(a.len(), b.len(), "{}", file.display());
        for (ours, theirs) in a.iter().zip(&b) {
            assert_eq!(
                ours.trim_end_matches(')'),
                theirs.trim_end_matches(')'),
                "{}",
                file.display()
            );
        }
    }
}

#[tokio::test]
async fn bringing_the_schema_up_to_date_twice_changes_nothing() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let before = schema(&db).await.unwrap();
    db.migrate().await.unwrap();
    assert_eq!(schema(&db).await.unwrap(), before);
}

#[tokio::test]
async fn readers_cannot_write_on_sqlite() {
    let test = TestDb::sqlite();
    let db = test.open().await;
    assert_eq!(db.engine(), Engine::Sqlite);
    let mut tx = db.read().await.unwrap();
    assert!(tenants::insert(&mut tx, &rows::tenant()).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_begin_that_is_cancelled_leaves_no_transaction_open() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    for round in 0..200_u64 {
        let begun = {
            let db = db.clone();
            tokio::spawn(async move { db.begin().await.map(drop) })
        };
        // Cut off at a different moment each time.
        if round % 3 != 0 {
            tokio::task::yield_now().await;
        }
        if round % 5 == 0 {
            tokio::time::sleep(Duration::from_micros(round)).await;
        }
        begun.abort();
        let _ = begun.await;
    }
    // Every one of these is committed, so another connection must see every one.
    for _ in 0..40 {
        let mut tx = db.begin().await.unwrap();
        orders::insert(&mut tx, &order(&tenant)).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(
        test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM orders")
            .await,
        40
    );
}

#[tokio::test]
async fn a_transaction_that_is_dropped_writes_nothing() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let mut tx = db.begin().await.unwrap();
    orders::insert(&mut tx, &order(&tenant)).await.unwrap();
    drop(tx);
    let mut tx = db.begin().await.unwrap();
    drop(std::mem::replace(&mut tx, db.read().await.unwrap()));
    assert_eq!(
        test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM orders")
            .await,
        0
    );
}

#[tokio::test]
async fn a_url_that_is_neither_engine_is_refused() {
    for url in [
        "mysql://x",
        "sqlite://a.db?mode=rwc",
        "sqlite::memory:",
        "data.db",
    ] {
        assert!(malipo::store::Db::open(url).await.is_err(), "{url}");
    }
}
