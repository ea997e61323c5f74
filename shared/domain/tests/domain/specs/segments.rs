use domain::sms::{Encoding, coach, compose_sms, count, mend};
use serde_json::Value;

use super::support::{cases, list, number, text};

#[test]
fn parts_as_twilio_counts_them() {
    let Some(cases) = cases("segments/twilio_segment_cases.json") else {
        return;
    };
    let cases = cases.as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let (name, body) = (text(case, "name"), text(case, "body"));
        let size = count(body);
        if let Some(parts) = case["segments"].as_u64() {
            assert_eq!(u64::from(size.parts.0), parts, "{name}");
        }
        if let Some(encoding) = case["encoding"].as_str() {
            assert_eq!(size.encoding.to_string(), encoding, "{name}");
        }
        // Twilio gives bits: 7 a septet, 16 a UTF-16 unit, and 48 for the header of each part of a longer text.
        if let Some(bits) = case["messageSize"].as_u64() {
            let each = if size.encoding == Encoding::Gsm7 { 7 } else { 16 };
            assert_eq!(u64::from(size.used) * each, bits, "{name}");
            let headers = if size.parts.0 > 1 { u64::from(size.parts.0) * 48 } else { 0 };
            assert_eq!(bits + headers, case["totalSize"].as_u64().unwrap(), "{name}");
        }
        // `characters` there are graphemes, which no phone network counts; we have no use for them.
    }
}

/// Twilio's smart encoding replaces more than our coach does, and silently; nothing of ours is replaced without the
/// author's click. Where both replace we do the same but for: wide spaces and tabs (one space for us, several there),
/// line separators (a new line, not a space), the low quote (a quote, not a comma) and the single angle quotes, which
/// Twilio turns round.
#[test]
fn replacements_as_twilio_smart_encoding() {
    let Some(cases) = cases("segments/twilio_smart_encoding_map.json") else {
        return;
    };
    let mut same = 0;
    for case in cases.as_array().unwrap() {
        let (from, to) = (text(case, "from"), text(case, "to"));
        let Some(ours) = coach(from).first().and_then(|hint| hint.replacement) else {
            continue;
        };
        assert_eq!(mend(from), ours);
        let differs =
            matches!(from, "\u{2028}" | "\u{2029}" | "\u{201a}" | "\u{2039}" | "\u{203a}") || ours == " ";
        assert!(ours == to || differs, "{from:?}: theirs {to:?}, ours {ours:?}");
        same += u32::from(ours == to);
    }
    assert!(same >= 30, "{same}");
}

/// Notify changes a text before it counts: emoji and other strangers become "?", double spaces one. We never change a
/// text silently, so those cases are counted as they would be sent by us.
#[test]
fn parts_as_gov_uk_notify_counts_them() {
    let Some(cases) = cases("notify-cases/sms_fragments.json") else {
        return;
    };
    for group in ["welsh_and_unicode", "extended_gsm"] {
        for case in list(&cases, group) {
            let body = text(case, "content");
            if body.contains("((") || body.contains('🚀') {
                continue;
            }
            let (size, start) = (count(body), body.chars().next().unwrap());
            let label = format!("{} × {start}", body.chars().count());
            // Two of Notify's cases have "â" and "{": both count it as Unicode, where "{" is one unit.
            assert_eq!(size.parts.0, number(case, "fragments"), "{label}");
            let above = size.over_boundary().unwrap_or(size.used);
            // Notify divides, so from the second part on it measures from 153 or 67, never from 160 or 70.
            let theirs = number(case, "chars_above_previous_boundary");
            assert_eq!(above, theirs, "{label}");
        }
    }
}

#[test]
fn characters_as_gov_uk_notify_counts_them() {
    let Some(cases) = cases("notify-cases/sms_characters.json") else {
        return;
    };
    for case in list(&cases, "char_count_no_prefix_arg") {
        let body = text(case, "content");
        // „Cześć": Notify first makes a plain quote of „, which has as many units; the others are UTF-16 units too.
        assert_eq!(count(body).used, number(case, "expected_count"), "{body}");
    }
    for case in list(&cases, "prefix") {
        assert_eq!(compose_sms(case["prefix"].as_str(), text(case, "body")), text(case, "expected"));
    }
    for case in list(&cases, "non_gsm_characters") {
        let body = text(case, "template_content");
        // Notify turns an emoji into "?" and so does not name it. We name it: it is what makes the text Unicode.
        if let (Value::Array(expected), false) = (&case["expected_non_gsm_characters"], body.contains('🚀'))
        {
            let ours: Vec<String> = coach(body).iter().map(|hint| hint.character.to_string()).collect();
            let theirs: Vec<&str> = expected.iter().map(|c| c.as_str().unwrap()).collect();
            assert_eq!(ours, theirs, "{body}");
        }
    }
    for case in list(&cases, "downgrade_same_in_ascii_and_sms") {
        let (from, to) = (text(case, "char"), text(case, "expected"));
        // Notify loses what it cannot replace in a "?"; we leave it as it is.
        assert_eq!(mend(from), if to == "?" { from } else { to }, "{from:?}");
    }
}
