use super::*;
use crate::contact::ContactRole;
use crate::ids::ContactId;

fn id(text: &str) -> ContactId {
    ContactId::parse(text).unwrap()
}

fn person(text: &str, role: ContactRole) -> FeedPerson {
    FeedPerson {
        forename: "A".into(),
        surname: "B".into(),
        groups: FeedGroupRef::new(GroupKind::Year, "Year 9").into_iter().collect(),
        ..FeedPerson::new(id(text), role)
    }
}

fn tie(pupil: &str, contact: &str, court_order: bool) -> Tie {
    let (pupil, contact) = (id(pupil), id(contact));
    Tie { pupil, contact, kind: "Father".into(), priority: Some(1), responsibility: true, court_order }
}

fn contacts(ties: Vec<Tie>) -> Records {
    Records::Contacts { people: vec![person("c1", ContactRole::Parent)], ties }
}

#[test]
fn a_group_name_has_single_spaces() {
    let group = FeedGroupRef::new(GroupKind::Year, " Year  4 ").unwrap();
    assert_eq!(group.name, "Year 4");
    assert_eq!(FeedGroupRef::new(GroupKind::House, " \t"), None);
}

#[test]
fn parts_come_together_each_thing_once() {
    let year = FeedGroupRef::new(GroupKind::Year, "Year 9").unwrap();
    let class = FeedGroupRef::new(GroupKind::Class, "9C/Ma1").unwrap();
    let all = Snapshot::assemble([
        Records::Pupils(vec![person("p1", ContactRole::Pupil)]),
        contacts(vec![tie("p1", "c1", false), tie("p1", "c1", false), tie("gone", "c1", false)]),
        Records::Groups(vec![
            FeedGroup { group: year.clone(), members: vec![id("p1"), id("gone")] },
            FeedGroup { group: class.clone(), members: vec![id("p1")] },
        ]),
    ])
    .unwrap();
    assert_eq!(all.people[&id("p1")].groups, [year, class]);
    assert_eq!(all.ties.len(), 1);
}

#[test]
fn a_feed_that_contradicts_itself_is_refused() {
    let pupils = || Records::Pupils(vec![person("p1", ContactRole::Pupil)]);
    let twice = Records::Staff(vec![person("p1", ContactRole::Staff)]);
    assert_eq!(Snapshot::assemble([pupils(), twice]), Err(Inconsistent::SamePersonTwice));
    let both = contacts(vec![tie("p1", "c1", false), tie("p1", "c1", true)]);
    assert_eq!(Snapshot::assemble([pupils(), both]), Err(Inconsistent::SamePairTwice));
    let mark = |code: &str| Mark {
        pupil: id("p1"),
        date: jiff::civil::date(2026, 1, 12),
        session: Session::Am,
        code: code.into(),
        minutes_late: None,
    };
    let marks = Records::Attendance(vec![mark("N"), mark("/")]);
    assert_eq!(Snapshot::assemble([pupils(), marks]), Err(Inconsistent::SameMarkTwice));
}
