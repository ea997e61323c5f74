//! The board: three phones and a mailbox.

use askama::Template;

use super::words::{self, State};
use crate::app::App;
use crate::book::Wanted;
use crate::clock::{self, Millis};
use crate::kind::Kind;
use crate::mail::{self, Mail};
use crate::record::Record;
use crate::twilio::twiml;

const PHONES: usize = 3;
/// Most that one phone or the mailbox shows.
const SHOWN: usize = 40;
const ON_A_PHONE: [Kind; 3] = [Kind::Sms, Kind::Call, Kind::Inbound];

/// One thing on a phone.
pub(super) struct Item {
    /// `text`, `reply` or `call`.
    class: &'static str,
    sender: String,
    body: String,
    when: String,
    /// Parts it was billed as, when more than one.
    parts: Option<u32>,
    state: State,
}

/// One phone; without a number it is a blank one.
pub(super) struct Phone {
    position: usize,
    number: String,
    shown_number: String,
    items: Vec<Item>,
    /// Who a reply goes to.
    answers: Option<String>,
    /// The numbers of the other phones, to keep them when this one changes.
    others: Vec<(bool, String)>,
}

/// One e-mail in the mailbox.
pub(super) struct Letter {
    sid: String,
    subject: String,
    from: String,
    to: String,
    preview: String,
    when: String,
    state: State,
}

/// One post on X.
pub(super) struct Post {
    account: String,
    body: String,
    when: String,
}

/// The page.
#[derive(Template)]
#[template(path = "board.html")]
pub(super) struct Board {
    phones: Vec<Phone>,
    letters: Vec<Letter>,
    posts: Vec<Post>,
    totals: String,
    numbers: Vec<(String, String)>,
    /// The answer to the reply just sent.
    notice: Option<(&'static str, &'static str)>,
    /// This page's query.
    back: String,
    can_reply: bool,
}

/// The page's address for this query, with the answer to a reply.
pub(super) fn address(query: &str, outcome: Option<&str>) -> String {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (_, phone) in form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "phone") {
        out.append_pair("phone", &phone);
    }
    if let Some(outcome) = outcome {
        out.append_pair("reply", outcome);
    }
    let query = out.finish();
    if query.is_empty() { "/outbox".to_owned() } else { format!("/outbox?{query}") }
}

/// A typed number in the form in which numbers are kept.
fn typed(number: &str) -> String {
    let kept: String = number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    match kept.strip_prefix('0') {
        Some(national) => format!("+44{national}"),
        None => kept,
    }
}

fn notice(outcome: &str) -> Option<(&'static str, &'static str)> {
    match outcome {
        "taken" => Some(("delivered", "✓ The reply was taken.")),
        "refused" => Some(("failed", "✕ The reply was refused. Look at the product's log for why.")),
        "unanswered" => Some(("failed", "✕ Nobody took the reply. Is the product running? Send it again.")),
        "empty" => Some(("unsure", "△ Write something first.")),
        _ => None,
    }
}

/// Builds the page for this query.
pub(super) fn board(app: &App, query: &str) -> Board {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let chosen: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| name == "phone")
        .map(|(_, number)| typed(number))
        .take(PHONES)
        .collect();
    let recent = recent(app);
    let numbers = three(&chosen, &recent);
    let now = clock::now();
    let phones = (0..PHONES).map(|position| phone(app, position, &numbers, &chosen, now)).collect();
    let counts = app.book.counts();
    let totals = [
        words::count(counts.sms, "text", "texts"),
        words::count(counts.sms_units, "unit", "units"),
        words::count(counts.call, "call", "calls"),
        words::count(counts.email, "e-mail", "e-mails"),
    ];
    Board {
        phones,
        letters: letters(app, now),
        posts: posts(app, now),
        totals: totals.join(" · "),
        numbers: recent.into_iter().map(|number| (words::number(&number), number)).collect(),
        notice: pairs.iter().find(|(name, _)| name == "reply").and_then(|(_, outcome)| notice(outcome)),
        back: query.to_owned(),
        can_reply: app.targets().inbound.is_some(),
    }
}

/// The numbers with the newest traffic.
fn recent(app: &App) -> Vec<String> {
    let found = app.book.latest_of_each_party(&ON_A_PHONE, 30);
    let party = |number| Some(app.book.read(number)?.record()?.party().to_owned());
    found.into_iter().filter_map(party).collect()
}

/// The chosen number at each place, the others filled with recent ones.
fn three(chosen: &[String], recent: &[String]) -> Vec<String> {
    let mut spare = recent.iter().filter(|number| !chosen.contains(number));
    let at = |place: usize| chosen.get(place).filter(|number| !number.is_empty()).cloned();
    (0..PHONES).map(|place| at(place).or_else(|| spare.next().cloned()).unwrap_or_default()).collect()
}

fn phone(app: &App, position: usize, numbers: &[String], chosen: &[String], now: Millis) -> Phone {
    let number = &numbers[position];
    let wanted = Wanted { kinds: &ON_A_PHONE, party: Some(number), ..Wanted::default() };
    let lines = if number.is_empty() { Vec::new() } else { app.book.list(&wanted, SHOWN) };
    let records: Vec<_> = lines.iter().filter_map(|(_, line)| line.record()).collect();
    let answers = records.iter().map(school_side).find(|sender| !sender.contains(char::is_alphabetic));
    // In the form that changes this phone each place sends a number; a place left to chance sends none.
    let others = (0..PHONES).map(|place| {
        (
            place == position,
            if place == position { String::new() } else { chosen.get(place).cloned().unwrap_or_default() },
        )
    });
    Phone {
        position,
        shown_number: words::number(number),
        answers: answers.map(str::to_owned),
        items: records.iter().map(|record| item(app, record, now)).collect(),
        others: others.collect(),
        number: number.clone(),
    }
}

fn school_side<'a>(record: &'a Record<'_>) -> &'a str {
    if record.kind == Kind::Inbound { &record.to } else { &record.from }
}

fn item(app: &App, record: &Record<'_>, now: Millis) -> Item {
    let (class, body) = match record.kind {
        Kind::Call => ("call", twiml::spoken(&record.body)),
        Kind::Inbound => ("reply", record.body.to_string()),
        _ => ("text", record.body.to_string()),
    };
    Item {
        class,
        sender: words::number(school_side(record)),
        body,
        when: words::moment(record.at, now),
        parts: (record.units > 1).then_some(record.units),
        state: words::of(app, record),
    }
}

fn letters(app: &App, now: Millis) -> Vec<Letter> {
    let lines = app.book.list(&Wanted { kinds: &[Kind::Email], ..Wanted::default() }, SHOWN);
    lines.iter().filter_map(|(_, line)| Some(letter(app, &line.record()?, now))).collect()
}

fn posts(app: &App, now: Millis) -> Vec<Post> {
    let lines = app.book.list(&Wanted { kinds: &[Kind::Tweet], ..Wanted::default() }, SHOWN);
    let post = |record: Record<'_>| Post {
        account: format!("@{}", record.from),
        body: record.body.to_string(),
        when: words::moment(record.at, now),
    };
    lines.iter().filter_map(|(_, line)| line.record().map(post)).collect()
}

fn letter(app: &App, record: &Record<'_>, now: Millis) -> Letter {
    let mail = Mail::parse(&mail::raw(record));
    let preview: String = mail.text.split_whitespace().flat_map(|word| [word, " "]).collect();
    Letter {
        sid: record.public_sid(),
        subject: if mail.subject.is_empty() { "(no subject)".to_owned() } else { mail.subject },
        from: mail.from.split('<').next().unwrap_or_default().trim().trim_matches('"').to_owned(),
        to: record.to.to_string(),
        preview: preview.chars().take(120).collect(),
        when: words::moment(record.at, now),
        state: words::of(app, record),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_phones_keep_their_places() {
        let recent: Vec<String> = ["+1", "+2", "+3", "+4"].map(str::to_owned).to_vec();
        let chosen: Vec<String> = ["", "+2"].map(str::to_owned).to_vec();
        assert_eq!(three(&chosen, &recent), ["+1", "+2", "+3"]);
        assert_eq!(three(&[], &[]), ["", "", ""]);
    }

    #[test]
    fn typed_numbers_are_understood() {
        assert_eq!(typed("07700 900123"), "+447700900123");
        assert_eq!(typed("+44 7700 900123"), "+447700900123");
    }

    #[test]
    fn the_way_back_keeps_phones_only() {
        assert_eq!(
            address("phone=%2B1&x=//evil.example&reply=taken", Some("empty")),
            "/outbox?phone=%2B1&reply=empty"
        );
        assert_eq!(address("", None), "/outbox");
    }
}
