//! From what people type to digits: separators and invisible characters out, everything doubtful refused.

use super::error::PhoneError;

/// More digits than this are several numbers, not one long one (E.164 has at most 15, and a prefix may stand before).
const MOST_DIGITS: usize = 20;

/// The digits of one typed number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Typed {
    digits: [u8; MOST_DIGITS],
    len: usize,
    /// A `+` stood before them.
    pub(super) plus: bool,
}

impl Typed {
    /// Reads one number. No allocation.
    pub(super) fn read(text: &str) -> Result<Self, PhoneError> {
        let mut typed = Self { digits: [0; MOST_DIGITS], len: 0, plus: false };
        for (at, c) in text.char_indices() {
            match c {
                '0'..='9' => typed.push(c as u8)?,
                ' ' | '-' | '(' | ')' => {}
                '+' | '\u{ff0b}' => typed.plus(c)?,
                '.' if groups_digits(text, at) => {}
                '\u{ff10}'..='\u{ff19}' => typed.push(b'0' + (c as u32 - 0xff10) as u8)?,
                c if is_separator(c) || is_invisible(c) => {}
                c => return Err(explain(c, &text[at..], typed.len)),
            }
        }
        match (typed.len, text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))) {
            (0, "") => Err(PhoneError::Empty),
            (0, _) => Err(PhoneError::TooShort),
            _ => Ok(typed),
        }
    }

    /// The digits, as ASCII.
    pub(super) fn digits(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    fn push(&mut self, digit: u8) -> Result<(), PhoneError> {
        let place = self.digits.get_mut(self.len).ok_or(PhoneError::Several)?;
        *place = digit;
        self.len += 1;
        Ok(())
    }

    /// A `+` starts the number; zeros typed before it ("0+44…") mean nothing.
    fn plus(&mut self, c: char) -> Result<(), PhoneError> {
        if self.digits().iter().all(|d| *d == b'0') {
            self.len = 0;
            self.plus = true;
            Ok(())
        } else if self.len >= SHORTEST_WHOLE {
            Err(PhoneError::Several)
        } else {
            Err(PhoneError::Character(c))
        }
    }
}

/// So many digits before or behind a mark can be a number of their own.
const SHORTEST_WHOLE: usize = 6;

/// Whether the full stop at `at` only groups digits ("01632.960.001"). A single one before the last digit or two is a
/// decimal point: dropping it would add a 0 to the number.
fn groups_digits(text: &str, at: usize) -> bool {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let digits_after = after.bytes().take_while(u8::is_ascii_digit).count();
    let is_fraction = digits_after <= 2 && after[digits_after..].trim().is_empty() && !before.contains('.');
    digits_after > 0 && !is_fraction && !before.trim().is_empty()
}

/// Spaces and dashes of any alphabet.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' | '\u{2043}'
        )
}

/// Characters that a paste brings along unseen: zero-width ones, direction marks, the byte order mark.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}')
}

/// Why the character `c`, with which `rest` starts after `seen` digits, cannot stand in a number.
fn explain(c: char, rest: &str, seen: usize) -> PhoneError {
    let digits_behind = rest.bytes().filter(u8::is_ascii_digit).count();
    if seen >= SHORTEST_WHOLE && digits_behind > 0 {
        if digits_behind >= SHORTEST_WHOLE {
            return PhoneError::Several;
        }
        if is_extension_mark(rest) {
            return PhoneError::Extension;
        }
    }
    if c.is_alphabetic() { PhoneError::Letters } else { PhoneError::Character(c) }
}

/// Whether `rest` starts as an extension does: `x12`, `ext. 12`, `#12`, `;ext=12`.
fn is_extension_mark(rest: &str) -> bool {
    let mark = rest.trim_start_matches([';', ',', ' ']);
    let name: &str = mark.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let word = &mark[..mark.len() - name.len()];
    mark.starts_with('#')
        || ["x", "ext", "extn", "extension"].iter().any(|known| word.eq_ignore_ascii_case(known))
}
