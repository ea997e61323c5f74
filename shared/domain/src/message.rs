//! A message as it was composed, and where it stands as a whole.

use serde::{Deserialize, Serialize};

use crate::audience::{Audience, MAX_AUDIENCE};
use crate::content::{Contents, Problem};
pub use crate::purpose::Purpose;
use crate::routing::Routing;

/// A composed message: what, how and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What it is for.
    pub purpose: Purpose,
    /// Who gets it.
    pub to: Audience,
    /// What it says on each channel.
    #[serde(flatten)]
    pub contents: Contents,
    /// Routing of this message alone, instead of the school's: an emergency may go both ways at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
}

impl Message {
    /// What must be put right before anybody is looked up. Empty if it can be sent.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.contents.is_empty() {
            problems.push(Problem::new("channels", "Choose at least one way to send it."));
        }
        if self.to.is_empty() && !self.contents.is_public() {
            problems.push(Problem::new("to", "Choose at least one person or group."));
        } else if self.to.contacts.len() + self.to.groups.len() > MAX_AUDIENCE {
            let words = format!("Choose at most {MAX_AUDIENCE} people and groups, or everyone.");
            problems.push(Problem::new("to", words));
        }
        if self.routing.is_some() && self.purpose != Purpose::Emergency {
            let words =
                "Only an emergency may be routed otherwise than the school's settings say. Leave this out.";
            problems.push(Problem::new("routing", words));
        }
        problems.extend(self.contents.problems());
        problems
    }
}

/// The status of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Accepted; somebody has to authorise it before anything happens.
    AwaitingAuthorisation,
    /// Accepted; its pages are not written yet.
    Queued,
    /// Its pages are written and being sent.
    Sending,
    /// No delivery is queued or sending. Receipts go on refining the totals.
    Finished,
    /// Staff stopped it.
    Stopped,
    /// Nobody would authorise it, or it could not be planned: see its reason.
    Rejected,
}

impl MessageState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::AwaitingAuthorisation,
        Self::Queued,
        Self::Sending,
        Self::Finished,
        Self::Stopped,
        Self::Rejected,
    ];

    /// The word of the JSON API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AwaitingAuthorisation => "awaiting_authorisation",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Rejected => "rejected",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channel;
    use crate::content::{EmailContent, SmsContent, TweetContent, VoiceContent};

    /// Rows in the table and idempotency keys hold this form.
    const WHOLE: &str = concat!(
        r#"{"purpose":"emergency","to":{"contacts":["P1"],"groups":["Year 9"],"everyone":false,"#,
        r#""pupils":["S1"],"send_to":"priority_1","within":["Year 9"]},"#,
        r#""sms":{"header":"Hillview","text":"Closed today"},"voice":{"text":"We are closed"},"#,
        r#""email":{"subject":"Snow","text":"**Closed**"},"tweet":{"text":"Closed!"},"routing":"both"}"#,
    );
    const TEXT_ONLY: &str =
        r#"{"purpose":"service","to":{"everyone":true},"sms":{"header":"","text":"Hello"}}"#;

    #[test]
    fn a_message_is_stored_with_each_content_beside_its_purpose() {
        let whole: Message = serde_json::from_str(WHOLE).unwrap();
        let said = &whole.contents;
        assert_eq!(said.sms, Some(SmsContent { header: "Hillview".into(), text: "Closed today".into() }));
        assert_eq!(said.voice, Some(VoiceContent { text: "We are closed".into() }));
        assert_eq!(said.email, Some(EmailContent { subject: "Snow".into(), text: "**Closed**".into() }));
        assert_eq!(said.tweet, Some(TweetContent { text: "Closed!".into() }));
        assert_eq!(whole.routing, Some(Routing::Both));
        assert_eq!(serde_json::to_string(&whole).unwrap(), WHOLE);
        let text: Message = serde_json::from_str(TEXT_ONLY).unwrap();
        assert!(text.contents.channels().eq([Channel::Sms]));
        assert_eq!(serde_json::to_string(&text).unwrap(), TEXT_ONLY);
    }
}
