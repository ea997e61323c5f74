//! Tokens that texts may hold.

use super::part::{Part, Problem};
use crate::token::Template;

/// Tokens that any text may use, in lower case.
pub const KNOWN_TOKENS: [&str; 9] = [
    "forename",
    "surname",
    "title",
    "name",
    PUPIL_TOKEN,
    "schoolname",
    "headteachername",
    "schooladdress",
    "schoolphone",
];

/// The pupils that an adult is written to about, all in one text.
pub const PUPIL_TOKEN: &str = "pupilname";

/// The school's picture, in the text of an e-mail only.
pub const LOGO_TOKEN: &str = "schoollogo";

/// What is wrong with the tokens of a part that can show no picture.
pub(super) fn problem(part: Part, text: &str) -> Option<Problem> {
    let template = Template::parse(text);
    if template.names().contains(&LOGO_TOKEN) {
        let words = "A picture can be shown in the text of an e-mail only. Take $schoollogo$ out here.";
        return Some(Problem::of(part, words));
    }
    let unknown = template.check(&KNOWN_TOKENS).err()?;
    Some(Problem::of(part, unknown.to_string()))
}
