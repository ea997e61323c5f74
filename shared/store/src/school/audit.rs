//! The audit log: each row is written in the transaction of what it tells, and moves the head on which the next one is
//! chained (ARCHITECTURE §3). Nothing here changes or removes a row.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::{AuditEvent, Entry, Head};
use domain::ids::SchoolId;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::access::Access;
use crate::error::{Result, StoreError};
use crate::keys;
use crate::table::{Row, key_row, n, number, s, text};
use crate::update::{Transacted, Updated};
use crate::{School, Store};

/// Tries at the head, which every event of a school moves.
const TRIES: u64 = 12;

/// A month of the log, in UTC: the log outlives a change of the school's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditMonth {
    year: i16,
    month: i8,
}

impl AuditMonth {
    /// The month of an instant.
    pub fn of_ms(at_ms: i64) -> Self {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        Self::of(at.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// The month of a day.
    pub fn of(day: Date) -> Self {
        Self { year: day.year(), month: day.month() }
    }

    /// The month after.
    pub const fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year.saturating_add(1), month: 1 }
        } else {
            Self { year: self.year, month: self.month + 1 }
        }
    }

    /// The month before.
    pub const fn previous(self) -> Self {
        if self.month == 1 {
            Self { year: self.year.saturating_sub(1), month: 12 }
        } else {
            Self { year: self.year, month: self.month - 1 }
        }
    }

    /// `yyyy-mm`.
    pub fn code(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    /// The month of `yyyy-mm`.
    pub fn from_code(code: &str) -> Option<Self> {
        let (year, month) = code.split_once('-')?;
        let (year, month) = (year.parse().ok()?, month.parse().ok()?);
        Date::new(year, month, 1).ok().map(Self::of)
    }
}

/// Two in the night of the next day, in UTC: when a head that moved is anchored.
fn next_night_ms(now_ms: i64) -> i64 {
    const DAY_MS: i64 = 24 * 3_600_000;
    (now_ms.div_euclid(DAY_MS) + 1) * DAY_MS + 2 * 3_600_000
}

impl Store {
    /// Schools whose log has grown since its head was anchored, and whose night has come; up to `limit`.
    pub async fn due_anchors(&self, now_ms: i64, limit: i32) -> Result<Vec<School>> {
        let due: Vec<(SchoolId, SchoolId)> = self.due(keys::ANCHOR_WORK, now_ms, limit).await?;
        Ok(due.into_iter().map(|(school, _)| self.school(Access::proven(school))).collect())
    }
}

/// The audit log.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'a> {
    pub(crate) school: &'a School,
}

impl Audit<'_> {
    /// Writes an event that changes nothing else of ours, such as a sign-in.
    pub async fn record(self, event: &AuditEvent, now_ms: i64) -> Result<()> {
        self.school.transact_recorded(Vec::new(), event, now_ms).await
    }

    /// Where the log ends.
    pub async fn head(self) -> Result<Head> {
        Ok(self.span().await?.map_or_else(Head::default, |(head, _, _)| head))
    }

    /// Where the log ends, and its first and last month; `None` before the first event.
    pub async fn span(self) -> Result<Option<(Head, AuditMonth, AuditMonth)>> {
        let Some(row) = self.school.table.get(&keys::audit_head(self.school.id), true).await? else {
            return Ok(None);
        };
        let month = |name| text(&row, name).and_then(AuditMonth::from_code);
        let read = || {
            let head = Head { seq: number(&row, "seq")?, hash: text(&row, "seal")?.to_owned() };
            Some((head, month("first_month")?, month("last_month")?))
        };
        read().map(Some).ok_or_else(|| StoreError::corrupt("audit head", "a field"))
    }

    /// A month of the log backwards, row by row for as long as `take` wants more; rows before the `before`-th only.
    pub async fn walk_back(
        self,
        month: AuditMonth,
        before: Option<u64>,
        mut take: impl FnMut(Entry) -> bool,
    ) -> Result<()> {
        let before = before.map(keys::audit_seq);
        // Twelve digits hold more events than any school does, so the first of them is a 0.
        let before = before.as_deref().map(|seq| seq.strip_prefix('0').unwrap_or(seq));
        let pk = keys::audit_pk(self.school.id, &month.code());
        self.school.table.newest_until(&pk, "0", before, |row| Ok(take(read_entry(&row)?))).await
    }

    /// Notes that the head was anchored as it was `seen`: nothing is due until the next event. One that has moved since
    /// is due again the next night.
    pub async fn record_anchor(self, seen: &Head, now_ms: i64) -> Result<()> {
        let key = keys::audit_head(self.school.id);
        let rest = self.school.table.update_if(
            &key,
            "REMOVE gsi1pk, gsi1sk",
            "seal = :seen",
            [(":seen", s(&*seen.hash))],
        );
        if let Updated::Refused(Some(_)) = rest.await? {
            let due = s(keys::anchor_sk(next_night_ms(now_ms), self.school.id));
            let update = "SET gsi1sk = :due";
            self.school.table.update_if(&key, update, "attribute_exists(gsi1pk)", [(":due", due)]).await?;
        }
        Ok(())
    }

    /// A month of the log, in order.
    pub async fn month(self, month: AuditMonth) -> Result<Vec<Entry>> {
        let rows = self.school.table.query(&keys::audit_pk(self.school.id, &month.code()), "", true).await?;
        rows.iter().map(read_entry).collect()
    }
}

impl School {
    /// Writes `items` and their audit event, all or nothing. `Conflict` if a condition of `items` failed.
    pub(crate) async fn transact_recorded(
        &self,
        items: Vec<TransactWriteItem>,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        for round in 0..TRIES {
            let span = self.audit().span().await?;
            // A clock that is behind does not put a row into a month that is over.
            let month = AuditMonth::of_ms(now_ms).max(span.as_ref().map_or(AuditMonth::of_ms(0), |s| s.2));
            let head = span.map(|(head, _, _)| head);
            let entry = head.clone().unwrap_or_default().seal(&self.id.to_string(), event, now_ms);
            let row = entry_row(self.id, month, &entry);
            let mut all = items.clone();
            all.push(self.move_head(head.as_ref(), &entry, month)?);
            all.push(self.table.tx_put(row, Some("attribute_not_exists(pk)"))?);
            match self.table.try_transact(all).await? {
                Transacted::Done => return Ok(()),
                Transacted::Refused(places) if places.iter().any(|place| *place < items.len()) => {
                    return Err(StoreError::Conflict);
                }
                // Somebody else's event was first: chain to that one.
                Transacted::Refused(_) => tokio::time::sleep(Duration::from_millis(5 * (round + 1))).await,
            }
        }
        Err(StoreError::Busy)
    }

    fn move_head(&self, seen: Option<&Head>, entry: &Entry, month: AuditMonth) -> Result<TransactWriteItem> {
        let update = "SET seq = :seq, seal = :seal, first_month = if_not_exists(first_month, :month), \
                      last_month = :month, gsi1pk = :anchors, gsi1sk = if_not_exists(gsi1sk, :due)";
        let key = keys::audit_head(self.id);
        let moved = [
            (":seq", n(entry.seq)),
            (":seal", s(&*entry.hash)),
            (":month", s(month.code())),
            (":anchors", s(keys::ANCHOR_WORK)),
            (":due", s(keys::anchor_sk(next_night_ms(entry.at_ms), self.id))),
        ];
        match seen {
            None => self.table.tx_update(&key, update, Some("attribute_not_exists(pk)"), moved),
            Some(head) => {
                let values = moved.into_iter().chain([(":seen", s(&*head.hash))]);
                self.table.tx_update(&key, update, Some("seal = :seen"), values)
            }
        }
    }
}

fn entry_row(school: SchoolId, month: AuditMonth, entry: &Entry) -> Row {
    let mut row = key_row(&keys::audit_entry(school, &month.code(), entry.seq));
    for (name, value) in [
        ("who", &entry.who),
        ("from", &entry.from),
        ("act", &entry.act),
        ("on", &entry.on),
        ("changes", &entry.changes),
        ("prev", &entry.prev),
        ("hash", &entry.hash),
    ] {
        row.insert(name.to_owned(), s(&**value));
    }
    row.insert("seq".to_owned(), n(entry.seq));
    row.insert("at_ms".to_owned(), n(entry.at_ms));
    row
}

/// A row that lacks a field is read with an empty one, so that checking the log names it instead of breaking off.
fn read_entry(row: &Row) -> Result<Entry> {
    let field = |name| text(row, name).unwrap_or_default().to_owned();
    Ok(Entry {
        seq: number(row, "seq").ok_or_else(|| StoreError::corrupt("audit row", "seq"))?,
        at_ms: number(row, "at_ms").unwrap_or_default(),
        who: field("who"),
        from: field("from"),
        act: field("act"),
        on: field("on"),
        changes: field("changes"),
        prev: field("prev"),
        hash: field("hash"),
    })
}
