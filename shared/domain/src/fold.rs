//! Spellings that people take for the same: for searching and for sorting names.

use std::iter::repeat_n;

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Digits to which a number in a name is widened for sorting.
const WIDEST_NUMBER: usize = 12;

/// Appends `text` in lower case, without accents and apostrophes, with a space for each hyphen, bracket and the like.
pub(crate) fn push_folded(into: &mut String, text: &str) {
    if text.is_ascii() {
        text.bytes().for_each(|b| push_letter(into, char::from(b.to_ascii_lowercase())));
        return;
    }
    let letters = DecomposingNormalizerBorrowed::new_nfd().normalize_iter(text.chars());
    for letter in letters.filter(|c| !is_accent(*c)).flat_map(char::to_lowercase) {
        push_letter(into, letter);
    }
}

/// As [`push_folded`], on its own.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    push_folded(&mut folded, text);
    folded
}

/// Folded, with each run of digits widened, so that *Year 9* sorts before *Year 10*.
pub(crate) fn natural_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len() + 8);
    let mut digits = String::new();
    for c in folded(text).chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            key.extend(repeat_n('0', WIDEST_NUMBER.saturating_sub(digits.len())));
            key.push_str(&digits);
            digits.clear();
        }
        key.push(c);
    }
    key
}

const fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Letters that Unicode does not take apart are spelled as people do who lack the key.
fn push_letter(into: &mut String, c: char) {
    match c {
        '\'' | '’' | '‘' | 'ʼ' | '`' => {}
        '-' | '‐' | '‑' | '–' | '/' | ',' | '(' | ')' | '+' => into.push(' '),
        'ß' => into.push_str("ss"),
        'æ' => into.push_str("ae"),
        'œ' => into.push_str("oe"),
        'þ' => into.push_str("th"),
        'ø' => into.push('o'),
        'đ' | 'ð' => into.push('d'),
        'ł' => into.push('l'),
        'ı' => into.push('i'),
        c if c.is_whitespace() => into.push(' '),
        c => into.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_fold_to_one() {
        for (one, other) in [
            ("O’Neil", "ONEIL"),
            ("O'Neil", "oneil"),
            ("Zoë", "zoe"),
            ("Łukasz Żak", "lukasz zak"),
            ("Smith-Jones", "smith jones"),
            ("Straße", "STRASSE"),
            ("e\u{301}", "é"),
            ("İpek", "ipek"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("Ann"), folded("Anne"));
    }

    #[test]
    fn numbers_in_names_sort_as_numbers() {
        let mut names = ["Year 10", "Year 9", "Year 1", "10B", "9A", "Choir"];
        names.sort_by_key(|n| natural_key(n));
        assert_eq!(names, ["9A", "10B", "Choir", "Year 1", "Year 9", "Year 10"]);
    }
}
