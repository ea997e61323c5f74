//! One contact as it counts, with the pairs it is in and the messages that went to it.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::people::{Action, Page};
use serde::Deserialize;

use super::pairs::{Finder, PairView, done_words};
use super::stored::seen;
use super::typed::Typed;
use super::view::ContactPage;
use crate::auth::SignedIn;
use crate::error::Result;
use crate::pages::kit::lines::Line;
use crate::pages::kit::reply::html;
use crate::state::ApiState;

/// Finished messages that are looked through for those to one person.
const LATEST: usize = 30;

#[derive(Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
    /// Part of the name of somebody to bar.
    bar: Option<String>,
}

pub(super) async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let (context, stored) = seen(&state, &by, &id).await?;
    let notice = asked.done.map(|done| done_words(&done).unwrap_or("The changes are saved.").to_owned());
    let recent = match by.opens(Page::History) {
        Ok(()) => {
            let ids = by.school.messages().ids_to_contact(&stored.contact.id, LATEST).await?;
            by.school
                .messages()
                .summaries_of(&ids)
                .await?
                .iter()
                .map(|s| Line::new(s, &context.local))
                .collect()
        }
        Err(_) => Vec::new(),
    };
    let (book, bars) = (context.book(&state, &by.school).await?, by.school.ties().bars().await?);
    let pairs = PairView::all(&book, &bars, &stored.contact.id);
    let title = book.name_of(&stored.contact.id);
    let counts = stored.contact.clone().as_changed();
    let opens = context.settings.edit_imported && by.may(Action::EditContact).is_ok();
    let page = ContactPage::of(context.frame, &counts, stored.rev, &Typed::of(&counts), notice, Vec::new());
    let may_bar = by.may(Action::EditContact).is_ok();
    let find = asked.bar.unwrap_or_default();
    let finder = may_bar.then(|| Finder::new(&book, &stored.contact.id, &find)).flatten();
    let mut page = page.opened(&stored.contact, opens);
    page.title = title.unwrap_or(page.title);
    (page.pairs, page.may_bar, page.finder, page.recent) = (pairs, may_bar, finder, recent);
    html(&page)
}
