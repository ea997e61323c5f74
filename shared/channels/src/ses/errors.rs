//! What an error of the SES client proves about the e-mail.

use std::error::Error;
use std::io;

use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_smithy_runtime_api::client::dns::ResolveDnsError;
use domain::delivery::{Answer, Reason};

/// ARCHITECTURE §4.4: what each kind of error proves.
pub(super) fn judge(error: &SdkError<SendEmailError, HttpResponse>) -> Answer {
    let refused = |reason, again| Answer::Refused { reason, code: None, again };
    let answer = match error {
        // Nothing left this machine. Credentials may be there the next time.
        SdkError::ConstructionFailure(_) => refused(Reason::OurFault, true),
        SdkError::DispatchFailure(failure) => {
            if failure.as_connector_error().is_some_and(|e| never_connected(e)) {
                refused(Reason::TryLater, true)
            } else {
                Answer::Unknown
            }
        }
        SdkError::ServiceError(service) => {
            let code = service.err().code();
            match service.raw().status().as_u16() {
                status @ 400..=499 => {
                    let (reason, again) = meaning(code, status);
                    refused(reason, again)
                }
                503 if code.is_some() => refused(Reason::TryLater, true),
                _ => Answer::Unknown,
            }
        }
        // A time-out, or an answer that could not be read.
        _ => Answer::Unknown,
    };
    match &answer {
        Answer::Refused { reason: Reason::OurFault, .. } => {
            tracing::error!(code = error.code(), "SES refused our account, sender or request");
        }
        Answer::Unknown => tracing::warn!(code = error.code(), "SES may or may not have taken an e-mail"),
        _ => {}
    }
    answer
}

fn meaning(code: Option<&str>, status: u16) -> (Reason, bool) {
    match code {
        Some(
            "TooManyRequestsException"
            | "LimitExceededException"
            | "ThrottlingException"
            | "Throttling"
            | "RequestTimeout"
            | "RequestTimeoutException",
        ) => (Reason::TryLater, true),
        _ if matches!(status, 408 | 425 | 429) => (Reason::TryLater, true),
        // Rejected content, an unverified sender, a paused account, a missing configuration set, no permission.
        _ => (Reason::OurFault, false),
    }
}

/// Whether the chain of causes says that no connection was ever made.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&e| e.source()).any(|e| {
        e.is::<ResolveDnsError>()
            || e.downcast_ref::<io::Error>().is_some_and(|e| {
                use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
                matches!(e.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable)
            })
            // The client's connect time-out, handshake included, has no type that can be named, only these words.
            // Should they change, the answer is *unknown* again, which is safe.
            || e.to_string().starts_with("HTTP connect timeout")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_whether_to_wait_or_to_mend_the_set_up() {
        let cases = [
            (Some("TooManyRequestsException"), 429, Reason::TryLater, true),
            (Some("LimitExceededException"), 400, Reason::TryLater, true),
            (Some("ThrottlingException"), 400, Reason::TryLater, true),
            (None, 429, Reason::TryLater, true),
            (Some("MessageRejected"), 400, Reason::OurFault, false),
            (Some("MailFromDomainNotVerifiedException"), 400, Reason::OurFault, false),
            (Some("AccountSuspendedException"), 400, Reason::OurFault, false),
            (Some("SendingPausedException"), 400, Reason::OurFault, false),
            (Some("NotFoundException"), 404, Reason::OurFault, false),
            (Some("AccessDeniedException"), 403, Reason::OurFault, false),
            (Some("SomethingNewException"), 400, Reason::OurFault, false),
            (None, 403, Reason::OurFault, false),
        ];
        for (code, status, reason, again) in cases {
            assert_eq!(meaning(code, status), (reason, again), "{code:?} {status}");
        }
    }
}
