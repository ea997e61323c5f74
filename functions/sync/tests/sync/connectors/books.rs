//! The same made-up school through each connector and the engine into the embedded database: the address books are the
//! same, apart from what a format does not carry. What that is stands in the table below and in `docs/ARCHITECTURE.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::contact::Contact;
use domain::feed::{FeedSchool, GroupKind, Mark, Part, Reading, Records, Tie};
use domain::ids::{RunId, SyncFileId};
use domain::phone::{CountryCode, NumberMode};
use domain::report::ReportMapping;
use domain::settings::Settings;
use domain::sync::{Asked, LEASE_MS, MisSettings, Run, RunState, SyncFile, sync_file_key};
use store::Begun;
use sync::mis::{Mis, Progress, Query, ReadingSoon, Version};
use testkit::World;
use ulid::Ulid;

use super::school::{DAY, NAME, School, school};
use super::{mapped, oneroster, sif, wonde, xporter};
use crate::kit::{Only, groups, syncer, ties};

/// What a format does not carry of the school.
#[derive(Debug, Clone, Copy)]
struct Lacks {
    /// Mr, Ms, Dr.
    titles: bool,
    houses: bool,
    /// Mother, grandmother: only whether somebody is a parent, which also stands for responsibility.
    relationships: bool,
    priorities: bool,
    court_orders: bool,
    staff: bool,
    marks: bool,
    minutes_late: bool,
}

const ONE_ROSTER: Lacks = Lacks {
    titles: true,
    houses: true,
    relationships: true,
    priorities: true,
    court_orders: true,
    staff: false,
    marks: true,
    minutes_late: false,
};
const REPORT: Lacks = Lacks { staff: true, marks: true, ..NOTHING };
const NOTHING: Lacks = Lacks {
    titles: false,
    houses: false,
    relationships: false,
    priorities: false,
    court_orders: false,
    staff: false,
    marks: false,
    minutes_late: false,
};

impl Lacks {
    fn of(self, mut school: School) -> School {
        for person in school.pupils.iter_mut().chain(&mut school.contacts).chain(&mut school.staff) {
            person.title.take_if(|_| self.titles);
            person.groups.retain(|g| !self.houses || g.kind != GroupKind::House);
        }
        school.groups.retain(|g| !self.houses || g.group.kind != GroupKind::House);
        for tie in &mut school.ties {
            if self.relationships {
                tie.kind = String::from(if tie.kind == "Grandmother" { "Relative" } else { "Parent" });
                tie.responsibility = tie.kind == "Parent";
            }
            tie.priority.take_if(|_| self.priorities);
            tie.court_order &= !self.court_orders;
        }
        if self.staff {
            school.staff.clear();
        }
        if self.marks {
            school.marks.clear();
        }
        for mark in &mut school.marks {
            mark.minutes_late.take_if(|_| self.minutes_late);
        }
        school
    }
}

/// The school as it is made up, by no format at all.
struct Straight(School);

impl Mis for Straight {
    fn carries(&self, _: Part) -> bool {
        true
    }

    fn read<'a>(&'a self, query: Query, _: &'a dyn Progress) -> ReadingSoon<'a> {
        let School { pupils, contacts, ties, staff, groups, marks } = self.0.clone();
        let records = match query.part {
            Part::School => Records::School(FeedSchool { name: NAME.to_owned() }),
            Part::Pupils => Records::Pupils(pupils),
            Part::Contacts => Records::Contacts { people: contacts, ties },
            Part::Staff => Records::Staff(staff),
            Part::Groups => Records::Groups(groups),
            Part::Attendance => Records::Attendance(marks),
        };
        Box::pin(async { Ok(Reading { records, whole: true }) })
    }
}

/// Where a run reads.
enum Source {
    /// An MIS that is called.
    Called(Arc<dyn Mis>),
    /// A file of this kind, with a report's columns.
    File(&'static str, Vec<u8>, ReportMapping),
}

/// All that a message depends on.
#[derive(Debug, PartialEq)]
struct Book {
    people: Vec<Contact>,
    ties: Vec<Tie>,
    groups: BTreeMap<String, usize>,
    marks: Vec<Mark>,
}

/// A run of a new school, from the source to the address book.
async fn synced(what: &str, source: Source) -> Book {
    let morning = DAY.at(8, 40, 0, 0).in_tz("Europe/London").unwrap().timestamp().as_millisecond();
    let world = World::start_at(morning).await;
    let (school, files) = (&world.school, &world.files);
    let mut mis = MisSettings { kind: "told".to_owned(), ..MisSettings::default() };
    let mut run =
        Run::new(RunId::new(Ulid::from_parts(morning.cast_unsigned(), 1)), Asked::Schedule, morning);
    let called = match source {
        Source::Called(called) => Some(called),
        Source::File(kind, bytes, columns) => {
            let id = SyncFileId::new(Ulid::from_parts(morning.cast_unsigned(), 2));
            files.put(&sync_file_key(school.id(), id), bytes);
            let file = SyncFile::new(id, "file".to_owned(), 1, Asked::Schedule, morning);
            school.sync().files().create(&file).await.unwrap();
            (run.file, mis.kind, mis.columns) = (Some(id), kind.to_owned(), columns);
            None
        }
    };
    school.settings().create(&Settings { mis, ..Settings::new(NAME) }).await.unwrap();
    let syncer = syncer(&world, Arc::new(Only(called)));
    assert_eq!(school.sync().begin(&run, LEASE_MS, morning).await.unwrap(), Begun::New);
    syncer.run(school, run.id).await.unwrap();
    let ended = school.sync().run(run.id).await.unwrap().unwrap();
    assert_eq!(ended.state, RunState::Finished, "{what}: {:?}", ended.why);
    let book = school.book().load(CountryCode::UK, NumberMode::Simulated, morning).await.unwrap();
    Book {
        people: book.contacts().to_vec(),
        ties: ties(&book),
        groups: groups(&book),
        marks: school.sync().registers().marks(DAY).await.unwrap(),
    }
}

#[tokio::test]
async fn every_connector_makes_the_same_address_book_of_the_same_school() {
    let (_xporter_server, xporter) = xporter::started(school()).await;
    let (_wonde_server, wonde) = wonde::started().await;
    let (_v12_server, v12) = oneroster::started(Version::V1p2, true).await;
    let (_v11_server, v11) = oneroster::started(Version::V1p1, true).await;
    let (_sif_server, sif) = sif::started(true).await;
    let package = oneroster::package(|_, text| Some(text));
    let file = |kind, bytes, columns| Source::File(kind, bytes, columns);
    let table = [
        ("Xporter", Source::Called(Arc::new(xporter)), NOTHING),
        ("Wonde", Source::Called(Arc::new(wonde)), Lacks { marks: true, ..NOTHING }),
        ("OneRoster 1.2", Source::Called(Arc::new(v12)), ONE_ROSTER),
        ("OneRoster 1.1", Source::Called(Arc::new(v11)), ONE_ROSTER),
        ("OneRoster file", file("oneroster_csv", package, ReportMapping::new()), ONE_ROSTER),
        (
            "SIF",
            Source::Called(Arc::new(sif)),
            Lacks { houses: true, court_orders: true, minutes_late: true, ..NOTHING },
        ),
        ("report, CSV", file("report", mapped::report().into_bytes(), mapped::mapping()), REPORT),
        ("report, Excel", file("report", mapped::workbook(), mapped::mapping()), REPORT),
    ];
    for (what, source, lacks) in table {
        let wanted = synced("straight", Source::Called(Arc::new(Straight(lacks.of(school()))))).await;
        let book = synced(what, source).await;
        assert_eq!(book, wanted, "{what}");
        // Nothing of it is empty by chance.
        assert!(book.people.len() >= 30 && book.ties.len() == 29 && !book.groups.is_empty(), "{what}");
    }
}

#[test]
fn the_table_of_what_formats_lack_is_about_what_the_school_has() {
    let whole = school();
    let lost = |lacks: Lacks| {
        let left = lacks.of(school());
        left.snapshot() != whole.snapshot()
    };
    for lacks in [
        Lacks { titles: true, ..NOTHING },
        Lacks { houses: true, ..NOTHING },
        Lacks { relationships: true, ..NOTHING },
        Lacks { priorities: true, ..NOTHING },
        Lacks { court_orders: true, ..NOTHING },
        Lacks { staff: true, ..NOTHING },
        Lacks { marks: true, ..NOTHING },
        Lacks { minutes_late: true, ..NOTHING },
    ] {
        assert!(lost(lacks), "{lacks:?}");
    }
}
