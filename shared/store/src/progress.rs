//! How a message gets on: planned, stopped, finished, and when it needs work next.

use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::{Epoch, MessageId, SchoolId};
use domain::message::MessageState;
use domain::usage::Totals;

use crate::error::{Result, StoreError};
use crate::table::{n, s, text};
use crate::{School, Store, keys};

/// A plan whose rows are written, to be made the message's own.
#[derive(Debug, Clone, Copy)]
pub struct WrittenPlan<'a> {
    /// The revision that was planned.
    pub revision: u32,
    /// Under which the rows stand.
    pub epoch: &'a Epoch,
    /// Number of pages.
    pub pages: u32,
    /// People who cannot be reached.
    pub unreachable: u32,
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
    /// When the message needs the next look.
    pub due_ms: i64,
}

impl School {
    /// Notes that a plan of so many pages begins, so that its rows are found again if it never ends.
    pub async fn begin_plan(&self, id: MessageId, epoch: &Epoch, pages: u32) -> Result<()> {
        self.update_meta(
            id,
            "SET epochs = list_append(if_not_exists(epochs, :none), :e)",
            "attribute_exists(pk)",
            [
                (":none", AttributeValue::L(vec![])),
                (":e", AttributeValue::L(vec![s(format!("{epoch}:{pages}"))])),
            ],
        )
        .await
    }

    /// Makes a plan's pages the message's own, if no other plan was first, it is not stopped and its revision is the
    /// same. `false` for a loser.
    pub async fn commit_plan(&self, id: MessageId, plan: &WrittenPlan<'_>) -> Result<bool> {
        let WrittenPlan { revision, epoch, pages, unreachable, now_ms, due_ms } = *plan;
        let done = self
            .update_meta(
                id,
                "SET epoch = :e, pages = :p, unreachable = :u, nudged = :now, #state = :sending, gsi1sk = :due, due = :d",
                "attribute_not_exists(epoch) AND #state = :queued AND revision = :r",
                [
                    (":e", s(epoch.as_str())),
                    (":p", n(pages)),
                    (":u", n(unreachable)),
                    (":now", n(now_ms)),
                    (":r", n(revision)),
                    (":d", n(due_ms)),
                    (":due", s(keys::work_sk(due_ms, self.id, id))),
                    (":sending", s(MessageState::Sending.code())),
                    (":queued", s(MessageState::Queued.code())),
                ],
            )
            .await;
        match done {
            Ok(()) => Ok(true),
            // The answer to our own write may have been lost and the SDK have tried again.
            Err(StoreError::Conflict) => {
                Ok(self.meta(id).await?.is_some_and(|m| m.epoch.as_ref() == Some(epoch)))
            }
            Err(e) => Err(e),
        }
    }

    /// Ends a message that cannot be planned, saying why in plain words. Nothing was sent.
    pub async fn reject(&self, id: MessageId, reason: &str) -> Result<()> {
        let done = self
            .update_meta(
                id,
                "SET #state = :rejected, reason = :why REMOVE gsi1pk, gsi1sk, due",
                "attribute_not_exists(epoch) AND #state = :queued",
                [
                    (":rejected", s(MessageState::Rejected.code())),
                    (":queued", s(MessageState::Queued.code())),
                    (":why", s(reason)),
                ],
            )
            .await;
        match done {
            Ok(()) => self.update_summary(id, MessageState::Rejected, &Totals::new()).await,
            Err(StoreError::Conflict) => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Stops a message that is queued or being sent; `false` if it was over already. Pages that a worker holds may
    /// still go.
    pub async fn stop(&self, id: MessageId, now_ms: i64) -> Result<bool> {
        let stopped = self
            .update_meta(
                id,
                "SET #state = :stopped, gsi1pk = :w, gsi1sk = :due, due = :d",
                "#state IN (:queued, :sending)",
                [
                    (":stopped", s(MessageState::Stopped.code())),
                    (":queued", s(MessageState::Queued.code())),
                    (":sending", s(MessageState::Sending.code())),
                    (":w", s(keys::work_pk(id))),
                    (":d", n(now_ms)),
                    (":due", s(keys::work_sk(now_ms, self.id, id))),
                ],
            )
            .await;
        match stopped {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Takes a finished message back into work, because deliveries are to be sent again.
    pub async fn reopen(&self, id: MessageId, now_ms: i64) -> Result<()> {
        self.note_again(id, now_ms).await?;
        self.update_meta(
            id,
            "SET #state = :sending, gsi1pk = :w, gsi1sk = :due, due = :d",
            "#state IN (:sending, :finished) AND attribute_exists(epoch)",
            [
                (":sending", s(MessageState::Sending.code())),
                (":finished", s(MessageState::Finished.code())),
                (":w", s(keys::work_pk(id))),
                (":d", n(now_ms)),
                (":due", s(keys::work_sk(now_ms, self.id, id))),
            ],
        )
        .await
    }

    /// Says when the message needs work next, and how many pages wait or are held now.
    pub async fn set_due(&self, id: MessageId, due_ms: i64, waiting: u32) -> Result<()> {
        self.update_meta(
            id,
            "SET gsi1pk = :w, gsi1sk = :due, due = :d, waiting = :n",
            "attribute_exists(pk)",
            [
                (":w", s(keys::work_pk(id))),
                (":d", n(due_ms)),
                (":due", s(keys::work_sk(due_ms, self.id, id))),
                (":n", n(waiting)),
            ],
        )
        .await
    }

    /// Notes that waiting pages were put into the queue once more, so that it is not done again at every look.
    pub async fn set_nudged(&self, id: MessageId, now_ms: i64) -> Result<()> {
        self.update_meta(id, "SET nudged = :n", "attribute_exists(pk)", [(":n", n(now_ms))]).await
    }

    /// Brings the next look at the message forward to `due_ms`, because something new was heard; a look that is due
    /// sooner stays as it is.
    pub async fn due_no_later_than(&self, id: MessageId, due_ms: i64) -> Result<()> {
        let moved = self
            .update_meta(
                id,
                "SET gsi1pk = :w, gsi1sk = :due, due = :d",
                "attribute_exists(pk) AND (attribute_not_exists(due) OR due > :d)",
                [
                    (":w", s(keys::work_pk(id))),
                    (":d", n(due_ms)),
                    (":due", s(keys::work_sk(due_ms, self.id, id))),
                ],
            )
            .await;
        match moved {
            Err(StoreError::Conflict) => Ok(()),
            other => other,
        }
    }

    /// Takes the message off the work index unless it was made due again since `seen_due_ms`.
    pub async fn settle(&self, id: MessageId, seen_due_ms: Option<i64>) -> Result<()> {
        let Some(seen) = seen_due_ms else { return Ok(()) };
        let done = self.update_meta(id, "REMOVE gsi1pk, gsi1sk, due", "due = :d", [(":d", n(seen))]).await;
        match done {
            Err(StoreError::Conflict) => Ok(()),
            other => other,
        }
    }

    /// Moves a message whose deliveries are all settled from *sending* to *finished*.
    pub async fn mark_finished(&self, id: MessageId) -> Result<()> {
        let done = self
            .update_meta(
                id,
                "SET #state = :finished",
                "#state = :sending",
                [
                    (":finished", s(MessageState::Finished.code())),
                    (":sending", s(MessageState::Sending.code())),
                ],
            )
            .await;
        match done {
            Err(StoreError::Conflict) => Ok(()),
            other => other,
        }
    }

    /// Plans of the message that never became its pages, each with the number of pages that it may have written.
    pub async fn orphan_plans(&self, id: MessageId) -> Result<Vec<(Epoch, u32)>> {
        let row = self.table.get(&keys::message_meta(self.id, id), true).await?.unwrap_or_default();
        let winner = text(&row, "epoch");
        let tried = row.get("epochs").and_then(|v| v.as_l().ok()).map(Vec::as_slice).unwrap_or_default();
        let tried = tried.iter().filter_map(|v| v.as_s().ok()?.split_once(':'));
        Ok(tried
            .filter(|(epoch, _)| Some(*epoch) != winner)
            .filter_map(|(epoch, pages)| Some((Epoch::try_from(epoch.to_owned()).ok()?, pages.parse().ok()?)))
            .collect())
    }

    /// Forgets plans whose rows are gone.
    pub async fn forget_orphans(&self, id: MessageId) -> Result<()> {
        self.update_meta(id, "REMOVE epochs", "attribute_exists(epoch)", []).await
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
