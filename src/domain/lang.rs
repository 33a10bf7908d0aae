//! The languages that customers are spoken to in.

/// A language that the checkout and the messages speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lang {
    En,
    Sw,
    Fr,
    Ar,
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

    /// The language of a tag such as `fr`, `fr-CI` or `sw_KE`.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }
}
