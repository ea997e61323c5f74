//! One message: where it stands, live, and what to do about those it did not reach.

mod handlers;

use std::collections::BTreeMap;

use askama::Template;
use domain::channel::Channel;
use domain::ids::{ContactId, MessageId};
use domain::message::{Message, MessageState};
use domain::settings::Settings;
use store::Edited;

pub(crate) use handlers::routes;

use crate::pages::kit::ask::Ask;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::components::{Bar, Named, Tag};
use crate::pages::kit::delivery_status::{Show, next_step, tag};
use crate::pages::kit::form::Problem;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::lines::{self, Counts};
use crate::pages::kit::links::contact_path;
use crate::pages::kit::preview::{self, Shown};
use crate::pages::kit::words::{self, LocalTime};
use crate::services::deliveries::DeliveryLine;
use crate::services::status::{Status, Waits};

/// People named in each group.
const NAMED: usize = 24;

#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage {
    frame: Frame,
    notice: Option<String>,
    problems: Vec<Problem>,
    id: String,
    headline: String,
    live: Live,
    said: Vec<Shown>,
    /// Who changed what of it, a sentence each.
    edits: Vec<String>,
    /// What its author wrote, where it says something else now.
    first: Vec<Shown>,
    facts: Vec<Named>,
}

/// The part of the page that changes.
#[derive(Template)]
#[template(path = "message_live.html")]
pub(crate) struct LivePart {
    frame: Frame,
    id: String,
    headline: String,
    live: Live,
}

struct Live {
    title: String,
    sub: String,
    /// For those who do not see it: said once.
    say: String,
    /// Whether deliveries still wait for a send.
    moving: bool,
    /// How often it is worth asking for news.
    every_ms: u32,
    rejected: Option<String>,
    /// Why it waits for a refresh of the address book.
    waits: Option<&'static str>,
    unsynced: Option<Ask>,
    total: u64,
    bar: Bar,
    legend: Vec<Legend>,
    stop: Option<Ask>,
    resend: Option<Ask>,
    groups: Vec<Group>,
}

struct Legend {
    tag: Tag,
    means: &'static str,
    show: &'static str,
    count: String,
    share: String,
}

/// People with whom the same thing is to be done.
struct Group {
    tag: Tag,
    count: String,
    next_step: &'static str,
    people: Vec<Person>,
    more: Option<String>,
    href: String,
}

struct Person {
    path: String,
    name: String,
    to: String,
}

fn stop_ask(id: MessageId) -> Ask {
    Ask::new(format!("/messages/{id}/stop"), "Stop sending?", "Stop sending", "Go on sending")
        .dialog("ask-stop")
        .words("What has not gone yet stays here and will not be sent. What the network already has still arrives.")
}

fn withdraw_ask(id: MessageId) -> Ask {
    Ask::new(format!("/messages/{id}/stop"), "Withdraw this message?", "Withdraw it", "Let it wait")
        .dialog("ask-stop")
        .words("Nobody has authorised it yet. Nothing will be sent, and it leaves the queue.")
}

/// The question before a message is stopped, as it stands.
fn stop_or_withdraw(id: MessageId, state: MessageState) -> Ask {
    if state == MessageState::AwaitingAuthorisation { withdraw_ask(id) } else { stop_ask(id) }
}

const WAITS_FOR_RUN: &str = "The address book is being refreshed from the MIS. The message goes as soon as that has \
    ended, to the numbers that are right then.";
const LET_DOWN: &str = "The refresh that it waited for did not finish. It goes by itself once a later one has. You can \
    also send it all the same, to the numbers that Messenger has now.";

fn unsynced_ask(id: MessageId) -> Ask {
    let action = format!("/messages/{id}/send-unsynced");
    Ask::new(action, "Send it all the same?", "Send it all the same", "Let it wait").dialog("ask-unsynced").words(
        "Numbers and court orders that changed in the MIS since the last refresh are not known here yet. That you \
         sent it is kept in the audit log.",
    )
}

fn resend_ask(id: MessageId, deliveries: u64) -> Ask {
    let number = words::number(deliveries);
    let send = format!("Send again to {number}");
    let ask = Ask::new(format!("/messages/{id}/resend"), format!("{send}?"), send, "Leave it")
        .dialog("ask-resend")
        .words(
            "These are the ones that failed and the ones that are not confirmed. People who are not confirmed may \
             get it twice. Sending again costs as much as the first time.",
        );
    Ask { harmless: true, ..ask }
}

impl Live {
    fn new(
        status: &Status,
        message: &Message,
        failing: &[DeliveryLine],
        book: &PageBook,
        local: &LocalTime,
    ) -> Self {
        let channels: Vec<Channel> = message.contents.channels().collect();
        let by_code = status.totals.iter().map(|(state, n)| (state.code().to_owned(), *n)).collect();
        let counts = lines::counts(&by_code);
        let total = status.deliveries();
        let title = title(status, &channels, &counts, total);
        let waiting = status.can_resend();
        Self {
            sub: sub(status, &counts, local),
            say: title.clone(),
            title,
            moving: !status.is_over(),
            every_ms: match counts.get(&Show::Sent) {
                _ if status.state == MessageState::AwaitingAuthorisation => 15_000,
                _ if !status.is_over() => 1_500,
                Some(_) => 3_000,
                None => 15_000,
            },
            rejected: (status.state == MessageState::Rejected).then(|| {
                status.reason.clone().unwrap_or_else(|| "It could not be sent as it was.".to_owned())
            }),
            waits: status.waits.map(|waits| match waits {
                Waits::ForRun => WAITS_FOR_RUN,
                Waits::LetDown => LET_DOWN,
            }),
            unsynced: (status.waits == Some(Waits::LetDown)).then(|| unsynced_ask(status.id)),
            total,
            bar: lines::bar(&counts),
            legend: legend(&channels, &counts, total),
            stop: (!status.is_over()).then(|| stop_or_withdraw(status.id, status.state)),
            resend: (status.is_over() && waiting > 0).then(|| resend_ask(status.id, waiting)),
            groups: groups(status.id, failing, book),
        }
    }
}

fn title(status: &Status, channels: &[Channel], counts: &Counts, total: u64) -> String {
    let of = |show| counts.get(&show).copied().unwrap_or(0);
    let part = |what: &str, n: u64| format!("{what} {} of {}", words::number(n), words::number(total));
    let (delivered, sent) = (of(Show::Delivered), of(Show::Sent));
    match status.state {
        MessageState::Rejected => "Not sent".to_owned(),
        MessageState::AwaitingAuthorisation => "Waiting to be authorised".to_owned(),
        MessageState::Stopped if total == 0 => "Stopped before it was sent".to_owned(),
        _ if total == 0 && status.waits.is_some() => "Waiting for the refresh".to_owned(),
        _ if total == 0 => "Getting ready to send".to_owned(),
        MessageState::Queued | MessageState::Sending => {
            part("Sending:", total - of(Show::Waiting) - of(Show::Retrying))
        }
        MessageState::Stopped => part("Stopped after", delivered + sent),
        MessageState::Finished if channels == [Channel::Tweet] => {
            if delivered > 0 { "Posted on X" } else { "Not known to be on X" }.to_owned()
        }
        // While most reports are still to come, "delivered" would sound like a failure.
        MessageState::Finished if delivered >= sent => part("Delivered to", delivered),
        MessageState::Finished => part("Sent to", sent + delivered),
    }
}

/// What its author has done with it as far as anybody can say: what waits, or was rejected, was not sent.
fn verb(status: &Status) -> &'static str {
    if status.deliveries() == 0 { "Written" } else { "Sent" }
}

fn sub(status: &Status, counts: &Counts, local: &LocalTime) -> String {
    let of = |show| counts.get(&show).copied().unwrap_or(0);
    let by = format!("{} by {} {}", verb(status), status.author.name, local.when(status.created_ms));
    let (delivered, sent) = (of(Show::Delivered), of(Show::Sent));
    if status.state == MessageState::Finished && sent > delivered {
        format!("{by} · {} known to be delivered so far", words::number(delivered))
    } else {
        by
    }
}

fn legend(channels: &[Channel], counts: &Counts, total: u64) -> Vec<Legend> {
    let share = |n: u64| match n * 100 / total.max(1) {
        0 => "under 1%".to_owned(),
        percent => format!("{percent}%"),
    };
    counts
        .iter()
        .map(|(show, n)| Legend {
            tag: show.tag(channels),
            means: show.means(channels),
            show: show.code(),
            count: words::number(*n),
            share: share(*n),
        })
        .collect()
}

/// Those it did not reach, gathered by what to do.
fn groups(id: MessageId, failing: &[DeliveryLine], book: &PageBook) -> Vec<Group> {
    let mut gathered: BTreeMap<(Show, String), Vec<&DeliveryLine>> = BTreeMap::new();
    for line in failing {
        let show = Show::of(line.standing.state);
        let words = tag(line.standing.state, line.standing.reason, line.channel).words;
        gathered.entry((show, words)).or_default().push(line);
    }
    gathered
        .into_iter()
        .map(|((show, words), lines)| {
            let people = lines.iter().take(NAMED).map(|line| Person {
                path: line.contacts.first().map(contact_path).unwrap_or_default(),
                name: names(&line.contacts, book),
                to: preview::address(line.channel, &line.to),
            });
            let more = lines.len().saturating_sub(NAMED);
            let first = lines.first();
            Group {
                tag: Tag::new(show.tone(), words),
                count: words::number(lines.len() as u64),
                next_step: first.map_or("", |l| next_step(l.standing.state, l.standing.reason, l.channel)),
                people: people.collect(),
                more: (more > 0).then(|| format!("and {} more", words::number(more as u64))),
                href: format!("/messages/{id}/deliveries?show={}", show.code()),
            }
        })
        .collect()
}

/// Everybody whom one delivery serves.
pub(crate) fn names(contacts: &[ContactId], book: &PageBook) -> String {
    let name = |id: &ContactId| book.name_of(id).unwrap_or_else(|| format!("Contact {id}"));
    words::list(&contacts.iter().map(name).collect::<Vec<_>>())
}

impl MessagePage {
    fn new(
        frame: Frame,
        status: &Status,
        message: &Message,
        settings: &Settings,
        local: &LocalTime,
        live: Live,
    ) -> Self {
        let mut facts = vec![
            Named::new(verb(status), local.when(status.created_ms)),
            Named::new("By", status.author.name.clone()),
            Named::new("To", audience(message)),
            Named::new("For", crate::pages::messages::compose::purpose_words(status.purpose)),
        ];
        if status.sms_units > 0 {
            let price = words::money(settings.prices.sms_unit.times(status.sms_units));
            let units = words::count(status.sms_units, "unit", "units");
            facts.push(Named::new("Texts cost", format!("{units}, {price}")));
        }
        if status.unreachable > 0 {
            facts.push(Named::new(
                "Not reached",
                words::count(u64::from(status.unreachable), "person", "people"),
            ));
        }
        Self {
            frame,
            notice: None,
            problems: Vec::new(),
            id: status.id.to_string(),
            headline: words::readable(&message.contents.headline()),
            live,
            said: Shown::composed(message, settings),
            first: Vec::new(),
            edits: status.edits.iter().map(|edit| edit_said(status, edit, local)).collect(),
            facts,
        }
    }
}

/// Who edited it, when, and what of it.
fn edit_said(status: &Status, edit: &Edited, local: &LocalTime) -> String {
    let before = match status.state {
        MessageState::AwaitingAuthorisation => "while it waited",
        MessageState::Rejected => "before it was rejected",
        MessageState::Stopped if status.deliveries() == 0 => "before it was withdrawn",
        _ => "before it was sent",
    };
    format!("Edited by {} {before}, {}: {}.", edit.by.name, local.when(edit.at_ms), parts_said(edit))
}

/// What somebody changed, in words.
pub(crate) fn parts_said(edit: &Edited) -> String {
    words::list(&edit.parts.iter().map(|part| part.facts().words.to_owned()).collect::<Vec<_>>())
}

/// Who it was meant for, as it was chosen.
pub(crate) fn audience(message: &Message) -> String {
    if message.contents.is_public() {
        return "Everybody on X".to_owned();
    }
    let to = &message.to;
    if to.everyone {
        let within = to.within.groups();
        let all = || format!("Everyone in {}", words::list(within));
        return if within.is_empty() { "Everyone".to_owned() } else { all() };
    }
    let mut chosen = to.groups.clone();
    if !to.contacts.is_empty() {
        chosen.push(words::count(to.contacts.len() as u64, "person", "people"));
    }
    if !to.pupils.is_empty() {
        chosen.push(words::count(to.pupils.len() as u64, "pupil", "pupils"));
    }
    match to.send_to {
        Some(send_to) if !to.pupils.is_empty() => format!("{}: {}", words::list(&chosen), send_to.words()),
        _ => words::list(&chosen),
    }
}

#[cfg(test)]
pub(crate) mod samples;
