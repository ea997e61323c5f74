//! A feed as rows of the address book, each with a name and a hash.

use std::collections::{BTreeMap, BTreeSet};

use domain::book::Reach;
use domain::contact::{Contact, Rules};
use domain::feed::{GroupKind, Mark, Part, Snapshot, Tie};
use domain::ids::ContactId;
use domain::sync::{Count, Counts};
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Buckets of a list.
const BUCKETS: u8 = 64;
/// Stands between the two ids of a tie's name, and in no id.
const BETWEEN: char = '\n';

/// What the feed makes of a school.
pub(crate) struct Fed {
    /// People by the part that they came with.
    pub(crate) people: BTreeMap<Part, List<Contact>>,
    /// Ties.
    pub(crate) ties: List<Tie>,
    /// What groups are for.
    pub(crate) kinds: BTreeMap<String, GroupKind>,
    /// Marks by day.
    pub(crate) marks: BTreeMap<Date, List<Mark>>,
}

/// Rows by name, each with its hash, and what else is counted of them.
pub(crate) struct List<T> {
    pub(crate) rows: BTreeMap<String, (String, T)>,
    pub(crate) counts: Counts,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), counts: Counts::new() }
    }
}

impl<T: Serialize> List<T> {
    fn new(rows: impl IntoIterator<Item = (String, T)>, counts: Counts) -> Self {
        let hashed = |(name, row): (String, T)| {
            let hash = serde_json::to_vec(&row).map(|json| short_hash(&json)).unwrap_or_default();
            (name, (hash, row))
        };
        Self { rows: rows.into_iter().map(hashed).collect(), counts }
    }

    /// A hash of each bucket that has rows.
    pub(crate) fn heads(&self) -> BTreeMap<u8, String> {
        let mut buckets: BTreeMap<u8, Sha256> = BTreeMap::new();
        for (name, (hash, _)) in &self.rows {
            let digest = buckets.entry(bucket_of(name)).or_default();
            digest.update(format!("{name}\0{hash}\0"));
        }
        buckets.into_iter().map(|(bucket, digest)| (bucket, short(&digest.finalize()))).collect()
    }
}

impl Fed {
    /// The rows of a feed. `from` says with which part somebody came.
    pub(crate) fn of(
        feed: Snapshot,
        from: &BTreeMap<ContactId, Part>,
        days: (Date, Date),
        rules: Rules,
    ) -> Self {
        let counts = counts_of_ties(&feed.ties);
        let ties = List::new(feed.ties.into_iter().map(|tie| (tie_name(&tie), tie)), counts);
        let marks = marks_by_day(feed.marks, days);
        let mut kinds = BTreeMap::new();
        let mut people: BTreeMap<Part, (Vec<(String, Contact)>, Counts)> = BTreeMap::new();
        for (id, person) in feed.people {
            let part = from.get(&id).copied().unwrap_or(Part::Contacts);
            let (rows, counts) = people.entry(part).or_default();
            for group in &person.groups {
                kinds.insert(group.name.clone(), group.kind);
                count(counts, [(Count::of_kind(group.kind), true)]);
            }
            let contact = person.into_contact(rules);
            count(counts, reach_of(&contact, rules));
            rows.push((id.to_string(), contact));
        }
        let people = people.into_iter().map(|(part, (rows, counts))| (part, List::new(rows, counts)));
        Self { people: people.collect(), ties, kinds, marks }
    }

    /// A hash of what groups are for.
    pub(crate) fn kinds_hash(&self) -> String {
        serde_json::to_vec(&self.kinds).map(|json| short_hash(&json)).unwrap_or_default()
    }

    /// Everybody in the feed.
    pub(crate) fn has_person(&self, id: &str) -> bool {
        self.people.values().any(|list| list.rows.contains_key(id))
    }
}

fn counts_of_ties(ties: &BTreeSet<Tie>) -> Counts {
    let mut counts = Counts::new();
    for tie in ties {
        let has = [
            (Count::Responsible, tie.responsibility),
            (Count::Prioritised, tie.priority.is_some()),
            (Count::Barred, tie.court_order),
        ];
        count(&mut counts, has);
    }
    counts
}

/// A list for each day that was asked for, also where it has no marks.
fn marks_by_day(all: BTreeSet<Mark>, (first, last): (Date, Date)) -> BTreeMap<Date, List<Mark>> {
    let mut marks: BTreeMap<Date, Vec<(String, Mark)>> = BTreeMap::new();
    let mut day = first;
    while day <= last {
        marks.insert(day, Vec::new());
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    for mark in all {
        // A day that was not asked for is not compared, so it is not kept either.
        if let Some(of_day) = marks.get_mut(&mark.date) {
            of_day.push((format!("{}{BETWEEN}{}", mark.pupil, mark.session.code()), mark));
        }
    }
    let listed = |(day, rows): (Date, Vec<(String, Mark)>)| {
        let said = rows.iter().filter(|(_, mark)| !matches!(mark.code.as_str(), "" | "-")).count();
        (day, List::new(rows, Counts::from([(Count::Marks, said)])))
    };
    marks.into_iter().map(listed).collect()
}

fn count<const N: usize>(counts: &mut Counts, has: [(Count, bool); N]) {
    for (count, _) in has.into_iter().filter(|(_, has)| *has) {
        *counts.entry(count).or_default() += 1;
    }
}

fn reach_of(contact: &Contact, rules: Rules) -> [(Count, bool); 3] {
    let reach = Reach::of(contact, rules.country, rules.mode);
    [
        (Count::Texts, reach.numbers.iter().any(|(_, number)| number.can_sms())),
        (Count::Phones, !reach.numbers.is_empty()),
        (Count::Emails, reach.email.is_some()),
    ]
}

pub(crate) fn tie_name(tie: &Tie) -> String {
    format!("{}{BETWEEN}{}", tie.pupil, tie.contact)
}

/// The two ids of a name: a tie's pupil and adult, or a mark's pupil and session.
pub(crate) fn two_of(name: &str) -> Option<(ContactId, &str)> {
    let (first, second) = name.split_once(BETWEEN)?;
    Some((ContactId::parse(first).ok()?, second))
}

pub(crate) fn bucket_of(name: &str) -> u8 {
    Sha256::digest(name).first().map_or(0, |byte| byte % BUCKETS)
}

fn short_hash(bytes: &[u8]) -> String {
    short(&Sha256::digest(bytes))
}

/// 64 bits: two versions of one row have the same by chance once in 2^64.
fn short(digest: &[u8]) -> String {
    hex::encode(digest.get(..8).unwrap_or_default())
}
