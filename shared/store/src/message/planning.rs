//! How an accepted message becomes pages of deliveries: tried, put off, planned or rejected.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::AuditEvent;
use domain::ids::{Epoch, MessageId};
use domain::message::MessageState;

use crate::error::{Result, StoreError};
use crate::table::{n, s, text};
use crate::update::unless_conflict;
use crate::{School, keys};

/// Nobody has planned the message or ended it.
pub(crate) const UNPLANNED: &str = "attribute_not_exists(epoch) AND #state = :queued";

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
    /// Version of the address book that it was made from.
    pub book: u64,
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
    /// When the message needs the next look.
    pub due_ms: i64,
}

/// How accepted messages become pages of deliveries.
#[derive(Debug, Clone, Copy)]
pub struct Planning<'a> {
    pub(crate) school: &'a School,
}

impl Planning<'_> {
    /// Counts a try at planning; `false` if the message waits for a plan no longer.
    pub async fn begin_try(self, id: MessageId) -> Result<bool> {
        let values = [(":one", n(1)), (":queued", s(MessageState::Queued.code()))];
        let done = self.school.update_meta(id, "ADD tries :one", UNPLANNED, values).await;
        unless_conflict(done)
    }

    /// Takes a try back that found the address book held by an upload, and says when to look whether the job that
    /// tries again was lost; `false` if the message waits for a plan no longer.
    pub async fn wait_for_book(self, id: MessageId, due_ms: i64) -> Result<bool> {
        let done = self
            .school
            .update_meta(
                id,
                "SET gsi1pk = :w, gsi1sk = :due, due = :d ADD tries :back",
                UNPLANNED,
                [(":back", n(-1)), (":queued", s(MessageState::Queued.code()))]
                    .into_iter()
                    .chain(self.school.due_values(id, due_ms)),
            )
            .await;
        unless_conflict(done)
    }

    /// Takes a try back of a message that waits for the sync run that began at `since_ms`, and says when to look
    /// whether the job that tries again was lost. `let_down`: that run did not finish. `false` if the message waits for
    /// a plan no longer, or somebody had it sent all the same.
    pub async fn wait_for_sync(
        self,
        id: MessageId,
        since_ms: i64,
        let_down: bool,
        due_ms: i64,
    ) -> Result<bool> {
        let told = if let_down { ", sync_let_down = :since" } else { "" };
        let update =
            format!("SET gsi1pk = :w, gsi1sk = :due, due = :d, sync_since = :since{told} ADD tries :back");
        let values = [(":since", n(since_ms)), (":back", n(-1)), (":queued", s(MessageState::Queued.code()))];
        let values = values.into_iter().chain(self.school.due_values(id, due_ms));
        let condition = format!("{UNPLANNED} AND attribute_not_exists(sync_waived)");
        unless_conflict(self.school.update_meta(id, &update, &condition, values).await)
    }

    /// Has a message that waits for a sync run sent without it. `false` if it does not wait.
    pub async fn waive_sync(self, id: MessageId, event: &AuditEvent, now_ms: i64) -> Result<bool> {
        let values = [(":now", n(now_ms)), (":queued", s(MessageState::Queued.code()))];
        let condition = format!("{UNPLANNED} AND attribute_exists(sync_since)");
        let key = keys::message_meta(self.school.id, id);
        let waive = self.school.table.tx_update(&key, "SET sync_waived = :now", Some(&condition), values)?;
        unless_conflict(self.school.transact_recorded(vec![waive], event, now_ms).await)
    }

    /// Says that a plan is still being made, so that nobody looks after it before `due_ms`; `false` if the message
    /// waits for a plan no longer.
    pub async fn extend(self, id: MessageId, due_ms: i64) -> Result<bool> {
        let queued = (":queued", s(MessageState::Queued.code()));
        let values = self.school.due_values(id, due_ms).into_iter().chain([queued]);
        let done =
            self.school.update_meta(id, "SET gsi1pk = :w, gsi1sk = :due, due = :d", UNPLANNED, values).await;
        unless_conflict(done)
    }

    /// Notes that a plan of so many pages begins, so that its rows are found again if it never ends. `false` if the
    /// message waits for a plan no longer: then nothing may be written.
    pub async fn begin(self, id: MessageId, epoch: &Epoch, pages: u32) -> Result<bool> {
        let done = self
            .school
            .update_meta(
                id,
                "SET epochs = list_append(if_not_exists(epochs, :none), :e)",
                UNPLANNED,
                [
                    (":none", AttributeValue::L(vec![])),
                    (":e", AttributeValue::L(vec![s(format!("{epoch}:{pages}"))])),
                    (":queued", s(MessageState::Queued.code())),
                ],
            )
            .await;
        unless_conflict(done)
    }

    /// Makes a plan's pages the message's own, if no other plan was first, it is not stopped and its revision is the
    /// same. `false` for a loser.
    pub async fn commit(self, id: MessageId, plan: &WrittenPlan<'_>) -> Result<bool> {
        let WrittenPlan { revision, epoch, pages, unreachable, book, now_ms, due_ms } = *plan;
        let done = self
            .school.update_meta(
                id,
                "SET epoch = :e, pages = :p, unreachable = :u, book_v = :b, nudged = :now, #state = :sending, gsi1sk = :due, due = :d ADD news :one",
                "attribute_not_exists(epoch) AND #state = :queued AND revision = :r",
                [
                    (":e", s(epoch.as_str())),
                    (":p", n(pages)),
                    (":u", n(unreachable)),
                    (":b", n(book)),
                    (":now", n(now_ms)),
                    (":r", n(revision)),
                    (":one", n(1)),
                    (":d", n(due_ms)),
                    (":due", s(keys::work_sk(due_ms, self.school.id, id))),
                    (":sending", s(MessageState::Sending.code())),
                    (":queued", s(MessageState::Queued.code())),
                ],
            )
            .await;
        match done {
            Ok(()) => Ok(true),
            // The answer to our own write may have been lost and the SDK have tried again.
            Err(StoreError::Conflict) => {
                Ok(self.school.messages().meta(id).await?.is_some_and(|m| m.epoch.as_ref() == Some(epoch)))
            }
            Err(e) => Err(e),
        }
    }

    /// Ends a message that cannot be planned, saying why in plain words. Nothing was sent. It is due at once: a look
    /// clears up after it and brings the history up to date.
    pub async fn reject(self, id: MessageId, reason: &str, now_ms: i64) -> Result<()> {
        let done = self
            .school
            .update_meta(
                id,
                "SET #state = :rejected, reason = :why, gsi1pk = :w, gsi1sk = :due, due = :d ADD news :one",
                UNPLANNED,
                [
                    (":rejected", s(MessageState::Rejected.code())),
                    (":queued", s(MessageState::Queued.code())),
                    (":why", s(reason)),
                    (":one", n(1)),
                ]
                .into_iter()
                .chain(self.school.due_values(id, now_ms)),
            )
            .await;
        unless_conflict(done).map(|_| ())
    }

    /// Plans of the message that never became its pages, each with the number of pages that it may have written.
    pub async fn orphans(self, id: MessageId) -> Result<Vec<(Epoch, u32)>> {
        let row =
            self.school.table.get(&keys::message_meta(self.school.id, id), true).await?.unwrap_or_default();
        let winner = text(&row, "epoch");
        let tried = row.get("epochs").and_then(|v| v.as_l().ok()).map(Vec::as_slice).unwrap_or_default();
        let tried = tried.iter().filter_map(|v| v.as_s().ok()?.split_once(':'));
        Ok(tried
            .filter(|(epoch, _)| Some(*epoch) != winner)
            .filter_map(|(epoch, pages)| Some((Epoch::try_from(epoch.to_owned()).ok()?, pages.parse().ok()?)))
            .collect())
    }

    /// Forgets plans whose rows are gone. `Conflict` for a message that may still be planned: one of them may win.
    pub async fn forget_orphans(self, id: MessageId) -> Result<()> {
        let over =
            [(":stopped", s(MessageState::Stopped.code())), (":rejected", s(MessageState::Rejected.code()))];
        let condition = "attribute_exists(epoch) OR #state IN (:stopped, :rejected)";
        self.school.update_meta(id, "REMOVE epochs", condition, over).await
    }
}
