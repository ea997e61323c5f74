//! What the compose page says back while one writes: who is reached, how long it is, what it costs, how it looks.

use std::collections::BTreeMap;

use domain::approval::Held;
use domain::book::Reach;
use domain::channel::Channel;
use domain::content::{Content, MAX_WEIGHT, seconds_spoken, weight};
use domain::ids::ContactId;
use domain::message::{Message, Purpose};
use domain::plan::{Plan, Planned};
use domain::settings::Settings;
use domain::sms;

use super::advice::{Advice, advice};
use super::why::WhyView;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::components::Named;
use crate::pages::kit::form::Problem;
use crate::pages::kit::links::contact_path;
use crate::pages::kit::preview::Shown;
use crate::pages::kit::words;
use crate::services::costing::Costing;
use crate::services::submit::Checked;

/// People whose message can be looked at before it goes.
const PREVIEWED: usize = 100;
/// People that are named among those who cannot be reached.
const NAMED: usize = 40;

/// Everything that changes while one writes.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) reach: ReachView,
    /// Why somebody who was asked about gets it, or does not.
    pub(crate) why: WhyView,
    pub(crate) sms: SmsSizeView,
    pub(crate) voice_size: String,
    pub(crate) tweet_size: TweetSizeView,
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
    /// Pupils for whom nobody is written to.
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

/// How long the text is.
#[derive(Debug, Clone)]
pub(crate) struct SmsSizeView {
    pub(crate) places: String,
    pub(crate) each: String,
    pub(crate) over: bool,
    pub(crate) advice: Option<Advice>,
}

/// How long the post is.
#[derive(Debug, Clone)]
pub(crate) struct TweetSizeView {
    pub(crate) words: String,
    pub(crate) over: bool,
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
            sms: sms_size(message, plan, costing, settings),
            voice_size: voice_size(message, costing),
            tweet_size: tweet_size(message),
            preview: previewed(book, message, plan, settings, person),
            costs: if priced { costs(costing, settings) } else { Vec::new() },
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
    /// With why whoever is called `name` gets it, or does not.
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
        "sms.text" => "sms_text",
        "sms.header" => "sms_header",
        "voice.text" => "voice_text",
        "tweet.text" => "tweet_text",
        "email.subject" => "email_subject",
        "email.text" => "email_text",
        "email.reply_to" => "email_reply_to",
        "channels" => "use-sms",
        _ => "find",
    };
    checked.problems.iter().map(|p| Problem::new(input(&p.field), p.message.clone())).collect()
}

/// `312 texts and 40 calls`.
pub(crate) fn sum_of(costing: &Costing) -> String {
    let parts = [
        (Channel::Sms, costing.sms.as_ref().map(|c| c.messages)),
        (Channel::Voice, costing.voice.map(|c| c.messages)),
        (Channel::Email, costing.email.map(|c| c.messages)),
        (Channel::Tweet, costing.posts),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter_map(|(channel, n)| Some(words::messages(n.filter(|n| *n > 0)?, channel)))
        .collect();
    if said.is_empty() { "nothing".to_owned() } else { words::list(&said) }
}

/// Numbers that must still hold when the button is pressed.
pub(crate) fn expect(costing: &Costing) -> String {
    let sms = costing.sms.as_ref().map_or((0, 0), |c| (c.messages, c.units));
    let voice = costing.voice.map_or((0, 0), |c| (c.messages, c.minutes));
    let email = costing.email.map_or(0, |c| c.messages);
    let posts = costing.posts.unwrap_or(0);
    format!("{}-{}-{}-{}-{}-{email}-{posts}", costing.recipients, sms.0, sms.1, voice.0, voice.1)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn reach(book: &PageBook, message: &Message, plan: &Plan, costing: &Costing) -> ReachView {
    let mut counts = Vec::new();
    let mut say = |channel: Channel, n: u64| {
        let facts = channel.facts();
        counts.push(Named::new(if n == 1 { facts.noun } else { facts.nouns }.to_owned(), words::number(n)));
    };
    if let Some(sms) = &costing.sms {
        say(Channel::Sms, sms.messages);
    }
    if let Some(voice) = &costing.voice {
        say(Channel::Voice, voice.messages);
    }
    if let Some(email) = &costing.email {
        say(Channel::Email, email.messages);
    }
    if let Some(posts) = costing.posts {
        say(Channel::Tweet, posts);
    }
    let unreachable_count = plan.unreachable.len();
    let unreachable = plan.unreachable.iter().take(NAMED).filter_map(|id| {
        let (contact, reach) = book.get(id)?;
        let why = why_unreachable(message, reach, contact.numbers.is_empty(), contact.email.is_none());
        Some(Unreached { path: contact_path(id), name: book.name_of(id)?, why })
    });
    ReachView {
        chosen: !message.to.is_empty() && !message.contents.is_public(),
        people: words::number(plan.recipients as u64),
        people_words: if plan.recipients == 1 { "person gets it" } else { "people get it" },
        counts,
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
pub(super) fn why_unreachable(
    message: &Message,
    reach: &Reach,
    no_number: bool,
    no_email: bool,
) -> &'static str {
    let (sms, voice, email) =
        (message.contents.sms.is_some(), message.contents.voice.is_some(), message.contents.email.is_some());
    match (sms || voice, email) {
        (true, false) if no_number => "no number",
        (true, false) if reach.numbers.is_empty() => "the number looks wrong",
        (true, false) if sms && !voice => "no mobile",
        (true, false) => "no number that can be called",
        (false, true) if no_email => "no e-mail address",
        (false, true) => "the e-mail address looks wrong",
        (true, true) if no_number && no_email => "no number, no e-mail",
        _ => "nothing that works",
    }
}

fn sms_size(message: &Message, plan: &Plan, costing: &Costing, settings: &Settings) -> SmsSizeView {
    let Some(content) = &message.contents.sms else {
        return SmsSizeView { places: String::new(), each: String::new(), over: false, advice: None };
    };
    let composed = content.composed();
    let texts = || plan.deliveries.iter().filter(|d| d.channel == Channel::Sms && d.missing.is_empty());
    let longest = texts()
        .max_by_key(|d| (d.units, d.text.len()))
        .map_or_else(|| composed.clone(), |d| d.text.to_string());
    let size = sms::count(&longest);
    let parts = size.parts.0.max(1);
    let room = if parts == 1 { size.encoding.single() } else { parts * size.encoding.each() };
    let (least, most) = costing.sms.as_ref().map_or((0, 0), |c| c.units_each);
    let each = match (least, most) {
        (0, _) => format!("{} each", words::count(u64::from(parts), "text", "texts")),
        (least, most) if least == most => format!("{} each", words::count(u64::from(most), "text", "texts")),
        (least, most) => format!("{least} to {most} texts each"),
    };
    SmsSizeView {
        places: format!("{} / {room}", size.used),
        each,
        over: size.is_too_long(),
        advice: advice(&composed, message, texts(), costing, settings),
    }
}

fn voice_size(message: &Message, costing: &Costing) -> String {
    let Some(voice) = &message.contents.voice else { return String::new() };
    let seconds = seconds_spoken(&voice.text);
    let length = match seconds {
        0 => return "Nothing to say yet".to_owned(),
        s if s < 55 => format!("About {} seconds", s.div_ceil(5) * 5),
        s => format!("About {} minutes", s.div_ceil(60).max(1)).replace("About 1 minutes", "About a minute"),
    };
    match costing.voice {
        Some(v) if v.messages > 0 => {
            format!("{length} · {} if all are answered", words::count(v.minutes, "minute", "minutes"))
        }
        _ => length,
    }
}

/// As X counts.
fn tweet_size(message: &Message) -> TweetSizeView {
    let weight = message.contents.tweet.as_ref().map_or(0, |t| weight(&t.text));
    let words = match MAX_WEIGHT.checked_sub(weight) {
        Some(left) => format!("{weight} of {} · {left} left", MAX_WEIGHT),
        None => format!("{weight} of {} · {} too many", MAX_WEIGHT, weight - MAX_WEIGHT),
    };
    TweetSizeView { words, over: weight > MAX_WEIGHT }
}

fn costs(costing: &Costing, settings: &Settings) -> Vec<CostRow> {
    let mut rows = Vec::new();
    if let Some(sms) = costing.sms.as_ref().filter(|c| c.messages > 0) {
        rows.push(CostRow {
            what: words::messages(sms.messages, Channel::Sms),
            detail: words::count(sms.units, "unit", "units"),
            price: format!("{} a unit", words::price(settings.prices.sms_unit)),
            cost: words::money(sms.money),
        });
    }
    if let Some(voice) = costing.voice.filter(|c| c.messages > 0) {
        rows.push(CostRow {
            what: words::messages(voice.messages, Channel::Voice),
            detail: format!("up to {}", words::count(voice.minutes, "minute", "minutes")),
            price: format!("{} a minute", words::price(settings.prices.voice_minute)),
            cost: words::money(voice.money),
        });
    }
    if let Some(email) = costing.email.filter(|c| c.messages > 0) {
        rows.push(CostRow {
            what: words::messages(email.messages, Channel::Email),
            detail: String::new(),
            price: words::price(settings.prices.email),
            cost: words::money(email.money),
        });
    }
    if let Some(posts) = costing.posts.filter(|n| *n > 0) {
        let free = words::money(domain::money::Pence::default());
        rows.push(CostRow {
            what: words::messages(posts, Channel::Tweet),
            detail: "on X".to_owned(),
            price: String::new(),
            cost: free,
        });
    }
    rows
}

/// Worth knowing, but nothing to mend: people who share a number or address.
fn note(plan: &Plan) -> Option<String> {
    let to_people = || plan.deliveries.iter().filter(|d| d.channel != Channel::Tweet);
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

/// The message as the person at a place among the recipients gets it.
fn previewed(
    book: &PageBook,
    message: &Message,
    plan: &Plan,
    settings: &Settings,
    person: usize,
) -> Option<PreviewView> {
    let mut people: BTreeMap<usize, (&ContactId, Vec<&Planned>)> = BTreeMap::new();
    for delivery in plan.deliveries.iter().filter(|d| d.missing.is_empty()) {
        for id in &delivery.contacts {
            if let Some(place) = book.place(id) {
                people.entry(place).or_insert((id, Vec::new())).1.push(delivery);
            }
        }
    }
    // Those who get a text come first: it is what most people get.
    let mut people: Vec<(&ContactId, Vec<&Planned>)> = people.into_values().collect();
    people.sort_by_key(|(_, deliveries)| deliveries.first().map(|d| d.channel));
    let post = plan.deliveries.iter().find(|d| d.channel == Channel::Tweet && !d.text.trim().is_empty());
    let post = post.map(|d| Shown::planned(d, settings));
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
        .map(|d| Shown::planned(d, settings))
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
