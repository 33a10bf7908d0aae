//! One record of each kind, for the tests of pages.
use crate::domain::endpoint::{Attempt, Delivery, DeliveryStatus, DisabledWhy, Endpoint};
use crate::domain::hook::{Hook, HookProof, HookStatus};
use crate::domain::ids::{EndpointId, EventId, HookId, Id, OrderId, PaymentId, ProofId, RefundId};
use crate::domain::ids::{TenantId, UserId};
use crate::domain::method::Method;
use crate::domain::order::{Customer, Order, OrderKind, OrderStatus};
use crate::domain::payment::{Failure, FailureCode, Flag, NextAction, Payment, PaymentStatus};
use crate::domain::proof::{Proof, ProofFile, ProofStatus, ProofType};
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::role::Role;
use crate::domain::{Currency, Money, Timestamp};
use crate::services::events::{Event, EventDetail};
use crate::web::admin::parts::frame::{ProviderName, Waiting};
use crate::web::admin::parts::{Frame, Zone};
use std::collections::BTreeMap;

/// 2026-11-19 11:32:07 UTC, a Thursday.
pub const NOW: Timestamp = Timestamp::from_unix_ms(1_795_087_927_000);

pub fn money(code: &str, minor: i64) -> Money {
    Money::new(minor, Currency::parse(code).unwrap())
}

pub fn ago(minutes: i64) -> Timestamp {
    NOW.plus_secs(-60 * minutes)
}

pub fn frame(role: Role) -> Frame {
    let names = [
        ("mpesa", "M-Pesa", "MP"),
        ("paystack", "Paystack", "PS"),
        ("mtn_momo", "MTN MoMo", "MT"),
        ("manual", "Manual", "MN"),
        ("mock", "Mock", "MK"),
    ];
    let me = UserId::from_bits(1);
    let people = BTreeMap::from([
        (me.to_string(), "Amina Hassan".to_owned()),
        (UserId::from_bits(2).to_string(), "Joseph Otieno".to_owned()),
    ]);
    Frame {
        slug: "baraka-market".to_owned(),
        shop: "Baraka Market".to_owned(),
        currency: Currency::KES,
        user_id: me,
        user: "Amina Hassan".to_owned(),
        role,
        zone: Zone::new("Africa/Nairobi", NOW),
        waiting: Waiting {
            proofs: 3,
            refunds: 2,
            hooks: 1,
        },
        in_test: 2,
        other_shops: true,
        providers: names
            .map(|(name, label, monogram)| ProviderName {
                name: name.to_owned(),
                label: label.to_owned(),
                monogram: monogram.to_owned(),
            })
            .into(),
        people: people.into(),
    }
}

pub fn order(n: u128, reference: &str, who: &str, amount: Money, status: OrderStatus) -> Order {
    let paid = if status == OrderStatus::Paid {
        amount.minor
    } else {
        0
    };
    Order {
        id: OrderId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        token: "0123456789abcdef0123456789abcdef".to_owned(),
        livemode: n != 5,
        kind: OrderKind::Invoice,
        reference: reference.to_owned(),
        amount,
        description: "Uniforms, term 1".to_owned(),
        customer: Customer {
            name: Some(who.to_owned()),
            phone: Some("+254711204126".to_owned()),
            ..Customer::default()
        },
        customer_id: None,
        link_id: None,
        metadata: BTreeMap::from([("class".to_owned(), "4B".to_owned())]),
        return_url: None,
        failure_url: None,
        providers: vec!["mpesa".to_owned()],
        locale: None,
        status,
        flags: vec![],
        paid_minor: paid,
        refunded_minor: 0,
        fulfilled_at: None,
        expires_at: NOW.plus_secs(86_400),
        parts: vec![],
        remind_days: vec![],
        reminded_at: NOW,
        created_at: ago(40 + i64::try_from(n).unwrap()),
        updated_at: NOW,
    }
}

pub fn payment(n: u128, provider: &str, amount: Money, status: PaymentStatus) -> Payment {
    let captured = if status == PaymentStatus::Succeeded {
        amount.minor
    } else {
        0
    };
    Payment {
        id: PaymentId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        order_id: OrderId::from_bits(n),
        provider: provider.to_owned(),
        method: Method::StkPush,
        livemode: true,
        test_mode: n == 4,
        amount,
        captured_minor: captured,
        refund_held_minor: 0,
        refunded_minor: 0,
        status,
        flags: if n == 2 {
            vec![Flag::Late, Flag::Duplicate]
        } else {
            vec![]
        },
        reference: "INV2041K7Q3".to_owned(),
        provider_ref: Some("ws_CO_19112026135840112711204126".to_owned()),
        receipt: Some("TKJ8X2LM4P".to_owned()),
        phone: Some("+254711204126".to_owned()),
        next_action: NextAction::None,
        failure: (status == PaymentStatus::Failed).then(|| Failure {
            code: FailureCode::WrongPin,
            message: "The initiator information is invalid.".to_owned(),
        }),
        polls: 3,
        created_at: ago(3 * i64::try_from(n).unwrap()),
        updated_at: NOW,
        expires_at: NOW.plus_secs(120),
    }
}

pub fn proof(n: u128, status: ProofStatus) -> Proof {
    Proof {
        id: ProofId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        payment_id: PaymentId::from_bits(n),
        proof_type: ProofType::BankTransfer,
        reference: "FT26315QK81".to_owned(),
        notes: "Paid from my sister’s account".to_owned(),
        file: Some(ProofFile {
            name: "a.png".to_owned(),
            media_type: "image/png".to_owned(),
            bytes: 1_000,
            sha256: "00".repeat(32),
        }),
        status,
        claimed_by: (n == 1).then(|| UserId::from_bits(1).to_string()),
        claimed_at: (n == 1).then_some(ago(1)),
        decided_by: None,
        decision_note: String::new(),
        accepted: None,
        created_at: ago(13 * i64::try_from(n).unwrap()),
        updated_at: NOW,
    }
}

pub fn refund(n: u128, amount: Money, status: RefundStatus) -> Refund {
    Refund {
        id: RefundId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        payment_id: PaymentId::from_bits(2),
        amount,
        status,
        reason: "Duplicate payment.".to_owned(),
        note: "Customer called, paid by card when the prompt did not come.".to_owned(),
        requested_by: UserId::from_bits(2).to_string(),
        decided_by: None,
        provider_ref: None,
        failure: None,
        by_hand: false,
        polls: 0,
        created_at: ago(12),
        updated_at: NOW,
    }
}

pub fn hook(n: u128, status: HookStatus) -> Hook {
    Hook {
        id: HookId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        provider: "paystack".to_owned(),
        test_mode: n == 2,
        dedupe_key: "evt".to_owned(),
        path_reference: "INV2041K7Q3".to_owned(),
        headers: r#"{"content-type":"application/json","user-agent":"Paystack/2.0"}"#.to_owned(),
        body: br#"{"event":"charge.success","data":{"amount":4200000,"currency":"NGN"}}"#.to_vec(),
        source: "52.31.139.75".to_owned(),
        proof: HookProof::Signed,
        status,
        why: "no payment has this reference".to_owned(),
        deliveries: 2,
        received_at: ago(i64::try_from(n).unwrap()),
        handled_at: Some(NOW),
    }
}

pub fn orders() -> Vec<Order> {
    use OrderStatus as S;
    vec![
        order(
            1,
            "ORD-2089",
            "Njeri Wambui",
            money("KES", 320_000),
            S::Open,
        ),
        order(
            2,
            "INV-2044",
            "Kampala Fresh Foods Ltd",
            money("UGX", 12_450_000),
            S::Paid,
        ),
        order(
            3,
            "BOOK-318",
            "Adaeze Nwosu",
            money("NGN", 4_200_000),
            S::Cancelled,
        ),
        order(
            4,
            "INV-2040",
            "Gulf Traders",
            money("KWD", 4_250),
            S::Expired,
        ),
        order(
            5,
            "INV-2041",
            "Wanjiku Traders",
            money("KES", 1_250_000),
            S::PartiallyPaid,
        ),
    ]
}

pub fn endpoint(n: u128, off: Option<DisabledWhy>) -> Endpoint {
    Endpoint {
        id: EndpointId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        livemode: n == 1,
        url: "https://shop.baraka.example/malipo".to_owned(),
        description: "The shop <b>".to_owned(),
        events: vec![],
        fingerprint: "3b90f41c".to_owned(),
        secret_at: ago(600),
        old_until: Some(NOW.plus_secs(60)),
        disabled: off.map(|why| (ago(30), why)),
        failing_since: off.map(|_| ago(9_000)),
        created_at: ago(9_000),
        updated_at: ago(30),
    }
}

pub fn attempt(endpoint: u128, n: i64, status: Option<u16>) -> Attempt {
    Attempt {
        event_id: EventId::from_bits(1),
        endpoint_id: EndpointId::from_bits(endpoint),
        n,
        at: ago(20 - n),
        status,
        took_ms: 184,
        answer: "{\"ok\": true} <b>".to_owned(),
        error: status.map_or("no answer in time".to_owned(), |_| String::new()),
    }
}

pub fn event_detail(n: u128) -> EventDetail {
    let delivery = |endpoint: u128, status| Delivery {
        event_id: EventId::from_bits(n),
        endpoint_id: EndpointId::from_bits(endpoint),
        tenant_id: TenantId::from_bits(1),
        status,
        tries: 1,
        attempts: 1,
        resends: 0,
        next_at: NOW.plus_secs(200),
        created_at: ago(20),
        updated_at: ago(20),
    };
    EventDetail {
        event: Event {
            id: EventId::from_bits(n),
            tenant_id: TenantId::from_bits(1),
            event_type: "payment.succeeded".to_owned(),
            livemode: n == 1,
            subject: PaymentId::from_bits(n).to_string(),
            data: "{}".to_owned(),
            at: ago(20),
        },
        deliveries: match n {
            3 => vec![],
            2 => vec![delivery(1, DeliveryStatus::Failed)],
            _ => vec![
                delivery(1, DeliveryStatus::Delivered),
                delivery(2, DeliveryStatus::Pending),
            ],
        },
        attempts: vec![attempt(1, 1, Some(200)), attempt(2, 1, Some(500))],
    }
}
