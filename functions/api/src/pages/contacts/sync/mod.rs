//! Refresh Now: how fresh the address book is, the run at work, and what to do about one that is held (ARCHITECTURE
//! §5).

mod bars;
mod held;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::audit::Act;
use domain::ids::RunId;
use domain::people::Action;
use domain::sync::{Asked, JobState, Run, RunState};
use store::SyncStanding;

use crate::auth::{Posted, SignedIn};
use crate::error::Result;
use crate::known::Known;
use crate::pages::kit::components::{Tag, Tone};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::frame::{Frame, SyncLine};
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words::{self, LocalTime};
use crate::services::sync;
use crate::state::ApiState;
use bars::LooseBar;
use held::HeldView;

/// Runs that the page lists.
const LISTED: i32 = 20;
/// Milliseconds between two looks: while a run is at work, and while none is.
const EVERY_MS: (u32, u32) = (1_000, 20_000);

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/sync", get(show).post(request))
        .route("/sync/live", get(live))
        .route("/sync/{id}/apply", post(held::apply))
        .route("/sync/bars", post(bars::drop))
        .route("/sync/{id}/discard", post(discard))
}

/// What keeps itself up to date: in the pop-up and on the page.
#[derive(Template)]
#[template(path = "sync_live.html")]
pub(crate) struct LivePart {
    /// For the footer.
    line: SyncLine,
    every_ms: u32,
    updated: String,
    jobs: Vec<JobView>,
    held: bool,
}

struct JobView {
    words: &'static str,
    state: &'static str,
    /// Rows read, of how many, where that is known.
    rows: Option<(u64, u64)>,
    done: bool,
    figures: String,
}

#[derive(Template)]
#[template(path = "sync.html")]
pub(crate) struct SyncPage {
    frame: Frame,
    on: bool,
    live: LivePart,
    held: Option<HeldView>,
    runs: Vec<RunView>,
    decides: bool,
    /// Bars between people one of whom is not in the book.
    bars: Vec<LooseBar>,
}

struct RunView {
    when: String,
    by: &'static str,
    state: Tag,
    words: String,
}

async fn show(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::SYNC).await?;
    let runs = by.school.sync().runs(LISTED).await?;
    let mut page = SyncPage::new(context, &runs, state.now_ms());
    if page.decides {
        page.bars = bars::loose(&by.school).await?;
        if let Some(held) = &mut page.held {
            held.tell(&by.school).await?;
        }
    }
    html(&page)
}

async fn live(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::SYNC).await?;
    html(&LivePart::new(&context.standing, &context.local, state.now_ms()))
}

async fn request(State(state): State<ApiState>, Posted { by, .. }: Posted) -> Result<Response> {
    by.may(Action::Refresh)?;
    let event = by.audit_event(Act::SyncAsked, "", Vec::new());
    sync::request(&state, &by.school, Asked::User(by.user.to_string()), None, &event).await?;
    Ok(Redirect::to("/sync").into_response())
}

async fn discard(
    State(state): State<ApiState>,
    Known(id): Known<RunId>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    by.may(Action::DecideSync)?;
    let event = by.audit_event(Act::SyncDiscarded, id.to_string(), Vec::new());
    sync::discard(&state, &by.school, id, &event).await?;
    Ok(Redirect::to("/sync").into_response())
}

impl LivePart {
    fn new(standing: &SyncStanding, local: &LocalTime, now_ms: i64) -> Self {
        let line = SyncLine::of(standing, local, now_ms);
        let updated = match standing.fresh_ms {
            None => "The address book has not been read from the MIS yet.".to_owned(),
            Some(at_ms) => match standing.file_ms() {
                Some(file_ms) => {
                    let handed_in = ago(now_ms - file_ms, file_ms, local);
                    format!(
                        "The file that was read last was handed in {handed_in}. Without a new one it is read again."
                    )
                }
                None => format!("Last updated {}.", ago(now_ms - at_ms, at_ms, local)),
            },
        };
        let jobs = standing.at_work(now_ms).map(|run| run.jobs.iter().map(JobView::of).collect());
        let held = standing.last.as_ref().is_some_and(|last| last.state == RunState::Held);
        let every_ms = if line.working { EVERY_MS.0 } else { EVERY_MS.1 };
        Self { line, every_ms, updated, jobs: jobs.unwrap_or_default(), held }
    }
}

/// *just now*, *12 minutes ago*, and the time of day for what is longer ago than an hour.
fn ago(ms: i64, at_ms: i64, local: &LocalTime) -> String {
    match u64::try_from(ms / 60_000).unwrap_or_default() {
        0 => "just now".to_owned(),
        minutes @ 1..60 => format!("{} ago", words::count(minutes, "minute", "minutes")),
        _ => local.when(at_ms),
    }
}

impl JobView {
    fn of(job: &domain::sync::JobLine) -> Self {
        let state = match job.state {
            JobState::Waiting => "waits",
            JobState::Reading => "is being read",
            JobState::Read => "read",
            JobState::Writing => "is being written",
            JobState::Finished => "done",
            JobState::Failed => "broke off",
            JobState::Skipped => "not read from this MIS",
        };
        let figures = match (job.done, job.of) {
            (0, 0) => String::new(),
            (done, 0) => words::number(done),
            (done, of) => format!("{} of {}", words::number(done), words::number(of)),
        };
        Self {
            words: job.part.words(),
            state,
            rows: (job.of > 0 && job.state == JobState::Reading).then_some((job.done, job.of)),
            done: matches!(job.state, JobState::Read | JobState::Finished),
            figures,
        }
    }
}

impl SyncPage {
    fn new(context: PageContext, runs: &[Run], now_ms: i64) -> Self {
        let standing = &context.standing;
        let live = LivePart::new(standing, &context.local, now_ms);
        // An older one has been followed by another, which says what is so now.
        let newest =
            runs.first().filter(|run| run.state == RunState::Held && standing.at_work(now_ms).is_none());
        Self {
            on: context.settings.mis.is_on(),
            held: newest.map(HeldView::of),
            bars: Vec::new(),
            runs: runs.iter().map(|run| RunView::of(run, &context.local)).collect(),
            decides: context.frame.rights.may(Action::DecideSync),
            live,
            frame: context.frame,
        }
    }
}

impl RunView {
    fn of(run: &Run, local: &LocalTime) -> Self {
        let (tone, word) = match run.state {
            RunState::Queued | RunState::Running => (Tone::Waiting, "Running"),
            RunState::Finished => (Tone::Delivered, "Finished"),
            RunState::Held => (Tone::Unsure, "Held"),
            RunState::Failed => (Tone::Failed, "Failed"),
            RunState::Discarded => (Tone::Off, "Discarded"),
        };
        let changed = || {
            let c = run.changes;
            let part = |n: u32, one: &str, many: &str| (n > 0).then(|| words::count(u64::from(n), one, many));
            let parts: Vec<String> = [
                part(c.people, "person changed", "people changed"),
                part(c.left, "person left", "people left"),
                part(c.ties, "relationship changed", "relationships changed"),
                part(c.ties_ended, "relationship ended", "relationships ended"),
                part(c.marks, "mark", "marks"),
                part(
                    c.bars_kept,
                    "court order gone from the MIS and kept as a bar",
                    "court orders gone from the MIS and kept as bars",
                ),
            ]
            .into_iter()
            .flatten()
            .collect();
            if parts.is_empty() {
                "Nothing had changed.".to_owned()
            } else {
                format!("{}.", parts.join(", "))
            }
        };
        Self {
            when: local.when(run.began_ms),
            by: match run.asked {
                Asked::Schedule => "The schedule",
                Asked::User(_) => "A member of staff",
                Asked::Key(_) => "A partner’s system",
            },
            state: Tag::new(tone, word),
            words: run.why.clone().unwrap_or_else(changed),
        }
    }
}

#[cfg(test)]
impl SyncPage {
    pub(crate) fn sample() -> Self {
        Self::sample_of(false, None)
    }

    pub(crate) fn sample_held() -> Self {
        Self::sample_of(false, Some(HeldView::sample()))
    }

    pub(crate) fn sample_working() -> Self {
        Self::sample_of(true, None)
    }

    fn sample_of(working: bool, held: Option<HeldView>) -> Self {
        let job = |words, state, rows: Option<(u64, u64)>| JobView {
            words,
            state,
            rows,
            done: state == "read",
            figures: rows.map(|(done, of)| format!("{done} of {of}")).unwrap_or_default(),
        };
        let jobs = [job("School", "read", None), job("Pupils", "is being read", Some((600, 900)))];
        let words = if working { "Refreshing now" } else { "Up to date, today 08:45" };
        Self {
            frame: Frame::sample(NavItem::SYNC),
            on: true,
            live: LivePart {
                line: SyncLine { working, words: words.to_owned() },
                every_ms: 1_000,
                updated: "Last updated 12 minutes ago.".to_owned(),
                jobs: if working { jobs.into() } else { Vec::new() },
                held: held.is_some(),
            },
            held,
            runs: vec![RunView {
                when: "today 08:45".to_owned(),
                by: "The schedule",
                state: Tag::new(Tone::Delivered, "Finished"),
                words: "1 person changed, 900 marks.".to_owned(),
            }],
            bars: LooseBar::samples(),
            decides: true,
        }
    }
}
