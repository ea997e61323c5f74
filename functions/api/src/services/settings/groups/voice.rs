//! Rows of the account settings about calls.

use domain::phone::PhoneNumber;
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{BothUntil, Settings, end_of_day_ms};

use crate::services::settings::row::{Given, Group, Kind, Row, chosen, number, switch, switched};

/// *Both* until the end of the day.
const BOTH_TODAY: &str = "both_today";

/// What to think of before *both* is switched on.
const BOTH_CARE: &str = "With both, a family gets a text and a call for the same thing: it costs more, and \
    people are annoyed. It goes back to the present setting at the end of today, unless you chose to keep it.";

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
    s.routing = chosen(Routing::from_code(typed))?;
    Ok(())
}

/// Calls.
pub(super) const VOICE: Group = Group {
    code: "voice",
    title: "Calls",
    words: "Whether people can be called, from which number, and on which of theirs.",
    care: caller_care,
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
                    return Err(
                        "Calls cannot come from this kind of number. Give a landline or a mobile.".to_owned()
                    );
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
                s.voice_calling = chosen(VoiceCalling::from_code(typed))?;
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
        )
        .with_care(|s| if s.routing == Routing::Both { BOTH_CARE } else { "" }),
    ],
};

fn caller_care(settings: &Settings) -> Option<String> {
    let words = "Nobody can be called until there is a number that calls come from.";
    (settings.voice && settings.voice_caller.is_empty()).then(|| words.to_owned())
}
