//! Messages that wait for somebody to authorise them. A waiting message is not in the work index and nothing of it is
//! planned; a line of the school's own says that it waits. Whatever moves it is one transaction with its audit event.

use aws_sdk_dynamodb::types::{AttributeValue, Select, TransactWriteItem};
use domain::approval::{Figures, Held, Recipients};
use domain::audit::AuditEvent;
use domain::ids::MessageId;
use domain::message::MessageState;
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::message::planning::UNPLANNED;
use crate::message::{Author, Body, Edited, Meta};
use crate::table::{Row, from_row, json, key_row, n, number, read_json, s, text, to_row};
use crate::update::unless_conflict;
use crate::{School, keys};

/// Bytes of people in one row; DynamoDB takes 400 kB.
const PEOPLE_BYTES: usize = 300_000;

/// A message waits, and nobody has moved it.
const STILL_WAITS: &str = "#state = :awaiting AND revision = :seen";

/// A message as it was when its author handed it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What it came to.
    pub figures: Figures,
    /// Whom it reached.
    pub recipients: Recipients,
}

/// A line of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The message.
    pub message: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// Why it waits.
    pub why: Held,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// Name of whoever edited it last, if anybody did while it waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_by: Option<String>,
}

/// Messages that wait for somebody to authorise them.
#[derive(Debug, Clone, Copy)]
pub struct Approvals<'a> {
    pub(crate) school: &'a School,
}

impl Approvals<'_> {
    /// The queue, oldest first, up to `limit` lines.
    pub async fn list(self, limit: usize) -> Result<Vec<Waiting>> {
        let rows =
            self.school.table.query(&keys::school_pk(self.school.id), keys::WAITING_PREFIX, true).await?;
        rows.into_iter().take(limit).map(|row| from_row("waiting message", row)).collect()
    }

    /// How many messages wait, in one small read; a number over 1 MB of lines is cut off there.
    pub async fn count(self) -> Result<u32> {
        let got = self
            .school
            .table
            .client
            .query()
            .table_name(&*self.school.table.name)
            .key_condition_expression("pk = :p AND begins_with(sk, :s)")
            .expression_attribute_values(":p", s(keys::school_pk(self.school.id)))
            .expression_attribute_values(":s", s(keys::WAITING_PREFIX))
            .select(Select::Count)
            .send()
            .await
            .map_err(|e| StoreError::sdk("count waiting", &e))?;
        Ok(u32::try_from(got.count).unwrap_or_default())
    }

    /// A message as it was when its author handed it in; `None` for one that nobody handed in.
    pub async fn original(self, id: MessageId) -> Result<Option<Written>> {
        let Some(row) = self.school.table.get(&keys::message_held(self.school.id, id), true).await? else {
            return Ok(None);
        };
        Ok(Some(Written {
            at_ms: number(&row, "at_ms").ok_or_else(|| StoreError::corrupt("held message", "at_ms"))?,
            figures: read_json("held message", &row, "figures")?,
            recipients: self.people(id, keys::WROTE_PREFIX).await?,
        }))
    }

    /// What the author of a message that was edited had written; `None` for one that says what it said.
    pub async fn first_body(self, edits: &[Edited], id: MessageId) -> Result<Option<Body>> {
        if edits.is_empty() {
            return Ok(None);
        }
        let row = self.school.table.get(&keys::message_first(self.school.id, id), true).await?;
        row.map(|row| from_row("body", row)).transpose()
    }

    /// Those to whom a message may go; `None` for one that may go to whomever its audience is.
    pub async fn approved_people(self, meta: &Meta) -> Result<Option<Recipients>> {
        if meta.approved.is_some() {
            Ok(Some(self.people(meta.id, keys::APPROVED_PREFIX).await?))
        } else {
            Ok(None)
        }
    }

    /// Lets a waiting message go to these people. `false` if it no longer waits, or is not the `revision` that was
    /// seen.
    pub async fn authorise(
        self,
        meta: &Meta,
        approved: &Recipients,
        event: &AuditEvent,
        now_ms: i64,
        due_ms: i64,
    ) -> Result<bool> {
        let update = "SET #state = :to, approved = :n, gsi1pk = :w, gsi1sk = :due, due = :d ADD news :one";
        let values = [(":to", s(MessageState::Queued.code())), (":n", n(meta.revision))];
        let values = values.into_iter().chain(self.school.due_values(meta.id, due_ms));
        let mut items = self.leave_queue(meta, update, values, MessageState::Queued)?;
        // Rows of an earlier approval: there may be more of them than of this one.
        let people = approved.to_texts(PEOPLE_BYTES).len();
        let pk = keys::message_pk(self.school.id, meta.id);
        let before = self.school.table.query(&pk, keys::APPROVED_PREFIX, true).await?;
        for part in people..before.len() {
            let key = keys::message_people(self.school.id, meta.id, keys::APPROVED_PREFIX, part);
            items.push(self.school.table.tx_delete(&key, None)?);
        }
        items.extend(self.school.people_rows(meta.id, keys::APPROVED_PREFIX, approved)?);
        unless_conflict(self.school.transact_recorded(items, event, now_ms).await)
    }

    /// Ends a waiting message that nobody is to get, saying why in plain words. `false` as [`Approvals::authorise`].
    pub async fn reject(self, meta: &Meta, reason: &str, event: &AuditEvent, now_ms: i64) -> Result<bool> {
        let update = "SET #state = :to, reason = :why, gsi1pk = :w, gsi1sk = :due, due = :d ADD news :one";
        let to = MessageState::Rejected;
        let values = [(":to", s(to.code())), (":why", s(reason))];
        let values = values.into_iter().chain(self.school.due_values(meta.id, now_ms));
        let items = self.leave_queue(meta, update, values, to)?;
        unless_conflict(self.school.transact_recorded(items, event, now_ms).await)
    }

    /// Takes a waiting message back. `false` as [`Approvals::authorise`].
    pub async fn withdraw(self, meta: &Meta, event: &AuditEvent, now_ms: i64) -> Result<bool> {
        let update = "SET #state = :to, gsi1pk = :w, gsi1sk = :due, due = :d ADD news :one";
        let to = MessageState::Stopped;
        let values = [(":to", s(to.code()))].into_iter().chain(self.school.due_values(meta.id, now_ms));
        let items = self.leave_queue(meta, update, values, to)?;
        unless_conflict(self.school.transact_recorded(items, event, now_ms).await)
    }

    /// Gives a waiting message another text than `before`; its revision moves, it says who edited what, and keeps what
    /// its author wrote. `false` as [`Approvals::authorise`].
    pub async fn edit(
        self,
        meta: &Meta,
        by: &Author,
        before: &Body,
        body: &Body,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<bool> {
        let revision = meta.revision.saturating_add(1);
        let changed = before.message.contents.parts_changed(&body.message.contents);
        let parts = changed.into_iter().map(|(part, ..)| part).collect();
        let edits = with_edit(meta, Edited { by: by.clone(), at_ms: now_ms, revision, parts });
        let values = [(":next", n(revision)), (":edits", json("message", &edits)?), (":one", n(1))];
        let mut items = vec![
            self.school.table.tx_update(
                &keys::message_meta(self.school.id, meta.id),
                "SET revision = :next, edits = :edits ADD news :one",
                Some(STILL_WAITS),
                values.into_iter().chain(still_waits(meta)),
            )?,
            self.school.table.tx_update(
                &keys::waiting(self.school.id, meta.id),
                "SET edited_by = :by",
                Some("attribute_exists(pk)"),
                [(":by", s(&*by.name))],
            )?,
            self.school
                .table
                .tx_put(to_row("body", &keys::message_body(self.school.id, meta.id), body)?, None)?,
            self.school.table.tx_update(
                &keys::summary(self.school.id, meta.id),
                "SET headline = :h",
                Some("attribute_exists(pk)"),
                [(":h", s(body.message.contents.headline()))],
            )?,
        ];
        if meta.edits.is_empty() {
            items.push(
                self.school
                    .table
                    .tx_put(to_row("body", &keys::message_first(self.school.id, meta.id), before)?, None)?,
            );
        }
        unless_conflict(self.school.transact_recorded(items, event, now_ms).await)
    }

    /// Sends a message back to be authorised, because more people would get it than were. `false` if it was planned,
    /// stopped or edited meanwhile.
    pub async fn hold_again(self, meta: &Meta, event: &AuditEvent, now_ms: i64) -> Result<bool> {
        let awaiting = MessageState::AwaitingAuthorisation;
        let values = [
            (":to", s(awaiting.code())),
            (":why", s(Held::Grown.code())),
            (":queued", s(MessageState::Queued.code())),
            (":seen", n(meta.revision)),
            (":one", n(1)),
        ];
        let items = vec![
            self.school.table.tx_update(
                &keys::message_meta(self.school.id, meta.id),
                "SET #state = :to, held = :why ADD news :one REMOVE gsi1pk, gsi1sk, due",
                Some(&format!("{UNPLANNED} AND revision = :seen")),
                values,
            )?,
            self.school.line_of(meta.id, &meta.author, Held::Grown, now_ms)?,
            self.school.summary_moves(meta.id, awaiting)?,
        ];
        unless_conflict(self.school.transact_recorded(items, event, now_ms).await)
    }

    /// A message leaves the queue: META moves as `update` says, its line goes, its line in the history says so.
    fn leave_queue(
        self,
        meta: &Meta,
        update: &str,
        values: impl Iterator<Item = (&'static str, AttributeValue)>,
        to: MessageState,
    ) -> Result<Vec<TransactWriteItem>> {
        let values = values.chain([(":one", n(1))]).chain(still_waits(meta));
        Ok(vec![
            self.school.table.tx_update(
                &keys::message_meta(self.school.id, meta.id),
                update,
                Some(STILL_WAITS),
                values,
            )?,
            self.school.table.tx_delete(&keys::waiting(self.school.id, meta.id), None)?,
            self.school.summary_moves(meta.id, to)?,
        ])
    }

    async fn people(self, id: MessageId, prefix: &str) -> Result<Recipients> {
        let rows = self.school.table.query(&keys::message_pk(self.school.id, id), prefix, true).await?;
        let texts = rows.iter().filter_map(|row| text(row, "people"));
        Recipients::from_texts(texts).ok_or_else(|| StoreError::corrupt("recipients", "a line"))
    }
}

impl School {
    fn summary_moves(&self, id: MessageId, to: MessageState) -> Result<TransactWriteItem> {
        let there = Some("attribute_exists(pk)");
        self.table.tx_update(&keys::summary(self.id, id), "SET #state = :s", there, [(":s", s(to.code()))])
    }

    pub(crate) fn line_of(
        &self,
        id: MessageId,
        author: &Author,
        why: Held,
        since_ms: i64,
    ) -> Result<TransactWriteItem> {
        let line = Waiting { message: id, author: author.clone(), why, since_ms, edited_by: None };
        self.table.tx_put(to_row("waiting message", &keys::waiting(self.id, id), &line)?, None)
    }

    pub(crate) fn people_rows(
        &self,
        id: MessageId,
        prefix: &str,
        people: &Recipients,
    ) -> Result<Vec<TransactWriteItem>> {
        let texts = people.to_texts(PEOPLE_BYTES).into_iter().enumerate();
        let rows = texts.map(|(part, people)| {
            let mut row: Row = key_row(&keys::message_people(self.id, id, prefix, part));
            row.insert("people".to_owned(), s(people));
            self.table.tx_put(row, None)
        });
        rows.collect()
    }
}

/// The edits of a message with one more: what somebody changed since it was last authorised is one entry, the latest.
fn with_edit(meta: &Meta, mut edit: Edited) -> Vec<Edited> {
    let (theirs, mut others): (Vec<Edited>, Vec<Edited>) = meta
        .edits
        .iter()
        .cloned()
        .partition(|before| before.by.id == edit.by.id && meta.is_since_approved(before));
    edit.parts.extend(theirs.into_iter().flat_map(|before| before.parts));
    edit.parts.sort_unstable();
    edit.parts.dedup();
    others.push(edit);
    others
}

fn still_waits(meta: &Meta) -> [(&'static str, AttributeValue); 2] {
    [(":awaiting", s(MessageState::AwaitingAuthorisation.code())), (":seen", n(meta.revision))]
}
