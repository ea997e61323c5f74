//! Undoes what spreadsheets do to phone numbers, where nothing is lost.

/// What a spreadsheet had done to a number. `Display` is for the list of repairs shown before an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Repair {
    /// The 0 at the start was dropped: `7700900123`.
    #[error("the 0 at the start was missing and has been put back")]
    LostZero,
    /// Marked as text: `'07700900123` or `="07700900123"`.
    #[error("the marks that a spreadsheet puts around text have been taken off")]
    TextMark,
    /// Saved as a decimal number: `7700900123.0`.
    #[error("the .0 at the end has been taken off")]
    Decimal,
    /// Saved in scientific notation with every digit: `4.47700900123E+11`.
    #[error("the number was in scientific notation and has been written out")]
    Scientific,
}

/// A number as it was before the spreadsheet, not yet parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// What to parse.
    pub number_text: String,
    /// What was undone. With several, the one beside the lost 0.
    pub how: Repair,
}

/// Undoes the damage if there is any that can be undone. British numbers only get their 0 back.
pub fn repair(text: &str) -> Option<Repaired> {
    let text = text.trim();
    let (digits, how) = if let Some(inner) = without_text_marks(text) {
        (inner.to_owned(), Repair::TextMark)
    } else if let Some(digits) = without_decimals(text) {
        (digits.to_owned(), Repair::Decimal)
    } else if let Some(number) = Scientific::read(text) {
        (number.written_out()?, Repair::Scientific)
    } else {
        (text.to_owned(), Repair::LostZero)
    };
    match (has_lost_zero(&digits), how) {
        (true, how) => Some(Repaired { number_text: format!("0{digits}"), how }),
        (false, Repair::LostZero) => None,
        (false, how) => Some(Repaired { number_text: digits, how }),
    }
}

/// Whether the number is in scientific notation with digits missing, as `4.47E+11`.
pub(super) fn has_lost_digits(text: &str) -> bool {
    Scientific::read(text.trim()).is_some_and(|number| number.written_out().is_none())
}

/// `'07…`, also with the curly quotes that some programs make of it, and `="07…"`.
fn without_text_marks(text: &str) -> Option<&str> {
    let inner = text
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .or_else(|| text.strip_prefix(['\'', '\u{2018}', '\u{2019}', '`']))?;
    Some(inner.trim())
}

/// `7700900123.0`, `7700900123.00`: digits (and a sign) before, nothing but zeros behind.
fn without_decimals(text: &str) -> Option<&str> {
    let (whole, fraction) = text.split_once(['.', ','])?;
    let digits = whole.strip_prefix('+').unwrap_or(whole);
    let is_number = digits.len() >= 7 && digits.bytes().all(|b| b.is_ascii_digit());
    (is_number && matches!(fraction, "0" | "00")).then_some(whole)
}

/// Nine or ten digits that start as British numbers do behind their 0.
fn has_lost_zero(digits: &str) -> bool {
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    all_digits
        && match digits.as_bytes() {
            [b'1' | b'2' | b'3' | b'5' | b'7' | b'8' | b'9', rest @ ..] => rest.len() == 9,
            _ => false,
        }
        || all_digits && digits.len() == 9 && digits.starts_with('1')
}

/// `4.477E+11`: the digits before and behind the point, and the power of ten.
struct Scientific<'t> {
    whole: &'t str,
    fraction: &'t str,
    power: usize,
}

impl<'t> Scientific<'t> {
    fn read(text: &'t str) -> Option<Self> {
        let (mantissa, power) = text.split_once(['E', 'e'])?;
        let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
        let is_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let power = power.strip_prefix('+').unwrap_or(power);
        let well_formed = whole.len() == 1 && is_digits(whole) && is_digits(fraction) && is_digits(power);
        let power = power.parse().ok().filter(|p| (6..=15).contains(p))?;
        well_formed.then_some(Self { whole, fraction, power })
    }

    /// All digits, or nothing where some are missing. A fraction shorter than the power could end in zeros that were
    /// not written, but more often digits were rounded away, and a wrong number is somebody else's phone.
    fn written_out(&self) -> Option<String> {
        (self.fraction.len() == self.power).then(|| format!("{}{}", self.whole, self.fraction))
    }
}
