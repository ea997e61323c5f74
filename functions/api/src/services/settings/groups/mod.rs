//! The rows of the account settings: how each is shown, read and checked. The page, the confirmation and the log are made
//! from this one table.

use domain::email::EmailAddress;
use domain::phone::{CountryCode, PhoneNumber};
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{self, BothUntil, Settings, SmsSender, end_of_day_ms};

use super::Given;
use super::attendance::ABSENCES;
use super::partners::PARTNERS;
use super::prices::PRICES;
use super::safety::{LARGE_MESSAGES, SIGNING_IN};

/// What to think of before *both* is switched on.
pub(super) const BOTH_CARE: &str = "With both, a family gets a text and a call for the same thing: it costs more, and \
    people are annoyed. It goes back to the present setting at the end of today, unless you chose to keep it.";

/// How a row is filled in.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// One line.
    Line,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A time zone.
    Zone,
    /// On or off.
    Switch,
    /// One of these: value and words.
    Choice(&'static [(&'static str, &'static str)]),
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Name of its field.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// A sentence on what it does.
    pub hint: &'static str,
    /// How it is filled in.
    pub kind: Kind,
    /// Whether a change asks first.
    pub protected: bool,
    /// Whether the value is about a person: the log gets a hash.
    pub personal: bool,
    /// As it stands in the form.
    pub get: fn(&Settings) -> String,
    /// Puts what was typed in, or says in a sentence why not.
    pub set: fn(&mut Settings, &str, Given) -> Result<(), String>,
}

impl Row {
    pub(super) const fn new(
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        kind: Kind,
        get: fn(&Settings) -> String,
        set: fn(&mut Settings, &str, Given) -> Result<(), String>,
    ) -> Self {
        Self { name, label, hint, kind, protected: false, personal: false, get, set }
    }

    pub(super) const fn protected(mut self) -> Self {
        self.protected = true;
        self
    }

    const fn personal(mut self) -> Self {
        self.personal = true;
        self
    }

    /// A value as it stands in the form, for people.
    pub fn shown(&self, value: &str) -> String {
        match self.kind {
            Kind::Switch => if value == ON { "On" } else { "Off" }.to_owned(),
            Kind::Choice(choices) => {
                choices.iter().find(|(code, _)| *code == value).map_or(value, |(_, words)| words).to_owned()
            }
            _ if value.is_empty() => "nothing".to_owned(),
            _ => value.to_owned(),
        }
    }
}

/// Rows that are changed together.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Its place in an address.
    pub code: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it is about.
    pub words: &'static str,
    /// The rows.
    pub rows: &'static [Row],
}

/// A switch that is on.
pub(crate) const ON: &str = "on";
/// A switch that is off.
pub(crate) const OFF: &str = "off";
/// *Both* until the end of the day.
const BOTH_TODAY: &str = "both_today";

/// Longest name of a sender or a head teacher, in characters.
const LONGEST_NAME: usize = 100;
/// Longest postal address, in characters.
const LONGEST_ADDRESS: usize = 300;
/// Longest telephone number as a school writes it.
const LONGEST_PHONE: usize = 40;

pub(super) fn switch(on: bool) -> String {
    if on { ON } else { OFF }.to_owned()
}

pub(super) fn switched(typed: &str) -> Result<bool, String> {
    match typed.trim() {
        ON => Ok(true),
        OFF => Ok(false),
        _ => Err("Choose on or off.".to_owned()),
    }
}

pub(super) fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A number of the school's own in E.164; empty for none.
fn number(typed: &str, country: CountryCode, given: Given) -> Result<Option<PhoneNumber>, String> {
    match typed.trim() {
        "" => Ok(None),
        typed => PhoneNumber::parse(typed, country, given.numbers).map(Some).map_err(said),
    }
}

/// A price in pence as it is typed.
pub(super) fn pence(price: domain::money::Pence) -> String {
    let hundredths = price.hundredths();
    match hundredths % 100 {
        0 => (hundredths / 100).to_string(),
        part => format!("{}.{part:02}", hundredths / 100),
    }
}

fn routing(s: &Settings) -> String {
    match s.both_until {
        Some(_) if s.routing == Routing::Both => BOTH_TODAY.to_owned(),
        _ => s.routing.code().to_owned(),
    }
}

fn set_routing(s: &mut Settings, typed: &str, given: Given) -> Result<(), String> {
    let before = s.both_until.map_or(s.routing, |until| until.before);
    s.both_until = None;
    if typed == BOTH_TODAY {
        // Who kept *both* until now has nothing to fall back to but the most usual.
        let before = if before == Routing::Both { Routing::default() } else { before };
        s.both_until = Some(BothUntil { at_ms: end_of_day_ms(&s.time_zone(), given.now_ms), before });
        s.routing = Routing::Both;
        return Ok(());
    }
    s.routing = Routing::from_code(typed).ok_or_else(|| "Choose one of the list.".to_owned())?;
    Ok(())
}

/// Every group, in the order of the page.
pub const GROUPS: &[Group] = &[
    Group {
        code: "texts",
        title: "Text messages",
        words: "Who a text seems to come from, and what it begins with.",
        rows: &[
            Row::new(
                "sms_sender",
                "Sender",
                "What phones show: 3 to 11 letters and digits, or a mobile number of your own. A name cannot be answered.",
                Kind::Line,
                |s| s.sms_sender.clone(),
                |s, typed, given| {
                    s.sms_sender = SmsSender::parse(typed, s.country, given.numbers).map_err(said)?.to_string();
                    Ok(())
                },
            )
            .protected(),
            Row::new(
                "sms_header",
                "Header",
                "Put before each text, with a colon. It counts towards the units that you pay for. The \
                 author of a message can change it.",
                Kind::Line,
                |s| s.sms_header.clone(),
                |s, typed, _| {
                    s.sms_header = settings::header(typed).map_err(said)?;
                    Ok(())
                },
            ),
            Row::new(
                "reply_number",
                "Number for replies",
                "A number of your own that people can text back to: what comes in on it is kept for your school. Leave \
                 it blank if there is none.",
                Kind::Phone,
                |s| s.reply_number.clone(),
                |s, typed, given| {
                    let number = number(typed, s.country, given)?;
                    if number.is_some_and(|n| !n.can_sms()) {
                        return Err("Texts cannot be sent to this kind of number. Give a mobile number.".to_owned());
                    }
                    s.reply_number = number.map(PhoneNumber::e164).unwrap_or_default();
                    Ok(())
                },
            ),
        ],
    },
    Group {
        code: "email",
        title: "E-mail",
        words: "Who an e-mail seems to come from, and who gets the answers.",
        rows: &[
            Row::new(
                "email_from_name",
                "From",
                "The name that mail programs show as the sender.",
                Kind::Line,
                |s| s.email_from_name.clone(),
                |s, typed, _| {
                    s.email_from_name = settings::line(typed, LONGEST_NAME).map_err(said)?;
                    if s.email_from_name.is_empty() { Err("Give the name of the school.".to_owned()) } else { Ok(()) }
                },
            ),
            Row::new(
                "email_reply_to",
                "Reply to",
                "Answers go to this address. Somebody should read it.",
                Kind::Email,
                |s| s.email_reply_to.clone(),
                |s, typed, _| {
                    s.email_reply_to = EmailAddress::parse(typed).map_err(said)?.into();
                    Ok(())
                },
            ),
        ],
    },
    Group {
        code: "voice",
        title: "Calls",
        words: "Whether people can be called, from which number, and on which of theirs.",
        rows: &[
            Row::new(
                "voice",
                "Voice subscription",
                "Without it nobody can be called, and no page offers it.",
                Kind::Switch,
                |s| switch(s.voice),
                |s, typed, _| {
                    s.voice = switched(typed)?;
                    Ok(())
                },
            )
            .protected(),
            Row::new(
                "voice_caller",
                "Calls come from",
                "The number that people see when they are called. Without one nobody can be called.",
                Kind::Phone,
                |s| s.voice_caller.clone(),
                |s, typed, given| {
                    let number = number(typed, s.country, given)?;
                    if number.is_some_and(|n| !n.can_call()) {
                        return Err("Calls cannot come from this kind of number. Give a landline or a mobile.".to_owned());
                    }
                    s.voice_caller = number.map(PhoneNumber::e164).unwrap_or_default();
                    Ok(())
                },
            ),
            Row::new(
                "voice_calling",
                "Which numbers are called",
                "Of a person with several numbers.",
                Kind::Choice(&[
                    ("first_only", "The first only: home, then work, else mobile"),
                    ("all_numbers", "All numbers"),
                ]),
                |s| s.voice_calling.code().to_owned(),
                |s, typed, _| {
                    s.voice_calling =
                        VoiceCalling::from_code(typed).ok_or_else(|| "Choose one of the list.".to_owned())?;
                    Ok(())
                },
            ),
            Row::new(
                "routing",
                "When a message has a text and a call",
                "Who gets which of the two. An emergency can go both ways whatever is set here.",
                Kind::Choice(&[
                    ("sms_first", "Text first: a call only to people without a mobile"),
                    ("voice_first", "Call first: a text only to people without a landline"),
                    (BOTH_TODAY, "Both, until the end of today"),
                    ("both", "Both, until this is changed"),
                ]),
                routing,
                set_routing,
            ),
        ],
    },
    Group {
        code: "place",
        title: "Place and time",
        words: "How numbers and times are read.",
        rows: &[
            Row::new(
                "country",
                "Country code",
                "For phone numbers that are typed without one. 44 is the United Kingdom.",
                Kind::Line,
                |s| s.country.to_string(),
                |s, typed, _| {
                    s.country = typed.parse::<CountryCode>().map_err(said)?;
                    Ok(())
                },
            )
            .protected(),
            Row::new(
                "timezone",
                "Time zone",
                "Times on every page are in it, and usage is counted by its days. It knows of summer time.",
                Kind::Zone,
                |s| s.timezone.clone(),
                |s, typed, _| {
                    s.timezone = settings::time_zone(typed).map_err(said)?;
                    Ok(())
                },
            )
            .protected(),
        ],
    },
    Group {
        code: "school",
        title: "Contact details",
        words: "Messages can name these: write $headteachername$, $schooladdress$ or $schoolphone$.",
        rows: &[
            Row::new(
                "head_teacher",
                "Head teacher",
                "As letters sign it. $headteachername$",
                Kind::Line,
                |s| s.head_teacher.clone(),
                |s, typed, _| {
                    s.head_teacher = settings::line(typed, LONGEST_NAME).map_err(said)?;
                    Ok(())
                },
            )
            .personal(),
            Row::new(
                "address",
                "Address",
                "On one line, with commas. $schooladdress$",
                Kind::Line,
                |s| s.address.clone(),
                |s, typed, _| {
                    s.address = settings::line(typed, LONGEST_ADDRESS).map_err(said)?;
                    Ok(())
                },
            ),
            Row::new(
                "phone",
                "Phone",
                "As you want families to read it. $schoolphone$",
                Kind::Line,
                |s| s.phone.clone(),
                |s, typed, given| {
                    let typed = settings::line(typed, LONGEST_PHONE).map_err(said)?;
                    number(&typed, s.country, given)?;
                    s.phone = typed;
                    Ok(())
                },
            ),
        ],
    },
    Group {
        code: "contacts",
        title: "Contacts",
        words: "What staff may do with people who came from elsewhere.",
        rows: &[
            Row::new(
                "edit_imported",
                "Imported contacts can be changed here",
                "Staff who may edit contacts can then change people from an upload, a partner or the MIS. The change is \
                 kept apart from what came from there, and stays until somebody drops it.",
                Kind::Switch,
                |s| switch(s.edit_imported),
                |s, typed, _| {
                    s.edit_imported = switched(typed)?;
                    Ok(())
                },
            )
            .protected(),
            Row::new(
                "show_registration",
                "Pupils’ names show their registration group",
                "Ben Abbot (9A) instead of Ben Abbot, wherever staff see the name here. The MIS says which group that is; what families get does not change.",
                Kind::Switch,
                |s| switch(s.show_registration),
                |s, typed, _| {
                    s.show_registration = switched(typed)?;
                    Ok(())
                },
            ),
        ],
    },
    PRICES,
    ABSENCES,
    SIGNING_IN,
    LARGE_MESSAGES,
    PARTNERS,
];

#[cfg(test)]
mod tests {
    use domain::phone::NumberMode;

    use super::*;

    #[test]
    fn every_row_reads_what_it_shows_and_no_name_comes_twice() {
        let given = Given { numbers: NumberMode::Simulated, now_ms: 1_788_260_400_000 };
        let full = Settings {
            sms_sender: "Hillview".into(),
            reply_number: "+447700900123".into(),
            voice_caller: "+441632960100".into(),
            email_reply_to: "office@hillview.example".into(),
            head_teacher: "A. Head".into(),
            phone: "01632 960100".into(),
            both_until: None,
            ..Settings::new("Hillview")
        };
        let mut names = Vec::new();
        for row in GROUPS.iter().flat_map(|group| group.rows) {
            let shown = (row.get)(&full);
            let mut read = full.clone();
            assert_eq!((row.set)(&mut read, &shown, given), Ok(()), "{}", row.name);
            assert_eq!(read, full, "{}", row.name);
            assert!(!names.contains(&row.name) && row.hint.ends_with(['.', '$']), "{}", row.name);
            names.push(row.name);
        }
    }
}
