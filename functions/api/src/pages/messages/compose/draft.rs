//! What stands on the compose form, whole or not.

use domain::attendance::{About, Matter, SentAllTheSame};
use domain::audience::{Audience, SendTo};
use domain::channel::Channel;
use domain::content::{Content, Contents, SmsContent};
use domain::feed::Session;
use domain::ids::ContactId;
use domain::limit::Limit;
use domain::message::{Message, Purpose};
use domain::routing::Routing;
use domain::settings::Settings;
use store::ComposeDefaults;

use super::parts::read as read_texts;
use crate::forms::FormFields;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::words;

/// Prefixes of a chosen group and person in the form.
const GROUP: &str = "group:";
const CONTACT: &str = "contact:";
const PUPIL: &str = "pupil:";
const EVERYONE: &str = "everyone";

/// What tells a pupil's chip from an adult's.
pub(super) const PUPIL_SUB: &str = "pupil";
/// What the form calls pupils who are written to themselves.
const THEMSELVES: &str = "themselves";

/// Who is written to for a chosen pupil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForPupils {
    /// These of the pupil's adults.
    Adults(SendTo),
    /// The pupil: only ever by somebody's own choice.
    Themselves,
}

impl Default for ForPupils {
    fn default() -> Self {
        Self::Adults(SendTo::default())
    }
}

impl ForPupils {
    /// Every choice, in the order of the page.
    pub(crate) const ALL: [Self; 5] = {
        let [first, two, responsibility, all] = SendTo::ALL;
        [
            Self::Adults(first),
            Self::Adults(two),
            Self::Adults(responsibility),
            Self::Adults(all),
            Self::Themselves,
        ]
    };

    /// The word of the form.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Adults(send_to) => send_to.code(),
            Self::Themselves => THEMSELVES,
        }
    }

    /// What else the form says is the most usual: nobody texts pupils by a slip.
    pub(crate) fn read(code: &str) -> Self {
        if code == THEMSELVES {
            return Self::Themselves;
        }
        SendTo::from_code(code).map(Self::Adults).unwrap_or_default()
    }

    /// The words of the page.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Adults(send_to) => send_to.words(),
            Self::Themselves => "The pupils themselves, no adult",
        }
    }
}

/// One chosen part of the audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chosen {
    Everyone,
    Group(String),
    Contact(ContactId),
    /// A pupil, whose adults are meant.
    Pupil(ContactId),
}

impl Chosen {
    pub(crate) fn parse(value: &str) -> Option<Self> {
        if value == EVERYONE {
            Some(Self::Everyone)
        } else if let Some(id) = value.strip_prefix(PUPIL) {
            ContactId::parse(id).ok().map(Self::Pupil)
        } else if let Some(name) = value.strip_prefix(GROUP) {
            Some(Self::Group(name.to_owned())).filter(|_| !name.trim().is_empty())
        } else {
            ContactId::parse(value.strip_prefix(CONTACT)?).ok().map(Self::Contact)
        }
    }

    /// As it stands in the form.
    pub(crate) fn value(&self) -> String {
        match self {
            Self::Everyone => EVERYONE.to_owned(),
            Self::Group(name) => format!("{GROUP}{name}"),
            Self::Contact(id) => format!("{CONTACT}{id}"),
            Self::Pupil(id) => format!("{PUPIL}{id}"),
        }
    }

    /// What a person calls it, and how many it is.
    pub(crate) fn words(&self, book: &PageBook) -> (String, String) {
        match self {
            Self::Everyone => ("Everyone".to_owned(), words::number(book.len() as u64)),
            Self::Group(name) => {
                (name.clone(), book.members(name).map_or_else(String::new, |m| words::number(m.len() as u64)))
            }
            Self::Contact(id) => (book.name_of(id).unwrap_or_else(|| format!("Contact {id}")), String::new()),
            Self::Pupil(id) => {
                (book.name_of(id).unwrap_or_else(|| format!("Pupil {id}")), PUPIL_SUB.to_owned())
            }
        }
    }
}

/// The form as it was filled in. Every text is kept as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) to: Vec<Chosen>,
    pub(crate) for_pupils: ForPupils,
    /// The school knows whose adults are whose; otherwise pupils are people like others.
    pub(crate) has_families: bool,
    /// The marks that it is about.
    pub(crate) about: Option<About>,
    pub(crate) purpose: Purpose,
    /// What is written for every channel, chosen or not.
    pub(crate) texts: Contents,
    /// The channels that are chosen.
    pub(crate) on: Vec<Channel>,
    /// Whether an emergency goes as text and call to people who can get either.
    pub(crate) both: bool,
    /// Where replies to this e-mail go, as typed; empty for the school's address.
    pub(crate) reply_to: String,
}

impl Draft {
    /// An empty form.
    pub(crate) fn new(settings: &Settings) -> Self {
        let sms = SmsContent { header: settings.sms_header.clone(), text: String::new() };
        Self {
            to: Vec::new(),
            for_pupils: ForPupils::default(),
            has_families: false,
            about: None,
            purpose: Purpose::Service,
            texts: Contents { sms: Some(sms), ..Contents::blank() },
            on: vec![Channel::Sms],
            both: false,
            reply_to: String::new(),
        }
    }

    /// An empty form that begins as its writer prefers.
    pub(crate) fn preferred(settings: &Settings, defaults: &ComposeDefaults) -> Self {
        let mut draft = Self::new(settings);
        if let (Some(header), Some(sms)) = (&defaults.header, &mut draft.texts.sms) {
            sms.header.clone_from(header);
        }
        draft.reply_to = defaults.reply_to.as_ref().map(|to| to.as_str().to_owned()).unwrap_or_default();
        if !defaults.channels.is_empty() {
            let can_use = |channel: &Channel| *channel != Channel::Voice || settings.voice;
            let chosen = Channel::to_people().filter(|channel| defaults.channels.contains(channel));
            draft.on = chosen.filter(can_use).collect();
        }
        draft
    }

    /// Reads a posted form, with what its *add* or *remove* button asks for.
    pub(crate) fn read(form: &FormFields) -> Self {
        let mut to: Vec<Chosen> = Vec::new();
        for chosen in form.all("to").chain(form.get("add")).filter_map(Chosen::parse) {
            if !to.contains(&chosen) {
                to.push(chosen);
            }
        }
        if let Some(removed) = form.get("remove").and_then(Chosen::parse) {
            to.retain(|chosen| *chosen != removed);
        }
        let mut texts = Contents::blank();
        read_texts(form, &mut texts);
        Self {
            to,
            for_pupils: ForPupils::read(form.text("send_to")),
            has_families: false,
            about: about(form.text("about"), form.text("all_the_same")),
            purpose: Purpose::from_code(form.text("purpose")).unwrap_or(Purpose::Service),
            texts,
            on: Channel::ALL.into_iter().filter(|channel| form.has(channel.code())).collect(),
            both: form.has("both"),
            reply_to: form.text("email_reply_to").to_owned(),
        }
    }

    /// Fits the form to what the book knows: where it has families, a pupil stands for their adults however they were
    /// chosen, until somebody asks for the pupils themselves.
    pub(crate) fn fit(&mut self, book: &PageBook) {
        self.has_families = book.pairs() > 0;
        for chosen in &mut self.to {
            let is_pupil = |id: &ContactId| book.place(id).is_some_and(|place| book.is_pupil(place));
            match chosen {
                Chosen::Contact(id) if self.has_families && is_pupil(id) => {
                    *chosen = Chosen::Pupil(id.clone());
                }
                Chosen::Pupil(id) if !self.has_families => *chosen = Chosen::Contact(id.clone()),
                _ => {}
            }
        }
        let mut seen: Vec<Chosen> = Vec::new();
        self.to.retain(|chosen| {
            let new = !seen.contains(chosen);
            if new {
                seen.push(chosen.clone());
            }
            new
        });
    }

    /// Builds the message from the form, limited to the people its author may message.
    pub(crate) fn message(&self, within: &Limit) -> Message {
        let mut to = Audience { within: within.clone(), ..Audience::default() };
        to.send_to = match self.for_pupils {
            ForPupils::Adults(send_to) => self.has_families.then_some(send_to),
            ForPupils::Themselves => None,
        };
        for chosen in &self.to {
            match chosen {
                Chosen::Everyone => to.everyone = true,
                Chosen::Group(name) => to.groups.push(name.clone()),
                Chosen::Pupil(id) if to.send_to.is_some() => to.pupils.push(id.clone()),
                Chosen::Contact(id) | Chosen::Pupil(id) => to.contacts.push(id.clone()),
            }
        }
        to.about = self.about.filter(|_| !to.pupils.is_empty());
        Message {
            purpose: self.purpose,
            to,
            contents: self.texts.clone().only(|channel| self.on.contains(&channel)),
            // The tick is offered for an emergency only, and means nothing else.
            routing: (self.both && self.purpose == Purpose::Emergency).then_some(Routing::Both),
        }
    }

    /// The form again, as hidden fields of the page that asks for the last word.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields: Vec<(&'static str, String)> = self.to.iter().map(|c| ("to", c.value())).collect();
        let on = self.on.iter().map(|channel| channel.code()).chain(self.both.then_some("both"));
        fields.extend(on.map(|name| (name, "yes".to_owned())));
        if let Some(about) = self.about {
            fields.push(("about", about_value(about)));
            fields.extend(about.all_the_same.map(|why| ("all_the_same", why.code().to_owned())));
        }
        fields.extend([
            ("send_to", self.for_pupils.code().to_owned()),
            ("purpose", self.purpose.code().to_owned()),
            ("email_reply_to", self.reply_to.clone()),
        ]);
        let parts = self.texts.all().flat_map(Content::parts);
        fields.extend(parts.map(|(part, text)| (part.facts().input, text.to_owned())));
        fields
    }
}

/// The marks that a message is about, as they stand in the form: `absence 2026-11-25 AM`.
pub(crate) fn about_value(about: About) -> String {
    format!("{} {} {}", about.matter.code(), about.date, about.session.code())
}

fn about(value: &str, all_the_same: &str) -> Option<About> {
    let mut words = value.split(' ');
    Some(About {
        matter: Matter::from_code(words.next()?)?,
        date: words.next()?.parse().ok()?,
        session: Session::from_code(words.next()?)?,
        all_the_same: SentAllTheSame::from_code(all_the_same),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_choice_is_the_most_usual_and_never_the_pupils_themselves() {
        for code in ["", "nobody", "Themselves", "all "] {
            assert_eq!(ForPupils::read(code), ForPupils::Adults(SendTo::Responsibility), "{code}");
        }
        for choice in ForPupils::ALL {
            assert_eq!(ForPupils::read(choice.code()), choice);
        }
    }

    #[test]
    fn a_form_comes_back_as_it_was() {
        let form = FormFields::parse(
            b"to=group%3AYear+9&to=contact%3AP-1&to=contact%3A&to=nonsense&add=everyone&remove=contact%3AP-1\
              &sms=yes&both=yes&sms_header=GA&sms_text=one%0D%0Atwo&email_subject=kept&purpose=emergency\
              &send_to=priority_1&about=absence+2026-11-25+AM&all_the_same=checked&to=pupil%3Aben",
        );
        let draft = Draft::read(&form);
        let ben = Chosen::Pupil(ContactId::parse("ben").unwrap());
        assert_eq!(draft.to, [Chosen::Group("Year 9".into()), ben, Chosen::Everyone]);
        let message = draft.message(&Limit::default());
        assert!(message.to.everyone && message.to.groups == ["Year 9"] && message.to.contacts.len() == 1);
        assert_eq!(message.contents.sms.map(|s| s.text).as_deref(), Some("one\ntwo"));
        assert_eq!((message.contents.email, message.purpose), (None, Purpose::Emergency));
        assert_eq!(message.routing, Some(Routing::Both));
        let pairs: Vec<String> = draft.fields().into_iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(Draft::read(&FormFields::parse(pairs.join("&").replace('\n', "%0A").as_bytes())), draft);
    }
}
