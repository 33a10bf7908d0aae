//! Lists: tables with roles that fold on phones, views, filters as GET forms with chips, paging.
use super::frame::Frame;
use super::icons::icon;
use leptos::prelude::*;

/// A column's head: its words and classes.
pub type Column = (&'static str, &'static str);

/// A table that stays a table for readers when its rows fold on a phone.
pub fn table(
    class: &'static str,
    label: &'static str,
    columns: &[Column],
    rows: AnyView,
) -> AnyView {
    let heads = columns
        .iter()
        .map(|(words, class)| {
            let class = (!class.is_empty()).then_some(*class);
            view! { <th role="columnheader" scope="col" class=class>{*words}</th> }
        })
        .collect_view();
    view! {
        <table role="table" class=class aria-label=label>
            <thead role="rowgroup"><tr role="row">{heads}</tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

/// One row; test money has the tape at its edge.
pub fn row(test: bool, cells: AnyView) -> AnyView {
    let class = test.then_some("is-test");
    view! { <tr role="row" class=class>{cells}</tr> }.into_any()
}

pub fn cell(class: &'static str, inner: impl IntoAny) -> AnyView {
    let class = (!class.is_empty()).then_some(class);
    view! { <td role="cell" class=class>{inner.into_any()}</td> }.into_any()
}

/// A ready-made view of a list: address, words, how much work waits there.
pub struct ViewLink {
    pub href: String,
    pub words: &'static str,
    pub here: bool,
    pub waiting: usize,
}

pub fn views(links: Vec<ViewLink>) -> AnyView {
    let links = links
        .into_iter()
        .map(|l| {
            let n = (l.waiting > 0).then(|| view! { <span class="n">{l.waiting}</span> });
            let current = l.here.then_some("page");
            view! { <a href=l.href aria-current=current>{l.words}{n}</a> }
        })
        .collect_view();
    view! { <nav class="views" aria-label="Views">{links}</nav> }.into_any()
}

/// The values of a GET form, in the order they stand in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Keeps a value that is not empty.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((name, value));
        }
        self
    }

    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(n, _)| *n != name).cloned().collect())
    }

    pub fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(n, _)| *n == name)
            .map_or("", |(_, v)| v.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `path?name=value&…`
    pub fn href(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.0 {
            text.append_pair(name, value);
        }
        format!("{path}?{}", text.finish())
    }
}

/// A choice of a filter: value and words.
pub type Choice = (String, String);

/// A select of a filter form.
pub struct Select {
    pub name: &'static str,
    pub label: &'static str,
    pub any: &'static str,
    pub choices: Vec<Choice>,
}

/// The filters of a list: a GET form, so that every view has an address.
pub struct Filters {
    pub path: String,
    pub query: Query,
    /// Label and placeholder of the search field `q`, where the list has one.
    pub search: Option<(&'static str, &'static str)>,
    pub selects: Vec<Select>,
    /// Live, test or both.
    pub modes: bool,
}

impl Filters {
    pub fn view(self, frame: &Frame) -> AnyView {
        let chips = self.chips();
        let q = self.query.get("q").to_owned();
        let search = self.search.map(|(label, placeholder)| {
            view! {
                <div class="find">
                    {icon("search")}<label class="sr" for="q">{label}</label>
                    <input id="q" type="search" name="q" value=q placeholder=placeholder />
                </div>
            }
        });
        let selects = self
            .selects
            .iter()
            .map(|s| select(s, self.query.get(s.name)))
            .collect_view();
        let modes = self.modes.then(|| modes(self.query.get("mode")));
        let fresh = self.query.href(&self.path);
        let now = frame.zone.clock_tag(frame.zone.now);
        view! {
            <form class="filters" id="filters" method="get" action=self.path>
                {search}
                <a class="btn only-phone" href="#filters">"Filter"</a>
                <div class="rest">{selects}{modes}<button class="btn">"Apply"</button></div>
                <p class="fresh" role="status">"as of "{now}" "<a href=fresh>"Refresh"</a></p>
            </form>
            {chips}
        }
        .into_any()
    }

    /// What is set comes back as links without itself.
    fn chips(&self) -> Option<AnyView> {
        if self.query.is_empty() {
            return None;
        }
        let chips = self
            .query
            .0
            .iter()
            .map(|(name, value)| {
                let words = self
                    .selects
                    .iter()
                    .find(|s| s.name == *name)
                    .and_then(|s| s.choices.iter().find(|(v, _)| v == value))
                    .map_or_else(|| plain_words(name, value), |(_, words)| words.clone());
                let href = self.query.without(name).href(&self.path);
                view! {
                    <a class="x" href=href>
                        {words}<span class="sr">": take this filter away"</span>{icon("x")}
                    </a>
                }
            })
            .collect_view();
        let clear = self.path.clone();
        Some(view! { <p class="chips">{chips}<a href=clear>"Clear all"</a></p> }.into_any())
    }
}

fn plain_words(name: &str, value: &str) -> String {
    match (name, value) {
        ("mode", "live") => "Live money".to_owned(),
        ("mode", "test") => "Test money".to_owned(),
        ("q", text) => format!("“{text}”"),
        (_, text) => text.replace('_', " "),
    }
}

fn select(s: &Select, set: &str) -> AnyView {
    let id = format!("s-{}", s.name);
    let options = s
        .choices
        .iter()
        .map(|(value, words)| {
            let here = value == set;
            view! { <option value=value.clone() selected=here>{words.clone()}</option> }
        })
        .collect_view();
    view! {
        <label class="sr" for=id.clone()>{s.label}</label>
        <select id=id name=s.name><option value="">{s.any}</option>{options}</select>
    }
    .into_any()
}

fn modes(set: &str) -> AnyView {
    let set = if set.is_empty() { "both" } else { set };
    let choices = [("live", "Live"), ("test", "Test"), ("both", "Both")]
        .into_iter()
        .map(|(value, words)| {
            let on = value == set;
            view! { <label><input type="radio" name="mode" value=value checked=on />{words}</label> }
        })
        .collect_view();
    view! { <fieldset class="seg"><legend class="sr">"Money"</legend>{choices}</fieldset> }
        .into_any()
}

/// Newer and Older by key, no totals.
pub struct Pager {
    pub shown: usize,
    pub newer: Option<String>,
    pub older: Option<String>,
}

pub fn pager(p: Pager) -> AnyView {
    let words = match p.shown {
        0 => "Nothing on this page".to_owned(),
        1 => "1 on this page".to_owned(),
        n => format!("Newest first, {n} on this page"),
    };
    let step = |href: Option<String>, rel: &'static str, words: &'static str| match href {
        Some(href) => view! { <a class="btn" rel=rel href=href>{words}</a> }.into_any(),
        None => view! { <a class="btn" role="link" aria-disabled="true">{words}</a> }.into_any(),
    };
    view! {
        <nav class="pager" aria-label="Pages">
            <span>{words}</span>
            <span class="acts">{step(p.newer, "prev", "Newer")}{step(p.older, "next", "Older")}</span>
        </nav>
    }
    .into_any()
}

/// An empty list under a filter keeps the filter.
pub fn nothing_fits(path: String) -> AnyView {
    view! {
        <div class="empty short">
            <h2>"Nothing fits these filters"</h2>
            <p><a href=path>"Clear all"</a></p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_is_a_link_without_itself() {
        let q = Query::default()
            .with("q", "a b&c")
            .with("status", "")
            .with("mode", "live");
        assert_eq!(q.href("/x"), "/x?q=a+b%26c&mode=live");
        assert_eq!(q.without("q").href("/x"), "/x?mode=live");
        assert_eq!(q.without("q").without("mode").href("/x"), "/x");
    }
}
