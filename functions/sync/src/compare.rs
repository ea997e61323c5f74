//! What a feed changes, by the manifest of the last run.

use std::collections::{BTreeMap, BTreeSet};

use domain::contact::Contact;
use domain::feed::{Mark, Part, Tie};
use domain::ids::ContactId;
use domain::sync::{Changes, Counted, Held, brake};
use jiff::civil::Date;
use serde::Serialize;
use store::{ManifestHead, School};

use crate::error::Result;
use crate::feed::{Fed, List, bucket_of, two_of};

/// The list of what groups are for: one hash, no rows.
pub(crate) const KINDS: &str = "kinds";
/// The list of ties.
pub(crate) const TIES: &str = "ties";
/// Before the day of a list of marks.
const MARKS: &str = "marks ";

/// A list and what is to be done about it.
pub(crate) struct Difference<'f, T> {
    /// The list's name in the manifest.
    pub(crate) name: String,
    /// The list.
    pub(crate) list: &'f List<T>,
    /// The manifest's head as it was.
    pub(crate) before: ManifestHead,
    /// And as it is to be.
    pub(crate) after: ManifestHead,
    /// Buckets that differ.
    pub(crate) buckets: Vec<u8>,
    /// Names of rows that are new or differ.
    pub(crate) changed: BTreeSet<String>,
    /// Rows that the feed has no more, each with its hash in the manifest.
    pub(crate) removed: BTreeMap<String, String>,
    /// Buckets whose rows in the manifest are not the feed's.
    pub(crate) unkept: BTreeSet<u8>,
}

/// All that a feed changes.
pub(crate) struct Plan<'f> {
    pub(crate) people: Vec<(Part, Difference<'f, Contact>)>,
    pub(crate) ties: Option<Difference<'f, Tie>>,
    /// The hash of what groups are for, if it differs.
    pub(crate) kinds: Option<String>,
    pub(crate) marks: Vec<(Date, Difference<'f, Mark>)>,
    /// Lists of days that are read no more.
    pub(crate) past: Vec<(String, ManifestHead)>,
    /// People whom somebody else changed since the last run.
    pub(crate) stale: BTreeSet<ContactId>,
}

impl<'f, T: Serialize> Difference<'f, T> {
    async fn of(school: &School, name: String, list: &'f List<T>, before: ManifestHead) -> Result<Self> {
        let after = ManifestHead { hashes: list.heads(), rows: list.rows.len() };
        let both: BTreeSet<u8> = before.hashes.keys().chain(after.hashes.keys()).copied().collect();
        let differs = |bucket: &u8| before.hashes.get(bucket) != after.hashes.get(bucket);
        let buckets: Vec<u8> = both.into_iter().filter(differs).collect();
        let known = if buckets.is_empty() {
            BTreeMap::new()
        } else {
            school.manifest_buckets(&name, &buckets).await?
        };
        let rows = list.rows.iter().filter(|(name, _)| buckets.contains(&bucket_of(name)));
        let changed = rows.filter(|(name, (hash, _))| known.get(*name) != Some(hash));
        let changed: BTreeSet<String> = changed.map(|(name, _)| name.clone()).collect();
        let removed: BTreeMap<String, String> =
            known.into_iter().filter(|(name, _)| !list.rows.contains_key(name)).collect();
        let unkept = changed.iter().chain(removed.keys()).map(|name| bucket_of(name)).collect();
        Ok(Self { name, list, before, after, buckets, changed, removed, unkept })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.changed.is_empty()
    }

    fn counted(&self, part: Part) -> Counted {
        Counted { part, known: self.before.rows, removed: self.removed.len(), fed: self.list.rows.len() }
    }
}

impl<'f> Plan<'f> {
    /// Compares a feed; parts that were not read are left as they are.
    pub(crate) async fn of(
        school: &School,
        fed: &'f Fed,
        nothing: &'f List<Contact>,
        read: &BTreeSet<Part>,
    ) -> Result<Self> {
        let mut heads = school.manifest_heads().await?;
        let mut head = |name: &str| heads.remove(name).unwrap_or_default();
        let mut people = Vec::new();
        for part in [Part::Pupils, Part::Contacts, Part::Staff] {
            if read.contains(&part) {
                let list = fed.people.get(&part).unwrap_or(nothing);
                let before = head(part.code());
                people.push((part, Difference::of(school, part.code().to_owned(), list, before).await?));
            }
        }
        // Who comes with another part now has not left.
        for (_, difference) in &mut people {
            difference.removed.retain(|id, _| !fed.has_person(id));
        }
        let stale: BTreeSet<ContactId> = school.stale_people().await?.into_iter().collect();
        for id in &stale {
            let holder = people.iter_mut().find(|(_, d)| d.list.rows.contains_key(id.as_str()));
            if let Some((_, difference)) = holder {
                difference.changed.insert(id.to_string());
            }
        }
        let ties = if read.contains(&Part::Contacts) {
            let before = head(TIES);
            Some(Difference::of(school, TIES.to_owned(), &fed.ties, before).await?)
        } else {
            None
        };
        let kinds_known = head(KINDS).hashes.remove(&0);
        let kinds = Some(fed.kinds_hash()).filter(|hash| kinds_known.as_ref() != Some(hash));
        let mut marks = Vec::new();
        for (day, list) in fed.marks.iter().filter(|_| read.contains(&Part::Attendance)) {
            let name = format!("{MARKS}{day}");
            let before = head(&name);
            marks.push((*day, Difference::of(school, name, list, before).await?));
        }
        let past = if marks.is_empty() { Vec::new() } else { past(heads) };
        Ok(Self { people, ties, kinds, marks, past, stale })
    }

    /// Whether the address book changes.
    pub(crate) fn touches_book(&self) -> bool {
        self.kinds.is_some()
            || self.people.iter().any(|(_, d)| !d.is_empty())
            || self.ties.as_ref().is_some_and(|d| !d.is_empty())
    }

    /// How much changes.
    pub(crate) fn changes(&self) -> Changes {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let people = |of: fn(&Difference<'f, Contact>) -> usize| self.people.iter().map(|(_, d)| of(d)).sum();
        Changes {
            people: count(people(|d| d.changed.len())),
            left: count(people(|d| d.removed.len())),
            ties: count(self.ties.as_ref().map_or(0, |d| d.changed.len())),
            ties_ended: count(self.ties.as_ref().map_or(0, |d| d.removed.len())),
            marks: count(self.marks.iter().map(|(_, d)| d.changed.len() + d.removed.len()).sum()),
        }
    }

    /// Whether it is to be asked about first.
    pub(crate) fn brake(&self, fed: &Fed) -> Option<Held> {
        let people: Vec<Counted> = self.people.iter().map(|(part, d)| d.counted(*part)).collect();
        let none = Counted { part: Part::Contacts, known: 0, removed: 0, fed: 0 };
        let ties = self.ties.as_ref().map_or(none, |d| Counted {
            removed: d.removed.keys().filter(|name| both_stay(fed, name)).count(),
            ..d.counted(Part::Contacts)
        });
        brake(&people, ties)
    }

    /// Everybody who would be removed.
    pub(crate) fn left(&self) -> impl Iterator<Item = &String> {
        self.people.iter().flat_map(|(_, d)| d.removed.keys())
    }
}

/// Of the lists that no part is compared with, those of marks.
fn past(heads: BTreeMap<String, ManifestHead>) -> Vec<(String, ManifestHead)> {
    heads.into_iter().filter(|(name, _)| name.starts_with(MARKS)).collect()
}

fn both_stay(fed: &Fed, tie: &str) -> bool {
    two_of(tie).is_some_and(|(pupil, contact)| fed.has_person(pupil.as_str()) && fed.has_person(contact))
}
