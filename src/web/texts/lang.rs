//! Which language a reader gets.
use super::{Texts, ar, en, fr, sw};
use crate::domain::lang::Lang;
use std::cmp::Reverse;

/// All that may name the reader's language, strongest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes<'a> {
    /// `?lang=` of the address.
    pub query: Option<&'a str>,
    pub cookie: Option<&'a str>,
    pub order: Option<&'a str>,
    pub accept_language: Option<&'a str>,
    pub tenant: Option<&'a str>,
}

/// What the checkout says in a language, and how a reader comes to it.
pub trait Speaks: Sized {
    fn texts(self) -> &'static Texts;

    /// The strongest wish that we can grant, else English.
    fn choose(wishes: &Wishes<'_>) -> Self;
}

impl Speaks for Lang {
    fn texts(self) -> &'static Texts {
        match self {
            Self::En => &en::TEXTS,
            Self::Sw => &sw::TEXTS,
            Self::Fr => &fr::TEXTS,
            Self::Ar => &ar::TEXTS,
        }
    }

    fn choose(wishes: &Wishes<'_>) -> Self {
        let one = |tag: Option<&str>| tag.and_then(Self::parse);
        one(wishes.query)
            .or_else(|| one(wishes.cookie))
            .or_else(|| one(wishes.order))
            .or_else(|| wishes.accept_language.and_then(accepted))
            .or_else(|| one(wishes.tenant))
            .unwrap_or(Self::En)
    }
}

/// The best of an `Accept-Language` header.
fn accepted(header: &str) -> Option<Lang> {
    let mut ranges: Vec<(u32, Lang)> = header
        .split(',')
        .filter_map(|range| {
            let (tag, quality) = range.split_once(";q=").unwrap_or((range, "1"));
            let thousandths = thousandths(quality.trim())?;
            (thousandths > 0).then_some((thousandths, Lang::parse(tag)?))
        })
        .collect();
    ranges.sort_by_key(|(quality, _)| Reverse(*quality));
    ranges.first().map(|(_, lang)| *lang)
}

/// A quality between 0 and 1 with at most three decimals, in thousandths.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = format!("{fraction:0<3}");
    let whole: u32 = whole.parse().ok()?;
    let fraction: u32 = fraction.get(..3)?.parse().ok()?;
    (whole <= 1).then_some((whole * 1_000 + fraction).min(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readers_own_choice_wins_then_order_browser_and_tenant() {
        let mut wishes = Wishes {
            query: Some("ar"),
            cookie: Some("fr"),
            order: Some("sw_KE"),
            accept_language: Some("de, fr-CH;q=0.7, en;q=0.9, *;q=0.1"),
            tenant: Some("sw"),
        };
        assert_eq!(Lang::choose(&wishes), Lang::Ar);
        wishes.query = Some("<script>");
        assert_eq!(Lang::choose(&wishes), Lang::Fr);
        wishes.cookie = None;
        assert_eq!(Lang::choose(&wishes), Lang::Sw);
        wishes.order = None;
        assert_eq!(Lang::choose(&wishes), Lang::En);
        wishes.accept_language = Some("de, en;q=0");
        assert_eq!(Lang::choose(&wishes), Lang::Sw);
        wishes.tenant = None;
        assert_eq!(Lang::choose(&wishes), Lang::En);
    }
}
