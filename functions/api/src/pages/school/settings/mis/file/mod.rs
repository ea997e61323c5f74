//! A file that the MIS wrote: handed in, its columns matched, looked at, and read by a run.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::audit::Act;
use domain::ids::SyncFileId;
use domain::import::column_letters;
use domain::people::Action;
use domain::report::{ReportColumn, ReportField, ReportSystem};
use domain::sync::{Asked, Connector, FileCounts, FileState, SyncFile};
use serde::Deserialize;

use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::known::Known;
use crate::pages::kit::ask::{Ask, AskPage};
use crate::pages::kit::components::{Named, Tag, Tone};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::files::{ColumnView, Found, chosen, problem, ticket};
use crate::pages::kit::form::{Choice, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::pages::kit::words;
use crate::services::mis::files;
use crate::services::sync::request;
use crate::state::ApiState;

pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/settings/mis/files", post(create))
        .route("/settings/mis/files/{id}", get(show))
        .route("/settings/mis/files/{id}/live", get(live))
        .route("/settings/mis/files/{id}/uploaded", post(uploaded))
        .route("/settings/mis/files/{id}/columns", post(columns))
        .route("/settings/mis/files/{id}/run", post(run))
}

/// The page of one file.
#[derive(Template)]
#[template(path = "mis_file.html")]
pub(crate) struct FilePage {
    frame: Frame,
    id: String,
    title: &'static str,
    file: String,
    problems: Vec<Problem>,
    /// Whether its columns can be matched again.
    again: bool,
    view: View,
}

/// What moves while the sync looks at it.
#[derive(Template)]
#[template(path = "mis_file_wait.html")]
pub(crate) struct FilePart {
    over: bool,
}

enum View {
    Looking,
    /// Nothing came of it, or it never came.
    Lost(&'static str),
    Columns {
        why: String,
        columns: Vec<ColumnView>,
    },
    Good {
        figures: Vec<Named>,
        read: bool,
    },
    Wrong {
        why: String,
        findings: Vec<Found>,
    },
}

/// How a file stands, in a word.
pub(super) fn tag(file: &SyncFile, read: bool, now_ms: i64) -> Tag {
    match &file.state {
        FileState::Good(_) if read => Tag::new(Tone::Delivered, "Read last"),
        FileState::Good(_) => Tag::new(Tone::Sent, "Understood"),
        FileState::Awaited => Tag::new(Tone::Off, "Not arrived"),
        FileState::Looking { .. } if file.is_looked_at(now_ms) => Tag::new(Tone::Waiting, "Being looked at"),
        FileState::Looking { .. } => Tag::new(Tone::Unsure, "No outcome"),
        FileState::Columns { .. } => Tag::new(Tone::Unsure, "Match the columns"),
        FileState::Wrong { .. } => Tag::new(Tone::Failed, "Cannot be used"),
    }
}

fn figures(counts: FileCounts) -> Vec<Named> {
    let named = |words, n: u32| Named::new(words, words::number(u64::from(n)));
    let mut figures = vec![
        named("Pupils", counts.pupils),
        named("Contacts", counts.contacts),
        named("Relationships", counts.ties),
    ];
    figures.extend((counts.staff > 0).then(|| named("Staff", counts.staff)));
    figures
}

impl View {
    fn of(file: &SyncFile, system: ReportSystem, context: &PageContext, again: bool, now_ms: i64) -> Self {
        let columns =
            |why: &str| Self::Columns { why: why.to_owned(), columns: column_views(file, system, context) };
        match &file.state {
            FileState::Columns { why } => columns(why),
            FileState::Good(_) | FileState::Wrong { .. } if again => columns(""),
            FileState::Looking { .. } if file.is_looked_at(now_ms) => Self::Looking,
            FileState::Looking { .. } => {
                Self::Lost("There is no result yet: the sync may be busy. Look at the file again.")
            }
            FileState::Awaited => Self::Lost(
                "The file has not arrived. If it is not being sent in another window, hand it in again.",
            ),
            FileState::Good(counts) => {
                Self::Good { figures: figures(*counts), read: context.standing.file == Some(file.id) }
            }
            FileState::Wrong { why, findings } => {
                let found = |finding| Found::new(finding, |at| title_of(file, at));
                Self::Wrong { why: why.clone(), findings: findings.iter().map(found).collect() }
            }
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Looking => "Reading the file",
            Self::Lost(_) => "A file of the MIS",
            Self::Columns { .. } => "Match the columns",
            Self::Good { .. } => "The file is understood",
            Self::Wrong { .. } => "The file cannot be used",
        }
    }
}

fn title_of(file: &SyncFile, at: usize) -> String {
    let letters = column_letters(at);
    match file.columns.get(at).filter(|column| !column.heading.is_empty()) {
        Some(column) => format!("{letters} ({})", column.heading),
        None => letters,
    }
}

fn column_views(file: &SyncFile, system: ReportSystem, context: &PageContext) -> Vec<ColumnView> {
    let held = system.suggest(&file.columns, &context.settings.mis.columns);
    let view = |(at, (column, held)): (usize, (&ReportColumn, Option<ReportField>))| {
        let fields = ReportField::all().map(|f| Choice::new(f.code(), f.words(), held == Some(f)));
        ColumnView::new(at, &column.heading, &column.samples, fields)
    };
    file.columns.iter().zip(held).enumerate().map(view).collect()
}

impl FilePage {
    fn new(context: PageContext, file: &SyncFile, again: bool, problems: Vec<Problem>, now_ms: i64) -> Self {
        let mis = &context.settings.mis;
        let system = ReportSystem::from_code(&mis.system).unwrap_or(ReportSystem::Other);
        let may = Connector::from_code(&mis.kind) == Some(Connector::Report) && !file.columns.is_empty();
        let view = View::of(file, system, &context, again && may, now_ms);
        Self {
            id: file.id.to_string(),
            title: view.title(),
            file: format!("{}, handed in {}", file.name, context.local.when(file.made_ms)),
            problems,
            again: may,
            view,
            frame: context.frame,
        }
    }

    const fn width(&self) -> &'static str {
        match &self.view {
            View::Looking | View::Lost(_) => " narrow",
            View::Columns { .. } | View::Good { .. } | View::Wrong { .. } => "",
        }
    }
}

/// Makes a place for a file: its `name` and its `bytes`.
async fn create(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let bytes = form.text("bytes").parse().unwrap_or(0);
    let who = Asked::User(by.user.to_string());
    let made = files::create(&state, &by.school, who, form.text("name"), bytes).await;
    ticket(made.map(|ticket| (ticket.id, ticket.url)))
}

async fn uploaded(
    State(state): State<ApiState>,
    Known(id): Known<SyncFileId>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    files::look(&state, &by.school, id).await?;
    Ok(to(id))
}

#[derive(Deserialize)]
struct Step {
    step: Option<String>,
}

async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Known(id): Known<SyncFileId>,
    Query(asked): Query<Step>,
) -> Result<Response> {
    let again = asked.step.as_deref() == Some("columns");
    html(&page(&state, &by, id, again, Vec::new()).await?)
}

async fn page(
    state: &ApiState,
    by: &SignedIn,
    id: SyncFileId,
    again: bool,
    problems: Vec<Problem>,
) -> Result<FilePage> {
    let context = PageContext::load(state, by, NavItem::SETTINGS).await?;
    let file = files::get(state, &by.school, id).await?;
    Ok(FilePage::new(context, &file, again, problems, state.now_ms()))
}

async fn live(State(state): State<ApiState>, by: SignedIn, Known(id): Known<SyncFileId>) -> Result<Response> {
    by.opens(NavItem::SETTINGS.page)?;
    let file = files::get(&state, &by.school, id).await?;
    html(&FilePart { over: !file.is_looked_at(state.now_ms()) })
}

async fn columns(
    State(state): State<ApiState>,
    Known(id): Known<SyncFileId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let chosen = chosen(&form, ReportField::from_code);
    if !form.has("sure")
        && let Some(bars) = files::bars_without(&by.school, &chosen).await?
    {
        let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
        return html(&no_court_orders(context.frame, id, &form, bars));
    }
    match files::match_columns(&state, &by, id, &chosen).await {
        Ok(()) => Ok(to(id)),
        Err(ApiError::Invalid { errors, .. }) => {
            let problems = errors.into_iter().map(|e| problem(&chosen, ReportField::code, e)).collect();
            let mut page = page(&state, &by, id, true, problems).await?;
            page.as_chosen(&chosen);
            invalid(&page)
        }
        Err(other) => Err(other),
    }
}

/// Asked before the school's reports lose their column of court orders.
fn no_court_orders(frame: Frame, id: SyncFileId, form: &FormFields, bars: usize) -> AskPage {
    let columns = form.pairs().iter().filter(|(name, _)| name.starts_with('c') && name != "csrf");
    let so_far = words::count(bars as u64, "court order", "court orders");
    let ask = Ask::new(
        format!("/settings/mis/files/{id}/columns"),
        "Read no court orders any more?",
        "Read none",
        "Choose again",
    )
    .words(format!(
        "At present a column of the report says who must not be told about a pupil; it has given {so_far} so far. \
         Without it no new order is noticed. Existing bars stay: no refresh lifts one, so they become the school’s \
         own and hold until somebody lifts them on the contact’s page. If there are more than five, the next \
         refresh is held and asks first."
    ));
    AskPage::of(frame, ask, format!("/settings/mis/files/{id}?step=columns")).with(columns.cloned().collect())
}

impl FilePage {
    /// Shows the choice as it was made, not as it was suggested.
    fn as_chosen(&mut self, chosen: &[(ReportField, usize)]) {
        if let View::Columns { columns, .. } = &mut self.view {
            for (at, column) in columns.iter_mut().enumerate() {
                let field =
                    chosen.iter().find(|(_, column)| *column == at).map_or("", |(field, _)| field.code());
                for choice in &mut column.choices {
                    choice.here = choice.value == field;
                }
            }
        }
    }
}

async fn run(
    State(state): State<ApiState>,
    Known(id): Known<SyncFileId>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let file = files::get(&state, &by.school, id).await?;
    if !matches!(file.state, FileState::Good(_)) {
        return Err(ApiError::Conflict(
            "This file has not been understood, so it cannot be read.".to_owned(),
        ));
    }
    let event = by.audit_event(Act::SyncAsked, "", Vec::new());
    request(&state, &by.school, Asked::User(by.user.to_string()), Some(id), &event).await?;
    Ok(Redirect::to("/sync").into_response())
}

fn to(id: SyncFileId) -> Response {
    Redirect::to(&format!("/settings/mis/files/{id}")).into_response()
}

#[cfg(test)]
mod samples;
