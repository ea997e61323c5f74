//! What a feed changes, by the manifest of the last run.

use std::collections::{BTreeMap, BTreeSet};

use domain::contact::Contact;
use domain::feed::{Mark, Part, Tie};
use domain::ids::ContactId;
use domain::sync::{Changes, Counted, Counts, Loss, brake, brake_bars, brake_marks};
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
    /// Of these, those that are new.
    pub(crate) added: BTreeSet<String>,
    /// Rows that the feed has no more, each with its hash in the manifest.
    pub(crate) removed: BTreeMap<String, String>,
    /// Of these, those that stay for now.
    pub(crate) spared: BTreeMap<String, String>,
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
    /// Pairs who stay, and whom the feed bars no more: a person lifts a bar, and no feed.
    pub(crate) unbarred: Vec<(ContactId, ContactId)>,
    /// Pairs whom the feed comes to bar.
    pub(crate) barred: Vec<(ContactId, ContactId)>,
    /// Of these, those who are barred at once while the rest of the feed is asked about.
    pub(crate) barred_now: Vec<(ContactId, ContactId)>,
}

impl<'f, T: Serialize> Difference<'f, T> {
    async fn of(school: &School, name: String, list: &'f List<T>, before: ManifestHead) -> Result<Self> {
        let after = ManifestHead { hashes: list.heads(), rows: list.rows.len(), counts: list.counts.clone() };
        let both: BTreeSet<u8> = before.hashes.keys().chain(after.hashes.keys()).copied().collect();
        let differs = |bucket: &u8| before.hashes.get(bucket) != after.hashes.get(bucket);
        let buckets: Vec<u8> = both.into_iter().filter(differs).collect();
        let known = if buckets.is_empty() {
            BTreeMap::new()
        } else {
            school.sync().manifest().buckets(&name, &buckets).await?
        };
        let rows = list.rows.iter().filter(|(name, _)| buckets.contains(&bucket_of(name)));
        let changed = rows.filter(|(name, (hash, _))| known.get(*name) != Some(hash));
        let changed: BTreeSet<String> = changed.map(|(name, _)| name.clone()).collect();
        let added = changed.iter().filter(|name| !known.contains_key(*name)).cloned().collect();
        let removed: BTreeMap<String, String> =
            known.into_iter().filter(|(name, _)| !list.rows.contains_key(name)).collect();
        let unkept = changed.iter().chain(removed.keys()).map(|name| bucket_of(name)).collect();
        let spared = BTreeMap::new();
        Ok(Self { name, list, before, after, buckets, changed, added, removed, spared, unkept })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.changed.is_empty()
    }

    fn counted(&self, part: Part) -> Counted {
        Counted {
            part,
            known: self.before.rows,
            removed: self.removed.len(),
            fed: self.list.rows.len(),
            before: self.before.counts.clone(),
            after: self.after.counts.clone(),
        }
    }

    /// Leaves rows where they are that the feed has no more.
    fn spare(&mut self, stays: impl Fn(&str) -> bool) {
        let removed = std::mem::take(&mut self.removed);
        (self.spared, self.removed) = removed.into_iter().partition(|(name, _)| stays(name));
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
        let mut heads = school.sync().manifest().heads().await?;
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
        let stale: BTreeSet<ContactId> = school.sync().manifest().stale_people().await?.into_iter().collect();
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
        let (unbarred, barred) = match &ties {
            Some(ties) => (unbarred(school, fed, ties).await?, barred(school, ties).await?),
            None => (Vec::new(), Vec::new()),
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
        let barred_now = Vec::new();
        Ok(Self { people, ties, kinds, marks, past, stale, unbarred, barred, barred_now })
    }

    /// Whether the address book changes.
    pub(crate) fn touches_book(&self) -> bool {
        self.kinds.is_some()
            || !self.barred_now.is_empty()
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
            bars_kept: count(self.unbarred.len()),
        }
    }

    /// For what it is to be asked about first, before people and ties are changed.
    pub(crate) fn losses(&self, fed: &Fed) -> Vec<Loss> {
        let people: Vec<Counted> = self.people.iter().map(|(part, d)| d.counted(*part)).collect();
        let Some(ties) = &self.ties else { return brake(&people, &none(), 0) };
        let ended = ties.removed.keys().filter(|name| both_stay(fed, name)).count();
        let counted = ties.counted(Part::Contacts);
        // What went with people is no loss of those who stay.
        let known = counted.known.saturating_sub(counted.removed - ended);
        let scaled = |n: usize| n.saturating_mul(known).checked_div(counted.known).unwrap_or_default();
        let before = counted.before.iter().map(|(count, n)| (*count, scaled(*n))).collect();
        let mut losses = brake(&people, &Counted { removed: ended, before, ..counted }, self.unbarred.len());
        losses.extend(brake_bars(self.barred.len(), ties.list.rows.len()));
        losses
    }

    /// For what it is to be asked about first, before marks are changed.
    pub(crate) fn losses_of_marks(&self) -> Vec<Loss> {
        let mut found: Vec<Loss> = Vec::new();
        for loss in self.marks.iter().flat_map(|(_, day)| brake_marks(&day.counted(Part::Attendance))) {
            // Said of all days together: the words name none.
            match found.iter_mut().find(|known| known.lost == loss.lost) {
                Some(known) => {
                    known.gone += loss.gone;
                    known.of += loss.of;
                }
                None => found.push(loss),
            }
        }
        found
    }

    /// Takes the court orders out of what is asked about: a bar tells nobody anything, and until somebody has decided
    /// about leavers no barred adult is to be told.
    pub(crate) fn bar_at_once(&mut self) {
        self.barred_now = std::mem::take(&mut self.barred);
    }

    /// Leaves everybody as they are, and the marks of pupils whom the feed has no more.
    pub(crate) fn leave_people(&mut self, fed: &Fed) {
        self.people.clear();
        self.stale.clear();
        self.unbarred.clear();
        self.barred.clear();
        (self.ties, self.kinds) = (None, None);
        for (_, day) in &mut self.marks {
            day.spare(|mark| two_of(mark).is_none_or(|(pupil, _)| !fed.has_person(pupil.as_str())));
        }
    }

    /// Leaves the registers as they are.
    pub(crate) fn leave_marks(&mut self) {
        self.marks.clear();
        self.past.clear();
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

fn none() -> Counted {
    let (before, after) = (Counts::new(), Counts::new());
    Counted { part: Part::Contacts, known: 0, removed: 0, fed: 0, before, after }
}

/// Pairs who stay, are barred by a source, and will not be by the feed. Those that the school barred itself are left
/// out.
async fn unbarred(
    school: &School,
    fed: &Fed,
    ties: &Difference<'_, Tie>,
) -> Result<Vec<(ContactId, ContactId)>> {
    let barred = |name: &str| ties.list.rows.get(name).is_some_and(|(_, tie)| tie.court_order);
    let names = ties.changed.iter().chain(ties.removed.keys());
    let open = names.filter(|name| !barred(name) && both_stay(fed, name));
    let pairs: Vec<(ContactId, ContactId)> = open.filter_map(|name| pair_of(name)).collect();
    let known = school.ties().between(&pairs).await?.into_iter().filter(|tie| tie.court_order);
    let known: Vec<_> = known.map(|tie| (tie.pupil, tie.contact)).collect();
    if known.is_empty() {
        return Ok(known);
    }
    let ours = school.ties().bars().await?;
    Ok(known.into_iter().filter(|pair| !ours.contains(pair)).collect())
}

/// Pairs that are tied and open as the book stands, and that the feed bars. Who is new was not told before.
async fn barred(school: &School, ties: &Difference<'_, Tie>) -> Result<Vec<(ContactId, ContactId)>> {
    if ties.before.rows == 0 {
        return Ok(Vec::new());
    }
    let bars = |name: &&String| ties.list.rows.get(*name).is_some_and(|(_, tie)| tie.court_order);
    let pairs: Vec<_> = ties.changed.iter().filter(bars).filter_map(|name| pair_of(name)).collect();
    if pairs.is_empty() {
        return Ok(pairs);
    }
    let open = school.ties().between(&pairs).await?.into_iter().filter(|tie| !tie.court_order);
    let open: Vec<_> = open.map(|tie| (tie.pupil, tie.contact)).collect();
    let ours = if open.is_empty() { BTreeSet::new() } else { school.ties().bars().await? };
    Ok(open.into_iter().filter(|pair| !ours.contains(pair)).collect())
}

/// The pupil and the adult of a tie's name.
pub(crate) fn pair_of(name: &str) -> Option<(ContactId, ContactId)> {
    let (pupil, contact) = two_of(name)?;
    Some((pupil, ContactId::parse(contact).ok()?))
}

pub(crate) fn both_stay(fed: &Fed, tie: &str) -> bool {
    two_of(tie).is_some_and(|(pupil, contact)| fed.has_person(pupil.as_str()) && fed.has_person(contact))
}
