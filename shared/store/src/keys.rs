//! The only place where a key of the table is spelled (DESIGN §3).
//!
//! A school's id has a fixed width and is always closed by `#`, so no school's keys begin another's.

use domain::attendance::About;
use domain::feed::Mark;
use domain::ids::{ContactId, Epoch, ImportId, MessageId, RunId, SchoolId, SyncFileId, UserId};
use domain::job::PageRef;
use jiff::civil::Date;

/// Attribute of the partition key.
pub(crate) const PK: &str = "pk";
/// Attribute of the sort key.
pub(crate) const SK: &str = "sk";
/// Attribute of the time to live, in seconds since 1970. Expiry is checked on read too, because removal lags.
pub(crate) const TTL: &str = "ttl";
/// The sparse index over messages that still need work.
pub(crate) const WORK_INDEX: &str = "work";
/// Its partition key.
pub(crate) const WORK_PK: &str = "gsi1pk";
/// Its sort key: when the message is due.
pub(crate) const WORK_SK: &str = "gsi1sk";
/// Partitions of the work index.
pub(crate) const WORK_SHARDS: u8 = 16;
/// Pages to a partition, so that one send spreads over many.
pub const PAGES_PER_SHARD: u32 = 40;

/// A row's place in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

// ---- a school's rows ------------------------------------------------------------------------------------------

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

pub(crate) const MEMBERSHIP_PREFIX: &str = "USER#";

pub(crate) fn membership(school: SchoolId, user: UserId) -> Key {
    key(school_pk(school), format!("{MEMBERSHIP_PREFIX}{user}"))
}

pub(crate) const PROFILE_PREFIX: &str = "PROFILE#";

pub(crate) fn profile(school: SchoolId, profile: ulid::Ulid) -> Key {
    key(school_pk(school), format!("{PROFILE_PREFIX}{profile}"))
}

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
fn closed(id: &ContactId) -> String {
    id.as_str().replace('%', "%25").replace('#', "%23")
}

/// What the MIS has its groups for.
pub(crate) const KINDS: &str = "KINDS";

pub(crate) fn group_kinds(school: SchoolId) -> Key {
    key(book_pk(school), KINDS)
}

// ---- sync -----------------------------------------------------------------------------------------------------

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

/// Whose families were told of a matter of a session.
pub(crate) fn told(school: SchoolId, about: About) -> Key {
    let of = format!("TOLD#{}#{}#{}", about.date, about.session.code(), about.matter.code());
    key(format!("S#{school}#T"), of)
}

/// Schools that a schedule has in view: one partition, a row each.
pub(crate) const SCHEDULED: &str = "SYNCS";

pub(crate) fn scheduled(school: SchoolId) -> Key {
    key(SCHEDULED.to_owned(), school.to_string())
}

// ---- the book's guard -----------------------------------------------------------------------------------------

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

pub(crate) fn inbox_pk(school: SchoolId) -> String {
    format!("S#{school}#N")
}

/// A text that came in; those for no school of ours have a partition of their own.
pub(crate) fn inbound(school: Option<SchoolId>, at_ms: i64, sid: &str) -> Key {
    key(school.map_or_else(|| "N#".to_owned(), inbox_pk), format!("IN#{:014}#{sid}", at_ms.max(0)))
}

pub(crate) fn idempotency(school: SchoolId, hash: &str) -> Key {
    key(format!("S#{school}#K"), hash)
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

pub(crate) fn history_pk(school: SchoolId) -> String {
    format!("S#{school}#H")
}

pub(crate) const HISTORY_PREFIX: &str = "H#";

pub(crate) fn history(school: SchoolId, message: MessageId, part: usize) -> Key {
    key(history_pk(school), format!("{HISTORY_PREFIX}{message}#{part:03}"))
}

// ---- a message's rows -----------------------------------------------------------------------------------------

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

/// Partition of the work index for uploads: few at any time, so one is enough.
pub(crate) const IMPORT_WORK: &str = "WORK#IMPORT";

/// As [`work_sk`], for an upload.
pub(crate) fn import_work_sk(due_ms: i64, school: SchoolId, import: ImportId) -> String {
    format!("{:014}#{school}#{import}", due_ms.max(0))
}

/// Due times sort as text: milliseconds since 1970, zero padded.
pub(crate) fn work_sk(due_ms: i64, school: SchoolId, message: MessageId) -> String {
    format!("{:014}#{school}#{message}", due_ms.max(0))
}

// ---- rows of no single school ---------------------------------------------------------------------------------

pub(crate) fn user_pk(user: UserId) -> String {
    format!("U#{user}")
}

pub(crate) fn user(user: UserId) -> Key {
    key(user_pk(user), "USER")
}

/// By what a username looks like, so that two that look alike are one.
pub(crate) fn username(skeleton: &str) -> Key {
    key(format!("NAME#{skeleton}"), "USER")
}

/// By the address's [`domain::email::EmailAddress::dedupe_key`].
pub(crate) fn email(address: &str) -> Key {
    key(format!("EMAIL#{address}"), "USER")
}

/// A one-time token, by its hash.
pub(crate) fn one_time(hash: &str) -> Key {
    key(format!("TOKEN#{hash}"), "TOKEN")
}

/// Which one-time token of a kind is the user's newest: no other works.
pub(crate) fn newest_one_time(user: UserId, kind: &str) -> Key {
    key(user_pk(user), format!("TOKEN#{kind}"))
}

/// The code that a user was last sent to set a password with.
pub(crate) fn code(user: UserId) -> Key {
    key(user_pk(user), "CODE#password".to_owned())
}

pub(crate) const SESSION_PREFIX: &str = "SESS#";

pub(crate) fn session(hash: &str) -> Key {
    key(format!("{SESSION_PREFIX}{hash}"), "SESSION")
}

pub(crate) const SESSION_OF_PREFIX: &str = "SESS#";

/// Lists a session among the user's.
pub(crate) fn session_of(user: UserId, hash: &str) -> Key {
    key(user_pk(user), format!("{SESSION_OF_PREFIX}{hash}"))
}

pub(crate) fn api_key(id: &str) -> Key {
    key(format!("KEY#{id}"), "KEY")
}

pub(crate) const KEY_PREFIX: &str = "KEY#";

/// That a key is the school's: the key itself is found by what its holder sends.
pub(crate) fn key_of_school(school: SchoolId, id: &str) -> Key {
    key(school_pk(school), format!("{KEY_PREFIX}{id}"))
}

pub(crate) fn rate(what: &str) -> Key {
    key(format!("RATE#{what}"), "RATE")
}

pub(crate) fn bucket(sender: &str) -> Key {
    key(format!("BUCKET#{sender}"), "BUCKET")
}

pub(crate) fn reply_number(number: &str) -> Key {
    key(format!("NUMBER#{number}"), "SCHOOL")
}

/// Marks a provider's text as kept.
pub(crate) fn inbound_seen(sid: &str) -> Key {
    key(format!("N#{sid}"), "SEEN")
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn pages_of_a_message_spread_over_partitions_and_sort_by_number() {
        let page = |page| PageRef {
            school: SchoolId::new(Ulid::from_parts(1, 1)),
            message: MessageId::new(Ulid::from_parts(2, 2)),
            epoch: Epoch::new(Ulid::from_parts(3, 3)),
            page,
        };
        assert_eq!(page_state(&page(0)).pk, page_state(&page(39)).pk);
        assert_ne!(page_state(&page(39)).pk, page_state(&page(40)).pk);
        assert!(page_state(&page(9)).sk < page_state(&page(10)).sk);
        assert_eq!(page_content(&page(7)).pk, page_state(&page(7)).pk);
    }

    #[test]
    fn two_ties_have_two_keys_whatever_the_ids_hold() {
        let school = SchoolId::new(Ulid::from_parts(1, 1));
        let id = |text: &str| ContactId::parse(text).unwrap();
        assert_ne!(tie(school, &id("a#b"), &id("c")), tie(school, &id("a"), &id("b#c")));
        assert_ne!(tie(school, &id("a%23b"), &id("c")), tie(school, &id("a#b"), &id("c")));
        assert!(!ties_of(&id("12")).starts_with(&ties_of(&id("1"))));
    }

    #[test]
    fn due_times_sort_as_numbers() {
        let (s, m) = (SchoolId::new(Ulid::from_parts(1, 1)), MessageId::new(Ulid::from_parts(2, 2)));
        assert!(work_sk(999, s, m) < work_sk(1_000, s, m));
        assert!(work_sk(-5, s, m) <= work_sk(0, s, m));
    }
}
