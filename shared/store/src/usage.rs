//! The school's usage by day, and each contact's messages.

use aws_sdk_dynamodb::types::{PutRequest, TransactWriteItem, WriteRequest};
use domain::ids::{ContactId, MessageId};
use domain::usage::{DayCounts, Days, Totals, difference};
use jiff::civil::Date;

use crate::School;
use crate::error::{Result, StoreError};
use crate::guard::{WAITS_MS, pause};
use crate::keys::{self, DAY_PREFIX, SK};
use crate::messages::{Messages, Meta, json};
use crate::table::{Row, key_row, n, number, text};
use crate::update::Transacted;

/// Bytes of contacts in one history row; DynamoDB takes 400 kB.
const HISTORY_ROW_BYTES: usize = 300_000;
/// Days that one message can be counted into in one transaction, of DynamoDB's 100 items.
const DAYS_PER_COUNT: usize = 90;

/// What the school has used.
#[derive(Debug, Clone, Copy)]
pub struct Usage<'a> {
    pub(crate) school: &'a School,
}

impl Usage<'_> {
    /// Moves a message's counts from what `meta` says to `new`, and adds the difference to the days: all or nothing,
    /// and only if nobody counted it since `meta` was read (`Conflict` otherwise). So counting twice adds nothing.
    pub async fn record(self, meta: &Meta, new: &Days, totals: &Totals) -> Result<()> {
        let days = difference(new, &meta.counted);
        if days.is_empty() && *totals == meta.totals && meta.counted_version > 0 {
            return Ok(());
        }
        if days.len() > DAYS_PER_COUNT {
            return Err(StoreError::corrupt("usage", "more days than a transaction takes"));
        }
        let mut items: Vec<TransactWriteItem> = vec![
            self.school.table.tx_update(
                &keys::message_meta(self.school.id, meta.id),
                "SET counted = :c, totals = :t, counted_version = :next",
                Some(if meta.counted_version == 0 {
                    "attribute_not_exists(counted_version)"
                } else {
                    "counted_version = :seen"
                }),
                [
                    (":c", json("usage", new)?),
                    (":t", json("usage", totals)?),
                    (":next", n(meta.counted_version.wrapping_add(1))),
                ]
                .into_iter()
                .chain((meta.counted_version > 0).then(|| (":seen", n(meta.counted_version)))),
            )?,
        ];
        for (day, more) in days {
            items.push(self.school.table.tx_update(
                &keys::usage_day(self.school.id, day),
                "ADD email_count :e, sms_count :s, sms_units :u, voice_minutes :v",
                None,
                [
                    (":e", n(more.email_count)),
                    (":s", n(more.sms_count)),
                    (":u", n(more.sms_units)),
                    (":v", n(more.voice_minutes)),
                ],
            )?);
        }
        for wait_ms in WAITS_MS {
            // Not all at the same time: what differs from message to message stands in for chance.
            pause(wait_ms + wait_ms * (meta.created_ms.unsigned_abs() % 8) / 8).await;
            match self.school.table.try_transact(items.clone()).await? {
                Transacted::Done => return Ok(()),
                Transacted::Refused(places) if !places.is_empty() => return Err(StoreError::Conflict),
                // Another message is being counted into the same day.
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Database { operation: "count", code: "TransactionConflict".to_owned() })
    }

    /// The counts of the days from `from` to `to`, both included; days without any are left out.
    pub async fn between(self, from: Date, to: Date) -> Result<Days> {
        let rows = self.school.table.query(&keys::usage_pk(self.school.id), DAY_PREFIX, true).await?;
        let mut days = Days::new();
        for row in rows {
            let Some(day) = text(&row, SK).and_then(|sk| sk.strip_prefix(DAY_PREFIX)?.parse::<Date>().ok())
            else {
                continue;
            };
            let counts = read_day(&row);
            if (from..=to).contains(&day) && !counts.is_zero() {
                days.insert(day, counts);
            }
        }
        Ok(days)
    }
}

impl Messages<'_> {
    /// Writes which contacts a message went to, so that a contact's messages can be listed. Written once, when the
    /// message has finished.
    pub async fn record_contacts(self, message: MessageId, contacts: &[(ContactId, u32)]) -> Result<()> {
        let mut writes = Vec::new();
        for (part, chunk) in history_rows(contacts).into_iter().enumerate() {
            let mut row = key_row(&keys::history(self.school.id, message, part));
            row.insert("contacts".to_owned(), json("history", &chunk)?);
            let put = PutRequest::builder().set_item(Some(row)).build();
            let put = put.map_err(|e| StoreError::corrupt("history", e))?;
            writes.push(WriteRequest::builder().put_request(put).build());
        }
        self.school.table.batch_write(writes).await
    }

    /// Messages that went to a contact, newest first, among the school's latest `limit` finished ones.
    pub async fn ids_to_contact(self, contact: &ContactId, limit: usize) -> Result<Vec<MessageId>> {
        let (mut found, mut seen, mut latest) = (Vec::new(), 0, None);
        let look = |row: Row| {
            let id = text(&row, SK).and_then(|sk| {
                let ulid = sk.strip_prefix(keys::HISTORY_PREFIX)?.split('#').next()?;
                ulid.parse::<MessageId>().ok()
            });
            let Some(id) = id else { return Ok(true) };
            if latest.replace(id) != Some(id) {
                // A large message has several rows.
                seen += 1;
            }
            if seen > limit {
                return Ok(false);
            }
            let contacts: Vec<(ContactId, u32)> = crate::messages::read_json("history", &row, "contacts")?;
            if contacts.iter().any(|(c, _)| c == contact) {
                found.push(id);
            }
            Ok(true)
        };
        self.school
            .table
            .newest_until(&keys::history_pk(self.school.id), keys::HISTORY_PREFIX, None, look)
            .await?;
        found.dedup();
        Ok(found)
    }

    /// Every message of the school, for a recount: ids in order, oldest first.
    pub async fn all_ids(self) -> Result<Vec<MessageId>> {
        let rows =
            self.school.table.query(&keys::school_pk(self.school.id), keys::SUMMARY_PREFIX, true).await?;
        let ids =
            rows.iter().filter_map(|row| text(row, SK)?.strip_prefix(keys::SUMMARY_PREFIX)?.parse().ok());
        Ok(ids.collect())
    }
}

/// Contacts cut into rows that DynamoDB takes.
fn history_rows(contacts: &[(ContactId, u32)]) -> Vec<&[(ContactId, u32)]> {
    let mut rows = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, (id, _)) in contacts.iter().enumerate() {
        // In JSON a quotation mark or a backslash takes two bytes; brackets, commas and the page's number take the rest.
        let more = id.as_str().len() * 2 + 16;
        if bytes + more > HISTORY_ROW_BYTES {
            rows.push(&contacts[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += more;
    }
    if start < contacts.len() {
        rows.push(&contacts[start..]);
    }
    rows
}

fn read_day(row: &Row) -> DayCounts {
    DayCounts {
        email_count: number(row, "email_count").unwrap_or(0),
        sms_count: number(row, "sms_count").unwrap_or(0),
        sms_units: number(row, "sms_units").unwrap_or(0),
        voice_minutes: number(row, "voice_minutes").unwrap_or(0),
    }
}
