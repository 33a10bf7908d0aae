//! The team: people, roles, invitations.
use crate::domain::role::Role;
use crate::web::admin::parts::chips::{Light, initials, light};
use crate::web::admin::parts::form::copyable;
use crate::web::admin::parts::lists::{cell, row, table};
use crate::web::admin::parts::shell::{crumbs, head, panel};
use crate::web::admin::parts::{Frame, Input, Note, Post, Typed, note};
use crate::web::admin::sentences;
use leptos::prelude::*;

/// A person of the team.
pub struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub suspended: bool,
    /// Has a password: the invitation was taken.
    pub joined: bool,
}

/// What the page shows.
pub struct Team {
    pub people: Vec<Person>,
    /// A link that was made just now: whose, and the link. It is shown once.
    pub link: Option<(String, String)>,
    pub typed: Typed,
}

fn roles() -> Vec<(String, String)> {
    Role::ALL
        .into_iter()
        .map(|r| (r.as_str().to_owned(), r.as_str().to_owned()))
        .collect()
}

pub fn team(f: &Frame, t: Team) -> AnyView {
    let n = t.people.len();
    let sub = format!(
        "{n} {}. A role says what a person may do in this shop only.",
        if n == 1 { "person" } else { "people" }
    );
    let link = t.link.map(|(who, link)| {
        let body = view! {
            <div class="stack">
                {copyable(link)}
                <p class="small muted">"Send it to this person alone: it sets the password, works once, and is shown here once."</p>
            </div>
        };
        panel(format!("One-time link for {who}"), None, body.into_any())
    });
    let link = link.map(|l| view! { <div class="before" role="status">{l}</div> });
    let rows = t.people.iter().map(|p| person(f, p)).collect_view();
    let list = table(
        "list mid calm",
        "Team",
        &[
            ("Person", ""),
            ("Role", ""),
            ("State", ""),
            ("Actions", "no-phone"),
        ],
        rows.into_any(),
    );
    let invite = Post::to("/do/admin/team/invite", f)
        .class("stack")
        .view(view! {
            {Input::text("name", "Name").required().view(&t.typed)}
            {Input::email("email", "E-mail").required().view(&t.typed)}
            {Input::select("role", "Role", roles()).value("staff").view(&t.typed)}
            <div class="acts"><button class="btn primary">"Make the invitation link"</button></div>
        });
    let meanings = Role::ALL
        .into_iter()
        .map(|r| view! { <dt>{r.as_str()}</dt><dd>{sentences::role(r)}</dd> })
        .collect_view();
    let meanings = view! { <dl class="facts">{meanings}</dl> }.into_any();
    view! {
        {head("Team", sub, None)}
        {t.typed.summary("It was not done")}
        {link}
        <div class="two">
            <div>{list}</div>
            <aside>{panel("Invite a person", None, invite)}{panel("What roles may do", None, meanings)}</aside>
        </div>
    }
    .into_any()
}

fn person(f: &Frame, p: &Person) -> AnyView {
    let me = f.is_me(&p.id);
    let you = me.then(|| view! { " "<span class="dim">"you"</span> });
    let email =
        (p.email != p.name).then(|| view! { <span class="cut2 dim">{p.email.clone()}</span> });
    let (lamp, words) = match (p.suspended, p.joined) {
        (true, _) => (Light::Bad, "Suspended"),
        (false, true) => (Light::Ok, "Active"),
        (false, false) => (Light::Off, "Not yet accepted"),
    };
    let role = if me {
        view! { <span>{p.role.as_str()}</span> }.into_any()
    } else {
        let label = format!("Role of {}", p.name);
        let options = Role::ALL
            .into_iter()
            .map(|r| {
                let here = r == p.role;
                view! { <option value=r.as_str() selected=here>{r.as_str()}</option> }
            })
            .collect_view();
        let id = format!("r-{}", p.id);
        Post::to("/do/admin/team/role", f)
            .class("acts over")
            .with("user", p.id.clone())
            .view(view! {
                <label class="sr" for=id.clone()>{label}</label>
                <select id=id name="role" class="slim">{options}</select>
                <button class="btn slim">"Set"</button>
            })
    };
    let acts = (!me).then(|| {
        let again = (!p.joined).then(|| {
            Post::to("/do/admin/team/invite", f)
                .with("email", p.email.clone())
                .with("name", p.name.clone())
                .with("role", p.role.as_str())
                .view(view! { <button class="btn quiet slim">"New link"</button> })
        });
        let href = f.url(&format!("/team/{}/remove", p.id));
        let label = format!("Take out {}", p.name);
        view! {
            <div class="acts">
                {again}<a class="btn quiet slim" href=href aria-label=label>"Take out"</a>
            </div>
        }
    });
    let cells = view! {
        {cell("t1", view! {
            <span class="person">
                <span class="av" aria-hidden="true">{initials(&p.name)}</span>
                <span><strong>{p.name.clone()}</strong>{you}{email}</span>
            </span>
        })}
        {cell("t2", role)}
        {cell("b1", light(lamp, words))}
        {cell("b2", acts.into_any())}
    };
    row(false, cells.into_any())
}

/// The page that asks before somebody is taken out of the shop.
pub fn remove(f: &Frame, p: &Person) -> AnyView {
    let title = format!("Take {} out of {}?", p.name, f.shop);
    let button = format!("Take out {}", p.name);
    let form = Post::to("/do/admin/team/remove", f)
        .class("form")
        .with("user", p.id.clone())
        .view(view! {
            <ul class="dots">
                <li>"From this moment the person sees nothing of this shop."</li>
                <li>"What the person did stays in the stories and in the audit log."</li>
                <li>"You can invite the person again."</li>
            </ul>
            <div class="acts">
                <button class="btn danger primary">{button}</button>
                <a class="btn quiet" href=f.url("/team")>"Keep the person in the team"</a>
            </div>
        });
    view! {
        {crumbs(f.url("/team"), "Team", p.name.clone().into_any())}
        {head(title, p.email.clone(), None)}
        {form}
    }
    .into_any()
}

/// The reader's own password.
pub fn account(f: &Frame, typed: &Typed) -> AnyView {
    let form = Post::to("/do/admin/account/password", f)
        .class("form")
        .view(view! {
            {Input::secret("old_password", "Password now").autocomplete("current-password").required().view(typed)}
            {Input::secret("password", "New password").autocomplete("new-password").required()
                .help("At least 12 characters. A sentence is easier to remember than a word.").view(typed)}
            <div class="acts"><button class="btn primary">"Change the password"</button></div>
        });
    view! {
        {crumbs(f.url("/overview"), "Overview", "Your account".into_any())}
        {head(f.user.clone(), format!("{} of {}", f.role.as_str(), f.shop), None)}
        {typed.summary("The password was not changed")}
        <div class="notes">{note(Note::plain("You are signed out everywhere else", "when the password changes."))}</div>
        {form}
    }
    .into_any()
}
