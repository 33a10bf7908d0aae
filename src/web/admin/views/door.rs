//! Pages outside a shop: sign in, set a password, choose a shop, refusals.
use crate::web::admin::parts::shell::door;
use crate::web::admin::parts::{Input, Note, Typed, monogram, note};
use leptos::prelude::*;

/// Sign in. `next` is where it leads; it was checked to be ours.
pub fn login(typed: &Typed, next: &str, told: Option<Note>) -> AnyView {
    let told = told.map(note);
    let body = view! {
        <div><p class="brand">"Malipo"</p><h1>"Sign in"</h1></div>
        {told}
        <form class="stack" method="post" action="/do/admin/login">
            <input type="hidden" name="next" value=next.to_owned() />
            {Input::email("email", "E-mail").autocomplete("username").required().view(typed)}
            {Input::secret("password", "Password").autocomplete("current-password").required().view(typed)}
            <button class="btn primary">"Sign in"</button>
        </form>
    };
    let below = "Forgot the password? An owner of your shop can make a new link for you.";
    door(body.into_any(), Some(below.into_any()))
}

/// The page of a one-time link.
pub fn set_password(token: &str, typed: &Typed) -> AnyView {
    let body = view! {
        <div><p class="brand">"Malipo"</p><h1>"Choose your password"</h1></div>
        {typed.summary("The password was not set")}
        <form class="stack" method="post" action="/do/admin/set-password">
            <input type="hidden" name="token" value=token.to_owned() />
            {Input::secret("password", "New password")
                .autocomplete("new-password")
                .required()
                .help("At least 12 characters. A sentence is easier to remember than a word.")
                .view(typed)}
            <button class="btn primary">"Set password"</button>
        </form>
    };
    let below = "The link works once. Everywhere you are signed in, you are signed out.";
    door(body.into_any(), Some(below.into_any()))
}

/// A shop to choose: slug, name, role.
pub struct Shop {
    pub slug: String,
    pub name: String,
    pub letters: String,
    pub role: &'static str,
}

pub fn choose(shops: Vec<Shop>) -> AnyView {
    let body = if shops.is_empty() {
        view! {
            <h1>"No shop yet"</h1>
            <p class="muted">"Your account belongs to no shop. Ask an owner to invite you."</p>
        }
        .into_any()
    } else {
        let shops = shops
            .into_iter()
            .map(|s| {
                let href = format!("/admin/{}/overview", s.slug);
                view! {
                    <li>
                        <a class="btn wide-btn shop" href=href>
                            {monogram(s.letters)}<span>{s.name}</span>
                            <span class="muted small push">{s.role}</span>
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! { <h1>"Which shop?"</h1><ul class="stack">{shops}</ul> }.into_any()
    };
    let out = view! {
        <form method="post" action="/logout"><button class="btn quiet wide-btn">"Sign out"</button></form>
    };
    door(view! { {body}{out} }.into_any(), None)
}

/// A page that cannot be shown: what it is and the way on.
pub fn refusal(title: &'static str, text: &'static str, on: (String, &'static str)) -> AnyView {
    let (href, words) = on;
    let body = view! {
        <h1>{title}</h1><p class="muted">{text}</p><a class="btn primary" href=href>{words}</a>
    };
    door(body.into_any(), None)
}

pub fn not_found() -> AnyView {
    refusal(
        "There is no such page",
        "The address is wrong, or what it named is not yours to see.",
        ("/admin".to_owned(), "Go to the overview"),
    )
}

pub fn forbidden(slug: &str) -> AnyView {
    refusal(
        "Your role may not do this",
        "An owner or admin of the shop can do it, or give you a role that may.",
        (format!("/admin/{slug}/overview"), "Go to the overview"),
    )
}

pub fn broken() -> AnyView {
    refusal(
        "Something went wrong",
        "It is our fault and was written to the log. Nothing was decided or sent; try again.",
        ("/admin".to_owned(), "Go to the overview"),
    )
}
