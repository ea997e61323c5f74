//! A person who can be messaged, as the address book holds them.

use serde::{Deserialize, Serialize};

use super::overrides::Overrides;
use super::parts::{Away, ContactRole, LabelledNumber, PhoneLabel, Source};
use crate::email::EmailAddress;
use crate::ids::ContactId;

/// One person in the address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The school's own id.
    pub id: ContactId,
    /// Where it came from.
    pub source: Source,
    /// Mr, Ms, Dr…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Given name.
    pub forename: String,
    /// Family name.
    pub surname: String,
    /// Parent, staff, pupil or other.
    pub role: ContactRole,
    /// Numbers in the source's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<LabelledNumber>,
    /// The preferred e-mail address, well formed or as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Names of the groups the person belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What staff changed of the fields above, which hold what the source says: see [`Contact::as_changed`].
    #[serde(default, skip_serializing_if = "Overrides::is_empty")]
    pub overrides: Overrides,
    /// Set for somebody who is in no list, search, group or message any more, and whose name the history still needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
}

impl Contact {
    /// A contact of whom nothing but this is known.
    pub fn new(id: ContactId, source: Source, role: ContactRole) -> Self {
        Self {
            id,
            source,
            title: None,
            forename: String::new(),
            surname: String::new(),
            role,
            numbers: Vec::new(),
            email: None,
            groups: Vec::new(),
            overrides: Overrides::default(),
            away: None,
        }
    }

    /// Title, forename and surname with single spaces.
    pub fn full_name(&self) -> String {
        let title = self.title.as_deref().unwrap_or_default();
        let mut name = String::with_capacity(title.len() + self.forename.len() + self.surname.len() + 2);
        for part in [title, &self.forename, &self.surname] {
            if !part.is_empty() {
                if !name.is_empty() {
                    name.push(' ');
                }
                name.push_str(part);
            }
        }
        name
    }

    /// The first number under a label, as the source gave it.
    pub fn number(&self, label: PhoneLabel) -> Option<&str> {
        self.numbers.iter().find(|n| n.label == label).map(|n| n.number.as_str())
    }

    /// The e-mail address if it is one.
    pub fn email_address(&self) -> Option<EmailAddress> {
        self.email.as_deref().and_then(|e| EmailAddress::parse(e).ok())
    }
}
