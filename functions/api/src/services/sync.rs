//! Asking for a sync run, and deciding about one that is held.

use std::collections::BTreeSet;

use domain::audit::AuditEvent;
use domain::ids::{ContactId, RunId, SyncFileId};
use domain::settings::Settings;
use domain::sync::{Asked, Connector, LEASE_MS, Run, RunState};
use store::{Begun, School, StoreError};
use tracing::warn;

use crate::error::{ApiError, Result};
use crate::services::jobs;
use crate::state::ApiState;

const NO_MIS: &str = "No MIS is set up for this school. Choose one in the account settings.";
const NO_FILE: &str =
    "No file of the MIS has been read yet. Hand one in on the MIS page of the account settings.";
const NO_FILES: &str = "The school’s MIS is not read from files.";
const OLDER: &str = "A later file has been read already. If this is the right one, hand it in again.";
const NOT_MATCHED: &str = "Nobody has said yet which column of the report holds what. Hand a file in on the MIS page of the account settings, and match its columns.";
const OTHER_RUN: &str = "A refresh is running, and does not read this file. Ask again when it has ended.";
const AT_WORK: &str = "A refresh is running. Wait until it has ended, then decide about what it says.";
const NOT_STARTED: &str = "The refresh could not be started. Try again.";
const NOT_HELD: &str = "This refresh is no longer held.";
const NOTHING_TO_APPLY: &str =
    "What the MIS sent is incomplete, so there is nothing to apply. Refresh again once the MIS is right.";

/// Begins a run, or joins the one at work: its id. 409 where the school has no MIS. `event` is kept for a new one.
///
/// Where the MIS is read from files, `file` is the one to read; without one the last that was read is read again. A run
/// that reads another file is not joined for it: 409.
pub async fn request(
    state: &ApiState,
    school: &School,
    asked: Asked,
    file: Option<SyncFileId>,
    event: &AuditEvent,
) -> Result<RunId> {
    let settings = school.settings().get().await?;
    if !settings.mis.is_on() {
        return Err(ApiError::Conflict(NO_MIS.to_owned()));
    }
    let run = Run { file: to_read(state, school, &settings, file).await?, ..new_run(state, asked) };
    let event = AuditEvent { on: run.id.to_string(), ..event.clone() };
    match begin(state, school, &run, &event).await? {
        Begun::New => Ok(run.id),
        Begun::Joined(id) if file.is_none() => Ok(id),
        Begun::Joined(id) => match school.sync().run(id).await?.filter(|run| run.file == file) {
            Some(_) => Ok(id),
            None => Err(ApiError::Conflict(OTHER_RUN.to_owned())),
        },
    }
}

/// The file that a run is to read; `None` where the MIS is called. 404 for no file of the school's; 409 where it cannot
/// be read.
async fn to_read(
    state: &ApiState,
    school: &School,
    settings: &Settings,
    file: Option<SyncFileId>,
) -> Result<Option<SyncFileId>> {
    let refuse = |words: &str| Err(ApiError::Conflict(words.to_owned()));
    let kind = Connector::from_code(&settings.mis.kind);
    let Some(kind) = kind.filter(|kind| kind.reads_files()) else {
        return if file.is_some() { refuse(NO_FILES) } else { Ok(None) };
    };
    let last = school.sync().status().await?.file;
    let Some(file) = file.or(last) else { return refuse(NO_FILE) };
    if school.sync().files().get(file, state.now_ms()).await?.is_none() && Some(file) != last {
        return Err(ApiError::NotFound);
    }
    if last.is_some_and(|last| last > file) {
        return refuse(OLDER);
    }
    if kind == Connector::Report && settings.mis.columns.is_empty() {
        return refuse(NOT_MATCHED);
    }
    Ok(Some(file))
}

/// Applies a held run: starts a new run that may remove only the people shown by the held one. 409 if it is no longer
/// held.
pub async fn apply(
    state: &ApiState,
    school: &School,
    id: RunId,
    asked: Asked,
    event: &AuditEvent,
) -> Result<RunId> {
    let held = held(school, id).await?;
    if !school.settings().get().await?.mis.is_on() {
        return Err(ApiError::Conflict(NO_MIS.to_owned()));
    }
    if !held.may_be_applied() {
        return Err(ApiError::Conflict(NOTHING_TO_APPLY.to_owned()));
    }
    let run = Run { approves: Some(id), file: held.file, ..new_run(state, asked) };
    match begin(state, school, &run, event).await? {
        Begun::Joined(_) => Err(ApiError::Conflict(AT_WORK.to_owned())),
        Begun::New => {
            school.sync().delete_outline(id).await?;
            Ok(run.id)
        }
    }
}

/// Bars set here, as pupil and adult, one of whose two a held run would take out of the book.
pub async fn orphaned_bars(school: &School, id: RunId) -> Result<BTreeSet<(ContactId, ContactId)>> {
    let mut bars = school.ties().bars().await?;
    if !bars.is_empty() {
        let gone: BTreeSet<ContactId> = school.sync().held_people(id).await?.into_iter().collect();
        bars.retain(|(pupil, adult)| gone.contains(pupil) || gone.contains(adult));
    }
    Ok(bars)
}

fn new_run(state: &ApiState, asked: Asked) -> Run {
    let now_ms = state.now_ms();
    Run::new(RunId::new(state.ids().ulid(now_ms)), asked, now_ms)
}

/// Discards a held run. 409 if it is no longer held.
pub async fn discard(state: &ApiState, school: &School, id: RunId, event: &AuditEvent) -> Result<()> {
    let held = held(school, id).await?;
    match school.sync().discard(&held, event, state.now_ms()).await {
        Err(StoreError::Conflict) => Err(ApiError::Conflict(NOT_HELD.to_owned())),
        done => Ok(done?),
    }?;
    Ok(school.sync().delete_outline(id).await?)
}

async fn held(school: &School, id: RunId) -> Result<Run> {
    let run = school.sync().run(id).await?.ok_or(ApiError::NotFound)?;
    match run.state {
        RunState::Held => Ok(run),
        _ => Err(ApiError::Conflict(NOT_HELD.to_owned())),
    }
}

/// Nothing is done before the log has the event.
async fn begin(state: &ApiState, school: &School, run: &Run, event: &AuditEvent) -> Result<Begun> {
    let begun = school.sync().begin(run, LEASE_MS, run.began_ms).await?;
    if begun == Begun::New
        && let Err(e) = start(state, school, run, event).await
    {
        // Nobody would do it: end it, so that the next request is not told to wait for it.
        warn!(school = %school.id(), error = %e, "sync run not handed over");
        let mut lost = run.clone();
        lost.end(RunState::Failed, Some(NOT_STARTED.to_owned()), run.began_ms);
        school.sync().end(&lost, run.began_ms).await?;
        return Err(e);
    }
    Ok(begun)
}

async fn start(state: &ApiState, school: &School, run: &Run, event: &AuditEvent) -> Result<()> {
    school.audit().record(event, run.began_ms).await?;
    jobs::sync(state, school.id(), run.id).await
}
