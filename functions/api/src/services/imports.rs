//! Uploads of contacts, as far as somebody acts in them: the file's place, the choice of columns, the decision. The
//! work in between is the dispatcher's.

use std::time::Duration;

use domain::audit::{AuditEvent, Change};
use domain::contact::ContactRole;
use domain::ids::ImportId;
use domain::import::{Field, Finding, MAX_FILE_BYTES, Mapping, MappingError, Stage, file_key};
use store::{Author, FindingKind, Import, School};

use crate::error::{ApiError, FieldError, Result};
use crate::services::jobs;
use crate::state::ApiState;

/// How long the browser may take to send the file.
const UPLOAD_TIME: Duration = Duration::from_mins(15);
/// How long a queued job may take to arrive before the sweep queues another, in milliseconds.
const GRACE_MS: i64 = 10_000;
/// Tries to discard an upload that a worker keeps writing to.
const DISCARD_TRIES: u32 = 5;
/// Longest file name that is shown, in characters.
const LONGEST_NAME: usize = 100;

/// Where a browser sends its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The upload.
    pub id: ImportId,
    /// `PUT` the bytes here, with `content-type: application/octet-stream`, within 15 minutes.
    pub url: String,
}

/// What was found in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The first thousand errors.
    pub errors: Vec<Finding>,
    /// The first two hundred repairs.
    pub repairs: Vec<Finding>,
}

/// Begins an upload of a file of so many bytes. 422 for an empty or too large one, before anything is sent.
pub async fn create(
    state: &ApiState,
    school: &School,
    author: Author,
    file_name: &str,
    bytes: u64,
) -> Result<Ticket> {
    if bytes == 0 {
        return Err(ApiError::field(
            "file",
            "This file is empty. Check that you saved the list before uploading it.",
        ));
    }
    if bytes > MAX_FILE_BYTES {
        return Err(ApiError::field(
            "file",
            format!(
                "This file has {} MB; up to {} MB are taken. Split the list into smaller files, or save it as “CSV UTF-8”.",
                bytes.div_ceil(1 << 20),
                MAX_FILE_BYTES >> 20
            ),
        ));
    }
    let now_ms = state.now_ms();
    let id = ImportId::new(state.ids().ulid(now_ms));
    let url = state.files().upload_url(&file_key(school.id(), id), bytes, UPLOAD_TIME).await?;
    school.imports().create(&Import::new(id, shown_name(file_name), bytes, author, now_ms)).await?;
    Ok(Ticket { id, url })
}

/// The file has arrived: has its headings read. Harmless when said twice.
pub async fn uploaded(state: &ApiState, school: &School, id: ImportId) -> Result<Import> {
    let mut import = get(state, school, id).await?;
    if import.stage == Stage::AwaitingUpload {
        import.stage = Stage::Inspecting;
        set_to_work(state, school, &mut import).await?;
    }
    Ok(import)
}

/// Where an upload stands.
pub async fn get(state: &ApiState, school: &School, id: ImportId) -> Result<Import> {
    school.imports().get(id, state.now_ms()).await?.ok_or(ApiError::NotFound)
}

/// The latest uploads, newest first.
pub async fn latest(state: &ApiState, school: &School, limit: i32) -> Result<Vec<Import>> {
    Ok(school.imports().list(limit, state.now_ms()).await?)
}

/// What the check of an upload found.
pub async fn findings(school: &School, id: ImportId) -> Result<Findings> {
    Ok(Findings {
        errors: school.imports().findings(id, FindingKind::Error).await?,
        repairs: school.imports().findings(id, FindingKind::Repair).await?,
    })
}

/// Takes the choice of columns (counted from 0) and has every row checked. Also for an upload that was checked
/// already, to choose again. 409 when the upload is not the `version` that the person saw; 422, with the errors under
/// the codes of the fields, or under `columns`, when the choice will not do.
pub async fn choose_columns(
    state: &ApiState,
    school: &School,
    id: ImportId,
    version: u32,
    choices: &[(Field, u16)],
    default_role: ContactRole,
) -> Result<Import> {
    let mut import = seen(state, school, id, version).await?;
    let (Stage::Mapping | Stage::Checked(_), Some(inspected)) = (&import.stage, &import.inspected) else {
        return Err(moved_on());
    };
    let mapping = Mapping::new(choices.iter().copied(), default_role, inspected.columns.len())
        .map_err(|errors| refuse_choice(&errors))?;
    import.mapping = Some(mapping);
    import.stage = Stage::checking();
    set_to_work(state, school, &mut import).await?;
    Ok(import)
}

/// Has the good rows written to the address book; `event` says who wants it, and how many rows is added to it. 422
/// while there are errors, unless `good_rows_only`; 409 when the upload is not the `version` that the person saw.
pub async fn confirm(
    state: &ApiState,
    school: &School,
    id: ImportId,
    version: u32,
    good_rows_only: bool,
    mut event: AuditEvent,
) -> Result<Import> {
    let mut import = seen(state, school, id, version).await?;
    let Stage::Checked(report) = import.stage else { return Err(moved_on()) };
    if report.good == 0 {
        return Err(ApiError::field(
            "rows",
            "There is no row that could be imported. Correct the file and upload it again.",
        ));
    }
    if report.bad() > 0 && !good_rows_only {
        return Err(ApiError::field(
            "rows",
            format!(
                "{} of {} rows have errors. Correct the file and upload it again, or import the {} good rows only.",
                report.bad(),
                report.rows,
                report.good
            ),
        ));
    }
    import.stage = Stage::importing(report);
    due_at_once(state, &mut import);
    let changes = [("rows", report.rows), ("imported", report.good)];
    event.changes.extend(changes.iter().filter_map(|(field, n)| Change::of(field, "", &n.to_string())));
    school.imports().save_recorded(&mut import, &event, state.now_ms()).await?;
    jobs::import(state, school.id(), id).await;
    Ok(import)
}

/// Throws an upload away, with its file. 409 once it is being imported; nothing happens to one that is over.
pub async fn discard(state: &ApiState, school: &School, id: ImportId) -> Result<Import> {
    for _ in 0..DISCARD_TRIES {
        let mut import = get(state, school, id).await?;
        if matches!(import.stage, Stage::Importing { .. }) {
            let why = "This upload is being imported and can no longer be discarded.";
            return Err(ApiError::Conflict(why.to_owned()));
        }
        if import.stage.is_over() {
            return Ok(import);
        }
        import.stage = Stage::Discarded;
        match set_to_work(state, school, &mut import).await {
            // Its worker has just written how far it is.
            Err(ApiError::Conflict(_)) => {}
            done => return done.map(|()| import),
        }
    }
    Err(moved_on())
}

/// The upload, if it still is what the person saw.
async fn seen(state: &ApiState, school: &School, id: ImportId, version: u32) -> Result<Import> {
    let import = get(state, school, id).await?;
    if import.version == version { Ok(import) } else { Err(moved_on()) }
}

fn moved_on() -> ApiError {
    ApiError::Conflict("This upload has moved on since you opened its page. Look at it again.".to_owned())
}

fn refuse_choice(errors: &[MappingError]) -> ApiError {
    let field = |error: &MappingError| match error {
        MappingError::NoId => Field::Id.code(),
        MappingError::NoName => Field::Forename.code(),
        MappingError::FieldTwice(field) => field.code(),
        MappingError::ColumnTwice(_) | MappingError::NoColumn => "columns",
    };
    let errors: Vec<FieldError> = errors.iter().map(|e| FieldError::new(field(e), e.to_string())).collect();
    ApiError::invalid("The columns cannot be used like this.", errors)
}

/// Writes that there is something for the dispatcher to do, and tells it. A lost job only costs time: the upload is due
/// for the sweep.
async fn set_to_work(state: &ApiState, school: &School, import: &mut Import) -> Result<()> {
    due_at_once(state, import);
    school.imports().save(import).await?;
    jobs::import(state, school.id(), import.id).await;
    Ok(())
}

fn due_at_once(state: &ApiState, import: &mut Import) {
    import.due_ms = Some(state.now_ms() + GRACE_MS);
    (import.worker, import.tries) = (None, 0);
}

/// A file's name without its folders and without what cannot be shown.
pub(super) fn shown_name(file_name: &str) -> String {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let name = name.trim();
    if name.is_empty() { "List".to_owned() } else { name.to_owned() }
}
