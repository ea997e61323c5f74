//! The page that asks for the PIN of a large message.

use askama::Template;
use domain::ids::MessageId;

use super::{Check, Parts, purpose_words};
use crate::pages::kit::form::{Field, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::words;
use crate::services::submit::PinRejected;

/// Asks for the PIN. The message rides along in the form: it is kept nowhere until the PIN is right.
#[derive(Template)]
#[template(path = "pin.html")]
pub(crate) struct PinPage {
    frame: Frame,
    problems: Vec<Problem>,
    fields: Vec<(&'static str, String)>,
    pin_for: String,
    expect: String,
    pin: Field,
    /// Whether a code that was sent may still be given.
    open: bool,
    audience: String,
    purpose: &'static str,
    sum: String,
    total: String,
}

impl PinPage {
    /// `app`: the code of an authenticator app serves as well.
    pub(crate) fn new(
        frame: Frame,
        parts: Parts<'_>,
        id: MessageId,
        app: bool,
        why: Option<PinRejected>,
    ) -> Self {
        let chosen: Vec<String> = parts.draft.to.iter().map(|c| c.words(parts.book).0).collect();
        let mut fields = parts.draft.fields();
        fields.push(("key", parts.key));
        let problems: Vec<Problem> = why.map(|why| Problem::new("pin", said(why))).into_iter().collect();
        let Check { expect, sum, total, .. } = parts.check;
        let pin = Field::new("pin", "PIN", "")
            .hint(if app {
                "Six digits. As this is an emergency, the code of your authenticator app works too."
            } else {
                "Six digits. It works for ten minutes, once, for this message only."
            })
            .checked(&problems);
        Self {
            frame,
            fields,
            pin_for: id.to_string(),
            expect,
            pin: Field { autocomplete: "one-time-code", ..pin },
            open: matches!(why, None | Some(PinRejected::Wrong(_))),
            audience: words::list(&chosen),
            purpose: purpose_words(parts.draft.purpose),
            sum,
            total,
            problems,
        }
    }
}

fn said(why: PinRejected) -> String {
    match why {
        PinRejected::Wrong(1) => {
            "This is not the PIN that was sent for this message. You can try once more.".to_owned()
        }
        PinRejected::Wrong(left) => {
            format!("This is not the PIN that was sent for this message. You can try {left} more times.")
        }
        PinRejected::Over => "This PIN is too old, or was used. Have a new one sent.".to_owned(),
        PinRejected::Another => {
            "The text, or who gets it, is not what this PIN was sent for. Have a new one sent.".to_owned()
        }
        PinRejected::TooMany => {
            "Too many PINs were tried for this message. Nothing was sent. Have a new one sent.".to_owned()
        }
    }
}

#[cfg(test)]
impl PinPage {
    fn made(why: Option<PinRejected>) -> Self {
        use super::samples::{book, draft, settings};
        use crate::pages::kit::places::NavItem;
        use crate::services::submit::Checked;
        let (book, settings, draft) = (book(), settings(), draft());
        let message = draft.message(&domain::limit::Limit::default());
        let checked = Checked::new(&book, &message, &settings);
        let check = Check::new(&book, &message, &checked, &settings, 0);
        let parts = Parts {
            book: &book,
            draft: &draft,
            key: "sample-key".into(),
            find: String::new(),
            check,
            reply_to: settings.email_reply_to.clone(),
            problems: Vec::new(),
            account: None,
        };
        Self::new(
            Frame::sample(NavItem::SEND),
            parts,
            MessageId::new(ulid::Ulid::from_parts(1, 1)),
            why.is_some(),
            why,
        )
    }

    pub(crate) fn sample() -> Self {
        Self::made(None)
    }

    pub(crate) fn sample_wrong() -> Self {
        Self::made(Some(PinRejected::Wrong(3)))
    }

    pub(crate) fn sample_over() -> Self {
        Self::made(Some(PinRejected::TooMany))
    }
}
