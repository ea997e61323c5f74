//! Identifiers. Each parses once and is then known to be well formed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

/// An identifier that came from outside was not well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed {0}")]
pub struct BadId(pub &'static str);

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Ulid);

        impl $name {
            /// Wraps a ULID made by `runtime::Ids`.
            pub const fn new(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// When the id was made, in milliseconds since 1970.
            pub const fn made_at_ms(self) -> u64 {
                self.0.timestamp_ms()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let ulid = Ulid::from_string(text).map_err(|_| BadId($what))?;
                // Lower case and look-alike letters decode too; only the one canonical spelling is a key.
                if ulid.to_string() == text { Ok(Self(ulid)) } else { Err(BadId($what)) }
            }
        }
    };
}

ulid_id!(
    /// A school (tenant). Fixed width, so that one school's keys are never a prefix of another's.
    SchoolId,
    "school id"
);
ulid_id!(
    /// A message: what staff compose once.
    MessageId,
    "message id"
);
ulid_id!(
    /// A user, known across schools.
    UserId,
    "user id"
);
ulid_id!(
    /// An upload of contacts.
    ImportId,
    "import id"
);
ulid_id!(
    /// A run of a school's sync.
    RunId,
    "run id"
);
ulid_id!(
    /// A file that a school's MIS wrote. A later one has a greater id.
    SyncFileId,
    "file id"
);

/// The school's own id of a contact: 1 to 64 printable characters, no surrounding space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContactId(String);

impl ContactId {
    /// The id of somebody whose own has yet to be read.
    pub(crate) const fn blank() -> Self {
        Self(String::new())
    }

    /// Parses what a file, a form or a partner gave, surrounding space removed.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        let printable = text.chars().all(|c| !c.is_control());
        if text.is_empty() || text.chars().count() > 64 || !printable {
            return Err(BadId("contact id (1 to 64 printable characters)"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ContactId {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        Self::parse(&text)
    }
}

impl From<ContactId> for String {
    fn from(id: ContactId) -> Self {
        id.0
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One attempt to plan a message. Only one epoch of a message ever becomes its pages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Epoch(String);

impl Epoch {
    /// Eight random characters out of a ULID's random part: short enough for keys and references.
    pub fn new(ulid: Ulid) -> Self {
        let text = ulid.to_string();
        Self(text[text.len() - 8..].to_owned())
    }

    /// The epoch as it stands in keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Epoch {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        if text.len() == 8 && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(text))
        } else {
            Err(BadId("epoch"))
        }
    }
}

impl From<Epoch> for String {
    fn from(epoch: Epoch) -> Self {
        epoch.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_of_an_id_is_accepted() {
        let id = SchoolId::new(Ulid::from_parts(1_700_000_000_000, 7));
        assert_eq!(id.to_string().parse::<SchoolId>(), Ok(id));
        assert!(id.to_string().to_lowercase().parse::<SchoolId>().is_err());
        for bad in ["", "x", "S#1", "../../etc", "01HF7YAT00000000000000000"] {
            assert!(bad.parse::<SchoolId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_contact_id_is_trimmed_and_bounded() {
        assert_eq!(ContactId::parse("  P-17 ").map(|i| i.to_string()), Ok("P-17".to_owned()));
        let long = "x".repeat(65);
        for bad in ["", "   ", "a\nb", long.as_str()] {
            assert!(ContactId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
