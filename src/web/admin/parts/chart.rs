//! Charts drawn on the server. Each has its numbers as a table below it.
use super::money::money_text;
use crate::domain::Money;
use leptos::prelude::*;
use std::fmt::Write;

/// Tries of one hour: succeeded, and all others that ended.
pub type Hour = (u32, u32);

const BAR_WIDTH: u32 = 132;
const BAR_HEIGHT: u32 = 24;

/// Succeeded and other tries by hour, as small bars. Tenths of a unit keep the maths whole.
pub fn tries(label: String, hours: &[Hour], failing: bool) -> AnyView {
    let top = hours
        .iter()
        .map(|(ok, bad)| ok + bad)
        .max()
        .unwrap_or(0)
        .max(1);
    let mut bars = String::new();
    let height = |n: u32| n * BAR_HEIGHT * 10 / top;
    for (i, (ok, bad)) in (0_u32..).zip(hours) {
        let x = decimal(i * 55);
        let (light, dark) = (height(*ok), height(*bad));
        // An hour without tries keeps a line, so that the row still reads as a day.
        let light = if ok + bad == 0 { 10 } else { light };
        let base = BAR_HEIGHT * 10;
        if light > 0 {
            bars.push_str(&rect("b", &x, base - light, light));
        }
        if dark > 0 {
            bars.push_str(&rect("x", &x, base - light - dark, dark));
        }
    }
    let class = if failing { "chart bad" } else { "chart" };
    let frame = format!("0 0 {BAR_WIDTH} {BAR_HEIGHT}");
    view! {
        <svg class=class width=BAR_WIDTH height=BAR_HEIGHT viewBox=frame role="img" aria-label=label
            inner_html=bars></svg>
    }
    .into_any()
}

fn decimal(tenths: u32) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn rect(class: &str, x: &str, y: u32, height: u32) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"3.5\" height=\"{}\"/>",
        decimal(y),
        decimal(height)
    )
}

/// Money taken by hour of the day: bars with a scale.
pub fn by_hour(label: String, hours: &[Money]) -> AnyView {
    let top = round_up(hours.iter().map(|m| m.minor).max().unwrap_or(0).max(1));
    let currency = hours.first().map(|m| m.currency);
    let mut drawn = String::new();
    for (share, y) in [(0, 148), (1, 78), (2, 8)] {
        let words = currency.map_or_else(String::new, |c| short(Money::new(top / 2 * share, c)));
        let _ = write!(
            drawn,
            "<path class=\"base\" d=\"M48 {y}H552\"/><text x=\"40\" y=\"{}\" text-anchor=\"end\">{words}</text>",
            y + 4
        );
    }
    for (i, money) in (0_i64..).zip(hours) {
        let height = money.minor.saturating_mul(1_400) / top;
        let x = 500 + i * 210;
        if height > 0 {
            let _ = write!(
                drawn,
                "<rect class=\"a\" x=\"{}.{}\" y=\"{}.{}\" width=\"15\" height=\"{}.{}\" rx=\"1\"/>",
                x / 10,
                x % 10,
                (1_480 - height) / 10,
                (1_480 - height) % 10,
                height / 10,
                height % 10
            );
        }
    }
    for (hour, x) in [
        ("00:00", 50),
        ("06:00", 176),
        ("12:00", 302),
        ("18:00", 428),
    ] {
        let _ = write!(drawn, "<text x=\"{x}\" y=\"166\">{hour}</text>");
    }
    view! {
        <svg class="chart" viewBox="0 0 552 168" width="100%" role="img" aria-label=label
            inner_html=drawn></svg>
    }
    .into_any()
}

/// The next number with one digit and zeros that is even in halves: 2, 4, 6, 8, 10, 20…
fn round_up(minor: i64) -> i64 {
    let mut step: i64 = 1;
    while step.saturating_mul(10) < minor {
        step = step.saturating_mul(10);
    }
    (1..=5)
        .map(|n| step.saturating_mul(n * 2))
        .find(|top| *top >= minor)
        .unwrap_or(minor)
}

/// `40k`, `1.5M`: an axis has little room.
fn short(money: Money) -> String {
    let whole = money.minor / money.currency.minor_per_major();
    match whole {
        0..=999 => whole.to_string(),
        1_000..=999_999 if whole % 1_000 == 0 => format!("{}k", whole / 1_000),
        1_000..=999_999 => format!("{}.{}k", whole / 1_000, whole % 1_000 / 100),
        _ if whole % 1_000_000 == 0 => format!("{}M", whole / 1_000_000),
        _ => format!("{}.{}M", whole / 1_000_000, whole % 1_000_000 / 100_000),
    }
}

/// The hours of [`by_hour`] as a table that opens below the chart.
pub fn hours_table(caption: String, hours: &[Money]) -> AnyView {
    let rows = hours
        .iter()
        .enumerate()
        .filter(|(_, m)| m.minor > 0)
        .map(|(hour, m)| {
            let hour = format!("{hour:02}:00");
            view! { <tr><th scope="row">{hour}</th><td>{money_text(*m)}</td></tr> }
        })
        .collect_view();
    view! {
        <details class="more small">
            <summary>"Hours as a table"</summary>
            <div class="scroll" tabindex="0" role="region" aria-label=caption>
                <table class="small hours">
                    <caption class="sr">{caption.clone()}</caption>
                    <thead><tr><th scope="col">"Hour"</th><th scope="col">"Taken"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

/// The hours of [`tries`] as one table for all providers: the light part of all.
pub fn tries_table(
    caption: &'static str,
    heads: &[String],
    rows: Vec<(String, Vec<Hour>)>,
) -> AnyView {
    let words = |(light, dark): Hour| match light + dark {
        0 => "–".to_owned(),
        all => format!("{light}/{all}"),
    };
    let rows = rows.into_iter();
    let rows = rows.map(|(name, hours)| (name, hours.into_iter().map(words).collect()));
    day_table(caption, heads, rows.collect())
}

/// A day by hour, one line a provider, that opens below its chart.
pub fn day_table(
    caption: &'static str,
    heads: &[String],
    rows: Vec<(String, Vec<String>)>,
) -> AnyView {
    let heads = heads
        .iter()
        .map(|h| view! { <th scope="col">{h.clone()}</th> })
        .collect_view();
    let rows = rows
        .into_iter()
        .map(|(name, hours)| {
            let cells = hours
                .into_iter()
                .map(|words| view! { <td>{words}</td> })
                .collect_view();
            view! { <tr><th scope="row">{name}</th>{cells}</tr> }
        })
        .collect_view();
    view! {
        <details class="more small under-list">
            <summary>"Hours as a table"</summary>
            <div class="scroll" tabindex="0" role="region" aria-label=caption>
                <table class="small hours">
                    <caption class="sr">{caption}</caption>
                    <thead><tr><th scope="col">"Provider"</th>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;

    #[test]
    fn scales_end_on_even_numbers() {
        for (minor, top) in [(1, 2), (7, 8), (10, 10), (41, 60), (7_900_000, 8_000_000)] {
            assert_eq!(round_up(minor), top);
        }
        assert_eq!(short(Money::new(4_000_000, Currency::KES)), "40k");
        assert_eq!(short(Money::new(150_000_000, Currency::KES)), "1.5M");
    }

    #[test]
    fn a_day_of_tries_fits_its_frame() {
        let html = tries("x".into(), &[(0, 0), (3, 1), (0, 4)], true).to_html();
        assert!(
            html.contains("class=\"chart bad\"") && html.contains("y=\"0.0\""),
            "{html}"
        );
    }
}
