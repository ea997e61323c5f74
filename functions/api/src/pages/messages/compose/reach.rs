//! Who is reached by a message as it stands in the form, and who is not.

use domain::book::Reach;
use domain::channel::Address;
use domain::contact::Contact;
use domain::ids::ContactId;
use domain::message::Message;
use domain::plan::Plan;

use crate::pages::kit::book::PageBook;
use crate::pages::kit::components::Named;
use crate::pages::kit::links::contact_path;
use crate::pages::kit::words;
use crate::services::costing::Costing;

/// People that are named among those who cannot be reached.
const NAMED: usize = 40;

/// Who is reached.
#[derive(Debug, Clone)]
pub(crate) struct ReachView {
    pub(crate) chosen: bool,
    pub(crate) people: String,
    pub(crate) people_words: &'static str,
    pub(crate) counts: Vec<Named>,
    pub(crate) unreachable_count: usize,
    pub(crate) unreachable_words: String,
    pub(crate) unreachable: Vec<Unreached>,
    pub(crate) more_unreachable: Option<String>,
    /// Adults whom a court order keeps it from.
    pub(crate) barred: Option<String>,
    /// Pupils with nobody to write to.
    pub(crate) without_words: Option<String>,
    pub(crate) without: Vec<Unreached>,
    pub(crate) more_without: Option<String>,
}

/// Somebody who cannot be reached.
#[derive(Debug, Clone)]
pub(crate) struct Unreached {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) why: &'static str,
}

/// Of a message as it was planned.
pub(super) fn reach(book: &PageBook, message: &Message, plan: &Plan, costing: &Costing) -> ReachView {
    let counts = costing.channels.iter().map(|c| {
        let facts = c.channel.facts();
        Named::new(if c.messages == 1 { facts.noun } else { facts.nouns }, words::number(c.messages))
    });
    let unreachable_count = plan.unreachable.len();
    let unreachable = plan.unreachable.iter().take(NAMED).filter_map(|id| {
        let (contact, reach) = book.get(id)?;
        let why = why_unreachable(message, contact, reach);
        Some(Unreached { path: contact_path(id), name: book.name_of(id)?, why })
    });
    ReachView {
        chosen: !message.to.is_empty() && !message.contents.is_public(),
        people: words::number(plan.recipients as u64),
        people_words: if plan.recipients == 1 { "person gets it" } else { "people get it" },
        counts: counts.collect(),
        unreachable_count,
        unreachable_words: words::count(
            unreachable_count as u64,
            "person cannot be reached",
            "people cannot be reached",
        ),
        unreachable: unreachable.collect(),
        more_unreachable: and_more(unreachable_count),
        barred: (plan.barred > 0)
            .then(|| format!("Left out because of a court order: {}", words::number(plan.barred as u64))),
        without_words: (!plan.pupils_without.is_empty()).then(|| {
            let count = plan.pupils_without.len() as u64;
            words::count(count, "pupil with nobody to write to", "pupils with nobody to write to")
        }),
        without: plan.pupils_without.iter().take(NAMED).filter_map(|id| without(book, id)).collect(),
        more_without: and_more(plan.pupils_without.len()),
    }
}

/// How many more there are than are named.
fn and_more(count: usize) -> Option<String> {
    let more = count.saturating_sub(NAMED);
    (more > 0).then(|| format!("and {} more", words::number(more as u64)))
}

/// A pupil with nobody to write to, and why.
fn without(book: &PageBook, id: &ContactId) -> Option<Unreached> {
    let place = book.place(id)?;
    let adults = book.adults_of(place);
    let why = if adults.is_empty() {
        "no adult is known"
    } else if adults.iter().all(|pair| pair.court_order) {
        "a court order bars everybody known"
    } else {
        "no adult fits this choice"
    };
    Some(Unreached { path: contact_path(id), name: book.name_of(id)?, why })
}

/// Why the chosen channels do not reach somebody.
pub(super) fn why_unreachable(message: &Message, contact: &Contact, reach: &Reach) -> &'static str {
    let uses = |address| message.contents.channels().any(|c| c.facts().address == address);
    let (text, call, email) = (uses(Address::Mobile), uses(Address::Phone), uses(Address::Email));
    let (no_number, no_email) = (contact.numbers.is_empty(), contact.email.is_none());
    match (text || call, email) {
        (true, false) if no_number => "no number",
        (true, false) if reach.numbers.is_empty() => "the number looks wrong",
        (true, false) if text && !call => "no mobile",
        (true, false) => "no number that can be called",
        (false, true) if no_email => "no e-mail address",
        (false, true) => "the e-mail address looks wrong",
        (true, true) if no_number && no_email => "no number, no e-mail",
        _ => "nothing that works",
    }
}
