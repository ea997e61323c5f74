//! The post on X: one for everybody, so without tokens.

use serde::{Deserialize, Serialize};

use super::part::{Content, Part, Problem};
use super::weight::{MAX_WEIGHT, weight};
use crate::channel::Channel;
use crate::settings::Settings;
use crate::token::Template;

/// What a post on X says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TweetContent {
    /// Up to [`MAX_WEIGHT`] as X counts.
    pub text: String,
}

impl Content for TweetContent {
    fn channel(&self) -> Channel {
        Channel::Tweet
    }

    fn parts(&self) -> Vec<(Part, &str)> {
        vec![(Part::Post, &self.text)]
    }

    fn parts_mut(&mut self) -> Vec<(Part, &mut String)> {
        vec![(Part::Post, &mut self.text)]
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn sender(&self, _settings: &Settings) -> String {
        "Post on X".to_owned()
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let weight = weight(&self.text);
        if self.text.trim().is_empty() {
            problems.push(Problem::of(Part::Post, "Write the post."));
        } else if weight > MAX_WEIGHT {
            let words =
                format!("The post is {weight} long as X counts, and {MAX_WEIGHT} is the most. Shorten it.");
            problems.push(Problem::of(Part::Post, words));
        }
        if let Some(name) = Template::parse(&self.text).names().first() {
            let words = format!("A post is the same for everybody. Take ${name}$ out.");
            problems.push(Problem::of(Part::Post, words));
        }
        problems
    }

    fn lacks(&self, settings: &Settings) -> Option<Problem> {
        let words = "No account on X is linked. Link one in the account settings, or leave the post out.";
        settings.x.is_none().then(|| Problem::new("channels", words))
    }

    fn account<'a>(&self, settings: &'a Settings) -> Option<&'a str> {
        settings.x.as_ref().map(|account| account.name.as_str())
    }
}
