//! The colour of a tenant, and what can be read on it.

/// The tenant's colour with the text colour that can be read on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    colour: String,
    on: &'static str,
}

/// Ours, where the tenant's setting is no `#rrggbb`.
const DEFAULT: &str = "#0b6e5f";

impl Brand {
    pub fn new(setting: &str) -> Self {
        let parsed = channels(setting);
        let colour = if parsed.is_some() { setting } else { DEFAULT };
        let on = if parsed.or_else(|| channels(DEFAULT)).is_some_and(is_light) {
            "#000"
        } else {
            "#fff"
        };
        Self {
            colour: colour.to_ascii_lowercase(),
            on,
        }
    }

    pub fn colour(&self) -> &str {
        &self.colour
    }

    /// Black or white: what is read better on it.
    pub fn on(&self) -> &'static str {
        self.on
    }
}

fn channels(colour: &str) -> Option<[u32; 3]> {
    let hex = colour.strip_prefix('#').filter(|hex| hex.len() == 6)?;
    let part = |at: usize| u32::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

/// Whether the relative luminance (WCAG 2.2) is above 0.179: then black is read better.
fn is_light(rgb: [u32; 3]) -> bool {
    // In millionths, from a table of the sRGB curve at every 17th step: no floats are needed for
    // one comparison, and the steps between are close to straight.
    const CURVE: [u32; 16] = [
        0, 5_605, 15_996, 33_105, 57_805, 90_842, 132_868, 184_475, 246_201, 318_547, 401_978,
        496_933, 603_827, 723_055, 854_993, 1_000_000,
    ];
    let linear = |channel: u32| {
        let (step, rest) = ((channel / 17) as usize, channel % 17);
        let low = CURVE[step];
        let high = CURVE[(step + 1).min(15)];
        low + (high - low) * rest / 17
    };
    let [r, g, b] = rgb.map(linear);
    2_126 * (r / 100) + 7_152 * (g / 100) + 722 * (b / 100) > 17_900_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_on_the_brand_can_always_be_read() {
        for (colour, on) in [
            ("#0b6e5f", "#fff"),
            ("#ff7a59", "#000"),
            ("#FFFFFF", "#000"),
            ("#000000", "#fff"),
            ("#1d3a8a", "#fff"),
            ("red;}body{", "#fff"),
        ] {
            assert_eq!(Brand::new(colour).on, on, "{colour}");
        }
        assert_eq!(Brand::new("red;}body{").colour(), DEFAULT);
    }
}
