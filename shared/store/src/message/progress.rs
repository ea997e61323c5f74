//! How a planned message gets on: stopped, finished, taken back into work, and when it needs work next.
//!
//! `news` on META moves with everything that a look under way may have missed: a stop, a resend, a receipt after the
//! end. What a look concludes from the pages that it read is written only while the news are those that it saw.

use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::AuditEvent;
use domain::ids::{MessageId, SchoolId};
use domain::message::MessageState;

use crate::error::{Result, StoreError};
use crate::message::Finishing;
use crate::table::{json, n, s, text};
use crate::update::unless_conflict;
use crate::{School, Store, keys};

/// Tries of a write that must say something, whichever way the row stands.
const TRIES: usize = 4;

/// How planned messages get on, and when they need work next.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    pub(crate) school: &'a School,
}

impl Progress<'_> {
    /// Stops a message that is queued or being sent; `false` if it is neither. Pages that a worker holds may still go.
    pub async fn stop(self, id: MessageId, now_ms: i64) -> Result<bool> {
        let from =
            [(":queued", s(MessageState::Queued.code())), (":sending", s(MessageState::Sending.code()))];
        self.stop_if(id, "#state IN (:queued, :sending)", from, now_ms).await
    }

    /// Stops a message that has finished but for deliveries that may yet be sent again; `false` if it has not.
    pub async fn stop_finished(self, id: MessageId, now_ms: i64) -> Result<bool> {
        let from = [(":finished", s(MessageState::Finished.code()))];
        self.stop_if(id, "#state = :finished", from, now_ms).await
    }

    async fn stop_if<const N: usize>(
        self,
        id: MessageId,
        condition: &str,
        from: [(&'static str, AttributeValue); N],
        now_ms: i64,
    ) -> Result<bool> {
        let to = [(":stopped", s(MessageState::Stopped.code()))];
        let due = self.school.due_values(id, now_ms);
        let update = "SET #state = :stopped, gsi1pk = :w, gsi1sk = :due, due = :d ADD news :one";
        let values = to.into_iter().chain(from).chain(due).chain([(":one", n(1))]);
        unless_conflict(self.school.update_meta(id, update, condition, values).await)
    }

    /// Takes a message back into work, because deliveries are to be sent again. `Conflict` if it was stopped or
    /// rejected, or was never planned. One that is being sent is looked at anew.
    pub async fn reopen(self, id: MessageId, now_ms: i64) -> Result<()> {
        self.school.note_again(id, now_ms).await?;
        self.school
            .update_meta(
                id,
                "SET #state = :sending, gsi1pk = :w, gsi1sk = :due, due = :d ADD news :one",
                "#state IN (:sending, :finished) AND attribute_exists(epoch)",
                [
                    (":sending", s(MessageState::Sending.code())),
                    (":finished", s(MessageState::Finished.code())),
                    (":one", n(1)),
                ]
                .into_iter()
                .chain(self.school.due_values(id, now_ms)),
            )
            .await
    }

    /// As [`Progress::stop`] and [`Progress::stop_finished`] (`finished`), by somebody whose event it is.
    pub async fn stop_recorded(
        self,
        id: MessageId,
        finished: bool,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<bool> {
        let (condition, from) = if finished {
            ("#state = :from", [(":from", s(MessageState::Finished.code()))].to_vec())
        } else {
            let from =
                [(":from", s(MessageState::Queued.code())), (":also", s(MessageState::Sending.code()))];
            ("#state IN (:from, :also)", from.to_vec())
        };
        let to = [(":stopped", s(MessageState::Stopped.code())), (":one", n(1))];
        let update = "SET #state = :stopped, gsi1pk = :w, gsi1sk = :due, due = :d ADD news :one";
        let values = to.into_iter().chain(from).chain(self.school.due_values(id, now_ms));
        let stop = self.school.table.tx_update(
            &keys::message_meta(self.school.id, id),
            update,
            Some(condition),
            values,
        )?;
        unless_conflict(self.school.transact_recorded(vec![stop], event, now_ms).await)
    }

    /// Says when the message needs the next look, one that is near in any case, and how many pages wait or are held.
    pub async fn set_due(self, id: MessageId, due_ms: i64, waiting: u32) -> Result<()> {
        let values = self.school.due_values(id, due_ms).into_iter().chain([(":n", n(waiting))]);
        let update = "SET gsi1pk = :w, gsi1sk = :due, due = :d, waiting = :n";
        self.school.update_meta(id, update, "attribute_exists(pk)", values).await
    }

    /// Leaves the message alone until `due_ms`, for good if that is `None`. `false`, and nothing is written, if there
    /// were news since `news` was read.
    pub async fn put_off(self, id: MessageId, news: u32, due_ms: Option<i64>) -> Result<bool> {
        let (condition, seen) = same_news(news);
        let done = match due_ms {
            Some(due_ms) => {
                let update = "SET gsi1pk = :w, gsi1sk = :due, due = :d, waiting = :n";
                let values = self.school.due_values(id, due_ms).into_iter().chain([(":n", n(0))]).chain(seen);
                self.school.update_meta(id, update, condition, values).await
            }
            None => self.school.update_meta(id, "REMOVE gsi1pk, gsi1sk, due", condition, seen).await,
        };
        unless_conflict(done)
    }

    /// Notes that waiting pages were put into the queue once more, so that it is not done again at every look.
    pub async fn set_nudged(self, id: MessageId, now_ms: i64) -> Result<()> {
        self.school.update_meta(id, "SET nudged = :n", "attribute_exists(pk)", [(":n", n(now_ms))]).await
    }

    /// Notes up to where silent deliveries have been asked for: the time when one fell due and its place in the plan.
    pub async fn set_fetched(self, id: MessageId, fetched: (i64, u32)) -> Result<()> {
        let value = json("message", &fetched)?;
        self.school.update_meta(id, "SET fetched = :f", "attribute_exists(pk)", [(":f", value)]).await
    }

    /// Notes that the message was handed over to be counted.
    pub async fn set_finishing(self, id: MessageId, finishing: Finishing) -> Result<()> {
        let value = json("message", &finishing)?;
        self.school.update_meta(id, "SET finishing = :f", "attribute_exists(pk)", [(":f", value)]).await
    }

    /// Something was heard about a message that is over: a look that is under way has missed it, and the next one
    /// comes at `soon_ms` unless one is due before `near_ms`.
    pub async fn record_news(self, id: MessageId, soon_ms: i64, near_ms: i64) -> Result<()> {
        for _ in 0..TRIES {
            let near = [(":one", n(1)), (":near", n(near_ms))];
            if unless_conflict(
                self.school.update_meta(id, "ADD news :one", "due <= :near", near.clone()).await,
            )? {
                return Ok(());
            }
            let update = "SET gsi1pk = :w, gsi1sk = :due, due = :d ADD news :one";
            let condition = "attribute_exists(pk) AND (attribute_not_exists(due) OR due > :near)";
            let values = near.into_iter().chain(self.school.due_values(id, soon_ms));
            if unless_conflict(self.school.update_meta(id, update, condition, values).await)? {
                return Ok(());
            }
        }
        Err(StoreError::Conflict)
    }

    /// Moves a message whose deliveries are all settled from *sending* to *finished*, if there were no news since
    /// `news` was read. Says whether it did.
    pub async fn mark_finished(self, id: MessageId, news: u32) -> Result<bool> {
        let (same, seen) = same_news(news);
        let states =
            [(":finished", s(MessageState::Finished.code())), (":sending", s(MessageState::Sending.code()))];
        let condition = format!("#state = :sending AND {same}");
        let values = states.into_iter().chain(seen);
        unless_conflict(self.school.update_meta(id, "SET #state = :finished", &condition, values).await)
    }
}

impl School {
    pub(crate) fn due_values(&self, id: MessageId, due_ms: i64) -> [(&'static str, AttributeValue); 3] {
        [(":w", s(keys::work_pk(id))), (":d", n(due_ms)), (":due", s(keys::work_sk(due_ms, self.id, id)))]
    }
}

/// The condition that there were no news since, and its value.
fn same_news(seen: u32) -> (&'static str, Option<(&'static str, AttributeValue)>) {
    match seen {
        0 => ("attribute_exists(pk) AND attribute_not_exists(news)", None),
        seen => ("news = :seen", Some((":seen", n(seen)))),
    }
}

impl Store {
    /// Messages whose work is due, from one of the index's 16 partitions. The index may lag: every job that comes of
    /// it looks at the message itself.
    pub async fn due_messages(
        &self,
        shard: u8,
        now_ms: i64,
        limit: i32,
    ) -> Result<Vec<(SchoolId, MessageId)>> {
        self.due(&keys::work_shard(shard), now_ms, limit).await
    }

    /// What is due in one partition of the work index: the school and the id that the sort key ends with.
    pub(crate) async fn due<Id: FromStr>(
        &self,
        partition: &str,
        now_ms: i64,
        limit: i32,
    ) -> Result<Vec<(SchoolId, Id)>> {
        let got = self
            .table
            .client
            .query()
            .table_name(&*self.table.name)
            .index_name(keys::WORK_INDEX)
            .key_condition_expression("gsi1pk = :p AND gsi1sk <= :due")
            .expression_attribute_values(":p", s(partition))
            .expression_attribute_values(":due", s(format!("{:014}~", now_ms.max(0))))
            .limit(limit)
            .send()
            .await
            .map_err(|e| StoreError::sdk("query work", &e))?;
        let rows = got.items.unwrap_or_default();
        Ok(rows
            .iter()
            .filter_map(|row| {
                let mut parts = text(row, keys::WORK_SK)?.split('#').skip(1);
                Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
            })
            .collect())
    }

    /// Partitions of the work index.
    pub const fn work_shards() -> u8 {
        keys::WORK_SHARDS
    }
}
