//! What every page of one tenant knows: the shop, who looks at it, and what waits.
use super::notes::Note;
use super::time::Zone;
use crate::domain::Currency;
use crate::domain::ids::UserId;
use crate::domain::role::{Permission, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Work that waits for a person, for the side bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub proofs: usize,
    pub refunds: usize,
    pub hooks: usize,
}

/// A provider as staff know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderName {
    pub name: String,
    pub label: String,
    pub monogram: String,
}

/// The shop and its reader.
#[derive(Clone)]
pub struct Frame {
    pub slug: String,
    pub shop: String,
    pub currency: Currency,
    pub user_id: UserId,
    pub user: String,
    pub role: Role,
    pub zone: Zone,
    pub waiting: Waiting,
    /// Enabled providers that are in test mode.
    pub in_test: usize,
    /// The user belongs to other shops too.
    pub other_shops: bool,
    pub providers: Arc<[ProviderName]>,
    /// Names of the team by user id.
    pub people: Arc<BTreeMap<String, String>>,
}

impl Frame {
    /// An address of this shop; `path` opens with `/` or is empty.
    pub fn url(&self, path: &str) -> String {
        format!("/admin/{}{path}", self.slug)
    }

    pub fn may(&self, what: Permission) -> bool {
        self.role.may(what)
    }

    /// A provider's label; a name that is no longer known stays as it is.
    pub fn label(&self, provider: &str) -> String {
        self.provider(provider)
            .map_or_else(|| provider.to_owned(), |p| p.label.clone())
    }

    pub fn monogram(&self, provider: &str) -> String {
        self.provider(provider)
            .map_or_else(|| "??".to_owned(), |p| p.monogram.clone())
    }

    fn provider(&self, name: &str) -> Option<&ProviderName> {
        self.providers.iter().find(|p| p.name == name)
    }

    pub fn is_me(&self, actor: &str) -> bool {
        actor == self.user_id.to_string()
    }

    /// Who did it, inside a sentence: `by you`, `by the customer`.
    pub fn by(&self, actor: &str) -> String {
        let who = self.who(actor);
        match who.split_once(' ') {
            None if who == "You" => "you".to_owned(),
            Some((article @ ("The" | "An" | "A"), rest)) => {
                format!("{} {rest}", article.to_lowercase())
            }
            _ => who,
        }
    }

    /// Who did it: a person's name, or what it was.
    pub fn who(&self, actor: &str) -> String {
        if self.is_me(actor) {
            return "You".to_owned();
        }
        if let Some(name) = self.people.get(actor) {
            return name.clone();
        }
        match actor {
            "customer" => "The customer".to_owned(),
            "provider" => "The provider".to_owned(),
            "system" => "Malipo".to_owned(),
            key if key.starts_with("key_") => "An API key".to_owned(),
            _ => "A former member".to_owned(),
        }
    }
}

/// A page of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    Overview,
    Orders,
    Links,
    Payments,
    Proofs,
    Refunds,
    Customers,
    Plans,
    Providers,
    Hooks,
    Messages,
    Events,
    ApiKeys,
    Team,
    Exports,
    Audit,
    /// A page that the side bar does not list.
    Elsewhere,
}

/// One link of the side bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NavLink {
    pub nav: Nav,
    pub path: &'static str,
    pub icon: &'static str,
    pub word: &'static str,
    pub needs: Permission,
}

const fn nav_link(
    nav: Nav,
    path: &'static str,
    icon: &'static str,
    word: &'static str,
    needs: Permission,
) -> NavLink {
    NavLink {
        nav,
        path,
        icon,
        word,
        needs,
    }
}

/// The groups of the side bar: heading, links. Only pages that exist.
pub const NAV: &[(&str, &[NavLink])] = &[
    (
        "",
        &[
            nav_link(
                Nav::Overview,
                "/overview",
                "overview",
                "Overview",
                Permission::ViewMoney,
            ),
            nav_link(
                Nav::Orders,
                "/orders",
                "orders",
                "Orders",
                Permission::ViewMoney,
            ),
            nav_link(Nav::Links, "/links", "link", "Links", Permission::ViewMoney),
            nav_link(
                Nav::Payments,
                "/payments",
                "payments",
                "Payments",
                Permission::ViewMoney,
            ),
            nav_link(
                Nav::Proofs,
                "/proofs",
                "proofs",
                "Proofs",
                Permission::DecideProofs,
            ),
            nav_link(
                Nav::Refunds,
                "/refunds",
                "refunds",
                "Refunds",
                Permission::ViewMoney,
            ),
            nav_link(
                Nav::Customers,
                "/customers",
                "user",
                "Customers",
                Permission::ViewMoney,
            ),
            nav_link(
                Nav::Plans,
                "/plans",
                "plans",
                "Plans",
                Permission::ViewMoney,
            ),
        ],
    ),
    (
        "Connections",
        &[
            nav_link(
                Nav::Providers,
                "/providers",
                "providers",
                "Providers",
                Permission::ManageProviders,
            ),
            nav_link(
                Nav::Hooks,
                "/hooks",
                "hooks",
                "Hooks",
                Permission::ManageHooks,
            ),
            nav_link(
                Nav::Events,
                "/events",
                "events",
                "Events",
                Permission::ViewMoney,
            ),
            nav_link(
                Nav::ApiKeys,
                "/api-keys",
                "key",
                "API keys",
                Permission::ManageApiKeys,
            ),
        ],
    ),
    (
        "Shop",
        &[
            nav_link(
                Nav::Messages,
                "/messages",
                "ask",
                "Messages",
                Permission::WorkOrders,
            ),
            nav_link(Nav::Team, "/team", "team", "Team", Permission::ManageTeam),
            nav_link(
                Nav::Exports,
                "/exports",
                "export",
                "Exports",
                Permission::ViewMoney,
            ),
        ],
    ),
];

/// The links that a role may follow.
pub fn visible(role: Role) -> impl Iterator<Item = &'static NavLink> {
    NAV.iter()
        .flat_map(|(_, links)| links.iter())
        .filter(move |l| role.may(l.needs))
}

/// A page's place and what it answers to the last action.
pub struct Page {
    pub nav: Nav,
    pub title: String,
    /// The page fills the window: a desk.
    pub flush: bool,
    pub notes: Vec<Note>,
    /// Seconds until the browser asks again by itself: for what moves while it is looked at.
    pub refresh: Option<u32>,
}

impl Page {
    pub fn new(nav: Nav, title: impl Into<String>) -> Self {
        Self {
            nav,
            title: title.into(),
            flush: false,
            notes: Vec::new(),
            refresh: None,
        }
    }

    #[must_use]
    pub fn flush(mut self) -> Self {
        self.flush = true;
        self
    }

    #[must_use]
    pub fn refresh(mut self, seconds: u32) -> Self {
        self.refresh = Some(seconds);
        self
    }

    #[must_use]
    pub fn with(mut self, notes: Vec<Note>) -> Self {
        self.notes = notes;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_side_bar_shows_what_the_role_may_do() {
        let words = |role| visible(role).map(|l| l.word).collect::<Vec<_>>();
        let all = [
            "Overview",
            "Orders",
            "Links",
            "Payments",
            "Proofs",
            "Refunds",
            "Customers",
            "Plans",
            "Providers",
            "Hooks",
            "Events",
            "API keys",
            "Messages",
            "Team",
            "Exports",
        ];
        assert_eq!(words(Role::Owner), all);
        assert_eq!(words(Role::Admin), all);
        let staff = [&all[..8], &["Events", "Messages", "Exports"]].concat();
        assert_eq!(words(Role::Staff), staff);
        assert_eq!(
            words(Role::Developer),
            [
                "Overview",
                "Orders",
                "Links",
                "Payments",
                "Refunds",
                "Customers",
                "Plans",
                "Hooks",
                "Events",
                "API keys",
                "Exports"
            ]
        );
        assert_eq!(
            words(Role::Viewer),
            [
                "Overview",
                "Orders",
                "Links",
                "Payments",
                "Refunds",
                "Customers",
                "Plans",
                "Events",
                "Exports"
            ]
        );
    }
}
