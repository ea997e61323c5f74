//! A school's settings, its people and what it sends, as most tests want them.

use domain::audience::Audience;
use domain::contact::{Contact, ContactRole, LabelledNumber, PhoneLabel, Source};
use domain::content::{Contents, SmsContent};
use domain::email::EmailAddress;
use domain::ids::{ContactId, MessageId, UserId};
use domain::message::{Message, Purpose};
use domain::money::Pence;
use domain::settings::{Prices, Settings};
use store::{Account, Author, Body, NewMessage, User};
use ulid::Ulid;

use crate::NOON;

/// The settings of Hillview School.
pub fn settings() -> Settings {
    Settings {
        sms_sender: "Hillview".to_owned(),
        sms_header: "Hillview".to_owned(),
        voice_caller: "+441632960100".to_owned(),
        email_from_name: "Hillview School".to_owned(),
        email_reply_to: "office@hillview.example".to_owned(),
        prices: Prices {
            sms_unit: Pence::from_hundredths(400),
            voice_minute: Pence::from_hundredths(600),
            email: Pence::from_hundredths(0),
        },
        head_teacher: "A. Head".to_owned(),
        address: "1 Hill Road".to_owned(),
        phone: "01632 960100".to_owned(),
        ..Settings::new("Hillview School")
    }
}

/// A parent whom nobody can reach yet.
pub fn contact(id: &str) -> Contact {
    Contact {
        id: ContactId::parse(id).unwrap(),
        source: Source::Hand,
        title: None,
        forename: "Pat".to_owned(),
        surname: "Field".to_owned(),
        role: ContactRole::Parent,
        numbers: Vec::new(),
        email: None,
        groups: Vec::new(),
        overrides: domain::contact::Overrides::default(),
        away: None,
    }
}

/// A parent with the `n`-th mobile and a name that sorts like it.
pub fn parent(id: &str, n: usize) -> Contact {
    contact(id).named("Pat", &format!("Number{n:05}")).with_mobile(&mobile(n))
}

/// The `n`-th mobile: one of those that are set apart for fiction while there are any.
pub fn mobile(n: usize) -> String {
    format!("+4477009{:02}{:03}", n / 900, n % 900)
}

/// Says more about a contact.
pub trait Build {
    /// Of this name.
    fn named(self, forename: &str, surname: &str) -> Self;
    /// Of this role.
    fn with_role(self, role: ContactRole) -> Self;
    /// With this mobile besides.
    fn with_mobile(self, number: &str) -> Self;
    /// With this e-mail address.
    fn with_email(self, address: &str) -> Self;
    /// In this group besides.
    fn in_group(self, name: &str) -> Self;
}

impl Build for Contact {
    fn named(self, forename: &str, surname: &str) -> Self {
        Self { forename: forename.to_owned(), surname: surname.to_owned(), ..self }
    }

    fn with_role(self, role: ContactRole) -> Self {
        Self { role, ..self }
    }

    fn with_mobile(mut self, number: &str) -> Self {
        self.numbers.push(LabelledNumber { label: PhoneLabel::Mobile, number: number.to_owned() });
        self
    }

    fn with_email(self, address: &str) -> Self {
        Self { email: Some(address.to_owned()), ..self }
    }

    fn in_group(mut self, name: &str) -> Self {
        self.groups.push(name.to_owned());
        self
    }
}

/// The id of the `number`-th user.
pub fn user_id(number: u128) -> UserId {
    UserId::new(Ulid::from_parts(1_700_000_000_000, number))
}

/// A user who belongs to no school yet and has no password.
pub fn user(number: u128, username: &str, email: &str) -> User {
    User {
        id: user_id(number),
        username: username.to_owned(),
        email: EmailAddress::parse(email).unwrap(),
        forename: "Olive".to_owned(),
        surname: "Field".to_owned(),
        password_hash: String::new(),
        created_ms: NOON,
        account: Account::default(),
        schools: Vec::new(),
    }
}

/// Whoever sent something, where it does not matter who.
pub fn author() -> Author {
    Author { id: "u1".to_owned(), name: "Office".to_owned() }
}

/// A text to everyone in the book.
pub fn text_to_everyone(id: MessageId, purpose: Purpose, text: &str) -> NewMessage {
    let sms = SmsContent { header: "Hillview".to_owned(), text: text.to_owned() };
    let to = Audience { everyone: true, ..Audience::default() };
    let contents = Contents { sms: Some(sms), ..Contents::default() };
    let message = Message { purpose, to, contents, routing: None };
    NewMessage { id, body: Body { message, settings: settings() }, author: author(), cap: None }
}
