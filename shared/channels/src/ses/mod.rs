//! Amazon SES, version 2 of its API: e-mail out, and the events that come back.

mod errors;
pub mod events;
mod markdown;
mod mime;

use std::fmt;
use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use domain::delivery::{Answer, Reason};

pub use markdown::email_html;

use crate::port::{BoxFuture, Mailer, OutgoingEmail};

/// The name of the tag that carries an attempt's reference.
const TAG: &str = "reference";

/// Sends through SES.
#[derive(Clone)]
pub struct SesMailer {
    client: Client,
    configuration_set: Option<String>,
    deadline: Duration,
}

impl fmt::Debug for SesMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SesMailer")
            .field("configuration_set", &self.configuration_set)
            .finish_non_exhaustive()
    }
}

impl SesMailer {
    /// A mailer that uses `client`, which must not retry: a request that may have been taken must never be repeated.
    /// Without a configuration set SES reports nothing.
    pub fn new(client: Client, configuration_set: Option<String>, deadline: Duration) -> Self {
        Self { client, configuration_set, deadline }
    }

    fn request(&self, email: &OutgoingEmail<'_>) -> Result<SendEmailFluentBuilder, BuildError> {
        let raw = RawMessage::builder().data(Blob::new(mime::message(email))).build()?;
        let tag = MessageTag::builder().name(TAG).value(email.reference).build()?;
        Ok(self
            .client
            .send_email()
            // The envelope names the one recipient, whatever a header might say.
            .destination(Destination::builder().to_addresses(email.to.as_str()).build())
            .content(EmailContent::builder().raw(raw).build())
            .email_tags(tag)
            .set_configuration_set_name(self.configuration_set.clone()))
    }
}

impl Mailer for SesMailer {
    fn send<'a>(&'a self, email: OutgoingEmail<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let Ok(request) = self.request(&email) else {
                return Answer::Refused { reason: Reason::OurFault, code: None, again: false };
            };
            match tokio::time::timeout(self.deadline, request.send()).await {
                Ok(Ok(output)) => match output.message_id {
                    Some(id) if !id.is_empty() => Answer::Accepted { id },
                    _ => Answer::Unknown,
                },
                Ok(Err(error)) => errors::judge(&error),
                Err(_) => Answer::Unknown,
            }
        })
    }
}
