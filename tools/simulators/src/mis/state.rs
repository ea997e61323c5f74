//! What was changed at the MIS's own pages since it was set up; it outlives a restart.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::school::MisSchool;
use crate::clock::{self, Millis};

/// How the feed is broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Breakage {
    /// It is whole.
    #[default]
    None,
    /// Half of everybody is missing, and the counts say that this is all.
    Half,
    /// Nobody is there.
    Empty,
    /// Answers break off in the middle.
    Truncated,
    /// The first row of each page stands again in place of the last.
    Duplicates,
    /// An error, told with status 200.
    Error200,
    /// The second page of every list is a server error.
    DiesOnPage2,
    /// The token is refused.
    Unauthorised,
    /// Answers are kept back until the feed is set otherwise, or patience ends: a run takes as long as somebody likes.
    Waits,
}

impl Breakage {
    /// Every one, with the words of the page.
    pub(crate) const ALL: [(Self, &'static str); 9] = [
        (Self::None, "Whole"),
        (Self::Half, "Half of everybody is missing"),
        (Self::Empty, "Nobody is there"),
        (Self::Truncated, "Answers break off in the middle"),
        (Self::Duplicates, "The same person twice on a page"),
        (Self::Error200, "An error, told with status 200"),
        (Self::DiesOnPage2, "The second page of every list fails"),
        (Self::Unauthorised, "The token is refused"),
        (Self::Waits, "Answers wait until this is changed, 20 seconds at most"),
    ];
}

/// A mark set by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SetMark {
    pub(crate) code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) minutes_late: Option<u16>,
}

/// What was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Changes {
    /// Mobiles by the adult's id; an empty one was taken away.
    pub(crate) mobiles: BTreeMap<String, String>,
    /// When each adult was last changed.
    pub(crate) changed_at: BTreeMap<String, Millis>,
    /// Marks by `date pupil session`.
    pub(crate) marks: BTreeMap<String, SetMark>,
    /// When marks were last saved.
    pub(crate) marks_saved_at: Option<Millis>,
    /// How the feed is broken.
    pub(crate) breakage: Breakage,
}

impl Changes {
    /// The key of a mark.
    pub(crate) fn mark_key(date: Date, pupil: &str, session: &str) -> String {
        format!("{date} {pupil} {session}")
    }

    /// The mobile that an adult has now.
    pub(crate) fn mobile<'a>(&'a self, id: &str, given: Option<&'a str>) -> Option<&'a str> {
        self.mobiles.get(id).map(String::as_str).or(given).filter(|number| !number.is_empty())
    }
}

/// The MIS: a school, and what was changed.
#[derive(Debug)]
pub(crate) struct Mis {
    pub(crate) school: MisSchool,
    pub(crate) started_at: Millis,
    file: Option<PathBuf>,
    changes: Mutex<Changes>,
}

impl Mis {
    /// Opens what is kept in `directory`, or starts without changes. A file that cannot be understood is an error:
    /// to go on would be to lose it.
    pub(crate) fn open(directory: Option<&Path>, school: MisSchool) -> io::Result<Self> {
        let file = directory.map(|d| d.join("mis.json"));
        let changes = match file.as_deref().map(std::fs::read) {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes)?,
            Some(Err(e)) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => Changes::default(),
        };
        Ok(Self { school, started_at: clock::now(), file, changes: Mutex::new(changes) })
    }

    fn lock(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was changed, as it stands.
    pub(crate) fn changes(&self) -> Changes {
        self.lock().clone()
    }

    /// How the feed is broken just now.
    pub(crate) fn breakage(&self) -> Breakage {
        self.lock().breakage
    }

    /// Changes something, and keeps it before it shows.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Changes)) -> io::Result<()> {
        let mut held = self.lock();
        let mut next = held.clone();
        change(&mut next);
        if let Some(file) = &self.file {
            let fresh = file.with_extension("json.new");
            let mut out = std::fs::File::create(&fresh)?;
            out.write_all(&serde_json::to_vec(&next)?)?;
            out.sync_all()?;
            std::fs::rename(&fresh, file)?;
        }
        *held = next;
        Ok(())
    }
}
