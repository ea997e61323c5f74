//! A message about the registers goes by the registers as they are then, not as they were at the last sync: before it
//! is planned the MIS is asked for the marks of its pupils, whenever that is, at once, after somebody has authorised
//! it, or later (ARCHITECTURE §5.6; decision 0009). An emergency never waits.

use domain::attendance::{About, LOOK_PATIENCE_MS, RegisterLook, Seen, with_changed};
use domain::feed::Mark;
use domain::ids::{ContactId, MessageId};
use domain::job::Job;
use domain::message::Purpose;
use store::{Body, Meta, School};

use super::sync_wait::{plan_later, sync_failed};
use crate::dispatch::Dispatch;
use crate::error::Result;

/// Between two questions whether the look has come to something, in milliseconds.
const LOOK_EVERY_MS: i64 = 1_000;

/// The marks by which a message goes: none where it is about none; `None` while it waits for them.
pub(super) async fn marks_for(
    dispatch: &Dispatch,
    school: &School,
    meta: &Meta,
    Body { message, settings }: &Body,
) -> Result<Option<Vec<Mark>>> {
    let Some(about) = message.to.about else { return Ok(Some(Vec::new())) };
    let as_known = meta.purpose == Purpose::Emergency
        || about.all_the_same.is_some()
        || meta.unsynced.waived
        || !settings.mis.is_on();
    if as_known {
        return Ok(Some(school.sync().registers().marks(about.date).await?));
    }
    let now_ms = dispatch.clock.now_ms();
    let look = school.sync().registers().look(meta.id).await?.filter(|look| look.holds(now_ms));
    let Some(look) = look else {
        return begin_look(dispatch, school, meta, about, &message.to.pupils).await;
    };
    if look.waits(now_ms) {
        return look_again_soon(dispatch, school, meta).await;
    }
    match look.seen {
        Seen::Marks(changed) => {
            Ok(Some(with_changed(school.sync().registers().marks(about.date).await?, changed)))
        }
        Seen::NoRegisters => Ok(Some(school.sync().registers().marks(about.date).await?)),
        // Its author was told of this one, and a run has finished since.
        Seen::Nothing | Seen::Failed if meta.unsynced.since_ms == Some(look.asked_ms) => {
            begin_look(dispatch, school, meta, about, &message.to.pupils).await
        }
        Seen::Nothing | Seen::Failed => {
            sync_failed(dispatch, school, meta, look.asked_ms).await?;
            Ok(None)
        }
    }
}

/// Stored marks as the message's look has seen them, unless a run has read the registers since.
pub(super) async fn as_looked_at(school: &School, message: MessageId, marks: Vec<Mark>) -> Result<Vec<Mark>> {
    let (look, standing) = tokio::try_join!(school.sync().registers().look(message), school.sync().status())?;
    match look {
        Some(RegisterLook { asked_ms, seen: Seen::Marks(changed), .. })
            if standing.registers_read_ms.is_none_or(|read_ms| read_ms < asked_ms) =>
        {
            Ok(with_changed(marks, changed))
        }
        _ => Ok(marks),
    }
}

async fn begin_look(
    dispatch: &Dispatch,
    school: &School,
    meta: &Meta,
    about: About,
    pupils: &[ContactId],
) -> Result<Option<Vec<Mark>>> {
    let look = RegisterLook::new(about.date, about.session, pupils.to_vec(), dispatch.clock.now_ms());
    school.sync().registers().begin_look(meta.id, &look).await?;
    dispatch.queue.send_now(Job::LookAtRegisters { school: school.id(), message: meta.id }).await?;
    look_again_soon(dispatch, school, meta).await
}

async fn look_again_soon(dispatch: &Dispatch, school: &School, meta: &Meta) -> Result<Option<Vec<Mark>>> {
    let due_ms = dispatch.clock.now_ms() + LOOK_PATIENCE_MS + 2 * dispatch.grace_ms();
    if school.planning().wait_for_book(meta.id, due_ms).await? {
        plan_later(dispatch, school, meta, LOOK_EVERY_MS).await?;
    }
    Ok(None)
}
