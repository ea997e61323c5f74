//! Rows of the account settings about e-mail.

use domain::email::EmailAddress;
use domain::settings;

use crate::services::settings::row::{Group, Kind, Row, said};

/// Longest name of a sender, in characters.
const LONGEST_NAME: usize = 100;

/// E-mail.
pub(super) const EMAIL: Group = Group {
    code: "email",
    title: "E-mail",
    words: "Who an e-mail seems to come from, and who gets the answers.",
    care: |_| None,
    rows: &[
        Row::new(
            "email_from_name",
            "From",
            "The name that mail programs show as the sender.",
            Kind::Line,
            |s| s.email_from_name.clone(),
            |s, typed, _| {
                s.email_from_name = settings::line(typed, LONGEST_NAME).map_err(said)?;
                if s.email_from_name.is_empty() {
                    Err("Give the name of the school.".to_owned())
                } else {
                    Ok(())
                }
            },
        ),
        Row::new(
            "email_reply_to",
            "Reply to",
            "Answers go to this address. Somebody should read it.",
            Kind::Email,
            |s| s.email_reply_to.clone(),
            |s, typed, _| {
                s.email_reply_to = EmailAddress::parse(typed).map_err(said)?.into();
                Ok(())
            },
        ),
    ],
};
