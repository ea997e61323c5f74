//! Rows of the account settings about text messages.

use domain::phone::PhoneNumber;
use domain::settings::{self, Settings, SmsSender};
use domain::sms::{Encoding, compose_sms, count};

use crate::services::settings::row::{Group, Kind, Row, number, said};

/// Text messages.
pub(super) const TEXTS: Group = Group {
    code: "texts",
    title: "Text messages",
    words: "Who a text seems to come from, and what it begins with.",
    care: sender_care,
    rows: &[
        Row::new(
            "sms_sender",
            "Sender",
            "What phones show: 3 to 11 letters and digits, or a mobile number of your own. A name cannot be answered.",
            Kind::Line,
            |s| s.sms_sender.clone(),
            |s, typed, given| {
                s.sms_sender = SmsSender::parse(typed, s.country, given.numbers).map_err(said)?.to_string();
                Ok(())
            },
        )
        .protected(),
        Row::new(
            "sms_header",
            "Header",
            "Put before each text, with a colon. It counts towards the units that you pay for. The \
             author of a message can change it.",
            Kind::Line,
            |s| s.sms_header.clone(),
            |s, typed, _| {
                s.sms_header = settings::header(typed).map_err(said)?;
                Ok(())
            },
        )
        .with_more(header_size),
        Row::new(
            "reply_number",
            "Number for replies",
            "A number of your own that people can text back to: what comes in on it is kept for your school. Leave \
             it blank if there is none.",
            Kind::Phone,
            |s| s.reply_number.clone(),
            |s, typed, given| {
                let number = number(typed, s.country, given)?;
                if number.is_some_and(|n| !n.can_sms()) {
                    return Err("Texts cannot be sent to this kind of number. Give a mobile number.".to_owned());
                }
                s.reply_number = number.map(PhoneNumber::e164).unwrap_or_default();
                Ok(())
            },
        ),
    ],
};

/// What to know of a sender that cannot be answered.
fn sender_care(settings: &Settings) -> Option<String> {
    if settings.sender_can_be_answered() {
        return None;
    }
    let answer = match settings.reply_number.as_str() {
        "" => "Say in the text how families can answer: there is no number for replies either.",
        _ => "Write the number for replies into the text if families should answer.",
    };
    Some(format!("A name as the sender of a text cannot be answered. {answer}"))
}

/// What a header takes of each text.
fn header_size(settings: &Settings) -> String {
    let header = &*settings.sms_header;
    if header.is_empty() {
        return String::new();
    }
    let size = count(&compose_sms(Some(header), ""));
    let places = size.encoding.single();
    match size.encoding {
        Encoding::Gsm7 => format!(" It takes {} of the {places} places of the first unit now.", size.used),
        Encoding::Ucs2 => format!(
            " It has a character that makes every text go in an alphabet with only {places} places a unit: texts cost \
             about twice as much."
        ),
    }
}
