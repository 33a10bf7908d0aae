//! Amounts, dates and phone numbers in the reader's form. Western digits everywhere: they are
//! compared with a provider's page. Inside Arabic, such parts are isolated to keep their order.
use crate::domain::ids::Id;
use crate::domain::lang::Lang;
use crate::domain::payment::Payment;
use crate::domain::{Currency, Money, Timestamp};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

const NBSP: char = '\u{a0}';
/// Opens and closes a run that reads from left to right.
const ISOLATE: (char, char) = ('\u{2066}', '\u{2069}');

/// An amount, taken apart for the slip: number and sign have different sizes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    pub number: String,
    /// The code, or in Arabic the sign.
    pub sign: &'static str,
    /// Whether the sign stands after the number.
    pub after: bool,
}

/// An amount in the reader's form.
pub fn amount(lang: Lang, money: Money) -> Amount {
    let (sign, after) = match lang {
        Lang::En | Lang::Sw | Lang::Fr => (money.currency.code(), false),
        Lang::Ar => (arabic_sign(money.currency), true),
    };
    Amount {
        number: number(lang, money),
        sign,
        after,
    }
}

/// An amount in a sentence: code or sign, a no-break space, number.
pub fn money(lang: Lang, money: Money) -> String {
    let Amount {
        number,
        sign,
        after,
    } = amount(lang, money);
    if after {
        format!("{}{NBSP}{sign}", isolate(lang, &number))
    } else {
        format!("{sign}{NBSP}{number}")
    }
}

/// The bare digits of an amount, as they are typed into a phone.
pub fn digits(money: Money) -> String {
    let (whole, fraction) = money.split();
    if fraction.is_empty() || drops(money, &fraction) {
        whole
    } else {
        format!("{whole}.{fraction}")
    }
}

fn drops(money: Money, fraction: &str) -> bool {
    money.currency.drops_zero_minor() && fraction.bytes().all(|b| b == b'0')
}

fn number(lang: Lang, money: Money) -> String {
    let (whole, fraction) = money.split();
    let (group, point) = match lang {
        Lang::En | Lang::Sw | Lang::Ar => (',', '.'),
        Lang::Fr => (NBSP, ','),
    };
    let (sign, plain) = whole
        .strip_prefix('-')
        .map_or(("", whole.as_str()), |plain| ("-", plain));
    let mut out = String::from(sign);
    for (place, digit) in plain.chars().enumerate() {
        if place > 0 && (plain.len() - place).is_multiple_of(3) {
            out.push(group);
        }
        out.push(digit);
    }
    if !fraction.is_empty() && !drops(money, &fraction) {
        out.push(point);
        out.push_str(&fraction);
    }
    out
}

/// The sign that Arabic readers know; the code where there is none.
fn arabic_sign(currency: Currency) -> &'static str {
    match currency.code() {
        "AED" => "د.إ",
        "BHD" => "د.ب",
        "EGP" => "ج.م",
        "JOD" => "د.أ",
        "KWD" => "د.ك",
        "MAD" => "د.م.",
        "OMR" => "ر.ع.",
        "QAR" => "ر.ق",
        "SAR" => "ر.س",
        code => code,
    }
}

/// Keeps a number, code or address in its own order inside Arabic.
pub fn isolate(lang: Lang, text: &str) -> String {
    match lang {
        Lang::Ar => format!("{}{text}{}", ISOLATE.0, ISOLATE.1),
        Lang::En | Lang::Sw | Lang::Fr => text.to_owned(),
    }
}

/// The tenant's time zone; UTC for a name that the tables do not know.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn local(zone: &TimeZone, at: Timestamp) -> jiff::Zoned {
    jiff::Timestamp::from_millisecond(at.unix_ms())
        .unwrap_or_default()
        .to_zoned(zone.clone())
}

/// `Fri 20 Nov, 18:00`
pub fn day_time(lang: Lang, zone: &TimeZone, at: Timestamp) -> String {
    let when = local(zone, at);
    let comma = if lang == Lang::Ar { "،" } else { "," };
    let clock = isolate(lang, &when.strftime("%H:%M").to_string());
    format!("{}{comma} {clock}", day(lang, &when))
}

/// `Fri 20 Nov 2026, 14:33 EAT`
pub fn full(lang: Lang, zone: &TimeZone, at: Timestamp) -> String {
    let when = local(zone, at);
    let comma = if lang == Lang::Ar { "،" } else { "," };
    let clock = isolate(lang, &when.strftime("%H:%M %Z").to_string());
    format!("{} {}{comma} {clock}", day(lang, &when), when.year())
}

/// `Fri 20 Nov 2026`
pub fn day_only(lang: Lang, zone: &TimeZone, at: Timestamp) -> String {
    let when = local(zone, at);
    format!("{} {}", day(lang, &when), when.year())
}

/// `14:33`
pub fn time(zone: &TimeZone, at: Timestamp) -> String {
    local(zone, at).strftime("%H:%M").to_string()
}

/// `14:33:05`
pub fn seconds(zone: &TimeZone, at: Timestamp) -> String {
    local(zone, at).strftime("%H:%M:%S").to_string()
}

fn day(lang: Lang, when: &jiff::Zoned) -> String {
    let month = usize::from(when.month().unsigned_abs()) - 1;
    let (weekday, month) = match lang {
        Lang::En => (weekday_of(when, EN_DAYS), EN_MONTHS[month]),
        Lang::Sw => (weekday_of(when, SW_DAYS), SW_MONTHS[month]),
        Lang::Fr => (weekday_of(when, FR_DAYS), FR_MONTHS[month]),
        Lang::Ar => (weekday_of(when, AR_DAYS), AR_MONTHS[month]),
    };
    format!("{weekday} {}{NBSP}{month}", when.day())
}

fn weekday_of(when: &jiff::Zoned, names: [&'static str; 7]) -> &'static str {
    let place = match when.weekday() {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    };
    names[place]
}

const EN_DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const SW_DAYS: [&str; 7] = [
    "Jumatatu", "Jumanne", "Jumatano", "Alhamisi", "Ijumaa", "Jumamosi", "Jumapili",
];
const FR_DAYS: [&str; 7] = ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."];
const AR_DAYS: [&str; 7] = [
    "الاثنين",
    "الثلاثاء",
    "الأربعاء",
    "الخميس",
    "الجمعة",
    "السبت",
    "الأحد",
];
const EN_MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const SW_MONTHS: [&str; 12] = [
    "Jan", "Feb", "Machi", "Apr", "Mei", "Juni", "Julai", "Ago", "Sep", "Okt", "Nov", "Des",
];
const FR_MONTHS: [&str; 12] = [
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
    "déc.",
];
const AR_MONTHS: [&str; 12] = [
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
];

/// An E.164 number for its owner: national form where the country is the reader's own, with
/// no-break gaps. Never wraps, never turns round.
pub fn phone(lang: Lang, e164: &str, country: &str) -> String {
    isolate(lang, &gaps(e164, country).replace(' ', "\u{a0}"))
}

/// The same with its middle hidden, for anything that can be shared.
pub fn phone_masked(lang: Lang, e164: &str, country: &str) -> String {
    let plain = gaps(e164, country);
    let total = plain.chars().filter(char::is_ascii_digit).count();
    let mut seen = 0;
    let masked: String = plain
        .chars()
        .map(|c| {
            if !c.is_ascii_digit() {
                return c;
            }
            seen += 1;
            if seen + 5 >= total && seen + 3 <= total {
                '•'
            } else {
                c
            }
        })
        .collect();
    isolate(lang, &masked.replace(' ', "\u{a0}"))
}

fn gaps(e164: &str, country: &str) -> String {
    let Ok(number) = phonenumber::parse(None, e164) else {
        return e164.to_owned();
    };
    let national = number
        .country()
        .id()
        .is_some_and(|id| id.as_ref().eq_ignore_ascii_case(country));
    let mode = if national {
        phonenumber::Mode::National
    } else {
        phonenumber::Mode::International
    };
    let plain = number.format().mode(mode).to_string().replace('-', " ");
    // Long runs of digits are read in threes.
    let blocks = plain.split(' ').flat_map(|block| {
        let threes = block.len() >= 6 && block.len().is_multiple_of(3);
        let cut = if threes { 3 } else { block.len().max(1) };
        let chars: Vec<char> = block.chars().collect();
        let parts: Vec<String> = chars.chunks(cut).map(|c| c.iter().collect()).collect();
        parts
    });
    blocks.collect::<Vec<_>>().join(" ")
}

/// A file's size: `1.2 MB`, in French `1,2 Mo`.
pub fn size(lang: Lang, bytes: i64) -> String {
    let (kilo, mega) = match lang {
        Lang::Fr => ("ko", "Mo"),
        Lang::En | Lang::Sw | Lang::Ar => ("kB", "MB"),
    };
    let point = if lang == Lang::Fr { ',' } else { '.' };
    if bytes < 1_000_000 {
        return isolate(lang, &format!("{}{NBSP}{kilo}", (bytes / 1_000).max(1)));
    }
    let tenths = bytes / 100_000;
    isolate(
        lang,
        &format!("{}{point}{}{NBSP}{mega}", tenths / 10, tenths % 10),
    )
}

/// A code in blocks of four, so that it can be read and compared. One that has its own marks
/// stays whole.
pub fn fours(code: &str) -> Vec<String> {
    if !code
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c.is_whitespace())
    {
        return vec![code.to_owned()];
    }
    let chars: Vec<char> = code.chars().filter(|c| !c.is_whitespace()).collect();
    chars
        .chunks(4)
        .map(|block| block.iter().collect())
        .collect()
}

/// The end of a payment's id in fours: what a customer reads out on the phone.
pub fn short_number(p: &Payment, test: bool) -> String {
    let id = p.id.as_str();
    let tail = id.get(id.len().saturating_sub(8)..).unwrap_or(id);
    let number = fours(&tail.to_uppercase()).join("-");
    if test {
        format!("TEST-{number}")
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str, minor: i64) -> Money {
        Money::new(minor, Currency::parse(code).unwrap())
    }

    #[test]
    fn amounts_stand_in_the_readers_form() {
        for (code, minor, en, sw, fr, ar) in [
            (
                "KES",
                150_000,
                "KES 1,500",
                "KES 1,500",
                "KES 1 500",
                "<1,500> KES",
            ),
            (
                "KES",
                150_050,
                "KES 1,500.50",
                "KES 1,500.50",
                "KES 1 500,50",
                "<1,500.50> KES",
            ),
            (
                "UGX",
                12_450_000,
                "UGX 12,450,000",
                "UGX 12,450,000",
                "UGX 12 450 000",
                "<12,450,000> UGX",
            ),
            (
                "KWD",
                1_234_500,
                "KWD 1,234.500",
                "KWD 1,234.500",
                "KWD 1 234,500",
                "<1,234.500> د.ك",
            ),
            (
                "XOF",
                15_000_000,
                "XOF 15,000,000",
                "XOF 15,000,000",
                "XOF 15 000 000",
                "<15,000,000> XOF",
            ),
            (
                "AED",
                125_000,
                "AED 1,250.00",
                "AED 1,250.00",
                "AED 1 250,00",
                "<1,250.00> د.إ",
            ),
            (
                "USD",
                -99,
                "USD -0.99",
                "USD -0.99",
                "USD -0,99",
                "<-0.99> USD",
            ),
        ] {
            for (lang, want) in Lang::ALL.into_iter().zip([en, sw, fr, ar]) {
                let plain = money(lang, of(code, minor))
                    .replace(NBSP, " ")
                    .replace(ISOLATE.0, "<")
                    .replace(ISOLATE.1, ">");
                assert_eq!(plain, want);
            }
        }
    }

    #[test]
    fn values_to_type_are_bare_digits() {
        assert_eq!(digits(of("KES", 150_000)), "1500");
        assert_eq!(digits(of("KWD", 1_234_500)), "1234.500");
        assert_eq!(digits(of("UGX", 12_450_000)), "12450000");
    }

    #[test]
    fn dates_stand_in_the_tenants_zone() {
        let at = Timestamp::from_unix_ms(1_795_174_380_000);
        let nairobi = zone("Africa/Nairobi");
        let shown = |lang| full(lang, &nairobi, at).replace(NBSP, " ");
        assert_eq!(shown(Lang::En), "Fri 20 Nov 2026, 14:33 EAT");
        assert_eq!(shown(Lang::Sw), "Ijumaa 20 Nov 2026, 14:33 EAT");
        assert_eq!(shown(Lang::Fr), "ven. 20 nov. 2026, 14:33 EAT");
        assert!(shown(Lang::Ar).starts_with("الجمعة 20 نوفمبر 2026،"));
        assert_eq!(time(&zone("No/Where"), at), "11:33");
    }

    #[test]
    fn phones_are_shown_in_the_form_of_their_country() {
        let plain = |text: String| text.replace(NBSP, " ");
        assert_eq!(
            plain(phone(Lang::En, "+254712345678", "KE")),
            "0712 345 678"
        );
        assert_eq!(
            plain(phone(Lang::En, "+254712345678", "UG")),
            "+254 712 345 678"
        );
        assert_eq!(
            plain(phone_masked(Lang::Fr, "+254712345678", "KE")),
            "0712 ••• 678"
        );
    }

    #[test]
    fn sizes_and_codes() {
        assert_eq!(size(Lang::En, 1_240_000).replace(NBSP, " "), "1.2 MB");
        assert_eq!(size(Lang::Fr, 1_240_000).replace(NBSP, " "), "1,2 Mo");
        assert_eq!(size(Lang::Sw, 300).replace(NBSP, " "), "1 kB");
        assert_eq!(fours("BK7X42QM"), ["BK7X", "42QM"]);
        assert_eq!(fours("BK-20418"), ["BK-20418"]);
    }
}
