//! What a call's TwiML says aloud.

/// Whether this looks like a TwiML document: one `<Response>`, perhaps after an XML declaration.
pub(crate) fn is_response(xml: &str) -> bool {
    let xml = xml.trim();
    let root = match xml.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or("", |(_, root)| root.trim_start()),
        None => xml,
    };
    root.starts_with("<Response") && (xml.ends_with("</Response>") || root.ends_with("/>"))
}

/// The text of all `<Say>` elements, one line each; `<Play>` is named, not heard.
pub(crate) fn spoken(xml: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let Some((tag, after)) = rest.split_once('>') else {
            break;
        };
        rest = after;
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        if !matches!(name, "Say" | "Play") || tag.ends_with('/') {
            continue;
        }
        let closing = format!("</{name}>");
        let Some((inside, after)) = rest.split_once(closing.as_str()) else {
            break;
        };
        let text = unescape(&without_tags(inside));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        lines.push(if name == "Play" { format!("[plays {text}]") } else { text });
        rest = after;
    }
    lines.join("\n")
}

/// Speech mark-up inside `<Say>` is heard, not said.
fn without_tags(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut inside = false;
    for c in xml.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let entity = after.split_once(';').and_then(|(name, after)| Some((entity(name)?, after)));
        if let Some((c, after)) = entity {
            out.push(c);
            rest = after;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let cases = [
            ("<Response><Say voice=\"alice\">Snow &amp; ice</Say></Response>", "Snow & ice"),
            ("<Response><Say>One</Say><Pause/><Say>two &#39;2&#x27;</Say></Response>", "One\ntwo '2'"),
            ("<Response><Gather><Say>Press <break/>1</Say></Gather><Say/></Response>", "Press 1"),
            (
                "<Response><Play>http://school.example/a.mp3</Play></Response>",
                "[plays http://school.example/a.mp3]",
            ),
            ("<Response><Say>cut off", ""),
            ("<Response><Say>a & b &zz; c</Say></Response>", "a & b &zz; c"),
        ];
        for (xml, heard) in cases {
            assert_eq!(spoken(xml), heard);
        }
    }

    #[test]
    fn a_document_is_one_response() {
        assert!(is_response("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Hangup/></Response>"));
        assert!(is_response("<Response />"));
        assert!(!is_response("<Respons"));
        assert!(!is_response("Hello"));
    }
}
