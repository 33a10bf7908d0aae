//! The pages of exports and alerts with sample data.
use super::samples::ago;
use super::{alerts, exports};
use crate::domain::alert::{Alert, AlertKind, AlertRules};
use crate::domain::export::{Export, ExportFilter, ExportKind, ExportStatus};
use crate::domain::ids::{AlertId, ExportId, Id, TenantId, UserId};
use crate::web::admin::parts::{Frame, Note, Typed};
use leptos::prelude::AnyView;
use std::collections::BTreeMap;

fn export(n: u128, kind: ExportKind, status: ExportStatus, written: i64) -> Export {
    Export {
        id: ExportId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        made_by: UserId::from_bits(2).to_string(),
        kind,
        filter: ExportFilter {
            status: if n == 1 { "failed" } else { "" }.to_owned(),
            provider: if n == 1 { "paystack" } else { "" }.to_owned(),
            test: n == 2,
            from_ms: (n != 3).then(|| ago(20_000).unix_ms()),
            to_ms: (n == 1).then(|| ago(0).unix_ms()),
        },
        status,
        total: 50_000,
        written,
        runs: i64::from(status != ExportStatus::Made),
        created_at: ago(9),
        updated_at: ago(1),
    }
}

fn alert(n: u128, kind: AlertKind, closed: Option<i64>) -> Alert {
    let provider = if kind == AlertKind::Database {
        ""
    } else {
        "paystack"
    };
    Alert {
        id: AlertId::from_bits(n),
        tenant_id: TenantId::from_bits(1),
        kind,
        provider: provider.to_owned(),
        wrong: if n > 4 { 0 } else { 7 },
        all: 40,
        opened_at: ago(130),
        seen_at: ago(4),
        closed_at: closed.map(ago),
    }
}

pub fn pages(f: &Frame) -> Vec<(&'static str, AnyView)> {
    use ExportStatus as S;
    let one =
        |status, written| exports::detail(f, &export(1, ExportKind::Payments, status, written));
    let list = |kind: ExportKind, found, typed, exports| {
        exports::list(
            f,
            exports::List {
                kind,
                chosen: exports::Chosen {
                    what: kind.as_str().to_owned(),
                    from: "2026-13-01".to_owned(),
                    ..exports::Chosen::default()
                },
                typed,
                found,
                exports,
                newer: None,
                older: None,
            },
        )
    };
    let refused = Typed {
        values: BTreeMap::from([("from".to_owned(), "2026-13-01".to_owned())]),
        problems: vec![(
            "from".to_owned(),
            "Write a day such as 2026-11-19.".to_owned(),
        )],
    };
    let all = vec![
        export(1, ExportKind::Payments, S::Running, 12_400),
        export(2, ExportKind::Orders, S::Made, 0),
        export(3, ExportKind::Refunds, S::Broken, 500),
        export(4, ExportKind::Events, S::Done, 50_000),
    ];
    let rules = |open: Vec<Note>, alerts| {
        alerts::list(
            f,
            alerts::List {
                open,
                rules: AlertRules::default(),
                typed: Typed::default(),
                alerts,
                newer: None,
                older: None,
            },
        )
    };
    let mut past: Vec<Alert> = (1..)
        .zip(AlertKind::ALL)
        .map(|(n, kind)| alert(n, kind, (n > 1).then_some(20)))
        .collect();
    past.push(alert(5, AlertKind::Database, Some(3)));
    vec![
        (
            "exports",
            list(ExportKind::Payments, Some(12_400), Typed::default(), all),
        ),
        (
            "exports-empty",
            list(ExportKind::Events, Some(0), Typed::default(), vec![]),
        ),
        (
            "exports-refused",
            list(ExportKind::Refunds, None, refused, vec![]),
        ),
        ("export-made", one(S::Made, 0)),
        ("export-running", one(S::Running, 12_400)),
        ("export-done", one(S::Done, 50_000)),
        ("export-broken", one(S::Broken, 500)),
        (
            "alerts",
            rules(
                vec![Note::bad("Paystack does not answer.", "x").go("/y", "z")],
                past,
            ),
        ),
        ("alerts-none", rules(vec![], vec![])),
    ]
}
