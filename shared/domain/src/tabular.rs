//! Text in and out of spreadsheets: which encoding an uploaded file has, and cells that must not become formulas.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The encoding that a file was read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, low byte first, with a byte order mark.
    Utf16Le,
    /// UTF-16, high byte first, with a byte order mark.
    Utf16Be,
    /// Windows-1252, which holds Latin-1: what Excel's plain "CSV" is on a British machine.
    Windows1252,
}

/// Something to check after reading a file. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextWarning {
    /// Nothing in the file says its encoding, and it is not UTF-8.
    #[error(
        "This file does not say how its letters are stored. Check names with accents below, or save it as “CSV UTF-8”."
    )]
    GuessedEncoding,
    /// Some bytes mean nothing in the file's own encoding.
    #[error("Some letters in this file are damaged and shown as �. Save it again as “CSV UTF-8”.")]
    Damaged,
}

/// The file is not text. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// An `.xlsx` workbook, or another zip file.
    #[error("This is an Excel workbook, not a CSV file. Upload it with its .xlsx name.")]
    Workbook,
    /// An old `.xls` workbook.
    #[error("This is an old Excel workbook (.xls). Save it as .xlsx or as “CSV UTF-8” and upload that.")]
    OldWorkbook,
    /// Anything else, such as a PDF or a picture.
    #[error("This is not a text file. Save the list as “CSV UTF-8” and upload that.")]
    Binary,
}

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark. Borrowed from a UTF-8 file.
    pub text: Cow<'a, str>,
    /// How the file was read.
    pub encoding: TextEncoding,
    /// What to check.
    pub warning: Option<TextWarning>,
}

/// Decodes a file: by its byte order mark, else as UTF-8, else as Windows-1252.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, NotText> {
    if let Some(reason) = known_binary(bytes) {
        return Err(reason);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return text_only(marked(UTF_16LE, rest, TextEncoding::Utf16Le));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return text_only(marked(UTF_16BE, rest, TextEncoding::Utf16Be));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        let text = String::from_utf8_lossy(rest);
        let warning = matches!(text, Cow::Owned(_)).then_some(TextWarning::Damaged);
        return text_only(Decoded { text, encoding: TextEncoding::Utf8, warning });
    }
    let decoded = match std::str::from_utf8(bytes) {
        Ok(text) => Decoded { text: Cow::Borrowed(text), encoding: TextEncoding::Utf8, warning: None },
        Err(_) => Decoded {
            text: WINDOWS_1252.decode_without_bom_handling(bytes).0,
            encoding: TextEncoding::Windows1252,
            warning: Some(TextWarning::GuessedEncoding),
        },
    };
    text_only(decoded)
}

fn marked<'a>(encoding: &'static encoding_rs::Encoding, bytes: &'a [u8], name: TextEncoding) -> Decoded<'a> {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    Decoded { text, encoding: name, warning: damaged.then_some(TextWarning::Damaged) }
}

/// No list has a zero in it; a picture has, and so has UTF-16 without its mark.
fn text_only(decoded: Decoded<'_>) -> Result<Decoded<'_>, NotText> {
    if decoded.text.contains('\0') { Err(NotText::Binary) } else { Ok(decoded) }
}

fn known_binary(bytes: &[u8]) -> Option<NotText> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => Some(NotText::Workbook),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some(NotText::OldWorkbook),
        [b'%', b'P', b'D', b'F', ..] => Some(NotText::Binary),
        _ => None,
    }
}

/// A cell for a CSV export that no spreadsheet runs as a formula: an apostrophe goes before a leading `=`, `+`, `-`,
/// `@` or control character, also behind anything that looks like a space. (Our own upload takes the apostrophe off a
/// phone number again.)
pub fn safe_cell(text: &str) -> Cow<'_, str> {
    let unseen = |c: char| !c.is_control() && (c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}'));
    match text.trim_start_matches(unseen).chars().next() {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => Cow::Owned(format!("'{text}")),
        Some(c) if c.is_control() => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn reads_every_encoding_that_spreadsheets_write() {
        let text = "name,mobile\r\nZoë £5 😀,07700900123\r\n";
        let little = [&b"\xff\xfe"[..], &utf16(text, u16::to_le_bytes)].concat();
        let big = [&b"\xfe\xff"[..], &utf16(text, u16::to_be_bytes)].concat();
        let with_mark = ["\u{feff}", text].concat().into_bytes();
        for (bytes, encoding) in [
            (text.as_bytes(), TextEncoding::Utf8),
            (&with_mark, TextEncoding::Utf8),
            (&little, TextEncoding::Utf16Le),
            (&big, TextEncoding::Utf16Be),
        ] {
            let decoded = decode(bytes).unwrap();
            assert_eq!((decoded.text.as_ref(), decoded.encoding, decoded.warning), (text, encoding, None));
        }
        let latin = decode(b"Zo\xeb,\x80 5,O\x92Neil").unwrap();
        assert_eq!(latin.text, "Zoë,€ 5,O\u{2019}Neil");
        assert_eq!(
            (latin.encoding, latin.warning),
            (TextEncoding::Windows1252, Some(TextWarning::GuessedEncoding))
        );
    }

    #[test]
    fn damage_is_said_and_a_file_that_is_no_text_refused() {
        assert_eq!(decode(b"\xff\xfea\0\0").unwrap().warning, Some(TextWarning::Damaged));
        assert_eq!(decode(b"\xef\xbb\xbfa\xff").unwrap().warning, Some(TextWarning::Damaged));
        assert_eq!(decode(b"").unwrap().text, "");
        assert_eq!(decode(b"PK\x03\x04rest"), Err(NotText::Workbook));
        assert_eq!(decode(b"\xd0\xcf\x11\xe0\xa1\xb1"), Err(NotText::OldWorkbook));
        assert_eq!(decode(b"%PDF-1.7"), Err(NotText::Binary));
        assert_eq!(decode(b"\x89PNG\r\n\x1a\n\0\0"), Err(NotText::Binary));
        assert_eq!(decode(b"a\0b\0"), Err(NotText::Binary));
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for (cell, expected) in [
            ("", ""),
            ("Ann", "Ann"),
            ("5", "5"),
            ("a=1", "a=1"),
            ("=1+1", "'=1+1"),
            ("  =1+1", "'  =1+1"),
            ("+447700900123", "'+447700900123"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("＝1", "'＝1"),
            ("\u{c}=1", "'\u{c}=1"),
            ("\u{a0}\u{feff}=1", "'\u{a0}\u{feff}=1"),
        ] {
            assert_eq!(safe_cell(cell), expected, "{cell:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(decoded) = decode(&bytes) {
                prop_assert!(!decoded.text.contains('\0'));
            }
        }

        #[test]
        fn utf8_text_comes_back_as_it_was(text in "[^\0\u{feff}]{0,40}") {
            prop_assume!(known_binary(text.as_bytes()).is_none());
            let decoded = decode(text.as_bytes()).unwrap();
            prop_assert_eq!(decoded.text.as_ref(), text.as_str());
        }
    }
}
