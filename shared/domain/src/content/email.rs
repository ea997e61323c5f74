//! The e-mail.

use serde::{Deserialize, Serialize};

use super::part::{Content, Part, Problem};
use super::tokens::{self, KNOWN_TOKENS, LOGO_TOKEN};
use crate::channel::Channel;
use crate::settings::Settings;
use crate::token::Template;

/// Longest subject, in characters.
pub const MAX_SUBJECT: usize = 200;
/// Longest text of an e-mail, in bytes: the text is stored beside the message, not in a file.
pub const MAX_EMAIL_TEXT: usize = 100_000;
/// The name under which an e-mail carries the school's picture.
pub const LOGO_CONTENT_ID: &str = "schoollogo";

/// What an e-mail says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailContent {
    /// May hold tokens.
    pub subject: String,
    /// Markdown; may hold tokens.
    pub text: String,
}

impl Content for EmailContent {
    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn parts(&self) -> Vec<(Part, &str)> {
        vec![(Part::Subject, &self.subject), (Part::Email, &self.text)]
    }

    fn parts_mut(&mut self) -> Vec<(Part, &mut String)> {
        vec![(Part::Subject, &mut self.subject), (Part::Email, &mut self.text)]
    }

    fn subject(&self) -> Option<&str> {
        Some(&self.subject)
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn sender(&self, settings: &Settings) -> String {
        settings.email_from_name.clone()
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.subject.trim().is_empty() {
            problems.push(Problem::of(Part::Subject, "Write a subject."));
        } else if self.subject.chars().count() > MAX_SUBJECT || self.subject.chars().any(char::is_control) {
            let words = format!("Use at most {MAX_SUBJECT} characters on one line.");
            problems.push(Problem::of(Part::Subject, words));
        }
        if self.text.trim().is_empty() {
            problems.push(Problem::of(Part::Email, "Write the e-mail."));
        } else if self.text.len() > MAX_EMAIL_TEXT {
            let words = format!(
                "Use at most {MAX_EMAIL_TEXT} bytes; put longer documents on the website and link to them."
            );
            problems.push(Problem::of(Part::Email, words));
        }
        problems.extend(tokens::problem(Part::Subject, &self.subject));
        let known: Vec<&str> = KNOWN_TOKENS.into_iter().chain([LOGO_TOKEN]).collect();
        if let Err(unknown) = Template::parse(&self.text).check(&known) {
            problems.push(Problem::of(Part::Email, unknown.to_string()));
        }
        problems
    }

    fn lacks(&self, settings: &Settings) -> Option<Problem> {
        let shows_logo = Template::parse(&self.text).names().contains(&LOGO_TOKEN);
        let words =
            "Your school has no logo yet. Upload one in the account settings, or take $schoollogo$ out.";
        (shows_logo && settings.logo.is_none()).then(|| Problem::of(Part::Email, words))
    }
}
