//! Lost races are told as such (R2), and money never goes out twice (R10).
use crate::support::TestDb;
use crate::support::rows::{self, NOW, order, payment, proof, refund};
use malipo::domain::order::OrderStatus;
use malipo::domain::payment::PaymentStatus;
use malipo::domain::proof::{CLAIM_SECS, ProofStatus};
use malipo::domain::refund::RefundStatus;
use malipo::store::{Db, StoreError, orders, payments, proofs, refunds};

fn stale<T: std::fmt::Debug>(result: Result<T, StoreError>) -> bool {
    matches!(result.unwrap_err(), StoreError::Stale)
}

#[tokio::test]
async fn r2_a_save_from_an_old_state_is_stale() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let (was, paid) = rows::stored_capture(&db, &tenant).await;
    let mut tx = db.begin().await.unwrap();
    let (r, f) = (refund(&paid, 10), proof(&paid));
    refunds::insert(&mut tx, &r).await.unwrap();
    proofs::insert(&mut tx, &f, paid.amount.currency)
        .await
        .unwrap();
    assert!(stale(
        payments::save(&mut tx, &paid, PaymentStatus::Created).await
    ));
    assert!(stale(
        refunds::save(&mut tx, &r, RefundStatus::Sending).await
    ));
    assert!(stale(
        proofs::save(&mut tx, &f, ProofStatus::MoreWanted).await
    ));
    let mut cancelled = was.clone();
    cancelled.status = OrderStatus::Cancelled;
    orders::save(&mut tx, &cancelled, &was).await.unwrap();
    assert!(stale(orders::save(&mut tx, &cancelled, &was).await));
}

#[tokio::test]
async fn r8_an_order_is_fulfilled_once_whatever_is_saved() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let (was, _) = rows::stored_capture(&db, &tenant).await;
    let mut first = was.clone();
    first.status = OrderStatus::Paid;
    (first.paid_minor, first.fulfilled_at) = (150_000, Some(NOW));
    let mut tx = db.begin().await.unwrap();
    orders::save(&mut tx, &first, &was).await.unwrap();
    let mut second = first.clone();
    second.fulfilled_at = Some(NOW.plus_secs(1));
    assert!(stale(orders::save(&mut tx, &second, &first).await));
}

#[tokio::test]
async fn unique_keys_are_told_as_taken() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let o = order(&tenant);
    let mut tx = db.begin().await.unwrap();
    orders::insert(&mut tx, &o).await.unwrap();
    let first = payment(&o);
    payments::insert(&mut tx, &first, Some("form".to_owned()))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut same_reference = payment(&o);
    same_reference.reference.clone_from(&first.reference);
    let mut same_token = order(&tenant);
    same_token.token.clone_from(&o.token);
    let mut tx = db.begin().await.unwrap();
    let twice = payments::insert(&mut tx, &same_reference, None).await;
    assert!(matches!(twice.unwrap_err(), StoreError::Taken));
    drop(tx);
    let mut tx = db.begin().await.unwrap();
    let twice = payments::insert(&mut tx, &payment(&o), Some("form".to_owned())).await;
    assert!(matches!(twice.unwrap_err(), StoreError::Taken));
    drop(tx);
    let mut tx = db.begin().await.unwrap();
    let twice = orders::insert(&mut tx, &same_token).await;
    assert!(matches!(twice.unwrap_err(), StoreError::Taken));
}

/// Holds `minor` in a transaction of its own, with the others at the same moment.
async fn hold(db: &Db, paid: &malipo::domain::payment::Payment, minor: i64) -> bool {
    let mut tx = db.begin().await.unwrap();
    let held = payments::hold_refund(&mut tx, &paid.tenant_id, &paid.id, minor).await;
    // Others get a turn while the row is held.
    tokio::task::yield_now().await;
    match held {
        Ok(()) => {
            tx.commit().await.unwrap();
            true
        }
        Err(StoreError::Stale) => false,
        Err(e) => panic!("{e}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r10_sixty_four_refunds_at_once_never_hold_more_than_came() {
    let test = TestDb::empty().await;
    let (one, two) = (test.open().await, test.open().await);
    let tenant = rows::stored_tenant(&one).await;
    let (_, paid) = rows::stored_capture(&one, &tenant).await;
    // 64 × 40.00 against 1,500.00: 37 fit.
    let tries: Vec<_> = (0..64)
        .map(|i| {
            let (db, paid) = (if i % 2 == 0 { &one } else { &two }.clone(), paid.clone());
            tokio::spawn(async move { hold(&db, &paid, 4_000).await })
        })
        .collect();
    let mut held = 0;
    for one in tries {
        held += i64::from(one.await.unwrap());
    }
    assert_eq!(held, 37);
    let mut tx = one.begin().await.unwrap();
    let now = payments::get(&mut tx, &tenant.id, &paid.id).await.unwrap();
    assert_eq!(now.unwrap().refund_held_minor, 148_000);
}

#[tokio::test]
async fn r10_the_table_itself_refuses_more_than_came() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let (_, paid) = rows::stored_capture(&db, &tenant).await;
    let pool = test.pool().await;
    let too_much = "UPDATE payments SET refund_held_minor = captured_minor + 1 WHERE id = $1";
    let refused = sqlx::query(too_much).bind(paid.id.to_string());
    assert!(refused.execute(&pool).await.is_err());
    let mut tx = db.begin().await.unwrap();
    let (id, whole) = (&tenant.id, paid.captured_minor);
    assert!(stale(
        payments::release_refund(&mut tx, id, &paid.id, 1).await
    ));
    payments::hold_refund(&mut tx, id, &paid.id, whole)
        .await
        .unwrap();
    payments::add_refunded(&mut tx, id, &paid.id, whole)
        .await
        .unwrap();
    assert!(stale(payments::hold_refund(&mut tx, id, &paid.id, 1).await));
}

#[tokio::test]
async fn r10_only_a_payment_that_succeeded_can_be_given_back() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let o = order(&tenant);
    let open = payment(&o);
    let mut tx = db.begin().await.unwrap();
    orders::insert(&mut tx, &o).await.unwrap();
    payments::insert(&mut tx, &open, None).await.unwrap();
    assert!(stale(
        payments::hold_refund(&mut tx, &tenant.id, &open.id, 1).await
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_move_a_payment_at_once_one_succeeds() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let o = order(&tenant);
    let open = payment(&o);
    let mut tx = db.begin().await.unwrap();
    orders::insert(&mut tx, &o).await.unwrap();
    payments::insert(&mut tx, &open, None).await.unwrap();
    tx.commit().await.unwrap();
    let tries: Vec<_> = (0..16)
        .map(|_| {
            let (db, mut p) = (db.clone(), open.clone());
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                p.status = PaymentStatus::Succeeded;
                p.captured_minor = p.amount.minor;
                let saved = payments::save(&mut tx, &p, PaymentStatus::Created).await;
                let mine = saved.is_ok();
                tx.commit().await.unwrap();
                mine
            })
        })
        .collect();
    let mut moved = 0;
    for one in tries {
        moved += usize::from(one.await.unwrap());
    }
    assert_eq!(moved, 1);
}

#[tokio::test]
async fn a_proof_is_claimed_by_one_reviewer_until_the_claim_runs_out() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let (_, paid) = rows::stored_capture(&db, &tenant).await;
    let f = proof(&paid);
    let mut tx = db.begin().await.unwrap();
    proofs::insert(&mut tx, &f, paid.amount.currency)
        .await
        .unwrap();
    let id = &tenant.id;
    proofs::claim(&mut tx, id, &f.id, "amina", NOW)
        .await
        .unwrap();
    assert!(stale(
        proofs::claim(&mut tx, id, &f.id, "joseph", NOW).await
    ));
    proofs::claim(&mut tx, id, &f.id, "amina", NOW)
        .await
        .unwrap();
    let later = NOW.plus_secs(CLAIM_SECS);
    proofs::claim(&mut tx, id, &f.id, "joseph", later)
        .await
        .unwrap();
    proofs::release(&mut tx, id, &f.id, "amina").await.unwrap();
    let held = proofs::get(&mut tx, id, &f.id).await.unwrap().unwrap();
    assert_eq!(held.holder(later), Some("joseph"));
    proofs::release(&mut tx, id, &f.id, "joseph").await.unwrap();
    let free = proofs::get(&mut tx, id, &f.id).await.unwrap().unwrap();
    assert_eq!(free.holder(later), None);
}
