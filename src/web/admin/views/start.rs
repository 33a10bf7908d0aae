//! The first days: steps to the first real payment, one of them marked next.
use crate::domain::role::Permission;
use crate::web::admin::parts::shell::{head, panel};
use crate::web::admin::parts::{Frame, icon};
use leptos::prelude::*;

/// What was done already.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a step that is done or not"
)]
pub struct Done {
    pub test_payment: bool,
    pub keys: bool,
    pub offered: bool,
    pub live: bool,
    pub live_payment: bool,
}

impl Done {
    pub fn all(self) -> bool {
        self.test_payment && self.keys && self.offered && self.live && self.live_payment
    }
}

struct Step {
    done: bool,
    title: &'static str,
    text: &'static str,
    path: &'static str,
    word: &'static str,
}

pub fn start(f: &Frame, d: Done) -> AnyView {
    let steps = [
        Step {
            done: d.test_payment,
            title: "Pay yourself a test payment",
            text: "Make a test order, open its link and choose how it ends. The mock provider needs no keys.",
            path: "/orders/new?test=1",
            word: "Make a test link",
        },
        Step {
            done: d.keys,
            title: "Connect a provider",
            text: "You need the keys from the provider’s own page; each field says where to find them. Its self-test tells the exact reason if something is wrong.",
            path: "/providers",
            word: "Choose a provider",
        },
        Step {
            done: d.offered,
            title: "Offer it to customers",
            text: "One switch. In test mode the page carries a banner that cannot be missed.",
            path: "/providers",
            word: "Offer it",
        },
        Step {
            done: d.live,
            title: "Turn its test mode off",
            text: "Open test orders stay test orders.",
            path: "/providers",
            word: "Go live",
        },
        Step {
            done: d.live_payment,
            title: "Take a first real payment",
            text: "Make a link for a small amount, pay it yourself, give it back. Then you know that both ways work.",
            path: "/orders/new",
            word: "New payment link",
        },
    ];
    let next = steps.iter().position(|s| !s.done);
    let items = steps
        .into_iter()
        .enumerate()
        .map(|(n, s)| step(f, s, Some(n) == next))
        .collect_view();
    let help = f.may(Permission::ManageTeam).then(|| {
        let body = view! {
            <div class="stack">
                <p>"Invite a developer for the keys and staff for the proofs. Each gets just the rights of the role."</p>
                <p><a href=f.url("/team")>"Invite people"</a></p>
            </div>
        };
        panel("Who helps you", None, body.into_any())
    });
    let hand = view! {
        <div class="stack">
            <p>"You can already take cash, bank transfers and mobile money by hand: the customer sends a picture, your staff decide."</p>
            <p><a href=f.url("/providers/manual")>"Write the instructions"</a></p>
        </div>
    };
    view! {
        {head(format!("Welcome, {}", f.user), "Five steps to the first real payment.", None)}
        <div class="two">
            <section><h2 class="sr">"Steps"</h2><ol class="todo">{items}</ol></section>
            <aside>{panel("Until you have a provider", None, hand.into_any())}{help}</aside>
        </div>
    }
    .into_any()
}

fn step(f: &Frame, s: Step, next: bool) -> AnyView {
    let class = match (s.done, next) {
        (true, _) => "done",
        (false, true) => "next",
        (false, false) => "",
    };
    let class = (!class.is_empty()).then_some(class);
    let mark = s.done.then(|| icon("eq"));
    let said = match (s.done, next) {
        (true, _) => Some("done: "),
        (false, true) => Some("next: "),
        (false, false) => None,
    }
    .map(|t| view! { <span class="sr">{t}</span> });
    let act = next.then(|| view! { <a class="btn primary" href=f.url(s.path)>{s.word}</a> });
    view! {
        <li class=class>
            <span class="mk" aria-hidden="true">{mark}</span>
            <div><h3>{said}{s.title}</h3><p>{s.text}</p></div>
            {act}
        </li>
    }
    .into_any()
}
