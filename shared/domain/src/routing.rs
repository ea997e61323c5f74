//! Which of a person's numbers get a text or a call in one function.

use serde::{Deserialize, Serialize};

use crate::contact::PhoneLabel;
use crate::phone::PhoneNumber;

/// *SMS & voice routing*: what a person gets who could get either.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Routing {
    /// A text; a call only to those without a mobile.
    #[default]
    SmsFirst,
    /// A call; a text only to those without a landline.
    VoiceFirst,
    /// Both.
    Both,
}

impl Routing {
    /// Every setting, in the order in which pages list them.
    pub const ALL: [Self; 3] = [Self::SmsFirst, Self::VoiceFirst, Self::Both];

    /// The word used in rows, JSON and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SmsFirst => "sms_first",
            Self::VoiceFirst => "voice_first",
            Self::Both => "both",
        }
    }

    /// The setting of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.code() == code)
    }
}

/// *Voice calling*: which numbers a call goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoiceCalling {
    /// Home, else Work, else Mobile.
    #[default]
    FirstOnly,
    /// Every number.
    AllNumbers,
}

impl VoiceCalling {
    /// Every setting, in the order in which pages list them.
    pub const ALL: [Self; 2] = [Self::FirstOnly, Self::AllNumbers];

    /// The word used in rows and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::FirstOnly => "first_only",
            Self::AllNumbers => "all_numbers",
        }
    }

    /// The setting of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.code() == code)
    }
}

/// Which of SMS and voice the message uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// A text was composed.
    pub sms: bool,
    /// A call was composed.
    pub voice: bool,
}

/// Where one person's text and calls go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// The text.
    pub sms: Option<PhoneNumber>,
    /// The calls.
    pub calls: Vec<PhoneNumber>,
}

/// Routes one person. `numbers` are the well-formed ones in the source's order. What a number can carry is what the
/// numbering plan says; its label only says which is preferred.
pub fn route(
    numbers: &[(PhoneLabel, PhoneNumber)],
    chosen: Chosen,
    routing: Routing,
    calling: VoiceCalling,
) -> Route {
    let mobile = first_mobile(numbers);
    let landlines = callable(numbers, |n| !n.can_sms());
    let text = |wanted: bool| mobile.filter(|_| wanted);
    let none = Vec::new;

    match chosen {
        Chosen { sms: false, voice: false } => Route::default(),
        Chosen { sms: true, voice: false } => Route { sms: mobile, calls: none() },
        Chosen { sms: false, voice: true } => {
            Route { sms: None, calls: called(callable(numbers, |_| true), calling) }
        }
        Chosen { sms: true, voice: true } => match routing {
            Routing::SmsFirst if mobile.is_some() => Route { sms: mobile, calls: none() },
            Routing::SmsFirst => Route { sms: None, calls: called(landlines, calling) },
            Routing::VoiceFirst => {
                Route { sms: text(landlines.is_empty()), calls: called(landlines, calling) }
            }
            Routing::Both => Route { sms: mobile, calls: called(landlines, calling) },
        },
    }
}

/// A typed mobile first, else any number that can take a text.
fn first_mobile(numbers: &[(PhoneLabel, PhoneNumber)]) -> Option<PhoneNumber> {
    let texted = |typed: bool| {
        numbers
            .iter()
            .find(|(label, n)| n.can_sms() && (!typed || *label == PhoneLabel::Mobile))
            .map(|(_, n)| *n)
    };
    texted(true).or_else(|| texted(false))
}

/// Numbers that may be called, Home before Work before Mobile, each once.
fn callable(
    numbers: &[(PhoneLabel, PhoneNumber)],
    wanted: impl Fn(&PhoneNumber) -> bool,
) -> Vec<PhoneNumber> {
    let mut found = Vec::new();
    // A landline that the source calls Mobile is preferred last, whatever it is.
    for label in [PhoneLabel::Home, PhoneLabel::Work, PhoneLabel::Mobile] {
        for (l, number) in numbers {
            if *l == label && number.can_call() && wanted(number) && !found.contains(number) {
                found.push(*number);
            }
        }
    }
    found
}

fn called(mut numbers: Vec<PhoneNumber>, calling: VoiceCalling) -> Vec<PhoneNumber> {
    if calling == VoiceCalling::FirstOnly {
        numbers.truncate(1);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::PhoneLabel::{Home, Mobile, Work};
    use super::Routing::{Both, SmsFirst, VoiceFirst};
    use super::VoiceCalling::{AllNumbers, FirstOnly};
    use super::*;
    use crate::phone::{CountryCode, NumberMode};

    const MOBILE: &str = "07700 900123";
    const MOBILE2: &str = "07700 900124";
    const HOME: &str = "020 7946 0123";
    const WORK: &str = "01632 960123";
    const PERSONAL: &str = "070 1234 5678";

    fn numbers(list: &[(PhoneLabel, &str)]) -> Vec<(PhoneLabel, PhoneNumber)> {
        list.iter()
            .map(|(l, n)| (*l, PhoneNumber::parse(n, CountryCode::default(), NumberMode::Simulated).unwrap()))
            .collect()
    }

    /// Name, numbers, (sms, voice) chosen, settings, expected text and calls.
    type Row<'a> = (
        &'a str,
        &'a [(PhoneLabel, &'a str)],
        (bool, bool),
        Routing,
        VoiceCalling,
        Option<&'a str>,
        &'a [&'a str],
    );

    #[test]
    fn every_row_of_the_routing_table() {
        let (sms, voice, both) = ((true, false), (false, true), (true, true));
        let all: &[(PhoneLabel, &str)] = &[(Mobile, MOBILE), (Home, HOME), (Work, WORK)];
        let lines: &[(PhoneLabel, &str)] = &[(Work, WORK), (Home, HOME)];
        let rows: &[Row<'_>] = &[
            ("only SMS: the mobile", all, sms, SmsFirst, FirstOnly, Some(MOBILE), &[]),
            ("only SMS: no mobile", lines, sms, SmsFirst, FirstOnly, None, &[]),
            ("only voice: home first", all, voice, SmsFirst, FirstOnly, None, &[HOME]),
            ("only voice: all numbers", all, voice, SmsFirst, AllNumbers, None, &[HOME, WORK, MOBILE]),
            (
                "only voice: a mobile will do",
                &[(Mobile, MOBILE)],
                voice,
                VoiceFirst,
                FirstOnly,
                None,
                &[MOBILE],
            ),
            ("SMS first: mobile", all, both, SmsFirst, AllNumbers, Some(MOBILE), &[]),
            ("SMS first: landlines, first", lines, both, SmsFirst, FirstOnly, None, &[HOME]),
            ("SMS first: landlines, all", lines, both, SmsFirst, AllNumbers, None, &[HOME, WORK]),
            ("voice first: any landline", all, both, VoiceFirst, FirstOnly, None, &[HOME]),
            ("voice first: all landlines", all, both, VoiceFirst, AllNumbers, None, &[HOME, WORK]),
            (
                "voice first: only a mobile",
                &[(Mobile, MOBILE)],
                both,
                VoiceFirst,
                FirstOnly,
                Some(MOBILE),
                &[],
            ),
            ("both", all, both, Both, FirstOnly, Some(MOBILE), &[HOME]),
            ("both: only a mobile", &[(Mobile, MOBILE)], both, Both, FirstOnly, Some(MOBILE), &[]),
            ("both: only landlines", lines, both, Both, AllNumbers, None, &[HOME, WORK]),
            (
                "a landline typed Mobile is a landline",
                &[(Mobile, HOME)],
                both,
                SmsFirst,
                FirstOnly,
                None,
                &[HOME],
            ),
            (
                "a mobile typed Home is texted",
                &[(Home, MOBILE)],
                both,
                SmsFirst,
                FirstOnly,
                Some(MOBILE),
                &[],
            ),
            (
                "a typed mobile is preferred",
                &[(Home, MOBILE2), (Mobile, MOBILE)],
                sms,
                SmsFirst,
                FirstOnly,
                Some(MOBILE),
                &[],
            ),
            (
                "the first of several mobiles",
                &[(Mobile, MOBILE2), (Mobile, MOBILE)],
                sms,
                SmsFirst,
                FirstOnly,
                Some(MOBILE2),
                &[],
            ),
            ("a personal number gets neither", &[(Mobile, PERSONAL)], both, Both, AllNumbers, None, &[]),
            ("nothing chosen", all, (false, false), Both, AllNumbers, None, &[]),
            ("no numbers", &[], both, SmsFirst, FirstOnly, None, &[]),
        ];
        for (name, has, (sms, voice), routing, calling, text, calls) in rows {
            let route = route(&numbers(has), Chosen { sms: *sms, voice: *voice }, *routing, *calling);
            assert_eq!(route.sms.map(PhoneNumber::national).as_deref(), *text, "{name}");
            assert_eq!(route.calls.iter().map(|n| n.national()).collect::<Vec<_>>(), *calls, "{name}");
        }
    }
}
