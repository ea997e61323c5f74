//! A message's own rows: META (where it stands), BODY (what it says; fixed once nobody has
//! to authorise it any more), and its line in the history.

pub(crate) mod accept;
pub(crate) mod approvals;
pub(crate) mod at_work;
pub(crate) mod family_notices;
pub(crate) mod history;
pub(crate) mod pacing;
pub(crate) mod pages;
pub(crate) mod pins;
pub(crate) mod planning;
pub(crate) mod progress;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::approval::Held;
use domain::channel::Channel;
use domain::content::Part;
use domain::ids::{Epoch, MessageId};
use domain::message::{Message, MessageState, Purpose};
use domain::settings::Settings;
use domain::usage::{Days, Totals};
use serde::{Deserialize, Serialize};

use crate::School;
use crate::error::{Result, StoreError};
use crate::keys;
use crate::table::{Row, from_row, number, read_json, text};

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
    /// The revision that was authorised, if it may go only to those who were: see
    /// [`Approvals::approved_people`](crate::Approvals::approved_people).
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
    /// When that run began, in milliseconds since 1970: the message goes once one that began then or later has
    /// finished.
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

/// Messages: what they say, where they stand, and the history.
#[derive(Debug, Clone, Copy)]
pub struct Messages<'a> {
    pub(crate) school: &'a School,
}

impl Messages<'_> {
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
}

impl School {
    pub(crate) async fn update_meta(
        &self,
        id: MessageId,
        update: &str,
        condition: &str,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Result<()> {
        self.table.update(&keys::message_meta(self.id, id), update, condition, values).await
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
