//! What the page shows of a session's registers.

use std::collections::{BTreeMap, BTreeSet};

use domain::attendance::{Freshness, Listed, Matter, SentAllTheSame, meaning};
use domain::audience::{SendTo, selected};
use domain::book::Pair;
use domain::feed::Session;
use domain::ids::ContactId;
use domain::settings::Settings;
use domain::sync::Connector;
use jiff::civil::Date;

use super::{AbsencePage, List, Rest, Row};
use crate::pages::kit::book::PageBook;
use crate::pages::kit::form::{Choice, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::links::contact_path;
use crate::pages::kit::words::{self, LocalTime};
use crate::services::attendance::Registers;

/// What was asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) day: Date,
    pub(super) session: Session,
    pub(super) send_to: SendTo,
    /// The pupils who were ticked in a form that cannot go as it is; everybody who can be told, where there was none.
    pub(super) ticked: Option<(Matter, BTreeSet<ContactId>)>,
}

/// Puts rows together.
struct Viewer<'a> {
    book: &'a PageBook,
    settings: &'a Settings,
    asked: Asked,
    local: &'a LocalTime,
    registers: &'a Registers,
    /// Families so far, by their adults.
    families: BTreeMap<Vec<usize>, usize>,
}

impl Viewer<'_> {
    fn row(&mut self, listed: &Listed) -> Option<Row> {
        let place = self.book.place(&listed.pupil)?;
        let chosen = selected(self.book.adults_of(place), self.asked.send_to).map(Pair::contact);
        let mut adults: Vec<usize> = chosen.collect();
        let names: Vec<String> = adults
            .iter()
            .filter_map(|adult| self.book.at(*adult))
            .filter(|(_, reach)| !reach.numbers.is_empty() || reach.email.is_some())
            .map(|(adult, _)| adult.full_name())
            .collect();
        let nobody = names.is_empty();
        adults.sort_unstable();
        let next = self.families.len();
        let meaning = meaning(self.settings.attendance.nation, self.asked.day, &listed.code);
        let mark = match listed.minutes_late {
            Some(minutes) => {
                format!(
                    "{} · {} · {}",
                    listed.code,
                    meaning.words(),
                    words::count(minutes.into(), "minute", "minutes")
                )
            }
            None if listed.code.is_empty() => meaning.words().to_owned(),
            None => format!("{} · {}", listed.code, meaning.words()),
        };
        Some(Row {
            id: listed.pupil.to_string(),
            path: contact_path(&listed.pupil),
            name: self.book.name_at(place)?,
            registration: self.book.registration_of(place).unwrap_or_default().to_owned(),
            mark,
            adults: if nobody { "Nobody can be reached".to_owned() } else { words::list(&names) },
            nobody,
            family: if nobody { 0 } else { *self.families.entry(adults).or_insert(next + 1) },
            ticked: !nobody,
            message: None,
            missed: None,
        })
    }

    fn rows(&mut self, listed: &[Listed]) -> Vec<Row> {
        let mut rows: Vec<Row> = listed.iter().filter_map(|pupil| self.row(pupil)).collect();
        rows.sort_by(|a, b| (&a.registration, &a.name).cmp(&(&b.registration, &b.name)));
        if self.book.shows_registration() {
            // The name says it already.
            for row in &mut rows {
                row.registration.clear();
            }
        }
        rows
    }

    fn list(&mut self, matter: Matter, listed: &[Listed]) -> List {
        let mut rows = self.rows(listed);
        for row in &mut rows {
            if let Some((_, ticked)) = self.asked.ticked.as_ref().filter(|(of, _)| *of == matter) {
                row.ticked = ticked.iter().any(|pupil| pupil.as_str() == row.id);
            }
            let missed = self
                .registers
                .missed
                .iter()
                .find(|((of, pupil), _)| *of == matter && pupil.as_str() == row.id);
            if let Some((_, by)) = missed {
                row.message = Some(by.message.to_string());
                row.missed = Some(self.local.when(by.at_ms));
            }
        }
        let families: BTreeSet<usize> = rows.iter().filter(|row| !row.nobody).map(|row| row.family).collect();
        let families = words::count(families.len() as u64, "family", "families");
        let button = match matter {
            Matter::AllClear => format!("Tell {families} that all is well"),
            Matter::Absence | Matter::Late => format!("Tell {families}"),
        };
        List { matter: matter.code(), rows, button }
    }

    /// Pupils about whom nobody is told, and why not.
    fn others(&mut self) -> Vec<Rest> {
        let list = &self.registers.list;
        let kinds = [
            ("blank", "no mark yet", "Ask the teacher. Their families are told nothing.", &list.blank),
            ("unknown", "a code that is not known", "Nobody is told anything because of it.", &list.unknown),
            ("excluded", "in a year that is left out", "By your account settings.", &list.excluded),
        ];
        let some = kinds.into_iter().filter(|(.., listed)| !listed.is_empty());
        some.map(|(id, what, hint, listed)| Rest {
            id,
            words: format!("{}: {what}", words::count(listed.len() as u64, "pupil", "pupils")),
            hint,
            rows: self.rows(listed),
        })
        .collect()
    }

    fn told(&mut self) -> Vec<Row> {
        let registers = self.registers;
        let mut rows = self.rows(&registers.list.told);
        for row in &mut rows {
            let Some((_, by)) = registers.told.iter().find(|(pupil, _)| pupil.as_str() == row.id) else {
                continue;
            };
            row.message = Some(by.message.to_string());
            let when = self.local.when(by.at_ms);
            row.adults =
                if by.went { format!("Told {when}") } else { format!("Submitted {when}, not sent yet") };
        }
        rows
    }
}

impl AbsencePage {
    pub(super) fn new(
        frame: Frame,
        (book, settings, local): (&PageBook, &Settings, &LocalTime),
        asked: Asked,
        registers: &Registers,
        problems: Vec<Problem>,
    ) -> Self {
        let (day, session, send_to) = (asked.day, asked.session, asked.send_to);
        let without_registers = without_registers(settings);
        let mut view = Viewer { book, settings, asked, local, registers, families: BTreeMap::new() };
        let list = &registers.list;
        let others = if registers.any { view.others() } else { Vec::new() };
        let read = registers.fresh.read_ms.map_or_else(
            || "The registers were never read.".to_owned(),
            |read_ms| format!("Registers read {}.", local.when(read_ms)),
        );
        Self {
            heading: format!("{}, {}", local.day(day), session.words().to_lowercase()),
            day: day.to_string(),
            latest: local.today().to_string(),
            sessions: Session::ALL.map(|s| Choice::new(s.code(), s.words(), s == session)),
            session: session.code(),
            send_to: SendTo::ALL.map(|to| Choice::new(to.code(), to.words(), to == send_to)).into(),
            chosen: send_to.code(),
            read,
            stale: stale(registers.fresh.state, without_registers.is_empty()),
            reasons: SentAllTheSame::ALL.map(|why| Choice::new(why.code(), why.words(), false)).into(),
            empty: !registers.any,
            without_registers,
            clear: view.list(Matter::AllClear, &registers.clear),
            absent: view.list(Matter::Absence, &list.to_tell),
            late: view.list(Matter::Late, &registers.late),
            told: view.told(),
            others,
            frame,
            problems,
        }
    }
}

/// Why nobody should be told yet, if the registers are not fresh. `may_have`: the school's MIS brings registers.
fn stale(freshness: Freshness, may_have: bool) -> Option<String> {
    let words = match freshness {
        Freshness::Changed => {
            "Registers were saved in the MIS since they were read here. Refresh them before you tell anybody."
        }
        Freshness::Stale => {
            "The registers may have changed since they were read. Refresh them before you tell anybody."
        }
        Freshness::Never if may_have => {
            "No registers have been read from your MIS yet. Refresh to read them."
        }
        Freshness::Fresh | Freshness::Never => return None,
    };
    Some(words.to_owned())
}

/// Why there are no registers to read, and what to do; empty where there may be some.
fn without_registers(settings: &Settings) -> String {
    let kind = Connector::from_code(&settings.mis.kind).filter(|kind| !kind.has_registers());
    kind.map_or_else(String::new, |kind| {
        format!(
            "{} brings people and no registers, so Messenger cannot list who is absent. Look absences up in your \
             MIS, and write to those families with “Send a message”. Registers are read through Xporter on Demand \
             or SIF: ask your administrator whether your MIS offers one of them.",
            kind.words()
        )
    })
}
