//! What Twilio posts to our webhooks, as the fields of a form. Only forms whose signature was checked get here.

use std::fmt;

use domain::delivery::Evidence;

use super::{is_sid, status};

/// A form is not what Twilio documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCallback {
    /// A field is missing.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// A field does not hold what it should.
    #[error("the field {0} is not well formed")]
    Malformed(&'static str),
}

/// A text that somebody sent to one of our numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Twilio's id of it; the same however often it is posted.
    pub id: String,
    /// Who sent it: a number in E.164, a short code or a name.
    pub from: String,
    /// The number that it was sent to, in E.164.
    pub to: String,
    /// What it says.
    pub body: String,
    /// Set when the person asked to stop or start, or for help, and Twilio has acted on it.
    pub opt_out: Option<OptOut>,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a keyword asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptOut {
    /// No more texts.
    Stop,
    /// Texts again.
    Start,
    /// Help.
    Help,
}

/// Reads a status callback of a message or a call. `None` if its status says nothing about a delivery: new words may
/// come at any time.
pub fn status(form: &[(String, String)], now_ms: i64) -> Result<Option<Evidence>, BadCallback> {
    let code = match field(form, "ErrorCode") {
        None | Some("") => None,
        Some(code) => Some(code.parse().map_err(|_| BadCallback::Malformed("ErrorCode"))?),
    };
    if let Some(word) = field(form, "CallStatus") {
        let sid = sid(form, "CallSid", &["CA"])?;
        let sip = field(form, "SipResponseCode").and_then(|s| s.parse().ok());
        let seconds = match field(form, "CallDuration") {
            Some(seconds) if word == "completed" => {
                Some(seconds.parse().map_err(|_| BadCallback::Malformed("CallDuration"))?)
            }
            _ => None,
        };
        return Ok(status::of_call(word, code, sip).map(|r| r.evidence(code, seconds, now_ms, sid)));
    }
    let word = field(form, "MessageStatus").ok_or(BadCallback::Missing("MessageStatus"))?;
    let sid = sid(form, "MessageSid", &["SM", "MM"])?;
    Ok(status::of_message(word, code).map(|r| r.evidence(code, None, now_ms, sid)))
}

/// Reads an inbound text.
pub fn inbound(form: &[(String, String)]) -> Result<Inbound, BadCallback> {
    let address = |name| match field(form, name) {
        None | Some("") => Err(BadCallback::Missing(name)),
        Some(text) if text.len() > 100 || text.chars().any(char::is_control) => {
            Err(BadCallback::Malformed(name))
        }
        Some(text) => Ok(text.to_owned()),
    };
    Ok(Inbound {
        id: sid(form, "MessageSid", &["SM", "MM"])?.to_owned(),
        from: address("From")?,
        to: address("To")?,
        body: field(form, "Body").unwrap_or_default().to_owned(),
        opt_out: match field(form, "OptOutType") {
            Some("STOP") => Some(OptOut::Stop),
            Some("START") => Some(OptOut::Start),
            Some("HELP") => Some(OptOut::Help),
            _ => None,
        },
    })
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

fn sid<'a>(
    form: &'a [(String, String)],
    name: &'static str,
    prefixes: &[&str],
) -> Result<&'a str, BadCallback> {
    let sid = field(form, name).ok_or(BadCallback::Missing(name))?;
    if is_sid(sid, prefixes) { Ok(sid) } else { Err(BadCallback::Malformed(name)) }
}

#[cfg(test)]
mod tests {
    use domain::delivery::{DeliveryState, Reason};

    use super::*;

    const SM: &str = "SM0123456789abcdef0123456789abcdef";
    const CA: &str = "CA0123456789abcdef0123456789abcdef";

    fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    fn read(fields: &[(&str, &str)]) -> Result<Option<Evidence>, BadCallback> {
        status(&form(fields), 5)
    }

    #[test]
    fn a_failed_text_brings_its_reason_code_and_id() {
        let fields = [("MessageSid", SM), ("MessageStatus", "undelivered"), ("ErrorCode", "30005")];
        let expected = Evidence {
            state: DeliveryState::PermanentFailure,
            reason: Some(Reason::NoSuchAddress),
            code: Some(30_005),
            seconds: None,
            at_ms: 5,
            id: Some(SM.to_owned()),
        };
        assert_eq!(read(&fields), Ok(Some(expected)));
    }

    #[test]
    fn an_answered_call_brings_its_length_once_it_has_ended() {
        let answered = read(&[("CallSid", CA), ("CallStatus", "in-progress"), ("CallDuration", "0")]);
        let ended =
            read(&[("CallSid", CA), ("CallStatus", "completed"), ("CallDuration", "61"), ("ErrorCode", "")]);
        let of = |e: Result<Option<Evidence>, BadCallback>| e.unwrap().map(|e| (e.state, e.seconds));
        assert_eq!(of(answered), Some((DeliveryState::Accepted, None)));
        assert_eq!(of(ended), Some((DeliveryState::Delivered, Some(61))));
        let failed = read(&[("CallSid", CA), ("CallStatus", "failed"), ("SipResponseCode", "404")]);
        assert_eq!(failed.unwrap().and_then(|e| e.reason), Some(Reason::NoSuchAddress));
    }

    #[test]
    fn what_twilio_does_not_send_is_an_error_and_new_words_are_not() {
        assert_eq!(read(&[("MessageSid", SM), ("MessageStatus", "teleported")]), Ok(None));
        let bad = [
            (form(&[]), BadCallback::Missing("MessageStatus")),
            (form(&[("MessageStatus", "sent")]), BadCallback::Missing("MessageSid")),
            (form(&[("MessageStatus", "sent"), ("MessageSid", "SM1")]), BadCallback::Malformed("MessageSid")),
            (form(&[("MessageStatus", "sent"), ("MessageSid", CA)]), BadCallback::Malformed("MessageSid")),
            (
                form(&[("MessageStatus", "failed"), ("MessageSid", SM), ("ErrorCode", "-1")]),
                BadCallback::Malformed("ErrorCode"),
            ),
            (
                form(&[("CallStatus", "completed"), ("CallSid", CA), ("CallDuration", "long")]),
                BadCallback::Malformed("CallDuration"),
            ),
        ];
        for (form, error) in bad {
            assert_eq!(status(&form, 5), Err(error), "{form:?}");
        }
    }

    #[test]
    fn an_inbound_text_is_read_and_kept_out_of_logs() {
        let fields = [
            ("MessageSid", SM),
            ("From", "+447700900123"),
            ("To", "+441632960000"),
            ("Body", "STOP"),
            ("OptOutType", "STOP"),
        ];
        let text = inbound(&form(&fields)).unwrap();
        assert_eq!((text.from.as_str(), text.to.as_str()), ("+447700900123", "+441632960000"));
        assert_eq!((text.body.as_str(), text.opt_out), ("STOP", Some(OptOut::Stop)));
        let shown = format!("{text:?}");
        assert!(!shown.contains("7700900") && !shown.contains("STOP"), "{shown}");
        assert_eq!(inbound(&form(&fields[..1])), Err(BadCallback::Missing("From")));
        assert_eq!(
            inbound(&form(&[("MessageSid", SM), ("From", "a\nb"), ("To", "x")])),
            Err(BadCallback::Malformed("From"))
        );
    }
}
