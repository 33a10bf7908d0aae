//! One provider's settings: test and live side by side, fingerprints only, the self-test with the
//! provider's own words, the hook addresses, and the banner as customers see it.
use super::providers::{provider_crumbs, test_switch};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::web::admin::parts::form::{copyable, switch};
use crate::web::admin::parts::lists::Choice;
use crate::web::admin::parts::shell::panel;
use crate::web::admin::parts::{Frame, Input, Note, Post, Typed, icon, note, test_tag};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// A saved value, as far as it may be shown.
#[derive(Clone)]
pub struct Saved {
    pub fingerprint: String,
    pub at: Timestamp,
    pub by: String,
}

/// A credential or option of the capability table.
#[derive(Clone)]
pub struct FieldView {
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    pub required: bool,
    pub secret: bool,
    pub long: bool,
    pub choices: &'static [&'static str],
    pub test: Option<Saved>,
    pub live: Option<Saved>,
}

/// Something to pay with in test mode: number, detail, what happens.
#[derive(Clone)]
pub struct Instrument {
    pub number: String,
    pub detail: String,
    pub outcome: &'static str,
}

/// What the last self-test said.
pub struct Tested {
    pub mode: Mode,
    pub ok: bool,
    pub said: String,
}

/// A hook address and what is known of it at the provider.
#[derive(Clone)]
pub struct HookAddress {
    pub mode: Mode,
    pub url: String,
    pub registered: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

/// What the settings page shows.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, shown apart"
)]
pub struct Settings {
    pub name: String,
    pub sub: String,
    pub enabled: bool,
    pub test_mode: bool,
    pub test_only: bool,
    pub fields: Vec<FieldView>,
    pub options: Vec<FieldView>,
    pub values: BTreeMap<String, String>,
    /// Live first; none where the provider calls nobody.
    pub hooks: Vec<HookAddress>,
    pub hook_help: &'static str,
    /// Whether a call can register the address.
    pub registers_hooks: bool,
    /// The addresses that the provider says it calls from.
    pub sources: &'static [&'static str],
    pub instruments: Vec<Instrument>,
    pub tested: Option<Tested>,
    pub notes: Vec<Note>,
    pub typed: Typed,
}

impl Settings {
    fn mode(&self) -> Mode {
        Mode::of(self.test_mode)
    }

    fn ready(&self, mode: Mode) -> bool {
        self.fields
            .iter()
            .all(|x| !x.required || saved(x, mode).is_some())
    }
}

fn saved(field: &FieldView, mode: Mode) -> Option<&Saved> {
    match mode {
        Mode::Test => field.test.as_ref(),
        Mode::Live => field.live.as_ref(),
    }
}

pub fn settings(f: &Frame, s: Settings) -> AnyView {
    let label = f.label(&s.name);
    let letters = f.monogram(&s.name);
    let switches = switches(f, &s, &label);
    let keys = (!s.fields.is_empty()).then(|| keys(f, &s));
    let test = self_test(f, &s, &label);
    let options = (!s.options.is_empty()).then(|| options(f, &s));
    let banner = banner(&s);
    let hooks = hooks(f, &s, &label);
    let told = s.notes.into_iter().map(note).collect_view();
    let summary = s.typed.summary("Not saved");
    view! {
        {provider_crumbs(f, label.clone())}
        <header class="head">
            <div class="with-pm">
                <span class="pm lg" aria-hidden="true">{letters}</span>
                <div><h1>{label}</h1><p class="sub">{s.sub}</p></div>
            </div>
            <div class="acts gap">{switches}</div>
        </header>
        {summary}
        <div class="notes">{told}</div>
        <div class="two">
            <div>{keys}{test}{options}</div>
            <aside>{hooks}{banner}</aside>
        </div>
    }
    .into_any()
}

fn switches(f: &Frame, s: &Settings, label: &str) -> AnyView {
    let words = "Offered to customers";
    let ready = s.ready(s.mode());
    let offered = if !s.enabled && !ready {
        let why = "Save the keys first.";
        view! {
            <button class="sw" type="button" role="switch" aria-checked="false" aria-disabled="true" title=why>
                {words}
            </button>
        }
        .into_any()
    } else if !s.enabled && !s.test_mode {
        let action = f.url(&format!("/providers/{}/offer", s.name));
        view! { <form method="get" action=action>{switch(false, false, words, None)}</form> }
            .into_any()
    } else {
        Post::to("/do/admin/providers/enable", f)
            .with("provider", s.name.clone())
            .with("on", if s.enabled { "0" } else { "1" })
            .view(switch(s.enabled, false, words, None))
    };
    let test = if s.test_only {
        test_tag()
    } else {
        test_switch(f, &s.name, label, s.test_mode, "Test mode")
    };
    view! { {offered}{test} }.into_any()
}

fn keys(f: &Frame, s: &Settings) -> AnyView {
    let column = |mode: Mode| s.mode() == mode;
    let head = |mode: Mode| {
        let class = column(mode).then_some("inuse");
        let words = match mode {
            Mode::Test => test_tag(),
            Mode::Live => "Live".into_any(),
        };
        let now = column(mode).then_some(", in use now");
        view! { <th scope="col" class=class>{words}{now}</th> }
    };
    let live = !s.test_only;
    let rows = s
        .fields
        .iter()
        .map(|x| {
            let optional =
                (!x.required).then(|| view! { <br /><span class="small muted">"optional"</span> });
            let live = live.then(|| key_cell(f, s, x, Mode::Live));
            view! {
                <tr>
                    <th scope="row">{x.label}{optional}</th>
                    {key_cell(f, s, x, Mode::Test)}{live}
                </tr>
            }
        })
        .collect_view();
    let live_head = live.then(|| head(Mode::Live));
    let form = Post::to("/do/admin/providers/save", f)
        .with("provider", s.name.clone())
        .view(view! {
            <table class="creds">
                <thead><tr><th scope="col">"Field"</th>{head(Mode::Test)}{live_head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <div class="in save">
                <button class="btn primary">"Save the keys"</button>
                <p class="small muted">"An empty field keeps what is saved. A secret is never sent back to a page."</p>
            </div>
        });
    view! {
        <section class="panel" id="keys">
            <header><h2>"Keys"</h2><p>"Secrets are shown as a fingerprint only."</p></header>
            <div class="in flushx">{form}</div>
        </section>
    }
    .into_any()
}

fn key_cell(f: &Frame, s: &Settings, x: &FieldView, mode: Mode) -> AnyView {
    let name = format!("{}[{}]", mode.as_str(), x.name);
    let class = (s.mode() == mode).then_some("inuse");
    let data = match (mode, s.mode() == mode) {
        (Mode::Test, true) => "Test, in use now",
        (Mode::Test, false) => "Test",
        (Mode::Live, true) => "Live, in use now",
        (Mode::Live, false) => "Live",
    };
    let label = format!(
        "{} {}",
        if mode.is_test() { "Test" } else { "Live" },
        x.label
    );
    let input = field(x, &name, &label)
        .label_for_readers()
        .help(x.help)
        .view(&s.typed);
    let wrong = s.typed.problem(&name).is_some();
    let inner = match saved(x, mode) {
        Some(saved) => {
            let by = format!("{}, {}", f.zone.near(saved.at), f.who(&saved.by));
            let word = if x.secret { "Replace" } else { "Change" };
            view! {
                <span class="fp"><span class="code">{saved.fingerprint.clone()}</span></span>
                <span class="small">{by}</span>
                <details class="more small" open=wrong><summary>{word}</summary>{input}</details>
            }
            .into_any()
        }
        None => input,
    };
    view! { <td data-mode=data class=class>{inner}</td> }.into_any()
}

fn field(x: &FieldView, name: &str, label: &str) -> Input {
    if !x.choices.is_empty() {
        let mut choices: Vec<Choice> = vec![(String::new(), "as saved".to_owned())];
        choices.extend(
            x.choices
                .iter()
                .map(|c| ((*c).to_owned(), (*c).replace('_', " "))),
        );
        Input::select(name, label, choices)
    } else if x.long {
        Input::area(name, label, 3)
    } else if x.secret {
        Input::secret(name, label)
    } else {
        Input::text(name, label)
    }
}

fn self_test(f: &Frame, s: &Settings, label: &str) -> AnyView {
    let button = |mode: Mode| {
        if !s.ready(mode) || (s.test_only && mode == Mode::Live) {
            return None;
        }
        let words = match mode {
            Mode::Test => "Test the test keys",
            Mode::Live => "Test the live keys",
        };
        Some(
            Post::to("/do/admin/providers/self-test", f)
                .with("provider", s.name.clone())
                .with("mode", mode.as_str())
                .view(view! { <button class="btn">{words}</button> }),
        )
    };
    let buttons = [button(Mode::Test), button(Mode::Live)];
    let none = buttons.iter().all(Option::is_none).then(|| {
        view! { <p class="muted">"Save the required keys first; then it can be tested."</p> }
    });
    let said = s.tested.as_ref().map(|t| {
        let (class, shape, head) = if t.ok {
            ("ok", "s-done", format!("{label} answered, with the {} keys", t.mode.as_str()))
        } else {
            ("bad", "s-fail", format!("{label} refused the {} keys", t.mode.as_str()))
        };
        let next = (!t.ok).then(|| view! { <p>"Compare the keys with those on the provider’s own page, save them, and test again."</p> });
        view! {
            <ul class="checks">
                <li class=class>
                    {icon(shape)}
                    <div role="status"><p>{head}</p><span class="said">{t.said.clone()}</span>{next}</div>
                </li>
            </ul>
        }
    });
    let about = format!("Signs in at {label} and says what it answered. Moves no money.");
    view! {
        <section class="panel" id="self-test">
            <header><h2>"Self-test"</h2><p>{about}</p></header>
            <div class="in flushx">{said}<div class="in acts">{buttons.into_iter().collect_view()}{none}</div></div>
        </section>
    }
    .into_any()
}

fn option_choices(first: &str, others: &[&str]) -> Vec<Choice> {
    let plain = |c: &str| c.replace('_', " ");
    let mut all = vec![(String::new(), plain(first))];
    all.extend(others.iter().map(|c| ((*c).to_owned(), plain(c))));
    all
}

fn options(f: &Frame, s: &Settings) -> AnyView {
    let fields = s
        .options
        .iter()
        .map(|x| {
            let name = format!("options[{}]", x.name);
            let value = s.values.get(x.name).cloned().unwrap_or_default();
            let input = match x.choices.split_first() {
                // What is not set does as the first choice says.
                Some((first, others)) => {
                    Input::select(name, x.label, option_choices(first, others))
                }
                None => field(x, &name, x.label),
            };
            let mut input = input.value(value).help(x.help);
            if !x.required {
                input = input.optional();
            }
            input.view(&s.typed)
        })
        .collect_view();
    let form = Post::to("/do/admin/providers/options", f)
        .class("stack")
        .with("provider", s.name.clone())
        .view(view! {
            {fields}<div class="acts"><button class="btn">"Save the options"</button></div>
        });
    panel("Options", None, form)
}

fn hooks(f: &Frame, s: &Settings, label: &str) -> Option<AnyView> {
    if s.hooks.is_empty() {
        return None;
    }
    let line = |h: &HookAddress| {
        let word = match h.mode {
            Mode::Live => "Live",
            Mode::Test => "Test",
        };
        let mut known = Vec::new();
        match h.registered {
            Some(at) => known.push(format!("registered {}", f.zone.near(at))),
            None if s.registers_hooks => known.push("not registered from here".to_owned()),
            None => {}
        }
        known.push(match h.last {
            Some(at) => format!("last call {}", f.zone.near(at)),
            None => "no call yet".to_owned(),
        });
        let words = match h.registered {
            Some(_) => "Register it again",
            None => "Register it",
        };
        // Registering may give a key that is still missing.
        let any = s.fields.iter().any(|x| saved(x, h.mode).is_some());
        let button = (s.registers_hooks && any).then(|| {
            let aria = format!("{words}: the {} address at {label}", h.mode.as_str());
            Post::to("/do/admin/providers/register-hooks", f)
                .with("provider", s.name.clone())
                .with("mode", h.mode.as_str())
                .view(view! { <button class="btn" aria-label=aria>{words}</button> })
        });
        view! {
            <div>
                <p class="lab">{word}</p>
                {copyable(h.url.clone())}
                <p class="small muted">{capital(&known.join(", "))}"."</p>
                {button}
            </div>
        }
    };
    let sources = (!s.sources.is_empty()).then(|| {
        let items = s
            .sources
            .iter()
            .map(|at| view! { <li class="code nowrap">{*at}</li> })
            .collect_view();
        let words = format!("Where {label} calls from, as it publishes");
        view! { <details class="more small"><summary>{words}</summary><ul>{items}</ul></details> }
    });
    let body = view! {
        <div class="stack">
            {s.hooks.iter().map(line).collect_view()}
            <p class="small muted">{s.hook_help}</p>
            {sources}
        </div>
    };
    let head = if s.hooks.len() == 1 {
        "Hook address"
    } else {
        "Hook addresses"
    };
    Some(panel(head, None, body.into_any()))
}

/// A sentence's first letter.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().chain(chars).collect());
    first.unwrap_or_default()
}

fn banner(s: &Settings) -> AnyView {
    let rows = s
        .instruments
        .iter()
        .map(|i| {
            view! {
                <tr>
                    <td><span class="code nowrap">{i.number.clone()}</span>" "<small>{i.detail.clone()}</small></td>
                    <td>{i.outcome}</td>
                </tr>
            }
        })
        .collect_view();
    let table = (!s.instruments.is_empty()).then(|| {
        view! {
            <table>
                <thead><tr>
                    <th scope="col">"Card or phone"</th>
                    <th scope="col">"What happens"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
    });
    let body = view! {
        <div class="banner"><h3>"Test mode: payments here do not count"</h3>{table}</div>
    };
    panel("What customers see in test mode", None, body.into_any())
}

/// The page before a provider with live keys is offered.
pub fn offer(f: &Frame, name: &str, typed: &Typed) -> AnyView {
    let label = f.label(name);
    let page = f.url(&format!("/providers/{name}"));
    let button = format!("Offer {label} with real money");
    let form = Post::to("/do/admin/providers/enable", f)
        .class("form")
        .with("provider", name)
        .with("on", "1")
        .with("confirmed", "1")
        .view(view! {
            <ul class="dots">
                <li>"Customers can choose it on live orders at once."</li>
                <li>"Real money moves. To try it first, turn its test mode on."</li>
            </ul>
            <div class="acts">
                <button class="btn primary">{button}</button>
                <a class="btn quiet" href=page>"Do not offer it"</a>
            </div>
        });
    let title = format!("Offer {label} to customers?");
    view! {
        {provider_crumbs(f, label)}
        <header class="head"><div><h1>{title}</h1><p class="sub">"It is in live mode."</p></div></header>
        {typed.summary("It is not offered")}
        {form}
    }
    .into_any()
}
