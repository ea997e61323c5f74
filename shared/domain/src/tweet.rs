//! How long a post on X is, as X counts.
//!
//! X counts weights after NFC: most Latin characters 1, others 2, an emoji 2 whatever it is made of, an address on the
//! web 23 however long it is (docs.x.com, *Counting characters*, configuration v3).

use icu_normalizer::ComposingNormalizerBorrowed;

/// Most weight of one post.
pub const MAX_WEIGHT: usize = 280;
/// Weight of a web address.
const URL_WEIGHT: usize = 23;
/// Joins emoji into one.
const JOINER: char = '\u{200D}';

/// The weight of a text.
///
/// ```
/// assert_eq!(domain::tweet::weight("School is closed today."), 23);
/// assert_eq!(domain::tweet::weight("日本"), 4);
/// ```
pub fn weight(text: &str) -> usize {
    let text = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    let mut sum = 0;
    let mut rest = &*text;
    while !rest.is_empty() {
        let word_ends = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_ends);
        let url_begins = ["https://", "http://"].iter().filter_map(|start| word.find(start)).min();
        sum += match url_begins {
            // Whatever stands before the address in the same word is counted as it is.
            Some(at) => characters(&word[..at]) + URL_WEIGHT,
            None => characters(word),
        };
        let blank_ends = after.find(|c: char| !c.is_whitespace()).unwrap_or(after.len());
        sum += characters(&after[..blank_ends]);
        rest = &after[blank_ends..];
    }
    sum
}

fn characters(text: &str) -> usize {
    let mut sum = 0;
    let mut joined = false;
    let mut flag = false;
    for c in text.chars() {
        let part_of_the_one_before = matches!(c, JOINER | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}');
        let regional = matches!(c, '\u{1F1E6}'..='\u{1F1FF}');
        if part_of_the_one_before || joined || (regional && flag) {
            joined = c == JOINER;
            flag = false;
            continue;
        }
        flag = regional;
        sum += if is_light(c) { 1 } else { 2 };
    }
    sum
}

const fn is_light(c: char) -> bool {
    matches!(c as u32, 0..=4_351 | 8_192..=8_205 | 8_208..=8_223 | 8_242..=8_247)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_as_long_as_x_says() {
        for (text, expected) in [
            ("", 0),
            ("School is closed", 16),
            ("cafe\u{301}", 4),
            ("“Closed” – snow", 15),
            ("日本", 4),
            ("\u{1F600}", 2),
            ("\u{1F44D}\u{1F3FD}", 2),
            ("\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", 2),
            ("\u{1F1EC}\u{1F1E7}", 2),
            ("\u{1F1EC}\u{1F1E7}\u{1F1EB}\u{1F1F7}", 4),
            ("see https://example.com/a/very/long/address/that/goes/on/and/on now", 31),
            ("http://a.example", 23),
            ("a\nb", 3),
        ] {
            assert_eq!(weight(text), expected, "{text:?}");
        }
        assert_eq!(weight(&"x".repeat(MAX_WEIGHT)), MAX_WEIGHT);
    }
}
