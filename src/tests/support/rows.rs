//! Rows as the services would make them, for the tests of the store.
use malipo::clock::Clock;
use malipo::domain::hook::{Hook, HookProof, HookStatus};
use malipo::domain::method::Method;
use malipo::domain::order::{Customer, Order, OrderKind, OrderStatus};
use malipo::domain::payment::{NextAction, Payment, PaymentStatus};
use malipo::domain::proof::{Proof, ProofStatus, ProofType};
use malipo::domain::refund::{Refund, RefundStatus};
use malipo::domain::{Currency, Money, Timestamp};
use malipo::store::tenants::Tenant;
use malipo::store::{Db, orders, payments, tenants};
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub const NOW: Timestamp = Timestamp::from_unix_ms(1_790_000_000_000);

/// One clock for all rows, so that ids sort in the order they were made.
pub fn clock() -> Clock {
    static CLOCK: LazyLock<Clock> = LazyLock::new(|| Clock::manual(NOW));
    CLOCK.clone()
}

pub fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::KES)
}

pub fn tenant() -> Tenant {
    Tenant {
        id: clock().id(),
        slug: format!("t-{}", super::word()),
        name: "Mama Njeri Fashions".to_owned(),
        currency: Currency::KES,
        country: "KE".to_owned(),
        timezone: "Africa/Nairobi".to_owned(),
        locale: "en".to_owned(),
        brand: "#0b6e5f".to_owned(),
        contact_phone: "+254712000111".to_owned(),
        contact_email: "shop@njeri.example".to_owned(),
        fallback_email: String::new(),
        refund_limit_minor: None,
        created_at: NOW,
    }
}

pub async fn stored_tenant(db: &Db) -> Tenant {
    let tenant = tenant();
    let mut tx = db.begin().await.unwrap();
    tenants::insert(&mut tx, &tenant).await.unwrap();
    tx.commit().await.unwrap();
    tenant
}

pub fn order(tenant: &Tenant) -> Order {
    Order {
        id: clock().id(),
        tenant_id: tenant.id.clone(),
        token: malipo::clock::random_hex::<20>(),
        livemode: false,
        kind: OrderKind::Booking,
        reference: "BK-1".to_owned(),
        amount: kes(150_000),
        description: "Kitenge dress".to_owned(),
        customer: Customer {
            name: Some("Wanjiku".to_owned()),
            ..Customer::default()
        },
        customer_id: None,
        link_id: None,
        metadata: BTreeMap::from([("size".to_owned(), "12".to_owned())]),
        return_url: Some("https://shop.example/back".to_owned()),
        failure_url: None,
        providers: vec!["mpesa".to_owned()],
        locale: Some("sw".to_owned()),
        status: OrderStatus::Open,
        flags: vec![],
        paid_minor: 0,
        refunded_minor: 0,
        fulfilled_at: None,
        expires_at: NOW.plus_secs(86_400),
        parts: vec![],
        remind_days: vec![],
        reminded_at: NOW,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn payment(order: &Order) -> Payment {
    Payment {
        id: clock().id(),
        tenant_id: order.tenant_id.clone(),
        order_id: order.id.clone(),
        provider: "paystack".to_owned(),
        method: Method::Card,
        livemode: order.livemode,
        test_mode: true,
        amount: order.amount,
        captured_minor: 0,
        refund_held_minor: 0,
        refunded_minor: 0,
        status: PaymentStatus::Created,
        flags: vec![],
        reference: format!("m{}", super::word()),
        provider_ref: None,
        receipt: None,
        phone: Some("+254712345678".to_owned()),
        next_action: NextAction::Redirect {
            url: "https://pay.example/x".to_owned(),
        },
        failure: None,
        polls: 0,
        created_at: NOW,
        updated_at: NOW,
        expires_at: NOW.plus_secs(3_600),
    }
}

/// A stored order with one payment that succeeded with all its money.
pub async fn stored_capture(db: &Db, tenant: &Tenant) -> (Order, Payment) {
    let order = order(tenant);
    let mut paid = payment(&order);
    let mut tx = db.begin().await.unwrap();
    orders::insert(&mut tx, &order).await.unwrap();
    payments::insert(&mut tx, &paid, None).await.unwrap();
    paid.status = PaymentStatus::Succeeded;
    paid.captured_minor = paid.amount.minor;
    payments::save(&mut tx, &paid, PaymentStatus::Created)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (order, paid)
}

pub fn refund(payment: &Payment, minor: i64) -> Refund {
    Refund {
        id: clock().id(),
        tenant_id: payment.tenant_id.clone(),
        payment_id: payment.id.clone(),
        amount: kes(minor),
        status: RefundStatus::Approved,
        reason: "returned".to_owned(),
        note: String::new(),
        requested_by: "system".to_owned(),
        decided_by: None,
        provider_ref: None,
        failure: None,
        by_hand: false,
        polls: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn proof(payment: &Payment) -> Proof {
    Proof {
        id: clock().id(),
        tenant_id: payment.tenant_id.clone(),
        payment_id: payment.id.clone(),
        proof_type: ProofType::BankTransfer,
        reference: "FT-24 1".to_owned(),
        notes: String::new(),
        file: None,
        status: ProofStatus::Submitted,
        claimed_by: None,
        claimed_at: None,
        decided_by: None,
        decision_note: String::new(),
        accepted: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn hook(tenant: &Tenant, key: &str) -> Hook {
    Hook {
        id: clock().id(),
        tenant_id: tenant.id.clone(),
        provider: "paystack".to_owned(),
        test_mode: true,
        dedupe_key: key.to_owned(),
        path_reference: String::new(),
        headers: "{}".to_owned(),
        body: vec![0, 255, b'{', b'}', 0],
        source: "127.0.0.1".to_owned(),
        proof: HookProof::Signed,
        status: HookStatus::Received,
        why: String::new(),
        deliveries: 1,
        received_at: NOW,
        handled_at: None,
    }
}
