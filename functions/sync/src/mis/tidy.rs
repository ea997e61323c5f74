//! Small things that every connector does to what it reads.

use std::collections::HashSet;

use domain::contact::{LabelledNumber, PhoneLabel};
use domain::feed::{FeedGroup, FeedGroupRef, FeedPerson, Inconsistent, Mark, Tie};
use domain::ids::ContactId;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::MisError;

/// A scalar that one product writes as a text, the next as a number or a truth value; `None` if null or blank.
pub(super) fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Reads a field with [`scalar`].
pub(super) fn loose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Value::deserialize(deserializer).map(|value| scalar(&value))
}

/// Whether a scalar says yes.
pub(super) fn yes(text: Option<&str>) -> bool {
    text.is_some_and(|t| ["1", "true", "yes", "y", "t"].iter().any(|yes| t.trim().eq_ignore_ascii_case(yes)))
}

/// Whether a text says no.
pub(super) fn no(text: &str) -> bool {
    let text = text.trim();
    ["0", "false", "no", "n", "f", "none", "-"].iter().any(|no| text.eq_ignore_ascii_case(no))
}

/// Whether a field that bars does: only nothing and a clear no let messages go, so that a date, or a word that we do
/// not know, bars.
pub(super) fn bars(value: &Value) -> bool {
    match value {
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        one => scalar(one).is_some_and(|text| !no(&text)),
    }
}

/// Reads a field with [`bars`].
pub(super) fn barring<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Value::deserialize(deserializer).map(|value| bars(&value))
}

/// A text that is not blank.
pub(super) fn some(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|t| !t.is_empty())
}

/// An id behind the prefix that tells one kind of person from another where the product numbers each kind for itself.
pub(super) fn id(prefix: &str, text: Option<&str>) -> Result<ContactId, MisError> {
    let text = some(text).ok_or_else(|| MisError::Malformed("a record without an id".to_owned()))?;
    let whole = if text.starts_with(prefix) { text.to_owned() } else { format!("{prefix}{text}") };
    ContactId::parse(&whole).map_err(|_| MisError::Malformed("a record with an id that is none".to_owned()))
}

/// Numbers under their labels, without the empty ones and without the same one twice.
pub(super) fn numbers<'a>(
    given: impl IntoIterator<Item = (PhoneLabel, Option<&'a str>)>,
) -> Vec<LabelledNumber> {
    let mut numbers: Vec<LabelledNumber> = Vec::new();
    for (label, number) in given {
        if let Some(number) = some(number)
            && !numbers.iter().any(|n| n.number == number)
        {
            numbers.push(LabelledNumber { label, number: number.to_owned() });
        }
    }
    numbers
}

/// E-mail addresses, without the empty ones and without the same one twice.
pub(super) fn emails<'a>(given: impl IntoIterator<Item = Option<&'a str>>) -> Vec<String> {
    let mut emails: Vec<String> = Vec::new();
    for email in given.into_iter().filter_map(some) {
        if !emails.iter().any(|e| e.eq_ignore_ascii_case(email)) {
            emails.push(email.to_owned());
        }
    }
    emails
}

/// Refuses a list in which an id stands twice: where a page slipped, somebody else is missing.
pub(super) fn each_person_once(people: &[FeedPerson]) -> Result<(), MisError> {
    once(people.iter().map(|p| &p.id), Inconsistent::SamePersonTwice)
}

/// Refuses a list in which a pair stands twice.
pub(super) fn each_pair_once(ties: &[Tie]) -> Result<(), MisError> {
    once(ties.iter().map(|t| (&t.pupil, &t.contact)), Inconsistent::SamePairTwice)
}

/// Refuses a list in which a pupil has two marks for a session.
pub(super) fn each_mark_once(marks: &[Mark]) -> Result<(), MisError> {
    once(marks.iter().map(|m| (&m.pupil, m.date, m.session)), Inconsistent::SameMarkTwice)
}

fn once<T: std::hash::Hash + Eq>(keys: impl Iterator<Item = T>, fault: Inconsistent) -> Result<(), MisError> {
    let mut seen = HashSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(fault.into());
        }
    }
    Ok(())
}

/// Groups with their members in order and each once; groups of one name and kind become one.
pub(super) fn groups(mut given: Vec<FeedGroup>) -> Vec<FeedGroup> {
    given.sort_by(|a, b| a.group.cmp(&b.group));
    let mut groups: Vec<FeedGroup> = Vec::with_capacity(given.len());
    for group in given {
        match groups.last_mut() {
            Some(last) if last.group == group.group => last.members.extend(group.members),
            _ => groups.push(group),
        }
    }
    for group in &mut groups {
        group.members.sort();
        group.members.dedup();
    }
    groups
}

/// The groups that a record names, without the empty ones, in order.
pub(super) fn named(given: impl IntoIterator<Item = Option<FeedGroupRef>>) -> Vec<FeedGroupRef> {
    let mut groups: Vec<FeedGroupRef> = given.into_iter().flatten().collect();
    groups.sort();
    groups.dedup();
    groups
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_clear_no_bars() {
        for open in
            [json!(null), json!(""), json!(" No "), json!(0), json!("0"), json!(false), json!([]), json!("-")]
        {
            assert!(!bars(&open), "{open}");
        }
        for barred in [
            json!(true),
            json!(1),
            json!("Yes"),
            json!("Restricted"),
            json!("2024-05-01"),
            json!("01/05/2024"),
            json!({ "from": "2024-05-01" }),
        ] {
            assert!(bars(&barred), "{barred}");
        }
    }
}
