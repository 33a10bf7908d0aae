//! Which language a reader gets.
use super::{Texts, ar, en, fr, sw};
use std::cmp::Reverse;

/// A language that the checkout speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lang {
    En,
    Sw,
    Fr,
    Ar,
}

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

impl Lang {
    pub const ALL: [Self; 4] = [Self::En, Self::Sw, Self::Fr, Self::Ar];

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Sw => "sw",
            Self::Fr => "fr",
            Self::Ar => "ar",
        }
    }

    pub const fn dir(self) -> &'static str {
        match self {
            Self::En | Self::Sw | Self::Fr => "ltr",
            Self::Ar => "rtl",
        }
    }

    /// Its name in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Sw => "Kiswahili",
            Self::Fr => "Français",
            Self::Ar => "العربية",
        }
    }

    pub const fn texts(self) -> &'static Texts {
        match self {
            Self::En => &en::TEXTS,
            Self::Sw => &sw::TEXTS,
            Self::Fr => &fr::TEXTS,
            Self::Ar => &ar::TEXTS,
        }
    }

    /// The language of a tag such as `fr`, `fr-CI` or `sw_KE`.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }

    /// The strongest wish that we can grant, else English.
    pub fn choose(wishes: &Wishes<'_>) -> Self {
        let one = |tag: Option<&str>| tag.and_then(Self::parse);
        one(wishes.query)
            .or_else(|| one(wishes.cookie))
            .or_else(|| one(wishes.order))
            .or_else(|| wishes.accept_language.and_then(Self::accepted))
            .or_else(|| one(wishes.tenant))
            .unwrap_or(Self::En)
    }

    /// The best of an `Accept-Language` header.
    fn accepted(header: &str) -> Option<Self> {
        let mut ranges: Vec<(u32, Self)> = header
            .split(',')
            .filter_map(|range| {
                let (tag, quality) = range.split_once(";q=").unwrap_or((range, "1"));
                let thousandths = thousandths(quality.trim())?;
                (thousandths > 0).then_some((thousandths, Self::parse(tag)?))
            })
            .collect();
        ranges.sort_by_key(|(quality, _)| Reverse(*quality));
        ranges.first().map(|(_, lang)| *lang)
    }
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
