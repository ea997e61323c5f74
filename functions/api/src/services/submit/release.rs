//! How a message leaves the hands of a member of staff: at once, with a PIN, or once somebody has authorised it.

use domain::approval::{Figures, Release, Sender, release};
use domain::attendance::SentAllTheSame;
use domain::audit::Change;
use domain::channel::{Billed, Channel};
use domain::message::Message;
use domain::settings::Settings;

use crate::auth::SignedIn;
use crate::services::costing::Costing;

/// What a plan comes to, in figures.
pub fn figures(costing: &Costing) -> Figures {
    let (texts, units) = costing.billed(Billed::Units);
    let (calls, minutes) = costing.billed(Billed::Minutes);
    Figures {
        recipients: costing.recipients as u64,
        unreachable: costing.unreachable as u64,
        texts,
        units,
        calls,
        minutes,
        emails: costing.billed(Billed::Emails).0,
        price: costing.total(),
    }
}

/// What the log says of a message: what it is for, and how large. Nobody is in it, and not a word of the text.
pub fn changes(message: &Message, figures: &Figures) -> Vec<Change> {
    let channels: Vec<&str> = message.contents.channels().map(Channel::code).collect();
    let said = [
        ("purpose", message.purpose.code().to_owned()),
        ("channels", channels.join(" ")),
        ("people", figures.recipients.to_string()),
        ("messages", figures.messages().to_string()),
        ("price", figures.price.to_string()),
    ];
    let about = message.to.about.map(|about| {
        let what = format!("{} {} {}", about.matter.code(), about.date, about.session.code());
        let why = about.all_the_same.map_or("", SentAllTheSame::code);
        [("about", what), ("marks_old_sent_because", why.to_owned())]
    });
    let said = said.into_iter().chain(about.into_iter().flatten());
    said.filter_map(|(field, now)| Change::of(field, "", &now)).collect()
}

/// How a message would leave the hands of somebody with these rights.
pub fn release_rule(sender: Sender, message: &Message, costing: &Costing, settings: &Settings) -> Release {
    release(sender, message.purpose, &figures(costing), &settings.control)
}

/// What the person may do, as far as sending goes.
pub fn sender(by: &SignedIn) -> Sender {
    let account = &by.person.account;
    Sender {
        rights: by.rights(),
        email_confirmed: account.email_confirmed,
        second_factor: account.second_factor.is_some(),
    }
}
