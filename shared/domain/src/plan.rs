//! From a message and an address book to deliveries: audience, routing, de-duplication, texts.
//!
//! The same function makes the preview and the send, so that what was shown is what goes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::book::AddressBook;
use crate::channel::Channel;
use crate::contact::Contact;
use crate::ids::ContactId;
use crate::message::{Audience, Message};
use crate::routing::{Chosen, route};
use crate::settings::Settings;
use crate::sms::{self, Units};
use crate::texts::{Rendered, Texts};

/// One delivery that would be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// How.
    pub channel: Channel,
    /// E.164 number or e-mail address.
    pub to: String,
    /// The contacts it serves: those that share the address and get the same text.
    pub contacts: Vec<ContactId>,
    /// Values of the text's tokens.
    pub values: Vec<String>,
    /// SMS parts; 1 for a call or an e-mail.
    pub units: Units,
    /// Subject of an e-mail.
    pub subject: Option<Arc<str>>,
    /// The text, header included; empty while `missing` is not.
    pub text: Arc<str>,
    /// Tokens that have neither value nor fallback for this recipient: it cannot be sent.
    pub missing: Vec<String>,
}

/// What a message comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Its deliveries, by channel, in the address book's order.
    pub deliveries: Vec<Planned>,
    /// People who get at least one.
    pub recipients: usize,
    /// People in the audience who cannot be reached on the chosen channels.
    pub unreachable: Vec<ContactId>,
    /// Groups that do not exist.
    pub unknown_groups: Vec<String>,
    /// Contacts that do not exist.
    pub unknown_contacts: Vec<ContactId>,
}

/// Resolves a message against an address book.
pub fn plan(book: &AddressBook, message: &Message, settings: &Settings) -> Plan {
    let texts = Texts::of(message);
    let chosen = Chosen { sms: message.sms.is_some(), voice: message.voice.is_some() };
    let mut plan = Plan::default();
    let people = audience(book, &message.to, &mut plan);
    let mut gathered = Gathered::new(&texts, settings);

    for position in people {
        let contact = &book.contacts()[position];
        let reach = book.reach(position);
        let route = route(&reach.numbers, chosen, settings.routing, settings.voice_calling);
        let email = reach.email.as_ref().filter(|_| message.email.is_some());
        if route.sms.is_none() && route.calls.is_empty() && email.is_none() {
            plan.unreachable.push(contact.id.clone());
            continue;
        }
        plan.recipients += 1;
        if let Some(mobile) = route.sms {
            gathered.add(Channel::Sms, mobile.as_str(), mobile.as_str(), contact);
        }
        for number in route.calls {
            gathered.add(Channel::Voice, number.as_str(), number.as_str(), contact);
        }
        if let Some(address) = email {
            gathered.add(Channel::Email, &address.dedupe_key(), address.as_str(), contact);
        }
    }
    plan.deliveries = gathered.into_deliveries();
    plan
}

/// Positions in the book of everybody in the audience, each once, in the book's order.
fn audience(book: &AddressBook, to: &Audience, plan: &mut Plan) -> Vec<usize> {
    let mut people: BTreeSet<usize> = BTreeSet::new();
    for group in &to.groups {
        match book.members(group) {
            Some(members) => people.extend(members),
            None => plan.unknown_groups.push(group.clone()),
        }
    }
    for id in &to.contacts {
        match book.position(id) {
            Some(position) => {
                people.insert(position);
            }
            None => plan.unknown_contacts.push(id.clone()),
        }
    }
    if to.everyone { (0..book.contacts().len()).collect() } else { people.into_iter().collect() }
}

/// Deliveries so far, one for each address and text.
struct Gathered<'a> {
    texts: &'a Texts,
    settings: &'a Settings,
    by_channel: HashMap<Channel, Vec<Planned>>,
    seen: HashMap<(Channel, String, Rendered), usize>,
}

impl<'a> Gathered<'a> {
    fn new(texts: &'a Texts, settings: &'a Settings) -> Self {
        Self { texts, settings, by_channel: HashMap::new(), seen: HashMap::new() }
    }

    /// One delivery serves all who share the address and get the same text.
    fn add(&mut self, channel: Channel, key: &str, to: &str, contact: &Contact) {
        let values = self.texts.values(channel, contact, self.settings);
        let deliveries = self.by_channel.entry(channel).or_default();
        let (rendered, missing) = match self.texts.render(channel, &values) {
            Ok(rendered) => (rendered, Vec::new()),
            Err(missing) => (Rendered::default(), missing.names),
        };
        if missing.is_empty() {
            let place = (channel, key.to_owned(), rendered.clone());
            if let Some(&at) = self.seen.get(&place) {
                deliveries[at].contacts.push(contact.id.clone());
                return;
            }
            self.seen.insert(place, deliveries.len());
        }
        let units = match (channel, deliveries.last()) {
            // Where everybody gets the same text it is counted once.
            (Channel::Sms, Some(last)) if Arc::ptr_eq(&last.text, &rendered.text) => last.units,
            (Channel::Sms, _) => sms::count(&rendered.text).parts,
            _ => Units(1),
        };
        deliveries.push(Planned {
            channel,
            to: to.to_owned(),
            contacts: vec![contact.id.clone()],
            values,
            units,
            subject: rendered.subject,
            text: rendered.text,
            missing,
        });
    }

    fn into_deliveries(mut self) -> Vec<Planned> {
        Channel::ALL.into_iter().flat_map(|c| self.by_channel.remove(&c).unwrap_or_default()).collect()
    }
}
