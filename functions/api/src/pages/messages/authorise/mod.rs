//! Messages that wait for somebody to authorise them, and one of them: what it says, who gets it, what has changed.

mod edit;
mod handlers;

use askama::Template;
use domain::approval::{Figures, NotYours};
use domain::ids::ContactId;
use store::{Edited, Summary, Waiting};

pub(crate) use edit::EditPage;
pub(crate) use handlers::routes;

use crate::pages::kit::book::PageBook;
use crate::pages::kit::components::{Named, Tag, Tone};
use crate::pages::kit::form::Problem;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::preview::{self, Shown};
use crate::pages::kit::words::{self, LocalTime};
use crate::pages::messages::compose::{purpose_words, sum_of};
use crate::pages::messages::message::audience;
use crate::services::authorise::Looked;

/// People who are named in each list.
const NAMED: usize = 60;

/// The queue.
#[derive(Template)]
#[template(path = "authorise.html")]
pub(crate) struct QueuePage {
    frame: Frame,
    notice: Option<&'static str>,
    lines: Vec<Line>,
}

/// One message of the queue.
struct Line {
    id: String,
    headline: String,
    author: String,
    /// Who edited it last, if anybody did.
    edited_by: Option<String>,
    since: String,
    channels: String,
    tag: Tag,
}

impl QueuePage {
    fn new(
        frame: Frame,
        local: &LocalTime,
        waiting: &[Waiting],
        summaries: &[Summary],
        notice: Option<&'static str>,
    ) -> Self {
        let line = |line: &Waiting| {
            let summary = summaries.iter().find(|s| s.id == line.message)?;
            let nouns: Vec<String> = summary.channels.iter().map(|c| c.facts().nouns.to_owned()).collect();
            Some(Line {
                id: line.message.to_string(),
                headline: words::readable(&summary.headline),
                author: line.author.name.clone(),
                edited_by: line.edited_by.clone(),
                since: local.when(line.since_ms),
                channels: words::list(&nouns),
                tag: tag(line.why),
            })
        };
        Self { frame, notice, lines: waiting.iter().filter_map(line).collect() }
    }
}

fn tag(why: domain::approval::Held) -> Tag {
    match why {
        domain::approval::Held::Role => Tag::new(Tone::Waiting, "To authorise"),
        domain::approval::Held::NoEmail => Tag::new(Tone::Waiting, "Large, no PIN"),
        domain::approval::Held::Grown => Tag::new(Tone::Unsure, "More people"),
    }
}

/// One waiting message.
#[derive(Template)]
#[template(path = "authorise_one.html")]
pub(crate) struct OnePage {
    frame: Frame,
    problems: Vec<Problem>,
    /// What is not as it was when the button was pressed.
    changed_now: Option<&'static str>,
    id: String,
    title: String,
    sub: String,
    why: &'static str,
    seen: String,
    shown: Vec<Shown>,
    /// What its author wrote, where it says something else now.
    first: Vec<Shown>,
    facts: Vec<Named>,
    figures: Vec<FigureRow>,
    /// Since when `changes` are.
    since: &'static str,
    /// Who gave it another text since then, a sentence each.
    edits: Vec<String>,
    edited: Tag,
    changes: Vec<ChangeList>,
    people: Vec<Person>,
    more_people: Option<String>,
    people_count: String,
    blockers: Vec<String>,
    /// Why this person may not decide.
    not_yours: Option<String>,
    may_reject: bool,
    own: bool,
    send_words: String,
    reason: String,
    reason_error: Option<String>,
}

/// What it came to when it was written, and now.
struct FigureRow {
    words: &'static str,
    then: String,
    now: String,
    differs: bool,
}

/// People about whom something is different.
struct ChangeList {
    tag: Tag,
    count: String,
    names: Vec<String>,
    more: Option<String>,
}

/// Somebody who gets it.
struct Person {
    name: String,
    to: String,
}

/// What the page knows besides the message itself.
struct Asked {
    own: bool,
    not_yours: Option<NotYours>,
    changed_now: bool,
    reason: String,
    problems: Vec<Problem>,
}

impl OnePage {
    fn new(frame: Frame, local: &LocalTime, book: &PageBook, looked: &Looked, asked: Asked) -> Self {
        let plan = &looked.checked.plan;
        let message = &looked.body.message;
        let deliveries = plan.deliveries.iter().filter(|d| d.missing.is_empty());
        let mut shown: Vec<Shown> = Vec::new();
        for content in message.contents.all() {
            let first = deliveries.clone().find(|d| d.channel == content.channel());
            shown.extend(first.map(|d| Shown::planned(d, content, &looked.body.settings)));
        }
        let people = plan
            .deliveries
            .iter()
            .take(NAMED)
            .map(|d| Person { name: names(&d.contacts, book), to: preview::address(d.channel, &d.to) });
        let more = plan.deliveries.len().saturating_sub(NAMED);
        let written_ms = looked.written.map_or(looked.meta.created_ms, |(at_ms, _)| at_ms);
        Self {
            id: looked.meta.id.to_string(),
            title: words::readable(&message.contents.headline()),
            sub: format!("Written by {} {}", looked.meta.author.name, local.when(written_ms)),
            why: looked.meta.held.map_or("", domain::approval::Held::words),
            seen: looked.seen.clone(),
            shown,
            first: looked.first.as_ref().map_or_else(Vec::new, |m| Shown::composed(m, &looked.body.settings)),
            facts: vec![
                Named::new("To", audience(message)),
                Named::new("For", purpose_words(message.purpose)),
            ],
            figures: figure_rows(looked.written.map(|(_, figures)| figures).as_ref(), &looked.figures),
            since: if looked.since_authorised { "it was authorised" } else { "it was written" },
            edited: Tag::new(Tone::Unsure, "Another text"),
            edits: looked.edits.iter().map(|edit| edit_said(edit, local)).collect(),
            changes: change_lists(looked, book),
            people: people.collect(),
            more_people: (more > 0).then(|| format!("and {} more", words::number(more as u64))),
            people_count: words::count(looked.figures.recipients, "person gets it", "people get it"),
            blockers: looked.checked.problems.iter().map(|p| p.message.clone()).collect(),
            send_words: format!("Send {}", sum_of(&looked.checked.costing)),
            changed_now: asked.changed_now.then_some(
                "Who gets it, or what it says, is not what the page showed a moment ago. Look again before it goes.",
            ),
            reason_error: crate::pages::kit::form::error_of(&asked.problems, "reason"),
            problems: asked.problems,
            not_yours: asked.not_yours.map(|why| why.to_string()),
            may_reject: !asked.own && asked.not_yours.is_none_or(NotYours::may_reject),
            own: asked.own,
            reason: asked.reason,
            frame,
        }
    }
}

fn edit_said(edit: &Edited, local: &LocalTime) -> String {
    let parts = crate::pages::messages::message::parts_said(edit);
    format!("{} changed {parts} {}.", edit.by.name, local.when(edit.at_ms))
}

/// Names of people, those who are gone by their id.
fn names(contacts: &[ContactId], book: &PageBook) -> String {
    crate::pages::messages::message::names(contacts, book)
}

fn figure_rows(then: Option<&Figures>, now: &Figures) -> Vec<FigureRow> {
    let row = |words, of: fn(&Figures) -> String| {
        let (then, now) = (then.map(of), of(now));
        let differs = then.as_ref().is_some_and(|then| *then != now);
        FigureRow { words, then: then.unwrap_or_else(|| "–".to_owned()), now, differs }
    };
    let n = words::number;
    let rows = [
        row("People", |f| words::number(f.recipients)),
        row("Cannot be reached", |f| words::number(f.unreachable)),
        row("Texts", |f| words::number(f.texts)),
        row("Text units", |f| words::number(f.units)),
        row("Calls", |f| words::number(f.calls)),
        row("E-mails", |f| words::number(f.emails)),
        row("Cost, about", |f| words::money(f.price)),
    ];
    let nothing = n(0);
    rows.into_iter().filter(|row| row.differs || row.now != nothing).collect()
}

fn change_lists(looked: &Looked, book: &PageBook) -> Vec<ChangeList> {
    let changes = &looked.changed;
    let lists = [
        (Tone::Unsure, "New: get it now", &changes.added),
        (Tone::Off, "Gone: no longer get it", &changes.removed),
        (Tone::Sent, "Another number, address or way", &changes.moved),
    ];
    let list = |(tone, words, people): (Tone, &str, &Vec<ContactId>)| {
        let more = people.len().saturating_sub(NAMED);
        let name = |id: &ContactId| names(std::slice::from_ref(id), book);
        ChangeList {
            tag: Tag::new(tone, words),
            count: words::number(people.len() as u64),
            names: people.iter().take(NAMED).map(name).collect(),
            more: (more > 0).then(|| format!("and {} more", words::number(more as u64))),
        }
    };
    lists.into_iter().filter(|(_, _, people)| !people.is_empty()).map(list).collect()
}

#[cfg(test)]
mod samples;
