//! A run that is held: what it would do, by name, and having it applied.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::audit::{Act, Change};
use domain::ids::RunId;
use domain::people::Action;
use domain::sync::{Asked, OutlineLine, Outlined, Run, Would};
use http::StatusCode;
use store::School;

use super::bars::{self, LooseBar};
use crate::auth::Posted;
use crate::error::{ApiError, Result};
use crate::known::Known;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words;
use crate::services::sync;
use crate::state::ApiState;

/// What the page says of a held run.
pub(super) struct HeldView {
    pub(super) id: RunId,
    pub(super) why: String,
    /// In sentences, for whoever does not decide.
    pub(super) would: Vec<String>,
    /// By name, for whoever does.
    pub(super) lists: Vec<ListView>,
    /// Bars that would hold for nobody.
    pub(super) orphaned: Vec<LooseBar>,
    pub(super) applies: bool,
    pub(super) apply: String,
}

/// One thing that it would do.
pub(super) struct ListView {
    pub(super) words: String,
    pub(super) lines: Vec<OutlineLine>,
    /// How many are not named.
    pub(super) more: u64,
}

/// The question before a held run is applied.
#[derive(Template)]
#[template(path = "sync_apply.html")]
struct ApplyPage {
    frame: Frame,
    problems: Vec<Problem>,
    held: HeldView,
}

impl HeldView {
    pub(super) fn of(run: &Run) -> Self {
        Self {
            id: run.id,
            why: run.why.clone().unwrap_or_default(),
            would: would(run),
            lists: Vec::new(),
            orphaned: Vec::new(),
            applies: run.may_be_applied(),
            apply: apply_words(run),
        }
    }

    /// Adds who and what it is about.
    pub(super) async fn tell(&mut self, school: &School) -> Result<()> {
        self.lists = school.sync().outline(self.id).await?.into_iter().map(ListView::of).collect();
        self.orphaned = bars::orphaned(school, self.id).await?;
        Ok(())
    }
}

impl ListView {
    fn of(list: Outlined) -> Self {
        let of = list.of as u64;
        let said = |one: &str, many: &str, end: &str| format!("{} {end}", words::count(of, one, many));
        let words = match list.would {
            Would::Remove => said("person", "people", "would be removed from the address book"),
            Would::Add => said("person", "people", "would be added"),
            Would::Change => said("person", "people", "would be changed"),
            Would::EndTies => said("relationship", "relationships", "between people who stay would end"),
            Would::Tie => said("relationship", "relationships", "would be added or changed"),
            Would::Bar => said("pair", "pairs", "would be barred by a court order"),
            Would::BarAtOnce => said(
                "pair with a new court order is",
                "pairs with new court orders are",
                "barred already, whatever you decide",
            ),
            Would::KeepBars => {
                said("court order", "court orders", "that the MIS has no more would be kept as bars")
            }
        };
        Self { words, more: of.saturating_sub(list.lines.len() as u64), lines: list.lines }
    }
}

/// Applies a held run, once somebody is sure; and has looked at the bars that would fall away with it.
pub(super) async fn apply(
    State(state): State<ApiState>,
    Known(id): Known<RunId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::DecideSync)?;
    let run = by.school.sync().run(id).await?.ok_or(ApiError::NotFound)?;
    let orphaned = sync::orphaned_bars(&by.school, id).await?;
    let unchecked = !orphaned.is_empty() && !form.has("bars");
    if run.may_be_applied() && (!form.has("sure") || unchecked) {
        let context = PageContext::load(&state, &by, NavItem::SYNC).await?;
        let mut held = HeldView::of(&run);
        held.tell(&by.school).await?;
        let problems = if form.has("sure") {
            vec![Problem::new("bars", "Say that you have checked the bars that fall away.")]
        } else {
            Vec::new()
        };
        let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        return Ok((status, html(&ApplyPage { frame: context.frame, problems, held })?).into_response());
    }
    let checked: Vec<String> =
        orphaned.iter().map(|(pupil, adult)| format!("{adult} about {pupil}")).collect();
    let changes = Change::of("bars_checked", "", &checked.join("; "));
    let event = by.audit_event(Act::SyncApplied, id.to_string(), changes.into_iter().collect());
    sync::apply(&state, &by.school, id, Asked::User(by.user.to_string()), &event).await?;
    Ok(Redirect::to("/sync").into_response())
}

/// What a held run would take away, in sentences.
fn would(run: &Run) -> Vec<String> {
    let sentence = |n: u32, one: &str, many: &str, end: &str| {
        (n > 0).then(|| format!("{} {end}", words::count(u64::from(n), one, many)))
    };
    let people = sentence(run.changes.left, "person", "people", "would be removed from the address book.");
    let ties = sentence(run.changes.ties_ended, "relationship", "relationships", "would end.");
    let bars = sentence(
        run.changes.bars_kept,
        "court order",
        "court orders",
        "that the MIS has no more would be kept as bars, until somebody lifts them on the contact’s page.",
    );
    let more = sentence(run.changes.people, "person", "people", "would be added or changed.");
    people.into_iter().chain(ties).chain(bars).chain(more).collect()
}

fn apply_words(run: &Run) -> String {
    if run.changes.left == 0 && run.changes.ties_ended == 0 {
        return "Apply it".to_owned();
    }
    if run.changes.left == 0 {
        let ended = words::count(u64::from(run.changes.ties_ended), "relationship", "relationships");
        return format!("Apply: end {ended}");
    }
    format!("Apply: remove {}", words::count(u64::from(run.changes.left), "person", "people"))
}

#[cfg(test)]
impl HeldView {
    pub(super) fn sample() -> Self {
        let line = |name: &str, what: &str| OutlineLine { name: name.to_owned(), what: what.to_owned() };
        let list = |would, of, lines| ListView::of(Outlined { would, of, lines });
        Self {
            id: "01JD3V4K8M0000000000000000".parse().unwrap(),
            why: "124 of 310 people are missing from what the MIS sent. Nothing was changed.".to_owned(),
            would: Vec::new(),
            lists: vec![
                list(Would::Remove, 124, vec![line("Ben Abbot", ""), line("Cat Abbot", "")]),
                list(Would::Change, 1, vec![line("Eve Marlow", "telephone numbers, groups")]),
            ],
            orphaned: LooseBar::samples(),
            applies: true,
            apply: "Apply: remove 124 people".to_owned(),
        }
    }
}
