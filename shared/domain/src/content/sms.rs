//! The text message.

use serde::{Deserialize, Serialize};

use super::part::{Content, Part, Problem};
use super::tokens;
use crate::channel::Channel;
use crate::settings::Settings;
use crate::sms::{MAX_HEADER, MAX_PARTS, compose_sms, count, mend};

/// What a text says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsContent {
    /// Put before the text; empty for none.
    pub header: String,
    /// May hold tokens.
    pub text: String,
}

impl SmsContent {
    /// Header and text together, tokens unfilled.
    pub fn composed(&self) -> String {
        compose_sms(Some(&self.header), &self.text)
    }

    /// The same with plain characters instead of typographic ones.
    #[must_use]
    pub fn with_plain_characters(&self) -> Self {
        Self { header: mend(&self.header), text: mend(&self.text) }
    }
}

impl Content for SmsContent {
    fn channel(&self) -> Channel {
        Channel::Sms
    }

    fn parts(&self) -> Vec<(Part, &str)> {
        vec![(Part::Header, &self.header), (Part::Text, &self.text)]
    }

    fn parts_mut(&mut self) -> Vec<(Part, &mut String)> {
        vec![(Part::Header, &mut self.header), (Part::Text, &mut self.text)]
    }

    fn header(&self) -> Option<&str> {
        Some(self.header.as_str()).filter(|header| !header.is_empty())
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn sender(&self, settings: &Settings) -> String {
        settings.sms_sender.clone()
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let size = count(&self.composed());
        if self.text.trim().is_empty() {
            problems.push(Problem::of(Part::Text, "Write the text message."));
        } else if size.is_too_long() {
            let words =
                format!("The text takes {} parts; at most {MAX_PARTS} can be sent. Shorten it.", size.parts);
            problems.push(Problem::of(Part::Text, words));
        }
        if self.header.chars().count() > MAX_HEADER || self.header.chars().any(char::is_control) {
            let words = format!("Use at most {MAX_HEADER} characters on one line.");
            problems.push(Problem::of(Part::Header, words));
        }
        problems.extend(tokens::problem(Part::Text, &self.text));
        problems
    }
}
