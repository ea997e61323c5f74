//! Keys of a school's own rows: settings, usage, the audit log, texts that came in, and the account on X.

use domain::ids::{SchoolId, UserId};
use jiff::civil::Date;

use crate::keys::{Key, key};

pub(crate) fn school_pk(school: SchoolId) -> String {
    format!("S#{school}#")
}

pub(crate) fn settings(school: SchoolId) -> Key {
    key(school_pk(school), "SET")
}

/// The access to the school's account on X.
pub(crate) fn x_access(school: SchoolId) -> Key {
    key(school_pk(school), "X")
}

/// A link to X that a user has begun.
pub(crate) fn x_request(school: SchoolId, user: UserId) -> Key {
    key(school_pk(school), format!("XREQ#{user}"))
}

pub(crate) fn inbox_pk(school: SchoolId) -> String {
    format!("S#{school}#N")
}

/// A text that came in; those for no school of ours have a partition of their own.
pub(crate) fn inbound(school: Option<SchoolId>, at_ms: i64, sid: &str) -> Key {
    key(school.map_or_else(|| "N#".to_owned(), inbox_pk), format!("IN#{:014}#{sid}", at_ms.max(0)))
}

pub(crate) fn usage_pk(school: SchoolId) -> String {
    format!("S#{school}#U")
}

pub(crate) const DAY_PREFIX: &str = "D#";

pub(crate) fn usage_day(school: SchoolId, day: Date) -> Key {
    key(usage_pk(school), format!("{DAY_PREFIX}{day}"))
}

/// The audit log's head.
pub(crate) fn audit_head(school: SchoolId) -> Key {
    key(format!("S#{school}#A"), "HEAD")
}

/// The audit log of one month, `yyyy-mm`, in the school's order.
pub(crate) fn audit_pk(school: SchoolId, month: &str) -> String {
    format!("S#{school}#A#{month}")
}

pub(crate) fn audit_entry(school: SchoolId, month: &str, seq: u64) -> Key {
    key(audit_pk(school, month), audit_seq(seq))
}

pub(crate) fn audit_seq(seq: u64) -> String {
    format!("{seq:012}")
}

/// Partition of the work index for heads of audit logs that are to be anchored.
pub(crate) const ANCHOR_WORK: &str = "WORK#ANCHOR";

/// As [`work_sk`], for the head of a school's log.
pub(crate) fn anchor_sk(due_ms: i64, school: SchoolId) -> String {
    format!("{:014}#{school}#{school}", due_ms.max(0))
}

pub(crate) fn reply_number(number: &str) -> Key {
    key(format!("NUMBER#{number}"), "SCHOOL")
}

/// Marks a provider's text as kept.
pub(crate) fn inbound_seen(sid: &str) -> Key {
    key(format!("N#{sid}"), "SEEN")
}
