//! Lines that tell: what it is, what it means, one link to the next step. And empty lists.
use super::icon;
use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Ok,
    Warn,
    Bad,
    Test,
}

/// One line above what it is about.
pub struct Note {
    kind: Kind,
    strong: String,
    text: String,
    go: Option<(String, String)>,
    role: Option<&'static str>,
}

impl Note {
    fn new(kind: Kind, strong: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            kind,
            strong: strong.into(),
            text: text.into(),
            go: None,
            role: None,
        }
    }

    pub fn plain(strong: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Kind::Plain, strong, text)
    }

    pub fn ok(strong: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Kind::Ok, strong, text)
    }

    pub fn warn(strong: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Kind::Warn, strong, text)
    }

    pub fn bad(strong: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Kind::Bad, strong, text)
    }

    pub fn test(strong: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Kind::Test, strong, text)
    }

    /// The one link to the next step.
    #[must_use]
    pub fn go(mut self, href: impl Into<String>, words: impl Into<String>) -> Self {
        self.go = Some((href.into(), words.into()));
        self
    }

    /// It answers what the reader just did.
    #[must_use]
    pub fn answer(mut self) -> Self {
        self.role = Some(if self.kind == Kind::Bad {
            "alert"
        } else {
            "status"
        });
        self
    }
}

pub fn note(note: Note) -> AnyView {
    let (class, shape) = match note.kind {
        Kind::Plain => ("note", "info"),
        Kind::Ok => ("note ok", "s-done"),
        Kind::Warn => ("note warn", "alert"),
        Kind::Bad => ("note bad", "alert"),
        Kind::Test => ("note tst", "flask"),
    };
    let go = note
        .go
        .map(|(href, words)| view! { <a class="go" href=href>{words}</a> });
    let text = (!note.text.is_empty()).then(|| format!(" {}", note.text));
    view! {
        <div class=class role=note.role>
            {icon(shape)}<div><p><strong>{note.strong}</strong>{text}</p></div>{go}
        </div>
    }
    .into_any()
}

/// A stack of notes above the page; nothing where there are none.
pub fn notes(all: Vec<Note>) -> AnyView {
    if all.is_empty() {
        return ().into_any();
    }
    let all = all.into_iter().map(note).collect_view();
    view! { <div class="notes">{all}</div> }.into_any()
}

/// An empty page: what will be here, what to do first, one button.
pub fn empty(
    title: &'static str,
    text: impl Into<String>,
    first: Option<(String, &'static str)>,
) -> AnyView {
    let act = first.map(|(href, words)| {
        view! { <div class="acts"><a class="btn primary" href=href>{words}</a></div> }
    });
    view! { <div class="empty"><h2>{title}</h2><p>{text.into()}</p>{act}</div> }.into_any()
}
