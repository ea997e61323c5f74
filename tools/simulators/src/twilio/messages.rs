//! `POST Messages.json`.

use std::borrow::Cow;

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use hyper::body::Bytes;

use super::refusal::{Refusal, words};
use super::{check_callback, check_ends, is_e164, send};
use crate::app::{App, Shared};
use crate::faults::Target;
use crate::kind::Kind;
use crate::record::Record;
use crate::{clock, outcome, segments};

/// Longest text that Twilio takes, in characters.
const LONGEST: usize = 1600;

#[derive(Default)]
struct Form<'a> {
    to: Cow<'a, str>,
    from: Cow<'a, str>,
    body: Cow<'a, str>,
    callback: Cow<'a, str>,
}

impl<'a> Form<'a> {
    fn parse(body: &'a [u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "To" => form.to = value,
                "From" => form.from = value,
                "Body" => form.body = value,
                "StatusCallback" => form.callback = value,
                _ => {}
            }
        }
        form
    }

    /// Twilio's checks, in its order.
    fn check(&self) -> Result<(), Refusal> {
        check_ends(&self.to, &self.from)?;
        if !is_sender(&self.from) {
            let message = format!(
                "The 'From' number {} is not a valid phone number, shortcode, or alphanumeric sender ID.",
                self.from
            );
            return Err(Refusal::new(21212, message));
        }
        if self.from == self.to {
            return Err(Refusal::new(21266, "'To' and 'From' number cannot be the same"));
        }
        if self.body.is_empty() {
            return Err(Refusal::new(21602, "Message body is required."));
        }
        if self.body.len() > LONGEST && self.body.chars().count() > LONGEST {
            return Err(Refusal::new(
                21617,
                "The concatenated message body exceeds the 1600 character limit.",
            ));
        }
        check_callback(&self.callback)?;
        outcome::refusal_of_text(&self.to).map_or(Ok(()), |code| Err(Refusal::new(code, words(code))))
    }
}

/// A number, a short code, or a name of 1–11 characters with a letter in it.
fn is_sender(from: &str) -> bool {
    let short_code = (3..=8).contains(&from.len()) && from.bytes().all(|b| b.is_ascii_digit());
    let name = (1..=11).contains(&from.len())
        && from.bytes().all(|b| b.is_ascii_alphanumeric() || b" +-_&".contains(&b))
        && from.bytes().any(|b| b.is_ascii_alphabetic());
    short_code || name || is_e164(from)
}

/// Takes a text.
pub(crate) async fn create(
    State(app): State<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    send(&app, &account, &headers, Target::Sms, || accept(&app, &body)).await
}

fn accept<'a>(app: &App, body: &'a [u8]) -> Result<Record<'a>, Refusal> {
    let form = Form::parse(body);
    form.check()?;
    let mut record = Record::new(Kind::Sms, app.sids.next(), clock::now());
    record.units = segments::count(&form.body);
    record.from = form.from;
    record.to = form.to;
    record.body = form.body;
    record.callback = form.callback;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_numbers_short_codes_or_names() {
        for good in ["+447700900123", "60006", "Oakfield", "St Mary-7"] {
            assert!(is_sender(good), "{good}");
        }
        for bad in ["", "12", "+", "Oakfield Primary", "Éton", "07700 900123"] {
            assert!(!is_sender(bad), "{bad}");
        }
    }
}
