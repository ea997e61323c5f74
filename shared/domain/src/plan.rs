//! From a message and an address book to deliveries: audience, routing, de-duplication, texts.
//!
//! The same function makes the preview and the send, so that what was shown is what goes.

use std::borrow::Cow;
use std::collections::hash_map::{Entry, RandomState};
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use crate::audience::{find, pupils_for};
use crate::book::{AddressBook, Reach};
use crate::channel::{Address, Billed, Channel};
use crate::contact::Contact;
use crate::delivery::Reason;
use crate::ids::ContactId;
use crate::message::Message;
use crate::phone::PhoneNumber;
use crate::routing::{Chosen, Route, route};
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
    /// Why it does not go, though everything for it is known.
    pub withheld: Option<Reason>,
}

impl Planned {
    /// Whether this is the delivery of that text to that address; capitals in an address make no difference.
    fn goes_to(&self, to: &str, rendered: &Rendered) -> bool {
        self.missing.is_empty()
            && self.to.eq_ignore_ascii_case(to)
            && self.text == rendered.text
            && self.subject == rendered.subject
    }
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
    /// Of the chosen pupils, those who do not exist or are none.
    pub unknown_pupils: Vec<ContactId>,
    /// Pupils with nobody to write to.
    pub pupils_without: Vec<ContactId>,
    /// Adults of chosen pupils, and others who were chosen, who are left out because of a court order.
    pub barred: usize,
}

/// Resolves a message against an address book.
pub fn plan(book: &AddressBook, message: &Message, settings: &Settings) -> Plan {
    let narrowed = message.to.within.within(book);
    let book = narrowed.as_ref().unwrap_or(book);
    let texts = Texts::of(&message.contents);
    let channels: Vec<Channel> = message.contents.channels().collect();
    let uses = |address| channels.iter().any(|c| c.facts().address == address);
    let chosen = Chosen { sms: uses(Address::Mobile), voice: uses(Address::Phone) };
    let mut plan = Plan::default();
    let found = find(book, &message.to);
    let id_at = |place: &usize| book.at(*place).map(|(contact, _)| contact.id.clone());
    plan.pupils_without = found.pupils_without.iter().filter_map(id_at).collect();
    plan.unknown_groups = found.unknown_groups;
    plan.unknown_contacts = found.unknown_contacts;
    plan.unknown_pupils = found.unknown_pupils;
    plan.barred = found.barred;
    let mut gathered = Gathered::new(&texts, settings);
    let routing = message.routing.unwrap_or(settings.routing);

    // A post alone is for everybody: people chosen besides are not looked up.
    let people = if message.contents.is_public() { Vec::new() } else { found.people };
    let families: BTreeSet<usize> = found.families.into_iter().collect();
    for position in people {
        let Some((contact, reach)) = book.at(position) else { continue };
        gathered.pupils =
            if texts.names_pupils() { pupils_for(book, position, &families) } else { String::new() };
        let route = route(&reach.numbers, chosen, routing, settings.voice_calling);
        let mut reached = false;
        for channel in channels.iter().copied() {
            for (key, to) in addresses(channel, &route, reach) {
                gathered.add(channel, &key, to, contact);
                reached = true;
            }
        }
        if reached {
            plan.recipients += 1;
        } else {
            plan.unreachable.push(contact.id.clone());
        }
    }
    plan.deliveries = gathered.into_deliveries();
    plan.deliveries.extend(to_accounts(message, &texts, settings));
    plan
}

/// Where one person gets a channel's deliveries, each with what is the same for two spellings of it.
fn addresses<'p>(channel: Channel, route: &'p Route, reach: &'p Reach) -> Vec<(Cow<'p, str>, &'p str)> {
    let number = |number: &'p PhoneNumber| (Cow::Borrowed(number.as_str()), number.as_str());
    match channel.facts().address {
        Address::Mobile => route.sms.iter().map(number).collect(),
        Address::Phone => route.calls.iter().map(number).collect(),
        Address::Email => {
            reach.email.iter().map(|email| (Cow::Owned(email.dedupe_key()), email.as_str())).collect()
        }
        Address::Account => Vec::new(),
    }
}

/// The one delivery to each account of the school itself, where there are both.
fn to_accounts(message: &Message, texts: &Texts, settings: &Settings) -> Vec<Planned> {
    let accounts = message.contents.all().filter_map(|c| Some((c.channel(), c.account(settings)?)));
    accounts
        .map(|(channel, account)| {
            let (text, missing) = match texts.render(channel, &[]) {
                Ok(rendered) => (rendered.text, Vec::new()),
                Err(missing) => (Arc::from(""), missing.names),
            };
            Planned {
                channel,
                to: account.to_owned(),
                contacts: Vec::new(),
                values: Vec::new(),
                units: Units(1),
                subject: None,
                text,
                missing,
                withheld: None,
            }
        })
        .collect()
}

/// Deliveries so far, one for each address and text.
struct Gathered<'a> {
    texts: &'a Texts,
    settings: &'a Settings,
    /// Names of the pupils that the present adult is written to about.
    pupils: String,
    by_channel: HashMap<Channel, Vec<Planned>>,
    /// Of channel, address and text, to the first delivery that has them.
    seen: HashMap<u64, usize>,
    hasher: RandomState,
}

impl<'a> Gathered<'a> {
    fn new(texts: &'a Texts, settings: &'a Settings) -> Self {
        Self {
            texts,
            settings,
            pupils: String::new(),
            by_channel: HashMap::new(),
            seen: HashMap::new(),
            hasher: RandomState::new(),
        }
    }

    /// One delivery serves all who share the address and get the same text.
    fn add(&mut self, channel: Channel, key: &str, to: &str, contact: &Contact) {
        let values = self.texts.values(channel, contact, self.settings, &self.pupils);
        let deliveries = self.by_channel.entry(channel).or_default();
        let (rendered, missing) = match self.texts.render(channel, &values) {
            Ok(rendered) => (rendered, Vec::new()),
            Err(missing) => (Rendered::default(), missing.names),
        };
        if missing.is_empty() {
            // Hashes instead of the texts themselves: a large plan would hold each twice.
            let hash = self.hasher.hash_one((channel, key, &rendered));
            match self.seen.entry(hash) {
                Entry::Vacant(free) => {
                    free.insert(deliveries.len());
                }
                Entry::Occupied(taken) => match deliveries.get_mut(*taken.get()) {
                    Some(same) if same.goes_to(to, &rendered) => {
                        same.contacts.push(contact.id.clone());
                        return;
                    }
                    // Two hashes that meet by chance: a delivery of its own.
                    _ => {}
                },
            }
        }
        let units = match (channel.facts().billed, deliveries.last()) {
            // Where everybody gets the same text it is counted once.
            (Billed::Units, Some(last)) if Arc::ptr_eq(&last.text, &rendered.text) => last.units,
            (Billed::Units, _) => sms::count(&rendered.text).parts,
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
            withheld: None,
        });
    }

    fn into_deliveries(mut self) -> Vec<Planned> {
        Channel::ALL.into_iter().flat_map(|c| self.by_channel.remove(&c).unwrap_or_default()).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::audience::Audience;
    use crate::contact::{ContactRole, LabelledNumber, PhoneLabel, Source};
    use crate::content::{Contents, EmailContent, SmsContent, VoiceContent};
    use crate::message::Purpose;
    use crate::money::Pence;
    use crate::phone::{CountryCode, NumberMode};
    use crate::routing::{Routing, VoiceCalling};
    use crate::settings::Prices;

    pub(crate) fn settings() -> Settings {
        Settings {
            timezone: "Europe/London".into(),
            country: CountryCode::default(),
            sms_sender: "GreenAbbey".into(),
            sms_header: "GA Sch".into(),
            voice_caller: "+441632960000".into(),
            email_from_name: "Green Abbey School".into(),
            email_reply_to: "office@greenabbey.example".into(),
            routing: Routing::SmsFirst,
            voice_calling: VoiceCalling::FirstOnly,
            prices: Prices {
                sms_unit: Pence::from_hundredths(375),
                voice_minute: Pence::from_hundredths(900),
                email: Pence::default(),
            },
            head_teacher: String::new(),
            address: String::new(),
            phone: String::new(),
            ..Settings::new("Green Abbey School")
        }
    }

    fn person(
        id: &str,
        forename: &str,
        numbers: &[(PhoneLabel, &str)],
        email: Option<&str>,
        group: &str,
    ) -> Contact {
        let number =
            |(label, n): &(PhoneLabel, &str)| LabelledNumber { label: *label, number: (*n).to_owned() };
        Contact {
            forename: forename.into(),
            surname: "Abbot".into(),
            numbers: numbers.iter().map(number).collect(),
            email: email.map(Into::into),
            groups: vec![group.into()],
            ..Contact::new(ContactId::parse(id).unwrap(), Source::Hand, ContactRole::Parent)
        }
    }

    fn book() -> AddressBook {
        use PhoneLabel::{Home, Mobile};
        let people = vec![
            person("1", "Ada", &[(Mobile, "07700 900001")], Some("Ada@example.com"), "Year 9"),
            person("2", "Ben", &[(Mobile, "07700 900001")], Some("ada@EXAMPLE.com"), "Year 9"),
            person("3", "Cy", &[(Home, "020 7946 0003")], None, "Year 8"),
            person("4", "Di", &[(Mobile, "not a number")], Some("nowhere"), "Year 8"),
        ];
        AddressBook::new(2, people, CountryCode::default(), NumberMode::Simulated)
    }

    fn message(sms: &str, to: Audience) -> Message {
        Message {
            purpose: Purpose::Service,
            to,
            contents: Contents {
                sms: Some(SmsContent { header: String::new(), text: sms.into() }),
                voice: Some(VoiceContent { text: sms.into() }),
                email: Some(EmailContent { subject: "News".into(), text: sms.into() }),
                ..Contents::default()
            },
            routing: None,
        }
    }

    fn everyone() -> Audience {
        Audience { everyone: true, ..Audience::default() }
    }

    #[test]
    fn one_delivery_to_a_shared_address_when_the_text_is_the_same() {
        let plan = plan(&book(), &message("We close at noon", everyone()), &settings());
        let made: Vec<(Channel, usize)> =
            plan.deliveries.iter().map(|d| (d.channel, d.contacts.len())).collect();
        assert_eq!(made, [(Channel::Sms, 2), (Channel::Voice, 1), (Channel::Email, 2)]);
        assert_eq!((plan.recipients, plan.unreachable.len()), (3, 1));
    }

    #[test]
    fn two_deliveries_to_a_shared_address_when_the_text_differs() {
        let plan = plan(&book(), &message("Dear $forename$", everyone()), &settings());
        let texts: Vec<&str> =
            plan.deliveries.iter().filter(|d| d.channel == Channel::Sms).map(|d| &*d.text).collect();
        assert_eq!(texts, ["Dear Ada", "Dear Ben"]);
    }

    #[test]
    fn the_audience_is_people_and_groups_each_person_once() {
        let id = |t: &str| ContactId::parse(t).unwrap();
        let to = Audience {
            contacts: vec![id("1"), id("1"), id("nobody")],
            groups: vec!["Year 9".into(), "Year 99".into()],
            ..Audience::default()
        };
        let plan = plan(&book(), &message("Hello", to), &settings());
        assert_eq!(plan.recipients, 2);
        assert_eq!(plan.unknown_groups, ["Year 99"]);
        assert_eq!(plan.unknown_contacts, [id("nobody")]);
    }

    #[test]
    fn a_token_without_a_value_is_named_and_the_others_go() {
        let plan = plan(&book(), &message("Dear $title$ $surname$", everyone()), &settings());
        assert!(plan.deliveries.iter().all(|d| d.missing == ["title"]));
        let plan = super::plan(&book(), &message("Dear $title|parent$", everyone()), &settings());
        assert!(plan.deliveries.iter().all(|d| d.missing.is_empty()));
    }
}
