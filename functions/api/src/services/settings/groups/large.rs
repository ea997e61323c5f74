//! Rows of the account settings about messages that ask for a PIN.

use domain::money::Pence;

use crate::services::settings::row::{Group, Kind, Row};

/// Hundredths of a penny in a pound.
const POUND: u64 = 10_000;
/// Most pounds, and most messages, that a limit may name.
const LARGEST: u32 = 1_000_000;

/// When a message asks for a PIN.
pub(super) const LARGE_MESSAGES: Group = Group {
    code: "large",
    title: "Large messages",
    words: "Above these a message needs a PIN, which goes to the confirmed e-mail address of its sender. Without a \
            confirmed address somebody else must authorise it.",
    care: |_| None,
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
