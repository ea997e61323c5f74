//! Every delivery of a message, in plain words.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use domain::ids::MessageId;
use serde::Deserialize;

use crate::auth::SignedIn;
use crate::error::Result;
use crate::known::Known;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::components::{Pager, Tag};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::delivery_status::{Show, next_step, tag};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::lines::Counts;
use crate::pages::kit::links::{contact_path, encoded};
#[cfg(test)]
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words::{self, LocalTime};
use crate::pages::kit::{lines, preview};
use crate::services::deliveries::{Deliveries, DeliveryLine, deliveries, deliveries_in};
use crate::services::status::status;
use crate::state::ApiState;

/// Deliveries on one page.
const LISTED: usize = 100;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/messages/{id}/deliveries", get(show))
}

#[derive(Template)]
#[template(path = "deliveries.html")]
pub(crate) struct DeliveriesPage {
    frame: Frame,
    id: String,
    headline: String,
    filters: Vec<Filter>,
    rows: Vec<Row>,
    pager: Pager,
}

struct Filter {
    href: String,
    words: &'static str,
    count: String,
    here: bool,
}

struct Row {
    people: Vec<Person>,
    channel: &'static str,
    to: String,
    tag: Tag,
    when: String,
    next_step: &'static str,
}

struct Person {
    path: String,
    name: String,
}

#[derive(Deserialize, Default)]
struct Asked {
    show: Option<String>,
    cursor: Option<String>,
    /// Deliveries of the cursor's answer that earlier pages showed.
    #[serde(default)]
    skip: usize,
}

async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Known(id): Known<MessageId>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let context = PageContext::of_message(&state, &by, id).await?;
    let wanted = asked.show.as_deref().and_then(Show::from_code);
    let mut found = match wanted {
        None => deliveries(&by.school, id, asked.cursor.as_deref()).await?,
        Some(show) => deliveries_in(&by.school, id, asked.cursor.as_deref(), |s| Show::of(s) == show).await?,
    };
    let totals = &status(&state, &by.school, id).await?.totals;
    let counts = lines::counts(&totals.iter().map(|(s, n)| (s.code().to_owned(), *n)).collect());
    let headline = by.school.messages().body(id).await?.message.contents.headline();
    let book = context.book(&state, &by.school).await?;
    context.keep_seen(&mut found.lines, &book);
    html(&DeliveriesPage::new(
        context.frame,
        id,
        &headline,
        &counts,
        wanted,
        &asked,
        &found,
        &book,
        &context.local,
    ))
}

impl DeliveriesPage {
    #[expect(clippy::too_many_arguments, reason = "each is another part of the page")]
    fn new(
        frame: Frame,
        id: MessageId,
        headline: &str,
        counts: &Counts,
        wanted: Option<Show>,
        asked: &Asked,
        found: &Deliveries,
        book: &PageBook,
        local: &LocalTime,
    ) -> Self {
        let path = format!("/messages/{id}/deliveries?show={}", wanted.map_or("", Show::code));
        let here = found.lines.iter().skip(asked.skip).take(LISTED);
        let left = found.lines.len().saturating_sub(asked.skip + LISTED);
        let next = if left > 0 {
            let cursor =
                asked.cursor.as_deref().map(|c| format!("&cursor={}", encoded(c))).unwrap_or_default();
            Some(format!("{path}{cursor}&skip={}", asked.skip + LISTED))
        } else {
            found.next.as_ref().map(|cursor| format!("{path}&cursor={}", encoded(cursor)))
        };
        let first = asked.cursor.is_none() && asked.skip == 0;
        Self {
            frame,
            headline: words::readable(headline),
            filters: filters(id, counts, wanted),
            rows: here.map(|line| Row::new(line, book, local)).collect(),
            pager: Pager {
                words: String::new(),
                previous: (!first).then_some(path),
                previous_words: "First page",
                next,
                next_words: "More",
            },
            id: id.to_string(),
        }
    }
}

fn filters(id: MessageId, counts: &Counts, wanted: Option<Show>) -> Vec<Filter> {
    let filter = |show: Option<Show>, n: u64| Filter {
        href: format!("/messages/{id}/deliveries?show={}", show.map_or("", Show::code)),
        words: show.map_or("All", Show::words),
        count: words::number(n),
        here: show == wanted,
    };
    let all = filter(None, lines::total(counts));
    std::iter::once(all).chain(counts.iter().map(|(show, n)| filter(Some(*show), *n))).collect()
}

impl Row {
    fn new(line: &DeliveryLine, book: &PageBook, local: &LocalTime) -> Self {
        let standing = &line.standing;
        let person = |id| Person {
            path: contact_path(id),
            name: book.name_of(id).unwrap_or_else(|| format!("Contact {id}")),
        };
        Self {
            people: line.contacts.iter().map(person).collect(),
            channel: line.channel.facts().short,
            to: preview::address(line.channel, &line.to),
            tag: tag(standing.state, standing.reason, line.channel),
            when: standing.at_ms.map(|ms| local.when(ms)).unwrap_or_default(),
            next_step: next_step(standing.state, standing.reason, line.channel),
        }
    }
}

#[cfg(test)]
impl DeliveriesPage {
    pub(crate) fn sample() -> Self {
        let found =
            Deliveries { lines: crate::pages::messages::message::samples::failing(), next: Some("c".into()) };
        let counts = Counts::from([(Show::Delivered, 156), (Show::Unconfirmed, 4), (Show::Failed, 10)]);
        let id = MessageId::new(ulid::Ulid::from_parts(1, 1));
        let book = crate::pages::messages::compose::samples::book();
        let frame = Frame::sample(NavItem::HISTORY);
        let local = lines::samples::local();
        Self::new(frame, id, "Year 9 coach", &counts, None, &Asked::default(), &found, &book, &local)
    }
}
