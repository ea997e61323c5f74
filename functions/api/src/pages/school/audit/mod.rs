//! The audit log: who did what, when and from where, newest first.

mod handlers;
mod sheet;

use askama::Template;
use domain::audit::{Act, Change, Entry};
use domain::ids::RunId;

pub(crate) use handlers::routes;

use crate::pages::kit::components::Pager;
use crate::pages::kit::form::Choice;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::words::{self, LocalTime};
use crate::services::audit::{Filter, Found, Names, Thing, is_hidden, is_user, names_a_person};
use crate::services::settings::LOGO;

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

/// One event.
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
        names: &Names,
        doers: &[String],
        later: bool,
    ) -> Self {
        let query = query(filter);
        let next = found.next.map(|place| format!("/audit?{query}from={}", place.code()));
        Self {
            who: who_choices(filter, names, doers),
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
    given
        .map(|(name, value)| format!("{name}={}&", crate::pages::kit::links::encoded(value)))
        .collect::<Vec<_>>()
        .concat()
}

fn who_choices(filter: &Filter, names: &Names, doers: &[String]) -> Vec<Choice> {
    let here = |who: &str| filter.who.as_deref() == Some(who);
    let mut people: Vec<(String, String)> =
        doers.iter().map(|who| (who.clone(), name_of(who, names))).collect();
    // Somebody who is asked for and is not known to have done anything.
    if let Some(who) = filter.who.as_ref().filter(|who| who.contains(':') && !doers.contains(who)) {
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
fn name_of(who: &str, names: &Names) -> String {
    match who.split_once(':') {
        Some(("key", id)) => format!("API key {}", names.of(Thing::Key, id).unwrap_or(id)),
        Some(("user", id)) => names.of(Thing::User, id).map_or_else(|| format!("User {id}"), str::to_owned),
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
    fn new(entry: &Entry, local: &LocalTime, names: &Names) -> Self {
        let (about, href) = about(entry, local, names);
        Self {
            when: local.when(entry.at_ms),
            who: name_of(&entry.who, names),
            from: entry.from.clone(),
            act: words_of(&entry.act),
            about,
            href,
            changes: changes(&entry.changes, names),
        }
    }
}

/// What a row is about, in words, and where that is looked at. What is gone is its id.
fn about(entry: &Entry, local: &LocalTime, names: &Names) -> (String, Option<String>) {
    let id = || entry.on.clone();
    let Some(thing) = Thing::of(&entry.act).filter(|_| !entry.on.is_empty()) else { return (id(), None) };
    if thing == Thing::Run {
        let began = entry.on.parse::<RunId>().ok().and_then(|run| i64::try_from(run.made_at_ms()).ok());
        return match began {
            Some(began) => (format!("The refresh of {}", local.when(began)), Some("/sync".to_owned())),
            None => (id(), None),
        };
    }
    let Some(name) = names.of(thing, &entry.on) else { return (id(), None) };
    let at = crate::pages::kit::links::encoded(&entry.on);
    let href = match thing {
        Thing::User => format!("/users/{at}"),
        Thing::Key => "/settings/keys".to_owned(),
        Thing::Message => format!("/messages/{at}"),
        Thing::Contact => format!("/contacts/{at}"),
        Thing::Profile => format!("/users/profiles/{at}"),
        Thing::Upload => format!("/upload/{at}"),
        Thing::Run => "/sync".to_owned(),
    };
    let words = if thing == Thing::Message { words::readable(name) } else { name.to_owned() };
    (words, names.is_there(thing, &entry.on).then_some(href))
}

/// Changes of one row that the page shows; the files hold all.
const SHOWN: usize = 8;

/// The changes of a row in words; what cannot be read stands as it is.
fn changes(json: &str, names: &Names) -> Vec<String> {
    let Ok(changes) = serde_json::from_str::<Vec<Change>>(json) else { return vec![json.to_owned()] };
    let more = changes.len().saturating_sub(SHOWN);
    let mut said: Vec<String> = changes.into_iter().take(SHOWN).map(|change| said(change, names)).collect();
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    said
}

fn said(change: Change, names: &Names) -> String {
    let named = names_a_person(&change);
    let value = |id: String| match names.of(Thing::Contact, &id).filter(|_| named) {
        Some(name) => name.to_owned(),
        None if is_user(&id) => name_of(&id, names),
        None => id,
    };
    if change.field == LOGO {
        return logo_said(&change);
    }
    let is_kept_out = is_hidden(&change.before) || is_hidden(&change.after);
    let Change { field, before, after } = change;
    match (before.is_empty(), after.is_empty()) {
        (true, true) => field,
        // The log does not hold it, and its hash says nothing to a reader.
        (true, false) if is_kept_out => format!("{field}: given"),
        (false, true) if is_kept_out => format!("{field}: taken away"),
        (false, false) if is_kept_out => format!("{field}: changed"),
        (true, false) => format!("{field}: {}", value(after)),
        (false, true) => format!("{field}: no longer {}", value(before)),
        (false, false) => format!("{field}: {} → {}", value(before), value(after)),
    }
}

/// The log knows a logo by the hash of its file, which says nothing to a reader.
fn logo_said(change: &Change) -> String {
    let words = match (change.before.is_empty(), change.after.is_empty()) {
        (_, true) => "logo: taken away",
        (true, false) => "logo: a picture was put up",
        (false, false) => "logo: another picture",
    };
    words.to_owned()
}

#[cfg(test)]
pub(crate) mod samples {
    use std::collections::BTreeSet;

    use domain::audit::{AuditEvent, Head, Who};
    use store::AuditMonth;

    use super::*;
    use crate::pages::kit::lines::samples::{local, now_ms};
    use crate::pages::kit::places::NavItem;
    use crate::services::audit::Place;

    pub(crate) fn entries() -> Vec<Entry> {
        let events = [
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
            (Act::PairBarred, "u1", "gone", vec![Change::of("pupil", "", "ben")]),
            (Act::ContactChanged, "u1", "=1+1", vec![Change::of("mobile", "hash:a41f", "hash:99e0")]),
        ];
        let mut head = Head::default();
        let mut entries = Vec::new();
        for (n, (act, who, on, changes)) in (0..).zip(events) {
            let event = AuditEvent {
                who: Who::User(who.into()),
                from: "192.0.2.7".into(),
                act,
                on: on.into(),
                changes: changes.into_iter().flatten().collect(),
            };
            let entry = head.seal("school", &event, now_ms() - (6 - n) * 3_600_000);
            head = entry.head();
            entries.insert(0, entry);
        }
        entries
    }

    pub(crate) fn names() -> Names {
        let mut names = Names::default();
        names.know(Thing::User, "u1", "Morgan Ellis", true);
        names.know(Thing::User, "u2", "Olive Field", true);
        names.know(
            Thing::Message,
            "01KRJ5W0000000000000000000",
            "School closes at 2 pm today, $forename$",
            true,
        );
        names.know(Thing::Contact, "ben", "Ben Abbot", true);
        names.know(Thing::Contact, "gone", "Ada Abbot", false);
        names
    }

    impl AuditPage {
        pub(crate) fn sample() -> Self {
            let month = AuditMonth::of_ms(now_ms());
            let found = Found {
                entries: entries(),
                next: Some(Place { month, before: 1 }),
                months: vec![month, month.previous()],
                who: BTreeSet::new(),
            };
            let members = ["user:u1".to_owned(), "user:u2".to_owned()];
            let frame = Frame::sample(NavItem::AUDIT);
            Self::new(frame, &local(), &Filter::default(), &found, &names(), &members, false)
        }

        pub(crate) fn sample_nothing() -> Self {
            let filter =
                Filter { about: Some("nobody".into()), act: Some(Act::PinWrong), ..Filter::default() };
            let frame = Frame::sample(NavItem::AUDIT);
            Self::new(frame, &local(), &filter, &Found::default(), &names(), &[], true)
        }
    }

    #[test]
    fn a_row_is_said_in_words() {
        let row = |at: usize| Row::new(&entries()[at], &local(), &names());
        assert_eq!((row(2).who.as_str(), row(2).about.as_str()), ("Morgan Ellis", "Olive Field"));
        assert_eq!(row(2).href.as_deref(), Some("/users/u2"));
        assert_eq!(row(2).changes, ["roles: user composeMessage → user composeMessage messageHistory"]);
        assert_eq!(row(3).about, "School closes at 2 pm today, [forename]");
        assert_eq!(row(3).href.as_deref(), Some("/messages/01KRJ5W0000000000000000000"));
        assert_eq!(
            (row(1).about.as_str(), row(1).href.as_deref()),
            ("Ada Abbot", None),
            "who is gone has no page"
        );
        assert_eq!(row(1).changes, ["pupil: Ben Abbot"]);
        assert_eq!(row(0).about, "=1+1", "what is gone altogether is its id");
        assert_eq!(row(0).changes, ["mobile: changed"], "a hash says nothing to a reader");
        assert_eq!(changes("not json", &names()), ["not json"]);
        assert_eq!(name_of("key:k7", &names()), "API key k7");
        let many: Vec<Change> = (0..48).filter_map(|n| Change::of("contact", &n.to_string(), "")).collect();
        let said = changes(&serde_json::to_string(&many).unwrap(), &names());
        assert_eq!((said.len(), said[8].as_str()), (9, "and 40 more"));
    }
}
