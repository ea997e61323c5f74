//! All records, found by id, by pair of numbers, by phone, and newest first.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::clock::Millis;
use crate::journal::{Journal, Lookup, Place};
use crate::kind::Kind;
use crate::outcome::{self, CallFate};
use crate::record::Record;
use crate::sid::Sid;

/// The place of a record in the order of acceptance.
pub(crate) type Number = u32;

/// What is kept in memory of each record; the rest is read from the journal when asked for.
#[derive(Debug, Clone, Copy)]
struct Entry {
    place: Place,
    at: Millis,
    /// Hash of the parent's number or address.
    party: u64,
    /// The one before with the same sender and recipient.
    before: Option<Number>,
    kind: Kind,
    settled: bool,
}

/// How much was accepted.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) sms: u64,
    pub(crate) sms_units: u64,
    pub(crate) call: u64,
    /// Whole minutes of the answered calls, each rounded up.
    pub(crate) voice_minutes: u64,
    pub(crate) email: u64,
    pub(crate) tweet: u64,
    pub(crate) inbound: u64,
}

#[derive(Debug)]
struct Inner {
    journal: Journal,
    entries: Vec<Entry>,
    by_sid: HashMap<Sid, Number>,
    by_pair: HashMap<u64, Number>,
    counts: Counts,
}

/// Which records a list is of.
#[derive(Debug, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) kinds: &'a [Kind],
    pub(crate) to: Option<&'a str>,
    pub(crate) from: Option<&'a str>,
    /// The parent's side.
    pub(crate) party: Option<&'a str>,
    /// Only records older than this one.
    pub(crate) before: Option<Number>,
    /// Only records accepted by then.
    pub(crate) until: Option<Millis>,
}

/// The bytes of one record, from which a [`Record`] borrows.
#[derive(Debug, Clone)]
pub(crate) struct Line(Arc<[u8]>);

impl Line {
    /// The record in it.
    pub(crate) fn record(&self) -> Option<Record<'_>> {
        Record::parse(&self.0)
    }
}

/// The records.
#[derive(Debug)]
pub(crate) struct Book(Mutex<Inner>);

fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn pair(from: &str, to: &str) -> u64 {
    hash((from, to))
}

impl Inner {
    fn new(journal: Journal) -> Self {
        Self {
            journal,
            entries: Vec::new(),
            by_sid: HashMap::new(),
            by_pair: HashMap::new(),
            counts: Counts::default(),
        }
    }

    fn insert(&mut self, record: &Record<'_>, place: Place) -> Number {
        let number = Number::try_from(self.entries.len()).unwrap_or(Number::MAX);
        self.by_sid.insert(record.sid, number);
        let before = self.by_pair.insert(pair(&record.from, &record.to), number);
        let party = hash(record.party());
        self.entries.push(Entry { place, at: record.at, party, before, kind: record.kind, settled: false });
        self.counts.add(record);
        number
    }

    fn settle(&mut self, sid: Sid) {
        if let Some(number) = self.by_sid.get(&sid)
            && let Some(entry) = self.entries.get_mut(*number as usize)
        {
            entry.settled = true;
        }
    }

    fn replay(&mut self, line: &[u8], place: Place) {
        match Record::parse(line) {
            Some(done) if done.kind == Kind::Done => self.settle(done.sid),
            Some(record) => {
                self.insert(&record, place);
            }
            None => {}
        }
    }
}

impl Counts {
    fn add(&mut self, record: &Record<'_>) {
        match record.kind {
            Kind::Sms => {
                self.sms += 1;
                self.sms_units += u64::from(record.units);
            }
            Kind::Call => {
                self.call += 1;
                if let CallFate::Answered { seconds } = outcome::of_call(&record.to) {
                    self.voice_minutes += u64::from(seconds.div_ceil(60));
                }
            }
            Kind::Email => self.email += 1,
            Kind::Tweet => self.tweet += 1,
            Kind::Inbound => self.inbound += 1,
            Kind::Done => {}
        }
    }
}

impl Book {
    /// Opens the records kept in `directory`, or an empty book that is only in memory.
    pub(crate) fn open(directory: Option<&Path>) -> io::Result<Self> {
        let mut inner = Inner::new(Journal::Memory(Vec::new()));
        if let Some(directory) = directory {
            inner.journal = Journal::open(directory, |line, place| inner.replay(line, place))?;
        }
        Ok(Self(Mutex::new(inner)))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a record. When this returns it survives the end of this process.
    pub(crate) fn accept(&self, record: &Record<'_>) -> io::Result<Number> {
        let line = written(record)?;
        let mut inner = self.lock();
        let place = inner.journal.append(&line)?;
        Ok(inner.insert(record, place))
    }

    /// Notes that all receipts of this record have been dealt with.
    pub(crate) fn settle(&self, sid: Sid) -> io::Result<()> {
        let line = written(&Record::new(Kind::Done, sid, 0))?;
        let mut inner = self.lock();
        if matches!(inner.journal, Journal::File { .. }) {
            inner.journal.append(&line)?;
        }
        inner.settle(sid);
        Ok(())
    }

    /// The records accepted since then whose receipts are still owed, oldest first.
    pub(crate) fn unsettled(&self, since: Millis) -> Vec<Number> {
        let inner = self.lock();
        let owed = |e: &Entry| !e.settled && e.at >= since && e.kind != Kind::Inbound;
        (0..).zip(&inner.entries).filter(|(_, entry)| owed(entry)).map(|(number, _)| number).collect()
    }

    /// The number of the record with this id.
    pub(crate) fn find(&self, sid: Sid) -> Option<Number> {
        self.lock().by_sid.get(&sid).copied()
    }

    /// How much was accepted.
    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Reads one record.
    pub(crate) fn read(&self, number: Number) -> Option<Line> {
        let lookup: Lookup = {
            let inner = self.lock();
            let place = inner.entries.get(number as usize)?.place;
            inner.journal.look_up(place)?
        };
        lookup.read().ok().map(Line)
    }

    /// Up to `limit` records that are wanted, newest first, with their numbers.
    pub(crate) fn list(&self, wanted: &Wanted<'_>, limit: usize) -> Vec<(Number, Line)> {
        let mut found = Vec::new();
        for number in self.candidates(wanted, limit) {
            if found.len() == limit {
                break;
            }
            if let Some(line) = self.read(number)
                && line.record().is_some_and(|record| wanted.holds(&record))
            {
                found.push((number, line));
            }
        }
        found
    }

    /// Numbers that the index says are wanted; equal hashes are told apart by reading the records.
    fn candidates(&self, wanted: &Wanted<'_>, limit: usize) -> Vec<Number> {
        let inner = self.lock();
        let party = wanted.party.map(hash);
        let fits = |number: &Number| {
            inner.entries.get(*number as usize).is_some_and(|entry| {
                wanted.kinds.contains(&entry.kind)
                    && wanted.before.is_none_or(|before| *number < before)
                    && wanted.until.is_none_or(|until| entry.at <= until)
                    && party.is_none_or(|party| entry.party == party)
            })
        };
        if let (Some(from), Some(to)) = (wanted.from, wanted.to) {
            let newest = inner.by_pair.get(&pair(from, to)).copied();
            let chain = std::iter::successors(newest, |n| inner.entries.get(*n as usize)?.before);
            return chain.filter(fits).take(limit).collect();
        }
        let end = Number::try_from(inner.entries.len()).unwrap_or(Number::MAX);
        let all = (0..end).rev().filter(fits);
        // With one side given the other must be read to be compared, so the limit comes later.
        if wanted.from.or(wanted.to).is_none() { all.take(limit).collect() } else { all.collect() }
    }

    /// The newest records of `limit` different parents' numbers or addresses, newest first.
    pub(crate) fn latest_of_each_party(&self, kinds: &[Kind], limit: usize) -> Vec<Number> {
        let inner = self.lock();
        let mut seen = Vec::with_capacity(limit);
        let mut found = Vec::with_capacity(limit);
        for (index, entry) in inner.entries.iter().enumerate().rev() {
            if found.len() == limit {
                break;
            }
            if kinds.contains(&entry.kind) && !seen.contains(&entry.party) {
                seen.push(entry.party);
                found.extend(Number::try_from(index));
            }
        }
        found
    }
}

impl Wanted<'_> {
    fn holds(&self, record: &Record<'_>) -> bool {
        self.to.is_none_or(|to| record.to == to)
            && self.from.is_none_or(|from| record.from == from)
            && self.party.is_none_or(|party| record.party() == party)
    }
}

fn written(record: &Record<'_>) -> io::Result<Vec<u8>> {
    let mut line = Vec::with_capacity(256 + record.body.len() + record.callback.len());
    serde_json::to_writer(&mut line, record)?;
    line.push(b'\n');
    Ok(line)
}
