//! The history: a line for each message, and the messages that went to each contact.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::{ContactId, MessageId};
use domain::message::MessageState;
use domain::usage::Totals;

use crate::error::Result;
use crate::keys::{self, Key, SK};
use crate::message::{Messages, Summary};
use crate::table::{Row, from_row, json, key_row, n, put_request, read_json, s, text};

/// Bytes of contacts in one history row; DynamoDB takes 400 kB.
const HISTORY_ROW_BYTES: usize = 300_000;

impl Messages<'_> {
    /// The history, newest first: up to `limit` lines before `before`.
    pub async fn summaries(self, before: Option<MessageId>, limit: i32) -> Result<Vec<Summary>> {
        let before = before.map(|id| id.to_string());
        let pk = keys::school_pk(self.school.id);
        let rows = self.school.table.newest(&pk, keys::SUMMARY_PREFIX, before.as_deref(), limit).await?;
        rows.into_iter().map(|row| from_row("summary", row)).collect()
    }

    /// The newest lines of the history, with all that was accepted until now.
    pub async fn latest_summaries(self, limit: i32) -> Result<Vec<Summary>> {
        let rows =
            self.school.table.latest(&keys::school_pk(self.school.id), keys::SUMMARY_PREFIX, limit).await?;
        rows.into_iter().map(|row| from_row("summary", row)).collect()
    }

    /// The lines of these messages, newest first; ids without one are left out.
    pub async fn summaries_of(self, ids: &[MessageId]) -> Result<Vec<Summary>> {
        let wanted: Vec<Key> = ids.iter().map(|id| keys::summary(self.school.id, *id)).collect();
        let rows = self.school.table.batch_get(&wanted, false).await?;
        let mut found: Vec<Summary> =
            rows.into_iter().map(|row| from_row("summary", row)).collect::<Result<_>>()?;
        found.sort_unstable_by_key(|summary| std::cmp::Reverse(summary.id));
        Ok(found)
    }

    /// Brings the history's line up to date.
    pub async fn update_summary(self, id: MessageId, state: MessageState, totals: &Totals) -> Result<()> {
        let totals = totals.iter().map(|(state, count)| (state.code().to_owned(), n(count))).collect();
        self.school
            .table
            .update(
                &keys::summary(self.school.id, id),
                "SET #state = :s, totals = :t",
                "attribute_exists(pk)",
                [(":s", s(state.code())), (":t", AttributeValue::M(totals))],
            )
            .await
    }

    /// Writes which contacts a message went to, so that a contact's messages can be listed. Written once, when the
    /// message has finished.
    pub async fn record_contacts(self, message: MessageId, contacts: &[(ContactId, u32)]) -> Result<()> {
        let mut writes = Vec::new();
        for (part, chunk) in history_rows(contacts).into_iter().enumerate() {
            let mut row = key_row(&keys::history(self.school.id, message, part));
            row.insert("contacts".to_owned(), json("history", &chunk)?);
            writes.push(put_request(row)?);
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
            let contacts: Vec<(ContactId, u32)> = read_json("history", &row, "contacts")?;
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
        // In JSON a quotation mark or a backslash takes two bytes; brackets, commas and the page's number take the
        // rest.
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
