//! A message about the marks of its pupils: which, and whether they still say so when it goes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::list::{Matter, Rules, still_holds};
use crate::feed::{Mark, Session};
use crate::ids::ContactId;

/// What of its pupils' registers a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct About {
    /// The school day.
    pub date: Date,
    /// Morning or afternoon.
    pub session: Session,
    /// What it tells.
    pub matter: Matter,
    /// Why it went though the marks were old; `None` where they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_the_same: Option<SentAllTheSame>,
}

/// Why families are told on the strength of marks that were not read just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentAllTheSame {
    /// Somebody looked at the registers themselves.
    Checked,
    /// The MIS cannot be read.
    NoMis,
    /// A child may be in danger.
    Urgent,
}

impl SentAllTheSame {
    /// Every reason, in the order in which pages list them.
    pub const ALL: [Self; 3] = [Self::Checked, Self::NoMis, Self::Urgent];

    /// The word used in forms and the audit log.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::NoMis => "no_mis",
            Self::Urgent => "urgent",
        }
    }

    /// The reason of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The words of a page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Checked => "Somebody has checked the registers themselves",
            Self::NoMis => "The MIS cannot be read just now",
            Self::Urgent => "It cannot wait",
        }
    }
}

/// Those of a message's pupils of whom it still says what is so. `marks` are the day's as they are now; a pupil without
/// a mark of the session is left out.
pub fn without_changed(
    rules: &Rules,
    about: About,
    pupils: &[ContactId],
    marks: &[Mark],
) -> BTreeSet<ContactId> {
    let here = marks.iter().filter(|mark| mark.date == about.date && mark.session == about.session);
    let now: BTreeMap<&ContactId, &Mark> = here.map(|mark| (&mark.pupil, mark)).collect();
    let holds = |pupil: &&ContactId| still_holds(rules, about.matter, now.get(pupil).copied());
    pupils.iter().filter(holds).cloned().collect()
}
