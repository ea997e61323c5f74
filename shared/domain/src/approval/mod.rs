//! Whether a message goes at once, needs a PIN, or waits for somebody to authorise it.

mod recipients;

use serde::{Deserialize, Serialize};

pub use recipients::{Changes, Recipients};

use crate::money::Pence;
use crate::people::{Action, Rights};
use crate::purpose::Purpose;

/// Messages that one send may have before it needs a PIN, where the school has said nothing else.
pub const USUAL_THRESHOLD: u32 = 1_000;

/// What a school has set about control over its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Control {
    /// Messages (texts, calls and e-mails together, not units) that one send may have without a PIN.
    pub pin_threshold: u32,
    /// What one send may cost without a PIN; `None` for no limit by money.
    pub pin_price: Option<Pence>,
}

impl Default for Control {
    fn default() -> Self {
        Self { pin_threshold: USUAL_THRESHOLD, pin_price: None }
    }
}

/// What a message comes to, as it is kept with one that waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// People who get at least one delivery.
    pub recipients: u64,
    /// People who cannot be reached in the chosen ways.
    pub unreachable: u64,
    /// Texts.
    pub texts: u64,
    /// Units of all texts.
    pub units: u64,
    /// Calls.
    pub calls: u64,
    /// Minutes of all calls.
    pub minutes: u64,
    /// E-mails.
    pub emails: u64,
    /// Price of everything.
    pub price: Pence,
}

impl Figures {
    /// Texts, calls and e-mails together: what the threshold counts.
    pub const fn messages(&self) -> u64 {
        self.texts.saturating_add(self.calls).saturating_add(self.emails)
    }
}

impl Control {
    /// Whether a message of this size is more than a sender may send without a PIN.
    pub fn is_over(&self, figures: &Figures) -> bool {
        figures.messages() > u64::from(self.pin_threshold)
            || self.pin_price.is_some_and(|most| figures.price > most)
    }
}

/// The author of a message who wants it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// What they may do.
    pub rights: Rights,
    /// Whether they have shown that their e-mail address is theirs.
    pub email_confirmed: bool,
    /// Whether they have a second factor that gives codes.
    pub second_factor: bool,
}

/// Why a message waits for somebody to authorise it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Its author may write but not send.
    Role,
    /// It needs a PIN, and its author has no confirmed e-mail address to get one.
    NoEmail,
    /// More people would get it than were authorised.
    Grown,
}

impl Held {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Role, Self::NoEmail, Self::Grown];

    /// The word in the table.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::NoEmail => "no_email",
            Self::Grown => "grown",
        }
    }

    /// The reason of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|held| held.code() == code)
    }

    /// Why, in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Role => "Its author may write messages but not send them.",
            Self::NoEmail => {
                "It is larger than may go without a PIN, and its author has no confirmed e-mail address to get one."
            }
            Self::Grown => "More people would get it than were authorised.",
        }
    }
}

/// How a message leaves the hands of its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// It goes at once.
    Now,
    /// It goes once its author has given a PIN.
    Pin,
    /// It waits for somebody to authorise it.
    Wait(Held),
}

/// How a message of this size by this sender leaves their hands. People who may not even write have been turned away
/// before.
pub fn release(sender: Sender, purpose: Purpose, figures: &Figures, control: &Control) -> Release {
    if !sender.rights.may(Action::SendOwn) {
        return Release::Wait(Held::Role);
    }
    if !control.is_over(figures) {
        return Release::Now;
    }
    let code_serves = purpose == Purpose::Emergency && sender.second_factor;
    if sender.email_confirmed || code_serves { Release::Pin } else { Release::Wait(Held::NoEmail) }
}

/// Why somebody may not authorise a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotYours {
    /// They lack the role.
    #[error("You need the role “Send and authorise” for this.")]
    NoRole,
    /// It is their own, and they may not send what they write.
    #[error("You wrote this message, and may not send what you write. Somebody else has to authorise it.")]
    OwnWithoutRole,
    /// It is their own, and too large to go without a PIN.
    #[error(
        "You wrote this message, and it is larger than may go without a PIN. Somebody else has to authorise it, or \
         confirm your e-mail address, withdraw it and send it again."
    )]
    OwnOver,
    /// It posts on X, which they may not.
    #[error(
        "This message also posts on X, and you do not hold the role “Post on X”. Somebody who does has to authorise \
         it. You may still reject it."
    )]
    NoTweet,
}

impl NotYours {
    /// Whether they may turn the message down all the same: then nothing is sent.
    pub const fn may_reject(self) -> bool {
        matches!(self, Self::NoTweet)
    }
}

/// Whether somebody may authorise or edit a waiting message: `own` if they wrote it, `tweets` if it posts on X.
pub fn may_authorise(
    rights: Rights,
    own: bool,
    tweets: bool,
    figures: &Figures,
    control: &Control,
) -> Result<(), NotYours> {
    if !rights.may(Action::AuthoriseOthers) {
        return Err(NotYours::NoRole);
    }
    if tweets && !rights.may(Action::AuthoriseTweet) {
        return Err(NotYours::NoTweet);
    }
    match own {
        true if !rights.may(Action::SendOwn) => Err(NotYours::OwnWithoutRole),
        true if control.is_over(figures) => Err(NotYours::OwnOver),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Roles, Switches};

    fn rights(codes: &[&str]) -> Rights {
        Rights::new(Roles::of_codes(codes.iter().copied()), Switches::default())
    }

    fn size(texts: u64, calls: u64, emails: u64, units: u64) -> Figures {
        Figures {
            texts,
            calls,
            emails,
            units,
            price: Pence::from_hundredths(400 * units),
            ..Figures::default()
        }
    }

    const TEACHER: &[&str] = &["user", "composeMessage"];
    const OFFICE: &[&str] = &["user", "composeMessage", "authoriseMessage"];

    #[test]
    fn who_sends_what_and_how() {
        let control = Control { pin_threshold: 100, pin_price: Some(Pence::from_hundredths(100_000)) };
        let (small, large) = (size(60, 20, 20, 120), size(60, 20, 21, 60));
        let dear = size(90, 0, 0, 300);
        for (roles, figures, purpose, email_confirmed, second_factor, expected) in [
            (TEACHER, &small, Purpose::Service, true, true, Release::Wait(Held::Role)),
            (TEACHER, &large, Purpose::Emergency, true, true, Release::Wait(Held::Role)),
            (OFFICE, &small, Purpose::Service, false, false, Release::Now),
            (OFFICE, &large, Purpose::Service, true, false, Release::Pin),
            (OFFICE, &large, Purpose::Service, false, false, Release::Wait(Held::NoEmail)),
            (OFFICE, &large, Purpose::Service, false, true, Release::Wait(Held::NoEmail)),
            (OFFICE, &large, Purpose::Emergency, false, true, Release::Pin),
            (OFFICE, &large, Purpose::Emergency, false, false, Release::Wait(Held::NoEmail)),
            (OFFICE, &dear, Purpose::Service, true, false, Release::Pin),
        ] {
            let sender = Sender { rights: rights(roles), email_confirmed, second_factor };
            let released = release(sender, purpose, figures, &control);
            assert_eq!(
                released, expected,
                "{roles:?} {figures:?} {purpose:?} {email_confirmed} {second_factor}"
            );
        }
    }

    #[test]
    fn the_threshold_counts_messages_and_not_units() {
        let control = Control::default();
        assert!(!control.is_over(&size(1_000, 0, 0, 5_000)));
        assert!(control.is_over(&size(1_000, 0, 1, 1_000)));
        assert!(control.is_over(&size(0, 1_001, 0, 0)));
        let none = Control { pin_threshold: 0, pin_price: None };
        assert!(none.is_over(&size(1, 0, 0, 1)) && !none.is_over(&size(0, 0, 0, 0)));
    }

    #[test]
    fn who_authorises_whose() {
        let control = Control { pin_threshold: 10, pin_price: None };
        let (small, large) = (size(10, 0, 0, 10), size(11, 0, 0, 11));
        let authoriser = rights(&["user", "authoriseMessage"]);
        let office = rights(OFFICE);
        let poster = rights(&["user", "authoriseMessage", "tweet"]);
        for (rights, own, tweets, figures, expected) in [
            (authoriser, false, false, &large, Ok(())),
            (authoriser, true, false, &small, Err(NotYours::OwnWithoutRole)),
            (authoriser, false, true, &small, Err(NotYours::NoTweet)),
            (office, false, false, &large, Ok(())),
            (office, true, false, &small, Ok(())),
            (office, true, false, &large, Err(NotYours::OwnOver)),
            (office, true, true, &small, Err(NotYours::NoTweet)),
            (poster, false, true, &small, Ok(())),
            (rights(&["user", "composeMessage", "tweet"]), false, true, &small, Err(NotYours::NoRole)),
            (rights_of_admin(), false, false, &small, Err(NotYours::NoRole)),
            (rights(TEACHER), true, false, &small, Err(NotYours::NoRole)),
        ] {
            let found = may_authorise(rights, own, tweets, figures, &control);
            assert_eq!(found, expected, "{rights:?} {own} {tweets}");
        }
        assert!(NotYours::NoTweet.may_reject() && !NotYours::NoRole.may_reject());
    }

    fn rights_of_admin() -> Rights {
        rights(&["user", "admin"])
    }

    #[test]
    fn a_school_that_has_set_nothing_has_the_usual_threshold() {
        let control: Control = serde_json::from_str("{}").unwrap();
        assert_eq!(control, Control { pin_threshold: 1_000, pin_price: None });
    }
}
