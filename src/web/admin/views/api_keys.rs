//! API keys: what each may do, when it was used last, and when it ends.
use crate::domain::Timestamp;
use crate::services::api_keys::{ApiKey, SCOPES};
use crate::web::admin::parts::chips::{Light, light, mode_tag};
use crate::web::admin::parts::form::{Opt, copyable, opt};
use crate::web::admin::parts::lists::{ViewLink, cell, row, table, views};
use crate::web::admin::parts::shell::{code, crumbs, head, panel};
use crate::web::admin::parts::{Frame, Input, Note, Post, Typed, note};
use leptos::prelude::*;

/// Keys that end within this many days are marked.
const SOON_DAYS: i64 = 14;

/// What the page shows.
pub struct Keys {
    pub keys: Vec<ApiKey>,
    /// A key that was made just now: its name and its secret. It is shown once.
    pub fresh: Option<(String, String)>,
    pub typed: Typed,
}

/// The two pages about keys.
pub fn tabs(f: &Frame, requests: bool) -> AnyView {
    let link = |path, words, here| ViewLink {
        href: f.url(path),
        words,
        here,
        waiting: 0,
    };
    views(vec![
        link("/api-keys", "Keys", !requests),
        link("/api-keys/requests", "Request log", requests),
    ])
}

/// What a scope lets a program do.
fn meaning(scope: &str) -> &'static str {
    match scope {
        "read" => "See everything of its mode. Every key may.",
        "orders:write" => "Make, cancel and renew orders.",
        "payments:write" => "Start payments, and have providers asked.",
        "refunds:write" => "Ask for refunds and reject them.",
        "proofs:write" => "Send and decide proofs.",
        "plans:write" => "Make and change plans.",
        "endpoints:write" => "Set where events are sent, and send them again.",
        _ => "",
    }
}

/// What a key is called: its name, else its last characters.
fn title(k: &ApiKey) -> String {
    if k.name.is_empty() {
        format!("Key …{}", k.hint)
    } else {
        k.name.clone()
    }
}

fn state(k: &ApiKey, now: Timestamp) -> AnyView {
    match k.expires_at {
        _ if k.revoked_at.is_some() => light(Light::Off, "Revoked"),
        Some(_) if k.is_over(now) => light(Light::Bad, "Expired"),
        Some(at) if at.secs_since(now) < SOON_DAYS * 86_400 => {
            let days = at.secs_since(now) / 86_400;
            let words = match days {
                0 => "Ends within a day".to_owned(),
                1 => "Ends in 1 day".to_owned(),
                n => format!("Ends in {n} days"),
            };
            light(Light::Warn, words)
        }
        _ => light(Light::Ok, "In use"),
    }
}

fn line(f: &Frame, k: &ApiKey) -> AnyView {
    let now = f.zone.now;
    let works = k.revoked_at.is_none() && !k.is_over(now);
    let scopes = if k.scopes.is_empty() {
        "everything".to_owned()
    } else {
        k.scopes.join(", ")
    };
    let never = || view! { <span class="dim">"never"</span> }.into_any();
    let used = k.last_used_at.map_or_else(never, |t| f.zone.near_tag(t));
    let ends = match k.expires_at {
        Some(t) => view! { <time>{f.zone.day(t)}</time> }.into_any(),
        None => view! { <span class="dim">"not by itself"</span> }.into_any(),
    };
    let log = f.url(&format!("/api-keys/requests?key={}", k.id));
    let (see, end) = (
        format!("Calls of {}", title(k)),
        format!("Revoke {}", title(k)),
    );
    let revoke = works.then(|| {
        let href = f.url(&format!("/api-keys/{}/revoke", k.id));
        view! { <a class="btn quiet slim" href=href aria-label=end>"Revoke"</a> }
    });
    let hint = format!("mk_{}_…{}", k.mode.as_str(), k.hint);
    let cells = view! {
        {cell("t1", view! {
            <span><strong>{title(k)}</strong><span class="cut2 dim code">{hint}</span></span>
        })}
        {cell("t2 nowrap", view! {
            <span class="sts">{mode_tag(k.mode.is_test())}{state(k, now)}</span>
        })}
        {cell("all", scopes.into_any())}
        {cell("b1", view! { <span class="dim only-phone-i">"used "</span>{used} })}
        {cell("no-phone", ends)}
        {cell("b2", view! {
            <div class="acts one"><a class="btn quiet slim" href=log aria-label=see>"Calls"</a>{revoke}</div>
        })}
    };
    row(k.mode.is_test(), cells.into_any())
}

fn make(f: &Frame, typed: &Typed) -> AnyView {
    let days = [
        ("", "when it is revoked"),
        ("30", "after 30 days"),
        ("90", "after 90 days"),
        ("365", "after a year"),
    ];
    let days = days.map(|(v, w)| (v.to_owned(), w.to_owned())).to_vec();
    let modes = [
        ("test", "Test", "Makes and sees test objects alone."),
        ("live", "Live", "Makes and sees live objects: real money."),
    ];
    let modes = modes.into_iter().map(|(value, words, small)| {
        opt(Opt {
            kind: "radio",
            name: "mode",
            value: value.to_owned(),
            on: typed.is("mode", value, value == "test"),
            words: words.into_any(),
            small: small.to_owned(),
        })
    });
    let ticked = typed.value("scopes", "");
    let scopes = SCOPES.iter().filter(|s| **s != "read").map(|scope| {
        opt(Opt {
            kind: "checkbox",
            name: "scopes[]",
            value: (*scope).to_owned(),
            on: ticked.split(',').any(|t| t == *scope),
            words: code(*scope),
            small: meaning(scope).to_owned(),
        })
    });
    Post::to("/do/admin/api-keys/create", f)
        .class("stack")
        .view(view! {
            {Input::text("name", "Name").help("What uses it: a name that you know again.").view(typed)}
            <fieldset class="f"><legend>"Mode"</legend>{modes.collect_view()}</fieldset>
            <fieldset class="f">
                <legend>"May write"</legend>
                <p class="help">"Every key may read. With nothing ticked it may only read."</p>
                {scopes.collect_view()}
            </fieldset>
            {Input::select("expires_in", "Ends", days).view(typed)}
            <div class="acts"><button class="btn primary">"Make the key"</button></div>
        })
}

pub fn list(f: &Frame, k: Keys) -> AnyView {
    let sub = format!(
        "With a key a program of yours calls the API. Kept as a hash: a lost key is replaced, not found. {}.",
        f.zone.name()
    );
    let fresh = k.fresh.map(|(name, secret)| {
        let body = view! {
            <div class="stack">
                {copyable(secret)}
                <p class="small muted">"Copy it now: it is shown here once."</p>
            </div>
        };
        let title = format!("The new key {name}");
        view! { <div class="before" role="status">{panel(title, None, body.into_any())}</div> }
    });
    let list = if k.keys.is_empty() {
        let words = "A key appears here once it is made. Begin with a test key: it cannot touch real money.";
        view! { <div class="empty short"><h2>"No key yet"</h2><p>{words}</p></div> }.into_any()
    } else {
        let rows = k.keys.iter().rev().map(|k| line(f, k)).collect_view();
        let columns = [
            ("Key", ""),
            ("State", ""),
            ("May do", ""),
            ("Last used", ""),
            ("Ends", "no-phone"),
            ("Actions", ""),
        ];
        table("list mid calm", "API keys", &columns, rows.into_any())
    };
    let docs = view! { <a class="btn" href="/docs">"API reference"</a> }.into_any();
    view! {
        {head("API keys", sub, Some(docs))}
        {tabs(f, false)}
        {k.typed.summary("The key was not made")}
        {fresh}
        <div class="two">
            <div>{list}</div>
            <aside>{panel("Make a key", None, make(f, &k.typed))}</aside>
        </div>
    }
    .into_any()
}

/// The page that asks before a key ends.
pub fn revoke(f: &Frame, k: &ApiKey) -> AnyView {
    let name = title(k);
    let used = match k.last_used_at {
        Some(t) => format!("It was used last {}.", f.zone.near(t)),
        None => "It was never used.".to_owned(),
    };
    let form = Post::to("/do/admin/api-keys/revoke", f)
        .class("form")
        .with("key", k.id.to_string())
        .view(view! {
            <ul class="dots">
                <li>"From this moment every call with it is answered 401."</li>
                <li>{used}</li>
                <li>"It cannot be taken back. What needs a key gets a new one first."</li>
            </ul>
            <div class="acts">
                <button class="btn danger primary">{format!("Revoke {name}")}</button>
                <a class="btn quiet" href=f.url("/api-keys")>"Keep the key"</a>
            </div>
        });
    let live = (!k.mode.is_test()).then(|| {
        let warn = Note::warn(
            "This is a live key",
            "What uses it can take no more orders.",
        );
        view! { <div class="notes">{note(warn)}</div> }
    });
    let hint = format!("mk_{}_…{}", k.mode.as_str(), k.hint);
    view! {
        {crumbs(f.url("/api-keys"), "API keys", name.clone().into_any())}
        {head(format!("Revoke {name}?"), hint, None)}
        {live}
        {form}
    }
    .into_any()
}
