//! Rows of the account settings about what things cost.

use domain::settings;

use crate::services::settings::row::{Group, Kind, Row, pence, said};

/// What things cost.
pub(super) const PRICES: Group = Group {
    code: "prices",
    title: "Prices",
    words: "In pence. They make the costs on every page; they change no bill.",
    care: |_| None,
    rows: &[
        Row::new(
            "sms_unit",
            "A unit of a text",
            "A text of up to 160 characters is one unit.",
            Kind::Line,
            |s| pence(s.prices.sms_unit),
            |s, typed, _| {
                s.prices.sms_unit = settings::price(typed).map_err(said)?;
                Ok(())
            },
        ),
        Row::new(
            "voice_minute",
            "A minute of a call",
            "Each started minute of a call that was answered.",
            Kind::Line,
            |s| pence(s.prices.voice_minute),
            |s, typed, _| {
                s.prices.voice_minute = settings::price(typed).map_err(said)?;
                Ok(())
            },
        ),
        Row::new(
            "email_price",
            "An e-mail",
            "To one address.",
            Kind::Line,
            |s| pence(s.prices.email),
            |s, typed, _| {
                s.prices.email = settings::price(typed).map_err(said)?;
                Ok(())
            },
        ),
    ],
};
