//! A file that the MIS wrote: handed in, its columns matched, looked at, and read by a run.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::audit::Act;
use domain::ids::SyncFileId;
use domain::import::column_letters;
use domain::people::Action;
use domain::report::{ReportField, ReportSystem};
use domain::sync::{Asked, Connector, FileCounts, FileState, SyncFile};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, FieldError, Result};
use crate::forms::FormFields;
use crate::pages::kit::ask::AskPage;
use crate::pages::kit::components::{Named, Tag, Tone};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::{Choice, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
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

struct ColumnView {
    name: String,
    heading: String,
    letters: String,
    first: String,
    samples: Vec<String>,
    choices: Vec<Choice>,
}

struct Found {
    row: u32,
    column: String,
    value: String,
    message: String,
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
                let found = |finding: &domain::import::Finding| Found {
                    row: finding.row,
                    column: finding
                        .column
                        .map_or_else(|| "The row".to_owned(), |at| title_of(file, usize::from(at))),
                    value: finding.value.clone(),
                    message: finding.message.clone(),
                };
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
    let view = |(at, (column, held)): (usize, (&domain::report::ReportColumn, Option<ReportField>))| {
        let skip = Choice::new("", "Leave out", held.is_none());
        let fields = ReportField::all().map(|f| Choice::new(f.code(), f.words(), held == Some(f)));
        ColumnView {
            name: format!("c{at}"),
            heading: if column.heading.is_empty() {
                "(no heading)".to_owned()
            } else {
                column.heading.clone()
            },
            letters: column_letters(at),
            first: column.samples.iter().find(|s| !s.is_empty()).cloned().unwrap_or_default(),
            samples: column.samples.clone(),
            choices: std::iter::once(skip).chain(fields).collect(),
        }
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

/// Where the script sends the file, or why it need not.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Ticket { id: String, url: String },
    Refused { error: String },
}

/// Makes a place for a file: its `name` and its `bytes`.
async fn create(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let bytes = form.text("bytes").parse().unwrap_or(0);
    let who = Asked::User(by.user.to_string());
    match files::create(&state, &by.school, who, form.text("name"), bytes).await {
        Ok(ticket) => Ok(Json(Answer::Ticket { id: ticket.id.to_string(), url: ticket.url }).into_response()),
        Err(ApiError::Invalid { detail, .. } | ApiError::Conflict(detail)) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(Answer::Refused { error: detail })).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn uploaded(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let id = known(&id)?;
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
    Path(id): Path<String>,
    Query(asked): Query<Step>,
) -> Result<Response> {
    let again = asked.step.as_deref() == Some("columns");
    html(&page(&state, &by, known(&id)?, again, Vec::new()).await?)
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

async fn live(State(state): State<ApiState>, by: SignedIn, Path(id): Path<String>) -> Result<Response> {
    by.opens(NavItem::SETTINGS.page)?;
    let file = files::get(&state, &by.school, known(&id)?).await?;
    html(&FilePart { over: !file.is_looked_at(state.now_ms()) })
}

async fn columns(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let id = known(&id)?;
    let chosen = choices(&form);
    if !form.has("sure")
        && let Some(bars) = files::bars_without(&by.school, &chosen).await?
    {
        let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
        return html(&no_court_orders(context.frame, id, &form, bars));
    }
    match files::match_columns(&state, &by, id, &chosen).await {
        Ok(()) => Ok(to(id)),
        Err(ApiError::Invalid { errors, .. }) => {
            let problems = errors.into_iter().map(|e| problem(&chosen, e)).collect();
            let mut page = page(&state, &by, id, true, problems).await?;
            page.as_chosen(&chosen);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
        }
        Err(other) => Err(other),
    }
}

/// Asked before the school's reports lose their column of court orders.
fn no_court_orders(frame: Frame, id: SyncFileId, form: &FormFields, bars: usize) -> AskPage {
    let columns = form.pairs().iter().filter(|(name, _)| name.starts_with('c') && name != "csrf");
    let so_far = words::count(bars as u64, "court order", "court orders");
    AskPage {
        frame,
        title: "Read no court orders any more?".to_owned(),
        words: format!(
            "At present a column of the report says who must not be told about a pupil; it has given \
             {so_far} so far. Without it no new order is noticed. Existing bars stay: no refresh lifts one, so they \
             become the school’s own and hold until somebody lifts them on the contact’s page. If there are more than \
             five, the next refresh is held and asks first."
        ),
        action: format!("/settings/mis/files/{id}/columns"),
        hidden: columns.cloned().collect(),
        yes: "Read none".to_owned(),
        no: "Choose again",
        harmless: false,
        back: format!("/settings/mis/files/{id}?step=columns"),
    }
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

/// Each column's choice: inputs `c0`, `c1`, …
fn choices(form: &FormFields) -> Vec<(ReportField, usize)> {
    let of = |(name, value): &(String, String)| {
        Some((ReportField::from_code(value)?, name.strip_prefix('c')?.parse().ok()?))
    };
    form.pairs().iter().filter_map(of).collect()
}

/// Leads to the second of two columns with one meaning; to the first column where a meaning is missing.
fn problem(chosen: &[(ReportField, usize)], error: FieldError) -> Problem {
    let twice = chosen.iter().rev().find(|(field, _)| field.code() == error.field);
    Problem::new(twice.map_or_else(|| "c0".to_owned(), |(_, at)| format!("c{at}")), error.message)
}

async fn run(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let id = known(&id)?;
    let file = files::get(&state, &by.school, id).await?;
    if !matches!(file.state, FileState::Good(_)) {
        return Err(ApiError::Conflict(
            "This file has not been understood, so it cannot be read.".to_owned(),
        ));
    }
    let deed = by.deed(Act::SyncAsked, "", Vec::new());
    request(&state, &by.school, Asked::User(by.user.to_string()), Some(id), &deed).await?;
    Ok(Redirect::to("/sync").into_response())
}

fn known(id: &str) -> Result<SyncFileId> {
    id.parse().map_err(|_| ApiError::NotFound)
}

fn to(id: SyncFileId) -> Response {
    Redirect::to(&format!("/settings/mis/files/{id}")).into_response()
}

#[cfg(test)]
mod samples;
