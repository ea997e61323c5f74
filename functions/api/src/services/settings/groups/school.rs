//! Rows of the account settings about the school: what messages can name.

use domain::settings;

use crate::services::settings::row::{Group, Kind, Row, number, said};

/// Longest name of a head teacher, in characters.
const LONGEST_NAME: usize = 100;
/// Longest postal address, in characters.
const LONGEST_ADDRESS: usize = 300;
/// Longest telephone number as a school writes it.
const LONGEST_PHONE: usize = 40;

/// Contact details.
pub(super) const SCHOOL: Group = Group {
    code: "school",
    title: "Contact details",
    words: "Messages can name these: write $headteachername$, $schooladdress$ or $schoolphone$.",
    care: |_| None,
    rows: &[
        Row::new(
            "head_teacher",
            "Head teacher",
            "As letters sign it. $headteachername$",
            Kind::Line,
            |s| s.head_teacher.clone(),
            |s, typed, _| {
                s.head_teacher = settings::line(typed, LONGEST_NAME).map_err(said)?;
                Ok(())
            },
        )
        .personal(),
        Row::new(
            "address",
            "Address",
            "On one line, with commas. $schooladdress$",
            Kind::Line,
            |s| s.address.clone(),
            |s, typed, _| {
                s.address = settings::line(typed, LONGEST_ADDRESS).map_err(said)?;
                Ok(())
            },
        ),
        Row::new(
            "phone",
            "Phone",
            "As you want families to read it. $schoolphone$",
            Kind::Line,
            |s| s.phone.clone(),
            |s, typed, given| {
                let typed = settings::line(typed, LONGEST_PHONE).map_err(said)?;
                number(&typed, s.country, given)?;
                s.phone = typed;
                Ok(())
            },
        ),
    ],
};
