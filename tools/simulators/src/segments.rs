//! How many parts a text is billed as: GSM 03.38 in 160 or 153 septets, else UCS-2 in 70 or 67 units.
//!
//! Counted here again on purpose, so that the product's own figure has a second opinion.

/// The characters of the GSM 03.38 basic table (the escape itself left out).
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The characters of the extension table, each sent as an escape and a septet.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Septets that one character takes, or `None` where GSM cannot write it.
fn septets(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || c == ' ' || BASIC.contains(c) {
        return Some(1);
    }
    EXTENSION.contains(c).then_some(2)
}

/// Parts needed when no character may be cut in two.
fn parts(sizes: impl Iterator<Item = usize> + Clone, single: usize, part: usize) -> u32 {
    if sizes.clone().sum::<usize>() <= single {
        return 1;
    }
    let (mut count, mut filled) = (1, 0);
    for size in sizes {
        if filled + size > part {
            count += 1;
            filled = 0;
        }
        filled += size;
    }
    count
}

/// The number of parts of `text`; an empty text is one.
pub(crate) fn count(text: &str) -> u32 {
    if text.chars().all(|c| septets(c).is_some()) {
        parts(text.chars().filter_map(septets), 160, 153)
    } else {
        parts(text.chars().map(char::len_utf16), 70, 67)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_as_the_tables_say() {
        let long = |c: &str, n: usize| c.repeat(n);
        let cases = [
            (String::new(), 1),
            (long("a", 160), 1),
            (long("a", 161), 2),
            (long("a", 306), 2),
            (long("a", 307), 3),
            (long("€", 80), 1),
            (long("€", 81), 2),
            // 153 is odd: an escape pair never straddles parts, so 76 fit into each.
            (long("€", 152), 2),
            (long("€", 153), 3),
            (long("ж", 70), 1),
            (long("ж", 71), 2),
            (long("ж", 134), 2),
            (long("ж", 135), 3),
            (long("😀", 35), 1),
            (long("😀", 66), 2),
            (long("😀", 67), 3),
        ];
        for (text, expected) in cases {
            assert_eq!(
                count(&text),
                expected,
                "{} characters of {:?}",
                text.chars().count(),
                text.chars().next()
            );
        }
    }

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "the place of the specifications comes from the environment"
    )]
    fn published_cases_count_as_published() {
        let specs = std::env::var("SPECS_DIR")
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/specs").to_owned());
        let Ok(text) = std::fs::read_to_string(format!("{specs}/segments/twilio_segment_cases.json")) else {
            println!("skipped: no specs/segments/twilio_segment_cases.json");
            return;
        };
        let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let mut checked = 0;
        for case in &cases {
            let (Some(body), Some(expected)) = (case["body"].as_str(), case["segments"].as_u64()) else {
                continue;
            };
            assert_eq!(u64::from(count(body)), expected, "{}", case["name"]);
            checked += 1;
        }
        assert!(checked > 20, "{checked} cases checked");
    }
}
