//! The checkout's style, inlined in every page, and the two colours of the tenant.
pub use crate::domain::brand::Brand;
use std::fmt::Write;
use std::sync::LazyLock;

static SHEET: LazyLock<String> =
    LazyLock::new(|| minify(include_str!("../../../style/checkout.css")));

/// The sheet without comments and line ends.
pub fn sheet() -> &'static str {
    &SHEET
}

/// Drops comments and line ends. The sheet has neither inside a string.
fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out.lines().map(str::trim).collect()
}

/// The rule beside the sheet, with one rule for each offered provider: only the test data of
/// the chosen one shows. Names come from the registry and are plain words.
pub fn rules(brand: &Brand, providers: &[&str]) -> String {
    let mut css = format!(":root{{--brand:{};--on:{}}}", brand.colour(), brand.on());
    for name in providers {
        let _ = write!(
            css,
            ":root:has([value^=\"{name}.\"]:checked) .test:not(.t-{name}){{display:none}}"
        );
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheet_keeps_its_rules_and_loses_its_comments() {
        assert!(sheet().contains(".slip{position:relative"));
        assert!(!sheet().contains("/*") && !sheet().contains('\n'));
        assert!(sheet().len() < 10_400);
    }
}
