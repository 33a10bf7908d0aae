//! The queue of jobs and the idempotency keys: what several processes share.
use crate::support::TestDb;
use crate::support::rows::{self, NOW, clock};
use malipo::domain::account::Mode;
use malipo::domain::job::JobKind;
use malipo::store::idempotency::{self, Key};
use malipo::store::{Db, StoreError, jobs, tenants::Tenant};
use std::collections::BTreeSet;

async fn queue(db: &Db, tenant: &Tenant, subject: &str, in_secs: i64) {
    let mut tx = db.begin().await.unwrap();
    let at = NOW.plus_secs(in_secs);
    let kind = JobKind::PollPayment;
    jobs::queue(&mut tx, clock().id(), &tenant.id, kind, subject, at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn three_workers_claim_different_jobs() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    for i in 0..30 {
        queue(&db, &tenant, &format!("s-{i}"), 0).await;
    }
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let until = NOW.plus_secs(180);
                    let claimed = jobs::claim(&db, NOW, until, 4).await.unwrap();
                    if claimed.is_empty() {
                        return mine;
                    }
                    mine.extend(claimed.into_iter().map(|j| j.subject));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    let distinct: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (30, 30));
}

#[tokio::test]
async fn a_claim_of_a_dead_process_ends_by_itself() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    queue(&db, &tenant, "s", 0).await;
    queue(&db, &tenant, "later", 60).await;
    let until = NOW.plus_secs(180);
    let first = jobs::claim(&db, NOW, until, 9).await.unwrap();
    assert_eq!((first.len(), first[0].attempts), (1, 1));
    assert!(jobs::claim(&db, NOW, until, 9).await.unwrap().is_empty());
    let again = jobs::claim(&db, until, until.plus_secs(180), 9)
        .await
        .unwrap();
    assert_eq!(again.len(), 2);
    let s = again.iter().find(|j| j.subject == "s").unwrap();
    assert_eq!(s.attempts, 2);
}

#[tokio::test]
async fn one_subject_has_one_job_and_the_earlier_time_holds() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    for secs in [60, 10, 90] {
        queue(&db, &tenant, "s", secs).await;
    }
    let early = jobs::claim(&db, NOW.plus_secs(9), NOW.plus_secs(99), 9).await;
    assert!(early.unwrap().is_empty());
    let (at, until) = (NOW.plus_secs(10), NOW.plus_secs(99));
    let claimed = jobs::claim(&db, at, until, 9).await.unwrap();
    assert_eq!(claimed.len(), 1);
    // Queued anew for an earlier time while it ran: it is not forgotten.
    queue(&db, &tenant, "s", 5).await;
    let mut tx = db.begin().await.unwrap();
    jobs::done(&mut tx, &claimed[0]).await.unwrap();
    tx.commit().await.unwrap();
    let claimed = jobs::claim(&db, at, until, 9).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let mut tx = db.begin().await.unwrap();
    jobs::done(&mut tx, &claimed[0]).await.unwrap();
    tx.commit().await.unwrap();
    let rest = jobs::claim(&db, NOW.plus_secs(999), NOW.plus_secs(1_999), 9).await;
    assert!(rest.unwrap().is_empty());
}

#[tokio::test]
async fn work_queued_again_while_it_runs_runs_again() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    queue(&db, &tenant, "s", 0).await;
    let until = NOW.plus_secs(180);
    let claimed = jobs::claim(&db, NOW, until, 9).await.unwrap();
    // The same moment, as a hook that comes while the poll is under way.
    queue(&db, &tenant, "s", 0).await;
    let mut tx = db.begin().await.unwrap();
    jobs::done(&mut tx, &claimed[0]).await.unwrap();
    tx.commit().await.unwrap();
    let again = jobs::claim(&db, NOW, until, 9).await.unwrap();
    assert_eq!(again.len(), 1, "the second wish is not lost");
}

#[tokio::test]
async fn a_job_that_gave_up_waits_until_it_is_queued_anew() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    queue(&db, &tenant, "s", 0).await;
    let until = NOW.plus_secs(180);
    let claimed = jobs::claim(&db, NOW, until, 9).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    jobs::fail(&mut tx, &claimed[0], "broken", NOW)
        .await
        .unwrap();
    let failed = jobs::failed(&mut tx, &tenant.id).await.unwrap();
    assert_eq!((failed.len(), failed[0].error.as_str()), (1, "broken"));
    tx.commit().await.unwrap();
    assert!(jobs::claim(&db, until, until, 9).await.unwrap().is_empty());
    queue(&db, &tenant, "s", 20).await;
    let (at, until) = (NOW.plus_secs(20), NOW.plus_secs(200));
    assert_eq!(jobs::claim(&db, at, until, 9).await.unwrap().len(), 1);
}

fn key(tenant: &Tenant, mode: Mode, path: &str) -> Key {
    Key {
        tenant_id: tenant.id.clone(),
        mode,
        path: path.to_owned(),
        key: "k-1".to_owned(),
    }
}

#[tokio::test]
async fn idempotency_keys_are_per_tenant_mode_and_path() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let (tenant, other) = (
        rows::stored_tenant(&db).await,
        rows::stored_tenant(&db).await,
    );
    let until = NOW.plus_secs(60);
    let mut tx = db.begin().await.unwrap();
    for k in [
        key(&tenant, Mode::Test, "/a"),
        key(&tenant, Mode::Live, "/a"),
        key(&tenant, Mode::Test, "/b"),
        key(&other, Mode::Test, "/a"),
    ] {
        assert!(
            idempotency::take(&mut tx, &k, "b", until, NOW)
                .await
                .unwrap()
        );
        assert!(
            !idempotency::take(&mut tx, &k, "b", until, NOW)
                .await
                .unwrap()
        );
    }
    let k = key(&tenant, Mode::Test, "/a");
    let known = idempotency::get(&mut tx, &k).await.unwrap().unwrap();
    assert!(known.answer.is_none() && known.locked_until == until);
    idempotency::take_over(&mut tx, &k, until, until.plus_secs(60))
        .await
        .unwrap();
    let again = idempotency::take_over(&mut tx, &k, until, until).await;
    assert!(matches!(again.unwrap_err(), StoreError::Stale));
    // A run that was taken over has no say any more.
    let mine = until.plus_secs(60);
    idempotency::answer(&mut tx, &k, until, 500, "{}")
        .await
        .unwrap();
    idempotency::forget(&mut tx, &k, until).await.unwrap();
    idempotency::answer(&mut tx, &k, mine, 201, "{}")
        .await
        .unwrap();
    let known = idempotency::get(&mut tx, &k).await.unwrap().unwrap();
    assert_eq!(known.answer, Some((201, "{}".to_owned())));
    let refused = key(&tenant, Mode::Live, "/a");
    idempotency::forget(&mut tx, &refused, until).await.unwrap();
    assert!(idempotency::get(&mut tx, &refused).await.unwrap().is_none());
    idempotency::delete_before(&mut tx, NOW.plus_secs(1))
        .await
        .unwrap();
    let k = key(&other, Mode::Test, "/a");
    assert!(idempotency::get(&mut tx, &k).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_taken_by_many_at_once_is_had_by_one() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let tries: Vec<_> = (0..32)
        .map(|_| {
            let (db, k) = (db.clone(), key(&tenant, Mode::Test, "/a"));
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let mine = idempotency::take(&mut tx, &k, "b", NOW, NOW).await.unwrap();
                tx.commit().await.unwrap();
                mine
            })
        })
        .collect();
    let mut had = 0;
    for one in tries {
        had += usize::from(one.await.unwrap());
    }
    assert_eq!(had, 1);
}
