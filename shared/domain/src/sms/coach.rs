//! The coach: which characters push a text to Unicode, and what they could be instead.
//!
//! Only typography is replaced: quotes, dashes, spaces, marks. Letters of a name or a language ("Siân", "Zoë", "ŵ") are
//! somebody's spelling and are named without a replacement.

use super::gsm;

/// One character that makes the text Unicode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The character.
    pub character: char,
    /// How to call it where it cannot be seen or told apart: "curly apostrophe", or "U+200B" for want of a name.
    pub name: String,
    /// How often it is there.
    pub times: u32,
    /// Where it is first, in characters, the first being 1.
    pub first_at: u32,
    /// What would do instead; empty to leave it out; nothing where no plain character says the same.
    pub replacement: Option<&'static str>,
}

/// The characters that make `text` Unicode, in the order in which they are met. None for a GSM text.
pub fn coach(text: &str) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    let mut last = None;
    for (at, c) in (1..).zip(text.chars()) {
        let before = last.replace(c);
        if gsm::septets(c).is_some() {
            continue;
        }
        if let Some(hint) = hints.iter_mut().find(|hint| hint.character == c) {
            hint.times += 1;
            continue;
        }
        let composed = before.and_then(|base| composed(base, c));
        let known = plain(c);
        hints.push(Hint {
            character: c,
            name: known.map_or_else(|| format!("U+{:04X}", c as u32), |(_, name)| name.to_owned()),
            times: 1,
            first_at: at,
            replacement: composed.or(known.map(|(text, _)| text)),
        });
    }
    hints
}

/// The text with every replacement that [`coach`] knows. Weigh it with [`super::count`]: it may still be Unicode, for
/// an emoji or a name.
pub fn mend(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut last = None;
    for c in text.chars() {
        let base = last.replace(c);
        if gsm::septets(c).is_some() {
            mended.push(c);
        } else if let Some(whole) = base.and_then(|base| composed(base, c)) {
            mended.pop();
            mended.push_str(whole);
        } else if let Some((plain, _)) = plain(c) {
            // "1½" is not "11/2".
            if plain.starts_with(|p: char| p.is_ascii_digit())
                && mended.ends_with(|m: char| m.is_ascii_digit())
            {
                mended.push(' ');
            }
            mended.push_str(plain);
        } else {
            mended.push(c);
        }
    }
    mended
}

/// The plain text for a character of typography, and what to call the character.
fn plain(c: char) -> Option<(&'static str, &'static str)> {
    Some(match c {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2bc}' | '\u{2bb}' => {
            ("'", "curly apostrophe")
        }
        '`' | '´' | '\u{2032}' | '\u{2b9}' => ("'", "accent used as an apostrophe"),
        '\u{201c}'..='\u{201f}' | '\u{2033}' => ("\"", "curly quotation mark"),
        '«' | '»' => ("\"", "angle quotation mark"),
        '\u{2039}' => ("<", "single angle quotation mark"),
        '\u{203a}' => (">", "single angle quotation mark"),
        '\u{2010}' | '\u{2011}' => ("-", "typographic hyphen"),
        '\u{2012}' | '\u{2013}' => ("-", "en dash"),
        '\u{2014}' | '\u{2015}' => ("-", "em dash"),
        '\u{2212}' => ("-", "minus sign"),
        '\u{2026}' => ("...", "ellipsis"),
        '\u{2022}' | '\u{00b7}' | '\u{2043}' | '\u{25cf}' | '\u{25aa}' | '\u{2023}' => ("-", "bullet"),
        '\t' => (" ", "tab"),
        '\u{a0}' | '\u{202f}' | '\u{2007}' => (" ", "non-breaking space"),
        '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200a}' | '\u{205f}' | '\u{3000}' => {
            (" ", "typographic space")
        }
        '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' => ("\n", "line separator"),
        '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => ("", "invisible character"),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ("", "direction mark"),
        '½' => ("1/2", "fraction"),
        '¼' => ("1/4", "fraction"),
        '¾' => ("3/4", "fraction"),
        '\u{2044}' | '\u{2215}' => ("/", "fraction slash"),
        '×' => ("x", "multiplication sign"),
        '÷' => ("/", "division sign"),
        '©' => ("(c)", "copyright sign"),
        '®' => ("(R)", "registered sign"),
        '™' => ("(TM)", "trade mark sign"),
        '\u{fb01}' => ("fi", "joined letters"),
        '\u{fb02}' => ("fl", "joined letters"),
        _ => return None,
    })
}

/// The one GSM letter for a letter and the combining accent behind it, as a Mac pastes them.
fn composed(base: char, accent: char) -> Option<&'static str> {
    Some(match (base, accent) {
        ('e', '\u{301}') => "é",
        ('E', '\u{301}') => "É",
        ('a', '\u{300}') => "à",
        ('e', '\u{300}') => "è",
        ('i', '\u{300}') => "ì",
        ('o', '\u{300}') => "ò",
        ('u', '\u{300}') => "ù",
        ('a', '\u{308}') => "ä",
        ('o', '\u{308}') => "ö",
        ('u', '\u{308}') => "ü",
        ('A', '\u{308}') => "Ä",
        ('O', '\u{308}') => "Ö",
        ('U', '\u{308}') => "Ü",
        ('a', '\u{30a}') => "å",
        ('A', '\u{30a}') => "Å",
        ('n', '\u{303}') => "ñ",
        ('N', '\u{303}') => "Ñ",
        ('C', '\u{327}') => "Ç",
        _ => return None,
    })
}
