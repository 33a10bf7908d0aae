//! The list of providers: one line each, with the switches; and the page before going live.
use crate::web::admin::parts::chips::{Light, light};
use crate::web::admin::parts::form::switch;
use crate::web::admin::parts::icons::icon_class;
use crate::web::admin::parts::lists::{cell, row, table};
use crate::web::admin::parts::shell::{crumbs, head};
use crate::web::admin::parts::{Frame, Input, Note, Post, Typed, monogram, note};
use leptos::prelude::*;

/// A line of the list.
pub struct ProviderRow {
    pub name: String,
    pub methods: String,
    pub currencies: String,
    pub enabled: bool,
    pub test_mode: bool,
    /// It never takes real money.
    pub test_only: bool,
    pub light: Light,
    pub health: String,
}

pub fn list(f: &Frame, rows: Vec<ProviderRow>) -> AnyView {
    let none = rows.iter().all(|r| !r.enabled);
    let start = none.then(|| {
        view! {
            <div class="notes">
                {note(Note::plain(
                    "No provider is offered yet.",
                    "Choose one, save its test keys and pass its self-test. The mock needs no keys at all.",
                ))}
            </div>
        }
    });
    let rows = rows.into_iter().map(|r| line(f, r)).collect_view();
    let list = table(
        "list mid",
        "Providers",
        &[
            ("Provider", ""),
            ("Ways to pay", ""),
            ("Currencies", ""),
            ("Offered", ""),
            ("Test mode", ""),
            ("State", ""),
        ],
        rows.into_any(),
    );
    let sub = "Who takes the money. The switch decides at once which keys are used.";
    view! { {head("Providers", sub, None)}{start}{list} }.into_any()
}

fn line(f: &Frame, r: ProviderRow) -> AnyView {
    let label = f.label(&r.name);
    let href = f.url(&format!("/providers/{}", r.name));
    let offered = if r.enabled { "On" } else { "Off" };
    let test = if r.test_only {
        view! { <span class="test">"Test only"</span> }.into_any()
    } else {
        test_switch(f, &r.name, &label, r.test_mode, "")
    };
    let tested = r.test_mode && r.enabled;
    let cells = view! {
        {cell("t1", view! {
            <a class="row via" href=href>{monogram(f.monogram(&r.name))}<span>{label}</span></a>
        })}
        {cell("dim b1", r.methods.into_any())}
        {cell("dim no-phone", r.currencies.into_any())}
        {cell("no-phone", offered.into_any())}
        {cell("t2", test)}
        {cell("all", light(r.light, r.health))}
    };
    row(tested, cells.into_any())
}

/// The switch of test mode. Turning it off touches live money: a page asks first.
pub fn test_switch(f: &Frame, name: &str, label: &str, on: bool, words: &'static str) -> AnyView {
    let state = if on { "On" } else { "Off" };
    let shown = if words.is_empty() { state } else { words };
    let aria = words.is_empty().then(|| format!("Test mode of {label}"));
    if on {
        let action = f.url(&format!("/providers/{name}/go-live"));
        view! {
            <form class="over" method="get" action=action>{switch(true, true, shown, aria)}</form>
        }
        .into_any()
    } else {
        Post::to("/do/admin/providers/test-mode", f)
            .class("over")
            .with("provider", name)
            .with("on", "1")
            .view(switch(false, true, shown, aria))
    }
}

/// What is known before going live.
pub struct GoLive {
    pub name: String,
    /// Facts that speak for it or against it.
    pub checks: Vec<(bool, String)>,
    pub currencies: String,
    /// Live keys are missing: it cannot be done.
    pub missing: Vec<String>,
    pub typed: Typed,
}

pub fn go_live(f: &Frame, g: GoLive) -> AnyView {
    let label = f.label(&g.name);
    let page = f.url(&format!("/providers/{}", g.name));
    let checks = g
        .checks
        .iter()
        .map(|(ok, words)| {
            let (class, mark) = if *ok {
                ("ok", icon_class("eq", ""))
            } else {
                ("no", icon_class("x", ""))
            };
            view! { <li class=class>{mark}<span>{words.clone()}</span></li> }
        })
        .collect_view();
    let offers = format!(
        "Live orders in {} offer {label}, without a test banner.",
        g.currencies
    );
    let button = format!("Take {label} live");
    let act = if g.missing.is_empty() {
        Post::to("/do/admin/providers/test-mode", f)
            .class("form")
            .with("provider", g.name.clone())
            .with("on", "0")
            .view(view! {
                {Input::secret("password", "Your password")
                    .autocomplete("current-password")
                    .required()
                    .short()
                    .help("Asked because real money follows.")
                    .view(&g.typed)}
                <div class="acts">
                    <button class="btn primary">{button}</button>
                    <a class="btn quiet" href=page.clone()>"Keep it in test mode"</a>
                </div>
            })
    } else {
        let why = format!("Live keys are missing: {}.", g.missing.join(", "));
        view! {
            <div class="acts">
                <button class="btn" type="button" aria-disabled="true" aria-describedby="why-not">{button}</button>
                <a class="btn quiet" href=page.clone()>"Keep it in test mode"</a>
            </div>
            <p class="small muted" id="why-not">{why}</p>
        }
        .into_any()
    };
    view! {
        <p class="crumbs">
            <a href=f.url("/providers")>"Providers"</a>" / "<a href=page>{label.clone()}</a>" / Go live"
        </p>
        {head(format!("Take {label} live?"), "From the moment you confirm, customers pay with real money.", None)}
        {g.typed.summary("It stays in test mode")}
        <div class="form">
            <section class="panel"><div class="in"><ul class="ticks">{checks}</ul></div></section>
            <section>
                <h2>"What changes"</h2>
                <ul class="dots">
                    <li>{offers}</li>
                    <li>"Open test orders keep their test state and are still paid with test money only."</li>
                    <li>"You can turn test mode on again at any moment; paid orders stay as they are."</li>
                </ul>
            </section>
            {act}
        </div>
    }
    .into_any()
}

/// The way back from a page about one provider.
pub fn provider_crumbs(f: &Frame, label: String) -> AnyView {
    crumbs(f.url("/providers"), "Providers", label.into_any())
}
