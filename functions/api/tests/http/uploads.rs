//! What people do in an upload: begin it, choose its columns, confirm it, throw it away.

use api::ApiError;
use api::services::imports::{self, Ticket};
use domain::audit::{Act, AuditEvent};
use domain::contact::ContactRole;
use domain::ids::ImportId;
use domain::import::{Field, Report, Sheet, Stage, inspect};
use domain::job::Job;
use store::Import;
use testkit::author;

use crate::kit::House;

const MB: u64 = 1024 * 1024;
const COLUMNS: [(Field, u16); 2] = [(Field::Id, 0), (Field::Forename, 1)];

fn by_hand() -> AuditEvent {
    AuditEvent::of_system(Act::DataUploaded, "")
}

async fn begin(house: &House) -> Ticket {
    imports::create(&house.state, &house.school, author(), "C:\\lists\\Year 9.csv", 1_000).await.unwrap()
}

/// Moves an upload on as the dispatcher does.
async fn dispatcher(house: &House, id: ImportId, change: impl FnOnce(&mut Import)) -> Import {
    let mut import = imports::get(&house.state, &house.school, id).await.unwrap();
    change(&mut import);
    import.due_ms = None;
    house.school.imports().save(&mut import).await.unwrap();
    import
}

async fn at_mapping(house: &House) -> Import {
    let id = begin(house).await.id;
    dispatcher(house, id, |import| {
        let list = Sheet::detect("key,who,mobile\n1,Ann,07700900123\n");
        import.inspected = Some(inspect(&list, Vec::new()).unwrap());
        import.stage = Stage::Mapping;
    })
    .await
}

async fn at_checked(house: &House, good: u32, errors: u32) -> Import {
    let id = at_mapping(house).await.id;
    let report = Report {
        rows: good + errors,
        good,
        errors,
        repairs: 0,
        to_create: good,
        to_update: 0,
        to_take_over: 0,
        parts: 1,
    };
    dispatcher(house, id, |import| import.stage = Stage::Checked(report)).await
}

fn errors_of(error: &ApiError) -> Vec<String> {
    assert_eq!(error.status().as_u16(), 422, "{error:?}");
    error.problem().errors.iter().map(|e| e.field.clone()).collect()
}

fn queued(house: &House) -> Vec<Job> {
    house.queue.take_jobs()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_gets_a_place_or_is_refused_before_it_is_sent() {
    let house = House::start().await;
    let ticket = begin(&house).await;
    let place = format!("https://files.example.com/uploads/{}/{}?signed", house.school.id(), ticket.id);
    assert_eq!(ticket.url, place);
    let import = imports::get(&house.state, &house.school, ticket.id).await.unwrap();
    assert_eq!((import.stage, import.file_name.as_str()), (Stage::AwaitingUpload, "Year 9.csv"));
    for (bytes, said) in [(0, "empty"), (20 * MB + 1, "21 MB"), (50 * MB, "50 MB"), (u64::MAX, "MB")] {
        let error = imports::create(&house.state, &house.school, author(), "x.csv", bytes).await.unwrap_err();
        assert_eq!(errors_of(&error), ["file"]);
        assert!(error.problem().detail.contains(said), "{error:?}");
    }
    assert_eq!(imports::latest(&house.state, &house.school, 10).await.unwrap().len(), 1);
    // Nothing happens before the file has arrived.
    assert_eq!(queued(&house), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_arrived_is_read_once() {
    let house = House::start().await;
    let id = begin(&house).await.id;
    let job = Job::Import { school: house.school.id(), import: id };
    let import = imports::uploaded(&house.state, &house.school, id).await.unwrap();
    assert_eq!(import.stage, Stage::Inspecting);
    assert!(import.due_ms.is_some());
    assert_eq!(queued(&house), [job]);
    imports::uploaded(&house.state, &house.school, id).await.unwrap();
    assert_eq!(queued(&house), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_down_loses_nothing() {
    let house = House::start().await;
    let id = begin(&house).await.id;
    house.queue.break_down();
    imports::uploaded(&house.state, &house.school, id).await.unwrap();
    let later = house.state.now_ms() + 60_000;
    assert_eq!(house.store.due_imports(later, 10).await.unwrap(), [(house.school.id(), id)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_schools_upload_is_not_there() {
    let house = House::start().await;
    let id = begin(&house).await.id;
    let (other, _) = house.another(2, &[]).await;
    assert!(matches!(imports::get(&house.state, &other, id).await, Err(ApiError::NotFound)));
    assert!(matches!(imports::uploaded(&house.state, &other, id).await, Err(ApiError::NotFound)));
    assert!(matches!(imports::discard(&house.state, &other, id).await, Err(ApiError::NotFound)));
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_chosen_and_wrong_choices_explained() {
    let house = House::start().await;
    let import = at_mapping(&house).await;
    let choose = async |version, columns: &[(Field, u16)]| {
        imports::choose_columns(&house.state, &house.school, import.id, version, columns, ContactRole::Parent)
            .await
    };
    for (columns, fields) in [
        (&[][..], &["id", "forename"][..]),
        (&[(Field::Id, 0)], &["forename"]),
        (&[(Field::Id, 0), (Field::Surname, 0)], &["columns", "forename"]),
        (&[(Field::Id, 0), (Field::Surname, 3)], &["columns", "forename"]),
    ] {
        assert_eq!(errors_of(&choose(import.version, columns).await.unwrap_err()), fields);
    }
    assert!(matches!(choose(import.version - 1, &COLUMNS).await, Err(ApiError::Conflict(_))));
    assert_eq!(queued(&house), []);
    let chosen = choose(import.version, &COLUMNS).await.unwrap();
    assert_eq!(chosen.stage, Stage::checking());
    assert_eq!(queued(&house).len(), 1);
    // It is being checked now: the choice cannot be changed under the checker's hands.
    assert!(matches!(choose(chosen.version, &COLUMNS).await, Err(ApiError::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_imported_before_it_is_confirmed_and_errors_are_accepted() {
    let house = House::start().await;
    let confirm = async |import: &Import, good_only| {
        imports::confirm(&house.state, &house.school, import.id, import.version, good_only, by_hand()).await
    };
    let mapping = at_mapping(&house).await;
    assert!(matches!(confirm(&mapping, true).await, Err(ApiError::Conflict(_))));

    let clean = at_checked(&house, 5, 0).await;
    let importing = confirm(&clean, false).await.unwrap();
    assert!(matches!(importing.stage, Stage::Importing { parts_done: 0, .. }));
    assert!(matches!(confirm(&clean, false).await, Err(ApiError::Conflict(_))));
    assert_eq!(queued(&house), [Job::Import { school: house.school.id(), import: clean.id }]);

    let some_bad = at_checked(&house, 5, 2).await;
    let refused = confirm(&some_bad, false).await.unwrap_err();
    assert_eq!(errors_of(&refused), ["rows"]);
    assert!(refused.problem().detail.contains("2 of 7 rows"), "{refused:?}");
    let importing = confirm(&some_bad, true).await.unwrap();
    let Stage::Importing { so_far, .. } = importing.stage else { panic!() };
    assert_eq!(so_far.skipped, 2);

    let all_bad = at_checked(&house, 0, 3).await;
    assert_eq!(errors_of(&confirm(&all_bad, true).await.unwrap_err()), ["rows"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_can_be_thrown_away_until_it_is_being_imported() {
    let house = House::start().await;
    let id = at_checked(&house, 5, 0).await.id;
    let discarded = imports::discard(&house.state, &house.school, id).await.unwrap();
    assert_eq!(discarded.stage, Stage::Discarded);
    // The dispatcher removes the file.
    assert_eq!(queued(&house).len(), 1);
    assert_eq!(imports::discard(&house.state, &house.school, id).await.unwrap().stage, Stage::Discarded);

    let import = at_checked(&house, 5, 0).await;
    imports::confirm(&house.state, &house.school, import.id, import.version, false, by_hand()).await.unwrap();
    assert!(matches!(
        imports::discard(&house.state, &house.school, import.id).await,
        Err(ApiError::Conflict(_))
    ));
}
