//! What the ids of the log stand for, as far as it is still there.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::{Change, Entry};
use domain::book::AddressBook;
use domain::ids::{ContactId, ImportId, MessageId, UserId};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use store::School;

use crate::error::Result;
use crate::state::ApiState;

/// Rows looked up at once.
const PARALLEL: usize = 8;

/// What kind of thing an act is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A member of staff.
    User,
    /// A partner's API key.
    Key,
    /// A message.
    Message,
    /// Somebody in the address book.
    Contact,
    /// A profile of roles.
    Profile,
    /// An upload of contacts.
    Upload,
    /// A sync run.
    Run,
}

impl Thing {
    /// What an act of this code is done to; `None` for the school itself, and for acts of another version.
    pub fn of(act: &str) -> Option<Self> {
        Some(match act.split_once('.')?.0 {
            "user" | "session" | "password" | "email" | "second_factor" | "preferences" => Self::User,
            "key" => Self::Key,
            "message" | "pin" => Self::Message,
            "contact" | "pair" => Self::Contact,
            "profile" => Self::Profile,
            "upload" => Self::Upload,
            "sync" => Self::Run,
            _ => return None,
        })
    }
}

/// Words for ids. What is gone altogether has none.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<(Thing, String), Named>);

#[derive(Debug, Clone)]
struct Named {
    words: String,
    /// Whether it can be looked at.
    is_there: bool,
}

impl Names {
    /// The words for an id.
    pub fn of(&self, thing: Thing, id: &str) -> Option<&str> {
        self.0.get(&(thing, id.to_owned())).map(|named| named.words.as_str())
    }

    /// Whether what the id stands for can be looked at.
    pub fn is_there(&self, thing: Thing, id: &str) -> bool {
        self.0.get(&(thing, id.to_owned())).is_some_and(|named| named.is_there)
    }

    /// Notes the words for an id.
    pub fn know(&mut self, thing: Thing, id: impl Into<String>, words: impl Into<String>, is_there: bool) {
        self.0.insert((thing, id.into()), Named { words: words.into(), is_there });
    }

    /// Looks up those who did something, as the log spells them: `user:<id>`, `key:<id>`.
    pub async fn of_doers<'e>(
        state: &ApiState,
        school: &School,
        who: impl IntoIterator<Item = &'e str>,
    ) -> Result<Self> {
        let mut wanted = Wanted::default();
        for who in who {
            wanted.doer(who);
        }
        wanted.look_up(state, school).await
    }

    /// Looks up everything that these rows name, and these `doers`, as the log spells them; `members` are those of now.
    /// People are found in the `book`.
    pub async fn of_rows(
        state: &ApiState,
        school: &School,
        rows: &[Entry],
        members: &[String],
        doers: &[String],
        book: &AddressBook,
    ) -> Result<Self> {
        let mut wanted = Wanted::default();
        let who = rows.iter().map(|row| &row.who).chain(doers);
        who.for_each(|who| wanted.doer(who));
        let mut people: BTreeSet<String> = BTreeSet::new();
        for row in rows {
            for user in users_in(&row.changes) {
                wanted.doer(&user);
            }
            match Thing::of(&row.act) {
                Some(Thing::Contact) => {
                    people.insert(row.on.clone());
                    people.extend(people_in(&row.changes));
                }
                Some(thing) => wanted.thing(thing, &row.on),
                None => {}
            }
        }
        let mut names = wanted.look_up(state, school).await?;
        for id in people {
            let Ok(person) = ContactId::parse(&id) else { continue };
            if let Some(name) = book.name_of(&person) {
                names.know(Thing::Contact, id, name, book.get(&person).is_some());
            }
        }
        for ((_, id), named) in names.0.iter_mut().filter(|((thing, _), _)| *thing == Thing::User) {
            // The user may be another school's by now.
            named.is_there = members.iter().any(|who| who.strip_prefix("user:") == Some(id));
        }
        Ok(names)
    }
}

/// Whether a change's values are ids of people in the address book.
pub fn names_a_person(change: &Change) -> bool {
    matches!(change.field.as_str(), "contact" | "pupil")
}

fn people_in(changes: &str) -> Vec<String> {
    let changes: Vec<Change> = serde_json::from_str(changes).unwrap_or_default();
    changes.into_iter().filter(names_a_person).flat_map(|c| [c.before, c.after]).collect()
}

/// Whether a change's value is a member of staff, as the log spells those who do something.
pub fn is_user(value: &str) -> bool {
    value.starts_with("user:")
}

fn users_in(changes: &str) -> Vec<String> {
    if !changes.contains("user:") {
        return Vec::new();
    }
    let changes: Vec<Change> = serde_json::from_str(changes).unwrap_or_default();
    changes.into_iter().flat_map(|c| [c.before, c.after]).filter(|value| is_user(value)).collect()
}

/// Ids to look up.
#[derive(Default)]
struct Wanted(BTreeSet<(Thing, String)>);

impl Wanted {
    fn doer(&mut self, who: &str) {
        match who.split_once(':') {
            Some(("user", id)) => self.thing(Thing::User, id),
            Some(("key", id)) => self.thing(Thing::Key, id),
            _ => {}
        }
    }

    fn thing(&mut self, thing: Thing, id: &str) {
        if !id.is_empty() {
            self.0.insert((thing, id.to_owned()));
        }
    }

    fn ids(&self, wanted: Thing) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(thing, _)| *thing == wanted).map(|(_, id)| id.as_str())
    }

    async fn look_up(self, state: &ApiState, school: &School) -> Result<Names> {
        let mut names = Names::default();
        let users: Vec<UserId> = self.ids(Thing::User).filter_map(|id| id.parse().ok()).collect();
        for user in state.store().users(&users).await? {
            names.know(Thing::User, user.id.to_string(), user.full_name(), true);
        }
        if self.ids(Thing::Key).next().is_some() {
            for key in school.api_keys().list().await? {
                names.know(Thing::Key, key.id(), key.name(), true);
            }
        }
        if self.ids(Thing::Profile).next().is_some() {
            for own in school.profiles().list().await? {
                names.know(Thing::Profile, own.id.to_string(), own.profile.name, true);
            }
        }
        let messages: Vec<MessageId> = self.ids(Thing::Message).filter_map(|id| id.parse().ok()).collect();
        for line in school.messages().summaries_of(&messages).await? {
            names.know(Thing::Message, line.id.to_string(), line.headline, true);
        }
        let uploads: Vec<ImportId> = self.ids(Thing::Upload).filter_map(|id| id.parse().ok()).collect();
        let uploads = stream::iter(uploads.into_iter().map(|id| school.imports().get(id, state.now_ms())));
        let uploads: Vec<_> = uploads.buffered(PARALLEL).try_collect().await?;
        for upload in uploads.into_iter().flatten() {
            names.know(Thing::Upload, upload.id.to_string(), upload.file_name, true);
        }
        Ok(names)
    }
}
