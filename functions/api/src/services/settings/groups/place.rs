//! Rows of the account settings about place and time.

use domain::phone::CountryCode;
use domain::settings;

use crate::services::settings::row::{Group, Kind, Row, said};

/// Place and time.
pub(super) const PLACE: Group = Group {
    code: "place",
    title: "Place and time",
    words: "How numbers and times are read.",
    care: |_| None,
    rows: &[
        Row::new(
            "country",
            "Country code",
            "For phone numbers that are typed without one. 44 is the United Kingdom.",
            Kind::Line,
            |s| s.country.to_string(),
            |s, typed, _| {
                s.country = typed.parse::<CountryCode>().map_err(said)?;
                Ok(())
            },
        )
        .protected(),
        Row::new(
            "timezone",
            "Time zone",
            "Times on every page are in it, and usage is counted by its days. It knows of summer time.",
            Kind::Zone,
            |s| s.timezone.clone(),
            |s, typed, _| {
                s.timezone = settings::time_zone(typed).map_err(said)?;
                Ok(())
            },
        )
        .protected(),
    ],
};
