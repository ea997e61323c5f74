//! *Why, or why not?* For anybody who is named: why they get the message, or do not.

use domain::audience::{Because, why};
use domain::contact::Contact;
use domain::message::Message;
use domain::plan::Plan;

use super::reach::why_unreachable;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::components::{Tag, Tone};
use crate::pages::kit::links::contact_path;
use crate::pages::kit::{preview, words};

/// People who are told about at once.
const TOLD_OF: usize = 5;

/// What is said about those who fit a name.
#[derive(Debug, Clone, Default)]
pub(crate) struct WhyView {
    /// What was typed.
    pub(crate) name: String,
    pub(crate) people: Vec<Told>,
}

/// One person.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) tag: Tag,
    pub(crate) words: String,
}

impl WhyView {
    /// Of the message as it stands in the form.
    pub(super) fn new(book: &PageBook, message: &Message, plan: &Plan, name: &str) -> Self {
        let name = name.trim();
        let places = if name.is_empty() { Vec::new() } else { book.search(name, TOLD_OF) };
        let people = places.into_iter().filter_map(|place| told(book, message, plan, place));
        Self { name: name.to_owned(), people: people.collect() }
    }
}

fn told(book: &PageBook, message: &Message, plan: &Plan, place: usize) -> Option<Told> {
    let (contact, reach) = book.at(place)?;
    let why = why(book, &message.to, place);
    let reasons: Vec<String> = why.because.iter().map(|because| reason(book, because)).collect();
    let reasons = words::list(&reasons);
    let (tag, words) = match (why.meant, to_them(plan, contact)) {
        (true, Some(how)) => (Tag::new(Tone::Delivered, "Gets it"), format!("{how}: {reasons}")),
        (true, None) => {
            let why = why_unreachable(message, contact, reach);
            (Tag::new(Tone::Unsure, "Cannot be reached"), format!("{why}; {reasons}"))
        }
        (false, _) => (Tag::new(Tone::Waiting, "Does not get it"), reasons),
    };
    Some(Told { path: contact_path(&contact.id), name: book.name_at(place)?, tag, words })
}

/// How it goes to somebody, if it does.
fn to_them(plan: &Plan, contact: &Contact) -> Option<String> {
    let theirs = plan.deliveries.iter().filter(|delivery| delivery.contacts.contains(&contact.id));
    let said: Vec<String> = theirs
        .map(|delivery| {
            let shared = if delivery.contacts.len() > 1 { ", one for all who share it" } else { "" };
            format!(
                "{} to {}{shared}",
                delivery.channel.facts().noun,
                preview::address(delivery.channel, &delivery.to)
            )
        })
        .collect();
    (!said.is_empty()).then(|| words::list(&said))
}

fn reason(book: &PageBook, because: &Because) -> String {
    let name = |place: &usize| book.name_at(*place).unwrap_or_default();
    match because {
        Because::Picked => "chosen by name".to_owned(),
        Because::InGroup(group) => format!("in {group}"),
        Because::Everyone => "everyone was chosen".to_owned(),
        Because::AdultOf(pupil) => format!("for {}", name(pupil)),
        Because::LeftOut(pupil, send_to) => {
            format!("an adult of {}, but not one of “{}”", name(pupil), send_to.words())
        }
        Because::AdultsInstead => "a pupil, whose adults are written to instead".to_owned(),
        Because::Barred(pupil) => format!("barred from what concerns {}", name(pupil)),
        Because::NotChosen => "not chosen, and in no group that was".to_owned(),
    }
}
