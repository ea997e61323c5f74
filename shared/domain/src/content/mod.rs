//! What a message says, channel by channel.

mod email;
mod part;
mod post;
mod sms;
mod tokens;
mod voice;
mod weight;

use serde::{Deserialize, Serialize};

pub use email::{EmailContent, LOGO_CONTENT_ID, MAX_EMAIL_TEXT, MAX_SUBJECT};
pub use part::{Content, Part, PartFacts, Problem};
pub use post::TweetContent;
pub use sms::SmsContent;
pub use tokens::{KNOWN_TOKENS, LOGO_TOKEN, PUPIL_TOKEN};
pub use voice::{MAX_VOICE_TEXT, VoiceContent, minutes_spoken, seconds_spoken};
pub use weight::{MAX_WEIGHT, weight};

use crate::channel::Channel;
use crate::settings::Settings;

/// What a message says on each channel. A channel is used if its content is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The text message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<SmsContent>,
    /// The call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<VoiceContent>,
    /// The e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailContent>,
    /// The post on X.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tweet: Option<TweetContent>,
}

fn part_of<C: Content>(content: Option<&C>) -> Option<&dyn Content> {
    content.map(|content| content as &dyn Content)
}

fn part_of_mut<C: Content>(content: &mut Option<C>) -> Option<&mut dyn Content> {
    content.as_mut().map(|content| content as &mut dyn Content)
}

impl Contents {
    /// Every channel with nothing written yet.
    pub fn blank() -> Self {
        Self {
            sms: Some(SmsContent::default()),
            voice: Some(VoiceContent::default()),
            email: Some(EmailContent::default()),
            tweet: Some(TweetContent::default()),
        }
    }

    /// The contents there are, in the order of [`Channel::ALL`].
    pub fn all(&self) -> impl Iterator<Item = &dyn Content> {
        let Self { sms, voice, email, tweet } = self;
        let (sms, voice, email, tweet) = (sms.as_ref(), voice.as_ref(), email.as_ref(), tweet.as_ref());
        [part_of(sms), part_of(voice), part_of(email), part_of(tweet)].into_iter().flatten()
    }

    /// The contents there are, to be written.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut dyn Content> {
        let Self { sms, voice, email, tweet } = self;
        [part_of_mut(sms), part_of_mut(voice), part_of_mut(email), part_of_mut(tweet)].into_iter().flatten()
    }

    /// Those of some channels only.
    #[must_use]
    pub fn only(self, keep: impl Fn(Channel) -> bool) -> Self {
        Self {
            sms: self.sms.filter(|_| keep(Channel::Sms)),
            voice: self.voice.filter(|_| keep(Channel::Voice)),
            email: self.email.filter(|_| keep(Channel::Email)),
            tweet: self.tweet.filter(|_| keep(Channel::Tweet)),
        }
    }

    /// The content of one channel.
    pub fn get(&self, channel: Channel) -> Option<&dyn Content> {
        self.all().find(|content| content.channel() == channel)
    }

    /// The channels in use.
    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        self.all().map(Content::channel)
    }

    /// Whether nothing is said on any channel.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// Whether it goes to nobody in particular, but to everybody who looks.
    pub fn is_public(&self) -> bool {
        !self.is_empty() && !self.channels().any(Channel::goes_to_people)
    }

    /// What of it says something else in `other`, each with both versions; a channel that only one of them uses counts
    /// too.
    pub fn parts_changed<'m>(&'m self, other: &'m Self) -> Vec<(Part, &'m str, &'m str)> {
        let both = Part::ALL.into_iter().map(|part| (part, self.part(part), other.part(part)));
        both.filter(|(_, before, after)| before != after).collect()
    }

    fn part(&self, part: Part) -> &str {
        let mut parts = self.all().flat_map(Content::parts);
        parts.find(|(this, _)| *this == part).map_or("", |(_, text)| text)
    }

    /// A line for lists: the subject if there is one, else the start of what is said.
    pub fn headline(&self) -> String {
        let subject = self.all().find_map(Content::subject);
        let text = subject.or_else(|| self.all().map(Content::text).next()).unwrap_or_default();
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() <= 80 { line } else { line.chars().take(79).chain(['…']).collect() }
    }

    /// What is wrong with them before anybody is looked up.
    pub fn problems(&self) -> Vec<Problem> {
        self.all().flat_map(Content::problems).collect()
    }

    /// What the school lacks to send them.
    pub fn lacks(&self, settings: &Settings) -> Vec<Problem> {
        self.all().filter_map(|content| content.lacks(settings)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_its_content_and_every_part_its_channel() {
        let mut all = Contents::blank();
        assert!(all.channels().eq(Channel::ALL));
        let parts: Vec<Part> = all.all().flat_map(Content::parts).map(|(part, _)| part).collect();
        assert_eq!(parts, Part::ALL);
        for content in all.all() {
            for (part, _) in content.parts() {
                let facts = part.facts();
                let (channel, field) = facts.field.split_once('.').unwrap();
                assert_eq!(channel, content.channel().code());
                assert_eq!(facts.input, format!("{channel}_{field}"));
            }
        }
        for channel in Channel::ALL {
            assert!(all.clone().only(|c| c == channel).channels().eq([channel]));
        }
        for content in all.all_mut() {
            for (part, text) in content.parts_mut() {
                *text = part.facts().words.to_owned();
            }
        }
        assert!(Part::ALL.into_iter().all(|part| all.part(part) == part.facts().words));
    }

    #[test]
    fn a_subject_is_the_headline_else_what_is_said_first() {
        let sms = Some(SmsContent { header: "Hillview".into(), text: "Closed\n today".into() });
        let text = Contents { sms, ..Contents::default() };
        assert_eq!(text.headline(), "Closed today");
        let email = Some(EmailContent { subject: "Snow".into(), text: "x".repeat(200) });
        assert_eq!(Contents { email, ..text }.headline(), "Snow");
        assert_eq!(Contents::default().headline(), "");
    }
}
