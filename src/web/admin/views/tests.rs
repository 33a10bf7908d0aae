//! Every page with sample data: one heading, labelled fields, no script and no inline style.
use super::sample_pages::pages;
use super::samples::frame;
use super::{sample_asks, sample_plans, sample_reports};
use crate::domain::role::Role;
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::parts::shell::shell;
use crate::web::admin::parts::{Note, Typed};
use crate::web::render;

fn count(html: &str, what: &str) -> usize {
    html.matches(what).count()
}

/// The attribute's values, in order.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!(" {name}=\"");
    html.split(&open)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

fn check(name: &str, html: &str) {
    assert_eq!(count(html, "<h1"), 1, "{name} has one h1");
    for never in ["<script", " style=\"", "javascript:", "onclick"] {
        assert!(!html.contains(never), "{name}: {never}");
    }
    let ids = attributes(html, "id");
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "{name}: ids are unique: {ids:?}");
    for target in attributes(html, "for") {
        assert!(ids.contains(&target), "{name}: label for {target}");
    }
    for described in attributes(html, "aria-describedby") {
        for id in described.split(' ') {
            assert!(ids.contains(&id), "{name}: described by {id}");
        }
    }
    let labelled = attributes(html, "for");
    for field in ["<input ", "<select ", "<textarea "] {
        for tag in html.split(field).skip(1) {
            let tag = tag.split('>').next().unwrap();
            let plain = ["hidden", "radio", "checkbox"]
                .iter()
                .all(|k| !tag.contains(&format!("type=\"{k}\"")));
            if plain {
                let id = tag.split("id=\"").nth(1).and_then(|t| t.split('"').next());
                assert!(id.is_some_and(|id| labelled.contains(&id)), "{name}: {tag}");
            }
        }
    }
    for form in html.split("<form ").skip(1) {
        let tag = form.split('>').next().unwrap();
        if tag.contains("method=\"post\"") {
            let ours = tag.contains("action=\"/do/admin/") || tag.contains("action=\"/logout\"");
            assert!(ours, "{name}: {tag}");
        }
    }
}

#[test]
fn every_page_has_one_heading_and_labelled_fields_for_every_role() {
    for role in Role::ALL {
        let f = frame(role);
        for (name, main) in pages(&f)
            .into_iter()
            .chain(sample_plans::pages(&f))
            .chain(sample_asks::pages(&f))
            .chain(sample_reports::pages(&f))
        {
            let page = Page::new(Nav::Elsewhere, name).with(vec![Note::ok("Saved.", "").answer()]);
            let f = &f;
            let html = render::html(move || shell(f, page, main), false);
            check(name, &html);
        }
    }
}

#[test]
fn pages_outside_a_shop_are_whole_too() {
    let shop = super::door::Shop {
        slug: "a".to_owned(),
        name: "A".to_owned(),
        letters: "A".to_owned(),
        role: "owner",
    };
    for (name, view) in [
        (
            "login",
            super::door::login(&Typed::default(), "/admin", Some(Note::bad("No.", ""))),
        ),
        ("link", super::door::set_password("abc", &Typed::default())),
        ("choose", super::door::choose(vec![shop])),
        ("none", super::door::choose(vec![])),
        ("404", super::door::not_found()),
        ("403", super::door::forbidden("a")),
        ("500", super::door::broken()),
    ] {
        check(name, &render::html(move || view, false));
    }
}

#[test]
fn typed_text_is_escaped_and_shown_again() {
    let f = frame(Role::Owner);
    let (_, main) = pages(&f)
        .into_iter()
        .find(|(n, _)| *n == "orders-new")
        .unwrap();
    let html = render::html(move || main, false);
    assert!(html.contains("INV-2041 &lt;b"), "{html}");
    assert!(html.contains("aria-invalid=\"true\""));
}

#[test]
fn a_viewer_is_offered_no_change_of_plans_and_customers() {
    let viewer = frame(Role::Viewer);
    for (name, main) in sample_plans::pages(&viewer) {
        if name.starts_with("plan-") || name.starts_with("merge") {
            continue;
        }
        let html = render::html(move || main, false);
        for action in ["/do/admin/", "/plans/new", "/edit\"", "/merge"] {
            assert!(!html.contains(action), "{name}: {action}");
        }
    }
}

#[test]
fn what_a_role_may_not_do_is_not_offered() {
    let viewer = frame(Role::Viewer);
    for (name, main) in pages(&viewer) {
        if [
            "orders",
            "order",
            "payment",
            "refunds",
            "payment-mismatched",
        ]
        .contains(&name)
        {
            let html = render::html(move || main, false);
            for action in [
                "/orders/cancel",
                "/orders/new",
                "/refund\"",
                "/refunds/approve",
                "/payments/decide",
            ] {
                assert!(!html.contains(action), "{name}: {action}");
            }
        }
    }
}
