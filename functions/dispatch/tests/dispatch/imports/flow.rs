//! What happens when all goes well, and when somebody decides otherwise.

use std::time::Duration;

use domain::audit::{Act, AuditEvent};
use domain::contact::{PhoneLabel, Source};
use domain::import::{Field, Outcome, Stage};
use store::StoreError;

use super::office::{Office, parents};

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_three_thousand_becomes_contacts() {
    let office = Office::open().await;
    let (id, inspected) = office.inspected(parents(3_000).as_bytes()).await;
    assert_eq!((inspected.rows, inspected.columns.len(), inspected.heading_row), (3_000, 7, 1));
    assert_eq!(inspected.guess.get(&Field::Mobile), Some(&4));
    assert_eq!(inspected.columns[2].samples, ["Ann0", "Ann1", "Ann2", "Ann3", "Ann4"]);
    assert_eq!(office.book().await, []);

    office.choose(id).await;
    office.work().await;
    let Stage::Checked(report) = office.stage(id).await else { panic!() };
    assert_eq!((report.rows, report.good, report.errors, report.to_create), (3_000, 3_000, 0, 3_000));
    assert!(report.parts > 3);
    // Nothing is imported until somebody has confirmed it.
    assert_eq!(office.book().await, []);

    office.confirm(id, report).await;
    office.work().await;
    assert_eq!(office.stage(id).await, Stage::Done(Outcome { created: 3_000, updated: 0, skipped: 0 }));
    let book = office.book().await;
    assert_eq!(book.len(), 3_000);
    let last = book.last().unwrap();
    assert_eq!(
        (last.id.as_str(), last.full_name().as_str(), last.source),
        ("P002999", "Ms Ann2999 Example", Source::Upload)
    );
    assert_eq!(last.number(PhoneLabel::Mobile), Some("+447700900999"));
    assert_eq!(last.groups, ["Year 10", "Choir of the school"]);
    // The file and the rows that were put by are gone.
    assert!(office.files.is_empty());
    assert!(matches!(office.school.imports().part(id, 0).await, Err(StoreError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_ids_are_updated() {
    let office = Office::open().await;
    office.imported(parents(10).as_bytes()).await;
    let mut list = parents(12).replace("Ann3,", "Anna,");
    list.push_str("P000000,Ms,Twice,Example,,,\n");
    let (id, report) = office.checked(list.as_bytes()).await;
    assert_eq!((report.good, report.to_create, report.to_update, report.bad()), (11, 2, 9, 2));
    assert_eq!(report.to_take_over, 0);
    office.confirm(id, report).await;
    office.work().await;
    assert_eq!(office.stage(id).await, Stage::Done(Outcome { created: 2, updated: 9, skipped: 2 }));
    let book = office.book().await;
    assert_eq!((book.len(), book[0].forename.as_str(), book[3].forename.as_str()), (12, "Ann0", "Anna"));
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_of_another_source_are_counted_before_they_are_taken_over() {
    let office = Office::open().await;
    office.imported(parents(2).as_bytes()).await;
    let mut known = office.school.contacts().get(&office.book().await[0].id).await.unwrap().unwrap();
    known.contact.source = Source::Hand;
    let event = AuditEvent::of_system(Act::ContactChanged, "");
    office.school.contacts().put(&known.contact, known.rev, &event, office.now()).await.unwrap();
    let (_, report) = office.checked(parents(3).as_bytes()).await;
    assert_eq!((report.to_create, report.to_update, report.to_take_over), (1, 2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_kept_with_their_places_and_the_good_rows_can_be_imported() {
    let office = Office::open().await;
    let list = "id,forename,mobile,email\n\
                1,Ann,7700900123,ann@example.org\n\
                2,Bea,not a number,bea@\n\
                3,=cmd|' /C calc'!A0,07700900124,\n\
                4,Di,07700900125,\n";
    let (id, report) = office.checked(list.as_bytes()).await;
    assert_eq!((report.rows, report.good, report.errors, report.repairs), (4, 2, 3, 1));
    let places: Vec<(u32, Option<u16>)> = office.errors(id).await.iter().map(|f| (f.row, f.column)).collect();
    assert_eq!(places, [(3, Some(2)), (3, Some(3)), (4, Some(1))]);
    let repairs = office.repairs(id).await;
    assert_eq!((repairs.len(), repairs[0].row, repairs[0].value.as_str()), (1, 2, "7700900123"));

    office.confirm(id, report).await;
    office.work().await;
    assert_eq!(office.stage(id).await, Stage::Done(Outcome { created: 2, updated: 0, skipped: 2 }));
    let ids: Vec<String> = office.book().await.iter().map(|c| c.id.to_string()).collect();
    assert_eq!(ids, ["1", "4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_can_be_chosen_again() {
    let office = Office::open().await;
    let (id, report) = office.checked(b"id,forename,mobile,home\n1,Ann,07700900123,x\n").await;
    assert_eq!(report.errors, 1);
    office
        .set(id, |import| {
            let columns = [(Field::Id, 0), (Field::Surname, 1), (Field::Mobile, 2)];
            let mapping = domain::import::Mapping::new(columns, domain::contact::ContactRole::Staff, 4);
            (import.mapping, import.stage) = (Some(mapping.unwrap()), Stage::checking());
        })
        .await;
    office.work().await;
    let Stage::Checked(report) = office.stage(id).await else { panic!() };
    assert_eq!((report.good, report.errors), (1, 0));
    assert_eq!(office.errors(id).await, []);
    office.confirm(id, report).await;
    office.work().await;
    assert_eq!(office.book().await[0].surname, "Ann");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_upload_leaves_nothing() {
    let office = Office::open().await;
    let (id, _) = office.checked(b"id,forename,mobile\n1,Ann,07700900123\n2,Bea,x\n").await;
    office.set(id, |import| import.stage = Stage::Discarded).await;
    office.work().await;
    assert_eq!(office.stage(id).await, Stage::Discarded);
    assert_eq!(office.get(id).await.due_ms, None);
    assert!(office.files.is_empty());
    assert_eq!(office.errors(id).await, []);
    assert!(office.school.imports().part(id, 0).await.is_err());
    assert_eq!(office.book().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_work_is_handed_on_from_job_to_job() {
    let office = Office::open().await;
    let (id, _) = office.inspected(parents(4_000).as_bytes()).await;
    office.each_read_takes(Duration::from_secs(26));
    office.choose(id).await;
    let mut turns = 0;
    loop {
        let jobs = office.queue.take_jobs();
        if jobs.is_empty() {
            break;
        }
        assert_eq!(jobs.len(), 1);
        office.importer().run(id).await.unwrap();
        turns += 1;
        if let Stage::Checking { rows_packed, parts, .. } = office.stage(id).await {
            assert_eq!(parts, turns);
            assert!(rows_packed > 0);
        }
    }
    let Stage::Checked(report) = office.stage(id).await else { panic!() };
    assert_eq!((turns, report.good), (report.parts + 1, 4_000));
    office.confirm(id, report).await;
    office.work().await;
    assert_eq!(office.book().await.len(), 4_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_waits_while_another_is_written() {
    let office = Office::open().await;
    let (id, report) = office.checked(parents(3).as_bytes()).await;
    let other = office.school.book().begin_bulk("another", 60_000, office.now()).await.unwrap();
    office.confirm(id, report).await;
    for _ in 0..20 {
        assert_eq!(office.queue.take_jobs().len(), 1);
        office.importer().run(id).await.unwrap();
    }
    assert!(matches!(office.stage(id).await, Stage::Importing { parts_done: 0, .. }));
    other.end().await.unwrap();
    office.work().await;
    assert!(matches!(office.stage(id).await, Stage::Done(_)));
}
