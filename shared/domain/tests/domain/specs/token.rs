//! Notify writes `((name))` and `((name??text if true))`; we write `$name$` and `$name|text if empty$`. Where the
//! meaning carries over, its cases are rewritten and held against ours.

use domain::token::Template;
use serde_json::Value;

use super::support::{cases, list, text};

/// A case in our notation, or nothing where it uses conditions or names that we do not have.
fn ours(content: &str) -> Option<String> {
    let rewritten = content.replace("((", "$").replace("))", "$");
    let is_ours = !content.contains("??") && !content.contains("(((");
    let names_are_ours = rewritten.split('$').skip(1).step_by(2).all(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    (is_ours && names_are_ours).then_some(rewritten)
}

#[test]
fn replacing_as_gov_uk_notify() {
    let Some(cases) = cases("notify-cases/placeholders.json") else {
        return;
    };
    let mut tried = 0;
    for case in list(&cases, "replace") {
        let Some(content) = ours(text(case, "template_content")) else {
            continue;
        };
        let data = case["data"].as_object().unwrap();
        let rendered = Template::parse(&content).render(|name| data.get(name).and_then(Value::as_str));
        // Values that are no text do not exist here, and we escape nothing: pages and mails do that where they show a
        // value. A value of spaces only is empty for us, and an empty value is an error that names the token.
        let Some(values) = data.values().map(Value::as_str).collect::<Option<Vec<_>>>() else {
            continue;
        };
        if values.iter().any(|v| v.trim().is_empty()) {
            assert!(rendered.is_err(), "{content}");
        } else if !values.iter().any(|v| v.contains('<')) {
            assert_eq!(rendered.as_deref(), Ok(text(case, "expected")), "{content}");
        }
        tried += 1;
    }
    assert!(tried >= 5, "{tried}");
}

#[test]
fn missing_values_and_plain_texts_as_gov_uk_notify() {
    let Some(cases) = cases("notify-cases/placeholders.json") else {
        return;
    };
    for case in list(&cases, "missing_values") {
        let Some(content) = ours(text(case, "content")) else {
            continue;
        };
        let values = case["values"].as_object().unwrap();
        let error =
            Template::parse(&content).render(|name| values.get(name).and_then(Value::as_str)).unwrap_err();
        // Notify shows the gap in the text; for us it is an error, as no recipient must get such a text.
        assert_eq!(error.names, ["colour"], "{content}");
    }
    for case in list(&cases, "no_placeholder") {
        let content = text(case, "content").replace("((", "$").replace("))", "$");
        assert!(Template::parse(&content).is_plain(), "{content}");
    }
}
