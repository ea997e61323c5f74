//! The form's part for each channel: its inputs, and how long what is written in them is.

mod advice;
mod email;
mod post;
mod sms;
mod voice;

use askama::Template;
use domain::channel::{Channel, Facts};
use domain::content::{Content, Contents};
use domain::message::Message;
use domain::plan::Plan;
use domain::settings::Settings;

use crate::forms::FormFields;
use crate::pages::kit::form::{Problem, error_of};
use crate::services::costing::Costing;

/// What the parts of the form are made from.
pub(super) struct Written<'a> {
    pub(super) texts: &'a Contents,
    pub(super) problems: &'a [Problem],
    pub(super) sizes: &'a [Size],
    /// Whether the user may call people.
    pub(super) has_voice: bool,
    /// The account on X on which the user may post.
    pub(super) account: Option<&'a str>,
    /// Where replies to this e-mail go, as typed.
    pub(super) reply_to: &'a str,
    /// Where they go without that.
    pub(super) school_reply_to: &'a str,
}

/// What a message comes to, to be measured.
pub(super) struct Measured<'a> {
    pub(super) message: &'a Message,
    pub(super) plan: &'a Plan,
    pub(super) costing: &'a Costing,
    pub(super) settings: &'a Settings,
}

/// One channel's part of the form.
struct ChannelPart {
    channel: Channel,
    /// Its inputs as HTML; `None` where the user cannot use the channel.
    form: fn(&Written<'_>) -> Option<String>,
    /// How long what is written is, as HTML; `None` where that is not said.
    size: Option<fn(&Measured<'_>) -> String>,
}

const PARTS: [ChannelPart; Channel::ALL.len()] = [sms::PART, voice::PART, email::PART, post::PART];

/// A channel that can be chosen.
pub(crate) struct Offered {
    pub(super) facts: &'static Facts,
    pub(super) on: bool,
    pub(super) html: String,
}

/// How long what is written for a channel is.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    pub(super) code: &'static str,
    pub(super) html: String,
}

/// The channels that the user can choose, those in `on` chosen.
pub(super) fn offered(written: &Written<'_>, on: &[Channel]) -> Vec<Offered> {
    let parts = PARTS.iter().filter_map(|part| {
        let html = (part.form)(written)?;
        Some(Offered { facts: part.channel.facts(), on: on.contains(&part.channel), html })
    });
    parts.collect()
}

/// The size of each channel's text.
pub(super) fn sizes(measured: &Measured<'_>) -> Vec<Size> {
    let size = |part: &ChannelPart| Some(Size { code: part.channel.code(), html: part.size?(measured) });
    PARTS.iter().filter_map(size).collect()
}

/// Reads each part that a posted form has; the others stay as they are.
pub(crate) fn read(form: &FormFields, contents: &mut Contents) {
    for (part, text) in contents.all_mut().flat_map(Content::parts_mut) {
        let facts = part.facts();
        if let Some(typed) = form.get(facts.input) {
            *text = if facts.lines == 1 { typed.trim().to_owned() } else { typed.replace("\r\n", "\n") };
        }
    }
}

impl Written<'_> {
    fn error(&self, input: &str) -> Option<String> {
        error_of(self.problems, input)
    }

    fn size(&self, channel: Channel) -> String {
        let size = self.sizes.iter().find(|size| size.code == channel.code());
        size.map(|size| size.html.clone()).unwrap_or_default()
    }
}

fn drawn(part: &impl Template) -> String {
    part.render().unwrap_or_else(|error| {
        tracing::error!(%error, "part of a page not drawn");
        String::new()
    })
}

/// Something that is filled in for each person.
struct Token {
    code: &'static str,
    words: &'static str,
}

const TOKENS: [Token; 6] = [
    Token { code: "$pupilname|your child$", words: "Pupil" },
    Token { code: "$forename$", words: "Forename" },
    Token { code: "$surname$", words: "Surname" },
    Token { code: "$title|parent$", words: "Title" },
    Token { code: "$name$", words: "Full name" },
    Token { code: "$schoolphone$", words: "School’s phone" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_its_part_of_the_form() {
        assert_eq!(PARTS.map(|part| part.channel), Channel::ALL);
    }
}
