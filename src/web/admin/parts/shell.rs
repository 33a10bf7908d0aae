//! The frame of every page: side bar, phone bar and tabs, page heads, crumbs.
use super::chips::{initials, monogram};
use super::frame::{Frame, NAV, Nav, NavLink, Page};
use super::icons::{icon, sprite};
use super::notes::notes;
use leptos::prelude::*;

/// The whole body of a page.
pub fn shell(frame: &Frame, page: Page, main: AnyView) -> AnyView {
    let class = page.flush.then_some("flush");
    // A desk keeps its answer in its own column.
    let above = notes(page.notes);
    let main = if page.flush {
        view! { <main id="main" class=class>{main}</main> }.into_any()
    } else {
        view! { <main id="main">{above}{main}</main> }.into_any()
    };
    view! {
        {sprite()}
        <a class="skip" href="#main">"Skip to content"</a>
        <div class="shell">
            {side(frame, page.nav)}
            {bar(frame)}
            {main}
            {tabs(frame, page.nav)}
        </div>
    }
    .into_any()
}

fn count(frame: &Frame, nav: Nav) -> Option<usize> {
    let n = match nav {
        Nav::Proofs => frame.waiting.proofs,
        Nav::Refunds => frame.waiting.refunds,
        Nav::Hooks => frame.waiting.hooks,
        _ => 0,
    };
    (n > 0).then_some(n)
}

fn number(n: usize) -> AnyView {
    view! { <span class="n">{n}<span class="sr">" wait"</span></span> }.into_any()
}

fn link(frame: &Frame, l: &NavLink, here: Nav) -> AnyView {
    let current = (l.nav == here).then_some("page");
    let n = count(frame, l.nav).map(number);
    view! { <a href=frame.url(l.path) aria-current=current>{icon(l.icon)}{l.word}{n}</a> }
        .into_any()
}

fn side(frame: &Frame, here: Nav) -> AnyView {
    let groups = NAV
        .iter()
        .filter_map(|(head, links)| {
            let mut seen = links.iter().filter(|l| frame.may(l.needs)).peekable();
            seen.peek()?;
            let head = (!head.is_empty()).then(|| view! { <h2>{*head}</h2> });
            let links = seen
                .map(|l| view! { <li>{link(frame, l, here)}</li> })
                .collect_view();
            Some(view! { <div>{head}<ul>{links}</ul></div> })
        })
        .collect_view();
    let name = frame.shop.clone();
    let who = if frame.other_shops {
        view! {
            <a class="who" href="/admin" title="Change shop">
                {monogram(initials(&frame.shop))}<span>{name}</span>{icon("updown")}
            </a>
        }
        .into_any()
    } else {
        view! {
            <a class="who" href=frame.url("/overview")>
                {monogram(initials(&frame.shop))}<span>{name}</span>
            </a>
        }
        .into_any()
    };
    view! {
        <header class="side" id="menu">
            {who}
            <a class="btn close" href="#main">"Close"</a>
            <nav aria-label="Main">{groups}</nav>
            <div class="foot">
                {in_test(frame)}
                <div class="me">
                    <span class="av" aria-hidden="true">{initials(&frame.user)}</span>
                    <a href=frame.url("/account")>
                        {frame.user.clone()}
                        <span class="muted small">{frame.role.as_str()}</span>
                    </a>
                    <form method="post" action="/logout"><button class="btn quiet slim">"Sign out"</button></form>
                </div>
            </div>
        </header>
    }
    .into_any()
}

fn in_test(frame: &Frame) -> Option<AnyView> {
    let words = match frame.in_test {
        0 => return None,
        1 => "1 provider".to_owned(),
        n => format!("{n} providers"),
    };
    let inner = view! { <span class="test">"Test"</span><span>{words}</span> };
    let may = frame.may(crate::domain::role::Permission::ManageProviders);
    Some(if may {
        view! { <a href=frame.url("/providers")>{inner}</a> }.into_any()
    } else {
        view! { <p class="me">{inner}</p> }.into_any()
    })
}

fn bar(frame: &Frame) -> AnyView {
    let test = (frame.in_test > 0).then(|| {
        let words = format!("Test: {}", frame.in_test);
        view! { <span class="test">{words}</span> }
    });
    view! {
        <header class="bar">
            {monogram(initials(&frame.shop))}
            <span class="name">{frame.shop.clone()}</span>
            {test}
            <a class="icon" href="#menu" aria-label="Menu">{icon("menu")}</a>
        </header>
    }
    .into_any()
}

/// Five places in reach of the thumb; the last opens the side bar.
fn tabs(frame: &Frame, here: Nav) -> AnyView {
    let links = super::frame::visible(frame.role)
        .filter(|l| l.nav != Nav::Links)
        .take(5)
        .filter(|l| {
            l.nav != Nav::Orders || !frame.may(crate::domain::role::Permission::DecideProofs)
        })
        .take(4)
        .map(|l| link(frame, l, here))
        .collect_view();
    view! {
        <nav class="tabs" aria-label="Most used">
            {links}<a href="#menu">{icon("menu")}"Menu"</a>
        </nav>
    }
    .into_any()
}

/// The head of a list page: title, what it is, what can be done.
pub fn head(title: impl Into<String>, sub: impl Into<String>, acts: Option<AnyView>) -> AnyView {
    let acts = acts.map(|a| view! { <div class="acts">{a}</div> });
    view! {
        <header class="head">
            <div><h1>{title.into()}</h1><p class="sub">{sub.into()}</p></div>{acts}
        </header>
    }
    .into_any()
}

/// The way back, above a detail page.
pub fn crumbs(href: String, word: &'static str, here: AnyView) -> AnyView {
    view! { <p class="crumbs"><a href=href>{word}</a>" / "{here}</p> }.into_any()
}

/// A panel of the right column.
pub fn panel(title: impl Into<String>, aside: Option<AnyView>, body: AnyView) -> AnyView {
    view! {
        <section class="panel">
            <header><h2>{title.into()}</h2>{aside}</header><div class="in">{body}</div>
        </section>
    }
    .into_any()
}

/// Facts, one pair a line; a pair without a value is left out.
pub fn facts(pairs: Vec<(&'static str, Option<AnyView>)>) -> AnyView {
    let pairs = pairs
        .into_iter()
        .filter_map(|(name, value)| Some(view! { <dt>{name}</dt><dd>{value?}</dd> }))
        .collect_view();
    view! { <dl class="facts">{pairs}</dl> }.into_any()
}

/// A reference or number that people copy.
pub fn code(text: impl Into<String>) -> AnyView {
    view! { <span class="code">{text.into()}</span> }.into_any()
}

/// A page that is not inside a shop: sign in, choosing a shop, refusals.
pub fn door(body: AnyView, below: Option<AnyView>) -> AnyView {
    let below = below.map(|b| view! { <p class="below muted small">{b}</p> });
    view! {
        {sprite()}
        <main class="door" id="main"><div><div class="box">{body}</div>{below}</div></main>
    }
    .into_any()
}
