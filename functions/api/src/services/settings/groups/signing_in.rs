//! Rows of the account settings about signing in.

use domain::security::{Reuse, Security, Strength};

use crate::services::settings::row::{Group, Kind, Row, chosen, switch, switched};

/// Passwords and second steps.
pub(super) const SIGNING_IN: Group = Group {
    code: "signing-in",
    title: "Signing in",
    words: "What everybody who signs in must do. People who work for several schools follow the strictest.",
    care: |_| None,
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
                s.security.strength = chosen(Strength::from_code(typed))?;
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
                s.security.policy = chosen(Reuse::from_code(typed))?;
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
