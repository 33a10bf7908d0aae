//! The pages of links and of files of requests with sample data.
use super::samples::{NOW, ago, money, order};
use super::{imports, links, orders};
use crate::domain::Currency;
use crate::domain::ids::{Id, ImportId, LinkId, TenantId};
use crate::domain::import::{Import, ImportRow, ImportStatus, RowProblem, RowStatus};
use crate::domain::link::{Ask, Link, Uses};
use crate::domain::order::OrderStatus;
use crate::services::imports::Progress;
use crate::services::links::Used;
use crate::web::admin::parts::lists::Query;
use crate::web::admin::parts::{Frame, Typed};
use std::collections::BTreeMap;

fn used(n: u128, paid: i64, active: bool) -> Used {
    let ask = if n == 1 {
        Ask::Fixed(money("KES", 150_000))
    } else {
        Ask::Chosen {
            least: money("KES", 10_000),
            most: money("KES", 500_000),
        }
    };
    Used {
        link: Link {
            id: LinkId::from_bits(n),
            tenant_id: TenantId::from_bits(1),
            token: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            livemode: n != 2,
            title: "School trip <b>".to_owned(),
            description: "Bus and lunch".to_owned(),
            ask,
            cap: (n == 1).then_some(2),
            ends_at: (n == 1).then(|| NOW.plus_secs(86_400)),
            active,
            providers: vec!["mpesa".to_owned()],
            created_by: String::new(),
            created_at: ago(9_000),
            updated_at: ago(9_000),
        },
        uses: Uses { paid, held: 1 },
        kept: money("KES", 150_000 * paid),
    }
}

fn import(status: ImportStatus) -> Import {
    Import {
        id: ImportId::from_bits(1),
        tenant_id: TenantId::from_bits(1),
        livemode: true,
        file_name: "Fees <term 1>.csv".to_owned(),
        sha256: "ab".to_owned(),
        status,
        good: 990,
        bad: 10,
        created_by: String::new(),
        created_at: ago(90),
        updated_at: ago(90),
    }
}

fn refused(field: &str) -> Typed {
    Typed {
        values: BTreeMap::from([("title".to_owned(), "Trip <b>".to_owned())]),
        problems: vec![(field.to_owned(), "Must be above zero.".to_owned())],
    }
}

/// Every page by name, as its main part.
pub fn pages(f: &Frame) -> Vec<(&'static str, leptos::prelude::AnyView)> {
    let list = |rows| links::List {
        rows,
        now: NOW,
        query: Query::default(),
        newer: None,
        older: None,
    };
    let link = |used: Used, full: bool| links::Detail {
        url: "https://pay.baraka.example/pay/link/0123456789abcdef".to_owned(),
        used,
        now: NOW,
        orders: if full {
            let paid = OrderStatus::Paid;
            vec![order(1, "PL-1", "Njeri", money("KES", 150_000), paid)]
        } else {
            vec![]
        },
        fresh: !full,
        newer: None,
        older: None,
    };
    let file = |status, twin: bool, ready, bad: i64| imports::Detail {
        of: Progress {
            import: import(status),
            ready,
            bad,
            made: if status == ImportStatus::Checked {
                0
            } else {
                400
            },
            twin: twin.then(|| import(ImportStatus::Made)),
        },
        bad: if bad == 0 {
            vec![]
        } else {
            vec![ImportRow {
                line: 7,
                status: RowStatus::Bad,
                asked: BTreeMap::from([("reference".to_owned(), "A-7".to_owned())]),
                problems: vec![
                    RowProblem {
                        column: "amount".to_owned(),
                        message: "is missing".to_owned(),
                    },
                    RowProblem {
                        column: String::new(),
                        message: "has 9 cells".to_owned(),
                    },
                ],
                order_id: None,
            }]
        },
        typed: if twin {
            refused("again")
        } else {
            Typed::default()
        },
    };
    let new = orders::New {
        typed: refused("amount"),
        currencies: vec![Currency::KES, Currency::NGN],
        ways: vec![],
        last: vec![],
    };
    let upload = |last| imports::New {
        typed: refused("file"),
        last,
    };
    let (checked, making) = (ImportStatus::Checked, ImportStatus::Making);
    vec![
        (
            "links",
            links::list(f, list(vec![used(1, 3, true), used(2, 0, false)])),
        ),
        ("links-empty", links::list(f, list(vec![]))),
        ("link-new", links::new(f, &new)),
        ("link", links::detail(f, link(used(1, 3, true), true))),
        (
            "link-fresh",
            links::detail(f, link(used(2, 0, true), false)),
        ),
        ("file-new", imports::new(f, upload(vec![import(checked)]))),
        ("file", imports::detail(f, &file(checked, false, 990, 10))),
        ("file-fine", imports::detail(f, &file(checked, false, 3, 0))),
        (
            "file-twin",
            imports::detail(f, &file(checked, true, 990, 10)),
        ),
        (
            "file-none",
            imports::detail(f, &file(checked, false, 0, 10)),
        ),
        (
            "file-making",
            imports::detail(f, &file(making, false, 590, 10)),
        ),
        (
            "file-made",
            imports::detail(f, &file(ImportStatus::Made, false, 0, 10)),
        ),
    ]
}
