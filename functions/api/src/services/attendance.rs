//! The absences of a session: who is to be told, who was, and whether the marks are good enough to tell anybody.

use std::collections::{BTreeMap, BTreeSet};

use domain::attendance::{
    About, AbsenceList, Freshness, Listed, Matter, Told, absence_list, all_clear, freshness, late_list,
};
use domain::book::AddressBook;
use domain::feed::{FeedGroupRef, Session};
use domain::ids::ContactId;
use domain::settings::Settings;
use jiff::Timestamp;
use jiff::civil::Date;
use store::{Families, School, SyncStanding, ToldBy};

use crate::error::Result;

/// A session as it stands.
#[derive(Debug, Clone)]
pub struct Registers {
    /// The absences.
    pub list: AbsenceList,
    /// Who came late and whose family does not know yet.
    pub late: Vec<Listed>,
    /// Whose family was told of an absence, and who is in school after all.
    pub clear: Vec<Listed>,
    /// Which message told of each absence.
    pub told: BTreeMap<ContactId, ToldBy>,
    /// Which message was to tell of a matter, and has reached nobody of that family.
    pub missed: BTreeMap<(Matter, ContactId), ToldBy>,
    /// Whether the session has a mark at all.
    pub any: bool,
    /// How good the marks are.
    pub fresh: Fresh,
}

/// How good the marks at hand are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fresh {
    /// In a word.
    pub state: Freshness,
    /// When they were read, in milliseconds since 1970.
    pub read_ms: Option<i64>,
}

/// Reads a session of the pupils in a book.
pub async fn registers(
    school: &School,
    book: &AddressBook,
    settings: &Settings,
    (date, session): (Date, Session),
    fresh: Fresh,
) -> Result<Registers> {
    let (marks, absent, late, clear) = tokio::try_join!(
        school.sync().registers().marks(date),
        school.family_notices().read(date, session, Matter::Absence),
        school.family_notices().read(date, session, Matter::Late),
        school.family_notices().read(date, session, Matter::AllClear),
    )?;
    let each = [(Matter::Absence, &absent), (Matter::Late, &late), (Matter::AllClear, &clear)];
    let missed = each.into_iter().flat_map(|(matter, of)| {
        of.missed.iter().map(move |(pupil, by)| ((matter, pupil.clone()), by.clone()))
    });
    let missed = missed.collect();
    let pupils = pupils(book);
    let marks: Vec<_> = marks.into_iter().filter(|mark| pupils.contains_key(&mark.pupil)).collect();
    let rules = &settings.attendance;
    let told_of = |matter: Matter, by: &Families| -> Vec<Told> {
        by.told.keys().map(|pupil| Told { pupil: pupil.clone(), date, session, matter }).collect()
    };
    let told: BTreeSet<Told> = each.into_iter().flat_map(|(matter, by)| told_of(matter, by)).collect();
    // A family whose message has not gone yet needs no all-clear: the message will not go.
    let mut went = told.clone();
    went.retain(|t| t.matter != Matter::Absence || absent.told.get(&t.pupil).is_some_and(|by| by.went));
    let when = (date, session);
    Ok(Registers {
        list: absence_list(rules, &pupils, &marks, &told, when),
        late: late_list(rules, &pupils, &marks, &told, when),
        clear: all_clear(rules, &marks, &went, when),
        any: marks.iter().any(|mark| mark.session == session),
        told: absent.told,
        missed,
        fresh,
    })
}

/// How good the marks are, by where the sync stands.
pub fn fresh(standing: &SyncStanding, settings: &Settings, now_ms: i64) -> Fresh {
    let at = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let most = i64::from(settings.attendance.stale_after_minutes);
    let (read_ms, saved_ms) = (standing.registers_read_ms, standing.registers_ms);
    Fresh { state: freshness(read_ms.map(at), saved_ms.map(at), at(now_ms), most), read_ms }
}

/// Why a message about the marks cannot be handed in now, in plain words; `None` if it can. Somebody may have decided
/// that it goes all the same. Whether the registers say by then what the message says is asked when it goes.
pub fn too_old(
    standing: &SyncStanding,
    settings: &Settings,
    about: Option<About>,
    now_ms: i64,
) -> Option<String> {
    if about.is_none_or(|about| about.all_the_same.is_some()) {
        return None;
    }
    let fresh = fresh(standing, settings, now_ms);
    let minutes = fresh.read_ms.map_or(0, |read_ms| (now_ms - read_ms) / 60_000);
    let what = match fresh.state {
        Freshness::Fresh => return None,
        Freshness::Changed => {
            "Registers were saved in the MIS since they were read here, so a pupil may be in school by now."
                .to_owned()
        }
        Freshness::Stale => {
            format!("The registers were read {minutes} minutes ago, so a pupil may be in school by now.")
        }
        Freshness::Never => "The registers were never read.".to_owned(),
    };
    Some(format!("{what} Refresh them on the absence page, or say there why it is sent all the same."))
}

/// Every pupil of a book, with what the MIS has them in.
fn pupils(book: &AddressBook) -> BTreeMap<ContactId, Vec<FeedGroupRef>> {
    let at = (0..book.len()).filter(|place| book.is_pupil(*place)).filter_map(|place| book.at(place));
    let mut pupils: BTreeMap<ContactId, Vec<FeedGroupRef>> =
        at.map(|(pupil, _)| (pupil.id.clone(), Vec::new())).collect();
    for group in book.groups() {
        let Some(named) = group.kind.and_then(|kind| FeedGroupRef::new(kind, &group.name)) else { continue };
        for (member, _) in group.members.iter().filter_map(|place| book.at(*place)) {
            if let Some(groups) = pupils.get_mut(&member.id) {
                groups.push(named.clone());
            }
        }
    }
    pupils
}
