//! A made-up school's MIS in memory, which can be told to go wrong.

use std::sync::Mutex;
use std::time::Duration;

use domain::contact::{ContactRole, LabelledNumber, PhoneLabel};
use domain::feed::{
    FeedGroup, FeedGroupRef, FeedPerson, FeedSchool, GroupKind, Mark, Part, Reading, Records, Session, Tie,
};
use domain::ids::ContactId;
use jiff::civil::Date;
use runtime::Clock;
use sync::mis::{Mis, MisError, Progress, Query, ReadingSoon};

pub(crate) fn id(text: &str) -> ContactId {
    ContactId::parse(text).unwrap()
}

/// The school as the MIS has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Feed {
    pub(crate) pupils: Vec<FeedPerson>,
    pub(crate) contacts: Vec<FeedPerson>,
    pub(crate) ties: Vec<Tie>,
    pub(crate) staff: Vec<FeedPerson>,
    pub(crate) marks: Vec<Mark>,
    /// The lists of classes came empty.
    pub(crate) no_classes: bool,
}

fn person(text: &str, role: ContactRole, n: usize) -> FeedPerson {
    FeedPerson {
        id: id(text),
        role,
        title: None,
        forename: format!("Ann{n}"),
        surname: "Example".to_owned(),
        numbers: Vec::new(),
        emails: Vec::new(),
        groups: Vec::new(),
    }
}

impl Feed {
    /// A school of so many pupils with two adults each, and a member of staff to ten of them. One in 25 second adults
    /// may not be told.
    pub(crate) fn of(pupils: usize, today: Date) -> Self {
        let mut feed = Self::default();
        for n in 0..pupils {
            let mut pupil = person(&format!("PL-{n}"), ContactRole::Pupil, n);
            pupil.groups.extend(FeedGroupRef::new(GroupKind::Year, &format!("Year {}", 7 + n % 5)));
            for a in 0..2 {
                let mut adult = person(&format!("PC-{}", 2 * n + a), ContactRole::Parent, n);
                let number = format!("07700 900{:03}", (2 * n + a) % 1_000);
                adult.numbers.push(LabelledNumber { label: PhoneLabel::Mobile, number });
                let court_order = a == 1 && n % 25 == 3;
                feed.ties.push(Tie {
                    pupil: pupil.id.clone(),
                    contact: adult.id.clone(),
                    kind: "Mother".to_owned(),
                    priority: Some(u8::try_from(a + 1).unwrap()),
                    responsibility: !court_order,
                    court_order,
                });
                feed.contacts.push(adult);
            }
            feed.marks.push(mark(&pupil.id, today, "/"));
            feed.pupils.push(pupil);
            if n % 10 == 0 {
                feed.staff.push(person(&format!("PWT-{n}"), ContactRole::Staff, n));
            }
        }
        feed
    }

    /// The first pupils only, with their adults: as from an MIS whose answer was cut short and looks whole.
    pub(crate) fn first(mut self, pupils: usize) -> Self {
        self.pupils.truncate(pupils);
        self.contacts.truncate(2 * pupils);
        self.ties.truncate(2 * pupils);
        self.staff.truncate(pupils.div_ceil(10));
        self.marks.truncate(pupils);
        self
    }

    /// Without these pupils; their adults stay.
    pub(crate) fn without(mut self, gone: &[&str]) -> Self {
        let stays = |person: &ContactId| !gone.contains(&person.as_str());
        self.pupils.retain(|p| stays(&p.id));
        self.contacts.retain(|p| stays(&p.id));
        self.ties.retain(|t| stays(&t.pupil) && stays(&t.contact));
        self.marks.retain(|m| stays(&m.pupil));
        self
    }

    /// The same people under other ids, as another kind of MIS knows them.
    pub(crate) fn renamed(mut self, prefix: &str) -> Self {
        let other = |known: &mut ContactId| *known = id(&format!("{prefix}{known}"));
        let people = self.pupils.iter_mut().chain(&mut self.contacts).chain(&mut self.staff);
        people.for_each(|person| other(&mut person.id));
        for tie in &mut self.ties {
            other(&mut tie.pupil);
            other(&mut tie.contact);
        }
        self.marks.iter_mut().for_each(|mark| other(&mut mark.pupil));
        self
    }

    pub(crate) fn contact(&mut self, contact: &str) -> &mut FeedPerson {
        self.contacts.iter_mut().find(|p| p.id.as_str() == contact).unwrap()
    }

    fn part(&self, part: Part) -> Records {
        match part {
            Part::School => Records::School(FeedSchool { name: "Hillview School".to_owned() }),
            Part::Pupils => Records::Pupils(self.pupils.clone()),
            Part::Contacts => Records::Contacts { people: self.contacts.clone(), ties: self.ties.clone() },
            Part::Staff => Records::Staff(self.staff.clone()),
            Part::Groups => Records::Groups(vec![FeedGroup {
                group: FeedGroupRef::new(GroupKind::Class, "7/Ma1").unwrap(),
                members: self
                    .pupils
                    .iter()
                    .filter(|_| !self.no_classes)
                    .step_by(2)
                    .map(|p| p.id.clone())
                    .collect(),
            }]),
            Part::Attendance => Records::Attendance(self.marks.clone()),
        }
    }
}

/// A morning mark.
pub(crate) fn mark(pupil: &ContactId, date: Date, code: &str) -> Mark {
    Mark { pupil: pupil.clone(), date, session: Session::Am, code: code.to_owned(), minutes_late: None }
}

/// What the MIS does wrong, while it is told to.
#[derive(Clone)]
pub(crate) enum Fault {
    /// It breaks off in a part, after so many rows.
    DiesIn(Part, u64),
    /// It refuses the password.
    Unauthorised,
    /// It never answers.
    Unreachable,
    /// It gives only those who changed, as if it were everybody.
    Partial,
}

/// The MIS.
pub(crate) struct Told {
    pub(crate) feed: Mutex<Feed>,
    pub(crate) fault: Mutex<Option<Fault>>,
    /// A clock that reading a part moves, and by how much.
    pub(crate) each_part_takes: Mutex<Option<(Clock, Duration)>>,
}

impl Told {
    pub(crate) fn new(feed: Feed) -> Self {
        Self { feed: Mutex::new(feed), fault: Mutex::new(None), each_part_takes: Mutex::new(None) }
    }

    fn answer(&self, query: Query, progress: &dyn Progress) -> Result<Reading, MisError> {
        let mut records = self.feed.lock().unwrap().part(query.part);
        if let Records::Attendance(marks) = &mut records {
            marks.retain(|m| (query.days.0..=query.days.1).contains(&m.date));
        }
        let rows = records.len() as u64;
        match self.fault.lock().unwrap().clone() {
            Some(Fault::DiesIn(part, after)) if part == query.part => {
                progress.rows(after, Some(rows));
                Err(MisError::Truncated("page 2 never came"))
            }
            Some(Fault::Unauthorised) => Err(MisError::Unauthorised { status: 401 }),
            Some(Fault::Unreachable) => Err(MisError::Unreachable("timed out".to_owned())),
            Some(Fault::Partial) => Ok(Reading { records, whole: false }),
            _ => {
                progress.rows(rows, Some(rows));
                Ok(Reading { records, whole: true })
            }
        }
    }
}

impl Mis for Told {
    fn carries(&self, _: Part) -> bool {
        true
    }

    fn read<'a>(&'a self, query: Query, progress: &'a dyn Progress) -> ReadingSoon<'a> {
        Box::pin(async move {
            if let Some((clock, takes)) = &*self.each_part_takes.lock().unwrap() {
                clock.advance(*takes);
            }
            self.answer(query, progress)
        })
    }
}
