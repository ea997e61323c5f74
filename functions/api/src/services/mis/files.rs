//! Files that a school's MIS wrote, as far as somebody acts in them: their place, their columns. What is in them is the
//! sync's to find out, and to read into the address book by a run like any other.

use std::time::Duration;

use domain::audit::{Act, Change};
use domain::ids::SyncFileId;
use domain::report::{ReportField, ReportMapping, ReportMappingError, folded, mapping};
use domain::settings::Settings;
use domain::sync::{
    Asked, Connector, Count, FileState, MAX_SYNC_FILE_BYTES, MisSettings, SyncFile, sync_file_key,
};
use store::{School, StoreError};

use crate::auth::SignedIn;
use crate::error::{ApiError, FieldError, Result};
use crate::services::imports::shown_name;
use crate::services::jobs;
use crate::state::ApiState;

/// How long the address to which a file is sent works.
pub const UPLOAD_TIME: Duration = Duration::from_mins(15);

const NO_FILES: &str =
    "The school’s MIS is not read from files. Choose a kind of file in the MIS settings first.";
const MOVED_ON: &str = "This file has moved on since you opened its page. Look at it again.";

/// Where a file is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTicket {
    /// The file.
    pub id: SyncFileId,
    /// `PUT` the bytes here, with `content-type: application/octet-stream`.
    pub url: String,
    /// Until when, in milliseconds since 1970.
    pub until_ms: i64,
}

/// The kind of a school's MIS, if its files are handed in. 409 otherwise.
pub fn file_kind(settings: &Settings) -> Result<Connector> {
    Connector::from_code(&settings.mis.kind)
        .filter(|kind| kind.reads_files())
        .ok_or_else(|| ApiError::Conflict(NO_FILES.to_owned()))
}

/// Makes a place for a file of so many bytes. 422 for an empty or too large one, before anything is sent.
pub async fn create(
    state: &ApiState,
    school: &School,
    by: Asked,
    name: &str,
    bytes: u64,
) -> Result<FileTicket> {
    if bytes == 0 {
        return Err(ApiError::field("bytes", "This file is empty. Let the MIS write it again."));
    }
    if bytes > MAX_SYNC_FILE_BYTES {
        let most = MAX_SYNC_FILE_BYTES >> 20;
        let words = format!("This file has {} MB; up to {most} MB are taken.", bytes.div_ceil(1 << 20));
        return Err(ApiError::field("bytes", words));
    }
    file_kind(&school.settings().get().await?)?;
    let now_ms = state.now_ms();
    let id = SyncFileId::new(state.ids().ulid(now_ms));
    let url = state.files().upload_url(&sync_file_key(school.id(), id), bytes, UPLOAD_TIME).await?;
    school.sync().files().create(&SyncFile::new(id, shown_name(name), bytes, by, now_ms)).await?;
    let until_ms = now_ms + i64::try_from(UPLOAD_TIME.as_millis()).unwrap_or_default();
    Ok(FileTicket { id, url, until_ms })
}

/// A file as it stands.
pub async fn get(state: &ApiState, school: &School, id: SyncFileId) -> Result<SyncFile> {
    school.sync().files().get(id, state.now_ms()).await?.ok_or(ApiError::NotFound)
}

/// Has the sync look at a file. One that is looked at already is left alone.
pub async fn look(state: &ApiState, school: &School, id: SyncFileId) -> Result<()> {
    let now_ms = state.now_ms();
    let seen = get(state, school, id).await?;
    file_kind(&school.settings().get().await?)?;
    if seen.is_looked_at(now_ms) {
        return Ok(());
    }
    let file = SyncFile { state: FileState::Looking { since_ms: now_ms }, ..seen.clone() };
    if !school.sync().files().replace(&seen, &file).await? {
        return Err(ApiError::Conflict(MOVED_ON.to_owned()));
    }
    if let Err(error) = jobs::look_at_file(state, school.id(), id).await {
        school.sync().files().replace(&file, &seen).await?;
        return Err(error);
    }
    Ok(())
}

/// Keeps which column of the school's reports holds what, and has the file looked at again. `chosen` names columns of
/// the file by their place. 422, with the errors under the codes of the fields, when the choice will not do.
pub async fn match_columns(
    state: &ApiState,
    by: &SignedIn,
    id: SyncFileId,
    chosen: &[(ReportField, usize)],
) -> Result<()> {
    let file = get(state, &by.school, id).await?;
    let named = chosen.iter().filter_map(|(field, at)| {
        let column = file.columns.get(*at).filter(|column| !folded(&column.heading).is_empty())?;
        Some((*field, column.heading.clone()))
    });
    let columns = mapping(named).map_err(|errors| refuse(&errors))?;
    let before = by.school.settings().get().await?;
    if file_kind(&before)? != Connector::Report {
        return Err(ApiError::Conflict(NO_FILES.to_owned()));
    }
    if before.mis.columns != columns {
        let changes = Change::of("mis_columns", &words(&before.mis.columns), &words(&columns));
        let event = by.audit_event(Act::SettingsChanged, "", changes.into_iter().collect());
        let mis = MisSettings { columns, ..before.mis.clone() };
        let after = Settings { mis, ..before.clone() };
        by.school.settings().change(&before, after, &event, state.now_ms()).await.map_err(|e| match e {
            StoreError::Conflict => ApiError::Conflict(MOVED_ON.to_owned()),
            other => other.into(),
        })?;
    }
    look(state, &by.school, id).await
}

/// How many court orders the MIS gave so far, where a choice of columns would leave their column out; `None` where the
/// school's reports had none, or keep it.
pub async fn bars_without(school: &School, chosen: &[(ReportField, usize)]) -> Result<Option<usize>> {
    let had = school.settings().get().await?.mis.columns.contains_key(&ReportField::CourtOrder);
    if !had || chosen.iter().any(|(field, _)| *field == ReportField::CourtOrder) {
        return Ok(None);
    }
    let ties = school.sync().manifest().heads().await?.remove("ties").unwrap_or_default();
    Ok(Some(ties.counts.get(&Count::Barred).copied().unwrap_or_default()))
}

/// For the log: headings are no personal data.
fn words(columns: &ReportMapping) -> String {
    columns
        .iter()
        .map(|(field, heading)| format!("{}: {heading}", field.code()))
        .collect::<Vec<_>>()
        .join("; ")
}

fn refuse(errors: &[ReportMappingError]) -> ApiError {
    let field = |error: &ReportMappingError| match error {
        ReportMappingError::Needed(field) | ReportMappingError::Twice(field) => field.code(),
        ReportMappingError::NoName => ReportField::PupilForename.code(),
    };
    let errors: Vec<FieldError> = errors.iter().map(|e| FieldError::new(field(e), e.to_string())).collect();
    ApiError::invalid("The columns cannot be used like this.", errors)
}
