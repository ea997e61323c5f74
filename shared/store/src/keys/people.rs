//! Keys of the address book and of uploads.

use domain::ids::{ContactId, ImportId, SchoolId};

use crate::keys::school::school_pk;
use crate::keys::{Key, key};

pub(crate) fn book_pk(school: SchoolId) -> String {
    format!("S#{school}#C")
}

pub(crate) const CONTACT_PREFIX: &str = "C#";

pub(crate) fn contact(school: SchoolId, contact: &ContactId) -> Key {
    key(book_pk(school), format!("{CONTACT_PREFIX}{contact}"))
}

pub(crate) const TIE_PREFIX: &str = "R#";

/// Every tie of a pupil.
pub(crate) fn ties_of(pupil: &ContactId) -> String {
    format!("{TIE_PREFIX}{}#", closed(pupil))
}

/// How an adult is tied to a pupil.
pub(crate) fn tie(school: SchoolId, pupil: &ContactId, contact: &ContactId) -> Key {
    key(book_pk(school), format!("{}{}", ties_of(pupil), closed(contact)))
}

pub(crate) const BAR_PREFIX: &str = "B#";

/// The school's own word that an adult must not be told about a pupil; no source writes it or takes it away.
pub(crate) fn bar(school: SchoolId, pupil: &ContactId, contact: &ContactId) -> Key {
    key(book_pk(school), format!("{BAR_PREFIX}{}#{}", closed(pupil), closed(contact)))
}

/// An id that can be followed by `#` without passing for the beginning of another one.
pub(super) fn closed(id: &ContactId) -> String {
    id.as_str().replace('%', "%25").replace('#', "%23")
}

/// What the MIS has its groups for.
pub(crate) const KINDS: &str = "KINDS";

pub(crate) fn group_kinds(school: SchoolId) -> Key {
    key(book_pk(school), KINDS)
}

pub(crate) fn book_version(school: SchoolId) -> Key {
    key(book_pk(school), "VERSION")
}

pub(crate) fn import_pk(school: SchoolId, import: ImportId) -> String {
    format!("S#{school}#I#{import}")
}

pub(crate) fn import_meta(school: SchoolId, import: ImportId) -> Key {
    key(import_pk(school, import), "META")
}

pub(crate) const IMPORT_PART_PREFIX: &str = "PART#";

pub(crate) fn import_part(school: SchoolId, import: ImportId, part: u32) -> Key {
    key(import_pk(school, import), format!("{IMPORT_PART_PREFIX}{part:05}"))
}

pub(crate) const IMPORT_FINDINGS_PREFIX: &str = "FOUND#";

pub(crate) fn import_findings(school: SchoolId, import: ImportId, kind: &str, part: usize) -> Key {
    key(import_pk(school, import), format!("{IMPORT_FINDINGS_PREFIX}{kind}#{part:03}"))
}

pub(crate) const IMPORT_SUMMARY_PREFIX: &str = "IMPORT#";

pub(crate) fn import_summary(school: SchoolId, import: ImportId) -> Key {
    key(school_pk(school), format!("{IMPORT_SUMMARY_PREFIX}{import}"))
}

/// Partition of the work index for uploads: few at any time, so one is enough.
pub(crate) const IMPORT_WORK: &str = "WORK#IMPORT";

/// As [`work_sk`], for an upload.
pub(crate) fn import_work_sk(due_ms: i64, school: SchoolId, import: ImportId) -> String {
    format!("{:014}#{school}#{import}", due_ms.max(0))
}
