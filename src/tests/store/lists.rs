//! Lists page the same way on both engines, and never skip or repeat a row.
use crate::support::TestDb;
use crate::support::rows::{self, hook, order, payment, proof, refund};
use malipo::clock::Clock;
use malipo::domain::payment::PaymentStatus;
use malipo::store::orders::OrderFilter;
use malipo::store::payments::PaymentFilter;
use malipo::store::{Cursor, hooks, orders, payments, proofs, refunds};

#[tokio::test]
async fn cursors_walk_to_the_end_and_back_without_a_gap() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let (tenant, other) = (
        rows::stored_tenant(&db).await,
        rows::stored_tenant(&db).await,
    );
    let mut tx = db.begin().await.unwrap();
    let mut ids = Vec::new();
    for i in 0..7 {
        let mut row = order(&tenant);
        row.reference = format!("R-{i}");
        ids.insert(0, row.id.to_string());
        orders::insert(&mut tx, &row).await.unwrap();
        orders::insert(&mut tx, &order(&other)).await.unwrap();
    }
    let all = OrderFilter::default();
    let (mut cursor, mut seen, mut pages) = (Cursor::Newest, Vec::new(), Vec::new());
    loop {
        let page = orders::list(&mut tx, &tenant.id, &all, &cursor, 3).await;
        let page = page.unwrap();
        let rows: Vec<_> = page.rows.iter().map(|o| o.id.to_string()).collect();
        seen.extend(rows.clone());
        pages.push(rows);
        match page.older {
            Some(last) => cursor = Cursor::After(last),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [3, 3, 1]);
    let back = Cursor::Before(pages[2][0].clone());
    let page = orders::list(&mut tx, &tenant.id, &all, &back, 3)
        .await
        .unwrap();
    let rows: Vec<_> = page.rows.iter().map(|o| o.id.to_string()).collect();
    assert_eq!(rows, pages[1]);
    assert!(page.newer.is_some() && page.older.is_some());
    let back = Cursor::Before(pages[1][0].clone());
    let page = orders::list(&mut tx, &tenant.id, &all, &back, 3)
        .await
        .unwrap();
    let rows: Vec<_> = page.rows.iter().map(|o| o.id.to_string()).collect();
    assert_eq!(rows, pages[0]);
    assert!(page.newer.is_none());
}

#[tokio::test]
async fn filters_narrow_and_never_cross_a_tenant() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let (tenant, other) = (
        rows::stored_tenant(&db).await,
        rows::stored_tenant(&db).await,
    );
    let (mine, paid) = rows::stored_capture(&db, &tenant).await;
    rows::stored_capture(&db, &other).await;
    let mut tx = db.begin().await.unwrap();
    let mut live = order(&tenant);
    live.livemode = true;
    orders::insert(&mut tx, &live).await.unwrap();
    let open = payment(&live);
    payments::insert(&mut tx, &open, None).await.unwrap();
    let newest = Cursor::Newest;
    for (filter, expected) in [
        (OrderFilter::default(), vec![&live.id, &mine.id]),
        (
            OrderFilter {
                livemode: Some(true),
                ..OrderFilter::default()
            },
            vec![&live.id],
        ),
        (
            OrderFilter {
                reference: Some("nothing".to_owned()),
                ..OrderFilter::default()
            },
            vec![],
        ),
    ] {
        let page = orders::list(&mut tx, &tenant.id, &filter, &newest, 10).await;
        let page = page.unwrap();
        let ids: Vec<_> = page.rows.iter().map(|o| &o.id).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
    for (filter, expected) in [
        (PaymentFilter::default(), vec![&open.id, &paid.id]),
        (
            PaymentFilter {
                status: Some(PaymentStatus::Succeeded),
                ..PaymentFilter::default()
            },
            vec![&paid.id],
        ),
        (
            PaymentFilter {
                reference: Some(open.reference.clone()),
                order: Some(live.id.clone()),
                provider: Some("paystack".to_owned()),
                livemode: Some(true),
                ..PaymentFilter::default()
            },
            vec![&open.id],
        ),
    ] {
        let page = payments::list(&mut tx, &tenant.id, &filter, &newest, 10).await;
        let page = page.unwrap();
        let ids: Vec<_> = page.rows.iter().map(|p| &p.id).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
    let (r, f) = (refund(&paid, 10), proof(&paid));
    refunds::insert(&mut tx, &r).await.unwrap();
    proofs::insert(&mut tx, &f, paid.amount.currency)
        .await
        .unwrap();
    hooks::keep(&mut tx, &hook(&tenant, "k")).await.unwrap();
    for (whose, count) in [(&tenant.id, 1), (&other.id, 0)] {
        let page = refunds::list(&mut tx, whose, Some(r.status), &newest, 5).await;
        assert_eq!(page.unwrap().rows.len(), count);
        let page = proofs::list(&mut tx, whose, Some(f.status), &newest, 5).await;
        assert_eq!(page.unwrap().rows.len(), count);
        let page = hooks::list(&mut tx, whose, None, Some("paystack"), &newest, 5).await;
        assert_eq!(page.unwrap().rows.len(), count);
        assert_eq!(proofs::queue(&mut tx, whose, 5).await.unwrap().len(), count);
    }
}

#[tokio::test]
async fn r11_test_money_is_counted_apart() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    rows::stored_capture(&db, &tenant).await;
    let mut tx = db.read().await.unwrap();
    let since = rows::NOW;
    let live = payments::tallies(&mut tx, &tenant.id, since, false).await;
    assert!(live.unwrap().is_empty());
    let tested = payments::tallies(&mut tx, &tenant.id, since, true).await;
    let tested = tested.unwrap();
    assert_eq!((tested[0].payments, tested[0].captured_minor), (1, 150_000));
    assert!(
        !payments::took_live_money(&mut tx, &tenant.id)
            .await
            .unwrap()
    );
}

#[test]
fn ids_sort_by_the_time_they_were_made() {
    let clock = Clock::manual(rows::NOW);
    let first: malipo::domain::ids::OrderId = clock.id();
    let second: malipo::domain::ids::OrderId = clock.id();
    clock.advance_secs(1);
    let third: malipo::domain::ids::OrderId = clock.id();
    assert!(first < second && second < third);
}
