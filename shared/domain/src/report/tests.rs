use super::ReportField as F;
use super::ReportMappingError as E;
use super::*;
use crate::import::Sheet;
use proptest::prelude::*;

fn columns(text: &str, system: ReportSystem) -> ReportLook {
    look(&Sheet::detect(text), system, &ReportMapping::new()).unwrap()
}

#[test]
fn every_field_has_a_code_and_words_of_its_own() {
    for field in ReportField::all() {
        assert_eq!(ReportField::from_code(field.code()), Some(field));
        let stored = serde_json::to_string(&field).unwrap();
        assert_eq!(stored, format!("\"{}\"", field.code()));
    }
    for system in ReportSystem::ALL {
        assert_eq!(ReportSystem::from_code(system.code()), Some(system));
    }
}

#[test]
fn headings_are_found_below_a_title_and_suggested_by_the_systems_own_words() {
    let text = "Contacts for messages\nPrinted,12/01/2026\nPupil Ref,Known As,Surname,Stage,Reg Class,Contact Ref,\
                Contact Surname,Mobile No,PRR\n1,Ada,Okafor,S1,1A,9,Okafor,07700 900123,Y\n";
    let seen = columns(text, ReportSystem::Seemis);
    assert_eq!((seen.heading_row, seen.rows), (3, 1));
    let held = ReportSystem::Seemis.suggest(&seen.columns, &ReportMapping::new());
    let wanted = [
        F::PupilId,
        F::PupilForename,
        F::PupilSurname,
        F::Year,
        F::Registration,
        F::ContactId,
        F::ContactSurname,
        F::Mobile,
        F::Responsibility,
    ];
    assert_eq!(held, wanted.map(Some));
}

#[test]
fn what_was_chosen_before_comes_before_what_the_headings_say() {
    let seen = columns("Adno,Person id,Forename\n1,2,Ada\n", ReportSystem::Sims);
    let before = ReportMapping::from([(ReportField::PupilId, "PERSON-ID".to_owned())]);
    let held = ReportSystem::Sims.suggest(&seen.columns, &before);
    assert_eq!(held, [None, Some(ReportField::PupilId), Some(ReportField::PupilForename)]);
}

#[test]
fn headings_of_one_name_are_told_apart_and_a_further_one_makes_it_another_report() {
    let seen = columns("Adno,Surname,Contact id,Surname\n1,Okafor,9,Brennan\n", ReportSystem::Sims);
    let names: Vec<&str> = seen.columns.iter().map(|c| c.heading.as_str()).collect();
    assert_eq!(names, ["Adno", "Surname (1 of 2)", "Contact id", "Surname (2 of 2)"]);
    let held = ReportSystem::Sims.suggest(&seen.columns, &ReportMapping::new());
    assert_eq!(held[1], Some(ReportField::PupilSurname));
    assert_eq!(held[3], Some(ReportField::ContactSurname));
    let chosen = mapping([
        (ReportField::PupilId, "Adno".to_owned()),
        (ReportField::ContactId, "Contact id".to_owned()),
        (ReportField::PupilSurname, "Surname (1 of 2)".to_owned()),
    ])
    .unwrap();
    assert!(place(&seen.columns, &chosen).is_ok());
    let other =
        columns("Surname,Adno,Surname,Contact id,Surname\nx,1,Okafor,9,Brennan\n", ReportSystem::Sims);
    let problem = place(&other.columns, &chosen).unwrap_err();
    assert_eq!(problem, ReportProblem::Missing(vec!["Surname (1 of 2)".to_owned()]));
}

#[test]
fn a_choice_needs_the_ids_and_a_name_and_each_field_once() {
    let chosen = |fields: &[ReportField]| mapping(fields.iter().map(|f| (*f, f.words().to_owned())));
    assert!(chosen(&[F::PupilId, F::ContactId, F::PupilForename]).is_ok());
    assert_eq!(chosen(&[F::PupilForename]).unwrap_err(), [E::Needed(F::PupilId), E::Needed(F::ContactId)]);
    assert_eq!(
        chosen(&[F::PupilId, F::ContactId, F::Mobile, F::Mobile]).unwrap_err(),
        [E::Twice(F::Mobile), E::NoName]
    );
}

#[test]
fn an_empty_file_and_one_without_rows_are_refused() {
    let of = |text: &str| look(&Sheet::detect(text), ReportSystem::Sims, &ReportMapping::new()).unwrap_err();
    assert_eq!(of(""), ReportProblem::Empty);
    assert_eq!(of("Adno,Forename\n"), ReportProblem::NoRows);
}

#[test]
fn a_scottish_stage_is_no_english_year() {
    assert_eq!(ReportSystem::Sims.year_name("9"), "Year 9");
    assert_eq!(ReportSystem::Seemis.year_name("S3"), "S3");
    assert_eq!(ReportSystem::Seemis.year_name("3"), "3");
}

proptest! {
    /// Whatever stands in a file: a column is found by its heading or the file is refused, and no other column is taken
    /// for it.
    #[test]
    fn a_column_that_was_matched_is_that_column_or_none(
        headings in proptest::collection::vec("(Adno|Surname|surname |Surname \\(1 of 2\\)|---|[ -~]{0,12}|)", 1..9),
        rows in "[ -~\n]{1,80}",
    ) {
        let quoted: Vec<String> = headings.iter().map(|h| format!("\"{}\"", h.replace('"', ""))).collect();
        let text = format!("{}\n{rows}", quoted.join(","));
        if let Ok(seen) = look(&Sheet::comma_separated(&text), ReportSystem::Other, &ReportMapping::new()) {
            let held = ReportSystem::Other.suggest(&seen.columns, &ReportMapping::new());
            for field in ReportField::all() {
                prop_assert!(held.iter().filter(|h| **h == Some(field)).count() <= 1);
            }
            for (at, column) in seen.columns.iter().enumerate() {
                let chosen = ReportMapping::from([(F::Mobile, column.heading.clone())]);
                match place(&seen.columns, &chosen) {
                    Ok(places) => prop_assert_eq!(places, [(F::Mobile, at)]),
                    Err(problem) => prop_assert!(matches!(problem, ReportProblem::Missing(_))),
                }
            }
        }
    }
}
