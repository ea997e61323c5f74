//! Keys of messages: where they stand, their pages, the history, and their part of the work index.

use domain::attendance::About;
use domain::ids::{Epoch, MessageId, SchoolId};
use domain::job::PageRef;

use crate::keys::school::school_pk;
use crate::keys::{Key, PAGES_PER_SHARD, WORK_SHARDS, key};

pub(crate) const SUMMARY_PREFIX: &str = "MSG#";

pub(crate) fn summary(school: SchoolId, message: MessageId) -> Key {
    key(school_pk(school), format!("{SUMMARY_PREFIX}{message}"))
}

pub(crate) const WAITING_PREFIX: &str = "AUTH#";

/// A message that waits for somebody to authorise it.
pub(crate) fn waiting(school: SchoolId, message: MessageId) -> Key {
    key(school_pk(school), format!("{WAITING_PREFIX}{message}"))
}

/// The first message that could have been accepted at `at_ms` has this or a later sort key among the summaries.
pub(crate) fn summary_from(at_ms: i64) -> String {
    let first = ulid::Ulid::from_parts(u64::try_from(at_ms).unwrap_or(0), 0);
    format!("{SUMMARY_PREFIX}{first}")
}

/// A message that was taken back into work at `at_ms`; the sort keys are in the order of time.
pub(crate) fn again(school: SchoolId, at_ms: i64, message: MessageId) -> Key {
    key(school_pk(school), format!("{}#{message}", again_from(at_ms)))
}

pub(crate) fn again_from(at_ms: i64) -> String {
    format!("AGAIN#{:014}", at_ms.max(0))
}

/// Whose families were told of a matter of a session.
pub(crate) fn told(school: SchoolId, about: About) -> Key {
    let of = format!("TOLD#{}#{}#{}", about.date, about.session.code(), about.matter.code());
    key(format!("S#{school}#T"), of)
}

pub(crate) fn idempotency(school: SchoolId, hash: &str) -> Key {
    key(format!("S#{school}#K"), hash)
}

pub(crate) fn history_pk(school: SchoolId) -> String {
    format!("S#{school}#H")
}

pub(crate) const HISTORY_PREFIX: &str = "H#";

pub(crate) fn history(school: SchoolId, message: MessageId, part: usize) -> Key {
    key(history_pk(school), format!("{HISTORY_PREFIX}{message}#{part:03}"))
}

pub(crate) fn message_pk(school: SchoolId, message: MessageId) -> String {
    format!("S#{school}#M#{message}")
}

pub(crate) fn message_meta(school: SchoolId, message: MessageId) -> Key {
    key(message_pk(school, message), "META")
}

pub(crate) fn message_body(school: SchoolId, message: MessageId) -> Key {
    key(message_pk(school, message), "BODY")
}

/// What a message came to when its author handed it in.
pub(crate) fn message_held(school: SchoolId, message: MessageId) -> Key {
    key(message_pk(school, message), "HELD")
}

/// What a message said before anybody but its author edited it.
pub(crate) fn message_first(school: SchoolId, message: MessageId) -> Key {
    key(message_pk(school, message), "FIRST")
}

/// Who was to get a message when it was written.
pub(crate) const WROTE_PREFIX: &str = "WROTE#";
/// Who may get a message, as it was authorised.
pub(crate) const APPROVED_PREFIX: &str = "APPROVED#";

pub(crate) fn message_people(school: SchoolId, message: MessageId, prefix: &str, part: usize) -> Key {
    key(message_pk(school, message), format!("{prefix}{part:03}"))
}

/// The PIN that a message asks for before it is accepted.
pub(crate) fn message_pin(school: SchoolId, message: MessageId) -> Key {
    key(message_pk(school, message), "PIN")
}

pub(crate) fn shard_pk(school: SchoolId, message: MessageId, shard: u32) -> String {
    format!("S#{school}#M#{message}#{shard:04}")
}

pub(crate) fn content_prefix(epoch: &Epoch) -> String {
    format!("P#{epoch}#")
}

pub(crate) fn state_prefix(epoch: &Epoch) -> String {
    format!("W#{epoch}#")
}

pub(crate) fn page_content(page: &PageRef) -> Key {
    let shard = page.page / PAGES_PER_SHARD;
    key(
        shard_pk(page.school, page.message, shard),
        format!("{}{:06}", content_prefix(&page.epoch), page.page),
    )
}

pub(crate) fn page_state(page: &PageRef) -> Key {
    let shard = page.page / PAGES_PER_SHARD;
    key(shard_pk(page.school, page.message, shard), format!("{}{:06}", state_prefix(&page.epoch), page.page))
}

/// Partition of the work index for a message: a stable spread over the shards.
pub(crate) fn work_pk(message: MessageId) -> String {
    let spread = message.to_string().bytes().fold(0_u8, |sum, b| sum.wrapping_mul(31).wrapping_add(b));
    work_shard(spread % WORK_SHARDS)
}

pub(crate) fn work_shard(shard: u8) -> String {
    format!("WORK#{shard}")
}

/// Due times sort as text: milliseconds since 1970, zero padded.
pub(crate) fn work_sk(due_ms: i64, school: SchoolId, message: MessageId) -> String {
    format!("{:014}#{school}#{message}", due_ms.max(0))
}
