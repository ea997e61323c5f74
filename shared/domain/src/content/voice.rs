//! The call.

use serde::{Deserialize, Serialize};

use super::part::{Content, Part, Problem};
use super::tokens;
use crate::channel::Channel;
use crate::phone::PhoneNumber;
use crate::settings::Settings;

/// Longest spoken text, in characters: about four minutes.
pub const MAX_VOICE_TEXT: usize = 3_000;
/// Characters that a call speaks in a minute, at an ordinary pace.
const SPOKEN_PER_MINUTE: usize = 750;

/// What a call says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceContent {
    /// Spoken; may hold tokens.
    pub text: String,
}

/// How long a call speaks, in seconds, at an ordinary pace.
pub fn seconds_spoken(text: &str) -> usize {
    (text.trim().chars().count() * 60).div_ceil(SPOKEN_PER_MINUTE)
}

/// Minutes that a call is billed for, each started one counted.
pub fn minutes_spoken(text: &str) -> u64 {
    text.chars().count().div_ceil(SPOKEN_PER_MINUTE).max(1) as u64
}

impl Content for VoiceContent {
    fn channel(&self) -> Channel {
        Channel::Voice
    }

    fn parts(&self) -> Vec<(Part, &str)> {
        vec![(Part::Call, &self.text)]
    }

    fn parts_mut(&mut self) -> Vec<(Part, &mut String)> {
        vec![(Part::Call, &mut self.text)]
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn sender(&self, settings: &Settings) -> String {
        let number = PhoneNumber::from_e164(&settings.voice_caller);
        format!("Call from {}", number.map_or_else(|_| settings.voice_caller.clone(), PhoneNumber::national))
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.text.trim().is_empty() {
            problems.push(Problem::of(Part::Call, "Write what the call says."));
        } else if self.text.chars().count() > MAX_VOICE_TEXT {
            let words = format!("Use at most {MAX_VOICE_TEXT} characters: nobody listens longer.");
            problems.push(Problem::of(Part::Call, words));
        }
        problems.extend(tokens::problem(Part::Call, &self.text));
        problems
    }

    fn lacks(&self, settings: &Settings) -> Option<Problem> {
        let words = if !settings.voice {
            "Your school has no voice subscription, so nobody can be called. Leave the call out."
        } else if settings.voice_caller.is_empty() {
            "Calls need a number to come from. Give one in the account settings, or leave the call out."
        } else {
            return None;
        };
        Some(Problem::new("channels", words))
    }
}
