//! The address book, ties and bars, and uploads.

use std::collections::BTreeSet;

use domain::contact::{Away, Contact, ContactRole, LabelledNumber, Overrides, PhoneLabel, Source};
use domain::feed::Tie;
use domain::ids::ImportId;
use domain::import::{Finding, Stage};
use domain::phone::{CountryCode, NumberMode};
use store::{FindingKind, Import, StoredContact};
use testkit::school_id;

use super::{NOW, joe, person, stored, ulid};

fn ada() -> Contact {
    let number = |label, number: &str| LabelledNumber { label, number: number.to_owned() };
    Contact {
        id: person("P1"),
        source: Source::Mis,
        title: Some("Mrs".to_owned()),
        forename: "Ada".to_owned(),
        surname: "Example".to_owned(),
        role: ContactRole::Parent,
        numbers: vec![number(PhoneLabel::Mobile, "+447700900123"), number(PhoneLabel::Home, "+441632960123")],
        email: Some("ada@example.org".to_owned()),
        groups: vec!["Year 9".to_owned()],
        overrides: Overrides::default().with("forename", "Adelaide").with("work", "+441632960124"),
        away: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_book_has_its_people_groups_ties_and_bars() {
    let table = stored().await;
    let school = table.school(1);
    let found = school.contacts().get(&person("P1")).await.unwrap();
    assert_eq!(found, Some(StoredContact { contact: ada(), rev: 1 }));
    let hidden = Contact { id: person("P2"), forename: "Cy".to_owned(), away: Some(Away::Hidden), ..ada() };
    assert_eq!(school.contacts().known(&[&person("P2")]).await.unwrap(), [hidden]);

    let book = school.book().load(CountryCode::UK, NumberMode::Simulated, NOW).await.unwrap();
    assert_eq!(book.version(), 6);
    let pupil = book.place(&person("K1")).unwrap();
    assert!(book.is_pupil(pupil));
    assert_eq!(book.registration_of(pupil), Some("9A"));
    assert_eq!(book.name_of(&person("K1")).as_deref(), Some("Ben Example"));

    let mother = Tie {
        pupil: person("K1"),
        contact: person("P1"),
        kind: "Mother".to_owned(),
        priority: Some(1),
        responsibility: true,
        court_order: false,
    };
    let (pair, barred) = ((person("K1"), person("P1")), (person("K1"), person("P2")));
    assert_eq!(school.ties().between(std::slice::from_ref(&pair)).await.unwrap(), [mother]);
    assert_eq!(school.ties().pairs_of_mis(&[(&pair.0, &pair.1)]).await.unwrap().len(), 1);
    assert_eq!(school.ties().bars().await.unwrap(), BTreeSet::from([barred]));
    assert_eq!(school.sync().manifest().stale_people().await.unwrap(), [person("P2")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_where_it_stood() {
    let table = stored().await;
    let (store, school) = (&table.store, table.school(1));
    let id = ImportId::new(ulid(20));
    let begun = Import::new(id, "contacts.csv".to_owned(), 1_234, joe(), NOW);
    let import = Import {
        version: 2,
        stage: Stage::Inspecting,
        due_ms: Some(NOW + 60_000),
        worker: Some("worker".to_owned()),
        ..begun
    };
    assert_eq!(school.imports().get(id, NOW).await.unwrap(), Some(import.clone()));
    assert_eq!(school.imports().list(5, NOW).await.unwrap(), [import]);
    let part = school.imports().part(id, 0).await.unwrap();
    assert_eq!(part.iter().map(|c| (c.id.as_str(), &*c.forename)).collect::<Vec<_>>(), [("P9", "Dee")]);
    let finding =
        Finding { row: 3, column: Some(2), value: "x".to_owned(), message: "Type a number.".to_owned() };
    for kind in [FindingKind::Error, FindingKind::Repair] {
        assert_eq!(school.imports().findings(id, kind).await.unwrap(), std::slice::from_ref(&finding));
    }
    assert_eq!(store.due_imports(NOW + 60_000, 5).await.unwrap(), [(school_id(1), id)]);
}
