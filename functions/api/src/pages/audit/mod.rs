//! The audit log: who did what, when and from where, newest first.

mod handlers;
mod sheet;

use std::collections::BTreeMap;

use askama::Template;
use domain::audit::{Act, Change, Entry};

pub(crate) use handlers::routes;

use super::frame::Frame;
use super::kit::{Choice, Pager};
use super::words::LocalTime;
use crate::services::audit::{Filter, Found};

/// The log's page.
#[derive(Template)]
#[template(path = "audit.html")]
pub(crate) struct AuditPage {
    frame: Frame,
    who: Vec<Choice>,
    acts: Vec<Choice>,
    months: Vec<Choice>,
    about: String,
    filtered: bool,
    /// The filter as a part of an address.
    query: String,
    rows: Vec<Row>,
    pager: Pager,
}

/// One deed.
struct Row {
    when: String,
    who: String,
    from: String,
    act: String,
    about: String,
    /// Where it can be looked at.
    href: Option<String>,
    changes: Vec<String>,
}

impl AuditPage {
    fn new(
        frame: Frame,
        local: &LocalTime,
        filter: &Filter,
        found: &Found,
        names: &BTreeMap<String, String>,
        members: &[String],
        later: bool,
    ) -> Self {
        let query = query(filter);
        let next = found.next.map(|place| format!("/audit?{query}from={}", place.code()));
        Self {
            who: who_choices(filter, names, members),
            acts: act_choices(filter),
            months: month_choices(filter, found),
            about: filter.about.clone().unwrap_or_default(),
            filtered: *filter != Filter::default(),
            rows: found.entries.iter().map(|entry| Row::new(entry, local, names)).collect(),
            pager: Pager {
                words: if found.next.is_none() { "That is all.".to_owned() } else { String::new() },
                previous: later.then(|| format!("/audit?{query}")),
                previous_words: "Newest",
                next,
                next_words: "Look further back",
            },
            query,
            frame,
        }
    }
}

fn query(filter: &Filter) -> String {
    let month = filter.month.map(store::AuditMonth::code);
    let parts = [
        ("who", filter.who.as_deref()),
        ("act", filter.act.map(Act::code)),
        ("month", month.as_deref()),
        ("about", filter.about.as_deref()),
    ];
    let given = parts.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    given.map(|(name, value)| format!("{name}={}&", super::encoded(value))).collect::<Vec<_>>().concat()
}

fn who_choices(filter: &Filter, names: &BTreeMap<String, String>, members: &[String]) -> Vec<Choice> {
    let here = |who: &str| filter.who.as_deref() == Some(who);
    let mut people: Vec<(String, String)> =
        members.iter().map(|who| (who.clone(), name_of(who, names))).collect();
    // Somebody who is asked for and is no member.
    if let Some(who) = filter.who.as_ref().filter(|who| who.contains(':') && !members.contains(who)) {
        people.push((who.clone(), name_of(who, names)));
    }
    people.sort_by(|a, b| a.1.cmp(&b.1));
    let mut choices = vec![Choice::new("", "Everybody", filter.who.is_none())];
    choices.extend(people.into_iter().map(|(who, name)| Choice::new(who.clone(), name, here(&who))));
    choices.push(Choice::new("operator", "The operator", here("operator")));
    choices.push(Choice::new("system", "Messenger itself", here("system")));
    choices
}

fn act_choices(filter: &Filter) -> Vec<Choice> {
    let all = std::iter::once(Choice::new("", "Anything", filter.act.is_none()));
    all.chain(Act::ALL.iter().map(|act| Choice::new(act.code(), act.words(), filter.act == Some(*act))))
        .collect()
}

fn month_choices(filter: &Filter, found: &Found) -> Vec<Choice> {
    let all = std::iter::once(Choice::new("", "Any month", filter.month.is_none()));
    let month = |month: &store::AuditMonth| {
        let words = format!("{}-01", month.code()).parse::<jiff::civil::Date>();
        let words = words.map_or_else(|_| month.code(), |day| day.strftime("%B %Y").to_string());
        Choice::new(month.code(), words, filter.month == Some(*month))
    };
    all.chain(found.months.iter().map(month)).collect()
}

/// Who did something, for people.
fn name_of(who: &str, names: &BTreeMap<String, String>) -> String {
    match who.split_once(':') {
        Some(("key", id)) => format!("API key {id}"),
        Some(("user", id)) => names.get(who).cloned().unwrap_or_else(|| format!("User {id}")),
        _ if who == "operator" => "The operator".to_owned(),
        _ if who == "system" => "Messenger itself".to_owned(),
        _ => who.to_owned(),
    }
}

/// What was done, for people; a code that this version does not know stands for itself.
fn words_of(act: &str) -> String {
    Act::from_code(act).map_or_else(|| act.to_owned(), |act| act.words().to_owned())
}

impl Row {
    fn new(entry: &Entry, local: &LocalTime, names: &BTreeMap<String, String>) -> Self {
        let (kind, _) = entry.act.split_once('.').unwrap_or((&entry.act, ""));
        let href = match kind {
            _ if entry.on.is_empty() => None,
            "message" => Some(format!("/messages/{}", super::encoded(&entry.on))),
            "contact" if entry.act != Act::ContactsDeleted.code() => {
                Some(format!("/contacts/{}", super::encoded(&entry.on)))
            }
            _ => None,
        };
        let about = match kind {
            "user" | "session" | "password" | "email" | "second_factor" | "preferences" => {
                names.get(&format!("user:{}", entry.on)).cloned().unwrap_or_else(|| entry.on.clone())
            }
            _ => entry.on.clone(),
        };
        Self {
            when: local.when(entry.at_ms),
            who: name_of(&entry.who, names),
            from: entry.from.clone(),
            act: words_of(&entry.act),
            about,
            href,
            changes: changes(&entry.changes),
        }
    }
}

/// The changes of a row in words; what cannot be read stands as it is.
fn changes(json: &str) -> Vec<String> {
    let Ok(changes) = serde_json::from_str::<Vec<Change>>(json) else { return vec![json.to_owned()] };
    let said = |change: Change| match (change.before.is_empty(), change.after.is_empty()) {
        (true, true) => change.field,
        (true, false) => format!("{}: {}", change.field, change.after),
        (false, true) => format!("{}: no longer {}", change.field, change.before),
        (false, false) => format!("{}: {} → {}", change.field, change.before, change.after),
    };
    changes.into_iter().map(said).collect()
}

#[cfg(test)]
pub(crate) mod samples {
    use domain::audit::{Deed, Head, Who};
    use store::AuditMonth;

    use super::*;
    use crate::pages::frame::Here;
    use crate::pages::lines::samples::{local, now_ms};
    use crate::services::audit::Place;

    pub(crate) fn entries() -> Vec<Entry> {
        let deeds = [
            (Act::SignedIn, "u1", "u1", vec![]),
            (
                Act::MessageHandedIn,
                "u2",
                "01KRJ5W0000000000000000000",
                vec![Change::of("people", "", "182"), Change::of("why", "", "role")],
            ),
            (
                Act::MessageAuthorised,
                "u1",
                "01KRJ5W0000000000000000000",
                vec![Change::of("people", "", "183")],
            ),
            (
                Act::RolesChanged,
                "u1",
                "u2",
                vec![Change::of("roles", "user composeMessage", "user composeMessage messageHistory")],
            ),
            (Act::ContactChanged, "u1", "=1+1", vec![Change::of("mobile", "a41f", "99e0")]),
        ];
        let mut head = Head::default();
        let mut entries = Vec::new();
        for (n, (act, who, on, changes)) in (0..).zip(deeds) {
            let deed = Deed {
                who: Who::User(who.into()),
                from: "192.0.2.7".into(),
                act,
                on: on.into(),
                changes: changes.into_iter().flatten().collect(),
            };
            let entry = head.seal("school", &deed, now_ms() - (5 - n) * 3_600_000);
            head = entry.head();
            entries.insert(0, entry);
        }
        entries
    }

    pub(crate) fn names() -> BTreeMap<String, String> {
        [("user:u1", "Morgan Ellis"), ("user:u2", "Olive Field")]
            .map(|(who, name)| (who.to_owned(), name.to_owned()))
            .into()
    }

    impl AuditPage {
        pub(crate) fn sample() -> Self {
            let month = AuditMonth::of_ms(now_ms());
            let found = Found {
                entries: entries(),
                next: Some(Place { month, before: 1 }),
                months: vec![month, month.previous()],
            };
            let members = ["user:u1".to_owned(), "user:u2".to_owned()];
            let frame = Frame::sample(Here::Audit);
            Self::new(frame, &local(), &Filter::default(), &found, &names(), &members, false)
        }

        pub(crate) fn sample_nothing() -> Self {
            let filter =
                Filter { about: Some("nobody".into()), act: Some(Act::PinWrong), ..Filter::default() };
            let frame = Frame::sample(Here::Audit);
            Self::new(frame, &local(), &filter, &Found::default(), &names(), &[], true)
        }
    }

    #[test]
    fn a_row_is_said_in_words() {
        let row = Row::new(&entries()[1], &local(), &names());
        assert_eq!((row.who.as_str(), row.about.as_str()), ("Morgan Ellis", "Olive Field"));
        assert_eq!(row.changes, ["roles: user composeMessage → user composeMessage messageHistory"]);
        assert_eq!(changes("not json"), ["not json"]);
        assert_eq!(name_of("key:k7", &names()), "API key k7");
    }
}
