//! The ways a message reaches a person, and what is known of each in advance.

use serde::{Deserialize, Serialize};

use crate::people::Action;

/// SMS, voice call, e-mail or a post on X.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A text message.
    Sms,
    /// A voice call that speaks the text.
    Voice,
    /// An e-mail.
    Email,
    /// A post on the school's account on X: one for everybody.
    Tweet,
}

/// What a channel's deliveries go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// A number that takes texts.
    Mobile,
    /// A number that can be called.
    Phone,
    /// A mailbox.
    Email,
    /// The school's own account: nobody in particular.
    Account,
}

/// What a school pays for on a channel: as it is priced, and as its usage is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billed {
    /// Each unit of a text.
    Units,
    /// Each started minute of an answered call.
    Minutes,
    /// Each e-mail.
    Emails,
    /// It costs nothing and is not counted.
    Nothing,
}

/// How the provider tells what became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reports {
    /// Not at all: what it accepted has arrived.
    Never,
    /// By events alone.
    Events,
    /// By events, and it can be asked for its records.
    Records,
}

/// What is known of a channel in advance.
#[derive(Debug, PartialEq, Eq)]
pub struct Facts {
    /// The word used in keys, JSON and forms.
    pub code: &'static str,
    /// What pages call it: "Text message".
    pub name: &'static str,
    /// The same where there is less room.
    pub short: &'static str,
    /// The same on a phone.
    pub brief: &'static str,
    /// What staff call one of these: "text".
    pub noun: &'static str,
    /// What staff call several: "texts".
    pub nouns: &'static str,
    /// What the school pays for.
    pub billed: Billed,
    /// What each delivery goes to.
    pub address: Address,
    /// What the provider tells of a delivery.
    pub reports: Reports,
    /// What a delivery is when it has arrived.
    pub arrived: &'static str,
    /// What somebody must be allowed to do, besides composing, to use it.
    pub needs: Option<Action>,
}

const SMS: Facts = Facts {
    code: "sms",
    name: "Text message",
    short: "Text",
    brief: "Text",
    noun: "text",
    nouns: "texts",
    billed: Billed::Units,
    address: Address::Mobile,
    reports: Reports::Records,
    arrived: "Delivered",
    needs: None,
};

const VOICE: Facts = Facts {
    code: "voice",
    name: "Phone call",
    short: "Call",
    brief: "Call",
    noun: "call",
    nouns: "calls",
    billed: Billed::Minutes,
    address: Address::Phone,
    reports: Reports::Records,
    arrived: "Answered",
    needs: None,
};

const EMAIL: Facts = Facts {
    code: "email",
    name: "E-mail",
    short: "E-mail",
    brief: "E-mail",
    noun: "e-mail",
    nouns: "e-mails",
    billed: Billed::Emails,
    address: Address::Email,
    reports: Reports::Events,
    arrived: "Delivered",
    needs: None,
};

const TWEET: Facts = Facts {
    code: "tweet",
    name: "Post on X",
    short: "Post on X",
    brief: "X",
    noun: "post",
    nouns: "posts",
    billed: Billed::Nothing,
    address: Address::Account,
    reports: Reports::Never,
    arrived: "Posted",
    needs: Some(Action::Tweet),
};

impl Channel {
    /// Every channel, in the order in which pages show them.
    pub const ALL: [Self; 4] = [Self::Sms, Self::Voice, Self::Email, Self::Tweet];

    /// What is known of it.
    pub const fn facts(self) -> &'static Facts {
        match self {
            Self::Sms => &SMS,
            Self::Voice => &VOICE,
            Self::Email => &EMAIL,
            Self::Tweet => &TWEET,
        }
    }

    /// Those that go to somebody.
    pub fn to_people() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|channel| channel.goes_to_people())
    }

    /// The word used in keys, JSON and forms.
    pub const fn code(self) -> &'static str {
        self.facts().code
    }

    /// The channel of a code; `None` for an unknown word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.code() == code)
    }

    /// Whether it goes to somebody, not to everybody who looks.
    pub const fn goes_to_people(self) -> bool {
        !matches!(self.facts().address, Address::Account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_has_one_code_in_keys_json_and_forms() {
        for channel in Channel::ALL {
            let json = serde_json::to_string(&channel).unwrap();
            assert_eq!(json, format!("\"{}\"", channel.code()));
            assert_eq!(Channel::from_code(channel.code()), Some(channel));
        }
    }
}
