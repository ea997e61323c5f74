//! E-mail.

use std::num::NonZeroU32;
use std::sync::Arc;

use channels::port::{Attachment, BoxFuture, Mailer, OutgoingEmail};
use domain::content::LOGO_CONTENT_ID;
use domain::delivery::{Answer, Reason};
use domain::email::EmailAddress;
use domain::settings::Settings;

use super::{Outgoing, Provider, refused};

/// Sends e-mail from one address, under the school's name.
pub struct EmailProvider {
    /// The adapter.
    pub port: Arc<dyn Mailer>,
    /// The verified address that e-mail comes from.
    pub from: EmailAddress,
    /// E-mails a second; `None` for no limit.
    pub per_second: Option<NonZeroU32>,
}

impl Provider for EmailProvider {
    fn sender<'a>(&'a self, _: &'a Settings) -> &'a str {
        self.from.as_str()
    }

    fn per_second(&self) -> Option<NonZeroU32> {
        self.per_second
    }

    fn send<'a>(&'a self, out: Outgoing<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let Ok(to) = EmailAddress::parse(out.to) else { return refused(Reason::NoSuchAddress) };
            let logo = out.logo.map(|bytes| Attachment {
                name: "logo.png",
                mime: "image/png",
                bytes,
                content_id: Some(LOGO_CONTENT_ID),
            });
            let reply_to = EmailAddress::parse(&out.settings.email_reply_to).ok();
            let email = OutgoingEmail {
                to: &to,
                from_name: &out.settings.email_from_name,
                from_address: &self.from,
                reply_to: reply_to.as_ref(),
                subject: out.rendered.subject.as_deref().unwrap_or_default(),
                text: &out.rendered.text,
                attachments: logo.as_slice(),
                unsubscribe_url: None,
                reference: out.reference,
                message_id: out.message_id,
                at_ms: out.at_ms,
            };
            self.port.send(email).await
        })
    }
}
