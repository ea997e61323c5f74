//! What staff changed in an imported contact: kept apart from what its source says, so that it outlasts what the source
//! says next and can be dropped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::parts::PhoneLabel;

/// The fields that staff changed, by code, each with the value that counts instead of the source's; an empty one takes
/// the source's value away. Fields that are not here are the source's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Overrides(BTreeMap<String, String>);

/// How they are stored: numbers by label, apart from the rest.
#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    numbers: BTreeMap<String, String>,
    #[serde(flatten)]
    others: BTreeMap<String, String>,
}

impl From<Row> for Overrides {
    fn from(row: Row) -> Self {
        Self(row.numbers.into_iter().chain(row.others).collect())
    }
}

impl From<Overrides> for Row {
    fn from(overrides: Overrides) -> Self {
        let is_number = |code: &str| PhoneLabel::ALL.into_iter().any(|label| label.code() == code);
        let (numbers, others) = overrides.0.into_iter().partition(|(code, _)| is_number(code));
        Self { numbers, others }
    }
}

impl Overrides {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What counts instead of what the source says under this code.
    pub(super) fn get(&self, code: &str) -> Option<&str> {
        self.0.get(code).map(String::as_str)
    }

    /// With a value that counts instead of what the source says under this code.
    #[must_use]
    pub fn with(mut self, code: &str, value: impl Into<String>) -> Self {
        self.0.insert(code.to_owned(), value.into());
        self
    }

    /// Takes one change back; `false` for a field that was not changed.
    pub fn drop_field(&mut self, code: &str) -> bool {
        self.0.remove(code).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_stored_as_they_always_were() {
        let row = r#"{"numbers":{"home":"","mobile":"+447700900009"},"email":"","forename":"Anna"}"#;
        let read: Overrides = serde_json::from_str(row).unwrap();
        assert_eq!(
            (read.get("forename"), read.get("mobile"), read.get("home")),
            (Some("Anna"), Some("+447700900009"), Some(""))
        );
        assert_eq!(serde_json::to_string(&read).unwrap(), row);
        assert_eq!(serde_json::to_string(&Overrides::default()).unwrap(), "{}");
    }
}
