//! A file that is handed in: where the script sends it, its columns matched, what was found in it, the latest ones.
//! What becomes of a file is its owner's to say.

use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::import::{Finding, column_letters};
use http::StatusCode;
use serde::Serialize;

use super::components::Tag;
use super::form::{Choice, Problem};
use crate::error::{ApiError, FieldError, Result};
use crate::forms::FormFields;

/// Where the script sends the file, or why it need not.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Ticket { id: String, url: String },
    Refused { error: String },
}

/// Answers the script that asked for a place for a file: its id, and where to send it.
pub(crate) fn ticket(made: Result<(impl Display, String)>) -> Result<Response> {
    match made {
        Ok((id, url)) => Ok(Json(Answer::Ticket { id: id.to_string(), url }).into_response()),
        Err(ApiError::Invalid { detail, .. } | ApiError::Conflict(detail)) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(Answer::Refused { error: detail })).into_response())
        }
        Err(other) => Err(other),
    }
}

/// A file in the list of the latest ones.
pub(crate) struct FileLine {
    pub(crate) id: String,
    pub(crate) tag: Tag,
    pub(crate) name: String,
    pub(crate) words: String,
}

/// A column of the file, and what it may hold.
pub(crate) struct ColumnView {
    /// Of its input.
    pub(crate) name: String,
    pub(crate) heading: String,
    pub(crate) letters: String,
    pub(crate) first: String,
    pub(crate) samples: Vec<String>,
    pub(crate) choices: Vec<Choice>,
}

impl ColumnView {
    /// The column at `at`, with the fields to choose from; none of them chosen leaves it out.
    pub(crate) fn new(
        at: usize,
        heading: &str,
        samples: &[String],
        fields: impl Iterator<Item = Choice>,
    ) -> Self {
        let fields: Vec<Choice> = fields.collect();
        let skip = Choice::new("", "Leave out", !fields.iter().any(|field| field.here));
        Self {
            name: format!("c{at}"),
            heading: if heading.is_empty() { "(no heading)".to_owned() } else { heading.to_owned() },
            letters: column_letters(at),
            first: samples.iter().find(|sample| !sample.is_empty()).cloned().unwrap_or_default(),
            samples: samples.iter().take(3).cloned().collect(),
            choices: std::iter::once(skip).chain(fields).collect(),
        }
    }
}

/// What each column was said to hold: inputs `c0`, `c1`, …
pub(crate) fn chosen<F, N: FromStr>(form: &FormFields, from_code: fn(&str) -> Option<F>) -> Vec<(F, N)> {
    let of =
        |(name, value): &(String, String)| Some((from_code(value)?, name.strip_prefix('c')?.parse().ok()?));
    form.pairs().iter().filter_map(of).collect()
}

/// Leads to the second of two columns with one meaning; to the first column where a meaning is missing.
pub(crate) fn problem<F: Copy, N: Display>(
    chosen: &[(F, N)],
    code: fn(F) -> &'static str,
    error: FieldError,
) -> Problem {
    let twice = chosen.iter().rev().find(|(field, _)| code(*field) == error.field);
    Problem::new(twice.map_or_else(|| "c0".to_owned(), |(_, at)| format!("c{at}")), error.message)
}

/// Something found in a cell.
pub(crate) struct Found {
    pub(crate) row: u32,
    pub(crate) column: String,
    pub(crate) value: String,
    pub(crate) message: String,
}

impl Found {
    /// `title` names a column.
    pub(crate) fn new(finding: &Finding, title: impl FnOnce(usize) -> String) -> Self {
        Self {
            row: finding.row,
            column: finding.column.map_or_else(|| "The row".to_owned(), |at| title(usize::from(at))),
            value: finding.value.clone(),
            message: finding.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::import::Field;

    use super::*;

    #[test]
    fn columns_are_read_by_their_number() {
        let form = FormFields::parse(b"c0=id&c1=&c2=surname&c3=nonsense&cx=mobile&c7=surname&role=parent");
        let chosen: Vec<(Field, u16)> = chosen(&form, Field::from_code);
        assert_eq!(chosen, [(Field::Id, 0), (Field::Surname, 2), (Field::Surname, 7)]);
        let problem = |field| problem(&chosen, Field::code, FieldError::new(field, "wrong")).field;
        assert_eq!((problem("surname"), problem("mobile")), ("c7".to_owned(), "c0".to_owned()));
    }
}
