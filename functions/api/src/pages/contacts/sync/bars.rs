//! Bars that the school set and whose people are not in the address book any more: after another kind of MIS, which
//! knows the same people by other ids, they hold for nobody.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::audit::{Act, Change};
use domain::ids::{ContactId, RunId};
use domain::people::Action;
use store::School;

use crate::auth::Posted;
use crate::error::{ApiError, Result};
use crate::pages::kit::ask::{Ask, AskPage};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::services::sync;
use crate::state::ApiState;

type Pair = (ContactId, ContactId);

/// A bar, by the names of its two.
pub(crate) struct LooseBar {
    pub(super) pupil: String,
    pub(super) adult: String,
    pub(super) pupil_name: String,
    pub(super) adult_name: String,
}

impl LooseBar {
    fn of((pupil, adult): &Pair, names: &BTreeMap<ContactId, String>) -> Self {
        let name = |id: &ContactId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
        Self {
            pupil: pupil.to_string(),
            adult: adult.to_string(),
            pupil_name: name(pupil),
            adult_name: name(adult),
        }
    }
}

/// Bars that hold for nobody, because one of the two is not in the book.
pub(super) async fn loose(school: &School) -> Result<Vec<LooseBar>> {
    let bars = school.ties().bars().await?;
    if bars.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&ContactId> = bars.iter().flat_map(|(pupil, adult)| [pupil, adult]).collect();
    let here = school.contacts().known_ids(&ids).await?;
    let loose: BTreeSet<Pair> =
        bars.iter().filter(|(p, a)| !(here.contains(p) && here.contains(a))).cloned().collect();
    named(school, &loose).await
}

/// Bars that were set here and that would hold for nobody once a held run is applied.
pub(super) async fn orphaned(school: &School, run: RunId) -> Result<Vec<LooseBar>> {
    named(school, &sync::orphaned_bars(school, run).await?).await
}

async fn named(school: &School, bars: &BTreeSet<Pair>) -> Result<Vec<LooseBar>> {
    let ids: Vec<&ContactId> = bars.iter().flat_map(|(pupil, adult)| [pupil, adult]).collect();
    let known = school.contacts().known(&ids).await?;
    let names = known.into_iter().map(|person| (person.id.clone(), person.full_name())).collect();
    Ok(bars.iter().map(|bar| LooseBar::of(bar, &names)).collect())
}

/// Takes such a bar away, once somebody is sure.
pub(super) async fn drop(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::DecideSync)?;
    let loose = loose(&by.school).await?;
    let bar =
        loose.into_iter().find(|bar| bar.pupil == form.text("pupil") && bar.adult == form.text("adult"));
    let bar = bar.ok_or(ApiError::NotFound)?;
    if form.text("sure") != "yes" {
        let context = PageContext::load(&state, &by, NavItem::SYNC).await?;
        let words = format!(
            "{} would not be barred from what concerns {} should both come back under the same ids. If a court \
             order is still in force, first bar the two as they are in the address book now.",
            bar.adult_name, bar.pupil_name
        );
        let ask = Ask::new("/sync/bars", "Delete the bar?", "Delete the bar", "Keep it").words(words);
        let hidden = vec![("pupil".to_owned(), bar.pupil), ("adult".to_owned(), bar.adult)];
        return html(&AskPage::of(context.frame, ask, "/sync").with(hidden));
    }
    let parse = |id: &str| ContactId::parse(id).map_err(|_| ApiError::NotFound);
    let (pupil, adult) = (parse(&bar.pupil)?, parse(&bar.adult)?);
    let changes =
        Change::of("pupil", "", pupil.as_str()).into_iter().chain(Change::of("no_contact", "on", "off"));
    let event = by.audit_event(Act::BarLifted, adult.as_str(), changes.collect());
    by.school.ties().lift_bar(&pupil, &adult, &event, state.now_ms()).await?;
    Ok(Redirect::to("/sync#bars").into_response())
}

#[cfg(test)]
impl LooseBar {
    pub(super) fn samples() -> Vec<Self> {
        let bar = |pupil: &str, adult: &str, pupil_name: &str, adult_name: &str| Self {
            pupil: pupil.to_owned(),
            adult: adult.to_owned(),
            pupil_name: pupil_name.to_owned(),
            adult_name: adult_name.to_owned(),
        };
        vec![bar("PL-1", "PC-2", "Ben Abbot", "Dan Abbot")]
    }
}
