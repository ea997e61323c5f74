//! A look at the registers themselves, before a message about them goes: have they been saved since they were read?

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::feed::{Mark, Session};
use crate::ids::ContactId;

/// After which a look without an outcome is taken for lost, in milliseconds: the MIS has some time to answer, and a
/// function to start.
pub const LOOK_PATIENCE_MS: i64 = 90_000;
/// For how long what a look has seen counts, in milliseconds: a plan that was held up longer looks again.
pub const LOOK_HOLDS_MS: i64 = 120_000;

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Nothing yet.
    Nothing,
    /// Of the message's pupils, the marks that are others than those at hand; one that was taken away has no code.
    Marks(Vec<Mark>),
    /// This MIS has no registers that could be newer.
    NoRegisters,
    /// The registers could not be read.
    Failed,
}

/// A look at the marks of a message's pupils.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterLook {
    /// The school day.
    pub date: Date,
    /// Morning or afternoon.
    pub session: Session,
    /// Whose marks.
    pub pupils: Vec<ContactId>,
    /// When it was asked for, in milliseconds since 1970: what it sees is at least as new.
    pub asked_ms: i64,
    /// What it came to.
    pub seen: Seen,
}

impl RegisterLook {
    /// A look that is asked for now.
    pub const fn new(date: Date, session: Session, pupils: Vec<ContactId>, now_ms: i64) -> Self {
        Self { date, session, pupils, asked_ms: now_ms, seen: Seen::Nothing }
    }

    /// Whether an outcome may still come.
    pub fn waits(&self, now_ms: i64) -> bool {
        self.seen == Seen::Nothing && now_ms < self.asked_ms.saturating_add(LOOK_PATIENCE_MS)
    }

    /// Whether it says how the registers are by now.
    pub const fn holds(&self, now_ms: i64) -> bool {
        now_ms < self.asked_ms.saturating_add(LOOK_HOLDS_MS)
    }

    /// What a look at the day's marks comes to: `now` is what the MIS has, `known` what was read before.
    #[must_use]
    pub fn seeing(self, known: &[Mark], now: &[Mark]) -> Self {
        let changed: Vec<Mark> = changed(known, now, self.session)
            .into_iter()
            .filter(|m| self.pupils.contains(&m.pupil))
            .collect();
        Self { seen: Seen::Marks(changed), ..self }
    }
}

/// The marks of a session that are others now than they were known to be; one that was taken away has no code.
pub fn changed(known: &[Mark], now: &[Mark], session: Session) -> Vec<Mark> {
    let of = |marks: &[Mark]| -> BTreeMap<ContactId, Mark> {
        let here = marks.iter().filter(|mark| mark.session == session && !code(mark).is_empty());
        here.map(|mark| (mark.pupil.clone(), mark.clone())).collect()
    };
    let (known, now) = (of(known), of(now));
    let same = |mark: &Mark| known.get(&mark.pupil).is_some_and(|before| code(before) == code(mark));
    let gone = known.values().filter(|mark| !now.contains_key(&mark.pupil));
    let gone = gone.map(|mark| Mark { code: String::new(), minutes_late: None, ..mark.clone() });
    now.values().filter(|mark| !same(mark)).cloned().chain(gone).collect()
}

/// A register without a mark says so by no code or by a dash.
fn code(mark: &Mark) -> &str {
    Some(mark.code.trim()).filter(|code| *code != "-").unwrap_or_default()
}

/// Marks as they are after a look has seen others.
pub fn with_changed(mut marks: Vec<Mark>, changed: Vec<Mark>) -> Vec<Mark> {
    let key = |mark: &Mark| (mark.pupil.clone(), mark.date, mark.session);
    let newer: BTreeSet<_> = changed.iter().map(key).collect();
    marks.retain(|mark| !newer.contains(&key(mark)));
    marks.extend(changed);
    marks
}
