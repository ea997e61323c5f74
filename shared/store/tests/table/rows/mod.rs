//! Rows of every kind, written before anything was moved about in the store, are read as they were meant. That there is
//! one of every kind of key is a test of the keys' own.

mod access;
mod message;
mod people;
mod school;
mod sync;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::attendance::{About, Matter, SentAllTheSame};
use domain::audience::{Audience, SendTo};
use domain::content::{Contents, EmailContent, SmsContent, TweetContent, VoiceContent};
use domain::feed::{Mark, Session};
use domain::ids::{ContactId, MessageId, UserId};
use domain::limit::Limit;
use domain::message::{Message, Purpose};
use domain::money::Pence;
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{BothUntil, Logo, Prices, Settings, XAccount};
use jiff::civil::Date;
use serde_json::Value;
use store::{Author, Body};
use testkit::TABLE;
use ulid::Ulid;

use crate::common::TestTable;

/// Lines of DynamoDB JSON.
const ROWS: &str = include_str!("../rows.json");
/// When they were written.
const NOW: i64 = 1_764_576_000_000;
/// The message that is being sent.
const SENT: u128 = 30;
/// The message that waits for somebody to authorise it, and was edited.
const WAITS: u128 = 40;
/// The message about an absence.
const ABSENT: u128 = 50;

/// A table with all the rows.
async fn stored() -> TestTable {
    let table = TestTable::start().await;
    let rows: Vec<BTreeMap<String, Value>> = serde_json::from_str(ROWS).unwrap();
    for row in rows {
        let row = row.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
        table.client.put_item().table_name(TABLE).set_item(Some(row)).send().await.unwrap();
    }
    table
}

fn attribute(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    match &**kind {
        "S" => AttributeValue::S(word(value)),
        "N" => AttributeValue::N(word(value)),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "SS" => AttributeValue::Ss(value.as_array().unwrap().iter().map(word).collect()),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        kind => {
            assert_eq!(kind, "M");
            let fields = value.as_object().unwrap().iter();
            AttributeValue::M(fields.map(|(name, value)| (name.clone(), attribute(value))).collect())
        }
    }
}

fn ulid(number: u128) -> Ulid {
    Ulid::from_parts(1_764_576_000_000, number)
}

fn user(number: u128) -> UserId {
    UserId::new(ulid(number))
}

fn message(number: u128) -> MessageId {
    MessageId::new(ulid(number))
}

fn person(id: &str) -> ContactId {
    ContactId::parse(id).unwrap()
}

fn day() -> Date {
    "2025-12-01".parse().unwrap()
}

fn joe() -> Author {
    Author { id: user(1).to_string(), name: "Joe Bloggs".to_owned() }
}

fn ann() -> Author {
    Author { id: user(2).to_string(), name: "Ann Example".to_owned() }
}

fn about() -> About {
    let all_the_same = Some(SentAllTheSame::Checked);
    About { date: day(), session: Session::Am, matter: Matter::Absence, all_the_same }
}

fn late() -> Mark {
    Mark {
        pupil: person("K1"),
        date: day(),
        session: Session::Am,
        code: "L".to_owned(),
        minutes_late: Some(12),
    }
}

/// The settings as the messages were accepted under.
fn settings() -> Settings {
    Settings {
        sms_sender: "Hillview".to_owned(),
        sms_header: "Hillview School".to_owned(),
        voice_caller: "+441632960100".to_owned(),
        reply_number: "+447700900999".to_owned(),
        email_reply_to: "office@hillview.example".to_owned(),
        routing: Routing::Both,
        both_until: Some(BothUntil { at_ms: NOW + 1_000, before: Routing::VoiceFirst }),
        voice_calling: VoiceCalling::AllNumbers,
        payments: true,
        caci: true,
        edit_imported: true,
        show_registration: true,
        prices: Prices {
            sms_unit: Pence::from_hundredths(375),
            voice_minute: Pence::from_hundredths(800),
            email: Pence::from_hundredths(10),
        },
        head_teacher: "Ms A. Example".to_owned(),
        address: "1 High Street, Hillview".to_owned(),
        phone: "01632 960100".to_owned(),
        logo: Some(Logo { hash: "0a1b2c".to_owned(), width: 200, height: 100 }),
        x: Some(XAccount { id: "42".to_owned(), name: "hillview_example".to_owned() }),
        ..Settings::new("Hillview School")
    }
}

/// What a message says, with this as its text.
fn body(text: &str, about: Option<About>) -> Body {
    let purpose = if about.is_some() { Purpose::Attendance } else { Purpose::Service };
    let to = Audience {
        contacts: vec![person("P1")],
        groups: vec!["Year 9".to_owned()],
        everyone: false,
        pupils: vec![person("K1")],
        send_to: Some(SendTo::FirstTwo),
        within: Limit::to_groups(&["Year 9".to_owned()]),
        about,
    };
    let mut contents = Contents {
        sms: Some(SmsContent { header: "Hillview School".to_owned(), text: text.to_owned() }),
        voice: Some(VoiceContent { text: "The bus is late.".to_owned() }),
        email: Some(EmailContent {
            subject: "The bus is late".to_owned(),
            text: "Dear parents,\n\nthe bus is late.".to_owned(),
        }),
        ..Contents::default()
    };
    contents.tweet = Some(TweetContent { text: "The bus is late today.".to_owned() });
    let message = Message { purpose, to, contents, routing: Some(Routing::SmsFirst) };
    Body { message, settings: settings() }
}
