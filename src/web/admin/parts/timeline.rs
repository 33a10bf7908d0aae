//! What happened, line by line: time, who, what, and the provider's own words in a grey bar.
use super::icons::icon;
use super::time::Zone;
use crate::domain::Timestamp;
use crate::web::admin::sentences::Tone;
use leptos::prelude::*;

/// One line of a story.
pub struct Line {
    /// `None` for what still waits: "now".
    pub at: Option<Timestamp>,
    pub icon: &'static str,
    pub tone: Tone,
    pub title: String,
    pub detail: String,
    /// The provider's own words.
    pub said: String,
    pub link: Option<(String, String)>,
}

impl Line {
    pub fn new(at: Timestamp, icon: &'static str, title: impl Into<String>) -> Self {
        Self {
            at: Some(at),
            icon,
            tone: Tone::Plain,
            title: title.into(),
            detail: String::new(),
            said: String::new(),
            link: None,
        }
    }
}

/// The whole story in order. The day stands in the head; a line of another day names it.
pub fn timeline(zone: &Zone, lines: Vec<Line>, slim: bool) -> AnyView {
    let mut day = None;
    let lines = lines
        .into_iter()
        .map(|line| {
            let time = match line.at {
                Some(at) => {
                    let this = zone.day(at);
                    let fresh = day.as_ref().is_some_and(|d| *d != this);
                    day = Some(this);
                    if fresh {
                        zone.short_tag(at)
                    } else {
                        zone.clock_tag(at)
                    }
                }
                None => view! { <time>"now"</time> }.into_any(),
            };
            let class = line.tone.class().trim_start();
            let class = (!class.is_empty()).then_some(class);
            let link = line
                .link
                .map(|(href, words)| view! { " "<a href=href>{words}</a> });
            let detail =
                (!line.detail.is_empty()).then(|| view! { <p class="d">{line.detail}</p> });
            let said = (!line.said.is_empty()).then(|| view! { <p class="said">{line.said}</p> });
            view! {
                <li class=class>
                    {time}{icon(line.icon)}
                    <div><p><span class="t">{line.title}</span>{link}</p>{detail}{said}</div>
                </li>
            }
        })
        .collect_view();
    let class = if slim { "tl slim" } else { "tl" };
    view! { <ol class=class>{lines}</ol> }.into_any()
}
