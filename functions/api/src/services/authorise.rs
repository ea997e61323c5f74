//! Messages that wait: letting them go, turning them down, giving them another text, taking them back.

use domain::approval::{Changes, Control, Figures, Held, NotYours, Recipients, may_authorise};
use domain::audit::{Act, Change};
use domain::ids::{MessageId, UserId};
use domain::message::{Message, MessageState};
use domain::notice::Notice;
use store::{Body, Edited, Meta, School};

use crate::auth::SignedIn;
use crate::error::{ApiError, Result};
use crate::services::audit::hidden;
use crate::services::jobs;
use crate::services::submit::{Checked, FIRST_LOOK_MS, changes, figures, fits, problems_of, refuse};
use crate::state::ApiState;

/// Longest reason, in characters.
pub const MAX_REASON: usize = 500;

/// A waiting message as somebody who may authorise it looks at it.
#[derive(Debug)]
pub struct Looked {
    /// Where it stands.
    pub meta: Meta,
    /// What it says, in whose name.
    pub body: Body,
    /// What may go without a PIN, as the school has it now.
    pub control: Control,
    /// What it comes to now.
    pub checked: Checked,
    /// The same in figures.
    pub figures: Figures,
    /// Whom it reaches now.
    pub recipients: Recipients,
    /// What it came to when it was written; `None` for one that went with a PIN and came back.
    pub written: Option<(i64, Figures)>,
    /// What is different since it was written, or, for one that came back, since it was authorised.
    pub changed: Changes,
    /// Who gave it another text since then.
    pub edits: Vec<Edited>,
    /// What its author wrote, where it says something else now.
    pub first: Option<Message>,
    /// Whether `changed` is since it was authorised.
    pub since_authorised: bool,
    /// Ties what is decided to what was seen.
    pub seen: String,
}

/// Looks at a waiting message. 404 if there is none of this id; 409 if it does not wait any more.
pub async fn look(state: &ApiState, school: &School, id: MessageId) -> Result<Looked> {
    // Five reads at once are a large future.
    Box::pin(look_now(state, school, id)).await
}

async fn look_now(state: &ApiState, school: &School, id: MessageId) -> Result<Looked> {
    let meta = waiting(school, id).await?;
    let (body, written, settings) = tokio::try_join!(
        school.messages().body(id),
        school.approvals().original(id),
        school.settings().get()
    )?;
    let book = school.book().current(state.books(), body.settings.country, state.now_ms()).await?;
    let checked = Checked::new(&book, &body.message, &body.settings);
    let recipients = Recipients::of(&checked.plan, &id.to_string());
    let figures = figures(&checked.costing);
    let since_authorised = meta.held == Some(Held::Grown);
    let before = if since_authorised {
        school.approvals().approved_people(&meta).await?
    } else {
        written.as_ref().map(|w| w.recipients.clone())
    };
    let changed = before.map(|before| before.changes_to(&recipients)).unwrap_or_default();
    let seen = format!("{}-{}", meta.revision, recipients.digest());
    let written = written.map(|w| (w.at_ms, w.figures));
    let control = settings.control;
    let since = |edit: &&Edited| !since_authorised || meta.is_since_approved(edit);
    let first = school.approvals().first_body(&meta.edits, id).await?;
    let edits = meta.edits.iter().filter(since).cloned().collect();
    Ok(Looked {
        meta,
        body,
        control,
        checked,
        figures,
        recipients,
        written,
        changed,
        edits,
        first: first.map(|body| body.message),
        since_authorised,
        seen,
    })
}

/// Whether this person may decide about the message, in words if not.
pub fn may_decide(by: &SignedIn, looked: &Looked) -> std::result::Result<(), NotYours> {
    let tweets = looked.body.message.contents.tweet.is_some();
    may_authorise(by.rights(), is_own(by, &looked.meta), tweets, &looked.figures, &looked.control)
}

/// Whether they wrote it.
pub fn is_own(by: &SignedIn, meta: &Meta) -> bool {
    meta.author.id == by.user.to_string()
}

/// Lets a message go to those whom the person saw. `Err` with the message as it is now, if it is not as it was `seen`.
pub async fn approve(
    state: &ApiState,
    by: &SignedIn,
    id: MessageId,
    seen: &str,
) -> Result<std::result::Result<(), Box<Looked>>> {
    let looked = look(state, &by.school, id).await?;
    decide(by, &looked)?;
    if looked.seen != seen {
        return Ok(Err(Box::new(looked)));
    }
    if !looked.checked.problems.is_empty() {
        return Err(refuse(looked.checked.problems));
    }
    let now_ms = state.now_ms();
    let changes = changes(&looked.body.message, &looked.figures);
    let event = by.audit_event(Act::MessageAuthorised, id.to_string(), changes);
    let due_ms = now_ms + FIRST_LOOK_MS;
    if !by.school.approvals().authorise(&looked.meta, &looked.recipients, &event, now_ms, due_ms).await? {
        return Err(overtaken(&by.school, id).await?);
    }
    state.statuses().forget(by.school.id(), id);
    jobs::plan(state, by.school.id(), id, looked.meta.purpose, looked.meta.revision).await;
    // Before this approval: what an earlier one let go was told then.
    if looked.edits.iter().any(|edit| edit.by.id != looked.meta.author.id) {
        tell_author(state, by, &looked.meta, |user| Notice::Edited { user, message: id }).await;
    }
    Ok(Ok(()))
}

/// Turns a message down and tells its author why.
pub async fn reject(state: &ApiState, by: &SignedIn, id: MessageId, reason: &str) -> Result<()> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        let words = format!("Say why in up to {MAX_REASON} characters: the author gets to read it.");
        return Err(ApiError::field("reason", words));
    }
    let looked = look(state, &by.school, id).await?;
    // Whoever may not let their own go may still take it back: that is another button.
    if !is_own(by, &looked.meta)
        && let Err(why) = may_decide(by, &looked)
        && !why.may_reject()
    {
        return Err(ApiError::Forbidden(why.to_string()));
    }
    let now_ms = state.now_ms();
    let event = by.audit_event(Act::MessageRejected, id.to_string(), Vec::new());
    let words = format!("{} did not authorise it: {reason}", by.name);
    if !by.school.approvals().reject(&looked.meta, &words, &event, now_ms).await? {
        return Err(overtaken(&by.school, id).await?);
    }
    state.statuses().forget(by.school.id(), id);
    jobs::watch(state, by.school.id(), id, looked.meta.purpose).await;
    tell_author(state, by, &looked.meta, |user| Notice::Rejected { user, message: id }).await;
    Ok(())
}

/// Writes to whoever wrote the message, unless it is they who decide.
async fn tell_author(state: &ApiState, by: &SignedIn, meta: &Meta, notice: impl FnOnce(UserId) -> Notice) {
    let author = meta.author.id.parse::<UserId>().ok().filter(|user| *user != by.user);
    let Some(user) = author else { return };
    // They see it on their own pages too: a lost e-mail loses nothing.
    if let Err(error) = jobs::notify(state, by.school.id(), notice(user)).await {
        tracing::warn!(message = %meta.id, %error, "author not told by e-mail");
    }
}

/// Gives a waiting message another text. Its author stays its author; who edited it is in the log.
pub async fn edit(
    state: &ApiState,
    by: &SignedIn,
    id: MessageId,
    revision: u32,
    message: Message,
) -> Result<()> {
    let looked = look(state, &by.school, id).await?;
    decide(by, &looked)?;
    if looked.meta.revision != revision {
        return Err(changed_first());
    }
    let problems = problems_of(&message);
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    fits(&message)?;
    let changed = looked.body.message.contents.parts_changed(&message.contents);
    if changed.is_empty() {
        return Ok(());
    }
    let text = |text: &str| hidden(state, &by.school, &format!("text {id}"), text);
    let said =
        changed.iter().filter_map(|(part, was, is)| Change::of(part.facts().words, &text(was), &text(is)));
    let written_by = Change::of("written by", "", &format!("user:{}", looked.meta.author.id));
    let event =
        by.audit_event(Act::MessageEdited, id.to_string(), written_by.into_iter().chain(said).collect());
    let body = Body { message: message.clone(), settings: looked.body.settings.clone() };
    if !by
        .school
        .approvals()
        .edit(&looked.meta, &by.author(), &looked.body, &body, &event, state.now_ms())
        .await?
    {
        return Err(overtaken(&by.school, id).await?);
    }
    Ok(())
}

fn decide(by: &SignedIn, looked: &Looked) -> Result<()> {
    may_decide(by, looked).map_err(|why| ApiError::Forbidden(why.to_string()))
}

async fn waiting(school: &School, id: MessageId) -> Result<Meta> {
    let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
    if meta.state == MessageState::AwaitingAuthorisation { Ok(meta) } else { Err(no_longer(&meta)) }
}

/// Why a decision came too late.
async fn overtaken(school: &School, id: MessageId) -> Result<ApiError> {
    let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
    Ok(match meta.state {
        MessageState::AwaitingAuthorisation => changed_first(),
        _ => no_longer(&meta),
    })
}

fn changed_first() -> ApiError {
    ApiError::Conflict("Somebody else changed this message first. Look at it again.".to_owned())
}

fn no_longer(meta: &Meta) -> ApiError {
    let words = match meta.state {
        MessageState::Rejected => "Somebody else has rejected this message already. Nothing was sent.",
        MessageState::Stopped => "This message was withdrawn. Nothing was sent.",
        _ => "This message is no longer waiting: somebody has authorised it, and it is on its way.",
    };
    ApiError::Conflict(words.to_owned())
}
