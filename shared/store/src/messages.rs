//! A message's own rows: META (where it stands), BODY (what it says, immutable), and its line in the history.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::channel::Channel;
use domain::ids::{Epoch, MessageId, SchoolId};
use domain::message::{Message, MessageState, Purpose};
use domain::settings::Settings;
use domain::usage::{Days, Totals};
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::keys::{self, Key};
use crate::table::{Row, from_row, key_row, n, number, s, text, to_row};
use crate::{School, Store};

/// How long an idempotency key is remembered, in seconds.
const IDEMPOTENCY_SECONDS: i64 = 7 * 24 * 3_600;

/// Who composed a message. The name is kept as it was: history has no gaps when a user is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Id of the user or of the API key.
    pub id: String,
    /// Their name then.
    pub name: String,
}

/// Where a message stands as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The message.
    pub id: MessageId,
    /// Its state.
    pub state: MessageState,
    /// Moves with every edit before it is planned.
    pub revision: u32,
    /// What it is for.
    pub purpose: Purpose,
    /// Who wrote it.
    pub author: Author,
    /// When it was accepted, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it needs work next; `None` once nothing more can be learnt.
    pub due_ms: Option<i64>,
    /// When waiting pages were last put into the queue once more, in milliseconds since 1970.
    pub nudged_ms: i64,
    /// The plan that became its pages.
    pub epoch: Option<Epoch>,
    /// Number of pages.
    pub pages: u32,
    /// Contacts that could not be reached when it was planned.
    pub unreachable: u32,
    /// Moves with every recount.
    pub counted_version: u32,
    /// What has been added to the school's usage for it.
    pub counted: Days,
    /// Its deliveries by state, as last counted.
    pub totals: Totals,
    /// Why it was rejected, in plain words.
    pub reason: Option<String>,
}

/// What a message says and in whose name: fixed when it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The message as composed.
    pub message: Message,
    /// The school's settings as they were: sender, header, names.
    pub settings: Settings,
}

/// A message's line in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The message.
    pub id: MessageId,
    /// Subject, or the start of the text.
    pub headline: String,
    /// Who wrote it.
    pub author: Author,
    /// When, in milliseconds since 1970.
    pub created_ms: i64,
    /// What it is for.
    pub purpose: Purpose,
    /// The channels it uses.
    pub channels: Vec<Channel>,
    /// Its state when it was last counted.
    pub state: MessageState,
    /// Its deliveries by state when it was last counted.
    #[serde(default)]
    pub totals: BTreeMap<String, u64>,
}

/// A message to accept.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// What it says and in whose name.
    pub body: Body,
    /// Who wrote it.
    pub author: Author,
}

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

/// A key that makes a repeated request harmless.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// SHA-256 of the caller's key, in hex.
    pub key_hash: String,
    /// SHA-256 of the request, in hex.
    pub body_hash: String,
}

/// What became of a request to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// The message is in the table: it will be sent.
    New,
    /// The same request came before and made this message.
    Before(MessageId),
    /// The key was used for another request.
    KeyReused,
}

impl School {
    /// Accepts a message: idempotency key, META, BODY and the history's line, all or nothing (DESIGN §4.1). It is due
    /// for the sweep at `due_ms` in case the job that plans it is lost.
    pub async fn accept(
        &self,
        new: &NewMessage,
        idempotency: Option<&IdempotencyKey>,
        now_ms: i64,
        due_ms: i64,
    ) -> Result<Accepted> {
        let message = &new.body.message;
        let summary = Summary {
            id: new.id,
            headline: message.headline(),
            author: new.author.clone(),
            created_ms: now_ms,
            purpose: message.purpose,
            channels: message.channels().collect(),
            state: MessageState::Queued,
            totals: BTreeMap::new(),
        };
        let mut items = vec![
            self.table.tx_put(meta_row(self.id, new, now_ms, due_ms), Some("attribute_not_exists(pk)"))?,
            self.table.tx_put(to_row("body", &keys::message_body(self.id, new.id), &new.body)?, None)?,
            self.table.tx_put(to_row("summary", &keys::summary(self.id, new.id), &summary)?, None)?,
        ];
        if let Some(idempotency) = idempotency {
            let mut row = key_row(&keys::idempotency(self.id, &idempotency.key_hash));
            row.insert("message".to_owned(), s(new.id.to_string()));
            row.insert("body_hash".to_owned(), s(&*idempotency.body_hash));
            row.insert(keys::TTL.to_owned(), n(now_ms / 1_000 + IDEMPOTENCY_SECONDS));
            items.push(self.table.tx_put_unless_live(row, now_ms / 1_000)?);
        }
        match self.table.transact(items, Some(new.id.to_string())).await {
            Ok(()) => Ok(Accepted::New),
            Err(StoreError::Conflict) => self.accepted_before(new.id, idempotency).await,
            Err(e) => Err(e),
        }
    }

    /// Somebody was first: this very request whose answer was lost, the same key, or the same key for something else.
    async fn accepted_before(&self, id: MessageId, idempotency: Option<&IdempotencyKey>) -> Result<Accepted> {
        let Some(idempotency) = idempotency else {
            return Err(StoreError::Conflict);
        };
        let key = keys::idempotency(self.id, &idempotency.key_hash);
        let row = self.table.get(&key, true).await?.ok_or(StoreError::Conflict)?;
        if text(&row, "body_hash") != Some(&*idempotency.body_hash) {
            return Ok(Accepted::KeyReused);
        }
        let first: MessageId = text(&row, "message")
            .and_then(|t| t.parse().ok())
            .ok_or_else(|| StoreError::corrupt("idempotency key", "message"))?;
        Ok(if first == id { Accepted::New } else { Accepted::Before(first) })
    }

    /// Where a message stands. `None` if this school has no such message.
    pub async fn meta(&self, id: MessageId) -> Result<Option<Meta>> {
        let row = self.table.get(&keys::message_meta(self.id, id), true).await?;
        row.map(|row| read_meta(id, &row)).transpose()
    }

    /// What a message says.
    pub async fn body(&self, id: MessageId) -> Result<Body> {
        let row = self.table.get(&keys::message_body(self.id, id), true).await?;
        from_row("body", row.ok_or(StoreError::NotFound("message"))?)
    }

    /// The history, newest first: up to `limit` lines before `before`.
    pub async fn summaries(&self, before: Option<MessageId>, limit: i32) -> Result<Vec<Summary>> {
        let before = before.map(|id| id.to_string());
        let pk = keys::school_pk(self.id);
        let rows = self.table.newest(&pk, keys::SUMMARY_PREFIX, before.as_deref(), limit).await?;
        rows.into_iter().map(|row| from_row("summary", row)).collect()
    }

    /// Notes that a plan of so many pages begins, so that its rows are found again if it never ends.
    pub async fn begin_plan(&self, id: MessageId, epoch: &Epoch, pages: u32) -> Result<()> {
        self.update_meta(
            id,
            "SET epochs = list_append(if_not_exists(epochs, :none), :e)",
            "attribute_exists(pk)",
            [(":none", AttributeValue::L(vec![])), (":e", AttributeValue::L(vec![s(format!("{epoch}:{pages}"))]))],
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
            Err(StoreError::Conflict) => Ok(self.meta(id).await?.is_some_and(|m| m.epoch.as_ref() == Some(epoch))),
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

    /// Says when the message needs work next.
    pub async fn set_due(&self, id: MessageId, due_ms: i64) -> Result<()> {
        self.update_meta(
            id,
            "SET gsi1pk = :w, gsi1sk = :due, due = :d",
            "attribute_exists(pk)",
            [(":w", s(keys::work_pk(id))), (":d", n(due_ms)), (":due", s(keys::work_sk(due_ms, self.id, id)))],
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
                [(":w", s(keys::work_pk(id))), (":d", n(due_ms)), (":due", s(keys::work_sk(due_ms, self.id, id)))],
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

    /// Brings the history's line up to date.
    pub async fn update_summary(&self, id: MessageId, state: MessageState, totals: &Totals) -> Result<()> {
        let totals = totals.iter().map(|(state, count)| (state.code().to_owned(), n(count))).collect();
        self.update(
            &keys::summary(self.id, id),
            "SET #state = :s, totals = :t",
            "attribute_exists(pk)",
            [(":s", s(state.code())), (":t", AttributeValue::M(totals))],
        )
        .await
    }

    pub(crate) async fn update_meta(
        &self,
        id: MessageId,
        update: &str,
        condition: &str,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Result<()> {
        self.update(&keys::message_meta(self.id, id), update, condition, values).await
    }

    async fn update(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Result<()> {
        let mut call = self
            .table
            .client
            .update_item()
            .table_name(&*self.table.name)
            .set_key(Some(key_row(key)))
            .update_expression(update)
            .condition_expression(condition);
        if update.contains("#state") || condition.contains("#state") {
            call = call.expression_attribute_names("#state", "state");
        }
        for (name, value) in values {
            call = call.expression_attribute_values(name, value);
        }
        call.send().await.map_err(|e| StoreError::sdk("update", &e))?;
        Ok(())
    }
}

impl Store {
    /// Messages whose work is due, from one of the index's 16 partitions. The index may lag: every job that comes of
    /// it looks at the message itself.
    pub async fn due_messages(&self, shard: u8, now_ms: i64, limit: i32) -> Result<Vec<(SchoolId, MessageId)>> {
        let got = self
            .table
            .client
            .query()
            .table_name(&*self.table.name)
            .index_name(keys::WORK_INDEX)
            .key_condition_expression("gsi1pk = :p AND gsi1sk <= :due")
            .expression_attribute_values(":p", s(keys::work_shard(shard)))
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

fn meta_row(school: SchoolId, new: &NewMessage, now_ms: i64, due_ms: i64) -> Row {
    let mut row = key_row(&keys::message_meta(school, new.id));
    row.insert("state".to_owned(), s(MessageState::Queued.code()));
    row.insert("revision".to_owned(), n(1));
    row.insert("purpose".to_owned(), s(new.body.message.purpose.code()));
    row.insert("author".to_owned(), s(&*new.author.id));
    row.insert("author_name".to_owned(), s(&*new.author.name));
    row.insert("created".to_owned(), n(now_ms));
    row.insert("due".to_owned(), n(due_ms));
    row.insert(keys::WORK_PK.to_owned(), s(keys::work_pk(new.id)));
    row.insert(keys::WORK_SK.to_owned(), s(keys::work_sk(due_ms, school, new.id)));
    row
}

pub(crate) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<AttributeValue> {
    serde_json::to_string(value).map(AttributeValue::S).map_err(|e| StoreError::corrupt(what, e))
}

pub(crate) fn read_json<T: serde::de::DeserializeOwned + Default>(
    what: &'static str,
    row: &Row,
    name: &str,
) -> Result<T> {
    match text(row, name) {
        None => Ok(T::default()),
        Some(json) => serde_json::from_str(json).map_err(|e| StoreError::corrupt(what, e)),
    }
}

fn read_meta(id: MessageId, row: &Row) -> Result<Meta> {
    let missing = |name: &str| StoreError::corrupt("message", format!("{name} is missing or unknown"));
    let word = |name: &str| text(row, name).ok_or_else(|| missing(name));
    let state = [
        MessageState::Queued,
        MessageState::Sending,
        MessageState::Finished,
        MessageState::Stopped,
        MessageState::Rejected,
    ];
    let code = word("state")?;
    Ok(Meta {
        id,
        state: state.into_iter().find(|s| s.code() == code).ok_or_else(|| missing("state"))?,
        revision: number(row, "revision").ok_or_else(|| missing("revision"))?,
        purpose: Purpose::from_code(word("purpose")?).ok_or_else(|| missing("purpose"))?,
        author: Author { id: word("author")?.to_owned(), name: word("author_name")?.to_owned() },
        created_ms: number(row, "created").ok_or_else(|| missing("created"))?,
        due_ms: number(row, "due"),
        nudged_ms: number(row, "nudged").unwrap_or(0),
        epoch: text(row, "epoch").map(|e| Epoch::try_from(e.to_owned())).transpose().map_err(|_| missing("epoch"))?,
        pages: number(row, "pages").unwrap_or(0),
        unreachable: number(row, "unreachable").unwrap_or(0),
        counted_version: number(row, "counted_version").unwrap_or(0),
        counted: read_json("message", row, "counted")?,
        totals: read_json("message", row, "totals")?,
        reason: text(row, "reason").map(str::to_owned),
    })
}
