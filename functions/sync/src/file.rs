//! Files that a school's MIS wrote: looked at when they are handed in, and opened by the run that reads them.

use std::sync::Arc;

use domain::ids::{SchoolId, SyncFileId};
use domain::report::{ReportColumn, ReportProblem, ReportSystem};
use domain::settings::Settings;
use domain::sync::{Connector, FileState, Run, SyncFile, sync_file_key};
use runtime::FileError;
use sheets::ListText;
use store::School;
use tracing::{error, info, warn};

use crate::Syncer;
use crate::error::Result;
use crate::mis::{MappedFile, Mis, MisError, OneRosterCsv, ReportError, ReportRules};

const NO_FILE: &str = "No file has been handed in yet. Hand one in on the MIS page of the account settings.";
const NOT_THERE: &str =
    "The file is not here: it did not arrive, or it was handed in more than a month ago. Hand it in again.";
const OLDER: &str =
    "A later file has been read since, so this one was not. If it is the right one, hand it in again.";
const UNREADABLE: &str = "The file cannot be read. Let the MIS write it again.";
const NO_FILES: &str = "The school’s MIS is no longer read from files.";

/// What a file turned out to be.
struct Judged {
    state: FileState,
    columns: Vec<ReportColumn>,
    /// `None` for a file that cannot be used.
    mis: Option<Arc<dyn Mis>>,
}

impl Judged {
    fn wrong(why: impl Into<String>) -> Self {
        let state = FileState::Wrong { why: why.into(), findings: Vec::new() };
        Self { state, columns: Vec::new(), mis: None }
    }
}

/// The kind of a school's MIS, if it is one whose files are handed in.
pub(crate) fn file_kind(settings: &Settings) -> Option<Connector> {
    Connector::from_code(&settings.mis.kind).filter(|kind| kind.reads_files())
}

impl Syncer {
    /// Looks at a file that somebody waits for, and says what it is. Nothing else is changed.
    pub(crate) async fn look_at_file(&self, school: &School, id: SyncFileId) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let file = school.sync().files().get(id, now_ms).await?;
        let Some(seen) = file.filter(|file| file.is_looked_at(now_ms)) else { return Ok(()) };
        let settings = school.settings().get().await?;
        let judged = match file_kind(&settings) {
            Some(kind) => self.judge(school.id(), &settings, kind, id).await?,
            None => Judged::wrong(NO_FILES),
        };
        self.keep_judgement(school, &seen, &judged).await
    }

    /// Opens the file of a run; in words why not, where it cannot be used.
    pub(crate) async fn open_file(
        &self,
        school: &School,
        settings: &Settings,
        kind: Connector,
        run: &Run,
    ) -> Result<std::result::Result<Arc<dyn Mis>, String>> {
        let Some(id) = run.file else { return Ok(Err(NO_FILE.to_owned())) };
        if school.sync().status().await?.file.is_some_and(|read| read > id) {
            return Ok(Err(OLDER.to_owned()));
        }
        let judged = self.judge(school.id(), settings, kind, id).await?;
        if let Some(seen) = school.sync().files().get(id, self.clock.now_ms()).await? {
            self.keep_judgement(school, &seen, &judged).await?;
        }
        Ok(match (judged.mis, judged.state) {
            (Some(mis), _) => Ok(mis),
            (None, FileState::Wrong { why, .. }) => Err(why),
            (None, FileState::Columns { why }) if !why.is_empty() => Err(why),
            (None, _) => Err(ReportProblem::NotMatched.to_string()),
        })
    }

    /// After a run that finished: the file that was read before it is needed no more.
    pub(crate) async fn forget_file(&self, school: SchoolId, before: Option<SyncFileId>, run: &Run) {
        let Some(before) = before.filter(|before| Some(*before) != run.file) else { return };
        if let Err(e) = self.files.remove(&sync_file_key(school, before)).await {
            warn!(%school, error = %e, "a file that was read before was not removed; it will expire");
        }
    }

    async fn keep_judgement(&self, school: &School, seen: &SyncFile, judged: &Judged) -> Result<()> {
        let file = SyncFile { state: judged.state.clone(), columns: judged.columns.clone(), ..seen.clone() };
        if file != *seen {
            school.sync().files().replace(seen, &file).await?;
        }
        info!(school = %school.id(), file = %seen.id, good = judged.mis.is_some(), "file looked at");
        Ok(())
    }

    /// Reads a file to its end, on a thread of its own. A panic is a file that cannot be read.
    async fn judge(
        &self,
        school: SchoolId,
        settings: &Settings,
        kind: Connector,
        id: SyncFileId,
    ) -> Result<Judged> {
        let bytes = match self.files.read(&sync_file_key(school, id)).await {
            Ok(bytes) => bytes,
            Err(FileError::NotFound) => return Ok(Judged::wrong(NOT_THERE)),
            Err(e) => return Err(e.into()),
        };
        let settings = settings.clone();
        let work = move || match kind {
            Connector::OneRosterCsv => judge_package(&bytes),
            _ => judge_report(&bytes, &settings),
        };
        Ok(tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
            error!(%school, file = %id, "reading a file panicked");
            Judged::wrong(UNREADABLE)
        }))
    }
}

fn judge_report(bytes: &[u8], settings: &Settings) -> Judged {
    let rules = ReportRules {
        school: &settings.name,
        system: ReportSystem::from_code(&settings.mis.system).unwrap_or(ReportSystem::Other),
        mapping: &settings.mis.columns,
    };
    let list = match ListText::of(bytes) {
        Ok(list) => list,
        Err(e) => return Judged::wrong(e.to_string()),
    };
    let columns = match MappedFile::look(&list, rules) {
        Ok(look) => look.columns,
        Err(problem) => return Judged::wrong(problem.to_string()),
    };
    let (state, mis): (_, Option<Arc<dyn Mis>>) = match MappedFile::new(&list, rules) {
        Ok(file) => (FileState::Good(file.counts()), Some(Arc::new(file))),
        Err(ReportError::Whole(ReportProblem::NotMatched)) => {
            (FileState::Columns { why: String::new() }, None)
        }
        Err(ReportError::Whole(missing @ ReportProblem::Missing(_))) => {
            (FileState::Columns { why: missing.to_string() }, None)
        }
        Err(problem) => {
            let why = problem.to_string();
            let findings =
                if let ReportError::Rows { findings, .. } = problem { findings } else { Vec::new() };
            (FileState::Wrong { why, findings }, None)
        }
    };
    Judged { state, columns, mis }
}

fn judge_package(bytes: &[u8]) -> Judged {
    match OneRosterCsv::new(bytes).and_then(|package| Ok((package.counts()?, package))) {
        Ok((counts, package)) => {
            Judged { state: FileState::Good(counts), columns: Vec::new(), mis: Some(Arc::new(package)) }
        }
        Err(error) => Judged::wrong(package_words(&error)),
    }
}

/// What is wrong with a package, for a page. What the errors hold are our own words.
fn package_words(error: &MisError) -> String {
    match error {
        MisError::Truncated(what) => {
            format!(
                "The package is not whole: {what}. Let the MIS write it again, and hand in the whole zip file."
            )
        }
        MisError::Malformed(what) => {
            format!(
                "The package cannot be used: {what}. It must be a whole OneRoster export of one school (bulk, not delta)."
            )
        }
        MisError::Inconsistent(what) => {
            format!("The package cannot be used: {what}. Let the MIS write it again.")
        }
        MisError::TooLarge(what) => {
            format!("{what} hold far more than a school has. Nothing of it was used.")
        }
        _ => UNREADABLE.to_owned(),
    }
}
