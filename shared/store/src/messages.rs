//! A message's own rows: META (where it stands), BODY (what it says; fixed once nobody has
//! to authorise it any more), and its line in the history.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::approval::Held;
use domain::channel::Channel;
use domain::content::Part;
use domain::ids::{Epoch, MessageId, SchoolId};
use domain::message::{Message, MessageState, Purpose};
use domain::settings::Settings;
use domain::usage::{Days, Totals};
use serde::{Deserialize, Serialize};

use crate::School;
use crate::error::{Result, StoreError};
use crate::keys::{self, Key};
use crate::table::{Row, from_row, key_row, n, number, s, text, to_row};

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

/// What somebody changed of a message that waited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// Who.
    pub by: Author,
    /// When last, in milliseconds since 1970.
    pub at_ms: i64,
    /// The revision that they left.
    pub revision: u32,
    /// What, in order.
    pub parts: Vec<Part>,
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
    /// Pages that waited or were held at the last look: while they become fewer, jobs are flowing.
    pub waiting: u32,
    /// The plan that became its pages.
    pub epoch: Option<Epoch>,
    /// Number of pages.
    pub pages: u32,
    /// Contacts that could not be reached when it was planned.
    pub unreachable: u32,
    /// Version of the address book that it was planned from; 0 until then.
    pub book: u64,
    /// Moves with every recount.
    pub counted_version: u32,
    /// What has been added to the school's usage for it.
    pub counted: Days,
    /// Its deliveries by state, as last counted.
    pub totals: Totals,
    /// Why it was rejected, in plain words.
    pub reason: Option<String>,
    /// Moves with everything that a look under way may have missed.
    pub news: u32,
    /// Tries at planning it.
    pub tries: u32,
    /// Up to where silent deliveries have been asked for: when one fell due, and its place in the plan.
    pub fetched: (i64, u32),
    /// How it was last handed over to be counted.
    pub finishing: Finishing,
    /// Why it waits, or waited, for somebody to authorise it.
    pub held: Option<Held>,
    /// The revision that was authorised, if it may go only to those who were: see [`Approvals::approved_people`](crate::Approvals::approved_people).
    pub approved: Option<u32>,
    /// Who gave it another text while it waited, the latest last.
    pub edits: Vec<Edited>,
    /// Whether, and how, it waits for a sync run.
    pub unsynced: Unsynced,
    /// Most deliveries that it may become.
    pub cap: Option<u32>,
}

impl Meta {
    /// Whether an edit came after the message was last authorised; each did if it never was.
    pub fn is_since_approved(&self, edit: &Edited) -> bool {
        self.approved.is_none_or(|approved| edit.revision > approved)
    }
}

/// How a message stands to the sync run that was at work when it was confirmed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsynced {
    /// When that run began, in milliseconds since 1970: the message goes once one that began then or later has finished.
    /// `None` if it never had to wait.
    pub since_ms: Option<i64>,
    /// That run did not finish, and its author was told.
    pub let_down: bool,
    /// Somebody had it sent all the same.
    pub waived: bool,
}

/// How a message was handed over to be counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finishing {
    /// Its `counted_version` then.
    #[serde(rename = "v")]
    pub version: u32,
    /// How often, at that version.
    #[serde(rename = "n")]
    pub times: u32,
    /// When last, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at_ms: i64,
}

/// What a message says and in whose name: fixed when it is accepted, or authorised where that is needed.
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
    /// Most deliveries that it may become: the cap of the API key that sends it.
    pub cap: Option<u32>,
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

/// Messages: what they say, where they stand, and the history.
#[derive(Debug, Clone, Copy)]
pub struct Messages<'a> {
    pub(crate) school: &'a School,
}

impl Messages<'_> {
    /// Accepts a message: idempotency key, META, BODY and the history's line, all or nothing (DESIGN §4.1). It is due
    /// for the sweep at `due_ms` in case the job that plans it is lost.
    pub async fn accept(
        self,
        new: &NewMessage,
        idempotency: Option<&IdempotencyKey>,
        now_ms: i64,
        due_ms: i64,
    ) -> Result<Accepted> {
        let items =
            self.school.accepted_rows(new, idempotency, MessageState::Queued, now_ms, Some(due_ms), [])?;
        match self.school.table.transact(items, Some(new.id.to_string())).await {
            Ok(()) => Ok(Accepted::New),
            Err(StoreError::Conflict) => self.accepted_before(new.id, idempotency).await,
            Err(e) => Err(e),
        }
    }

    /// Somebody was first: this very request whose answer was lost, the same key, or the same key for something else.
    pub(crate) async fn accepted_before(
        self,
        id: MessageId,
        idempotency: Option<&IdempotencyKey>,
    ) -> Result<Accepted> {
        let Some(idempotency) = idempotency else {
            return Err(StoreError::Conflict);
        };
        Ok(match self.accepted_as(idempotency, 0).await?.ok_or(StoreError::Conflict)? {
            Accepted::Before(first) if first == id => Accepted::New,
            other => other,
        })
    }

    /// What a request with this key came to when it was made before; `None` if it never was. A repeated request is
    /// answered from here, whatever has become of the address book since.
    pub async fn accepted_as(self, idempotency: &IdempotencyKey, now_ms: i64) -> Result<Option<Accepted>> {
        let key = keys::idempotency(self.school.id, &idempotency.key_hash);
        let live = |row: &Row| number::<i64>(row, keys::TTL).is_none_or(|ttl| ttl >= now_ms / 1_000);
        let Some(row) = self.school.table.get(&key, true).await?.filter(live) else { return Ok(None) };
        if text(&row, "body_hash") != Some(&*idempotency.body_hash) {
            return Ok(Some(Accepted::KeyReused));
        }
        let first = text(&row, "message").and_then(|t| t.parse().ok());
        first
            .map(|first| Some(Accepted::Before(first)))
            .ok_or_else(|| StoreError::corrupt("idempotency key", "message"))
    }

    /// The status of a message. `None` if this school has no such message.
    pub async fn meta(self, id: MessageId) -> Result<Option<Meta>> {
        let row = self.school.table.get(&keys::message_meta(self.school.id, id), true).await?;
        row.map(|row| read_meta(id, &row)).transpose()
    }

    /// What a message says.
    pub async fn body(self, id: MessageId) -> Result<Body> {
        let row = self.school.table.get(&keys::message_body(self.school.id, id), true).await?;
        from_row("body", row.ok_or(StoreError::NotFound("message"))?)
    }

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
            .update(
                &keys::summary(self.school.id, id),
                "SET #state = :s, totals = :t",
                "attribute_exists(pk)",
                [(":s", s(state.code())), (":t", AttributeValue::M(totals))],
            )
            .await
    }
}

impl School {
    /// The rows of a message that comes in; `more` are attributes of its META.
    pub(crate) fn accepted_rows<const N: usize>(
        &self,
        new: &NewMessage,
        idempotency: Option<&IdempotencyKey>,
        state: MessageState,
        now_ms: i64,
        due_ms: Option<i64>,
        more: [(&str, AttributeValue); N],
    ) -> Result<Vec<TransactWriteItem>> {
        let message = &new.body.message;
        let summary = Summary {
            id: new.id,
            headline: message.contents.headline(),
            author: new.author.clone(),
            created_ms: now_ms,
            purpose: message.purpose,
            channels: message.contents.channels().collect(),
            state,
            totals: BTreeMap::new(),
        };
        let mut meta = meta_row(self.id, new, state, now_ms, due_ms);
        meta.extend(more.map(|(name, value)| (name.to_owned(), value)));
        let mut items = vec![
            self.table.tx_put(meta, Some("attribute_not_exists(pk)"))?,
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
        Ok(items)
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

    pub(crate) async fn update(
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

fn meta_row(
    school: SchoolId,
    new: &NewMessage,
    state: MessageState,
    now_ms: i64,
    due_ms: Option<i64>,
) -> Row {
    let mut row = key_row(&keys::message_meta(school, new.id));
    row.insert("state".to_owned(), s(state.code()));
    row.insert("revision".to_owned(), n(1));
    row.insert("purpose".to_owned(), s(new.body.message.purpose.code()));
    row.insert("author".to_owned(), s(&*new.author.id));
    row.insert("author_name".to_owned(), s(&*new.author.name));
    row.insert("created".to_owned(), n(now_ms));
    row.extend(new.cap.map(|cap| ("cap".to_owned(), n(cap))));
    if let Some(due_ms) = due_ms {
        row.insert("due".to_owned(), n(due_ms));
        row.insert(keys::WORK_PK.to_owned(), s(keys::work_pk(new.id)));
        row.insert(keys::WORK_SK.to_owned(), s(keys::work_sk(due_ms, school, new.id)));
    }
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
    let code = word("state")?;
    Ok(Meta {
        id,
        state: MessageState::ALL.into_iter().find(|s| s.code() == code).ok_or_else(|| missing("state"))?,
        revision: number(row, "revision").ok_or_else(|| missing("revision"))?,
        purpose: Purpose::from_code(word("purpose")?).ok_or_else(|| missing("purpose"))?,
        author: Author { id: word("author")?.to_owned(), name: word("author_name")?.to_owned() },
        created_ms: number(row, "created").ok_or_else(|| missing("created"))?,
        due_ms: number(row, "due"),
        nudged_ms: number(row, "nudged").unwrap_or(0),
        waiting: number(row, "waiting").unwrap_or(u32::MAX),
        epoch: text(row, "epoch")
            .map(|e| Epoch::try_from(e.to_owned()))
            .transpose()
            .map_err(|_| missing("epoch"))?,
        pages: number(row, "pages").unwrap_or(0),
        unreachable: number(row, "unreachable").unwrap_or(0),
        book: number(row, "book_v").unwrap_or(0),
        counted_version: number(row, "counted_version").unwrap_or(0),
        counted: read_json("message", row, "counted")?,
        totals: read_json("message", row, "totals")?,
        reason: text(row, "reason").map(str::to_owned),
        news: number(row, "news").unwrap_or(0),
        tries: number(row, "tries").unwrap_or(0),
        fetched: read_json("message", row, "fetched")?,
        finishing: read_json("message", row, "finishing")?,
        held: text(row, "held").and_then(Held::from_code),
        approved: number(row, "approved"),
        edits: read_json("message", row, "edits")?,
        cap: number(row, "cap"),
        unsynced: Unsynced {
            since_ms: number(row, "sync_since"),
            let_down: row.contains_key("sync_let_down"),
            waived: row.contains_key("sync_waived"),
        },
    })
}
