//! Where a delivery stands, as staff tell it apart.

use domain::channel::Channel;
use domain::delivery::{DeliveryState, Reason};

use crate::pages::kit::components::{Tag, Tone};

/// Groups of delivery states, in the order of a bar and its legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Show {
    Delivered,
    Sent,
    Waiting,
    Retrying,
    Unconfirmed,
    Expired,
    Failed,
    NotSent,
}

impl Show {
    pub(crate) const ALL: [Self; 8] = [
        Self::Delivered,
        Self::Sent,
        Self::Waiting,
        Self::Retrying,
        Self::Unconfirmed,
        Self::Expired,
        Self::Failed,
        Self::NotSent,
    ];

    pub(crate) const fn of(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Delivered => Self::Delivered,
            DeliveryState::Accepted => Self::Sent,
            DeliveryState::Queued | DeliveryState::Sending => Self::Waiting,
            DeliveryState::Retrying => Self::Retrying,
            DeliveryState::Unknown => Self::Unconfirmed,
            DeliveryState::Expired => Self::Expired,
            DeliveryState::TemporaryFailure
            | DeliveryState::PermanentFailure
            | DeliveryState::TechnicalFailure => Self::Failed,
            DeliveryState::NotSent | DeliveryState::Cancelled => Self::NotSent,
        }
    }

    /// The word in addresses.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Sent => "sent",
            Self::Waiting => "waiting",
            Self::Retrying => "retrying",
            Self::Unconfirmed => "unconfirmed",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::NotSent => "notsent",
        }
    }

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Delivered => "Delivered",
            Self::Sent => "Sent",
            Self::Waiting => "Waiting",
            Self::Retrying => "Will try again",
            Self::Unconfirmed => "Not confirmed",
            Self::Expired => "No report",
            Self::Failed => "Failed",
            Self::NotSent => "Not sent",
        }
    }

    /// What the word means for a message on these channels, for the legend.
    pub(crate) fn means(self, channels: &[Channel]) -> &'static str {
        match self {
            Self::Delivered if channels == [Channel::Tweet] => "It is on X, where everybody can read it.",
            Self::Delivered if channels.contains(&Channel::Tweet) => {
                "It is on their phone or in their mailbox; a call was answered; the post is on X."
            }
            Self::Delivered => "It is on their phone or in their mailbox; a call was answered.",
            Self::Sent => "The network has it. It has not said yet that it arrived.",
            Self::Waiting => "Goes in a moment.",
            Self::Retrying => "The network was busy. Messenger tries again by itself.",
            Self::Unconfirmed => "It may or may not have gone. It is never sent twice without your word.",
            Self::Expired => "The network took it and said nothing for three days.",
            Self::Failed => "It did not arrive. The reasons are below.",
            Self::NotSent => "Stopped, or no longer meant to go.",
        }
    }

    pub(crate) const fn tone(self) -> Tone {
        match self {
            Self::Delivered => Tone::Delivered,
            Self::Sent => Tone::Sent,
            Self::Waiting => Tone::Waiting,
            Self::Retrying | Self::Unconfirmed | Self::Expired => Tone::Unsure,
            Self::Failed => Tone::Failed,
            Self::NotSent => Tone::Off,
        }
    }

    /// As a tag, for a message on these channels.
    pub(crate) fn tag(self, channels: &[Channel]) -> Tag {
        let is_post = self == Self::Delivered && channels == [Channel::Tweet];
        Tag::new(self.tone(), if is_post { "Posted" } else { self.words() })
    }
}

/// One delivery in plain words.
pub(crate) fn tag(state: DeliveryState, reason: Option<Reason>, channel: Channel) -> Tag {
    let show = Show::of(state);
    let words = match (show, reason) {
        (Show::Delivered, _) => channel.facts().arrived,
        (Show::NotSent, _) if state == DeliveryState::Cancelled => "Stopped",
        (Show::Failed | Show::NotSent, Some(reason)) => reason.words(channel),
        (Show::Waiting, _) if state == DeliveryState::Sending => "Being sent",
        _ => show.words(),
    };
    Tag::new(show.tone(), words)
}

/// What staff can do about one delivery; empty where there is nothing to do.
pub(crate) fn next_step(state: DeliveryState, reason: Option<Reason>, channel: Channel) -> &'static str {
    match Show::of(state) {
        Show::Unconfirmed => reason.unwrap_or(Reason::NotConfirmed).next_step(channel),
        Show::Expired => reason.unwrap_or(Reason::NoReport).next_step(channel),
        Show::Failed => reason.unwrap_or(Reason::Other).next_step(channel),
        Show::NotSent => reason.map_or("", |r| r.next_step(channel)),
        Show::Delivered | Show::Sent | Show::Waiting | Show::Retrying => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_word_and_what_failed_has_a_next_step() {
        for state in DeliveryState::ALL {
            for channel in Channel::ALL {
                assert!(!tag(state, None, channel).words.is_empty());
                assert_eq!(state.can_resend(), !next_step(state, None, channel).is_empty(), "{state:?}");
            }
            assert_eq!(Show::from_code(Show::of(state).code()), Some(Show::of(state)));
        }
        let call = |state, reason| tag(state, reason, Channel::Voice).words;
        assert_eq!(call(DeliveryState::Delivered, None), "Answered");
        assert_eq!(call(DeliveryState::TemporaryFailure, Some(Reason::NoAnswer)), "No answer");
    }
}
