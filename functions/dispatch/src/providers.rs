//! The ways to reach people, chosen by channel.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use channels::port::{
    Access, Attachment, ChannelError, Mailer, OutgoingCall, OutgoingEmail, OutgoingSms, OutgoingTweet,
    Record, SmsSender, Tweeter, VoiceCaller,
};
use domain::channel::Channel;
use domain::content::LOGO_CONTENT_ID;
use domain::delivery::{Answer, Evidence, Reason};
use domain::email::EmailAddress;
use domain::phone::PhoneNumber;
use domain::settings::Settings;
use domain::texts::Rendered;

/// Adapters and what they need to know of our account.
#[derive(Clone)]
pub struct Providers {
    /// Texts.
    pub sms: Arc<dyn SmsSender>,
    /// Calls.
    pub voice: Arc<dyn VoiceCaller>,
    /// E-mail.
    pub mail: Arc<dyn Mailer>,
    /// Posts on X; `None` where the product has no key for it.
    pub x: Option<Arc<dyn Tweeter>>,
    /// The verified address that e-mail comes from.
    pub mail_from: EmailAddress,
    /// SMS units or calls per second for each sender; `None` for no limit.
    pub twilio_per_second: Option<NonZeroU32>,
    /// E-mails per second; `None` for no limit.
    pub mail_per_second: Option<NonZeroU32>,
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Providers").finish_non_exhaustive()
    }
}

/// One send.
pub(crate) struct Outgoing<'a> {
    pub(crate) channel: Channel,
    pub(crate) to: &'a str,
    pub(crate) rendered: &'a Rendered,
    pub(crate) settings: &'a Settings,
    pub(crate) logo: Option<&'a [u8]>,
    /// To the school's account on X, for a post.
    pub(crate) access: Option<&'a Access>,
    pub(crate) reference: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) at_ms: i64,
}

impl Providers {
    /// What the provider knows us as on this channel.
    pub(crate) fn sender<'a>(&'a self, channel: Channel, settings: &'a Settings) -> &'a str {
        match channel {
            Channel::Sms => &settings.sms_sender,
            Channel::Voice => &settings.voice_caller,
            Channel::Email => self.mail_from.as_str(),
            Channel::Tweet => settings.x.as_ref().map_or("", |account| account.id.as_str()),
        }
    }

    /// How many units a second the channel's sender may have.
    pub(crate) const fn per_second(&self, channel: Channel) -> Option<NonZeroU32> {
        match channel {
            Channel::Sms | Channel::Voice => self.twilio_per_second,
            Channel::Email => self.mail_per_second,
            Channel::Tweet => None,
        }
    }

    /// Hands one delivery to its provider, once.
    pub(crate) async fn send(&self, out: Outgoing<'_>) -> Answer {
        match out.channel {
            Channel::Sms => {
                let Ok(to) = PhoneNumber::from_e164(out.to) else { return unusable_address() };
                let from = &out.settings.sms_sender;
                self.sms
                    .send(OutgoingSms { to: &to, from, body: &out.rendered.text, reference: out.reference })
                    .await
            }
            Channel::Voice => {
                let Ok(to) = PhoneNumber::from_e164(out.to) else { return unusable_address() };
                let from = &out.settings.voice_caller;
                self.voice
                    .send(OutgoingCall { to: &to, from, text: &out.rendered.text, reference: out.reference })
                    .await
            }
            Channel::Tweet => {
                let (Some(x), Some(access)) = (&self.x, out.access) else { return not_linked() };
                let (text, reference) = (&*out.rendered.text, out.reference);
                x.post(OutgoingTweet { access, text, reference, at_ms: out.at_ms }).await
            }
            Channel::Email => {
                let Ok(to) = EmailAddress::parse(out.to) else { return unusable_address() };
                let logo = out.logo.map(|bytes| Attachment {
                    name: "logo.png",
                    mime: "image/png",
                    bytes,
                    content_id: Some(LOGO_CONTENT_ID),
                });
                let reply_to = EmailAddress::parse(&out.settings.email_reply_to).ok();
                self.mail
                    .send(OutgoingEmail {
                        to: &to,
                        from_name: &out.settings.email_from_name,
                        from_address: &self.mail_from,
                        reply_to: reply_to.as_ref(),
                        subject: out.rendered.subject.as_deref().unwrap_or_default(),
                        text: &out.rendered.text,
                        attachments: logo.as_slice(),
                        unsubscribe_url: None,
                        reference: out.reference,
                        message_id: out.message_id,
                        at_ms: out.at_ms,
                    })
                    .await
            }
        }
    }

    /// The provider's records between two numbers in a window; e-mail has none.
    pub(crate) async fn find(
        &self,
        channel: Channel,
        to: &str,
        from: &str,
        since_ms: i64,
        until_ms: i64,
    ) -> Result<Vec<Record>, ChannelError> {
        match channel {
            Channel::Sms => self.sms.find(to, from, since_ms, until_ms).await,
            Channel::Voice => self.voice.find(to, from, since_ms, until_ms).await,
            Channel::Email | Channel::Tweet => Ok(Vec::new()),
        }
    }

    /// Where a delivery stands by the provider's id; e-mail cannot be asked.
    pub(crate) async fn fetch(&self, channel: Channel, id: &str) -> Result<Option<Evidence>, ChannelError> {
        match channel {
            Channel::Sms => self.sms.fetch(id).await,
            Channel::Voice => self.voice.fetch(id).await,
            Channel::Email | Channel::Tweet => Ok(None),
        }
    }
}

/// The account was unlinked since, or another is linked now.
const fn not_linked() -> Answer {
    Answer::Refused { reason: Reason::LinkGone, code: None, again: false }
}

/// The plan writes only addresses that parse.
const fn unusable_address() -> Answer {
    Answer::Refused { reason: Reason::NoSuchAddress, code: None, again: false }
}
