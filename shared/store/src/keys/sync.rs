//! Keys of sync runs, of what they read, and of registers.

use domain::feed::Mark;
use domain::ids::{ContactId, MessageId, RunId, SchoolId, SyncFileId};
use jiff::civil::Date;

use crate::keys::people::closed;
use crate::keys::{Key, key};

pub(crate) fn sync_pk(school: SchoolId) -> String {
    format!("S#{school}#Y")
}

/// Which run is at work, and the last ones.
pub(crate) fn sync_lock(school: SchoolId) -> Key {
    key(sync_pk(school), "LOCK")
}

/// How the latest trial of the MIS came out.
pub(crate) fn mis_trial(school: SchoolId) -> Key {
    key(sync_pk(school), "TRIAL")
}

/// What a look at the registers saw, before a message about them goes.
pub(crate) fn register_look(school: SchoolId, message: MessageId) -> Key {
    key(sync_pk(school), format!("LOOK#{message}"))
}

pub(crate) const SYNC_FILE_PREFIX: &str = "FILE#";

/// A file that the MIS wrote.
pub(crate) fn sync_file(school: SchoolId, file: SyncFileId) -> Key {
    key(sync_pk(school), format!("{SYNC_FILE_PREFIX}{file}"))
}

pub(crate) const RUN_PREFIX: &str = "RUN#";

pub(crate) fn sync_run(school: SchoolId, run: RunId) -> Key {
    key(sync_pk(school), format!("{RUN_PREFIX}{run}"))
}

/// Who would be removed by a run that is held.
pub(crate) fn held_part(school: SchoolId, run: RunId, part: usize) -> Key {
    key(sync_pk(school), format!("{}{part:03}", held_prefix(run)))
}

pub(crate) fn held_prefix(run: RunId) -> String {
    format!("HELD#{run}#")
}

/// What a held run would do, by name.
pub(crate) fn outline(school: SchoolId, run: RunId) -> Key {
    key(sync_pk(school), format!("OUTLINE#{run}"))
}

pub(crate) const MANIFEST_HEAD_PREFIX: &str = "MANIFEST#HEAD#";

/// Hashes of the buckets of one list of the manifest.
pub(crate) fn manifest_head(school: SchoolId, list: &str) -> Key {
    key(sync_pk(school), format!("{MANIFEST_HEAD_PREFIX}{list}"))
}

/// Hashes of the rows in one bucket of a list.
pub(crate) fn manifest_bucket(school: SchoolId, list: &str, bucket: u8) -> Key {
    key(sync_pk(school), format!("MANIFEST#ROWS#{list}#{bucket:02}"))
}

pub(crate) const STALE_PREFIX: &str = "STALE#";

/// Marks a row from the MIS that somebody else changed: the next run writes it again.
pub(crate) fn stale(school: SchoolId, contact: &ContactId) -> Key {
    key(sync_pk(school), format!("{STALE_PREFIX}{contact}"))
}

/// Marks of one school day.
pub(crate) fn marks_pk(school: SchoolId, day: Date) -> String {
    format!("S#{school}#T#{day}")
}

pub(crate) fn mark(school: SchoolId, mark: &Mark) -> Key {
    key(marks_pk(school, mark.date), format!("{}#{}", closed(&mark.pupil), mark.session.code()))
}

/// Schools that a schedule has in view: one partition, a row each.
pub(crate) const SCHEDULED: &str = "SYNCS";

pub(crate) fn scheduled(school: SchoolId) -> Key {
    key(SCHEDULED.to_owned(), school.to_string())
}
