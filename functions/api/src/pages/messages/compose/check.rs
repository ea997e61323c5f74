//! What the compose page says back while one writes: who is reached, how long it is, what it costs, how it looks.

use std::collections::BTreeMap;

use domain::approval::Held;
use domain::channel::{Billed, Channel};
use domain::content::{Content, Part};
use domain::ids::ContactId;
use domain::message::{Message, Purpose};
use domain::plan::{Plan, Planned};
use domain::settings::Settings;

use super::parts::{self, Measured, Size};
use super::reach::{ReachView, reach};
use super::why::WhyView;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::form::Problem;
use crate::pages::kit::preview::Shown;
use crate::pages::kit::words;
use crate::services::costing::Costing;
use crate::services::submit::Checked;

/// People whose message can be looked at before it goes.
const PREVIEWED: usize = 100;
/// Everything that changes while one writes.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) reach: ReachView,
    /// Why somebody who was asked about gets it, or does not.
    pub(crate) why: WhyView,
    /// How long what is written for each channel is.
    pub(crate) sizes: Vec<Size>,
    pub(crate) preview: Option<PreviewView>,
    pub(crate) costs: Vec<CostRow>,
    pub(crate) total: String,
    pub(crate) note: Option<String>,
    pub(crate) warning: Option<&'static str>,
    /// What comes before it goes.
    pub(crate) released: Option<&'static str>,
    /// What is still to be done before it can be sent.
    pub(crate) blockers: Vec<String>,
    pub(crate) ready: bool,
    pub(crate) send_words: String,
    /// What the user saw when they pressed the button.
    pub(crate) expect: String,
    /// One line for a phone.
    pub(crate) sum: String,
}

/// The message as one person gets it.
#[derive(Debug, Clone)]
pub(crate) struct PreviewView {
    pub(crate) person: String,
    pub(crate) position: String,
    pub(crate) previous: Option<usize>,
    pub(crate) next: Option<usize>,
    pub(crate) shown: Vec<Shown>,
}

/// A line of the costing.
#[derive(Debug, Clone)]
pub(crate) struct CostRow {
    pub(crate) what: String,
    pub(crate) detail: String,
    pub(crate) price: String,
    pub(crate) cost: String,
}

impl Check {
    /// Of a message as it stands in the form; `person` is whose message is shown, from 0.
    pub(crate) fn new(
        book: &PageBook,
        message: &Message,
        checked: &Checked,
        settings: &Settings,
        person: usize,
    ) -> Self {
        let Checked { plan, costing, problems } = checked;
        let blockers: Vec<String> = problems.iter().map(|p| p.message.clone()).collect();
        let sum = sum_of(costing);
        let ready = blockers.is_empty();
        let priced = !plan.deliveries.is_empty();
        Self {
            reach: reach(book, message, plan, costing),
            why: WhyView::default(),
            sizes: parts::sizes(&Measured { message, plan, costing, settings }),
            preview: previewed(book, message, plan, settings, person),
            costs: if priced { costs(costing) } else { Vec::new() },
            total: if priced { words::money(costing.total()) } else { String::new() },
            note: note(plan),
            warning: warning(message),
            released: None,
            send_words: if ready { format!("Send {sum}") } else { "Send".to_owned() },
            // Without a text there was nothing to look at yet.
            expect: if ready { expect(costing) } else { String::new() },
            sum: if plan.deliveries.is_empty() { "Nobody reached yet".to_owned() } else { capital(&sum) },
            blockers,
            ready,
        }
    }
}

impl Check {
    /// Explains why the people named `name` are or are not included.
    pub(crate) fn asked_about(mut self, book: &PageBook, message: &Message, plan: &Plan, name: &str) -> Self {
        self.why = WhyView::new(book, message, plan, name);
        self
    }

    /// Of a message that its author may write but not send.
    pub(crate) fn handed_in(mut self, why: Held) -> Self {
        if let Some(sum) = self.send_words.strip_prefix("Send ") {
            self.send_words = format!("Submit {sum}");
        }
        self.released = Some(match why {
            Held::Role | Held::Grown => "A colleague who may authorise messages checks it before it goes.",
            Held::NoEmail => {
                "It is too large to go without a PIN, and a PIN needs a confirmed e-mail address. A colleague who may \
                 authorise messages checks it instead. You can confirm your address in your preferences."
            }
        });
        self
    }

    /// Of a message that needs a PIN.
    pub(crate) fn with_pin(mut self) -> Self {
        self.released = Some(
            "It is large: before it goes, you are asked for a PIN, which is sent to your e-mail address.",
        );
        self
    }
}

/// The problems as they belong to the inputs of the form.
pub(crate) fn problems(checked: &Checked) -> Vec<Problem> {
    let input = |field: &str| match field {
        "email.reply_to" => "email_reply_to",
        "channels" => "use-sms",
        _ => Part::ALL.map(Part::facts).into_iter().find(|f| f.field == field).map_or("find", |f| f.input),
    };
    checked.problems.iter().map(|p| Problem::new(input(&p.field), p.message.clone())).collect()
}

/// `312 texts and 40 calls`.
pub(crate) fn sum_of(costing: &Costing) -> String {
    let sent = costing.channels.iter().filter(|c| c.messages > 0);
    let said: Vec<String> = sent.map(|c| words::messages(c.messages, c.channel)).collect();
    if said.is_empty() { "nothing".to_owned() } else { words::list(&said) }
}

/// Counts re-checked when the button is pressed: recipients, then for each channel the messages, and the units or
/// minutes.
pub(crate) fn expect(costing: &Costing) -> String {
    let mut counts = vec![costing.recipients.to_string()];
    for channel in Channel::ALL {
        let (messages, billed) = costing.of(channel).map_or((0, 0), |c| (c.messages, c.billed));
        counts.push(messages.to_string());
        if matches!(channel.facts().billed, Billed::Units | Billed::Minutes) {
            counts.push(billed.to_string());
        }
    }
    counts.join("-")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn costs(costing: &Costing) -> Vec<CostRow> {
    let sent = costing.channels.iter().filter(|c| c.messages > 0);
    sent.map(|c| {
        let facts = c.channel.facts();
        let price = words::price(c.price);
        let (detail, price) = match facts.billed {
            Billed::Units => (words::count(c.billed, "unit", "units"), format!("{price} a unit")),
            Billed::Minutes => (
                format!("up to {}", words::count(c.billed, "minute", "minutes")),
                format!("{price} a minute"),
            ),
            Billed::Emails => (String::new(), price),
            Billed::Nothing => (format!("on {}", facts.brief), String::new()),
        };
        let (what, cost) = (words::messages(c.messages, c.channel), words::money(c.money));
        CostRow { what, detail, price, cost }
    })
    .collect()
}

/// Worth knowing, but nothing to mend: people who share a number or address.
fn note(plan: &Plan) -> Option<String> {
    let to_people = || plan.deliveries.iter().filter(|d| d.channel.goes_to_people());
    let served: usize = to_people().map(|d| d.contacts.len()).sum();
    let shared = served - to_people().count();
    (shared > 0).then(|| {
        format!(
            "{} a number or address with somebody else and {} one message between them.",
            words::count(shared as u64, "person shares", "people share"),
            if shared == 1 { "gets" } else { "get" }
        )
    })
}

/// What should make one stop and think.
fn warning(message: &Message) -> Option<&'static str> {
    (message.purpose == Purpose::Emergency)
        .then_some("An emergency goes before everything else. Use it only for what cannot wait.")
}

/// Who gets something, and what. Those who get a text come first: it is what most people get.
fn recipients<'p>(book: &PageBook, plan: &'p Plan) -> Vec<(&'p ContactId, Vec<&'p Planned>)> {
    let mut people: BTreeMap<usize, (&ContactId, Vec<&Planned>)> = BTreeMap::new();
    for delivery in plan.deliveries.iter().filter(|d| d.missing.is_empty()) {
        for id in &delivery.contacts {
            if let Some(place) = book.place(id) {
                people.entry(place).or_insert((id, Vec::new())).1.push(delivery);
            }
        }
    }
    let mut people: Vec<_> = people.into_values().collect();
    people.sort_by_key(|(_, deliveries)| deliveries.first().map(|d| d.channel));
    people
}

/// The message as the person at a place among the recipients gets it.
fn previewed(
    book: &PageBook,
    message: &Message,
    plan: &Plan,
    settings: &Settings,
    person: usize,
) -> Option<PreviewView> {
    let mut people = recipients(book, plan);
    let post = plan.deliveries.iter().find(|d| !d.channel.goes_to_people() && !d.text.trim().is_empty());
    let shown = |d: &Planned| Some(Shown::planned(d, message.contents.get(d.channel)?, settings));
    let post = post.and_then(shown);
    let shown_people = people.len().min(PREVIEWED);
    let Some(last) = shown_people.checked_sub(1) else {
        let post = post?;
        return Some(PreviewView {
            person: "Everybody on X".to_owned(),
            position: String::new(),
            previous: None,
            next: None,
            shown: vec![post],
        });
    };
    let at = person.min(last);
    let (id, deliveries) = people.swap_remove(at);
    let written: Vec<Shown> = deliveries
        .into_iter()
        .filter(|d| !message.contents.get(d.channel).is_none_or(Content::is_blank))
        .filter_map(shown)
        .chain(post)
        .collect();
    if written.is_empty() {
        return None;
    }
    Some(PreviewView {
        person: book.name_of(id).unwrap_or_default(),
        position: format!("{} of {}", words::number(at as u64 + 1), words::number(plan.recipients as u64)),
        previous: at.checked_sub(1),
        next: (at + 1 < shown_people).then_some(at + 1),
        shown: written,
    })
}
