//! How a message comes in: with all its rows, or not at all.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::approval::{Figures, Held, Recipients};
use domain::attendance::About;
use domain::audit::AuditEvent;
use domain::ids::{MessageId, SchoolId};
use domain::message::MessageState;

use crate::error::{Result, StoreError};
use crate::message::family_notices::ToldBy;
use crate::message::{Author, Body, Messages, Summary};
use crate::table::{Row, json, key_row, n, number, s, text, to_row};
use crate::{School, keys};

/// How long an idempotency key is remembered, in seconds.
const IDEMPOTENCY_SECONDS: i64 = 7 * 24 * 3_600;
/// Tries at who was told, which others may change meanwhile.
const TRIES: u32 = 6;

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

/// How a message comes in.
#[derive(Debug, Clone, Copy)]
pub enum Entrance<'a> {
    /// It is planned at once, for whomever its audience is then.
    Open,
    /// It is planned at once, and waits should more people get it than these.
    Approved(&'a Recipients),
    /// It waits for somebody to authorise it.
    Waits(&'a Hold),
}

/// What is kept with a message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Why it waits.
    pub why: Held,
    /// What it came to when it was written.
    pub figures: Figures,
    /// Whom it reached then.
    pub recipients: Recipients,
}

impl Messages<'_> {
    /// Accepts a message: idempotency key, META, BODY and the history's line, all or nothing (ARCHITECTURE §4.1). It is
    /// due for the sweep at `due_ms` in case the job that plans it is lost.
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

    /// Accepts a message of a member of staff, with its line in the audit log: all or nothing. `pin` is what the PIN
    /// was given for, if one was asked for: it is spent by this, once. `Conflict` if it was spent before.
    #[expect(clippy::too_many_arguments, reason = "one transaction of all of it")]
    pub async fn accept_recorded(
        self,
        new: &NewMessage,
        idempotency: Option<&IdempotencyKey>,
        entrance: Entrance<'_>,
        pin: Option<&str>,
        event: &AuditEvent,
        now_ms: i64,
        due_ms: i64,
    ) -> Result<Accepted> {
        let mut items = self.school.entrance_rows(new, idempotency, entrance, now_ms, due_ms)?;
        if let Some(about) = pin {
            items.push(self.school.spend_pin(new.id, about)?);
        }
        if let Some(about) = new.body.message.to.about {
            return self.accept_about(new, idempotency, about, &items, event, now_ms).await;
        }
        self.accepted(new, idempotency, self.school.transact_recorded(items, event, now_ms).await).await
    }

    /// As [`Messages::accept_recorded`], for a message that tells of a matter of a session: it takes its pupils on in
    /// the same transaction, so that no other message tells their families of the same.
    async fn accept_about(
        self,
        new: &NewMessage,
        idempotency: Option<&IdempotencyKey>,
        about: About,
        items: &[TransactWriteItem],
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<Accepted> {
        let (pupils, notices) = (&new.body.message.to.pupils, self.school.family_notices());
        let by = ToldBy { message: new.id, at_ms: now_ms, adults: Vec::new(), went: false };
        for _ in 0..TRIES {
            let told = notices.row(about).await?;
            if pupils.iter().any(|pupil| told.families.told.contains_key(pupil)) {
                // By this very request, if it was made before.
                return match self.accepted(new, idempotency, Err(StoreError::Conflict)).await {
                    Err(StoreError::Conflict) => Err(StoreError::Told),
                    before => before,
                };
            }
            let mut all = items.to_vec();
            all.push(notices.tx_claim(about, &told, pupils, &by)?);
            let tried = self.school.transact_recorded(all, event, now_ms).await;
            match self.accepted(new, idempotency, tried).await {
                Err(StoreError::Conflict) if notices.row(about).await?.has_moved(&told) => {}
                done => return done,
            }
        }
        Err(StoreError::Busy)
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

    /// What a try at accepting a message came to.
    async fn accepted(
        self,
        new: &NewMessage,
        idempotency: Option<&IdempotencyKey>,
        tried: Result<()>,
    ) -> Result<Accepted> {
        match tried {
            Ok(()) => Ok(Accepted::New),
            // Somebody was first; or the answer to our own write was lost and the SDK has tried again.
            Err(StoreError::Conflict) if idempotency.is_some() => {
                self.accepted_before(new.id, idempotency).await
            }
            Err(StoreError::Conflict) => match self.meta(new.id).await? {
                Some(meta) if meta.author == new.author => Ok(Accepted::New),
                _ => Err(StoreError::Conflict),
            },
            Err(e) => Err(e),
        }
    }

    /// Somebody was first: this very request whose answer was lost, the same key, or the same key for something else.
    async fn accepted_before(self, id: MessageId, idempotency: Option<&IdempotencyKey>) -> Result<Accepted> {
        let Some(idempotency) = idempotency else {
            return Err(StoreError::Conflict);
        };
        Ok(match self.accepted_as(idempotency, 0).await?.ok_or(StoreError::Conflict)? {
            Accepted::Before(first) if first == id => Accepted::New,
            other => other,
        })
    }
}

impl School {
    /// The rows of a message of a member of staff, as it comes in.
    fn entrance_rows(
        &self,
        new: &NewMessage,
        idempotency: Option<&IdempotencyKey>,
        entrance: Entrance<'_>,
        now_ms: i64,
        due_ms: i64,
    ) -> Result<Vec<TransactWriteItem>> {
        let (queued, awaiting) = (MessageState::Queued, MessageState::AwaitingAuthorisation);
        match entrance {
            Entrance::Open => self.accepted_rows(new, idempotency, queued, now_ms, Some(due_ms), []),
            Entrance::Approved(people) => {
                let approved = [("approved", n(1))];
                let mut items =
                    self.accepted_rows(new, idempotency, queued, now_ms, Some(due_ms), approved)?;
                items.extend(self.people_rows(new.id, keys::APPROVED_PREFIX, people)?);
                Ok(items)
            }
            Entrance::Waits(hold) => {
                let held = [("held", s(hold.why.code()))];
                let mut items = self.accepted_rows(new, idempotency, awaiting, now_ms, None, held)?;
                items.push(self.line_of(new.id, &new.author, hold.why, now_ms)?);
                let mut row = key_row(&keys::message_held(self.id, new.id));
                row.insert("at_ms".to_owned(), n(now_ms));
                row.insert("figures".to_owned(), json("message", &hold.figures)?);
                items.push(self.table.tx_put(row, None)?);
                items.extend(self.people_rows(new.id, keys::WROTE_PREFIX, &hold.recipients)?);
                Ok(items)
            }
        }
    }

    /// The rows of a message that comes in; `more` are attributes of its META.
    fn accepted_rows<const N: usize>(
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
