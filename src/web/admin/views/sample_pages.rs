//! Every page with sample data.
use super::{endpoints, events};
use super::{order, orders, overview, payment, payments, proofs, provider, providers};
use super::{refund_forms, refunds, start, team, unmatched};
use crate::domain::Currency;
use crate::domain::account::Mode;
use crate::domain::bill::{BillMoney, BillStatus, Unmatched};
use crate::domain::endpoint::DisabledWhy;
use crate::domain::hook::HookStatus;
use crate::domain::ids::{ApiKeyId, ApiRequestId, BillId, HookId, Id, TenantId, UserId};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::proof::ProofStatus;
use crate::domain::refund::RefundStatus;
use crate::domain::role::Role;
use crate::services::api_keys::ApiKey;
use crate::services::call_log::ApiRequest;
use crate::services::endpoints::Health;
use crate::web::admin::parts::chips::Light;
use crate::web::admin::parts::lists::Query;
use crate::web::admin::parts::timeline::Line;
use crate::web::admin::parts::{Frame, Note, Typed};
use crate::web::admin::sentences::Tone;
use std::collections::BTreeMap;

use super::samples::*;
fn story() -> Vec<Line> {
    let mut first = Line::new(ago(40), "user", "Order made");
    first.detail = "You made INV-2041 and its link.".to_owned();
    let mut second = Line::new(ago(38), "out", "Prompt sent to the phone");
    second.said = "ResponseCode 0 “Success. Request accepted for processing”".to_owned();
    let mut third = Line::new(ago(30), "s-done", "Succeeded, late and duplicate");
    third.tone = Tone::Ok;
    vec![first, second, third]
}

fn api_keys() -> Vec<ApiKey> {
    let key = |n, mode, name: &str, ends: Option<i64>, revoked| ApiKey {
        id: ApiKeyId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        mode,
        name: name.to_owned(),
        hint: "9f3a".to_owned(),
        scopes: vec!["read".to_owned(), "orders:write".to_owned()],
        created_at: ago(90_000),
        last_used_at: Some(ago(3)),
        expires_at: ends.map(|minutes| ago(-minutes)),
        revoked_at: revoked,
    };
    vec![
        key(1, Mode::Live, "Web shop", Some(9_000), None),
        key(2, Mode::Test, "", None, None),
        key(3, Mode::Test, "Old till", Some(-5), None),
        key(4, Mode::Live, "Before the move", None, Some(ago(60))),
    ]
}

fn call(status: i64, code: &str) -> ApiRequest {
    ApiRequest {
        id: ApiRequestId::from_bits(1),
        tenant_id: TenantId::from_bits(1),
        livemode: status != 409,
        key_id: ApiKeyId::from_bits(1),
        method: "POST".to_owned(),
        route: "/api/v1/orders/{id}/payments".to_owned(),
        path: "/api/v1/orders/ord_01k9d2m8q4e7r1s5t6v8w9x0yz/payments".to_owned(),
        status,
        code: code.to_owned(),
        took_ms: 214,
        request_id: "6f2c1d5e-8b7a-4c3d-9e0f-1a2b3c4d5e6f".to_owned(),
        idempotency_key: "pay-1001".to_owned(),
        at: ago(12),
    }
}

fn unmatched_money(open: &Order) -> unmatched::List {
    let money = |n: u128, typed: &str, status, why| BillMoney {
        id: BillId::from_bits(n),
        tenant_id: open.tenant_id.clone(),
        provider: "mpesa".to_owned(),
        test_mode: false,
        receipt: "RKL51ZDR4F".to_owned(),
        amount: open.amount,
        business_number: "600984".to_owned(),
        typed: typed.to_owned(),
        payer_name: "N*** W***".to_owned(),
        payer_phone: "2547 ***** 126".to_owned(),
        hook_id: HookId::from_bits(n),
        status,
        why,
        payment_id: None,
        asked: 0,
        decided_by: None,
        note: String::new(),
        created_at: ago(30),
        updated_at: ago(30),
    };
    let waits = BillStatus::Unmatched;
    let mut rows: Vec<_> = Unmatched::ALL
        .into_iter()
        .zip(1..)
        .map(|(why, n)| unmatched::Row {
            money: money(n, "BK7X <42", waits, Some(why)),
            suggested: vec![open.clone()],
        })
        .collect();
    rows.push(unmatched::Row {
        money: money(90, "", BillStatus::Returned, None),
        suggested: vec![],
    });
    unmatched::List {
        rows,
        query: Query::default(),
        newer: None,
        older: None,
        typed: Typed::default(),
    }
}

fn typed() -> Typed {
    Typed {
        values: BTreeMap::from([("reference".to_owned(), "INV-2041 <b>".to_owned())]),
        problems: vec![(
            "reference".to_owned(),
            "INV-2041 is used already.".to_owned(),
        )],
    }
}

/// Every page by name, as its main part.
#[expect(clippy::too_many_lines, reason = "one list of every page")]
pub fn pages(f: &Frame) -> Vec<(&'static str, leptos::prelude::AnyView)> {
    let paid = payment(
        2,
        "mpesa",
        money("KES", 1_250_000),
        PaymentStatus::Succeeded,
    );
    let an_order = order(
        2,
        "INV-2041",
        "Wanjiku Traders",
        money("KES", 1_250_000),
        OrderStatus::Paid,
    );
    let open = order(
        1,
        "ORD-2089",
        "Njeri Wambui",
        money("KES", 320_000),
        OrderStatus::Open,
    );
    let list = |n: u128, provider: &str, code: &str, minor: i64, status| payments::PaymentRow {
        payment: payment(n, provider, money(code, minor), status),
        reference: format!("ORD-20{n:02}"),
        customer: open.customer.clone(),
    };
    vec![
        ("unmatched", unmatched::list(f, unmatched_money(&open))),
        ("overview", overview::overview(f, an_overview())),
        (
            "orders",
            orders::list(
                f,
                orders::List {
                    orders: orders(),
                    query: Query::default().with("mode", "live"),
                    newer: None,
                    older: Some("/x".to_owned()),
                },
            ),
        ),
        (
            "orders-empty",
            orders::list(
                f,
                orders::List {
                    orders: vec![],
                    query: Query::default(),
                    newer: None,
                    older: None,
                },
            ),
        ),
        (
            "orders-new",
            orders::new(
                f,
                orders::New {
                    typed: typed(),
                    currencies: vec![Currency::KES, Currency::NGN],
                    ways: vec![
                        orders::Way {
                            name: "mpesa".to_owned(),
                            methods: "prompt, paybill".to_owned(),
                            off: None,
                        },
                        orders::Way {
                            name: "mtn_momo".to_owned(),
                            methods: String::new(),
                            off: Some("takes UGX alone".to_owned()),
                        },
                    ],
                    last: orders(),
                },
            ),
        ),
        (
            "order",
            order::detail(
                f,
                order::Detail {
                    order: open.clone(),
                    payments: vec![paid.clone()],
                    link: "https://pay.baraka.example/pay/0123456789abcdef0123456789abcdef"
                        .to_owned(),
                    story: story(),
                    plan: None,
                    messages: vec![],
                    fresh: true,
                },
            ),
        ),
        ("order-cancel", order::cancel(f, &open, &Typed::default())),
        (
            "payments",
            payments::list(
                f,
                payments::List {
                    rows: vec![
                        list(1, "mpesa", "KES", 320_000, PaymentStatus::RequiresAction),
                        list(2, "mpesa", "KES", 1_250_000, PaymentStatus::Succeeded),
                        list(3, "mtn_momo", "UGX", 12_450_000, PaymentStatus::Processing),
                        list(4, "paystack", "NGN", 4_200_000, PaymentStatus::Succeeded),
                        list(5, "paystack", "NGN", 1_850_000, PaymentStatus::Failed),
                        list(6, "paystack", "KWD", 4_250, PaymentStatus::Unknown),
                        list(7, "mpesa", "KES", 405_000, PaymentStatus::Mismatched),
                    ],
                    query: Query::default(),
                    newer: None,
                    older: None,
                    mismatched: 1,
                    unknown: 1,
                    unmatched: 2,
                },
            ),
        ),
        (
            "payment",
            payment::detail(
                f,
                payment::Detail {
                    payment: paid.clone(),
                    order: an_order.clone(),
                    refunds: vec![refund(
                        1,
                        money("KES", 400_000),
                        RefundStatus::AwaitingApproval,
                    )],
                    story: story(),
                    asks: true,
                    differs: vec![],
                    came: None,
                    proof: None,
                    typed: Typed::default(),
                },
            ),
        ),
        (
            "payment-mismatched",
            payment::detail(
                f,
                payment::Detail {
                    payment: payment(7, "mpesa", money("KES", 450_000), PaymentStatus::Mismatched),
                    order: open.clone(),
                    refunds: vec![],
                    story: story(),
                    asks: true,
                    differs: vec![
                        (
                            "Amount".to_owned(),
                            "KES 4,500.00".to_owned(),
                            "KES 4,050.00".to_owned(),
                        ),
                        ("Currency".to_owned(), "KES".to_owned(), "KES".to_owned()),
                    ],
                    came: Some(money("KES", 405_000)),
                    proof: None,
                    typed: Typed::default(),
                },
            ),
        ),
        (
            "refund-ask",
            refund_forms::ask(
                f,
                refund_forms::Ask {
                    payment: paid.clone(),
                    order: an_order.clone(),
                    limit: Some(money("KES", 500_000)),
                    full_only: false,
                    by_hand: true,
                    elsewhere: None,
                    typed: Typed::default(),
                },
            ),
        ),
        ("refunds", refunds::desk(f, a_refund_desk(&paid, &an_order))),
        (
            "refunds-empty",
            refunds::desk(
                f,
                refunds::Desk {
                    queue: vec![],
                    told: None,
                    item: None,
                },
            ),
        ),
        ("proofs", proofs::desk(f, a_proof_desk(&open, true))),
        ("proofs-queue", proofs::desk(f, a_proof_desk(&open, false))),
        (
            "proofs-empty",
            proofs::desk(
                f,
                proofs::Desk {
                    queue: vec![],
                    decided: false,
                    told: None,
                    item: None,
                },
            ),
        ),
        ("providers", providers::list(f, provider_rows())),
        ("provider", provider::settings(f, settings())),
        (
            "provider-offer",
            provider::offer(f, "mpesa", &Typed::default()),
        ),
        (
            "provider-go-live",
            providers::go_live(
                f,
                providers::GoLive {
                    name: "mpesa".to_owned(),
                    checks: vec![(true, "Live keys are saved".to_owned())],
                    currencies: "KES".to_owned(),
                    missing: vec![],
                    typed: Typed::default(),
                },
            ),
        ),
        (
            "endpoints",
            endpoints::list(f, vec![endpoint_row(1, None), endpoint_row(2, None)]),
        ),
        ("endpoints-empty", endpoints::list(f, vec![])),
        ("endpoints-new", endpoints::new(f, &typed())),
        ("endpoint", endpoint_page(f, None)),
        ("endpoint-off", endpoint_page(f, Some(DisabledWhy::Failing))),
        ("endpoint-delete", endpoints::delete(f, &endpoint(1, None))),
        ("events", event_list(f, true)),
        ("events-empty", event_list(f, false)),
        ("event", an_event_page(f)),
        (
            "hooks",
            super::hooks::list(
                f,
                super::hooks::List {
                    hooks: (1..)
                        .zip(HookStatus::ALL)
                        .map(|(n, s)| hook(n, *s))
                        .collect(),
                    query: Query::default().with("provider", "paystack"),
                    newer: None,
                    older: None,
                },
            ),
        ),
        (
            "hook",
            super::hooks::detail(f, &hook(1, HookStatus::Failed), super::hooks::Body::Read),
        ),
        (
            "api-keys",
            super::api_keys::list(
                f,
                super::api_keys::Keys {
                    keys: api_keys(),
                    fresh: Some(("Till".to_owned(), "mk_test_0f1e2d".to_owned())),
                    typed: Typed::default(),
                },
            ),
        ),
        ("api-key-revoke", super::api_keys::revoke(f, &api_keys()[0])),
        (
            "api-requests",
            super::api_requests::list(
                f,
                super::api_requests::List {
                    calls: vec![call(201, ""), call(409, "order_paid"), call(0, "")],
                    keys: api_keys(),
                    query: Query::default().with("status", "4xx"),
                    newer: None,
                    older: Some("/admin/baraka-market/api-keys/requests?after=req_1".to_owned()),
                },
            ),
        ),
        (
            "team",
            team::team(
                f,
                team::Team {
                    people: vec![
                        person(1, "Amina Hassan", Role::Owner, true),
                        person(2, "Joseph Otieno", Role::Staff, true),
                        person(3, "Halima Yusuf", Role::Viewer, false),
                    ],
                    link: Some((
                        "Halima Yusuf".to_owned(),
                        "https://pay.baraka.example/login/link/abc".to_owned(),
                    )),
                    typed: Typed::default(),
                },
            ),
        ),
        (
            "team-remove",
            team::remove(f, &person(2, "Joseph Otieno", Role::Staff, true)),
        ),
        ("account", team::account(f, &Typed::default())),
        (
            "start",
            start::start(
                f,
                start::Done {
                    test_payment: true,
                    ..start::Done::default()
                },
            ),
        ),
    ]
}

fn endpoint_row(n: u128, off: Option<DisabledWhy>) -> endpoints::Row {
    endpoints::Row {
        endpoint: endpoint(n, off),
        health: Health {
            taken: 61,
            tries: 74,
            last: Some(attempt(n, 1, Some(500))),
        },
    }
}

fn endpoint_page(f: &Frame, off: Option<DisabledWhy>) -> leptos::prelude::AnyView {
    endpoints::detail(
        f,
        endpoints::Detail {
            row: endpoint_row(1, off),
            attempts: vec![
                (attempt(1, 2, None), "order.paid".to_owned()),
                (attempt(1, 1, Some(200)), "order.paid".to_owned()),
            ],
            secret: off.is_none().then(|| "whsec_c2VjcmV0".to_owned()),
            typed: Typed::default(),
            range: Typed::default(),
        },
    )
}

fn event_row(n: u128) -> events::Row {
    events::Row {
        detail: event_detail(n),
        about: "INV-2044, UGX 12,450,000".to_owned(),
        href: Some("/admin/baraka-market/payments/x".to_owned()),
    }
}

fn endpoint_names() -> events::Endpoints {
    [endpoint(1, None), endpoint(2, Some(DisabledWhy::Gone))]
        .into_iter()
        .map(|e| (e.id.to_string(), e))
        .collect()
}

fn event_list(f: &Frame, some: bool) -> leptos::prelude::AnyView {
    events::list(
        f,
        events::List {
            endpoints: if some {
                vec![endpoint_row(1, None)]
            } else {
                vec![]
            },
            names: endpoint_names(),
            events: if some {
                (1..4).map(event_row).collect()
            } else {
                vec![]
            },
            query: Query::default(),
            newer: None,
            older: some.then(|| "?after=x".to_owned()),
        },
    )
}

fn an_event_page(f: &Frame) -> leptos::prelude::AnyView {
    events::detail(
        f,
        &endpoint_names(),
        &event_row(1),
        "{\"id\":\"evt_1\"}".to_owned(),
    )
}

fn person(n: u128, name: &str, role: Role, joined: bool) -> team::Person {
    team::Person {
        id: UserId::from_bits(n).to_string(),
        name: name.to_owned(),
        email: format!("p{n}@baraka.example"),
        role,
        suspended: false,
        joined,
    }
}

fn an_overview() -> overview::Overview {
    let work = |count, one, many, small: &str, late, path| overview::Work {
        count,
        one,
        many,
        small: small.to_owned(),
        late,
        path,
    };
    let hours = [0, 1, 3, 8, 12, 9, 7, 11, 16, 4, 2, 0];
    overview::Overview {
        days: 1,
        work: vec![
            work(
                14,
                "proof to decide",
                "proofs to decide",
                "oldest waits 38 min",
                true,
                "/proofs",
            ),
            work(
                2,
                "refund to approve",
                "refunds to approve",
                "oldest 12 min",
                false,
                "/refunds",
            ),
            work(
                1,
                "mismatched payment",
                "mismatched payments",
                "",
                false,
                "/payments?status=mismatched",
            ),
            work(
                0,
                "hook to look at",
                "hooks to look at",
                "",
                false,
                "/hooks?status=failed",
            ),
        ],
        notes: vec![
            Note::bad(
                "Paystack fails more than usual:",
                "4 of 16 tries succeeded.",
            )
            .go("/x", "See the 12 tries"),
            Note::test(
                "Mock is in test mode.",
                "It is counted nowhere on this page.",
            )
            .go("/y", "Providers"),
        ],
        volume: vec![
            overview::Volume {
                taken: money("KES", 48_235_000),
                payments: 214,
                refunded: money("KES", 1_240_000),
            },
            overview::Volume {
                taken: money("UGX", 12_450_000),
                payments: 61,
                refunded: money("UGX", 0),
            },
        ],
        by_hour: Some((
            Currency::KES,
            (0..24)
                .map(|h| money("KES", hours[h % 12] * 400_000))
                .collect(),
        )),
        health: vec![
            overview::Health {
                provider: "mpesa".to_owned(),
                hours: (0..24)
                    .map(|h| {
                        (
                            u32::try_from(hours[h % 12]).unwrap(),
                            u32::try_from(h % 3).unwrap(),
                        )
                    })
                    .collect(),
                light: Light::Ok,
                words: "Healthy".to_owned(),
            },
            overview::Health {
                provider: "paystack".to_owned(),
                hours: (0..24)
                    .map(|h| (u32::try_from(h % 4).unwrap(), u32::try_from(h / 9).unwrap()))
                    .collect(),
                light: Light::Bad,
                words: "Failing".to_owned(),
            },
        ],
        delays: vec![overview::Delays {
            provider: "paystack".to_owned(),
            hours: (0..24).map(|h| (h % 5 * 90, h % 7 * 60)).collect(),
            hooks: 58,
            middle_ms: 38_400,
            slow_ms: 251_000,
        }],
        calls: vec![overview::Calls {
            provider: "paystack".to_owned(),
            hours: (0..24)
                .map(|h| (h % 6 * 3, u32::from(h > 20) * 4))
                .collect(),
            calls: 140,
            errors: 21,
            bad: true,
        }],
        first_hour: 15,
        quiet: vec![overview::Quiet {
            icon: "s-unk",
            words: "1 unknown payment is asked about".to_owned(),
            href: Some("/z".to_owned()),
        }],
        cut_at: Some(1_000),
    }
}

fn a_refund_desk(paid: &Payment, an_order: &Order) -> refunds::Desk {
    use RefundStatus as R;
    let one = refund(1, money("KES", 1_250_000), R::AwaitingApproval);
    let queue = [
        R::AwaitingApproval,
        R::Unknown,
        R::Sending,
        R::Failed,
        R::Succeeded,
        R::Rejected,
    ];
    refunds::Desk {
        queue: (1..)
            .zip(queue)
            .map(|(n, s)| refunds::Queued {
                refund: refund(n, money("KES", 1_250_000), s),
                by_hand: n == 3,
                reference: "INV-2041".to_owned(),
                customer: "Wanjiku Traders".to_owned(),
            })
            .collect(),
        told: Some("Rejected. Joseph Otieno can read why.".to_owned()),
        item: Some(refunds::Item {
            refund: one,
            payment: paid.clone(),
            order: an_order.clone(),
            story: story(),
            limit: Some(money("KES", 500_000)),
            second_person: true,
            deciders: vec!["Grace Nakato".to_owned()],
            by_hand: false,
            typed: Typed::default(),
        }),
    }
}

fn a_proof_desk(open: &Order, item: bool) -> proofs::Desk {
    proofs::Desk {
        queue: [
            (1, "Peter Mwangi"),
            (2, "St. Anne’s Clinic, Nakuru"),
            (3, "Rose Chebet"),
        ]
        .into_iter()
        .map(|(n, who)| proofs::Queued {
            proof: proof(n, ProofStatus::Submitted),
            reference: format!("INV-203{n}"),
            customer: who.to_owned(),
            amount: money("KES", 840_000),
        })
        .collect(),
        decided: false,
        told: None,
        item: item.then(|| proofs::Item {
            proof: proof(1, ProofStatus::Submitted),
            payment: payment(
                1,
                "manual",
                money("KES", 840_000),
                PaymentStatus::RequiresAction,
            ),
            order: open.clone(),
            twins: vec![proofs::Twin {
                proof: proof(9, ProofStatus::Approved),
                reference: "INV-1987".to_owned(),
                customer: "Samson Kibet".to_owned(),
                same_file: false,
                same_reference: true,
            }],
            pay_to: "0110 2345 6789".to_owned(),
            zoom: 100,
            turn: 0,
            typed: Typed::default(),
            open: None,
        }),
    }
}

fn provider_rows() -> Vec<providers::ProviderRow> {
    [
        ("mpesa", false, Light::Ok, "Ready"),
        ("paystack", true, Light::Warn, "In test mode"),
        ("mtn_momo", true, Light::Off, "Not set up"),
    ]
    .into_iter()
    .map(|(name, test_mode, light, health)| providers::ProviderRow {
        name: name.to_owned(),
        methods: "prompt, paybill".to_owned(),
        currencies: "KES".to_owned(),
        enabled: name != "mtn_momo",
        test_mode,
        test_only: false,
        light,
        health: health.to_owned(),
    })
    .collect()
}

fn settings() -> provider::Settings {
    let saved = |fingerprint: &str| provider::Saved {
        fingerprint: fingerprint.to_owned(),
        at: ago(90_000),
        by: UserId::from_bits(2).to_string(),
    };
    let field = |name, label, secret, required| provider::FieldView {
        name,
        label,
        help: "From the provider’s own page.",
        required,
        secret,
        long: false,
        choices: &[],
        test: Some(saved("9f:3a:c2:1e")),
        live: None,
    };
    provider::Settings {
        name: "mpesa".to_owned(),
        sub: "Prompt on the phone, and paybill typed by hand. KES.".to_owned(),
        enabled: true,
        test_mode: true,
        test_only: false,
        fields: vec![
            field("consumer_key", "Consumer key", true, true),
            field("shortcode", "Shortcode", false, true),
            provider::FieldView {
                choices: &["paybill", "till"],
                test: None,
                ..field("transaction_type", "Type", false, false)
            },
        ],
        options: vec![
            provider::FieldView {
                long: true,
                ..field("instructions", "Instructions", false, false)
            },
            provider::FieldView {
                choices: &["any", "published"],
                ..field("hook_sources", "Who may call", false, false)
            },
        ],
        values: BTreeMap::new(),
        hooks: vec![
            provider::HookAddress {
                mode: Mode::Live,
                url: "https://pay.baraka.example/hooks/b2095c7e11d84f03".to_owned(),
                registered: None,
                last: None,
            },
            provider::HookAddress {
                mode: Mode::Test,
                url: "https://pay.baraka.example/hooks/60aa14d9f3524b7e".to_owned(),
                registered: Some(ago(90_000)),
                last: Some(ago(3)),
            },
        ],
        hook_help: "Sent along with every prompt.",
        registers_hooks: true,
        sources: &["196.201.214.200", "196.201.213.0/28"],
        instruments: vec![provider::Instrument {
            number: "254708374149".to_owned(),
            detail: "no PIN".to_owned(),
            outcome: "Never answers",
        }],
        tested: Some(provider::Tested {
            mode: Mode::Test,
            ok: false,
            said: "Invalid API call as no apiproduct match found".to_owned(),
        }),
        notes: vec![],
        typed: Typed {
            values: BTreeMap::new(),
            problems: vec![(
                "live[consumer_key]".to_owned(),
                "This is a test key.".to_owned(),
            )],
        },
    }
}
