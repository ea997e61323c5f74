//! What the dispatcher asks of a provider, apart from any provider.

use std::fmt;
use std::pin::Pin;

use domain::delivery::{Answer, Evidence};
use domain::email::EmailAddress;
use domain::phone::PhoneNumber;

/// A future that a port gives back: ports are used behind `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a provider has on record of sends.
pub type Found<'a> = BoxFuture<'a, Result<Vec<Record>, ChannelError>>;
/// Where a send stands.
pub type Fetched<'a> = BoxFuture<'a, Result<Option<Evidence>, ChannelError>>;

/// Sends texts.
pub trait SmsSender: Send + Sync {
    /// Hands one text to the provider, once.
    fn send<'a>(&'a self, sms: OutgoingSms<'a>) -> BoxFuture<'a, Answer>;

    /// The texts that the provider has from `from` to `to` and that it took between the two times (milliseconds
    /// since 1970, both included). An error says that nobody knows, never that there are none.
    fn find<'a>(&'a self, to: &'a str, from: &'a str, since_ms: i64, until_ms: i64) -> Found<'a>;

    /// Where the text with the provider's `id` stands; `None` if the provider does not know it.
    fn fetch<'a>(&'a self, id: &'a str) -> Fetched<'a>;
}

/// Calls people and speaks to them.
pub trait VoiceCaller: Send + Sync {
    /// Asks the provider for one call, once.
    fn send<'a>(&'a self, call: OutgoingCall<'a>) -> BoxFuture<'a, Answer>;

    /// The calls that the provider has from `from` to `to`, as [`SmsSender::find`] does for texts.
    fn find<'a>(&'a self, to: &'a str, from: &'a str, since_ms: i64, until_ms: i64) -> Found<'a>;

    /// Where the call with the provider's `id` stands; `None` if the provider does not know it.
    fn fetch<'a>(&'a self, id: &'a str) -> Fetched<'a>;
}

/// Sends e-mail. A provider of e-mail cannot be asked what it has: its events say so.
pub trait Mailer: Send + Sync {
    /// Hands one e-mail to the provider, once.
    fn send<'a>(&'a self, email: OutgoingEmail<'a>) -> BoxFuture<'a, Answer>;
}

/// Posts in a school's name.
pub trait Tweeter: Send + Sync {
    /// Hands one post to X, once. X is not asked what it has.
    fn post<'a>(&'a self, tweet: OutgoingTweet<'a>) -> BoxFuture<'a, Answer>;
}

/// What an account's provider says to a step of linking it.
pub type Linking<'a, T> = BoxFuture<'a, Result<T, ChannelError>>;

/// Links a school's account, so that we may post for it.
pub trait AccountLinker: Send + Sync {
    /// Asks for a request, and says where a person allows it; they come back to `callback`.
    fn begin<'a>(&'a self, callback: &'a str, nonce: Nonce<'a>) -> Linking<'a, LinkBegun>;

    /// Changes an allowed request, with the verifier that came back, into lasting access.
    fn finish<'a>(
        &'a self,
        request: &'a Access,
        verifier: &'a str,
        nonce: Nonce<'a>,
    ) -> Linking<'a, LinkedAccount>;
}

/// What makes a signed request its own.
#[derive(Debug, Clone, Copy)]
pub struct Nonce<'a> {
    /// Never the same twice.
    pub text: &'a str,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// A token and its secret. No `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// Names the access.
    pub token: String,
    /// Signs with it.
    pub secret: String,
}

/// A link that a person is yet to allow.
#[derive(Clone)]
pub struct LinkBegun {
    /// Serves for this link only.
    pub request: Access,
    /// Where the person allows it.
    pub authorise_url: String,
}

/// An account that lets us post.
#[derive(Clone)]
pub struct LinkedAccount {
    /// Its number.
    pub id: String,
    /// Its name, without `@`.
    pub name: String,
    /// Lasts until the account's owner takes it back.
    pub access: Access,
}

/// One post.
#[derive(Clone, Copy)]
pub struct OutgoingTweet<'a> {
    /// The account's access.
    pub access: &'a Access,
    /// The whole text.
    pub text: &'a str,
    /// The signed reference of the attempt.
    pub reference: &'a str,
    /// When it is sent, in milliseconds since 1970.
    pub at_ms: i64,
}

/// One text to one number.
#[derive(Clone, Copy)]
pub struct OutgoingSms<'a> {
    /// Who gets it.
    pub to: &'a PhoneNumber,
    /// What phones show: a name, a number in E.164, or the provider's name of a pool of numbers.
    pub from: &'a str,
    /// The whole text, header included.
    pub body: &'a str,
    /// The signed reference of the attempt: comes back with every report.
    pub reference: &'a str,
}

/// One call to one number.
#[derive(Clone, Copy)]
pub struct OutgoingCall<'a> {
    /// Who is called.
    pub to: &'a PhoneNumber,
    /// The number that calls, in E.164.
    pub from: &'a str,
    /// What is spoken.
    pub text: &'a str,
    /// The signed reference of the attempt.
    pub reference: &'a str,
}

/// One e-mail to one address.
#[derive(Clone, Copy)]
pub struct OutgoingEmail<'a> {
    /// Who gets it.
    pub to: &'a EmailAddress,
    /// Name of the sender, as mail clients show it.
    pub from_name: &'a str,
    /// Address of the sender: one that the provider knows as ours.
    pub from_address: &'a EmailAddress,
    /// Where replies go, if not to the sender.
    pub reply_to: Option<&'a EmailAddress>,
    /// The subject line.
    pub subject: &'a str,
    /// The text, as Markdown.
    pub text: &'a str,
    /// Files that go along.
    pub attachments: &'a [Attachment<'a>],
    /// Where one request stops further e-mail of this kind; put into the text and the headers.
    pub unsubscribe_url: Option<&'a str>,
    /// The signed reference of the attempt.
    pub reference: &'a str,
    /// The part of the Message-ID before and after the `@`, without angle brackets.
    pub message_id: &'a str,
    /// When it is sent, in milliseconds since 1970.
    pub at_ms: i64,
}

/// A file that goes along with an e-mail.
#[derive(Clone, Copy)]
pub struct Attachment<'a> {
    /// File name as the reader sees it.
    pub name: &'a str,
    /// Media type, such as `application/pdf`.
    pub mime: &'a str,
    /// The file itself.
    pub bytes: &'a [u8],
    /// The name by which the text shows it, as in `cid:name`; `None` for a file that stands beside the text.
    pub content_id: Option<&'a str>,
}

/// What a provider has on record of one send.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// The provider's id.
    pub id: String,
    /// The text, where the provider keeps it.
    pub body: Option<String>,
    /// When the provider took it, in milliseconds since 1970; whole seconds at Twilio.
    pub created_ms: i64,
    /// Where it stands.
    pub state: Option<Evidence>,
}

/// The provider could not be asked. Holds no address, text or secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// No answer in time, or none at all.
    #[error("the provider did not answer")]
    NoAnswer,
    /// It answered with an error.
    #[error("the provider refused to answer (HTTP {status})")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// Its answer was not of the documented form.
    #[error("the provider's answer made no sense: {0}")]
    Garbled(&'static str),
    /// It has more records than are read for one question.
    #[error("the provider has too many records to look through")]
    TooMany,
    /// What was asked for cannot be an id of this provider.
    #[error("not an id of this provider")]
    BadId,
}

macro_rules! debug_by {
    ($($name:ident $(<$life:lifetime>)? . $field:ident),* $(,)?) => {$(
        impl fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field(stringify!($field), &self.$field).finish_non_exhaustive()
            }
        }
    )*};
}

// Neither addresses nor texts may reach a log by way of `{:?}`.
debug_by!(OutgoingSms<'_>.reference, OutgoingCall<'_>.reference, OutgoingEmail<'_>.reference);
debug_by!(Attachment<'_>.mime, Record.id);
debug_by!(OutgoingTweet<'_>.reference, LinkedAccount.id);
