//! A made-up school: twelve pupils, their adults, four staff, groups and the marks of one day.

use domain::contact::{ContactRole, LabelledNumber, PhoneLabel};
use domain::feed::{
    FeedGroup, FeedGroupRef, FeedPerson, FeedSchool, GroupKind, Mark, Part, Records, Session, Snapshot, Tie,
};
use domain::ids::ContactId;
use jiff::civil::{Date, date};
use sync::mis::{Counter, Mis, MisError, Query};

pub(crate) const NAME: &str = "Hollin Bank School";
/// A Monday.
pub(crate) const DAY: Date = date(2026, 1, 12);

/// The school in parts, as it is made up; formats write from it.
#[derive(Debug, Clone)]
pub(crate) struct School {
    pub(crate) pupils: Vec<FeedPerson>,
    pub(crate) contacts: Vec<FeedPerson>,
    pub(crate) ties: Vec<Tie>,
    pub(crate) staff: Vec<FeedPerson>,
    pub(crate) groups: Vec<FeedGroup>,
    pub(crate) marks: Vec<Mark>,
}

const FAMILIES: [(&str, &[&str]); 7] = [
    ("Okafor", &["Ada", "Chidi"]),
    ("Brennan", &["Orla", "Niamh", "Sean"]),
    ("Whitlock", &["Tom"]),
    ("Żak", &["Zofia", "Jan"]),
    ("O'Hara-Lee", &["Mei"]),
    ("Patel", &["Ravi", "Asha"]),
    ("Nowak", &["Ola"]),
];

const KINDS: [&str; 3] = ["Mother", "Father", "Grandmother"];

pub(crate) fn id(text: &str) -> ContactId {
    ContactId::parse(text).unwrap()
}

fn group(kind: GroupKind, name: &str) -> FeedGroupRef {
    FeedGroupRef::new(kind, name).unwrap()
}

fn number(label: PhoneLabel, number: String) -> LabelledNumber {
    LabelledNumber { label, number }
}

fn person(text: &str, role: ContactRole, title: Option<&str>, forename: &str, surname: &str) -> FeedPerson {
    FeedPerson {
        id: id(text),
        role,
        title: title.map(str::to_owned),
        forename: forename.to_owned(),
        surname: surname.to_owned(),
        numbers: Vec::new(),
        emails: Vec::new(),
        groups: Vec::new(),
    }
}

fn adult(n: usize, place: usize, surname: &str) -> FeedPerson {
    let title = ["Mrs", "Mr", "Ms"][place];
    let forename = ["Grace", "Peter", "Ruth"][place];
    let mut adult = person(&format!("PC-{n}"), ContactRole::Parent, Some(title), forename, surname);
    adult.numbers.push(number(PhoneLabel::Mobile, format!("07700 900{n}")));
    if place == 0 {
        adult.numbers.push(number(PhoneLabel::Home, format!("01632 960{n}")));
        adult.emails.push(format!("family{n}@example.org"));
    }
    adult
}

fn pupil(n: usize, forename: &str, surname: &str) -> FeedPerson {
    let mut pupil = person(&format!("PL-{}", 100 + n), ContactRole::Pupil, None, forename, surname);
    let year = 7 + n % 3;
    pupil.groups = vec![
        group(GroupKind::Year, &format!("Year {year}")),
        group(GroupKind::House, ["Aire", "Calder"][n % 2]),
        group(GroupKind::Registration, &format!("{year}A")),
    ];
    pupil
}

fn tie(pupil: &FeedPerson, adult: &FeedPerson, place: usize) -> Tie {
    Tie {
        pupil: pupil.id.clone(),
        contact: adult.id.clone(),
        kind: KINDS[place].to_owned(),
        priority: Some(u8::try_from(place + 1).unwrap()),
        responsibility: place < 2,
        court_order: false,
    }
}

/// Twelve pupils in seven families; 18 adults, of whom one may not be told about one child.
pub(crate) fn school() -> School {
    let (mut pupils, mut contacts, mut ties): (Vec<FeedPerson>, Vec<_>, Vec<_>) =
        (Vec::new(), Vec::new(), Vec::new());
    for (f, (surname, children)) in FAMILIES.iter().enumerate() {
        let adults = if f % 2 == 0 { 3 } else { 2 };
        let first = contacts.len();
        contacts.extend((0..adults).map(|place| adult(200 + first + place, place, surname)));
        for forename in *children {
            let pupil = pupil(pupils.len(), forename, surname);
            ties.extend((0..adults).map(|place| tie(&pupil, &contacts[first + place], place)));
            pupils.push(pupil);
        }
    }
    // Peter Okafor may be told about Ada, and never about Chidi.
    let barred = ties.iter_mut().find(|t| t.pupil == id("PL-101") && t.contact == id("PC-201")).unwrap();
    barred.court_order = true;
    barred.responsibility = false;
    let staff: Vec<FeedPerson> = (0..4)
        .map(|n| {
            let forename = ["Hilda", "Omar", "Jess", "Liam"][n];
            let mut member =
                person(&format!("PWT-{}", 300 + n), ContactRole::Staff, Some("Dr"), forename, "Staff");
            member.numbers.push(number(PhoneLabel::Mobile, format!("07700 9003{n:02}")));
            member.emails.push(format!("staff{n}@example.org"));
            member
        })
        .collect();
    let groups = groups(&pupils, &staff);
    let marks = marks(&pupils);
    School { pupils, contacts, ties, staff, groups, marks }
}

fn groups(pupils: &[FeedPerson], staff: &[FeedPerson]) -> Vec<FeedGroup> {
    let mut groups: Vec<FeedGroup> = Vec::new();
    for pupil in pupils {
        for one in &pupil.groups {
            match groups.iter_mut().find(|g| g.group == *one) {
                Some(known) => known.members.push(pupil.id.clone()),
                None => groups.push(FeedGroup { group: one.clone(), members: vec![pupil.id.clone()] }),
            }
        }
    }
    let mut maths: Vec<ContactId> = pupils.iter().step_by(2).map(|p| p.id.clone()).collect();
    maths.push(staff[0].id.clone());
    groups.push(FeedGroup { group: group(GroupKind::Class, "9/Ma1"), members: maths });
    groups.sort_by(|a, b| a.group.cmp(&b.group));
    groups
}

/// Absent without a reason, late, ill, not yet marked, and present.
fn marks(pupils: &[FeedPerson]) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (n, pupil) in pupils.iter().enumerate() {
        for session in Session::ALL {
            let code = match (n, session) {
                (0, _) => "N",
                (1, Session::Am) => "L",
                (2, _) => "I",
                (3, Session::Pm) => "-",
                (_, Session::Am) => "/",
                (_, Session::Pm) => "\\",
            };
            let minutes_late = (code == "L").then_some(12);
            marks.push(Mark {
                pupil: pupil.id.clone(),
                date: DAY,
                session,
                code: code.to_owned(),
                minutes_late,
            });
        }
    }
    marks
}

impl School {
    /// The feed that a connector should come to.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::assemble([
            Records::School(FeedSchool { name: NAME.to_owned() }),
            Records::Pupils(self.pupils.clone()),
            Records::Contacts { people: self.contacts.clone(), ties: self.ties.clone() },
            Records::Staff(self.staff.clone()),
            Records::Groups(self.groups.clone()),
            Records::Attendance(self.marks.clone()),
        ])
        .unwrap()
    }
}

/// The question for one part, whole, on the school's day.
pub(crate) const fn all_of(part: Part) -> Query {
    Query { part, since: None, days: (DAY, DAY) }
}

/// Everything that a connector carries.
pub(crate) async fn read(mis: &dyn Mis) -> Result<Snapshot, MisError> {
    let progress = Counter::default();
    let mut parts = Vec::new();
    for part in Part::ALL {
        if mis.carries(part) {
            let reading = mis.read(all_of(part), &progress).await?;
            assert!(reading.whole, "{part:?}");
            assert_eq!(reading.records.part(), part);
            parts.push(reading.records);
        }
    }
    Ok(Snapshot::assemble(parts)?)
}
