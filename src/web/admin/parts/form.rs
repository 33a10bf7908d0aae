//! Forms: label above, help below, error between label and field, linked; a summary on top.
//! What was typed is kept, secrets never go back to a page.
use super::frame::Frame;
use super::icons::icon;
use super::lists::Choice;
use crate::clock::random_hex;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// What came back from a refused form.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub values: BTreeMap<String, String>,
    /// Field and sentence. A field that the form does not have is told above it.
    pub problems: Vec<(String, String)>,
}

impl Typed {
    /// What was typed, else `start`.
    pub fn value(&self, name: &str, start: &str) -> String {
        self.values
            .get(name)
            .map_or(start, String::as_str)
            .to_owned()
    }

    pub fn is(&self, name: &str, value: &str, start: bool) -> bool {
        self.values.get(name).map_or(start, |v| v == value)
    }

    pub fn problem(&self, name: &str) -> Option<&str> {
        self.problems
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, text)| text.as_str())
    }

    /// What is wrong, with a link to each field. Nothing where nothing is.
    pub fn summary(&self, what: &'static str) -> Option<AnyView> {
        if self.problems.is_empty() {
            return None;
        }
        let head = match self.problems.len() {
            1 => format!("{what}: one thing needs a change."),
            n => format!("{what}: {n} fields need a change."),
        };
        let items = self
            .problems
            .iter()
            .map(|(name, text)| {
                let text = text.clone();
                if name.is_empty() {
                    view! { <li>{text}</li> }.into_any()
                } else {
                    view! { <li><a href=format!("#{}", field_id(name))>{text}</a></li> }.into_any()
                }
            })
            .collect_view();
        Some(
            view! {
                <div class="note bad before" role="alert" tabindex="-1">
                    {icon("alert")}<div><p><strong>{head}</strong></p><ul>{items}</ul></div>
                </div>
            }
            .into_any(),
        )
    }
}

/// The id of a field: its name without brackets.
pub fn field_id(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    format!("f-{plain}")
}

/// Whether a field must be filled: optional is marked, required is not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Plain,
    Optional,
    Required,
}

enum Control {
    Text(&'static str),
    Secret,
    Area(u32),
    Select(Vec<Choice>),
}

/// One field with its label, help and error.
pub struct Input {
    name: String,
    /// What tells its id apart where a page has the same form for several things.
    row: String,
    label: String,
    hidden_label: bool,
    control: Control,
    help: String,
    value: String,
    need: Need,
    short: bool,
    class: Option<&'static str>,
    autocomplete: &'static str,
    inputmode: Option<&'static str>,
}

impl Input {
    fn new(name: impl Into<String>, label: impl Into<String>, control: Control) -> Self {
        Self {
            name: name.into(),
            row: String::new(),
            label: label.into(),
            hidden_label: false,
            control,
            help: String::new(),
            value: String::new(),
            need: Need::Plain,
            short: false,
            class: None,
            autocomplete: "off",
            inputmode: None,
        }
    }

    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Text("text"))
    }

    pub fn email(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Text("email"))
    }

    /// A day, written `2026-11-19`.
    pub fn date(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Text("date"))
    }

    /// A whole number.
    pub fn number(name: impl Into<String>, label: impl Into<String>) -> Self {
        let mut input = Self::text(name, label);
        input.inputmode = Some("numeric");
        input.class = Some("num");
        input
    }

    pub fn tel(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Text("tel"))
    }

    /// A password or key: never filled in.
    pub fn secret(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Secret)
    }

    pub fn area(name: impl Into<String>, label: impl Into<String>, rows: u32) -> Self {
        Self::new(name, label, Control::Area(rows))
    }

    pub fn select(name: impl Into<String>, label: impl Into<String>, choices: Vec<Choice>) -> Self {
        Self::new(name, label, Control::Select(choices))
    }

    /// An amount as people type it.
    pub fn amount(name: impl Into<String>, label: impl Into<String>) -> Self {
        let mut input = Self::text(name, label);
        input.inputmode = Some("decimal");
        input.class = Some("num");
        input
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    #[must_use]
    pub fn optional(mut self) -> Self {
        self.need = Need::Optional;
        self
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.need = Need::Required;
        self
    }

    #[must_use]
    pub fn short(mut self) -> Self {
        self.short = true;
        self
    }

    #[must_use]
    pub fn autocomplete(mut self, word: &'static str) -> Self {
        self.autocomplete = word;
        self
    }

    /// The label stands in a table's head; readers still hear it.
    #[must_use]
    pub fn label_for_readers(mut self) -> Self {
        self.hidden_label = true;
        self
    }

    /// The thing that the form is about, where a page has the same form for several.
    #[must_use]
    pub fn of(mut self, row: &str) -> Self {
        row.clone_into(&mut self.row);
        self
    }

    pub fn view(self, typed: &Typed) -> AnyView {
        let id = field_id(&format!("{}{}", self.name, self.row));
        let problem = typed.problem(&self.name).map(str::to_owned);
        let error_id = format!("e-{id}");
        let help_id = format!("h-{id}");
        let mut told_by = Vec::new();
        if problem.is_some() {
            told_by.push(error_id.clone());
        }
        if !self.help.is_empty() {
            told_by.push(help_id.clone());
        }
        let described = (!told_by.is_empty()).then(|| told_by.join(" "));
        let invalid = problem.is_some().then_some("true");
        let value = typed.value(&self.name, &self.value);
        let required = self.need == Need::Required;
        let optional = (self.need == Need::Optional)
            .then(|| view! { " "<span class="muted">"optional"</span> });
        let label_class = self.hidden_label.then_some("sr");
        let class = if self.short { "f short" } else { "f" };
        let error = problem.map(|text| {
            view! { <p class="err-text" id=error_id>{icon("alert")}<span>{text}</span></p> }
        });
        let help =
            (!self.help.is_empty()).then(|| view! { <p class="help" id=help_id>{self.help}</p> });
        let name = self.name;
        let control = match self.control {
            Control::Text(kind) => view! {
                <input id=id.clone() name=name type=kind value=value class=self.class
                    inputmode=self.inputmode autocomplete=self.autocomplete required=required
                    aria-invalid=invalid aria-describedby=described />
            }
            .into_any(),
            Control::Secret => view! {
                <input id=id.clone() name=name type="password" autocomplete=self.autocomplete
                    spellcheck="false" required=required
                    aria-invalid=invalid aria-describedby=described />
            }
            .into_any(),
            Control::Area(rows) => view! {
                // Leptos leaves the text inside a textarea unescaped.
                <textarea id=id.clone() name=name rows=rows required=required
                    aria-invalid=invalid aria-describedby=described
                    inner_html=crate::web::render::escape(&value).into_owned() />
            }
            .into_any(),
            Control::Select(choices) => {
                let options = choices
                    .into_iter()
                    .map(|(v, words)| {
                        let here = v == value;
                        view! { <option value=v selected=here>{words}</option> }
                    })
                    .collect_view();
                view! {
                    <select id=id.clone() name=name aria-invalid=invalid aria-describedby=described>
                        {options}
                    </select>
                }
                .into_any()
            }
        };
        view! {
            <div class=class>
                <label for=id class=label_class>{self.label}{optional}</label>
                {error}{control}{help}
            </div>
        }
        .into_any()
    }
}

/// A radio or checkbox with what follows from it below.
pub struct Opt {
    pub kind: &'static str,
    pub name: &'static str,
    pub value: String,
    pub on: bool,
    pub words: AnyView,
    pub small: String,
}

pub fn opt(o: Opt) -> AnyView {
    let small = (!o.small.is_empty()).then(|| view! { <small>{o.small}</small> });
    view! {
        <label class="opt">
            <input type=o.kind name=o.name value=o.value checked=o.on />
            <span>{o.words}{small}</span>
        </label>
    }
    .into_any()
}

/// A form that posts to one action, with the shop and its other hidden facts.
pub struct Post {
    action: &'static str,
    class: &'static str,
    id: Option<&'static str>,
    hidden: Vec<(&'static str, String)>,
}

impl Post {
    pub fn to(action: &'static str, frame: &Frame) -> Self {
        Self {
            action,
            class: "",
            id: None,
            hidden: vec![("tenant", frame.slug.clone())],
        }
    }

    #[must_use]
    pub fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    #[must_use]
    pub fn id(mut self, id: &'static str) -> Self {
        self.id = Some(id);
        self
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    /// A form that makes something: sent twice, it makes one.
    #[must_use]
    pub fn once(self) -> Self {
        self.with("form_key", random_hex::<16>())
    }

    pub fn view(self, body: impl IntoAny) -> AnyView {
        let hidden = self
            .hidden
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect_view();
        let class = (!self.class.is_empty()).then_some(self.class);
        view! {
            <form method="post" action=self.action class=class id=self.id>
                {hidden}{body.into_any()}
            </form>
        }
        .into_any()
    }
}

/// A switch is a button that posts; its word stands beside it.
pub fn switch(on: bool, test: bool, words: impl Into<String>, label: Option<String>) -> AnyView {
    let class = if test { "sw t" } else { "sw" };
    let on = if on { "true" } else { "false" };
    view! {
        <button class=class role="switch" aria-checked=on aria-label=label>{words.into()}</button>
    }
    .into_any()
}

/// Something to copy: all of it is selected by one click.
pub fn copyable(text: impl Into<String>) -> AnyView {
    view! { <div class="addr"><code>{text.into()}</code></div> }.into_any()
}
