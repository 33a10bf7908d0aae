//! Each group of rows comes back as it went in, and belongs to its tenant alone.
use crate::support::TestDb;
use crate::support::rows::{self, NOW, clock, hook, kes, order, payment, proof, refund};
use malipo::domain::account::{Mode, ProviderAccount};
use malipo::domain::event::EventType;
use malipo::domain::hook::HookStatus;
use malipo::domain::ids::UserId;
use malipo::domain::order::OrderStatus;
use malipo::domain::payment::{Failure, FailureCode, Flag, NextAction, PaymentStatus};
use malipo::domain::proof::{ProofFile, ProofStatus};
use malipo::domain::refund::RefundStatus;
use malipo::domain::role::Role;
use malipo::store::api_keys::{self, ApiKey};
use malipo::store::books::{self, AuditRow, Event, Step};
use malipo::store::provider_accounts::{self as accounts, Credential};
use malipo::store::users::{self, User};
use malipo::store::{
    Cursor, StoreError, hooks, orders, payments, proofs, refunds, sessions, tenants,
};
use std::collections::BTreeMap;

#[tokio::test]
async fn tenants_come_back_as_they_went_in() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let mut tenant = rows::stored_tenant(&db).await;
    let mut tx = db.begin().await.unwrap();
    assert_eq!(
        tenants::by_id(&mut tx, &tenant.id).await.unwrap().unwrap(),
        tenant
    );
    tenant.name = "Njeri \u{1F457} & Sons".to_owned();
    tenant.refund_limit_minor = Some(5_000);
    tenants::update(&mut tx, &tenant).await.unwrap();
    let found = tenants::by_slug(&mut tx, &tenant.slug).await.unwrap();
    assert_eq!(found.unwrap(), tenant);
    for key in [b"first".as_slice(), b"second"] {
        tenants::keep_data_key(&mut tx, &tenant.id, key, NOW)
            .await
            .unwrap();
    }
    let kept = tenants::data_key(&mut tx, &tenant.id).await.unwrap();
    assert_eq!(kept.unwrap(), b"first", "what was there first stays");
    tx.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let mut twin = rows::tenant();
    twin.slug.clone_from(&tenant.slug);
    let refused = tenants::insert(&mut tx, &twin).await.unwrap_err();
    assert!(matches!(refused, StoreError::Taken));
}

#[tokio::test]
async fn orders_and_payments_come_back_as_they_went_in() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let (tenant, other) = (
        rows::stored_tenant(&db).await,
        rows::stored_tenant(&db).await,
    );
    let mut tx = db.begin().await.unwrap();
    let mut o = order(&tenant);
    orders::insert(&mut tx, &o).await.unwrap();
    assert_eq!(
        orders::get(&mut tx, &tenant.id, &o.id).await.unwrap(),
        Some(o.clone())
    );
    assert_eq!(
        orders::by_token(&mut tx, &o.token).await.unwrap(),
        Some(o.clone())
    );
    assert_eq!(orders::get(&mut tx, &other.id, &o.id).await.unwrap(), None);
    let was = o.clone();
    o.status = OrderStatus::Paid;
    o.flags = vec![Flag::Late, Flag::Over];
    (o.paid_minor, o.fulfilled_at) = (160_000, Some(NOW.plus_secs(9)));
    orders::save(&mut tx, &o, &was).await.unwrap();
    assert_eq!(
        orders::get(&mut tx, &tenant.id, &o.id).await.unwrap(),
        Some(o.clone())
    );

    let mut p = payment(&o);
    payments::insert(&mut tx, &p, Some("form-1".to_owned()))
        .await
        .unwrap();
    let found = payments::by_form_key(&mut tx, &o.id, "form-1").await;
    assert_eq!(found.unwrap(), Some(p.clone()));
    p.status = PaymentStatus::Failed;
    p.failure = Some(Failure {
        code: FailureCode::WrongPin,
        message: "DS timeout \u{2013} user".to_owned(),
    });
    p.provider_ref = Some("ws_CO_1".to_owned());
    p.receipt = Some("SJ12".to_owned());
    p.next_action = NextAction::PhonePrompt;
    p.polls = 3;
    payments::save(&mut tx, &p, PaymentStatus::Created)
        .await
        .unwrap();
    payments::count_poll(&mut tx, &tenant.id, &p.id, NOW)
        .await
        .unwrap();
    p.polls = 4;
    for found in [
        payments::get(&mut tx, &tenant.id, &p.id).await.unwrap(),
        payments::by_reference(&mut tx, &tenant.id, &p.reference)
            .await
            .unwrap(),
        payments::by_provider_ref(&mut tx, &tenant.id, "paystack", "ws_CO_1")
            .await
            .unwrap(),
        payments::of_order(&mut tx, &tenant.id, &o.id)
            .await
            .unwrap()
            .pop(),
    ] {
        assert_eq!(found, Some(p.clone()));
    }
    for found in [
        payments::get(&mut tx, &other.id, &p.id).await.unwrap(),
        payments::by_reference(&mut tx, &other.id, &p.reference)
            .await
            .unwrap(),
        payments::by_provider_ref(&mut tx, &tenant.id, "mpesa", "ws_CO_1")
            .await
            .unwrap(),
    ] {
        assert_eq!(found, None);
    }
}

#[tokio::test]
async fn refunds_and_proofs_come_back_as_they_went_in() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let (tenant, other) = (
        rows::stored_tenant(&db).await,
        rows::stored_tenant(&db).await,
    );
    let (_, paid) = rows::stored_capture(&db, &tenant).await;
    let mut tx = db.begin().await.unwrap();
    let mut r = refund(&paid, 4_000);
    refunds::insert(&mut tx, &r).await.unwrap();
    r.status = RefundStatus::Unknown;
    (r.polls, r.provider_ref) = (2, Some("RF1".to_owned()));
    r.decided_by = Some("usr_x".to_owned());
    refunds::save(&mut tx, &r, RefundStatus::Approved)
        .await
        .unwrap();
    let found = refunds::get(&mut tx, &tenant.id, &r.id).await.unwrap();
    assert_eq!(found, Some(r.clone()));
    assert_eq!(refunds::get(&mut tx, &other.id, &r.id).await.unwrap(), None);
    let all = refunds::of_payment(&mut tx, &tenant.id, &paid.id).await;
    assert_eq!(all.unwrap(), [r]);

    let mut f = proof(&paid);
    proofs::insert(&mut tx, &f, paid.amount.currency)
        .await
        .unwrap();
    f.file = Some(ProofFile {
        name: "a.png".to_owned(),
        media_type: "image/png".to_owned(),
        bytes: 9,
        sha256: "00ff".to_owned(),
    });
    f.status = ProofStatus::Approved;
    f.accepted = Some(kes(140_000));
    f.decided_by = Some("usr_y".to_owned());
    proofs::save(&mut tx, &f, ProofStatus::Submitted)
        .await
        .unwrap();
    let found = proofs::get(&mut tx, &tenant.id, &f.id).await.unwrap();
    assert_eq!(found, Some(f.clone()));
    assert_eq!(proofs::get(&mut tx, &other.id, &f.id).await.unwrap(), None);
    let mut twin = proof(&paid);
    twin.reference = "ft241".to_owned();
    proofs::insert(&mut tx, &twin, paid.amount.currency)
        .await
        .unwrap();
    let twins = proofs::twins(&mut tx, &twin).await.unwrap();
    assert_eq!(twins, [f], "spaces, case and dashes do not tell apart");
}

#[tokio::test]
async fn a_hook_is_kept_byte_for_byte_and_a_second_delivery_is_counted() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let (tenant, other) = (
        rows::stored_tenant(&db).await,
        rows::stored_tenant(&db).await,
    );
    let mut tx = db.begin().await.unwrap();
    let mut h = hook(&tenant, "evt-1");
    assert_eq!(hooks::keep(&mut tx, &h).await.unwrap(), Some(h.id.clone()));
    let again = hooks::keep(&mut tx, &hook(&tenant, "evt-1")).await;
    assert_eq!(again.unwrap(), None);
    let theirs = hooks::keep(&mut tx, &hook(&other, "evt-1")).await;
    assert!(theirs.unwrap().is_some());
    h.deliveries = 2;
    let found = hooks::get(&mut tx, &tenant.id, &h.id).await.unwrap();
    assert_eq!(found, Some(h.clone()));
    assert_eq!(hooks::get(&mut tx, &other.id, &h.id).await.unwrap(), None);
    hooks::save_status(&mut tx, &h, HookStatus::Quarantined, "forged", NOW)
        .await
        .unwrap();
    let count = hooks::quarantined(&mut tx, &tenant.id, "paystack").await;
    assert_eq!(count.unwrap(), 1);
    let again = hooks::save_status(&mut tx, &h, HookStatus::Applied, "", NOW).await;
    assert!(matches!(again.unwrap_err(), StoreError::Stale));
}

#[tokio::test]
async fn provider_accounts_with_their_secrets_and_addresses_come_back() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let (tenant, other) = (
        rows::stored_tenant(&db).await,
        rows::stored_tenant(&db).await,
    );
    let mut tx = db.begin().await.unwrap();
    let mut account = ProviderAccount {
        tenant_id: tenant.id.clone(),
        provider: "paystack".to_owned(),
        enabled: false,
        test_mode: true,
        options: BTreeMap::new(),
        updated_at: NOW,
    };
    accounts::save(&mut tx, &account).await.unwrap();
    (account.enabled, account.test_mode) = (true, false);
    account.options.insert("a".to_owned(), "b".to_owned());
    accounts::save(&mut tx, &account).await.unwrap();
    let found = accounts::get(&mut tx, &tenant.id, "paystack").await;
    assert_eq!(found.unwrap(), Some(account.clone()));
    let all = accounts::all(&mut tx, &tenant.id).await.unwrap();
    assert_eq!(all, [account]);
    assert!(accounts::all(&mut tx, &other.id).await.unwrap().is_empty());
    for sealed in [vec![1, 0, 2], vec![3]] {
        let row = Credential {
            mode: Mode::Live,
            field: "secret_key".to_owned(),
            sealed,
            fingerprint: "ab12".to_owned(),
            updated_at: NOW,
            updated_by: "usr_1".to_owned(),
        };
        accounts::save_credential(&mut tx, &tenant.id, "paystack", &row)
            .await
            .unwrap();
    }
    let set = accounts::credentials(&mut tx, &tenant.id, "paystack").await;
    let set = set.unwrap();
    assert_eq!((set.len(), &set[0].sealed), (1, &vec![3]));
    let (id, name, mode) = (&tenant.id, "paystack", Mode::Test);
    accounts::save_token(&mut tx, id, name, mode, "", vec![7], NOW)
        .await
        .unwrap();
    let token = accounts::token(&mut tx, id, name, mode, "").await.unwrap();
    assert_eq!(token, Some((vec![7], NOW)));
    accounts::drop_token(&mut tx, id, name, mode).await.unwrap();
    assert_eq!(
        accounts::token(&mut tx, id, name, mode, "").await.unwrap(),
        None
    );
    for fresh in ["aa", "bb"] {
        let kept = accounts::hook_token(&mut tx, id, name, mode, fresh).await;
        assert_eq!(kept.unwrap(), "aa", "an address never changes by itself");
    }
    let whose = accounts::by_hook_token(&mut tx, "aa").await.unwrap();
    assert_eq!(whose, Some((id.clone(), name.to_owned(), mode)));
    assert!(
        accounts::by_hook_token(&mut tx, "bb")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn users_members_links_and_failures_come_back() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let tenant = rows::stored_tenant(&db).await;
    let user = User {
        id: clock().id(),
        email: "amina@shop.example".to_owned(),
        name: "Amina".to_owned(),
        password_hash: None,
        suspended: false,
        created_at: NOW,
    };
    let mut tx = db.begin().await.unwrap();
    users::insert(&mut tx, &user).await.unwrap();
    for role in [Role::Viewer, Role::Staff] {
        users::set_role(&mut tx, &tenant.id, &user.id, role, NOW)
            .await
            .unwrap();
    }
    let member = users::member(&mut tx, &tenant.id, &user.id).await.unwrap();
    assert_eq!(member.unwrap().role, Role::Staff);
    users::set_password(&mut tx, &user.id, "phc").await.unwrap();
    users::set_suspended(&mut tx, &user.id, true).await.unwrap();
    let found = users::by_email(&mut tx, &user.email)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.password_hash.as_deref(), Some("phc"));
    assert!(found.suspended && found.id == user.id);
    assert_eq!(users::members(&mut tx, &tenant.id).await.unwrap().len(), 1);
    let theirs = users::tenants_of(&mut tx, &user.id).await.unwrap();
    assert_eq!(theirs[0].0, tenant.slug);
    let until = NOW.plus_secs(60);
    users::insert_password_link(&mut tx, "hash", &user.id, until)
        .await
        .unwrap();
    let found = users::password_link(&mut tx, "hash", until).await.unwrap();
    assert_eq!(found, None, "a link runs out");
    users::use_password_link(&mut tx, "hash", NOW)
        .await
        .unwrap();
    let again = users::use_password_link(&mut tx, "hash", NOW).await;
    assert!(matches!(again.unwrap_err(), StoreError::Stale));
    for _ in 0..3 {
        users::add_login_failure(&mut tx, "login:a", NOW)
            .await
            .unwrap();
    }
    let count = users::login_failures(&mut tx, "login:a", NOW).await;
    assert_eq!(count.unwrap(), 3);
    users::clear_login_failures(&mut tx, "login:a")
        .await
        .unwrap();
    let count = users::login_failures(&mut tx, "login:a", NOW).await;
    assert_eq!(count.unwrap(), 0);
    users::remove_member(&mut tx, &tenant.id, &user.id)
        .await
        .unwrap();
    let gone = users::member(&mut tx, &tenant.id, &user.id).await.unwrap();
    assert!(gone.is_none());
    tx.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let twin = User {
        id: clock().id(),
        ..user
    };
    let refused = users::insert(&mut tx, &twin).await.unwrap_err();
    assert!(matches!(refused, StoreError::Taken));
}

#[tokio::test]
async fn sessions_end_with_their_user_and_their_time() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let user: UserId = clock().id();
    let mut tx = db.begin().await.unwrap();
    let until = NOW.plus_secs(60);
    for (hash, owner) in [("a", Some(user.to_string())), ("b", None)] {
        sessions::insert(&mut tx, hash, owner, "{}", until)
            .await
            .unwrap();
    }
    sessions::save(&mut tx, "a", Some(user.to_string()), "{1}", until)
        .await
        .unwrap();
    let found = sessions::load(&mut tx, "a", NOW).await.unwrap();
    assert_eq!(found.as_deref(), Some("{1}"));
    sessions::save(&mut tx, "c", None, "{}", until)
        .await
        .unwrap();
    let ended = sessions::load(&mut tx, "c", NOW).await.unwrap();
    assert_eq!(ended, None, "what was ended stays ended");
    assert_eq!(sessions::load(&mut tx, "a", until).await.unwrap(), None);
    sessions::delete_of_user(&mut tx, &user.to_string())
        .await
        .unwrap();
    assert_eq!(sessions::load(&mut tx, "a", NOW).await.unwrap(), None);
    assert!(sessions::load(&mut tx, "b", NOW).await.unwrap().is_some());
    sessions::delete_expired(&mut tx, until).await.unwrap();
    assert_eq!(sessions::load(&mut tx, "b", NOW).await.unwrap(), None);
}

#[tokio::test]
async fn api_keys_are_known_by_their_hash_until_revoked() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let (tenant, other) = (
        rows::stored_tenant(&db).await,
        rows::stored_tenant(&db).await,
    );
    let key = ApiKey {
        id: clock().id(),
        tenant_id: tenant.id.clone(),
        mode: Mode::Live,
        name: "shop".to_owned(),
        hint: "9f3a".to_owned(),
        scopes: vec!["read".to_owned()],
        created_at: NOW,
        last_used_at: None,
        expires_at: Some(NOW.plus_secs(60)),
        revoked_at: None,
    };
    let mut tx = db.begin().await.unwrap();
    api_keys::insert(&mut tx, &key, "hash").await.unwrap();
    for (at, before) in [(NOW, NOW), (NOW.plus_secs(9), NOW.plus_secs(-1))] {
        let touched = api_keys::touch(&mut tx, &tenant.id, &key.id, at, before).await;
        touched.unwrap();
    }
    let found = api_keys::by_hash(&mut tx, "hash").await.unwrap().unwrap();
    assert_eq!((found.mode, &found.scopes), (key.mode, &key.scopes));
    assert_eq!(found.last_used_at, Some(NOW), "the second came too soon");
    assert!(found.is_over(NOW.plus_secs(60)) && !found.is_over(NOW.plus_secs(59)));
    let foreign = api_keys::revoke(&mut tx, &other.id, &key.id, NOW).await;
    assert!(matches!(foreign.unwrap_err(), StoreError::Stale));
    api_keys::revoke(&mut tx, &tenant.id, &key.id, NOW)
        .await
        .unwrap();
    let revoked = api_keys::by_hash(&mut tx, "hash").await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(NOW));
    assert_eq!(api_keys::all(&mut tx, &tenant.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn r12_the_story_the_events_and_the_audit_come_back_in_order() {
    let test = TestDb::empty().await;
    let db = test.open().await;
    let (tenant, other) = (
        rows::stored_tenant(&db).await,
        rows::stored_tenant(&db).await,
    );
    let (o, paid) = rows::stored_capture(&db, &tenant).await;
    let mut tx = db.begin().await.unwrap();
    for kind in ["order.created", "payment.created", "payment.succeeded"] {
        let step = Step {
            id: clock().id(),
            tenant_id: tenant.id.clone(),
            order_id: o.id.clone(),
            payment_id: Some(paid.id.clone()),
            refund_id: None,
            kind: kind.to_owned(),
            actor: "system".to_owned(),
            words: "said".to_owned(),
            data: "{}".to_owned(),
            at: NOW,
        };
        books::insert_step(&mut tx, &step).await.unwrap();
        let event = Event {
            id: clock().id(),
            tenant_id: tenant.id.clone(),
            event_type: kind.to_owned(),
            livemode: true,
            subject: paid.id.to_string(),
            data: "{\"a\":1}".to_owned(),
            at: NOW,
        };
        books::insert_event(&mut tx, &event).await.unwrap();
        let row = AuditRow {
            id: clock().id(),
            tenant_id: tenant.id.clone(),
            actor: "usr_1".to_owned(),
            action: kind.to_owned(),
            subject: paid.id.to_string(),
            detail: "{}".to_owned(),
            at: NOW,
        };
        books::insert_audit(&mut tx, &row).await.unwrap();
    }
    let steps = books::steps(&mut tx, &tenant.id, &o.id).await.unwrap();
    let kinds: Vec<_> = steps.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["order.created", "payment.created", "payment.succeeded"]
    );
    assert!(
        books::steps(&mut tx, &other.id, &o.id)
            .await
            .unwrap()
            .is_empty()
    );
    let wanted = Some(EventType::PaymentSucceeded);
    let page = books::events(&mut tx, &tenant.id, wanted, &Cursor::Newest, 10).await;
    let page = page.unwrap();
    assert_eq!((page.rows.len(), page.rows[0].livemode), (1, true));
    let page = books::audit(&mut tx, &tenant.id, &Cursor::Newest, 2).await;
    let page = page.unwrap();
    assert_eq!(page.rows[0].action, "payment.succeeded");
    assert!(page.rows.len() == 2 && page.older.is_some());
}
