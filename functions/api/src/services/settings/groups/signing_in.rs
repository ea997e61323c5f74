//! Rows of the account settings about signing in, and about messages that ask for a PIN.

use domain::money::Pence;
use domain::security::{Reuse, Security, Strength};

use super::rows::{Group, Kind, Row, switch, switched};

/// Hundredths of a penny in a pound.
const POUND: u64 = 10_000;
/// Most pounds, and most messages, that a limit may name.
const LARGEST: u32 = 1_000_000;

/// Passwords and second steps.
pub(super) const SIGNING_IN: Group = Group {
    code: "signing-in",
    title: "Signing in",
    words: "What everybody who signs in must do. People who work for several schools follow the strictest.",
    rows: &[
        Row::new(
            "strength",
            "Password strength",
            "How hard a new password must be to guess. Less than “Strong” is not advised.",
            Kind::Choice(&[
                ("any", "Any: at least 8 characters"),
                ("medium", "Medium"),
                ("strong", "Strong"),
                ("very_strong", "Very strong"),
            ]),
            |s| s.security.strength.code().to_owned(),
            |s, typed, _| {
                s.security.strength =
                    Strength::from_code(typed).ok_or_else(|| "Choose one of the list.".to_owned())?;
                Ok(())
            },
        ),
        Row::new(
            "policy",
            "A new password",
            "Which of their own earlier passwords people may not use again.",
            Kind::Choice(&[
                ("old_one", "Must differ from the old one"),
                ("last_five", "Must differ from the last 5"),
            ]),
            |s| s.security.policy.code().to_owned(),
            |s, typed, _| {
                s.security.policy =
                    Reuse::from_code(typed).ok_or_else(|| "Choose one of the list.".to_owned())?;
                Ok(())
            },
        ),
        Row::new(
            "enforce_change",
            "Passwords expire",
            "National guidance now advises against it: people who must change often choose worse passwords. The role \
             “Password never expires” exempts.",
            Kind::Switch,
            |s| switch(s.security.enforce_change),
            |s, typed, _| {
                s.security.enforce_change = switched(typed)?;
                Ok(())
            },
        ),
        Row::new(
            "days",
            "Days until a password expires",
            "Counts while passwords expire. 30 is usual, 90 is kinder.",
            Kind::Line,
            |s| s.security.days.to_string(),
            |s, typed, _| {
                let days = typed.trim().parse().ok().filter(|days| Security::DAYS_RANGE.contains(days));
                s.security.days = days.ok_or_else(|| {
                    format!(
                        "Give a number of days from {} to {}.",
                        Security::DAYS_RANGE.start(),
                        Security::DAYS_RANGE.end()
                    )
                })?;
                Ok(())
            },
        ),
        Row::new(
            "factor_for_admin",
            "A second step for “Access to all areas”",
            "Users with that role sign in with a code from an app as well as the password. Those who have \
             none yet are asked to set one up on the next page that they open.",
            Kind::Switch,
            |s| switch(s.security.require_second_factor_for_admin),
            |s, typed, _| {
                s.security.require_second_factor_for_admin = switched(typed)?;
                Ok(())
            },
        )
        .protected(),
    ],
};

/// When a message asks for a PIN.
pub(super) const LARGE_MESSAGES: Group = Group {
    code: "large",
    title: "Large messages",
    words: "Above these a message needs a PIN, which goes to the confirmed e-mail address of its sender. Without a \
            confirmed address somebody else must authorise it.",
    rows: &[
        Row::new(
            "pin_threshold",
            "Messages without a PIN",
            "Texts, calls and e-mails of one message together, not units. 1000 is usual.",
            Kind::Line,
            |s| s.control.pin_threshold.to_string(),
            |s, typed, _| {
                s.control.pin_threshold = whole(typed).ok_or_else(|| {
                    format!("Give a number from 0, for a PIN with every message, to {LARGEST}.")
                })?;
                Ok(())
            },
        )
        .protected(),
        Row::new(
            "pin_price",
            "Pounds without a PIN",
            "What one message may cost, in whole pounds. Leave it blank for no limit by cost.",
            Kind::Line,
            |s| s.control.pin_price.map(|p| (p.hundredths() / POUND).to_string()).unwrap_or_default(),
            |s, typed, _| {
                s.control.pin_price = match typed.trim() {
                    "" => None,
                    typed => {
                        let pounds = whole(typed)
                            .ok_or_else(|| format!("Give whole pounds from 0 to {LARGEST}, or nothing."))?;
                        Some(Pence::from_hundredths(u64::from(pounds) * POUND))
                    }
                };
                Ok(())
            },
        )
        .protected(),
    ],
};

fn whole(typed: &str) -> Option<u32> {
    typed.trim().parse().ok().filter(|number| *number <= LARGEST)
}
