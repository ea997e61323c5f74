//! Text that goes into markup.

/// Escapes text for XML and HTML, and drops the control characters that neither may hold.
pub(crate) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{FFFE}' | '\u{FFFF}' => {}
            c if c.is_control() && !matches!(c, '\n' | '\r' | '\t') => {}
            c => out.push(c),
        }
    }
    out
}

/// One line without control characters: what may stand in a header.
pub(crate) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_cannot_be_opened_or_closed_from_within_a_text() {
        assert_eq!(
            markup("Tom & <Say>\"hi\"</Say>\u{0}\u{8}"),
            "Tom &amp; &lt;Say&gt;&quot;hi&quot;&lt;/Say&gt;"
        );
        assert_eq!(markup("nécessaire et d'autres"), "nécessaire et d'autres");
    }

    #[test]
    fn a_line_never_breaks() {
        assert_eq!(one_line(" Trip\r\nBcc: x@example.com\t \u{85}now "), "Trip Bcc: x@example.com now");
    }
}
