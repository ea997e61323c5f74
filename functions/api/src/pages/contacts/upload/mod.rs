//! Contacts from a spreadsheet: a file, its columns, what is wrong with it, and the import.

mod handlers;
mod view;

use askama::Template;
use domain::import::{MAX_FILE_BYTES, Stage};
use store::Import;

pub(crate) use handlers::routes;
pub(crate) use view::{View, Working};

use crate::pages::kit::components::{Tag, Tone};
use crate::pages::kit::files::FileLine;
use crate::pages::kit::form::Problem;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::words::{self, LocalTime};
use crate::services::imports::Findings;

/// The page where an upload begins.
#[derive(Template)]
#[template(path = "upload.html")]
pub(crate) struct UploadPage {
    frame: Frame,
    notice: Option<&'static str>,
    problems: Vec<Problem>,
    steps: [Step; 4],
    /// Whether contacts also come from an MIS.
    mis: bool,
    /// Largest file, in MB.
    most: u64,
    latest: Vec<FileLine>,
}

/// One upload, at whatever step it is.
#[derive(Template)]
#[template(path = "import.html")]
pub(crate) struct ImportPage {
    frame: Frame,
    id: String,
    title: &'static str,
    /// Its name, size and age.
    file: String,
    width: &'static str,
    steps: [Step; 4],
    problems: Vec<Problem>,
    view: View,
}

/// The part of the page that moves while the dispatcher works.
#[derive(Template)]
#[template(path = "import_live.html")]
pub(crate) struct LivePart {
    working: Working,
}

/// A step on the way.
pub(crate) struct Step {
    words: &'static str,
    /// `past`, `now` or `later`.
    class: &'static str,
}

/// The steps, of which the one at `now` is being done.
fn steps(now: usize) -> [Step; 4] {
    let mut place = 0;
    ["Choose a file", "Match the columns", "Check", "Import"].map(|words| {
        let class = match place.cmp(&now) {
            std::cmp::Ordering::Less => "past",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "later",
        };
        place += 1;
        Step { words, class }
    })
}

/// At which step an upload is; past the last for one that is over.
const fn step_of(stage: &Stage) -> usize {
    match stage {
        Stage::Mapping => 1,
        Stage::Checking { .. } | Stage::Checked(_) => 2,
        Stage::Importing { .. } => 3,
        Stage::Done(_) => 4,
        // Where one failed is not known, nor does it matter.
        Stage::AwaitingUpload | Stage::Inspecting | Stage::Failed { .. } | Stage::Discarded => 0,
    }
}

fn tag(stage: &Stage) -> Tag {
    let tone = match stage {
        Stage::Done(_) => Tone::Delivered,
        Stage::Failed { .. } => Tone::Failed,
        Stage::Discarded => Tone::Off,
        Stage::Mapping | Stage::Checked(_) => Tone::Unsure,
        Stage::AwaitingUpload | Stage::Inspecting | Stage::Checking { .. } | Stage::Importing { .. } => {
            Tone::Waiting
        }
    };
    Tag::new(tone, stage.words())
}

impl UploadPage {
    fn new(frame: Frame, local: &LocalTime, latest: &[Import], mis: bool) -> Self {
        let line = |import: &Import| FileLine {
            id: import.id.to_string(),
            tag: tag(&import.stage),
            name: import.file_name.clone(),
            words: format!("{} · {}", local.when(import.created_ms), import.author.name),
        };
        Self {
            frame,
            notice: None,
            problems: Vec::new(),
            steps: steps(0),
            mis,
            most: MAX_FILE_BYTES >> 20,
            latest: latest.iter().map(line).collect(),
        }
    }
}

impl ImportPage {
    fn new(
        frame: Frame,
        local: &LocalTime,
        import: &Import,
        findings: &Findings,
        again: bool,
        problems: Vec<Problem>,
    ) -> Self {
        let again = again && matches!(import.stage, Stage::Checked(_));
        let view = View::of(import, findings, again);
        Self {
            frame,
            id: import.id.to_string(),
            title: view.title(),
            file: format!(
                "{}, {}, begun {}",
                import.file_name,
                size(import.file_bytes),
                local.when(import.created_ms)
            ),
            width: if matches!(view, View::Working(_) | View::Over(_)) { " narrow" } else { "" },
            steps: steps(if again { 1 } else { step_of(&import.stage) }),
            problems,
            view,
        }
    }
}

/// `312 kB`, `4.2 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => words::count(bytes, "byte", "bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod samples;
