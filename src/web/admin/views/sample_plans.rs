//! The pages of plans and customers with sample data.
use super::samples::{NOW, ago, money, order, payment};
use super::{customers, plans};
use crate::domain::Currency;
use crate::domain::customer::Customer;
use crate::domain::entitlement::{Entitlement, EntitlementStatus};
use crate::domain::ids::{CustomerId, EntitlementId, Id, OrderId, PlanId, TenantId};
use crate::domain::order::OrderStatus;
use crate::domain::payment::PaymentStatus;
use crate::domain::plan::Plan;
use crate::services::entitlements::Held;
use crate::web::admin::parts::lists::Query;
use crate::web::admin::parts::{Frame, Typed};
use std::collections::BTreeMap;

fn plan(n: u128, active: bool) -> Plan {
    Plan {
        id: PlanId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        livemode: active,
        name: "Gold <i>".to_owned(),
        description: "Everything, every day".to_owned(),
        price: money("KES", 150_000),
        duration_days: 30,
        grace_days: 3,
        remind_days: vec![7, 1],
        active,
        created_at: ago(90_000),
        updated_at: ago(90_000),
    }
}

fn customer(n: u128) -> Customer {
    Customer {
        id: CustomerId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        livemode: true,
        external_id: Some(format!("c-10{n}")),
        name: "Njeri Wambui".to_owned(),
        email: "njeri@customers.example".to_owned(),
        phone: "+254711204126".to_owned(),
        merged_into: None,
        created_at: ago(90_000),
        updated_at: ago(90),
    }
}

fn held(n: u128, status: EntitlementStatus) -> Held {
    Held {
        entitlement: Entitlement {
            id: EntitlementId::from_bits(n),
            tenant_id: TenantId::from_bits(1),
            livemode: true,
            customer_id: CustomerId::from_bits(1),
            plan_id: PlanId::from_bits(1),
            status,
            starts_at: ago(30_000),
            period_from: ago(30_000),
            ends_at: NOW.plus_secs(86_400),
            grace_days: 3,
            remind_days: vec![7, 1],
            reminded: None,
            renewal_order: None,
            last_order: OrderId::from_bits(1),
            version: 1,
            created_at: ago(30_000),
            updated_at: ago(30_000),
        },
        plan: plan(1, true),
        customer: customer(1),
        renewal_url: Some("https://pay.baraka.example/pay/0123456789abcdef".to_owned()),
    }
}

fn all_held() -> Vec<Held> {
    let all = EntitlementStatus::ALL.iter().zip(1..);
    all.map(|(status, n)| held(n, *status)).collect()
}

fn refused() -> Typed {
    Typed {
        values: BTreeMap::from([("name".to_owned(), "Gold <b>".to_owned())]),
        problems: vec![
            ("price".to_owned(), "Must be above zero.".to_owned()),
            (String::new(), "It changed meanwhile.".to_owned()),
        ],
    }
}

/// Every page by name, as its main part.
pub fn pages(f: &Frame) -> Vec<(&'static str, leptos::prelude::AnyView)> {
    let plan_list = |rows| plans::List {
        rows,
        query: Query::default(),
        newer: None,
        older: None,
    };
    let list = |customers, query| customers::List {
        customers,
        query,
        newer: None,
        older: None,
    };
    let edit = |plan| plans::Edit {
        plan,
        currencies: vec![Currency::KES, Currency::NGN],
        typed: refused(),
    };
    let page_of = |held| plans::Detail {
        plan: plan(1, true),
        held,
        query: Query::default(),
        newer: None,
        older: None,
        typed: refused(),
    };
    let of_one = |full: bool| customers::Detail {
        customer: customer(1),
        also: if full { vec![customer(2)] } else { vec![] },
        kept: if full {
            vec![money("KES", 150_000)]
        } else {
            vec![]
        },
        held: if full { all_held() } else { vec![] },
        orders: if full {
            vec![order(
                1,
                "SUB-1",
                "Njeri",
                money("KES", 150_000),
                OrderStatus::Paid,
            )]
        } else {
            vec![]
        },
        newer: None,
        older: None,
        payments: if full {
            let paid = PaymentStatus::Succeeded;
            vec![payment(2, "mpesa", money("KES", 150_000), paid)]
        } else {
            vec![]
        },
        prompts: full,
    };
    let merge = |others: Vec<Customer>| customers::Merge {
        customer: customer(1),
        with: "c-102".to_owned(),
        moves: (others.len() == 1).then(|| ("2 orders".to_owned(), 1)),
        others,
    };
    let rows = [(1, true), (2, false)].map(|(n, active)| plans::Row {
        plan: plan(n, active),
        running: 3,
    });
    vec![
        ("plans", plans::list(f, plan_list(rows.into()))),
        ("plans-empty", plans::list(f, plan_list(vec![]))),
        ("plan-new", plans::edit(f, edit(None))),
        ("plan-edit", plans::edit(f, edit(Some(plan(1, true))))),
        ("plan", plans::detail(f, page_of(all_held()))),
        ("plan-nobody", plans::detail(f, page_of(vec![]))),
        (
            "customers",
            customers::list(f, list(vec![customer(1), customer(2)], Query::default())),
        ),
        (
            "customers-empty",
            customers::list(f, list(vec![], Query::default())),
        ),
        (
            "customers-none",
            customers::list(f, list(vec![], Query::default().with("q", "x"))),
        ),
        ("customer", customers::detail(f, of_one(true))),
        ("customer-new", customers::detail(f, of_one(false))),
        ("merge", customers::merge(f, merge(vec![customer(2)]))),
        (
            "merge-many",
            customers::merge(f, merge(vec![customer(2), customer(3)])),
        ),
        ("merge-none", customers::merge(f, merge(vec![]))),
    ]
}
